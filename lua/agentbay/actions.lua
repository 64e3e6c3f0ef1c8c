-- The actions of the service, as they go over the wire: one declaration each. A new action is
-- one entry here. Knows no arguments and no results; never sends anything.

local core = require("agentbay.core")

---@class agentbay.Action
---@field action? string its name on the wire, where that isn't its name here
---@field body string[] names of the body's fields, in the order in which they are sent
---@field query? string[] names of the fields that the protocol wants in the query
---@field key_in_query? boolean the protocol wants the key in the query
---@field repeatable? boolean changes nothing at the service: may be sent again
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
    repeatable = true,
    body = { "AllowCreate", "Name", "ContextId", "LoginRegionId" },
  },
  GetContextState = {
    action = "GetContext",
    repeatable = true,
    body = { "AllowCreate", "ContextId" },
    reading = "state",
  },
  CreateContext = {
    action = "GetContext",
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

local prepared = {} ---@type table<string, userdata> by their names here

---@param name string
---@return userdata
local function prepare(name)
  local declaration = assert(declared[name], name)
  local action = core.new_action({
    action = declaration.action or name,
    body = declaration.body,
    query = declaration.query,
    key_in_query = declaration.key_in_query,
    repeatable = declaration.repeatable,
    must_succeed = declaration.must_succeed,
    reading = declaration.reading,
  })
  prepared[name] = action
  return action
end

---A request for the core.
---@param name string of the action
---@param values table<string, string|number|boolean|nil> by wire name; absent ones are left out
---@return table request
function actions.request(name, values)
  return { prepared[name] or prepare(name), values }
end

return actions
