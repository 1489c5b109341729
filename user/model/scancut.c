// SPDX-License-Identifier: BSD-2-Clause
/*
 * What scans could not see all of, until a later pass does.
 *
 * One entry for what a cut is about, found by hash; a cut of the same replaces it.  An entry ends
 * with the first pass that covers its part and did not tell it again.  Sockets of a network
 * namespace that a pass was cut in are spared by its sweep; those of all others are not.
 */
#include "model_priv.h"

static u64 cut_key(const struct ev_scan_cut *e)
{
	return (u64)e->netns << 32 | (e->proto ^ e->why << 28 ^ e->what << 24);
}

static struct cut *cuts_of(const struct model *m, u32 *n)
{
	*n = (u32)(m->priv->cuts.len / sizeof(struct cut));
	return (struct cut *)(void *)m->priv->cuts.s;
}

u32 model_cuts(const struct model *m, const struct cut **out)
{
	u32 n;

	*out = cuts_of(m, &n);
	return n;
}

void on_scan_cut(struct model *m, const struct ev_scan_cut *e)
{
	struct model_priv *pr = m->priv;
	const struct cut cut = {e->h.ts, e->what, e->why, e->netns, e->proto, e->met, e->there};
	u32 n, at = map_get(&pr->cut_at, cut_key(e));
	struct cut *cuts = cuts_of(m, &n);

	if (at) {
		cuts[at - 1] = cut;
	} else {
		buf_add(&pr->cuts, &cut, sizeof(cut));
		at = n + 1;
		map_put(&pr->cut_at, cut_key(e), at);
	}
	if (e->netns && e->what & SCOPE_SOCKS)
		map_put(&pr->cut_netns, e->netns, at);
}

bool cut_spares(const struct model *m, u32 netns, u64 begin)
{
	u32 n, at = map_get(&m->priv->cut_netns, netns);

	return at && cuts_of(m, &n)[at - 1].ts >= begin;
}

/* It is met where its queue is. */
bool cut_spares_flight(const struct model *m, const struct flight *f, u64 begin)
{
	const struct sock *q = sock_known(m, f->queue, 0);

	return cut_spares(m, q ? q->netns : sock_at(m, f->sock)->netns, begin);
}

void cuts_end(struct model *m, u32 scope, u64 begin)
{
	u32 n;
	struct cut *cuts = cuts_of(m, &n);
	struct buf old = m->priv->cuts;

	if (!n)
		return;
	m->priv->cuts = (struct buf){0};
	cuts_free(m->priv);
	for (u32 i = 0; i < n; i++) {
		const struct cut *c = &cuts[i];
		const struct ev_scan_cut e = {.h.ts = c->ts,
					      .what = c->what,
					      .why = c->why,
					      .netns = c->netns,
					      .proto = c->proto,
					      .met = c->met,
					      .there = c->there};

		if (c->ts >= begin || c->what & ~scope)
			on_scan_cut(m, &e);
	}
	buf_free(&old);
}

void cuts_free(struct model_priv *pr)
{
	map_free(&pr->cut_at);
	map_free(&pr->cut_netns);
	buf_free(&pr->cuts);
}
