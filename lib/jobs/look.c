#include "jobs/look.h"

#include <stdlib.h>
#include <string.h>

#include "io/machine.h"
#include "io/procs.h"

void
look_count(struct look *l, const struct shard *s)
{
	enum format f = s->name.format;

	l->bytes += s->bytes;
	l->json |= shard_is_json(f);
	l->csv |= f == FORMAT_CSV || f == FORMAT_TSV;
	l->parquet |= f == FORMAT_PARQUET;
}

int
look_shards(struct look *l, char *const *dir, size_t n,
    void (*warn)(const char *fmt, ...), struct err *e)
{
	const struct shards_opt o = {.warn = warn};
	struct shards found = SHARDS_ZERO;
	size_t i;
	int rc;

	rc = shards_find_all(&found, dir, n, &o, e);
	if (rc == 0)
		l->shards.v = xrealloc(l->shards.v,
		    (l->shards.n + found.n) * sizeof(*l->shards.v));
	for (i = 0; rc == 0 && i < found.n; i++) {
		look_count(l, &found.v[i]);
		l->shards.v[l->shards.n++] = found.v[i];
	}
	if (rc == 0)
		found.n = 0; /* they are l's now */
	shards_fini(&found);
	return rc;
}

/* The names of one shard's columns, each ended by NUL, appended to text. */
static int
read_names(const char *path, const struct source_opt *o, struct buf *text,
    struct err *e)
{
	struct source_opt opt = *o;
	struct pass pass = {.warn = NULL};
	struct schema s = SCHEMA_ZERO;
	char *one = xstrdup(path);
	struct source *src;
	size_t i;

	opt.names = true;
	src = source_open(&opt, &one, 1, 0, false, NULL, &s, &pass, e);
	for (i = 0; src && i < s.ncol; i++)
		buf_put(text, s.col[i].name, strlen(s.col[i].name) + 1);
	source_close(src);
	schema_fini(&s);
	free(one);
	return src ? 0 : -1;
}

/* Names that are not there yet.  Most shards have the same columns, so the
 * place at which the last name stood is tried first. */
static void
add_names(struct schema *names, const char *p, size_t n)
{
	const char *end = p + n;
	size_t at = 0;

	for (; p < end; p += strlen(p) + 1, at++) {
		int found;

		if (at < names->ncol && strcmp(names->col[at].name, p) == 0)
			continue;
		found = schema_find(names, bytes_str(p));
		if (found >= 0)
			at = (size_t)found;
		else
			schema_add(names, bytes_str(p), (int)names->ncol, -1);
	}
}

struct work {
	const struct look *l;
	const struct source_opt *o;
	struct buf *text; /* of each shard */
};

/* A process of its own reads every step-th shard and tells the names. */
static int
read_some(void *arg, int fd, uint64_t first, uint64_t step)
{
	const struct work *w = arg;
	struct err e = ERR_ZERO;
	struct buf text = BUF_ZERO;
	uint64_t i;

	for (i = first; i < w->l->shards.n; i += step) {
		buf_clear(&text);
		if (read_names(w->l->shards.v[i].path, w->o, &text, &e) < 0)
			return helper_failed(fd, &e);
		if (helper_tell(fd, (struct told){i, text.n}, text.p, text.n,
			NULL, 0) < 0)
			return 1;
	}
	buf_fini(&text);
	return 0;
}

static int
hear_all(const struct helper *h, struct buf *text, uint64_t first,
    uint64_t step, size_t n, struct err *e)
{
	struct told told;
	uint64_t i;

	for (i = first; i < n; i += step) {
		if (helper_hear(h, &told, e) < 0)
			return -1;
		if (told.n != i)
			return err_set(e, "a process lost the names of shards");
		buf_reserve(&text[i], told.bytes);
		if (helper_read(h, text[i].p, told.bytes, e) < 0)
			return -1;
		text[i].n = told.bytes;
	}
	return 0;
}

int
look_all_names(const struct look *l, const struct source_opt *o,
    uint64_t workers, struct schema *names, struct err *e)
{
	struct work w = {l, o, xcalloc(l->shards.n, sizeof(*w.text))};
	size_t n = workers > l->shards.n ? l->shards.n : workers;
	struct helper *h = xcalloc(n + 1, sizeof(*h));
	size_t i, others = n > 1 ? n - 1 : 0, started = 0;
	int rc = 0;

	if (others)
		rc = helpers_start(h, others, &started, read_some, &w, e);
	for (i = 0; rc == 0 && i < l->shards.n; i += others + 1)
		rc = read_names(l->shards.v[i].path, o, &w.text[i], e);
	for (i = 0; rc == 0 && i < others; i++)
		rc = hear_all(&h[i], w.text, i + 1, others + 1, l->shards.n, e);
	rc = helpers_end(h, started, rc, e);
	for (i = 0; i < l->shards.n; i++) {
		if (rc == 0)
			add_names(names, w.text[i].p, w.text[i].n);
		buf_fini(&w.text[i]);
	}
	free(w.text);
	free(h);
	return rc;
}

int
look_names(
    struct look *l, const struct source_opt *o, uint64_t workers, struct err *e)
{
	struct buf text = BUF_ZERO;
	int rc;

	if (l->json)
		return look_all_names(l, o, workers, &l->names, e);
	rc = read_names(l->shards.v[0].path, o, &text, e);
	if (rc == 0)
		add_names(&l->names, text.p, text.n);
	buf_fini(&text);
	return rc;
}

bool
look_has(const struct look *l, const char *name)
{
	return schema_find(&l->names, bytes_str(name)) >= 0;
}

void
look_header(const struct schema *names, struct buf *b)
{
	size_t i;
	const char *p;

	for (i = 0; i < names->ncol; i++) {
		buf_puts(b, i ? ",\"" : "\"");
		for (p = names->col[i].name; *p; p++) {
			if (*p == '"')
				buf_putc(b, '"');
			buf_putc(b, *p);
		}
		buf_putc(b, '"');
	}
	buf_putc(b, '\n');
}

void
look_list(const struct schema *names, struct buf *b)
{
	size_t i;

	for (i = 0; i < names->ncol; i++)
		buf_printf(b, "%s%s", i ? ", " : "", names->col[i].name);
}

enum look_types
look_types(const struct look *l, const char *format)
{
	bool parquet = format && strcmp(format, "parquet") == 0;
	bool declared = l->parquet && (parquet || !format);

	if ((parquet || declared) && (l->csv || l->json))
		return TYPES_SCHEMA;
	if (format && strcmp(format, "jsonl") == 0 && l->csv)
		return TYPES_SCHEMA;
	return declared ? TYPES_DECLARED : TYPES_NONE;
}

bool
look_is_large(uint64_t bytes)
{
	struct machine m;
	uint64_t memory;

	machine_look(&m, "");
	memory = m.memory;
	if (m.memory_limit && (!memory || m.memory_limit < memory))
		memory = m.memory_limit;
	return memory && bytes > memory / 3;
}

uint64_t
look_cores(void)
{
	struct machine m;

	machine_look(&m, "");
	return machine_jobs(&m, 1);
}

void
look_fini(struct look *l)
{
	shards_fini(&l->shards);
	schema_fini(&l->names);
	*l = LOOK_ZERO;
}
