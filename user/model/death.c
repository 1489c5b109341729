// SPDX-License-Identifier: BSD-2-Clause
/*
 * Deaths: exit, the wait that reaps, orphans and who takes them.
 *
 * When PID 1 of a pid namespace dies, the kernel has it ignore SIGCHLD, kills everybody in it and
 * waits in its name for who was dead before (zap_pid_ns_processes); the members stay its children or
 * become so until then, and are handed to nobody.  So who is left of them when it is reaped is gone
 * already, though the kernel frees it later.
 */
#include "model_priv.h"

#define WAITED_MAX 1024 /* children looked at for one */

/* ---- orphans ---- */

/*
 * As find_new_reaper(): the nearest subreaper above in the namespace, else its PID 1.  The kernel
 * walks up for who descends from a subreaper only.
 */
u32 proc_adopter(const struct model *m, const struct proc *dead, bool *above)
{
	u32 init = dead->pidns ? map_get(&m->nsinits, dead->pidns) : 0;

	*above = true;
	for (u32 id = dead->under ? dead->parent : 0; id; id = proc_at(m, id)->parent) {
		const struct proc *p = proc_at(m, id);

		if (dead->pidns && p->pidns && p->pidns != dead->pidns)
			break;
		if (p->state == PROC_RUNNING && p->flags & TASK_SUBREAPER)
			return id;
	}
	*above = false;
	if (init && init != dead->id && proc_at(m, init)->state != PROC_GONE)
		return init; /* also while it dies */
	return dead->nspid.nr[0] || dead->tgid == 1 ? 0 : proc_find(m, 1);
}

static u32 new_parent(struct model *m, const struct proc *dead, bool *above)
{
	u32 to = proc_adopter(m, dead, above);

	return to || dead->tgid == 1 ? to : proc_someone(m, 1, m->now)->id;
}

static void tell_reparent(struct model *m, const struct proc *c, u32 from)
{
	if (c->parent)
		TELL(m, reparent, REPARENT, c->tgid, .child = c->tgid, .from = from,
		     .to = proc_at(m, c->parent)->tgid);
}

/*
 * A zombie whose parent dies while no waits are watched was most often reaped by that parent a
 * moment ago, and the kernel's free, which names who had it, is late.  It is put below who adopts
 * it if it is an orphan, and nothing is told before it is known: by its free, by a scan that
 * meets it, or by LEFT_GRACE_NS without either.
 */
static bool left_unsettled(struct model *m, const struct proc *c, const struct proc *dead)
{
	if (c->state != PROC_ZOMBIE || m->caps & SRC_FD || !(m->caps & SRC_EVENTS))
		return false;
	death_at(m, c->death)->left_by = dead->tgid;
	due_push(m, &m->priv->zombies, m->now + ZOMBIE_AFTER_NS, c->id, c->start);
	return true;
}

/* It was an orphan after all. */
void left_settle(struct model *m, const struct proc *c)
{
	struct death *d = death_at(m, c->death);

	if (!d || !d->left_by)
		return;
	tell_reparent(m, c, (u32)d->left_by);
	d->left_by = 0;
}

static void orphans_hand_over(struct model *m, struct proc *p, u64 ts)
{
	bool above;
	u32 to;

	if (!p->child || (p->flags & TASK_NSINIT && p->state != PROC_GONE))
		return;
	to = new_parent(m, p, &above);
	while (p->child) {
		struct proc *c = proc_at(m, p->child);

		if (above)
			proc_hand_up(m, c, to, ts);
		else
			proc_set_parent(m, c, to, ts);
		c->exit_signal = SIGCHLD_NR;
		if (c->birth == p->id && !c->orphaned_ts)
			c->orphaned_ts = ts;
		if (!left_unsettled(m, c, p))
			tell_reparent(m, c, p->tgid);
	}
}

/* ---- death ---- */

void proc_die(struct model *m, struct proc *p, u64 ts)
{
	struct death *d;

	if (p->state != PROC_RUNNING)
		return;
	p->death = pool_new(&m->deaths);
	d = death_at(m, p->death);
	d->ts = ts;
	d->code = -1;
	p->state = PROC_ZOMBIE;
	if (p->parent)
		proc_at(m, p->parent)->zombies++;
	p->flags &= (u16) ~(TASK_HEADLESS | TASK_STOPPED | TASK_IN_WAIT | TASK_DUMPING |
			    TASK_VFORKED | TASK_EXITING);
	p->stuck = 0;
	p->wait_for = 0;
	proc_drop_tables(m, p);
	orphans_hand_over(m, p, ts ? ts : m->now);
	due_push(m, &m->priv->zombies, m->now + ZOMBIE_AFTER_NS, p->id, p->start);
}

