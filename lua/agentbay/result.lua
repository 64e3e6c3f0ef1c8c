-- Results as callers get them: plain tables that all begin with the same fields. Pure.

local shape = require("agentbay.shape")

local result = {}

---@class agentbay.Result
---@field success boolean
---@field request_id string "" if the service gave none
---@field error_message string "" on success; "[Code] Message" for an error of the service
---@field error_code? string on failure: the service's Code or one of the client's
---@field http_status? integer on failure: 0 when no response came
---@field attempts? integer how often the request was sent; of what waits: status checks

---The fields that all results share.
---@param raw table what the core gave
---@return agentbay.Result
function result.of(raw)
  if raw.success then
    return {
      success = true,
      request_id = raw.request_id,
      error_message = "",
      attempts = raw.attempts,
    }
  end
  return {
    success = false,
    request_id = raw.request_id,
    error_message = raw.error_message,
    error_code = raw.error_code,
    http_status = raw.http_status,
    attempts = raw.attempts,
  }
end

---A failure that this side finds in an answer which the core took for a success.
---@param raw table
---@param error_code string
---@param message string
---@return agentbay.Result
function result.failure(raw, error_code, message)
  return {
    success = false,
    request_id = raw.request_id,
    error_message = message,
    error_code = error_code,
    http_status = raw.http_status or 200,
    attempts = raw.attempts,
  }
end

---@param raw table
---@param problem string what is wrong with the answer
---@return agentbay.Result
function result.malformed(raw, problem)
  local message = "the answer can't be understood: " .. problem
  return result.failure(raw, "Client.MalformedResponse", message)
end

local page_members = {
  { "next_token", "NextToken", "string" },
  { "max_results", "MaxResults", "number" },
  { "total_count", "TotalCount", "number" },
}

---One page of a list.
---@param raw table
---@param name string the list's name in the result
---@param members agentbay.Member[] of its items
---@return agentbay.Result
function result.page(raw, name, members)
  local items, page, problem
  local read = result.of(raw)
  if raw.success then
    items, problem = shape.list(raw.body.Data, members, "Data")
    if items then
      page, problem = shape.object(raw.body, page_members, "the answer")
    end
    read = page and read or result.malformed(raw, problem)
  end
  read[name] = page and items or {}
  for _, member in ipairs(page and page_members or {}) do
    read[member[1]] = page[member[1]]
  end
  return read
end

return result
