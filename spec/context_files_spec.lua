local http_request = require("http.request")
local lfs = require("lfs")

local Emulator = require("spec.support.emulator")
local numbers = require("spec.support.numbers")

describe("the files of client.context", function()
  local emulator, client, id, folder

  setup(function()
    emulator = Emulator.start()
    folder = os.tmpname()
    os.remove(folder)
    assert(lfs.mkdir(folder))
  end)
  teardown(function()
    emulator:stop()
    os.execute("rm -rf '" .. folder .. "'")
  end)
  before_each(function()
    os.execute("rm -rf '" .. folder .. "'/*")
    emulator:reset()
    client = emulator:client()
    id = client.context:create("files").context_id
  end)

  local function write(name, text)
    local path = folder .. "/" .. name
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    assert(file:close())
    return path
  end

  local function read(name)
    local file = io.open(folder .. "/" .. name, "rb")
    local text = file and file:read("*a")
    if file then
      file:close()
    end
    return text
  end

  local function names()
    local found = {}
    for name in lfs.dir(folder) do
      if name ~= "." and name ~= ".." then
        found[#found + 1] = name
      end
    end
    table.sort(found)
    return found
  end

  local function upload(path, text)
    local result = client.context:upload_file({
      context_id = id,
      path = path,
      file = write("source", text),
    })
    os.remove(folder .. "/source")
    return result
  end

  local function download(path, more)
    local given = { context_id = id, path = path, file = folder .. "/target" }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return client.context:download_file(given)
  end

  describe("upload_file and download_file", function()
    for _, case in ipairs({
      { "nothing", "" },
      { "text", "hello\n" },
      {
        "all bytes",
        (("x"):rep(256):gsub("()x", function(i)
          return string.char(i - 1)
        end)),
      },
      { "more than a buffer", ("0123456789abcde\n"):rep(60000) },
    }) do
      it("bring back " .. case[1] .. " byte for byte", function()
        local up = upload("/folder/a b ü.bin", case[2])
        assert.is_true(up.success, up.error_message)
        assert.are.equal(#case[2], up.bytes)
        assert.is_true(numbers.is_integer(up.elapsed_ms))
        local down = download("/folder/a b ü.bin")
        assert.is_true(down.success, down.error_message)
        assert.are.equal(#case[2], down.bytes)
        assert.is_true(read("target") == case[2])
      end)
    end

    it("send no key to the store, and have the id of the service's request", function()
      local result = upload("/a", "text")
      assert.is_truthy(result.request_id:match("%S"))
      for _, action in ipairs({ "StorePut", "StoreGet" }) do
        if action == "StoreGet" then
          download("/a")
        end
        local request = emulator:requests(action)[1]
        for _, header in ipairs(request.headers) do
          assert.are_not.equal("authorization", header[1]:lower())
          assert.is_nil(header[2]:find(emulator.api_key, 1, true))
        end
      end
    end)

    it("say the content type if one is given", function()
      local file = write("source", "{}")
      client.context:upload_file({
        context_id = id,
        path = "/a.json",
        file = file,
        content_type = "application/json",
      })
      client.context:upload_file({ context_id = id, path = "/b", file = file })
      local types = {}
      for i, request in ipairs(emulator:requests("StorePut")) do
        types[i] = "none"
        for _, header in ipairs(request.headers) do
          if header[1]:lower() == "content-type" then
            types[i] = header[2]
          end
        end
      end
      assert.are.same({ "application/json", "none" }, types)
      assert.has_error(function()
        client.context:upload_file({
          context_id = id,
          path = "/a",
          file = file,
          content_type = "a\r\nX-Evil: 1",
        })
      end)
    end)

    it("tell of progress up to the whole", function()
      local text = ("x"):rep(3000000)
      local seen = {}
      local result = client.context:upload_file({
        context_id = id,
        path = "/big",
        file = write("source", text),
        on_progress = function(moved)
          seen[#seen + 1] = moved
        end,
      })
      assert.is_true(result.success, result.error_message)
      assert.are.same({ bytes = #text, total = #text }, seen[#seen])
      seen = {}
      download("/big", {
        on_progress = function(moved)
          seen[#seen + 1] = moved
        end,
      })
      assert.are.same({ bytes = #text, total = #text }, seen[#seen])
      for i = 2, #seen do
        assert.is_true(seen[i].bytes >= seen[i - 1].bytes)
      end
    end)

    it("replace what is there", function()
      upload("/a", "old and longer")
      upload("/a", "new")
      write("target", "something else")
      assert.is_true(download("/a").success)
      assert.are.equal("new", read("target"))
    end)

    it("work in a session that mounts the context", function()
      upload("/from-here.txt", "hello")
      local session = client:create({
        context_syncs = { { context_id = id, path = "/mnt/shared" } },
      }).session
      local file = assert(io.open(emulator:session_folder(session) .. "/from-here.txt"))
      assert.are.equal("hello", file:read("*a"))
      file:close()
      file = assert(io.open(emulator:session_folder(session) .. "/from-there.txt", "w"))
      file:write("good-bye")
      file:close()
      assert.is_true(session.context_manager:sync({ mode = "upload", retry_interval = 20 }).success)
      assert.is_true(download("/from-there.txt").success)
      assert.are.equal("good-bye", read("target"))
    end)
  end)

  describe("download_file", function()
    before_each(function()
      assert(upload("/a", ("0123456789"):rep(20000)).success)
      write("target", "as it was")
    end)

    for _, case in ipairs({
      { "a body that is cut", { truncate_at = 1000 }, "Client.ReceiveFailed" },
      { "a connection that is reset", { reset = "body" }, "Client.ReceiveFailed" },
      { "a connection that is closed", { close = "before" }, "Client.ReceiveFailed" },
      { "a store in trouble", { status = 503, body = "<Error/>" }, "Client.HttpStatus" },
      { "part of a file", { status = 206, body = "0123" }, "Client.HttpStatus" },
      {
        "another checksum",
        { headers = { ["x-oss-hash-crc64ecma"] = "12345" } },
        "Client.Corrupted",
      },
      { "other bytes of the same number", { body = ("x"):rep(200000) }, "Client.Corrupted" },
    }) do
      it("leaves the target alone after " .. case[1], function()
        local fault = { action = "StoreGet", times = -1 }
        for name, value in pairs(case[2]) do
          fault[name] = value
        end
        emulator:fault(fault)
        local result = download("/a")
        assert.is_false(result.success)
        assert.are.equal(case[3], result.error_code)
        assert.are.equal("as it was", read("target"))
        assert.are.same({ "target" }, names())
      end)
    end

    it("gives up when nothing moves any more, however long it has moved", function()
      client = emulator:client({ timeout_ms = 300 })
      local body = ("x"):rep(100)
      emulator:fault({
        action = "StoreGet",
        body = body,
        chunk_bytes = 10,
        chunk_delay_ms = 60,
        headers = { ["x-oss-hash-crc64ecma"] = "" },
      })
      local slow = download("/a")
      assert.is_true(slow.success, slow.error_message)
      assert.is_true(slow.elapsed_ms > 500)
      assert.are.equal(body, read("target"))
      emulator:fault({ action = "StoreGet", stall = "body", times = -1 })
      local stalled = download("/a")
      assert.are.equal("Client.Timeout", stalled.error_code)
      assert.is_truthy(stalled.error_message:find("nothing moved within 300 ms", 1, true))
      assert.are.same({ "target" }, names())
    end)

    it("keeps a deadline of its own", function()
      emulator:fault({
        action = "StoreGet",
        body = ("x"):rep(100),
        chunk_bytes = 1,
        chunk_delay_ms = 50,
      })
      local result = download("/a", { timeout_ms = 300 })
      assert.are.equal("Client.Timeout", result.error_code)
      assert.is_true(result.elapsed_ms < 2000)
      assert.are.same({ "target" }, names())
    end)

    it("leaves nothing behind when it is cancelled or its client closed", function()
      emulator:fault({ action = "StoreGet", stall = "body", times = 2 })
      local given = { context_id = id, path = "/a", file = folder .. "/target" }
      local operation = client.context:download_file_async(given)
      operation:wait(200)
      assert.are.equal(2, #names())
      assert.is_true(operation:cancel())
      assert.are.equal("Client.Cancelled", operation:result().error_code)
      assert.are.same({ "target" }, names())
      operation = client.context:download_file_async(given)
      operation:wait(200)
      client:close()
      require("agentbay").step()
      assert.are.equal("Client.Closed", operation:result().error_code)
      assert.are.same({ "target" }, names())
      assert.are.equal("as it was", read("target"))
    end)

    it("tells of a file, or a place for it, that isn't there", function()
      local missing = download("/nothing")
      assert.are.equal("File.NotFound", missing.error_code)
      local nowhere = download("/a", { file = folder .. "/no/such/folder/x" })
      assert.are.equal("Client.FileFailed", nowhere.error_code)
      assert.is_truthy(nowhere.error_message:find("/no/such/folder/x", 1, true))
      local a_folder = download("/a", { file = folder })
      assert.are.equal("Client.FileFailed", a_folder.error_code)
    end)

    it("tells of a full disk", function()
      -- A limit on the size of files stands for the disk.
      local command = (
        "(trap '' XFSZ; ulimit -f 1; exec env AGENTBAY_API_KEY=%s "
        .. "AGENTBAY_ENDPOINT=%s %s bin/agentbay context download %s /a %s/target) 2>&1"
      ):format(emulator.api_key, emulator.url, arg[-1] or "lua5.4", id, folder)
      local process = io.popen(command)
      local output = process:read("*a")
      process:close()
      assert.is_truthy(output:find("Client.FileFailed", 1, true), output)
      assert.are.equal("as it was", read("target"))
      assert.are.same({ "target" }, names())
    end)
  end)

  describe("upload_file", function()
    it("tells of a file that can't be read", function()
      for _, name in ipairs({ "nothing", "." }) do
        local result = client.context:upload_file({
          context_id = id,
          path = "/a",
          file = folder .. "/" .. name,
        })
        assert.are.equal("Client.FileFailed", result.error_code)
        assert.are.same({}, emulator:requests("StorePut"))
      end
    end)

    it("does not wait for the writer of a FIFO", function()
      os.execute("mkfifo '" .. folder .. "/fifo'")
      local result = client.context:upload_file({
        context_id = id,
        path = "/a",
        file = folder .. "/fifo",
      })
      assert.are.equal("Client.FileFailed", result.error_code)
      assert.is_truthy(result.error_message:find("not a plain file", 1, true))
    end)

    it("checks what the store says it has", function()
      emulator:fault({ action = "StorePut", headers = { ["x-oss-hash-crc64ecma"] = "1" } })
      local result = upload("/a", "text")
      assert.are.equal("Client.Corrupted", result.error_code)
    end)

    it("gives the store's reason for a refusal", function()
      emulator:settings({ url_ttl_ms = -1000 })
      local result = upload("/a", "text")
      assert.are.equal("Client.HttpStatus", result.error_code)
      assert.are.equal(403, result.http_status)
      assert.is_truthy(result.error_message:find("AccessDenied: Request has expired", 1, true))
    end)

    it("never shows the URL, which is a secret", function()
      emulator:fault({ action = "StorePut", close = "before", times = -1 })
      local result = upload("/a", "text")
      assert.is_false(result.success)
      assert.is_nil(result.error_message:find("Signature", 1, true))
      assert.is_nil(result.error_message:find("_store", 1, true))
    end)
  end)

  describe("a URL of the service", function()
    for _, case in ipairs({
      { "plain HTTP elsewhere", "http://store.example.com/a?Signature=s3cret" },
      { "a local file", "file:///etc/passwd" },
      { "no URL", "s3cret" },
      { "a password", "https://user:s3cret@store.example.com/a" },
    }) do
      it("is refused when it is " .. case[1], function()
        emulator:answer("GetContextFileDownloadUrl", { Success = true, Data = { Url = case[2] } })
        local result = download("/a")
        assert.are.equal("Client.MalformedResponse", result.error_code)
        assert.is_nil(result.error_message:find("s3cret", 1, true))
        assert.are.same({}, names())
      end)
    end

    it("is not left for another place that plain HTTP names", function()
      upload("/a", "text")
      local target = client.context:get_file_download_url({ context_id = id, path = "/a" }).url
      for _, place in ipairs({ target, "file:///etc/passwd" }) do
        emulator:fault({ action = "StoreGet", status = 302, headers = { location = place } })
        local result = download("/a")
        assert.are.equal("Client.HttpStatus", result.error_code)
        assert.are.equal(302, result.http_status)
        assert.are.same({}, names())
      end
    end)
  end)

  ---By another program than ours.
  local function request(url, method, body)
    local made = http_request.new_from_uri(url)
    made.headers:upsert(":method", method)
    if body then
      made:set_body(body)
    end
    made.headers:delete("expect")
    local headers, stream = assert(made:go(10))
    assert.are.equal("200", headers:get(":status"))
    return stream:get_body_as_string(10)
  end

  describe("get_file_upload_url and get_file_download_url", function()
    it("give URLs that work", function()
      local given = { context_id = id, path = "/by-hand.txt" }
      local up = client.context:get_file_upload_url(given)
      assert.is_true(up.success, up.error_message)
      assert.is_true(numbers.is_integer(up.expire_time))
      request(up.url, "PUT", "hello")
      local down = client.context:get_file_download_url(given)
      assert.are.equal("hello", request(down.url, "GET"))
    end)
  end)

  describe("list_files, each_file and delete_file", function()
    it("list folders and files with every field", function()
      upload("/a.txt", "12345")
      upload("/folder/b.txt", "1")
      local result = client.context:list_files({ context_id = id })
      assert.is_true(result.success, result.error_message)
      assert.are.equal(2, result.count)
      local file, sub = result.files[1], result.files[2]
      assert.are.equal("a.txt", file.file_name)
      assert.are.equal("/a.txt", file.file_path)
      assert.are.equal("file", file.file_type)
      assert.are.equal(5, file.size)
      assert.are.equal("active", file.status)
      assert.is_truthy(file.gmt_modified:match("T"))
      assert.are.equal("/folder", sub.file_path)
      local inside = client.context:list_files({ context_id = id, path = "/folder" })
      assert.are.equal("/folder/b.txt", inside.files[1].file_path)
      local form = emulator:requests("DescribeContextFiles")[2].form
      form.Authorization = nil
      assert.are.same(
        { ContextId = id, ParentFolderPath = "/folder", PageNumber = "1", PageSize = "50" },
        form
      )
    end)

    it("each_file goes over all pages", function()
      for i = 1, 5 do
        upload("/" .. i, "x")
      end
      local seen = {}
      for file in client.context:each_file({ context_id = id, page_size = 2 }) do
        seen[#seen + 1] = file.file_name
      end
      assert.are.same({ "1", "2", "3", "4", "5" }, seen)
      assert.are.equal(3, #emulator:requests("DescribeContextFiles"))
    end)

    it("delete_file deletes one", function()
      upload("/a", "x")
      local given = { context_id = id, path = "/a" }
      assert.is_true(client.context:delete_file(given).success)
      assert.are.same({}, client.context:list_files({ context_id = id }).files)
      assert.are.equal("File.NotFound", client.context:delete_file(given).error_code)
    end)

    for _, case in ipairs({
      { "Data that is no list", '{"Success":true,"Data":"x"}' },
      { "a file without a path", '{"Success":true,"Data":[{"FileName":"x"}]}' },
      { "a size that is text", '{"Success":true,"Data":[{"FilePath":"/x","Size":"1"}]}' },
      { "a Count that is text", '{"Success":true,"Data":[],"Count":"1"}' },
    }) do
      it("call " .. case[1] .. " malformed", function()
        emulator:answer("DescribeContextFiles", case[2])
        local result = client.context:list_files({ context_id = id })
        assert.are.equal("Client.MalformedResponse", result.error_code)
        assert.are.same({}, result.files)
      end)
    end
  end)

  it("never leave the context, whatever the path", function()
    upload("/a", "x")
    for _, path in ipairs({ "/../../../../etc/passwd", "..", "/../context.json" }) do
      assert.is_false(
        client.context:get_file_download_url({ context_id = id, path = path }).success
      )
      assert.is_false(upload(path, "evil").success)
      assert.is_false(client.context:delete_file({ context_id = id, path = path }).success)
    end
  end)
end)
