#!/usr/bin/env bats
# shard-stats: pass 1 collects facts, and refuses what has none.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# The merged facts, without the places and times of files.
merged() {
	cat "$1/split.tsv"
	sha256sum <"$1/first.idx"
	cat "$1/labels.tsv" 2>/dev/null || :
}

@test "stats: a missing time is refused: how many, and where the first is" {
	lines part-1.csv id,t 1,2024-01-01 2, '3,""' 4,2024-01-02
	run -1 --separate-stderr shard-stats -t t -o parts part-1.csv
	says 'part-1.csv:3: missing time "" in column t: the first of 2 missing and 0 unparsable times'
	barren parts
}

@test "stats: an unparsable time is refused: how many, and where the first is" {
	lines part-1.csv id,t 1,2024-01-01 2,2024-02-30 3, 4,x
	run -1 --separate-stderr shard-stats -t t -o parts part-1.csv
	says 'part-1.csv:3: unparsable time "2024-02-30" in column t: the first of 1 missing and 2 unparsable times'
	says "--missing-time=train|val|test|drop goes on"
	barren parts
}

@test "stats: --missing-time goes on over them" {
	lines part-1.csv id,t 1,2024-01-01 2,x 3, 4,2024-01-02
	shard-stats -t t --missing-time train -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	grep -q $'^rows\t2$' c/split.tsv
}

@test "stats: the line of a bad time is right behind rejected rows and blank padding too" {
	lines part-1.csv id,t 1 2,2024-01-01 3,4,5 4,x
	run -1 --separate-stderr shard-stats -t t --ragged reject -o parts part-1.csv
	says "part-1.csv:5: unparsable time"
	printf 'id,t\r\n1,2024-01-01\r\n"a\r\nb",2024-01-01\r\n2,x\r\n' >part-1.csv
	run -1 --separate-stderr shard-stats -t t -o parts part-1.csv
	says "part-1.csv:5: unparsable time"
}

@test "stats: times of two kinds in one shard are refused with the line" {
	lines part-1.csv t 2024-01-01 2024-01-02T00:00:00Z
	run -1 --separate-stderr shard-stats -t t -o parts part-1.csv
	says 'part-1.csv:3: time "2024-01-02T00:00:00Z" in column t is of kind zoned'
	lines part-1.csv t 2024-01-01 1704067200
	run -1 --separate-stderr shard-stats -t t -o parts part-1.csv
	says 'part-1.csv:3: time "1704067200" in column t is of kind'
}

@test "stats: times of two kinds in two shards are refused by the merge" {
	lines part-1.csv t 2024-01-01
	lines part-2.csv t 1704067200
	shard-stats -t t -o c/parts part-1.csv part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says "column t mixes"
	says "shard 2 row 1"
	[[ ! -e c/split.tsv ]]
}

@test "stats: a bad shard leaves no partial and does not keep the others from theirs" {
	rows 5 >part-1.csv
	lines part-2.csv id,orderDate 1
	rows 6 >part-3.csv
	run -1 --separate-stderr shard-stats -t orderDate -o parts part-1.csv part-2.csv none.csv part-3.csv
	says "part-2.csv:2: ragged row"
	says "none.csv: no shard number in the name"
	[[ $(ls -A parts) == $'00001.st\n00003.st' ]]
}

@test "stats: an unknown column is refused and the header is listed" {
	lines part-1.csv a,b 1,2
	for option in "-t z" "-t a -k z" "--label z"; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr shard-stats $option -o parts part-1.csv
		says 'part-1.csv: no column "z"; the header has: a, b'
	done
	barren parts
}

@test "stats: a header that differs is refused by the merge, both files named" {
	lines part-1.csv a,b 1,2
	lines part-2.csv a,c 1,2
	shard-stats -o c/parts part-1.csv part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says 'part-2.csv:1: header differs from that of part-1.csv: column 2 is "c", there "b"'
	[[ ! -e c/meta.tsv ]]
}

