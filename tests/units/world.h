/* SPDX-License-Identifier: BSD-2-Clause */
/* A model as a world: what a scan of it would say, and all that views show of it as text. */
#ifndef PROBATE_TEST_WORLD_H
#define PROBATE_TEST_WORLD_H

#include "model_priv.h"
#include "feed.h"

typedef void (*world_sink)(void *ctx, const struct ev *e);

#define HEAD(KIND, lower, pid, thread, when)                                                       \
	.h = {.kind = EV_KIND_##KIND,                                                              \
	      .size = sizeof(struct ev_##lower),                                                   \
	      .tgid = (pid),                                                                       \
	      .tid = (thread),                                                                     \
	      .ts = (when)}
#define SOCK_OF(s)                                                                                 \
	.inode = (s)->inode, .cookie = (s)->cookie, .netns = (s)->netns, .uid = (s)->uid,          \
	.local = (s)->local, .remote = (s)->remote, .proto = (s)->proto, .state = (s)->state,      \
	.sflags = (s)->sflags

static inline u32 tgid_of(const struct model *m, u32 proc)
{
	return proc ? proc_at(m, proc)->tgid : 0;
}

/* ---- what a scan says ---- */

static inline void world_task(const struct model *m, u32 id, u64 ts, world_sink sink, void *ctx)
{
	const struct proc *p = proc_at(m, id);
	const struct death *d = death_at(m, p->death);
	u32 main_ref = proc_main(m, p);
	struct ev_scan_task e = {
		HEAD(SCAN_TASK, scan_task, p->tgid, p->tgid, ts),
		.start = p->start,
		.files = main_ref ? fdtab_at(m, tabref_at(m, main_ref)->fdtab)->key : 0,
		.cgroup = p->cgroup,
		.parent = tgid_of(m, p->parent),
		.tracer = p->tracer,
		.sid = p->sid,
		.pgid = p->pgid,
		.tty = p->tty,
		.uid = p->uid,
		.pidns = p->pidns,
		.netns = p->netns,
		.mntns = p->mntns,
		.exit_signal = p->exit_signal,
		.flags = (p->flags & (u16)~TASK_ZOMBIE) | (d ? TASK_ZOMBIE : 0),
		.sigchld = p->sigchld,
		.wait_pid = p->wait_pid,
		.nspid = p->nspid,
		.name = comm_of(proc_comm(m, p)),
	};

	if (p->state == PROC_GONE || !p->tgid)
		return;
	if (d)
		e.status = d->signal ? d->signal : (u32)d->code << 8;
	sink(ctx, &e.h);
}

static inline void world_table(const struct model *m, u32 proc, u64 ts, world_sink sink, void *ctx)
{
	const struct proc *p = proc_at(m, proc);

	for (u32 r = p->tabrefs; r; r = tabref_at(m, r)->proc_next) {
		const struct tabref *ref = tabref_at(m, r);
		const struct fdtab *t = fdtab_at(m, ref->fdtab);

		for (const struct hold *h = hold_first(m, t); h; h = hold_at(m, h->tab_next)) {
			const struct sock *s = sock_at(m, h->sock);
			struct ev_scan_fd e = {
				HEAD(SCAN_FD, scan_fd, p->tgid, ref->tid ? ref->tid : p->tgid, ts),
				SOCK_OF(s),
				.files = t->key,
				.fd = h->fd,
				.cloexec = h->cloexec,
				.maker = tgid_of(m, s->creator),
				.waits = !(h->flags & HOLD_INHERITED) ? 0
					 : h->flags & HOLD_IDLE	      ? 2
								      : 1,
			};

			sink(ctx, &e.h);
		}
	}
}

static inline void world_sock(const struct model *m, u32 id, u64 ts, world_sink sink, void *ctx)
{
	const struct sock *s = sock_at(m, id);
	struct ev_scan_sock e = {HEAD(SCAN_SOCK, scan_sock, 0, 0, ts), SOCK_OF(s), .peer = s->peer,
				 .queued = s->queued};
	struct ev_scan_name n = {HEAD(SCAN_NAME, scan_name, 0, 0, ts), .inode = s->inode,
				 .cookie = s->cookie};
	struct ev_scan_queue q = {HEAD(SCAN_QUEUE, scan_queue, 0, 0, ts), SOCK_OF(s)};

	if (s->left_ms && sock_end(s) > ts)
		e.left_ms = (u32)((sock_end(s) - ts) / NS_PER_MS);
	sink(ctx, &e.h);
	if (s->name) {
		n.name = *name_at(m, s->name);
		sink(ctx, &n.h);
	}
	for (u32 f = s->flights; f; f = flight_at(m, f)->next) {
		q.queue = flight_at(m, f)->queue;
		q.count = flight_at(m, f)->count;
		sink(ctx, &q.h);
	}
}

static inline void world_facts(const struct model *m, u32 scope, u64 ts, world_sink sink, void *ctx)
{
	for (u32 id = proc_next(m, 0); id && scope & SCOPE_TASKS; id = proc_next(m, id))
		world_task(m, id, ts, sink, ctx);
	for (u32 id = proc_next(m, 0); id && scope & SCOPE_FDS; id = proc_next(m, id))
		world_table(m, id, ts, sink, ctx);
	for (u32 id = sock_next(m, 0); id && scope & SCOPE_SOCKS; id = sock_next(m, id))
		world_sock(m, id, ts, sink, ctx);
}

/* ---- all that views show ---- */

static inline void dump_ep(struct buf *b, const struct ep *ep)
{
	char s[64];

	ep_text(s, ep);
	buf_printf(b, " %s", s);
}

static inline void dump_death(struct buf *b, const struct model *m, const struct death *d)
{
	buf_printf(b,
		   " died %llu reaped %llu code %d sig %u by %u/%u wait %u %d%d%d%d%d%d%d left %u",
		   (unsigned long long)d->ts, (unsigned long long)d->reaped_ts, d->code, d->signal,
		   tgid_of(m, d->killer), d->killer_pid, tgid_of(m, d->reaper), d->known, d->core,
		   d->by_kernel, d->ns_died, d->told, d->auto_reaped, d->freed, (u32)d->left_by);
}

static inline void dump_table(struct buf *b, const struct model *m, const struct tabref *r)
{
	const struct fdtab *t = fdtab_at(m, r->fdtab);

	buf_printf(b, "\n table %llx of tid %u known %d", (unsigned long long)t->key, r->tid,
		   t->known_ts != 0);
	for (s32 fd = 0; fd < 64; fd++) {
		const struct hold *h = hold_in(m, r->fdtab, fd);
		const struct sock *s = h ? sock_at(m, h->sock) : NULL;

		if (h)
			buf_printf(b,
				   "\n  fd %d sock %llu/%llu via %u how %u cloexec %u flags %u "
				   "since %llu",
				   fd, (unsigned long long)s->inode, (unsigned long long)s->cookie,
				   h->via, h->how, h->cloexec, h->flags,
				   (unsigned long long)h->since);
	}
}

static inline void dump_proc(struct buf *b, const struct model *m, const struct proc *p)
{
	u16 len;
	const char *exe = proc_exe(m, p, &len);

	buf_printf(b, "proc %u %u start %llu state %u ghost %d born %d flags %x parent %u birth %u",
		   p->id, p->tgid, (unsigned long long)p->start, p->state, p->ghost, p->born,
		   p->flags, tgid_of(m, p->parent), tgid_of(m, p->birth));
	buf_printf(b, " %u %u %u %u ns %u %u %u %u %d wait %d", p->sid, p->pgid, p->tty, p->uid,
		   p->pidns, p->netns, p->mntns, p->tracer, p->sigchld, p->wait_pid);
	buf_printf(b, " nr %u %u level %u cg %llu exit %u counts %u %u %u %s %s", p->nspid.nr[0],
		   p->nspid.nr[1], p->level, (unsigned long long)p->cgroup, p->exit_signal,
		   p->zombies, p->nchildren, p->reaps, proc_comm(m, p), exe ? exe : "");
	buf_printf(b, " ts %llu %llu %llu", (unsigned long long)p->parent_ts,
		   (unsigned long long)p->setsid_ts, (unsigned long long)p->orphaned_ts);
	for (u32 i = p->image; i; i = image_at(m, i)->prev)
		buf_printf(b, " image %llu", (unsigned long long)image_at(m, i)->ts);
	if (p->death)
		dump_death(b, m, death_at(m, p->death));
	for (u32 r = p->tabrefs; r; r = tabref_at(m, r)->proc_next)
		dump_table(b, m, tabref_at(m, r));
	buf_puts(b, "\n");
}

static inline void dump_sock(struct buf *b, const struct model *m, const struct sock *s)
{
	struct holder *rows;
	u32 n = holders_of(m, s, &rows);

	buf_printf(b, "sock %llu/%llu proto %x state %u sflags %x netns %u uid %u %d%d%d%d",
		   (unsigned long long)s->inode, (unsigned long long)s->cookie, s->proto, s->state,
		   s->sflags, s->netns, s->uid, s->born, s->gone, s->transferred, s->leaked);
	dump_ep(b, &s->local);
	dump_ep(b, &s->remote);
	buf_printf(b, " opened %llu cg %llu peer %llu lst %llu queue %llu name %s queued %u by %u",
		   (unsigned long long)s->opened, (unsigned long long)s->cgroup,
		   (unsigned long long)s->peer, (unsigned long long)s->listener,
		   (unsigned long long)s->queue, s->name ? name_at(m, s->name)->s : "", s->queued,
		   tgid_of(m, s->creator));
	buf_printf(b, " verdict %d left %d", verdict_of(m, s), s->left_ms != 0);
	for (u32 i = 0; i < n; i++)
		buf_printf(b, " (%u/%u %u fds how %u used %u %d since %llu)",
			   tgid_of(m, rows[i].proc), rows[i].tid, rows[i].nfds, rows[i].how,
			   rows[i].used, rows[i].deliberate, (unsigned long long)rows[i].since);
	for (u32 f = s->flights; f; f = flight_at(m, f)->next)
		buf_printf(b, " {%llu: %u}", (unsigned long long)flight_at(m, f)->queue,
			   flight_at(m, f)->count);
	for (u32 o = s->origins; o; o = origin_at(m, o)->next)
		buf_printf(b, " [%u from %u via %u]", tgid_of(m, origin_at(m, o)->proc),
			   tgid_of(m, origin_at(m, o)->from), origin_at(m, o)->via);
	buf_puts(b, "\n");
	free(rows);
}

static inline int dump_by_text(const void *va, const void *vb)
{
	const struct buf *a = va, *b = vb;

	return strcmp(a->s, b->s);
}

/*
 * Sockets in the order of what is said of them: of two models that know the same, one may have come
 * to know it by way of records that the other never needed, and then ids are given otherwise.
 */
static inline void dump_socks(struct buf *b, const struct model *m)
{
	struct buf *texts = calloc(m->socks.used + 1, sizeof(*texts));
	u32 n = 0;

	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id))
		dump_sock(&texts[n++], m, sock_at(m, id));
	if (n)
		qsort(texts, n, sizeof(*texts), dump_by_text);
	for (u32 i = 0; i < n; i++) {
		buf_puts(b, texts[i].s);
		buf_free(&texts[i]);
	}
	free(texts);
}

static inline void dump(struct buf *b, const struct model *m)
{
	buf_reset(b);
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		dump_proc(b, m, proc_at(m, id));
	dump_socks(b, m);
	buf_printf(b, "watching %llu lost %llu since %llu caps %u\n",
		   (unsigned long long)m->watching_since, (unsigned long long)m->lost,
		   (unsigned long long)m->lost_since, m->caps);
}

/* The first line in which two dumps differ, for a message; NULL: none. */
static inline const char *dumps_differ(const struct buf *a, const struct buf *b, char out[1200])
{
	const char *x = a->s, *y = b->s;
	const char *lx = x, *ly = y;

	if (!strcmp(x, y))
		return NULL;
	while (*x && *x == *y) {
		if (*x == '\n') {
			lx = x + 1;
			ly = y + 1;
		}
		x++;
		y++;
	}
	snprintf(out, 1200, "\n%.*s\n%.*s", (int)strcspn(lx, "\n"), lx, (int)strcspn(ly, "\n"), ly);
	return out;
}

#endif
