-- The version of the module: the only place in Lua that names it.
return "0.1.0"
