-- A request as any official SDK sends it, understood: parameters from query and body alike. Knows
-- no action.

local request = {}

---Text without percent-encoding.
---@param text string
---@return string
function request.decoded(text)
  return (
    text:gsub("%%(%x%x)", function(digits)
      return string.char(tonumber(digits, 16))
    end)
  )
end

local function decoded_field(text)
  return request.decoded((text:gsub("+", " ")))
end

---@param text string name=value pairs between &
---@return table<string, string>
function request.pairs_of(text)
  local values = {}
  for name, value in text:gmatch("([^&=]+)=?([^&]*)") do
    values[decoded_field(name)] = decoded_field(value)
  end
  return values
end

---@class agentbay_emulator.Request
---@field action string? nil where none is named
---@field parameters table<string, string> of query and body; the body's win
---@field query table<string, string>
---@field form table<string, string>
---@field origin string scheme and authority by which the requester reached us
---@field time_ms integer when it came

---@param target string
---@param body string
---@return agentbay_emulator.Request
function request.read(target, body)
  local path, query_text = target:match("^([^?]*)%??(.*)$")
  local query, form = request.pairs_of(query_text), request.pairs_of(body)
  local parameters = {}
  for _, source in ipairs({ query, form }) do
    for name, value in pairs(source) do
      parameters[name] = value
    end
  end
  return {
    path = path,
    action = parameters.Action,
    parameters = parameters,
    query = query,
    form = form,
  }
end

---Booleans come as true, True, TRUE: the SDKs differ.
function request.is_true(text)
  return text ~= nil and text:lower() == "true"
end

return request
