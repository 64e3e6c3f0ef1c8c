-- Sessions: in memory, with a file tree each in sessions/<id>/files/<path in the session>. What
-- an earlier emulator left there is removed.

local cqueues = require("cqueues")

local Files = require("agentbay_emulator.files")
local ids = require("agentbay_emulator.ids")

local SessionStore = {}
SessionStore.__index = SessionStore

function SessionStore.new(settings, files, contexts, transfers, queue)
  local self = setmetatable({
    settings = settings,
    files = files,
    contexts = contexts,
    transfers = transfers,
    queue = queue,
    folder = files.root .. "/sessions",
  }, SessionStore)
  self:remove_all()
  return self
end

function SessionStore:remove_all()
  for _, session in pairs(self.by_id or {}) do
    session.gone = true
  end
  self.files:remove(self.folder)
  assert(self.files:make_folder(self.folder))
  self.by_id, self.order = {}, {}
end

---@param mounts table[] as for bind
---@return table? session
---@return string[]? problem code and message
function SessionStore:create(labels, image_id, mounts)
  local session = {
    id = ids.session(),
    number = #self.order + 1,
    labels = labels,
    image_id = image_id,
    status = "RUNNING",
    bindings = {},
    tasks = {},
  }
  session.folder = self.folder .. "/" .. session.id .. "/files"
  assert(self.files:make_folder(session.folder))
  local bound, problem = self:bind(session, mounts, 0)
  if not bound then
    return nil, problem
  end
  self.by_id[session.id] = session
  self.order[#self.order + 1] = session
  return session
end

local function same_path(one, other)
  return one:gsub("(.)/+$", "%1") == other:gsub("(.)/+$", "%1")
end

local function is_bound(session, path)
  for _, binding in ipairs(session.bindings) do
    if same_path(binding.path, path) then
      return true
    end
  end
  return false
end

---The folder of each mount, or what is wrong with one of them.
local function folders_of(session, mounts)
  local folders = {}
  for i, mount in ipairs(mounts) do
    local folder, problem = Files.inside(session.folder, mount.path)
    if not folder then
      return nil, { "InvalidPath", problem }
    elseif is_bound(session, mount.path) then
      return nil, { "PathAlreadyBound", mount.path .. " is bound already." }
    end
    for other = 1, i - 1 do
      if folders[other] == folder then
        return nil, { "PathAlreadyBound", mount.path .. " is asked for twice." }
      end
    end
    folders[i] = folder
  end
  return folders
end

---Mounts contexts: all of them or none.
---@param mounts table[] { context, path, policy, policy_text }
---@param visible_after_ms integer when the bindings are listed
---@return boolean? bound
---@return string[]? problem code and message
function SessionStore:bind(session, mounts, visible_after_ms)
  local folders, problem = folders_of(session, mounts)
  if not folders then
    return nil, problem
  end
  for i, mount in ipairs(mounts) do
    local binding = {
      context = mount.context,
      path = mount.path,
      folder = folders[i],
      stored = self.contexts:files_of(mount.context),
      policy = mount.policy,
      policy_text = mount.policy_text,
      time = os.date("!%Y-%m-%dT%H:%M:%SZ"),
      visible_at = cqueues.monotime() + visible_after_ms / 1000,
    }
    session.bindings[#session.bindings + 1] = binding
    assert(self.files:make_folder(binding.folder))
    self.contexts:touch(binding.context)
    if binding.policy.auto_download then
      self.transfers:accept(session, binding, "download")
    end
  end
  return true
end

---The bindings that are listed by now.
function SessionStore:visible_bindings(session)
  local now, seen = cqueues.monotime(), {}
  for _, binding in ipairs(session.bindings) do
    if now >= binding.visible_at then
      seen[#seen + 1] = binding
    end
  end
  return seen
end

---@return table? session nil once it is gone
function SessionStore:get(id)
  return self.by_id[id]
end

---The bindings of a context, at a path, or all.
function SessionStore:bindings(session, context_id, path)
  local found = {}
  for _, binding in ipairs(session.bindings) do
    if
      (not context_id or binding.context.Id == context_id)
      and (not path or same_path(binding.path, path))
    then
      found[#found + 1] = binding
    end
  end
  return found
end

function SessionStore:forget(session)
  session.gone = true
  session.status = "DELETED"
  self.by_id[session.id] = nil
  for i, other in ipairs(self.order) do
    if other == session then
      table.remove(self.order, i)
      break
    end
  end
  self.files:remove(self.folder .. "/" .. session.id)
end

---Starts the end of a session: what its policies want uploaded, then it is gone.
function SessionStore:delete(session)
  if session.status == "DELETING" then
    return
  end
  session.status = "DELETING"
  local uploads = {}
  for _, binding in ipairs(session.bindings) do
    if binding.policy.auto_upload then
      uploads[#uploads + 1] = self.transfers:accept(session, binding, "upload")
    end
  end
  local until_time = cqueues.monotime() + self.settings.delete_ms / 1000
  self.queue:wrap(function()
    for _, upload in ipairs(uploads) do
      while upload.status == "Running" and not session.gone do
        cqueues.sleep(0.005)
      end
    end
    cqueues.sleep(math.max(0, until_time - cqueues.monotime()))
    if not session.gone then
      self:forget(session)
    end
  end)
end

return SessionStore
