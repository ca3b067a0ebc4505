#include "rows/cell.h"

/* What is neither empty, token nor number. */
static enum kind
word_kind(struct bytes v, struct instant *t)
{
	static const char *const bools[] = {
	    "true", "false", "True", "False", "TRUE", "FALSE"};
	size_t i;

	if (v.n == 4 || v.n == 5)
		for (i = 0; i < LEN(bools); i++)
			if (bytes_eq(v, bytes_str(bools[i])))
				return KIND_BOOL;
	if (v.n >= 10 && v.p[4] == '-')
		switch (instant_parse(v, t)) {
		case TIME_LOCAL: return KIND_LOCAL;
		case TIME_ZONED: return KIND_ZONED;
		default: break;
		}
	return KIND_TEXT;
}

void
cell_scan(struct cell *c, const struct na_rule *na, struct bytes v)
{
	enum cell_class class;

	if (v.n == 0) {
		c->state = CELL_EMPTY;
		return;
	}
	if (begins_text(v.p[0], v.n) && !na->token) {
		c->state = CELL_VALUE;
		c->kind = KIND_TEXT;
		return;
	}
	class = number_scan(v, &c->num);
	if (class == CLASS_TEXT ? na_is_token(na, v)
				: na_is_number_token(na, v)) {
		c->state = CELL_TOKEN;
		return;
	}
	c->state = CELL_VALUE;
	switch (class) {
	case CLASS_INT: c->kind = KIND_INT; break;
	case CLASS_FLOAT: c->kind = KIND_FLOAT; break;
	case CLASS_ODD: c->kind = KIND_ODD; break;
	case CLASS_INF: c->kind = KIND_INF; break;
	case CLASS_TEXT: c->kind = word_kind(v, &c->time); break;
	}
}

enum kind
kind_of(struct bytes v)
{
	static const struct na_rule none = {.everywhere = false};
	struct cell c;

	cell_scan(&c, &none, v);
	return c.state == CELL_VALUE ? c.kind : KIND_TEXT;
}
