-- What the command prints: tables for people, JSON for machines, failures to standard error.

local json_text = require("agentbay.json_text")

local output = {}

-- Members of results that are lists even when they are empty.
local LISTS = {
  bindings = true,
  context_status_data = true,
  contexts = true,
  files = true,
  session_ids = true,
}

local to_json

---@param name string
---@param value any
local function member(name, value)
  if type(value) == "table" and (LISTS[name] or #value > 0) then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = to_json(item)
    end
    return json_text.array(items)
  end
  return to_json(value)
end

function to_json(value)
  if type(value) ~= "table" then
    return value
  end
  local members = {}
  for name, item in pairs(value) do
    if type(item) ~= "function" and not (type(item) == "table" and getmetatable(item)) then
      members[name] = member(name, item)
    end
  end
  return json_text.sorted(members)
end

---Prints a result, as JSON if that is wanted; otherwise `show` prints what people want to see.
---@param result table
---@param options table
---@param show fun(result: table)?
---@return table result
function output.result(result, options, show)
  if options.json then
    local plain = {}
    for name, value in pairs(result) do
      plain[name] = value
    end
    plain.session_id = result.session and result.session.session_id or result.session_id
    plain.session = nil
    print(json_text.encode(to_json(plain)))
  elseif result.success and show then
    show(result)
  end
  return result
end

---Says why something failed.
---@param result table
---@param options table
function output.failure(result, options)
  if not result.success and not options.json then
    local reason = result.error_message ~= "" and result.error_message or "failed"
    if result.error_code and not reason:find(result.error_code, 1, true) then
      reason = reason .. " (" .. result.error_code .. ")"
    end
    io.stderr:write("agentbay: ", output.printable(reason), "\n")
  end
end

---Text from outside, without what a terminal would obey.
---@param text any
---@return string
function output.printable(text)
  return (tostring(text):gsub("[%z\1-\31\127]", "?"))
end

local function width(text)
  local _, continuations = text:gsub("[\128-\191]", "")
  return #text - continuations
end

---Prints rows under headings, in columns.
---@param headings string[]
---@param rows any[][]
function output.columns(headings, rows)
  local widths, lines = {}, { headings }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = row
  end
  for _, row in ipairs(lines) do
    for i, cell in ipairs(row) do
      row[i] = output.printable(cell)
      widths[i] = math.max(widths[i] or 0, width(row[i]))
    end
  end
  for _, row in ipairs(lines) do
    local cells = {}
    for i, cell in ipairs(row) do
      cells[i] = i == #row and cell or cell .. (" "):rep(widths[i] - width(cell))
    end
    print(table.concat(cells, "  "))
  end
end

---Everything that an iterator over pages gives, as one result.
---@param name string of the list in the result
---@param iterator fun(): any, table?
---@return table result
function output.collect(name, iterator)
  local items = {}
  for item, failure in iterator do
    if failure then
      failure[name] = items
      return failure
    end
    items[#items + 1] = item
  end
  return { success = true, request_id = "", error_message = "", [name] = items }
end

return output
