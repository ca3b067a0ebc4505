#!/usr/bin/env bats
# preprocess on bad input: each kind refused with file and line, status 1,
# nothing committed for it, no _SUCCESS.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	three_shards
}

teardown() {
	if mountpoint -q out; then umount out; fi
}

# unfinished: no _SUCCESS, no temp file; and, of the shards, only those named.
unfinished() {
	local want=$1
	[[ ! -e out/_SUCCESS ]]
	[[ -z $(find out -name '.tmp*') ]]
	[[ $(find out -name 'part-*' | sed 's/.*part-0*\([0-9]\)\..*/\1/' | sort -u | tr -d '\n') == "$want" ]]
	[[ $(ls out/_shards 2>/dev/null | sed 's/0*\([0-9]\)\.tsv/\1/' | tr -d '\n') == "$want" ]]
}

# early WORDS [OPTION...]: training ends in pass 1, in these words, before
# any output; validation, which has no pass 1, leaves the others' outputs.
early() {
	run -1 --separate-stderr train "${@:2}"
	says "$1"
	unfinished ""
}

late() {
	rm -rf out
	run -1 --separate-stderr preprocess --job-type validation --input in --output out --workers 2 --label label "${@:2}"
	says "$1"
	unfinished 02
	# mended, the next run finishes, and does only what is missing
	inode=$(stat -c %i out/validation/part-00000.csv)
	rm -f in/part-1.*
	rows 21 >in/part-1.csv
	run -0 --separate-stderr preprocess --job-type validation --input in --output out --workers 2 --label label
	[[ -e out/_SUCCESS && $(stat -c %i out/validation/part-00000.csv) == "$inode" ]]
	cmp in/part-1.csv out/validation/part-00001.csv
}

@test "preprocess: a ragged row is refused with file and line" {
	echo 1,2 >>in/part-1.csv
	early "in/part-1.csv:23: ragged row: 2 fields, the header has 5"
	late "in/part-1.csv:23: ragged row: 2 fields, the header has 5"
}

@test "preprocess: an unterminated quote is refused with file and line" {
	printf '99,2024-01-01,c1,"open,1\n' >>in/part-1.csv
	early "in/part-1.csv:23: unterminated quote"
	late "in/part-1.csv:23: unterminated quote"
}

@test "preprocess: a NUL byte is refused with file and line" {
	printf '99,2024-01-01,c1,\0,1\n' >>in/part-1.csv
	early "in/part-1.csv:23: NUL byte"
	late "in/part-1.csv:23: NUL byte"
}

@test "preprocess: a bare carriage return is refused with file and line" {
	printf '99,2024-01-01,c1,x\ry,1\n' >>in/part-1.csv
	early "in/part-1.csv:23: bare carriage return"
	late "in/part-1.csv:23: bare carriage return"
}

@test "preprocess: a blank line inside the table is refused with file and line" {
	sed -i '4s/^/\n/' in/part-1.csv
	early "in/part-1.csv:4: blank line inside the table"
	late "in/part-1.csv:4: blank line inside the table"
}

@test "preprocess: a header that differs is refused, both files named" {
	sed -i '1s/note/remark/' in/part-1.csv
	early 'in/part-1.csv:1: header differs from that of in/part-0.csv: column 4 is "remark", there "note"'
	late 'in/part-1.csv:1: header differs from that of in/part-0.csv: column 4 is "remark", there "note"'
}

@test "preprocess: columns of one name are refused" {
	sed -i '1s/note/id/' in/part-1.csv
	early 'in/part-1.csv:1: two columns are named "id"'
	late 'in/part-1.csv:1: two columns are named "id"'
}

@test "preprocess: --header=reorder takes columns in another order, in every job" {
	cp -r in straight
	awk -F , -v OFS=, '{ n = $0; sub(/^[^,]*,/, "", n); print n, $1 }' straight/part-1.csv >in/part-1.csv
	preprocess --job-type training --input straight --output want
	train --header reorder
	cmp <(tree want -path './[tv]*') <(tree out -path './[tv]*')
	cmp want/_account.tsv out/_account.tsv
	preprocess --job-type validation --input in --output v --header reorder
	cmp straight/part-1.csv v/validation/part-00001.csv
}

