#include "chain/stage.h"

int
run_at(const struct run *r, const struct batch *b, uint32_t row, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", r->input, (unsigned long long)batch_line(b, row));
}

bool
run_source(const struct run *r, struct identity *id, uint64_t *digest)
{
	struct err ignored;

	if (r->have_input) {
		*id = r->id;
		*digest = r->digest;
		return true;
	}
	/* a stream's end marker says which bytes it comes from */
	if (!r->account.have_digest || !r->like ||
	    identity_of(r->like, id, &ignored) < 0 ||
	    id->size != r->account.size)
		return false;
	*digest = r->account.digest;
	return true;
}
