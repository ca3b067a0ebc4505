#!/usr/bin/env bats
# shard-run: the same bytes as the pipe, and no shard spoils another.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
	for i in 1 2 3; do rows $((i * 40)) >in/part-$i.csv; done
}

@test "run: a chain gives the bytes of the pipe" {
	context c in/part-{1..3}.csv
	for i in 1 2 3; do
		shard-run cat in/part-$i.csv : map --label label : dedup -c c : split -c c >want
		shard-cat in/part-$i.csv | shard-map --label label | shard-dedup -c c | shard-split -c c | cmp - want
		shard-run cat in/part-$i.csv : map --label label : dedup -c c : split -c c : write -o fused
		SHARD_STRICT=1 bash -o pipefail -c 'shard-cat "$1" | shard-map --label label |
			shard-dedup -c c | shard-split -c c | shard-write -o piped --like "$1"' - in/part-$i.csv
	done
	cmp <(tree fused -path './[tv]*') <(tree piped -path './[tv]*')
	cmp <(cat fused/_shards/* | grep -v ^input) <(cat piped/_shards/* | grep -v ^input)
	[[ $(tail -qn +2 fused/*/part* | wc -l) -gt 0 ]]
}

@test "run: cat alone is shard-cat" {
	shard-run cat in/part-1.csv | cmp - in/part-1.csv
	shard-run cat <in/part-1.csv | cmp - in/part-1.csv
	shard-run cat in/part-1.csv in/part-2.csv | cmp - <(shard-cat in/part-1.csv in/part-2.csv)
	ls in/* | shard-run cat --files-from - | cmp - <(shard-cat in/*)
	printf '%s\0' in/* | shard-run cat -0 --files-from - | cmp - <(shard-cat in/*)
}

@test "run: --list runs the chain for every shard, from a file, a stream, with NULs" {
	shard-ls in >list
	shard-run --list list cat {} : write --split all -o a
	shard-run --list - cat {} : write --split all -o b <list
	shard-ls -0 in | shard-run -0 --list - cat {} : write --split all -o c
	for i in 1 2 3; do cmp in/part-$i.csv a/all/part-0000$i.csv; done
	cmp <(tree a) <(tree b)
	cmp <(tree a) <(tree c)
}

@test "run: {} and {n} are replaced in every word" {
	shard-ls in | shard-run -L - cat {} : map --constant 'from={n} {}' : write --split 's{n}' -o out
	[[ $(tail -n 1 out/s00002/part-00002.csv) == *',00002 in/part-2.csv' ]]
}

@test "run: a name with spaces, quotes, newlines and colons is one word" {
	for name in "a b" $'new\nline' "it's \"x\"" '$(touch x)' : '{}'; do
		mkdir -p "$name"
		cp in/part-1.csv "$name/part-5.csv"
		printf '%s\0' "$name/part-5.csv" | shard-run -0 -L - cat {} : write --split all -o "out"
		cmp in/part-1.csv out/all/part-00005.csv
		rm -r out
	done
	[[ ! -e x ]]
}

@test "run: a bad shard fails alone: message, next shard, 1 at the end" {
	echo 1,2 >>in/part-1.csv
	: >in/part-2.csv
	rows 5 | gzip | head -c 50 >in/part-4.csv.gz
	run -1 --separate-stderr shard-run -L <(printf '%s\n' in/part-1.csv in/part-2.csv none/part-9.csv in/part-4.csv.gz in/part-3.csv) \
		cat {} : write --split all -o out
	says "in/part-1.csv:42: ragged row"
	says "in/part-2.csv: empty input"
	says "none/part-9.csv: No such file or directory"
	says "in/part-4.csv.gz: truncated gzip data"
	[[ $(find out -type f | sort) == $'out/_shards/00003.tsv\nout/all/part-00003.csv' ]]
}

@test "run: two listed shards of one number are refused: none overwrites the other" {
	mkdir more
	rows 7 >more/part-1.csv
	run -1 --separate-stderr shard-run -L <(printf '%s\n' in/part-1.csv more/part-1.csv) cat {} : write --split all -o out
	says in/part-1.csv
	says more/part-1.csv
}

@test "run: --rejects keeps the rejects of all shards of a list" {
	echo 1 >>in/part-1.csv
	echo 2 >>in/part-2.csv
	shard-ls in | shard-run -L - cat --ragged reject --rejects bad {} : write --split all -o out
	[[ $(cut -f 1 bad) == $'in/part-1.csv\nin/part-2.csv' ]]
}

@test "run: 100 bad shards under ulimit -n 64 do not keep the good one from its output" {
	mkdir many
	for i in {1..100}; do lines many/part-$i.csv a,b "$i" >/dev/null; done
	lines many/part-101.csv a,b 1,2
	run -1 --separate-stderr bash -c 'ulimit -n 64; shard-ls many | shard-run -L - cat {} : write --split all -o out'
	[[ $(grep -c "ragged row" <<<"$stderr") == 100 && $(wc -l <<<"$stderr") == 100 ]]
	cmp many/part-101.csv out/all/part-00101.csv
}

@test "run: a full output stops the list at once" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -1 --separate-stderr bash -c 'shard-ls in | shard-run -L - cat {} : map >/dev/full'
	[[ $stderr == "shard-run: "*"No space left on device" ]]
}

@test "run: with SHARD_STRICT=1 standard input needs its end marker" {
	head -c 500 in/part-1.csv | head -n -1 >cut
	run -1 --separate-stderr env SHARD_STRICT=1 shard-run cat : write --batch --split all -o out <cut
	says "ended without its end marker"
	barren out
}

@test "run: with SHARD_STRICT=1 a stream to a pipe gets its end marker" {
	SHARD_STRICT=1 shard-run cat in/part-1.csv : map | shard-cat --end expect | cmp - in/part-1.csv
}

@test "run: bad chains are wrong usage" {
	run -2 --separate-stderr shard-run
	says "no chain; it begins with cat"
	run -2 --separate-stderr shard-run map
	says 'a chain begins with cat, not "map"'
	run -2 --separate-stderr shard-run cat in/part-1.csv : uniq
	says '"uniq" is no filter'
	run -2 --separate-stderr shard-run cat in/part-1.csv : : map
	says "empty part in the chain"
	run -2 --separate-stderr shard-run cat in/part-1.csv :
	run -2 --separate-stderr shard-run cat in/part-1.csv : map in/part-2.csv
	says "in a chain only cat names files"
	run -2 --separate-stderr shard-run cat in/part-1.csv : write -o out : map
	says "map cannot stand behind the end of the chain"
	run -2 --separate-stderr shard-run cat --bogus
	run -2 --separate-stderr shard-run --list /dev/null cat in/part-1.csv : map
	says "the chain has no {}"
	run -2 --separate-stderr bash -c 'shard-ls in | shard-run -L - cat {} : map --bogus'
	[[ $(grep -c bogus <<<"$stderr") == 1 ]] # once, not for every shard
}

@test "run: an empty list is done at once" {
	run -0 --separate-stderr shard-run -L /dev/null cat {} : write --split all -o out
	[[ -z $output && -z $stderr ]]
	barren out
}

@test "run: SHARD_PROGRESS names the descriptor that hears the bytes of every finished shard, and of no other" {
	echo 1 >>in/part-2.csv
	shard-ls in | SHARD_PROGRESS=8 shard-run -L - cat {} : write --split all -o out 8>told 2>err && return 1
	stat -c %s in/part-1.csv in/part-3.csv | cmp - told
}

@test "run: SIGTERM and SIGINT leave no temp file and no record" {
	mkfifo part-8.csv
	rows 20000 >big.csv
	for signal in TERM INT; do
		env --default-signal=INT "$(command -v shard-run)" cat part-8.csv : write --split all -o out 3>&- &
		pid=$!
		exec 8>part-8.csv
		cat big.csv >&8
		soon eval '[[ -n $(find out -name ".tmp*" 2>/dev/null) ]]'
		kill -$signal $pid
		died $pid
		exec 8>&-
		barren out
	done
}

# Behind ":::", what is done is passed over ----------------------------------------

# stamp OUT: inodes and times of its records, which a shard that is done again changes.
stamp() { find "$1/_shards" -name '*.tsv' -printf '%f %i %T@\n' | sort; }

@test "run: shards behind ::: are done once, and again when words, bytes or facts change" {
	for i in 1 2 3; do rows $((50 * i)) >part-$i.csv; done
	context ctx part-*.csv
	chain() { shard-run "$@" cat -c ctx {} : map --label label -c ctx : dedup -c ctx : split -c ctx : write -o out ::: part-*.csv; }
	chain
	tree out >want
	stamp out >first
	chain
	stamp out | cmp first -
	# other words
	shard-run cat -c ctx {} : map --label label -c ctx : dedup -c ctx : split -c ctx : write -o out --compress gz ::: part-*.csv
	[[ -e out/train/part-00001.csv.gz && ! -e out/train/part-00001.csv ]]
	chain
	tree out | diff want -
	# another name and time, the same bytes
	stamp out >first
	cp part-2.csv other && touch -d 2001-01-01 other && mv other part-2.csv
	chain
	stamp out | cmp first -
	# other bytes: that shard alone
	sed -i '2s/text/TEXT/' part-2.csv
	shard-run cat {} : map --where 'id < 1000' : write --split all -o alone ::: part-*.csv
	stamp alone >first
	sed -i '3s/text/TEXT/' part-2.csv
	shard-run cat {} : map --where 'id < 1000' : write --split all -o alone ::: part-*.csv
	[[ $(stamp alone | comm -13 first - | cut -d ' ' -f 1) == 00002.tsv ]]
	# a file that is gone
	stamp alone >first
	rm alone/all/part-00003.csv
	shard-run cat {} : map --where 'id < 1000' : write --split all -o alone ::: part-*.csv
	[[ $(stamp alone | comm -13 first - | cut -d ' ' -f 1) == 00003.tsv && -s alone/all/part-00003.csv ]]
	# all of them, if asked
	stamp alone >first
	shard-run --force cat {} : map --where 'id < 1000' : write --split all -o alone ::: part-*.csv
	[[ $(stamp alone | comm -13 first - | wc -l) == 3 ]]
	# a context with other facts
	context other part-*.csv
	shard-stats --merge -o other --cutoffs 2024-01-02,2024-01-03 other/parts
	stamp out >first
	shard-run cat -c other {} : map --label label -c other : dedup -c other : split -c other : write -o out ::: part-*.csv
	[[ $(stamp out | comm -13 first - | wc -l) == 3 ]]
}

@test "run: --verify reads shards that look done" {
	rows 50 >part-1.csv
	words=(cat {} : write --split all -o out ::: part-1.csv)
	shard-run "${words[@]}"
	stamp out >first
	time=$(stat -c %y part-1.csv)
	printf X | dd of=part-1.csv bs=1 seek=62 conv=notrunc status=none
	touch -d "$time" part-1.csv
	shard-run "${words[@]}"
	stamp out | cmp first -
	shard-run --verify "${words[@]}"
	[[ $(stamp out) != "$(<first)" ]]
	cmp part-1.csv out/all/part-00001.csv
}

@test "run: a shard that fails behind ::: fails alone, and is done when it is mended" {
	for i in 1 2 3; do rows 20 >part-$i.csv; done
	echo 1,2 >>part-2.csv
	words=(cat {} : write --split all -o out ::: part-1.csv part-2.csv part-3.csv)
	run -1 shard-run "${words[@]}"
	[[ $output == *"part-2.csv:22: ragged row"* && -e out/_shards/00003.tsv && ! -e out/_shards/00002.tsv ]]
	rows 20 >part-2.csv
	shard-run "${words[@]}"
	[[ -e out/_shards/00002.tsv ]]
}

@test "run: --piped runs programs in pipes, to the same bytes and records" {
	for i in 1 2; do rows $((50 * i)) >part-$i.csv; done
	context ctx part-*.csv
	words=(cat -c ctx {} : map --label label -c ctx : dedup -c ctx : split -c ctx : write -o)
	shard-run "${words[@]}" fused ::: part-*.csv
	shard-run --piped "${words[@]}" piped ::: part-*.csv
	diff -r fused piped
	stamp piped >first
	shard-run "${words[@]}" piped ::: part-*.csv # done is done
	stamp piped | cmp first -
}

@test "run: --piped: a program that cannot be started or that is killed is an error" {
	rows 50 >part-1.csv
	mkdir fake
	for how in 'exit 3' 'kill -9 $$' 'exit 0'; do
		printf '#!/bin/sh\n%s\n' "$how" >fake/shard-map
		chmod +x fake/shard-map
		run -1 --separate-stderr env PATH="$PWD/fake:$PATH" shard-run --piped cat {} : map --where 'id > 3' : write --split all -o out ::: part-1.csv
		says part-1.csv
		[[ ! -e out/_shards/00001.tsv ]]
	done
	rm fake/shard-map && mkdir fake/shard-map
	for tool in cat write run; do ln -s "$(command -v shard-$tool)" fake/shard-$tool; done
	run -1 --separate-stderr env PATH="$PWD/fake" shard-run --piped cat {} : map --where 'id > 3' : write --split all -o out ::: part-1.csv
	[[ $stderr == *"shard-run: part-1.csv: shard-map cannot be run"* ]]
	[[ ! -e out/_shards/00001.tsv ]]
}

@test "run: ::: needs {} in the chain, and is no companion of --list" {
	rows 5 >part-1.csv
	run -2 shard-run cat part-1.csv : write --split all -o out ::: part-1.csv
	[[ $output == *":::: the chain has no {} for the shard"* ]]
	run -2 shard-run -L list cat {} : write --split all -o out ::: part-1.csv
	[[ $output == *"--list and ::: both name shards"* ]]
}

@test "run: the bytes of each finished shard go to the descriptor of SHARD_PROGRESS" {
	for i in 1 2; do rows $((50 * i)) >part-$i.csv; done
	SHARD_PROGRESS=7 shard-run cat {} : write --split all -o out ::: part-*.csv 7>told
	stat -c %s part-*.csv | cmp - told
	SHARD_PROGRESS=7 shard-run --force cat {} : write --split all -o out ::: part-*.csv # nobody listens
}

@test "run: --replace-dir stands for the name of the shard's directory, in every word" {
	local words
	mkdir -p a/train a/val
	for i in 1 2; do rows $((50 * i)) >a/train/part-$i.csv; done
	rows 7 >a/val/part-1.csv
	rows 3 >part-1.csv
	words=(-I @ --replace-dir % cat @ : map --constant 'from=%/%' : write -o out --split s% --scope s% :::)
	shard-run "${words[@]}" a/train/part-{1,2}.csv a/val/part-1.csv
	[[ $(cd out && echo s*/*) == "strain/part-00001.csv strain/part-00002.csv sval/part-00001.csv" ]]
	[[ $(tail -n 1 out/sval/part-00001.csv) == *,val/val ]]
	shard-check --build out
	stamp out >first
	shard-run "${words[@]}" a//train/part-{1,2}.csv a/val/part-1.csv
	stamp out | cmp first -
	# one number in two directories of one name would be one output
	mkdir -p b/train && cp part-1.csv b/train
	run -1 --separate-stderr shard-run "${words[@]}" a/train/part-1.csv b/train/part-1.csv
	says "a/train/part-1.csv and b/train/part-1.csv have one shard number"
	# a shard without a directory is in "."
	shard-run -I @ --replace-dir % cat @ : map --constant 'from=%' : write -o here --split all ::: part-1.csv
	[[ $(tail -n 1 here/all/part-00001.csv) == *,. ]]
	run -2 shard-run --replace-dir '' cat {} : write --split all -o out ::: part-1.csv
}

