local Hostile = require("spec.support.hostile")
local agentbay = require("agentbay")

local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
local BODY = '{"Success":true,"RequestId":"r","Data":{"SessionId":"s","ResourceUrl":""}}'

local SCRIPT = [[
  local client = require("agentbay").new({
    endpoint = "%s", api_key = "akm-proxy", allow_insecure = true, retry = false,
  })
  client:get("session-1")
]]

local LINE = "^POST %s/%%?Action=GetSession&Format=json&Version=[%%d-]+&Timestamp=[^ ]+ HTTP/1.1$"

describe("a proxy", function()
  local hostile, url

  setup(function()
    hostile = Hostile.start()
    url = "http://127.0.0.1:" .. hostile.ports.plain
  end)
  teardown(function()
    hostile:stop()
  end)
  before_each(function()
    hostile:play({ { send = ANSWER:format(#BODY, BODY) } })
  end)

  local function get(options)
    options.api_key, options.retry = "akm-proxy", false
    local client = agentbay.new(options)
    local result = client:get("session-1")
    client:close()
    return result
  end

  ---Asks in a process of its own, with an environment of its own.
  local function get_with(environment, endpoint)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(SCRIPT:format(endpoint))
    file:close()
    local clean =
      "-u http_proxy -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY -u no_proxy"
    local command = ("env %s %s '%s' '%s'"):format(clean, environment, arg[-1] or "lua5.4", path)
    local status = os.execute(command)
    os.remove(path)
    assert(status == 0 or status == true)
  end

  it("isn't there, and the request names its path", function()
    assert.is_true(get({ endpoint = url }).success)
    assert.matches(LINE:format(""), hostile:request_lines()[1])
  end)

  it("that was given gets the whole URL of what isn't encrypted", function()
    local given = { endpoint = "http://service.test:81", proxy = url, allow_insecure = true }
    assert.is_true(get(given).success)
    assert.matches(LINE:format("http://service.test:81"), hostile:request_lines()[1])
  end)

  it("that was given gets no more than host and port of what is encrypted", function()
    hostile:play({ { send = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" } })
    local result = get({ endpoint = "https://service.test", proxy = url })
    assert.is_false(result.success)
    assert.same({ "CONNECT service.test:443 HTTP/1.1" }, hostile:request_lines())
  end)

  it("is taken from the environment", function()
    get_with("http_proxy=" .. url, "http://service.test:82")
    assert.matches(LINE:format("http://service.test:82"), hostile:request_lines()[1])
  end)

  it("is taken from the environment for encrypted connections", function()
    hostile:play({ { send = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" } })
    get_with("ALL_PROXY=" .. url, "https://service.test")
    assert.same({ "CONNECT service.test:443 HTTP/1.1" }, hostile:request_lines())
  end)

  it("isn't used for hosts that the environment excepts", function()
    get_with("http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1", url)
    assert.matches(LINE:format(""), hostile:request_lines()[1])
  end)

  it("isn't used where the environment names one for the other scheme", function()
    get_with("https_proxy=http://127.0.0.1:1", url)
    assert.matches(LINE:format(""), hostile:request_lines()[1])
  end)
end)
