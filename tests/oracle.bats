#!/usr/bin/env bats
# pipelines/preprocess against oracle/oracle.py, which works out the same job
# the slow way: every output byte, the account and the cutoffs must be equal.
# ORACLE_SEEDS chooses other inputs than 1-12: "7", "1 2 3", "1-500".

load helper

need_python() {
	need python3
}

# seeds I: the I-th third (1, 2 or 3) of the chosen seeds, one per line.
seeds() {
	local word
	for word in ${ORACLE_SEEDS:-1-$(some 36)}; do
		case $word in
		*-*) seq "${word%-*}" "${word#*-}" ;;
		*) printf '%s\n' "$word" ;;
		esac
	done | awk -v i="$1" '{ seed[NR] = $0 }
		END { for (n = 1; n <= NR; n++) if (int((n - 1) * 3 / NR) + 1 == i) print seed[n] }'
}

oracle() {
	python3 -B "$TOP/tests/oracle/oracle.py" "$@"
}

# Without what the caller's environment would add to the options.
preprocess() {
	env -u LABEL_FIELD -u TRAIN_RATIO -u TEST_VAL_RATIO -u OUTPUT_FORMAT -u MAX_WORKERS \
		"$TOP/pipelines/preprocess" "$@"
}

# codec INPUT NNNNN: .gz where the input shard with this number is compressed.
codec() {
	local path number
	for path in "$1"/part-*; do
		number=${path##*/part-}
		number=${number%%[!0-9]*}
		if [ "$((10#$number))" -eq "$((10#$2))" ]; then
			case $path in *.gz) echo .gz ;; esac
		fi
	done
}

# equal WANT GOT: both files exist and hold the same bytes; GOT may be gzipped.
equal() {
	local got=$2
	if [ ! -f "$got" ]; then
		echo "missing: $got"
		return 1
	fi
	case $got in
	*.gz)
		gunzip -c "$got" > "$BATS_TEST_TMPDIR/plain" || return 1
		got=$BATS_TEST_TMPDIR/plain
		;;
	esac
	cmp -s "$1" "$got" && return
	echo "differs: $2"
	diff -a -u "$1" "$got" | head -n 20 | cat -v
	return 1
}

# same EXPECT OUT INPUT SPLIT…: OUT holds in these splits what the oracle expects, and nothing else.
same() {
	local expect=$1 out=$2 input=$3 path name number bad=0
	shift 3
	: > "$BATS_TEST_TMPDIR/want"
	for path in "$expect"/*/part-*; do
		[ -f "$path" ] || continue
		name=${path#"$expect"/}
		number=${name##*/part-}
		name=$name$(codec "$input" "${number%%.*}")
		printf '%s\n' "$name" >> "$BATS_TEST_TMPDIR/want"
		equal "$path" "$out/$name" || bad=1
	done
	for path in "$@"; do
		[ ! -d "$out/$path" ] || (cd "$out" && find "$path" ! -type d)
	done | LC_ALL=C sort > "$BATS_TEST_TMPDIR/got"
	LC_ALL=C sort -o "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/want"
	if ! cmp -s "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"; then
		echo "other files than expected:"
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" | head -n 20
		bad=1
	fi
	equal "$expect/_account.tsv" "$out/_account.tsv" || bad=1
	[ ! -f "$expect/split.tsv" ] || equal "$expect/split.tsv" "$out/_context/split.tsv" || bad=1
	[ ! -f "$expect/labels.tsv" ] || equal "$expect/labels.tsv" "$out/_context/labels.tsv" || bad=1
	return "$bad"
}

# train SEED CASE: makes the case, runs both sides over it and compares.
train() (
	trap - DEBUG # of bats, which would take half of the time here
	workers=$((RANDOM % 3 + 1))
	python3 -B "$TOP/tests/oracle/randomcase.py" "$1" "$2" || return 1
	read -r -a args < "$2/args"
	if oracle --job-type training --input "$2/in" --expect "$2/expect" "${args[@]}" > "$2/log" 2>&1 &&
		preprocess --job-type training --input "$2/in" --output "$2/out" --workers "$workers" "${args[@]}" \
			> "$2/log" 2>&1 &&
		same "$2/expect" "$2/out" "$2/in" train val test > "$2/log" 2>&1; then
		return
	fi
	echo "seed $1, --workers $workers ${args[*]}"
	head -n 60 "$2/log"
	return 1
)

