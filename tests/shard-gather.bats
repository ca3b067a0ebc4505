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
	words=(cat {} : route -o out --order t --unplanned keep)
	each_alone part-{0,1,2}.csv
	printf '%s\n' sym,t,v A,2024-01-02,5 A,2024-01-02,6 A,2024-01-03,2 >want0
}

# each_alone SHARD...: routed by a process each.
each_alone() {
	printf '%s\0' "$@" | xargs -0 -n 1 shard-run "${words[@]}" :::
}

todo() {
	printf '%s\0' "$@" | shard-run -0 --todo list --list - "${words[@]}" && tr '\0' ' ' <list
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
	SHARD_PROGRESS=8 shard-gather -o out -0 --files-from list 8>told
	cmp want0 out/batch-data-0.csv
	[[ -e out/batch-data-unplanned.csv && ! -e out/batch-data-1.csv && $(<told) == $'0\n0' ]]
	printf '0\n' | shard-gather -o out --used --files-from -
	[[ ! -e out/batch-data-0.csv ]]
	: >list
	run -1 --separate-stderr shard-gather -o out --files-from list
	says "list: the list names no file"
	[[ ! -e out/batch-data-1.csv ]]
}

# many_groups: 40 groups in 5 shards, a batch each; want has the batches.
many_groups() {
	rm -rf in out && mkdir in out
	for k in {0..4}; do
		awk -v k="$k" 'BEGIN { print "sym,t"; for (i = 0; i < 500; i++) printf "g%d,%d\n", i % 40, i * 7 % 100 + k }' >in/part-$k.csv
	done
	{
		printf 'sym\tbatch_id\n'
		printf 'g%d\n' {0..39} | sort | awk '{ print $0 "\t" NR - 1 }'
	} >out/batches.tsv
	for k in {0..4}; do shard-route -o out --order t:n in/part-$k.csv; done
	cp -rp out want && shard-gather -o want
}

@test "gather: --batches with --workers writes ranges, which workers share: each batch is made once" {
	many_groups
	shard-gather --batches list --workers 2 -0 -o out
	[[ $(tr '\0' ' ' <list) == "0-2 3-5 6-8 9-11 12-14 15-17 18-20 21-23 24-26 27-29 30-32 33-35 36-38 39-39 " ]]
	SHARD_PROGRESS=8 xargs -0 -P 3 -n 2 shard-gather -o out 8>told <list
	[[ $(<told) == "$(for k in {0..39}; do echo 0; done)" ]]
	shard-gather -o out --finish
	for k in {0..39}; do cmp want/batch-data-$k.csv out/batch-data-$k.csv; done
	[[ -z $(find out -name '.tmp*' -o -name '*.run') ]]
}

@test "gather: a range of --batches has at most 64 batches, and all ranges together each batch once" {
	local n w
	for n in 1 7 64 65 1000; do
		{ printf 'sym\tbatch_id\n' && seq 10000 $((9999 + n)) | awk '{ print $0 "\t" NR - 1 }'; } >map
		for w in 1 2 3 40 2000; do
			shard-gather --batches list --workers $w --map map -o out
			awk -F - -v n=$n '$1 != at || $2 < $1 || $2 - $1 > 63 { exit 1 } { at = $2 + 1 } END { if (at != n) exit 1 }' list
			((w != 1 || n < 1000)) || [[ $(wc -l <list) == 16 ]]
		done
	done
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

@test "gather: other words or another map route again, another place or other memory do not" {
	shard-gather -o out 0
	mv out moved
	words=(cat {} : route -o moved --order t --unplanned keep --memory 2M)
	[[ -z $(todo part-{0,1,2}.csv) && -e moved/batch-data-0.csv ]]
	mv moved out
	words=(cat {} : route -o out --order t:r --unplanned keep)
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ ! -e out/batch-data-0.csv && ! -e out/_runs/data/00000.tsv ]]
	each_alone part-{0,1,2}.csv
	[[ -z $(todo part-{0,1,2}.csv) ]]
	printf 'sym\tbatch_id\nA\t0\nB\t0\n' >out/batches.tsv
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " ]]
}

