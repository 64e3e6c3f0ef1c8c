-- The actions of the service, as they go over the wire: one declaration each. A new action is
-- one entry here. Knows no arguments and no results; never sends anything.

---@class agentbay.Action
---@field body string[] names of the body's fields, in the order in which they are sent
---@field query? string[] names of the fields that the protocol wants in the query
---@field key_in_query? boolean the protocol wants the key in the query
---@field repeatable? boolean|fun(values: table): boolean changes nothing at the service: may be sent again
---@field must_succeed? boolean an answer without Success is not a success
---@field reading? "tasks"|"state"|"bindings" what a poll must understand of the answer

---@type table<string, agentbay.Action>
local declared = {
  CreateMcpSession = {
    body = { "ImageId", "Labels", "PersistenceDataList", "SdkStats", "LoginRegionId" },
  },
  GetSession = { repeatable = true, body = { "SessionId" }, must_succeed = true },
  GetSessionDetail = {
    repeatable = true,
    query = { "SessionId" },
    body = {},
    reading = "state",
  },
  ListSession = {
    repeatable = true,
    body = { "Labels", "MaxResults", "NextToken", "Status" },
    must_succeed = true,
  },
  DeleteSessionAsync = { body = { "SessionId" } },
  GetContextInfo = {
    repeatable = true,
    body = { "SessionId", "ContextId", "Path", "TaskType" },
    reading = "tasks",
  },
  SyncContext = {
    key_in_query = true,
    body = { "SessionId", "ContextId", "Path", "Mode" },
    must_succeed = true,
  },
  GetContext = {
    repeatable = function(values)
      return not values.AllowCreate
    end,
    body = { "AllowCreate", "Name", "ContextId", "LoginRegionId" },
  },
  ModifyContext = { body = { "Id", "Name" } },
  DeleteContext = { body = { "Id" } },
  ClearContext = { body = { "Id" } },
  DescribeContextFiles = {
    repeatable = true,
    body = { "PageNumber", "PageSize", "ParentFolderPath", "ContextId" },
  },
  GetContextFileUploadUrl = { repeatable = true, body = { "ContextId", "FilePath" } },
  GetContextFileDownloadUrl = { repeatable = true, body = { "ContextId", "FilePath" } },
  DeleteContextFile = { body = { "ContextId", "FilePath" }, must_succeed = true },
  BindContexts = { body = { "PersistenceDataList", "SessionId" } },
  DescribeSessionContexts = { repeatable = true, body = { "SessionId" }, reading = "bindings" },
  SetLabel = { body = { "Labels", "SessionId" } },
  GetLabel = { repeatable = true, body = { "SessionId" } },
  RefreshSessionIdleTime = { body = { "SessionId" } },
  ListContexts = { repeatable = true, body = { "MaxResults", "NextToken", "SessionId" } },
}

local actions = {}

local NONE = {}

---@param names string[]?
---@param values table<string, string|number|boolean|nil>
---@return string[] flat name, value, name, value, ...
local function flat_fields(names, values)
  if not names then
    return NONE
  end
  local flat = { nil, nil, nil, nil, nil, nil, nil, nil } -- room for most: growing is slow
  local count = 0
  for i = 1, #names do
    local name = names[i]
    local value = values[name]
    if value ~= nil then
      flat[count + 1] = name
      flat[count + 2] = type(value) == "number" and ("%d"):format(value) or tostring(value)
      count = count + 2
    end
  end
  return flat
end

---A request for the core.
---@param action string
---@param values table<string, string|number|boolean|nil> by wire name; absent ones are left out
---@param reading? "tasks"|"state"|"bindings" what must be understood, if not what is usual
---@return table request
function actions.request(action, values, reading)
  local declaration = assert(declared[action], action)
  local repeatable = declaration.repeatable
  if type(repeatable) == "function" then
    repeatable = repeatable(values)
  end
  return {
    action = action,
    key_in_query = declaration.key_in_query,
    query = flat_fields(declaration.query, values),
    body = flat_fields(declaration.body, values),
    repeatable = repeatable,
    must_succeed = declaration.must_succeed,
    reading = reading or declaration.reading,
  }
end

return actions
