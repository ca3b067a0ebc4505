#!/usr/bin/env bats
# shard-cat: what is a table, what is refused, and where it says so.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# refuses LINE WORDS: t.csv is refused there, in these words; no row of it or
# behind it is printed as if it were one.
refuses() {
	run -1 --separate-stderr shard-cat t.csv
	says "shard-cat: t.csv:$1: "
	says "$2"
}

@test "cat: a row with a field too few or too many is refused with file and line" {
	lines t.csv a,b 1,2 3
	refuses 3 "ragged row: 1 field, the header has 2 (--ragged=pad or reject goes on)"
	lines t.csv a,b 1,2 3,4,5 6,7
	refuses 3 "ragged row: 3 fields, the header has 2 (--ragged=reject goes on)"
}

@test "cat: the line of a bad row counts the newlines inside quotes before it" {
	printf 'a,b\n1,"x\ny\r\nz"\n3\n' >t.csv
	refuses 5 "ragged row"
}

@test "cat: a bad row far behind the first block is refused with its line" {
	{ rows 20000; echo 1,2; } >t.csv
	refuses 20002 "ragged row: 2 fields, the header has 5"
}

@test "cat: an unterminated quote is refused with the line where it opens" {
	printf 'a,b\n1,2\n3,"x\n4,5\n' >t.csv
	refuses 3 "unterminated quote"
	printf 'a,b\n1,2\n3,"' >t.csv
	refuses 3 "unterminated quote"
	printf 'a,"b\n1,2\n' >t.csv
	refuses 1 "unterminated quote"
}

@test "cat: a NUL byte is refused, in quotes too" {
	printf 'a,b\n1,2\n3,\0\n' >t.csv
	refuses 3 "NUL byte"
	printf 'a,b\n1,"x\n\0"\n' >t.csv
	refuses 3 "NUL byte"
	printf 'a,\0\n' >t.csv
	refuses 1 "NUL byte"
	# most often it is this
	printf 'a,b\r\n1,2\r\n' | iconv -t UTF-16 >t.csv
	refuses 1 "NUL byte in the data (if it is UTF-16: iconv -f UTF-16 -t UTF-8 makes it readable)"
}

@test "cat: a stray quote and text behind a closing quote are refused" {
	lines t.csv a,b '1,x"y'
	refuses 2 "stray quote inside an unquoted field"
	lines t.csv a,b 1,2 '"x"y,2'
	refuses 3 'behind a closing quote'
}

@test "cat: a bare carriage return outside quotes is refused" {
	printf 'a,b\n1,2\r3,4\n' >t.csv
	refuses 2 "bare carriage return"
}

@test "cat: two columns of one name are refused" {
	lines t.csv a,b,a 1,2,3
	refuses 1 'two columns are named "a"'
}

@test "cat: two columns of one name after __DOT__ became a dot are refused" {
	lines t.csv x__DOT__y,x.y 1,2
	refuses 1 'two columns are named "x.y"'
	shard-cat --keep-names t.csv | cmp - t.csv
}

@test "cat: a header that differs is refused and both files are named" {
	lines a.csv a,b 1,2
	lines t.csv a,c 3,4
	run -1 --separate-stderr shard-cat a.csv t.csv
	says 't.csv:1: header differs from that of a.csv: column 2 is "c", there "b"'
	lines t.csv a 3
	run -1 --separate-stderr shard-cat a.csv t.csv
	says 't.csv:1: header differs from that of a.csv: 1 columns, there 2'
}

@test "cat: --header=reorder matches columns by name, and misses none" {
	lines a.csv a,b '1,"x,y"' 2,
	lines b.csv b,a '"",3' '"p""q",4'
	shard-cat --header reorder a.csv b.csv >got
	lines want a,b '1,"x,y"' 2, '3,""' '4,"p""q"'
	cmp want got
	lines b.csv b 4
	run -1 --separate-stderr shard-cat --header reorder a.csv b.csv
	says 'b.csv:1: column "a" of a.csv is missing'
	lines b.csv c,b,a 1,2,3
	run -1 --separate-stderr shard-cat --header reorder a.csv b.csv
	says 'b.csv:1: column "c" is not in the header of a.csv'
}

