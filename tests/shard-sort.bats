#!/usr/bin/env bats
# shard-sort: the order that was asked for, every row, and no more memory than
# was given.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir tmp
	export TMPDIR=$PWD/tmp
}

# body FILE: its rows, without the header.
body() {
	tail -n +2 "$1"
}

# random N SEED: rows id,t,k,v of random things, some missing, some the same.
random() {
	awk -v n="$1" -v seed="$2" 'BEGIN {
		srand(seed)
		print "id,t,k,v"
		for (i = 0; i < n; i++) {
			t = rand() < .05 ? "" : sprintf("2024-%02d-%02d %02d:00:00", rand() * 12 + 1, rand() * 28 + 1, rand() * 24)
			k = rand() < .05 ? "" : substr("abcdefghijklmnopqrstuvwxyz", rand() * 20 + 1, rand() * 6 + 1)
			v = rand() < .05 ? "" : int((rand() - .5) * 1000) / (rand() < .5 ? 1 : 8)
			printf "%d,%s,%s,%s\n", i, t, k, v
		}
	}'
}

# oracle FILE SPEC...: what -k SPEC... should give, worked out by Python's own
# sort, with exact numbers.
oracle() {
	need python3
	python3 -B - "$@" <<'END'
import csv, sys
from datetime import datetime, timezone
from fractions import Fraction

path, specs = sys.argv[1], sys.argv[2:]
with open(path, newline="", encoding="utf-8", errors="surrogateescape") as f:
    lines = f.read()
# the records as they stand, cut at newlines outside quotes
records, start, quoted = [], 0, False
for i, c in enumerate(lines):
    quoted ^= c == '"'
    if c == "\n" and not quoted:
        records.append(lines[start:i + 1])
        start = i + 1
header, rows = next(csv.reader([records[0]])), records[1:]
cells = [next(csv.reader([r[:-1]], strict=True), [""]) for r in rows]

def number(s):
    if s.lstrip("+-").isdigit() and -2**63 <= int(s) < 2**64:
        return Fraction(int(s))
    x = float(s)
    return x if x in (float("inf"), float("-inf")) else Fraction(x)

def time(s):
    if "-" not in s[1:]:
        return Fraction(int(s))
    whole, _, rest = s.replace("T", " ").partition(".")
    digits = rest.rstrip("Z") if rest else ""
    whole = whole.rstrip("Z")
    d = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S" if ":" in whole else "%Y-%m-%d")
    ns = int(digits.ljust(9, "0")) if digits else 0
    return int((d - datetime(1, 1, 1)).total_seconds()) * 10**9 + ns

order = list(range(len(rows)))
for spec in reversed(specs):
    name, _, kind = spec.partition(":")
    col, down = header.index(name), kind.endswith("r")
    read = {"n": number, "t": time}.get(kind[:1],
        lambda s: s.encode("utf-8", "surrogateescape"))
    order.sort(key=lambda i: (cells[i][col] != "", read(cells[i][col]) if cells[i][col] else 0),
        reverse=down)
sys.stdout.buffer.write("".join([records[0]] + [rows[i] for i in order])
    .encode("utf-8", "surrogateescape"))
END
}

# sorts FILE SPEC...: shard-sort and the oracle agree.
sorts() {
	local keys=() spec
	for spec in "${@:2}"; do keys+=(-k "$spec"); done
	echo "shard-sort ${keys[*]} $1"
	oracle "$@" >want
	shard-sort "${keys[@]}" "$1" >got
	cmp want got
}

@test "sort: bytes as LC_ALL=C sort has them, stable" {
	random 5000 1 >a.csv
	shard-sort -k k a.csv >got
	{ head -n 1 a.csv; body a.csv | sort -s -t , -k 3,3; } | cmp - got
	shard-sort -k k:b a.csv | cmp - got
	shard-sort -k t -k v a.csv >got
	{ head -n 1 a.csv; body a.csv | sort -s -t , -k 2,2 -k 4,4; } | cmp - got
	shard-sort -k k:r a.csv >got
	{ head -n 1 a.csv; body a.csv | sort -s -t , -k 3,3r; } | cmp - got
	body got | head -n 1 | grep -v ',,'
	body got | tail -n 1 | grep ',,'
}

