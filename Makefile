# AgentBay for Lua. `make help` lists the targets.
#
# LUA, CC and BUILD choose the interpreter, the compiler and the folder of a build. Builds of
# different kinds never share a folder, so that `make lint` or `make test-asan` leave the plain
# build alone. Flags are looked up when the first command needs them: by then a missing
# pkg-config has been installed.

BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= cc
CFLAGS ?= -O2 -g
WERROR ?= -Werror

# Unless it is given: lua5.4, by any of the names that systems have for it.
LUA_NAME := $(if $(LUA),$(notdir $(LUA)),lua5.4)
ifndef LUA
LUA = $(eval LUA := $(or $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,\
	$(shell command -v $(name) 2>/dev/null))),lua5.4))$(LUA)
endif

OUT := $(BUILD)/$(LUA_NAME)

# once NAME,COMMAND: a variable that holds the command's output, run at the first use.
once = $(eval $(1) = $$(eval $(1) := $$(shell $(2)))$$($(1)))
$(call once,LUA_CFLAGS,LUA='$$(LUA)' scripts/compiler-flags lua-cflags)
$(call once,LUA_LIBS,LUA='$$(LUA)' scripts/compiler-flags lua-libs)
$(call once,CURL_CFLAGS,scripts/compiler-flags curl-cflags)
$(call once,CURL_LIBS,scripts/compiler-flags curl-libs)
$(call once,LUA_VERSION,'$$(LUA)' -e 'io.write(_VERSION:match("%d+%.%d+"))')

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wformat=2 -Wundef -Wvla
LANGUAGE := -std=c11 -D_DEFAULT_SOURCE
SANITIZER_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)
# Padding in front of loops and jumps makes this code larger, and no faster; clang has none.
COMPACT  := -fno-align-loops -fno-align-jumps -Wno-ignored-optimization-argument
COMPILE  = $(CC) $(LANGUAGE) -fPIC -fvisibility=hidden $(COMPACT) $(WARNINGS) $(WERROR) $(SANITIZER_FLAGS) \
	$(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK     = $(CC) $(SANITIZER_FLAGS) $(CFLAGS) $(LDFLAGS)
ifeq ($(shell uname -s),Darwin)
MODULE_FLAGS := -bundle -undefined dynamic_lookup
EXPORT_FLAGS :=
else
MODULE_FLAGS := -shared
EXPORT_FLAGS := -Wl,--export-dynamic -ldl
endif

CORE     := $(patsubst src/%.c,$(OUT)/obj/%.o,$(wildcard src/core/*.c))
BINDING  := $(patsubst src/%.c,$(OUT)/obj/%.o,$(wildcard src/binding/*.c))
PROGRAMS := $(patsubst spec/core/%.c,$(OUT)/spec/%,$(wildcard spec/core/test_*.c))
MODULE   := $(OUT)/agentbay/core.so
HOST     := $(OUT)/lua-host
ARCHIVE  := $(OUT)/libagentbay.a
EMBEDDED := $(OUT)/embed-host
THREADS  := $(OUT)/spec/test_threads
TORTURE  := $(OUT)/spec/torture
TORTURED := $(patsubst spec/torture/%.c,$(OUT)/obj/torture/%.o,$(wildcard spec/torture/*.c))
# They use epoll.
BENCHES  := $(if $(filter Linux,$(shell uname -s)),$(patsubst bench/%.c,$(OUT)/bench/%,$(wildcard bench/*.c)))
OBJECTS  := $(BENCHES:$(OUT)/bench/%=$(OUT)/obj/bench/%.o) $(OUT)/obj/embed_host.o $(OUT)/obj/spec/test_threads.o $(TORTURED) $(CORE) $(BINDING) $(PROGRAMS:$(OUT)/spec/%=$(OUT)/obj/spec/%.o) $(OUT)/obj/spec/lua_host.o \
	$(patsubst spec/fuzz/%.c,$(OUT)/obj/fuzz/%.o,$(wildcard spec/fuzz/*.c))

# What each target needs on this machine: groups of scripts/install-dependencies. Compiling
# alone never installs anything, it only says what is missing.
NEEDS_demo          := build run emulator
NEEDS_demo-files    := build run emulator
NEEDS_test          := build run emulator test
NEEDS_test-all      := build run emulator test
NEEDS_test-asan     := build run emulator test
NEEDS_test-valgrind := build run emulator test valgrind
NEEDS_fuzz          := build run fuzz
NEEDS_coverage      := build run emulator test coverage
NEEDS_test-hosts    := build run emulator test hosts
NEEDS_test-tsan     := build run emulator test
NEEDS_soak          := build run emulator bench
NEEDS_torture       := build run emulator test
NEEDS_bench-love    := build run emulator hosts
NEEDS_bench         := build run emulator test valgrind conformance bench
NEEDS_bench-readme  := $(NEEDS_bench)
NEEDS_bench-check   := build run emulator test valgrind bench
NEEDS_bench-baseline := $(NEEDS_bench-check)
NEEDS_lint          := build run lint
NEEDS_format        := build lint
NEEDS_rock-check    := build run emulator rock
NEEDS_conformance   := build emulator conformance
NEEDS_deps          := build run emulator test lint rock conformance valgrind
NEEDS    := $(or $(sort $(foreach goal,$(MAKECMDGOALS),$(NEEDS_$(goal)))),build)
ONLY_SAY := $(if $(filter-out all objects install,$(MAKECMDGOALS)),,--check)

.PHONY: all objects soak torture coverage fuzz fuzz-run demo demo-files test test-all bench bench-readme bench-check bench-baseline bench-love test-hosts test-tsan static test-asan test-valgrind lint format rock-check conformance \
	install uninstall deps clean help needs
.DELETE_ON_ERROR:

# One word and a file instead of a long command, unless make is called with V=1.
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $@;)

all: $(MODULE) ## compile the module (the default): LUA=lua5.4 CC=cc BUILD=build WERROR=-Werror

demo: needs all ## run examples/sync.lua against the emulator
	@LUA='$(LUA)' OUT='$(OUT)' scripts/demo

demo-files: needs all ## run examples/files.lua: a file of SIZE=1024 MiB to a session and back
	@OUT='$(OUT)'; . scripts/checkout-env; SIZE='$(or $(SIZE),1024)' \
		scripts/with-emulator --transfer-ms 50 -- '$(LUA)' examples/files.lua

# What hosts were built before is tried, too, and must not be older than what is tested.
test: needs all $(PROGRAMS) $(wildcard $(EMBEDDED)) ## run all specs; SPEC=FILE runs one, ARGS=... goes to busted
	@[ ! -e '$(BUILD)/luajit/agentbay/core.so' ] || \
		$(MAKE) --no-print-directory LUA=luajit BUILD='$(BUILD)' all
	@LUA='$(LUA)' OUT='$(OUT)' SPEC='$(SPEC)' LIMIT='$(LIMIT)' scripts/run-specs $(ARGS)

test-all: needs ## run all specs on Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT
	@MAKE='$(MAKE)' BUILD='$(BUILD)' scripts/test-all

test-hosts: needs static ## run the examples for LÖVE, Neovim and a C host
	@$(MAKE) --no-print-directory LUA=luajit BUILD='$(BUILD)' all
	@AGENTBAY_LUAJIT_BUILD='$(BUILD)/luajit' LUA='$(LUA)' OUT='$(OUT)' SPEC=spec/hosts \
		scripts/run-specs $(ARGS)

test-tsan: needs ## run several Lua states in several threads, and all specs, under ThreadSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan CFLAGS='-O1 -g' SANITIZE=thread \
		threads-test hosted-test

static: needs $(ARCHIVE) $(EMBEDDED) ## build libagentbay.a, and the C host that links it

test-asan: needs ## run all specs with address, leak and undefined behaviour sanitizers
	@ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1 \
	$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CFLAGS='-O1 -g' \
		SANITIZE=address,undefined hosted-test

fuzz: needs ## fuzz every decoder for SECONDS=60 each; 0: only the corpus
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-run

coverage: needs ## say which lines and branches of the C code the specs and the torture reach
	@find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage CFLAGS='-O0 -g --coverage' \
		SANITIZE=address STEP='$(or $(STEP),3)' hosted-test torture-run
	@gcovr --root . --filter src/ --exclude-throw-branches --object-directory $(BUILD)/coverage \
		--html-details $(BUILD)/coverage/index.html --print-summary

test-valgrind: needs ## run all specs under valgrind
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/valgrind CFLAGS='-O1 -g' hosted-test LIMIT=3000 \
		RUNNER='valgrind -q --trace-children=no --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --suppressions=spec/support/valgrind.supp'

torture: needs ## fail each allocation and system call in turn; STEP=k each k-th, SWEEP=TEXT, AT=n
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/torture CFLAGS='-O1 -g' CC=gcc \
		SANITIZE=address,undefined torture-run

bench: needs all $(BENCHES) ## measure speed and memory against libcurl alone, with nginx as server
	@LUA='$(LUA)' OUT='$(OUT)' BUILD='$(BUILD)' bench/run

bench-readme: needs all $(BENCHES) ## the same, and write the tables of bench/README.md
	@LUA='$(LUA)' OUT='$(OUT)' BUILD='$(BUILD)' bench/run --readme

bench-check: needs all $(BENCHES) ## count instructions per call: more than bench/baseline.json fails
	@LUA='$(LUA)' CC='$(CC)' OUT='$(OUT)' BUILD='$(BUILD)' bench/instructions --check

bench-baseline: needs all $(BENCHES) ## count instructions per call and write bench/baseline.json
	@LUA='$(LUA)' CC='$(CC)' OUT='$(OUT)' BUILD='$(BUILD)' bench/instructions --write

soak: needs all ## CALLS=1000000 infos and SYNCS=100000 syncs with faults: memory must not grow
	@OUT='$(OUT)'; . scripts/checkout-env; BUILD='$(BUILD)' bench/with-nginx '$(LUA)' \
		bench/soak.lua '$(or $(CALLS),1000000)' '$(or $(SYNCS),100000)'

bench-love: needs ## measure the frames of the LÖVE example while a sync runs
	@$(MAKE) --no-print-directory LUA=luajit BUILD='$(BUILD)' all
	@BUILD='$(BUILD)' bench/love

lint: needs ## compile with gcc and clang, run all static and format checks
	@LUA='$(LUA)' BUILD='$(BUILD)' MAKE='$(MAKE)' scripts/lint

format: needs ## bring C, Lua and the rockspec into the project's layout
	@LUA='$(LUA)' BUILD='$(BUILD)' scripts/format

rock-check: needs ## build, pack and install the rock, and use it from outside the checkout
	@LUA='$(LUA)' BUILD='$(BUILD)' scripts/rock-check

conformance: needs ## run the official Python SDK against the emulator
	@BUILD='$(BUILD)' scripts/conformance

install: all ## install below PREFIX=/usr/local (DESTDIR=DIR in front of it)
	@LUA_VERSION='$(LUA_VERSION)' MODULE='$(MODULE)' scripts/install-files '$(DESTDIR)$(PREFIX)'

uninstall: ## remove what install put below PREFIX
	@LUA_VERSION='$(LUA_VERSION)' scripts/install-files --remove '$(DESTDIR)$(PREFIX)'

deps: needs ## install what any of the targets needs and this machine lacks

clean: ## remove everything that was built
	rm -rf '$(BUILD)'

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		awk -F '|' '{ printf "make %-14s %s\n", $$1, $$2 }'

# ---- not for the command line -------------------------------------------------------------

needs:
	@CC='$(CC)' LUA='$(LUA)' scripts/install-dependencies $(ONLY_SAY) $(NEEDS)

objects: $(OBJECTS) $(MODULE) $(PROGRAMS)

# The specs in an interpreter of our own: see spec/support/lua_host.c.
.PHONY: hosted-test
hosted-test: all $(PROGRAMS) $(HOST)
	@LUA='$(HOST)' OUT='$(OUT)' SPEC='$(SPEC)' RUNNER='$(RUNNER)' LIMIT='$(LIMIT)' \
	scripts/run-specs $(ARGS)

# With the module linked in, so that all of it is instrumented.
.PHONY: threads-test
threads-test: $(THREADS)
	@OUT='$(OUT)'; . scripts/checkout-env; scripts/with-emulator --transfer-ms 30 -- $(THREADS)

# The fuzzers, linked with all of the module.
FUZZERS := $(patsubst spec/fuzz/%.c,$(OUT)/fuzz/%,$(wildcard spec/fuzz/fuzz_*.c))

fuzz-run: $(FUZZERS)
	@OUT='$(OUT)' SECONDS_EACH='$(or $(SECONDS),60)' scripts/fuzz

$(OUT)/obj/fuzz/%.o: spec/fuzz/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) -Isrc/core $(LUA_CFLAGS) $(CURL_CFLAGS) -Wno-missing-prototypes \
		-c -o $@ $<

# fuzz_headers.c brings its own copy of exchange.c.
$(OUT)/fuzz/fuzz_headers: $(OUT)/obj/fuzz/fuzz_headers.o $(filter-out %/exchange.o,$(CORE))
	@mkdir -p $(@D)
	$(call say,link)$(LINK) -fsanitize=fuzzer -o $@ $^ $(CURL_LIBS)

$(OUT)/fuzz/%: $(OUT)/obj/fuzz/%.o $(CORE) $(BINDING)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) -fsanitize=fuzzer $(EXPORT_FLAGS) -o $@ $^ $(LUA_LIBS) $(CURL_LIBS)

# The program fails what its own libraries call: it must be found before them.
.PHONY: torture-run
torture-run: $(TORTURE)
	@OUT='$(OUT)' TORTURE='$(TORTURE)' STEP='$(STEP)' SWEEP="$(SWEEP)" AT='$(AT)' scripts/torture

$(ARCHIVE): $(CORE) $(BINDING)
	@rm -f $@
	$(call say,archive)ar rcs $@ $^

$(OUT)/obj/embed_host.o: examples/embed/host.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

$(EMBEDDED): $(OUT)/obj/embed_host.o $(ARCHIVE)
	$(call say,link)$(LINK) $(EXPORT_FLAGS) -o $@ $^ $(LUA_LIBS) $(CURL_LIBS)

$(OUT)/obj/spec/test_threads.o: spec/threads/test_threads.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

$(THREADS): $(OUT)/obj/spec/test_threads.o $(CORE) $(BINDING)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) $(EXPORT_FLAGS) -o $@ $^ $(LUA_LIBS) $(CURL_LIBS) -lpthread

$(OUT)/obj/torture/%.o: spec/torture/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(LUA_CFLAGS) $(CURL_CFLAGS) -Isrc/core -c -o $@ $<

$(TORTURE): $(TORTURED) $(CORE) $(BINDING)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) $(EXPORT_FLAGS) -o $@ $^ $(LUA_LIBS) $(CURL_LIBS) -lpthread -ldl -lm

# Only the binding is told where Lua's headers are: the core must compile without them. And only
# errors of Lua's are ever unwound, which the core never sees: it needs no tables for that.
$(OUT)/obj/core/%.o: src/core/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) -fno-asynchronous-unwind-tables $(CURL_CFLAGS) -c -o $@ $<

$(OUT)/obj/binding/%.o: src/binding/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(LUA_CFLAGS) -Isrc/core -c -o $@ $<

$(OUT)/obj/spec/%.o: spec/core/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) -Isrc/core -c -o $@ $<

$(OUT)/obj/spec/lua_host.o: spec/support/lua_host.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(LUA_CFLAGS) -c -o $@ $<

$(OUT)/obj/bench/%.o: bench/%.c Makefile | needs
	@mkdir -p $(@D)
	$(call say,compile)$(COMPILE) $(CURL_CFLAGS) -Isrc/core -c -o $@ $<

$(OUT)/bench/%: $(OUT)/obj/bench/%.o $(CORE)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) -o $@ $^ $(CURL_LIBS)

$(MODULE): $(CORE) $(BINDING)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) $(MODULE_FLAGS) -o $@ $^ $(CURL_LIBS)

$(OUT)/spec/%: $(OUT)/obj/spec/%.o $(CORE)
	@mkdir -p $(@D)
	$(call say,link)$(LINK) -o $@ $^ $(CURL_LIBS)

$(HOST): $(OUT)/obj/spec/lua_host.o
	$(call say,link)$(LINK) -o $@ $^ $(LUA_LIBS) $(EXPORT_FLAGS)

.SECONDARY: $(OBJECTS)
-include $(OBJECTS:.o=.d)
