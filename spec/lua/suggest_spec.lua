-- What messages offer in place of a name that is not known.

local suggest = require("agentbay.suggest")

local function known(...)
  local names = {}
  for _, name in ipairs({ ... }) do
    names[name] = true
  end
  return names
end

local SYNC = known("context_id", "path", "mode", "max_retries", "retry_interval", "on_progress")

describe("suggest.nearest", function()
  local near = {
    { "contextid", "context_id", "a missing underscore" },
    { "contextId", "context_id", "camel case" },
    { "ContextID", "context_id", "capitals" },
    { "context-id", "context_id", "a hyphen" },
    { "context_di", "context_id", "two letters swapped" },
    { "maxRetries", "max_retries", "camel case of another name" },
    { "max_retry", nil, "three letters away" },
    { "max_retrys", "max_retries", "a wrong plural" },
    { "retry_intervall", "retry_interval", "a letter too many" },
    { "onprogess", "on_progress", "a letter too few" },
    { "pat", "path", "a short name, one letter off" },
    { "mdoe", "mode", "a short name, swapped" },
    { "pa", nil, "too short to tell" },
    { "", nil, "nothing" },
    { "wait", nil, "a name that is far from all" },
    { "timeout_ms", nil, "a long name that is far from all" },
    { ("x"):rep(65), nil, "an absurdly long name" },
    { 1, nil, "a number" },
    { true, nil, "a boolean" },
  }
  for _, case in ipairs(near) do
    local given, expected, what = case[1], case[2], case[3]
    it("offers " .. tostring(expected) .. " for " .. what, function()
      assert.are.equal(expected, suggest.nearest(given, SYNC))
    end)
  end

  it("takes the first in the alphabet of two that are equally near", function()
    assert.are.equal("bath", suggest.nearest("xath", known("path", "bath", "math")))
  end)

  it("prefers the nearer of two", function()
    assert.are.equal("upload", suggest.nearest("uplaod", known("unload", "upload")))
  end)

  it("passes over names that are no strings", function()
    assert.is_nil(suggest.nearest("path", { [1] = true, [true] = true }))
  end)
end)
