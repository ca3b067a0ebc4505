# kill -9 at any moment, then run again: exactly the files of an undisturbed
# run, and no orphans.

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir raw
	for i in {0..29}; do
		rows 2500 | awk -F, -v i="$i" 'NR == 1 || 1 { sub(/c[0-9]+/, "c" (NR * i) % 3001); print }' \
			>"raw/part-$(printf %05d "$i").csv"
	done
	gzip -n raw/part-0000[0-4].csv
	preprocess --job-type training --input raw --output want --label label
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	need setsid
}

# Everything of a run but what tells when and by whom.
content() {
	tree "$1" ! -name _lock ! -path './_run/*'
}

# killed OUT SECONDS SIGNAL WORD...: the job in a session of its own, killed.
killed() {
	local out=$1 after=$2 sig=$3 pid
	shift 3
	setsid preprocess --job-type training --input raw --output "$out" --label label \
		--workers 2 "$@" >/dev/null 2>&1 &
	pid=$!
	sleep "$after"
	pkill -"$sig" -s "$pid" || :
	wait "$pid" 2>/dev/null || :
	while pgrep -s "$pid" >/dev/null; do sleep 0.02; done
}

# Each record that exists names files that are there and whole.
nothing_half() {
	local record
	for record in "$1"/_shards/*.tsv; do
		[[ -e $record ]] || continue
		awk -F '\t' '$1 == "file" { print $4 "\t" $2 }' "$record" |
			while IFS=$'\t' read -r bytes file; do
				[[ $(stat -c %s "$1/$file") == "$bytes" ]]
			done
	done
}

@test "kill: -9 at some moments, resumed: the undisturbed run's files and no others" {
	for i in $(seq "$(some 8)"); do
		rm -rf out
		killed out "0.$(printf %03d $((RANDOM % 400 + 20)))" KILL
		[[ -e out/_SUCCESS ]] || nothing_half out
		preprocess --job-type training --input raw --output out --label label --workers 2 >/dev/null
		diff <(content want) <(content out)
	done
}

@test "kill: again and again on one output, until it is done" {
	rm -rf out
	for i in $(seq "$(some 40)"); do
		killed out "0.$(printf %02d $((i * 7 % 23 + 5)))" KILL
		[[ -e out/_SUCCESS ]] && break
	done
	preprocess --job-type training --input raw --output out --label label >/dev/null
	diff <(content want) <(content out)
}

@test "kill: programs in pipes, -9" {
	for t in 0.15 0.4 0.9; do
		rm -rf out
		killed out $t KILL --piped
		nothing_half out
		preprocess --job-type training --input raw --output out --label label --piped >/dev/null
		cmp want/_manifest.tsv out/_manifest.tsv
		[[ -z $(find out -name '.tmp.*') ]]
	done
}

@test "kill: SIGTERM and SIGINT end the run, leave no temp file and no _SUCCESS" {
	for sig in TERM INT; do
		rm -rf out
		killed out 0.12 "$sig"
		[[ ! -e out/_SUCCESS || -s out/_manifest.tsv ]]
		[[ -z $(find out -name '.tmp.*') ]]
	done
}

# instead SCRIPT: the job with the words of a script in front of shard-run.
instead() {
	rm -rf out bin
	mkdir bin
	ln -s "$(dirname "$(command -v shard-run)")"/shard-* bin/
	rm bin/shard-run
	printf '#!/bin/bash\n%s\nexec %q "$@"\n' "$1" "$(command -v shard-run)" >bin/shard-run
	chmod +x bin/shard-run
	job=(preprocess --job-type training --input raw --output "$PWD/out" --label label --workers 2)
	# to a file: who is left must not keep a pipe
	SHARDKIT_BIN=$PWD/bin "${job[@]}" >log 2>&1 3>&- && return 1
	grep -q "pass 2 failed for some shards (see above)" log
}

@test "kill: a program that is killed ends the run, and the next one does the rest" {
	instead 'mkdir "${0%/*}/once" 2>/dev/null && kill -9 $$'
	[[ ! -e out/_SUCCESS ]]
	"${job[@]}" >/dev/null
	diff <(content want) <(content out)
}

@test "kill: a worker whose shell is killed ends the run, and the other worker" {
	local long="sleep 4321.$$"
	instead 'if mkdir "${0%/*}/once" 2>/dev/null; then kill -9 $PPID; else exec '"$long"' >/dev/null 2>&1; fi'
	[[ ! -e out/_SUCCESS ]]
	for _ in {1..50}; do
		pgrep -f "^$long" >left || break
		sleep 0.1
	done
	[[ ! -s left ]] || { pkill -9 -f "$PWD/out/_run/pass2.sh|^$long"; return 1; }
	"${job[@]}" >/dev/null
	diff <(content want) <(content out)
}

@test "kill: what these runs left while they planned lies below the tests' own directory" {
	[[ $(mktemp -u) == "$BATS_RUN_TMPDIR"/* ]]
}

@test "lock: a second run on the same output refuses and names the holder" {
	rm -rf out
	mkdir out
	printf 'process 1 on elsewhere since ever\n' >out/_lock
	( flock 9; sleep 7 ) 9>>out/_lock &
	run -1 --separate-stderr preprocess --job-type training --input raw --output out --label label
	[[ $stderr == *"in use by another run (process 1 on elsewhere since ever)"* ]]
	wait
}
