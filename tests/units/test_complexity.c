// SPDX-License-Identifier: BSD-2-Clause
/* What the model costs when there is very much of something: memory a hold, and that it comes back.
 */
#include <malloc.h>
#include <time.h>

#include "feed.h"
#include "verdict.h"

#define TCP4 SOCK_PROTO(2, 1, 6)

/* ---- the world ---- */

struct crowd {
	struct model *m;
	u64 ts;
};

#define GIVE(c, lower, KIND, pid, ...)                                                             \
	do {                                                                                       \
		const struct ev_##lower e_ = {.h = {.kind = EV_KIND_##KIND,                        \
						    .size = sizeof(e_),                            \
						    .tgid = (pid),                                 \
						    .tid = (pid),                                  \
						    .ts = ++(c)->ts},                              \
					      __VA_ARGS__};                                        \
		model_apply((c)->m, &e_.h);                                                        \
	} while (0)

static struct crowd crowd_new(void)
{
	struct crowd c = {.m = model_new(&verdict_judge), .ts = NS_PER_S};

	GIVE(&c, source, SOURCE, 0, .caps = SRC_EVENTS | SRC_FD);
	GIVE(&c, scan_task, SCAN_TASK, 1, .start = 1, .files = FILES(1));
	return c;
}

static void give_socket(struct crowd *c, u32 pid, s32 fd, u64 inode)
{
	GIVE(c, socket, SOCKET, pid, .inode = inode, .cookie = inode, .proto = TCP4, .state = 7,
	     .netns = 5, .files = FILES(pid), .fd = fd);
}

static void give_dup(struct crowd *c, u32 pid, s32 fd, u64 inode)
{
	GIVE(c, install, INSTALL, pid, .inode = inode, .cookie = inode, .proto = TCP4, .state = 7,
	     .netns = 5, .files = FILES(pid), .fd = fd, .via = VIA_DUP, .from_fd = 0);
}

static void give_fork(struct crowd *c, u32 pid, u32 child)
{
	GIVE(c, fork, FORK, pid, .start = c->ts, .files = FILES(child), .parent_files = FILES(pid),
	     .child = child, .parent = pid, .exit_signal = 17);
}

static void give_end(struct crowd *c, u32 pid)
{
	const struct proc *p = proc_at(c->m, proc_find(c->m, pid)), *parent;
	u64 start = p->start;

	parent = proc_at(c->m, p->parent);
	GIVE(c, exit, EXIT, pid, .start = start, .parent = parent->tgid, .code = 0);
	GIVE(c, wait, WAIT, parent->tgid, .nr = pid);
}

/* ---- memory ---- */

#ifndef __SANITIZE_ADDRESS__ /* which has a malloc of its own */

static size_t memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* `socks` sockets, each in `dups` slots of each of `tables` tables. */
static void hold_memory(u32 socks, u32 dups, u32 tables)
{
	struct crowd c = crowd_new();
	u32 before, holds;
	size_t empty, full, after;

	give_fork(&c, 1, 2);
	for (u32 s = 0; s < socks; s++)
		give_socket(&c, 2, (s32)s, 1000 + s);
	for (u32 pid = 3; pid < tables + 2; pid++) /* before there is anything to hand down */
		give_fork(&c, 1, pid);
	give_fork(&c, 1, 50000);
	before = c.m->holds.live;
	empty = memory();
	for (u32 pid = 2; pid < tables + 2; pid++)
		for (u32 s = 0; s < socks; s++)
			for (u32 d = pid == 2; d < dups; d++)
				give_dup(&c, pid, (s32)(d * socks + s), 1000 + s);
	holds = c.m->holds.live - before;
	full = memory();
	print_message("%u sockets, %u of each in %u tables: %.1f bytes a hold\n", socks, dups,
		      tables, (double)(full - empty) / holds);
	assert_true(holds + before == socks * dups * tables);
	assert_true(full - empty <= 96ull * holds);
	for (u32 pid = tables + 1; pid > 2; pid--)
		give_end(&c, pid);
	assert_int_equal(c.m->holds.live, socks * dups);
	after = memory();
	assert_true(after < empty + socks * dups * 128ull + (1 << 20));
	model_free(c.m);
}

