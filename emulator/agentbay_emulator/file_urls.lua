-- Presigned URLs of a context's files: made for one method, one file and some time. Knows no HTTP.

local hmac = require("openssl.hmac")
local rand = require("openssl.rand")

local FileUrls = {}
FileUrls.__index = FileUrls

FileUrls.PREFIX = "/_store/"

---@param settings table url_ttl_ms
function FileUrls.new(settings)
  return setmetatable({ settings = settings, secret = rand.bytes(32) }, FileUrls)
end

local function encoded(text)
  return (
    text:gsub("[^%w%-._~/]", function(character)
      return ("%%%02X"):format(character:byte())
    end)
  )
end

function FileUrls:signature(method, context_id, file, expires)
  local text = table.concat({ method, context_id, file, expires }, "\n")
  local digest = hmac.new(self.secret, "sha256"):final(text)
  return (digest:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

---@param origin string scheme and authority, as the requester reached us
---@param method "PUT"|"GET"
---@param context_id string
---@param file string inside the context, without a slash in front
---@param now_ms integer
---@return string url
---@return integer expires seconds since 1970
function FileUrls:make(origin, method, context_id, file, now_ms)
  local expires_ms = now_ms + self.settings.url_ttl_ms
  local signature = self:signature(method, context_id, file, expires_ms)
  local url = ("%s%s%s/%s?Expires=%d&Signature=%s"):format(
    origin,
    FileUrls.PREFIX,
    context_id,
    encoded(file),
    expires_ms,
    signature
  )
  return url, expires_ms // 1000
end

---@param method string
---@param path string decoded
---@param query table<string, string>
---@param now_ms integer
---@return string? context_id nil where the URL is none of ours
---@return string file or the store's code for what is wrong
---@return string? message
function FileUrls:check(method, path, query, now_ms)
  local context_id, file = path:sub(#FileUrls.PREFIX + 1):match("^([^/]+)/(.+)$")
  local expires = math.tointeger(tonumber(query.Expires))
  if not context_id or not expires then
    return nil, "InvalidURI", "The URL names no file."
  end
  if query.Signature ~= self:signature(method, context_id, file, expires) then
    return nil, "SignatureDoesNotMatch", "The signature is not that of this request."
  end
  if now_ms > expires then
    return nil, "AccessDenied", "Request has expired."
  end
  return context_id, file
end

return FileUrls
