#!/usr/bin/env bats
# shard-check: an output is what its records say, or it is not sealed.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
	for i in 1 2 3; do rows $((i * 10)) >in/part-$i.csv; done
	shard-ls in >list
	shard-run -L list cat {} : map -w 'id != 4' : split -b hash -k customerId : write -o out
}

# refuses WORDS: neither checks nor seals, and says so; quick does not either,
# unless the second word is `slow`.
refuses() {
	run -1 --separate-stderr shard-check out
	says "$1"
	run -1 --separate-stderr shard-check --build out
	says "$1"
	[[ ! -e out/_SUCCESS ]]
	[[ ${2-} == slow ]] && return
	run -1 --separate-stderr shard-check --quick --build --files-from list out
	says "$1"
	[[ ! -e out/_SUCCESS ]]
}

@test "check: --build writes manifest, account and _SUCCESS; every row is in them" {
	shard-check --build --files-from list out
	[[ -e out/_SUCCESS ]]
	[[ $(head -n 1 out/_manifest.tsv) == $'shard\tsplit\tpath\trows\tbytes\txxh3' ]]
	[[ $(head -n 1 out/_account.tsv) == $'shard\tkind\tname\trows' ]]
	awk -F '\t' '
		NR > 1 { n[$1, $2] += $4; shard[$1] = 1 }
		END {
			for (s in shard) if (n[s, "in"] != n[s, "out"] + n[s, "drop"]) exit 1
			exit n["00003", "in"] != 30 || n["00003", "drop"] != 1
		}' out/_account.tsv
	while IFS=$'\t' read -r _ _ path rows bytes _; do
		[[ $(stat -c %s "out/$path") == "$bytes" && $(tail -n +2 "out/$path" | wc -l) == "$rows" ]]
	done < <(tail -n +2 out/_manifest.tsv)
	[[ $(tail -n +2 out/_manifest.tsv | wc -l) == $(find out -name 'part-*' | wc -l) ]]
	shard-check out
	shard-check --quick out
}

@test "check: a missing output is refused by name" {
	rm out/train/part-00002.csv
	refuses "out/train/part-00002.csv: No such file or directory"
}

@test "check: an output that is too short is refused by name" {
	f=$(find out/train -type f | sort | head -n 1)
	head -c -1 "$f" >cut && mv cut "$f"
	refuses "$f: has "
}

@test "check: a flipped byte in an output is refused by name" {
	flip out/train/part-00003.csv 20
	refuses "out/train/part-00003.csv: damaged" slow
}

@test "check: a file that no record names is refused by name" {
	cp out/train/part-00001.csv out/train/part-00009.csv
	refuses "out/train/part-00009.csv: a file that no record names"
	rm out/train/part-00009.csv
	touch out/notes
	refuses "out/notes: a file that no record names"
}

@test "check: an output moved into another split is refused" {
	mkdir -p out/oot
	mv out/train/part-00001.csv out/oot/
	refuses "out/oot/part-00001.csv: a file that no record names"
}

@test "check: a record cut at any line is refused" {
	cp out/_shards/00001.tsv whole
	for ((n = 1; n < $(wc -l <whole); n++)); do
		head -n $n whole >out/_shards/00001.tsv
		refuses "out/_shards/00001.tsv: "
	done
	head -c -3 whole >out/_shards/00001.tsv
	refuses "out/_shards/00001.tsv"
	: >out/_shards/00001.tsv
	refuses "out/_shards/00001.tsv"
}

@test "check: an account that does not close is refused" {
	sed -i 's/^in\t-\t20\t/in\t-\t21\t/' out/_shards/00002.tsv
	refuses "shard 00002: its account does not close: 21 rows in"
}

