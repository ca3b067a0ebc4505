# shellcheck shell=sh disable=SC2154 # of --vars, or of the recipe
# job.sh - what the recipes of the jobs share; sourced, never run.

# job NAME WORD...: starts this recipe again below shard-job, which decides what
# the words and the inputs say and hands it over as variables: --vars TEXT.
job() {
	if [ "${2-}" = --vars ]; then
		eval "$3"
		return
	fi
	for bin in "${SHARDKIT_BIN:-/none}" "$here/../bin" "$here/../../bin" "${0%/*}"; do
		[ ! -x "$bin/shard-job" ] || exec "$bin/shard-job" --recipe "$0" "$@"
	done
	command -v shard-job >/dev/null || {
		echo "$1: the programs are missing: no shard-job in $here/../bin, $here/../../bin, ${0%/*} or PATH; build them with make, or name their directory in SHARDKIT_BIN" >&2
		exit 1
	}
	exec shard-job --recipe "$0" "$@"
}

# step TITLE LINE: runs the line; or prints it, behind the one before.
step() {
	if [ "$plan" ]; then
		printf ' &&\n%s' "$2"
		return
	fi
	[ -z "${SHARD_PROGRESS-}" ] || echo "=$1" >&"$SHARD_PROGRESS"
	eval "$2"
}

fail() { # MESSAGE
	echo "${0##*/}: $1" >&2
	exit 1
}
