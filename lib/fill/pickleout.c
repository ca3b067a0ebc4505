#include "fill/pickleout.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "fill/pickleop.h"

static void
put_text(struct buf *b, struct bytes s)
{
	char head[5] = {BINUNICODE};
	int i;

	assert(s.n <= UINT32_MAX);
	for (i = 0; i < 4; i++)
		head[1 + i] = (char)(s.n >> 8 * i);
	buf_put(b, head, sizeof(head));
	buf_putb(b, s);
}

void
pickle_put_dict_begin(struct buf *b)
{
	static const char head[] = {(char)PROTO, 2, EMPTY_DICT, MARK};

	buf_put(b, head, sizeof(head));
}

void
pickle_put_dict_number(struct buf *b, struct bytes key, double number)
{
	char cell[9] = {BINFLOAT};
	uint64_t bits;
	int i;

	assert(isfinite(number));
	memcpy(&bits, &number, sizeof(bits));
	for (i = 0; i < 8; i++)
		cell[1 + i] = (char)(bits >> (56 - 8 * i));
	put_text(b, key);
	buf_put(b, cell, sizeof(cell));
}

void
pickle_put_dict_text(struct buf *b, struct bytes key, struct bytes s)
{
	put_text(b, key);
	put_text(b, s);
}

void
pickle_put_dict_end(struct buf *b)
{
	buf_putc(b, SETITEMS);
	buf_putc(b, STOP);
}
