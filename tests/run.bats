#!/usr/bin/env bats
# tests/run: what it says of tests that pass, fail and do not run at all.

load helper

suite() {
	(cd "$BATS_TEST_TMPDIR" && env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ TMPDIR="$TMPDIR" "$TOP/tests/run" "$@")
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf '@test "%s" {\n%s\n}\n' one true two 'echo why; false' three 'skip "no reason"' >a.bats
	printf '@test "%s" {\n%s\n}\n' four true five true >b.bats
	printf '@test "six" {\ntrue\n' >c.bats
	cp b.bats d.bats
}

@test "run: a line for each file, the failures at once and again before the last line" {
	run -1 suite "$PWD/a.bats" "$PWD/b.bats"
	[[ $output == *"$PWD/a.bats: 1 passed, 1 failed, 1 skipped in "* ]]
	[[ $output == *"$PWD/b.bats: 2 passed, 0 failed, 0 skipped in "* ]]
	sed '1,/^What failed, again:$/d' <<<"$output" >again
	[[ $(head -n 1 again) == "not ok 2 two in "* && $(tail -n 2 again) == $'# why\n3 passed, 1 failed, 1 skipped' ]]
	[[ $(grep -c '^not ok 2 two' <<<"$output") == 2 ]]
}

@test "run: nothing failed, nothing is repeated, status 0" {
	run -0 suite "$PWD/b.bats" "$PWD/d.bats"
	[[ $output != *again* && ${lines[-1]} == "4 passed, 0 failed, 0 skipped" ]]
}

@test "run: a file that bats cannot run is a failure" {
	run -1 suite "$PWD/b.bats" "$PWD/c.bats"
	[[ $output == *"$PWD/c.bats: 0 passed, 1 failed, 0 skipped"*"syntax error"* ]]
	[[ ${lines[-1]} == "2 passed, 1 failed, 0 skipped" ]]
	run -1 suite "$PWD/c.bats"
	[[ ${lines[-1]} == "0 passed, 1 failed, 0 skipped" ]]
}

@test "run: a single file is shown test by test" {
	run -1 suite "$PWD/a.bats"
	[[ $output == *"ok 1 one in "*"not ok 2 two"*"ok 3 three"* && ${lines[-1]} == "1 passed, 1 failed, 1 skipped" ]]
}

@test "run: bats that ends badly without a failed test is a failure" {
	mkdir fake
	printf '#!/bin/sh\necho 1..2; echo ok 1 one; echo gone; exit 3\n' >fake/bats
	chmod +x fake/bats
	run -1 env PATH="$PWD/fake:$PATH" "$TOP/tests/run" "$PWD/b.bats" "$PWD/d.bats"
	[[ $(grep -c "^not ok $PWD/[bd].bats: bats ended with status 3" <<<"$output") == 4 ]]
	[[ ${lines[-1]} == "2 passed, 2 failed, 0 skipped" ]]
}

@test "run: a unit test that fails, or ends without a word, is a failure, and so is a seed" {
	cp -r "$TOP/tests/run" .
	mkdir -p tests/unit tests/fuzz/corpus/{good,bad} build/{unit,seeds}
	mv run tests/run
	touch tests/unit/{a,b,c}.c tests/fuzz/corpus/{good,bad}/1
	printf '#!/bin/sh\n%s\n' 'echo ok one; echo FAIL two; echo why; exit 1' >build/unit/a
	printf '#!/bin/sh\n%s\n' 'echo ok three; exit 139' >build/unit/b
	printf '#!/bin/sh\n%s\n' 'echo ok four; echo ok five' >build/unit/c
	printf '#!/bin/sh\n%s\n' 'test "$1" = tests/fuzz/corpus/good/1' >build/seeds/good
	printf '#!/bin/sh\n%s\n' 'echo this seed; exit 1' >build/seeds/bad
	chmod +x build/*/*
	run -1 env BATS_FILES=b.bats PATH="$PATH" tests/run
	[[ $output == *"unit tests and fuzz seeds: 5 passed, 3 failed"* ]]
	for line in "FAIL two" why "FAIL unit/b: ended with status 139" "this seed" "FAIL fuzz/bad: ended with status 1"; do
		[[ $(grep -cxF "$line" <<<"$output") == 2 ]] # at once, and again
	done
	[[ $output != *"ok four"* && ${lines[-1]} == "7 passed, 3 failed, 0 skipped" ]]
}

@test "house: an upward include, a function of another file, what prints, what is too long are named" {
	run -0 "$TOP/tests/house" "$TOP"
	[[ -z $output ]]
	mkdir -p tree/lib/{base,io} tree/cmd
	printf '%s\n' '| `base` | bytes |' '| `io` `keys` | files |' '| `jobs` | all |' >tree/lib/README.md
	echo '#include "io/a.h"' >tree/lib/base/a.c
	printf '%s\n' '/* "argv[*i]" in a comment */' 'int a_open(int n);' 'int' 'a_other(void);' >tree/lib/io/a.h
	printf '%s\n' '#include "io/a.h"' int 'a_open(int n)' '{' "$(yes 'n++;' | head -n 79)" '}' >tree/lib/io/a.c
	cat >tree/lib/base/loud.c <<-'END'
		/* getenv(3) and printf(3) in a comment */
		static const char *say = "getenv(\"HOME\"), puts(stderr)", quote = '"';
		snprintf(b, n, "%s: printf(", getenv("HOME"));
		printf("%s", say);
		fprintf(stderr, "%s", say);
		log_printf("%s", my_stderr);
	END
	mkdir tree/lib/jobs
	printf '%s\n' 'puts("x");' 'return getenv("HOME");' >tree/lib/jobs/loud.c
	yes '' | head -n 701 >tree/lib/io/long.c
	yes '' | head -n 101 >tree/cmd/shard-long.c
	run -1 "$TOP/tests/house" tree
	for line in "lib/base/a.c:1: lib/base must not include lib/io" \
		"lib/io/a.h:4: a_other() is not defined in lib/io/a.c" \
		"lib/README.md:2: there is no room lib/keys" \
		"lib/base/loud.c:3: lib must not read the environment: base/setting.h has what cmd read" \
		"lib/base/loud.c:4: lib must not print: hand the text to the caller" \
		"lib/base/loud.c:5: lib must not print: hand the text to the caller" \
		"lib/jobs/loud.c:2: lib must not read the environment: base/setting.h has what cmd read" \
		"lib/io/long.c:1: has 701 lines; the limit is 700" \
		"cmd/shard-long.c:1: has 101 lines; the limit is 100"; do
		grep -qxF "$line" <<<"$output" || { echo "$output"; return 1; }
	done
	grep -q "lib/io/a.c:[0-9]*: a_open() has 8[0-9] lines; the limit is 80" <<<"$output"
	[[ $(wc -l <<<"$output") == 10 ]]
}
