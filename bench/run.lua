-- All measurements in one run, so that their ratios mean something: prints bench/README.md's
-- tables. With --readme writes them into that file, too.
--
-- usage: lua bench/run.lua OUT [--readme]
--
-- OUT is the folder of the build. In the environment of bench/with-nginx, which adds PYTHON where
-- the official SDK is installed. Every variant is measured in every round, one after the other, so
-- that a slow moment of the machine meets all of them.

local instructions = require("bench.instructions")
local shell = require("bench.shell")

local OUT, WRITES = arg[1], arg[2] == "--readme"
local LUA = os.getenv("LUA") or "lua5.4"
local ROUNDS = tonumber(os.getenv("BENCH_ROUNDS") or 7)
local README = "bench/README.md"

local PROTOCOLS = {
  { "plain HTTP", "BENCH_PLAIN" },
  { "TLS", "BENCH_TLS" },
  { "HTTP/2 over TLS", "BENCH_HTTP2" },
}

-- A program, and how many requests it gets in a round, one by one and 64 at once.
local PROGRAMS = {
  { name = "libcurl alone (floor)", command = OUT .. "/bench/floor", [0] = 4000, [64] = 10000 },
  {
    name = "libcurl alone, used as we do",
    command = "BENCH_APART=1 " .. OUT .. "/bench/floor",
    [0] = 4000,
    [64] = 10000,
  },
  { name = "agentbay", command = LUA .. " bench/info.lua", [0] = 4000, [64] = 10000 },
  { name = "lua-http", command = "lua5.4 bench/lua_http.lua", [0] = 200, [64] = 200 },
  {
    name = "LuaSocket and LuaSec",
    command = "lua5.4 bench/luasocket.lua",
    [0] = 200,
    only = { BENCH_PLAIN = 200, BENCH_TLS = 20 },
  },
  {
    name = "official Python SDK",
    command = (os.getenv("PYTHON") or "false") .. " bench/python_sdk.py",
    [0] = 200,
    only = { BENCH_TLS = 200 },
  },
}

-- ---- that all send the same ---------------------------------------------------------------------

local function check_requests_are_equal()
  local url = os.getenv("BENCH_LOGGED")
  shell.output(("%s/bench/floor %s 1 0"):format(OUT, url))
  shell.output(("BENCH_APART=1 %s/bench/floor %s 1 0"):format(OUT, url))
  shell.output(("%s bench/info.lua %s 1 0"):format(LUA, url))
  os.execute("sleep 0.5") -- nginx writes its log when it gets to it
  local sizes, seen = {}, 0
  for line in io.lines(os.getenv("BENCH_REQUEST_LOG")) do
    local size = line:match("^(%d+) GetContextInfo ")
    if size and not sizes[size] then
      sizes[size], seen = true, seen + 1
    end
  end
  assert(seen == 1, "the floor's requests are not as long as ours")
end

-- ---- requests -----------------------------------------------------------------------------------

