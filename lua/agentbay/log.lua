-- Turns the core's records of exchanges into calls of a user's log function, or into lines on
-- standard error. Records hold no key and no URL; nothing is added here that does.

local log = {}

---How much each level leaves out.
log.LEVELS = { debug = 1, info = 2, warn = 3, error = 4 }

---@class agentbay.LogFields
---@field action string of the service, or "UploadFile", "DownloadFile"
---@field request_id string "" if none was told
---@field status integer HTTP status, 0: no answer
---@field elapsed_ms integer
---@field attempt integer 1 for the first exchange of an operation
---@field error_code? string on failure
---@field error_message? string on failure

---@alias agentbay.LogFunction fun(level: "debug"|"info"|"warn"|"error", event: string, fields: agentbay.LogFields)

local Logger = {}
Logger.__index = Logger

local FIELDS = { "action", "status", "elapsed_ms", "attempt", "request_id", "error_code" }

---Text for one field of a line: in quotes where it has anything that could end it.
local function shown(value)
  local text = tostring(value)
  if text:find('[%s%c"=\127-\255]') then
    return '"' .. text:gsub('[%c"\\\127-\255]', "?") .. '"'
  end
  return text
end

---@param level string
---@param event string
---@param fields agentbay.LogFields
---@return string line without its end
function log.line(level, event, fields)
  local words = { os.date("!%Y-%m-%dT%H:%M:%SZ"), level, "agentbay", event }
  for _, name in ipairs(FIELDS) do
    if fields[name] ~= nil and fields[name] ~= "" then
      words[#words + 1] = name .. "=" .. shown(fields[name])
    end
  end
  if fields.error_message then
    words[#words + 1] = "message=" .. shown(fields.error_message)
  end
  return table.concat(words, " ")
end

local function write_line(level, event, fields)
  io.stderr:write(log.line(level, event, fields), "\n")
end

local function level_of(record)
  if record.error_code == "" then
    return "info"
  end
  return record.lasting and "error" or "warn"
end

---@param record table of the core
function Logger:write(record)
  local level = level_of(record)
  if log.LEVELS[level] < self.threshold then
    return
  end
  local failed = record.error_code ~= ""
  self.log(level, "request", {
    action = record.action,
    request_id = record.request_id,
    status = record.status,
    elapsed_ms = record.elapsed_ms,
    attempt = record.attempt,
    error_code = failed and record.error_code or nil,
    error_message = failed and record.error_message or nil,
  })
end

---@param write? agentbay.LogFunction nil: lines on standard error
---@param level? string the least level that is logged
---@return table? logger nil where nothing is to be logged
function log.new(write, level)
  if not write and not level then
    return nil
  end
  local threshold = log.LEVELS[level or "debug"]
  return setmetatable({ log = write or write_line, threshold = threshold }, Logger)
end

return log
