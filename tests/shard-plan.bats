#!/usr/bin/env bats
# shard-plan: every group in one batch, no batch above a limit, and no limit,
# file or group that is taken for something else.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

need_python() {
	command -v python3 >/dev/null ||
		skip "python3 is not installed; the oracle is written in it"
}

oracle() {
	python3 -B "$TOP/tests/oracle/plan_oracle.py" "$@"
}

# sizes FILE GROUP...: a groups.tsv, each GROUP as KEY:ROWS:BYTES.
sizes() {
	{
		printf 'sym\trows\tbytes\n'
		printf '%s\n' "${@:2}" | tr : '\t'
	} >"$1"
}

# estimates FILE LINE...: one of these lines, blanks as tabs.
estimates() {
	{
		printf 'key\ttable\testimated_rows\n'
		printf '%s\n' "${@:2}" | tr ' ' '\t'
	} >"$1"
}

# plan OPTION...: what it says in `stderr`, the map in `map`, each batch in a
# line of `got`, its groups with blanks between them.
plan() {
	run -0 --separate-stderr shard-plan "$@" -o map
	[[ -z $output ]]
	awk -F '\t' 'NR > 1 { s = b[$2]; b[$2] = s == "" ? $1 : s " " $1; if ($2 >= n) n = $2 + 1 }
		END { for (i = 0; i < n; i++) print b[i] }' map >got
}

# batches BATCH...: those of the last plan.
batches() {
	lines want "$@"
	cmp want got && return
	cat got
	return 1
}

# refuses STATUS TEXT OPTION...: with this in the message, and without a map.
refuses() {
	run "-$1" --separate-stderr shard-plan "${@:3}" -o refused
	says "$2"
	[[ -z $output && ! -e refused ]]
	barren .tmp*
}

@test "plan: next-fit in key order: a batch closes when a group would be too much" {
	sizes g a:40:1 b:60:1 c:1:1 d:99:1 e:100:1 f:0:1
	plan --groups g --max-rows 100
	batches "a b" "c d" "e f"
	[[ $(head -n 2 map) == $'sym\tbatch_id\na\t0' ]]
	shard-plan --groups g --max-rows 100 2>/dev/null | cmp - map
}

@test "plan: a group larger than a limit stands alone and is reported" {
	sizes g a:10:1 b:101:1 c:10:1 d:500:1 e:101:1 f:1:1
	plan --groups g --max-rows 100
	batches a b c d e f
	says 'warning: 3 groups are larger than a limit, each a batch of its own: "b" (101 rows), "d" (500 rows), "e" (101 rows)'
	sizes g a:10:1 b:101:1
	plan --groups g --max-rows 100
	says 'warning: one group is larger than a limit, and a batch of its own: "b" (101 rows)'
	sizes g k{1..7}:9:1
	plan --groups g --max-rows 8
	says '"k5" (9 rows), ...'
	[[ $stderr != *k6* ]]
}

@test "plan: says how many batches, the largest, the lower bound and the skew, before anything else" {
	sizes g a:10:700 b:20:700 c:30:700 d:40:700
	plan --groups g --max-rows 60 --max-bytes 2K
	lines want 'shard-plan: 3 batches of 4 groups by "sym", keys in order as bytes, next-fit; lower bound 2' \
		'shard-plan: rows: largest batch 2 with 40, limit 60, lower bound 2; largest group "d" with 40, 1.6 times the mean' \
		'shard-plan: bytes: largest batch 0 with 1400, limit 2048, lower bound 2; largest group "a" with 700, 1.0 times the mean'
	printf '%s\n' "$stderr" | diff want -
}

@test "plan: a lone large group counts as one batch in the lower bound" {
	sizes g a:1000:1 b:10:1
	plan --groups g --max-rows 20
	says "2 batches of 2 groups"
	says "next-fit; lower bound 2"
}

@test "plan: with several tables the limit that is reached first closes the batch" {
	estimates e "a trades 50" "b trades 50" "c trades 1" "a l2 1" "b l2 1" "c l2 999" "d l2 2"
	plan --estimates e --max-rows trades=100,l2=1000
	batches "a b" "c" "d"
	plan --estimates e --max-rows 1000
	batches "a b" "c" "d"
	plan --estimates e --max-rows 100 --max-rows l2=2000
	batches "a b" "c d"
	says "rows of l2: largest batch 1 with 1001, limit 2000"
	says "rows of trades: largest batch 0 with 100, limit 100"
}

