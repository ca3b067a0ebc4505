/*
 * dl - loads a library when it is first needed, so that programs that never
 * meet a file of its format start as fast as without it.
 *
 *	struct st { void *lib; FUNC(LZ4F_decompress); };
 *	st->lib = dl_load("liblz4.so.1", e);
 *	if (!st->lib || NEED(st, LZ4F_decompress) < 0) ...
 */
#ifndef SHARD_DL_H
#define SHARD_DL_H

#include <dlfcn.h>

#include "base/err.h"

/* Loads the library; returns NULL with a message when it is not installed. */
static inline void *
dl_load(const char *soname, struct err *e)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		err_set(e, "needs %s, which is not installed", soname);
	return lib;
}

/* Declares a member that points to the library's function of the same name. */
#define FUNC(fn) __typeof__(&fn) fn
/* Fills this member; it is -1, with a message in e, when the library lacks the
 * function. */
#define NEED(st, fn)                                                           \
	((*(void **)&(st)->fn = dlsym((st)->lib, #fn)) != NULL                 \
		? 0                                                            \
		: err_set(e, "the library lacks %s", #fn))

#endif
