#!/usr/bin/env bats
# shard-fit, and shard-stats --moments and --values: what train rows say of each
# column, exactly, and the artifacts made of it.

load helper
load more
load impute

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	if [[ -n ${pid-} ]]; then kill "$pid" 2>/dev/null || :; fi
}

# row ART LINE: impute.tsv has this line.
row() {
	grep -qxF "$2" "$1/impute.tsv" && return
	printf 'no line %q in:\n' "$2"
	cat -A "$1/impute.tsv"
	return 1
}

# column VALUE...: part-1.csv with column x of these values, and one missing.
column() {
	{
		echo x,y
		printf '%s,1\n' "$@"
		echo ,1
	} >part-1.csv
}

# fits VALUE [OPTION...]: column x of part-1.csv is filled with it.
fits() {
	local want=$1
	shift
	rm -rf c
	fit c part-1.csv -- "$@"
	[[ $(filled c x) == "$want" ]] && return
	cat -A c/impute.tsv
	return 1
}

# no_fit OPTION...: part-1.csv cannot be fitted so, and no artifact says it was.
no_fit() {
	rm -rf c
	scan c part-1.csv
	refused shard-fit c "$@"
	[[ ! -e c/impute.tsv && ! -e c/impute_dict.json && ! -e c/impute_dict.pkl ]]
}

@test "stats: whole numbers beyond 64 bits that tie are in their order, however merged" {
	local i=0 x
	for x in 9 1000000000000000000000 10 -1000000000000000000000 -3; do
		lines part-$i.csv c "$x"
		((++i))
	done
	shard-stats --moments --values all -o p part-*.csv
	shard-stats --merge -o all p
	[[ $(cut -f 14 all/stats.tsv | tail -n 1) == -1000000000000000000000 ]]
	shard-stats --merge -o m.st p/00000.st p/00002.st
	shard-stats --merge -o n.st p/00003.st p/00001.st
	shard-stats --merge -o parts m.st p/00004.st n.st
	cmp all/stats.tsv parts/stats.tsv
	# without the least, the least of the others
	shard-stats --merge -o some p/00001.st p/00000.st p/00002.st
	[[ $(cut -f 14 some/stats.tsv | tail -n 1) == 9 ]]
}

@test "fit: every column with a missing cell, in the order of the table, by mean or mode" {
	lines part-1.csv id,n,f,t,b,w,full 1,1,1.5,x,true,2024-01-02,a 2,,,,,,a 3,2,2.5,x,false,2024-01-01,a
	lines part-2.csv id,n,f,t,b,w,full '4,3,"",y,true,2024-01-01,a'
	fit c part-1.csv part-2.csv
	lines want $'column\tstrategy\tvalue\tmissing' $'n\tmean\t2\t1' $'f\tmean\t2.0\t2' $'t\tmode\tx\t1' \
		$'b\tmode\ttrue\t1' $'w\tmode\t2024-01-01\t1'
	cmp want c/impute.tsv
}

@test "fit: the dict as JSON and as pickle are what python loads, in the same order" {
	need_python
	lines part-1.csv x,z,q '1,"say ""hi"", Zoë",1' '2,"say ""hi"", Zoë",1' '4,"a\b",1' ',"",'
	fit c part-1.csv
	printf 'x\t2.3333333333333335\nz\t%s\nq\t1.0\n' "'say \"hi\", Zoë'" >want
	dict c/impute_dict.pkl | cmp - want
	sed 's/1\.0$/1/' want | cmp - <(dict c/impute_dict.json)
	head -c 2 c/impute_dict.pkl | cmp - <(printf '\200\002')
}

@test "fit: text of every kind comes out of JSON and pickle as it went in" {
	need_python
	printf 'n,a,b,c,d,e\n' >part-1.csv
	printf '%s,"\001\037\177\\","\n\r\n\t","<\342\200\250\360\237\230\200\357\277\277>"," / </script> ","%s"\n,,,,,\n' \
		1 "it's \"\"x\"\" é" >>part-1.csv
	fit c part-1.csv
	dict c/impute_dict.pkl | sed 1d >got
	dict c/impute_dict.json | sed 1d | cmp - got
	python3 -B - <<-'END' | cmp - got
		for pair in zip("abcde", ["\x01\x1f\x7f\\", "\n\r\n\t", "<\u2028\U0001f600\uffff>", " / </script> ", "it's \"x\" é"]):
		    print("%s\t%r" % pair)
	END
	[[ $(filled c b) == '\n\r\n\t' ]]
}

