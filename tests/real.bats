# The job on real shards: 541,909 invoice lines of a web shop (UCI Online
# Retail) in 305 daily shards.  SHARDKIT_DATA names the directory that holds
# `unpack`; without it these tests skip.

load helper

setup_file() {
	local data=${SHARDKIT_DATA:-$TOP/../shared/data}
	[[ -x $data/unpack ]] || return 0
	"$data/unpack" "$BATS_FILE_TMPDIR" >/dev/null
}

setup() {
	[[ -d $BATS_FILE_TMPDIR/parts ]] ||
		skip "no real data (SHARDKIT_DATA is unset)"
	cd "$BATS_FILE_TMPDIR" || return 1
}

# check OUT TRAIN-ROWS TRAIN-SHARDS VAL VAL TEST TEST
check() {
	local out=$1
	grep -qx 'train_cutoff	2011-10-05 14:53:00' "$out/_context/split.tsv"
	grep -qx 'test_cutoff	2011-11-11 17:11:00' "$out/_context/split.tsv"
	[[ -e $out/_SUCCESS ]]
	[[ $(awk -F '\t' 'NR > 1 { r[$2] += $4; n[$2]++ }
		END { print r["train"], n["train"], r["val"], n["val"], r["test"], n["test"] }' \
		"$out/_manifest.tsv") == "${*:2}" ]]
	# the account closes over all rows
	awk -F '\t' 'NR > 1 { s[$2] += $4 } END { exit !(s["in"] == 541909 &&
		s["in"] == s["out"] + s["drop"]) }' "$out/_account.tsv"
	shard-check "$out"
}

# Every data line of an output shard stands in its input shard, in order, and
# the header is the input's with __DOT__ renamed.
lines_kept() {
	local out=$1 split f n=0
	for split in train val test; do
		for f in "$out/$split"/*; do
			awk -v g="parts/$(basename "${f%.gz}")" '
				BEGIN { getline want < g; gsub(/__DOT__/, ".", want) }
				NR == 1 { if ($0 != want) exit bad = 1; next }
				{ do { if ((getline line < g) <= 0) exit bad = 1 } while (line != $0) }
				END { exit bad }' <(shard-cat --keep-names "$f") ||
				{ echo "$f: a line that is not its input's"; return 1; }
			n=$((n + 1))
		done
	done
	((n > 250))
}

@test "real shards: --null-key drop gives the known cutoffs, rows and shards, line by line" {
	preprocess --job-type training --input parts --output drop --null-key drop --label label
	check drop 80643 249 13316 33 6851 24
	lines_kept drop
}

@test "real shards: --null-key keep gives the known cutoffs, rows and shards, line by line" {
	preprocess --job-type training --input parts --output keep --null-key keep --label label
	check keep 179953 249 27558 33 28379 25
	lines_kept keep
}

@test "real shards: gzip input gives the same rows, for both policies" {
	for policy in drop keep; do
		preprocess --job-type training --input parts-gz --output "gz-$policy" \
			--null-key $policy --label label
		(cd "$policy" && find train val test -type f | sort | xargs cat) | sha256sum >a
		(cd "gz-$policy" && find train val test -name '*.gz' | sort | xargs gzip -dc) | sha256sum >b
		cmp a b
		cmp "$policy/_account.tsv" "gz-$policy/_account.tsv"
	done
	check gz-keep 179953 249 27558 33 28379 25
}

@test "real shards: one tar of them gzipped, and all as .csv.zst, give the same in all three jobs" {
	need zstd
	tar cf parts.tar parts-gz
	cp -r parts parts-zst && zstd -q --rm parts-zst/*
	preprocess --job-type training --input parts --output plain --label label
	impute --job-type training --input plain --output plain-filled --artifacts plain-model --label label
	shred --input parts --output plain-batches --key StockCode --order orderDate --max-rows 50000
	for kind in tar zst; do
		from=parts.tar
		[[ $kind == tar ]] || from=parts-zst
		preprocess --job-type training --input $from --output $kind --label label --compress none
		cmp plain/_manifest.tsv $kind/_manifest.tsv
		cmp plain/_account.tsv $kind/_account.tsv
		for name in split.tsv labels.tsv first.rows; do
			[[ ! -e plain/_context/$name ]] || cmp plain/_context/$name $kind/_context/$name
		done
		from=$kind
		if [[ $kind == tar ]]; then
			tar cJf filled.tar.xz tar
			from=filled.tar.xz
		fi
		impute --job-type training --input $from --output $kind-filled --artifacts $kind-model --label label
		cmp plain-filled/_manifest.tsv $kind-filled/_manifest.tsv
		cmp plain-model/impute.tsv $kind-model/impute.tsv
		from=parts.tar
		[[ $kind == tar ]] || from=parts-zst
		shred --input $from --output $kind-batches --key StockCode --order orderDate --max-rows 50000 --compress none
		cmp plain-batches/_manifest.tsv $kind-batches/_manifest.tsv
	done
}

@test "real shards: programs in pipes, make rules and batch mode give the same rows" {
	preprocess --job-type training --input parts --output piped --null-key drop --label label --piped
	cmp drop/_manifest.tsv piped/_manifest.tsv
	cmp drop/_account.tsv piped/_account.tsv
	make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=parts OUT=mk LABEL=label NULL_KEY=drop
	cmp drop/_manifest.tsv mk/_manifest.tsv
	preprocess --job-type training --input parts --output batch --null-key drop --label label --batch
	for split in train val test; do
		cmp <(shard-ls "drop/$split" | shard-cat --files-from -) \
			"batch/$split/${split}_processed_data.csv"
	done
	awk -F '\t' 'NR > 1 { s[$2 FS $3] += $4 } END { for (k in s) print k FS s[k] }' drop/_account.tsv | sort >a
	awk -F '\t' 'NR > 1 { print $2 FS $3 FS $4 }' batch/_account.tsv | sort >b
	cmp a b
}

@test "real shards: validation keeps every shard and every row" {
	preprocess --job-type validation --input parts --output valid --label label --context drop/_context
	[[ $(find valid/validation -type f | wc -l) == 305 ]]
	sed 1d valid/_manifest.tsv | awk -F '\t' '{ n += $4 } END { exit n != 541909 }'
	cmp <(sed 1d parts/part-00007.csv) <(sed 1d valid/validation/part-00007.csv)
}
