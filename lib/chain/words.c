#include "chain/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "chain/chain.h"
#include "chain/pipes.h"
#include "chain/skip.h"
#include "io/name.h"
#include "shards/list.h"

/* The options of cat beside those of the source. */
struct list_opt {
	const char *files_from;
	bool zero;
};

static const struct opt_spec list_specs[] = {
    LIST_SPECS(struct list_opt), OPT_END};

const struct opt_spec words_specs[] = {
    OPT(OPT_STR, 'I', "replace", "TEXT", struct words, mark,
	"what stands for the shard in the chain ({}; then {n} is nothing "
	"special)"),
    OPT(OPT_FLAG, 0, "force", NULL, struct words, force,
	"do shards behind ::: again that are done"),
    OPT(OPT_FLAG, 0, "piped", NULL, struct words, piped,
	"run each filter as a program of its own, joined by pipes"),
    OPT(OPT_STR, 0, "replace-dir", "TEXT", struct words, dir_mark,
	"what stands for the name of the shard's directory (nothing does)"),
    OPT(OPT_FLAG, 0, "skip-done", NULL, struct words, skip,
	"do nothing where all inputs are done, as is the rule behind :::"),
    OPT(OPT_STR, 0, "todo", "FILE", struct words, todo,
	"run nothing: write the names of the shards that are not done to FILE"),
    OPT(OPT_FLAG, 0, "verify", NULL, struct words, verify,
	"trust no file time: read shards that look done again"),
    OPT_END,
};

bool
words_operands(struct words *w, int n)
{
	for (w->n = 0; w->n < n; w->n++)
		if (strcmp(w->v[w->n], ":::") == 0)
			return true;
	return false;
}

/* A chain in the making, with the words after replacement. */
struct build {
	const struct words *w;
	char **word;
	struct chain chain;
	struct file_list files;
	struct session *session;
	struct buf facts; /* that the record of the output is to have */
	uint64_t digest;  /* of the facts */
};

static const char *
mark_of(const struct words *w)
{
	return w->mark ? w->mark : "{}";
}

bool
words_marked(const struct words *w)
{
	int i;

	for (i = 0; i < w->n; i++)
		if (strstr(w->v[i], mark_of(w)))
			return true;
	return false;
}

/* The name of the directory that the file lies in. */
static struct bytes
dir_name(const char *path)
{
	const char *end = strrchr(path, '/'), *p = end;

	while (p && p > path && p[-1] != '/')
		p--;
	return end && end > p ? bytes_of(p, (size_t)(end - p)) : bytes_str(".");
}

/*
 * Replaces {} by the path and {n} by the shard's five-digit number; or the
 * mark, where one was given, by the path; and the mark of the directory by its
 * name.
 */
static char *
substitute(const struct words *w, const char *word, const char *path)
{
	const char *self = mark_of(w), *dir = w->dir_mark;
	size_t n = strlen(self), m = dir ? strlen(dir) : 0;
	struct buf b = BUF_ZERO;

	while (*word) {
		if (path && strncmp(word, self, n) == 0) {
			buf_puts(&b, path);
			word += n;
		} else if (path && dir && strncmp(word, dir, m) == 0) {
			buf_putb(&b, dir_name(path));
			word += m;
		} else if (path && !w->mark && strncmp(word, "{n}", 3) == 0) {
			buf_printf(&b, "%05llu",
			    (unsigned long long)shard_name_parse(path).number);
			word += 3;
		} else {
			buf_putc(&b, *word++);
		}
	}
	return buf_release(&b);
}

/* Parses the n words of the part that name begins; the number of operands
 * left, or -1. */
static int
parse_words(const char *name, const struct opt_group *groups, int n,
    char **word, char ***operands, struct err *e)
{
	char asked;
	int first = opt_parse(groups, n, word, false, &asked, e);

	if (first >= 0 && asked)
		return err_kind_set(
		    e, ERR_USAGE, "ask shard-%s for its --help", name);
	if (first < 0)
		return err_prefix(e, "%s: ", name);
	*operands = word + first;
	return n - first;
}