@test "fit: bytes that are no UTF-8 never make a file that is not JSON" {
	need_python
	printf 'x,y\n\351t\351,1\n,1\n' >part-1.csv
	scan c part-1.csv
	if shard-fit c 2>err; then
		dict c/impute_dict.json >/dev/null
		dict c/impute_dict.pkl >/dev/null
	else
		grep -q x err
	fi
}

@test "fit: the sum is exact: terms that cancel, denormals, integers above 2^53" {
	column 1e16 1 -1e16 1
	fits 0.5
	column 0.1 0.2 0.3
	fits 0.2
	column 5e-324 0.0 5e-324
	fits 5e-324
	column 1.7976931348623157e308 1.7976931348623157e308
	fits 1.7976931348623157e+308
	column 9007199254740993 9007199254740995
	fits 9007199254740994
	column 9223372036854775807 9223372036854775807 -9223372036854775808 -9223372036854775808 1
	fits -0.2
}

@test "fit: whole numbers have a point in a column of floats, none in one of integers" {
	column 1 3
	fits 2
	column 1.0 3
	fits 2.0
	column 1 2
	fits 1.5
	column 10000000000000000 10000000000000000
	fits 10000000000000000
	column 1e16 1e16
	fits 1e+16
	column -1 1
	fits 0
	column 1.5 2
	fits 7.0 --numeric constant:7
	column 1 2
	fits 7 --numeric constant:7.0
	fits 0.25 --numeric constant:0.25
	fits 0 --numeric constant
}

@test "fit: the median is the middle value, or the mean of the two" {
	column 30 1 2
	fits 2 --numeric median
	column 10 9 2 100
	fits 9.5 --numeric median
	column 1.7e308 1.7e308
	fits 1.7e+308 --numeric median
	column inf -inf 1.5
	fits 1.5 --numeric median
}

@test "fit: the mode is what most rows have; ties go to the smallest in byte order" {
	column b a b
	fits b
	column b a é B
	fits B
	column '"b,c"' '"q""q"' '"b,c"' '"q""q"'
	fits b,c
	column x '"x"' y y # quotes do not count
	fits x
}

@test "fit: numbers as codes are text: leading zeros and plus signs" {
	column 007 12 007
	fits 007
	column +7 12 +7
	fits +7
	grep -q $'^x\ttext\t' c/schema.tsv
}

@test "fit: tokens are missing among numbers, flags and times, and data in text" {
	column 1 NA nAn null 3
	fits 2
	row c $'x\tmean\t2\t4'
	column true NA true
	fits true
	row c $'x\tmode\ttrue\t2'
	column 2024-01-01 NaN
	fits 2024-01-01
	row c $'x\tmode\t2024-01-01\t2'
	column a NA b a
	fits a
	row c $'x\tmode\ta\t1'
}

@test "fit: --na=pandas and --na=LIST are missing everywhere" {
	column a NA NA
	rm -rf c
	scan c part-1.csv -- --na pandas
	shard-fit c
	row c $'x\tmode\ta\t3'
	column 1 -999 '?' 4
	rm -rf c
	scan c part-1.csv -- --na '-999,?'
	shard-fit c
	row c $'x\tmean\t2.5\t3'
}

@test "stats: what --na names is missing everywhere, be it a word or a number" {
	awk 'BEGIN { OFS = ","; print "a", "b"; for (i = 0; i < 29997; i++) print i % 3 == 1 ? "lost" : "kept", i % 4 == 2 ? -9 : i }' >part-1.csv
	shard-stats --schema --moments --values all --na lost,-9 -o p part-1.csv
	shard-stats --merge -o c p
	awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $1, $at["missing"], $at["min"], $at["distinct"], $at["mode"] }' c/stats.tsv >got
	lines want 'a 9999 - 1 kept' 'b 7499 0 22498 0'
	cmp want got
	lines texts.tsv $'column\tvalues' $'a\ttexts'
	for how in "" "--values texts.tsv"; do
		rm -rf p c
		# shellcheck disable=SC2086
		shard-stats --schema --moments --na lost,-9 $how -o p part-1.csv
		shard-stats --merge -o c p
		[[ $(cut -f 1,4,7 c/stats.tsv | tail -n 2) == $'a\t9999\t-\nb\t7499\t0' ]]
	done
	[[ $(cut -f 13,14 c/stats.tsv | sed -n 2p) == $'1\tkept' ]]
}

