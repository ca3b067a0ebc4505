#include "fill/pickle.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "fill/pickleop.h"

/* What an opcode may put into the memo. */
enum top { TOP_NOTHING, TOP_DICT, TOP_MARK, TOP_NUMBER, TOP_TEXT };

/* p of the dict's own slot in the memo */
static const char the_dict[1];

struct reader {
	const char *name;
	struct bytes file;
	size_t pos, frame_end;
	struct err *e;

	/* the opcode at hand */
	size_t at;
	unsigned char code;
	struct bytes arg; /* without its size, without LF */

	/*
	 * Where in the dict.  What Python would have on its stack is the dict
	 * (have), a mark on it (marked) and npending keys and values, which are
	 * in d already: pairs are never taken back, so they may as well.
	 */
	bool have, marked;
	size_t npending;
	struct pickle_dict *d;
	size_t cap;
	enum top top;
	struct bytes top_text;

	struct bytes *memo; /* p is NULL where nothing was put */
	size_t memo_cap, nput;
	size_t nobject;   /* what could be in the memo: texts, and the dict */
	size_t nrepeated; /* bytes that came from the memo */
	size_t heap_used;
};

#define refuse(r, ...) err_set((r)->e, __VA_ARGS__)

/* Refuses the opcode at hand. */
static int
refuse_op(const struct reader *r, const char *why)
{
	size_t n = r->d->n;

	if (why != pickle_runs_code && r->npending % 2 == 1)
		return refuse(r, "%s: pickle opcode %s at byte %zu %s (key %s)",
		    r->name, pickle_opcodes[r->code].name, r->at, why,
		    err_quote(r->d->v[n - 1].key));
	return refuse(r, "%s: pickle opcode %s at byte %zu %s", r->name,
	    pickle_opcodes[r->code].name, r->at, why);
}

static uint64_t
little(const char *p, size_t n)
{
	uint64_t x = 0;

	while (n-- > 0)
		x = x << 8 | (unsigned char)p[n];
	return x;
}

static uint64_t
big(const char *p, size_t n)
{
	uint64_t x = 0;

	while (n-- > 0)
		x = x << 8 | (unsigned char)*p++;
	return x;
}

/* The bytes that an argument takes, its size or LF included; -1. */
static int
measure(struct reader *r, enum pickle_arg kind, size_t *len, size_t *skip)
{
	const char *p = r->file.p + r->pos, *lf;
	size_t left = r->file.n - r->pos, width, lines;
	uint64_t n;

	*len = *skip = 0;
	switch (kind) {
	case ARG_NONE: return 0;
	case ARG_1: *len = 1; break;
	case ARG_2: *len = 2; break;
	case ARG_4: *len = 4; break;
	case ARG_8: *len = 8; break;
	case ARG_LINE:
	case ARG_LINES:
		for (lines = kind == ARG_LINES ? 2 : 1; lines > 0; lines--) {
			lf = memchr(p + *len, '\n', left - *len);
			if (!lf)
				return refuse(r,
				    "%s: truncated: the line of pickle opcode "
				    "%s at byte %zu does not end",
				    r->name, pickle_opcodes[r->code].name,
				    r->at);
			*len = (size_t)(lf - p) + 1;
		}
		return 0;
	case ARG_SIZED1:
	case ARG_SIZED4:
	case ARG_SIZED8:
		width = kind == ARG_SIZED1 ? 1 : kind == ARG_SIZED4 ? 4 : 8;
		*len = *skip = width;
		if (left < width)
			break;
		n = little(p, width);
		if (n > left - width)
			return refuse(r,
			    "%s: truncated: pickle opcode %s at byte %zu wants "
			    "%llu bytes, %zu are left",
			    r->name, pickle_opcodes[r->code].name, r->at,
			    (unsigned long long)n, left - width);
		*len += (size_t)n;
		return 0;
	}
	if (*len > left)
		return refuse(r,
		    "%s: truncated: pickle opcode %s at byte %zu wants %zu "
		    "bytes, %zu are left",
		    r->name, pickle_opcodes[r->code].name, r->at, *len, left);
	return 0;
}

