local dkjson = require("dkjson")
local Emulator = require("spec.support.emulator")

-- The command, run by the interpreter that runs the specs.
describe("the command agentbay", function()
  local emulator, client, folder
  local interpreter = arg[-1] or "lua5.4"

  setup(function()
    emulator = Emulator.start()
    folder = os.tmpname()
    os.remove(folder)
    os.execute("mkdir '" .. folder .. "'")
  end)
  teardown(function()
    emulator:stop()
    os.execute("rm -rf '" .. folder .. "'")
  end)
  before_each(function()
    emulator:reset()
    client = emulator:client()
  end)

  ---@return string output, string errors, integer code
  local function run(words, environment)
    local command = "AGENTBAY_API_KEY=%s AGENTBAY_ENDPOINT=%s %s %s bin/agentbay %s 2>'%s' "
      .. '</dev/null; echo "code $?"'
    local errors_file = folder .. "/errors"
    local process = io.popen(
      command:format(
        emulator.api_key,
        emulator.url,
        environment or "",
        interpreter,
        words,
        errors_file
      )
    )
    local output, code = process:read("*a"):match("^(.-)code (%d+)\n$")
    process:close()
    local file = assert(io.open(errors_file))
    local errors = file:read("*a")
    file:close()
    return output, errors, tonumber(code)
  end

  ---Runs a command that must succeed without a word on standard error.
  local function out(words)
    local output, errors, code = run(words)
    assert.are.equal("", errors)
    assert.are.equal(0, code)
    return (output:gsub("\n$", ""))
  end

  it("makes, finds, lists, renames and deletes contexts", function()
    local id = out("context create 'my data'")
    assert.is_truthy(id:match("^SdkCtx%-%x+$"))
    assert.are.equal(id, out("context get 'my data'"))
    local listed = out("context list")
    assert.is_truthy(listed:match("^ID +STATE +LAST USED +NAME\n"))
    assert.is_truthy(listed:find(id .. "  available", 1, true))
    assert.are.equal("", out("context rename " .. id .. " other"))
    assert.are.equal("other", dkjson.decode(out("context list --json")).contexts[1].name)
    out("context delete " .. id)
    assert.are.same({}, dkjson.decode(out("--json context list")).contexts)
  end)

  it("uploads, lists, downloads, deletes and clears files", function()
    local id = out("context create files")
    local file = assert(io.open(folder .. "/in.txt", "w"))
    file:write("hello")
    file:close()
    assert.are.equal("5 B  /in.txt", out(("context upload %s %s/in.txt"):format(id, folder)))
    out(("context upload %s %s/in.txt /sub/b.txt"):format(id, folder))
    local listed = out("context files " .. id)
    assert.is_truthy(listed:find("/in.txt", 1, true))
    assert.is_truthy(listed:find("folder", 1, true))
    out(("context download %s /sub/b.txt %s/out.txt"):format(id, folder))
    file = assert(io.open(folder .. "/out.txt"))
    assert.are.equal("hello", file:read("*a"))
    file:close()
    out("context delete-file " .. id .. " /in.txt")
    out("context clear " .. id)
    assert.are.same({}, dkjson.decode(out("--json context files " .. id)).files)
  end)

  it("makes, lists and deletes sessions", function()
    local context = out("context create mounted")
    local id = out("session create --label a=b --label c=d --context " .. context .. ":/mnt/x")
    assert.is_truthy(id:match("^session%-"))
    assert.are.equal(id, out("session list --label a=b --label c=d"))
    assert.are.equal("", out("session list --label a=other"))
    assert.are.same({ a = "b", c = "d" }, client:get(id).session:get_labels().labels)
    out("session delete --sync " .. id)
    assert.are.equal("", out("session list"))
  end)

  it("shows transfers, and syncs the only session that is running", function()
    local context = out("context create synced")
    local session = out("session create --context " .. context .. ":/mnt/x")
    local info = out("info")
    assert.is_truthy(info:find(context .. "  download  Success  /mnt/x", 1, true), info)
    local synced = out("sync --mode upload --interval 20 --path /mnt/x --context " .. context)
    assert.is_truthy(synced:find("upload    Success", 1, true), synced)
    local json = dkjson.decode(out("info --json --task-type upload --session " .. session))
    assert.is_true(json.success)
    assert.are.equal(1, #json.context_status_data)
    assert.are.equal("upload", json.context_status_data[1].task_type)
  end)

  it("asks for the session where it can't be guessed", function()
    local _, errors, code = run("info")
    assert.are.equal(2, code)
    assert.are.equal("agentbay: --session is needed: no session is running\n", errors)
    client:create()
    local second = client:create().session.session_id
    _, errors, code = run("sync")
    assert.are.equal(2, code)
    assert.is_truthy(errors:find("several sessions are running", 1, true))
    _, _, code = run("info", "AGENTBAY_SESSION_ID=" .. second)
    assert.are.equal(0, code)
  end)

  describe("ends with", function()
    it("1 where the service refuses or the work fails", function()
      local output, errors, code = run("context get nobody")
      assert.are.equal(1, code)
      assert.are.equal("", output)
      assert.are.equal("agentbay: [Context.NotFound] The context is not found.\n", errors)
    end)

    it("1 and the failure on standard output with --json", function()
      local output, errors, code = run("context get nobody --json")
      assert.are.equal(1, code)
      assert.are.equal("", errors)
      local result = dkjson.decode(output)
      assert.is_false(result.success)
      assert.are.equal("Context.NotFound", result.error_code)
    end)

    it("2 for wrong usage and settings", function()
      for words, expected in pairs({
        [""] = "a command is required",
        ["frobnicate"] = "unknown command 'frobnicate'",
        ["context"] = "a command is required",
        ["context upload"] = "missing argument 'context'",
        ["context list --nonsense"] = "unknown option '--nonsense'",
        ["sync --mode sideways"] = "must be one of",
        ["session create --context nopath"] = "ID:PATH",
        ["session create --label nolabel"] = "NAME=VALUE",
        ["session list --status SLEEPING"] = "bad argument 'status'",
        ["--timeout soon context list"] = "a whole number from 1 on is expected",
        ["--endpoint http://example.com context list"] = "loopback",
        ["--log-level loud context list"] = "log_level",
      }) do
        local output, errors, code = run(words)
        assert.are.equal(2, code, words)
        assert.are.equal("", output)
        assert.is_truthy(errors:find(expected, 1, true), words .. ": " .. errors)
        assert.is_nil(errors:find(".lua:", 1, true), errors)
      end
    end)

    it("2 without a key", function()
      local _, errors, code = run("context list", "HOME=/ AGENTBAY_API_KEY=")
      assert.are.equal(2, code)
      assert.is_truthy(errors:find("no API key", 1, true))
    end)

    it("3 where the service can't be reached", function()
      local _, errors, code = run("--endpoint http://127.0.0.1:1 context list")
      assert.are.equal(3, code)
      assert.is_truthy(errors:find("Client.ConnectFailed", 1, true))
    end)

    it("4 when it is not done in time", function()
      emulator:fault({ action = "ListContexts", stall = "before", times = -1 })
      local _, errors, code = run("--timeout 200 context list")
      assert.are.equal(4, code)
      assert.is_truthy(errors:find("Client.Timeout", 1, true))
    end)
  end)

  it("says that a session exists whose contexts failed", function()
    local context = out("context create failing")
    emulator:transfers({ status = "Failed", error_message = "no space" })
    local _, errors, code = run("session create --context " .. context .. ":/mnt/x")
    assert.are.equal(1, code)
    local id = client:list().session_ids[1]
    assert.is_truthy(errors:find("session " .. id .. " exists all the same", 1, true))
    assert.is_truthy(errors:find("no space", 1, true))
  end)

  it("has help at every level, and a version", function()
    for _, words in ipairs({
      "",
      "context",
      "context list",
      "context get",
      "context create",
      "context rename",
      "context delete",
      "context clear",
      "context files",
      "context upload",
      "context download",
      "context delete-file",
      "session",
      "session create",
      "session list",
      "session delete",
      "info",
      "sync",
    }) do
      local help = out(words .. " --help")
      assert.is_truthy(help:find("Usage: agentbay " .. words, 1, true), words)
    end
    assert.are.equal("agentbay " .. require("agentbay")._VERSION, out("--version"))
  end)

  it("draws a bar on a terminal only", function()
    local can = os.execute("script -qec true /dev/null >/dev/null 2>&1 </dev/null")
    if can ~= true and can ~= 0 then
      pending("this machine gives no terminals")
      return
    end
    local id = out("context create bar")
    local command = 'script -qec "%s bin/agentbay context upload %s README.md" /dev/null </dev/null'
    local process = io.popen(
      ("AGENTBAY_API_KEY=%s AGENTBAY_ENDPOINT=%s "):format(emulator.api_key, emulator.url)
        .. command:format(interpreter, id)
    )
    local output = process:read("*a")
    process:close()
    assert.is_truthy(output:find("[##############################] 100%", 1, true), output)
  end)

  it("shows nothing from the service that a terminal would obey", function()
    emulator:answer("ListContexts", {
      Success = true,
      Data = { { Id = "SdkCtx-1", Name = "a\27[2Jb" } },
    })
    local output = out("context list")
    assert.is_nil(output:find("\27", 1, true))
  end)
end)