@test "fit: texts of a column that turns out to be of numbers do not do for their mode" {
	lines part-1.csv x,y 1.5,1 2.5,1 1.5,1 ,1
	lines texts.tsv $'column\tvalues' $'x\ttexts'
	shard-stats --moments --values texts.tsv -o p part-1.csv
	shard-stats --merge -o c p
	shard-fit c --column x=mode --need | cmp - <(printf 'column\tvalues\nx\tnumbers\n')
}

@test "fit: a column that is missing only in the last shard is fitted" {
	for i in 1 2 3; do lines "part-$i.csv" x,y 4,1 5,1; done
	lines part-9.csv x,y ,1
	fit c part-*.csv
	row c $'x\tmean\t4.5\t1'
}

@test "fit: a column that is numeric in all shards but one is text, and schema.tsv names the row" {
	for i in 1 2 3 4 5; do lines "part-$i.csv" x,y 4,1 ,1 5,1; done
	sed -i '4s/5/five/' part-3.csv
	fit c part-*.csv
	awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == "x" { print $at["type"], $at["missing"], $at["evidence"] }' c/schema.tsv >got
	[[ $(<got) == "text 5 3:3" ]]
	row c $'x\tmode\t4\t5'
	refused shard-fit c --column x=mean
	says x
	says text
}

@test "fit: without a value at all a column gets 0.0, or Unknown by mode, and a warning names it" {
	column '' '""'
	scan c part-1.csv
	run -0 --separate-stderr shard-fit c
	says x
	row c $'x\tmean\t0.0\t3'
	run -0 --separate-stderr shard-fit c --numeric median
	[[ $(filled c x) == 0.0 ]]
	run -0 --separate-stderr shard-fit c --column x=mode
	says x
	row c $'x\tmode\tUnknown\t3'
}

@test "fit: a column of nothing but tokens has no value: it is missing as a whole" {
	column NA nan ''
	scan c part-1.csv
	run -0 --separate-stderr shard-fit c
	says x
	row c $'x\tmean\t0.0\t4'
}

@test "fit: infinite values have no mean: an error that names the column" {
	column inf 1
	no_fit
	says x
	says inf
	fits 1.0 --numeric constant:1
}

@test "fit: the label and the excluded are never fitted, --all-columns takes the rest" {
	lines part-1.csv a,b,c,d 1,,,x ,1,,x
	scan c part-1.csv
	shard-fit c --label a --exclude b 2>/dev/null
	[[ $(cut -f 1 c/impute.tsv | tr '\n' ' ') == "column c " ]]
	shard-fit c --label a --all-columns --exclude c,b
	[[ $(cut -f 1 c/impute.tsv | tr '\n' ' ') == "column d " ]]
	row c $'d\tmode\tx\t0'
}

@test "fit: a strategy for one column, by its name, or its name in any case" {
	lines part-1.csv Amount,note,amount_2 1,a,1 2,b,5 9,b,9 ,,
	scan c part-1.csv
	shard-fit c --column Amount=median --column note=constant:b,c --column amount_2=constant:-1
	lines want $'column\tstrategy\tvalue\tmissing' $'Amount\tmedian\t2\t1' $'note\tconstant\tb,c\t1' \
		$'amount_2\tconstant\t-1\t1'
	cmp want c/impute.tsv
	shard-fit c --column-nocase aMOUNT=median
	row c $'Amount\tmedian\t2\t1'
	row c $'amount_2\tmean\t5\t1'
	refused shard-fit c --column amount=median
	says amount
	refused shard-fit c --column-nocase amounts=median
	says amounts
}

