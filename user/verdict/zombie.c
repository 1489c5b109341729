// SPDX-License-Identifier: BSD-2-Clause
/*
 * Why a dead process is not reaped: pure functions of the model.  The words are in reason.h.
 *
 * What stands in the way for certain (a tracer, a parent that is stopped or frozen) is said at
 * once. That a parent does not reap what it should is an accusation: it comes only when the child
 * has been dead for longer than this parent's children are as a rule.
 */
#include "verdict_priv.h"

#define YOUNG_NS (2 * NS_PER_S) /* dead for less than this accuses nobody */
/* Nor does less than twice its habit accuse it, up to this. */
#define YOUNG_MAX_NS (60 * NS_PER_S)

#define W_EXITED   4
#define W_NOTHREAD 0x20000000u
#define W_ALL	   0x40000000u
#define W_CLONE	   0x80000000u

static const struct {
	const char *key, *why, *brief;
} reasons[] = {
#define R(ID, key, why, brief, remedy) [REASON_##ID] = {key, why, brief},
	REASON_TABLE(R)
#undef R
};

const char *name_reason(enum reason r)
{
	return reasons[r].key;
}

const char *reason_why(enum reason r)
{
	return reasons[r].why;
}

const char *reason_brief(enum reason r)
{
	return reasons[r].brief;
}

enum reason reason_group(enum reason r)
{
	while (r && !strcmp(reasons[r - 1].key, reasons[r].key))
		r--;
	return r;
}

u64 dead_since(const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	return d && d->ts ? d->ts : p->ran_ts;
}

/* ---- waits ---- */

/* Recordings that tell no more than the first argument of the leader's wait. */
static bool waits_for_other(const struct proc *parent, const struct proc *p)
{
	s32 pid = parent->wait_pid;

	if (!(parent->flags & TASK_IN_WAIT) || pid == -1)
		return false;
	if (pid == 0)
		return parent->pgid != p->pgid;
	if (pid < -1)
		return (u32)-pid != p->pgid && !parent->level;
	for (u32 i = 0; i < NS_LEVELS; i++)
		if (p->nspid.nr[i] == (u32)pid && parent->level == i + 1)
			return false;
	return (u32)pid != p->tgid;
}

/* Is that PID 1 of its pid namespace, which has ended and waits until this one is reaped? */
static bool is_kept_by(const struct model *m, u32 tgid, const struct proc *p)
{
	const struct proc *init = proc_at(m, p->pidns ? map_get(&m->nsinits, p->pidns) : 0);

	return init && init->tgid == tgid && proc_is_dying(init);
}

/* As eligible_child() and wait_consider_task(): what lets that wait pass over this child?  */
static enum reason wait_misses(const struct model *m, const struct proc *parent,
			       const struct proc *p)
{
	u32 opts = parent->wait_opts;

	if (!parent->wait_for)
		return waits_for_other(parent, p) ? REASON_WAITS_FOR_OTHER : REASONS;
	if (!(opts & W_EXITED))
		return REASON_WAITS_FOR_STOPS;
	if (parent->wait_for == WAITS_PID && parent->wait_nr != p->tgid)
		return is_kept_by(m, parent->wait_nr, p) ? REASON_WAITS_IN_CIRCLE
							 : REASON_WAITS_FOR_OTHER;
	if (parent->wait_for == WAITS_GROUP && parent->wait_nr != p->pgid)
		return REASON_WAITS_FOR_GROUP;
	if (opts & W_CLONE && !(opts & W_ALL) && p->exit_signal == SIGCHLD_NR)
		return REASON_WAITS_FOR_CLONES;
	if (opts & W_NOTHREAD && p->parent_tid && p->parent_tid != parent->wait_tid)
		return REASON_WAITS_IN_THREAD;
	return REASONS;
}

/* ---- the parent ---- */

static enum reason parent_stuck(const struct proc *parent)
{
	if (parent->state != PROC_RUNNING || parent->flags & (TASK_DUMPING | TASK_EXITING) ||
	    parent->stuck & STUCK_EXIT_STOP)
		return REASON_PARENT_DYING;
	if (parent->stuck & (STUCK_FROZEN | STUCK_FREEZER))
		return REASON_PARENT_FROZEN;
	if (parent->stuck & STUCK_TRACE)
		return REASON_PARENT_TRACED;
	if (parent->flags & TASK_STOPPED)
		return REASON_PARENT_STOPPED;
	if (parent->stuck & STUCK_VFORK)
		return REASON_PARENT_VFORK;
	if (parent->stuck & STUCK_BLOCKED)
		return REASON_PARENT_BLOCKED;
	return parent->stuck & STUCK_KILLED ? REASON_PARENT_DYING : REASONS;
}

enum kinship { KIN_UNKNOWN, KIN_OWN, KIN_ADOPTED };

/*
 * Was it born to who is its parent now?  Of whom a scan met below PID 1 or a subreaper that is not
 * known, but the kernel counts the programs that were executed: who forked one that counts more
 * than its parent does was another.
 */
static enum kinship kinship_of(const struct proc *parent, const struct proc *p)
{
	if (p->birth && p->birth == parent->id)
		return KIN_OWN;
	if (p->adopted || p->birth || p->flags & TASK_STRANGER)
		return KIN_ADOPTED;
	return KIN_UNKNOWN;
}

