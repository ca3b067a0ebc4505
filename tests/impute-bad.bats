#!/usr/bin/env bats
# impute in the hands of people: bad input, bad options, bad artifacts, runs
# that are killed, repeated or changed.  What is refused is refused in words,
# status 1 or 2, and nothing is sealed.

load helper
load more
load impute

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	splits in 60
}

teardown() {
	if mountpoint -q out; then umount out; fi
}

train() {
	impute --job-type training --input in --output out --artifacts art --workers 2 --label label "$@"
}

# no_train WORDS [OPTION...]: refused in these words, nothing sealed.
no_train() {
	refused train "${@:2}"
	says "$1"
	unsealed out art
}

# splits' validation: later ART [OPTION...], over the test rows, in valid/.
later() {
	rm -rf later
	mkdir later
	cp -r in/test later/validation
	impute --job-type validation --input later --output valid --artifacts "$@"
}

# strategies: what impute.tsv says, in one line.
strategies() {
	awk -F '\t' 'NR > 1 { printf "%s=%s:%s ", $1, $2, $3 }' art/impute.tsv
}

# content DIR...: all that two runs must agree on.
content() {
	local dir
	for dir in "$@"; do
		tree "$dir" ! -name _lock ! -path './_run/*' ! -name meta.tsv ! -name '*.st' ! -path './_shards/*'
	done
}

# stamps: what tells whether a shard was written again, and with it what is
# in the artifacts.
stamps() {
	find out valid -type f \( -path '*/_shards/*' -o -name 'part-*' \) -printf '%p %i %T@\n' 2>/dev/null | sort
	tree art
}

# The ways of life ------------------------------------------------------------

@test "impute: training fills train, val and test by what train says, and seals" {
	train
	[[ -e out/_SUCCESS ]]
	shard-check out
	for split in train val test; do
		[[ $(cd out/$split && ls) == $'part-00000.csv\npart-00003.csv' ]]
		run ! grep -E ',,|,NA,|,nan,|,"",' out/$split/*.csv
		for f in "in/$split"/*; do
			[[ $(wc -l <"$f") == "$(wc -l <"out/$split/${f##*/}")" ]]
		done
	done
	[[ $(cut -f 1,2 art/impute.tsv | tr '\n\t' ' :') == \
		"column:strategy count:mean price:mean name:mode flag:mode when:mode " ]]
	for f in impute.tsv impute_dict.json impute_dict.pkl schema.tsv stats.tsv meta.tsv imputation_report.json \
		imputation_summary.txt; do
		[[ -s art/$f ]]
	done
}

@test "impute: val and test have no say: other rows there, the same artifacts" {
	train
	mv out out1 && mv art art1
	rm in/val/part-00000.csv
	sed -i '2,$s/^/9/' in/test/*.csv
	sed -i 's/,[0-9]*,/,4000,/' in/test/part-00003.csv
	sed -i '1s/.*/id,count,price,name,flag,when,label/' in/test/part-00003.csv
	train
	same_artifacts art1 art
}

@test "impute: validation, testing and calibration fill every shard by the artifacts, also one without rows" {
	train
	later art
	diff -r out/test valid/validation
	shard-check valid
	for type in testing calibration; do
		mkdir -p "in-$type" && cp -r in/val "in-$type/$type"
		head -n 1 in/val/part-00000.csv >"in-$type/$type/part-00007.csv"
		impute --job-type $type --input "in-$type" --output "out-$type" --artifacts art
		cmp in-$type/$type/part-00007.csv out-$type/$type/part-00007.csv
		rm out-$type/$type/part-00007.csv
		diff -r out/val out-$type/$type
	done
}

@test "impute: a shard without rows stays a shard without rows" {
	head -n 1 in/train/part-00000.csv >in/train/part-00001.csv
	head -n 1 in/train/part-00000.csv >in/val/part-00001.csv
	train
	cmp in/train/part-00001.csv out/train/part-00001.csv
	cmp in/val/part-00001.csv out/val/part-00001.csv
}

@test "impute: nothing is missing in train: no column is fitted, all rows pass, later too" {
	for f in in/*/*; do
		table 20 | awk -F , 'NR == 1 || !/,,|NA|nan|""/' >"$f"
	done
	train
	[[ $(wc -l <art/impute.tsv) == 1 ]]
	diff -r in/train out/train
	later art
	diff -r in/test valid/validation
}

@test "impute: --indicator, the same in training and later" {
	train --indicator
	head -qn 1 out/*/*.csv | sort -u >got
	lines want id,count,price,name,flag,when,label,count_missing,price_missing,name_missing,flag_missing,when_missing
	cmp want got
	later art --indicator
	diff -r out/test valid/validation
	rm -rf valid
	later art
	run ! diff -rq out/test valid/validation
}

