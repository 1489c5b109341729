// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a pass did not meet, told one by one where the sieve (sieve.c: S3, S4) dropped what it met.
 *
 * In the order of the sweeps of scanpass.c: processes, descriptors, sockets.  Each phase lists what
 * it misses when it begins, as those before it may have taken more away; and as time goes on
 * between two that are told, each is looked at again before it is.
 */
#include <netinet/in.h>

#include "model_priv.h"

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
	const struct hold *h = hold_in(m, (u32)(key >> 32), (s32)(u32)key);
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

static bool flight_missed(const struct model *m, const struct flight *f, u64 begin)
{
	return f->ts < begin && f->met_ts < begin && !cut_spares_flight(m, f, begin);
}

static void flights_find(struct model *m, const struct ev_scan_end *end)
{
	for (u32 id = sock_after(m, 0); id; id = sock_after(m, id))
		for (u32 f = sock_at(m, id)->flights; f; f = flight_at(m, f)->next)
			if (flight_missed(m, flight_at(m, f), end->begin))
				key_add(m, f);
}

static bool flight_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct flight *f = flight_at(m, (u32)key);

	/* One that ended meanwhile has no count, and another in its place was met since. */
	if (!f->count || !flight_missed(m, f, e->begin))
		return false;
	sock_tell_name(sock_at(m, f->sock), e);
	e->queue = f->queue;
	return true;
}

static bool sock_missed(const struct model *m, const struct sock *s, u64 begin)
{
	return !s->gone && !s->nholds && !s->queue && s->seen_ts < begin && s->met_ts < begin &&
	       !cut_spares(m, s->netns, begin);
}

static void socks_find(struct model *m, const struct ev_scan_end *end)
{
	for (u32 id = sock_after(m, 0); id; id = sock_after(m, id))
		if (sock_missed(m, sock_at(m, id), end->begin))
			key_add(m, id);
}

static bool sock_tell(const struct model *m, u64 key, struct ev_scan_miss *e)
{
	const struct sock *s = sock_at(m, (u32)key);

	if (s->id != key || !sock_missed(m, s, e->begin))
		return false;
	sock_tell_name(s, e);
	return true;
}

/*
 * Would a scan for that port have met it, were it there?  What stands in the tables of TCP and UDP of
 * the asker's own network namespace: others are not always walked, and of TCP what is bound and does
 * not listen is in no table before 6.8.
 */
static bool must_be_met(const struct model *m, const struct sock *s, u16 port)
{
	if (!port || s->local.port != port || !s->netns || s->netns != model_netns(m))
		return false;
	return sock_is_tcp(s) ? s->state != TCP_CLOSE : PROTO_PROTOCOL(s->proto) == IPPROTO_UDP;
}

/* A walk over the sockets, and over the holds of those that it is about. */
void model_unmet(struct model *m, u64 begin, u16 port, struct buf *out)
{
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		const struct sock *s = sock_at(m, id);
		bool met = s->seen_ts >= begin || s->met_ts >= begin;

		if (!met && !must_be_met(m, s, port))
			continue;
		for (u32 i = s->holds; i; i = hold_at(m, i)->sock_next) {
			const struct hold *h = hold_at(m, i);
			const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);
			struct ev_scan_miss e = {
				.h = {.kind = EV_KIND_SCAN_MISS, .size = sizeof(e), .ts = m->now},
				.begin = begin,
				.fd = -1,
			};

			if (!(proc_at(m, r->proc)->flags & TASK_NO_START) &&
			    hold_tell(m, (u64)h->fdtab << 32 | (u32)h->fd, &e))
				buf_add(out, &e, sizeof(e));
		}
	}
}

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
		buf_free(&w->keys);
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
