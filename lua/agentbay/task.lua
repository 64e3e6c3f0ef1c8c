-- Tasks: functions in which every blocking method yields instead. A task waits for one operation
-- at a time; the loop resumes it when that operation is done. Knows nothing of what operations do.

local Operation = require("agentbay.operation")
local runtime = require("agentbay.runtime")

local library = coroutine
local raw_resume, raw_yield = coroutine.resume, coroutine.yield
local create, running, status = coroutine.create, coroutine.running, coroutine.status

-- What a waiting task yields first, so that no other yield can be taken for it.
local WAIT = {}

---@class agentbay.Task : agentbay.Operation
---@field private _thread thread
---@field private _pending agentbay.Operation? what it waits for
---@field private _waiting boolean
---@field private _wait integer number of the wait, to tell a late call for an earlier one
---@field private _ran boolean it was resumed, and what came of it is yet to be looked at
---@field private _ok boolean what the resumption gave
---@field private _first any
---@field private _cancelled boolean
local Task = setmetatable({ __name = "agentbay.task" }, { __index = Operation })
Task.__index = Task

-- ---- coroutines inside a task -----------------------------------------------------------------

local passing = setmetatable({}, { __mode = "k" }) -- those whose resumer passes waits on
local pass

---Passes a wait of `thread` on to whoever resumed us; anything else is the caller's.
local function passed(thread, ok, first, ...)
  if ok and first == WAIT and status(thread) ~= "dead" then
    return pass(thread, raw_yield(WAIT, ...))
  end
  return ok, first, ...
end

function pass(thread, ...)
  return passed(thread, raw_resume(thread, ...))
end

local function resume_passing(thread, ...)
  passing[thread] = true
  return pass(thread, ...)
end

local function unwrap(ok, ...)
  if not ok then
    error((...), 0)
  end
  return ...
end

local function wrap_passing(fn)
  local thread = create(fn)
  return function(...)
    return unwrap(resume_passing(thread, ...))
  end
end

-- ---- running ----------------------------------------------------------------------------------

local function enter(task, ...)
  runtime.task = task
  library.resume, library.wrap = resume_passing, wrap_passing
  task._waiting, task._pending = false, nil
  task._ok, task._first = raw_resume(task._thread, ...)
  task._ran = true
end

---Goes on with the task until it waits, returns or fails. Only while its code runs do
---`coroutine.resume` and `coroutine.wrap` pass its waits on, so that a generator in a task can call
---blocking methods; everywhere else they are what they were. Raises where memory ran out before the
---task went on; then it still waits.
---@return boolean? failed
---@return any message
function Task:_resume(...)
  local outer, outer_resume, outer_wrap = runtime.task, library.resume, library.wrap
  local waiting, pending = self._waiting, self._pending
  local ok, message = pcall(enter, self, ...)
  -- No calls until all is as it was: they could fail.
  runtime.task = outer
  library.resume, library.wrap = outer_resume, outer_wrap
  if not ok then
    self._waiting, self._pending = waiting, pending
    error(message, 0)
  end
  return self:_handle()
end

---Looks at what the task did.
---@return boolean? failed
---@return any message
function Task:_handle()
  local failed, first = not self._ok, self._first
  if not failed and first == WAIT and status(self._thread) ~= "dead" then
    self._ran, self._waiting = false, true
    return
  end
  if not failed and status(self._thread) ~= "dead" then
    failed, first = true, "a task waits by calling a method, not by coroutine.yield"
  end
  if failed then
    self:_complete(nil)
  else
    self:_complete(first)
  end
  self._ran = false
  return failed, first
end

---What the task waits for is done, or its time is over. May be called again if it raised.
local function wake(operation, woken)
  local task = woken.task
  if task._ran then
    return task:_handle()
  end
  if task._done or not task._waiting or task._wait ~= woken.wait then
    return -- it was woken by something else
  end
  if operation == woken.timer then
    return task:_resume(nil, "timeout")
  end
  if woken.timer then
    woken.timer:cancel()
  end
  return task:_resume(operation._result)
end

---Called by Operation:wait inside the task. All that may fail comes before it waits.
---@param operation agentbay.Operation
---@param timeout_ms number?
function Task:_await(operation, timeout_ms)
  local thread = running()
  if thread ~= self._thread and not passing[thread] then
    error("can't wait in a coroutine that was resumed by a function kept from outside the task", 3)
  end
  self._wait = self._wait + 1
  local woken = { task = self, wait = self._wait, timer = false }
  operation:_when_done(wake, woken, true)
  if timeout_ms then
    woken.timer = Task.timer(timeout_ms)
    woken.timer:_when_done(wake, woken, true)
  end
  self._pending = operation
  if self._cancelled then
    operation:cancel()
  end
  return raw_yield(WAIT)
end

---Cancels what the task waits for, and what it will wait for from now on: each of these ends
---with `Client.Cancelled`, and the task goes on to its end.
---@return boolean cancelled true if the task was still under way
function Task:cancel()
  if self._done then
    return false
  end
  self._cancelled = true
  if self._pending then
    self._pending:cancel()
  end
  return true
end

-- ---- making -----------------------------------------------------------------------------------

---An operation that ends after some time.
---@param delay_ms number
---@return agentbay.Operation
function Task.timer(delay_ms)
  local operation = Operation.new()
  operation:_follow(runtime.timer(delay_ms, operation))
  return operation
end

---Starts `fn(...)` as a task; it runs at once up to its first wait.
---@param fn function
---@param ... any
---@return agentbay.Task
function Task.spawn(fn, ...)
  local failure = runtime.new_call(fn) -- stands for its error, if there is one
  local task = {
    _done = false,
    _listeners = runtime.new_queue(),
    _waiting = false,
    _wait = 0,
    _ran = false,
    _cancelled = false,
  }
  task._thread = create(fn)
  setmetatable(task, Task)
  local failed, message = task:_resume(...)
  if failed then
    runtime.raise_later(failure, message)
  end
  return task
end

return Task
