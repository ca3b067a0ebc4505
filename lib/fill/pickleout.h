/*
 * pickleout - writes a flat dict of text to numbers or text in the format of
 * Python's pickle module; pickle.h reads one.
 *
 *	pickle_put_dict_begin(&b);
 *	pickle_put_dict_number(&b, bytes_str("age"), 33.5);
 *	pickle_put_dict_text(&b, bytes_str("city"), bytes_str("Paris"));
 *	pickle_put_dict_end(&b);
 */
#ifndef SHARD_PICKLEOUT_H
#define SHARD_PICKLEOUT_H

#include "base/base.h"
#include "base/buf.h"

/*
 * These append a pickle of protocol 2, which every Python since 2.3 loads: its
 * beginning, a pair with a number, a pair with a text, and its end.  Keys and
 * texts must be valid UTF-8 of less than 4 GiB, keys must differ, numbers must
 * be finite.  They become Python's float and str (unicode in Python 2).
 */
void pickle_put_dict_begin(struct buf *b);
void pickle_put_dict_number(struct buf *b, struct bytes key, double number);
void pickle_put_dict_text(struct buf *b, struct bytes key, struct bytes text);
void pickle_put_dict_end(struct buf *b);

#endif
