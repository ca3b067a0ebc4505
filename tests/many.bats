# Thousands of tiny shards: no argument list, no descriptor limit, little cost each.

load helper

@test "many: preprocess on thousands of shards under ulimit -n 64, and its cost per shard" {
	n=$(some 20000)
	[[ -z ${SANITIZED-} ]] || n=2000
	cd "$BATS_TEST_TMPDIR"
	mkdir raw
	awk -v n=$n 'BEGIN {
		for (i = 0; i < n; i++) {
			f = sprintf("raw/part-%05d.csv", i)
			printf "id,orderDate,customerId,label\n%d,2024-01-%02d,c%d,1\n%d,2024-02-%02d,c%d,0\n", \
				i, i % 28 + 1, i % 5000, i, i % 28 + 1, i % 3000 > f
			close(f)
		}
	}'
	ulimit -n 64
	TIMEFORMAT='%U %S'
	{ time preprocess --job-type training --input raw --output out --label label >summary; } 2>cost
	cat summary
	awk -v n=$n '{ printf "%.2f ms of CPU per shard, both passes\n", 1000 * ($1 + $2) / n }' cost
	[[ $(find out/_shards -name '*.tsv' | wc -l) == "$n" ]]
	awk -F '\t' -v n=$n 'NR > 1 { s[$2] += $4 } END { exit !(s["in"] == 2 * n && s["in"] == s["out"] + s["drop"]) }' out/_account.tsv
	[[ -e out/_SUCCESS ]]
}
