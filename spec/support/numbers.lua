-- What is an integer, in every version of Lua.

local numbers = {}

---@param value any
---@return boolean
function numbers.is_integer(value)
  if math.type then
    return math.type(value) == "integer"
  end
  return type(value) == "number" and value % 1 == 0
end

return numbers