/* The first part, of n words: the source. */
static int
build_source(struct build *b, int n, struct err *e)
{
	struct list_opt list = {NULL, false};
	const struct opt_group groups[] = {{source_specs, &b->chain.source},
	    {list_specs, &list}, {NULL, NULL}};
	char **operands;
	int left;

	if (strcmp(b->word[0], "cat") != 0)
		return err_kind_set(e, ERR_USAGE,
		    "a chain begins with cat, not %s",
		    err_quote(bytes_str(b->word[0])));
	left = parse_words("cat", groups, n, b->word, &operands, e);
	if (left < 0 ||
	    list_read(&b->files, operands, (size_t)left, list.files_from,
		list.zero, e) < 0)
		return -1;
	return list_some(&b->files, list.files_from, e);
}

/* The filter with that name. */
static const struct filter *
find_filter(const struct words *w, const char *name, struct err *e)
{
	struct buf names = BUF_ZERO;
	size_t i;

	for (i = 0; w->table[i]; i++) {
		if (strcmp(w->table[i]->name, name) == 0) {
			buf_fini(&names);
			return w->table[i];
		}
		buf_printf(&names, "%s%s", i ? ", " : "", w->table[i]->name);
	}
	err_kind_set(e, ERR_USAGE, "%s is no filter (%s)",
	    err_quote(bytes_str(name)), buf_cstr(&names));
	buf_fini(&names);
	return NULL;
}

/* Another part, of n words: a filter. */
static int
build_filter(struct build *b, int n, char **word, struct err *e)
{
	const struct filter *f = find_filter(b->w, word[0], e);
	struct opt_group groups[] = {{NULL, NULL}, {NULL, NULL}};
	char **operands;
	void *opt;
	int left;

	if (!f)
		return -1;
	opt = xcalloc(1, f->opt_size);
	f->defaults(opt);
	if (chain_add(&b->chain, f, opt) < 0) {
		free(opt);
		return err_kind_set(e, ERR_USAGE,
		    "%s cannot stand behind the end of the chain", f->name);
	}
	groups[0] = (struct opt_group){f->specs, opt};
	left = parse_words(f->name, groups, n, word, &operands, e);
	if (left > 0)
		return err_kind_set(e, ERR_USAGE,
		    "%s: %s: in a chain only cat names files", f->name,
		    err_quote(bytes_str(operands[0])));
	if (left < 0)
		return -1;
	if (f->setup(opt, b->session, e) == 0 &&
	    (!f->answer || f->answer(opt, true, NULL, e) >= 0))
		return 0;
	return e->kind == ERR_USAGE ? err_prefix(e, "%s: ", f->name) : -1;
}

