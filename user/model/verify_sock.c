// SPDX-License-Identifier: BSD-2-Clause
/* model_verify of sockets: what holds them, what is counted of them, how they are found. */
#include "verify.h"

/* ---- I5, I10: what is counted of a socket ---- */

static u32 tables_by_walk(const struct model *m, const struct sock *s, u32 *mine)
{
	struct map seen = {};
	u32 n = 0;

	*mine = 0;
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		u32 tab = hold_at(m, id)->fdtab;

		if (map_get(&seen, tab))
			continue;
		map_put(&seen, tab, 1);
		for (u32 r = fdtab_at(m, tab)->refs; r; r = tabref_at(m, r)->tab_next)
			*mine += s->creator && tabref_at(m, r)->proc == s->creator;
		n++;
	}
	map_free(&seen);
	return n;
}

static const char *check_counts(const struct model *m, const struct sock *s)
{
	u32 mine, passed = 0;
	bool kept = !s->keeper;

	CHECK(tables_by_walk(m, s, &mine) == s->ntabs, "I5: wrong count of tables that hold it");
	CHECK(mine == s->nmine, "I5: wrong count of its creator's tables that hold it");
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);

		passed += hold_is_passed(h);
		kept |= id == s->keeper;
	}
	CHECK(passed == s->npassed, "I5: wrong count of holds that were handed over");
	CHECK(kept, "I10: its keeper is no hold of it");
	CHECK(!s->unlooked || s->transferred, "I13: unlooked, and not let go of");
	return NULL;
}

static const char *check_made(const struct model *m, const struct proc *p, u32 *total)
{
	u32 n = 0, prev = 0;

	for (u32 id = p->made; id; id = sock_at(m, id)->made_next) {
		CHECK(sock_at(m, id)->creator == p->id, "I5: made by somebody else");
		CHECK(sock_at(m, id)->made_prev == prev, "I5: what was made linked one way only");
		CHECK(++n <= m->socks.live, "I5: what was made goes in a circle");
		prev = id;
	}
	CHECK(n == p->nmade, "I5: wrong count of what was made");
	*total += n;
	return NULL;
}

static const char *check_makers(const struct model *m)
{
	u32 listed = 0, made = 0;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		TRY(check_made(m, proc_at(m, id), &listed));
	for (u32 id = 1; id <= m->socks.used; id++)
		made += sock_at(m, id)->id == id && sock_at(m, id)->creator;
	CHECK(listed == made, "I5: a socket is not on the list of its creator");
	return NULL;
}

static const char *check_sock_holds(const struct model *m, const struct sock *s, u32 *total)
{
	u32 n = 0, last = s->holds ? hold_at(m, s->holds)->sock_prev : 0, prev = last;

	for (u32 h = s->holds; h; h = hold_at(m, h)->sock_next) {
		const struct hold *hold = hold_at(m, h);

		CHECK(hold->sock == s->id, "I5: a hold on the list of another socket");
		CHECK(hold->sock_prev == prev, "I5: holds of a socket linked one way only");
		CHECK(++n <= m->holds.live, "I5: holds of a socket go in a circle");
		prev = h;
	}
	CHECK(prev == last, "I5: the tail of a socket's holds is not its last");
	CHECK(n == s->nholds, "I5: wrong count of holds of a socket");
	*total += n;
	return NULL;
}

/* ---- I6, I8: sockets ---- */

static const char *check_sock_indexes(const struct model *m, const struct sock *s)
{
	u32 id = s->local.port ? map_get(&m->by_port, s->local.port) : 0, n = 0;

	CHECK(!s->inode || map_get(&m->by_inode, s->inode) == s->id, "I6: not under its inode");
	CHECK(!s->cookie || map_get(&m->by_cookie, s->cookie) == s->id, "I6: not under its cookie");
	CHECK(s->inode || s->cookie || map_get(&m->priv->by_tuple, tuple_key(s)) == s->id,
	      "I6: nameless and not under its addresses");
	while (id && id != s->id && ++n <= m->socks.live)
		id = sock_at(m, id)->port_next;
	CHECK(!s->local.port || (id == s->id) == !s->closing, "I6: not on the chain of its port");
	CHECK(!s->port_prev || sock_at(m, s->port_prev)->port_next == s->id,
	      "I6: a chain of a port linked one way only");
	return NULL;
}

