#!/usr/bin/env bats
# shard-gather: a sorted file per batch, out of runs.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	lines part-0.csv sym,t,v B,2024-01-02,1 A,2024-01-03,2 ,2024-01-01,3 Z,2024-01-01,4 A,2024-01-02,5
	lines part-1.csv sym,t,v A,2024-01-02,6 B,2024-01-01,7
	lines part-2.csv sym,t,v
	mkdir out
	printf 'sym\tbatch_id\nA\t0\nB\t1\n' | tee batches.tsv >out/batches.tsv
	for i in 0 1 2; do shard-route -o out --order t --unplanned keep part-$i.csv; done
	printf '%s\n' sym,t,v A,2024-01-02,5 A,2024-01-02,6 A,2024-01-03,2 >want0
}

todo() {
	printf '%s\0' "$@" | shard-gather -o out --todo -0 --files-from - | tr '\0' ' '
}

@test "gather: all batches, then the runs are gone, and the output checks" {
	shard-gather -o out
	cmp want0 out/batch-data-0.csv
	[[ $(<out/batch-data-1.csv) == $'sym,t,v\nB,2024-01-01,7\nB,2024-01-02,1' ]]
	[[ $(<out/batch-data-unplanned.csv) == $'sym,t,v\n,2024-01-01,3\nZ,2024-01-01,4' ]]
	[[ -z $(find out -name '*.run') ]]
	shard-check --build out
	[[ $(awk '{ print $1, $2, $4 }' out/_manifest.tsv) == $'shard split rows\n0 data 3\n1 data 2\n- data 2' ]]
}

@test "gather: chosen batches only, and again does nothing" {
	shard-gather -o out 0 unplanned
	[[ ! -e out/batch-data-1.csv && -n $(find out -name '*.run') ]]
	stat -c %i out/batch-* >before
	shard-gather -o out 0 unplanned
	stat -c %i out/batch-* | diff before -
	shard-gather -o out 1
	shard-gather -o out --finish
	[[ -z $(find out -name '*.run') ]]
	shard-check --build out
}

@test "gather: --files-from names batches, --used too; an empty list is no wish for all" {
	printf '0\0unplanned\0' >list
	shard-gather -o out -0 --files-from list --progress-fd 8 8>told
	cmp want0 out/batch-data-0.csv
	[[ -e out/batch-data-unplanned.csv && ! -e out/batch-data-1.csv && $(<told) == $'0\n0' ]]
	printf '0\n' | shard-gather -o out --used --files-from -
	[[ ! -e out/batch-data-0.csv ]]
	: >list
	run -1 --separate-stderr shard-gather -o out --files-from list
	says "list: the list names no file"
	[[ ! -e out/batch-data-1.csv ]]
}

@test "gather: --turns shares a list: each batch is made once, by whoever comes" {
	rm -rf in out && mkdir in out
	for k in {0..4}; do
		awk -v k=$k 'BEGIN { print "sym,t"; for (i = 0; i < 500; i++) printf "g%d,%d\n", i % 40, i * 7 % 100 + k }' >in/part-$k.csv
	done
	{
		printf 'sym\tbatch_id\n'
		printf 'g%d\n' {0..39} | sort | awk '{ print $0 "\t" NR - 1 }'
	} >out/batches.tsv
	for k in {0..4}; do shard-route -o out --order t:n in/part-$k.csv; done
	cp -rp out want && shard-gather -o want
	printf '%d\n' {0..39} >list
	printf '%015d\n' {0..39} >turns
	exec 7<turns
	for k in 0 1 2; do
		shard-gather -o out --turns 7 --files-from list --progress-fd 8 8>told.$k &
	done
	wait
	exec 7<&-
	[[ $(cat told.*) == "$(for k in {0..39}; do echo 0; done)" ]]
	shard-gather -o out --finish
	for k in {0..39}; do cmp want/batch-data-$k.csv out/batch-data-$k.csv; done
	[[ -z $(find out -name '.tmp*' -o -name '*.run') ]]
	printf 'x\n' >turns
	run -2 --separate-stderr shard-gather -o out --turns 7 --files-from list 7<turns
	says "--turns: the file has no lines of 16 bytes"
}

