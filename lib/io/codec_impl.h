/* codec_impl - the decoders and encoders in the table of codec.c, one file per
 * library. */
#ifndef SHARD_CODEC_IMPL_H
#define SHARD_CODEC_IMPL_H

#include "io/codec.h"
#include "io/in.h"

extern const struct decoder gzip_decoder, zstd_decoder, lz4_decoder,
    bzip2_decoder, xz_decoder;
extern const struct encoder gzip_encoder, zstd_encoder, lz4_encoder, xz_encoder;

#endif