@test "preprocess: two shards of one number are refused, both files named" {
	gzip -c in/part-1.csv >in/part-00001.csv.gz
	run -1 --separate-stderr train
	says "in/part-00001.csv.gz and in/part-1.csv have one shard number"
	[[ ! -e out ]]
	rm in/part-00001.csv.gz
	mkdir more
	rows 5 >more/part-001.csv
	run -1 --separate-stderr preprocess --job-type validation --input in more --output out
	says "in/part-1.csv and more/part-001.csv have one shard number"
	[[ ! -e out ]]
}

@test "preprocess: a zero-byte shard is refused, an empty gzip file too" {
	: >in/part-1.csv
	run -1 --separate-stderr train
	says "in/part-1.csv: zero-byte file"
	[[ ! -e out ]]
	gzip -c in/part-1.csv >in/part-1.csv.gz && rm in/part-1.csv
	early "in/part-1.csv.gz: empty input"
	late "in/part-1.csv.gz: empty input"
}

@test "preprocess: an unparsable and a missing time are refused: how many, where the first is" {
	printf '99,soon,c1,x,1\n98,,c1,x,1\n97,2024-13-01,c1,x,1\n' >>in/part-1.csv
	early 'in/part-1.csv:23: unparsable time "soon" in column orderDate: the first of 1 missing and 2 unparsable times'
	run -0 --separate-stderr train --missing-time drop
	grep -q $'^00001\tdrop\tmissing-time\t' out/_account.tsv
}

@test "preprocess: times of two kinds are refused" {
	echo 99,1704067200,c1,x,1 >>in/part-1.csv
	early 'in/part-1.csv:23: time "1704067200" in column orderDate is of kind'
}

@test "preprocess: a label that is no whole number is refused with file and line" {
	sed -i '7s/,[01]$/,0.5/' in/part-1.csv
	early 'label "0.5"' --label label
	says "is not a whole number"
	late 'in/part-1.csv:7: label "0.5" is not a whole number'
}

@test "preprocess: gzip cut in the middle, and at a flush point between rows, is refused" {
	gzip -c in/part-1.csv >whole.gz
	mv in/part-1.csv s.csv
	head -c $(($(stat -c %s whole.gz) / 2)) whole.gz >in/part-1.csv.gz
	early "in/part-1.csv.gz: truncated gzip data"
	late "in/part-1.csv.gz: truncated gzip data"
	rm -rf out in/part-1.csv
	n=$(stat -c %s s.csv)
	printf -v size '\\x%02x\\x%02x\\x%02x\\x%02x' $((n & 255)) $((n >> 8)) $((~n & 255)) $((~n >> 8 & 255))
	# shellcheck disable=SC2059
	{ printf '\037\213\010\0\0\0\0\0\0\003\0'; printf "$size"; cat s.csv; } >in/part-1.csv.gz
	[[ $(gzip -dc in/part-1.csv.gz 2>/dev/null | wc -l) == 22 ]] # whole rows
	early "in/part-1.csv.gz: truncated gzip data"
	late "in/part-1.csv.gz: truncated gzip data"
}

@test "preprocess: a flipped byte in gzip, zstd, lz4, bzip2 and xz is refused" {
	mv in/part-1.csv s.csv
	for ext in gz zst lz4 bz2 xz; do
		squeeze $ext s.csv >in/part-1.csv.$ext
		flip in/part-1.csv.$ext $(($(stat -c %s in/part-1.csv.$ext) * 2 / 3))
		rm -rf out
		run -1 --separate-stderr train
		says "in/part-1.csv.$ext:"
		unfinished ""
		rm in/part-1.csv.$ext
	done
}

@test "preprocess: lz4, bzip2 and xz are read, and written as what is asked for" {
	need xz
	train --label label --compress none
	cp -r out want
	for i in 0 1 2; do bzip2 in/part-$i.csv; done
	rm -rf out
	run ! --separate-stderr train --label label
	says "cannot write bz2: choose --compress none, gz, zst, lz4 or xz"
	[[ ! -e out/_SUCCESS ]]
	rm -rf out
	train --label label --compress none
	cmp <(tree want -path './[tv]*') <(tree out -path './[tv]*')
}

