// SPDX-License-Identifier: BSD-2-Clause
/*
 * The recorder: a tap between the check and the model.
 *
 * It copies events into a block and hands the block over when it is full or has waited long
 * enough.  The rest (packing, files) is the writer's, on a thread of its own.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "keep.h"
#include "life.h"
#include "model.h"
#include "rec.h"

#define FLUSH_NS      NS_PER_S		/* what happened is handed over this much later */
#define FLUSH_PIPE_NS (100 * NS_PER_MS) /* on a pipe somebody is looking */
#define DUMP_NS	      NS_PER_S		/* no two dumps of the model within this */
#define DUMP_BYTES    (16ull << 20)	/* of events, unpacked, until the model is dumped again */
#define BLOCK_FIRST   (64u << 10)	/* most blocks are handed over by time, not by size */
#define TRIM_BYTES    (4ull << 20)
#define RESERVE_BYTES (2ull << 20)
#define DUMP_TIMES    4 /* and that many times the last dump: a moment is found in a second */

struct recorder {
	struct rec_writer *w;
	struct buf raw; /* events of the block under way */
	struct rec_head head;
	u64 since;     /* `now` of the turn that first saw the block under way; 0: none */
	u64 seq, next; /* numbers of the next block, the next event */
	u64 lost;
	u64 dumped;	/* `now` of the last dump */
	u64 bytes;	/* of events since then */
	u64 dump_bytes; /* of that dump */
	u64 every;	/* bytes between dumps, as asked; 0: as it fits */
	bool first;	/* the model is to be dumped before anything else */
	bool scanning;	/* a scan is under way */
	bool dumping;	/* the block under way is of a dump */
	pthread_t owner;
	void *reserve; /* memory for the end, when there is no other */
};

/* ---- dying ----------------------------------------------------------------------------------- */

static struct recorder *_Atomic the_open_one;

/* What was seen until we die, of want of memory above all, is in the recording, and it is whole. */
static void recorder_last(void)
{
	struct recorder *r = atomic_exchange(&the_open_one, NULL);
	bool ours = r && pthread_equal(pthread_self(), r->owner);
	struct rec_head head, next;

	if (!r)
		return;
	free(r->reserve);
	head = next = r->head;
	head.type = REC_EVENTS;
	head.flags = 0;
	head.seq = r->seq;
	next.first_event = head.first_event = r->next;
	head.lost = next.lost = r->lost;
	ours &= r->raw.len && !r->dumping;
	next.seq = r->seq + ours;
	next.first_event += ours ? head.events : 0;
	rec_last(r->w, &head, ours ? &r->raw : NULL, &next);
}

