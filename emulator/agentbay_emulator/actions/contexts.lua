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
      return answers.refusal("Context.NotFound", "The context is not found.")
    end
    return answers.success(described(context))
  end,
}

contexts.ListContexts = {
  handle = function(emulator, parameters)
    return answers.page(emulator.contexts.order, parameters, described)
  end,
}

return contexts
