local dkjson = require("dkjson")
local Emulator = require("spec.support.emulator")
local status = require("spec.support.status")

describe("a session", function()
  local emulator, client

  setup(function()
    emulator = Emulator.start()
  end)
  teardown(function()
    emulator:stop()
  end)
  before_each(function()
    emulator:reset()
    client = emulator:client()
  end)

  local function context(name)
    return client.context:get({ name = name, create = true }).context_id
  end

  describe("client:create", function()
    it("gives a session", function()
      local result = client:create()
      assert.is_true(result.success, result.error_message)
      assert.is_truthy(result.session.session_id:match("^session%-"))
      assert.is_truthy(result.request_id:match("%S"))
      assert.is_nil(tostring(result.session):find(emulator.api_key, 1, true))
    end)

    it("sends only what is given, and who is asking", function()
      client:create()
      local form = emulator:requests("CreateMcpSession")[1].form
      local stats = dkjson.decode(form.SdkStats)
      assert.are.equal("lua", stats.sdk_language)
      assert.are.equal("sdk", stats.source)
      form.SdkStats = nil
      assert.are.same({ Authorization = "Bearer " .. emulator.api_key }, form)
    end)

    it("sends every keyword as the protocol wants it", function()
      local id = context("one")
      local regional = emulator:client({ region_id = "cn-hangzhou" })
      regional:create({
        image_id = "linux_latest",
        labels = { project = "demo", owner = "Zoë & co" },
        context_syncs = {
          {
            context_id = id,
            path = "/tmp/data",
            policy = { upload_policy = { auto_upload = false } },
          },
          { context_id = id, path = "/tmp/b" },
        },
        wait = false,
      })
      local form = emulator:requests("CreateMcpSession")[1].form
      assert.are.equal("linux_latest", form.ImageId)
      assert.are.equal("cn-hangzhou", form.LoginRegionId)
      assert.are.same({ project = "demo", owner = "Zoë & co" }, dkjson.decode(form.Labels))
      local list = dkjson.decode(form.PersistenceDataList)
      assert.are.equal(2, #list)
      assert.are.equal(id, list[1].ContextId)
      assert.are.equal("/tmp/data", list[1].Path)
      assert.is_false(dkjson.decode(list[1].Policy).uploadPolicy.autoUpload)
      assert.are.same({ ContextId = id, Path = "/tmp/b" }, list[2])
    end)

    it("returns once the contexts have been downloaded", function()
      local id = context("two")
      emulator:settings({ transfer_ms = 150 })
      local result = client:create({ context_syncs = { { context_id = id, path = "/mnt/a" } } })
      assert.is_true(result.success, result.error_message)
      assert.are.equal("Success", result.context_status_data[1].status)
      assert.are.equal(id, result.context_status_data[1].context_id)
    end)

    it("returns at once with wait = false, for all contexts or for one", function()
      local id = context("three")
      emulator:settings({ transfer_ms = 60000 })
      local sync = { context_id = id, path = "/mnt/a" }
      assert.is_true(client:create({ context_syncs = { sync }, wait = false }).success)
      sync.wait = false
      assert.is_true(client:create({ context_syncs = { sync } }).success)
      assert.are.same({}, emulator:requests("GetContextInfo"))
    end)

    it("is a failure that holds the session when a context can't be downloaded", function()
      local id = context("four")
      emulator:transfers({ times = 1, status = "Failed", error_message = "no such bucket" })
      local result = client:create({ context_syncs = { { context_id = id, path = "/mnt/a" } } })
      assert.is_false(result.success)
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.is_truthy(result.error_message:find("no such bucket", 1, true))
      assert.is_truthy(result.error_message:find(id .. " at /mnt/a", 1, true))
      assert.is_true(result.session:delete().success)
    end)

    it("tells of a context that doesn't exist", function()
      local result = client:create({
        context_syncs = { { context_id = "SdkCtx-0000000000000000", path = "/mnt/a" } },
      })
      assert.is_false(result.success)
      assert.is_nil(result.session)
      assert.are.equal("Context.NotFound", result.error_code)
    end)

    for _, case in ipairs({
      { "no Data", '{"Success":true}', "Client.MalformedResponse" },
      { "no session id", '{"Success":true,"Data":{}}', "Client.MalformedResponse" },
      {
        "an empty session id",
        '{"Success":true,"Data":{"SessionId":""}}',
        "Client.MalformedResponse",
      },
      {
        "a session id of another type",
        '{"Success":true,"Data":{"SessionId":7}}',
        "Client.MalformedResponse",
      },
      {
        "Success=false without a Code",
        '{"Success":false,"Data":{"SessionId":"s"}}',
        "Client.Refused",
      },
      {
        "Data.Success=false",
        '{"Success":true,"Data":{"Success":false,"ErrMsg":"no image"}}',
        "Client.Refused",
      },
    }) do
      it("is a failure on " .. case[1], function()
        emulator:answer("CreateMcpSession", case[2])
        local result = client:create()
        assert.is_false(result.success)
        assert.are.equal(case[3], result.error_code)
        assert.is_nil(result.session)
      end)
    end

    it("passes on why the service could not create it", function()
      emulator:answer(
        "CreateMcpSession",
        '{"Success":true,"Data":{"Success":false,"ErrMsg":"no image"}}'
      )
      assert.are.equal("no image", client:create().error_message)
    end)
  end)

  describe("client:get", function()
    it("gives a session that exists", function()
      local created = client:create().session
      local result = client:get(created.session_id)
      assert.is_true(result.success, result.error_message)
      assert.are.equal(created.session_id, result.session.session_id)
      assert.is_true(result.session.context_manager:info().success)
    end)

    it("tells that there is none", function()
      local result = client:get("session-00000000000000000")
      assert.is_false(result.success)
      assert.are.equal("InvalidMcpSession.NotFound", result.error_code)
      assert.is_nil(result.session)
    end)
  end)

  describe("client:list", function()
    it("gives the sessions, page by page", function()
      local ids = {}
      for _ = 1, 3 do
        ids[client:create({ labels = { team = "a" } }).session.session_id] = true
      end
      client:create({ labels = { team = "b" } })
      local first = client:list({ labels = { team = "a" }, max_results = 2 })
      assert.is_true(first.success, first.error_message)
      assert.are.equal(2, #first.session_ids)
      assert.are.equal(3, first.total_count)
      assert.are.equal(2, first.max_results)
      local second = client:list({
        labels = { team = "a" },
        max_results = 2,
        next_token = first.next_token,
      })
      assert.are.equal(1, #second.session_ids)
      assert.are.equal("", second.next_token)
      for _, id in ipairs({ first.session_ids[1], first.session_ids[2], second.session_ids[1] }) do
        assert.is_true(ids[id])
        ids[id] = nil
      end
    end)
  end)

  describe("session:delete", function()
    it("returns once the session is gone", function()
      emulator:settings({ delete_ms = 150 })
      local session = client:create().session
      local result = session:delete()
      assert.are.same({
        success = true,
        request_id = result.request_id,
        error_message = "",
        attempts = result.attempts,
      }, result)
      assert.are.equal("InvalidMcpSession.NotFound", client:get(session.session_id).error_code)
    end)

    it("only asks for it with wait = false", function()
      emulator:settings({ delete_ms = 60000 })
      assert.is_true(client:create().session:delete({ wait = false }).success)
      assert.are.same({}, emulator:requests("GetSessionDetail"))
    end)

    it("succeeds when the session is gone already", function()
      local session = client:create().session
      assert.is_true(session:delete().success)
      assert.is_true(session:delete().success)
      assert.is_true(session:delete({ wait = false }).success)
      assert.is_true(client:delete(session).success)
      assert.is_true(client:delete(session.session_id).success)
    end)

    it("takes DELETED and FINISH for gone", function()
      for _, state in ipairs({ "DELETED", "FINISH" }) do
        local session = client:create().session
        emulator:answer("GetSessionDetail", { Success = true, Data = { Status = state } })
        assert.is_true(session:delete().success)
      end
    end)

    it("doesn't take another kind of NotFound for gone", function()
      local session = client:create().session
      emulator:fault({
        action = "GetSessionDetail",
        times = -1,
        status = 404,
        body = '{"Code":"InvalidAction.NotFound","Message":"wrong gateway"}',
      })
      local result = session:delete()
      assert.is_false(result.success)
      assert.are.equal("InvalidAction.NotFound", result.error_code)
    end)

    it("goes on asking after a passing failure", function()
      local session = client:create().session
      emulator:fault({ action = "GetSessionDetail", status = 503, body = "" })
      assert.is_true(session:delete().success)
    end)

    it("tells the service's error when it can't be asked for", function()
      local session = client:create().session
      emulator:answer("DeleteSessionAsync", { Success = false, Code = "Busy", Message = "in use" })
      local result = session:delete()
      assert.are.equal("Busy", result.error_code)
      assert.are.equal(200, result.http_status)
    end)

    it("uploads the contexts first with sync_context = true", function()
      local session, id = emulator:session(client)
      local file = assert(io.open(emulator:session_folder(session) .. "/kept.txt", "wb"))
      file:write("kept")
      file:close()
      assert.is_true(session:delete({ sync_context = true }).success)
      local stored = assert(io.open(emulator.data .. "/contexts/" .. id .. "/files/kept.txt"))
      assert.are.equal("kept", stored:read("*a"))
      stored:close()
      assert.are.equal("upload", emulator:requests("SyncContext")[1].form.Mode)
    end)

    it("keeps the session when that upload fails, unless forced", function()
      local session = emulator:session(client)
      emulator:transfers({ times = 2, status = "Failed", error_message = "no space" })
      local result = session:delete({ sync_context = true })
      assert.is_false(result.success)
      assert.are.equal("Client.SyncFailed", result.error_code)
      assert.is_truthy(result.error_message:find("not deleted", 1, true))
      assert.are.same({}, emulator:requests("DeleteSessionAsync"))
      assert.is_true(session:delete({ sync_context = true, force = true }).success)
    end)
  end)

  describe("client.context", function()
    it("gets a context by name, creating it if asked to", function()
      local missing = client.context:get({ name = "nobody's" })
      assert.is_false(missing.success)
      assert.are.equal("Context.NotFound", missing.error_code)
      local made = client.context:get({ name = "nobody's", create = true })
      assert.is_true(made.success, made.error_message)
      assert.are.equal("nobody's", made.context.name)
      assert.are.equal(made.context_id, made.context.id)
      local again = client.context:get({ name = "nobody's" })
      assert.are.same(made.context, again.context)
      assert.are.same(made.context, client.context:get({ context_id = made.context_id }).context)
    end)

    it("lists contexts, page by page", function()
      for i = 1, 3 do
        context("listed " .. i)
      end
      local first = client.context:list({ max_results = 2 })
      assert.is_true(first.success, first.error_message)
      assert.are.equal(2, #first.contexts)
      assert.are.equal(3, first.total_count)
      local second = client.context:list({ max_results = 2, next_token = first.next_token })
      assert.are.equal(1, #second.contexts)
    end)
  end)

  it("has _async forms of everything", function()
    local steps = {}
    client:create_async({
      on_complete = function(created)
        steps[#steps + 1] = created.success
        client:get_async(created.session.session_id, {
          on_complete = function(got)
            steps[#steps + 1] = got.success
            got.session:delete_async({
              on_complete = function(deleted)
                steps[#steps + 1] = deleted.success
              end,
            })
          end,
        })
      end,
    })
    require("agentbay").run()
    assert.are.same({ true, true, true }, steps)
  end)

  it("can cancel a creation that waits for its contexts, and still has the session", function()
    local id = context("slow")
    emulator:settings({ transfer_ms = 60000 })
    local operation =
      client:create_async({ context_syncs = { { context_id = id, path = "/mnt/a" } } })
    assert.is_nil((operation:wait(200)))
    assert.is_true(operation:cancel())
    assert.are.equal("Client.Cancelled", operation:result().error_code)
    assert.is_truthy(operation:result().session)
  end)

  it("keeps what a status list says when its upload fails before a deletion", function()
    local session = emulator:session(client)
    emulator:answer(
      "GetContextInfo",
      status.body({ status.task({ status = "Failed", errorMessage = "x" }) })
    )
    assert.is_truthy(session:delete({ sync_context = true }).error_message:find(": x", 1, true))
  end)

  describe("client:each", function()
    it("gives the ids of all sessions over all pages", function()
      local ids = {}
      for i = 1, 3 do
        ids[i] = client:create({ labels = { group = "one" } }).session.session_id
      end
      client:create({ labels = { group = "two" } })
      local seen = {}
      for id, failure in client:each({ labels = { group = "one" }, max_results = 2 }) do
        assert.is_nil(failure)
        seen[#seen + 1] = id
      end
      assert.are.same(ids, seen)
    end)
  end)

  describe("set_labels and get_labels", function()
    it("replace and read the labels", function()
      local session = client:create({ labels = { old = "1" } }).session
      assert.are.same({ old = "1" }, session:get_labels().labels)
      assert.is_true(session:set_labels({ project = "demo", owner = "Zoë & co" }).success)
      assert.are.equal(
        '{"owner":"Zoë & co","project":"demo"}',
        emulator:requests("SetLabel")[1].form.Labels
      )
      assert.are.same({ project = "demo", owner = "Zoë & co" }, session:get_labels().labels)
      assert.is_true(session:set_labels({}).success)
      assert.are.same({}, session:get_labels().labels)
    end)

    it("take a label whose name is that of an argument", function()
      local session = client:create().session
      assert.is_true(session:set_labels({ labels = "x", on_complete = "y" }).success)
      assert.are.same({ labels = "x", on_complete = "y" }, session:get_labels().labels)
    end)

    it("tell of a refusal", function()
      local session = client:create().session
      emulator:answer("SetLabel", '{"Success":false,"Code":"Labels.TooMany","Message":"no"}')
      emulator:answer("GetLabel", '{"Success":false}')
      assert.are.equal("Labels.TooMany", session:set_labels({ a = "b" }).error_code)
      assert.are.equal("Client.Refused", session:get_labels().error_code)
    end)

    for _, case in ipairs({
      { "no JSON", '{"Success":true,"Data":{"Labels":"{"}}' },
      { "a list", '{"Success":true,"Data":{"Labels":"[1]"}}' },
      { "a number for a label", '{"Success":true,"Data":{"Labels":"{\\"a\\":1}"}}' },
      { "no Data", '{"Success":true}' },
    }) do
      it("call " .. case[1] .. " malformed", function()
        local session = client:create().session
        emulator:answer("GetLabel", case[2])
        assert.are.equal("Client.MalformedResponse", session:get_labels().error_code)
      end)
    end

    it("refuse what are no labels", function()
      local session = client:create().session
      assert.has_error(function()
        session:set_labels()
      end, "bad argument 'labels' to 'set_labels' (table of strings expected, got no value)")
      assert.has_error(function()
        session:set_labels({ a = 1 })
      end, "bad argument 'labels.a' to 'set_labels' (string expected, got number)")
    end)

    it("start without waiting, too", function()
      local session = client:create().session
      local operation = session:set_labels_async({ a = "b" })
      assert.is_false(operation:done())
      assert.is_true(operation:wait().success)
    end)
  end)

  describe("get_status and keep_alive", function()
    it("tell of the session, and start its idle time anew", function()
      local session = client:create({ image_id = "code_latest" }).session
      local told = session:get_status()
      assert.is_true(told.success, told.error_message)
      assert.are.equal("RUNNING", told.status)
      assert.are.equal("code_latest", told.image_id)
      assert.is_true(session:keep_alive().success)
      assert.are.equal(
        session.session_id,
        emulator:requests("RefreshSessionIdleTime")[1].form.SessionId
      )
      session:delete()
      assert.are.equal("InvalidMcpSession.NotFound", session:get_status().error_code)
      assert.are.equal("InvalidMcpSession.NotFound", session:keep_alive().error_code)
    end)

    it("call an answer without a status malformed", function()
      local session = client:create().session
      emulator:answer("GetSessionDetail", '{"Success":true,"Data":{}}')
      assert.are.equal("Client.MalformedResponse", session:get_status().error_code)
    end)
  end)
end)