@test "run: behind ::: a shard whose counts of impute are gone, or are of other rules, is done again" {
	local words
	printf 'a,b\n1,\n,x\n2,x\n,NA\n' >part-1.csv
	shard-stats --moments --values all -o c/parts part-1.csv && shard-stats --merge -o c c/parts && shard-fit c 2>err
	words=(cat {} : impute -c c --counts counts/ : write --split all -o out ::: part-1.csv)
	shard-run "${words[@]}"
	stamp out >first
	shard-run "${words[@]}"
	stamp out | cmp first -
	cp counts/00001.tsv want && rm counts/00001.tsv
	shard-run "${words[@]}"
	cmp want counts/00001.tsv
	# nothing is filled, but what is missing is counted by another rule
	words=(cat {} : impute -c c --exclude a,b --counts counts/ : write --split all -o none ::: part-1.csv)
	shard-run "${words[@]}"
	[[ $(grep '^b' counts/00001.tsv) == $'b\tmissing\t1\t0\t0' ]]
	shard-stats --moments --values all --na pandas -o c/parts part-1.csv && shard-stats --merge -o c c/parts && shard-fit c 2>err
	shard-run "${words[@]}"
	[[ $(grep '^b' counts/00001.tsv) == $'b\tmissing\t2\t0\t0' ]]
}

