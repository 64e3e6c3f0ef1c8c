-- Reads JSON texts that stand inside answers as single fields.

local json_reader = {}

local decode

---lua-cjson with settings of our own: it is found when first needed, and whatever else uses it in
---this state keeps its own.
local function decoder()
  local cjson = require("cjson.safe").new()
  cjson.decode_invalid_numbers(false)
  cjson.decode_max_depth(32)
  return cjson.decode
end

---A JSON object whose values are texts.
---@param text string
---@return table<string, string>? map
---@return string? problem
function json_reader.map_of_text(text)
  decode = decode or decoder()
  local map = decode(text)
  if type(map) ~= "table" or #map > 0 then
    return nil, "is not the text of a JSON object"
  end
  for name, value in pairs(map) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return nil, "has a value that is not a string"
    end
  end
  return map
end

return json_reader
