-- What the emulator has been told to do wrong, and the carrying out of it: on the answer's way
-- through lua-http, and through its socket where that is what must fail.

local cqueues = require("cqueues")
local cqueues_socket = require("cqueues.socket")
local socket = require("socket")

local Faults = {}
Faults.__index = Faults

-- A client that waits for a stalled answer leaves some time; this is for those that never do.
local LONGEST_STALL = 600

function Faults.new()
  return setmetatable({ rules = {} }, Faults)
end

function Faults:add(rule)
  rule.left = rule.times or 1
  rule.to_skip = rule.skip or 0
  self.rules[#self.rules + 1] = rule
end

function Faults:clear()
  self.rules = {}
end

---The rule for this request, if there is one; counts it.
function Faults:take(action)
  for i, rule in ipairs(self.rules) do
    if rule.action == action or rule.action == "*" then
      if rule.to_skip > 0 then
        rule.to_skip = rule.to_skip - 1
        return nil
      end
      if rule.left > 0 then
        rule.left = rule.left - 1
        if rule.left == 0 then
          table.remove(self.rules, i)
        end
      end
      return rule
    end
  end
  return nil
end

---Whether the action is carried out although its answer will be spoilt.
function Faults.acts(rule)
  if not rule or rule.act ~= nil then
    return not rule or rule.act
  end
  return not (
    rule.status
    or rule.body
    or rule.close == "before"
    or rule.reset == "before"
    or rule.stall == "before"
  )
end

---Waits until the client has gone.
local function stall(stream)
  local connection = stream.connection.socket
  local until_time = cqueues.monotime() + LONGEST_STALL
  while cqueues.monotime() < until_time do
    local ok, _, code = connection:fill(1, 0.5)
    if ok then
      cqueues.sleep(0.5) -- something more was sent; it is not answered either
    elseif code ~= 110 then -- not a timeout: the client has gone
      break
    end
    connection:clearerr()
  end
  connection:shutdown("rw")
  stream.connection:close()
end

---Ends the connection without another word; lua-http would still answer something.
local function hang_up(stream)
  stream.connection.socket:shutdown("rw")
  stream.connection:close()
end

---Closes so that the client gets a reset instead of an end.
local function reset(stream)
  local connection = stream.connection.socket
  local handle = socket.tcp()
  handle:setfd(connection:pollfd())
  handle:setoption("linger", { on = true, timeout = 0 })
  handle:setfd(-1) -- it only lent its options
  -- lua-http goes on to use its socket, so it gets one that leads nowhere.
  local nowhere, other_end = cqueues_socket.pair()
  other_end:close()
  stream.connection.socket = nowhere
  connection:close()
  stream.connection:close()
end

local function send_slowly(stream, body, rule, timeout)
  local size = math.max(1, rule.chunk_bytes)
  for start = 1, #body, size do
    local last = start + size > #body
    if not stream:write_chunk(body:sub(start, start + size - 1), last, timeout) then
      return
    end
    cqueues.sleep((rule.chunk_delay_ms or 0) / 1000)
  end
end

---Sends an answer as the rule wants it.
---@param send fun() sends it as it should be
function Faults.apply(rule, stream, headers, body, send, timeout)
  if rule.delay_ms then
    cqueues.sleep(rule.delay_ms / 1000)
  end
  if rule.close == "before" then
    hang_up(stream)
  elseif rule.reset == "before" then
    reset(stream)
  elseif rule.stall == "before" then
    stall(stream)
  elseif rule.stall == "headers" then
    stream:write_headers(headers, false, timeout)
    stall(stream)
  elseif rule.stall == "body" or rule.reset == "body" then
    stream:write_headers(headers, false, timeout)
    stream:write_chunk(body:sub(1, #body // 2), false, timeout)
    cqueues.sleep(0.01);
    (rule.reset and reset or stall)(stream)
  elseif rule.truncate_at then
    stream:write_headers(headers, false, timeout)
    stream:write_chunk(body:sub(1, rule.truncate_at), false, timeout)
    hang_up(stream)
  elseif rule.chunk_bytes then
    stream:write_headers(headers, false, timeout)
    send_slowly(stream, body, rule, timeout)
  else
    send()
  end
end

return Faults
