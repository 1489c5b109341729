/* SPDX-License-Identifier: BSD-2-Clause */
/* Feeding a model with hand-made events; the model and a checkpoint of it are verified after each. */
#ifndef PROBATE_TEST_FEED_H
#define PROBATE_TEST_FEED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kept.h"
#include "model_priv.h"
#include "verdict.h"

struct feed {
	struct model *m;
	u64 ts; /* of the next event; grows by 1 ms each */
	bool verify;
	bool silent;  /* the kernel says nothing of the end of a TCP socket that nobody holds */
	bool restore; /* go on with what a checkpoint of the model gives, whenever it is verified */
	u64 start[65536];      /* by pid, when first asked for */
	u32 told[EV_KIND_MAX]; /* how many of each kind were told */
	struct ev_reap reap;   /* the last ones told */
	struct ev_leak leak;
	struct ev_transfer transfer;
	struct ev_reparent reparent;
	struct ev_resync resync;
	void (*heard)(struct feed *f, const struct ev *e); /* shown each event, as a view is */
	void *who;
};

/* One life a pid: it started when a test first speaks of it. */
static inline u64 feed_start(struct feed *f, u32 pid)
{
	if (!f->start[pid])
		f->start[pid] = f->ts | 1; /* no whole clock tick */
	return f->start[pid];
}

static inline void feed_told(struct feed *f)
{
	const struct ev *e = NULL;

	while ((e = model_told(f->m, e))) {
		if (f->heard)
			f->heard(f, e);
		f->told[e->kind]++;
		assert_null(event_check(e, e->size));
		switch (e->kind) {
		case EV_KIND_REAP:
			memcpy(&f->reap, e, sizeof(f->reap));
			break;
		case EV_KIND_LEAK:
			memcpy(&f->leak, e, sizeof(f->leak));
			break;
		case EV_KIND_TRANSFER:
			memcpy(&f->transfer, e, sizeof(f->transfer));
			break;
		case EV_KIND_REPARENT:
			memcpy(&f->reparent, e, sizeof(f->reparent));
			break;
		case EV_KIND_RESYNC:
			memcpy(&f->resync, e, sizeof(f->resync));
			break;
		}
	}
}

static inline void feed_one(struct feed *f, const struct ev *e)
{
	const char *why = event_check(e, e->size);

	if (why)
		fail_msg("kind %u: %s", e->kind, why);
	model_apply(f->m, e);
	if (f->heard)
		f->heard(f, e);
	feed_told(f);
	why = f->verify ? model_verify(f->m) : NULL;
	if (why)
		fail_msg("after kind %u at %llu: %s", e->kind, (unsigned long long)e->ts, why);
	if (f->verify) {
		struct model *kept = model_kept(f->m);
		struct model *other = f->restore ? f->m : kept;

		f->m = f->restore ? kept : f->m;
		model_free(other);
	}
}

/* As the kernel does, of whatever nothing references any more; each test says what does. */
static inline void feed(struct feed *f, const struct ev *e)
{
	feed_one(f, e);
	for (u32 id = 0; !f->silent && (id = sock_after(f->m, id));) {
		const struct sock *s = sock_at(f->m, id);
		struct ev_destroy over = {
			.h = {.kind = EV_KIND_DESTROY, .size = sizeof(over), .ts = f->m->now},
			.inode = s->inode,
			.cookie = s->cookie};

		if (!s->closing || !sock_is_tcp(s) || !(s->inode || s->cookie))
			continue;
		feed_one(f, &over.h);
		id = 0;
	}
}

static inline u64 feed_tick(struct feed *f)
{
	return f->ts += NS_PER_MS;
}

/* FEED(f, fork, FORK, tgid, tid, .child = 7, ...) */
#define FEED_AT(f, lower, KIND, when, pid, thread, ...)                                            \
	do {                                                                                       \
		struct ev_##lower e_ = {.h = {.kind = EV_KIND_##KIND,                              \
					      .size = sizeof(struct ev_##lower),                   \
					      .tgid = (pid),                                       \
					      .tid = (thread),                                     \
					      .ts = (when)},                                       \
					__VA_ARGS__};                                              \
		feed((f), &e_.h);                                                                  \
	} while (0)
#define FEED(f, lower, KIND, pid, thread, ...)                                                     \
	FEED_AT(f, lower, KIND, feed_tick(f), pid, thread, __VA_ARGS__)

#define TCP4	   SOCK_PROTO(2, 1, 6)
#define UDP4	   SOCK_PROTO(2, 2, 17)
#define UNIX1	   SOCK_PROTO(1, 1, 0)
#define FILES(n)   (0xffff888000000000ull + (u64)(n))
#define START(pid) feed_start(f, pid)
#define EP4(p)                                                                                     \
	{                                                                                          \
		.ip = {10, 0, 0, 1}, .port = (p), .family = 2                                      \
	}
#define NETNS 4026531840u

