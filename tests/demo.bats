#!/usr/bin/env bats
# pipelines/demo: what it shows is so.

load helper

@test "demo: the output shard that is shown has the manifest line below it" {
	cd "$BATS_TEST_TMPDIR"
	BIN=${SHARDKIT_BIN:-$TOP/bin} "$TOP/pipelines/demo" >log
	[[ -e demo/out/_SUCCESS ]]
	grep -qx '  all is well' log
	sed -n '/^One output shard/,/^$/p' log | sed '1d; $d; s/^  //' >shown
	awk 'END { print }' shown >line
	IFS=$'\t' read -r shard split path rows bytes _ <line
	[[ $path == "$split/part-$shard.csv" && $bytes == "$(stat -c %s "demo/out/$path")" ]]
	sed '$d' shown | sed '$d' |
		cmp - <(shard-cat --columns transactionId,customerId,orderDate,amount,label,text "demo/out/$path")
	[[ $rows -gt 0 && $(wc -l <shown) == $((rows + 3)) ]]
}

@test "README: a pipe of your own, the make rules and the clean-up of separators work as it says" {
	cd "$BATS_TEST_TMPDIR"
	bin=${SHARDKIT_BIN:-$TOP/bin}
	ln -s "$(cd "$bin" && pwd)" bin
	ln -s "$TOP/pipelines" pipelines
	BIN=$bin pipelines/demo >/dev/null
	sed -n '/^($/,/^)$/p' "$TOP/README.md" >pipe
	[[ $(wc -l <pipe) == 6 ]]
	env PATH=/usr/bin:/bin bash -e pipe
	grep -q $'^drop\tfiltered\t' mine/_shards/00039.tsv
	[[ -n $(find mine -name 'part-00039.csv.gz') ]]
	make=$(grep -o 'make -f pipelines/preprocess.mk [^`]*' "$TOP/README.md")
	env -u MAKEFLAGS bash -c "$make" >/dev/null
	cmp demo/out/_manifest.tsv made/_manifest.tsv
	mkdir RAW
	printf '%s\n' 'a;b' '1;"x,y;z"' >RAW/part-1.csv
	printf '%s\n' 'a|b' '2|z' >RAW/part-2.csv
	clean=$(grep -o 'bin/shard-ls RAW [^`]*' "$TOP/README.md")
	env PATH=/usr/bin:/bin bash -c "$clean"
	printf '%s\n' a,b '1,"x,y;z"' 2,z | cmp - <(bin/shard-cat CLEAN/part-0000[12].csv)
}
