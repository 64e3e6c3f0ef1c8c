-- Prints how the transfers between a context and a session stand.
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

local result = session.context_manager:info({
  context_id = found.context_id,
  path = "/mnt/shared",
})
if result.success then
  for _, status in ipairs(result.context_status_data) do
    print(("%s: %s %s"):format(status.context_id, status.task_type, status.status))
  end
else
  print("info failed: " .. result.error_message)
end

session:delete()
