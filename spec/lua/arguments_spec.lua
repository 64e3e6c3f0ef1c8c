-- What public functions accept, and the words in which they refuse.

local arguments = require("agentbay.arguments")

local Sheep = {}
local dolly = setmetatable({}, Sheep)
local callable = setmetatable({}, { __call = function() end })
local nan = 0 / 0

local line = arguments.record({
  path = arguments.text({ required = true }),
  count = arguments.integer({ min = 0 }),
})
local off_or_line = arguments.either(arguments.constant(false), line)
local no_digits = arguments.text({ without = { pattern = "%d", name = "digits" } })

describe("an argument that is", function()
  local accepted = {
    { "text", arguments.text(), "a" },
    { "text beyond ASCII", arguments.text(), "\255" },
    { "text of blanks", arguments.text(), " " },
    { "text that may be empty", arguments.text({ empty = true }), "" },
    { "text in UTF-8", arguments.text({ utf8 = true }), "\195\188" },
    { "text without what it must not have", no_digits, "a" },
    { "an integer", arguments.integer(), 3 },
    { "an integer written as a float", arguments.integer(), 3.0 },
    { "an integer at both its limits", arguments.integer({ min = 1, max = 1 }), 1 },
    { "the largest integer", arguments.integer(), 9007199254740992 },
    { "the smallest integer", arguments.integer(), -9007199254740992 },
    { "a number", arguments.number(), 1.5 },
    { "a number at its limit", arguments.number({ min = 1 }), 1 },
    { "true", arguments.boolean(), true },
    { "false in place of true", arguments.boolean({ default = true }), false },
    { "a function", arguments.callback(), print },
    { "a table that can be called", arguments.callback(), callable },
    { "one of two words", arguments.one_of("upload", "download"), "upload" },
    { "a list", arguments.list_of(arguments.integer()), { 1, 2 } },
    { "an empty list", arguments.list_of(arguments.integer()), {} },
    { "a list of booleans", arguments.list_of(arguments.boolean()), { false, true } },
    { "a list with empty text", arguments.list_of(arguments.text({ empty = true })), { "", "a" } },
    { "a record", line, { path = "/p", count = 1 } },
    { "a list of records", arguments.list_of(line), { { path = "/p" }, { path = "/q" } } },
    { "a map of text", arguments.map_of_text(), { a = "1", ["b c"] = "2" } },
    { "an object", arguments.object(Sheep, "sheep"), dolly },
    { "anything", arguments.any(), print },
    { "a table", arguments.table(), { {}, x = 1 } },
    { "false where that or a record may be", off_or_line, false },
    { "a record where false or that may be", off_or_line, { path = "/p" } },
  }
  for _, case in ipairs(accepted) do
    it(case[1] .. " is accepted", function()
      local declaration = arguments.declare("f", { x = case[2] })
      assert.are.same({ x = case[3] }, arguments.check(declaration, nil, { x = case[3] }))
    end)
  end

  local NUL = "(text without NUL bytes expected)"
  local either_kind = arguments.either(arguments.object(Sheep, "sheep"), arguments.text())
  local some_lines = arguments.list_of(line, { min_items = 1 })
  local secret = arguments.text({ secret = true })
  local refused = {
    { arguments.text(), 1, "'x' to 'f' (string expected, got number)" },
    { arguments.text(), {}, "'x' to 'f' (string expected, got table)" },
    { arguments.text(), "a\0b", "'x' to 'f' " .. NUL },
    { arguments.text({ empty = true }), "\0", "'x' to 'f' " .. NUL },
    { arguments.text({ not_blank = true }), " \t", "'x' to 'f' (text that is not blank expected)" },
    { arguments.text({ utf8 = true }), "\255", "'x' to 'f' (text in UTF-8 expected)" },
    { no_digits, "a1", "'x' to 'f' (text without digits expected, got 'a1')" },
    { no_digits, "1\n\127", "'x' to 'f' (text without digits expected, got '1??')" },
    {
      no_digits,
      ("1"):rep(50),
      "'x' to 'f' (text without digits expected, got '" .. ("1"):rep(40) .. "...')",
    },
    { secret, 12345, "'x' to 'f' (string expected, got number)" },
    { secret, "hush\0", "'x' to 'f' " .. NUL },
    { arguments.integer({ min = 0 }), "many", "'x' to 'f' (integer >= 0 expected, got string)" },
    { arguments.integer({ min = 0 }), "5", "'x' to 'f' (integer >= 0 expected, got string)" },
    { arguments.integer({ min = 0 }), -1, "'x' to 'f' (integer >= 0 expected, got -1)" },
    { arguments.integer({ min = 0 }), 1.5, "'x' to 'f' (integer >= 0 expected, got 1.5)" },
    { arguments.integer({ min = 0 }), nan, "'x' to 'f' (integer >= 0 expected, got nan)" },
    { arguments.integer({ min = 0 }), math.huge, "'x' to 'f' (integer >= 0 expected, got inf)" },
    { arguments.integer(), -math.huge, "'x' to 'f' (integer expected, got -inf)" },
    { arguments.integer(), true, "'x' to 'f' (integer expected, got boolean)" },
    {
      arguments.integer({ min = 0 }),
      1e300,
      "'x' to 'f' (integer from 0 to 9007199254740992 expected, got 1e+300)",
    },
    {
      arguments.integer({ min = 1, max = 9 }),
      10,
      "'x' to 'f' (integer from 1 to 9 expected, got 10)",
    },
    {
      arguments.integer({ min = 1, max = 9 }),
      0,
      "'x' to 'f' (integer from 1 to 9 expected, got 0)",
    },
    { arguments.integer({ max = 9 }), 1.5, "'x' to 'f' (integer <= 9 expected, got 1.5)" },
    { arguments.number({ min = 1 }), 0.5, "'x' to 'f' (number >= 1 expected, got 0.5)" },
    { arguments.number({ max = 1 }), 2, "'x' to 'f' (number <= 1 expected, got 2)" },
    { arguments.number({ min = 1 }), nan, "'x' to 'f' (finite number >= 1 expected, got nan)" },
    { arguments.number(), math.huge, "'x' to 'f' (finite number expected, got inf)" },
    { arguments.number(), "1", "'x' to 'f' (number expected, got string)" },
    { arguments.boolean(), "true", "'x' to 'f' (boolean expected, got string)" },
    { arguments.boolean(), 0, "'x' to 'f' (boolean expected, got number)" },
    { arguments.callback(), {}, "'x' to 'f' (function expected, got table)" },
    { arguments.callback(), "print", "'x' to 'f' (function expected, got string)" },
    { arguments.callback(), dolly, "'x' to 'f' (function expected, got table)" },
    {
      arguments.one_of("upload", "download"),
      "uplaod",
      "'x' to 'f' ('upload' or 'download' expected, got 'uplaod')",
    },
    { arguments.one_of("upload"), true, "'x' to 'f' ('upload' expected, got boolean)" },
    { arguments.one_of("a", "b", "c"), "d", "'x' to 'f' (one of 'a', 'b', 'c' expected, got 'd')" },
    { arguments.table(), "t", "'x' to 'f' (table expected, got string)" },
    { arguments.object(Sheep, "sheep"), {}, "'x' to 'f' (sheep expected, got table)" },
    { arguments.object({}, "object"), 1, "'x' to 'f' (object expected, got number)" },
    { line, 1, "'x' to 'f' (table expected, got number)" },
    { line, {}, "'x.path' to 'f' (string expected, got no value)" },
    { line, { path = "" }, "'x.path' to 'f' (string expected, got '')" },
    { line, { path = 1 }, "'x.path' to 'f' (string expected, got number)" },
    { arguments.list_of(line), "a", "'x' to 'f' (list expected, got string)" },
    { arguments.list_of(line), { "a" }, "'x[1]' to 'f' (table expected, got string)" },
    { arguments.list_of(line), { "" }, "'x[1]' to 'f' (table expected, got string)" },
    {
      arguments.list_of(line),
      { { path = "/p" }, { path = "/p", count = -1 } },
      "'x[2].count' to 'f' (integer >= 0 expected, got -1)",
    },
    {
      arguments.list_of(arguments.integer()),
      { [1] = 1, [3] = 3 },
      "'x[2]' to 'f' (integer expected, got no value)",
    },
    {
      arguments.list_of(arguments.text()),
      { "a", "" },
      "'x[2]' to 'f' (non-empty string expected, got '')",
    },
    { some_lines, {}, "'x[1]' to 'f' (table expected, got no value)" },
    { arguments.map_of_text(), "a=b", "'x' to 'f' (table of strings expected, got string)" },
    { arguments.map_of_text(), { a = 1 }, "'x.a' to 'f' (string expected, got number)" },
    { arguments.map_of_text(), { a = "" }, "'x.a' to 'f' (non-empty string expected, got '')" },
    { arguments.map_of_text(), { a = " " }, "'x.a' to 'f' (text that is not blank expected)" },
    { arguments.map_of_text(), { a = "\255" }, "'x.a' to 'f' (text in UTF-8 expected)" },
    {
      arguments.map_of_text(),
      { "a" },
      "'x[1]' to 'f' (name that is a string expected, got number)",
    },
    {
      arguments.map_of_text(),
      { ["a\0"] = "b" },
      "'x.a?' to 'f' (name that is a text without NUL bytes expected)",
    },
    { off_or_line, true, "'x' to 'f' (false or table expected, got true)" },
    { off_or_line, 1, "'x' to 'f' (false or table expected, got number)" },
    { off_or_line, {}, "'x.path' to 'f' (string expected, got no value)" },
    { either_kind, {}, "'x' to 'f' (sheep or string expected, got table)" },
  }
  for _, case in ipairs(refused) do
    it("wrong is refused: bad argument " .. case[3], function()
      local declaration = arguments.declare("f", { x = case[1] })
      assert.has_error(function()
        arguments.check(declaration, nil, { x = case[2] }, -1)
      end, "bad argument " .. case[3])
    end)
  end

  if rawget(math, "type") then
    it("an integer written as a float becomes one", function()
      local declaration = arguments.declare("f", { x = arguments.integer() })
      local checked = arguments.check(declaration, nil, { x = 3.0 })
      assert.are.equal("integer", rawget(math, "type")(checked.x))
    end)
  end

  it("a negative zero becomes zero", function()
    local declaration = arguments.declare("f", { x = arguments.integer({ min = 0 }) })
    assert.are.equal(math.huge, 1 / arguments.check(declaration, nil, { x = -0.0 }).x)
  end)
end)

