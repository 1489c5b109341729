// SPDX-License-Identifier: BSD-2-Clause
/*
 * The end of sockets: when the last hold is dropped, when the kernel says so, in a queue that dies,
 * or by the clock; and what is told when a creator lets go of one that lives on.
 */
#include "model_priv.h"

/* ---- the end ---- */

static void sock_bury(struct model *m, struct sock *s)
{
	sock_index_drop(m, s);
	s->closing = false;
	s->closed_ts = 0;
	s->gone = true;
	due_push(m, &m->priv->gones, m->now, s->id, m->now);
}

void sock_gone(struct model *m, struct sock *s)
{
	u64 inode = PROTO_FAMILY(s->proto) == FAMILY_UNIX ? s->inode : 0;
	const u64 at = m->priv->at;

	if (s->gone)
		return;
	flights_end(m, s);
	if (s->closing) /* that was its end; it only was not certain until now */
		m->priv->at = s->closed_ts;
	TELL(m, gone, GONE, 0, .inode = s->inode, .cookie = s->cookie, .netns = s->netns,
	     .uid = s->uid, .local = s->local, .remote = s->remote, .proto = s->proto,
	     .state = s->state, .sflags = s->sflags);
	m->priv->at = at;
	sock_bury(m, s);
	while (s->holds) /* it is gone already: dropping the last one says nothing more */
		hold_drop(m, hold_at(m, s->holds));
	if (inode)
		queue_died(m, inode);
}

static void sock_free(struct model *m, struct sock *s)
{
	origins_free(m, s);
	made_unlink(m, s);
	proc_unref(m, s->creator);
	if (s->name)
		pool_drop(&m->names, s->name);
	pool_drop(&m->socks, s->id);
}

/*
 * ---- by the clock: TIME_WAIT ends with no event ----
 *
 * It is told at the first event after a whole second of event time, wherever the history begins: a
 * piece cut out of a recording tells the same at the same place as the whole of it.
 */

static u64 whole_second(const struct model *m)
{
	return m->now - m->now % NS_PER_S;
}

/* What ends first; of two at once the lower id, however they came into the heap. */
static bool ends_after(const struct due *a, const struct due *b)
{
	return a->ts != b->ts ? a->ts > b->ts : a->id > b->id;
}

void waits_push(struct model_priv *pr, u64 ts, u32 id)
{
	const struct due due = {.ts = ts, .id = id};
	u32 i = pr->nwaits++, up;

	if (i == pr->waits_cap) {
		pr->waits_cap = i ? i * 2 : 64;
		pr->waits = xrealloc(pr->waits, pr->waits_cap * sizeof(*pr->waits));
	}
	for (; i && ends_after(&pr->waits[up = (i - 1) / 2], &due); i = up)
		pr->waits[i] = pr->waits[up];
	pr->waits[i] = due;
}

static u32 waits_pop(struct model_priv *pr)
{
	u32 id = pr->waits[0].id, i = 0, down;
	struct due last = pr->waits[--pr->nwaits];

	while ((down = 2 * i + 1) < pr->nwaits) {
		if (down + 1 < pr->nwaits && ends_after(&pr->waits[down], &pr->waits[down + 1]))
			down++;
		if (!ends_after(&last, &pr->waits[down]))
			break;
		pr->waits[i] = pr->waits[down];
		i = down;
	}
	pr->waits[i] = last;
	if (pr->waits_cap > 64 && pr->nwaits < pr->waits_cap / 8) {
		pr->waits_cap /= 2;
		pr->waits = xrealloc(pr->waits, pr->waits_cap * sizeof(*pr->waits));
	}
	return id;
}

u64 sock_end(const struct sock *s)
{
	return s->seen_ts + s->left_ms * NS_PER_MS;
}

void sock_set_left(struct model *m, struct sock *s, u32 left_ms)
{
	s->left_ms = left_ms;
	if (!left_ms || s->inode || s->cookie)
		return;
	timer_wake(m, whole_second(m) + NS_PER_S);
	if (!s->timed)
		waits_push(m->priv, sock_end(s), s->id);
	s->timed = true;
}

/* One that was seen again later has another end by now: back with it. */
static void time_waits_expire(struct model *m)
{
	struct model_priv *pr = m->priv;
	const u64 now = whole_second(m);

	if (!pr->nwaits)
		return;
	timer_wake(m, now + NS_PER_S);
	while (pr->nwaits && pr->waits[0].ts <= now) {
		struct sock *s = sock_at(m, waits_pop(pr));

		if (!s->timed)
			continue; /* freed meanwhile */
		s->timed = false;
		if (!s->gone && sock_end(s) > now)
			sock_set_left(m, s, s->left_ms);
		else if (s->left_ms && !s->inode && !s->cookie)
			sock_gone(m, s);
	}
}

