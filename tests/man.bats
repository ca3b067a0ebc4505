#!/usr/bin/env bats
# The man pages: their examples run, and they say what the programs say.

load helper

MAN=$TOP/man

programs() {
	local src
	for src in "$TOP"/cmd/shard-*.c; do
		basename "$src" .c
	done
}

# commands PAGE: the `.Dl $` lines as a shell would get them.  A line that ends
# with a backslash goes on in the next .Dl line.
commands() {
	awk '/^\.Dl \$ / || (more && /^\.Dl /) {
		sub(/^\.Dl (\$ )?/, "")
		gsub(/\\\(aq/, "\047")
		gsub(/\\\(dq/, "\"")
		gsub(/\\&/, "")
		gsub(/\\ /, " ")
		more = sub(/\\e$/, "\\")
		gsub(/\\e/, "\\")
		print
	}' "$1"
}

# What a reader of the page sees, unbroken.
rendered() {
	mandoc -Tascii -O width=400 "$1" | sed 's/.\x08//g'
}

# examples PAGE: runs them in order, in a directory that holds the sample.  A
# command behind `!` must fail.
examples() {
	local page=$MAN/$1 dir=$BATS_TEST_TMPDIR/sample
	mkdir -p "$dir/.bin"
	ln -s "$TOP/pipelines/preprocess" "$dir/.bin/shard-preprocess"
	ln -s "$TOP/pipelines/impute" "$dir/.bin/shard-impute-job"
	ln -s "$TOP/pipelines/shred" "$dir/.bin/shard-shred-job"
	PATH=$dir/.bin:$PATH
	cd "$dir"
	sh "$MAN/examples-setup.sh"
	commands "$page" |
		sed 's/^! \(.*\)$/\1 \&\& { echo "ended well, and should not have"; exit 1; }/' \
			>.script
	grep -q . .script || { echo "no example in $1"; return 1; }
	# with -v bash prints each line before it runs: the last one is to blame
	bash -evo pipefail .script </dev/null >.out 2>&1 || { cat .out; return 1; }
}

@test "man: the examples of shard-cat(1) work, in order" {
	examples shard-cat.1
}

@test "man: the examples of shard-check(1) work, in order" {
	examples shard-check.1
}

@test "man: the examples of shard-dedup(1) work, in order" {
	examples shard-dedup.1
}

@test "man: the examples of shard-fit(1) work, in order" {
	examples shard-fit.1
}

@test "man: the examples of shard-gather(1) work, in order" {
	examples shard-gather.1
}

@test "man: the examples of shard-impute(1) work, in order" {
	examples shard-impute.1
}

@test "man: the examples of shard-job(1) work, in order" {
	examples shard-job.1
}

@test "man: the examples of shard-ls(1) work, in order" {
	examples shard-ls.1
}

@test "man: the examples of shard-map(1) work, in order" {
	examples shard-map.1
}

@test "man: the examples of shard-plan(1) work, in order" {
	examples shard-plan.1
}

@test "man: the examples of shard-route(1) work, in order" {
	examples shard-route.1
}

@test "man: the examples of shard-run(1) work, in order" {
	examples shard-run.1
}

@test "man: the examples of shard-show(1) work, in order" {
	examples shard-show.1
}

@test "man: the examples of shard-sort(1) work, in order" {
	examples shard-sort.1
}

@test "man: the examples of shard-split(1) work, in order" {
	examples shard-split.1
}

@test "man: the examples of shard-stats(1) work, in order" {
	examples shard-stats.1
}

@test "man: the examples of shard-through(1) work, in order" {
	examples shard-through.1
}

@test "man: the examples of shard-unpack(1) work, in order" {
	examples shard-unpack.1
}

@test "man: the examples of shard-write(1) work, in order" {
	examples shard-write.1
}

@test "man: the examples of shard-context(5) work, in order" {
	examples shard-context.5
}

@test "man: the examples of shard-csv(5) work, in order" {
	examples shard-csv.5
}

@test "man: the examples of shard-json(5) work, in order" {
	examples shard-json.5
}

@test "man: the examples of shard-output(5) work, in order" {
	examples shard-output.5
}

@test "man: the examples of shard-stream(5) work, in order" {
	examples shard-stream.5
}

@test "man: the examples of shard-impute-job(7) work, in order" {
	examples shard-impute-job.7
}

@test "man: the examples of shard-preprocess(7) work, in order" {
	examples shard-preprocess.7
}

@test "man: the examples of shard-shred-job(7) work, in order" {
	examples shard-shred-job.7
}

@test "man: the examples of shardkit(7) work, in order" {
	examples shardkit.7
}

@test "man: no page has examples that nobody runs" {
	local page
	for page in "$MAN"/*.[157]; do
		grep -q '^\.Sh EXAMPLES' "$page" || continue
		page=${page##*/}
		echo "$page"
		grep -qx "	examples $page" "$BATS_TEST_FILENAME"
	done
}

