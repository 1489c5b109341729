// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writing a recording.
 *
 * Whoever drains the ring must never wait for a disk: blocks are handed over to a thread, which
 * packs, writes, begins new segments, drops old ones and syncs.  What it cannot keep up with is
 * dropped here, and the numbers in the heads tell how much that was (R1, R2).
 *
 * A file ends with a whole block at all times: what was written of one that did not fit on the
 * disk is taken back.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rec.h"

#define QUEUE_BYTES (64ull << 20) /* blocks that wait for the disk */
#define SYNC_S	    10		  /* what is written is on the disk this much later */

struct job {
	struct job *next;
	struct rec_head head;
	struct buf raw;
};

struct rec_writer {
	char *path, *tier;
	int dir, fd; /* dir -1: a file or a pipe; fd -1: nothing is open */
	bool pipe;
	struct rec_limits limits;
	u64 run;
	u32 segment; /* number of the one that is written */
	char name[48];
	u64 bytes, opened; /* of the file; when, CLOCK_BOOTTIME */
	bool dirty;	   /* written, not synced */
	bool full;	   /* could not write the last time: said */
	bool dropping;	   /* the oldest go because the disk is full: said */
	char *out;
	size_t out_bytes;
	u64 dropped;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct job *first, **last;
	u64 waiting; /* bytes in the queue */
	bool stop, busy;
	bool wants_model, dead; /* under lock */
};

/* ---- one file ------------------------------------------------------------------------------ */

