-- The same request through lua-http: one after the other, or many at once in cqueues' threads. Its
-- requests make a connection each.
--
-- usage: lua lua_http.lua URL REQUESTS IN_FLIGHT

local cqueues = require("cqueues")
local http_request = require("http.request")
local http_tls = require("http.tls")
local plain = require("bench.plain_request")
local store = require("openssl.x509.store")
local x509 = require("openssl.x509")

local url, requests, in_flight = arg[1], tonumber(arg[2]), tonumber(arg[3])

local context
if url:find("^https") then
  local file = assert(io.open(os.getenv("AGENTBAY_CA_FILE")))
  local trusted = store.new()
  trusted:add(x509.new(file:read("a")))
  file:close()
  context = http_tls.new_client_context()
  context:setStore(trusted)
end

local function send()
  local request = http_request.new_from_uri(plain.url(url))
  request.ctx = context
  request.headers:upsert(":method", "POST")
  for name, value in pairs(plain.headers) do
    request.headers:upsert(name, value)
  end
  request:set_body(plain.body)
  local headers, stream = request:go(10)
  assert(headers, stream)
  local body = assert(stream:get_body_as_string(10))
  plain.decode(tonumber(headers:get(":status")), body)
  stream:shutdown()
end

plain.measure(requests, function(count)
  if in_flight == 0 then
    for _ = 1, count do
      send()
    end
    return
  end
  local left = count
  local controller = cqueues.new()
  for _ = 1, in_flight do
    controller:wrap(function()
      while left > 0 do
        left = left - 1
        send()
      end
    end)
  end
  assert(controller:loop())
end)
