// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a story: each line that is an event keeps its text, and goes through the model. */
#include <errno.h>
#include <unistd.h>

#include "fuzz.h"

static void take(void *ctx, const struct ev *e, size_t bytes)
{
	const char *why = event_check(e, bytes);

	MUST(!why, "what was read is no event: %s", why);
	event_there_and_back(e);
	flow_event(ctx, e, bytes);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	struct source *s;
	struct buf err = {};
	struct flow f;
	char path[64];
	int fd = file_of(data, n, path);

	MUST(!source_open_story(&s, path, &err), "it cannot be opened");
	flow_open(&f, NULL);
	while (s->ops->poll(s, 0, take, &f) != -ENODATA)
		;
	flow_close(&f);
	s->ops->close(s);
	close(fd);
	return 0;
}
