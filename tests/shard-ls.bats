#!/usr/bin/env bats
# shard-ls: which files are shards, in which order, and whose turn they are.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
}

# shards N...: in/part-N.csv each.
shards() {
	local n
	for n; do lines "in/part-$n.csv" a "$n"; done
}

@test "ls: shards come in number order, not in name order" {
	shards 10 9 00011 2
	shard-ls in >got
	lines want in/part-2.csv in/part-9.csv in/part-10.csv in/part-00011.csv
	cmp want got
	shard-ls in/ | cmp - want
}

@test "ls: several roots, files and directories, are one list" {
	shards 1 3
	lines more/part-2.csv a 2
	shard-ls in more/part-2.csv >got
	lines want in/part-1.csv more/part-2.csv in/part-3.csv
	cmp want got
	shard-ls more in | cmp - want
}

@test "ls: -l tells number, format, codec and bytes" {
	shards 7
	rows 3 | gzip >in/part-00008-0f-c000.csv.gz
	printf 'a\tb\n' >in/part-9.tsv
	shard-ls -l in >got
	printf '%s\t%s\t%s\t%s\t%s\n' 00007 csv none 4 in/part-7.csv \
		00008 csv gz "$(stat -c %s in/part-00008-0f-c000.csv.gz)" in/part-00008-0f-c000.csv.gz \
		00009 tsv none 4 in/part-9.tsv >want
	cmp want got
}

@test "ls: names that begin with _ or . and other files are no shards" {
	shards 1
	touch in/_SUCCESS in/.part-00002.csv.crc in/_part-3.csv in/notes.txt
	[[ $(shard-ls in) == in/part-1.csv ]]
}

@test "ls: a directory named like a shard is left out with a warning" {
	shards 1
	mkdir in/part-2.csv
	run -0 --separate-stderr shard-ls in
	[[ $output == in/part-1.csv ]]
	says "in/part-2.csv: not a regular file, left out"
}

@test "ls: a name that is almost a shard's is left out with a warning, once" {
	shards 1
	touch in/part-2_copy.csv in/part-03a.csv "in/part-4 (copy).csv" in/part-x.csv in/parts.csv in/_part-5_copy.csv
	run -0 --separate-stderr shard-ls in
	[[ $output == in/part-1.csv ]]
	for name in part-2_copy.csv part-03a.csv "part-4 (copy).csv"; do
		says "shard-ls: warning: in/$name: not a shard's name (part-N.ext or part-N-text.ext), left out"
	done
	[[ $(wc -l <<<"$stderr") == 3 ]]
	# a pattern says itself what is left out
	run -0 --separate-stderr shard-ls --pattern '^part-([0-9]+)[.]' in
	[[ $output == in/part-1.csv && -z $stderr ]]
}

@test "ls: a shard of unknown format, or a dangling link, is refused by name" {
	shards 1
	for name in part-2.xls part-00002.csv.bak part-2.csv~ part-2; do
		touch "in/$name"
		run -1 --separate-stderr shard-ls in
		says "in/$name: unknown format"
		rm "in/$name"
	done
	ln -s nowhere in/part-2.csv
	run -1 --separate-stderr shard-ls in
	says "in/part-2.csv: No such file or directory"
}

@test "ls: a shard number too large for any shard is refused, not passed over" {
	shards 1
	lines in/part-99999999999999999999999.csv a 1
	run -1 --separate-stderr shard-ls in
	says "part-99999999999999999999999.csv"
}

@test "ls: two shards of one number are refused and both are named" {
	shards 1 01
	run -1 --separate-stderr shard-ls in
	says "in/part-01.csv and in/part-1.csv have one shard number, 1"
	[[ -z $output ]]
	rm in/part-01.csv
	gzip -k in/part-1.csv
	run -1 --separate-stderr shard-ls in
	says "in/part-1.csv and in/part-1.csv.gz have one shard number"
	rm in/part-1.csv.gz
	run -1 --separate-stderr shard-ls in in
	says "have one shard number"
}