@test "gather: what a context says of the key and of Parquet types is among the facts, and nothing else of it" {
	context() { # NA
		shard-stats --schema --na "$1" --groups sym -o $1 part-*.csv && shard-stats --merge -o ctx $1
	}
	context auto
	words=(cat {} : route -o out --order t --unplanned keep -c ctx --format parquet)
	todo part-{0,1,2}.csv >all
	each_alone part-{0,1,2}.csv
	mv ctx other && words[-3]=other
	[[ -z $(todo part-{0,1,2}.csv) ]]
	mv other ctx && words[-3]=ctx
	lines part-3.csv sym,t,v A,2024-01-09,x
	rm -rf auto && context auto # v is text now
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " ]]
}

@test "gather: shards that were routed by other words are an error, and no batch is made" {
	rm out/_runs/data/00001.*
	shard-run cat {} : map --where 'v == 6' : route -o out --order t ::: part-1.csv
	run -1 --separate-stderr shard-gather -o out
	says "out/_runs/data: shards 00000 and 00001 were routed by other words or facts"
	[[ -z $(find out -maxdepth 1 -name 'batch-*') ]]
}

@test "gather: batches are of the form that routing said, unless gather says another" {
	words+=(--format jsonl --compress gz --level 9)
	todo part-{0,1,2}.csv
	each_alone part-{0,1,2}.csv
	shard-gather -o out 0 unplanned
	[[ $(gzip -dc out/batch-data-0.jsonl.gz | sed 1q) == '{"sym":"A","t":"2024-01-02","v":5}' && -e out/batch-data-unplanned.jsonl.gz ]]
	stat -c %i out/batch-* >before
	shard-gather -o out 0 unplanned
	stat -c %i out/batch-* | diff before -
	shard-gather -o out --format csv --compress none 1
	[[ $(<out/batch-data-1.csv) == $'sym,t,v\nB,2024-01-01,7\nB,2024-01-02,1' ]]
	run -2 --separate-stderr shard-gather -o out --format tsv 1
	says "--format tsv: the rows were routed as csv"
	# a batch of another form is not the one that is asked for, and its rows were given back
	run -1 --separate-stderr shard-gather -o out 1
	says "out/_runs/data/0000"
	[[ -e out/batch-data-1.csv ]]
}

@test "gather: a batch that is made anew in another form replaces the one before" {
	shard-gather -o out 1
	cp -rp out before
	rm -rf out/_* && each_alone part-{0,1,2}.csv
	cp -rp before/_batches out
	shard-gather -o out 1 --compress gz
	[[ $(ls out | grep batch-) == batch-data-1.csv.gz ]]
}

@test "gather: Parquet batches have the types of OUT/_context/TABLE" {
	ducksql "SELECT 'x'" >/dev/null 2>&1 || skip "no libduckdb.so (make parquet gets it)"
	shard-stats --schema -o parts part-*.csv && shard-stats --merge -o out/_context/data parts
	words+=(--format parquet)
	todo part-{0,1,2}.csv
	each_alone part-{0,1,2}.csv
	shard-gather -o out 0
	shard-cat out/batch-data-0.parquet | sed -n 2p >got
	[[ $(<got) == '"A",2024-01-02 00:00:00,5' ]]
	rm -rf out/_context
	run -1 --separate-stderr shard-gather -o out 1
	says "out/_context/data: no context here"
	shard-stats --merge -o ctx parts && shard-gather -o out --types ctx 1
}

@test "gather: shard-run --todo names what is new, changed or gone, and forgets it" {
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
	cp part-1.csv part-3.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv part-3.csv) == "part-3.csv " ]]
	touch part-1.csv # other times, the same bytes
	[[ $(todo part-0.csv part-1.csv part-2.csv part-3.csv) == "part-3.csv " ]]
	echo A,2024-01-09,8 >>part-1.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-1.csv " && ! -e out/_runs/data/00001.tsv && ! -e out/_runs/data/00001.0.run ]]
	[[ $(todo part-0.csv) == "" && ! -e out/_runs/data/00002.tsv ]]
}

@test "gather: shard-run --todo after batches were given back routes all again, and their files go" {
	shard-gather -o out
	shard-check --build out
	echo A,2024-01-09,8 >>part-1.csv
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(find out -name 'batch-*' -o -name _SUCCESS -o -name freed) ]]
}

@test "gather: shard-run --todo --verify trusts no time" {
	cp -p part-1.csv saved
	sed -i 's/,6$/,9/' part-1.csv
	touch -r saved part-1.csv
	cat part-1.csv >same && cat same >part-1.csv && touch -r saved part-1.csv
	shard-run --todo list --verify "${words[@]}" ::: part-0.csv part-1.csv part-2.csv
	[[ $(<list) == part-1.csv ]]
}

