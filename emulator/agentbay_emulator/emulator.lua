-- The emulated service as one object: its stores, its clocks, its faults. Knows no HTTP.

local ContextStore = require("agentbay_emulator.context_store")
local Faults = require("agentbay_emulator.faults")
local FileUrls = require("agentbay_emulator.file_urls")
local Files = require("agentbay_emulator.files")
local Journal = require("agentbay_emulator.journal")
local SessionStore = require("agentbay_emulator.session_store")
local Transfers = require("agentbay_emulator.transfers")

local Emulator = {}
Emulator.__index = Emulator

---@param data string the folder for everything that is kept
---@param options table api_key, host, transfer_ms, visible_after_ms, delete_ms
function Emulator.new(data, options)
  local self = setmetatable({ api_key = options.api_key, host = options.host }, Emulator)
  self.defaults = {
    transfer_ms = options.transfer_ms,
    visible_after_ms = options.visible_after_ms,
    delete_ms = options.delete_ms,
    clear_ms = 100,
    bind_ms = 50,
    url_ttl_ms = 3600000,
  }
  self.settings = {}
  self.files = Files.new(data)
  self.contexts = ContextStore.new(self.files)
  self.file_urls = FileUrls.new(self.settings)
  self.faults = Faults.new()
  self.journal = Journal.new()
  self:set({})
  return self
end

---@param queue table the cqueue in which transfers and deletions run
function Emulator:start(queue)
  self.queue = queue
  self.transfers = Transfers.new(self.settings, self.files, queue)
  self.sessions = SessionStore.new(self.settings, self.files, self.contexts, self.transfers, queue)
end

---Sets times; those that aren't given keep their values, or are as they were at the start.
function Emulator:set(settings)
  for name, value in pairs(self.defaults) do
    self.settings[name] = settings[name] or self.settings[name] or value
  end
end

---Back to the state after the start, with no context left either.
function Emulator:reset()
  for name, value in pairs(self.defaults) do
    self.settings[name] = value
  end
  self.sessions:remove_all()
  self.contexts:remove_all()
  self.transfers.outcomes = {}
  self.faults:clear()
  self.journal:clear()
end

return Emulator