@test "gather: a batch whose file was changed in size or removed is made again while the runs have it" {
	shard-gather -o out 1
	rm -rf copy && cp -rp out copy
	rm -rf out && cp -rp copy out
	shard-gather -o out 1
	cmp copy/batch-data-1.csv out/batch-data-1.csv
}

@test "gather: --finish refuses while a batch is not done" {
	shard-gather -o out 0 unplanned
	run -1 --separate-stderr shard-gather -o out --finish
	says "batch data/00001 is not done"
	[[ -n $(find out -name '*.run') ]]
}

@test "gather: --compress and --level; another codec makes the batch anew" {
	shard-gather -o out --compress gz --level 9
	gzip -dc out/batch-data-0.csv.gz | cmp want0 -
	run -2 --separate-stderr shard-gather -o out --compress bz2
	says '--compress "bz2": must be none, gz, zst, lz4 or xz'
	run -2 --separate-stderr shard-gather -o out --compress gz --level 99
	says "--level 99: gz"
}

@test "gather: --used removes a batch, and its record says so" {
	shard-gather -o out 0 1 unplanned
	shard-gather -o out --used 0
	[[ ! -e out/batch-data-0.csv && -e out/batch-data-1.csv ]]
	grep -q $'^used\tbatch-data-0.csv\t' out/_batches/data/00000.tsv
	shard-gather -o out 0
	[[ ! -e out/batch-data-0.csv ]]
	shard-gather -o out --finish
	shard-check --build out
	cp want0 out/batch-data-0.csv
	run -1 --separate-stderr shard-check out
	says "its record says that it was used and removed"
}

@test "gather: --facts of another kind make the batch again" {
	rm -rf out/_*
	echo one >f1
	echo two >f2
	shard-route -o out --order t --facts f1 part-0.csv
	shard-gather -o out --facts f1 0
	[[ $(printf 'part-0.csv\0' | shard-gather -o out --todo --facts f1 -0 --files-from - | tr -d '\0') == "" ]]
	[[ $(printf 'part-0.csv\0' | shard-gather -o out --todo --facts f2 -0 --files-from - | tr -d '\0') == part-0.csv ]]
	[[ ! -e out/batch-data-0.csv && ! -e out/_runs/data/00000.tsv ]]
}

@test "gather: --todo names what is new, changed or gone, and forgets it" {
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
	cp part-1.csv part-3.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv part-3.csv) == "part-3.csv " ]]
	touch part-1.csv # other times, the same bytes
	[[ $(todo part-0.csv part-1.csv part-2.csv part-3.csv) == "part-3.csv " ]]
	echo A,2024-01-09,8 >>part-1.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-1.csv " && ! -e out/_runs/data/00001.tsv && ! -e out/_runs/data/00001.0.run ]]
	[[ $(todo part-0.csv) == "" && ! -e out/_runs/data/00002.tsv ]]
}

@test "gather: --todo after batches were given back routes all again, and their files go" {
	shard-gather -o out
	shard-check --build out
	echo A,2024-01-09,8 >>part-1.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(find out -name 'batch-*' -o -name _SUCCESS -o -name freed) ]]
}

@test "gather: --todo --verify trusts no time" {
	cp -p part-1.csv saved
	sed -i 's/,6$/,9/' part-1.csv
	touch -r saved part-1.csv
	cat part-1.csv >same && cat same >part-1.csv && touch -r saved part-1.csv
	run -0 shard-gather -o out --todo --verify --files-from <(printf '%s\n' part-0.csv part-1.csv part-2.csv)
	[[ $output == part-1.csv ]]
}

# Runs are not synced: those of an earlier start of the machine may be torn.
@test "gather: --todo takes runs of an earlier start of the machine for none; --finish leaves none that matter" {
	[[ -e /proc/sys/kernel/random/boot_id ]] || skip "the kernel does not say which start this is"
	[[ $(<out/_runs/data/boot) == "$(</proc/sys/kernel/random/boot_id)" ]]
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
	echo another >out/_runs/data/boot
	truncate -s 100 out/_runs/data/00001.0.run
	run ! shard-gather -o out
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(find out -name '*.run' -o -name 'batch-*' -o -name boot -o -path '*_runs*.tsv') ]]
	shard-route -o out --order t part-0.csv
	shard-route -o out --order t part-1.csv
	shard-route -o out --order t part-2.csv
	shard-gather -o out
	shard-gather -o out --finish
	[[ ! -e out/_runs/data/boot ]]
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
}

