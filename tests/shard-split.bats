#!/usr/bin/env bats
# shard-split: every row gets exactly one split, the same however it comes.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "split: train before the first cutoff, val before the second, test from there" {
	lines t.csv t 2024-01-01 2024-01-02 '"2024-01-02T00:00:00.000000001"' 2024-01-03 2025-01-01
	shard-split -t t --cutoffs 2024-01-02,2024-01-03 t.csv >got
	lines want t,_split 2024-01-01,train 2024-01-02,val '"2024-01-02T00:00:00.000000001",val' 2024-01-03,test 2025-01-01,test
	cmp want got
	shard-split -t t --cutoffs 2024-01-02,2024-01-02 t.csv | grep -c val >n || :
	[[ $(<n) == 0 ]]
}

@test "split: integer times are compared as integers" {
	lines t.csv t 9 10 100 -5
	shard-split -t t --cutoffs 10,100 t.csv >got
	lines want t,_split 9,train 10,val 100,test -5,train
	cmp want got
}

@test "split: the context's cutoffs and column serve when none are given" {
	rows 100 >part-1.csv
	context c part-1.csv
	shard-split -c c part-1.csv | awk -F , '{ n[$NF]++ } END { print n["train"], n["val"], n["test"] }' >got
	awk -F , 'NR > 1 { print $2 }' part-1.csv | sort | awk '
		{ t[NR - 1] = $0 }
		END {
			for (i = 0; i < NR; i++) n[t[i] < t[70] ? 0 : t[i] < t[85] ? 1 : 2]++
			print n[0], n[1], n[2]
		}' | cmp - got
}

@test "split: file, stream, pipe with end markers, list and one process give the same bytes" {
	rows 200 >part-1.csv
	context c part-1.csv
	printf 'customerId\tbatch_id\nc0\t0\nc2\t1\nc5\t0\n' >m
	for by in "temporal -c c" "hash -s 7" "group -k customerId" "group+time -k customerId -t orderDate --cutoffs 2024-05-01" "map --map m"; do
		# shellcheck disable=SC2086
		{
			shard-split --by $by part-1.csv >want
			shard-split --by $by <part-1.csv | cmp - want
			SHARD_STRICT=1 shard-cat part-1.csv | SHARD_STRICT=1 shard-split --by $by | shard-cat --end expect | cmp - want
			shard-run cat part-1.csv : split --by $by | cmp - want
			printf 'part-1.csv\0' | shard-split --by $by -0 --files-from - | cmp - want
		}
		[[ $(wc -l <want) -gt 1 ]]
	done
}

@test "split: hash does not depend on other rows or shards, only on seed and row" {
	rows 300 >all.csv
	shard-split -b hash all.csv | tail -n +2 | sort >want
	for part in '2,100' '101,301'; do { head -n 1 all.csv; sed -n "${part}p" all.csv; } | shard-split -b hash | tail -n +2; done | sort | cmp - want
	shard-split -b hash -s 1 all.csv | tail -n +2 | sort >other
	run ! cmp -s want other
	for split in train val test; do grep -q ",$split\$" want; done
	[[ $(shard-split -b hash --train-ratio 1 all.csv | grep -c ',train$') == 300 ]]
	[[ $(shard-split -b hash --train-ratio 0 --test-val-ratio 0 all.csv | grep -c ',test$') == 300 ]]
}

@test "split: group keeps a key in one split, quoted or not" {
	rows 300 >t.csv
	sed '2,100s/,\(c[0-9]\),/,"\1",/' t.csv >q.csv
	shard-split -b group -k customerId q.csv | tail -n +2 | tr -d '"' | awk -F , '{ print $3, $NF }' | sort -u >got
	[[ $(wc -l <got) == 7 ]]
}

