// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which verdict: pure functions of the model.  The words are in words/advice.c.
 *
 * "Means it": a holder runs the creator's own program, has used the socket, or took pains to keep
 * it.  Where use is not watched, a holder that runs another program is still called a leak, but
 * not a certain one.
 */
#include "verdict_priv.h"

#define STD_LAST 2 /* standard error */

const char *name_verdict(enum verdict v)
{
	static const char *const names[] = {
#define V(ID, name) [VERDICT_##ID] = name,
		VERDICT_TABLE(V)
#undef V
	};

	return names[v];
}

/* ---- verdicts ---- */

const struct image *creator_image(const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct origin *o;

	if (!p)
		return NULL;
	/*
	 * Who accepts may do so long after the connection was there.  Whose making was not seen was
	 * made by what its creator ran when that became known.
	 */
	o = origin_made(m, s);
	return image_at(m, image_when(m, p, o ? o->ts : s->opened));
}

/* A process forked after the creator had it still runs its program; nobody is accused of what is not known. */
static bool runs_creators_program(const struct model *m, const struct proc *p,
				  const struct image *creator)
{
	return program_same(m, image_at(m, p->image), creator) != SAME_NO;
}

bool hold_meant(const struct model *m, const struct hold *h, const struct image *creator)
{
	u32 budget =
		16; /* an exec takes a table of its own: who shares one runs the same program */

	if (h->flags & (HOLD_USED | HOLD_DELIBERATE | HOLD_HANDED))
		return true;
	for (u32 r = fdtab_at(m, h->fdtab)->refs; r && budget--; r = tabref_at(m, r)->tab_next)
		if (runs_creators_program(m, proc_at(m, tabref_at(m, r)->proc), creator))
			return true;
	return false;
}

/* Its use is reading and writing, which is not watched. */
bool sock_is_connection(const struct sock *s)
{
	const u32 dgram = 2;

	return PROTO_TYPE(s->proto) != dgram && s->state != TCP_LISTEN &&
	       (s->remote.port || PROTO_FAMILY(s->proto) == FAMILY_UNIX);
}

/* Only its descriptor is left: it keeps no port, so nobody can want it back. */
bool sock_is_over(const struct sock *s)
{
	return s->sflags & SF_OFFPORT && s->remote.port;
}

/*
 * A creator that lives on and closed its end of a connection after the fork gave it to the child,
 * as every server that forks or spawns does.  With a listener the same is most often a mistake.
 */
static bool given_by_fork(const struct model *m, const struct sock *s)
{
	return sock_is_connection(s) && proc_at(m, s->creator)->state == PROC_RUNNING;
}

/* Nobody hands on a standard input or output by mistake; where use is watched, that says more. */
static bool hold_kept(const struct model *m, const struct sock *s, const struct hold *h)
{
	return hold_waited(h) || (h->fd <= STD_LAST && !hold_use_told(m, s, h));
}

static bool hold_keeps(const struct model *m, const struct sock *s, const struct hold *h)
{
	return hold_kept(m, s, h) || hold_meant(m, h, creator_image(m, s));
}

/* From the last one that did on, and round to it; 0: none keeps it. */
static u32 find_keeper(const struct model *m, const struct sock *s)
{
	const struct image *creator = creator_image(m, s);
	const u32 from = s->keeper ? s->keeper : s->holds;
	u32 id = from;

	do {
		const struct hold *h = hold_at(m, id);

		if (hold_kept(m, s, h) || hold_meant(m, h, creator))
			return id;
		id = h->sock_next ? h->sock_next : s->holds;
	} while (id != from);
	return 0;
}

/* Forked off one who was given it?  Seldom asked at events; a leak does not hang on how many. */
static bool was_handed_over(const struct model *m, const struct sock *s)
{
	u32 budget = 16;

	if (s->npassed)
		return true;
	if (s->norigins < 2) /* its creator's alone */
		return false;
	for (u32 id = s->holds; id && budget--; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);
		u32 ref = h->flags & HOLD_HANDED ? fdtab_at(m, h->fdtab)->refs : 0;

		if (ref && handed_over(m, s, tabref_at(m, ref)->proc))
			return true;
	}
	return false;
}

