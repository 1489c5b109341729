// SPDX-License-Identifier: BSD-2-Clause
/*
 * The files of a recording as they are written: blocks, segments, and which of them go.
 *
 * A file ends with a whole block at all times: what was written of one that did not fit on the
 * disk is taken back.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "rec_writer.h"

#define LOCK_TRIES 20
#define STALL_MS   100 /* looks that often whether it is to end while a pipe is full */

/* ---- one file ------------------------------------------------------------------------------ */

/* May the pipe take more?  One whose reader stalls is not waited for when we are to end. */
static bool pipe_ready(struct rec_writer *w)
{
	struct pollfd p = {.fd = w->fd, .events = POLLOUT};
	u64 since = 0;

	while (poll(&p, 1, STALL_MS) == 0) {
		pthread_mutex_lock(&w->lock);
		if (w->stop && !since)
			since = time_boot_ns();
		pthread_mutex_unlock(&w->lock);
		if (since && time_boot_ns() - since > NS_PER_S)
			return false;
	}
	return true;
}

/* On a pipe no more at a time than it takes at once when it is ready. */
static int write_all(struct rec_writer *w, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		size_t part = w->pipe && n > PIPE_BUF ? PIPE_BUF : n;
		ssize_t done;

		if (w->pipe && !pipe_ready(w))
			return -EPIPE;
		done = write(w->fd, s, part);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done < 0)
			return -errno;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

size_t pack_block(struct rec_writer *w, struct rec_head *h, const void *raw, size_t n)
{
	size_t need = sizeof(*h) + rec_bound(n);

	if (need > w->out_bytes) {
		w->out = xrealloc(w->out, need);
		w->out_bytes = need;
	}
	h->run = w->run;
	rec_pack(h, raw, n, w->out + sizeof(*h));
	memcpy(w->out, h, sizeof(*h));
	return sizeof(*h) + h->stored;
}

int write_block(struct rec_writer *w, struct rec_head *h, const void *raw, size_t n)
{
	size_t bytes = pack_block(w, h, raw, n);
	int err = write_all(w, w->out, bytes);

	if (!err) {
		w->bytes += bytes;
		w->written += bytes;
		w->dirty = true;
	} else if (!w->pipe && (ftruncate(w->fd, (off_t)w->bytes) ||
				lseek(w->fd, (off_t)w->bytes, SEEK_SET) < 0)) {
		return -errno;
	}
	return err;
}

void writer_full(struct rec_writer *w, int err)
{
	writer_fault(w, FAULT_WRITE, err);
	w->full = true;
}

/* Some file systems cannot sync a directory, and say EINVAL. */
static void file_sync(struct rec_writer *w)
{
	if (!w->pipe && fsync(w->fd))
		writer_fault(w, FAULT_SYNC, -errno);
	if (w->dir >= 0 && fsync(w->dir) && errno != EINVAL)
		writer_fault(w, FAULT_SYNC, -errno);
	w->dirty = false;
}

void file_close(struct rec_writer *w, const struct rec_head *next)
{
	struct rec_head end = *next;
	int err;

	if (w->fd < 0)
		return;
	end.type = REC_END;
	end.flags = 0;
	end.events = 0;
	end.first_ts = end.last_ts;
	err = w->bytes ? write_block(w, &end, NULL, 0) : 0;
	if (err && err != -EPIPE) {
		writer_full(w, err);
		w->dropped++;
	}
	file_sync(w);
	writer_owns(w);
	if (w->fd != STDOUT_FILENO && close(w->fd))
		writer_fault(w, FAULT_CLOSE, -errno);
	w->fd = -1;
}

/* Who asks whether it is written holds the lock for a moment. */
static void file_lock(int fd)
{
	const struct timespec wait = {.tv_nsec = NS_PER_MS};

	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK; i++)
		nanosleep(&wait, NULL);
}

/* A symbolic link is not followed, and what is there is not written over. */
int file_open(struct rec_writer *w)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

	rec_segment_name(w->name, w->run, w->segment);
	w->fd = openat(w->dir, w->name, flags, 0600);
	if (w->fd < 0)
		return -errno;
	file_lock(w->fd); /* who reads it sees that it is still being written */
	w->bytes = 0;
	w->file_bad = false;
	return 0;
}

