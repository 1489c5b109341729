// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reading a recording: a source of events like the kernel.
 *
 * The numbers in the heads tell what is missing (R1, R2), so damage of any kind (a block cut, a bit
 * changed, a segment lost) is one case: the blocks that are good do not follow one another.  The
 * gap is told to people in a sentence and to the model as an event (lost), and the next dump of the
 * model makes it right again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec.h"

#define SAID_MAX 8 /* sentences about damage; more are counted */

struct reader {
	struct source source;
	char *path;
	int dir; /* -1: one file or a pipe */
	struct segment *segs;
	int nsegs, seg; /* seg: the one that is read */
	struct input in;
	bool open;

	struct rec_head head; /* of the block in raw */
	u8 *raw;
	size_t at, raw_cap;	/* at: what comes next of raw; head.raw: the end */
	char boot[40];		/* boot id of the machine then */
	u16 sizes[EV_KIND_MAX]; /* of each kind without tail when it was written; 0: as now */
	u64 fitted[EV_MAX / sizeof(u64)];

	bool begun, ended;   /* a block was read; the last one was an end */
	u64 run, seq, event; /* what the next block should say */
	u64 ts, offset;	     /* of the last event */
	const char *why;     /* of damage met since the last good block; NULL: none */
	u32 said, unsaid;
};

/* ---- damage in words ---------------------------------------------------------------------------
 */

static const char *file_name(const struct reader *r)
{
	return r->dir >= 0 && r->seg < r->nsegs ? r->segs[r->seg].name : r->path;
}

static void __attribute__((format(printf, 2, 3))) say(struct reader *r, const char *fmt, ...)
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
	buf_add_safe(&b, file_name(r), strlen(file_name(r)), 0);
	warn("%s: %s", b.s, text);
	buf_free(&b);
}

static void when(char out[64], u64 wall)
{
	char rfc[40];

	time_rfc3339(rfc, wall);
	snprintf(out, 64, "%.19sZ", rfc);
}

/* From the last good block to this one something is missing. */
static void say_gap(struct reader *r, const struct rec_head *h, u64 missing)
{
	const char *why = r->why ? r->why : "the blocks do not follow one another";
	char from[64], to[64];

	when(from, r->ts + r->offset);
	when(to, head_wall(h));
	if (!missing)
		say(r, "%s: a block without events is lost, before %s", why, to);
	else if (!r->begun)
		say(r, "%s: what was before %s is missing", why, to);
	else
		say(r, "%s: %llu events between %s and %s are missing", why,
		    (unsigned long long)missing, from, to);
	r->why = NULL;
}

static void say_cut(struct reader *r, const char *why)
{
	char to[64];

	when(to, r->ts + r->offset);
	if (r->begun)
		say(r, "%s: what came after %s is missing", why, to);
	else
		say(r, "it holds no events: %s", why);
	r->why = NULL;
}

/* ---- files -------------------------------------------------------------------------------------
 */

