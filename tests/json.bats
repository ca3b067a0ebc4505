#!/usr/bin/env bats
# JSON: objects become rows and rows objects, nothing changed on the way, and the
# jobs do with JSON shards what they do with CSV.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# refuses TEXT WHAT: JSON that is refused, with that message.
refuses() {
	printf "$1" >bad.jsonl
	run -1 --separate-stderr shard-cat bad.jsonl
	says "bad.jsonl:$2"
}

@test "json: strings come quoted, numbers as spelled, null as nothing, an array as its text" {
	printf '%s\n' '{"s":"x","e":"","n":1.50,"big":123456789012345678901234567890,"x":1E+400,"z":-0,"t":true,"f":false,"o":null,"a":[1, 2.0,"q\"",{"k":[]},null]}' >part-1.jsonl
	shard-cat part-1.jsonl >got
	lines want s,e,n,big,x,z,t,f,o,a \
		'"x","",1.50,123456789012345678901234567890,1E+400,-0,true,false,,"[1,2.0,""q\"""",{""k"":[]},null]"'
	cmp got want
}

@test "json: nested objects are dotted columns, in the order in which names first appear" {
	printf '%s' '{"b":1,"o":{"x":1,"p":{"y":"q"},"none":{}}}' '{"a":2,"o":{"p":{"z":3}}}  {"o":{"x":4},"c__DOT__d":5}' >part-1.jsonl
	shard-cat part-1.jsonl >got
	lines want b,o.x,o.p.y,a,o.p.z,c.d '1,1,"q",,,' ',,,2,3,' ',4,,,,5'
	cmp got want
	shard-cat --keep-names -N part-1.jsonl | tail -n 1 | grep -qx c__DOT__d
	shard-cat -C a,o.x part-1.jsonl | cmp - <(lines /dev/stdout a,o.x ,1 2, ,4)
}

@test "json: lines, an array, pretty or in one line, with a BOM, compressed, by name or not: the same rows" {
	lines want a,b '1,"x"' '2,'
	printf '{"a":1,"b":"x"}\n{"a":2}\n' >part-1.jsonl
	printf '[{"a":1,"b":"x"},{"a":2}]' >part-2.json
	printf '\xef\xbb\xbf [\n  {\n    "a" : 1,\r\n    "b": "x"\n  },\n {"a":2,"b":null}\n]\n\n' >part-3.json
	printf '{"a":1,"b":"x"}{"a":2}' >part-4.json
	gzip -k part-1.jsonl && mv part-1.jsonl.gz part-5.jsonl.gz
	cp part-2.json unnamed
	gzip -c part-3.json >unnamed.gz
	for f in part-* unnamed unnamed.gz; do
		shard-cat "$f" | cmp - want
	done
	shard-cat --dialect json <part-3.json | cmp - want
	gzip -c part-1.jsonl | shard-cat --dialect json | cmp - want
}

@test "json: what is no JSON, or no rows, is refused with file and line" {
	refuses '{"a":1}\n{"a":' "2: truncated: the input ends inside of a value"
	refuses '[{"a":1}' "1: truncated"
	refuses '{"a":1}\n\n{"a":1}}' "3: not JSON"
	refuses '{"a":01}' "1: not JSON"
	refuses '{"a":NaN}' "1: not JSON"
	refuses "{'a':1}" "1: not JSON"
	refuses '[{"a":1},]' "1: not JSON"
	refuses '{"a":1}\n{"a":"\xff"}' "2: not JSON: lexical error: invalid bytes in UTF8 string."
	refuses '{"a":"x\ty"}' "1: not JSON"
	refuses '{"a":1}\n7' "2: a row is an object, in braces, and no other value"
	refuses '[[1]]' "1: a row is an object, in braces, and no array"
	refuses '[{"a":1}]\n{"a":1}' "2: something behind the end of the array"
	refuses '{"a":1,"b":2,"a":1}' '1: two values of "a" in one object'
	refuses '{"a":{"b":1},"a.b":1}' '1: two values of "a.b" in one object'
	refuses '{}\n{}' " no column: no object has a name in it"
	refuses '{"a":1}\n{"a":"\\u0000"}' '2: \u0000 is in no text'
	for half in '\\ud800' '\\udfff' '\\ud83dx' '\\ud83d\\n' '\\ud83d\\ud83d' '\\ude00\\ud83d' '\\ud83d\\u0041'; do
		refuses "{\"a\":1}\n{\"a\":\"$half\"}" '2: half a surrogate pair'
	done
	printf '{"a":"\\ud83d\\ude00\\\\ud800"}' >good.jsonl
	shard-cat good.jsonl | tail -n 1 | grep -qxF '"😀\ud800"'
	: >part-1.jsonl
	run -1 --separate-stderr shard-cat part-1.jsonl
	says "part-1.jsonl: no column: no object has a name in it"
}

