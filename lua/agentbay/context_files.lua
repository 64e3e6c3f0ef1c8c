-- The part of client.context that is about files: listing and deleting them, presigned URLs of
-- them, and moving them between the disk and the context.

local actions = require("agentbay.actions")
local method = require("agentbay.method")
local paging = require("agentbay.paging")
local results = require("agentbay.result")
local rules = require("agentbay.rules")
local shape = require("agentbay.shape")

local context_files = {}

---@class agentbay.ContextFiles
---@field client agentbay.Client

---@class agentbay.ContextFile
---@field file_id string
---@field file_name string
---@field file_path string inside the context
---@field file_type string "file" or "folder"
---@field gmt_create string
---@field gmt_modified string
---@field size integer bytes
---@field status string

local file_members = {
  { "file_id", "FileId", "string" },
  { "file_name", "FileName", "string" },
  { "file_path", "FilePath", "string", required = true },
  { "file_type", "FileType", "string" },
  { "gmt_create", "GmtCreate", "string" },
  { "gmt_modified", "GmtModified", "string" },
  { "size", "Size", "number" },
  { "status", "Status", "string" },
}

local count_member = { { "count", "Count", "number" } }

---@class agentbay.ContextFileListResult : agentbay.Result
---@field files agentbay.ContextFile[]
---@field count integer as the service reports it

---@class agentbay.ContextFileListArguments
---@field context_id string
---@field path? string the folder inside the context, default "/"
---@field page_number? integer default 1
---@field page_size? integer default 50

local list_arguments = {
  context_id = rules.text({ required = true }),
  path = rules.text({ default = "/" }),
  page_number = rules.integer({ min = 1, default = 1 }),
  page_size = rules.integer({ min = 1, default = 50 }),
}

---@type agentbay.Finish
local function listed(result, answer)
  local files, counted = {}, { count = 0 }
  if result.success then
    local document = answer:document()
    local problem
    files, problem = shape.list(document.Data, file_members, "Data")
    if files then
      counted, problem = shape.object(document, count_member, "the answer")
    end
    if problem then
      result, files, counted = results.malformed(result, problem), {}, { count = 0 }
    end
  end
  result.files, result.count = files, counted.count
  return result
end

---@class agentbay.FileUrlResult : agentbay.Result
---@field url? string valid for some time, and a secret while it is
---@field expire_time? integer as the service reports it

local url_members = {
  { "url", "Url", "string", required = true },
  { "expire_time", "ExpireTime", "number" },
}

---@type agentbay.Finish
local function read_url(result, answer)
  if result.success then
    local read, problem = shape.object(answer:document().Data, url_members, "Data")
    if not read then
      return results.malformed(result, problem)
    end
    result.url, result.expire_time = read.url, read.expire_time
  end
  return result
end

local function named_file(more)
  local members = {
    context_id = rules.text({ required = true }),
    path = rules.text({ required = true }),
  }
  for name, rule in pairs(more or {}) do
    members[name] = rule
  end
  return members
end

local function on_file(action, given)
  return actions.request(action, { ContextId = given.context_id, FilePath = given.path })
end

---@class agentbay.FileTransferArguments
---@field context_id string
---@field path string of the file inside the context
---@field file string path of the file on this machine
---@field timeout_ms? integer for all of it; default: as long as something moves
---@field on_progress? fun(progress: {bytes: integer, total: integer?})

---@class agentbay.FileTransferResult : agentbay.Result
---@field bytes integer moved
---@field elapsed_ms integer

---A file's way: ask for a presigned URL, then PUT or GET at it.
---@param self agentbay.ContextFiles
---@param given table
---@param operation agentbay.Operation
---@param direction "upload"|"download"
---@param action string that gives the URL
local function transfer(self, given, operation, direction, action)
  local client = self.client

  local function finish(result, bytes, elapsed_ms, request_id)
    result.request_id = request_id or result.request_id
    result.bytes, result.elapsed_ms = bytes, elapsed_ms
    return result
  end

  client:_call(operation, on_file(action, given), function(result, asked)
    local answer = read_url(result, asked)
    local problem = answer.success and client:_file_url_problem(answer.url)
    if problem then
      answer = results.malformed(result, "Data.Url: " .. problem)
    end
    if not answer.success then
      return finish(answer, 0, asked:elapsed_ms())
    end
    client:_file(operation, {
      direction = direction,
      url = answer.url,
      path = given.file,
      content_type = given.content_type,
      timeout_ms = given.timeout_ms or 0,
    }, function(moved, file)
      return finish(moved, (file:moved()), file:elapsed_ms(), answer.request_id)
    end)
    return nil
  end)
