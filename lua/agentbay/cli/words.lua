-- What the groups of commands have in common on the command line: numbers, and commands that have
-- commands of their own. Speaks argparse.

local words = {}

---A converter for whole numbers.
---@param least integer
---@return fun(text: string): integer?, string?
function words.whole(least)
  return function(text)
    local number = tonumber(text)
    if not number or number < least or number % 1 ~= 0 then
      return nil, ("a whole number from %d on is expected, not '%s'"):format(least, text)
    end
    return number
  end
end

---A command that is nothing without another one.
---@param parser table
---@param name string
---@param description string
---@return table command
function words.group(parser, name, description)
  local group = parser:command(name, description)
  group:action(function(options)
    options.group = name
  end)
  group:command_target("command")
  group:require_command(true)
  return group
end

return words