@test "sort: numbers as GNU sort has them, where it reads them" {
	random 5000 2 >a.csv
	sed -i 's/,$/,-1000/' a.csv # sort takes nothing for 0
	shard-sort -k v:n a.csv >got
	{ head -n 1 a.csv; body a.csv | sort -s -t , -k 4,4g; } | cmp - got
	shard-sort -k v:nr -k k a.csv >got
	{ head -n 1 a.csv; body a.csv | sort -s -t , -k 4,4gr -k 3,3; } | cmp - got
}

@test "sort: every type and direction, several columns, as Python sorts them" {
	random 700 3 >a.csv
	for x in k k:r v:n v:nr t:t t:tr t k:br; do
		sorts a.csv "$x"
		for y in id:nr v:n k:r t:tr; do sorts a.csv "$x" "$y"; done
	done
	sorts a.csv k:r v:nr t:t id:n
}

@test "sort: numbers exactly: 64-bit integers, -0, exponents, leading zeros, infinity" {
	{
		echo id,v
		i=0
		for v in 9223372036854775807 9223372036854775806 9223372036854775808.0 -9223372036854775808 \
			-9223372036854775807 18446744073709551615 18446744073709551614 18446744073709551616 \
			9007199254740993 9007199254740992 9007199254740992.0 9007199254740991 -9007199254740993 \
			9007199254740994.5 1e3 1000 999.9999999 1e-400 0 -0 -0.0 0.0 5e-324 -5e-324 inf -inf \
			Infinity 1e999 -1e999 007 +7 7.0 6.999999999999999 .5 5. 0.1 0.30000000000000004 \
			0009007199254740993 +9007199254740992 123456789012345678901234567890 '' 1 2 10; do
			echo "$((i++)),$v"
		done
	} >a.csv
	sorts a.csv v:n
	sorts a.csv v:nr
	sorts a.csv v:n id:nr
}

@test "sort: times to the nanosecond, local, zoned or epochs" {
	lines local.csv id,t 1,2024-01-01 2,2023-12-31T23:59:59.999999999 3,2024-01-01T00:00:00.000000001 \
		4,'2024-01-01 00:00:00' 5, 6,9999-12-31 7,0001-01-01 '8,"2024-01-01 00:00:00.5"'
	sorts local.csv t:t
	sorts local.csv t:tr
	lines zoned.csv id,t 1,2024-01-01T12:00Z 2,2024-01-01T13:00+02:00 3,2024-01-01T06:30-05:00 4,
	shard-sort -k t:t zoned.csv | cut -d , -f 1 >got
	lines want id 4 2 3 1
	cmp want got
	lines epoch.csv id,t 1,1700000000 2,-5 3,0 4, 5,9223372036854775807 6,-9223372036854775808 7,0
	shard-sort -k t:t epoch.csv | cut -d , -f 1 | tr '\n' ' ' >got
	[[ $(<got) == "id 4 6 2 3 7 1 5 " ]]
	shard-sort -k t:tr epoch.csv | cut -d , -f 1 | tr '\n' ' ' >got
	[[ $(<got) == "id 5 1 3 7 2 6 4 " ]]
}