@test "check: a listed shard without its record is refused by name" {
	rm out/_shards/00002.tsv out/*/part-00002.csv
	shard-check out # on its own it cannot know
	run -1 --separate-stderr shard-check --build --files-from list out
	says "in/part-2.csv: not done: no record of it in out"
	[[ ! -e out/_SUCCESS ]]
	tr '\n' '\0' <list >list0
	run -1 --separate-stderr shard-check --build -0 --files-from list0 out
	says "in/part-2.csv: not done"
}

@test "check: a manifest or account that was edited is refused" {
	shard-check --build out
	sed -i '2d' out/_manifest.tsv
	run -1 --separate-stderr shard-check out
	says "out/_manifest.tsv: does not agree with the records"
	shard-check --build out
	sed -i '$d' out/_account.tsv
	run -1 --separate-stderr shard-check out
	says "out/_account.tsv: does not agree with the records"
}

@test "check: an output without records, and none at all, are refused" {
	rm -r out/_shards
	run -1 --separate-stderr shard-check out
	says "out/_shards: no records of a run"
	run -1 --separate-stderr shard-check none
	says "none/_shards: no records of a run"
	mkdir -p empty/_shards
	run -1 --separate-stderr shard-check --build empty
	says "empty: no shard is done"
	[[ ! -e empty/_SUCCESS ]]
}

@test "check: --clean removes _SUCCESS and temp files, and no shard" {
	shard-check --build out
	tree out ! -name _SUCCESS >before
	touch out/.tmp.x out/train/.tmp.part-00001.csv.1.2 out/_shards/.tmp.y
	shard-check --clean out
	tree out | cmp - before
}

@test "check: what a killed run was replacing is told from other files, and --clean removes it" {
	mv out/_shards/00001.tsv out/_shards/.tmp.00001.tsv.old
	refuses "out/train/part-00001.csv: a file that no record names; of a shard that was not finished: shard-check --clean removes it"
	cp out/train/part-00002.csv out/train/part-00009.csv
	refuses "out/train/part-00009.csv: a file that no record names; not ours: move it away"
	# what a record names stays, whatever else speaks of it
	cp out/_shards/00002.tsv out/_shards/.tmp.00002.tsv.1.2
	shard-check --clean out
	[[ -z $(find out -name '*00001*') && -e out/train/part-00009.csv && -e out/train/part-00002.csv ]]
	rm out/train/part-00009.csv
	shard-check out
}

@test "check: --clean takes no file for a shard's that lies outside of OUT, or that half a record names" {
	echo mine >victim
	for from in train/part-00001.csv val/part-00001.csv; do
		sed "s,$from,../victim," out/_shards/00001.tsv >out/_shards/.tmp.00001.tsv.old
		rm -f out/_shards/00001.tsv
		shard-check --clean out
		[[ -e victim && -e out/train/part-00001.csv && -z $(find out -name '.tmp*') ]]
		rm -r out && shard-run -L list cat {} : map -w 'id != 4' : split -b hash -k customerId : write -o out
	done
	head -n -1 out/_shards/00001.tsv >out/_shards/.tmp.00001.tsv.1.2
	rm out/_shards/00001.tsv
	shard-check --clean out
	[[ -e out/train/part-00001.csv ]]
}

@test "check: --prune removes the outputs of shards that are not listed, and no other file" {
	touch out/train/theirs
	head -n 2 list | shard-check --prune --files-from - out
	[[ -z $(find out -name '*00003*') && -e out/train/theirs ]]
	rm out/train/theirs
	shard-check out
	[[ $(ls out/_shards) == $'00001.tsv\n00002.tsv' ]]
	run -2 --separate-stderr shard-check --prune out
	says "--prune needs --files-from"
}

@test "check: a record that names files outside of OUT removes none of them" {
	echo mine >victim
	sed -i 's,train/part-00001.csv,../victim,' out/_shards/00001.tsv
	run --separate-stderr shard-check --prune --files-from /dev/null out
	[[ -e victim ]]
}

@test "check: wrong usage ends with 2" {
	run -2 --separate-stderr shard-check
	says "name one output directory"
	run -2 --separate-stderr shard-check out out
	run -2 --separate-stderr shard-check --nothing out
}

@test "check: a list that cannot be read is an error, not an empty list" {
	tree out >before
	run -1 --separate-stderr shard-check --prune --files-from none out
	says "none: No such file or directory"
	tree out | cmp - before
}
