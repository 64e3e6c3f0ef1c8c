-- Prints a configuration for nginx, which plays the service for measurements: it answers at once,
-- by the Action in the query. A context's transfers are `static` (two have ended), `endless`
-- (running for ever), or `lucky` and `unlucky`: running, until a throw of dice ends them as Success
-- or as Failed.
--
-- usage: lua nginx_config.lua FOLDER PORT...
--
-- One port each for: static, static with TLS, static with HTTP/2 over TLS, static with a log of the
-- sizes of requests, endless, endless with TLS, lucky, unlucky, sick.
--
-- A sick one is lucky too, but one request in fifty is closed without an answer, fails, is turned
-- away or gets nonsense.

local dkjson = require("dkjson")

local folder = arg[1]
local ports = { table.unpack(arg, 2) }

-- The order decides nothing but the bytes: they shall be the same in every run.
local ORDER = {
  "Code",
  "RequestId",
  "Success",
  "HttpStatusCode",
  "Data",
  "SessionId",
  "ResourceUrl",
  "type",
  "data",
  "contextId",
  "path",
  "taskType",
  "status",
  "startTime",
  "finishTime",
  "errorMessage",
}

local function envelope(data)
  return dkjson.encode({
    Code = "ok",
    RequestId = "9422D35D-BE00-ED26-B7A1-E469484718AF",
    Success = true,
    HttpStatusCode = 200,
    Data = data,
  }, { keyorder = ORDER })
end

-- The service nests its list twice, as text.
local function transfers(list)
  for _, transfer in ipairs(list) do
    transfer.contextId = "SdkCtx-04bdw8o39bq47rv1t"
    transfer.path = "/mnt/shared"
    transfer.errorMessage = transfer.status == "Failed" and "the disk is full" or ""
    transfer.startTime = transfer.startTime or 1735689600
    transfer.finishTime = transfer.finishTime or 0
  end
  local data = dkjson.encode(list, { keyorder = ORDER })
  local items = dkjson.encode({ { type = "data", data = data } }, { keyorder = ORDER })
  return envelope({ ContextStatus = items })
end

local function quoted(text)
  return "'" .. text:gsub("[\\']", "\\%0") .. "'"
end

-- A time in the answer that nginx fills in: seconds since 1970.
local function with_time(text)
  return (text:gsub("4711", "${seconds}"))
end

local static = transfers({
  { taskType = "upload", status = "Success", finishTime = 1735689660 },
  { taskType = "download", status = "Success", finishTime = 1735689640 },
})
local running = transfers({ { taskType = "upload", status = "Running" } })
local succeeded =
  with_time(transfers({ { taskType = "upload", status = "Success", finishTime = 4711 } }))
local failed =
  with_time(transfers({ { taskType = "upload", status = "Failed", finishTime = 4711 } }))

local session = envelope({
  SessionId = "session-04bdw8o39bq47rv1t",
  ResourceUrl = "https://localhost/",
})

local function list_of_bodies(cases)
  local lines = {}
  for i = 1, #cases, 2 do
    lines[#lines + 1] = ("    %s %s;"):format(cases[i], quoted(cases[i + 1]))
  end
  return table.concat(lines, "\n")
end

local SICKNESS = [[

      if ($sickness = closed) { return 444; }
      if ($sickness = failed) { return 500 '{}'; }
      if ($sickness = busy) { return 503 '{}'; }
      if ($sickness = nonsense) { return 200 '<html>'; }
     ]]

local function server(port, options)
  local tls = ""
  if options.tls then
    tls = ("ssl_certificate %s/server.pem; ssl_certificate_key %s/server.key;"):format(
      folder,
      folder
    )
  end
  return ([[
  server {
    listen 127.0.0.1:%d%s%s backlog=4096;
    %s
    access_log %s;
    location / {%s return 200 $%s; }
  }]]):format(
    port,
    options.tls and " ssl" or "",
    options.http2 and " http2" or "",
    tls,
    options.log and folder .. "/requests.log sizes" or "off",
    options.sick and SICKNESS or "",
    options.answers
  )
end

-- The bodies are the same everywhere but for GetContextInfo's, which may depend on the dice.
local function answers(name, while_running, once_ended)
  local bodies = {
    "running:GetContextInfo",
    while_running,
    "ended:GetContextInfo",
    once_ended,
    "~:GetSession$",
    session,
    "default",
    envelope(),
  }
  return ('  map "$dice:$arg_Action" $%s {\n%s\n  }'):format(name, list_of_bodies(bodies))
end

print(table.concat({
  ("daemon off; worker_processes 1; pid %s/nginx.pid; error_log %s/nginx.log;"):format(
    folder,
    folder
  ),
  "worker_rlimit_nofile 8192;",
  "events { worker_connections 4096; }",
  "http {",
  "  default_type application/json;",
  "  keepalive_requests 1000000000; keepalive_timeout 3600s;",
  ("  client_body_temp_path %s/body; proxy_temp_path %s/proxy; fastcgi_temp_path %s/fastcgi;"):format(
    folder,
    folder,
    folder
  ),
  ("  uwsgi_temp_path %s/uwsgi; scgi_temp_path %s/scgi;"):format(folder, folder),
  "  log_format sizes '$request_length $arg_Action $http_user_agent';",
  '  map $msec $seconds { "~^(?<whole>[0-9]+)" $whole; }',
  "  split_clients $request_id $dice { 75% running; * ended; }",
  'split_clients "$request_id." $sickness { 0.5% closed; 0.5% failed; 0.5% busy; 0.5% nonsense; '
    .. "* well; }",
  answers("static", static, static),
  answers("endless", running, running),
  answers("lucky", running, succeeded),
  answers("unlucky", running, failed),
  server(ports[1], { answers = "static" }),
  server(ports[2], { answers = "static", tls = true }),
  server(ports[3], { answers = "static", tls = true, http2 = true }),
  server(ports[4], { answers = "static", log = true }),
  server(ports[5], { answers = "endless" }),
  server(ports[6], { answers = "endless", tls = true }),
  server(ports[7], { answers = "lucky" }),
  server(ports[8], { answers = "unlucky" }),
  server(ports[9], { answers = "lucky", sick = true }),
  "}",
}, "\n"))
