#!/usr/bin/env bats
# The shredding job at the hands of people who mean it no good: options and
# inputs that change between runs, files that are damaged, names and commands
# that try what they can.

# shellcheck disable=SC2016 # what looks like the shell's is for --each
# shellcheck disable=SC2086,SC2154 # lists of words; stderr is set by run

load helper
load more
load shred

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
	for i in 0 1 2; do ticks 150 $i >in/part-$i.csv; done
}

# job OUT [OPTION...]
job() {
	local out=$1
	shift
	shred --input in --output "$out" --key sym --order t --max-rows 100 --workers 2 "$@"
}
export -f job

COUNT='echo sym,n; tail -n +2 {} | cut -d , -f 1 | uniq -c'

# as_first OUT [OPTION...]: OUT is what these options give where nothing was.
as_first() {
	local out=$1
	shift
	rm -rf want
	job want "$@"
	diff <(promised want) <(promised "$out") && diff <(files want) <(files "$out")
}

files() { (cd "$1" && find . ! -path './_run/*' ! -path '*/_run/*' | sort); }

# Days ------------------------------------------------------------------------

@test "shred: a day of the year 9999 or 1900 is a day like others, and years between cost no time" {
	lines in/part-0.csv sym,t 'A,1900-01-01 00:00:00' 'A,9999-12-31 00:00:00' 'A,9999-12-30 00:00:00'
	rm in/part-[12].csv
	run -0 --separate-stderr timeout 600 bash -c 'job out --by-day time'
	[[ $stderr == *"no data on 2958461 days: 1900-01-02 1900-01-03 "*" ..."* ]]
	[[ $(<out/_days.tsv) == $'day\n1900-01-01\n9999-12-30\n9999-12-31' ]]
	run -0 --separate-stderr timeout 600 bash -c 'job out --by-day time --from 0001-01-01 --to 9999-12-31 --exclude-weekends'
	# the first was a Monday, the last are a Thursday and a Friday
	[[ $(<out/_days.tsv) == $'day\n1900-01-01\n9999-12-30\n9999-12-31' ]]
}

@test "shred: days without data are said without the weekends that are left out" {
	lines in/part-0.csv sym,t 'A,2024-02-23 00:00:00' 'A,2024-02-25 00:00:00' 'A,2024-03-05 00:00:00'
	rm in/part-[12].csv
	run -0 --separate-stderr job out --by-day time --exclude-weekends
	[[ $stderr == *"no data on 6 days: 2024-02-26 2024-02-27 2024-02-28 2024-02-29 2024-03-01 2024-03-04"* ]]
	[[ $(<out/_days.tsv) == $'day\n2024-02-23\n2024-03-05' ]]
}

@test "shred: a table of days with a blank line or another path in it removes nothing" {
	mkdir victim
	job out --by-day time
	printf '\n../victim\n' >>out/_days.tsv
	rm -rf want && cp -r out want
	job out --by-day time
	[[ -d victim && $(<out/_days.tsv) == $'day\n2024-01-02\n2024-01-03\n2024-01-04' ]]
	cmp want/2024-01-02/batch-data-0.csv out/2024-01-02/batch-data-0.csv
}

@test "shred: an output by days, then of the whole, then by days again is what each would have made alone" {
	job out --by-day time --each "$COUNT"
	job out
	as_first out
	job out --by-day time
	as_first out --by-day time
	job out --each "$COUNT"
	as_first out --each "$COUNT"
}

@test "shred: days done with other options are never joined with those of this run" {
	job out --by-day time --to 2024-01-02 --each 'echo one'
	run -1 --separate-stderr job out --by-day time --from 2024-01-03 --each 'echo two'
	says "2024-01-02 was done by a run with other options: let --from and --to include it, or choose another output"
	[[ $(<out/result.csv) == one* && ! -e out/2024-01-03 ]]
	run -1 job out --by-day time --from 2024-01-03 --each 'echo one' --where 'price > 5'
	job out --by-day time --from 2024-01-03 --each 'echo one' --keep
	job out --by-day time --each 'echo two'
	as_first out --by-day time --each 'echo two'
}

