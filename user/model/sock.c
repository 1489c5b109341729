// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sockets: identity, what is known of them, indexes, and their end.
 *
 * A socket is known by its inode, by its cookie, or by both; a connection has a cookie first and
 * gets an inode when it is accepted.  Two records are joined when an event shows both names.  An
 * inode is used again after its socket died, a cookie never: with another cookie, or of another
 * kind, an inode means another socket.  TIME_WAIT has neither; such a one goes by its addresses.
 */
#include "model_priv.h"

bool sock_is_tcp(const struct sock *s)
{
	u32 family = PROTO_FAMILY(s->proto);

	return (family == FAMILY_INET || family == FAMILY_INET6) &&
	       PROTO_TYPE(s->proto) == TYPE_STREAM && PROTO_PROTOCOL(s->proto) != 132;
}

/* ---- indexes ---- */

static u64 mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

static u64 mix_ip(u64 h, const struct ep *ep)
{
	u64 half[2];

	memcpy(half, ep->ip, sizeof(half));
	return mix(mix(h, half[0]), half[1]);
}

u64 tuple_key(const struct sock *s)
{
	u64 h = mix(s->netns, s->proto);

	h = mix(h, (u64)s->local.port << 48 | (u64)s->local.family << 32 |
			   (u64)s->remote.port << 16 | s->remote.family);
	return mix_ip(mix_ip(h, &s->local), &s->remote);
}

/*
 * Counted while it listens: taken out before anything of that changes, and put back after.  Where
 * there is one, the exclusive or of all ids is its id.
 */
static bool sock_listens(const struct sock *s)
{
	return !s->gone && !s->closing && s->state == TCP_LISTEN && sock_is_tcp(s) && s->local.port;
}

static void listener_flip(struct model *m, const struct sock *s)
{
	u32 ids = map_get(&m->priv->listener, listen_key(s)) ^ s->id;

	if (ids)
		map_put(&m->priv->listener, listen_key(s), ids);
	else
		map_take(&m->priv->listener, listen_key(s));
}

void listening_add(struct model *m, const struct sock *s)
{
	if (!sock_listens(s))
		return;
	map_put(&m->priv->listening, listen_key(s),
		map_get(&m->priv->listening, listen_key(s)) + 1);
	listener_flip(m, s);
}

static void listening_drop(struct model *m, const struct sock *s)
{
	u32 n = sock_listens(s) ? map_take(&m->priv->listening, listen_key(s)) : 0;

	if (n)
		listener_flip(m, s);
	if (n > 1)
		map_put(&m->priv->listening, listen_key(s), n - 1);
}

struct sock *listener_of(const struct model *m, const struct sock *s)
{
	struct sock *l = sock_known(m, s->listener, 0);

	if (l || s->listener || map_get(&m->priv->listening, listen_key(s)) != 1)
		return l;
	return sock_at(m, map_get(&m->priv->listener, listen_key(s)));
}

static void port_unlink(struct model *m, struct sock *s)
{
	if (!s->local.port || s->gone || s->closing)
		return;
	if (s->port_prev)
		sock_at(m, s->port_prev)->port_next = s->port_next;
	else if (s->port_next)
		map_put(&m->by_port, s->local.port, s->port_next);
	else
		map_take(&m->by_port, s->local.port);
	if (s->port_next)
		sock_at(m, s->port_next)->port_prev = s->port_prev;
	s->port_next = s->port_prev = 0;
}

static void port_link(struct model *m, struct sock *s)
{
	if (!s->local.port || s->closing)
		return;
	s->port_next = map_get(&m->by_port, s->local.port);
	if (s->port_next)
		sock_at(m, s->port_next)->port_prev = s->id;
	map_put(&m->by_port, s->local.port, s->id);
}

static void set_local(struct model *m, struct sock *s, const struct ep *ep)
{
	bool moves = s->local.port != ep->port;

	if (moves)
		port_unlink(m, s);
	s->local = *ep;
	if (moves)
		port_link(m, s);
}

u32 sock_find(const struct model *m, u64 inode, u64 cookie)
{
	u32 id = cookie ? map_get(&m->by_cookie, cookie) : 0;

	return id || !inode ? id : map_get(&m->by_inode, inode);
}

struct sock *sock_known(const struct model *m, u64 inode, u64 cookie)
{
	struct sock *s = sock_at(m, sock_find(m, inode, cookie));

	return s && cookie && s->cookie && s->cookie != cookie ? NULL : s;
}

void sock_unlist(struct model *m, struct sock *s)
{
	listening_drop(m, s);
	port_unlink(m, s);
	s->closing = true;
}

