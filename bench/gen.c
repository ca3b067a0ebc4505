/*
 * gen - sample tables in shards, the same bytes every time.
 *
 * A row is a function of (seed, table, number of rows, row number) and of
 * nothing else: no state is carried from one row to the next.  So a shard can
 * be written without the shards before it, memory does not grow with the
 * table, and the same rows come out however many shards they are dealt into.
 * Only integers are used, hence no rounding that differs between machines.
 *
 * What the rows are like (and what it is there to exercise):
 *
 * - Orders come in the order of their dates only roughly: a row sits up to ten
 *   days from its place in the year, one in 32 anywhere.  Neighbouring shards
 *   overlap, and every shard has rows of each part of a split by date.
 * - Customers: a third as many as rows.  Their number grows over the year, and
 *   a few order again and again.
 * - One row in 64 belongs to the order of the row before it (same customer,
 *   same second): ties for whoever keeps the first row of each key.  In trades
 *   one in 8 is a further fill: same listing, same microsecond.
 * - ListingIds have four to eight digits, so that their order as numbers and as
 *   bytes differ.  Popularity follows a Zipf-Mandelbrot law: weight 1/(k+2).
 * - Text holds commas, doubled quotes, quotes that were not needed, UTF-8 and
 *   line feeds.
 * - orderDate, transactionId, id, ListingId, TradeTimestamp, OddLot and TradeId
 *   are never missing.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Row numbers fit 32 bits, so that the product of two of them, or of one and a
 * 32-bit random number, fits 64.  -m cannot get there: 200000 MiB of the
 * shortest rows (narrow, 58 bytes) are 3.6e9.
 */
#define ROWS_MAX 4000000000u
#define MIB_MAX 200000u
#define SHARDS_MAX 100000u

/*
 * Output is collected up to OUT_FULL bytes; the buffer has room for one more
 * row.  The longest rows, those of wide, have 500 cells of at most 20 bytes;
 * put_word() writes up to WORD_MAX bytes past the end of what it puts.
 */
#define OUT_FULL (1u << 20)
#define ROW_MAX 16384u
#define WORD_MAX 31u
#define ZBUF_SIZE (1u << 18)

#define DAYS 366u /* of 2024 */
#define DAY_S 86400u
#define YEAR_S (DAYS * DAY_S)

#define LISTINGS 5000u
#define SLOTS (1u << 17)

enum {
	P16_ONE = 1 << 16, /* probabilities are in units of 2^-16 */
	P16_TIE = P16_ONE / 64,
	P16_FILL = P16_ONE / 8,
	P16_POSITIVE = P16_ONE * 3 / 100,
};

struct table;

/* All that a row is made from besides its number. */
struct gen {
	const struct table *table;
	uint64_t row_key; /* seed and table */
	uint64_t who_key; /* seed: customers are the same in all tables */
	uint64_t nrows;
	uint64_t ncustomers;
	uint32_t p16_missing, p16_missing_key, p16_missing_label;
	char date[DAYS][10];
	uint16_t *listing; /* of each slot, popular ones in many; or NULL */
};

struct table {
	const char *name;
	const char *columns;
	unsigned nnumbered;  /* further columns, named by number_kind[] */
	uint32_t p16_repeat; /* row belongs to the order of the row before */
	unsigned row_nbytes; /* about */
	/* Appends a row and returns its end. */
	char *(*row)(const struct gen *g, uint64_t row, char *p);
	const char *about;
};

struct shape {
	const char *dir;
	uint64_t nshards;
	bool gzip, gzip_last;
};

/* One shard on its way to the disk; buffers serve all shards in turn. */
struct out {
	char *path, *tmp; /* what it will be called, what it is called yet */
	size_t path_size;
	int fd;
	bool gzip;
	char *buf;
	size_t n;
	unsigned char *zbuf;
	z_stream z;
	gz_header zhead;
};

static const char synopsis[] =
    "usage: gen TABLE -o DIR [-z] [--gzip-last] [-m MIB | -n ROWS]\n"
    "           [-S SEED] [-s SHARDS] [--missing PCT]\n";

static const char help[] =
    "\n"
    "Writes a sample table as DIR/part-00000.csv, part-00001.csv ...\n"
    "The same arguments give the same bytes on every machine; the rows do\n"
    "not depend on the number of shards.\n"
    "\n"
    "  -m MIB         rows for about this size before compression (10)\n"
    "  -n ROWS        exactly so many rows\n"
    "  -o DIR         directory to write to, made if need be\n"
    "  -S SEED        another table of the same kind (1)\n"
    "  -s SHARDS      number of files (8)\n"
    "  -z             compress all shards, as part-00000.csv.gz\n"
    "  --gzip-last    compress the last shard only\n"
    "  --missing PCT  empty cells in columns that have them (5); customerId\n"
    "                 has 2/5 and label 1/10 of that\n"
    "\n"
    "Tables:\n";

static const char example[] = "\n"
			      "Example: gen tx -o shards -m 100 -s 40\n"
			      "\n"
			      "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static void
