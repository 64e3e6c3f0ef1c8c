-- Runs programs that host Lua, for the specs of the examples for them.

local hosts = {}

local BUILD = os.getenv("AGENTBAY_LUAJIT_BUILD") or "build/luajit"

---Whether a command is there.
function hosts.has(command)
  local process = io.popen("command -v " .. command)
  local path = process:read("*l")
  process:close()
  return path ~= nil
end

---Whether the module is built for LuaJIT, which these hosts are made with.
function hosts.has_module()
  local file = io.open(BUILD .. "/agentbay/core.so")
  if file then
    file:close()
  end
  return file ~= nil
end

---Runs a command with an emulator; gives what it printed.
---@param emulator table
---@param variables table<string, string>
---@param command string
function hosts.run(emulator, variables, command)
  local words = {
    "env -u LUA_PATH -u LUA_CPATH",
    "AGENTBAY_API_KEY=" .. emulator.api_key,
    "AGENTBAY_ENDPOINT=" .. emulator.url,
    'AGENTBAY_LUA="$PWD/lua"',
    'AGENTBAY_CPATH="$PWD/' .. BUILD .. '"',
  }
  for name, value in pairs(variables) do
    words[#words + 1] = name .. "='" .. value .. "'"
  end
  local process = io.popen(table.concat(words, " ") .. " " .. command .. " 2>&1 </dev/null")
  local output = process:read("*a")
  process:close()
  return output
end

return hosts
