-- How the text of a .env file is understood.

local env_file = require("agentbay.env_file")

describe("env_file.parse", function()
  local understood = {
    { "an empty file", "", {} },
    { "an assignment", "A=1", { A = "1" } },
    { "several lines", "A=1\nB=2\n", { A = "1", B = "2" } },
    { "Windows line ends", "A=1\r\nB=2\r\n", { A = "1", B = "2" } },
    { "old Macintosh line ends", "A=1\rB=2", { A = "1", B = "2" } },
    { "a byte order mark", "\239\187\191A=1", { A = "1" } },
    { "blank lines", "\n \n\tA=1\n\n\nB=2", { A = "1", B = "2" } },
    { "export", "export A=1\nexport\tB=2", { A = "1", B = "2" } },
    { "a name that starts like export", "exported=1", { exported = "1" } },
    { "blanks around the equals sign", "A = 1", { A = "1" } },
    { "blanks after a value", "A=1 \t ", { A = "1" } },
    { "blanks inside a value", "A=one two", { A = "one two" } },
    { "an empty value", "A=\nB=2", { A = "", B = "2" } },
    { "an equals sign in a value", "A=b=c", { A = "b=c" } },
    { "a comment line", "# A=0\nA=1", { A = "1" } },
    { "a comment after a value", "A=1 # one", { A = "1" } },
    { "a hash inside a value", "A=a#b", { A = "a#b" } },
    { "a hash right after the equals sign", "A=#b", { A = "#b" } },
    { "a comment instead of a value", "A= # nothing", { A = "" } },
    { "double quotes", 'A="one two"', { A = "one two" } },
    { "single quotes", "A='one two'", { A = "one two" } },
    { "a hash inside quotes", "A=\"a # b\"\nB='a # b'", { A = "a # b", B = "a # b" } },
    { "a comment after quotes", "A=\"1\" # one\nB='2'# two", { A = "1", B = "2" } },
    { "escapes in double quotes", [[A="a\nb\t\"c\"\\d\'"]], { A = 'a\nb\t"c"\\d\'' } },
    { "unknown escapes in double quotes", [[A="a\xb"]], { A = [[a\xb]] } },
    { "escapes in single quotes", [[A='a\nb\'c\\d']], { A = [[a\nb'c\d]] } },
    { "escapes without quotes", [[A=a\nb\\c]], { A = [[a\nb\\c]] } },
    { "quotes inside a value", [[A=a"b"c]], { A = [[a"b"c]] } },
    { "quotes that span lines", 'A="one\ntwo"\nB=3', { A = "one\ntwo", B = "3" } },
    { "a dollar sign", "A=${B}", { A = "${B}" } },
    { "a quoted name", "'A B'=1", { ["A B"] = "1" } },
    { "the last of several", "A=1\nA=2", { A = "2" } },
  }
  for _, case in ipairs(understood) do
    it("understands " .. case[1], function()
      assert.are.same(case[3], env_file.parse(case[2]))
    end)
  end

  local skipped = {
    { "a name without a value", "A\nB=2" },
    { "exported names without a value", "export A\nB=2" },
    { "a value without a name", "=1\nB=2" },
    { "words", "some words = 1\nB=2" },
    { "text after closing quotes", 'A="1" 2\nB=2' },
    { "quotes that are never closed", 'A="1\nB=2' },
    { "a quoted name that is never closed", "'A=1\nB=2" },
  }
  for _, case in ipairs(skipped) do
    it("skips a line with " .. case[1], function()
      assert.are.same({ B = "2" }, env_file.parse(case[2]))
    end)
  end
end)
