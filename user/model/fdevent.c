// SPDX-License-Identifier: BSD-2-Clause
/*
 * Events about descriptors.
 *
 * Each was sent after the table changed, so a slot that was seen later than the event (by a scan
 * that has been applied already) is right and the event is history: seen_ts decides.
 */
#include "model_priv.h"

#define HOLDS_FEW 64 /* of a table: looked at one by one */

static bool same_sock(const struct sock *s, u64 inode, u64 cookie)
{
	if (cookie && s->cookie && cookie != s->cookie)
		return false;
	return !inode || !s->inode || inode == s->inode;
}

/* The hold an event names, if the slot still shows that socket. */
static struct hold *named_hold(const struct model *m, u32 tab, s32 fd, u64 inode, u64 cookie)
{
	struct hold *h = hold_in(m, tab, fd);

	return h && same_sock(sock_at(m, h->sock), inode, cookie) ? h : NULL;
}

/* ---- into a slot ---- */

/* Dup within a process: how the process came to the socket stays as it was. */
static void install_dup(const struct model *m, struct slot *slot, const struct sock *s, s32 from_fd)
{
	const struct hold *from = hold_in(m, slot->fdtab, from_fd);

	slot->how = VIA_SCAN;
	if (!from || from->sock != s->id)
		return;
	slot->how = from->how;
	slot->flags = from->flags & (HOLD_USED | HOLD_DELIBERATE | HOLD_HANDED);
	if (from->how == VIA_FORK)
		slot->flags |= HOLD_DELIBERATE;
}

static void install_passed(struct model *m, struct proc *p, struct sock *s,
			   const struct ev_install *e)
{
	u32 from = e->via == VIA_PIDFD_GETFD ? e->from : s->last_pass;
	u32 src = from != p->tgid ? proc_find(m, from) : 0;

	if (e->via == VIA_PIDFD_GETFD && from != p->tgid && from && !src)
		src = proc_ghost(m, from, 0)->id;
	origin_add(m, s, p->id, (u8)e->via, src, e->h.ts);
	if (e->via == VIA_SCM_RIGHTS && !e->peeked)
		flight_received(m, s, e->queue, e->h.ts);
}

void on_install(struct model *m, const struct ev_install *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct sock *s = sock_of(m, SOCK_EV(e));
	struct slot slot = {.fd = e->fd,
			    .via = (u8)e->via,
			    .how = (u8)e->via,
			    .cloexec = e->cloexec != 0,
			    .ts = e->h.ts};

	if (!p || !s)
		return;
	slot.fdtab = fdtab_of(m, p, e->h.tid, e->files);
	if (e->via == VIA_DUP)
		install_dup(m, &slot, s, e->from_fd);
	else
		install_passed(m, p, s, e);
	hold_put(m, &slot, s);
	if (!s->transferred) /* its maker may have let go of it while it was in flight */
		sock_review(m, s);
	sock_maybe_gone(m, s);
}

/* ---- out of a slot ---- */

void on_close(struct model *m, const struct ev_close *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct hold *h;

	if (!p)
		return;
	h = named_hold(m, fdtab_of(m, p, e->h.tid, e->files), e->fd, e->inode, e->cookie);
	m->priv->left = e->left;
	if (h && h->seen_ts <= e->h.ts)
		hold_drop(m, h);
	m->priv->left = 0;
}

static void close_or_mark(struct model *m, struct hold *h, const struct ev_close_range *e)
{
	if (!h || h->seen_ts > e->h.ts)
		return;
	if (e->cloexec_only)
		hold_set_cloexec(m, h, 1);
	else
		hold_drop(m, h);
}

/* In the order of slots, and no more of them than there is something to do about. */
static void close_in_order(struct model *m, u32 tab, const struct ev_close_range *e)
{
	struct hold *h;

	for (u64 fd = e->first; (h = range_next(m, tab, fd, e->last, e->cloexec_only));) {
		fd = (u64)h->fd + 1;
		close_or_mark(m, h, e);
	}
}