static void memory_of_dups(void **state)
{
	(void)state;
	hold_memory(1, 20000, 50);
}

static void memory_of_heirs(void **state)
{
	(void)state;
	hold_memory(1000, 1, 1000);
}

#endif

/* ---- time ---- */

/*
 * A world in which there are n of everything that an answer to an event could be tempted to walk:
 * holds of one socket, in few tables and in many; sockets of one port, of one maker, in one queue;
 * children of one parent, in a nested pid namespace; threads with tables of their own; processes
 * that were given one socket; the dead; names; connections that end by the clock; cgroups; signals.
 */
enum { PARENT = 2, SERVER, UNIX_OWNER, MAKER, THREADS, SPARE, HEIR = 500, CHILD = 1000 };
enum { DUPED = 10, SHARED = 20, QUEUE = 30, GIVEN = 50 };
enum { HEIRS = 10 };
#define DEAD	 2000000u
#define NEW_PID	 3000000u
#define CONN	 1000000ull /* inodes */
#define NAMED	 4000000ull
#define NEW_SOCK 8000000ull
#define WORLD_NS 77

struct world_of {
	struct crowd c;
	u32 n;
	u64 next; /* ids never used before */
};

static struct ep end_of(u32 i, u16 port)
{
	return (struct ep){
		.ip = {10, (u8)(i >> 16), (u8)(i >> 8), (u8)i}, .port = port, .family = 2};
}

#define CONN_FIELDS(i)                                                                             \
	.inode = CONN + (i), .cookie = CONN + (i), .proto = TCP4, .state = 1, .netns = 5,          \
	.local = end_of(1, 80), .remote = end_of(i, 4000)

static void world_families(struct world_of *w)
{
	struct crowd *c = &w->c;

	for (u32 i = 0; i < w->n; i++) {
		GIVE(c, fork, FORK, PARENT, .start = c->ts, .files = FILES(CHILD + i),
		     .parent_files = FILES(PARENT), .child = CHILD + i, .parent = PARENT,
		     .exit_signal = 17, .cgroup = 5000 + i, .pidns = WORLD_NS, .nspid = {{i + 2}});
		GIVE(c, cgroup, CGROUP, 0, .id = 5000 + i);
		GIVE(c, install, INSTALL, CHILD + i, .inode = GIVEN, .cookie = GIVEN, .proto = TCP4,
		     .netns = 5, .files = FILES(CHILD + i), .fd = 4, .via = VIA_SCM_RIGHTS);
		GIVE(c, signal, SIGNAL, 1, .target = CHILD + i, .target_tid = CHILD + i,
		     .signal = 15);
		if (i % 2)
			GIVE(c, exec, EXEC, CHILD + i, .files = FILES(CHILD + i),
			     .old_tid = CHILD + i, .name = {"other"});
		give_fork(c, 1, DEAD + i);
		give_end(c, DEAD + i);
	}
}

static void world_sockets(struct world_of *w)
{
	struct crowd *c = &w->c;

	for (u32 i = 0; i < w->n; i++) {
		GIVE(c, socket, SOCKET, SERVER, CONN_FIELDS(i), .files = FILES(SERVER),
		     .fd = (s32)i);
		GIVE(c, pass, PASS, SERVER, .files = FILES(SERVER), .inode = CONN + i,
		     .cookie = CONN + i, .fd = (s32)i, .over = QUEUE, .queue = QUEUE);
		GIVE(c, socket, SOCKET, UNIX_OWNER, .inode = NAMED + i, .cookie = NAMED + i,
		     .proto = UNIX1, .netns = 5, .files = FILES(UNIX_OWNER), .fd = (s32)i + 10);
		GIVE(c, unix_bind, UNIX_BIND, UNIX_OWNER, .inode = NAMED + i, .cookie = NAMED + i,
		     .proto = UNIX1, .netns = 5, .fd = (s32)i + 10,
		     .name = {.len = 4, .s = {'@', (char)i, (char)(i >> 8), (char)(i >> 16)}});
		GIVE(c, scan_sock, SCAN_SOCK, 0, .proto = TCP4, .state = 6, .netns = 5,
		     .sflags = SF_TIMEWAIT, .local = end_of(1, 80), .remote = end_of(i, 5000),
		     .left_ms = 60000);
		GIVE(c, thread, THREAD, THREADS, .files = FILES(5000000 + i),
		     .parent_files = FILES(THREADS), .thread = 5000000 + i);
	}
}

