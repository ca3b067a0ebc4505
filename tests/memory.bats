# Memory: a filter's anonymous memory stays below its bound whatever the
# input's size; read from the kernel while it runs and when it ends (tests/peak.c).

load helper

# The bounds are for the programs as people run them.
setup() {
	[[ -z ${SANITIZED-} ]] || skip "not under the sanitizers"
	cd "$BATS_FILE_TMPDIR" || return 1
}

setup_file() {
	[[ -z ${SANITIZED-} ]] || return 0
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir big ctx
	# 1 GiB: 4 MiB of rows, again and again under one header
	rows 80000 | tail -n +2 >block
	{
		rows 1 | head -n 1
		for ((i = 0; i < 1073741824 / $(stat -c %s block) + 1; i++)); do cat block; done
	} >big/part-00000.csv
	shard-stats -t orderDate -k customerId --label label -o ctx/parts big/part-00000.csv
	shard-stats --merge -o ctx ctx/parts
}

@test "memory: every filter of the chain in pipes stays below 32 MiB on a 1 GiB shard" {
	peak 32768 bash -o pipefail -c 'export SHARD_STRICT=1
		shard-cat -c ctx big/part-00000.csv | shard-map --text --label label -c ctx |
		shard-dedup -c ctx | shard-split -c ctx |
		shard-write -o piped --like big/part-00000.csv'
}

@test "memory: the chain in one process stays below 32 MiB on a 1 GiB shard" {
	peak 32768 shard-run cat -c ctx big/part-00000.csv : map --text --label label -c ctx : \
		dedup -c ctx : split -c ctx : write -o fused
	cmp piped/train/part-00000.csv fused/train/part-00000.csv
}

@test "memory: pass 1 stays below 64 MiB on a 1 GiB shard" {
	peak 65536 shard-stats --force --schema -t orderDate -k customerId --label label -o st/parts big/part-00000.csv
}

@test "memory: the scan for imputation and the filling stay below 32 MiB on a 1 GiB shard, values below their share" {
	peak 32768 shard-stats --moments -o art/parts big/part-00000.csv
	shard-stats --merge -o art art/parts
	shard-fit art --all-columns --exclude orderDate --text constant:x
	peak 32768 shard-run cat big/part-00000.csv : impute -c art --counts counts.tsv : write -o filled
	printf 'column\tvalues\nid\tnumbers\nnote\ttexts\n' >wanted
	peak 65536 shard-stats --update art/parts --values wanted \
		--memory 48M -o art/full big/part-00000.csv
}

@test "memory: a 1 GiB shard in 1,000 batches stays below 64 MiB; in pipes a quarter of it, the same bytes" {
	{
		printf 'id\tbatch_id\n'
		seq 0 79999 | sort | awk '{ print $1 "\t" (NR - 1) % 1000 }'
	} >map
	peak 65536 shard-run cat big/part-00000.csv : split --map map : write -o batches
	[[ $(find batches -name 'part-*' | wc -l) == 1000 ]]
	rm -r batches
	mkdir quarter
	head -c 268435456 big/part-00000.csv | head -n -1 >quarter/part-00000.csv
	peak 65536 bash -o pipefail -c 'export SHARD_STRICT=1
		shard-cat quarter/part-00000.csv | shard-split --map map | shard-write -o batches-2 --like big/part-00000.csv'
	shard-run cat quarter/part-00000.csv : split --map map : write -o batches
	diff -r -x _shards batches batches-2
	rm -r batches batches-2
}

@test "memory: 2 GiB sort in the 64 MiB that --memory says and 8 MiB more" {
	peak $((72 << 10)) bash -o pipefail -c 'shard-sort --memory 64M -k customerId -k orderDate:t \
		big/part-00000.csv big/part-00000.csv | shard-sort --check -k customerId -k orderDate:t'
}

@test "memory: routing and gathering 1 GiB stay in their --memory and 16 MiB more" {
	{
		printf 'id\tbatch_id\n'
		seq 0 79999 | sort | awk '{ print $1 "\t" (NR - 1) % 1000 }'
	} >map
	peak $((48 << 10)) shard-run cat big/part-00000.csv : \
		route -o shredded --map map --order orderDate --memory 32M
	peak $((48 << 10)) shard-gather -o shredded --map map --memory 32M
	[[ $(find shredded -maxdepth 1 -name 'batch-*' | wc -l) == 1000 ]]
	rm -r shredded
}

@test "memory: compressed output and input stay below 64 MiB" {
	head -c 200000000 big/part-00000.csv | head -n -1 >part-00001.csv
	for c in gz zst; do
		peak 65536 shard-run cat part-00001.csv : write -o "$c" --compress $c
		peak 65536 shard-run cat "$c/part-00001.csv.$c" : write -o "plain-$c" --compress none
		cmp part-00001.csv "plain-$c/part-00001.csv"
	done
}

@test "memory: a shard with a field of 16 MiB passes every filter below 64 MiB" {
	mkdir -p huge hctx
	{
		echo "id,orderDate,customerId,note,label"
		echo "1,2024-01-01,a,x,1"
		printf '2,2024-01-02,b,"'
		head -c $((16 << 20)) /dev/zero | tr '\0' 'x'
		printf '",0\n3,2024-01-03,c,y,1\n'
	} >huge/part-00000.csv
	shard-stats -t orderDate -k customerId --label label -o hctx/parts huge/part-00000.csv
	shard-stats --merge -o hctx --cutoffs 2024-01-03,2024-01-03 hctx/parts
	peak 65536 bash -o pipefail -c 'export SHARD_STRICT=1
		shard-cat -c hctx huge/part-00000.csv | shard-map --text --label label -c hctx |
		shard-dedup -c hctx | shard-split -c hctx |
		shard-write -o hout --like huge/part-00000.csv'
	cmp <(head -n 3 huge/part-00000.csv) hout/train/part-00000.csv
	peak 65536 shard-run cat -c hctx huge/part-00000.csv : map --text --label label -c hctx : \
		dedup -c hctx : split -c hctx : write -o hfused
	cmp hout/train/part-00000.csv hfused/train/part-00000.csv
}
