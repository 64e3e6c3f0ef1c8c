-- Many syncs of as many sessions at once, in one thread: how long until all have their verdict,
-- whether all verdicts are right, and what memory and time a waiting sync takes.
--
-- usage: lua sync.lua SYNCS
--
-- Half of the syncs go to a server where transfers end as Failed. What a check gives is thrown by
-- dice there, so that syncs wait for some number of checks. Prints syncs, seconds until the last
-- verdict, checks made, right verdicts, resident bytes a waiting sync, bytes of those in Lua, and
-- the CPU microseconds of a step that finds them all waiting.

local agentbay = require("agentbay")
local core = require("agentbay.core")
local Session = require("agentbay.session")

local SYNCS = tonumber(arg[1])
local IDLE_STEPS = 100000

local function managers(client)
  local list = {}
  for i = 1, SYNCS do
    list[i] = Session.new(client, ("session-%017d"):format(i)).context_manager
  end
  return list
end

local function resident_bytes()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmRSS:%s*(%d+) kB")
    if kilobytes then
      return tonumber(kilobytes) * 1024
    end
  end
  return nil
end

-- What the waiting ones take: all have had their first check, the next is a minute away.
local function cost_of_waiting()
  local client = agentbay.new({ endpoint = os.getenv("BENCH_ENDLESS") })
  local of_sessions = managers(client)
  of_sessions[1]:info() -- the connection's own memory is no sync's
  collectgarbage()
  collectgarbage()
  local resident, in_lua = resident_bytes(), collectgarbage("count") * 1024
  local checked = 0
  local function on_progress()
    checked = checked + 1
  end
  for _, manager in ipairs(of_sessions) do
    manager:sync_async({ retry_interval = 60000, on_progress = on_progress })
  end
  repeat
    agentbay.step(100)
  until checked == SYNCS
  collectgarbage()
  collectgarbage()
  resident = (resident_bytes() - resident) / SYNCS
  in_lua = (collectgarbage("count") * 1024 - in_lua) / SYNCS
  local began = os.clock()
  for _ = 1, IDLE_STEPS do
    agentbay.step()
  end
  local step_us = (os.clock() - began) / IDLE_STEPS * 1e6
  client:close()
  agentbay.run()
  return resident, in_lua, step_us
end

local function verdicts()
  local right, checks = 0, 0
  local function expect(code)
    return function(result)
      checks = checks + result.attempts
      right = right + (result.error_code == code and 1 or 0)
    end
  end
  local lucky = managers(agentbay.new({ endpoint = os.getenv("BENCH_LUCKY") }))
  local unlucky = managers(agentbay.new({ endpoint = os.getenv("BENCH_UNLUCKY") }))
  local succeeds = { retry_interval = 100, max_retries = 1000, on_complete = expect(nil) }
  local fails =
    { retry_interval = 100, max_retries = 1000, on_complete = expect("Client.SyncFailed") }
  local started = core.now_ms()
  for i = 1, SYNCS do
    if i % 2 == 0 then
      lucky[i]:sync_async(succeeds)
    else
      unlucky[i]:sync_async(fails)
    end
  end
  agentbay.run()
  return (core.now_ms() - started) / 1000, checks, right
end

local resident, in_lua, step_us = cost_of_waiting()
local seconds, checks, right = verdicts()
print(
  ("%d %.3f %d %d %.0f %.0f %.2f"):format(SYNCS, seconds, checks, right, resident, in_lua, step_us)
)
assert(right == SYNCS, "not every verdict was right")
