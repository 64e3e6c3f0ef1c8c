-- The actions on sessions.

local dkjson = require("dkjson")

local answers = require("agentbay_emulator.answers")
local json = require("agentbay_emulator.json_parameter")
local mount_list = require("agentbay_emulator.mount_list")

local sessions = {}

local function resource_url(session)
  return "https://session.agentbay.invalid/" .. session.id
end

sessions.CreateMcpSession = {
  handle = function(emulator, parameters)
    local mounts, problem = mount_list.read(emulator, parameters)
    if not mounts then
      return problem
    end
    local labels = json.read(parameters, "Labels")
    if not labels then
      return answers.error(400, "InvalidParameter", "Labels is not a JSON object.")
    end
    local session, why = emulator.sessions:create(labels, parameters.ImageId, mounts)
    if not session then
      return answers.refusal(why[1], why[2])
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
    local labels = json.read(parameters, "Labels")
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

sessions.ReleaseMcpSession = sessions.DeleteSessionAsync

sessions.RefreshSessionIdleTime = {
  required = { "SessionId" },
  session = true,
  handle = function(_, _, session)
    session.refreshed_at = os.time()
    return answers.success()
  end,
}

sessions.SetLabel = {
  required = { "SessionId", "Labels" },
  session = true,
  handle = function(_, parameters, session)
    local labels = json.read(parameters, "Labels")
    if not labels then
      return answers.error(400, "InvalidParameter", "Labels is not a JSON object.")
    end
    session.labels = labels
    return answers.success()
  end,
}

sessions.GetLabel = {
  required = { "SessionId" },
  session = true,
  handle = function(_, _, session)
    local labels = setmetatable(session.labels, { __jsontype = "object" })
    local more = { MaxResults = 10, NextToken = "", TotalCount = 1 }
    return answers.success({ Labels = dkjson.encode(labels) }, more)
  end,
}

return sessions
