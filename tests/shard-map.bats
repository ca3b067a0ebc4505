#!/usr/bin/env bats
# shard-map: per-row column work; rows change only as asked.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# maps TABLE WANT OPTION...: both are lines in $'...'; as a file, as a stream,
# with end markers and in one process.
maps() {
	printf '%s\n' "$1" >t.csv
	printf '%s\n' "$2" >want
	shift 2
	shard-map "$@" t.csv >got
	cmp want got
	shard-map "$@" <t.csv | cmp - want
	shard-cat --end emit t.csv | shard-map --end both "$@" | shard-cat --end expect | cmp - want
	shard-run cat t.csv : map "$@" | cmp - want
	echo t.csv | shard-map "$@" --files-from - | cmp - want
	printf 't.csv\0' | shard-map "$@" -0 --files-from - | cmp - want
}

@test "map: without options a table passes as it is" {
	rows 20 >t.csv
	shard-map t.csv | cmp - t.csv
	shard-cat t.csv | shard-map | shard-map | cmp - t.csv
}

@test "map: --select takes columns in order, fields keep their bytes" {
	maps $'a,b,c\n1,"x, ""y""",\n"",2,3' $'c,b\n,"x, ""y"""\n3,2' --select c,b
}

@test "map: --drop leaves columns out, --rename renames" {
	maps $'a,b,c\n1,2,3' $'z,c\n2,3' --drop a --rename b=z
	maps $'a,b,c\n1,2,3' $'b\n2' --drop a,c
}

@test "map: --constant appends a column, quoted where it must be" {
	maps $'a\n1\n' $'a,k,l\n1,"x, ""y""",\n,"x, ""y""",' --constant 'k=x, "y"' --constant l=
}

@test "map: --concat joins cells, missing ones by name" {
	maps $'a,b\n1,"x,y"\n,""' $'a,b,c\n1,"x,y","1|x,y"\n,"",[MISSING]|[MISSING]' --concat c=a,b
	maps $'a,b\n1,' $'a,b,c\n1,,1-?' --concat c=a,b --separator - --missing '?'
	maps $'a,b\n1,2' $'a,b\n1,2' --concat c=a,z --if-all
	lines t.csv a,b 1,2
	run -1 --separate-stderr shard-map --concat c=a,z t.csv
	says 't.csv: no column "z"; the header has: a, b'
}

@test "map: --text adds the text column where its four columns exist" {
	maps $'customerName,emailAddress,billingAddressName,paymentAccountHolderName\nn,e,,"p""q"' \
		$'customerName,emailAddress,billingAddressName,paymentAccountHolderName,text\nn,e,,"p""q","e|[MISSING]|n|p""q"' --text
	maps $'customerName,emailAddress\nn,e' $'customerName,emailAddress\nn,e' --text
}

@test "map: --where compares numbers as numbers, times as times, text as bytes" {
	maps $'a\n9\n10\n1e1\nx\n' $'a\n10\n1e1' -w 'a >= 10'
	maps $'a\n2024-01-01\n2024-01-01T00:00:00\n2024-01-02\n' $'a\n2024-01-02' -w 'a > 2024-01-01'
	maps $'a\nb\na\n"b"' $'a\nb\n"b"' -w 'a == b'
	maps $'a,b\n1,\n2,""\n3,x' $'a,b\n3,x' -w 'b != '
	maps $'a,b\n1,\n2,""\n3,x' $'a,b\n1,\n2,""' -w 'b == '
	maps $'a\n1\n2\n3' $'a\n2' -w 'a > 1' -w 'a < 3'
	lines t.csv a 1
	run -2 --separate-stderr shard-map -w 'a' t.csv
	says "expected 'COL OP VALUE'"
	run -1 --separate-stderr shard-map -w 'z == 1' t.csv
	says 'no column "z"'
}

@test "map: --where takes NA tokens for missing where the rule says so: pandas, a list" {
	t=$'a,b\n5,x\nnan,y\nNULL,z\n?,v\n,w'
	# without a rule they are text
	maps "$t" $'a,b\nnan,y\nNULL,z\n?,v' -w 'a != ' -w 'a != 5'
	maps "$t" $'a,b\n5,x\n?,v' -w 'a != ' --na pandas
	maps "$t" $'a,b\nnan,y\nNULL,z\n,w' -w 'a == ' --na pandas
	maps "$t" $'a,b\nnan,y\nNULL,z\n,w' -w 'a == NaN' --na pandas
	maps "$t" $'a,b\n5,x\n?,v' -w 'a >= !' --na pandas
	maps "$t" 'a,b' -w 'a < nan' --na pandas
	maps "$t" 'a,b' -w 'a >= nan' --na pandas
	maps "$t" $'a,b\n?,v\n,w' -w 'a == ' --na '?'
	maps "$t" $'a,b\nnan,y\nNULL,z\n?,v\n,w' -w 'a != 5' --na pandas
	maps $'a\n5\n"nan"' $'a\n5' -w 'a != ' --na pandas
}

@test "map: --where takes NA tokens for missing in the columns in which the context does" {
	lines part-1.csv n,t 1,x nan,nan ,y 7,NA
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	# n holds numbers, t is text: there only the empty field is missing
	maps "$(<part-1.csv)" $'n,t\nnan,nan\n,y' -w 'n == ' -c c
	maps "$(<part-1.csv)" $'n,t\n1,x\n7,NA' -w 'n != ' -c c
	maps "$(<part-1.csv)" "$(<part-1.csv)" -w 't != ' -c c
	maps "$(<part-1.csv)" $'n,t\nnan,nan' -w 't == nan' -c c
	# as --concat has it
	maps "$(<part-1.csv)" $'n,t,j\nnan,nan,[MISSING]-nan\n,y,[MISSING]-y' -w 'n == ' -c c --concat j=n,t --separator -
	# another rule given goes first
	maps "$(<part-1.csv)" $'n,t\n1,x\n,y' -w 't != ' -c c --na pandas
}