@test "cat: --header=union leaves what a file lacks empty" {
	lines a.csv a,b 1,2
	lines b.csv b 4 ''
	shard-cat --header union a.csv b.csv >got
	lines want a,b 1,2 ,4 ,
	cmp want got
}

@test "cat: a zero-byte file, an empty stream and an empty gzip file are refused" {
	: >t.csv
	run -1 --separate-stderr shard-cat t.csv
	says "t.csv: empty input: not even a header line"
	run -1 --separate-stderr shard-cat </dev/null
	says "standard input: empty input"
	gzip -c t.csv >e.csv.gz
	run -1 --separate-stderr shard-cat e.csv.gz
	says "e.csv.gz: empty input"
}

@test "cat: a missing file and a directory are refused by name" {
	run -1 --separate-stderr shard-cat none.csv
	says "none.csv: No such file or directory"
	mkdir d.csv
	run -1 --separate-stderr shard-cat d.csv
	says "d.csv: is a directory"
}

@test "cat: an unknown column is refused and the header is listed" {
	lines t.csv a,b 1,2
	run -1 --separate-stderr shard-cat -C a,z t.csv
	says 'no column "z"; the header has: a, b'
}

@test "cat: -C takes columns in the order asked for" {
	lines t.csv a,b,c '1,"2",3'
	shard-cat -C c,b t.csv >got
	lines want c,b '3,"2"'
	cmp want got
}

@test "cat: in a one-column table every blank line is a row, the last too" {
	printf 'a\n\n1\n\n\n' >t.csv
	shard-cat t.csv | cmp - t.csv
	shard-cat <t.csv | shard-cat --end=emit >got
	{ cat t.csv; printf '\004shardkit 1 4 in:-:4\n'; } | cmp - <(plain <got)
	printf 'a\r\n\r\n1\r\n\r\n' | shard-cat >got
	printf 'a\n\n1\n\n' | cmp - got
}

@test "cat: one column without a name is written so that it is read again" {
	local bytes
	for bytes in '\nx\n' '""\nx\n' '""'; do
		# shellcheck disable=SC2059
		printf "$bytes" >part-1.csv
		shard-cat part-1.csv >got
		[[ $(head -n 1 got) == '""' ]]
		shard-cat <got | cmp got -
	done
	lines part-1.csv a, 1,2 3,
	shard-map --drop a part-1.csv | cmp - <(printf '""\n2\n\n')
	printf '{"":1}\n' | shard-cat --dialect json | cmp - <(printf '""\n1\n')
}

@test "cat: in a wider table blank lines at the end are no rows" {
	printf 'a,b\n1,2\n\n\n' >t.csv
	shard-cat t.csv >got
	printf 'a,b\n1,2\n' | cmp - got
	printf 'a,b\r\n1,2\r\n\r\n' | shard-cat | cmp - got
	printf 'a,b\n\n\n' | shard-cat >got
	printf 'a,b\n' | cmp - got
}

@test "cat: in a wider table a blank line before a row is refused" {
	printf 'a,b\n1,2\n\n\n3,4\n' >t.csv
	refuses 3 "blank line inside the table"
	printf 'a,b\n\n1,2\n' >t.csv
	refuses 2 "blank line inside the table"
	{ printf 'a,b\n\n'; yes 1,2 | head -n 300000; } >t.csv
	refuses 2 "blank line inside the table"
}

@test "cat: blank lines at the end are no rows under --ragged either" {
	printf 'a,b\n1,2\n3\n\n\n' >t.csv
	shard-cat --ragged pad t.csv >got
	lines want a,b 1,2 3,
	cmp want got
	shard-cat --ragged reject --rejects bad t.csv >got
	lines want a,b 1,2
	cmp want got
	[[ $(wc -l <bad) == 1 ]]
}

