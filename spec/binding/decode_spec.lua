-- What the binding understands of response bodies, and what it refuses: without a network.

local cjson = require("cjson")
local core = require("agentbay.core")
local is_integer = require("spec.support.numbers").is_integer

describe("loop:decode", function()
  local loop = core.new_loop()
  teardown(function()
    loop:close()
  end)

  local function understood(body, reading)
    local reply, problem = loop:decode(body, reading)
    assert.is_nil(problem)
    return assert(reply)
  end

  local function assert_malformed(expected, body, reading)
    local reply, problem = loop:decode(body, reading)
    assert.is_nil(reply)
    assert.are.equal(expected, problem:sub(1, #expected))
    assert.is_truthy(#problem <= 128 and not problem:find("[^\32-\126]"), problem)
  end

  -- The three levels of a status, each given as text.
  local function level1(status)
    return ('{"Success":true,"Data":{"ContextStatus":%s}}'):format(status)
  end
  local function level2(text)
    return level1(cjson.encode(text))
  end
  local function level3(text)
    return level2(('[{"type":"data","data":%s}]'):format(cjson.encode(text)))
  end

  -- Two readers understand envelopes: one by lua-cjson's tables, one from the bytes.
  for _, reading in ipairs({ "envelope", "tasks" }) do
    describe("of an envelope, when read for " .. reading, function()
      -- Transfers need Data.
      local function with_data(body)
        if reading == "envelope" then
          return body
        end
        return (body:gsub("{", '{"Data":{},', 1):gsub(",}", "}", 1))
      end
      local function understood_envelope(body)
        return understood(with_data(body), reading)
      end
      for _, case in ipairs({
        { "true", "true" },
        { "false", "false" },
        { '"true"', "true" },
        { '"false"', "false" },
        { "1", "true" },
        { "0", "false" },
        { "null", "absent" },
      }) do
        it(("takes Success %s for %s"):format(case[1], case[2]), function()
          assert.are.equal(case[2], understood_envelope(('{"Success":%s}'):format(case[1])).success)
        end)
      end

      it("takes no Success for absent", function()
        assert.are.equal("absent", understood_envelope("{}").success)
      end)

      for _, value in ipairs({ '"perhaps"', '""', '"true\\u0000"', "2", "-1", "0.5", "{}", "[]" }) do
        it("refuses Success " .. value, function()
          assert_malformed(
            "Success is neither true nor false",
            ('{"Success":%s}'):format(value),
            reading
          )
        end)
      end

      for _, names in ipairs({
        { "RequestId", "Code", "Message" },
        { "requestId", "code", "message" },
        { "requestid", "code", "message" },
      }) do
        it("reads the spelling " .. names[1], function()
          local body = '{"%s":"r","%s":"c","%s":"m"}'
          local reply = understood_envelope(body:format(names[1], names[2], names[3]))
          assert.are.same({ "r", "c", "m" }, { reply.request_id, reply.code, reply.message })
        end)
      end

      it("makes a text of a number", function()
        assert.are.equal("404", understood_envelope('{"Code":404}').code)
      end)

      it("takes texts of other types for absent", function()
        local reply = understood_envelope('{"RequestId":{},"Code":[1],"Message":true}')
        assert.are.same({ "", "", "" }, { reply.request_id, reply.code, reply.message })
      end)

      it("takes the last of members with the same name", function()
        assert.are.equal("b", understood_envelope('{"Code":"a","Code":"b"}').code)
      end)

      for name, body in pairs({
        ["nothing"] = "",
        ["blanks"] = " \r\n\t",
        ["a list"] = "[]",
        ["a text"] = '"x"',
        ["a number"] = "1",
        ["null"] = "null",
        ["a byte order mark"] = "\239\187\191{}",
        ["a page of HTML"] = "<html>Bad gateway</html>",
        ["a NUL"] = "\0{}",
      }) do
        it("refuses " .. name, function()
          assert_malformed("the body is not a JSON object", body, reading)
        end)
      end

      for name, body in pairs({
        ["a cut text"] = '{"Success":tr',
        ["a text that is never closed"] = '{"Message":"x',
        ["text behind the document"] = "{} {}",
        ["bytes that are no JSON"] = '{"a":\1\2\255}',
        ["a NUL inside"] = '{"a":1,\0"b":2}',
        ["a lone surrogate"] = '{"a":"\\ud800"}',
        ["NaN"] = '{"a":NaN}',
        ["Infinity"] = '{"a":-Infinity}',
        ["a hexadecimal number"] = '{"a":0x10}',
        ["a long word"] = "{" .. ("x"):rep(5000) .. "}",
      }) do
        it("refuses " .. name, function()
          assert_malformed("the body is not JSON: ", body, reading)
        end)
      end

      it("takes blanks around the document", function()
        assert.are.equal("true", understood_envelope(' \n\t{"Success":true}\r\n ').success)
      end)

      it("passes bytes through that aren't UTF-8", function()
        assert.are.equal("\255\192x", understood_envelope('{"Message":"\255\192x"}').message)
      end)

      it("bounds the depth, not the breadth", function()
        local function nested(depth)
          return '{"a":' .. ("["):rep(depth) .. ("]"):rep(depth) .. "}"
        end
        understood_envelope(nested(63))
        local too_deep = reading == "tasks" and "the nesting is too deep" or "Found too many nested"
        assert_malformed("the body is not JSON: " .. too_deep, nested(64), reading)
        assert_malformed("the body is not JSON: " .. too_deep, nested(100000), reading)
        understood_envelope('{"a":[' .. ("{},"):rep(20000) .. "{}]}")
      end)
    end)
  end

  describe("of a document", function()
    it("gives whole numbers as integers, others as they are", function()
      local body = understood(
        '{"a":3,"b":-0.0,"c":9007199254740992,"d":[1,[2]],"e":1e3,"f":1.5,"g":1e300,"h":1e999}'
      ).body
      for _, whole in ipairs({ body.a, body.b, body.c, body.d[1], body.d[2][1], body.e }) do
        assert.is_true(is_integer(whole))
      end
      assert.are.equal("9007199254740992", ("%.0f"):format(body.c))
      assert.are.same({ 3, 0, 1000, 1.5 }, { body.a, body.b, body.e, body.f })
      assert.are.equal(1e300, body.g)
      assert.are.equal(math.huge, body.h)
    end)

    it("leaves out members that are null", function()
      local body = understood('{"a":null,"b":{"c":null,"d":1},"e":[{"f":null}]}').body
      assert.are.same({ b = { d = 1 }, e = { {} } }, body)
    end)

    it("doesn't cut a list at null", function()
      local list = understood('{"a":[1,null,null,null,5,null]}').body.a
      assert.are.equal(6, #list)
      assert.are.equal(5, list[5])
    end)
  end)

  describe("of transfers", function()
    it("gives their members and defaults, in their order", function()
      local reply = understood(
        level2(
          '[{"type":"data","data":"[{\\"contextId\\":\\"c\\",\\"path\\":\\"/p\\",\\"taskType\\":'
            .. '\\"upload\\",\\"status\\":\\"Failed\\",\\"errorMessage\\":\\"e\\",\\"startTime\\":'
            .. '1600000000,\\"finishTime\\":\\"1600000000123\\",\\"more\\":1},{}]"},'
            .. '{"type":"log","data":5},{"type":"data","data":"[{\\"path\\":null}]"}]'
        ),
        "tasks"
      )
      local blank = {
        context_id = "",
        path = "",
        task_type = "",
        status = "",
        error_message = "",
        start_time = 0,
        finish_time = 0,
      }
      assert.are.same({
        {
          context_id = "c",
          path = "/p",
          task_type = "upload",
          status = "Failed",
          error_message = "e",
          start_time = 1600000000,
          finish_time = 1600000000123,
        },
        blank,
        blank,
      }, reply.tasks)
      assert.is_true(is_integer(reply.tasks[1].start_time))
      assert.is_true(is_integer(reply.tasks[1].finish_time))
      assert.is_true(is_integer(reply.tasks[2].finish_time))
    end)

    for _, case in ipairs({
      { "a missing status", '{"Success":true,"Data":{}}' },
      { "a status that is null", level1("null") },
      { "an empty text", level2("") },
      { "an empty list", level2(" []") },
      { "items of other types only", level2('[{"type":"log"},{"type":"DATA","data":1}]') },
      { "an empty text of tasks", level3("") },
      { "an empty list of tasks", level3("\t[ ]\n") },
    }) do
      it("gives an empty list for " .. case[1], function()
        assert.are.same({}, understood(case[2], "tasks").tasks)
      end)
    end

    it("takes many", function()
      local tasks = {}
      for i = 1, 1000 do
        tasks[i] = ('{"path":"/%d"}'):format(i)
      end
      local list = understood(level3("[" .. table.concat(tasks, ",") .. "]"), "tasks").tasks
      assert.are.equal(1000, #list)
      assert.are.equal("/1000", list[1000].path)
    end)

    it("reads nothing when Success is false", function()
      local reply = understood('{"Success":false,"Code":"Busy","Data":7}', "tasks")
      assert.are.equal("Busy", reply.code)
      assert.is_nil(reply.tasks)
    end)

    it("doesn't take a Code for a failure", function()
      local body = '{"Code":"ok","Data":{"ContextStatus":"[{\\"type\\":\\"data\\",\\"data\\":'
        .. '\\"[{}]\\"}]"}}'
      assert.are.equal(1, #understood(body, "tasks").tasks)
    end)

    local status = "Data.ContextStatus"
    for _, case in ipairs({
      { "Data is missing", '{"Success":true}' },
      { "Data is missing", '{"Data":null}' },
      { "Data is missing", '{"Code":"Throttling","Message":"later"}' },
      { "Data is not an object", '{"Data":"x"}' },
      { "Data is not an object", '{"Data":[1]}' },
      { status .. " is not a text", level1("[]") },
      { status .. " is not a text", level1("{}") },
      { status .. " is not a text", level1("1") },
      { status .. " is not a text", level1("false") },
      { status .. " is not the text of a JSON list", level2("{}") },
      { status .. " is not the text of a JSON list", level2(" ") },
      { status .. " is not the text of a JSON list", level2("null") },
      { status .. " is not the text of a JSON list", level2('"[]"') },
      { status .. " is not JSON: ", level2("[") },
      { status .. " is not JSON: ", level2("[]x") },
      { status .. "[1] is not an object", level2("[null]") },
      { status .. "[1] is not an object", level2("[[{}]]") },
      { status .. "[1] is not an object", level2('["data"]') },
      { status .. "[1].type is not a text", level2("[{}]") },
      { status .. "[1].type is not a text", level2('[{"type":null,"data":"[]"}]') },
      { status .. "[1].type is not a text", level2('[{"type":1,"data":"[]"}]') },
      { status .. "[2].data is not a text", level2('[{"type":"log"},{"type":"data"}]') },
      { status .. "[1].data is not a text", level2('[{"type":"data","data":[]}]') },
      { status .. "[1].data is not the text of a JSON list", level3("{}") },
      { status .. "[1].data is not the text of a JSON list", level3("x") },
      { status .. "[1].data is not JSON: ", level3("[{]") },
      { status .. "[1].data is not JSON: ", level3("[{},]") },
      {
        status .. "[1].data is not JSON: the nesting is too deep",
        level3(("["):rep(65) .. ("]"):rep(65)),
      },
      { status .. "[1].data[1] is not an object", level3("[null]") },
      { status .. "[1].data[3] is not an object", level3("[{},{},null,{}]") },
      { status .. "[1].data[1] is not an object", level3("[[1]]") },
      { status .. "[1].data[1] is not an object", level3("[5]") },
      { status .. "[1].data[2].status is not a text", level3('[{},{"status":1}]') },
      { status .. "[1].data[1].path is not a text", level3('[{"path":["/x"]}]') },
      { status .. "[1].data[1].contextId is not a text", level3('[{"contextId":false}]') },
    }) do
      it(("refuses the whole of %s: %s"):format(case[2], case[1]), function()
        assert_malformed(case[1], case[2], "tasks")
      end)
    end

    for _, time in ipairs({ "0", "1", "-5", "1.0", "1e3", "9007199254740992", '"0"', '"17"' }) do
      it("takes the time " .. time, function()
        local task = understood(level3(('[{"startTime":%s}]'):format(time)), "tasks").tasks[1]
        assert.is_true(is_integer(task.start_time))
        assert.are.equal(tonumber((time:gsub('"', ""))), task.start_time)
      end)
    end

    for _, time in ipairs({
      "1.5",
      "1e999",
      "-1e999",
      "9007199254740994",
      "true",
      "{}",
      '""',
      '"x"',
      '" 1"',
      '"-1"',
      '"1.0"',
      '"0x10"',
      '"1\\u0000"',
      '"99999999999999999999"',
    }) do
      it("refuses the time " .. time, function()
        local body = level3(('[{},{"finishTime":%s}]'):format(time))
        assert_malformed(
          "Data.ContextStatus[1].data[2].finishTime is not an integer",
          body,
          "tasks"
        )
      end)
    end
  end)

  describe("of a state", function()
    for _, case in ipairs({
      { '{"Data":{"Status":"FINISH"}}', "FINISH" },
      { '{"Data":{"State":"available"}}', "available" },
      { '{"Data":{"Status":null,"State":"available"}}', "available" },
      { '{"Data":{}}', "" },
      { '{"Success":false}', "" },
    }) do
      it(("is %q in %s"):format(case[2], case[1]), function()
        assert.are.equal(case[2], understood(case[1], "state").state)
      end)
    end

    it("refuses what has no object for Data", function()
      assert_malformed("Data is missing", "{}", "state")
      assert_malformed("Data is not an object", '{"Data":"RUNNING"}', "state")
      assert_malformed("Data is not an object", '{"Data":["RUNNING"]}', "state")
    end)
  end)

  describe("of bindings", function()
    it("gives their contexts and paths", function()
      local reply = understood(
        '{"Data":[{"ContextId":"c","Path":"/p","Policy":"{}"},{"ContextId":"d"}]}',
        "bindings"
      )
      assert.are.same(
        { { context_id = "c", path = "/p" }, { context_id = "d", path = "" } },
        reply.bindings
      )
      assert.are.equal("{}", reply.body.Data[1].Policy)
    end)

    it("gives an empty list for none", function()
      for _, body in ipairs({ "{}", '{"Data":null}', '{"Data":[]}' }) do
        assert.are.same({}, understood(body, "bindings").bindings)
      end
    end)

    for _, case in ipairs({
      { "Data is not a list", '{"Data":"x"}' },
      { "Data is not a list", '{"Data":{"ContextId":"c"}}' },
      { "Data is not a list", '{"Data":{"1":{}}}' },
      { "Data[1] is not an object", '{"Data":[null]}' },
      { "Data[2] is not an object", '{"Data":[{"ContextId":"c"},null]}' },
      { "Data[2] is not an object", '{"Data":[{},null,null,null,{"ContextId":"c"}]}' },
      { "Data[1] is not an object", '{"Data":[["c"]]}' },
      { "Data[2].ContextId is not a text", '{"Data":[{},{"ContextId":5}]}' },
      { "Data[1].Path is not a text", '{"Data":[{"Path":{}}]}' },
    }) do
      it(("refuses %s: %s"):format(case[2], case[1]), function()
        assert_malformed(case[1], case[2], "bindings")
      end)
    end
  end)

  it("refuses other readings and bodies", function()
    assert.has_error(function()
      loop:decode("{}", "everything")
    end)
    assert.has_error(function()
      loop:decode(nil)
    end)
    assert.has_error(function()
      loop.decode(io.stdout, "{}")
    end)
  end)

  it("never crashes, whatever byte of a good answer is changed", function()
    local good = level3('[{"contextId":"c","path":"/p","status":"Success","startTime":1}]')
    for position = 1, #good do
      for _, byte in ipairs({ "\0", '"', "\\", "[", "}", ",", "0", "n", "\255" }) do
        local changed = good:sub(1, position - 1) .. byte .. good:sub(position + 1)
        local reply, problem = loop:decode(changed, "tasks")
        assert.is_true(type(reply or problem) == (reply and "table" or "string"))
      end
      loop:decode(good:sub(1, position), "tasks")
    end
  end)

  it("keeps no other user of lua-cjson from its settings", function()
    assert.are.equal(1000, cjson.decode_max_depth())
    assert.is_true(cjson.decode('{"a":Infinity}').a == math.huge)
  end)
end)
