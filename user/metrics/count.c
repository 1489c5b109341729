// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is counted from events on their way, and what has to be remembered of them.
 *
 * What a scan repairs: it met what the model did not have (new), or did not meet what it had
 * (over).  The first scan repairs nothing, it makes the picture; and no event tells of the end of a
 * TIME_WAIT nor of its begin, so these are no repairs either.  After a loss the model itself sweeps
 * and sums up what was over.
 */
#include <stdlib.h>
#include <string.h>

#include "metrics_priv.h"

/* ---- moments of sockets that live on --------------------------------------------------------- */

static void times_free(struct times *t)
{
	map_free(&t->by_inode);
	pool_free(&t->since);
}

/* keep: a moment that is known already stays. */
static void times_note(struct times *t, u64 inode, u64 ts, bool keep)
{
	u32 id = inode ? map_get(&t->by_inode, inode) : 0;

	if (!inode || (id && keep))
		return;
	if (!id) {
		id = pool_new(&t->since);
		map_put(&t->by_inode, inode, id);
	}
	memcpy(pool_at(&t->since, id), &ts, sizeof(ts));
}

static void times_forget(struct times *t, u64 inode)
{
	u32 id = map_take(&t->by_inode, inode);

	if (id)
		pool_drop(&t->since, id);
}

/* 0: none is known. */
static u64 times_of(const struct times *t, u64 inode)
{
	u32 id = map_get(&t->by_inode, inode);
	u64 since = 0;

	if (id)
		memcpy(&since, pool_at(&t->since, id), sizeof(since));
	return since;
}

u64 metrics_stuck(struct metrics *c, const struct model *m, const struct sock *s, bool stuck)
{
	if (stuck)
		times_note(&c->stuck, s->inode, m->now, true);
	else if (c->stuck.by_inode.count)
		times_forget(&c->stuck, s->inode);
	return times_of(&c->stuck, s->inode);
}

struct metrics *metrics_new(void)
{
	struct metrics *c = xcalloc(1, sizeof(*c));

	pool_init(&c->let_go.since, sizeof(u64));
	pool_init(&c->stuck.since, sizeof(u64));
	pool_init(&c->unnamed.since, sizeof(u64));
	return c;
}

void metrics_free(struct metrics *c)
{
	times_free(&c->let_go);
	times_free(&c->stuck);
	times_free(&c->unnamed);
	free(c->counted);
	free(c);
}

bool kind_is_read(u32 kind)
{
	const struct kind *k = kind < EV_KIND_HELD ? event_kind(kind) : NULL;

	return k && kind != EV_KIND_SCAN_MISS; /* which the sieve makes */
}

/* What was not seen is guessed by what is nearest to it. */
u64 metrics_let_go(const struct metrics *c, const struct model *m, const struct sock *s)
{
	u64 since = times_of(&c->let_go, s->inode);
	const struct proc *creator = proc_at(m, s->creator);
	const struct death *d = creator ? death_at(m, creator->death) : NULL;

	if (since)
		return since;
	if (d && d->ts)
		return d->ts;
	if (s->opened)
		return s->opened;
	return s->holds ? hold_at(m, s->holds)->since : s->seen_ts;
}

/* ---- who holds it ---------------------------------------------------------------------------- */

static u64 table_holders(struct metrics *c, const struct model *m, const struct fdtab *t)
{
	u64 n = 0;

	for (u32 r = t->refs; r; r = tabref_at(m, r)->tab_next) {
		u32 proc = tabref_at(m, r)->proc;

		n += c->counted[proc] != c->round;
		c->counted[proc] = c->round;
	}
	return n;
}

u64 metrics_holders(struct metrics *c, const struct model *m, const struct sock *s)
{
	u64 n = 0;

	if (c->counted_cap <= m->procs.reach || !++c->round) {
		free(c->counted);
		c->counted_cap = m->procs.reach + 1;
		c->counted = xcalloc(c->counted_cap, sizeof(*c->counted));
		c->round = 1;
	}
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next)
		n += table_holders(c, m, fdtab_at(m, hold_at(m, id)->fdtab));
	return n;
}

/* ---- told by the model ----------------------------------------------------------------------- */

/*
 * The time of an exit nobody saw is not known.  A reaping nobody saw is known by what came of it,
 * the freeing of the last trace, 8 to 26 ms later (lean mode sees no other).
 */
static void count_reap(struct metrics *c, const struct model *m, const struct ev_reap *e)
{
	const struct proc *p = proc_at(m, proc_find_start(m, e->child, e->start));
	const struct death *d = p ? death_at(m, p->death) : NULL;
	const struct proc *parent = proc_at(m, proc_find(m, e->h.tgid));
	bool at_once = !e->reaper && parent && parent->sigchld == 1;

	if (!d || !d->known || !d->ts)
		return;
	histogram_add(&c->reaps, at_once || d->reaped_ts < d->ts ? 0 : d->reaped_ts - d->ts);
}

