/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands by name; options.h has the list of all. */
#ifndef PROBATE_COMMANDS_H
#define PROBATE_COMMANDS_H

#include "view.h"

extern const struct view view_trace, view_ports, view_port, view_pid, view_tree, view_zombies,
	view_report, view_record, view_serve, view_doctor;

#endif
