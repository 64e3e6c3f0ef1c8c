-- Iterators over all pages of a list. They ask for a page when the one before is used up.

local arguments = require("agentbay.arguments")
local results = require("agentbay.result")

local paging = {}

---What to ask for next, by the token that the service gave; nil after the last page.
---@param asked table
---@param page table
---@return table? next
---@return table? failure
local function by_token(asked, page)
  if page.next_token == "" then
    return nil
  elseif page.next_token == asked.next_token then
    return nil, results.malformed({ request_id = page.request_id }, "the next page is the same one")
  end
  asked.next_token = page.next_token
  return asked
end

---What to ask for next, by number; nil after a page that isn't full.
---@param asked table
---@param page table
---@param items string
---@return table? next
local function by_number(asked, page, items)
  if #page[items] < asked.page_size then
    return nil
  end
  asked.page_number = asked.page_number + 1
  return asked
end

---@param self table
---@param definition agentbay.Paging
---@param asked table? arguments for the list
---@return fun(): any, table?
local function iterator(self, definition, asked)
  local list, items = self[definition.list], definition.items
  local advance = definition.by_number and by_number or by_token
  local page, index, ended = nil, 0, false

  ---Gets the next page, if there is one; gives what came in the way.
  local function turn()
    local failure
    if page then
      asked, failure = advance(asked, page, items)
    end
    if not asked then
      return failure
    end
    page, index = list(self, asked), 0
    return not page.success and page or nil
  end

  return function()
    while not ended do
      if page and index < #page[items] then
        index = index + 1
        return page[items][index]
      end
      local failure = turn()
      ended = failure ~= nil or asked == nil
      if failure then
        return false, failure
      end
    end
    return nil
  end
end

---@class agentbay.Paging
---@field class table the class that gets the iterator
---@field name string
---@field list string the method that gives one page
---@field items string the list in its result
---@field arguments table<string, agentbay.Rule>
---@field by_number? boolean pages are numbered; otherwise chained by tokens

---Defines `for item, failure in self:name{...}`. Where a page can't be had, `item` is false and
---`failure` the result that says why; it ends there.
---@param definition agentbay.Paging
function paging.define(definition)
  local class, name = definition.class, definition.name
  local declaration = arguments.declare(name, definition.arguments)
  class[name] = function(self, given)
    arguments.check_self(self, class, name)
    local asked = arguments.check(declaration, name, given)
    local next_item = iterator(self, definition, asked)
    return next_item
  end
end

return paging
