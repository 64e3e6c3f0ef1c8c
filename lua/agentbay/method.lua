-- One way to define a public method: from a declaration of its arguments and a function that
-- starts the work come both the blocking form and the `_async` form. Decides nothing else.

local arguments = require("agentbay.arguments")
local Operation = require("agentbay.operation")
local rules = require("agentbay.rules")

local method = {}

---@class agentbay.Method
---@field class table the class that gets the methods
---@field name string
---@field arguments table<string, agentbay.Rule> `on_complete` is added
---@field leading? string name of the argument that comes first, by position
---@field leading_is_table? boolean it is a plain table itself: only by position, then
---@field options? agentbay.ShapeOptions what holds between the arguments
---@field start fun(self: table, given: table, operation: agentbay.Operation)

---The arguments table of a call whose first argument has a position: f(value, {...}) or f{...}.
---@param definition agentbay.Method
---@param first any
---@param second any
---@return any
local function with_leading(definition, first, second)
  local is_plain = type(first) == "table" and getmetatable(first) == nil
  if is_plain and second == nil and not definition.leading_is_table then
    return first
  elseif second ~= nil and type(second) ~= "table" then
    return second
  end
  local given = { [definition.leading] = first }
  for name, value in pairs(second or {}) do
    given[name] = value
  end
  return given
end

---@param definition agentbay.Method
function method.define(definition)
  local class, name = definition.class, definition.name
  local start = definition.start
  local members = { on_complete = rules.callback() }
  for member, rule in pairs(definition.arguments) do
    members[member] = rule
  end
  local declaration = arguments.declare(name, members, definition.options)

  -- Level 3: the line that called the public method which called this.
  local function begin(public_name, self, first, second)
    arguments.check_self(self, class, public_name, 3)
    local given = first
    if definition.leading then
      given = with_leading(definition, first, second)
    end
    given = arguments.check(declaration, public_name, given, 3)
    local operation = Operation.new(given.on_complete, given.on_progress)
    start(self, given, operation)
    return operation
  end

  local async_name = name .. "_async"
  class[async_name] = function(self, first, second)
    local operation = begin(async_name, self, first, second)
    return operation
  end
  class[name] = function(self, first, second)
    local operation = begin(name, self, first, second)
    return operation:wait()
  end
end

return method