static enum verdict verdict_creator_gone(const struct model *m, const struct sock *s, u32 *keeper)
{
	if (was_handed_over(m, s))
		return VERDICT_PASSED;
	if (given_by_fork(m, s) || sock_is_over(s))
		return VERDICT_INHERITED;
	*keeper = find_keeper(m, s);
	/* Nobody is accused by what was before. */
	return *keeper || sock_is_unlooked(m, s) ? VERDICT_INHERITED : VERDICT_LEAKED;
}

/*
 * Tables that could not be read may well show a socket that no other does: then it is not called
 * hidden, unless it was followed from its birth on, or what keeps it was found.  One without an inode is no file of anybody's.
 */
static enum verdict verdict_unseen(const struct model *m, const struct sock *s)
{
	return m->blind && s->inode && !s->born && !s->keep_how ? VERDICT_HELD : VERDICT_HIDDEN;
}

/* No table shows it: does the kernel finish it, or does somebody have a reference unseen? */
static enum verdict verdict_unheld(const struct model *m, const struct sock *s)
{
	if (s->queue)
		return VERDICT_HIDDEN;
	if (s->sflags & (SF_DEAD | SF_TIMEWAIT))
		return VERDICT_ORPHANED;
	switch (sock_is_tcp(s) ? s->state : 0) {
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_TIME_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
		return VERDICT_ORPHANED;
	default:
		return verdict_unseen(m, s);
	}
}

static enum verdict verdict_found(const struct model *m, const struct sock *s, u32 *keeper)
{
	if (s->sflags & SF_KERNEL)
		return VERDICT_KERNEL;
	if (!s->nholds)
		return verdict_unheld(m, s);
	if (!s->creator)
		return VERDICT_HELD;
	if (s->nmine)
		return holders_count(m, s) > s->nmine ? VERDICT_SHARED : VERDICT_OWNED;
	return verdict_creator_gone(m, s, keeper);
}

enum verdict verdict_of(const struct model *m, const struct sock *s)
{
	u32 keeper;

	return verdict_found(m, s, &keeper);
}

static bool is_leaked(const struct model *m, const struct sock *s, u32 *keeper)
{
	return verdict_found(m, s, keeper) == VERDICT_LEAKED;
}

static bool programs_differ(const struct model *m, const struct image *a, const struct image *b)
{
	return program_same(m, a, b) == SAME_NO;
}

const struct judge verdict_judge = {
	.keeps = hold_keeps, .leaked = is_leaked, .differ = programs_differ};

/*
 * Did nobody who holds it make it, and does nobody wait on it?  Who was given it as standard input
 * or output, or has used it, means to have it.
 */
static bool sock_is_idle(const struct model *m, const struct sock *s)
{
	const u8 idle = HOLD_INHERITED | HOLD_IDLE, meant = HOLD_USED | HOLD_DELIBERATE;

	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);

		if ((h->flags & (idle | meant)) != idle || h->fd <= STD_LAST)
			return false;
	}
	return s->nholds;
}

/*
 * May one of them be at work on it?  A server's child that was given a connection does not wait on
 * it while it computes, or asks a database.  It runs the program of who accepted, or of its parent.
 */
static bool may_be_at_work(const struct model *m, const struct sock *s)
{
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);
		const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);
		const struct proc *p = r ? proc_at(m, r->proc) : NULL;
		const struct proc *from = p ? proc_at(m, s->creator ? s->creator : p->birth) : NULL;
		const struct image *had = s->creator ? creator_image(m, s)
					  : from     ? image_at(m, from->image)
						     : NULL;

		if (p && had && program_same(m, image_at(m, p->image), had) == SAME_YES)
			return true;
	}
	return false;
}

/* The end that its owner closed comes only when the last holder closes it too. */
bool sock_is_stuck(const struct model *m, const struct sock *s)
{
	return sock_is_tcp(s) && sock_is_connection(s) && s->state != TCP_CLOSE &&
	       sock_is_idle(m, s) && !may_be_at_work(m, s);
}

