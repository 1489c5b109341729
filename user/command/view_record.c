// SPDX-License-Identifier: BSD-2-Clause
/*
 * record: the flight recorder.  A view that shows nothing: the tap in the pipeline does the work
 * (pipe.c, record.c), also for --record of other commands.
 */
#include "view.h"

static void *record_open(const struct opts *o, struct out *out)
{
	(void)o;
	return out;
}

const struct view view_record = {
	.name = "record",
	.usage = "[DIR/|FILE|-]",
	.help = "the flight recorder: keep what happens, for later (-r, --at)",
	.live_only = true,
	.open = record_open,
};
