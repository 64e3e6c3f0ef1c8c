-- CRC-64 with ECMA's polynomial, reflected, as object stores give it for what they hold.

local crc64 = {}

local TABLE = {}
for i = 0, 255 do
  local value = i
  for _ = 1, 8 do
    value = value & 1 == 1 and (value >> 1) ~ 0xC96C5795D7870F42 or value >> 1
  end
  TABLE[i] = value
end

---Goes on with more bytes; start with 0.
---@param crc integer
---@param bytes string
---@return integer crc
function crc64.update(crc, bytes)
  local value = ~crc
  for start = 1, #bytes, 4096 do
    for _, byte in ipairs({ bytes:byte(start, start + 4095) }) do
      value = (value >> 8) ~ TABLE[(value ~ byte) & 0xFF]
    end
  end
  return ~value
end

---The number as text, unsigned.
---@param crc integer
---@return string
function crc64.unsigned(crc)
  if crc >= 0 then
    return ("%d"):format(crc)
  end
  local quotient = (crc >> 1) // 5
  return ("%d%d"):format(quotient, crc - quotient * 10)
end

return crc64
