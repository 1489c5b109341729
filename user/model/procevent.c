// SPDX-License-Identifier: BSD-2-Clause
/* Events about processes: fork, threads, exec, names, sessions. */
#include "model_priv.h"

/* ---- fork ---- */

/* What a child takes over from the process that made it. */
static void inherit(struct model *m, struct proc *c, const struct proc *parent)
{
	c->sid = parent->sid;
	c->pgid = parent->pgid;
	c->tty = parent->tty;
	c->sigchld = parent->sigchld;
	c->image = parent->image;
	image_ref(m, c->image);
	if (c->pidns == parent->pidns) { /* else a container begins: its other namespaces are new */
		c->netns = parent->netns;
		c->mntns = parent->mntns;
	}
}

static void fork_table(struct model *m, struct proc *c, struct proc *parent,
		       const struct ev_fork *e)
{
	u32 from = fdtab_of(m, parent, e->h.tid, e->parent_files), to;

	if (e->files && e->files == e->parent_files && from) {
		proc_set_main(m, c, from, 0);
		return;
	}
	to = fdtab_fresh(m, e->files);
	proc_set_main(m, c, to, 0);
	if (from)
		fdtab_copy(m, from, to, true, e->h.ts);
}

/* The child was scanned before its fork was read: say of its slots what the fork explains. */
static void fork_explain(struct model *m, const struct proc *c, struct proc *parent,
			 const struct ev_fork *e)
{
	u32 from = fdtab_of(m, parent, e->h.tid, e->parent_files);
	u32 ref = proc_main(m, c);
	struct hold *h;

	if (!from || !ref || tabref_at(m, ref)->fdtab == from)
		return;
	h = hold_first(m, fdtab_at(m, tabref_at(m, ref)->fdtab));
	for (; h; h = hold_at(m, h->tab_next)) {
		const struct hold *src = hold_in(m, from, h->fd);

		if (h->via != VIA_SCAN || !src || src->sock != h->sock)
			continue;
		h->via = VIA_FORK;
		hold_set_how(m, h, VIA_FORK);
		h->since = e->h.ts;
	}
}

static void fork_facts(struct model *m, struct proc *c, const struct proc *parent,
		       const struct ev_fork *e)
{
	c->born = true;
	c->ghost = false;
	c->cgroup = e->cgroup;
	c->uid = e->uid;
	c->exit_signal = (u8)e->exit_signal;
	proc_set_nspid(m, c, e->pidns, &e->nspid, e->flags & FORK_NSINIT);
	proc_set_birth(m, c, parent->id);
	if (!c->parent)
		proc_set_parent(m, c,
				e->parent && e->parent != parent->tgid
					? proc_someone(m, e->parent, e->h.ts)->id
					: parent->id,
				e->h.ts);
}

void on_fork(struct model *m, const struct ev_fork *e)
{
	struct proc *parent = proc_actor(m, &e->h);
	u32 known = proc_find_start(m, e->child, e->start);
	struct proc *c = proc_at(m, known);

	if (!parent || !e->child || e->child == e->h.tgid)
		return;
	if (c &&
	    (c->state == PROC_RUNNING ? c->start || c->seen_ts > e->h.ts : c->seen_ts >= e->h.ts)) {
		if (c->born)
			return;
		fork_facts(m, c, parent, e);
		if (c->state == PROC_RUNNING)
			fork_explain(m, c, parent, e);
		return;
	}
	c = proc_new(m, e->child, e->start);
	c->seen_ts = e->h.ts;
	fork_facts(m, c, parent, e);
	inherit(m, c, parent);
	fork_table(m, c, parent, e);
}

/* ---- threads that have a table of their own ---- */