# Runs are not synced: those of an earlier start of the machine may be torn.
@test "gather: shard-run --todo takes runs of an earlier start of the machine for none; --finish leaves none that matter" {
	[[ -e /proc/sys/kernel/random/boot_id ]] || skip "the kernel does not say which start this is"
	[[ $(<out/_runs/data/boot) == "$(</proc/sys/kernel/random/boot_id)" ]]
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
	echo another >out/_runs/data/boot
	truncate -s 100 out/_runs/data/00001.0.run
	run ! shard-gather -o out
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(find out -name '*.run' -o -name 'batch-*' -o -name boot -o -path '*_runs*.tsv') ]]
	each_alone part-{0,1,2}.csv
	shard-gather -o out
	shard-gather -o out --finish
	[[ ! -e out/_runs/data/boot ]]
	[[ -z $(todo part-0.csv part-1.csv part-2.csv) ]]
}

@test "gather: shard-run --todo takes a damaged unit for one that is not there" {
	sed -i 's/^routed\t-\t1/routed\t-\t2/; s/^in\t-\t2/in\t-\t3/' out/_runs/data/00001.tsv
	run -1 --separate-stderr shard-gather -o out
	says "out/_runs/data/00001.tsv:"
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-1.csv " ]]
}

@test "gather: two shards of one number, and one without, are refused by shard-run --todo" {
	mkdir x && cp part-0.csv x
	run -1 --separate-stderr shard-run --todo list "${words[@]}" ::: part-0.csv x/part-0.csv
	says "one shard number"
	cp part-0.csv x/nothing.csv
	run -1 --separate-stderr shard-run --todo list "${words[@]}" ::: x/nothing.csv
	says "no shard number in the name"
	[[ ! -e list ]]
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
	shard-run "${words[@]}" ::: part-0.csv part-1.csv
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
	shard-run cat {} : route -o other --order t --unplanned keep ::: part-*.csv
	[[ $(ls -I boot other/_runs/data) == $'00000.0.run\n00000.tsv' ]]
	shard-gather -o other
	shard-gather --finish --join-units -o other
	diff -r out/_runs other/_runs
	# a changed shard, routed by hand, is not lost among the others
	echo A,2024-01-09,9 >>part-1.csv
	each_alone part-1.csv
	run -1 --separate-stderr shard-gather -o out
	says "shard 00001 was routed twice"
	# --todo knows
	[[ $(todo part-0.csv part-1.csv part-2.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	each_alone part-{0,1,2}.csv
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
	bad '"1-0": ends before it begins' -o out 1-0
	bad '"0-2": no batch; the last one is 1' -o out 0-2
	bad '"0-": no batch' -o out 0-
	bad "--join is about no table and no single batches" -o out --join 1
	bad "--join is about no table and no single batches" -o out --join --table data
	bad "--keep and --day are for --each" -o out --keep 1
	bad "--keep and --day are for --each" -o out --day x 1
	bad "--workers is for --batches" -o out --workers 2
	bad "--each: which batches?" -o out --each x
	bad "--each is for the batches that have numbers" -o out --each x 0 unplanned
	bad "exclude each other" -o out --each x --used 0
	bad "exclude each other" -o out --used --finish
	bad "--files-from and --null are not for --finish" -o out --finish --files-from x
	bad "batches are named by --files-from or as operands, not both" -o out --files-from x 1
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

@test "gather: shard-run --todo wants all shards when a run and a batch's record are gone, and nothing before" {
	shard-gather -o out
	[[ -z $(todo part-{0,1,2}.csv) && -e out/batch-data-0.csv ]]
	rm out/_batches/data/00001.tsv
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " ]]
	[[ -z $(ls out | grep batch-) && -z $(find out/_runs out/_batches -type f) ]]
	each_alone part-{0,1,2}.csv
	shard-gather -o out
	cmp want0 out/batch-data-0.csv
	shard-check --build out
}

@test "gather: shard-run --todo removes batches of the table that no record names, and no other file" {
	shard-gather -o out 0 1 unplanned
	touch out/batch-data-7.csv.gz out/batch-data-unplanned.parquet out/batch-data-7.txt out/batch-other-7.csv
	[[ -z $(todo part-{0,1,2}.csv) ]]
	[[ $(cd out && echo batch-data* batch-o*) == "batch-data-0.csv batch-data-1.csv batch-data-7.txt batch-data-unplanned.csv batch-other-7.csv" ]]
}

@test "gather: --batches writes the numbers of the map's batches" {
	shard-gather --batches list -o out
	[[ $(<list) == $'0\n1' ]]
	[[ $(shard-gather --batches /dev/stdout -0 -o out | tr '\0' ' ') == "0 1 " ]]
	{ echo numbers && shard-gather --batches /dev/fd/1 -o out; } >list # in a file, too
	[[ $(<list) == $'numbers\n0\n1' && -e /dev/fd/1 && -L /dev/stdout ]]
	printf 'sym\tbatch_id\n' >none
	shard-gather --batches list -o out --map none
	[[ -e list && ! -s list ]]
	run -1 --separate-stderr shard-gather --batches list -o nowhere
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
	run -2 --separate-stderr shard-gather --batches list --table b -o out
	says "about no single batches"
	run -2 --separate-stderr shard-gather --batches list --forget -o out
	says "exclude each other"
}

@test "gather: shard-run --todo takes the shards in any order, and names them in that of the list" {
	local i
	for i in 3 4 5 6 7 8 9 10 11 12; do cp part-2.csv part-$i.csv; done
	each_alone part-{3,5,7,9,11}.csv
	[[ $(todo part-{12,11,10,9,8,7,6,5,4,3,2,1,0}.csv) == "part-12.csv part-10.csv part-8.csv part-6.csv part-4.csv " ]]
}

@test "gather: shard-run --todo --force forgets the table, and of another one nothing" {
	shard-run cat {} : route -o out --order t --table b ::: part-1.csv
	shard-gather -o out 0
	shard-run --todo list --force "${words[@]}" ::: part-{0,1}.csv
	[[ $(<list) == $'part-0.csv\npart-1.csv' && ! -e out/batch-data-0.csv && -z $(ls out/_runs/data | grep 0) ]]
	[[ -e out/_runs/b/00001.tsv && -e out/_runs/b/00001.0.run ]]
}

@test "gather: of a sorted table shard-run --todo wants all shards or none" {
	rm -rf out/_* part-*.csv
	lines part-0.csv sym,t,v A,2024-01-01,1
	lines part-1.csv sym,t,v A,2024-01-02,3 Z,2024-01-02,3
	lines part-2.csv sym,t,v B,2024-01-01,4
	words+=(--sorted)
	shard-run "${words[@]}" ::: part-{0,1,2}.csv
	[[ -z $(todo part-{0,1,2}.csv) ]]
	cp -rp out saved
	rm out/batch-data-1.csv
	run -1 --separate-stderr shard-gather -o out 1
	says "batch data/00001 is not done, and its rows are in no run: route the sorted shards again"
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " && -z $(ls out | grep batch-) ]]
	rm -rf out && mv saved out
	shard-gather -o out && shard-gather -o out --finish
	[[ -z $(todo part-{0,1,2}.csv) ]]
	echo B,2024-01-02,9 >>part-2.csv
	[[ $(todo part-{0,1,2}.csv) == "part-0.csv part-1.csv part-2.csv " && -z $(ls out | grep batch-) ]]
}

# each [OPTION...]: --each over two tables.
each() {
	shard-gather -o out --table data --table "b c" "$@"
}

two_tables() {
	shard-run cat {} : route -o out --order t --table "b c" ::: part-{0,1}.csv
}

@test "gather: --each runs the command on each batch, and --join makes one file of the results" {
	two_tables
	SHARD_PROGRESS=8 each --each 'cat "$@" | tail -n +2 | wc -l; echo {} {b c} {data}' 0-1 8>told
	[[ $(<told) == $'0\n0' && $(sed 1d out/_results/00001) == "out/batch-data-1.csv out/batch-b c-1.csv out/batch-data-1.csv" ]]
	[[ -z $(ls out | grep batch-) && -n $(grep $'^used\t' out/_batches/data/00000.tsv) ]]
	stat -c %i out/_results/* >before
	each --each 'exit 3' 0-1 # the results are there
	stat -c %i out/_results/* | cmp before -
	shard-gather --join -o out
	[[ ! -e out/_results && $(wc -l <out/result.csv) == 4 ]]
	shard-gather -o out unplanned
	shard-gather -o out --finish && shard-gather -o out --finish --table "b c"
	shard-check --build out
	shard-gather --join -o out # was done
	rm out/result.csv
	run -1 --separate-stderr shard-gather --join -o out
	says "out/_results/00000: No such file or directory"
}

@test "gather: --each quotes what it puts in for braces, and leaves others" {
	mkdir "it's" && cp out/batches.tsv "it's"
	shard-run cat {} : route -o "it's" --order t ::: part-{0,1}.csv
	shard-gather -o "it's" --keep --day 2024-05-06 \
		--each 'printf "%s\n" {} {id} {day} {nope} {a{id} "$SHARD_BATCH" "$SHARD_DAY" "$0" "$1" "$#" {' 1
	diff "it's/_results/00001" - <<<"it's/batch-data-1.csv"$'\n1\n2024-05-06\n{nope}\n{a1\n1\n2024-05-06\nsh\n'"it's/batch-data-1.csv"$'\n1\n{'
	[[ -e "it's/batch-data-1.csv" ]]
	shard-gather -o out --each 'printf "<%s>" {day} "$SHARD_DAY"' 0
	[[ $(<out/_results/00000) == "<><>" ]]
}

@test "gather: --each ends with the command: its status is in failed, its batch is kept, and nothing more is begun" {
	run -1 --separate-stderr shard-gather -o out --each 'echo half; exit 7' 0-1
	[[ $stderr == "shard-gather: batch 0: the command of --each ended with status 7; the batch is kept" ]]
	[[ $(<out/_results/failed) == 7 && $(ls -A out/_results) == failed && -e out/batch-data-0.csv && ! -e out/batch-data-1.csv ]]
	run -1 --separate-stderr shard-gather -o out --each 'echo whole' 0-1
	[[ -z $stderr && $(ls -A out/_results) == failed ]]
	rm out/_results/failed
	run -1 --separate-stderr shard-gather -o out --day 2024-01-01 --each 'kill -KILL $$' 1
	[[ $stderr == "shard-gather: 2024-01-01: batch 1: the command of --each ended with status 137; the batch is kept" ]]
	[[ $(<out/_results/failed) == 1 ]]
	rm out/_results/failed
	truncate -s 10 out/_runs/data/00001.0.run
	rm -rf out/_batches out/batch-*
	run -1 --separate-stderr shard-gather -o out --each 'echo x' 0
	says out/_runs/data/00001.0.run
	[[ $(<out/_results/failed) == 1 ]]
}

@test "gather: --each reads what the command started, too, to its end; the command has no other descriptors" {
	shard-gather -o out --each '(sleep 0.4; echo late) & echo early; cat; ls /proc/self/fd | wc -l' 0 8<part-0.csv
	# 0, 1, 2, and that of ls
	[[ $(<out/_results/00000) == $'early\n4\nlate' ]]
}

@test "gather: a result of --each that cannot be written is an error, and the batch is kept" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	mkdir out/_results
	mount -t tmpfs -o size=100k none out/_results || skip "cannot mount a tmpfs"
	run -1 --separate-stderr shard-gather -o out --each 'seq 100000; exit 5' 0
	ls -A out/_results >left
	umount out/_results
	[[ $stderr == "shard-gather: batch 0 is kept, as its result cannot be written: "*"No space left on device" ]]
	[[ $(<left) == failed && -e out/batch-data-0.csv ]]
}

@test "gather: a signal ends --each and its command, and leaves no half of a result" {
	shard-gather -o out --each 'echo $$ >pid; exec sleep 100' 0 &
	local pid=$! i
	for i in {1..100}; do [[ ! -s pid ]] || break; sleep 0.05; done
	kill "$pid"
	died "$pid"
	for i in {1..100}; do kill -0 "$(<pid)" 2>/dev/null || break; sleep 0.05; done
	run ! kill -0 "$(<pid)"
	[[ -z $(ls -A out/_results) ]]
	shard-gather -o out --each 'echo x' 0
	[[ $(<out/_results/00000) == x ]]
}

@test "gather: a batch that was used, with its result gone, is an error of --each" {
	shard-gather -o out --each 'echo x' 0
	rm out/_results/00000
	run -1 --separate-stderr shard-gather -o out --each 'echo x' 0
	says "batch data/00000 was used, and its result is gone"
}
