-- Turns what users call an endpoint (a host, host:port, or a URL) into the one form that requests
-- are sent to: scheme and authority, nothing else.
--
-- Pure. It must never look a name up, and must never let anything through that could change where
-- a request goes or that would carry the API key in the clear to another machine: http:// is for
-- loopback addresses, unless the caller insists. Messages never repeat a user name or password.

local endpoint = {}

local LARGEST_PORT = 65535

---The four numbers of an IPv4 address; nil unless it is written in the plain way. The short, octal
---and hexadecimal forms, which resolvers read as addresses too, are not plain.
local function ipv4_bytes(text)
  local bytes = { text:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
  for i = 1, 4 do
    local digits = bytes[i]
    if not digits or digits:find("^0%d") or tonumber(digits) > 255 then
      return nil
    end
    bytes[i] = tonumber(digits)
  end
  return bytes
end

---The 16-bit groups of a part of an IPv6 address without "::"; nil if it is malformed. An IPv4
---address may stand for the last two groups.
local function ipv6_groups(part, may_end_in_ipv4)
  local groups = {}
  if part == "" then
    return groups
  end
  for group, after in (part .. ":"):gmatch("([^:]*):()") do
    local bytes = may_end_in_ipv4 and after > #part and ipv4_bytes(group)
    if bytes then
      groups[#groups + 1] = bytes[1] * 256 + bytes[2]
      groups[#groups + 1] = bytes[3] * 256 + bytes[4]
    elseif group:find("^%x%x?%x?%x?$") then
      groups[#groups + 1] = tonumber(group, 16)
    else
      return nil
    end
  end
  return groups
end

---All eight groups of an IPv6 address; nil if it is none.
local function ipv6_address(text)
  local head, tail = text:match("^(.-)::(.*)$")
  local left = ipv6_groups(head or text, not head)
  local right = ipv6_groups(tail or "", true)
  if not left or not right then
    return nil
  end
  local missing = 8 - #left - #right
  if head and missing < 1 or not head and missing ~= 0 then
    return nil
  end
  for _ = 1, missing do
    left[#left + 1] = 0
  end
  for _, group in ipairs(right) do
    left[#left + 1] = group
  end
  return left
end

local function is_ipv6_loopback(groups)
  for i = 1, 7 do
    if groups[i] ~= 0 then
      return false
    end
  end
  return groups[8] == 1
end

---Whether every part between dots is a proper part of a host's name.
local function is_host_name(host)
  if #host > 253 then
    return false
  end
  for label in (host .. "."):gmatch("([^.]*)%.") do
    if #label > 63 or not label:find("^[%w_]") or not label:find("^[%w_-]*[%w_]$") then
      return false
    end
  end
  return true
end

---Whether resolvers take a name for an address: its last part is a number.
local function looks_like_ipv4(host)
  local last = host:match("([^.]*)$")
  return last:find("^%d+$") ~= nil or last:find("^0[xX]%x*$") ~= nil
end

---A host as it belongs into the URL, and whether it is this machine; or nil and what is wrong.
local function checked_host(host)
  local inside = host:match("^%[(.*)%]$")
  if inside then
    local groups = ipv6_address(inside)
    if not groups then
      return nil, "'" .. host .. "' is not an IPv6 address in brackets"
    end
    return host:lower(), is_ipv6_loopback(groups)
  elseif host == "" then
    return nil, "the host is missing"
  elseif host:find("[\128-\255]") then
    return nil, "the host must be written in ASCII (xn--...)"
  elseif not is_host_name(host) then
    return nil, "'" .. host .. "' is not a host name"
  elseif looks_like_ipv4(host) then
    local bytes = ipv4_bytes(host)
    if not bytes then
      return nil, "'" .. host .. "' is not an IPv4 address"
    end
    return host, bytes[1] == 127
  end
  host = host:lower()
  return host, host == "localhost"
end

---Splits "host", "host:port", "[address]" or "[address]:port". Gives nil and what is wrong.
local function split_authority(authority)
  local host, rest = authority:match("^(%[[^%]]*%])(.*)$")
  if not host then
    host, rest = authority:match("^([^:]*)(.*)$")
    if rest:find(":.*:") then
      return nil, "an IPv6 address must stand in brackets"
    end
  end
  if rest == "" then
    return host
  end
  local digits = rest:match("^:(%d+)$")
  local port = digits and tonumber(digits)
  if not port or port < 1 or port > LARGEST_PORT then
    return nil, "the port must be a number from 1 to 65535"
  end
  return host, string.format(":%d", port)
end

---What keeps the rest of a URL from being ignored; nil if there is nothing in it.
local function superfluous(rest)
  if rest:find("?", 1, true) then
    return "a query is not allowed"
  elseif rest:find("#", 1, true) then
    return "a fragment is not allowed"
  elseif not rest:find("^/*$") then
    return "a path is not allowed"
  end
  return nil
end

---Splits a text into scheme, authority and the rest; or gives nil and what is wrong.
local function split(text)
  if text:find("[%z\1-\32\127]") then
    return nil, "blanks and control characters are not allowed"
  end
  local scheme, hierarchy = text:match("^([^/]*)://(.*)$")
  scheme = (scheme or "https"):lower()
  if scheme ~= "https" and scheme ~= "http" then
    return nil, "the scheme must be https or http"
  end
  local authority, rest = (hierarchy or text):match("^([^/?#\\]*)(.*)$")
  if authority:find("@", 1, true) then
    return nil, "a user name or password is not allowed"
  end
  return scheme, authority, rest
end

---The authority of a URL, checked; or nil and what is wrong with it.
local function checked_authority(scheme, authority, allow_insecure)
  local host, port = split_authority(authority)
  if not host then
    return nil, port
  end
  local clean_host, is_loopback = checked_host(host)
  if not clean_host then
    return nil, is_loopback
  end
  if scheme == "http" and not is_loopback and not allow_insecure then
    return nil, "http:// is only for loopback addresses, unless allow_insecure = true"
  end
  return clean_host .. (port or "")
end

---The URL ("https://host" or "https://host:port") of an endpoint, or nil and what is wrong with it.
---@param text string a host, host:port, or a URL; https unless it says otherwise
---@param allow_insecure boolean|nil let http:// name another machine
---@return string|nil url
---@return string|nil problem
function endpoint.parse(text, allow_insecure)
  local scheme, authority, rest = split(text)
  if not scheme then
    return nil, authority
  end
  local problem = superfluous(rest)
  if problem then
    return nil, problem
  end
  local clean
  clean, problem = checked_authority(scheme, authority, allow_insecure)
  return clean and scheme .. "://" .. clean, problem
end

---What is wrong with a URL that somebody else made, such as a presigned one; nil if nothing is.
---@param url string
---@param allow_insecure boolean|nil let http:// name another machine
---@return string|nil problem never with the URL in it, which may be a secret
function endpoint.url_problem(url, allow_insecure)
  if not url:find("^%a+://") then
    return "the scheme is missing"
  end
  local scheme, authority = split(url)
  if not scheme then
    return authority
  end
  local _, problem = checked_authority(scheme, authority, allow_insecure)
  return problem
end

return endpoint
