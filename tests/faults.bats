#!/usr/bin/env bats
# Faults that once passed for success, each held here by the construction that
# excludes its class now; tests/torture looks for others of their kind.
#
# A test fails calls of a class that are about some path, one in each run
# (tests/faultat.c), or makes by hand what a fault would leave.

# shellcheck disable=SC2016 # what looks like the shell's is for --each or make

load helper
load more
load shred

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	gen tx -o raw -n 120 -s 3 -S 3
	for d in 2024-01-02 2024-01-03; do
		mkdir -p days/$d
		for i in 0 1; do ticks 30 $i | sed "s/2024-01-0./$d/" >days/$d/part-$i.csv; done
	done
	mkdir ticks && for i in 0 1 2; do ticks 40 $i >ticks/part-$i.csv; done
	preprocess --job-type training --input raw --output split --label label
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	in=$PWD
	mkdir "$BATS_TEST_TMPDIR/w" && cd "$BATS_TEST_TMPDIR/w" || return 1
}

traced() {
	local status=0
	"$TOP/bin/faultat" open EIO 0 true || status=$?
	((status != 77)) || skip "system calls cannot be watched here"
	((status == 0))
}

pre() { preprocess --job-type training --input "$in/raw" --label label --workers 1 --output out "$@"; }
by_name() { shred --input "$in/days" --key sym --order t --by-day name --workers 1 --output out "$@"; }
plain() { shred --input "$in/ticks" --key sym --order t --max-rows 30 --workers 1 --output out "$@"; }
export -f pre by_name plain