die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void
die_usage(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void
say(const char *fmt, va_list ap)
{
	fputs("gen: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

static void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(1);
}

static void
die_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fputs(synopsis, stderr);
	exit(2);
}

static void *
xmalloc(size_t nbytes)
{
	void *p = malloc(nbytes);

	if (p == NULL)
		die("out of memory (%zu bytes)", nbytes);
	return p;
}

/* Random numbers */

/*
 * SplitMix64: a counter that goes up by the golden ratio, and a bijective
 * finalizer.  Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014; constants as in Vigna's public domain
 * splitmix64.c (Stafford's variant 13).  Since the state is a counter, the
 * stream of row r starts in one step, at hash(key + r * GOLDEN).
 */
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t
hash(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static inline uint64_t
hash_of(uint64_t key, uint64_t i)
{
	return hash(key + i * GOLDEN);
}

static inline uint64_t
draw(uint64_t *state)
{
	return hash(*state += GOLDEN);
}

/*
 * One draw serves one cell: bits 0-15 say whether the cell is missing, bits
 * 16-31 are for choices of style, and bits 32-63 are the value.
 */
static inline bool
chance(uint64_t v, uint32_t p16)
{
	return (v & 0xffff) < p16;
}

static inline unsigned
style(uint64_t v)
{
	return v >> 16 & 0xffff;
}

/* Evenly in 0 .. n-1; n at most 2^32. */
static inline uint64_t
even(uint64_t v, uint64_t n)
{
	return (v >> 32) * n >> 32;
}

/* In 0 .. n-1, small ones more often: n u^2, so half of all below n/4. */
static inline uint64_t
skew(uint64_t v, uint64_t n)
{
	uint64_t u = v >> 32;

	return (u * u >> 32) * n >> 32;
}

/* The same, steeper: n u^4, so half of all below n/16. */
static inline uint64_t
steep(uint64_t v, uint64_t n)
{
	uint64_t u = v >> 32;

	u = u * u >> 32;
	return (u * u >> 32) * n >> 32;
}

/* Cells */

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

struct word {
	unsigned char n;
	char s[WORD_MAX];
};

#define W(text)                                                                \
	{                                                                      \
		sizeof(text) - 1, text                                         \
	}

/* Always copies WORD_MAX bytes, which is faster than a loop over w->n. */
static inline char *
put_word(char *p, const struct word *w)
{
	memcpy(p, w->s, sizeof(w->s));
	return p + w->n;
}

static inline char *
put_str(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

static inline char *
put_pair(char *p, unsigned v)
{
	memcpy(p, pairs + 2 * v, 2);
	return p + 2;
}

/* Zero-padded; v below 10^width. */
static inline char *
put_padded(char *p, uint64_t v, unsigned width)
{
	unsigned i = width;

	for (; i >= 2; v /= 100)
		put_pair(p + (i -= 2), v % 100);
	if (i == 1)
		*p = (char)('0' + v);
	return p + width;
}

static inline char *
put_uint(char *p, uint64_t v)
{
	unsigned width = 1;

	for (uint64_t rest = v; rest >= 10; rest /= 10)
		width++;
	return put_padded(p, v, width);
}

/* v / 10^decimals, trailing zeros kept. */
static inline char *
put_fixed(char *p, uint64_t v, unsigned decimals)
{
	static const uint32_t scale[] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000};

	p = put_uint(p, v / scale[decimals]);
	*p++ = '.';
	return put_padded(p, v % scale[decimals], decimals);
}

/* (v - zero) / 10^decimals */
static inline char *
put_signed(char *p, uint64_t v, uint64_t zero, unsigned decimals)
{
	*p = '-';
	return put_fixed(
	    p + (v < zero), v < zero ? zero - v : v - zero, decimals);
}

static inline char *
put_flag(char *p, bool yes)
{
	*p = yes ? '1' : '0';
	return p + 1;
}

/*
 * Ends the cell that was written from `cell` to `end`, or leaves it empty.
 * Values are drawn either way, so --missing changes nothing else.
 */
static inline char *
close_cell_at(uint64_t v, uint32_t p16_missing, char *cell, char *end)
{
	char *p = chance(v, p16_missing) ? cell : end;

	*p = ',';
	return p + 1;
}

static inline char *
close_cell(const struct gen *g, uint64_t v, char *cell, char *end)
{
	return close_cell_at(v, g->p16_missing, cell, end);
}

/* A cell that is never missing. */
static inline char *
close_full(char *end)
{
	*end = ',';
	return end + 1;
}

/* `at` in seconds since the first of January. */
static char *
put_time(const struct gen *g, char *p, uint64_t at, char sep)
{
	unsigned s = at % DAY_S;

	p = put_str(p, g->date[at / DAY_S], sizeof(g->date[0]));
	*p++ = sep;
	p = put_pair(p, s / 3600);
	*p++ = ':';
	p = put_pair(p, s / 60 % 60);
	*p++ = ':';
	return put_pair(p, s % 60);
}

/* Orders and customers */

struct order {
	uint64_t first_row;
	uint64_t customer; /* 0 .. ncustomers-1 */
	uint64_t at;       /* seconds since the first of January */
};

/* row / nrows of span, without overflow: see ROWS_MAX. */
static inline uint64_t
place(const struct gen *g, uint64_t row, uint64_t span)
{
	return span / g->nrows * row + span % g->nrows * row / g->nrows;
}

static inline uint64_t
first_row_of(const struct gen *g, uint64_t row)
{
	while (
	    row > 0 && chance(hash_of(~g->row_key, row), g->table->p16_repeat))
		row--;
	return row;
}

static struct order
order_of(const struct gen *g, uint64_t row)
{
	const int64_t reach = 10 * DAY_S;
	struct order o = {.first_row = first_row_of(g, row)};
	uint64_t state = hash_of(g->row_key ^ GOLDEN, o.first_row), v;
	uint64_t half = g->ncustomers / 2;
	int64_t at;

	/* By the end of the year there are twice as many as at its start. */
	o.customer = skew(
	    draw(&state), g->ncustomers - half + half * o.first_row / g->nrows);
	v = draw(&state);
	if (chance(v, P16_ONE / 32)) {
		o.at = even(v, YEAR_S);
		return o;
	}
	/* The sum of two even draws: near its place more often than far. */
	at = (int64_t)place(g, o.first_row, YEAR_S) - reach +
	    (int64_t)(even(v, reach) + even(draw(&state), reach));
	if (at < 0)
		at = -at;
	else if (at >= (int64_t)YEAR_S)
		at = 2 * (int64_t)YEAR_S - 1 - at;
	o.at = (uint64_t)at;
	return o;
}

/*
 * C and ten digits in base 32 (Crockford's, without I L O U).  A product with
 * an odd number and x ^ x >> 25 are bijections of 50 bits, so two customers
 * never share an id, and ids do not tell the rank.
 */
static char *
put_customer(const struct gen *g, char *p, uint64_t customer)
{
	static const char digit[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	const uint64_t mask = (UINT64_C(1) << 50) - 1;
	uint64_t x = (customer * GOLDEN + g->who_key) & mask;

	x = (x ^ x >> 25) * UINT64_C(0xbf58476d1ce4e5b9) & mask;
	x ^= x >> 25;
	*p++ = 'C';
	for (int i = 0; i < 10; i++, x >>= 5)
		*p++ = digit[x & 31];
	return p;
}

struct name {
	struct word text, mail;
};

static const struct name given_names[] = {
    {W("Ann"), W("ann")},
    {W("Omar"), W("omar")},
    {W("Beatriz"), W("beatriz")},
    {W("Zoë"), W("zoe")},
    {W("Chidi"), W("chidi")},
    {W("Katarzyna"), W("kasia")},
    {W("Dmitry"), W("dmitry")},
    {W("Mei-Ling"), W("mei-ling")},
    {W("Émile"), W("emile")},
    {W("Ruth"), W("ruth")},
    {W("Frida"), W("frida")},
    {W("Satoshi"), W("satoshi")},
    {W("Gopal"), W("gopal")},
    {W("Siobhán"), W("siobhan")},
    {W("Hüseyin"), W("huseyin")},
    {W("Thandiwe"), W("thandi")},
    {W("Ines"), W("ines")},
    {W("Ulrike"), W("ulrike")},
    {W("João"), W("joao")},
    {W("Victor"), W("victor")},
    {W("Kofi"), W("kofi")},
    {W("Wanjiru"), W("wanjiru")},
    {W("Leila"), W("leila")},
    {W("Xavier"), W("xavier")},
    {W("Marguerite"), W("marguerite")},
    {W("Yael"), W("yael")},
    {W("Nils"), W("nils")},
    {W("Tomás"), W("tomas")},
    {W("Alexandra"), W("alexandra")},
    {W("Bo"), W("bo")},
    {W("Jean Paul"), W("jeanpaul")},
    {W("Rosalind"), W("rosalind")},
};

static const struct name family_names[] = {
    {W("Lee"), W("lee")},
    {W("Abramowicz"), W("abramowicz")},
    {W("Baptiste"), W("baptiste")},
    {W("O'Hara"), W("ohara")},
    {W("Castro"), W("castro")},
    {W("Nakamura"), W("nakamura")},
    {W("de la Cruz"), W("delacruz")},
    {W("Mbeki"), W("mbeki")},
    {W("Eriksson"), W("eriksson")},
    {W("Łaszcz"), W("laszcz")},
    {W("Featherstone"), W("featherstone")},
    {W("Kaur"), W("kaur")},
    {W("Größmann"), W("groessmann")},
    {W("Joshi"), W("joshi")},
    {W("Haddad"), W("haddad")},
    {W("Ivanova"), W("ivanova")},
    {W("Ionescu"), W("ionescu")},
    {W("Hughes-Price"), W("hughesprice")},
    {W("Jensen"), W("jensen")},
    {W("Goldberg"), W("goldberg")},
    {W("Kipchoge"), W("kipchoge")},
    {W("Ferrari"), W("ferrari")},
    {W("Lefèvre"), W("lefevre")},
    {W("Ek"), W("ek")},
    {W("Moreau"), W("moreau")},
    {W("Dang"), W("dang")},
    {W("Núñez"), W("nunez")},
    {W("Chatterjee"), W("chatterjee")},
    {W("Oyelaran"), W("oyelaran")},
    {W("Byrne"), W("byrne")},
    {W("Petrosyan"), W("petrosyan")},
    {W("Achterberg"), W("achterberg")},
};

static const struct word nicknames[] = {
    W("Skip"),
    W("Bee"),
    W("Duke"),
    W("Tex"),
    W("Mo"),
    W("Pip"),
};

static const struct word mail_hosts[] = {
    W("example.com"),
    W("example.org"),
    W("example.net"),
    W("mail.example.com"),
    W("post.example.org"),
    W("web.example.net"),
};

static const struct name *
given_of(uint64_t who)
{
	return &given_names[(who & 0xffff) % LEN(given_names)];
}

static const struct name *
family_of(uint64_t who)
{
	return &family_names[(who >> 16 & 0xffff) % LEN(family_names)];
}

/* A person's name, each time as some form or other asked for it. */
static char *
put_person(char *p, uint64_t who, unsigned how)
{
	const struct word *given = &given_of(who)->text;
	const struct word *family = &family_of(who)->text;

	how %= 128;
	if (how < 13) { /* "Lee, Ann" */
		*p++ = '"';
		p = put_word(p, family);
		p = put_str(p, ", ", 2);
		p = put_word(p, given);
		*p++ = '"';
		return p;
	}
	if (how < 18) { /* "Ann ""Bee"" Lee" */
		*p++ = '"';
		p = put_word(p, given);
		p = put_str(p, " \"\"", 3);
		p = put_word(p, &nicknames[(who >> 32) % LEN(nicknames)]);
		p = put_str(p, "\"\" ", 3);
		p = put_word(p, family);
		*p++ = '"';
		return p;
	}
	if (how < 23) { /* "Ann Lee", in quotes it does not need */
		*p++ = '"';
		p = put_word(p, given);
		*p++ = ' ';
		p = put_word(p, family);
		*p++ = '"';
		return p;
	}
	p = put_word(p, given);
	*p++ = ' ';
	if (how < 48) { /* Ann B. Lee */
		*p++ = (char)('A' + (who >> 32) % 26);
		p = put_str(p, ". ", 2);
	}
	return put_word(p, family);
}

static char *
put_mail(char *p, uint64_t who)
{
	p = put_word(p, &given_of(who)->mail);
	*p++ = '.';
	p = put_word(p, &family_of(who)->mail);
	p = put_uint(p, (who >> 32) % 1000);
	*p++ = '@';
	return put_word(p, &mail_hosts[(who >> 48) % LEN(mail_hosts)]);
}

/* Categories, the most frequent first */

static const struct word countries[] = {
    W("US"),
    W("DE"),
    W("GB"),
    W("FR"),
    W("BR"),
    W("IN"),
    W("JP"),
    W("ES"),
    W("IT"),
    W("CA"),
    W("PL"),
    W("NL"),
    W("SE"),
    W("KE"),
    W("AU"),
    W("MX"),
};

static const struct word cities[] = {
    W("Springfield"),
    W("Berlin"),
    W("London"),
    W("Lyon"),
    W("São Paulo"),
    W("Pune"),
    W("Osaka"),
    W("Valencia"),
    W("Torino"),
    W("Montréal"),
    W("Kraków"),
    W("Utrecht"),
    W("Malmö"),
    W("Nairobi"),
    W("Perth"),
    W("Mérida"),
    W("\"Portland, OR\""),
    W("\"Portland, ME\""),
    W("Zürich"),
    W("Łódź"),
};

static const struct word devices[] = {
    W("mobile"),
    W("desktop"),
    W("tablet"),
    W("tv"),
    W("kiosk"),
};

static const struct word browsers[] = {
    W("Chrome 126"),
    W("Safari 17.5"),
    W("Firefox 128"),
    W("Edge 126"),
    W("Chrome 125"),
    W("Samsung 25"),
    W("Opera 111"),
    W("Safari 16.6"),
};

static const struct word payments[] = {
    W("card"),
    W("wallet"),
    W("bank transfer"),
    W("invoice"),
    W("gift card"),
    W("cash on delivery"),
};

static const struct word merchants[] = {
    W("groceries"),
    W("electronics"),
    W("clothing"),
    W("home & garden"),
    W("books"),
    W("toys"),
    W("sports"),
    W("health"),
    W("\"music, film\""),
    W("pets"),
    W("travel"),
    W("office"),
};

static const struct word currencies[] = {
    W("USD"),
    W("EUR"),
    W("GBP"),
    W("BRL"),
    W("INR"),
    W("JPY"),
    W("SEK"),
    W("PLN"),
};

static const struct word phrases[] = {
    W("left with a neighbour"),
    W("call before delivery"),
    W("second floor"),
    W("ring twice"),
    W("gift wrap"),
    W("no signature needed"),
    W("fragile"),
    W("customer called back"),
    W("address corrected"),
    W("refund of 12.50 offered"),
    W("back door"),
    W("paid by phone"),
    W("card expired once"),
    W("ask for Ann"),
    W("do not bend"),
    W("café on the corner"),
    W("weekend only"),
    W("see earlier order"),
    W("box 3/4"),
    W("thank you!"),
    W("delivery after 17:30"),
    W("voucher used"),
    W("size too small"),
    W("returned item restocked"),
};

static inline char *
put_category(char *p, const struct word *words, size_t nwords, uint64_t v)
{
	return put_word(p, &words[skew(v, nwords)]);
}

#define PUT_CATEGORY(p, words, v) put_category((p), (words), LEN(words), (v))

/*
 * One phrase as it is, or two to six in quotes, joined by commas and
 * semicolons and now and then by a line feed.
 */
static char *
put_note(char *p, uint64_t v, uint64_t w)
{
	unsigned nphrases = 1 + (style(v) & 0xff) % 6;
	bool breaks = style(v) >> 8 < 6; /* 6 in 256 */

	if (nphrases == 1)
		return put_word(p, &phrases[even(v, LEN(phrases))]);
	*p++ = '"';
	for (unsigned i = 0; i < nphrases; i++, w >>= 10) {
		bool said = (w >> 6 & 15) == 0;

		if (i == 1 && breaks)
			*p++ = '\n';
		else if (i > 0)
			p = put_str(p, w & 32 ? ", " : "; ", 2);
		if (said)
			p = put_str(p, "\"\"", 2);
		p = put_word(p, &phrases[(w & 31) % LEN(phrases)]);
		if (said)
			p = put_str(p, "\"\"", 2);
	}
	*p++ = '"';
	return p;
}

/* Tables */

static const char tx_columns[] =
    "transactionId,customerId,orderDate,label,emailAddress,"
    "billingAddressName,customerName,paymentAccountHolderName,"
    "amount,tax,shippingCost,balance,itemCount,priorOrders,"
    "accountAgeDays,sessionSeconds,discountRatio,returnRatio,riskScore,"
    "geo__DOT__lat,country,city,deviceType,browser,paymentMethod,"
    "merchantCategory,currency,ipPrefix,note";

static char *
tx_row(const struct gen *g, uint64_t row, char *p)
{
	struct order o = order_of(g, row);
	uint64_t state = hash_of(g->row_key, row), v;
	uint64_t who = hash_of(g->who_key, o.customer);
	/* Who else may pay: a family member, or the office. */
	uint64_t other = hash_of(~g->who_key, o.customer / 2);

	*p++ = 'T';
	p = close_full(put_padded(p, row, 12));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_key, p, put_customer(g, p, o.customer));
	p = close_full(put_time(g, p, o.at, ' '));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_label, p, put_flag(p, style(v) < P16_POSITIVE));

	v = draw(&state);
	p = close_cell(g, v, p, put_mail(p, who));
	v = draw(&state);
	p = close_cell(
	    g, v, p, put_person(p, even(v, 5) == 0 ? other : who, style(v)));
	v = draw(&state);
	p = close_cell(g, v, p, put_person(p, who, style(v)));
	v = draw(&state);
	p = close_cell(
	    g, v, p, put_person(p, even(v, 8) == 0 ? other : who, style(v)));

	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, 99 + skew(v, 90000), 2));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, skew(v, 9000), 2));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, even(v, 12) * 125, 2));
	v = draw(&state);
	p = close_cell(g, v, p, put_signed(p, even(v, 400000), 90000, 2));
	v = draw(&state);
	p = close_cell(g, v, p, put_uint(p, 1 + steep(v, 30)));
	v = draw(&state);
	p = close_cell(g, v, p, put_uint(p, steep(v, 400)));
	v = draw(&state);
	p = close_cell(g, v, p, put_uint(p, skew(v, 5000)));
	v = draw(&state);
	p = close_cell(g, v, p, put_uint(p, 5 + skew(v, 3600)));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, skew(v, 3000), 4));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, skew(v, 10000), 4));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, skew(v, 1000000), 6));
	v = draw(&state);
	p = close_cell(g, v, p, put_signed(p, even(v, 1250000), 550000, 4));

	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, countries, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, cities, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, devices, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, browsers, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, payments, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, merchants, v));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, currencies, v));

	v = draw(&state);
	{
		/* 198.18.0.0/15 is set aside for benchmarks: RFC 2544. */
		char *q = put_str(p, "198.18.", 7);

		q = put_uint(q, skew(v, 256));
		p = close_cell(g, v, p, put_str(q, ".0/24", 5));
	}
	v = draw(&state);
	p = close_cell(g, v, p, put_note(p, v, draw(&state)));
	p[-1] = '\n';
	return p;
}