@test "fit: --text empty fills with nothing, --text constant with Unknown" {
	column a b b
	fits '' --text empty
	row c $'x\tempty\t\t1'
	fits Unknown --text constant
	fits 'a:b=c' --text 'constant:a:b=c'
	column true false true # flags and times go by mode
	fits true --text empty
}

@test "fit: text is categorical when distinct values are less than a tenth of the cells" {
	# shellcheck disable=SC2046
	column $(for i in {1..21}; do echo "k$((i % 2))"; done)
	fits C --categorical constant:C
	fits k1 --categorical constant:C --unique-ratio 0.05
	# shellcheck disable=SC2046
	column $(for i in {1..20}; do echo "k$((i % 2))"; done)
	fits k0 --categorical constant:C # 2 of 20 is not less
	fits C --categorical constant:C --unique-ratio 0.2
	fits T --text constant:T # and --categorical is what --text is
}

@test "fit: a fill value that reads as missing is refused with the remedy" {
	column NA NA b
	no_fit
	says x
	says --allow-na-fill
	fits NA --allow-na-fill
	column a b b
	for value in NA nan NaN null None N/A '<NA>' ''; do
		no_fit --text "constant:$value"
		says --allow-na-fill
		no_fit --column "x=constant:$value"
		says x
	done
	fits None --text constant:None --allow-na-fill
}

@test "fit: an unknown strategy is refused, whatever option gives it" {
	column 1 2
	for option in "--numeric average" "--numeric mode:1" "--text mean" "--text x" "--categorical median" \
		"--column x=average" "--column x=" "--column x" "--column-nocase x=best" "--numeric constant:abc" \
		"--numeric constant:nan" "--column x=constant:1,5" "--unique-ratio x" "--unique-ratio -1"; do
		# shellcheck disable=SC2086
		no_fit $option
	done
}

@test "fit: a number's strategy for a text column is refused" {
	column a b
	for strategy in mean median; do
		no_fit --column x=$strategy
		says x
		says text
	done
	column true false
	no_fit --column x=mean
	says x
}

@test "fit: a column that is not there is refused and the header is listed" {
	column 1 2
	for option in "--label nowhere" "--exclude y,nowhere" "--column nowhere=mean"; do
		# shellcheck disable=SC2086
		no_fit $option
		says nowhere
	done
}

@test "fit: a refused fit leaves the old artifacts as they were" {
	column 1 2
	fit c part-1.csv
	tree c >before
	refused shard-fit c --numeric average
	refused shard-fit c --label nowhere
	refused shard-fit c --column x=constant:NA
	tree c | cmp - before
}

@test "fit: no shard, no row, no context, a context without moments are refused" {
	lines part-1.csv x,y
	scan c part-1.csv
	refused shard-fit c
	refused shard-fit none
	says none
	mkdir empty
	refused shard-fit empty
	refused shard-fit
	column 1 2
	shard-stats -o d/parts part-1.csv
	shard-stats --merge -o d d/parts
	refused shard-fit d
	says moments
}

@test "fit: one row, one column, a header-only shard among others" {
	lines part-1.csv x ''
	lines part-2.csv x
	lines part-3.csv x 5
	fit c part-*.csv
	row c $'x\tmean\t5\t1'
	rm -rf c
	lines part-1.csv x,y 1,
	rm part-[23].csv
	fit c part-1.csv
	[[ $(cut -f 1,4 c/impute.tsv | tail -n +2) == $'y\t1' ]]
}

@test "fit: nothing is missing, so the artifacts name no column" {
	need_python
	lines part-1.csv x,y 1,a
	fit c part-1.csv
	[[ $(<c/impute.tsv) == $'column\tstrategy\tvalue\tmissing' ]]
	[[ -z $(dict c/impute_dict.json)$(dict c/impute_dict.pkl) ]]
}

@test "need: tells what scan B has to collect, nothing where the moments are enough" {
	lines part-1.csv n,m,t,full 1,1,a,x ,,,x
	shard-stats --moments -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	shard-fit c --need --text constant >need
	[[ ! -s need ]]
	shard-fit c --need --column m=median >need
	grep -v '^column' need | sort >got
	lines want $'m\tnumbers' $'t\ttexts'
	cmp want got
	shard-fit c --text constant # no scan B needed
	row c $'n\tmean\t1\t1'
	refused shard-fit c --column m=median
	says --values
}