@test "plan: random sizes, limits and tables by next-fit against the oracle" {
	need_python
	local seed most=15
	[[ -z ${SANITIZED-} ]] || most=5
	for ((seed = 1; seed <= most; seed++)); do
		oracle make "$seed" "d$seed"
		# shellcheck disable=SC2046
		shard-plan --groups "d$seed/trades.tsv" --groups "d$seed/l2.tsv" $(<"d$seed/limits") >map 2>/dev/null
		oracle next "d$seed" >want
		cmp want map || { echo "seed $seed"; return 1; }
		oracle check "d$seed" <map >/dev/null
	done
}

@test "plan: --pack best holds all limits with no more batches, whatever the order of the input" {
	need_python
	local seed table next best most=15
	[[ -z ${SANITIZED-} ]] || most=5
	for ((seed = 1; seed <= most; seed++)); do
		oracle make "$seed" "d$seed"
		read -ra limits <"d$seed/limits"
		next=$(shard-plan --groups "d$seed/trades.tsv" --groups "d$seed/l2.tsv" "${limits[@]}" 2>/dev/null |
			oracle check "d$seed")
		shard-plan --groups "d$seed/trades.tsv" --groups "d$seed/l2.tsv" "${limits[@]}" --pack best >map 2>/dev/null
		best=$(oracle check "d$seed" <map) || { echo "seed $seed"; return 1; }
		((best <= next))
		for table in trades l2; do
			{ head -n 1 "d$seed/$table.tsv" && tail -n +2 "d$seed/$table.tsv" | sort -R; } >"$table.tsv"
		done
		shard-plan --groups l2.tsv --groups trades.tsv "${limits[@]}" --pack best 2>/dev/null | cmp - map
		shard-plan --groups l2.tsv --groups trades.tsv "${limits[@]}" 2>/dev/null >shuffled
		oracle next "d$seed" | cmp - shuffled
	done
}

@test "plan: --pack best finds fewer batches and evens them out" {
	sizes g a:6:1 b:6:1 c:6:1 d:4:1 e:4:1 f:4:1
	plan --groups g --max-rows 10
	says "4 batches"
	plan --groups g --max-rows 10 --pack best
	batches "a d" "b e" "c f"
	says "packed; lower bound 3"
	sizes g k{1..100}:7:1
	plan --groups g --max-rows 100 --pack best
	says "8 batches"
	says "largest batch 0 with 91" # 12.5 groups each
}

@test "plan: without a limit, 100 groups to a batch; --fixed says another number" {
	{ echo sym && seq 250; } >all
	plan --only all
	[[ $(wc -l <got) == 3 && $(tail -n 1 got | wc -w) == 50 && $(sed -n 1p got | wc -w) == 100 ]]
	says '3 batches of 250 groups by "sym", keys in order as integers, 100 to a batch'
	plan --only all --fixed 60
	[[ $(wc -l <got) == 5 && $(tail -n 1 got) == "241 242 243 244 245 246 247 248 249 250" ]]
	sizes g a:1:1 b:2:1 c:9:1
	plan --groups g --fixed 2
	batches "a b" c
	says 'rows: largest batch 1 with 9; largest group "c" with 9, 2.2 times the mean'
}

@test "plan: groups are in the order of numbers if all are integers, else of bytes, or as told" {
	sizes g 10:1:1 9:1:1 -3:1:1
	plan --groups g --fixed 9
	batches "-3 9 10"
	plan --groups g --fixed 9 --key-order bytes
	batches "-3 10 9"
	says "as bytes"
	plan --groups g --fixed 9 --key-order int
	batches "-3 9 10"
	sizes g 10:1:1 9:1:1 07:1:1
	plan --groups g --fixed 9
	batches "07 10 9"
	refuses 1 'key "07" is not a whole number' --groups g --key-order int
	# the column is text over all groups, also where only some are wanted
	lines only sym 10 9
	plan --groups g --only only
	batches "10 9"
}

@test "plan: keys with tabs, newlines, backslashes, quotes and commas come back as they were" {
	printf 'the\\tkey\trows\tbytes\na\\tb\t1\t1\na\\nb\t2\t2\na\\\\b\t3\t3\n"q"\t4\t4\nx,y\t5\t5\n' >g
	shard-plan --groups g --fixed 2 >map 2>/dev/null
	printf 'the\\tkey\tbatch_id\n"q"\t0\na\\tb\t0\na\\nb\t1\na\\\\b\t1\nx,y\t2\n' | cmp - map
	# the same from CSV
	printf '"the\tkey",estimated_rows\n"a\tb",1\n"a\nb",2\na\\b,3\n"""q""",4\n"x,y",5\n' >e.csv
	shard-plan --estimates e.csv --fixed 2 2>/dev/null | cmp - map
}

