# GNU make.  `make demo` and `make check` install what they need (Debian, as
# root or with sudo); everything else only builds.
include config.mk

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all deps demo check install uninstall clean lint asan fuzz bench

B    ?= build
BIN  ?= bin
CMD  := $(patsubst cmd/%.c,%,$(wildcard cmd/shard-*.c))
LIBO := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))
MAN  := $(wildcard man/*.[157])
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

# ISA-L reads and writes gzip several times as fast as zlib; optional.
ISAL := $(shell printf '\043include <isa-l/igzip_lib.h>\n' | \
	$(CC) -E -xc - >/dev/null 2>&1 && echo 1)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith $(if $(WERROR),-Werror)
STD  := -std=c11 -D_GNU_SOURCE -ffp-contract=off $(if $(ISAL),-DHAVE_ISAL)
LIBS := $(if $(ISAL),-lisal) -lz -lzstd -lxxhash

all: $(addprefix $(BIN)/,$(CMD))

$(BIN)/shard-%: $(B)/cmd/shard-%.o $(B)/libshard.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libshard.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c config.mk Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) -Ilib $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libshard.a: $(LIBO)
	@rm -f $@ && $(AR) rcs $@ $^

-include $(shell find $(B) -name '*.d' 2>/dev/null)