static const char narrow_columns[] =
    "orderDate,customerId,label,amount,itemCount,deviceType,sku";

static char *
narrow_row(const struct gen *g, uint64_t row, char *p)
{
	struct order o = order_of(g, row);
	uint64_t state = hash_of(g->row_key, row), v;

	p = close_full(put_time(g, p, o.at, ' '));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_key, p, put_customer(g, p, o.customer));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_label, p, put_flag(p, style(v) < P16_POSITIVE));
	v = draw(&state);
	p = close_cell(g, v, p, put_fixed(p, 99 + skew(v, 100000), 2));
	v = draw(&state);
	p = close_cell(g, v, p, put_uint(p, 1 + steep(v, 30)));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, devices, v));
	v = draw(&state);
	{
		char *q = put_str(p, "SKU-", 4);

		p = close_cell(g, v, p, put_padded(q, skew(v, 40000), 5));
	}
	p[-1] = '\n';
	return p;
}

static const char wide_columns[] = "id,orderDate,customerId,label";

/* Column i of wide, for i >= 4, is of kind i mod 10 and called KIND_iii. */
static const struct word number_kind[] = {
    W("amt"),
    W("fee"),
    W("delta"),
    W("ratio"),
    W("share"),
    W("cnt"),
    W("bytes"),
    W("score"),
    W("flag"),
    W("grade"),
};

