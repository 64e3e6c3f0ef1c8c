local Emulator = require("spec.support.emulator")
local Hostile = require("spec.support.hostile")
local agentbay = require("agentbay")
local core = require("agentbay.core")

describe("when the network or the server misbehaves", function()
  local emulator, client, session

  setup(function()
    emulator = Emulator.start()
    client = emulator:client({ timeout_ms = 300, max_response_bytes = 20000, retry = false })
    session = client:create().session
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:control("DELETE", "faults")
  end)

  local function info(fault)
    if fault then
      fault.action = "GetContextInfo"
      emulator:fault(fault)
    end
    return session.context_manager:info()
  end

  local function assert_failure(result, code, words)
    assert.is_false(result.success)
    assert.are.equal(code, result.error_code)
    assert.is_truthy(result.error_message:find(words, 1, true), result.error_message)
    assert.is_nil(result.error_message:find(emulator.api_key, 1, true))
  end

  it("says ConnectFailed when nobody listens", function()
    local nobody = emulator:client({ endpoint = "http://127.0.0.1:1" })
    local result = nobody:get("session-x")
    assert_failure(result, "Client.ConnectFailed", "127.0.0.1 port 1")
    assert.are.equal(0, result.http_status)
    assert.are.equal("", result.request_id)
  end)

  it("says ResolveFailed for a name that doesn't exist", function()
    local nowhere = emulator:client({ endpoint = "nowhere.invalid" })
    assert_failure(nowhere:get("session-x"), "Client.ResolveFailed", "nowhere.invalid")
  end)

  it("says ReceiveFailed when the connection is closed without an answer", function()
    assert_failure(info({ close = "before" }), "Client.ReceiveFailed", "connection")
  end)

  it("survives a kept connection that turns out dead", function()
    local repeating = emulator:client():get(session.session_id).session
    emulator:fault({ action = "GetContextInfo", close = "before" })
    local result = repeating.context_manager:info()
    assert.is_true(result.success, result.error_message)
    assert.are.equal(1, result.attempts) -- libcurl noticed it, and took another connection
  end)

  it("says ReceiveFailed when the connection is reset", function()
    assert_failure(info({ reset = "before" }), "Client.ReceiveFailed", "connection")
    assert_failure(info({ reset = "body" }), "Client.ReceiveFailed", "connection")
  end)

  it("says ReceiveFailed when the body is cut", function()
    assert_failure(info({ truncate_at = 10 }), "Client.ReceiveFailed", "whole answer")
  end)

  for _, stage in ipairs({ "before", "headers", "body" }) do
    it("says Timeout when the answer stalls: " .. stage, function()
      local operation = session.context_manager:info_async()
      operation:cancel()
      local started = os.time()
      assert_failure(info({ stall = stage }), "Client.Timeout", "300 ms")
      assert.is_true(os.time() - started <= 2)
    end)
  end

  it("bounds the whole exchange, however the answer drips", function()
    local result = info({ chunk_bytes = 1, chunk_delay_ms = 50 })
    assert_failure(result, "Client.Timeout", "the answer had begun")
  end)

  it("takes an answer that comes in small pieces in time", function()
    assert.is_true(info({ chunk_bytes = 40, chunk_delay_ms = 5 }).success)
  end)

  it("doesn't let an earlier answer's time count against the next", function()
    assert.is_true(info({ delay_ms = 200 }).success)
    assert.is_true(info({ delay_ms = 200 }).success)
  end)

  it("says ResponseTooLarge for a body over the limit", function()
    local result = info({ status = 200, body = (" "):rep(20001) })
    assert_failure(result, "Client.ResponseTooLarge", "20000 bytes")
  end)

  it("takes a body of exactly the limit", function()
    local text = '{"Success":true,"Data":{"ContextStatus":"[]"}}'
    assert.is_true(info({ status = 200, body = text .. (" "):rep(20000 - #text) }).success)
  end)

  it("works on after each of these", function()
    info({ reset = "before" })
    info({ stall = "body" })
    assert.is_true(info().success)
  end)

  it("doesn't hold up other requests while one stalls", function()
    emulator:fault({ action = "GetContextInfo", stall = "before" })
    local stalled = session.context_manager:info_async()
    stalled:wait(50)
    assert.is_true(info().success)
    assert.is_false(stalled:done())
    stalled:cancel()
  end)

  it("keeps to max_connections, and serves those in line in their order", function()
    local narrow = emulator:client({ max_connections = 2 })
    local other = narrow:get(session.session_id).session
    emulator:forget_requests()
    local order, operations = {}, {}
    for i = 1, 8 do
      operations[i] = other.context_manager:info_async({
        context_id = "SdkCtx-" .. i,
        on_complete = function(result)
          order[#order + 1] = result.success
        end,
      })
    end
    agentbay.run()
    for i = 1, 8 do
      assert.is_true(operations[i]:result().success)
    end
    local connections, count = {}, 0
    local requests = emulator:requests("GetContextInfo")
    for i, request in ipairs(requests) do
      if not connections[request.connection] then
        connections[request.connection] = true
        count = count + 1
      end
      assert.is_true(math.abs(tonumber(request.form.ContextId:match("%d+$")) - i) <= 1)
    end
    assert.are.equal(8, #requests)
    assert.are.equal(8, #order)
    assert.is_true(count <= 2)
  end)

  describe("with many requests at once", function()
    local function infos(manager, count)
      local operations = {}
      for i = 1, count do
        operations[i] = manager:info_async()
      end
      agentbay.run()
      local connections, open = {}, 0
      for _, operation in ipairs(operations) do
        assert.is_true(operation:result().success, operation:result().error_message)
      end
      for _, request in ipairs(emulator:requests("GetContextInfo")) do
        open = open + (connections[request.connection] and 0 or 1)
        connections[request.connection] = true
      end
      return open
    end

    it("opens a connection for each that would have to wait", function()
      local other = emulator:client():get(session.session_id).session
      emulator:forget_requests()
      emulator:fault({ action = "GetContextInfo", delay_ms = 300, times = -1 })
      local started = core.now_ms()
      assert.are.equal(10, infos(other.context_manager, 10))
      assert.is_true(core.now_ms() - started < 900)
    end)

    it("makes do with fewer connections where answers come at once", function()
      local other = emulator:client():get(session.session_id).session
      emulator:forget_requests()
      assert.is_true(infos(other.context_manager, 200) < 64)
    end)

    it("lets them follow the first one soon, though it gets no connection", function()
      local silent = Hostile.start()
      local client_of_silent = agentbay.new({
        endpoint = "https://127.0.0.1:" .. silent.ports.mute,
        api_key = emulator.api_key,
        timeout_ms = 500,
        retry = false,
      })
      local started, operations = core.now_ms(), {}
      for i = 1, 5 do
        operations[i] = client_of_silent:get_async("session-" .. i)
      end
      agentbay.run()
      assert.is_true(core.now_ms() - started < 1500)
      for _, operation in ipairs(operations) do
        assert.are.equal("Client.Timeout", operation:result().error_code)
      end
      silent:stop()
    end)
  end)
end)
