-- Synchronisation policies: the JSON texts are those that the official Python SDK writes.

local arguments = require("agentbay.arguments")
local policy = require("agentbay.policy")

local UPLOAD = '"uploadPolicy": {"autoUpload": true, '
  .. '"uploadStrategy": "UploadBeforeResourceRelease", "uploadMode": "File"}'
local DOWNLOAD = '"downloadPolicy": {"autoDownload": true, "downloadStrategy": "DownloadAsync"}'
local DELETE = '"deletePolicy": {"syncLocalFile": true}'
local EXTRACT =
  '"extractPolicy": {"extract": true, "deleteSrcFile": true, "extractToCurrentFolder": false}'
local RECYCLE = '"recyclePolicy": {"lifecycle": "Lifecycle_Forever", "paths": [""]}'
local BW_LIST = '"bwList": {"whiteLists": [{"path": "", "excludePaths": []}]}'

---The text of all parts, with some of them replaced or added.
local function text_with(other)
  local parts = {
    other.upload or UPLOAD,
    other.download or DOWNLOAD,
    other.delete or DELETE,
    other.extract or EXTRACT,
    other.recycle or RECYCLE,
    other.bw_list or BW_LIST,
    other.mapping,
  }
  return "{" .. table.concat(parts, ", ") .. "}"
end

describe("policy.encode", function()
  local written = {
    { "an empty policy with all defaults", {}, {} },
    {
      "parts that are empty with their defaults",
      {
        upload_policy = {},
        download_policy = {},
        delete_policy = {},
        extract_policy = {},
        recycle_policy = {},
      },
      {},
    },
    {
      "one part, and the defaults of the others",
      { upload_policy = { auto_upload = false } },
      {
        upload = '"uploadPolicy": {"autoUpload": false, '
          .. '"uploadStrategy": "UploadBeforeResourceRelease", "uploadMode": "File"}',
      },
    },
    {
      "an upload as an archive",
      {
        upload_policy = {
          upload_mode = "Archive",
          upload_strategy = "UploadBeforeResourceRelease",
        },
      },
      {
        upload = '"uploadPolicy": {"autoUpload": true, '
          .. '"uploadStrategy": "UploadBeforeResourceRelease", "uploadMode": "Archive"}',
      },
    },
    {
      "what an archive leaves out",
      { upload_policy = { upload_mode = "Archive", archive_exclude_paths = { "a", "b/c" } } },
      {
        upload = '"uploadPolicy": {"autoUpload": true, '
          .. '"uploadStrategy": "UploadBeforeResourceRelease", "uploadMode": "Archive", '
          .. '"archiveExcludePaths": ["a", "b/c"]}',
      },
    },
    {
      "nothing that an archive leaves out",
      { upload_policy = { archive_exclude_paths = {} } },
      {},
    },
    {
      "a download",
      { download_policy = { auto_download = false, download_strategy = "DownloadAsync" } },
      {
        download = '"downloadPolicy": {"autoDownload": false, "downloadStrategy": "DownloadAsync"}',
      },
    },
    {
      "a deletion",
      { delete_policy = { sync_local_file = false } },
      { delete = '"deletePolicy": {"syncLocalFile": false}' },
    },
    {
      "an extraction",
      {
        extract_policy = {
          extract = false,
          delete_src_file = false,
          extract_to_current_folder = true,
        },
      },
      {
        extract = '"extractPolicy": {"extract": false, "deleteSrcFile": false, '
          .. '"extractToCurrentFolder": true}',
      },
    },
    {
      "recycling",
      { recycle_policy = { lifecycle = "Lifecycle_30Days", paths = { "/a", "" } } },
      { recycle = '"recyclePolicy": {"lifecycle": "Lifecycle_30Days", "paths": ["/a", ""]}' },
    },
    {
      "recycling of nothing",
      { recycle_policy = { paths = {} } },
      { recycle = '"recyclePolicy": {"lifecycle": "Lifecycle_Forever", "paths": []}' },
    },
    { "no white lists", { bw_list = {} }, { bw_list = '"bwList": {"whiteLists": []}' } },
    {
      "no white lists either",
      { bw_list = { white_lists = {} } },
      { bw_list = '"bwList": {"whiteLists": []}' },
    },
    {
      "an empty white list",
      { bw_list = { white_lists = { { path = "", exclude_paths = {} } } } },
      {},
    },
    {
      "white lists",
      { bw_list = { white_lists = { { path = "/a", exclude_paths = { "/a/b", "/a/c" } }, {} } } },
      {
        bw_list = '"bwList": {"whiteLists": [{"path": "/a", "excludePaths": ["/a/b", "/a/c"]}, '
          .. '{"path": "", "excludePaths": []}]}',
      },
    },
    {
      "white lists of regular expressions",
      {
        bw_list = {
          white_lists = {
            { path = "/a/.*", is_path_regex = true },
            { path = "/a", exclude_paths = { "[xy]?" }, is_exclude_regex = true },
          },
        },
      },
      {
        bw_list = '"bwList": {"whiteLists": [{"path": "/a/.*", "excludePaths": [], '
          .. '"isPathRegex": true, "isExcludeRegex": false}, {"path": "/a", '
          .. '"excludePaths": ["[xy]?"], "isPathRegex": false, "isExcludeRegex": true}]}',
      },
    },
    { "an empty mapping", { mapping_policy = {} }, { mapping = '"mappingPolicy": {"path": ""}' } },
    {
      "a mapping",
      { mapping_policy = { path = "C:\\a" } },
      { mapping = '"mappingPolicy": {"path": "C:\\\\a"}' },
    },
  }
  for _, case in ipairs(written) do
    for _, style in ipairs({ "create", "bind" }) do
      it("writes " .. case[1] .. " for " .. style, function()
        assert.are.equal(text_with(case[3]), policy.encode(case[2], style))
      end)
    end
  end

  local foreign = { mapping_policy = { path = "/\195\188/\240\159\152\128" } }

  it("writes text beyond ASCII as it is for create", function()
    local expected =
      text_with({ mapping = '"mappingPolicy": {"path": "/\195\188/\240\159\152\128"}' })
    assert.are.equal(expected, policy.encode(foreign, "create"))
  end)

  it("escapes text beyond ASCII for bind", function()
    local expected = text_with({ mapping = '"mappingPolicy": {"path": "/\\u00fc/\\ud83d\\ude00"}' })
    assert.are.equal(expected, policy.encode(foreign, "bind"))
  end)

  local declaration = arguments.declare("create", { policy = policy.argument })

  it("writes a policy that was checked before like any other", function()
    for _, case in ipairs(written) do
      local checked = arguments.check(declaration, nil, { policy = case[2] })
      assert.are.equal(text_with(case[3]), policy.encode(checked.policy, "create"))
    end
  end)

  it("never changes what it is given", function()
    local given = { upload_policy = {}, bw_list = { white_lists = { { is_path_regex = true } } } }
    policy.encode(given, "create")
    assert.are.same(
      { upload_policy = {}, bw_list = { white_lists = { { is_path_regex = true } } } },
      given
    )
  end)

  it("raises at the line of the call", function()
    local _, message = pcall(function()
      policy.encode({ up = 1 }, "create")
    end)
    assert.matches("policy_spec.lua:%d+: unknown argument 'policy.up' to 'encode'", message)
  end)
end)

