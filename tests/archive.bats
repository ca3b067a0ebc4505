#!/usr/bin/env bats
# The jobs do with a tar or zip what they do with the files in it; shard-unpack
# takes it apart, and every other program says so.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# of_kinds DIR: t.* archives of DIR, one of each kind.
kinds='tar tar.gz tgz tar.zst tar.xz tar.bz2 tar.lz4 zip'
of_kinds() {
	local kind
	for kind in $kinds; do
		case $kind in
		zip) zip_of t.zip "$1"/* ;;
		tar) tar cf t.tar "$1" ;;
		tgz) tar cf - "$1" | gzip -n >t.tgz ;;
		*)
			tar cf plain "$1"
			squeeze "${kind#tar.}" plain >"t.$kind"
			;;
		esac
	done
}

@test "archive: every kind of archive is taken apart, shards and other files alike" {
	mkdir -p in/_old
	for i in 10 9; do rows $i >in/part-$i.csv; done
	gzip -nc in/part-9.csv >in/part-1.csv.gz
	echo text >in/notes.txt
	of_kinds in
	for kind in $kinds; do
		shard-unpack "t.$kind" "to.$kind"
		for f in part-9.csv part-10.csv part-1.csv.gz notes.txt; do cmp in/$f "to.$kind/in/$f"; done
	done
}

@test "archive: a program that is given one, or a path in it, names shard-unpack" {
	mkdir in
	rows 3 >in/part-1.csv
	of_kinds in
	for kind in $kinds; do
		for path in "t.$kind" "t.$kind:in/part-1.csv" "t.$kind/in/part-1.csv"; do
			for program in shard-cat shard-ls "shard-map --text"; do
				run -1 --separate-stderr $program "$path"
				says "$path: an archive: shard-unpack t.$kind DIR takes it apart"
			done
		done
	done
	run -1 --separate-stderr shard-ls in t.zip
	says "t.zip: an archive"
	echo t.tar:in/part-1.csv >l
	run -1 --separate-stderr shard-run --list l cat {} : write -o out --split all
	says "t.tar:in/part-1.csv: an archive"
	barren out
	# but not a directory or a file of such a name
	mkdir d.tar && cp in/part-1.csv d.tar
	[[ $(shard-ls d.tar) == d.tar/part-1.csv ]]
	cmp in/part-1.csv <(shard-cat d.tar/part-1.csv)
	rows 5 >t.tar:part-1.csv
	cmp t.tar:part-1.csv <(shard-cat t.tar:part-1.csv)
	run -1 --separate-stderr shard-cat none.tar:part-2.csv
	says "none.tar:part-2.csv: No such file"
}

@test "archive: a name with ./ in front, and archives of nothing" {
	rows 3 >part-1.csv
	tar cf t.tar ./part-1.csv
	shard-unpack t.tar to
	cmp part-1.csv to/part-1.csv
	: >empty.tar
	run -1 --separate-stderr shard-unpack empty.tar none
	says "empty.tar: Unrecognized archive format"
}

@test "archive: the jobs make of an archive what they make of its files, and again nothing" {
	three_shards
	gzip -n in/part-1.csv
	tar c --zstd -f in.tar.zst in
	train --compress none >/dev/null
	for again in '' again; do
		preprocess --job-type training --input in.tar.zst --output arch --workers 2 --compress none >/dev/null
		cmp <(result out) <(result arch)
		[[ ! -e arch/_unpacked ]]
		[[ -z $again ]] || [[ $(find arch/train -newer stamp) == '' ]]
		touch stamp
	done
	# two archives, and a directory beside them
	mkdir one && mv in/part-0.csv one
	tar cf one.tar one
	zip_of two.zip in/part-1.csv.gz
	mkdir three && mv in/part-2.csv three
	preprocess --job-type training --input one.tar two.zip three --output mixed --compress none >/dev/null
	cmp <(result out) <(result mixed)
	run -1 --separate-stderr preprocess --job-type training --input one.tar --output n -n
	says "unpack them (shard-unpack one.tar DIR)"
	[[ ! -e n ]]

	tar czf out.tgz out
	impute --job-type training --input out --output filled --artifacts model >/dev/null
	impute --job-type training --input out.tgz --output filled2 --artifacts model2 >/dev/null
	cmp <(result filled) <(result filled2)
	cmp model/impute_dict.json model2/impute_dict.json
	run -1 --separate-stderr impute --job-type training --input one.tar --output f3 --artifacts m3
	says "one.tar: must have one directory named train, has 0"

	mkdir all && tar xf in.tar.zst -C all && tar cf all.tar all
	shred --input all/in --output s1 --key customerId --order orderDate --max-rows 20 --compress none 2>/dev/null >&2
	for again in '' again; do
		shred --input all.tar --output s2 --key customerId --order orderDate --max-rows 20 --compress none 2>/dev/null >&2
		cmp <(tree s1 -name 'batch*') <(tree s2 -name 'batch*')
		[[ ! -e s2/_unpacked ]]
	done
}

@test "archive: shards at any depth, in several directories, are all of the job's, or refused" {
	three_shards
	mkdir -p deep/a/b deep/__MACOSX deep/.x
	cp in/part-0.csv deep
	cp in/part-1.csv deep/a
	cp in/part-2.csv deep/a/b
	cp in/part-2.csv deep/__MACOSX/part-9.csv
	cp in/part-2.csv deep/.x/part-8.csv
	echo read me >deep/README
	tar cf deep.tar -C deep .
	train >/dev/null
	preprocess --job-type training --input deep.tar --output o2 >/dev/null
	cmp <(result out) <(result o2)
	shred --input in --output s1 --key customerId --order orderDate --max-rows 20 2>/dev/null >&2
	for again in '' again; do
		run -0 --separate-stderr shred --input deep.tar --output s2 --key customerId --order orderDate --max-rows 20
		[[ $output == *"63 of 63 rows written"* ]]
		cmp <(tree s1 -name 'batch*') <(tree s2 -name 'batch*')
	done
	cp in/part-0.csv deep/a
	tar cf twice.tar -C deep .
	run -1 --separate-stderr shred --input twice.tar --output s3 --key customerId --order orderDate
	says "twice.tar: has part-0.csv in several directories"
	run -1 --separate-stderr preprocess --job-type training --input twice.tar --output o3
	says "have one shard number, 0"
}

@test "archive: a directory beside it that changes makes its outputs anew, however the output is called" {
	mkdir -p a/2024-01-01 b/2024-01-01
	rows 20 >a/2024-01-01/part-0.csv
	rows 20 >b/2024-01-01/part-0.csv
	tar cf a.tar a
	out=$'o\nut'
	job=(shred --output "$out" --key customerId --by-day name --table a=a.tar:orderDate --table b=b:orderDate)
	"${job[@]}" 2>/dev/null >&2
	sed -i 's/text, 3/TEXT, 3/' b/2024-01-01/part-0.csv
	"${job[@]}" 2>/dev/null >&2
	grep -q TEXT "$out"/2024-01-01/batch-b-*
}

@test "archive: names in UTF-8, holes, and a job that is ended while it unpacks" {
	rows 5 >part-1.csv
	python3 -c 'import zipfile
with zipfile.ZipFile("n.zip", "w") as z:
    z.writestr("Überblick.txt", "x")
    z.write("part-1.csv", "dé/part-1.csv")'
	shard-unpack n.zip n
	cmp n/dé/part-1.csv part-1.csv
	[[ $(<n/Überblick.txt) == x ]]
	truncate -s 100k hole
	{ cat part-1.csv; } >tail && truncate -s 100k tail
	for format in gnu posix; do
		tar -S --format $format -cf h.tar hole tail part-1.csv
		rm -rf h && shard-unpack h.tar h
		for f in hole tail part-1.csv; do cmp $f h/$f; done
	done
	mkdir many
	(cd many && for i in $(seq 3000); do echo a >part-$i.csv; done)
	tar cf many.tar many
	preprocess --job-type training --input many.tar --output o --key none --split none 2>/dev/null >&2 &
	pid=$!
	until [[ -n $(find o/_unpacked -name '.tmp.*' -print -quit 2>/dev/null) ]]; do sleep 0.01; done
	kill -TERM $pid
	died $pid
	until ! pgrep -f 'shard-unpack many.tar' >/dev/null; do sleep 0.05; done
	[[ ! -e o/_unpacked/0.done && -z $(find o -name 'part-*') ]]
}

@test "archive: by day, from an archive with a directory per day" {
	mkdir -p in/2024-01-01 in/2024-01-02
	rows 20 >in/2024-01-01/part-0.csv
	rows 10 >in/2024-01-02/part-0.csv
	tar cf in.tar in
	tar cf day.tar -C in 2024-01-02
	shred --input in --output s1 --key customerId --order orderDate --by-day 2>/dev/null >&2
	shred --input in.tar --output s2 --key customerId --order orderDate --by-day 2>/dev/null >&2
	cmp <(tree s1 -name 'batch*') <(tree s2 -name 'batch*')
	run -0 --separate-stderr shred --input in.tar --output s2 --key customerId --order orderDate --by-day
	says "nothing to do: all days had been done before"
	shred --input day.tar --output s3 --key customerId --order orderDate --by-day 2>/dev/null >&2
	cmp s1/2024-01-02/batch-data-0.csv s3/2024-01-02/batch-data-0.csv
}

@test "archive: a damaged archive stops a job before it writes; mended, the job goes on" {
	three_shards
	tar czf in.tgz in
	head -c 300 in.tgz >bad.tgz
	run -1 --separate-stderr preprocess --job-type training --input bad.tgz --output out --time orderDate
	says "bad.tgz: "
	[[ ! -e out/train && -z $(find out -name 'part-*') ]]
	cp in.tgz bad.tgz
	preprocess --job-type training --input bad.tgz --output out --time orderDate >/dev/null
	preprocess --job-type training --input in --output out2 --time orderDate >/dev/null
	cmp <(result out) <(result out2)
}
