local agentbay = require("agentbay")
local core = require("agentbay.core")
local Hostile = require("spec.support.hostile")
local Session = require("agentbay.session")

-- Walks the table of docs/faults.md: a server does what the first column says, and what comes of it
-- must be what the others say.

local DOCUMENT = "docs/faults.md"
local TIMEOUT_MS = 300
-- How late a deadline may be kept; a machine that does other things gets another chance.
local LATEST_MS = 100
local CHANCES = 3

local GOOD = '{"RequestId":"R","Success":true,"Data":{"ContextStatus":"[]"}}'
local ANSWER = Hostile.answer(200, GOOD)
local HEAD = ANSWER:match("^(.-\r\n\r\n)")

local function reading(command)
  local process = io.popen(command)
  local output = process:read("*a")
  process:close()
  return output
end

local function body(text, headers)
  return { { send = Hostile.answer(200, text, headers) } }
end

---An answer without a length: it ends with the connection, or never.
local function open_ended(start, more)
  return { { send = "HTTP/1.1 200 OK\r\n" .. start }, more }
end

local function forever(text, every_ms)
  return { send = text, times = -1, every_ms = every_ms }
end

---Programs that end an answer at each of its bytes from one to another.
local function at_each_byte(first, last, finish)
  local programs = {}
  for i = first, last do
    programs[#programs + 1] = { { send = ANSWER:sub(1, i) }, finish }
  end
  return programs
end

local CLOSE, RESET, STALL = { close = true }, { reset = true }, { stall = true }

---What is sent, by the name of the fault; `each`: several programs of one kind.
local programs = {
  ["it accepts and says nothing"] = { STALL },
  ["it closes before the answer"] = { CLOSE },
  ["it resets before the answer"] = { RESET },
  ["it closes inside the headers"] = { each = at_each_byte(17, #HEAD - 3, CLOSE) },
  ["it resets inside the headers"] = { each = at_each_byte(17, #HEAD - 3, RESET) },
  ["it stalls inside the headers"] = { { send = HEAD:sub(1, 20) }, STALL },
  ["it closes inside the body"] = { each = at_each_byte(#HEAD, #ANSWER - 1, CLOSE) },
  ["it resets inside the body"] = { each = at_each_byte(#HEAD, #ANSWER - 1, RESET) },
  ["it stalls inside the body"] = { { send = ANSWER:sub(1, -10) }, STALL },
  ["the body is longer than its length says"] = {
    { send = ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#GOOD - 9, GOOD) },
  },
  ["the length is no number"] = open_ended("Content-Length: many\r\n\r\n" .. GOOD, CLOSE),
  ["chunks end early"] = open_ended(
    "Transfer-Encoding: chunked\r\n\r\n10\r\n" .. GOOD:sub(1, 16) .. "\r\n",
    CLOSE
  ),
  ["chunks have no size"] = open_ended("Transfer-Encoding: chunked\r\n\r\nzz\r\n" .. GOOD, CLOSE),
  ["gzip that is none"] = body(GOOD, "Content-Encoding: gzip\r\n"),
  ["gzip that unpacks to more than the limit"] = body(
    reading("head -c 3000000 /dev/zero | gzip -9n"),
    "Content-Encoding: gzip\r\n"
  ),
  ["1xx without end"] = { forever("HTTP/1.1 100 Continue\r\n\r\n") },
  ["headers without end"] = open_ended("", forever("X-More: " .. ("x"):rep(1000) .. "\r\n")),
  ["one header without end"] = open_ended("X-More: ", forever(("x"):rep(1000))),
  ["a body without end"] = open_ended("\r\n", forever(("x"):rep(1000))),
  ["a body without end, slowly"] = open_ended("\r\n", forever("x", 20)),
  ["a body over the limit"] = body(("x"):rep(200000)),
  ["a redirect to another host"] = {
    { send = Hostile.answer(302, "", "Location: http://127.0.0.2:1/\r\n") },
  },
  ["a redirect to a file"] = {
    { send = Hostile.answer(302, "", "Location: file:///etc/passwd\r\n") },
  },
  ["no HTTP"] = { { send = "SSH-2.0-OpenSSH_9.2\r\n" }, CLOSE },
  ["HTML instead of JSON"] = body("<html>"),
  ["no body"] = body(""),
  ["HTTP 204"] = { { send = "HTTP/1.1 204 X\r\n\r\n" } },
  ["nested 10,000 deep"] = body(("["):rep(10000) .. ("]"):rep(10000)),
  ["a number beyond all numbers"] = body('{"Success":true,"Data":1e999}'),
  ["UTF-8 that is none"] = body('{"Success":true,"Data":"\255\254"}'),
  ["half a surrogate pair"] = body('{"Success":true,"RequestId":"\\ud800"}'),
  ["a member twice"] = body('{"Success":true,"Success":false}'),
  ["NUL in a code"] = body('{"Success":false,"Code":"A\\u0000B"}'),
  ["Success as text"] = body('{"Success":"yes"}'),
  ["an array instead of an object"] = body("[]"),
  ["null instead of an object"] = body("null"),
}

---Faults that aren't an answer's, but the place's.
local places = {
  ["nobody listens"] = "http://127.0.0.1:1",
  ["the name has no address"] = "https://nowhere.invalid",
  ["the certificate has expired"] = { port = "expired" },
  ["the certificate is another host's"] = { port = "name" },
  ["the certificate's authority is unknown"] = { port = "unknown" },
  ["TLS is older than 1.2"] = { port = "old" },
  ["it resets inside the handshake"] = { port = "cut" },
  ["it stalls inside the handshake"] = { port = "mute" },
}

---The programs for a fault: one for each HTTP status of "HTTP 400, 401", say.
local function programs_of(fault)
  local program = programs[fault]
  if program then
    return program.each or { program }
  elseif places[fault] then
    return { {} }
  end
  local each = {}
  for status in fault:gmatch("%d+") do
    each[#each + 1] = { { send = Hostile.answer(status, status == "304" and "" or "{}") } }
  end
  assert(fault:find("^HTTP %d") and #each > 0, "no program for: " .. fault)
  return each
end

---The rows of the document's table.
local function rows()
  local list = {}
  for line in io.lines(DOCUMENT) do
    local cells = {}
    for cell in line:gmatch("|%s*([^|]-)%s*%f[|]") do
      cells[#cells + 1] = cell
    end
    if #cells == 5 and not cells[1]:find("^%-") and cells[1] ~= "what the server does" then
      list[#list + 1] = cells
    end
  end
  return list
end

local kinds = {
  {
    name = "a read",
    start = function(session)
      return session.context_manager:info()
    end,
  },
  {
    name = "a change",
    start = function(session)
      return session:set_labels({ a = "b" })
    end,
  },
  {
    name = "a status check",
    start = function(session)
      return session.context_manager:sync({ max_retries = 2, retry_interval = 10 })
    end,
    -- What starts the sync is answered well.
    first = { { send = ANSWER } },
    checks = 2,
  },
}

describe("docs/faults.md", function()
  local hostile

  setup(function()
    hostile = Hostile.start()
  end)
  teardown(function()
    hostile:stop()
  end)

  local function endpoint_of(fault)
    local place = places[fault]
    if type(place) == "string" then
      return place
    end
    return hostile:endpoint(place and place.port or "plain")
  end

  ---What comes of a kind of request: "code ×attempts", the time it took, and the message.
  local function try(kind, fault, program)
    hostile:play(program, not places[fault] and kind.first or nil)
    local client = agentbay.new({
      api_key = "akm-spec-0123456789",
      endpoint = endpoint_of(fault),
      ca_file = hostile.ca_file,
      timeout_ms = TIMEOUT_MS,
      max_response_bytes = 100000,
      retry = { base_ms = 1 },
    })
    local started = core.now_ms()
    local result = kind.start(Session.new(client, "session-spec"))
    local elapsed = core.now_ms() - started
    client:close()
    assert.is_nil(result.error_message:find("akm-spec-0123456789", 1, true))
    assert.are.equal(result.success, result.error_message == "")
    local what = result.success and "success" or result.error_code
    return ("`%s` ×%d"):format(what, result.attempts), elapsed, result.error_message
  end

  ---Whether the time is what the last column says.
  local function in_time(elapsed, time, checks)
    local deadline = TIMEOUT_MS * (checks or 1)
    if time == "`timeout_ms`" then
      return elapsed >= deadline - 5 and elapsed <= deadline + LATEST_MS
    end
    return elapsed <= deadline + LATEST_MS
  end

  it("has a row for each fault, and no other", function()
    local named = {}
    for _, row in ipairs(rows()) do
      assert.is_nil(named[row[1]], row[1])
      named[row[1]] = true
    end
    for _, list in ipairs({ programs, places }) do
      for fault in pairs(list) do
        assert.is_true(named[fault], fault)
      end
    end
  end)

  for _, row in ipairs(rows()) do
    local fault, time = row[1], row[5]
    for i, kind in ipairs(kinds) do
      local expected = row[i + 1]
      it(("tells what comes of %s when: %s"):format(kind.name, fault), function()
        for _, program in ipairs(programs_of(fault)) do
          local told, elapsed, message
          for _ = 1, CHANCES do
            told, elapsed, message = try(kind, fault, program)
            if told == expected and in_time(elapsed, time, kind.checks) then
              break
            end
          end
          assert.are.equal(expected, told, message)
          assert.is_true(in_time(elapsed, time, kind.checks), fault .. " took " .. elapsed .. " ms")
        end
      end)
    end
  end
end)
