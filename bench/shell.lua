-- Runs the programs of the measurements and reads what they print.

local shell = {}

---@param command string
---@return string output
function shell.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  assert(pipe:close(), command .. "\n" .. text)
  return text
end

---@param command string
---@return number[] numbers all that it prints
function shell.numbers(command)
  local numbers = {}
  for word in shell.output(command):gmatch("%S+") do
    numbers[#numbers + 1] = assert(tonumber(word), command .. " printed " .. word)
  end
  assert(#numbers > 0, command .. " printed nothing")
  return numbers
end

---@param values number[]
---@return number median
---@return number least
---@return number most
function shell.spread(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  local median = #sorted % 2 == 1 and sorted[middle + 1]
    or (sorted[middle] + sorted[middle + 1]) / 2
  return median, sorted[1], sorted[#sorted]
end

return shell
