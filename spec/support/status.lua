-- Bodies of GetContextInfo as the service nests them: three levels of JSON.

local dkjson = require("dkjson")

local status = {}

---@param data_text string the text of one item of type data
function status.level3(data_text)
  return status.level2(dkjson.encode({ { type = "data", data = data_text } }))
end

---@param text string Data.ContextStatus
function status.level2(text)
  return dkjson.encode({
    RequestId = "req-status",
    HttpStatusCode = 200,
    Code = "ok",
    Success = true,
    Data = { ContextStatus = text },
  })
end

---@param tasks table[] with the service's member names
function status.body(tasks)
  return status.level3(dkjson.encode(setmetatable(tasks, { __jsontype = "array" })))
end

---A task that has the members every test would repeat.
function status.task(members)
  local task = {
    contextId = "SdkCtx-1",
    path = "/mnt/shared",
    taskType = "upload",
    status = "Success",
    errorMessage = "",
    startTime = os.time(),
    finishTime = os.time() + 5,
  }
  for name, value in pairs(members or {}) do
    task[name] = value
  end
  return task
end

return status
