#!/usr/bin/env bats
# What a row may cost on the main paths, in instructions: bench/budget.tsv.

load helper

budget() { "$TOP/bench/budget" "$@"; }

# A budget of this machine and build.
setup_file() {
	[[ -z ${SANITIZED-} ]] && command -v valgrind >/dev/null || return 0
	budget --record -b "$BATS_FILE_TMPDIR/recorded" start split >/dev/null
}

setup() {
	[[ -z ${SANITIZED-} ]] || skip "the sanitizers' instructions are not ours"
	need valgrind
	cd "$BATS_TEST_TMPDIR" || return 1
	cp "$BATS_FILE_TMPDIR/recorded" . && read -r _ takes _ < <(grep ^split recorded)
}

# mine FACTOR: what was recorded, the line of split changed.
mine() {
	awk -v f="$1" 'BEGIN { FS = OFS = "\t" }
		$1 == "split" { $2 = int($2 * f); $3 = "why so" } { print }' recorded
}

@test "budget: no path takes more instructions per row than its budget" {
	budget >out || {
		cat out
		return 1
	}
	! grep '^nothing compared' out || skip "$(cat out)"
	grep 'far less' out | sed 's/^/# /' >&3 || :
}

@test "budget: a path above its budget fails, with both numbers" {
	mine 0.9 >mine.tsv
	run -1 budget -b mine.tsv split start
	[[ $output =~ split\ +$takes\ +$((takes * 9 / 10))\ +11.\ %:\ more\ than\ its\ budget ]]
	[[ ${lines[2]} =~ ^start\ .*\ 100\ %$ ]]
}

@test "budget: a path without a line fails" {
	grep -v ^start recorded >less
	run -1 budget -b less start
	[[ $output == *"has no budget" ]]
}

@test "budget: a path that takes far less passes, with a hint" {
	mine 1.2 >mine.tsv
	run -0 budget -b mine.tsv split
	[[ $output == *" 83 %: far less, record it" ]]
}

@test "budget: --record keeps the notes, and the lines of other paths" {
	mine 2 >mine.tsv
	budget --record -b mine.tsv start
	diff <(mine 2 | cut -f 1,3) <(cut -f 1,3 mine.tsv)
	diff <(mine 2 | grep ^split) <(grep ^split mine.tsv)
}

@test "budget: that of another machine or compiler is not compared with" {
	printf '# for a PDP-11\nsplit\t1\t-\n' >other
	run -0 budget -b other split
	[[ $output == "nothing compared: the budget is for a PDP-11; this is "* ]]
	budget --record -b other start
	run -0 cut -f 1 other
	[[ ${lines[0]} != *PDP* && ${lines[1]} == start && ${#lines[@]} == 2 ]]
	run -2 budget -b other nothing
	[[ $output == *"nothing: no such path; there are start "* ]]
	run -2 budget --all
}