@test "split: group+time puts later rows of unknown customers out of time" {
	for i in {0..40}; do echo "k$i,2024-01-01"; echo "k$i,2024-09-01"; done >body
	{ echo k,t; cat body; } >t.csv
	shard-split -b group+time -k k -t t --cutoffs 2024-06-01 --end emit t.csv >got
	awk -F , 'NR > 1 && !/\004/ { s[$1, $2] = $3; keys[$1] = 1 }
		END {
			for (k in keys) {
				a = s[k, "2024-01-01"]; b = s[k, "2024-09-01"]
				if (!(a == "train" && b == "" || a == "val" && b == "oot")) { print k, a, b; bad = 1 }
				n[a]++
			}
			exit bad || !n["train"] || !n["val"]
		}' got
	tail -n 1 got | grep -q 'drop:filtered:[1-9]'
}

@test "split: --only drops the rows of the other splits, counted" {
	lines t.csv t 2024-01-01 2024-01-02 2024-01-03
	shard-split -t t --cutoffs 2024-01-02,2024-01-03 --only val --end emit t.csv >got
	printf 't,_split\n2024-01-02,val\n\004shardkit 1 1 drop:filtered:2 in:-:3\n' | cmp - <(plain <got)
	run -2 --separate-stderr shard-split -t t --cutoffs 2024-01-02,2024-01-03 --only none t.csv
	says '--only "none": no such split'
}

@test "split: a row without a time is refused with its line, or goes where it is told" {
	lines t.csv a,t 1,2024-01-01 2, 3,x '4,""'
	run -1 --separate-stderr shard-split -t t --cutoffs 2024-01-02,2024-01-03 t.csv
	says 't.csv:3: missing time "" in column t'
	lines u.csv a,t 1,2024-01-01 3,x
	run -1 --separate-stderr shard-split -t t --cutoffs 2024-01-02,2024-01-03 u.csv
	says 'u.csv:3: unparsable time "x" in column t'
	shard-split -t t --cutoffs 2024-01-02,2024-01-03 --missing-time test t.csv >got
	lines want a,t,_split 1,2024-01-01,train 2,,test 3,x,test '4,"",test'
	cmp want got
	shard-split -t t --cutoffs 2024-01-02,2024-01-03 --missing-time drop --end emit t.csv >got
	printf 'a,t,_split\n1,2024-01-01,train\n\004shardkit 1 1 drop:missing-time:3 in:-:4\n' | cmp - <(plain <got)
}

@test "split: a time of another kind than the cutoffs is refused with its line" {
	lines t.csv t 2024-01-01 2024-01-01T00:00:00Z
	run -1 --separate-stderr shard-split -t t --cutoffs 2024-01-02,2024-01-03 --missing-time drop t.csv
	says 't.csv:3: time "2024-01-01T00:00:00Z" in column t is of kind zoned'
}

@test "split: unknown columns and a column _split already there are refused" {
	lines t.csv a,t 1,2024-01-01
	run -1 --separate-stderr shard-split -t z --cutoffs 2024-01-02,2024-01-03 t.csv
	says 't.csv: no column "z"; the header has: a, t'
	run -1 --separate-stderr shard-split -b group -k z t.csv
	says 'no column "z"'
	lines t.csv a,_split 1,train
	run -1 --separate-stderr shard-split -b hash t.csv
	says "there is a column _split already"
}

@test "split: what decides nothing is wrong usage" {
	lines t.csv a,t 1,2024-01-01
	run -2 --separate-stderr shard-split t.csv
	says "--by=temporal needs cutoffs"
	run -2 --separate-stderr shard-split --cutoffs 2024-01-02,2024-01-03 t.csv
	says "--time COL is needed"
	run -2 --separate-stderr shard-split -b group t.csv
	says "--key COL is needed"
	for cutoffs in 2024-01-03,2024-01-02 2024-01-01 x,y 2024-01-01,5 ''; do
		run -2 --separate-stderr shard-split -t t --cutoffs "$cutoffs" t.csv
		says "--cutoffs"
	done
	run -2 --separate-stderr shard-split -b hash --train-ratio 1.1 t.csv
	says "not a number from 0 to 1"
}

