#!/usr/bin/env bats
# A job told to end, or killed, at each moment where that could leave something
# else behind: whenever a name in the file system has changed (tests/killat.c).
# With one worker these moments are the same ones in every run; of those that are
# left out each run begins with another. kill.bats and shred-kill.bats have more
# workers, at random moments.

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	gen tx -o raw -n 1500 -s 3 -S 3
	gen trades -o trades -n 1500 -s 3 -S 4
	preprocess --job-type training --input raw --output split --label label
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	local status=0
	killat 9 1000 true || status=$?
	((status != 77)) || skip "processes cannot be traced here"
}

PREPROCESS=(preprocess --job-type training --input raw --output out --label label --workers 1)
IMPUTE=(impute --job-type training --input split --output out --artifacts out/_artifacts
	--label label --workers 1)
SHRED=(shred --input trades --output out --key ListingId --order TradeTimestamp
	--max-rows 500 --workers 1)

# hung STATUS: did it take so long that it was told to end?  What it was doing.
hung() { (($1 == 124 || $1 == 137)) && cat log; }

# ended STEP SIGNAL WORD...: told to end at every STEPth moment, the job leaves no
# temp file, and says _SUCCESS only where all is there.
ended() {
	local step=$1 sig=$2 n status=0 left
	shift 2
	for ((n = RANDOM % step + 1; ; n += step)); do
		rm -rf out
		timeout -k 5 600 killat "$sig" $n "$@" >log 2>&1 || status=$?
		((status == 0)) || break
		[[ ! -e out/_SUCCESS || -s out/_manifest.tsv ]]
		left=$(find "$TMPDIR" -mindepth 1
			[[ ! -e out ]] || find out -name '.tmp*')
		[[ -z $left ]] || { echo "moment $n: $left"; return 1; }
	done
	! hung $status || { echo "moment $n"; return 1; }
	((status == 3 && n > 20)) || { echo "status $status at moment $n"; return 1; } # it ended well, after all these
}

# none_goes_on WORD...: told to end when it has just forked, whichever time, the job
# takes with it what it has forked.
none_goes_on() {
	local n status=0 left
	mkdir -p slow
	printf '#!/bin/bash\nsleep 0.05\nexec %s "$@"\n' "$(command -v xargs)" >slow/xargs
	chmod +x slow/xargs
	for ((n = 1; ; n++)); do
		rm -rf out
		PATH=$PWD/slow:$PATH timeout -k 5 600 killat -f 15 $n "$@" >log 2>&1 || status=$?
		((status == 0)) || break
		left=$(find "$TMPDIR" -mindepth 1)
		[[ -z $left ]] || { echo "fork $n: $left"; return 1; }
	done
	((status != 7)) || { echo "fork $n: went on"; return 1; }
	! hung $status || { echo "fork $n"; return 1; }
	((status == 3 && n > 1)) || { echo "status $status at fork $n"; return 1; }
}

# What two runs must agree on.
content() { tree out ! -name _lock ! -path './_run/*'; }

# resumed STEP WORD...: killed at every STEPth moment, then run again: the files
# of an undisturbed run.
resumed() {
	local step=$1 n status=0
	shift
	rm -rf out
	"$@" >log 2>&1
	content >want
	for ((n = RANDOM % step + 1; ; n += step)); do
		rm -rf out
		timeout -k 5 600 killat 9 $n "$@" >log 2>&1 || status=$?
		((status == 0)) || break
		"$@" >log 2>&1 && content | cmp - want ||
			{ echo "killed at moment $n: $(<log)"; return 1; }
	done
	! hung $status || { echo "moment $n"; return 1; }
	((status == 3 && n > 20)) || { echo "status $status at moment $n"; return 1; }
}

@test "moments: preprocess told to end at every other leaves nothing half" {
	ended 2 15 "${PREPROCESS[@]}"
}

@test "moments: impute told to end at every seventh leaves nothing half" {
	ended 7 2 "${IMPUTE[@]}"
}

@test "moments: shred --each told to end at every sixth leaves nothing half" {
	ended 6 15 "${SHRED[@]}" --each 'wc -l {}'
}

@test "moments: told to end just as they have begun a process, the jobs take it with them" {
	none_goes_on "${PREPROCESS[@]}"
	none_goes_on "${IMPUTE[@]}"
	none_goes_on "${SHRED[@]}"
}

@test "moments: preprocess killed at every fourth, run again: the undisturbed run's files" {
	resumed 4 "${PREPROCESS[@]}"
}

@test "moments: impute killed at every ninth, run again: the undisturbed run's files" {
	resumed 9 "${IMPUTE[@]}"
}

@test "moments: shred killed at every eighth, run again: the undisturbed run's files" {
	resumed 8 "${SHRED[@]}" --each 'wc -l {}'
}

# changed STEP SIGNAL WORD... -- OPTION... -- OPTION...: an output of the job is done
# again with the first options and that ended at every STEPth moment; run with the
# second ones then, it is as if nothing had been before.
changed() {
	local step=$1 sig=$2 job=() first=() n status=0
	shift 2
	while [[ $1 != -- ]]; do job+=("$1") && shift; done
	shift
	while [[ $1 != -- ]]; do first+=("$1") && shift; done
	shift
	rm -rf out before
	"${job[@]}" "$@" >log 2>&1
	content >want
	rm -rf out
	"${job[@]}" >log 2>&1
	mv out before
	for ((n = RANDOM % step + 1; ; n += step)); do
		rm -rf out
		cp -rp before out
		timeout -k 5 600 killat "$sig" $n "${job[@]}" "${first[@]}" >log 2>&1 || status=$?
		((status == 0)) || break
		"${job[@]}" "$@" >log 2>&1 && content | diff want - >differ ||
			{ echo "killed at moment $n: $(cat log differ)"; return 1; }
	done
	! hung $status || { echo "moment $n"; return 1; }
	((status == 3 && n > 20)) || { echo "status $status at moment $n"; return 1; }
}

@test "moments: preprocess with other options killed at every ninth, run with others again: a fresh run's files" {
	changed 9 9 "${PREPROCESS[@]}" -- --compress gz -- --format jsonl
	changed 9 9 "${PREPROCESS[@]}" -- --force --compress gz -- --cutoffs 2024-03-01,2024-06-01
}

@test "moments: preprocess with other options told to end at every seventh, run with others again: a fresh run's files" {
	changed 7 15 "${PREPROCESS[@]}" -- --compress gz -- --format jsonl
}

@test "moments: impute with other options killed at every 17th, run with others again: a fresh run's files" {
	changed 17 9 "${IMPUTE[@]}" -- --compress gz -- --format jsonl
}

@test "moments: shred with other options killed at every 17th, run with others again: a fresh run's files" {
	changed 17 9 "${SHRED[@]}" -- --pack best --compress lz4 -- --format jsonl
}
