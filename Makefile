# GNU make.  `make demo`, `make check`, `make asan`, `make lint` and `make fuzz`
# install the Debian packages they need (as root or with sudo); everything else
# only builds.
include config.mk

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all unit gen deps demo check asan fuzz bench bench-micro bench-peers \
	parquet torture install uninstall lint clean FORCE

B    ?= build
BIN  ?= bin
CMD  := $(patsubst cmd/%.c,%,$(wildcard cmd/shard-*.c))
LIBO := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
MAN  := $(wildcard man/*.[157])
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(filter-out %/main.c,$(wildcard tests/fuzz/*.c)))

# ISA-L reads and writes gzip several times as fast as zlib; optional.
ISAL := $(shell $(CC) -E -include isa-l/igzip_lib.h -xc /dev/null >/dev/null 2>&1 && echo 1)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith $(if $(WERROR),-Werror)
STD  := -std=c11 -D_GNU_SOURCE -ffp-contract=off $(if $(ISAL),-DHAVE_ISAL)
LIBS := -Wl,--as-needed $(if $(ISAL),-lisal) -lz -lzstd -lxxhash -ljansson -lm

all: $(addprefix $(BIN)/,$(CMD))
unit: $(UNIT) $(addprefix $(B)/seeds/,$(FUZZ)) $(addprefix $(BIN)/,gen ducksql faultat killat peak)
gen: $(BIN)/gen
all unit gen:; @: # make says nothing when nothing is to be done

# All is compiled again when the compiler or a flag is another one.
FLAGS := $(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) : $(LDFLAGS) $(LIBS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || \
	echo '$(subst ','\'',$(FLAGS))' >$@

$(B)/%.o: %.c config.mk Makefile $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) -Ilib $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libshard.a: $(LIBO)
	@rm -f $@ && $(AR) rcs $@ $^

# Each program of its objects; gen, agree, faultat, killat and peak stand alone.
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
$(BIN)/ducksql: $(B)/tests/ducksql.o $(B)/libshard.a
	$(link)
$(BIN)/micro: $(B)/bench/micro.o $(B)/libshard.a
	$(link)
$(BIN)/gen $(BIN)/agree: $(BIN)/%: $(B)/bench/%.o
	$(link)
$(BIN)/faultat $(BIN)/killat $(BIN)/peak: $(BIN)/%: $(B)/tests/%.o
	$(link)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# On all cores, unless make was told how many; anew, as what is there decides.
MAKE_ALL = $(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) --no-print-directory

deps:
	@.ci/deps build run

demo: deps
	@$(MAKE_ALL) all gen
	@BIN=$(abspath $(BIN)) pipelines/demo

check:
	@.ci/deps build run check
	@$(MAKE_ALL) all unit
	@tests/run

# The unit tests, the seeds and the programs' tests with sanitizers; leaks count.
asan:
	@.ci/deps build run check
	@$(MAKE_ALL) all unit B=build-asan BIN=build-asan/bin \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
	@SHARDKIT_BIN=$(CURDIR)/build-asan/bin SHARDKIT_UNIT=build-asan/unit \
	BATS_FILES='tests/shard-*.bats tests/same.bats tests/oracle.bats' \
	ORACLE_SEEDS=1-10 SANITIZED=1 tests/run

# Each Nth system call fails (N=1 takes hours); the suite with all samples.
N ?= 97
torture: all unit
	@SHARDKIT_BIN=$(abspath $(BIN)) tests/torture -n $(N) $(TORTURE)
	@EXHAUST=1 tests/run

# FUZZ_S seconds for each target; FUZZ='name ...' for some.
FUZZ_S ?= 30
fuzz:
	@.ci/deps build fuzz
	@FLAGS='$(STD) -Ilib' LIBS='$(LIBS)' .ci/fuzz $(FUZZ_S) $(FUZZ)

# See bench/README.md: BENCH='jobs big', MICRO='name ...' choose; MICRO=-l lists.
bench: all gen $(BIN)/agree
	@SHARDKIT_BIN=$(abspath $(BIN)) bench/run $(BENCH)
bench-micro: all $(BIN)/micro
	@$(BIN)/micro $(MICRO)

bench-peers:
	cd bench/peers && npm install --no-audit --no-fund

parquet: $(BIN)/libduckdb.so
$(BIN)/libduckdb.so:
	.ci/parquet $@

# Under D.  A job lies beside its parts; its name among the programs is a link.
D    = $(DESTDIR)$(PREFIX)
JOBS = preprocess:shard-preprocess impute:shard-impute-job shred:shard-shred-job
PART = job.sh preprocess.mk impute.mk shred.mk

install: all
	install -d $(D)/bin $(D)/libexec/shardkit $(D)/share/man/man{1,5,7}
	install -m 755 $(addprefix $(BIN)/,$(CMD)) $(D)/bin
	install -m 644 $(addprefix pipelines/,$(PART)) $(D)/libexec/shardkit
	for job in $(JOBS); do \
		install -m 755 pipelines/$${job%:*} $(D)/libexec/shardkit && \
		ln -sf ../libexec/shardkit/$${job%:*} $(D)/bin/$${job#*:} || exit 1; done
	for m in $(MAN); do install -m 644 $$m $(D)/share/man/man$${m##*.} || exit 1; done
	[ ! -e $(BIN)/libduckdb.so ] || \
		install -D -m 644 -t $(D)/lib/shardkit $(BIN)/libduckdb.so

uninstall:
	for job in $(CMD) $(JOBS); do rm -f $(D)/bin/$${job#*:}; done
	for m in $(MAN); do rm -f $(D)/share/man/man$${m##*.}/$${m##*/}; done
	rm -rf $(D)/libexec/shardkit $(D)/lib/shardkit
	-rmdir --ignore-fail-on-non-empty $(D)/{lib,libexec,share/man/man{1,5,7}} 2>/dev/null

lint:
	@.ci/deps build lint
	.ci/lint

clean:
	rm -rf build build-asan build-fuzz bin demo asan.log
