local dkjson = require("dkjson")
local Emulator = require("spec.support.emulator")
local is_integer = require("spec.support.numbers").is_integer
local status = require("spec.support.status")

describe("session.context_manager:sync", function()
  local emulator, session, context_id

  setup(function()
    emulator = Emulator.start()
    session, context_id = emulator:session()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:control("DELETE", "faults")
    emulator:settings({ transfer_ms = 40, visible_after_ms = 0 })
    emulator:forget_requests()
  end)

  ---Answers the status checks of the next sync, each body for the given number of times.
  local function checks(...)
    for _, check in ipairs({ ... }) do
      emulator:answer("GetContextInfo", check.body or status.body(check), { times = check.times })
    end
  end

  local function sync(given)
    local arguments = { mode = "upload", retry_interval = 10 }
    for name, value in pairs(given or {}) do
      arguments[name] = value
    end
    return session.context_manager:sync(arguments)
  end

  local function write(name, text)
    local file = assert(io.open(emulator:session_folder(session) .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  it("uploads files and says how it went", function()
    write("a.txt", "content of a")
    local result = sync({ context_id = context_id, path = "/mnt/shared" })
    assert.is_true(result.success, result.error_message)
    assert.are.equal("", result.error_message)
    assert.is_truthy(result.request_id:match("%S"))
    assert.is_nil(result.error_code)
    assert.is_nil(result.http_status)
    assert.is_true(result.attempts >= 2)
    assert.is_true(is_integer(result.attempts))
    assert.is_true(is_integer(result.elapsed_ms))
    assert.is_true(result.elapsed_ms >= 40)
    local last = result.context_status_data[#result.context_status_data]
    assert.are.equal("upload", last.task_type)
    assert.are.equal("Success", last.status)
    local stored = assert(io.open(emulator.data .. "/contexts/" .. context_id .. "/files/a.txt"))
    assert.are.equal("content of a", stored:read("*a"))
    stored:close()
  end)

  it("downloads files into another session", function()
    write("b.txt", "content of b")
    assert.is_true(sync({}).success)
    local other = emulator:session()
    local name = emulator:session_folder(other) .. "/b.txt"
    os.remove(name)
    local result = other.context_manager:sync({ mode = "download", retry_interval = 10 })
    assert.is_true(result.success, result.error_message)
    local file = assert(io.open(name))
    assert.are.equal("content of b", file:read("*a"))
    file:close()
    other:delete()
  end)

  describe("on the wire", function()
    it("sends the key of SyncContext in the query and every keyword in the body", function()
      sync({ context_id = context_id, path = "/mnt/shared", mode = "download" })
      local request = emulator:requests("SyncContext")[1]
      assert.are.equal("Bearer " .. emulator.api_key, request.query.Authorization)
      assert.are.same({
        SessionId = session.session_id,
        ContextId = context_id,
        Path = "/mnt/shared",
        Mode = "download",
      }, request.form)
    end)

    it("asks for the status of the same context and path, of any type", function()
      sync({ context_id = context_id, path = "/mnt/shared" })
      assert.are.same({
        Authorization = "Bearer " .. emulator.api_key,
        SessionId = session.session_id,
        ContextId = context_id,
        Path = "/mnt/shared",
      }, emulator:requests("GetContextInfo")[1].form)
    end)

    it("leaves out what isn't given", function()
      session.context_manager:sync({ retry_interval = 10 })
      local request = emulator:requests("SyncContext")[1]
      assert.are.same({ SessionId = session.session_id }, request.form)
    end)

    it("sends what is given alone", function()
      sync({ context_id = context_id })
      assert.are.equal(context_id, emulator:requests("SyncContext")[1].form.ContextId)
      assert.is_nil(emulator:requests("SyncContext")[1].form.Path)
    end)
  end)

  describe("has the verdict", function()
    local function running(members)
      return status.task(setmetatable({
        status = "Running",
        finishTime = 0,
        path = members and members.path,
      }, nil))
    end

    it("success once a running transfer has ended as Success", function()
      checks({ running() }, { running() }, { status.task() })
      local result = sync()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(3, result.attempts)
    end)

    it("SyncFailed with context, path and reason of every failed transfer", function()
      checks({ running() }, {
        status.task({ status = "Failed", errorMessage = "disk full" }),
        status.task({ path = "/mnt/b", status = "Failed", errorMessage = "no such file" }),
        status.task({ path = "/mnt/c" }),
      })
      local result = sync()
      assert.is_false(result.success)
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.are.equal(
        "upload of SdkCtx-1 at /mnt/shared: disk full; upload of SdkCtx-1 at /mnt/b: no such file",
        result.error_message
      )
      assert.are.equal(3, #result.context_status_data)
      assert.are.equal("disk full", result.context_status_data[1].error_message)
    end)

    it("none as long as one of several is running, though another failed", function()
      checks(
        { status.task({ status = "Failed" }), running({ path = "/mnt/b" }) },
        { status.task({ status = "Failed" }), status.task({ path = "/mnt/b" }) }
      )
      local result = sync()
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.are.equal(2, result.attempts)
    end)

    it("none on an unknown status, which counts as running", function()
      checks(
        { status.task({ status = "success" }) },
        { status.task({ status = "Pending" }) },
        { status.task() }
      )
      assert.are.equal(3, sync().attempts)
    end)

    it("success after two looks more when nothing is listed", function()
      checks({ times = 3, body = status.body({}) })
      local result = sync()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(3, result.attempts)
      assert.are.same({}, result.context_status_data)
    end)

    it("that of a transfer which is listed late", function()
      checks(
        { times = 2, body = status.body({}) },
        { running() },
        { status.task({ status = "Failed", errorMessage = "late" }) }
      )
      local result = sync()
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.is_truthy(result.error_message:find("late", 1, true))
    end)

    it("that of the new transfer beside an older finished one", function()
      local now = os.time()
      local old = status.task({
        status = "Failed",
        errorMessage = "old",
        startTime = now - 100,
        finishTime = now - 90,
      })
      checks({ old }, { old, running() }, { old, status.task() })
      local result = sync()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(3, result.attempts)
    end)

    it("success when only older transfers are listed: there was nothing to do", function()
      local old = status.task({ status = "Failed", finishTime = os.time() - 90 })
      checks({ times = 3, body = status.body({ old }) })
      local result = sync()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(3, result.attempts)
    end)

    it("that of transfers of its own type", function()
      checks({
        times = 1,
        body = status.body({
          status.task({ taskType = "download", status = "Failed" }),
          status.task(),
        }),
      })
      assert.is_true(sync({ mode = "upload" }).success)
    end)

    it("that of a real transfer which becomes visible late", function()
      -- A session of its own: transfers of earlier syncs may still be running in the other.
      local fresh = emulator:session()
      emulator:settings({ visible_after_ms = 150, transfer_ms = 100 })
      emulator:transfers({ times = 1, status = "Failed", error_message = "quota" })
      local result = fresh.context_manager:sync({ mode = "upload", retry_interval = 100 })
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.is_truthy(result.error_message:find("quota", 1, true))
    end)
  end)

  describe("when a status check fails", function()
    local passing = {
      { "an HTTP 503", { status = 503, body = "busy" } },
      { "throttling", { status = 400, body = '{"Code":"Throttling.User","Message":"slow"}' } },
      { "a body that isn't JSON", { status = 200, body = "nonsense" } },
      { "a malformed list", { status = 200, body = status.level2("nonsense") } },
      { "Success=false without a Code", { status = 200, body = '{"Success":false}' } },
      { "connections closed without an answer", { close = "before", times = 2 } },
      { "reset connections", { reset = "before", times = 2 } },
    }
    for _, case in ipairs(passing) do
      it("goes on after " .. case[1] .. ", which costs an attempt", function()
        local fault = { action = "GetContextInfo" }
        for name, value in pairs(case[2]) do
          fault[name] = value
        end
        emulator:fault(fault)
        checks({ status.task() })
        local result = sync()
        assert.is_true(result.success, result.error_message)
        assert.are.equal(2, result.attempts)
      end)
    end

    it("doesn't end as a success however often it fails", function()
      emulator:answer("GetContextInfo", '{"Success":false}', { times = -1 })
      local result = sync({ max_retries = 4 })
      assert.is_false(result.success)
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.is_truthy(result.error_message:find("the last status check failed", 1, true))
      assert.are.equal(4, result.attempts)
    end)

    for _, case in ipairs({
      { "InvalidMcpSession.NotFound", 400 },
      { "NOT_LOGIN", 400 },
      { "Forbidden", 403 },
    }) do
      it("ends at once with " .. case[1], function()
        checks({ status.task({ status = "Running" }) })
        emulator:fault({
          action = "GetContextInfo",
          times = -1,
          status = case[2],
          body = dkjson.encode({ RequestId = "R-9", Code = case[1], Message = "no" }),
        })
        local result = sync()
        assert.is_false(result.success)
        assert.are.equal(case[1], result.error_code)
        assert.are.equal("[" .. case[1] .. "] no", result.error_message)
        assert.are.equal(case[2], result.http_status)
        assert.are.equal(2, result.attempts)
      end)
    end
  end)

  describe("when it can't be started", function()
    it("tells the service's error and asks for no status", function()
      emulator:answer(
        "SyncContext",
        { RequestId = "R", Success = false, Code = "Busy", Message = "m" }
      )
      local result = sync()
      assert.are.same({
        success = false,
        request_id = "R",
        error_message = "[Busy] m",
        error_code = "Busy",
        http_status = 200,
        context_status_data = {},
        attempts = 0,
        elapsed_ms = result.elapsed_ms,
      }, result)
      assert.are.same({}, emulator:requests("GetContextInfo"))
    end)

    it("doesn't take an answer without Success for a start", function()
      emulator:answer("SyncContext", { RequestId = "R" })
      local result = sync()
      assert.are.equal("Client.MalformedResponse", result.error_code)
      assert.are.same({}, emulator:requests("GetContextInfo"))
    end)

    it("tells of a context that isn't mounted", function()
      local result = sync({ context_id = "SdkCtx-0000000000000000" })
      assert.is_false(result.success)
      assert.are.equal("Context.NotFound", result.error_code)
    end)

    it("is not sent twice when its answer is lost", function()
      emulator:fault({ action = "SyncContext", close = "before", act = true })
      local result = sync()
      assert.is_false(result.success)
      assert.are.equal("Client.ReceiveFailed", result.error_code)
      assert.are.equal(1, #emulator:requests("SyncContext"))
    end)
  end)

  describe("keeps time", function()
    local function gaps()
      local times = {}
      for _, request in ipairs(emulator:requests("GetContextInfo")) do
        times[#times + 1] = request.time_ms
      end
      local between = {}
      for i = 2, #times do
        between[i - 1] = times[i] - times[i - 1]
      end
      return between
    end

    local function assert_gaps(expected)
      local seen = gaps()
      assert.are.equal(#expected, #seen)
      for i, gap in ipairs(expected) do
        -- The server's clock is whole milliseconds, and machines are slow at times.
        assert.is_true(seen[i] >= gap - 2 and seen[i] < gap + 80, "gap " .. i .. ": " .. seen[i])
      end
    end

    it("asks at once, then at the interval, at most max_retries times", function()
      emulator:transfers({ times = 1, transfer_ms = 60000 })
      local result = sync({ max_retries = 4, retry_interval = 100 })
      assert_gaps({ 100, 100, 100 })
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.are.equal(4, result.attempts)
      assert.is_true(result.elapsed_ms < 450, "no wait after the last check")
      assert.is_truthy(result.error_message:find("4 status checks", 1, true))
      local running = ("still running: upload of %s at /mnt/shared (Running)"):format(context_id)
      assert.is_truthy(result.error_message:find(running, 1, true), result.error_message)
      assert.are.equal("Running", result.context_status_data[#result.context_status_data].status)
    end)

    it("waits a tenth of the time elapsed with backoff = adaptive", function()
      emulator:settings({ transfer_ms = 60000 })
      sync({ max_retries = 6, retry_interval = 40, backoff = "adaptive" })
      local seen = emulator:requests("GetContextInfo")
      assert.are.equal(6, #seen)
      for n = 2, 6 do
        local waited = seen[n].time_ms - seen[n - 1].time_ms
        assert.is_true(waited >= 35 and waited < 150, waited)
      end
      assert.has_error(function()
        sync({ backoff = "clever" })
      end, "bad argument 'backoff' to 'sync' (number >= 1 or 'adaptive' expected, got 'clever')")
    end)

    it("grows the interval by backoff up to max_interval", function()
      emulator:answer(
        "GetContextInfo",
        status.body({ status.task({ status = "Running" }) }),
        { times = -1 }
      )
      sync({ max_retries = 5, retry_interval = 40, backoff = 2, max_interval = 100 })
      assert_gaps({ 40, 80, 100, 100 })
    end)

    it("looks again within 250 ms while nothing is listed", function()
      emulator:answer("GetContextInfo", status.body({}), { times = -1 })
      sync({ retry_interval = 5000 })
      assert_gaps({ 250, 250 })
    end)

    it("only starts the transfer with max_retries = 0", function()
      local result = sync({ max_retries = 0 })
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.are.equal(0, result.attempts)
      assert.are.equal(1, #emulator:requests("SyncContext"))
      assert.are.equal(0, #emulator:requests("GetContextInfo"))
    end)

    it("ends at its deadline between checks", function()
      emulator:answer(
        "GetContextInfo",
        status.body({ status.task({ status = "Running" }) }),
        { times = -1 }
      )
      local result = sync({ timeout_ms = 150, retry_interval = 60000 })
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.is_true(
        result.elapsed_ms >= 150 and result.elapsed_ms < 250,
        tostring(result.elapsed_ms)
      )
      assert.are.equal(1, result.attempts)
    end)

    it("ends at its deadline while a check is unanswered", function()
      emulator:fault({ action = "GetContextInfo", stall = "before" })
      local result = sync({ timeout_ms = 150 })
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.is_true(result.elapsed_ms < 250, tostring(result.elapsed_ms))
    end)

    it("ends at its deadline while the start is unanswered", function()
      emulator:fault({ action = "SyncContext", stall = "before" })
      local result = sync({ timeout_ms = 150 })
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.is_true(result.elapsed_ms < 250, tostring(result.elapsed_ms))
    end)

    it("has the documented defaults: 150 checks, 1500 ms apart", function()
      emulator:answer(
        "GetContextInfo",
        status.body({ status.task({ status = "Running" }) }),
        { times = -1 }
      )
      local operation = session.context_manager:sync_async({ mode = "upload" })
      operation:wait(1700)
      operation:cancel()
      assert_gaps({ 1500 })
    end)
  end)

  describe("in the background", function()
    it("calls on_complete once with the result, and on_progress after each check", function()
      local seen, progress = {}, {}
      checks({ status.task({ status = "Running" }) }, { status.task() })
      local operation = session.context_manager:sync_async({
        mode = "upload",
        retry_interval = 10,
        on_complete = function(result)
          seen[#seen + 1] = result
        end,
        on_progress = function(event)
          progress[#progress + 1] = event
        end,
      })
      assert.is_false(operation:done())
      assert.is_nil(operation:result())
      assert.are.same({}, seen)
      require("agentbay").run()
      assert.is_true(operation:done())
      assert.are.equal(1, #seen)
      assert.are.equal(operation:result(), seen[1])
      assert.is_true(seen[1].success)
      assert.are.equal(2, #progress)
      assert.are.equal(1, progress[1].attempt)
      assert.are.equal("Running", progress[1].context_status_data[1].status)
      assert.are.equal(2, progress[2].attempt)
      assert.is_true(progress[2].elapsed_ms >= progress[1].elapsed_ms)
    end)

    it("ends with Client.Cancelled when cancelled, and is quiet then", function()
      emulator:answer(
        "GetContextInfo",
        status.body({ status.task({ status = "Running" }) }),
        { times = -1 }
      )
      local calls = 0
      local operation = session.context_manager:sync_async({
        mode = "upload",
        retry_interval = 20,
        on_complete = function()
          calls = calls + 1
        end,
      })
      assert.is_nil((operation:wait(60)))
      assert.is_true(operation:cancel())
      assert.is_false(operation:cancel())
      local result = operation:wait()
      assert.are.equal("Client.Cancelled", result.error_code)
      assert.are.equal("Running", result.context_status_data[1].status)
      assert.is_true(result.attempts >= 2)
      emulator:forget_requests()
      require("agentbay").step(100)
      assert.are.equal(1, calls)
      assert.are.same({}, emulator:requests("GetContextInfo"))
    end)

    it("runs several syncs at once", function()
      emulator:settings({ transfer_ms = 200 })
      local sessions, operations = {}, {}
      for i = 1, 5 do
        sessions[i] = emulator:session()
      end
      emulator:forget_requests()
      for i = 1, 5 do
        operations[i] = sessions[i].context_manager:sync_async({ retry_interval = 20 })
      end
      require("agentbay").run()
      for i = 1, 5 do
        assert.is_true(operations[i]:result().success)
        assert.is_true(operations[i]:result().elapsed_ms < 900)
        sessions[i]:delete_async({ wait = false })
      end
      require("agentbay").run()
    end)
  end)
end)
