-- Synchronisation policies: what users may write in one, and the JSON text that is sent for it.
--
-- One declaration per part says both. Pure. It must never send a part half filled in: what is left
-- out gets the default that the official SDKs send, and nothing unknown gets through.

local arguments = require("agentbay.arguments")
local json_text = require("agentbay.json_text")
local rules = require("agentbay.rules")
local table_rules = require("agentbay.table_rules")

local policy = {}

---@class agentbay.UploadPolicy
---@field auto_upload? boolean default true
---@field upload_strategy? "UploadBeforeResourceRelease"
---@field upload_mode? "File"|"Archive" default "File"
---@field archive_exclude_paths? string[] kept out of the archive; only with "Archive"

---@class agentbay.DownloadPolicy
---@field auto_download? boolean default true
---@field download_strategy? "DownloadAsync"

---@class agentbay.DeletePolicy
---@field sync_local_file? boolean default true

---@class agentbay.ExtractPolicy
---@field extract? boolean default true
---@field delete_src_file? boolean default true
---@field extract_to_current_folder? boolean default false

---@class agentbay.RecyclePolicy
---@field lifecycle? string "Lifecycle_1Day" to "Lifecycle_360Days"; default "Lifecycle_Forever"
---@field paths? string[] default { "" }, which is everything

---@class agentbay.WhiteList
---@field path? string default "", which is everything
---@field exclude_paths? string[]
---@field is_path_regex? boolean path is a regular expression; default false
---@field is_exclude_regex? boolean exclude_paths are regular expressions; default false

---@class agentbay.BwList
---@field white_lists? agentbay.WhiteList[] default none

---@class agentbay.MappingPolicy
---@field path? string the path on the other operating system

---@class agentbay.Policy
---@field upload_policy? agentbay.UploadPolicy
---@field download_policy? agentbay.DownloadPolicy
---@field delete_policy? agentbay.DeletePolicy
---@field extract_policy? agentbay.ExtractPolicy
---@field recycle_policy? agentbay.RecyclePolicy
---@field bw_list? agentbay.BwList default one white list of everything
---@field mapping_policy? agentbay.MappingPolicy sent only if given

local WILDCARDS = { pattern = "[*?%[%]]", name = "wildcards (* ? [ ])" }

local function truth(default)
  return rules.boolean({ default = default })
end

---One of some words, the first unless said otherwise.
local function choice(...)
  local rule = rules.one_of(...)
  rule.default = ...
  return rule
end

local function path_text(options)
  options = options or {}
  options.utf8, options.empty = true, true
  return rules.text(options)
end

local function exact_paths(default)
  return table_rules.list_of(path_text({ without = WILDCARDS }), { default = default })
end

-- Fields are { name, rule, fields of what it holds }, in the order in which they are sent.

local function members_of(fields)
  local members = {}
  for _, field in ipairs(fields) do
    members[field[1]] = field[2]
  end
  return members
end

local function part(name, fields, options)
  return { name, table_rules.record(members_of(fields), options), fields }
end

local FILLED_IN = { default = {} }

local UPLOAD = {
  { "auto_upload", truth(true) },
  { "upload_strategy", choice("UploadBeforeResourceRelease") },
  { "upload_mode", choice("File", "Archive") },
  { "archive_exclude_paths", exact_paths() },
}

local DOWNLOAD = {
  { "auto_download", truth(true) },
  { "download_strategy", choice("DownloadAsync") },
}

local DELETE = {
  { "sync_local_file", truth(true) },
}

local EXTRACT = {
  { "extract", truth(true) },
  { "delete_src_file", truth(true) },
  { "extract_to_current_folder", truth(false) },
}

local LIFECYCLE = choice(
  "Lifecycle_Forever",
  "Lifecycle_1Day",
  "Lifecycle_3Days",
  "Lifecycle_5Days",
  "Lifecycle_10Days",
  "Lifecycle_15Days",
  "Lifecycle_30Days",
  "Lifecycle_90Days",
  "Lifecycle_180Days",
  "Lifecycle_360Days"
)