@test "json: a pipe gives all of its rows, whether it has a name or not" {
	awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"id\":%d,\"p\":\"%060d\"}\n", i, i }' >part-1.jsonl
	echo '{"id":20000,"late":1}' >>part-1.jsonl
	shard-cat part-1.jsonl >want
	[[ $(wc -l <want) == 20002 ]]
	shard-cat --dialect json <(cat part-1.jsonl) | cmp want -
	cat part-1.jsonl | shard-cat --dialect json | cmp want -
	shard-cat --dialect json <part-1.jsonl | cmp want -
	gzip -c part-1.jsonl | shard-cat --dialect json | cmp want -
	shard-cat --dialect json <(gzip -c part-1.jsonl) | cmp want -
	mkfifo named
	for bytes in part-1.jsonl want; do
		cat $bytes >named 3>&- &
		if [[ $bytes == want ]]; then
			timeout 300 shard-cat named | cmp want -
		else
			timeout 300 shard-cat --dialect json named | cmp want -
		fi
		wait
	done
	# errors call it by its own name
	run -1 --separate-stderr shard-cat --dialect json < <(printf '{"a":1}\n{"a":x}')
	says "standard input:2: not JSON"
}

@test "json: cut at any byte, it is refused or ends behind a whole row" {
	printf '{"a":1,"b":"\\u00e9x"}\n{"a":[2],"b":null}\n' >whole
	shard-cat --dialect json <whole >want
	for ((n = 0; n < $(stat -c %s whole); n++)); do
		head -c $n whole >part-1.jsonl
		if shard-cat part-1.jsonl >got 2>err; then
			cmp got <(head -n "$(wc -l <got)" want)
			((n == 21 || n == 22 || n == 40)) || { echo "taken at $n"; return 1; }
		fi
	done
}