@test "split: --explain says where a key goes; with rows to split it is wrong usage" {
	rows 50 >part-1.csv
	context c part-1.csv
	[[ $(shard-split -c c --explain c3) == "customerId c3: first at 2024-01-04 03:00:00 (shard 1, row 4), "* ]]
	run -2 --separate-stderr shard-split -c c --explain c3 part-1.csv
	says "--explain answers instead of reading rows: name no FILE with it"
	[[ -z $output ]]
	run -2 --separate-stderr shard-split -c c --explain c3 --files-from <(echo part-1.csv)
	says "--explain answers instead of reading rows"
	run -2 --separate-stderr shard-run cat part-1.csv : split -c c --explain c3
	says "--explain answers instead of reading rows"
	[[ -z $output ]]
}

# batches FILE LINE...: a batch map of keys and numbers, blanks as tabs.
batches() {
	printf '%s\n' 'k batch_id' "${@:2}" | tr ' ' '\t' >"$1"
}

@test "split: --map names the batch of each row's group; others are dropped, counted" {
	batches m 'ann 0' 'bob 1' 'cid 0' 'dora 2'
	lines t.csv id,k 1,dora 2,ann 3, '4,"bob"' 5,eve '6,""' 7,cid 8,an
	shard-split --map m --end emit t.csv >got
	printf '%s\n' id,k,_split 1,dora,batch-2 2,ann,batch-0 '4,"bob",batch-1' 7,cid,batch-0 \
		$'\004shardkit 1 4 drop:missing-group:2 drop:unplanned:2 in:-:8' | cmp - <(plain <got)
	shard-split --by map --map m -k k t.csv | cmp - <(head -n 5 got)
	shard-split --map m --unplanned keep --end emit t.csv >got
	printf '%s\n' id,k,_split 1,dora,batch-2 2,ann,batch-0 3,,unplanned '4,"bob",batch-1' 5,eve,unplanned \
		'6,"",unplanned' 7,cid,batch-0 8,an,unplanned $'\004shardkit 1 8 in:-:8' | cmp - <(plain <got)
}

@test "split: --map takes its column from the map, or as --key says" {
	batches m 'ann 0' 'bob 1'
	lines t.csv id,who,k 1,bob,ann
	[[ $(shard-split --map m t.csv | tail -n 1) == 1,bob,ann,batch-0 ]]
	[[ $(shard-split --map m -k who t.csv | tail -n 1) == 1,bob,ann,batch-1 ]]
	lines t.csv id,who 1,bob
	run -1 --separate-stderr shard-split --map m t.csv
	says 't.csv: no column "k"; the header has: id, who'
}

@test "split: --map obeys a context: NA tokens are no groups where keys are numbers" {
	printf 't,k,l\n' | tee part-1.csv >part-2.csv
	printf '2024-01-0%d,%s,1\n' 1 7 2 NA 3 8 4 '' >>part-1.csv
	printf '2024-01-0%d,%s,1\n' 1 x 2 NA >>part-2.csv
	for i in 1 2; do shard-stats -t t -k k -o c$i/parts part-$i.csv && shard-stats --merge -o c$i c$i/parts; done
	batches m '7 0' '8 0' 'NA 1' 'x 1'
	[[ $(shard-split --map m -c c1 --end emit part-1.csv | tail -n 1 | plain) == *" 2 drop:missing-group:2 in:-:4" ]]
	[[ $(shard-split --map m -c c2 --end emit part-2.csv | tail -n 1 | plain) == *" 2 in:-:2" ]]
	[[ $(shard-split --map m --end emit part-1.csv | tail -n 1 | plain) == *" 3 drop:missing-group:1 in:-:4" ]]
	[[ $(shard-split --map m -c c1 --explain NA) == "k NA: missing: dropped as missing-group" ]]
}

