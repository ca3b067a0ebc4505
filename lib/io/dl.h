/*
 * dl - functions of a library that is loaded when it is first needed, so that
 * programs which never meet such a file do not pay for it at their start.
 *
 *	struct st { void *lib; FUNC(LZ4F_decompress); };
 *	st->lib = dl_load("liblz4.so.1", e);
 *	if (!st->lib || NEED(st, LZ4F_decompress) < 0) ...
 */
#ifndef SHARD_DL_H
#define SHARD_DL_H

#include <dlfcn.h>

#include "base/err.h"

static inline void *
dl_load(const char *soname, struct err *e)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		err_set(e, "needs %s, which is not installed", soname);
	return lib;
}

/* A member that points to the function of the same name. */
#define FUNC(fn) __typeof__(&fn) fn
/* Fills it; -1 when the library lacks it. */
#define NEED(st, fn)                                                           \
	((*(void **)&(st)->fn = dlsym((st)->lib, #fn)) != NULL                 \
		? 0                                                            \
		: err_set(e, "the library lacks %s", #fn))

#endif
