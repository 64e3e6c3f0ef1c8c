-- agentbay info, agentbay sync: a session's transfers.

local output = require("agentbay.cli.output")
local progress = require("agentbay.cli.progress")
local words = require("agentbay.cli.words")

local transfers = {}

---The session that is meant: the named one, or the only one that is running.
---@param client agentbay.Client
---@param options table
---@return agentbay.Session? session
---@return table? failure
local function session_of(client, options)
  local session_id = options.session or os.getenv("AGENTBAY_SESSION_ID")
  if not session_id or session_id == "" then
    local running = client:list({ status = "RUNNING", max_results = 2 })
    if not running.success then
      return nil, running
    elseif #running.session_ids ~= 1 then
      local count = #running.session_ids == 0 and "no session is" or "several sessions are"
      error("--session is needed: " .. count .. " running", 0)
    end
    session_id = running.session_ids[1]
  end
  local found = client:get(session_id)
  return found.session, not found.success and found or nil
end

local function print_transfers(result)
  local rows = {}
  for i, status in ipairs(result.context_status_data) do
    local trouble = status.error_message ~= "" and " (" .. status.error_message .. ")" or ""
    rows[i] = { status.context_id, status.task_type, status.status .. trouble, status.path }
  end
  output.columns({ "CONTEXT", "TYPE", "STATUS", "PATH" }, rows)
end

function transfers.info(client, options)
  local session, failure = session_of(client, options)
  if not session then
    return output.result(failure, options)
  end
  local result = session.context_manager:info({
    context_id = options.context,
    path = options.path,
    task_type = options.task_type,
  })
  return output.result(result, options, print_transfers)
end

function transfers.sync(client, options)
  local session, failure = session_of(client, options)
  if not session then
    return output.result(failure, options)
  end
  local checks = progress.checks(options)
  local result = session.context_manager:sync({
    context_id = options.context,
    path = options.path,
    mode = options.mode,
    max_retries = options.max_retries,
    retry_interval = options.interval,
    timeout_ms = options.wait,
    on_progress = checks,
  })
  progress.finish(checks)
  return output.result(result, options, print_transfers)
end

---Adds the commands to a parser, and their functions to `commands`.
function transfers.define(parser, commands)
  commands.info, commands.sync = transfers.info, transfers.sync

  local info = parser:command("info", "Show how a session's transfers stand.")
  local sync = parser:command("sync", "Start a transfer and wait until it has ended.")
  for _, command in ipairs({ info, sync }) do
    command:option("--session", "Default: AGENTBAY_SESSION_ID, or the only one running.")
    command:option("--context", "Only transfers of this context.")
    command:option("--path", "Only transfers at this mount path.")
  end
  info:option("--task-type", "Only these."):choices({ "upload", "download" })
  sync
    :option("--mode", "upload: session to context (the service's default); or download.")
    :choices({ "upload", "download" })
  sync:option("--max-retries", "Status checks at most; default 150.", nil, words.whole(0))
  sync:option("--interval", "Milliseconds between them; default 1500.", nil, words.whole(0))
  sync:option("--wait", "How long it may take altogether, in ms.", nil, words.whole(1))
end

return transfers
