local Emulator = require("spec.support.emulator")

describe("over TLS", function()
  local folder, emulator

  local function run(command)
    assert(os.execute("cd '" .. folder .. "' && " .. command .. " >openssl.log 2>&1"), command)
  end

  setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir '" .. folder .. "'"))
    for _, name in ipairs({ "ca", "other" }) do
      run(
        ("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=spec %s' -keyout %s.key -out %s.pem"):format(
          name,
          name,
          name
        )
      )
    end
    run(
      "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr"
    )
    local file = assert(io.open(folder .. "/server.ext", "w"))
    file:write("subjectAltName=DNS:localhost\n")
    file:close()
    run(
      "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
        .. " -extfile server.ext -out server.pem"
    )
    emulator = Emulator.start({
      tls_cert = folder .. "/server.pem",
      tls_key = folder .. "/server.key",
    })
  end)
  teardown(function()
    emulator:stop()
    os.execute("rm -rf '" .. folder .. "'")
  end)

  local function get(options)
    options.endpoint = options.endpoint or ("localhost:" .. emulator.port)
    return emulator:client(options):get("session-none")
  end

  it("accepts a private authority given as ca_file", function()
    local result = get({ ca_file = folder .. "/ca.pem" })
    assert.are.equal("InvalidMcpSession.NotFound", result.error_code)
  end)

  it("runs a whole session", function()
    local client = emulator:client({
      endpoint = "localhost:" .. emulator.port,
      ca_file = folder .. "/ca.pem",
    })
    local session, context_id = emulator:session(client)
    local result = session.context_manager:sync({
      context_id = context_id,
      mode = "upload",
      retry_interval = 20,
    })
    assert.is_true(result.success, result.error_message)
    assert.is_true(session:delete().success)
  end)

  local function assert_refused(result)
    assert.is_false(result.success)
    assert.are.equal("Client.TlsFailed", result.error_code)
    assert.are.equal(0, result.http_status)
    assert.is_nil(result.error_message:find(emulator.api_key, 1, true))
  end

  it("refuses an authority that isn't trusted", function()
    assert_refused(get({}))
    assert_refused(get({ ca_file = folder .. "/other.pem" }))
  end)

  it("refuses a certificate for another name", function()
    assert_refused(get({ endpoint = "127.0.0.1:" .. emulator.port, ca_file = folder .. "/ca.pem" }))
  end)

  it("refuses a ca_file that doesn't exist", function()
    local result = get({ ca_file = folder .. "/missing.pem" })
    assert_refused(result)
    assert.is_truthy(result.error_message:find("missing.pem", 1, true))
  end)

  it("sends nothing to a server that it doesn't trust", function()
    emulator:forget_requests()
    get({})
    assert.are.same({}, emulator:requests("GetSession"))
  end)

  describe("a file of a context", function()
    local client, id, target

    before_each(function()
      emulator:reset()
      client = emulator:client({
        endpoint = "localhost:" .. emulator.port,
        ca_file = folder .. "/ca.pem",
      })
      id = client.context:create("files").context_id
      target = folder .. "/target"
      os.remove(target)
      local source = folder .. "/ca.pem"
      local up = client.context:upload_file({ context_id = id, path = "/a", file = source })
      assert.is_true(up.success, up.error_message)
    end)

    local function download()
      return client.context:download_file({ context_id = id, path = "/a", file = target })
    end

    it("goes there and back", function()
      assert.is_true(download().success)
      assert.is_truthy(os.execute(("cmp '%s' '%s/ca.pem'"):format(target, folder)))
    end)

    it("is followed to another place that is HTTPS, and to no other", function()
      local url = client.context:get_file_download_url({ context_id = id, path = "/a" }).url
      local places =
        { url, (url:gsub("^https", "http")), "file:///etc/passwd", "ftp://localhost/a" }
      for i, place in ipairs(places) do
        emulator:fault({ action = "StoreGet", status = 302, headers = { location = place } })
        local result = download()
        assert.are.equal(i == 1, result.success, place)
        assert.are.equal(i > 1 and "Client.HttpStatus" or nil, result.error_code)
        assert.are.equal(1, result.attempts)
        assert.is_nil((result.error_message:find("Signature", 1, true)))
        emulator:control("DELETE", "faults")
      end
    end)

    it("does not go in circles", function()
      local url = client.context:get_file_download_url({ context_id = id, path = "/a" }).url
      local fault = { action = "StoreGet", status = 302, times = -1, headers = { location = url } }
      emulator:fault(fault)
      assert.is_false(download().success)
      assert.is_true(#emulator:requests("StoreGet") <= 4)
    end)
  end)
end)
