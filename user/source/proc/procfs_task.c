/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One process from /proc/PID/stat, status and ns, as a scan_task event.
 *
 * comm in stat may hold anything, parentheses and newlines too, but no later field holds a ")":
 * the last one ends it.  In status the kernel escapes newlines and backslashes of comm, so lines
 * can be trusted there.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "procfs_priv.h"

#define PF_KTHREAD  0x00200000
#define SIGCHLD_BIT (1ull << 16)
#define STAT_MAX    1024
#define STATUS_MAX  8192

ssize_t proc_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	if (n < 0)
		n = -errno;
	close(fd);
	buf[have] = '\0';
	return n < 0 ? n : (ssize_t)have;
}

u32 proc_ns(u32 pid, const char *name)
{
	char path[64], link[64];
	unsigned long long inum;

	snprintf(path, sizeof(path), "/proc/%u/ns/%s", pid, name);
	ssize_t n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0)
		return 0;
	link[n] = '\0';
	const char *bracket = strchr(link, '[');
	if (!bracket)
		return 0;
	inum = strtoull(bracket + 1, NULL, 10);
	return (u32)inum;
}

int proc_each (const char *path, void (*fn)(void *ctx, u32 number), void *ctx)
{
	DIR *d = opendir(path);
	struct dirent *e;
	u64 number;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (parse_u64(e->d_name, UINT32_MAX, &number))
			fn(ctx, (u32)number);
	closedir(d);
	return 0;
}

void proc_head(void *e, u16 kind, u16 size, u32 tgid, u32 tid)
{
	struct ev *h = e;

	*h = (struct ev){.kind = kind, .size = size, .tgid = tgid, .tid = tid};
	h->ts = time_boot_ns();
}

/* ---- stat -------------------------------------------------------------------------------- */

/* Fields of stat that are used, by their number in proc(5). */
enum {
	STAT_STATE = 3,
	STAT_PPID = 4,
	STAT_PGRP = 5,
	STAT_SESSION = 6,
	STAT_TTY = 7,
	STAT_FLAGS = 9,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_EXIT_SIGNAL = 38,
	STAT_EXIT_CODE = 52,
	STAT_END = 53,
};

struct stat_line {
	char comm[COMM_LEN];
	char state;
	s64 v[STAT_END];
};

/* Clock ticks since boot to ns; USER_HZ is 100 everywhere Linux runs today. */
static u64 ticks_ns(u64 ticks)
{
	static const u64 user_hz = 100;

	return ticks * (NS_PER_S / user_hz);
}

static bool stat_parse(struct stat_line *s, const char *line)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	size_t n;
	char *end;

	memset(s, 0, sizeof(*s));
	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return false;
	n = close - open - 1;
	memcpy(s->comm, open + 1, n < COMM_LEN ? n : COMM_LEN - 1);
	s->state = close[2];
	line = close + 3;
	for (int i = STAT_STATE + 1; i < STAT_END; i++, line = end) {
		/* Unsigned values beyond 2^63 (addresses) are not among those that are used. */
		s->v[i] = (s64)strtoull(line, &end, 10);
		if (end == line)
			return i > STAT_START; /* older kernels have fewer */
	}
	return true;
}

static bool stat_read(struct stat_line *s, u32 pid)
{
	char path[64], line[STAT_MAX];

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	return proc_read(path, line, sizeof(line)) > 0 && stat_parse(s, line);
}

u64 proc_start(u32 pid)
{
	struct stat_line s;

	return stat_read(&s, pid) ? ticks_ns(s.v[STAT_START]) : 0;
}

/* ---- status ------------------------------------------------------------------------------ */

/* The text behind "\nKEY:\t"; NULL: there is no such line. */
static const char *status_find(const char *status, const char *key)
{
	char line[32];

	snprintf(line, sizeof(line), "\n%s:", key);
	const char *at = strstr(status, line);
	return at ? at + strlen(line) : NULL;
}

static u64 status_value(const char *status, const char *key, int base)
{
	const char *at = status_find(status, key);

	return at ? strtoull(at, NULL, base) : 0;
}

/* "NSpid: 812 15 1": the first is the one of the /proc we look at, the others are further in. */
static void nspid_parse(struct ev_scan_task *e, const char *at)
{
	unsigned long nr = 0;
	int level = -1;
	char *end;

	for (; at && *at != '\n'; at = end, level++) {
		unsigned long v = strtoul(at, &end, 10);
		if (end == at)
			break;
		nr = v;
		if (level >= 0 && level < NS_LEVELS)
			e->nspid.nr[level] = (u32)nr;
	}
	if (nr == 1)
		e->flags |= TASK_NSINIT;
}

static void status_fill(struct ev_scan_task *e, u32 pid)
{
	char path[64], status[STATUS_MAX];

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (proc_read(path, status, sizeof(status)) <= 0)
		return;
	e->uid = (u32)status_value(status, "Uid", 10);
	e->tracer = (u32)status_value(status, "TracerPid", 10);
	if (status_value(status, "CoreDumping", 10))
		e->flags |= TASK_DUMPING;
	if (status_value(status, "SigIgn", 16) & SIGCHLD_BIT)
		e->sigchld = 1;
	else if (status_value(status, "SigCgt", 16) & SIGCHLD_BIT)
		e->sigchld = 2;
	nspid_parse(e, status_find(status, "NSpid"));
}

