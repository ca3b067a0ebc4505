# shellcheck shell=bash
# What the tests of imputation share.  Loaded behind helper and more.

unset NA_RULE JOB_TYPE EXCLUDE_COLUMNS \
	DEFAULT_NUMERICAL_STRATEGY NUMERICAL_CONSTANT_VALUE \
	DEFAULT_TEXT_STRATEGY TEXT_CONSTANT_VALUE \
	DEFAULT_CATEGORICAL_STRATEGY CATEGORICAL_CONSTANT_VALUE \
	CATEGORICAL_UNIQUE_RATIO_THRESHOLD "${!COLUMN_STRATEGY_@}"

# What an imputation leaves for others, byte for byte the same for any
# partition of the rows.
export ARTIFACTS="impute.tsv impute_dict.json impute_dict.pkl"

need_python() {
	command -v python3 >/dev/null ||
		skip "python3 is not installed; the oracle is written in it"
}

impute_oracle() {
	python3 -B "$TOP/tests/oracle/impute_oracle.py" "$@"
}

# words FILE: into the array `words`, what stands there, each ended by NUL.
words() {
	# shellcheck disable=SC2034
	mapfile -d '' -t words <"$1"
}

# scan CTX SHARD... [-- OPTION...]: moments and value counts of all columns of
# the shards, merged.
scan() {
	local ctx=$1 files=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		files+=("$1")
		shift
	done
	shard-stats --moments --values all "${@:2}" -o "$ctx/parts" "${files[@]}" &&
		shard-stats --merge -o "$ctx" "$ctx/parts"
}

# fit ART SHARD... [-- OPTION...]: scanned and fitted, ART the context too.
fit() {
	local art=$1 files=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		files+=("$1")
		shift
	done
	scan "$art" "${files[@]}" && shard-fit "$art" "${@:2}"
}

# filled ART COLUMN: the fill value that impute.tsv has for it.
filled() {
	awk -F '\t' -v c="$2" 'NR > 1 && $1 == c { print $3; n++ } END { exit n != 1 }' "$1/impute.tsv"
}

# same_artifacts A B: of one fit.
same_artifacts() {
	local name bad=0
	for name in $ARTIFACTS; do
		cmp "$1/$name" "$2/$name" && continue
		diff -a "$1/$name" "$2/$name" | head -n 6 | cat -v
		bad=1
	done
	return "$bad"
}

# unsealed OUT [ART]: a failed run claims no success and leaves no temp file.
unsealed() {
	local found
	[[ ! -e $1/_SUCCESS ]] || { echo "$1/_SUCCESS is there"; return 1; }
	found=$(find "$@" -name '.tmp*' 2>/dev/null) || :
	[[ -z $found ]] || { echo "left behind: $found"; return 1; }
}

# splits DIR N: rows of `table N` dealt to train (6 of 10), val and test, two
# shards each.
splits() {
	local split
	mkdir -p "$1"/{train,val,test}
	for split in train val test; do
		table "$2" | awk -v s=$split 'NR == 1 { print; next }
			{ d = NR % 10; at = d < 6 ? "train" : d < 8 ? "val" : "test" } at == s' >"$1/all"
		awk 'NR == 1 || NR % 2' "$1/all" >"$1/$split/part-00000.csv"
		awk 'NR == 1 || NR % 2 == 0' "$1/all" >"$1/$split/part-00003.csv"
	done
	rm "$1/all"
}

# table N: numbers, prices, names, flags and times, about one cell in five
# empty, tokens among them; the label is never missing.
table() {
	awk -v n="$1" 'BEGIN {
		print "id,count,price,name,flag,when,label"
		for (i = 0; i < n; i++)
			printf "%d,%s,%s,%s,%s,%s,%d\n", i,
				i % 5 == 1 ? "" : i % 7 == 3 ? "NA" : i * 37 % 11,
				i % 6 == 2 ? "" : i * 13 % 17 ".50",
				i % 4 == 1 ? (i % 8 == 1 ? "" : "\"\"") : "\"n, " i % 3 "\"",
				i % 9 == 4 ? "nan" : i % 3 ? "true" : "false",
				i % 8 == 5 ? "" : "2024-01-0" i % 4 + 1,
				i % 2
	}'
}
export -f table

# refused COMMAND...: it ends with 1 or 2, says why, and is not struck down.
refused() {
	run --separate-stderr "$@"
	# shellcheck disable=SC2154
	if [[ $status == [12] && -n $stderr ]]; then return; fi
	printf 'status %s: %s\nstderr: %s\n' "$status" "$*" "$stderr"
	return 1
}

# dict FILE: what python makes of a .json or .pkl, one `column<TAB>repr` per
# line.
dict() {
	python3 -B - "$1" <<'END'
import json, pickle, sys

name = sys.argv[1]
with open(name, "rb") as file:
    found = pickle.load(file) if name.endswith(".pkl") else json.load(file)
assert type(found) is dict, type(found)
for column, value in found.items():
    print("%s\t%r" % (column, value))
END
}