static const struct word grades[] = {
    W("B"),
    W("A"),
    W("C"),
    W("BB"),
    W("AA"),
    W("CC"),
    W("D"),
    W("AAA"),
};

static char *
wide_row(const struct gen *g, uint64_t row, char *p)
{
	struct order o = order_of(g, row);
	uint64_t state = hash_of(g->row_key, row), v;
	unsigned ncolumns = 4 + g->table->nnumbered;
	char *end;

	*p++ = 'W';
	p = close_full(put_padded(p, row, 12));
	p = close_full(put_time(g, p, o.at, ' '));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_key, p, put_customer(g, p, o.customer));
	v = draw(&state);
	p = close_cell_at(
	    v, g->p16_missing_label, p, put_flag(p, style(v) < P16_POSITIVE));

	for (unsigned i = 4; i < ncolumns; i++) {
		v = draw(&state);
		switch (i % LEN(number_kind)) {
		case 0: end = put_fixed(p, skew(v, 300000), 2); break;
		case 1: end = put_fixed(p, skew(v, 9000), 2); break;
		case 2: end = put_signed(p, even(v, 200000), 100000, 3); break;
		case 3:
		case 4: end = put_fixed(p, skew(v, 10000), 4); break;
		case 5: end = put_uint(p, steep(v, 500)); break;
		case 6: end = put_uint(p, steep(v, UINT64_C(1) << 32)); break;
		case 7: end = put_fixed(p, even(v, 1000000), 6); break;
		case 8: end = put_flag(p, even(v, 4) == 0); break;
		default: end = PUT_CATEGORY(p, grades, v); break;
		}
		p = close_cell(g, v, p, end);
	}
	p[-1] = '\n';
	return p;
}

