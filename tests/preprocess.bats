#!/usr/bin/env bats
# preprocess: where its options come from, what it would do, what it did.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	three_shards
}

# config NAME: value and origin of that option, as --print-config has them.
config() {
	awk -v name="$1" '$1 == name { sub(/^[^ ]+ +/, ""); sub(/  +/, "|"); print }'
}

@test "preprocess: everyday words in a user's environment are no options" {
	preprocess --print-config >want
	env SPLIT=a SEED=b TIES=c SIGNATURE=d RAGGED=e CUTOFFS=f NULL_KEY=g HEADER_POLICY=h UNSEEN_LABEL=i \
		MISSING_TIME=j preprocess --print-config | cmp - want
	SHARDKIT_SEED=7 SHARDKIT_TIES=one LABEL_FIELD=l preprocess --print-config >got
	[[ $(config seed <got) == "7|environment SHARDKIT_SEED" ]]
	[[ $(config ties <got) == "one|environment SHARDKIT_TIES" ]]
	[[ $(config label <got) == "l|environment LABEL_FIELD" ]]
}

@test "preprocess: the make rules take no everyday word from the environment" {
	make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=in OUT=want
	env IN=a CTX=b TIME=c KEY=d NULL_KEY=e TIES=f LABEL=g \
		make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=in OUT=got
	cmp <(result want) <(result got)
}

@test "preprocess: --print-config without inputs decides nothing" {
	preprocess --print-config >got
	for name in job-type output context label time key format compress workers; do
		[[ $(config $name <got) == "-|default" ]]
	done
	[[ $(config train-ratio <got) == "0.7|default" ]]
}

@test "preprocess: --print-config with inputs shows what a run would take, and why" {
	mkdir 'more in'
	rows 5 | gzip >'more in/part-7.csv.gz'
	preprocess --print-config --input in 'more in' --output out/ --workers 9 >got
	[[ $(grep -c '^input ' got) == 2 && $(config input <got | tail -n 1) == "more in|option" ]]
	[[ $(config time <got) == "orderDate|header of in/part-0.csv" ]]
	[[ $(config key <got) == "customerId|header of in/part-0.csv" ]]
	[[ $(config context <got) == "out/_context|output" ]]
	[[ $(config format <got) == "csv|input" && $(config compress <got) == "gz,none|input" ]]
	[[ $(config workers <got) == "4|number of shards" ]]
	[[ ! -e out ]]
	preprocess --print-config --input in --key id --time note --context c --format tsv --workers 2 >got
	for name in key time context format workers; do
		[[ $(config $name <got) == *"|option" ]]
	done
	echo a,b,orderDate,transactionDate,l >sig
	preprocess --print-config --input in --signature sig >got
	[[ $(config time <got) == "transactionDate|signature sig" ]]
	[[ $(config key <got) == "none|signature sig" ]]
	# the columns serve training only; one worker needs no more shards
	preprocess --print-config --input in --job-type validation >got
	[[ $(config time <got) == "-|default" && $(config key <got) == "-|default" ]]
	rm in/part-[12].csv
	cores=$(nproc)
	preprocess --print-config --input in >got
	if ((cores > 1)); then
		[[ $(config workers <got) == "1|number of shards" ]]
	else
		[[ $(config workers <got) == "1|cores" ]]
	fi
}

@test "preprocess: --print-config shows the flags, and stands in columns" {
	ENABLE_TRUE_STREAMING=False preprocess --print-config --input in --verify --output größe >got
	[[ $(config batch <got) == "yes|environment ENABLE_TRUE_STREAMING" ]]
	[[ $(config verify <got) == "yes|option" ]]
	[[ $(config piped <got) == "no|default" && $(config force <got) == "no|default" ]]
	preprocess --batch --print-config >flag
	[[ $(config batch <flag) == "yes|option" ]]
	# the origin begins in one column, in all lines
	preprocess --print-config --input in --label "$(printf 'x%.0s' {1..60})" >got
	awk '{ match($0, /  (option|default|cores|number|header|input|output|environment)/)
		if (NR > 1 && RSTART != at) { print; bad = 1 } at = RSTART } END { exit bad || at < 60 }' got
}

@test "preprocess: --print-config of inputs that cannot be read says so, and shows the rest" {
	run -1 --separate-stderr preprocess --print-config --input none --label l
	says "none: No such file or directory"
	[[ $(config label <<<"$output") == "l|option" && $(config time <<<"$output") == "-|default" ]]
}

