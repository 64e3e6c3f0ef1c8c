local Emulator = require("spec.support.emulator")

describe("agentbay", function()
  local agentbay = require("agentbay")

  it("sets no globals and names its version", function()
    local before = {}
    for name in pairs(_G) do
      before[name] = true
    end
    local loaded = {}
    for name, module in pairs(package.loaded) do
      if name:match("^agentbay") then
        loaded[name] = module
        package.loaded[name] = nil
      end
    end
    local fresh = require("agentbay")
    for name, module in pairs(loaded) do
      package.loaded[name] = module
    end
    for name in pairs(_G) do
      assert.is_true(before[name], name)
    end
    assert.are.equal("string", type(fresh._VERSION))
  end)

  local function message_of(...)
    local ok, message = pcall(...)
    assert.is_false(ok)
    return message
  end

  it("needs an API key and says how to give one", function()
    local message = message_of(agentbay.new, { env_file = "/dev/null", api_key = "" })
    assert.is_truthy(message:find("AGENTBAY_API_KEY", 1, true), message)
  end)

  it("refuses http to another host", function()
    local message = message_of(agentbay.new, { api_key = "akm-1", endpoint = "http://example.com" })
    assert.is_truthy(message:find("http", 1, true), message)
    assert.is_nil(message:find("akm-1", 1, true))
    assert(
      agentbay.new({ api_key = "akm-1", endpoint = "http://example.com", allow_insecure = true })
    )
    assert(agentbay.new({ api_key = "akm-1", endpoint = "http://127.0.0.1:8480" }))
    assert(agentbay.new({ api_key = "akm-1", endpoint = "http://localhost" }))
  end)

  it("names an argument that is wrong, at the caller's line", function()
    local client = agentbay.new({ api_key = "akm-1" })
    local session = require("agentbay.session").new(client, "session-1")
    local manager = session.context_manager
    local cases = {
      {
        function()
          manager:sync({ max_retries = "5" })
        end,
        "bad argument 'max_retries' to 'sync' (integer >= 0 expected, got string)",
      },
      {
        function()
          manager:info({ contextid = "x" })
        end,
        "unknown argument 'contextid' to 'info' (did you mean 'context_id'?)",
      },
      {
        function()
          manager:info({ task_type = "uplaod" })
        end,
        "bad argument 'task_type' to 'info'",
      },
      {
        function()
          manager:sync({ retry_interval = -1 })
        end,
        "bad argument 'retry_interval' to 'sync'",
      },
      {
        function()
          manager:sync({ backoff = 0.5 })
        end,
        "bad argument 'backoff' to 'sync'",
      },
      {
        function()
          manager:sync_async({ on_complete = 1 })
        end,
        "bad argument 'on_complete' to 'sync_async'",
      },
      {
        function()
          manager.info({})
        end,
        "bad self to 'info'",
      },
      {
        function()
          manager:info("ctx")
        end,
        "bad argument #1 to 'info'",
      },
      {
        function()
          client:create({ context_syncs = { { path = "/mnt" } } })
        end,
        "context_syncs[1].context_id",
      },
      {
        function()
          client:create({ labels = { a = 1 } })
        end,
        "bad argument 'labels",
      },
      {
        function()
          client:get()
        end,
        "bad argument 'session_id' to 'get'",
      },
      {
        function()
          client:delete()
        end,
        "bad argument 'session' to 'delete'",
      },
      {
        function()
          client:delete(42)
        end,
        "bad argument 'session' to 'delete'",
      },
      {
        function()
          session:delete({ waits = false })
        end,
        "unknown argument 'waits' to 'delete' (did you mean 'wait'?)",
      },
      {
        function()
          agentbay.new({ timeout_ms = 0 })
        end,
        "bad argument 'timeout_ms' to 'new'",
      },
      {
        function()
          agentbay.new({ api_key = 7 })
        end,
        "bad argument 'api_key' to 'new'",
      },
    }
    for _, case in ipairs(cases) do
      local message = message_of(case[1])
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_truthy(message:find("client_spec.lua:%d+: "), message)
    end
  end)

  describe("client:close", function()
    local emulator

    setup(function()
      emulator = Emulator.start()
    end)
    teardown(function()
      emulator:stop()
    end)

    it("ends what is under way with Client.Closed, and later calls raise", function()
      local client = emulator:client()
      local session = client:create().session
      emulator:fault({ action = "GetContextInfo", stall = "before" })
      local operation = session.context_manager:info_async()
      operation:wait(30)
      client:close()
      client:close()
      assert.are.equal("Client.Closed", operation:wait().error_code)
      local message = message_of(function()
        session.context_manager:info()
      end)
      assert.is_truthy(message:find("closed", 1, true), message)
    end)

    it("leaves other clients alone", function()
      local one, other = emulator:client(), emulator:client()
      one:close()
      assert.is_true(other:create().success)
    end)

    it("happens at the end of a to-be-closed variable", function()
      local code = [[
        local client = ...
        do
          local closing <close> = client
        end
        return pcall(client.list, client)
      ]]
      if _VERSION == "Lua 5.4" then
        assert.is_false(load(code)(emulator:client()))
      end
    end)

    it("isn't needed: a client that is forgotten gives everything back", function()
      for _ = 1, 20 do
        assert.is_true(emulator:client():create().success)
      end
      collectgarbage()
      collectgarbage()
      assert.is_true(emulator:client():create().success)
    end)
  end)

  describe("the loop", function()
    local emulator, session

    setup(function()
      emulator = Emulator.start()
      session = emulator:session()
    end)
    teardown(function()
      emulator:stop()
    end)

    it("leaves what takes longer than the step's budget to the next ones", function()
      local operations = {}
      for i = 1, 50 do
        operations[i] = session.context_manager:info_async()
      end
      local left
      for _ = 1, 3 do
        left = agentbay.step(0, 0)
        assert.is_true(left > 0)
      end
      repeat
        left = agentbay.step(100, 50.5)
      until left == 0
      for _, operation in ipairs(operations) do
        assert.is_true(operation:done())
      end
      assert.has_error(function()
        agentbay.step(0, "long")
      end)
    end)

    -- What a finalizer can reach outlives it: if that were all that a call leaves behind, each round
    -- of the collector would wait for more memory than the last one.
    it("leaves nearly all that a call took to the collector's first round", function()
      local CALLS = 200
      collectgarbage()
      collectgarbage()
      collectgarbage("stop")
      for _ = 1, CALLS do
        session.context_manager:info_async()
      end
      agentbay.run()
      local made = collectgarbage("count")
      collectgarbage("restart")
      collectgarbage()
      local after_first = collectgarbage("count")
      collectgarbage()
      local after_second = collectgarbage("count")
      local kept, all = after_first - after_second, made - after_second
      assert.is_true(kept < all / 5, ("%.0f kB of %.0f kB were kept"):format(kept, all))
    end)

    it("never waits in step() and counts what is under way", function()
      emulator:fault({ action = "GetContextInfo", delay_ms = 100 })
      local operation = session.context_manager:info_async()
      local steps = 0
      while not operation:done() do
        assert.is_true(agentbay.step() <= 1)
        steps = steps + 1
      end
      assert.is_true(steps > 50, "steps: " .. steps)
      assert.are.equal(0, agentbay.step())
    end)

    it("waits at most the given time", function()
      emulator:fault({ action = "GetContextInfo", delay_ms = 150 })
      local operation = session.context_manager:info_async()
      local result, reason = operation:wait(20)
      assert.is_nil(result)
      assert.are.equal("timeout", reason)
      assert.is_true(operation:wait().success)
    end)

    it("raises a callback's error from step after all others have run", function()
      local ran = {}
      for i = 1, 3 do
        session.context_manager:info_async({
          on_complete = function()
            ran[#ran + 1] = i
            if i ~= 2 then
              error("oops " .. i)
            end
          end,
        })
      end
      local messages = {}
      repeat
        local ok, message = pcall(agentbay.run)
        if not ok then
          messages[#messages + 1] = message
        end
      until ok
      assert.are.equal(3, #ran)
      assert.are.equal(2, #messages)
      for _, message in ipairs(messages) do
        assert.is_truthy(message:match("client_spec.lua:%d+: oops"))
      end
      assert.is_true(session.context_manager:info().success)
    end)

    it("allows every call from inside a callback", function()
      local inner
      session.context_manager:info_async({
        on_complete = function()
          inner = session.context_manager:info()
          local operation = session.context_manager:info_async()
          operation:cancel()
        end,
      })
      agentbay.run()
      assert.is_true(inner.success)
    end)

    it("allows a client to be closed from inside a callback of its own", function()
      local other = emulator:client()
      local codes = {}
      for i = 1, 3 do
        other:get_async("session-none", {
          on_complete = function(result)
            codes[i] = result.error_code
            other:close()
          end,
        })
      end
      agentbay.run()
      local answered = 0
      for i = 1, 3 do
        answered = answered + (codes[i] == "InvalidMcpSession.NotFound" and 1 or 0)
        assert.is_truthy(codes[i] == "InvalidMcpSession.NotFound" or codes[i] == "Client.Closed")
      end
      assert.is_true(answered >= 1)
      assert.is_true(session.context_manager:info().success)
    end)

    it("delivers though the operation itself was forgotten", function()
      local seen
      session.context_manager:info_async({
        on_complete = function(result)
          seen = result
        end,
      })
      collectgarbage()
      collectgarbage()
      agentbay.run()
      assert.is_true(seen.success)
    end)

    it("refuses a time that makes no sense", function()
      local operation = session.context_manager:info_async()
      assert.is_false(pcall(operation.wait, operation, -1))
      assert.is_false(pcall(operation.wait, operation, "soon"))
      assert.is_true(operation:wait().success)
    end)
  end)
end)
