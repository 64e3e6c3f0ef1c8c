-- The actions on the files of a context.

local lfs = require("lfs")

local answers = require("agentbay_emulator.answers")
local Files = require("agentbay_emulator.files")

local context_files = {}

local function time_text(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

---One entry of a folder, as the service describes it; nil for what is neither file nor folder.
local function described(folder, parent, name)
  local attributes = lfs.symlinkattributes(folder .. "/" .. name)
  local mode = attributes and attributes.mode
  if mode ~= "file" and mode ~= "directory" then
    return nil
  end
  return {
    FileId = ("file-%x-%x"):format(attributes.dev, attributes.ino),
    FileName = name,
    FilePath = (parent == "/" and "" or parent) .. "/" .. name,
    FileType = mode == "file" and "file" or "folder",
    GmtCreate = time_text(attributes.change),
    GmtModified = time_text(attributes.modification),
    Size = mode == "file" and attributes.size or 0,
    Status = "active",
  }
end

local function entries_of(folder, parent)
  local entries = {}
  for name in lfs.dir(folder) do
    if name ~= "." and name ~= ".." then
      entries[#entries + 1] = described(folder, parent, name)
    end
  end
  table.sort(entries, function(one, other)
    return one.FileName < other.FileName
  end)
  return entries
end

---An action on a path inside the context that ContextId names.
local function on_path(parameter, required, handle)
  return {
    required = required,
    handle = function(emulator, parameters, _, request)
      local context = emulator.contexts:get(parameters.ContextId)
      if not context then
        return answers.no_context()
      end
      local stored = emulator.contexts:files_of(context)
      local real, problem = Files.inside(stored, parameters[parameter] or "/")
      if not real or not emulator.files:is_plain(real) then
        return answers.refusal("InvalidPath", problem or "A symbolic link is in the way.")
      end
      return handle(emulator, {
        context = context,
        path = real,
        file = real:sub(#stored + 2),
        parameters = parameters,
        request = request,
      })
    end,
  }
end

local function whole(text, default)
  local number = math.tointeger(tonumber(text or default))
  return number and number >= 1 and number or nil
end

context_files.DescribeContextFiles = on_path("ParentFolderPath", { "ContextId" }, function(_, asked)
  local given = asked.parameters
  local page = whole(given.PageNumber, 1)
  local size = whole(given.MaxResults, given.PageSize or 50)
  if not page or not size then
    return answers.error(400, "InvalidParameter", "PageNumber or PageSize is not valid.")
  end
  local parent = "/" .. asked.file
  local entries = {}
  if lfs.attributes(asked.path, "mode") == "directory" then
    entries = entries_of(asked.path, parent)
  end
  -- Newer SDKs chain pages by tokens, older ones number them.
  local first = whole(given.NextToken, (page - 1) * size + 1) or 1
  local last = math.min(first + size - 1, #entries)
  local listed = answers.list({})
  for i = first, last do
    listed[#listed + 1] = entries[i]
  end
  local next_token = last < #entries and tostring(last + 1) or ""
  return answers.success(listed, { Count = #entries, NextToken = next_token })
end)

local function url_action(method, must_exist)
  return on_path("FilePath", { "ContextId", "FilePath" }, function(emulator, asked)
    local mode = lfs.attributes(asked.path, "mode")
    if must_exist and mode ~= "file" then
      return answers.refusal("File.NotFound", "The file is not found.")
    elseif asked.file == "" or mode == "directory" then
      return answers.refusal("InvalidPath", "The path is a folder's.")
    end
    local url, expires = emulator.file_urls:make(
      asked.request.origin,
      method,
      asked.context.Id,
      asked.file,
      asked.request.time_ms
    )
    return answers.success({ Url = url, ExpireTime = expires })
  end)
end

context_files.GetContextFileUploadUrl = url_action("PUT", false)
context_files.GetContextFileDownloadUrl = url_action("GET", true)

context_files.DeleteContextFile = on_path(
  "FilePath",
  { "ContextId", "FilePath" },
  function(_, asked)
    if lfs.attributes(asked.path, "mode") ~= "file" then
      return answers.refusal("File.NotFound", "The file is not found.")
    end
    assert(os.remove(asked.path))
    return answers.success()
  end
)

return context_files
