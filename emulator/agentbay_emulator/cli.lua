-- The command line of the emulator: options in, one server until a signal. Knows no action.

local argparse = require("argparse")
local cqueues = require("cqueues")
local signal = require("cqueues.signal")

local Context = require("agentbay_emulator.context_store")
local Emulator = require("agentbay_emulator.emulator")
local server = require("agentbay_emulator.server")

local cli = {}

cli.VERSION = "0.1.0"

local EPILOG = [[
The first line on standard output is "agentbay-emulator listening on URL", the second
"data folder DIR". Endpoints below /_emulator/ make it misbehave, for tests; they are answered
on loopback only. See emulator/README.md.]]

local function milliseconds(text)
  local number = tonumber(text)
  if not number or number < 0 or number % 1 ~= 0 then
    return nil, "a number of milliseconds is expected, not '" .. text .. "'"
  end
  return math.tointeger(number)
end

local function port(text)
  local number = math.tointeger(tonumber(text))
  if not number or number < 0 or number > 65535 then
    return nil, "a port from 0 to 65535 is expected, not '" .. text .. "'"
  end
  return number
end

local function parser()
  local description = "An emulator of the AgentBay service that stores and copies real files."
  local command = argparse("agentbay-emulator", description, EPILOG)
  command:option("--host", "Address to listen on.", "127.0.0.1")
  command:option("--port", "Port to listen on; 0: any that is free.", 8480, port)
  command:option("--data", "Folder for contexts and sessions; default: a temporary one.")
  command:option("--api-key", "The only key that is accepted; default: any.")
  command:option("--tls-cert", "PEM file with the server's certificate: speak HTTPS.")
  command:option("--tls-key", "PEM file with its key.")
  command:option("--transfer-ms", "How long a transfer takes.", 300, milliseconds)
  command:option("--visible-after-ms", "When a transfer is listed.", 0, milliseconds)
  command:option("--delete-ms", "How long the deletion of a session takes.", 200, milliseconds)
  command:flag("--exit-with-stdin", "End when standard input ends.")
  command:flag("--version", "Print the version and exit."):action(function()
    print("agentbay-emulator " .. cli.VERSION)
    os.exit(0)
  end)
  return command
end

local function fail(message)
  io.stderr:write("agentbay-emulator: ", message, "\n")
  os.exit(1)
end

local function until_signal(stop)
  signal.block(signal.SIGINT, signal.SIGTERM)
  local signals = signal.listen(signal.SIGINT, signal.SIGTERM)
  signals:wait()
  stop()
end

---Standard input is watched, never read: whoever holds its other end says nothing.
local function until_stdin_ends(stop)
  local stdin = { pollfd = 0, events = "r" }
  repeat
    cqueues.poll(stdin)
  until not io.read(1)
  stop()
end

---@param arguments string[]
function cli.run(arguments)
  local options = parser():parse(arguments)
  if (options.tls_cert == nil) ~= (options.tls_key == nil) then
    fail("--tls-cert and --tls-key belong together")
  end
  local data, temporary = options.data, false
  if not data then
    data, temporary = Context.temporary_folder(), true
  end
  local opened, emulator = pcall(Emulator.new, data, options)
  if not opened then
    fail(emulator)
  end
  local listener, problem = server.listen(emulator, options)
  if not listener then
    fail(problem)
  end
  local queue = cqueues.new()
  local function stop()
    if temporary then
      emulator.files:remove_all()
    end
    os.exit(0)
  end
  emulator:start(queue)
  queue:wrap(until_signal, stop)
  if options.exit_with_stdin then
    queue:wrap(until_stdin_ends, stop)
  end
  queue:wrap(function()
    -- What fails in one connection must not end the others.
    repeat
      local ended, failure = listener:loop()
      if not ended then
        io.stderr:write("agentbay-emulator: ", tostring(failure), "\n")
      end
    until ended
  end)
  io.stdout:write("agentbay-emulator listening on ", server.url(listener, options), "\n")
  io.stdout:write("data folder ", emulator.files.root, "\n")
  io.stdout:flush()
  for failure in queue:errors() do
    io.stderr:write(tostring(failure), "\n")
  end
end

return cli
