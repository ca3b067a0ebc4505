#!/usr/bin/env bats
# shard-dedup: each key's first occurrence over all shards, and no other.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# pass1: facts of part-*.csv with columns id,t,k.
pass1() {
	rm -rf c
	shard-stats -t t -k k -o c/parts part-*.csv
	shard-stats --merge -o c c/parts
}

@test "dedup: keeps the rows at each key's earliest time over all shards, in input order" {
	lines part-1.csv id,t,k 1,2024-01-02,a 2,2024-01-01,b 3,2024-01-05,a 4,2024-01-02,a
	lines part-2.csv id,t,k 5,2024-01-01,a 6,2024-01-01,b 7,2024-01-09,c
	pass1
	shard-dedup -c c part-1.csv >got
	lines want id,t,k 2,2024-01-01,b
	cmp want got
	shard-dedup -c c part-2.csv >got
	lines want id,t,k 5,2024-01-01,a 6,2024-01-01,b 7,2024-01-09,c
	cmp want got
}

@test "dedup: --ties=one keeps the smallest shard and row" {
	lines part-1.csv id,t,k 1,2024-01-02,a 2,2024-01-01,b 3,2024-01-01,b
	lines part-2.csv id,t,k 4,2024-01-02,a 5,2024-01-01,b 6,2024-01-09,c
	pass1
	lines want1 id,t,k 1,2024-01-02,a 2,2024-01-01,b
	lines want2 id,t,k 6,2024-01-09,c
	for i in 1 2; do
		shard-dedup -c c --ties one part-$i.csv | cmp - want$i
		shard-cat part-$i.csv | shard-dedup -c c --ties one --like part-$i.csv | cmp - want$i
		shard-run cat part-$i.csv : dedup -c c --ties one | cmp - want$i
	done
	run -2 --separate-stderr shard-dedup -c c --ties one <part-1.csv
	says "--ties=one needs to know the shard: --like FILE"
}

@test "dedup: --ties=one behind another filter keeps a row of every key, piped or fused" {
	lines part-1.csv id,t,k 1,2024-01-09,x 2,2024-01-02,a 3,2024-01-01,b 4,2024-01-01,b
	pass1
	shard-run cat part-1.csv : map -w 'id != 1' : dedup -c c --ties one >want
	[[ $(wc -l <want) == 3 ]]
	# or an error: but not other rows
	if shard-cat --end emit part-1.csv | shard-map -w 'id != 1' --end both |
		shard-dedup --end expect -c c --ties one --like part-1.csv >got; then
		cmp want got
	fi
	# one row added and one left out are not the shard's own rows again
	run -1 --separate-stderr bash -c "export SHARD_STRICT=1
		shard-cat part-1.csv | shard-through awk '1; NR == 2' | shard-map -w 'id != 4' |
			shard-dedup -c c --ties one --like part-1.csv"
	says "rows were dropped before they came here"
}

@test "dedup: rows without a key stay, or go with --null-key=drop" {
	lines part-1.csv id,t,k 1,2024-01-02, '2,2024-01-01,""' 3,2024-01-01,b 4,2024-01-05,b
	pass1
	shard-dedup -c c part-1.csv >got
	lines want id,t,k 1,2024-01-02, '2,2024-01-01,""' 3,2024-01-01,b
	cmp want got
	shard-dedup -c c --null-key drop --end emit part-1.csv >got
	printf 'id,t,k\n3,2024-01-01,b\n\004shardkit 1 1 drop:duplicate:1 drop:missing-key:2 in:-:4\n' | cmp - <(plain <got)
}