@test "plan: what pass 1 leaves is taken, table by table" {
	lines part-1.csv sym,x a,1 b,2 a,3 ,4
	lines part-2.csv sym,x b,1 c,2
	shard-stats --groups sym --table trades -o t/parts part-1.csv
	shard-stats --merge -o t t/parts
	shard-stats --groups sym --table l2 -o l/parts part-2.csv
	shard-stats --merge -o l l/parts
	plan --groups t/groups.tsv --groups l/groups.tsv --max-rows 2
	batches "a" "b c"
	says "rows of l2"
	says "rows of trades"
	# or in one file
	{ cat t/groups.tsv && tail -n +2 l/groups.tsv; } >both.tsv
	cp map want
	plan --groups both.tsv --max-rows 2
	cmp want map
	plan --groups - --max-rows 2 <both.tsv
	cmp want map
}

@test "plan: two files of one table are refused: they may be of two" {
	sizes g a:1:1
	sizes h a:2:1
	refuses 1 'sizes of table "data" are in g already' --groups g --groups h --max-rows 5
	refuses 1 'g:2: group "a" of table data is there twice' --groups g --groups g --max-rows 5
	estimates e "a data 1"
	refuses 1 "in g already" --groups g --estimates e --max-rows 5
	estimates e "a l2 1"
	plan --groups g --estimates e --max-rows 5
	batches a
	gzip -k g
	plan --groups g.gz --max-rows 5
	batches a
}

@test "plan: estimates are TSV or CSV, with the column's own name or key, and numbers are rounded up" {
	lines e.csv sym,table,estimated_rows a,trades,1.2 b,trades,2.0 'c,trades,1e1'
	plan --estimates e.csv --max-rows 4
	batches "a b" c
	[[ $(head -n 1 map) == $'sym\tbatch_id' ]]
	says 'warning: one group is larger than a limit, and a batch of its own: "c" (10 rows of trades)'
	lines e.csv table,estimated_rows,key trades,3,a trades,3,b
	plan --estimates e.csv --max-rows 4
	batches a b
	[[ $(head -n 1 map) == $'key\tbatch_id' ]]
	plan --estimates e.csv --max-rows 4 -k sym
	[[ $(head -n 1 map) == $'sym\tbatch_id' ]]
	printf 'sym\testimated_rows\r\na\t3\r\nb\t1\r\n' >e
	plan --estimates e --max-rows 4
	batches "a b"
	printf 'sym;estimated_rows\na;3\nb;2\n' >e.csv
	plan --estimates e.csv --max-rows 4
	batches a b
}

@test "plan: --rate makes the tables out of one count" {
	lines e.csv sym,estimated_rows a,10 b,20 c,1
	plan --estimates e.csv --rate trades=1,l2=20,l3=50.5 --max-rows l2=400,l3=2000
	batches a b c
	says "rows of l2: largest batch 1 with 400, limit 400"
	says "rows of l3: largest batch 1 with 1010, limit 2000"
	says "rows of trades: largest batch 1 with 20;"
	plan --estimates e.csv --rate trades=1,l2=20 --max-rows l2=600
	batches "a b" c
	sizes g a:3:100 b:3:100
	plan --groups g --rate half=0.5 --max-rows 3
	batches a b
	refuses 2 "only the rows are known" --groups g --rate half=0.5 --max-bytes 3
	estimates e "a trades 1" "a l2 1"
	refuses 1 "--rate is for the counts of one table; here are 2" --estimates e --rate x=1 --max-rows 3
	local bad
	for bad in x x= =1 x=-1 x=nan x=inf x=1,x=2 'x=1,' x=1e999; do
		refuses 2 "--rate" --groups g --rate "$bad" --max-rows 3
	done
	refuses 1 "over 2^56" --groups g --rate x=1e17 --max-rows 3
	refuses 2 "--rate needs counts" --only g --rate x=1
}

