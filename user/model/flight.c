// SPDX-License-Identifier: BSD-2-Clause
/*
 * In flight: sent by SCM_RIGHTS and not received yet.
 *
 * A socket may wait in several queues and several times in each: sent twice, looked at by MSG_PEEK,
 * sent on by its receiver.  So there is one flight a (socket, queue), found by hash, with a count
 * that each message in the queue is part of.  Sent: one more.  Received: one fewer, in the queue it
 * was received from; where that is not known, in the one it has been in longest.  A peek takes
 * nothing.  A scan has counted: what was sent and received before it is in its count already.  A
 * queue that ends takes its flights with it.  All of that is O(1) an event and flight.
 *
 * The flights of a socket are a list, oldest first, and `queue` of the socket is that of the first.
 * Nothing but that list has an order that shows, so a checkpoint keeps it alone.
 */
#include "model_priv.h"

static u64 flight_key(u64 queue, u32 sock)
{
	return bins_mix(bins_mix(queue) ^ sock);
}

static u32 *flight_link(const void *ctx, u32 id)
{
	return &flight_at(ctx, id)->bin_next;
}

static u64 flight_hash(const void *ctx, u32 id)
{
	const struct flight *f = flight_at(ctx, id);

	return flight_key(f->queue, f->sock);
}

static const struct bins_ops ops = {flight_link, flight_hash};

u32 flight_find(const struct model *m, u32 sock, u64 queue)
{
	u32 id = bins_first(&m->priv->by_flight, flight_key(queue, sock));

	while (id && (flight_at(m, id)->sock != sock || flight_at(m, id)->queue != queue))
		id = flight_at(m, id)->bin_next;
	return id;
}

struct flight *flight_in(const struct model *m, const struct sock *s, u64 queue)
{
	return flight_at(m, flight_find(m, s->id, queue));
}

/* Last on the list of its socket, whose first one's prev is the last, and first of its queue. */
void flight_index(struct model *m, u32 id)
{
	struct flight *f = flight_at(m, id), *head;
	struct sock *s = sock_at(m, f->sock);

	f->next = 0;
	if (s->flights) {
		head = flight_at(m, s->flights);
		f->prev = head->prev;
		flight_at(m, head->prev)->next = id;
		head->prev = id;
	} else {
		s->flights = f->prev = id;
		s->queue = f->queue;
	}
	f->queue_prev = 0;
	f->queue_next = map_get(&m->priv->by_queue, f->queue);
	if (f->queue_next)
		flight_at(m, f->queue_next)->queue_prev = id;
	map_put(&m->priv->by_queue, f->queue, id);
	bins_add(&m->priv->by_flight, &ops, m, id);
}

static void flight_unqueue(struct model *m, const struct flight *f)
{
	if (f->queue_prev)
		flight_at(m, f->queue_prev)->queue_next = f->queue_next;
	else if (f->queue_next)
		map_put(&m->priv->by_queue, f->queue, f->queue_next);
	else
		map_take(&m->priv->by_queue, f->queue);
	if (f->queue_next)
		flight_at(m, f->queue_next)->queue_prev = f->queue_prev;
}

void flight_end(struct model *m, u32 id)
{
	struct flight *f = flight_at(m, id);
	struct sock *s = sock_at(m, f->sock);

	bins_drop(&m->priv->by_flight, &ops, m, id);
	flight_unqueue(m, f);
	if (s->flights == id)
		s->flights = f->next;
	else
		flight_at(m, f->prev)->next = f->next;
	if (f->next)
		flight_at(m, f->next)->prev = f->prev;
	else if (s->flights)
		flight_at(m, s->flights)->prev = f->prev;
	s->queue = s->flights ? flight_at(m, s->flights)->queue : 0;
	f->count = 0; /* missed.c may still ask for it */
	pool_drop(&m->priv->flights, id);
}

static struct flight *flight_begin(struct model *m, struct sock *s, u64 queue)
{
	u32 id = flight_find(m, s->id, queue);
	struct flight *f;

