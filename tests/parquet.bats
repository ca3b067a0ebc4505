#!/usr/bin/env bats
# Parquet: rows and types come in and go out unchanged, or are refused; the jobs
# do with Parquet shards what they do with CSV.  Needs DuckDB's library: `make
# parquet`, or SHARDKIT_DUCKDB.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	[[ $BATS_TEST_DESCRIPTION == *"without the library"* ]] ||
		ducksql "SELECT 'x'" >/dev/null 2>&1 ||
		skip "no libduckdb.so (make parquet gets it)"
}

# types FILE: its columns and their types, as DuckDB sees them.
types() {
	ducksql "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM read_parquet('$1'))"
}

# typed FILE: CSV as Parquet, typed by its own values; in p.
typed() {
	rm -rf c && shard-stats --schema -o c/parts "$@" &&
		shard-stats --merge --no-cutoffs -o c c/parts &&
		shard-ls "$@" | shard-run --list - cat {} : write -o p --format parquet --types c
}

@test "parquet: without the library it is refused, and the remedy named" {
	printf PAR1 >part-1.parquet
	SHARDKIT_DUCKDB=/none run -1 --separate-stderr shard-cat part-1.parquet
	says "part-1.parquet: Parquet is read and written by DuckDB's library, and there is none: \`make parquet\` gets it, or name a libduckdb.so in SHARDKIT_DUCKDB"
	lines part-1.csv a 1
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	SHARDKIT_DUCKDB=/none run -1 --separate-stderr shard-write -o out --split s --format parquet --types c part-1.csv
	says "make parquet"
	[[ -z $(find out -type f) ]]
	# no other shard will fare better: it is said once
	lines part-2.csv a 1
	SHARDKIT_DUCKDB=/none run -1 --separate-stderr bash -c 'ls part-?.csv |
		shard-run --list - cat {} : write -o out --split s --format parquet --types c'
	[[ $(grep -c "make parquet" <<<"$stderr") == 1 ]]
	printf 'no library' >bad.so
	SHARDKIT_DUCKDB=$PWD/bad.so run -1 --separate-stderr shard-cat part-1.parquet
	says "bad.so"
}

@test "parquet: values at the edges of their types survive CSV to Parquet to CSV" {
	cat >part-1.csv <<'END'
i,d,t,b,s,z
9223372036854775807,0.1,2024-02-29 23:59:59.999999,true,"quoted ""x"", y",2024-01-01 00:00:00+00:00
-9223372036854775808,-0.0,0001-01-01 00:00:00,false,"two
lines",1969-12-31 23:59:59.000001+00:00
0,1e+308,9999-12-31 23:59:59.999999,,"",
,5e-324,1969-12-31 23:59:59.5,true,😀 é,2262-04-12 00:00:00+00:00
9007199254740993,1.7976931348623157e+308,2300-01-01 00:00:00,false,007,2024-01-01 00:00:00+00:00
END
	typed part-1.csv
	[[ $(types p/part-00001.parquet | paste -sd,) == "i BIGINT,d DOUBLE,t TIMESTAMP,b BOOLEAN,s VARCHAR,z TIMESTAMP WITH TIME ZONE" ]]
	shard-cat p/part-00001.parquet >got
	# texts come back in quotes; nothing else is another byte
	sed 's/,😀 é,/,"😀 é",/; s/,007,/,"007",/' part-1.csv | cmp got -
	shard-run cat p/part-00001.parquet : write -o again
	cmp again/part-00001.parquet p/part-00001.parquet
}

@test "parquet: empty texts and missing ones stay apart; texts that look like numbers stay texts" {
	ducksql "COPY (SELECT * FROM (VALUES ('1', 1), ('', 2), (NULL, 3), ('true', NULL), ('NA', 5)) t(s, i)) TO 'part-1.parquet' (FORMAT parquet)"
	shard-cat part-1.parquet | cmp - <(lines /dev/stdout s,i '"1",1' '"",2' ,3 '"true",' '"NA",5')
	shard-run cat part-1.parquet : write -o out
	shard-cat out/part-00001.parquet | cmp - <(shard-cat part-1.parquet)
	shard-run cat part-1.parquet : write -o out --format jsonl
	lines want '{"s":"1","i":1}' '{"s":"","i":2}' '{"s":null,"i":3}' '{"s":"true","i":null}' '{"s":"NA","i":5}'
	cmp out/part-00001.jsonl want
}

