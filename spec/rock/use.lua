-- What someone does who has installed the rock: requires the module and brings a context to a
-- session. Run by scripts/rock-check from an empty folder; its argument is the tree of the rock.

local tree = arg[1]

-- Nothing of ours may come from anywhere else.
for _, module in ipairs({ "agentbay", "agentbay.core" }) do
  local path = module == "agentbay" and package.path or package.cpath
  local file = assert(package.searchpath(module, path))
  assert(file:sub(1, #tree) == tree, module .. " is " .. file)
end

local agentbay = require("agentbay")

local function need(what, result)
  assert(result.success, what .. ": " .. result.error_message)
  return result
end

local client = agentbay.new()
local context = need("context", client.context:get({ name = "rock", create = true }))
local created = need(
  "create",
  client:create({ context_syncs = { { context_id = context.context_id, path = "/mnt/rock" } } })
)
local session = created.session

local info = need("info", session.context_manager:info())
assert(info.context_status_data[1].context_id == context.context_id)
need("sync", session.context_manager:sync({ retry_interval = 50 }))
need("delete", session:delete())
client:close()
