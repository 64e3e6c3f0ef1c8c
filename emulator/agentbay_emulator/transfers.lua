-- Transfers between contexts and sessions, as tasks in time: accepted, visible, Running, ended.
-- Copies real files. Knows no request and no JSON.

local cqueues = require("cqueues")

local mounts = require("agentbay_emulator.mounts")

local Transfers = {}
Transfers.__index = Transfers

---@param settings table transfer_ms, visible_after_ms
function Transfers.new(settings, files, queue)
  return setmetatable(
    { settings = settings, files = files, queue = queue, outcomes = {} },
    Transfers
  )
end

---What the next transfers come to instead of what would really happen.
function Transfers:add_outcome(outcome)
  outcome.left = outcome.times or 1
  self.outcomes[#self.outcomes + 1] = outcome
end

function Transfers:take_outcome(binding, task_type)
  for i, outcome in ipairs(self.outcomes) do
    if
      (not outcome.context_id or outcome.context_id == binding.context.Id)
      and (not outcome.task_type or outcome.task_type == task_type)
    then
      outcome.left = outcome.left - 1
      if outcome.left == 0 then
        table.remove(self.outcomes, i)
      end
      return outcome
    end
  end
  return {}
end

local function milliseconds(outcome, settings, name)
  return (outcome[name] or settings[name]) / 1000
end

---Copies what the task is for.
---@return boolean? done
---@return string? problem
function Transfers:copy(session, binding, task_type)
  if session.gone or binding.context.gone then
    return nil, session.gone and "the session is gone" or "the context is gone"
  end
  local move = task_type == "upload" and mounts.upload or mounts.download
  return move(self.files, binding)
end

function Transfers:carry_out(session, binding, task, outcome)
  local duration = milliseconds(outcome, self.settings, "transfer_ms")
  local started = cqueues.monotime()
  task.startTime = os.time()
  if outcome.status and outcome.status ~= "Failed" and outcome.status ~= "Success" then
    task.status = outcome.status
    return
  end
  local ok, problem
  if outcome.status == "Failed" then
    ok, problem = false, outcome.error_message or "failed as told to"
  else
    ok, problem = self:copy(session, binding, task.taskType)
  end
  local left = duration - (cqueues.monotime() - started)
  if left > 0 then
    cqueues.sleep(left)
  end
  task.finishTime = os.time()
  task.errorMessage = ok and "" or problem
  task.status = ok and "Success" or "Failed"
end

---Accepts a transfer; it runs by itself. Those of one binding run one after the other.
---@return table task
function Transfers:accept(session, binding, task_type)
  local outcome = self:take_outcome(binding, task_type)
  local task = {
    contextId = binding.context.Id,
    path = binding.path,
    taskType = task_type,
    status = "Running",
    errorMessage = "",
    startTime = os.time(),
    finishTime = 0,
    visible_at = cqueues.monotime() + milliseconds(outcome, self.settings, "visible_after_ms"),
  }
  session.tasks[#session.tasks + 1] = task
  local before = binding.last_task
  binding.last_task = task
  self.queue:wrap(function()
    while before and before.status == "Running" do
      cqueues.sleep(0.005)
    end
    self:carry_out(session, binding, task, outcome)
  end)
  return task
end

---The session's tasks that can be seen by now, the oldest first.
function Transfers:visible(session)
  local now, seen = cqueues.monotime(), {}
  for _, task in ipairs(session.tasks) do
    if now >= (task.visible_at or 0) then
      seen[#seen + 1] = task
    end
  end
  return seen
end

return Transfers
