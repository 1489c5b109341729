/* SPDX-License-Identifier: BSD-2-Clause */
/* All commands; each has a file of its own. */
#include "commands.h"
#include "options.h"

const struct view *const views[] = {
	&view_ports,   &view_port,  &view_pid,	  &view_tree,
	&view_zombies, &view_report, &view_trace, &view_record, &view_serve, &view_doctor, NULL,
};
