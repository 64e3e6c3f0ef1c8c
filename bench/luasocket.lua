-- The same request through LuaSocket, and LuaSec for TLS. It knows no kept connections.
--
-- usage: lua luasocket.lua URL REQUESTS 0

local http = require("socket.http")
local https = require("ssl.https")
local ltn12 = require("ltn12")
local plain = require("bench.plain_request")

local url, requests = arg[1], tonumber(arg[2])
local request = url:find("^https") and https.request or http.request

plain.measure(requests, function(count)
  for _ = 1, count do
    local headers = { ["content-length"] = #plain.body }
    for name, value in pairs(plain.headers) do
      headers[name] = value
    end
    local pieces = {}
    local ok, status = request({
      url = plain.url(url),
      method = "POST",
      headers = headers,
      source = ltn12.source.string(plain.body),
      sink = ltn12.sink.table(pieces),
      cafile = os.getenv("AGENTBAY_CA_FILE"),
      verify = "peer",
    })
    assert(ok, status)
    plain.decode(status, table.concat(pieces))
  end
end)
