#!/usr/bin/env bats
# pipelines/shred as a user runs it: batches, their order and their bounds; what
# it says, what it refuses, and what a second run does.

# shellcheck disable=SC1003,SC2016 # what looks like the shell's is for --each

load helper
load more
load shred

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# small: two shards of four rows; with at most four rows to a batch, A is one
# and B, C, D another.
small() {
	rm -rf in
	lines in/part-0.csv sym,t,price,note \
		'B,2024-01-02 10:00:00,2,"b, two"' \
		'A,2024-01-02 09:30:00,1,' \
		'C,2024-01-02 09:30:00,5,x' \
		',2024-01-02 09:30:00,9,nobody'
	lines in/part-2.csv sym,t,price,note \
		'A,2024-01-02 09:30:00,3,tie' \
		'A,2024-01-01 16:00:00,4,"say ""hi"""' \
		'B,2024-01-02 09:59:59.999999999,6,' \
		'D,2024-01-02,7,'
	lines want0 sym,t,price,note \
		'A,2024-01-01 16:00:00,4,"say ""hi"""' \
		'A,2024-01-02 09:30:00,1,' \
		'A,2024-01-02 09:30:00,3,tie'
	lines want1 sym,t,price,note \
		'B,2024-01-02 09:59:59.999999999,6,' \
		'B,2024-01-02 10:00:00,2,"b, two"' \
		'C,2024-01-02 09:30:00,5,x' \
		'D,2024-01-02,7,'
}

# job [OPTION...]: over that input, with defaults for what is not given.
job() {
	local pair defaults=()
	for pair in "--input in" "--output out" "--key sym" "--order t" "--max-rows 4" "--workers 2"; do
		[[ " $* " == *" ${pair% *} "* ]] && continue
		[[ $pair == --max-rows* && " $* " =~ \ --(fixed|memory|max-bytes)\  ]] && continue
		# shellcheck disable=SC2206
		defaults+=($pair)
	done
	shred "${defaults[@]}" "$@"
}

# many [SHARDS [STEP]]: so many shards, each with so many rows more than the
# one before.
many() {
	local i
	mkdir -p in
	for ((i = 0; i < ${1-7}; i++)); do ticks $((100 + i * ${2-50})) $((i + 1)) >"in/part-$((i * 3)).csv"; done
}

# two_tables: trades and quotes of three symbols.
two_tables() {
	lines trades/part-0.csv sym,tt,p 'B,2024-01-02 10:00:00,1' 'A,2024-01-02 11:00:00,2' 'A,2024-01-02 10:00:00,3'
	lines l2/part-0.csv sym,et,bid 'A,3,1' 'C,1,2' 'B,2,3' 'B,1,4' 'A,1,5' ',1,6'
}

tables() {
	shred --table trades=trades:tt --table l2=l2:et --output out --key sym --workers 2 "$@"
}

# days: four days of shards by directory, one of them with a header alone.
days() {
	lines in/2024-01-05/part-0.csv sym,t,v 'b,2024-01-05 10:00:00,1' 'a,2024-01-05 09:00:00,2' # a Friday
	lines in/2024-01-06/part-0.csv sym,t,v 'a,2024-01-06 10:00:00,3'
	lines in/2024-01-08/part-0.csv sym,t,v 'c,2024-01-08 10:00:00,4' 'a,2024-01-08 10:00:00,5'
	lines in/2024-01-08/part-1.csv sym,t,v 'a,2024-01-08 09:00:00,6'
	lines in/2024-01-09/part-0.csv sym,t,v
}

# by_time: the same rows, in no order, in two shards.
by_time() {
	lines in/part-0.csv sym,t,v 'c,2024-01-08 10:00:00,4' 'b,2024-01-05 10:00:00,1' 'a,2024-01-06 10:00:00,3'
	lines in/part-1.csv sym,t,v 'a,2024-01-08 10:00:00,5' 'a,2024-01-08 09:00:00,6' 'a,2024-01-05 09:00:00,2'
}

daily() {
	shred --input in --output out --key sym --order t --workers 2 --by-day "$@"
}

# refuses STATUS TEXT OPTION...: job does, says so, and makes no batch.
refuses() {
	run "-$1" --separate-stderr job "${@:3}"
	says "$2"
	[[ -z $(find out -name 'batch-*' 2>/dev/null) && ! -e out/_SUCCESS ]]
}

@test "shred: batches within the limit, sorted by key and time, fields as they were" {
	small
	job >log
	printf 'sym\tbatch_id\nA\t0\nB\t1\nC\t1\nD\t1\n' | cmp - out/batches.tsv
	cmp want0 out/batch-data-0.csv
	cmp want1 out/batch-data-1.csv
	[[ $(cd out && echo batch*) == "batch-data-0.csv batch-data-1.csv batches.tsv" ]]
}

@test "shred: manifest and account name every file and every row, and _SUCCESS seals them" {
	small
	job >log
	printf 'shard\tsplit\tpath\trows\n0\tdata\tbatch-data-0.csv\t3\n1\tdata\tbatch-data-1.csv\t4\n' >want
	cut -f 1-4 out/_manifest.tsv | cmp want -
	cut -f 5 out/_manifest.tsv | tail -n 1 | grep -qx "$(stat -c %s out/batch-data-1.csv)"
	cut -f 6 out/_manifest.tsv | tail -n +2 | grep -qEx '[0-9a-f]{16}'
	printf 'shard\tkind\tname\trows\n00000\tdrop\tmissing-group\t1\n00000\tin\tdata\t4\n00000\tout\tdata\t3\n%s' \
		$'00002\tin\tdata\t4\n00002\tout\tdata\t4\n' | cmp - out/_account.tsv
	[[ -e out/_SUCCESS ]]
	shard-check out
}

@test "shred: the summary on standard output has batches, rows and what was dropped" {
	small
	run -0 --separate-stderr job
	[[ $output == *"2 batches"* && $output == *"dropped as missing-group: 1"* && $output == *" s"* ]]
}

@test "shred: groups are in the order of integers if all keys are such, else of bytes" {
	lines in/part-0.csv k,t 10,1 9,1 -3,1 -0,1 0,1 100000000000000000000000000000,1
	shred --input in --output out --key k --order t --fixed 1 >log
	[[ $(cut -f 1 out/batches.tsv | tr '\n' ' ') == "k -3 -0 0 9 10 100000000000000000000000000000 " ]]
	lines in/part-1.csv k,t 07,1
	shred --input in --output text --key k --order t --fixed 3 >log
	[[ $(cut -f 1 text/batches.tsv | tr '\n' ' ') == "k -0 -3 0 07 10 100000000000000000000000000000 9 " ]]
	[[ $(tail -n +2 text/batch-data-1.csv | cut -d , -f 1 | tr '\n' ' ') == "07 10 100000000000000000000000000000 " ]]
}

