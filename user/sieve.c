// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sieve: scan facts that tell nothing new are dropped, and what a pass did not meet is told.
 *
 * Live commands scan everything about once a second, and nearly all of that confirms what the model
 * knows.  Dropped before anybody sees it, it costs a recording nothing; and as the model that is
 * watched and the one that is replayed are given the same events, they are the same.
 *
 * S1  To know a fact is to be left by it as one was, but for seen_ts.
 * S2  What is remembered of a dropped fact (met_ts, sieved_ts) is read by model_tells() and
 *     model_missed() alone.  No handler may look at it: a replay has no such marks.
 * S3  A pass misses what was last seen (by event or news), last met (by a dropped fact) and put on
 *     record before it began.  The last is for what late events take away and bring back: a hold
 *     that a pass meets and the ring then closes and opens again is another record, which says
 *     that it was there before the pass began, and was not met; but the pass met its slot.
 * S4  An end may only be swept by seen_ts if nothing was dropped since its begin: else it is told.
 *     So walks of single tables, which the ring mixes among the facts of a pass, need not be told
 *     apart from them, and a loss in the middle of a pass does no harm.
 *
 * That seen_ts grows older than the last scan is right, because what reads it asks one of these:
 *   - Is this event older than what is known (hold_put, hold_upgrade, on_close, fdtab_exec,
 *     sock_identify, on_socket, on_destroy, on_rename, on_exec, on_fork)?  The ring tells the truth
 *     in order.  News of a scan runs ahead of the ring, and what it added must not be undone by an
 *     event from before: it has its seen_ts.  A dropped fact adds nothing.  Events from before it
 *     that are read later lead the model through what was in between, and the last of them leads to
 *     what the scan saw.  Where the ring is not told everything (lean descriptors, io_uring, kinds
 *     filtered out), that last step may be missing; then the next pass brings it as news.
 *   - Is the actor another life of that pid (proc_is_over)?  The dead do not act, so the first time
 *     that it was seen dead decides as well as the last.
 *   - When does it end (sock_end)?  seen_ts and left_ms count together; a fact with another end
 *     than theirs is news.
 *   - Is it over (the sweeps)?  Not asked where anything was dropped: S4.
 */
#include "model_priv.h"

#define END_SLACK_NS (50 * NS_PER_MS) /* ends of a TIME_WAIT this near to each other are one */

/* ---- what is known: processes -------------------------------------------------------------- */

static bool start_known(const struct proc *p, u64 start)
{
	const u64 tick = 10 * NS_PER_MS;

	return p->start && (p->start == start || !start || p->start % tick);
}

static bool spaces_known(const struct model *m, const struct proc *p, const struct ev_scan_task *e)
{
	if ((e->netns && e->netns != p->netns) || (e->mntns && e->mntns != p->mntns) ||
	    (e->pidns && e->pidns != p->pidns) || memcmp(&e->nspid, &p->nspid, sizeof(e->nspid)))
		return false;
	return !(e->flags & TASK_NSINIT) || !p->pidns || map_get(&m->nsinits, p->pidns) == p->id;
}

static bool task_facts_known(const struct model *m, const struct proc *p,
			     const struct ev_scan_task *e)
{
	const struct image *i = image_at(m, p->image);

	return p->cgroup == e->cgroup && p->tracer == e->tracer && p->sid == e->sid &&
	       p->pgid == e->pgid && p->tty == e->tty && p->uid == e->uid &&
	       p->exit_signal == (u8)e->exit_signal && p->sigchld == (u8)e->sigchld &&
	       p->wait_pid == e->wait_pid &&
	       p->flags == (u16)(e->flags | (p->flags & TASK_NSINIT)) && i &&
	       !strncmp(i->comm, e->name.s, COMM_LEN - 1) && spaces_known(m, p, e);
}

/* A zombie by what the scan says must be one in the model, with all there is to know of its end. */
static bool task_life_known(const struct model *m, const struct proc *p,
			    const struct ev_scan_task *e)
{
	u32 tab = map_get(&m->by_files, e->files);

	if (e->flags & TASK_ZOMBIE)
		return p->state == PROC_ZOMBIE &&
		       (death_at(m, p->death)->known || e->flags & TASK_NO_START);
	return p->state == PROC_RUNNING && (!e->files || (tab && tabref_find(m, p, tab)));
}

