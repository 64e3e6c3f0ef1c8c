-- luacheck: globals love

function love.conf(t)
  t.identity = "agentbay-example"
  t.window.title = "AgentBay: a sync beside the game"
  t.window.width = 640
  t.window.height = 360
  t.modules.audio = false
  t.modules.joystick = false
end
