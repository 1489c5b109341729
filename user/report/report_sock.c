/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to the sockets that the report follows. */
#include <stdlib.h>
#include <string.h>

#include "report.h"

void moment_free(struct report *r, u32 id)
{
	life_drop(r, moment_at(r, id)->life);
	life_drop(r, moment_at(r, id)->other);
	pool_drop(&r->moments, id);
}

static u32 moment_new(struct report *r, u64 ts, u8 kind, u32 track)
{
	u32 *ids, id, n = r->order.len / sizeof(u32);

	if (n >= MOMENTS_MAX) { /* the first half stays, of the rest the latest */
		ids = (u32 *)r->order.s;
		r->cut.moments++;
		moment_free(r, ids[MOMENTS_MAX / 2]);
		memmove(ids + MOMENTS_MAX / 2, ids + MOMENTS_MAX / 2 + 1,
			(n - MOMENTS_MAX / 2 - 1) * sizeof(u32));
		r->order.len -= sizeof(u32);
	}
	id = pool_new(&r->moments);
	*moment_at(r, id) = (struct moment){.ts = ts, .kind = kind, .track = track, .fd = -1};
	buf_add(&r->order, &id, sizeof(id));
	return id;
}

static void on_transfer(struct report *r, const struct model *m, const struct ev_transfer *x,
			u32 track)
{
	u32 id = moment_new(r, x->h.ts, DID_TRANSFER, track);
	struct moment *mo = moment_at(r, id);
	const struct sock *s = sock_at(m, track_at(r, track)->sock);

	mo->life = life_use(r, life_of_tgid(r, m, x->from, LIFE_HOLDER));
	mo->other = life_use(r, life_of_tgid(r, m, x->to, LIFE_HOLDER));
	mo->holders = x->holders;
	mo->died = x->died;
	track_at(r, track)->moved = true;
	track_at(r, track)->verdict = verdict_of(m, s);
}

static void on_leak(struct report *r, const struct model *m, const struct ev_leak *x, u32 track)
{
	struct moment *mo = moment_at(r, moment_new(r, x->h.ts, DID_LEAK, track));
	const struct sock *s = sock_at(m, track_at(r, track)->sock);

	mo->certain = s && verdict_certain(m, s, VERDICT_LEAKED);
	mo->life = life_use(r, life_of_tgid(r, m, x->holder, LIFE_HOLDER));
	mo->other = life_use(r, life_of_tgid(r, m, x->creator, LIFE_MAKER));
	mo->fd = x->fd;
	mo->holders = x->holders;
	track_at(r, track)->leaked = true;
	track_at(r, track)->verdict = VERDICT_LEAKED;
}

static void on_act(struct report *r, const struct model *m, const struct ev *e, u8 kind, u32 track)
{
	struct moment *mo;
	struct track *t = track_at(r, track);
	const struct sock *s = sock_at(m, sock_find(m, t->inode, 0));
	u32 tenure;

	if (s)
		track_fill(t, m, s);
	if (kind == DID_LISTEN && t->listened)
		return; /* again, with another backlog; or seen twice, by call and by state */
	if (kind == DID_LISTEN)
		t->listened = e->ts;
	mo = moment_at(r, moment_new(r, e->ts, kind, track));
	mo->life = life_use(r, life_of_tgid(r, m, e->tgid, LIFE_HOLDER));
	tenure = kind == DID_LISTEN && mo->life ? open_tenure(r, mo->life, track) : 0;
	if (tenure)
		tenure_at(r, tenure)->used = 1;
}

/* ---- kept without a descriptor ---- */

void kept_words(char out[KEPT_LEN], const struct model *m, const struct sock *s)
{
	struct buf b = {0};

	text_kept(&b, m, s);
	snprintf(out, KEPT_LEN, "%s", b.s);
	buf_free(&b);
}

static void on_keeper(struct report *r, const struct model *m, u32 track)
{
	struct track *t = track_at(r, track);
	const struct sock *s = sock_at(m, sock_find(m, t->inode, 0));

	if (!s || !s->keep_how)
		return;
	kept_words(t->kept, m, s);
	if (!t->kept_ts)
		t->kept_ts = m->now;
	t->verdict = verdict_of(m, s);
}

/* ---- events ---- */

static void on_use(struct report *r, const struct model *m, u32 track, u64 files)
{
	const struct fdtab *t = fdtab_at(m, map_get(&m->by_files, files));

	for (u32 ref = t ? t->refs : 0; ref; ref = tabref_at(m, ref)->tab_next) {
		u32 life = map_get(&r->by_proc, tabref_at(m, ref)->proc);
		u32 id = life ? open_tenure(r, life, track) : 0;

		if (id)
			tenure_at(r, id)->used = 1;
	}
}

