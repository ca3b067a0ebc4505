#!/usr/bin/env bats
# shard-impute: missing cells get their column's value, all others keep their
# bytes; what is no flat dict of numbers and strings is refused.

load helper
load more
load impute

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# small: part-1.csv and its fit in c: n 1.5, t `b, c`, q left full.
small() {
	lines part-1.csv n,t,q '1,"b, c",1' ',,2' '2,"b, c","3"' '"","",4' 'NA,NA,5'
	sed 's/^NA,NA/NA,other/' part-1.csv >part-0.csv
	fit c part-0.csv
	rm part-0.csv
	lines want n,t,q '1,"b, c",1' '1.5,"b, c",2' '2,"b, c","3"' '1.5,"b, c",4' '1.5,NA,5'
}

# makes FILE: a pickle of what the python expression on standard input is.
makes() {
	python3 -B -c 'import pickle, sys
with open(sys.argv[1], "wb") as file:
    file.write(eval(sys.stdin.read()))' "$1"
}

# hostile FILE: refused, named, no row but perhaps the header comes out, and
# nothing was run.
hostile() {
	refused shard-impute --dict "$1" part-1.csv
	says "$1"
	[[ ! -e pwned ]] || { echo "$1 ran code"; return 1; }
	[[ $(wc -l <<<"$output") -le 1 ]]
}

@test "impute: missing cells get their column's value, all others keep their bytes" {
	small
	shard-impute -c c part-1.csv | cmp - want
}

@test "impute: the context, the JSON, the pickle and impute.tsv fill alike" {
	small
	shard-impute -c c part-1.csv | cmp - want
	for file in impute.tsv impute_dict.json impute_dict.pkl; do
		shard-impute --dict c/$file part-1.csv | cmp - want
		mkdir "only-$file" && cp c/$file "only-$file"
		shard-impute -c "only-$file" part-1.csv | cmp - want
	done
}

@test "impute: file, stream, list, pipe with end markers and one process give the same bytes" {
	table 500 >part-1.csv
	fit c part-1.csv -- --numeric median
	shard-impute -c c part-1.csv >want
	run ! cmp -s part-1.csv want
	shard-impute -c c <part-1.csv | cmp - want
	echo part-1.csv | shard-impute -c c --files-from - | cmp - want
	printf 'part-1.csv\0' | shard-impute -c c -0 --files-from - | cmp - want
	SHARD_STRICT=1 shard-cat part-1.csv | SHARD_STRICT=1 shard-impute -c c | shard-cat --end expect | cmp - want
	shard-run cat part-1.csv : impute -c c | cmp - want
	shard-run cat part-1.csv : impute -c c : write -o out
	cmp want out/part-00001.csv
	shard-impute -c c want | cmp - want # nothing is left to fill
}

@test "impute: --set gives the value itself, more than one, over an artifact too" {
	lines part-1.csv a,b,c 1,, ,x,y
	shard-impute --set a=0 --set b=x=y,z part-1.csv >got
	lines want a,b,c '1,"x=y,z",' 0,x,y
	cmp want got
	lines part-2.csv a,b,c 1,p,q ,p,q ,,
	fit c part-2.csv
	shard-impute -c c --set b=other part-1.csv >got
	lines want a,b,c 1,other,q 1,x,y
	cmp want got
	refused shard-impute --set z=1 part-1.csv
	says z
	refused shard-impute --set a part-1.csv
}

@test "impute: --indicator appends <col>_missing, 0 or 1, in the order of the columns" {
	small
	shard-impute -c c --indicator part-1.csv >got
	lines want n,t,q,n_missing,t_missing '1,"b, c",1,0,0' '1.5,"b, c",2,1,1' '2,"b, c","3",0,0' \
		'1.5,"b, c",4,1,1' '1.5,NA,5,1,0'
	cmp want got
}

@test "impute: --indicator refuses a name that is there" {
	lines part-1.csv n,n_missing 1,a ,b
	fit c part-1.csv
	refused shard-impute -c c --indicator part-1.csv
	says n_missing
}