@test "impute: format and codec of an output are the input's, or what is asked for" {
	gzip -n in/train/part-00003.csv
	train
	[[ $(cd out/train && ls) == $'part-00000.csv\npart-00003.csv.gz' ]]
	cp -r out want
	rm -rf out && train --compress gz
	for f in want/*/part-*.csv; do
		gzip -dc "out${f#want}.gz" | cmp - "$f"
	done
	rm -rf out && train --format tsv
	for f in want/*/part-*.csv; do
		shard-cat "out${f#want}" 2>/dev/null || shard-cat "out$(sed 's/^want//; s/csv$/tsv/' <<<"$f")"
	done | grep -v '^id,' | sort >got
	find want -name 'part-*.csv' | shard-cat --files-from - | grep -v '^id,' | sed 's/"n, \([0-9]\)"/n, \1/' | sort >all
	sed 's/"n, \([0-9]\)"/n, \1/' got | sort | cmp - all
}

@test "impute: the recipe: preprocess, then impute, on the output of the first" {
	mkdir raw
	for i in 1 2 3; do rows $((i * 30)) | sed 's/,c3,/,,/' >raw/part-$i.csv; done
	preprocess --job-type training --input raw --output pre --label label
	impute --job-type training --input pre --output filled --artifacts art --label label
	grep -q $'^customerId\tmode\t' art/impute.tsv
	run ! grep -h ',,' filled/*/part-*
	[[ $(cut -f 4 pre/_manifest.tsv | paste -sd ,) == "$(cut -f 4 filled/_manifest.tsv | paste -sd ,)" ]]
}

@test "impute: --signature names the columns in place of the header" {
	echo a,b,c,d,e,f,y >sig
	impute --job-type training --input in --output out --artifacts art --label y --signature sig
	[[ $(head -n 1 out/train/part-00000.csv) == a,b,c,d,e,f,y ]]
	[[ $(cut -f 1 art/impute.tsv | tr '\n' ' ') == "column b c d e f " ]]
	echo a,b >sig
	rm -rf out art
	refused impute --job-type training --input in --output out --artifacts art --signature sig
	unsealed out art
}

@test "impute: the report is JSON, and the summary reads well: no tabs, no control characters" {
	need_python
	train
	python3 -B -c 'import json; r = json.load(open("art/imputation_report.json")); assert r and type(r) is dict'
	run ! grep -P '[\x00-\x09\x0b-\x1f]' art/imputation_summary.txt
	for word in count price name flag when; do
		grep -qw $word art/imputation_summary.txt
	done
}

# Options and environment -----------------------------------------------------

@test "impute: options win over the environment, the environment over defaults" {
	export DEFAULT_NUMERICAL_STRATEGY=median DEFAULT_TEXT_STRATEGY=constant TEXT_CONSTANT_VALUE=none
	train
	[[ $(strategies) == "count=median:"*" price=median:"*" name=constant:none flag=mode:"* ]]
	rm -rf out art
	train --numeric constant:3 --text mode
	[[ $(strategies) == "count=constant:3 price=constant:3.0 name=mode:n, "* ]]
	rm -rf out art
	DEFAULT_NUMERICAL_STRATEGY=constant NUMERICAL_CONSTANT_VALUE=-1 train
	[[ $(strategies) == "count=constant:-1 price=constant:-1.0 name=constant:none flag=mode:"* ]]
	rm -rf out art
	CATEGORICAL_UNIQUE_RATIO_THRESHOLD=1 DEFAULT_CATEGORICAL_STRATEGY=mode train
	[[ $(strategies) == *" name=mode:n, "* ]]
	rm -rf out art
	EXCLUDE_COLUMNS=name,price LABEL_FIELD=when impute --job-type training --input in --output out --artifacts art
	[[ $(cut -f 1 art/impute.tsv | tr '\n' ' ') == "column count flag " ]]
}

@test "impute: empty and None in the environment mean unset" {
	train
	cp art/impute.tsv want
	for word in '' None; do
		rm -rf out art
		DEFAULT_NUMERICAL_STRATEGY=$word DEFAULT_TEXT_STRATEGY=$word DEFAULT_CATEGORICAL_STRATEGY=$word \
			NUMERICAL_CONSTANT_VALUE=$word TEXT_CONSTANT_VALUE=$word CATEGORICAL_CONSTANT_VALUE=$word \
			CATEGORICAL_UNIQUE_RATIO_THRESHOLD=$word EXCLUDE_COLUMNS=$word MAX_WORKERS=$word NA_RULE=$word \
			COLUMN_STRATEGY_price=$word COLUMN_STRATEGY_nowhere=$word LABEL_FIELD=$word train
		cmp want art/impute.tsv
	done
}

@test "impute: COLUMN_STRATEGY_<col> is matched in any case, and never lost" {
	COLUMN_STRATEGY_PRICE=median COLUMN_STRATEGY_Name=empty train
	[[ $(strategies) == "count=mean:"*" price=median:"*" name=empty: "* ]]
	rm -rf out art
	COLUMN_STRATEGY_PRICE=median train --column price=constant:9 # an option wins
	[[ $(strategies) == *" price=constant:9.0 "* ]]
	rm -rf out art
	COLUMN_STRATEGY_PRIZE=median no_train PRIZE
	COLUMN_STRATEGY_PRICE=best no_train best
}

@test "impute: COLUMN_STRATEGY_<col> of a name with a dot, a blank or a sign reaches its column" {
	sed -i '1s/price/Unit__DOT__Price/; 1s/count/a b/; 1s/when/größe/' in/*/*
	env 'COLUMN_STRATEGY_unit.price=median' 'COLUMN_STRATEGY_A B=constant:5' COLUMN_STRATEGY_größe=constant:none \
		impute --job-type training --input in --output out --artifacts art --label label
	[[ $(strategies) == "a b=constant:5 Unit.Price=median:"*" größe=constant:none " ]]
}

