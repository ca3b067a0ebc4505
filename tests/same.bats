# The same bytes whatever the workers, the order, the grouping, the pipes, the
# instruction set.

load helper

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir raw
	# 23 shards: gaps in the numbers, gzip, TSV, a header-only one, CRLF,
	# text labels, one of which occurs once
	for i in {0..22}; do
		awk -v i="$i" -v n=$((i * 37 % 90)) 'BEGIN {
			print "id,orderDate,customerId,geo__DOT__lat,note,label"
			for (k = 0; k < n; k++)
				printf "%d-%d,2024-%02d-%02d %02d:%02d:00,%s,%d.50,\"a, \"\"b\"\" %d\",%s\n", i, k,
					(i * 7 + k) % 12 + 1, k % 28 + 1, (i + k) % 24, k * i % 60,
					k % 11 ? "c" (i * k) % 101 : "", k, k,
					i == 13 && k == 2 ? "rare" : k % 5 ? "yes" : k % 7 ? "no" : ""
		}' >"raw/part-$((i * 3)).csv"
	done
	gzip -n raw/part-9.csv raw/part-60.csv
	tr , '\t' <raw/part-12.csv | sed 's/"a\t ""b"" \([0-9]*\)"/a, ""b "\1/; s/a, ""b "/a, b /' >raw/part-12.tsv
	rm raw/part-12.csv
	sed -i 's/$/\r/' raw/part-15.csv
	preprocess --job-type training --input raw --output want --label label --workers 1
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
}

# same OUT: shards, cutoffs, labels and account equal those of `want`.
same() {
	cmp <(result want) <(result "$1")
	cmp want/_context/labels.tsv "$1/_context/labels.tsv"
	cmp want/_context/first.idx "$1/_context/first.idx"
}

@test "same: the input makes what the other tests compare (it is not empty)" {
	[[ $(wc -l <want/_manifest.tsv) -gt 30 ]]
	grep -q rare want/_context/labels.tsv
	grep -q '	duplicate	' want/_account.tsv
}

@test "same: 2 and 5 workers" {
	for w in 2 5; do
		preprocess --job-type training --input raw --output "w$w" --label label --workers $w
		same "w$w"
	done
}

@test "same: GNU parallel instead of xargs" {
	need parallel
	SHARD_RUNNER=parallel preprocess --job-type training --input raw --output par --label label --workers 2
	same par
}

@test "same: words that GNU parallel would replace are refused, not replaced" {
	mkdir braces
	printf 'customerId,orderDate,{1}\nc1,2024-01-01,x\n' >braces/part-1.csv
	run preprocess --job-type training --input braces --output never --split none --columns 'customerId,{1}' --runner parallel
	[ "$status" -eq 2 ]
	[[ $output == *'GNU parallel would replace'* ]]
	[ ! -e never/_SUCCESS ]
	preprocess --job-type training --input braces --output kept --split none --columns 'customerId,{1}'
	[ "$(cat kept/*/part-*.csv)" = $'customerId,{1}\nc1,x' ]
	run preprocess --job-type training --input braces --output kept --split none --columns 'customerId,{1}' -n
	[[ $output == *'{1}'* ]]
	[[ ! $output =~ '# or: parallel'[^$'\n']*'{1}' ]]
}

@test "same: shards in any order, several roots, merged in any grouping" {
	mkdir -p roots/a roots/b grp/parts grp/ctx
	for f in raw/*; do
		[[ $f == *[13579].* ]] && d=a || d=b
		ln -f "$f" "roots/$d/"
	done
	(cd roots && preprocess --job-type training --input b a --output ../roots-out --label label --workers 2)
	same roots-out
	# pass 1 by hand, shards in reverse and shuffled
	shard-ls raw | tac | shard-stats -t orderDate -k customerId --label label -o grp/parts --files-from -
	find grp/parts -name '*.st' | sort -R --random-source=<(yes) |
		shard-stats --merge -o grp/ctx --files-from -
	for f in split.tsv labels.tsv schema.tsv first.idx; do
		cmp "want/_context/$f" "grp/ctx/$f"
	done
	cmp want/_context/meta.tsv grp/ctx/meta.tsv
	# in steps: random groups to partials, groups of those, then the context
	for seed in 1 2 3 4 5; do
		rm -rf steps && mkdir steps
		find grp/parts -name '*.st' | sort -R --random-source=<(yes $seed) >list
		split -n "r/$((seed + 1))" list steps/g.
		for g in steps/g.*; do
			shard-stats --merge -o "$g.st" --files-from "$g"
		done
		shard-stats --merge -o steps/two.st steps/g.aa.st steps/g.ab.st
		rm steps/g.aa.st steps/g.ab.st
		shard-stats --merge -o steps/ctx steps
		for f in split.tsv labels.tsv schema.tsv first.idx meta.tsv; do
			cmp "want/_context/$f" "steps/ctx/$f"
		done
	done
}

@test "same: programs in pipes, with SHARD_STRICT as the job sets it" {
	preprocess --job-type training --input raw --output piped --label label --workers 2 --piped
	same piped
}

@test "same: pipes without end markers make the same shards" {
	for f in raw/*; do
		sep=comma
		[[ $f == *.tsv ]] && sep=tab
		SHARD_DELIM=$sep bash -o pipefail -c 'shard-cat -c want/_context "$1" |
			shard-map --text --label label -c want/_context |
			shard-dedup -c want/_context | shard-split -c want/_context |
			shard-write -o loose --like "$1"' - "$f"
	done
	cmp <(tree want -path './[tvo]*/*') <(tree loose -path './[tvo]*/*')
}

@test "same: make rules, and a second make does nothing" {
	make -s -j2 -f "$TOP/pipelines/preprocess.mk" IN=raw OUT=mk LABEL=label
	same mk
	run make -j2 -f "$TOP/pipelines/preprocess.mk" IN=raw OUT=mk LABEL=label
	[[ $output == *"Nothing to be done"* ]]
}

@test "same: every SIMD variant" {
	for simd in portable sse2 avx2 avx512; do
		SHARD_SIMD=$simd preprocess --job-type training --input raw --output "s-$simd" --label label --workers 2
		same "s-$simd"
	done
}

@test "same: a second run changes nothing and does nothing" {
	preprocess --job-type training --input raw --output again --label label --workers 2
	before=$(find again -path '*/_shards/*' -printf '%p %T@\n' | sort)
	preprocess --job-type training --input raw --output again --label label --workers 2
	[[ $before == $(find again -path '*/_shards/*' -printf '%p %T@\n' | sort) ]]
	same again
}

@test "same: a changed shard is done again, a vanished one is removed, the rest stays" {
	cp -r raw raw2
	preprocess --job-type training --input raw2 --output res --label label --workers 2
	rm raw2/part-21.csv
	sed -i '2s/,yes$/,no/' raw2/part-24.csv
	preprocess --job-type training --input raw2 --output res --label label --workers 2
	rm -rf fresh
	preprocess --job-type training --input raw2 --output fresh --label label --workers 2
	cmp <(result fresh) <(result res)
	[[ ! -e res/_shards/00021.tsv ]]
}
