-- A session: a sandbox of the service with contexts mounted into it.

local arguments = require("agentbay.arguments")
local class = require("agentbay.class")
local ContextManager = require("agentbay.context_manager")
local method = require("agentbay.method")
local session_end = require("agentbay.session_end")

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
    sync_context = arguments.boolean({ default = false }),
    force = arguments.boolean({ default = false }),
    wait = arguments.boolean({ default = true }),
  },
  start = function(self, given, operation)
    session_end.start(self.client, self.session_id, given, operation)
  end,
})

return Session