static void count_orphan(struct metrics *c, const struct model *m, const struct ev_reparent *e)
{
	const struct proc *p = proc_at(m, proc_find(m, e->to));
	bool nsinit = p && p->pidns && map_get(&m->nsinits, p->pidns) == p->id;
	enum adopter by = e->to == 1				    ? ADOPTED_INIT
			  : nsinit || (p && p->flags & TASK_NSINIT) ? ADOPTED_NSINIT
								    : ADOPTED_SUBREAPER;

	c->orphans[by]++;
}

/* How the process that keeps it had come to it; not known when it, too, has let go meanwhile. */
static u8 transfer_via(const struct model *m, const struct ev_transfer *e)
{
	const struct sock *s = sock_at(m, sock_find(m, e->inode, e->cookie));
	struct holder row;

	return s && holder_first(m, s, &row) && proc_at(m, row.proc)->tgid == e->to ? row.how
										    : VIA_NONE;
}

static void count_leak(struct metrics *c, const struct model *m, const struct ev_leak *e)
{
	const struct sock *s = sock_at(m, sock_find(m, e->inode, e->cookie));

	if (s && sock_is_offer(s))
		c->leaks++;
	else /* the name of a UNIX socket comes by the next scan */
		times_note(&c->unnamed, e->inode, e->h.ts, false);
	times_note(&c->let_go, e->inode, e->h.ts, false);
}

void metrics_leaked(struct metrics *c, const struct sock *s)
{
	if (!c->unnamed.by_inode.count || !times_of(&c->unnamed, s->inode))
		return;
	times_forget(&c->unnamed, s->inode);
	c->leaks++;
}

/* ---- repairs --------------------------------------------------------------------------------- */

static void pass_begins(struct metrics *c)
{
	c->scanning = c->scanned;
}

static void pass_ends(struct metrics *c, const struct ev_scan_end *e)
{
	if (e->pid || e->scope & SCOPE_TABLE) /* of an exec */
		return;
	c->audited = c->scanning;
	c->scanning = false;
	c->scanned = true;
	c->scanned_ts = e->h.ts;
}

u64 metrics_scanned(const struct metrics *c)
{
	return c->scanned_ts;
}

/* The hold of this fact is one that no event had told of. */
static bool hold_is_new(const struct model *m, const struct ev_scan_fd *e)
{
	u32 tab = map_get(&m->by_files, e->files);
	const struct hold *h = hold_in(m, tab, e->fd);

	return h && h->via == VIA_SCAN && h->since == e->h.ts;
}

static bool fact_is_new(const struct metrics *c, const struct model *m, const struct ev *e)
{
	const void *p = e;

	switch (e->kind) {
	case EV_KIND_SCAN_TASK:
		return m->procs.live > c->procs;
	case EV_KIND_SCAN_FD:
		return hold_is_new(m, p);
	case EV_KIND_SCAN_SOCK:
		return m->socks.live > c->socks &&
		       !(((const struct ev_scan_sock *)p)->sflags & SF_TIMEWAIT);
	case EV_KIND_SCAN_QUEUE:
		return m->socks.live > c->socks;
	}
	return false;
}

static bool fact_is_over(const struct model *m, const struct ev_scan_miss *e)
{
	return !m->lost_since && (e->what != SCOPE_SOCKS || e->inode || e->cookie);
}

static void count_repair(struct metrics *c, const struct model *m, const struct ev *e)
{
	const void *p = e;

	if (!c->scanning)
		return;
	c->repairs[REPAIR_NEW] += fact_is_new(c, m, e);
	if (e->kind == EV_KIND_SCAN_MISS)
		c->repairs[REPAIR_OVER] += fact_is_over(m, p);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void told(struct metrics *c, const struct model *m, const struct ev *e)
{
	const void *p = e;

	switch (e->kind) {
	case EV_KIND_REAP:
		count_reap(c, m, p);
		break;
	case EV_KIND_REPARENT:
		count_orphan(c, m, p);
		break;
	case EV_KIND_TRANSFER:
		c->transfers[transfer_via(m, p)]++;
		times_note(&c->let_go, ((const struct ev_transfer *)p)->inode, e->ts, false);
		break;
	case EV_KIND_LEAK:
		count_leak(c, m, p);
		break;
	case EV_KIND_RESYNC:
		if (c->audited)
			c->repairs[REPAIR_OVER] += ((const struct ev_resync *)p)->dropped;
		break;
	case EV_KIND_GONE:
		c->socks--; /* freed before the next event */
		times_forget(&c->let_go, ((const struct ev_gone *)p)->inode);
		times_forget(&c->stuck, ((const struct ev_gone *)p)->inode);
		times_forget(&c->unnamed, ((const struct ev_gone *)p)->inode);
		break;
	}
}

void metrics_event(struct metrics *c, const struct model *m, const struct ev *e)
{
	const void *p = e;

	c->events[e->kind]++;
	if (event_kind(e->kind)->class == CLASS_TOLD) {
		told(c, m, e);
		return;
	}
	if (e->kind >= EV_KIND_SCAN_BEGIN && e->kind <= EV_KIND_SCAN_MISS)
		count_repair(c, m, e);
	if (e->kind == EV_KIND_SCAN_BEGIN)
		pass_begins(c);
	else if (e->kind == EV_KIND_SCAN_END)
		pass_ends(c, p);
	c->procs = m->procs.live;
	c->socks = m->socks.live;
}
