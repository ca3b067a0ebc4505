/* shard-ls - find the shards of some roots, in number order. */
#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "common.h"
#include "shards/find.h"
#include "shards/part.h"

struct ls_opt {
	struct shards_opt find;
	bool zero, detail;
	const char *part;
};

static const struct opt_spec specs[] = {
    OPT(OPT_FLAG, 0, "days", NULL, struct ls_opt, find.days,
	"in front the day in the file's or directory's name, and a tab"),
    OPT(OPT_FLAG, 'l', "long", NULL, struct ls_opt, detail,
	"number, format, codec, bytes, path; tab-separated"),
    OPT(OPT_FLAG, '0', "null", NULL, struct ls_opt, zero,
	"end names with a NUL byte instead of a newline"),
    OPT(OPT_STR, 'p', "part", "I/N|auto", struct ls_opt, part,
	"only the I-th of N parts; auto asks the scheduler's variables"),
    OPT(OPT_STR, 0, "pattern", "REGEX", struct ls_opt, find.pattern,
	"names of shards; the first group is the number (part-N...)"),
    OPT_END,
};

static void
print(const struct ls_opt *o, const struct shard *s)
{
	char end = o->zero ? '\0' : '\n', day[DAY_LEN];

	if (o->find.days) {
		day_format(day, s->day);
		printf("%.*s\t", DAY_LEN, day);
	}
	if (o->detail)
		printf("%05llu\t%s\t%s\t%llu\t",
		    (unsigned long long)s->name.number,
		    format_name(s->name.format),
		    codec_info(s->name.codec)->name,
		    (unsigned long long)s->bytes);
	printf("%s%c", s->path, end);
}

int
main(int argc, char *argv[])
{
	struct ls_opt o = {.find.warn = cmd_warn};
	const struct opt_group groups[] = {{specs, &o}, {NULL, NULL}};
	const struct cmd cmd = {"shard-ls", "DIR|FILE ...",
	    "find shards, in number order",
	    "shard-ls -0 raw | xargs -0 -P 8 -n 1 shard-cat", groups, false};
	struct shards s = SHARDS_ZERO;
	struct part part = PART_WHOLE;
	struct err e = ERR_ZERO;
	int i, rc = 0;
	size_t k;

	cmd_start(cmd.name);
	i = cmd_parse(&cmd, argc, argv);
	if (i == argc)
		rc = err_kind_set(&e, ERR_USAGE, "where? name a directory");
	if (rc == 0 && o.part)
		rc = part_parse(&part, o.part, getenv, &e);
	if (rc == 0)
		rc = shards_find_all(
		    &s, argv + i, (size_t)(argc - i), &o.find, &e);
	for (k = 0; k < s.n && rc == 0; k++)
		if (part_has(&part, k))
			print(&o, &s.v[k]);
	shards_fini(&s);
	return cmd_finish(rc < 0 ? cmd_fail(&e) : CMD_OK);
}