@test "preprocess: without a time column, --null-key drop goes by the NA rule too" {
	for i in 0 1 2; do sed -i '1s/orderDate/day/; 3s/,c[0-9],/,nan,/; 4s/,c[0-9],/,,/' in/part-$i.csv; done
	train --split hash --null-key drop --na pandas
	cat out/*/*.csv >got
	run ! grep -qE '^[0-9]+,[^,]*,(nan)?,' got
	[[ $(awk -F '\t' '$2 == "drop" { n += $4 } END { print n }' out/_account.tsv) == 6 ]]
}

@test "preprocess: --split hash with --key none needs no time column" {
	for i in 0 1 2; do sed -i 1s/orderDate/day/ in/part-$i.csv; done
	train --split hash --key none
	[[ -e out/_SUCCESS ]]
	run -1 --separate-stderr preprocess --job-type training --input in --output o --split hash --key customerId
	says "no column transactionDate or orderDate"
}

@test "preprocess: the summary says which rows a job keeps, and counts one as one" {
	rm in/part-[12].csv
	rows 3 | sed '3s/1$//' >in/part-0.csv
	echo 1,2 >>in/part-0.csv
	validate() { rm -rf out; preprocess --job-type validation --input in --output out "$@" >got; }
	validate --ragged reject --label label
	head -n 5 got | cmp - <(cat <<-'END'
		validation, every row with a label kept but ragged ones; 50.0 % of the rows dropped
		  in                          4 rows in 1 shard
		  validation                  2 rows in 1 file
		  missing-label               1 row dropped
		  rejected                    1 row dropped
	END
	)
	[[ $(tail -n 1 got) == "1 shard in "* ]]
	sed -i '$d' in/part-0.csv
	validate
	[[ $(head -n 1 got) == "validation, every row kept; 0.0 % of the rows dropped" ]]
	validate --label label --unseen-label drop
	[[ $(head -n 1 got) == "validation, every row with a known label kept; 33.3 % of the rows dropped" ]]
	preprocess --job-type validation --input in --output out -n >got
	[[ $(head -n 1 got) == "# 1 shard, 1 worker, from in to out" ]]
}

@test "preprocess: a file with almost a shard's name is told of once" {
	cp in/part-1.csv in/part-1_copy.csv
	run -0 --separate-stderr train
	[[ $stderr == "preprocess: warning: in/part-1_copy.csv: not a shard's name"* && $(wc -l <<<"$stderr") == 1 ]]
	run -0 --separate-stderr preprocess --print-config --input in
	[[ $(wc -l <<<"$stderr") == 1 ]]
}

@test "preprocess: the lines of a run do a shard again by hand, fused and piped" {
	for how in "" --piped; do
		rm -rf out
		# shellcheck disable=SC2086
		train --label label $how >/dev/null
		cp -r out want
		rm out/_shards/00001.tsv out/*/part-00001.csv out/_context/parts/00001.st
		# shellcheck disable=SC2086
		preprocess --job-type training --input in --output out --label label $how -n >plan
		# the command of each pass, for these shards
		sed -n 's/^xargs .* -n [0-9]* \(shard-.*\) &&$/\1 in\/part-1.csv in\/part-2.csv/p' plan >lines
		[[ $(wc -l <lines) == 2 ]]
		run -0 --separate-stderr sh -e lines
		[[ -z $output && -z $stderr ]]
		cmp out/_context/parts/00001.st want/_context/parts/00001.st
		cmp <(tree out -path './[tv]*') <(tree want -path './[tv]*')
		rm -rf want
	done
}