/* The kernel had the time to say that it is over, and has not. */
static void closings_expire(struct model *m)
{
	struct dueq *q = &m->priv->closings;

	while (q->count && q->v[q->head].ts <= m->now) {
		const struct due *due = &q->v[q->head];
		struct sock *s = sock_at(m, due->id);

		if (s->id == due->id && s->closing && s->closed_ts == due->tag) {
			sock_relist(m, s);
			m->priv->outlived = true;
		}
		due_drop(q);
	}
	if (q->count)
		timer_wake(m, q->v[q->head].ts);
}

void socks_expire(struct model *m)
{
	struct dueq *q = &m->priv->gones;

	while (q->count && q->v[q->head].ts <= m->now) {
		struct sock *s = sock_at(m, q->v[q->head].id);

		due_drop(q);
		sock_free(m, s);
	}
	closings_expire(m);
	time_waits_expire(m);
	if (q->count)
		timer_wake(m, q->v[q->head].ts);
}

/* A connection whose holders all closed it is finished by the kernel, anything else is over. */
static bool kernel_finishes(const struct sock *s)
{
	return sock_is_tcp(s) && s->state != TCP_CLOSE && s->state != TCP_LISTEN && s->state;
}

/*
 * ---- nothing holds it any more ----
 *
 * A descriptor is not all that keeps a socket: a thread that sleeps in a call on it does, and an
 * io_uring.  So where the kernel tells of its end (a TCP listener), no other sign counts.  It says
 * so within 100 us of an exit and before a close is told; until then nobody lists it (closing).
 * What it has said nothing of by the end of CLOSING_NS is there, with all that is known of it,
 * until it does or a scan does not meet it.  A close that left other references to the file says
 * the same of what the kernel tells nothing of.
 */
#define CLOSING_NS (100 * NS_PER_MS)

static bool kernel_tells(const struct model *m, const struct sock *s)
{
	const u64 told = 1ull << EV_KIND_STATE | 1ull << EV_KIND_DESTROY;
	const u32 tcp = 6; /* not MPTCP, which is told of by its subflows */

	if (!sock_is_tcp(s) || PROTO_PROTOCOL(s->proto) != tcp || s->state != TCP_LISTEN)
		return false;
	return s->cookie && m->caps & SRC_EVENTS && (m->filter & told) == told;
}

void sock_let_go(struct model *m, struct sock *s)
{
	if (s->gone || s->nholds || s->queue || s->closed_ts)
		return;
	if (!m->priv->left && (kernel_finishes(s) || !kernel_tells(m, s))) {
		sock_maybe_gone(m, s);
		return;
	}
	sock_unlist(m, s);
	s->closed_ts = m->priv->at;
	s->closed_by = m->priv->by;
	due_push(m, &m->priv->closings, m->now + CLOSING_NS, s->id, s->closed_ts);
}

void sock_reopen(struct model *m, struct sock *s)
{
	s->keep_how = KEEPER_NONE;
	if (!s->closed_ts)
		return;
	sock_relist(m, s);
	s->closed_ts = s->closed_by = 0;
}

void sock_finishes(struct model *m, struct sock *s)
{
	if (!s->closed_ts || s->state < TCP_FIN_WAIT1 || s->state == TCP_LISTEN ||
	    s->state == TCP_CLOSE_WAIT || s->state == TCP_NEW_SYN_RECV)
		return;
	sock_reopen(m, s);
	sock_maybe_gone(m, s);
}

void sock_maybe_gone(struct model *m, struct sock *s)
{
	if (s->gone || s->nholds || s->queue || s->closed_ts)
		return;
	if (kernel_finishes(s))
		s->sflags |= SF_DEAD;
	else
		sock_gone(m, s);
}

/* ---- let go by one, held by others ---- */

/* When its creator still had it, as far as is known. */
static u64 creator_had_it(const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct death *d = death_at(m, p->death);
	u32 ref = proc_main(m, p);

	if (d && d->ts)
		return d->ts;
	return ref ? fdtab_at(m, tabref_at(m, ref)->fdtab)->known_ts : m->now;
}

/*
 * Whoever was found waiting on it then may have been the one who let go: the next scan says.  If
 * nobody was, nobody is.  Once in the life of a socket, before it is looked for who keeps it.
 */
static void waits_forget(struct model *m, const struct sock *s)
{
	const u64 until = creator_had_it(m, s);

	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		struct hold *h = hold_at(m, id);

		if (!(h->flags & HOLD_IDLE) && h->seen_ts <= until)
			hold_set_flags(m, h, h->flags & (u8)~HOLD_INHERITED);
	}
}

