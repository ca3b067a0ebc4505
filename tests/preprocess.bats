#!/usr/bin/env bats
# preprocess: where its options come from, what it would do, what it did.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
	for i in 0 1 2; do rows $((20 + i)) >in/part-$i.csv; done
}

train() {
	preprocess --job-type training --input in --output out --workers 2 "$@"
}

# config NAME: value and origin of that option, as --print-config has them.
config() {
	awk -v name="$1" '$1 == name { sub(/^[^ ]+ +/, ""); sub(/  +/, "|"); print }'
}

@test "preprocess: everyday words in a user's environment are no options" {
	preprocess --print-config >want
	env SPLIT=a SEED=b TIES=c SIGNATURE=d RAGGED=e CUTOFFS=f NULL_KEY=g HEADER_POLICY=h UNSEEN_LABEL=i \
		MISSING_TIME=j preprocess --print-config | cmp - want
	SHARDKIT_SEED=7 SHARDKIT_TIES=one LABEL_FIELD=l preprocess --print-config >got
	[[ $(config seed <got) == "7|environment SHARDKIT_SEED" ]]
	[[ $(config ties <got) == "one|environment SHARDKIT_TIES" ]]
	[[ $(config label <got) == "l|environment LABEL_FIELD" ]]
}

@test "preprocess: the make rules take no everyday word from the environment" {
	make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=in OUT=want
	env IN=a CTX=b TIME=c KEY=d NULL_KEY=e TIES=f LABEL=g \
		make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=in OUT=got
	cmp <(result want) <(result got)
}