@test "preprocess: the plan that -n prints is a shell program that does the job" {
	mv in "it's in"
	cp "it's in/part-1.csv" "it's in/part-9.tsv" && sed -i 'y/,/\t/; s/"text\t/"text,/' "it's in/part-9.tsv"
	job() { preprocess --job-type "$@" --input "it's in" --workers 2; }
	for words in "training --label label" "training --label label --piped" \
		"training --split hash --dedup no --compress gz" "validation --header union" \
		"training --format csv --batch --ties one" "training --format csv --batch --piped"; do
		rm -rf want out
		# shellcheck disable=SC2086
		job $words --output want >/dev/null
		# shellcheck disable=SC2086
		job $words --output out -n >plan
		[[ ! -e out ]]
		bash -n plan
		run -0 --separate-stderr sh plan
		[[ -z $output && -z $stderr ]]
		cmp <(tree want -path './[tv]*/*') <(tree out -path './[tv]*/*')
		for name in _manifest.tsv _account.tsv _SUCCESS _job.tsv; do
			cmp want/$name out/$name
		done
		# pasted, each pass runs once
		rm -rf out
		bash <plan
		cmp <(tree want -path './[tv]*/*') <(tree out -path './[tv]*/*')
		# and the job goes on from there
		# shellcheck disable=SC2086
		job $words --output out >/dev/null
	done
}

@test "preprocess: an input too large for memory with its copies is not kept in memory" {
	preprocess --job-type training --input in --output out -n >plan
	run ! grep -e --drop-cache plan
	truncate -s 4T in/part-7.csv || skip "no sparse file that large here"
	preprocess --job-type training --input in --output out -n >plan
	# pass 1 keeps it, for pass 2
	[[ $(grep -c '^xargs .*--drop-cache' plan) == 1 ]]
	grep -qe 'shard-run .*--drop-cache .* : write ' plan
}

@test "preprocess: the plan that -n prints finds the programs, and stops where something fails" {
	train --label label >/dev/null
	mv out want
	echo 1,2 >>in/part-2.csv
	bare() { env -u SHARDKIT_BIN PATH=/usr/bin:/bin "$@"; }
	[[ ! -e $TOP/bin/shard-ls ]] || bare "$TOP/pipelines/preprocess" --job-type training --input in --output out -n >plan
	preprocess --job-type training --input in --output out -n --label label >plan2
	run ! --separate-stderr bash plan2
	says "ragged row"
	[[ ! -e out/train && ! -e out/_context/meta.tsv ]]
	sed -i '$d' in/part-2.csv
	[[ ! -e plan ]] || bare bash plan
}

