// SPDX-License-Identifier: BSD-2-Clause
/*
 * Writing a recording.
 *
 * Whoever drains the ring must never wait for a disk: blocks are handed over to a thread, which
 * packs, writes, begins new segments, drops old ones and syncs.  What it cannot keep up with is
 * dropped here, and the numbers in the heads tell how much that was (R1, R2).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "rec_writer.h"

#define QUEUE_BYTES (64ull << 20) /* blocks that wait for the disk */
#define SCAN_BYTES  (16ull << 20) /* of what may come in a scan, packed */
#define SMALL_BLOCK (128u << 10)
#define MEM_PACKING (2u << 20) /* what one of full size takes for it */
#define LOOK_NS	    (50 * NS_PER_MS)
#define PIPE_LOOKS  6  /* so long a pipe may take nothing when we are told to end */
#define LAST_LOOKS  60 /* so long the writer may take when we die */
#define SYNC_S	    10 /* what is written is on the disk this much later */

/* ---- the thread ------------------------------------------------------------------------------ */

static int try_write(struct rec_writer *w, struct job *j)
{
	int err =
		j->head.flags & REC_FIRST || w->fd < 0 || !w->bytes ? segment_next(w, &j->head) : 0;

	return err ? err : write_block(w, &j->head, j->raw.s, j->raw.len);
}

/*
 * Could it be written if everything older went?  Of a dump all its blocks must find room, packed
 * nearly as well as this one.  Else nothing goes for it.
 */
static bool room_can_be(struct rec_writer *w, struct job *j)
{
	u64 need = pack_block(w, &j->head, j->raw.s, j->raw.len);

	if (j->head.type == REC_MODEL)
		need += need * j->more / j->raw.len * 9 / 8;
	need += j->head.flags & REC_FIRST ? w->head_bytes : 0;
	if (need <= room_without_old(w))
		return true;
	if (!w->too_small)
		warn("the disk of %s is too small for %s of %llu KiB: older segments stay, and it "
		     "is not written",
		     w->path, j->head.type == REC_MODEL ? "a dump of the model" : "a block",
		     (unsigned long long)(need + 1023) >> 10);
	w->too_small = true;
	return false;
}

/*
 * Older segments are whole: they go for what is whole, too.  That is a dump that fits, and what
 * happened after it as long as nothing is missing between.  Of what a long scan finds nobody knows
 * how much is to come: where there is no room for plenty it is left out, and the next dump has it.
 */
static bool room_may_be_made(struct rec_writer *w, struct job *j)
{
	if (w->dir < 0)
		return false;
	if (j->head.type == REC_MODEL && j->head.flags & REC_FIRST)
		return room_can_be(w, j);
	if (w->gap || (j->more == REC_OF_SCAN && room_without_old(w) < SCAN_BYTES))
		return false;
	return j->head.type == REC_MODEL || room_can_be(w, j);
}

static int make_room(struct rec_writer *w, struct job *j)
{
	int err = -ENOSPC;

	while (err == -ENOSPC && room_may_be_made(w, j) && drop_oldest(w)) {
		if (!w->dropping)
			warn("the disk of %s is full: the oldest segments make room", w->path);
		w->dropping = true;
		err = try_write(w, j);
	}
	return err;
}

/* Is something missing since the last whole dump?  Of a dump that is cut nothing more is written. */
static int job_write(struct rec_writer *w, struct job *j)
{
	const bool dump = j->head.type == REC_MODEL, first = dump && j->head.flags & REC_FIRST;
	int err = 0;

	if (first)
		w->cut = false;
	else if (j->head.seq != w->seq)
		w->cut = w->gap = true;
	w->seq = j->head.seq + 1;
	if (dump && w->cut)
		return w->cut_by ? w->cut_by : -ENOSPC;
	err = try_write(w, j);
	if (err == -ENOSPC)
		err = make_room(w, j);
	if (err) {
		w->cut = w->gap = true;
		w->cut_by = err;
	} else if (dump && !j->more) {
		w->gap = false;
	}
	return err;
}

static void job_do(struct rec_writer *w, struct job *j)
{
	int err;

	writer_check(w);
	err = job_write(w, j);
	pthread_mutex_lock(&w->lock);
	w->dead |= err == -EPIPE;
	w->wants_model |= err || segment_over(w, w->bytes);
	w->dropped += err && err != -EPIPE;
	w->dropped_events += err && j->head.type == REC_EVENTS ? j->head.events : 0;
	pthread_mutex_unlock(&w->lock);
	if (err && err != -EPIPE) {
		writer_full(w, err);
	} else if (w->full && !w->gap) {
		w->full = w->too_small = false;
		writer_well_again(w);
		warn("recording to %s again", w->path);
	}
}

static void sync_file(struct rec_writer *w)
{
	writer_check(w);
	if (w->dirty && w->fd >= 0 && !w->pipe && fdatasync(w->fd))
		writer_fault(w, FAULT_SYNC, -errno);
	w->dirty = false;
}

/*
 * Nothing waits: what a large block took (packing one takes 1.5 MiB) is not kept for the small ones,
 * of which one comes a second.
 */
static void writer_rest(struct rec_writer *w)
{
	if (w->out_bytes <= SMALL_BLOCK)
		return;
	rec_pack_end();
	free(w->out);
	w->out = NULL;
	w->out_bytes = 0;
	mem_freed(MEM_PACKING);
}