static int header_write(struct rec_writer *w, const struct rec_head *first)
{
	struct rec_head h = *first;
	struct buf text = {};
	int err;

	h.type = REC_HEADER;
	h.flags = 0;
	h.events = 0;
	h.last_ts = h.first_ts;
	rec_describe(&text, w->run, w->segment, h.first_ts, h.offset, w->tier);
	err = write_block(w, &h, text.s, text.len);
	buf_free(&text);
	return err;
}

/* ---- segments ------------------------------------------------------------------------------ */

/* false: it is still there. */
static bool segment_delete(struct rec_writer *w, const char *name)
{
	if (!unlinkat(w->dir, name, 0) || errno == ENOENT)
		return true;
	writer_fault(w, FAULT_DELETE, -errno);
	return false;
}

static int segments_of(struct rec_writer *w, struct segment **all)
{
	int n = rec_segments(w->dir, all);

	if (n < 0)
		writer_fault(w, FAULT_READ, n);
	return n;
}

/*
 * When what the oldest segment holds begins: so far the history reaches back.  That of an earlier
 * life may be of root's, whom we are no more: then it is known when that life began.
 */
static void reach_note(struct rec_writer *w, const char *oldest)
{
	int fd = openat(w->dir, oldest, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct rec_head h;
	u64 reaches = rec_segment_run(oldest);

	if (fd >= 0 && head_find(fd, 0, &h) >= 0)
		reaches = head_wall(&h);
	if (fd >= 0)
		close(fd);
	__atomic_store_n(&w->reaches, reaches, __ATOMIC_RELAXED);
}

bool drop_oldest(struct rec_writer *w)
{
	struct segment *all;
	int n = segments_of(w, &all);
	bool done = false;

	for (int i = 0; i < n && !done; i++)
		done = strcmp(all[i].name, w->name) && segment_delete(w, all[i].name);
	free(all);
	return done;
}

u64 room_without_old(struct rec_writer *w)
{
	struct segment *all;
	struct statvfs disk;
	u64 room;
	int n;

	if (fstatvfs(w->dir, &disk) || !disk.f_frsize)
		return UINT64_MAX;
	room = (u64)disk.f_bavail * disk.f_frsize;
	n = segments_of(w, &all);
	for (int i = 0; i < n; i++)
		if (strcmp(all[i].name, w->name))
			room += (all[i].bytes + disk.f_frsize - 1) / disk.f_frsize * disk.f_frsize;
	free(all);
	return room;
}

void drop_old(struct rec_writer *w)
{
	struct segment *all;
	int n = segments_of(w, &all);
	const char *oldest = NULL;
	struct timespec ts;
	u64 sum = w->limits.segment_bytes, now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (u64)ts.tv_sec * NS_PER_S;
	for (int i = 0; i < n; i++)
		sum += all[i].bytes;
	for (int i = 0; i < n; i++) {
		bool large = w->limits.total_bytes && sum > w->limits.total_bytes;
		bool old = w->limits.total_ns && all[i].mtime_ns + w->limits.total_ns < now;

		if ((large || old) && strcmp(all[i].name, w->name) &&
		    segment_delete(w, all[i].name))
			sum -= all[i].bytes;
		else if (!oldest)
			oldest = all[i].name;
	}
	reach_note(w, oldest ? oldest : w->name);
	free(all);
}

bool segment_over(const struct rec_writer *w, u64 bytes)
{
	u64 age = time_boot_ns() - w->opened;

	if (w->fd < 0)
		return true;
	return w->dir >= 0 &&
	       ((w->limits.segment_bytes && bytes >= w->limits.segment_bytes) ||
		(w->limits.segment_ns && age >= w->limits.segment_ns && w->bytes > REC_BLOCK / 16));
}

int segment_next(struct rec_writer *w, const struct rec_head *first)
{
	int err;

	/* One of which nothing but its header was written is still to be used. */
	if (w->dir >= 0 && w->bytes != w->head_bytes && segment_over(w, w->bytes)) {
		file_close(w, first);
		w->segment++;
		err = file_open(w);
		if (err)
			return err;
		w->opened = time_boot_ns();
		drop_old(w);
	}
	if (w->bytes)
		return 0;
	err = header_write(w, first);
	if (!err)
		w->head_bytes = w->bytes;
	return err;
}
