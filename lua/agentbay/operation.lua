-- Work under way, and what becomes of it: one result. An operation may take several core
-- operations, one after the other; what follows what is said by whoever starts it.

local runtime = require("agentbay.runtime")

---@class agentbay.Operation
---@field private _core userdata? the core operation under way
---@field private _finish? agentbay.Finish
---@field private _done boolean
---@field private _result any
---@field private _listeners? table queue of the calls to be made once it is done
---@field private _on_progress function?
---@field private _describe (fun(core_operation: userdata): table)?
local Operation = {}
Operation.__index = Operation
Operation.__name = "agentbay.operation"

---@param on_complete? fun(result: table) called once, from `step`, `run` or `wait`
---@param on_progress? fun(progress: table)
---@return agentbay.Operation
function Operation.new(on_complete, on_progress)
  -- The first ones are for later: a table that needn't grow is made faster.
  local operation = {
    _core = nil,
    _finish = nil,
    _result = nil,
    _listeners = nil,
    _done = false,
    _on_progress = on_progress,
  }
  setmetatable(operation, Operation)
  if on_complete then
    operation:_when_done(function(self)
      on_complete(self._result)
    end)
  end
  return operation
end

---Has `listener(operation, argument)` called from the loop once the operation is done.
---@param listener function
---@param argument any
---@param is_ours? boolean see agentbay.Call
function Operation:_when_done(listener, argument, is_ours)
  if self._done then
    runtime.call_later(listener, self, argument, is_ours)
  else
    self._listeners = self._listeners or runtime.new_queue()
    runtime.add_call(self._listeners, runtime.new_call(listener, self, argument, is_ours))
  end
end

---@param on_progress fun(progress: table)
function Operation:_set_on_progress(on_progress)
  self._on_progress = on_progress
end

---Gets what came of a core operation, to be given on with what is added to it, and that operation
---itself for what else it knows. Gives the operation's result, or nil if it made the operation
---follow another core operation. May be called again, where memory ran out, with the same table.
---@alias agentbay.Finish fun(result: agentbay.Result, answer: userdata): table?

---Goes on with a core operation that was started for this one.
---@param core_operation userdata
---@param finish? agentbay.Finish nil: what came of it is the result
---@param describe? fun(core_operation: userdata): table what `on_progress` is told; nil: nothing
function Operation:_follow(core_operation, finish, describe)
  self._core = core_operation
  self._finish = finish
  self._describe = describe
  runtime.wake()
end

---All of it happens or, if it raises for lack of memory, nothing.
---@param result any
function Operation:_complete(result)
  if self._listeners then
    runtime.call_all_later(self._listeners)
  end
  self._core, self._finish = nil, nil
  self._done, self._result = true, result
  runtime.wake()
end

---May be told of the same end again, if memory ran out the first time.
function Operation:_ended(core_operation)
  if self._core ~= core_operation then
    return
  end
  local finish, result = self._finish, core_operation:result()
  if finish then
    result = finish(result, core_operation)
  end
  if result then
    self:_complete(result)
  end
end

function Operation:_progressed(core_operation)
  if self._on_progress and self._describe then
    runtime.call_later(self._on_progress, self._describe(core_operation))
  end
end

---Whether the result is there.
---@return boolean
function Operation:done()
  return self._done
end

---The result, or nil while under way.
---@return any
function Operation:result()
  return self._result
end

local function wait_blocking(self, timeout_ms)
  local until_ms = timeout_ms and runtime.now_ms() + timeout_ms
  while not self._done do
    local left = -1
    if until_ms then
      left = until_ms - runtime.now_ms()
      if left < 0 then
        return nil, "timeout"
      end
    end
    runtime.step(left)
  end
  return self._result
end

---Waits until the operation is done: in a task by yielding, elsewhere by driving the loop.
---@param timeout_ms? number milliseconds; nil: as long as it takes
---@return any result nil when the time is over
---@return string? reason "timeout"
function Operation:wait(timeout_ms)
  if timeout_ms ~= nil and (type(timeout_ms) ~= "number" or not (timeout_ms >= 0)) then
    error("bad argument 'timeout_ms' to 'wait' (number >= 0 expected)", 2)
  end
  if self._done then
    return self._result
  end
  local task = runtime.task
  if task then
    return task:_await(self, timeout_ms)
  end
  return wait_blocking(self, timeout_ms)
end

---Ends the operation with `Client.Cancelled`, at once; `on_complete` is called from the next
---step. What the service does with work that it has already taken is its own affair.
---@return boolean cancelled true if it was still under way
function Operation:cancel()
  local core_operation = self._core
  if not core_operation or not core_operation:cancel() then
    return false
  end
  self:_ended(core_operation) -- the loop tells of the end, too: for nothing, unless this raised
  return true
end

return Operation
