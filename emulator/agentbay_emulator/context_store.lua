-- Contexts: folders that survive a restart. contexts/<id>/context.json says what it is,
-- contexts/<id>/files/ is what it holds.

local cqueues = require("cqueues")
local dkjson = require("dkjson")
local lfs = require("lfs")

local ids = require("agentbay_emulator.ids")

local ContextStore = {}
ContextStore.__index = ContextStore

function ContextStore.temporary_folder()
  local name = os.tmpname()
  os.remove(name)
  return name
end

local function now()
  return os.date("!%Y-%m-%dT%H:%M:%SZ")
end

---@param files table
function ContextStore.new(files)
  local self = setmetatable({ files = files, folder = files.root .. "/contexts" }, ContextStore)
  assert(files:make_folder(self.folder))
  self:load()
  return self
end

function ContextStore:load()
  self.by_id, self.order = {}, {}
  for name in lfs.dir(self.folder) do
    local text = name:match("^SdkCtx%-%x+$")
      and self.files:read(self.folder .. "/" .. name .. "/context.json")
    local context = text and dkjson.decode(text)
    if context then
      context.State = "available"
      self.by_id[context.Id] = context
      self.order[#self.order + 1] = context
    end
  end
  table.sort(self.order, function(one, other)
    if one.CreateTime ~= other.CreateTime then
      return one.CreateTime < other.CreateTime
    end
    return one.Id < other.Id
  end)
end

function ContextStore:save(context)
  local folder = self.folder .. "/" .. context.Id
  assert(self.files:make_folder(folder .. "/files"))
  self.files:write(folder .. "/context.json", dkjson.encode(context))
end

function ContextStore:create(name)
  local time = now()
  local context = {
    Id = ids.context(),
    Name = name,
    State = "available",
    OsType = "",
    CreateTime = time,
    LastUsedTime = time,
  }
  self.by_id[context.Id] = context
  self.order[#self.order + 1] = context
  self:save(context)
  return context
end

function ContextStore:get(id)
  return self.by_id[id]
end

function ContextStore:find(name)
  for _, context in ipairs(self.order) do
    if context.Name == name then
      return context
    end
  end
  return nil
end

function ContextStore:touch(context)
  context.LastUsedTime = now()
  self:save(context)
end

function ContextStore:rename(context, name)
  context.Name = name
  self:save(context)
end

---Removes what it holds; it is "clearing" until then.
function ContextStore:clear(context, queue, delay_ms)
  context.State = "clearing"
  queue:wrap(function()
    cqueues.sleep(delay_ms / 1000)
    if not context.gone then
      self.files:remove(self:files_of(context))
      context.State = "available"
      self:save(context)
    end
  end)
end

function ContextStore:delete(context)
  context.gone = true
  self.by_id[context.Id] = nil
  for i, other in ipairs(self.order) do
    if other == context then
      table.remove(self.order, i)
      break
    end
  end
  self.files:remove(self.folder .. "/" .. context.Id)
end

function ContextStore:files_of(context)
  return self.folder .. "/" .. context.Id .. "/files"
end

function ContextStore:remove_all()
  while self.order[1] do
    self:delete(self.order[#self.order])
  end
end

return ContextStore