@test "ls: a zero-byte shard is refused by name" {
	shards 1 3
	: >in/part-2.csv
	run -1 --separate-stderr shard-ls in
	says "in/part-2.csv: zero-byte file"
	[[ -z $output ]]
}

@test "ls: a missing directory, and one without shards, are refused" {
	run -1 --separate-stderr shard-ls none
	says "none: No such file or directory"
	mkdir -p in/deep more
	shards 1
	mv in/part-1.csv in/deep
	run -1 --separate-stderr shard-ls in more
	[[ $stderr == "shard-ls: no shard found: no file named part-N.csv, part-N.csv.gz, ... in in, more (subdirectories are not searched)" ]]
	run -1 --separate-stderr shard-ls --pattern '^day' in
	[[ $stderr == "shard-ls: no shard found: no file whose name --pattern takes in in (subdirectories are not searched)" ]]
	run -2 --separate-stderr shard-ls
	says "where? name a directory"
}

@test "ls: a file that is no shard is refused as an operand" {
	lines other.csv a 1
	run -1 --separate-stderr shard-ls other.csv
	says "other.csv: not a shard's name"
}

@test "ls: -0 ends names with a NUL byte" {
	mkdir $'new\nline'
	lines $'new\nline/part-1.csv' a 1
	lines $'new\nline/part-2.csv' a 1
	shard-ls -0 $'new\nline' >got
	printf '%s\0' $'new\nline/part-1.csv' $'new\nline/part-2.csv' | cmp - got
}

# dated FILE...: in/FILE each, with a row.
dated() {
	local name
	for name; do lines "in/$name" a 1; done
}

@test "ls: --days takes the day from a directory's name, by day and number" {
	dated 2024-01-10/part-{2,10,00001}.csv date=2024-01-02/part-{2,0}.csv.gz 20231231/part-7.tsv
	shard-ls --days in >got
	printf '%s\t%s\n' 2023-12-31 in/20231231/part-7.tsv \
		2024-01-02 in/date=2024-01-02/part-0.csv.gz 2024-01-02 in/date=2024-01-02/part-2.csv.gz \
		2024-01-10 in/2024-01-10/part-00001.csv 2024-01-10 in/2024-01-10/part-2.csv \
		2024-01-10 in/2024-01-10/part-10.csv >want
	cmp want got
	shard-ls --days in// | cmp - want
	for n in 1 2 3; do shard-ls --days --part $n/3 in; done | sort | cmp - <(sort want)
	shard-ls -0 --days in | tr '\0' '\n' | cmp - want
	[[ $(shard-ls --days -l in | tail -n 1) == $'2024-01-10\t00010\tcsv\tnone\t4\tin/2024-01-10/part-10.csv' ]]
}

@test "ls: --days takes the day from a file's name first, be the file in DIR or in a day's directory" {
	dated part-3-2024-01-05.csv part-00001_20240101.csv part-2024-01-04.csv 2024-01-04/part-1.csv \
		2024-01-04/part-2-20240103.csv part-20240102.csv
	rm in/part-00001_20240101.csv # not a shard's name
	shard-ls --days in >got
	printf '%s\t%s\n' 2024-01-02 in/part-20240102.csv 2024-01-03 in/2024-01-04/part-2-20240103.csv \
		2024-01-04 in/2024-01-04/part-1.csv 2024-01-04 in/part-2024-01-04.csv \
		2024-01-05 in/part-3-2024-01-05.csv >want
	cmp want got
	[[ $(shard-ls --days in/part-3-2024-01-05.csv) == $'2024-01-05\tin/part-3-2024-01-05.csv' ]]
}

@test "ls: --days does not take the UUID of a name for a day" {
	dated 2024-01-02/part-00000-20240115-d9cb-469f-a165-70867728950e-c000.csv
	[[ $(shard-ls --days in) == 2024-01-02$'\t'* ]]
}

