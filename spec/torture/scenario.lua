-- What torture.c has fail at every place: a client's life from its making to its end, and what
-- must hold afterwards, when everything works again. The program calls the three functions.

local scenario = {}

local agentbay
local ca_file = os.getenv("TORTURE_CA_FILE")
-- By name over TLS, so that names are looked up, too.
local endpoint = ca_file and os.getenv("AGENTBAY_ENDPOINT"):gsub("127%.0%.0%.1", "torture.test")
  or nil

local client, session, manager
local deleting = false
-- Operations that were handed out, each must end; calls of on_complete, one each. All fields are
-- there from the start, so that noting them allocates nothing.
local made = { sync = false, task = false, cut = false }
local told = { sync = 0, cut = 0 }

local function new_client()
  return agentbay.new({ endpoint = endpoint, ca_file = ca_file, timeout_ms = 120000 })
end

local function succeeded(result)
  if not result.success then
    error(result.error_code, 0)
  end
  return result
end

local function started(name, start, self, options)
  options.on_complete = function()
    told[name] = told[name] + 1
  end
  made[name] = start(self, options)
  return made[name]
end

---Before anything fails, or what fails itself.
function scenario.load()
  agentbay = require("agentbay")
end

---What fails somewhere. Raises the code of the first failure that it sees.
function scenario.play()
  client = new_client()
  local context = succeeded(client.context:get({ name = "torture", create = true }))
  local place = { context_id = context.context_id, path = "/mnt/torture" }
  local created = client:create({ context_syncs = { place }, labels = { purpose = "torture" } })
  session = created.session
  succeeded(created)
  manager = session.context_manager
  succeeded(manager:info(place))

  local checks = 0
  local sync = started("sync", manager.sync_async, manager, {
    mode = "upload",
    retry_interval = 60,
    on_progress = function()
      checks = checks + 1
    end,
  })
  made.task = agentbay.spawn(function()
    succeeded(manager:info())
    succeeded(manager:sync({ mode = "download", retry_interval = 80 }))
    agentbay.sleep(50)
    return "done"
  end)
  succeeded(sync:wait())
  assert(checks > 0, "the sync was not polled")
  assert(made.task:wait() == "done", "the task did not end")

  local cut = started("cut", manager.sync_async, manager, { retry_interval = 60 })
  agentbay.step(100)
  cut:cancel()
  if cut:result().error_code ~= "Client.Cancelled" then
    error(cut:result().error_code, 0)
  end
  agentbay.run()
  deleting = true
  succeeded(session:delete())
  client:close()
  client = nil
end

local function check_ends()
  for name, operation in pairs(made) do
    if operation then
      assert(operation:done(), "never ended: " .. name)
      assert(not told[name] or told[name] == 1, "on_complete was not called once: " .. name)
    end
  end
end

---What must hold once everything works again. Raises what does not.
---@param home string id of a session that is there
---@return string[] late errors that had not been raised yet
function scenario.recover(home)
  agentbay = require("agentbay")
  local late = {}
  repeat
    local ok, message = pcall(agentbay.run)
    late[#late + 1] = not ok and tostring(message) or nil
  until ok
  check_ends()
  if client and session then -- the old client is as good as before
    local info = session.context_manager:info()
    local gone = deleting and info.error_code == "InvalidMcpSession.NotFound"
    assert(info.success or gone, info.error_message)
    session:delete_async({ wait = false })
  end
  local another = new_client()
  local got = another:get(home)
  assert(got.success, got.error_message)
  local info = got.session.context_manager:info()
  assert(info.success, info.error_message)
  agentbay.run()
  if client then
    client:close()
  end
  another:close()
  agentbay.run()
  return late
end

---A session for `recover`.
---@return string session_id
function scenario.make_home()
  local created = new_client():create()
  assert(created.success, created.error_message)
  return created.session.session_id
end

return scenario
