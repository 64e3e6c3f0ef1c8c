-- A line that is drawn over itself while something goes on. Nothing is drawn where standard error
-- is no terminal, or where JSON is wanted.

local progress = {}

local WIDTH = 30
local UNITS = { "B", "KiB", "MiB", "GiB", "TiB" }

local function is_terminal()
  local status = os.execute("test -t 2")
  return status == true or status == 0
end

---@param bytes number
---@return string
function progress.size(bytes)
  local unit = 1
  while bytes >= 1024 and unit < #UNITS do
    bytes, unit = bytes / 1024, unit + 1
  end
  return unit == 1 and ("%d B"):format(bytes) or ("%.1f %s"):format(bytes, UNITS[unit])
end

local function draw(text)
  io.stderr:write("\r\27[K", text)
  io.stderr:flush()
end

---A callback for uploads and downloads.
---@param options table
---@param name string of what moves
---@return fun(moved: {bytes: integer, total: integer?})?
function progress.bar(options, name)
  if options.json or not is_terminal() then
    return nil
  end
  return function(moved)
    local total = moved.total or 0
    if total <= 0 then
      draw(("%s  %s"):format(name, progress.size(moved.bytes)))
      return
    end
    local share = moved.bytes / total
    local done = math.floor(share * WIDTH)
    local bar = ("#"):rep(done) .. ("."):rep(WIDTH - done)
    local sizes = progress.size(moved.bytes) .. " of " .. progress.size(total)
    draw(("%s  [%s] %3d%%  %s"):format(name, bar, share * 100, sizes))
  end
end

---A callback for syncs.
---@param options table
---@return fun(check: table)?
function progress.checks(options)
  if options.json or not is_terminal() then
    return nil
  end
  return function(check)
    local ended, all, running = 0, 0, {}
    for _, status in ipairs(check.context_status_data) do
      all = all + 1
      if status.status == "Success" or status.status == "Failed" then
        ended = ended + 1
      else
        running[#running + 1] = status.task_type .. " at " .. status.path
      end
    end
    local done = all > 0 and math.floor(ended / all * WIDTH) or 0
    local bar = ("#"):rep(done) .. ("."):rep(WIDTH - done)
    local seconds = check.elapsed_ms / 1000
    draw(("[%s] %d of %d  %.1f s  %s"):format(bar, ended, all, seconds, running[1] or ""))
  end
end

---Ends the line of a callback.
---@param callback function?
function progress.finish(callback)
  if callback then
    io.stderr:write("\n")
  end
end

return progress
