/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan by BPF iterators: narrow, read, hand over.
 *
 * The program's records are whole events, so reading is all there is to do.  What is odd:
 *   - A socket iterator sees the network namespace of whoever opens it, so the others are entered
 *     one by one (through a process that lives there, or its name in /run/netns).
 *   - read() fails with EAGAIN when the kernel has walked far without output; the walk goes on at
 *     the next read.
 *   - The pid an iterator link takes is one of the caller's pid namespace; elsewhere than in the
 *     initial one the program filters by itself.
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

#include "life.h"
#include "procfs_priv.h"
#include "scan_priv.h"

#define READ_BYTES (64 << 10) /* the kernel's own buffer is 32 KiB: more is never returned */
#define NETNS_MAX  256	      /* namespaces looked into beside our own */

struct netns {
	u32 inum;
	u32 pid;    /* a process that lives there; 0: by name */
	char *name; /* of /run/netns; NULL: by pid */
};

/* One pass under way. */
struct pass {
	struct scan *s;
	const struct want *want;
	sink_fn sink;
	void *ctx;
	struct netns ns[NETNS_MAX];
	u32 nns;
	u32 missed;	 /* namespaces that could not be looked into */
	u32 refused;	 /* of these, for lack of rights: no later pass will, either */
	bool quiet;	 /* the records are for us alone */
	struct map held; /* inodes seen in a table; only with a port */
	struct buf met;	 /* u64: inodes of sockets met otherwise; likewise */
	bool bound_only; /* a port may be taken by a socket that no iterator of sockets shows */
	bool flying;	 /* a socket that was asked for is in flight */
	bool init;	 /* PID 1 was among the processes */
};

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
	} else if (e->kind == EV_KIND_SCAN_QUEUE) {
		p->flying = true;
	} else if (!p->want->port) {
		return;
	} else if (e->kind == EV_KIND_SCAN_FD) {
		map_put(&p->held, ((const struct ev_scan_fd *)e)->inode, 1);
	} else if (e->kind == EV_KIND_SCAN_SOCK && sk->inode && !(sk->sflags & SF_KERNEL)) {
		buf_add(&p->met, &sk->inode, sizeof(sk->inode));
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

		if (life_slice()) {
			err = -ECANCELED;
			break;
		}
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : have ? -EIO : 0;
			break;
		}
		have += n;
		size_t used = records_pass(p, at, have);
		if (p->s->between)
			p->s->between(p->s->between_ctx);
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

static void want_fill(struct scan_want *to, const struct scan *s, const struct want *w)
{
	to->pass = s->pass;
	to->makers = s->makers;
	to->tally = s->tally && w->scope & SCOPE_SOCKS;
	to->spare = s->spare;
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
		want_fill(&p->s->object[n]->bss->want, p->s, p->want);
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
	if (w->port && w->scope & SCOPE_FDS)
		p->bound_only |= diag_bound_only(w->port);
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
	int e, err = step(p);

	if (p->s->netns_fd < 0) {
		p->missed += p->nns;
		p->refused += p->nns;
		return err;
	}
	for (u32 i = 0; i < p->nns && !err; i++) {
		e = netns_enter(&p->ns[i]);
		if (e) {
			p->missed++;
			p->refused += e == -EPERM || e == -EACCES;
			continue;
		}
		err = step(p);
		if (setns(p->s->netns_fd, CLONE_NEWNET))
			die(EXIT_CANNOT, "cannot return to my own network namespace: %s",
			    strerror(errno));
	}
	p->s->kept_out = p->refused > 0;
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
	if (!err && p->s->init_pidns)
		p->s->blind = !p->init;
	if (!err && p->s->blind && scope & SCOPE_TASKS)
		init_tell(p);
	return err;
}

/* Is there a socket with an inode that no table shows? */
static bool pass_unheld(const struct pass *p)
{
	const u64 *met = (const void *)p->met.s;

	for (size_t i = 0; i < p->met.len / sizeof(*met); i++)
		if (!map_get(&p->held, met[i]))
			return true;
	return false;
}

static int files_run(struct pass *p)
{
	return iter_run(p, ITER_FILE, p->s->init_pidns ? p->want->pid : 0);
}

/*
 * Do the tables of TCP and UDP show every socket that can have this port?  TCP sockets that are
 * bound and do not listen are asked for by sock_diag, which answers from 6.8 on; other protocols
 * with ports have no iterator.
 */
static bool tables_suffice(struct pass *p)
{
	struct scan *s = p->s;

	return s->home[ITER_HOLDERS] && s->home[ITER_HOLDERS] == s->home[ITER_TCP] &&
	       s->home[ITER_TCP] == s->home[ITER_UDP] && !s->home[ITER_TCP]->bss->files_lost &&
	       !p->missed && !p->bound_only;
}

