#!/usr/bin/env bats
# A tar or zip is a directory: its members are shards for every program, damage
# is seen, no member gets out, and the jobs do with it what they do with files.

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

@test "archive: shard-ls lists the shards of every kind of archive, in number order" {
	mkdir -p in/_old in/.git
	for i in 10 9; do rows $i >in/part-$i.csv; done
	gzip -nc in/part-9.csv >in/part-1.csv.gz
	touch in/notes.txt in/_old/part-3.csv in/.git/part-4.csv
	of_kinds in
	for kind in $kinds; do
		run -0 shard-ls -l "t.$kind"
		[[ $output == "00001	csv	gz	$(stat -c %s in/part-1.csv.gz)	t.$kind:in/part-1.csv.gz
00009	csv	none	$(stat -c %s in/part-9.csv)	t.$kind:in/part-9.csv
00010	csv	none	$(stat -c %s in/part-10.csv)	t.$kind:in/part-10.csv" ]]
	done
}

@test "archive: a member reads as the file does, in every program that takes files" {
	mkdir in
	rows 30 >in/part-1.csv
	printf '{"id":1}\n' >in/part-2.jsonl
	of_kinds in
	for kind in $kinds; do
		cmp in/part-1.csv <(shard-cat "t.$kind:in/part-1.csv")
		cmp <(shard-cat in/part-2.jsonl) <(shard-cat "t.$kind:in/part-2.jsonl")
	done
	shard-ls t.tar.zst | head -n 1 | shard-run --list - cat {} : write -o out --split all
	cmp in/part-1.csv out/all/part-00001.csv
	[[ -z $(shard-ls t.tar.zst | head -n 1 >l && shard-ls --todo out t.tar.zst | grep -xFf l) ]]
	shard-stats -t orderDate -k customerId -o c/parts t.zip:in/part-1.csv
	shard-stats -t orderDate -k customerId -o d/parts in/part-1.csv
	shard-stats --merge -o c c/parts
	shard-stats --merge -o d d/parts
	cmp c/split.tsv d/split.tsv
	shard-dedup -c c t.tar:in/part-1.csv | cmp - <(shard-dedup -c d in/part-1.csv)
}

@test "archive: a name with ./ in front, a directory, a file whose name looks like a member's" {
	rows 3 >part-1.csv
	tar cf t.tar ./part-1.csv
	[[ $(shard-ls t.tar) == t.tar:part-1.csv ]]
	cmp part-1.csv <(shard-cat t.tar:part-1.csv)
	cmp part-1.csv <(shard-cat t.tar:./part-1.csv)
	rows 5 >t.tar:part-1.csv
	cmp t.tar:part-1.csv <(shard-cat t.tar:part-1.csv)
	mkdir d.tar && cp part-1.csv d.tar
	[[ $(shard-ls d.tar) == d.tar/part-1.csv ]]
	run -1 --separate-stderr shard-cat t.tar
	says "t.tar: an archive: name a member"
	run -1 --separate-stderr shard-cat t.tar:part-2.csv
	says 't.tar: no member "part-2.csv"'
	run -1 --separate-stderr shard-cat none.tar:part-2.csv
	says "none.tar: No such file"
	: >empty.tar
	run -1 --separate-stderr shard-ls empty.tar
	says "empty.tar: Unrecognized archive format"
	tar cf nothing.tar -T /dev/null
	run -1 --separate-stderr shard-ls nothing.tar
	says "no shard found"
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
	(($(shard-ls deep.tar | wc -l) == 3))
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
	[[ $(shard-ls n.zip) == n.zip:dé/part-1.csv ]]
	cmp part-1.csv <(shard-cat n.zip:dé/part-1.csv)
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

@test "archive: one member of a compressed tar is whole only when the archive is" {
	for i in 1 2; do rows 500 >part-$i.csv; done
	tar cf plain part-1.csv part-2.csv
	for kind in gz zst xz; do
		squeeze $kind plain >t.tar.$kind
		head -c -3 t.tar.$kind >cut.tar.$kind
		cmp part-1.csv <(shard-cat t.tar.$kind:part-1.csv)
		run -1 --separate-stderr shard-cat cut.tar.$kind:part-1.csv
		says "cut.tar.$kind"
	done
}

@test "archive: by day, from an archive with a directory per day" {
	mkdir -p in/2024-01-01 in/2024-01-02
	rows 20 >in/2024-01-01/part-0.csv
	rows 10 >in/2024-01-02/part-0.csv
	tar cf in.tar in
	tar cf day.tar -C in 2024-01-02
	[[ $(shard-ls --days in.tar) == '2024-01-01	in.tar:in/2024-01-01/part-0.csv
2024-01-02	in.tar:in/2024-01-02/part-0.csv' ]]
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

@test "archive: a Parquet shard in one is read like the file" {
	shard-ls . >/dev/null 2>&1 || :
	printf 'a,b\n1,x\n2,\n' >part-1.csv
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	shard-cat part-1.csv | shard-write --like part-1.csv --format parquet --types c -o p --split all 2>said ||
		{ grep -q libduckdb said && skip "no libduckdb.so"; cat said; return 1; }
	tar czf p.tgz p/all
	cmp <(shard-cat p/all/part-00001.parquet) <(shard-cat p.tgz:p/all/part-00001.parquet)
	tar cf p.tar p/all
	cmp <(shard-cat p/all/part-00001.parquet) <(shard-cat p.tar:p/all/part-00001.parquet)
}