@test "impute: an artifact that names no column of the stream is an error, of some a warning" {
	small
	lines other.csv a,b 1,2
	run -1 --separate-stderr shard-impute -c c other.csv
	says n
	lines other.csv q,t 1, 2,x
	run -0 --separate-stderr shard-impute -c c other.csv
	says n
	[[ $output == $'q,t\n1,"b, c"\n2,x' ]]
	lines other.csv q,t,n 1,,
	run -0 --separate-stderr shard-impute -c c other.csv
	[[ -z $stderr && $output == $'q,t,n\n1,"b, c",1.5' ]]
}

@test "impute: a value is quoted only where the CSV needs it" {
	printf 'a,b,c,d,e\n"x,y","q""q"," x","l\nl",é;|\n,,,,\n' >part-1.csv
	fit c part-1.csv
	shard-impute -c c part-1.csv | tail -n +4 | cmp - <(printf '"x,y","q""q", x,"l\nl",é;|\n')
	printf 'a\tb\n"x\ty"\tu,v\n\t\n' >part-1.tsv
	rm -rf c
	fit c part-1.tsv
	shard-run cat part-1.tsv : impute -c c : write -o out
	printf 'a\tb\n"x\ty"\tu,v\n"x\ty"\tu,v\n' | cmp - out/part-00001.tsv
}

@test "impute: tokens are missing where the context says so; with a dict, where the value is a number" {
	lines part-1.csv n,t 1,a NA,NA , 2,a
	fit c part-1.csv
	lines want n,t 1,a 1.5,NA 1.5,a 2,a
	shard-impute -c c part-1.csv | cmp - want
	lines d.json '{"n": 1.5, "t": "a"}'
	shard-impute --dict d.json part-1.csv | cmp - want
	shard-impute --dict d.json --na pandas part-1.csv | cmp - <(sed 's/NA/a/' want)
	shard-impute --dict d.json --na 2 part-1.csv | cmp - <(printf 'n,t\n1,a\nNA,NA\n1.5,a\n1.5,a\n')
	rm -rf c
	scan c part-1.csv -- --na pandas
	shard-fit c
	shard-impute -c c part-1.csv | cmp - <(sed 's/NA/a/' want)
}

