/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source that reads events in their text form, one a line, from a file or standard input.
 *
 * Blank lines and lines that begin with "#" are passed over.  A line that is no event is passed
 * over too, the first is told with its number and how many more there were; the answer then counts
 * as incomplete.  A last line without a newline was cut, and half a number would be another number.
 * A line that begins with "===" ends the events: what follows it in a test is the answer that is
 * expected.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "source.h"

#define LINE_BYTES                                                                                 \
	(256u << 10) /* far longer than any event's text: what does not end is no story */

struct story {
	struct source source;
	FILE *f;
	const char *path;
	char *line; /* LINE_BYTES */
	u64 lines, events, bad, first_bad;
	char why[128];	 /* of the first bad line */
	bool over, told; /* nothing more comes; what was wrong was said */
	u64 event[EV_MAX / sizeof(u64)];
};

static int line_bad(struct story *s, const char *why)
{
	if (!s->bad++) {
		s->first_bad = s->lines;
		snprintf(s->why, sizeof(s->why), "%s", why);
	}
	return -EBADMSG;
}

/* The next line: 0; -ENODATA at the end; -EBADMSG, of which one without an end is the last. */
static int line_next(struct story *s)
{
	char *last = s->line + LINE_BYTES - 1;

	*last = 1; /* becomes 0 when the line fills the room; there may be other 0s in it */
	errno = 0;
	if (!fgets(s->line, LINE_BYTES, s->f))
		return ferror(s->f) ? -errno : -ENODATA;
	s->lines++;
	if (!*last && last[-1] != '\n') {
		s->over = true;
		return line_bad(s, "the line is longer than any event");
	}
	if (feof(s->f)) /* only reached when no newline was */
		return line_bad(s, "the last line is cut");
	return 0;
}

/* What was wrong with the whole, once, in one sentence. */
static int story_end(struct story *s)
{
	s->over = true;
	if (s->told || (!s->bad && s->events))
		return -ENODATA;
	s->told = true;
	if (!s->bad)
		warn("%s holds no events", s->path);
	else if (!s->events)
		warn("%s holds no events: line %llu: %s", s->path, (unsigned long long)s->first_bad,
		     s->why);
	else if (s->bad == 1)
		warn("%s:%llu: %s; it was passed over", s->path, (unsigned long long)s->first_bad,
		     s->why);
	else
		warn("%s:%llu: %s; it and %llu more were passed over", s->path,
		     (unsigned long long)s->first_bad, s->why, (unsigned long long)s->bad - 1);
	return -EBADMSG; /* counts, and the end follows */
}

/* One event a call, so that a watching view settles after each. */
static int story_poll(struct source *source, int timeout_ms, sink_fn sink, void *ctx)
{
	struct story *s = (struct story *)source;
	const char *why, *at;
	int n;

	(void)timeout_ms;
	do {
		n = s->over ? -ENODATA : line_next(s);
		if (n)
			return n == -ENODATA ? story_end(s) : n;
		at = s->line + strspn(s->line, " \t\r\n");
	} while (!*at || *at == '#');
	if (!strncmp(at, "===", 3))
		return story_end(s);
	n = event_parse(at, s->event, &why);
	if (n < 0)
		return line_bad(s, why);
	s->events++;
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
	.poll = story_poll,
	.close = story_close,
};

int source_open_story(struct source **out, const char *path, struct buf *err)
{
	bool std = !strcmp(path, "-");
	FILE *f = std ? stdin : fopen(path, "re");
	struct stat st;
	struct story *s;

	if (f && !fstat(fileno(f), &st) && S_ISDIR(st.st_mode)) {
		fclose(f);
		f = NULL;
		errno = EISDIR;
	}
	if (!f) {
		int error = errno;

		buf_printf(err, "cannot read %s: %s", path, strerror(error));
		return -error;
	}
	s = xcalloc(1, sizeof(*s));
	s->source = (struct source){.ops = &story_ops, .tier = "replay"};
	s->f = f;
	s->line = xmalloc(LINE_BYTES);
	s->path = std ? "standard input" : path;
	*out = &s->source;
	return 0;
}
