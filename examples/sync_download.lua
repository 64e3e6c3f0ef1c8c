-- Downloads a context into a session and hands the result to a callback, while the program
-- keeps the loop going. Needs AGENTBAY_API_KEY (and AGENTBAY_ENDPOINT for another gateway or
-- the emulator).

local agentbay = require("agentbay")

local client = agentbay.new()
local found = client.context:get({ name = "reports", create = true })
assert(found.success, found.error_message)

local session_result = client:create({
  context_syncs = { { context_id = found.context_id, path = "/mnt/reports" } },
})
assert(session_result.success, session_result.error_message)
local session = session_result.session

local function on_sync_complete(result)
  print("Callback received: " .. tostring(result.success))
  if not result.success then
    print(result.error_message)
  end
end

session.context_manager:sync_async({
  context_id = found.context_id,
  path = "/mnt/reports",
  mode = "download",
  max_retries = 80,
  retry_interval = 500,
  on_complete = on_sync_complete,
})
agentbay.run()

session:delete()