@test "impute: COLUMN_STRATEGY_<col> that fits two columns is refused, not guessed" {
	sed -i '1s/price/COUNT/' in/*/*
	refused env COLUMN_STRATEGY_Count=median impute --job-type training --input in --output out --artifacts art
	says ount
	unsealed out art
	# written as one of them it is that one
	env COLUMN_STRATEGY_COUNT=median impute --job-type training --input in --output out --artifacts art
	[[ $(strategies) == "count=mean:"*" COUNT=median:"* ]]
}

@test "impute: --print-config shows values and where they come from, and does nothing" {
	DEFAULT_TEXT_STRATEGY=empty run -0 --separate-stderr train --numeric median --print-config
	[[ $output == *median* && $output == *DEFAULT_TEXT_STRATEGY* && $output == *empty* ]]
	[[ ! -e out && ! -e art ]]
}

@test "impute: -n prints the plan and does nothing" {
	run -0 --separate-stderr train -n
	[[ $output == *shard-fit* && $output == *impute* ]]
	[[ -z $(find out art -name 'part-*' 2>/dev/null) && ! -e out/_SUCCESS && ! -e art/impute.tsv ]]
	[[ $output != *--drop-cache* ]]
	# an input too large for memory with its copies is read last by pass 2
	truncate -s 4T in/train/part-9.csv || skip "no sparse file that large here"
	run -0 --separate-stderr train -n
	[[ $(grep -ce --drop-cache <<<"$output") -gt 0 ]]
	[[ $(grep -e --drop-cache <<<"$output") == "$(grep -e ' : write ' <<<"$output")" ]]
}

@test "impute: an unknown strategy, from option or environment, is refused before anything is written" {
	no_train average --numeric average
	no_train guess --text guess
	no_train guess --categorical guess
	no_train best --column price=best
	no_train mode --numeric mode:
	for name in DEFAULT_NUMERICAL_STRATEGY DEFAULT_TEXT_STRATEGY DEFAULT_CATEGORICAL_STRATEGY; do
		refused env $name=wildly impute --job-type training --input in --output out --artifacts art
		says wildly
		unsealed out art
	done
	refused env NUMERICAL_CONSTANT_VALUE=abc impute --job-type training --input in --output out --artifacts art \
		--numeric constant
	says abc
	refused env CATEGORICAL_UNIQUE_RATIO_THRESHOLD=often impute --job-type training --input in --output out \
		--artifacts art
	says often
	[[ ! -e out/train && ! -e art/impute.tsv ]]
}

@test "impute: an unknown column is refused and the header is listed" {
	for option in "--column nowhere=mean" "--exclude nowhere" "--exclude name,nowhere"; do
		# shellcheck disable=SC2086
		no_train nowhere $option
		[[ ! -e out/train && ! -e art/impute.tsv ]]
	done
	refused impute --job-type training --input in --output out --artifacts art --label nowhere
	says nowhere
	says "id, count, price, name, flag, when, label"
	unsealed out art
	refused env EXCLUDE_COLUMNS=nowhere impute --job-type training --input in --output out --artifacts art
	says nowhere
}

@test "impute: a number's strategy for a text column is refused, the column is named" {
	no_train name --column name=mean
	says text
	no_train flag --column flag=median
	COLUMN_STRATEGY_NAME=mean no_train name
	[[ ! -e out/train && ! -e art/impute.tsv ]]
}

@test "impute: wrong usage ends with 2" {
	run -2 --separate-stderr impute
	run -2 --separate-stderr impute --job-type training --input in --output out
	run -2 --separate-stderr impute --job-type training --input in --artifacts art
	run -2 --separate-stderr impute --job-type training --output out --artifacts art
	run -2 --separate-stderr impute --job-type guess --input in --output out --artifacts art
	run -2 --separate-stderr train --no-such
	run -2 --separate-stderr train --column
	run -2 --separate-stderr train more
	run -2 --separate-stderr train --workers x
	run -0 --separate-stderr impute --help
	[[ $output == *--artifacts* ]]
	barren out art
}

@test "impute: the label and the excluded are never filled" {
	sed -i '3s/[01]$//; 4s/[01]$/""/' in/*/*.csv
	train --exclude price,when
	[[ $(cut -f 1 art/impute.tsv | tr '\n' ' ') == "column count name flag " ]]
	for f in in/*/*.csv; do
		# price, when and label, by their places (names hold one comma each, quoted)
		cmp <(sed 's/"n, [0-9]"/n/; s/"",/,/' "$f" | cut -d , -f 3,6,7) \
			<(sed 's/"n, [0-9]"/n/' "out${f#in}" | cut -d , -f 3,6,7)
	done
	rm -rf out art
	train --all-columns --exclude price
	[[ $(cut -f 1 art/impute.tsv | tr '\n' ' ') == "column id count name flag when " ]]
}

@test "impute: a fill value that reads as missing is refused with the remedy, and taken when allowed" {
	no_train --allow-na-fill --column name=constant:NA
	says name
	no_train --allow-na-fill --text constant:
	sed -i 's/"n, [01]"/None/' in/*/*
	no_train --allow-na-fill
	says name
	train --allow-na-fill
	[[ $(strategies) == *" name=mode:None "* ]]
	rm -rf out art
	train --text constant:none # in lower case it is a word
	rm -rf out art
	train --text empty
}

