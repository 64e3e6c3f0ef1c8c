-- Starts the emulator for a spec and talks to its control endpoints. The only way in which
-- specs start a server. Uses lua-http, not the module under test.

local dkjson = require("dkjson")
local http_request = require("http.request")

local Emulator = {}
Emulator.__index = Emulator

local KEY = "akm-spec-0123456789"

local function options_of(settings)
  local options = {}
  for name, value in pairs(settings) do
    options[#options + 1] = ("--%s '%s'"):format(name:gsub("_", "-"), value)
  end
  table.sort(options)
  return table.concat(options, " ")
end

---The first lines that the emulator prints, once they are there.
local function wait_for_lines(name, count)
  for _ = 1, 400 do
    local lines = {}
    for line in io.lines(name) do
      lines[#lines + 1] = line
    end
    if #lines >= count then
      return lines
    end
    os.execute("sleep 0.05")
  end
  error("the emulator didn't start: see " .. name)
end

---@param settings? table its options, with underscores
function Emulator.start(settings)
  local output = os.tmpname()
  settings = settings or {}
  settings.api_key = settings.api_key or KEY
  settings.transfer_ms = settings.transfer_ms or 40
  settings.delete_ms = settings.delete_ms or 30
  -- Sanitizers and valgrind are for the module, not for its server.
  local command = "exec env -u LD_PRELOAD -u LUA_INIT emulator/agentbay-emulator --port 0"
    .. " --exit-with-stdin %s >%s 2>&1"
  local self = setmetatable({ output = output, api_key = settings.api_key }, Emulator)
  self.process = assert(io.popen(command:format(options_of(settings), output), "w"))
  local lines = wait_for_lines(output, 2)
  self.url = assert(lines[1]:match("listening on (%S+)"), lines[1])
  self.port = tonumber(self.url:match(":(%d+)$"))
  self.data = assert(lines[2]:match("^data folder (.+)$"), lines[2])
  self.ca_file = settings.ca_file
  return self
end

function Emulator:stop()
  self.process:close()
  os.remove(self.output)
end

---@return table? answer
function Emulator:control(method, path, value)
  local request = http_request.new_from_uri(self.url .. "/_emulator/" .. path)
  request.headers:upsert(":method", method)
  request.headers:delete("expect")
  if self.url:match("^https") then
    local context = require("http.tls").new_client_context()
    context:setVerify(require("openssl.ssl.context").VERIFY_NONE)
    request.ctx = context
  end
  if value then
    request.headers:upsert("content-type", "application/json")
    request:set_body(dkjson.encode(value))
    request.headers:delete("expect") -- set for larger bodies; nobody here answers it
  end
  local headers, stream = assert(request:go(10))
  local body = assert(stream:get_body_as_string(10))
  assert(headers:get(":status"):match("^2"), body)
  return dkjson.decode(body)
end

---Back to the state after its start.
function Emulator:reset()
  self:control("POST", "reset", {})
end

---The requests that it has received, the oldest first.
---@param action? string
function Emulator:requests(action)
  return self:control("GET", "requests" .. (action and "?action=" .. action or "")).requests
end

function Emulator:forget_requests()
  self:control("DELETE", "requests")
end

---Makes it misbehave on the next request of an action.
function Emulator:fault(fault)
  self:control("POST", "faults", fault)
end

---Has it answer the next requests of an action with this body.
function Emulator:answer(action, body, more)
  local fault = { action = action, status = 200, body = body }
  for name, value in pairs(more or {}) do
    fault[name] = value
  end
  if type(fault.body) == "table" then
    fault.body = dkjson.encode(fault.body)
  end
  self:fault(fault)
end

function Emulator:settings(settings)
  self:control("POST", "settings", settings)
end

function Emulator:transfers(outcome)
  self:control("POST", "transfers", outcome)
end

function Emulator:put_task(session_id, task)
  self:control("POST", "tasks", { session_id = session_id, task = task })
end

---A client of it.
function Emulator:client(options)
  local settings = { api_key = self.api_key, endpoint = self.url, ca_file = self.ca_file }
  settings.retry = { base_ms = 5 } -- nobody wants to wait
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return require("agentbay").new(settings)
end

---A session with one context at /mnt/shared, and the context's id.
function Emulator:session(client, name)
  client = client or self:client()
  local context = client.context:get({ name = name or "spec", create = true })
  assert(context.success, context.error_message)
  local created = client:create({
    context_syncs = { { context_id = context.context_id, path = "/mnt/shared" } },
  })
  assert(created.success, created.error_message)
  return created.session, context.context_id
end

function Emulator:session_folder(session)
  return self.data .. "/sessions/" .. session.session_id .. "/files/mnt/shared"
end

return Emulator
