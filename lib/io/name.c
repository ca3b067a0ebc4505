#include "io/name.h"

#include <string.h>

#include "base/parse.h"

static const char *const format_names[] = {
    [FORMAT_CSV] = "csv",
    [FORMAT_TSV] = "tsv",
    [FORMAT_JSON] = "json",
    [FORMAT_JSONL] = "jsonl",
    [FORMAT_PARQUET] = "parquet",
    [FORMAT_UNKNOWN] = "unknown",
};

const char *
format_name(enum format f)
{
	return format_names[f];
}

bool
format_writable(enum format f)
{
	return f < FORMAT_UNKNOWN && f != FORMAT_JSON;
}

enum format
format_named(struct bytes name)
{
	size_t i;

	for (i = 0; i < FORMAT_UNKNOWN; i++)
		if (bytes_eq(name, bytes_str(format_names[i])))
			break;
	return (enum format)i;
}

/* Takes the last ".word" off name; false if there is none. */
static bool
pop_ext(struct bytes *name, struct bytes *ext)
{
	const char *dot = name->n ? memrchr(name->p, '.', name->n) : NULL;

	if (!dot)
		return false;
	*ext = bytes_of(dot + 1, (size_t)(name->p + name->n - dot) - 1);
	name->n = (size_t)(dot - name->p);
	return true;
}

const char *
name_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct shard_name
shard_name_parse(const char *path)
{
	struct shard_name sn = {.format = FORMAT_UNKNOWN};
	struct bytes name = bytes_str(name_last(path)), ext, rest;
	size_t n = 0;
	int c;

	rest = name;
	if (pop_ext(&rest, &ext)) {
		c = codec_named(ext);
		if (c > CODEC_NONE) {
			sn.codec = (enum codec)c;
			if (!pop_ext(&rest, &ext))
				ext = bytes_of("", 0);
		}
		sn.format = format_named(ext);
	}
	if (name.n < 6 || memcmp(name.p, "part-", 5) != 0)
		return sn;
	name = bytes_of(name.p + 5, name.n - 5);
	while (n < name.n && name.p[n] >= '0' && name.p[n] <= '9')
		n++;
	if (n == 0 || (n < name.n && name.p[n] != '.' && name.p[n] != '-'))
		return sn;
	sn.too_large = !parse_u64(bytes_of(name.p, n), &sn.number);
	if (sn.too_large)
		return sn;
	sn.is_part = true;
	return sn;
}

void
shard_name_format(struct buf *b, uint64_t number, enum format f, enum codec c)
{
	buf_printf(b, "part-%05llu.%s%s", (unsigned long long)number,
	    format_name(f), codec_info(c)->ext);
}

bool
split_name_ok(struct bytes s)
{
	return s.n > 0 && s.n < 200 && s.p[0] != '.' && s.p[0] != '_' &&
	    !memchr(s.p, '/', s.n) && !memchr(s.p, '\0', s.n) &&
	    !memchr(s.p, '\n', s.n);
}