@test "impute: infinite values have no mean: refused, the column is named; a median is there" {
	sed -i '2s/^\([^,]*,[^,]*\),[^,]*/\1,inf/' in/train/part-00000.csv
	no_train price
	says inf
	train --numeric median
}

@test "impute: a column without any value in train gets 0.0 or Unknown, and a warning" {
	sed -i '2,$s/^\([^,]*\),[^,]*/\1,/' in/train/*
	run -0 --separate-stderr train
	says count
	[[ $(strategies) == "count=mean:0.0 "* ]]
	cut -d , -f 2 out/train/*.csv | sort -u | cmp - <(printf '0.0\ncount\n')
	rm -rf out art
	run -0 --separate-stderr train --column count=mode
	[[ $(strategies) == "count=mode:Unknown "* ]]
}

# Bad input -------------------------------------------------------------------

@test "impute: a missing input, a missing train, a train without shards or rows are refused" {
	refused impute --job-type training --input none --output out --artifacts art
	says none
	rm in/train/*
	no_train "no shard found"
	head -n 1 in/val/part-00000.csv >in/train/part-00001.csv
	no_train train
	rm -r in/train
	no_train train
	[[ ! -e out/val ]]
	refused impute --job-type validation --input in --output out --artifacts art
}

@test "impute: a missing val or test is a warning" {
	rm -r in/val
	run -0 --separate-stderr train
	says val
	[[ -e out/_SUCCESS && -e out/test/part-00000.csv && ! -e out/val/part-00000.csv ]]
	rm -rf out art in/test
	run -0 --separate-stderr train
	says val
	says test
	[[ -e out/_SUCCESS ]]
}

@test "impute: an input with records but no _SUCCESS is refused, or taken with --allow-incomplete" {
	mkdir raw
	for i in 1 2 3; do rows $((i * 30)) >raw/part-$i.csv; done
	preprocess --job-type training --input raw --output pre --label label
	rm pre/_SUCCESS
	refused impute --job-type training --input pre --output out --artifacts art
	says _SUCCESS
	says --allow-incomplete
	unsealed out art
	impute --job-type training --input pre --output out --artifacts art --allow-incomplete
	[[ -e out/_SUCCESS ]]
}

@test "impute: a bad shard in train stops the job before an output is written" {
	echo 1,2 >>in/train/part-00003.csv
	no_train "in/train/part-00003.csv:$(wc -l <in/train/part-00003.csv): ragged row: 2 fields, the header has 7"
	[[ -z $(find out -name 'part-*' 2>/dev/null) && ! -e art/impute.tsv ]]
	sed -i '$d' in/train/part-00003.csv
	train
	[[ -e out/_SUCCESS ]]
}

@test "impute: a bad shard in test keeps no other from its output; mended, the next run finishes" {
	printf '1,2,"x' >>in/test/part-00003.csv
	no_train "in/test/part-00003.csv:$(($(wc -l <in/test/part-00003.csv) + 1)): unterminated quote"
	[[ -e out/train/part-00000.csv && -e out/test/part-00000.csv && ! -e out/test/part-00003.csv ]]
	inode=$(stat -c %i out/test/part-00000.csv)
	sed -i '$d' in/test/part-00003.csv
	train
	[[ -e out/_SUCCESS && $(stat -c %i out/test/part-00000.csv) == "$inode" ]]
}

@test "impute: a bad shard in val is remembered, and test is filled all the same" {
	printf '1,2,"x' >>in/val/part-00000.csv
	no_train "in/val/part-00000.csv:$(($(wc -l <in/val/part-00000.csv) + 1)): unterminated quote"
	says "some shards failed (see above)"
	[[ -e out/train/part-00003.csv && -e out/test/part-00003.csv && ! -e out/val/part-00000.csv ]]
	sed -i '$d' in/val/part-00000.csv
	train
	[[ -e out/_SUCCESS ]]
}

@test "impute: another header in val, two shards of one number, a zero-byte shard are refused" {
	sed -i '1s/price/cost/' in/val/part-00000.csv
	no_train in/val/part-00000.csv
	says cost
	sed -i '1s/cost/price/' in/val/part-00000.csv
	rm -rf out art
	cp in/train/part-00003.csv in/train/part-3.csv
	no_train part-3.csv
	rm in/train/part-3.csv
	: >in/test/part-00003.csv
	no_train in/test/part-00003.csv
	rm -f in/test/part-00003.csv
	train
}

@test "impute: a gzip shard that is cut or flipped is refused" {
	gzip -n in/train/part-00003.csv
	cp in/train/part-00003.csv.gz whole
	head -c $(($(stat -c %s whole) / 2)) whole >in/train/part-00003.csv.gz
	no_train "in/train/part-00003.csv.gz: truncated gzip data"
	cp whole in/train/part-00003.csv.gz
	flip in/train/part-00003.csv.gz $(($(stat -c %s whole) * 2 / 3))
	no_train in/train/part-00003.csv.gz
	cp whole in/train/part-00003.csv.gz
	train
}

@test "impute: an output of another job, of another job type, or of files not ours is refused" {
	mkdir raw
	rows 30 >raw/part-1.csv
	preprocess --job-type training --input raw --output out
	tree out ! -name _lock >before
	refused train
	says out
	tree out ! -name _lock | cmp - before
	rm -rf out && train
	cp -r in/test in/validation
	refused impute --job-type validation --input in --output out --artifacts art
	says out
	mkdir theirs && echo mine >theirs/notes
	refused impute --job-type training --input in --output theirs --artifacts art
	says theirs
	[[ $(<theirs/notes) == mine ]]
	refused impute --job-type training --input in --output in --artifacts art
}

# Bad artifacts ---------------------------------------------------------------

@test "impute: later jobs without artifacts are refused, the directory is named" {
	refused later none
	says none
	unsealed valid
	mkdir empty
	refused later empty
	says empty
	unsealed valid
}

@test "impute: artifacts of another table are refused, of some other columns a warning" {
	train
	mkdir other
	printf 'column\tstrategy\tvalue\tmissing\nnowhere\tmean\t1\t1\n' >other/impute.tsv
	printf '{"nowhere": 1}\n' >other/impute_dict.json
	refused later other
	says nowhere
	unsealed valid
	sed 's/^price\t/elsewhere\t/' art/impute.tsv >other/impute.tsv
	rm -rf other/impute_dict.json valid
	run -0 --separate-stderr later other
	says elsewhere
	cmp <(cut -d , -f 2 out/test/part-00000.csv) <(cut -d , -f 2 valid/validation/part-00000.csv)
}

@test "impute: artifacts cut short are refused, nothing is sealed" {
	train
	for file in impute.tsv meta.tsv; do
		cp -r art cut
		head -c $(($(stat -c %s art/$file) / 2)) art/$file >cut/$file
		refused later cut
		says cut
		unsealed valid
		rm -rf cut valid
	done
}

@test "impute: a hostile pickle among the artifacts runs nothing" {
	need_python
	mkdir evil
	python3 -B -c 'open("evil/impute_dict.pkl", "wb").write(b"cos\nsystem\n(S\"touch pwned\"\ntR.")'
	refused later evil
	says impute_dict.pkl
	[[ ! -e pwned ]]
	unsealed valid
}

@test "impute: only the JSON, or only the pickle, is enough for a later job" {
	train --numeric constant:0.5
	for file in impute_dict.json impute_dict.pkl; do
		mkdir one && cp art/$file one
		later one
		# numbers know their tokens; of flags the dict does not say that nan is missing
		cmp <(cut -d , -f 1-3 out/test/part-00000.csv) <(cut -d , -f 1-3 valid/validation/part-00000.csv)
		rm -rf one valid
	done
}

# Again -----------------------------------------------------------------------

@test "impute: a second run does nothing, a lost artifact comes back" {
	train
	stamps >before
	train
	stamps | cmp before -
	later art
	stamps >before
	later art
	stamps | cmp before -
	cp -r art left
	rm art/impute_dict.pkl
	train
	same_artifacts left art
}

@test "impute: temp files of killed runs in the artifacts go, others stay" {
	train
	for name in imputation_report.json impute_dict.pkl impute.tsv meta.tsv; do
		touch "art/.tmp.$name.123.0123456789abcdef"
	done
	touch art/.tmp.mine
	train
	[[ $(ls -A art | grep '^.tmp') == .tmp.mine ]]
}

@test "impute: of a pickle alone, a value whose last bit has changed is another one" {
	mkdir only
	for value in 1 1.0000000000000002; do
		train --numeric constant:$value
		cp art/impute_dict.pkl only
		later only
		rm -rf fresh
		impute --job-type validation --input later --output fresh --artifacts only
		diff -r fresh/validation valid/validation
	done
	grep -q 1.0000000000000002 valid/validation/part-*
}

@test "impute: changed options give what a fresh run gives" {
	train
	for options in "--numeric median" "--na pandas" "--exclude name" "--column price=constant:1" "--indicator" \
		"--all-columns" "--text constant:x" "--piped"; do
		# shellcheck disable=SC2086
		train $options
		rm -rf fresh fart
		# shellcheck disable=SC2086
		impute --job-type training --input in --output fresh --artifacts fart --label label $options
		diff <(content fresh) <(content out)
		same_artifacts fart art
	done
}

@test "impute: a changed train shard refits all; a changed test shard is filled anew alone" {
	train
	cp -r out out1
	inode=$(stat -c %i out/test/part-00000.csv out/val/part-00003.csv)
	sed -i '2s/^[0-9]*/7777/' in/test/part-00003.csv
	train
	[[ $(stat -c %i out/test/part-00000.csv out/val/part-00003.csv) == "$inode" ]]
	grep -q ^7777 out/test/part-00003.csv
	sed -i '3s/^\([^,]*\),[^,]*/\1,100000/' in/train/part-00000.csv
	train
	impute --job-type training --input in --output fresh --artifacts fart --label label
	diff <(content fresh) <(content out)
	same_artifacts fart art
	run ! cmp -s out1/val/part-00003.csv out/val/part-00003.csv
	rm in/val/part-00003.csv in/train/part-00003.csv
	train
	[[ ! -e out/val/part-00003.csv && ! -e out/train/part-00003.csv ]]
	rm -rf fresh fart
	impute --job-type training --input in --output fresh --artifacts fart --label label
	diff <(content fresh) <(content out)
}

