-- agentbay context ...

local output = require("agentbay.cli.output")
local progress = require("agentbay.cli.progress")
local words = require("agentbay.cli.words")

local contexts = {}

---@param client agentbay.Client
---@param options table
function contexts.list(client, options)
  local found = client.context:each({ session_id = options.session, max_results = 100 })
  return output.result(output.collect("contexts", found), options, function(result)
    local rows = {}
    for i, context in ipairs(result.contexts) do
      rows[i] = { context.id, context.state, context.last_used_time, context.name }
    end
    output.columns({ "ID", "STATE", "LAST USED", "NAME" }, rows)
  end)
end

local function print_id(result)
  print(result.context_id)
end

function contexts.get(client, options)
  return output.result(client.context:get({ name = options.name }), options, print_id)
end

function contexts.create(client, options)
  return output.result(client.context:create({ name = options.name }), options, print_id)
end

function contexts.rename(client, options)
  local given = { context_id = options.context, name = options.name }
  return output.result(client.context:update(given), options)
end

function contexts.delete(client, options)
  return output.result(client.context:delete({ context_id = options.context }), options)
end

function contexts.clear(client, options)
  local given = { context_id = options.context, timeout_ms = options.wait }
  return output.result(client.context:clear(given), options)
end

function contexts.files(client, options)
  local given = { context_id = options.context, path = options.path, page_size = 100 }
  local found = client.context:each_file(given)
  return output.result(output.collect("files", found), options, function(result)
    local rows = {}
    for i, file in ipairs(result.files) do
      local size = file.file_type == "folder" and "folder" or progress.size(file.size)
      rows[i] = { size, file.gmt_modified, file.file_path }
    end
    output.columns({ "SIZE", "MODIFIED", "PATH" }, rows)
  end)
end

local function base_name(path)
  return path:match("([^/]+)/*$") or path
end

---Moves a file, and says how much moved.
local function move(client, options, method, path, file)
  local bar = progress.bar(options, base_name(path))
  local result = client.context[method](client.context, {
    context_id = options.context,
    path = path,
    file = file,
    on_progress = bar,
  })
  progress.finish(bar)
  return output.result(result, options, function()
    print(("%s  %s"):format(progress.size(result.bytes), output.printable(path)))
  end)
end

function contexts.upload(client, options)
  local path = options.path or "/" .. base_name(options.file)
  return move(client, options, "upload_file", path, options.file)
end

function contexts.download(client, options)
  return move(
    client,
    options,
    "download_file",
    options.path,
    options.file or base_name(options.path)
  )
end

contexts["delete-file"] = function(client, options)
  local given = { context_id = options.context, path = options.path }
  return output.result(client.context:delete_file(given), options)
end

---Adds the commands to a parser, and their functions to `commands`.
function contexts.define(parser, commands)
  local group = words.group(parser, "context", "Contexts: persistent storage.")

  local function command(name, description)
    commands["context " .. name] = contexts[name]
    return group:command(name, description)
  end
  local function on_context(name, description)
    local made = command(name, description)
    made:argument("context", "Id of the context.")
    return made
  end

  command("list", "List all contexts."):option("--session", "Only those of this session.")
  command("get", "Print the id of a context."):argument("name", "Its name.")
  command("create", "Create a context, or find the one of this name; print its id."):argument(
    "name",
    "Its name."
  )
  on_context("rename", "Give a context another name."):argument("name", "The new name.")
  on_context("delete", "Delete a context with all that is in it.")
  on_context("clear", "Delete all that is in a context, and wait for it."):option(
    "--wait",
    "How long to wait, in ms.",
    "60000",
    words.whole(1)
  )
  on_context("files", "List a folder of a context.")
    :argument("path", "The folder inside the context.")
    :args("?")
    :default("/")
  local upload = on_context("upload", "Upload a file into a context.")
  upload:argument("file", "The file on this machine.")
  upload:argument("path", "Where it goes in the context; default: its name."):args("?")
  local download = on_context("download", "Download a file of a context.")
  download:argument("path", "The file in the context.")
  download:argument("file", "Where it goes on this machine; default: its name."):args("?")
  on_context("delete-file", "Delete a file of a context."):argument("path", "The file.")
end

return contexts