@test "parquet: types that others declare are kept, each with its values" {
	ducksql "COPY (SELECT (i - 2)::TINYINT a, i::SMALLINT b, (i * 1000)::INTEGER c, (i * 10000000000)::BIGINT d,
		i::UTINYINT e, i::USMALLINT f, i::UINTEGER g, (18446744073709551615 - i)::UBIGINT h,
		(i * 0.1)::FLOAT k, i / 7 l, (i * 1.005)::DECIMAL(12,3) m, i % 2 = 0 n,
		DATE '1969-12-30' + i::INT o, TIMESTAMP '1969-12-31 23:59:58.25' + INTERVAL (i) SECOND p,
		TIMESTAMPTZ '1969-12-31 23:59:58.25+00' + INTERVAL (i) SECOND q,
		make_timestamp_ns(1700000000123456789 + i) r, ('00000000-0000-0000-0000-00000000000' || i)::UUID s,
		'x' || i t, TIME '23:59:59.5' u, NULL::INTEGER v
		FROM range(5) r(i)) TO 'part-1.parquet' (FORMAT parquet)"
	shard-cat part-1.parquet >got
	[[ $(sed -n 2p got) == '-2,0,0,0,0,0,0,18446744073709551615,0.0,0.0,0.000,true,1969-12-30,1969-12-31 23:59:58.25,1969-12-31 23:59:58.25+00:00,2023-11-14 22:13:20.123456789,"00000000-0000-0000-0000-000000000000","x0","23:59:59.5",' ]]
	[[ $(sed -n 6p got) == '2,4,4000,40000000000,4,4,4,18446744073709551611,0.4,0.5714285714285714,4.020,true,1970-01-03,1970-01-01 00:00:02.25,1970-01-01 00:00:02.25+00:00,2023-11-14 22:13:20.123456793,"00000000-0000-0000-0000-000000000004","x4","23:59:59.5",' ]]
	shard-run cat part-1.parquet : write -o out
	diff <(types part-1.parquet) <(types out/part-00001.parquet)
	[[ $(ducksql "SELECT count(*)::VARCHAR FROM (SELECT * FROM 'part-1.parquet' EXCEPT ALL SELECT * FROM 'out/part-00001.parquet')") == 0 ]]
	shard-cat out/part-00001.parquet | cmp - got
}

@test "parquet: what does not fit a type is refused with its row and column, and no file is left" {
	refuse() { # TYPE-MAKING-VALUE BAD MESSAGE
		lines part-1.csv "x,y" "$1,1" "$1,2"
		lines part-2.csv "x,y" "$1,1" "$1,2" "$2,3"
		rm -rf c p
		shard-stats --schema -o c/parts part-1.csv
		shard-stats --merge --no-cutoffs -o c c/parts
		run -1 --separate-stderr shard-write -o p --split s --format parquet --types c part-2.csv
		says "part-00002.parquet: row 3: column \"x\": $3"
		[[ -z $(find p -type f) ]]
	}
	refuse 1 9223372036854775808 '"9223372036854775808" does not fit BIGINT'
	refuse 1 2.0 '"2.0" does not fit BIGINT'
	refuse 1 012 '"012" does not fit BIGINT'
	refuse 1.5 9007199254740993 '"9007199254740993" does not fit DOUBLE'
	refuse 1.5 text '"text" does not fit DOUBLE'
	refuse true 1 '"1" does not fit BOOLEAN'
	refuse 2024-01-01 '2024-01-01 00:00:00.0000001' '"2024-01-01 00:00:00.0000001" does not fit TIMESTAMP'
	refuse 2024-01-01 '2024-01-01 00:00:00Z' '"2024-01-01 00:00:00Z" does not fit TIMESTAMP'
	refuse text $'\xff' '"\xff" is not UTF-8'
	ducksql "COPY (SELECT 12.5::DECIMAL(4,1) x, 'a' y) TO 'q.parquet' (FORMAT parquet)"
	mkdir -p r && mv q.parquet r/part-1.parquet
	shard-stats -o d/parts r/part-1.parquet
	shard-stats --merge --no-cutoffs -o d d/parts
	for bad in 12.55 1234.5 1e3; do
		lines part-2.csv x,y "$bad,b"
		run -1 --separate-stderr shard-write -o p --split s --format parquet --types d part-2.csv
		says "does not fit DECIMAL(4,1)"
	done
	run -1 --separate-stderr shard-write -o p --split s --format parquet part-2.csv
	says 'which type has column "x"? --types CTX names a context that was made with --schema'
}

