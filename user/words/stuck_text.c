// SPDX-License-Identifier: BSD-2-Clause
/* What a process is stuck in, and what ends that: of holders, and of parents that do not reap. */
#include "advice.h"

#define KILL_NR	     9
#define CHILDREN_MAX 4096 /* looked at for the one of a vfork */

/* "cgroup /a/b", "its cgroup" */
static void add_cgroup(struct buf *b, const struct model *m, const struct proc *p)
{
	const char *path = p->frozen ? cgroup_path(m, p->frozen) : NULL;

	if (!path) {
		buf_puts(b, "its cgroup");
		return;
	}
	buf_puts(b, "cgroup ");
	buf_add_safe(b, path, strlen(path), 200);
}

static void say_frozen(const struct model *m, const struct proc *p, struct buf *in,
		       struct buf *ends)
{
	bool v1 = p->stuck & STUCK_FREEZER;

	buf_puts(in, "is frozen with ");
	add_cgroup(in, m, p);
	buf_puts(ends, v1 ? "thaw it, by THAWED in freezer.state of "
			  : "thaw it, by 0 in cgroup.freeze of ");
	add_cgroup(ends, m, p);
	buf_puts(ends, v1 ? " of the freezer's hierarchy (docker unpause)"
			  : " (docker unpause, systemctl thaw)");
}

/* Who stopped it may be stopped itself, which a shell's Ctrl-Z or a debugger of it does. */
static void say_traced(const struct model *m, const struct proc *p, struct buf *in,
		       struct buf *ends)
{
	const struct proc *tracer = proc_at(m, proc_find(m, p->tracer));
	bool stopped = tracer && tracer->state == PROC_RUNNING && tracer->flags & TASK_STOPPED;
	struct buf who = {0};

	if (p->tracer)
		text_pid(&who, m, p->tracer);
	else
		buf_puts(&who, "its tracer");
	if (p->stuck & STUCK_EXIT_STOP)
		buf_printf(in, "is on its way out, but %s, which traces it,%s has not let it go on",
			   who.s, stopped ? " is stopped and" : "");
	else
		buf_printf(in, "is stopped by its tracer %s%s", who.s,
			   stopped ? ", which is stopped itself" : "");
	if (stopped)
		buf_printf(ends, "continue %s (kill -CONT %u), or end it", who.s, p->tracer);
	else
		buf_printf(ends, "let %s continue it or detach, or end that", who.s);
	buf_free(&who);
}

static void say_stopped(const struct model *m, const struct proc *p, struct buf *in,
			struct buf *ends)
{
	(void)m;
	buf_puts(in, "is stopped by a signal");
	buf_printf(ends, "continue it (kill -CONT %u)", p->tgid);
}

static const struct proc *vfork_child(const struct model *m, const struct proc *p)
{
	u32 budget = CHILDREN_MAX;

	for (const struct proc *c = proc_at(m, p->child); c && budget--; c = proc_at(m, c->next))
		if (c->state == PROC_RUNNING && c->flags & TASK_VFORKED)
			return c;
	return NULL;
}

static void say_vfork(const struct model *m, const struct proc *p, struct buf *in, struct buf *ends)
{
	const struct proc *c = vfork_child(m, p);
	struct buf who = {0};

	if (c)
		text_proc(&who, m, c->id);
	else
		buf_puts(&who, "the child it made");
	buf_printf(in, "is in vfork, until %s executes a program or ends", who.s);
	buf_printf(ends, "that goes on when %s does; end that if it hangs", who.s);
	buf_free(&who);
}

static void say_blocked(const struct model *m, const struct proc *p, struct buf *in,
			struct buf *ends)
{
	(void)m;
	buf_puts(in, "is blocked in the kernel (uninterruptible sleep, state D)");
	buf_printf(ends,
		   "only what it waits for ends that, such as a disk or a file server "
		   "(cat /proc/%u/stack tells)",
		   p->tgid);
}

static void say_dumping(const struct model *m, const struct proc *p, struct buf *in,
			struct buf *ends)
{
	(void)m;
	(void)p;
	buf_puts(in, "has crashed and is writing its core dump");
	buf_puts(ends, "wait until it is written");
}