@test "cat: CRLF, a byte order mark and a missing last newline are mended" {
	rows 20 >want
	{ printf '\357\273\277'; sed 's/$/\r/' want; } >t.csv
	shard-cat t.csv | cmp - want
	printf %s "$(<want)" | shard-cat | cmp - want
	printf '\357\273\277a,b\r\n1,2' | shard-cat >got
	printf 'a,b\n1,2\n' | cmp - got
	printf '\357\273\277"a",b\n1,2' | shard-cat >got
	printf 'a,b\n1,2\n' | cmp - got
}

@test "cat: what CRLF becomes does not depend on where blocks end" {
	rows 12000 >want
	sed 's/$/\r/' want >crlf.csv
	shard-cat crlf.csv | cmp - want
	for n in 1 2 3; do
		# other places for the same borders
		{ head -c $n /dev/zero | tr '\0' x; sed 's/$/\r/' want; } >t.csv
		{ head -c $n /dev/zero | tr '\0' x; cat want; } >w.csv
		shard-cat t.csv | cmp - w.csv
	done
}

@test "cat: CRLF inside quotes is data" {
	printf 'a,b\r\n1,"x\r\ny"\r\n' | shard-cat >got
	printf 'a,b\n1,"x\r\ny"\n' | cmp - got
}

@test "cat: fields keep their bytes, quotes included" {
	printf 'a,b,c\n"1","",\n,"x ""y""",""\n' >t.csv
	shard-cat t.csv | cmp - t.csv
}

@test "cat: tab, semicolon and pipe become commas; what needs quotes gets them" {
	printf 'a\tb\n1,5\tx\n"p\tq"\t""\n' >t.tsv
	shard-cat t.tsv >got
	printf 'a,b\n"1,5",x\n"p\tq",""\n' | cmp - got
	printf 'a;b\n1,5;2\n' | shard-cat >got
	printf 'a,b\n"1,5",2\n' | cmp - got
	printf 'a|b\n1,5|2\n' | shard-cat | cmp - got
	printf 'a,b\n1;5|2,3\n' >t.csv
	shard-cat t.csv | cmp - t.csv
}

@test "cat: --dialect=tsv-plain takes quotes for data" {
	printf 'a\tb\n"x\ty"z\n' >t.tsv
	shard-cat --dialect tsv-plain t.tsv >got
	printf 'a,b\n"""x","y""z"\n' | cmp - got
	run -1 --separate-stderr shard-cat t.tsv
	says "t.tsv:2: "
}

@test "cat: one row, and a header alone, are tables" {
	lines t.csv a,b 1,2
	shard-cat t.csv | cmp - t.csv
	lines t.csv a,b
	shard-cat t.csv | cmp - t.csv
	printf a,b >t.csv
	[[ $(shard-cat --end emit t.csv | plain | cat -v) == $'a,b\n^Dshardkit 1 0 in:-:0' ]]
}

@test "cat: a row longer than --max-record is refused, a longer limit takes it" {
	{ echo a,b; head -c 30000 /dev/zero | tr '\0' x; echo ,1; echo 2,3; } >t.csv
	run -1 --separate-stderr shard-cat --max-record 20K t.csv
	says "t.csv:2: record longer than 20480 bytes (--max-record allows more)"
	shard-cat --max-record 40K t.csv | cmp - t.csv
	{ echo a,b; echo '1,"'; head -c 30000 /dev/zero | tr '\0' x; } >t.csv
	run -1 --separate-stderr shard-cat --max-record 20K t.csv
	says "t.csv:2: record longer than 20480 bytes"
	says "is a quote never closed?"
}

@test "cat: rows of a megabyte pass, quoted or not" {
	{
		echo a,b
		for i in 1 2 3; do
			head -c 1000000 /dev/zero | tr '\0' x
			echo ",$i"
			printf '%d,"' $i
			head -c 1000000 /dev/zero | tr '\0' '\n'
			echo '"'
		done
	} >t.csv
	shard-cat t.csv | cmp - t.csv
}