@test "gather: --todo takes a damaged unit for one that is not there" {
	sed -i 's/^routed\t-\t1/routed\t-\t2/; s/^in\t-\t2/in\t-\t3/' out/_runs/data/00001.tsv
	run -1 --separate-stderr shard-gather -o out
	says "out/_runs/data/00001.tsv:"
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-1.csv " ]]
}

@test "gather: two shards of one number are refused by --todo" {
	mkdir x && cp part-0.csv x
	run -1 --separate-stderr shard-gather -o out --todo --files-from <(printf '%s\n' part-0.csv x/part-0.csv)
	says "one shard number"
}

@test "gather: --join leaves out repeated first lines, and adds the newline that is missing" {
	printf 'h\n1\n' >a
	printf 'h\n2' >b
	: >c
	printf 'x\nh\n' >d
	printf h >e
	printf '%s\0' a b c d e | shard-gather --join -o joined -0 --files-from -
	[[ $(<joined/result.csv) == $'h\n1\n2\nx\nh' ]]
	grep -q $'^file\tresult.csv\t5\t' joined/_batches/result.tsv
	printf '%s\n' c c | shard-gather --join -o joined --files-from -
	[[ ! -s joined/result.csv ]]
	run -1 --separate-stderr shard-gather --join -o joined --files-from <(echo none)
	says "none: No such file or directory"
}

@test "gather: runs of another map, or cut, or changed, are errors that name them, and no batch is made" {
	local what
	cp -rp out saved
	for what in 'truncate -s -1' 'truncate -s 10' 'truncate -s 0' 'sed -i s/2024-01-02/2024-01-03/'; do
		rm -rf out && cp -rp saved out
		$what out/_runs/data/00000.0.run
		run -1 --separate-stderr shard-gather -o out
		says out/_runs/data/00000.0.run
		[[ -z $(find out -maxdepth 1 -name 'batch-*-0*' -o -name '.tmp*') ]]
	done
	rm -rf out && cp -rp saved out
	printf 'sym\tbatch_id\nA\t0\nB\t0\n' >out/batches.tsv
	run -1 --separate-stderr shard-gather -o out
	says "was routed by another batch map"
}

@test "gather: a shard that was routed twice is an error, never twice its rows" {
	printf '%s\0' part-0.csv part-1.csv | shard-run -0 --list - cat {} : route -o out --order t
	run -1 --separate-stderr shard-gather -o out
	says "shard 00001 was routed twice"
}

@test "gather: --finish leaves a unit per process; --join-units one, whoever routed what, and nothing is done anew" {
	cp -rp out other
	shard-gather -o out
	[[ $(ls out/_runs/data) == $'00000.tsv\n00001.tsv\n00002.tsv\nfreed' ]]
	shard-check --build out
	shard-gather --finish --join-units -o out
	[[ $(ls out/_runs/data) == $'all.tsv\nfreed' ]]
	shard-gather --finish --join-units -o out
	shard-gather -o out
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "" ]]
	shard-check --build out
	# routed by one process
	rm -rf other/_runs
	ls part-*.csv | shard-run --list - cat {} : route -o other --order t --unplanned keep
	[[ $(ls -I boot other/_runs/data) == $'00000.0.run\n00000.tsv' ]]
	shard-gather -o other
	shard-gather --finish --join-units -o other
	diff -r out/_runs other/_runs
	# a changed shard, routed by hand, is not lost among the others
	echo A,2024-01-09,9 >>part-1.csv
	shard-route -o out --order t --unplanned keep part-1.csv
	run -1 --separate-stderr shard-gather -o out
	says "shard 00001 was routed twice"
	# --todo knows
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	for i in 0 1 2; do shard-route -o out --order t --unplanned keep part-$i.csv; done
	shard-gather -o out
	grep -qx A,2024-01-09,9 out/batch-data-0.csv
	shard-check --build out
	run -2 --separate-stderr shard-gather --join-units -o out
	says "--join-units is for --finish"
}

