-- What the programs that use other HTTP libraries share: the request as our client sends it, and
-- what a user would do with the answer.

local cjson = require("cjson")

local plain_request = {}

plain_request.body =
  "Authorization=Bearer%20akm-bench-0123456789&SessionId=session-04bdw8o39bq47rv1t"

plain_request.headers = {
  ["x-acs-version"] = "2025-05-06",
  ["x-acs-action"] = "GetContextInfo",
  ["content-type"] = "application/x-www-form-urlencoded",
}

---@param url string scheme and authority
---@return string
function plain_request.url(url)
  return ("%s/?Action=GetContextInfo&Format=json&Version=2025-05-06&Timestamp=%s&SignatureNonce=%032x"):format(
    url,
    os.date("!%Y-%m-%dT%H%%3A%M%%3A%SZ"),
    math.random(0)
  )
end

---The transfers in an answer, nested three levels deep.
---@param status integer
---@param text string
---@return table
function plain_request.decode(status, text)
  assert(status == 200, status)
  local answer = cjson.decode(text)
  assert(answer.Success)
  local list = {}
  for _, item in ipairs(cjson.decode(answer.Data.ContextStatus)) do
    if item.type == "data" then
      for _, transfer in ipairs(cjson.decode(item.data)) do
        list[#list + 1] = transfer
      end
    end
  end
  assert(#list == 2)
  return list
end

---Measures `run(count)` and prints requests, seconds and CPU seconds.
---@param requests integer
---@param run fun(count: integer)
function plain_request.measure(requests, run)
  local cqueues = require("cqueues")
  run(math.min(requests, 64))
  local started, cpu = cqueues.monotime(), os.clock()
  run(requests)
  local taken, cpu_taken = cqueues.monotime() - started, os.clock() - cpu
  print(("%d %.6f %.6f"):format(requests, taken, cpu_taken))
end

return plain_request