@test "impute: later jobs notice other artifacts" {
	train
	later art
	run ! grep -qw other valid/validation/part-00000.csv
	train --text constant:other
	later art
	grep -qw other valid/validation/part-00000.csv
	diff -r out/test valid/validation
}

@test "impute: killed at any moment and run again, the bytes are those of an undisturbed run" {
	need setsid
	for i in {4..24}; do
		for split in train val test; do table $((i * 40)) >"in/$split/part-$i.csv"; done
	done
	rm in/*/part-0000?.csv
	impute --job-type training --input in --output want --artifacts wart --label label --workers 2
	for i in {1..6}; do
		rm -rf out art
		setsid impute --job-type training --input in --output out --artifacts art --label label --workers 2 \
			>/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.$(printf %03d $((RANDOM % 700 + 20)))"
		pkill -KILL -s "$pid" || :
		wait "$pid" 2>/dev/null || :
		while pgrep -s "$pid" >/dev/null; do sleep 0.02; done
		train >/dev/null
		diff <(content want) <(content out)
		same_artifacts wart art
		[[ -z $(find out art -name '.tmp*' | tee left) ]] || { cat left; return 1; }
	done
}

@test "impute: the look at the first rows leaves nothing but what it found out" {
	mkdir -p out/_run/guess/parts # of a run that was killed there
	printf 'impute\ttraining\n' >out/_job.tsv
	train
	[[ $(<out/_run/guess.tsv) == column*name*texts* && ! -e out/_run/guess ]]
	[[ -z $(find "$TMPDIR" -mindepth 1) ]]
}

@test "impute: SIGTERM and SIGINT end the run, leave no temp file and no _SUCCESS" {
	need setsid
	for i in {4..60}; do table 2000 >"in/train/part-$i.csv"; done
	for sig in TERM INT; do
		rm -rf out art
		setsid env --default-signal=INT impute --job-type training --input in --output out --artifacts art --workers 2 \
			>/dev/null 2>&1 3>&- &
		pid=$!
		sleep 0.3
		pkill -$sig -s "$pid" || :
		wait "$pid" 2>/dev/null || :
		while pgrep -s "$pid" >/dev/null; do sleep 0.02; done
		[[ ! -e out/_SUCCESS || -s out/_manifest.tsv ]]
		[[ -z $(find out art -name '.tmp*' 2>/dev/null | tee left) ]] || { cat left; return 1; }
	done
}

@test "impute: a full disk is an error, and more room finishes the job" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	for i in 4 5 6; do
		for split in train val test; do table 4000 >"in/$split/part-$i.csv"; done
	done
	impute --job-type training --input in --output want --artifacts wart --label label >/dev/null
	mkdir out
	mount -t tmpfs -o size=600k none out || skip "cannot mount a tmpfs"
	mkdir out/o
	status=0 again=0
	impute --job-type training --input in --output out/o --artifacts art --label label --workers 2 >log 2>err || status=$?
	left=$(find out art -name '.tmp*')
	sealed=$(find out -name _SUCCESS)
	mount -o remount,size=32m out
	impute --job-type training --input in --output out/o --artifacts art --label label --workers 2 >log 2>err2 || again=$?
	tree out/o -path './[tv]*' >got
	umount out
	echo "status $status, then $again; $(<err) $(<err2)"
	[[ $status == 1 && -z $left && -z $sealed && $(<err) == *"No space left on device"* ]]
	[[ $again == 0 ]]
	tree want -path './[tv]*' | cmp - got
}

@test "impute: names of columns and directories may hold blanks, quotes, signs and what the shell expands" {
	local name how i=0 ways
	# shellcheck disable=SC2016,SC1003
	for name in "it's" 'a"b' 'a b' '$(touch pwned)' '100%s' '*' ';' '-x' '#' '\\' 'größe' '{n}' '{}' $'tab\tbed' '.'; do
		rm -rf "dir $name"
		cp -r in "dir $name"
		for f in "dir $name"/*/*; do
			h="\"${name//\"/\"\"}\"" awk 'NR == 1 {
				i = index($0, "price"); $0 = substr($0, 1, i - 1) ENVIRON["h"] substr($0, i + 5) } 1' "$f" >x
			mv x "$f"
		done
		i=$((i + 1)) ways=("")
		((i > $(some 15))) || ways+=(--piped)
		for how in "${ways[@]}"; do
			# shellcheck disable=SC2086
			impute --job-type training --input "dir $name" --output "out $how$name" --artifacts "art $how$name" \
				--column "$name=median" $how >log 2>&1 && [[ -e "out $how$name/_SUCCESS" ]] &&
				[[ $(cut -f 2 "art $how$name/impute.tsv" | sed -n 3p) == median && ! -e pwned ]] && continue
			printf 'name %q %s: %s\n' "$name" "$how" "$(<log)"
			return 1
		done
	done
}