void sock_relist(struct model *m, struct sock *s)
{
	if (!s->closing)
		return;
	s->closing = false;
	port_link(m, s);
	listening_add(m, s);
}

u32 sock_after(const struct model *m, u32 id)
{
	while ((id = pool_next(&m->socks, id)))
		if (sock_at(m, id)->id == id && !sock_at(m, id)->gone)
			return id;
	return 0;
}

u32 sock_next(const struct model *m, u32 id)
{
	while ((id = sock_after(m, id)) && sock_at(m, id)->closing)
		;
	return id;
}

void sock_index_drop(struct model *m, struct sock *s)
{
	listening_drop(m, s);
	port_unlink(m, s);
	if (s->inode && map_get(&m->by_inode, s->inode) == s->id)
		map_take(&m->by_inode, s->inode);
	if (s->cookie && map_get(&m->by_cookie, s->cookie) == s->id)
		map_take(&m->by_cookie, s->cookie);
	if (!s->inode && !s->cookie && map_get(&m->priv->by_tuple, tuple_key(s)) == s->id)
		map_take(&m->priv->by_tuple, tuple_key(s));
}

static void set_names(struct model *m, struct sock *s, u64 inode, u64 cookie)
{
	if (inode && s->inode != inode && !map_get(&m->by_inode, inode)) {
		if (s->inode)
			map_take(&m->by_inode, s->inode);
		s->inode = inode;
		map_put(&m->by_inode, inode, s->id);
	}
	if (cookie && !s->cookie && !map_get(&m->by_cookie, cookie)) {
		s->cookie = cookie;
		map_put(&m->by_cookie, cookie, s->id);
	}
}

/* ---- making and joining ---- */

static struct sock *sock_new(struct model *m)
{
	u32 id = pool_new(&m->socks);
	struct sock *s = sock_at(m, id);

	s->id = id;
	s->met_ts = m->now;
	return s;
}

static void holds_move(struct model *m, struct sock *to, struct sock *from)
{
	while (from->holds) {
		struct hold h = *hold_at(m, from->holds);
		struct slot slot = {h.fdtab, h.fd, h.via, h.how, h.cloexec, h.flags, h.since};
		struct hold *now;

		from->queue = from->queue ? from->queue : ~0ull; /* it is not over while it moves */
		hold_drop(m, hold_at(m, from->holds));
		now = hold_put(m, &slot, to);
		if (!now)
			continue;
		now->seen_ts = h.seen_ts;
		now->met_ts = h.met_ts;
	}
}

/* Two records turn out to be one socket: `to` takes over all of `from`. */
static void sock_join(struct model *m, struct sock *to, struct sock *from)
{
	flights_move(m, to, from);
	if (!to->creator && from->creator) {
		made_unlink(m, from);
		to->creator = from->creator;
		from->creator = 0;
		made_link(m, to);
	}
	from->transferred = from->leaked = true; /* nothing is to be told while it moves */
	sock_index_drop(m, from);
	holds_move(m, to, from);
	origins_move(m, to, from);
	from->queue = 0;
	to->opened = to->opened ? to->opened : from->opened;
	to->cgroup = to->cgroup ? to->cgroup : from->cgroup;
	to->listener = to->listener ? to->listener : from->listener;
	to->peer = to->peer ? to->peer : from->peer;
	to->born |= from->born;
	to->before |= from->before;
	to->met_ts = max_ts(to->met_ts, from->met_ts);
	if (!to->name) {
		to->name = from->name;
		from->name = 0;
	}
	from->closing = false;
	from->closed_ts = from->inode = from->cookie = 0;
	from->local.port = 0;
	from->gone = true;
	due_push(m, &m->priv->gones, m->now, from->id, m->now);
}

static bool other_kind(const struct sock *s, u32 proto)
{
	return s->proto && proto && s->proto != proto;
}

/* Which of the known ones is it; an inode that means another socket now ends the earlier one. */
static struct sock *sock_identify(struct model *m, const struct sock_ev *e, bool *stale)
{
	struct sock *a = e->inode ? sock_at(m, map_get(&m->by_inode, e->inode)) : NULL;
	struct sock *b = e->cookie ? sock_at(m, map_get(&m->by_cookie, e->cookie)) : NULL;

	if (a && a != b &&
	    ((a->cookie && e->cookie && a->cookie != e->cookie) || other_kind(a, e->proto))) {
		*stale = a->seen_ts > e->h.ts;
		if (*stale)
			return b; /* the event is the older one: leave the inode where it is */
		sock_gone(m, a);
		a = NULL;
		if (b && b->gone) /* it was in that one's queue */
			b = NULL;
	}
	if (a && b && a != b)
		sock_join(m, a, b);
	return a ? a : b;
}

