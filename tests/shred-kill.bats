#!/usr/bin/env bats
# The shredding job killed at any moment, and run again; and a disk that is
# full: exactly the files of an undisturbed run, and no leftovers.

# shellcheck disable=SC2016 # what looks like the shell's is for --each

load helper
load more
load shred

EACH='echo sym,rows; tail -n +2 {} | cut -d , -f 1 | uniq -c | while read -r n s; do echo "$s,$n"; done'

setup_file() {
	local f n start
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir raw sorted
	for i in {0..11}; do ticks 8000 "$i" >"raw/part-$(printf %05d "$i").csv"; done
	gzip -n raw/part-0000[5-8].csv
	start=$(date +%s%N)
	job want
	echo $((($(date +%s%N) - start) / 1000000)) >took
	job want-keep --each "$EACH" --keep
	job want-each --each "$EACH"
	job want-days --by-day --each "$EACH"
	for f in want/batch-data-*; do
		n=${f#*data-}
		cp "$f" "sorted/part-$n"
	done
}

setup() {
	need setsid
	cd "$BATS_FILE_TMPDIR" || return 1
}

# job OUT [OPTION...]: with defaults for what is not given, and buffers that
# are full several times.
job() {
	local out=$1 pair defaults=()
	shift
	for pair in "--input raw" "--max-rows 9000" "--buffer 1M" "--workers 2"; do
		# shellcheck disable=SC2206
		[[ " $* " == *" ${pair% *} "* ]] || defaults+=($pair)
	done
	shred --output "$out" --key sym --order t "${defaults[@]}" "$@" >/dev/null 3>&-
}
export -f job

# killed SECONDS SIGNAL OUT [OPTION...]: the job in a session of its own,
# killed with all that it started.
killed() {
	local after=$1 sig=$2 pid
	shift 2
	setsid bash -c 'job "$@"' bash "$@" >/dev/null 2>&1 3>&- &
	pid=$!
	sleep "$after"
	pkill -"$sig" -s "$pid" || :
	wait "$pid" 2>/dev/null || :
	while pgrep -s "$pid" >/dev/null; do sleep 0.02; done
}

# moment: any time within that of an undisturbed run, in seconds.
moment() {
	local ms=$((RANDOM % $(<took) + 5))
	printf '%d.%03d' $((ms / 1000)) $((ms % 1000))
}

# names OUT: of every file there but those that tell of the run.
names() {
	(cd "$1" && find . -type f ! -name _lock ! -path '*/_run/*' | sort)
}

# tidy OUT: no temp file, and no rows but in the batches.
tidy() {
	local found
	found=$(find "$1" -name '.*' ! -path "$1") || :
	found+=$(find "$1" -path '*/_*' -type f -exec grep -lF MARK {} +) || :
	# runs, compressed or not, would be about as large as the input
	(($(find "$1" -path '*/_*' -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }') < 1000000)) ||
		found+=" a megabyte of notes"
	[[ -z $found ]] && return
	printf 'left over: %s\n' "$found"
	return 1
}

# undisturbed WANT GOT: the same bytes, and no file more or less.
undisturbed() {
	diff <(promised "$1") <(promised "$2") && diff <(names "$1") <(names "$2") && tidy "$2"
}

# nothing_half WANT OUT: every batch that is there is whole.
nothing_half() {
	local f
	for f in "$2"/batch-*; do
		[[ ! -e $f ]] || cmp "$1/${f##*/}" "$f" || return 1
	done
}

# resumed WANT TIMES [OPTION...]: killed at so many moments, each time resumed.
resumed() {
	local want=$1 times=$2 i after
	shift 2
	for ((i = 0; i < times; i++)); do
		rm -rf out
		after=$(moment)
		killed "$after" KILL out "$@"
		nothing_half want out
		[[ ! -e out/_SUCCESS ]] || undisturbed "$want" out
		job out "$@"
		undisturbed "$want" out || { echo "killed after $after s"; return 1; }
	done
}

@test "kill: shred -9 at random moments, resumed: the undisturbed run's files and no others" {
	resumed want "$(some 6)"
}

@test "kill: shred again and again on one output, until it is done" {
	rm -rf out
	for i in $(seq "$(some 40)"); do
		killed "$(moment)" KILL out
		nothing_half want out
		[[ -e out/_SUCCESS ]] && break
	done
	job out
	undisturbed want out
}

@test "kill: shred with --each, resumed: the result is whole and no output counts twice" {
	resumed want-each "$(some 4)" --each "$EACH"
	resumed want-keep "$(some 4)" --each "$EACH" --keep
}

@test "kill: shred by day, resumed" {
	resumed want-days "$(some 4)" --by-day --each "$EACH"
}

@test "kill: shred --sorted, resumed" {
	for i in $(seq "$(some 4)"); do
		rm -rf out
		killed "$(moment)" KILL out --input sorted --sorted
		job out --input sorted --sorted
		cmp <(tree want -name 'batch*') <(tree out -name 'batch*')
		tidy out
	done
}

@test "kill: shred -9 while a changed input is done again: the new rows, all of them" {
	rm -rf changed want-changed
	cp -rp raw changed
	ticks 3000 77 | gzip -n >changed/part-00005.csv.gz
	job want-changed --input changed
	for i in {1..4}; do
		rm -rf out
		cp -rp raw input
		job out --input input
		cp changed/part-00005.csv.gz input/
		killed "$(moment)" KILL out --input input
		job out --input input
		undisturbed want-changed out
		rm -rf input
	done
}

@test "kill: shred killed, then run with other options: as if it were the first" {
	for i in {1..3}; do
		rm -rf out
		killed "$(moment)" KILL out --max-rows 3000 --where 'price > 500'
		job out
		undisturbed want out
	done
}

@test "kill: SIGTERM and SIGINT end shred, leave no temp file and no _SUCCESS that is not true" {
	for sig in TERM INT; do
		for _ in 1 2 3; do
			rm -rf out
			killed "$(moment)" $sig out
			[[ ! -e out/_SUCCESS ]] || undisturbed want out
			[[ -z $(find out -name '.tmp*' 2>/dev/null) ]]
		done
		job out
		undisturbed want out
	done
}

# full SIZE: the job on a disk of this size fails and says why; with more room
# a second run gives what `want` has.
full() {
	local status=0 again=0 left
	mkdir -p disk
	mount -t tmpfs -o size="$1" none disk || skip "cannot mount a tmpfs"
	job disk/out 2>err || status=$?
	left=$(find disk/out -name '.tmp*'; find disk/out -name _SUCCESS)
	mount -o remount,size=64m disk
	job disk/out 2>err2 || again=$?
	promised disk/out >got
	umount disk
	echo "size $1: status $status, then $again; $(<err) $(<err2) left: $left"
	[[ $status == 1 && $again == 0 && -z $left && $(<err) == *"No space left on device"* ]]
	promised want | diff - got
}

@test "shred: a full disk, in routing or in sorting, is an error, and more room finishes the job" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	# less than the batches take, by little and by much
	bytes=$(cat want/batch-* | wc -c)
	for percent in 2 25 60 90; do full $((bytes * percent / 102400))k; done
}

@test "shred: a result that meets a full disk is an error, never a short file" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	mkdir -p disk
	mount -t tmpfs -o size=24m none disk || skip "cannot mount a tmpfs"
	local status=0 sealed=no
	job disk/out --each 'head -c 4000000 /dev/zero' 2>err || status=$?
	unsealed disk/out || sealed=yes
	umount disk
	echo "status $status, sealed: $sealed; $(<err)"
	[[ $status == 1 && $sealed == no && $(<err) == *"No space left on device"* ]]
}
