#!/usr/bin/env bats
# A sample of `make torture`, the same calls each time: one system call fails in
# each run of jobs and programs. What holds then is at the head of tests/torture:
# success with exactly the undisturbed files, or a message and nothing half, and a
# plain run that puts all right. The whole walk is `make torture N=1`.

load helper

# walk STEP SCENARIO...
walk() {
	local status=0
	"$TOP/tests/torture" -n "$@" || status=$?
	((status != 77)) || skip "system calls cannot be watched here"
	((status == 0))
}

@test "torture: a call that fails in a job is an error or does no harm, and a second run mends it" {
	walk 499 preprocess impute each by-name
}

@test "torture: a call that fails in a program alone is an error or does no harm" {
	walk 61 merge fit plan run gather build
}

@test "torture: a fault that is not reached, or a wrong word, is told from one that was" {
	local status=0
	cd "$BATS_TEST_TMPDIR"
	faultat -o log read EIO 0 cat /dev/null || status=$?
	((status != 77)) || skip "system calls cannot be watched here"
	n=$(grep -c "	read	.*	cat	/dev/null" log)
	((n == 1))
	run -1 faultat -o log -p cat read EIO 1 cat /dev/null
	[[ $output == *"Input/output error"* && $(<log) == 1*read*cat*/dev/null ]]
	run -0 faultat -o log -p cat read EIO 99 cat /dev/null
	[[ ! -s log ]]
	run -2 faultat nothing EIO 1 cat /dev/null
	run -124 faultat -t 1 read EIO 0 sleep 100
}
