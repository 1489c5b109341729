/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Draining the ring.
 *
 * The kernel side wakes nobody, so the ring is drained on a timer: every 10 ms while events come,
 * up to every 40 ms when none do.  The epoll set is edge-triggered: level-triggered, it would
 * report records that are there without a wake-up at once, and the timer would be a busy loop.
 *
 * What no event tells is found by scanning again, about once a second and more seldom if that takes
 * more than a hundredth of the time: sockets the kernel makes for itself, descriptors moved by
 * io_uring or by 32-bit system calls, a process stopped.  In lean mode nothing tells of descriptors
 * but exec; so whoever begins to listen is besides scanned by itself right after the batch.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "life.h"
#include "live_priv.h"
#include "procfs.h"
#include "live.skel.h"

#define DRAIN_MIN_MS 10
#define DRAIN_MAX_MS 40
/* Where nobody waits for what happens: the kernel calls when half of the ring is taken. */
#define PATIENT_MIN_MS	  100
#define PATIENT_MAX_MS	  1000
#define PATIENT_RESCAN_NS (30 * NS_PER_S)
#define RESCAN_LATEST_NS  (60 * NS_PER_S)
#define TICK_NS		  (100 * NS_PER_MS)
#define CLOCK_NS	  (60 * NS_PER_S)
#define RESCAN_NS	  NS_PER_S
#define RESCAN_SHARE	  100	/* a scan takes at most a hundredth of the time */
#define SOCKS_EVERY	  2	/* every second rescan asks for sockets without a descriptor too */
#define BATCH_MAX	  65536 /* events handed over in one call; the rest waits in the ring */
#define SLICE		  64	/* of these, between two looks at the clock */
#define MAKERS_MAX	  65536
enum { RING, WATCHED }; /* what an event of epoll is about */
#define RELIEVE_SHARE 8 /* a ring full to this part is read in the middle of a scan */
#define RELIEVE_NS    (100 * NS_PER_MS) /* and in any case that often */

static void give(struct live *l, const struct ev *e, size_t bytes)
{
	l->count++;
	if (e->ts > l->last_ts)
		l->last_ts = e->ts;
	l->sink(l->ctx, e, bytes);
}

/* Events that read something for another event come straight here. */
static void give_extra(void *live, const struct ev *e, size_t bytes)
{
	give(live, e, bytes);
}

static void pid_note(struct live *l, u32 tgid)
{
	for (u32 i = 0; i < l->npids; i++) {
		if (l->pids[i] == tgid)
			return;
	}
	if (l->npids < RESCAN_PIDS)
		l->pids[l->npids++] = tgid;
	else
		live_refresh(&l->base); /* too many by themselves: everything, soon */
}

/*
 * Kept over an exec: does its maker have it still?  Asked once a socket: who has many descriptors
 * and executes helpers all the time would else be looked at all the time.
 */
static void maker_note(struct live *l, const struct ev_scan_fd *e)
{
	if (!e->maker || e->maker == e->h.tgid || map_get(&l->makers, e->inode) == e->maker)
		return;
	if (l->makers.count >= MAKERS_MAX)
		map_free(&l->makers);
	map_put(&l->makers, e->inode, e->maker);
	pid_note(l, e->maker);
}

void live_pass(void *live, const struct ev *e, size_t bytes)
{
	struct live *l = live;

	switch (e->kind) {
	case EV_KIND_FORK:
		live_cgroup_meet(l, ((const struct ev_fork *)e)->cgroup,
				 ((const struct ev_fork *)e)->child, e->ts);
		break;
	case EV_KIND_EXEC:
		live_cgroup_meet(l, ((const struct ev_exec *)e)->cgroup, e->tgid, e->ts);
		break;
	case EV_KIND_SOCKET:
		live_cgroup_meet(l, ((const struct ev_socket *)e)->cgroup, e->tgid, e->ts);
		break;
	case EV_KIND_SCAN_TASK:
		live_cgroup_meet(l, ((const struct ev_scan_task *)e)->cgroup, e->tgid, e->ts);
		live_cgroup_meet(l, ((const struct ev_scan_task *)e)->frozen, e->tgid, e->ts);
		break;
	case EV_KIND_LISTEN:
		if (l->full)
			break;
		pid_note(l, e->tgid);
		if (((const struct ev_listen *)e)->maker)
			pid_note(l, ((const struct ev_listen *)e)->maker);
		break;
	case EV_KIND_SCAN_FD:
		if (!l->full && !l->scanning)
			maker_note(l, (const struct ev_scan_fd *)e);
		break;
	}
	give(l, e, bytes);
}

void live_tell_source(struct live *l)
{
	struct ev_source e = {
		.h = {.kind = EV_KIND_SOURCE, .size = sizeof(e), .ts = time_boot_ns()},
		.caps = SRC_EVENTS | (!l->scan || scan_enters(l->scan) ? SRC_NETNS : 0),
		.filter = l->kinds,
		.blind = l->scan ? scan_blind(l->scan) : 0,
		.netns = ns_inum("/proc/self/ns/net"),
	};

	if (l->full && !l->deaf)
		e.caps |= SRC_FD | SRC_READ;
	give(l, &e.h, sizeof(e));
}

