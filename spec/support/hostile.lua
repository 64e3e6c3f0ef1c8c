-- Starts the hostile server and tells it what to do.

local dkjson = require("dkjson")

local Hostile = {}
Hostile.__index = Hostile

function Hostile.start()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir '" .. folder .. "'"))
  local self = setmetatable({ folder = folder, ca_file = folder .. "/ca.pem" }, Hostile)
  self:play({})
  local command = "exec env -u LD_PRELOAD -u LUA_INIT lua5.4 spec/support/hostile_server.lua '%s'"
    .. " >'%s/ports' 2>'%s/errors'"
  self.process = assert(io.popen(command:format(folder, folder, folder), "w"))
  for _ = 1, 200 do
    local file = io.open(folder .. "/ports")
    local line = file and file:read("*l")
    if file then
      file:close()
    end
    if line then
      self.ports = dkjson.decode(line)
      return self
    end
    os.execute("sleep 0.05")
  end
  error("the hostile server didn't start: see " .. folder)
end

function Hostile:stop()
  self.process:close()
  os.execute("rm -rf '" .. self.folder .. "'")
end

---What it does with the requests from now on.
---@param steps table[] see spec/support/hostile_server.lua
---@param first? table[] for the first request
function Hostile:play(steps, first)
  local path = self.folder .. "/program.json"
  local file = assert(io.open(path .. ".new", "w"))
  file:write(
    dkjson.encode({ steps = setmetatable(steps, { __jsontype = "array" }), first = first })
  )
  file:close()
  assert(os.rename(path .. ".new", path))
  os.remove(self.folder .. "/requests")
end

---The first lines of the requests that it has received since `play`.
---@return string[]
function Hostile:request_lines()
  local lines = {}
  local file = io.open(self.folder .. "/requests")
  if file then
    for line in file:lines() do
      lines[#lines + 1] = line
    end
    file:close()
  end
  return lines
end

---How many requests it has received since `play`.
---@return integer
function Hostile:requests()
  return #self:request_lines()
end

---@param name string of the port
---@return string endpoint
function Hostile:endpoint(name)
  local scheme, host = "https", "localhost"
  if name == "plain" then
    scheme, host = "http", "127.0.0.1"
  end
  return ("%s://%s:%d"):format(scheme, host, self.ports[name])
end

---A whole HTTP answer.
---@param status integer|string
---@param body string
---@param headers? string further header lines
---@return string
function Hostile.answer(status, body, headers)
  return ("HTTP/1.1 %s X\r\nContent-Length: %d\r\n%s\r\n%s"):format(
    status,
    #body,
    headers or "",
    body
  )
end

return Hostile
