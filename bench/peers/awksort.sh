#!/bin/bash
# awksort.sh shred VARIANT IN OUT - shredding by awk, sort and xargs alone, which
# is right because no trade has quotes.  There is one variant, files: rows are
# routed to a file per batch and process, and each batch is sorted.
# shellcheck disable=SC2016
set -euo pipefail
awk=$(command -v mawk || command -v awk)
if [[ $1 == --version ]]; then
	echo "${awk##*/}, GNU sort $(sort --version | sed -n '1s/.*) //p')"
	exit
fi
in=$3
export LC_ALL=C out=$4 awk
mkdir -p "$out"
export tmp=$out/tmp
mkdir "$tmp"

files=("$in"/part-*.csv)
share=$(((${#files[@]} + WORKERS - 1) / WORKERS))

printf '%s\0' "${files[@]}" | xargs -0 -P "$WORKERS" -n "$share" sh -c '
	"$awk" -F, "FNR > 1 { n[\$1]++ } END { for (k in n) print k, n[k] }" "$@" >"$tmp/count.$$"' sh
"$awk" '{ n[$1] += $2 } END { for (k in n) print k, n[k] }' "$tmp"/count.* | sort -n |
	"$awk" -v most="$MAX_ROWS" '
		NR > 1 && sum + $2 > most { batch++; sum = 0 }
		{ sum += $2; print $1, batch + 0 }' >"$tmp/batches"
printf '%s\0' "${files[@]}" | xargs -0 -P "$WORKERS" -n "$share" sh -c '
	"$awk" -F, -v to="$$" -v dir="$tmp" "
		NR == FNR { split(\$0, w, \" \"); file[w[1]] = dir \"/\" w[2] \".\" to; next }
		FNR > 1 { print >file[\$1] }" "$tmp/batches" "$@"' sh
head -n 1 "${files[0]}" >"$tmp/header"
cut -d ' ' -f 2 "$tmp/batches" | uniq | xargs -P "$WORKERS" -I N sh -c '
	sort -t , -k 1,1n -k 2,2 --parallel=1 -S 100M -T "$tmp" "$tmp"/N.* |
		cat "$tmp/header" - >"$out/batch-N.csv"
	rm "$tmp"/N.*'
rm -r "$tmp"
