-- The start of a session: ask for one with its contexts, then wait for their first download.

local actions = require("agentbay.actions")
local json_text = require("agentbay.json_text")
local mount = require("agentbay.mount")
local policies = require("agentbay.policy")
local results = require("agentbay.result")
local Session = require("agentbay.session")
local shape = require("agentbay.shape")
local version = require("agentbay.version")

local session_start = {}

local session_members = {
  { "session_id", "SessionId", "string", required = true },
  { "resource_url", "ResourceUrl", "string" },
}

local sdk_stats = json_text.encode(json_text.object({
  { "source", "sdk" },
  { "sdk_language", "lua" },
  { "sdk_version", version },
  { "is_release", true },
  { "framework", "" },
}))

---The contexts whose first download create waits for.
---@param given table
---@return table[] places
local function awaited_places(given)
  local places = {}
  for _, sync in ipairs(given.wait and given.context_syncs or {}) do
    if sync.wait and policies.download_expected(sync.policy) then
      places[#places + 1] = { context_id = sync.context_id, path = sync.path }
    end
  end
  return places
end

---@param client agentbay.Client
---@param session agentbay.Session
---@param places table[]
---@param operation agentbay.Operation
---@param request_id string of the request that created the session
local function await_downloads(client, session, places, operation, request_id)
  -- The schedule of the official SDKs: 50 looks, up to about three minutes.
  client:_poll(operation, {
    check = actions.request("GetContextInfo", { SessionId = session.session_id }),
    judge = "transfers",
    mode = "download",
    expected = places,
    max_attempts = 50,
    interval_ms = 500,
    backoff = 1.1,
    max_interval_ms = 5000,
    settle_checks = 0,
    timeout_error = "sync",
    what = "the first download of the session's contexts",
  }, function(result, answer)
    result.request_id = request_id
    result.session = session
    result.context_status_data = answer:tasks()
    return result
  end)
end

---@param client agentbay.Client
---@param result agentbay.Result
---@param answer userdata
---@return table result of the creation, with its session on success
local function created(client, result, answer)
  if not result.success then
    if answer:uncertain() then
      local message = result.error_message .. "; a session may exist: see client:list"
      return results.failure(result, result.error_code, message)
    end
    return result
  end
  local data = answer:document().Data
  if type(data) == "table" and data.Success == false then
    local reason = type(data.ErrMsg) == "string" and data.ErrMsg ~= "" and data.ErrMsg
      or "the service could not create the session and did not say why"
    return results.failure(result, "Client.Refused", reason)
  end
  local read, problem = shape.object(data, session_members, "Data")
  if not read then
    return results.malformed(result, problem)
  end
  result.session = Session.new(client, read.session_id, read.resource_url)
  result.context_status_data = {}
  return result
end

---@param client agentbay.Client
---@param given table arguments of client:create
---@param operation agentbay.Operation
function session_start.start(client, given, operation)
  local request = actions.request("CreateMcpSession", {
    ImageId = given.image_id,
    Labels = given.labels and json_text.encode(json_text.sorted(given.labels)),
    PersistenceDataList = mount.encode(given.context_syncs, "create"),
    SdkStats = sdk_stats,
    LoginRegionId = client.region_id,
  })
  client:_call(operation, request, function(result, answer)
    local creation = created(client, result, answer)
    local places = awaited_places(given)
    if not creation.success or #places == 0 then
      return creation
    end
    await_downloads(client, creation.session, places, operation, creation.request_id)
    return nil
  end)
end

return session_start
