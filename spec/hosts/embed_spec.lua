local Emulator = require("spec.support.emulator")

describe("the embedding example", function()
  local program = (os.getenv("AGENTBAY_OUT") or "build/lua5.4") .. "/embed-host"
  local built = io.open(program)
  if not built then
    pending("needs the program: make static")
    return
  end
  built:close()

  it("syncs from a C host's own frame loop, with nothing loaded but Lua files", function()
    local emulator = Emulator.start({ transfer_ms = 200 })
    local command = ("env -u LUA_PATH AGENTBAY_API_KEY=%s AGENTBAY_ENDPOINT=%s %s %s lua 2>&1"):format(
      emulator.api_key,
      emulator.url,
      program,
      "examples/embed/game.lua"
    )
    local process = io.popen(command)
    local output = process:read("*a")
    process:close()
    assert.is_truthy(output:match("frame %d+: check 1\n"), output)
    assert.is_truthy(output:match("sync: true after %d+ frames\n"), output)
    emulator:stop()
  end)
end)
