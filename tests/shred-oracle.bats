#!/usr/bin/env bats
# pipelines/shred against oracle/shred_oracle.py, which works out the same job
# the slow way: every batch, the map, manifest and account must be equal.
# ORACLE_SEEDS chooses other inputs than 1-12: "7", "1 2 3", "1-500".

# shellcheck disable=SC2016 # what looks like the shell's is for --each

load helper
load more
load shred

setup_file() {
	local data=${SHARDKIT_DATA:-$TOP/../shared/data}
	[[ -x $data/unpack ]] || return 0
	"$data/unpack" "$BATS_FILE_TMPDIR" >/dev/null
}

setup() {
	need_python
	cd "$BATS_TEST_TMPDIR" || return 1
}

real() {
	[[ -d $BATS_FILE_TMPDIR/parts ]] || skip "no real data (SHARDKIT_DATA is unset)"
	ln -s "$BATS_FILE_TMPDIR/parts" parts
	ln -s "$BATS_FILE_TMPDIR/by-day" by-day
}

# third I: the I-th third (1, 2 or 3) of the seeds.
third() {
	seeds "1-$(some 36)" | awk -v i="$1" '{ seed[NR] = $0 }
		END { for (n = 1; n <= NR; n++) if (int((n - 1) * 3 / NR) + 1 == i) print seed[n] }'
}

# case_of SEED: made, in the directory SEED, and its options in `words`.
case_of() {
	python3 -B "$TOP/tests/oracle/shred_randomcase.py" "$1" "$1" && mapfile -d '' -t words <"$1/args"
}

# told SEED HOW: what is known of a failure.
told() {
	echo "seed $1, $2: shred$(printf ' %q' "${words[@]}")"
	head -n 30 "$1/log"
}

# equal_third I: each seed with one, some or many workers, and a small buffer.
equal_third() {
	local seed how bad=0
	for seed in $(third "$1"); do
		case_of "$seed" || return 1
		case $((RANDOM % 4)) in
		0) how="--workers 1 --buffer 1M" ;;
		1) how="--workers 2 --buffer 1M" ;;
		2) how="--workers 5 --buffer 1M" ;;
		3) how="--workers 2" ;;
		esac
		# shellcheck disable=SC2086
		(cd "$seed" && shred "${words[@]}" --output out $how && oracle compare out "${words[@]}") >"$seed/log" 2>&1 ||
			{ told "$seed" "$how"; bad=1; }
		rm -rf "$seed"
	done
	return $bad
}

