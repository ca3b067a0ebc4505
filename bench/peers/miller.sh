#!/bin/bash
# miller.sh JOB VARIANT IN OUT - the jobs of the benchmark in Miller, with sort
# and awk where a Miller user takes these.  There is one variant, processes: so
# many as WORKERS says, each with a share of the shards.  -S keeps cells as text.
# Variant json of preprocess reads and writes JSON Lines.
# shellcheck disable=SC1010,SC2016,SC2086
set -euo pipefail
if [[ $1 == --version ]]; then
	mlr --version | cut -d ' ' -f 2
	exit
fi
job=$1 in=$3 ext=csv
export io='--icsv --ocsv'
[[ $2 != json ]] || { ext=jsonl io='--ijsonl --ojsonl'; }
export LC_ALL=C out=$4
mkdir -p "$out"
export tmp=$out/tmp
mkdir "$tmp"

# shares DIR COMMAND: bash -c COMMAND with each worker's share of the shards.
shares() {
	local files=("$1"/part-*."$ext")
	printf '%s\0' "${files[@]}" |
		xargs -0 -P "$WORKERS" -n $(((${#files[@]} + WORKERS - 1) / WORKERS)) bash -euc "$2" bash
}

preprocess() {
	shares "$in" 'mlr -S $io cut -f customerId,orderDate then tee "$tmp/keys.$$" \
		then filter "is_not_empty(\$customerId)" \
		then stats1 -a min -f orderDate -g customerId "$@" >"$tmp/firsts.$$"'
	mlr -S $io stats1 -a min -f orderDate_min -g customerId \
		then rename orderDate_min_min,earliest "$tmp"/firsts.* >"$tmp/firsts"
	mlr -S ${io%% *} --onidx --ofs tab cut -f orderDate then filter 'is_not_empty($orderDate)' "$tmp"/keys.* |
		sort --parallel="$WORKERS" >"$tmp/times"
	export train val
	{ read -r train && read -r val; } < <(awk -v n="$(wc -l <"$tmp/times")" '
		BEGIN { train = int(n * 0.7); val = train + int(n * ((1 - 0.7) * 0.5)) }
		NR == train + 1 { print } NR == val + 1 { print; exit }' "$tmp/times")
	mkdir "$out/train" "$out/val" "$out/test"
	# rows without a customer are in no pair; reorder has both alike again
	shares "$in" 'mlr -S $io join --ur -j customerId -f "$tmp/firsts" \
		then filter "is_absent(\$earliest) || \$orderDate == \$earliest" \
		then cut -x -f earliest then reorder -f transactionId \
		then rename -g -r __DOT__,. then put -q "
			\$text = (is_string(\$emailAddress) && \$emailAddress != \"\" ? \$emailAddress : \"[MISSING]\") . \"|\" .
				(is_string(\$billingAddressName) && \$billingAddressName != \"\" ? \$billingAddressName : \"[MISSING]\") . \"|\" .
				(is_string(\$customerName) && \$customerName != \"\" ? \$customerName : \"[MISSING]\") . \"|\" .
				(is_string(\$paymentAccountHolderName) && \$paymentAccountHolderName != \"\" ? \$paymentAccountHolderName : \"[MISSING]\");
			split = \$orderDate < ENV[\"train\"] ? \"train\" : \$orderDate < ENV[\"val\"] ? \"val\" : \"test\";
			tee > ENV[\"out\"] . \"/\" . split . \"/\" . sub(FILENAME, \".*/\", \"\"), \$*" "$@"'
}

# What fills the columns with missing cells, as rows of field and value: means of
# numbers by one process, modes of texts by another.
fit() {
	local first=("$in"/train/part-*.csv) numbers texts
	mlr --icsv --onidx --ofs tab head -n 10000 then summary -a field_type \
		then filter '$field_name !=~ "^(label|customerId|orderDate)$"' "${first[0]}" >"$tmp/types"
	numbers=$(awk -F '\t' '$2 !~ /string/ { print $1 }' "$tmp/types" | paste -sd ,)
	texts=$(awk -F '\t' '$2 ~ /string/ { print $1 }' "$tmp/types" | paste -sd ,)
	mlr --icsv --ocsv stats1 -a mean,null_count -f "$numbers" then put -q 'for (k, v in $*) {
		if (k =~ "^(.*)_mean$" && $["\1_null_count"] > 0) { emit1 {"field": "\1", "value": v} }
	}' "$in"/train/part-*.csv >"$tmp/means" &
	mlr -S --icsv --ocsv count-distinct -u -f "$texts" then put -q '
		if (is_empty($value)) { @missing[$field] = 1 }
		elif (is_absent(@most[$field]) || $count > @most[$field] ||
			$count == @most[$field] && $value < @value[$field]) {
			@most[$field] = $count;
			@value[$field] = $value
		}
		end { for (k in @missing) { emit1 {"field": k, "value": @value[k]} } }' \
		"$in"/train/part-*.csv >"$tmp/modes"
	wait $!
	mlr --csv cat "$tmp/means" "$tmp/modes"
}

impute() {
	local split
	fit >"$tmp/fill"
	mlr -S --icsv --ojson --jvstack --jlistwrap --no-auto-unflatten put -q '
		@model[$field] = $value; end { emit @model }' "$tmp/fill" | sed '1d;$d' >"$out/model.json"
	mlr -S --icsv --onidx put -q '
		print "if (is_empty(${".$field."})) {${".$field."} = \"".gsub($value, "\"", "\\\"")."\"}"' \
		"$tmp/fill" >"$tmp/fill.mlr"
	for split in train val test; do
		mkdir "$out/$split"
		to=$out/$split shares "$in/$split" 'for file; do
			mlr -S --csv put -f "$tmp/fill.mlr" "$file" >"$to/${file##*/}"
		done'
	done
}

shred() {
	shares "$in" 'mlr --icsv --ocsv count -g ListingId "$@" >"$tmp/count.$$"'
	mlr --icsv --ocsv stats1 -a sum -f count -g ListingId then sort -nf ListingId then put '
		begin { @batch = 0; @rows = 0 }
		if (@rows > 0 && @rows + $count_sum > int(ENV["MAX_ROWS"])) { @batch += 1; @rows = 0 }
		@rows += $count_sum;
		$batch = @batch' then cut -f ListingId,batch "$tmp"/count.* >"$tmp/batches"
	shares "$in" 'me=$$ mlr -S --icsv --ocsv join -j ListingId -f "$tmp/batches" then put -q "
		to = ENV[\"tmp\"] . \"/\" . \$batch . \".\" . ENV[\"me\"];
		unset \$batch;
		tee > to, \$*" "$@"'
	mlr --icsv --onidx cut -f batch then uniq -g batch "$tmp/batches" |
		xargs -P "$WORKERS" -I N bash -euc 'mlr --csv sort -nf ListingId -f TradeTimestamp "$tmp"/N.* >"$out/batch-N.csv"
			rm "$tmp"/N.*'
}

"$job"
rm -r "$tmp"
