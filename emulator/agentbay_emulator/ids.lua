-- Ids as the service gives them. Random, from the system.

local rand = require("openssl.rand")

local ids = {}

local function hex(digits)
  local text = rand.bytes((digits + 1) // 2):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
  return text:sub(1, digits)
end

function ids.context()
  return "SdkCtx-" .. hex(16)
end

function ids.session()
  return "session-" .. hex(17)
end

function ids.request()
  local digits = hex(32):upper()
  return ("%s-%s-%s-%s-%s"):format(
    digits:sub(1, 8),
    digits:sub(9, 12),
    digits:sub(13, 16),
    digits:sub(17, 20),
    digits:sub(21, 32)
  )
end

return ids
