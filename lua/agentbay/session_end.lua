-- The end of a session: upload its contexts if asked to, ask for its deletion, wait until it is
-- gone. Serves session:delete and client:delete.

local actions = require("agentbay.actions")
local results = require("agentbay.result")

local session_end = {}

-- The service answers this about a session that is gone; other kinds of NotFound mean trouble.
local GONE = "InvalidMcpSession.NotFound"

---@type agentbay.Finish
local function deleted(result)
  if result.error_code == GONE then
    return {
      success = true,
      request_id = result.request_id,
      error_message = "",
      attempts = result.attempts,
    }
  end
  return result
end

---@param client agentbay.Client
---@param session_id string
---@param wait boolean
---@param operation agentbay.Operation
local function delete(client, session_id, wait, operation)
  local request = actions.request("DeleteSessionAsync", { SessionId = session_id })
  if not wait then
    client:_call(operation, request, deleted)
    return
  end
  -- As the official SDKs: up to five minutes; but looking sooner at first.
  client:_poll(operation, {
    submit = request,
    check = actions.request("GetSessionDetail", { SessionId = session_id }),
    judge = "state",
    final_states = { "FINISH", "DELETED" },
    final_code = GONE,
    max_attempts = 1000,
    interval_ms = 200,
    backoff = 1.5,
    max_interval_ms = 1000,
    timeout_ms = 300000,
    timeout_error = "call",
    what = "the deletion",
  }, deleted)
end

---@param client agentbay.Client
---@param session_id string
---@param operation agentbay.Operation
---@param finish agentbay.Finish
local function upload(client, session_id, operation, finish)
  local scope = { SessionId = session_id, Mode = "upload" }
  client:_poll(operation, {
    submit = actions.request("SyncContext", scope),
    check = actions.request("GetContextInfo", scope),
    judge = "transfers",
    mode = "upload",
    max_attempts = 150,
    interval_ms = 1500,
    settle_checks = 2,
    timeout_error = "sync",
    what = "the upload before the deletion",
  }, finish)
end

---@param client agentbay.Client
---@param session_id string
---@param given agentbay.DeleteArguments
---@param operation agentbay.Operation
function session_end.start(client, session_id, given, operation)
  if not given.sync_context then
    delete(client, session_id, given.wait, operation)
    return
  end
  upload(client, session_id, operation, function(result)
    if result.success or (given.force and result.error_code ~= "Client.Cancelled") then
      delete(client, session_id, given.wait, operation)
      return nil
    end
    local message = result.error_message .. " (the session was not deleted)"
    return results.failure(result, result.error_code, message)
  end)
end

return session_end