@test "parquet: long rows come whole and in order, with their numbers" {
	ducksql "COPY (SELECT i, repeat('x', 2000) || i s FROM range(9000) r(i)) TO 'part-1.parquet' (FORMAT parquet)"
	shard-cat part-1.parquet >got
	awk -F '[,"x]+' 'NR > 1 && ($1 != NR - 2 || $2 != NR - 2) { exit 1 } END { exit NR != 9001 }' got
	shard-cat --row-column part-1.parquet | awk -F , 'NR > 1 && $3 != NR - 2 { exit 1 }'
	run -1 --separate-stderr shard-cat --max-record 2006 part-1.parquet
	says "part-1.parquet: row 11: longer than 2006 bytes"
}

@test "parquet: names that differ in case alone are refused, read or written, never renamed" {
	lines part-1.csv a,A 1,2
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	run -1 --separate-stderr shard-write -o out --split s --format parquet --types c part-1.csv
	says 'part-00001.parquet: the names "a" and "A" differ in case alone, which DuckDB does not tell apart'
	[[ -z $(find out -type f) ]]
}

@test "parquet: a value that FLOAT, milliseconds or a small integer cannot be is refused" {
	ducksql "COPY (SELECT 0.5::FLOAT x, 1::TINYINT y) TO 'q' (FORMAT parquet)"
	mkdir r && mv q r/part-1.parquet
	shard-stats -o d/parts r/part-1.parquet
	shard-stats --merge --no-cutoffs -o d d/parts
	lines part-2.csv x,y 16777216,127 0.1,-128
	shard-write -o p --split s --format parquet --types d part-2.csv
	shard-cat p/s/part-00002.parquet | cmp - <(lines /dev/stdout x,y 16777216.0,127 0.1,-128)
	lines part-2.csv x,y 16777217,1
	run -1 --separate-stderr shard-write -o p --split s --format parquet --types d part-2.csv
	says 'row 1: column "x": "16777217" does not fit FLOAT'
	lines part-2.csv x,y 1,128
	run -1 --separate-stderr shard-write -o p --split s --format parquet --types d part-2.csv
	says 'row 1: column "y": "128" does not fit TINYINT'
}

@test "parquet: pass 1 that reads some columns finds what pass 1 over all of them finds" {
	ducksql "COPY (SELECT i id, TIMESTAMP '2024-01-01' + INTERVAL (i * 7919 % 1000) HOUR t, 'k' || i % 97 k, 'l' || i % 3 l, 'x' s FROM range(5000) r(i)) TO 'q' (FORMAT parquet)"
	mkdir r && mv q r/part-1.parquet
	shard-cat r/part-1.parquet >part-1.csv
	shard-stats -t t -k k --label l -o a/parts r/part-1.parquet
	shard-stats -t t -k k --label l -o b/parts part-1.csv
	for x in a b; do shard-stats --merge -o $x $x/parts; done
	cmp a/split.tsv b/split.tsv
	cmp a/first.idx b/first.idx
	cmp a/labels.tsv b/labels.tsv
	cmp a/schema.tsv b/schema.tsv
}

@test "parquet: an NA token is a missing value in columns of other types than text" {
	lines part-1.csv n,s 1,NA NA,x 3.5,null
	typed part-1.csv
	shard-cat p/part-00001.parquet | cmp - <(lines /dev/stdout n,s '1.0,"NA"' ',"x"' '3.5,"null"')
}