static const char trades_columns[] =
    "ListingId,TradeTimestamp,Price,Size,Venue,Side,Currency,Flags,"
    "OddLot,TradeId";

static const struct word venues[] = {
    W("XLON"),
    W("XPAR"),
    W("XETR"),
    W("XAMS"),
    W("CEUX"),
    W("XSTO"),
    W("BATE"),
    W("TRQX"),
};

static const struct word trade_currencies[] = {
    W("GBX"),
    W("EUR"),
    W("EUR"),
    W("EUR"),
    W("EUR"),
    W("SEK"),
};

static const struct word trade_flags[] = {
    W("N"),
    W("A"),
    W("NX"),
    W("OC"),
    W("DK"),
    W("N2"),
};

/*
 * Distinct for each k: k % 5 gives the number of digits, and k / 5 one of the
 * 1000 equal parts of the ids with so many digits, by way of a permutation (387
 * is prime to 1000), so that popular ones do not come first.
 */
static char *
put_listing(char *p, uint64_t k, uint64_t traits)
{
	static const uint32_t low[] = {1000, 10000, 100000, 1000000, 10000000};
	unsigned digits = k % LEN(low);
	uint32_t nparts = 1000, nper_part = low[digits] / nparts * 9;
	uint64_t part = (k / LEN(low) * 387 + digits * 219 + 113) % nparts;

	static_assert(LISTINGS == 1000 * LEN(low), "a part for each");
	return put_uint(
	    p, low[digits] + part * nper_part + (traits & 0xffff) % nper_part);
}