/* The next job; NULL: it is time to sync, or (*end) everything is written and nothing more comes.
 */
static struct job *job_wait(struct rec_writer *w, bool *end)
{
	struct timespec until;
	struct job *j;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SYNC_S;
	pthread_mutex_lock(&w->lock);
	if (!w->first && !w->stop) {
		pthread_mutex_unlock(&w->lock);
		writer_rest(w);
		pthread_mutex_lock(&w->lock);
	}
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
	mem_freed(j->raw.len);
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
	writer_check(w);
	if (!w->dead)
		file_close(w, &w->end);
	rec_pack_end();
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_broadcast(&w->idle);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void thread_prepare(struct rec_writer *w)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &clock);
	pthread_cond_init(&w->idle, &clock);
	pthread_condattr_destroy(&clock);
	w->last = &w->first;
}

void rec_start(struct rec_writer *w)
{
	sigset_t all, old;

	if (w->started)
		return;
	w->started = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the one who drains */
	if (pthread_create(&w->thread, NULL, writer_main, w))
		die(EXIT_CANNOT, "cannot start a thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct rec_writer *rec_open(const char *path, const struct rec_limits *limits, bool force,
			    const char *tier, struct buf *err)
{
	struct rec_writer *w = xcalloc(1, sizeof(*w));
	int error;

	w->limits = *limits;
	if (w->limits.total_bytes && w->limits.segment_bytes > w->limits.total_bytes / 4)
		w->limits.segment_bytes = w->limits.total_bytes / 4;
	w->path = xstrdup(path);
	w->tier = xstrdup(tier);
	w->dir = w->fd = -1;
	w->segment = 1;
	w->opened = time_boot_ns();
	w->offset = time_wall_off();
	w->run = w->opened + w->offset;
	thread_prepare(w);
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
	w->spare = xcalloc(1, sizeof(*w->spare));
	return w;
}

/* ---- what the recorder calls --------------------------------------------------------- */

/* A while at most: a signal that asks for the end wakes nobody here. */
static void wait_idle(struct rec_writer *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / (long)NS_PER_S;
	until.tv_nsec %= (long)NS_PER_S;
	pthread_cond_timedwait(&w->idle, &w->lock, &until);
}

bool rec_put(struct rec_writer *w, const struct rec_head *head, struct buf *raw, size_t more)
{
	struct job *j = xcalloc(1, sizeof(*j));
	bool room;

	j->head = *head;
	j->more = more;
	pthread_mutex_lock(&w->lock);
	while (w->limits.wait && w->started && w->waiting > QUEUE_BYTES / 2 && !stop_asked())
		wait_idle(w);
	room = (!w->started || w->waiting + raw->len <= QUEUE_BYTES) && !w->dead;
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
		w->dropped_events += head->type == REC_EVENTS ? head->events : 0;
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

bool rec_behind(struct rec_writer *w)
{
	bool behind;

	pthread_mutex_lock(&w->lock);
	behind = w->waiting >= QUEUE_BYTES / 2;
	pthread_mutex_unlock(&w->lock);
	return behind;
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

u64 rec_written(const struct rec_writer *w)
{
	return w->written;
}

u64 rec_dropped(struct rec_writer *w)
{
	u64 n;

	pthread_mutex_lock(&w->lock);
	n = w->dropped_events;
	pthread_mutex_unlock(&w->lock);
	return n;
}

u64 rec_reaches(const struct rec_writer *w)
{
	return __atomic_load_n(&w->reaches, __ATOMIC_RELAXED);
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

int rec_made(const struct rec_writer *w)
{
	return w->made ? w->dir : -1;
}

void rec_last(struct rec_writer *w, const struct rec_head *head, const struct buf *raw,
	      const struct rec_head *next)
{
	if (!w->started || pthread_equal(pthread_self(), w->thread))
		return; /* what it was writing is the end */
	pthread_mutex_lock(&w->lock);
	if (raw) {
		w->spare->head = *head;
		w->spare->raw = *raw;
		w->waiting += raw->len;
		w->put++;
		*w->last = w->spare;
		w->last = &w->spare->next;
	}
	w->end = *next;
	w->stop = true;
	pthread_cond_signal(&w->work);
	for (u32 i = 0; !w->over && i < LAST_LOOKS; i++)
		wait_idle(w);
	pthread_mutex_unlock(&w->lock);
}

u64 rec_close(struct rec_writer *w, const struct rec_head *next, u64 *faults)
{
	u64 dropped, left;
	u32 looks = 0;
	bool over;

	rec_start(w); /* what was handed over before is written all the same */
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	w->end = *next;
	pthread_cond_signal(&w->work);
	while (!w->over && !(w->pipe && stop_asked() && looks++ > PIPE_LOOKS))
		wait_idle(w);
	over = w->over;
	left = w->put - w->done;
	pthread_mutex_unlock(&w->lock);
	if (!over) { /* the thread sleeps in write(), and what it uses stays until the end */
		warn("nobody takes the rest of the recording from the pipe: it is cut off");
		return left + 1;
	}
	pthread_join(w->thread, NULL);
	dropped = w->dropped;
	*faults = w->faults;
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->idle);
	if (w->dir >= 0)
		close(w->dir);
	free(w->spare);
	free(w->out);
	free(w->path);
	free(w->tier);
	free(w);
	return dropped;
}