describe("a policy as an argument", function()
  local declaration = arguments.declare("create", { policy = policy.argument })
  local LIFECYCLES = "one of 'Lifecycle_Forever', 'Lifecycle_1Day', 'Lifecycle_3Days', "
    .. "'Lifecycle_5Days', 'Lifecycle_10Days', 'Lifecycle_15Days', 'Lifecycle_30Days', "
    .. "'Lifecycle_90Days', 'Lifecycle_180Days', 'Lifecycle_360Days'"
  local EXACT = "text without wildcards (* ? [ ])"

  local function white_list(list)
    return { bw_list = { white_lists = { {}, list } } }
  end

  local refused = {
    { true, "bad argument 'policy' to 'create' (table expected, got boolean)" },
    {
      { uploadPolicy = {} },
      "unknown argument 'policy.uploadPolicy' to 'create' (did you mean 'upload_policy'?)",
    },
    {
      { upload_policy = { auto_uplod = true } },
      "unknown argument 'policy.upload_policy.auto_uplod' to 'create' "
        .. "(did you mean 'auto_upload'?)",
    },
    {
      { upload_policy = { auto_upload = "yes" } },
      "bad argument 'policy.upload_policy.auto_upload' to 'create' (boolean expected, got string)",
    },
    {
      { upload_policy = { upload_mode = "FILE" } },
      "bad argument 'policy.upload_policy.upload_mode' to 'create' "
        .. "('File' or 'Archive' expected, got 'FILE')",
    },
    {
      { upload_policy = { upload_strategy = "Now" } },
      "bad argument 'policy.upload_policy.upload_strategy' to 'create' "
        .. "('UploadBeforeResourceRelease' expected, got 'Now')",
    },
    {
      { upload_policy = { archive_exclude_paths = { "a" } } },
      "bad argument 'policy.upload_policy.archive_exclude_paths' to 'create' "
        .. "(upload_mode 'Archive' beside it expected, got 'File')",
    },
    {
      { upload_policy = { upload_mode = "Archive", archive_exclude_paths = { "a*" } } },
      "bad argument 'policy.upload_policy.archive_exclude_paths[1]' to 'create' ("
        .. EXACT
        .. " expected, got 'a*')",
    },
    {
      { download_policy = { download_strategy = "DownloadSync" } },
      "bad argument 'policy.download_policy.download_strategy' to 'create' "
        .. "('DownloadAsync' expected, got 'DownloadSync')",
    },
    {
      { extract_policy = { extract_current_folder = true } },
      "unknown argument 'policy.extract_policy.extract_current_folder' to 'create' "
        .. "(did you mean 'extract_to_current_folder'?)",
    },
    {
      { recycle_policy = { lifecycle = "Lifecycle_2Days" } },
      "bad argument 'policy.recycle_policy.lifecycle' to 'create' ("
        .. LIFECYCLES
        .. " expected, got 'Lifecycle_2Days')",
    },
    {
      { recycle_policy = { paths = "/a" } },
      "bad argument 'policy.recycle_policy.paths' to 'create' (list expected, got string)",
    },
    {
      { recycle_policy = { paths = { "/a", 1 } } },
      "bad argument 'policy.recycle_policy.paths[2]' to 'create' (string expected, got number)",
    },
    {
      white_list("/a"),
      "bad argument 'policy.bw_list.white_lists[2]' to 'create' (table expected, got string)",
    },
    {
      white_list({ path = "/a", exclude_path = {} }),
      "unknown argument 'policy.bw_list.white_lists[2].exclude_path' to 'create' "
        .. "(did you mean 'exclude_paths'?)",
    },
    {
      white_list({ path = "/a/*" }),
      "bad argument 'policy.bw_list.white_lists[2].path' to 'create' ("
        .. EXACT
        .. " expected, got '/a/*')",
    },
    {
      white_list({ path = "/a.*", is_path_regex = true, exclude_paths = { "/a", "[b]" } }),
      "bad argument 'policy.bw_list.white_lists[2].exclude_paths[2]' to 'create' ("
        .. EXACT
        .. " expected, got '[b]')",
    },
    {
      { mapping_policy = { path = "\255" } },
      "bad argument 'policy.mapping_policy.path' to 'create' (text in UTF-8 expected)",
    },
  }
  for _, case in ipairs(refused) do
    it("is refused: " .. case[2], function()
      assert.has_error(function()
        arguments.check(declaration, nil, { policy = case[1] }, -1)
      end, case[2])
    end)
  end

  for _, wildcard in ipairs({ "*", "?", "[", "]" }) do
    it("is refused with " .. wildcard .. " in a path to recycle", function()
      local given = { policy = { recycle_policy = { paths = { "/a" .. wildcard } } } }
      assert.error_matches(function()
        arguments.check(declaration, nil, given)
      end, "'policy.recycle_policy.paths%[1%]' to 'create' %(text without wildcards")
    end)
  end

  it("is not filled in where none is given", function()
    assert.are.same({}, arguments.check(declaration, nil, {}))
  end)
end)

describe("what a policy leads to", function()
  local cases = {
    { nil, true, true },
    { {}, true, true },
    { { upload_policy = {}, download_policy = {} }, true, true },
    { { download_policy = { auto_download = true } }, true, true },
    { { download_policy = { auto_download = false } }, false, true },
    { { upload_policy = { auto_upload = true } }, true, true },
    { { upload_policy = { auto_upload = false } }, true, false },
  }
  for i = 1, 7 do
    local case = cases[i]
    it("is known for the download, case " .. i, function()
      assert.are.equal(case[2], policy.download_expected(case[1]))
    end)
    it("is known for the upload, case " .. i, function()
      assert.are.equal(case[3], policy.upload_expected(case[1]))
    end)
  end
end)