static char *
trades_row(const struct gen *g, uint64_t row, char *p)
{
	/* Monday 4 to Friday 8 March, 08:00 to 16:30 */
	const uint64_t first_day = 63, open_s = 8 * 3600;
	const uint64_t session_us = UINT64_C(30600) * 1000000;
	/* Out of order by up to 2 s and three rows, below 2^32 us in all. */
	const uint64_t hour_us = UINT64_C(3600) * 1000000;
	uint64_t apart_us = 3 * 5 * session_us / g->nrows;
	uint64_t late_us = 2000000 + (apart_us < hour_us ? apart_us : hour_us);
	uint64_t first_row = first_row_of(g, row);
	uint64_t order = hash_of(g->row_key ^ GOLDEN, first_row), v;
	uint64_t state = hash_of(g->row_key, row);
	uint64_t k, traits, at_us, day, price, size;

	k = g->listing[even(draw(&order), SLOTS)];
	traits = hash_of(g->who_key, k);
	at_us = place(g, first_row, 5 * session_us - late_us);
	at_us += even(draw(&order), late_us);
	day = first_day + at_us / session_us;
	at_us %= session_us;

	p = close_full(put_listing(p, k, traits));
	p = put_time(g, p, day * DAY_S + open_s + at_us / 1000000, 'T');
	*p++ = '.';
	p = close_full(put_padded(p, at_us % 1000000, 6));

	v = draw(&state);
	price = 1000 + skew(traits, 100000);
	price += even(v, 1 + price / 32);
	p = close_cell(g, v, p, put_fixed(p, price, 2));
	v = draw(&state);
	size = 1 + skew(v, 1500);
	p = close_cell(g, v, p, put_uint(p, size));
	v = draw(&order);
	p = close_cell(g, v, p, PUT_CATEGORY(p, venues, v));
	v = draw(&state);
	*p = v >> 63 ? 'B' : 'S';
	p = close_cell(g, v, p, p + 1);
	v = draw(&state);
	p = close_cell(g, v, p,
	    put_word(p,
		&trade_currencies[(traits >> 16 & 0xffff) %
		    LEN(trade_currencies)]));
	v = draw(&state);
	p = close_cell(g, v, p, PUT_CATEGORY(p, trade_flags, v));
	p = close_full(put_flag(p, size < 100));
	*p++ = 'X';
	p = put_padded(p, row, 11);
	*p++ = '\n';
	return p;
}

static const struct table tables[] = {
    {"tx", tx_columns, 0, P16_TIE, 315, tx_row,
	"29 columns, 315 bytes a row: orders, names, notes"},
    {"trades", trades_columns, 0, P16_FILL, 72, trades_row,
	"10 columns, 72 bytes a row: fills of 5000 listings"},
    {"wide", wide_columns, 496, P16_TIE, 2900, wide_row,
	"500 columns, 2900 bytes a row: numbers mostly"},
    {"narrow", narrow_columns, 0, P16_TIE, 58, narrow_row,
	"7 columns, 58 bytes a row: orders without text"},
};

static char *
put_header(const struct table *t, char *p)
{
	p = put_str(p, t->columns, strlen(t->columns));
	for (unsigned i = 4; i < 4 + t->nnumbered; i++) {
		*p++ = ',';
		p = put_word(p, &number_kind[i % LEN(number_kind)]);
		*p++ = '_';
		p = put_padded(p, i, 3);
	}
	*p++ = '\n';
	return p;
}

/* Set-up */

static void
gen_set_nrows(struct gen *g, uint64_t nrows)
{
	g->nrows = nrows;
	/*
	 * A customer at rank x of n, with a in reach, gets the next order with
	 * probability 1 / (2 sqrt(x a)): see skew().  Summed over a year in
	 * which a goes from n/2 to n, and with 2 % of the ids missing and 1 in
	 * 64 rows repeated, n = nrows / 2 leaves a third of n without any, so
	 * that nrows / 3 turn up.
	 */
	g->ncustomers = nrows / 2 + 1;
}

/*
 * Listing k gets a share of the slots that is proportional to 1/(k+2): 6.2 %
 * of them for k = 0, and three even for the last.
 */
static uint16_t *
listing_slots(void)
{
	uint16_t *slot = xmalloc(SLOTS * sizeof(*slot));
	uint64_t sum = 0, upto = 0, k = 0;

	for (uint64_t i = 0; i < LISTINGS; i++)
		sum += (UINT64_C(1) << 32) / (i + 2);
	for (uint64_t i = 0; i < SLOTS; i++) {
		/* sum < 2^36, i < 2^17 */
		while (k < LISTINGS && upto <= sum * i / SLOTS)
			upto += (UINT64_C(1) << 32) / (k++ + 2);
		slot[i] = (uint16_t)(k - 1);
	}
	return slot;
}

