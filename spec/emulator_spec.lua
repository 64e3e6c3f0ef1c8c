local dkjson = require("dkjson")
local http_request = require("http.request")
local lfs = require("lfs")
local Emulator = require("spec.support.emulator")

describe("the emulator", function()
  local emulator

  setup(function()
    emulator = Emulator.start({ transfer_ms = 10, delete_ms = 10 })
  end)
  teardown(function()
    emulator:stop()
  end)

  ---Sends a request as it is written here; gives the status and the decoded answer.
  local function send(target, body, chunked)
    local request = http_request.new_from_uri(emulator.url .. "/")
    request.headers:upsert(":path", target)
    request.headers:upsert(":method", "POST")
    request.headers:upsert("content-type", "application/x-www-form-urlencoded")
    request.headers:delete("expect")
    if chunked then
      local sent = false
      request.body = function()
        if not sent then
          sent = true
          return body
        end
      end
      request.headers:upsert("transfer-encoding", "chunked")
    else
      request:set_body(body)
    end
    local headers, stream = assert(request:go(10))
    local text = assert(stream:get_body_as_string(10))
    return tonumber(headers:get(":status")), dkjson.decode(text), headers
  end

  local function act(action, values)
    local parts = { "Authorization=Bearer+" .. emulator.api_key }
    for name, value in pairs(values or {}) do
      parts[#parts + 1] = name
        .. "="
        .. value:gsub("[^%w]", function(byte)
          return ("%%%02X"):format(byte:byte())
        end)
    end
    local _, answer = send("/?Action=" .. action, table.concat(parts, "&"))
    return answer
  end

  local function new_context(name)
    return act("GetContext", { Name = name, AllowCreate = "true" }).Data.Id
  end

  local function new_session(mounts)
    return act("CreateMcpSession", { PersistenceDataList = dkjson.encode(mounts) })
  end

  local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end

  local function read(path)
    local file = io.open(path, "rb")
    local text = file and file:read("*a")
    if file then
      file:close()
    end
    return text
  end

  ---Waits until no transfer of the session is running any more.
  local function settle(session_id)
    for _ = 1, 200 do
      local answer = act("GetContextInfo", { SessionId = session_id })
      if not answer.Data.ContextStatus:find("Running", 1, true) then
        return answer.Data.ContextStatus
      end
    end
    error("transfers go on for ever")
  end

  describe("reads requests as every official SDK writes them:", function()
    local key = "Authorization=Bearer%20akm-spec-0123456789"
    local plus_key = "Authorization=Bearer+akm-spec-0123456789"
    for _, case in ipairs({
      { "everything in the body", "/?Action=GetContext", key .. "&AllowCreate=true&Name=n" },
      { "everything in the query", "/?AllowCreate=true&Name=n&Action=GetContext&" .. key, "" },
      { "blanks as plus signs", "/?Action=GetContext", plus_key .. "&AllowCreate=true&Name=n" },
      {
        "booleans as Python writes them",
        "/?Action=GetContext",
        key .. "&AllowCreate=True&Name=n",
      },
      {
        "bare colons in the time",
        "/?Action=GetContext&Timestamp=2026-11-23T14:16:22Z",
        key .. "&AllowCreate=true&Name=n",
      },
      { "a slash more in front", "//?Action=GetContext", key .. "&AllowCreate=true&Name=n" },
      { "a chunked body", "/?Action=GetContext", key .. "&AllowCreate=true&Name=n", true },
    }) do
      it(case[1], function()
        local status, answer = send(case[2], case[3], case[4])
        assert.are.equal(200, status)
        assert.is_true(answer.Success, answer.Message)
        assert.are.equal("n", answer.Data.Name)
      end)
    end
  end)

  it("answers with an envelope, a date and a new request id", function()
    local status, answer, headers =
      send("/?Action=ListContexts&Authorization=Bearer+" .. emulator.api_key, "")
    assert.are.equal(200, status)
    assert.are.equal("application/json", headers:get("content-type"))
    assert.is_truthy(headers:get("date"):match("^%a+, %d%d %a+ %d+ %d%d:%d%d:%d%d GMT$"))
    assert.are.equal(200, answer.HttpStatusCode)
    assert.are.equal("ok", answer.Code)
    assert.is_true(answer.Success)
    assert.are_not.equal(answer.RequestId, act("ListContexts").RequestId)
  end)

  it("refuses what the gateway refuses", function()
    for _, case in ipairs({
      {
        "/?Action=NoSuchAction",
        "Authorization=Bearer+" .. emulator.api_key,
        404,
        "InvalidAction.NotFound",
      },
      { "/", "Authorization=Bearer+" .. emulator.api_key, 404, "InvalidAction.NotFound" },
      { "/?Action=ListContexts", "", 400, "NOT_LOGIN" },
      { "/?Action=ListContexts", "Authorization=Bearer+other", 400, "NOT_LOGIN" },
      {
        "/?Action=GetContextInfo",
        "Authorization=Bearer+" .. emulator.api_key,
        400,
        "MissingParameter",
      },
      {
        "/?Action=GetContextInfo&SessionId=session-x",
        "Authorization=Bearer+" .. emulator.api_key,
        400,
        "InvalidMcpSession.NotFound",
      },
    }) do
      local status, answer = send(case[1], case[2])
      assert.are.equal(case[3], status)
      assert.are.equal(case[4], answer.Code)
      assert.is_truthy(answer.HostId)
      assert.is_nil(answer.Success)
    end
  end)

  describe("keeps to its data folder", function()
    it("whatever the path of a mount is", function()
      local context = new_context("traversal")
      for _, path in ipairs({ "../../../escaped", "/a/../../../../escaped", "/..", "a\0b" }) do
        local answer = new_session({ { ContextId = context, Path = path } })
        assert.is_false(answer.Success)
        assert.are.equal("InvalidPath", answer.Code)
      end
      assert.is_nil(lfs.attributes(emulator.data .. "/../escaped"))
    end)

    it("whatever a symbolic link in a session's tree points to", function()
      local context = new_context("links")
      local session = new_session({ { ContextId = context, Path = "/mnt" } }).Data.SessionId
      settle(session)
      local outside = os.tmpname()
      write(outside, "not yours")
      local folder = emulator.data .. "/sessions/" .. session .. "/files/mnt"
      assert(lfs.link(outside, folder .. "/link.txt", true))
      write(folder .. "/plain.txt", "mine")
      act("SyncContext", { SessionId = session, Mode = "upload" })
      settle(session)
      local stored = emulator.data .. "/contexts/" .. context .. "/files"
      assert.are.equal("mine", read(stored .. "/plain.txt"))
      assert.is_nil(read(stored .. "/link.txt"))
      write(stored .. "/link.txt", "overwrites?")
      act("SyncContext", { SessionId = session, Mode = "download" })
      settle(session)
      assert.are.equal("not yours", read(outside))
      os.remove(outside)
    end)
  end)

  describe("moves files", function()
    local context, session, folder, stored

    before_each(function()
      emulator:reset()
      context = new_context("files")
      session = new_session({ { ContextId = context, Path = "/mnt" } }).Data.SessionId
      settle(session)
      folder = emulator.data .. "/sessions/" .. session .. "/files/mnt"
      stored = emulator.data .. "/contexts/" .. context .. "/files"
    end)

    it("with folders, and any bytes", function()
      local bytes = {}
      for i = 0, 255 do
        bytes[#bytes + 1] = string.char(i)
      end
      local text = table.concat(bytes):rep(3000)
      assert(lfs.mkdir(folder .. "/deep"))
      write(folder .. "/deep/all.bin", text)
      act("SyncContext", { SessionId = session, Mode = "upload" })
      settle(session)
      assert.are.equal(text, read(stored .. "/deep/all.bin"))
    end)

    it("and deletes from the context what a session deleted", function()
      write(stored .. "/old.txt", "old")
      act("SyncContext", { SessionId = session, Mode = "download" })
      settle(session)
      assert.are.equal("old", read(folder .. "/old.txt"))
      os.remove(folder .. "/old.txt")
      act("SyncContext", { SessionId = session, Mode = "upload" })
      settle(session)
      assert.is_nil(read(stored .. "/old.txt"))
    end)

    it("but deletes nothing where the policy says so", function()
      write(stored .. "/old.txt", "old")
      local policy = dkjson.encode({ deletePolicy = { syncLocalFile = false } })
      local mount = { ContextId = context, Path = "/mnt", Policy = policy }
      local careful = new_session({ mount }).Data.SessionId
      settle(careful)
      os.remove(emulator.data .. "/sessions/" .. careful .. "/files/mnt/old.txt")
      act("SyncContext", { SessionId = careful, Mode = "upload" })
      settle(careful)
      assert.are.equal("old", read(stored .. "/old.txt"))
    end)

    it("uploads when a session ends, unless the policy says no", function()
      write(folder .. "/kept.txt", "kept")
      act("DeleteSessionAsync", { SessionId = session })
      for _ = 1, 200 do
        if
          act("GetSessionDetail", { SessionId = session }).Code == "InvalidMcpSession.NotFound"
        then
          break
        end
      end
      assert.are.equal("kept", read(stored .. "/kept.txt"))
      assert.is_nil(lfs.attributes(emulator.data .. "/sessions/" .. session))
    end)

    it("has contexts that survive a restart", function()
      local data = os.tmpname()
      os.remove(data)
      local first = Emulator.start({ data = data })
      local made = first:client().context:get({ name = "lasting", create = true })
      write(data .. "/contexts/" .. made.context_id .. "/files/a.txt", "lasting")
      first:stop()
      local second = Emulator.start({ data = data })
      local found = second:client().context:get({ name = "lasting" })
      assert.are.same(made.context, found.context)
      local created = second:client():create({
        context_syncs = { { context_id = found.context_id, path = "/mnt/shared" } },
      })
      assert.are.equal("lasting", read(second:session_folder(created.session) .. "/a.txt"))
      second:stop()
      os.execute("rm -rf '" .. data .. "'")
    end)
  end)

  it("doesn't answer its control endpoints when it listens to others", function()
    local open = Emulator.start({ host = "0.0.0.0" })
    local request =
      http_request.new_from_uri(("http://127.0.0.1:%d/_emulator/health"):format(open.port))
    local headers = assert(request:go(10))
    assert.are.equal("404", headers:get(":status"))
    open:stop()
  end)

  it("says in one line why it can't start", function()
    for _, options in ipairs({ "--port " .. emulator.port, "--port x", "--tls-cert x.pem" }) do
      local command = "emulator/agentbay-emulator " .. options .. " 2>&1 </dev/null; echo status $?"
      local process = io.popen(command)
      local output = process:read("*a")
      process:close()
      assert.is_truthy(output:match("status [1-9]"), output)
      assert.is_nil(output:find("traceback", 1, true))
    end
  end)
end)