void on_close_range(struct model *m, const struct ev_close_range *e)
{
	struct proc *p = proc_actor(m, &e->h);
	u32 tab = p ? fdtab_of(m, p, e->h.tid, e->files) : 0, id;
	const struct fdtab *t = fdtab_at(m, tab);

	if (!t || e->first > e->last)
		return;
	if (e->last - e->first < t->nholds) { /* few slots: look each up */
		for (u64 fd = e->first; fd <= e->last; fd++)
			close_or_mark(m, hold_in(m, tab, (s32)fd), e);
		return;
	}
	if (t->nholds > HOLDS_FEW && range_begin(m, tab)) {
		close_in_order(m, tab, e);
		return;
	}
	for (id = t->holds; id;) {
		struct hold *h = hold_at(m, id);

		id = h->tab_next;
		if ((u32)h->fd >= e->first && (u32)h->fd <= e->last)
			close_or_mark(m, h, e);
	}
}

/* ---- about a slot ---- */

void on_cloexec(struct model *m, const struct ev_cloexec *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct hold *h;

	if (!p)
		return;
	h = named_hold(m, fdtab_of(m, p, e->h.tid, e->files), e->fd, e->inode, 0);
	if (!h || h->seen_ts > e->h.ts)
		return;
	if (!e->cloexec && h->cloexec && h->how == VIA_FORK)
		hold_set_flags(m, h, h->flags | HOLD_DELIBERATE); /* and told to survive the exec */
	hold_set_cloexec(m, h, e->cloexec != 0);
	h->seen_ts = max_ts(h->seen_ts, e->h.ts);
}

void on_pass(struct model *m, const struct ev_pass *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct sock *s = sock_known(m, e->inode, e->cookie);
	const struct sock *over;
	struct origin *o;

	if (!p || !s)
		return;
	s->last_pass = p->tgid;
	o = origin_received(m, s, p->id, e->h.ts);
	if (o) {
		o->from = p->id;
		proc_ref(m, p->id);
		return;
	}
	over = sock_known(m, e->over, 0);
	flight_sent(m, s, e->queue ? e->queue : over && over->peer ? over->peer : e->over, e->h.ts);
}

/* The table a thread had before it began a copy: by the address it is told to have had, or as is
 * known. */
static u32 tabref_left(const struct model *m, const struct proc *p, const struct ev_fdtab *e)
{
	u32 tab = map_get(&m->by_files, e->old), ref = tab ? tabref_find(m, p, tab) : 0;

	if (!ref)
		ref = tabref_of_tid(m, p, e->h.tid);
	return ref ? ref : proc_main(m, p);
}

/* The thread works on a copy from now on; what it had goes on with others, if any use it. */
void on_fdtab(struct model *m, const struct ev_fdtab *e)
{
	struct proc *p = proc_actor(m, &e->h);
	u32 tab, ref, stale;

	if (!p || p->state != PROC_RUNNING || !e->files)
		return;
	tab = map_get(&m->by_files, e->files);
	if (tab && tabref_find(m, p, tab))
		return; /* scanned already */
	ref = tabref_left(m, p, e);
	stale = e->h.tid ? tabref_of_tid(m, p, e->h.tid) : 0;
	tab = fdtab_fresh(m, e->files);
	tabref_add(m, p, tab, e->h.tid ? e->h.tid : ~0u); /* 0 would be a second main one */
	fdtab_copy(m, tabref_at(m, ref)->fdtab, tab, false, e->h.ts);
	if (stale && stale != ref)
		tabref_drop(m, p, stale); /* it had left that one unseen */
	if (e->leader || !e->h.tid)
		proc_set_main(m, p, tab, e->heir);
	else if (tabref_at(m, ref)->tid)
		tabref_leave(m, p, ref, e->heir);
}

/* It has a ring now: of what it holds so far no use would be told.  O(holds), once a program. */
static void uses_hidden(struct model *m, u32 tab)
{
	for (u32 id = tab ? fdtab_at(m, tab)->holds : 0, next; id; id = next) {
		struct hold *h = hold_at(m, id);

		next = h->tab_next;
		hold_set_flags(m, h, h->flags & (u8)~HOLD_WATCHED);
	}
}

void on_use(struct model *m, const struct ev_use *e)
{
	struct proc *p = proc_actor(m, &e->h);
	struct hold *h;

	if (!p)
		return;
	if (!e->inode && e->fd < 0) {
		uses_hidden(m, fdtab_of(m, p, e->h.tid, e->files));
		return;
	}
	h = named_hold(m, fdtab_of(m, p, e->h.tid, e->files), e->fd, e->inode, 0);
	if (h)
		hold_use(m, p, h);
}
