// SPDX-License-Identifier: BSD-2-Clause
/*
 * Origins: how processes came to a socket otherwise than by fork.
 *
 * All of a socket are on its list, the newest last but for its creator's, which stays the first.
 * Those of one process are chained by `same`, newest first, from a map: a socket may have been
 * given to a thousand, so that no event looks through the list.  A process that is given a socket
 * again and again keeps the first and the newest few: whom it forked in between has it from those.
 */
#include "model_priv.h"

#define SAME_MAX 16 /* origins of one process in one socket */
#define RACE_MAX 64 /* received at the same time that may wait for whom it is from */

static u64 pair_key(u32 sock, u32 proc)
{
	return (u64)sock << 32 | proc;
}

void origin_link(struct model *m, u32 id)
{
	struct origin *o = origin_at(m, id), *head;
	struct sock *s = sock_at(m, o->sock);

	if (s->origins) {
		head = origin_at(m, s->origins);
		o->prev = head->prev;
		origin_at(m, head->prev)->next = id;
		head->prev = id;
	} else {
		s->origins = o->prev = id;
	}
	s->norigins++;
	origin_index(m, id);
}

void origin_index(struct model *m, u32 id)
{
	struct origin *o = origin_at(m, id);
	u64 key = pair_key(o->sock, o->proc);

	o->same = map_get(&m->priv->by_origin, key);
	map_put(&m->priv->by_origin, key, id);
}

static void origin_unlink(struct model *m, u32 id)
{
	struct origin *o = origin_at(m, id);
	struct sock *s = sock_at(m, o->sock);
	u64 key = pair_key(o->sock, o->proc);
	u32 at = map_get(&m->priv->by_origin, key);

	if (at != id) {
		while (origin_at(m, at)->same != id)
			at = origin_at(m, at)->same;
		origin_at(m, at)->same = o->same;
	} else if (o->same) {
		map_put(&m->priv->by_origin, key, o->same);
	} else {
		map_take(&m->priv->by_origin, key);
	}
	if (s->origins == id)
		s->origins = o->next;
	else
		origin_at(m, o->prev)->next = o->next;
	if (o->next)
		origin_at(m, o->next)->prev = o->prev;
	else if (s->origins)
		origin_at(m, s->origins)->prev = o->prev;
	o->next = o->prev = o->same = 0;
	s->norigins--;
}

static void origin_free(struct model *m, u32 id)
{
	const struct origin *o = origin_at(m, id);

	origin_unlink(m, id);
	proc_unref(m, o->proc);
	proc_unref(m, o->from);
	pool_drop(&m->origins, id);
}

void origins_free(struct model *m, struct sock *s)
{
	while (s->origins)
		origin_free(m, s->origins);
}

void origins_move(struct model *m, struct sock *to, struct sock *from)
{
	while (from->origins) {
		u32 id = from->origins;

		origin_unlink(m, id);
		origin_at(m, id)->sock = to->id;
		origin_link(m, id);
	}
}

/* The newest way that process came to it, not later than `until`. */
struct origin *origin_of(const struct model *m, const struct sock *s, u32 proc, u64 until)
{
	u32 id = s->origins ? map_get(&m->priv->by_origin, pair_key(s->id, proc)) : 0;
	struct origin *best = NULL;

	for (struct origin *o = origin_at(m, id); o; o = origin_at(m, o->same))
		if (o->ts <= until && (!best || o->ts >= best->ts))
			best = o;
	return best;
}

/* Passed around for ever, a socket would collect origins of processes long done with it. */
static void origins_prune(struct model *m, struct sock *s)
{
	u32 id = origin_at(m, s->origins)->next, next;

	for (; id; id = next) {
		next = origin_at(m, id)->next;
		if (!proc_holds(m, origin_at(m, id)->proc, s->id))
			origin_free(m, id);
	}
}

/* The same as one that is known; else make room for one more of that process. */
static u32 origin_again(struct model *m, const struct sock *s, const struct origin *like)
{
	u32 id = map_get(&m->priv->by_origin, pair_key(s->id, like->proc)), n = 0, old = 0;

	for (const struct origin *o; id; id = o->same) {
		o = origin_at(m, id);
		if (o->via == like->via && o->from == like->from &&
		    (o->ts >= like->ts || !via_is_passed(o->via)))
			return id;
		n++;
		if (o->same)
			old = id; /* the one after the first */
	}
	if (n >= SAME_MAX)
		origin_free(m, old);
	return 0;
}

struct origin *origin_add(struct model *m, struct sock *s, u32 proc, u8 via, u32 from, u64 ts)
{
	const struct origin like = {
		.sock = s->id, .proc = proc, .from = from, .ts = ts, .via = via};
	u32 id = origin_again(m, s, &like);
	struct origin *o = origin_at(m, id);

	if (o) {
		o->ts = max_ts(o->ts, ts);
		if (id != s->origins) { /* it is the newest now */
			origin_unlink(m, id);
			origin_link(m, id);
		}
		return o;
	}
	/* Each time that there are half as many more: what a look through all costs is paid by
	 * then. */
	if (s->norigins >= ORIGINS_MAX && s->norigins >= s->origins_at) {
		origins_prune(m, s);
		s->origins_at = s->norigins + s->norigins / 2;
	}
	id = pool_new(&m->origins);
	o = origin_at(m, id);
	*o = like;
	proc_ref(m, proc);
	proc_ref(m, from);
	origin_link(m, id);
	return o;
}

/* sendmsg returns after the receiver may have run: then the install has come before this. */
struct origin *origin_received(const struct model *m, const struct sock *s, u32 from, u64 ts)
{
	const u64 race_ns = 50 * NS_PER_MS;
	u32 id = s->origins ? origin_at(m, s->origins)->prev : 0;
	struct origin *o, *first = NULL;

	for (u32 n = 0; id && n < RACE_MAX; n++) {
		o = origin_at(m, id);
		if (o->ts + race_ns <= ts)
			break;
		if (o->via == VIA_SCM_RIGHTS && !o->from && o->proc != from)
			first = o;
		id = id == s->origins ? 0 : o->prev;
	}
	return first;
}
