// SPDX-License-Identifier: BSD-2-Clause
/* The words about zombies: what ends this one, and what would have prevented it. */
#include "advice.h"

#define ORPHANS_MAX 1024 /* children of an adopter that are looked at */

static const char *const remedies[] = {
#define R(ID, key, why, brief, remedy) [REASON_##ID] = remedy,
	REASON_TABLE(R)
#undef R
};

static void add_name(struct buf *b, const struct model *m, const struct proc *p)
{
	if (p)
		text_proc(b, m, p->id);
	else
		buf_puts(b, "its parent");
}

static u32 inner_pid(const struct proc *p)
{
	return p->level && p->level <= NS_LEVELS ? p->nspid.nr[p->level - 1] : p->tgid;
}

/* ": sleep[12], in its thread 34" */
static void add_wait(struct buf *b, const struct model *m, const struct proc *parent)
{
	if (!parent || !parent->wait_for)
		return;
	if (parent->wait_for == WAITS_PID) {
		buf_puts(b, ", ");
		text_pid(b, m, parent->wait_nr);
	} else if (parent->wait_for == WAITS_GROUP) {
		buf_printf(b, ", %u", parent->wait_nr);
	}
	if (parent->wait_tid && parent->wait_tid != parent->tgid)
		buf_printf(b, " (in its thread %u)", parent->wait_tid);
}

/* An orphan that it has not reaped either; looked for only where an answer is written. */
static const struct proc *orphan_left(const struct model *m, const struct proc *p)
{
	u32 budget = ORPHANS_MAX;

	if (!p->zombies)
		return NULL;
	for (const struct proc *c = proc_at(m, p->child); c && budget--; c = proc_at(m, c->next)) {
		u64 since = dead_since(m, c);

		if (proc_is_zombie(c) && proc_is_adopted(p, c) &&
		    (!since || m->now >= since + ZOMBIE_AFTER_NS))
			return c;
	}
	return NULL;
}

/* "once it is gone, node[12], PID 1 of its container, takes a[3] over and reaps it" */
static void add_adopter(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent), *to, *left;
	bool above, init;

	if (parent && parent->flags & TASK_NSINIT && parent->tgid != 1) {
		buf_puts(b, "its pid namespace, which ends with it, takes ");
		add_name(b, m, p);
		buf_puts(b, " along");
		return;
	}
	to = proc_at(m, parent && waits_are_told(m, p) ? proc_adopter(m, parent, &above) : 0);
	left = to ? orphan_left(m, to) : NULL;
	buf_puts(b, "once it is gone, ");
	if (!to || (to->tgid == 1 && !left)) {
		buf_puts(b, "init takes ");
		add_name(b, m, p);
		buf_puts(b, " over and reaps it");
		return;
	}
	init = to->flags & TASK_NSINIT && to->tgid != 1;
	text_proc(b, m, to->id);
	buf_puts(b, above ? ", the subreaper above it," : init ? ", PID 1 of its container," : "");
	buf_puts(b, " takes ");
	add_name(b, m, p);
	if (left) {
		buf_puts(b, " over, but has not reaped ");
		text_proc(b, m, left->id);
		buf_puts(b, " either, which it adopted: if it does not reap what it adopts, ");
		buf_puts(b, init ? "restart the container with an init such as tini"
				 : "end that, too");
	} else if (to->reaps || to->flags & TASK_REAPED) {
		buf_puts(b, " over and reaps it");
	} else {
		buf_puts(b, " over and has to reap it, which it has not been seen to do yet");
	}
}

/* In steps, so that a sentence does not change with every child that is reaped. */
static void add_habit(struct buf *b, const struct proc *parent)
{
	static const u16 ms[] = {10,   50,   100,   200,   500,	  1000,
				 2000, 5000, 10000, 20000, 30000, 60000};
	u32 i = 0;

	if (!parent || !parent->reaps || parent->habit_ns > ms[ARRAY_SIZE(ms) - 1] * NS_PER_MS)
		return;
	while (parent->habit_ns > ms[i] * NS_PER_MS)
		i++;
	if (ms[i] < 1000)
		buf_printf(b, " (lately it reaped its children within %u ms)", ms[i]);
	else
		buf_printf(b, " (lately it reaped its children within %u s)", ms[i] / 1000);
}

/* Of the parent: what it is stuck in, or what ends that. */
static void add_stuck(struct buf *b, const struct model *m, const struct proc *parent, bool ends)
{
	struct buf in = {0}, out = {0};

	if (!parent || !text_stuck(m, parent, &in, &out)) {
		buf_puts(&in, "is dying");
		buf_puts(&out, "wait until it is gone");
	}
	buf_puts(b, ends ? out.s : in.s);
	buf_free(&in);
	buf_free(&out);
}

static void add_part(struct buf *b, const struct model *m, const struct proc *p, char what)
{
	const struct proc *parent = proc_at(m, p->parent);

	switch (what) {
	case 'c':
		add_name(b, m, p);
		break;
	case 'p':
		add_name(b, m, parent);
		break;
	case 't':
		text_pid(b, m, p->tracer);
		break;
	case 'n':
		buf_printf(b, "%u", inner_pid(p));
		break;
	case 'C':
		buf_printf(b, "%u", p->tgid);
		break;
	case 'x':
		buf_puts(b, name_signal(p->exit_signal));
		break;
	case 'w':
		add_wait(b, m, parent);
		break;
	case 'q':
	case 'f':
		add_stuck(b, m, parent, what == 'f');
		break;
	case 'a':
		add_adopter(b, m, p);
		break;
	case 'i':
		if (parent && parent->flags & TASK_NSINIT)
			buf_puts(b, ", the init of its pid namespace,");
		break;
	case 'h':
		add_habit(b, parent);
		break;
	case 'k':
		text_dying(b, m, p);
		break;
	}
}

/* PID 1 of a pid namespace that waits for this one to be gone. */
static void add_kept_init(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct proc *init = proc_at(m, p->pidns ? map_get(&m->nsinits, p->pidns) : 0);

	if (!init || init == p || !(init->flags & TASK_EXITING) || p->parent == init->id)
		return;
	buf_puts(b, " As long as it is there, ");
	text_proc(b, m, init->id);
	buf_puts(b, ", PID 1 of its pid namespace, cannot end.");
}

enum reason advise_zombie(const struct model *m, const struct proc *p, struct buf *action)
{
	enum reason r = zombie_reason(m, p);

	for (const char *s = remedies[r]; action && *s;) {
		size_t n = strcspn(s, "%");

		buf_add(action, s, n);
		s += n;
		if (!*s)
			break;
		add_part(action, m, p, s[1]);
		s += 2;
	}
	if (action && proc_is_zombie(p) && r != REASON_WAITS_IN_CIRCLE)
		add_kept_init(action, m, p);
	return r;
}
