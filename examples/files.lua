-- Files of any size, the whole way: a local folder -> the context -> a session, where they are
-- changed -> the context -> another local folder. Run by `make demo-files` against the emulator,
-- whose data folder is where this example looks into the session. SIZE is in MiB, default 1024.

local agentbay = require("agentbay")

local MOUNT = "/mnt/project"
local MIB = 1024 * 1024
local CHUNK = MIB

local data_folder = os.getenv("AGENTBAY_EMULATOR_DATA")
local size = tonumber(os.getenv("SIZE") or "") or 1024
if not data_folder then
  io.stderr:write(
    "This example looks into the emulator's folders: run it with `make demo-files`.\n"
  )
  os.exit(2)
end

local function say(text, ...)
  print(text:format(...))
end

local function need(step, result)
  if not result.success then
    io.stderr:write(("\n%s: %s (%s)\n"):format(step, result.error_message, result.error_code))
    os.exit(1)
  end
  return result
end

---The most memory that this process has ever had, in MiB; nil where the system doesn't tell.
local function peak_memory()
  local file = io.open("/proc/self/status")
  local peak = file and file:read("*a"):match("VmHWM:%s*(%d+) kB")
  if file then
    file:close()
  end
  return peak and tonumber(peak) / 1024
end

local function write_file(name, text)
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  assert(file:close())
end

---A file of which no two MiB are alike.
local function write_large_file(name)
  local pattern = ("0123456789abcdef"):rep(CHUNK / 16 - 1)
  local file = assert(io.open(name, "wb"))
  for i = 1, size do
    assert(file:write(("%016d"):format(i), pattern))
  end
  assert(file:close())
end

---Whether two files are equal, byte for byte; and how many bytes that are.
local function equal(one, other)
  local first, second = assert(io.open(one, "rb")), assert(io.open(other, "rb"))
  local bytes = 0
  local same
  repeat
    local mine, theirs = first:read(CHUNK), second:read(CHUNK)
    same = mine == theirs
    bytes = bytes + (mine and #mine or 0)
  until not mine or not same
  first:close()
  second:close()
  return same, bytes
end

local function progress_line(name)
  return function(moved)
    io.write(("\r\27[K   %s: %.1f MiB"):format(name, moved.bytes / MIB))
    io.flush()
  end
end

local here = os.tmpname()
os.remove(here)
assert(os.execute(("mkdir -p '%s/before' '%s/after'"):format(here, here)))

local client = agentbay.new()

say("1. A local folder with a small and a large file (%d MiB)", size)
write_file(here .. "/before/notes.txt", "first line\n")
write_large_file(here .. "/before/large.bin")

say("2. client.context:upload_file{} of both")
local context_id = need("create a context", client.context:create("files demo")).context_id
for _, name in ipairs({ "notes.txt", "large.bin" }) do
  local uploaded = need(
    "upload " .. name,
    client.context:upload_file({
      context_id = context_id,
      path = "/" .. name,
      file = here .. "/before/" .. name,
      on_progress = progress_line(name),
    })
  )
  say("\r\27[K   %s: %d bytes in %d ms", name, uploaded.bytes, uploaded.elapsed_ms)
end

say("3. A session with the context at %s", MOUNT)
local created = need(
  "create a session",
  client:create({
    -- It is downloaded when we say so, in the next step.
    context_syncs = {
      {
        context_id = context_id,
        path = MOUNT,
        policy = { download_policy = { auto_download = false } },
      },
    },
  })
)
local session = created.session
local tree = ("%s/sessions/%s/files%s"):format(data_folder, session.session_id, MOUNT)

local function sync(mode)
  local result = need(
    mode,
    session.context_manager:sync({
      context_id = context_id,
      path = MOUNT,
      mode = mode,
      retry_interval = 250,
    })
  )
  say("   %s done after %d checks in %d ms", mode, result.attempts, result.elapsed_ms)
end

say('4. session.context_manager:sync{ mode = "download" }')
sync("download")
for _, name in ipairs({ "notes.txt", "large.bin" }) do
  local same, bytes = equal(here .. "/before/" .. name, tree .. "/" .. name)
  assert(same, name .. " came into the session changed")
  say("   %s: the same %d bytes", name, bytes)
end

say("5. The session changes both files and makes a third one")
for name, text in pairs({ ["notes.txt"] = "second line\n", ["large.bin"] = "more\n" }) do
  local file = assert(io.open(tree .. "/" .. name, "ab"))
  assert(file:write(text))
  assert(file:close())
end
write_file(tree .. "/new.txt", "made in the session\n")

say('6. session.context_manager:sync{ mode = "upload" }')
sync("upload")

say("7. client.context:download_file{} of all that client.context:each_file{} finds")
local count = 0
for file, failure in client.context:each_file({ context_id = context_id }) do
  need("list the files", failure or { success = true })
  local target = here .. "/after/" .. file.file_name
  need(
    "download " .. file.file_name,
    client.context:download_file({
      context_id = context_id,
      path = file.file_path,
      file = target,
      on_progress = progress_line(file.file_name),
    })
  )
  local same, bytes = equal(target, tree .. "/" .. file.file_name)
  assert(same, file.file_name .. " came back changed")
  say("\r\27[K   %s: the same %d bytes as in the session", file.file_name, bytes)
  count = count + 1
end
assert(count == 3, "three files were expected")

need("delete the session", session:delete())
need("delete the context", client.context:delete(context_id))
client:close()
os.execute("rm -rf '" .. here .. "'")

local peak = peak_memory()
if peak then
  say("Done. This process never had more than %.1f MiB of memory.", peak)
else
  say("Done.")
end
