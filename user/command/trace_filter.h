/* SPDX-License-Identifier: BSD-2-Clause */
/* Which events `trace` shows. */
#ifndef PROBATE_TRACE_FILTER_H
#define PROBATE_TRACE_FILTER_H

#include "options.h"
#include "trace.h"

/* Does the event pass the filter of the command line? */
bool trace_shown(const struct opts *o, const struct model *m, const struct ev *e);
/* Is it about no process, but about the stream that the others stand in? */
bool trace_frames(const struct opts *o, const struct ev *e);
extern const struct option_def trace_options[];
void trace_operand(struct opts *o, const char *word);

#endif
