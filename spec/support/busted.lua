-- Busted's command line, run by the interpreter at hand instead of the one that the `busted`
-- command names.

require("busted.runner")({ standalone = false })
