-- Requests for each completed sync of one session, for 1, 10 and 100 syncs at once, with shared
-- status checks and without, which is what the official SDKs send.
--
-- usage: scripts/with-emulator --transfer-ms 3000 -- lua shared_checks.lua

local agentbay = require("agentbay")

-- The core counts what goes out: one record a request.
local function measure(count, share_checks)
  local requests = { SyncContext = 0, GetContextInfo = 0 }
  local client = agentbay.new({
    share_checks = share_checks,
    log = function(_, _, fields)
      if requests[fields.action] then
        requests[fields.action] = requests[fields.action] + 1
      end
    end,
  })
  local syncs = {}
  for i = 1, count do
    local context = client.context:create("bench " .. i)
    syncs[i] = { context_id = context.context_id, path = "/mnt/" .. i }
  end
  local session = client:create({ context_syncs = syncs, wait = false }).session
  agentbay.sleep(3500)
  requests.GetContextInfo = 0
  local succeeded = 0
  for _, sync in ipairs(syncs) do
    session.context_manager:sync_async({
      context_id = sync.context_id,
      path = sync.path,
      mode = "upload",
      retry_interval = 500,
      backoff = 1.1,
      max_interval = 5000,
      on_complete = function(result)
        succeeded = succeeded + (result.success and 1 or 0)
      end,
    })
  end
  agentbay.run()
  assert(succeeded == count, succeeded .. " of " .. count)
  session:delete()
  client:close()
  return (requests.SyncContext + requests.GetContextInfo) / count
end

print("| syncs of a session at once | requests a sync, shared | each for itself |")
print("|---:|---:|---:|")
for _, count in ipairs({ 1, 10, 100 }) do
  local shared, alone = measure(count, true), measure(count, false)
  print(("| %d | %.2f | %.2f |"):format(count, shared, alone))
end
