-- What must hold of each input, by the name of what reads it. Loaded by fuzz_lua.c.

local core = require("agentbay.core")
local endpoint = require("agentbay.endpoint")
local env_file = require("agentbay.env_file")
local json_reader = require("agentbay.json_reader")
local json_text = require("agentbay.json_text")
local log = require("agentbay.log")
local results = require("agentbay.result")

local properties = {}

local loop = core.new_loop()
local cjson = require("cjson.safe")

local READINGS = { "envelope", "tasks", "state", "bindings" }

local TEXTS = { "context_id", "path", "task_type", "status", "error_message" }

local function check_tasks(tasks)
  for _, task in ipairs(tasks or {}) do
    for _, name in ipairs(TEXTS) do
      assert(task[name] == nil or type(task[name]) == "string", name)
    end
  end
end

-- lua-cjson as the binding uses it: the judge of what the binding's own reader takes for JSON.
local strict = cjson.new()
strict.decode_invalid_numbers(false)
strict.decode_max_depth(64)

-- lua-cjson's numbers may end with their point; texts are looked at without what is quoted.
local function has_open_point(bytes)
  local bare = bytes:gsub("\\.", ""):gsub('"[^"]*"', '""')
  return bare:find("%d%.%D") or bare:find("%d%.$")
end

---Both readers of bodies agree on what is JSON, and on the members of an envelope. lua-cjson
---takes a NUL for the end, whatever follows.
local function check_readers_agree(bytes)
  if bytes:find("\0", 1, true) then
    return
  end
  local document = strict.decode(bytes)
  local reply, problem = loop:decode(bytes, "tasks")
  local refused = not reply and problem:find("^the body is not JSON") ~= nil
  if type(document) == "table" and refused then
    assert(has_open_point(bytes), problem)
  elseif document == nil and bytes:find("^[ \t\r\n]*{") then
    assert(refused, bytes)
  end
  if reply then
    local envelope = assert(loop:decode(bytes, "envelope"))
    for _, name in ipairs({ "success", "request_id", "message" }) do
      assert(envelope[name] == reply[name], name)
    end
  end
end

---A response body is understood, or refused with a reason that fits a message.
function properties.decode(bytes)
  check_readers_agree(bytes)
  for _, reading in ipairs(READINGS) do
    local reply, problem = loop:decode(bytes, reading)
    if reply then
      assert(problem == nil)
      assert(reply.success == "true" or reply.success == "false" or reply.success == "absent")
      check_tasks(reply.tasks)
    else
      assert(type(problem) == "string" and #problem > 0 and #problem <= 128)
      assert(not problem:find("[^\32-\126]"))
    end
  end
end

---The inner texts of a status, wherever the outer ones are right.
function properties.status(bytes)
  local inner = cjson.encode(bytes)
  local items = cjson.encode('[{"type":"data","data":' .. inner .. "}]")
  properties.decode('{"Success":true,"Data":{"ContextStatus":' .. items .. "}}")
  properties.decode('{"Success":true,"Data":{"ContextStatus":' .. inner .. "}}")
end

local members = {
  { "id", "Id", "string", required = true },
  { "size", "Size", "number" },
  { "open", "Open", "boolean" },
}

---A page of a list has its shape or is malformed; nothing of it raises.
function properties.page(bytes)
  local body = cjson.decode(bytes)
  if type(body) ~= "table" then
    return
  end
  local result = { success = true, request_id = "", error_message = "", attempts = 1 }
  local page = results.page(result, body, "items", members)
  assert(type(page.items) == "table")
  assert(page.success or page.error_code == "Client.MalformedResponse")
  for _, item in ipairs(page.items) do
    assert(type(item.id) == "string" and item.id ~= "")
    assert(type(item.size) == "number" and type(item.open) == "boolean")
  end
end

---A map of texts is that, or there is a reason.
function properties.labels(bytes)
  local map, problem = json_reader.map_of_text(bytes)
  assert((map == nil) == (problem ~= nil))
  for name, value in pairs(map or {}) do
    assert(type(name) == "string" and type(value) == "string")
  end
end

---Names are names, which hold anything if they are quoted, values are texts, and nothing raises.
function properties.env_file(bytes)
  for name, value in pairs(env_file.parse(bytes)) do
    assert(#name > 0)
    assert(not name:find("[=%s]") or bytes:find("'" .. name .. "'", 1, true), name)
    assert(type(value) == "string")
  end
end

---A URL that is accepted has no user, path, blank or control character, and stays as it is.
function properties.endpoint(bytes)
  local url, problem = endpoint.parse(bytes)
  assert((url == nil) == (problem ~= nil))
  if url then
    assert(url:find("^https?://[^/@%s%c?#\127-\255]+$"), url)
    assert(endpoint.parse(url) == url)
    assert(endpoint.url_problem(url .. "/path?query") == nil)
  end
  local _ = endpoint.url_problem(bytes)
end

---What is written as JSON is read back as it was, as far as it is UTF-8.
function properties.json_text(bytes)
  for _, style in ipairs({ {}, { spaced = true }, { ensure_ascii = true } }) do
    local text = json_text.encode(json_text.object({ { bytes, bytes } }), style)
    assert(json_text.is_utf8(text))
    local name, value = next(assert(cjson.decode(text)))
    if json_text.is_utf8(bytes) then
      assert(name == bytes and value == bytes)
    end
    assert(not style.ensure_ascii or not text:find("[\127-\255]"))
  end
end

---A line stays a line.
function properties.log_line(bytes)
  local line = log.line("warn", "request", { action = bytes, error_message = bytes })
  assert(not line:find("[%c\127-\255]"))
end

return properties
