local Emulator = require("spec.support.emulator")

-- What is repeated is decided in the core and tested there by tables; this is about requests that
-- are really sent, by the server's count and clock.
describe("a request that fails", function()
  local emulator, client

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
    client = emulator:client({ retry = { base_ms = 20 } })
  end)

  local function fault(action, what)
    what.action = action
    what.times = what.times or -1
    emulator:fault(what)
  end

  ---How often an action was received.
  local function received(action)
    return #emulator:requests(action)
  end

  it("is repeated until it succeeds, and says how often it was tried", function()
    fault("ListContexts", { status = 503, body = "{}", times = 2 })
    local result = client.context:list()
    assert.is_true(result.success, result.error_message)
    assert.are.equal(3, result.attempts)
    assert.are.equal(3, received("ListContexts"))
  end)

  it("is tried three times at most, and says so", function()
    fault("ListContexts", { status = 500, body = "{}" })
    local result = client.context:list()
    assert.is_false(result.success)
    assert.are.equal("Client.HttpStatus", result.error_code)
    assert.are.equal(3, result.attempts)
    assert.is_truthy(result.error_message:find("(3 attempts)", 1, true))
    assert.are.equal(3, received("ListContexts"))
  end)

  it("has a new nonce each time", function()
    fault("ListContexts", { status = 503, body = "{}", times = 2 })
    client.context:list()
    local seen = {}
    for _, request in ipairs(emulator:requests("ListContexts")) do
      assert.is_nil(seen[request.query.SignatureNonce])
      seen[request.query.SignatureNonce] = true
    end
  end)

  it("is not repeated with retry = false", function()
    client = emulator:client({ retry = false })
    fault("ListContexts", { status = 503, body = "{}" })
    local result = client.context:list()
    assert.are.equal(1, result.attempts)
    assert.are.equal(1, received("ListContexts"))
  end)

  it("is repeated as often as it was said", function()
    client = emulator:client({ retry = { max_attempts = 5, base_ms = 1 } })
    fault("ListContexts", { status = 503, body = "{}" })
    assert.are.equal(5, client.context:list().attempts)
  end)

  for name, what in pairs({
    ["the key is refused"] = { status = 403, body = '{"Code":"Forbidden","Message":"no"}' },
    ["the answer makes no sense"] = { body = "<html>" },
    ["the service refuses"] = { body = '{"Success":false,"Code":"No"}' },
  }) do
    it("is not repeated when " .. name, function()
      fault("ListContexts", what)
      assert.are.equal(1, client.context:list().attempts)
      assert.are.equal(1, received("ListContexts"))
    end)
  end

  for name, what in pairs({
    ["429"] = { status = 429, body = "{}" },
    ["throttling"] = { status = 400, body = '{"Code":"Throttling.User","Message":"slow down"}' },
    ["503"] = { status = 503, body = "{}" },
  }) do
    it("is repeated after " .. name .. " even if it changes something", function()
      what.times = 1
      fault("CreateMcpSession", what)
      local result = client:create()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(2, result.attempts)
      assert.are.equal(2, received("CreateMcpSession"))
      assert.are.equal(1, client:list().total_count)
    end)
  end

  for name, what in pairs({
    ["the answer is lost"] = { close = "before", act = true },
    ["the connection is reset"] = { reset = "before", act = true },
    ["the answer is cut"] = { truncate_at = 20, act = true },
    ["there is no answer"] = { stall = "before", act = true },
  }) do
    it("is never sent again when " .. name .. " and it makes a session", function()
      client = emulator:client({ retry = { base_ms = 1 }, timeout_ms = 300 })
      fault("CreateMcpSession", what)
      local result = client:create()
      assert.is_false(result.success)
      assert.is_nil(result.session)
      assert.are.equal(1, result.attempts)
      assert.is_truthy(result.error_message:find("may have arrived and was not repeated", 1, true))
      assert.is_truthy(result.error_message:find("a session may exist: see client:list", 1, true))
      assert.are.equal(1, received("CreateMcpSession"))
      assert.are.equal(1, client:list().total_count)
    end)
  end

  it("is repeated when nobody listened, whatever it changes", function()
    client = emulator:client({ endpoint = "http://127.0.0.1:1", retry = { base_ms = 1 } })
    local result = client:create()
    assert.are.equal("Client.ConnectFailed", result.error_code)
    assert.are.equal(3, result.attempts)
    assert.is_nil(result.error_message:find("may have arrived", 1, true))
  end)

  it("waits as long as Retry-After says", function()
    local headers = { ["retry-after"] = "1" }
    fault("ListContexts", { status = 503, body = "{}", headers = headers, times = 1 })
    assert.is_true(client.context:list().success)
    local requests = emulator:requests("ListContexts")
    local waited = requests[2].time_ms - requests[1].time_ms
    assert.is_true(waited >= 990 and waited < 3000, waited)
  end)

  it("waits as long as the headers of throttling say", function()
    local headers = { ["x-ratelimit-user-api"] = "Limit:10,TimeLeft:400" }
    fault("ListContexts", { status = 429, body = "{}", headers = headers, times = 1 })
    assert.is_true(client.context:list().success)
    local requests = emulator:requests("ListContexts")
    local waited = requests[2].time_ms - requests[1].time_ms
    assert.is_true(waited >= 390 and waited < 2000, waited)
  end)

  it("is not repeated when the service asks for more time than there is", function()
    client = emulator:client({ timeout_ms = 2000, retry = { base_ms = 1 } })
    local headers = { ["retry-after"] = "60" }
    fault("ListContexts", { status = 503, body = "{}", headers = headers })
    local result = client.context:list()
    assert.are.equal(1, result.attempts)
    assert.are.equal("Client.HttpStatus", result.error_code)
  end)

  it("takes no longer than timeout_ms with all its attempts", function()
    client = emulator:client({ timeout_ms = 400, retry = { base_ms = 1, max_attempts = 100 } })
    fault("ListContexts", { status = 503, body = "{}", delay_ms = 150 })
    local started = require("agentbay.core").now_ms()
    local result = client.context:list()
    local elapsed = require("agentbay.core").now_ms() - started
    assert.is_false(result.success)
    assert.is_true(elapsed >= 300 and elapsed <= 500, elapsed)
    assert.is_true(received("ListContexts") <= 4)
  end)

  it("can be cancelled while it waits to be repeated", function()
    client =
      emulator:client({ retry = { base_ms = 3600000, cap_ms = 3600000 }, timeout_ms = 7200000 })
    fault("ListContexts", { status = 503, body = "{}" })
    local operation = client.context:list_async()
    operation:wait(200)
    assert.is_false(operation:done())
    assert.is_true(operation:cancel())
    assert.are.equal("Client.Cancelled", operation:result().error_code)
    assert.are.equal(1, received("ListContexts"))
  end)

  it("does not storm a sick service, however many operations there are", function()
    client = emulator:client({ retry = { base_ms = 1 } })
    fault("ListContexts", { status = 503, body = "{}" })
    local operations = {}
    for i = 1, 200 do
      operations[i] = client.context:list_async()
    end
    for _, operation in ipairs(operations) do
      assert.is_false(operation:wait().success)
    end
    local count = received("ListContexts")
    assert.is_true(count >= 250 and count <= 300, count)
  end)

  describe("in a sync", function()
    it("is repeated if it starts the transfer and was turned away", function()
      local session = emulator:session(client)
      fault("SyncContext", { status = 503, body = "{}", times = 1 })
      local result = session.context_manager:sync({ mode = "upload", retry_interval = 20 })
      assert.is_true(result.success, result.error_message)
      assert.are.equal(2, received("SyncContext"))
    end)

    it("is not repeated if it starts the transfer and its answer is lost", function()
      local session = emulator:session(client)
      fault("SyncContext", { close = "before", act = true })
      local result = session.context_manager:sync({ mode = "upload", retry_interval = 20 })
      assert.are.equal("Client.ReceiveFailed", result.error_code)
      assert.is_truthy(result.error_message:find("may have arrived", 1, true))
      assert.are.equal(1, received("SyncContext"))
    end)

    it("costs one attempt and one interval if it is a status check", function()
      local session = emulator:session(client)
      emulator:settings({ transfer_ms = 200 })
      emulator:forget_requests()
      fault("GetContextInfo", { status = 503, body = "{}", times = 1 })
      local result = session.context_manager:sync({ mode = "upload", retry_interval = 100 })
      assert.is_true(result.success, result.error_message)
      local checks = emulator:requests("GetContextInfo")
      assert.are.equal(#checks, result.attempts)
      assert.is_true(checks[2].time_ms - checks[1].time_ms >= 95)
    end)
  end)

  describe("for a file", function()
    it("is repeated from the start, and the file comes whole", function()
      local name = os.tmpname()
      local file = assert(io.open(name, "wb"))
      local text = ("0123456789"):rep(100000)
      file:write(text)
      file:close()
      local id = client.context:create("repeated").context_id
      local given = { context_id = id, path = "/a", file = name }
      fault("StorePut", { status = 500, body = "", times = 1 })
      local up = client.context:upload_file(given)
      assert.is_true(up.success, up.error_message)
      assert.are.equal(2, up.attempts)
      assert.are.equal(#text, up.bytes)
      fault("StoreGet", { truncate_at = 5000, times = 2 })
      local down = client.context:download_file(given)
      assert.is_true(down.success, down.error_message)
      assert.are.equal(3, down.attempts)
      file = assert(io.open(name, "rb"))
      assert.is_true(file:read("*a") == text)
      file:close()
      os.remove(name)
    end)
  end)

  describe("the argument retry", function()
    for _, case in ipairs({
      { { max_attempts = 0 }, "retry.max_attempts" },
      { { attempts = 3 }, "retry.attempts" },
      { 3, "retry" },
    }) do
      it("is refused when it is wrong: " .. case[2], function()
        local ok, message = pcall(emulator.client, emulator, { retry = case[1] })
        assert.is_false(ok)
        assert.is_truthy(message:find("'" .. case[2] .. "' to 'new'", 1, true), message)
      end)
    end
  end)
end)