static int seg_open(const struct reader *r, int n)
{
	return openat(r->dir, r->segs[n].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* A recorder keeps what it writes locked. */
static bool being_written(const struct reader *r)
{
	if (!r->in.seeks || !flock(r->in.fd, LOCK_SH | LOCK_NB)) {
		if (r->in.seeks)
			flock(r->in.fd, LOCK_UN);
		return false;
	}
	return errno == EWOULDBLOCK;
}

/* The next segment that can be opened; -ENODATA when there is none. */
static int file_next(struct reader *r)
{
	int fd;

	if (r->open)
		input_free(&r->in);
	r->open = false;
	while (r->dir >= 0 && ++r->seg < r->nsegs) {
		fd = seg_open(r, r->seg);
		if (fd < 0) {
			r->why = "it cannot be read"; /* the gap in the numbers tells what that
							 means */
			continue;
		}
		input_init(&r->in, fd);
		r->open = true;
		return 0;
	}
	return -ENODATA;
}

/* The end of a file: 0: read on in the next; -EBADMSG: it was said that it is cut; -ENODATA. */
static int file_end(struct reader *r)
{
	bool cut = !r->ended && !being_written(r), last = r->dir < 0 || r->seg + 1 >= r->nsegs;
	int err;

	if (cut && !r->why)
		r->why = r->begun || r->in.pos ? "it was cut off" : "it is empty";
	if (cut && last)
		say_cut(r, r->why);
	err = file_next(r);
	r->ended = last && r->ended;
	return err == -ENODATA && cut ? -EBADMSG : err;
}

/* ---- where it was written, and with which schema
 * ------------------------------------------------------------- */

static void boot_learn(struct reader *r, const char *text, size_t n)
{
	const char *s = memmem(text, n, "\nboot: ", 7), *end = text + n;
	size_t len = 0;

	memset(r->boot, 0, sizeof(r->boot));
	for (s = s ? s + 7 : end; s + len < end && s[len] != '\n' && len < sizeof(r->boot) - 1;
	     len++)
		r->boot[len] = s[len];
}

static void header_learn(struct reader *r, const char *text, size_t n)
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

/* Fields were appended since it was written: they are 0, before the tail. */
static const struct ev *fit(struct reader *r, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);
	u16 had = e->kind < EV_KIND_MAX ? r->sizes[e->kind] : 0;
	struct ev *to = (struct ev *)r->fitted;

	if (!k || !had || had >= k->size || e->size < had || e->size + k->size - had > EV_MAX)
		return e;
	memcpy(to, e, had);
	memset((char *)to + had, 0, k->size - had);
	memcpy((char *)to + k->size, (const char *)e + had, e->size - had);
	to->size = (u16)(e->size + k->size - had);
	return to;
}

/* ---- blocks
 * -------------------------------------------------------------------------------------- */

/* Is the block what should come?  Else the gap is said and told; the number of events missing. */
static int continuity(struct reader *r, const struct rec_head *h, sink_fn sink, void *ctx)
{
	bool other_run = h->run != r->run;
	struct ev_lost lost = {.h = {.kind = EV_KIND_LOST, .size = sizeof(lost), .ts = r->ts}};
	int said = 0;

	if (!r->begun || other_run) {
		if (r->why || (r->begun && h->seq))
			said = -EBADMSG;
		if (said)
			say_gap(r, h, h->first_event ? h->first_event : 1);
	} else if (h->seq != r->seq || r->why) {
		lost.count = h->first_event > r->event ? h->first_event - r->event : 0;
		say_gap(r, h, lost.count);
		said = -EBADMSG;
		if (lost.count)
			sink(ctx, &lost.h, sizeof(lost));
	}
	r->why = NULL;
	r->begun = true;
	r->run = h->run;
	r->seq = h->seq;
	r->event = h->first_event;
	r->offset = h->offset;
	return said;
}

/* Payload at hand: take it over.  NULL, or why it is no good. */
static const char *block_take(struct reader *r, const struct rec_head *h, const u8 *payload)
{
	const char *why;

	if (!r->raw || h->raw > r->raw_cap) { /* of nothing, too: it is searched */
		r->raw = xrealloc(r->raw, h->raw);
		r->raw_cap = h->raw;
	}
	why = rec_unpack(h, payload, r->raw);
	r->at = 0;
	r->head = *h;
	if (why)
		r->head.raw = 0;
	return why;
}

/* A whole block is at hand. */
static int block_use(struct reader *r, const struct rec_head *h, sink_fn sink, void *ctx)
{
	const char *why = block_take(r, h, r->in.buf + r->in.at + h->head_bytes);
	int said;

	r->ended = false;
	if (why) { /* the next block may begin in what seems to be its payload */
		r->why = why;
		input_skip(&r->in, sizeof(*h));
		input_find(&r->in);
		return 0;
	}
	input_skip(&r->in, h->head_bytes + h->stored);
	if (h->type == REC_HEADER) {
		header_learn(r, (const char *)r->raw, h->raw);
		r->head.raw = 0;
		return 0;
	}
	if (h->type != REC_END && h->type != REC_MODEL && h->type != REC_EVENTS) {
		r->head.raw = 0; /* of a later version */
		return 0;
	}
	if (r->begun && h->run == r->run && h->seq < r->seq) {
		r->head.raw = 0;
		r->why = "a block comes twice";
		return 0;
	}
	said = continuity(r, h, sink, ctx);
	if (h->type == REC_END) {
		r->ended = true;
		r->head.raw = 0;
		return said;
	}
	r->seq++;
	if (h->type == REC_EVENTS)
		r->event += h->events;
	return said;
}

/* Read on to a block with events: 0, -ENODATA at the end, -EBADMSG: damage was said; call again. */
static int block_next(struct reader *r, sink_fn sink, void *ctx)
{
	struct rec_head h;
	ssize_t n;
	int err = 0;

	while (!err && r->at >= r->head.raw) {
		if (!r->open)
			return -ENODATA;
		n = input_need(&r->in, sizeof(h));
		if (n < 0)
			return (int)n;
		if (!n) {
			err = file_end(r);
			continue;
		}
		if ((size_t)n >= sizeof(h))
			memcpy(&h, r->in.buf + r->in.at, sizeof(h));
		if ((size_t)n < sizeof(h) || !rec_head_ok(&h)) {
			r->why = r->why			 ? r->why
				 : (size_t)n < sizeof(h) ? "it was cut off"
							 : "bytes in it are no block";
			r->ended = false;
			input_skip(&r->in, 1);
			input_find(&r->in);
			continue;
		}
		n = input_need(&r->in, h.head_bytes + h.stored);
		if (n < 0)
			return (int)n;
		if ((size_t)n < h.head_bytes + h.stored) {
			r->why = "it was cut off";
			r->ended = false;
			input_skip(&r->in, sizeof(h));
			input_find(&r->in);
			continue;
		}
		err = block_use(r, &h, sink, ctx);
	}
	return err;
}

/* ---- the source
 * ------------------------------------------------------------------------------------ */

/* A batch ended here: what was there was shown. */
static bool is_mark(const struct ev *e)
{
	return e->kind == EV_KIND_TICK;
}

static int reader_poll(struct source *source, int timeout_ms, sink_fn sink, void *ctx)
{
	struct reader *r = (struct reader *)source;
	int n = block_next(r, sink, ctx);

	(void)timeout_ms;
	if (n)
		return n;
	while (r->at < r->head.raw) {
		const struct ev *e = (const void *)(r->raw + r->at);
		size_t left = r->head.raw - r->at, size;

		if (left < sizeof(*e) || e->size < sizeof(*e) || e->size > left) {
			r->at = r->head.raw;
			say(r,
			    "an event in it makes no sense: the rest of its block is passed over");
			return -EBADMSG;
		}
		size = (e->size + 7u) & ~7u;
		r->at += size < left ? size : left;
		e = fit(r, e);
		if (r->head.type == REC_EVENTS && e->ts > r->ts)
			r->ts = e->ts;
		sink(ctx, e, e->size);
		n++;
		if (is_mark(e))
			break;
	}
	return n;
}

static int no_scan(struct source *s, const struct want *want, sink_fn sink, void *ctx)
{
	(void)s, (void)want, (void)sink, (void)ctx;
	return 0;
}

static int no_describe(struct source *s, const u32 *tgids, u32 n, sink_fn sink, void *ctx)
{
	(void)s, (void)tgids, (void)n, (void)sink, (void)ctx;
	return 0;
}

static void reader_close(struct source *source)
{
	struct reader *r = (struct reader *)source;

	if (r->unsaid)
		warn("%s: %u more places are damaged", r->path, r->unsaid);
	if (r->open)
		input_free(&r->in);
	if (r->dir >= 0)
		close(r->dir);
	free(r->segs);
	free(r->raw);
	free(r->path);
	free(r);
}

/* ---- from when to when
 * ------------------------------------------------------------------------------ */

/* First and last moment of one file; false: nothing in it can be read. */
static bool file_span(int fd, u64 *first, u64 *last)
{
	struct rec_head h;
	s64 pos = head_find(fd, 0, &h);

	if (pos < 0)
		return false;
	*first = head_wall(&h);
	for (*last = *first; pos >= 0; pos = head_find(fd, (u64)pos + h.head_bytes + h.stored, &h))
		if (head_wall_end(&h) > *last)
			*last = head_wall_end(&h);
	return true;
}

static int reader_span(struct source *source, u64 *first, u64 *last)
{
	struct reader *r = (struct reader *)source;
	u64 a, b;
	bool any = false;

	if (r->dir < 0)
		return r->in.seeks && file_span(r->in.fd, first, last) ? 0 : -ENODATA;
	for (int i = 0, step = 1; i < r->nsegs && i >= 0; i += step) {
		int fd = seg_open(r, i);
		bool ok = fd >= 0 && file_span(fd, &a, &b);

		if (fd >= 0)
			close(fd);
		if (!ok)
			continue;
		if (!any)
			*first = a;
		if (!any || b > *last) /* the clock may have been set back between them */
			*last = b;
		if (any || step < 0)
			return 0;
		any = true; /* the first: now from the end */
		i = r->nsegs;
		step = -1;
	}
	return any ? 0 : -ENODATA;
}

/* Where in this file the last dump of the model begins that is not after `wall`; -1: none. */
static s64 dump_before(int fd, u64 wall)
{
	struct rec_head h;
	s64 found = -1;

	for (s64 pos = head_find(fd, 0, &h); pos >= 0;
	     pos = head_find(fd, (u64)pos + h.head_bytes + h.stored, &h)) {
		if (h.type == REC_MODEL && h.flags & REC_FIRST) {
			if (head_wall(&h) > wall)
				break;
			found = pos;
		}
	}
	return found;
}

/* What was written with other sizes has to be known before the first event is read. */
static int seek_in_file(struct reader *r, s64 pos)
{
	struct rec_head h;
	ssize_t n = input_need(&r->in, sizeof(h));

	if (n >= (ssize_t)sizeof(h)) {
		memcpy(&h, r->in.buf + r->in.at, sizeof(h));
		if (rec_head_ok(&h) && h.type == REC_HEADER &&
		    input_need(&r->in, h.head_bytes + h.stored) >=
			    (ssize_t)(h.head_bytes + h.stored) &&
		    !block_take(r, &h, r->in.buf + r->in.at + h.head_bytes))
			header_learn(r, (const char *)r->raw, h.raw);
		r->head.raw = 0;
	}
	return input_seek(&r->in, (u64)pos);
}

static int reader_seek(struct source *source, u64 wall)
{
	struct reader *r = (struct reader *)source;
	s64 pos = -1;

	if (r->dir < 0) {
		pos = r->in.seeks ? dump_before(r->in.fd, wall) : -1;
		return pos >= 0 ? seek_in_file(r, pos) : 0;
	}
	for (int i = r->nsegs - 1; i >= 0; i--) {
		int fd = seg_open(r, i);
		struct rec_head h;

		if (fd >= 0 && head_find(fd, 0, &h) >= 0 && head_wall(&h) <= wall)
			pos = dump_before(fd, wall);
		if (fd >= 0)
			close(fd);
		if (pos < 0)
			continue;
		r->seg = i - 1;
		return file_next(r) ? -EIO : seek_in_file(r, pos);
	}
	return 0;
}

static const struct source_ops reader_ops = {
	.name = "recording",
	.scan = no_scan,
	.describe = no_describe,
	.poll = reader_poll,
	.span = reader_span,
	.seek = reader_seek,
	.close = reader_close,
};

static int open_what(struct reader *r, const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		input_init(&r->in, fd);
		r->open = true;
		if (!fd &&
		    !r->in.seeks) /* its first byte was looked at, and is in front of stdin */
			input_unread(&r->in, (u8)getc(stdin));
		return 0;
	}
	r->dir = fd;
	r->seg = -1;
	r->nsegs = rec_segments(fd, &r->segs);
	if (r->nsegs < 0)
		return r->nsegs;
	return file_next(r) ? -ENODATA : 0;
}