@test "cat: --max-record 0 and other non-sizes are wrong usage" {
	run -2 --separate-stderr shard-cat --max-record 0 t.csv
	says '--max-record "0": not a size'
	run -2 --separate-stderr shard-cat --max-record 5X t.csv
	run -2 --separate-stderr shard-cat --max-record -1 t.csv
}

# codec EXT: its good path, then cut at and flipped in every byte.
codec() {
	lines s.csv id,name 1,abc 2,def 3,abcdef 4,abcabc
	squeeze "$1" s.csv >"s.csv.$1"
	shard-cat "s.csv.$1" | cmp - s.csv
	cp "s.csv.$1" unnamed
	shard-cat unnamed | cmp - s.csv
	shard-cat <unnamed | cmp - s.csv
	local n size
	size=$(stat -c %s unnamed)
	places "$size" 60
	for n in "${places[@]}"; do
		head -c "$n" unnamed >"t.csv.$1"
		shard-cat "t.csv.$1" >got 2>err && return 1
		[[ $(<err) == "shard-cat: t.csv.$1:"* ]]
	done
	places "$size" 60
	for n in "${places[@]}"; do
		cp unnamed "t.csv.$1"
		flip "t.csv.$1" "$n"
		if shard-cat "t.csv.$1" >got 2>err; then
			cmp got s.csv
		else
			[[ $(<err) == "shard-cat: t.csv.$1:"* ]]
		fi
	done
}

@test "cat: gzip cut or flipped at any byte never gives other rows" {
	codec gz
}

@test "cat: zstd cut or flipped at any byte never gives other rows" {
	need zstd
	codec zst
}

@test "cat: lz4 cut or flipped at any byte never gives other rows" {
	need lz4
	codec lz4
}

@test "cat: bzip2 cut or flipped at any byte never gives other rows" {
	need bzip2
	codec bz2
}

@test "cat: xz cut or flipped at any byte never gives other rows" {
	need xz
	codec xz
}

@test "cat: large compressed input of every codec, whole, cut in the middle and flipped" {
	rows 20000 >s.csv
	for ext in gz zst lz4 bz2 xz; do
		squeeze $ext s.csv >s.csv.$ext
		shard-cat s.csv.$ext | cmp - s.csv
		size=$(stat -c %s s.csv.$ext)
		head -c $((size / 2)) s.csv.$ext >t.csv.$ext
		run -1 --separate-stderr bash -c "shard-cat t.csv.$ext >got"
		says "t.csv.$ext: truncated"
		cp s.csv.$ext t.csv.$ext
		flip t.csv.$ext $((size * 2 / 3))
		run -1 --separate-stderr bash -c "shard-cat t.csv.$ext >got"
		says "shard-cat: t.csv.$ext:" # damaged, or a row that makes no sense
	done
}

@test "cat: gzip cut at a flush point between rows is refused" {
	lines s.csv a,b 1,2 3,4 # 12 bytes
	# a stored block that is not the last, ended at a byte border
	{ printf '\037\213\010\0\0\0\0\0\0\003\0\014\0\363\377'; cat s.csv; } >cut.csv.gz
	{ cat cut.csv.gz; printf '\001\0\0\377\377'; gzip -c s.csv | tail -c 8; } >whole.csv.gz
	shard-cat whole.csv.gz | cmp - s.csv
	run -1 --separate-stderr shard-cat cut.csv.gz
	says "cut.csv.gz: truncated gzip data"
	{ cat cut.csv.gz; printf '\001\0\0\377\377'; } >t.csv.gz
	run -1 --separate-stderr shard-cat t.csv.gz
	says "t.csv.gz: truncated gzip data"
}

@test "cat: several gzip members are one table; only zeros may follow" {
	rows 50 >s.csv
	{ head -n 20 s.csv | gzip; tail -n +21 s.csv | gzip; } >t.csv.gz
	shard-cat t.csv.gz | cmp - s.csv
	head -c 512 /dev/zero >>t.csv.gz
	shard-cat t.csv.gz | cmp - s.csv
	echo more >>t.csv.gz
	run -1 --separate-stderr bash -c 'shard-cat t.csv.gz >/dev/null'
	says "t.csv.gz: foreign bytes behind the gzip data"
}