void live_begin(struct live *l, sink_fn sink, void *ctx)
{
	l->sink = sink;
	l->ctx = ctx;
	l->count = 0;
	if (!l->skel || l->announced) {
		l->announced = true;
		return;
	}
	l->announced = true;
	l->clock_ts = time_boot_ns();
	procfs_clock(give_extra, l);
	live_tell_source(l);
}

/* ---- the ring ---------------------------------------------------------------------------- */

static bool ring_record_in_scan(void *live, const void *record, size_t bytes)
{
	struct live *l = live;

	if (bytes >= sizeof(struct ev))
		l->taken_ts = ((const struct ev *)record)->ts;
	live_pass(l, record, bytes);
	return ++l->taken % SLICE || !life_slice();
}

/* Records are aligned to 8 in the ring, as the events' structs are. */
static bool ring_record(void *ctx, const void *record, size_t bytes)
{
	struct live *l = ctx;
	const struct ev *e = record;

	if (l->first && bytes >= sizeof(*e))
		histogram_add(&l->delay, l->drained_ts > e->ts ? l->drained_ts - e->ts : 0);
	l->first = false;
	return ring_record_in_scan(l, record, bytes) && l->count < BATCH_MAX;
}

static u64 sum(const u64 *counts, u32 n)
{
	u64 all = 0;

	for (u32 i = 0; i < n; i++)
		all += __atomic_load_n(&counts[i], __ATOMIC_RELAXED);
	return all;
}

/* We must end: what is left is lost, and how many those were is told. */
static bool ring_record_left(void *live, const void *record, size_t bytes)
{
	struct live *l = live;

	(void)record;
	(void)bytes;
	l->left++;
	return true;
}

/* Where only such is lost as was not to be shown, the picture is to be looked at again: count 0. */
static void tell_lost(struct live *l)
{
	u64 lost = l->miss.all + l->left +
		   sum(l->skel->bss->ring_lost, ARRAY_SIZE(l->skel->bss->ring_lost));
	u64 others =
		sum(l->skel->bss->ring_lost_others, ARRAY_SIZE(l->skel->bss->ring_lost_others));
	struct ev_lost e = {
		.h = {.kind = EV_KIND_LOST, .size = sizeof(e), .ts = time_boot_ns()},
		.count = lost - l->lost,
	};

	if (lost == l->lost && others == l->lost_others)
		return;
	l->lost = lost;
	l->lost_others = others;
	give(l, &e.h, sizeof(e));
}

/* What is there now, and how far that brings us. */
static void ring_read(struct live *l, ring_fn fn)
{
	u64 now = time_boot_ns();

	if (ring_take(&l->ring, fn, l))
		life_caught_up(now);
	else
		life_caught_up(l->taken_ts);
	if (stop_due())
		ring_take(&l->ring, ring_record_left, l);
	live_miss_look(l, now, false);
	tell_lost(l);
}

static void ring_drain(struct live *l)
{
	const u32 min = l->patient ? PATIENT_MIN_MS : DRAIN_MIN_MS;
	const u32 max = l->patient ? PATIENT_MAX_MS : DRAIN_MAX_MS;
	u64 waiting = ring_waiting(&l->ring);
	u32 before = l->count;

	l->drained_ts = time_boot_ns();
	l->first = true;
	if (waiting > l->ring_peak)
		l->ring_peak = waiting;
	live_hurry(l, waiting, l->drained_ts);
	ring_read(l, ring_record);
	if (l->count != before)
		l->interval_ms = min;
	else if (l->interval_ms < max)
		l->interval_ms *= 2;
}

static void ring_drain_in_scan(struct live *l)
{
	ring_read(l, ring_record_in_scan);
}

/*
 * A scan takes long where there is much; neither storms wait for its end, nor who watches what
 * happens.  Asked once a buffer of the scan, which is handed over by then: what it has still to find
 * is newer than what is read here.  In the first scan events would meet processes that it has not
 * come to, so there only a filling ring is read.
 */
void live_relieve(void *live)
{
	struct live *l = live;
	u64 now = time_boot_ns(), waiting = ring_waiting(&l->ring);

	if (waiting < l->ring.bytes / RELIEVE_SHARE &&
	    (!l->scans || now < l->relieved_ts + RELIEVE_NS))
		return;
	l->relieved_ts = now;
	live_hurry(l, waiting, now);
	ring_drain_in_scan(l);
}

/*
 * What the scan did not find is over when it ends.  What ended while it went on has said so itself,
 * with more to tell: how, and by whom; so that comes first.
 */
void live_scan_pass(void *live, const struct ev *e, size_t bytes)
{
	struct live *l = live;

	if (e->kind == EV_KIND_SCAN_END && l->ring.map)
		ring_drain_in_scan(l);
	live_pass(l, e, bytes);
}

/* ---- what else time brings --------------------------------------------------------------- */