local function variants()
  local list = {}
  for _, in_flight in ipairs({ 0, 64 }) do
    for _, protocol in ipairs(PROTOCOLS) do
      local floor
      for _, program in ipairs(PROGRAMS) do
        local requests = program[in_flight]
        if requests and program.only then
          requests = program.only[protocol[2]]
        end
        if requests then
          local variant = {
            program = program,
            protocol = protocol[1],
            in_flight = in_flight,
            command = ("%s %s %d %d"):format(
              program.command,
              os.getenv(protocol[2]),
              requests,
              in_flight
            ),
            rates = {},
            cpu = {},
            ratios = {},
          }
          floor = floor or variant
          variant.floor = floor
          list[#list + 1] = variant
        end
      end
    end
  end
  return list
end

local function measure_round(list)
  for _, variant in ipairs(list) do
    local requests, seconds, cpu = table.unpack(shell.numbers(variant.command))
    local round = #variant.cpu + 1
    variant.rates[round] = requests / seconds
    variant.cpu[round] = cpu / requests * 1e6
    variant.ratios[round] = variant.cpu[round] / variant.floor.cpu[round]
  end
end

local function table_of_requests(list)
  local lines = {
    "| in flight | over | with | requests/s | CPU µs per request | min..max | ratio to the floor | min..max |",
    "|---|---|---|---:|---:|---:|---:|---:|",
  }
  for _, variant in ipairs(list) do
    local rate = shell.spread(variant.rates)
    local cpu, least_cpu, most_cpu = shell.spread(variant.cpu)
    local ratio, least, most = shell.spread(variant.ratios)
    lines[#lines + 1] = ("| %s | %s | %s | %.0f | %.1f | %.1f..%.1f | %.2f | %.2f..%.2f |"):format(
      variant.in_flight == 0 and "one by one" or variant.in_flight,
      variant.protocol,
      variant.program.name,
      rate,
      cpu,
      least_cpu,
      most_cpu,
      ratio,
      least,
      most
    )
  end
  return table.concat(lines, "\n")
end

-- ---- the rest -----------------------------------------------------------------------------------

local rows = {}

local function row(what, value, target)
  rows[#rows + 1] = ("| %s | %s | %s |"):format(what, value, target or "")
end

local function measure_syncs()
  for _, count in ipairs({ 1000, 10000 }) do
    local _, seconds, checks, right, resident, in_lua, step_us =
      table.unpack(shell.numbers(("%s bench/sync.lua %d"):format(LUA, count)))
    row(("%d syncs at once: until the last verdict"):format(count), ("%.1f s"):format(seconds))
    row(
      ("%d syncs at once: checks, right verdicts"):format(count),
      ("%d, %d"):format(checks, right)
    )
    row(
      ("%d syncs at once: resident bytes a waiting sync, those of Lua"):format(count),
      ("%.0f, %.0f"):format(resident, in_lua)
    )
    row(("%d syncs waiting: CPU of a step"):format(count), ("%.2f µs"):format(step_us))
  end
end

local function measure_memory()
  local numbers = shell.numbers(OUT .. "/bench/memory $BENCH_ENDLESS 10000")
  local value = ("%d bytes"):format(numbers[2])
  row("C memory a waiting operation", value, "less than 1024 bytes")
  row("the same with all that libcurl holds", ("%d bytes"):format(numbers[3]))
end

local function measure_frames()
  local frames = shell.numbers(LUA .. " bench/frame.lua 1000 15")
  local function times(from)
    return ("%.2f, %.2f, %.2f ms"):format(table.unpack(frames, from, from + 2))
  end
  row(
    "`step()` at 60 Hz with 1000 syncs over TLS: median, p99, maximum",
    times(2),
    "p99 0.5 ms, maximum 4 ms"
  )
  row("the same, CPU time only", times(5))
end

local function measure_startup()
  local times = {}
  for i = 1, 21 do
    times[i] = shell.numbers(LUA .. " bench/startup.lua")[1]
  end
  local median, least, most = shell.spread(times)
  row(
    '`require "agentbay"` beyond libcurl and lua-cjson',
    ("%.2f ms (%.2f..%.2f)"):format(median, least, most),
    "1 ms"
  )
  local command = "strip -o %s/bench/core.so %s/agentbay/core.so && wc -c <%s/bench/core.so"
  local size = shell.numbers(command:format(OUT, OUT, OUT))[1]
  row("the shared object, stripped", ("%d bytes"):format(size), "100 kB")
end

local function machine(versions)
  local model = shell.output("lscpu"):match("Model name:%s*([^\n]+)") or "unknown"
  return ("%s, %s cores; %s; %s; %s; %s."):format(
    model,
    (shell.output("getconf _NPROCESSORS_ONLN"):gsub("%s", "")),
    versions.libcurl,
    versions.lua,
    shell.output("PATH=$PATH:/usr/sbin nginx -v 2>&1"):match("nginx/%S+"),
    os.date("!%Y-%m-%d")
  )
end

local function say(...)
  io.stderr:write(("  %s\n"):format(table.concat({ ... })))
end

local function measure()
  check_requests_are_equal()
  local list = variants()
  for round = 1, ROUNDS do
    say("requests, round ", round, " of ", ROUNDS)
    measure_round(list)
  end
  say("syncs, memory, frames, start")
  measure_syncs()
  measure_memory()
  measure_frames()
  measure_startup()
  say("instructions")
  local counts = instructions.count(OUT)
  return table.concat({
    machine(instructions.versions(OUT)),
    table_of_requests(list),
    instructions.table_of(counts),
    "| what | measured | target |\n|---|---|---|\n" .. table.concat(rows, "\n"),
  }, "\n\n")
end

local BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"

local function write_readme(text)
  local file = assert(io.open(README))
  local readme = file:read("a")
  file:close()
  local first, last = readme:find(BEGIN, 1, true), readme:find(END, 1, true)
  assert(first and last, "the marks are missing in " .. README)
  file = assert(io.open(README, "w"))
  file:write(readme:sub(1, first + #BEGIN - 1), "\n", text, "\n", readme:sub(last))
  file:close()
end

local text = measure()
print(text)
if WRITES then
  write_readme(text)
end
