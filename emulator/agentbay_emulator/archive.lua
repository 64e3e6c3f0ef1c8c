-- Archives of files, by the system's tar. Knows no policy.

local archive = {}

local EXTENSION = "%.tar%.gz$"

---@param file string
---@return boolean
function archive.is_one(file)
  return file:find(EXTENSION) ~= nil
end

---A file's name without what makes it an archive.
---@param file string
---@return string
function archive.stem(file)
  return (file:gsub(EXTENSION, ""))
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function run(command)
  local process = io.popen(command .. " 2>&1")
  local output = process:read("a")
  if process:close() then
    return true
  end
  return nil, "tar: " .. (output:match("[^\n]+") or "failed")
end

---Packs files of a folder.
---@param files table<string, true> by their paths relative to the folder
---@param folder string
---@param target string
---@return boolean? done
---@return string? problem
function archive.pack(files, folder, target)
  local names = {}
  for name in pairs(files) do
    names[#names + 1] = name .. "\0"
  end
  table.sort(names)
  local list = assert(io.open(target .. ".list", "wb"))
  assert(list:write(table.concat(names)))
  assert(list:close())
  local command = "tar -czf %s --null --verbatim-files-from -C %s -T %s"
  local done, problem =
    run(command:format(quoted(target), quoted(folder), quoted(target .. ".list")))
  os.remove(target .. ".list")
  return done, problem
end

---Unpacks into a folder that is there; owners and absolute paths are not taken over.
---@param file string
---@param folder string
---@return boolean? done
---@return string? problem
function archive.unpack(file, folder)
  local command = "tar -xzf %s --no-same-owner --no-same-permissions -C %s"
  return run(command:format(quoted(file), quoted(folder)))
end

return archive
