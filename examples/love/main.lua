-- luacheck: globals love
--
-- A ball keeps bouncing while a session is created, synced and deleted. Everything is
-- asynchronous: love.update calls agentbay.step(), which never waits.
--
-- Needs AGENTBAY_API_KEY (and AGENTBAY_ENDPOINT). AGENTBAY_LUA and AGENTBAY_CPATH name the folders
-- of a checkout's Lua files and module; AGENTBAY_LOVE_REPORT a file for what was measured, after
-- which the game takes AGENTBAY_LOVE_SCREENSHOT and ends.

local checkout, module_folder = os.getenv("AGENTBAY_LUA"), os.getenv("AGENTBAY_CPATH")
if checkout then
  package.path = checkout .. "/?.lua;" .. checkout .. "/?/init.lua;" .. package.path
end
if module_folder then
  package.cpath = module_folder .. "/?.so;" .. package.cpath
end

local agentbay = require("agentbay")

local REPORT, SCREENSHOT = os.getenv("AGENTBAY_LOVE_REPORT"), os.getenv("AGENTBAY_LOVE_SCREENSHOT")
local LONGEST_RUN = 30 -- seconds

local ball = { x = 80, y = 120, dx = 220, dy = 170, radius = 22 }
local state = { text = "creating a session ...", attempt = 0, checks = {} }
local measured = { frames = 0, gap_ms = 0, step_ms = 0 }

local function say(result, text)
  state.failed = state.failed or not result.success
  state.text = result.success and text or result.error_message
  return result.success
end

---The whole job as straight code: a task yields where it would wait.
local function work()
  local client = agentbay.new()
  local context = client.context:get({ name = "love", create = true })
  if not say(context, "creating a session ...") then
    return false
  end
  local created = client:create({
    context_syncs = { { context_id = context.context_id, path = "/mnt/save" } },
  })
  if not say(created, "uploading the saved games ...") then
    return false
  end
  state.syncing = true
  local sync = created.session.context_manager:sync({
    mode = "upload",
    retry_interval = 200,
    on_progress = function(progress)
      state.attempt = progress.attempt
    end,
  })
  state.syncing = false
  created.session:delete({ wait = false })
  return say(sync, ("saved after %d status checks"):format(sync.attempts))
end

local task

function love.load()
  love.graphics.setBackgroundColor(0.09, 0.11, 0.16)
  love.graphics.setFont(love.graphics.newFont(18))
  task = agentbay.spawn(work)
end

local function bounce(position, speed, radius, limit)
  if position < radius or position > limit - radius then
    speed = -speed
  end
  return math.max(radius, math.min(limit - radius, position)), speed
end

local function report()
  local file = assert(io.open(REPORT, "w"))
  file:write(("success=%s\n"):format(tostring(task:result() == true)))
  file:write(("message=%s\n"):format(state.text))
  for name, value in pairs(measured) do
    file:write(("%s=%s\n"):format(name, value))
  end
  file:write(("attempts=%d\n"):format(state.attempt))
  file:close()
end

local function finish()
  if state.finished then
    return
  end
  state.finished = true
  report()
  love.graphics.captureScreenshot(function(image)
    if SCREENSHOT then
      local file = assert(io.open(SCREENSHOT, "wb"))
      file:write(image:encode("png"):getString())
      file:close()
    end
    love.event.quit()
  end)
end

function love.update(dt)
  if state.syncing then
    measured.frames = measured.frames + 1
    measured.gap_ms = math.max(measured.gap_ms, dt * 1000)
  end
  local started = love.timer.getTime()
  agentbay.step()
  measured.step_ms = math.max(measured.step_ms, (love.timer.getTime() - started) * 1000)

  local width, height = love.graphics.getDimensions()
  ball.x, ball.dx = bounce(ball.x + ball.dx * dt, ball.dx, ball.radius, width)
  ball.y, ball.dy = bounce(ball.y + ball.dy * dt, ball.dy, ball.radius, height - 90)
  if REPORT and (task:done() or love.timer.getTime() > LONGEST_RUN) then
    finish()
  end
end

function love.draw()
  local width, height = love.graphics.getDimensions()
  love.graphics.setColor(0.98, 0.66, 0.26)
  love.graphics.circle("fill", ball.x, ball.y, ball.radius)
  love.graphics.setColor(0.16, 0.2, 0.29)
  love.graphics.rectangle("fill", 20, height - 70, width - 40, 50, 8)
  local color = state.failed and { 0.86, 0.34, 0.34 } or { 0.25, 0.6, 0.42 }
  love.graphics.setColor(color)
  local share = task:done() and 1 or 1 - 0.85 ^ state.attempt
  love.graphics.rectangle("fill", 20, height - 70, (width - 40) * share, 50, 8)
  love.graphics.setColor(1, 1, 1)
  love.graphics.printf(state.text, 32, height - 56, width - 64)
end
