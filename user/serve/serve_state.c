// SPDX-License-Identifier: BSD-2-Clause
/*
 * The files of what the exporter knew: opened with rights, written without.
 *
 * Writing is synchronous: the place is meant to be in memory (/run).  How often it is done depends
 * on how long it takes, so that it costs next to nothing whatever there is to write.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "keep.h"
#include "life.h"
#include "rec_writer.h"
#include "serve_state.h"

#define EVERY_NS (10 * NS_PER_S)
#define SOON_NS	 NS_PER_S /* after a leak, which is what the creator is kept for */
#define ASKED_NS                                                                                   \
	(500 * NS_PER_MS) /* who asks has that long to read it, and half as long at worst */
#define SHARE	   2000	  /* writing takes at most that part of the time */
#define SHARE_SOON 100
#define LATEST_NS  (600 * NS_PER_S) /* even so: the machine may have stood still meanwhile */
#define SLICE	   64		    /* events, between two looks at the clock */
#define BYTES_MAX  (64ull << 20)

struct state {
	int fd[2];
	u32 next;	    /* the one to be written: not the newest */
	u64 saved;	    /* the same, CLOCK_REALTIME */
	u64 written, took;  /* when last, and how long it took; 0: never */
	bool changed, soon; /* since then: something; a leak */
	bool failed;	    /* and it was said */
};

/* ---- opening ------------------------------------------------------------------------------- */

