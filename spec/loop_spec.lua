local agentbay = require("agentbay")
local Emulator = require("spec.support.emulator")

describe("in an event loop", function()
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

  ---The same for each loop: `attach(options)` gives detach, `run()` runs until nothing is left.
  local function behaves(name, attach, run)
    describe(name, function()
      it("operations end without a step", function()
        local detach = attach()
        local results = {}
        for i = 1, 5 do
          session.context_manager:info_async({
            on_complete = function(result)
              results[i] = result.success
            end,
          })
        end
        run()
        assert.are.same({ true, true, true, true, true }, results)
        detach()
      end)

      it("syncs wait for their intervals", function()
        local detach = attach()
        local fresh = emulator:session(client)
        local sync = fresh.context_manager:sync_async({ mode = "upload", retry_interval = 30 })
        run()
        assert.is_true(sync:result().success)
        assert.is_true(sync:result().attempts >= 2)
        detach()
      end)

      it("tasks run, and each step of theirs", function()
        local detach = attach()
        local task = agentbay.spawn(function()
          local fresh = emulator:session(client)
          agentbay.sleep(10)
          return fresh:delete().success
        end)
        run()
        assert.is_true(task:result())
        detach()
      end)

      it("what is started in a callback goes on", function()
        local detach = attach()
        local inner
        session.context_manager:info_async({
          on_complete = function()
            inner = session.context_manager:info_async()
          end,
        })
        run()
        assert.is_true(inner:result().success)
        detach()
      end)

      it("errors of callbacks reach on_error, and the loop goes on", function()
        local messages = {}
        local detach = attach({
          on_error = function(message)
            messages[#messages + 1] = message
          end,
        })
        session.context_manager:info_async({
          on_complete = function()
            error("oops")
          end,
        })
        run()
        assert.are.equal(1, #messages)
        assert.is_truthy(messages[1]:find("oops", 1, true))
        local operation = session.context_manager:info_async()
        run()
        assert.is_true(operation:result().success)
        detach()
      end)

      it("blocking calls still work, also before and after it runs", function()
        local detach = attach()
        assert.is_true(session.context_manager:info().success)
        local operation = session.context_manager:info_async()
        assert.is_true(session.context_manager:info().success)
        run()
        assert.is_true(operation:result().success)
        detach()
        assert.is_true(session.context_manager:info().success)
      end)

      it("cancelling is told from the loop", function()
        emulator:fault({ action = "GetContextInfo", stall = "before" })
        local detach = attach()
        local seen
        local operation = session.context_manager:info_async({
          on_complete = function(result)
            seen = result.error_code
          end,
        })
        operation:cancel()
        assert.is_nil(seen)
        run()
        assert.are.equal("Client.Cancelled", seen)
        detach()
      end)
    end)
  end

  local has_luv, uv = pcall(require, "luv")
  if has_luv then
    behaves("of luv", function(options)
      return require("agentbay.loop.luv").attach(uv, options)
    end, function()
      uv.run()
    end)
  else
    pending("of luv: lua-luv is not installed")
  end

  local has_cqueues, cqueues = pcall(require, "cqueues")
  if has_cqueues then
    local controller
    behaves("of cqueues", function(options)
      controller = cqueues.new()
      return require("agentbay.loop.cqueues").attach(controller, options)
    end, function()
      assert(controller:loop())
    end)
  else
    pending("of cqueues: lua-cqueues is not installed")
  end
end)
