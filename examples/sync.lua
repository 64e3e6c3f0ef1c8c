-- The whole way of a file: session -> context -> another session. Run by `make demo` against
-- the emulator, whose data folder is where this example looks into the sessions.

local agentbay = require("agentbay")

local MOUNT = "/mnt/shared"
local TEXT = "Hello from a session, written at " .. os.date("!%Y-%m-%dT%H:%M:%SZ") .. "\n"

local data_folder = os.getenv("AGENTBAY_EMULATOR_DATA")
if not data_folder then
  io.stderr:write("This example looks into the emulator's folders: run it with `make demo`.\n")
  os.exit(2)
end

local function say(text, ...)
  print(text:format(...))
end

---Ends the program with the service's reason if a step did not succeed.
local function need(step, result)
  if not result.success then
    io.stderr:write(("%s: %s (%s)\n"):format(step, result.error_message, result.error_code))
    os.exit(1)
  end
  return result
end

local function file_of(session)
  return ("%s/sessions/%s/files%s/hello.txt"):format(data_folder, session.session_id, MOUNT)
end

local function write_file(name, text)
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function read_file(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

---A line that is drawn over itself while a sync goes on.
local function progress_line(progress)
  local states = {}
  for _, status in ipairs(progress.context_status_data) do
    states[#states + 1] = status.task_type .. " " .. status.status
  end
  io.write(
    ("\r\27[K   %5.1f s, check %d: %s"):format(
      progress.elapsed_ms / 1000,
      progress.attempt,
      #states > 0 and table.concat(states, ", ") or "nothing listed yet"
    )
  )
  io.flush()
end

local function sync(session, context_id, mode)
  local result = session.context_manager:sync({
    context_id = context_id,
    path = MOUNT,
    mode = mode,
    max_retries = 60,
    retry_interval = 250,
    on_progress = progress_line,
  })
  io.write("\n")
  need(mode, result)
  say("   %s done after %d status checks in %d ms", mode, result.attempts, result.elapsed_ms)
end

local function new_session(client, context_id)
  local created = need(
    "create a session",
    client:create({
      labels = { example = "sync" },
      context_syncs = { { context_id = context_id, path = MOUNT } },
    })
  )
  return created.session
end

local client = agentbay.new()

say("1. A context to keep files in")
local context = need("get the context", client.context:get({ name = "demo", create = true }))
say("   %s (%s)", context.context_id, context.context.name)

say("2. A session with the context mounted at %s", MOUNT)
local first = new_session(client, context.context_id)
say("   %s", first.session_id)

say("3. A file in the session's tree")
write_file(file_of(first), TEXT)
say("   %s/hello.txt: %s", MOUNT, (TEXT:gsub("\n", "")))

say("4. session.context_manager:info{}")
local info = need("info", first.context_manager:info())
for _, status in ipairs(info.context_status_data) do
  say("   %s at %s: %s %s", status.context_id, status.path, status.task_type, status.status)
end

say('5. session.context_manager:sync{ mode = "upload" }')
sync(first, context.context_id, "upload")

say("6. The session is deleted; another one gets the context")
need("delete the session", first:delete())
local second = new_session(client, context.context_id)
say("   %s is gone, %s is here", first.session_id, second.session_id)

say('7. session.context_manager:sync{ mode = "download" }')
sync(second, context.context_id, "download")

say("8. The file in the new session")
local found = read_file(file_of(second))
say("   %s/hello.txt: %s", MOUNT, (found:gsub("\n", "")))
assert(found == TEXT, "the file came back changed")
say("   the same %d bytes", #found)

need("delete the session", second:delete())
client:close()
say("Done: both sessions are deleted, the context keeps the file.")
