-- How long a frame's call of agentbay.step() takes while many syncs are under way. Prints the
-- median, the 99th percentile and the maximum. Run by `make bench-frame` against the emulator;
-- AGENTBAY_BENCH_SYNCS says how many syncs (default 500), AGENTBAY_CA_FILE the authority for TLS.

local agentbay = require("agentbay")
local cqueues = require("cqueues")

local SYNCS = tonumber(os.getenv("AGENTBAY_BENCH_SYNCS") or 500)
local FRAME = 1 / 60

local client = agentbay.new({ ca_file = os.getenv("AGENTBAY_CA_FILE") })
local context = client.context:get({ name = "bench", create = true })
assert(context.success, context.error_message)

local sessions = {}
for i = 1, SYNCS do
  local created = client:create({
    context_syncs = { { context_id = context.context_id, path = "/mnt/bench" } },
    wait = false,
  })
  sessions[i] = assert(created.session, created.error_message)
end

local operations = {}
for i = 1, SYNCS do
  local manager = sessions[i % #sessions + 1].context_manager
  operations[i] = manager:sync_async({ mode = "download", retry_interval = 1000 })
end

local times = {}
local under_way
repeat
  local started = cqueues.monotime()
  under_way = agentbay.step()
  local taken = cqueues.monotime() - started
  times[#times + 1] = taken
  if taken < FRAME then
    cqueues.sleep(FRAME - taken)
  end
until under_way == 0

local succeeded = 0
for _, operation in ipairs(operations) do
  succeeded = succeeded + (operation:result().success and 1 or 0)
end
for _, session in ipairs(sessions) do
  session:delete_async({ wait = false })
end
agentbay.run()

table.sort(times)
local function at(share)
  return times[math.max(1, math.ceil(#times * share))] * 1000
end
print(("%d syncs, %d succeeded, %d frames"):format(SYNCS, succeeded, #times))
print(("step(): median %.3f ms, p99 %.3f ms, maximum %.3f ms"):format(at(0.5), at(0.99), at(1)))