@test "map: rows that --where leaves out are counted as filtered" {
	rows 10 | shard-map -w 'id < 4' --end emit | tail -n 1 | cat -v >got
	[[ $(plain <got) == "^Dshardkit 1 4 drop:filtered:6 in:-:10" ]]
}

@test "map: --label keeps integers, drops rows without, makes 1.0 a 1" {
	maps $'l,x\n1,a\n0,b\n,c\n"",d\n1.0,e\n"2",f\n-1,g\nnan,h\n1e2,i' \
		$'l,x\n1,a\n0,b\n1,e\n2,f\n-1,g\n100,i' --label l
	shard-map --label l --end emit t.csv | tail -n 1 | cat -v >got
	[[ $(plain <got) == "^Dshardkit 1 6 drop:missing-label:3 in:-:9" ]]
}

@test "map: a label that is no whole number is refused with its line" {
	printf 'l,x\n1,"a\nb"\n0.5,b\n' >t.csv
	run -1 --separate-stderr shard-map --label l t.csv
	says 't.csv:4: label "0.5" is not a whole number'
	lines t.csv l 1 inf
	run -1 --separate-stderr shard-map --label l t.csv
	says 't.csv:3: label "inf" is not a whole number'
}

@test "map: a text label without a context is refused with the remedy" {
	lines t.csv l 1 fraud
	run -1 --separate-stderr shard-map --label l t.csv
	says 't.csv:3: label "fraud" is no number'
	says "--context"
}

@test "map: text labels of one shard give all shards codes; an unknown one is refused" {
	lines part-1.csv l 1 0
	lines part-2.csv l fraud 1
	shard-stats --label l -o c/parts part-1.csv part-2.csv
	shard-stats --merge -o c c/parts
	maps $'l\n1\n0\n"fraud"\n' $'l\n1\n0\n2' --label l -c c
	lines t.csv l 1 nan
	run -1 --separate-stderr shard-map --label l -c c t.csv
	says 't.csv:3: label "nan" is not in c/labels.tsv'
	maps $'l\nnan\n1\nx' $'l\n1' --label l -c c --unseen-label drop
}

@test "map: a context that is missing or damaged is refused" {
	lines t.csv l 1
	run -1 --separate-stderr shard-map --label l -c none t.csv
	says "none: no context here"
	lines part-1.csv l a b
	shard-stats --label l -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	for bad in $'label\tcode\na\t0\n' $'label\tcode\na\t0\nb\t0\n' $'label\tcode\na\t0\nb\t2\n' $'code\tlabel\n0\ta\n1\tb\n' \
		$'label\tcode\nb\t0\na\t1\n' $'label\tcode\na\t0\na\t1\n' $'label\tcode\na\tx\nb\t1\n' ''; do
		printf %s "$bad" >c/labels.tsv
		if shard-map --label l -c c part-1.csv >got 2>err; then
			printf 'accepted: %q\n' "$bad"
			return 1
		fi
	done
	rm c/labels.tsv
	run -1 --separate-stderr shard-map --label l -c c part-1.csv
}

@test "map: columns of one name, no column left, unknown columns are refused" {
	lines t.csv a,b 1,2
	run -1 --separate-stderr shard-map --constant b=3 t.csv
	says 'two columns are named "b"'
	run -1 --separate-stderr shard-map --rename a=b t.csv
	says 'two columns are named "b"'
	run -1 --separate-stderr shard-map --select a,a t.csv
	says 'two columns are named "a"'
	run -2 --separate-stderr shard-map --drop a,b t.csv
	says "no column is left"
	for option in "--select z" "--drop z" "--rename z=y" "--label z"; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr shard-map $option t.csv
		says 't.csv: no column "z"; the header has: a, b'
		[[ -z $output ]]
	done
}

@test "map: bad input is refused with file and line" {
	lines t.csv a,b 1,2 3
	run -1 --separate-stderr shard-map t.csv
	says "t.csv:3: ragged row"
	run -1 --separate-stderr shard-map <t.csv
	says "standard input:3: ragged row"
	run -1 --separate-stderr shard-map none.csv
	says "none.csv: No such file"
}

@test "map: a stream that lost its end marker is an error, and gets no new one" {
	rows 5 >t.csv
	run -1 --separate-stderr shard-map --end both <t.csv
	says "ended without its end marker"
	[[ $output != *$'\004'* ]]
	shard-cat --end emit t.csv | head -c 100 >cut
	run -1 --separate-stderr env SHARD_STRICT=1 shard-map <cut
	[[ $output != *$'\004'* ]]
}

@test "map: a row that shard-cat --max-record let through passes the pipe" {
	{ echo a,b; head -c 22000000 /dev/zero | tr '\0' x; echo ,1; } >t.csv
	shard-cat --max-record 30M t.csv | shard-map --max-record 30M | cmp - t.csv
	SHARD_MAX_RECORD=30M bash -c "shard-cat t.csv | shard-map | cmp - t.csv"
}

@test "map: a full disk is an error, never a short file" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -1 --separate-stderr bash -c 'rows 10 | shard-map >/dev/full'
	says "No space left on device"
	run -1 --separate-stderr bash -c 'rows 20000 | shard-map --select id >/dev/full'
	says "No space left on device"
}
