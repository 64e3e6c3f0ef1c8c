-- A client: settings, and the sessions and contexts that are reached with them.

local actions = require("agentbay.actions")
local class = require("agentbay.class")
local endpoint = require("agentbay.endpoint")
local lazy = require("agentbay.lazy")
local log = require("agentbay.log")
local method = require("agentbay.method")
local paging = require("agentbay.paging")
local results = require("agentbay.result")
local rules = require("agentbay.rules")
local runtime = require("agentbay.runtime")
local Session = require("agentbay.session")
local shape = require("agentbay.shape")
local table_rules = require("agentbay.table_rules")
local version = require("agentbay.version")

local ContextService = lazy("agentbay.context_service")
local json_text = lazy("agentbay.json_text")
local mount = lazy("agentbay.mount")
local session_end = lazy("agentbay.session_end")
local session_start = lazy("agentbay.session_start")

local USER_AGENT = ("AgentBay-Lua/%s (%s)"):format(version, _VERSION)

---@class agentbay.Client
---@field region_id? string
---@field context agentbay.ContextService
---@field private _core userdata
---@field private _logger table? it must live as long as the client
---@field private _allow_insecure boolean
---@field private _share_checks boolean
local Client = class.new("client")

---The core's names for the `retry` argument.
local function retry_options(retry)
  if retry == false then
    return { max_attempts = 1 }
  end
  return type(retry) == "table" and retry or {}
end

---client.context, which is made what it is when it is first used.
---@param client agentbay.Client
---@return agentbay.ContextService
local function lazy_context(client)
  return setmetatable({ client = client }, {
    __name = "agentbay.context",
    __index = function(self, name)
      return ContextService.adopt(self)[name]
    end,
  })
end

---@param settings agentbay.Settings
---@param transport agentbay.NewArguments checked
---@return agentbay.Client
function Client.new(settings, transport)
  local client = setmetatable({ region_id = settings.region_id }, Client)
  local retry = retry_options(transport.retry)
  client._logger = log.new(transport.log, settings.log_level)
  client._share_checks = transport.share_checks
  client._allow_insecure = transport.allow_insecure
  client._core = runtime.loop():client({
    url = settings.endpoint,
    api_key = settings.api_key,
    timeout_ms = settings.timeout_ms,
    user_agent = USER_AGENT,
    ca_file = transport.ca_file,
    proxy = transport.proxy,
    max_connections = transport.max_connections,
    max_response_bytes = transport.max_response_bytes,
    retry_max_attempts = retry.max_attempts,
    retry_base_ms = retry.base_ms,
    retry_cap_ms = retry.cap_ms,
    keep_records = client._logger ~= nil,
  })
  if client._logger then
    runtime.log_for(client._core:serial(), client._logger)
  end
  client.context = lazy_context(client)
  return client
end

---Makes `operation` follow one call of an action.
---@param operation agentbay.Operation
---@param request table
---@param finish? agentbay.Finish
function Client:_call(operation, request, finish)
  operation:_follow(self._core:call(request, operation), finish)
end

local function transfers_progress(core_operation)
  return {
    context_status_data = core_operation:tasks(),
    attempt = core_operation:attempts(),
    elapsed_ms = core_operation:elapsed_ms(),
  }
end

local function file_progress(core_operation)
  local bytes, total = core_operation:moved()
  return { bytes = bytes, total = total }
end

---Makes `operation` follow a poll.
---@param operation agentbay.Operation
---@param options table
---@param finish? agentbay.Finish
function Client:_poll(operation, options, finish)
  operation:_follow(self._core:poll(options, operation), finish, transfers_progress)
end

---Makes `operation` follow the upload or download of a file.
---@param operation agentbay.Operation
---@param options table
---@param finish? agentbay.Finish
function Client:_file(operation, options, finish)
  operation:_follow(self._core:file(options, operation), finish, file_progress)
end

---What is wrong with the URL of a file that the service gave; nil if nothing is.
---@param url string
---@return string? problem
function Client:_file_url_problem(url)
  return endpoint.url_problem(url, self._allow_insecure)
end

---@class agentbay.SessionResult : agentbay.Result
---@field session? agentbay.Session there whenever a session exists, on failure too
---@field context_status_data? agentbay.ContextStatusData[] of the first downloads

---@class agentbay.ContextSync : agentbay.Mount
---@field wait? boolean default true: create waits for its first download

---@class agentbay.CreateArguments
---@field image_id? string
---@field labels? table<string, string>
---@field context_syncs? agentbay.ContextSync[]
---@field wait? boolean default true: for the first download of the contexts

