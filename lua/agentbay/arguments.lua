-- Checks what users pass to public functions, so that every function accepts and refuses in the
-- same way and says so in the same words.
--
-- A function declares its arguments once, when its file is loaded; each call is checked against the
-- declaration. Checking must never change what the caller passed, never keep a reference to a table
-- of the caller's that the declaration describes, never show the value of a secret, and never build
-- a string or closure unless it is about to raise.

local lazy = require("agentbay.lazy")

local json_text = lazy("agentbay.json_text")
local suggest = lazy("agentbay.suggest")

local arguments = {}

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

---@class agentbay.Declaration: agentbay.Rule
---@field name string
---@field takes_nothing boolean a call without arguments has nothing to be checked
---@field members table<string, agentbay.Rule>

---@class agentbay.Problem
---@field path string which argument or part of one
---@field position? integer of an argument without a name
---@field expected? string
---@field got? string
---@field unknown? boolean it is a name that is not known
---@field hint? string for an unknown name

local find, format, gsub, sub = string.find, string.format, string.gsub, string.sub
local to_integer = rawget(math, "tointeger")

local LARGEST_INTEGER = 2 ^ 53
local LONGEST_SHOWN = 40

-- Words ---------------------------------------------------------------------------------------

---Foreign text, fit for one line of a message.
local function printable(text)
  if #text > LONGEST_SHOWN then
    text = sub(text, 1, LONGEST_SHOWN) .. "..."
  end
  return (gsub(text, "[%c\127-\255]", "?"))
end

local function number_text(value)
  if value ~= value then
    return "nan"
  elseif value == math.huge then
    return "inf"
  elseif value == -math.huge then
    return "-inf"
  end
  return format("%.16g", value)
end

local function type_text(value)
  return value == nil and "no value" or type(value)
end

local function value_text(value)
  if type(value) == "string" then
    return "'" .. printable(value) .. "'"
  elseif type(value) == "number" then
    return number_text(value)
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  return type_text(value)
end

local function key_text(key)
  if type(key) == "number" then
    return "[" .. number_text(key) .. "]"
  elseif type(key) == "string" then
    return printable(key)
  end
  return "[" .. type(key) .. "]"
end

-- Problems ------------------------------------------------------------------------------------

---@return agentbay.Problem
local function problem_of(expected, got)
  return { path = "", expected = expected, got = got }
end

local function wrong_type(rule, value)
  return problem_of(rule.expected, type_text(value))
end

local function wrong_value(rule, value, expected)
  return problem_of(expected or rule.expected, not rule.secret and value_text(value) or nil)
end

---A problem inside a value, as a problem of the table that holds the value.
local function within(key, problem)
  local rest = problem.path
  if rest ~= "" and sub(rest, 1, 1) ~= "[" then
    rest = "." .. rest
  end
  problem.path = key_text(key) .. rest
  return problem
end

---A problem with a whole argument that has a position instead of a name.
local function at_position(position, problem)
  problem.position = position
  return problem
end

local function unknown(shape, name)
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

---@param problem agentbay.Problem
local function message_of(problem, method)
  if problem.unknown then
    local hint = problem.hint and " (" .. problem.hint .. ")" or ""
    return format("unknown argument '%s' to '%s'%s", problem.path, method, hint)
  end
  local got = problem.got and ", got " .. problem.got or ""
  local which = problem.position and "#" .. problem.position or "'" .. problem.path .. "'"
  return format("bad argument %s to '%s' (%s expected%s)", which, method, problem.expected, got)
end

-- Values of one kind ----------------------------------------------------------------------------

---A rule with the options that every kind has.
---@return any
local function rule_of(accept, expected, options)
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
    return nil, wrong_type(rule, value)
  elseif value == "" and not rule.keeps_empty then
    return nil, problem_of("non-empty string", "''")
  elseif find(value, "\0", 1, true) then
    return nil, problem_of("text without NUL bytes")
  elseif rule.not_blank and find(value, "^%s+$") then
    return nil, problem_of("text that is not blank")
  elseif rule.utf8 and not json_text.is_utf8(value) then
    return nil, problem_of("text in UTF-8")
  elseif rule.without and find(value, rule.without.pattern) then
    return nil, wrong_value(rule, value, "text without " .. rule.without.name)
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
function arguments.text(options)
  options = options or {}
  local rule = rule_of(accept_text, "string", options)
  rule.keeps_empty = options.empty
  rule.not_blank = options.not_blank
  rule.utf8 = options.utf8
  rule.without = options.without
  return rule
end

local function range_text(kind, min, max)
  if min and max then
    return kind .. " from " .. number_text(min) .. " to " .. number_text(max)
  elseif min then
    return kind .. " >= " .. number_text(min)
  elseif max then
    return kind .. " <= " .. number_text(max)
  end
  return kind
end

