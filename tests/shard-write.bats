#!/usr/bin/env bats
# shard-write: shards appear whole, with their record, or not at all.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	lines t.csv id,_split 1,train 2,val '"3",train'
}

teardown() {
	if mountpoint -q small; then umount small; fi
}

@test "write: rows go to the files of their splits, without the column _split" {
	shard-write -o out --like in/part-7.csv <t.csv
	printf 'id\n1\n"3"\n' | cmp - out/train/part-00007.csv
	printf 'id\n2\n' | cmp - out/val/part-00007.csv
	[[ ! -e out/test && -e out/_shards/00007.tsv ]]
	# nothing else, no temp file
	[[ $(find out -type f | wc -l) == 3 ]]
}

@test "write: operand, stream, pipe with end markers, list and one process give the same bytes" {
	rows 3000 | shard-split -b hash >part-3.csv
	shard-write -o want part-3.csv
	shard-write -o a --like part-3.csv <part-3.csv
	SHARD_STRICT=1 shard-cat part-3.csv | SHARD_STRICT=1 shard-write -o b --like part-3.csv
	shard-run cat part-3.csv : write -o c
	echo part-3.csv | shard-write -o d --files-from -
	printf 'part-3.csv\0' | shard-write -o e -0 --files-from -
	for other in a b c d e; do
		cmp <(tree want -path './[tv]*') <(tree $other -path './[tv]*')
		cmp <(grep -v ^input want/_shards/00003.tsv) <(grep -v ^input $other/_shards/00003.tsv)
	done
	[[ $(tail -qn +2 want/*/part-00003.csv | wc -l) == 3000 ]]
}

@test "write: format and codec are the input's, or what is asked for" {
	need zstd
	printf 'a\tb\n"1,5"\tx\n"p\tq"\t""\n' >part-1.tsv
	shard-write -o out --split all part-1.tsv
	cmp part-1.tsv out/all/part-00001.tsv
	shard-write -o out --split all --format csv part-1.tsv
	printf 'a,b\n"1,5",x\n"p\tq",""\n' | cmp - out/all/part-00001.csv
	[[ ! -e out/all/part-00001.tsv ]] # the old record named it
	shard-write -o out --split all --format tsv --compress gz part-1.tsv
	gzip -dc out/all/part-00001.tsv.gz | cmp - part-1.tsv
	gzip -c part-1.tsv >part-2.tsv.gz
	shard-write -o out --split all --compress zst part-2.tsv.gz
	zstd -dqc out/all/part-00002.tsv.zst | cmp - part-1.tsv
	shard-write -o out --split all part-2.tsv.gz
	gzip -dc out/all/part-00002.tsv.gz | cmp - part-1.tsv
	[[ ! -e out/all/part-00002.tsv.zst ]]
	cp part-2.tsv.gz part-3.tsv.gz
	shard-write -o out --split all --compress none --format csv part-3.tsv.gz
	printf 'a,b\n"1,5",x\n"p\tq",""\n' | cmp - out/all/part-00003.csv
}

@test "write: TSV through pipes keeps its bytes" {
	printf 'a\tb\n1,5\tx\n"p\tq"\t""\n' >part-1.tsv
	export SHARD_DELIM=tab SHARD_STRICT=1
	shard-cat part-1.tsv | shard-map | shard-write -o out --split all --like part-1.tsv
	cmp part-1.tsv out/all/part-00001.tsv
}

@test "write: compressed output of every level reads back" {
	rows 5000 >part-1.csv
	for level in 1 6 9; do
		shard-write -o out --split all --compress gz --level $level part-1.csv
		gzip -dc out/all/part-00001.csv.gz | cmp - part-1.csv
	done
	shard-write -o out --split all --compress zst --level 19 part-1.csv
	shard-cat out/all/part-00001.csv.zst | cmp - part-1.csv
	run -2 --separate-stderr shard-write -o out --split all --compress gz --level 10 part-1.csv
	says "--level 10: gz goes up to 9"
}

@test "write: a codec or format it cannot write is refused with the choices" {
	need bzip2
	rows 3 | bzip2 >part-1.csv.bz2
	run -2 --separate-stderr shard-write -o out --split all part-1.csv.bz2
	says "cannot write bz2: choose --compress none, gz, zst, lz4 or xz"
	run -2 --separate-stderr shard-write -o out --compress bz2 part-1.csv.bz2
	says "--compress"
	run -2 --separate-stderr shard-write -o out --format xml part-1.csv.bz2
	says "--format"
	barren out
}

@test "write: no row left makes no file, --empty=header makes one" {
	lines part-1.csv a,b
	shard-write -o out --split all part-1.csv
	[[ ! -e out/all && -e out/_shards/00001.tsv ]]
	shard-write -o out --split all --empty header part-1.csv
	cmp part-1.csv out/all/part-00001.csv
	shard-write -o out --split all part-1.csv
	[[ ! -e out/all/part-00001.csv ]]
}

@test "write: a second run replaces its shard's files and removes those it no longer makes" {
	shard-write -o out --like part-7.csv <t.csv
	lines t.csv id,_split 9,test 8,train
	shard-write -o out --like part-7.csv <t.csv
	[[ $(find out -name 'part-*' | sort) == $'out/test/part-00007.csv\nout/train/part-00007.csv' ]]
	printf 'id\n8\n' | cmp - out/train/part-00007.csv
}

@test "write: bad input commits nothing, and an output that is there stays" {
	lines part-1.csv id,_split 1,train 2,val
	shard-write -o out part-1.csv
	tree out >before
	{ cat part-1.csv; yes 3,train | head -n 100000; echo 4; } >bad && mv bad part-1.csv
	run -1 --separate-stderr shard-write -o out part-1.csv
	says "part-1.csv:100004: ragged row"
	tree out | cmp - before
	run -1 --separate-stderr shard-write -o new part-1.csv
	barren new
	run -1 --separate-stderr shard-write -o new --like part-1.csv <part-1.csv
	says "standard input:100004: ragged row"
	barren new
}

@test "write: an upstream killed at any byte commits nothing" {
	lines part-1.csv id,_split 1,train '"2",val' 3,train 4,train 5,test 6,val 7,val 8,val 9,val 10,val 11,val 12,val
	shard-cat --end emit part-1.csv >s
	size=$(stat -c %s s)
	for ((n = 0; n < size - 1; n++)); do
		head -c "$n" s >cut
		if shard-write --end expect -o out --like part-1.csv <cut 2>err; then
			echo "committed: the first $n bytes"
			return 1
		fi
	done
	barren out
	shard-write --end expect -o out --like part-1.csv <s
	[[ $(tail -qn +2 out/*/part-00001.csv | wc -l) == 12 ]]
}