@test "cat: a file named .gz that is no gzip is refused" {
	rows 3 >t.csv.gz
	run -1 --separate-stderr shard-cat t.csv.gz
	says "t.csv.gz: named .gz but is not gz data"
}

@test "cat: operands, standard input, --files-from and -0 give the same bytes" {
	rows 30 >want
	rows 30 >a.csv
	tail -n +2 want | head -n 10 | cat <(head -n 1 want) - >1.csv
	tail -n +12 want | cat <(head -n 1 want) - >"2 x.csv"
	shard-cat a.csv | cmp - want
	shard-cat <a.csv | cmp - want
	shard-cat - <a.csv | cmp - want
	shard-cat 1.csv "2 x.csv" | cmp - want
	printf '%s\n' 1.csv "2 x.csv" >list
	shard-cat --files-from list | cmp - want
	shard-cat --files-from - <list | cmp - want
	printf '%s' 1.csv $'\n' "2 x.csv" | shard-cat --files-from - | cmp - want
	mv "2 x.csv" $'2\nx.csv'
	printf '%s\0' 1.csv $'2\nx.csv' | shard-cat -0 --files-from - | cmp - want
}

@test "cat: a list that cannot be read, or names a missing file, is an error" {
	run -1 --separate-stderr shard-cat --files-from none
	says "none: No such file or directory"
	echo gone.csv >list
	run -1 --separate-stderr shard-cat --files-from list
	says "gone.csv: No such file or directory"
}

@test "cat: an empty list is no wish to read standard input" {
	: >list
	run ! --separate-stderr bash -c 'rows 3 | shard-cat --files-from list'
}

@test "cat: --end=emit ends the stream with rows and account" {
	rows 7 >t.csv
	shard-cat --end emit t.csv >got
	{ cat t.csv; printf '\004shardkit 1 7 in:-:7\n'; } | cmp - <(plain <got)
	SHARD_STRICT=1 shard-cat t.csv | cmp - got
	# one marker for all files
	shard-cat --end emit t.csv t.csv | tail -n 1 | cat -v >last
	[[ $(plain <last) == "^Dshardkit 1 14 in:-:14" ]]
}

@test "cat: --end=expect refuses a stream that lost its end marker" {
	rows 7 >t.csv
	run -1 --separate-stderr shard-cat --end expect <t.csv
	says "standard input: the stream ended without its end marker"
	shard-cat --end emit t.csv | shard-cat --end expect | cmp - t.csv
}

@test "cat: an end marker is taken off in any mode" {
	rows 7 >t.csv
	shard-cat --end emit t.csv | shard-cat | cmp - t.csv
}

@test "cat: a stream cut at any byte is refused by --end=expect" {
	lines t.csv a,b 1,2 '3,"x,
y"' 5,6
	shard-cat --end emit t.csv >s
	for ((n = 0; n < $(stat -c %s s); n++)); do
		head -c "$n" s >cut
		if shard-cat --end expect <cut >got 2>err; then
			echo "accepted: the first $n bytes"
			return 1
		fi
	done
	shard-cat --end expect <s | cmp - t.csv
}

@test "cat: an end marker cut in its last number is refused" {
	rows 12 | shard-cat --end emit | plain | head -c -2 >s # in:-:1, no newline
	run -1 --separate-stderr shard-cat --end expect <s
	rows 12 | shard-cat --end emit | plain | head -c -9 >s # no account at all
	run -1 --separate-stderr shard-cat --end expect <s
}

@test "cat: a marker that does not count its rows is refused" {
	rows 3 | shard-cat --end emit >s
	sed 2d s >t
	run -1 --separate-stderr shard-cat --end expect <t
	says "end marker that does not fit its stream"
	{ head -n 2 s; cat <(tail -n +2 s); } >t
	run -1 --separate-stderr shard-cat --end expect <t
	says "end marker that does not fit its stream"
	# a marker in mid-stream is no marker
	{ cat s; rows 3 | tail -n +2; } >t
	run -1 --separate-stderr shard-cat --end expect <t
	run -1 --separate-stderr shard-cat <t
	says "end marker that does not fit its stream"
}