@test "shred: NA tokens are no group where the others are numbers, and are where they are text" {
	lines in/part-0.csv k,t 1,1 NA,1 ,1 2,1 '"",1'
	shred --input in --output out --key k --order t >log
	[[ $(cut -f 1 out/batches.tsv | tr '\n' ' ') == "k 1 2 " ]]
	grep -qx $'00000\tdrop\tmissing-group\t3' out/_account.tsv
	lines in/part-0.csv k,t a,1 NA,1 ,1
	shred --input in --output text --key k --order t >log
	[[ $(cut -f 1 text/batches.tsv | tr '\n' ' ') == "k NA a " ]]
	grep -qx $'00000\tdrop\tmissing-group\t1' text/_account.tsv
}

@test "shred: the order column may be times, numbers or bytes, up or down; ties stay in shard and row order" {
	lines in/part-7.csv k,v,n a,9,1 a,10,2 a,10,3
	lines in/part-10.csv k,v,n a,10,4 a,-1,5
	got() { cut -d , -f 3 out/batch-data-0.csv | tail -n +2 | tr -d '\n'; }
	for case in v:n:51234 v:nr:23415 v:51234 v:t:51234 v:tr:23415 v:b:52341 v:br:12345; do
		rm -rf out
		shred --input in --output out --key k --order "${case%:*}" >log
		[[ $(got) == "${case##*:}" ]] || { echo "$case: $(got)"; return 1; }
	done
}

@test "shred: keys of any bytes never become file names" {
	printf 'k,t\n"../../x",1\n/etc,1\n..,1\n"a\nb",1\n"c,""d""",1\n$(touch pwned),1\n' >part
	mkdir -p deep/in && mv part deep/in/part-0.csv
	shred --input deep/in --output deep/out --key k --order t --fixed 1 >log
	[[ $(cd deep/out && echo batch-*) == "$(echo batch-data-{0..5}.csv)" ]]
	printf 'k\tbatch_id\n$(touch pwned)\t0\n..\t1\n../../x\t2\n/etc\t3\na\\nb\t4\nc,"d"\t5\n' | cmp - deep/out/batches.tsv
	printf 'k,t\n"a\nb",1\n' | cmp - deep/out/batch-data-4.csv
	[[ $(ls) == $'deep\nlog' && $(ls deep) == $'in\nout' ]]
}

@test "shred: two tables, one plan whose limits hold for each" {
	two_tables
	tables --max-rows trades=2,l2=3 >log
	printf 'sym\tbatch_id\nA\t0\nB\t1\nC\t1\n' | cmp - out/batches.tsv
	lines want sym,tt,p 'A,2024-01-02 10:00:00,3' 'A,2024-01-02 11:00:00,2'
	cmp want out/batch-trades-0.csv
	lines want sym,et,bid B,1,4 B,2,3 C,1,2
	cmp want out/batch-l2-1.csv
	[[ $(cut -f 1-4 out/_manifest.tsv | tail -n +2 | tr '\t\n' ' ;') == \
		"0 l2 batch-l2-0.csv 2;0 trades batch-trades-0.csv 2;1 l2 batch-l2-1.csv 3;1 trades batch-trades-1.csv 1;" ]]
	rm -rf out
	tables --max-rows 2 >log
	printf 'sym\tbatch_id\nA\t0\nB\t1\nC\t2\n' | cmp - out/batches.tsv
	# a batch without rows of a table has its header there
	[[ $(<out/batch-trades-2.csv) == sym,tt,p ]]
	rm -rf out
	tables --max-rows trades=2 --max-rows l2=99 >log
	printf 'sym\tbatch_id\nA\t0\nB\t1\nC\t1\n' | cmp - out/batches.tsv
}

@test "shred: --each gets a path for every table" {
	two_tables
	tables --max-rows 2 --each 'echo {id} $(($(wc -l <{trades}) - 1)) $(($(wc -l <{l2}) - 1)) $# $(($(wc -l <"$2") - 1))' >log
	lines want '0 2 2 2 2' '1 1 2 2 2' '2 0 1 2 1'
	cmp want out/result.csv
}

@test "shred: --table with a name names the batches of one table" {
	small
	job --table trades >log
	cmp want0 out/batch-trades-0.csv
	grep -qx $'00002\tout\ttrades\t4' out/_account.tsv
}

@test "shred: --where leaves rows out before they are counted, and --columns columns, in their order" {
	small
	job --where 'price < 5' --columns price >log
	printf 'sym\tbatch_id\nA\t0\nB\t0\n' | cmp - out/batches.tsv
	lines want sym,t,price 'A,2024-01-01 16:00:00,4' 'A,2024-01-02 09:30:00,1' 'A,2024-01-02 09:30:00,3' \
		'B,2024-01-02 10:00:00,2'
	cmp want out/batch-data-0.csv
	grep -qx $'00000\tdrop\tfiltered\t2' out/_account.tsv
	grep -qx $'00002\tdrop\tfiltered\t2' out/_account.tsv
	run ! grep missing-group out/_account.tsv
	# the column of --where need not stay
	rm -rf out
	job --where 'note == x' --columns sym >log
	lines want sym,t 'C,2024-01-02 09:30:00'
	cmp want out/batch-data-0.csv
}

@test "shred: --groups is the universe: others are unplanned, new ones count as nothing" {
	small
	lines universe sym D new A
	run -0 --separate-stderr job --groups universe
	says '"new"'
	printf 'sym\tbatch_id\nA\t0\nD\t0\nnew\t0\n' | cmp - out/batches.tsv
	printf 'shard\tkind\tname\trows\n00000\tdrop\tmissing-group\t1\n00000\tdrop\tunplanned\t2\n%s' \
		$'00000\tin\tdata\t4\n00000\tout\tdata\t1\n00002\tdrop\tunplanned\t1\n00002\tin\tdata\t4\n00002\tout\tdata\t3\n' |
		cmp - out/_account.tsv
}

