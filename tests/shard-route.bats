#!/usr/bin/env bats
# shard-route: rows sorted by batch into runs.  Its batches are made here with
# shard-gather, whose own tests are in shard-gather.bats.

# shellcheck disable=SC2094 # --like only names the file

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	lines part-0.csv sym,t,v B,2024-01-02,1 A,2024-01-03,2 ,2024-01-01,3 Z,2024-01-01,4 'A,2024-01-02,"5,""x"""'
	lines part-1.csv sym,t,v A,2024-01-02,6 B,2024-01-01,7
	mkdir out
	printf 'sym\tbatch_id\nA\t0\nB\t1\n' | tee batches.tsv >out/batches.tsv
	printf '%s\n' sym,t,v 'A,2024-01-02,"5,""x"""' A,2024-01-02,6 A,2024-01-03,2 >want0
	printf '%s\n' sym,t,v B,2024-01-01,7 B,2024-01-02,1 >want1
}

# route [OPTION...]: the shards of the directory, in one process.
route() {
	printf '%s\0' part-*.csv | shard-run -0 --list - cat {} : route -o out --order t "$@"
}

batches() {
	shard-gather -o out
	cmp want0 out/batch-data-0.csv
	cmp want1 out/batch-data-1.csv
}

# refuses STATUS TEXT OPTION...: says so, and routes nothing.
refuses() {
	run "-$1" --separate-stderr shard-route "${@:3}"
	says "$2"
	[[ -z $(find out -name '*.run' -o -name '*.tsv' ! -name batches.tsv) ]]
}

@test "route: rows go to their batch sorted by key, order, shard and row; others are dropped and counted" {
	route
	[[ $(ls -I boot out/_runs/data) == $'00000.0.run\n00000.tsv' ]]
	grep -qx $'drop\tmissing-group\t1\t-\t-\t-' out/_runs/data/00000.tsv
	grep -qx $'drop\tunplanned\t1\t-\t-\t-' out/_runs/data/00000.tsv
	batches
}