@test "preprocess: a missing directory, and one without shards, are refused" {
	run -1 --separate-stderr preprocess --job-type training --input none --output out
	says "none: no such directory"
	mkdir empty
	run -1 --separate-stderr preprocess --job-type training --input empty --output out
	says "no shard found: no file named part-N.csv, part-N.csv.gz, ... in empty (subdirectories are not searched)"
	[[ ! -e out && $stderr != *--pattern* ]]
}

@test "preprocess: an input that is a file is refused" {
	run -1 --separate-stderr preprocess --job-type training --input in/part-0.csv --output out
	says "in/part-0.csv: not a directory"
	[[ ! -e out ]]
}

@test "preprocess: an output that is the input is refused, by whatever name; one beside the shards is not" {
	tree in >before
	ln -s in link
	refused() { # INPUT OUTPUT WORDS
		run -1 --separate-stderr preprocess --job-type training --input $1 --output "$2"
		says "preprocess: $3: name another"
	}
	for out in in in/ ./in "$PWD/in" link in/../in; do
		refused in "$out" "--output ${out%/} is the input"
	done
	mkdir more
	rows 5 >more/part-7.csv
	refused "in more" more "--output more is the input"
	tree in | diff before -
	[[ $(ls more) == part-7.csv ]]
	# where the input would be overwritten
	train
	tree out >before
	refused out/train out "--input out/train lies in the output out"
	tree out | cmp before -
	# one name that begins as the other is another directory; shards are not
	# searched below the input
	preprocess --job-type training --input in --output inner
	preprocess --job-type training --input in --output in/out
	cmp inner/_manifest.tsv in/out/_manifest.tsv
	preprocess --job-type training --input in --output in/out
}

@test "preprocess: the make rules refuse a missing directory before they make one" {
	run -2 make -s -f "$TOP/pipelines/preprocess.mk" IN=none OUT=out
	[[ $output == *"none: No such file or directory"*"cannot list the shards of none"* ]]
	[[ ! -e out ]]
	mkdir empty
	run -2 make -s -f "$TOP/pipelines/preprocess.mk" IN=empty OUT=out
	[[ $output == *"no shard found"* && ! -e out ]]
}

@test "preprocess: an unknown column is refused and the header is listed" {
	for option in --label --time --key; do
		run -1 --separate-stderr train $option nowhere
		says "no column nowhere ($option)"
		says "id, orderDate, customerId, note, label"
		[[ ! -e out ]]
	done
	for i in 0 1 2; do sed -i 1s/orderDate/day/ in/part-$i.csv; done
	rm -rf out
	run -1 --separate-stderr train
	says "no column transactionDate or orderDate; name the time column with --time"
	[[ ! -e out ]]
}