@test "man: examples read as they run, escapes and all" {
	need mandoc
	local page line
	for page in "$MAN"/*.[157]; do
		rendered "$page" | sed 's/^ *\(\$ \)\{0,1\}//' >"$BATS_TEST_TMPDIR/seen"
		while IFS= read -r line; do
			line="${line#"${line%%[! ]*}"}"
			grep -qxF -- "$line" "$BATS_TEST_TMPDIR/seen" || {
				echo "${page##*/}: is not read as it runs: $line"
				return 1
			}
		done < <(commands "$page")
	done
}

@test "man: mandoc finds nothing to warn of in any page" {
	need mandoc
	local page
	for page in "$MAN"/*.[157]; do
		run mandoc -Tlint -Wwarning "$page"
		echo "$output"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}

@test "man: pages that are referred to exist, and shardkit(7) refers to all" {
	local page name section
	grep -hE '^\.Xr shard' "$MAN"/*.[157] | sort -u |
		while read -r _ name section _; do
			echo "$name($section)"
			[ -f "$MAN/$name.$section" ] || exit 1
		done
	for page in "$MAN"/shard-*.[157]; do
		name=${page##*/}
		echo "$name"
		grep -q "^\.Xr ${name%.*} ${name##*.}" "$MAN/shardkit.7"
	done
}

# help_options PROGRAM: letter, name and argument of each option, as --help has
# them; a dash where there is none.
help_options() {
	"$1" --help | awk '
		/^  -., --/ { print substr($1, 2, 1), substr($2, 3), arg(3) }
		/^      --/ { print "-", substr($1, 3), arg(2) }
		function arg(at,   s) {
			# the text begins in column 33, or on the next line
			s = $0
			if (substr(s, 31, 2) == "  ")
				s = substr(s, 1, 30)
			sub(/^ *(-., )?--[a-z-]+ */, "", s)
			sub(/ +$/, "", s)
			return s == "" ? "-" : s
		}' | sort
}

# page_options PAGE: the same, from the lists of options in the page.
page_options() {
	sed -n 's/^\.It Fl \(Fl .*\)$/- , Fl \1/p; s/^\.It Fl \(. , Fl Fl .*\)$/\1/p' "$1" |
		sed "s/\\\\(aq/'/g" |
		awk '{
			letter = $1; name = $5; $1 = $2 = $3 = $4 = $5 = ""
			gsub(/ (Ar|Cm|Ns) /, " "); gsub(/ (Ar|Cm|Ns) /, " ")
			gsub(/ \| /, "|"); gsub(/^ +| +$/, "")
			print letter, name, $0 == "" ? "-" : $0
		}' | sort
}

@test "man: each program has its page, with the options of --help and no other" {
	local program
	for program in $(programs); do
		echo "$program"
		[ -f "$MAN/$program.1" ]
		help_options "$program" >"$BATS_TEST_TMPDIR/help"
		page_options "$MAN/$program.1" >"$BATS_TEST_TMPDIR/page"
		grep -q ' help ' "$BATS_TEST_TMPDIR/help"
		diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page"
	done
}

@test "man: options are listed in the order of their letters or names, in each section" {
	local page
	for page in "$MAN"/*.1 "$MAN"/shard-*.7; do
		echo "${page##*/}"
		awk '/^\.Bl/ { compact = /-compact/ } /^\.S[hs]/ { n++ }
			/^\.It Fl/ && !compact { print 100 + n, $3 == "Fl" ? $4 : $3 }' "$page" |
			sort -fc
	done
}

