-- AgentBay for Lua: what `require "agentbay"` gives. Sets no globals and does no work when loaded.

local lazy = require("agentbay.lazy")
local runtime = require("agentbay.runtime")
local version = require("agentbay.version")

local new = lazy("agentbay.new")
local Task = lazy("agentbay.task")

local agentbay = { _VERSION = version }

---A client. Raises where the settings don't make sense or no API key is found.
---@param given? agentbay.NewArguments
---@return agentbay.Client
function agentbay.new(given)
  local client = new.client(given)
  return client
end

---Starts a function as a task: inside it every blocking method yields instead, so that others
---go on meanwhile. It runs at once up to its first wait, and on from `step`, `run` or `wait`. An
---error that it raises is raised there.
---@param fn function
---@param ... any arguments of `fn`
---@return agentbay.Task task an operation whose result is what `fn` returns first
function agentbay.spawn(fn, ...)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'spawn' (function expected, got %s)"):format(type(fn)), 2)
  end
  return Task.spawn(fn, ...)
end

---Waits; in a task by yielding.
---@param delay_ms number milliseconds
function agentbay.sleep(delay_ms)
  if type(delay_ms) ~= "number" or not (delay_ms >= 0) then
    error("bad argument #1 to 'sleep' (number >= 0 expected)", 2)
  end
  Task.timer(delay_ms):wait()
end

---Does the work of this Lua state that is ready, and calls your callbacks, which take their own
---time.
---@param timeout_ms? number milliseconds to wait for some at most, default 0: never waits
---@param budget_ms? number milliseconds of work, after which the rest is left to the next step; default 0.4 where it never waits, else 2
---@return integer count operations still under way
function agentbay.step(timeout_ms, budget_ms)
  runtime.step(timeout_ms or 0, budget_ms)
  return runtime.under_way()
end

---Steps until nothing is under way.
function agentbay.run()
  repeat
    runtime.step(-1)
  until runtime.under_way() == 0
end

return agentbay
