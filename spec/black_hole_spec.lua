-- A name server that never answers takes another /etc/resolv.conf, which takes a mount namespace,
-- which takes root: where that isn't to be had, this is skipped.

describe("a name server that never answers", function()
  local folder, address

  setup(function()
    folder = os.tmpname()
    -- Other runs of this spec at the same time have another one.
    local digits = folder:gsub("%W", ""):gsub(".", function(character)
      return ("%d"):format(character:byte() % 10)
    end)
    address = ("127.%d.%d.%d"):format(
      digits:sub(-6, -5),
      digits:sub(-4, -3),
      1 + digits:sub(-2, -1)
    )
    os.remove(folder)
    os.execute("mkdir '" .. folder .. "'")
    local file = assert(io.open(folder .. "/resolv.conf", "w"))
    file:write("nameserver " .. address .. "\n")
    file:close()
  end)
  teardown(function()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  it("holds up neither steps nor cancellation nor closing, and ends with Client.Timeout", function()
    local command = 'unshare -m sh -c \'mount --bind "$0"/resolv.conf /etc/resolv.conf && exec "$@"\''
      .. " '%s' %s 2>/dev/null"
    local can = os.execute(command:format(folder, "true"))
    if can ~= true and can ~= 0 then
      pending("this machine gives no mount namespace")
      return
    end
    -- Other processes take their time, too: what counts is what it takes at best.
    local code, took, step, cancel, close
    for _ = 1, 3 do
      local process = io.popen(
        command:format(folder, (arg[-1] or "lua5.4") .. " spec/support/black_hole.lua " .. address)
      )
      local output = process:read("*a")
      process:close()
      code, took, step, cancel, close = output:match("^(%S+) (%d+) (%S+) (%S+) (%S+)\n$")
      assert.is_truthy(code, output)
      took, step = tonumber(took), tonumber(step)
      cancel, close = tonumber(cancel), tonumber(close)
      if took <= 500 and step < 20 and cancel < 20 and close < 20 then
        break
      end
    end
    assert.are.equal("Client.Timeout", code)
    assert.is_true(took >= 395 and took <= 500, took)
    for _, milliseconds in ipairs({ step, cancel, close }) do
      assert.is_true(milliseconds < 20, milliseconds)
    end
  end)
end)
