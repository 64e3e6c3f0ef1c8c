-- What moves between a mount and its context, as the binding's policy says: which files, packed or
-- not. Knows no task and no time.

local archive = require("agentbay_emulator.archive")
local policies = require("agentbay_emulator.policy")

local mounts = {}

-- What an upload in archive mode leaves in the context; it is put back as it was.
local OWN_ARCHIVE = "agentbay-archive.tar.gz"

local function upload_archive(files, binding)
  local policy, wanted = binding.policy, {}
  for file in pairs(files:list(binding.folder)) do
    if policies.archives(policy, file) then
      wanted[file] = true
    end
  end
  local packed = files:temporary_path()
  local done, problem = archive.pack(wanted, binding.folder, packed)
  if done then
    done, problem = files:move(packed, binding.stored .. "/" .. OWN_ARCHIVE)
  end
  os.remove(packed)
  return done, problem
end

---Makes the context hold what the session has.
---@return boolean? done
---@return string? problem
function mounts.upload(files, binding)
  local policy = binding.policy
  if policy.archive then
    return upload_archive(files, binding)
  end
  -- A tree that never had the context's files says nothing about which of them were deleted.
  local exact = policy.sync_local_file and binding.downloaded
  return files:mirror(binding.folder, binding.stored, {
    select = function(file)
      return policies.selects(policy, file)
    end,
    delete = function(file)
      return exact
        and policies.selects(policy, file)
        and not (policy.extract and policy.delete_archive and archive.is_one(file))
    end,
  })
end

---Where an archive of the context is unpacked in the session.
local function unpacked_folder(policy, folder, file)
  if file == OWN_ARCHIVE then
    return folder
  elseif policy.extract_in_place then
    return (folder .. "/" .. file):match("^(.*)/[^/]*$")
  end
  return folder .. "/" .. archive.stem(file)
end

local function unpack_archives(files, binding)
  for file in pairs(files:list(binding.stored)) do
    if archive.is_one(file) and policies.selects(binding.policy, file) then
      local unpacked = files:temporary_path()
      assert(files:make_folder(unpacked))
      local done, problem = archive.unpack(binding.stored .. "/" .. file, unpacked)
      if done then
        local target = unpacked_folder(binding.policy, binding.folder, file)
        done, problem = files:make_folder(target)
        done = done and files:mirror(unpacked, target)
      end
      files:remove(unpacked)
      if not done then
        return nil, file .. ": " .. tostring(problem)
      end
    end
  end
  return true
end

---Adds and replaces in the session what the context holds.
---@return boolean? done
---@return string? problem
function mounts.download(files, binding)
  local policy = binding.policy
  local made, problem = files:make_folder(binding.folder)
  if not made then
    return nil, problem
  end
  local done
  done, problem = files:mirror(binding.stored, binding.folder, {
    select = function(file)
      return policies.selects(policy, file)
        and not (policy.extract and policy.delete_archive and archive.is_one(file))
    end,
  })
  if done and policy.extract then
    done, problem = unpack_archives(files, binding)
  end
  binding.downloaded = binding.downloaded or done
  return done, problem
end

return mounts
