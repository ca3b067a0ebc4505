#include "filters/condition.h"

#include <string.h>

int
condition_parse(const char *text, struct condition *c, struct err *e)
{
	static const struct {
		const char *word;
		enum condition_op op;
	} ops[] = {{" == ", OP_EQ}, {" != ", OP_NE}, {" <= ", OP_LE},
	    {" >= ", OP_GE}, {" < ", OP_LT}, {" > ", OP_GT}, {" = ", OP_EQ}};
	const char *at = NULL, *q;
	size_t i, len = 0;

	for (i = 0; i < LEN(ops); i++) {
		q = strstr(text, ops[i].word);
		if (q && (!at || q < at)) {
			at = q;
			len = strlen(ops[i].word);
			c->op = ops[i].op;
		}
	}
	if (!at)
		return err_kind_set(e, ERR_USAGE,
		    "--where %s: expected 'COL OP VALUE' with OP one of == "
		    "!= < <= > >= between blanks",
		    err_quote(bytes_str(text)));
	c->column = bytes_of(text, (size_t)(at - text));
	c->value = bytes_str(at + len);
	return 0;
}
