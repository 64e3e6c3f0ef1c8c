rockspec_format = "3.0"
package = "agentbay"
version = "scm-1"

source = {
  url = "git+https://github.com/agentbay/agentbay-lua.git",
  branch = "main",
}

description = {
  summary = "AgentBay cloud sessions and their synchronised contexts from Lua",
  detailed = [[
A client of AgentBay: creates cloud sessions, mounts contexts into them, asks for their status
and synchronises them, blocking or as operations driven from a frame or event loop. HTTP goes
through libcurl, in a core written in C.

The rock also brings the command agentbay, and agentbay-emulator, a local stand-in for the
service. The latter alone needs more rocks: http, luafilesystem, luasocket and dkjson.]],
  homepage = "https://github.com/agentbay/agentbay-lua",
  issues_url = "https://github.com/agentbay/agentbay-lua/issues",
  license = "MIT",
  labels = { "agentbay", "cloud", "http", "libcurl" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1.0",
  "argparse >= 0.7.0",
}

external_dependencies = {
  -- No header: where it is varies, and the compiler knows.
  CURL = { library = "curl" },
}

build = {
  type = "builtin",
  modules = {
    ["agentbay.core"] = {
      sources = {
        "src/binding/action.c",
        "src/binding/bindings.c",
        "src/binding/client.c",
        "src/binding/decode.c",
        "src/binding/envelope.c",
        "src/binding/json.c",
        "src/binding/loop.c",
        "src/binding/module.c",
        "src/binding/operation.c",
        "src/binding/pin.c",
        "src/binding/transfers.c",
        "src/core/answer.c",
        "src/core/authorities.c",
        "src/core/buffer.c",
        "src/core/call.c",
        "src/core/client.c",
        "src/core/clock.c",
        "src/core/crc64.c",
        "src/core/disk_file.c",
        "src/core/error.c",
        "src/core/exchange.c",
        "src/core/failure.c",
        "src/core/file_transfer.c",
        "src/core/form.c",
        "src/core/form_request.c",
        "src/core/loop.c",
        "src/core/memory.c",
        "src/core/mirror.c",
        "src/core/operation.c",
        "src/core/poll.c",
        "src/core/poll_plan.c",
        "src/core/poller.c",
        "src/core/proxy.c",
        "src/core/random.c",
        "src/core/record.c",
        "src/core/retry.c",
        "src/core/share.c",
        "src/core/sleep.c",
        "src/core/timer_heap.c",
        "src/core/verdict.c",
      },
      incdirs = { "src/core" },
      defines = { "_DEFAULT_SOURCE" },
      libraries = { "curl" },
    },
    ["agentbay_emulator.actions"] = "emulator/agentbay_emulator/actions.lua",
    ["agentbay_emulator.actions.bindings"] = "emulator/agentbay_emulator/actions/bindings.lua",
    ["agentbay_emulator.actions.context_files"] = "emulator/agentbay_emulator/actions/context_files.lua",
    ["agentbay_emulator.actions.contexts"] = "emulator/agentbay_emulator/actions/contexts.lua",
    ["agentbay_emulator.actions.sessions"] = "emulator/agentbay_emulator/actions/sessions.lua",
    ["agentbay_emulator.actions.transfers"] = "emulator/agentbay_emulator/actions/transfers.lua",
    ["agentbay_emulator.answers"] = "emulator/agentbay_emulator/answers.lua",
    ["agentbay_emulator.archive"] = "emulator/agentbay_emulator/archive.lua",
    ["agentbay_emulator.cli"] = "emulator/agentbay_emulator/cli.lua",
    ["agentbay_emulator.context_store"] = "emulator/agentbay_emulator/context_store.lua",
    ["agentbay_emulator.control"] = "emulator/agentbay_emulator/control.lua",
    ["agentbay_emulator.crc64"] = "emulator/agentbay_emulator/crc64.lua",
    ["agentbay_emulator.emulator"] = "emulator/agentbay_emulator/emulator.lua",
    ["agentbay_emulator.faults"] = "emulator/agentbay_emulator/faults.lua",
    ["agentbay_emulator.file_urls"] = "emulator/agentbay_emulator/file_urls.lua",
    ["agentbay_emulator.files"] = "emulator/agentbay_emulator/files.lua",
    ["agentbay_emulator.ids"] = "emulator/agentbay_emulator/ids.lua",
    ["agentbay_emulator.journal"] = "emulator/agentbay_emulator/journal.lua",
    ["agentbay_emulator.json_parameter"] = "emulator/agentbay_emulator/json_parameter.lua",
    ["agentbay_emulator.mount_list"] = "emulator/agentbay_emulator/mount_list.lua",
    ["agentbay_emulator.mounts"] = "emulator/agentbay_emulator/mounts.lua",
    ["agentbay_emulator.policy"] = "emulator/agentbay_emulator/policy.lua",
    ["agentbay_emulator.request"] = "emulator/agentbay_emulator/request.lua",
    ["agentbay_emulator.server"] = "emulator/agentbay_emulator/server.lua",
    ["agentbay_emulator.session_store"] = "emulator/agentbay_emulator/session_store.lua",
    ["agentbay_emulator.store"] = "emulator/agentbay_emulator/store.lua",
    ["agentbay_emulator.transfers"] = "emulator/agentbay_emulator/transfers.lua",
    ["agentbay.actions"] = "lua/agentbay/actions.lua",
    ["agentbay.arguments"] = "lua/agentbay/arguments.lua",
    ["agentbay.class"] = "lua/agentbay/class.lua",
    ["agentbay.cli.contexts"] = "lua/agentbay/cli/contexts.lua",
    ["agentbay.cli"] = "lua/agentbay/cli/init.lua",
    ["agentbay.cli.output"] = "lua/agentbay/cli/output.lua",
    ["agentbay.cli.progress"] = "lua/agentbay/cli/progress.lua",
    ["agentbay.cli.sessions"] = "lua/agentbay/cli/sessions.lua",
    ["agentbay.cli.transfers"] = "lua/agentbay/cli/transfers.lua",
    ["agentbay.cli.words"] = "lua/agentbay/cli/words.lua",
    ["agentbay.client"] = "lua/agentbay/client.lua",
    ["agentbay.config"] = "lua/agentbay/config.lua",
    ["agentbay.context_files"] = "lua/agentbay/context_files.lua",
    ["agentbay.context_manager"] = "lua/agentbay/context_manager.lua",
    ["agentbay.context_service"] = "lua/agentbay/context_service.lua",
    ["agentbay.endpoint"] = "lua/agentbay/endpoint.lua",
    ["agentbay.env_file"] = "lua/agentbay/env_file.lua",
    ["agentbay"] = "lua/agentbay/init.lua",
    ["agentbay.json_reader"] = "lua/agentbay/json_reader.lua",
    ["agentbay.json_text"] = "lua/agentbay/json_text.lua",
    ["agentbay.lazy"] = "lua/agentbay/lazy.lua",
    ["agentbay.log"] = "lua/agentbay/log.lua",
    ["agentbay.loop.cqueues"] = "lua/agentbay/loop/cqueues.lua",
    ["agentbay.loop.luv"] = "lua/agentbay/loop/luv.lua",
    ["agentbay.method"] = "lua/agentbay/method.lua",
    ["agentbay.mount"] = "lua/agentbay/mount.lua",
    ["agentbay.new"] = "lua/agentbay/new.lua",
    ["agentbay.operation"] = "lua/agentbay/operation.lua",
    ["agentbay.paging"] = "lua/agentbay/paging.lua",
    ["agentbay.policy"] = "lua/agentbay/policy.lua",
    ["agentbay.result"] = "lua/agentbay/result.lua",
    ["agentbay.runtime"] = "lua/agentbay/runtime.lua",
    ["agentbay.session"] = "lua/agentbay/session.lua",
    ["agentbay.session_end"] = "lua/agentbay/session_end.lua",
    ["agentbay.session_start"] = "lua/agentbay/session_start.lua",
    ["agentbay.shape"] = "lua/agentbay/shape.lua",
    ["agentbay.suggest"] = "lua/agentbay/suggest.lua",
    ["agentbay.task"] = "lua/agentbay/task.lua",
    ["agentbay.version"] = "lua/agentbay/version.lua",
  },
  install = {
    bin = { "bin/agentbay", "emulator/agentbay-emulator" },
  },
}
