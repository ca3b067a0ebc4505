#!/usr/bin/env bats
# shard-unpack: all files of an archive or none, whatever is wrong with it.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "shard-unpack: a compressed or zipped archive cut short anywhere, or with any byte flipped, is seen" {
	rows 3 >part-1.csv
	rows 2 >part-2.csv
	tar cf plain part-1.csv part-2.csv
	zip_of t.zip part-1.csv part-2.csv
	cat >judge.py <<'END'
import os, shutil, subprocess, sys

def files(data, name):
    with open(name, "wb") as f:
        f.write(data)
    shutil.rmtree("to", ignore_errors=True)
    status = subprocess.run(["shard-unpack", name, "to"], stderr=subprocess.DEVNULL).returncode
    got = {f: open(os.path.join(d, f), "rb").read() for d, _, fs in os.walk("to") for f in fs}
    assert status in (0, 1) and not (status and got), (name, status, got)
    return got if status == 0 else None

kind, places = sys.argv[1], map(int, sys.argv[2:])
good = open("t." + kind, "rb").read()
want = files(good, "x." + kind)
assert len(want) == 2
for i in places:
    assert files(good[:i], "x." + kind) in (None, want), f"cut at {i}"
    bad = bytearray(good)
    bad[i] ^= 1 << i % 8
    got = files(bytes(bad), "x." + kind)
    # no checksum of a name in a zip
    assert got in (None, want) or kind == "zip" and sorted(got.values()) == sorted(want.values()), f"flip at {i}"
END
	for kind in gz zst; do
		squeeze $kind plain >t.tar.$kind
		places "$(stat -c %s t.tar.$kind)" 150
		python3 judge.py tar.$kind "${places[@]}"
	done
	places "$(stat -c %s t.zip)" 150
	python3 judge.py zip "${places[@]}"
}

@test "shard-unpack: a plain tar cut short anywhere, several in a row, and damaged headers are refused" {
	rows 3 >part-1.csv
	rows 2 >part-2.csv
	tar cf t.tar -b 1 part-1.csv part-2.csv
	size=$(stat -c %s t.tar)
	for ((n = 0; n <= size - 1024; n += 256)); do
		head -c "$n" t.tar >x.tar
		run -1 shard-unpack x.tar to
		barren to
	done
	# at the very end of the first file, and of the last
	for n in 1024 2048; do
		head -c "$n" t.tar >x.tar
		run -1 --separate-stderr shard-unpack x.tar to
		says "x.tar: cut short: a tar ends with an empty block"
	done
	cat t.tar t.tar >x.tar
	gzip -nc x.tar >x.tar.gz
	for f in x.tar x.tar.gz; do
		run -1 --separate-stderr shard-unpack $f to
		says "$f: something lies behind the tar's end, at byte 2048"
		barren to
	done
	for ((n = 0; n < 500; n += 7)); do
		cp t.tar x.tar
		printf '\x41' | dd of=x.tar bs=1 seek=$n conv=notrunc status=none
		cmp -s t.tar x.tar || run -1 shard-unpack x.tar to
	done
	cp t.tar x.zip
	run -1 --separate-stderr shard-unpack x.zip to
	says "x.zip: "
}

@test "shard-unpack: no member leaves the directory; one that is there twice or a link is refused" {
	tar_of up.tar ../part-1.csv
	tar_of deep.tar a/../../part-1.csv
	tar_of dots.tar ..
	for f in up deep dots; do
		run -1 --separate-stderr shard-unpack $f.tar to/it
		says "$f.tar: member \""
		says "would lie outside of to/it"
	done
	[[ ! -e part-1.csv && ! -e to/part-1.csv ]]
	barren to
	tar_of abs.tar "$PWD/else/part-1.csv"
	shard-unpack abs.tar to/it
	[[ ! -e else && -e to/it$PWD/else/part-1.csv ]]
	tar_of twice.tar part-1.csv x part-1.csv
	run -1 --separate-stderr shard-unpack twice.tar two
	says "twice.tar: part-1.csv is in it twice"
	barren two
	for mark in @ =; do
		tar_of link.tar part-1.csv "part-2.csv${mark}part-1.csv"
		run -1 --separate-stderr shard-unpack link.tar l
		says 'link.tar:part-2.csv: a link to "part-1.csv"'
		barren l
	done
	# a link among the directories leads nowhere: it is not made
	tar_of trap.tar "d@$PWD/else" d/part-1.csv
	run -0 --separate-stderr shard-unpack trap.tar l
	says "trap.tar:d: not a regular file, left out"
	[[ -f l/d/part-1.csv && ! -L l/d && ! -e else ]]
}

@test "shard-unpack: unpacking needs a new directory, and leaves nothing when it fails or is killed" {
	mkdir in
	for i in 1 2 3; do rows 4000 >in/part-$i.csv; done
	tar cf t.tar in
	shard-unpack t.tar a/b
	diff -r in a/b/in
	run -1 --separate-stderr shard-unpack t.tar a
	says "a: there are files in it"
	diff -r in a/b/in
	run -1 --separate-stderr shard-unpack in/part-1.csv c
	says "in/part-1.csv: not named as an archive is"
	run -1 --separate-stderr shard-unpack none.tar c
	says "none.tar: No such file"
	run -1 --separate-stderr bash -c 'ulimit -f 50; trap "" XFSZ; shard-unpack t.tar c'
	says "File too large"
	barren c
	shard-unpack t.tar c # what is left are directories
	diff -r in c/in
	mkfifo slow.tar.gz
	gzip -nc t.tar >t.tgz
	shard-unpack slow.tar.gz k 2>said &
	pid=$!
	exec 5>slow.tar.gz
	head -c $(($(stat -c %s t.tgz) / 2)) t.tgz >&5
	until [[ -n $(find k -name '.tmp.*' 2>/dev/null) ]]; do sleep 0.01; done
	kill -TERM $pid
	died $pid
	exec 5>&-
	barren k
}