@test "shred: the oracle itself gives the files written out by hand" {
	mkdir in
	printf '%s\n' k,when,v b,2024-01-02T00:00:00Z,1 '"a,",2024-01-02T01:30:00+02:00,2' ,2024-01-01T00:00:00Z,3 \
		zz,2024-01-01T00:00:00Z,4 >in/part-1.csv
	printf '%s\r\n' $'\357\273\277k,when,v' $'"a,",2024-01-01T23:30:00.000Z,"5\n5"' \
		'"a,",2024-01-01T18:29:59.999999999-05:00,6' 'b,2024-01-01T00:00:00Z,""' 'c/..,2024-01-01T00:00:00Z,8' \
		>in/part-00000.csv
	cp -r in in2
	args=(--input in --key k --order when --max-rows 3 --where 'v != 4')
	oracle expect want "${args[@]}"
	printf 'k\tbatch_id\na,\t0\nb\t1\nc/..\t1\n' | cmp - want/batches.tsv
	# three ways to write the half hour before midnight; ties by shard and row
	printf 'k,when,v\n%s\n"a,",%s\n5"\n"a,",%s\n' '"a,",2024-01-01T18:29:59.999999999-05:00,6' \
		'2024-01-01T23:30:00.000Z,"5' 2024-01-02T01:30:00+02:00,2 >by-hand
	cmp by-hand want/batch-data-0.csv
	printf '%s\n' k,when,v 'b,2024-01-01T00:00:00Z,""' b,2024-01-02T00:00:00Z,1 c/..,2024-01-01T00:00:00Z,8 |
		cmp - want/batch-data-1.csv
	printf 'shard\tkind\tname\trows\n00000\tin\tdata\t4\n00000\tout\tdata\t4\n00001\tdrop\tfiltered\t1\n%b' \
		'00001\tdrop\tmissing-group\t1\n00001\tin\tdata\t4\n00001\tout\tdata\t2\n' | cmp - want/_account.tsv
	[[ $(cd want && echo *) == "_account.tsv batch-data-0.csv batch-data-1.csv batches.tsv" ]]
	# by day, down, with the unplanned rows, and what a command makes of all
	printf 'k\nb\na,\n' >universe
	args=(--input in2 --key k --order when:tr --by-day time --groups universe --unplanned keep --columns when)
	oracle expect days "${args[@]}"
	[[ $(cd days && find . -type f | sort | tr '\n' ' ') == \
		"./2024-01-01/_account.tsv ./2024-01-01/batch-data-0.csv ./2024-01-01/batch-data-unplanned.csv ./2024-01-01/batches.tsv ./2024-01-02/_account.tsv ./2024-01-02/batch-data-0.csv ./2024-01-02/batches.tsv ./_account.tsv " ]]
	printf '%s\n' k,when '"a,",2024-01-01T23:30:00.000Z' '"a,",2024-01-02T01:30:00+02:00' \
		'"a,",2024-01-01T18:29:59.999999999-05:00' b,2024-01-01T00:00:00Z | cmp - days/2024-01-01/batch-data-0.csv
	printf '%s\n' k,when ,2024-01-01T00:00:00Z c/..,2024-01-01T00:00:00Z zz,2024-01-01T00:00:00Z |
		cmp - days/2024-01-01/batch-data-unplanned.csv
	oracle expect each "${args[@]}" --each 'echo day,n; echo $SHARD_DAY/{day},$(($(wc -l <"$1") - 1))'
	printf '%s\n' day,n 2024-01-01/2024-01-01,4 2024-01-02/2024-01-02,1 | cmp - each/result.csv
	[[ ! -e each/2024-01-01/batch-data-0.csv && -e each/2024-01-01/batch-data-unplanned.csv ]]
}

@test "shred: the oracle finds what is wrong with an output" {
	mkdir in
	printf '%s\n' k,t b,2 a,2 a,1 >in/part-0.csv
	args=(--input in --key k --order t --fixed 1)
	oracle expect good "${args[@]}"
	{
		printf 'shard\tsplit\tpath\trows\tbytes\txxh3\n'
		for i in 0 1; do
			f=good/batch-data-$i.csv
			printf '%d\tdata\t%s\t%d\t%d\t' $i "${f##*/}" $((2 - i)) "$(stat -c %s $f)"
			python3 -B -c 'import sys; sys.path.insert(0, sys.argv[1]); import shred_oracle
f = shred_oracle.xxh3_of(); print(f(sys.argv[2]) if f else "?")' "$TOP/tests/oracle" $f
		done
	} >good/_manifest.tsv
	touch good/_SUCCESS
	oracle compare good "${args[@]}"
	spoiled() {
		rm -rf bad
		cp -r good bad
		eval "$2"
		run -1 oracle compare bad "${args[@]}"
		[[ $output == *"$1"* ]] || { echo "$2: $output"; return 1; }
	}
	spoiled "batch-data-0.csv: differs" 'printf "%s\n" k,t a,2 a,1 >bad/batch-data-0.csv'
	spoiled "batch-data-1.csv: missing" 'rm bad/batch-data-1.csv'
	spoiled "batches.tsv: differs" 'sed -i "s/b.1/b\t0/" bad/batches.tsv'
	spoiled "nobody's file" 'touch bad/batch-data-2.csv'
	spoiled "left over" 'mkdir bad/_run && touch bad/_run/.tmp.7'
	spoiled "_SUCCESS: missing" 'rm bad/_SUCCESS'
	spoiled "not in order" 'sed -i "2{h;d};3G" bad/_manifest.tsv'
	spoiled "no line for" '$(echo sed -i 2d bad/_manifest.tsv)'
	spoiled "digest" 'sed -i "2s/.$/g/" bad/_manifest.tsv'
	spoiled "does not close" 'sed -i 3s/3/2/ bad/_account.tsv'
	spoiled "too much" 'sed -i "s/00000/00001/" bad/_account.tsv'
}

