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
	shard-show c | grep -qx 'groups   2 (key; 3 rows without)'
}

@test "groups: tokens are missing where the other keys are numbers or times, and groups in text" {
	lines part-1.csv key,x 2,1 NA,2 ,3
	lines part-2.csv key,x nan,1 10,2
	groups c part-1.csv part-2.csv
	is c $'key\trows\tbytes' $'2\t1\t4' $'10\t1\t5'
	shard-show c | grep -qx 'groups   2 (key; 3 rows without)'
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
	for seed in {1..20}; do
		oracle make "$seed" "in$seed"
		shard-ls "in$seed" | shard-cat --files-from - | oracle sum key >want 2>missing
		shard-ls "in$seed" | shard-stats --groups key -o "c$seed/parts" --files-from -
		shard-stats --merge -o "c$seed" "c$seed/parts"
		cmp want "c$seed/groups.tsv" || { echo "seed $seed"; return 1; }
		shard-show "c$seed" | grep -q "; $(sed 's/missing //' missing) rows without)" ||
			{ echo "seed $seed: $(<missing)"; shard-show "c$seed"; return 1; }
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
	# short keys, of which some come again and again before and after a spill
	awk 'BEGIN { print "key,x"; for (i = 0; i < 100000; i++) printf "k%d,%d\n", i % 3 ? i % 50 : i * 7919 % 40000, i }' >part-2.csv
	groups big2 part-2.csv
	groups small2 part-2.csv -- --memory 1M
	cmp big2/groups.tsv small2/groups.tsv
	awk -F , 'NR > 1 { n[$1]++; b[$1] += length + 1 } END { for (k in n) print k "\t" n[k] "\t" b[k] }' part-2.csv | sort |
		cmp - <(tail -n +2 big2/groups.tsv | sort)
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
	shard-show c | grep -qx 'groups   1 (key, table trades; 0 rows without)'
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
	shard-run cat part-1.tsv : map --drop note : stats --groups key -o r/parts
	shard-stats --merge -o r r/parts
	is p $'key\trows\tbytes' $'a\t2\t8' $'b\t1\t4'
	cmp p/groups.tsv r/groups.tsv
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
	shard-show c | grep -qx 'groups   0 (key; 0 rows without)'
}

@test "groups: a damaged partial is refused, and the context does not look whole" {
	local size at
	lines part-1.csv key,x a,1 b,2 "$(head -c 40 /dev/zero | tr '\0' k),3"
	groups c part-1.csv
	size=$(stat -c %s c/parts/00001.st)
	cp c/parts/00001.st good
	places "$size" 40
	for at in "${places[@]}"; do
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

# by_day SHARD...: partials in p of the groups of one day, with $day, by $key.
by_day() {
	local shard
	for shard; do
		shard-run cat "$shard" : split --by day -t t ${day:+--only "$day" : map --drop _split} : stats --groups "$key" -o p
	done
}

@test "groups: of one day only its rows count, and what map drops is none of the table's" {
	local day=2024-01-02 key=key
	lines part-1.csv key,t,x a,2024-01-02,1 b,2024-01-01,22 'a,"2024-01-02 10:00",333' b,2024-01-03,4
	lines part-2.csv key,t,x c,2024-01-02,1
	by_day part-1.csv part-2.csv
	shard-stats --merge -o c p
	is c $'key\trows\tbytes' $'a\t2\t40' $'c\t1\t15'
	run ! grep -q _split c/schema.tsv
	# as if the day had shards of its own
	lines own/part-1.csv key,t,x a,2024-01-02,1 'a,"2024-01-02 10:00",333'
	groups o own/part-1.csv part-2.csv
	cmp o/groups.tsv c/groups.tsv
}

@test "groups: a day merges where some shards have no row of it, or no row at all" {
	local day=2024-01-02 key=key
	lines part-1.csv key,t,x a,2024-01-01,1
	lines part-2.csv key,t,x
	lines part-3.csv key,t,x 7,2024-01-02,1 10,2024-01-02,1 ,2024-01-02,5
	by_day part-1.csv part-2.csv part-3.csv
	shard-stats --merge -o c p
	is c $'key\trows\tbytes' $'7\t1\t15' $'10\t1\t16'
	shard-show c | grep -qx 'groups   2 (key; 1 rows without)'
	day=2024-01-05 by_day part-1.csv part-2.csv part-3.csv
	shard-stats --merge -o d p
	is d $'key\trows\tbytes'
}

@test "groups: by _split in one pass are the days of every shard, with the table's bytes" {
	local key=_split day=''
	lines part-10.csv k,t a,2024-01-02T01:00 b,2024-01-01 cc,2024-01-02
	lines part-9.csv k,t '"a,b",2024-01-02'
	lines part-11.csv k,t
	by_day part-10.csv part-9.csv part-11.csv
	shard-show --by-shard p >got
	lines want $'shard\tpath\tgroup\trows\tbytes' $'00009\tpart-9.csv\t2024-01-02\t1\t17' \
		$'00010\tpart-10.csv\t2024-01-01\t1\t13' $'00010\tpart-10.csv\t2024-01-02\t2\t33'
	cmp want got
	shard-stats --merge -o c p
	is c $'_split\trows\tbytes' $'2024-01-01\t1\t13' $'2024-01-02\t3\t50'
	run ! grep -q ^_split c/schema.tsv
}

@test "groups: days of random shards are those that awk counts" {
	local key=_split day='' i
	for i in 3 20 100; do
		awk -v n=$i 'BEGIN { srand(n); print "t,x"
			for (r = 0; r < 50 * n; r++) printf "20%02d-%02d-%02d 12:%02d,%d\n", 10 + rand() * 3, 1 + rand() * 12, 1 + rand() * 28, r % 60, r }' >part-$i.csv
		awk -v n=$i 'NR > 1 { d = substr($0, 1, 10); rows[d]++; bytes[d] += length($0) + 1 }
			END { for (d in rows) printf "%05d\tpart-%d.csv\t%s\t%d\t%d\n", n, n, d, rows[d], bytes[d] }' part-$i.csv | sort
	done >want
	by_day part-3.csv part-20.csv part-100.csv
	shard-show --by-shard p | tail -n +2 | cmp - want
}
