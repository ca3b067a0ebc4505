#!/usr/bin/env bats
# shard-stats --groups: rows and bytes of every group, whoever reads them.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

need_python() {
	command -v python3 >/dev/null ||
		skip "python3 is not installed; the oracle is written in it"
}

oracle() {
	python3 -B "$TOP/tests/oracle/groups_oracle.py" "$@"
}

# groups CTX SHARD... [-- OPTION...]: pass 1 by the column key, and the merge.
groups() {
	local ctx=$1 files=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		files+=("$1")
		shift
	done
	shard-stats --groups key "${@:2}" -o "$ctx/parts" "${files[@]}" &&
		shard-stats --merge -o "$ctx" "$ctx/parts"
}

# is CTX LINE...: its groups.tsv.
is() {
	lines want "${@:2}"
	cmp want "$1/groups.tsv" && return
	cat -A "$1/groups.tsv"
	return 1
}

@test "groups: rows and bytes of each, newline included, in byte order of the key" {
	lines part-1.csv key,x b,1 a,22 b,333
	lines part-2.csv key,x é,1 B, a,4
	groups c part-1.csv part-2.csv
	is c $'key\trows\tbytes' $'B\t1\t3' $'a\t2\t9' $'b\t2\t10' $'é\t1\t5'
}

@test "groups: where every key is an integer they are in the order of the numbers" {
	lines part-1.csv key,x 10,1 9,1 -2,1 100000000000000000000,1
	lines part-2.csv key,x -10,1 0,1 -0,1 9,1
	groups c part-1.csv part-2.csv
	[[ $(cut -f 1 c/groups.tsv | tr '\n' ' ') == "key -10 -2 -0 0 9 10 100000000000000000000 " ]]
	lines part-3.csv key,x 07,1
	groups d part-1.csv part-2.csv part-3.csv
	[[ $(cut -f 1 d/groups.tsv | tr '\n' ' ') == "key -0 -10 -2 0 07 10 100000000000000000000 9 " ]]
	lines part-3.csv key,x 1.5,1
	groups e part-1.csv part-2.csv part-3.csv
	[[ $(cut -f 1 e/groups.tsv | tr '\n' ' ') == "key -0 -10 -2 0 1.5 10 100000000000000000000 9 " ]]
}

@test "groups: rows without a key are counted apart and are no group" {
	lines part-1.csv key,x a,1 ,2 '"",3' 'b,4' ',5'
	groups c part-1.csv
	is c $'key\trows\tbytes' $'a\t1\t4' $'b\t1\t4'
	grep -q $'^groups\tkey\t3\t0\t' c/meta.tsv
	shard-stats --show c | grep -qx 'groups   2 (key; 3 rows without)'
}

@test "groups: tokens are missing where the other keys are numbers or times, and groups in text" {
	lines part-1.csv key,x 2,1 NA,2 ,3
	lines part-2.csv key,x nan,1 10,2
	groups c part-1.csv part-2.csv
	is c $'key\trows\tbytes' $'2\t1\t4' $'10\t1\t5'
	shard-stats --show c | grep -qx 'groups   2 (key; 3 rows without)'
	lines part-1.csv key,x 2024-01-02,1 NA,2
	groups d part-1.csv
	is d $'key\trows\tbytes' $'2024-01-02\t1\t13'
	lines part-2.csv key,x nan,1 x,2
	groups e part-1.csv part-2.csv
	is e $'key\trows\tbytes' $'2024-01-02\t1\t13' $'NA\t1\t5' $'nan\t1\t6' $'x\t1\t4'
	groups f part-1.csv part-2.csv -- --na pandas
	is f $'key\trows\tbytes' $'2024-01-02\t1\t13' $'x\t1\t4'
	groups g part-2.csv -- --na x,y
	is g $'key\trows\tbytes' $'nan\t1\t6'
}

@test "groups: keys with tabs, quotes, newlines and backslashes are escaped, not mixed up" {
	printf 'key,x\n"a\tb",1\n"a""b",2\n"a\nb",3\na\\tb,4\n"a,b",5\n"a",6\na,7\n' >part-1.csv
	groups c part-1.csv
	is c $'key\trows\tbytes' $'a\t2\t10' $'a\\tb\t1\t8' $'a\\nb\t1\t8' $'a"b\t1\t9' \
		$'a,b\t1\t8' $'a\\\\tb\t1\t7'
	printf '"the\tkey",x\na,1\n' >part-1.csv
	shard-stats --groups $'the\tkey' -o d/parts part-1.csv
	shard-stats --merge -o d d/parts
	is d $'the\\tkey\trows\tbytes' $'a\t1\t4'
}

