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
