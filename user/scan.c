/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan by BPF iterators: load, narrow, read, hand over.
 *
 * The program's records are whole events, so reading is all there is to do.  What is odd:
 *   - A socket iterator sees the network namespace of whoever opens it, so the others are entered
 *     one by one (through a process that lives there, or its name in /run/netns).
 *   - read() fails with EAGAIN when the kernel has walked far without output; the walk goes on at
 *     the next read.
 *   - The pid an iterator link takes is one of the caller's pid namespace; elsewhere than in the
 *     initial one the program filters by itself.
 *   - Loading is most of what a one-shot costs, so only the iterators that are needed are loaded,
 *     each in an instance of the object with those that were needed first at the same time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "procfs_priv.h"
#include "scan.h"
#include "scan_want.h"
#include "scan.skel.h"

#define READ_BYTES (64 << 10)  /* the kernel's own buffer is 32 KiB: more is never returned */
#define NETNS_MAX 256	       /* namespaces looked into beside our own */
#define INIT_PIDNS 0xeffffffcu /* PROC_PID_INIT_INO */

struct netns {
	u32 inum;
	u32 pid; /* a process that lives there; 0: by name */
	char *name; /* of /run/netns; NULL: by pid */
};

enum iter { ITER_TASK, ITER_FILE, ITER_TCP, ITER_UDP, ITER_UNIX, ITERS };

struct scan {
	struct scan_bpf *object[ITERS]; /* instances, in the order of loading */
	u32 nobjects;
	struct bpf_program *prog[ITERS]; /* NULL: not loaded yet */
	int error[ITERS];                /* why it cannot be */
	bool refused_probe;              /* lockdown: probe_read is refused */
	u32 pass;
	int netns_fd; /* our own network namespace; -1: the others cannot be entered */
	u32 netns;    /* its inode */
	bool init_pidns;
};

/* One pass under way. */
struct pass {
	struct scan *s;
	const struct want *want;
	sink_fn sink;
	void *ctx;
	struct netns ns[NETNS_MAX];
	u32 nns;
	u32 missed; /* namespaces that could not be looked into */
	bool quiet; /* the records are for us alone */
	struct map held; /* inodes seen in a table; only with a port */
	bool unheld; /* a socket with an inode that no table shows */
	bool init;   /* PID 1 was among the processes */
};

/* ---- loading ----------------------------------------------------------------------------- */

/* CLOCK_MONOTONIC_COARSE ticks with the jiffies. */
static u32 tick_us(void)
{
	struct timespec t;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &t) || t.tv_sec || !t.tv_nsec)
		return 4000;
	return (u32)(t.tv_nsec / 1000);
}

static struct bpf_program *object_prog(const struct scan_bpf *o, enum iter i)
{
	struct bpf_program *const all[ITERS] = {
		[ITER_TASK] = o->progs.scan_tasks, [ITER_FILE] = o->progs.scan_fds,
		[ITER_TCP] = o->progs.scan_tcp,	   [ITER_UDP] = o->progs.scan_udp,
		[ITER_UNIX] = o->progs.scan_unix,
	};

	return all[i];
}

/* What the running kernel may refuse, dearest loss last. */
struct ability {
	bool cast;  /* bpf_rdonly_cast, 6.2 */
	bool regs;  /* bpf_task_pt_regs, 5.15 */
	bool probe; /* probe_read; not under lockdown=confidentiality */
};

static int object_try(struct scan_bpf **out, u32 iters, struct ability can)
{
	struct scan_bpf *o = scan_bpf__open();

	if (!o)
		return -errno;
	for (int i = 0; i < ITERS; i++)
		bpf_program__set_autoload(object_prog(o, i), iters >> i & 1);
	o->rodata->can_cast = can.cast;
	o->rodata->may_regs = can.regs;
	o->rodata->may_probe = can.probe;
	o->rodata->tick_us = tick_us();
	int err = scan_bpf__load(o);
	if (err)
		scan_bpf__destroy(o);
	else
		*out = o;
	return err;
}