describe("arguments.check", function()
  local sync = arguments.declare("sync", {
    context_id = arguments.text(),
    mode = arguments.one_of("upload", "download"),
    max_retries = arguments.integer({ min = 0, default = 150 }),
    wait = arguments.boolean({ default = false }),
  })

  it("fills in defaults, also false ones", function()
    assert.are.same({ max_retries = 150, wait = false }, arguments.check(sync, nil, {}))
  end)

  it("names the function as it was called, if told", function()
    assert.has_error(function()
      arguments.check(sync, "sync_async", { wait = 1 }, -1)
    end, "bad argument 'wait' to 'sync_async' (boolean expected, got number)")
  end)

  it("takes nil for no arguments", function()
    assert.are.same({ max_retries = 150, wait = false }, arguments.check(sync, nil, nil))
  end)

  it("takes empty strings as not given, whatever is expected", function()
    local given = { context_id = "", mode = "", max_retries = "", wait = "" }
    assert.are.same({ max_retries = 150, wait = false }, arguments.check(sync, nil, given))
  end)

  it("neither changes what it is given nor gives it back", function()
    local item = { path = "/p" }
    local given = { lines = { item }, labels = { a = "b" } }
    local declaration = arguments.declare("f", {
      lines = arguments.list_of(
        arguments.record({ path = arguments.text(), n = arguments.integer({ default = 1 }) })
      ),
      labels = arguments.map_of_text(),
    })
    local checked = arguments.check(declaration, nil, given)
    assert.are.same({ lines = { { path = "/p" } }, labels = { a = "b" } }, given)
    assert.are.same({ lines = { { path = "/p", n = 1 } }, labels = { a = "b" } }, checked)
    assert.are_not.equal(given.labels, checked.labels)
    assert.are_not.equal(item, checked.lines[1])
  end)

  it("gives every call its own copy of a default", function()
    local declaration = arguments.declare("f", {
      paths = arguments.list_of(arguments.text({ empty = true }), { default = { "" } }),
      part = arguments.record({ on = arguments.boolean({ default = true }) }, { default = {} }),
    })
    local first, second = arguments.check(declaration), arguments.check(declaration)
    assert.are.same({ paths = { "" }, part = { on = true } }, first)
    assert.are_not.equal(first.paths, second.paths)
    assert.are_not.equal(first.part, second.part)
  end)

  local strict = arguments.declare("get", {
    session_id = arguments.text({ required = true }),
    lines = arguments.list_of(line),
    pair = arguments.record({ a = arguments.text(), b = arguments.text() }),
  })
  local bound = arguments.declare("bind", { wait = arguments.boolean() }, {
    items = line,
    min_items = 1,
  })

  local refused = {
    {
      sync,
      { contextid = "c" },
      "unknown argument 'contextid' to 'sync' (did you mean 'context_id'?)",
    },
    {
      sync,
      { contextId = "c" },
      "unknown argument 'contextId' to 'sync' (did you mean 'context_id'?)",
    },
    { sync, { colour = "red" }, "unknown argument 'colour' to 'sync'" },
    { sync, { ["a\nb"] = 1 }, "unknown argument 'a?b' to 'sync'" },
    { sync, { "c" }, "unknown argument '[1]' to 'sync' (arguments are given by name)" },
    { sync, { [1.5] = "c" }, "unknown argument '[1.5]' to 'sync' (arguments are given by name)" },
    { sync, { [true] = 1 }, "unknown argument '[boolean]' to 'sync'" },
    { sync, "upload", "bad argument #1 to 'sync' (table of named arguments expected, got string)" },
    { sync, 5, "bad argument #1 to 'sync' (table of named arguments expected, got number)" },
    { sync, false, "bad argument #1 to 'sync' (table of named arguments expected, got boolean)" },
    { strict, {}, "bad argument 'session_id' to 'get' (string expected, got no value)" },
    { strict, { session_id = "" }, "bad argument 'session_id' to 'get' (string expected, got '')" },
    {
      strict,
      { session_id = "s", lines = { { pth = "/p" } } },
      "unknown argument 'lines[1].pth' to 'get' (did you mean 'path'?)",
    },
    {
      strict,
      { session_id = "s", lines = { path = "/p" } },
      "unknown argument 'lines.path' to 'get' (a list is expected)",
    },
    {
      strict,
      { session_id = "s", pair = { "a" } },
      "unknown argument 'pair[1]' to 'get' (arguments are given by name)",
    },
    { bound, {}, "bad argument '[1]' to 'bind' (table expected, got no value)" },
    { bound, { {} }, "bad argument '[1].path' to 'bind' (string expected, got no value)" },
    {
      bound,
      { [2] = { path = "/p" } },
      "bad argument '[1]' to 'bind' (table expected, got no value)",
    },
    { bound, { [0] = {} }, "unknown argument '[0]' to 'bind' (arguments are given by name)" },
    {
      bound,
      { { path = "/p" }, wiat = true },
      "unknown argument 'wiat' to 'bind' (did you mean 'wait'?)",
    },
  }
  for _, case in ipairs(refused) do
    it("refuses: " .. case[3], function()
      assert.has_error(function()
        arguments.check(case[1], nil, case[2], -1)
      end, case[3])
    end)
  end

  it("takes a list beside named arguments where one is declared", function()
    local given = { { path = "/p" }, { path = "/q" }, wait = true }
    assert.are.same(given, arguments.check(bound, nil, given))
  end)

  it("names the first in the alphabet of two arguments that are missing", function()
    local both = arguments.declare("f", {
      b = arguments.text({ required = true }),
      a = arguments.text({ required = true }),
    })
    assert.has_error(function()
      arguments.check(both, nil, {}, -1)
    end, "bad argument 'a' to 'f' (string expected, got no value)")
  end)

  describe("with a rule between arguments", function()
    local paired = arguments.declare("sync", {
      context_id = arguments.text(),
      path = arguments.text(),
    }, { verify = arguments.together("context_id", "path") })

    it("accepts both and neither", function()
      assert.are.same({}, arguments.check(paired, nil, { path = "" }))
      assert.are.same(
        { context_id = "c", path = "p" },
        arguments.check(paired, nil, { context_id = "c", path = "p" })
      )
    end)

    it("refuses one without the other", function()
      assert.has_error(
        function()
          arguments.check(paired, nil, { context_id = "c", path = "" }, -1)
        end,
        "bad argument 'path' to 'sync' (value together with 'context_id' expected, got no value)"
      )
      assert.has_error(
        function()
          arguments.check(paired, nil, { path = "p" }, -1)
        end,
        "bad argument 'context_id' to 'sync' (value together with 'path' expected, got no value)"
      )
    end)

    it("shows the value that was wrong", function()
      local odd = arguments.record({ n = arguments.integer() }, {
        verify = function(checked)
          if checked.n and checked.n % 2 == 0 then
            return "n", "odd number", checked.n
          end
        end,
      })
      local declaration = arguments.declare("f", { part = odd })
      assert.are.same({ part = { n = 1 } }, arguments.check(declaration, nil, { part = { n = 1 } }))
      assert.has_error(function()
        arguments.check(declaration, nil, { part = { n = 2 } }, -1)
      end, "bad argument 'part.n' to 'f' (odd number expected, got 2)")
    end)
  end)

  it("never shows a secret, wherever it is wrong", function()
    local secret = { pattern = "hush", name = "secrets" }
    local rules = {
      arguments.text({ secret = true, without = secret }),
      arguments.one_of("a", "b", { secret = true }),
      arguments.either(arguments.constant("a"), arguments.constant(1), { secret = true }),
      arguments.either(arguments.constant(false), arguments.one_of("a", { secret = true })),
    }
    for _, rule in ipairs(rules) do
      local declaration = arguments.declare("new", { api_key = rule })
      local _, message = pcall(arguments.check, declaration, nil, { api_key = "hush" })
      assert.is_nil(message:find("hush", 1, true))
      assert.matches(
        "^bad argument 'api_key' to 'new' %(.* expected%)$",
        (message:gsub("^.-: ", ""))
      )
    end
  end)
end)

