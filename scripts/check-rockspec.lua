-- Fails if the rockspec and the files of the checkout differ: LuaRocks would install less than
-- `make install` does, or nothing at all.
--
-- usage: lua5.4 scripts/check-rockspec.lua [--fix]
--
-- With --fix it first writes the list of modules anew.

local ROCKSPEC = "agentbay-scm-1.rockspec"

local function files(command)
  local found = {}
  local process = assert(io.popen(command .. " 2>/dev/null"))
  for name in process:lines() do
    found[#found + 1] = name
  end
  process:close()
  table.sort(found)
  return found
end

local function module_of(file)
  local name = file:gsub("^lua/", ""):gsub("^emulator/", ""):gsub("%.lua$", "")
  return (name:gsub("/init$", ""):gsub("/", "."))
end

local lua_files = files("find lua emulator -name '*.lua'")
local c_files = files("ls src/core/*.c src/binding/*.c")

local function list_of_modules()
  local lines = { '    ["agentbay.core"] = {', "      sources = {" }
  for _, file in ipairs(c_files) do
    lines[#lines + 1] = ('        "%s",'):format(file)
  end
  lines[#lines + 1] = "      },"
  lines[#lines + 1] = '      incdirs = { "src/core" },'
  lines[#lines + 1] = '      defines = { "_DEFAULT_SOURCE" },'
  lines[#lines + 1] = '      libraries = { "curl" },'
  lines[#lines + 1] = "    },"
  for _, file in ipairs(lua_files) do
    lines[#lines + 1] = ('    ["%s"] = "%s",'):format(module_of(file), file)
  end
  return table.concat(lines, "\n")
end

if arg[1] == "--fix" then
  local file = assert(io.open(ROCKSPEC))
  local text = file:read("a")
  file:close()
  local start, finish = text:find("\n  modules = {\n.-\n  },\n")
  text = text:sub(1, start) .. "  modules = {\n" .. list_of_modules() .. text:sub(finish - 5)
  file = assert(io.open(ROCKSPEC, "w"))
  assert(file:write(text))
  assert(file:close())
end

local rockspec = {}
assert(loadfile(ROCKSPEC, "t", rockspec))()
local modules = rockspec.build.modules

local named, problems = {}, {}
local function problem(text, ...)
  problems[#problems + 1] = text:format(...)
end

for module, value in pairs(modules) do
  if type(value) == "string" then
    named[value] = true
    if module_of(value) ~= module then
      problem("%s is named %s, not %s", value, module, module_of(value))
    end
  else
    for _, source in ipairs(value.sources) do
      named[source] = true
    end
  end
end

for _, list in ipairs({ lua_files, c_files }) do
  for _, file in ipairs(list) do
    if not named[file] then
      problem("%s is in no module", file)
    end
    named[file] = nil
  end
end
for file in pairs(named) do
  problem("%s doesn't exist", file)
end

table.sort(problems)
for _, text in ipairs(problems) do
  io.stderr:write(ROCKSPEC, ": ", text, "\n")
end
os.exit(#problems == 0)