@test "write: an upstream killed by a signal in mid-stream commits nothing" {
	rows 1000 >part-1.csv
	export SHARD_STRICT=1
	run -1 --separate-stderr bash -c '(shard-cat part-1.csv | head -n 700; kill -9 $BASHPID) | shard-map |
		shard-write -o out --split all --like part-1.csv'
	says "shard-map: standard input: the stream ended without its end marker"
	says "shard-write: standard input: "
	barren out
}

@test "write: a stream whose account does not close is refused" {
	printf 'a\n1\n2\n\004shardkit 1 2 in:-:3\n' >s
	run -1 --separate-stderr shard-write --end expect -o out --split all --like part-1.csv <s
	printf 'a\n1\n2\n\004shardkit 1 2 drop:nonsense:1 in:-:3\n' >s
	run -1 --separate-stderr shard-write --end expect -o out --split all --like part-1.csv <s
	barren out
}

@test "write: a row without a split, or with one that is no name, is refused with its line" {
	for split in '' '""' .. . ../x a/b _x .x '"a
b"'; do
		lines part-1.csv id,_split 1,train "2,$split"
		run -1 --separate-stderr shard-write -o out part-1.csv
		says "part-1.csv:3: "
		says "cannot be the name of a split"
		barren out
	done
	[[ ! -e x ]]
	run ! --separate-stderr shard-write -o out --split ../x --like part-1.csv <t.csv
	[[ ! -e x ]]
}

