-- What the emulator has received, for tests that assert what went over the wire.

local Journal = {}
Journal.__index = Journal

local MOST = 10000

function Journal.new()
  return setmetatable({ entries = {}, count = 0 }, Journal)
end

function Journal:add(entry)
  self.count = self.count + 1
  entry.n = self.count
  self.entries[#self.entries + 1] = entry
  if #self.entries > 2 * MOST then
    self.entries = table.move(self.entries, MOST + 1, #self.entries, 1, {})
  end
end

---@param action? string
function Journal:list(action)
  local found = {}
  for _, entry in ipairs(self.entries) do
    if not action or entry.action == action then
      found[#found + 1] = entry
    end
  end
  return found
end

function Journal:clear()
  self.entries, self.count = {}, 0
end

return Journal