@test "dedup: rows without a usable time go as missing-time where pass 1 was told drop, and stay else" {
	lines part-1.csv id,t,k 1,2024-01-02,a 2,,a 3,soon,b 4,, 5,2024-01-03,a 6,2024-01-01,
	for word in drop train val test; do
		rm -rf c
		shard-stats -t t -k k --missing-time $word -o c/parts part-1.csv
		shard-stats --merge -o c c/parts
		shard-dedup -c c --end emit part-1.csv >$word
		shard-dedup -c c --null-key drop --end emit part-1.csv >$word.keys
	done
	printf 'id,t,k\n1,2024-01-02,a\n6,2024-01-01,\n\004shardkit 1 2 drop:duplicate:1 drop:missing-time:3 in:-:6\n' |
		cmp - <(plain <drop)
	printf 'id,t,k\n1,2024-01-02,a\n\004shardkit 1 1 drop:duplicate:1 drop:missing-key:2 drop:missing-time:2 in:-:6\n' |
		cmp - <(plain <drop.keys)
	for word in train val test; do
		grep -v ^5, part-1.csv | cmp - <(grep -av shardkit $word)
		grep -aq '[^:] drop:duplicate:1 in:-:6' $word
	done
	# a time of another kind is not what pass 1 read
	sed -i '4s/soon/17/; 6s/,a/,/' part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says 'part-1.csv:4: time "17" in column t, which pass 1 did not see'
}

@test "dedup: of a table without one usable time all rows go, or stay" {
	lines part-1.csv id,t,k 1,,a 2,nan,b 3,,
	for word in drop train; do
		rm -rf c
		shard-stats -t t -k k --missing-time $word -o c/parts part-1.csv
		shard-stats --merge --no-cutoffs -o c c/parts
		shard-dedup -c c part-1.csv >$word
	done
	cmp train part-1.csv
	[[ $(<drop) == id,t,k ]]
}

@test "dedup: keys are bytes: 007 is not 7, quotes do not count, NA is a key among text" {
	lines part-1.csv id,t,k 1,2024-01-01,007 2,2024-01-02,7 '3,2024-01-03,"7"' \
		4,2024-01-01,NA 5,2024-01-02,NA '6,2024-01-01,"x""y"' '7,2024-01-02,"x""y"' 8,2024-01-01,A
	pass1
	shard-dedup -c c part-1.csv | cut -d , -f 1 >got
	lines want id 1 2 4 6 8
	cmp want got
}

@test "dedup: among numbers an NA token is a missing key" {
	lines part-1.csv id,t,k 1,2024-01-01,1 2,2024-01-01,NA 3,2024-01-02,NA 4,2024-01-02,1
	pass1
	shard-dedup -c c part-1.csv | cut -d , -f 1 >got
	lines want id 1 2 3
	cmp want got
}

@test "dedup: file, stream, pipe with end markers, list and one process give the same bytes" {
	for i in 1 2 3; do rows $((i * 40)) >part-$i.csv; done
	context c part-{1..3}.csv
	for i in 1 2 3; do
		shard-dedup -c c part-$i.csv >want
		shard-dedup -c c <part-$i.csv | cmp - want
		SHARD_STRICT=1 shard-cat part-$i.csv | SHARD_STRICT=1 shard-dedup -c c | shard-cat --end expect | cmp - want
		shard-run cat part-$i.csv : dedup -c c | cmp - want
		echo part-$i.csv | shard-dedup -c c --files-from - | cmp - want
	done
	shard-dedup -c c part-{1..3}.csv >want
	printf 'part-%d.csv\0' 1 2 3 | shard-dedup -c c -0 --files-from - | cmp - want
}

@test "dedup: --ties=one over several FILE operands keeps one row of each key" {
	for i in 1 2 3; do rows $((i * 40)) >part-$i.csv; done
	context c part-{1..3}.csv
	shard-dedup -c c --ties one part-{1..3}.csv >got
	[[ $(tail -n +2 got | cut -d , -f 3 | sort | uniq -d) == "" ]]
	[[ $(wc -l <got) == 8 ]]
}

@test "dedup: an input that is not what pass 1 read is refused" {
	rows 9 >part-1.csv
	context c part-1.csv
	sed -i 's/,c3,/,other,/' part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says 'part-1.csv:5: key "other" is not in the context'
	rows 9 | sed '2,$s/2024/2023/' >part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says 'part-1.csv:2: key "c0" occurs earlier than the context knows'
	rows 9 | sed '$s/text/TEXT/' >part-1.csv # same keys and times
	run -1 --separate-stderr bash -c 'shard-run cat -c c part-1.csv : dedup -c c >got'
	says "part-1.csv: input changed during the run"
	rows 9 | sed '3s/2024[^,]*/never/' >part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says 'part-1.csv:3: time "never" in column orderDate, which pass 1 did not see'
}

