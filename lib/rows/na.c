#include "rows/na.h"

#include <stdlib.h>
#include <string.h>

/* The default na_values of pandas.read_csv, less the empty string. */
bool
is_na_token(struct bytes s)
{
#define TOKEN(t)                                                               \
	{                                                                      \
		sizeof(t) - 1, t                                               \
	}
	static const struct {
		uint8_t n;
		char text[9];
	} token[] = {TOKEN("NA"), TOKEN("NaN"), TOKEN("#NA"), TOKEN("N/A"),
	    TOKEN("n/a"), TOKEN("nan"), TOKEN("#N/A"), TOKEN("-NaN"),
	    TOKEN("-nan"), TOKEN("<NA>"), TOKEN("NULL"), TOKEN("None"),
	    TOKEN("null"), TOKEN("1.#IND"), TOKEN("-1.#IND"), TOKEN("1.#QNAN"),
	    TOKEN("#N/A N/A"), TOKEN("-1.#QNAN")};
#undef TOKEN
	size_t i;

	if (s.n < 2 || s.n > 8)
		return false;
	switch (s.p[0]) {
	case '#':
	case '-':
	case '1':
	case '<':
	case 'N':
	case 'n': break;
	default: return false;
	}
	for (i = 0; i < LEN(token) && token[i].n <= s.n; i++)
		if (token[i].n == s.n && memcmp(token[i].text, s.p, s.n) == 0)
			return true;
	/* nan in any case is a token, because strtod would read it */
	return s.n == 3 && (s.p[0] | 0x20) == 'n' && (s.p[1] | 0x20) == 'a' &&
	    (s.p[2] | 0x20) == 'n';
}

void
na_rule_init(struct na_rule *r, const char *spec)
{
	const char *p, *q;

	memset(r, 0, sizeof(*r));
	if (!spec || strcmp(spec, "auto") == 0)
		return;
	r->everywhere = true;
	if (strcmp(spec, "pandas") == 0)
		return;
	r->spec = xstrdup(spec);
	for (p = r->spec; p; p = *q ? q + 1 : NULL) {
		q = strchrnul(p, ',');
		r->token =
		    xrealloc(r->token, (r->ntoken + 1) * sizeof(*r->token));
		r->token[r->ntoken++] = bytes_of(p, (size_t)(q - p));
	}
}

void
na_rule_fini(struct na_rule *r)
{
	free(r->token);
	free(r->spec);
	memset(r, 0, sizeof(*r));
}

bool
na_is_token(const struct na_rule *r, struct bytes s)
{
	size_t i;

	if (!r->token)
		return is_na_token(s);
	for (i = 0; i < r->ntoken; i++)
		if (bytes_eq(s, r->token[i]))
			return true;
	return false;
}