# todo WORD...: what shard-run finds is to be done by these words in out.
todo() {
	shard-ls in >list
	shard-run --todo found "$@" -L list cat {} : write --split all -o out
	cat found
}

@test "run: --todo names what was made by other words, of other bytes, or is damaged" {
	rm -rf in && mkdir in
	for i in 1 2 3; do lines in/part-$i.csv a $i; done
	shard-ls in >list
	shard-run --skip-done -L list cat {} : write --split all -o out
	shard-run --todo found -L list cat {} : map --where 'a != 7' : write --split all -o out
	cmp found list
	lines in/part-1.csv a 9
	[[ $(todo) == in/part-1.csv ]]
	lines in/part-1.csv a 1
	touch -d @1 in/part-1.csv in/part-3.csv # the same bytes: not stale
	[[ -z $(todo) ]]
	rm out/all/part-00002.csv
	echo >>out/all/part-00003.csv
	[[ $(todo) == $'in/part-2.csv\nin/part-3.csv' ]]
	head -c 50 out/_shards/00001.tsv >cut && mv cut out/_shards/00001.tsv
	todo | cmp - list
}

@test "run: --todo takes an output that came through pipes as done" {
	rm -rf in && mkdir in
	lines in/part-1.csv a 1
	shard-run --piped cat {} : write --split all -o out ::: in/part-1.csv
	[[ -z $(todo) ]]
	lines in/part-1.csv a 9
	[[ $(todo) == in/part-1.csv ]]
}