@test "dedup: an index that is missing, cut or flipped is refused" {
	rows 9 >part-1.csv
	context c part-1.csv
	shard-dedup -c c part-1.csv >want
	cp c/first.idx whole
	size=$(stat -c %s whole)
	for n in 0 1 100 4095 4096 $((size / 2)) $((size - 1)); do
		head -c "$n" whole >c/first.idx
		run -1 --separate-stderr shard-dedup -c c part-1.csv
		says "c/first.idx: "
	done
	# every byte that says something
	cmp -l whole <(head -c "$size" /dev/zero) | awk '{ print $1 - 1 }' >places || :
	[[ $(wc -l <places) -gt 50 ]]
	while read -r n; do
		cp whole c/first.idx
		flip c/first.idx "$n"
		if shard-dedup -c c part-1.csv >got 2>err; then cmp got want; fi
	done < <(awk 'NR % 2' places)
	rm c/first.idx
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says "first.idx"
}

@test "dedup: no context, another key, a missing column are refused" {
	rows 9 >part-1.csv
	context c part-1.csv
	run -2 --separate-stderr shard-dedup part-1.csv
	says "--context is needed"
	run -1 --separate-stderr shard-dedup -c none part-1.csv
	says "none: no context here"
	run -2 --separate-stderr shard-dedup -c c -k label part-1.csv
	says "the context c is of key customerId and time orderDate"
	run -1 --separate-stderr bash -c 'shard-map --drop customerId part-1.csv | shard-dedup -c c'
	says 'standard input: no column "customerId"'
	shard-stats -t orderDate -o d/parts part-1.csv
	shard-stats --merge -o d d/parts
	run -1 --separate-stderr shard-dedup -c d part-1.csv
}

@test "dedup: a killed upstream is an error and gets no end marker" {
	rows 9 >part-1.csv
	context c part-1.csv
	shard-cat --end emit part-1.csv | head -c 200 >cut
	run -1 --separate-stderr shard-dedup -c c --end both <cut
	[[ $output != *$'\004'* ]]
}

@test "dedup: a full disk is an error, never a short file" {
	[ -w /dev/full ] || skip "needs /dev/full"
	rows 2000 >part-1.csv
	context c part-1.csv
	run -1 --separate-stderr bash -c 'shard-dedup -c c part-1.csv >/dev/full'
	says "No space left on device"
}

# by_row TIES: pass 1 of part-* to c, which knows rows alone.
by_row() {
	rm -rf c
	shard-stats -t t -k k -o c/parts "${@:2}" part-*
	shard-stats --merge -o c --first-rows "$1" c/parts
	rm -f c/first.idx
}

