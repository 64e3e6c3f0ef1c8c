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
---@field private _wait integer number of the wait, to tell a late call for an earlier one
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

local function after_resume(outer, outer_resume, outer_wrap, ...)
  runtime.set_current_task(outer)
  library.resume, library.wrap = outer_resume, outer_wrap
  return ...
end

---Only while a task's code runs do `coroutine.resume` and `coroutine.wrap` pass its waits on, so
---that a generator in a task can call blocking methods; everywhere else they are what they were.
local function resume_task(task, ...)
  local outer, outer_resume, outer_wrap = runtime.current_task(), library.resume, library.wrap
  runtime.set_current_task(task)
  library.resume, library.wrap = resume_passing, wrap_passing
  return after_resume(outer, outer_resume, outer_wrap, raw_resume(task._thread, ...))
end

---Goes on with what the task did until it waited, returned or failed.
function Task:_handle(ok, first, operation, timeout_ms)
  if not ok then
    runtime.raise_later(first)
    self:_complete(nil)
  elseif status(self._thread) == "dead" then
    self:_complete(first)
  elseif first == WAIT then
    self:_wait_for(operation, timeout_ms)
  else
    runtime.raise_later("a task waits by calling a method, not by coroutine.yield")
    self:_complete(nil)
  end
end

local function wake(operation, woken)
  local task, wait = woken.task, woken.wait
  if task._done or task._wait ~= wait then
    return -- it was woken by something else
  end
  task._wait = wait + 1
  task._pending = nil
  if operation == woken.timer then
    task:_handle(resume_task(task, nil, "timeout"))
    return
  end
  if woken.timer then
    woken.timer:cancel()
  end
  task:_handle(resume_task(task, operation._result))
end

function Task:_wait_for(operation, timeout_ms)
  local woken = { task = self, wait = self._wait }
  self._pending = operation
  operation:_when_done(wake, woken)
  if timeout_ms then
    woken.timer = Task.timer(timeout_ms)
    woken.timer:_when_done(wake, woken)
  end
  if self._cancelled then
    operation:cancel()
  end
end

---Called by Operation:wait inside the task.
---@param operation agentbay.Operation
---@param timeout_ms number?
function Task:_await(operation, timeout_ms)
  local thread = running()
  if thread ~= self._thread and not passing[thread] then
    error("can't wait in a coroutine that was resumed by a function kept from outside the task", 3)
  end
  return raw_yield(WAIT, operation, timeout_ms)
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
  operation:_follow(runtime.timer(delay_ms), function(raw)
    return raw
  end)
  return operation
end

---Starts `fn(...)` as a task; it runs at once up to its first wait.
---@param fn function
---@param ... any
---@return agentbay.Task
function Task.spawn(fn, ...)
  local task = { _done = false, _listeners = {}, _wait = 1, _cancelled = false }
  task._thread = create(fn)
  setmetatable(task, Task)
  task:_handle(resume_task(task, ...))
  return task
end

return Task