static int write_all(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

static int write_block(struct rec_writer *w, struct rec_head *h, const void *raw, size_t n)
{
	size_t need = sizeof(*h) + rec_bound(n);
	int err;

	if (need > w->out_bytes) {
		w->out = xrealloc(w->out, need);
		w->out_bytes = need;
	}
	h->run = w->run;
	rec_pack(h, raw, n, w->out + sizeof(*h));
	memcpy(w->out, h, sizeof(*h));
	err = write_all(w->fd, w->out, sizeof(*h) + h->stored);
	if (!err) {
		w->bytes += sizeof(*h) + h->stored;
		w->dirty = true;
	} else if (!w->pipe && (ftruncate(w->fd, (off_t)w->bytes) ||
				lseek(w->fd, (off_t)w->bytes, SEEK_SET) < 0)) {
		return -errno;
	}
	return err;
}

static void file_close(struct rec_writer *w, const struct rec_head *next)
{
	struct rec_head end = *next;

	if (w->fd < 0)
		return;
	end.type = REC_END;
	end.flags = 0;
	end.events = 0;
	write_block(w, &end, NULL, 0);
	if (!w->pipe)
		fsync(w->fd);
	if (w->dir >= 0)
		fsync(w->dir);
	if (w->fd != STDOUT_FILENO)
		close(w->fd);
	w->fd = -1;
}

/* A symbolic link is not followed, and what is there is not written over. */
static int file_open(struct rec_writer *w)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;

	rec_segment_name(w->name, w->run, w->segment);
	w->fd = openat(w->dir, w->name, flags, 0600);
	if (w->fd < 0)
		return -errno;
	flock(w->fd, LOCK_EX | LOCK_NB); /* who reads it sees that it is still being written */
	w->bytes = 0;
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

/* Delete the oldest segment but the one that is written; false: there is none. */
static bool drop_oldest(struct rec_writer *w)
{
	struct segment *all;
	int n = rec_segments(w->dir, &all);
	bool done = false;

	for (int i = 0; i < n && !done && strcmp(all[i].name, w->name); i++)
		done = !unlinkat(w->dir, all[i].name, 0);
	free(all);
	return done;
}

/* Room for one more segment below the cap, and nothing older than wanted. */
static void drop_old(struct rec_writer *w)
{
	struct segment *all;
	int n = rec_segments(w->dir, &all);
	struct timespec ts;
	u64 sum = w->limits.segment_bytes, now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (u64)ts.tv_sec * NS_PER_S;
	for (int i = 0; i < n; i++)
		sum += all[i].bytes;
	for (int i = 0; i < n && strcmp(all[i].name, w->name); i++) {
		bool large = w->limits.total_bytes && sum > w->limits.total_bytes;
		bool old = w->limits.total_ns && all[i].mtime_ns + w->limits.total_ns < now;

		if (!large && !old)
			break;
		unlinkat(w->dir, all[i].name, 0);
		sum -= all[i].bytes;
	}
	free(all);
}

static bool segment_over(const struct rec_writer *w, u64 bytes)
{
	u64 age = time_boot_ns() - w->opened;

	if (w->fd < 0)
		return true;
	return w->dir >= 0 &&
	       ((w->limits.segment_bytes && bytes >= w->limits.segment_bytes) ||
		(w->limits.segment_ns && age >= w->limits.segment_ns && w->bytes > REC_BLOCK / 16));
}

static int segment_next(struct rec_writer *w, const struct rec_head *first)
{
	int err;

	if (w->dir >= 0 && segment_over(w, w->bytes)) {
		file_close(w, first);
		w->segment++;
		err = file_open(w);
		if (err)
			return err;
		w->opened = time_boot_ns();
		drop_old(w);
	}
	return w->bytes ? 0 : header_write(w, first);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static int try_write(struct rec_writer *w, struct job *j)
{
	int err = j->head.flags & REC_FIRST || w->fd < 0 ? segment_next(w, &j->head) : 0;

	return err ? err : write_block(w, &j->head, j->raw.s, j->raw.len);
}

static void say_full(struct rec_writer *w, int err)
{
	if (!w->full)
		warn("cannot write to %s: %s; tracing goes on, what happens meanwhile is not "
		     "recorded",
		     w->path, strerror(-err));
	w->full = true;
}

static void job_do(struct rec_writer *w, struct job *j)
{
	int err = try_write(w, j);

	while (err == -ENOSPC && w->dir >= 0 && drop_oldest(w)) {
		if (!w->dropping)
			warn("the disk of %s is full: the oldest segments make room", w->path);
		w->dropping = true;
		err = try_write(w, j);
	}
	pthread_mutex_lock(&w->lock);
	w->dead |= err == -EPIPE;
	w->wants_model |= err || segment_over(w, w->bytes);
	w->dropped += err && err != -EPIPE;
	pthread_mutex_unlock(&w->lock);
	if (err && err != -EPIPE) {
		say_full(w, err);
	} else if (w->full) {
		w->full = false;
		warn("recording to %s again", w->path);
	}
}

static void sync_file(struct rec_writer *w)
{
	if (w->dirty && w->fd >= 0 && !w->pipe)
		fdatasync(w->fd);
	w->dirty = false;
}

/* The next job, or NULL when it is time to sync or to end. */
static struct job *job_wait(struct rec_writer *w)
{
	struct timespec until;
	struct job *j;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SYNC_S;
	pthread_mutex_lock(&w->lock);
	w->busy = false;
	pthread_cond_broadcast(&w->idle);
	while (!w->first && !w->stop && !err)
		err = pthread_cond_timedwait(&w->work, &w->lock, &until);
	j = w->first;
	if (j) {
		w->first = j->next;
		if (!w->first)
			w->last = &w->first;
		w->waiting -= j->raw.len;
		w->busy = true;
	}
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void *writer_main(void *arg)
{
	struct rec_writer *w = arg;
	u64 synced = time_boot_ns();
	struct rec_head last = {};

	for (;;) {
		struct job *j = job_wait(w);
		u64 now = time_boot_ns();

		if (now - synced >= SYNC_S * NS_PER_S) {
			sync_file(w);
			synced = now;
		}
		if (!j && w->stop)
			break;
		if (!j)
			continue;
		if (!w->dead)
			job_do(w, j);
		last = j->head;
		buf_free(&j->raw);
		free(j);
	}
	last.seq++;
	last.first_event += last.type == REC_EVENTS ? last.events : 0;
	last.first_ts = last.last_ts;
	if (!w->dead)
		file_close(w, &last);
	rec_pack_end();
	return NULL;
}

static void thread_start(struct rec_writer *w)
{
	sigset_t all, old;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->idle, NULL);
	w->last = &w->first;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the one who drains */
	if (pthread_create(&w->thread, NULL, writer_main, w))
		die(EXIT_CANNOT, "cannot start a thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static int open_dir(struct rec_writer *w, struct buf *err)
{
	int error;

	if (mkdir(w->path, 0700) && errno != EEXIST) {
		error = errno;
		buf_printf(err, "cannot make the directory %s: %s", w->path, strerror(error));
		return -error;
	}
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->dir >= 0 && !flock(w->dir, LOCK_EX | LOCK_NB)) {
		error = -file_open(w);
		if (!error)
			return 0;
	} else {
		error = errno;
	}
	if (error == EWOULDBLOCK)
		buf_printf(err, "another recorder writes into %s", w->path);
	else if (error == ELOOP || (error == ENOTDIR && is_link(w->path)))
		buf_printf(err, "%s is a symbolic link, which is not followed", w->path);
	else
		buf_printf(err, "cannot write into %s: %s", w->path, strerror(error));
	return -error;
}

static int open_file(struct rec_writer *w, bool force, struct buf *err)
{
	struct stat st;
	bool there = !lstat(w->path, &st);
	int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, error;

	if (there && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		w->pipe = true; /* a device, a named pipe */
	else
		flags |= O_CREAT | (force ? 0 : O_EXCL);
	w->fd = open(w->path, flags, 0600);
	if (w->fd >= 0 && !w->pipe && (ftruncate(w->fd, 0) || fchmod(w->fd, 0600))) {
		error = errno;
		close(w->fd);
		w->fd = -1;
		errno = error;
	}
	if (w->fd >= 0) {
		if (!w->pipe)
			flock(w->fd, LOCK_EX | LOCK_NB);
		return 0;
	}
	error = errno;
	if (error == EEXIST && S_ISREG(st.st_mode))
		buf_printf(err, "%s is there already; --force writes over it", w->path);
	else if (error == ELOOP || error == EEXIST)
		buf_printf(err, "%s is a symbolic link, which is not followed", w->path);
	else
		buf_printf(err, "cannot write %s: %s", w->path, strerror(error));
	return -error;
}

static int open_target(struct rec_writer *w, bool force, struct buf *err)
{
	size_t n = strlen(w->path);
	struct stat st;

	if (!strcmp(w->path, "-")) {
		if (isatty(STDOUT_FILENO)) {
			buf_puts(err,
				 "a recording is not for a terminal: give a file, or pipe it on");
			return -ENOTTY;
		}
		w->fd = STDOUT_FILENO;
		w->pipe = true;
		return 0;
	}
	if ((n && w->path[n - 1] == '/') || (!lstat(w->path, &st) && S_ISDIR(st.st_mode))) {
		while (n > 1 && w->path[n - 1] == '/')
			w->path[--n] = 0;
		return open_dir(w, err);
	}
	return open_file(w, force, err);
}

struct rec_writer *rec_open(const char *path, const struct rec_limits *limits, bool force,
			    const char *tier, struct buf *err)
{
	struct rec_writer *w = xcalloc(1, sizeof(*w));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	w->path = xstrdup(path);
	w->tier = xstrdup(tier);
	w->limits = *limits;
	w->run = (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
	w->dir = w->fd = -1;
	w->segment = 1;
	w->opened = time_boot_ns();
	if (open_target(w, force, err)) {
		if (w->dir >= 0)
			close(w->dir);
		free(w->path);
		free(w->tier);
		free(w);
		return NULL;
	}
	thread_start(w);
	return w;
}

/* ---- what the recorder calls ------------------------------------------------------------------
 */

bool rec_put(struct rec_writer *w, const struct rec_head *head, struct buf *raw)
{
	struct job *j = xcalloc(1, sizeof(*j));
	bool room;

	j->head = *head;
	pthread_mutex_lock(&w->lock);
	while (w->limits.wait && w->waiting > QUEUE_BYTES / 2)
		pthread_cond_wait(&w->idle, &w->lock);
	room = w->waiting + raw->len <= QUEUE_BYTES && !w->dead;
	if (room) {
		j->raw = *raw;
		*raw = (struct buf){};
		w->waiting += j->raw.len;
		*w->last = j;
		w->last = &j->next;
		pthread_cond_signal(&w->work);
	} else {
		w->wants_model = true;
		w->dropped++;
	}
	pthread_mutex_unlock(&w->lock);
	if (!room)
		free(j);
	return room;
}

bool rec_wants_model(struct rec_writer *w)
{
	bool wants;

	pthread_mutex_lock(&w->lock);
	wants = w->wants_model && w->waiting < QUEUE_BYTES / 2;
	if (wants)
		w->wants_model = false;
	pthread_mutex_unlock(&w->lock);
	return wants;
}

bool rec_is_pipe(const struct rec_writer *w)
{
	return w->pipe;
}

bool rec_dead(struct rec_writer *w)
{
	bool dead;

	pthread_mutex_lock(&w->lock);
	dead = w->dead;
	pthread_mutex_unlock(&w->lock);
	return dead;
}

void rec_sync(struct rec_writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->first || w->busy)
		pthread_cond_wait(&w->idle, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

u64 rec_offset(const struct rec_writer *w)
{
	return w->run - w->opened;
}

const char *rec_path(const struct rec_writer *w)
{
	return strcmp(w->path, "-") ? w->path : "standard output";
}

int rec_dir(const struct rec_writer *w)
{
	return w->dir;
}

u64 rec_close(struct rec_writer *w)
{
	u64 dropped;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	dropped = w->dropped;
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->idle);
	if (w->dir >= 0)
		close(w->dir);
	free(w->out);
	free(w->path);
	free(w->tier);
	free(w);
	return dropped;
}