@test "cat: rows that begin with byte 0x04 are data" {
	printf 'a\n\0041\n\004shardkit 1 9\n\004\n\004shardkit\n' >t.csv
	shard-cat t.csv | cmp - t.csv
	shard-cat --end emit t.csv | shard-cat --end both | shard-cat --end expect | cmp - t.csv
	printf 'a,b\n\0041,2\n\004shardkit 1 1 in:-:1,2\n' >t.csv
	shard-cat --end emit t.csv | shard-cat --end expect | cmp - t.csv
	printf '\004shardkit 1 0\n\004\n' >t.csv
	shard-cat --end emit t.csv | shard-cat --end expect | cmp - t.csv
}

@test "cat: one column of any name survives a pipe" {
	for name in 'x|y' 'x;y' 'x,y' $'x\ty'; do
		printf '"%s"\n1|2\n3;4\n' "$name" >t.csv
		shard-cat -N t.csv >want
		shard-cat t.csv | shard-cat -N | cmp - want
		shard-cat t.csv | shard-cat | tail -n +2 >got
		printf '1|2\n3;4\n' | cmp - got
	done
}

@test "cat: a full disk is an error" {
	[ -w /dev/full ] || skip "needs /dev/full"
	rows 3 >t.csv
	run -1 --separate-stderr bash -c 'shard-cat t.csv >/dev/full'
	says "No space left on device"
	rows 20000 >t.csv
	run -1 --separate-stderr bash -c 'shard-cat t.csv >/dev/full'
	says "No space left on device"
	run -1 --separate-stderr bash -c 'shard-cat -N t.csv >/dev/full'
	says "No space left on device"
}

@test "cat: a reader that has enough ends it quietly" {
	rows 50000 >t.csv
	run -0 --separate-stderr bash -c 'shard-cat t.csv | head -n 1; [[ ${PIPESTATUS[0]} == 141 || ${PIPESTATUS[0]} == 0 ]]'
	[[ $output == id,orderDate,customerId,note,label && -z $stderr ]]
}

@test "cat: -N prints the names as the stream would have them" {
	lines t.csv 'geo__DOT__lat,"a,b",c' 1,2,3
	[[ $(shard-cat -N t.csv) == $'geo.lat\na,b\nc' ]]
}

@test "cat: a signature replaces the names, and must have as many" {
	lines t.csv x,y 1,2
	echo 'a, "b,c"' >sig
	shard-cat --signature sig t.csv >got
	lines want 'a,"b,c"' 1,2
	cmp want got
	mkdir dir && cp sig dir/names
	shard-cat --signature dir t.csv | cmp - want
	cp sig dir/more
	run -1 --separate-stderr shard-cat --signature dir t.csv
	says "dir: 2 files; a signature directory has exactly one"
	echo a,b,c >sig
	run -1 --separate-stderr shard-cat --signature sig t.csv
	says "t.csv:1: the header has 2 columns, the signature 3"
	echo a,a >sig
	run -1 --separate-stderr shard-cat --signature sig t.csv
	says 't.csv:1: two columns are named "a"'
	: >sig
	run -1 --separate-stderr shard-cat --signature sig t.csv
	says "sig: no column names"
}

@test "cat: --head stops after so many rows, over shards, without looking further" {
	lines one.csv a,b 1,2 3,4
	lines two.csv a,b 5,6 7,8
	shard-cat --head 3 one.csv two.csv not-opened.csv >got
	lines want a,b 1,2 3,4 5,6
	cmp want got
	shard-cat --head 0 one.csv | cmp - <(echo a,b)
	shard-cat --head 5 one.csv | cmp - one.csv
	run -1 --separate-stderr shard-cat --head 5 one.csv two.csv not-opened.csv
	says "not-opened.csv"
	# rows are not lines; a reader that goes away is no error of the writer's
	gen tx -o g -n 20000 -s 1
	shard-cat --keep-names g/part-00000.csv | shard-cat --keep-names --head 1234 - >got
	(($(stat -c %s got) < $(stat -c %s g/part-00000.csv) / 10))
	(($(grep -c '^T0' got) == 1234))
	cmp got <(head -c "$(stat -c %s got)" g/part-00000.csv)
}

