/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one ring buffer, and what is lost when it is full.
 *
 * Nobody is woken for a record: waking costs ten times as much as the record itself.  User space
 * drains on a timer; only when half of the ring is taken is it woken, once each 64 KiB of growth.
 */
#ifndef PROBATE_RING_BPF_H
#define PROBATE_RING_BPF_H

#include "core_task.bpf.h"

#define LOST_CPUS  256 /* power of two; CPUs beyond share a counter */
#define LOST_ROWS  32  /* likewise, of a table that is larger and looked at less */
#define KICK_BYTES 65536

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* set before load */
} ring SEC(".maps");

const volatile u64 ring_mark = 4 << 20; /* bytes waiting above which user space is woken */
const volatile u64 shown_kinds = ~0ull; /* of those that are sent */
u64 ring_kicked = 0;			/* producer position of the last wake-up */
u64 ring_lost[LOST_CPUS] = {};		/* failed reserves, read by user space */
u64 ring_lost_others[LOST_CPUS] = {};	/* those that were only to be known, not shown */
u64 ring_lost_kinds[LOST_ROWS][EV_KIND_MAX] = {}; /* the same by kind */

static __always_inline void ring_lose(u32 kind)
{
	u32 cpu = bpf_get_smp_processor_id();

	__sync_fetch_and_add(&ring_lost[cpu & (LOST_CPUS - 1)], 1);
	__sync_fetch_and_add(&ring_lost_kinds[cpu & (LOST_ROWS - 1)][kind], 1);
}

static __always_inline void ring_lose_for(u32 kind, bool meant)
{
	if (meant && shown_kinds >> kind & 1)
		ring_lose(kind);
	else
		__sync_fetch_and_add(
			&ring_lost_others[bpf_get_smp_processor_id() & (LOST_CPUS - 1)], 1);
}

/*
 * Flags of a submit.  One event in eight or so, by the chance of its time stamp, looks how full the
 * ring is.  Racing CPUs may both wake the reader; that costs little.
 */
static __always_inline u64 ring_flags(u64 ts)
{
	u64 pos;

	if (ts >> 3 & 7)
		return BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < ring_mark)
		return BPF_RB_NO_WAKEUP;
	pos = bpf_ringbuf_query(&ring, BPF_RB_PROD_POS);
	if (pos - ring_kicked < KICK_BYTES)
		return BPF_RB_NO_WAKEUP;
	ring_kicked = pos;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void ev_head(struct ev *h, u16 kind, u16 size, u32 tgid, u32 tid)
{
	h->kind = kind;
	h->size = size;
	h->tgid = tgid;
	h->tid = tid;
	h->cpu = bpf_get_smp_processor_id();
	h->ts = bpf_ktime_get_boot_ns();
}

/*
 * struct ev_<lower> *e = EV_NEW(ID, lower, task): reserved, head filled with `task` as the subject;
 * NULL: no room, counted.  Every field has to be written before EV_SUBMIT(e).  EV_NEW_IF is told
 * whether it is meant for the reader, or only sent for what it explains (filter.bpf.h); that is
 * asked of what is lost only.
 */
#define EV_NEW(ID, lower, task)		  EV_NEW_IF(ID, lower, task, task_meant(task, 0))
#define EV_NEW_IF(ID, lower, task, meant) EV_NEW_FOR(ID, lower, (task)->tgid, (task)->pid, meant)
#define EV_NEW_FOR(ID, lower, by_tgid, by_tid, meant)                                              \
	({                                                                                         \
		struct ev_##lower *__e = bpf_ringbuf_reserve(&ring, sizeof(*__e), 0);              \
		if (__e)                                                                           \
			ev_head(&__e->h, EV_KIND_##ID, sizeof(*__e), by_tgid, by_tid);             \
		else                                                                               \
			ring_lose_for(EV_KIND_##ID, meant);                                        \
		__e;                                                                               \
	})
#define EV_SUBMIT(e) bpf_ringbuf_submit(e, ring_flags((e)->h.ts))

/* A record with a tail, built elsewhere; false: no room, and the caller counts it. */
static __always_inline bool ev_output(struct ev *e, u32 size)
{
	return !bpf_ringbuf_output(&ring, e, size, ring_flags(e->ts));
}

#endif