@test "run: --todo names the shards that are not done by these words, in the order of the list, and runs nothing" {
	for i in 1 2 3; do rows $((10 * i)) >part-$i.csv; done
	words=(cat {} : map --where 'id < 1000' : write --split all -o out)
	shard-run --todo list "${words[@]}" ::: part-3.csv part-1.csv part-2.csv
	[[ $(<list) == $'part-3.csv\npart-1.csv\npart-2.csv' && ! -e out ]]
	shard-run "${words[@]}" ::: part-1.csv part-3.csv
	printf '%s\0' part-{3,2,1}.csv | shard-run -0 --todo list -L - "${words[@]}"
	[[ $(tr '\0' ' ' <list) == "part-2.csv " ]]
	xargs -0 shard-run "${words[@]}" ::: <list
	shard-run --todo list "${words[@]}" ::: part-{1,2,3}.csv
	[[ -e list && ! -s list ]]
	echo 1,2024-01-01,c,x,0 >>part-2.csv
	rm out/all/part-00003.csv
	shard-run --todo list "${words[@]}" ::: part-{1,2,3}.csv
	[[ $(<list) == $'part-2.csv\npart-3.csv' ]]
	shard-run --todo list --force "${words[@]}" ::: part-{1,2,3}.csv
	[[ $(wc -l <list) == 3 ]]
	shard-run --todo list cat {} : map --where 'id < 999' : write --split all -o out ::: part-{1,2,3}.csv
	[[ $(wc -l <list) == 3 ]]
}