@test "sort: missing cells come first, descending last; two quotes are missing too" {
	lines a.csv id,v,t '1,2,2024-01-01' 2,, '3,"",""' '4,-inf,0001-01-01' 5,,
	for v in v:n v t:t t; do
		shard-sort -k "$v" a.csv | cut -d , -f 1 | tr '\n' ' ' >got
		[[ $(<got) == "id 2 3 5 "* ]]
		shard-sort -k "${v%%:*}:$(tr -d a-su-z <<<"${v##*:}")r" a.csv >/dev/null || :
	done
	for v in v:nr v:r t:tr t:r; do
		shard-sort -k "$v" a.csv | cut -d , -f 1 | tr '\n' ' ' >got
		[[ $(<got) == *" 2 3 5 " ]]
	done
}

@test "sort: rows keep their bytes: quotes, newlines and commas inside, bytes that are no UTF-8" {
	printf 'id,k\n1,"b\n\n""x"""\n2,"a"\n3,"a,\r\nz"\n4,a\n5,"\xff,"\n6,\xfe\n7,""\n8,\xc3\xa4\n9,\x01\n' >a.csv
	shard-sort -k k a.csv >got
	printf 'id,k\n7,""\n9,\x01\n2,"a"\n4,a\n3,"a,\r\nz"\n1,"b\n\n""x"""\n8,\xc3\xa4\n6,\xfe\n5,"\xff,"\n' | cmp - got
	shard-sort -k k:r -k id a.csv >got
	printf 'id,k\n5,"\xff,"\n6,\xfe\n8,\xc3\xa4\n1,"b\n\n""x"""\n3,"a,\r\nz"\n2,"a"\n4,a\n9,\x01\n7,""\n' | cmp - got
}

@test "sort: random quoted tables, as Python sorts them, whatever the memory" {
	awk 'BEGIN {
		srand(9)
		print "id,a,b"
		for (i = 0; i < 60000; i++)
			printf "%d,\"%s\"\"%d\n,%s\",%s\n", i, rand() < .5 ? "x" : "", rand() * 50,
				rand() < .5 ? "\001" : "", rand() < .1 ? "" : int(rand() * 1e6) / 7
	}' >a.csv
	oracle a.csv a b:nr >want
	for m in 1M 3M 1G; do
		shard-sort --memory $m -k a -k b:nr a.csv | cmp - want
	done
	oracle a.csv b:n >want
	shard-sort --memory 1M -k b:n a.csv | cmp - want
}

@test "sort: equal keys keep their order, of the files and in them" {
	for i in 1 2 3; do
		seq 40000 | awk -v i=$i 'BEGIN { print "id,k" } { print i "-" $1 "," $1 % 3 }' >p$i.csv
	done
	for m in 1M 1G; do
		shard-sort --memory $m -k k p2.csv p1.csv p3.csv >got
		{ echo id,k; for k in 0 1 2; do
			for i in 2 1 3; do body p$i.csv | grep ",$k\$"; done
		done; } | cmp - got
	done
	shard-sort -k k:r p1.csv p2.csv >got
	{ echo id,k; for k in 2 1 0; do for i in 1 2; do body p$i.csv | grep ",$k\$"; done; done; } | cmp - got
}

@test "sort: any dialect and codec comes out as one clean stream" {
	lines want id,k,n 3,a,x '1,b,"y,z"' 2,c,
	lines p.csv id,k,n '1,b,"y,z"' 2,c, 3,a,x
	sed 's/$/\r/; 1s/^/\xef\xbb\xbf/' p.csv >crlf.csv
	printf 'id\tk\tn\n1\tb\ty,z\n2\tc\t\n3\ta\tx\n' >p.tsv
	printf 'id;k;n\n1;b;y,z\n2;c;\n3;a;x' >semi.csv
	gzip -c p.csv >p.csv.gz
	for f in p.csv crlf.csv p.tsv semi.csv p.csv.gz; do
		shard-sort -k k "$f" | cmp - want
	done
	shard-sort -k k <p.csv.gz | cmp - want
	shard-sort -k k - <semi.csv | cmp - want
	shard-sort -k k p.tsv p.csv.gz | body - | cut -d , -f 1 | tr '\n' ' ' >got
	[[ $(<got) == "3 3 1 1 2 2 " ]]
	printf '%s\0' p.tsv p.csv.gz | shard-sort -k k -0 --files-from - | body - | cut -d , -f 1 | tr '\n' ' ' | cmp - got
	SHARD_DELIM=tab shard-sort -k k p.tsv | head -n 2 | tail -n 1 | grep -q $'^3\ta\tx$'
}