@test "split: --map with --only keeps one batch, and knows which there are" {
	batches m 'ann 0' 'bob 1'
	lines t.csv k ann bob eve ann
	shard-split --map m --only batch-0 --end emit t.csv >got
	printf '%s\n' k,_split ann,batch-0 ann,batch-0 $'\004shardkit 1 2 drop:filtered:1 drop:unplanned:1 in:-:4' |
		cmp - <(plain <got)
	[[ $(shard-split --map m --unplanned keep --only unplanned t.csv | tail -n +2) == eve,unplanned ]]
	for only in train batch-2 batch-01 batch- batch--0 batch-18446744073709551616 unplanned 0; do
		run -2 --separate-stderr shard-split --map m --only "$only" t.csv
		says "--only \"$only\": no such split (batch-0 to batch-1)"
	done
	run -2 --separate-stderr shard-split --map m --unplanned keep --only 0 t.csv
	says "(batch-0 to batch-1, unplanned)"
}

@test "split: --map with --explain says where a key goes" {
	batches m 'ann 0' 'bob 1'
	[[ $(shard-split --map m --explain bob) == "k bob: line 3 of m: batch-1" ]]
	[[ $(shard-split --map m --explain eve) == "k eve: not in m: dropped as unplanned" ]]
	[[ $(shard-split --map m --explain '') == "k : missing: dropped as missing-group" ]]
	[[ $(shard-split --map m --unplanned keep --explain eve) == "k eve: not in m: unplanned" ]]
	run -2 --separate-stderr shard-split --map m --explain bob t.csv
	says "--explain answers instead of reading rows"
}

@test "split: a map that is none is refused with its line, before any row" {
	lines t.csv k a
	for text in 'k\tbatch\na\t0\n:1: not the header of a batch map' 'k\tbatch_id\na\t1\n:2: batch 1, but' \
		'k\tbatch_id\na\t0\na\t0\n:3: key "a" is there twice, in line 2' 'k\tbatch_id\nb\t0\na\t0\n:3: key "a" behind "b"' \
		'k\tbatch_id\na\t0:2: truncated' 'k\tbatch_id\n\t0\n:2: an empty key is no group' ':1: empty, not even a header'; do
		printf '%b' "${text%%:*}" >m
		run -1 --separate-stderr shard-split --map m t.csv
		says "m:${text#*:}"
		[[ -z $output ]]
	done
	run -1 --separate-stderr shard-split --map none t.csv
	says "none: No such file"
	echo t.csv >list
	run -1 --separate-stderr shard-run --list list cat {} : split --map none
	says "none: No such file"
}

@test "split: options of a map and of other rules do not mix" {
	batches m 'a 0'
	lines t.csv k a
	run -2 --separate-stderr shard-split --by map t.csv
	says "--by=map needs the map: --map FILE"
	run -2 --separate-stderr shard-split --by hash --map m t.csv
	says "--map is for --by=map"
	run -2 --separate-stderr shard-split --by hash --unplanned keep t.csv
	says "--unplanned is for --by=map"
}

@test "split: partition by a map loses no row, whatever the keys, under ulimit -n 64" {
	command -v python3 >/dev/null || skip "python3 is not installed; the oracle is written in it"
	oracle() {
		python3 -B "$TOP/tests/oracle/map_oracle.py" "$@"
	}
	for seed in 1 2 3; do
		oracle make $seed
		rm -rf drop keep piped
		(
			ulimit -n 64
			shard-run cat part-1.csv : split --map m : write -o drop
			export SHARD_STRICT=1
			shard-cat part-1.csv | shard-split --map m --unplanned keep | shard-write -o keep --like part-1.csv
			shard-cat part-1.csv | shard-split --map m | shard-write -o piped --like part-1.csv
		)
		oracle check drop
		oracle check keep keep
		oracle check piped
	done
}

@test "split: a context cut in its cutoffs is refused" {
	rows 50 >part-1.csv
	context c part-1.csv
	cp c/split.tsv whole
	for ((n = 0; n < $(stat -c %s whole); n += 5)); do
		head -c "$n" whole >c/split.tsv
		if shard-split -c c part-1.csv >got 2>err; then
			echo "accepted: the first $n bytes"
			return 1
		fi
	done
	sed 's/2024/2x24/' whole >c/split.tsv
	run -1 --separate-stderr shard-split -c c part-1.csv
	says "c/split.tsv"
	rm c/split.tsv
	run ! --separate-stderr shard-split -c c part-1.csv
}

