local Emulator = require("spec.support.emulator")

describe("client.context", function()
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

  local function made(name)
    local result = client.context:create(name)
    assert(result.success, result.error_message)
    return result.context_id
  end

  local function sent(action)
    local requests = emulator:requests(action)
    local form = requests[#requests].form
    assert.are.equal("Bearer " .. emulator.api_key, form.Authorization)
    form.Authorization = nil
    return form
  end

  describe("get and create", function()
    it("find a context by its name or id", function()
      local id = made("data ü+&=")
      local by_name = client.context:get({ name = "data ü+&=" })
      assert.are.equal(id, by_name.context_id)
      assert.are.same({ AllowCreate = "false", Name = "data ü+&=" }, sent("GetContext"))
      local by_id = client.context:get({ context_id = id })
      assert.are.equal("data ü+&=", by_id.context.name)
      assert.are.same({ AllowCreate = "false", ContextId = id }, sent("GetContext"))
    end)

    it("give every field of the context", function()
      local result = client.context:create({ name = "fields" })
      assert.are.same({
        id = result.context_id,
        name = "fields",
        state = "available",
        os_type = "",
        create_time = result.context.create_time,
        last_used_time = result.context.last_used_time,
      }, result.context)
      assert.is_truthy(result.context.create_time:match("^%d+%-%d+%-%d+T"))
    end)

    it("send the region only where a context may be made", function()
      client = emulator:client({ region_id = "cn-hangzhou" })
      client.context:create("regional")
      assert.are.same(
        { AllowCreate = "true", Name = "regional", LoginRegionId = "cn-hangzhou" },
        sent("GetContext")
      )
      client.context:get({ name = "regional" })
      assert.is_nil(sent("GetContext").LoginRegionId)
    end)

    it("tell that there is none", function()
      local result = client.context:get({ name = "nobody's" })
      assert.is_false(result.success)
      assert.are.equal("Context.NotFound", result.error_code)
      assert.is_nil(result.context)
    end)

    it("refuse to be called without a name or id", function()
      assert.has_error(function()
        client.context:get({})
      end, "bad argument 'name' to 'get' (string, or a context_id, expected, got no value)")
      assert.has_error(function()
        client.context:get({ context_id = "SdkCtx-1", create = true })
      end, "bad argument 'name' to 'get' (string expected, got no value)")
      assert.has_error(function()
        client.context:create()
      end, "bad argument 'name' to 'create' (string expected, got no value)")
    end)
  end)

  describe("list and each", function()
    it("give pages, and all contexts over all pages", function()
      local ids = {}
      for i = 1, 5 do
        ids[i] = made("context " .. i)
      end
      local page = client.context:list({ max_results = 2 })
      assert.are.equal(2, #page.contexts)
      assert.are.equal(5, page.total_count)
      assert.are_not.equal("", page.next_token)
      emulator:forget_requests()
      local seen = {}
      for context, failure in client.context:each({ max_results = 2 }) do
        assert.is_nil(failure)
        seen[#seen + 1] = context.id
      end
      assert.are.same(ids, seen)
      assert.are.equal(3, #emulator:requests("ListContexts"))
    end)

    it("each hands over the failure of a page, and ends", function()
      for i = 1, 3 do
        made("context " .. i)
      end
      emulator:fault({ action = "ListContexts", status = 500, body = "{}", times = -1, skip = 1 })
      local seen, failed = 0, nil
      for context, failure in client.context:each({ max_results = 2 }) do
        if failure then
          assert.is_false(context)
          failed = failure
        else
          seen = seen + 1
        end
      end
      assert.are.equal(2, seen)
      assert.are.equal("Client.HttpStatus", failed.error_code)
    end)

    it("each does not go round in circles", function()
      local body = { Success = true, Data = { { Id = "SdkCtx-1" } }, NextToken = "same" }
      emulator:answer("ListContexts", body, { times = -1 })
      local count, failed = 0, nil
      for _, failure in client.context:each() do
        count, failed = count + 1, failure
        assert.is_true(count < 5)
      end
      assert.are.equal("Client.MalformedResponse", failed.error_code)
    end)

    it("each gives nothing for an empty account", function()
      assert.is_nil(client.context:each()())
    end)

    it("each yields inside a task", function()
      made("one")
      made("two")
      local seen = {}
      local task = require("agentbay").spawn(function()
        local next_context = client.context:each({ max_results = 1 })
        local context = next_context()
        while context do
          seen[#seen + 1] = context.name
          context = next_context()
        end
        return true
      end)
      assert.is_false(task:done())
      assert.is_true(task:wait(10000))
      assert.are.same({ "one", "two" }, seen)
    end)

    it("each refuses unknown arguments at the caller's line", function()
      local ok, message = pcall(function()
        client.context:each({ max_result = 2 })
      end)
      assert.is_false(ok)
      assert.is_truthy(message:find("context_spec.lua", 1, true))
      assert.is_truthy(message:find("did you mean 'max_results'?", 1, true))
    end)
  end)

  describe("update and delete", function()
    it("rename and remove a context", function()
      local id = made("before")
      assert.is_true(client.context:update({ context_id = id, name = "after" }).success)
      assert.are.same({ Id = id, Name = "after" }, sent("ModifyContext"))
      assert.are.equal("after", client.context:get({ context_id = id }).context.name)
      assert.is_true(client.context:delete(id).success)
      assert.are.same({ Id = id }, sent("DeleteContext"))
      assert.are.equal("Context.NotFound", client.context:get({ context_id = id }).error_code)
    end)

    it("tell of a context that is not there", function()
      for _, result in ipairs({
        client.context:update({ context_id = "SdkCtx-0", name = "x" }),
        client.context:delete({ context_id = "SdkCtx-0" }),
        client.context:clear("SdkCtx-0"),
      }) do
        assert.is_false(result.success)
        assert.are.equal("Context.NotFound", result.error_code)
      end
    end)
  end)

  describe("clear", function()
    local function with_a_file()
      local id = made("cleared")
      local name = os.tmpname()
      local file = assert(io.open(name, "w"))
      file:write("text")
      file:close()
      local uploaded = client.context:upload_file({ context_id = id, path = "/a", file = name })
      assert(uploaded.success, uploaded.error_message)
      os.remove(name)
      return id
    end

    it("waits until the context is empty and available", function()
      local id = with_a_file()
      emulator:settings({ clear_ms = 200 })
      local result = client.context:clear(id, { retry_interval = 20 })
      assert.is_true(result.success, result.error_message)
      assert.are.same({ Id = id }, sent("ClearContext"))
      assert.are.same({ AllowCreate = "false", ContextId = id }, sent("GetContext"))
      assert.are.same({}, client.context:list_files({ context_id = id }).files)
      assert.is_true(#emulator:requests("GetContext") > 3)
    end)

    it("never asks before the first interval is over", function()
      local id = with_a_file()
      client.context:clear(id, { retry_interval = 150 })
      local start = emulator:requests("ClearContext")[1].time_ms
      local polls = emulator:requests("GetContext")
      assert.is_true(polls[2].time_ms - start >= 145)
    end)

    it("is late when the state doesn't come, and names the state", function()
      local id = with_a_file()
      emulator:settings({ clear_ms = 60000 })
      local result = client.context:clear(id, { retry_interval = 20, timeout_ms = 200 })
      assert.is_false(result.success)
      assert.are.equal("Client.Timeout", result.error_code)
      assert.is_truthy(result.error_message:find("clearing", 1, true))
    end)

    it("can be cancelled", function()
      local id = with_a_file()
      emulator:settings({ clear_ms = 60000 })
      local operation = client.context:clear_async(id, { retry_interval = 20 })
      operation:wait(60)
      assert.is_true(operation:cancel())
      assert.are.equal("Client.Cancelled", operation:result().error_code)
    end)
  end)
end)
