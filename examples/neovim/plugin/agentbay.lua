-- luacheck: globals vim
--
-- :AgentBaySync [CONTEXT] [MODE] creates a session with the context mounted, syncs it and deletes
-- the session, while you go on editing: the editor's own loop drives it.
--
-- Needs AGENTBAY_API_KEY (and AGENTBAY_ENDPOINT), and the module on package.path and cpath.

local function notify(text, level)
  vim.schedule(function()
    vim.notify("AgentBay: " .. text, level or vim.log.levels.INFO)
  end)
end

local detach

---Once, with the first command: nothing is loaded for those who never use it.
local function attach()
  if not detach then
    detach = require("agentbay.loop.luv").attach(vim.loop, {
      on_error = function(message)
        notify(tostring(message), vim.log.levels.ERROR)
      end,
    })
  end
end

local function sync(name, mode)
  local client = require("agentbay").new()
  local context = client.context:get({ name = name, create = true })
  if not context.success then
    return context
  end
  local created = client:create({
    context_syncs = { { context_id = context.context_id, path = "/mnt/" .. name } },
  })
  if not created.success then
    return created
  end
  local result = created.session.context_manager:sync({
    mode = mode,
    retry_interval = 200,
    on_progress = function(progress)
      notify(("%s of %s: check %d"):format(mode, name, progress.attempt))
    end,
  })
  created.session:delete()
  return result
end

vim.api.nvim_create_user_command("AgentBaySync", function(command)
  local name, mode = command.fargs[1] or "neovim", command.fargs[2] or "upload"
  attach()
  require("agentbay").spawn(function()
    local result = sync(name, mode)
    if result.success then
      notify(("%s of %s done"):format(mode, name))
    else
      notify(result.error_message, vim.log.levels.ERROR)
    end
    vim.g.agentbay_last = result.success and "success" or result.error_message
  end)
end, { nargs = "*", desc = "Sync an AgentBay context" })