# many N FILE: rows of N splits, each some five times, in no order; and what is
# to be in each file, in want/.
many() {
	eval "mkdir -p want/s{0..$(($1 - 1))}"
	awk -v n="$1" 'BEGIN {
		print "id,note,_split"
		for (i = 0; i < 5 * n; i++) {
			s = i * 7919 % n
			row = i ",\"text, \"\"" s "\"\"\""
			print row ",s" s
			if (!(s in out)) out[s] = "id,note\n"
			out[s] = out[s] row "\n"
		}
		for (s in out) printf "%s", out[s] >("want/s" s "/part-00001.csv")
	}' >"$2"
}

# holds OUT EXT: OUT has the splits of want, each its rows, and nothing else.
holds() {
	rm -rf plain && cp -r "$1" plain
	[[ -z $2 || -z $(find plain -name '*.csv') ]]
	case $2 in
	.gz) gunzip -r plain ;;
	.zst) find plain -name '*.zst' -exec zstd -qd --rm {} + ;;
	esac
	rm -r plain/_shards
	diff -r want plain
}

@test "write: a shard may have 1,000 splits under ulimit -n 64, plain and compressed" {
	many 1000 part-1.csv
	(
		ulimit -n 64
		shard-write -o none part-1.csv
		shard-write -o gz --compress gz part-1.csv
		shard-write -o zst --compress zst --level 3 part-1.csv
		shard-cat --end emit part-1.csv | shard-write --end expect -o pipe --like part-1.csv
	)
	holds none ''
	holds gz .gz
	holds zst .zst
	diff -r -x _shards none pipe
	[[ $(grep -c ^file none/_shards/00001.tsv) == 1000 ]]
	shard-check -q none
	shard-check -q gz
}

@test "write: the files do not depend on descriptors, nor on the memory for their rows" {
	many 100 part-1.csv
	shard-write -o want-100 part-1.csv
	holds want-100 ''
	for n in 12 16 40; do
		(ulimit -n $n && shard-write -o "n$n" part-1.csv)
		diff -r -x _shards want-100 "n$n"
	done
	# 5 MB for 1 MiB: in several runs, some rows longer than a record of them
	awk 'BEGIN {
		print "a,_split"
		for (long = "x"; length(long) < 300000; long = long long) ;
		for (i = 0; i < 2000; i++) print i (i % 200 ? "" : long) sprintf("%1000s", i) ",s" i % 50
	}' >part-2.csv
	shard-write -o few --memory 1M part-2.csv
	shard-write -o more --memory 100M part-2.csv
	diff -r few more
	[[ $(tail -qn +2 few/s*/part-00002.csv | LC_ALL=C sort | cksum) == $(tail -n +2 part-2.csv | sed 's/,s[0-9]*$//' | LC_ALL=C sort | cksum) ]]
	run -2 --separate-stderr shard-write -o out --memory 1000K part-2.csv
	says "--memory must be at least 1M"
}

@test "write: with many splits bad input commits nothing, and an output that is there stays" {
	many 100 part-1.csv
	shard-write -o out part-1.csv
	tree out >before
	{ cat part-1.csv; echo 4; } >bad && mv bad part-1.csv
	run -1 --separate-stderr shard-write -o out part-1.csv
	says "part-1.csv:502: ragged row"
	tree out | cmp - before
	sed -i '$s/.*/1,2,a\/b/' part-1.csv
	run -1 --separate-stderr shard-write -o new part-1.csv
	says 'part-1.csv:502: "a/b" cannot be the name of a split'
	barren new
	mkdir -p o2/s99/part-00001.csv # where a file that waits should be
	sed -i '$d' part-1.csv
	run -1 --separate-stderr shard-write -o o2 part-1.csv
	says "o2/s99/part-00001.csv"
	[[ -z $(find o2 -name '.tmp*') && ! -e o2/_shards/00001.tsv ]]
}

@test "write: rows that wait need a place that is there" {
	many 100 few.csv
	long=$(printf '%0300d' 0)
	{
		head -n 1 few.csv
		for i in {1..13}; do tail -n +2 few.csv | sed "s/text/$long/"; done
	} >part-1.csv
	run -1 --separate-stderr shard-write -o out --memory 1M --temp-dir nowhere part-1.csv
	says "temporary file in nowhere (--temp-dir names another directory): No such file or directory"
	barren out
	mkdir temp
	shard-write -o out --memory 1M --temp-dir temp part-1.csv
	barren temp
	[[ $(tail -qn +2 out/s*/part-00001.csv | wc -l) == 6500 ]]
}

