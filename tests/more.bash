# shellcheck shell=bash
# What the tests of bad input share: makers of input, judges of refusals.

export -f rows

# lines FILE LINE...: a file of these lines.
lines() {
	mkdir -p "$(dirname "$1")" && printf '%s\n' "${@:2}" >"$1"
}

# says TEXT: the last run said so on standard error.
says() {
	# shellcheck disable=SC2154
	[[ $stderr == *"$1"* ]] && return
	printf 'expected on stderr: %s\ngot: %s\n' "$1" "$stderr"
	return 1
}

# died PID: this background process ends, and badly.  Not through run, whose
# subshell has no such child to wait for.
died() {
	local status=0
	wait "$1" || status=$?
	((status > 0))
}

# barren DIR...: not one file there, temp files included.
barren() {
	local found
	found=$(find "$@" -type f 2>/dev/null) || :
	[[ -z $found ]] && return
	printf 'left behind: %s\n' "$found"
	return 1
}

# context CTX SHARD...: pass 1 over shards that rows made.
context() {
	shard-stats -t orderDate -k customerId --label label -o "$1/parts" "${@:2}" &&
		shard-stats --merge -o "$1" "$1/parts"
}

# three_shards: in/part-0.csv to in/part-2.csv, of 20 rows and a few.
three_shards() {
	mkdir in
	for i in 0 1 2; do rows $((20 + i)) >in/part-$i.csv; done
}

# train [OPTION...]: the training job over them.
train() {
	preprocess --job-type training --input in --output out --workers 2 "$@"
}

# squeeze EXT FILE: FILE in the codec of this extension, on standard output.
squeeze() {
	case $1 in
	gz) gzip -nc "$2" ;;
	zst) need zstd && zstd -qc "$2" ;;
	lz4) need lz4 && lz4 -qc "$2" ;;
	bz2) need bzip2 && bzip2 -c "$2" ;;
	xz) need xz && xz -c "$2" ;;
	esac
}

# flip FILE OFFSET: the byte there with all its bits turned over.
flip() {
	local byte
	byte=$(od -An -v -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x $((byte ^ 255)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# places SIZE N: about N / 3 of the places 0 to SIZE-1, in `places`, others in each
# run; fewer where all is slower, under the sanitizers; all with EXHAUST=1.
places() {
	local n step=1
	n=$(some "$2")
	[[ -z ${SANITIZED-} ]] || n=$((n / 2 + 1))
	[[ -n ${EXHAUST-} ]] || step=$(($1 / n + 1))
	mapfile -t places < <(seq $((RANDOM % step)) "$step" $(($1 - 1)))
	((${#places[@]} > 0)) # or a loop over them would prove nothing
}

# plain: standard input, its end marker cut to rows and account.
plain() {
	sed '$s/ digest:[0-9a-f]*:[0-9]*$//'
}

# soon COMMAND...: it holds within five seconds.
soon() {
	for _ in {1..50}; do
		"$@" && return
		sleep 0.1
	done
	return 1
}

# zip_of FILE NAME...: a zip of these files.
zip_of() {
	python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    for name in sys.argv[2:]: z.write(name)' "$@"
}
# tar_of FILE NAME...: a tar with members of these names, whatever they are;
# NAME@TARGET is a symbolic link, NAME=TARGET a hard one.
tar_of() {
	python3 -c 'import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as t:
    for name in sys.argv[2:]:
        m, data = tarfile.TarInfo(name), b"a\n1\n"
        for mark, kind in ("@", tarfile.SYMTYPE), ("=", tarfile.LNKTYPE):
            if mark in name:
                m.name, m.linkname = name.split(mark)
                m.type, data = kind, b""
        m.size = len(data)
        t.addfile(m, io.BytesIO(data))' "$@"
}
