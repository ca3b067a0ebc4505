#!/usr/bin/env bats
# shard-through: a foreign command inside a pipe, and no row lost in silence.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	rows 50 >part-1.csv
	export SHARD_STRICT=1
}

# What shard-write would commit of standard input.
commit() {
	shard-write -o out --split all --like part-1.csv
}

@test "through: the rows of the command, and a new end marker that accounts for the difference" {
	shard-cat part-1.csv | shard-through awk 'NR == 1 || NR % 5 == 0' >got
	{ awk 'NR == 1 || NR % 5 == 0' part-1.csv; printf '\004shardkit 1 10 drop:external:40 in:-:50\n'; } | cmp - <(plain <got)
	commit <got
	grep -q $'^drop\texternal\t40\t' out/_shards/00001.tsv
	[[ $(tail -n +2 out/all/part-00001.csv | wc -l) == 10 ]]
}

@test "through: rows that the command adds are a negative number left out, in marker, record and account" {
	shard-cat part-1.csv | shard-through awk '1; NR < 7 && NR > 1' >got
	[[ $(tail -n 1 got | plain) == $'\004shardkit 1 55 drop:external:-5 in:-:50' ]]
	commit <got
	[[ $(tail -n +2 out/all/part-00001.csv | wc -l) == 55 ]]
	grep -q $'^drop\texternal\t-5\t-\t-\t-$' out/_shards/00001.tsv
	shard-check --build out
	printf 'shard\tkind\tname\trows\n00001\tdrop\texternal\t-5\n00001\tin\t-\t50\n00001\tout\tall\t55\n' |
		cmp - out/_account.tsv
	shard-check out
}

@test "through: of several commands the account has the sum, of other reasons its own" {
	shard-cat part-1.csv | shard-through awk 'NR != 2' | shard-map -w 'id != 9' |
		shard-through awk '1; NR == 2 { print; print }' >got
	[[ $(tail -n 1 got | plain) == $'\004shardkit 1 50 drop:external:-1 drop:filtered:1 in:-:50' ]]
	commit <got
	shard-check --build out
}

