-- GetContextInfo again and again, as a user of the module does it: one after the other with the
-- blocking `info`, or many at once with `info_async`.
--
-- usage: lua info.lua URL REQUESTS IN_FLIGHT, 0 in flight for the blocking form
--
-- Prints requests, seconds and CPU seconds (user and system).

local agentbay = require("agentbay")
local core = require("agentbay.core")

local WARM_UP = 256

local url, requests, in_flight = arg[1], tonumber(arg[2]), tonumber(arg[3])
local client = agentbay.new({ endpoint = url, ca_file = os.getenv("AGENTBAY_CA_FILE") })
local got = client:get("session-04bdw8o39bq47rv1t")
assert(got.success, got.error_message)
local manager = got.session.context_manager

local function check(result)
  assert(result.success, result.error_message)
  assert(#result.context_status_data == 2)
end

local function one_by_one(count)
  for _ = 1, count do
    check(manager:info())
  end
end

local function at_once(count)
  local options = {}
  local to_start = count
  local function start_next()
    if to_start > 0 then
      to_start = to_start - 1
      manager:info_async(options)
    end
  end
  function options.on_complete(result)
    check(result)
    start_next()
  end
  for _ = 1, in_flight do
    start_next()
  end
  agentbay.run()
end

local run = in_flight == 0 and one_by_one or at_once
run(WARM_UP)
local started, cpu = core.now_ms(), os.clock()
run(requests)
local taken, cpu_taken = (core.now_ms() - started) / 1000, os.clock() - cpu
print(("%d %.6f %.6f"):format(requests, taken, cpu_taken))