@test "shred: --unplanned keep keeps what has no batch, sorted, a missing key first" {
	small
	lines universe sym A
	job --groups universe --unplanned keep >log
	lines want sym,t,price,note ',2024-01-02 09:30:00,9,nobody' 'B,2024-01-02 09:59:59.999999999,6,' \
		'B,2024-01-02 10:00:00,2,"b, two"' 'C,2024-01-02 09:30:00,5,x' 'D,2024-01-02,7,'
	cmp want out/batch-data-unplanned.csv
	cmp want0 out/batch-data-0.csv
	grep -q $'^-\tdata\tbatch-data-unplanned.csv\t5\t' out/_manifest.tsv
	run ! grep drop out/_account.tsv
	[[ $(awk -F '\t' '$2 == "out" { n += $4 } END { print n }' out/_account.tsv) == 8 ]]
	shard-check out
	# without such rows there is no such file, also where there was
	sed -i '/nobody/d' in/part-0.csv
	job --unplanned keep >log
	[[ ! -e out/batch-data-unplanned.csv ]]
}

@test "shred: --estimates plans without counting; estimates of unknown groups are named" {
	small
	printf 'key\ttable\testimated_rows\nA\tdata\t2\nB\tdata\t2\nD\tdata\t1\nghost\tdata\t3\n' >est
	run -0 --separate-stderr job --estimates est
	says '"ghost"'
	printf 'sym\tbatch_id\nA\t0\nB\t0\nD\t1\nghost\t1\n' | cmp - out/batches.tsv
	[[ $(wc -l <out/batch-data-0.csv) == 6 ]]
	grep -qx $'00000\tdrop\tunplanned\t1' out/_account.tsv
	lines universe sym A B
	rm -rf out
	run -0 --separate-stderr job --estimates est --groups universe
	says '"ghost"'
	printf 'sym\tbatch_id\nA\t0\nB\t0\n' | cmp - out/batches.tsv
	# one count for several tables
	two_tables
	printf 'sym,estimated_rows\nA,2\nB,1\nC,1\n' >count.csv
	rm -rf out
	tables --estimates count.csv --rate trades=1,l2=20 --max-rows trades=100,l2=60 >log
	printf 'sym\tbatch_id\nA\t0\nB\t0\nC\t1\n' | cmp - out/batches.tsv
}

@test "shred: --pack best makes no more batches, and all limits hold" {
	need_python
	many
	shred --input in --output out --key sym --order t --max-rows 400 --pack best --workers 2 >log
	agrees out --input in --key sym --order t --max-rows 400 --pack best
}

@test "shred: a group over a limit stands alone and is named" {
	small
	run -0 --separate-stderr job --max-rows 2
	says '"A"'
	[[ $(cut -f 2 out/batches.tsv | tr '\n' ' ') == "batch_id 0 1 2 2 " ]]
}

@test "shred: --max-bytes and --memory limit the bytes of a batch" {
	lines in/part-0.csv k,t,v a,1,12 b,1,12 c,1,12 d,1,12 # 7 bytes each
	shred --input in --output out --key k --order t --max-bytes 14 >log
	[[ $(cut -f 2 out/batches.tsv | tr '\n' ' ') == "batch_id 0 0 1 1 " ]]
	shred --input in --output memory --key k --order t --memory 131 >log
	[[ $(cut -f 2 memory/batches.tsv | tr '\n' ' ') == "batch_id 0 0 0 1 " ]]
}

@test "shred: gzip, zstd and TSV come out as they came, or as they are asked for" {
	small
	mv in csv
	mkdir gz tsv
	for f in csv/*; do
		gzip -nc "$f" >"gz/${f##*/}.gz"
		# no field has a tab; those with a comma are quoted
		awk -F '"' -v OFS='"' '{ for (i = 1; i <= NF; i += 2) gsub(/,/, "\t", $i) } 1' "$f" >"tsv/$(basename "$f" csv)tsv"
	done
	run_on() { shred --input "$1" --output "out-$1${2-}" --key sym --order t --max-rows 4 "${@:3}" >log; }
	run_on gz
	[[ $(cd out-gz && echo batch-*) == "batch-data-0.csv.gz batch-data-1.csv.gz" ]]
	gzip -dc out-gz/batch-data-1.csv.gz | cmp want1 -
	run_on tsv
	shard-cat out-tsv/batch-data-1.tsv | cmp want1 -
	[[ $(head -n 1 out-tsv/batch-data-1.tsv) == $'sym\tt\tprice\tnote' ]]
	run_on tsv -csv --format csv
	cmp want1 out-tsv-csv/batch-data-1.csv
	run_on gz -none --compress none
	cmp want0 out-gz-none/batch-data-0.csv
	run_on csv -gz --compress gz --format tsv
	gzip -dc out-csv-gz/batch-data-1.tsv.gz | cmp out-tsv/batch-data-1.tsv -
	if command -v zstd >/dev/null; then
		mkdir zst
		for f in csv/*; do zstd -qc "$f" >"zst/${f##*/}.zst"; done
		run_on zst
		zstd -dqc out-zst/batch-data-1.csv.zst | cmp want1 -
	fi
	cut -f 3-5 out-csv-gz/_account.tsv | cmp - <(cut -f 3-5 out-gz/_account.tsv)
}

@test "shred: CRLF, a byte order mark, no last newline: the rows are there" {
	small
	sed -i 's/$/\r/; 1s/^/\xef\xbb\xbf/' in/part-0.csv
	truncate -s -1 in/part-2.csv
	job >log
	cmp want0 out/batch-data-0.csv
	cmp want1 out/batch-data-1.csv
}

@test "shred: --each joins the outputs in order, a repeated header once, and the batches are gone" {
	small
	job --max-rows 1 --each 'echo sym,n; tail -n +2 {} | cut -d , -f 1 | uniq -c | while read -r n s; do echo "$s,$n"; done' >log
	lines want sym,n A,3 B,2 C,1 D,1
	cmp want out/result.csv
	[[ -z $(find out -name 'batch-*') && -e out/batches.tsv && -e out/_SUCCESS ]]
	grep -q $'^-\tresult\tresult.csv\t' out/_manifest.tsv
	[[ $(awk -F '\t' '$2 == "out" { n += $4 } END { print n }' out/_account.tsv) == 7 ]]
	shard-check out
}

@test "shred: --each: a first line is left out only where it equals the first output's first line" {
	small
	job --max-rows 1 --each '[ {id} = 2 ] || echo head; echo {id}; echo head' >log
	lines want head 0 head 1 head 2 head 3 head
	cmp want out/result.csv
}