@test "sort: a header alone, one row, one column with blank rows, no header at all" {
	echo id,k >a.csv
	shard-sort -k k a.csv | cmp - a.csv
	shard-sort -k k:nr <a.csv | cmp - a.csv
	shard-sort --merge -k k a.csv a.csv | cmp - a.csv
	shard-sort --check -k k a.csv
	printf 'id,k\n1,x' >b.csv
	shard-sort -k k b.csv | cmp - <(lines /dev/stdout id,k 1,x)
	shard-sort -k k a.csv b.csv a.csv | cmp - <(lines /dev/stdout id,k 1,x)
	printf 'k\nb\n\na\n\n' >c.csv
	shard-sort -k k c.csv | cmp - <(printf 'k\n\n\na\nb\n')
	: >d.csv
	run -1 --separate-stderr shard-sort -k k d.csv
	says "d.csv: empty input: not even a header line"
	[[ -z $output ]]
}

@test "sort: a column may have colons in its name" {
	lines a.csv 'id,a:n,a:r,:,a:x' 1,10,x,2,b 2,9,y,1,a
	first() { shard-sort -k "$1" a.csv | sed -n '2s/,.*//p'; }
	[[ $(first a:n:n) == 2 && $(first a:n:b) == 1 && $(first a:n:nr) == 1 ]]
	[[ $(first a:r:r) == 2 && $(first a:x) == 2 && $(first :) == 2 && $(first ::n) == 2 ]]
	run -1 --separate-stderr shard-sort -k a:n a.csv
	says 'a.csv: no column "a"; for the column "a:n": -k a:n:b'
}

@test "sort: wrong usage" {
	rows 3 >a.csv
	run -2 --separate-stderr shard-sort a.csv
	says "--key COL is needed"
	run -2 --separate-stderr shard-sort -k id --memory 1023K a.csv
	says "--memory must be at least 1M"
	run -2 --separate-stderr shard-sort -k id --memory lots a.csv
	says '--memory "lots": not a size'
	run -2 --separate-stderr shard-sort -k id --merge --check a.csv
	says "--merge checks already"
	run -1 --separate-stderr shard-sort -k nowhere a.csv
	says 'a.csv: no column "nowhere"'
	run -1 --separate-stderr shard-sort -k nowhere -m a.csv
	says 'a.csv: no column "nowhere"'
	run -1 --separate-stderr shard-sort -k id none.csv
	says "none.csv: No such file"
	run -1 --separate-stderr shard-sort -k id --merge a.csv none.csv
	says "none.csv: No such file"
}

@test "sort: what is no number and no time is refused with its place" {
	lines a.csv id,v '1,"
"' 2,3
	run -1 --separate-stderr shard-sort -k v:n a.csv
	says 'a.csv:2: "\n" in column v is no number (-k v sorts by bytes)'
	lines a.csv id,v '1,2' '"
",3' 2,NA
	run -1 --separate-stderr shard-sort -k v:n a.csv
	says 'a.csv:5: "NA" in column v is no number'
	run -1 --separate-stderr bash -c 'shard-sort -k v:n <a.csv'
	says 'standard input:5: "NA" in column v is no number'
	run -1 --separate-stderr bash -c 'shard-sort -k v:n --like raw/part-7.csv <a.csv'
	says 'shard-sort: raw/part-7.csv: standard input:5: "NA" in column v'
	lines b.csv id,v 1,1e5 2,0x10
	run -1 --separate-stderr shard-sort -k v:nr b.csv
	says 'b.csv:3: "0x10" in column v is no number'
	lines c.csv id,v 1,2024-01-01 2,2024-02-30
	run -1 --separate-stderr shard-sort -k v:t c.csv
	says 'c.csv:3: "2024-02-30" in column v is no time (-k v sorts by bytes)'
	for how in '' --merge --check; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr shard-sort $how -k v:t c.csv
		says 'c.csv:3: "2024-02-30" in column v is no time'
	done
}

