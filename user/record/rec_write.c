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
#include <limits.h>
#include <poll.h>
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
#define STALL_MS    100		  /* looks that often whether it is to end while a pipe is full */
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
	u64 run;     /* later than that of every segment there */
	u64 offset;  /* CLOCK_REALTIME - CLOCK_BOOTTIME */
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
	bool stop;
	u64 put, done;	/* jobs handed over; dealt with */
	struct rec_head end; /* once it stops: the numbers that would come next */
	bool wants_model, dead; /* under lock */
};

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
	err = write_all(w, w->out, sizeof(*h) + h->stored);
	if (!err) {
		w->bytes += sizeof(*h) + h->stored;
		w->dirty = true;
	} else if (!w->pipe && (ftruncate(w->fd, (off_t)w->bytes) ||
				lseek(w->fd, (off_t)w->bytes, SEEK_SET) < 0)) {
		return -errno;
	}
	return err;
}

static void say_full(struct rec_writer *w, int err)
{
	if (!w->full)
		warn("cannot write to %s: %s; tracing goes on, what happens meanwhile is not recorded",
		     rec_path(w), strerror(-err));
	w->full = true;
}

static void file_close(struct rec_writer *w, const struct rec_head *next)
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
		say_full(w, err);
		w->dropped++;
	}
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

	for (int i = 0; i < n && !done; i++)
		done = strcmp(all[i].name, w->name) && !unlinkat(w->dir, all[i].name, 0);
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
	for (int i = 0; i < n; i++) {
		bool large = w->limits.total_bytes && sum > w->limits.total_bytes;
		bool old = w->limits.total_ns && all[i].mtime_ns + w->limits.total_ns < now;

		if (!(large || old) || !strcmp(all[i].name, w->name))
			continue;
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
	int err = j->head.flags & REC_FIRST || w->fd < 0 || !w->bytes ? segment_next(w, &j->head) : 0;

	return err ? err : write_block(w, &j->head, j->raw.s, j->raw.len);
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

/* The next job; NULL: it is time to sync, or (*end) everything is written and nothing more comes. */
static struct job *job_wait(struct rec_writer *w, bool *end)
{
	struct timespec until;
	struct job *j;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SYNC_S;
	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stop && !err)
		err = pthread_cond_timedwait(&w->work, &w->lock, &until);
	j = w->first;
	*end = !j && w->stop;
	if (j) {
		w->first = j->next;
		if (!w->first)
			w->last = &w->first;
		w->waiting -= j->raw.len;
	}
	pthread_mutex_unlock(&w->lock);
	return j;
}

static void job_done(struct rec_writer *w, struct job *j)
{
	buf_free(&j->raw);
	free(j);
	pthread_mutex_lock(&w->lock);
	w->done++;
	pthread_cond_broadcast(&w->idle);
	pthread_mutex_unlock(&w->lock);
}

static void *writer_main(void *arg)
{
	struct rec_writer *w = arg;
	u64 synced = time_boot_ns();
	struct job *j;
	bool end;

	while ((j = job_wait(w, &end)) || !end) {
		if (j && !w->dead)
			job_do(w, j);
		if (j)
			job_done(w, j);
		if (time_boot_ns() - synced >= SYNC_S * NS_PER_S) {
			sync_file(w);
			synced = time_boot_ns();
		}
	}
	if (!w->dead)
		file_close(w, &w->end);
	rec_pack_end();
	return NULL;
}

static void thread_start(struct rec_writer *w)
{
	pthread_condattr_t clock;
	sigset_t all, old;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &clock);
	pthread_condattr_destroy(&clock);
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

/* The order of names is that of runs, also when the clock was set back. */
static void run_after_others(struct rec_writer *w)
{
	struct segment *all;
	int n = rec_segments(w->dir, &all);
	u64 newest = n > 0 ? rec_segment_run(all[n - 1].name) : 0;

	if (w->run < newest + NS_PER_MS)
		w->run = newest + NS_PER_MS;
	free(all);
}

static int open_first(struct rec_writer *w)
{
	int err;

	run_after_others(w);
	while ((err = file_open(w)) == -ENOSPC && drop_oldest(w))
		;
	if (!err)
		drop_old(w);
	return err;
}

static int open_dir(struct rec_writer *w, struct buf *err)
{
	int error = 0;

	if (mkdir(w->path, 0700) && errno != EEXIST)
		error = errno;
	if (error) {
		buf_printf(err, "cannot make the directory %s: %s", w->path, strerror(error));
		return -error;
	}
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	error = w->dir < 0 || flock(w->dir, LOCK_EX | LOCK_NB) ? errno : -open_first(w);
	if (error == EWOULDBLOCK)
		buf_printf(err, "another recorder writes into %s", w->path);
	else if (error == ELOOP || (error == ENOTDIR && is_link(w->path)))
		buf_printf(err, "%s is a symbolic link, which is not followed", w->path);
	else if (error)
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
	if (w->fd >= 0 && !w->pipe &&
	    (flock(w->fd, LOCK_EX | LOCK_NB) || ftruncate(w->fd, 0) || fchmod(w->fd, 0600))) {
		error = errno;
		close(w->fd);
		w->fd = -1;
		errno = error;
	}
	if (w->fd >= 0)
		return 0;
	error = errno;
	if (error == EWOULDBLOCK)
		buf_printf(err, "another recorder writes %s", w->path);
	else if (error == EEXIST && S_ISREG(st.st_mode))
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
	int error;

	clock_gettime(CLOCK_REALTIME, &now);
	w->limits = *limits;
	if (w->limits.total_bytes && w->limits.segment_bytes > w->limits.total_bytes / 4)
		w->limits.segment_bytes = w->limits.total_bytes / 4;
	w->path = xstrdup(path);
	w->tier = xstrdup(tier);
	w->run = (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
	w->dir = w->fd = -1;
	w->segment = 1;
	w->opened = time_boot_ns();
	w->offset = w->run - w->opened;
	error = -open_target(w, force, err);
	if (error) {
		if (w->dir >= 0)
			close(w->dir);
		free(w->path);
		free(w->tier);
		free(w);
		errno = error;
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
		w->put++;
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

u64 rec_ticket(struct rec_writer *w)
{
	u64 put;

	pthread_mutex_lock(&w->lock);
	put = w->put;
	pthread_mutex_unlock(&w->lock);
	return put ? put : 1;
}

bool rec_done(struct rec_writer *w, u64 ticket)
{
	bool done;

	pthread_mutex_lock(&w->lock);
	done = w->done >= ticket || w->done == w->put;
	pthread_mutex_unlock(&w->lock);
	return done;
}

u64 rec_offset(const struct rec_writer *w)
{
	return w->offset;
}

const char *rec_path(const struct rec_writer *w)
{
	return strcmp(w->path, "-") ? w->path : "standard output";
}

int rec_dir(const struct rec_writer *w)
{
	return w->dir;
}

u64 rec_close(struct rec_writer *w, const struct rec_head *next)
{
	u64 dropped;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	w->end = *next;
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