@test "preprocess: an unknown column in --columns is refused before pass 1, and the columns are listed" {
	for list in id,nowhere nowhere,id id,nowhere,; do
		run -1 --separate-stderr train --columns $list
		says "preprocess: in/part-0.csv: no column nowhere (--columns). There are: id, orderDate, customerId, note, label"
		[[ ! -e out && $stderr != *_split* && $stderr != *text* ]]
	done
	run -1 --separate-stderr train --columns id,_split
	says "no column _split (--columns)"
	run -1 --separate-stderr train --columns id,text
	says "no column text (--columns)"
	# as the header is after renaming, with the signature, with text
	sed -i '1s/id,orderDate/geo__DOT__lat,orderDate/' in/*.csv
	train --columns geo.lat,label
	[[ $(head -n 1 out/train/part-00000.csv) == geo.lat,label ]]
	rm -rf out
	echo emailAddress,orderDate,billingAddressName,customerName,paymentAccountHolderName >sig
	train --key none --signature sig --columns text,emailAddress
	[[ $(head -n 1 out/train/part-00000.csv) == text,emailAddress ]]
	run -1 --separate-stderr train --key none --signature sig --columns id
	says "There are: emailAddress, orderDate, billingAddressName, customerName, paymentAccountHolderName, text"
}

@test "preprocess: with --header union --columns chooses from the columns of all shards" {
	sed -i '1s/note/remark/' in/part-2.csv
	train --header union --columns id,remark
	[[ $(head -n 1 out/train/part-00000.csv) == id,remark ]]
	rm -rf out
	run -1 --separate-stderr train --header union --columns id,nowhere
	says "preprocess: in: no column nowhere (--columns). There are: id, orderDate, customerId, note, label, remark"
	unfinished ""
}

@test "preprocess: an output directory of another job, or of files not ours, is refused" {
	preprocess --job-type validation --input in --output out
	tree out ! -name _lock >before
	run -1 --separate-stderr train
	says "out belongs to another job: preprocess validation; choose another output"
	tree out ! -name _lock | cmp - before
	mkdir theirs && echo mine >theirs/notes
	run -1 --separate-stderr preprocess --job-type training --input in --output theirs
	says "theirs holds files that are not ours (theirs/notes)"
	[[ $(<theirs/notes) == mine ]]
}

@test "preprocess: a file in the output that no record names is refused" {
	train
	echo x >out/train/part-00009.csv
	run -1 --separate-stderr train
	says "out/train/part-00009.csv: a file that no record names"
	[[ ! -e out/_SUCCESS && -e out/train/part-00009.csv ]]
}

@test "preprocess: what killed runs left goes, in an emptied output and a context elsewhere too" {
	mkdir -p out ctx/parts
	touch out/.tmp.1.x ctx/parts/.tmp.2.x
	train --context out/../ctx
	[[ -e out/_SUCCESS && -e ctx/meta.tsv ]]
	[[ -z $(find out ctx -name '.tmp*') ]]
}

@test "preprocess: no variable of the environment is taken for one of its own" {
	bytes=999999999999 claimed=1 per_process=1 bar=1 run -0 train --batch
	[[ $output == *" MB/s" && -s out/_job.tsv ]]
	[[ ! $output =~ [0-9]{5,}" MB/s" ]]
}

@test "preprocess: a full disk is an error, and more room finishes the job" {
	((EUID == 0)) || skip "needs root, to mount a small tmpfs"
	for i in 0 1 2; do rows 5000 >in/part-$i.csv; done
	train --key none >/dev/null && mv out want
	mkdir out
	mount -t tmpfs -o size=500k none out || skip "cannot mount a tmpfs"
	mkdir out/o
	status=0 again=0
	preprocess --job-type training --input in --output out/o --key none --workers 2 >log 2>err || status=$?
	left=$(find out -name '.tmp*')
	sealed=$(find out -name _SUCCESS)
	mount -o remount,size=8m out
	preprocess --job-type training --input in --output out/o --key none --workers 2 >log 2>err2 || again=$?
	tree out/o -path './[tv]*' >got
	umount out
	echo "status $status, then $again; $(<err)"
	[[ $status == 1 && -z $left && -z $sealed && $(<err) == *"No space left on device"* ]]
	[[ $again == 0 ]]
	tree want -path './[tv]*' | cmp - got
}

@test "preprocess: a text label that occurs in one shard only gives all shards codes" {
	sed -i '2s/,[01]$/,fraud/' in/part-2.csv
	train --label label --key none
	printf 'label\tcode\n0\t0\n1\t1\nfraud\t2\n' | cmp - out/_context/labels.tsv
	[[ $(tail -qn +2 out/t*/*.csv out/val/*.csv | grep -c ',2$') == 1 ]]
	# other jobs take the codes from there, and only from there
	preprocess --job-type validation --input in --output v --label label --context out/_context
	[[ $(grep -c ',2$' v/validation/part-00002.csv) == 1 ]]
	run -1 --separate-stderr preprocess --job-type testing --input in --output w --label label
	says 'in/part-2.csv:2: label "fraud" is no number'
	says "--context"
	[[ ! -e w/_SUCCESS ]]
}

@test "preprocess: a --context that is not there is an error" {
	run -1 --separate-stderr preprocess --job-type validation --input in --output out --label label --context none
	says none
	[[ ! -e out/_SUCCESS ]]
}

@test "preprocess: a label that training did not see is refused, or dropped when told" {
	for i in 0 1 2; do sed -i '2,$s/,0$/,no/; 2,$s/,1$/,yes/' in/part-$i.csv; done
	train --label label
	mkdir new
	sed '3s/,[a-z]*$/,maybe/' in/part-1.csv >new/part-5.csv
	run -1 --separate-stderr preprocess --job-type testing --input new --output t --label label --context out/_context
	says 'new/part-5.csv:3: label "maybe" is not in out/_context/labels.tsv'
	[[ ! -e t/_SUCCESS ]]
	preprocess --job-type testing --input new --output t --label label --context out/_context --unseen-label drop
	grep -q $'^00005\tdrop\tunseen-label\t1$' t/_account.tsv
}

@test "preprocess: TSV, CRLF, a byte order mark, no last newline, one row, none: the rows are there" {
	rm in/*
	rows 30 >all.csv
	head -n 11 all.csv | sed 's/$/\r/' >in/part-0.csv
	{ printf '\357\273\277'; head -n 1 all.csv; sed -n 12,21p all.csv; } >in/part-1.csv
	{ head -n 1 all.csv; sed -n 22,29p all.csv; } | head -c -1 >in/part-2.csv
	{ head -n 1 all.csv; sed -n 30p all.csv; } >in/part-3.csv
	head -n 1 all.csv >in/part-4.csv
	printf 'id\torderDate\tcustomerId\tnote\tlabel\n29\t2024-02-02 05:00:00\tc1\t"text, 29 ""q"""\t1\n' >in/part-5.tsv
	train --key none
	cat out/{train,val,test}/*.csv | grep -v ^id, | sort >got
	sed -n 2,30p all.csv | sort | cmp - got
	cmp in/part-5.tsv out/*/part-00005.tsv
	[[ -z $(find out -name 'part-00004*') ]]
	preprocess --job-type validation --input in --output v
	cmp v/validation/part-00004.csv in/part-4.csv
	preprocess --job-type validation --input in --output c --format csv --piped
	{ head -n 1 all.csv; printf '29,2024-02-02 05:00:00,c1,"text, 29 ""q""",1\n'; } | cmp - c/validation/part-00005.csv
	preprocess --job-type validation --input in --output p --piped
	cmp <(tree v/validation) <(tree p/validation)
}

