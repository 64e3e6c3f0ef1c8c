-- The actions on transfers between contexts and sessions.

local dkjson = require("dkjson")

local answers = require("agentbay_emulator.answers")

local transfers = {}

local ORDER = {
  "contextId",
  "path",
  "taskType",
  "status",
  "startTime",
  "finishTime",
  "errorMessage",
  "type",
  "data",
}

local function without_end_slash(path)
  return (path:gsub("(.)/+$", "%1"))
end

local function matches(task, parameters)
  return (not parameters.ContextId or task.contextId == parameters.ContextId)
    and (not parameters.Path or without_end_slash(task.path) == without_end_slash(parameters.Path))
    and (not parameters.TaskType or task.taskType == parameters.TaskType)
end

---The list as the service nests it: a JSON text of items whose data is a JSON text again.
local function context_status(tasks)
  local data = dkjson.encode(answers.list(tasks), { keyorder = ORDER })
  local items = answers.list({ { type = "data", data = data } })
  return dkjson.encode(items, { keyorder = ORDER })
end

transfers.GetContextInfo = {
  required = { "SessionId" },
  session = true,
  handle = function(emulator, parameters, session)
    local tasks = {}
    for _, task in ipairs(emulator.transfers:visible(session)) do
      if matches(task, parameters) then
        tasks[#tasks + 1] = {
          contextId = task.contextId,
          path = task.path,
          taskType = task.taskType,
          status = task.status,
          startTime = task.startTime,
          finishTime = task.finishTime,
          errorMessage = task.errorMessage,
        }
      end
    end
    return answers.success({ ContextStatus = context_status(tasks) })
  end,
}

transfers.SyncContext = {
  required = { "SessionId" },
  session = true,
  handle = function(emulator, parameters, session)
    local mode = parameters.Mode or "upload"
    if mode ~= "upload" and mode ~= "download" then
      return answers.error(400, "InvalidParameter", "Mode is neither upload nor download.")
    end
    local context_id, path = parameters.ContextId, parameters.Path
    local bindings = emulator.sessions:bindings(session, context_id, path)
    if #bindings == 0 and (context_id or path) then
      return answers.refusal("Context.NotFound", "The context is not mounted there.")
    end
    for _, binding in ipairs(bindings) do
      emulator.transfers:accept(session, binding, mode)
    end
    return answers.success()
  end,
}

return transfers
