#!/usr/bin/env bats
# pipelines/impute against oracle/impute_oracle.py, which works out the same
# job with fractions and nothing shared: artifacts and every output byte must
# be equal.  ORACLE_SEEDS chooses other inputs than 1-8 and 24: "7", "1 2 3", "1-500".

load helper
load more
load impute

# seeds: the chosen ones, one per line; what 24 has cannot be filled.
seeds() {
	local word
	for word in ${ORACLE_SEEDS:-1-$(some 23) 24}; do
		case $word in
		*-*) seq "${word%-*}" "${word#*-}" ;;
		*) printf '%s\n' "$word" ;;
		esac
	done
}

randomcase() {
	python3 -B "$TOP/tests/oracle/impute_randomcase.py" "$@"
}

# job CASE [OPTION...]: the imputation of a case in the environment that goes
# with it.
job() {
	local case=$1 env
	shift
	words "$case/job.env" && env=("${words[@]}")
	words "$case/job.args"
	env "${env[@]}" "$TOP/pipelines/impute" "$@" "${words[@]}"
}

train() {
	job "$1" --job-type training --input "$1/in" --output "$1/${2-out}" --artifacts "$1/${3-art}" "${@:4}"
}

# Every case is made, and trained once; the tests look at what is there.
setup_file() {
	local seed status
	command -v python3 >/dev/null || return 0
	cd "$BATS_FILE_TMPDIR" || return 1
	for seed in $(seeds); do
		randomcase "$seed" "$seed" || return 1
		status=0
		train "$seed" out art --workers $((seed % 3 + 1)) >"$seed/log" 2>&1 3>&- || status=$?
		echo $status >"$seed/status"
	done
}

setup() {
	need_python
	cd "$BATS_FILE_TMPDIR" || return 1
}

# good: the seeds whose training ought to succeed.
good() {
	local seed
	for seed in $(seeds); do
		[[ $(<"$seed/outcome") != ok ]] || echo "$seed"
	done
}

# tell SEED FILE: what is known of a failure.
tell() {
	echo "seed $1: $(tr '\0' ' ' <"$1/job.env")impute $(tr '\0' ' ' <"$1/job.args")"
	uniq "$2" | head -n 12
}