@test "preprocess: a row beyond the limit of 20 MB is refused with its line" {
	{ printf '99,2024-01-01,c1,'; head -c 21000000 /dev/zero | tr '\0' x; echo ,1; } >>in/part-1.csv
	early "in/part-1.csv:23: record longer than 20971520 bytes"
}

# named NAME: both ways through a job whose directories and label have it.
named() {
	local how
	mkdir "dir $1"
	for i in 0 1; do
		rows 20 | h="\"${1//\"/\"\"}\"" awk 'NR == 1 { i = index($0, "label"); $0 = substr($0, 1, i - 1) ENVIRON["h"] } 1' >"dir $1/part-$i.csv"
	done
	for how in "" --piped; do
		# shellcheck disable=SC2086
		preprocess --job-type training --input "dir $1" --output "out $how$1" --label "$1" $how >log 2>&1 &&
			[[ -e "out $how$1/_SUCCESS" ]] && continue
		printf 'name %q %s: %s\n' "$1" "$how" "$(<log)"
		return 1
	done
}

@test "preprocess: names of columns and directories may be of any language" {
	named 'größe'
	named '売上'
}

@test "preprocess: names of columns and directories may hold blanks, quotes and what the shell expands" {
	for name in "it's" 'a"b' 'a b' '$(touch pwned)' '100%s' '*' ';' '-x' '#' '\\'; do
		named "$name"
		[[ ! -e pwned ]]
	done
}

@test "preprocess: names of columns and directories may hold a tab" {
	named $'tab\tbed'
}

@test "preprocess: names of columns and directories may hold {} and {n}" {
	named '{n}'
	named '{}'
}

@test "preprocess: a directory whose name holds a newline" {
	mv in $'new\nline'
	preprocess --job-type training --input $'new\nline' --output out
	[[ -e out/_SUCCESS ]]
}

@test "preprocess: --piped refuses as the fused job does, and commits the others" {
	echo 1,2 >>in/part-1.csv
	run -1 --separate-stderr preprocess --job-type validation --input in --output out --piped
	says "in/part-1.csv:23: ragged row"
	unfinished 02
}

