// SPDX-License-Identifier: BSD-2-Clause
/* What a recording says of itself, and what its reader has to say about it. */
#include <string.h>

#include "rec_priv.h"

#define SAID_MAX 8 /* sentences about damage; more are counted */

/* ---- damage in words ------------------------------------------------------------------------- */

const char *reader_file(const struct reader *r)
{
	return r->dir >= 0 && r->seg < r->nsegs ? r->segs[r->seg].name : r->path;
}

void reader_say(struct reader *r, const char *name, const char *fmt, ...)
{
	struct buf b = {};
	char text[512];
	va_list ap;

	if (r->said++ >= SAID_MAX) {
		r->unsaid++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_add_safe(&b, name, strlen(name), 0);
	warn("%s: %s", b.s, text);
	buf_free(&b);
}

static void when(char out[64], u64 wall)
{
	char rfc[40];

	time_rfc3339(rfc, wall);
	snprintf(out, 64, "%.19sZ", rfc);
}

/* From the last good block of the run to this one something is missing. */
void reader_say_gap(struct reader *r, const struct rec_head *h, u64 missing)
{
	const char *why = r->why ? r->why : "the blocks do not follow one another";
	char from[64], to[64];

	when(from, r->ts + r->offset);
	when(to, head_wall(h));
	if (missing)
		reader_say(r, reader_file(r), "%s: %llu events between %s and %s are missing", why,
			   (unsigned long long)missing, from, to);
	else
		reader_say(r, reader_file(r), "%s: a block without events is lost, before %s", why,
			   to);
}

/* A run does not begin with the state it found. */
void reader_say_headless(struct reader *r, const struct rec_head *h)
{
	char to[64];

	when(to, head_wall(h));
	reader_say(r, reader_file(r), "%s: what was before %s is missing",
		   r->why ? r->why : "it does not begin with a dump of the state", to);
}

void reader_say_cut(struct reader *r, const char *name)
{
	char to[64];

	when(to, r->ts + r->offset);
	if (r->begun)
		reader_say(r, name, "%s: what came after %s is missing",
			   r->why ? r->why : "it was cut off", to);
	else
		reader_say(r, name, "it holds no events: %s", r->why ? r->why : "it is empty");
	r->why = NULL;
	r->cut[0] = 0;
}

/* The recorder was not running at the moment that is asked for. */
void reader_say_between(struct reader *r, const struct rec_head *h)
{
	char from[64], to[64];

	when(from, r->ts + r->offset);
	when(to, head_wall(h));
	reader_say(r, reader_file(r), "nothing was recorded between %s and %s", from, to);
}

/* ---- where it was written, and with which schema --------------------------------------------- */

static void boot_learn(struct reader *r, const char *text, size_t n)
{
	const char *s = memmem(text, n, "\nboot: ", 7), *end = text + n;
	size_t len = 0;

	memset(r->boot, 0, sizeof(r->boot));
	for (s = s ? s + 7 : end; s + len < end && s[len] != '\n' && len < sizeof(r->boot) - 1;
	     len++)
		r->boot[len] = s[len];
}

void header_learn(struct reader *r, const char *text, size_t n)
{
	const char *s = memmem(text, n, "\nschema:", 8), *end = text + n;
	u32 number, bytes;

	boot_learn(r, text, n);
	memset(r->sizes, 0, sizeof(r->sizes));
	while (s && (s = memchr(s + 1, '\n', (size_t)(end - s - 1)))) {
		char line[64] = "";
		size_t len = (size_t)(end - s - 1);

		memcpy(line, s + 1, len < sizeof(line) ? len : sizeof(line) - 1);
		if (sscanf(line, "%u %*31s %u:", &number, &bytes) == 2 && number < EV_KIND_MAX &&
		    bytes >= sizeof(struct ev) && bytes <= EV_MAX)
			r->sizes[number] = (u16)bytes;
	}
}
