// SPDX-License-Identifier: BSD-2-Clause
/*
 * The whole of a Perfetto trace: begin, event after event, end.
 *
 * An exit has let go of everything when it is seen here: what the model tells of that is looked at
 * first, while the holds are still shown.
 */
#include <stdlib.h>

#include "perfetto_priv.h"

u64 perfetto_uuid(struct perfetto *pf, bool important)
{
	if (pf->tracks >= PERFETTO_TRACKS / (important ? 1 : 2))
		return 0;
	pf->tracks++;
	return pf->uuid++;
}

struct perfetto *perfetto_open(struct out *out, const struct opts *o)
{
	struct perfetto *pf = xcalloc(1, sizeof(*pf));

	pf->pk.out = out;
	pf->opts = o;
	pf->uuid = UUID_FIRST;
	pool_init(&pf->ptracks, sizeof(struct ptrack));
	pool_init(&pf->stracks, sizeof(struct strack));
	pool_init(&pf->lanes, sizeof(struct lane));
	return pf;
}

void perfetto_show_all(struct perfetto *pf, const struct model *m)
{
	for (u32 id = 0; (id = proc_next(m, id));)
		ptrack_open(pf, m, id, false);
	for (u32 id = 0; (id = sock_next(m, id));)
		strack_open(pf, m, id);
}

/* Nothing can be said before there is a time. */
static void begin(struct perfetto *pf, const struct model *m)
{
	const struct track_desc self = {.uuid = UUID_PROBATE, .name = "probate"};

	pf->begun = pf->starting = true;
	pf->pk.ts[SEQ_MAIN] = m->now;
	packet_clocks(&pf->pk, m->realtime_off);
	packet_track(&pf->pk, &self);
	note_begin(pf, MARK_INSTANT, "the report begins");
	fact_str(&pf->pk, "probate", PROBATE_VERSION);
	fact_str(&pf->pk, "about", pf->opts->arg);
	mark_close(&pf->pk);
	if (m->lost_since)
		incomplete_begin(pf);
	perfetto_show_all(pf, m);
	pf->starting = false;
}

void perfetto_start(struct perfetto *pf, const struct model *m)
{
	if (m->now)
		begin(pf, m);
}

void perfetto_event(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	if (!pf->begun)
		begin(pf, m);
	if (e->ts > pf->pk.ts[SEQ_MAIN])
		pf->pk.ts[SEQ_MAIN] = e->ts;
	if (event_kind(e->kind)->class == CLASS_RAW) {
		for (const struct ev *t = NULL; (t = model_told(m, t));)
			if (t->kind == EV_KIND_TRANSFER)
				lane_transfer(pf, m, (const struct ev_transfer *)t);
		if (!model_told(m, NULL)) /* else what is told comes first */
			look_at_next(pf, m);
	}
	handle_event(pf, m, e);
}

static void note(struct perfetto *pf, const char *text)
{
	note_begin(pf, MARK_INSTANT, text);
	mark_close(&pf->pk);
}

/* What the trace does not show is said in it. */
static void note_limits(struct perfetto *pf, const struct model *m)
{
	struct buf text = {};

	if (pf->left_procs + pf->left_socks + pf->left_holds) {
		buf_printf(&text, "left out: there is room for %u tracks only", PERFETTO_TRACKS);
		note_begin(pf, MARK_INSTANT, text.s);
		fact_uint(&pf->pk, "processes", pf->left_procs);
		fact_uint(&pf->pk, "sockets", pf->left_socks);
		fact_uint(&pf->pk, "holds", pf->left_holds);
		mark_close(&pf->pk);
	}
	if (m->caps & SRC_PROC)
		note(pf, "read from /proc without BPF: what happened in between was not seen");
	if (m->blind) {
		note_begin(pf, MARK_INSTANT, "descriptors of some processes could not be read");
		fact_uint(&pf->pk, "processes", m->blind);
		mark_close(&pf->pk);
	}
	buf_free(&text);
}

static void note_lost(struct perfetto *pf, const struct model *m)
{
	if (m->nheld)
		note(pf, "incomplete: events of some users were held back from the recording");
	if (m->damaged)
		note(pf, "incomplete: the recording is cut off or damaged");
	if (!m->lost)
		return;
	note_begin(pf, MARK_INSTANT,
		   m->lost_since ? "events were lost, and no scan has made up for it"
				 : "events were lost; scans have made up for it");
	fact_uint(&pf->pk, "count", m->lost);
	mark_close(&pf->pk);
}

void perfetto_finish(struct perfetto *pf, const struct model *m)
{
	if (!pf->begun)
		begin(pf, m);
	if (m->now > pf->pk.ts[SEQ_MAIN])
		pf->pk.ts[SEQ_MAIN] = m->now;
	look_at_all(pf, m);
	for (u32 id = 1; id <= pf->stracks.used; id++) {
		struct strack *st = pool_at(&pf->stracks, id);

		if (st->sock)
			strack_close(pf, m, st);
	}
	for (u32 id = 1; id <= pf->ptracks.used; id++) {
		struct ptrack *pt = pool_at(&pf->ptracks, id);

		if (pt->proc)
			ptrack_close(pf, m, pt);
	}
	note_limits(pf, m);
	note_lost(pf, m);
	incomplete_end(pf);
}

void perfetto_close(struct perfetto *pf)
{
	packets_free(&pf->pk);
	pool_free(&pf->ptracks);
	pool_free(&pf->stracks);
	pool_free(&pf->lanes);
	map_free(&pf->by_proc);
	map_free(&pf->by_sock);
	map_free(&pf->by_name);
	map_free(&pf->by_pair);
	free(pf);
}