@test "man: the synopsis has the letters of the usage line" {
	local program
	for program in $(programs); do
		echo "$program"
		"$program" --help | grep '^usage: ' | grep -oE '\[-[A-Za-z0-9]+' |
			grep -oE '[A-Za-z0-9]' | sort -u >"$BATS_TEST_TMPDIR/usage"
		sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$MAN/$program.1" |
			grep -E '^(\.Op )?\.?Fl [A-Za-z0-9]+( |$)' |
			sed 's/^\(\.Op \)\{0,1\}\.\{0,1\}Fl //; s/ .*//' | grep -v '^Fl$' |
			grep -o . | sort -u >"$BATS_TEST_TMPDIR/synopsis" || :
		diff "$BATS_TEST_TMPDIR/usage" "$BATS_TEST_TMPDIR/synopsis"
	done
}

@test "man: no page speaks of a long option that no program has" {
	local program page option
	{
		for program in $(programs) preprocess impute shred; do
			"$program" --help
		done | grep -oE -- '--[a-z][a-z-]*' | sed 's/^--//'
		echo option # as in [--option ...]
	} | sort -u >"$BATS_TEST_TMPDIR/known"
	for page in "$MAN"/*.[157]; do
		grep -oE 'Fl Fl [a-z-]+' "$page" | sed 's/^Fl Fl //' | sort -u |
			comm -23 - "$BATS_TEST_TMPDIR/known" >"$BATS_TEST_TMPDIR/strange"
		sed "s/^/${page##*/}: --/" "$BATS_TEST_TMPDIR/strange"
		[ ! -s "$BATS_TEST_TMPDIR/strange" ]
	done
}

@test "man: the table of letters in shardkit(7) is that of the programs" {
	local program
	for program in $(programs); do
		help_options "$program" |
			sed -n "s/^\([^-]\) \([^ ]*\) .*/\1 \2 ${program#shard-}/p"
	done | sort >"$BATS_TEST_TMPDIR/programs"
	sed -n 's/^\.It Fl \(.\) Ta Fl Fl \([^ ]*\) Ta \(.*\)$/\1 \2 \3/p' \
		"$MAN/shardkit.7" |
		awk '{ for (i = 3; i <= NF; i++) print $1, $2, $i }' |
		sort >"$BATS_TEST_TMPDIR/table"
	[ -s "$BATS_TEST_TMPDIR/programs" ]
	diff "$BATS_TEST_TMPDIR/programs" "$BATS_TEST_TMPDIR/table"
}

# job_env JOB: the variables that stand for options, and the options.
job_env() {
	"$1" --help | awk '/^  --/ { name = substr($1, 3) }
		match($0, /\[[A-Z_]+\]/) { print substr($0, RSTART + 1, RLENGTH - 2), name }'
}

# same_as_job PAGE JOB: the page has the options and the environment of the job.
same_as_job() {
	local page=$MAN/$1
	"$2" --help | sed 's/^  -n, --dry-run/  -n/; s/^\(  --[a-z-]* [A-Z]*\), \(--\)/\1\n  \2/' |
		sed -n 's/^  \(--*[a-z][a-z-]*\).*/\1/p' | sort \
		>"$BATS_TEST_TMPDIR/help"
	echo --help >>"$BATS_TEST_TMPDIR/help"
	sort -o "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/help"
	sed -n 's/^\.It Fl Fl \([a-z-]*\).*/--\1/p; s/^\.It Fl \([a-z]\)$/-\1/p' "$page" |
		sort -u >"$BATS_TEST_TMPDIR/page"
	diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page"
	# config NAME DEFAULT ENV
	job_env "$2" | tr _ - | sort >"$BATS_TEST_TMPDIR/code"
	sed -n 's/^\.It Ev \([A-Z_]*\) Ta Fl Fl \([a-z-]*\)$/\1 \2/p' "$page" |
		tr _ - | sort >"$BATS_TEST_TMPDIR/page"
	[ -s "$BATS_TEST_TMPDIR/code" ]
	diff "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/page"
}

@test "man: shard-preprocess(7) has the options and the environment of the job" {
	same_as_job shard-preprocess.7 preprocess
}

@test "man: shard-impute-job(7) has the options and the environment of the job" {
	same_as_job shard-impute-job.7 impute
}

@test "man: shard-shred-job(7) has the options and the environment of the job" {
	same_as_job shard-shred-job.7 shred
}