bool recording_is_of_this_boot(struct source *source)
{
	const struct reader *r = (const struct reader *)source;
	char here[40];

	rec_boot_id(here);
	return *here && !strcmp(here, r->boot);
}

int source_open_recording(struct source **out, const char *path, struct buf *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	int error;

	r->source = (struct source){.ops = &reader_ops, .tier = "replay"};
	r->path = xstrdup(strcmp(path, "-") ? path : "standard input");
	r->dir = -1;
	error = open_what(r, path);
	if (!error) {
		*out = &r->source;
		return 0;
	}
	if (error == -ENODATA)
		buf_printf(err, "the directory %s holds no recording: no file in it is a segment",
			   path);
	else
		buf_printf(err, "cannot read %s: %s", path, strerror(-error));
	reader_close(&r->source);
	return error;
}

/* Text has no zero bytes, and a head of a block is full of them, whatever bit of it was changed. */
bool rec_is_recording(const char *path)
{
	char head[sizeof(struct rec_head)];
	struct stat st;
	ssize_t n = 0;
	bool dir;
	int fd;

	if (!strcmp(path, "-") && lseek(STDIN_FILENO, 0, SEEK_CUR) < 0) {
		n = read(STDIN_FILENO, head, 1);
		if (n == 1)
			ungetc((u8)head[0], stdin);
		return n == 1 && head[0] == REC_MAGIC[0];
	}
	fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : dup(0);
	if (fd < 0)
		return false;
	dir = !fstat(fd, &st) && S_ISDIR(st.st_mode);
	if (!dir && S_ISREG(st.st_mode))
		n = pread(fd, head, sizeof(head), 0);
	close(fd);
	return dir || (n > 0 && memchr(head, 0, (size_t)n));
}
