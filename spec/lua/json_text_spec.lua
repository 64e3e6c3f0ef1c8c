-- The JSON texts that requests carry as single fields.

local json_text = require("agentbay.json_text")

local array, encode, object = json_text.array, json_text.encode, json_text.object

describe("json_text.encode", function()
  local texts = {
    { "", '""', '""', "nothing" },
    { "plain", '"plain"', '"plain"', "plain text" },
    { "/tmp/a", '"/tmp/a"', '"/tmp/a"', "slashes, unescaped" },
    { 'a"b\\c', '"a\\"b\\\\c"', '"a\\"b\\\\c"', "quotes and backslashes" },
    { "\b\f\n\r\t", '"\\b\\f\\n\\r\\t"', '"\\b\\f\\n\\r\\t"', "the usual control characters" },
    { "\0\1\11\31", '"\\u0000\\u0001\\u000b\\u001f"', nil, "the other control characters" },
    { "\127", '"\127"', '"\\u007f"', "delete" },
    { "\195\188", '"\195\188"', '"\\u00fc"', "two bytes" },
    { "\228\184\173", '"\228\184\173"', '"\\u4e2d"', "three bytes" },
    { "\240\159\152\128", '"\240\159\152\128"', '"\\ud83d\\ude00"', "four bytes" },
    { "\244\143\191\191", '"\244\143\191\191"', '"\\udbff\\udfff"', "the last character" },
    { "a\255b", '"a\239\191\189b"', '"a\\ufffdb"', "a stray byte" },
    { "\192\128", '"\239\191\189\239\191\189"', '"\\ufffd\\ufffd"', "an overlong form" },
    { "\195\188\195", '"\195\188\239\191\189"', '"\\u00fc\\ufffd"', "a character cut off" },
  }
  for _, case in ipairs(texts) do
    it("writes text with " .. case[4] .. " as it is where it may", function()
      assert.are.equal(case[2], encode(case[1]))
    end)
    it("writes text with " .. case[4] .. " in ASCII if asked", function()
      assert.are.equal(case[3] or case[2], encode(case[1], { ensure_ascii = true }))
    end)
  end

  local numbers = {
    { 0, "0" },
    { -0.0, "0" },
    { 1, "1" },
    { 1.0, "1" },
    { -7, "-7" },
    { 123456789012345, "123456789012345" },
    { 9007199254740992, "9007199254740992" },
    { -9007199254740992, "-9007199254740992" },
    { 1.5, "1.5" },
    { 0.1, "0.1" },
    { 1e300, "1e+300" },
  }
  for _, case in ipairs(numbers) do
    it("writes the number " .. case[2], function()
      assert.are.equal(case[2], encode(case[1]))
    end)
  end

  it("writes booleans", function()
    assert.are.equal("[true,false]", encode(array({ true, false })))
  end)

  it("keeps the order of members and leaves out those without a value", function()
    local value = object({ { "z", 1 }, { "none", nil }, { "a", "b" } })
    assert.are.equal('{"z":1,"a":"b"}', encode(value))
  end)

  it("writes empty objects and arrays as what they are", function()
    local value = object({ { "o", object({}) }, { "a", array({}) } })
    assert.are.equal('{"o":{},"a":[]}', encode(value))
  end)

  it("puts blanks after commas and colons if asked", function()
    local value = object({ { "a", array({ 1, "x" }) }, { "b", object({ { "c", true } }) } })
    assert.are.equal('{"a": [1, "x"], "b": {"c": true}}', encode(value, { spaced = true }))
  end)

  it("escapes the names of members", function()
    assert.are.equal(
      '{"\\u00fc\\"":1}',
      encode(object({ { '\195\188"', 1 } }), { ensure_ascii = true })
    )
  end)

  it("writes a table's entries in the order of their names", function()
    assert.are.equal(
      '{"a":"1","b":"2","c":"3"}',
      encode(json_text.sorted({ c = "3", a = "1", b = "2" }))
    )
    assert.are.equal("{}", encode(json_text.sorted({})))
  end)

  it("never changes what it is given", function()
    local items = { 1, 2 }
    encode(array(items))
    assert.is_nil(getmetatable(items))
    assert.are.same({ 1, 2 }, items)
  end)

  local impossible = {
    { {}, "JSON text cannot be written of a bare table" },
    { print, "JSON text cannot be written of a bare function" },
    { math.huge, "JSON has no notation for inf" },
  }
  for _, case in ipairs(impossible) do
    it("raises: " .. case[2], function()
      assert.has_error(function()
        encode(case[1])
      end, case[2])
    end)
  end

  it("raises for a number that is none", function()
    assert.error_matches(function()
      encode(0 / 0)
    end, "JSON has no notation for %-?nan")
  end)
end)

describe("json_text.is_utf8", function()
  local texts = {
    { "", true, "nothing" },
    { "plain\0text", true, "ASCII" },
    { "\195\188\228\184\173\240\159\152\128", true, "characters of two, three and four bytes" },
    { "\128", false, "a following byte alone" },
    { "a\195", false, "a character cut off" },
    { "\195a", false, "a character broken off" },
    { "\192\175", false, "an overlong form of two bytes" },
    { "\224\128\175", false, "an overlong form of three bytes" },
    { "\237\160\128", false, "a surrogate" },
    { "\244\144\128\128", false, "a code that is too large" },
    { "\255", false, "a byte that never occurs" },
  }
  for _, case in ipairs(texts) do
    it((case[2] and "accepts " or "refuses ") .. case[3], function()
      assert.are.equal(case[2], json_text.is_utf8(case[1]))
    end)
  end
end)