static inline void feed_open(struct feed *f)
{
	memset(f, 0, sizeof(*f));
	f->m = model_new(&verdict_judge);
	f->ts = 1000 * NS_PER_S;
	f->verify = true;
	FEED(f, clock, CLOCK, 0, 0, .realtime = 1795262400ull * NS_PER_S);
	FEED(f, source, SOURCE, 0, 0, .caps = SRC_EVENTS | SRC_FD | SRC_NETNS, .filter = ~0ull);
}

static inline void feed_close(struct feed *f)
{
	model_free(f->m);
}

static inline void feed_pass(struct feed *f, u64 ns)
{
	f->ts += ns;
	FEED(f, tick, TICK, 0, 0, .zero = 0);
}

static inline struct comm comm_of(const char *s)
{
	struct comm c = {};

	strncpy(c.s, s, COMM_LEN - 1);
	return c;
}

/* A process that was there before: scanned.  Its table is FILES(pid). */
static inline void feed_task(struct feed *f, u32 pid, u32 parent, const char *comm)
{
	FEED(f, scan_task, SCAN_TASK, pid, pid, .start = START(pid), .files = FILES(pid),
	     .parent = parent, .sid = pid, .pgid = pid, .pidns = 1, .netns = NETNS,
	     .exit_signal = 17, .name = comm_of(comm));
}

static inline void feed_fork(struct feed *f, u32 pid, u32 child)
{
	FEED(f, fork, FORK, pid, pid, .start = START(child), .files = FILES(child),
	     .parent_files = FILES(pid), .child = child, .parent = pid, .exit_signal = 17,
	     .pidns = 1);
}

static inline void feed_exec_files(struct feed *f, u32 pid, u32 tid, u64 files, const char *exe)
{
	struct {
		struct ev_exec e;
		char tail[256];
	} x = {};
	size_t n = strlen(exe) + 1;
	const char *base = strrchr(exe, '/');

	memcpy(x.tail, exe, n);
	memcpy(x.tail + n, exe, n);
	x.e = (struct ev_exec){.h = {.kind = EV_KIND_EXEC,
				     .size = (u16)(sizeof(struct ev_exec) + 2 * n),
				     .tgid = pid,
				     .tid = pid,
				     .ts = feed_tick(f)},
			       .start = START(pid),
			       .files = files,
			       .old_tid = tid,
			       .name = comm_of(base ? base + 1 : exe),
			       .exe_len = (u16)n,
			       .args_len = (u16)n};
	feed(f, &x.e.h);
}

static inline void feed_exec(struct feed *f, u32 pid, const char *exe)
{
	feed_exec_files(f, pid, pid, FILES(pid), exe);
}

static inline void feed_exit(struct feed *f, u32 pid, u32 parent, s32 code, u32 signal)
{
	FEED(f, exit, EXIT, pid, pid, .start = START(pid), .files = FILES(pid), .parent = parent,
	     .code = signal ? -1 : code, .signal = signal);
}

/* A listening TCP socket on that port; inode and cookie follow from the port. */
static inline void feed_listener(struct feed *f, u32 pid, u64 files, s32 fd, u16 port, u32 cloexec)
{
	FEED(f, socket, SOCKET, pid, pid, .inode = port, .cookie = port, .netns = NETNS,
	     .proto = TCP4, .state = 7, .files = files, .fd = fd, .cloexec = cloexec);
	FEED(f, bind, BIND, pid, pid, .inode = port, .cookie = port, .netns = NETNS, .proto = TCP4,
	     .state = 7, .local = EP4(port), .fd = fd);
	FEED(f, listen, LISTEN, pid, pid, .inode = port, .cookie = port, .netns = NETNS,
	     .proto = TCP4, .state = 10, .local = EP4(port), .fd = fd, .backlog = 128);
}

static inline void feed_install(struct feed *f, u32 pid, u64 files, s32 fd, u64 inode, u16 via,
				s32 from_fd, u32 from, u16 cloexec)
{
	FEED(f, install, INSTALL, pid, pid, .inode = inode, .files = files, .fd = fd,
	     .from_fd = from_fd, .from = from, .via = via, .cloexec = cloexec);
}

static inline void feed_fd_close(struct feed *f, u32 pid, u64 files, s32 fd, u64 inode)
{
	FEED(f, close, CLOSE, pid, pid, .files = files, .inode = inode, .fd = fd);
}

static inline const struct sock *sock_by(const struct feed *f, u64 inode)
{
	return sock_at(f->m, sock_find(f->m, inode, 0));
}

static inline const struct proc *proc_by(const struct feed *f, u32 tgid)
{
	return proc_at(f->m, proc_find(f->m, tgid));
}

static inline enum verdict verdict_by(const struct feed *f, u64 inode)
{
	assert_non_null(sock_by(f, inode));
	return verdict_of(f->m, sock_by(f, inode));
}

#endif
