-- The one loop of this Lua state, and the delivery of what happened in it: first every operation
-- is brought to its new state, then users' callbacks run, then errors of theirs are raised.
-- Never calls users' code while the core is at work.

local core = require("agentbay.core")

local runtime = {}

local loop ---@type userdata?
local timers ---@type userdata? a client that is for waiting only
---What is being told, or could not be told yet, and to which operation.
local told, told_kind, told_operation ---@type userdata?, string?, table?
local loggers = setmetatable({}, { __mode = "v" }) -- serial of a client -> who logs for it
local is_logging = false
local attached ---@type {wake: fun()}? an event loop that drives us

---@type agentbay.Task? the task whose code is running; a field, so that setting it can't fail
runtime.task = nil

-- ---- calls to be made -------------------------------------------------------------------------

-- Memory may run out anywhere. What was promised to be told must be told all the same, once there
-- is some again: so calls are queued without needing any, and leave the queue as they begin.

---@class agentbay.Call
---@field callback function
---@field first any
---@field second any
---@field is_ours boolean not a user's: may be made again if it raised, returns true and a message to raise
---@field next agentbay.Call|false
---@field message any what it raised

---@param callback function
---@param first any
---@param second any
---@param is_ours? boolean
---@return agentbay.Call
function runtime.new_call(callback, first, second, is_ours)
  return {
    callback = callback,
    first = first,
    second = second,
    is_ours = is_ours or false,
    next = false,
    message = false,
  }
end

---@return {first: agentbay.Call|false, last: agentbay.Call|false}
function runtime.new_queue()
  return { first = false, last = false }
end

local callbacks = runtime.new_queue()
local errors = runtime.new_queue()

---Appends a chain of calls. Calls nothing.
local function append(queue, first, last)
  if queue.first then
    queue.last.next = first
  else
    queue.first = first
  end
  queue.last = last
end

---@param queue {first: agentbay.Call|false, last: agentbay.Call|false}
---@param call agentbay.Call
function runtime.add_call(queue, call)
  append(queue, call, call)
end

---@return agentbay.Call|false
local function pop(queue)
  local call = queue.first
  if call then
    queue.first = call.next
    call.next = false
  end
  return call
end

-- ---- the loop ---------------------------------------------------------------------------------

---The loop; made when first needed, so that `require` does no work.
---@return userdata
function runtime.loop()
  loop = loop or core.new_loop()
  return loop
end

---Milliseconds of a clock that never jumps.
---@return number
function runtime.now_ms()
  return core.now_ms()
end

---A core operation that ends after some time.
---@param delay_ms number
---@param operation table which gets `_progressed` and `_ended` calls, as from all core operations
---@return userdata
function runtime.timer(delay_ms, operation)
  timers = timers or runtime.loop():client({ url = "", api_key = "" })
  return timers:sleep(delay_ms, operation)
end

-- ---- event loops ------------------------------------------------------------------------------

---Tells the event loop that drives us that there is something new to be done.
function runtime.wake()
  if attached then
    attached.wake()
  end
end

---Has an event loop drive this one: it is woken when there is something new to be done.
---@param adapter {wake: fun()}? nil: nobody
function runtime.attach(adapter)
  attached = adapter
end

---What is readable while a step has something to do, and when one is due at the latest.
---@return integer? descriptor nil where the system has no such thing
function runtime.descriptor()
  return runtime.loop():descriptor()
end

local function anything_to_deliver()
  return told ~= nil or callbacks.first ~= false or errors.first ~= false
end

---@return integer? delay_ms nil: only the descriptor matters
function runtime.delay_ms()
  if anything_to_deliver() then
    return 0
  end
  return runtime.loop():delay_ms()
end

---@return integer count operations still under way
function runtime.under_way()
  return loop and loop:under_way() or 0
end

-- ---- what operations and tasks need ---------------------------------------------------------

---Has `callback(first, second)` called once the loop's state is consistent.
---@param callback function
---@param first any
---@param second any
---@param is_ours? boolean
function runtime.call_later(callback, first, second, is_ours)
  local call = runtime.new_call(callback, first, second, is_ours)
  append(callbacks, call, call)
  runtime.wake()
end

---Has all calls of a queue made later, and empties it: all of it or, if it raises, nothing.
---@param queue {first: agentbay.Call|false, last: agentbay.Call|false}
function runtime.call_all_later(queue)
  if queue.first then
    append(callbacks, queue.first, queue.last)
    queue.first = false
  end
end

---Has an error raised by `step` once everything has been delivered.
---@param call agentbay.Call stands for it; made before, so that this needs no memory
---@param message any
function runtime.raise_later(call, message)
  call.message = message
  append(errors, call, call)
  runtime.wake()
end

---Has `logger:write(record)` called for each exchange of a client, as long as the logger lives.
---@param serial integer
---@param logger table
function runtime.log_for(serial, logger)
  loggers[serial] = logger
  is_logging = true
end

-- ---- stepping -------------------------------------------------------------------------------

-- Lua's words, and the binding's.
local NO_MEMORY = { ["not enough memory"] = true, ["out of memory"] = true }

---What can't be told for lack of memory is told again by the next step.
local function take_events()
  local more = true
  while more do
    if not told then
      told, told_kind, told_operation, more = loop:next()
    end
    local operation, ok, message = told_operation, true, nil
    local ended = told_kind == "ended"
    if operation then
      ok, message = pcall(ended and operation._ended or operation._progressed, operation, told)
    end
    if not ok and NO_MEMORY[message] then
      error(message, 0)
    end
    if ended then
      told:forget()
    end
    told, told_operation = nil, nil
    if not ok then
      error(message, 0)
    end
  end
end

---The records of exchanges, to those who log them.
local function take_records()
  local serial, record = loop:next_record()
  while serial do
    local logger = loggers[serial]
    if logger then
      runtime.call_later(logger.write, logger, record)
    end
    serial, record = loop:next_record()
  end
end

---A callback belongs to no task, even if a task steps the loop.
local function run_first()
  runtime.task = nil
  local call = pop(callbacks)
  return call.callback(call.first, call.second)
end

---Every callback runs, whatever the others do; their errors wait for their turn to be raised.
---@return boolean any
local function run_callbacks()
  local call = callbacks.first
  if not call then
    return false
  end
  local outer = runtime.task
  while call do
    local ok, failed, message = pcall(run_first)
    runtime.task = outer
    local begun = callbacks.first ~= call
    if not ok and (call.is_ours or not begun) then
      if begun then
        call.next = callbacks.first
        callbacks.first = call
        callbacks.last = call.next and callbacks.last or call
      end
      error(failed, 0) -- for the next step to try again
    end
    if not ok then
      message = failed
    end
    if not ok or (call.is_ours and failed) then
      call.message = message
      append(errors, call, call)
    end
    call = callbacks.first
  end
  return true
end

---Delivers what the loop has to tell. An error raised in a callback is raised here, one at a
---time, after everything has been delivered.
function runtime.deliver()
  if is_logging then
    take_records()
  end
  repeat -- a callback may have ended other operations: by closing their client, say
    if loop then
      take_events()
    end
  until not run_callbacks()
  local failure = pop(errors)
  if failure then
    error(failure.message, 0)
  end
end

---Does the work that is ready, waiting at most `timeout_ms` for some (negative: as long as it
---takes), and delivers it.
---@param timeout_ms number
---@param budget_ms? number
function runtime.step(timeout_ms, budget_ms)
  if loop then
    loop:step(anything_to_deliver() and 0 or timeout_ms, budget_ms)
  end
  runtime.deliver()
end

return runtime
