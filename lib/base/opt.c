#include "base/opt.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"

const char *const quoted_empty_names[] = {"missing", "value", NULL};

static int
usage(
    struct err *e, const struct opt_spec *s, const char *val, const char *want)
{
	return err_kind_set(e, ERR_USAGE, "--%s %s: %s", s->name,
	    err_quote(bytes_str(val)), want);
}

static int
store(const struct opt_spec *s, void *obj, const char *val, struct err *e)
{
	char *field = (char *)obj + s->off;
	struct opt_list *l;
	struct buf b = BUF_ZERO;
	uint64_t u;
	double d;
	int i;

	switch (s->type) {
	case OPT_FLAG: *(bool *)field = true; return 0;
	case OPT_STR: *(const char **)(void *)field = val; return 0;
	case OPT_LIST:
		l = (struct opt_list *)(void *)field;
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
		l->v[l->n++] = val;
		return 0;
	case OPT_U64:
		if (!parse_u64(bytes_str(val), &u))
			return usage(e, s, val, "not a whole number from 0 up");
		*(uint64_t *)(void *)field = u;
		return 0;
	case OPT_BYTES:
		if (!parse_size(bytes_str(val), &u) || u == 0)
			return usage(e, s, val,
			    "not a size (a whole number above 0, "
			    "with K, M, G or T)");
		*(uint64_t *)(void *)field = u;
		return 0;
	case OPT_RATIO:
		if (!parse_double(bytes_str(val), &d) || d < 0 || d > 1)
			return usage(e, s, val, "not a number from 0 to 1");
		*(double *)(void *)field = d;
		return 0;
	case OPT_ENUM:
		for (i = 0; s->choices[i]; i++)
			if (strcmp(s->choices[i], val) == 0) {
				*(int *)(void *)field = i;
				return 0;
			}
		buf_puts(&b, "must be ");
		for (i = 0; s->choices[i]; i++)
			buf_printf(&b, "%s%s", i ? "|" : "", s->choices[i]);
		usage(e, s, val, buf_cstr(&b));
		buf_fini(&b);
		return -1;
	case OPT_STOP: break;
	}
	abort();
}

/* The groups' tables as one array of pointers; *n of them. */
struct entry {
	const struct opt_spec *spec;
	void *obj;
};

static struct entry *
flatten(const struct opt_group *g, size_t *n)
{
	struct entry *v = NULL;
	const struct opt_spec *s;

	*n = 0;
	for (; g->specs; g++)
		for (s = g->specs; s->type != OPT_STOP; s++) {
			v = xrealloc(v, (*n + 1) * sizeof(*v));
			v[(*n)++] = (struct entry){s, g->obj};
		}
	return v;
}

/* Says what is wrong with the word that getopt_long() would not take. */
static void
refuse(const struct entry *v, size_t n, int opt, int first, const char *word,
    struct err *e)
{
	size_t len, i, like = 0;

	if (opt >= first) {
		err_kind_set(e, ERR_USAGE, "--%s takes no value",
		    v[opt - first].spec->name);
		return;
	}
	if (opt > 0 && opt < 256) {
		err_kind_set(e, ERR_USAGE, "-%c: no such option", opt);
		return;
	}
	word += strspn(word, "-");
	len = strcspn(word, "=");
	for (i = 0; i < n; i++)
		like += strncmp(v[i].spec->name, word, len) == 0;
	err_kind_set(e, ERR_USAGE, "--%.*s: %s", (int)len, word,
	    like > 1 ? "ambiguous: several options begin so"
		     : "no such option");
}

int
opt_parse(const struct opt_group *groups, int argc, char **argv,
    bool stop_early, char *asked, struct err *e)
{
	enum { HELP = 1000, VERSION, FIRST };
	size_t n, i;
	struct entry *v = flatten(groups, &n);
	struct option *lo = xcalloc(n + 3, sizeof(*lo));
	struct buf letters = BUF_ZERO;
	int c, rc = -1;

	buf_puts(&letters, stop_early ? "+:" : ":");
	for (i = 0; i < n; i++) {
		const struct opt_spec *s = v[i].spec;
		int has = s->type == OPT_FLAG ? no_argument : required_argument;

		lo[i] = (struct option){s->name, has, NULL, FIRST + (int)i};
		if (s->letter) {
			buf_putc(&letters, s->letter);
			if (has == required_argument)
				buf_putc(&letters, ':');
		}
	}
	lo[n] = (struct option){"help", no_argument, NULL, HELP};
	lo[n + 1] = (struct option){"version", no_argument, NULL, VERSION};
	*asked = 0;
	opterr = 0;
	optind = 0; /* glibc: start anew, so that chains can be parsed */
	while (
	    (c = getopt_long(argc, argv, buf_cstr(&letters), lo, NULL)) != -1) {
		if (c == HELP || c == VERSION) {
			*asked = c == HELP ? 'h' : 'v';
			rc = 0;
			goto out;
		}
		if (c == ':') {
			err_kind_set(
			    e, ERR_USAGE, "%s needs a value", argv[optind - 1]);
			goto out;
		}
		if (c == '?') {
			refuse(v, n, optopt, FIRST, argv[optind - 1], e);
			goto out;
		}
		for (i = 0; i < n; i++)
			if (c == FIRST + (int)i || c == v[i].spec->letter)
				break;
		if (store(v[i].spec, v[i].obj, optarg, e) < 0)
			goto out;
	}
	rc = optind;
out:
	free(v);
	free(lo);
	buf_fini(&letters);
	return rc;
}

