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

---@param mounts table[] { context, path, policy }
---@return table? session
---@return string? problem
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
  for i, mount in ipairs(mounts) do
    local folder, problem = Files.inside(session.folder, mount.path)
    if not folder then
      return nil, problem
    end
    local upload, delete = mount.policy.uploadPolicy or {}, mount.policy.deletePolicy or {}
    session.bindings[i] = {
      context = mount.context,
      path = mount.path,
      folder = folder,
      stored = self.contexts:files_of(mount.context),
      auto_upload = upload.autoUpload ~= false,
      sync_local_file = delete.syncLocalFile ~= false,
      auto_download = (mount.policy.downloadPolicy or {}).autoDownload ~= false,
    }
  end
  assert(self.files:make_folder(session.folder))
  self.by_id[session.id] = session
  self.order[#self.order + 1] = session
  for _, binding in ipairs(session.bindings) do
    assert(self.files:make_folder(binding.folder))
    self.contexts:touch(binding.context)
    if binding.auto_download then
      self.transfers:accept(session, binding, "download")
    end
  end
  return session
end

---@return table? session nil once it is gone
function SessionStore:get(id)
  return self.by_id[id]
end

local function same_path(one, other)
  return one:gsub("(.)/+$", "%1") == other:gsub("(.)/+$", "%1")
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
    if binding.auto_upload then
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
