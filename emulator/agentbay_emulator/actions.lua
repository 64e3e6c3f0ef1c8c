-- From a request to its action: who may ask, what must be given, which session is meant. A new
-- action is one entry in the file of its group.

local answers = require("agentbay_emulator.answers")

local actions = {}

---@class agentbay_emulator.Action
---@field required? string[] parameters that must be given
---@field session? boolean the session named by SessionId must exist, and is handed over
---@field handle fun(emulator: table, parameters: table<string, string>, session: table?, request: agentbay_emulator.Request): table

---@type table<string, agentbay_emulator.Action>
local declared = {}
for _, group in ipairs({ "bindings", "context_files", "contexts", "sessions", "transfers" }) do
  for name, action in pairs(require("agentbay_emulator.actions." .. group)) do
    declared[name] = action
  end
end

---Whether the key of the request is one that the emulator takes.
local function may_ask(emulator, parameters)
  local key = (parameters.Authorization or ""):match("^Bearer (.+)$")
  return key ~= nil and (emulator.api_key == nil or key == emulator.api_key)
end

---Empty parameters count as absent.
local function given(parameters)
  local values = {}
  for name, value in pairs(parameters) do
    if value ~= "" then
      values[name] = value
    end
  end
  return values
end

---@param emulator table
---@param request agentbay_emulator.Request
---@return agentbay_emulator.Answer
function actions.answer(emulator, request)
  local action = declared[request.action]
  if not action then
    local message = "Specified api is not found, please check your url and method."
    return answers.error(404, "InvalidAction.NotFound", message)
  end
  if not may_ask(emulator, request.parameters) then
    return answers.error(400, "NOT_LOGIN", "The API key is missing or not known.")
  end
  local parameters = given(request.parameters)
  for _, name in ipairs(action.required or {}) do
    if not parameters[name] then
      return answers.error(400, "MissingParameter", name .. " is mandatory for this action.")
    end
  end
  local session = action.session and emulator.sessions:get(parameters.SessionId)
  if action.session and not session then
    return answers.no_session()
  end
  return action.handle(emulator, parameters, session, request)
end

return actions
