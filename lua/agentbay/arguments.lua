-- Checks what users pass to public functions, so that every function accepts and refuses in the
-- same way and says so in the same words.
--
-- A function declares its arguments once, when its file is loaded; each call is checked against the
-- declaration. What an argument may be is said by rules and table_rules.

local problems = require("agentbay.problems")
local rules = require("agentbay.rules")
local table_rules = require("agentbay.table_rules")

local arguments = {}

---@class agentbay.Declaration: agentbay.Rule
---@field name string
---@field takes_nothing boolean a call without arguments has nothing to be checked
---@field members table<string, agentbay.Rule>

-- Levels count as for `error`, seen from the function that calls the check: 1 is its own line, 2
-- (the default) the line of its caller. That function must not call the check as a tail call.

-- What is checked is a table of the caller's own, so this one must stay as it is.
local NOTHING = setmetatable({}, {
  __newindex = function()
    error("checked arguments are not to be changed", 2)
  end,
})

---Declares the named arguments of a function.
---@param name string the function's name, for messages
---@param members table<string, agentbay.Rule>
---@param options agentbay.ShapeOptions|nil
---@return agentbay.Declaration
function arguments.declare(name, members, options)
  local declaration = table_rules.record(members, options)
  declaration.expected = "table of named arguments"
  declaration.name = name
  declaration.takes_nothing = not declaration.completions[1]
    and not declaration.verify
    and declaration.min_items == 0
  return declaration
end

---Checks the table of arguments of a call. Raises, or gives a fresh table with the defaults in it.
---@param declaration agentbay.Declaration
---@param name string|nil the name it was called by, unless that is the declared one
---@param given any the table of arguments; nil means none
---@param level integer|nil
---@return table checked
function arguments.check(declaration, name, given, level)
  if given == nil then
    if declaration.takes_nothing then
      return NOTHING
    end
    given = NOTHING
  end
  local checked, problem = declaration.accept(declaration, given)
  if problem then
    if problem.path == "" then
      problem = problems.at_position(1, problem)
    end
    error(problems.message(problem, name or declaration.name), (level or 2) + 1)
  end
  return checked
end

---Checks one argument that has a position instead of a name. Raises, or gives the value to use.
---@param rule agentbay.Rule
---@param name string the function's name
---@param argument integer|string its position, or how messages should call it
---@param value any
---@param level integer|nil
---@return any accepted
function arguments.check_value(rule, name, argument, value, level)
  local accepted, problem
  if value == nil or (value == "" and not rule.keeps_empty) then
    accepted, problem = rules.absent(rule, value)
  else
    accepted, problem = rule.accept(rule, value)
  end
  if problem then
    if type(argument) == "string" then
      problems.within(argument, problem)
    elseif problem.path == "" then
      problems.at_position(argument, problem)
    end
    error(problems.message(problem, name), (level or 2) + 1)
  end
  return accepted
end

---Checks that a method was called with a colon. Raises, or does nothing.
---@param self any what came as self
---@param class table its metatable if it is right; `__label` is what a variable would be called
---@param method_name string
---@param level integer|nil
function arguments.check_self(self, class, method_name, level)
  if getmetatable(self) ~= class then
    local call = class.__label .. ":" .. method_name .. "{...}"
    local message =
      string.format("bad self to '%s' (call it as %s, with a colon)", method_name, call)
    error(message, (level or 2) + 1)
  end
end

return arguments