@test "impute: a second run on the same output while the first goes on refuses and names the holder" {
	mkdir out
	printf 'process 1 on elsewhere since ever\n' >out/_lock
	(
		flock 9
		sleep 7
	) 9>>out/_lock 3>&- &
	run -1 --separate-stderr train
	says "in use by another run (process 1 on elsewhere since ever)"
	wait
}

@test "impute: constants of the environment reach columns named there, and keep their case" {
	COLUMN_STRATEGY_NAME=Constant TEXT_CONSTANT_VALUE=FooBar train
	grep -q $'^name\tconstant\tFooBar\t' art/impute.tsv
	rm -rf out art
	DEFAULT_TEXT_STRATEGY=Constant:FooBar train
	grep -q $'^name\tconstant\tFooBar\t' art/impute.tsv
	rm -rf out art
	NUMERICAL_CONSTANT_VALUE=-5 COLUMN_STRATEGY_COUNT=constant train
	[[ $(strategies) == "count=constant:-5 price=mean:"* ]]
	rm -rf out art
	CATEGORICAL_CONSTANT_VALUE=Few COLUMN_STRATEGY_NAME=constant CATEGORICAL_UNIQUE_RATIO_THRESHOLD=1 \
		TEXT_CONSTANT_VALUE=Many train
	[[ $(strategies) == *" name=constant:Few "* ]]
}

