-- Finds the name that someone most likely meant, for error messages such as
-- "did you mean 'context_id'?".
--
-- Pure: no state, no input or output. It must never raise, whatever it is given, and must never
-- offer a name that is far from the one asked for: a bad guess is worse than none.

local suggest = {}

local LONGEST = 64

---Spelling habits are not mistakes worth counting: contextId, Context_ID and context_id are one.
local function fold(name)
  return (name:lower():gsub("[_%-%s]", ""))
end

---How many mistakes are still a near miss, for a folded name of this length.
local function tolerance(length)
  if length < 3 then
    return 0
  elseif length < 6 then
    return 1
  end
  return 2
end

local function cheapest(row, above, i, replaced)
  return math.min(row[i - 1] + 1, above[i] + 1, above[i - 1] + replaced)
end

---Letters to insert, drop, replace or swap with a neighbour to get from one text to the other.
local function distance(from, to)
  local before, above, row = {}, {}, {}
  for i = 0, #from do
    above[i] = i
  end
  for j = 1, #to do
    local letter, letter_before = to:byte(j), to:byte(j - 1)
    row[0] = j
    for i = 1, #from do
      row[i] = cheapest(row, above, i, from:byte(i) == letter and 0 or 1)
      local swapped = i > 1 and j > 1 and from:byte(i) == letter_before
      if swapped and from:byte(i - 1) == letter then
        row[i] = math.min(row[i], before[i - 2] + 1)
      end
    end
    before, above, row = above, row, before
  end
  return above[#from]
end

---The known name nearest to the one given, or nil if none is near.
---@param name any what was given; only strings have neighbours
---@param known table<string, any> a table whose keys are the known names
---@return string|nil nearest
function suggest.nearest(name, known)
  if type(name) ~= "string" or #name > LONGEST then
    return nil
  end
  local folded = fold(name)
  local nearest, fewest = nil, tolerance(#folded) + 1
  for candidate in pairs(known) do
    if type(candidate) == "string" and math.abs(#candidate - #name) <= LONGEST then
      local mistakes = distance(folded, fold(candidate))
      -- Equally near names: the first in the alphabet, so that messages are the same every time.
      if mistakes < fewest or (mistakes == fewest and nearest and candidate < nearest) then
        nearest, fewest = candidate, mistakes
      end
    end
  end
  return nearest
end

return suggest
