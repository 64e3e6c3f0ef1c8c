local agentbay = require("agentbay")
local Emulator = require("spec.support.emulator")
local log = require("agentbay.log")

describe("logging", function()
  local emulator, seen

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
    seen = {}
  end)

  local function client(options)
    options = options or {}
    options.log = options.log
      or function(level, event, fields)
        seen[#seen + 1] = { level = level, event = event, fields = fields }
      end
    return emulator:client(options)
  end

  it("tells of each exchange once, with what is known of it", function()
    local result = client().context:create("logged")
    assert.are.equal(1, #seen)
    assert.are.equal("info", seen[1].level)
    assert.are.equal("request", seen[1].event)
    local fields = seen[1].fields
    assert.are.equal("GetContext", fields.action)
    assert.are.equal(result.request_id, fields.request_id)
    assert.are.equal(200, fields.status)
    assert.are.equal(1, fields.attempt)
    assert.is_true(fields.elapsed_ms >= 0)
    assert.is_nil(fields.error_code)
  end)

  it("counts the exchanges of a poll", function()
    local logged = client()
    local session = emulator:session(logged)
    seen = {}
    session.context_manager:sync({ mode = "upload", retry_interval = 20 })
    assert.are.equal("SyncContext", seen[1].fields.action)
    assert.are.equal("GetContextInfo", seen[2].fields.action)
    assert.are.equal(2, seen[2].fields.attempt)
  end)

  it("tells passing failures from lasting ones", function()
    local logged = client()
    emulator:fault({ action = "ListContexts", status = 503, body = "{}", times = -1 })
    logged.context:list()
    local last = seen[#seen]
    assert.are.equal("warn", last.level)
    assert.are.equal("Client.HttpStatus", last.fields.error_code)
    assert.are.equal(503, last.fields.status)
    logged:get("session-0")
    last = seen[#seen]
    assert.are.equal("error", last.level)
    assert.are.equal("InvalidMcpSession.NotFound", last.fields.error_code)
    assert.is_truthy(last.fields.error_message:find("not found", 1, true))
  end)

  it("leaves out what is below the level", function()
    local quiet = client({ log_level = "error" })
    quiet.context:create("quiet")
    emulator:fault({ action = "ListContexts", status = 503, body = "{}", times = -1 })
    quiet.context:list()
    assert.are.equal(0, #seen)
    quiet:get("session-0")
    assert.are.equal(1, #seen)
  end)

  it("tells of a request that was cancelled", function()
    local logged = client()
    emulator:fault({ action = "ListContexts", stall = "before" })
    local operation = logged.context:list_async()
    operation:wait(50)
    operation:cancel()
    agentbay.step()
    assert.are.equal("Client.Cancelled", seen[#seen].fields.error_code)
    assert.are.equal("ListContexts", seen[#seen].fields.action)
  end)

  it("never sees the key or a presigned URL, even where the service echoes them", function()
    local logged = client()
    local id = logged.context:create("secret").context_id
    local name = os.tmpname()
    logged.context:upload_file({ context_id = id, path = "/a", file = name })
    emulator:fault({ action = "StoreGet", close = "before", times = -1 })
    logged.context:download_file({ context_id = id, path = "/a", file = name })
    emulator:answer("ListContexts", {
      Success = false,
      Code = "Echo",
      Message = "you sent " .. emulator.api_key,
      RequestId = emulator.api_key,
    })
    logged.context:list()
    os.remove(name)
    assert.are.equal("DownloadFile", seen[#seen - 1].fields.action)
    for _, entry in ipairs(seen) do
      local line = log.line(entry.level, entry.event, entry.fields)
      assert.is_nil(line:find(emulator.api_key, 1, true))
      assert.is_nil(line:find("Signature", 1, true))
      assert.is_nil(line:find("_store", 1, true))
    end
  end)

  it("hands an error of the log function to whoever steps", function()
    local broken = client({
      log = function()
        error("disk full")
      end,
    })
    local operation = broken.context:list_async()
    local ok, message = pcall(operation.wait, operation)
    assert.is_false(ok)
    assert.is_truthy(tostring(message):find("disk full", 1, true))
    assert.is_true(operation:wait().success)
  end)

  it("is of each client its own", function()
    client().context:list()
    emulator:client().context:list()
    assert.are.equal(1, #seen)
  end)

  it("writes lines to standard error for AGENTBAY_LOG_LEVEL", function()
    local command = "AGENTBAY_API_KEY=%s AGENTBAY_ENDPOINT=%s AGENTBAY_LOG_LEVEL=%s "
      .. "%s bin/agentbay context list 2>&1 >/dev/null"
    local interpreter = arg[-1] or "lua5.4"
    local function run(level)
      local process = io.popen(command:format(emulator.api_key, emulator.url, level, interpreter))
      local output = process:read("*a")
      process:close()
      return output
    end
    local line = run("info")
    assert.is_truthy(line:match("^%S+Z info agentbay request action=ListContexts status=200 "))
    assert.are.equal("", run("warn"))
    local wrong = run("loud")
    assert.is_truthy(wrong:find("bad AGENTBAY_LOG_LEVEL in the environment", 1, true), wrong)
  end)

  it("keeps a line a line", function()
    local line = log.line("warn", "request", {
      action = "X",
      status = 0,
      elapsed_ms = 1,
      attempt = 1,
      request_id = "a b\nc",
      error_code = "Evil",
      error_message = 'x" y="\27[2J',
    })
    assert.is_nil(line:find("[%c]"))
    assert.is_truthy(line:find('request_id="a b?c"', 1, true))
  end)
end)