@test "gather: wrong usage says what is right" {
	bad() {
		run -2 --separate-stderr shard-gather "${@:2}"
		says "$1"
	}
	bad "--output DIR is needed"
	bad '"2": no batch; the last one is 1' -o out 2
	bad '"x": no batch' -o out x
	bad '"-1"' -o out -- -1
	bad "--memory: 1M is the least that works" -o out --memory 1K
	bad "--todo needs --files-from, one table and no batches" -o out --todo
	bad "--join needs --files-from, no table and no batches" -o out --join
	bad "exclude each other" -o out --used --finish
	bad "--files-from and --null are not for --finish" -o out --finish --files-from x
	bad "batches are named by --files-from or as operands, not both" -o out --files-from x 1
	bad "--turns needs --files-from with batches of one table" -o out --turns 7 0 7</dev/null
	bad "--turns needs --files-from" -o out --turns 7 --used --files-from x 7</dev/null
	bad "--turns 7: not an open descriptor" -o out --turns 7 --files-from x 7<&-
	bad "--verify is for --todo" -o out --verify
	bad "--finish is about all batches" -o out --finish 1
	bad 'cannot be the name of a table' -o out --table ../x
	[[ -z $(find out -maxdepth 1 -name 'batch-*') ]]
}

@test "gather: what was not routed is said" {
	mkdir none && cp batches.tsv none
	run -1 --separate-stderr shard-gather -o none
	says "none/_runs/data: no shard has been routed (shard-route)"
	run -1 --separate-stderr shard-gather -o out --table other
	says "out/_runs/other: no shard has been routed"
}

@test "gather: a full disk is an error, makes no batch, and more room goes on" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	local status=0 again=0 found
	awk 'BEGIN { print "sym,t,v"; for (i = 0; i < 30000; i++) printf "%s,%d,%0100d\n", i % 2 ? "A" : "B", i % 7, i }' >part-0.csv
	mkdir disk
	mount -t tmpfs -o size=4m none disk || skip "cannot mount a tmpfs"
	cp batches.tsv disk
	shard-route -o disk --order t:n part-0.csv
	shard-gather -o disk 2>err || status=$?
	found=$(find disk -name '.tmp*')
	mount -o remount,size=20m disk
	shard-gather -o disk 2>err2 || again=$?
	tail -qn +2 disk/batch-data-[01].csv | sort >got
	umount disk
	echo "status $status, $again: $(<err) $(<err2) $found"
	[[ $status == 1 && $again == 0 && $(<err) == *"No space left on device"* && -z $found ]]
	tail -n +2 part-0.csv | sort | cmp - got
}

@test "gather: 300 runs and 50 batches under ulimit -n 24, in a megabyte" {
	rm -rf out/_* part-*
	printf 'sym\tbatch_id\n' >out/batches.tsv
	for i in {10..59}; do printf '%d\t%d\n' "$i" $((i - 10)); done >>out/batches.tsv
	for i in {0..299}; do
		awk -v s="$i" 'BEGIN { srand(s); print "sym,t,v"; for (i = 0; i < 40; i++) printf "%d,%d,%d\n", 10 + rand() * 50, rand() * 9, s * 100 + i }' >"part-$i.csv"
	done
	printf '%s\0' part-*.csv | xargs -0 -n 1 shard-route -o out --order t:n
	cp -r out soft
	(ulimit -n 24 && shard-gather -o out --memory 1M)
	[[ $(tail -qn +2 out/batch-* | sort) == "$(tail -qn +2 part-*.csv | sort)" ]]
	for f in out/batch-*; do tail -n +2 "$f" | sort -s -c -t , -k 2,2n; done
	# where the hard limit allows it they are all merged as they lie there
	(ulimit -Sn 24 && shard-gather -o soft --memory 4M)
	for f in out/batch-*; do cmp "$f" "soft/${f##*/}"; done
}

@test "gather: files that are open already do not keep runs from being merged" {
	rm -rf out/_* part-*
	for i in {0..109}; do
		lines "part-$i.csv" sym,t,v "A,$((i * 7 % 50)),$i" "B,$((i * 3 % 40)),$i"
		shard-route -o out --order t:n "part-$i.csv"
	done
	cp -r out want
	shard-gather -o want
	( # of 122 files 8 are taken, 110 are runs
		ulimit -n 122
		for i in {1..8}; do exec {fd}</dev/null; done
		shard-gather -o out --memory 64M
	)
	cmp want/batch-data-0.csv out/batch-data-0.csv
	cmp want/batch-data-1.csv out/batch-data-1.csv
}