@test "cat: --ragged=pad fills, --ragged=reject leaves out, counts and keeps" {
	lines t.csv a,b,c 1,2,3 4 '5,"6"' 7,8,9
	shard-cat --ragged pad t.csv >got
	lines want a,b,c 1,2,3 4,, '5,"6",' 7,8,9
	cmp want got
	shard-cat --ragged reject --rejects bad --end emit t.csv >got
	printf 'a,b,c\n1,2,3\n7,8,9\n\004shardkit 1 2 drop:rejected:2 in:-:4\n' | cmp - <(plain <got)
	[[ $(cut -f 1-3 bad) == $'t.csv\t3\t1 field, the header has 3\nt.csv\t4\t2 fields, the header has 3' ]]
	# a row too long cannot be padded
	lines t.csv a,b 1,2,3
	run -1 --separate-stderr shard-cat --ragged pad t.csv
	says "t.csv:2: ragged row: 3 fields, the header has 2 (--ragged=reject goes on)"
}

@test "cat: --rejects without --ragged=reject is wrong usage, and touches no file" {
	lines t.csv a,b 1,2
	for how in "" "--ragged pad" "--ragged error"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr shard-cat --rejects bad $how t.csv
		says "--rejects bad: rows are left out only with --ragged=reject"
		[[ -z $output && ! -e bad ]]
		# shellcheck disable=SC2086
		run -2 --separate-stderr shard-run cat --rejects bad $how t.csv
		says "--rejects bad: rows are left out only with --ragged=reject"
		[[ ! -e bad ]]
	done
}

@test "cat: 100 files under ulimit -n 64" {
	for i in {1..100}; do lines "part-$i.csv" a,b "$i,x"; done
	(ulimit -n 64 && shard-cat part-*.csv >got)
	[[ $(wc -l <got) == 101 ]]
}

# In the page cache, in bytes.
cached() { fincore -nbo RES "$1" | tr -d ' '; }

@test "cat: --drop-cache reads the same, and keeps nothing of the file in memory" {
	command -v fincore >/dev/null || skip "fincore is not installed"
	yes 'a field,another,"a third, quoted"' | head -n 300000 >want
	cp want t.csv && gzip <want >t.csv.gz && head -n 2 want >h.csv && sync ./*.csv*
	cat t.csv h.csv >/dev/null
	(($(cached t.csv) > 0)) || skip "no page cache to look at here"
	shard-cat t.csv | cmp - want
	(($(cached t.csv) > 9000000))
	# most of it goes while the rest is to come
	shard-cat --drop-cache t.csv | (
		head -c 9000000 >/dev/null
		(($(cached t.csv) < 7000000)) && cat >/dev/null
	)
	(($(cached t.csv) == 0))
	shard-cat --drop-cache t.csv t.csv.gz | cmp - <(cat want <(tail -n +2 want))
	(($(cached t.csv) + $(cached t.csv.gz) == 0))
	shard-cat --drop-cache <t.csv | cmp - want
	# a file that only lends its header is read again
	shard-cat --drop-cache --header-of h.csv t.csv | cmp - want
	(($(cached h.csv) > 0))
}

@test "cat: wrong usage ends with 2, --help with 0" {
	run -2 --separate-stderr shard-cat --no-such-option
	says "usage: shard-cat"
	run -2 --separate-stderr shard-cat --header sometimes x
	says '--header "sometimes"'
	run -2 --separate-stderr shard-cat --end perhaps x
	run -0 --separate-stderr shard-cat --help
	[[ $output == "shard-cat - "* && -z $stderr ]]
}
