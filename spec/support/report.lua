-- Busted's output for run-specs: one line a file, every failure in full when it happens, and
-- the totals in the file that AGENTBAY_SPEC_TOTALS names ("passed failed skipped").

local function indented(text)
  return "    " .. text:gsub("\n+$", ""):gsub("\n", "\n    ")
end

local function text_of(message)
  if type(message) == "string" then
    return message
  end
  return message == nil and "no message" or require("pl.pretty").write(message)
end

return function(options)
  local busted = require("busted")
  local handler = require("busted.outputHandlers.base")()
  local file_passed, file_failed, file_started = 0, 0, 0

  local function write(format, ...)
    io.write(format:format(...))
    io.flush()
  end

  local function show(element, message, trace)
    local where = element.trace or trace or {}
    write("not ok - %s\n", handler.getFullName(element))
    write("%s\n", indented(text_of(message)))
    if where.short_src then
      write("    at %s:%s\n", where.short_src, tostring(where.currentline))
    end
    if trace and trace.traceback and options.verbose then
      write("%s\n", indented(trace.traceback))
    end
  end

  local function on_failure(element, _, message, trace)
    file_failed = file_failed + 1
    show(element, message, trace)
    return nil, true
  end

  local function on_file_start()
    file_passed, file_failed, file_started = 0, 0, busted.monotime()
    return nil, true
  end

  local function on_file_end(file)
    local seconds = busted.monotime() - file_started
    write("%-32s %3d passed, %d failed (%.1f s)\n", file.name, file_passed, file_failed, seconds)
    return nil, true
  end

  local function on_test_end(element, _, status)
    if status == "success" then
      file_passed = file_passed + 1
      if options.verbose then
        write("ok - %s\n", handler.getFullName(element))
      end
    elseif status == "pending" then
      write("skipped - %s\n", handler.getFullName(element))
    end
    return nil, true
  end

  local function on_suite_end()
    local totals = assert(io.open(os.getenv("AGENTBAY_SPEC_TOTALS"), "w"))
    local failed = handler.failuresCount + handler.errorsCount
    totals:write(handler.successesCount, " ", failed, " ", handler.pendingsCount, "\n")
    totals:close()
    return nil, true
  end

  busted.subscribe({ "file", "start" }, on_file_start)
  busted.subscribe({ "file", "end" }, on_file_end)
  busted.subscribe({ "test", "end" }, on_test_end, { predicate = handler.cancelOnPending })
  busted.subscribe({ "failure" }, on_failure)
  busted.subscribe({ "error" }, on_failure)
  busted.subscribe({ "suite", "end" }, on_suite_end)

  return handler
end
