#!/usr/bin/env bats
# shard-job: how a job is decided and its recipe run.  What the jobs do is in the
# files named after them.

load helper
load more

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir in
	for i in 0 1 2; do rows $((20 + i)) >in/part-$i.csv; done
}

job() { shard-job "$@" --job-type training --input in --output out --label label; }

# recipe LINE...: a shell program of these lines behind what a recipe begins with.
recipe() {
	lines recipe "here=$TOP/pipelines" ". $TOP/pipelines/job.sh" 'eval "$2"' "$@"
}

@test "job: without a recipe it finds the one beside the programs" {
	[[ -z ${SHARDKIT_BIN-} ]] || skip "the programs are elsewhere"
	job preprocess >said
	[[ -e out/_SUCCESS && $(tail -n 1 said) == "3 shards in "* ]]
}

@test "job: begin makes the output the job's own and writes the lists, no more" {
	job begin preprocess
	[[ $(<out/_job.tsv) == $'preprocess\ttraining' ]]
	[[ $(tr "\0" "\n" <out/_run/list | sort | tr "\n" " ") == "in/part-0.csv in/part-1.csv in/part-2.csv " ]]
	[[ $(tr '\0' ' ' <out/_run/parts) == "out/_context/parts/00000.st out/_context/parts/00001.st out/_context/parts/00002.st " ]]
	[[ -z $(find out -name '*.st' -o -name _SUCCESS -o -path 'out/_shards/*') ]]
	# nobody holds the lock
	flock -n out/_lock true
}

@test "job: a recipe that fails gives its status, and no summary" {
	recipe 'exit 5'
	run -5 --separate-stderr job --recipe recipe preprocess
	[[ -z $output ]]
	recipe 'exit 200'
	run -1 --separate-stderr job --recipe recipe preprocess
	recipe 'kill -9 $$'
	run -1 --separate-stderr job --recipe recipe preprocess
	# one that does nothing leaves nothing to sum up
	recipe :
	run -1 --separate-stderr job --recipe recipe preprocess
	says "_account.tsv"
	run -1 --separate-stderr job --recipe none/here preprocess
	[[ -n $stderr && ! -e out/_SUCCESS ]]
}

@test "job: a recipe has the variables, the user's locale, and holds the output's lock" {
	recipe 'echo "$list|$output|$batch|$plan|$LC_ALL"' 'flock -n out/_lock true || echo held' 'exit 7'
	run -7 --separate-stderr env LC_ALL=de_DE SHARD_STRICT=1 shard-job --recipe recipe preprocess --job-type training --input in --output out
	[[ $output == $'out/_run/list|out|||de_DE\nheld' ]]
}

@test "job: words of the inputs that mean something to a shell are words" {
	mv in '$(touch pwned) `touch pwned` '"'"'"; touch pwned #'
	preprocess --job-type training --input '$('* --output 'out; touch pwned' --label label --key 'customerId' >/dev/null
	[[ -e 'out; touch pwned/_SUCCESS' && ! -e pwned ]]
	preprocess --job-type training --input '$('* --output 'o $(touch pwned)' --label label -n >plan
	sh plan
	[[ -e 'o $(touch pwned)/_SUCCESS' && ! -e pwned ]]
}

@test "job: a signal ends the recipe and its programs, which leave nothing half" {
	recipe 'echo $$ >pid' 'sleep 600 & echo $! >child' 'wait'
	shard-job --recipe recipe preprocess --job-type training --input in --output out 3>&- &
	pid=$!
	soon test -s child
	kill -TERM $pid
	died $pid
	# a process that nobody has waited for yet has no program
	soon eval '[[ ! -e /proc/$(<pid)/exe && ! -e /proc/$(<child)/exe ]]'
}

@test "job: what a helper cannot do is an error: the lists, the lock, the directory" {
	[[ $(id -u) != 0 ]] || skip "root may write anywhere"
	mkdir out && chmod a-w out
	run -1 --separate-stderr job preprocess
	says "Permission denied"
}

@test "job: a list that a full disk takes in part is an error, and nothing runs" {
	mkdir -p out/_run
	printf 'preprocess\ttraining\n' >out/_job.tsv
	# a pipe takes the message, which no file would
	{ (ulimit -f 0 && trap '' XFSZ && job preprocess) 2>&1 || echo "status $?"; } | cat >said
	grep -q 'out/.*File too large' said
	grep -qx 'status 1' said
	[[ ! -e out/_SUCCESS && ! -e out/_run/list ]]
}

@test "job: --completion is for bash, and knows options and words" {
	preprocess --completion >complete
	bash -c '. ./complete; COMP_WORDS=(preprocess --split ""); COMP_CWORD=2; _shard_preprocess; echo "${COMPREPLY[*]}"' >got
	[[ $(<got) == "temporal hash group stratified group+time none" ]]
	bash -c '. ./complete; COMP_WORDS=(preprocess --tra); COMP_CWORD=1; _shard_preprocess; echo "${COMPREPLY[*]}"' >got
	[[ $(<got) == --train-ratio ]]
}

@test "job: a message names the variable where the environment said it" {
	run -2 --separate-stderr env TRAIN_RATIO=70 shard-job preprocess --job-type training --input in --output out
	says "TRAIN_RATIO=70: not a number between 0 and 1"
	run -2 --separate-stderr shard-job preprocess --job-type training --input in --output out --train-ratio 70
	says "--train-ratio 70: not a number between 0 and 1"
}

@test "job: an unknown job, or none, is wrong usage" {
	run -2 --separate-stderr shard-job
	says "which job? preprocess, impute or shred"
	run -2 --separate-stderr shard-job bake
	says "bake: no such job (preprocess, impute, shred)"
	run -2 --separate-stderr shard-job begin bake
	says "bake: no such job"
}
