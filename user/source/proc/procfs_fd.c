/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor tables from /proc/PID/fd and /proc/PID/task/TID/fd, as scan_fd events.
 *
 * /proc/PID/fd is the table of the leader.  A thread may have one of its own, and the table of a
 * process whose leader has exited shows only below its other threads.  Which threads share a table
 * is asked by kcmp(); where that is refused, threads are compared by the number of descriptors
 * (st_size of the directory, 6.2), so that one with an equal count goes unnoticed.
 *
 * Tables have no name in /proc: pid << 32 | tid is made up.  Two processes that share one by
 * CLONE_FILES look like two tables here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "procfs_priv.h"

#define KCMP_FILES 2

struct table_walk {
	const struct pproc *p;
	const struct psocks *socks;
	sink_fn sink;
	void *ctx;
	char dir[64]; /* /proc/PID or /proc/PID/task/TID */
	u32 tid;
	bool refused;
};

static u32 fd_cloexec(const struct table_walk *w, u32 fd)
{
	char path[96], text[512];
	unsigned long flags;

	snprintf(path, sizeof(path), "%s/fdinfo/%u", w->dir, fd);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return 2;
	const char *at = strstr(text, "flags:");
	if (!at)
		return 2;
	flags = strtoul(at + strlen("flags:"), NULL, 8);
	return !!(flags & O_CLOEXEC);
}

/* What a socket calls its protocol, for one that no table shows (netlink; TCP bound only). */
static u32 fd_proto(const char *path)
{
	static const struct {
		const char *name;
		u32 proto;
	} names[] = {
		{"TCP", SOCK_PROTO(AF_INET, SOCK_STREAM, 6)},
		{"TCPv6", SOCK_PROTO(AF_INET6, SOCK_STREAM, 6)},
		{"UDP", SOCK_PROTO(AF_INET, SOCK_DGRAM, 17)},
		{"UDPv6", SOCK_PROTO(AF_INET6, SOCK_DGRAM, 17)},
		{"UDP-Lite", SOCK_PROTO(AF_INET, SOCK_DGRAM, 136)},
		{"UDPLITEv6", SOCK_PROTO(AF_INET6, SOCK_DGRAM, 136)},
		{"SCTP", SOCK_PROTO(AF_INET, SOCK_STREAM, 132)},
		{"SCTPv6", SOCK_PROTO(AF_INET6, SOCK_STREAM, 132)},
		{"RAW", SOCK_PROTO(AF_INET, SOCK_RAW, PROTOCOL_UNKNOWN)},
		{"RAWv6", SOCK_PROTO(AF_INET6, SOCK_RAW, PROTOCOL_UNKNOWN)},
		{"UNIX", SOCK_PROTO(AF_UNIX, SOCK_DGRAM, 0)},
		{"UNIX-STREAM", SOCK_PROTO(AF_UNIX, SOCK_STREAM, 0)},
		{"NETLINK", SOCK_PROTO(AF_NETLINK, SOCK_RAW, PROTOCOL_UNKNOWN)},
		{"PACKET", SOCK_PROTO(AF_PACKET, SOCK_RAW, 0)},
		{"AF_VSOCK", SOCK_PROTO(AF_VSOCK, 0, 0)},
		{"XDP", SOCK_PROTO(AF_XDP, SOCK_RAW, 0)},
	};
	char name[32];
	ssize_t n = getxattr(path, "system.sockprotoname", name, sizeof(name) - 1);

	if (n <= 0)
		return 0;
	name[n] = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i].name))
			return names[i].proto;
	return 0;
}

/* One that no table shows, and that is asked for all the same: it has no port. */
static bool fd_is_wanted(const struct want *w, u32 proto)
{
	const u32 family = PROTO_FAMILY(proto);

	if (w->port || w->family)
		return false;
	return !w->bound || (proto && family != AF_UNIX &&
			     (PROTO_TYPE(proto) == SOCK_RAW || family == AF_VSOCK));
}

