#include "io/codec.h"

#include <string.h>

#include "io/codec_impl.h"

static const struct codec_info table[CODEC_COUNT] = {
    [CODEC_NONE] = {"none", "", 0, 0, NULL, NULL},
    [CODEC_GZIP] = {"gz", ".gz", 1, 9, &gzip_decoder, &gzip_encoder},
    [CODEC_ZSTD] = {"zst", ".zst", 1, 19, &zstd_decoder, &zstd_encoder},
    [CODEC_LZ4] = {"lz4", ".lz4", 1, 12, &lz4_decoder, &lz4_encoder},
    [CODEC_BZIP2] = {"bz2", ".bz2", 1, 1, &bzip2_decoder, NULL},
    [CODEC_XZ] = {"xz", ".xz", 1, 9, &xz_decoder, &xz_encoder},
};

const struct codec_info *
codec_info(enum codec c)
{
	return &table[c];
}

int
codec_named(struct bytes name)
{
	static const struct {
		const char *name;
		enum codec codec;
	} alias[] = {
	    {"gzip", CODEC_GZIP}, {"zstd", CODEC_ZSTD}, {"bzip2", CODEC_BZIP2}};
	size_t i;

	for (i = 0; i < CODEC_COUNT; i++)
		if (bytes_eq(name, bytes_str(table[i].name)))
			return (int)i;
	for (i = 0; i < LEN(alias); i++)
		if (bytes_eq(name, bytes_str(alias[i].name)))
			return (int)alias[i].codec;
	return -1;
}

int
codec_option(const char *word, int *codec, struct err *e)
{
	*codec = codec_named(bytes_str(word));
	if (*codec == CODEC_NONE || (*codec >= 0 && table[*codec].enc))
		return 0;
	return err_kind_set(e, ERR_USAGE,
	    "--compress %s: must be none, gz, zst, lz4 or xz",
	    err_quote(bytes_str(word)));
}

int
codec_level(enum codec c, uint64_t level, struct err *e)
{
	if (level <= (uint64_t)table[c].max_level)
		return 0;
	return err_kind_set(e, ERR_USAGE, "--level %llu: %s goes up to %d",
	    (unsigned long long)level, table[c].name, table[c].max_level);
}

static bool
begins(struct bytes s, const char *magic, size_t n)
{
	return s.n >= n && memcmp(s.p, magic, n) == 0;
}

enum codec
codec_of_magic(struct bytes head)
{
	if (begins(head, "\x1f\x8b", 2))
		return CODEC_GZIP;
	if (begins(head, "\x28\xb5\x2f\xfd", 4))
		return CODEC_ZSTD;
	if (begins(head, "\x04\x22\x4d\x18", 4))
		return CODEC_LZ4;
	if (begins(head,
		"\xfd"
		"7zXZ\0",
		6))
		return CODEC_XZ;
	/* "BZh" alone could begin a header line; the block magic could not */
	if (begins(head, "BZh", 3) && head.n >= 10 &&
	    (memcmp(head.p + 4, "1AY&SY", 6) == 0 ||
		memcmp(head.p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0))
		return CODEC_BZIP2;
	return CODEC_NONE;
}
