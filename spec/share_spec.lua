local Emulator = require("spec.support.emulator")

describe("several syncs of one session", function()
  local emulator, client, session, ids

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
  end)

  ---A session with some contexts, each at /mnt/<its number>.
  local function session_with(count, options)
    client = emulator:client(options)
    ids = {}
    local syncs = {}
    for i = 1, count do
      ids[i] = client.context:create("context " .. i).context_id
      syncs[i] = { context_id = ids[i], path = "/mnt/" .. i }
    end
    session = client:create({ context_syncs = syncs, wait = false }).session
    os.execute("sleep 0.1")
    emulator:forget_requests()
  end

  ---Starts a sync of each context; gives the operations.
  local function start(count, more)
    local operations = {}
    for i = 1, count do
      local given = {
        context_id = ids[i],
        path = "/mnt/" .. i,
        mode = "upload",
        retry_interval = 100,
      }
      for name, value in pairs(more or {}) do
        given[name] = value
      end
      operations[i] = session.context_manager:sync_async(given)
    end
    return operations
  end

  local function results_of(operations)
    local results = {}
    for i, operation in ipairs(operations) do
      results[i] = operation:wait(20000)
    end
    return results
  end

  it("share their status checks, without filters", function()
    session_with(10)
    emulator:settings({ transfer_ms = 400 })
    local results = results_of(start(10))
    for i, result in ipairs(results) do
      assert.is_true(result.success, result.error_message)
      assert.are.equal(2, #result.context_status_data) -- the first download, and this upload
      assert.are.equal(ids[i], result.context_status_data[1].context_id)
      assert.are.equal(ids[i], result.context_status_data[2].context_id)
    end
    local checks = emulator:requests("GetContextInfo")
    assert.is_true(#checks <= 16, #checks)
    assert.are.equal(10, #emulator:requests("SyncContext"))
    assert.are.same({
      Authorization = "Bearer " .. emulator.api_key,
      SessionId = session.session_id,
    }, checks[#checks].form)
  end)

  it("each come to the verdict on their own transfers", function()
    session_with(3)
    emulator:transfers({
      context_id = ids[2],
      status = "Failed",
      error_message = "no space",
      transfer_ms = 250,
    })
    emulator:settings({ transfer_ms = 250 })
    local results = results_of(start(3))
    assert.is_true(results[1].success, results[1].error_message)
    assert.are.equal("Client.SyncFailed", results[2].error_code)
    assert.is_truthy(results[2].error_message:find("no space", 1, true))
    assert.is_nil(results[2].error_message:find(ids[1], 1, true))
    assert.is_true(results[3].success, results[3].error_message)
  end)

  it("keep their own attempts, intervals and deadlines", function()
    session_with(3)
    emulator:settings({ transfer_ms = 60000 })
    local started = require("agentbay.core").now_ms()
    local operations = {}
    for i, given in ipairs({
      { max_retries = 3, retry_interval = 100 },
      { max_retries = 2, retry_interval = 400 },
      { max_retries = 100, retry_interval = 150, timeout_ms = 500 },
    }) do
      given.context_id, given.path, given.mode = ids[i], "/mnt/" .. i, "upload"
      operations[i] = session.context_manager:sync_async(given)
    end
    local results = results_of(operations)
    assert.are.same({ 3, 2 }, { results[1].attempts, results[2].attempts })
    for _, result in ipairs(results) do
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.is_truthy(result.error_message:find("still running", 1, true), result.error_message)
    end
    assert.is_true(results[3].elapsed_ms >= 495 and results[3].elapsed_ms < 900)
    assert.is_true(require("agentbay.core").now_ms() - started < 3000)
  end)

  it("tell progress each of its own", function()
    session_with(2)
    emulator:settings({ transfer_ms = 300 })
    local seen = {}
    results_of(start(2, {
      on_progress = function(progress)
        for _, status in ipairs(progress.context_status_data) do
          assert.are.equal(progress.context_status_data[1].context_id, status.context_id)
          seen[#seen + 1] = status.context_id
        end
      end,
    }))
    assert.is_true(#seen >= 4)
  end)

  it("go on when the one that asked for all is cancelled", function()
    session_with(3)
    emulator:settings({ transfer_ms = 300 })
    local operations = start(3)
    operations[1]:wait(150)
    emulator:fault({ action = "GetContextInfo", delay_ms = 400, times = 1 })
    operations[1]:wait(120)
    assert.is_true(operations[1]:cancel())
    local results = results_of({ operations[2], operations[3] })
    assert.is_true(results[1].success, results[1].error_message)
    assert.is_true(results[2].success, results[2].error_message)
  end)

  it("each count a check that fails", function()
    session_with(3)
    emulator:settings({ transfer_ms = 60000 })
    emulator:fault({ action = "GetContextInfo", status = 503, body = "{}", times = -1 })
    for _, result in ipairs(results_of(start(3, { max_retries = 3, retry_interval = 30 }))) do
      assert.are.equal("Client.SyncTimeout", result.error_code)
      assert.are.equal(3, result.attempts)
      assert.is_truthy(result.error_message:find("HTTP status 503", 1, true), result.error_message)
    end
    assert.is_true(#emulator:requests("GetContextInfo") <= 7)
  end)

  it("all end when the session is gone", function()
    session_with(3)
    emulator:settings({ transfer_ms = 60000 })
    local operations = start(3)
    operations[1]:wait(150)
    session:delete({ wait = false })
    emulator:settings({ delete_ms = 1 })
    emulator:answer(
      "GetContextInfo",
      { Code = "InvalidMcpSession.NotFound", Message = "gone" },
      { status = 400, times = -1 }
    )
    for _, result in ipairs(results_of(operations)) do
      assert.are.equal("InvalidMcpSession.NotFound", result.error_code)
    end
  end)

  it("all end with their client", function()
    session_with(5)
    emulator:settings({ transfer_ms = 60000 })
    local operations = start(5)
    operations[1]:wait(150)
    client:close()
    for _, result in ipairs(results_of(operations)) do
      assert.are.equal("Client.Closed", result.error_code)
    end
  end)

  it("ask each for itself with share_checks = false", function()
    session_with(4, { share_checks = false })
    emulator:settings({ transfer_ms = 250 })
    results_of(start(4))
    local checks = emulator:requests("GetContextInfo")
    assert.is_true(#checks >= 12)
    for _, check in ipairs(checks) do
      assert.is_truthy(check.form.ContextId)
    end
  end)

  it("a lone one sends its filters, as the official SDK does", function()
    session_with(2)
    results_of(start(1))
    for _, check in ipairs(emulator:requests("GetContextInfo")) do
      assert.are.equal(ids[1], check.form.ContextId)
      assert.are.equal("/mnt/1", check.form.Path)
    end
  end)

  it("of different sessions share nothing", function()
    session_with(1)
    local first = session
    session_with(1)
    emulator:forget_requests()
    local operations = {}
    for i, each in ipairs({ first, session }) do
      operations[i] = each.context_manager:sync_async({ mode = "upload", retry_interval = 50 })
    end
    for _, result in ipairs(results_of(operations)) do
      assert.is_true(result.success, result.error_message)
    end
    local seen = {}
    for _, check in ipairs(emulator:requests("GetContextInfo")) do
      seen[check.form.SessionId] = true
    end
    assert.is_true(seen[first.session_id] and seen[session.session_id])
  end)
end)
