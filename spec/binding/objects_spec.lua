-- The loop, client and operation as Lua objects: their lives, and what they do with wrong use.

local core = require("agentbay.core")
local Emulator = require("spec.support.emulator")
local is_integer = require("spec.support.numbers").is_integer
local status = require("spec.support.status")

describe("the core's objects", function()
  local emulator, loop, client, subject

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)

  local function settings(more)
    local options = {
      url = emulator.url,
      api_key = emulator.api_key,
      timeout_ms = 5000,
      max_response_bytes = 10000000,
      max_connections = 4,
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return options
  end

  before_each(function()
    emulator:reset()
    loop = core.new_loop()
    client = loop:client(settings())
  end)
  after_each(function()
    loop:close()
  end)

  local function info_with(more)
    local declaration = { action = "GetContextInfo", body = { "SessionId" } }
    for name, value in pairs(more or {}) do
      declaration[name] = value
    end
    return { core.new_action(declaration), { SessionId = "s" } }
  end
  local INFO = info_with({ reading = "tasks" })
  local ENVELOPE = info_with()

  local function poll_of(more)
    local options = { check = INFO, judge = "transfers", max_attempts = 3, what = "the work" }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return options
  end

  -- Steps until `operation` has ended; gives the kinds of its events.
  local function finish(operation)
    local kinds = {}
    while #kinds == 0 or kinds[#kinds] ~= "ended" do
      assert(loop:step(2000) == 1 or operation:done(), "the operation doesn't end")
      local event, kind = loop:next()
      while event do
        assert.are.equal(operation, event)
        kinds[#kinds + 1] = kind
        event, kind = loop:next()
      end
    end
    return kinds
  end

  -- Has the loop decode one answer while garbage is collected whose finalizers call `use`. What
  -- is called between the steps allocates nothing: no finalizer runs there. Gives the outcomes.
  local function decode_with_finalizers(use)
    local lists = ("[],"):rep(300) .. "[]"
    emulator:answer("GetContextInfo", ('{"Success":true,"Data":{"Lists":[%s]}}'):format(lists))
    local decoding, outcomes = true, {}
    collectgarbage("stop")
    -- As eager as it goes; Lua 5.4 takes no more.
    local eager = _VERSION == "Lua 5.4" and 1000 or 1000000
    local step_factor = collectgarbage("setstepmul", eager)
    for _ = 1, 100 do
      setmetatable({}, {
        __gc = function()
          if decoding then
            outcomes[#outcomes + 1] = { pcall(use) }
          end
        end,
      })
    end
    local operation = client:call(ENVELOPE)
    subject = operation
    collectgarbage("restart")
    while not operation:done() do
      loop:step(2000)
    end
    decoding = false
    collectgarbage("setstepmul", step_factor)
    assert.is_true(operation:result().success, operation:result().error_message)
    return outcomes
  end

  describe("an operation", function()
    it("has its result once it has ended, the same table each time", function()
      emulator:answer("GetContextInfo", status.body({ status.task() }))
      local operation = client:call(INFO)
      assert.is_false(operation:done())
      assert.is_nil(operation:result())
      assert.are.same({}, operation:tasks())
      assert.are.equal(1, loop:under_way())
      assert.are.same({ "ended" }, finish(operation))
      assert.are.equal(0, loop:under_way())
      assert.is_true(operation:done())
      local result = operation:result()
      assert.are.equal(result, operation:result())
      assert.is_true(result.success)
      assert.are.equal("req-status", result.request_id)
      assert.are.equal("", result.error_message)
      assert.is_nil(result.error_code)
      assert.is_nil(result.http_status)
      assert.are.equal(1, result.attempts)
      assert.is_true(is_integer(result.attempts) and is_integer(operation:elapsed_ms()))
      assert.is_false(operation:uncertain())
      assert.are.equal("/mnt/shared", operation:tasks()[1].path)
      assert.are.equal(operation:tasks(), operation:tasks())
    end)

    it("has the document of its answer where nothing else is read", function()
      emulator:answer("GetContextInfo", status.body({ status.task() }))
      local operation = client:call(ENVELOPE)
      assert.is_nil(operation:document())
      finish(operation)
      assert.are.equal(200, operation:document().HttpStatusCode)
      assert.is_true(is_integer(operation:document().HttpStatusCode))
      assert.are.same({}, operation:tasks())
    end)

    it("of a poll makes the list of what it saw last when asked", function()
      local running = status.body({ status.task({ status = "Running", path = "/first" }) })
      emulator:answer("GetContextInfo", running)
      local ended = status.body({ status.task({ path = "/second" }), status.task() })
      emulator:answer("GetContextInfo", ended, { times = -1 })
      local operation = client:poll(poll_of({ interval_ms = 20, backoff = 1 }))
      local paths = {}
      repeat
        loop:step(2000)
        local _, kind = loop:next()
        paths[#paths + 1] = kind and #operation:tasks() .. operation:tasks()[1].path
      until kind == "ended"
      assert.are.same({ "1/first", "2/second", "2/second" }, paths)
      assert.are.equal(operation:tasks(), operation:tasks())
      loop:close()
      assert.are.equal("/second", operation:tasks()[1].path)
    end)

    it("keeps what it saw last when a check fails", function()
      emulator:answer("GetContextInfo", status.body({ status.task({ status = "Running" }) }))
      emulator:answer("GetContextInfo", '{"Success":false,"Code":"Busy"}', { times = -1 })
      local operation = client:poll(poll_of({ interval_ms = 20, backoff = 1 }))
      finish(operation)
      assert.is_false(operation:result().success)
      assert.are.equal("Running", operation:tasks()[1].status)
    end)

    it("fails with the decoder's words", function()
      emulator:answer("GetContextInfo", status.level3('[{"startTime":"soon"}]'))
      local operation = client:call(INFO)
      finish(operation)
      local result = operation:result()
      assert.are.equal("Client.MalformedResponse", result.error_code)
      assert.are.equal(200, result.http_status)
      assert.is_truthy(
        result.error_message:find(
          "Data.ContextStatus[1].data[1].startTime is not an integer",
          1,
          true
        )
      )
      assert.are.same({}, operation:tasks())
    end)

    it("tells its progress before its end", function()
      emulator:answer("GetContextInfo", status.body({ status.task({ status = "Running" }) }))
      emulator:answer("GetContextInfo", status.body({ status.task() }), { times = -1 })
      local operation = client:poll(poll_of({ interval_ms = 20.0, backoff = 1 }))
      local kinds = finish(operation)
      assert.are.equal("progress", kinds[1])
      assert.are.equal("ended", kinds[#kinds])
      assert.are.equal(2, operation:attempts())
      assert.is_true(operation:elapsed_ms() >= 20)
    end)

    it("ends once, by cancel", function()
      local operation = client:call(INFO)
      assert.is_true(operation:cancel())
      assert.is_false(operation:cancel())
      assert.are.equal("Client.Cancelled", operation:result().error_code)
      assert.are.equal(0, operation:result().http_status)
      assert.are.equal("ended", select(2, loop:next()))
      assert.is_nil(loop:next())
    end)

    it("lives until its end is told, whoever forgets it", function()
      emulator:answer("GetContextInfo", status.body({}), { times = -1 })
      for _ = 1, 20 do
        client:call(INFO)
      end
      collectgarbage()
      local ended = 0
      repeat
        local left = loop:step(2000)
        collectgarbage()
        local operation, kind = loop:next()
        while operation do
          assert.are.equal("ended", kind)
          assert.is_true(operation:result().success)
          ended = ended + 1
          operation, kind = loop:next()
        end
      until left == 0
      assert.are.equal(20, ended)
    end)

    it("outlives its client and its loop", function()
      local function started()
        local own = core.new_loop()
        return own:client(settings()):call(INFO), own
      end
      local kept, own = started()
      collectgarbage()
      collectgarbage()
      assert.is_false(kept:done())
      own:close()
      assert.are.equal("Client.Closed", kept:result().error_code)
      local alone = started()
      collectgarbage()
      collectgarbage()
      assert.is_false(alone:done())
      assert.is_true(alone:cancel())
    end)
  end)

  describe("closing", function()
    it("a client ends what is under way, and again does nothing", function()
      local operation = client:call(INFO)
      client:close()
      client:close()
      assert.are.equal("Client.Closed", operation:result().error_code)
      assert.are.equal("ended", select(2, loop:next()))
      assert.has_error(function()
        client:call(INFO)
      end, "the client is closed")
    end)

    it("a loop ends what is under way, and again does nothing", function()
      local operation = client:call(INFO)
      loop:close()
      loop:close()
      assert.are.equal("Client.Closed", operation:result().error_code)
      assert.is_false(operation:cancel())
      assert.is_nil(loop:next())
      assert.are.equal(0, loop:under_way())
      for _, use in ipairs({
        function()
          loop:step()
        end,
        function()
          loop:client(settings())
        end,
      }) do
        assert.has_error(use, "the loop is closed")
      end
      assert.has_error(function()
        client:poll(poll_of())
      end, "the client is closed")
      client:close()
    end)
  end)

  it("can be stepped from a coroutine that is gone later", function()
    emulator:answer("GetContextInfo", status.body({}))
    local operation = client:call(INFO)
    coroutine.wrap(function()
      loop:step(1)
    end)()
    collectgarbage()
    finish(operation)
    assert.is_true(operation:result().success)
  end)

  it("show neither key nor address", function()
    for _, object in ipairs({ loop, client, client:call(INFO) }) do
      assert.is_truthy(tostring(object):match("^agentbay%.core%.%a+$"))
      assert.are.equal("locked", getmetatable(object))
    end
  end)

  describe("used from a finalizer while the loop decodes", function()
    for name, use in pairs({
      ["operation:cancel"] = function()
        subject:cancel()
      end,
      ["client:close"] = function()
        client:close()
      end,
      ["client:call"] = function()
        client:call(INFO)
      end,
      ["client:poll"] = function()
        client:poll(poll_of())
      end,
      ["client:sleep"] = function()
        client:sleep(1)
      end,
      ["loop:step"] = function()
        loop:step(0)
      end,
      ["loop:next"] = function()
        loop:next()
      end,
      ["loop:close"] = function()
        loop:close()
      end,
      ["loop:client"] = function()
        loop:client(settings())
      end,
      ["loop:decode"] = function()
        loop:decode("{}")
      end,
    }) do
      it("refuse " .. name, function()
        if _VERSION == "Lua 5.1" then
          return -- tables have no finalizers there
        end
        local outcomes = decode_with_finalizers(use)
        assert.is_true(#outcomes > 0)
        for _, outcome in ipairs(outcomes) do
          assert.is_false(outcome[1])
          assert.is_truthy(outcome[2]:find("not while the loop is at work", 1, true), outcome[2])
        end
      end)
    end
  end)

  describe("wrong use raises:", function()
    for name, options in pairs({
      ["no url"] = { url = false },
      ["a number for the key"] = { api_key = 5 },
      ["a table for the proxy"] = { proxy = {} },
      ["a text for a number"] = { timeout_ms = "soon" },
    }) do
      it(name, function()
        assert.has_error(function()
          loop:client(settings(options))
        end)
      end)
    end

    for name, declaration in pairs({
      ["no action"] = {},
      ["a number for an action"] = { action = 5 },
      ["an unknown reading"] = { action = "A", reading = "all" },
      ["a number among the names"] = { action = "A", body = { "Name", 5 } },
      ["more names than there is room for"] = {
        action = "A",
        body = { "A", "B", "C", "D", "E" },
        query = { "F", "G", "H", "I" },
      },
      ["a text for a body"] = { action = "A", body = "Name=x" },
    }) do
      it(name, function()
        assert.has_error(function()
          core.new_action(declaration)
        end)
      end)
    end

    local named = core.new_action({ action = "A", body = { "Name" } })
    for name, request in pairs({
      ["no action and no values"] = {},
      ["no values"] = { named },
      ["a name for an action"] = { "A", {} },
      ["another object for an action"] = { io.stdout, {} },
      ["a table for a value"] = { named, { Name = {} } },
    }) do
      it(name, function()
        assert.has_error(function()
          client:call(request)
        end)
        assert.has_error(function()
          client:poll(poll_of({ submit = request }))
        end)
        assert.are.equal(0, loop:under_way())
      end)
    end

    for name, options in pairs({
      ["no check"] = { check = false },
      ["an unknown judge"] = { judge = "jury" },
      ["an unknown error"] = { timeout_error = "x" },
      ["a place without a path"] = { expected = { { context_id = "c" } } },
      ["a number among the states"] = { final_states = { "FINISH", 1 } },
    }) do
      it(name, function()
        assert.has_error(function()
          client:poll(poll_of(options))
        end)
        assert.are.equal(0, loop:under_way())
      end)
    end

    it("a method of another object", function()
      for _, method in ipairs({ loop.step, client.call, client:call(INFO).cancel }) do
        assert.has_error(function()
          method(io.stdout, INFO)
        end)
        assert.has_error(function()
          method(nil)
        end)
      end
    end)
  end)

  it("send texts, whole numbers and booleans as such, and leave out what isn't there", function()
    local action = core.new_action({ action = "Values", body = { "A", "B", "C", "D", "E", "F" } })
    emulator:answer("Values", "{}")
    local values = { A = "x y", B = 3, C = 2 ^ 53, D = true, F = false }
    finish(client:call({ action, values }))
    local sent = emulator:requests("Values")[1].body
    local fields = "&A=x%20y&B=3&C=9007199254740992&D=true&F=false"
    assert.are.equal(fields, sent:sub(-#fields))
  end)

  it("cut numbers to their range", function()
    local nan = 0 / 0
    for _, number in ipairs({ 0, -1, 0.5, 1e300, -1e300, math.huge, -math.huge, nan }) do
      loop:client(settings({ timeout_ms = number, max_connections = number })):close()
      local operation = client:poll(poll_of({
        max_attempts = number,
        interval_ms = number,
        backoff = number,
        max_interval_ms = number,
        settle_checks = number,
      }))
      assert.is_true(operation:cancel())
      assert.is_true(client:poll(poll_of({ timeout_ms = number })):cancel())
      assert.is_true(client:sleep(number):cancel())
    end
    while loop:next() do
    end
    for _, number in ipairs({ 0, 0.5, nan, 1e300, -1, math.huge }) do
      assert.are.equal(0, loop:step(number == number and number < 1 and number or 0))
    end
    assert.are.equal(0, loop:step(nan))
  end)
end)
