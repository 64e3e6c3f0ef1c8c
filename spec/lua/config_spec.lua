-- Where the settings of a client come from, and which are refused.

local config = require("agentbay.config")

local DEFAULT_URL = "https://wuyingai.cn-shanghai.aliyuncs.com"

---An outside of these variables and files; remembers which files were asked for.
local function outside(variables, files)
  local asked = {}
  return {
    asked = asked,
    getenv = function(name)
      return variables[name]
    end,
    read = function(path)
      asked[#asked + 1] = path
      if files[path] then
        return files[path]
      end
      return nil, path .. ": No such file or directory"
    end,
  }
end

---The settings, or nil and the message that was raised.
local function resolve(options, variables, files)
  local world = outside(variables or {}, files or {})
  local ok, outcome = pcall(config.resolve, options, -1, world)
  if ok then
    return outcome
  end
  return nil, outcome
end

describe("config.resolve", function()
  it("uses the defaults where only a key is given", function()
    assert.are.same({
      api_key = "akm-1",
      endpoint = DEFAULT_URL,
      timeout_ms = 60000,
    }, resolve({ api_key = "akm-1" }))
  end)

  it("takes everything from the call", function()
    local given =
      { api_key = "akm-1", endpoint = "example.com:8443", region_id = "r", timeout_ms = 5 }
    assert.are.same({
      api_key = "akm-1",
      endpoint = "https://example.com:8443",
      region_id = "r",
      timeout_ms = 5,
    }, resolve(given))
  end)

  local variables = {
    AGENTBAY_API_KEY = "akm-env",
    AGENTBAY_ENDPOINT = "env.example",
    AGENTBAY_REGION_ID = "region-env",
    AGENTBAY_TIMEOUT_MS = "1500",
  }

  it("takes everything from the environment", function()
    assert.are.same({
      api_key = "akm-env",
      endpoint = "https://env.example",
      region_id = "region-env",
      timeout_ms = 1500,
    }, resolve({}, variables))
  end)

  it("takes everything from a .env file", function()
    local text = "AGENTBAY_API_KEY=akm-file\nAGENTBAY_ENDPOINT=file.example\n"
      .. "AGENTBAY_REGION_ID=region-file\nAGENTBAY_TIMEOUT_MS=2500\n"
    assert.are.same({
      api_key = "akm-file",
      endpoint = "https://file.example",
      region_id = "region-file",
      timeout_ms = 2500,
    }, resolve({}, {}, { [".env"] = text }))
  end)

  it("decides each field on its own: call, environment, file, default", function()
    local settings = resolve(
      { api_key = "akm-call" },
      { AGENTBAY_API_KEY = "akm-env", AGENTBAY_REGION_ID = "region-env" },
      { [".env"] = "AGENTBAY_API_KEY=k\nAGENTBAY_REGION_ID=r\nAGENTBAY_ENDPOINT=file.example" }
    )
    assert.are.same({
      api_key = "akm-call",
      endpoint = "https://file.example",
      region_id = "region-env",
      timeout_ms = 60000,
    }, settings)
  end)

  it("takes empty values as not given", function()
    local settings = resolve(
      { api_key = "", endpoint = "", region_id = "" },
      { AGENTBAY_API_KEY = "", AGENTBAY_ENDPOINT = "", AGENTBAY_TIMEOUT_MS = "" },
      { [".env"] = "AGENTBAY_API_KEY=akm-file\nAGENTBAY_ENDPOINT=\nAGENTBAY_TIMEOUT_MS=" }
    )
    assert.are.same({ api_key = "akm-file", endpoint = DEFAULT_URL, timeout_ms = 60000 }, settings)
  end)

  it("lets a bad variable be where the call says otherwise", function()
    local settings = resolve({ api_key = "k", timeout_ms = 7 }, { AGENTBAY_TIMEOUT_MS = "soon" })
    assert.are.equal(7, settings.timeout_ms)
  end)

  it("allows http:// to other hosts only if the caller insists", function()
    local given = { api_key = "k", endpoint = "http://example.com" }
    assert.is_nil((resolve(given)))
    given.allow_insecure = true
    assert.are.equal("http://example.com", resolve(given).endpoint)
  end)

  describe("looking for the .env file", function()
    it("goes upward and stops at the nearest", function()
      local world = outside({}, {
        ["../../.env"] = "AGENTBAY_API_KEY=near",
        ["../../../.env"] = "AGENTBAY_API_KEY=far",
      })
      assert.are.equal("near", config.resolve({}, 2, world).api_key)
      assert.are.same({ ".env", "../.env", "../../.env" }, world.asked)
    end)

    it("does not go past the nearest for what it lacks", function()
      local settings, problem = resolve(
        {},
        {},
        { [".env"] = "A=1", ["../.env"] = "AGENTBAY_API_KEY=k" }
      )
      assert.is_nil(settings)
      assert.matches("^no API key", problem)
    end)

    it("reads it once", function()
      local world = outside({}, { [".env"] = "AGENTBAY_API_KEY=k" })
      config.resolve({}, 2, world)
      assert.are.same({ ".env" }, world.asked)
    end)

    it("gives up after 32 folders", function()
      local world = outside({}, {})
      config.resolve({ api_key = "k" }, 2, world)
      assert.are.equal(32, #world.asked)
    end)

    it("goes further in a working directory that is deeper", function()
      local world = outside({ PWD = ("/folder"):rep(40) }, {})
      config.resolve({ api_key = "k" }, 2, world)
      assert.are.equal(41, #world.asked)
    end)

    it("does not look where nothing is missing", function()
      local world = outside(variables, {})
      config.resolve({ log_level = "info" }, 2, world)
      assert.are.same({}, world.asked)
    end)

    it("reads the file that was named instead", function()
      local world = outside({}, {
        ["my.env"] = "AGENTBAY_API_KEY=mine",
        [".env"] = "AGENTBAY_API_KEY=found\nAGENTBAY_REGION_ID=found",
      })
      local settings = config.resolve({ env_file = "my.env" }, 2, world)
      assert.are.equal("mine", settings.api_key)
      assert.is_nil(settings.region_id)
      assert.are.same({ "my.env" }, world.asked)
    end)

    it("lets the environment win over the file that was named", function()
      local files = { ["my.env"] = "AGENTBAY_API_KEY=mine" }
      assert.are.equal("akm-env", resolve({ env_file = "my.env" }, variables, files).api_key)
    end)
  end)

  local NO_KEY = "no API key: pass api_key to agentbay.new, set AGENTBAY_API_KEY in the "
    .. "environment, or write AGENTBAY_API_KEY=... into a .env file"
  local BAD_TIME = "milliseconds from 1 to 2147483647 expected, got "
  local BAD_KEY = "a key without control characters or line breaks expected"

  local function with_key(more)
    more.AGENTBAY_API_KEY = "k"
    return more
  end

  local refused = {
    { "no key", {}, {}, {}, NO_KEY },
    {
      "a blank key",
      { api_key = "  " },
      {},
      {},
      "bad argument 'api_key' to 'new' (the key is blank)",
    },
    {
      "a blank key in the environment",
      {},
      { AGENTBAY_API_KEY = "\t " },
      {},
      "bad AGENTBAY_API_KEY in the environment (the key is blank)",
    },
    {
      "a key with a line break",
      { api_key = "akm-secret\r\nX: y" },
      {},
      {},
      "bad argument 'api_key' to 'new' (" .. BAD_KEY .. ")",
    },
    {
      "a key with a control character in a file",
      {},
      {},
      { ["../.env"] = 'AGENTBAY_API_KEY="akm-secret\\n"' },
      "bad AGENTBAY_API_KEY in ../.env (" .. BAD_KEY .. ")",
    },
    {
      "a bad endpoint",
      { api_key = "k", endpoint = "host:x" },
      {},
      {},
      "bad argument 'endpoint' to 'new' (the port must be a number from 1 to 65535)",
    },
    {
      "a bad endpoint in the environment",
      {},
      with_key({ AGENTBAY_ENDPOINT = "a b" }),
      {},
      "bad AGENTBAY_ENDPOINT in the environment (blanks and control characters are not allowed)",
    },
    {
      "a timeout that is no number",
      {},
      with_key({ AGENTBAY_TIMEOUT_MS = "5000abc" }),
      {},
      "bad AGENTBAY_TIMEOUT_MS in the environment (" .. BAD_TIME .. "'5000abc')",
    },
    {
      "a timeout of nothing",
      {},
      with_key({ AGENTBAY_TIMEOUT_MS = "0" }),
      {},
      "bad AGENTBAY_TIMEOUT_MS in the environment (" .. BAD_TIME .. "'0')",
    },
    {
      "a negative timeout",
      {},
      with_key({ AGENTBAY_TIMEOUT_MS = "-5" }),
      {},
      "bad AGENTBAY_TIMEOUT_MS in the environment (" .. BAD_TIME .. "'-5')",
    },
    {
      "a fraction of a millisecond, in a file",
      {},
      {},
      { [".env"] = "AGENTBAY_API_KEY=k\nAGENTBAY_TIMEOUT_MS=1.5" },
      "bad AGENTBAY_TIMEOUT_MS in .env (" .. BAD_TIME .. "'1.5')",
    },
    {
      "an endless timeout",
      {},
      with_key({ AGENTBAY_TIMEOUT_MS = ("9"):rep(30) .. "\n" }),
      {},
      "bad AGENTBAY_TIMEOUT_MS in the environment (" .. BAD_TIME .. "'" .. ("9"):rep(20) .. "')",
    },
    {
      "a timeout that does not fit, from the call",
      { api_key = "k", timeout_ms = 2147483648 },
      {},
      {},
      "bad argument 'timeout_ms' to 'new' (" .. BAD_TIME .. "'2147483648')",
    },
    {
      "a named file that can't be read",
      { api_key = "k", env_file = "no.env" },
      {},
      {},
      "bad argument 'env_file' to 'new' (no.env: No such file or directory)",
    },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local settings, problem = resolve(case[2], case[3], case[4])
      assert.is_nil(settings)
      assert.are.equal(case[5], problem)
      assert.is_nil(problem:find("secret", 1, true))
    end)
  end

  it("raises at the line that called the function around it", function()
    local here
    local function new()
      config.resolve({ api_key = " " })
      return nil
    end
    local _, message = pcall(function()
      here = debug.getinfo(1, "l").currentline + 1
      new()
      return nil
    end)
    assert.matches("config_spec.lua:" .. here .. ": bad argument 'api_key' to 'new'", message)
  end)

  describe("with the real outside", function()
    local path

    before_each(function()
      path = os.tmpname()
    end)

    after_each(function()
      os.remove(path)
    end)

    it("reads the file that was named", function()
      local file = assert(io.open(path, "wb"))
      file:write("AGENTBAY_REGION_ID=region-file\r\n")
      file:close()
      local settings =
        config.resolve({ api_key = "k", endpoint = "h", timeout_ms = 1, env_file = path })
      local expected = os.getenv("AGENTBAY_REGION_ID") or "region-file"
      assert.are.equal(expected, settings.region_id)
    end)

    it("refuses a folder in place of a file", function()
      assert.error_matches(function()
        config.resolve({ api_key = "k", env_file = "." }, -1)
      end, "^bad argument 'env_file' to 'new' %(")
    end)
  end)

  describe("the log level", function()
    it("comes from the environment or the file, in any case", function()
      local world = outside({ AGENTBAY_LOG_LEVEL = "WARN" }, {})
      assert.are.equal("warn", config.resolve({ api_key = "k" }, 2, world).log_level)
      world = outside({}, { [".env"] = "AGENTBAY_LOG_LEVEL=debug" })
      assert.are.equal("debug", config.resolve({ api_key = "k" }, 2, world).log_level)
    end)

    it("is refused where there is no such level, by the name of the variable", function()
      local world = outside({ AGENTBAY_LOG_LEVEL = "loud" }, {})
      assert.has_error(
        function()
          config.resolve({ api_key = "k" }, 2, world)
        end,
        "bad AGENTBAY_LOG_LEVEL in the environment ('debug', 'info', 'warn' or 'error' expected, "
          .. "got 'loud')"
      )
    end)
  end)
end)