@test "route: what is a missing key is by the context of each shard, whatever came before" {
	for i in 0 1; do lines part-$i.csv sym,t,v NA,2024-01-01,1 ZZ,2024-01-02,2; done
	for i in 0 1; do
		local na=(QQ pandas)
		shard-stats --schema --na "${na[i]}" -o p$i part-*.csv
		shard-stats --merge -o part-$i.csv.c p$i
	done
	for keys in "NA ZZ" ZZ; do
		for order in "0 1" "1 0"; do
			rm -rf out && mkdir out
			# shellcheck disable=SC2086
			{ echo $'sym\tbatch_id' && printf '%s\t0\n' $keys; } >out/batches.tsv
			# shellcheck disable=SC2086
			printf 'part-%d.csv\0' $order | shard-run -0 --list - cat {} : route -o out --order t -c {}.c
			# of part-1 NA is missing
			[[ $(grep -hc $'^drop\tmissing-group\t1\t' out/_runs/data/*.tsv) == 1 ]]
			[[ $keys == ZZ ]] || ! grep -q $'^drop\tunplanned' out/_runs/data/*.tsv
			shard-gather -o out
			[[ $(grep -c NA, out/batch-data-0.csv) == $([[ $keys == ZZ ]]; echo $?) ]]
		done
	done
}

@test "route: a stream with --like is routed as the file is" {
	shard-route -o out --order t --like part-1.csv <part-1.csv
	shard-cat part-0.csv | shard-route -o out --order t --like part-0.csv
	batches
}

@test "route: a stream says which shard it is, or it is wrong usage" {
	refuses 2 "which shard is this? --like part-NNNNN.csv" -o out --order t <part-0.csv
	refuses 2 "which shard is this?" -o out --order t --like nothing.csv <part-0.csv
}

@test "route: under SHARD_STRICT a stream without its end marker routes nothing" {
	export SHARD_STRICT=1
	refuses 1 "the stream ended without its end marker" -o out --order t --like part-0.csv <part-0.csv
	shard-cat part-0.csv | shard-route -o out --order t --like part-0.csv
	shard-cat part-1.csv | shard-map --where 'v == 6' | shard-route -o out --order t --like part-1.csv
	grep -qx $'drop\tfiltered\t1\t-\t-\t-' out/_runs/data/00001.tsv
	grep -q $'^input\tpart-1.csv\t' out/_runs/data/00001.tsv
	shard-gather -o out
	[[ $(tail -qn +2 out/batch-data-* | wc -l) == 4 ]]
}

@test "route: a stream that is cut before its end marker routes nothing" {
	SHARD_STRICT=1 shard-cat part-0.csv >stream
	for n in $(seq 10 7 "$(($(wc -c <stream) - 1))"); do
		head -c "$n" stream >short
		SHARD_STRICT=1 refuses 1 "" -o out --order t --like part-0.csv <short
	done
}

@test "route: --unplanned keep keeps what has no batch, --map and --key say where and by what" {
	mkdir other
	shard-route -o other --map batches.tsv --key sym --order v:nr --unplanned keep part-1.csv
	shard-route -o other --map batches.tsv --key sym --order t:b --unplanned keep --table t2 part-0.csv
	[[ -s other/_runs/data/00001.tsv ]]
	[[ -s other/_runs/t2/00000.tsv ]]
	cp batches.tsv other
	shard-gather -o other --table t2
	[[ $(<other/batch-t2-unplanned.csv) == $'sym,t,v\n,2024-01-01,3\nZ,2024-01-01,4' ]]
	shard-gather -o other
	[[ $(<other/batch-data-0.csv) == $'sym,t,v\nA,2024-01-02,6' ]]
}

@test "route: any --memory gives the same batches, by runs of parts and of several shards" {
	rm part-*.csv
	for i in {0..9}; do
		awk -v s="$i" 'BEGIN { srand(s); print "sym,t,v"
			for (i = 0; i < (s % 3 ? 300 : 9000); i++) printf "%s,%d,%0*d\n", rand() < .5 ? "A" : "B", rand() * 50, 60 + rand() * 90, i }' >"part-$i.csv"
	done
	route --order t:n
	shard-gather -o out
	mv out want && mkdir out && cp batches.tsv out
	route --order t:n --memory 1M
	[[ $(find out/_runs -name '*.run' | wc -l) -gt 4 ]]
	shard-gather -o out --memory 1M
	cmp want/batch-data-0.csv out/batch-data-0.csv
	cmp want/batch-data-1.csv out/batch-data-1.csv
	[[ $(tail -qn +2 out/batch-* | wc -l) == $(tail -qn +2 part-* | wc -l) ]]
}

@test "route: a shard that fails takes nothing with it, whatever of it is in runs already" {
	rm part-*.csv
	for i in 0 1 2; do awk -v s="$i" 'BEGIN { print "sym,t,v"; for (i = 0; i < 20000; i++) printf "A,%d,%0100d\n", i % 7, i + s * 100000 }' >part-$i.csv; done
	cp part-1.csv good
	echo 'A,x' >>part-1.csv
	run -1 --separate-stderr route --order t:n --memory 1M
	says "part-1.csv:20002: "
	cat out/_runs/data/*.tsv | grep -q $'^record\t00001' && return 1
	cp good part-1.csv
	printf '%s\0' part-1.csv | shard-run -0 --list - cat {} : route -o out --order t:n --memory 1M
	shard-gather -o out
	[[ $(tail -n +2 out/batch-data-0.csv | sort -u | wc -l) == 60000 && $(tail -n +2 out/batch-data-0.csv | wc -l) == 60000 ]]
}

@test "route: a shard of no rows, a shard of only unplanned rows and no group at all" {
	echo sym,t,v >part-1.csv
	lines part-2.csv sym,t,v Y,2024-01-01,1
	route
	shard-gather -o out
	[[ $(<out/batch-data-1.csv) == $'sym,t,v\nB,2024-01-02,1' ]]
	rm -rf out && mkdir out && printf 'sym\tbatch_id\n' >out/batches.tsv
	route
	shard-gather -o out
	[[ -z $(find out -name 'batch-*') ]]
}

@test "route: an order value that is missing or no time is an error with file and line" {
	echo 'A,,8' >>part-1.csv
	refuses 1 "part-1.csv:4: missing time in column t" -o out --order t part-1.csv
	sed -i '$s/.*/A,soon,8/' part-1.csv
	refuses 1 'part-1.csv:4: ' -o out --order t part-1.csv
	refuses 1 'part-1.csv:2: ' -o out --order t:n part-1.csv
	shard-route -o out --order t:b part-1.csv
}

@test "route: zoned times after local ones are an error with file and line" {
	lines part-1.csv sym,t,v A,2024-01-02T00:00:00Z,6
	run -1 --separate-stderr route
	says 'part-1.csv:2: '
	says 'zone'
}

@test "route: zoned and local times in runs of two processes are an error of shard-gather" {
	lines part-1.csv sym,t,v A,2024-01-02T00:00:00Z,6
	shard-route -o out --order t part-0.csv
	shard-route -o out --order t part-1.csv
	run -1 --separate-stderr shard-gather -o out
	says "times are local in one, zoned in the other (--order COL:b sorts by bytes)"
	[[ -z $(find out -maxdepth 1 -name 'batch-*') ]]
}

@test "route: a header that differs is an error that names both shards" {
	sed -i 1s/v/w/ part-1.csv
	run -1 --separate-stderr route
	says part-1.csv
	says part-0.csv
}

@test "route: --format settles csv and tsv in one table" {
	shard-cat part-1.csv | tr , '\t' >part-1.tsv
	rm part-1.csv
	run -1 --separate-stderr bash -c 'printf "%s\0" part-0.csv part-1.tsv | shard-run -0 --list - cat {} : route -o out --order t'
	says "--format csv or tsv settles it"
	rm -rf out/_*
	printf '%s\0' part-0.csv part-1.tsv | shard-run -0 --list - cat {} : route -o out --order t --format csv
	batches
}

@test "route: --sorted writes batches at once, and checks the order with file and line" {
	lines part-0.csv sym,t,v A,2024-01-01,1 A,2024-01-02,2
	lines part-1.csv sym,t,v A,2024-01-02,3 B,2024-01-01,4
	route --sorted --compress gz
	[[ $(gzip -dc out/batch-data-0.csv.gz) == $'sym,t,v\nA,2024-01-01,1\nA,2024-01-02,2\nA,2024-01-02,3' ]]
	lines part-1.csv sym,t,v A,2024-01-01,3 B,2024-01-01,4
	rm -rf out/_* out/batch-*
	run -1 --separate-stderr route --sorted
	says 'part-1.csv:2: not sorted by t: "2024-01-01" comes after "2024-01-02", in group "A"'
	[[ ! -e out/_runs/data/00000.tsv ]]
}

# Both are gzip's; level 9 is better at this.
@test "route: --sorted takes --level" {
	awk 'BEGIN { print "sym,t,v"; for (i = 0; i < 20000; i++) printf "A,%d,%d\n", i, i * 7919 % 104729 }' >part-0.csv
	rm part-1.csv
	for level in 1 9; do
		mkdir $level && cp batches.tsv $level
		shard-route -o $level --order t:n --sorted --compress gz --level $level part-0.csv
		gzip -dc $level/batch-data-0.csv.gz | cmp - part-0.csv
	done
	(($(stat -c %s 9/batch-data-0.csv.gz) < $(stat -c %s 1/batch-data-0.csv.gz)))
}

@test "route: a sorted table is whole or not there, wherever it fails" {
	local bad
	printf 'sym\tbatch_id\nA\t0\nB\t1\nC\t2\n' >out/batches.tsv
	lines part-0.csv sym,t,v A,2024-01-01,1 A,2024-01-02,2
	lines good.csv sym,t,v B,2024-01-01,4
	lines part-2.csv sym,t,v C,2024-01-01,4
	for bad in A,2024-01-01,1 C,x,1 C,2024-01-01 ''; do
		rm -rf part-1.csv out/_* out/batch-*
		[[ -z $bad ]] || { cp good.csv part-1.csv && echo "$bad" >>part-1.csv; }
		run -1 --separate-stderr shard-run cat {} : route -o out --order t --sorted ::: part-{0,1,2}.csv
		says part-1.csv
		[[ -z $(find out -name 'batch-*' -o -name '*.run' -o -path 'out/_*.tsv' -o -name '.tmp*') ]]
	done
	# the last one
	run -1 --separate-stderr shard-run cat {} : route -o out --order t --sorted ::: part-{0,2,9}.csv
	says "part-9.csv: No such file or directory"
	[[ -z $(find out -name 'batch-*' -o -name '*.run' -o -path 'out/_*.tsv') ]]
	cp good.csv part-1.csv
	shard-run cat {} : route -o out --order t --sorted ::: part-{0,1,2}.csv
	shard-gather -o out
	shard-check --build out
	# what was not begun takes nothing away
	run -1 --separate-stderr shard-run cat {} : route -o out --order nope --sorted ::: part-{0,1,2}.csv
	says 'no column "nope"'
	shard-check out
}

@test "route: of a sorted table any number of rows without a batch may be kept" {
	local i
	rm part-*.csv
	for i in 0 1 2; do
		awk -v s="$i" 'BEGIN { print "sym,t,v"
			if (s < 2) for (i = 0; i < 3; i++) printf "%s,%d,%d\n", s ? "B" : "A", i, s
			for (i = 0; i < (s == 1 ? 5 : 20000); i++) printf "Z%d,%d,%0100d\n", i % 9, i, i + s * 20000 }' >part-$i.csv
	done
	route --sorted --order t:n --unplanned keep --memory 1M
	shard-gather -o out
	[[ $(<out/batch-data-0.csv) == $'sym,t,v\nA,0,0\nA,1,0\nA,2,0' && $(<out/batch-data-1.csv) == $'sym,t,v\nB,0,1\nB,1,1\nB,2,1' ]]
	[[ $(tail -qn +2 out/batch-data-unplanned.csv | sort) == "$(tail -qn +2 part-*.csv | grep ^Z | sort)" ]]
	shard-check --build out
}

@test "route: behind ::: the record of every shard has the facts of the chain; memory and places are none" {
	facts() { sed -n 's/^facts\t//p' "$1"/_runs/data/*.tsv | sort -u; }
	printf '%s\0' part-{0,1}.csv | xargs -0 -n 1 shard-run cat {} : route -o out --order t :::
	[[ $(facts out | wc -l) == 1 && $(facts out) != *$'\t0000000000000000\t'* ]]
	mkdir two three
	cp batches.tsv three
	shard-run cat {} : route -o two --map batches.tsv --memory 2M --order t ::: part-{0,1}.csv
	[[ $(facts two) == "$(facts out)" ]]
	printf '%s\0' part-{0,1}.csv | shard-run -0 --skip-done --list - cat {} : route -o three --order t
	[[ $(facts three) == "$(facts out)" ]]
	for words in "--order t:r" "--order t --unplanned keep" "--order t --compress gz" "--order t --format jsonl"; do
		rm -rf two/_runs
		# shellcheck disable=SC2086
		shard-run cat {} : route -o two --map batches.tsv $words ::: part-{0,1}.csv
		[[ $(facts two) != "$(facts out)" ]]
	done
}

@test "route: columns named _row and _split are columns like others" {
	lines part-0.csv _row,t,_split A,2024-01-01,x
	printf '_row\tbatch_id\nA\t0\n' >out/batches.tsv
	shard-route -o out --order t part-0.csv
	shard-gather -o out
	[[ $(<out/batch-data-0.csv) == $'_row,t,_split\nA,2024-01-01,x' ]]
}

@test "route: names of tables and columns of any bytes" {
	printf 'a\tb' >name
	lines part-0.csv '"k:n","t:r",v' 'A,2024-01-01,1'
	printf 'k:n\tbatch_id\nA\t0\n' >out/batches.tsv
	shard-route -o out --order t:r:t --table "$(<name)" part-0.csv
	shard-gather -o out --table "$(<name)"
	shard-gather -o out --table "$(<name)" 0
	shard-check --build out
	[[ $(tail -n 1 "out/batch-$(<name)-0.csv") == A,2024-01-01,1 ]]
}

@test "route: what cannot be is wrong usage, and says what can" {
	refuses 2 "--output DIR is needed" --order t part-0.csv
	refuses 2 "--order COL is needed" -o out part-0.csv
	refuses 2 "--memory: 1M is the least that works" -o out --order t --memory 1K part-0.csv
	refuses 2 '--table "a/b" cannot be the name of a table' -o out --order t --table a/b part-0.csv
	refuses 2 '--format "json": must be csv, tsv, jsonl or parquet' -o out --order t --format json part-0.csv
	refuses 2 '--compress "bz2": must be none, gz, zst, lz4 or xz' -o out --order t --compress bz2 part-0.csv
	refuses 2 "--level 10: gz goes up to 9" -o out --order t --compress gz --level 10 part-0.csv
	refuses 2 "--level 1: none goes up to 0" -o out --order t --level 1 part-0.csv
	refuses 2 "--facts: no such option" -o out --order t --facts x part-0.csv
	refuses 2 "--unplanned" -o out --order t --unplanned lose part-0.csv
}

@test "route: what is not there is named" {
	refuses 1 "no.tsv: No such file or directory" -o out --order t --map no.tsv part-0.csv
	refuses 1 "part-9.csv: No such file or directory" -o out --order t part-9.csv
	refuses 1 'no column "nope"; the header has: sym, t, v' -o out --order nope part-0.csv
	refuses 1 'no column "nope"; the header has: sym, t, v' -o out --order t --key nope part-0.csv
	printf 'junk\tnone\n' >out/batches.tsv
	run -1 --separate-stderr shard-route -o out --order t part-0.csv
	says "out/batches.tsv:1: not the header of a batch map"
}

@test "route: a full disk is an error, and leaves no unit" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	local status=0 found
	awk 'BEGIN { print "sym,t,v"; for (i = 0; i < 30000; i++) printf "A,%d,%0100d\n", i % 7, i }' >part-0.csv
	mkdir disk
	mount -t tmpfs -o size=1m none disk || skip "cannot mount a tmpfs"
	cp batches.tsv disk
	shard-route -o disk --order t:n --memory 1M part-0.csv 2>err || status=$?
	found=$(find disk -type f ! -name batches.tsv ! -name boot)
	umount disk
	echo "status $status: $(<err) $found"
	[[ $status == 1 && $(<err) == *"No space left on device"* && -z $found ]]
}

@test "route: shards of one process go to one output and one table" {
	for where in "-o out-{n} --map batches.tsv" "-o out --table t{n}"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr shard-run --list <(printf '%s\n' part-{0,1}.csv) cat {} : route $where --order t
		says "--output and --table are the same for all shards of a process"
		[[ -z $(find . -name '*.run') ]]
	done
}
