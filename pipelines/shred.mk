# shred.mk - the shredding job as make rules, one rule per shard, one per batch:
#
#	make -f shred.mk -j8 IN=raw OUT=out KEY=customerId ORDER=orderDate \
#		PLAN='--max-rows 1000000'
#
# The scheduler is make -j; what is done is not done again; what failed is
# tried again.  The batches are those of the program `shred`, of one table and
# without --by-day and --each.
# (File names must be without blanks: that is make's own limit; names with what
# make or a shell reads as its own are refused.)

# For make's command line; the environment has such words for other things.
IN       = raw
OUT      = out
KEY      = customerId
ORDER    = orderDate
# words of shard-plan; without a limit 100 groups are a batch
PLAN     =
# more words of shard-route: ROUTE='--unplanned keep'
ROUTE    =
FORMAT   = csv
COMPRESS = none

here   := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))
# beside this file in the source tree, one further up when installed
bin    := $(firstword $(wildcard $(foreach d,$(SHARDKIT_BIN) $(here)../bin \
	$(here)../../bin,$(d)/shard-ls)))
export PATH := $(if $(bin),$(dir $(bin)):)$(PATH)
# for $(shell), to which some makes do not export
run    := PATH='$(PATH)'
# what make or a shell would read as its own in a name
odd    := LC_ALL=C grep -q $$'[^[:alnum:]_./,+@~\t\200-\377-]'

SHELL       := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DELETE_ON_ERROR:
.PHONY: all routed

all: $(OUT)/_SUCCESS

# What must not be: one inside the other, another's output.
bad := $(shell in=$$(readlink -m $(IN))/ out=$$(readlink -m $(OUT))/; \
	case $$out in ($$in*) echo OUT lies in IN;; esac; \
	case $$in in ($$out*) echo IN lies in OUT;; esac; \
	! $(run) shard-ls -l $(IN) | $(odd) || echo $(IN): a name that make would read; \
	test -d $(IN) || echo $(IN): no such directory; \
	test ! -e $(OUT)/_job.tsv || \
	test "$$(cat $(OUT)/_job.tsv)" = "$$(printf 'shred\t-')" || \
	echo $(OUT) belongs to another job)
$(if $(bad),$(error $(bad)))

# $(call keep,FILE,COMMAND): what the command says, in a file as old as its last
# change.
keep = $(shell $2 >$1.new; cmp -s $1.new $1 && rm $1.new || mv $1.new $1)
quote = '$(subst ','\'',$1)'

ctx   := $(OUT)/_context/data
parts := $(ctx)/parts
runs  := $(OUT)/_runs/data
words := $(OUT)/_run
$(shell mkdir -p $(parts) $(words); printf 'shred\t-\n' >$(OUT)/_job.tsv)

# Which shard is which: `out/_context/data/parts/00042.st: raw/part-42.csv`, and
# `out/_runs/data/00042.tsv: | raw/part-42.csv`, of which no time matters
shards := $(words)/shards.mk
$(call keep,$(shards),$(run) shard-ls -l $(IN) | awk -v p=$(parts) -v r=$(runs) '{ \
	print p "/" $$1 ".st: " $$5; print r "/" $$1 ".tsv: | " $$5 }')
include $(shards)
numbers := $(shell $(run) shard-ls -l $(IN) | cut -f 1)
first   := $(shell $(run) shard-ls $(IN) | head -n 1)
ifeq ($(first),)
$(error no shards in $(IN))
endif

# pass 1: a partial per shard, made again for another key
$(call keep,$(words)/key,echo $(call quote,$(KEY)))
$(parts)/%.st: $(words)/key
	shard-stats --groups $(call quote,$(KEY)) --table data \
		--header-of $(first) -o $(parts) $(filter-out $<,$^)
	touch $@

# The plan.  Make remakes what it includes, and then begins anew: only there it
# knows the batches.
$(call keep,$(words)/plan,echo $(call quote,$(PLAN)))
$(words)/batches.mk: $(numbers:%=$(parts)/%.st) $(words)/plan $(shards)
	printf '%s\n' $(filter %.st,$^) | \
		shard-stats --merge -o $(ctx) --files-from -
	shard-plan --key $(call quote,$(KEY)) --groups $(ctx)/groups.tsv $(PLAN) \
		-o $(OUT)/batches.tsv
	awk -F '\t' 'NR > 1 && !($$2 in seen) { seen[$$2]; \
		printf "batches += %05d\n", $$2 }' $(OUT)/batches.tsv >$@
batches :=
include $(words)/batches.mk

# Other options or another map make other batches.  What does not hold any more
# is taken away here, so that all that is there is done.
chain := cat --header-of $(first) {} : route -o $(OUT) -c $(ctx) \
	--key $(call quote,$(KEY)) --order $(call quote,$(ORDER)) \
	--format $(FORMAT) --compress $(COMPRESS) $(ROUTE)
ifneq ($(wildcard $(OUT)/batches.tsv),)
$(shell $(run) shard-ls -0 $(IN) | \
	$(run) shard-run --todo $(words)/todo -0 -L - $(chain))
ifneq ($(.SHELLSTATUS),0)
$(error cannot say what is to be done)
endif
endif

# pass 2: every shard alone, then every batch
$(runs)/%.tsv:
	shard-run $(chain) ::: $|

routed: $(numbers:%=$(runs)/%.tsv)

$(OUT)/_batches/data/%.tsv: | routed
	shard-gather -o $(OUT) $$((10#$*))

$(OUT)/_SUCCESS: $(batches:%=$(OUT)/_batches/data/%.tsv) | routed
	shard-check --clean $(OUT)
	mkdir -p $(OUT)/_batches/data
	shard-gather -o $(OUT) unplanned
	shard-gather -o $(OUT) --finish
	shard-check --build --quick $(OUT)
