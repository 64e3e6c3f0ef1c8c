local agentbay = require("agentbay")
local Emulator = require("spec.support.emulator")

describe("nothing in an argument", function()
  local emulator, client, session

  setup(function()
    emulator = Emulator.start()
    client = emulator:client()
    session = client:create().session
  end)
  teardown(function()
    emulator:stop()
  end)

  local nasty = {
    "a&Authorization=Bearer other",
    "a\r\nX-Evil: 1\r\n\r\nPOST / HTTP/1.1",
    "a=b&c[]=d;e",
    "100%41 + %zz #fragment ?query",
    '"}]},{"ContextId":"x',
    "\1\2\127",
    "ü € 𝄞",
    "\255\254",
  }

  ---The form of the request that was received last.
  local function last(action)
    local requests = emulator:requests(action)
    return requests[#requests]
  end

  local function assert_clean(request, field, value)
    assert.are.equal(value, request.form[field])
    assert.are.equal("Bearer " .. emulator.api_key, request.form.Authorization)
    local count = 0
    for _ in request.body:gmatch("[^&]+") do
      count = count + 1
    end
    local names = 0
    for _ in pairs(request.form) do
      names = names + 1
    end
    assert.are.equal(names, count)
    for _, header in ipairs(request.headers) do
      assert.are_not.equal("x-evil", header[1]:lower())
    end
  end

  for i, value in ipairs(nasty) do
    it("adds to the request: " .. i, function()
      session.context_manager:info({ context_id = value, path = value })
      local request = last("GetContextInfo")
      assert_clean(request, "ContextId", value)
      assert_clean(request, "Path", value)
      client:get(value)
      assert_clean(last("GetSession"), "SessionId", value)
      client.context:get({ name = value })
      assert_clean(last("GetContext"), "Name", value)
      client.context:update({ context_id = value, name = value })
      assert_clean(last("ModifyContext"), "Id", value)
      client.context:list({ next_token = value })
      assert_clean(last("ListContexts"), "NextToken", value)
      client.context:list_files({ context_id = value, path = value })
      assert_clean(last("DescribeContextFiles"), "ParentFolderPath", value)
    end)

    it("adds to what goes into the query: " .. i, function()
      local other = require("agentbay.session").new(client, value)
      other:get_status()
      local request = last("GetSessionDetail")
      assert.are.equal(value, request.query.SessionId)
      assert.are.equal("GetSessionDetail", request.query.Action)
      assert.are.equal("Bearer " .. emulator.api_key, request.form.Authorization)
    end)
  end

  it("ends a JSON text early", function()
    local dkjson = require("dkjson")
    local value = '"}]},{"ContextId":"x\\'
    client:create({
      labels = { [value] = value },
      context_syncs = { { context_id = value, path = value } },
    })
    local form = last("CreateMcpSession").form
    assert.are.same({ [value] = value }, dkjson.decode(form.Labels))
    assert.are.same(
      { { ContextId = value, Path = value } },
      dkjson.decode(form.PersistenceDataList)
    )
  end)

  it("turns verification off", function()
    for _, name in ipairs({ "verify", "insecure", "ssl_verify", "verify_peer" }) do
      local ok, message = pcall(agentbay.new, { api_key = "k", [name] = false })
      assert.is_false(ok)
      assert.is_truthy(message:find("unknown argument '" .. name .. "' to 'new'", 1, true))
    end
  end)

  it("makes the key travel unprotected", function()
    for _, endpoint in ipairs({
      "http://example.com",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
      "http://[::2]",
      "http://0x7f.1.2.3.4",
    }) do
      local ok, message = pcall(agentbay.new, { api_key = "akm-secret", endpoint = endpoint })
      assert.is_false(ok, endpoint)
      assert.is_nil(message:find("akm-secret", 1, true))
    end
  end)

  it("puts a line break into the key's place", function()
    for _, key in ipairs({ "a\r\nX-Evil: 1", "a\nb", "a\0b" }) do
      assert.is_false((pcall(agentbay.new, { api_key = key, endpoint = emulator.url })))
    end
  end)
end)
