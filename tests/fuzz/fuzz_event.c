// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as events, back to back: the check, the text form and back, the model, the views. */
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned int seed)
{
	struct chance c = {seed};
	size_t done = chance_of(&c, 16) ? events_mutate(&c, data, n, max, 1) : 0;

	return done ? done : LLVMFuzzerMutate(data, n, max);
}

static void take(void *flow, const struct ev *e, size_t bytes)
{
	if (event_kind(e->kind))
		event_there_and_back(e);
	flow_event(flow, e, bytes);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct flow f;

	flow_open(&f, NULL);
	events_each(data, n, take, &f);
	flow_close(&f);
	return 0;
}
