local dkjson = require("dkjson")
local Emulator = require("spec.support.emulator")
local is_integer = require("spec.support.numbers").is_integer
local status = require("spec.support.status")

describe("session.context_manager:info", function()
  local emulator, session, context_id

  setup(function()
    emulator = Emulator.start()
    session, context_id = emulator:session(emulator:client({ retry = false }))
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:control("DELETE", "faults")
    emulator:forget_requests()
  end)

  it("gives every field of ContextInfoResult and of its status data", function()
    local result = session.context_manager:info()
    assert.is_true(result.success)
    assert.are.equal("", result.error_message)
    assert.is_truthy(result.request_id:match("%S"))
    assert.is_nil(result.error_code)
    assert.is_nil(result.http_status)
    assert.is_nil(getmetatable(result))
    assert.are.equal(1, #result.context_status_data)
    local data = result.context_status_data[1]
    assert.are.equal(context_id, data.context_id)
    assert.are.equal("/mnt/shared", data.path)
    assert.are.equal("", data.error_message)
    assert.are.equal("Success", data.status)
    assert.are.equal("download", data.task_type)
    assert.is_true(is_integer(data.start_time))
    assert.is_true(is_integer(data.finish_time))
    assert.is_true(data.finish_time >= data.start_time and data.start_time > 1600000000)
  end)

  it("is reached as session.context too", function()
    assert.are.equal(session.context_manager, session.context)
  end)

  it("has defaults for members that are missing or null", function()
    emulator:answer("GetContextInfo", status.level3('[{},{"contextId":null,"startTime":null}]'))
    local empty = {
      context_id = "",
      path = "",
      error_message = "",
      status = "",
      start_time = 0,
      finish_time = 0,
      task_type = "",
    }
    assert.are.same({
      success = true,
      request_id = "req-status",
      error_message = "",
      attempts = 1,
      context_status_data = { empty, empty },
    }, session.context_manager:info())
  end)

  it("passes the service's times through unchanged, as integers", function()
    local task = status.task({ startTime = 1600000000123, finishTime = 1600000100456 })
    emulator:answer("GetContextInfo", status.body({ task }))
    local data = session.context_manager:info().context_status_data[1]
    assert.are.equal("1600000000123", tostring(data.start_time))
    assert.are.equal("1600000100456", tostring(data.finish_time))
  end)

  for _, case in ipairs({
    { "an empty text", "" },
    { "an empty list", "[]" },
    { "items of other types", '[{"type":"log","data":"x"}]' },
  }) do
    it("gives an empty list for " .. case[1], function()
      emulator:answer("GetContextInfo", status.level2(case[2]))
      local result = session.context_manager:info()
      assert.is_true(result.success, result.error_message)
      assert.are.same({}, result.context_status_data)
    end)
  end

  describe("on the wire", function()
    it("is one POST to the service's path with the protocol's constants", function()
      session.context_manager:info()
      local requests = emulator:requests()
      assert.are.equal(1, #requests)
      local request = requests[1]
      assert.are.equal("POST", request.method)
      assert.are.equal("GetContextInfo", request.query.Action)
      assert.are.equal("json", request.query.Format)
      assert.are.equal("2025-05-06", request.query.Version)
      assert.is_truthy(request.query.Timestamp:match("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"))
      assert.are.equal(32, #request.query.SignatureNonce:match("^%x+$"))
      assert.is_nil(request.query.Authorization)
      local headers = {}
      for _, header in ipairs(request.headers) do
        headers[header[1]:lower()] = header[2]
      end
      assert.are.equal("GetContextInfo", headers["x-acs-action"])
      assert.are.equal("2025-05-06", headers["x-acs-version"])
      assert.are.equal("application/x-www-form-urlencoded", headers["content-type"])
      assert.is_truthy(headers["user-agent"]:match("^AgentBay%-Lua/"))
    end)

    it("sends a new nonce each time", function()
      session.context_manager:info()
      session.context_manager:info()
      local requests = emulator:requests("GetContextInfo")
      assert.are_not.equal(requests[1].query.SignatureNonce, requests[2].query.SignatureNonce)
    end)

    it("reuses its connection", function()
      session.context_manager:info()
      session.context_manager:info()
      local requests = emulator:requests("GetContextInfo")
      assert.are.equal(requests[1].connection, requests[2].connection)
    end)

    local function form_of(given)
      session.context_manager:info(given)
      return emulator:requests("GetContextInfo")[1].form
    end

    it("leaves out what isn't given", function()
      local expected = {
        Authorization = "Bearer " .. emulator.api_key,
        SessionId = session.session_id,
      }
      assert.are.same(expected, form_of(nil))
      emulator:forget_requests()
      assert.are.same(expected, form_of({ context_id = "", path = "", task_type = "" }))
    end)

    it("sends every keyword", function()
      assert.are.same(
        {
          Authorization = "Bearer " .. emulator.api_key,
          SessionId = session.session_id,
          ContextId = "project data/ü+&=%",
          Path = "/mnt/shared",
          TaskType = "upload",
        },
        form_of({
          context_id = "project data/ü+&=%",
          path = "/mnt/shared",
          task_type = "upload",
        })
      )
    end)
  end)

  describe("when the service fails", function()
    it("tells the code and message of an HTTP error", function()
      emulator:fault({
        action = "GetContextInfo",
        status = 403,
        body = dkjson.encode({ RequestId = "R-1", Code = "Forbidden.Key", Message = "not yours" }),
      })
      assert.are.same({
        success = false,
        request_id = "R-1",
        error_message = "[Forbidden.Key] not yours",
        error_code = "Forbidden.Key",
        http_status = 403,
        attempts = 1,
        context_status_data = {},
      }, session.context_manager:info())
    end)

    for _, case in ipairs({
      {
        "Success=false with a Code",
        { Success = false, Code = "Busy", Message = "later" },
        "Busy",
        "[Busy] later",
      },
      {
        "Success=false without a Code",
        { Success = false, Message = "later" },
        "Client.Refused",
        "later",
      },
      {
        "Success=false without a word",
        { Success = false },
        "Client.Refused",
        "without saying why",
      },
      { "Success=false with a Code only", { Success = false, Code = "Busy" }, "Busy", "[Busy]" },
    }) do
      it("is a failure on " .. case[1], function()
        emulator:answer("GetContextInfo", case[2])
        local result = session.context_manager:info()
        assert.is_false(result.success)
        assert.are.equal(case[3], result.error_code)
        assert.is_truthy(result.error_message:find(case[4], 1, true), result.error_message)
        assert.are.equal(200, result.http_status)
        assert.are.same({}, result.context_status_data)
      end)
    end

    it("tells that a session is gone", function()
      local gone = emulator:session()
      gone:delete()
      local result = gone.context_manager:info()
      assert.is_false(result.success)
      assert.are.equal("InvalidMcpSession.NotFound", result.error_code)
      assert.are.equal(400, result.http_status)
    end)

    it("tells that a key is refused, without showing it", function()
      local stranger = emulator:client({ api_key = "akm-wrong-key-987" })
      local result = stranger:get(session.session_id)
      assert.are.equal("NOT_LOGIN", result.error_code)
      assert.is_nil(result.error_message:find("akm-wrong-key-987", 1, true))
    end)

    for _, case in ipairs({
      { 502, "<html>Bad gateway</html>" },
      { 500, "" },
      { 503, "{}" },
      { 302, "" },
      { 404, "[]" },
    }) do
      it(("says Client.HttpStatus for %d with body %q"):format(case[1], case[2]), function()
        emulator:fault({ action = "GetContextInfo", status = case[1], body = case[2] })
        local result = session.context_manager:info()
        assert.is_false(result.success)
        assert.are.equal("Client.HttpStatus", result.error_code)
        assert.are.equal(case[1], result.http_status)
        assert.is_truthy(result.error_message:find(tostring(case[1]), 1, true))
      end)
    end
  end)

  describe("with an answer that can't be understood", function()
    local cases = {
      { "an empty body", "" },
      { "HTML", "<html></html>" },
      { "a list", "[]" },
      { "null", "null" },
      { "a cut text", '{"Success":true,"Data":{"Conte' },
      { "text behind the document", '{"Success":true} x' },
      { "no Data", '{"Success":true}' },
      { "Data of another type", '{"Success":true,"Data":"x"}' },
      { "Success of another type", '{"Success":"perhaps","Data":{"ContextStatus":"[]"}}' },
      { "a status that is a real list", '{"Success":true,"Data":{"ContextStatus":[]}}' },
      { "a status that isn't JSON", status.level2("nonsense") },
      { "a status that is an object", status.level2("{}") },
      { "a status with null in it", status.level2("[null]") },
      { "a status item without a type", status.level2('[{"data":"[]"}]') },
      { "an item whose data isn't JSON", status.level3("nonsense") },
      { "an item whose data is an object", status.level3("{}") },
      { "an item whose data is a real list", status.level2('[{"type":"data","data":[]}]') },
      { "a task that is null", status.level3("[null]") },
      { "a task that is a text", status.level3('["x"]') },
      { "a status that is a number", status.level3('[{"status":1}]') },
      { "a time that is no number", status.level3('[{"startTime":"soon"}]') },
      { "a time with a fraction", status.level3('[{"startTime":1.5}]') },
      { "a time beyond all numbers", status.level3('[{"startTime":1e999}]') },
      { "one bad task behind a good one", status.level3('[{"status":"Success"},null]') },
    }
    for _, case in ipairs(cases) do
      it("is a failure for " .. case[1], function()
        emulator:answer("GetContextInfo", case[2])
        local result = session.context_manager:info()
        assert.is_false(result.success)
        assert.are.equal("Client.MalformedResponse", result.error_code)
        assert.are.equal(200, result.http_status)
        assert.is_truthy(#result.error_message > 10)
        assert.are.same({}, result.context_status_data)
      end)
    end
  end)
end)