@test "plan: a sixth of --memory is a limit in bytes for all tables together" {
	printf 'sym\trows\tbytes\ttable\na\t1\t600\tt\nb\t1\t400\tt\nc\t1\t1\tt\na\t1\t1\tl2\nb\t1\t23\tl2\n' >g
	plan --groups g --memory 6K
	batches "a b" c
	says "bytes of all tables: largest batch 0 with 1024, limit 1024"
	plan --groups g --memory 6149 # 1024, and not yet one more
	batches "a b" c
	plan --groups g --memory 6150 # 1025
	batches "a b c"
	plan --groups g --memory 24K --max-rows 2
	batches "a b" c
	lines e.csv sym,estimated_rows a,1
	refuses 2 "only the rows are known, from e.csv" --estimates e.csv --memory 1G
	refuses 2 "--memory: 6 is the least" --groups g --memory 5
	refuses 2 "--expand" --groups g --memory 1G --expand 6
}

@test "plan: --only is the universe: the rest is left out and said, and what has no size counts as nothing" {
	sizes g a:5:1 b:5:1 c:5:1 z:5:1
	lines only sym c a new
	plan --groups g --only only --max-rows 10
	batches "a c new"
	says 'g: 2 groups that only does not have are left out: "b", "z"'
	says 'warning: 1 of the groups have no size and count as nothing: "new"'
	estimates e "a data 1" "q data 1" "q l2 1" "r l2 1"
	plan --estimates e --only only --max-rows 10
	says 'warning: e: 2 groups that only does not have are left out: "q", "r"'
	batches "a c new"
	# more columns do no harm, and another column does
	shard-plan --groups g --fixed 2 >batches.tsv 2>/dev/null
	plan --groups g --only batches.tsv --max-rows 10
	batches "a b" "c z"
	lines only symbol a
	refuses 1 'only:1: the column of the keys is "symbol" here, elsewhere it is "sym"' --groups g --only only -k sym
	refuses 1 'g:1: the column of the keys is "sym" here, elsewhere it is "symbol"' --groups g --only only
	lines only key a
	plan --groups g --only only
	batches a
}

@test "plan: what is no table of sizes is refused with its line" {
	sizes g a:1:1
	printf '' >empty
	refuses 1 "empty: empty" --groups empty --max-rows 1
	refuses 1 "none: No such file" --groups none --max-rows 1
	lines h key,rows,bytes a,1,1
	refuses 1 "h:1: not the header of a groups.tsv" --groups h --max-rows 1
	printf 'sym\tbytes\trows\na\t1\t1\n' >h
	refuses 1 "h:1: not the header of a groups.tsv" --groups h --max-rows 1
	printf 'sym\trows\tbytes\n' >h
	local bad
	for bad in 'b:1' 'b:1:1:1' 'b:x:1' 'b:1:-1' 'b::1' 'b:1.0:1' 'b:18446744073709551616:1' ':1:1' 'b\q:1:1' 'a:2:2'; do
		sizes h a:1:1 "$bad"
		refuses 1 "h:3: " --groups h --max-rows 1
	done
	sizes h a:1:1 b:1:1
	truncate -s -1 h
	refuses 1 "h:3: truncated: the last line does not end" --groups h --max-rows 1
	sizes h a:72057594037927936:1 b:1:1
	refuses 1 "h:3: the sizes of table data add up to over 2^56" --groups h --max-rows 1
}

@test "plan: bad estimates are refused with their line" {
	local bad
	for bad in 'b trades -1' 'b trades nan' 'b trades inf' 'b trades ' 'b trades x' 'b trades 1e30' ' trades 1' 'b  1' \
		'a trades 2' 'b trades' 'b trades 1 1'; do
		estimates e "a trades 1" "$bad"
		refuses 1 "e:3: " --estimates e --max-rows 1
	done
	lines e.csv sym,table a,trades
	refuses 1 "e.csv:1: estimates have the columns key" --estimates e.csv --max-rows 1
	lines e.csv estimated_rows,sym 1,a
	refuses 1 "e.csv:1: estimates have the columns key" --estimates e.csv --max-rows 1
	lines e.csv key,estimated_rows,estimated_rows a,1,1
	refuses 1 "e.csv:1: two columns" --estimates e.csv --max-rows 1
	lines e.csv key,estimated_rows a,1 b
	refuses 1 "e.csv:3: ragged row" --estimates e.csv --max-rows 1
	lines e.csv key,estimated_rows 'a,"1'
	refuses 1 "e.csv:2: " --estimates e.csv --max-rows 1
	awk 'BEGIN { print "key,table,estimated_rows"; for (i = 0; i < 65; i++) print "a,t" i ",1" }' >e.csv
	refuses 1 "e.csv:66: more than 64 tables" --estimates e.csv --max-rows 1
}

