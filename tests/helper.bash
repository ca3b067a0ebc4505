# shellcheck shell=bash
# Loaded by every test file: the build first in PATH, small makers of input.

bats_require_minimum_version 1.5.0
TOP=$(cd "$BATS_TEST_DIRNAME" && while [[ ! -e config.mk ]]; do cd ..; done && pwd)
export TOP
PATH=${SHARDKIT_BIN:-$TOP/bin}:$TOP/pipelines:$PATH
export LC_ALL=C
unset SHARD_STRICT SHARD_DELIM INPUT_DIR GROUP_COLUMN ORDER_COLUMN \
	MAX_ROWS_PER_BATCH SHARDKIT_BATCH_MEMORY LABEL_FIELD TRAIN_RATIO TEST_VAL_RATIO \
	OUTPUT_FORMAT MAX_WORKERS ENABLE_TRUE_STREAMING OPTIMIZE_MEMORY
export PATH

# What killed jobs leave behind goes with the test's own directory.
if [[ -n ${BATS_TEST_TMPDIR-${BATS_FILE_TMPDIR-}} ]]; then
	export TMPDIR=${BATS_TEST_TMPDIR-$BATS_FILE_TMPDIR}/.scratch
	mkdir -p "$TMPDIR"
fi

# In CI a missing tool is a failure, so that a broken machine cannot look
# green.
need() {
	command -v "$1" >/dev/null && return
	[[ -n ${CI-} ]] && { echo "needs $1" >&2; return 1; }
	skip "needs $1"
}

# some N: how many of N samples a test takes: a third, so that the suite takes
# minutes; all of them with EXHAUST=1, as in `make torture`.
some() {
	[[ -n ${EXHAUST-} ]] && echo "$1" || echo $((($1 + 2) / 3))
}

# rows N: a table of N rows with ids, times, keys and quoted text.
rows() {
	awk -v n="$1" 'BEGIN {
		print "id,orderDate,customerId,note,label"
		for (i = 0; i < n; i++)
			printf "%d,2024-%02d-%02d %02d:00:00,c%d,\"text, %d \"\"q\"\"\",%d\n", i,
				i / 28 % 12 + 1, i % 28 + 1, i % 24, i % 7, i, i % 2
	}'
}

# The tree's files and their digests, in order.
tree() {
	(cd "$1" && find . -type f "${@:2}" | sort | xargs -r -d '\n' sha256sum)
}

# What two runs of a job must agree on: shards, records' sums, cutoffs.
result() {
	tree "$1" -path './[tvo]*/*'
	cat "$1/_manifest.tsv" "$1/_account.tsv"
	cat "$1/_context/split.tsv" 2>/dev/null || :
}
