#!/usr/bin/env bats
# make install: the job finds its programs wherever it was put.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	kit=$PWD/root/opt/kit
	build install
	mkdir in
	for i in 0 1 2; do rows $((20 + i)) >in/part-$i.csv; done
}

# build TARGET: as a user would, but of what is built already.
build() {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TOP" -o all "$1" BIN="${SHARDKIT_BIN:-bin}" \
		DESTDIR="$PWD/root" PREFIX=/opt/kit
}

# bare COMMAND...: with nothing of ours in PATH.
bare() {
	env -u SHARDKIT_BIN PATH=/usr/bin:/bin "$@"
}

train() {
	rm -rf out
	bare "$@" --job-type training --input in --output out
	[[ -e out/_SUCCESS ]]
}

@test "install: the job runs from a PREFIX that is not in PATH, and through a link to it" {
	train "$kit/bin/shard-preprocess"
	(cd "$kit/bin" && bare ./shard-preprocess --print-config --input "$OLDPWD/in" >/dev/null)
	mkdir "my links"
	ln -s "$kit/bin/shard-preprocess" "my links/job"
	train "my links/job"
	train "$kit/libexec/shardkit/preprocess"
	bare make -s -f "$kit/libexec/shardkit/preprocess.mk" IN=in OUT=mk
	cmp out/_manifest.tsv mk/_manifest.tsv
}

@test "install: a link finds the programs beside itself, where its target has none" {
	mkdir farm
	mv root/opt/kit/bin farm/bin
	ln -sf "$kit/libexec/shardkit/preprocess" farm/bin/shard-preprocess
	train farm/bin/shard-preprocess
	ln -s farm/bin here
	train here/shard-preprocess
}

@test "install: without its programs the job says where it looked" {
	mv root/opt/kit/bin away
	run -1 --separate-stderr bare "$kit/libexec/shardkit/preprocess" --job-type training --input in --output out
	says "preprocess: the programs are missing: no shard-job in $kit/libexec/shardkit/../bin, $kit/libexec/shardkit/../../bin, "
	says "SHARDKIT_BIN"
	[[ $(wc -l <<<"$stderr") == 1 && ! -e out ]]
	PATH=$PWD/away:/usr/bin:/bin "$kit/libexec/shardkit/preprocess" --job-type training --input in --output out
	rm -rf out
	# not in PATH, nor is the directory from /
	env SHARDKIT_BIN=away PATH=/usr/bin:/bin "$kit/libexec/shardkit/preprocess" --job-type training --input in --output out
}

@test "install: shredding is there as a job and as make rules" {
	env -u SHARDKIT_BIN PATH="$kit/bin:/usr/bin:/bin" shard-shred-job --input in --output out --key customerId \
		--order orderDate --fixed 3
	bare make -s -f "$kit/libexec/shardkit/shred.mk" IN=in OUT=mk PLAN='--fixed 3'
	cmp out/_manifest.tsv mk/_manifest.tsv
}

@test "install: uninstall leaves nothing" {
	[[ -x $kit/bin/shard-ls && -x $kit/bin/shard-shred-job && -e $kit/share/man/man7/shardkit.7 ]]
	build uninstall
	run find root -type f -o -type l
	[[ -z $output ]]
}

@test "make: other flags compile anew, the same flags do not" {
	object() { env -u MAKEFLAGS -u MAKELEVEL make -C "$TOP" B="$PWD/b" "$PWD/b/lib/base/base.o" "$@"; }
	object CFLAGS=-O1 >log
	[[ $(grep -c 'CC lib/base/base.c' log) == 1 ]]
	object CFLAGS=-O1 >log
	run ! grep CC log
	object CFLAGS=-O1 WERROR=1 >log
	grep -q 'CC lib/base/base.c' log
	object CFLAGS=-O1 CPPFLAGS="-DX=\"it's\""
	object CFLAGS=-O1 CPPFLAGS="-DX=\"it's\"" >log
	run ! grep CC log
}
