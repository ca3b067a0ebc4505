# shellcheck shell=bash
# What the tests of the shredding job share.

# The job, and never the program of that name in coreutils.
shred() {
	"$TOP/pipelines/shred" "$@"
}
export -f shred

need_python() {
	command -v python3 >/dev/null || skip "python3 is not installed; the oracle is written in it"
}

oracle() {
	python3 -B "$TOP/tests/oracle/shred_oracle.py" "$@"
}

# agrees OUT OPTION...: the oracle finds in OUT what these options must give.
agrees() {
	oracle compare "$@"
}

# seeds: the chosen ones, one per line.
seeds() {
	local word
	for word in ${ORACLE_SEEDS:-$1}; do
		case $word in
		*-*) seq "${word%-*}" "${word#*-}" ;;
		*) printf '%s\n' "$word" ;;
		esac
	done
}

# promised OUT: all that the job promises, by digest: its files, manifests and
# accounts, but not its notes for itself.
promised() {
	tree "$1" \( ! -path '*/_*' -o -name _manifest.tsv -o -name _account.tsv -o -name _SUCCESS \)
}

# inodes OUT: the same files, by when and as what they were made.
inodes() {
	(cd "$1" && find . -type f ! -path '*/_*' -printf '%p %i %T@\n' | sort)
}

# clean OUT: nothing begun is left over, and no rows but in the batches: the
# rows have a MARK, which notes of the job have not.
clean() {
	local found
	found=$(find "$1" -name '.*' ! -path "$1" && find "$TMPDIR" -mindepth 1) || :
	found+=$(find "$1" -path '*/_*' -type f -exec grep -lF MARK {} +) || :
	[[ -z $found ]] && return
	printf 'left over: %s\n' "$found"
	return 1
}

# unsealed OUT: no _SUCCESS and no result.csv in it.
unsealed() {
	[[ ! -e $1/_SUCCESS && ! -e $1/result.csv ]]
}

# ticks ROWS SEED: a table in no order, of 23 symbols over three days, with
# quotes and ties.
ticks() {
	awk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed)
		print "sym,t,price,size,note"
		for (i = 0; i < n; i++) {
			printf "%s,2024-01-%02d %02d:%02d:%02d%s,%d,%d,", rand() < .01 ? "" : "S" int(rand() * rand() * 23),
				2 + int(rand() * 3), 9 + int(rand() * 8), int(rand() * 60), int(rand() * 60),
				rand() < .5 ? "" : sprintf(".%03d", rand() * 1000), rand() * 1000, rand() * 100
			print rand() < .3 ? "\"MARK, " i "\"" : "MARK" i
		}
	}'
}