describe("arguments.check_value", function()
  local count = arguments.integer({ min = 0, default = 7 })

  it("gives the value, or the default where there is none", function()
    assert.are.equal(3, arguments.check_value(count, "step", 1, 3))
    assert.are.equal(7, arguments.check_value(count, "step", 1, nil))
    assert.are.equal(7, arguments.check_value(count, "step", 1, ""))
    assert.are.equal("", arguments.check_value(arguments.text({ empty = true }), "f", 1, ""))
  end)

  local id = arguments.text({ required = true })
  local refused = {
    { count, "step", 1, -1, "bad argument #1 to 'step' (integer >= 0 expected, got -1)" },
    { id, "get", 1, nil, "bad argument #1 to 'get' (string expected, got no value)" },
    { id, "get", 2, {}, "bad argument #2 to 'get' (string expected, got table)" },
    { id, "get", "session_id", "", "bad argument 'session_id' to 'get' (string expected, got '')" },
    { line, "f", 1, { count = 0 }, "bad argument 'path' to 'f' (string expected, got no value)" },
    { line, "f", "line", {}, "bad argument 'line.path' to 'f' (string expected, got no value)" },
    { line, "f", 1, { pth = 1 }, "unknown argument 'pth' to 'f' (did you mean 'path'?)" },
    { line, "f", "line", { pth = 1 }, "unknown argument 'line.pth' to 'f' (did you mean 'path'?)" },
  }
  for _, case in ipairs(refused) do
    it("refuses: " .. case[5], function()
      assert.has_error(function()
        arguments.check_value(case[1], case[2], case[3], case[4], -1)
      end, case[5])
    end)
  end
end)

