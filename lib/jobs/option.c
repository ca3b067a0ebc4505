#include "jobs/option.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The column at which help texts begin, and the width of a line. */
#define HELP_COLUMN 25
#define HELP_WIDTH 79

static size_t
count(const struct job_table *t)
{
	size_t n = 0;

	while (t->option[n].name)
		n++;
	return n;
}

/* The place of the option in the table, or -1. */
static int
place(const struct job_table *t, const char *name, size_t n)
{
	int i;

	for (i = 0; t->option[i].name; i++)
		if (strlen(t->option[i].name) == n &&
		    memcmp(t->option[i].name, name, n) == 0)
			return i;
	return -1;
}

static int
known(const struct options *o, const char *name)
{
	int i = place(o->table, name, strlen(name));

	assert(i >= 0);
	return i;
}

static void
put(struct job_value *v, const char *value, const char *origin)
{
	char *new = value ? xstrdup(value) : NULL;

	free(v->value);
	free(v->origin);
	v->value = new;
	v->origin = xstrdup(origin);
}

static void
list_add(struct job_value *v, const char *word)
{
	v->list = xrealloc(v->list, (v->nlist + 1) * sizeof(*v->list));
	v->list[v->nlist++] = xstrdup(word);
}

static void
put_list(struct job_value *v, const char *word)
{
	list_add(v, word);
	v->ngiven = v->nlist;
	put(v, v->list[0], "option");
}

/* A value that is something, or NULL. */
static const char *
set(const char *value)
{
	return *value && strcmp(value, "None") != 0 ? value : NULL;
}

/* The value of the variable, if it is set to something. */
static const char *
variable(char *const *env, const char *name, size_t n)
{
	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return set(*env + n + 1);
	return NULL;
}

/* Adds the rest of each variable that begins with the n bytes of prefix. */
static void
list_variables(
    struct job_value *v, const char *prefix, size_t n, char *const *env)
{
	for (; *env; env++) {
		const char *eq = strchr(*env, '=');

		if (eq && (size_t)(eq - *env) > n &&
		    strncmp(*env, prefix, n) == 0 && set(eq + 1))
			list_add(v, *env + n);
	}
}

/* Takes the first of the option's variables that is set. */
static void
from_environment(
    struct job_value *v, const struct job_option *opt, char *const *env)
{
	const char *p = opt->env, *value;
	struct buf origin = BUF_ZERO;

	while (p && *p) {
		size_t n = strcspn(p, " "), name = strcspn(p, " =");

		value = variable(env, p, name);
		if (value && opt->kind == JOB_FLAG &&
		    (strlen(value) != n - name - 1 ||
			strncasecmp(value, p + name + 1, n - name - 1) != 0))
			value = NULL;
		if (value) {
			buf_printf(&origin, "environment %.*s", (int)name, p);
			put(v, opt->kind == JOB_FLAG ? "yes" : value,
			    buf_cstr(&origin));
			buf_fini(&origin);
			return;
		}
		p += n + strspn(p + n, " ");
	}
}

/* Appends a word to the value, which may hold others of the command line. */
static void
put_more(struct job_value *v, const char *word)
{
	struct buf b = BUF_ZERO;

	if (v->value)
		buf_printf(&b, "%s,", v->value);
	buf_puts(&b, word);
	put(v, buf_cstr(&b), "option");
	buf_fini(&b);
}

/* Makes the first of the choices the value. */
static void
put_first(struct job_value *v, const char *choices)
{
	char *word = xstrndup(choices, strcspn(choices, "|"));

	put(v, word, "option");
	free(word);
}

/* Takes one option and its value from argv[*i], and moves *i behind them. */
static int
take(struct options *o, int argc, char *const *argv, int *i, struct err *e)
{
	const char *word = argv[(*i)++], *name = word + 2, *value = NULL;
	size_t n = strcspn(name, "=");
	int k = place(o->table, name, n);
	struct job_value *v;

	if (k < 0)
		return err_kind_set(
		    e, ERR_USAGE, "%.*s: no such option", (int)n + 2, word);
	v = &o->value[k];
	if (o->table->option[k].kind == JOB_FLAG) {
		if (name[n])
			return err_kind_set(e, ERR_USAGE,
			    "--%.*s takes no value", (int)n, name);
		put(v, "yes", "option");
		return 0;
	}
	if (o->table->option[k].kind == JOB_MAYBE && !name[n] &&
	    (*i >= argc || argv[*i][0] == '-')) {
		put_first(v, o->table->option[k].choices);
		return 0;
	}
	if (name[n])
		value = name + n + 1;
	else if (*i < argc)
		value = argv[(*i)++];
	if (!value)
		return err_kind_set(e, ERR_USAGE, "--%s needs %s", name,
		    o->table->option[k].kind == JOB_DIRS ? "a directory"
							 : "a value");
	if (o->table->option[k].kind == JOB_DIRS) {
		put_list(v, value);
		while (*i < argc && argv[*i][0] != '-')
			put_list(v, argv[(*i)++]);
	} else if (o->table->option[k].kind == JOB_REPEAT) {
		put_list(v, value);
	} else if (o->table->option[k].kind == JOB_ADD) {
		put_more(v, value);
	} else {
		put(v, value, "option");
	}
	return 0;
}