@test "gather: again does nothing where no row was unplanned" {
	rm -rf out/_*
	shard-route -o out --order t part-1.csv
	shard-gather -o out
	shard-gather -o out
	shard-gather -o out 0 1 unplanned
	shard-gather -o out --finish
}

@test "gather: --finish refuses while rows of no batch have no file" {
	shard-gather -o out 0 1
	run -1 --separate-stderr shard-gather -o out --finish
	says "data/unplanned is not done"
	shard-gather -o out unplanned
	shard-gather -o out --finish
	shard-check --build out
}

@test "gather: --join of results without a newline takes no time and no memory, and loses nothing" {
	head -c 20000000 /dev/zero | tr '\0' q >long
	{ cat long && echo x; } >longer
	# (the sanitizers take all the address space there is)
	([[ -n ${SANITIZED-} ]] || ulimit -v 200000
		printf '%s\n' long longer long | timeout 600 shard-gather --join -o joined --files-from -)
	[[ $(wc -lc <joined/result.csv | xargs) == "3 60000004" ]]
}

@test "gather: shard-check counts what was routed and what is in the batches" {
	shard-gather -o out
	shard-check --build out
	rm out/_batches/data/00001.tsv out/batch-data-1.csv
	run -1 --separate-stderr shard-check out
	says "rows were routed"
}

@test "gather: --todo wants all shards when a run and a batch's record are gone, and nothing before" {
	shard-gather -o out
	[[ -z $(todo part-{0,1,2}.csv) && -e out/batch-data-0.csv ]]
	rm out/_batches/data/00001.tsv
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(ls out | grep batch-) && -z $(find out/_runs out/_batches -type f) ]]
	for i in 0 1 2; do shard-route -o out --order t --unplanned keep part-$i.csv; done
	shard-gather -o out
	cmp want0 out/batch-data-0.csv
	shard-check --build out
}

@test "gather: --todo removes batches of the table that no record names, and no other file" {
	shard-gather -o out 0 1 unplanned
	touch out/batch-data-7.csv.gz out/batch-data-unplanned.parquet out/batch-data-7.txt out/batch-other-7.csv
	[[ -z $(todo part-{0,1,2}.csv) ]]
	[[ $(cd out && echo batch-data* batch-o*) == "batch-data-0.csv batch-data-1.csv batch-data-7.txt batch-data-unplanned.csv batch-other-7.csv" ]]
}

@test "gather: --batches prints the numbers of the map's batches" {
	[[ $(shard-gather --batches -o out) == $'0\n1' ]]
	[[ $(shard-gather --batches -0 -o out | tr '\0' ' ') == "0 1 " ]]
	printf 'sym\tbatch_id\n' >none
	[[ -z $(shard-gather --batches -o out --map none) ]]
	run -1 --separate-stderr shard-gather --batches -o nowhere
	says "nowhere/batches.tsv"
}

@test "gather: --forget removes a table, --forget-others the rest with its directories" {
	for i in 0 1 2; do
		for t in b c; do shard-route -o out --order t --table $t part-$i.csv; done
	done
	shard-gather -o out --table data --table b 0
	shard-gather --forget -o out --table b
	[[ ! -e out/batch-b-0.csv && -z $(find out/_runs/b out/_batches/b -name '*.*') && -e out/batch-data-0.csv ]]
	shard-gather --forget-others -o out --table data
	[[ $(cd out && echo _runs/* _batches/* batch-*) == "_runs/data _batches/data batch-data-0.csv" ]]
	shard-gather -o out
	shard-gather --forget -o out
	[[ $(ls out) == $'_batches\n_runs\nbatches.tsv' && -z $(ls out/_runs out/_batches | grep data) ]]
	run -2 --separate-stderr shard-gather --forget-others -o out
	says "--forget-others: than which --table?"
	run -2 --separate-stderr shard-gather --forget -o out 1
	says "about no single batches"
	run -2 --separate-stderr shard-gather --batches --table b -o out
	says "about no single batches"
	run -2 --separate-stderr shard-gather --batches --forget -o out
	says "exclude each other"
}