static bool knows_task(struct model *m, const struct ev_scan_task *e)
{
	struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start)), *parent = NULL;
	bool child = e->parent && e->parent != e->h.tgid;

	if (!e->h.tgid || !p || p->ghost || p->state == PROC_GONE || !start_known(p, e->start))
		return false;
	if (child)
		parent = proc_at(m, proc_find(m, e->parent));
	if (p->parent != (parent ? parent->id : 0) || (child && !p->parent))
		return false;
	if (!task_life_known(m, p, e) || !task_facts_known(m, p, e))
		return false;
	p->met_ts = max_ts(p->met_ts, e->h.ts);
	if (parent) /* who has a child is there */
		parent->met_ts = max_ts(parent->met_ts, e->h.ts);
	return true;
}

static bool knows_args(const struct model *m, const struct ev_scan_args *e)
{
	const struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start));
	const struct image *i = p ? image_at(m, p->image) : NULL;
	u16 exe_len, args_len;
	const char *exe = event_exe(&e->h, &exe_len), *args = event_args(&e->h, &args_len);

	if (!i)
		return false;
	if (i->exe_len && i->ts)
		return true; /* its exec told more exactly */
	return i->exe_len == exe_len && i->args_len == args_len &&
	       i->truncated == (e->args_truncated != 0) &&
	       (!exe_len || !memcmp(i->text, exe, exe_len)) &&
	       (!args_len || !memcmp(i->text + exe_len, args, args_len));
}

/* ---- what is known: sockets and descriptors ------------------------------------------------ */

/* The one of all the names that the fact gives it. */
static struct sock *sock_named(const struct model *m, const struct sock_ev *e)
{
	u32 a = e->inode ? map_get(&m->by_inode, e->inode) : 0;
	u32 b = e->cookie ? map_get(&m->by_cookie, e->cookie) : 0;

	if (!e->inode && !e->cookie)
		return e->local.port && e->remote.port ? sock_by_addr(m, e) : NULL;
	if ((e->inode && !a) || (e->cookie && !b) || (a && b && a != b))
		return NULL;
	return sock_at(m, a ? a : b);
}

static bool ep_known(const struct ep *known, const struct ep *ep, bool newer)
{
	return !ep->port || !memcmp(known, ep, sizeof(*ep)) || (!newer && known->port);
}

/* The socket of a fact, if sock_of() would learn nothing from it; NULL: it would. */
static struct sock *sock_if_known(const struct model *m, const struct sock_ev *e)
{
	struct sock *s = sock_named(m, e);
	bool newer;

	if (!s || (e->proto && s->proto != e->proto))
		return NULL;
	newer = e->h.ts >= s->state_ts;
	if (e->netns && s->netns != e->netns && (newer || !s->netns))
		return NULL;
	if (!ep_known(&s->local, &e->local, newer) || !ep_known(&s->remote, &e->remote, newer))
		return NULL;
	if (newer && ((e->state && s->state != (u8)e->state) || s->uid != e->uid ||
		      s->sflags != e->sflags))
		return NULL;
	return s;
}

static bool sock_met(struct sock *s, u64 ts)
{
	s->met_ts = max_ts(s->met_ts, ts);
	return true;
}

static bool knows_fd(struct model *m, const struct ev_scan_fd *e)
{
	const struct proc *p = proc_at(m, proc_find(m, e->h.tgid));
	struct sock *s = p && p->state == PROC_RUNNING ? sock_if_known(m, SOCK_EV(e)) : NULL;
	struct hold *h;
	u32 tab;

	if (!s || !e->files)
		return false;
	tab = map_get(&m->by_files, e->files);
	if (!tab || !tabref_find(m, p, tab))
		return false;
	h = hold_in(m, tab, e->fd);
	if (!h || h->sock != s->id)
		return false;
	if (e->cloexec != 2 && h->cloexec != e->cloexec && e->h.ts >= h->seen_ts)
		return false;
	h->met_ts = max_ts(h->met_ts, e->h.ts);
	return sock_met(s, e->h.ts);
}

