-- What is wrong with an argument, and the words for it. A problem is made inside the value and is
-- told where it is on the way out; only when it is raised does it become a message.

local lazy = require("agentbay.lazy")

local suggest = lazy("agentbay.suggest")

local problems = {}

---@class agentbay.Problem
---@field path string which argument or part of one
---@field position? integer of an argument without a name
---@field expected? string
---@field got? string
---@field unknown? boolean it is a name that is not known
---@field hint? string for an unknown name

local format, gsub, sub = string.format, string.gsub, string.sub

local LONGEST_SHOWN = 40

---Foreign text, fit for one line of a message.
local function printable(text)
  if #text > LONGEST_SHOWN then
    text = sub(text, 1, LONGEST_SHOWN) .. "..."
  end
  return (gsub(text, "[%c\127-\255]", "?"))
end

---@param value number
---@return string
function problems.number_text(value)
  if value ~= value then
    return "nan"
  elseif value == math.huge then
    return "inf"
  elseif value == -math.huge then
    return "-inf"
  end
  return format("%.16g", value)
end

---@param value any
---@return string
function problems.type_text(value)
  return value == nil and "no value" or type(value)
end

---A value as messages show it, in one line and not too long.
---@param value any
---@return string
function problems.value_text(value)
  if type(value) == "string" then
    return "'" .. printable(value) .. "'"
  elseif type(value) == "number" then
    return problems.number_text(value)
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  return problems.type_text(value)
end

local function key_text(key)
  if type(key) == "number" then
    return "[" .. problems.number_text(key) .. "]"
  elseif type(key) == "string" then
    return printable(key)
  end
  return "[" .. type(key) .. "]"
end

---@param expected string
---@param got string|nil
---@return agentbay.Problem
function problems.of(expected, got)
  return { path = "", expected = expected, got = got }
end

---@param rule agentbay.Rule
---@param value any
---@return agentbay.Problem
function problems.wrong_type(rule, value)
  return problems.of(rule.expected, problems.type_text(value))
end

---A value of the right type, which is shown unless it is a secret.
---@param rule agentbay.Rule
---@param value any
---@param expected string|nil words for what is accepted, unless the rule has them
---@return agentbay.Problem
function problems.wrong_value(rule, value, expected)
  return problems.of(
    expected or rule.expected,
    not rule.secret and problems.value_text(value) or nil
  )
end

---A problem inside a value, as a problem of the table that holds the value.
---@param key any
---@param found agentbay.Problem is changed
---@return agentbay.Problem
function problems.within(key, found)
  local rest = found.path
  if rest ~= "" and sub(rest, 1, 1) ~= "[" then
    rest = "." .. rest
  end
  found.path = key_text(key) .. rest
  return found
end

---A problem with a whole argument that has a position instead of a name.
---@param position integer
---@param found agentbay.Problem is changed
---@return agentbay.Problem
function problems.at_position(position, found)
  found.position = position
  return found
end

---@param shape agentbay.Rule which has `members`
---@param name any
---@return agentbay.Problem
function problems.unknown(shape, name)
  local hint
  if shape.members_by_name == false then
    hint = "a list is expected"
  elseif type(name) == "number" then
    hint = "arguments are given by name"
  else
    local nearest = suggest.nearest(name, shape.members)
    hint = nearest and "did you mean '" .. nearest .. "'?"
  end
  return { path = key_text(name), unknown = true, hint = hint }
end

---@param found agentbay.Problem
---@param method string what was called
---@return string
function problems.message(found, method)
  if found.unknown then
    local hint = found.hint and " (" .. found.hint .. ")" or ""
    return format("unknown argument '%s' to '%s'%s", found.path, method, hint)
  end
  local got = found.got and ", got " .. found.got or ""
  local which = found.position and "#" .. found.position or "'" .. found.path .. "'"
  return format("bad argument %s to '%s' (%s expected%s)", which, method, found.expected, got)
end

return problems
