// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who holds a socket, in the trace: a slice from when a process has it until it has it no more.
 *
 * An arrow leads from one holder to the next where the socket came from there: by fork, by a pass,
 * and when its creator lets go.
 */
#include <string.h>

#include "perfetto_priv.h"

static u64 pair_key(const struct perfetto *pf, const struct strack *st, const struct ptrack *pt)
{
	return (u64)map_get(&pf->by_sock, st->sock) << 32 | ptrack_id(pf, pt);
}

static struct lane *lane_of(struct perfetto *pf, const struct strack *st, const struct ptrack *pt)
{
	return pool_at(&pf->lanes, map_get(&pf->by_pair, pair_key(pf, st, pt)));
}

/* A hold of the socket in a table of the process, looked for where there are fewer. */
static const struct hold *hold_of(const struct model *m, const struct proc *p, const struct sock *s)
{
	for (u32 ref = p->tabrefs; ref; ref = tabref_at(m, ref)->proc_next) {
		u32 tab = tabref_at(m, ref)->fdtab;
		const struct fdtab *t = fdtab_at(m, tab);
		bool by_table = t->nholds < s->nholds;
		const struct hold *h = hold_at(m, by_table ? t->holds : s->holds);

		while (h && (h->sock != s->id || h->fdtab != tab))
			h = hold_at(m, by_table ? h->tab_next : h->sock_next);
		if (h)
			return h;
	}
	return NULL;
}

static void text_hold(struct buf *b, const struct model *m, const struct proc *p,
		      const struct hold *h)
{
	buf_puts(b, "held by ");
	text_proc(b, m, p->id);
	if (h->how >= VIA_FORK && h->how != VIA_SCAN)
		buf_printf(b, " via %s", name_via(h->how));
	buf_printf(b, ", fd %d", h->fd);
}

static void hold_begin(struct perfetto *pf, const struct model *m, const struct lane *lane,
		       const struct hold *h, u64 flow, bool kept)
{
	const struct ptrack *pt = pool_at(&pf->ptracks, lane->ptrack);
	const struct proc *p = proc_at(m, pt->proc);
	struct buf text = {};
	struct track_desc t = {
		.uuid = lane->uuid,
		.parent = ((struct strack *)pool_at(&pf->stracks, lane->strack))->uuid};

	text_proc(&text, m, p->id);
	t.name = text.s;
	packet_track(&pf->pk, &t);
	buf_reset(&text);
	text_hold(&text, m, p, h);
	mark_open(&pf->pk, MARK_BEGIN, lane->uuid, pf->pk.ts[SEQ_MAIN], text.s);
	if (flow)
		mark_flow(&pf->pk, flow, true);
	fact_uint(&pf->pk, "pid", p->tgid);
	fact_int(&pf->pk, "fd", h->fd);
	fact_str(&pf->pk, "via", name_via(h->how));
	if (h->cloexec < 2)
		fact_bool(&pf->pk, "cloexec", h->cloexec);
	fact_time(&pf->pk, "since", h->since);
	if (kept)
		fact_bool(&pf->pk, "kept_over_exec", true);
	mark_close(&pf->pk);
	buf_free(&text);
}

static void hold_end(struct perfetto *pf, const struct lane *lane)
{
	mark_open(&pf->pk, MARK_END, lane->uuid, pf->pk.ts[SEQ_MAIN], NULL);
	mark_close(&pf->pk);
}

/* From whom the process has it, if that one holds it still; 0: not known. */
static u32 giver_of(const struct model *m, const struct proc *p, const struct sock *s,
		    const struct hold *h)
{
	u32 from = h->how == VIA_FORK ? p->birth : 0;

	if (h->how == VIA_SCM_RIGHTS || h->how == VIA_PIDFD_GETFD)
		for (u32 id = s->origins; id; id = origin_at(m, id)->next)
			if (origin_at(m, id)->proc == p->id)
				from = origin_at(m, id)->from;
	return from;
}

/* The near end of an arrow: a mark in the hold of the one who gives.  0: there is none. */
static u64 flow_from(struct perfetto *pf, const struct model *m, const struct strack *st, u32 from,
		     u32 to, const char *how)
{
	struct ptrack *giver = from ? ptrack_of(pf, m, from) : NULL;
	struct lane *lane = giver ? lane_of(pf, st, giver) : NULL;
	struct buf text = {};

	if (!lane || !lane->uuid || from == to)
		return 0;
	buf_printf(&text, "%s ", how);
	text_proc(&text, m, to);
	mark_open(&pf->pk, MARK_INSTANT, lane->uuid, pf->pk.ts[SEQ_MAIN], text.s);
	mark_flow(&pf->pk, ++pf->flow, false);
	mark_close(&pf->pk);
	buf_free(&text);
	return pf->flow;
}

static void lane_link(struct perfetto *pf, u32 id, struct lane *lane, struct ptrack *pt,
		      struct strack *st)
{
	lane->ptrack_next = pt->lanes;
	if (pt->lanes)
		((struct lane *)pool_at(&pf->lanes, pt->lanes))->ptrack_prev = id;
	pt->lanes = id;
	lane->strack_next = st->lanes;
	if (st->lanes)
		((struct lane *)pool_at(&pf->lanes, st->lanes))->strack_prev = id;
	st->lanes = id;
}

static void lane_open(struct perfetto *pf, const struct model *m, struct strack *st,
		      struct ptrack *pt, const struct hold *h)
{
	const struct proc *p = proc_at(m, pt->proc);
	const struct sock *s = sock_at(m, st->sock);
	u32 id = pool_new(&pf->lanes);
	struct lane *lane = pool_at(&pf->lanes, id);
	u64 flow = 0;