/* The next opcode and its argument, both inside the file and the frame. */
static int
next(struct reader *r)
{
	const struct pickle_opcode *op;
	bool framed = r->pos < r->frame_end;
	size_t len, skip;
	uint64_t n;

	if (r->pos == r->file.n)
		return refuse(
		    r, "%s: truncated: a pickle ends with STOP", r->name);
	r->at = r->pos;
	r->code = (unsigned char)r->file.p[r->pos++];
	op = &pickle_opcodes[r->code];
	if (!op->name)
		return refuse(r, "%s: byte %zu, 0x%02x, is no pickle opcode",
		    r->name, r->at, r->code);
	if (measure(r, op->arg, &len, &skip) < 0)
		return -1;
	r->arg = bytes_of(r->file.p + r->pos + skip, len - skip);
	if (op->arg == ARG_LINE)
		r->arg.n--;
	r->pos += len;
	if (framed && r->pos > r->frame_end)
		return refuse_op(r, "runs past the end of its frame");
	if (r->code == FRAME) {
		n = little(r->arg.p, 8);
		if (framed)
			return refuse_op(r, "lies inside another frame");
		if (n > r->file.n - r->pos)
			return refuse(r,
			    "%s: truncated: the frame at byte %zu is of %llu "
			    "bytes, %zu are left",
			    r->name, r->at, (unsigned long long)n,
			    r->file.n - r->pos);
		r->frame_end = r->pos + (size_t)n;
	}
	return 0;
}

/*
 * All opcodes up to STOP, without a look at what they make: is the pickle
 * whole, and is there one that could run code?  That is to be said before
 * anything else is complained about.
 */
static int
scan(struct reader *r)
{
	do {
		if (next(r) < 0)
			return -1;
		if (pickle_opcodes[r->code].refusal == pickle_runs_code)
			return refuse_op(r, pickle_runs_code);
	} while (r->code != STOP);
	if (r->pos < r->file.n)
		return refuse(r,
		    "%s: %zu bytes behind the end of the pickle at byte %zu",
		    r->name, r->file.n - r->pos, r->at);
	r->pos = r->frame_end = 0;
	return 0;
}

/*
 * A place for a key or a value: its pair in *p.  A key opens the pair; there
 * are never more than one pair behind a dict without a mark.
 */
static int
place(struct reader *r, bool *is_key, struct pickle_pair **p)
{
	struct pickle_dict *d = r->d;

	if (!r->have && !r->marked)
		return refuse_op(r, "is refused: it stands outside of a dict");
	*is_key = r->npending % 2 == 0;
	if (*is_key) {
		if (r->npending > 0 && !r->marked)
			return refuse_op(r, "is refused: SETITEM should come");
		if (d->n == PICKLE_MAX_PAIRS)
			return refuse(r, "%s: more than %zu pairs", r->name,
			    PICKLE_MAX_PAIRS);
		if (d->n == r->cap) {
			r->cap = r->cap * 2 + 64;
			d->v = xrealloc(d->v, r->cap * sizeof(*d->v));
		}
		d->v[d->n++] = (struct pickle_pair){.at = r->at};
	}
	*p = &d->v[d->n - 1];
	return 0;
}

static int
text(struct reader *r, struct bytes s)
{
	struct pickle_pair *p;
	bool is_key;

	if (place(r, &is_key, &p) < 0)
		return -1;
	if (is_key)
		p->key = s;
	else
		p->text = s;
	r->npending++;
	r->top = TOP_TEXT;
	r->top_text = s;
	return 0;
}

