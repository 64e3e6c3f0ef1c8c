-- Parameters that are JSON texts.

local dkjson = require("dkjson")

local json_parameter = {}

---@param parameters table<string, any>
---@param name string
---@return table? value empty where it isn't given; nil where it is no JSON object or array
function json_parameter.read(parameters, name)
  local text = parameters[name]
  if not text or text == "" then
    return {}
  end
  local value = dkjson.decode(text)
  return type(value) == "table" and value or nil
end

return json_parameter