@test "man: shard-output(5) explains every reason for which rows are dropped" {
	local reason n=0
	while read -r reason; do
		echo "$reason"
		grep -qE "^(\.It $reason|\.Ql $reason)\$" "$MAN/shard-output.5"
		((n += 1))
	done < <(sed -n 's/.*\[DROP_[A-Z_]*\] = "\([a-z-]*\)".*/\1/p' "$TOP/lib/rows/account.c")
	[ "$n" -gt 0 ]
}

# The environment of a program.  What its code can reach is no measure: all
# share the library.
reads() {
	case $1 in
	shard-check | shard-fit | shard-plan | shard-unpack) ;;
	shard-gather) echo SHARD_PROGRESS ;;
	shard-ls) grep -oE '"[A-Z]+(_[A-Z]+)+"' "$TOP/lib/shards/part.c" | tr -d '"' ;;
	shard-job) echo PATH ;;
	preprocess | impute | shred)
		printf '%s\n' PATH SHARDKIT_BIN SHARD_MAX_RECORD SHARD_SIMD
		case $1 in
		preprocess) printf '%s\n' ENABLE_TRUE_STREAMING OPTIMIZE_MEMORY ;;
		impute)
			printf '%s\n' COLUMN_STRATEGY_ VALIDATE_FILL_VALUES
			grep -oE '"[A-Z]*_CONSTANT_VALUE"' "$TOP/lib/jobs/impute.c" | tr -d '"'
			;;
		esac
		job_env "$1" | cut -d ' ' -f 1
		awk '/\.retired/ { on = 1 } on; on && /",$/ { exit }' "$TOP/lib/jobs/$1.c" |
			grep -oE '[A-Z_]{3,}'
		;;
	shard-show)
		sed -n '/^utf8_locale(/,/^}/p' "$TOP/cmd/shard-show.c" | grep -oE '"[A-Z_]+"' | tr -d '"'
		;;
	shard-run | shard-stats)
		printf '%s\n' SHARDKIT_DUCKDB SHARD_DELIM SHARD_MAX_RECORD SHARD_PROGRESS SHARD_SIMD SHARD_STRICT
		[ "$1" = shard-stats ] || echo TMPDIR
		;;
	shard-sort | shard-write)
		printf '%s\n' SHARDKIT_DUCKDB SHARD_DELIM SHARD_MAX_RECORD SHARD_SIMD SHARD_STRICT TMPDIR
		;;
	shard-through) printf '%s\n' SHARD_DELIM SHARD_MAX_RECORD SHARD_SIMD SHARD_STRICT ;;
	*) printf '%s\n' SHARDKIT_DUCKDB SHARD_DELIM SHARD_MAX_RECORD SHARD_SIMD SHARD_STRICT ;;
	esac | grep -v '^ERR_' | sort -u
}