# The I-th third of the seeds; every seed that fails is named.
train_third() {
	local seed bad=0
	for seed in $(seeds "$1"); do
		train "$seed" "$BATS_TEST_TMPDIR/$seed" || bad=1
		rm -rf "${BATS_TEST_TMPDIR:?}/$seed"
	done
	return "$bad"
}

# validate CASE INPUT LABEL: a validation run over INPUT with the context that CASE's training left.
validate() {
	rm -rf "$1/expect-validation" "$1/out-validation"
	oracle --job-type validation --input "$2" --expect "$1/expect-validation" --label "$3" \
		--context "$1/expect" > /dev/null || return 1
	preprocess --job-type validation --input "$2" --output "$1/out-validation" --label "$3" \
		--context "$1/out/_context" || return 1
	same "$1/expect-validation" "$1/out-validation" "$2" train val test validation
}

@test "preprocess: equals a brute-force oracle on random inputs (first third of ORACLE_SEEDS)" {
	need_python
	train_third 1
}

@test "preprocess: equals a brute-force oracle on random inputs (second third of ORACLE_SEEDS)" {
	need_python
	train_third 2
}

@test "preprocess: equals a brute-force oracle on random inputs (last third of ORACLE_SEEDS)" {
	need_python
	train_third 3
}

@test "preprocess: validation takes the codes of text labels from the training context" {
	need_python
	local dir=$BATS_TEST_TMPDIR/case
	mkdir -p "$dir/in" "$dir/validation"
	printf '%s\n' label,orderDate ok,2011-01-01 fraud,2011-01-02 > "$dir/in/part-00000.csv"
	printf '%s\n' label,orderDate 1,2011-01-03 '"dispute, lost",2011-01-04' > "$dir/in/part-00001.csv"
	oracle --job-type training --input "$dir/in" --expect "$dir/expect" --label label > /dev/null
	preprocess --job-type training --input "$dir/in" --output "$dir/out" --label label
	same "$dir/expect" "$dir/out" "$dir/in" train val test
	# Header only; nothing but missing labels; a label that looks like a number; a label seen in one shard only.
	printf '%s\n' label,orderDate > "$dir/validation/part-00000.csv"
	printf '%s\n' label,orderDate ,2012-01-01 '"",2012-01-01' > "$dir/validation/part-00003.csv"
	printf '%s\n' label,orderDate 1,2012-01-01 '"1",2012-01-01' | gzip > "$dir/validation/part-00004.csv.gz"
	printf '%s\n' label,orderDate ok,2012-01-01 ,2012-01-01 '"dispute, lost",2012-01-01' \
		> "$dir/validation/part-00005.csv"
	validate "$dir" "$dir/validation" label
	printf '%s\n' label,orderDate 3,2012-01-01 1,2012-01-01 | cmp - "$dir/out-validation/validation/part-00005.csv"
}

@test "preprocess: validation of single shards of random inputs equals the oracle" {
	need_python
	local seed dir path args label i bad=0 runs=0
	for seed in $(seeds 1); do
		dir=$BATS_TEST_TMPDIR/$seed
		train "$seed" "$dir" || bad=1
		if [ -f "$dir/expect/labels.tsv" ]; then
			read -r -a args < "$dir/args"
			for i in "${!args[@]}"; do
				[ "${args[i]}" != --label ] || label=${args[i + 1]}
			done
			# Alone, a shard may hold nothing but numbers where the training's labels were text.
			for path in "$dir"/in/part-*; do
				rm -rf "$dir/one"
				mkdir "$dir/one"
				cp "$path" "$dir/one"
				runs=$((runs + 1))
				validate "$dir" "$dir/one" "$label" > "$dir/log" 2>&1 && continue
				echo "seed $seed, --label $label, only ${path##*/}"
				head -n 40 "$dir/log"
				bad=1
			done
		fi
		rm -rf "$dir"
	done
	[ "$bad" -eq 0 ]
	[ "$runs" -gt 0 ] || skip "none of these seeds has text labels"
}
