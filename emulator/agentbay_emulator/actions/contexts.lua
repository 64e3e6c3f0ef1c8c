-- The actions on contexts.

local answers = require("agentbay_emulator.answers")
local request = require("agentbay_emulator.request")

local contexts = {}

local function described(context)
  return {
    Id = context.Id,
    Name = context.Name,
    State = context.State,
    OsType = context.OsType,
    CreateTime = context.CreateTime,
    LastUsedTime = context.LastUsedTime,
  }
end

contexts.GetContext = {
  handle = function(emulator, parameters)
    local store = emulator.contexts
    local context
    if parameters.ContextId then
      context = store:get(parameters.ContextId)
    elseif parameters.Name then
      context = store:find(parameters.Name)
      if not context and request.is_true(parameters.AllowCreate) then
        context = store:create(parameters.Name)
      end
    else
      return answers.error(400, "MissingParameter", "Name or ContextId is mandatory.")
    end
    if not context then
      return answers.no_context()
    end
    return answers.success(described(context))
  end,
}

contexts.ListContexts = {
  handle = function(emulator, parameters)
    return answers.page(emulator.contexts.order, parameters, described)
  end,
}

---An action on the context that Id names.
local function on_context(handle, required)
  return {
    required = required or { "Id" },
    handle = function(emulator, parameters)
      local context = emulator.contexts:get(parameters.Id)
      if not context then
        return answers.no_context()
      end
      return handle(emulator, context, parameters)
    end,
  }
end

contexts.ModifyContext = on_context(function(emulator, context, parameters)
  local other = emulator.contexts:find(parameters.Name)
  if other and other ~= context then
    return answers.refusal("Context.NameExists", "Another context has this name.")
  end
  emulator.contexts:rename(context, parameters.Name)
  return answers.success()
end, { "Id", "Name" })

contexts.DeleteContext = on_context(function(emulator, context)
  emulator.contexts:delete(context)
  return answers.success()
end)

contexts.ClearContext = on_context(function(emulator, context)
  emulator.contexts:clear(context, emulator.queue, emulator.settings.clear_ms)
  return answers.success()
end)

return contexts