@test "through: of external only a negative number is read" {
	for word in drop:external:-1 drop:duplicate:-1 drop:filtered:-1 drop:external:--1 added:external:1; do
		{ cat part-1.csv; printf '\004shardkit 1 50 %s in:-:49\n' $word; } >s
		if [[ $word == drop:external:-1 ]]; then
			shard-cat --end expect <s >/dev/null
		else
			run -1 --separate-stderr shard-cat --end expect <s
			says "end marker that does not fit its stream"
		fi
	done
	shard-cat part-1.csv | shard-map -w 'id != 9' | commit
	for bad in $'drop\tfiltered\t-1' $'drop\texternal\tx' $'in\t-\t-50' $'added\texternal\t1'; do
		sed "2s/.*/$bad\t-\t-\t-/" out/_shards/00001.tsv >r
		mkdir -p copy/_shards copy/all
		cp r copy/_shards/00001.tsv
		cp out/all/* copy/all
		run -1 --separate-stderr shard-check copy
		says "00001.tsv:2: bad record"
	done
}

@test "through: what earlier programs dropped stays in the account" {
	shard-cat part-1.csv | shard-map -w 'id >= 10' | shard-through awk 'NR != 2' | shard-map -w 'id < 30' >got
	[[ $(tail -n 1 got | plain) == $'\004shardkit 1 19 drop:external:1 drop:filtered:30 in:-:50' ]]
	commit <got
}

@test "through: two of them behind each other, cat changes nothing" {
	shard-cat part-1.csv | shard-through cat | shard-through cat | shard-cat >got
	shard-cat part-1.csv | cmp - got
}

@test "through: the command sees no end marker" {
	shard-cat part-1.csv | shard-through tee seen | commit
	cmp seen part-1.csv
	cmp out/all/part-00001.csv part-1.csv
}

@test "through: a command outside of it is found out" {
	run -1 --separate-stderr bash -c 'set -o pipefail
		shard-cat part-1.csv | awk "NR != 7" | shard-write -o out --split all --like part-1.csv'
	says "end marker that does not fit its stream"
	run -1 --separate-stderr bash -c 'set -o pipefail
		shard-cat part-1.csv | head -n 20 | shard-write -o out --split all --like part-1.csv'
	says "the stream ended without its end marker"
	run -1 --separate-stderr bash -c 'set -o pipefail
		shard-cat part-1.csv | sort | shard-write -o out --split all --like part-1.csv'
	barren out
}

@test "through: a command that fails, is killed or is not there ends the pipe, and nothing is committed" {
	for command in 'awk "NR == 20 { exit 3 } 1"' 'bash -c "head -n 20; kill -9 \$\$"' 'no-such-command-here' 'false' \
		'bash -c "cat; exit 1"' 'bash -c "cat; kill -TERM \$\$"'; do
		run -1 --separate-stderr bash -c "set -o pipefail
			shard-cat part-1.csv | shard-through $command | shard-write -o out --split all --like part-1.csv"
		barren out
	done
	run -1 --separate-stderr bash -c "shard-cat part-1.csv | shard-through awk '{ exit 3 }'"
	says "awk ended with status 3"
	run -1 --separate-stderr bash -c "shard-cat part-1.csv | shard-through bash -c 'cat; kill -9 \$\$'"
	says "bash was killed by signal 9"
	run -1 --separate-stderr bash -c "shard-cat part-1.csv | shard-through no-such-command-here"
	says "no-such-command-here: No such file or directory"
}

@test "through: an upstream killed at any byte gets no end marker" {
	SHARD_STRICT=0 shard-cat --end emit <(head -n 4 part-1.csv) >s
	size=$(stat -c %s s)
	for ((n = 0; n < size - 1; n += 1)); do
		head -c "$n" s >cut
		if shard-through cat <cut >got 2>err; then
			echo "accepted: the first $n bytes"
			return 1
		fi
		run ! grep -q $'\004' got
	done
	shard-through cat <s | cmp - s
}

@test "through: an upstream killed by a signal in mid-stream commits nothing" {
	run -1 --separate-stderr bash -c 'set -o pipefail
		(shard-cat part-1.csv | head -n 30; kill -9 $BASHPID) | shard-through cat |
			shard-write -o out --split all --like part-1.csv
		exit ${PIPESTATUS[2]}'
	says "the stream ended without its end marker"
	barren out
}

@test "through: a marker in mid-stream is refused" {
	{ shard-cat part-1.csv; tail -n +2 part-1.csv; } >s
	run -1 --separate-stderr bash -c 'shard-through cat <s | shard-write -o out --split all --like part-1.csv'
	says "standard input:52: end marker that does not fit its stream"
	barren out
	{ shard-cat part-1.csv; shard-cat part-1.csv; } >s
	run -1 --separate-stderr bash -c 'shard-through cat <s | shard-write -o out --split all --like part-1.csv'
	barren out
}

@test "through: data that begins with byte 0x04 passes, in one-column tables too" {
	printf 'a\n\0041\n\004shardkit 1 1 in:-:1\n\004\n\n' >part-1.csv
	shard-cat part-1.csv | shard-through cat | commit
	cmp part-1.csv out/all/part-00001.csv
	printf 'a,b\n\0041,2\n\004shardkit 1 1 in:-:1,2\n' >part-1.csv
	shard-cat part-1.csv | shard-through cat | shard-through cat | commit
	cmp part-1.csv out/all/part-00001.csv
}

@test "through: one-column tables: blank rows count, sort and uniq may stand in the middle" {
	printf 'a\n\n2\n\n1\n\n' >part-1.csv
	shard-cat part-1.csv | shard-through cat | commit
	cmp part-1.csv out/all/part-00001.csv
	shard-cat part-1.csv | shard-through bash -c 'read -r h; echo "$h"; sort -u' >got
	printf 'a\n\n1\n2\n\004shardkit 1 3 drop:external:2 in:-:5\n' | cmp - <(plain <got)
}

@test "through: rows with newlines in quotes are counted as rows" {
	printf 'a,b\n1,"x\ny"\n2,"\n\n"\n' >part-1.csv
	shard-cat part-1.csv | shard-through cat | commit
	cmp part-1.csv out/all/part-00001.csv
}

@test "through: a command that prints no table is refused" {
	for command in 'awk "NR == 9 { print 1 } 1"' true 'sed "5s/\"//"' 'cut -c 1-20' 'tr , \\\"'; do
		run -1 --separate-stderr bash -c "set -o pipefail
			shard-cat part-1.csv | shard-through $command | shard-write -o out --split all --like part-1.csv"
		barren out
	done
	run -1 --separate-stderr bash -c "shard-cat part-1.csv | shard-through awk 'NR == 9 { print 1 } 1' >got"
	says "shard-through: awk: standard input:9: ragged row: 1 field, the header has 5"
}

@test "through: much input, and a command that prints no table: an end, not a wait for ever" {
	rows 30000 >part-1.csv
	run -1 --separate-stderr timeout 600 bash -c "shard-cat part-1.csv | shard-through awk 'NR == 9 { print 1 } 1' >got; exit \${PIPESTATUS[1]}"
	says "ragged row"
}

@test "through: a full disk is an error, not a wait for ever" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -1 --separate-stderr bash -c 'shard-cat part-1.csv | shard-through cat >/dev/full; exit ${PIPESTATUS[1]}'
	says "No space left on device"
	rows 30000 >part-1.csv
	run -1 --separate-stderr timeout 600 bash -c 'shard-cat part-1.csv | shard-through cat >/dev/full; exit ${PIPESTATUS[1]}'
	says "No space left on device"
}

@test "through: a command that stops reading early is no failure, and the rest is accounted for" {
	rows 30000 >part-1.csv
	shard-cat part-1.csv | shard-through head -n 3 >got
	[[ $(tail -n 1 got | plain) == $'\004shardkit 1 2 drop:external:29998 in:-:30000' ]]
	# but the stream must still be whole
	shard-cat part-1.csv | head -n 20000 >cut
	run -1 --separate-stderr bash -c 'shard-through head -n 3 <cut >got'
	says "ended without its end marker"
}

@test "through: a reader that has enough ends it quietly" {
	rows 30000 >part-1.csv
	run --separate-stderr timeout 600 bash -c 'shard-cat part-1.csv | shard-through cat | head -n 1'
	[[ $status == 0 && $output == id,orderDate,customerId,note,label && -z $stderr ]]
}

@test "through: tabs stay tabs under SHARD_DELIM=tab" {
	printf 'a\tb\n1,5\tx\n' >part-1.tsv
	export SHARD_DELIM=tab
	shard-cat part-1.tsv | shard-through awk -F '\t' -v OFS='\t' '{ print $2, $1 }' |
		shard-write -o out --split all --like part-1.tsv
	printf 'b\ta\nx\t1,5\n' | cmp - out/all/part-00001.tsv
}

@test "through: a row that shard-cat --max-record let through passes" {
	{ echo a,b; head -c 22000000 /dev/zero | tr '\0' x; echo ,1; } >part-1.csv
	shard-cat --max-record 30M --end none part-1.csv | SHARD_STRICT=0 shard-through --max-record 30M cat | cmp - part-1.csv
}

@test "through: SHARD_MAX_RECORD is the default of --max-record" {
	run -1 --separate-stderr bash -c 'shard-cat part-1.csv | SHARD_MAX_RECORD=20 shard-through cat'
	says "standard input:1: record longer than 20 bytes (--max-record allows more)"
	run -2 --separate-stderr bash -c 'SHARD_MAX_RECORD=much shard-through cat <part-1.csv'
	says "SHARD_MAX_RECORD is not a size"
	unset SHARD_STRICT
	SHARD_MAX_RECORD=much shard-through --max-record 1K cat <part-1.csv | cmp - part-1.csv
}

@test "through: without end markers a failed command still fails" {
	unset SHARD_STRICT
	shard-through awk 'NR != 2' <part-1.csv | cmp - <(sed 2d part-1.csv)
	run -1 --separate-stderr bash -c 'shard-through awk "NR == 3 { exit 9 } 1" <part-1.csv'
	says "awk ended with status 9"
}

@test "through: no command is wrong usage; options end where the command begins" {
	run -2 --separate-stderr shard-through
	says "which command?"
	shard-cat part-1.csv | shard-through head -n 2 | plain | cmp - <(SHARD_STRICT=0 head -n 2 part-1.csv; printf '\004shardkit 1 1 drop:external:49 in:-:50\n')
}
