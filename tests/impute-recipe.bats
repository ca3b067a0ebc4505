#!/usr/bin/env bats
# preprocess and impute together: the fit that rides on pass 2, and the make
# rules, give what the plain jobs give.
bats_require_minimum_version 1.5.0
load helper
load more
load impute

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	gen tx -o raw -n 6000 -s 7 -S 5
	preprocess --job-type training --input raw --output plain --label label
	impute --job-type training --input plain --output want --artifacts art \
		--label label --numeric median --column note=empty
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

# same DIR ART: the shards and artifacts that the plain jobs made.
same() {
	diff -r want "$1" -x _run -x _lock -x _shards -x _artifacts &&
		same_artifacts art "$2"
}

@test "recipe: one scan of train finds the values too, where its first rows tell which" {
	[[ -s want/_run/guess.tsv && ! -s want/_run/need.tsv ]]
	[[ -z $(ls want/_run/fit/full) ]]
	# a text that is first missing behind them: all values are collected again
	rm -rf late out a twice b
	mkdir -p late/train
	awk 'BEGIN { OFS = ","; print "a", "b", "x"
		for (i = 1; i <= 9000; i++)
			print i % 7 ? "a" i % 3 : "", i == 8000 ? "" : "b" i % 5, i }' \
		>late/train/part-0.csv
	impute --job-type training --input late --output out --artifacts a 2>/dev/null
	[[ $(cut -f 1 out/_run/guess.tsv | xargs) == "column a" ]]
	[[ $(cut -f 1 out/_run/need.tsv | xargs) == "column a b" ]]
	[[ $(cut -f 1,3 a/impute.tsv | xargs) == "column value a a0 b b1" ]]
	# nor does it matter that the first shard has no row at all
	mkdir -p twice/train
	echo a,b,x >twice/train/part-0.csv
	cp late/train/part-0.csv twice/train/part-1.csv
	impute --job-type training --input twice --output out2 --artifacts b 2>/dev/null
	[[ $(cut -f 1 out2/_run/guess.tsv | xargs) == column ]]
	same_artifacts a b
}

@test "recipe: the artifacts do not depend on what the first rows look like" {
	local order how
	rm -rf turn && mkdir turn && cd turn
	# whole numbers, then others; true and false, then texts; texts that are
	# missing later; 5000 rows are looked at
	awk 'BEGIN { OFS = ","; print "c", "b", "t"
		for (i = 0; i < 6000; i++)
			print i % 10 ? i % 50 + 100 : "", i % 3 ? i % 3 == 1 ? "false" : "NA" : "true", "x" i % 3 }' >first.csv
	awk 'BEGIN { OFS = ","; print "c", "b", "t"
		for (i = 0; i < 330; i++)
			print i < 100 ? 7 : i < 180 ? "7.0" : 8, i % 2 ? "maybe" : "NA", i % 11 ? "y" : "" }' >second.csv
	for order in "first second" "second first"; do
		# shellcheck disable=SC2086
		set -- $order
		rm -rf in && mkdir -p in/train
		cp "$1.csv" in/train/part-0.csv
		cp "$2.csv" in/train/part-1.csv
		for how in "--column c=mode" "--numeric median" "--column c=mode --text constant"; do
			# shellcheck disable=SC2086
			impute --job-type training --input in --output "out $order $how" \
				--artifacts "art $order $how" $how 2>/dev/null
		done
	done
	[[ $(awk '$1 == "c" { print $3 }' "art first second --column c=mode/impute.tsv") == 7.0 ]]
	for how in "--column c=mode" "--numeric median" "--column c=mode --text constant"; do
		same_artifacts "art first second $how" "art second first $how"
		cmp art\ {first\ second,second\ first}\ "$how/stats.tsv"
	done
	cd ..
}