@test "split: --by day appends the day as written, or of UTC where the time has a zone" {
	lines t.csv a,t 1,2024-01-02 '2,"2024-01-02 23:59:59.999999999"' 3,2024-02-29T00:00 \
		4,2023-12-31T00:00:00 5,0001-01-01 6,9999-12-31
	shard-split --by day -t t t.csv >got
	lines want a,t,_split 1,2024-01-02,2024-01-02 '2,"2024-01-02 23:59:59.999999999",2024-01-02' \
		3,2024-02-29T00:00,2024-02-29 4,2023-12-31T00:00:00,2023-12-31 \
		5,0001-01-01,0001-01-01 6,9999-12-31,9999-12-31
	cmp want got
	lines z.csv t 2024-01-02T00:00:00+00:01 2024-01-02T00:00:00Z 2024-02-28T23:59:59-00:01
	shard-split --by day -t t z.csv | tail -n +2 | cut -d , -f 2 | tr '\n' ' ' >got
	[[ $(<got) == "2024-01-01 2024-01-02 2024-02-29 " ]]
}

@test "split: --by day --epoch counts days of UTC, before 1970 too" {
	local unit zeros
	for unit in s: ms:000 us:000000 ns:000000000; do
		zeros=${unit#*:}
		lines t.csv t 0 86399"$zeros" 86400"$zeros" -1 -86400"$zeros" -86401"$zeros" 1709164800"$zeros"
		shard-split --by day --epoch "${unit%:*}" -t t t.csv | tail -n +2 | cut -d , -f 2 | tr '\n' ' ' >got
		[[ $(<got) == "1970-01-01 1970-01-01 1970-01-02 1969-12-31 1969-12-31 1969-12-30 2024-02-29 " ]]
	done
	run -1 --separate-stderr shard-split --by day -t t t.csv
	says 't.csv:2: time "0" in column t is an integer: which day that is, --epoch=s|ms|us|ns says'
	run -1 --separate-stderr shard-split --by day -t t --missing-time drop t.csv
	says '--epoch'
	run -1 --separate-stderr shard-split --by day --epoch s -t t t.csv
	says 't.csv:3: time "86399000000000" in column t is outside of the years 1 to 9999'
	shard-split --by day --epoch s -t t --missing-time drop --end emit t.csv | tail -n 1 | grep -q 'drop:missing-time:'
	lines iso.csv t 2024-01-02
	[[ $(shard-split --by day --epoch ms -t t iso.csv) == $'t,_split\n2024-01-02,2024-01-02' ]]
}

@test "split: --by day gives the same days as a count of its own, in all dialects and ways" {
	need awk
	awk 'BEGIN {
		print "t\tday"
		for (y = 1896; y < 2005; y++) for (m = 1; m <= 12; m++) {
			n = m == 2 ? 28 + (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)) : 30 + (m < 8 ? m % 2 : 1 - m % 2)
			for (d = 1; d <= n; d++) printf "%04d-%02d-%02d 0%d:00\t%04d-%02d-%02d\n", y, m, d, d % 10, y, m, d
		}
	}' >part-1.tsv
	awk -F '\t' 'NR > 1 { print $2 }' part-1.tsv >want
	[[ $(wc -l <want) == 39812 ]] # 109 years, 27 of them leap; 1900 is none
	days() { tail -n +2 | awk -F , '{ print $NF }' | cmp - want; }
	shard-split --by day -t t part-1.tsv | days
	shard-split --by day -t t <part-1.tsv | days
	shard-run cat part-1.tsv : map --drop day : split --by day -t t | days
	SHARD_STRICT=1 shard-cat part-1.tsv | SHARD_STRICT=1 shard-split --by day -t t | shard-cat --end expect | days
	tac want | awk 'BEGIN { print "t" } { print $1 }' | shard-split --by day -t t | tail -n +2 |
		awk -F , '$1 != $2 { exit 1 }'
}

