#include "rows/coltype.h"

#include <string.h>

#define MAX_LEN 64

const char *
coltype(struct bytes name)
{
	static struct known {
		char *name;
		struct known *next;
	} * known;
	struct known *k;
	size_t i;

	if (name.n == 0 || name.n > MAX_LEN)
		return NULL;
	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == ' ' || c == '(' || c == ')' ||
			c == ','))
			return NULL;
	}
	for (k = known; k; k = k->next)
		if (bytes_eq(bytes_str(k->name), name))
			return k->name;
	k = xmalloc(sizeof(*k));
	k->name = xstrndup(name.p, name.n);
	k->next = known;
	known = k;
	return k->name;
}

bool
coltype_range(const char *type, int64_t *min, int64_t *max)
{
	static const struct {
		const char *name;
		int64_t min, max;
	} ints[] = {{"TINYINT", INT8_MIN, INT8_MAX},
	    {"SMALLINT", INT16_MIN, INT16_MAX},
	    {"INTEGER", INT32_MIN, INT32_MAX}, {"BIGINT", INT64_MIN, INT64_MAX},
	    {"UTINYINT", 0, UINT8_MAX}, {"USMALLINT", 0, UINT16_MAX},
	    {"UINTEGER", 0, UINT32_MAX}};
	size_t i;

	for (i = 0; i < LEN(ints); i++)
		if (strcmp(type, ints[i].name) == 0) {
			*min = ints[i].min;
			*max = ints[i].max;
			return true;
		}
	return false;
}

bool
coltype_is_number(const char *type)
{
	int64_t min, max;

	return coltype_range(type, &min, &max) || strcmp(type, "DOUBLE") == 0 ||
	    strcmp(type, "FLOAT") == 0 || strcmp(type, "UBIGINT") == 0 ||
	    strcmp(type, "HUGEINT") == 0 || strcmp(type, "UHUGEINT") == 0 ||
	    strncmp(type, "DECIMAL", 7) == 0;
}

const char *
coltype_join(const char *a, const char *b)
{
	int64_t min, max;

	if (!a || !b || strcmp(a, b) == 0)
		return a && b ? a : NULL;
	if (coltype_range(a, &min, &max) && coltype_range(b, &min, &max))
		return coltype(bytes_str("BIGINT"));
	if (coltype_is_number(a) && coltype_is_number(b))
		return coltype(bytes_str("DOUBLE"));
	return coltype(bytes_str("VARCHAR"));
}
