/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scan by BPF iterators: narrow, read, hand over.
 *
 * The program's records are whole events, so reading is all there is to do.  What is odd:
 *   - A socket iterator sees the network namespace of whoever opens it (scan_netns.c).
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

#define NETNS_ASKED 4	       /* network namespaces beside ours that are asked for bound sockets */
#define READ_BYTES  (64 << 10) /* the kernel's own buffer is 32 KiB: more is never returned */

/* ---- reading ----------------------------------------------------------------------------- */

/* What later steps of the pass must know of a record. */
static void pass_note(struct pass *p, const struct ev *e)
{
	const struct ev_scan_sock *sk = (const void *)e;

	if (e->kind == EV_KIND_SCAN_TASK) {
		netns_add(p, ((const struct ev_scan_task *)e)->netns, e->tgid);
		p->init |= e->tgid == 1;
	} else if (e->kind == EV_KIND_SCAN_QUEUE) {
		p->flying |= !p->want->port || PROTO_FAMILY(sk->proto) != AF_UNIX;
	} else if (e->kind == EV_KIND_SCAN_FD) {
		netns_add_socket(p, ((const struct ev_scan_fd *)e)->netns, e->tgid,
				 ((const struct ev_scan_fd *)e)->fd);
		if (p->want->port)
			map_put(&p->held, ((const struct ev_scan_fd *)e)->inode, 1);
	} else if (!p->want->port) {
		return;
	} else if (e->kind == EV_KIND_SCAN_SOCK && sk->inode && !(sk->sflags & SF_KERNEL)) {
		buf_add(&p->met, &sk->inode, sizeof(sk->inode));
	}
}

/* Hand over the whole records at the start of the buffer; how many bytes those were. */
size_t records_pass(struct pass *p, const char *at, size_t n)
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
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (p->out.map)
				unix_take(p);
			continue;
		}
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
	to->makers = s->makers || w->makers;
	to->tally = s->tally && w->scope & SCOPE_SOCKS;
	to->spare = s->spare;
	to->pid = w->pid;
	to->family = w->family;
	to->port = w->port;
	to->bound = w->bound;
	to->parts = s->parts;
	to->part = s->part;
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

static void map_empty(struct bpf_map *map)
{
	u64 key;

	while (!bpf_map__get_next_key(map, NULL, &key, sizeof(key)))
		if (bpf_map__delete_elem(map, &key, sizeof(key), 0))
			break;
}

/* What the iterators noted in an earlier pass is of no use: once for each entry that was made. */
static void notes_empty(struct scan *s)
{
	if (s->emptied == s->pass)
		return;
	s->emptied = s->pass;
	for (u32 n = 0; n < s->nobjects; n++) {
		if (!s->object[n]->bss->noted)
			continue;
		map_empty(s->object[n]->maps.tables);
		map_empty(s->object[n]->maps.wanted_files);
		s->object[n]->bss->noted = 0;
		s->object[n]->bss->files_lost = 0;
	}
}

int iter_run(struct pass *p, enum iter i, u32 pid)
{
	int fd, err = iter_need(p->s, i);
	struct bpf_link *link;

	if (err)
		return err;
	notes_empty(p->s);
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
	struct ev_scan_cut cut = {.what = SCOPE_SOCKS,
				  .why = CUT_ERROR,
				  .netns = p->here,
				  .proto = SOCK_PROTO(AF_UNIX, SOCK_STREAM, 0)};

	if (walk_proven(p, KIND_UNIX))
		pass_cut(p, &cut);
	return 0;
}

static int ports_here(struct pass *p)
{
	int err = walk_proven(p, KIND_TCP);

	return err ? err : walk_proven(p, KIND_UDP);
}

static int sockets_here(struct pass *p)
{
	int err = p->want->family != AF_UNIX ? ports_here(p) : 0;

	return err ? err : unix_here(p);
}

static int port_here(struct pass *p)
{
	p->bound_only |= diag_bound_only(p->want->port);
	return ports_here(p);
}

