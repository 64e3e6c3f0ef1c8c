-- session.context_manager: how the transfers between contexts and a session stand, and starting
-- one and waiting for it to end. Mirrors the official SDKs' ContextManager.

local actions = require("agentbay.actions")
local class = require("agentbay.class")
local lazy = require("agentbay.lazy")
local method = require("agentbay.method")
local results = require("agentbay.result")
local rules = require("agentbay.rules")
local shape = require("agentbay.shape")

local mount = lazy("agentbay.mount")

---@class agentbay.ContextManager
---@field session agentbay.Session
local ContextManager = class.new("context_manager")

---@param session agentbay.Session
---@return agentbay.ContextManager
function ContextManager.new(session)
  return setmetatable({ session = session }, ContextManager)
end

---@class agentbay.ContextStatusData
---@field context_id string
---@field path string
---@field error_message string why the transfer failed
---@field status string "Success" and "Failed" are ends; anything else is under way
---@field start_time integer as the service reports it; 0 if unknown
---@field finish_time integer as the service reports it; 0 while under way
---@field task_type string "upload" or "download"

---@type agentbay.Finish
local function add_transfers(result, answer)
  result.context_status_data = answer:tasks()
  return result
end

---@class agentbay.ContextInfoResult : agentbay.Result
---@field context_status_data agentbay.ContextStatusData[] never nil

---@class agentbay.InfoArguments
---@field context_id? string only transfers of this context
---@field path? string only transfers at this mount path
---@field task_type? "upload"|"download" only transfers of this type

---How the session's transfers stand: one request.
---@overload fun(self: agentbay.ContextManager, given?: agentbay.InfoArguments): agentbay.ContextInfoResult
method.define({
  class = ContextManager,
  name = "info",
  arguments = {
    context_id = rules.text(),
    path = rules.text(),
    task_type = rules.one_of("upload", "download"),
  },
  start = function(self, given, operation)
    local request = actions.request("GetContextInfo", {
      SessionId = self.session.session_id,
      ContextId = given.context_id,
      Path = given.path,
      TaskType = given.task_type,
    })
    self.session.client:_call(operation, request, add_transfers)
  end,
})

local function without_end_slash(path)
  return (path:gsub("(.)/+$", "%1"))
end