@test "write: a second run removes the files of splits that are gone, however many" {
	many 200 part-1.csv
	shard-write -o out part-1.csv
	rm -r want
	many 50 part-1.csv
	shard-write -o out part-1.csv
	[[ $(find out -name 'part-*' | wc -l) == 50 ]]
	find out -type d -empty -delete
	holds out ''
}

@test "write: without a shard's name, and without --output, it is wrong usage" {
	run -2 --separate-stderr shard-write -o out <t.csv
	says "which shard is this? --like part-NNNNN.csv"
	run -2 --separate-stderr shard-write -o out --like other.csv <t.csv
	says "which shard is this?"
	run -2 --separate-stderr shard-write --like part-1.csv <t.csv
	says "--output DIR is needed"
	barren out
}

@test "write: --batch makes one file per split of many shards" {
	lines part-1.csv id,_split 1,train 2,val
	lines part-2.csv id,_split 3,train
	shard-write --batch -o out part-1.csv part-2.csv
	printf 'id\n1\n3\n' | cmp - out/train/train_processed_data.csv
	printf 'id\n2\n' | cmp - out/val/val_processed_data.csv
	[[ -e out/_shards/batch.tsv ]]
}

@test "write: several shards need --batch: they have not one number" {
	lines part-1.csv id,_split 1,train
	lines part-2.csv id,_split 2,train
	run -2 --separate-stderr shard-write -o out part-1.csv part-2.csv
	barren out
}

@test "write: a full disk is an error, commits nothing and leaves no temp file" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	mkdir small
	mount -t tmpfs -o size=64k none small || skip "cannot mount a tmpfs"
	rows 20000 | shard-split -b hash >part-1.csv
	for compress in none gz zst; do
		run --separate-stderr shard-write --compress $compress -o small/out part-1.csv
		found=$(find small -type f)
		status_now=$status stderr_now=$stderr
		if [[ $status_now != 1 || -n $found || $stderr_now != *"No space left on device"* ]]; then
			umount small
			echo "$compress: status $status_now, $stderr_now, $found"
			return 1
		fi
	done
	umount small
}

@test "write: an output that cannot be written is an error" {
	touch out
	run -1 --separate-stderr shard-write -o out --like part-1.csv <t.csv
	says "Not a directory"
	mkdir -p o2/train/part-00001.csv # a directory where the shard should be
	run -1 --separate-stderr shard-write -o o2 --like part-1.csv <t.csv
	says "o2/train/part-00001.csv"
	barren o2
}

@test "write: SIGTERM and SIGINT leave no temp file and no record" {
	rows 20000 >big.csv
	for signal in TERM INT HUP; do
		mkfifo pipe
		env --default-signal=INT,HUP "$(command -v shard-write)" -o out --split all --like part-1.csv <pipe 3>&- &
		pid=$!
		exec 8>pipe
		cat big.csv >&8 # more than it holds back, and no end
		soon eval '[[ -n $(find out -name ".tmp*" 2>/dev/null) ]]'
		kill -$signal $pid
		died $pid
		exec 8>&-
		rm pipe
		barren out
	done
}

@test "write: a record that names files outside of OUT removes none of them" {
	shard-write -o out --like part-7.csv <t.csv
	echo mine >victim
	sed -i 's,val/part-00007.csv,../victim,' out/_shards/00007.tsv
	run --separate-stderr shard-write -o out --like part-7.csv <<<$'id,_split\n1,train'
	[[ -e victim ]]
}

# Outputs of one process are put in place together, each in its own directory.
@test "write: shards of one shard-run may have an output directory each" {
	for i in 1 2 3; do lines part-$i.csv id "$i"; done
	printf '%s\n' part-{1,2,3}.csv | shard-run --list - cat {} : write -o out-{n}
	for i in 1 2 3; do
		[[ $(<out-0000$i/part-0000$i.csv) == $'id\n'$i ]]
		[[ $(cd out-0000$i/_shards && ls) == 0000$i.tsv ]]
		shard-check --build out-0000$i
	done
}