static bool left_known(const struct sock *s, const struct ev_scan_sock *e)
{
	u64 known = sock_end(s), end = e->h.ts + e->left_ms * NS_PER_MS;

	if (!s->left_ms || !e->left_ms)
		return s->left_ms == e->left_ms;
	return end < known + END_SLACK_NS && known < end + END_SLACK_NS;
}

static bool knows_sock(const struct model *m, const struct ev_scan_sock *e)
{
	struct sock *s = sock_if_known(m, SOCK_EV(e));

	if (!s)
		return false;
	if (e->h.ts >= s->seen_ts && ((e->peer && s->peer != e->peer) || s->queued != e->queued ||
				      !left_known(s, e)))
		return false;
	return sock_met(s, e->h.ts);
}

static bool knows_name(const struct model *m, const struct ev_scan_name *e)
{
	const struct sock *s = sock_known(m, e->inode, e->cookie);
	const struct unix_name *name = s ? name_at(m, s->name) : NULL;

	return name && name->len == e->name.len && !memcmp(name->s, e->name.s, name->len);
}

static bool knows_queue(const struct model *m, const struct ev_scan_queue *e)
{
	struct sock *s = sock_if_known(m, SOCK_EV(e));
	struct flight *f = s && s->queue == e->queue ? flight_of(m, s) : NULL;

	if (!f)
		return false;
	f->met_ts = max_ts(f->met_ts, e->h.ts);
	return sock_met(s, e->h.ts);
}

static bool knows(struct model *m, const struct ev *e)
{
	const void *p = e;

	switch (e->kind) {
	case EV_KIND_SCAN_TASK:
		return knows_task(m, p);
	case EV_KIND_SCAN_FD:
		return knows_fd(m, p);
	case EV_KIND_SCAN_SOCK:
		return knows_sock(m, p);
	case EV_KIND_SCAN_NAME:
		return knows_name(m, p);
	case EV_KIND_SCAN_QUEUE:
		return knows_queue(m, p);
	case EV_KIND_SCAN_ARGS:
		return knows_args(m, p);
	}
	return false;
}

bool model_knows(struct model *m, const struct ev *e)
{
	if (m->lost_since || !knows(m, e))
		return false;
	m->priv->sieved_ts = max_ts(m->priv->sieved_ts, e->ts);
	return true;
}

/* ---- what was not met ---------------------------------------------------------------------- */

bool model_tells(const struct model *m, const struct ev_scan_end *e)
{
	return !(e->scope & SCOPE_TOLD) && (!m->lost_since || e->begin <= m->priv->sieved_ts);
}

static void key_add(struct model *m, u64 key)
{
	buf_add(&m->priv->misses.keys, &key, sizeof(key));
}

static bool task_missed(const struct proc *p, u64 begin)
{
	return p->state != PROC_GONE && p->seen_ts < begin && p->met_ts < begin;
}

static void tasks_find(struct model *m, const struct ev_scan_end *end)
{
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		if (task_missed(proc_at(m, id), end->begin))
			key_add(m, id);
}

static bool task_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct proc *p = proc_at(m, (u32)key);

	if (p->id != key || !task_missed(p, e->begin))
		return false;
	e->what = SCOPE_TASKS;
	e->h.tgid = e->h.tid = p->tgid;
	e->start = p->start;
	return true;
}

static bool hold_missed(const struct hold *h, u64 begin)
{
	return h->seen_ts < begin && h->met_ts < begin;
}

static void table_find(struct model *m, u32 tab, u64 begin)
{
	const struct hold *h = tab ? hold_first(m, fdtab_at(m, tab)) : NULL;

	for (; h; h = hold_at(m, h->tab_next))
		if (hold_missed(h, begin))
			key_add(m, (u64)tab << 32 | (u32)h->fd);
}

static void proc_find_missed(struct model *m, const struct proc *p, u64 begin)
{
	if (p->flags & TASK_NO_START)
		return; /* its descriptors could not be read */
	for (u32 id = p->tabrefs; id; id = tabref_at(m, id)->proc_next)
		table_find(m, tabref_at(m, id)->fdtab, begin);
}