@test "plan: a groups.tsv of a context that is not as pass 1 left it is refused; a changed one elsewhere is taken" {
	lines part-1.csv sym,x a,1 b,2 c,3
	shard-stats --groups sym -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	plan --groups c/groups.tsv --max-rows 1
	batches a b c
	sed -i '$d' c/groups.tsv
	refuses 1 "c/groups.tsv: not as pass 1 left it" --groups c/groups.tsv --max-rows 1
	cp c/groups.tsv g.tsv
	plan --groups g.tsv --max-rows 1
	batches a b
	(cd c && run -1 --separate-stderr shard-plan --groups groups.tsv && says "not as pass 1 left it")
	shard-stats --merge -o c c/parts
	plan --groups c/groups.tsv --max-rows 1
	flip c/meta.tsv 40
	refuses 1 "c/meta.tsv: damaged" --groups c/groups.tsv --max-rows 1
}

@test "plan: limits that are none are refused" {
	local bad
	sizes g a:1:1
	for bad in 0 -5 x 1.5 '' 1K 18446744073709551616 99999999999999999999 trades= =5x 'data=0' 5,6 data=1,data=2 '5,'; do
		refuses 2 "--max-rows" --groups g --max-rows "$bad"
	done
	for bad in 0 -5 x 1.5 '' 1Q 70000T data=; do
		refuses 2 "--max-bytes" --groups g --max-bytes "$bad"
	done
	refuses 2 'no sizes of a table "l2" (there are: data)' --groups g --max-rows l2=5
	refuses 2 'no sizes of a table "" (there are: data)' --groups g --max-rows =5
	for bad in 0 -1 x 4294967296; do
		refuses 2 "--fixed" --groups g --fixed "$bad"
	done
	refuses 2 "--fixed is for batches without a limit" --groups g --fixed 5 --max-rows 5
	refuses 2 "--pack best needs a limit" --groups g --pack best
	refuses 2 "must be next|best" --groups g --max-rows 5 --pack worst
	refuses 2 "must be auto|int|bytes" --groups g --key-order number
	refuses 2 "a limit needs sizes" --only g --max-rows 5
	refuses 2 "which groups?" --max-rows 5
	refuses 2 "no operands" g
	refuses 2 "--memory-per-job is for --jobs" --groups g --memory-per-job 1G
}

@test "plan: -o writes all of the map or none of it, and leaves one that is right alone" {
	sizes g a:1:1 b:1:1
	shard-plan --groups g -o new/dir/map 2>/dev/null
	[[ $(wc -l <new/dir/map) == 3 ]]
	local inode
	inode=$(stat -c %i new/dir/map)
	shard-plan --groups g -o new/dir/map 2>/dev/null
	[[ $(stat -c %i new/dir/map) == "$inode" ]]
	refuses 1 "h: No such file" --groups h
	shard-plan --groups g --groups h -o new/dir/map 2>/dev/null || :
	[[ $(stat -c %i new/dir/map) == "$inode" ]]
	: >file
	run -1 --separate-stderr shard-plan --groups g -o file/map
	says "file"
	[[ -w /dev/full ]] || skip "needs /dev/full"
	run -1 --separate-stderr shard-plan --groups g -o /dev/full
	says "No space left on device"
	run -1 --separate-stderr bash -c 'shard-plan --groups g >/dev/full'
	says "No space left on device"
}

@test "plan: --jobs prints a number of workers that cores and memory allow" {
	local n
	run -0 --separate-stderr shard-plan --jobs
	n=$output
	[[ $n =~ ^[1-9][0-9]*$ ]]
	((n <= $(nproc)))
	says "cores: "
	[[ $(shard-plan --jobs --memory-per-job 1000T 2>/dev/null) == 1 ]]
	[[ $(taskset -c "$(taskset -cp $$ | sed 's/.*[ :]\([0-9]*\).*/\1/; s/-.*//')" shard-plan --jobs 2>/dev/null) == 1 ]]
	sizes g a:1:1
	refuses 2 "--jobs plans no batches" --jobs --groups g
	run -2 shard-plan --jobs --memory-per-job 0
}

@test "plan: without a group there is no batch, which is said" {
	printf 'sym\trows\tbytes\n' >h
	run -0 --separate-stderr shard-plan --groups h --max-rows 1 -o map
	says "there is no group to plan for"
	printf 'sym\tbatch_id\n' | cmp - map
}