void on_thread(struct model *m, const struct ev_thread *e)
{
	struct proc *p = proc_actor(m, &e->h);
	u32 from, to, old;

	if (!p || p->state != PROC_RUNNING || !e->files || !e->thread)
		return;
	to = map_get(&m->by_files, e->files);
	if (to && tabref_find(m, p, to))
		return; /* scanned already */
	from = fdtab_of(m, p, e->h.tid, e->parent_files);
	to = fdtab_fresh(m, e->files);
	old = tabref_of_tid(m, p, e->thread);
	tabref_add(m, p, to, e->thread);
	if (from && from != to)
		fdtab_copy(m, from, to, false, e->h.ts);
	if (old)
		tabref_drop(m, p, old);
}

void on_thread_exit(struct model *m, const struct ev_thread_exit *e)
{
	struct proc *p = proc_actor(m, &e->h);
	u32 tab = map_get(&m->by_files, e->files), ref;

	if (!p || !tab)
		return;
	ref = tabref_find(m, p, tab);
	/* The main table is left by the leader alone. */
	if (ref && (tabref_at(m, ref)->tid || e->h.tid == p->tgid))
		tabref_leave(m, p, ref, e->heir);
}

void on_headless(struct model *m, const struct ev_headless *e)
{
	struct proc *p = proc_life(m, e->h.tgid, e->start, e->h.ts, false);

	if (p && p->state == PROC_RUNNING)
		p->flags |= TASK_HEADLESS;
}

/* ---- exec ---- */

/* A scan may have met the new program before its exec is read: then it is that image's beginning.
 */
static struct image *exec_image(struct model *m, struct proc *p, u64 ts, bool scanned)
{
	u32 prev = p->image, id;
	struct image *i = image_at(m, prev);

	if (i && !i->ts && i->refs == 1 && scanned) {
		i->ts = ts;
		return i;
	}
	id = image_new(m, ts, prev);
	i = image_at(m, id);
	i->refs = 1;
	image_unref(m, prev); /* the new one holds it now */
	p->image = id;
	return i;
}

/* How children are reaped is the way of a program, not of the process that runs another one now. */
static void habit_forget(struct proc *p)
{
	if (p->reaps)
		p->flags |= TASK_REAPED;
	p->reaps = 0;
	p->habit_ns = 0;
}

void on_exec(struct model *m, const struct ev_exec *e)
{
	u32 known = proc_find_start(m, e->h.tgid, e->start);
	bool scanned = known && proc_at(m, known)->seen_ts > e->h.ts;
	struct proc *p = proc_life(m, e->h.tgid, e->start, e->h.ts, false);
	struct image *i;

	if (!p || (p->image && image_at(m, p->image)->ts >= e->h.ts))
		return; /* told twice */
	i = exec_image(m, p, e->h.ts, scanned);
	image_set_comm(i, &e->name);
	image_set_text(i, &e->h, e->args_truncated);
	if (p->state != PROC_RUNNING)
		return;
	p->cgroup = e->cgroup;
	p->uid = e->uid;
	p->exit_signal = SIGCHLD_NR; /* begin_new_exec() sets it */
	p->flags &= (u16) ~(TASK_HEADLESS | TASK_VFORKED);
	if (p->sigchld == 2)
		p->sigchld = 0; /* handlers do not survive an exec */
	habit_forget(p);
	fdtab_exec(m, p, e);
}

/* ---- small facts ---- */

void on_rename(struct model *m, const struct ev_rename *e)
{
	struct proc *p = proc_actor(m, &e->h);

	if (!p || p->seen_ts > e->h.ts)
		return;
	image_set_comm(image_own(m, p), &e->name);
}

void on_session(struct model *m, const struct ev_session *e)
{
	struct proc *p = proc_someone(m, e->target, e->h.ts);

	if (!p)
		return;
	if (e->sid == p->tgid && p->sid != e->sid && !p->setsid_ts)
		p->setsid_ts = e->h.ts;
	p->sid = e->sid;
	p->pgid = e->pgid;
	p->tty = e->tty;
}

void on_subreaper(struct model *m, const struct ev_subreaper *e)
{
	struct proc *p = proc_actor(m, &e->h);

	if (p)
		p->flags = e->on ? p->flags | TASK_SUBREAPER : p->flags & (u16)~TASK_SUBREAPER;
	if (p && e->on)
		proc_mark_under(m, p);
}