local RECYCLE = {
  { "lifecycle", LIFECYCLE },
  { "paths", exact_paths({ "" }) },
}

local WHITE_LIST = {
  { "path", path_text({ default = "" }) },
  { "exclude_paths", table_rules.list_of(path_text(), { default = {} }) },
  { "is_path_regex", truth() },
  { "is_exclude_regex", truth() },
}

local MAPPING = {
  { "path", path_text({ default = "" }) },
}

---What an archive leaves out has no meaning without one, and is not sent if it is nothing.
local function verify_upload(upload)
  local excluded = upload.archive_exclude_paths
  if excluded and #excluded == 0 then
    upload.archive_exclude_paths = nil
  elseif excluded and upload.upload_mode ~= "Archive" then
    return "archive_exclude_paths", "upload_mode 'Archive' beside it", upload.upload_mode
  end
  return nil
end

local function has_wildcards(path)
  return path:find(WILDCARDS.pattern) ~= nil
end

---Wildcards mean nothing in exact paths; they belong into regular expressions. The two switches are
---sent together or not at all.
local function verify_white_list(list)
  local expected = "text without " .. WILDCARDS.name
  if not list.is_path_regex and has_wildcards(list.path) then
    return "path", expected, list.path
  end
  for i, path in ipairs(list.exclude_paths) do
    if not list.is_exclude_regex and has_wildcards(path) then
      return "exclude_paths[" .. i .. "]", expected, path
    end
  end
  if list.is_path_regex ~= nil or list.is_exclude_regex ~= nil then
    list.is_path_regex = list.is_path_regex or false
    list.is_exclude_regex = list.is_exclude_regex or false
  end
  return nil
end

local WHITE_LIST_RULE = table_rules.record(members_of(WHITE_LIST), { verify = verify_white_list })

local BW_LIST = {
  { "white_lists", table_rules.list_of(WHITE_LIST_RULE, { default = {} }), WHITE_LIST },
}

local POLICY = {
  part("upload_policy", UPLOAD, { default = {}, verify = verify_upload }),
  part("download_policy", DOWNLOAD, FILLED_IN),
  part("delete_policy", DELETE, FILLED_IN),
  part("extract_policy", EXTRACT, FILLED_IN),
  part("recycle_policy", RECYCLE, FILLED_IN),
  part("bw_list", BW_LIST, { default = { white_lists = { {} } } }),
  part("mapping_policy", MAPPING),
}

---The rule for an argument that is a policy. What it accepts has the defaults filled in.
---@type agentbay.Rule
policy.argument = table_rules.record(members_of(POLICY))

---The name on the wire: auto_upload is autoUpload there.
local function wire_name(name)
  return (name:gsub("_(%l)", string.upper))
end

---A checked value as `json_text` wants it.
local function to_json(value, rule, fields)
  if value ~= nil and rule.items then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = to_json(item, rule.items, fields)
    end
    return json_text.array(items)
  elseif value ~= nil and fields then
    local members = {}
    for i, field in ipairs(fields) do
      members[i] = { wire_name(field[1]), to_json(value[field[1]], field[2], field[3]) }
    end
    return json_text.object(members)
  end
  return value
end

-- The official Python SDK writes policies in these two ways.
local STYLES = {
  create = { spaced = true },
  bind = { spaced = true, ensure_ascii = true },
}

---The JSON text of a policy. Raises, at the line of the call, for what is no policy.
---@param given agentbay.Policy checked or not
---@param style "create"|"bind" which request it is for
---@return string
function policy.encode(given, style)
  local complete = arguments.check_value(policy.argument, "encode", "policy", given)
  return json_text.encode(to_json(complete, policy.argument, POLICY), STYLES[style])
end

---Whether a session with this policy downloads the context when it starts.
---@param given agentbay.Policy|nil
---@return boolean
function policy.download_expected(given)
  local download = given and given.download_policy
  return not download or download.auto_download ~= false
end

---Whether a session with this policy uploads the context when it ends.
---@param given agentbay.Policy|nil
---@return boolean
function policy.upload_expected(given)
  local upload = given and given.upload_policy
  return not upload or upload.auto_upload ~= false
end

return policy
