// SPDX-License-Identifier: BSD-2-Clause
/* Parents: who is whose child, by which number its wait returns it, and who is below a subreaper.
 */
#include "model_priv.h"

/*
 * Children by the number that a wait of their parent returns, where that is not the one that
 * everybody knows: in a nested pid namespace, as seen from the parent's.
 */
static u64 nr_key(const struct proc *parent, const struct proc *c)
{
	u32 nr = parent->level && parent->level <= NS_LEVELS ? c->nspid.nr[parent->level - 1] : 0;

	return nr ? (u64)parent->id << 32 | nr : 0;
}

static void nr_add(struct model *m, const struct proc *parent, const struct proc *c)
{
	u64 key = nr_key(parent, c);

	if (key)
		map_put(&m->priv->by_nr, key, c->id);
}

static void nr_drop(struct model *m, const struct proc *parent, const struct proc *c)
{
	u64 key = nr_key(parent, c);

	if (key && map_get(&m->priv->by_nr, key) == c->id) /* else a newer one of that number */
		map_take(&m->priv->by_nr, key);
}

u32 proc_child_nr(const struct model *m, const struct proc *parent, u32 nr)
{
	return map_get(&m->priv->by_nr, (u64)parent->id << 32 | nr);
}

void proc_index_nr(struct model *m, const struct proc *c)
{
	if (c->parent)
		nr_add(m, proc_at(m, c->parent), c);
}

/* Its own number, and those of its children as it sees them, are about to change or have. */
static void nrs_update(struct model *m, const struct proc *p,
		       void (*f)(struct model *m, const struct proc *parent, const struct proc *c))
{
	if (p->parent)
		f(m, proc_at(m, p->parent), p);
	for (u32 id = p->child; id; id = proc_at(m, id)->next)
		f(m, p, proc_at(m, id));
}

void proc_set_nspid(struct model *m, struct proc *p, u32 pidns, const struct nspids *nspid,
		    bool nsinit)
{
	if (memcmp(&p->nspid, nspid,
		   sizeof(*nspid))) { /* once in its life: when it becomes known */
		nrs_update(m, p, nr_drop);
		p->nspid = *nspid;
		p->level = 0;
		while (p->level < NS_LEVELS && nspid->nr[p->level])
			p->level++;
		nrs_update(m, p, nr_add);
	}
	if (pidns && pidns != p->pidns) {
		if (map_get(&m->nsinits, p->pidns) == p->id)
			map_take(&m->nsinits, p->pidns);
		p->pidns = pidns;
	}
	if (nsinit) {
		p->flags |= TASK_NSINIT;
		if (p->pidns && p->state != PROC_GONE)
			map_put(&m->nsinits, p->pidns, p->id);
	}
}

/*
 * It is a subreaper, or descends from one.  The kernel looks for the nearest only for who does, and
 * so do we: a mark that goes down the tree, once to each, and stays.
 */
void proc_mark_under(struct model *m, struct proc *p)
{
	struct proc *at = p, *c;
	u32 id = p->child;

	if (p->under)
		return;
	p->under = true;
	while (id || at != p) {
		c = proc_at(m, id);
		if (!c) {
			id = at->next;
			at = proc_at(m, at->parent);
		} else if (c->under) { /* and so is all below it */
			id = c->next;
		} else {
			c->under = true;
			id = c->child;
			at = c;
		}
	}
}

void proc_unlink(struct model *m, struct proc *p)
{
	struct proc *parent = proc_at(m, p->parent);

	if (!parent)
		return;
	nr_drop(m, parent, p);
	if (p->prev)
		proc_at(m, p->prev)->next = p->next;
	else
		parent->child = p->next;
	if (p->next)
		proc_at(m, p->next)->prev = p->prev;
	p->next = p->prev = p->parent = 0;
	parent->nchildren--;
	parent->zombies -= proc_is_zombie(p);
}

static bool is_above(const struct model *m, u32 above, u32 id)
{
	while (id && id != above)
		id = proc_at(m, id)->parent;
	return id != 0;
}

static void parent_put(struct model *m, struct proc *p, struct proc *to, u64 ts)
{
	p->adopted |= p->parent && to;
	proc_unlink(m, p);
	p->parent_ts = ts;
	if (!to)
		return;
	p->parent = to->id;
	p->next = to->child;
	if (to->child)
		proc_at(m, to->child)->prev = p->id;
	to->child = p->id;
	to->nchildren++;
	to->zombies += proc_is_zombie(p);
	nr_add(m, to, p);
	if (to->under)
		proc_mark_under(m, p);
}

/*
 * Who nobody's child can be (gone, or a descendant of its own) is taken for unknown.  The walk up
 * is for who had children before its parent was known, and as long as what is above that one.
 */
void proc_set_parent(struct model *m, struct proc *p, u32 parent, u64 ts)
{
	struct proc *to = proc_at(m, parent);

	if (p->parent == parent || p->state == PROC_GONE)
		return;
	if (to && (to->state == PROC_GONE || to == p || (p->child && is_above(m, p->id, parent))))
		to = NULL;
	parent_put(m, p, to, ts);
}

/* To one that is above it already. */
void proc_hand_up(struct model *m, struct proc *p, u32 ancestor, u64 ts)
{
	parent_put(m, p, proc_at(m, ancestor), ts);
}