/* Something that was asked for is in flight: who holds the UNIX socket with the queue? */
static int queues_run(struct pass *p)
{
	const struct want queues = {.scope = SCOPE_FDS, .family = AF_UNIX}, *asked = p->want;
	int err;

	p->want = &queues;
	p->s->pass++; /* tables that were told may have more to tell */
	err = files_run(p);
	p->want = asked;
	return err;
}

/* One port: its sockets first, then whoever holds their files. */
static int port_run(struct pass *p)
{
	int err;

	netns_named(p);
	err = in_each_netns(p, sockets_here);
	if (err)
		return err;
	p->s->sidestepped = !tables_suffice(p);
	if (p->s->sidestepped || iter_run(p, ITER_HOLDERS, 0))
		err = files_run(p);
	if (!err && pass_unheld(p) && in_each_netns(p, unix_here))
		p->missed++;
	return err;
}

static int facts_run(struct pass *p)
{
	const struct want *w = p->want;
	int err = tasks_run(p);

	if (!err && w->port && w->scope & SCOPE_FDS && w->scope & SCOPE_SOCKS)
		return port_run(p);
	if (!err && w->scope & SCOPE_FDS)
		err = files_run(p);
	if (err || !(w->scope & SCOPE_SOCKS))
		return err;
	netns_named(p);
	return in_each_netns(p, sockets_here);
}

static void tally_begin(struct scan *s)
{
	for (u32 n = 0; n < s->nobjects; n++)
		memset(s->object[n]->bss->tcp_seen, 0, sizeof(s->object[n]->bss->tcp_seen));
}

static void tally_end(struct scan *s)
{
	memset(s->tcp_states, 0, sizeof(s->tcp_states));
	for (u32 n = 0; n < s->nobjects; n++)
		for (u32 i = 0; i < ARRAY_SIZE(s->tcp_states); i++)
			s->tcp_states[i] += s->object[n]->bss->tcp_seen[i];
}

static int pass_run(struct pass *p)
{
	const struct want *w = p->want;
	bool tally = p->s->tally && w->scope & SCOPE_SOCKS;
	int err;

	if (tally)
		tally_begin(p->s);
	err = facts_run(p);
	if (tally)
		tally_end(p->s);
	return !err && p->flying && (w->port || w->bound) ? queues_run(p) : err;
}

/*
 * Were all sockets looked for?  Who watches for long and may not look into other namespaces sees
 * of their sockets what is in a table; what is in none must not be kept for ever.
 */
static bool sockets_complete(const struct pass *p)
{
	return !p->missed || (p->s->between && p->missed == p->refused);
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
	if (!sockets_complete(p))
		end.scope &= ~(u32)SCOPE_SOCKS;
	tell(p, &end, EV_KIND_SCAN_END, sizeof(end));
	for (u32 i = 0; i < p->nns; i++)
		free(p->ns[i].name);
	map_free(&p->held);
	buf_free(&p->met);
	free(p);
	return err;
}

void scan_announce(struct scan *s, const struct want *want, sink_fn sink, void *ctx)
{
	struct ev_source e = {.filter = ~0ull, .blind = s->blind, .netns = s->netns};
	struct pass p = {.sink = sink, .ctx = ctx};

	procfs_clock(sink, ctx);
	if (scan_enters(s))
		e.caps |= SRC_NETNS;
	if (want->port || want->family || want->bound || want->pid)
		e.caps |= SRC_PARTIAL;
	tell(&p, &e, EV_KIND_SOURCE, sizeof(e));
}

void scan_makers(struct scan *s)
{
	s->makers = true;
}

void scan_tally(struct scan *s, bool spare)
{
	s->tally = true;
	s->spare = spare;
}

void scan_tcp_states(const struct scan *s, u64 out[16])
{
	memcpy(out, s->tcp_states, sizeof(s->tcp_states));
}

void scan_between(struct scan *s, void (*fn)(void *ctx), void *ctx)
{
	s->between = fn;
	s->between_ctx = ctx;
}

bool scan_enters(const struct scan *s)
{
	return s->netns_fd >= 0 && !s->kept_out;
}

u32 scan_pidns(const struct scan *s)
{
	return s->init_pidns ? 0 : ns_inum("/proc/self/ns/pid");
}

bool scan_may_probe(const struct scan *s)
{
	return !s->refused_probe;
}

u32 scan_blind(const struct scan *s)
{
	return s->blind;
}