@test "dedup: rows known by their bits are those known by their keys, with ties, tokens, missing keys and times" {
	awk '
	function key() {
		if (rand() < .05)
			return rand() < .5 ? "NA" : "\"\""
		if (rand() < .1)
			return "\"a key, longer than fifteen bytes " int(90 * rand()) "\""
		return int(700 * rand())
	}
	BEGIN {
		srand(5)
		for (s = 0; s < 12; s++) {
			f = sprintf("part-%02d.csv", s)
			print "id,t,k" >f
			for (i = 0; i < 400 * (s != 7); i++)
				print i "," (rand() < .03 ? "" : sprintf("2024-01-%02d", 1 + 9 * rand())) "," key() >f
		}
	}'
	gzip -n part-03.csv
	for how in "--missing-time train" "--missing-time drop"; do
		for ties in all one; do
			shard-stats -t t -k k -o x/parts $how part-*
			shard-stats --merge -o x x/parts
			by_row $ties $how
			# and in steps: ties of several shards in one partial
			mkdir -p steps && rm -f steps/*
			shard-stats --merge -o steps/a.st c/parts/0000[0-6].st
			shard-stats --merge -o steps/b.st c/parts/0000[7-9].st c/parts/0001*.st
			shard-stats --merge -o y --first-rows $ties steps
			cmp c/first.rows y/first.rows
			for null in keep drop; do
				for f in part-*; do
					o=(--ties $ties --null-key $null)
					shard-dedup -c x "${o[@]}" "$f" >want
					shard-dedup -c c "${o[@]}" "$f" | cmp - want
					shard-run cat "$f" : map -w 'id != 3' : dedup -c x "${o[@]}" >want
					shard-run cat "$f" : map -w 'id != 3' : dedup -c c "${o[@]}" | cmp - want
				done
			done
			[[ $(wc -l <want) -gt 10 ]]
		done
	done
}

@test "dedup: keys and ties of a shard in several runs, by rows as by keys" {
	# a shard of more keys and more ties than one run of pass 1 holds
	awk 'BEGIN {
		print "id,t,k"
		for (i = 0; i < 250000; i++)
			print i ",2024-01-02," i % 230000
		for (i = 0; i < 1100000; i++)
			print i ",2024-01-02,x"
		for (i = 0; i < 230000; i += 2)
			print i ",2024-01-01," i
	}' >part-0.csv
	lines part-1.csv id,t,k 1,2024-01-02,1 2,2024-01-02,4 3,2024-01-01,4
	for ties in all one; do
		shard-stats -t t -k k -o x/parts part-*
		shard-stats --merge -o x x/parts
		by_row $ties
		for f in part-*; do
			shard-dedup -c x --ties $ties "$f" >want
			shard-dedup -c c --ties $ties "$f" | cmp - want
		done
	done
}

@test "dedup: by rows, what is not the shard of pass 1 read the same way is refused" {
	rows 9 | sed '1s/orderDate,customerId/t,k/' >part-1.csv
	by_row all
	shard-dedup -c c part-1.csv >want
	[[ $(wc -l <want) == 8 ]]
	# a stream, several files, other ties: known by their keys alone
	for command in "shard-dedup -c c <part-1.csv" "shard-dedup -c c part-1.csv part-1.csv" \
		"shard-dedup -c c --like part-1.csv <part-1.csv" "shard-dedup -c c --ties one part-1.csv" \
		"shard-split -c c --explain c3"; do
		run -1 --separate-stderr bash -c "$command"
		says "c: no keys here, only which rows are first (first.rows); for first.idx: shard-stats --merge -o c c/parts"
		[[ -z $output ]]
	done
	sed '4s/text/TEXT/' part-1.csv >new && cp part-1.csv old && mv new part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says "part-1.csv: "
	says "input changed during the run"
	mkdir d && mv part-1.csv d && cp old part-1.csv
	run -1 --separate-stderr shard-dedup -c c d/part-1.csv
	says "d/part-1.csv: not what pass 1 read: its bytes differ"
	mv d/part-1.csv d/part-2.csv
	run -1 --separate-stderr shard-dedup -c c d/part-2.csv
	says "d/part-2.csv: shard 2 is not in the context"
	head -3 old >>part-1.csv
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says "part-1.csv: "
	cp old part-1.csv
	run -1 --separate-stderr shard-run cat --ragged pad part-1.csv : dedup -c c
	says "part-1.csv: pass 1 read it with other options"
	shard-dedup -c c part-1.csv | cmp - want
	shard-show c >shown
	grep -q 'keys     7 (k; 0 rows without)' shown
	# damage, and a disk that is full
	cp c/first.rows whole
	head -c 4000 whole >c/first.rows
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says "c/first.rows: damaged: too short (make it again: shard-stats --merge)"
	cp whole c/first.rows
	flip c/first.rows 4096
	run -1 --separate-stderr shard-dedup -c c part-1.csv
	says "c/first.rows: damaged: bad bits"
}

@test "dedup: --first-rows makes the index too of few keys, and merging again leaves nothing old" {
	rows 9 | sed '1s/orderDate,customerId/t,k/' >part-1.csv
	pass1
	[[ -e c/first.idx && ! -e c/first.rows ]]
	cp c/first.idx want
	shard-stats --merge -o c --first-rows one c/parts
	[[ -e c/first.rows ]]
	cmp want c/first.idx
	shard-stats --merge -o c c/parts
	[[ -e c/first.idx && ! -e c/first.rows ]]
}