static void fd_tell(struct table_walk *w, const char *path, u32 fd, u64 inode)
{
	const struct psock *s = psocks_find(w->socks, inode);
	struct ev_scan_fd e = {0};

	u32 proto = s ? 0 : fd_proto(path);

	if (!s && !fd_is_wanted(w->socks->want, proto))
		return;
	proc_head(&e, EV_KIND_SCAN_FD, sizeof(e), w->p->pid, w->tid);
	if (s) /* SOCK_FIELDS come first in both */
		memcpy(&e.inode, &s->e.inode,
		       offsetof(struct ev_scan_fd, files) - offsetof(struct ev_scan_fd, inode));
	else
		e.proto = proto;
	e.inode = inode;
	e.files = (u64)w->p->pid << 32 | w->tid;
	e.fd = (s32)fd;
	e.cloexec = fd_cloexec(w, fd);
	w->sink(w->ctx, &e.h, sizeof(e));
}

static void fd_visit(void *ctx, u32 fd)
{
	struct table_walk *w = ctx;
	char path[96], link[64];
	unsigned long long inode;

	snprintf(path, sizeof(path), "%s/fd/%u", w->dir, fd);
	ssize_t n = readlink(path, link, sizeof(link) - 1);
	if (n < 0 && (errno == EACCES || errno == EPERM))
		w->refused = true;
	if (n <= 0)
		return;
	link[n] = '\0';
	if (sscanf(link, "socket:[%llu]", &inode) == 1)
		fd_tell(w, path, fd, inode);
}

static void table_walk(struct table_walk *w, u32 tid)
{
	char path[96];

	w->tid = tid;
	if (tid == w->p->pid)
		snprintf(w->dir, sizeof(w->dir), "/proc/%u", tid);
	else
		snprintf(w->dir, sizeof(w->dir), "/proc/%u/task/%u", w->p->pid, tid);
	snprintf(path, sizeof(path), "%s/fd", w->dir);
	int err = proc_each (path, fd_visit, w);
	if (err == -EACCES || err == -EPERM)
		w->refused = true;
}

/* ---- threads ----------------------------------------------------------------------------- */

#define TABLES_MAX 64 /* different tables of one process that are told */

struct thread_walk {
	struct table_walk *w;
	u32 told[TABLES_MAX]; /* a thread of each table told so far */
	u32 ntold;
	bool more; /* there are more than that */
};

static off_t fds_count(u32 pid, u32 tid)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/fd", pid, tid);
	return stat(path, &st) ? -1 : st.st_size;
}

/* A thread that has exited has no table, and kcmp calls none equal to none. */
static bool tables_equal(u32 pid, u32 a, u32 b)
{
	long r = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);

	if (r >= 0)
		return r == 0;
	return fds_count(pid, a) == fds_count(pid, b);
}

static void thread_visit(void *ctx, u32 tid)
{
	struct thread_walk *t = ctx;

	if (tid == t->w->p->pid)
		return;
	for (u32 i = 0; i < t->ntold; i++)
		if (tables_equal(t->w->p->pid, t->told[i], tid))
			return;
	if (t->ntold == TABLES_MAX) {
		t->more = true;
		return;
	}
	t->told[t->ntold++] = tid;
	table_walk(t->w, tid);
}

static void tables_cut(struct table_walk *w)
{
	struct ev_scan_cut cut = {.what = SCOPE_FDS, .why = CUT_ROOM, .met = TABLES_MAX};

	proc_head(&cut, EV_KIND_SCAN_CUT, sizeof(cut), w->p->pid, w->p->pid);
	w->sink(w->ctx, &cut.h, sizeof(cut));
}

bool pproc_fds(const struct pproc *p, const struct psocks *socks, sink_fn sink, void *ctx)
{
	struct table_walk w = {.p = p, .socks = socks, .sink = sink, .ctx = ctx};
	struct thread_walk t = {.w = &w};
	char path[64];

	if (p->flags & (TASK_KTHREAD | TASK_ZOMBIE))
		return true;
	if (!(p->flags & TASK_HEADLESS)) {
		table_walk(&w, p->pid);
		t.told[t.ntold++] = p->pid;
	}
	if (p->threads > 1 && !w.refused) {
		snprintf(path, sizeof(path), "/proc/%u/task", p->pid);
		proc_each (path, thread_visit, &t)
			;
	}
	if (t.more)
		tables_cut(&w);
	return !w.refused;
}
