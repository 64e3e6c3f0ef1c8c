-- The endpoints below /_emulator/, by which tests look into the emulator and make it misbehave.
-- Never part of the emulated service.

local dkjson = require("dkjson")

local control = {}

control.PREFIX = "/_emulator/"

local OK = { ok = true }

local endpoints = {}

endpoints["GET health"] = function()
  return { ok = true, version = require("agentbay_emulator.cli").VERSION }
end

endpoints["GET requests"] = function(emulator, query)
  local list = emulator.journal:list(query.action)
  return { requests = setmetatable(list, { __jsontype = "array" }) }
end

endpoints["DELETE requests"] = function(emulator)
  emulator.journal:clear()
  return OK
end

endpoints["GET faults"] = function(emulator)
  return { faults = setmetatable(emulator.faults.rules, { __jsontype = "array" }) }
end

endpoints["POST faults"] = function(emulator, _, value)
  assert(type(value.action) == "string", "a fault names its action, or *")
  emulator.faults:add(value)
  return OK
end

endpoints["DELETE faults"] = function(emulator)
  emulator.faults:clear()
  return OK
end

endpoints["GET settings"] = function(emulator)
  return emulator.settings
end

endpoints["POST settings"] = function(emulator, _, value)
  emulator:set(value)
  return emulator.settings
end

endpoints["POST transfers"] = function(emulator, _, value)
  emulator.transfers:add_outcome(value)
  return OK
end

endpoints["POST tasks"] = function(emulator, _, value)
  local session = assert(emulator.sessions:get(value.session_id), "no such session")
  table.insert(session.tasks, value.task)
  return OK
end

endpoints["POST reset"] = function(emulator)
  emulator:reset()
  return OK
end

---@return integer status
---@return string body
function control.answer(emulator, method, path, query, body)
  local endpoint = endpoints[method .. " " .. path:sub(#control.PREFIX + 1)]
  if not endpoint then
    return 404, dkjson.encode({ error = "no such endpoint" })
  end
  local value = body ~= "" and dkjson.decode(body) or {}
  local ok, result = pcall(endpoint, emulator, query, value)
  if not ok then
    return 400, dkjson.encode({ error = tostring(result) })
  end
  return 200, dkjson.encode(result)
end

return control