describe("arguments.check_self", function()
  it("accepts an instance", function()
    assert.has_no_error(function()
      arguments.check_self(dolly, Sheep, "info")
    end)
  end)

  for _, self in ipairs({ {}, "sheep", false }) do
    it("explains the colon where self is a " .. type(self), function()
      assert.has_error(function()
        arguments.check_self(self, { __label = "context_manager" }, "info", -1)
      end, "bad self to 'info' (call it as context_manager:info{...}, with a colon)")
    end)
  end
end)

describe("the position of an error", function()
  local declaration = arguments.declare("f", { x = arguments.integer() })

  -- Each stands for a public method that passes its arguments to one of the checks.
  local methods = {
    check = function(level)
      arguments.check(declaration, nil, { x = "a" }, level)
      return nil
    end,
    check_value = function(level)
      arguments.check_value(declaration.members.x, "f", 1, "a", level)
      return nil
    end,
    check_self = function(level)
      arguments.check_self(nil, { __label = "c" }, "f", level)
      return nil
    end,
  }
  for name, method in pairs(methods) do
    for _, level in ipairs({ 2, "default" }) do
      it("is the line that called the method, from " .. name .. ", level " .. level, function()
        local here
        local _, message = pcall(function()
          here = debug.getinfo(1, "l").currentline + 1
          method(level ~= "default" and level or nil)
          return nil
        end)
        assert.matches("arguments_spec.lua:" .. here .. ": bad ", message)
      end)
    end

    it("is one call further up if asked, from " .. name, function()
      local here
      local function wrapper()
        method(3)
        return nil
      end
      local _, message = pcall(function()
        here = debug.getinfo(1, "l").currentline + 1
        wrapper()
        return nil
      end)
      assert.matches("arguments_spec.lua:" .. here .. ": bad ", message)
    end)
  end
end)
