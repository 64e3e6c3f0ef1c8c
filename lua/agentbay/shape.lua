-- Reads what the service sent into the shapes that callers get: PascalCase to snake_case,
-- absent members to their defaults, anything of another type refused. Pure.

local shape = {}

---@class agentbay.Member
---@field [1] string name in the result
---@field [2] string name on the wire
---@field [3] "string"|"number"|"boolean" type
---@field required? boolean an answer without it makes no sense

local defaults = { string = "", number = 0, boolean = false }

---Reads one object.
---@param value any decoded JSON
---@param members agentbay.Member[]
---@param where string how to call it in a message: "Data"
---@return table? read nil when it isn't of this shape
---@return string? problem
function shape.object(value, members, where)
  if type(value) ~= "table" then
    return nil, where .. (value == nil and " is missing" or " is not an object")
  end
  local read = {}
  for _, member in ipairs(members) do
    local found = value[member[2]]
    if found == nil then
      if member.required then
        return nil, ("%s.%s is missing"):format(where, member[2])
      end
      found = defaults[member[3]]
    elseif type(found) ~= member[3] then
      return nil, ("%s.%s is not a %s"):format(where, member[2], member[3])
    elseif member.required and found == "" then
      return nil, ("%s.%s is empty"):format(where, member[2])
    end
    read[member[1]] = found
  end
  return read
end

---Reads a list of objects.
---@param value any decoded JSON; nil is an empty list
---@param members agentbay.Member[]
---@param where string
---@return table[]? read
---@return string? problem
function shape.list(value, members, where)
  if value == nil then
    return {}
  end
  if type(value) ~= "table" then
    return nil, where .. " is not a list"
  end
  local read = {}
  for i = 1, #value do
    local item, problem = shape.object(value[i], members, ("%s[%d]"):format(where, i))
    if not item then
      return nil, problem
    end
    read[i] = item
  end
  if next(value) ~= nil and #value == 0 then
    return nil, where .. " is not a list"
  end
  return read
end

return shape