@test "impute: two trainings at once never mix their artifacts" {
	mkdir -p one/train two/train
	for i in 0 1 2 3; do
		{ echo x,y; yes "1," | head -n 3000; echo ,2; } >one/train/part-$i.csv
		{ echo x,y; yes "1000," | head -n 3000; echo ,2; } >two/train/part-$i.csv
	done
	impute --job-type training --input one --output o1 --artifacts both 8>&- &
	impute --job-type training --input two --output o2 --artifacts both 8>&- || :
	wait || :
	for o in o1 o2; do
		[[ -e $o/_SUCCESS ]] || continue
		[[ $(cat $o/train/part-* | grep ',2$' | sort -u | wc -l) == 1 ]]
	done
}

@test "impute: a failed fit leaves the artifacts as they were" {
	mkdir -p x/train v/validation
	printf 'x\n1\nNA\n""\n' >x/train/part-0.csv
	printf 'x,k\nNA,1\n,2\n' >v/validation/part-0.csv
	impute --job-type training --input x --output o --artifacts a
	cp -r a before
	echo zz >>x/train/part-0.csv
	refused impute --job-type training --input x --output o --artifacts a --column x=mean
	diff -r before a -x _lock
	impute --job-type validation --input v --output w --artifacts a
	[[ $(tail -n +2 w/validation/part-00000.csv | tr '\n' ' ') == "1,1 1,2 " ]]
}