@test "sort: kinds of time do not mix, in a file or over several" {
	lines a.csv id,t 1,2024-01-01 2,2024-01-01T00:00Z
	run -1 --separate-stderr shard-sort -k t:t a.csv
	says 'a.csv:3: time "2024-01-01T00:00Z" in column t is zoned, but "2024-01-01" is local'
	lines a.csv id,t 1,2024-01-01
	lines b.csv id,t 1,1704067200
	for how in '' --merge --check; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr shard-sort $how -k t:t a.csv b.csv
		says 'b.csv:2: time "1704067200" in column t is epoch, but "2024-01-01" is local'
	done
}

@test "sort: bad input is refused as shard-cat refuses it" {
	lines a.csv id,k 1,x 2
	run -1 --separate-stderr shard-sort -k k a.csv
	says "a.csv:3: ragged row"
	lines b.csv k,id x,1
	lines c.csv id,k 1,x
	run -1 --separate-stderr shard-sort -k k c.csv b.csv
	says "b.csv:1: header differs from that of c.csv"
	run -1 --separate-stderr shard-sort --merge -k k c.csv b.csv
	says "b.csv:1: header differs from that of c.csv: column 1 is \"k\", there \"id\""
	rows 500 | gzip -c | head -c 2000 >cut.csv.gz
	run -1 --separate-stderr shard-sort -k id:n cut.csv.gz
	says "cut.csv.gz: "
}

@test "sort: --merge of sorted files, those of equal keys in the order of the files" {
	random 3000 5 >all.csv
	for i in 0 1 2 3 4; do
		{ head -n 1 all.csv; body all.csv | awk "int(NR / 600) == $i"; } >u$i.csv
		shard-sort -k k:r -k v:n u$i.csv >s$i.csv
	done
	shard-sort -k k:r -k v:n u{0..4}.csv >want
	shard-sort --merge -k k:r -k v:n s{0..4}.csv | cmp - want
	shard-sort -m -k k:r -k v:n s0.csv s1.csv - s3.csv s4.csv <s2.csv | cmp - want
	shard-sort -m -k k:r -k v:n <s1.csv | cmp - s1.csv
	gzip s3.csv
	tr , '\t' <s1.csv >s1.tsv
	shard-sort -m -k k:r -k v:n s0.csv s1.tsv s2.csv s3.csv.gz s4.csv | cmp - want
	shard-sort -k k:r -k v:n u{4..0}.csv >want
	shard-sort -m -k k:r -k v:n s4.csv s3.csv.gz s{2..0}.csv | cmp - want
}

@test "sort: --merge of a file that is not sorted is refused with its place" {
	lines a.csv id,k 1,a 2,c '"3
",b' 4,d
	lines b.csv id,k 1,a 2,b
	run -1 --separate-stderr shard-sort --merge -k k b.csv a.csv
	says 'a.csv:4: not sorted: "b" in column k belongs before the row above it'
	run -1 --separate-stderr shard-sort --merge -k k:r b.csv
	says 'b.csv:3: not sorted: "b" in column k belongs before'
	shard-sort --merge -k id:n b.csv | cmp - b.csv
	# where it is the second column that decides
	run -1 --separate-stderr shard-sort --merge -k id:n -k k b.csv <(lines /dev/stdout id,k 5,z 5,y)
	says ':3: not sorted: "y" in column k belongs before'
}

@test "sort: --merge of thousands of files under ulimit -n 64, in little memory" {
	n=3000
	[[ -z ${SANITIZED-} ]] || n=400
	mkdir in
	awk -v n=$n 'BEGIN {
		srand(3)
		for (i = 0; i < n; i++) {
			f = sprintf("in/part-%05d.csv", i)
			x = 0
			print "id,v" >f
			for (j = rand() * 20; j > 1; j--)
				print x += int(rand() * 100), "," i >f
			close(f)
		}
	}'
	sed -i 's/ //' in/*
	printf '%s\n' in/* >list
	shard-sort -k id:n --files-from list >want
	(
		ulimit -n 64
		shard-sort --merge -k id:n --files-from list | cmp - want
		shard-sort --merge -k id:n --memory 1M --files-from list | cmp - want
		ulimit -n 16
		shard-sort --merge -k id:n --files-from list | cmp - want
		! shard-sort --merge -k v:n --files-from list >/dev/null 2>err
		sed -i '$s/.*/0,0/' in/part-00007.csv
		! shard-sort --merge -k id:n --files-from list >/dev/null 2>err
		grep 'in/part-00007.csv:[0-9]*: not sorted: "0" in column id' err
	)
	barren tmp
}

