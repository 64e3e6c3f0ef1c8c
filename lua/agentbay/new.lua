-- agentbay.new: a client from its arguments and, where they are silent, its environment.

local arguments = require("agentbay.arguments")
local Client = require("agentbay.client")
local config = require("agentbay.config")
local rules = require("agentbay.rules")
local table_rules = require("agentbay.table_rules")

local new = {}

local new_arguments = arguments.declare("new", {
  api_key = rules.text({ secret = true }),
  endpoint = rules.text(),
  region_id = rules.text(),
  timeout_ms = rules.integer({ min = 1 }),
  ca_file = rules.text(),
  proxy = rules.text(),
  max_connections = rules.integer({ min = 1, max = 10000, default = 64 }),
  max_response_bytes = rules.integer({ min = 1, default = 16 * 1024 * 1024 }),
  retry = rules.either(
    rules.boolean(),
    table_rules.record({
      max_attempts = rules.integer({ min = 1, max = 1000 }),
      base_ms = rules.integer({ min = 1, max = 3600000 }),
      cap_ms = rules.integer({ min = 1, max = 3600000 }),
    })
  ),
  env_file = rules.text(),
  log = rules.callback(),
  log_level = rules.one_of("debug", "info", "warn", "error"),
  allow_insecure = rules.boolean({ default = false }),
  share_checks = rules.boolean({ default = true }),
})

---@class agentbay.RetryArguments
---@field max_attempts? integer of one request, default 3
---@field base_ms? integer bound of the random wait before the second attempt, default 500
---@field cap_ms? integer what that bound may double to, default 20000

---@class agentbay.NewArguments
---@field api_key? string else AGENTBAY_API_KEY, else the .env file
---@field endpoint? string host, host:port or URL; else AGENTBAY_ENDPOINT, else .env, else Shanghai
---@field region_id? string else AGENTBAY_REGION_ID, else .env, else none
---@field timeout_ms? integer of one request with all its attempts; else AGENTBAY_TIMEOUT_MS, else .env, else 60000
---@field ca_file? string PEM file with the certificate authorities to trust
---@field proxy? string URL of a proxy; else as the environment says
---@field max_connections? integer requests under way at once, default 64; others wait in line
---@field max_response_bytes? integer default 16 MiB
---@field retry? boolean|agentbay.RetryArguments false: never repeats a request; default true
---@field env_file? string the .env file, instead of the one found upward
---@field log? agentbay.LogFunction called for each exchange; never gets the key
---@field log_level? "debug"|"info"|"warn"|"error" else AGENTBAY_LOG_LEVEL; without `log`: to stderr
---@field share_checks? boolean syncs of one session share their status checks, default true
---@field allow_insecure? boolean http:// to other hosts than this one, default false

---@param given? agentbay.NewArguments
---@return agentbay.Client
function new.client(given)
  -- Level 3: the line that called agentbay.new.
  local options = arguments.check(new_arguments, nil, given, 3)
  return Client.new(config.resolve(options, 3), options)
end

return new
