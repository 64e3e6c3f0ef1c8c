local Emulator = require("spec.support.emulator")
local hosts = require("spec.support.hosts")

describe("the LÖVE example", function()
  if not (hosts.has("love") and hosts.has("xvfb-run") and hosts.has_module()) then
    pending("needs love, xvfb-run and the module built for LuaJIT")
    return
  end

  it("syncs while its frames go on", function()
    local emulator = Emulator.start({ transfer_ms = 1500 })
    -- A blocking status check would stop the game for as long as this.
    emulator:fault({ action = "GetContextInfo", delay_ms = 400, times = -1 })
    local report, screenshot = os.tmpname(), os.tmpname()
    local output = hosts.run(emulator, {
      AGENTBAY_LOVE_REPORT = report,
      AGENTBAY_LOVE_SCREENSHOT = screenshot,
    }, "timeout 60 xvfb-run -a love examples/love")
    local seen = {}
    for line in io.lines(report) do
      local name, value = line:match("^(%w+[_%w]*)=(.*)$")
      seen[name] = value
    end
    assert.are.equal("true", seen.success, (seen.message or "") .. output)
    assert.is_true(tonumber(seen.attempts) >= 2)
    assert.is_true(tonumber(seen.frames) > 30, "frames: " .. seen.frames)
    assert.is_true(tonumber(seen.gap_ms) < 200, "longest gap: " .. seen.gap_ms)
    local file = assert(io.open(screenshot, "rb"))
    local image = file:read("*a")
    file:close()
    assert.are.equal("\137PNG", image:sub(1, 4))
    assert.is_true(#image > 2000, "an empty picture packs into less")
    os.remove(report)
    os.execute("mkdir -p build && mv '" .. screenshot .. "' build/love.png")
    emulator:stop()
  end)
end)