bool proc_is_adopted(const struct proc *parent, const struct proc *p)
{
	return kinship_of(parent, p) == KIN_ADOPTED;
}

static bool has_reaped(const struct proc *parent)
{
	return parent->reaps || parent->flags & TASK_REAPED;
}

/* Who adopts orphans has another task than who only has children of its own. */
static enum reason adopter_reason(const struct proc *parent, const struct proc *p)
{
	bool init = parent->flags & TASK_NSINIT || parent->tgid == 1;
	enum kinship kin = kinship_of(parent, p);

	if (!init && !(parent->flags & TASK_SUBREAPER))
		return REASONS;
	if (kin == KIN_OWN)
		return init ? REASON_OWN_OF_INIT : REASONS;
	if (kin == KIN_ADOPTED)
		return init ? REASON_INIT_NOT_REAPING : REASON_SUBREAPER_NOT_REAPING;
	if (has_reaped(parent) || !parent->parent_tid) /* 0 also: not told whether */
		return init ? REASON_INIT_PERHAPS : REASON_SUBREAPER_PERHAPS;
	return init ? REASON_INIT_NEVER_WAITS : REASONS;
}

/*
 * That the kernel counts reaps says nothing of the program that runs now if the process has run
 * another one before, as who starts by a script (`true; exec server`) has.
 */
static bool may_have_reaped(const struct model *m, const struct proc *parent)
{
	const struct image *i = image_at(m, parent->image);

	if (parent->flags & TASK_REEXECED || (i && i->ts))
		return false;
	return parent->flags & TASK_REAPED || !parent->parent_tid; /* not told */
}

/* That SIGCHLD is caught says nothing: all Go programs do.  Only who reaps some can miss some. */
static enum reason handler_reason(const struct model *m, const struct proc *parent,
				  const struct proc *p)
{
	if (parent->sigchld != 2)
		return REASON_PARENT_NOT_WAITING;
	if (parent->reaps)
		return REASON_PARENT_MISSES_SOME;
	if (death_at(m, p->death)->ts || !may_have_reaped(m, parent))
		return REASON_CATCHES_ONLY;
	return REASON_PERHAPS_MISSES;
}

static enum reason parent_reason(const struct model *m, const struct proc *parent,
				 const struct proc *p)
{
	enum reason r;

	if (p->exit_signal != SIGCHLD_NR && !p->ghost && !(parent->wait_opts & (W_ALL | W_CLONE)))
		return p->exit_signal ? REASON_OTHER_EXIT_SIGNAL : REASON_NO_EXIT_SIGNAL;
	r = wait_misses(m, parent, p);
	if (r == REASONS && parent->stuck & STUCK_SIGCHLD && !proc_is_adopted(parent, p))
		return REASON_SIGCHLD_BLOCKED;
	if (r == REASONS)
		r = adopter_reason(parent, p);
	return r == REASONS ? handler_reason(m, parent, p) : r;
}

/*
 * Has the source told what the kernel knows of waits?  A scan tells it of everybody; who was forked
 * since has ancestors.  Recordings of old do not, and are answered as they were.
 */
bool waits_are_told(const struct model *m, const struct proc *p)
{
	u32 up = 8;

	for (; p && up--; p = proc_at(m, p->parent))
		if (p->parent_tid)
			return true;
	return false;
}

/* Up to this age a dead child says nothing about its parent. */
u64 zombie_young_ns(const struct model *m, const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent);
	u64 habit = parent ? parent->habit_ns * 2 : 0;

	if (!waits_are_told(m, p))
		return ZOMBIE_AFTER_NS;
	if (habit > YOUNG_MAX_NS)
		habit = YOUNG_MAX_NS;
	return habit > YOUNG_NS ? habit : YOUNG_NS;
}

/* ---- all of it ---- */

static bool is_younger(const struct model *m, const struct proc *p, u64 ns)
{
	u64 since = dead_since(m, p);

	return since && m->now < since + ns;
}

static enum reason reason_of(const struct model *m, const struct proc *p, bool stays)
{
	const struct proc *parent = proc_at(m, p->parent);
	enum reason r;

	if (p->flags & TASK_EXITING)
		return REASON_DYING;
	if (!p->death)
		return REASON_HEADLESS;
	if (death_at(m, p->death)->left_by) /* or its dead parent had reaped it: not known yet */
		return REASON_RECENT;
	if (p->flags & TASK_THREAD_LEFT)
		return REASON_TRACED_THREAD;
	if (p->tracer && (!parent || p->tracer != parent->tgid))
		return REASON_TRACED;
	if (!stays && is_younger(m, p, ZOMBIE_AFTER_NS))
		return REASON_RECENT;
	r = parent ? parent_stuck(parent) : REASONS;
	if (r != REASONS)
		return r;
	if (!stays && is_younger(m, p, zombie_young_ns(m, p)))
		return REASON_RECENT;
	return parent ? parent_reason(m, parent, p) : REASON_PARENT_NOT_WAITING;
}

enum reason zombie_reason(const struct model *m, const struct proc *p)
{
	return reason_of(m, p, false);
}

enum reason zombie_reason_if_stays(const struct model *m, const struct proc *p)
{
	return reason_of(m, p, true);
}