end

---Adds the methods to the class of client.context.
---@param class table
function context_files.define(class)
  ---The files and folders of a folder, a page of them.
  ---@overload fun(self: agentbay.ContextFiles, given: agentbay.ContextFileListArguments): agentbay.ContextFileListResult
  method.define({
    class = class,
    name = "list_files",
    arguments = list_arguments,
    start = function(self, given, operation)
      local request = actions.request("DescribeContextFiles", {
        ContextId = given.context_id,
        ParentFolderPath = given.path,
        PageNumber = given.page_number,
        PageSize = given.page_size,
      })
      self.client:_call(operation, request, listed)
    end,
  })

  ---All files and folders of a folder, page by page: `for file, failure in
  ---client.context:each_file{...}`. Where a page can't be had, `file` is false.
  ---@overload fun(self: agentbay.ContextFiles, given: agentbay.ContextFileListArguments): fun(): agentbay.ContextFile|false|nil, agentbay.Result?
  paging.define({
    class = class,
    name = "each_file",
    list = "list_files",
    items = "files",
    arguments = list_arguments,
    by_number = true,
  })

  ---@overload fun(self: agentbay.ContextFiles, given: {context_id: string, path: string}): agentbay.Result
  method.define({
    class = class,
    name = "delete_file",
    arguments = named_file(),
    start = function(self, given, operation)
      self.client:_call(operation, on_file("DeleteContextFile", given))
    end,
  })

  ---A URL at which a file can be PUT for some time.
  ---@overload fun(self: agentbay.ContextFiles, given: {context_id: string, path: string}): agentbay.FileUrlResult
  method.define({
    class = class,
    name = "get_file_upload_url",
    arguments = named_file(),
    start = function(self, given, operation)
      self.client:_call(operation, on_file("GetContextFileUploadUrl", given), read_url)
    end,
  })

  ---A URL at which a file can be got for some time.
  ---@overload fun(self: agentbay.ContextFiles, given: {context_id: string, path: string}): agentbay.FileUrlResult
  method.define({
    class = class,
    name = "get_file_download_url",
    arguments = named_file(),
    start = function(self, given, operation)
      self.client:_call(operation, on_file("GetContextFileDownloadUrl", given), read_url)
    end,
  })

  ---Uploads a file of any size, in constant memory. `on_progress` is called a few times a second.
  ---@overload fun(self: agentbay.ContextFiles, given: agentbay.FileTransferArguments): agentbay.FileTransferResult
  method.define({
    class = class,
    name = "upload_file",
    arguments = named_file({
      file = rules.text({ required = true }),
      content_type = rules.text({ without = { pattern = "%c", name = "control characters" } }),
      timeout_ms = rules.integer({ min = 1 }),
      on_progress = rules.callback(),
    }),
    start = function(self, given, operation)
      transfer(self, given, operation, "upload", "GetContextFileUploadUrl")
    end,
  })

  ---Downloads a file of any size, in constant memory. It is written beside `file` and takes its
  ---place once it is whole; until then, and after a failure, `file` is as it was.
  ---@overload fun(self: agentbay.ContextFiles, given: agentbay.FileTransferArguments): agentbay.FileTransferResult
  method.define({
    class = class,
    name = "download_file",
    arguments = named_file({
      file = rules.text({ required = true }),
      timeout_ms = rules.integer({ min = 1 }),
      on_progress = rules.callback(),
    }),
    start = function(self, given, operation)
      transfer(self, given, operation, "download", "GetContextFileDownloadUrl")
    end,
  })
end

return context_files