@test "parquet: nested columns are refused by name, or taken as JSON text; bytes are refused" {
	ducksql "COPY (SELECT 1 i, {'a': 1, 'b': ['x', NULL]} s, [1, 2] l, MAP {'k': 2} m) TO 'part-1.parquet' (FORMAT parquet)"
	run -1 --separate-stderr shard-cat part-1.parquet
	says 'part-1.parquet: column "s" is nested, STRUCT('
	shard-cat --nested json part-1.parquet | cmp - <(lines /dev/stdout i,s,l,m \
		'1,"{""a"":1,""b"":[""x"",null]}","[1,2]","{""k"":2}"')
	ducksql "COPY (SELECT 'x'::BLOB b) TO 'part-2.parquet' (FORMAT parquet)"
	run -1 --separate-stderr shard-cat part-2.parquet
	says 'part-2.parquet: column "b" is BLOB: bytes that are no text'
	ducksql "COPY (SELECT TIMESTAMP '294000-01-01 00:00:00' t) TO 'part-3.parquet' (FORMAT parquet)"
	run -1 --separate-stderr shard-cat part-3.parquet
	says 'part-3.parquet: row 1: column "t": a time outside of the years 1 to 9999'
}

@test "parquet: odd file and column names, other makers' names, a compressed one, one without a name" {
	mkdir 'a [b]*?' && cd 'a [b]*?'
	ducksql "COPY (SELECT 1 AS \"x \"\"y\"\", z\", 'it''s' AS \"q__DOT__r\") TO 'plain' (FORMAT parquet)"
	cp plain "part-00000-0d7b5b2e-1111-4222-8333-444455556666-c000.snappy.parquet"
	gzip -c plain >part-1.parquet.gz
	cp plain "part-2.it's.parquet"
	for f in part-* plain; do
		shard-cat "$f" | cmp - <(lines /dev/stdout '"x ""y"", z",q.r' '1,"it'"'"'s"')
	done
	[[ $(shard-ls . 2>/dev/null | wc -l) == 3 ]]
	shard-run cat part-1.parquet.gz : write -o out
	gzip -dc out/part-00001.parquet.gz >back
	shard-cat back | cmp - <(shard-cat plain)
}

@test "parquet: damaged, cut and empty files are refused by name" {
	ducksql "COPY (SELECT i, 'text ' || i s FROM range(10000) t(i)) TO 'whole' (FORMAT parquet)"
	size=$(stat -c %s whole)
	for n in 1 4 100 $((size / 2)) $((size - 9)) $((size - 1)); do
		head -c "$n" whole >part-1.parquet
		run -1 --separate-stderr shard-cat part-1.parquet
		says "part-1.parquet: "
	done
	: >part-1.parquet
	run -1 --separate-stderr shard-cat part-1.parquet
	says "part-1.parquet: "
	lines part-1.parquet a,b 1,2
	run -1 --separate-stderr shard-cat part-1.parquet
	says "part-1.parquet: "
	# what nobody can see there, our own outputs' digests say
	cp whole part-1.parquet
	shard-run cat part-1.parquet : write -o out
	shard-check --build out
	shard-check out
	flip out/part-00001.parquet 2000
	run -1 --separate-stderr shard-check out
	says "part-00001.parquet"
}

@test "parquet: a shard without rows keeps its types" {
	lines part-1.csv a,b,c 1,x,2.5
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	shard-run cat part-1.csv : map -w 'a == 2' : write -o out --empty header --format parquet --types c --split s
	[[ $(types out/s/part-00001.parquet | paste -sd,) == "a BIGINT,b VARCHAR,c DOUBLE" ]]
	[[ $(shard-cat out/s/part-00001.parquet) == a,b,c ]]
	shard-run cat out/s/part-00001.parquet : write -o again --empty header --split s
	[[ $(types again/s/part-00001.parquet | paste -sd,) == "a BIGINT,b VARCHAR,c DOUBLE" ]]
}

@test "parquet: one type for all shards: of what they declare, the one that holds all" {
	mkdir in
	ducksql "COPY (SELECT 1::INTEGER i, 1::BIGINT f, 'a' s, DATE '2024-01-01' t, 1::TINYINT m) TO 'in/part-1.parquet' (FORMAT parquet)" \
		"COPY (SELECT 2::BIGINT i, 2.5::DOUBLE f, 'b' s, DATE '2024-01-02' t, 'x' m) TO 'in/part-2.parquet' (FORMAT parquet)"
	preprocess --job-type training --input in --output out --split none --key none
	for n in 1 2; do
		[[ $(types out/train/part-0000$n.parquet | paste -sd,) == "i BIGINT,f DOUBLE,s VARCHAR,t DATE,m VARCHAR" ]]
	done
	shard-cat out/train/part-00001.parquet | cmp - <(lines /dev/stdout i,f,s,t,m '1,1.0,"a",2024-01-01,"1"')
}