static void holds_find(struct model *m, const struct ev_scan_end *end)
{
	u32 only = end->pid ? proc_find(m, end->pid) : 0;

	if (end->scope & SCOPE_TABLE) {
		table_find(m, map_get(&m->by_files, end->files), end->begin);
		return;
	}
	if (only)
		proc_find_missed(m, proc_at(m, only), end->begin);
	for (u32 id = proc_next(m, 0); id && !end->pid; id = proc_next(m, id))
		proc_find_missed(m, proc_at(m, id), end->begin);
}

static bool hold_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct hold *h = hold_at(m, map_get(&m->by_slot, key));
	const struct tabref *r;
	const struct sock *s;

	if (!h || !hold_missed(h, e->begin))
		return false;
	s = sock_at(m, h->sock);
	r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);
	e->what = SCOPE_FDS;
	e->h.tgid = proc_at(m, r->proc)->tgid;
	e->h.tid = r->tid;
	e->files = fdtab_at(m, h->fdtab)->key;
	e->fd = h->fd;
	e->inode = s->inode;
	e->cookie = s->cookie;
	return true;
}

static void sock_tell_name(const struct sock *s, struct ev_scan_miss *e)
{
	e->what = SCOPE_SOCKS;
	e->inode = s->inode;
	e->cookie = s->cookie;
	if (s->inode || s->cookie)
		return;
	e->netns = s->netns;
	e->proto = s->proto;
	e->local = s->local;
	e->remote = s->remote;
}

static void flights_find(struct model *m, const struct ev_scan_end *end)
{
	const struct model_priv *pr = m->priv;

	for (u32 i = pr->nflights; i-- > 0;)
		if (pr->flights[i].ts < end->begin && pr->flights[i].met_ts < end->begin)
			key_add(m, pr->flights[i].sock);
}

static bool flight_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct sock *s = sock_at(m, (u32)key);
	const struct flight *f = s->id == key ? flight_of(m, s) : NULL;

	if (!f || f->ts >= e->begin || f->met_ts >= e->begin)
		return false;
	sock_tell_name(s, e);
	e->queue = s->queue;
	return true;
}

static bool sock_missed(const struct sock *s, u64 begin)
{
	return !s->gone && !s->nholds && !s->queue && s->seen_ts < begin && s->met_ts < begin;
}

static void socks_find(struct model *m, const struct ev_scan_end *end)
{
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id))
		if (sock_missed(sock_at(m, id), end->begin))
			key_add(m, id);
}

static bool sock_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct sock *s = sock_at(m, (u32)key);

	if (s->id != key || !sock_missed(s, e->begin))
		return false;
	sock_tell_name(s, e);
	return true;
}

/* In the order of the sweeps.  What one finds is looked at again before it is told. */
static const struct {
	u32 scope;
	void (*find)(struct model *m, const struct ev_scan_end *end);
	bool (*tell)(const struct model *m, u64 key, struct ev_scan_miss *e);
} phases[] = {
	{SCOPE_TASKS, tasks_find, task_tell},
	{SCOPE_FDS | SCOPE_TABLE, holds_find, hold_tell},
	{SCOPE_SOCKS, flights_find, flight_tell},
	{SCOPE_SOCKS, socks_find, sock_tell},
};

static bool miss_next(struct model *m, const struct ev_scan_end *end)
{
	struct misses *w = &m->priv->misses;
	u64 key;

	while (w->next < w->keys.len / sizeof(key)) {
		memcpy(&key, w->keys.s + w->next++ * sizeof(key), sizeof(key));
		w->e = (struct ev_scan_miss){
			.h = {.kind = EV_KIND_SCAN_MISS, .size = sizeof(w->e), .ts = end->h.ts},
			.begin = end->begin,
			.fd = -1,
		};
		if (phases[w->phase - 1].tell(m, key, &w->e))
			return true;
	}
	return false;
}

const struct ev *model_missed(struct model *m, const struct ev_scan_end *end)
{
	struct misses *w = &m->priv->misses;

	while (!miss_next(m, end)) {
		buf_reset(&w->keys);
		w->next = 0;
		if (w->phase == ARRAY_SIZE(phases)) {
			w->phase = 0;
			return NULL;
		}
		if (scan_scope(m, end) & phases[w->phase++].scope)
			phases[w->phase - 1].find(m, end);
	}
	return &w->e.h;
}