static struct world_of world_new(u32 n)
{
	struct world_of w = {.c = crowd_new(), .n = n};
	struct crowd *c = &w.c;

	GIVE(c, fork, FORK, 1, .start = c->ts, .files = FILES(PARENT), .parent_files = FILES(1),
	     .child = PARENT, .parent = 1, .exit_signal = 17, .pidns = WORLD_NS,
	     .flags = FORK_NSINIT, .nspid = {{1}});
	for (u32 pid = SERVER; pid <= SPARE; pid++)
		give_fork(c, 1, pid);
	give_socket(c, PARENT, 3, SHARED);
	give_socket(c, THREADS, 3, 40);
	give_socket(c, SPARE, 3, GIVEN);
	GIVE(c, socket, SOCKET, UNIX_OWNER, .inode = QUEUE, .cookie = QUEUE, .proto = UNIX1,
	     .netns = 5, .files = FILES(UNIX_OWNER), .fd = 3);
	give_socket(c, MAKER, 0, DUPED);
	for (u32 i = 1; i < n / HEIRS; i++)
		give_dup(c, MAKER, (s32)i, DUPED);
	for (u32 i = 0; i < HEIRS; i++)
		give_fork(c, MAKER, HEIR + i);
	world_families(&w);
	world_sockets(&w);
	return w;
}

/* ---- one event of each kind, with what undoes it ---- */

static u32 some(struct world_of *w)
{
	return (u32)(w->next++ * 7919 % w->n);
}

static u32 child_new(struct world_of *w)
{
	u32 nr = (u32)(w->n + w->next++ % 1000 + 2), pid = NEW_PID + nr;
	struct crowd *c = &w->c;

	GIVE(c, fork, FORK, PARENT, .start = c->ts, .files = FILES(pid),
	     .parent_files = FILES(PARENT), .child = pid, .parent = PARENT, .exit_signal = 17,
	     .pidns = WORLD_NS, .nspid = {{nr}});
	return pid;
}

static u64 start_of(const struct world_of *w, u32 pid)
{
	return proc_at(w->c.m, proc_find(w->c.m, pid))->start;
}

static void child_dies(struct world_of *w, u32 pid)
{
	GIVE(&w->c, exit, EXIT, pid, .start = start_of(w, pid), .parent = PARENT);
}

static void child_is_reaped(struct world_of *w, u32 pid)
{
	GIVE(&w->c, wait, WAIT, PARENT, .nr = pid - NEW_PID, .level = 1);
	assert_int_equal(proc_at(w->c.m, proc_find(w->c.m, pid))->state, PROC_GONE);
}

static void cost_fork(struct world_of *w)
{
	u32 pid = child_new(w);

	child_dies(w, pid);
	child_is_reaped(w, pid);
}
#define cost_exit cost_fork
#define cost_wait cost_fork

static void cost_free(struct world_of *w)
{
	u32 pid = child_new(w);

	child_dies(w, pid);
	GIVE(&w->c, free, FREE, pid, .start = start_of(w, pid));
	child_is_reaped(w, pid);
}

static void cost_thread(struct world_of *w)
{
	u64 files = FILES(10000000 + w->next++);

	GIVE(&w->c, thread, THREAD, THREADS, .files = files, .parent_files = FILES(THREADS),
	     .thread = 9000000);
	GIVE(&w->c, thread_exit, THREAD_EXIT, THREADS, .files = files);
}
#define cost_thread_exit cost_thread