@test "sort: sorting under ulimit -n 64 with any number of runs" {
	random 300000 4 >a.csv
	shard-sort -k k -k v:n a.csv >want
	(ulimit -n 10 && shard-sort -k k -k v:n --memory 1M a.csv) | cmp - want
}

@test "sort: --check is silent where rows are in order, and names the first that is not" {
	lines a.csv id,k 1,a 2,b 3,b 4,c
	run -0 --separate-stderr shard-sort --check -k k a.csv
	[[ -z $output && -z $stderr ]]
	run -1 --separate-stderr shard-sort --check -k k:r a.csv
	says 'shard-sort: a.csv:3: not sorted: "b" in column k belongs before the row above it'
	[[ -z $output ]]
	# files are one stream
	lines b.csv id,k 1,c 2,d
	shard-sort --check -k k a.csv b.csv
	run -1 --separate-stderr shard-sort --check -k k b.csv a.csv
	says "a.csv:2: not sorted"
	# at the border of two batches, and at the very end
	random 60000 6 >big.csv
	shard-sort -k k -k id:n big.csv >sorted.csv
	shard-sort --check -k k -k id:n sorted.csv
	shard-sort --check -k k -k id:n --end emit <sorted.csv >got
	[[ ! -s got ]]
	for at in 2 1000 7281 7282 30000 59999; do
		sed "${at}{h;d};$((at + 1)){p;x}" sorted.csv >swapped.csv
		[[ $(wc -l <swapped.csv) == 60001 ]]
		run -1 --separate-stderr shard-sort --check -k k -k id:n swapped.csv
		says "swapped.csv:$((at + 1)): not sorted"
	done
}

@test "sort: what it writes is sorted, has every row once, and the same bytes in any memory" {
	random 200000 7 >a.csv
	shard-sort -k v:nr -k t:t a.csv >want
	shard-sort --check -k v:nr -k t:t want
	cmp <(body a.csv | sort) <(body want | sort)
	for m in 1M 2M 5M 64M; do
		shard-sort --memory $m -k v:nr -k t:t a.csv | cmp - want
	done
	barren tmp
}

@test "sort: file, stream, pipe with end markers and one process give the same bytes" {
	random 500 8 >part-3.csv
	shard-sort -k k part-3.csv >want
	shard-sort -k k <part-3.csv | cmp - want
	SHARD_STRICT=1 shard-cat part-3.csv | SHARD_STRICT=1 shard-sort -k k | shard-cat --end expect | cmp - want
	shard-run cat part-3.csv : sort -k k | cmp - want
	shard-cat part-3.csv | shard-map -w 'id < 100' | shard-sort -k k >want
	shard-run cat part-3.csv : map -w 'id < 100' : sort -k k | cmp - want
	shard-run cat part-3.csv : map -w 'id < 100' --drop v : sort -k k >got
	cut -d , -f 1-3 want | cmp - got
	shard-run cat part-3.csv : map -w 'id < 100' --rename v=w : sort -k w:n --check && return 1
	# the account goes through
	shard-cat --end emit part-3.csv | shard-map -w 'id < 100' --end both |
		shard-sort -k k --end both | tail -n 1 >got
	printf '\004shardkit 1 100 drop:filtered:400 in:-:500\n' | cmp - <(plain <got)
	grep -q digest: got
}

@test "sort: --merge has the sum of the accounts in its end marker" {
	random 30 1 >a.csv
	random 50 2 >b.csv
	shard-cat --end emit a.csv | shard-map -w 'id < 20' --end both >a.stream
	shard-sort --merge -k id:n --end both - b.csv <a.stream | tail -n 1 >got
	printf '\004shardkit 1 70 drop:filtered:10 in:-:80\n' | cmp - got
	# one input keeps its digest, as with shard-cat
	shard-sort --merge -k id:n --end emit a.csv | cmp - <(shard-cat --end emit a.csv)
}