/* All parts, which ":" separates. */
static int
build(struct build *b, struct err *e)
{
	char **word = b->word;
	int n = b->w->n, i, k, rc;

	if (strcmp(word[n - 1], ":") == 0)
		return err_kind_set(
		    e, ERR_USAGE, "empty part at the chain's end");
	for (i = 0; i < n; i = k + 1) {
		for (k = i; k < n && strcmp(word[k], ":") != 0; k++)
			;
		if (k == i)
			return err_kind_set(
			    e, ERR_USAGE, "empty part in the chain");
		rc = i == 0 ? build_source(b, k, e)
			    : build_filter(b, k - i, word + i, e);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/*
 * 1 where the record of the inputs says that they are done by these words; 0
 * where they are to be done, with the facts that their record is to have; -1.
 */
static int
pass_over(struct build *b, struct err *e)
{
	const struct chain *c = &b->chain;
	const struct link *last = c->nlink ? &c->link[c->nlink - 1] : NULL;
	const struct file_list *f = &b->files;

	if (f->n == 0 || !last || !last->filter->recorded)
		return 0;
	if (chain_facts(c, &b->facts, e) < 0 ||
	    (f->n > 1 && skip_inputs(f->v, f->n, &b->facts, e) < 0))
		return -1;
	b->digest = digest_of(b->facts.p, b->facts.n);
	return chain_is_done(c, f->v, f->n, b->digest, b->w->verify) &&
	    !b->w->force;
}

/* Makes the chain for that path; build_close() in any case. */
static int
build_open(struct build *b, const struct words *w, const char *path,
    struct session *s, struct err *e)
{
	int i;

	*b = (struct build){.w = w, .session = s};
	source_defaults(&b->chain.source);
	b->chain.emit = w->emit;
	b->chain.expect = w->expect;
	b->word = xcalloc((size_t)w->n + 1, sizeof(*b->word));
	for (i = 0; i < w->n; i++)
		b->word[i] = substitute(w, w->v[i], path);
	return build(b, e);
}

static void
build_close(struct build *b)
{
	int i;

	buf_fini(&b->facts);
	chain_fini(&b->chain);
	list_free(&b->files);
	for (i = 0; i < b->w->n; i++)
		free(b->word[i]);
	free(b->word);
}

int
words_run(
    const struct words *w, const char *path, struct session *s, struct err *e)
{
	struct build b;
	static char dash[] = "-";
	char *std[] = {dash};
	int rc;

	if (w->todo)
		return err_kind_set(e, ERR_USAGE,
		    "--todo: which shards? --list or ::: names them");
	rc = build_open(&b, w, path, s, e);
	if (rc == 0 && w->skip)
		rc = pass_over(&b, e);
	if (rc == 0 && w->piped)
		rc = pipes_run(b.word, w->n, b.files.n ? b.files.v[0] : NULL,
		    buf_bytes(&b.facts), e);
	else if (rc == 0) {
		b.chain.source.rejects_begun = s->rejects_begun;
		rc = chain_run(&b.chain, b.files.n ? b.files.v : std,
		    b.files.n ? b.files.n : 1, s, e);
		s->rejects_begun = b.chain.source.rejects_begun;
	}
	build_close(&b);
	s->failed = s->failed || rc < 0;
	return rc < 0 ? -1 : 0;
}

/* Do all paths have one chain?  So it is where the mark is cat's last word, and
 * nothing else. */
static bool
are_alike(const struct words *w)
{
	int i, last = 0;

	while (last + 1 < w->n && strcmp(w->v[last + 1], ":") != 0)
		last++;
	for (i = 0; i < w->n; i++)
		if (i != last &&
		    (strstr(w->v[i], mark_of(w)) ||
			(!w->mark && strstr(w->v[i], "{n}"))))
			return false;
	return strcmp(w->v[last], mark_of(w)) == 0;
}

/* The first of the n paths has this chain; *done says for how many it was
 * asked. */
static int
chain_todo(struct build *b, char *const *path, size_t n, bool *todo,
    size_t *done, struct err *e)
{
	const struct chain *c = &b->chain;
	const struct filter *f = c->nlink ? c->link[c->nlink - 1].filter : NULL;
	const struct words *w = b->w;
	size_t i;
	int rc;

	if (!f || !f->recorded)
		return err_kind_set(e, ERR_USAGE,
		    "--todo: the chain leaves no record that tells what is "
		    "done");
	rc = pass_over(b, e);
	if (rc < 0)
		return -1;
	if (f->todo) {
		*done = n;
		return f->todo(c->link[c->nlink - 1].opt, path, n, w->verify,
		    w->force, todo, e);
	}
	todo[0] = rc == 0;
	*done = are_alike(w) && b->files.n == 1 ? n : 1;
	for (i = 1; i < *done; i++)
		todo[i] = w->force ||
		    !chain_is_done(c, path + i, 1, b->digest, w->verify);
	return 0;
}

int
words_todo(const struct words *w, char *const *path, size_t n, bool *todo,
    struct session *s, struct err *e)
{
	struct build b;
	size_t i, done = 0;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i += done) {
		rc = build_open(&b, w, path[i], s, e);
		if (rc == 0)
			rc =
			    chain_todo(&b, path + i, n - i, todo + i, &done, e);
		build_close(&b);
	}
	return rc;
}

int
words_save_todo(const struct words *w, const struct file_list *f, bool zero,
    struct session *s, struct err *e)
{
	bool *todo = xcalloc(f->n + 1, sizeof(*todo));
	int rc = list_numbered(f, e);

	if (rc == 0)
		rc = words_todo(w, f->v, f->n, todo, s, e);
	if (rc == 0)
		rc = list_save(f, todo, w->todo, zero, e);
	free(todo);
	return rc;
}
