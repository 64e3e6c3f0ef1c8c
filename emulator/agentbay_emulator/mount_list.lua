-- PersistenceDataList: which contexts a request wants mounted, where and how.

local answers = require("agentbay_emulator.answers")
local json = require("agentbay_emulator.json_parameter")
local policies = require("agentbay_emulator.policy")

local mount_list = {}

local function invalid(message)
  return nil, answers.error(400, "InvalidParameter", message)
end

local function read_entry(emulator, entry)
  if
    type(entry) ~= "table"
    or type(entry.ContextId) ~= "string"
    or type(entry.Path) ~= "string"
  then
    return invalid("PersistenceDataList is not valid.")
  end
  local context = emulator.contexts:get(entry.ContextId)
  if not context then
    local message = "The context " .. entry.ContextId .. " is not found."
    return nil, answers.refusal("Context.NotFound", message)
  end
  local given = json.read(entry, "Policy")
  if not given then
    return invalid("A Policy is not a JSON object.")
  end
  local policy, problem = policies.read(given)
  if not policy then
    return invalid("A Policy is not valid: " .. problem)
  end
  return { context = context, path = entry.Path, policy = policy, policy_text = entry.Policy or "" }
end

---@param emulator table
---@param parameters table<string, string>
---@return table[]? mounts { context, path, policy, policy_text }
---@return agentbay_emulator.Answer? problem
function mount_list.read(emulator, parameters)
  local list = json.read(parameters, "PersistenceDataList")
  if not list then
    return invalid("PersistenceDataList is not valid.")
  end
  local mounts = {}
  for i, entry in ipairs(list) do
    local mount, problem = read_entry(emulator, entry)
    if not mount then
      return nil, problem
    end
    mounts[i] = mount
  end
  return mounts
end

return mount_list