@test "need: -o names its file; where it is empty, the update and the merge behind it do nothing" {
	for i in 1 2; do table $((i * 30)) >part-$i.csv; done
	shard-stats --moments -o c/parts part-*.csv
	shard-stats --merge -o c c/parts
	run -0 --separate-stderr shard-fit c --need --text constant --categorical constant --column flag=constant:1 --column when=constant:1 -o none
	[[ -z $output && -e none && ! -s none ]]
	run -0 --separate-stderr shard-fit c --need --numeric median -o need
	[[ -z $output ]]
	shard-fit c --need --numeric median | cmp - need
	tree c >before
	shard-stats --update c/parts --values none -o full part-*.csv
	shard-stats --merge --needed none -o c full
	[[ ! -e full ]]
	tree c | cmp before -
	shard-stats --update c/parts --values need -o full part-*.csv
	shard-stats --merge --needed need -o c full
	shard-fit c --numeric median
	# a scan from the start has to know what to collect
	refused shard-stats --moments --values none -o p part-1.csv
	refused shard-run cat part-1.csv : stats --update c/parts --values none -o p
	refused shard-stats --update c/parts --values nowhere -o p part-1.csv
}

@test "fit: --publish puts context and artifacts in place of those there, or touches nothing" {
	for i in 1 2; do table $((i * 30)) >part-$i.csv; done
	fit c part-1.csv
	mkdir art
	shard-fit c --publish art
	for name in schema.tsv stats.tsv tokens.tsv meta.tsv $ARTIFACTS; do cmp c/$name art/$name; done
	find art -printf '%p %i %T@\n' | sort >before
	shard-fit c --publish art
	find art -printf '%p %i %T@\n' | sort | cmp before -
	# one lost file makes all of them new
	rm art/impute_dict.pkl
	shard-fit c --publish art
	same_artifacts c art
	[[ $(ls -A art | wc -l) == 7 ]]
	fit d part-2.csv
	shard-fit d --publish art
	for name in schema.tsv stats.tsv tokens.tsv meta.tsv $ARTIFACTS; do cmp d/$name art/$name; done
	# what cannot be fitted leaves what was there
	tree art >before
	refused shard-fit c --publish art --column price=constant:NA
	refused shard-fit c --publish art --need
	refused shard-fit c --publish art -o x
	tree art | cmp before -
}

@test "values: scan B adds to the partials what one scan of everything has" {
	for i in 1 2 3; do table $((i * 30)) >part-$i.csv; done
	fit want part-*.csv -- --numeric median
	shard-stats --moments -o c/parts part-*.csv
	shard-stats --merge -o c c/parts
	shard-fit c --need --numeric median >need
	shard-stats --update c/parts --values need -o c/full part-*.csv
	shard-stats --merge -o c c/full
	shard-fit c --numeric median -o art
	same_artifacts want art
	[[ ! -e c/impute.tsv ]] # -o says where
}

@test "values: a list of unknown columns or kinds is refused" {
	column 1 2
	for text in $'nowhere\tnumbers' $'x\tthings' x $'x\tnumbers\t1'; do
		lines need $'column\tvalues' "$text"
		rm -rf p
		refused shard-stats --moments --values need -o p part-1.csv
		barren p
	done
	refused shard-stats --moments --values none -o p part-1.csv
	says none
}

@test "moments: a full disk is an error, at the list and the view" {
	[ -w /dev/full ] || skip "needs /dev/full"
	table 3000 >part-1.csv
	shard-stats --moments -o d/parts part-1.csv
	shard-stats --merge -o d d/parts
	run -1 --separate-stderr bash -c 'shard-fit d --need >/dev/full'
	says "No space left on device"
	run -1 --separate-stderr bash -c 'shard-show d >/dev/full'
	says "No space left on device"
}