/* Scopes a pass can confirm completely: only what is not narrowed. */
static u32 scope_complete(const struct want *w)
{
	u32 scope = w->scope & (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS);

	if (w->port || w->family || w->bound)
		scope &= ~(u32)(SCOPE_FDS | SCOPE_SOCKS);
	return scope;
}

void pass_tell(struct pass *p, void *e, u16 kind, u16 size)
{
	struct ev *h = e;

	h->kind = kind;
	h->size = size;
	h->ts = time_boot_ns();
	p->sink(p->ctx, h, size);
}

void pass_cut(struct pass *p, const struct ev_scan_cut *cut)
{
	struct ev_scan_cut e = *cut;

	if (!e.netns)
		p->scope_cut |= e.what;
	pass_tell(p, &e, EV_KIND_SCAN_CUT, sizeof(e));
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
	       !p->bound_only;
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

/*
 * One port: its sockets first, then whoever holds their files.  Where there are many network
 * namespaces it is cheaper to look at every descriptor than to ask each of them for sockets that
 * are bound and no more (2 ms each).
 */
static int port_run(struct pass *p)
{
	int err;

	netns_add_mounts(p);
	p->bound_only = p->ns.len / sizeof(struct netns) > NETNS_ASKED;
	err = in_each_netns(p, p->bound_only ? ports_here : port_here);
	if (err)
		return err;
	p->s->sidestepped = !tables_suffice(p);
	/*
	 * Nothing met: before it is called free every descriptor is looked at, for one whose network
	 * namespace no process is in and no mount keeps.
	 */
	if (p->s->sidestepped || iter_run(p, ITER_HOLDERS, 0) || !p->met.len)
		err = files_run(p);
	/* What is bound and no more is in flight unseen by the tables of TCP and UDP. */
	return !err && (p->bound_only || pass_unheld(p)) ? in_each_netns(p, unix_here) : err;
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
	netns_add_mounts(p);
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

/*
 * Which tables were told is of this pass alone.  Their addresses would fill the map for good, and
 * then every thread of a process tells the table they share.
 */
static void tables_forget(struct scan *s)
{
	u64 files;

	for (u32 n = 0; n < s->nobjects; n++) {
		int fd = bpf_map__fd(s->object[n]->maps.tables);

		while (!bpf_map_get_next_key(fd, NULL, &files))
			if (bpf_map_delete_elem(fd, &files))
				break;
	}
}

static int pass_run(struct pass *p)
{
	const struct want *w = p->want;
	bool tally = p->s->tally && w->scope & SCOPE_SOCKS;
	int err;

	if (w->scope & SCOPE_FDS)
		tables_forget(p->s);
	if (tally)
		tally_begin(p->s);
	err = facts_run(p);
	if (tally)
		tally_end(p->s);
	return !err && p->flying && (w->port || w->bound) ? queues_run(p) : err;
}

/*
 * What may not be looked into is said once.  Of the sockets there only those in a table are seen,
 * and what is in none must not be kept for ever: nothing is spared from the sweep for it.
 */
static void refused_tell(struct pass *p)
{
	const struct ev_scan_cut cut = {.why = CUT_NETNS, .there = p->refused};

	if (p->refused)
		pass_cut(p, &cut);
}

static void pass_free(struct pass *p)
{
	netns_free(p);
	ring_close(&p->out);
	map_free(&p->held);
	buf_free(&p->met);
	buf_free(&p->keys);
	free(p);
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
	pass_tell(p, &begin, EV_KIND_SCAN_BEGIN, sizeof(begin));
	end.begin = begin.h.ts;
	err = pass_run(p);
	refused_tell(p);
	end.scope = err ? 0 : end.scope & ~p->scope_cut;
	pass_tell(p, &end, EV_KIND_SCAN_END, sizeof(end));
	pass_free(p);
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
	pass_tell(&p, &e, EV_KIND_SOURCE, sizeof(e));
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