@test "split: --by day --only drops the rows of the other days, counted" {
	lines t.csv t 2024-01-01 2024-01-02T10:00 2024-01-03 '"2024-01-02"'
	shard-split --by day -t t --only 2024-01-02 --end emit t.csv >got
	printf 't,_split\n2024-01-02T10:00,2024-01-02\n"2024-01-02",2024-01-02\n\004shardkit 1 2 drop:filtered:2 in:-:4\n' |
		cmp - <(plain <got)
	for day in 20240102 2024-1-2 2023-02-29 train ''; do
		run -2 --separate-stderr shard-split --by day -t t --only "$day" t.csv
		says "no such day (YYYY-MM-DD)"
	done
}

@test "split: --by day refuses a row without a time, or drops it where it is told" {
	lines t.csv a,t 1,2024-01-01 2, 3,x '4,""' 5,2023-02-29
	run -1 --separate-stderr shard-split --by day -t t t.csv
	says 't.csv:3: missing time "" in column t (--missing-time=drop goes on)'
	lines u.csv a,t 1,2024-01-01 3,x
	run -1 --separate-stderr shard-split --by day -t t u.csv
	says 'u.csv:3: unparsable time "x" in column t'
	shard-split --by day -t t --missing-time drop --end emit t.csv >got
	printf 'a,t,_split\n1,2024-01-01,2024-01-01\n\004shardkit 1 1 drop:missing-time:4 in:-:5\n' | cmp - <(plain <got)
	for word in train val test oot x; do
		run -2 --separate-stderr shard-split --by day -t t --missing-time $word t.csv
		says "--missing-time \"$word\": must be drop with --by=day"
	done
}

@test "split: --by day refuses a time of another kind than those before" {
	lines t.csv t 2024-01-01 2024-01-02T00:00Z
	run -1 --separate-stderr shard-split --by day --missing-time drop -t t t.csv
	says 't.csv:3: time "2024-01-02T00:00Z" in column t is of kind zoned, those before are local'
	lines t.csv t 2024-01-01 5
	run -1 --separate-stderr shard-split --by day --epoch s -t t t.csv
	says 't.csv:3: time "5" in column t is of kind epoch, those before are local'
}

@test "split: --by day takes column and policy of a context, and what it cannot use is wrong usage" {
	rows 30 >part-1.csv
	shard-stats -t orderDate --missing-time drop -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	lines t.csv orderDate 2024-01-02 x
	[[ $(shard-split --by day -c c t.csv) == $'orderDate,_split\n2024-01-02,2024-01-02' ]]
	run -2 --separate-stderr shard-split --by day t.csv
	says "--time COL is needed"
	run -2 --separate-stderr shard-split --by day -t t --cutoffs 2024-01-02,2024-01-03 t.csv
	says "--by=day has no --cutoffs"
	run -2 --separate-stderr shard-split -t t --epoch s --cutoffs 2024-01-02,2024-01-03 t.csv
	says "--epoch is for --by=day"
	run -2 --separate-stderr shard-split --by day -t t --explain x
	says "--by=day looks at times, not at a key"
	run -1 --separate-stderr shard-split --by day -t _split t.csv
	says 't.csv: no column "_split"; the header has: orderDate'
}

@test "split: the rows of a day go to its directory" {
	lines part-1.csv a,t 1,2024-01-02 2,2024-01-01 3,2024-01-02
	shard-run cat part-1.csv : split --by day -t t : write -o out
	lines want a,t 1,2024-01-02 3,2024-01-02
	cmp want out/2024-01-02/part-00001.csv
	lines want a,t 2,2024-01-01
	cmp want out/2024-01-01/part-00001.csv
}

@test "split: a killed upstream is an error and gets no end marker" {
	rows 20 | shard-cat --end emit | head -c 300 >cut
	run -1 --separate-stderr shard-split -b hash --end both <cut
	[[ $output != *$'\004'* ]]
}

@test "split: a full disk is an error, never a short file" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -1 --separate-stderr bash -c 'rows 2000 | shard-split -b hash >/dev/full'
	says "No space left on device"
}
