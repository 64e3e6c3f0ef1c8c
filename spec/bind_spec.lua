local dkjson = require("dkjson")
local Emulator = require("spec.support.emulator")

describe("session.context_manager", function()
  local emulator, client, session, id

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
    client = emulator:client()
    id = client.context:create("bound").context_id
    session = client:create().session
  end)

  describe("bind", function()
    it("returns once each context is bound at its path", function()
      emulator:settings({ bind_ms = 300 })
      local other = client.context:create("other").context_id
      local result = session.context_manager:bind({
        { context_id = id, path = "/mnt/a" },
        { context_id = other, path = "/mnt/b" },
      })
      assert.is_true(result.success, result.error_message)
      assert.is_truthy(result.request_id:match("%S"))
      local bindings = session.context_manager:list_bindings().bindings
      assert.are.equal(id, bindings[1].context_id)
      assert.are.equal("bound", bindings[1].context_name)
      assert.are.equal("/mnt/a", bindings[1].path)
      assert.are.equal("", bindings[1].policy)
      assert.is_truthy(bindings[1].bind_time:match("^%d+%-%d+%-%d+T"))
      assert.are.equal(other, bindings[2].context_id)
    end)

    it("sends what the protocol wants, with the policy as the official SDK writes it", function()
      session.context_manager:bind({
        {
          context_id = id,
          path = "/mnt/ü",
          policy = { bw_list = { white_lists = { { path = "ü" } } } },
        },
      })
      local form = emulator:requests("BindContexts")[1].form
      assert.are.equal(session.session_id, form.SessionId)
      local list = dkjson.decode(form.PersistenceDataList)
      assert.are.equal(id, list[1].ContextId)
      assert.are.equal("/mnt/ü", list[1].Path)
      assert.is_truthy(list[1].Policy:find('"path": "\\u00fc"', 1, true))
      local binding = session.context_manager:list_bindings().bindings[1]
      assert.are.equal(list[1].Policy, binding.policy)
    end)

    it("fails, naming what is not bound, when the time is over", function()
      emulator:settings({ bind_ms = 60000 })
      local result = session.context_manager:bind({
        { context_id = id, path = "/mnt/a" },
        timeout_ms = 300,
      })
      assert.is_false(result.success)
      assert.are.equal("Client.Timeout", result.error_code)
      assert.is_truthy(result.error_message:find("not bound: " .. id .. " at /mnt/a", 1, true))
    end)

    it("does not take a context for bound that is bound elsewhere", function()
      assert.is_true(session.context_manager:bind({ { context_id = id, path = "/mnt/a" } }).success)
      emulator:settings({ bind_ms = 60000 })
      local result = session.context_manager:bind({
        { context_id = id, path = "/mnt/b" },
        timeout_ms = 300,
      })
      assert.are.equal("Client.Timeout", result.error_code)
      assert.is_truthy(result.error_message:find("at /mnt/b", 1, true))
      assert.is_nil(result.error_message:find("at /mnt/a", 1, true))
    end)

    it("returns at once with wait = false", function()
      emulator:settings({ bind_ms = 60000 })
      local result =
        session.context_manager:bind({ { context_id = id, path = "/mnt/a" }, wait = false })
      assert.is_true(result.success, result.error_message)
      assert.are.same({}, emulator:requests("DescribeSessionContexts"))
      assert.are.same({}, session.context_manager:list_bindings().bindings)
    end)

    it("survives a look that fails for a passing reason", function()
      emulator:fault({ action = "DescribeSessionContexts", status = 503, body = "{}" })
      local result = session.context_manager:bind({ { context_id = id, path = "/mnt/a" } })
      assert.is_true(result.success, result.error_message)
    end)

    it("ends at once when the service refuses", function()
      session.context_manager:bind({ { context_id = id, path = "/mnt/a" } })
      emulator:forget_requests()
      local result = session.context_manager:bind({ { context_id = id, path = "/mnt/a/" } })
      assert.are.equal("PathAlreadyBound", result.error_code)
      assert.are.same({}, emulator:requests("DescribeSessionContexts"))
      local unknown = session.context_manager:bind({ { context_id = "SdkCtx-0", path = "/x" } })
      assert.are.equal("Context.NotFound", unknown.error_code)
    end)

    it("downloads the context's files", function()
      local name = os.tmpname()
      local file = assert(io.open(name, "w"))
      file:write("hello")
      file:close()
      client.context:upload_file({ context_id = id, path = "/a", file = name })
      os.remove(name)
      session.context_manager:bind({ { context_id = id, path = "/mnt/shared" } })
      local sync = session.context_manager:sync({ mode = "download", retry_interval = 20 })
      assert.is_true(sync.success, sync.error_message)
      file = assert(io.open(emulator:session_folder(session) .. "/a"))
      assert.are.equal("hello", file:read("*a"))
      file:close()
    end)

    for _, case in ipairs({
      { "nothing", {}, "bad argument '[1]' to 'bind' (table expected, got no value)" },
      {
        "a context without a path",
        { { context_id = "SdkCtx-1" } },
        "bad argument '[1].path' to 'bind' (string expected, got no value)",
      },
      {
        "a misspelt member",
        { { context_id = "SdkCtx-1", path = "/a", polciy = {} } },
        "unknown argument '[1].polciy' to 'bind' (did you mean 'policy'?)",
      },
      {
        "a misspelt member of a policy",
        { { context_id = "SdkCtx-1", path = "/a", policy = { upload_polcy = {} } } },
        "unknown argument '[1].policy.upload_polcy' to 'bind' (did you mean 'upload_policy'?)",
      },
    }) do
      it("refuses " .. case[1], function()
        assert.has_error(function()
          session.context_manager:bind(case[2])
        end, case[3])
      end)
    end
  end)

  describe("list_bindings", function()
    it("lists what create has mounted", function()
      session = client:create({
        context_syncs = { { context_id = id, path = "/mnt/a" } },
      }).session
      local result = session.context_manager:list_bindings()
      assert.is_true(result.success, result.error_message)
      assert.are.equal(1, #result.bindings)
      assert.are.equal("/mnt/a", result.bindings[1].path)
    end)

    it("fails with an empty list for a session that is gone", function()
      session:delete()
      local result = session.context_manager:list_bindings()
      assert.are.equal("InvalidMcpSession.NotFound", result.error_code)
      assert.are.same({}, result.bindings)
    end)

    it("calls what it can't understand malformed", function()
      emulator:answer("DescribeSessionContexts", '{"Success":true,"Data":[{"Path":"/a"}]}')
      local result = session.context_manager:list_bindings()
      assert.are.equal("Client.MalformedResponse", result.error_code)
      assert.are.same({}, result.bindings)
    end)
  end)
end)
