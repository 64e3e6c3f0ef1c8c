-- A server that does to a client what no honest one does: bytes and moments are as the program
-- says. Run by spec/support/hostile.lua with a folder as its argument; in it are `program.json`,
-- read anew for each request, and `requests`, which gets the first line of each request. Prints
-- its ports, by name.
--
-- A program has `steps`, and `first` for the first request: { send, times, every_ms }, { stall },
-- { close }, { reset }. After the last one the connection waits for its next request.

local cqueues = require("cqueues")
local cqueues_socket = require("cqueues.socket")
local dkjson = require("dkjson")
local pkey = require("openssl.pkey")
local socket = require("socket")
local ssl_context = require("openssl.ssl.context")
local x509 = require("openssl.x509")
local x509_altname = require("openssl.x509.altname")
local x509_extension = require("openssl.x509.extension")
local x509_name = require("openssl.x509.name")

local folder = arg[1]

-- ---- certificates -----------------------------------------------------------------------------

local function named(text)
  local name = x509_name.new()
  name:add("CN", text)
  return name
end

---@param how {name: string, from: integer, to: integer, authority: boolean?} times from now, in s
---@param issuer table? { certificate, key }; nil: signs itself
local function certify(how, issuer)
  local key = pkey.new({ type = "EC", curve = "prime256v1" })
  local certificate = x509.new()
  certificate:setVersion(3)
  certificate:setSerial(math.random(1, 2 ^ 30))
  certificate:setSubject(named(how.name))
  certificate:setIssuer(issuer and issuer.certificate:getSubject() or named(how.name))
  certificate:setLifetime(os.time() + how.from, os.time() + how.to)
  certificate:setPublicKey(key)
  if how.authority then
    certificate:addExtension(x509_extension.new("basicConstraints", "critical,CA:TRUE"))
  else
    local alternatives = x509_altname.new()
    alternatives:add("DNS", how.name)
    certificate:setSubjectAlt(alternatives)
  end
  certificate:sign(issuer and issuer.key or key, "sha256")
  return { certificate = certificate, key = key }
end

local DAY = 86400
local authority = certify({ name = "hostile CA", from = -DAY, to = DAY, authority = true })
local stranger = certify({ name = "stranger CA", from = -DAY, to = DAY, authority = true })

local function context_of(identity)
  local context = ssl_context.new("TLS", true)
  context:setCertificate(identity.certificate)
  context:setPrivateKey(identity.key)
  return context
end

local tls = {
  good = context_of(certify({ name = "localhost", from = -DAY, to = DAY }, authority)),
  expired = context_of(certify({ name = "localhost", from = -2 * DAY, to = -DAY }, authority)),
  name = context_of(certify({ name = "elsewhere.test", from = -DAY, to = DAY }, authority)),
  unknown = context_of(certify({ name = "localhost", from = -DAY, to = DAY }, stranger)),
  old = context_of(certify({ name = "localhost", from = -DAY, to = DAY }, authority)),
}
tls.old:setCipherList("ALL:@SECLEVEL=0")
tls.old:setOptions(ssl_context.OP_NO_TLSv1_2 + ssl_context.OP_NO_TLSv1_3)

-- ---- playing ----------------------------------------------------------------------------------

---Closes so that the client gets a reset instead of an end.
local function reset(connection)
  local handle = socket.tcp()
  handle:setfd(connection:pollfd())
  handle:setoption("linger", { on = true, timeout = 0 })
  handle:setfd(-1) -- it only lent its options
  connection:close()
end

local function send(connection, step)
  local left = step.times or 1
  while left ~= 0 do
    if not connection:xwrite(step.send, "n", 30) then
      return false
    end
    left = left - 1
    if step.every_ms then
      cqueues.sleep(step.every_ms / 1000)
    end
  end
  return true
end

---Takes what comes and says nothing, until the client has gone.
local function stall(connection)
  local got, code
  repeat
    got, code = connection:xread(-4096, "b", 1)
    connection:clearerr()
  until not got and code ~= 110
end

---@return boolean goes_on
local function play(connection, steps)
  for _, step in ipairs(steps) do
    if step.send and not send(connection, step) then
      return false
    elseif step.stall then
      stall(connection)
      return false
    elseif step.reset then
      cqueues.sleep(0.01) -- what was sent before is to arrive
      reset(connection)
      return false
    elseif step.close then
      return false
    end
  end
  return true
end

---Reads one request.
---@return string? first_line nil at the connection's end
local function read_request(connection)
  local size, first = 0, nil
  repeat
    local line = connection:xread("*L", "b", 30)
    if not line then
      return nil
    end
    first = first or line
    size = tonumber(line:lower():match("^content%-length:%s*(%d+)")) or size
  until line == "\r\n"
  return (size == 0 or connection:xread(size, "b", 30)) and first
end

---@param first_line string
---@return integer count with this one
local function note_request(first_line)
  local file = assert(io.open(folder .. "/requests", "a+b"))
  local _, before = file:read("a"):gsub("\n", "")
  file:write((first_line:gsub("[\r\n]", "")), "\n")
  file:close()
  return before + 1
end

---What is to be done with the request of this number.
local function steps_of(number)
  local file = assert(io.open(folder .. "/program.json"))
  local text = file:read("a")
  file:close()
  local program = assert(dkjson.decode(text))
  return number == 1 and program.first or program.steps
end

local function serve(connection)
  local first_line = read_request(connection)
  while first_line and play(connection, steps_of(note_request(first_line))) do
    first_line = read_request(connection)
  end
  pcall(connection.close, connection)
end

local function serve_tls(context)
  return function(connection)
    if connection:starttls(context, 10) then
      serve(connection)
    end
    pcall(connection.close, connection)
  end
end

local services = {
  plain = serve,
  cut = function(connection) -- in the middle of the handshake
    connection:xread(-1, "b", 5)
    reset(connection)
  end,
  mute = stall,
}
for name, context in pairs(tls) do
  services[name] = serve_tls(context)
end

-- ---- listening --------------------------------------------------------------------------------

local file = assert(io.open(folder .. "/ca.pem", "w"))
file:write(tostring(authority.certificate))
file:close()

local queue = cqueues.new()
local ports = {}
for name, service in pairs(services) do
  local listener = assert(cqueues_socket.listen("127.0.0.1", 0))
  assert(listener:listen())
  ports[name] = select(3, listener:localname())
  queue:wrap(function()
    for connection in listener:clients() do
      connection:onerror(function(_, _, code)
        return code
      end)
      queue:wrap(function()
        pcall(service, connection)
      end)
    end
  end)
end
io.stdout:write(dkjson.encode(ports), "\n")
io.stdout:flush()

-- It ends with its standard input, so that it never outlives the specs.
queue:wrap(function()
  cqueues.poll({ pollfd = 0, events = "r" })
  os.exit(0)
end)
for failure in queue:errors() do
  io.stderr:write(tostring(failure), "\n")
end