@test "recipe: the shards of all splits are one list, and a process has those of several" {
	local i
	rm -rf bin out a
	mkdir bin
	ln -s "$(dirname "$(command -v shard-run)")"/shard-* bin/
	rm bin/shard-run bin/shard-job
	printf '#!/bin/bash\necho "$@" >>%q\nexec %q "$@"\n' "$PWD/bin/log" \
		"$(command -v shard-run)" >bin/shard-run
	chmod +x bin/shard-run
	cp "$(command -v shard-job)" bin/
	SHARDKIT_BIN=$PWD/bin impute --job-type training --input plain --output out \
		--artifacts a --label label --numeric median --column note=empty --workers 1
	[[ $(wc -l <bin/log) == 1 ]]
	[[ $(sed 's/.* ::: //' bin/log) == $(echo plain/{train,val,test}/part-*) ]]
	same out a
	# with two workers each has about half of them, none has one of the other's
	rm -rf out a bin/log
	SHARDKIT_BIN=$PWD/bin impute --job-type training --input plain --output out \
		--artifacts a --label label --numeric median --column note=empty --workers 2
	[[ $(wc -l <bin/log) == 2 ]]
	sed 's/.* ::: //' bin/log | tr ' ' '\n' | sort | cmp - <(printf '%s\n' plain/*/part-*)
	same out a
}

@test "recipe: the plan that -n prints is a shell program that does the job" {
	local words name
	rm -rf "it's in" && cp -r plain "it's in"
	job() { impute --input "it's in" --workers 2 "$@"; }
	for words in "--label label --numeric median --column note=empty" "--label label --piped" \
		"--indicator --compress gz --column note=constant:it's" "--format jsonl --all-columns"; do
		rm -rf full fart out a
		# shellcheck disable=SC2086
		job --job-type training $words --output full --artifacts fart >/dev/null
		# shellcheck disable=SC2086
		job --job-type training $words --output out --artifacts a -n >plan
		[[ ! -e out && ! -e a ]]
		bash -n plan
		run -0 --separate-stderr sh plan
		[[ -z $output && -z $stderr ]]
		cmp <(tree full -path './[tv]*/*') <(tree out -path './[tv]*/*')
		same_artifacts fart a
		for name in _manifest.tsv _account.tsv _SUCCESS _job.tsv; do
			cmp full/$name out/$name
		done
		cmp fart/imputation_summary.txt a/imputation_summary.txt
		# pasted, each line runs once
		rm -rf out a
		bash <plan
		cmp <(tree full -path './[tv]*/*') <(tree out -path './[tv]*/*')
		# and the job goes on from there: no shard is filled again
		find out/_shards -name '*.tsv' -printf '%p %i %T@\n' | sort >before
		# shellcheck disable=SC2086
		job --job-type training $words --output out --artifacts a >/dev/null
		find out/_shards -name '*.tsv' -printf '%p %i %T@\n' | sort | cmp before -
	done
	# the command of pass 2 takes shards of any split as words
	rm -rf full fart out a
	job --job-type training --output full --artifacts fart --label label >/dev/null
	job --job-type training --output out --artifacts a --label label -n >plan
	sh plan
	rm out/{val,test}/part-00006* out/_shards/{val,test}/00006.tsv
	sed -n "s/^xargs .* -n [0-9]* \\(shard-run .*\\) &&\$/\\1 \"it's in\"\\/{test,val}\\/part-00006.*/p" plan >lines
	[[ $(wc -l <lines) == 1 ]]
	bash lines
	cmp <(tree full -path './[tv]*/*') <(tree out -path './[tv]*/*')
	# for other types, too
	mkdir -p v && cp -r plain/test v/validation
	rm -rf vw vo
	impute --job-type validation --input v --output vw --artifacts a >/dev/null
	impute --job-type validation --input v --output vo --artifacts a -n >plan
	[[ $(grep -c '^xargs' plan) == 1 ]]
	sh plan
	cmp <(tree vw -path './v*') <(tree vo -path './v*')
}

@test "recipe: the plan's lines for parallel and for Slurm's arrays do the same" {
	local how
	mkdir -p "$PWD/fake"
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
	for how in parallel sbatch; do
		[[ $how == sbatch ]] || command -v parallel >/dev/null || continue
		rm -rf out a
		impute --job-type training --input plain --output out --artifacts a --label label \
			--numeric median --column note=empty -n >plan
		sed -i "/^xargs/d; s/^# or: $how/$how/" plan
		# an array has the shards of one directory
		[[ $how != sbatch || $(grep -c "^$how" plan) == 5 ]]
		PATH=$PWD/fake:$PATH bash plan
		same out a
	done
}

@test "recipe: make rules give the same shards and artifacts, and do nothing twice" {
	rm -rf mk
	make -s -j2 -f "$TOP/pipelines/impute.mk" IN=plain OUT=mk LABEL=label \
		NUMERIC=median FIT='--column note=empty'
	same mk mk/_artifacts
	run -0 make -f "$TOP/pipelines/impute.mk" IN=plain OUT=mk LABEL=label \
		NUMERIC=median FIT='--column note=empty'
	[[ $output == *"Nothing to be done"* ]]
	rm mk/train/part-00003.csv mk/_shards/train/00003.tsv
	make -s -j2 -f "$TOP/pipelines/impute.mk" IN=plain OUT=mk LABEL=label \
		NUMERIC=median FIT='--column note=empty'
	same mk mk/_artifacts
}

@test "recipe: make rules make again what other options, other shards or other types ask for" {
	local words=(-j2 -f "$TOP/pipelines/impute.mk" LABEL=label)
	rm -rf in mk fresh
	cp -r plain in
	make -s "${words[@]}" IN=in OUT=mk
	rm -rf fresh
	make -s "${words[@]}" IN=in OUT=fresh NUMERIC=constant:9
	make -s "${words[@]}" IN=in OUT=mk NUMERIC=constant:9
	diff -r fresh mk -x _run -x _shards -x '*.st' -x meta.tsv
	run -0 make "${words[@]}" IN=in OUT=mk NUMERIC=constant:9
	[[ $output == *"Nothing to be done"* ]]
	touch in/train/part-00001.csv
	make -s "${words[@]}" IN=in OUT=mk NUMERIC=constant:9
	run -0 make "${words[@]}" IN=in OUT=mk NUMERIC=constant:9
	[[ $output == *"Nothing to be done"* ]]
	rm in/train/part-00002.csv
	rm -rf fresh
	make -s "${words[@]}" IN=in OUT=fresh NUMERIC=constant:9
	make -s "${words[@]}" IN=in OUT=mk NUMERIC=constant:9
	diff -r fresh mk -x _run -x _shards -x '*.st' -x meta.tsv
	[[ ! -e mk/train/part-00002.csv ]]
}

@test "recipe: make rules refuse an input inside the output, an unfinished one, another's output" {
	local words=(-s -j2 -f "$TOP/pipelines/impute.mk")
	rm -rf in x
	cp -r plain in
	run -2 --separate-stderr make "${words[@]}" IN=in OUT=in
	says "lies in"
	run -2 --separate-stderr make "${words[@]}" IN=in OUT=in/filled
	says "OUT lies in IN"
	rm in/_SUCCESS
	run -2 --separate-stderr make "${words[@]}" IN=in OUT=x
	says "did not finish"
	run -2 --separate-stderr make "${words[@]}" IN=plain OUT=in
	says "belongs to another job"
	diff -r plain in -x _SUCCESS
	[[ ! -e x ]]
}

@test "recipe: the manual pipe fits from a stream, without the splits" {
	rm -rf parts2 ctx
	for f in raw/part-*.csv*; do
		shard-cat "$f" | shard-map --text --label label -c plain/_context |
			shard-dedup -c plain/_context --like "$f" | shard-split -c plain/_context --only train |
			shard-map --drop _split | shard-stats --moments --values all --memory 1M --like "$f" -o ctx/parts
	done
	shard-stats --merge --no-cutoffs -o ctx ctx/parts
	shard-fit ctx --label label --numeric median --column note=empty
	same_artifacts art ctx
}
