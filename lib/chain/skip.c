#include "chain/skip.h"

#include <stdlib.h>
#include <string.h>

#include "pass1/depend.h"
#include "shards/fresh.h"

/* The names of the file whose header all shards must have. */
static int
header_facts(const struct source_opt *o, struct buf *b, struct err *e)
{
	struct source_opt opt = *o;
	struct pass pass = {.warn = NULL};
	struct schema s = SCHEMA_ZERO;
	char *path = xstrdup(o->header_of);
	struct source *src;
	size_t i;

	opt.names = true;
	opt.header_of = opt.context = opt.columns = NULL;
	opt.needed = opt.early = NULL;
	src = source_open(&opt, &path, 1, 0, false, NULL, &s, &pass, e);
	for (i = 0; src && i < s.ncol; i++) {
		buf_puts(b, "column\t");
		tsv_put(b, bytes_str(s.col[i].name));
		buf_putc(b, '\n');
	}
	source_close(src);
	schema_fini(&s);
	free(path);
	return src ? 0 : -1;
}

int
chain_facts(const struct chain *c, struct buf *b, struct err *e)
{
	const struct source_opt *o = &c->source;
	void *defaults;
	size_t i;

	buf_printf(b, "facts\t2\nsource\t%llx\t%d\n",
	    (unsigned long long)source_fingerprint(o), o->header);
	if (o->columns) {
		buf_puts(b, "columns\t");
		tsv_put(b, bytes_str(o->columns));
		buf_putc(b, '\n');
	}
	if (o->header_of && header_facts(o, b, e) < 0)
		return -1;
	for (i = 0; i < c->nlink; i++) {
		const struct filter *f = c->link[i].filter;

		buf_printf(b, "filter\t%s\n", f->name);
		defaults = xcalloc(1, f->opt_size);
		f->defaults(defaults);
		opt_text(f->specs, c->link[i].opt, defaults, b);
		free(defaults);
		if (f->depends)
			f->depends(c->link[i].opt, b);
	}
	return 0;
}

bool
chain_is_done(const struct chain *c, char *const *path, size_t n,
    uint64_t facts, bool verify)
{
	const struct link *l = c->nlink ? &c->link[c->nlink - 1] : NULL;
	struct recorded where;
	struct record r;
	struct err ignored;
	char *file;
	bool done;
	size_t i;

	if (!l || !l->filter->recorded)
		return false;
	if (!l->filter->recorded(l->opt, n == 1 ? path[0] : NULL, &where))
		return false; /* the filter will say what is missing */
	*where.facts = facts;
	if (!where.shard)
		return false;
	file = record_path(where.out, where.shard);
	free(where.shard);
	done = record_load(&r, file, &ignored) == 0;
	free(file);
	if (!done)
		return false;
	for (i = 0; i < c->nlink && done; i++)
		if (c->link[i].filter->whole)
			done = c->link[i].filter->whole(
			    c->link[i].opt, n == 1 ? path[0] : NULL);
	done = done && r.facts == facts && fresh_files(&r, where.out) &&
	    (where.all || fresh_input(&r, path[0], verify));
	record_fini(&r);
	return done;
}

int
skip_inputs(char *const *path, size_t n, struct buf *text, struct err *e)
{
	struct identity id;
	size_t i;

	for (i = 0; i < n; i++) {
		if (identity_of(path[i], &id, e) < 0)
			return -1;
		buf_puts(text, "input\t");
		tsv_put(text, bytes_str(path[i]));
		buf_printf(text, "\t%llu\t%lld\t%llu\n",
		    (unsigned long long)id.size, (long long)id.mtime_ns,
		    (unsigned long long)id.inode);
	}
	return 0;
}