int
options_parse(struct options *o, const struct job_table *t, int argc,
    char *const *argv, char *const *env, struct err *e)
{
	size_t k, n = count(t);
	int i = 0;

	*o = (struct options){.table = t};
	o->value = xcalloc(n, sizeof(*o->value));
	while (i < argc) {
		const char *word = argv[i];

		if (strcmp(word, "-n") == 0 || strcmp(word, "--dry-run") == 0)
			o->plan = true, i++;
		else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
			o->help = true, i++;
		else if (strcmp(word, "--print-config") == 0)
			o->show = true, i++;
		else if (strcmp(word, "--completion") == 0)
			o->complete = true, i++;
		else if (strncmp(word, "--", 2) != 0)
			return err_kind_set(
			    e, ERR_USAGE, "%s: not an option", word);
		else if (take(o, argc, argv, &i, e) < 0)
			return -1;
	}
	for (k = 0; k < n; k++) {
		const char *env_name = t->option[k].env;
		size_t prefix = env_name ? strcspn(env_name, "*") : 0;

		if (env_name && env_name[prefix])
			list_variables(&o->value[k], env_name, prefix, env);
		else if (!o->value[k].origin)
			from_environment(&o->value[k], &t->option[k], env);
		if (!o->value[k].origin)
			put(&o->value[k], t->option[k].def, "default");
		if (o->value[k].value && !*o->value[k].value)
			option_set(o, t->option[k].name, NULL);
	}
	return 0;
}

void
options_fini(struct options *o)
{
	size_t i, k, n = o->value ? count(o->table) : 0;

	for (i = 0; i < n; i++) {
		free(o->value[i].value);
		free(o->value[i].origin);
		for (k = 0; k < o->value[i].nlist; k++)
			free(o->value[i].list[k]);
		free(o->value[i].list);
	}
	free(o->value);
	o->value = NULL;
}

bool
option_exists(const struct options *o, const char *name)
{
	return place(o->table, name, strlen(name)) >= 0;
}

const struct job_value *
option_of(const struct options *o, const char *name)
{
	return &o->value[known(o, name)];
}

const char *
option_value(const struct options *o, const char *name)
{
	return option_of(o, name)->value;
}

bool
option_is(const struct options *o, const char *name, const char *word)
{
	const char *value = option_value(o, name);

	return value && strcmp(value, word) == 0;
}

bool
option_flag(const struct options *o, const char *name)
{
	return option_value(o, name) != NULL;
}

bool
option_given(const struct options *o, const char *name)
{
	const char *origin = option_of(o, name)->origin;

	return strcmp(origin, "option") == 0 ||
	    strncmp(origin, "environment", 11) == 0;
}

void
option_found(
    struct options *o, const char *name, const char *value, const char *origin)
{
	struct job_value *v = &o->value[known(o, name)];

	if (!v->value && value && *value)
		put(v, value, origin);
}

void
option_set(struct options *o, const char *name, const char *value)
{
	struct job_value *v = &o->value[known(o, name)];
	char *origin = xstrdup(v->origin);

	put(v, value, origin);
	free(origin);
}

void
option_put(
    struct options *o, const char *name, const char *value, const char *origin)
{
	char *from = xstrdup(origin);

	put(&o->value[known(o, name)], value, from);
	free(from);
}

const char *
option_variable(char *const *env, const char *name)
{
	return variable(env, name, strlen(name));
}

static void
said(const struct job_option *opt, const struct job_value *v, struct buf *b)
{
	if (strncmp(v->origin, "environment ", 12) == 0)
		buf_printf(b, "%s=%s", v->origin + 12, v->value);
	else
		buf_printf(b, "--%s %s", opt->name, v->value);
}

/* True if s is digits with at most one point; *nonzero and *one say whether any
 * digit is not 0, and whether the number is 1 or more. */