static int
utf8_text(struct reader *r)
{
	if (!utf8_valid(r->arg))
		return refuse_op(r, "is refused: the text is not valid UTF-8");
	r->nobject++;
	return text(r, r->arg);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

/*
 * Protocol 0: one byte per character up to U+00FF, \uXXXX and \UXXXXXXXX for
 * the others, and for LF, NUL and the backslash itself.  A byte becomes at
 * most two, an escape of 6 or 10 bytes at most four: the heap of twice the
 * file's size never overflows.
 */
static int
escaped_text(struct reader *r)
{
	struct bytes s = r->arg;
	struct pickle_dict *d = r->d;
	char *start, *o;
	size_t i = 0;

	if (!d->heap)
		d->heap = xmalloc(2 * r->file.n);
	start = o = d->heap + r->heap_used;
	while (i < s.n) {
		uint32_t c = (unsigned char)s.p[i++];
		size_t left, len;

		if (c == '\\') {
			left = i < s.n && s.p[i] == 'u' ? 4
			    : i < s.n && s.p[i] == 'U'  ? 8
							: 0;
			i++;
			if (left == 0 || left > s.n - i)
				return refuse_op(
				    r, "is refused: a bad escape in the text");
			for (c = 0; left > 0; left--) {
				int x = hex_digit(s.p[i++]);

				if (x < 0)
					return refuse_op(r,
					    "is refused: a bad escape in the "
					    "text");
				c = c << 4 | (uint32_t)x;
			}
		}
		len = utf8_put(c, o);
		if (len == 0)
			return refuse_op(r,
			    "is refused: the text has an escape that is no "
			    "character");
		o += len;
	}
	r->heap_used += (size_t)(o - start);
	assert(r->heap_used <= 2 * r->file.n);
	r->nobject++;
	return text(r, bytes_of(start, (size_t)(o - start)));
}

static int
number(struct reader *r, double v, enum pickle_kind kind)
{
	struct pickle_pair *p;
	bool is_key;

	if (r->npending % 2 == 1 && !isfinite(v))
		return refuse_op(r, "is refused: it makes nan or inf");
	if (place(r, &is_key, &p) < 0)
		return -1;
	if (is_key)
		return refuse_op(r, "is refused: a key must be text");
	p->number = v;
	p->kind = kind;
	r->npending++;
	r->top = TOP_NUMBER;
	return 0;
}

static int
float_line(struct reader *r)
{
	struct bytes s = r->arg;
	double v = 0;

	if (s.n > 0 && (*s.p == '-' || *s.p == '+'))
		s = bytes_of(s.p + 1, s.n - 1);
	if (bytes_eq(s, bytes_str("inf")) || bytes_eq(s, bytes_str("nan")))
		v = INFINITY;
	else if (r->arg.n >= NUMBER_MAX || !parse_double(r->arg, &v))
		return refuse_op(r, "is refused: the line is no number");
	return number(r, v, PICKLE_FLOAT);
}

static int
int_line(struct reader *r)
{
	struct bytes s = r->arg;
	double v;

	if (r->code == INT && s.n == 2 && s.p[0] == '0')
		return refuse_op(r, pickle_bool_value);
	if (r->code == LONG && s.n > 0 && s.p[s.n - 1] == 'L')
		s.n--;
	if (class_number(s) != CLASS_INT)
		return refuse_op(r, "is refused: the line is no integer");
	if (!number_exact(s, &v))
		return refuse_op(r, pickle_too_long);
	return number(r, v, PICKLE_INT);
}

/*
 * Two's complement, lowest byte first, of any length.  A double is exactly
 * this number if from its highest bit to its lowest are at most 53.
 */
static int
int_bytes(struct reader *r)
{
	unsigned char m[255] = {0}; /* the magnitude */
	size_t n = r->arg.n, i, bit, low = 0, high = 0;
	bool neg = n > 0 && (r->arg.p[n - 1] & 0x80), any = false;
	unsigned carry = neg;
	double v = 0;

	for (i = 0; i < n; i++) {
		unsigned c = (unsigned char)r->arg.p[i];

		if (neg) {
			c = (c ^ 0xff) + carry;
			carry = c >> 8;
		}
		m[i] = (unsigned char)c;
		for (bit = 0; bit < 8; bit++)
			if (m[i] >> bit & 1) {
				high = i * 8 + bit;
				if (!any)
					low = high;
				any = true;
			}
	}
	if (high - low >= 53 || high >= 1024)
		return refuse_op(r, pickle_too_long);
	for (i = n; i-- > 0;)
		v = v * 256 + m[i];
	return number(r, neg ? -v : v, PICKLE_INT);
}

/* A decimal index into the memo. */
static int
index_line(struct reader *r, uint64_t *index)
{
	if (!parse_u64(r->arg, index))
		return refuse_op(r, "is refused: the line is no index");
	return 0;
}

/*
 * Python counts what it puts into the memo from 0, or from 1, so an index
 * above the count of what could be in it is no Python's, and the memo cannot
 * be made larger than the file has reason for.
 */
static int
put(struct reader *r, uint64_t index)
{
	size_t i = (size_t)index;

	if (r->top != TOP_TEXT && r->top != TOP_DICT)
		return refuse_op(
		    r, "is refused: only text and the dict go into the memo");
	if (index > r->nobject)
		return refuse_op(r, "is refused: its index is too large");
	if (i >= r->memo_cap) {
		size_t cap = r->memo_cap * 2 + 64;

		cap = cap > i ? cap : i + 1;
		r->memo = xrealloc(r->memo, cap * sizeof(*r->memo));
		memset(r->memo + r->memo_cap, 0,
		    (cap - r->memo_cap) * sizeof(*r->memo));
		r->memo_cap = cap;
	}
	if (r->memo[i].p)
		return refuse_op(r, "is refused: its index is taken");
	r->memo[i] = r->top == TOP_TEXT ? r->top_text : bytes_of(the_dict, 0);
	r->nput++;
	return 0;
}

/*
 * The texts that come from the memo may together be as long as the largest
 * file: whoever copies them must not be made to copy one long text a million
 * times.
 */
static int
get(struct reader *r, uint64_t index)
{
	struct bytes s;

	if (index >= r->memo_cap || !r->memo[index].p)
		return refuse_op(r, "is refused: nothing is there in the memo");
	s = r->memo[index];
	if (s.p == the_dict)
		return refuse_op(r, pickle_no_value);
	if (s.n > PICKLE_MAX_BYTES - r->nrepeated)
		return refuse(r,
		    "%s: repeated text unfolds to more than %zu MiB", r->name,
		    PICKLE_MAX_BYTES >> 20);
	r->nrepeated += s.n;
	return text(r, s);
}

static int
new_dict(struct reader *r)
{
	if (r->have)
		return refuse_op(
		    r, "is refused: a dict inside of the dict, or two of them");
	if (r->code == EMPTY_DICT ? r->marked : !r->marked)
		return refuse_op(r, pickle_no_place);
	if (r->npending % 2 == 1)
		return refuse_op(r, "is refused: a key has no value");
	r->have = true;
	r->marked = false;
	r->npending = 0;
	r->nobject++;
	r->top = TOP_DICT;
	return 0;
}

static int
mark(struct reader *r)
{
	if (r->marked || r->npending > 0)
		return refuse_op(r, pickle_no_value);
	r->marked = true;
	r->top = TOP_MARK;
	return 0;
}

static int
set_items(struct reader *r)
{
	if (!r->have)
		return refuse_op(r, "is refused: it stands outside of a dict");
	if (r->npending % 2 == 1)
		return refuse_op(r, "is refused: a key has no value");
	if (r->code == SETITEMS ? !r->marked : r->marked || r->npending != 2)
		return refuse_op(r, pickle_no_place);
	r->marked = false;
	r->npending = 0;
	r->top = TOP_DICT;
	return 0;
}

static int
stop(struct reader *r)
{
	if (!r->have)
		return refuse(r, "%s: the pickle holds no dict", r->name);
	if (r->marked || r->npending > 0)
		return refuse_op(r, "is refused: the dict is not complete");
	return 0;
}

/* Does what the opcode at hand says. */
static int
step(struct reader *r)
{
	uint64_t u = 0, bits;
	double v;

	switch (r->code) {
	case PROTO:
		if (r->at != 0)
			return refuse_op(r, pickle_no_place);
		u = (unsigned char)r->arg.p[0];
		return u <= 5 ? 0
			      : refuse(r,
				    "%s: pickle protocol %u is not known, only "
				    "0 to 5",
				    r->name, (unsigned)u);
	case FRAME: return 0; /* may stand between a text and its MEMOIZE */
	case MARK: return mark(r);
	case EMPTY_DICT:
	case DICT: return new_dict(r);
	case SETITEM:
	case SETITEMS: return set_items(r);
	case STOP: return stop(r);
	case FLOAT: return float_line(r);
	case BINFLOAT:
		bits = big(r->arg.p, 8);
		memcpy(&v, &bits, sizeof(v));
		return number(r, v, PICKLE_FLOAT);
	case INT:
	case LONG: return int_line(r);
	case BININT1:
	case BININT2:
		return number(
		    r, (double)little(r->arg.p, r->arg.n), PICKLE_INT);
	case BININT:
		return number(r, (double)(int32_t)(uint32_t)little(r->arg.p, 4),
		    PICKLE_INT);
	case LONG1: return int_bytes(r);
	case UNICODE: return escaped_text(r);
	case BINUNICODE:
	case SHORT_BINUNICODE:
	case BINUNICODE8: return utf8_text(r);
	case GET: return index_line(r, &u) < 0 ? -1 : get(r, u);
	case BINGET:
	case LONG_BINGET: return get(r, little(r->arg.p, r->arg.n));
	case PUT: return index_line(r, &u) < 0 ? -1 : put(r, u);
	case BINPUT:
	case LONG_BINPUT: return put(r, little(r->arg.p, r->arg.n));
	case MEMOIZE: return put(r, r->nput);
	default: return refuse_op(r, pickle_opcodes[r->code].refusal);
	}
}

static int
by_key(const void *a, const void *b)
{
	const struct pickle_pair *x = *(const struct pickle_pair *const *)a;
	const struct pickle_pair *y = *(const struct pickle_pair *const *)b;
	int c = bytes_cmp(x->key, y->key);

	return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* Keys differ. */
static int
check_keys(const struct reader *r)
{
	const struct pickle_dict *d = r->d;
	const struct pickle_pair **v = xcalloc(d->n, sizeof(*v));
	size_t i;
	int rc = 0;

	for (i = 0; i < d->n; i++)
		v[i] = &d->v[i];
	qsort(v, d->n, sizeof(*v), by_key);
	for (i = 1; i < d->n && rc == 0; i++)
		if (bytes_eq(v[i - 1]->key, v[i]->key))
			rc = refuse(r, "%s: key %s at byte %zu comes twice",
			    r->name, err_quote(v[i]->key), v[i]->at);
	free(v);
	return rc;
}

int
pickle_parse(
    struct pickle_dict *d, const char *name, struct bytes file, struct err *e)
{
	struct reader r = {.name = name, .file = file, .e = e, .d = d};
	int rc;

	*d = (struct pickle_dict){NULL, 0, NULL};
	if (file.n > PICKLE_MAX_BYTES)
		return refuse(&r, "%s: a pickle of more than %zu MiB", name,
		    PICKLE_MAX_BYTES >> 20);
	rc = scan(&r);
	while (rc == 0 && r.pos < file.n) {
		rc = next(&r);
		if (rc == 0)
			rc = step(&r);
	}
	if (rc == 0)
		rc = check_keys(&r);
	free(r.memo);
	if (rc < 0)
		pickle_fini(d);
	return rc;
}

void
pickle_fini(struct pickle_dict *d)
{
	free(d->v);
	free(d->heap);
	*d = (struct pickle_dict){NULL, 0, NULL};
}