@test "json: depth, columns and the length of a record have a bound; memory does not grow with the input" {
	deep() { printf '{"a":%s1%s}' "$(printf "%$1s" | tr ' ' '[')" "$(printf "%$1s" | tr ' ' ']')"; }
	deep 99 >part-1.jsonl
	shard-cat part-1.jsonl >got
	deep 100 >part-1.jsonl
	run -1 --separate-stderr shard-cat part-1.jsonl
	says "part-1.jsonl:1: nested more than 100 deep"
	head -c 3000000 /dev/zero | tr '\0' '[' >part-1.jsonl
	run -1 --separate-stderr shard-cat part-1.jsonl
	says "part-1.jsonl:1: a row is an object"
	{
		printf '{"a":1}\n{"a":'
		head -c 3000000 /dev/zero | tr '\0' '{'
	} >part-1.jsonl
	run -1 --separate-stderr shard-cat part-1.jsonl
	says "part-1.jsonl:2: not JSON"
	awk 'BEGIN { for (i = 0; i < 16385; i++) printf "%s\"%d\":1", (i ? "," : "{"), i; print "}" }' >part-1.jsonl
	run -1 --separate-stderr shard-cat part-1.jsonl
	says "part-1.jsonl:1: more than 16384 columns"
	for where in '{"a":"' '{"a":[' '{"a":{' '"' '[{"b":1},{"b":"'; do
		{
			printf '%s' "$where"
			head -c 300000 /dev/zero | tr '\0' 9
			printf '"}'
		} >part-1.jsonl
		run -1 --separate-stderr shard-cat --max-record 100k part-1.jsonl
		[[ $stderr == *"record longer than 102400 bytes"* || $stderr == *"not JSON"* ]]
	done
	# long runs of blanks are no record
	{
		printf '{"a":1}'
		head -c 300000 /dev/zero | tr '\0' ' '
		printf '{"a":2}'
	} >part-1.jsonl
	shard-cat --max-record 100k part-1.jsonl | cmp - <(lines /dev/stdout a 1 2)
	# short objects and many columns: a row is as wide as the table
	{
		awk 'BEGIN { for (i = 0; i < 5000; i++) printf "%s\"%d\":1", (i ? "," : "{"), i; print "}" }'
		yes '{}' | head -n 100000
	} >part-2.jsonl
	# the sanitizers take more than any table does
	[[ -n ${SANITIZED-} ]] || ulimit -v 300000
	shard-cat part-2.jsonl >got
	[[ $(wc -l <got) == 100002 ]]
}

@test "json: a long row, and a million of them, arrive whole" {
	{
		printf '{"a":"'
		head -c 5000000 /dev/zero | tr '\0' x
		printf '","b":1}\n{"b":2}'
	} >part-1.jsonl
	shard-cat part-1.jsonl >got
	[[ $(stat -c %s got) == $((4 + 5000002 + 3 + 3)) ]]
	awk 'BEGIN { for (i = 0; i < 300000; i++) printf "{\"i\":%d,\"s\":\"%d\"}\n", i, i }' >part-2.jsonl
	shard-cat part-2.jsonl | awk -F , 'NR > 1 && ($1 != NR - 2 || $2 != "\"" NR - 2 "\"") { exit 1 } END { print NR }' | grep -qx 300001
}

@test "json: rows become objects with the same values, and read back as the same rows" {
	lines part-1.csv 'a,"b ""x"", y",c' '1,"x",' '-0.5e-3,true,""' '007,"12","tab	and
line"' '+1,.5,1.' 'inf,nan,True' 'é😀,"\","/"'
	shard-write -o out --split all --format jsonl part-1.csv
	cat >want <<'END'
{"a":1,"b \"x\", y":"x","c":null}
{"a":-0.5e-3,"b \"x\", y":true,"c":""}
{"a":"007","b \"x\", y":"12","c":"tab\tand\nline"}
{"a":"+1","b \"x\", y":".5","c":"1."}
{"a":"inf","b \"x\", y":"nan","c":"True"}
{"a":"é😀","b \"x\", y":"\\","c":"/"}
END
	cmp out/all/part-00001.jsonl want
	shard-run cat out/all/part-00001.jsonl : write -o again --split all
	cmp again/all/part-00001.jsonl want
	# control characters; what is no UTF-8
	printf 'a\n\001\037"\n' | tr -d '"' >part-2.csv
	shard-write -o out --split all --format jsonl part-2.csv
	[[ $(<out/all/part-00002.jsonl) == '{"a":"\u0001\u001f"}' ]]
	printf 'a\nx\n\xff\n' >part-3.csv
	run -1 --separate-stderr shard-write -o out --split all --format jsonl part-3.csv
	says "part-00003.jsonl: row 2:"
	says "is not UTF-8, as JSON has to be"
	[[ ! -e out/all/part-00003.jsonl ]]
}

