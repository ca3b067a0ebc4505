#include "chain/stage.h"

int
pass_at(
    const struct pass *p, const struct block *b, uint32_t row, struct err *e)
{
	return err_prefix(
	    e, "%s:%llu: ", p->input, (unsigned long long)block_line(b, row));
}

bool
pass_source(const struct pass *p, struct identity *id, uint64_t *digest)
{
	struct err ignored;

	if (p->have_input) {
		*id = p->id;
		*digest = p->digest;
		return true;
	}
	/* The end marker of a stream says which bytes its rows come from. */
	if (!p->account.have_digest || !p->like ||
	    identity_of(p->like, id, &ignored) < 0 ||
	    id->size != p->account.size)
		return false;
	*digest = p->account.digest;
	return true;
}
