-- What luacheck accepts. The layout is StyLua's business.

std = "lua54"
-- A method that doesn't need its object is still a method.
self = false
max_line_length = 120
max_comment_line_length = 160
-- `not (x >= 0)` is meant: it is true for NaN, too.
ignore = { "581" }

files["spec"] = { std = "+busted" }
files["*.rockspec"] = { std = "rockspec" }