/*
 * A longer one counts at once, shorter ones little by little: so one child that waited long is
 * forgotten after a dozen that did not.
 */
static void habit_add(struct proc *reaper, const struct death *d, u64 ts)
{
	u64 took = d->ts && ts > d->ts ? ts - d->ts : 0;

	if (took >= reaper->habit_ns)
		reaper->habit_ns = took;
	else
		reaper->habit_ns -= (reaper->habit_ns - took) / 4;
	reaper->reaps++;
	reaper->stuck &= ~(u32)STUCK_SIGCHLD;
}

/* Each once, so that is no more than reaping them one by one. */
static void members_reap(struct model *m, struct proc *init, u64 ts)
{
	while (init->child) {
		struct proc *c = proc_at(m, init->child);
		struct death *d;

		proc_die(m, c, ts);
		d = death_at(m, c->death);
		d->auto_reaped = d->ts >= death_at(m, init->death)->ts;
		proc_reap(m, c, d->auto_reaped ? 0 : init->id, d->auto_reaped ? d->ts : ts);
	}
}

void proc_reap(struct model *m, struct proc *p, u32 reaper, u64 ts)
{
	struct death *d = death_at(m, p->death);
	struct proc *parent = proc_at(m, p->parent);
	u32 subject;

	assert(p->state == PROC_ZOMBIE);
	left_settle(m, p);
	if (p->flags & TASK_NSINIT && p->tgid != 1)
		members_reap(m, p, ts);
	subject = reaper ? proc_at(m, reaper)->tgid : parent ? parent->tgid : 0;
	d->reaped_ts = max_ts(ts, 1);
	d->reaper = reaper;
	proc_ref(m, reaper);
	if (reaper)
		habit_add(proc_at(m, reaper), d, ts);
	TELL(m, reap, REAP, subject, .start = p->start, .child = p->tgid,
	     .zombie_ns = d->ts && ts > d->ts && !d->auto_reaped ? ts - d->ts : 0,
	     .reaper = reaper ? subject : 0);
	proc_unlink(m, p);
	p->state = PROC_GONE;
	orphans_hand_over(m, p, ts);
	signals_drop(m, p->id);
	if (p->pidns && map_get(&m->nsinits, p->pidns) == p->id)
		map_take(&m->nsinits, p->pidns);
	proc_settle_gone(m, p);
}

void proc_vanish(struct model *m, struct proc *p)
{
	proc_die(m, p, m->now);
	if (p->state == PROC_ZOMBIE)
		proc_reap(m, p, 0, m->now);
}

void on_exit(struct model *m, const struct ev_exit *e)
{
	struct proc *p = proc_life(m, e->h.tgid, e->start, e->h.ts, false), *parent;
	struct death *d;

	if (!p || p->state == PROC_GONE)
		return;
	parent = proc_at(m, p->parent);
	if (e->parent && (!parent || parent->tgid != e->parent) && p->state == PROC_RUNNING)
		proc_set_parent(m, p, proc_someone(m, e->parent, e->h.ts)->id, e->h.ts);
	proc_die(m, p, e->h.ts);
	orphans_hand_over(m, p, e->h.ts); /* forked before, read after a scan found it dead */
	d = death_at(m, p->death);
	d->ts = max_ts(e->h.ts, 1);
	d->code = e->code;
	d->signal = e->signal;
	d->core = e->core;
	d->known = true;
	if (!d->cause)
		death_find_killer(m, p, d, e);
	signals_drop(m, p->id);
}

/* ---- reaping ---- */

/* By the number that the parent sees; what is not known of the parent's namespace is searched for.
 */
static struct proc *waited_child(const struct model *m, const struct proc *p,
				 const struct ev_wait *e)
{
	u32 id, budget = WAITED_MAX;

	if (!e->level)
		return proc_at(m, proc_find(m, e->nr));
	if (e->level > NS_LEVELS)
		return NULL;
	if (e->level == p->level)
		return proc_at(m, proc_child_nr(m, p, e->nr));
	for (id = p->child; id && budget--; id = proc_at(m, id)->next)
		if (proc_at(m, id)->nspid.nr[e->level - 1] == e->nr)
			return proc_at(m, id);
	return NULL;
}