	if (id)
		return flight_at(m, id);
	sock_reopen(m, s);
	id = pool_new(&m->priv->flights);
	f = flight_at(m, id);
	f->sock = s->id;
	f->queue = queue;
	f->met_ts = m->now;
	flight_index(m, id);
	return f;
}

void flight_sent(struct model *m, struct sock *s, u64 queue, u64 ts)
{
	struct flight *f;

	if (!queue || s->gone)
		return;
	f = flight_begin(m, s, queue);
	if (f->count && ts <= f->scan_ts)
		return; /* counted by a scan that ran ahead */
	f->count += f->count < UINT32_MAX;
	f->ts = max_ts(f->ts, ts);
}

void flight_received(struct model *m, struct sock *s, u64 queue, u64 ts)
{
	u32 id = queue ? flight_find(m, s->id, queue) : 0;
	struct flight *f;

	if (!id)
		id = s->flights;
	f = flight_at(m, id);
	if (!f || ts <= f->scan_ts)
		return;
	if (f->count > 1)
		f->count--;
	else
		flight_end(m, id);
}

/* A scan found it there so often; 0: that is not known. */
void flight_scanned(struct model *m, struct sock *s, u64 queue, u32 count, u64 ts)
{
	struct flight *f;

	if (!queue)
		return;
	f = flight_begin(m, s, queue);
	if (ts < f->scan_ts)
		return;
	f->count = count ? count : f->count ? f->count : 1;
	f->scan_ts = ts;
	f->ts = max_ts(f->ts, ts);
}

void flights_end(struct model *m, struct sock *s)
{
	while (s->flights)
		flight_end(m, s->flights);
}

/* Two records are one socket: what each knew was in flight is. */
void flights_move(struct model *m, struct sock *to, struct sock *from)
{
	while (from->flights) {
		const struct flight old = *flight_at(m, from->flights);
		struct flight *f;

		flight_end(m, from->flights);
		f = flight_begin(m, to, old.queue);
		/* That it is one with the other says nothing of whether a pass met it. */
		f->met_ts = f->count ? max_ts(f->met_ts, old.met_ts) : old.met_ts;
		f->count += old.count;
		f->ts = max_ts(f->ts, old.ts);
		f->scan_ts = max_ts(f->scan_ts, old.scan_ts);
	}
}

static int by_sock(const void *va, const void *vb)
{
	const u64 *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

/* By number of the socket, however they came on the chain of the queue. */
static void queue_dies(struct model *m, u64 inode)
{
	struct buf b = {};
	u64 *v;

	for (u32 id = map_get(&m->priv->by_queue, inode); id; id = flight_at(m, id)->queue_next) {
		u64 key = (u64)flight_at(m, id)->sock << 32 | id;

		buf_add(&b, &key, sizeof(key));
	}
	v = (u64 *)(void *)b.s;
	if (b.len)
		qsort(v, b.len / sizeof(*v), sizeof(*v), by_sock);
	for (u32 i = 0; i < b.len / sizeof(*v); i++) {
		struct sock *s = sock_at(m, (u32)(v[i] >> 32));

		flight_end(m, (u32)v[i]);
		if (!s->nholds && !s->queue)
			sock_let_go(m, s);
	}
	buf_free(&b);
}

/*
 * What waited in the queue of a UNIX socket dies with it, and that may be UNIX sockets with queues
 * of their own: one after the other, as they may be nested deep.
 */
void queue_died(struct model *m, u64 inode)
{
	struct model_priv *pr = m->priv;

	if (!map_get(&pr->by_queue, inode))
		return;
	buf_add(&pr->dying, &inode, sizeof(inode));
	if (pr->die)
		return;
	pr->die = true;
	for (size_t at = 0; at < pr->dying.len; at += sizeof(inode)) {
		memcpy(&inode, pr->dying.s + at, sizeof(inode));
		queue_dies(m, inode);
	}
	buf_reset(&pr->dying);
	pr->die = false;
}