@test "ls: --days looks into all directories but hidden ones; the nearest date counts" {
	dated 2024-01-02/part-1.csv 2024-01-02/2024-01-03/part-1.csv raw/date=20240102/h=1/part-2.csv \
		_2024-01-04/part-4.csv .2024-01-05/part-5.csv
	local want=$'2024-01-02\tin/2024-01-02/part-1.csv\n2024-01-02\tin/raw/date=20240102/h=1/part-2.csv\n2024-01-03\tin/2024-01-02/2024-01-03/part-1.csv'
	run -0 --separate-stderr shard-ls --days in
	[[ $output == "$want" && -z $stderr ]]
	mkdir in/2024-01-06
	run -0 --separate-stderr shard-ls --days in
	[[ $output == "$want" ]]
	says "warning: in/2024-01-06: no shard in it"
	rm -r in/2024-01-06
	dated 2024-13-01/part-3.csv
	run -1 --separate-stderr shard-ls --days in
	says "has a date in its name or its directory's, in/2024-13-01/part-3.csv has none"
	rm -r in/2024-13-01
	ln -s .. in/raw/up
	run -1 --separate-stderr shard-ls --days in
	says "over 16 directories deep"
}

@test "ls: --days refuses shards with and without a date, and names one of each" {
	dated 2024-01-02/part-1.csv 2024-01-03/part-2.csv part-5.csv part-4.csv
	run -1 --separate-stderr shard-ls --days in
	says "in/2024-01-02/part-1.csv has a date in its name or its directory's, in/part-4.csv has none"
	[[ -z $output ]]
}

