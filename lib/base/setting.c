#include "base/setting.h"

static struct setting now = {.temp_dir = "/tmp"};

void
setting_set(const struct setting *s)
{
	now = *s;
}

const struct setting *
setting(void)
{
	return &now;
}