static void
gen_init(struct gen *g, const struct table *t, uint64_t seed, unsigned pct)
{
	static const unsigned char ndays[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned day = 0;

	memset(g, 0, sizeof(*g));
	g->table = t;
	g->who_key = hash(hash(seed) + 1);
	g->row_key = hash(g->who_key + 1 + (uint64_t)(t - tables));
	g->p16_missing = P16_ONE * pct / 100;
	g->p16_missing_key = P16_ONE * pct / 250;
	g->p16_missing_label = P16_ONE * pct / 1000;
	for (unsigned m = 0; m < LEN(ndays); m++)
		for (unsigned d = 0; d < ndays[m]; d++, day++) {
			char *p = put_str(g->date[day], "2024-", 5);

			p = put_pair(p, m + 1);
			*p++ = '-';
			put_pair(p, d + 1);
		}
	assert(day == DAYS);
	if (t->row == trades_row)
		g->listing = listing_slots();
}

static void
gen_fini(struct gen *g)
{
	free(g->listing);
	g->listing = NULL;
}

/*
 * How many rows make nbytes: by the mean length of 1024 rows from all over a
 * table of about that size.  Headers are left out, since the rows must not
 * depend on the number of shards.
 */
static uint64_t
rows_for_size(struct gen *g, uint64_t nbytes)
{
	char *buf = xmalloc(ROW_MAX);
	uint64_t nsamples = 1024, sum = 0;

	gen_set_nrows(g, nbytes / g->table->row_nbytes + 1);
	for (uint64_t i = 0; i < nsamples; i++)
		sum +=
		    (uint64_t)(g->table->row(g, i * g->nrows / nsamples, buf) -
			buf);
	free(buf);
	return nbytes * nsamples / sum;
}

/* Output */

static bool
shard_is_gzip(const struct shape *s, uint64_t shard)
{
	return s->gzip || (s->gzip_last && shard + 1 == s->nshards);
}

static void
out_init(struct out *o, const struct shape *s)
{
	memset(o, 0, sizeof(*o));
	o->fd = -1;
	o->path_size = strlen(s->dir) + sizeof("/.part-00000.csv.gz.tmp");
	o->path = xmalloc(o->path_size);
	o->tmp = xmalloc(o->path_size);
	o->buf = xmalloc(OUT_FULL + ROW_MAX);
	if (!s->gzip && !s->gzip_last)
		return;
	o->zbuf = xmalloc(ZBUF_SIZE);
	/* 16: with a gzip header */
	if (deflateInit2(&o->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
		Z_DEFAULT_STRATEGY) != Z_OK)
		die("zlib: %s", o->z.msg ? o->z.msg : "cannot start");
}

static void
out_fini(struct out *o)
{
	if (o->zbuf != NULL)
		deflateEnd(&o->z);
	free(o->zbuf);
	free(o->buf);
	free(o->tmp);
	free(o->path);
}

static void out_fail(struct out *o, const char *what) __attribute__((noreturn));

/* Ends the program, but not with half a shard left behind. */
static void
out_fail(struct out *o, const char *what)
{
	if (o->fd >= 0)
		unlink(o->tmp);
	die("%s: %s", o->path, what);
}

static void
out_write(struct out *o, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t k = write(o->fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			out_fail(o, strerror(errno));
		p += k;
		n -= (size_t)k;
	}
}

static void
out_flush(struct out *o, bool last)
{
	int status;

	if (!o->gzip) {
		out_write(o, o->buf, o->n);
		o->n = 0;
		return;
	}
	o->z.next_in = (unsigned char *)o->buf;
	o->z.avail_in = (uInt)o->n;
	do {
		o->z.next_out = o->zbuf;
		o->z.avail_out = ZBUF_SIZE;
		status = deflate(&o->z, last ? Z_FINISH : Z_NO_FLUSH);
		if (status == Z_STREAM_ERROR)
			out_fail(o, "zlib: stream error");
		out_write(o, o->zbuf, ZBUF_SIZE - o->z.avail_out);
	} while (o->z.avail_out == 0);
	assert(o->z.avail_in == 0 && (!last || status == Z_STREAM_END));
	o->n = 0;
}

static void
out_open(struct out *o, const struct shape *s, uint64_t shard)
{
	o->gzip = shard_is_gzip(s, shard);
	snprintf(o->path, o->path_size, "%s/part-%05" PRIu64 ".csv%s", s->dir,
	    shard, o->gzip ? ".gz" : "");
	snprintf(o->tmp, o->path_size, "%s/.part-%05" PRIu64 ".csv%s.tmp",
	    s->dir, shard, o->gzip ? ".gz" : "");
	if (o->gzip) {
		/* No name, no time, and 255 for "unknown system". */
		o->zhead = (gz_header){.os = 255};
		if (deflateReset(&o->z) != Z_OK ||
		    deflateSetHeader(&o->z, &o->zhead) != Z_OK)
			out_fail(o, "zlib: cannot start");
	}
	o->n = 0;
	o->fd = open(o->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (o->fd < 0)
		out_fail(o, strerror(errno));
}

static void
out_close(struct out *o)
{
	out_flush(o, true);
	if (close(o->fd) < 0 || rename(o->tmp, o->path) < 0)
		out_fail(o, strerror(errno));
	o->fd = -1;
}

static void
write_shard(const struct gen *g, const struct shape *s, uint64_t nrows,
    uint64_t shard, struct out *o)
{
	/* The first nrows % nshards shards have one row more. */
	uint64_t each = nrows / s->nshards, more = nrows % s->nshards;
	uint64_t row = each * shard + (shard < more ? shard : more);
	uint64_t end = row + each + (shard < more);

	out_open(o, s, shard);
	o->n = (size_t)(put_header(g->table, o->buf) - o->buf);
	for (; row < end; row++) {
		char *from = o->buf + o->n;
		size_t n = (size_t)(g->table->row(g, row, from) - from);

		assert(n + WORD_MAX <= ROW_MAX);
		o->n += n;
		if (o->n >= OUT_FULL)
			out_flush(o, false);
	}
	out_close(o);
}

static void
make_dir(const char *dir)
{
	char *path = xmalloc(strlen(dir) + 1), *p = path;
	struct stat st;

	strcpy(path, dir);
	do {
		p = strchr(p + 1, '/');
		if (p != NULL)
			*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			die("%s: %s", path, strerror(errno));
		if (p != NULL)
			*p = '/';
	} while (p != NULL);
	free(path);
	if (stat(dir, &st) < 0)
		die("%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		die("%s: %s", dir, strerror(ENOTDIR));
}

/*
 * Shards of this run are replaced; those of another run, left among them,
 * would be taken for part of the table.
 */
static void
refuse_strangers(const struct shape *s)
{
	DIR *d = opendir(s->dir);
	struct dirent *e;

	if (d == NULL)
		die("%s: %s", s->dir, strerror(errno));
	while (errno = 0, (e = readdir(d)) != NULL) {
		char ours[sizeof("part-00000.csv.gz")];
		unsigned long shard;

		if (strncmp(e->d_name, "part-", 5) != 0)
			continue;
		shard = strtoul(e->d_name + 5, NULL, 10);
		if (shard < s->nshards) {
			snprintf(ours, sizeof(ours), "part-%05u.csv%s",
			    (unsigned)(shard % SHARDS_MAX),
			    shard_is_gzip(s, shard) ? ".gz" : "");
			if (strcmp(e->d_name, ours) == 0)
				continue;
		}
		die("%s/%s: not from this table; remove it or choose another "
		    "directory",
		    s->dir, e->d_name);
	}
	if (errno != 0)
		die("%s: %s", s->dir, strerror(errno));
	closedir(d);
}

/* Options */

static uint64_t
parse_number(const char *s, const char *what, uint64_t min, uint64_t max)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			break;
		v = v * 10 + digit;
	}
	if (p == s || *p != '\0' || v < min || v > max)
		die_usage("%s: '%s' is not a number from %" PRIu64
			  " to %" PRIu64,
		    what, s, min, max);
	return v;
}

static const struct table *
find_table(const char *name)
{
	for (size_t i = 0; i < LEN(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return &tables[i];
	die_usage(
	    "%s: no such table; there are tx, trades, wide, narrow", name);
}

static void
show_help(void)
{
	fputs(synopsis, stdout);
	fputs(help, stdout);
	for (size_t i = 0; i < LEN(tables); i++)
		printf("  %-7s %s\n", tables[i].name, tables[i].about);
	fputs(example, stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("standard output: %s", strerror(errno));
	exit(0);
}

int
main(int argc, char *argv[])
{
	enum { OPT_GZIP_LAST = 256, OPT_HELP, OPT_MISSING };
	static const struct option longopts[] = {
	    {"gzip-last", no_argument, NULL, OPT_GZIP_LAST},
	    {"help", no_argument, NULL, OPT_HELP},
	    {"missing", required_argument, NULL, OPT_MISSING},
	    {NULL, 0, NULL, 0},
	};
	struct shape shape = {.nshards = 8};
	const struct table *table = NULL;
	uint64_t nrows = 0, mib = 10, seed = 1;
	bool have_rows = false, have_mib = false;
	unsigned missing_pct = 5;
	char name[] = "gen"; /* for getopt_long's messages */
	struct gen gen;
	struct out out;
	int c;

	if (argc > 0)
		argv[0] = name;
	/* "-": operands come as option 1, wherever they stand */
	while (
	    (c = getopt_long(argc, argv, "-m:n:o:S:s:z", longopts, NULL)) != -1)
		switch (c) {
		case 1:
			if (table != NULL)
				die_usage("%s: one table at a time", optarg);
			table = find_table(optarg);
			break;
		case 'm':
			mib = parse_number(optarg, "-m", 1, MIB_MAX);
			have_mib = true;
			break;
		case 'n':
			nrows = parse_number(optarg, "-n", 0, ROWS_MAX);
			have_rows = true;
			break;
		case 'o': shape.dir = optarg; break;
		case 'S':
			seed = parse_number(optarg, "-S", 0, UINT64_MAX);
			break;
		case 's':
			shape.nshards =
			    parse_number(optarg, "-s", 1, SHARDS_MAX);
			break;
		case 'z': shape.gzip = true; break;
		case OPT_GZIP_LAST: shape.gzip_last = true; break;
		case OPT_HELP: show_help(); break;
		case OPT_MISSING:
			missing_pct =
			    (unsigned)parse_number(optarg, "--missing", 0, 100);
			break;
		default: /* getopt_long has said what is wrong */
			fputs(synopsis, stderr);
			return 2;
		}
	for (; optind < argc; optind++) { /* after "--" */
		if (table != NULL)
			die_usage("%s: one table at a time", argv[optind]);
		table = find_table(argv[optind]);
	}
	if (table == NULL)
		die_usage("which table? tx, trades, wide or narrow");
	if (shape.dir == NULL || shape.dir[0] == '\0')
		die_usage("-o DIR is missing");
	if (have_rows && have_mib)
		die_usage("-m and -n exclude each other");

	gen_init(&gen, table, seed, missing_pct);
	if (!have_rows)
		nrows = rows_for_size(&gen, mib << 20);
	assert(nrows <= ROWS_MAX);
	gen_set_nrows(&gen, nrows);

	make_dir(shape.dir);
	refuse_strangers(&shape);
	out_init(&out, &shape);
	for (uint64_t i = 0; i < shape.nshards; i++)
		write_shard(&gen, &shape, nrows, i, &out);
	out_fini(&out);
	gen_fini(&gen);
	return 0;
}
