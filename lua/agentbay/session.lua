-- A session: a sandbox of the service with contexts mounted into it.

local actions = require("agentbay.actions")
local class = require("agentbay.class")
local ContextManager = require("agentbay.context_manager")
local lazy = require("agentbay.lazy")
local method = require("agentbay.method")
local results = require("agentbay.result")
local rules = require("agentbay.rules")
local shape = require("agentbay.shape")
local table_rules = require("agentbay.table_rules")

local json_reader = lazy("agentbay.json_reader")
local json_text = lazy("agentbay.json_text")
local session_end = lazy("agentbay.session_end")

---@class agentbay.Session
---@field session_id string
---@field client agentbay.Client
---@field resource_url string "" where the service tells none
---@field context_manager agentbay.ContextManager
---@field context agentbay.ContextManager the same, by the name in newer SDKs
local Session = class.new("session")

---@param client agentbay.Client
---@param session_id string
---@param resource_url? string
---@return agentbay.Session
function Session.new(client, session_id, resource_url)
  local session = setmetatable({
    session_id = session_id,
    client = client,
    resource_url = resource_url or "",
  }, Session)
  session.context_manager = ContextManager.new(session)
  session.context = session.context_manager
  return session
end

function Session:__tostring()
  return "agentbay.session: " .. self.session_id
end

---@class agentbay.DeleteResult : agentbay.Result

---@class agentbay.DeleteArguments
---@field sync_context? boolean first upload the session's contexts and wait for it
---@field force? boolean delete even if that upload failed
---@field wait? boolean default true: until the session is gone; false: until it is asked for

---Deletes the session. A session that is gone already counts as deleted. With `sync_context`
---the session stays if the upload did not succeed, unless `force` is given.
---@overload fun(self: agentbay.Session, given?: agentbay.DeleteArguments): agentbay.DeleteResult
method.define({
  class = Session,
  name = "delete",
  arguments = {
    sync_context = rules.boolean({ default = false }),
    force = rules.boolean({ default = false }),
    wait = rules.boolean({ default = true }),
  },
  start = function(self, given, operation)
    session_end.start(self.client, self.session_id, given, operation)
  end,
})

---Replaces the session's labels.
---@overload fun(self: agentbay.Session, labels: table<string, string>, given?: table): agentbay.Result
method.define({
  class = Session,
  name = "set_labels",
  leading = "labels",
  leading_is_table = true,
  arguments = { labels = table_rules.map_of_text({ required = true }) },
  start = function(self, given, operation)
    local request = actions.request("SetLabel", {
      SessionId = self.session_id,
      Labels = json_text.encode(json_text.sorted(given.labels)),
    })
    self.client:_call(operation, request)
  end,
})

---@class agentbay.LabelsResult : agentbay.Result
---@field labels? table<string, string>

local labels_member = { { "labels", "Labels", "string" } }

---@type agentbay.Finish
local function read_labels(result, answer)
  if result.success then
    local labels
    local data, problem = shape.object(answer:document().Data, labels_member, "Data")
    if data then
      labels, problem = json_reader.map_of_text(data.labels == "" and "{}" or data.labels)
      problem = problem and "Data.Labels " .. problem
    end
    if problem then
      return results.malformed(result, problem)
    end
    result.labels = labels
  end
  return result
end

---@overload fun(self: agentbay.Session): agentbay.LabelsResult
method.define({
  class = Session,
  name = "get_labels",
  arguments = {},
  start = function(self, _, operation)
    local request = actions.request("GetLabel", { SessionId = self.session_id })
    self.client:_call(operation, request, read_labels)
  end,
})

---@class agentbay.SessionStatusResult : agentbay.Result
---@field status? string "RUNNING", "PAUSED", "DELETING", ...
---@field image_id? string
---@field end_reason? string

local status_members = {
  { "status", "Status", "string", required = true },
  { "image_id", "ImageId", "string" },
  { "end_reason", "EndReason", "string" },
}

---@overload fun(self: agentbay.Session): agentbay.SessionStatusResult
method.define({
  class = Session,
  name = "get_status",
  arguments = {},
  start = function(self, _, operation)
    local request = actions.request("GetSessionDetail", { SessionId = self.session_id })
    self.client:_call(operation, request, function(result, answer)
      if result.success then
        local read, problem = shape.object(answer:document().Data, status_members, "Data")
        if not read then
          return results.malformed(result, problem)
        end
        result.status, result.image_id = read.status, read.image_id
        result.end_reason = read.end_reason
      end
      return result
    end)
  end,
})

---Starts the session's idle time anew.
---@overload fun(self: agentbay.Session): agentbay.Result
method.define({
  class = Session,
  name = "keep_alive",
  arguments = {},
  start = function(self, _, operation)
    local request = actions.request("RefreshSessionIdleTime", { SessionId = self.session_id })
    self.client:_call(operation, request)
  end,
})

return Session
