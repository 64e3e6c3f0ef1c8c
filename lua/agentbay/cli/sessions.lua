-- agentbay session ...

local output = require("agentbay.cli.output")
local words = require("agentbay.cli.words")

local sessions = {}

---"name=value" pairs as a table.
local function labels_of(pairs_given)
  local labels
  for _, pair in ipairs(pairs_given or {}) do
    local name, value = pair:match("^([^=]+)=(.+)$")
    if not name then
      error("a label is written NAME=VALUE, not '" .. pair .. "'", 0)
    end
    labels = labels or {}
    labels[name] = value
  end
  return labels
end

---"ID:PATH" pairs as contexts to mount.
local function context_syncs_of(mounts)
  local syncs = {}
  for i, mount in ipairs(mounts or {}) do
    local id, path = mount:match("^([^:]+):(.+)$")
    if not id then
      error("a context is mounted by ID:PATH, not '" .. mount .. "'", 0)
    end
    syncs[i] = { context_id = id, path = path }
  end
  return syncs
end

function sessions.create(client, options)
  local result = client:create({
    image_id = options.image,
    labels = labels_of(options.label),
    context_syncs = context_syncs_of(options.context),
    wait = not options.no_wait,
  })
  if result.session and not result.success and not options.json then
    io.stderr:write("agentbay: session ", result.session.session_id, " exists all the same\n")
  end
  return output.result(result, options, function()
    print(result.session.session_id)
  end)
end

function sessions.list(client, options)
  local found = client:each({
    labels = labels_of(options.label),
    status = options.status,
    max_results = 100,
  })
  return output.result(output.collect("session_ids", found), options, function(result)
    for _, session_id in ipairs(result.session_ids) do
      print(output.printable(session_id))
    end
  end)
end

function sessions.delete(client, options)
  local given = { sync_context = options.sync, force = options.force, wait = not options.no_wait }
  return output.result(client:delete(options.session, given), options)
end

---Adds the commands to a parser, and their functions to `commands`.
function sessions.define(parser, commands)
  local group = words.group(parser, "session", "Sessions: sandboxes with contexts mounted.")
  for _, name in ipairs({ "create", "list", "delete" }) do
    commands["session " .. name] = sessions[name]
  end

  local create = group:command("create", "Create a session; print its id.")
  create:option("--image", "Id of its image.")
  create:option("--label", "NAME=VALUE; may be given again."):count("*")
  create:option("--context", "ID:PATH of a context to mount; may be given again."):count("*")
  create:flag("--no-wait", "Don't wait for the first download of the contexts.")

  local list = group:command("list", "List the ids of all sessions.")
  list:option("--label", "Only with NAME=VALUE; may be given again."):count("*")
  list:option("--status", "Only in this status: RUNNING, PAUSED, ...")

  local delete = group:command("delete", "Delete a session.")
  delete:argument("session", "Its id.")
  delete:flag("--sync", "Upload its contexts first; it stays if that fails.")
  delete:flag("--force", "With --sync: delete it even then.")
  delete:flag("--no-wait", "Don't wait until it is gone.")
end

return sessions
