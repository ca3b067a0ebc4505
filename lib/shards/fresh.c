#include "shards/fresh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "io/tsv.h"

int
fresh_begin(struct fresh *f, const char *facts, struct err *e)
{
	struct buf text = BUF_ZERO;
	int rc;

	if (!f->out && (facts || f->scope || f->verify))
		return err_kind_set(e, ERR_USAGE,
		    "%s asks what is done: it needs --todo OUT",
		    facts          ? "--facts"
			: f->scope ? "--scope"
				   : "--verify");
	if (!facts)
		return 0;
	rc = file_load(facts, &text, e);
	if (rc == 0)
		f->facts = digest_of(text.p, text.n);
	buf_fini(&text);
	return rc;
}

bool
fresh_files(const struct record *r, const char *out)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < r->nfile && ok; i++) {
		char *path = record_file_path(out, r->file[i].name);
		struct stat sb;

		ok = stat(path, &sb) == 0 &&
		    (uint64_t)sb.st_size == r->file[i].bytes;
		free(path);
	}
	return ok;
}

bool
fresh_input(const struct record *r, const char *path, bool verify)
{
	struct identity id;
	struct err ignored;
	uint64_t digest;

	if (!r->input || identity_of(path, &id, &ignored) < 0)
		return false;
	if (!verify && strcmp(r->input, path) == 0 && identity_eq(id, r->id))
		return true;
	/* another name or another time, but the same bytes: still done */
	return in_digest_file(path, &digest, &ignored) == 0 &&
	    digest == r->input_digest;
}

bool
fresh_is_done(const struct fresh *f, const char *path, uint64_t number)
{
	char *shard, *path_of_record;
	struct record r;
	struct err ignored;
	bool done = false;

	if (!f->out)
		return false;
	shard = record_shard(f->scope, number);
	path_of_record = record_path(f->out, shard);
	if (record_load(&r, path_of_record, &ignored) == 0) {
		done = r.facts == f->facts && fresh_files(&r, f->out) &&
		    fresh_input(&r, path, f->verify);
		record_fini(&r);
	}
	free(path_of_record);
	free(shard);
	return done;
}
