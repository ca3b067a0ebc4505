#!/usr/bin/env bats
# pipelines/shred.mk: shredding as make rules gives what the job gives.
bats_require_minimum_version 1.5.0
load helper
load more
load shred

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir in
	for i in 0 1 2 3 4; do ticks $((200 + i * 90)) $((i + 1)) >in/part-$((i * 7)).csv; done
	gzip -n in/part-14.csv
}

# recipe [WORD...]: the make rules over them.
recipe() {
	env -u MAKEFLAGS -u MAKELEVEL make -j2 -f "$TOP/pipelines/shred.mk" IN=in OUT=mk KEY=sym ORDER=t \
		"$@" >log 2>&1 || { cat log; return 1; }
}

# job [OPTION...]: pipelines/shred over them, anew.
job() {
	rm -rf want
	shred --input in --output want --key sym --order t --workers 2 "$@" >log
}

# same: the rules gave what the job gave, with no temp file and no run.
same() {
	cmp <(promised want) <(promised mk)
	shard-check mk
	clean mk
}

@test "recipe: make rules give the batches of the job, to the byte, and do nothing twice" {
	recipe PLAN='--max-rows 300'
	job --max-rows 300
	[[ $(find mk -name 'batch-data-*' | wc -l) -gt 3 ]]
	same
	inodes mk >before
	recipe PLAN='--max-rows 300'
	grep -q "Nothing to be done" log
	inodes mk | cmp before -
}

@test "recipe: make rules pack, keep unplanned rows, sort otherwise and compress as the job does" {
	recipe PLAN='--max-rows 300 --pack best' ROUTE='--unplanned keep' ORDER=size:nr FORMAT=tsv COMPRESS=gz
	[[ -e mk/batch-data-unplanned.tsv.gz ]]
	job --max-rows 300 --pack best --unplanned keep --order size:nr --format tsv --compress gz
	same
}

@test "recipe: make rules make again what other options or other shards ask for" {
	recipe PLAN='--max-rows 300'
	recipe PLAN='--max-rows 500'
	job --max-rows 500
	same
	recipe PLAN='--fixed 9' KEY=size
	job --fixed 9 --key size
	same
	recipe PLAN='--max-rows 500' ORDER=price:n
	job --max-rows 500 --order price:n
	same
	sed -i '5s/S[0-9]*,/S99,/' in/part-7.csv
	recipe PLAN='--max-rows 500'
	job --max-rows 500
	same
	rm in/part-0.csv
	ticks 77 99 >in/part-1.csv
	recipe PLAN='--max-rows 500'
	job --max-rows 500
	same
	rm mk/batch-data-1.csv
	recipe PLAN='--max-rows 500'
	same
}

@test "recipe: a shard that fails leaves no batch; mended, the others are not routed again" {
	cp in/part-7.csv was
	sed -i '5s/2024-01/2024-31/' in/part-7.csv
	run -1 recipe -k PLAN='--max-rows 300'
	[[ $output == *"in/part-7.csv:5: "* && -z $(find mk -name 'batch-data-*') && ! -e mk/_SUCCESS ]]
	cp was in/part-7.csv
	touch before
	recipe PLAN='--max-rows 300'
	[[ $(grep -c ': route' log) == 1 ]]
	job --max-rows 300
	same
}

@test "recipe: make rules refuse an input inside the output, and another job's output" {
	run -1 recipe OUT=in/out
	[[ $output == *"OUT lies in IN"* ]]
	mkdir raw && rows 20 >raw/part-0.csv
	preprocess --job-type training --input raw --output mk >log
	run -1 recipe
	[[ $output == *"belongs to another job"* ]]
	run -1 recipe IN=none OUT=x
	[[ $output == *"none: no such directory"* && ! -e x && ! -e in/out ]]
	mkdir empty
	run -1 recipe IN=empty OUT=x
	[[ $output == *"no shards in empty"* ]]
}
