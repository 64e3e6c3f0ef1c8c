-- The actions on what is bound into a running session.

local answers = require("agentbay_emulator.answers")
local mount_list = require("agentbay_emulator.mount_list")

local bindings = {}

bindings.BindContexts = {
  required = { "SessionId", "PersistenceDataList" },
  session = true,
  handle = function(emulator, parameters, session)
    local mounts, problem = mount_list.read(emulator, parameters)
    if not mounts then
      return problem
    end
    local bound, why = emulator.sessions:bind(session, mounts, emulator.settings.bind_ms)
    if not bound then
      return answers.refusal(why[1], why[2])
    end
    return answers.success()
  end,
}

bindings.DescribeSessionContexts = {
  required = { "SessionId" },
  session = true,
  handle = function(emulator, _, session)
    local list = answers.list({})
    for i, binding in ipairs(emulator.sessions:visible_bindings(session)) do
      list[i] = {
        ContextId = binding.context.Id,
        ContextName = binding.context.Name,
        Path = binding.path,
        Policy = binding.policy_text,
        BindTime = binding.time,
      }
    end
    return answers.success(list)
  end,
}

return bindings
