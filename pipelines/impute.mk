# impute.mk - the imputation job as make rules, one rule per shard:
#
#	make -f impute.mk -j8 IN=out OUT=filled ART=model LABEL=label
#
# IN is what preprocess wrote: IN/train, IN/val, IN/test.  The scheduler is
# make -j; what is done is not done again; what failed is tried again.  The
# shards and artifacts are those of the program `impute`, without its report.
# (File names must be without blanks: that is make's own limit; names with what
# make or a shell reads as its own are refused.)

# For make's command line; the environment has such words for other things.
IN      = out
OUT     = filled
ART     = $(OUT)/_artifacts
NUMERIC = mean
TEXT    = mode
# no label, no --label; more for the fit: FIT='--exclude A --column B=median'
LABEL   =
FIT     =

here   := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))
bin    := $(or $(SHARDKIT_BIN),$(here)../bin)
export PATH := $(if $(wildcard $(bin)/shard-ls),$(bin):)$(PATH)
find   := PATH='$(PATH)' shard-ls -l
# what make or a shell would read as its own in a name
odd    := LC_ALL=C grep -q $$'[^[:alnum:]_./,+@~\t\200-\377-]'
splits := $(notdir $(wildcard $(IN)/train $(IN)/val $(IN)/test))

SHELL       := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DELETE_ON_ERROR:
.PHONY: all

all: $(OUT)/_SUCCESS

# What must not be: one inside the other, an unfinished input, another's output.
bad := $(shell in=$$(readlink -m $(IN))/ out=$$(readlink -m $(OUT))/; \
	case $$out in ($$in*) echo OUT lies in IN;; esac; \
	case $$in in ($$out*) echo IN lies in OUT;; esac; \
	for s in $(splits); do ! $(find) $(IN)/$$s | $(odd) || \
	echo $(IN)/$$s: a name that make would read; done; \
	test -d $(IN)/train || echo $(IN)/train: no such directory; \
	test ! -d $(IN)/_shards || test -e $(IN)/_SUCCESS || \
	echo $(IN): its run did not finish, there is no _SUCCESS; \
	test ! -e $(OUT)/_job.tsv || \
	test "$$(cat $(OUT)/_job.tsv)" = "$$(printf 'impute\ttraining')" || \
	echo $(OUT) belongs to another job)
$(if $(bad),$(error $(bad)))

fit   := $(ART) --numeric $(NUMERIC) --text $(TEXT) $(FIT) \
	$(if $(LABEL),--label $(LABEL))
parts := $(OUT)/_run/fit/parts
full  := $(OUT)/_run/fit/full

# Which shard is which: `out/_shards/train/00042.tsv: out/train/part-00042.csv`
# and, of train, `parts/00042.st full/00042.st: ...`
shards  := $(OUT)/_run/shards.mk
# and the words of the fit: other ones make it again
options := $(OUT)/_run/options
$(shell mkdir -p $(parts) $(full) $(ART); for s in $(splits); do \
	$(find) $(IN)/$$s | awk -v o=$(OUT) -v p=$(OUT)/_run/fit -v s=$$s '{ \
	print o "/_shards/" s "/" $$1 ".tsv: " $$5; \
	if (s == "train") \
	print p "/parts/" $$1 ".st " p "/full/" $$1 ".st: " $$5 }'; \
	done >$(shards).new; cmp -s $(shards).new $(shards) || \
	cp $(shards).new $(shards); printf 'impute\ttraining\n' >$(OUT)/_job.tsv; \
	printf '%s\n' '$(subst ','\'',$(fit))' >$(options).new; \
	cmp -s $(options).new $(options) || cp $(options).new $(options))
include $(shards)
train   := $(shell $(find) $(IN)/train | cut -f 1)
records := $(shell grep -o '^$(OUT)/_shards/[^:]*' $(shards))
ifeq ($(train),)
$(error no shards in $(IN)/train)
endif

# scan A: a partial per train shard
$(parts)/%.st:
	shard-stats --moments --header-of $(firstword $(sources)) -o $(parts) $<
	touch $@
sources = $(shell $(find) $(IN)/train | cut -f 5)

# which values are needed besides
$(OUT)/_run/need.tsv: $(train:%=$(parts)/%.st) $(options) $(shards)
	printf '%s\n' $(filter %.st,$^) | shard-stats --merge -o $(ART) --files-from -
	shard-fit $(fit) --need >$@.new
	mv $@.new $@

# scan B: their values added to the partials, if any are needed
$(full)/%.st: $(OUT)/_run/need.tsv $(parts)/%.st
	if test -s $<; then shard-stats --update $(parts) --values $< \
		-o $(full) $(filter-out $< $(parts)/%,$^); \
	else cp $(parts)/$*.st $@; fi
	touch $@

$(OUT)/_run/fitted: $(train:%=$(full)/%.st)
	printf '%s\n' $^ | shard-stats --merge -o $(ART) --files-from -
	shard-fit $(fit)
	{ cat $(ART)/impute.tsv; cut -f 1,2,5 $(ART)/schema.tsv; } >$(facts).new
	cmp -s $(facts).new $(facts) || cp $(facts).new $(facts)
	touch $@

# what every shard's output depends on: as old as its last change
facts := $(OUT)/_run/facts
$(facts): $(OUT)/_run/fitted ;

# pass 2: every shard alone; the split is the directory of its record
$(records): $(facts)
	shard-run cat $(filter-out $<,$^) : impute -c $(ART) \
		: write -o $(OUT) --empty header \
		--split $(notdir $(@D)) --scope $(notdir $(@D))

$(OUT)/_SUCCESS: $(records) $(shards)
	shard-check --clean $(OUT)
	for s in $(splits); do shard-ls $(IN)/$$s | \
		shard-check --prune --scope $$s --files-from - $(OUT); done
	shard-check --build --quick $(OUT)
