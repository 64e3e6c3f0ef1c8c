-- What public functions accept, and the words in which they refuse.

local arguments = require("agentbay.arguments")
local rules = require("agentbay.rules")
local table_rules = require("agentbay.table_rules")

local Sheep = {}
local dolly = setmetatable({}, Sheep)
local callable = setmetatable({}, { __call = function() end })
local nan = 0 / 0

local line = table_rules.record({
  path = rules.text({ required = true }),
  count = rules.integer({ min = 0 }),
})
local off_or_line = rules.either(rules.constant(false), line)
local no_digits = rules.text({ without = { pattern = "%d", name = "digits" } })

describe("an argument that is", function()
  local accepted = {
    { "text", rules.text(), "a" },
    { "text beyond ASCII", rules.text(), "\255" },
    { "text of blanks", rules.text(), " " },
    { "text that may be empty", rules.text({ empty = true }), "" },
    { "text in UTF-8", rules.text({ utf8 = true }), "\195\188" },
    { "text without what it must not have", no_digits, "a" },
    { "an integer", rules.integer(), 3 },
    { "an integer written as a float", rules.integer(), 3.0 },
    { "an integer at both its limits", rules.integer({ min = 1, max = 1 }), 1 },
    { "the largest integer", rules.integer(), 9007199254740992 },
    { "the smallest integer", rules.integer(), -9007199254740992 },
    { "a number", rules.number(), 1.5 },
    { "a number at its limit", rules.number({ min = 1 }), 1 },
    { "true", rules.boolean(), true },
    { "false in place of true", rules.boolean({ default = true }), false },
    { "a function", rules.callback(), print },
    { "a table that can be called", rules.callback(), callable },
    { "one of two words", rules.one_of("upload", "download"), "upload" },
    { "a list", table_rules.list_of(rules.integer()), { 1, 2 } },
    { "an empty list", table_rules.list_of(rules.integer()), {} },
    { "a list of booleans", table_rules.list_of(rules.boolean()), { false, true } },
    { "a list with empty text", table_rules.list_of(rules.text({ empty = true })), { "", "a" } },
    { "a record", line, { path = "/p", count = 1 } },
    { "a list of records", table_rules.list_of(line), { { path = "/p" }, { path = "/q" } } },
    { "a map of text", table_rules.map_of_text(), { a = "1", ["b c"] = "2" } },
    { "an object", rules.object(Sheep, "sheep"), dolly },
    { "anything", rules.any(), print },
    { "a table", rules.table(), { {}, x = 1 } },
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
  local either_kind = rules.either(rules.object(Sheep, "sheep"), rules.text())
  local some_lines = table_rules.list_of(line, { min_items = 1 })
  local secret = rules.text({ secret = true })
  local refused = {
    { rules.text(), 1, "'x' to 'f' (string expected, got number)" },
    { rules.text(), {}, "'x' to 'f' (string expected, got table)" },
    { rules.text(), "a\0b", "'x' to 'f' " .. NUL },
    { rules.text({ empty = true }), "\0", "'x' to 'f' " .. NUL },
    { rules.text({ not_blank = true }), " \t", "'x' to 'f' (text that is not blank expected)" },
    { rules.text({ utf8 = true }), "\255", "'x' to 'f' (text in UTF-8 expected)" },
    { no_digits, "a1", "'x' to 'f' (text without digits expected, got 'a1')" },
    { no_digits, "1\n\127", "'x' to 'f' (text without digits expected, got '1??')" },
    {
      no_digits,
      ("1"):rep(50),
      "'x' to 'f' (text without digits expected, got '" .. ("1"):rep(40) .. "...')",
    },
    { secret, 12345, "'x' to 'f' (string expected, got number)" },
    { secret, "hush\0", "'x' to 'f' " .. NUL },
    { rules.integer({ min = 0 }), "many", "'x' to 'f' (integer >= 0 expected, got string)" },
    { rules.integer({ min = 0 }), "5", "'x' to 'f' (integer >= 0 expected, got string)" },
    { rules.integer({ min = 0 }), -1, "'x' to 'f' (integer >= 0 expected, got -1)" },
    { rules.integer({ min = 0 }), 1.5, "'x' to 'f' (integer >= 0 expected, got 1.5)" },
    { rules.integer({ min = 0 }), nan, "'x' to 'f' (integer >= 0 expected, got nan)" },
    { rules.integer({ min = 0 }), math.huge, "'x' to 'f' (integer >= 0 expected, got inf)" },
    { rules.integer(), -math.huge, "'x' to 'f' (integer expected, got -inf)" },
    { rules.integer(), true, "'x' to 'f' (integer expected, got boolean)" },
    {
      rules.integer({ min = 0 }),
      1e300,
      "'x' to 'f' (integer from 0 to 9007199254740992 expected, got 1e+300)",
    },
    {
      rules.integer({ min = 1, max = 9 }),
      10,
      "'x' to 'f' (integer from 1 to 9 expected, got 10)",
    },
    {
      rules.integer({ min = 1, max = 9 }),
      0,
      "'x' to 'f' (integer from 1 to 9 expected, got 0)",
    },
    { rules.integer({ max = 9 }), 1.5, "'x' to 'f' (integer <= 9 expected, got 1.5)" },
    { rules.number({ min = 1 }), 0.5, "'x' to 'f' (number >= 1 expected, got 0.5)" },
    { rules.number({ max = 1 }), 2, "'x' to 'f' (number <= 1 expected, got 2)" },
    { rules.number({ min = 1 }), nan, "'x' to 'f' (finite number >= 1 expected, got nan)" },
    { rules.number(), math.huge, "'x' to 'f' (finite number expected, got inf)" },
    { rules.number(), "1", "'x' to 'f' (number expected, got string)" },
    { rules.boolean(), "true", "'x' to 'f' (boolean expected, got string)" },
    { rules.boolean(), 0, "'x' to 'f' (boolean expected, got number)" },
    { rules.callback(), {}, "'x' to 'f' (function expected, got table)" },
    { rules.callback(), "print", "'x' to 'f' (function expected, got string)" },
    { rules.callback(), dolly, "'x' to 'f' (function expected, got table)" },
    {
      rules.one_of("upload", "download"),
      "uplaod",
      "'x' to 'f' ('upload' or 'download' expected, got 'uplaod')",
    },
    { rules.one_of("upload"), true, "'x' to 'f' ('upload' expected, got boolean)" },
    { rules.one_of("a", "b", "c"), "d", "'x' to 'f' (one of 'a', 'b', 'c' expected, got 'd')" },
    { rules.table(), "t", "'x' to 'f' (table expected, got string)" },
    { rules.object(Sheep, "sheep"), {}, "'x' to 'f' (sheep expected, got table)" },
    { rules.object({}, "object"), 1, "'x' to 'f' (object expected, got number)" },
    { line, 1, "'x' to 'f' (table expected, got number)" },
    { line, {}, "'x.path' to 'f' (string expected, got no value)" },
    { line, { path = "" }, "'x.path' to 'f' (string expected, got '')" },
    { line, { path = 1 }, "'x.path' to 'f' (string expected, got number)" },
    { table_rules.list_of(line), "a", "'x' to 'f' (list expected, got string)" },
    { table_rules.list_of(line), { "a" }, "'x[1]' to 'f' (table expected, got string)" },
    { table_rules.list_of(line), { "" }, "'x[1]' to 'f' (table expected, got string)" },
    {
      table_rules.list_of(line),
      { { path = "/p" }, { path = "/p", count = -1 } },
      "'x[2].count' to 'f' (integer >= 0 expected, got -1)",
    },
    {
      table_rules.list_of(rules.integer()),
      { [1] = 1, [3] = 3 },
      "'x[2]' to 'f' (integer expected, got no value)",
    },
    {
      table_rules.list_of(rules.text()),
      { "a", "" },
      "'x[2]' to 'f' (non-empty string expected, got '')",
    },
    { some_lines, {}, "'x[1]' to 'f' (table expected, got no value)" },
    { table_rules.map_of_text(), "a=b", "'x' to 'f' (table of strings expected, got string)" },
    { table_rules.map_of_text(), { a = 1 }, "'x.a' to 'f' (string expected, got number)" },
    { table_rules.map_of_text(), { a = "" }, "'x.a' to 'f' (non-empty string expected, got '')" },
    { table_rules.map_of_text(), { a = " " }, "'x.a' to 'f' (text that is not blank expected)" },
    { table_rules.map_of_text(), { a = "\255" }, "'x.a' to 'f' (text in UTF-8 expected)" },
    {
      table_rules.map_of_text(),
      { "a" },
      "'x[1]' to 'f' (name that is a string expected, got number)",
    },
    {
      table_rules.map_of_text(),
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
      local declaration = arguments.declare("f", { x = rules.integer() })
      local checked = arguments.check(declaration, nil, { x = 3.0 })
      assert.are.equal("integer", rawget(math, "type")(checked.x))
    end)
  end

  it("a negative zero becomes zero", function()
    local declaration = arguments.declare("f", { x = rules.integer({ min = 0 }) })
    assert.are.equal(math.huge, 1 / arguments.check(declaration, nil, { x = -0.0 }).x)
  end)
end)

describe("arguments.check", function()
  local sync = arguments.declare("sync", {
    context_id = rules.text(),
    mode = rules.one_of("upload", "download"),
    max_retries = rules.integer({ min = 0, default = 150 }),
    wait = rules.boolean({ default = false }),
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
      lines = table_rules.list_of(
        table_rules.record({ path = rules.text(), n = rules.integer({ default = 1 }) })
      ),
      labels = table_rules.map_of_text(),
    })
    local checked = arguments.check(declaration, nil, given)
    assert.are.same({ lines = { { path = "/p" } }, labels = { a = "b" } }, given)
    assert.are.same({ lines = { { path = "/p", n = 1 } }, labels = { a = "b" } }, checked)
    assert.are_not.equal(given.labels, checked.labels)
    assert.are_not.equal(item, checked.lines[1])
  end)

  it("gives every call its own copy of a default", function()
    local declaration = arguments.declare("f", {
      paths = table_rules.list_of(rules.text({ empty = true }), { default = { "" } }),
      part = table_rules.record({ on = rules.boolean({ default = true }) }, { default = {} }),
    })
    local first, second = arguments.check(declaration), arguments.check(declaration)
    assert.are.same({ paths = { "" }, part = { on = true } }, first)
    assert.are_not.equal(first.paths, second.paths)
    assert.are_not.equal(first.part, second.part)
  end)

  local strict = arguments.declare("get", {
    session_id = rules.text({ required = true }),
    lines = table_rules.list_of(line),
    pair = table_rules.record({ a = rules.text(), b = rules.text() }),
  })
  local bound = arguments.declare("bind", { wait = rules.boolean() }, {
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
      b = rules.text({ required = true }),
      a = rules.text({ required = true }),
    })
    assert.has_error(function()
      arguments.check(both, nil, {}, -1)
    end, "bad argument 'a' to 'f' (string expected, got no value)")
  end)

  describe("with a rule between arguments", function()
    local paired = arguments.declare("sync", {
      context_id = rules.text(),
      path = rules.text(),
    }, { verify = table_rules.together("context_id", "path") })

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
      local odd = table_rules.record({ n = rules.integer() }, {
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
    local secrets = {
      rules.text({ secret = true, without = secret }),
      rules.one_of("a", "b", { secret = true }),
      rules.either(rules.constant("a"), rules.constant(1), { secret = true }),
      rules.either(rules.constant(false), rules.one_of("a", { secret = true })),
    }
    for _, rule in ipairs(secrets) do
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
  local count = rules.integer({ min = 0, default = 7 })

  it("gives the value, or the default where there is none", function()
    assert.are.equal(3, arguments.check_value(count, "step", 1, 3))
    assert.are.equal(7, arguments.check_value(count, "step", 1, nil))
    assert.are.equal(7, arguments.check_value(count, "step", 1, ""))
    assert.are.equal("", arguments.check_value(rules.text({ empty = true }), "f", 1, ""))
  end)

  local id = rules.text({ required = true })
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
  local declaration = arguments.declare("f", { x = rules.integer() })

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