static bool
is_decimal(const char *s, bool *nonzero, bool *one, bool *over)
{
	const char *p;
	bool digit = false;

	*nonzero = *one = *over = false;
	for (p = s; *p && *p != '.'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		digit = true;
		if (*p != '0')
			*nonzero = true;
		if (*p != '0' && (*p != '1' || p[1] >= '0'))
			*over = true;
		else if (*p == '1')
			*one = true;
	}
	if (*p == '.')
		p++;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		digit = true;
		if (*p != '0') {
			*nonzero = true;
			*over |= *one;
		}
	}
	return digit;
}

static bool
is_whole(const char *s, bool from_one)
{
	if (from_one && *s == '0')
		return false;
	return *s && s[strspn(s, "0123456789")] == '\0' && strlen(s) < 19;
}

/* True if s is a size from 1M up. */
static bool
is_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || *s == '0' || n > 15)
		return false;
	switch (s[n] ? s[n] : '0') {
	case '0': return n >= 7;
	case 'K':
	case 'k': return n >= 4 && !s[n + 1];
	default: return strchr("MGTmgt", s[n]) && !s[n + 1];
	}
}

/* The choice that is this word in any case of letters; *n is its length. */
static const char *
choice(const char *choices, const char *word, size_t *n)
{
	const char *p;

	for (p = choices; *p; p += *n + (p[*n] == '|')) {
		*n = strcspn(p, "|");
		if (strlen(word) == *n && strncasecmp(p, word, *n) == 0)
			return p;
	}
	return NULL;
}

/* What is wrong with a value, as the end of a message, or NULL. */
static const char *
wrong(const struct job_option *opt, const char *value)
{
	bool nonzero, one, over, decimal;

	switch (opt->kind) {
	case JOB_WHOLE:
		return is_whole(value, false) ? NULL : "not a whole number";
	case JOB_COUNT:
		return is_whole(value, true) ? NULL
					     : "not a whole number from 1 up";
	case JOB_INNER:
	case JOB_SHARE:
		decimal = is_decimal(value, &nonzero, &one, &over);
		if (opt->kind == JOB_INNER ? decimal && nonzero && !one && !over
					   : decimal && !over)
			return NULL;
		return "not a number between 0 and 1";
	case JOB_SIZE:
		return is_size(value) ? NULL
				      : "not a size from 1M up (64M, 1G)";
	default: return NULL;
	}
}

int
options_check(struct options *o, struct err *e)
{
	const struct job_option *opt = o->table->option;
	struct buf b = BUF_ZERO;
	size_t i, n;
	int rc = 0;

	for (i = 0; opt[i].name && rc == 0; i++) {
		struct job_value *v = &o->value[i];
		const char *what, *word;

		if (!v->value)
			continue;
		buf_clear(&b);
		said(&opt[i], v, &b);
		if (opt[i].choices) {
			word = choice(opt[i].choices, v->value, &n);
			if (word) {
				char *spelled = xstrndup(word, n);

				option_set(o, opt[i].name, spelled);
				free(spelled);
				continue;
			}
			buf_puts(&b, ": must be one of:");
			for (word = opt[i].choices; *word;
			     word += n + (word[n] == '|')) {
				n = strcspn(word, "|");
				buf_printf(&b, " %.*s", (int)n, word);
			}
			rc = err_kind_set(e, ERR_USAGE, "%s", buf_cstr(&b));
		} else if ((what = wrong(&opt[i], v->value)) != NULL) {
			rc = err_kind_set(
			    e, ERR_USAGE, "%s: %s", buf_cstr(&b), what);
		}
	}
	buf_fini(&b);
	return rc;
}

void
options_usage(const struct job_table *t, FILE *f)
{
	fprintf(f, "usage: %s\n", t->usage);
}

/* Words of text from column *at on, in lines of HELP_WIDTH. */
static void
fill(const char *text, size_t *at, FILE *f)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (*at + 1 + n > HELP_WIDTH) {
			fprintf(f, "\n%*s", HELP_COLUMN - 1, "");
			*at = HELP_COLUMN - 1;
		}
		fprintf(f, " %.*s", (int)n, text);
		*at += n + 1;
		text += n + strspn(text + n, " ");
	}
}

