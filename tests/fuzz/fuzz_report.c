// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as events, back to back, and the report on them: as text, page, trace and JSON. */
#include "fuzz.h"
#include "trace.h"

size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned int seed)
{
	struct chance c = {seed};
	size_t done = chance_of(&c, 16) ? events_mutate(&c, data, n, max, 1) : 0;

	return done ? done : LLVMFuzzerMutate(data, n, max);
}

/* The last port and process that are spoken of. */
static void learn(void *about, const struct ev *e, size_t bytes)
{
	struct about *a = about;
	const struct ev_gone *g = (const struct ev_gone *)e;

	(void)bytes;
	if (event_kind(e->kind) && trace_has_sock(e) && g->local.port)
		a->port = g->local.port;
	if (e->tgid)
		a->pid = e->tgid;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct about about = {};
	struct flow f;

	events_each(data, n, learn, &about);
	flow_open(&f, &about);
	events_each(data, n, flow_event, &f);
	flow_close(&f);
	return 0;
}