static void cost_exec(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, exec, EXEC, pid, .start = start_of(w, pid), .files = FILES(pid), .old_tid = pid,
	     .name = {"again"});
}

static void cost_headless(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, headless, HEADLESS, pid, .start = start_of(w, pid));
}

static void cost_rename(struct world_of *w)
{
	GIVE(&w->c, rename, RENAME, w->next % 2 ? CHILD + some(w) : MAKER,
	     .name = {{'x', (char)('a' + w->next++ % 20)}});
}

static void cost_session(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, session, SESSION, pid, .target = pid, .sid = pid, .pgid = pid);
}

static void cost_signal(struct world_of *w)
{
	GIVE(&w->c, signal, SIGNAL, MAKER, .target = CHILD + some(w), .signal = 1 + w->next % 30);
}

static void cost_subreaper(struct world_of *w)
{
	GIVE(&w->c, subreaper, SUBREAPER, PARENT, .on = w->next++ % 2);
}

static void cost_install(struct world_of *w)
{
	s32 fd = (s32)(1000000 + w->next++ % 1000);

	give_dup(&w->c, MAKER, fd, DUPED);
	GIVE(&w->c, close, CLOSE, MAKER, .files = FILES(MAKER), .inode = DUPED, .cookie = DUPED,
	     .fd = fd);
}
#define cost_close cost_install

static void cost_close_range(struct world_of *w)
{
	u32 fd = 1000000 + w->next++ % 1000;

	give_dup(&w->c, MAKER, (s32)fd, DUPED);
	GIVE(&w->c, close_range, CLOSE_RANGE, MAKER, .files = FILES(MAKER), .first = fd,
	     .last = fd);
	GIVE(&w->c, close_range, CLOSE_RANGE, MAKER, .files = FILES(MAKER), .first = 2000000,
	     .last = ~0u); /* and where nothing is */
}

static void cost_cloexec(struct world_of *w)
{
	GIVE(&w->c, cloexec, CLOEXEC, HEIR, .files = FILES(HEIR), .inode = DUPED, .fd = 0,
	     .cloexec = w->next++ % 2);
}

static void cost_pass(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, pass, PASS, SERVER, .files = FILES(SERVER), .inode = CONN + i,
	     .cookie = CONN + i, .fd = (s32)i, .over = QUEUE, .queue = QUEUE);
	GIVE(&w->c, pass, PASS, SPARE, .files = FILES(SPARE), .inode = GIVEN, .cookie = GIVEN,
	     .fd = 3, .over = 999, .queue = 999);
	GIVE(&w->c, install, INSTALL, SPARE, .inode = GIVEN, .cookie = GIVEN, .proto = TCP4,
	     .netns = 5, .files = FILES(SPARE), .fd = 4, .via = VIA_SCM_RIGHTS);
}

static void cost_fdtab(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, fdtab, FDTAB, pid, .files = FILES(20000000 + w->next++), .leader = 1);
}

static void cost_socket(struct world_of *w)
{
	u64 inode = NEW_SOCK + w->next++;

	GIVE(&w->c, socket, SOCKET, SERVER, .inode = inode, .cookie = inode, .proto = TCP4,
	     .state = 7, .netns = 5, .local = end_of(1, 80), .files = FILES(SERVER), .fd = 2000000);
	GIVE(&w->c, close, CLOSE, SERVER, .files = FILES(SERVER), .inode = inode, .cookie = inode,
	     .fd = 2000000);
}

static void cost_bind(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, bind, BIND, SERVER, CONN_FIELDS(i), .fd = (s32)i);
}

static void cost_listen(struct world_of *w)
{
	GIVE(&w->c, listen, LISTEN, MAKER, .inode = DUPED, .cookie = DUPED, .proto = TCP4,
	     .state = 10, .netns = 5, .local = end_of(1, 80), .fd = 0);
	GIVE(&w->c, listen, LISTEN, THREADS, .inode = 40, .cookie = 40, .proto = TCP4, .state = 10,
	     .netns = 5, .local = end_of(1, 80), .fd = 3);
}

