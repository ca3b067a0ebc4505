/*
 * agree - what CSV files hold, whatever their order, quoting and column order.
 *
 *	agree [-k KEY -t TIME] [-n COL[=VALUE]] ... [-x COL] ... FILE ...
 *
 * Prints rows, sum and name of each file.  The sum is that of the rows' hashes
 * modulo 2^64, and a row's hash that of its cells', each mixed with its
 * column's name: sums of files can be added, and those of equal rows in any
 * order are equal.  Shares no code with what it judges.
 *
 *	-n COL		compare numbers as numbers: 5.0 is 5
 *	-n COL=VALUE	and all within 1e-9 of VALUE are alike: a mean may be
 *			summed in any order
 *	-x COL		leave the column out
 *	-k KEY -t TIME	rows must be in order of KEY, a whole number, and then
 *			of TIME, as bytes
 *
 * Exit status: 0 done, 1 a file that is no table or not in order, 2 usage.
 */
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLS_MAX 4096

struct cell {
	const char *at;
	size_t len;
};

/* What -n and -x say about a column. */
struct rule {
	const char *name;
	size_t len;
	const char *value; /* NULL: none */
	bool skip;
};

struct col {
	uint64_t hash; /* of the name */
	const struct rule *rule;
	double value;
};

struct asked {
	struct rule rule[COLS_MAX];
	size_t nrules;
	const char *key, *time; /* NULL: any order */
};

struct table {
	const char *path;
	char *p, *end;
	struct cell cell[COLS_MAX];
	struct col col[COLS_MAX];
	size_t ncols, rows;
	size_t key, time;
	uint64_t sum;
};

static void
die(const char *path, size_t row, const char *what)
{
	fprintf(stderr, "agree: %s: row %zu: %s\n", path, row, what);
	exit(1);
}

/* The finalizer of MurmurHash3: each bit of x changes half of the result's. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
	x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
	return x ^ (x >> 33);
}

/* FNV-1a. */
static uint64_t
hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
	return mix(h);
}

static bool
number(struct cell c, double *x)
{
	char text[64], *end;

	if (c.len == 0 || c.len >= sizeof(text))
		return false;
	memcpy(text, c.at, c.len);
	text[c.len] = '\0';
	*x = strtod(text, &end);
	return *end == '\0';
}

static uint64_t
hash_cell(const struct col *col, struct cell c)
{
	uint64_t bits;
	double x;

	if (col->rule == NULL || !number(c, &x))
		return hash(c.at, c.len);
	if (col->rule->value != NULL &&
	    fabs(x - col->value) <= 1e-9 * fabs(col->value))
		return 1;
	x += 0.0; /* no negative zero */
	memcpy(&bits, &x, sizeof(bits));
	return mix(bits);
}

/*
 * Takes the cell at t->p, quotes removed in place; true if it was the row's
 * last.
 */
static bool
take_cell(struct table *t, struct cell *c)
{
	char *p = t->p, *to, *end = t->end;

	if (p < end && *p == '"') {
		c->at = to = ++p;
		for (;;) {
			if (p == end)
				die(t->path, t->rows, "an open quote");
			if (*p == '"' && (++p == end || *p != '"'))
				break;
			*to++ = *p++;
		}
	} else {
		c->at = p;
		while (p < end && *p != ',' && *p != '\n')
			p++;
		to = p;
	}
	c->len = (size_t)(to - c->at);
	if (p < end && *p == '\r')
		p++;
	else if (c->len > 0 && to[-1] == '\r' && (p == end || *p == '\n'))
		c->len--;
	if (p < end && *p != ',' && *p != '\n')
		die(t->path, t->rows, "something behind a quote");
	t->p = p < end ? p + 1 : p;
	return p == end || *p == '\n';
}

static size_t
take_row(struct table *t)
{
	size_t n = 0;

	while (!take_cell(t, &t->cell[n++]))
		if (n == COLS_MAX)
			die(t->path, t->rows, "too many columns");
	return n;
}

