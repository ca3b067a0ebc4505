/*
 * python - runs a script in python3, the judge of what Python writes and
 * reads; a test that needs it is skipped where there is none.
 */
#ifndef SHARD_PYTHON_H
#define SHARD_PYTHON_H

#include <sys/wait.h>

#include "test.h"

static UNUSED bool
have_python(void)
{
	if (system("python3 -c 'import pickle, json, struct' 2>/dev/null") == 0)
		return true;
	test_skip("python3 is not installed");
	return false;
}

/* Runs in the directory of the test; true if it ended with status 0. */
static UNUSED bool
python(const char *script)
{
	const char *path = test_path("script.py");
	struct buf cmd = BUF_ZERO;
	int status;

	test_write(path, script, strlen(script));
	buf_printf(&cmd, "cd '%s' && python3 -B script.py", test_dir());
	fflush(stdout);
	status = system(buf_cstr(&cmd));
	buf_fini(&cmd);
	return CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