static void
help_line(const struct job_option *opt, FILE *f)
{
	struct buf b = BUF_ZERO;
	size_t at;

	buf_printf(&b, "  --%s", opt->name);
	if (opt->arg)
		buf_printf(&b, " %s", opt->arg);
	fprintf(f, "%s", buf_cstr(&b));
	at = b.n;
	if (at < HELP_COLUMN - 1) {
		fprintf(f, "%*s", (int)(HELP_COLUMN - 1 - at), "");
		at = HELP_COLUMN - 1;
	} else {
		at++;
		fputc(' ', f);
	}
	fill(opt->help, &at, f);
	if (opt->env) {
		buf_clear(&b);
		buf_printf(&b, "[%s]", opt->env);
		fill(buf_cstr(&b), &at, f);
	}
	fputc('\n', f);
	buf_fini(&b);
}

/* The options that every job has and that no table lists. */
static const struct job_option always[] = {
    {"print-config", JOB_FLAG, NULL, NULL, NULL, NULL,
	"show each value and where it comes from"},
    {"completion", JOB_FLAG, NULL, NULL, NULL, NULL,
	"print what makes bash complete these options"},
};

void
options_help(const struct job_table *t, FILE *f)
{
	size_t i;

	fprintf(f, "%s - %s\n\n", t->name, t->purpose);
	options_usage(t, f);
	fputc('\n', f);
	for (i = 0; t->option[i].name; i++)
		help_line(&t->option[i], f);
	for (i = 0; i < LEN(always); i++)
		help_line(&always[i], f);
	fprintf(f,
	    "  -n, --dry-run          print the commands of the job, a shell "
	    "program, and\n"
	    "                         do nothing\n"
	    "\nexample:\n  %s\n",
	    t->example);
}

/* The characters of a UTF-8 text. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void
print_row(const char *name, const char *value, const char *origin, size_t most,
    FILE *f)
{
	fprintf(f, "%-20s %s%*s  %s\n", name, value, (int)(most - width(value)),
	    "", origin);
}

void
options_print(const struct options *o, FILE *f)
{
	const struct job_option *opt = o->table->option;
	size_t i, k, most = 3;
	int flags;

	for (i = 0; opt[i].name; i++) {
		const struct job_value *v = &o->value[i];

		if (v->value && width(v->value) > most)
			most = width(v->value);
		for (k = 0; k < v->nlist; k++)
			if (width(v->list[k]) > most)
				most = width(v->list[k]);
	}
	for (i = 0; opt[i].name; i++)
		for (k = 0; k < o->value[i].nlist; k++) {
			const char *word = o->value[i].list[k];
			struct buf from = BUF_ZERO;

			if (k < o->value[i].ngiven)
				buf_puts(&from, "option");
			else
				buf_printf(&from, "environment %.*s%.*s",
				    (int)strcspn(opt[i].env, "*"), opt[i].env,
				    (int)strcspn(word, "="), word);
			print_row(opt[i].name, word, buf_cstr(&from), most, f);
			buf_fini(&from);
		}
	for (flags = 0; flags < 2; flags++)
		for (i = 0; opt[i].name; i++) {
			const struct job_value *v = &o->value[i];

			if ((opt[i].kind == JOB_FLAG) != flags ||
			    opt[i].kind == JOB_DIRS ||
			    opt[i].kind == JOB_REPEAT)
				continue;
			print_row(opt[i].name,
			    v->value    ? v->value
				: flags ? "no"
					: "-",
			    v->origin, most, f);
		}
}

void
options_complete(const struct job_table *t, FILE *f)
{
	size_t i;

	fprintf(f,
	    "_shard_%s() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} "
	    "last=${COMP_WORDS[COMP_CWORD - 1]}\n\tcase $last in\n",
	    t->name);
	for (i = 0; t->option[i].name; i++)
		if (t->option[i].choices) {
			const char *p;

			fprintf(f, "\t--%s) COMPREPLY=($(compgen -W '",
			    t->option[i].name);
			for (p = t->option[i].choices; *p; p++)
				fputc(*p == '|' ? ' ' : *p, f);
			fprintf(f, "' -- \"$word\")) ;;\n");
		}
	fprintf(f, "\t*) COMPREPLY=($(compgen -f -W '");
	for (i = 0; t->option[i].name; i++)
		fprintf(f, "--%s ", t->option[i].name);
	fprintf(f,
	    "--print-config --completion --dry-run --help' -- \"$word\")) ;;\n"
	    "\tesac\n}\ncomplete -o filenames -F _shard_%s %s shard-%s\n",
	    t->name, t->name, t->name);
}

void
options_retired(const struct job_table *t, char *const *env,
    void (*note)(const char *fmt, ...))
{
	const char *p = t->retired;

	while (p && *p) {
		size_t n = strcspn(p, " ");

		if (variable(env, p, n))
			note("%.*s is not needed any more", (int)n, p);
		p += n + strspn(p + n, " ");
	}
}
