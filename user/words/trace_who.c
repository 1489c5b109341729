/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose an event is.  A TCP state changes under whoever the interrupt hit, so a state line is put
 * down to a holder of the socket; and a timer's signal is nobody's.
 */
#include <string.h>
#include <sys/socket.h>

#include "trace.h"

bool trace_has_sock(const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);

	return k->nfields >= 8 && !strcmp(k->fields[0].name, "inode") &&
	       !strcmp(k->fields[7].name, "sflags");
}

static u32 state_tgid(const struct model *m, const struct ev *e)
{
	const struct ev_state *st = (const struct ev_state *)e;
	u32 id = sock_find(m, st->inode, st->cookie), proc = proc_find(m, e->tgid);
	const struct sock *s = sock_at(m, id);

	if (!s) /* it is over: with this very event */
		return m->ended.cookie == st->cookie ? m->ended.tgid : 0;
	if (proc && proc_holds(m, proc, id))
		return e->tgid;
	proc = first_holder(m, s);
	if (!proc)
		proc = s->creator;
	return proc ? proc_at(m, proc)->tgid : 0;
}

u32 trace_tgid(const struct model *m, const struct ev *e)
{
	const struct ev_reap *reap = (const struct ev_reap *)e;
	const struct proc *child;

	if (e->kind == EV_KIND_STATE)
		return state_tgid(m, e);
	if (e->kind == EV_KIND_SIGNAL)
		return signal_sender(m, (const struct ev_signal *)e);
	if (e->kind != EV_KIND_REAP || e->tgid)
		return e->tgid;
	child = proc_at(m, proc_find_start(m, reap->child, reap->start));
	return child && child->parent ? proc_at(m, child->parent)->tgid : 0;
}

/* A bind that fails costs nobody much: who it failed for is looked for among so many sockets. */
#define LOOKED_AT 4096

/* ---- who has the address already ---------------------------------------------------------- */

/* A name given in another mount namespace, or relative, may well be another file. */
static bool same_name(const struct model *m, const struct ev_unix_bind *b, const struct sock *s)
{
	const struct proc *p = proc_at(m, proc_find(m, b->h.tgid));
	u32 keeper = s->keep_how ? proc_find(m, s->keep_pid) : 0;
	const struct proc *holder = proc_at(m, s->holds ? first_holder(m, s) : keeper);
	const struct unix_name *n = name_at(m, s->name);

	if (!n || n->len != b->name.len || memcmp(n->s, b->name.s, n->len))
		return false;
	if (!n->s[0])
		return !b->netns || s->netns == b->netns;
	return n->s[0] == '/' && sock_file(m, s)->file_names != FILE_REMOVED && p && holder &&
	       p->mntns == holder->mntns;
}

/* Held by a descriptor, or kept without one? */
static bool is_there(const struct sock *s, bool kept)
{
	return kept ? !s->holds && s->keep_how : s->holds;
}

static const struct sock *unix_in_use(const struct model *m, const struct ev_unix_bind *b,
				      bool kept)
{
	u32 budget = LOOKED_AT;

	for (u32 id = 0; budget-- && (id = sock_next(m, id));) {
		const struct sock *s = sock_at(m, id);

		if (is_there(s, kept) && same_name(m, b, s))
			return s;
	}
	return NULL;
}

static const struct sock *in_use(const struct model *m, const struct ev *e, bool kept)
{
	const struct ev_bind *b = (const struct ev_bind *)e;
	const struct sock *s;
	u32 budget = LOOKED_AT;

	if (e->kind == EV_KIND_UNIX_BIND)
		return unix_in_use(m, (const struct ev_unix_bind *)e, kept);
	for (u32 id = map_get(&m->by_port, b->local.port); id && budget--; id = s->port_next) {
		s = sock_at(m, id);
		if (is_there(s, kept) && s->inode != b->inode && bind_conflicts(b, s))
			return s;
	}
	return NULL;
}

u32 trace_in_use_by(const struct model *m, const struct ev *e)
{
	const struct sock *s = in_use(m, e, false);

	return s ? first_holder(m, s) : 0;
}

const struct sock *trace_kept_from(const struct model *m, const struct ev *e)
{
	return in_use(m, e, true);
}

/* ---- the filter ----------------------------------------------------------------------------- */
