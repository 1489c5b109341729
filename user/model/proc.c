// SPDX-License-Identifier: BSD-2-Clause
/*
 * Processes: lives of a pid, references, and how long the dead are remembered.
 *
 * A start time from /proc is cut to whole clock ticks, so two starts are of one life when they
 * are equal or when one of them is such a tick and the other lies within it.
 *
 * References (killer, birth parent) can form circles among the dead: a child that killed its
 * parent.  When many dead are kept by references, proc_collect() looks which of them nothing
 * alive leads to and cuts those.
 */
#include "model_priv.h"

#define TICK_NS (10 * NS_PER_MS)

u32 proc_find(const struct model *m, u32 tgid)
{
	return map_get(&m->by_tgid, tgid);
}

static bool same_start(u64 a, u64 b)
{
	if (a == b || !a || !b)
		return true;
	return (a % TICK_NS == 0 || b % TICK_NS == 0) && a / TICK_NS == b / TICK_NS;
}

u32 proc_find_start(const struct model *m, u32 tgid, u64 start)
{
	u32 id = proc_find(m, tgid);

	while (id && !same_start(proc_at(m, id)->start, start))
		id = proc_at(m, id)->older;
	return id;
}

/* A slot that was given back holds the link of the free list where the id was: never its own. */
u32 proc_next(const struct model *m, u32 id)
{
	while ((id = pool_next(&m->procs, id)))
		if (proc_at(m, id)->id == id)
			return id;
	return 0;
}

/* ---- references and the grace of the dead ---- */

static void grace_remove(struct model *m, struct proc *p)
{
	if (p->grace_prev)
		proc_at(m, p->grace_prev)->grace_next = p->grace_next;
	else
		m->grace_head = p->grace_next;
	if (p->grace_next)
		proc_at(m, p->grace_next)->grace_prev = p->grace_prev;
	else
		m->grace_tail = p->grace_prev;
	p->grace_next = p->grace_prev = 0;
	p->pinned_grace = false;
	m->grace_count--;
}

static void grace_append(struct model *m, struct proc *p)
{
	p->grace_prev = m->grace_tail;
	if (m->grace_tail)
		proc_at(m, m->grace_tail)->grace_next = p->id;
	else
		m->grace_head = p->id;
	m->grace_tail = p->id;
	p->pinned_grace = true;
	m->grace_count++;
	timer_wake(m,
		   m->grace_count > DEAD_MAX ? 0 : death_at(m, p->death)->reaped_ts + m->grace_ns);
}

void proc_ref(struct model *m, u32 id)
{
	struct proc *p = proc_at(m, id);

	if (!p)
		return;
	if (p->pinned_grace) {
		grace_remove(m, p);
		m->priv->pinned++;
	}
	p->refs++;
}

void proc_unref(struct model *m, u32 id)
{
	struct proc *p = proc_at(m, id);

	if (!p)
		return;
	assert(p->refs);
	if (--p->refs || p->state != PROC_GONE)
		return;
	m->priv->pinned--;
	grace_append(m, p);
}

static bool descends(const struct model *m, u32 id, u32 from)
{
	while (id && id != from)
		id = proc_at(m, id)->birth;
	return id != 0;
}

/* Who descends from it did not bear it: a pid was used again, and nobody saw that. */
void proc_set_birth(struct model *m, struct proc *p, u32 birth)
{
	u32 old = p->birth;

	if (p->refs && descends(m, birth, p->id))
		birth = 0;
	proc_ref(m, birth);
	p->birth = birth;
	proc_unref(m, old);
}

static void cut_lineage(struct model *m, const struct proc *p)
{
	u32 n = 0;

	for (u32 id = p->id; id && proc_at(m, id)->state == PROC_GONE; id = proc_at(m, id)->birth)
		if (++n > LINEAGE_MAX) {
			proc_set_birth(m, proc_at(m, id), 0);
			return;
		}
}

/* Just gone: remembered while it is referenced, and for a while after. */
void proc_settle_gone(struct model *m, struct proc *p)
{
	cut_lineage(m, p);
	if (p->refs)
		m->priv->pinned++;
	else
		grace_append(m, p);
	if (m->priv->pinned > m->priv->collect_at)
		timer_wake(m, 0);
}

static void older_remove(struct model *m, const struct proc *p)
{
	struct proc *older = proc_at(m, p->older), *newer = proc_at(m, p->newer);

	if (older)
		older->newer = p->newer;
	if (newer)
		newer->older = p->older;
	else if (older)
		map_put(&m->by_tgid, p->tgid, p->older);
	else
		map_take(&m->by_tgid, p->tgid);
}

static void proc_free(struct model *m, struct proc *p)
{
	struct death *d = death_at(m, p->death);

	assert(p->state == PROC_GONE && !p->refs && !p->parent && !p->child && !p->tabrefs);
	grace_remove(m, p);
	older_remove(m, p);
	if (p->pidns && map_get(&m->nsinits, p->pidns) == p->id)
		map_take(&m->nsinits, p->pidns);
	proc_unref(m, p->birth);
	proc_unref(m, d->killer);
	proc_unref(m, d->reaper);
	pool_drop(&m->deaths, p->death);
	image_unref(m, p->image);
	pool_drop(&m->procs, p->id);
}

static u32 max_u32(u32 a, u32 b)
{
	return a > b ? a : b;
}

