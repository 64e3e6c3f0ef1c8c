-- What examples/embed/host.c runs: one sync, and `frame`, which the host calls once a frame.

local agentbay = require("agentbay")

local frames = 0

local task = agentbay.spawn(function()
  local client = agentbay.new()
  local context = client.context:get({ name = "embedded", create = true })
  assert(context.success, context.error_message)
  local created = client:create({
    context_syncs = { { context_id = context.context_id, path = "/mnt/save" } },
  })
  assert(created.success, created.error_message)
  local result = created.session.context_manager:sync({
    mode = "upload",
    retry_interval = 100,
    on_progress = function(progress)
      print(("frame %d: check %d"):format(frames, progress.attempt))
    end,
  })
  created.session:delete()
  return result
end)

---@return boolean? done nil: call again
function frame() -- luacheck: ignore 111
  frames = frames + 1
  agentbay.step()
  if not task:done() then
    return nil
  end
  local result = task:result()
  print(("sync: %s after %d frames"):format(tostring(result.success), frames))
  return result.success
end
