-- client.context: the contexts of the account, persistent storage that sessions mount.

local actions = require("agentbay.actions")
local arguments = require("agentbay.arguments")
local class = require("agentbay.class")
local method = require("agentbay.method")
local results = require("agentbay.result")
local shape = require("agentbay.shape")

---@class agentbay.ContextService
---@field client agentbay.Client
local ContextService = class.new("context")

---@param client agentbay.Client
---@return agentbay.ContextService
function ContextService.new(client)
  return setmetatable({ client = client }, ContextService)
end

---@class agentbay.Context
---@field id string
---@field name string
---@field state string "available", "in-use", "clearing", ...
---@field os_type string
---@field create_time string
---@field last_used_time string

local context_members = {
  { "id", "Id", "string", required = true },
  { "name", "Name", "string" },
  { "state", "State", "string" },
  { "os_type", "OsType", "string" },
  { "create_time", "CreateTime", "string" },
  { "last_used_time", "LastUsedTime", "string" },
}

---@class agentbay.ContextResult : agentbay.Result
---@field context_id? string
---@field context? agentbay.Context

---A context by its name or id.
---@overload fun(self: agentbay.ContextService, given: {name?: string, context_id?: string, create?: boolean}): agentbay.ContextResult
method.define({
  class = ContextService,
  name = "get",
  arguments = {
    name = arguments.text(),
    context_id = arguments.text(),
    create = arguments.boolean({ default = false }),
  },
  start = function(self, given, operation)
    local request = actions.request("GetContext", {
      AllowCreate = given.create,
      Name = given.name,
      ContextId = given.context_id,
      LoginRegionId = given.create and self.client.region_id or nil,
    })
    self.client:_call(operation, request, function(raw)
      local result = results.of(raw)
      if raw.success then
        local context, problem = shape.object(raw.body.Data, context_members, "Data")
        if not context then
          return results.malformed(raw, problem)
        end
        result.context, result.context_id = context, context.id
      end
      return result
    end)
  end,
})

---@class agentbay.ContextListResult : agentbay.Result
---@field contexts agentbay.Context[]
---@field next_token string "" on the last page
---@field max_results integer
---@field total_count integer

---The contexts of the account, a page of them.
---@overload fun(self: agentbay.ContextService, given?: {max_results?: integer, next_token?: string, session_id?: string}): agentbay.ContextListResult
method.define({
  class = ContextService,
  name = "list",
  arguments = {
    max_results = arguments.integer({ min = 1, default = 10 }),
    next_token = arguments.text(),
    session_id = arguments.text(),
  },
  start = function(self, given, operation)
    local request = actions.request("ListContexts", {
      MaxResults = given.max_results,
      NextToken = given.next_token,
      SessionId = given.session_id,
    })
    self.client:_call(operation, request, function(raw)
      return results.page(raw, "contexts", context_members)
    end)
  end,
})

return ContextService
