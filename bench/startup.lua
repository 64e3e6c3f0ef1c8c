-- How long `require "agentbay"` takes once libcurl and lua-cjson are loaded, which take most of it.
-- Prints milliseconds.

require("cjson")
assert(package.loadlib(arg[1] or "libcurl.so.4", "*"))
local started = os.clock()
require("agentbay")
print(("%.3f"):format((os.clock() - started) * 1000))
