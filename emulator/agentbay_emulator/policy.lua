-- A binding's policy, as the service's JSON has it: what it makes of a transfer. Pure.

local policy = {}

---@class agentbay_emulator.Policy
---@field auto_upload boolean
---@field auto_download boolean
---@field sync_local_file boolean an upload deletes what was deleted in the session
---@field archive boolean an upload packs the files into one archive
---@field archive_exclude_paths string[] kept out of the archive
---@field extract boolean a download unpacks archives
---@field delete_archive boolean ... and leaves them out of the session
---@field extract_in_place boolean ... into the folder they are in, not one of their name
---@field white_lists {path: string, exclude_paths: string[]}[] empty: everything

---A path of a policy as files are named inside a context: no slash at either end.
local function relative(path)
  return (path:gsub("^[/.]+", ""):gsub("/+$", ""))
end

local function relative_list(paths)
  local list = {}
  for i, path in ipairs(paths or {}) do
    list[i] = relative(path)
  end
  return list
end

local function white_lists_of(given)
  local lists = {}
  for i, list in ipairs((given.bwList or {}).whiteLists or {}) do
    if list.isPathRegex or list.isExcludeRegex then
      return nil, "regular expressions in white lists are not emulated"
    end
    lists[i] = {
      path = relative(list.path or ""),
      exclude_paths = relative_list(list.excludePaths),
    }
  end
  return lists
end

---@param given table the service's members
---@return agentbay_emulator.Policy?
---@return string? problem
function policy.read(given)
  local upload, extract = given.uploadPolicy or {}, given.extractPolicy or {}
  local white_lists, problem = white_lists_of(given)
  if not white_lists then
    return nil, problem
  end
  return {
    auto_upload = upload.autoUpload ~= false,
    auto_download = (given.downloadPolicy or {}).autoDownload ~= false,
    sync_local_file = (given.deletePolicy or {}).syncLocalFile ~= false,
    archive = upload.uploadMode == "Archive",
    archive_exclude_paths = relative_list(upload.archiveExcludePaths),
    extract = extract.extract ~= false,
    delete_archive = extract.deleteSrcFile ~= false,
    extract_in_place = extract.extractToCurrentFolder == true,
    white_lists = white_lists,
  }
end

---Whether a file is a folder's or the named file itself.
local function is_below(file, path)
  return path == "" or file == path or file:sub(1, #path + 1) == path .. "/"
end

local function below_any(file, paths)
  for _, path in ipairs(paths) do
    if path ~= "" and is_below(file, path) then
      return true
    end
  end
  return false
end

---Whether the white lists let a file through.
---@param read agentbay_emulator.Policy
---@param file string relative to the mount
---@return boolean
function policy.selects(read, file)
  for _, list in ipairs(read.white_lists) do
    if is_below(file, list.path) and not below_any(file, list.exclude_paths) then
      return true
    end
  end
  return #read.white_lists == 0
end

---Whether a file belongs into the archive that an upload makes.
---@param read agentbay_emulator.Policy
---@param file string relative to the mount
---@return boolean
function policy.archives(read, file)
  return policy.selects(read, file) and not below_any(file, read.archive_exclude_paths)
end

return policy
