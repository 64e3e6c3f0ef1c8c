-- When a sync looks at its transfer, simulated over transfer times from 0.1 s to 10 min: how long
-- after the end the next look is (the overshoot), and how many requests that takes.
--
-- usage: lua schedules.lua

---@return fun(elapsed: number, n: integer): number seconds to wait after the n-th look
local function growing(first, factor, most)
  return function(_, n)
    return math.min(first * factor ^ (n - 1), most)
  end
end

local function adaptive(share, least, most)
  return function(elapsed)
    return math.min(math.max(share * elapsed, least), most)
  end
end

local schedules = {
  { "official SDKs: 500 ms × 1.1 up to 5 s", growing(0.5, 1.1, 5) },
  { "default: 1.5 s", growing(1.5, 1, 1.5) },
  { "a twentieth of the time elapsed, 100 ms to 5 s", adaptive(0.05, 0.1, 5) },
  { 'a tenth, 200 ms to 5 s: backoff = "adaptive"', adaptive(0.1, 0.2, 5) },
  { "a fifth, 200 ms to 5 s", adaptive(0.2, 0.2, 5) },
  { "a tenth, 200 ms and no end", adaptive(0.1, 0.2, math.huge) },
}

---Looks until the first one after the transfer's end.
local function simulate(wait, transfer)
  local elapsed, looks = 0, 1
  while elapsed < transfer do
    elapsed = elapsed + wait(elapsed, looks)
    looks = looks + 1
  end
  return elapsed - transfer, looks
end

local RANGES = { { 0.1, 1 }, { 1, 10 }, { 10, 60 }, { 60, 600 } }
local SAMPLES = 2000

print("| schedule | transfer | overshoot: mean | worst | of the transfer: mean | requests: mean |")
print("|---|---|---:|---:|---:|---:|")
for _, schedule in ipairs(schedules) do
  for _, range in ipairs(RANGES) do
    local sum, worst, share, requests = 0, 0, 0, 0
    for i = 0, SAMPLES - 1 do
      -- As many samples in each part of the range as its logarithm is long.
      local transfer = range[1] * (range[2] / range[1]) ^ ((i + 0.5) / SAMPLES)
      local overshoot, looks = simulate(schedule[2], transfer)
      sum, worst = sum + overshoot, math.max(worst, overshoot)
      share, requests = share + overshoot / transfer, requests + looks
    end
    print(
      ("| %s | %g to %g s | %.2f s | %.2f s | %.0f %% | %.1f |"):format(
        schedule[1],
        range[1],
        range[2],
        sum / SAMPLES,
        worst,
        100 * share / SAMPLES,
        requests / SAMPLES
      )
    )
  end
end