@test "sort: it ends a chain, and merges only files" {
	random 9 1 >a.csv
	run -2 --separate-stderr shard-run cat a.csv : sort -k k : map -w 'id < 3'
	says "map cannot stand behind the end of the chain"
	run -2 --separate-stderr shard-run cat a.csv : sort -m -k id:n
	says "sort --merge reads files itself"
	run -2 --separate-stderr shard-run cat a.csv : sort
	says "sort: --key COL is needed"
}

@test "sort: a killed upstream is an error and gets no end marker" {
	random 50 1 >a.csv
	shard-cat --end emit a.csv | head -c 200 >cut
	for how in '' --merge; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr shard-sort $how -k id:n --end both <cut
		[[ $output != *$'\004'* ]]
	done
}

@test "sort: a row that does not fit is refused with its place, and taken in more memory" {
	{
		printf 'id,k\n1,a\n2,"'
		head -c 2000000 /dev/zero | tr '\0' x
		printf '"\n3,b\n'
	} >a.csv
	run -1 --separate-stderr shard-sort --memory 1M -k id:nr a.csv
	says "a.csv:3: a row of 2000005 bytes with a key of 8 does not fit into the"
	says "(--memory allows more)"
	shard-sort --memory 3M -k id:nr a.csv >got
	{ echo id,k; body a.csv | tac; } | cmp - got
	run -1 --separate-stderr shard-sort --memory 3M -k k a.csv
	says "a.csv:3: a row of 2000005 bytes with a key of 2000000 does not fit"
	shard-sort --memory 8M -k k a.csv | body - | cut -c 1 | tr '\n' ' ' >got
	[[ $(<got) == "1 3 2 " ]]
}

@test "sort: huge rows and keys through runs, in memory that holds few of them" {
	for i in {1..40}; do
		printf '%d,"' $((i * 7 % 40))
		head -c $((i * 5000)) /dev/zero | tr '\0' $((i % 10))
		printf '",%d\n' $i
	done >rows
	{ echo k,big,i; cat rows; } >a.csv
	{ echo k,big,i; sort -s -n -t , -k 1,1 rows; } >want
	shard-sort --memory 1M -k k:n a.csv | cmp - want
	{ echo k,big,i; sort -s -t , -k 2,2 rows; } >want
	shard-sort --memory 1M -k big a.csv | cmp - want
	shard-sort --memory 1M -k big -k k a.csv | cmp - want
	shard-sort --memory 1M --merge -k big want a.csv >got 2>err && return 1
	grep -q 'a.csv:.*not sorted' err
	shard-sort --memory 1M --merge -k big want want want want >got
	[[ $(wc -l <got) == 161 ]]
}

@test "sort: a full disk is an error: standard output, and where runs go" {
	[ -w /dev/full ] || skip "needs /dev/full"
	random 40000 1 >a.csv
	run -1 --separate-stderr bash -c 'shard-sort -k k a.csv >/dev/full'
	says "standard output: write: No space left on device"
	run -1 --separate-stderr bash -c 'shard-sort --memory 1M -k k a.csv >/dev/full'
	says "standard output: write: No space left on device"
	# so few rows that only the last write meets it
	random 3 1 >b.csv
	run -1 --separate-stderr bash -c 'shard-sort -k k b.csv >/dev/full'
	says "No space left on device"
	run -1 --separate-stderr bash -c 'shard-sort -m -k id b.csv >/dev/full'
	says "No space left on device"
	run -1 --separate-stderr shard-sort --memory 1M --temp-dir nowhere -k k a.csv
	says "temporary file in nowhere (--temp-dir names another directory): No such file or directory"
	TMPDIR=nowhere run -1 --separate-stderr shard-sort --memory 1M -k k a.csv
	says "temporary file in nowhere"
	# but what fits into memory needs none
	TMPDIR=nowhere shard-sort -k k b.csv >/dev/null
	barren tmp
}

