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

#include "rec_priv.h"

#define WASTE_MAX (64ull << 20) /* bytes of no good blocks that are searched for others */

/* ---- files ----------------------------------------------------------------------------------- */

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

/* The end of a file: 0: read on in the next; -EBADMSG: it was said that it is cut; -ENODATA. */
static int file_end(struct reader *r)
{
	bool cut = !r->ended && !being_written(r);
	int err;

	if (cut)
		snprintf(r->cut, sizeof(r->cut), "%.63s", reader_file(r));
	err = file_next(r);
	r->ended = false;
	if (err != -ENODATA || !cut)
		return err;
	reader_say_cut(r, r->dir < 0 ? r->path : r->cut);
	return -EBADMSG;
}

/*
 * Fields were appended since it was written: they are 0, before the tail.  Where the header that has
 * the sizes was damaged, what has no tail was as long as it says.
 */
static const struct ev *fit(struct reader *r, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);
	u16 had = e->kind < EV_KIND_MAX ? r->sizes[e->kind] : 0;
	struct ev *to = (struct ev *)r->fitted;

	if (k && !had && !k->tails && e->size < k->size)
		had = e->size;
	if (!k || !had || had >= k->size || e->size < had || e->size + k->size - had > EV_MAX)
		return e;
	memcpy(to, e, had);
	memset((char *)to + had, 0, k->size - had);
	memcpy((char *)to + k->size, (const char *)e + had, e->size - had);
	to->size = (u16)(e->size + k->size - had);
	return to;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A run begins here: the one before should have ended, and this one with what it found. */
static int run_begins(struct reader *r, const struct rec_head *h)
{
	bool whole = h->type == REC_MODEL && h->flags & REC_FIRST;
	int said = 0;

	if (r->begun && (!r->over || r->why)) {
		reader_say_cut(r, r->cut[0] ? r->cut : reader_file(r));
		said = -EBADMSG;
	}
	if (r->why || !whole || (r->begun && h->seq)) {
		reader_say_headless(r, h);
		said = -EBADMSG;
	}
	r->ts = h->first_ts;
	return said;
}

/* Is the block what should come?  Else what is missing is said and told. */
static int continuity(struct reader *r, const struct rec_head *h, sink_fn sink, void *ctx)
{
	struct ev_lost lost = {.h = {.kind = EV_KIND_LOST, .size = sizeof(lost), .ts = r->ts}};
	int said = 0;

	if (!r->begun || h->run != r->run) {
		if (r->begun) /* nobody was watching: a loss of nobody knows how many */
			sink(ctx, &lost.h, sizeof(lost));
		said = run_begins(r, h);
	} else if (h->seq != r->seq || r->why) {
		lost.count = h->first_event > r->event ? h->first_event - r->event : 0;
		reader_say_gap(r, h, lost.count);
		said = -EBADMSG;
		if (lost.count)
			sink(ctx, &lost.h, sizeof(lost));
	}
	r->why = NULL;
	r->cut[0] = 0;
	r->begun = true;
	r->run = h->run;
	r->seq = h->seq;
	r->event = h->first_event;
	r->offset = h->offset;
	return said;
}

/* Payload at hand: take it over.  NULL, or why it is no good. */
const char *block_take(struct reader *r, const struct rec_head *h, const u8 *payload)
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

/*
 * A block whose payload is no good: the next may begin in what seems to be it, unless there is one
 * just behind it.  A file that is made of such heads is not to take for ever.
 */
static void block_skip(struct reader *r, const struct rec_head *h)
{
	const size_t whole = h->head_bytes + h->stored;
	struct rec_head next;
	ssize_t n = input_need(&r->in, whole + sizeof(next));

	r->wasted += h->stored;
	if (n >= (ssize_t)(whole + sizeof(next))) {
		memcpy(&next, r->in.buf + r->in.at + whole, sizeof(next));
		if (rec_head_ok(&next) || r->wasted > WASTE_MAX) {
			input_skip(&r->in, whole);
			return;
		}
	}
	input_skip(&r->in, sizeof(*h));
	input_find(&r->in);
}