@test "stats: another separator in a shard of the same extension is refused" {
	lines part-1.csv a,b 1,2
	lines part-2.csv 'a;b' '1;2'
	shard-stats -o c/parts part-1.csv part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says "part-1.csv and part-2.csv have different separators"
}

@test "stats: two inputs of one number are refused and both are named" {
	mkdir x y
	rows 5 >x/part-1.csv
	rows 6 >y/part-1.csv
	run -1 --separate-stderr shard-stats -t orderDate -o parts x/part-1.csv y/part-1.csv
	says x/part-1.csv
	says y/part-1.csv
}

@test "stats: files without a shard number are refused, not all taken for number 0" {
	rows 5 >a.csv
	rows 6 >b.csv
	run ! --separate-stderr shard-stats -t orderDate -o parts a.csv b.csv
}

@test "stats: two partials of one shard are refused by the merge" {
	rows 5 >part-1.csv
	mkdir x
	rows 6 >x/part-1.csv
	shard-stats -t orderDate -o p1 part-1.csv
	shard-stats -t orderDate -o p2 x/part-1.csv
	run -1 --separate-stderr shard-stats --merge -o c p1 p2
	says "two partials for shard 1: part-1.csv and x/part-1.csv"
}

@test "stats: partials of different options are refused by the merge" {
	rows 5 >part-1.csv
	rows 5 >part-2.csv
	shard-stats -t orderDate -o parts part-1.csv
	shard-stats -t orderDate -k customerId -o parts part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c parts
	says "partials of different options: --key"
}

@test "stats: a partial cut or flipped at any place is refused" {
	rows 10 >part-1.csv
	shard-stats -t orderDate -k customerId --label label -o parts part-1.csv
	mkdir bad
	size=$(stat -c %s parts/00001.st)
	places "$size" 40
	for n in "${places[@]}"; do
		head -c "$n" parts/00001.st >bad/00001.st
		if shard-stats --merge -o c bad 2>err; then echo "cut at $n"; return 1; fi
		cp parts/00001.st bad
		flip bad/00001.st "$n"
		if shard-stats --merge -o c bad 2>err; then echo "flipped at $n"; return 1; fi
		[[ $(<err) == "shard-stats: bad/00001.st: "* ]]
	done
	[[ ! -e c/meta.tsv ]]
}

@test "stats: any order and grouping of shards, file or stream, gives the same facts" {
	for i in 1 2 3 4 5; do rows $((i * 9)) | sed "2,\$s/,c/,c$((i % 3))/" >part-$i.csv; done
	context want part-{1..5}.csv
	printf '%s\0' part-{5..1}.csv | shard-stats -t orderDate -k customerId --label label -o c/parts -0 --files-from -
	shard-stats --merge -o c c/parts/0000{3,1,5,2,4}.st
	cmp <(merged want) <(merged c)
	for i in 1 2 3 4 5; do
		shard-cat --end emit part-$i.csv |
			shard-stats --end expect -t orderDate -k customerId --label label --like part-$i.csv -o s/parts
		shard-run cat part-$i.csv : stats -t orderDate -k customerId --label label -o r/parts
	done
	shard-stats --merge -o s s/parts
	shard-stats --merge -o r r/parts
	cmp <(merged want) <(merged s)
	cmp <(merged want) <(merged r)
}

@test "stats: a stream needs --like, and its end marker where one is expected" {
	rows 5 >part-1.csv
	run -2 --separate-stderr shard-stats -t orderDate -o parts <part-1.csv
	says "which shard is this? --like"
	run -1 --separate-stderr shard-stats --end expect -t orderDate -o parts --like part-1.csv <part-1.csv
	says "ended without its end marker"
	barren parts
}

