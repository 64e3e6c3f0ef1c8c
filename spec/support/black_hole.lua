-- Looks up a name of a name server that never answers, and says how long things take: the failing
-- request, the longest step meanwhile, a cancellation, and closing the client. Run where
-- /etc/resolv.conf names its argument, by spec/black_hole_spec.lua.

local agentbay = require("agentbay")
local core = require("agentbay.core")
local socket = require("socket")

local TIMEOUT_MS = 400

local name_server = socket.udp()
assert(name_server:setsockname(arg[1], 53))

local function timed(call)
  local started = socket.gettime()
  local result = call()
  return (socket.gettime() - started) * 1000, result
end

local function new_client()
  return agentbay.new({
    api_key = "akm-spec-0123456789",
    endpoint = "https://black-hole.example",
    timeout_ms = TIMEOUT_MS,
  })
end

local client = new_client()
local longest = 0
local operation = client.context:list_async()
local started = core.now_ms()
while not operation:done() do
  longest = math.max(longest, (timed(agentbay.step)))
  socket.sleep(0.002)
end
local took = core.now_ms() - started

local under_way = client.context:list_async()
under_way:wait(50)
local cancelled = timed(function()
  return under_way:cancel()
end)

client.context:list_async():wait(50)
local closed = timed(function()
  client:close()
end)
agentbay.run()

print(
  ("%s %d %.2f %.2f %.2f"):format(operation:result().error_code, took, longest, cancelled, closed)
)