static void on_fork(struct report *r, const struct model *m, const struct ev_fork *x)
{
	if (r->by_proc.count && map_get(&r->by_proc, proc_find(m, x->h.tgid)))
		proc_renew(r, m, proc_find_start(m, x->child, x->start), END_CLOSE);
	else if (r->by_proc.count && x->parent != x->h.tgid)
		proc_renew(r, m, proc_find_start(m, x->child, x->start), END_CLOSE);
}

static void holder_event(struct report *r, const struct model *m, const struct ev *e)
{
	static const u8 why[EV_KIND_MAX] = {
		[EV_KIND_EXEC] = END_EXEC,    [EV_KIND_EXIT] = END_EXIT,
		[EV_KIND_THREAD] = END_CLOSE, [EV_KIND_THREAD_EXIT] = END_CLOSE,
		[EV_KIND_FDTAB] = END_CLOSE,
	};
	u32 proc = why[e->kind] && r->by_proc.count ? proc_find(m, e->tgid) : 0;

	if (proc && map_get(&r->by_proc, proc))
		proc_renew(r, m, proc, why[e->kind]);
}

/* Events that name a socket: `track` is followed already, or has just begun to be. */
static void track_event(struct report *r, const struct model *m, const struct ev *e, u32 track)
{
	const struct ev_bind *b = (const struct ev_bind *)e;

	switch (e->kind) {
	case EV_KIND_SOCKET:
		files_renew(r, m, ((const struct ev_socket *)e)->files, e->tgid);
		break;
	case EV_KIND_INSTALL:
		files_renew(r, m, ((const struct ev_install *)e)->files, e->tgid);
		break;
	case EV_KIND_SCAN_FD:
		files_renew(r, m, ((const struct ev_scan_fd *)e)->files, e->tgid);
		break;
	case EV_KIND_BIND:
	case EV_KIND_UNIX_BIND:
		if (!b->error)
			on_act(r, m, e, DID_BIND, track);
		break;
	case EV_KIND_LISTEN:
		if (!b->error)
			on_act(r, m, e, DID_LISTEN, track);
		break;
	case EV_KIND_TRANSFER:
		on_transfer(r, m, (const struct ev_transfer *)e, track);
		break;
	case EV_KIND_LEAK:
		on_leak(r, m, (const struct ev_leak *)e, track);
		break;
	case EV_KIND_GONE:
		track_over(r, track, e->ts);
		break;
	}
}

static void on_accept(struct report *r, const struct model *m, const struct ev_accept *x)
{
	u32 track = map_get(&r->by_inode, x->listener);

	if (!track)
		return;
	track_at(r, track)->conns++;
	on_use(r, m, track, x->files);
}

void sock_event(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_close *c = (const struct ev_close *)e;
	const struct ev_use *u = (const struct ev_use *)e;
	u32 track;

	if (!r->by_inode.count)
		return;
	switch (e->kind) {
	case EV_KIND_FORK:
		on_fork(r, m, (const struct ev_fork *)e);
		return;
	case EV_KIND_CLOSE:
	case EV_KIND_PASS:
		track = map_get(&r->by_inode, c->inode);
		if (track && e->kind == EV_KIND_CLOSE)
			files_renew(r, m, c->files, e->tgid);
		else if (track)
			on_act(r, m, e, DID_SEND, track);
		return;
	case EV_KIND_CLOSE_RANGE:
		if (r->by_proc.count)
			files_renew(r, m, ((const struct ev_close_range *)e)->files, e->tgid);
		return;
	case EV_KIND_USE:
		track = map_get(&r->by_inode, u->inode);
		if (track)
			on_use(r, m, track, u->files);
		return;
	case EV_KIND_SOCKET:
	case EV_KIND_INSTALL:
	case EV_KIND_SCAN_FD:
	case EV_KIND_BIND:
	case EV_KIND_UNIX_BIND:
	case EV_KIND_LISTEN:
	case EV_KIND_TRANSFER:
	case EV_KIND_LEAK:
	case EV_KIND_GONE:
		track = map_get(&r->by_inode, ((const struct ev_gone *)e)->inode);
		if (track)
			track_event(r, m, e, track);
		return;
	case EV_KIND_SCAN_KEEPER:
		track = map_get(&r->by_inode, ((const struct ev_scan_keeper *)e)->inode);
		if (track)
			on_keeper(r, m, track);
		return;
	case EV_KIND_ACCEPT:
		on_accept(r, m, (const struct ev_accept *)e);
		return;
	}
	holder_event(r, m, e);
}
