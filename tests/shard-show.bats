#!/usr/bin/env bats
# shard-show: a context for people, and the groups of each shard.

load helper
load more
load impute

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "show: prints a context, a damaged one is an error" {
	rows 9 >part-1.csv
	context c part-1.csv
	run -0 --separate-stderr shard-show c
	[[ $output == *"rows     9"*"keys     7 (customerId; 0 rows without)"* ]]
	head -c 100 c/first.idx >cut && mv cut c/first.idx
	run -1 --separate-stderr shard-show c
	says "c/first.idx: "
	run -1 --separate-stderr shard-show none
	says "none: no context here"
	run -2 --separate-stderr shard-show
	says "name the directory of a context"
	run -2 --separate-stderr shard-stats --show c
	says "--show is now: shard-show CTX"
}

@test "show: a full disk is an error" {
	[ -w /dev/full ] || skip "needs /dev/full"
	rows 9 >part-1.csv
	context c part-1.csv
	run -1 --separate-stderr bash -c 'shard-show c >/dev/full'
	says "No space left on device"
}

@test "show: names, types and missing shares of every column; a damaged context is an error" {
	table 200 >part-1.csv
	fit c part-1.csv
	run -0 --separate-stderr shard-show c
	for word in id count price name flag when label int float text bool time; do
		[[ $output == *"$word"* ]] || { echo "no $word in $output"; return 1; }
	done
	[[ $output != *$'\e['* ]] # not a terminal: no colours
	head -c 20 c/meta.tsv >cut && mv cut c/meta.tsv
	refused shard-show c
}

@test "show: column names that are long, wide or hostile do not break the view" {
	printf '%s,"e\033[31mred","new\nline",größe\n,,,\n1,2,3,4\n' "$(printf 'n%.0s' {1..300})" >part-1.csv
	fit c part-1.csv
	run -0 --separate-stderr shard-show c
	[[ $output != *$'\e['* ]]
}

@test "show: --by-shard: they come in the order of the shards' numbers, whatever the partials' names" {
	local n
	mkdir p
	for n in 100000 99999 5 12; do
		lines "part-$n.csv" key,x "k$n,1"
		shard-stats --groups key -o "p/x$((n % 11)).st" "part-$n.csv"
	done
	shard-show --by-shard p >got
	[[ $(cut -f 1,3 got | tr '\t\n' ': ') == "shard:group 00005:k5 00012:k12 99999:k99999 100000:k100000 " ]]
	find p -name '*.st' -print0 | sort -rz | shard-show --by-shard -0 --files-from - | cmp - got
}

@test "show: --by-shard: keys and paths are escaped, ordered and left out as the merge does it" {
	printf 'key,x\n"a\tb",1\na\\b,2\n,3\nNA,4\n' >part-1.csv
	shard-stats --groups key -o p part-1.csv
	shard-show --by-shard p >got
	lines want $'shard\tpath\tgroup\trows\tbytes' $'00001\tpart-1.csv\tNA\t1\t5' \
		$'00001\tpart-1.csv\ta\\tb\t1\t8' $'00001\tpart-1.csv\ta\\\\b\t1\t6'
	cmp want got
	# what the other shards have decides on numbers and tokens
	mkdir $'the\tdir'
	lines $'the\tdir/part-1.csv' key 10 9 NA
	lines part-2.csv key 07
	lines part-3.csv key 1
	shard-stats --groups key -o q/1.st $'the\tdir/part-1.csv'
	shard-stats --groups key -o q part-3.csv
	shard-show --by-shard q | cut -f 2,3 >got
	lines want $'path\tgroup' $'the\\tdir/part-1.csv\t9' $'the\\tdir/part-1.csv\t10' $'part-3.csv\t1'
	cmp want got
	shard-stats --groups key -o q part-2.csv
	shard-show --by-shard q | cut -f 3 | tr '\n' ' ' >got
	[[ $(<got) == "group 10 9 NA 07 1 " ]]
}

@test "show: --by-shard: what does not fit --memory spills, and leaves no file" {
	awk 'BEGIN { print "key,x"; for (i = 0; i < 60000; i++) printf "a rather long key %d,%d\n", i * 7919 % 40000, i }' >part-1.csv
	shard-stats --groups key --memory 1M -o p part-1.csv
	shard-show --by-shard p >want
	[[ $(wc -l <want) == 40001 ]]
	shard-show --by-shard --memory 1M p | cmp - want
	[[ $(ls -A p) == 00001.st ]]
	shard-stats --merge -o c p
	tail -n +2 want | cut -f 3- | cmp - <(tail -n +2 c/groups.tsv)
	run -2 --separate-stderr shard-show --by-shard --memory 1000K p
	says "at least 1M"
}

@test "show: --by-shard: only partials of one shard, of groups, and of one job are taken" {
	local n
	for n in 1 2; do lines part-$n.csv key,x a,1; done
	shard-stats --groups key -o p part-1.csv part-2.csv
	refused() {
		run -1 --separate-stderr shard-show --by-shard "${@:2}"
		says "$1"
		[[ -z $output ]]
	}
	shard-stats --merge -o m.st p
	refused "m.st: 2 shards were merged: what is of which is not known any more" m.st
	shard-stats --schema -o s part-1.csv
	refused "s/00001.st: no groups here (pass 1 ran without --groups)" s
	refused "two partials for shard 1: p/00001.st and p/00001.st" p p/00001.st
	shard-stats --groups x -o x part-2.csv
	refused "partials of different options: --groups is key for p/00001.st and x for x/00002.st" p/00001.st x
	shard-stats --groups key --table t -o x part-2.csv
	refused "--table is not given for p/00001.st and t for x/00002.st" p/00001.st x
	mkdir none
	refused "no partial found" none
	refused "nowhere: " nowhere
	run -2 --separate-stderr shard-show --by-shard
	says "name partials"
}

@test "show: --by-shard: a damaged partial is refused before a line is written" {
	local size at
	lines part-1.csv key,x a,1 b,2
	lines part-2.csv key,x a,1 "$(head -c 40 /dev/zero | tr '\0' k),3"
	shard-stats --groups key -o p part-1.csv part-2.csv
	size=$(stat -c %s p/00002.st)
	cp p/00002.st good
	places "$size" 40
	for at in "${places[@]}"; do
		cp good p/00002.st
		flip p/00002.st $at
		run -1 --separate-stderr shard-show --by-shard p
		says "p/00002.st"
		[[ -z $output ]]
		head -c $at good >p/00002.st
		run -1 --separate-stderr shard-show --by-shard p
		[[ -z $output ]]
	done
}

@test "show: --by-shard: a full disk is an error" {
	[ -w /dev/full ] || skip "needs /dev/full"
	lines part-1.csv key,x a,1
	shard-stats --groups key -o p part-1.csv
	run -1 --separate-stderr bash -c 'shard-show --by-shard p >/dev/full'
	says "No space left on device"
}