# table: the same rows as CSV in csv and Parquet in pq, of ten shards.
table() {
	mkdir csv pq
	for s in 0 1 2 3 4 5 6 7 8 9; do
		awk -v s=$s 'BEGIN {
			srand(s + 1)
			print "id,orderDate,customerId,note,amount,count,label"
			for (i = 0; i < 50; i++)
				printf "%d,2024-%02d-%02d %02d:00:00,%s,%s,%s,%s,%s\n", s * 100 + i,
					1 + 12 * rand(), 1 + 28 * rand(), 24 * rand(),
					(rand() < .1 ? "" : "c" int(80 * rand())),
					(rand() < .2 ? "" : "\"say \"\"" int(9 * rand()) "\"\", or\""),
					(rand() < .3 ? "" : int(1000 * rand()) / 8 + .5),
					(rand() < .3 ? "" : int(50 * rand())),
					(rand() < .1 ? "" : rand() < .5 ? "yes" : "no")
		}' >csv/part-$s.csv
	done
	rm -rf c && shard-stats --schema -o c/parts csv/*
	shard-stats --merge --no-cutoffs -o c c/parts
	shard-ls csv | shard-run --list - cat {} : write -o pq --format parquet --types c
	rm -r pq/_shards
}

# alike A B: the same rows in the same files, numbers compared as numbers.
alike() {
	local f g
	diff <(cut -f 1,2,4 "$1/_manifest.tsv") <(cut -f 1,2,4 "$2/_manifest.tsv")
	cmp "$1/_account.tsv" "$2/_account.tsv"
	while IFS= read -r f; do
		g=$2/${f#"$1"/}
		diff <(shard-cat "$f" | values) <(shard-cat "${g%.csv}.parquet" | values) || return
	done < <(find "$1" -name '*.csv' ! -path '*/_*' | sort)
}
values() {
	python3 -c 'import csv, sys
def value(v):
    try:
        return float(v)
    except ValueError:
        return v
for row in csv.reader(sys.stdin):
    print([value(v) for v in row])'
}

@test "parquet: the jobs give the same rows and artifacts as of CSV, and Parquet again" {
	table
	for kind in csv pq; do
		preprocess --job-type training --input $kind --output of-$kind --label label
		impute --job-type training --input of-$kind --output full-$kind --artifacts model-$kind --label label
		shred --input $kind --output s-$kind --key customerId --order orderDate --max-rows 60
	done
	alike of-csv of-pq
	for f in split.tsv labels.tsv first.idx first.rows; do
		cmp of-csv/_context/$f of-pq/_context/$f
	done
	alike full-csv full-pq
	cmp model-csv/impute.tsv model-pq/impute.tsv
	cmp model-csv/impute_dict.json model-pq/impute_dict.json
	cmp s-csv/batches.tsv s-pq/batches.tsv
	alike s-csv s-pq
	# the mean of whole numbers is none, in every shard
	for f in full-pq/train/*; do
		[[ $(types "$f" | grep count) == "count DOUBLE" ]]
	done
	[[ $(types of-pq/train/part-00000.parquet | paste -sd,) == "id BIGINT,orderDate TIMESTAMP,customerId VARCHAR,note VARCHAR,amount DOUBLE,count BIGINT,label BIGINT" ]]
	# as programs in pipes, from CSV, by more workers: the same bytes
	preprocess --job-type training --input pq --output piped --label label --piped
	preprocess --job-type training --input csv --output to-pq --label label --format parquet --workers 3
	for s in train val test; do
		diff -r of-pq/$s piped/$s
		diff -r of-pq/$s to-pq/$s
	done
	find of-pq -newer of-pq/_SUCCESS >before
	preprocess --job-type training --input pq --output of-pq --label label
	[[ -z $(find of-pq/train -newer before) ]]
	for kind in csv pq; do
		preprocess --job-type validation --input $kind --output v-$kind --label label --context of-$kind/_context
		impute --job-type validation --input v-$kind --output vf-$kind --artifacts model-$kind --label label
	done
	alike v-csv v-pq
	alike vf-csv vf-pq
	preprocess --job-type training --input pq --output batch --label label --batch
	[[ $(shard-cat batch/train/train_processed_data.parquet | wc -l) == $(($(cat of-csv/train/* | wc -l) - $(ls of-csv/train | wc -l) + 1)) ]]
}

@test "parquet: a new shard of another type gives all outputs that type" {
	mkdir in
	ducksql "COPY (SELECT i::INTEGER i, 'g' || i % 3 g, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR t FROM range(20) r(i)) TO 'in/part-1.parquet' (FORMAT parquet)"
	shred --input in --output s --key g --order t --max-rows 7
	preprocess --job-type training --input in --output p --time t --key none
	[[ $(types s/batch-data-0.parquet | head -n 1) == "i INTEGER" ]]
	ducksql "COPY (SELECT 5000000000 i, 'g9' g, TIMESTAMP '2024-02-01' t) TO 'in/part-2.parquet' (FORMAT parquet)"
	shred --input in --output s --key g --order t --max-rows 7
	preprocess --job-type training --input in --output p --time t --key none
	for f in s/batch-*.parquet p/t*/part-*; do
		[[ $(types "$f" | head -n 1) == "i BIGINT" ]]
	done
	shard-cat s/batch-data-0.parquet | head -n 2 | tail -n 1 | grep -qxF '0,"g0",2024-01-01 00:00:00'
}

