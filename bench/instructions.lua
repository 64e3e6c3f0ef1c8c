-- Instructions per call, counted by callgrind: they are the same in each run, whatever else the
-- machine does. The difference of two runs leaves the start of the program out.
--
-- usage: lua bench/instructions.lua OUT --check|--write
--
-- OUT is the folder of the build. --check compares with baseline.json and fails if a call takes
-- more than 3 % more instructions than that; --write makes it the baseline. In the environment of
-- bench/with-nginx.

local dkjson = require("dkjson")
local shell = require("bench.shell")

local BASELINE = "bench/baseline.json"
local ALLOWED = 1.03
local FEW, MANY = 500, 2500

local instructions = {}

local function collected(command, calls, in_flight, environment)
  local valgrind = "%svalgrind --tool=callgrind --callgrind-out-file=/dev/null %s %s %d %d 2>&1"
  local url = os.getenv("BENCH_PLAIN")
  local text = shell.output(valgrind:format(environment, command, url, calls, in_flight))
  return (assert(tonumber(text:match("Collected : (%d+)")), text))
end

-- How often a socket has to be asked depends on time: the least of a few runs is what is needed.
local function least_collected(command, calls, in_flight, environment)
  local least = math.huge
  for _ = 1, 3 do
    least = math.min(least, collected(command, calls, in_flight, environment))
  end
  return least
end

local function per_call(command, in_flight, environment)
  local few = least_collected(command, FEW, in_flight, environment or "")
  local many = least_collected(command, MANY, in_flight, environment or "")
  return (many - few) // (MANY - FEW)
end

---@param out string
---@return table counts instructions per call, by name
function instructions.count(out)
  local floor, info = out .. "/bench/floor", (os.getenv("LUA") or "lua5.4") .. " bench/info.lua"
  local apart = "BENCH_APART=1 "
  return {
    libcurl_blocking = per_call(floor, 0),
    libcurl_apart_blocking = per_call(floor, 0, apart),
    info_blocking = per_call(info, 0),
    libcurl_64_in_flight = per_call(floor, 64),
    libcurl_apart_64_in_flight = per_call(floor, 64, apart),
    info_64_in_flight = per_call(info, 64),
  }
end

---What the counts depend on beside this project's code.
---@param out string
---@return table
function instructions.versions(out)
  return {
    libcurl = shell.output(out .. "/bench/floor --version"):gsub("%s+$", ""),
    lua = shell.output((os.getenv("LUA") or "lua5.4") .. " -v 2>&1"):match("^%S+ %S+"),
    compiler = shell.output((os.getenv("CC") or "cc") .. " --version"):match("^[^\n]+"),
  }
end

---@param counts table
---@return string
function instructions.table_of(counts)
  local lines = {
    "| instructions per call | libcurl alone | used as we do | agentbay | above libcurl | above that |",
    "|---|---:|---:|---:|---:|---:|",
  }
  for _, row in ipairs({ { "blocking", "one by one" }, { "64_in_flight", "64 in flight" } }) do
    local floor, info = counts["libcurl_" .. row[1]], counts["info_" .. row[1]]
    local apart = counts["libcurl_apart_" .. row[1]]
    lines[#lines + 1] = ("| info, %s | %d | %d | %d | %d | %d |"):format(
      row[2],
      floor,
      apart,
      info,
      info - floor,
      info - apart
    )
  end
  return table.concat(lines, "\n")
end

local function read_baseline()
  local file = assert(io.open(BASELINE))
  local baseline = assert(dkjson.decode(file:read("a")))
  file:close()
  return baseline
end

local function write_baseline(counts, versions)
  local file = assert(io.open(BASELINE, "w"))
  file:write("{\n")
  local function section(name, values, last)
    local names = {}
    for key in pairs(values) do
      names[#names + 1] = key
    end
    table.sort(names)
    file:write(('  "%s": {\n'):format(name))
    for i, key in ipairs(names) do
      local comma = i < #names and "," or ""
      file:write(("    %q: %s%s\n"):format(key, dkjson.encode(values[key]), comma))
    end
    file:write(last and "  }\n" or "  },\n")
  end
  section("instructions_per_call", counts)
  section("measured_with", versions, true)
  file:write("}\n")
  file:close()
end

-- libcurl's own count is no matter of ours; it is printed to tell a new libcurl from a new cost.
local function check(counts, versions)
  local baseline = read_baseline()
  local failed = 0
  for name, version in pairs(versions) do
    local then_ = baseline.measured_with[name]
    if version ~= then_ then
      print(("note: %s is %s here, the baseline was measured with %s"):format(name, version, then_))
    end
  end
  for _, name in ipairs({ "info_blocking", "info_64_in_flight" }) do
    local now, before = counts[name], baseline.instructions_per_call[name]
    local ok = now <= before * ALLOWED
    failed = failed + (ok and 0 or 1)
    print(
      ("%s - %s: %d instructions per call, baseline %d (%+.1f %%)"):format(
        ok and "ok" or "not ok",
        name,
        now,
        before,
        (now / before - 1) * 100
      )
    )
  end
  return failed == 0
end

if arg and arg[0]:find("instructions.lua$") then
  local counts, versions = instructions.count(arg[1]), instructions.versions(arg[1])
  print(instructions.table_of(counts))
  if arg[2] == "--write" then
    write_baseline(counts, versions)
  else
    os.exit(check(counts, versions), true)
  end
end

return instructions