/* Load an instance with the iterators of this mask. */
static int object_load(struct scan *s, u32 iters)
{
	static const struct ability tries[] = {
		{true, true, true}, {false, true, true}, {false, false, true},
		{true, true, false}, {false, true, false}, {false, false, false},
	};
	struct scan_bpf *o = NULL;
	int err = -EINVAL;

	for (u32 i = s->refused_probe ? 3 : 0; i < ARRAY_SIZE(tries) && err; i++) {
		err = object_try(&o, iters, tries[i]);
		if (!err && !tries[i].probe)
			s->refused_probe = true;
	}
	if (err)
		return err;
	s->object[s->nobjects++] = o;
	for (int i = 0; i < ITERS; i++)
		if (iters >> i & 1)
			s->prog[i] = object_prog(o, i);
	return 0;
}

/* Have one iterator loaded. */
static int iter_need(struct scan *s, enum iter i)
{
	if (!s->prog[i] && !s->error[i])
		s->error[i] = object_load(s, 1u << i);
	return s->error[i];
}

static u32 ns_inum(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (u32)st.st_ino;
}

/* The iterators a pass is sure to need. */
static u32 iters_of(const struct want *w)
{
	u32 iters = 0;

	if (w->scope & (SCOPE_TASKS | SCOPE_SOCKS))
		iters |= 1u << ITER_TASK;
	if (w->scope & SCOPE_FDS)
		iters |= 1u << ITER_FILE;
	if (w->scope & SCOPE_SOCKS && w->family != AF_UNIX)
		iters |= 1u << ITER_TCP | 1u << ITER_UDP;
	if (w->scope & SCOPE_SOCKS && !w->port)
		iters |= 1u << ITER_UNIX;
	return iters;
}

int scan_open_for(struct scan **out, const struct want *first, struct buf *err)
{
	struct scan *s = xcalloc(1, sizeof(*s));
	int e = object_load(s, iters_of(first));

	if (e) {
		buf_printf(err, "the kernel refuses the BPF iterators (%s)", strerror(-e));
		free(s);
		return e;
	}
	s->netns = ns_inum("/proc/self/ns/net");
	s->init_pidns = ns_inum("/proc/self/ns/pid") == INIT_PIDNS;
	s->netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->netns_fd >= 0 && setns(s->netns_fd, CLONE_NEWNET)) {
		close(s->netns_fd);
		s->netns_fd = -1;
	}
	*out = s;
	return 0;
}

int scan_open(struct scan **out, struct buf *err)
{
	static const struct want all = {.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS};

	return scan_open_for(out, &all, err);
}

void scan_close(struct scan *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->nobjects; i++)
		scan_bpf__destroy(s->object[i]);
	if (s->netns_fd >= 0)
		close(s->netns_fd);
	free(s);
}

/* ---- reading ----------------------------------------------------------------------------- */

static void netns_add(struct pass *p, u32 inum, u32 pid, const char *name)
{
	if (!inum || inum == p->s->netns)
		return;
	for (u32 i = 0; i < p->nns; i++)
		if (p->ns[i].inum == inum)
			return;
	if (p->nns == NETNS_MAX) {
		p->missed++;
		return;
	}
	p->ns[p->nns++] = (struct netns){inum, pid, name ? xstrdup(name) : NULL};
}

/* What later steps of the pass must know of a record. */
static void pass_note(struct pass *p, const struct ev *e)
{
	const struct ev_scan_sock *sk = (const void *)e;

	if (e->kind == EV_KIND_SCAN_TASK) {
		netns_add(p, ((const struct ev_scan_task *)e)->netns, e->tgid, NULL);
		p->init |= e->tgid == 1;
	} else if (!p->want->port) {
		return;
	} else if (e->kind == EV_KIND_SCAN_FD) {
		map_put(&p->held, ((const struct ev_scan_fd *)e)->inode, 1);
	} else if (e->kind == EV_KIND_SCAN_SOCK && sk->inode && !map_get(&p->held, sk->inode)) {
		p->unheld = true;
	}
}

/* Hand over the whole records at the start of the buffer; how many bytes those were. */
static size_t records_pass(struct pass *p, const char *at, size_t n)
{
	const struct ev *e;
	size_t used = 0;

	while (n - used >= sizeof(*e)) {
		e = (const void *)(at + used);
		if (e->size < sizeof(*e) || e->size > n - used)
			break;
		pass_note(p, e);
		if (!p->quiet)
			p->sink(p->ctx, e, e->size);
		used += e->size;
	}
	return used;
}