struct recorder *recorder_open(const char *path, const struct rec_limits *limits, bool force,
			       const char *tier)
{
	struct buf err = {};
	struct rec_writer *w = rec_open(path, limits, force, tier, &err);
	struct recorder *r;

	if (!w)
		die(errno == ENOSPC || errno == EDQUOT || errno == EIO ? EXIT_INCOMPLETE
								       : EXIT_USAGE,
		    "%s", err.s);
	r = xcalloc(1, sizeof(*r));
	r->w = w;
	r->every = limits->model_bytes;
	r->head.offset = rec_offset(r->w);
	r->first = true;
	r->owner = pthread_self();
	r->reserve = xmalloc(RESERVE_BYTES);
	the_open_one = r;
	die_hook = recorder_last;
	return r;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void block_add(struct recorder *r, const struct ev *e)
{
	const size_t padded = (e->size + 7u) & ~7u;
	char *to;

	if (!r->raw.len) {
		if (!r->raw.s)
			buf_grow(&r->raw, BLOCK_FIRST);
		r->head.first_ts = r->head.last_ts = e->ts;
	} else if (e->ts > r->head.last_ts) {
		r->head.last_ts = e->ts;
	} else if (e->ts < r->head.first_ts) {
		r->head.first_ts = e->ts;
	}
	to = buf_space(&r->raw, padded);
	memcpy(to, e, e->size);
	memset(to + e->size, 0, padded - e->size);
	r->raw.len += padded;
	r->head.events++;
}

static void block_end(struct recorder *r, u8 type, u16 flags, size_t more)
{
	r->head.type = type;
	r->head.flags = flags;
	r->head.seq = r->seq++;
	r->head.first_event = r->next;
	r->head.lost = r->lost;
	if (type == REC_EVENTS)
		r->next += r->head.events;
	rec_put(r->w, &r->head, &r->raw, more);
	buf_reset(&r->raw);
	r->head.events = 0;
	r->since = 0;
}

static void events_end(struct recorder *r)
{
	if (r->raw.len)
		block_end(r, REC_EVENTS, 0, 0);
}

void recorder_event(struct recorder *r, const struct ev *e)
{
	if (e->kind == EV_KIND_LOST)
		r->lost += ((const struct ev_lost *)(const void *)e)->count;
	else if (e->kind == EV_KIND_SCAN_BEGIN || e->kind == EV_KIND_SCAN_END)
		r->scanning = e->kind == EV_KIND_SCAN_BEGIN;
	block_add(r, e);
	r->bytes += e->size;
	if (r->raw.len >= REC_BLOCK)
		block_end(r, REC_EVENTS, 0, r->scanning ? REC_OF_SCAN : 0);
}

/* ---- dumps of the model ---------------------------------------------------------------------- */

static void dump_add(void *ctx, const struct ev *e, size_t bytes)
{
	struct buf *dump = ctx;

	buf_add(dump, e, bytes);
	while (dump->len % 8)
		buf_add(dump, "", 1);
}

/* Until the first clock event of the stream our own has to do. */
static void clock_of(struct recorder *r, const struct model *m)
{
	if (m->realtime_off)
		r->head.offset = m->realtime_off;
}

/* What is written is also put in the place of the model it was made of (R3). */
static void dump(struct recorder *r, struct model *m, u64 now)
{
	struct buf all = {};
	u16 flags = REC_FIRST;

	events_end(r);
	model_dump(m, dump_add, &all);
	if (!r->first && life_slice()) { /* one of before will do */
		buf_free(&all);
		return;
	}
	r->dumping = true;
	for (size_t at = 0; at < all.len;) {
		const struct ev *e = (const void *)(all.s + at);

		at += (e->size + 7u) & ~7u;
		model_apply(m, e);
		block_add(r, e);
		if (r->raw.len < REC_BLOCK && at < all.len)
			continue;
		r->head.first_ts = r->head.last_ts = now > m->now ? now : m->now;
		block_end(r, REC_MODEL, flags, all.len - at);
		flags = 0;
	}
	r->dump_bytes = all.len;
	r->bytes = 0;
	r->first = r->dumping = false;
	buf_free(&all);
#ifdef __GLIBC__
	if (r->dump_bytes > TRIM_BYTES) /* for a moment the model was there three times */
		malloc_trim(0);
#endif
}

static bool dump_due(struct recorder *r, u64 now)
{
	u64 every = r->dump_bytes * DUMP_TIMES;

	if (r->first)
		return true;
	if (r->every && r->bytes >= r->every)
		return !rec_behind(r->w); /* the queue never runs over by dumps */
	if (now < r->dumped + DUMP_NS)
		return false;
	if (!r->every && r->bytes >= (every > DUMP_BYTES ? every : DUMP_BYTES))
		return true;
	return rec_wants_model(r->w);
}

void recorder_begin(struct recorder *r, struct model *m, const struct ev *first)
{
	const struct ev_clock *clock = (const void *)first;

	if (first->kind == EV_KIND_CLOCK)
		r->head.offset = clock->realtime - first->ts;
	recorder_turn(r, m, first->ts);
}

void recorder_turn(struct recorder *r, struct model *m, u64 now)
{
	const u64 wait = rec_is_pipe(r->w) ? FLUSH_PIPE_NS : FLUSH_NS;

	clock_of(r, m);
	if (dump_due(r, now)) {
		dump(r, m, now);
		r->dumped = now;
	}
	if (!r->raw.len)
		return;
	if (!r->since)
		r->since = now;
	if (now - r->since >= wait)
		events_end(r);
}

u64 recorder_flush(struct recorder *r, struct model *m)
{
	clock_of(r, m);
	events_end(r);
	return rec_ticket(r->w);
}

bool recorder_written(struct recorder *r, u64 ticket)
{
	return rec_done(r->w, ticket);
}

void recorder_restart(struct recorder *r)
{
	r->first = true;
}

bool recorder_dead(const struct recorder *r)
{
	return rec_dead(r->w);
}

int recorder_dir(const struct recorder *r)
{
	return rec_dir(r->w);
}

int recorder_made(const struct recorder *r)
{
	return rec_made(r->w);
}

const char *recorder_path(const struct recorder *r)
{
	return rec_path(r->w);
}

void recorder_start(struct recorder *r)
{
	rec_start(r->w);
}

u64 recorder_bytes(const struct recorder *r)
{
	return rec_written(r->w);
}

u64 recorder_dropped(struct recorder *r)
{
	return rec_dropped(r->w);
}

u64 recorder_faults(struct recorder *r)
{
	return rec_faults(r->w);
}

u64 recorder_reaches(const struct recorder *r)
{
	return rec_reaches(r->w);
}

bool recorder_trouble(struct recorder *r, struct buf *why)
{
	return rec_trouble(r->w, why);
}

bool recorder_close(struct recorder *r, struct model *m)
{
	u64 dropped, faults;

	the_open_one = NULL;
	clock_of(r, m);
	if (r->first)
		dump(r, m, m->now);
	events_end(r);
	r->head.seq = r->seq;
	r->head.first_event = r->next;
	dropped = rec_close(r->w, &r->head, &faults);
	if (dropped)
		warn("%llu block%s of the recording could not be written",
		     (unsigned long long)dropped, dropped == 1 ? "" : "s");
	if (faults)
		warn("the recording may not be whole: %llu fault%s while it was written",
		     (unsigned long long)faults, faults == 1 ? "" : "s");
	buf_free(&r->raw);
	free(r->reserve);
	free(r);
	return !dropped && !faults;
}