static void say_dying(const struct model *m, const struct proc *p, struct buf *in, struct buf *ends)
{
	buf_puts(in, "has ended, but the kernel is not done with it");
	text_dying(in, m, p);
	buf_puts(ends, "wait until it is gone");
}

static void say_killed(const struct model *m, const struct proc *p, struct buf *in,
		       struct buf *ends)
{
	(void)m;
	(void)p;
	buf_puts(in, "is about to end");
	buf_puts(ends, "wait until it is gone");
}

/* Killed, but something keeps it: no second SIGKILL helps. */
static void add_killed(const struct model *m, const struct proc *p, struct buf *in)
{
	const struct sent *s = signal_sent(m, p->id, KILL_NR);
	struct buf who = {0};

	buf_puts(in, ", though it was killed");
	if (s) {
		if (s->from && proc_at(m, s->from)->tgid == s->from_pid)
			text_proc(&who, m, s->from);
		buf_puts(in, " by SIGKILL");
		text_cause(in, s->cause, KILL_NR, s->again, &who);
	}
	buf_free(&who);
}

bool text_stuck(const struct model *m, const struct proc *p, struct buf *in, struct buf *ends)
{
	static const struct {
		u16 flags, stuck;
		void (*say)(const struct model *m, const struct proc *p, struct buf *in,
			    struct buf *ends);
	} rows[] = {
		{TASK_EXITING, 0, say_dying},
		{TASK_DUMPING, 0, say_dumping},
		{0, STUCK_FROZEN | STUCK_FREEZER, say_frozen},
		{0, STUCK_TRACE, say_traced},
		{TASK_STOPPED, 0, say_stopped},
		{0, STUCK_VFORK, say_vfork},
		{0, STUCK_BLOCKED, say_blocked},
		{0, STUCK_KILLED, say_killed},
	};

	if (p->state == PROC_GONE || (proc_is_zombie(p)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!(p->flags & rows[i].flags) && !(p->stuck & rows[i].stuck))
			continue;
		rows[i].say(m, p, in, ends);
		if (p->stuck & STUCK_KILLED && !(p->flags & (TASK_EXITING | TASK_DUMPING)))
			add_killed(m, p, in);
		return true;
	}
	return false;
}

/* ---- who has ended and is still there ---- */

/*
 * Who keeps a pid namespace from ending: a dead one that its parent outside, or a tracer, has not
 * waited for, else one that has not died.  Everybody is looked at, for a namespace that is dying.
 */
static const struct proc *keeper_of(const struct model *m, const struct proc *init)
{
	const struct proc *found = NULL;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);
		bool dead = proc_is_zombie(p);

		if (p->pidns != init->pidns || p == init || p->state == PROC_GONE)
			continue;
		if (dead && (p->parent != init->id || p->tracer))
			return p;
		if (!found)
			found = p;
	}
	return found;
}

static void add_keeper(struct buf *b, const struct model *m, const struct proc *init,
		       const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent);
	struct buf in = {0}, ends = {0};

	buf_puts(b, ": it is PID 1 of a pid namespace, and waits until that is empty; ");
	text_proc(b, m, p->id);
	if (proc_is_zombie(p) && p->tracer && p->tracer != init->tgid) {
		buf_puts(b, " in there is dead, but its tracer ");
		text_pid(b, m, p->tracer);
		buf_puts(b, " has not waited for it: end that");
	} else if (proc_is_zombie(p) && parent && parent != init) {
		buf_puts(b, " in there is dead, but its parent ");
		text_proc(b, m, parent->id);
		buf_puts(b, parent->pidns != init->pidns
				    ? ", which is outside, has not reaped it: fix or end "
				    : " has not reaped it: fix or end ");
		text_proc(b, m, parent->id);
	} else if (text_stuck(m, p, &in, &ends)) {
		buf_printf(b, " in there %s: %s", in.s, ends.s);
	} else {
		buf_puts(b, " in there has not ended yet");
	}
	buf_free(&in);
	buf_free(&ends);
}

void text_dying(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct proc *k = p->flags & TASK_NSINIT && p->pidns ? keeper_of(m, p) : NULL;

	if (k)
		add_keeper(b, m, p, k);
	else if (p->stuck & STUCK_BLOCKED)
		buf_printf(b,
			   ": it is blocked there (uninterruptible sleep, state D; cat "
			   "/proc/%u/stack tells in what)",
			   p->tgid);
}