static void cost_connect(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, connect, CONNECT, SERVER, CONN_FIELDS(i), .fd = (s32)i);
}

static void cost_accept(struct world_of *w)
{
	u64 inode = NEW_SOCK + w->next++;

	GIVE(&w->c, accept, ACCEPT, HEIR, .inode = inode, .cookie = inode, .proto = TCP4,
	     .state = 1, .netns = 5, .local = end_of(1, 80), .remote = end_of(1, 81),
	     .files = FILES(HEIR), .listener = DUPED, .listen_fd = 0, .fd = 2000000);
	GIVE(&w->c, state, STATE, HEIR, .inode = inode, .cookie = inode, .proto = TCP4, .state = 7,
	     .netns = 5, .sflags = SF_DEAD, .old = 1);
}

static void cost_state(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, state, STATE, SERVER, .inode = CONN + i, .cookie = CONN + i, .proto = TCP4,
	     .state = w->next % 2 ? 8 : 1, .netns = 5, .local = end_of(1, 80),
	     .remote = end_of(i, 4000), .old = 1);
}

static void cost_destroy(struct world_of *w)
{
	u64 cookie = NEW_SOCK + w->next++;

	GIVE(&w->c, state, STATE, 0, .cookie = cookie, .proto = TCP4, .state = 1, .netns = 5,
	     .local = end_of(1, 80), .remote = end_of(2, 82), .old = 3);
	GIVE(&w->c, destroy, DESTROY, 0, .cookie = cookie);
}

static void cost_unix_bind(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, unix_bind, UNIX_BIND, UNIX_OWNER, .inode = NAMED + i, .cookie = NAMED + i,
	     .proto = UNIX1, .netns = 5, .fd = (s32)i + 10, .name = {.len = 2, .s = "@x"});
}

static void cost_use(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, use, USE, pid, .files = FILES(pid), .inode = SHARED, .fd = 3);
	GIVE(&w->c, use, USE, HEIR + 1, .files = FILES(HEIR + 1), .inode = DUPED, .fd = 1);
}

/* ---- scans ---- */

static void cost_scan_begin(struct world_of *w)
{
	GIVE(&w->c, scan_begin, SCAN_BEGIN, 0, .scope = 7);
}

/* All there is, swept once: what it met is younger than its begin. */
static void cost_scan_end(struct world_of *w)
{
	GIVE(&w->c, scan_end, SCAN_END, 0, .scope = 7, .begin = 1);
}

static void cost_scan_task(struct world_of *w)
{
	u32 i = some(w), pid = CHILD + i;

	GIVE(&w->c, scan_task, SCAN_TASK, pid, .start = start_of(w, pid), .files = FILES(pid),
	     .parent = PARENT, .pidns = WORLD_NS, .exit_signal = 17, .nspid = {{i + 2}},
	     .flags = w->next % 2 ? TASK_STOPPED : 0, .name = {"other"});
}

static void cost_scan_fd(struct world_of *w)
{
	GIVE(&w->c, scan_fd, SCAN_FD, HEIR + 2, .inode = DUPED, .cookie = DUPED, .proto = TCP4,
	     .state = 7, .netns = 5, .files = FILES(HEIR + 2),
	     .fd = (s32)(some(w) % (w->n / HEIRS)), .waits = 1 + w->next % 2);
}

static void cost_scan_sock(struct world_of *w)
{
	u32 i = some(w);

	GIVE(&w->c, scan_sock, SCAN_SOCK, 0, CONN_FIELDS(i));
	GIVE(&w->c, scan_sock, SCAN_SOCK, 0, .proto = TCP4, .state = 6, .netns = 5,
	     .sflags = SF_TIMEWAIT, .local = end_of(1, 80), .remote = end_of(i, 5000),
	     .left_ms = 60000);
}

static void cost_scan_name(struct world_of *w)
{
	GIVE(&w->c, scan_name, SCAN_NAME, 0, .inode = NAMED + some(w),
	     .name = {.len = 2, .s = "@y"});
}