@test "ls: --days where no name has a date says so" {
	shards 1 2 00010101
	run -1 --separate-stderr shard-ls --days in
	[[ $stderr == "shard-ls: no dates in the names below in" && -z $output ]]
	lines more/part-3.csv a 1
	run -1 --separate-stderr shard-ls --days in more
	says "no dates in the names below in, more"
	run -1 --separate-stderr shard-ls --days in/part-1.csv
	says "no dates in the names below in/part-1.csv"
	rm in/*
	run -1 --separate-stderr shard-ls --days in
	says "no shard found: no file named part-N.csv, part-N.csv.gz, ... in in (and below)"
}

@test "ls: --days refuses one number twice on a day, two days in one name, and empty files" {
	dated 2024-01-02/part-1.csv date=2024-01-02/part-00001.csv 2024-01-03/part-1.csv
	run -1 --separate-stderr shard-ls --days in
	says "in/2024-01-02/part-1.csv and in/date=2024-01-02/part-00001.csv have one shard number, 1, on one day"
	rm -r in/date=2024-01-02
	[[ $(shard-ls --days in | wc -l) == 2 ]]
	dated 2024-01-04_2024-01-05/part-1.csv
	run -1 --separate-stderr shard-ls --days in
	says '"2024-01-04_2024-01-05": two days in one name'
	rm -r in/2024-01-04_2024-01-05
	dated part-3-20240101-20240102.csv
	run -1 --separate-stderr shard-ls --days in
	says '"part-3-20240101-20240102.csv": two days in one name'
	rm in/part-3*
	: >in/2024-01-03/part-9.csv
	run -1 --separate-stderr shard-ls --days in
	says "in/2024-01-03/part-9.csv: zero-byte file"
	[[ -z $output ]]
}

@test "ls: --days and --pattern go together, with a number in the pattern and without" {
	dated sales-20240110.csv sales-20240109.csv 2024-01-08/b.csv 2024-01-08/a.csv
	[[ $(shard-ls --days --pattern '^sales-([0-9]+)' in) == $'2024-01-09\tin/sales-20240109.csv\n2024-01-10\tin/sales-20240110.csv' ]]
	shard-ls --days -l --pattern '[.]csv$' in | cut -f 1,2,6 >got
	printf '%s\t%05d\t%s\n' 2024-01-08 2 in/2024-01-08/a.csv 2024-01-08 3 in/2024-01-08/b.csv \
		2024-01-09 0 in/sales-20240109.csv 2024-01-10 1 in/sales-20240110.csv >want
	cmp want got
}

@test "ls: --part 1/N to N/N are the whole list, each shard once" {
	shards {1..17}
	shard-ls in | sort >want
	for n in 1 2 3 5 17 20; do
		: >all
		for ((i = 1; i <= n; i++)); do shard-ls --part "$i/$n" in >>all; done
		sort all | cmp - want
	done
	# and the parts are of one size, give or take one
	[[ $(shard-ls --part 1/3 in | wc -l) == 6 && $(shard-ls --part 3/3 in | wc -l) == 5 ]]
}

@test "ls: a part outside the whole is wrong usage" {
	shards 1
	for part in 0/3 4/3 1/0 a/b 1 '' -1/3 1/3x; do
		run -2 --separate-stderr shard-ls --part "$part" in
		says "expected I/N with 1 <= I <= N, or auto"
		[[ -z $output ]]
	done
}

@test "ls: --part auto takes the part from the scheduler's variables" {
	shards {1..10}
	local i all
	for vars in "SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT" "SLURM_PROCID SLURM_NTASKS" \
		"AWS_BATCH_JOB_ARRAY_INDEX AWS_BATCH_JOB_ARRAY_SIZE" "JOB_COMPLETION_INDEX JOB_COMPLETIONS" \
		"SHARD_PART_INDEX SHARD_PART_COUNT"; do
		all=
		for i in 0 1 2; do
			all+=$(env "${vars% *}=$i" "${vars#* }=3" shard-ls --part auto in)$'\n'
		done
		[[ $(sort <<<"${all%$'\n'}") == $(shard-ls in | sort) ]]
		run -2 --separate-stderr env "${vars% *}=3" "${vars#* }=3" shard-ls --part auto in
		says "do not make a part of a whole"
		run -2 --separate-stderr env "${vars% *}=0" shard-ls --part auto in
		says "--part auto: ${vars% *} is set, but ${vars#* } is not: set it to the number of parts"
	done
	run -2 --separate-stderr env JOB_COMPLETION_INDEX=0 shard-ls --part auto in
	says "Kubernetes does not: give it the Job's completions, under env in the pod template"
	all=
	for i in 5 6 7; do # an array that begins at 5
		all+=$(SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=5 shard-ls --part auto in)$'\n'
	done
	[[ $(sort <<<"${all%$'\n'}") == $(shard-ls in | sort) ]]
	for i in algo-1 algo-2; do
		SM_HOSTS='["algo-1", "algo-2"]' SM_CURRENT_HOST=$i shard-ls --part auto in
	done | sort | cmp - <(shard-ls in | sort)
	run -2 --separate-stderr env SM_HOSTS='["algo-1"]' SM_CURRENT_HOST=algo-9 shard-ls --part auto in
	run -2 --separate-stderr shard-ls --part auto in
	says "no scheduler's variables here"
}

@test "ls: --pattern chooses other names, by their group's number" {
	lines in/day_10.csv a 1
	lines in/day_9.csv a 1
	shards 1
	[[ $(shard-ls --pattern '^day_([0-9]+)' in) == $'in/day_9.csv\nin/day_10.csv' ]]
	[[ $(shard-ls --pattern '^day_' in) == $'in/day_10.csv\nin/day_9.csv' ]]
	run -1 --separate-stderr shard-ls --pattern 'd(a)y' in
	says "the pattern's group is not a number"
	run -2 --separate-stderr shard-ls --pattern '(' in
	says '--pattern "("'
}

@test "ls: a full disk is an error" {
	[ -w /dev/full ] || skip "needs /dev/full"
	shards 1
	run -1 --separate-stderr bash -c 'shard-ls in >/dev/full'
	says "No space left on device"
}
