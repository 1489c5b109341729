// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is read off the model for an answer: one walk over processes and one over sockets, whoever
 * of the collectors wants what of it.  With ten thousand sockets the walk is most of an answer.
 */
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "metrics_priv.h"

static void oldest_add(struct oldest *o, u64 since)
{
	o->count++;
	if (since && (!o->since || since < o->since))
		o->since = since;
}

/* ---- processes ------------------------------------------------------------------------------- */

/* Of who died before anything was watching and has not run since it is known when it was found. */
static u64 dead_for(const struct model *m, const struct proc *p)
{
	u64 since = dead_since(m, p);

	if (since)
		return since;
	return p->parent_ts ? p->parent_ts : p->seen_ts;
}

static void zombie_look(struct census *n, const struct proc *p)
{
	const struct model *m = n->in->m;
	const struct proc *parent = proc_at(m, p->parent);

	oldest_add(&n->zombies[reason_group(zombie_reason(m, p))], dead_for(m, p));
	if (WANTS(n, PROGRAM))
		labels_add_program(&n->zombies_program, m, parent);
	if (WANTS(n, UNIT))
		labels_add_unit(&n->zombies_unit, m, parent);
}

void census_procs(struct census *n)
{
	const struct model *m = n->in->m;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);

		if (p->state == PROC_GONE)
			continue;
		n->procs[proc_standing(p)]++;
		if (proc_is_zombie(p))
			zombie_look(n, p);
	}
}

/* ---- sockets --------------------------------------------------------------------------------- */

static u32 proto_index(struct census *n, u32 proto)
{
	static const char *const names[] = {
#define P(ID, name) [PROTO_##ID] = name,
		PROTO_TABLE(P)
#undef P
	};
	const char *name;

	if (proto == n->proto_seen)
		return n->proto_index;
	name = name_proto(proto);
	n->proto_seen = proto;
	for (n->proto_index = 0; n->proto_index < PROTO_OTHER; n->proto_index++)
		if (!strcmp(names[n->proto_index], name))
			break;
	return n->proto_index;
}

static u32 offer_state(const struct sock *s)
{
	static const u8 states[] = {
		[SOCK_IS_LISTENING] = OFFER_LISTEN,   [SOCK_IS_BOUND] = OFFER_BOUND,
		[SOCK_IS_UNCONNECTED] = OFFER_UNCONN, [SOCK_IS_ESTABLISHED] = OFFER_ESTABLISHED,
		[SOCK_IS_AS_TCP] = OFFER_UNKNOWN,     [SOCK_IS_TIME_WAIT] = OFFER_UNKNOWN,
		[SOCK_IS_CLOSED] = OFFER_UNKNOWN,
	};

	return states[sock_standing(s)];
}

static void leaked_look(struct census *n, const struct sock *s, u32 proto)
{
	const struct model *m = n->in->m;
	const struct fdtab *t = fdtab_at(m, hold_at(m, s->holds)->fdtab);
	const struct proc *holder = proc_at(m, tabref_at(m, t->refs)->proc);

	oldest_add(&n->leaked[proto], metrics_let_go(n->c, m, s));
	metrics_leaked(n->c, s);
	if (WANTS(n, PROGRAM))
		labels_add_program(&n->leaked_program, m, holder);
	if (WANTS(n, UNIT))
		labels_add_unit(&n->leaked_unit, m, holder);
}

static void offer_look(struct census *n, const struct sock *s, u32 proto, enum verdict v)
{
	n->socks[proto][offer_state(s)][v]++;
	n->holders[proto] += metrics_holders(n->c, n->in->m, s);
	switch (sock_blame(n->in->m, s, v)) {
	case BLAME_LEAKED:
		leaked_look(n, s, proto);
		break;
	case BLAME_SUSPECTED:
		n->suspects[proto]++;
		break;
	case BLAME_NONE:
		break;
	}
}

/* What waits to be accepted has no inode and is no secret: the listener has it. */
static bool may_be_hidden(const struct sock *s)
{
	return !s->nholds && (s->queue || s->inode);
}

/* As `port` names it. */
static u32 hidden_place(const struct sock *s)
{
	if (s->queue)
		return HIDDEN_IN_FLIGHT;
	if (!s->keep_how)
		return HIDDEN_UNKNOWN;
	return s->keep_how == KEEPER_CALL ? HIDDEN_CALL : HIDDEN_IO_URING;
}

static void stuck_look(struct census *n, const struct sock *s)
{
	bool stuck = sock_is_stuck(n->in->m, s);
	u64 since = metrics_stuck(n->c, n->in->m, s, stuck);

	if (stuck)
		oldest_add(&n->stuck, since);
}

static void sock_look(struct census *n, const struct sock *s)
{
	u32 proto = proto_index(n, s->proto);
	bool offer = sock_is_offer(s), hidden = may_be_hidden(s);
	enum verdict v;

	if (proto == PROTO_TCP && s->remote.port)
		stuck_look(n, s);
	if (!offer && !hidden)
		return;
	v = verdict_of(n->in->m, s);
	if (hidden && v == VERDICT_HIDDEN)
		n->hidden[hidden_place(s)]++;
	if (offer)
		offer_look(n, s, proto, v);
}

void census_socks(struct census *n)
{
	const struct model *m = n->in->m;

	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id))
		sock_look(n, sock_at(m, id));
}

void census_free(struct census *n)
{
	labels_free(&n->zombies_program);
	labels_free(&n->zombies_unit);
	labels_free(&n->leaked_program);
	labels_free(&n->leaked_unit);
}
