-- Rules for single values: what an argument, or a part of one, may be. Each gives the value to use,
-- or a problem. Never shows the value of a secret, and never builds a string or closure unless there
-- is a problem.

local lazy = require("agentbay.lazy")
local problems = require("agentbay.problems")

local json_text = lazy("agentbay.json_text")

local rules = {}

---@class agentbay.Rule what one argument may be; made by the constructors below
---@field accept fun(rule: agentbay.Rule, value: any): any, agentbay.Problem|nil
---@field expected string words for what is accepted
---@field required? boolean
---@field default any
---@field secret? boolean
---@field keeps_empty? boolean "" is a value, not "not given"

---@class agentbay.RuleOptions
---@field required? boolean raise where it is not given
---@field default any used where it is not given; tables are copied by their own rule
---@field secret? boolean never show the value in a message

local find = string.find
local to_integer = rawget(math, "tointeger")

local LARGEST_INTEGER = 2 ^ 53

---A rule with the options that every kind has.
---@param accept fun(rule: agentbay.Rule, value: any): any, agentbay.Problem|nil
---@param expected string words for what is accepted
---@param options agentbay.RuleOptions|nil
---@return any rule for more fields to be added
function rules.new(accept, expected, options)
  options = options or {}
  return {
    accept = accept,
    expected = expected,
    required = options.required,
    default = options.default,
    secret = options.secret,
  }
end

local function accept_text(rule, value)
  if type(value) ~= "string" then
    return nil, problems.wrong_type(rule, value)
  elseif value == "" and not rule.keeps_empty then
    return nil, problems.of("non-empty string", "''")
  elseif find(value, "\0", 1, true) then
    return nil, problems.of("text without NUL bytes")
  elseif rule.not_blank and find(value, "^%s+$") then
    return nil, problems.of("text that is not blank")
  elseif rule.utf8 and not json_text.is_utf8(value) then
    return nil, problems.of("text in UTF-8")
  elseif rule.without and find(value, rule.without.pattern) then
    return nil, problems.wrong_value(rule, value, "text without " .. rule.without.name)
  end
  return value
end

---@class agentbay.TextOptions: agentbay.RuleOptions
---@field empty? boolean "" is a value of its own
---@field not_blank? boolean refuse text of nothing but blanks
---@field utf8? boolean refuse text that is not UTF-8
---@field without? { pattern: string, name: string } refuse text in which the pattern is found

---A string without NUL bytes.
---@param options agentbay.TextOptions|nil
---@return agentbay.Rule
function rules.text(options)
  options = options or {}
  local rule = rules.new(accept_text, "string", options)
  rule.keeps_empty = options.empty
  rule.not_blank = options.not_blank
  rule.utf8 = options.utf8
  rule.without = options.without
  return rule
end

local function range_text(kind, min, max)
  if min and max then
    return kind .. " from " .. problems.number_text(min) .. " to " .. problems.number_text(max)
  elseif min then
    return kind .. " >= " .. problems.number_text(min)
  elseif max then
    return kind .. " <= " .. problems.number_text(max)
  end
  return kind
end

local function accept_integer(rule, value)
  if type(value) ~= "number" then
    return nil, problems.wrong_type(rule, value)
  elseif value % 1 ~= 0 or value < rule.min then
    return nil, problems.wrong_value(rule, value)
  elseif value > rule.max then
    return nil, problems.wrong_value(rule, value, range_text("integer", rule.min, rule.max))
  elseif value == 0 then
    return 0 -- also for -0.0
  end
  return to_integer and to_integer(value) or value
end

---@class agentbay.NumberOptions: agentbay.RuleOptions
---@field min? number
---@field max? number

---A whole number, of any number type, of at most 2^53.
---@param options agentbay.NumberOptions|nil
---@return agentbay.Rule
function rules.integer(options)
  options = options or {}
  local expected = range_text("integer", options.min, options.max)
  local rule = rules.new(accept_integer, expected, options)
  rule.min = options.min or -LARGEST_INTEGER
  rule.max = options.max or LARGEST_INTEGER
  return rule
end

local function accept_number(rule, value)
  if type(value) ~= "number" then
    return nil, problems.wrong_type(rule, value)
  elseif value - value ~= 0 then
    return nil, problems.wrong_value(rule, value, "finite " .. rule.expected)
  elseif value < rule.min or value > rule.max then
    return nil, problems.wrong_value(rule, value)
  end
  return value
end

---A finite number.
---@param options agentbay.NumberOptions|nil
---@return agentbay.Rule
function rules.number(options)
  options = options or {}
  local expected = range_text("number", options.min, options.max)
  local rule = rules.new(accept_number, expected, options)
  rule.min = options.min or -math.huge
  rule.max = options.max or math.huge
  return rule
end