@test "stats: the cutoffs are the values at the ratios' indexes, over all shards" {
	{ echo t; for i in {01..06}; do echo "2024-01-$i"; done; } >part-1.csv
	{ echo t; for i in {10..07}; do echo "2024-01-$i"; done; } >part-2.csv
	shard-stats -t t -o c/parts part-1.csv part-2.csv
	shard-stats --merge --train-ratio 0.5 --test-val-ratio 0.4 -o c c/parts
	lines want $'name\tvalue' $'time_column\tt' $'train_cutoff\t2024-01-06 00:00:00' \
		$'test_cutoff\t2024-01-08 00:00:00' $'rows\t10'
	sort c/split.tsv | cmp - <(sort want)
}

@test "stats: no row with a time, or an empty train split, is an error" {
	lines part-1.csv t
	shard-stats -t t -o c/parts part-1.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	lines part-1.csv t 2024-01-01 2024-01-01
	shard-stats -t t -o c/parts part-1.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says "train split"
}

@test "stats: ratios and cutoffs that make no sense are wrong usage" {
	rows 5 >part-1.csv
	shard-stats -t orderDate -o c/parts part-1.csv
	for ratio in 0 1 1.5 -0.1 x nan ''; do
		run -2 --separate-stderr shard-stats --merge --train-ratio "$ratio" -o c c/parts
	done
	run -2 --separate-stderr shard-stats --merge --cutoffs 2024-02-01,2024-01-01 -o c c/parts
	run -2 --separate-stderr shard-stats --merge --cutoffs x,y -o c c/parts
	run -2 --separate-stderr shard-stats --merge c/parts
	says "--merge needs --output CTX"
	run -2 --separate-stderr shard-stats -k customerId -o c/parts part-1.csv
	says "--key needs --time"
	run -2 --separate-stderr shard-stats -t orderDate part-1.csv
	says "--output is needed"
}

@test "stats: a merge of nothing is an error" {
	mkdir parts
	run -1 --separate-stderr shard-stats --merge -o c parts
	says "no partial found"
	run -1 --separate-stderr shard-stats --merge -o c none
	says "none: No such file or directory"
}

@test "stats: a text label that occurs in one shard only makes codes for all" {
	lines part-1.csv l 1 0
	lines part-2.csv l 1 fraud '"a,b"'
	lines part-3.csv l '' 0
	shard-stats --label l -o c/parts part-1.csv part-2.csv part-3.csv
	shard-stats --merge -o c c/parts
	printf 'label\tcode\n0\t0\n1\t1\na,b\t2\nfraud\t3\n' | cmp - c/labels.tsv
}

@test "stats: labels that are all numbers make no labels.tsv" {
	lines part-1.csv l 1 0 '' 2.0
	shard-stats --label l -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	[[ ! -e c/labels.tsv ]]
}

@test "stats: a fresh partial is kept, a stale one made again" {
	rows 5 >part-1.csv
	shard-stats -t orderDate -o parts part-1.csv
	inode=$(stat -c %i parts/00001.st)
	shard-stats -t orderDate -o parts part-1.csv
	[[ $(stat -c %i parts/00001.st) == "$inode" ]]
	shard-stats --force -t orderDate -o parts part-1.csv
	[[ $(stat -c %i parts/00001.st) != "$inode" ]]
	cp parts/00001.st before
	rows 6 >part-1.csv
	shard-stats -t orderDate -o parts part-1.csv
	run ! cmp before parts/00001.st
	cp parts/00001.st before
	shard-stats -t orderDate -k customerId -o parts part-1.csv
	run ! cmp before parts/00001.st
}

@test "stats: a partial made under another signature or ragged rule is not fresh" {
	lines part-1.csv a,b 1,2 3
	echo x,y >sig
	shard-stats --ragged pad -o parts part-1.csv
	cp parts/00001.st before
	run -1 --separate-stderr shard-stats -o parts part-1.csv
	says "part-1.csv:3: ragged row"
	shard-stats --ragged pad --signature sig -o parts part-1.csv
	run ! cmp before parts/00001.st
}