enum blame sock_blame(const struct model *m, const struct sock *s, enum verdict v)
{
	if (v == VERDICT_LEAKED)
		return BLAME_LEAKED;
	return v == VERDICT_HELD && sock_is_offer(s) && sock_is_idle(m, s) ? BLAME_SUSPECTED
									   : BLAME_NONE;
}

/* A fork that has executed nothing since: it is known to run the program it had it from. */
static bool runs_on(const struct model *m, const struct hold *h)
{
	const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);
	const struct image *i = r ? image_at(m, proc_at(m, r->proc)->image) : NULL;

	return i && i->ts <= h->since;
}

/* A child of the creator that runs what that ran as it made the socket. */
static bool is_creators_fork(const struct model *m, const struct sock *s, const struct hold *h)
{
	const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);
	const struct proc *p = r ? proc_at(m, r->proc) : NULL, *made = proc_at(m, s->creator);

	return p && h->how == VIA_FORK && p->birth == s->creator && runs_on(m, h) &&
	       image_when(m, made, p->start) == image_when(m, made, s->opened);
}

/* Does it show for certain that it is meant?  That it may be the creator's program shows nothing. */
static bool hold_certain(const struct model *m, const struct sock *s, const struct hold *h,
			 const struct image *creator)
{
	const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);

	if (hold_kept(m, s, h) || h->flags & (HOLD_USED | HOLD_DELIBERATE) || hold_is_passed(h))
		return true;
	if ((h->flags & HOLD_HANDED && runs_on(m, h)) || is_creators_fork(m, s, h))
		return true;
	return r && program_same(m, image_at(m, proc_at(m, r->proc)->image), creator) == SAME_YES;
}

/* Of those who let it be called inherited or passed one does for a reason that is known. */
static bool kept_for_certain(const struct model *m, const struct sock *s)
{
	const struct image *creator = creator_image(m, s);

	if (given_by_fork(m, s) || sock_is_over(s))
		return true;
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next)
		if (hold_certain(m, s, hold_at(m, id), creator))
			return true;
	return false;
}

/* A user's events that were held back may be those on its own sockets, or of who holds this one. */
static bool held_back(const struct model *m, const struct sock *s)
{
	const struct proc *made = proc_at(m, s->creator);

	if (!m->nheld)
		return false;
	if (model_held(m, s->uid, s->opened) || (made && model_held(m, made->uid, s->opened)))
		return true;
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);
		const struct tabref *r = tabref_at(m, fdtab_at(m, h->fdtab)->refs);

		if (r && model_held(m, proc_at(m, r->proc)->uid, s->opened))
			return true;
	}
	return false;
}

/* Was everything that led to the verdict seen, from the socket's birth on? */
bool verdict_certain(const struct model *m, const struct sock *s, enum verdict v)
{
	if (!s->born || !s->creator || m->lost_since || m->priv->last_loss > s->opened)
		return false;
	if (held_back(m, s))
		return false;
	/* Events do not miss what a process does whose table no scan can read. */
	if ((m->blind || m->caps & SRC_PARTIAL) && !(m->caps & SRC_EVENTS))
		return false;
	if (v == VERDICT_INHERITED && sock_is_unlooked(m, s))
		return false;
	if ((v == VERDICT_INHERITED || v == VERDICT_PASSED) && !kept_for_certain(m, s))
		return false;
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);

		if (h->how == VIA_SCAN || h->how == VIA_NONE)
			return false;
		if (v == VERDICT_LEAKED && (sock_is_connection(s) || !hold_use_told(m, s, h)))
			return false;
	}
	return true;
}

/*
 * A way has no more steps than there are sockets in flight, or it goes in a circle: twice as fast a
 * second walker meets the first in it.
 */
u32 queue_reached(const struct model *m, const struct sock *s, u32 *steps)
{
	const struct sock *q = s, *slow = s;

	for (*steps = 0; q && q->queue && !q->nholds; ++*steps) {
		q = sock_known(m, q->queue, 0);
		if (*steps % 2)
			slow = sock_known(m, slow->queue, 0);
		if (q == slow)
			return 0;
	}
	return q && q != s && q->nholds ? q->id : 0;
}