# deal SEED I: the I-th partition of the seed's rows, in part/I, scanned in one
# of four ways, merged in one step or two, and fitted, in part/.
deal() {
	local seed=$1 i=$2 stats fit f
	words "$seed/stats.args" && stats=("${words[@]}")
	words "$seed/fit.args" && fit=("${words[@]}")
	rm -rf part/in && mv "part/$i" part/in && rm -rf part/[a-hj-z]*
	case $(((seed + i) % 4)) in
	0) shard-stats --moments --values all "${stats[@]}" -o part/parts part/in/* ;;
	1)
		shard-stats --moments "${stats[@]}" -o part/parts part/in/* &&
			shard-stats --merge -o part/a part/parts &&
			shard-fit part/a --need "${fit[@]}" >part/need || return 1
		if [[ -s part/need ]]; then
			mv part/parts part/first
			shard-stats --update part/first --values part/need -o part/parts part/in/*
		fi
		;;
	2)
		for f in part/in/*; do
			shard-cat "$f" | shard-stats --moments --values all "${stats[@]}" -o part/parts --like "$f" ||
				return 1
		done
		;;
	3)
		for f in part/in/*; do
			shard-run cat "$f" : stats --moments --values all "${stats[@]}" -o part/parts || return 1
		done
		;;
	esac || return 1
	if ((i % 3 == 1)); then
		find part/parts -name '*.st' | sort -R --random-source=<(yes "$i") >part/list
		head -n 2 part/list | shard-stats --merge -o part/half.st --files-from - &&
			{ tail -n +3 part/list; echo part/half.st; } | shard-stats --merge -o part/ctx --files-from -
	else
		shard-stats --merge -o part/ctx part/parts
	fi && shard-fit part/ctx -o part/art "${fit[@]}"
}

@test "impute: the oracle itself gives the answers worked out by hand" {
	python3 -B "$TOP/tests/oracle/impute_selftest.py"
}

@test "impute: artifacts and every cell equal an exact oracle on random inputs (ORACLE_SEEDS)" {
	local seed bad=0
	for seed in $(good); do
		words "$seed/oracle.args"
		if [[ $(<"$seed/status") == 0 ]] &&
			impute_oracle --input "$seed/in" --output "$seed/out" --artifacts "$seed/art" "${words[@]}" >>"$seed/log" 2>&1
		then continue; fi
		tell "$seed" "$seed/log"
		bad=1
	done
	((bad == 0))
}

@test "impute: what cannot be filled is refused, the column is named, nothing is sealed (ORACLE_SEEDS)" {
	local seed bad=0 runs=0 names
	for seed in $(seeds); do
		[[ $(<"$seed/outcome") != ok ]] || continue
		runs=$((runs + 1))
		mapfile -t names < <(sed 1d "$seed/outcome")
		if [[ $(<"$seed/status") == [12] ]] && unsealed "$seed/out" "$seed/art" &&
			printf '%s\n' "${names[@]}" | grep -qFf - "$seed/log"; then
			continue
		fi
		tell "$seed" "$seed/log"
		echo "status $(<"$seed/status"), to be named: ${names[*]}"
		bad=1
	done
	((bad == 0))
	((runs > 0)) || skip "none of these seeds is to be refused"
}

@test "impute: validation with the saved artifacts gives the bytes of test in training (ORACLE_SEEDS)" {
	local seed bad=0
	for seed in $(good); do
		[[ -d $seed/in/test ]] || continue
		mkdir -p "$seed/later"
		cp -r "$seed/in/test" "$seed/later/validation"
		if job "$seed" --job-type validation --input "$seed/later" --output "$seed/valid" --artifacts "$seed/art" \
			>"$seed/log" 2>&1 && diff -r "$seed/out/test" "$seed/valid/validation" >>"$seed/log"; then
			continue
		fi
		tell "$seed" "$seed/log"
		bad=1
	done
	((bad == 0))
}

@test "impute: any number of workers, and programs in pipes, give the same bytes" {
	local seed bad=0 how
	for seed in $(good | head -n "$(some 8)"); do
		for how in "--workers 1" "--workers 2" "--workers 5" "--piped --workers 2"; do
			rm -rf "$seed"/again "$seed"/art2
			# shellcheck disable=SC2086
			if train "$seed" again art2 $how >"$seed/log" 2>&1 &&
				same_artifacts "$seed/art" "$seed/art2" >>"$seed/log" &&
				diff <(tree "$seed/out" -path './[tv]*/*') <(tree "$seed/again" -path './[tv]*/*') >>"$seed/log" &&
				cmp "$seed"/{out,again}/_manifest.tsv >>"$seed/log"; then
				continue
			fi
			tell "$seed" "$seed/log"
			echo "with $how"
			bad=1
		done
	done
	((bad == 0))
}

@test "impute: 4 random partitions of each seed's rows, scanned in 4 ways, give the same artifact bytes" {
	local seed i bad=0
	for seed in $(good); do
		rm -rf part && randomcase --partition "$seed" part {1..4}
		for i in {1..4}; do
			if deal "$seed" "$i" >"$seed/log" 2>&1 && same_artifacts "$seed/art" part/art >>"$seed/log"; then
				continue
			fi
			tell "$seed" "$seed/log"
			echo "partition $i, way $(((seed + i) % 4)): $(cd part/in && wc -l ./* | head -n 5)"
			bad=1
			break
		done
	done
	((bad == 0))
}

@test "impute: 60 partitions of numbers that cancel, underflow and overflow give the same artifact bytes" {
	mkdir -p hard/in/train
	awk 'BEGIN {
		print "id,cancel,tiny,huge,zero,big,mixed,name"
		split("1e16 1 -1e16 1", c); split("5e-324 1e-320 2.2250738585072014e-308", t)
		split("1.7976931348623157e308 -1e300 1.7976931348623157e308", h); split("0.0 -0.0 0", z)
		split("9007199254740993 -9223372036854775808 9223372036854775807 1", b)
		for (i = 0; i < 24; i++)
			printf "%d,%s,%s,%s,%s,%s,%s,n%d\n", i, i % 5 ? c[i % 4 + 1] : "", i % 7 ? t[i % 3 + 1] : "NA",
				i % 11 ? h[i % 3 + 1] : "", i % 6 ? z[i % 3 + 1] : "", i % 9 ? b[i % 4 + 1] : "",
				i % 8 ? (i % 2 ? h[i % 3 + 1] : t[i % 3 + 1]) : "", i % 3
	}' >hard/in/train/part-00000.csv
	impute_oracle --train hard/in/train --print >hard/impute.tsv
	local n
	n=$(some 60)
	# shellcheck disable=SC2046
	rm -rf part && randomcase --partition hard part $(seq "$n")
	for ((i = 1; i <= n; i++)); do
		fit "part/$i/ctx" "part/$i"/part-*
		cmp hard/impute.tsv "part/$i/ctx/impute.tsv"
		same_artifacts part/1/ctx "part/$i/ctx"
		shard-fit "part/$i/ctx" -o "part/$i/median" --numeric median --all-columns
		same_artifacts part/1/median "part/$i/median"
	done
}
