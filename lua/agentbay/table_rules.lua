-- Rules for tables: records with named members, lists, maps. Checking gives a copy, never changes
-- what was passed, and keeps no reference to a table that is described here.

local problems = require("agentbay.problems")
local rules = require("agentbay.rules")

local table_rules = {}

---Adds what was not given; finds what is missing. Gives a problem or nil.
local function complete(shape, given, checked)
  for i = 1, #shape.completions do
    local name = shape.completions[i]
    if checked[name] == nil then
      local value, problem = rules.absent(shape.members[name], given[name])
      if problem then
        return problems.within(name, problem)
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
      return problems.within(i, problems.of(shape.items.expected, "no value"))
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
    return { path = path, expected = expected, got = problems.value_text(got) }
  end
  return nil
end

---A fresh, checked copy of a table, or nil and the problem. This is the one place where tables are
---walked: arguments, records and lists are all shapes with named members, items, or both.
local function accept_shape(shape, given)
  if type(given) ~= "table" then
    return nil, problems.wrong_type(shape, given)
  end
  local checked, items = {}, 0
  for name, value in pairs(given) do
    local rule = shape.members[name]
    local is_item = rule == nil and shape.items and is_position(name)
    if is_item then
      rule, items = shape.items, items + 1
    elseif rule == nil then
      return nil, problems.unknown(shape, name)
    end
    if is_item or value ~= "" or rule.keeps_empty then
      local accepted, problem = rule.accept(rule, value)
      if problem then
        return nil, problems.within(name, problem)
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

---@class agentbay.ShapeOptions: agentbay.RuleOptions
---@field items? agentbay.Rule what the list part may hold; without it there is none
---@field min_items? integer
---@field verify? fun(checked: table): string|nil, string|nil, any what must hold between members;
---  gives nothing, or the path of the wrong one, words for what was expected, and what was given

---A table with named members, each with its own rule.
---@param members table<string, agentbay.Rule>
---@param options agentbay.ShapeOptions|nil
---@return agentbay.Rule
function table_rules.record(members, options)
  options = options or {}
  local rule = rules.new(accept_shape, "table", options)
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
function table_rules.list_of(item, options)
  options = options or {}
  local rule = table_rules.record({}, { items = item, min_items = options.min_items })
  rule.members_by_name = false
  rule.expected = "list"
  rule.required, rule.default, rule.secret = options.required, options.default, options.secret
  return rule
end

local function accept_map(rule, value)
  if type(value) ~= "table" then
    return nil, problems.wrong_type(rule, value)
  end
  local checked = {}
  for key, text in pairs(value) do
    local _, bad_key = rule.text.accept(rule.text, key)
    if bad_key then
      return nil,
        problems.within(key, problems.of("name that is a " .. bad_key.expected, bad_key.got))
    end
    local accepted, problem = rule.text.accept(rule.text, text)
    if problem then
      return nil, problems.within(key, problem)
    end
    checked[key] = accepted
  end
  return checked
end

---A table from names to texts, such as labels; neither may be blank, both are UTF-8.
---@param options agentbay.RuleOptions|nil
---@return agentbay.Rule
function table_rules.map_of_text(options)
  local rule = rules.new(accept_map, "table of strings", options)
  rule.text = rules.text({ not_blank = true, utf8 = true })
  return rule
end

---For `verify`: these members are given all or none.
---@param ... string
---@return fun(checked: table): string|nil, string|nil
function table_rules.together(...)
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

return table_rules