@test "parquet: shards of all formats in one directory, and their way into one" {
	table
	mkdir mixed
	cp csv/part-[0-3].csv mixed
	cp pq/part-0000[4-6].parquet mixed
	for s in 7 8 9; do
		shard-run cat csv/part-$s.csv : write -o json --format jsonl --types c
	done
	cp json/part-*.jsonl mixed && zstd -q --rm mixed/part-00008.jsonl
	preprocess --job-type training --input csv --output of-csv --label label
	preprocess --job-type training --input mixed --output kept --label label
	cmp of-csv/_account.tsv kept/_account.tsv
	cmp of-csv/_context/split.tsv kept/_context/split.tsv
	[[ $(ls kept/train | paste -sd' ') == "part-00000.csv part-00001.csv part-00002.csv part-00003.csv part-00004.parquet part-00005.parquet part-00006.parquet part-00007.jsonl part-00008.jsonl.zst part-00009.jsonl" ]]
	preprocess --job-type training --input mixed --output one --label label --format parquet --compress none
	alike of-csv one
	[[ $(for f in one/*/part-*; do types "$f" | paste -sd,; done | sort -u | wc -l) == 1 ]]
}

@test "parquet: killed while it writes, it leaves no file under a final name; a full disk is an error" {
	awk 'BEGIN { print "a,b"; for (i = 0; i < 2000000; i++) print i ",text " i * 7919 % 1000003 }' >part-1.csv
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	for s in .2 .5 .9 1.3; do
		timeout -s KILL $s shard-write -o out --split s --format parquet --types c part-1.csv || :
		[[ ! -e out/s/part-00001.parquet ]] || shard-cat out/s/part-00001.parquet | cmp -s - <(shard-cat part-1.csv | sed 's/,\(text .*\)/,"\1"/')
	done
	shard-write -o out --split s --format parquet --types c part-1.csv
	shard-check --clean out
	[[ -z $(find out -name '.tmp.*') ]]
	run -1 --separate-stderr bash -c 'ulimit -f 2000; trap "" XFSZ; shard-write -o full --split s --format parquet --types c part-1.csv'
	[[ -n $stderr && -z $(find full -name 'part-*') ]]
}

@test "parquet: --optimize-types: the narrowest numbers that hold all values of all shards, exactly" {
	mkdir in
	lines in/part-0.csv id,orderDate,i8,i16,i32,i64,big,f32,f64,mixed,none,t,label \
		'1,2024-01-01,127,128,32768,2147483648,9223372036854775808,0.5,0.1,1,,x,b' \
		'2,2024-01-02,-128,1,1,1,1,16777216.0,1,1.5,,y,a'
	lines in/part-1.csv id,orderDate,i8,i16,i32,i64,big,f32,f64,mixed,none,t,label \
		'3,2024-01-03,0,-32768,-2147483648,1,1,-10485.5,16777217.0,,,x,a' \
		'4,2024-01-04,1,1,1,1,1,-0.0,1e39,2,,z,b'
	preprocess --job-type training --input in --output out --label label --key none --format parquet --optimize-types >/dev/null
	lines want 'id TINYINT' 'orderDate TIMESTAMP' 'i8 TINYINT' 'i16 SMALLINT' 'i32 INTEGER' 'i64 BIGINT' \
		'big VARCHAR' 'f32 FLOAT' 'f64 DOUBLE' 'mixed FLOAT' 'none VARCHAR' 't VARCHAR' 'label TINYINT'
	for f in out/*/*.parquet; do
		types "$f" | cmp - want
	done
	preprocess --job-type training --input in --output plain --label label --key none --format parquet >/dev/null
	for f in plain/*/*.parquet; do
		[[ $(ducksql "SELECT count(*)::VARCHAR FROM (SELECT * FROM '$f' EXCEPT ALL SELECT * FROM 'out${f#plain}')") == 0 ]]
	done
	# the float32 next to 0.1 would be read back as 0.1
	for x in 0.10000000149011612 123456792.0 3.4028234663852886e38 0.001953125; do
		lines f.csv a $x
		rm -rf f && shard-stats --schema -o f/parts --like part-1.csv <f.csv && shard-stats --merge -o f f/parts
		grep -q float64 f/schema.tsv
	done
	# a new shard may need more: then all outputs are made again
	lines in/part-2.csv id,orderDate,i8,i16,i32,i64,big,f32,f64,mixed,none,t,label \
		'300,2024-01-05,128,1,1,1,1,0.1,1,1,,x,a'
	preprocess --job-type training --input in --output out --label label --key none --format parquet --optimize-types >/dev/null
	sed -i 's/id TINYINT/id SMALLINT/; s/i8 TINYINT/i8 SMALLINT/; s/f32 FLOAT/f32 DOUBLE/' want
	for f in out/*/*.parquet; do
		types "$f" | cmp - want
	done
	# Parquet's own types: never wider, and only numbers
	ducksql "COPY (SELECT 1::UINTEGER u, 200::UTINYINT u8, 7::BIGINT b, 0.1::FLOAT f, 0.5::DOUBLE d,
		1.5::DECIMAL(9,1) m, DATE '2024-01-01' orderDate, '5' s, 4000000000::UINTEGER u32, 1::UBIGINT ub)
		TO 'p.parquet' (FORMAT parquet)"
	mkdir pq && mv p.parquet pq/part-0.parquet
	OPTIMIZE_MEMORY=true preprocess --job-type validation --input pq --output out2 >/dev/null
	[[ $(types out2/validation/part-00000.parquet | paste -sd,) == "u TINYINT,u8 UTINYINT,b TINYINT,f FLOAT,d FLOAT,m DECIMAL(9,1),orderDate DATE,s VARCHAR,u32 UINTEGER,ub TINYINT" ]]
	shred --input in --output s --key t --order orderDate --format parquet --optimize-types 2>/dev/null >&2
	[[ $(types s/batch-data-0.parquet | grep -c TINYINT) == 0 && $(types s/batch-data-0.parquet | grep -c 'id SMALLINT') == 1 ]]
	run -2 --separate-stderr shred --input in --output s2 --key t --order orderDate --by-day --optimize-types
	says "each day would have types of its own"
	run -0 --separate-stderr preprocess --job-type training --input in --output csv --key none --optimize-types
	says "note: --optimize-types is for Parquet"
	shard-stats -t orderDate -o n/parts in/part-0.csv
	run -2 --separate-stderr shard-stats --merge --optimize-types -o n n/parts
	says "pass 1 ran without --schema"
}

@test "parquet: what dedup drops is not read whole; what stays is as of CSV, whatever the order of columns" {
	mkdir in pq
	for i in 0 1 2; do
		rows $((300 + i)) | awk -F, -v i=$i 'NR > 1 && NR % 11 == i { sub(/,c[0-9]*,/, ",,") }
			NR > 1 && NR % 13 == i { sub(/,[01]$/, ",") } { print }' >in/part-$i.csv
	done
	shard-stats --schema -o c/parts in/part-*.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	shard-ls in | shard-run --list - cat {} : write -o pq --format parquet --types c
	shard-run cat in/part-1.csv : map --select note,label,customerId,id,orderDate : write -o turned --format parquet --types c
	cp turned/part-00001.parquet pq
	for how in "--header reorder" "--header reorder --ties one --null-key drop" "--header reorder --key none"; do
		rm -rf a b
		preprocess --job-type training --input in --output a --label label --format parquet $how 2>/dev/null >&2
		preprocess --job-type training --input pq --output b --label label $how 2>/dev/null >&2
		cmp a/_account.tsv b/_account.tsv
		cmp a/_manifest.tsv b/_manifest.tsv
		grep -q missing-label a/_account.tsv
		[[ $how == *none ]] || grep -q duplicate a/_account.tsv
	done
	# in the order of the file, each batch is begun early and completed later
	ducksql "COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_minutes(i::INT) AS orderDate, 'k' || (i % 700)::VARCHAR AS customerId,
		repeat('é\"', (i % 50)::INT) AS note, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 7.0 END AS x
		FROM range(20000) t(i)) TO 'd.parquet' (FORMAT parquet)"
	mkdir one && mv d.parquet one/part-0.parquet
	preprocess --job-type training --input one --output o --cutoffs 2024-01-01T02:00:00,2024-01-01T04:00:00 >/dev/null
	[[ $(ducksql "SELECT count(*)::VARCHAR || ' ' || sum(id)::VARCHAR FROM 'o/*/*.parquet'") == "700 244650" ]]
	[[ $(ducksql "SELECT count(*)::VARCHAR FROM (SELECT * FROM 'o/*/*.parquet' EXCEPT ALL SELECT * FROM 'one/part-0.parquet')") == 0 ]]
	# a text with NUL is found in what is kept, with its place
	ducksql "COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_minutes(i::INT) AS orderDate, i AS customerId,
		CASE WHEN i = 9 THEN 'a' || chr(0) ELSE 'x' END AS note FROM range(20) t(i)) TO 'd.parquet' (FORMAT parquet)"
	mkdir nul && mv d.parquet nul/part-0.parquet
	run -1 --separate-stderr preprocess --job-type training --input nul --output n
	says 'part-0.parquet: row 10: column "note": a NUL character'
	run -1 --separate-stderr shard-cat nul/part-0.parquet
	says 'part-0.parquet: row 10: column "note": a NUL character'
}