static const char *check_origins(const struct model *m, const struct sock *s, u32 *total)
{
	u32 n = 0, last = s->origins ? origin_at(m, s->origins)->prev : 0, prev = last;

	for (u32 id = s->origins; id; id = origin_at(m, id)->next) {
		const struct origin *o = origin_at(m, id);
		u32 at = map_get(&m->priv->by_origin, (u64)s->id << 32 | o->proc);

		CHECK(o->sock == s->id && o->prev == prev, "origins of a socket badly linked");
		CHECK(++n <= m->origins.live, "origins of a socket go in a circle");
		for (u32 i = 0; at && at != id && i < m->origins.live; i++)
			at = origin_at(m, at)->same;
		CHECK(at == id, "an origin that its process does not lead to");
		prev = id;
	}
	CHECK(prev == last && n == s->norigins, "wrong count of origins of a socket");
	*total += n;
	return NULL;
}

static const char *check_listening(const struct model *m)
{
	u32 listed = 0, listen = 0;

	for (u32 i = 0; i < m->priv->listening.cap; i++)
		listed += m->priv->listening.slots[i].val;
	for (u32 id = 0; (id = sock_next(m, id));) {
		const struct sock *s = sock_at(m, id);
		bool is = s->state == TCP_LISTEN && sock_is_tcp(s) && s->local.port;

		listen += is;
		CHECK(!is || map_get(&m->priv->listening, listen_key(s)),
		      "I6: it listens and is not counted");
	}
	CHECK(listed == listen, "I6: wrong count of those that listen");
	return NULL;
}

static const char *check_flight(const struct model *m, const struct sock *s, u32 id, u32 prev)
{
	const struct flight *f = flight_at(m, id);
	u32 at = map_get(&m->priv->by_queue, f->queue), n = 0;

	CHECK(f->sock == s->id && f->queue && f->count, "I12: a flight of nothing");
	CHECK(flight_find(m, s->id, f->queue) == id, "I12: a flight that is not found");
	CHECK(id == s->flights || f->prev == prev, "I12: flights in no order");
	while (at && at != id && ++n <= m->priv->flights.live)
		at = flight_at(m, at)->queue_next;
	CHECK(at == id, "I12: not on the chain of its queue");
	return NULL;
}

static const char *check_flights(const struct model *m, const struct sock *s, u32 *flights)
{
	u32 last = 0;

	for (u32 id = s->flights; id; last = id, id = flight_at(m, id)->next) {
		TRY(check_flight(m, s, id, last));
		++*flights;
	}
	CHECK(s->queue == (s->flights ? flight_at(m, s->flights)->queue : 0),
	      "I12: in flight and not, at once");
	CHECK(!s->flights || flight_at(m, s->flights)->prev == last, "I12: the last is another");
	return NULL;
}

static const char *check_socks(const struct model *m)
{
	u32 holds = 0, inodes = 0, cookies = 0, nameless = 0, queued = 0, gone = 0, n = 0;
	u32 origins = 0;

	for (u32 id = 1; id <= m->socks.used; id++) {
		const struct sock *s = sock_at(m, id);

		if (s->id != id)
			continue;
		n++;
		TRY(check_sock_holds(m, s, &holds));
		TRY(check_counts(m, s));
		TRY(check_origins(m, s, &origins));
		gone += s->gone;
		if (s->gone) {
			CHECK(!s->holds && !s->queue && !s->closing, "I8: a gone socket is held");
			continue;
		}
		CHECK(s->closed_ts ? !s->nholds && !s->queue : !s->closing,
		      "I11: closed, and held");
		TRY(check_sock_indexes(m, s));
		TRY(check_flights(m, s, &queued));
		CHECK(s->nholds || s->queue || s->sflags || s->state || s->inode || s->cookie,
		      "I8: a socket without any life");
		inodes += s->inode != 0;
		cookies += s->cookie != 0;
		nameless += !s->inode && !s->cookie;
	}
	CHECK(n == m->socks.live, "a socket without an id");
	CHECK(holds == m->holds.live, "I5: a hold of no socket");
	CHECK(origins == m->origins.live, "an origin of no socket");
	CHECK(inodes == m->by_inode.count, "I6: an inode of no socket");
	CHECK(cookies == m->by_cookie.count, "I6: a cookie of no socket");
	CHECK(nameless == m->priv->by_tuple.count, "I6: addresses of no socket");
	CHECK(queued == m->priv->flights.live, "I12: a flight of no socket");
	CHECK(gone == m->priv->gones.count, "I8: a gone socket that will never be freed");
	return NULL;
}

const char *verify_socks(const struct model *m)
{
	TRY(check_makers(m));
	TRY(check_socks(m));
	TRY(check_listening(m));
	return NULL;
}