static bool same_tuple(const struct sock *s, const struct sock_ev *e)
{
	return s->netns == e->netns && s->proto == e->proto &&
	       !memcmp(&s->local, &e->local, sizeof(s->local)) &&
	       !memcmp(&s->remote, &e->remote, sizeof(s->remote));
}

/* The one of that hash, which need not be of those addresses. */
static struct sock *sock_hashed(const struct model *m, const struct sock_ev *e)
{
	struct sock probe = {
		.netns = e->netns, .proto = e->proto, .local = e->local, .remote = e->remote};

	return sock_at(m, map_get(&m->priv->by_tuple, tuple_key(&probe)));
}

struct sock *sock_by_addr(const struct model *m, const struct sock_ev *e)
{
	struct sock *s = sock_hashed(m, e);

	return s && same_tuple(s, e) ? s : NULL;
}

static struct sock *sock_by_tuple(struct model *m, const struct sock_ev *e)
{
	struct sock *s = sock_hashed(m, e);
	u32 budget = 4096; /* a port can have very many connections */

	if (s && same_tuple(s, e))
		return s;
	if (s) /* two tuples of one hash: the newer one counts */
		sock_gone(m, s);
	if (e->sflags & SF_TIMEWAIT)
		return NULL;
	for (u32 id = map_get(&m->by_port, e->local.port); id && --budget; id = s->port_next) {
		s = sock_at(m, id);
		if (!s->nholds && same_tuple(s, e))
			return s;
	}
	return NULL;
}

static void sock_index_tuple(struct model *m, struct sock *s, const struct sock_ev *e)
{
	s->proto = e->proto;
	s->netns = e->netns;
	s->remote = e->remote;
	set_local(m, s, &e->local);
	map_put(&m->priv->by_tuple, tuple_key(s), s->id);
	timer_wake(m, m->now + NS_PER_S);
}

/*
 * A connection that is over (TCP_CLOSE) is taken off its port by the kernel unless bind() gave it
 * that port, and so is a datagram socket that disconnects: the port in the event is 0 then.  What
 * its addresses were is still worth telling, so they stay, and this says that they are history.
 */
u16 sock_ev_flags(const struct sock_ev *e)
{
	const u32 family = PROTO_FAMILY(e->proto), type = PROTO_TYPE(e->proto);
	bool ported = (family == FAMILY_INET || family == FAMILY_INET6) &&
		      (type == TYPE_STREAM || type == TYPE_DGRAM);

	if (!ported || e->local.port || !e->state || (type == TYPE_STREAM && e->state != TCP_CLOSE))
		return e->sflags;
	return e->sflags | SF_OFFPORT;
}

/* What the event knows.  An older event only fills what is not known yet. */
static void sock_learn(struct model *m, struct sock *s, const struct sock_ev *e)
{
	bool newer = e->h.ts >= s->state_ts;

	listening_drop(m, s);
	if (e->proto && (newer || !s->proto))
		s->proto = e->proto;
	if (e->netns && (newer || !s->netns))
		s->netns = e->netns;
	if (ep_is_set(&e->local) && (newer || !ep_is_set(&s->local)))
		set_local(m, s, &e->local);
	if (e->remote.port && (newer || !s->remote.port))
		s->remote = e->remote;
	if (!newer) {
		listening_add(m, s);
		return;
	}
	if (e->state)
		s->state = (u8)e->state;
	s->uid = e->uid;
	s->sflags = sock_ev_flags(e);
	s->state_ts = e->h.ts;
	listening_add(m, s);
}

void sock_seen(struct sock *s, u64 ts)
{
	if (s->seen_ts < ts)
		s->seen_ts = ts;
}

/* The socket an event is about, made when it was not known.  NULL: the event names none. */
struct sock *sock_of(struct model *m, const struct sock_ev *e)
{
	bool named = e->inode || e->cookie, stale = false, lives = (u8)e->state || e->sflags;
	struct sock *s;

	if (!named && (!e->local.port || !e->remote.port || !lives))
		return NULL;
	s = named ? sock_identify(m, e, &stale) : sock_by_tuple(m, e);
	if (!s && stale && !e->cookie)
		return NULL; /* of an inode that means a newer socket by now */
	if (!s) {
		s = sock_new(m);
		s->before = m->priv->look <= LOOK_FIRST && e->h.kind >= EV_KIND_SCAN_BEGIN &&
			    e->h.kind <= EV_KIND_SCAN_MISS;
		if (!named)
			sock_index_tuple(m, s, e);
	}
	sock_learn(m, s, e);
	set_names(m, s, e->inode, e->cookie);
	sock_seen(s, e->h.ts);
	return s;
}
