# shellcheck shell=bash
# What the pipelines share: configuration, lists, workers, lock, progress.
# Sourced, never run.  Callers set `job`, `workers`, `inputs`, `progress` and
# `flags`, with a variable flag_NAME for each of these, and define `usage`.
# shellcheck disable=SC2154,SC2209,SC2016

die() {
	printf '%s: %s\n' "$job" "$*" >&2
	exit 1
}

bad_usage() {
	printf '%s: %s\n' "$job" "$*" >&2
	usage >&2
	printf 'try %s --help\n' "$0" >&2
	exit 2
}

note() {
	printf '%s: note: %s\n' "$job" "$*" >&2
}

# Puts the programs' directory in front of PATH: SHARDKIT_BIN, or bin beside
# this script's directory, as in the source tree, or one further up, as under a
# PREFIX; seen from where the script lies, and from where it was called.
find_programs() {
	local at dir looked=()
	[[ -n ${SHARDKIT_BIN-} ]] && use_programs "$(readlink -m -- "$SHARDKIT_BIN")" && return
	use_programs "${here%/*}/bin" && return
	at=.
	[[ $0 != */* ]] || at=${0%/*}
	at=$(CDPATH='' cd -- "${at:-/}" && pwd)
	for dir in "${here%/*/*}/bin" "$at" "${at%/*}/bin" "${at%/*/*}/bin"; do
		use_programs "$dir" && return
	done
	command -v shard-ls >/dev/null ||
		die "the programs are missing: no shard-ls in ${looked[*]} or PATH; build them with make, or name their directory in SHARDKIT_BIN"
}
use_programs() { # DIR
	if [[ -x $1/shard-ls ]]; then
		[[ $PATH: == "$1":* ]] || PATH=$1:$PATH
		return 0
	fi
	[[ " ${looked[*]-} " == *" $1 "* ]] || looked+=("$1")
	return 1
}

# config NAME DEFAULT ENV...: $NAME from the option if it was given, else from
# the first of the environment variables that is set, else the default.  An
# empty value and None mean unset.  Where it came from goes to origin[NAME].
declare -A given origin
config_names=()
config() {
	local name=$1 default=$2 env value
	shift 2
	config_names+=("$name")
	if [[ -n ${given[$name]+x} ]]; then
		printf -v "$name" %s "${given[$name]}"
		origin[$name]="option"
		return
	fi
	for env; do
		value=${!env-}
		if [[ -n $value && $value != None ]]; then
			printf -v "$name" %s "$value"
			origin[$name]="environment $env"
			return
		fi
	done
	printf -v "$name" %s "$default"
	origin[$name]="default"
}

# found NAME VALUE ORIGIN: the value of an option that is unset.
found() {
	[[ -z ${!1} && -n $2 ]] || return 0
	printf -v "$1" %s "$2"
	origin[$1]=$3
}

# Name, value and origin of the inputs, the options and the flags.
print_config() {
	local name flag i width=0
	local -a row=()
	for name in "${inputs[@]}"; do
		row+=(input "$name" option)
	done
	for name in "${config_names[@]}"; do
		row+=("${name//_/-}" "${!name:--}" "${origin[$name]}")
	done
	for name in "${flags[@]}"; do
		flag=flag_$name
		if [[ -n ${!flag} ]]; then
			row+=("${name//_/-}" yes "${origin[$name]-option}")
		else
			row+=("${name//_/-}" no default)
		fi
	done
	for ((i = 1; i < ${#row[@]}; i += 3)); do
		((width = ${#row[i]} > width ? ${#row[i]} : width))
	done
	for ((i = 0; i < ${#row[@]}; i += 3)); do
		printf '%-20s %s%*s  %s\n' "${row[i]}" "${row[i + 1]}" \
			$((width - ${#row[i + 1]})) '' "${row[i + 2]}"
	done
}

# One line for each variable of the old systems that means nothing here.
retired() {
	local env
	for env; do
		[[ -n ${!env-} && ${!env} != None ]] &&
			note "$env is not needed any more"
	done
	return 0
}

count() { # N WHAT
	if (($1 == 1)); then echo "$1 $2"; else echo "$1 ${2}s"; fi
}

one_of() { # NAME VALUE WORD...
	local name=$1 value=$2 word
	shift 2
	for word; do
		[[ $value == "$word" ]] && return
	done
	bad_usage "--$name $value: must be one of: $*"
}

# --compress, --level and --nested, which all jobs have.
check_codec() {
	local max
	one_of nested "$nested" refuse json
	[[ -z $compress ]] || one_of compress "$compress" none gz zst lz4 xz
	[[ -n $level ]] || return 0
	case $compress in
	gz | xz) max=9 ;;
	lz4) max=12 ;;
	zst) max=19 ;;
	*) bad_usage "--level $level: of which codec? say --compress gz, zst, lz4 or xz" ;;
	esac
	[[ $level =~ ^[1-9][0-9]?$ && $level -le $max ]] ||
		bad_usage "--level $level: $compress has levels from 1 to $max"
}

# Cores that affinity and the container's limits (cgroup v2, v1) allow, in n.
count_cores() {
	local quota period
	n=$(nproc)
	if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max &&
		[[ $quota != max ]]; then
		((quota = (quota + period - 1) / period, n = quota < n ? quota : n))
	elif read -r quota 2>/dev/null </sys/fs/cgroup/cpu/cpu.cfs_quota_us &&
		read -r period </sys/fs/cgroup/cpu/cpu.cfs_period_us &&
		((quota > 0)); then
		((quota = (quota + period - 1) / period, n = quota < n ? quota : n))
	fi
	((n = n < 1 ? 1 : n))
}

# Does the NUL-separated list name shards of that kind?
has_kind() { # LIST TEXT REGEX
	local names
	mapfile -d '' -t names <"$1"
	# as a rule that is told without another program
	[[ "${names[*]}" == *"$2"* ]] && grep -qzE "\.$3(\.[a-z0-9]+)?\$" "$1"
}
has_json() { has_kind "$1" .json 'jsonl?'; }
has_csv() { has_kind "$1" sv '[ct]sv'; }
has_parquet() { has_kind "$1" .parquet parquet; }

# The paths, absolute and without symbolic links, in the array `real`.
real_paths() { # PATH...
	# shellcheck disable=SC2034
	mapfile -d '' -t real < <(readlink -mz -- "$@")
}

# The length of a NUL-separated list, in n.
count_list() { # FILE
	local names
	mapfile -d '' -t names <"$1"
	n=${#names[@]}
}

# A NUL-separated list, which is not empty, to another file.
copy_list() { # LIST FILE
	local names
	[[ -s $1 ]] && mapfile -d '' -t names <"$1" && printf '%s\0' "${names[@]}" >"$2"
}

# NUL-separated lists as one.
join_lists() { # FILE LIST...
	local to=$1 list names
	shift
	for list; do
		mapfile -d '' -t names <"$list" || return
		((${#names[@]} == 0)) || printf '%s\0' "${names[@]}" || return
	done >"$to"
}

# The lines of a small file, without another program.
put() { # FILE
	local lines
	mapfile -t lines <"$1" && printf '%s\n' "${lines[@]}"
}

# The bytes of the files in a NUL-separated list, in bytes.
count_bytes() { # FILE
	local lines
	du -Lcb --files0-from="$1" >"$tmp/du" 2>/dev/null
	mapfile -t lines <"$tmp/du" # a file, as pipes are read byte by byte
	bytes=0
	((${#lines[@]} == 0)) || bytes=${lines[-1]%%[!0-9]*}
	return 0
}

# Are so many bytes of shards too much to be kept in memory, of the machine or its
# container, beside what is made of them?
is_large() { # BYTES
	local memory limit
	read -r _ memory _ 2>/dev/null </proc/meminfo && ((memory *= 1024)) || return
	if read -r limit 2>/dev/null </sys/fs/cgroup/memory.max && [[ $limit != max ]] ||
		read -r limit 2>/dev/null </sys/fs/cgroup/memory/memory.limit_in_bytes; then
		((memory = limit < memory ? limit : memory)) || :
	fi
	((3 * $1 > memory))
}

# What an output of the list's shards needs to know of its columns, in
# `types`: nothing, the types that the shards declare, or those of their values
# (schema).  CSV does not say which columns are texts, as JSON has to, and Parquet
# has one type for all shards.
said_no_types=''
types_needed() { # LIST FORMAT
	types=''
	if [[ $2 == parquet || -z $2 ]] && has_parquet "$1"; then
		types=declared
	fi
	if [[ $2 == parquet || $types == declared ]]; then
		{ has_csv "$1" || has_json "$1"; } && types=schema
	elif [[ $2 == jsonl ]] && has_csv "$1"; then
		types=schema
	fi
	if [[ -n ${flag_optimize_types-} ]]; then
		if [[ $2 == parquet || ($types == declared && -z $2) ]]; then
			types=schema
		elif [[ ${origin[optimize_types]-} != environment* && -z $said_no_types ]]; then
			said_no_types=1
			note "--optimize-types is for Parquet; what is written here has no types"
		fi
	fi
	return 0
}

# json_columns LIST FILE [WORD...]: a CSV header with the columns of all shards of
# the list, in the order in which they first appear.  A JSON shard lacks those
# that none of its rows has; read with --header-of FILE, it has them.  The words
# are shard-cat's.
json_columns() {
	local list=$1 file=$2 i names n=${workers:-} dir=$tmp/columns
	shift 2
	[[ -n $n ]] || count_cores
	rm -rf "$dir" && mkdir "$dir" || return
	mapfile -d '' -t names <"$list"
	for i in "${!names[@]}"; do
		printf '%s\0%s\0' "$i" "${names[i]}"
	done | xargs -0 -P "$n" -n 64 bash -c '
		dir=$1 n=$2
		words=("${@:3:n}")
		shift $((2 + n))
		while (($#)); do
			shard-cat --names "${words[@]}" -- "$2" >"$dir/$1" || exit 1
			shift 2
		done' columns "$dir" $# "$@" || return
	for i in "${!names[@]}"; do
		cat "$dir/$i" || return
	done | awk '!seen[$0]++ {
		gsub(/"/, "\"\"")
		printf "%s\"%s\"", (n++ ? "," : ""), $0
	} END { print "" }' >"$file"
}

claimed=''
# Makes OUT this job's own, alone: the lock lives as long as any process that
# inherited descriptor 9.  In `fresh`: is nothing there yet?
# shellcheck disable=SC2034
claim() { # OUT JOB JOB-TYPE
	local out=$1 f
	[[ -z $claimed ]] || return 0
	claimed=1 fresh=''
	[[ -d $out ]] || mkdir -p "$out" || exit 1
	exec 9>>"$out/_lock" || exit 1
	flock -w 5 9 ||
		die "$out is in use by another run ($(tail -n 1 "$out/_lock"))"
	for f in "$out"/.job.*; do # of runs that were killed here
		[[ ! -e $f ]] || rm -f "$f"
	done
	if [[ -e $out/_job.tsv ]]; then
		[[ $(<"$out/_job.tsv") == "$2"$'\t'"$3" ]] ||
			die "$out belongs to another job: $(tr '\t' ' ' \
				<"$out/_job.tsv"); choose another output"
	else
		for f in "$out"/*; do
			[[ -e $f && $f != "$out/_lock" ]] &&
				die "$out holds files that are not ours ($f); choose an empty directory"
		done
		printf '%s\t%s\n' "$2" "$3" >"$out/.job.$$" &&
			mv "$out/.job.$$" "$out/_job.tsv" || exit 1
		for f in "$out"/.tmp.*; do
			[[ -e $f ]] || fresh=1
		done
	fi
	TZ=UTC0 printf 'process %s on %s since %(%Y-%m-%dT%H:%M:%SZ)T\n' $$ \
		"$HOSTNAME" -1 >"$out/_lock"
}

# Archives -------------------------------------------------------------------
# A tar or zip is read once, from its beginning to its end, into OUT/_unpacked;
# from there its files are shards like others, until the job is done.

is_archive() {
	[[ -f $1 && $1 =~ [^/]\.(tar(\.(gz|zst|lz4|bz2|xz))?|tgz|tbz2|txz|tzst|zip)$ ]]
}

# unpack ARCHIVE N: the files of the N-th input in the directory `unpacked`,
# unless they have been there since the archive was as it is.
unpack() {
	local dir=$output/_unpacked/$2 id
	id=$(stat -Lc '%n %s %.9Y %i' -- "$1") || exit 1
	if [[ ! -e $dir.done || $(<"$dir.done") != "$id" ]]; then
		rm -rf "$dir" "$dir.done" && mkdir -p "$output/_unpacked" || exit 1
		alone shard-unpack "$1" "$dir" || exit 1
		printf '%s\n' "$id" >"$dir.done" || exit 1
	fi
	# shellcheck disable=SC2034
	unpacked=$dir
}

# The directories in DIR, itself too, that hold shards; in `found`.
with_shards() { # DIR
	# shellcheck disable=SC2034
	mapfile -d '' -t found < <(find "$1" -mindepth 1 -name '[_.]*' -prune -o \
		-type f -name 'part-[0-9]*' -printf '%h\0' | sort -zu)
}

# The plan of a run names shards that are still to be unpacked.
no_plan_of() { # ARCHIVE
	die "-n: the shards in $1 have no names yet: unpack them (shard-unpack $(printf %q "$1") DIR) and name that directory"
}

unpacked_done() { [[ ! -e $output/_unpacked ]] || rm -rf "$output/_unpacked"; }

# What makes the files of a list the same as before, by %n ... (stat); those
# unpacked are the same when their archives are.
inputs_text() { # LIST [FORMAT]
	local list=$1 name
	if [[ -e $output/_unpacked ]]; then
		cat "$output/_unpacked"/*.done && list=$tmp/not-unpacked || return
		while IFS= read -r -d '' name; do
			[[ $name == "$output/_unpacked/"* ]] || printf '%s\0' "$name"
		done <"$1" >"$list"
	fi
	xargs -0r -a "$list" stat -Lc "${2-%n %s %y %i}" --
}

# A bar with shards and, when half a second has passed, MB/s and time to go;
# reads a line of bytes per shard, and shows ten lines a second at most.
# Ends at a line that says `end`, not at end of file: workers that die late
# must not keep the terminal.
show_progress() { # TITLE SHARDS BYTES
	local n=0 bytes=0 line us last=-100000
	local start=$EPOCHREALTIME
	while read -r line && [[ $line != end ]]; do
		((n += 1, bytes += line)) || :
		us=$((${EPOCHREALTIME/./} - ${start/./}))
		((us - last < 100000 && n < $2)) && continue
		last=$us
		if (($3)); then
			printf '\r%s %d/%d shards, %d MB of %d' "$1" "$n" "$2" \
				$((bytes / 1000000)) $(($3 / 1000000))
			((us < 500000)) || printf ', %d MB/s' $((bytes / us))
		else
			printf '\r%s %d/%d batches' "$1" "$n" "$2"
		fi >&2
		((us < 500000)) ||
			printf ', %d s to go' $((us * ($2 - n) / n / 1000000)) >&2
		printf ' \033[K' >&2
	done
	printf '\r\033[K' >&2
}

# chunks LIST DIR: the names of a NUL-separated list in files of a new directory,
# for a process each, and the files' names in DIR/list.  A chunk is half of what is left for
# a worker: the first are large, as starting a process and its first look at
# the facts have a price; the last are small, so that no worker waits long for
# another.
chunks() {
	local names n i=0 k=0 take
	mapfile -d '' -t names <"$1"
	n=${#names[@]}
	mkdir "$2" || return
	for (( ; i < n; i += take, k++)); do
		((take = workers == 1 ? n : (n - i + 2 * workers - 1) / (2 * workers)))
		((take = take > 256 ? 256 : take))
		printf '%s\0' "${names[@]:i:take}" >"$2/$k" &&
			printf '%s\0' "$2/$k" >>"$2/list" || return
	done
}

# each TITLE LIST SCRIPT: runs `SCRIPT shard...` over the NUL-separated list,
# $workers at a time, some shards to a process ($per_process, if it is set); or,
# if the script takes turns, a process per worker, which read the places of their
# next shards from one open file; or from one after another, if the list is given
# as PARTs, too.  0 or 1.
ntimes=0 per_process='' scripts=() # that were written and are still to be made executable
each() { # TITLE LIST SCRIPT [PART...]
	local title=$1 list=$2 script=$3 n bytes rc=0 runner=${SHARD_RUNNER:-auto}
	local jobs fd part names first bar='' parts=("${@:4}") turns=()
	mapfile -d '' -t names <"$list"
	n=${#names[@]} first=${names[0]-}
	((${#scripts[@]} == 0)) || { chmod +x "${scripts[@]}" && scripts=(); } || return
	((n == 0)) && return 0
	if [[ -n $per_process ]]; then
		jobs=(-a "$list" -n "$per_process" "$script")
	elif [[ -n ${takes_turns[$script]-} ]]; then
		((++ntimes))
		# a job per worker has nothing that GNU parallel could plan; and one
		# that it tried again would find no turns left
		runner=xargs
		printf '%.0s\0' "${names[@]:0:workers}" >"$tmp/workers$ntimes" || return
		jobs=(-a "$tmp/workers$ntimes" -n 1 "$script")
		for part in "${parts[@]:-$list}"; do
			mapfile -d '' -t names <"$part"
			((${#names[@]})) || continue
			printf '%015d\n' "${!names[@]}" >"$tmp/turns$ntimes-${#turns[@]}" &&
				exec {fd}<"$tmp/turns$ntimes-${#turns[@]}" || return
			turns+=("$fd")
			jobs+=(--turns "$fd" "$part")
		done
	else
		((++ntimes))
		chunks "$list" "$tmp/chunks$ntimes" || return
		# -I: a word that no other can hold
		jobs=(-a "$tmp/chunks$ntimes/list" -I "$tmp/chunk/" "$script" --list "$tmp/chunk/")
	fi
	# GNU parallel takes 0.2 s to start, as long as a GB takes here; on
	# larger input its control over the jobs is worth that.
	bytes=0 # of batches, which are numbers
	[[ $first != *[!0-9]* || ($runner != auto && ! -t 2) ]] || count_bytes "$list"
	if [[ $runner == auto ]]; then
		runner=xargs
		((bytes > 4000000000)) && command -v parallel >/dev/null &&
			runner=parallel
	fi
	if [[ -t 2 ]]; then
		exec 3> >(show_progress "$title" "$n" "$bytes")
		bar=$!
	else
		exec 3>/dev/null
	fi
	if [[ $runner == parallel ]]; then
		begin parallel --will-cite -q -0 -j "$workers" "${jobs[@]}" \
			9>&9 3>&3 </dev/null
	else
		begin xargs -0 -P "$workers" "${jobs[@]}" </dev/null
	fi
	for fd in "${turns[@]}"; do
		exec {fd}<&-
	done
	wait "$group" || {
		rc=1
		# xargs does not wait for others where one was killed by a signal
		end_group
	}
	group=
	if [[ -n $bar ]]; then
		echo end >&3
		exec 3>&-
		wait "$bar"
	else
		exec 3>&-
	fi
	return $rc
}

# The last line of a summary.
speed() { # SHARDS BYTES MICROSECONDS
	local s=s
	(($1 != 1)) || s=''
	printf '%d shard%s in %.2f s, %d MB/s\n' "$1" "$s" "$3e-6" $((($2 + $3 / 2) / $3))
}

# What a job leaves when it ends, however it ends: some have more.
tmp=''
clean_up() { rm -rf ${tmp:+"$tmp"}; }

# A new directory for this run's own notes, $tmp, which clean_up removes.  Its
# name is known before it is there, so that a signal finds none that nobody knows.
make_tmp() {
	tmp=${TMPDIR:-/tmp}/$job.$$.$RANDOM$RANDOM
	trap clean_up EXIT
	mkdir -m 700 -- "$tmp" || {
		trap - EXIT # not ours
		exit 1
	}
}

# A process group in the background, which a signal to us ends as one.
group=
begin() { # WORD...
	group=begun # what $! says, where the signal comes before we have read that
	set -m
	"$@" &
	group=$!
	set +m
}
end_group() {
	[[ $group != begun ]] || group=${!-}
	[[ -n $group ]] && kill -TERM -- "-$group" 2>/dev/null
}

# A program that a signal to us shall end, at once.
alone() { # WORD...
	local rc=0
	begin "$@" 3>/dev/null </dev/null
	wait "$group" || rc=$?
	group=
	return $rc
}

stop() {
	# A child that bash has just forked runs our trap too: it is to go, and to
	# send us no second signal, which would end us before we have cleaned up.
	((BASHPID == $$)) || exit 1
	trap '' INT TERM HUP
	end_group
	trap - EXIT
	clean_up
	trap - "$1"
	kill -s "$1" $$
}
trap 'stop INT' INT
trap 'stop TERM' TERM
trap 'stop HUP' HUP

# What the scripts of a run begin with: workers tell of finished shards on
# descriptor 3, but scripts run by hand too, where nobody listens.
script_begin() {
	echo '#!/bin/bash'
	((${#progress[@]} == 0)) || echo '{ : >&3; } 2>/dev/null || exec 3>/dev/null'
}

# And that `each` gives them their arguments as a list.
script_head() {
	script_begin
	((${#progress[@]} == 0)) ||
		echo '[[ $1 != --list ]] || { mapfile -d "" -t names <"$2" && set -- "${names[@]}"; } || exit 1'
}

# A script that runs these words, which take --turns, with the shards' names as
# standard input, a list.  A program that does not get through its turns, as it
# was killed or its disk is full, is started again for those that are left; xargs
# hears of it in the end.
declare -A takes_turns
list_script() { # FILE PROGRAM WORD...
	local file=$1
	shift
	takes_turns[$file]=1
	{
		script_begin
		printf 'work() { %q "$@"' "$1"
		printf ' %q' "${@:2}"
		printf '%s\n' '; }
if [[ $1 != --turns ]]; then
	work < <(printf "%s\0" "$@")
	exit
fi
status=0
for try in {1..8}; do
	work --turns "$2" <"$3" && exit $status
	status=1
done
exit 1'
	} >"$file" && scripts+=("$file")
}

# NNNNN.st in a directory (or with another ending), for every shard of a list
# on standard input; NUL-separated, both.
part_names() { # DIR [END]
	local shard name
	while IFS= read -r -d '' shard; do
		name=${shard##*/part-}
		name=${name%%[!0-9]*}
		printf '%s/%05d%s\0' "$1" "$((10#$name))" "${2-.st}" || return
	done
}

# chain_words LIST SINK...: in `words`, the chain in the caller's cat_words and
# chain (each filter with its ":" in front) and the sink, in one process for
# every shard of a list.
chain_words() {
	local list=$1 mark='{}' # occurs nowhere else in the words
	shift
	while [[ "${cat_words[*]} ${chain[*]} $*" == *"$mark"* ]]; do
		mark+='}'
	done
	words=(shard-run "${progress[@]}" --null --list "$list" --replace "$mark"
		cat "${cat_words[@]}" "$mark" "${chain[@]}" : "$@")
}

# Pass 2 as a script: SCRIPT shard...; the words of write are in write_words.
large='' bytes=''
pass2_run() { # FILE
	local words cat_words=("${cat_words[@]}")
	[[ -n $large ]] || { count_bytes "$tmp/list" && is_large "$bytes" && large=yes || large=no; }
	[[ $large == no ]] || cat_words+=(--drop-cache)
	chain_words - write "${write_words[@]}"
	list_script "$1" "${words[@]}"
}

# The same chain as programs in a pipe, of the shard in $shard.
piped_line() {
	local word line
	printf -v line ' %q' shard-cat "${cat_words[@]}" ${row_column:+--row-column}
	line+=' "$shard"'
	for word in "${chain[@]}" : write "${write_words[@]}"; do
		if [[ $word == : ]]; then
			line+=' | shard-'
		elif [[ $line == *'| shard-' ]]; then
			line+=$word
			case $word in
			dedup | impute | stats | write) line+=' --like "$shard"' ;;
			esac
		else
			printf -v word ' %q' "$word"
			line+=$word
		fi
	done
	echo "$line"
}

pass2_piped() { # FILE
	local tell=:
	((${#progress[@]})) && tell='stat -Lc %s -- "$shard" >&3'
	cat >"$1" <<END && scripts+=("$1")
$(script_head)
set -o pipefail
export SHARD_STRICT=1
status=0
for shard; do
	export SHARD_DELIM=comma
	case \$shard in
	*.tsv | *.tsv.*) [[ '${format:-tsv}' == tsv ]] && SHARD_DELIM=tab ;;
	esac
	if$(piped_line); then
		$tell
	else
		status=1
	fi
done
exit \$status
END
}
