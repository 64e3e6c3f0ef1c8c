local Emulator = require("spec.support.emulator")

describe("the example", function()
  local emulator

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)

  local function run(name, variables)
    local command = (variables or "")
      .. (" AGENTBAY_API_KEY=%s AGENTBAY_ENDPOINT=%s AGENTBAY_EMULATOR_DATA='%s' %s examples/%s 2>&1"):format(
        emulator.api_key,
        emulator.url,
        emulator.data,
        arg[-1] or "lua5.4",
        name
      )
    local process = assert(io.popen(command))
    local output = process:read("*a")
    local ok = process:close()
    assert.is_truthy(ok, output)
    return output
  end

  it("info.lua lists the status of a context", function()
    assert.is_truthy(run("info.lua"):match("SdkCtx%-%x+: download Success"))
  end)

  it("sync_upload.lua completes", function()
    assert.is_truthy(run("sync_upload.lua"):find("Sync completed: true", 1, true))
  end)

  it("sync_download.lua calls back with the result", function()
    assert.is_truthy(run("sync_download.lua"):find("Callback received: true", 1, true))
  end)

  it("sync.lua brings a file from one session to another", function()
    assert.is_truthy(run("sync.lua"):find("Done:", 1, true))
  end)

  it("files.lua brings files to a session and back", function()
    local output = run("files.lua", "SIZE=3")
    assert.is_truthy(output:find("large.bin: the same 3145733 bytes", 1, true), output)
    assert.is_truthy(output:find("Done.", 1, true))
  end)
end)