@test "shred: a run over other days than the one that was killed leaves nothing of it half done" {
	run -3 job out --by-day time --each 'test {day} = 2024-01-02 || exit 3; echo x'
	[[ -e out/2024-01-02/_SUCCESS && ! -e out/2024-01-03/_SUCCESS ]]
	job out --by-day time --from 2024-01-04 --each 'test {day} = 2024-01-02 || exit 3; echo x' && return 1
	job out --by-day time --from 2024-01-02 --to 2024-01-02 --each 'test {day} = 2024-01-02 || exit 3; echo x'
	[[ $(<out/_days.tsv) == $'day\n2024-01-02' && ! -e out/2024-01-03 && ! -e out/2024-01-04 ]]
}

@test "shred: --presplit goes on behind the days that are done, and does none twice" {
	job want --by-day time --presplit --each 'echo {day}; echo {id}'
	run -3 job out --by-day time --presplit --each 'echo {day}; test {day} != 2024-01-03 || exit 3; echo {id}'
	[[ -e out/2024-01-02/_SUCCESS && ! -e out/2024-01-03/_SUCCESS ]]
	job out --by-day time --presplit --each 'echo {day}; echo {id}'
	diff <(promised want) <(promised out)
	diff <(files want) <(files out)
	inodes out >before
	run -0 --separate-stderr job out --by-day time --presplit --each 'echo {day}; echo {id}'
	[[ $stderr == *"had been done before"* ]]
	inodes out | diff before -
	rm out/2024-01-03/_SUCCESS
	job out --by-day time --presplit --each 'echo {day}; echo {id}'
	diff <(promised want) <(promised out)
}

@test "shred: --presplit goes on where the copy of a day that is done is gone" {
	local each='echo {day}; test -e go || test {day} != 2024-01-03 || exit 3'
	touch go
	job want --by-day time --presplit --each "$each"
	rm go
	run -3 job out --by-day time --presplit --each "$each"
	[[ -e out/2024-01-02/_SUCCESS && ! -e out/_presplit/data/2024-01-02 && -e out/_presplit/data/2024-01-03 ]]
	touch go
	run -0 --separate-stderr job out --by-day time --presplit --each "$each"
	[[ $stderr == *"1 day of 3 had been done before"* ]]
	diff <(promised want) <(promised out)
}

@test "shred: two tables with no shard on a day have an empty batch each" {
	for d in a/2024-01-02 b/2024-01-03 c/2024-01-03; do lines $d/part-0.csv sym,t "A,${d#*/} 00:00:00"; done
	shred --table a=a:t --table b=b:t --table c=c:t --by-day --key sym --output out
	[[ $(cat out/2024-01-02/batch-{b,c}-0.csv) == $'sym,t\nsym,t' && $(<out/2024-01-03/batch-a-0.csv) == sym,t ]]
}

@test "shred: an input that is replaced between two days is an error, and another run has its rows once" {
	rm -rf in && lines in/part-0.csv sym,t 'A,2024-01-01 00:00:00' 'B,2024-01-02 00:00:00'
	lines new sym,t 'B,2024-01-01 00:00:00' 'A,2024-01-02 00:00:00'
	run -1 --separate-stderr shred --input in --output out --key sym --order t --by-day time --workers 1 \
		--each 'test {day} != 2024-01-01 || cp new in/part-0.csv; tail -n +2 {}'
	says "the input changed during the run"
	[[ ! -e out/_SUCCESS ]]
	shred --input in --output out --key sym --order t --by-day time --workers 1 --each 'tail -n +2 {}'
	[[ $(<out/result.csv) == $'B,2024-01-01 00:00:00\nA,2024-01-02 00:00:00' ]]
}

@test "shred: a table with no shard on a day, under a signature; and what a killed run left of its header" {
	for d in a/2024-01-02 a/2024-01-03 b/2024-01-03; do lines $d/part-0.csv x,y 'A,2024-01-03 00:00:00'; done
	echo sym,t >names
	two() { shred --table a=a:t --table b=b:t --by-day --key sym --signature names --output out; }
	two
	cp out/2024-01-02/batch-b-0.csv want
	mkdir -p out/2024-01-02/_run/empty/b/b
	echo cut >out/2024-01-02/_run/empty/b/b/part-00000.csv
	rm out/2024-01-02/_SUCCESS
	two
	cmp want out/2024-01-02/batch-b-0.csv
	[[ $(<out/2024-01-02/batch-b-0.csv) == sym,t ]]
}

