-- Contexts to mount, as create and bind take them and as the service wants them.

local json_text = require("agentbay.json_text")
local policies = require("agentbay.policy")
local rules = require("agentbay.rules")
local table_rules = require("agentbay.table_rules")

local mount = {}

---@class agentbay.Mount
---@field context_id string
---@field path string where it is mounted in the session
---@field policy? agentbay.Policy how it is transferred; the service's defaults where left out

---The rule for one.
---@param more? table<string, agentbay.Rule> further members
---@return agentbay.Rule
function mount.argument(more)
  local members = {
    context_id = rules.text({ required = true }),
    path = rules.text({ required = true }),
    policy = policies.argument,
  }
  for name, rule in pairs(more or {}) do
    members[name] = rule
  end
  return table_rules.record(members)
end

---A JSON text in which each policy is a JSON text again.
---@param mounts agentbay.Mount[]
---@param style "create"|"bind" which request it is for
---@return string? text nil for none
function mount.encode(mounts, style)
  if #mounts == 0 then
    return nil
  end
  local entries = {}
  for i, each in ipairs(mounts) do
    entries[i] = json_text.object({
      { "ContextId", each.context_id },
      { "Path", each.path },
      { "Policy", each.policy and policies.encode(each.policy, style) },
    })
  end
  return json_text.encode(json_text.array(entries))
end

return mount
