-- Uploads what a session has at a path to its context and waits for the end.
-- Needs AGENTBAY_API_KEY (and AGENTBAY_ENDPOINT for another gateway or the emulator).

local agentbay = require("agentbay")

local client = agentbay.new()
local found = client.context:get({ name = "project-data", create = true })
assert(found.success, found.error_message)

local session_result = client:create({
  context_syncs = { { context_id = found.context_id, path = "/mnt/shared" } },
})
assert(session_result.success, session_result.error_message)
local session = session_result.session

local sync_result = session.context_manager:sync({
  context_id = found.context_id,
  path = "/mnt/shared",
  mode = "upload",
  max_retries = 60,
  retry_interval = 1000,
})
print("Sync completed: " .. tostring(sync_result.success))
if not sync_result.success then
  print(sync_result.error_message)
end

session:delete()