@test "groups: random keys and dialects against the oracle" {
	need_python
	local seed
	for seed in {1..40}; do
		oracle make "$seed" "in$seed"
		shard-ls "in$seed" | shard-cat --files-from - | oracle sum key >want 2>missing
		shard-ls "in$seed" | shard-stats --groups key -o "c$seed/parts" --files-from -
		shard-stats --merge -o "c$seed" "c$seed/parts"
		cmp want "c$seed/groups.tsv" || { echo "seed $seed"; return 1; }
		shard-stats --show "c$seed" | grep -q "; $(sed 's/missing //' missing) rows without)" ||
			{ echo "seed $seed: $(<missing)"; shard-stats --show "c$seed"; return 1; }
	done
}

@test "groups: any partition of the rows and any grouping of the merge give the same bytes" {
	local i n
	awk 'BEGIN { srand(3); for (i = 0; i < 5000; i++) printf "%s,%d\n", i % 9 ? "k" int(rand() * 700) : "", i }' >all
	{ echo key,x && cat all; } >part-0.csv
	groups want part-0.csv
	for n in 2 7 30; do
		rm -f part-*.csv
		awk -v n=$n 'BEGIN { srand(n) } { f = "part-" int(rand() * n) ".csv"
			if (!(f in seen)) print "key,x" >f
			seen[f]; print >f }' all
		rm -rf c
		groups c part-*.csv -- --memory 1M
		cmp want/groups.tsv c/groups.tsv
		# in pairs, backwards, then all
		i=0
		find c/parts -name '*.st' | sort -r | xargs -n 2 | while read -r a b; do
			# shellcheck disable=SC2086
			shard-stats --merge -o "c/steps/$((i += 1)).st" $a $b
		done
		shard-stats --merge --memory 1M -o d c/steps
		cmp want/groups.tsv d/groups.tsv
	done
}

@test "groups: what does not fit --memory spills, and the result is the same" {
	awk 'BEGIN { print "key,x"; for (i = 0; i < 60000; i++) printf "a rather long key %d,%d\n", i * 7919 % 40000, i }' >part-1.csv
	groups big part-1.csv
	shard-stats --groups key --memory 1M -o small/parts part-1.csv
	[[ $(od -An -tu8 -j $(($(stat -c %s small/parts/00001.st) - 24)) -N 8 small/parts/00001.st) -gt 4 ]] # sections
	shard-stats --merge --memory 1M -o small small/parts
	cmp big/groups.tsv small/groups.tsv
	refused_size() {
		run -2 --separate-stderr "$@"
		says "at least 1M"
	}
	refused_size shard-stats --groups key --memory 1000K -o x part-1.csv
	refused_size shard-stats --merge --memory 1000K -o x small/parts
	barren x
}

@test "groups: --table is remembered, in a last column" {
	lines part-1.csv key,x a,1
	groups c part-1.csv -- --table trades
	is c $'key\trows\tbytes\ttable' $'a\t1\t4\ttrades'
	shard-stats --show c | grep -qx 'groups   1 (key, table trades; 0 rows without)'
	grep -q $'^table\ttrades\t' c/meta.tsv
}

@test "groups: tables do not mix in one context" {
	lines part-1.csv key,x a,1
	lines part-2.csv key,x a,1
	shard-stats --groups key --table trades -o c/parts part-1.csv
	shard-stats --groups key --table l2 -o c/parts part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says "each table has a context of its own"
	says "trades"
	says "l2"
	[[ ! -e c/groups.tsv && ! -e c/meta.tsv ]]
}

@test "groups: --table without --groups, and names that no file could have, are refused" {
	local name
	lines part-1.csv key,x a,1
	run -2 --separate-stderr shard-stats --table trades --schema -o c part-1.csv
	says "--table is for --groups"
	for name in "" a/b ../x .x -x "a b" a=b a,b $'a\n'; do
		run -2 --separate-stderr shard-stats --groups key --table="$name" -o c part-1.csv
		says "--table"
	done
	barren c
}

