-- Understands the text of a .env file as python-dotenv does, without its ${...} expansion: a value
-- means what it says.
--
-- Pure. It must never touch the environment or the file system, and never raise: a line that
-- cannot be understood is skipped, because such files belong to several programs.

local env_file = {}

local ESCAPED_IN_DOUBLE = {
  ["\\"] = "\\",
  ["'"] = "'",
  ['"'] = '"',
  a = "\a",
  b = "\b",
  f = "\f",
  n = "\n",
  r = "\r",
  t = "\t",
  v = "\v",
}
local ESCAPED_IN_SINGLE = { ["\\"] = "\\", ["'"] = "'" }

local function unescape(text, escaped)
  return (text:gsub("\\(.)", escaped))
end

---Where the quote that closes a value stands; a backslash hides the character after it.
local function closing_quote(text, at, quote)
  while true do
    local found = text:find("[\\" .. quote .. "]", at)
    if not found or text:sub(found, found) == quote then
      return found
    end
    at = found + 2
  end
end

---The value between quotes that open at a place, which may span lines, and where it ends.
local function quoted(text, at, quote)
  local closing = closing_quote(text, at + 1, quote)
  if not closing then
    return nil
  end
  local escaped = quote == '"' and ESCAPED_IN_DOUBLE or ESCAPED_IN_SINGLE
  return unescape(text:sub(at + 1, closing - 1), escaped), closing + 1
end

---The value without quotes at a place, up to a comment after a blank, and where its line ends.
local function bare(text, at)
  local line = text:match("^[^\r\n]*", at)
  local value = line:gsub("%s+#.*$", ""):gsub("%s+$", "")
  return value, at + #line
end

---The value after the equals sign and where it ends; nil for a quote that is never closed.
local function value_at(text, after_equals)
  local at = text:match("^[ \t\v\f]*()", after_equals)
  local first = text:sub(at, at)
  if first == '"' or first == "'" then
    return quoted(text, at, first)
  elseif first == "#" and at > after_equals then
    return "", at
  end
  return bare(text, at)
end

---The name at the start of a line, quoted or not, and where it ends.
local function name_at(text, at)
  at = text:match("^export[ \t\v\f]+()", at) or at
  if text:sub(at, at) == "'" then
    return text:match("^'([^']+)'()", at)
  end
  return text:match("^([^=#%s]+)()", at)
end

---One assignment at a place: its name, its value, and the end of its line; nil if it is none.
local function assignment(text, at)
  local name, after_name = name_at(text, at)
  local after_equals = name and text:match("^[ \t\v\f]*=()", after_name)
  if not after_equals then
    return nil, nil, after_name or at
  end
  local value, after = value_at(text, after_equals)
  if not value then
    return nil, nil, after_equals
  end
  local ending = text:match("^[ \t\v\f]*()", after)
  ending = text:match("^#[^\r\n]*()", ending) or ending
  if ending <= #text and not text:find("^[\r\n]", ending) then
    return nil, nil, ending
  end
  return name, value, ending
end

---The assignments of a .env file. Of several to one name the last holds.
---@param text string the whole file
---@return table<string, string> values by name
function env_file.parse(text)
  local values = {}
  local at = text:match("^\239\187\191()") or 1
  while true do
    at = text:match("^%s*()", at)
    if at > #text then
      return values
    end
    local name, value, after = assignment(text, at)
    if name then
      values[name] = value
    end
    at = text:match("^[^\r\n]*()", after)
  end
end

return env_file