@test "stats: --rejects keeps the rejects of all files" {
	lines part-1.csv a,b 1
	lines part-2.csv a,b 2 3,4
	shard-stats --ragged reject --rejects bad -o parts part-1.csv part-2.csv
	[[ $(cut -f 1-2 bad) == $'part-1.csv\t2\npart-2.csv\t2' ]]
}

@test "stats: rejected and padded rows are the same rows in both passes" {
	lines part-1.csv id,orderDate,customerId,label 1,2024-01-03,a,1 2 3,2024-01-01,a,1 4,2024-01-01,a,0 5,2024-01-04,b,1
	shard-stats -t orderDate -k customerId --ragged reject -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	shard-run cat --ragged reject part-1.csv : dedup -c c --ties one >got
	lines want id,orderDate,customerId,label 3,2024-01-01,a,1 5,2024-01-04,b,1
	cmp want got
}

@test "stats: 100 shards under ulimit -n 64" {
	for i in {1..100}; do lines "part-$i.csv" t 2024-01-0$((i % 9 + 1)); done
	(ulimit -n 64 && shard-stats -t t -o c/parts part-*.csv && shard-stats --merge -o c c/parts)
	grep -q $'^rows\t100$' c/split.tsv
}

@test "stats: SIGTERM and SIGINT leave no temp file" {
	mkfifo part-1.csv
	for signal in TERM INT; do
		exec 8<>part-1.csv # never ends
		rows 500 >&8
		env --default-signal=INT "$(command -v shard-stats)" -t orderDate -o parts part-1.csv 8>&- 3>&- &
		pid=$!
		soon eval '[[ -n $(ls -A parts 2>/dev/null) ]]' # its temp file
		kill -$signal $pid
		died $pid
		exec 8>&-
		barren parts
	done
}

@test "stats: a partial that the end of the machine tore is made again" {
	for i in 1 2 3; do lines part-$i.csv id,t "k$i,2024-01-0$i" "k,2024-01-01"; done
	shard-stats -t t -k id -o parts part-*.csv
	cp -r parts whole
	truncate -s -100 parts/00001.st
	dd if=/dev/zero of=parts/00002.st bs=1 seek=64 count=32 conv=notrunc status=none
	: >parts/00003.st
	shard-stats -t t -k id -o parts part-*.csv
	diff -r parts whole
}

@test "stats: SHARD_PROGRESS names the descriptor that hears the bytes of every file" {
	mkdir in
	for i in {1..7}; do rows $((i * 10)) >in/part-$i.csv; done
	shard-ls in | SHARD_PROGRESS=8 shard-stats -t orderDate -o got --files-from - 8>told
	cmp told <(stat -c %s in/*)
}

# wide FIRST LAST STEP: 12 columns in this order, 600 rows.
wide() {
	awk -v a="$1" -v z="$2" -v d="$3" 'BEGIN {
		for (r = 0; r <= 600; r++) {
			v[1] = r ? "K" r % 50 : "k"
			v[2] = r ? sprintf("2024-01-%02d %02d:%02d:00", 1 + r * 7 % 28, r % 24, r % 60) : "t"
			for (i = 3; i <= 12; i++) v[i] = r ? r * i "x" : "c" i
			line = v[a]
			for (i = a + d; i != z + d; i += d) line = line "," v[i]
			print line
		}
	}'
}

@test "stats: of a wide table in another order pass 1 finds key and time where they are" {
	mkdir same other
	wide 1 12 1 >part-0.csv
	wide 1 12 1 >same/part-1.csv
	wide 12 1 -1 >other/part-1.csv
	for d in same other; do
		shard-stats -t t -k k --header reorder --header-of part-0.csv -o "$d/c/parts" part-0.csv "$d/part-1.csv"
		shard-stats --merge --first-rows all -o "$d/c" "$d/c/parts"
	done
	grep -q '^rows.1200$' same/c/split.tsv
	for f in split.tsv first.rows first.idx; do cmp "same/c/$f" "other/c/$f"; done
}
