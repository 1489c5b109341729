// SPDX-License-Identifier: BSD-2-Clause
/*
 * Holds that keep a socket from being leaked once its creator has let go: hold_keeps() of each.
 *
 * A leak is when none does.  Holds are judged in their order, and only until one is found; each
 * remembers how, so that none is judged twice unless something about it has changed: then it is at
 * once.  So the answer to an event costs as many steps as holds it passes, each of which was put by
 * an event of its own.
 */
#include "model_priv.h"
#include "verdict.h"

static void hold_judge(struct model *m, struct sock *s, struct hold *h)
{
	bool keeps = hold_keeps(m, s, h);

	s->nkeep -= (h->flags & HOLD_KEEPS) != 0;
	h->flags &= (u8)~HOLD_KEEPS;
	if (!keeps)
		return;
	h->flags |= HOLD_KEEPS;
	s->nkeep++;
}

void hold_changed(struct model *m, struct hold *h)
{
	if (h->flags & HOLD_JUDGED)
		hold_judge(m, sock_at(m, h->sock), h);
}

void hold_forget(struct model *m, struct hold *h)
{
	struct sock *s = sock_at(m, h->sock);

	if (!(h->flags & HOLD_JUDGED))
		return;
	fdtab_at(m, h->fdtab)->njudged--;
	s->nkeep -= (h->flags & HOLD_KEEPS) != 0;
	h->flags &= (u8)~HOLD_MARKS;
	if (hold_at(m, s->judged) == h)
		s->judged = hold_at(m, s->holds) == h ? 0 : h->sock_prev;
}

void sock_unjudge(struct model *m, struct sock *s)
{
	while (s->judged)
		hold_forget(m, hold_at(m, s->judged));
}

void sock_judge(struct model *m, struct sock *s)
{
	if (s->learned != m->learned)
		sock_unjudge(m, s);
	s->learned = m->learned;
	while (!s->nkeep) {
		u32 id = s->judged ? hold_at(m, s->judged)->sock_next : s->holds;
		struct hold *h = hold_at(m, id);

		if (!h)
			return;
		h->flags |= HOLD_JUDGED;
		fdtab_at(m, h->fdtab)->njudged++;
		s->judged = id;
		hold_judge(m, s, h);
	}
}

/*
 * Another process uses a table, or one does no more.  Who shares a table runs the same program, as
 * an exec takes one of its own: only where events were missed is there anything to look at again.
 */
void table_joined(struct model *m, const struct fdtab *t, const struct proc *p)
{
	const struct tabref *r = tabref_at(m, t->refs);

	if (r && r->proc == p->id)
		r = tabref_at(m, r->tab_next);
	if (!t->njudged || !r || proc_at(m, r->proc)->image == p->image)
		return;
	for (struct hold *h = hold_first(m, t); h; h = hold_at(m, h->tab_next))
		hold_changed(m, h);
}

/*
 * Something was learnt of what it runs: a scan brings that, once, of programs that were there
 * before, and again of those that write over their arguments.
 */
void program_changed(struct model *m, const struct proc *p)
{
	if (image_at(m, p->image)->refs >
	    1) { /* and of others, by fork or in what they ran before */
		m->learned++;
		return;
	}
	for (u32 r = p->tabrefs; r; r = tabref_at(m, r)->proc_next) {
		const struct fdtab *t = fdtab_at(m, tabref_at(m, r)->fdtab);

		for (struct hold *h = t->njudged ? hold_first(m, t) : NULL; h;
		     h = hold_at(m, h->tab_next))
			hold_changed(m, h);
	}
	for (u32 id = p->made; id; id = sock_at(m, id)->made_next)
		sock_unjudge(m, sock_at(m, id));
}
