# GNU make.  `make demo`, `make check` and `make lint` install the Debian
# packages they need (as root or with sudo); everything else only builds.
include config.mk

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all demo check install uninstall clean lint asan FORCE

B    ?= build
BIN  ?= bin
CMD  := $(patsubst cmd/%.c,%,$(wildcard cmd/shard-*.c))
LIBO := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
MAN  := $(wildcard man/*.[157])
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(filter-out %/main.c,$(wildcard tests/fuzz/*.c)))

# ISA-L reads and writes gzip several times as fast as zlib; optional.
ISAL := $(shell printf '\043include <isa-l/igzip_lib.h>\n' | \
	$(CC) -E -xc - >/dev/null 2>&1 && echo 1)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith $(if $(WERROR),-Werror)
STD  := -std=c11 -D_GNU_SOURCE -ffp-contract=off $(if $(ISAL),-DHAVE_ISAL)
LIBS := $(if $(ISAL),-lisal) -lz -lzstd -lxxhash -Wl,--as-needed -ljansson -lm

# A recipe that does nothing keeps make from saying that nothing is to be done.
all: $(addprefix $(BIN)/,$(CMD))
	@:

# How it was compiled: written anew, so that all is compiled again, when a
# compiler or a flag is another one.
FLAGS := $(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) : $(LDFLAGS) $(LIBS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || \
	echo '$(subst ','\'',$(FLAGS))' >$@

define link
@mkdir -p $(@D)
@echo "  LD $@"
@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
endef

$(BIN)/shard-%: $(B)/cmd/shard-%.o $(B)/cmd/common.o $(B)/libshard.a
	$(link)

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libshard.a
	$(link)

# A fuzz target with the driver that runs it over files: the seeds, in check.
$(B)/seeds/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/main.o $(B)/libshard.a
	$(link)

$(BIN)/micro: $(B)/bench/micro.o $(B)/libshard.a
	$(link)

$(B)/%.o: %.c config.mk Makefile $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) -Ilib $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libshard.a: $(LIBO)
	@rm -f $@ && $(AR) rcs $@ $^

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# The packages ---------------------------------------------------------------

BUILD_DEPS := zlib1g-dev libzstd-dev libxxhash-dev libjansson-dev libyajl-dev \
	liblz4-dev libbz2-dev liblzma-dev libarchive-dev \
	$(if $(filter x86_64 aarch64,$(shell uname -m)),libisal-dev)
RUN_DEPS   := parallel util-linux findutils
CHECK_DEPS := bats python3-minimal libpython3-stdlib mandoc procps \
	zstd lz4 bzip2 xz-utils valgrind
LINT_DEPS  := clang-format cppcheck shellcheck mandoc

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
install_missing = @missing=; for p in $(1); do \
	dpkg-query -W -f '$${Status}' $$p 2>/dev/null | \
	grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { echo "installing:$$missing"; \
	$(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	--no-install-recommends $$missing >/dev/null || exit 1; }

.PHONY: deps check-deps lint-deps unit gen
deps:
	$(call install_missing,$(BUILD_DEPS) $(RUN_DEPS))
check-deps:
	$(call install_missing,$(BUILD_DEPS) $(RUN_DEPS) $(CHECK_DEPS))
lint-deps:
	$(call install_missing,$(BUILD_DEPS) $(LINT_DEPS))

# What people ask for ---------------------------------------------------------

# On all cores, unless make was told how many.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# A second make, because what deps installed decides how it builds.
demo: deps
	@$(MAKE) $(PARALLEL) --no-print-directory all gen
	@BIN=$(abspath $(BIN)) pipelines/demo

check: check-deps
	@$(MAKE) $(PARALLEL) --no-print-directory all unit
	@tests/run

$(BIN)/ducksql: $(B)/tests/ducksql.o $(B)/libshard.a
	$(link)

unit: $(UNIT) $(addprefix $(B)/seeds/,$(FUZZ)) gen $(BIN)/ducksql $(BIN)/killat $(BIN)/peak
	@:

gen: $(BIN)/gen
	@:

# libFuzzer, FUZZ_S seconds for each target; what it finds stays in build-fuzz.
FUZZ_S ?= 30
FUZZ_DEPS := clang libclang-rt-14-dev
.PHONY: fuzz
fuzz:
	$(call install_missing,$(BUILD_DEPS) $(FUZZ_DEPS))
	@mkdir -p build-fuzz
	@for t in $(FUZZ); do mkdir -p build-fuzz/$$t && \
	clang -O1 -g -fsanitize=fuzzer,address,undefined $(STD) -Ilib \
	tests/fuzz/$$t.c lib/*/*.c -o build-fuzz/fuzz-$$t $(LIBS) && \
	(cd build-fuzz && ./fuzz-$$t -max_total_time=$(FUZZ_S) -print_final_stats=1 \
	-rss_limit_mb=4096 $$t ../tests/fuzz/corpus/$$t 2>fuzz-$$t.log || \
	{ tail -n 40 fuzz-$$t.log; exit 1; }) && \
	echo "$$t: $$(grep -o 'number_of_executed_units.*' build-fuzz/fuzz-$$t.log)" || exit 1; done

$(BIN)/gen: bench/gen.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lz

# What the pieces of the library take: MICRO='name ...' for some, -l for names.
.PHONY: bench-micro
bench-micro: all $(BIN)/micro
	@$(BIN)/micro $(MICRO)

$(BIN)/killat $(BIN)/peak: $(BIN)/%: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BIN)/agree: bench/agree.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lm