static void tell_transfer(struct model *m, struct sock *s)
{
	const struct proc *from = proc_at(m, s->creator);

	s->transferred = true;
	TELL(m, transfer, TRANSFER, from->tgid, .inode = s->inode, .cookie = s->cookie,
	     .netns = s->netns, .uid = s->uid, .local = s->local, .remote = s->remote,
	     .proto = s->proto, .state = s->state, .sflags = s->sflags, .from = from->tgid,
	     .to = proc_at(m, first_holder(m, s))->tgid, .holders = holders_count(m, s),
	     .died = from->state != PROC_RUNNING);
}

static void tell_leak(struct model *m, struct sock *s)
{
	const struct proc *holder = proc_at(m, first_holder(m, s));

	s->leaked = true;
	TELL(m, leak, LEAK, holder->tgid, .inode = s->inode, .cookie = s->cookie, .netns = s->netns,
	     .uid = s->uid, .local = s->local, .remote = s->remote, .proto = s->proto,
	     .state = s->state, .sflags = s->sflags, .holder = holder->tgid,
	     .creator = proc_at(m, s->creator)->tgid, .fd = hold_at(m, s->holds)->fd,
	     .holders = holders_count(m, s));
}

/* Without descriptor events: who it is from is known before its table is looked at. */
static bool creator_unread(const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct origin *o = origin_of(m, s, s->creator, UINT64_MAX);
	u32 ref = proc_main(m, p);

	if (m->caps & SRC_FD || p->state != PROC_RUNNING || !o || !ref)
		return false;
	return fdtab_at(m, tabref_at(m, ref)->fdtab)->known_ts < o->ts;
}

/* Its creator holds it no more, somebody else does: told once.  false: nobody is to be judged. */
static bool creator_left(struct model *m, struct sock *s)
{
	if (s->gone || !s->nholds || !s->creator || (s->transferred && s->leaked))
		return false;
	if (proc_holds(m, s->creator, s->id) || creator_unread(m, s))
		return false;
	if (!s->transferred) {
		waits_forget(m, s);
		tell_transfer(m, s);
	}
	return !s->leaked;
}

/*
 * Somebody let go of it, or became another program: is it leaked now?  Not while one hold keeps it,
 * and of those the model remembers one, which is asked again each time: what a hold says hangs on
 * programs, scans and who shares its table, and a remembered answer would miss some of that.
 *
 * Who keeps it no more, or goes, hands on to the next one that does, in their order and round to
 * the first.  So a hold is passed once a round; a round ends only where holds that were passed
 * without keeping it do by then, or with a leak, after which nobody asks again, or unlooked:
 *
 * Where descriptor events are watched, so is what those who are left do with it.  Without them a
 * scan says that, and what the newest one said is from before: then it is judged at the end of the
 * first scan of all descriptors that begins from now on.  Which that is needs neither a list nor a
 * time a socket: such scans are numbered round, up to 255, as they begin, and one that ends
 * judges all but what has its own number.
 */
void sock_review(struct model *m, struct sock *s)
{
	if (!creator_left(m, s) || sock_is_unlooked(m, s))
		return;
	if (s->keeper && m->priv->judge->keeps(m, s, hold_at(m, s->keeper)))
		return;
	if (!m->priv->judge->leaked(m, s, &s->keeper))
		return;
	if (model_is_lean(m))
		s->unlooked = m->priv->look ? m->priv->look : UINT8_MAX;
	else
		tell_leak(m, s);
}

static u8 look_next(const struct model *m)
{
	return m->priv->look == UINT8_MAX ? LOOK_FIRST + 1 : m->priv->look + 1;
}

/* As long as the first is not over, one that begins is the first. */
void look_begins(struct model *m)
{
	m->priv->look = m->priv->look <= LOOK_FIRST ? LOOK_FIRST : look_next(m);
}

/*
 * A walk over all sockets as the scan was, and only where events do not tell what it tells.  Of a
 * creator that died before its own table was looked at nothing is taken at its end: that it let go
 * shows here.
 */
void look_ends(struct model *m, u64 begin)
{
	const u8 look = m->priv->look;

	if (look == LOOK_FIRST)
		m->priv->look = look_next(m);
	if (!model_is_lean(m))
		return;
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		struct sock *s = sock_at(m, id);
		const struct death *d = death_at(m, s->creator ? proc_at(m, s->creator)->death : 0);

		if (s->unlooked != look)
			s->unlooked = 0;
		if (!s->transferred && d && d->ts >= begin)
			continue; /* the next one finds it, too */
		if (creator_left(m, s) && !s->unlooked && m->priv->judge->leaked(m, s, &s->keeper))
			tell_leak(m, s);
	}
}

void sock_lost_hold(struct model *m, struct sock *s)
{
	if (s->nholds)
		sock_review(m, s);
	else
		sock_let_go(m, s);
}