---The transfers that a sync is about: a check that serves others too lists theirs as well.
---@param list agentbay.ContextStatusData[]
---@param given {context_id?: string, path?: string}
---@return agentbay.ContextStatusData[]
local function in_scope(list, given)
  if not given.context_id and not given.path then
    return list
  end
  local path = given.path and without_end_slash(given.path)
  local found = {}
  for _, status in ipairs(list) do
    if
      (not given.context_id or status.context_id == given.context_id)
      and (not path or without_end_slash(status.path) == path)
    then
      found[#found + 1] = status
    end
  end
  return found
end

---@class agentbay.ContextSyncResult : agentbay.Result
---@field context_status_data agentbay.ContextStatusData[] as last seen, never nil
---@field attempts integer status checks made
---@field elapsed_ms integer

---@class agentbay.SyncArguments
---@field context_id? string only this context
---@field path? string only this mount path
---@field mode? "upload"|"download" upload: session to context; the service takes none as upload
---@field max_retries? integer status checks at most, default 150
---@field retry_interval? integer milliseconds between checks, default 1500; the least if adaptive, default 200
---@field timeout_ms? integer an overall deadline, default none
---@field backoff? number|"adaptive" factor >= 1 by which each interval grows, default 1; adaptive: an interval is a tenth of the time elapsed
---@field max_interval? integer milliseconds that an interval may grow to; default no limit, 5000 if adaptive
---@field settle_checks? integer looks more before nothing listed means nothing to do, default 2
---@field on_progress? fun(progress: {context_status_data: agentbay.ContextStatusData[], attempt: integer, elapsed_ms: integer})

---Starts a transfer and waits until it has ended.
---@overload fun(self: agentbay.ContextManager, given?: agentbay.SyncArguments): agentbay.ContextSyncResult
method.define({
  class = ContextManager,
  name = "sync",
  arguments = {
    context_id = rules.text(),
    path = rules.text(),
    mode = rules.one_of("upload", "download"),
    max_retries = rules.integer({ min = 0, default = 150 }),
    retry_interval = rules.integer({ min = 0 }),
    timeout_ms = rules.integer({ min = 1 }),
    backoff = rules.either(rules.number({ min = 1 }), rules.one_of("adaptive"), { default = 1 }),
    max_interval = rules.integer({ min = 1 }),
    settle_checks = rules.integer({ min = 0, default = 2 }),
    on_progress = rules.callback(),
  },
  start = function(self, given, operation)
    local scope = {
      SessionId = self.session.session_id,
      ContextId = given.context_id,
      Path = given.path,
      Mode = given.mode,
    }
    local adaptive = given.backoff == "adaptive"
    local on_progress = given.on_progress
    if on_progress and (given.context_id or given.path) then
      operation:_set_on_progress(function(progress)
        progress.context_status_data = in_scope(progress.context_status_data, given)
        on_progress(progress)
      end)
    end
    self.session.client:_poll(operation, {
      submit = actions.request("SyncContext", scope),
      check = actions.request("GetContextInfo", scope),
      share_key = self.session.client._share_checks and scope.SessionId or nil,
      shared_check = actions.request("GetContextInfo", { SessionId = scope.SessionId }),
      judge = "transfers",
      context_id = given.context_id,
      path = given.path,
      mode = given.mode,
      max_attempts = given.max_retries,
      interval_ms = given.retry_interval or (adaptive and 200 or 1500),
      backoff = adaptive and 1 or given.backoff,
      elapsed_share = adaptive and 0.1 or 0,
      max_interval_ms = given.max_interval or (adaptive and 5000 or 0),
      timeout_ms = given.timeout_ms or 0,
      settle_checks = given.settle_checks,
      timeout_error = "sync",
      what = "the sync",
    }, function(result, answer)
      result.context_status_data = in_scope(answer:tasks(), given)
      result.elapsed_ms = answer:elapsed_ms()
      return result
    end)
  end,
})

---@class agentbay.ContextBindResult : agentbay.Result

---@class agentbay.BindArguments
---@field [integer] agentbay.Mount at least one
---@field wait? boolean default true: until each is bound; false: until the service has accepted
---@field timeout_ms? integer how long the wait may take, default 120000

---Mounts contexts into the running session. With `wait` it succeeds once each context is bound at
---its path; otherwise the failure (`Client.Timeout`) names those that are not. It does not wait for
---files: `sync{ mode = "download" }` does.
---@overload fun(self: agentbay.ContextManager, given: agentbay.BindArguments): agentbay.ContextBindResult
method.define({
  class = ContextManager,
  name = "bind",
  arguments = {
    wait = rules.boolean({ default = true }),
    timeout_ms = rules.integer({ min = 1, default = 120000 }),
  },
  options = {
    items = rules.later("table", function()
      return mount.argument()
    end),
    min_items = 1,
  },
  start = function(self, given, operation)
    local scope = {
      SessionId = self.session.session_id,
      PersistenceDataList = mount.encode(given, "bind"),
    }
    local request = actions.request("BindContexts", scope)
    local client = self.session.client
    if not given.wait then
      client:_call(operation, request)
      return
    end
    local places = {}
    for i, each in ipairs(given) do
      places[i] = { context_id = each.context_id, path = each.path }
    end
    -- The official SDKs look every two seconds for two minutes; this looks sooner at first.
    client:_poll(operation, {
      submit = request,
      check = actions.request("DescribeSessionContexts", scope),
      judge = "bindings",
      expected = places,
      max_attempts = 1000,
      interval_ms = 200,
      backoff = 1.5,
      max_interval_ms = 2000,
      timeout_ms = given.timeout_ms,
      timeout_error = "call",
      what = "the binding",
    })
  end,
})

---@class agentbay.ContextBinding
---@field context_id string
---@field context_name string
---@field path string
---@field policy string the service's JSON text; "" where it has none
---@field bind_time string

---@class agentbay.ContextBindingsResult : agentbay.Result
---@field bindings agentbay.ContextBinding[] never nil

local binding_members = {
  { "context_id", "ContextId", "string", required = true },
  { "context_name", "ContextName", "string" },
  { "path", "Path", "string" },
  { "policy", "Policy", "string" },
  { "bind_time", "BindTime", "string" },
}

---The contexts that are bound into the session.
---@overload fun(self: agentbay.ContextManager): agentbay.ContextBindingsResult
method.define({
  class = ContextManager,
  name = "list_bindings",
  arguments = {},
  start = function(self, _, operation)
    local request =
      actions.request("DescribeSessionContexts", { SessionId = self.session.session_id })
    self.session.client:_call(operation, request, function(result, answer)
      local bindings, problem
      if result.success then
        bindings, problem = shape.list(answer:document().Data, binding_members, "Data")
        result = problem and results.malformed(result, problem) or result
      end
      result.bindings = bindings or {}
      return result
    end)
  end,
})

return ContextManager