local function accept_boolean(rule, value)
  if type(value) ~= "boolean" then
    return nil, problems.wrong_type(rule, value)
  end
  return value
end

---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function rules.boolean(options)
  return rules.new(accept_boolean, "boolean", options)
end

local function accept_callback(rule, value)
  if type(value) ~= "function" then
    local meta = getmetatable(value)
    if type(value) == "string" or type(meta) ~= "table" or not meta.__call then
      return nil, problems.wrong_type(rule, value)
    end
  end
  return value
end

---A function, or anything else that can be called.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function rules.callback(options)
  return rules.new(accept_callback, "function", options)
end

local function accept_constant(rule, value)
  if type(value) ~= type(rule.constant) then
    return nil, problems.wrong_type(rule, value)
  elseif value ~= rule.constant then
    return nil, problems.wrong_value(rule, value)
  end
  return value
end

---One value and no other, such as the `false` in "false or table".
---@param value any
---@return agentbay.Rule
function rules.constant(value)
  local rule = rules.new(accept_constant, problems.value_text(value))
  rule.constant = value
  return rule
end

local function accept_choice(rule, value)
  if type(value) ~= "string" then
    return nil, problems.wrong_type(rule, value)
  elseif not rule.choices[value] then
    return nil, problems.wrong_value(rule, value)
  end
  return value
end

local function choices_text(choices)
  if #choices <= 2 then
    return "'" .. table.concat(choices, "' or '") .. "'"
  end
  return "one of '" .. table.concat(choices, "', '") .. "'"
end

---One of some strings. The last argument may be a table of options.
---@param ... string|agentbay.RuleOptions
---@return agentbay.Rule
function rules.one_of(...)
  local choices, options = { ... }, nil
  if type(choices[#choices]) == "table" then
    options = table.remove(choices)
  end
  local rule = rules.new(accept_choice, choices_text(choices), options)
  rule.choices = {}
  for _, choice in ipairs(choices) do
    rule.choices[choice] = true
  end
  return rule
end

local function accept_any(_, value)
  return value
end

---Anything at all.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function rules.any(options)
  return rules.new(accept_any, "value", options)
end

local function accept_table(rule, value)
  if type(value) ~= "table" then
    return nil, problems.wrong_type(rule, value)
  end
  return value
end

---A table that is none of our business: it is passed on as it is.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function rules.table(options)
  return rules.new(accept_table, "table", options)
end

local function accept_object(rule, value)
  if getmetatable(value) ~= rule.class then
    return nil, problems.wrong_type(rule, value)
  end
  return value
end

---An object: a value whose metatable is the class.
---@param class table
---@param class_name string how messages name it
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function rules.object(class, class_name, options)
  local rule = rules.new(accept_object, class_name, options)
  rule.class = class
  return rule
end

local function accept_later(rule, value)
  rule.made = rule.made or rule.make()
  return rule.made.accept(rule.made, value)
end

---A rule that is made when it is first needed, for what is rarely given.
---@param expected string words for what it accepts
---@param make fun(): agentbay.Rule
---@return agentbay.Rule
function rules.later(expected, make)
  local rule = rules.new(accept_later, expected)
  rule.make = make
  return rule
end

local function accept_either(rule, value)
  local problem = problems.wrong_type(rule, value)
  for _, alternative in ipairs(rule.alternatives) do
    local accepted, refusal = alternative.accept(alternative, value)
    if not refusal then
      return accepted
    elseif refusal.path ~= "" then
      return nil, refusal -- the right kind of value, with something wrong inside
    elseif refusal.got ~= problems.type_text(value) then
      -- The right type, so the value says more.
      local owner = alternative.secret and alternative or rule
      problem = problems.wrong_value(owner, value, rule.expected)
    end
  end
  return nil, problem
end

local function alternatives_text(alternatives)
  local expected = {}
  for i, alternative in ipairs(alternatives) do
    expected[i] = alternative.expected
  end
  return table.concat(expected, " or ")
end

---What the first fitting of several rules accepts. The last argument may be a table of options.
---@param ... agentbay.Rule|agentbay.RuleOptions
---@return agentbay.Rule
function rules.either(...)
  local alternatives, options = { ... }, nil
  if not alternatives[#alternatives].accept then
    options = table.remove(alternatives)
  end
  local rule = rules.new(accept_either, alternatives_text(alternatives), options)
  rule.alternatives = alternatives
  return rule
end

---What stands in for a value that was not given, or the problem that it was not.
---@param rule agentbay.Rule
---@param given any nil or ""
---@return any value
---@return agentbay.Problem|nil
function rules.absent(rule, given)
  if rule.required then
    return nil, problems.of(rule.expected, given == "" and "''" or "no value")
  elseif type(rule.default) == "table" then
    return rule.accept(rule, rule.default)
  end
  return rule.default
end

return rules