# faults CLASS ERROR PATTERN WORD...: the words are run once undisturbed, then with
# a call of the class failing whose line (number, class, call, program, path)
# matches, another one each time: FAULTS of them (2), or all where there are fewer.
# None may end with 0 and another output, or badly and without a word; a
# run after that ends well with the undisturbed files.
faults() {
	local class=$1 error=$2 pattern=$3 n i step status numbers
	shift 3
	rm -rf out
	in=$in bash -c '"$@"' bash "$@" >log 2>&1
	tree . -path './out/*' ! -path '*/_*/*' ! -name _lock >../want
	rm -rf out
	in=$in "$TOP/bin/faultat" -t 100 -o ../calls "$class" "$error" 0 bash -c '"$@"' bash "$@" >log 2>&1
	mapfile -t numbers < <(awk -F '\t' -v c="$class" -v p="$pattern" '$2 == c && $0 ~ p { print $1 }' ../calls)
	((${#numbers[@]} > 0)) || { echo "no call to fail"; return 1; }
	step=$(((${#numbers[@]} + ${FAULTS:-2} - 1) / ${FAULTS:-2}))
	for ((i = 0; i < ${#numbers[@]}; i += step)); do
		n=${numbers[i]}
		rm -rf out
		status=0
		in=$in "$TOP/bin/faultat" -t 100 -o ../call "$class" "$error" "$n" bash -c '"$@"' bash "$@" >log 2>err || status=$?
		echo "status $status of $(<../call): $(<err)"
		((status == 0)) || [[ -s err && $status != 124 ]] || return 1
		if ((status == 0)) || [[ -e out/_SUCCESS ]]; then
			tree . -path './out/*' ! -path '*/_*/*' ! -name _lock | diff ../want - || return 1
		fi
		((status == 0)) && continue
		in=$in bash -c '"$@"' bash "$@" >log 2>&1 || { cat log; return 1; }
		tree . -path './out/*' ! -path '*/_*/*' ! -name _lock | diff ../want - || return 1
	done
}

# Names reach a program as arguments or in lists that end with NUL: none is read
# by awk, make or a shell as a word of its language.
@test "faults: an output with = in its name is as any other, also when an input changes" {
	cp -rp "$in/raw" raw
	for out in date=2024-01-01 plain; do
		preprocess --job-type training --input raw --output $out --label label --workers 1
	done
	gen tx -o other -n 120 -s 3 -S 9 && cp other/part-00001.csv raw/
	for out in date=2024-01-01 plain fresh; do
		preprocess --job-type training --input raw --output $out --label label --workers 1
	done
	diff <(result fresh) <(result date=2024-01-01)
	diff <(result fresh) <(result plain)
}

@test "faults: what looks like make's or the shell's in a shard's name runs nowhere" {
	local name=$'part-0-$(shell\ftouch$${IFS}PWNED).csv'
	mkdir -p in/train
	cp "$in/raw/part-00000.csv" "in/$name"
	cp "$in/split/train/part-00000.csv" "in/train/$name"
	for mk in "preprocess.mk IN=in LABEL=label" "shred.mk IN=in" "impute.mk IN=in"; do
		# shellcheck disable=SC2086
		make -s -f "$TOP/pipelines/"$mk OUT=out >log 2>&1 || :
		[[ ! -e PWNED ]]
		rm -rf out
	done
	preprocess --job-type training --input in --output out --label label
	[[ ! -e PWNED && -e out/_SUCCESS ]]
}

# The file's name is put into the command in C, quoted for the shell.
@test "faults: --each gets a batch's name as it is, whatever is in the output's" {
	plain --each 'cat {}'
	mv out want
	out=$'o\'u $(touch PWNED) ;&"t'
	shred --input "$in/ticks" --key sym --order t --max-rows 30 --output "$out" --each 'cat {}'
	cmp want/result.csv "$out/result.csv"
	[[ ! -e PWNED ]]
}

# path_exists() tells "nothing is there" from "nobody can tell", and dir_next() the
# end of a directory from an error.
@test "faults: impute does not take a val/ that cannot be looked at or listed for none" {
	traced
	job() { impute --job-type training --input "$in/split" --output out --artifacts art --label label --workers 1; }
	export -f job
	faults stat EIO 'shard-job.*/split/val' job
	faults open EACCES 'shard-job.*/split/val$' job
	faults list EIO 'shard-job.*/split/val$' job
}

@test "faults: a directory that cannot be read to its end is an error to merge, plan and gather" {
	traced
	shard-stats --groups sym -o C/parts "$in"/ticks/part-*
	job() { mkdir -p out && shard-stats --merge -o out C/parts; }
	export -f job
	faults list EIO 'C/parts' job
	faults list EIO '_runs|_batches|_results|_context' plain
}

@test "faults: an entry whose type the file system does not tell is what it is" {
	command -v "${CC:-gcc}" >/dev/null || skip "no compiler"
	cat >untyped.c <<-'END'
		#define _GNU_SOURCE
		#include <dirent.h>
		#include <dlfcn.h>
		struct dirent *readdir(DIR *d)
		{
			struct dirent *(*next)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
			struct dirent *e = next(d);
			if (e)
				e->d_type = DT_UNKNOWN;
			return e;
		}
		struct dirent64 *readdir64(DIR *d) { return (struct dirent64 *)readdir(d); }
	END
	"${CC:-gcc}" -shared -fPIC -w -o untyped.so untyped.c -ldl || skip "no shared library can be made"
	plain && mv out want
	pre && mv out split
	by_name && mv out want-days
	impute --job-type training --input split --output filled --artifacts art --label label
	export LD_PRELOAD=$PWD/untyped.so
	plain
	tree out ! -path './_*/*' ! -name _lock >got
	by_name --output days
	pre --output split2
	impute --job-type training --input split --output filled2 --artifacts art2 --label label
	unset LD_PRELOAD
	tree want ! -path './_*/*' ! -name _lock | diff - got
	diff <(promised want-days) <(promised days)
	diff <(result split) <(result split2)
	diff <(tree filled -path './[tv]*') <(tree filled2 -path './[tv]*')
}

@test "faults: a day whose directory is a link to nowhere is an error, no day less" {
	cp -r "$in/days" days
	mv days/2024-01-02 gone && ln -s "$PWD/none" days/2024-01-02
	run -1 --separate-stderr shard-ls --days days
	says "days/2024-01-02: No such file or directory"
	mv days/2024-01-02 days/later # a link that is no day's
	ln -s none days/other
	run -0 --separate-stderr shard-ls --days days
}

# A day goes where its data are gone, and only a program that has looked says so.
@test "faults: a day that is done stays when it cannot be looked at" {
	traced
	faults stat EIO 'shard-(job|check).*out/2024-01-0' by_name
	faults list EIO 'out/2024-01-0' by_name
}

# What a job notes is written by commit_file(): to a temporary name, synced, renamed.
@test "faults: what a job notes of itself is synced before it has its name" {
	traced
	in=$in "$TOP/bin/faultat" -o calls open EIO 0 bash -c by_name >log 2>&1
	for note in _job.tsv _days.tsv _lock; do
		[[ $note == _lock ]] || grep -q "	sync	fsync	shard-job	.*/\.tmp\.$note" calls
	done
	# and nothing in the output is renamed by another program than ours
	awk -F '\t' '$2 == "rename" && $4 !~ /^shard-/ { print; bad = 1 } END { exit bad }' calls
}

# When the power goes, what was changed after the last sync may be there or not,
# each name for itself: so a name is off the disk before what it vouches for is.
@test "faults: the seal is off the disk before anything changes, and a record before its files" {
	traced
	pre >log
	mkdir fewer && cp "$in"/raw/part-0000[01].csv fewer
	"$TOP/bin/faultat" -o calls open EIO 0 preprocess --job-type training --input fewer --label label --workers 1 \
		--output out --train-ratio 0.5 >log 2>&1 || { cat log; return 1; }
	shard-check out
	awk -F '\t' '
		function bad(why) { print why ": " $0; failed = 1 }
		$2 == "sync" { sub(".*/out", "out", $5); delete unsynced[$5]; next }
		$5 !~ /^out\// || $5 ~ /^out\/(_run|_lock|_job)/ { next }
		$2 == "unlink" && $5 == "out/_SUCCESS" { if (!seals++) unsynced["out"]; next }
		"out" in unsynced { bad("the seal may still be there") }
		$2 == "rename" && $5 ~ /_shards\/0/ { unsynced["out/_shards"]; aside++ }
		$2 == "unlink" && $5 ~ /^out\/(train|val|test)\// {
			if ("out/_shards" in unsynced) bad("its record may still be there")
			dir = $5; sub("/[^/]*$", "", dir); unsynced[dir]; files++
		}
		$2 == "unlink" && $5 ~ /_shards\/\.tmp/ {
			for (dir in unsynced) if (dir ~ /^out\/[tv]/) bad(dir " may still have its files")
		}
		END { exit failed || seals < 2 || aside < 3 || files < 2 }' calls
}

@test "faults: no write to a note or a result of a job fails unseen" {
	traced
	faults write ENOSPC '_run/|_results/|_job|result' plain --each 'wc -l <{}'
}

# Lists are read by C or by xargs, which know an error from the end of a file.
@test "faults: a list that cannot be opened or read to its end is no shorter list" {
	traced
	faults read EIO '_run/|_context/.*parts' plain
	faults open EMFILE '(xargs|shard-stats|shard-gather).*(_run|parts)' plain
	faults read EIO '_run/list' pre
}

@test "faults: names of columns that cannot be read are no names less" {
	traced
	faults read EIO 'shard-job.*/raw/' pre
	faults open EMFILE 'shard-job.*/raw/' pre
}

# claim_lock() tells a lock that another has from one that cannot be taken.
@test "faults: a lock that cannot be taken is said to be that" {
	traced
	n=$(in=$in "$TOP/bin/faultat" -o calls lock ENOLCK 0 bash -c pre >log 2>&1 && awk -F '\t' '$2 == "lock"' calls | wc -l)
	((n > 0))
	for ((i = 1; i <= n; i++)); do
		rm -rf out
		in=$in run ! --separate-stderr "$TOP/bin/faultat" lock ENOLCK $i bash -c pre
		says "cannot be locked: No locks available"
	done
}

# Archives are unpacked and searched by ourselves; no `find` says less than there is.
@test "faults: shards of an archive in several directories are all there or it is an error" {
	traced
	mkdir -p top/a top/b
	cp "$in/raw/part-00000.csv" top/a && cp "$in/raw/part-00001.csv" top/b
	tar cf top.tar top
	job() { preprocess --job-type training --input top.tar --label label --workers 1 --output out; }
	export -f job
	faults list EIO 'shard-(job|unpack)' job
	faults exec ENOMEM 'shard-unpack' job
}

# The join reads the names from a file that was written before, not from a pipe.
@test "faults: no part of a job hears names from a pipe whose writer may die" {
	for job in plain by_name; do
		$job -n --each 'wc -l <{}' >plan
		sed '/^#/d' plan | grep -F ' | ' && return 1
	done
	# a name less in the list would be a result less: each must be there
	mkdir R out && printf 'h\n1\n' >R/0 && printf 'h\n2\n' >R/1
	printf '%s\n' R/0 R/1 R/2 | (run -1 shard-gather --join --files-from - -o out)
	[[ ! -e out/result.csv ]]
}

# What was changed shows by size, time and inode, whichever way the time went.
@test "faults: a train shard that is changed and older than before is seen" {
	cp -rp "$in/split" split
	job() { impute --job-type training --input split --output "$1" --artifacts "$2" --label label; }
	job o a
	sed -i '2,9s/,[0-9]*\.[0-9]*,/,99999.5,/' split/train/part-00000.csv
	touch -d 2001-01-01 split/train/part-00000.csv
	job o a
	job o2 a2
	cmp a/impute.tsv a2/impute.tsv
	diff <(tree o -path './[tv]*') <(tree o2 -path './[tv]*')
}

@test "faults: a table of one column without a name is read or refused, and crashes nothing" {
	printf '{"":1}\n' >part-0.jsonl
	printf '""\n1\n' >part-1.csv
	printf '\n1\n' >part-2.csv
	for f in part-*; do
		for words in "shard-cat" "shard-map --end emit" "shard-run cat" "shard-sort -k :"; do
			status=0
			# shellcheck disable=SC2086
			$words $f >said 2>err || status=$?
			((status < 128)) && [[ $status == 0 || -s err ]]
		done
	done
}

# The plan is noted with the inputs that it was made of.
@test "faults: a shard that vanishes while it is routed leaves no plan behind that has it" {
	cp -r "$in/ticks" raw
	job() { shred --input raw --key sym --order t --max-rows 30 --workers 1 --output "$1"; }
	job out
	rm -rf out/_SUCCESS out/_runs/data/* out/_batches/data/* out/batch-*
	rm raw/part-1.csv
	job out
	job fresh
	cmp out/batches.tsv fresh/batches.tsv
	diff <(promised fresh) <(promised out)
}