@test "run: --todo asks each shard's own words where the mark is in more than the input" {
	for i in 1 2; do rows 10 >part-$i.csv; done
	words=(cat {} : map --constant shard={n} : write --split all -o out)
	shard-run "${words[@]}" ::: part-1.csv part-2.csv
	shard-run --todo list "${words[@]}" ::: part-1.csv part-2.csv
	[[ ! -s list ]]
	shard-run --todo list cat {} : map --constant shard=00001 : write --split all -o out ::: part-1.csv part-2.csv
	[[ $(<list) == part-2.csv ]]
	shard-run -I @ cat @ : write --split all -o braces ::: part-1.csv
	shard-run -I @ --todo list cat @ : write --split all -o braces ::: part-1.csv part-2.csv
	[[ $(<list) == part-2.csv ]]
}

@test "run: --todo --verify reads shards that look done" {
	rows 50 >part-1.csv
	words=(cat {} : write --split all -o out)
	shard-run "${words[@]}" ::: part-1.csv
	time=$(stat -c %y part-1.csv)
	printf X | dd of=part-1.csv bs=1 seek=62 conv=notrunc status=none
	touch -d "$time" part-1.csv
	shard-run --todo list "${words[@]}" ::: part-1.csv
	[[ ! -s list ]]
	shard-run --todo list --verify "${words[@]}" ::: part-1.csv
	[[ $(<list) == part-1.csv ]]
}

@test "run: --todo needs shards, and a chain that leaves records" {
	rows 5 >part-1.csv
	run -2 --separate-stderr shard-run --todo list cat part-1.csv : write --split all -o out
	says "--todo: which shards? --list or ::: names them"
	run -2 --separate-stderr shard-run --todo list cat {} : map ::: part-1.csv
	says "--todo: the chain leaves no record that tells what is done"
	run -2 --separate-stderr shard-run --todo list cat part-1.csv : write --split all -o out ::: part-1.csv
	says "the chain has no {} for the shard"
	run -1 --separate-stderr shard-run --todo list cat {} : route -o none --order orderDate ::: part-1.csv
	says "none/batches.tsv: No such file or directory"
	run -1 --separate-stderr shard-run --todo none/of/dirs/list cat {} : write --split all -o out ::: nothing.csv
	says "no shard number in the name"
	[[ ! -e list && ! -e out && ! -e none ]]
}
