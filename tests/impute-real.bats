#!/usr/bin/env bats
# Imputation of real shards: 541,909 invoice lines of a web shop (UCI Online
# Retail) in 305 daily shards, preprocessed first.  SHARDKIT_DATA names the
# directory that holds `unpack`; without it these tests skip.

load helper
load more
load impute

setup_file() {
	local data=${SHARDKIT_DATA:-$TOP/../shared/data} policy
	[[ -x $data/unpack ]] || return 0
	cd "$BATS_FILE_TMPDIR" || return 1
	"$data/unpack" . >/dev/null
	for policy in drop keep; do
		preprocess --job-type training --input parts --output "pre-$policy" --null-key $policy \
			--label label >/dev/null 3>&-
	done
	impute --job-type training --input pre-keep --output keep --artifacts art-keep --label label >/dev/null 3>&-
}

setup() {
	[[ -d $BATS_FILE_TMPDIR/parts ]] ||
		skip "no real data (SHARDKIT_DATA is unset)"
	cd "$BATS_FILE_TMPDIR" || return 1
}

# later POLICY IN OUT ART [OPTION...]: a validation run over the test rows
# gives the bytes that training gave them.
later() {
	mkdir -p "later-$3"
	cp -r "$1/test" "later-$3/validation"
	impute --job-type validation --input "later-$3" --output "valid-$3" --artifacts "$2" "${@:4}"
	diff -r "$3/test" "valid-$3/validation"
}

@test "real shards: rows without a key kept: customerId and Description are filled as the oracle says, cell by cell" {
	need_python
	[[ $(cut -f 1 art-keep/impute.tsv | tail -n +2 | sort | tr '\n' ' ') == "Description customerId " ]]
	impute_oracle --input pre-keep --output keep --artifacts art-keep --label label
	shard-check keep
}

@test "real shards: validation with the saved artifacts gives the bytes of test in training" {
	later pre-keep art-keep keep
}

@test "real shards: no cell but the missing ones is touched" {
	local f
	for f in pre-keep/{train,val,test}/*; do
		diff "$f" "keep/${f#pre-keep/}" | sed -n 's/^< //p'
	done >changed
	[[ -s changed ]]
	# each had two commas side by side: an empty cell
	run ! grep -v ',,' changed
}

@test "real shards: rows without a key dropped: every column fitted by median and mode as the oracle says" {
	need_python
	impute --job-type training --input pre-drop --output drop --artifacts art-drop --label label \
		--all-columns --numeric median --indicator
	impute_oracle --input pre-drop --output drop --artifacts art-drop --label label \
		--all-columns --numeric median --indicator
	shard-check drop
	later pre-drop art-drop drop --indicator
}

@test "real shards: rows without a key dropped: nothing is missing, and the rows pass as they are" {
	need_python
	impute --job-type training --input pre-drop --output plain --artifacts art-plain --label label
	impute_oracle --input pre-drop --output plain --artifacts art-plain --label label
	diff -r pre-drop/train plain/train
	diff -r pre-drop/test plain/test
}

@test "real shards: tokens as pandas reads them, means and constants, programs in pipes" {
	need_python
	local options=(--label label --na pandas --numeric mean --text constant:none --column Description=mode)
	impute --job-type training --input pre-keep --output pandas --artifacts art-pandas "${options[@]}" --all-columns
	impute_oracle --input pre-keep --output pandas --artifacts art-pandas "${options[@]}" --all-columns
	impute --job-type training --input pre-keep --output piped --artifacts art-piped "${options[@]}" --all-columns \
		--piped --workers 3
	cmp pandas/_manifest.tsv piped/_manifest.tsv
	same_artifacts art-pandas art-piped
}

@test "real shards: gzip input gives the same artifacts and rows" {
	preprocess --job-type training --input parts-gz --output pre-gz --null-key keep --label label
	impute --job-type training --input pre-gz --output gz --artifacts art-gz --label label
	same_artifacts art-keep art-gz
	(cd keep && find train val test -type f | sort | xargs cat) | sha256sum >a
	(cd gz && find train val test -name '*.gz' | sort | xargs gzip -dc) | sha256sum >b
	cmp a b
}
