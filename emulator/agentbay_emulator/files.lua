-- Folders and files below one root. Every path that comes from a request goes through `inside`,
-- which keeps it there; symbolic links are never followed, neither when reading nor when copying.

local cqueues = require("cqueues")
local lfs = require("lfs")

local Files = {}
Files.__index = Files

local CHUNK = 256 * 1024

---@param root string is made if it isn't there
function Files.new(root)
  local self = setmetatable({ root = root }, Files)
  self:remove(root .. "/tmp")
  assert(self:make_folder(root .. "/tmp"))
  self.copies = 0
  return self
end

---A path inside a folder of ours, as the requester wrote it: absolute or not, with any dots.
---@param folder string
---@param path string
---@return string? real nil where the path is none: NUL, or above the folder
---@return string? problem
function Files.inside(folder, path)
  if path:find("\0", 1, true) then
    return nil, "a path must not contain NUL"
  end
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      if #parts == 0 then
        return nil, "a path must not lead out of its tree"
      end
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return #parts == 0 and folder or folder .. "/" .. table.concat(parts, "/")
end

---"file", "directory", "link", ... or nil.
local function kind_of(path)
  return lfs.symlinkattributes(path, "mode")
end

---Whether no part of `path` below the root is a symbolic link.
function Files:is_plain(path)
  local seen = self.root
  for part in path:sub(#self.root + 1):gmatch("[^/]+") do
    seen = seen .. "/" .. part
    if kind_of(seen) == "link" then
      return false
    end
  end
  return true
end

---Makes a folder and those above it.
---@return boolean? made
---@return string? problem
function Files:make_folder(path)
  if kind_of(path) == "directory" then
    return true
  end
  local above = path:match("^(.+)/[^/]+$")
  if above and not kind_of(above) then
    local ok, problem = self:make_folder(above)
    if not ok then
      return nil, problem
    end
  end
  local ok, problem = lfs.mkdir(path)
  if not ok and kind_of(path) ~= "directory" then
    return nil, path .. ": " .. problem
  end
  return true
end

---Removes a file or a folder with all in it; what a link points to stays.
function Files:remove(path)
  if kind_of(path) == "directory" then
    local names = {} -- first, because a folder that changes meanwhile may hide some
    for name in lfs.dir(path) do
      names[#names + 1] = name
    end
    for _, name in ipairs(names) do
      if name ~= "." and name ~= ".." then
        self:remove(path .. "/" .. name)
      end
    end
    return lfs.rmdir(path)
  end
  return os.remove(path)
end

function Files:remove_all()
  self:remove(self.root)
end

---All plain files below a folder, by their paths relative to it; links are left out.
---@return table<string, true> paths
function Files:list(folder, prefix, into)
  into, prefix = into or {}, prefix or ""
  if kind_of(folder) ~= "directory" then
    return into
  end
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name ~= "." and name ~= ".." then
      local kind = kind_of(path)
      if kind == "directory" then
        self:list(path, prefix .. name .. "/", into)
      elseif kind == "file" then
        into[prefix .. name] = true
      end
    end
  end
  return into
end

function Files:read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text
end

---Writes a file whole or not at all.
function Files:write(path, text)
  local file = assert(io.open(path .. ".new", "wb"))
  assert(file:write(text))
  assert(file:close())
  assert(os.rename(path .. ".new", path))
end

local function copy_chunks(from, to)
  while true do
    local chunk = from:read(CHUNK)
    if not chunk then
      return true
    end
    local ok, problem = to:write(chunk)
    if not ok then
      return nil, problem
    end
    cqueues.sleep(0) -- others' turn: a file may be large
  end
end

---A path below the root that nobody else uses.
---@return string
function Files:temporary_path()
  self.copies = self.copies + 1
  return self.root .. "/tmp/" .. self.copies
end

---Puts a file that is complete where it belongs.
---@param from string a temporary path
---@param to string
---@return boolean? moved
---@return string? problem
function Files:move(from, to)
  local ok, problem = self:make_folder(to:match("^(.*)/[^/]+$"))
  if not ok then
    return nil, problem
  end
  if not self:is_plain(to) then
    return nil, "a symbolic link is in the way"
  end
  return os.rename(from, to)
end

---Copies one file; a half copied one never stands under its name.
---@return boolean? copied
---@return string? problem
function Files:copy(from, to)
  local source, no_source = io.open(from, "rb")
  if not source then
    return nil, no_source
  end
  local part = self:temporary_path()
  local target, no_target = io.open(part, "wb")
  if not target then
    source:close()
    return nil, no_target
  end
  local ok, problem = copy_chunks(source, target)
  source:close()
  local closed, not_closed = target:close()
  if ok and closed then
    ok, problem = self:move(part, to)
  end
  if not ok or not closed then
    os.remove(part)
    return nil, problem or not_closed
  end
  return true
end

---Copies the files of a folder into another one.
---@param choice? {select?: fun(file: string): boolean, delete?: fun(file: string): boolean} which
---  files are copied, and which of the other folder's go that this one doesn't have
---@return boolean? done
---@return string? problem
function Files:mirror(from, to, choice)
  if not (self:is_plain(from) and self:is_plain(to)) then
    return nil, "a symbolic link is in the way"
  end
  choice = choice or {}
  local wanted = self:list(from)
  for path in pairs(wanted) do
    if not choice.select or choice.select(path) then
      local ok, problem = self:copy(from .. "/" .. path, to .. "/" .. path)
      if not ok then
        return nil, path .. ": " .. tostring(problem)
      end
    end
  end
  for path in pairs(choice.delete and self:list(to) or {}) do
    if not wanted[path] and choice.delete(path) then
      os.remove(to .. "/" .. path)
    end
  end
  return true
end

return Files
