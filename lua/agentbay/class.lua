-- Plain metatables for the public nouns. No inheritance, no library.

local class = {}

---A class whose instances print as "agentbay.<label>" and hold their methods by __index.
---@param label string as a user would call the object in code: "context_manager"
---@return table
function class.new(label)
  local new_class = { __label = label, __name = "agentbay." .. label }
  new_class.__index = new_class
  return new_class
end

return class