static void tell_time(struct live *l, u64 now)
{
	struct ev_tick e = {.h = {.kind = EV_KIND_TICK, .size = sizeof(e), .ts = now}};

	if (now > l->clock_ts + CLOCK_NS) {
		l->clock_ts = now;
		procfs_clock(give_extra, l);
	}
	if (now > l->last_ts + TICK_NS)
		give(l, &e.h, sizeof(e));
}

int live_scan_run(struct live *l, const struct want *want)
{
	u64 begin = time_boot_ns();
	int err;

	l->scanning = true;
	err = scan_run(l->scan, want, live_scan_pass, l);
	l->scanning = false;

	l->scans += !want->pid;
	l->scan_ns += time_boot_ns() - begin;
	return err;
}

static void rescan_pids(struct live *l)
{
	u32 n = l->npids;

	l->npids = 0;
	for (u32 i = 0; i < n; i++) {
		struct want want = {.scope = SCOPE_FDS, .pid = l->pids[i]};

		live_scan_run(l, &want);
	}
}

/* Ours: what a scan takes where others have the processors as well is no reason to look seldom. */
static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

static u64 rescan_gap(u64 took, u64 least)
{
	u64 gap = took * RESCAN_SHARE > least ? took * RESCAN_SHARE : least;

	return gap < RESCAN_LATEST_NS ? gap : RESCAN_LATEST_NS;
}

/* Where nobody waits for what is found, a look that would cost much waits for the next one. */
static u64 rescan_next(const struct live *l, u64 now, u64 took)
{
	u64 least = l->patient ? PATIENT_RESCAN_NS : RESCAN_NS;

	return now + rescan_gap(took, least);
}

static void rescan(struct live *l, u64 now)
{
	struct want want = {.scope = l->rescan_scope & ~(u32)SCOPE_SOCKS, .pid = l->pid};
	u64 began;

	if (l->npids)
		rescan_pids(l);
	if (now < l->rescan_ts)
		return;
	if (l->patient || l->rescans++ % SOCKS_EVERY == SOCKS_EVERY - 1)
		want.scope = l->rescan_scope;
	l->scanned_ts = now;
	began = cpu_ns();
	live_scan_run(l, &want);
	l->scan_took = cpu_ns() - began;
	l->rescan_ts = rescan_next(l, now, l->scan_took);
}

/* At most once a second, and a hundredth of the time. */
void live_refresh(struct source *s)
{
	struct live *l = (struct live *)s;
	u64 due = l->scanned_ts + rescan_gap(l->scan_took, RESCAN_NS);

	if (due < l->rescan_ts)
		l->rescan_ts = due;
}

int live_watch(struct source *s, int fd)
{
	struct live *l = (struct live *)s;
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u32 = WATCHED};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/*
 * Sleep until the next drain is due, or the kernel calls; no longer than `left_ms` (-1: any time).
 * false: a signal came, and the caller wants to know.
 */
static bool wait_drain(struct live *l, int left_ms)
{
	u64 since = (time_boot_ns() - l->drained_ts) / NS_PER_MS;
	int ms = since < l->interval_ms ? (int)(l->interval_ms - since) : 0;
	u64 due = l->rescan_ts > l->drained_ts ? (l->rescan_ts - l->drained_ts) / NS_PER_MS : 0;
	struct epoll_event ev[4];
	int n;

	if (due < (u64)ms)
		ms = (int)due + 1;
	if (left_ms >= 0 && ms > left_ms)
		ms = left_ms;
	n = epoll_wait(l->epoll, ev, ARRAY_SIZE(ev), ms > 0 ? ms : 0);
	for (int i = 0; i < n; i++)
		l->woken |= ev[i].data.u32 == WATCHED;
	return n >= 0 || errno != EINTR;
}

int live_poll(struct source *s, int timeout_ms, sink_fn sink, void *ctx)
{
	struct live *l = (struct live *)s;
	u64 begin = time_boot_ns(), waited_ms;
	bool awake = true, over = false;

	live_begin(l, sink, ctx);
	l->woken = false;
	do {
		waited_ms = (time_boot_ns() - begin) / NS_PER_MS;
		over = timeout_ms >= 0 && waited_ms >= (u64)timeout_ms;
		awake = wait_drain(l, timeout_ms < 0 ? -1 : over ? 0 : timeout_ms - (int)waited_ms);

		ring_drain(l);
		rescan(l, l->drained_ts);
		live_cgroup_search(l);
		tell_time(l, l->drained_ts);
		if (!awake) { /* may be the last time */
			live_miss_look(l, l->drained_ts, true);
			tell_lost(l);
		}
	} while (awake && !over && !l->count && !l->woken);
	return (int)l->count;
}

int live_poll_open(struct live *l)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u32 = RING};
	int fd = bpf_map__fd(l->skel->maps.ring);
	int err = ring_open(&l->ring, fd, bpf_map__max_entries(l->skel->maps.ring));

	if (err)
		return err;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	live_hurry_open(l);
	l->interval_ms = DRAIN_MIN_MS;
	l->rescan_ts = time_boot_ns() + RESCAN_NS;
	return 0;
}

void live_poll_close(struct live *l)
{
	ring_close(&l->ring);
	if (l->epoll >= 0)
		close(l->epoll);
}