static int iter_read(struct pass *p, int fd)
{
	static const size_t room = READ_BYTES + EV_MAX;
	char *at = xmalloc(room);
	size_t have = 0;
	int err = 0;

	for (;;) {
		ssize_t n = read(fd, at + have, READ_BYTES);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : have ? -EIO : 0;
			break;
		}
		have += n;
		size_t used = records_pass(p, at, have);
		have -= used;
		memmove(at, at + used, have);
		if (have >= EV_MAX) {
			err = -EIO;
			break;
		}
	}
	free(at);
	return err;
}

static void want_fill(struct scan_want *to, u32 pass, const struct want *w)
{
	to->pass = pass;
	to->pid = w->pid;
	to->family = w->family;
	to->port = w->port;
	to->bound = w->bound;
}

static struct bpf_link *iter_attach(const struct bpf_program *prog, u32 pid)
{
	union bpf_iter_link_info info = {.task.pid = pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	struct bpf_link *link;

	if (pid) {
		opts.link_info = &info;
		opts.link_info_len = sizeof(info);
	}
	link = bpf_program__attach_iter(prog, &opts);
	/* Before 6.1 it takes no pid; the program filters as well. */
	return link || !pid ? link : iter_attach(prog, 0);
}

static int iter_run(struct pass *p, enum iter i, u32 pid)
{
	int fd, err = iter_need(p->s, i);
	struct bpf_link *link;

	if (err)
		return err;
	for (u32 n = 0; n < p->s->nobjects; n++)
		want_fill(&p->s->object[n]->bss->want, p->s->pass, p->want);
	link = iter_attach(p->s->prog[i], pid);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? -errno : iter_read(p, fd);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

/* ---- a pass ------------------------------------------------------------------------------ */

/* Also for what waits in their queues, be it UNIX or not. */
static int unix_here(struct pass *p)
{
	return iter_run(p, ITER_UNIX, 0);
}

static int sockets_here(struct pass *p)
{
	const struct want *w = p->want;
	int err = 0;

	if (w->family != AF_UNIX) {
		err = iter_run(p, ITER_TCP, 0);
		if (!err)
			err = iter_run(p, ITER_UDP, 0);
	}
	if (!err && !w->port && unix_here(p))
		p->missed++;
	return err;
}

static int netns_enter(const struct netns *ns)
{
	char path[300];
	int fd, err = 0;

	if (ns->name)
		snprintf(path, sizeof(path), "/run/netns/%s", ns->name);
	else
		snprintf(path, sizeof(path), "/proc/%u/ns/net", ns->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct stat st;
	if (fstat(fd, &st) || (u32)st.st_ino != ns->inum)
		err = -ESRCH;
	else if (setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}

/* Run a step in our own network namespace and in every other one that was met. */
static int in_each_netns(struct pass *p, int (*step)(struct pass *))
{
	int err = step(p);

	if (p->s->netns_fd < 0) {
		p->missed += p->nns;
		return err;
	}
	for (u32 i = 0; i < p->nns && !err; i++) {
		if (netns_enter(&p->ns[i])) {
			p->missed++;
			continue;
		}
		err = step(p);
		if (setns(p->s->netns_fd, CLONE_NEWNET))
			die(EXIT_CANNOT, "cannot return to my own network namespace: %s",
			    strerror(errno));
	}
	return err;
}

/* Namespaces kept alive by a name alone can hold kernel sockets (vxlan). */
static void netns_named(struct pass *p)
{
	DIR *d = opendir("/run/netns");
	struct dirent *e;
	char path[300];

	if (!d)
		return;
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "/run/netns/%.250s", e->d_name);
		if (e->d_name[0] != '.')
			netns_add(p, ns_inum(path), 0, e->d_name);
	}
	closedir(d);
}

/* Scopes a pass can confirm completely: only what is not narrowed. */
static u32 scope_complete(const struct want *w)
{
	u32 scope = w->scope & (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS);

	if (w->port || w->family || w->bound)
		scope &= ~(u32)(SCOPE_FDS | SCOPE_SOCKS);
	return scope;
}

static void tell(struct pass *p, void *e, u16 kind, u16 size)
{
	struct ev *h = e;

	h->kind = kind;
	h->size = size;
	h->ts = time_boot_ns();
	p->sink(p->ctx, h, size);
}

/* Some sandboxes hide PID 1 from BPF; orphans are its children all the same. */
static void init_tell(struct pass *p)
{
	struct ev_scan_task e;
	struct pproc proc;

	if (pproc_read(&proc, &e, 1))
		p->sink(p->ctx, &e.h, sizeof(e));
}

/* Namespaces are learnt from processes: when those are not asked for, look without telling. */
static int tasks_run(struct pass *p)
{
	u32 scope = p->want->scope;

	if (!(scope & (SCOPE_TASKS | SCOPE_SOCKS)))
		return 0;
	p->quiet = !(scope & SCOPE_TASKS);
	int err = iter_run(p, ITER_TASK, 0);
	p->quiet = false;
	if (!err && !p->init && p->s->init_pidns && scope & SCOPE_TASKS)
		init_tell(p);
	return err;
}

static int pass_run(struct pass *p)
{
	const struct want *w = p->want;
	int err = tasks_run(p);

	if (!err && w->scope & SCOPE_FDS)
		err = iter_run(p, ITER_FILE, p->s->init_pidns ? w->pid : 0);
	if (err || !(w->scope & SCOPE_SOCKS))
		return err;
	netns_named(p);
	err = in_each_netns(p, sockets_here);
	if (!err && p->unheld && in_each_netns(p, unix_here))
		p->missed++;
	return err;
}

int scan_run(struct scan *s, const struct want *want, sink_fn sink, void *ctx)
{
	struct pass *p = xcalloc(1, sizeof(*p));
	struct ev_scan_begin begin = {.scope = scope_complete(want), .pid = want->pid};
	struct ev_scan_end end = {.scope = begin.scope, .pid = want->pid};
	int err;

	p->s = s;
	p->want = want;
	p->sink = sink;
	p->ctx = ctx;
	s->pass = s->pass + 1 ? s->pass + 1 : 1;
	tell(p, &begin, EV_KIND_SCAN_BEGIN, sizeof(begin));
	end.begin = begin.h.ts;
	err = pass_run(p);
	if (err)
		end.scope = 0;
	if (p->missed)
		end.scope &= ~(u32)SCOPE_SOCKS;
	tell(p, &end, EV_KIND_SCAN_END, sizeof(end));
	for (u32 i = 0; i < p->nns; i++)
		free(p->ns[i].name);
	map_free(&p->held);
	free(p);
	return err;
}

void scan_announce(struct scan *s, const struct want *want, sink_fn sink, void *ctx)
{
	struct ev_source e = {.filter = ~0ull};
	struct pass p = {.sink = sink, .ctx = ctx};

	procfs_clock(sink, ctx);
	if (s->netns_fd >= 0)
		e.caps |= SRC_NETNS;
	if (want->port || want->family || want->bound || want->pid)
		e.caps |= SRC_PARTIAL;
	tell(&p, &e, EV_KIND_SOURCE, sizeof(e));
}

/* ---- for doctor -------------------------------------------------------------------------- */

static u64 prog_runs(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.run_cnt;
}

u32 scan_hooks(struct scan *s, struct hook *out, u32 max)
{
	static const struct {
		const char *name, *what;
	} all[ITERS] = {
		[ITER_TASK] = {"iter/task", "every process that is there"},
		[ITER_FILE] = {"iter/task_file", "every descriptor of a socket"},
		[ITER_TCP] = {"iter/tcp", "TCP sockets no descriptor shows"},
		[ITER_UDP] = {"iter/udp", "UDP sockets no descriptor shows"},
		[ITER_UNIX] = {"iter/unix", "UNIX names, and sockets in flight"},
	};
	u32 n = 0;

	for (; n < ITERS && n < max; n++) {
		int err = iter_need(s, n);
		out[n] = (struct hook){.what = all[n].what, .tier = "base", .wanted = true};
		snprintf(out[n].name, sizeof(out[n].name), "%s", all[n].name);
		out[n].error = err;
		out[n].runs = err ? 0 : prog_runs(s->prog[n]);
	}
	return n;
}
