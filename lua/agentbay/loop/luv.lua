-- Drives agentbay from a libuv loop: luv's, or Neovim's vim.loop. Nobody has to call step then.
-- Waits for one descriptor and one time; never polls.

local runtime = require("agentbay.runtime")

local luv = {}

---@class agentbay.LoopOptions
---@field on_error? fun(message: any) gets errors of callbacks and tasks; default: they are raised
---  in the event loop's own callback

---Attaches agentbay to a libuv loop until `detach` is called. The loop stays alive as long as
---something is under way. Blocking methods and `step` go on working.
---@param uv? table luv, or vim.loop; default: require("luv")
---@param options? agentbay.LoopOptions
---@return fun() detach
function luv.attach(uv, options)
  uv = uv or require("luv")
  local on_error = options and options.on_error
  local descriptor = runtime.descriptor()
  if not descriptor then
    error("this system has no descriptor that stands for many sockets: call agentbay.step", 2)
  end
  local poll, timer = assert(uv.new_poll(descriptor)), uv.new_timer()
  local attached, woken = true, false

  local drive

  local function wait()
    local busy = runtime.under_way() > 0 or runtime.delay_ms() == 0
    for _, handle in ipairs({ poll, timer }) do
      if busy then
        uv.ref(handle)
      else
        uv.unref(handle)
      end
    end
    -- This replaces whatever the timer was set to, a wake included.
    woken = false
    local delay_ms = runtime.delay_ms()
    uv.timer_stop(timer)
    if delay_ms then
      uv.timer_start(timer, delay_ms, 0, drive)
    end
  end

  function drive()
    woken = false
    local ok, message = pcall(runtime.step, 0)
    if attached then
      wait()
    end
    if not ok then
      if not on_error then
        error(message, 0)
      end
      on_error(message)
    end
  end

  runtime.attach({
    wake = function()
      if not woken then
        woken = true
        uv.ref(timer)
        uv.timer_stop(timer)
        uv.timer_start(timer, 0, 0, drive)
      end
    end,
  })
  uv.poll_start(poll, "r", drive)
  wait()

  return function()
    -- The collector closes the handles: luv crashes where a state ends before the loop has run
    -- once more after an explicit close.
    if attached then
      attached = false
      runtime.attach(nil)
      uv.poll_stop(poll)
      uv.timer_stop(timer)
    end
  end
end

return luv