@test "moments: SIGTERM and SIGINT leave no temp file" {
	mkfifo part-1.csv
	for signal in TERM INT; do
		exec 8<>part-1.csv # never ends
		table 500 >&8
		env --default-signal=INT "$(command -v shard-stats)" --moments --values all -o parts part-1.csv 8>&- 3>&- &
		pid=$!
		# shellcheck disable=SC2016
		soon eval '[[ -n $(ls -A parts 2>/dev/null) ]]' || sleep 0.3
		kill -$signal $pid
		died $pid
		pid=
		exec 8>&-
		barren parts
	done
}

@test "moments: a bad shard leaves no partial and does not keep the others from theirs" {
	table 9 >part-1.csv
	{ table 5; echo 1,2; } >part-2.csv
	table 9 >part-3.csv
	run -1 --separate-stderr shard-stats --moments --values all -o parts part-{1,2,3}.csv
	says "part-2.csv:7: ragged row: 2 fields, the header has 7"
	[[ $(ls -A parts) == $'00001.st\n00003.st' ]]
}

@test "moments: partials with and without them, or with other values, are not merged to a wrong fit" {
	lines part-1.csv x,y 1,a ,
	lines part-2.csv x,y 2,b ,
	shard-stats --moments --values all -o c/parts part-1.csv
	shard-stats -o c/parts part-2.csv
	if shard-stats --merge -o c c/parts 2>err; then
		refused shard-fit c
	fi
	shard-stats --moments -o d/parts part-2.csv
	cp c/parts/00001.st d/parts
	if shard-stats --merge -o d d/parts 2>err; then
		refused shard-fit d --numeric median
	fi
	shard-stats --moments --values all --na pandas -o e/parts part-2.csv
	cp c/parts/00001.st e/parts
	run -1 --separate-stderr shard-stats --merge -o e e/parts
	says "partials of different options"
}

@test "moments: a partial cut or flipped at any place is refused" {
	lines part-1.csv n,f,t 1,1.5,abc ,, 3,2.5,abc
	shard-stats --moments --values all -o parts part-1.csv
	mkdir bad
	size=$(stat -c %s parts/00001.st)
	places "$size" 200
	for n in "${places[@]}"; do
		head -c "$n" parts/00001.st >bad/00001.st
		if shard-stats --merge -o c bad 2>err; then echo "cut at $n"; return 1; fi
		cp parts/00001.st bad
		flip bad/00001.st "$n"
		if shard-stats --merge -o c bad 2>err; then echo "flipped at $n"; return 1; fi
		[[ $(<err) == "shard-stats: bad/00001.st: "* ]]
	done
	[[ ! -e c/meta.tsv ]]
}

@test "moments: the files of a context cut or flipped are refused by the fit, or do no harm" {
	lines part-1.csv n,f,t 1,1.5,abc ,, 3,2.5,abc
	fit want part-1.csv
	scan c part-1.csv
	cp -r c whole
	for file in $(cd whole && find . -type f ! -path './parts/*'); do
		size=$(stat -c %s "whole/$file")
		places "$size" 30
		for n in "${places[@]}"; do
			for how in cut flip; do
				rm -rf c && cp -r whole c
				if [[ $how == cut ]]; then head -c "$n" "whole/$file" >"c/$file"; else flip "c/$file" "$n"; fi
				run --separate-stderr shard-fit c -o art
				if ((status == 0)); then
					# stats.tsv and schema.tsv may be there for people alone
					same_artifacts want art || { echo "$how $file at $n: another fit"; return 1; }
				elif ((status > 2)) || [[ -z $stderr ]]; then
					echo "$how $file at $n: status $status"
					return 1
				fi
			done
		done
	done
}

@test "moments: 100 shards under ulimit -n 64" {
	for i in {1..100}; do lines "part-$i.csv" x,y "$i,a" ,b; done
	(ulimit -n 64 && fit c part-*.csv -- --numeric median)
	row c $'x\tmedian\t50.5\t100'
}

@test "moments: a fresh partial is kept, one of other options or another file is made again" {
	table 50 >part-1.csv
	shard-stats --moments -o parts part-1.csv
	inode=$(stat -c %i parts/00001.st)
	shard-stats --moments -o parts part-1.csv
	[[ $(stat -c %i parts/00001.st) == "$inode" ]]
	shard-stats --moments --values all -o parts part-1.csv
	cp parts/00001.st first
	shard-stats --force --moments --values all -o again part-1.csv
	cmp first again/00001.st
	shard-stats --moments --na pandas --values all -o parts part-1.csv
	run ! cmp -s first parts/00001.st
	table 51 >part-1.csv
	shard-stats --moments --values all -o parts part-1.csv
	run ! cmp -s first parts/00001.st
}

