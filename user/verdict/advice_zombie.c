// SPDX-License-Identifier: BSD-2-Clause
/* The words about zombies: what ends this one, and what would have prevented it. */
#include "advice.h"

/*
 * In the texts %c is the zombie, %p its parent, %t its tracer, %n the zombie's pid in its
 * parent's pid namespace.
 */
static const char *const remedies[] = {
	[REASON_PARENT_NOT_WAITING] =
		"%p has not waited for %c: fix or restart it; once it is gone, init takes %c over "
		"and reaps it.",
	[REASON_PARENT_MISSES_SOME] =
		"%p reaps in its SIGCHLD handler, but one signal can stand for several exits: call "
		"waitpid(-1, "
		"&st, WNOHANG) there until it returns 0; restart it to get rid of %c.",
	[REASON_WAITS_FOR_OTHER] = "%p is blocked in a wait for another child and gets to %c after "
				   "that; if it does not, "
				   "restart it and let it wait for any child.",
	[REASON_PARENT_STOPPED] =
		"%p is stopped by a signal and reaps nothing: continue it (kill -CONT %P).",
	[REASON_PARENT_BLOCKED] =
		"%p cannot reap now (it is dying or writing a core dump); %c goes when it is done.",
	[REASON_TRACED] = "%t traces %c and has to wait for it before its parent can: detach or "
			  "end the tracer.",
	[REASON_NO_EXIT_SIGNAL] = "%c was made by clone() without an exit signal, so %p is not "
				  "told of its death: it has to wait "
				  "with __WALL or __WCLONE; ending %p frees it.",
	[REASON_INIT_NOT_REAPING] =
		"%p is PID 1 of its container (%c is pid %n in there) and does not reap what it "
		"adopts: run an init such as tini in front of it (docker run --init), and restart "
		"the "
		"container to be rid of it.",
	[REASON_SUBREAPER_NOT_REAPING] = "%p declared itself a subreaper (PR_SET_CHILD_SUBREAPER) "
					 "and adopted %c, but does not "
					 "wait for it: fix or restart it; then init reaps.",
	[REASON_HEADLESS] = "%c is no zombie: its main thread has ended, but other threads live on "
			    "and hold all it "
			    "has; to end it, kill the process (kill %C).",
	[REASON_RECENT] = "%c has only just died: give %p a moment to reap it.",
};

static void add_name(struct buf *b, const struct model *m, const struct proc *p)
{
	if (p)
		words_proc(b, m, p->id);
	else
		buf_puts(b, "its parent");
}

static u32 inner_pid(const struct proc *p)
{
	return p->level ? p->nspid.nr[p->level - 1] : p->tgid;
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
		if (proc_find(m, p->tracer))
			add_name(b, m, proc_at(m, proc_find(m, p->tracer)));
		else
			buf_printf(b, "process [%u]", p->tracer);
		break;
	case 'n':
		buf_printf(b, "%u", inner_pid(p));
		break;
	case 'P':
		buf_printf(b, "%u", parent ? parent->tgid : 0);
		break;
	case 'C':
		buf_printf(b, "%u", p->tgid);
		break;
	}
}

enum reason verdict_zombie(const struct model *m, const struct proc *p, struct buf *action)
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
	return r;
}