static void
help_line(const struct opt_spec *s, FILE *f)
{
	int w;

	if (s->letter)
		w = fprintf(f, "  -%c, --%s", s->letter, s->name);
	else
		w = fprintf(f, "      --%s", s->name);
	if (s->choices) {
		size_t i;

		for (i = 0; s->choices[i]; i++)
			w += fprintf(f, "%c%s", i ? '|' : ' ', s->choices[i]);
	} else if (s->arg) {
		w += fprintf(f, " %s", s->arg);
	}
	if (w > 30)
		fprintf(f, "\n%32s%s\n", "", s->help);
	else
		fprintf(f, "%*s%s\n", 32 - w, "", s->help);
}

void
opt_help(const struct opt_group *groups, FILE *f)
{
	size_t n, i;
	struct entry *v = flatten(groups, &n);

	for (i = 0; i < n; i++)
		help_line(v[i].spec, f);
	free(v);
	fprintf(f, "      --help%20sthis text\n", "");
	fprintf(f, "      --version%17sversion and libraries\n", "");
}

void
opt_synopsis(const struct opt_group *groups, FILE *f)
{
	size_t n, i;
	struct entry *v = flatten(groups, &n);
	bool any = false;

	for (i = 0; i < n; i++)
		if (v[i].spec->type == OPT_FLAG && v[i].spec->letter) {
			fprintf(f, any ? "%c" : " [-%c", v[i].spec->letter);
			any = true;
		}
	if (any)
		fputc(']', f);
	for (i = 0; i < n; i++)
		if (v[i].spec->type != OPT_FLAG && v[i].spec->letter)
			fprintf(
			    f, " [-%c %s]", v[i].spec->letter, v[i].spec->arg);
	fputs(" [--option ...]", f);
	free(v);
}

/* Does the option say where something lies, or how much memory there is? */
static bool
changes_nothing(const struct opt_spec *s)
{
	return s->arg &&
	    (strcmp(s->arg, "DIR") == 0 || strcmp(s->arg, "FILE") == 0 ||
		strcmp(s->arg, "CTX") == 0 || strcmp(s->name, "memory") == 0);
}

void
opt_text(const struct opt_spec *s, const void *obj, const void *defaults,
    struct buf *b)
{
	for (; s->type != OPT_STOP; s++) {
		const char *at = (const char *)obj + s->off;
		const char *def = (const char *)defaults + s->off;
		const struct opt_list *l = (const void *)at;
		const char *text, *old;
		size_t i;

		if (changes_nothing(s))
			continue;
		switch (s->type) {
		case OPT_FLAG:
			if (*(const bool *)at)
				buf_printf(b, "%s\n", s->name);
			break;
		case OPT_STR:
			text = *(const char *const *)(const void *)at;
			old = *(const char *const *)(const void *)def;
			if (text && (!old || strcmp(text, old) != 0))
				buf_printf(b, "%s\t%zu\t%s\n", s->name,
				    strlen(text), text);
			break;
		case OPT_LIST:
			for (i = 0; i < l->n; i++)
				buf_printf(b, "%s\t%zu\t%s\n", s->name,
				    strlen(l->v[i]), l->v[i]);
			break;
		case OPT_U64:
		case OPT_BYTES:
			if (memcmp(at, def, sizeof(uint64_t)) != 0)
				buf_printf(b, "%s\t%llu\n", s->name,
				    *(const unsigned long long *)(const void *)
					at);
			break;
		case OPT_RATIO:
			if (memcmp(at, def, sizeof(double)) != 0)
				buf_printf(b, "%s\t%.17g\n", s->name,
				    *(const double *)(const void *)at);
			break;
		case OPT_ENUM:
			if (memcmp(at, def, sizeof(int)) != 0)
				buf_printf(b, "%s\t%d\n", s->name,
				    *(const int *)(const void *)at);
			break;
		case OPT_STOP: break;
		}
	}
}

void
opt_list_free(struct opt_list *l)
{
	free(l->v);
	l->v = NULL;
	l->n = 0;
}