static void mark_up(const struct model *m, u8 *mark, u32 id)
{
	while (id && !mark[id]) {
		const struct proc *p = proc_at(m, id);
		const struct death *d = death_at(m, p->death);

		mark[id] = 1;
		if (d && d->killer)
			mark[d->killer] |= 2;
		if (d && d->reaper)
			mark[d->reaper] |= 2;
		id = p->birth;
	}
}

static void mark_roots(const struct model *m, u8 *mark)
{
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		if (proc_at(m, id)->state != PROC_GONE)
			mark_up(m, mark, id);
	for (u32 id = 1; id <= m->socks.used; id++) {
		const struct sock *s = sock_at(m, id);

		if (s->id != id)
			continue;
		mark_up(m, mark, s->creator);
		for (u32 o = s->origins; o; o = origin_at(m, o)->next) {
			mark_up(m, mark, origin_at(m, o)->proc);
			mark_up(m, mark, origin_at(m, o)->from);
		}
	}
}

/*
 * Cut what only the dead refer to.  A killer or reaper of somebody still of interest (2) is kept,
 * but not whom it refers to in turn: one step is what a view shows.
 */
static void proc_collect(struct model *m)
{
	u8 *mark = xcalloc(m->procs.used + 1, 1);

	mark_roots(m, mark);
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		struct proc *p = proc_at(m, id);
		struct death *d = death_at(m, p->death);

		if (mark[id] & 1 || d == NULL)
			continue;
		proc_set_birth(m, p, 0);
		proc_unref(m, d->killer);
		proc_unref(m, d->reaper);
		d->killer = d->reaper = 0;
	}
	free(mark);
	/* It looks at everything: not again before as much has happened as there is to look at. */
	m->priv->collect_at =
		max_u32(4096, max_u32(m->priv->pinned * 2, (m->procs.live + m->socks.live) / 4));
}

void proc_expire(struct model *m)
{
	if (m->priv->pinned > m->priv->collect_at)
		proc_collect(m);
	while (m->grace_head) {
		struct proc *p = proc_at(m, m->grace_head);
		u64 end = death_at(m, p->death)->reaped_ts + m->grace_ns;

		if (end > m->now && m->grace_count <= DEAD_MAX) {
			timer_wake(m, end);
			return;
		}
		proc_free(m, p);
	}
}

/* ---- lives ---- */

static struct proc *older_insert(struct model *m, struct proc *p)
{
	u32 old = proc_find(m, p->tgid);

	if (old) { /* its pid is in use again: whatever we saw of it, it is gone */
		proc_vanish(m, proc_at(m, old));
		p->older = old;
		proc_at(m, old)->newer = p->id;
	}
	map_put(&m->by_tgid, p->tgid, p->id);
	return p;
}

struct proc *proc_new(struct model *m, u32 tgid, u64 start)
{
	u32 id = pool_new(&m->procs);
	struct proc *p = proc_at(m, id);

	p->id = id;
	p->tgid = tgid;
	p->start = start;
	p->seen_ts = p->met_ts = m->now;
	p->sigchld = SIGCHLD_UNKNOWN;
	return older_insert(m, p);
}

struct proc *proc_ghost(struct model *m, u32 tgid, u64 start)
{
	struct proc *p = proc_new(m, tgid, start);

	p->ghost = true;
	proc_set_main(m, p, fdtab_new(m, 0), 0);
	return p;
}

static bool proc_is_over(const struct model *m, const struct proc *p, u64 ts)
{
	return p->state != PROC_RUNNING && ts > p->seen_ts && ts > death_at(m, p->death)->ts;
}

/*
 * The process that acted.  One that is dead acts no more, so then it is another with its pid; but
 * an event from before its death may come after a scan that found it dead.
 */
struct proc *proc_actor(struct model *m, const struct ev *h)
{
	u32 id;
	struct proc *p;

	if (!h->tgid)
		return NULL;
	id = proc_find(m, h->tgid);
	p = proc_at(m, id);
	if (!p || proc_is_over(m, p, h->ts))
		p = proc_ghost(m, h->tgid, 0);
	if (p->seen_ts < h->ts)
		p->seen_ts = h->ts;
	return p;
}

/*
 * The process of that pid and start, made up when it is not known.  NULL for pid 0.  as_zombie: a
 * scan met it dead, so it may well be the dead one that is known.
 */
struct proc *proc_life(struct model *m, u32 tgid, u64 start, u64 ts, bool as_zombie)
{
	struct proc *p = proc_at(m, proc_find_start(m, tgid, start));

	if (!tgid)
		return NULL;
	if (!p || (!p->start && proc_is_over(m, p, ts) && !(as_zombie && p->state == PROC_ZOMBIE)))
		p = proc_ghost(m, tgid, start);
	if (!p->start || (p->start % TICK_NS == 0 && start))
		p->start = start;
	if (p->seen_ts < ts)
		p->seen_ts = ts;
	return p;
}

/* Spoken of as somebody's parent, which says that it is there, but not that a zombie still is. */
struct proc *proc_someone(struct model *m, u32 tgid, u64 ts)
{
	struct proc *p = proc_at(m, proc_find(m, tgid));

	if (!tgid)
		return NULL;
	if (!p || p->state == PROC_GONE)
		if (!p || p->state == PROC_GONE)
			p = proc_ghost(m, tgid, 0);
	if (p->state == PROC_RUNNING && p->seen_ts < ts)
		p->seen_ts = ts;
	return p;
}
