-- Results as callers get them: plain tables that all begin with the same fields, as the core gives
-- them. What an operation adds goes into the same table. Pure.

local shape = require("agentbay.shape")

local result = {}

---@class agentbay.Result
---@field success boolean
---@field request_id string "" if the service gave none
---@field error_message string "" on success; "[Code] Message" for an error of the service
---@field error_code? string on failure: the service's Code or one of the client's
---@field http_status? integer on failure: 0 when no response came
---@field attempts? integer how often the request was sent; of what waits: status checks

---The failure that this side makes of a result.
---@param of agentbay.Result
---@param error_code string
---@param message string
---@return agentbay.Result
function result.failure(of, error_code, message)
  return {
    success = false,
    request_id = of.request_id,
    error_message = message,
    error_code = error_code,
    http_status = of.http_status or 200,
    attempts = of.attempts,
  }
end

---@param of agentbay.Result
---@param problem string what is wrong with the answer
---@return agentbay.Result
function result.malformed(of, problem)
  local message = "the answer can't be understood: " .. problem
  return result.failure(of, "Client.MalformedResponse", message)
end

local page_members = {
  { "next_token", "NextToken", "string" },
  { "max_results", "MaxResults", "number" },
  { "total_count", "TotalCount", "number" },
}

---One page of a list.
---@param of agentbay.Result
---@param document table? the answer
---@param name string the list's name in the result
---@param members agentbay.Member[] of its items
---@return agentbay.Result
function result.page(of, document, name, members)
  local items, page, problem
  local read = of
  if of.success then
    items, problem = shape.list(document.Data, members, "Data")
    if items then
      page, problem = shape.object(document, page_members, "the answer")
    end
    read = page and of or result.malformed(of, problem)
  end
  read[name] = page and items or {}
  for _, member in ipairs(page and page_members or {}) do
    read[member[1]] = page[member[1]]
  end
  return read
end

return result