@test "json: what was a number, a text, true, empty or missing is that again, in every codec" {
	printf '%s\n' '{"a":1.0,"b":"1.0","c":true,"d":"true","e":"","f":null,"g":"[1]","h":12345678901234567890}' >part-1.json
	for codec in none gz zst lz4 xz; do
		shard-run cat part-1.json : write -o "$codec" --compress $codec
		shard-cat "$codec"/part-00001.jsonl* | cmp - <(shard-cat part-1.json)
	done
	cmp none/part-00001.jsonl part-1.json
	shard-check --build xz
}

@test "json: a shard without rows is a blank line, and one again when it is read" {
	lines part-1.csv a,b 1,x
	shard-run cat part-1.csv : map -w 'a == 2' : write -o out --empty header --format jsonl --split s
	[[ $(od -An -c out/s/part-00001.jsonl | tr -d ' ') == '\n' ]]
	shard-run cat --header-of part-1.csv out/s/part-00001.jsonl : write -o again --empty header --split s
	cmp out/s/part-00001.jsonl again/s/part-00001.jsonl
}

@test "json: --types makes a text of whatever is in a text column" {
	lines part-1.csv id,n 007,1 12,2
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge --no-cutoffs -o c c/parts
	shard-write -o out --split all --format jsonl --types c part-1.csv
	cmp out/all/part-00001.jsonl <(lines /dev/stdout '{"id":"007","n":1}' '{"id":"12","n":2}')
	shard-stats -o d/parts part-1.csv
	shard-stats --merge --no-cutoffs -o d d/parts
	run -1 --separate-stderr shard-write -o out --split all --format jsonl --types d part-1.csv
	says "d: no types here (pass 1 ran without --schema)"
}

@test "json: pass 1 sees a column that a shard lacks as missing; one that no shard has is refused" {
	printf '{"t":"2024-01-01","k":"a"}\n' >part-1.jsonl
	printf '{"t":"2024-01-02"}\n{"extra":1,"t":"2024-01-03"}\n' >part-2.jsonl
	printf '[]' >part-3.json
	shard-stats -t t -k k --schema --missing-time drop -o c/parts part-*
	shard-stats --merge -o c c/parts
	[[ $(cut -f 1 c/schema.tsv | paste -sd,) == column,t,k,extra ]]
	[[ $(awk '$1 == "k" { print $3, $4 }' c/schema.tsv) == "3 2" ]]
	shard-stats -t t -k nobody --missing-time drop -o d/parts part-*
	run -1 --separate-stderr shard-stats --merge -o d d/parts
	says 'no column "nobody" in any shard'
}