@test "parquet: more rows than memory holds go through a file, and are the same" {
	mkdir in
	awk 'BEGIN { print "id,s"; for (i = 0; i < 150000; i++) printf "%d,\"%s %0110d\"\n", i, "é,", i * i }' >in/part-0.csv
	(($(stat -c %s in/part-0.csv) > 17 << 20))
	typed in/part-0.csv
	shard-cat p/part-00000.parquet | cmp - in/part-0.csv
	mkdir full
	run -1 --separate-stderr env TMPDIR=/proc shard-run cat in/part-0.csv : write -o q --format parquet --types c
	says "temporary file"
	barren q
}

@test "parquet: the jobs take nested columns as JSON text where they are told to" {
	mkdir in
	for i in 0 1; do
		ducksql "COPY (SELECT i AS id, TIMESTAMP '2024-01-01' + to_days(i::INT) AS orderDate, 'c' || i AS customerId,
			{'a': i, 'b': [1, 2]} AS nest, CASE WHEN i % 2 = 0 THEN 1.5 END AS x
			FROM range($i * 10, $i * 10 + 10) t(i)) TO 'in/part-$i.parquet' (FORMAT parquet)"
	done
	run -1 --separate-stderr preprocess --job-type training --input in --output out
	says 'column "nest" is nested'
	preprocess --job-type training --input in --output out --nested json >/dev/null
	[[ $(ducksql "SELECT nest FROM 'out/*/*.parquet' WHERE id = 3") == '{"a":3,"b":[1,2]}' ]]
	shred --input in --output s --key customerId --order orderDate --nested json 2>/dev/null >&2
	[[ $(ducksql "SELECT count(*)::VARCHAR || max(nest) FROM 's/batch*.parquet'") == '20{"a":9,"b":[1,2]}' ]]
	mkdir nested && mv in nested/train
	SHARDKIT_NESTED=json impute --job-type training --input nested --output f --artifacts a 2>/dev/null >&2
	[[ $(ducksql "SELECT sum(x)::VARCHAR FROM 'f/train/*.parquet'") == 30.0 ]]
}
