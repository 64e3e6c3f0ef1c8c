-- HTTP by lua-http: streams in, answers out. Knows neither actions nor faults from inside.

local cqueues = require("cqueues")
local headers = require("http.headers")
local http_server = require("http.server")
local http_tls = require("http.tls")
local pkey = require("openssl.pkey")
local x509 = require("openssl.x509")
local x509_chain = require("openssl.x509.chain")

local actions = require("agentbay_emulator.actions")
local answers = require("agentbay_emulator.answers")
local control = require("agentbay_emulator.control")
local Faults = require("agentbay_emulator.faults")
local request = require("agentbay_emulator.request")
local store = require("agentbay_emulator.store")

local server = {}

local TIMEOUT = 60 -- seconds for a client that neither reads nor writes
local started_at, started_on = os.time(), cqueues.monotime()

local function now_ms()
  return (started_at + cqueues.monotime() - started_on) * 1000 // 1 | 0
end

-- ---- answering ------------------------------------------------------------------------------

---@param body string? nil: somebody else sends it
---@param size integer? of the body, where it isn't given
local function send(stream, status, body, more, size)
  local head = headers.new()
  head:append(":status", tostring(status))
  head:append("content-type", "application/json")
  head:append("content-length", tostring(body and #body or size))
  head:append("date", os.date("!%a, %d %b %Y %H:%M:%S GMT"))
  for name, value in pairs(more or {}) do
    head:upsert(name:lower(), tostring(value))
  end
  local function whole()
    if stream:write_headers(head, #body == 0, TIMEOUT) and #body > 0 then
      stream:write_chunk(body, true, TIMEOUT)
    end
  end
  return head, whole
end

local function entry_of(stream, head, read, body, time_ms)
  local list = {}
  for name, value in head:each() do
    list[#list + 1] = { name, value }
  end
  return {
    action = read.action,
    time_ms = time_ms,
    connection = stream.connection.agentbay_number,
    method = head:get(":method"),
    target = head:get(":path"),
    query = setmetatable(read.query, { __jsontype = "object" }),
    form = setmetatable(read.form, { __jsontype = "object" }),
    headers = list,
    body = body,
  }
end

---Who asks reached us by this scheme and authority.
local function origin(head)
  return head:get(":scheme") .. "://" .. (head:get(":authority") or "localhost")
end

local function act(emulator, read)
  local ok, answer = xpcall(actions.answer, debug.traceback, emulator, read)
  if ok then
    return answer
  end
  io.stderr:write(answer, "\n")
  return answers.error(500, "InternalError", "The emulator failed; see its standard error.")
end

local function serve_action(emulator, stream, head, body, time_ms)
  local read = request.read(head:get(":path"), body)
  read.origin, read.time_ms = origin(head), time_ms
  emulator.journal:add(entry_of(stream, head, read, body, time_ms))
  local fault = emulator.faults:take(read.action)
  local answer = { status = 200, body = "" }
  if Faults.acts(fault) then
    answer = act(emulator, read)
  end
  fault = fault or {}
  local text = fault.body or answer.body
  local answer_head, whole = send(stream, fault.status or answer.status, text, fault.headers)
  Faults.apply(fault, stream, answer_head, text, whole, TIMEOUT)
end

local function serve_control(emulator, stream, head, body)
  local read = request.read(head:get(":path"), "")
  local status, text = control.answer(emulator, head:get(":method"), read.path, read.query, body)
  local _, whole = send(stream, status, text)
  whole()
end

---Files may be large: they are neither read nor kept as a whole.
local function serve_file(emulator, stream, head, time_ms)
  local read = request.read(head:get(":path"), "")
  read.action = store.action(head:get(":method"))
  emulator.journal:add(entry_of(stream, head, read, "", time_ms))
  stream.agentbay_length = head:get("content-length")
  store.serve(emulator, stream, {
    method = head:get(":method"),
    path = request.decoded(read.path),
    query = read.query,
    time_ms = time_ms,
    fault = emulator.faults:take(read.action) or {},
  }, function(status, body, more, size)
    return send(stream, status, body, more, size)
  end, TIMEOUT)
end

local connections = 0

local function number_connection(stream)
  local connection = stream.connection
  if not connection.agentbay_number then
    connections = connections + 1
    connection.agentbay_number = connections
  end
end

local function serve(emulator, stream)
  local head = stream:get_headers(TIMEOUT)
  if not head then
    return
  end
  local time_ms = now_ms()
  number_connection(stream)
  local path = head:get(":path") or "/"
  if store.serves(path) then
    serve_file(emulator, stream, head, time_ms)
    return
  end
  local body = stream:get_body_as_string(TIMEOUT) or ""
  if emulator.controlled and path:sub(1, #control.PREFIX) == control.PREFIX then
    serve_control(emulator, stream, head, body)
  else
    serve_action(emulator, stream, head, body, time_ms)
  end
end

-- ---- listening ------------------------------------------------------------------------------

local function read_file(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

---The first certificate of the file is the server's, the others lead to its authority.
local function tls_context(options)
  local context = http_tls.new_server_context()
  local chain, first = x509_chain.new(), nil
  local pattern = "%-%-%-%-%-BEGIN CERTIFICATE.-END CERTIFICATE%-%-%-%-%-"
  for text in read_file(options.tls_cert):gmatch(pattern) do
    local certificate = x509.new(text)
    if first then
      chain:add(certificate)
    end
    first = first or certificate
  end
  assert(first, options.tls_cert .. ": no certificate in it")
  context:setCertificate(first)
  context:setCertificateChain(chain)
  context:setPrivateKey(pkey.new(read_file(options.tls_key)))
  return context
end

local function is_loopback(host)
  return host == "localhost" or host == "::1" or host:match("^127%.%d+%.%d+%.%d+$") ~= nil
end

---@return table? listener
---@return string? problem
function server.listen(emulator, options)
  emulator.controlled = is_loopback(options.host)
  local ok, context = true, nil
  if options.tls_cert then
    ok, context = pcall(tls_context, options)
  end
  if not ok then
    return nil, tostring(context)
  end
  local listener, problem = http_server.listen({
    host = options.host,
    port = options.port,
    tls = options.tls_cert ~= nil,
    ctx = context,
    connection_setup_timeout = TIMEOUT,
    intra_stream_timeout = TIMEOUT,
    onstream = function(_, stream)
      serve(emulator, stream)
    end,
    -- Clients come and go as they like; what is wrong with the emulator itself is told by `act`.
    onerror = function() end,
  })
  local listening
  if listener then
    listening, problem = listener:listen()
  end
  if not listening then
    local where = options.host .. ":" .. options.port
    return nil, ("can't listen on %s: %s"):format(where, tostring(problem))
  end
  return listener
end

function server.url(listener, options)
  local _, host, port = listener:localname()
  if host:find(":", 1, true) then
    host = "[" .. host .. "]"
  end
  return ("%s://%s:%d"):format(options.tls_cert and "https" or "http", host, port)
end

return server