@test "impute: validation follows the rule of the artifacts when it changes" {
	mkdir -p x/train v/validation
	printf 'x,t\n1,a\n,X\n2,b\n,\n3,b\n' >x/train/part-0.csv
	printf 'x,t\n1,\n2,X\n3,Z\n' >v/validation/part-0.csv
	impute --job-type training --input x --output o --artifacts a --na X
	impute --job-type validation --input v --output w --artifacts a
	rm -rf a o
	impute --job-type training --input x --output o --artifacts a --na Z
	impute --job-type validation --input v --output w --artifacts a
	rm -rf fresh
	impute --job-type validation --input v --output fresh --artifacts a
	cmp w/validation/part-00000.csv fresh/validation/part-00000.csv
}

@test "impute: later jobs leave the label and the excluded alone, whatever the dict says" {
	mkdir -p a v/validation
	echo '{"x": 1.5, "label": 0.0, "z": 3}' >a/impute_dict.json
	printf 'x,label,z\n,,\n' >v/validation/part-0.csv
	impute --job-type validation --input v --output w --artifacts a --label label --exclude x
	[[ $(tail -n 1 w/validation/part-00000.csv) == ",,3" ]]
}

@test "impute: a report is whole again after its counts were lost" {
	train
	cp art/imputation_report.json want.json
	rm "$(find out/_run/counts/train -name "*.tsv" | head -n 1)"
	train
	cmp want.json art/imputation_report.json
	rm -r out/_run/counts
	train
	cmp want.json art/imputation_report.json
}

@test "impute: artifacts inside the input or among the splits are refused before any reading" {
	refused impute --job-type training --input in --output out --artifacts in/_context
	refused impute --job-type training --input in --output out --artifacts in
	refused impute --job-type training --input in --output out --artifacts out/model
	refused impute --job-type training --input in --output out --artifacts art --memory 1K
	refused impute --job-type training --input in --output out --artifacts art --compress bz2
	[[ ! -e out && ! -e art ]]
	impute --job-type training --input in --output out --artifacts out/_model --label label
}
