# The disk that shredding by day takes, read while it runs.
bats_require_minimum_version 1.5.0
load helper
load more
load shred

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# peak FILE COMMAND...: runs it, and writes the most KiB that `out` ever had.
peak() {
	local file=$1 most=0 now pid
	shift
	"$@" >log 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		now=$(du -sk out 2>/dev/null | cut -f 1)
		((${now:-0} > most)) && most=$now
	done
	wait $pid
	echo "$most" >"$file"
}

# day N: a day's rows, 6 MB of them.
day() {
	mkdir -p "$2"
	awk -v day="$1" 'BEGIN {
		srand(1)
		print "sym,time,price,size,note"
		for (i = 0; i < 120000; i++)
			printf "S%03d,%sT%02d:%02d:%02d.%06d,%.2f,%d,%s\n", rand() * 500, day,
				rand() * 24, rand() * 60, rand() * 60, rand() * 1000000, rand() * 100, rand() * 1000, "something"
	}' >"$2/part-00000.csv"
}

@test "shred: by day, the disk holds one day at a time" {
	local i d
	for i in {1..30}; do
		printf -v d '2024-04-%02d' "$i"
		day "$d" "in/$d"
	done
	words=(--output out --key sym --order time --max-rows 40000 --buffer 1M --each 'wc -l <{}')
	peak all shred --input in --by-day "${words[@]}"
	[[ $(wc -l <out/result.csv) -gt 30 && -e out/_SUCCESS ]]
	day=$(($(du -sk in | cut -f 1) / 30))
	echo "KiB: one day $day, at most on the disk $(<all)"
	# runs and batches of a day; a busy machine may not see all of them
	(($(<all) > 0 && $(<all) <= 3 * day))
}