local function accept_integer(rule, value)
  if type(value) ~= "number" then
    return nil, wrong_type(rule, value)
  elseif value % 1 ~= 0 or value < rule.min then
    return nil, wrong_value(rule, value)
  elseif value > rule.max then
    return nil, wrong_value(rule, value, range_text("integer", rule.min, rule.max))
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
function arguments.integer(options)
  options = options or {}
  local expected = range_text("integer", options.min, options.max)
  local rule = rule_of(accept_integer, expected, options)
  rule.min = options.min or -LARGEST_INTEGER
  rule.max = options.max or LARGEST_INTEGER
  return rule
end

local function accept_number(rule, value)
  if type(value) ~= "number" then
    return nil, wrong_type(rule, value)
  elseif value - value ~= 0 then
    return nil, wrong_value(rule, value, "finite " .. rule.expected)
  elseif value < rule.min or value > rule.max then
    return nil, wrong_value(rule, value)
  end
  return value
end

---A finite number.
---@param options agentbay.NumberOptions|nil
---@return agentbay.Rule
function arguments.number(options)
  options = options or {}
  local expected = range_text("number", options.min, options.max)
  local rule = rule_of(accept_number, expected, options)
  rule.min = options.min or -math.huge
  rule.max = options.max or math.huge
  return rule
end

local function accept_boolean(rule, value)
  if type(value) ~= "boolean" then
    return nil, wrong_type(rule, value)
  end
  return value
end

---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function arguments.boolean(options)
  return rule_of(accept_boolean, "boolean", options)
end

local function accept_callback(rule, value)
  if type(value) ~= "function" then
    local meta = getmetatable(value)
    if type(value) == "string" or type(meta) ~= "table" or not meta.__call then
      return nil, wrong_type(rule, value)
    end
  end
  return value
end

---A function, or anything else that can be called.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function arguments.callback(options)
  return rule_of(accept_callback, "function", options)
end

local function accept_constant(rule, value)
  if type(value) ~= type(rule.constant) then
    return nil, wrong_type(rule, value)
  elseif value ~= rule.constant then
    return nil, wrong_value(rule, value)
  end
  return value
end

---One value and no other, such as the `false` in "false or table".
---@param value any
---@return agentbay.Rule
function arguments.constant(value)
  local rule = rule_of(accept_constant, value_text(value))
  rule.constant = value
  return rule
end