@test "preprocess: the plan's lines for parallel and for Slurm's arrays do the same" {
	mkdir "$PWD/fake"
	# sbatch --wait --array=A-B --wrap COMMAND: the tasks, one after another
	cat >fake/sbatch <<-'END'
		#!/bin/bash
		[[ $1 == --wait && $2 == --array=*-* && $3 == --wrap ]] || exit 9
		first=${2#*=} first=${first%-*} last=${2#*-*-*-} worst=0
		export SLURM_ARRAY_TASK_MIN=$first SLURM_ARRAY_TASK_COUNT=$((last - first + 1)) SLURM_ARRAY_TASK_ID
		for ((SLURM_ARRAY_TASK_ID = first; SLURM_ARRAY_TASK_ID <= last; SLURM_ARRAY_TASK_ID++)); do
			sh -c "$4" || worst=1
		done
		exit $worst
	END
	chmod +x fake/sbatch
	mv in "it's in"
	preprocess --job-type training --input "it's in" --output want --label label >/dev/null
	for how in parallel sbatch; do
		[[ $how == sbatch ]] || command -v parallel >/dev/null || continue
		rm -rf out
		preprocess --job-type training --input "it's in" --output out --label label -n >plan
		sed -i "/^xargs/d; s/^# or: $how/$how/" plan
		[[ $(grep -c "^$how" plan) == 2 ]]
		PATH=$PWD/fake:$PATH bash plan
		cmp <(result want) <(result out)
	done
	# a task that fails stops what is behind it
	rm -rf out
	echo 1,2 >>"it's in/part-2.csv"
	run -1 --separate-stderr env PATH="$PWD/fake:$PATH" bash plan
	says "ragged row"
	[[ ! -e out/train && ! -e out/_context/meta.tsv ]]
}

# outcome OUT: rows per split and reason, over all shards.
outcome() {
	awk -F '\t' 'NR > 1 && $2 != "in" { n[$3] += $4 } END { for (k in n) print k, n[k] }' "$1/_account.tsv" |
		sort | paste -sd,
}

@test "preprocess: a table of one single day can be split by anything but time" {
	sed -i -E 's/,2024-[^,]*,/,2024-05-05,/' in/*.csv
	run -1 --separate-stderr train
	says "the train split would be empty"
	rm -rf out
	for split in hash group stratified none; do
		train --split $split --label label
		[[ -e out/_SUCCESS && ! -e out/_context/split.tsv ]]
		rm -rf out
	done
	train --split none --ties one
	[[ $(outcome out) == "duplicate 56,train 7" ]]
}

@test "preprocess: --missing-time drop drops the rows in every split, the other words keep them" {
	# of 20, 21 and 22 rows, rows 2, 3 and 4 have no time, and row 3 no key
	sed -i -E '3,5s/,2024-[^,]*,/,,/; 4s/,c[0-9],/,,/; 5s/,,/,soon,/' in/*.csv
	run -1 --separate-stderr train --split hash
	says "missing time"
	for split in hash none group stratified temporal group+time; do
		rm -rf out
		train --split $split --label label --missing-time drop --null-key keep
		cat out/*/*.csv >got
		run ! grep -qE '^[0-9]+,(soon)?,' got
		[[ $(outcome out) == *"missing-time 9"* ]]
	done
	for how in --piped --batch; do
		rm -rf out
		train --split none --missing-time drop $how
		[[ $(outcome out) == "duplicate 33,missing-time 9,train 21" ]]
	done
	for word in train val test; do
		rm -rf out
		train --split none --missing-time $word
		[[ $(outcome out) == "duplicate 33,train 30" ]]
	done
}

@test "preprocess: --missing-time where no time is read is wrong usage, as an option" {
	run -2 --separate-stderr train --split hash --key none --missing-time drop
	says "preprocess: --missing-time drop: no time is read for --job-type training, --split hash, --key none, --dedup yes"
	run -2 --separate-stderr preprocess --job-type validation --input in --output out --missing-time val
	says "preprocess: --missing-time val: no time is read for --job-type validation"
	[[ ! -e out ]]
	SHARDKIT_MISSING_TIME=drop preprocess --job-type validation --input in --output out --header union
	[[ -e out/_SUCCESS ]]
}

@test "preprocess: --dedup no keeps the rows of a key, together with --split group" {
	train --split group --dedup no >got
	[[ $(head -n 1 got) == "key customerId, time orderDate, no duplicates dropped, split group; 0.0 %"* ]]
	[[ $(outcome out) != *duplicate* && $(tail -qn +2 out/*/*.csv | wc -l) == 63 ]]
	# no key in two splits
	for split in out/train out/val out/test; do
		[[ ! -d $split ]] || tail -qn +2 $split/*.csv | cut -d , -f 3 | sort -u
	done | sort | uniq -d >twice
	[[ ! -s twice ]]
	# no time is needed, as long as nothing asks for one
	sed -i 1s/orderDate/day/ in/*.csv
	rm -rf out
	SHARDKIT_DEDUP=no train --split group --key customerId
	run -1 --separate-stderr train --split hash --dedup yes
	says "no column transactionDate or orderDate"
	run -2 --separate-stderr train --split group --dedup maybe
	says "--dedup maybe: must be one of: yes no"
	run -2 --separate-stderr train --split group --dedup no --missing-time drop
	says "--key customerId, --dedup no"
}

@test "preprocess: a job that finds nothing to drop duplicates by says so, unless told" {
	sed -i 1s/customerId/buyer/ in/*.csv
	run -0 --separate-stderr train
	[[ $stderr == "preprocess: note: no column customerId: no duplicates are dropped; name the key with --key COL, or say --key none" ]]
	for words in "--key none" "--key buyer" "--dedup no"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr train $words
		[[ -z $stderr ]]
	done
	run -0 --separate-stderr env KEY_FIELD=none preprocess --job-type training --input in --output out
	[[ -z $stderr ]]
	run -0 --separate-stderr preprocess --job-type validation --input in --output v
	[[ -z $stderr ]]
	sed -i '1s/buyer/customerId/; 1s/orderDate/day/' in/*.csv
	run -0 --separate-stderr train --split hash
	[[ $stderr == "preprocess: note: no column transactionDate or orderDate: no duplicates are dropped; name the time with --time COL, or say --dedup no" ]]
	run -0 --separate-stderr train --split hash --dedup no
	[[ -z $stderr ]]
}

@test "preprocess: the summary says which codes text labels got, the first ten of them" {
	train --label label >got
	run ! grep labels: got
	sed -i 's/,0$/,ok/; s/,1$/,so\\nso/' in/*.csv
	rm -rf out
	train --label label >got
	[[ $(tail -n 2 got | head -n 1) == 'labels: ok 0, so\\nso 1 (out/_context/labels.tsv)' ]]
	preprocess --job-type validation --input in --output v --label label --context out/_context >got
	grep -qF 'labels: ok 0, so\\nso 1 (out/_context/labels.tsv)' got
	sed -i -E 's/^([0-9]+)(,.*,)ok$/\1\2x\1/' in/*.csv
	rm -rf out
	train --label label >got
	grep -qF 'labels: so\\nso 0, x0 1, x10 2, x12 3, x14 4, x16 5, x18 6, x2 7, x20 8, x4 9, ... (out/' got
}

@test "preprocess: -h is --help" {
	cmp <(preprocess -h) <(preprocess --help)
}

@test "preprocess, impute, shred: --level of --compress makes smaller files of the same rows" {
	rm -rf in && mkdir in
	for i in 0 1 2; do rows $((3000 + i)) >in/part-$i.csv; done
	for codec in gz:9 zst:19 lz4:12 xz:9; do
		most=${codec#*:} codec=${codec%:*}
		for level in 1 $most; do
			o=$codec$level
			preprocess --job-type training --input in --output p$o --key none --compress $codec --level $level >/dev/null
			shred --input in --output s$o --key customerId --order orderDate --compress $codec --level $level 2>/dev/null >&2
		done
		(($(cat p$codec$most/[tv]*/part-* | wc -c) < $(cat p${codec}1/[tv]*/part-* | wc -c)))
		(($(cat s$codec$most/batch-* | wc -c) < $(cat s${codec}1/batch-* | wc -c)))
		cmp <(shard-cat p${codec}1/[tv]*/part-*) <(shard-cat p$codec$most/[tv]*/part-*)
		cmp <(shard-cat s${codec}1/batch-data-0*) <(shard-cat s$codec$most/batch-data-0*)
	done
	impute --job-type training --input pgz1 --output i --artifacts a --compress zst --level 19 2>/dev/null >&2
	cmp <(shard-cat i/train/part-00000.csv.zst) <(shard-cat pgz1/train/part-00000.csv.gz)
	run -2 --separate-stderr preprocess --job-type training --input in --output x --level 3
	says "--level 3: of which codec?"
	run -2 --separate-stderr preprocess --job-type training --input in --output x --level 13 --compress lz4
	says "--level 13: lz4 has levels from 1 to 12"
	# sorted input goes straight into its batches, at the level that is asked for
	mkdir sorted
	shard-cat sgz1/batch-data-0.csv.gz >sorted/part-0.csv
	for level in 1 9; do
		shred --input sorted --output o$level --key customerId --order orderDate --sorted --compress gz --level $level 2>/dev/null >&2
	done
	(($(cat o9/batch-* | wc -c) < $(cat o1/batch-* | wc -c)))
}

@test "preprocess: --batch after a run of shards after --batch is as if it were the first" {
	mkdir raw
	for i in 1 2; do rows $((i * 40)) >raw/part-$i.csv; done
	job() { preprocess --job-type training --input raw --output out "$@" >/dev/null; }
	rm -rf out
	job --batch --split none
	result out >want
	for between in "--format jsonl" "--batch" "--split none"; do
		# shellcheck disable=SC2086
		job $between
		job --batch --split none
		result out | diff want -
		# and so where nothing was done in between
		find out -name '*_processed_data*' -printf '%i\n' >was
		job --batch --split none
		find out -name '*_processed_data*' -printf '%i\n' | diff was -
	done
}

@test "preprocess: two trainings on one context: one at a time, and the other is told whose it is" {
	mkdir -p raw ctx
	for i in 1 2; do rows $((i * 40)) >raw/part-$i.csv; done
	preprocess --job-type training --input raw --output one --context ctx >/dev/null
	exec 8>>ctx/_lock
	flock 8
	run -1 --separate-stderr preprocess --job-type training --input raw --output two --context ctx
	says "ctx is in use by another run"
	[[ ! -e two/_SUCCESS ]]
	run -1 --separate-stderr preprocess --job-type validation --input raw --output v --context ctx
	says "ctx is in use by another run"
	exec 8>&-
	preprocess --job-type training --input raw --output two --context ctx >/dev/null
	cmp <(tree one -path '*/train/*') <(tree two -path '*/train/*')
}