@test "man: the ENVIRONMENT of each page has what its program reads, and nothing else" {
	local program page
	for program in $(programs) preprocess impute shred; do
		page=$MAN/$program.1
		[ "$program" != preprocess ] || page=$MAN/shard-preprocess.7
		[ "$program" != impute ] || page=$MAN/shard-impute-job.7
		[ "$program" != shred ] || page=$MAN/shard-shred-job.7
		echo "$program"
		sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh EXIT/s/^\(\.It \)\{0,1\}\.\{0,1\}Ev \([A-Z_]*\).*/\2/p' "$page" |
			sort -u >"$BATS_TEST_TMPDIR/page"
		reads "$program" | diff - "$BATS_TEST_TMPDIR/page"
	done
	# and no name is read that is not in this table
	for program in $(programs); do reads "$program"; done | sort -u >"$BATS_TEST_TMPDIR/known"
	grep -ohE 'getenv\("[A-Z_]+"\)' "$TOP"/lib/*/*.c "$TOP"/cmd/*.c | grep -oE '[A-Z_]{3,}' |
		sort -u | comm -23 - "$BATS_TEST_TMPDIR/known" >"$BATS_TEST_TMPDIR/strange"
	cat "$BATS_TEST_TMPDIR/strange"
	[ ! -s "$BATS_TEST_TMPDIR/strange" ]
}

@test "man: --help goes to standard output, with status 0 and not a word of error" {
	local program
	for program in $(programs) preprocess impute shred; do
		echo "$program"
		run -0 --separate-stderr "$program" --help
		[ -z "$stderr" ]
		[[ $output == *"usage: $program"* ]]
	done
}

# wrong MESSAGE COMMAND...: status 2, and on standard error this message and
# the usage line, no more.
wrong() {
	run -2 --separate-stderr "${@:2}"
	echo "$stderr"
	[ -z "$output" ]
	[[ $stderr == "$2: $1"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 2 ]
	[[ $(tail -n 1 <<<"$stderr") == "usage: $2 "* ]]
}

@test "man: wrong usage that the options alone do not show gets the usage line too" {
	cd "$BATS_TEST_TMPDIR"
	rows 3 >part-1.csv
	echo part-1.csv >list
	wrong "--rejects x: " shard-cat --rejects x part-1.csv
	wrong "name one output directory" shard-check
	wrong "--context is needed" shard-dedup part-1.csv
	wrong "where? name a directory" shard-ls
	wrong "--part \"5/3\": expected" shard-ls --part 5/3 .
	wrong "--pattern" shard-ls --pattern '(' .
	wrong "--where \"id\": expected" shard-map -w id part-1.csv
	wrong "no column is left" shard-map --drop id,orderDate,customerId,note,label part-1.csv
	wrong "which groups? " shard-plan --max-rows 5
	wrong "no operands: " shard-plan part-1.csv
	wrong "no chain; it begins with cat" shard-run
	wrong "a chain begins with cat" shard-run map
	wrong "--replace needs a text" shard-run --replace "" cat part-1.csv
	wrong "--list: the chain has no {}" shard-run --list list cat
	wrong "map: --bogus: no such option" shard-run --list list cat {} : map --bogus
	wrong "split: --by=temporal needs cutoffs" shard-run --list list cat {} : split
	wrong "--key COL is needed" shard-sort part-1.csv
	wrong "--memory must be at least 1M" shard-sort -k id --memory 9K part-1.csv
	wrong "--merge checks already" shard-sort -k id -m --check part-1.csv
	wrong "sort --merge reads files itself" shard-run cat part-1.csv : sort -k id -m
	wrong "--by=temporal needs cutoffs" shard-split part-1.csv
	wrong "name the directory of a context" shard-show
	wrong "name one context" shard-fit
	wrong "which command?" shard-through
	wrong "needs an archive and a directory" shard-unpack x.tar
	wrong "--output DIR is needed" shard-write part-1.csv
}

@test "man: an unknown option is refused on standard error with the usage, status 2" {
	local program
	for program in $(programs) preprocess impute shred; do
		echo "$program"
		run -2 --separate-stderr "$program" --no-such-option
		[ -z "$output" ]
		[[ $stderr == "$program: --no-such-option: no such option"* ]]
		[[ $stderr == *"usage: $program"* ]]
	done
}

# readme_prints HEADING: its first block of code prints the lines of the second.
readme_prints() {
	local line
	readme "$1" 1 >script
	readme "$1" 2 >want
	[ -s script ]
	[ -s want ]
	LC_ALL=C.UTF-8 bash -eo pipefail script >got
	cat got
	while IFS= read -r line; do
		grep -qxF -- "$line" got || { echo "does not print: $line"; return 1; }
	done <want
}

# readme HEADING N: the Nth block of code below that heading.
readme() {
	awk -v heading="## $1" -v n="$2" '
		/^## / { on = $0 == heading }
		on && /^```/ { k++; next }
		on && k == 2 * n - 1' "$TOP/README.md"
}

@test "man: README.md fills missing values as it says" {
	make -s -C "$TOP" BIN="$BATS_TEST_TMPDIR/tools" "$BATS_TEST_TMPDIR/tools/gen"
	cd "$BATS_TEST_TMPDIR"
	ln -s "$TOP/pipelines" .
	ln -s "$(dirname "$(command -v shard-ls)")" bin
	tools/gen tx -o demo/raw -m 24 -s 40 --gzip-last
	preprocess --job-type training --input demo/raw --output demo/out --label label
	readme_prints "Fill missing values"
}

@test "man: README.md has the VWAP of each day and symbol as it says" {
	cd "$BATS_TEST_TMPDIR"
	ln -s "$TOP/pipelines" .
	ln -s "$(dirname "$(command -v shard-ls)")" bin
	readme_prints "Shred: batches that fit into memory"
	[[ -z $(find demo/vwap -name 'batch-*') ]]
}