local function accept_choice(rule, value)
  if type(value) ~= "string" then
    return nil, wrong_type(rule, value)
  elseif not rule.choices[value] then
    return nil, wrong_value(rule, value)
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
function arguments.one_of(...)
  local choices, options = { ... }, nil
  if type(choices[#choices]) == "table" then
    options = table.remove(choices)
  end
  local rule = rule_of(accept_choice, choices_text(choices), options)
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
function arguments.any(options)
  return rule_of(accept_any, "value", options)
end

local function accept_table(rule, value)
  if type(value) ~= "table" then
    return nil, wrong_type(rule, value)
  end
  return value
end

---A table that is none of our business: it is passed on as it is.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function arguments.table(options)
  return rule_of(accept_table, "table", options)
end

local function accept_object(rule, value)
  if getmetatable(value) ~= rule.class then
    return nil, wrong_type(rule, value)
  end
  return value
end

---An object: a value whose metatable is the class.
---@param class table
---@param class_name string how messages name it
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function arguments.object(class, class_name, options)
  local rule = rule_of(accept_object, class_name, options)
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
function arguments.later(expected, make)
  local rule = rule_of(accept_later, expected)
  rule.make = make
  return rule
end

local function accept_either(rule, value)
  local problem = wrong_type(rule, value)
  for _, alternative in ipairs(rule.alternatives) do
    local accepted, refusal = alternative.accept(alternative, value)
    if not refusal then
      return accepted
    elseif refusal.path ~= "" then
      return nil, refusal -- the right kind of value, with something wrong inside
    elseif refusal.got ~= type_text(value) then
      -- The right type, so the value says more.
      local owner = alternative.secret and alternative or rule
      problem = wrong_value(owner, value, rule.expected)
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
function arguments.either(...)
  local alternatives, options = { ... }, nil
  if not alternatives[#alternatives].accept then
    options = table.remove(alternatives)
  end
  local rule = rule_of(accept_either, alternatives_text(alternatives), options)
  rule.alternatives = alternatives
  return rule
end

-- Tables ----------------------------------------------------------------------------------------

---What stands in for a value that was not given, or the problem that it was not.
local function absent(rule, given)
  if rule.required then
    return nil, problem_of(rule.expected, given == "" and "''" or "no value")
  elseif type(rule.default) == "table" then
    return rule.accept(rule, rule.default)
  end
  return rule.default
end

---Adds what was not given; finds what is missing. Gives a problem or nil.
local function complete(shape, given, checked)
  for i = 1, #shape.completions do
    local name = shape.completions[i]
    if checked[name] == nil then
      local value, problem = absent(shape.members[name], given[name])
      if problem then
        return within(name, problem)
      end
      checked[name] = value
    end
  end
  return nil
end

---Whether the items are 1 to their number, and enough. Gives a problem or nil.
local function find_gap(shape, checked, items)
  for i = 1, math.max(items, shape.min_items) do
    if checked[i] == nil then
      return within(i, problem_of(shape.items.expected, "no value"))
    end
  end
  return nil
end

local function is_position(key)
  return type(key) == "number" and key >= 1 and key % 1 == 0
end

---What the whole table must fulfil beyond its single members. Gives a problem or nil.
local function verify(shape, checked)
  local path, expected, got = shape.verify(checked)
  if path then
    return { path = path, expected = expected, got = value_text(got) }
  end
  return nil
end

---A fresh, checked copy of a table, or nil and the problem. This is the one place where tables are
---walked: arguments, records and lists are all shapes with named members, items, or both.
local function check_shape(shape, given)
  local checked, items = {}, 0
  for name, value in pairs(given) do
    local rule = shape.members[name]
    local is_item = rule == nil and shape.items and is_position(name)
    if is_item then
      rule, items = shape.items, items + 1
    elseif rule == nil then
      return nil, unknown(shape, name)
    end
    if is_item or value ~= "" or rule.keeps_empty then
      local accepted, problem = rule.accept(rule, value)
      if problem then
        return nil, within(name, problem)
      end
      checked[name] = accepted
    end
  end
  local problem = complete(shape, given, checked)
    or (shape.items and find_gap(shape, checked, items))
    or (shape.verify and verify(shape, checked))
  if problem then
    return nil, problem
  end
  return checked
end

local function accept_shape(rule, value)
  if type(value) ~= "table" then
    return nil, wrong_type(rule, value)
  end
  return check_shape(rule, value)
end

---@class agentbay.ShapeOptions: agentbay.RuleOptions
---@field items? agentbay.Rule what the list part may hold; without it there is none
---@field min_items? integer
---@field verify? fun(checked: table): string|nil, string|nil, any what must hold between members;
---  gives nothing, or the path of the wrong one, words for what was expected, and what was given

---A table with named members, each with its own rule.
---@param members table<string, agentbay.Rule>
---@param options agentbay.ShapeOptions|nil
---@return agentbay.Rule
function arguments.record(members, options)
  options = options or {}
  local rule = rule_of(accept_shape, "table", options)
  rule.members, rule.completions = members, {}
  rule.items, rule.min_items = options.items, options.min_items or 0
  rule.verify = options.verify
  for name, member in pairs(members) do
    if member.required or member.default ~= nil then
      rule.completions[#rule.completions + 1] = name
    end
  end
  table.sort(rule.completions) -- so that of two missing members always the same is named
  return rule
end

---@class agentbay.ListOptions: agentbay.RuleOptions
---@field min_items? integer

---A list without gaps, every item of which follows one rule. "" is an item like any other.
---@param item agentbay.Rule
---@param options agentbay.ListOptions|nil
---@return agentbay.Rule
function arguments.list_of(item, options)
  options = options or {}
  local rule = arguments.record({}, { items = item, min_items = options.min_items })
  rule.members_by_name = false
  rule.expected = "list"
  rule.required, rule.default, rule.secret = options.required, options.default, options.secret
  return rule
end

local function accept_map(rule, value)
  if type(value) ~= "table" then
    return nil, wrong_type(rule, value)
  end
  local checked = {}
  for key, text in pairs(value) do
    local _, bad_key = accept_text(rule.text, key)
    if bad_key then
      return nil, within(key, problem_of("name that is a " .. bad_key.expected, bad_key.got))
    end
    local accepted, problem = accept_text(rule.text, text)
    if problem then
      return nil, within(key, problem)
    end
    checked[key] = accepted
  end
  return checked
end

---A table from names to texts, such as labels; neither may be blank, both are UTF-8.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function arguments.map_of_text(options)
  local rule = rule_of(accept_map, "table of strings", options)
  rule.text = arguments.text({ not_blank = true, utf8 = true })
  return rule
end

---For `verify`: these members are given all or none.
---@param ... string
---@return fun(checked: table): string|nil, string|nil
function arguments.together(...)
  local names = { ... }
  return function(checked)
    local present, missing
    for _, name in ipairs(names) do
      if checked[name] ~= nil then
        present = present or name
      else
        missing = missing or name
      end
    end
    if present and missing then
      return missing, "value together with '" .. present .. "'"
    end
    return nil
  end
end

-- Calls -------------------------------------------------------------------------------------------
--
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
  local declaration = arguments.record(members, options)
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
  local checked, problem
  if type(given) == "table" then
    checked, problem = check_shape(declaration, given)
  else
    problem = at_position(1, problem_of("table of named arguments", type_text(given)))
  end
  if problem then
    error(message_of(problem, name or declaration.name), (level or 2) + 1)
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
    accepted, problem = absent(rule, value)
  else
    accepted, problem = rule.accept(rule, value)
  end
  if problem then
    if type(argument) == "string" then
      within(argument, problem)
    elseif problem.path == "" then
      at_position(argument, problem)
    end
    error(message_of(problem, name), (level or 2) + 1)
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
    local message = format("bad self to '%s' (call it as %s, with a colon)", method_name, call)
    error(message, (level or 2) + 1)
  end
end

return arguments
