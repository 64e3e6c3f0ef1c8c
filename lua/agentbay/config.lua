-- Decides the settings of a client: each field on its own from the call, else the environment,
-- else a .env file, else the default.
--
-- What it needs of the outside (variables, files) comes through one small table, so that specs can
-- put another in its place. It must never change the environment, never keep anything between two
-- calls, and never show an API key in a message.

local endpoint = require("agentbay.endpoint")
local env_file = require("agentbay.env_file")
local log = require("agentbay.log")

local config = {}

---@class agentbay.Settings
---@field api_key string
---@field endpoint string scheme and authority of the service: "https://host[:port]"
---@field region_id? string
---@field timeout_ms integer
---@field log_level? "debug"|"info"|"warn"|"error"

---@class agentbay.SettingsOptions what the caller of agentbay.new gave, already checked
---@field api_key? string
---@field endpoint? string
---@field region_id? string
---@field timeout_ms? integer
---@field log_level? string
---@field env_file? string path of the file to read instead of looking for a .env
---@field allow_insecure? boolean

---@class agentbay.Outside
---@field getenv fun(name: string): string|nil
---@field read fun(path: string): string|nil, string|nil the whole file, or nil and a message

config.DEFAULT_ENDPOINT = "wuyingai.cn-shanghai.aliyuncs.com"
config.DEFAULT_TIMEOUT_MS = 60000
---The longest timeout that fits everywhere on the way: almost 25 days.
config.LARGEST_TIMEOUT_MS = 2147483647

-- Folders to look for a .env file in, when the depth of the working directory is not known.
local FOLDERS = 32

local FIELDS = { "api_key", "endpoint", "region_id", "timeout_ms", "log_level" }

local VARIABLES = {
  api_key = "AGENTBAY_API_KEY",
  endpoint = "AGENTBAY_ENDPOINT",
  region_id = "AGENTBAY_REGION_ID",
  timeout_ms = "AGENTBAY_TIMEOUT_MS",
  log_level = "AGENTBAY_LOG_LEVEL",
}

local NO_API_KEY = "no API key: pass api_key to agentbay.new, set AGENTBAY_API_KEY in the "
  .. "environment, or write AGENTBAY_API_KEY=... into a .env file"

local function read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text, reason = file:read("*a")
  file:close()
  return text, reason
end

---@type agentbay.Outside
local OUTSIDE = { getenv = os.getenv, read = read_file }

---How many folders there are from the working directory to the root, as far as can be known. PWD
---may be outdated or lead through links, so it can only add to the usual number.
local function folders_upward(getenv)
  local working_directory = getenv("PWD") or ""
  local depth = 1
  if working_directory:find("^/") then
    local _, names = working_directory:gsub("[^/]+", "")
    depth = names + 1
  end
  return math.max(depth, FOLDERS)
end

---The nearest .env file from the working directory upward: its assignments and its path.
local function find_env_file(outside)
  local path = ".env"
  for _ = 1, folders_upward(outside.getenv) do
    local text = outside.read(path)
    if text then
      return env_file.parse(text), path
    end
    path = "../" .. path
  end
  return {}, path
end

local function read_env_file(path, outside)
  local text, message = outside.read(path)
  if not text then
    local reason = message or "it can't be read"
    return nil, "bad argument 'env_file' to 'new' (" .. reason .. ")"
  end
  return env_file.parse(text), path
end

---A function that says what the .env file assigns to a variable, and its path. A file that is not
---needed is not looked for; one that was named must be readable.
local function env_file_reader(options, outside)
  local values, path
  if options.env_file then
    values, path = read_env_file(options.env_file, outside)
    if not values then
      return nil, path
    end
  end
  return function(variable)
    if not values then
      values, path = find_env_file(outside)
    end
    return values[variable], path
  end
end

local function given(value)
  if value ~= nil and value ~= "" then
    return value
  end
  return nil
end

---The value of a field and words for where it came from.
local function look_up(field, options, outside, from_env_file)
  local value = given(options[field])
  if value then
    return value, nil
  end
  local variable = VARIABLES[field]
  value = given(outside.getenv(variable))
  if value then
    return value, variable .. " in the environment"
  end
  local path
  value, path = from_env_file(variable)
  value = given(value)
  return value, value and variable .. " in " .. path
end

---The complaint about a value, in the words for where it came from.
local function complaint(field, origin, problem)
  if origin then
    return "bad " .. origin .. " (" .. problem .. ")"
  end
  return "bad argument '" .. field .. "' to 'new' (" .. problem .. ")"
end

local check = {}

function check.api_key(key)
  if key:find("^%s*$") then
    return nil, "the key is blank"
  elseif key:find("[%z\1-\31\127]") then
    return nil, "a key without control characters or line breaks expected"
  end
  return key
end

function check.endpoint(text, options)
  return endpoint.parse(text, options.allow_insecure)
end

function check.region_id(text)
  return text
end

function check.timeout_ms(value)
  local number = type(value) == "number" and value
    or value:find("^%d+$") and #value <= 10 and tonumber(value)
  if not number or number < 1 or number > config.LARGEST_TIMEOUT_MS then
    local shown = tostring(value):sub(1, 20):gsub("[%c\127-\255]", "?")
    return nil, "milliseconds from 1 to 2147483647 expected, got '" .. shown .. "'"
  end
  return number
end

function check.log_level(text)
  local level = text:lower()
  if not log.LEVELS[level] then
    return nil, "'debug', 'info', 'warn' or 'error' expected, got '" .. text:sub(1, 20) .. "'"
  end
  return level
end

---One field, checked; or nil and a message; or nil alone if it was given nowhere.
local function resolve_field(field, options, outside, from_env_file)
  local value, origin = look_up(field, options, outside, from_env_file)
  if not value then
    return nil
  end
  local checked, problem = check[field](value, options)
  if problem then
    return nil, complaint(field, origin, problem)
  end
  return checked
end

local function resolve(options, outside)
  local from_env_file, unreadable = env_file_reader(options, outside)
  if not from_env_file then
    return nil, unreadable
  end
  local settings = {}
  for _, field in ipairs(FIELDS) do
    local value, problem = resolve_field(field, options, outside, from_env_file)
    if problem then
      return nil, problem
    end
    settings[field] = value
  end
  if not settings.api_key then
    return nil, NO_API_KEY
  end
  settings.endpoint = settings.endpoint or endpoint.parse(config.DEFAULT_ENDPOINT)
  settings.timeout_ms = settings.timeout_ms or config.DEFAULT_TIMEOUT_MS
  return settings
end

---The settings for a new client. Raises where there is no API key or a value cannot be used.
---@param options agentbay.SettingsOptions
---@param level integer|nil whose line an error names, as for `error`: 1 is the line of this call, 2
---  (the default) the line that called the function around it
---@param outside agentbay.Outside|nil the real one unless given
---@return agentbay.Settings
function config.resolve(options, level, outside)
  local settings, problem = resolve(options, outside or OUTSIDE)
  if not settings then
    error(problem, (level or 2) + 1)
  end
  return settings
end

return config