@test "shred: --each knows batch and paths, as words and in the environment; standard input is empty" {
	small
	mv in 'in $(touch pwned) "q"'"'"'s'
	shred --input in\ * --output 'out  of "it'"'"'s"' --key sym --order t --max-rows 4 --keep \
		--each 'cat; cmp {} "$1" && [ $# = 1 ] && [ "$0" = sh ] && [ {id} = "$SHARD_BATCH" ] && echo "${1##*/}" {} {x}' >log
	[[ $(wc -l <out*/result.csv) == 2 && ! -e pwned ]]
	grep -q 'batch-data-1.csv .*batch-data-1.csv {x}$' out*/result.csv
}

@test "shred: --each runs where the job was started" {
	small
	echo '{ n++ } END { print n - 1 }' >count.awk
	job --each 'awk -f count.awk {}' >log
	lines want 3 4
	cmp want out/result.csv
}

@test "shred: --each --keep keeps the batches" {
	small
	job --keep --each 'wc -l <{}' >log
	cmp want1 out/batch-data-1.csv
	lines want 4 5
	cmp want out/result.csv
	[[ $(wc -l <out/_manifest.tsv) == 4 ]]
	shard-check out
}

@test "shred: --each is not run for unplanned rows, which stay" {
	small
	job --unplanned keep --each 'wc -l <{}' >log
	lines want 4 5
	cmp want out/result.csv
	[[ $(cd out && echo batch-*) == batch-data-unplanned.csv ]]
}

@test "shred: --each: what a command says on standard error is seen, and is no result" {
	small
	run -0 --separate-stderr job --each 'echo "look here {id}" >&2; echo x'
	says "look here 1"
	[[ $(<out/result.csv) == x ]]
}

@test "shred: a failing command stops the run with its status, named with its batch, which stays" {
	small
	LOG=$PWD/runs
	export LOG
	command='echo {id} >>"$LOG"; [ {id} != 1 ] || [ -e mended ] || exit 3; echo head; cut -d , -f 1 {}'
	run -3 --separate-stderr job --workers 1 --each "$command"
	[[ $stderr =~ batch.*1 && $stderr =~ status\ 3 ]]
	cmp want1 out/batch-data-1.csv
	unsealed out
	[[ ! -e out/batch-data-0.csv ]]
	# mended, a second run does what is missing
	touch mended
	job --workers 1 --each "$command" >log
	lines want head sym A A A sym B B C D
	cmp want out/result.csv
	[[ $(tr '\n' ' ' <runs) == "0 1 1 " && -e out/_SUCCESS && -z $(find out -name 'batch-*') ]]
}

@test "shred: another command on the same output is as if it were the first" {
	small
	run -1 --separate-stderr job --each 'echo old; [ {id} = 0 ]'
	job --each 'echo new; wc -l <{}' >log
	lines want new 4 5
	cmp want out/result.csv
	job --each 'wc -l <{}' >log
	lines want 4 5
	cmp want out/result.csv
	# and none: then the batches are what is wanted
	job >log
	cmp want0 out/batch-data-0.csv
	[[ ! -e out/result.csv ]]
}

@test "shred: a command that is killed has failed" {
	small
	run -1 --separate-stderr job --each 'kill -9 $$'
	says batch
	unsealed out
	run -1 --separate-stderr job --each 'no-such-command-anywhere {}'
	says no-such-command-anywhere
	unsealed out
}