static void cost_scan_queue(struct world_of *w)
{
	GIVE(&w->c, scan_queue, SCAN_QUEUE, 0, CONN_FIELDS(some(w)), .queue = QUEUE, .count = 1);
}

static void cost_scan_args(struct world_of *w)
{
	u32 pid = CHILD + some(w);

	GIVE(&w->c, scan_args, SCAN_ARGS, pid, .start = start_of(w, pid));
	GIVE(&w->c, scan_args, SCAN_ARGS, MAKER, .start = start_of(w, MAKER));
}

static void cost_scan_miss(struct world_of *w)
{
	u64 cookie = NEW_SOCK + w->next++;

	GIVE(&w->c, scan_sock, SCAN_SOCK, 0, .cookie = cookie, .proto = TCP4, .state = 1,
	     .netns = 5, .local = end_of(1, 80), .remote = end_of(3, 83));
	GIVE(&w->c, scan_miss, SCAN_MISS, 0, .cookie = cookie, .begin = w->c.ts + 1,
	     .what = SCOPE_SOCKS);
	GIVE(&w->c, scan_miss, SCAN_MISS, HEIR + 3, .files = FILES(HEIR + 3), .inode = DUPED,
	     .cookie = DUPED, .begin = 1, .fd = 1, .what = SCOPE_FDS);
}

static void cost_scan_cut(struct world_of *w)
{
	GIVE(&w->c, scan_cut, SCAN_CUT, 0, .what = SCOPE_SOCKS, .why = 1, .netns = 5,
	     .proto = TCP4);
}

static void cost_scan_keeper(struct world_of *w)
{
	GIVE(&w->c, scan_keeper, SCAN_KEEPER, MAKER, .inode = NAMED + some(w), .how = KEEPER_CALL,
	     .call = 1, .count = 1);
}

/* ---- about the stream ---- */

static void cost_clock(struct world_of *w)
{
	GIVE(&w->c, clock, CLOCK, 0, .realtime = 1795262400ull * NS_PER_S);
}

static void cost_tick(struct world_of *w)
{
	GIVE(&w->c, tick, TICK, 0);
}

static void cost_lost(struct world_of *w)
{
	GIVE(&w->c, lost, LOST, 0, .count = 1);
}

static void cost_held(struct world_of *w)
{
	GIVE(&w->c, held, HELD, 0, .count = 1, .uid = w->next++);
}

static void cost_cgroup(struct world_of *w)
{
	GIVE(&w->c, cgroup, CGROUP, 0, .id = 900000000 + w->next++);
}

static void cost_source(struct world_of *w)
{
	GIVE(&w->c, source, SOURCE, 0, .caps = SRC_EVENTS | SRC_FD);
}

/* A checkpoint speaks of all there is, once. */
static void cost_kept_begin(struct world_of *w)
{
	struct model *m = model_new(&verdict_judge);
	struct buf b = kept_dump(w->c.m);

	kept_read(m, &b);
	assert_int_equal(m->kept_bad, 0);
	assert_int_equal(m->holds.live, w->c.m->holds.live);
	model_free(m);
	buf_free(&b);
}
#define cost_kept_proc	 cost_kept_begin
#define cost_kept_image	 cost_kept_begin
#define cost_kept_death	 cost_kept_begin
#define cost_kept_tab	 cost_kept_begin
#define cost_kept_ref	 cost_kept_begin
#define cost_kept_hold	 cost_kept_begin
#define cost_kept_sock	 cost_kept_begin
#define cost_kept_name	 cost_kept_begin
#define cost_kept_origin cost_kept_begin
#define cost_kept_due	 cost_kept_begin
#define cost_kept_sent	 cost_kept_begin
#define cost_kept_cgroup cost_kept_begin
#define cost_kept_end	 cost_kept_begin

/* ---- the judgement ---- */

struct cost {
	const char *name;
	void (*one)(struct world_of *w);
};

/* A kind that comes from a source and has no function here does not compile. */
static const struct cost costs[] = {
#define RAW(lower) {#lower, cost_##lower},
#define TOLD(lower)
#define K(n, ID, lower, pub, class, doc) class(lower)
	EV_TABLE(K)
#undef K
#undef RAW
#undef TOLD
};