/* What the block is for: 0, -EBADMSG: something was said about it; -ETIME: it begins too late. */
static int block_use(struct reader *r, const struct rec_head *h, sink_fn sink, void *ctx)
{
	bool known = h->type == REC_END || h->type == REC_MODEL || h->type == REC_EVENTS;
	int said;

	if (h->type == REC_HEADER)
		header_learn(r, (const char *)r->raw, h->raw);
	if (h->type == REC_HEADER || (r->begun && h->run == r->run && h->seq < r->seq)) {
		if (h->type != REC_HEADER)
			r->why = "a block comes twice";
		r->head.raw = 0;
		return 0;
	}
	if (r->until && r->begun && h->run != r->run && head_wall(h) > r->until) {
		reader_say_between(r, h);
		r->head.raw = 0;
		input_free(&r->in);
		r->open = false;
		r->nsegs = 0;
		return -ETIME;
	}
	said = continuity(r, h, sink, ctx);
	r->ended = r->over = h->type == REC_END;
	if (!known || r->ended)
		r->head.raw = 0; /* nothing in it, or of a later version */
	if (r->ended)
		return said;
	r->seq++;
	if (h->type == REC_EVENTS)
		r->event += h->events;
	return said;
}

/* No block can be made of what is there: 0, after going on to the next that is one. */
static int block_lost(struct reader *r, const char *why, size_t skip)
{
	if (being_written(r)) { /* the rest is not there yet */
		input_skip(&r->in, r->in.have - r->in.at);
		return 0;
	}
	r->why = r->why ? r->why : why;
	r->ended = false;
	input_skip(&r->in, skip);
	input_find(&r->in);
	return 0;
}

/* The head at the beginning of what is read: 1, 0: there is none, and what to do was done. */
static int head_next(struct reader *r, struct rec_head *h)
{
	ssize_t n = input_need(&r->in, sizeof(*h));

	if (n < 0)
		return (int)n;
	if (!n)
		return file_end(r);
	if ((size_t)n < sizeof(*h))
		return block_lost(r, "it was cut off", (size_t)n);
	memcpy(h, r->in.buf + r->in.at, sizeof(*h));
	if (!rec_head_ok(h))
		return block_lost(r, "bytes in it are no block", 1);
	n = input_need(&r->in, h->head_bytes + h->stored);
	if (n < 0)
		return (int)n;
	if ((size_t)n < h->head_bytes + h->stored)
		return block_lost(r, "it was cut off", sizeof(*h));
	return 1;
}

/* Read on to a block with events: 0, -ENODATA at the end, -EBADMSG: damage was said; call again. */
static int block_next(struct reader *r, sink_fn sink, void *ctx)
{
	struct rec_head h;
	const char *why;
	int err = 0;

	while (err >= 0 && r->at >= r->head.raw) {
		if (!r->open)
			return -ENODATA;
		err = head_next(r, &h);
		if (err <= 0)
			continue;
		why = block_take(r, &h, r->in.buf + r->in.at + h.head_bytes);
		if (why) {
			r->why = r->why ? r->why : why;
			r->ended = false;
			block_skip(r, &h);
			continue;
		}
		input_skip(&r->in, h.head_bytes + h.stored);
		err = block_use(r, &h, sink, ctx);
	}
	return err < 0 ? err : 0;
}

/* ---- the source ------------------------------------------------------------------------------ */

/* A batch ended here: what was there was shown. */
static bool is_mark(const struct ev *e)
{
	return e->kind == EV_KIND_TICK;
}

static int reader_poll(struct source *source, int timeout_ms, sink_fn sink, void *ctx)
{
	struct ev_lost lost = {.h = {.kind = EV_KIND_LOST, .size = sizeof(lost)}};
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
			lost.h.ts = r->ts;
			sink(ctx, &lost.h, sizeof(lost)); /* nobody knows how many */
			reader_say(r, reader_file(r),
				   "an event in it makes no sense: the rest of its block is passed "
				   "over");
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

static void reader_limit(struct source *source, u64 wall)
{
	((struct reader *)source)->until = wall;
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

static const struct source_ops reader_ops = {
	.name = "recording",
	.poll = reader_poll,
	.span = reader_span,
	.seek = reader_seek,
	.limit = reader_limit,
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
	return file_next(r);
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

/* A named pipe can be opened once: it takes the place of standard input. */
bool rec_from_pipe(const char *path)
{
	struct stat st;
	int fd;
	bool ok;

	if (stat(path, &st) || !S_ISFIFO(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ok = fd >= 0 && dup2(fd, STDIN_FILENO) >= 0;
	if (fd > STDERR_FILENO)
		close(fd);
	return ok;
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
