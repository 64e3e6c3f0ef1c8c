-- Modules that are loaded when they are first needed: most programs need few of them, and Lua
-- compiles what it loads. What is needed by everybody is required as usual.

---@param name string of a module
---@return table functions stands for its functions; other values may change, and are looked up
return function(name)
  return setmetatable({}, {
    __index = function(self, key)
      local value = require(name)[key]
      if type(value) == "function" then
        rawset(self, key, value)
      end
      return value
    end,
  })
end
