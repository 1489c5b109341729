// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tabrefs: that a process, or a thread of it, uses a table.
 *
 * The main one is known to its process, the others are found by table and by thread in two maps, as
 * a process may have thousands of threads with tables of their own.
 */
#include "model_priv.h"

/* Only who has threads with tables of their own takes space in the maps. */
static u64 ref_key(const struct proc *p, u32 of)
{
	return (u64)p->id << 32 | of;
}

void tabref_index(struct model *m, struct proc *p, u32 id)
{
	const struct tabref *r = tabref_at(m, id);

	if (!r->tid) {
		p->main = id;
		return;
	}
	map_put(&m->priv->by_ref, ref_key(p, r->fdtab), id);
	map_put(&m->priv->by_tid, ref_key(p, r->tid), id);
}

static void tabref_unindex(struct model *m, struct proc *p, u32 id)
{
	const struct tabref *r = tabref_at(m, id);

	if (p->main == id)
		p->main = 0;
	if (!r->tid)
		return;
	map_take(&m->priv->by_ref, ref_key(p, r->fdtab));
	if (map_get(&m->priv->by_tid, ref_key(p, r->tid)) ==
	    id) /* else a newer one of that thread */
		map_take(&m->priv->by_tid, ref_key(p, r->tid));
}

static void tabref_set_tid(struct model *m, struct proc *p, u32 id, u32 tid)
{
	tabref_unindex(m, p, id);
	tabref_at(m, id)->tid = tid;
	tabref_index(m, p, id);
}

u32 tabref_find(const struct model *m, const struct proc *p, u32 fdtab)
{
	if (p->main && tabref_at(m, p->main)->fdtab == fdtab)
		return p->main;
	return map_get(&m->priv->by_ref, ref_key(p, fdtab));
}

u32 tabref_of_tid(const struct model *m, const struct proc *p, u32 tid)
{
	return tid ? map_get(&m->priv->by_tid, ref_key(p, tid)) : p->main;
}

u32 proc_main(const struct model *m, const struct proc *p)
{
	(void)m;
	return p->main;
}

/* What the process made is held by one of its tables more, or one fewer. */
static void mine_count(struct model *m, const struct proc *p, u32 fdtab, u32 more)
{
	const u32 *ids;
	u32 n = made_in(m, p, fdtab, &ids);

	for (u32 i = 0; i < n; i++)
		sock_at(m, ids[i])->nmine += more;
}

void tabref_add(struct model *m, struct proc *p, u32 fdtab, u32 tid)
{
	u32 id = pool_new(&m->tabrefs);
	struct tabref *r = tabref_at(m, id);
	struct fdtab *t = fdtab_at(m, fdtab);

	r->proc = p->id;
	r->fdtab = fdtab;
	r->tid = tid;
	r->proc_next = p->tabrefs;
	if (p->tabrefs)
		tabref_at(m, p->tabrefs)->proc_prev = id;
	p->tabrefs = id;
	r->tab_next = t->refs;
	if (t->refs)
		tabref_at(m, t->refs)->tab_prev = id;
	t->refs = id;
	t->nrefs++;
	tabref_index(m, p, id);
	multi_note(m, fdtab);
	mine_count(m, p, fdtab, 1);
}

static void tabref_unlink(struct model *m, struct proc *p, u32 id)
{
	struct tabref *r = tabref_at(m, id);

	tabref_unindex(m, p, id);
	if (r->proc_prev)
		tabref_at(m, r->proc_prev)->proc_next = r->proc_next;
	else
		p->tabrefs = r->proc_next;
	if (r->proc_next)
		tabref_at(m, r->proc_next)->proc_prev = r->proc_prev;
	if (r->tab_prev)
		tabref_at(m, r->tab_prev)->tab_next = r->tab_next;
	else
		fdtab_at(m, r->fdtab)->refs = r->tab_next;
	if (r->tab_next)
		tabref_at(m, r->tab_next)->tab_prev = r->tab_prev;
	fdtab_at(m, r->fdtab)->nrefs--;
	multi_note(m, r->fdtab);
	pool_drop(&m->tabrefs, id);
}

/* The table lives on with others: what this process made, it has let go now. */
static void fdtab_left(struct model *m, const struct proc *p, u32 fdtab)
{
	const u32 *ids;
	u32 n;

	mine_count(m, p, fdtab, ~0u);
	n = made_in(m, p, fdtab, &ids);
	for (u32 i = 0; i < n; i++)
		sock_review(m, sock_at(m, ids[i]));
}

void tabref_drop(struct model *m, struct proc *p, u32 id)
{
	u32 tab = tabref_at(m, id)->fdtab;
	struct fdtab *t = fdtab_at(m, tab);

	if (t->nrefs > 1) {
		tabref_unlink(m, p, id);
		fdtab_left(m, p, tab);
		return;
	}
	fdtab_clear(m, t); /* first, so that what it holds twice is still somebody's after once */
	tabref_unlink(m, p, id);
	if (t->key)
		map_take(&m->by_files, t->key);
	pool_drop(&m->fdtabs, tab);
}

void proc_drop_tables(struct model *m, struct proc *p)
{
	while (p->tabrefs)
		tabref_drop(m, p, p->tabrefs);
}

/* That thread uses this table: if it was told of with another one, it has left that unseen. */
static void tabref_give(struct model *m, struct proc *p, u32 id, u32 tid)
{
	u32 other = tabref_of_tid(m, p, tid);

	if (other && other != id)
		tabref_drop(m, p, other);
	tabref_set_tid(m, p, id, tid);
}

/*
 * Another main table.  The one it had stays with the heir, a thread; without one (0) it goes, after
 * the new one came, so that nothing seems let go.
 */
void proc_set_main(struct model *m, struct proc *p, u32 fdtab, u32 heir)
{
	u32 old = p->main, ref = tabref_find(m, p, fdtab);

	if (old && old == ref)
		return;
	if (old)
		tabref_set_tid(m, p, old, ~0u); /* not the main one any more */
	if (ref)
		tabref_set_tid(m, p, ref, 0);
	else
		tabref_add(m, p, fdtab, 0);
	if (old && heir)
		tabref_give(m, p, old, heir);
	else if (old)
		tabref_drop(m, p, old);
}

/* A thread has left the table behind that ref, or died: it is the heir's from now on, or goes. */
void tabref_leave(struct model *m, struct proc *p, u32 id, u32 heir)
{
	u32 other = p->tabrefs == id ? tabref_at(m, id)->proc_next : p->tabrefs;

	if (heir && !tabref_at(m, id)->tid)
		return;
	if (heir) {
		tabref_give(m, p, id, heir);
		return;
	}
	if (!tabref_at(m, id)->tid) {
		if (!other)
			return; /* its last: the exit tells */
		tabref_set_tid(m, p, id, ~0u);
		tabref_set_tid(m, p, other, 0);
	}
	tabref_drop(m, p, id);
}
