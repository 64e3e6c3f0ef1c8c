-- Drives agentbay from a cqueues controller. Nobody has to call step then. Waits for one
-- descriptor and one time; never polls.

local runtime = require("agentbay.runtime")

local adapter = {}

---Attaches agentbay to a controller until `detach` is called. The controller stays busy as long
---as something is under way. Blocking methods block all of it: use tasks or `_async` forms.
---@param controller table what cqueues.new() gives
---@param options? agentbay.LoopOptions
---@return fun() detach
function adapter.attach(controller, options)
  local cqueues = require("cqueues")
  local news = require("cqueues.condition").new()
  local on_error = options and options.on_error
  local descriptor = runtime.descriptor()
  if not descriptor then
    error("this system has no descriptor that stands for many sockets: call agentbay.step", 2)
  end
  local pollable = { pollfd = descriptor, events = "r" }
  local attached, running = true, false

  local function drive()
    local ok, message = pcall(runtime.step, 0)
    if not ok then
      if not on_error then
        running = false
        error(message, 0)
      end
      on_error(message)
    end
  end

  local function main()
    while attached and (runtime.under_way() > 0 or runtime.delay_ms() == 0) do
      local delay_ms = runtime.delay_ms()
      if delay_ms ~= 0 then
        cqueues.poll(pollable, news, delay_ms and delay_ms / 1000)
      end
      if attached then
        drive()
      end
    end
    running = false
  end

  local function wake()
    if not running then
      running = true
      controller:wrap(main)
    else
      news:signal()
    end
  end

  runtime.attach({ wake = wake })
  wake()

  return function()
    if attached then
      attached = false
      runtime.attach(nil)
      news:signal()
      cqueues.cancel(descriptor)
    end
  end
end

return adapter