@test "values: a value of 1 MiB is a mode like any other" {
	{
		echo x,y
		for i in 1 2 3; do
			head -c 1000000 /dev/zero | tr '\0' "$((i / 2))"
			echo ",a"
		done
		echo word,a
		echo ,a
	} | sed '2,4s/^/v/' >part-1.csv
	fit c part-1.csv
	[[ $(filled c x | wc -c) == 1000002 && $(filled c x) == v11* ]]
	shard-impute -c c part-1.csv | tail -n 1 | cmp - <(sed -n 3p part-1.csv)
}

@test "values: spilled runs give the same artifacts as memory for all" {
	awk 'BEGIN { print "n,f,t"; for (i = 0; i < 300000; i++)
		printf "%s,%s,%s\n", i % 9 ? i * 7919 % 200003 : "", i % 7 ? i * 104729 % 250007 / 8 : "",
			i % 5 ? "some text " i * 31337 % 150001 : "" }' >part-1.csv
	shard-stats --moments --values all --memory 1G -o big/parts part-1.csv
	shard-stats --merge --memory 1G -o big big/parts
	shard-fit big --numeric median
	shard-stats --moments --values all --memory 4M -o small/parts part-1.csv
	shard-stats --merge --memory 4M -o small small/parts
	shard-fit small --numeric median
	same_artifacts big small
	[[ $(filled big n) == "$(cut -d , -f 1 part-1.csv | sed 1d | grep . | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.17g", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }')" ]]
	[[ $(filled big t) == "$(cut -d , -f 3 part-1.csv | sed 1d | grep . | sort | uniq -c |
		sort -k 1,1nr -k 2 | head -n 1 | sed 's/^ *[0-9]* //')" ]]
}

@test "values: millions of distinct ones, exact mode and median under a --memory they exceed" {
	[[ -z ${SANITIZED-} ]] || skip "not under the sanitizers"
	local n=1000000 m=8
	[[ -z ${EXHAUST-} ]] || n=10000000 m=64
	# i * 7654321 mod n takes every value once; two texts occur twice
	awk -v n=$n 'BEGIN {
		print "n,t"
		for (i = 0; i < n; i++) {
			v = i * 7654321 % n
			print v ",k" v
		}
		print ",k77777"
		print ",k777777"
		print ","
	}' >part-1.csv
	peak $(((m + 32) * 1024)) shard-stats --moments --values all --memory ${m}M -o c/parts part-1.csv
	peak $(((m + 32) * 1024)) shard-stats --merge --memory ${m}M -o c c/parts
	shard-fit c --numeric median
	lines want $'column\tstrategy\tvalue\tmissing' $'n\tmedian\t'$((n / 2 - 1)).5$'\t3' $'t\tmode\tk77777\t1'
	cmp want c/impute.tsv
	shard-stats --moments --values all --memory 4G -o d/parts part-1.csv
	shard-stats --merge --memory 4G -o d d/parts
	shard-fit d --numeric median
	same_artifacts c d
}

@test "fit: the mode of integers above 2^53 is exact, from one scan and from two" {
	lines part-1.csv n,t 9007199254740992,a 9007199254740993,b 9007199254740993,c ,d
	scan one part-1.csv
	shard-stats --moments -o two/parts part-1.csv
	shard-stats --merge -o two two/parts
	shard-fit two --column n=mode --need >need
	shard-stats --update two/parts --values need -o two/full part-1.csv
	shard-stats --merge -o two two/full
	for ctx in one two; do
		[[ $(cut -f 13-15 $ctx/stats.tsv | sed -n 2p) == $'2\t9007199254740993\t2' ]]
		refused shard-fit $ctx --column n=mode # no float is this number
		says '"n"'
	done
	shard-stats --update two/parts --values <(printf 'column\tvalues\nn\tnumbers\n') \
		-o two/numbers part-1.csv
	shard-stats --merge -o two two/numbers
	[[ $(cut -f 13-15 two/stats.tsv | sed -n 2p) == $'-\t-\t-' ]]
	[[ $(cut -f 17 two/stats.tsv | sed -n 2p) == 9007199254740992.0 ]]
}

