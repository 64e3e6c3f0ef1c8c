-- Answers of the service: the envelope of a success, a business error, an error of the gateway.

local dkjson = require("dkjson")

local ids = require("agentbay_emulator.ids")

local answers = {}

answers.HOST = "wuyingai.cn-shanghai.aliyuncs.com"

local ORDER = {
  "RequestId",
  "HostId",
  "HttpStatusCode",
  "Code",
  "Message",
  "Recommend",
  "Success",
  "Data",
  "NextToken",
  "MaxResults",
  "TotalCount",
  "Count",
}

---A list that is written as one though it is empty.
function answers.list(items)
  return setmetatable(items, { __jsontype = "array" })
end

---@class agentbay_emulator.Answer
---@field status integer
---@field body string

---@param status integer
---@param members table
---@return agentbay_emulator.Answer
local function answer(status, members)
  members.RequestId = ids.request()
  return { status = status, body = dkjson.encode(members, { keyorder = ORDER }) }
end

---@param data? table
---@param more? table members beside Data
function answers.success(data, more)
  local members = { HttpStatusCode = 200, Code = "ok", Success = true, Data = data }
  for name, value in pairs(more or {}) do
    members[name] = value
  end
  return answer(200, members)
end

---The service was asked for something that it can't do.
function answers.refusal(code, message)
  return answer(200, { HttpStatusCode = 200, Code = code, Message = message, Success = false })
end

---The gateway in front of the service would not even ask it.
function answers.error(status, code, message)
  return answer(status, {
    HostId = answers.HOST,
    Code = code,
    Message = message,
    Recommend = "https://api.alibabacloud.com/troubleshoot?q=" .. code,
  })
end

function answers.no_session()
  return answers.error(400, "InvalidMcpSession.NotFound", "Resource [McpSession] is not found.")
end

function answers.no_context()
  return answers.refusal("Context.NotFound", "The context is not found.")
end

---One page of a list, chained by NextToken.
---@param items table[]
---@param parameters table<string, string>
---@param convert fun(item: table): table
function answers.page(items, parameters, convert)
  local size = math.tointeger(tonumber(parameters.MaxResults or "10"))
  local first = math.tointeger(tonumber(parameters.NextToken or "0"))
  if not size or size < 1 or not first or first < 0 then
    return answers.error(400, "InvalidParameter", "MaxResults or NextToken is not valid.")
  end
  local page = answers.list({})
  for i = first + 1, math.min(first + size, #items) do
    page[#page + 1] = convert(items[i])
  end
  local next_token = first + size < #items and tostring(first + size) or ""
  return answers.success(page, {
    NextToken = next_token,
    MaxResults = size,
    TotalCount = #items,
  })
end

return answers
