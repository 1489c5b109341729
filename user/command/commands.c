/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"
#include "options.h"

const struct view *const views[] = {
#define C(name) &view_##name,
	COMMAND_TABLE(C)
#undef C
		NULL,
};
