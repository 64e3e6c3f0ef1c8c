-- Work under way, and what becomes of it: one result. An operation may take several core
-- operations, one after the other; what follows what is said by whoever starts it.

local runtime = require("agentbay.runtime")

---@class agentbay.Operation
---@field private _core userdata? the core operation under way
---@field private _finish fun(raw: table, operation: agentbay.Operation): table?
---@field private _result table?
---@field private _on_complete function?
---@field private _on_progress function?
local Operation = {}
Operation.__index = Operation
Operation.__name = "agentbay.operation"

---@param on_complete? fun(result: table) called once, from `step`, `run` or `wait`
---@param on_progress? fun(progress: table)
---@return agentbay.Operation
function Operation.new(on_complete, on_progress)
  return setmetatable({ _on_complete = on_complete, _on_progress = on_progress }, Operation)
end

---Goes on with a core operation. `finish(raw, operation)` gets what came of it and gives the
---operation's result, or nil if it made the operation follow another core operation.
---@param core_operation userdata
---@param finish fun(raw: table, operation: agentbay.Operation): table?
function Operation:_follow(core_operation, finish)
  self._core = core_operation
  self._finish = finish
  runtime.watch(core_operation, self)
end

---@param result table
function Operation:_complete(result)
  self._core, self._finish = nil, nil
  self._result = result
  if self._on_complete then
    runtime.call_later(self._on_complete, result)
  end
end

function Operation:_ended(raw)
  local result = self._finish(raw, self)
  if result then
    self:_complete(result)
  end
end

function Operation:_progressed(core_operation)
  if self._on_progress then
    runtime.call_later(self._on_progress, {
      context_status_data = core_operation:tasks(),
      attempt = core_operation:attempts(),
      elapsed_ms = core_operation:elapsed_ms(),
    })
  end
end

---Whether the result is there.
---@return boolean
function Operation:done()
  return self._result ~= nil
end

---The result, or nil while under way.
---@return table?
function Operation:result()
  return self._result
end

---Drives the loop until the operation is done.
---@param timeout_ms? number milliseconds; nil: as long as it takes
---@return table? result nil when the time is over
---@return string? reason "timeout"
function Operation:wait(timeout_ms)
  if timeout_ms ~= nil and (type(timeout_ms) ~= "number" or not (timeout_ms >= 0)) then
    error("bad argument 'timeout_ms' to 'wait' (number >= 0 expected)", 2)
  end
  local started = timeout_ms and runtime.now_ms()
  while not self._result do
    local left = -1
    if timeout_ms then
      left = timeout_ms - (runtime.now_ms() - started)
      if left < 0 then
        return nil, "timeout"
      end
    end
    runtime.step(left)
  end
  return self._result
end

---Ends the operation with `Client.Cancelled`, at once; `on_complete` is called from the next
---step. What the service does with work that it has already taken is its own affair.
---@return boolean cancelled true if it was still under way
function Operation:cancel()
  local core_operation = self._core
  if not core_operation or not core_operation:cancel() then
    return false
  end
  runtime.forget(core_operation)
  self:_ended(core_operation:result())
  return true
end

return Operation