static size_t
find_column(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (t->cell[i].len == strlen(name) &&
		    memcmp(t->cell[i].at, name, t->cell[i].len) == 0)
			return i;
	die(t->path, 0, name);
	return 0;
}

static void
take_header(struct table *t, const struct asked *a)
{
	t->ncols = take_row(t);
	for (size_t i = 0; i < t->ncols; i++) {
		struct cell c = t->cell[i];

		t->col[i] = (struct col){.hash = hash(c.at, c.len)};
		for (const struct rule *r = a->rule; r < a->rule + a->nrules;
		     r++)
			if (r->len == c.len &&
			    memcmp(r->name, c.at, c.len) == 0)
				t->col[i].rule = r;
		if (t->col[i].rule != NULL && t->col[i].rule->value != NULL)
			t->col[i].value = strtod(t->col[i].rule->value, NULL);
	}
	if (a->key != NULL) {
		t->key = find_column(t, a->key);
		t->time = find_column(t, a->time);
	}
}

static void
check_order(struct table *t, double *key, struct cell *time)
{
	struct cell now = t->cell[t->time];
	double k;
	size_t n = now.len < time->len ? now.len : time->len;
	int cmp = time->at == NULL ? 1 : memcmp(now.at, time->at, n);

	if (!number(t->cell[t->key], &k))
		die(t->path, t->rows, "a key that is no number");
	if (time->at != NULL && (k < *key || (k == *key && cmp < 0)))
		die(t->path, t->rows, "out of order");
	*key = k;
	*time = now;
}

static void
take_table(struct table *t, const struct asked *a)
{
	struct cell time = {NULL, 0};
	double key = 0;

	take_header(t, a);
	while (t->p < t->end) {
		uint64_t row = 0;

		t->rows++;
		if (take_row(t) != t->ncols)
			die(t->path, t->rows, "of another width");
		for (size_t i = 0; i < t->ncols; i++) {
			const struct col *col = &t->col[i];

			if (col->rule == NULL || !col->rule->skip)
				row +=
				    mix(col->hash ^ hash_cell(col, t->cell[i]));
		}
		t->sum += mix(row);
		if (a->key != NULL)
			check_order(t, &key, &time);
	}
}

static void
judge(const char *path, struct table *t, const struct asked *a)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	void *map;

	*t = (struct table){.path = path};
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		die(path, 0, "cannot be read, or is empty");
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die(path, 0, "cannot be mapped");
	close(fd);
	t->p = map;
	t->end = t->p + st.st_size;
	take_table(t, a);
	printf("%zu %016llx %s\n", t->rows, (unsigned long long)t->sum, path);
	munmap(map, (size_t)st.st_size);
}

static void
add_rule(struct asked *a, const char *arg, bool skip)
{
	const char *value = skip ? NULL : strchr(arg, '=');

	if (a->nrules == COLS_MAX)
		die(arg, 0, "one column too many");
	a->rule[a->nrules++] = (struct rule){.name = arg,
	    .len = value != NULL ? (size_t)(value - arg) : strlen(arg),
	    .value = value != NULL ? value + 1 : NULL,
	    .skip = skip};
}

int
main(int argc, char *argv[])
{
	struct asked *a = calloc(1, sizeof(*a));
	struct table *t = calloc(1, sizeof(*t));
	int c, bad = a == NULL || t == NULL;

	while (!bad && (c = getopt(argc, argv, "k:n:t:x:")) != -1)
		switch (c) {
		case 'k': a->key = optarg; break;
		case 't': a->time = optarg; break;
		case 'n':
		case 'x': add_rule(a, optarg, c == 'x'); break;
		default: bad = 1;
		}
	if (bad || optind == argc || (a->key == NULL) != (a->time == NULL)) {
		fputs("usage: agree [-k KEY -t TIME] [-n COL[=VALUE]] "
		      "[-x COL] FILE ...\n",
		    stderr);
		return 2;
	}
	for (int i = optind; i < argc; i++)
		judge(argv[i], t, a);
	free(t);
	free(a);
	return fflush(stdout) != 0;
}