@test "groups: an unknown column is refused and the header is listed; partials by another column do not merge" {
	lines part-1.csv key,x a,1
	lines part-2.csv key,x a,1
	run -1 --separate-stderr shard-stats --groups nowhere -o c part-1.csv
	says nowhere
	says key
	barren c
	shard-stats --groups key -o c/parts part-1.csv
	shard-stats --groups x -o c/parts part-2.csv
	run -1 --separate-stderr shard-stats --merge -o c c/parts
	says "--groups is key"
	run -2 --separate-stderr shard-stats --update c/parts --values all --groups key -o d part-1.csv
	says "--update takes --values and nothing else"
}

@test "groups: a partial is fresh for the same column and table only" {
	lines part-1.csv key,x a,1
	groups c part-1.csv
	local first
	first=$(stat -c %i c/parts/00001.st)
	shard-stats --groups key -o c/parts part-1.csv
	[[ $(stat -c %i c/parts/00001.st) == "$first" ]]
	shard-stats --groups key --table t -o c/parts part-1.csv
	[[ $(stat -c %i c/parts/00001.st) != "$first" ]]
	shard-stats --merge -o c c/parts
	is c $'key\trows\tbytes\ttable' $'a\t1\t4\tt'
	shard-stats --schema -o c/parts part-1.csv
	shard-stats --merge -o c c/parts
	[[ ! -e c/groups.tsv ]] # nobody asked for it any more
}

@test "groups: the bytes are those of the rows that pass, in a pipe, in a chain and in the split's own file" {
	printf 'key\tnote\tx\r\na\tp,q\t1\r\nb\t"t\tt"\t2\r\na\t\t3\r\n' >part-1.tsv
	groups c part-1.tsv # "p,q" gains two quotes in the stream
	is c $'key\trows\tbytes' $'a\t2\t15' $'b\t1\t10'
	shard-cat part-1.tsv >stream
	[[ $(wc -c <stream) == $((11 + 25)) ]]
	shard-map --drop note part-1.tsv | shard-stats --groups key --like part-1.tsv -o p/parts
	shard-stats --merge -o p p/parts
	shard-run cat part-1.tsv : map --drop note : stats --groups key --tee -o r/parts : write -o out
	shard-stats --merge -o r r/parts
	is p $'key\trows\tbytes' $'a\t2\t8' $'b\t1\t4'
	cmp p/groups.tsv r/groups.tsv
	lines part-2.csv key,x,_split a,1,train a,22,test b,3,train
	groups o part-2.csv -- --only train
	is o $'key\trows\tbytes' $'a\t1\t4' $'b\t1\t4'
}

@test "groups: an --update keeps them; beside times, keys and values they are the same" {
	lines part-1.csv key,t,x a,2024-01-01,5 b,2024-01-02,7 a,2024-01-03,
	groups want part-1.csv
	shard-stats --groups key -t t -k key --label x --moments -o c/parts part-1.csv
	shard-stats --update c/parts --values all -o c/full part-1.csv
	shard-stats --merge -o c c/full
	cmp want/groups.tsv c/groups.tsv
	[[ -s c/first.idx && -s c/stats.tsv ]]
}

@test "groups: shards without rows make a context without groups" {
	lines part-1.csv key,x
	groups c part-1.csv
	is c $'key\trows\tbytes'
	shard-stats --show c | grep -qx 'groups   0 (key; 0 rows without)'
}

@test "groups: a damaged partial is refused, and the context does not look whole" {
	local size at
	lines part-1.csv key,x a,1 b,2 "$(head -c 40 /dev/zero | tr '\0' k),3"
	groups c part-1.csv
	size=$(stat -c %s c/parts/00001.st)
	cp c/parts/00001.st good
	for ((at = 0; at < size; at += 13)); do
		cp good bad.st
		flip bad.st $at
		run -1 --separate-stderr shard-stats --merge -o d bad.st
		says "bad.st"
		[[ ! -e d/meta.tsv ]]
		head -c $at good >bad.st
		run -1 --separate-stderr shard-stats --merge -o d bad.st
		[[ ! -e d/meta.tsv ]]
	done
}