/* A tracer's wait for somebody else's child reaps nothing, nor does one for a stopped child. */
void on_wait(struct model *m, const struct ev_wait *e)
{
	struct proc *p = proc_actor(m, &e->h), *c;

	if (!p)
		return;
	c = waited_child(m, p, e);
	if (!c || c == p || c->state != PROC_ZOMBIE || (c->parent && c->parent != p->id))
		return;
	if (death_at(m, c->death)->ts > e->h.ts)
		return;
	proc_reap(m, c, p->id, e->h.ts);
}

static void reap_by_nobody(struct model *m, struct proc *p, u64 ts)
{
	const struct proc *parent = proc_at(m, p->parent);
	struct death *d = death_at(m, p->death);

	d->auto_reaped =
		(parent && parent->sigchld == 1) || (d->known && ts < d->ts + ZOMBIE_AFTER_NS);
	proc_reap(m, p, 0, ts);
}

/*
 * Who had it when the kernel let go of it has reaped it, unless it ignores SIGCHLD.  The start
 * tells a parent that is itself freed already from who has its place in memory since.
 */
static bool reap_by_last(struct model *m, struct proc *p, const struct ev_free *e)
{
	u32 id = e->parent_start ? proc_find_start(m, e->parent, e->parent_start) : 0;
	const struct proc *last;
	struct death *d = death_at(m, p->death);
	const struct proc *above = proc_at(m, p->parent);

	/* A parent that died and is freed itself has left its place to anything, also to a younger
	 * one. */
	if (d->ts && e->parent_start > d->ts)
		id = 0;
	last = proc_at(m, id);
	if (e->parent_start && d->left_by && !last && (!above || above->tgid != e->parent)) {
		id = proc_find(m, (u32)d->left_by);
		last = proc_at(m, id);
	}
	if (!last)
		return false;
	if (d->left_by != last->tgid)
		left_settle(m, p);
	d->left_by = 0;
	d->auto_reaped = (e->sigchld == 255 ? last->sigchld : e->sigchld) == 1;
	if (last->state != PROC_GONE)
		proc_set_parent(m, p, id, e->h.ts);
	proc_reap(m, p, d->auto_reaped ? 0 : id, e->h.ts);
	return true;
}

/*
 * The parent may be put off the CPU between taking the child away in wait() and returning from it,
 * for longer than the kernel takes to free the child (tried: 1 in 20,000 on two busy CPUs).
 */
void on_free(struct model *m, const struct ev_free *e)
{
	struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start));
	const struct proc *parent;

	if (!p || p->state == PROC_GONE)
		return;
	proc_die(m, p, e->h.ts);
	if (reap_by_last(m, p, e))
		return;
	parent = proc_at(m, p->parent);
	if (!parent || parent->sigchld == 1) {
		reap_by_nobody(m, p, e->h.ts);
		return;
	}
	death_at(m, p->death)->freed = true;
	due_push(m, &m->priv->frees, m->now + FREE_GRACE_NS, p->id, p->start);
}

/* Freed long enough ago, and no wait has returned it: nobody waited, or it was not seen. */
void frees_expire(struct model *m)
{
	struct dueq *q = &m->priv->frees;

	for (; q->count; due_drop(q)) {
		const struct due due = q->v[q->head];
		struct proc *p = proc_at(m, due.id);

		if (due.ts > m->now) {
			timer_wake(m, due.ts);
			return;
		}
		if (p->id == due.id && p->start == due.tag && p->state == PROC_ZOMBIE)
			reap_by_nobody(m, p, due.ts - FREE_GRACE_NS);
	}
}

/* Exits that are due: those still not reaped are zombies worth a word. */
void zombies_expire(struct model *m)
{
	struct dueq *q = &m->priv->zombies;

	for (; q->count; due_drop(q)) {
		const struct due *due = &q->v[q->head];
		struct proc *p = proc_at(m, due->id);
		const struct proc *parent;
		struct death *d;

		if (due->ts > m->now) {
			timer_wake(m, due->ts);
			return;
		}
		if (p->id != due->id || p->start != due->tag || !proc_is_zombie(p))
			continue; /* who is dying comes again as a zombie (task_flags) */
		d = death_at(m, p->death);
		if (d->left_by && m->now < p->parent_ts + LEFT_GRACE_NS) {
			due_add(q, m->now + ZOMBIE_AFTER_NS, p->id, p->start);
			continue;
		}
		left_settle(m, p);
		if (d->told || d->freed)
			continue;
		d->told = true;
		parent = proc_at(m, p->parent);
		TELL(m, zombie, ZOMBIE, parent ? parent->tgid : 0, .start = p->start,
		     .exited = d->ts, .child = p->tgid);
	}
}
