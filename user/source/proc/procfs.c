/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan without BPF: /proc and sock_diag as the same scan_* events, for ordinary users and
 * ordinary containers.
 *
 * It sees what its user may see.  Processes whose descriptors are refused are counted (blind), and
 * a socket none of the readable tables shows is then not known to be without a holder.  What is in
 * flight or held by io_uring is out of reach here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "procfs_priv.h"

/* ---- shared with the BPF source ---------------------------------------------------------- */

void procfs_clock(sink_fn sink, void *ctx)
{
	struct ev_clock e = {0};

	proc_head(&e, EV_KIND_CLOCK, sizeof(e), 0, 0);
	e.realtime = e.h.ts + time_wall_off();
	sink(ctx, &e.h, sizeof(e));
}

u32 ns_inum(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (u32)st.st_ino;
}

/* Path of the program, NUL included; 0: not readable.  A deleted file's mark is taken off. */
static u16 exe_read(u32 pid, char out[EXE_MAX])
{
	static const char deleted[] = " (deleted)";
	const size_t mark = sizeof(deleted) - 1;
	char path[64], link[4096];

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	ssize_t n = readlink(path, link, sizeof(link));
	if (n <= 0)
		return 0;
	if ((size_t)n > mark && !memcmp(link + n - mark, deleted, mark))
		n -= (ssize_t)mark;
	if (n > EXE_MAX - 1)
		n = EXE_MAX - 1;
	memcpy(out, link, n);
	out[n] = '\0';
	return (u16)(n + 1);
}

static void describe_one(u32 pid, sink_fn sink, void *ctx)
{
	struct {
		struct ev_scan_args e;
		char tail[EXE_MAX + ARGS_MAX];
	} r = {0};
	char path[64], args[ARGS_MAX + 2];
	u64 start = proc_start(pid);

	if (!start)
		return;
	r.e.exe_len = exe_read(pid, r.tail);
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	ssize_t n =
		proc_read(path, args, sizeof(args)); /* one byte more than is kept: cut or not */
	if (n > ARGS_MAX) {
		n = ARGS_MAX;
		args[n - 1] = '\0';
		r.e.args_truncated = 1;
	} else if (n > 0 && args[n - 1]) { /* setproctitle may leave no NUL; proc_read put one */
		if (n < ARGS_MAX)
			n++;
		else
			args[n - 1] = '\0';
	}
	if (n > 0) {
		memcpy(r.tail + r.e.exe_len, args, n);
		r.e.args_len = (u16)n;
	}
	proc_head(&r.e, EV_KIND_SCAN_ARGS, 0, pid, pid);
	r.e.h.size = (u16)(sizeof(r.e) + r.e.exe_len + r.e.args_len);
	r.e.start = start;
	sink(ctx, &r.e.h, r.e.h.size);
}

void procfs_describe(const u32 *tgids, u32 n, sink_fn sink, void *ctx)
{
	for (u32 i = 0; i < n && !life_slice(); i++)
		describe_one(tgids[i], sink, ctx);
}

/* ---- the source -------------------------------------------------------------------------- */

struct pass {
	const struct want *want;
	sink_fn sink;
	void *ctx;
	struct buf procs; /* struct pproc, back to back */
	struct psocks socks;
	u32 netns;     /* our own */
	struct map ns; /* others looked into, or tried; no limit to them */
	u32 blind;
	bool missed; /* a namespace could not be looked into */
};

static void source_tell(const struct pass *p)
{
	const struct want *w = p->want;
	struct ev_source e = {0};

	proc_head(&e, EV_KIND_SOURCE, sizeof(e), 0, 0);
	e.caps = SRC_PROC;
	if (p->ns.count && !p->missed)
		e.caps |= SRC_NETNS;
	if (w->port || w->family || w->bound || w->pid)
		e.caps |= SRC_PARTIAL;
	e.blind = p->blind;
	e.filter = ~0ull;
	e.netns = ns_inum("/proc/self/ns/net");
	p->sink(p->ctx, &e.h, sizeof(e));
}

/* With hidepid=1 the processes of others are listed, and nothing of them may be read. */
static bool stat_refused(u32 pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	return access(path, R_OK) && (errno == EACCES || errno == EPERM);
}

/* With hidepid=2 they are not even listed; PID 1 is always there. */
static bool others_hidden(void)
{
	return access("/proc/1", F_OK) && errno == ENOENT;
}

static void task_visit(void *ctx, u32 pid)
{
	struct pass *p = ctx;
	struct ev_scan_task e;
	struct pproc proc;

	if (!pproc_read(&proc, &e, pid)) {
		p->blind += stat_refused(pid);
		return;
	}
	buf_add(&p->procs, &proc, sizeof(proc));
	if (p->want->scope & SCOPE_TASKS)
		p->sink(p->ctx, &e.h, sizeof(e));
}

static void cut_tell(const struct pass *p, u32 netns, u32 why)
{
	struct ev_scan_cut e = {.what = SCOPE_SOCKS, .why = why, .netns = netns};

	proc_head(&e, EV_KIND_SCAN_CUT, sizeof(e), 0, 0);
	p->sink(p->ctx, &e.h, sizeof(e));
}