@test "sort: a temporary directory that fills up is an error, and nothing is half done" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	random 200000 1 >a.csv # 7 MB
	mkdir small
	mount -t tmpfs -o size=3m none small || skip "cannot mount a tmpfs"
	status=0
	shard-sort --memory 1M --temp-dir small -k k --end emit a.csv >got 2>err || status=$?
	left=$(find small -type f)
	used=$(df --output=used small | tail -n 1)
	mount -o remount,size=64m small
	shard-sort --memory 1M --temp-dir small -k k a.csv >whole || status=again
	umount small
	echo "status $status: $(<err)"
	[[ $status == 1 && -z $left && $used == *[[:blank:]]0 ]]
	[[ $(<err) == *"temporary file in small (--temp-dir names another directory): write: No space left on device"* ]]
	! grep -q $'\004' got
	shard-sort -k k a.csv | cmp - whole
}

@test "sort: no signal leaves a temporary file, and there never is one to see" {
	random 300000 1 >a.csv
	for sig in TERM INT HUP KILL; do
		mkfifo pipe
		# it waits for more input, its runs on disk; standard output and error
		# are not the test's
		(
			set -m
			# it heeds them, even where the tests run in the background
			env --default-signal=INT,HUP shard-sort --memory 1M -k k pipe >/dev/null 2>&1 &
			echo $! >pid
			exec 9>pipe
			cat a.csv >&9
			find tmp -type f >seen
			ls -l "/proc/$(<pid)/fd" >fds
			kill -$sig "$(<pid)"
			status=0
			wait "$(<pid)" || status=$?
			echo $status >status
		)
		grep -q 'tmp/.*(deleted)' fds
		[[ ! -s seen && $(<status) -gt 128 ]]
		barren tmp
		rm pipe
	done
}

@test "sort: a reader that goes away ends it quietly" {
	random 100000 1 >a.csv
	for m in 1M 1G; do
		(
			trap - PIPE
			status=0
			shard-sort --memory $m -k k a.csv 2>err || status=$?
			echo $status >status
		) | head -n 2 >got
		[[ $(<status) == 141 && ! -s err ]]
	done
	barren tmp
}

@test "sort: --memory bounds the anonymous memory, whatever the rows" {
	[[ -z ${SANITIZED-} ]] || skip "not under the sanitizers"
	random 200000 1 >block
	{ head -n 1 block; for _ in {1..20}; do body block; done; } >a.csv # 130 MB
	for m in 1 4 16 64 256; do
		peak $((m * 1024 + (m < 16 ? 1500 : 0))) shard-sort --memory ${m}M -k k -k v:n a.csv >$m.csv
		[[ $m == 1 ]] || cmp 1.csv $m.csv
	done
	shard-sort --check -k k -k v:n 1.csv
	# merging: a megabyte for each of the files that are open
	split -n l/60 -d 1.csv s.
	sed -i 1d s.00
	for f in s.*; do { echo id,t,k,v; cat "$f"; } >m.$f; rm "$f"; done
	for m in 1 16 64; do
		peak $((m * 1024 + (m < 4 ? 2500 : 0))) shard-sort -m --memory ${m}M -k k -k v:n m.s.* >merged
		cmp 1.csv merged
	done
}

@test "sort: a field of 16 MiB passes in 64 MiB, as a key too" {
	[[ -z ${SANITIZED-} ]] || skip "not under the sanitizers"
	{
		printf 'id,k\n1,z\n2,"'
		head -c $((16 << 20)) /dev/zero | tr '\0' x
		printf '"\n'
		seq 3 300000 | sed 's/$/,y/'
	} >a.csv
	peak 65536 shard-sort --memory 24M -k id:nr a.csv >got
	[[ $(body got | head -n 1) == 300000,y && $(tail -n 1 got) == 1,z ]]
	[[ $(stat -c %s got) == "$(stat -c %s a.csv)" ]]
	peak 65536 shard-sort --memory 40M -k k a.csv >got
	[[ $(tail -n 2 got) == $'300000,y\n1,z' && $(stat -c %s got) == "$(stat -c %s a.csv)" ]]
}
