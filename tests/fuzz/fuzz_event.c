// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as events, back to back: the check, the text form and back, the model, the views. */
#include <stdlib.h>

#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned int seed)
{
	struct chance c = {seed};
	size_t done = chance_of(&c, 16) ? events_mutate(&c, data, n, max, 1) : 0;

	return done ? done : LLVMFuzzerMutate(data, n, max);
}

/* The event at the front of the bytes, alone in memory; bytes it takes, 0: there is no more. */
static size_t event_next(struct flow *f, const u8 *data, size_t n)
{
	struct ev head;
	struct ev *e;
	size_t size;

	if (n < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	size = head.size < n && head.size ? head.size : n;
	e = memcpy(xmalloc(size), data, size);
	if (!event_check(e, size)) {
		if (event_kind(e->kind))
			event_there_and_back(e);
		flow_event(f, e, size);
	}
	free(e);
	return size;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct flow f;

	flow_open(&f);
	for (size_t size; (size = event_next(&f, data, n)); n -= size)
		data += size;
	flow_close(&f);
	return 0;
}