/* Look into the namespace a process lives in, unless that was done. */
static void netns_visit(struct pass *p, const struct pproc *proc)
{
	bool unnamed = false;
	int err;

	if (!proc->netns || proc->netns == p->netns)
		return;
	if (map_get(&p->ns, proc->netns))
		return;
	map_put(&p->ns, proc->netns, 1);
	err = psocks_read_proc(&p->socks, proc->pid, proc->netns, &unnamed);
	if (err == -ENOENT || err == -ESRCH) { /* it is over; another may lead there */
		map_take(&p->ns, proc->netns);
	} else if (err) {
		p->missed = true;
		cut_tell(p, proc->netns, CUT_NETNS);
	} else if (unnamed) {
		cut_tell(p, proc->netns, CUT_NAMES);
	}
}

static void fds_tell(struct pass *p)
{
	const struct pproc *proc = (const void *)p->procs.s;
	u32 n = (u32)(p->procs.len / sizeof(*proc));

	for (u32 i = 0; i < n; i++)
		if (!p->want->pid || proc[i].pid == p->want->pid)
			p->blind += !pproc_fds(&proc[i], &p->socks, p->sink, p->ctx);
}

static void socks_tell(struct pass *p)
{
	struct psock *s = (void *)p->socks.socks.s;
	u32 n = (u32)(p->socks.socks.len / sizeof(*s));

	for (u32 i = 0; i < n; i++) {
		struct ev_scan_name name = {.inode = s[i].e.inode,
					    .cookie = s[i].e.cookie,
					    .file = s[i].file,
					    .file_dev = s[i].file_dev};

		proc_head(&s[i].e, EV_KIND_SCAN_SOCK, sizeof(s[i].e), 0, 0);
		p->sink(p->ctx, &s[i].e.h, sizeof(s[i].e));
		if (!s[i].name)
			continue;
		proc_head(&name, EV_KIND_SCAN_NAME, sizeof(name), 0, 0);
		memcpy(&name.name, p->socks.names.s + s[i].name - 1, sizeof(name.name));
		p->sink(p->ctx, &name.h, sizeof(name));
	}
}

/* What was confirmed completely: nothing that is refused or narrowed. */
static u32 scope_complete(const struct pass *p)
{
	const struct want *w = p->want;
	u32 scope = w->scope & (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS);

	if (w->port || w->family || w->bound)
		scope &= ~(u32)(SCOPE_FDS | SCOPE_SOCKS);
	if (p->blind)
		scope &= ~(u32)SCOPE_FDS;
	if (p->missed)
		scope &= ~(u32)SCOPE_SOCKS;
	return scope;
}

static void pass_run(struct pass *p)
{
	const struct pproc *proc;

	proc_each ("/proc", task_visit, p)
		;
	p->blind += others_hidden();
	if (!(p->want->scope & (SCOPE_FDS | SCOPE_SOCKS)))
		return;
	if (!psocks_read_own(&p->socks, p->netns))
		cut_tell(p, p->netns, CUT_NAMES);
	proc = (const void *)p->procs.s;
	for (u32 i = 0; i < p->procs.len / sizeof(*proc); i++)
		netns_visit(p, &proc[i]);
	if (p->want->scope & SCOPE_FDS)
		fds_tell(p);
	if (p->want->scope & SCOPE_SOCKS)
		socks_tell(p);
}

static int proc_scan(struct source *s, const struct want *want, sink_fn sink, void *ctx)
{
	struct pass p = {.want = want, .sink = sink, .ctx = ctx, .socks.want = want};
	struct ev_scan_begin begin = {.pid = want->pid};
	struct ev_scan_end end = {.pid = want->pid};

	(void)s;
	p.netns = proc_ns((u32)getpid(), "net");
	procfs_clock(sink, ctx);
	source_tell(&p);
	begin.scope = scope_complete(&p);
	proc_head(&begin, EV_KIND_SCAN_BEGIN, sizeof(begin), 0, 0);
	begin.pid = want->pid;
	sink(ctx, &begin.h, sizeof(begin));
	pass_run(&p);
	source_tell(&p); /* again: now it is known who could not be read */
	end.scope = scope_complete(&p);
	end.begin = begin.h.ts;
	proc_head(&end, EV_KIND_SCAN_END, sizeof(end), 0, 0);
	sink(ctx, &end.h, sizeof(end));
	buf_free(&p.procs);
	map_free(&p.ns);
	psocks_free(&p.socks);
	return 0;
}

static int proc_describe(struct source *s, const u32 *tgids, u32 n, sink_fn sink, void *ctx)
{
	(void)s;
	procfs_describe(tgids, n, sink, ctx);
	return 0;
}

static void proc_close(struct source *s)
{
	free(s);
}

int source_open_proc(struct source **out, const struct source_opts *o, struct buf *err)
{
	static const struct source_ops ops = {
		.name = "proc", .scan = proc_scan, .describe = proc_describe, .close = proc_close};

	if (o->events) {
		buf_puts(err, "live events need BPF, and here is only /proc");
		return -EOPNOTSUPP;
	}
	if (access("/proc/self/stat", R_OK)) {
		buf_puts(err, "/proc is not mounted, or not readable");
		return -ENOENT;
	}
	struct source *s = xcalloc(1, sizeof(*s));
	s->ops = &ops;
	snprintf(s->tier, sizeof(s->tier), "proc tier, read without BPF");
	*out = s;
	return 0;
}