	*lane = (struct lane){.ptrack = ptrack_id(pf, pt),
			      .strack = map_get(&pf->by_sock, st->sock)};
	map_put(&pf->by_pair, pair_key(pf, st, pt), id);
	lane_link(pf, id, lane, pt, st);
	if (st->uuid)
		lane->uuid = perfetto_uuid(pf, strack_is_important(pf, s));
	if (!lane->uuid) {
		pf->left_holds++;
		return;
	}
	if (!pf->starting)
		flow = flow_from(pf, m, st, giver_of(m, p, s, h), p->id,
				 h->how == VIA_FORK ? "inherited by" : "passed to");
	hold_begin(pf, m, lane, h, flow, false);
}

static void lane_unlink(struct perfetto *pf, const struct lane *lane)
{
	struct ptrack *pt = pool_at(&pf->ptracks, lane->ptrack);
	struct strack *st = pool_at(&pf->stracks, lane->strack);
	struct lane *by;

	if ((by = pool_at(&pf->lanes, lane->ptrack_prev)))
		by->ptrack_next = lane->ptrack_next;
	else
		pt->lanes = lane->ptrack_next;
	if ((by = pool_at(&pf->lanes, lane->ptrack_next)))
		by->ptrack_prev = lane->ptrack_prev;
	if ((by = pool_at(&pf->lanes, lane->strack_prev)))
		by->strack_next = lane->strack_next;
	else
		st->lanes = lane->strack_next;
	if ((by = pool_at(&pf->lanes, lane->strack_next)))
		by->strack_prev = lane->strack_prev;
}

void lane_close(struct perfetto *pf, struct lane *lane)
{
	hold_end(pf, lane);
	lane_unlink(pf, lane);
	pool_drop(&pf->lanes, map_take(&pf->by_pair, (u64)lane->strack << 32 | lane->ptrack));
}

/* ---- as the model has it -------------------------------------------------------------------- */

static const struct hold *lane_hold(struct perfetto *pf, const struct model *m,
				    const struct lane *lane)
{
	const struct ptrack *pt = pool_at(&pf->ptracks, lane->ptrack);
	const struct strack *st = pool_at(&pf->stracks, lane->strack);

	return strack_is_over(m, st) ? NULL
				     : hold_of(m, proc_at(m, pt->proc), sock_at(m, st->sock));
}

void lane_sync(struct perfetto *pf, const struct model *m, u32 proc, u32 sock)
{
	struct strack *st = strack_open(pf, m, sock);
	const struct hold *h = st ? hold_of(m, proc_at(m, proc), sock_at(m, sock)) : NULL;
	struct ptrack *pt = !st ? NULL
			    : h ? ptrack_open(pf, m, proc, true)
				: ptrack_of(pf, m, proc);
	struct lane *lane = pt ? lane_of(pf, st, pt) : NULL;

	if (pt && h && !lane)
		lane_open(pf, m, st, pt, h);
	else if (lane && !h)
		lane_close(pf, lane);
}

void lanes_sync(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	struct lane *lane = pool_at(&pf->lanes, pt->lanes), *next;

	for (; lane; lane = next) {
		next = pool_at(&pf->lanes, lane->ptrack_next);
		if (!lane_hold(pf, m, lane))
			lane_close(pf, lane);
	}
}

/* Another program now: what it kept, it holds under another name. */
void lanes_exec(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	struct lane *lane;

	lanes_sync(pf, m, pt);
	for (u32 id = pt->lanes; id; id = lane->ptrack_next) {
		lane = pool_at(&pf->lanes, id);
		if (!lane->uuid)
			continue;
		hold_end(pf, lane);
		hold_begin(pf, m, lane, lane_hold(pf, m, lane), 0, true);
	}
}

void lanes_end(struct perfetto *pf, struct ptrack *pt)
{
	while (pt->lanes)
		lane_close(pf, pool_at(&pf->lanes, pt->lanes));
}

void table_sync(struct perfetto *pf, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	for (u32 ref = p ? p->tabrefs : 0; ref; ref = tabref_at(m, ref)->proc_next) {
		u32 id = fdtab_at(m, tabref_at(m, ref)->fdtab)->holds;

		for (; id; id = hold_at(m, id)->tab_next)
			lane_sync(pf, m, proc, hold_at(m, id)->sock);
	}
}

/* Told while the creator's hold is still shown, so that the arrow begins there. */
void lane_transfer(struct perfetto *pf, const struct model *m, const struct ev_transfer *e)
{
	u32 sock = sock_find(m, e->inode, e->cookie), from = proc_find(m, e->from);
	u32 to = proc_find(m, e->to);
	struct strack *st = strack_open(pf, m, sock);
	struct ptrack *taker = st ? ptrack_open(pf, m, to, true) : NULL;
	struct lane *lane = taker ? lane_of(pf, st, taker) : NULL;
	struct buf text = {};
	u64 flow;

	if (!lane || !lane->uuid)
		return;
	flow = flow_from(pf, m, st, from, to, "left to");
	buf_puts(&text, "kept when ");
	text_proc(&text, m, from);
	buf_puts(&text, e->died ? " died" : " closed it");
	mark_open(&pf->pk, MARK_INSTANT, lane->uuid, pf->pk.ts[SEQ_MAIN], text.s);
	if (flow)
		mark_flow(&pf->pk, flow, true);
	fact_uint(&pf->pk, "holders", e->holders);
	fact_bool(&pf->pk, "creator_died", e->died);
	mark_close(&pf->pk);
	buf_free(&text);
}