#ifdef __SANITIZE_ADDRESS__
static const u32 sizes[] = {100, 1000, 10000};
#else
static const u32 sizes[] = {1000, 10000, 100000};
#endif
#define SIZES ARRAY_SIZE(sizes)
#ifdef __SANITIZE_ADDRESS__
#define SLOWER 4 /* each look at memory is checked, and what was freed is kept */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOWER 4
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif
#define FLOOR_NS  (SLOWER * 500)  /* below, what grows is how far memory is away */
#define FLOOR_ALL (SLOWER * 2000) /* the same, a thing of all */

static u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * NS_PER_S + (u64)ts.tv_nsec;
}

/* Does it look at everything, as its meaning is?  Then what counts is the time for each thing. */
static bool is_whole(const struct cost *cost)
{
	return cost->one == cost_scan_end || cost->one == cost_kept_begin;
}

static void grows_no_more(const char *name, const u64 ns[SIZES], u64 least)
{
	print_message("%-12s", name);
	for (u32 k = 0; k < SIZES; k++)
		print_message(" %8llu", (unsigned long long)ns[k]);
	print_message(" ns\n");
	for (u32 k = 1; k < SIZES; k++)
		assert_true(ns[k] <= 3 * (ns[k - 1] > least ? ns[k - 1] : least));
}

/* The least of interleaved batches: what the machine does beside adds to some of them only. */
static void measure(struct world_of w[SIZES], const struct cost *cost)
{
	const u32 whole = is_whole(cost), rounds = whole ? 3 : 12, batch = whole ? 1 : 32;
	u64 least[SIZES] = {};

	for (u32 round = 0; round < rounds; round++)
		for (u32 k = 0; k < SIZES; k++) {
			u64 begin = cpu_ns(), ns;

			for (u32 i = 0; i < batch; i++)
				cost->one(&w[k]);
			ns = (cpu_ns() - begin) / (whole ? w[k].n : batch);
			if (!round || ns < least[k])
				least[k] = ns;
		}
	grows_no_more(cost->name, least, whole ? FLOOR_ALL : FLOOR_NS);
}

/* Makers first, then who inherited; all that is left of the worlds ends with them. */
static void measure_ends(struct world_of w[SIZES])
{
	u64 ns[SIZES];

	for (u32 k = 0; k < SIZES; k++) {
		const u32 pids[] = {MAKER, HEIR, HEIR + 1, HEIR + 2, PARENT, SERVER, THREADS};
		u64 begin = cpu_ns();

		for (u32 i = 0; i < ARRAY_SIZE(pids); i++)
			GIVE(&w[k].c, exit, EXIT, pids[i], .start = start_of(&w[k], pids[i]),
			     .parent = 1);
		for (u32 i = 0; i < w[k].n; i++)
			GIVE(&w[k].c, exit, EXIT, CHILD + i, .start = start_of(&w[k], CHILD + i),
			     .parent = PARENT);
		GIVE(&w[k].c, exit, EXIT, UNIX_OWNER, .start = start_of(&w[k], UNIX_OWNER),
		     .parent = 1);
		ns[k] = (cpu_ns() - begin) / w[k].n;
	}
	grows_no_more("all ends", ns, FLOOR_ALL);
}

static void time_of_events(void **state)
{
	struct world_of w[SIZES];

	(void)state;
	for (u32 k = 0; k < SIZES; k++)
		w[k] = world_new(sizes[k]);
	for (u32 i = 0; i < ARRAY_SIZE(costs); i++)
		if (!i || costs[i].one != costs[i - 1].one)
			measure(w, &costs[i]);
	assert_null(model_verify(w[0].c.m));
	measure_ends(w);
	assert_null(model_verify(w[0].c.m));
	for (u32 k = 0; k < SIZES; k++)
		model_free(w[k].c.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_of_events),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(memory_of_dups),
		cmocka_unit_test(memory_of_heirs),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