@test "shred: --sorted gives the same bytes from sorted input" {
	many 3
	shred --input in --output first --key sym --order t --max-rows 300 >log
	mkdir sorted
	for f in first/batch-data-*.csv; do
		n=${f##*-}
		cp "$f" "sorted/part-$n"
	done
	shred --input sorted --output want --key sym --order t --max-rows 100 >log
	shred --input sorted --output got --key sym --order t --max-rows 100 --sorted >log
	cmp <(promised want) <(promised got)
	clean got
	shred --input sorted --output each --key sym --order t --max-rows 100 --sorted --each 'cat {}' >log
	{ head -n 1 want/batch-data-0.csv; cat want/batch-data-{0,1,2,3,4,5,6,7,8,9}.csv 2>/dev/null | grep -v ^sym; } |
		cmp - each/result.csv
}

@test "shred: --sorted goes by integers where all keys are such" {
	lines in/part-0.csv k,t 9,1 10,1
	lines in/part-1.csv k,t 10,1 10,2 11,0
	shred --input in --output out --key k --order t --sorted --fixed 2 >log
	[[ $(tail -n +2 out/batch-data-0.csv | tr '\n' ' ') == "9,1 10,1 10,1 10,2 " ]]
}

@test "shred: --sorted of input that is not is an error with file and line" {
	lines in/part-0.csv k,t a,1 b,1 '"c
",1' b,2
	run -1 --separate-stderr shred --input in --output out --key k --order t --sorted
	says "in/part-0.csv:6: "
	[[ ! -e out/_SUCCESS ]]
	# over a shard's end
	lines in/part-0.csv k,t a,1 b,2
	lines in/part-1.csv k,t b,1 c,1
	run -1 --separate-stderr shred --input in --output out2 --key k --order t --sorted
	says "in/part-1.csv:2: "
	# within a group, by the order column
	lines in/part-0.csv k,t a,2 a,1
	lines in/part-1.csv k,t b,1 c,1
	run -1 --separate-stderr shred --input in --output out3 --key k --order t --sorted
	says "in/part-0.csv:3: "
	shred --input in --output out4 --key k --order t:tr --sorted >log
}

@test "shred: --by-day by directories: every day is a job of its own" {
	days
	daily --fixed 1 >log 2>&1
	[[ $(cd out && echo 2*) == "2024-01-05 2024-01-06 2024-01-08" ]]
	printf 'sym\tbatch_id\na\t0\nc\t1\n' | cmp - out/2024-01-08/batches.tsv
	lines want sym,t,v 'a,2024-01-08 09:00:00,6' 'a,2024-01-08 10:00:00,5'
	cmp want out/2024-01-08/batch-data-0.csv
	[[ -e out/2024-01-08/_SUCCESS && -e out/_SUCCESS && ! -e out/batches.tsv ]]
	cut -f 1-4 out/2024-01-08/_manifest.tsv | tail -n 1 | grep -qx $'1\tdata\tbatch-data-1.csv\t1'
	cut -f 1-4 out/_manifest.tsv | tail -n +2 | cmp - <(printf '%s\n' $'0\tdata\t2024-01-05/batch-data-0.csv\t1' \
		$'1\tdata\t2024-01-05/batch-data-1.csv\t1' $'0\tdata\t2024-01-06/batch-data-0.csv\t1' \
		$'0\tdata\t2024-01-08/batch-data-0.csv\t2' $'1\tdata\t2024-01-08/batch-data-1.csv\t1')
	# the account sums up over days: part-0 of three of them had 2, 1 and 2 rows
	grep -qx $'00000\tin\tdata\t5' out/_account.tsv
	grep -qx $'00001\tout\tdata\t1' out/_account.tsv
	grep -qx $'00000\tin\tdata\t2' out/2024-01-08/_account.tsv
	# the day without rows is said
	grep -q 2024-01-09 log
}

@test "shred: --by-day by names of files, as YYYY-MM-DD or YYYYMMDD" {
	days
	mkdir files
	cp in/2024-01-05/part-0.csv files/part-0-2024-01-05.csv
	cp in/2024-01-06/part-0.csv files/part-1-20240106.csv
	cp in/2024-01-08/part-0.csv files/part-2-20240108.csv
	cp in/2024-01-08/part-1.csv files/part-3-2024-01-08.csv
	daily --fixed 1 >log 2>&1
	shred --input files --output got --key sym --order t --by-day --fixed 1 >log
	cmp <(tree out -name 'batch*') <(tree got -name 'batch*')
	grep -qx $'00003\tout\tdata\t1' got/_account.tsv
	# in a word before them: date=
	rm -rf out
	for d in in/2*; do mv "$d" "in/date=${d#in/}"; done
	daily name --fixed 1 >log 2>&1
	cmp <(tree out -name 'batch*') <(tree got -name 'batch*')
}

@test "shred: --by-day takes files that are named by nothing but their day" {
	days
	mkdir files
	cp in/2024-01-05/part-0.csv files/2024-01-05.csv
	cp in/2024-01-06/part-0.csv files/2024-01-06.csv
	daily --to 2024-01-06 >log
	shred --input files --output got --key sym --order t --by-day >log
	cmp <(tree out -name 'batch*') <(tree got -name 'batch*')
}

@test "shred: --by-day by the time column gives the same days" {
	days
	daily --fixed 1 >log 2>&1
	mv out want
	rm -r in
	by_time
	for how in "" --presplit; do
		rm -rf out
		# shellcheck disable=SC2086
		daily --fixed 1 $how >log
		cmp <(tree want -name 'batch*') <(tree out -name 'batch*')
		[[ $(cut -f 2- out/_account.tsv | tr '\t\n' ' ;') == "kind name rows;in data 3;out data 3;in data 3;out data 3;" ]]
		clean out
	done
	# told so, names with a date do not matter
	rm -rf out
	mv in/part-0.csv in/part-0-2020-01-01.csv
	daily time --fixed 1 >log
	cmp <(tree want -name 'batch*') <(tree out -name 'batch*')
}

@test "shred: shards that would be read more than three times need --presplit" {
	lines in/part-0.csv k,t a,2024-01-01 a,2024-01-02 a,2024-01-03 a,2024-01-04
	run -1 --separate-stderr shred --input in --output out --key k --order t --by-day time
	[[ $stderr == *"they would be read 4.0 times; say --presplit for one more copy cut by day" ]]
	shred --input in --output out --key k --order t --by-day time --presplit >log
	[[ $(cd out && echo 2*) == "2024-01-01 2024-01-02 2024-01-03 2024-01-04" ]]
}

@test "shred: --by-day: a day is that of the clock on the wall, or of UTC where there are zones" {
	lines in/part-0.csv k,t a,2024-01-05T23:30:00-02:00 a,2024-01-06T01:00:00+02:00 a,2024-01-05T00:00:00Z
	shred --input in --output out --key k --order t --by-day >log
	[[ $(cd out && echo 2*) == "2024-01-05 2024-01-06" ]]
	lines want k,t a,2024-01-05T00:00:00Z a,2024-01-06T01:00:00+02:00
	cmp want out/2024-01-05/batch-data-0.csv
}

@test "shred: --from, --to and --exclude-weekends choose days; days without data are said" {
	days
	daily --from 2024-01-06 --to 2024-01-08 >log
	[[ $(cd out && echo 2*) == "2024-01-06 2024-01-08" ]]
	rm -rf out
	daily --exclude-weekends >log
	[[ $(cd out && echo 2*) == "2024-01-05 2024-01-08" ]]
	rm -rf out
	daily --from 2024-01-04 --to 2024-01-06 --exclude-weekends >log 2>&1
	[[ $(cd out && echo 2*) == "2024-01-05" ]]
	grep -q 2024-01-04 log
	rm -r in out
	by_time
	daily --from 2024-01-06 --exclude-weekends >log
	[[ $(cd out && echo 2*) == "2024-01-08" ]]
	# none at all: done or failed, but not in silence
	run --separate-stderr shred --input in --output none --key sym --order t --by-day --from 2030-01-01
	[[ $status == [01] && $output$stderr == *2030-01-01* ]]
}

@test "shred: --by-day --each: results by day and joined, {day} and SHARD_DAY" {
	days
	daily --fixed 1 --each 'echo day,n; [ {day} = "$SHARD_DAY" ] && echo {day},$(($(wc -l <{}) - 1))' >log 2>&1
	lines want day,n 2024-01-05,1 2024-01-05,1 2024-01-06,1 2024-01-08,2 2024-01-08,1
	cmp want out/result.csv
	lines want day,n 2024-01-08,2 2024-01-08,1
	cmp want out/2024-01-08/result.csv
	[[ -z $(find out -name 'batch-*') ]]
}

@test "shred: --by-day: what was removed from finished days is made again" {
	days
	for each in "" 'echo {day}; cat {}'; do
		rm -rf out
		daily --fixed 1 ${each:+--each "$each"} >log 2>&1
		promised out >want
		find out -type f ! -path '*/_*' >files
		[[ -z $each || $(cat files) == *out/result.csv* ]]
		while read -r file; do
			rm "$file"
			daily --fixed 1 ${each:+--each "$each"} >log 2>&1
			promised out | diff want -
		done <files
	done
}

@test "shred: --by-day: a second run leaves finished days alone and does new ones" {
	days
	LOG=$PWD/runs
	export LOG
	each='echo {day}-{id} >>"$LOG"; echo n; wc -l <{}'
	daily --each "$each" >log 2>&1
	inodes out | grep -v '^./result' >before
	cp runs runs.before
	lines in/2024-01-10/part-0.csv sym,t,v 'a,2024-01-10 10:00:00,7'
	daily --each "$each" >log 2>&1
	inodes out | grep -v -e '^./result' -e 2024-01-10 | cmp before -
	[[ $(diff runs.before runs) == *"> 2024-01-10-0" ]]
	lines want n 3 2 4 2
	cmp want out/result.csv
	# and one that changed
	echo 'z,2024-01-06 10:00:00,8' >>in/2024-01-06/part-0.csv
	daily --each "$each" >log 2>&1
	lines want n 3 3 4 2
	cmp want out/result.csv
	# and one that is gone
	rm -r in/2024-01-05
	daily --each "$each" >log 2>&1
	lines want n 3 4 2
	cmp want out/result.csv
	[[ ! -e out/2024-01-05/result.csv ]]
}

@test "shred: batches that a killed run named and had no record of go, in any format and codec" {
	small
	job
	for name in 7.csv unplanned.tsv.gz 7.csv.zst 7.csv.lz4 7.tsv.xz 7.jsonl 7.jsonl.gz 7.parquet; do
		cp out/batch-data-0.csv "out/batch-data-$name"
	done
	job --max-rows 3
	rm -rf fresh
	job --max-rows 3 --output fresh
	diff <(ls out) <(ls fresh)
	# but not what none of ours is called
	for name in batch-data-7.txt batch-mine-7.csv batch-data.x-7.parquet; do
		echo mine >"out/$name"
		run -1 --separate-stderr job --max-rows 3 --force
		says "$name: a file that no record names"
		[[ $(<"out/$name") == mine ]]
		rm "out/$name"
	done
	# of another table they go when their table does
	mkdir out/_batches/other.x
	cp out/batch-data-0.csv out/batch-other.x-7.parquet
	job --max-rows 3
	diff <(ls out out/_batches) <(ls fresh fresh/_batches | sed 's/^fresh/out/')
}

@test "shred: --sorted of input that is not leaves nothing, whatever the next run is" {
	small
	for next in "--max-rows 4" "--table foo --max-rows 4" "--by-day" "--by-day --each 'wc -l <{}'"; do
		rm -rf out fresh
		eval "job --output fresh $next"
		run -1 --separate-stderr job --sorted
		[[ -z $(ls out | grep batch-) && -z $(find out/_batches -type f) ]]
		# and a killed one what is gone then
		rm -rf out
		job --sorted --table old || :
		mkdir -p out/_batches/old
		printf '%s\n' "$(sed 1q fresh/_batches/*/*.tsv 2>/dev/null || sed 1q fresh/*/_batches/*/*.tsv)" \
			$'file\tbatch-old-0.csv\t1\t2\t0000000000000000\told' \
			$'record\told/00000\t-\t-\t-\t1' >out/_batches/old/00000.tsv
		cp in/part-0.csv out/batch-old-0.csv
		cp in/part-0.csv out/batch-old-1.csv
		eval "job $next"
		diff <(cd fresh && find . -type f ! -path '*/_run/*' ! -path './_context/*' | sort) \
			<(cd out && find . -type f ! -path '*/_run/*' ! -path './_context/*' | sort)
	done
}

@test "shred: what --presplit of a killed run has copied goes" {
	small
	job
	mkdir -p out/_presplit/data/2024-01-02
	cp in/part-0.csv out/_presplit/data/2024-01-02
	job
	[[ ! -e out/_presplit && -e out/_SUCCESS ]]
}

@test "shred: input that memory cannot hold is not kept there, of all tables together" {
	small
	job -n >plan
	run ! grep -e --drop-cache plan
	truncate -s 4T in/part-7.csv || skip "no sparse file that large here"
	job -n >plan
	[[ $(grep -e --drop-cache plan) == "$(grep -e ' : route ' plan)" ]]
	rm in/part-7.csv
	two_tables
	truncate -s 4T l2/part-7.csv
	tables --max-rows 4 -n >plan
	[[ $(grep -c '^xargs .*--drop-cache .* : route ' plan) == 2 ]]
}

@test "shred: a second run does nothing" {
	many
	job >log
	inodes out >before
	job >log
	inodes out | cmp before -
	job --workers 1 >log
	inodes out | cmp before -
	[[ -e out/_SUCCESS ]]
}

@test "shred: a second run with --each runs no command" {
	small
	LOG=$PWD/runs
	export LOG
	job --each 'echo {id} >>"$LOG"; echo x{id}' >log
	job --each 'echo {id} >>"$LOG"; echo x{id}' >log
	[[ $(sort runs | tr '\n' ' ') == "0 1 " ]]
	lines want x0 x1
	cmp want out/result.csv
}

@test "shred: a changed, a new and a lost input are as if they had always been so" {
	many
	fresh() {
		rm -rf want
		shred --input in --output want --key sym --order t --max-rows 4 >log
		cmp <(promised want) <(promised out)
	}
	job >log
	sed -i '5s/S[0-9]*,/S99,/' in/part-3.csv
	job >log
	fresh
	ticks 77 99 >in/part-1.csv
	job >log
	fresh
	rm in/part-6.csv
	job >log
	fresh
	clean out
	# of the same size, and as old
	cp -p in/part-3.csv was
	sed -i '7s/MARK/MERK/' in/part-3.csv
	touch -r was in/part-3.csv
	job --verify >log
	fresh
}

@test "shred: other options on the same output are as if they had been the first" {
	many
	same_as() {
		rm -rf want
		job "$@" >log
		job --output want "$@" >log
		cmp <(promised want) <(promised out)
	}
	job >log
	same_as --max-rows 1000
	same_as --where 'price > 500'
	same_as --columns note
	same_as --order size:n
	same_as --key size
	same_as --compress gz
	same_as --fixed 5
	same_as
	clean out
}

@test "shred: --force does all again, to the same bytes" {
	small
	job >log
	promised out >before
	inodes out >old
	job --force >log
	promised out | cmp before -
	run ! cmp -s old <(inodes out)
}

@test "shred: --verify finds a batch that was changed behind its back" {
	small
	job >log
	promised out >before
	cp -p out/batch-data-0.csv was
	sed -i 's/hi/ho/' out/batch-data-0.csv
	touch -r was out/batch-data-0.csv
	run --separate-stderr job --verify
	# refused by name, or mended
	[[ $status == 1 && $stderr == *batch-data-0.csv* ]] || promised out | cmp before -
	rm out/batch-data-0.csv
	job >log
	promised out | cmp before -
}

@test "shred: any number of workers, size of buffer and order of the files' making give the same bytes" {
	many 5 9000
	job --max-rows 20000 >log
	mkdir again
	for f in $(cd in && printf '%s\n' * | sort -R --random-source=<(yes 7)); do
		cp "in/$f" "again/$f"
		touch -d "2020-01-0$((RANDOM % 9 + 1))" "again/$f"
	done
	for how in "--workers 1" "--workers 2 --buffer 1M" "--workers 5" "--workers 5 --buffer 256M"; do
		rm -rf got
		# shellcheck disable=SC2086
		shred --input again --output got --key sym --order t --max-rows 20000 $how >log
		cmp <(promised out) <(promised got) || { echo "$how"; return 1; }
		clean got
		# nor do the notes for a later run tell who did what
		[[ $how == "--workers 1" ]] || cmp <(tree got/_runs) <(tree one/_runs)
		[[ $how != "--workers 1" ]] || cp -rp got one
	done
}

@test "shred: 1,000 batches under ulimit -n 64, and no file for every pair of shard and batch" {
	mkdir in
	n=1000
	[[ -z ${SANITIZED-} ]] || n=100
	for i in 0 1 2 3; do
		awk -v n=$n -v i=$i 'BEGIN { print "k,t"; for (j = 0; j < n * 3; j++) print (j * 7 + i) % n "," j }' >in/part-$i.csv
	done
	(ulimit -n 64 && shred --input in --output out --key k --order t --fixed 1 --workers 2 >log)
	[[ $(find out -name 'batch-data-*.csv' | wc -l) == "$n" ]]
	[[ $(tail -n +2 "out/batch-data-$((n - 1)).csv" | wc -l) == 12 ]]
	clean out
}

@test "shred: nothing of the work is left, neither in the output nor in TMPDIR" {
	many
	for how in "" "--each 'wc -l'" --unplanned\ keep; do
		rm -rf out
		eval job --max-rows 200 "$how" >log
		clean out
	done
}

@test "shred: a time that does not parse, is missing or of another kind is an error with file and line" {
	small
	sed -i '3s/2024-01-01/2024-02-30/' in/part-2.csv
	refuses 1 "in/part-2.csv:3: "
	says 2024-02-30
	rm -rf out
	small
	sed -i '2s/2024-01-02 10:00:00//' in/part-0.csv
	refuses 1 "in/part-0.csv:2: "
	rm -rf out
	small
	sed -i '4s/2024-01-02 09:59:59.999999999/1704189600/' in/part-2.csv
	refuses 1 "in/part-2.csv:4: "
	rm -rf out
	small
	refuses 1 "in/part-0.csv:2: " --order note:n
}

@test "shred: bad input is refused with file and line, and once it is mended the job goes on" {
	small
	cp in/part-2.csv was
	echo 1,2 >>in/part-2.csv
	refuses 1 "in/part-2.csv:6: "
	cp was in/part-2.csv
	job >log
	cmp want1 out/batch-data-1.csv
	rm -rf out
	sed -i 1s/price/prize/ in/part-2.csv
	refuses 1 "in/part-2.csv:1: "
	cp was in/part-02.csv
	refuses 1 "part-02.csv"
	rm in/part-02.csv
	: >in/part-2.csv
	refuses 1 "in/part-2.csv: "
	small
	gzip in/part-0.csv
	truncate -s -9 in/part-0.csv.gz
	refuses 1 "in/part-0.csv.gz"
}

@test "shred: columns, directories and files that are not there are named" {
	small
	run -1 --separate-stderr shred --input in --output out --key symbol --order t
	says symbol
	run -1 --separate-stderr shred --input in --output out --key sym --order when
	says when
	refuses 1 nowhere --where 'nowhere == 1'
	refuses 1 nowhere --columns nowhere
	refuses 1 none.tsv --estimates none.tsv
	refuses 1 none.tsv --groups none.tsv
	run -1 --separate-stderr shred --input none --output out --key sym --order t
	says none
	mkdir empty
	run -1 --separate-stderr shred --input empty --output out --key sym --order t
	says empty
	two_tables
	run -1 --separate-stderr shred --table trades=trades:tt --table l2=l2:tt --output out --key sym
	says tt
}

@test "shred: limits that are none are wrong usage" {
	small
	local bad
	for bad in 0 -5 x 1.5 1K 99999999999999999999 data= =5 nosuch=5; do
		refuses 2 max-rows --max-rows "$bad"
	done
	for bad in 0 -5 x 70000T; do refuses 2 max-bytes --max-bytes "$bad"; done
	for bad in 0 -1G x; do refuses 2 memory --memory "$bad"; done
	for bad in 0 -1 x; do refuses 2 fixed --fixed "$bad"; done
	for bad in 0 -1 x 1.5; do refuses 2 workers --workers "$bad"; done
	for bad in 0 -1 x 1; do refuses 2 buffer --buffer "$bad"; done
	printf 'key,estimated_rows\nA,1\n' >e
	for bad in data=-1 data=nan data; do refuses 2 rate --rate "$bad" --estimates e; done
}

@test "shred: wrong usage ends with 2, says why, and touches nothing" {
	small
	two_tables
	run -2 --separate-stderr shred --output out --key sym --order t
	says "--input"
	run -2 --separate-stderr shred --input in --key sym --order t
	says "--output"
	run -2 --separate-stderr shred --input in --output out --order t
	says "--key"
	run -2 --separate-stderr shred --input in --output out --key sym
	says "--order"
	refuses 2 "--bogus" --bogus
	refuses 2 stray stray
	refuses 2 "--pack worst" --pack worst
	refuses 2 "--unplanned perhaps" --unplanned perhaps
	refuses 2 "--format xml" --format xml
	refuses 2 "--compress rar" --compress rar
	refuses 2 where --where 'price'
	refuses 2 columns --columns
	refuses 2 by-day --by-day maybe
	refuses 2 from --by-day --from yesterday
	refuses 2 to --by-day --to 2024-02-30
	refuses 2 from --by-day --from 2024-02-02 --to 2024-01-01
	refuses 2 by-day --from 2024-01-01
	refuses 2 by-day --exclude-weekends
	refuses 2 by-day --presplit
	refuses 2 "--rescan" --by-day time --rescan
	refuses 2 "--expand" --memory 1G --expand 6
	refuses 2 keep --keep
	refuses 2 rate --rate data=2
	run -2 --separate-stderr tables --input in
	says "--input"
	run -2 --separate-stderr tables --order t
	says "--order"
	run -2 --separate-stderr shred --table a=trades --table l2=l2:et --output out --key sym
	says "--table"
	run -2 --separate-stderr shred --table a=trades:tt --table a=l2:et --output out --key sym
	says "--table"
	for bad in ../x=trades:tt a/b=trades:tt =trades:tt a=:tt 'a b=trades:tt'; do
		run -2 --separate-stderr shred --table "$bad" --table l2=l2:et --output out --key sym
		says "--table"
	done
	[[ ! -e out ]]
}

@test "shred: an output that is, holds or lies in the input is refused" {
	small
	tree in >before
	run --separate-stderr shred --input in --output in --key sym --order t
	[[ $status == [12] && -n $stderr ]]
	run --separate-stderr shred --input in --output . --key sym --order t
	[[ $status == [12] && -n $stderr ]]
	tree in | cmp before -
}

@test "shred: an output of another job, or of files not ours, is refused" {
	small
	for i in 0 1 2; do mkdir -p raw && rows 20 >raw/part-$i.csv; done
	preprocess --job-type training --input raw --output out >log
	tree out >before
	run -1 --separate-stderr job
	says preprocess
	tree out | cmp before -
	rm -rf out
	lines out/batch-data-7.csv mine
	run -1 --separate-stderr job
	[[ $(<out/batch-data-7.csv) == mine && ! -e out/_SUCCESS ]]
}

@test "shred: a second run at the same time waits or refuses, and spoils nothing" {
	many
	job --each 'sleep 1; cat {}' >log 2>&1 3>&- &
	sleep 0.3
	run --separate-stderr job --each 'sleep 1; cat {}'
	[[ $status == 0 || $stderr == *"in use"* ]]
	wait
	[[ -e out/_SUCCESS ]]
}

@test "shred: -n prints a plan and changes nothing" {
	small
	local before
	before=$(tree in)
	run -0 --separate-stderr job -n --each 'wc -l'
	[[ -n $output && ! -e out && $(tree in) == "$before" ]]
	[[ $output == *shard-plan* && $output == *max-rows* ]]
	# of an output that is there already, too
	job >log
	inodes out >before
	job -n --max-rows 1 >log
	inodes out | cmp before -
}

@test "shred: the lines of -n, pasted, do what the job does" {
	two_tables
	for words in "" "--unplanned keep --compress gz" "--sorted" "--each 'echo n; wc -l <{}; cat {l2}'"; do
		rm -rf out want
		[[ $words != --sorted ]] || for f in trades/* l2/*; do
			{ head -n 1 "$f" && tail -n +2 "$f" | sort -t , -k 1,1 -k 2,2; } >x && mv x "$f"
		done
		eval "tables --max-rows 4 $words" >log
		mv out want
		eval "tables --max-rows 4 $words -n" >plan
		sh plan >log 2>&1
		cmp <(promised want) <(promised out)
		# and nothing is left for the job to do
		inodes out >before
		eval "tables --max-rows 4 $words" >log
		inodes out | cmp before -
	done
}

@test "shred: --print-config says each value and where it comes from" {
	small
	run -0 --separate-stderr job --print-config
	[[ $output =~ max-rows\ +4\ +option && $output =~ key\ +sym\ +option && $output =~ fixed\ .*default ]]
	[[ ! -e out ]]
}

@test "shred: SHARDKIT_EXPAND of former versions is not needed, which is said" {
	small
	SHARDKIT_EXPAND=4 run -0 --separate-stderr job --print-config
	[[ $stderr == *"note: SHARDKIT_EXPAND is not needed any more"* ]]
}

@test "shred: --help is a summary on standard output" {
	run -0 --separate-stderr shred --help
	[[ $output == *"--each"* && $output == *"--by-day"* && -z $stderr ]]
	shred -h | cmp - <(printf '%s\n' "$output")
}

@test "shred: names of columns and directories may hold blanks, quotes and what the shell expands" {
	for name in "it's" 'a"b' 'a b' '$(touch pwned)' '100%s' '*' '-x' '#' '\\' '{}' '{n}' : ::: größe; do
		rm -rf "in $name" out
		mkdir "in $name"
		{ h="\"${name//\"/\"\"}\"" && printf '%s,t\nb,1\na,2\n' "$h"; } >"in $name/part-0.csv"
		shred --input "in $name" --output "out $name" --key "$name" --order t --each 'tail -n +2 {}' >log ||
			{ echo "name $name: $(<log)"; return 1; }
		lines want a,2 b,1
		cmp want "out $name/result.csv"
		[[ ! -e pwned ]]
	done
}

@test "shred: the header's __DOT__ is a dot, also in --key" {
	lines in/part-0.csv a__DOT__k,t b,1 a,2
	shred --input in --output out --key a.k --order t >log
	lines want a.k,t a,2 b,1
	cmp want out/batch-data-0.csv
	[[ $(head -n 1 out/batches.tsv) == $'a.k\tbatch_id' ]]
}

@test "shred: --signature names the columns" {
	small
	echo who,when,price,note >sig
	shred --input in --output out --key who --order when --max-rows 4 --signature sig >log
	cmp <(tail -n +2 want1) <(tail -n +2 out/batch-data-1.csv)
	[[ $(head -n 1 out/batch-data-1.csv) == who,when,price,note ]]
}

@test "shred: a second run with --sorted, without a group, by time and presplit writes no batch" {
	lines in/part-0.csv sym,t a,1 a,2 b,1
	local words
	for words in "--sorted" "--by-day time --epoch s --presplit" "--by-day time --epoch s"; do
		rm -rf out
		# shellcheck disable=SC2086
		shred --input in --output out --key sym --order t $words >log 2>&1
		inodes out | grep batch >before
		# shellcheck disable=SC2086
		shred --input in --output out --key sym --order t $words >log 2>&1
		inodes out | grep batch | cmp before -
		[[ $words != *day* ]] || grep -q 'nothing to do' log
	done
	rm -rf in out
	lines in/part-0.csv sym,t ,1
	shred --input in --output out --key sym --order t >log 2>&1
	shred --input in --output out --key sym --order t >log 2>&1
	[[ $(grep -c missing-group out/_account.tsv) == 1 ]]
}

@test "shred: what the environment says of one table does not hold for several" {
	two_tables
	INPUT_DIR=nowhere ORDER_COLUMN=t tables >log
	[[ -e out/batch-trades-0.csv && -e out/batch-l2-0.csv ]]
}

@test "shred: an input too large for memory with its copies is not kept in memory" {
	small
	shred -n --input in --output out --key sym --order t >plan
	run ! grep -e --drop-cache plan
	truncate -s 4T in/part-3.csv || skip "no sparse file that large here"
	shred -n --input in --output out --key sym --order t >plan
	[[ $(grep -c '^xargs .*--drop-cache' plan) == 1 ]]
	grep -qe 'cat .*--drop-cache .* : route ' plan
	# it is read again for every other day
	shred -n --input in --output out --key sym --order t --by-day time >plan
	run ! grep -e '--drop-cache' plan
}
