/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source that reads events in their text form, one a line, from a file or standard input.
 *
 * Blank lines and lines that begin with "#" are passed over.  A line that is no event is told with
 * its number and passed over too; the answer then counts as incomplete.  A line that begins with
 * "===" ends the events: what follows it in a test is the answer that is expected.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

struct story {
	struct source source;
	FILE *f;
	const char *path;
	char *line;
	size_t cap;
	u64 lines;
	u64 event[EV_MAX / sizeof(u64)];
};

static int story_scan(struct source *s, const struct want *want, sink_fn sink, void *ctx)
{
	(void)s, (void)want, (void)sink, (void)ctx;
	return 0;
}

static int story_describe(struct source *s, const u32 *tgids, u32 n, sink_fn sink, void *ctx)
{
	(void)s, (void)tgids, (void)n, (void)sink, (void)ctx;
	return 0;
}

/* One event a call, so that a watching view settles after each. */
static int story_poll(struct source *source, int timeout_ms, sink_fn sink, void *ctx)
{
	struct story *s = (struct story *)source;
	const char *why, *at;
	int n;

	(void)timeout_ms;
	do {
		if (getline(&s->line, &s->cap, s->f) < 0)
			return ferror(s->f) ? -EIO : -ENODATA;
		s->lines++;
		at = s->line + strspn(s->line, " \t\r\n");
	} while (!*at || *at == '#');
	if (!strncmp(at, "===", 3))
		return -ENODATA;
	n = event_parse(at, s->event, &why);
	if (n < 0) {
		warn("%s:%llu: %s", s->path, (unsigned long long)s->lines, why);
		return -EBADMSG;
	}
	sink(ctx, (const struct ev *)s->event, n);
	return 1;
}

static void story_close(struct source *source)
{
	struct story *s = (struct story *)source;

	if (s->f != stdin)
		fclose(s->f);
	free(s->line);
	free(s);
}

static const struct source_ops story_ops = {
	.name = "story",
	.scan = story_scan,
	.describe = story_describe,
	.poll = story_poll,
	.close = story_close,
};

int source_open_story(struct source **out, const char *path, struct buf *err)
{
	bool std = !strcmp(path, "-");
	FILE *f = std ? stdin : fopen(path, "re");
	struct story *s;

	if (!f) {
		int error = errno;

		buf_printf(err, "cannot read %s: %s", path, strerror(error));
		return -error;
	}
	s = xcalloc(1, sizeof(*s));
	s->source = (struct source){.ops = &story_ops, .tier = "replay"};
	s->f = f;
	s->path = std ? "standard input" : path;
	*out = &s->source;
	return 0;
}
