-- Writes JSON text whose members keep the order they were given in, the way Python's json.dumps
-- writes it: requests carry such texts as single fields.
--
-- Pure. It must never read JSON (the binding does that), never guess whether a table is an object
-- or an array, and never put out text that is not valid UTF-8: every byte that is not part of a
-- character becomes U+FFFD. Callers who would rather refuse such text ask `is_utf8` first.

local json_text = {}

---@class agentbay.JsonStyle
---@field ensure_ascii? boolean write everything beyond ASCII as \uXXXX (default: as it is)
---@field spaced? boolean separate by ", " and ": " (default: by "," and ":")

local byte, char, find, format, gsub, sub =
  string.byte, string.char, string.find, string.format, string.gsub, string.sub
local math_type = rawget(math, "type")

local LARGEST_EXACT = 2 ^ 53
local REPLACEMENT = "\239\191\189" -- U+FFFD

local ESCAPES = {
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["\b"] = "\\b",
  ["\f"] = "\\f",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}
for code = 0, 31 do
  ESCAPES[char(code)] = ESCAPES[char(code)] or format("\\u%04x", code)
end

---What the first byte of a character says: how many bytes it has, the bits it contributes, and the
---smallest code that may be written with so many bytes.
local function opening(first)
  if first < 128 then
    return 1, first, 0
  elseif first < 194 then
    return nil
  elseif first < 224 then
    return 2, first - 192, 0x80
  elseif first < 240 then
    return 3, first - 224, 0x800
  elseif first < 245 then
    return 4, first - 240, 0x10000
  end
  return nil
end

---The code point that starts at a byte and its length; nil if those bytes are no character.
local function decode(text, at)
  local length, code, smallest = opening(byte(text, at))
  if not length then
    return nil
  end
  for i = at + 1, at + length - 1 do
    local following = byte(text, i)
    if not following or following < 128 or following > 191 then
      return nil
    end
    code = code * 64 + following - 128
  end
  local is_surrogate = code >= 0xD800 and code <= 0xDFFF
  if code < smallest or code > 0x10FFFF or is_surrogate then
    return nil
  end
  return code, length
end

---Whether a text is valid UTF-8: no stray bytes, no overlong forms, no surrogates.
---@param text string
---@return boolean
function json_text.is_utf8(text)
  local at = find(text, "[\128-\255]")
  while at do
    local _, length = decode(text, at)
    if not length then
      return false
    end
    at = find(text, "[\128-\255]", at + length)
  end
  return true
end

local function unicode_escape(code)
  if code < 0x10000 then
    return format("\\u%04x", code)
  end
  local above = code - 0x10000
  local high = 0xD800 + math.floor(above / 0x400)
  return format("\\u%04x\\u%04x", high, 0xDC00 + above % 0x400)
end

---Rewrites a run of bytes beyond ASCII, character by character.
local function rewrite(run, ensure_ascii)
  local pieces, at = {}, 1
  while at <= #run do
    local code, length = decode(run, at)
    if ensure_ascii then
      pieces[#pieces + 1] = unicode_escape(code or 0xFFFD)
    else
      pieces[#pieces + 1] = code and sub(run, at, at + length - 1) or REPLACEMENT
    end
    at = at + (length or 1)
  end
  return table.concat(pieces)
end

local function rewrite_as_ascii(run)
  return rewrite(run, true)
end

local function quote(text, ensure_ascii)
  text = gsub(text, '[%z\1-\31"\\]', ESCAPES)
  if ensure_ascii then
    text = gsub(gsub(text, "\127", "\\u007f"), "[\128-\255]+", rewrite_as_ascii)
  elseif not json_text.is_utf8(text) then
    text = gsub(text, "[\128-\255]+", rewrite)
  end
  return '"' .. text .. '"'
end

---Whole numbers are written without a fraction and without loss; others with the fewest digits
---that read back as the same number.
local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    error("JSON has no notation for " .. tostring(value), 0)
  elseif math_type and math_type(value) == "integer" then
    return format("%d", value)
  elseif value == 0 then
    return "0"
  elseif value % 1 == 0 and math.abs(value) <= LARGEST_EXACT then
    return format("%.0f", value)
  end
  for digits = 15, 17 do
    local text = format("%." .. digits .. "g", value)
    if tonumber(text) == value then
      return (gsub(text, ",", "."))
    end
  end
end

-- The marks by which objects and arrays are told apart.
local OBJECT, ARRAY = {}, {}

---An object whose members are written in this order. A member without a value is left out.
---@param members table[] a list of { name, value }
---@return table
function json_text.object(members)
  return setmetatable({ members = members }, OBJECT)
end

---An array, which may be empty.
---@param items any[]
---@return table
function json_text.array(items)
  return setmetatable({ items = items }, ARRAY)
end

---An object of the entries of a table, in the order of their names.
---@param entries table<string, any>
---@return table
function json_text.sorted(entries)
  local names = {}
  for name in pairs(entries) do
    names[#names + 1] = name
  end
  table.sort(names)
  local members = {}
  for i, name in ipairs(names) do
    members[i] = { name, entries[name] }
  end
  return json_text.object(members)
end

local write

local function write_object(out, members, style)
  local between, colon = "{", style.spaced and ": " or ":"
  for _, member in ipairs(members) do
    if member[2] ~= nil then
      out[#out + 1] = between
      out[#out + 1] = quote(member[1], style.ensure_ascii)
      out[#out + 1] = colon
      write(out, member[2], style)
      between = style.spaced and ", " or ","
    end
  end
  out[#out + 1] = between == "{" and "{}" or "}"
end

local function write_array(out, items, style)
  out[#out + 1] = "["
  for i, item in ipairs(items) do
    if i > 1 then
      out[#out + 1] = style.spaced and ", " or ","
    end
    write(out, item, style)
  end
  out[#out + 1] = "]"
end

function write(out, value, style)
  local kind, mark = type(value), getmetatable(value)
  if kind == "string" then
    out[#out + 1] = quote(value, style.ensure_ascii)
  elseif kind == "number" then
    out[#out + 1] = number(value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif mark == OBJECT then
    write_object(out, value.members, style)
  elseif mark == ARRAY then
    write_array(out, value.items, style)
  else
    error("JSON text cannot be written of a bare " .. kind, 0)
  end
end

local COMPACT = {}

---The JSON text of a string, number, boolean, or of what `object`, `array` or `sorted` gave.
---Raises for anything else, and for numbers that are not finite.
---@param value any
---@param style agentbay.JsonStyle|nil
---@return string
function json_text.encode(value, style)
  local out = {}
  write(out, value, style or COMPACT)
  return table.concat(out)
end

return json_text
