-- The object store behind presigned URLs: PUT and GET of one file of a context, in chunks. Speaks
-- lua-http; what it says of trouble is XML, as object stores do.

local lfs = require("lfs")

local crc64 = require("agentbay_emulator.crc64")
local digest = require("openssl.digest")
local Faults = require("agentbay_emulator.faults")
local FileUrls = require("agentbay_emulator.file_urls")
local Files = require("agentbay_emulator.files")

local store = {}

store.PREFIX = FileUrls.PREFIX

local CHUNK = 256 * 1024
-- Reckoning in Lua takes about a second for 30 MB, and the store serves nobody else meanwhile.
local MOST_CHECKED = 16 * 1024 * 1024

local STATUS = { NoSuchKey = 404, NoSuchBucket = 404, InvalidURI = 400, InternalError = 500 }

---What is known of bytes that went through: MD5, and CRC-64 if they are not too many.
local Sums = {}
Sums.__index = Sums

function Sums.new()
  return setmetatable({ md5 = digest.new("md5"), crc = 0, size = 0 }, Sums)
end

function Sums:update(chunk)
  self.size = self.size + #chunk
  self.md5:update(chunk)
  if self.size <= MOST_CHECKED then
    self.crc = crc64.update(self.crc, chunk)
  end
end

function Sums:headers()
  local hex = self.md5:final():gsub(".", function(byte)
    return ("%02X"):format(byte:byte())
  end)
  return {
    etag = '"' .. hex .. '"',
    ["x-oss-hash-crc64ecma"] = self.size <= MOST_CHECKED and crc64.unsigned(self.crc) or nil,
  }
end

local function refuse(reply, code, message)
  local text = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>%s</Code>\n'
    .. "  <Message>%s</Message>\n</Error>\n"
  local headers = { ["content-type"] = "application/xml" }
  reply(STATUS[code] or 403, text:format(code, message), headers)
end

---The file that a presigned URL is for; nil after a refusal.
local function file_of(emulator, request, reply)
  local context_id, file, message =
    emulator.file_urls:check(request.method, request.path, request.query, request.time_ms)
  if not context_id then
    refuse(reply, file, message)
    return nil
  end
  local context = emulator.contexts:get(context_id)
  local real = context and Files.inside(emulator.contexts:files_of(context), file)
  if not real or not emulator.files:is_plain(real) then
    refuse(reply, "NoSuchBucket", "There is nothing to hold the file.")
    return nil
  end
  return real
end

---Receives a body into a file.
---@return table? sums nil where it did not come whole
local function receive(stream, path, timeout)
  local file = assert(io.open(path, "wb"))
  local sums = Sums.new()
  local chunk = stream:get_next_chunk(timeout)
  while chunk do
    assert(file:write(chunk))
    sums:update(chunk)
    chunk = stream:get_next_chunk(timeout)
  end
  file:close()
  local declared = tonumber(stream.agentbay_length)
  return (declared == nil or declared == sums.size) and sums or nil
end

local function put(emulator, stream, request, reply, timeout)
  local real = file_of(emulator, request, reply)
  if not real then
    return
  end
  local part = emulator.files:temporary_path()
  local sums = receive(stream, part, timeout)
  local moved, problem
  if sums and not request.fault.status then
    moved, problem = emulator.files:move(part, real)
  end
  os.remove(part)
  if not sums then
    stream.connection:close()
  elseif request.fault.status or moved then
    reply(200, "", sums:headers())
  else
    refuse(reply, "InternalError", tostring(problem))
  end
end

local function sums_of(path)
  local sums, file = Sums.new(), assert(io.open(path, "rb"))
  for chunk in file:lines(CHUNK) do
    sums:update(chunk)
  end
  file:close()
  return sums
end

local function send_file(stream, head, path, timeout)
  local file = assert(io.open(path, "rb"))
  local size = file:seek("end")
  file:seek("set")
  local sent = 0
  local ok = stream:write_headers(head, size == 0, timeout)
  while ok and sent < size do
    local chunk = file:read(math.min(CHUNK, size - sent))
    sent = sent + (chunk and #chunk or 0)
    ok = chunk and stream:write_chunk(chunk, sent == size, timeout)
  end
  file:close()
end

local function get(emulator, stream, request, reply, timeout)
  local real = file_of(emulator, request, reply)
  local size = real and lfs.attributes(real, "size")
  if not real then
    return
  elseif not size or lfs.attributes(real, "mode") ~= "file" then
    return refuse(reply, "NoSuchKey", "The specified key does not exist.")
  end
  if next(request.fault) then
    local file = assert(io.open(real, "rb"))
    local text = file:read("a")
    file:close()
    return reply(200, text, sums_of(real):headers())
  end
  local headers = size <= MOST_CHECKED and sums_of(real):headers() or {}
  headers["content-type"] = "application/octet-stream"
  local head = reply(200, nil, headers, size)
  send_file(stream, head, real, timeout)
end

---Whether a request is for the store.
---@param path string
---@return boolean
function store.serves(path)
  return path:sub(1, #store.PREFIX) == store.PREFIX
end

---The name by which faults and the journal know a request.
---@param method string
---@return string
function store.action(method)
  return "Store" .. method:sub(1, 1):upper() .. method:sub(2):lower()
end

---@param emulator table
---@param stream table
---@param request table method, path (decoded), query, time_ms, fault
---@param answer fun(status: integer, body: string?, headers: table, size: integer?): table head
---@param timeout number
function store.serve(emulator, stream, request, answer, timeout)
  local function reply(status, body, headers, size)
    local fault = request.fault
    for name, value in pairs(fault.headers or {}) do
      headers[name:lower()] = value
    end
    if not body then
      return answer(status, nil, headers, size)
    end
    local text = fault.body or body
    local head, send = answer(fault.status or status, text, headers)
    Faults.apply(fault, stream, head, text, send, timeout)
    return head
  end
  if request.method == "PUT" then
    put(emulator, stream, request, reply, timeout)
  elseif request.method == "GET" then
    get(emulator, stream, request, reply, timeout)
  else
    refuse(reply, "MethodNotAllowed", "The store takes PUT and GET.")
  end
end

return store
