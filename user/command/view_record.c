// SPDX-License-Identifier: BSD-2-Clause
/*
 * record: the flight recorder.  A view that shows nothing: the tap in the pipeline does the work
 * (pipe.c, record.c), also for --record of other commands.
 */
#include "options.h"

#define RECORD_DEFAULT "/var/lib/probate/"

static void *record_open(const struct opts *o, struct out *out)
{
	(void)o;
	return out;
}

static void operand_record(struct opts *o, const char *word)
{
	if (o->record)
		die(EXIT_USAGE, "record writes to one place: \"%s\" or \"%s\"", o->record, word);
	o->record = word;
}

static void record_check(struct opts *o)
{
	if (o->out_path)
		die(EXIT_USAGE, "record prints nothing for -o; to record there: probate record %s",
		    o->out_path);
	if (!o->record)
		o->record = RECORD_DEFAULT;
}

const struct view view_record = {
	.name = "record",
	.usage = "[DIR/|FILE|-]",
	.help = "the flight recorder: keep what happens, for later (-r, --at)",
	.live_only = true,
	.records = true,
	.limits = true,
	.operands = {0, 1, operand_record, NULL},
	.check = record_check,
	.open = record_open,
};