/* ---- the process ------------------------------------------------------------------------- */

struct living {
	u32 pid, tid;
};

static void living_note(void *ctx, u32 tid)
{
	struct living *l = ctx;
	struct stat_line s;
	char path[64], line[STAT_MAX];

	if (l->tid || tid == l->pid)
		return;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", l->pid, tid);
	if (proc_read(path, line, sizeof(line)) > 0 && stat_parse(&s, line) &&
	    !strchr("ZX", s.state))
		l->tid = tid;
}

/* A thread that lives on though the leader is dead; 0: the process is a zombie. */
static u32 living_find(u32 pid, const struct stat_line *s)
{
	struct living l = {.pid = pid};
	char path[64];

	if (s->v[STAT_THREADS] > 1) {
		snprintf(path, sizeof(path), "/proc/%u/task", pid);
		proc_each (path, living_note, &l)
			;
	}
	return l.tid;
}

/* "61 0x1c2 ...": number and arguments in hex; "running" for one that is in no call. */
static void wait_fill(struct ev_scan_task *e, u32 pid)
{
	char path[64], line[256];
	long nr;
	unsigned long a, b;

	snprintf(path, sizeof(path), "/proc/%u/syscall", pid);
	if (proc_read(path, line, sizeof(line)) <= 0 ||
	    sscanf(line, "%ld %lx %lx", &nr, &a, &b) != 3)
		return;
	if (nr != SYS_wait4 && nr != SYS_waitid)
		return;
	e->flags |= TASK_IN_WAIT;
	if (nr == SYS_wait4)
		e->wait_pid = (s32)a;
	else if (a == 1) /* P_PID */
		e->wait_pid = (s32)b;
}

bool proc_cgroup(u32 pid, char *out, size_t size)
{
	char path[64], text[8192];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return false;
	at = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!at)
		return false;
	at = strstr(at, "0::") + 3;
	return (size_t)snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at) < size;
}

/* The inode of a cgroup's directory is its id; 0: no cgroup2, or hidden by a cgroup namespace. */
static u64 cgroup_id(u32 pid)
{
	char path[4400], dir[4500];
	struct stat st;

	if (!proc_cgroup(pid, path, sizeof(path)))
		return 0;
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup%s", path);
	if (!stat(dir, &st) && !access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		return st.st_ino;
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/unified%s", path);
	return stat(dir, &st) ? 0 : st.st_ino;
}

/* Returns the thread whose namespaces are those of the process; 0: none lives. */
static u32 life_fill(struct ev_scan_task *e, u32 pid, const struct stat_line *s)
{
	u32 tid = pid;

	if (s->v[STAT_FLAGS] & PF_KTHREAD)
		e->flags |= TASK_KTHREAD;
	if (s->state == 'T')
		e->flags |= TASK_STOPPED;
	if (s->state == 't')
		e->stuck |= STUCK_TRACE;
	if (strchr("ZX", s->state)) {
		tid = living_find(pid, s);
		e->flags |= tid ? TASK_HEADLESS : TASK_ZOMBIE;
		e->status = e->flags & TASK_ZOMBIE ? (u32)s->v[STAT_EXIT_CODE] : 0;
	} else {
		e->files = (u64)pid << 32 | pid;
	}
	if (s->state == 'S')
		wait_fill(e, pid);
	return tid;
}

static void spaces_fill(struct ev_scan_task *e, u32 tid)
{
	e->netns = proc_ns(tid, "net");
	e->pidns = proc_ns(tid, "pid");
	e->mntns = proc_ns(tid, "mnt");
	if (!e->netns)
		e->flags |= TASK_NO_START;
}

bool pproc_read(struct pproc *p, struct ev_scan_task *e, u32 pid)
{
	struct stat_line s;
	u32 tid;

	memset(e, 0, sizeof(*e));
	if (!stat_read(&s, pid))
		return false;
	proc_head(e, EV_KIND_SCAN_TASK, sizeof(*e), pid, pid);
	e->start = ticks_ns(s.v[STAT_START]);
	e->parent = (u32)s.v[STAT_PPID];
	e->pgid = (u32)s.v[STAT_PGRP];
	e->sid = (u32)s.v[STAT_SESSION];
	e->tty = (u32)s.v[STAT_TTY];
	e->exit_signal = s.v[STAT_EXIT_SIGNAL] > 0 ? (u32)s.v[STAT_EXIT_SIGNAL] : 0;
	e->wait_pid = -1;
	memcpy(e->name.s, s.comm, COMM_LEN);
	tid = life_fill(e, pid, &s);
	status_fill(e, pid);
	if (tid && !(e->flags & TASK_KTHREAD))
		spaces_fill(e, tid);
	if (!(e->flags & TASK_KTHREAD))
		e->cgroup = cgroup_id(pid);
	*p = (struct pproc){pid, (u32)s.v[STAT_THREADS], e->netns, e->flags};
	return true;
}
