-- The one loop of this Lua state, and the delivery of what happened in it: first every operation
-- is brought to its new state, then users' callbacks run, then errors of theirs are raised.
-- Never calls users' code while the core is at work.

local core = require("agentbay.core")

local runtime = {}

local loop ---@type userdata?
local timers ---@type userdata? a client that is for waiting only
local under_way = {} -- core operation -> operation
local callbacks = { first = 1, last = 0 }
local errors = { first = 1, last = 0 }
local current ---@type agentbay.Task?
local loggers = setmetatable({}, { __mode = "v" }) -- serial of a client -> who logs for it
local is_logging = false
local attached ---@type {wake: fun()}? an event loop that drives us

local function push(queue, item)
  queue.last = queue.last + 1
  queue[queue.last] = item
end

local function is_empty(queue)
  return queue.first > queue.last
end

local function pop(queue)
  if is_empty(queue) then
    queue.first, queue.last = 1, 0
    return nil
  end
  local item = queue[queue.first]
  queue[queue.first] = nil
  queue.first = queue.first + 1
  return item
end

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
---@return userdata
function runtime.timer(delay_ms)
  timers = timers or runtime.loop():client({ url = "", api_key = "" })
  return timers:sleep(delay_ms)
end

-- ---- event loops ------------------------------------------------------------------------------

local function wake()
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

---@return integer? delay_ms nil: only the descriptor matters
function runtime.delay_ms()
  if not (is_empty(callbacks) and is_empty(errors)) then
    return 0
  end
  return runtime.loop():delay_ms()
end

---@return integer count operations still under way
function runtime.under_way()
  return loop and loop:under_way() or 0
end

-- ---- what operations and tasks need ---------------------------------------------------------

---Watches a core operation for `operation`, which gets `_progressed` and `_ended` calls.
---@param core_operation userdata
---@param operation table
function runtime.watch(core_operation, operation)
  under_way[core_operation] = operation
  wake()
end

---Ends the watch: what the loop still has to tell of it is dropped.
---@param core_operation userdata
function runtime.forget(core_operation)
  under_way[core_operation] = nil
end

---Has `callback(first, second)` called once the loop's state is consistent.
---@param callback function
---@param first any
---@param second any
function runtime.call_later(callback, first, second)
  push(callbacks, { callback, first, second })
  wake()
end

---Has an error raised by `step` once everything has been delivered.
---@param message any
function runtime.raise_later(message)
  push(errors, { message })
  wake()
end

---Has `logger:write(record)` called for each exchange of a client, as long as the logger lives.
---@param serial integer
---@param logger table
function runtime.log_for(serial, logger)
  loggers[serial] = logger
  is_logging = true
end

---The task whose code is running, if it is a task's.
---@return agentbay.Task?
function runtime.current_task()
  return current
end

---@param task agentbay.Task?
function runtime.set_current_task(task)
  current = task
end

-- ---- stepping -------------------------------------------------------------------------------

---@return boolean any
local function take_events()
  local core_operation, kind = loop:next()
  local any = core_operation ~= nil
  while core_operation do
    local operation = under_way[core_operation]
    if operation and kind == "progress" then
      operation:_progressed(core_operation)
    elseif operation then
      under_way[core_operation] = nil
      operation:_ended(core_operation:result())
    end
    core_operation, kind = loop:next()
  end
  return any
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

---Every callback runs, whatever the others do; their errors wait for their turn to be raised.
---A callback belongs to no task, even if a task steps the loop.
---@return boolean any
local function run_callbacks()
  local any = not is_empty(callbacks)
  local outer = current
  current = nil
  local callback = pop(callbacks)
  while callback do
    local ok, message = pcall(callback[1], callback[2], callback[3])
    if not ok then
      push(errors, { message })
    end
    callback = pop(callbacks)
  end
  current = outer
  return any
end

---Delivers what the loop has to tell. An error raised in a callback is raised here, one at a
---time, after everything has been delivered.
function runtime.deliver()
  local told, called
  if is_logging then
    take_records()
  end
  repeat -- a callback may have ended other operations: by closing their client, say
    told = loop ~= nil and take_events()
    called = run_callbacks()
  until not (told or called)
  local failure = pop(errors)
  if failure then
    error(failure[1], 0)
  end
end

---Does the work that is ready, waiting at most `timeout_ms` for some (negative: as long as it
---takes), and delivers it.
---@param timeout_ms number
---@return integer count operations still under way
function runtime.step(timeout_ms)
  if loop then
    local nothing_to_deliver = is_empty(callbacks) and is_empty(errors)
    loop:step(nothing_to_deliver and timeout_ms or 0)
  end
  runtime.deliver()
  return runtime.under_way()
end

return runtime