@test "preprocess: --piped with rows dropped before dedup keeps the same rows, --ties=one too" {
	# the first row of c0 and some others have no label
	for i in 0 1 2; do sed -i '2s/,[01]$/,/; 5s/,[01]$/,/; 9s/,[01]$/,/' in/part-$i.csv; done
	for ties in all one; do
		preprocess --job-type training --input in --output "fused$ties" --label label --ties $ties
		preprocess --job-type training --input in --output "piped$ties" --label label --ties $ties --piped
		cmp "fused$ties/_account.tsv" "piped$ties/_account.tsv"
		cmp <(tree "fused$ties" -path './[tv]*') <(tree "piped$ties" -path './[tv]*')
	done
}

@test "preprocess: a second --piped run does nothing" {
	train --piped
	stat -c '%i %n' out/_shards/* out/*/part* >before
	train --piped
	stat -c '%i %n' out/_shards/* out/*/part* | cmp - before
}

@test "preprocess: another --ragged rule on the same output is as if it were the first" {
	echo 99,2019-01-01 >>in/part-1.csv
	train --ragged reject >/dev/null
	mv out want
	train --ragged pad >/dev/null
	train --ragged reject >/dev/null
	cmp want/_context/split.tsv out/_context/split.tsv
	cmp want/_account.tsv out/_account.tsv
	cmp <(tree want -path './[tv]*') <(tree out -path './[tv]*')
}

@test "preprocess: another signature on the same output is as if it were the first" {
	echo id,day,orderDate,note,label >sig1 # orderDate is what was customerId
	for i in 0 1 2; do sed -i '2,$s/,c\([0-9]\),/,2024-05-0\1,/; 2,$s/-0\(0\),/-09,/' in/part-$i.csv; done
	echo id,orderDate,day,note,label >sig2
	train --signature sig1 >/dev/null
	mv out want
	train --signature sig2 >/dev/null
	train --signature sig1 >/dev/null
	cmp want/_context/split.tsv out/_context/split.tsv
	cmp <(tree want -path './[tv]*') <(tree out -path './[tv]*')
}

@test "preprocess: 70 shards under ulimit -n 64" {
	rm in/*
	for i in {1..70}; do rows 3 >in/part-$i.csv; done
	(ulimit -n 64 && train --key none)
	[[ $(cut -f 1 out/_manifest.tsv | sort -u | wc -l) == 71 ]]
}

@test "preprocess: wrong usage ends with 2 and touches nothing" {
	run -2 --separate-stderr preprocess --input in --output out
	says "--job-type is needed"
	run -2 --separate-stderr preprocess --job-type learning --input in --output out
	says "--job-type learning: must be one of"
	run -2 --separate-stderr train --split often
	says "--split often"
	run -2 --separate-stderr train --ragged leave
	says "--ragged leave: must be one of: error pad reject"
	run -2 --separate-stderr train --unseen-label keep
	says "--unseen-label keep: must be one of: error drop"
	run -2 --separate-stderr train --compress bz2
	says "--compress bz2: must be one of: none gz zst lz4 xz"
	run -2 --separate-stderr train --workers 0
	says "--workers 0"
	run -2 --separate-stderr train --bogus
	says "--bogus: no such option"
	run -2 --separate-stderr train --label
	says "--label needs a value"
	run -2 --separate-stderr train stray
	says "preprocess: stray: not an option"
	[[ $(tail -n 1 <<<"$stderr") == "try "*/"preprocess --help" ]]
	run -2 --separate-stderr train --train-ratio 1.5
	says "train-ratio"
	run -2 --separate-stderr train --cutoffs nonsense
	run -2 --separate-stderr train --seed x --split hash
	[[ ! -e out/_SUCCESS && -z $(find out -name 'part-*' 2>/dev/null) ]]
}

@test "preprocess: a column text beside the four that it is made of is refused before anything is read" {
	for i in 0 1 2; do
		lines in/part-$i.csv emailAddress,orderDate,billingAddressName,customerName,paymentAccountHolderName,text "a,2024-01-0$((i + 1)),b,c,d,e"
	done
	run -1 --separate-stderr train --key none
	[[ $stderr == "preprocess: in/part-0.csv: has a column text already"* && $(wc -l <<<"$stderr") == 1 ]]
	[[ ! -e out ]]
	sed -i 's/customerName/x/' in/*
	train --key none --cutoffs 2024-01-02,2024-01-03
	[[ $(head -n 1 out/train/part-00000.csv) == *,text ]]
}
