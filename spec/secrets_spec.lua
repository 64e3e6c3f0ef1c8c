local Emulator = require("spec.support.emulator")

describe("the API key", function()
  local emulator, client, session

  setup(function()
    emulator = Emulator.start()
    client = emulator:client({ timeout_ms = 200 })
    session = client:create().session
  end)
  teardown(function()
    emulator:stop()
  end)

  local function assert_hidden(value, seen)
    seen = seen or {}
    if type(value) == "string" then
      assert.is_nil(value:find(emulator.api_key, 1, true), value)
      assert.is_nil(value:find("Bearer", 1, true), value)
    elseif type(value) == "table" and not seen[value] then
      seen[value] = true
      for name, member in pairs(value) do
        assert_hidden(name, seen)
        assert_hidden(member, seen)
      end
    end
  end

  it("is in no message of a failed SyncContext, whose URL holds it", function()
    for _, fault in ipairs({
      { close = "before" },
      { reset = "before" },
      { stall = "before" },
      { truncate_at = 5 },
      { status = 502, body = "<html>" },
      { status = 200, body = "nonsense" },
    }) do
      fault.action = "SyncContext"
      emulator:fault(fault)
      local result = session.context_manager:sync()
      assert.is_false(result.success)
      assert_hidden(result)
    end
    local nobody = emulator:client({ endpoint = "http://127.0.0.1:1" })
    local stranger = require("agentbay.session").new(nobody, "session-1")
    assert_hidden(stranger.context_manager:sync())
  end)

  it("is masked where the service echoes it", function()
    emulator:answer("SyncContext", {
      Success = false,
      Code = "NOT_LOGIN",
      Message = "the key " .. emulator.api_key .. " is unknown",
    })
    local result = session.context_manager:sync()
    assert.is_nil(result.error_message:find(emulator.api_key, 1, true))
    assert.is_truthy(result.error_message:find("is unknown", 1, true))
  end)

  it("isn't shown by tostring or in a client's or session's fields", function()
    assert_hidden(tostring(client))
    assert_hidden(tostring(session))
    assert_hidden(client)
    assert_hidden(session)
  end)

  it("isn't shown by a complaint about it", function()
    for _, key in ipairs({ "akm-secret\nvalue", "   ", "akm-secret\0" }) do
      local ok, message = pcall(emulator.client, emulator, { api_key = key })
      assert.is_false(ok)
      assert.is_nil(message:find("secret", 1, true))
    end
  end)
end)