@test "fit: constants of their own for numbers, texts and categorical texts" {
	for i in {1..40}; do echo "$i,t$i,k"; done | { echo n,t,k; cat; echo ,,; } >part-1.csv
	scan c part-1.csv
	shard-fit c --numeric constant:3 --text constant:Foo --categorical constant:Bar
	[[ $(filled c n) == 3 && $(filled c t) == Foo && $(filled c k) == Bar ]]
	# of the columns that are named, too
	shard-fit c --numeric mean,constant:3 --text mode,constant:Foo --categorical empty,constant:a,b:c \
		--column n=constant --column t=constant --column k=constant
	[[ $(filled c n) == 3 && $(filled c t) == Foo && $(filled c k) == a,b:c ]]
	shard-fit c --numeric mean,constant:3 --text constant,constant:Foo --column k=constant:x
	[[ $(filled c n) == 20.5 && $(filled c t) == Foo && $(filled c k) == x ]]
	shard-fit c --numeric constant:3 --text constant,constant:Foo --column n=constant
	[[ $(filled c n) == 0 && $(filled c k) == Foo ]]
	for option in "--numeric mean,constant:x" "--numeric mean,constant" "--numeric mode,constant:3" \
		"--text mode,empty" "--column n=mean,constant:3"; do
		# shellcheck disable=SC2086
		refused shard-fit c $option
		says "${option#* }"
	done
	# which texts are of few values is asked for where it matters
	shard-stats --moments -o m/parts part-1.csv
	shard-stats --merge -o m m/parts
	shard-fit m --need --text constant,constant:a >need
	[[ ! -s need ]]
	shard-fit m --need --text constant,constant:a --categorical constant:a >need
	[[ ! -s need ]]
	shard-fit m --need --text constant,constant:a --categorical constant >need
	[[ ! -s need ]]
	shard-fit m --need --text constant --categorical constant,constant:b >need
	[[ $(cut -f 1 need | xargs) == "column t k" ]]
	shard-fit m --need --text empty --categorical empty,constant:b --column t=constant >need
	[[ $(cut -f 1 need | xargs) == "column t" ]]
	run -2 --separate-stderr shard-stats --fit c --numeric mean
	says "--fit is now: shard-fit CTX"
	run -2 --separate-stderr shard-stats --report=c
	says "--report is now: shard-fit --report CTX"
	run -2 --separate-stderr shard-fit
	says "name one context"
	run -2 --separate-stderr shard-fit c c
	says "name one context"
	run -2 --separate-stderr shard-fit --report --numeric mean c
	says "strategies and --need are not for --report"
	run -2 --separate-stderr shard-fit --counts train=x c
	says "--counts is for --report"
}

@test "fit: 0 and -0 are one value of an int column, in any partition" {
	printf 'n\n0\n0\n-0\n-0\n5\n5\n5\n' >part-1.csv
	{ echo n; printf '0\n-0\n5\n'; } >part-2.csv
	{ echo n; printf '0\n-0\n5\n5\n'; } >part-3.csv
	scan one part-1.csv
	scan two part-2.csv part-3.csv
	cmp one/stats.tsv two/stats.tsv
	[[ $(sed -n 2p one/stats.tsv | cut -f 13-15) == $'2\t0\t4' ]]
}

@test "fit: with --header=union a second scan passes over shards that lack the column" {
	printf 'id,x\n1,2\n2,\n' >part-0.csv
	printf 'id,z\n1,a\n2,\n' >part-1.csv
	shard-stats --moments --header union -o c/parts part-0.csv part-1.csv
	shard-stats --merge -o c c/parts
	shard-fit c --numeric median --need >need
	shard-stats --update c/parts --values need --header union -o c/full part-0.csv part-1.csv
	shard-stats --merge -o c c/full
	shard-fit c --numeric median
	[[ $(filled c x) == 2 && $(filled c z) == a ]]
}