---Creates a session. If a context could not be downloaded in time, the result is a failure that
---holds the session, which exists.
---@overload fun(self: agentbay.Client, given?: agentbay.CreateArguments): agentbay.SessionResult
method.define({
  class = Client,
  name = "create",
  arguments = {
    image_id = rules.text(),
    labels = table_rules.map_of_text(),
    context_syncs = table_rules.list_of(
      rules.later("table", function()
        return mount.argument({ wait = rules.boolean({ default = true }) })
      end),
      { default = {} }
    ),
    wait = rules.boolean({ default = true }),
  },
  start = function(self, given, operation)
    session_start.start(self, given, operation)
  end,
})

local session_members = {
  { "session_id", "SessionId", "string", required = true },
  { "resource_url", "ResourceUrl", "string" },
}

---A session that exists already.
---@overload fun(self: agentbay.Client, session_id: string): agentbay.SessionResult
method.define({
  class = Client,
  name = "get",
  leading = "session_id",
  arguments = { session_id = rules.text({ required = true }) },
  start = function(self, given, operation)
    local request = actions.request("GetSession", { SessionId = given.session_id })
    self:_call(operation, request, function(result, answer)
      if result.success then
        local read, problem = shape.object(answer:document().Data, session_members, "Data")
        if not read then
          return results.malformed(result, problem)
        end
        result.session = Session.new(self, read.session_id, read.resource_url)
      end
      return result
    end)
  end,
})

---@class agentbay.SessionListResult : agentbay.Result
---@field session_ids string[]
---@field next_token string "" on the last page
---@field max_results integer
---@field total_count integer

local listed_members = { { "session_id", "SessionId", "string", required = true } }

---@type agentbay.Finish
local function listed(result, answer)
  local page = results.page(result, answer:document(), "session_ids", listed_members)
  for i, session in ipairs(page.session_ids) do
    page.session_ids[i] = session.session_id
  end
  return page
end

---@class agentbay.SessionListArguments
---@field labels? table<string, string> only sessions that have all of them
---@field status? "RUNNING"|"PAUSING"|"PAUSED"|"RESUMING"|"DELETING"|"DELETED"
---@field max_results? integer of a page, default 10
---@field next_token? string of the page before

local list_arguments = {
  labels = table_rules.map_of_text(),
  status = rules.one_of("RUNNING", "PAUSING", "PAUSED", "RESUMING", "DELETING", "DELETED"),
  max_results = rules.integer({ min = 1, default = 10 }),
  next_token = rules.text(),
}

---The sessions of the account, a page of them.
---@overload fun(self: agentbay.Client, given?: agentbay.SessionListArguments): agentbay.SessionListResult
method.define({
  class = Client,
  name = "list",
  arguments = list_arguments,
  start = function(self, given, operation)
    local request = actions.request("ListSession", {
      Labels = json_text.encode(json_text.sorted(given.labels or {})),
      MaxResults = given.max_results,
      NextToken = given.next_token,
      Status = given.status,
    })
    self:_call(operation, request, listed)
  end,
})

---All sessions, page by page: `for session_id, failure in client:each{...}`. Where a page can't be
---had, `session_id` is false and `failure` the result; it ends there.
---@overload fun(self: agentbay.Client, given?: agentbay.SessionListArguments): fun(): string|false|nil, agentbay.Result?
paging.define({
  class = Client,
  name = "each",
  list = "list",
  items = "session_ids",
  arguments = list_arguments,
})

---Deletes a session: as session:delete, for a session or the id of one.
---@overload fun(self: agentbay.Client, session: agentbay.Session|string, given?: agentbay.DeleteArguments): agentbay.DeleteResult
method.define({
  class = Client,
  name = "delete",
  leading = "session",
  arguments = {
    session = rules.either(rules.object(Session, "session"), rules.text(), { required = true }),
    sync_context = rules.boolean({ default = false }),
    force = rules.boolean({ default = false }),
    wait = rules.boolean({ default = true }),
  },
  start = function(self, given, operation)
    local session = given.session
    local session_id = type(session) == "string" and session or session.session_id
    session_end.start(self, session_id, given, operation)
  end,
})

---Ends what is under way with `Client.Closed` and gives back what the client holds. Results that
---are there stay; calls after it raise.
function Client:close()
  self._core:close()
end

Client.__close = Client.close

function Client:__tostring()
  return "agentbay.client"
end

return Client
