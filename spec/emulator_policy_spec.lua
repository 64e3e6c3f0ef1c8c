local lfs = require("lfs")

local Emulator = require("spec.support.emulator")

-- That policies have an effect in the emulator, seen by what comes out at the other end.
describe("the emulator obeys a policy's", function()
  local emulator, client, id

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
    client = emulator:client()
    id = client.context:create("policies").context_id
  end)

  local function session_with(policy)
    local created = client:create({
      context_syncs = { { context_id = id, path = "/mnt/shared", policy = policy } },
    })
    assert(created.success, created.error_message)
    return created.session, emulator:session_folder(created.session)
  end

  local function write(path, text)
    os.execute("mkdir -p '" .. path:match("^(.*)/") .. "'")
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
  end

  ---All files below a folder with what is in them.
  local function tree(folder, prefix, into)
    prefix, into = prefix or "", into or {}
    for name in lfs.dir(folder) do
      local path = folder .. "/" .. name
      if name ~= "." and name ~= ".." then
        if lfs.attributes(path, "mode") == "directory" then
          tree(path, prefix .. name .. "/", into)
        else
          local file = io.open(path, "rb")
          into[prefix .. name] = file:read("*a")
          file:close()
        end
      end
    end
    return into
  end

  local function stored()
    return tree(emulator.data .. "/contexts/" .. id .. "/files")
  end

  local function sync(session, mode)
    local result = session.context_manager:sync({ mode = mode, retry_interval = 20 })
    assert(result.success, result.error_message)
  end

  local WHITE_LISTS = {
    bw_list = {
      white_lists = {
        { path = "src", exclude_paths = { "src/tmp" } },
        { path = "/notes.txt" },
      },
    },
  }

  it("white lists and exclusions when it uploads", function()
    local session, folder = session_with(WHITE_LISTS)
    write(folder .. "/src/a.c", "a")
    write(folder .. "/src/tmp/b", "b")
    write(folder .. "/srcs/c", "c")
    write(folder .. "/notes.txt", "n")
    write(folder .. "/other.txt", "o")
    sync(session, "upload")
    assert.are.same({ ["src/a.c"] = "a", ["notes.txt"] = "n" }, stored())
  end)

  it("white lists when it downloads and deletes", function()
    local session, folder = session_with()
    write(folder .. "/src/a.c", "a")
    write(folder .. "/other.txt", "o")
    sync(session, "upload")
    session, folder = session_with(WHITE_LISTS)
    assert.are.same({ ["src/a.c"] = "a" }, tree(folder))
    os.remove(folder .. "/src/a.c")
    sync(session, "upload")
    assert.are.same({ ["other.txt"] = "o" }, stored())
  end)

  it("sync_local_file: deletions in the session are deletions in the context, or not", function()
    local session, folder = session_with({ delete_policy = { sync_local_file = false } })
    write(folder .. "/a", "a")
    write(folder .. "/b", "b")
    sync(session, "upload")
    os.remove(folder .. "/a")
    sync(session, "upload")
    assert.are.same({ a = "a", b = "b" }, stored())
    session, folder = session_with({ delete_policy = { sync_local_file = true } })
    os.remove(folder .. "/a")
    sync(session, "upload")
    assert.are.same({ b = "b" }, stored())
  end)

  it("auto_upload when a session is released", function()
    for _, auto_upload in ipairs({ true, false }) do
      local session, folder = session_with({ upload_policy = { auto_upload = auto_upload } })
      write(folder .. "/" .. tostring(auto_upload), "x")
      assert.is_true(session:delete().success)
    end
    assert.are.same({ ["true"] = "x" }, stored())
  end)

  it("auto_download when a session starts", function()
    local session, folder = session_with()
    write(folder .. "/a", "a")
    sync(session, "upload")
    session, folder = session_with({ download_policy = { auto_download = false } })
    assert.are.same({}, tree(folder))
    sync(session, "download")
    assert.are.same({ a = "a" }, tree(folder))
  end)

  it("archive mode: one archive is stored, and unpacked where it came from", function()
    local session, folder = session_with({
      upload_policy = { upload_mode = "Archive", archive_exclude_paths = { "build" } },
    })
    write(folder .. "/src/a.c", "a")
    write(folder .. "/it's b", "b")
    write(folder .. "/build/c", "c")
    sync(session, "upload")
    local names = {}
    for name in pairs(stored()) do
      names[#names + 1] = name
    end
    assert.are.same({ "agentbay-archive.tar.gz" }, names)
    folder = select(2, session_with())
    assert.are.same({ ["src/a.c"] = "a", ["it's b"] = "b" }, tree(folder))
  end)

  it("extract policy, for archives that were put into the context", function()
    local name = os.tmpname()
    os.execute(
      ("cd /tmp && mkdir -p %s.d && echo x >%s.d/x && tar -czf %s -C %s.d x"):format(
        name,
        name,
        name,
        name
      )
    )
    local up =
      client.context:upload_file({ context_id = id, path = "/in/pack.tar.gz", file = name })
    assert.is_true(up.success, up.error_message)
    os.execute("rm -rf " .. name .. "*")
    local _, folder = session_with()
    assert.are.same({ ["in/pack/x"] = "x\n" }, tree(folder))
    _, folder = session_with({ extract_policy = { extract_to_current_folder = true } })
    assert.are.same({ ["in/x"] = "x\n" }, tree(folder))
    _, folder = session_with({ extract_policy = { extract = false } })
    assert.is_truthy(tree(folder)["in/pack.tar.gz"])
    assert.is_nil(tree(folder)["in/x"])
    local session
    session, folder = session_with({ extract_policy = { delete_src_file = false } })
    assert.is_truthy(tree(folder)["in/pack.tar.gz"])
    assert.are.equal("x\n", tree(folder)["in/pack/x"])
    sync(session, "upload")
    assert.is_truthy(stored()["in/pack.tar.gz"])
  end)

  it("archives only as far as they stay where they belong", function()
    local name = os.tmpname()
    os.execute(
      ("mkdir %s.d && echo evil >%s.d/x && tar -czPf %s --transform 's,^.*/x,../../../x,' %s.d/x"):format(
        name,
        name,
        name,
        name
      )
    )
    client.context:upload_file({ context_id = id, path = "/evil.tar.gz", file = name })
    os.execute("rm -rf " .. name .. "*")
    client:create({ context_syncs = { { context_id = id, path = "/mnt/shared" } } })
    local process = io.popen("find '" .. emulator.data .. "' -name x | grep -v /evil/ | wc -l")
    assert.are.equal(0, tonumber(process:read("*a")))
    process:close()
  end)

  it("regular expressions not at all, and says so", function()
    local created = client:create({
      context_syncs = {
        {
          context_id = id,
          path = "/mnt/shared",
          policy = { bw_list = { white_lists = { { path = ".*", is_path_regex = true } } } },
        },
      },
    })
    assert.are.equal("InvalidParameter", created.error_code)
  end)
end)