@test "impute: a value that does not fit its column keeps its bytes" {
	small
	lines part-1.csv n,t,q oops,1,1 007,x,2 ' ,"",3'
	lines want n,t,q oops,1,1 007,x,2 ' ,"b, c",3'
	shard-impute -c c --counts n.tsv part-1.csv | cmp - want
	# oops, 007 and a blank are no numbers of n
	[[ $(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["name"] == "n" { print $at["unfit"] }' n.tsv) == 3 ]]
}

@test "impute: rows that a filter in front leaves out are not those that are filled" {
	small
	lines part-1.csv n,t,q 1,,0 ,a,1 ,,0 2,b,1 ,,1 3,,0
	shard-run cat part-1.csv : map --where 'q == 1' : impute -c c >got
	shard-map --where 'q == 1' part-1.csv >part-2.csv
	shard-impute -c c part-2.csv | cmp - got
	[[ $(wc -l <got) == 4 && $(grep -c ',,\|^,' got) == 0 ]]
}

@test "impute: --counts says how many cells of each column were filled" {
	small
	shard-impute -c c --counts n.tsv part-1.csv | cmp - want
	grep -qE $'(^|\t)n\t(.*\t)?3(\t|$)' n.tsv
	grep -qE $'(^|\t)t\t(.*\t)?2(\t|$)' n.tsv
	refused shard-impute -c c --counts part-1.csv/n.tsv part-1.csv
}

@test "impute: a shard of a header alone, of one row, of one column with blank lines" {
	small
	lines part-2.csv n,t,q
	shard-impute -c c part-2.csv | cmp - part-2.csv
	lines part-2.csv n,t,q ,,
	shard-impute -c c part-2.csv | cmp - <(printf 'n,t,q\n1.5,"b, c",\n')
	printf 'n\n\n7\n""\n\n' >part-2.csv
	shard-impute --dict c/impute_dict.json part-2.csv 2>/dev/null | cmp - <(printf 'n\n1.5\n7\n1.5\n1.5\n')
	: >part-2.csv
	run -1 --separate-stderr shard-impute -c c part-2.csv
	says "part-2.csv: empty input"
}

@test "impute: a row of 16 MiB passes" {
	small
	{
		printf 'n,t,q\n,,"'
		head -c $((16 << 20)) /dev/zero | tr '\0' x
		printf '"\n'
	} >part-2.csv
	shard-impute -c c part-2.csv | tail -n 1 | head -c 20 | cmp - <(printf '1.5,"b, c","xxxxxxxx')
	[[ $(shard-impute -c c part-2.csv | wc -c) == $(($(stat -c %s part-2.csv) + 9)) ]]
}

@test "impute: a bad row is refused with file and line" {
	small
	echo 1,2 >>part-1.csv
	run -1 --separate-stderr shard-impute -c c part-1.csv
	says "part-1.csv:7: ragged row: 2 fields, the header has 3"
}

@test "impute: a killed upstream is an error and gets no end marker" {
	small
	shard-cat --end emit part-1.csv | head -c 30 >cut
	run -1 --separate-stderr shard-impute -c c --end both <cut
	[[ $output != *$'\004'* ]]
}

@test "impute: a full disk is an error, never a short file" {
	[ -w /dev/full ] || skip "needs /dev/full"
	small
	run -1 --separate-stderr bash -c 'shard-impute -c c part-1.csv >/dev/full'
	says "No space left on device"
}

@test "impute: a reader that goes away ends it quietly" {
	table 60000 >part-1.csv
	fit c part-1.csv
	run -0 --separate-stderr bash -c 'shard-impute -c c part-1.csv | head -n 1'
	[[ -z $stderr ]]
}

@test "impute: wrong usage: nothing to fill from, too much, an unknown option" {
	small
	run -2 --separate-stderr shard-impute part-1.csv
	run -2 --separate-stderr shard-impute --no-such part-1.csv
	run -2 --separate-stderr shard-impute -c c --dict c/impute_dict.json part-1.csv
	run -0 shard-impute --help
	[[ $output == *usage:* ]]
	run -0 shard-impute --version
}

@test "impute: an artifact that is not there is refused and named" {
	small
	refused shard-impute -c none part-1.csv
	says none
	refused shard-impute --dict none.json part-1.csv
	says none.json
	mkdir empty
	refused shard-impute -c empty part-1.csv
	says empty
	refused shard-impute --dict empty part-1.csv
	says empty
	scan d part-1.csv # scanned, not fitted
	refused shard-impute -c d part-1.csv
	says d
}

@test "impute: JSON that is no flat object of numbers and strings is refused" {
	small
	local -a bad=(
		'' ' ' '[' '{' '{"n"' '{"n":' '{"n": 1' '{"n": 1,}' '{"n": 1}}' '{"n": 1} x' '{"n": 1}{"t": "a"}'
		'["n", 1]' '"n"' 1 null '{"n": null}' '{"n": true}' '{"n": [1]}' '{"n": {"n": 1}}' '{"n": NaN}'
		'{"n": Infinity}' '{"n": -Infinity}' '{"n": 01}' '{"n": +1}' '{"n": .5}' '{"n": 1.}' '{"n": 0x1}'
		'{"n": 1e}' '{"n": "a' '{"n": "\x"}' '{"n": "\u12"}' '{"n": "\ud800"}' '{"n": "\udc00x"}'
		"{'n': 1}" '{n: 1}' '{"n": 1, "n": 2}' '{"n" 1}' '{"n": 1 "t": "a"}' '{1: "n"}' '{"n": "a\u0000b"}'
		$'{"n": "\377"}' $'{"n": "a\nb"}' $'{"n": "\355\240\200"}' $'{"n": "\300\257"}' '{"n": 1e999}'
	)
	for text in "${bad[@]}"; do
		printf '%s' "$text" >bad.json
		hostile bad.json || { echo "JSON: $text"; return 1; }
	done
	printf '{"n": "a\0b"}' >bad.json
	hostile bad.json
	head -c 200000 /dev/zero | tr '\0' '[' >bad.json
	hostile bad.json
	head -c 200000 /dev/zero | tr '\0' '{' >bad.json
	hostile bad.json
}

@test "impute: JSON with blanks, escapes and exponents is read as JSON is" {
	lines part-1.csv é,b,c ,,
	printf ' {\r\n\t"\\u00e9" : 1.5e3 ,"b":"\\ud83d\\ude00\\/\\"\\\\\\t" , "c" : -0.25 } \n' >d.json
	shard-impute --dict d.json part-1.csv >got
	printf 'é,b,c\n1500.0,"😀/""\\\t",-0.25\n' >want
	# the number may be spelled as it stands in the dict
	cmp got want || sed 's/1500\.0/1.5e3/' want | cmp - got || sed 's/1500\.0/1500/' want | cmp - got
}

@test "impute: a pickle that could run code is refused and runs nothing" {
	need_python
	small
	local -A code=(
		[reduce]='b"\x80\x02cposix\nsystem\nX\x0b\x00\x00\x00touch pwned\x85R."'
		[reduce0]='b"cos\nsystem\n(S\"touch pwned\"\ntR."'
		[value]='b"\x80\x02}X\x01\x00\x00\x00ncposix\nsystem\nX\x0b\x00\x00\x00touch pwned\x85Rs."'
		[stack]='b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x8c\x0btouch pwned\x85R."'
		[inst]='b"(S\"touch pwned\"\niposix\nsystem\n."'
		[obj]='b"(cposix\nsystem\nS\"touch pwned\"\no."'
		[newobj]='b"\x80\x02cbuiltins\neval\n(X\x01\x00\x00\x001t\x81."'
		[build]='b"\x80\x02}}X\x01\x00\x00\x00nK\x01sb."'
		[global]='b"\x80\x02cbuiltins\ndict\n."'
		[ext]='b"\x80\x02}X\x01\x00\x00\x00n\x82\x01s."'
		[pers]='b"}S\"n\"\nPid\ns."'
		[binpers]='b"\x80\x02}X\x01\x00\x00\x00nK\x01Qs."'
		[popped]='b"\x80\x02cposix\nsystem\n0}X\x01\x00\x00\x00nG?\xf0\x00\x00\x00\x00\x00\x00s."'
		[numpy]='b"\x80\x02}X\x01\x00\x00\x00ncnumpy.core.multiarray\nscalar\n)Rs."'
		[second]='b"\x80\x02}X\x01\x00\x00\x00nG?\xf0\x00\x00\x00\x00\x00\x00s.cposix\nsystem\n."'
	)
	for name in "${!code[@]}"; do
		makes "$name.pkl" <<<"${code[$name]}"
		hostile "$name.pkl" || { echo "pickle: $name"; return 1; }
	done
}

@test "impute: a pickle that is no flat dict of strings to numbers and strings is refused" {
	need_python
	small
	local n=0
	while read -r expression; do
		n=$((n + 1))
		makes "$n.pkl" <<<"$expression"
		hostile "$n.pkl" || { echo "pickle: $expression"; return 1; }
	done <<-'END'
		b""
		b"."
		b"\x80"
		b"\x80\x02"
		b"\x80\x02."
		b"\x80\x02}"
		b"\x80\xff}."
		b"\x80\x02}}."
		b"\x80\x020."
		b"\x80\x02s."
		b"\x80\x02}u."
		b"\x80\x02(u."
		b"\x80\x02}(X\x01\x00\x00\x00nu."
		b"\x80\x02}h\x00."
		b"\x80\x02}j\xff\xff\xff\xff."
		b"\x80\x02}r\xff\xff\xff\xff."
		b"\x80\x02}X\xff\xff\xff\x7fn."
		b"\x80\x02}X\xff\xff\xff\xffn."
		b"\x80\x04}\x8d\xff\xff\xff\xff\xff\xff\xff\xffn."
		b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f}."
		b"\x80\x02}X\x01\x00\x00\x00\xffK\x01s."
		b"\x80\x02}X\x01\x00\x00\x00nX\x01\x00\x00\x00\xffs."
		b"(" * 100000
		b"\x80\x02" + b"}" * 100000
		b"\x80\x02" + b"]" * 100000 + b"a" * 99999 + b"."
		pickle.dumps([1, 2], 2)
		pickle.dumps("n", 2)
		pickle.dumps(None, 2)
		pickle.dumps({"n": None}, 2)
		pickle.dumps({"n": True}, 2)
		pickle.dumps({"n": [1]}, 2)
		pickle.dumps({"n": {"n": 1.0}}, 2)
		pickle.dumps({"n": (1.0,)}, 2)
		pickle.dumps({1: 1.0}, 2)
		pickle.dumps({b"n": 1.0}, 4)
		pickle.dumps({"n": b"x"}, 4)
		pickle.dumps({"n": 1j}, 2)
		pickle.dumps({"n": float("nan")}, 2)
		pickle.dumps({"n": float("inf")}, 2)
		pickle.dumps({"n": 1.0}, 2) + b"x"
		pickle.dumps({"n": 1.0}, 2)[:-1]
		(lambda d: (d.update(n=d), pickle.dumps(d, 2))[1])({})
	END
	((n > 35))
}

@test "impute: pickles of every protocol that python writes for such a dict are read, or refused in words" {
	need_python
	small
	for protocol in 0 1 2 3 4 5; do
		makes p.pkl <<<"pickle.dumps({'n': 1.5, 't': 'b, c'}, $protocol)"
		run --separate-stderr shard-impute --dict p.pkl part-1.csv
		if ((status == 0)); then
			cmp want <(echo "$output")
		else
			((status == 1 && protocol != 2 && protocol != 4)) # 4 is what pickle.dump writes by default
			says p.pkl
		fi
	done
	makes p.pkl <<<"pickle.dumps(dict([('n', 1.5), ('t', 'b, c')] + [('c%d' % i, 0.5) for i in range(5000)]), 2)"
	shard-impute --dict p.pkl part-1.csv 2>/dev/null | cmp - want
}

@test "impute: an impute.tsv with another header, an unknown escape, a cell too many, a column twice is refused" {
	small
	local header=$'column\tstrategy\tvalue\tmissing'
	mkdir bad
	for text in '' "$header" $'column\tvalue\nn\t1\n' "$header"$'\nn\tmean\t1.5\t1' "$header"$'\nn\tmean\t1.5\t1\t1\n' \
		"$header"$'\nn\tmean\t1.5\n' "$header"$'\nn\tmean\t\\q\t1\n' "$header"$'\nn\tmean\t1\t1\nn\tmean\t2\t1\n' \
		"$header"$'\nn\tmean\tabc\t1\n' "$header"$'\nn\tguess\t1\t1\n' "$header"$'\nn\tmean\t1\tmany\n' \
		"$header"$'\nn\tmean\t1.5\\\t1\n'; do
		printf '%s' "$text" >bad/impute.tsv
		cp bad/impute.tsv impute.tsv
		refused shard-impute -c bad part-1.csv || { printf 'impute.tsv: %q\n' "$text"; return 1; }
		says impute.tsv
		refused shard-impute --dict impute.tsv part-1.csv
	done
	printf '%s\nn\tmean\t1.5\t1\nt\tmode\tb\\tc\\\\\\n\t1\n' "$header" >bad/impute.tsv
	shard-impute -c bad part-1.csv | sed -n 3,4p | cmp - <(printf '1.5,"b\tc\\\n",2\n')
}

@test "impute: an artifact cut anywhere is refused, or does the same; so is one with a flipped byte" {
	need_python
	small
	for file in impute.tsv impute_dict.json impute_dict.pkl; do
		cp c/$file whole
		size=$(stat -c %s whole)
		# a flipped byte of a float in a pickle is another float: nobody can tell
		: >floats
		[[ $file != *.pkl ]] || python3 -B -c 'import pickletools
data = open("whole", "rb").read()
for opcode, value, at in pickletools.genops(data):
    if opcode.name == "BINFLOAT":
        print(*range(at + 1, at + 9), sep="\n")' >floats
		places "$size" 120
		for n in "${places[@]}"; do
			for how in cut flip; do
				if [[ $how == cut ]]; then
					head -c "$n" whole >$file
				else
					cp whole $file
					flip $file "$n"
				fi
				run --separate-stderr shard-impute --dict $file part-1.csv
				if ((status > 2)); then
					echo "$how $file at $n: status $status"
					return 1
				elif ((status == 0)) && ! cmp -s want <(echo "$output"); then
					# what is only another name or text is an edit, if it is text
					[[ $file == impute.tsv ]] && continue
					grep -qx "$n" floats && continue
					echo "$how $file at $n: another result"
					return 1
				fi
			done
		done
	done
}

@test "impute: the context's meta.tsv and schema.tsv cut or flipped are refused, or do the same" {
	small
	cp -r c whole
	for file in meta.tsv schema.tsv stats.tsv; do
		size=$(stat -c %s whole/$file)
		places "$size" 40
		for n in "${places[@]}"; do
			for how in cut flip; do
				if [[ $how == cut ]]; then
					head -c "$n" whole/$file >c/$file
				else
					cp whole/$file c
					flip c/$file "$n"
				fi
				run --separate-stderr shard-impute -c c part-1.csv
				if ((status > 2)) || { ((status == 0)) && ! cmp -s want <(echo "$output"); }; then
					echo "$how $file at $n: status $status, or another result"
					return 1
				fi
			done
		done
		cp whole/$file c
	done
}

@test "impute: a fill value may be long, and columns many" {
	{
		seq -s , 1 500
		printf ',%.0s' {2..500}
		echo
		yes 1.5 | head -n 500 | paste -sd ,
	} >part-1.csv
	fit c part-1.csv
	shard-impute -c c part-1.csv | sed -n 2p | cmp - <(sed -n 3p part-1.csv)
	head -c 1000000 /dev/zero | tr '\0' v >value
	printf '{"1": "%s"}' "$(<value)" >d.json
	shard-impute --dict d.json part-1.csv | sed -n 2p | cut -d , -f 1 | cmp - <(cat value <(echo))
}

@test "impute: SIGTERM and SIGINT end it, and --counts leaves no half a file" {
	small
	mkfifo in
	for signal in TERM INT; do
		exec 8<>in # never ends
		table 500 | sed '1s/count/n/; 1s/name/t/' >&8
		env --default-signal=INT "$(command -v shard-impute)" -c c --counts n.tsv --like part-7.csv <in >/dev/null 8>&- 3>&- &
		pid=$!
		sleep 0.2
		kill -$signal $pid
		died $pid
		exec 8>&-
		[[ -z $(find . -name '.tmp*') ]]
		[[ ! -s n.tsv ]]
	done
}

@test "impute: --quoted-empty=value keeps \"\" as a value, in the fit and in the fill" {
	lines part-1.csv a,b '"",1' ,2 '"x",' '"",4'
	scan q part-1.csv -- --quoted-empty value
	shard-fit q
	[[ $(cut -f 1,3,4 q/impute.tsv | tail -n +2 | tr '\n' ' ') == $'a\t\t1 b\t2.3333333333333335\t1 ' ]]
	shard-impute -c q part-1.csv >got
	lines want a,b '"",1' '"",2' '"x",2.3333333333333335' '"",4'
	cmp want got
	shard-impute --quoted-empty missing --set a=y part-1.csv >got
	lines want a,b y,1 y,2 '"x",' y,4
	cmp want got
}

@test "impute: tokens in a column of numbers go also where the context never looked at cells" {
	lines part-1.csv n,m 1,x NA,y ,z
	shard-stats -o c/parts part-1.csv
	shard-stats -m -o c c/parts
	echo '{"n": 5}' >c/impute_dict.json
	shard-impute -c c part-1.csv >got
	lines want n,m 1,x 5,y 5,z
	cmp want got
}

@test "impute: a number's mode in impute.tsv is a number where the JSON beside it says so" {
	lines part-1.csv n,m 1,x NA,y 1,z
	mkdir d
	printf 'column\tstrategy\tvalue\tmissing\nn\tmode\t1\t1\n' >d/impute.tsv
	echo '{"n": 1}' >d/impute_dict.json
	shard-impute -c d part-1.csv >got
	lines want n,m 1,x 1,y 1,z
	cmp want got
}
