-- How long a frame's call of agentbay.step() takes while many syncs are under way over TLS, from
-- the start of the first one: names, connections and handshakes are part of it.
--
-- usage: lua frame.lua SYNCS SECONDS
--
-- Prints frames, and the median, the 99th percentile and the maximum in milliseconds: of the time
-- that a step took, and of the CPU time, which shows what others took from it.

local agentbay = require("agentbay")
local cqueues = require("cqueues")
local Session = require("agentbay.session")

local SYNCS, SECONDS = tonumber(arg[1]), tonumber(arg[2])
local FRAME = 1 / 60

local client = agentbay.new({
  endpoint = os.getenv("BENCH_ENDLESS_TLS"),
  ca_file = os.getenv("AGENTBAY_CA_FILE"),
})
local operations = {}
for i = 1, SYNCS do
  local session = Session.new(client, ("session-%017d"):format(i))
  operations[i] = session.context_manager:sync_async({ mode = "upload", max_retries = 1000 })
end

local times, cpu_times = {}, {}
local finish = cqueues.monotime() + SECONDS
repeat
  local started, cpu = cqueues.monotime(), os.clock()
  assert(agentbay.step() == SYNCS, "a sync has ended")
  local taken = cqueues.monotime() - started
  cpu_times[#cpu_times + 1] = (os.clock() - cpu) * 1000
  times[#times + 1] = taken * 1000
  if taken < FRAME then
    cqueues.sleep(FRAME - taken)
  end
until started > finish
client:close()
agentbay.run()

-- Every sync must have been checked, again and again: an idle step is no measurement.
for _, operation in ipairs(operations) do
  local attempts = operation:result().attempts
  assert(attempts >= 2, "a sync was checked only " .. attempts .. " times")
end

local function quantiles(of)
  table.sort(of)
  local function at(share)
    return of[math.max(1, math.ceil(#of * share))]
  end
  return at(0.5), at(0.99), at(1)
end

print(#times)
print(("%.3f %.3f %.3f"):format(quantiles(times)))
print(("%.3f %.3f %.3f"):format(quantiles(cpu_times)))
