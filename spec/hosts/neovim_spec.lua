local Emulator = require("spec.support.emulator")
local hosts = require("spec.support.hosts")

describe("the Neovim example", function()
  if not (hosts.has("nvim") and hosts.has_module()) then
    pending("needs nvim and the module built for LuaJIT")
    return
  end

  it("syncs while the editor's own timers go on", function()
    local emulator = Emulator.start({ transfer_ms = 500 })
    emulator:fault({ action = "GetContextInfo", delay_ms = 300, times = -1 })
    local outcome, script = os.tmpname(), os.tmpname()
    local file = assert(io.open(script, "w"))
    file:write(([[
      package.path = os.getenv("AGENTBAY_LUA") .. "/?.lua;" .. os.getenv("AGENTBAY_LUA")
        .. "/?/init.lua;" .. package.path
      package.cpath = os.getenv("AGENTBAY_CPATH") .. "/?.so;" .. package.cpath
      local ticks, last, gap = 0, vim.loop.now(), 0
      local timer = vim.loop.new_timer()
      timer:start(0, 10, function()
        ticks = ticks + 1
        gap = math.max(gap, vim.loop.now() - last)
        last = vim.loop.now()
      end)
      local ok, message = pcall(function()
        dofile("examples/neovim/plugin/agentbay.lua")
        vim.cmd("AgentBaySync notes upload")
        assert(vim.wait(20000, function() return vim.g.agentbay_last ~= nil end, 10))
      end)
      local report = assert(io.open(%q, "w"))
      report:write(tostring(ok and vim.g.agentbay_last or message), "\n", ticks, "\n", gap, "\n")
      report:close()
    ]]):format(outcome))
    file:close()
    local output = hosts.run(
      emulator,
      {},
      "timeout 60 nvim --headless -u NONE -c 'luafile " .. script .. "' -c 'qa!'"
    )
    local report = assert(io.open(outcome))
    local result, ticks, gap = report:read("*l"), report:read("*l"), report:read("*l")
    report:close()
    assert.are.equal("success", result, output)
    assert.is_true(tonumber(ticks) > 50, "ticks: " .. ticks)
    assert.is_true(tonumber(gap) < 200, "longest gap: " .. gap)
    os.remove(outcome)
    os.remove(script)
    emulator:stop()
  end)
end)
