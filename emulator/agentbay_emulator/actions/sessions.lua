-- The actions on sessions.

local dkjson = require("dkjson")

local answers = require("agentbay_emulator.answers")

local sessions = {}

---A parameter that is a JSON text.
local function json(parameters, name)
  local text = parameters[name]
  if not text or text == "" then
    return {}
  end
  local value = dkjson.decode(text)
  return type(value) == "table" and value or nil
end

---The contexts to mount, as the store wants them.
---@return table[]? mounts
---@return agentbay_emulator.Answer? problem
local function mounts_of(emulator, parameters)
  local list = json(parameters, "PersistenceDataList")
  local mounts = {}
  for i, entry in ipairs(list or {}) do
    if type(entry.ContextId) ~= "string" or type(entry.Path) ~= "string" then
      list = nil
      break
    end
    local context = emulator.contexts:get(entry.ContextId)
    if not context then
      local message = "The context " .. entry.ContextId .. " is not found."
      return nil, answers.refusal("Context.NotFound", message)
    end
    local policy = json(entry, "Policy")
    if not policy then
      return nil, answers.error(400, "InvalidParameter", "A Policy is not a JSON object.")
    end
    mounts[i] = { context = context, path = entry.Path, policy = policy }
  end
  if not list then
    return nil, answers.error(400, "InvalidParameter", "PersistenceDataList is not valid.")
  end
  return mounts
end

local function resource_url(session)
  return "https://session.agentbay.invalid/" .. session.id
end

sessions.CreateMcpSession = {
  handle = function(emulator, parameters)
    local mounts, problem = mounts_of(emulator, parameters)
    if not mounts then
      return problem
    end
    local labels = json(parameters, "Labels")
    if not labels then
      return answers.error(400, "InvalidParameter", "Labels is not a JSON object.")
    end
    local session, why = emulator.sessions:create(labels, parameters.ImageId, mounts)
    if not session then
      return answers.refusal("InvalidPath", why)
    end
    return answers.success({
      SessionId = session.id,
      AppInstanceId = "ai-" .. session.id:sub(-12),
      ResourceId = "p-" .. session.id:sub(-12),
      ResourceUrl = resource_url(session),
      Success = true,
      ErrMsg = "",
      HttpPort = "",
      NetworkInterfaceIp = "",
      Token = "",
      LinkUrl = "",
      WsUrl = "",
      VpcResource = false,
      ToolList = "[]",
    })
  end,
}

sessions.GetSession = {
  required = { "SessionId" },
  session = true,
  handle = function(_, _, session)
    local bound = answers.list({})
    for i, binding in ipairs(session.bindings) do
      bound[i] = { id = binding.context.Id, name = binding.context.Name }
    end
    return answers.success({
      SessionId = session.id,
      AppInstanceId = "ai-" .. session.id:sub(-12),
      ResourceId = "p-" .. session.id:sub(-12),
      ResourceUrl = resource_url(session),
      Status = session.status,
      Success = true,
      HttpPort = "",
      NetworkInterfaceIp = "",
      Token = "",
      LinkUrl = "",
      WsUrl = "",
      VpcResource = false,
      ToolList = "[]",
      contexts = bound,
    })
  end,
}

sessions.GetSessionDetail = {
  required = { "SessionId" },
  session = true,
  handle = function(_, _, session)
    return answers.success({
      Id = session.number,
      Status = session.status,
      ImageId = session.image_id or "linux_latest",
      RegionId = "cn-hangzhou",
      AppInstanceId = "ai-" .. session.id:sub(-12),
      IsDeleted = 0,
    })
  end,
}

sessions.ListSession = {
  handle = function(emulator, parameters)
    local labels = json(parameters, "Labels")
    if not labels then
      return answers.error(400, "InvalidParameter", "Labels is not a JSON object.")
    end
    local found = {}
    for _, session in ipairs(emulator.sessions.order) do
      local matches = not parameters.Status or session.status == parameters.Status
      for name, value in pairs(labels) do
        matches = matches and session.labels[name] == value
      end
      if matches then
        found[#found + 1] = session
      end
    end
    return answers.page(found, parameters, function(session)
      return { SessionId = session.id, SessionStatus = session.status }
    end)
  end,
}

sessions.DeleteSessionAsync = {
  required = { "SessionId" },
  session = true,
  handle = function(emulator, _, session)
    emulator.sessions:delete(session)
    return answers.success()
  end,
}

return sessions
