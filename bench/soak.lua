-- Very many infos and syncs against a server that is sick now and then: what comes of them, and
-- whether memory or descriptors grow once everything is warm. Fails if they do.
--
-- usage: lua soak.lua INFOS SYNCS

local agentbay = require("agentbay")
local core = require("agentbay.core")
local Session = require("agentbay.session")

local INFOS, SYNCS = tonumber(arg[1]), tonumber(arg[2])
local IN_FLIGHT = 64
-- What the heap's fragments may come to, however long it goes on.
local MOST_GROWTH_KB = 1024
local CLIENTS_LIVE = 20000 -- requests of one client, before another takes its place

local function resident_kb()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmRSS:%s*(%d+) kB")
    if kilobytes then
      return tonumber(kilobytes)
    end
  end
  return 0
end

local function descriptors()
  local process =
    io.popen("ls /proc/" .. io.open("/proc/self/stat"):read("*l"):match("^%d+") .. "/fd | wc -l")
  local count = tonumber(process:read("*l"))
  process:close()
  return count
end

local outcomes = {}
local client, used

local function manager()
  if not client or used >= CLIENTS_LIVE then
    if client then
      client:close() -- what is under way ends with Client.Closed
    end
    client = agentbay.new({ endpoint = os.getenv("BENCH_SICK"), retry = { base_ms = 1 } })
    used = 0
  end
  used = used + 1
  return Session.new(client, "session-04bdw8o39bq47rv1t").context_manager
end

local function count(result)
  local outcome = result.success and "success" or result.error_code
  outcomes[outcome] = (outcomes[outcome] or 0) + 1
end

---Keeps `IN_FLIGHT` operations going until there were `total`; cancels one in a thousand.
local function run(total, start)
  local started, ended = 0, 0
  local function on_complete(result)
    count(result)
    ended = ended + 1
  end
  while ended < total do
    while started < total and started - ended < IN_FLIGHT do
      started = started + 1
      local operation = start(manager(), on_complete)
      if started % 1000 == 0 then
        operation:cancel()
      end
    end
    agentbay.step(100)
  end
end

local function infos(total)
  run(total, function(of_session, on_complete)
    return of_session:info_async({ on_complete = on_complete })
  end)
end

local function syncs(total)
  run(total, function(of_session, on_complete)
    return of_session:sync_async({
      max_retries = 10,
      retry_interval = 1,
      on_progress = function() end,
      on_complete = on_complete,
    })
  end)
end

local function measure(name)
  collectgarbage()
  collectgarbage()
  local resident, open = resident_kb(), descriptors()
  print(
    ("%-12s %8d kB resident, %.0f kB of them Lua's, %d descriptors"):format(
      name,
      resident,
      collectgarbage("count"),
      open
    )
  )
  return resident, open
end

local began = core.now_ms()
infos(math.min(INFOS, 50000))
syncs(math.min(SYNCS, 5000))
local warm, warm_open = measure("warm")
outcomes = {}
for part = 1, 4 do
  infos(INFOS // 4)
  syncs(SYNCS // 4)
  measure(part .. " of 4")
end
local resident, open = measure("at the end")

print(("%d infos and %d syncs in %.0f s:"):format(INFOS, SYNCS, (core.now_ms() - began) / 1000))
local names = {}
for name in pairs(outcomes) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  print(("  %-26s %8d"):format(name, outcomes[name]))
end
local growth = resident - warm
print(("growth: %d kB, %d descriptors"):format(growth, open - warm_open))
assert(growth <= MOST_GROWTH_KB, "memory grew")
-- Connections come and go with those in flight.
assert(open <= IN_FLIGHT + 16, "descriptors grew")