@test "shred: equals a brute-force oracle on random inputs (first third of ORACLE_SEEDS)" {
	equal_third 1
}

@test "shred: equals a brute-force oracle on random inputs (second third of ORACLE_SEEDS)" {
	equal_third 2
}

@test "shred: equals a brute-force oracle on random inputs (last third of ORACLE_SEEDS)" {
	equal_third 3
}

@test "shred: 1, 2 and 5 workers and any buffer give the same bytes on random inputs" {
	local seed how bad=0
	for seed in $(third 1 | head -n "$(some 6)"); do
		case_of "$seed"
		for how in "--workers 1" "--workers 2 --buffer 1M" "--workers 5 --buffer 1M"; do
			rm -rf "$seed/out"
			# shellcheck disable=SC2086
			(cd "$seed" && shred "${words[@]}" --output out $how) >"$seed/log" 2>&1 && promised "$seed/out" >"$seed/got" &&
				{ [[ -e $seed/want ]] || cp "$seed/got" "$seed/want"; } &&
				diff "$seed/want" "$seed/got" >>"$seed/log" && continue
			told "$seed" "$how"
			bad=1
		done
	done
	((bad == 0))
}

@test "shred: a second run on random inputs does nothing" {
	local seed bad=0
	for seed in $(third 2 | head -n "$(some 6)"); do
		case_of "$seed"
		(
			cd "$seed" && shred "${words[@]}" --output out && inodes out >before &&
				shred "${words[@]}" --output out --workers 2 && inodes out | diff before -
		) >"$seed/log" 2>&1 || { told "$seed" "again"; bad=1; }
	done
	((bad == 0))
}

@test "shred: real shards by StockCode, 20,000 rows to a batch, equal the oracle" {
	real
	args=(--input parts --key StockCode --order orderDate --max-rows 20000)
	shred "${args[@]}" --output out --workers 2 >log
	agrees out "${args[@]}"
	shred "${args[@]}" --output small --workers 1 --buffer 4M >log
	cmp <(promised out) <(promised small)
	[[ $(awk -F '\t' 'NR > 1 { n += $4 } END { print n }' out/_manifest.tsv) == 541909 ]]
	shard-check out
}

@test "shred: real shards by day and Country, --each, sum up to what the whole table has" {
	local days=() n
	real
	days=(parts/*) && n=${#days[@]} && n=$(some "$n")
	mkdir some && cp "${days[@]:0:n}" some
	# lines and pieces by day and country, from the whole table at once
	python3 -B - >want <<'END'
import collections, csv, glob
sums = collections.defaultdict(lambda: [0, 0])
for path in sorted(glob.glob("some/*.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            both = sums[row["orderDate"][:10], row["Country"]]
            both[0] += 1
            both[1] += int(row["Quantity"])
print("day,country,lines,pieces")
for (day, country), (lines, pieces) in sorted(sums.items()):
    print("%s,%s,%d,%d" % (day, country, lines, pieces))
END
	args=(--key Country --order orderDate --columns Quantity --max-rows 1000
		--each 'awk -F , -v day={day} '"'"'
			NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print "day,country,lines,pieces"; next }
			{ k = $c["Country"]; lines[k]++; pieces[k] += $c["Quantity"]; if (!(k in at)) { at[k] = ++n; name[n] = k } }
			END { for (i = 1; i <= n; i++) printf "%s,%s,%d,%d\n", day, name[i], lines[name[i]], pieces[name[i]] }'"'"' {}')
	shred --input some --output out --by-day "${args[@]}" >log
	diff want out/result.csv
	[[ $(find out -mindepth 1 -maxdepth 1 -type d -name '2*' | wc -l) == "$n" && -z $(find out -name 'batch-*') ]]
	[[ $(awk -F '\t' '$2 == "out" { n += $4 } END { print n }' out/_account.tsv) == "$(tail -q -n +2 some/* | wc -l)" ]]
}

@test "shred: real shards named by day alone give the same days" {
	real
	mkdir some
	cp by-day/2011-0[12]-0* some/
	args=(--key Country --order InvoiceDate --max-rows 1000 --by-day)
	shred --input some --output out "${args[@]}" >log
	agrees out --input some "${args[@]}"
}
