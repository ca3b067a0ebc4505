# preprocess.mk - the preprocessing job as make rules, one rule per shard:
#
#	make -f preprocess.mk -j8 IN=raw OUT=out LABEL=label
#
# The scheduler is make -j; what is done is not done again; what failed is
# tried again.  The shards and tables are those of the program `preprocess`.
# (File names must be without blanks: that is make's own limit; names with what
# make or a shell reads as its own are refused.)

# For make's command line; the environment has such words for other things.
IN       = raw
OUT      = out
CTX      = $(OUT)/_context
TIME     = orderDate
KEY      = customerId
NULL_KEY = keep
TIES     = all
# no label, no --label
LABEL    =
TRAIN_RATIO    ?= 0.7
TEST_VAL_RATIO ?= 0.5

here   := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))
# beside this file in the source tree, one further up when installed
bin    := $(firstword $(wildcard $(foreach d,$(SHARDKIT_BIN) $(here)../bin \
	$(here)../../bin,$(d)/shard-ls)))
export PATH := $(if $(bin),$(dir $(bin)):)$(PATH)
find   := PATH='$(PATH)' shard-ls -l $(IN)
# what make or a shell would read as its own in a name
odd    := LC_ALL=C grep -q $$'[^[:alnum:]_./,+@~\t\200-\377-]'

SHELL       := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DELETE_ON_ERROR:
.PHONY: all

all: $(OUT)/_SUCCESS

label := $(if $(LABEL),--label $(LABEL))

# Which shard is which: `out/_shards/00042.tsv out/.../00042.st: raw/part-42.csv`
shards := $(OUT)/_run/shards.mk
$(shell found=$$($(find)) || exit; ! $(odd) <<<"$$found" || exit 1; \
	mkdir -p $(OUT)/_run $(CTX)/parts; \
	awk -v out=$(OUT) -v ctx=$(CTX) '{ \
	print out "/_shards/" $$1 ".tsv " ctx "/parts/" $$1 ".st: " $$5 }' \
	<<<"$$found" >$(shards).new; cmp -s $(shards).new $(shards) || \
	cp $(shards).new $(shards); printf 'preprocess\ttraining\n' >$(OUT)/_job.tsv)
ifneq ($(.SHELLSTATUS),0)
$(error cannot list the shards of $(IN), or one has a name that make would read)
endif
include $(shards)
numbers := $(shell $(find) | cut -f 1)

# pass 1: a partial per shard, then one context
$(CTX)/parts/%.st:
	shard-stats --time $(TIME) --key $(KEY) $(label) -o $(CTX)/parts $<

$(CTX)/meta.tsv: $(numbers:%=$(CTX)/parts/%.st)
	printf '%s\n' $(numbers:%=$(CTX)/parts/%.st) | \
	shard-stats --merge -o $(CTX) --train-ratio $(TRAIN_RATIO) \
		--test-val-ratio $(TEST_VAL_RATIO) --files-from -

# pass 2: every shard alone
$(OUT)/_shards/%.tsv: $(CTX)/meta.tsv
	shard-run cat -c $(CTX) $(filter-out $(CTX)/%,$^) \
		$(if $(LABEL),: map $(label) -c $(CTX)) \
		: dedup -c $(CTX) --null-key $(NULL_KEY) --ties $(TIES) \
		: split -c $(CTX) : map --text -c $(CTX) \
		: write -o $(OUT)

$(OUT)/_SUCCESS: $(numbers:%=$(OUT)/_shards/%.tsv)
	shard-check --clean $(OUT)
	shard-ls $(IN) | shard-check --prune --files-from - $(OUT)
	shard-ls $(IN) | shard-check --build --quick --files-from - $(OUT)
