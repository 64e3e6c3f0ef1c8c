-- client.context: the contexts of the account, persistent storage that sessions mount. What is in
-- them is in context_files.lua.

local actions = require("agentbay.actions")
local class = require("agentbay.class")
local context_files = require("agentbay.context_files")
local method = require("agentbay.method")
local paging = require("agentbay.paging")
local results = require("agentbay.result")
local rules = require("agentbay.rules")
local shape = require("agentbay.shape")

---@class agentbay.ContextService : agentbay.ContextFiles
---@field client agentbay.Client
local ContextService = class.new("context")

---@param service {client: agentbay.Client} is made one
---@return agentbay.ContextService
function ContextService.adopt(service)
  return setmetatable(service, ContextService)
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

---@param service agentbay.ContextService
---@param given {name?: string, context_id?: string, create?: boolean}
---@param operation agentbay.Operation
local function get(service, given, operation)
  local request = actions.request(given.create and "CreateContext" or "GetContext", {
    AllowCreate = given.create,
    Name = given.name,
    ContextId = given.context_id,
    LoginRegionId = given.create and service.client.region_id or nil,
  })
  service.client:_call(operation, request, function(result, answer)
    if result.success then
      local context, problem = shape.object(answer:document().Data, context_members, "Data")
      if not context then
        return results.malformed(result, problem)
      end
      result.context, result.context_id = context, context.id
    end
    return result
  end)
end

---A context by its name or id; with `create` it is made where the name is new.
---@overload fun(self: agentbay.ContextService, given: {name?: string, context_id?: string, create?: boolean}): agentbay.ContextResult
method.define({
  class = ContextService,
  name = "get",
  arguments = {
    name = rules.text(),
    context_id = rules.text(),
    create = rules.boolean({ default = false }),
  },
  options = {
    verify = function(given)
      if not given.name and (given.create or not given.context_id) then
        return "name", given.create and "string" or "string, or a context_id,"
      end
      return nil
    end,
  },
  start = get,
})

---The context of this name, made if there is none.
---@overload fun(self: agentbay.ContextService, name: string): agentbay.ContextResult
method.define({
  class = ContextService,
  name = "create",
  leading = "name",
  arguments = { name = rules.text({ required = true }) },
  start = function(self, given, operation)
    get(self, { name = given.name, create = true }, operation)
  end,
})

---@class agentbay.ContextListResult : agentbay.Result
---@field contexts agentbay.Context[]
---@field next_token string "" on the last page
---@field max_results integer
---@field total_count integer

---@class agentbay.ContextListArguments
---@field max_results? integer of a page, default 10
---@field next_token? string of the page before
---@field session_id? string only those of this session

local list_arguments = {
  max_results = rules.integer({ min = 1, default = 10 }),
  next_token = rules.text(),
  session_id = rules.text(),
}

---The contexts of the account, a page of them.
---@overload fun(self: agentbay.ContextService, given?: agentbay.ContextListArguments): agentbay.ContextListResult
method.define({
  class = ContextService,
  name = "list",
  arguments = list_arguments,
  start = function(self, given, operation)
    local request = actions.request("ListContexts", {
      MaxResults = given.max_results,
      NextToken = given.next_token,
      SessionId = given.session_id,
    })
    self.client:_call(operation, request, function(result, answer)
      return results.page(result, answer:document(), "contexts", context_members)
    end)
  end,
})

---All contexts, page by page: `for context, failure in client.context:each{...}`. Where a page
---can't be had, `context` is false and `failure` the result; it ends there.
---@overload fun(self: agentbay.ContextService, given?: agentbay.ContextListArguments): fun(): agentbay.Context|false|nil, agentbay.Result?
paging.define({
  class = ContextService,
  name = "each",
  list = "list",
  items = "contexts",
  arguments = list_arguments,
})

---Renames a context.
---@overload fun(self: agentbay.ContextService, given: {context_id: string, name: string}): agentbay.Result
method.define({
  class = ContextService,
  name = "update",
  arguments = {
    context_id = rules.text({ required = true }),
    name = rules.text({ required = true }),
  },
  start = function(self, given, operation)
    local request = actions.request("ModifyContext", { Id = given.context_id, Name = given.name })
    self.client:_call(operation, request)
  end,
})

---Deletes a context with all that is in it.
---@overload fun(self: agentbay.ContextService, context_id: string): agentbay.Result
method.define({
  class = ContextService,
  name = "delete",
  leading = "context_id",
  arguments = { context_id = rules.text({ required = true }) },
  start = function(self, given, operation)
    local request = actions.request("DeleteContext", { Id = given.context_id })
    self.client:_call(operation, request)
  end,
})

---@class agentbay.ClearArguments
---@field context_id string
---@field timeout_ms? integer how long it may take, default 60000
---@field retry_interval? integer milliseconds before each look at its state, default 2000

---Deletes all that is in a context and waits until the context is available again. Not done in
---time is a failure with `Client.Timeout`, and the service may still be at it.
---@overload fun(self: agentbay.ContextService, context_id: string, given?: agentbay.ClearArguments): agentbay.Result
method.define({
  class = ContextService,
  name = "clear",
  leading = "context_id",
  arguments = {
    context_id = rules.text({ required = true }),
    timeout_ms = rules.integer({ min = 1, default = 60000 }),
    retry_interval = rules.integer({ min = 1, default = 2000 }),
  },
  start = function(self, given, operation)
    local look = { ContextId = given.context_id, AllowCreate = false }
    -- As the official SDKs, it doesn't look at once: the state may not have changed yet.
    self.client:_poll(operation, {
      submit = actions.request("ClearContext", { Id = given.context_id }),
      check = actions.request("GetContextState", look),
      judge = "state",
      final_states = { "available" },
      max_attempts = 2 ^ 31,
      first_wait_ms = given.retry_interval,
      interval_ms = given.retry_interval,
      timeout_ms = given.timeout_ms,
      timeout_error = "call",
      what = "the clearing",
    })
  end,
})

context_files.define(ContextService)

return ContextService
