-- The command line of AgentBay: options to a client, a command to its function, what comes of it
-- to an exit code. Built on the module's public interface.

local agentbay = require("agentbay")
local words = require("agentbay.cli.words")

local cli = {}

cli.EXIT = {
  done = 0,
  failed = 1, -- the service refused, or the work failed
  usage = 2,
  unreachable = 3,
  late = 4,
}

local GROUPS = { "contexts", "sessions", "transfers" }

local EPILOG = [[
The API key comes from AGENTBAY_API_KEY or a .env file, never from the command line, which others
can see. AGENTBAY_ENDPOINT, AGENTBAY_REGION_ID and AGENTBAY_TIMEOUT_MS are heeded too.

Exit codes: 0 done; 1 refused or failed; 2 wrong usage or settings; 3 the service can't be
reached; 4 not done in time.]]

---What argparse would end the program for.
local function refuse_usage(parser, message)
  io.stderr:write(parser:get_usage(), "\n\nagentbay: ", message, "\n")
  os.exit(cli.EXIT.usage, true)
end

local function new_parser(argparse)
  local parser = argparse("agentbay", "Contexts and sessions of AgentBay from the shell.", EPILOG)
  parser:command_target("command")
  parser:require_command(true)
  parser:flag("--json", "Print the result as one JSON object.")
  parser:option("--endpoint", "Host, host:port or URL of the service.")
  parser:option("--region", "Region for what is created.")
  parser:option("--timeout", "How long a request may take, in ms.", nil, words.whole(1))
  parser:option("--env-file", "Read this .env file instead of looking for one.")
  parser:option("--ca-file", "PEM file with the authorities to trust.")
  parser:option("--log-level", "Log requests to standard error: debug, info, warn or error.")
  parser:flag("--allow-insecure", "Let --endpoint be http:// on another machine.")
  parser:flag("--version", "Print the version and exit."):action(function()
    print("agentbay " .. agentbay._VERSION)
    os.exit(cli.EXIT.done, true)
  end)
  local commands = {}
  for _, group in ipairs(GROUPS) do
    require("agentbay.cli." .. group).define(parser, commands)
  end
  return parser, commands
end

local function new_client(options)
  return agentbay.new({
    endpoint = options.endpoint,
    region_id = options.region,
    timeout_ms = options.timeout,
    env_file = options.env_file,
    ca_file = options.ca_file,
    log_level = options.log_level,
    allow_insecure = options.allow_insecure,
  })
end

local UNREACHABLE = {
  ["Client.ResolveFailed"] = true,
  ["Client.ConnectFailed"] = true,
  ["Client.TlsFailed"] = true,
  ["Client.SendFailed"] = true,
  ["Client.ReceiveFailed"] = true,
}

---@param result agentbay.Result
---@return integer
local function exit_code(result)
  if result.success then
    return cli.EXIT.done
  elseif UNREACHABLE[result.error_code] then
    return cli.EXIT.unreachable
  elseif result.error_code == "Client.Timeout" or result.error_code == "Client.SyncTimeout" then
    return cli.EXIT.late
  end
  return cli.EXIT.failed
end

---@param message any of a misuse, which says where in the source it was noticed
local function fail_usage(message)
  io.stderr:write("agentbay: ", (tostring(message):gsub("^[^\n]-%.lua:%d+: ", "")), "\n")
  return cli.EXIT.usage
end

---Runs one command line.
---@param line string[] its words
---@return integer exit code
function cli.run(line)
  local found, argparse = pcall(require, "argparse")
  if not found then
    return fail_usage("the Lua module argparse is missing (Debian: lua-argparse, rock: argparse)")
  end
  local parser, commands = new_parser(argparse)
  parser.error = refuse_usage
  local options = parser:parse(line)
  local name = options.group and options.group .. " " .. options.command or options.command
  local made, client = pcall(new_client, options)
  if not made then
    return fail_usage(client)
  end
  local ok, result = pcall(commands[name], client, options)
  client:close()
  if not ok then
    return fail_usage(result)
  end
  require("agentbay.cli.output").failure(result, options)
  return exit_code(result)
end

return cli