/* A descriptor of the file, which is ours alone, or -errno. */
static int file_open_ours(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat st;
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		error = EPERM;
	else if (fchmod(fd, 0600) || flock(fd, LOCK_EX | LOCK_NB))
		error = errno;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

static int files_open(struct state *s, const char *place)
{
	int dir, err = 0;

	mkdir(place, 0755);
	dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	s->fd[0] = file_open_ours(dir, "serve.0.prb");
	s->fd[1] = s->fd[0] < 0 ? -1 : file_open_ours(dir, "serve.1.prb");
	if (s->fd[0] < 0 || s->fd[1] < 0)
		err = s->fd[0] < 0 ? s->fd[0] : s->fd[1];
	if (err && s->fd[0] >= 0)
		close(s->fd[0]);
	close(dir);
	return err;
}

struct state *state_open(const char *dir, struct buf *err)
{
	struct state *s = xcalloc(1, sizeof(*s));
	struct buf place = {};
	int e;

	if (dir)
		buf_puts(&place, dir);
	else
		history_place(&place);
	e = files_open(s, place.s);
	if (e) {
		buf_printf(err, "what is known will not survive a restart: %s %s",
			   e == -EWOULDBLOCK ? "another exporter keeps its own in"
					     : "cannot write into",
			   place.s);
		if (e != -EWOULDBLOCK)
			buf_printf(err, ": %s", strerror(-e));
		free(s);
		s = NULL;
	}
	buf_free(&place);
	return s;
}

/* ---- loading ------------------------------------------------------------------------------- */

/* Is the block there, as it was written?  Where the next begins, 0: it is not. */
static u64 block_check(int fd, u64 pos, struct rec_head *h)
{
	char *stored;
	bool ok;

	if (pread(fd, h, sizeof(*h), (off_t)pos) != (ssize_t)sizeof(*h) || !rec_head_ok(h))
		return 0;
	pos += h->head_bytes;
	stored = xmalloc(h->stored + 1);
	ok = pread(fd, stored, h->stored, (off_t)pos) == (ssize_t)h->stored &&
	     rec_crc(stored, h->stored) == h->crc;
	free(stored);
	return ok ? pos + h->stored : 0;
}

/* Time of what a file holds; 0: it is not whole. */
static u64 file_check(int fd)
{
	struct rec_head h = {}, first = {};
	u64 pos = 0, seq = 0;

	do {
		pos = block_check(fd, pos, &h);
		if (!pos)
			return 0;
		if (h.type == REC_HEADER)
			first = h;
		else if (h.run != first.run || h.seq != seq++)
			return 0;
	} while (h.type != REC_END);
	return first.type == REC_HEADER ? first.first_ts : 0;
}

static void into_model(void *ctx, const struct ev *e, size_t bytes)
{
	if (!event_check(e, bytes) && event_is_kept(e->kind))
		model_apply(ctx, e);
}

static bool file_load(int fd, struct model *m)
{
	const u32 bad = m->kept_bad;
	struct buf err = {};
	struct source *src;
	char path[32];
	int n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (source_open_recording(&src, path, &err)) {
		buf_free(&err);
		return false;
	}
	if (!src->ops->seek(src, UINT64_MAX) && recording_is_of_this_boot(src))
		while ((n = src->ops->poll(src, 0, into_model, m)) >= 0 || n == -EBADMSG)
			;
	src->ops->close(src);
	return m->events && m->kept_bad == bad && !model_kept_open(m);
}

bool state_load(struct state *s, struct model *m)
{
	u64 ts[2] = {file_check(s->fd[0]), file_check(s->fd[1])};
	u32 newest = ts[1] > ts[0];

	s->next = !newest;
	for (u32 i = 0; i < 2; i++, newest = !newest) {
		if (!ts[newest] || !file_load(s->fd[newest], m))
			continue;
		model_interrupt(m, false);
		return true;
	}
	return false;
}

/* ---- writing ------------------------------------------------------------------------------- */

struct dump {
	struct rec_writer w;
	struct rec_head head;
	struct buf raw;
	int err;
};

static void block_put(struct dump *d, u8 type)
{
	d->head.type = type;
	if (!d->err)
		d->err = write_block(&d->w, &d->head, d->raw.s, d->raw.len);
	if (!d->err && d->w.bytes > BYTES_MAX)
		d->err = -EFBIG;
	buf_reset(&d->raw);
	d->head.events = 0;
	if (type == REC_HEADER)
		return;
	d->head.seq++;
	d->head.flags = 0;
}

static void dump_add(void *ctx, const struct ev *e, size_t bytes)
{
	struct dump *d = ctx;

	if (!d->err && d->head.events % SLICE == 0 && life_slice())
		d->err = -ECANCELED; /* the other file is whole */
	if (d->err)
		return;
	buf_add(&d->raw, e, bytes);
	while (d->raw.len % 8)
		buf_add(&d->raw, "", 1);
	d->head.events++;
	if (d->raw.len >= REC_BLOCK)
		block_put(d, REC_MODEL);
}

/* A header, the model, an end: that there is one says that all of it is there. */
static int file_write(int fd, const struct model *m)
{
	struct dump d = {.w = {.fd = fd, .dir = -1}};
	struct timespec t;

	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	clock_gettime(CLOCK_REALTIME, &t);
	d.w.run = (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
	d.head.first_ts = d.head.last_ts = m->now;
	d.head.offset = m->realtime_off;
	d.head.lost = m->lost;
	rec_describe(&d.raw, d.w.run, 1, m->now, m->realtime_off, "what the exporter knows");
	block_put(&d, REC_HEADER);
	d.head.flags = REC_FIRST;
	buf_grow(&d.raw, REC_BLOCK + EV_MAX + 1);
	model_dump(m, dump_add, &d);
	if (d.raw.len)
		block_put(&d, REC_MODEL);
	block_put(&d, REC_END);
	if (d.err && ftruncate(fd, 0))
		d.err = -errno;
	free(d.w.out);
	buf_free(&d.raw);
	rec_pack_end();
	return d.err;
}

static void write_next(struct state *s, const struct model *m)
{
	u64 begin = time_boot_ns();
	int err = file_write(s->fd[s->next], m);

	s->changed = s->soon = false;
	s->took = time_boot_ns() - begin;
	if (!err) {
		s->next = !s->next;
		s->saved = model_wall(m, m->now);
	}
	if (err && err != -ECANCELED && !s->failed)
		warn("what is known now cannot be kept for a restart: %s", strerror(-err));
	s->failed = err;
}

void state_event(struct state *s, const struct ev *e)
{
	switch (e->kind) {
	case EV_KIND_SCAN_BEGIN:
	case EV_KIND_SCAN_END:
	case EV_KIND_SOURCE:
	case EV_KIND_CLOCK:
	case EV_KIND_TICK:
		return;
	case EV_KIND_LEAK:
		s->soon = true;
	}
	s->changed = true;
}

static u64 longer(u64 a, u64 b)
{
	return a > b ? a : b;
}

static u64 shorter(u64 a, u64 b)
{
	return a < b ? a : b;
}

u64 state_saved(const struct state *s)
{
	return s->saved;
}

const char *state_file(struct state *s, const struct model *m, u64 now)
{
	static char path[PATH_MAX];
	char link[64];
	ssize_t n;

	if (s->changed && (!s->written || now >= s->written + ASKED_NS)) {
		write_next(s, m);
		s->written = now;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", s->fd[!s->next]);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || !s->saved)
		return NULL;
	path[n] = 0;
	return path;
}

u64 state_turn(struct state *s, const struct model *m, u64 now)
{
	u64 gap =
		s->soon ? longer(SOON_NS, s->took * SHARE_SOON) : longer(EVERY_NS, s->took * SHARE);
	u64 due = s->written + shorter(gap, LATEST_NS);

	if (!s->changed)
		return 0;
	if (s->written && now < due)
		return due;
	write_next(s, m);
	s->written = now;
	return 0;
}

void state_close(struct state *s, const struct model *m)
{
	if (!s)
		return;
	if (s->changed)
		write_next(s, m);
	close(s->fd[0]);
	close(s->fd[1]);
	free(s);
}
