/* SPDX-License-Identifier: BSD-2-Clause */
/* All commands, in the order of the help; each has a file of its own. */
#ifndef PROBATE_COMMANDS_H
#define PROBATE_COMMANDS_H

#include "view.h"

#define COMMAND_TABLE(C)                                                                           \
	C(ports) C(port) C(pid) C(tree) C(zombies) C(report) C(trace) C(record) C(serve) C(doctor)

#define C(name) extern const struct view view_##name;
COMMAND_TABLE(C)
#undef C

#endif