# See bench/README.md: BENCH='jobs big' chooses sections.
.PHONY: bench bench-peers
bench: all gen $(BIN)/agree
	@SHARDKIT_BIN=$(abspath $(BIN)) bench/run $(BENCH)

bench-peers:
	cd bench/peers && npm install --no-audit --no-fund

# DuckDB's library, for Parquet, beside the programs; npm checks what it gets.
DUCKDB := @duckdb/node-bindings-linux-$(if $(filter aarch64,$(shell \
	uname -m)),arm64,x64)@1.5.6-r.1
.PHONY: parquet
parquet: $(BIN)/libduckdb.so
$(BIN)/libduckdb.so:
	@command -v npm >/dev/null || { echo "make parquet: needs npm; or put a \
	libduckdb.so of a DuckDB release into $(@D)" | tr -s '\t ' ' '; exit 1; }
	@mkdir -p $(@D) $(B)/duckdb
	cd $(B)/duckdb && npm pack --silent $(DUCKDB)
	tar -xzOf $(B)/duckdb/*.tgz package/libduckdb.so >$@.new && mv $@.new $@
	@rm -r $(B)/duckdb

# The unit tests, the seeds and the programs' tests with the sanitizers on;
# leaks count.
asan: check-deps
	@$(MAKE) $(PARALLEL) --no-print-directory all unit B=build-asan BIN=build-asan/bin \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
	@SHARDKIT_BIN=$(CURDIR)/build-asan/bin SHARDKIT_UNIT=build-asan/unit \
	BATS_FILES='tests/shard-*.bats tests/same.bats tests/oracle.bats' \
	ORACLE_SEEDS=1-10 SANITIZED=1 tests/run

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/shardkit \
	$(addprefix $(DESTDIR)$(PREFIX)/share/man/man,1 5 7)
	install -m 755 $(addprefix $(BIN)/,$(CMD)) $(DESTDIR)$(PREFIX)/bin
	install -m 755 pipelines/preprocess pipelines/impute pipelines/shred \
	$(DESTDIR)$(PREFIX)/libexec/shardkit
	[ ! -e $(BIN)/libduckdb.so ] || { \
	install -d $(DESTDIR)$(PREFIX)/lib/shardkit && \
	install -m 644 $(BIN)/libduckdb.so $(DESTDIR)$(PREFIX)/lib/shardkit; }
	install -m 644 pipelines/common.bash pipelines/job.sh pipelines/preprocess.mk \
	pipelines/impute.mk pipelines/shred.mk \
	$(DESTDIR)$(PREFIX)/libexec/shardkit
	ln -sf ../libexec/shardkit/preprocess \
	$(DESTDIR)$(PREFIX)/bin/shard-preprocess
	ln -sf ../libexec/shardkit/impute \
	$(DESTDIR)$(PREFIX)/bin/shard-impute-job
	ln -sf ../libexec/shardkit/shred \
	$(DESTDIR)$(PREFIX)/bin/shard-shred-job
	for m in $(MAN); do install -m 644 $$m \
	$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(CMD) shard-preprocess \
	shard-impute-job shard-shred-job)
	rm -rf $(DESTDIR)$(PREFIX)/libexec/shardkit $(DESTDIR)$(PREFIX)/lib/shardkit
	for m in $(MAN); do rm -f \
	$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	-rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR)$(PREFIX)/,\
	lib libexec share/man/man1 share/man/man5 share/man/man7) 2>/dev/null

C_FILES  := $(wildcard cmd/*.[ch] lib/*/*.[ch] lib/*/*/*.h bench/*.c \
	tests/*.c tests/unit/*.c tests/unit/*.h tests/fuzz/*.c tests/fuzz/*.h)
SH_FILES := pipelines/preprocess pipelines/impute pipelines/shred \
	pipelines/demo \
	pipelines/common.bash pipelines/job.sh \
	tests/run tests/house tests/helper.bash $(wildcard man/*.sh) .ci/run \
	bench/budget bench/sort $(wildcard bench/peers/*.sh)

lint: lint-deps
	clang-format --dry-run -Werror $(C_FILES)
	tests/house
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -Ilib \
	--enable=warning,performance,portability \
	--suppress=missingIncludeSystem -D__x86_64__ cmd lib
	shellcheck -x $(SH_FILES)
	$(if $(MAN),mandoc -Tlint -Wwarning $(MAN))

clean:
	rm -rf build build-asan build-fuzz bin demo asan.log