@test "shred: names with a newline, a backslash, a tab, quotes, dashes, an equals sign: nothing is lost, nothing is run" {
	local name n=0
	want=$(tail -qn +2 in/* | cut -d , -f 1 | grep -c .)
	for name in $'new\nline' 'back\slash' $'tab\there' 'q"'\''$(touch OOPS)`touch OOPS`' '*' '{}' '{id}' '-n' 'x=y' '&|'; do
		((n += 1))
		mkdir -p "n$n"
		cp -r in "n$n/$name"
		(cd "n$n" && mkdir o && shred "--input=$name" "--output=o/$name" --key sym --order t --by-day time --each 'tail -n +2 {}' &&
			shred "--input=$name" "--output=$name.out" --key sym --order t --max-rows 50 --each 'tail -n +2 "$1"')
		[[ $(wc -l <"n$n/o/$name/result.csv") == "$want" && $(wc -l <"n$n/$name.out/result.csv") == "$want" ]]
	done
	[[ -z $(find . -name OOPS) ]]
}

# Commands ----------------------------------------------------------------------

@test "shred: the status of a former run's command is not that of this one" {
	run -3 job out --each 'exit 3'
	echo 'x,"' >>in/part-0.csv
	run -1 job out --each 'exit 3'
}

@test "shred: whatever status a command ends with, the run's is 1 to 125" {
	local s
	for s in 1 2 125; do run "-$s" job out --each "exit $s"; done
	for s in 126 127 128 200 255; do run -1 job out --each "exit $s"; done
	run -1 job out --each 'kill -9 $$'
	[[ ! -e out/_SUCCESS && ! -e out/result.csv ]]
}

@test "shred: what a command's child says after its end is in the result too" {
	job out --each '(sleep 0.3; echo late {id}) & echo now'
	[[ $(grep -c late out/result.csv) == "$(tail -n 1 out/batches.tsv | awk '{ print $2 + 1 }')" ]]
	as_first out --each '(sleep 0.3; echo late {id}) & echo now'
}

@test "shred: a result cut short by a full disk is an error though the command does not care" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	local status=0 sealed=no
	mkdir disk
	mount -t tmpfs -o size=3m none disk || skip "cannot mount a tmpfs"
	job disk/out --workers 1 --each 'head -c 8000000 /dev/zero 2>&1 || :; exit 0' 2>err || status=$?
	unsealed disk/out || sealed=yes
	umount disk
	echo "status $status, sealed: $sealed; $(<err)"
	[[ $status == 1 && $sealed == no && $(<err) == *"batch 0 is kept, as its result cannot be written: "*"No space left on device"* ]]
}

@test "shred: a command may eat its input, remove its batch, or say nothing" {
	job out --each 'cat; cat >/dev/null </dev/stdin; rm {}; echo {id}'
	[[ $(head -n 2 out/result.csv) == $'0\n1' && -e out/_SUCCESS ]]
	job out --each true
	[[ ! -s out/result.csv && -e out/_SUCCESS ]]
}

@test "shred: --unplanned keep where nothing is unplanned: a second run does nothing, a killed one goes on" {
	sed -i 's/^,/S1,/' in/*
	job out --unplanned keep
	inodes out >before
	job out --unplanned keep
	inodes out | diff before -
	# killed while the runs were removed
	rm -rf want && cp -rp out want
	rm out/_SUCCESS && touch out/_runs/data/00001.0.run
	job out --unplanned keep
	diff <(promised want) <(promised out)
}

@test "shred: results of a finished run leave no directory behind, wherever it was killed" {
	job out --each "$COUNT"
	mkdir out/_results && echo 1 >out/_results/00000 # killed in removing them
	rm out/_SUCCESS
	job out --each "$COUNT"
	as_first out --each "$COUNT"
}

@test "shred: the environment of programs in pipes changes nothing" {
	job want
	SHARD_DELIM=tab SHARD_STRICT=1 job out
	diff <(promised want) <(promised out)
}

@test "shred: other tables and days leave no context of what a killed run counted" {
	job out --by-day time
	mkdir -p out/_context/days-data out/_context/old/parts && touch out/_context/days-data/0.st out/_context/old/parts/1.st
	job out
	as_first out
}

# Damage --------------------------------------------------------------------------

@test "shred: a batch that a killed run named before its record is not in the way of other options" {
	job out --compress gz
	rm -rf want && job want
	rm out/_batches/data/00001.tsv
	cp out/batch-data-1.csv.gz out/batch-data-7.csv.gz
	job out
	as_first out
}

@test "shred: temp files of killed runs go, wherever they are" {
	mkdir -p out/_context/data/parts
	job want
	job out 2>/dev/null || rm -rf out
	job out
	touch out/_context/data/parts/.tmp.00000.st.1.2
	job out
	diff <(files want) <(files out)
}

@test "shred: whatever is removed from an output is made again" {
	local what
	job made
	for what in batch-data-1.csv _batches/data/00001.tsv "batch-data-1.csv _batches/data/00001.tsv" _batches _runs \
		_runs/data/all.tsv _runs/data/freed _run _run/plan _context batches.tsv _manifest.tsv _SUCCESS; do
		rm -rf out && cp -rp made out
		(cd out && rm -r $what)
		job out || { echo "without $what" && return 1; }
		diff <(promised made) <(promised out)
	done
	job made --each "$COUNT"
	for what in result.csv _batches/result.tsv _batches/data/00001.tsv _batches/data _batches _runs _run; do
		rm -rf out && cp -rp made out
		(cd out && rm -r $what)
		job out --each "$COUNT" || { echo "without $what" && return 1; }
		diff <(promised made) <(promised out)
	done
}

@test "shred: a unit, a record that is damaged is as one that is not there" {
	local what
	job made
	for what in _runs/data/all.tsv _batches/data/00001.tsv; do
		for cut in 0 1 30; do
			rm -rf out && cp -rp made out
			truncate -s $cut out/$what
			job out || { echo "$what of $cut bytes" && return 1; }
			diff <(promised made) <(promised out)
		done
	done
	sed -i 's/^routed\t-\t/&1/' out/_runs/data/all.tsv
	job out
	diff <(promised made) <(promised out)
}

@test "shred: an output that does not check says what makes it anew" {
	job out
	sed -i 's/MARK1/MARK2/' out/batch-data-1.csv
	run -1 --separate-stderr job out --verify
	says "--force does all again"
	job out --force
	as_first out
}

@test "shred: SIGTERM ends a sorted input's run at once" {
	need setsid
	mkdir -p fifo
	mkfifo hold
	(head -n 1 in/part-0.csv && sort -t , -k 1,2 <(tail -qn +2 in/part-0.csv)) | grep -v '^,' >fifo/part-0.csv
	mkdir bin
	printf '#!/bin/bash\nsleep 60\n' >bin/shard-run
	chmod +x bin/shard-run
	for f in "$(dirname "$(command -v shard-ls)")"/*; do [[ -e bin/${f##*/} ]] || ln -s "$f" bin/; done
	SHARDKIT_BIN=$PWD/bin setsid "$TOP/pipelines/shred" --input fifo --output out --key sym --order t --sorted 2>/dev/null 3>&- &
	pid=$!
	until pgrep -s $pid sleep >/dev/null; do sleep 0.05; done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	echo "status $status"
	[[ $status == 143 ]]
	for _ in {1..100}; do pgrep -s $pid sleep >/dev/null || return 0; sleep 0.1; done
	return 1
}

@test "shred: an output with a newline in its name, and rows of no batch" {
	{ head -n 1 in/part-0.csv && sed -n 's/^[^,]*//; 2p' in/part-0.csv; } >in/part-9.csv
	job want --unplanned keep
	job $'a\nname' --unplanned keep
	diff <(promised want) <(promised $'a\nname')
	cmp want/batch-data-unplanned.csv $'a\nname/batch-data-unplanned.csv'
}
