local agentbay = require("agentbay")
local Emulator = require("spec.support.emulator")

describe("a task", function()
  local emulator, client, session

  setup(function()
    emulator = Emulator.start()
    client = emulator:client()
    session = client:create().session
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:control("DELETE", "faults")
  end)

  local function slow(times)
    emulator:fault({ action = "GetContextInfo", delay_ms = 60, times = times or 1 })
  end

  local function info()
    return session.context_manager:info()
  end

  it("yields in every blocking method, and gives what its function returns first", function()
    slow()
    local order = {}
    local task = agentbay.spawn(function(word)
      order[#order + 1] = word
      local result = info()
      order[#order + 1] = "answered"
      return result, "second"
    end, "started")
    assert.are.same({ "started" }, order)
    assert.is_false(task:done())
    assert.is_nil(task:result())
    assert.is_true(task:wait().success)
    assert.is_true(task:done())
    assert.are.same({ "started", "answered" }, order)
  end)

  it("runs beside others", function()
    slow(5)
    local tasks = {}
    for i = 1, 5 do
      tasks[i] = agentbay.spawn(info)
    end
    local first = tasks[1]:wait()
    assert.is_true(first.success)
    agentbay.run()
    for i = 1, 5 do
      assert.is_true(tasks[i]:result().success)
    end
  end)

  it("may return nothing, or false", function()
    local task = agentbay.spawn(function()
      info()
    end)
    agentbay.run()
    assert.is_true(task:done())
    assert.is_nil(task:result())
    assert.is_false(agentbay
      .spawn(function()
        info()
        return false
      end)
      :wait())
  end)

  it("goes through a whole session as straight code", function()
    local task = agentbay.spawn(function()
      local fresh = emulator:session(client)
      local sync = fresh.context_manager:sync({ mode = "upload", retry_interval = 10 })
      local deleted = fresh:delete()
      return sync.success and deleted.success
    end)
    assert.is_true(task:wait())
  end)

  it("waits for other tasks and their operations", function()
    slow()
    local inner = agentbay.spawn(info)
    local operation = session.context_manager:info_async()
    local outer = agentbay.spawn(function()
      return inner:wait().success and operation:wait().success
    end)
    assert.is_true(outer:wait())
  end)

  it("can wait for a limited time", function()
    slow()
    local reason
    local task = agentbay.spawn(function()
      local operation = session.context_manager:info_async()
      local nothing
      nothing, reason = operation:wait(10)
      assert(nothing == nil)
      return operation:wait(5000).success
    end)
    assert.is_true(task:wait())
    assert.are.equal("timeout", reason)
  end)

  it("sleeps without holding up others", function()
    local order = {}
    agentbay.spawn(function()
      agentbay.sleep(40)
      order[#order + 1] = "slept long"
    end)
    agentbay.spawn(function()
      agentbay.sleep(5)
      order[#order + 1] = "slept"
    end)
    agentbay.run()
    assert.are.same({ "slept", "slept long" }, order)
  end)

  it("yields through nested coroutines", function()
    local task = agentbay.spawn(function()
      local sum = 0
      local function generate()
        for i = 1, 3 do
          if info().success then
            coroutine.yield(i)
          end
        end
      end
      -- Not in a `for`: Lua 5.1 can't yield through its call of the iterator.
      local next_number = coroutine.wrap(generate)
      local number = next_number()
      while number do
        sum = sum + number
        number = next_number()
      end
      local thread = coroutine.create(function(a)
        local b = coroutine.yield(a + 1)
        return info().success and b
      end)
      local ok, first = coroutine.resume(thread, 10)
      assert(ok and first == 11)
      local again, second = coroutine.resume(thread, 20)
      assert(again and second == 20)
      return sum
    end)
    assert.are.equal(6, task:wait())
  end)

  it("leaves the coroutine library as it was", function()
    local resume, wrap = coroutine.resume, coroutine.wrap
    local task = agentbay.spawn(info)
    assert.are.equal(resume, coroutine.resume)
    task:wait()
    assert.are.equal(resume, coroutine.resume)
    assert.are.equal(wrap, coroutine.wrap)
  end)

  it("yields through pcall, where the Lua version can", function()
    local task = agentbay.spawn(function()
      local ok, result = pcall(info)
      return { ok, result }
    end)
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
      local outcome = task:wait()
      assert.is_false(outcome[1])
      assert.is_truthy(outcome[2]:find("yield across", 1, true))
    else
      assert.is_true(task:wait()[2].success)
    end
    agentbay.run()
  end)

  it("that fails is reported to the caller of step, run or wait, and is done", function()
    local task = agentbay.spawn(function()
      info()
      error("oops in task")
    end)
    local ok, message = pcall(agentbay.run)
    assert.is_false(ok)
    assert.is_truthy(message:match("task_spec.lua:%d+: oops in task"))
    assert.is_true(task:done())
    assert.is_nil(task:result())
    assert.is_true(info().success)
  end)

  it("that fails at once is reported by the next step", function()
    local task = agentbay.spawn(function()
      error("at once")
    end)
    assert.is_true(task:done())
    assert.is_false(pcall(agentbay.step))
    assert.are.equal(0, agentbay.step())
  end)

  it("can be cancelled: what it waits for ends with Client.Cancelled", function()
    slow(2)
    local codes = {}
    local task = agentbay.spawn(function()
      codes[1] = info().error_code
      codes[2] = info().error_code
      return "end"
    end)
    assert.is_true(task:cancel())
    assert.are.equal("end", task:wait())
    assert.are.same({ "Client.Cancelled", "Client.Cancelled" }, codes)
    assert.is_false(task:cancel())
  end)

  it("can't yield by itself", function()
    local task = agentbay.spawn(function()
      coroutine.yield("something")
    end)
    assert.is_true(task:done())
    local ok, message = pcall(agentbay.step)
    assert.is_false(ok)
    assert.is_truthy(message:find("coroutine.yield", 1, true))
  end)

  it("needs a function", function()
    local ok, message = pcall(agentbay.spawn, 7)
    assert.is_false(ok)
    assert.is_truthy(message:find("function expected, got number", 1, true))
    assert.is_false(pcall(agentbay.sleep, -1))
  end)

  it("may step the loop itself", function()
    local task = agentbay.spawn(function()
      local operation = session.context_manager:info_async()
      repeat
        agentbay.step(10)
      until operation:done()
      return operation:result().success
    end)
    assert.is_true(task:wait())
  end)

  it("is one of five hundred that sync at once in one thread, none waiting for another", function()
    emulator:settings({ transfer_ms = 5 })
    local sessions = {}
    for i = 1, 10 do
      sessions[i] = emulator:session(client)
    end
    local tasks = {}
    for i = 1, 500 do
      tasks[i] = agentbay.spawn(function()
        return sessions[i % 10 + 1].context_manager:sync({
          mode = "download",
          retry_interval = 1000,
          max_retries = 600,
        })
      end)
    end
    agentbay.run()
    local ended = 0
    for i = 1, 500 do
      local result = tasks[i]:result()
      assert.is_true(result.success, result.error_message)
      ended = ended + 1
    end
    assert.are.equal(500, ended)
    emulator:settings({ transfer_ms = 40 })
  end)
end)