# table DIR: the same rows as CSV in DIR/csv and JSON in DIR/json.
table() {
	mkdir -p "$1/csv" "$1/json"
	python3 - "$1" <<'END'
import csv, json, random, sys
random.seed(3)
base = sys.argv[1]
names = ["id", "orderDate", "customerId", "who.note", "amount", "label"]
for s in range(7):
    rows = []
    for i in range(60):
        rows.append({
            "id": s * 1000 + i,
            "orderDate": "2024-%02d-%02d %02d:00:00" % (random.randint(1, 12), random.randint(1, 28), random.randint(0, 23)),
            "customerId": random.choice([None, "c%d" % random.randint(0, 90)]),
            "who.note": random.choice([None, "", 'say "x", y', "línea\ndos", "-"]) if s != 3 else None,
            "amount": random.choice([None, 1.5, 2, 1e300, -7]),
            "label": random.choice([None, "yes", "no", "no"]) })
    with open("%s/csv/part-%d.csv" % (base, s), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(names)
        for i, r in enumerate(rows):
            w.writerow(["" if r[n] is None else r[n] for n in names])
    with open("%s/json/part-%d.%s" % (base, s, "json" if s % 2 else "jsonl"), "w") as f:
        out = []
        for i, r in enumerate(rows):
            o = {}
            keys = list(names)
            if s + i: # the first row has the order of the columns
                random.shuffle(keys)
            for n in keys:
                if r[n] is None and s + i and (s == 3 or random.random() < .5):
                    continue
                if n == "who.note":
                    o["who"] = {"note": r[n]}
                else:
                    o[n] = r[n]
            out.append(o)
        if s % 2:
            json.dump(out, f, indent=1)
        else:
            f.writelines(json.dumps(o) + "\n" for o in out)
END
}

# values FILE...: all rows as Python sees them, an empty text and none alike, in
# the order of the columns' names.
values() {
	python3 - "$@" <<'END'
import csv, json, sys
for name in sys.argv[1:]:
    if name.endswith(".csv"):
        rows = list(csv.DictReader(open(name, newline="")))
    else:
        rows = [json.loads(l, parse_int=str, parse_float=str) for l in open(name)]
    for r in rows:
        print(sorted((k, v or "") for k, v in r.items()))
END
}

# alike A B: the jobs' outputs hold the same rows in the same files.
alike() {
	diff <(cut -f 1,2,4 "$1/_manifest.tsv") <(cut -f 1,2,4 "$2/_manifest.tsv")
	cmp "$1/_account.tsv" "$2/_account.tsv"
	diff <(values "$1"/*/part-*) <(values "$2"/*/part-*)
}

@test "json: preprocess and impute give the same rows and artifacts as of CSV, fused, piped and again" {
	table .
	preprocess --job-type training --input csv --output of-csv --label label
	preprocess --job-type training --input json --output of-json --label label --workers 2
	alike of-csv of-json
	cmp of-csv/_context/split.tsv of-json/_context/split.tsv
	cmp of-csv/_context/labels.tsv of-json/_context/labels.tsv
	ls of-json/train | grep -qx 'part-00001.jsonl'
	preprocess --job-type training --input json --output piped --label label --piped
	diff -r of-json/train piped/train
	preprocess --job-type training --input json --output batch --label label --batch
	[[ $(wc -l <batch/train/train_processed_data.jsonl) == $(cat of-json/train/* | wc -l) ]]
	tree of-json -newer of-json/_SUCCESS >before
	preprocess --job-type training --input json --output of-json --label label
	[[ -z $(find of-json/train -newer before) ]]
	for kind in csv json; do
		impute --job-type training --input of-$kind --output full-$kind --artifacts model-$kind --label label
	done
	alike full-csv full-json
	for f in impute.tsv impute_dict.json stats.tsv; do
		cmp model-csv/$f model-json/$f
	done
	preprocess --job-type validation --input json --output v-json --label label --context of-json/_context
	preprocess --job-type validation --input csv --output v-csv --label label --context of-csv/_context
	alike v-csv v-json
	impute --job-type validation --input v-json --output vf-json --artifacts model-json --label label
	impute --job-type validation --input v-csv --output vf-csv --artifacts model-csv --label label
	alike vf-csv vf-json
}

@test "json: shred gives the same batches as of CSV, also by day and sorted in one go" {
	table .
	for kind in csv json; do
		shred --input $kind --output s-$kind --key customerId --order orderDate --max-rows 50
	done
	cmp s-csv/batches.tsv s-json/batches.tsv
	diff <(cut -f 1,2,4 s-csv/_manifest.tsv) <(cut -f 1,2,4 s-json/_manifest.tsv)
	for ((i = 0; i < $(ls s-csv/batch-* | wc -l); i++)); do
		diff <(values s-csv/batch-data-$i.csv) <(values s-json/batch-data-$i.jsonl)
	done
	((i > 3))
	for kind in csv json; do
		shred --input $kind --output d-$kind --key customerId --order orderDate --max-rows 50 --by-day --presplit \
			--from 2024-03-01 --to 2024-03-12
		(cd d-$kind && ls -d 2024-*) >days-$kind
		find d-$kind -name 'batch-*' -exec cat {} + | wc -l >lines-$kind
	done
	cmp days-csv days-json
}

@test "json: CSV and JSON shards in one directory, each kept as it is" {
	table .
	mkdir mixed
	cp csv/part-[02].csv json/part-[1356].* mixed/
	cp csv/part-4.csv mixed/part-4.tsv && sed -i 's/,/\t/g; s/"say ""x""\t y"/"say ""x"", y"/' mixed/part-4.tsv
	preprocess --job-type training --input csv --output of-csv --label label
	preprocess --job-type training --input mixed --output of-mixed --label label
	cmp of-csv/_account.tsv of-mixed/_account.tsv
	cmp of-csv/_context/split.tsv of-mixed/_context/split.tsv
	ls of-mixed/train | paste -sd' ' | grep -q 'part-00000.csv part-00001.jsonl part-00002.csv part-00003.jsonl part-00004.tsv part-00005.jsonl'
	preprocess --job-type training --input csv --output to-json --label label --format jsonl --compress zst
	preprocess --job-type training --input json --output from-json --label label --compress none
	for f in to-json/train/*; do zstd -dcq "$f"; done >a
	cat from-json/train/* >b
	diff <(values_of a) <(values_of b)
}
values_of() {
	python3 -c 'import json, sys
for l in open(sys.argv[1]):
    print(sorted((k, v if v is not None else "") for k, v in json.loads(l).items()))' "$1"
}

@test "json: a new column makes all again, and a name that a header does not have is an error" {
	table .
	preprocess --job-type training --input json --output out --label label
	printf '{"id":1,"orderDate":"2024-02-02 00:00:00","customerId":"n","new":5,"label":"no"}\n' >json/part-7.jsonl
	preprocess --job-type training --input json --output out --label label
	preprocess --job-type training --input json --output fresh --label label
	diff -r out/train fresh/train
	grep -q '"new":5' out/*/part-00007.jsonl
	run -1 --separate-stderr shard-cat --header-of json/part-0.jsonl json/part-7.jsonl
	says 'json/part-7.jsonl:1: column "new" is not in the header of json/part-0.jsonl'
	run -1 --separate-stderr preprocess --job-type training --input json --output x --label label --signature json/part-0.jsonl
	says "--signature names the columns of a CSV header: JSON has its own"
}

@test "json: real shards as JSON Lines give what they give as CSV" {
	data=${SHARDKIT_DATA:-$TOP/../shared/data}
	[[ -x $data/unpack ]] || skip "no real data (SHARDKIT_DATA is unset)"
	"$data/unpack" . >/dev/null
	mkdir json some
	days=(parts/*)
	cp "${days[@]:0:$(some $((${#days[@]} / 2)))}" some
	python3 - some <<'END'
import csv, json, os, re, sys
number = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?$")
texts = {"InvoiceNo", "StockCode", "Description"}
for name in sorted(os.listdir(sys.argv[1])):
    with open(sys.argv[1] + "/" + name, newline="") as i, open("json/" + name[:-3] + "jsonl", "w") as o:
        for row in csv.DictReader(i):
            o.write("{%s}\n" % ",".join("%s:%s" % (json.dumps(k), v if number.match(v) and k not in texts else json.dumps(v))
                                        for k, v in row.items() if v))
END
	preprocess --job-type training --input some --output of-csv --label label
	preprocess --job-type training --input json --output of-json --label label
	alike of-csv of-json
	cmp of-csv/_context/schema.tsv of-json/_context/schema.tsv
	for kind in csv json; do
		impute --job-type training --input of-$kind --output full-$kind --artifacts model-$kind --label label
	done
	alike full-csv full-json
	cmp model-csv/impute_dict.json model-json/impute_dict.json
	shred --input some --output s-csv --key StockCode --order orderDate --max-rows 20000
	shred --input json --output s-json --key StockCode --order orderDate --max-rows 20000
	cmp s-csv/batches.tsv s-json/batches.tsv
	diff <(values s-csv/batch-data-*.csv) <(values s-json/batch-data-*.jsonl)
}
