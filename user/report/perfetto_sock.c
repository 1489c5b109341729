// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sockets in the trace.
 *
 * A socket is shown from when it has an address, or outlives its creator's hold: its track is
 * called after its address.
 */
#include <stdlib.h>

#include "perfetto_priv.h"

/* ---- what is to be shown -------------------------------------------------------------------- */

static bool kin_holds(struct perfetto *pf, const struct model *m, const struct sock *s)
{
	struct ptrack *pt = s->creator ? ptrack_of(pf, m, s->creator) : NULL;

	if (pt && pt->kin)
		return true;
	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		u32 ref = fdtab_at(m, hold_at(m, id)->fdtab)->refs;

		for (; ref; ref = tabref_at(m, ref)->tab_next) {
			pt = ptrack_of(pf, m, tabref_at(m, ref)->proc);
			if (pt && pt->kin)
				return true;
		}
	}
	return false;
}

static bool strack_wanted(struct perfetto *pf, const struct model *m, const struct sock *s)
{
	u8 about = pf->opts->about;

	if (about & ABOUT_PORT && query_matches(m, &pf->opts->query, s))
		return true;
	if (about && !(about & ABOUT_PID))
		return false;
	if (!s->local.port && !s->remote.port && !s->name && !s->transferred)
		return false;
	if (s->sflags & SF_TIMEWAIT)
		return false;
	return !about || kin_holds(pf, m, s);
}

/* ---- sockets -------------------------------------------------------------------------------- */

#define COOKIE_KEY(cookie) ((cookie) | 1ull << 63) /* apart from inodes */

static void name_take(struct perfetto *pf, u64 key, u32 id)
{
	if (map_get(&pf->by_name, key) == id)
		map_take(&pf->by_name, key);
}

static void strack_learn(struct perfetto *pf, struct strack *st, u32 id, const struct sock *s)
{
	if (s->inode && s->inode != st->inode) {
		if (st->inode)
			name_take(pf, st->inode, id);
		map_put(&pf->by_name, s->inode, id);
		st->inode = s->inode;
	}
	if (s->cookie && s->cookie != st->cookie) {
		map_put(&pf->by_name, COOKIE_KEY(s->cookie), id);
		st->cookie = s->cookie;
	}
}

struct strack *strack_named(struct perfetto *pf, u64 inode, u64 cookie)
{
	u32 id = cookie ? map_get(&pf->by_name, COOKIE_KEY(cookie)) : 0;

	return pool_at(&pf->stracks, id || !inode ? id : map_get(&pf->by_name, inode));
}

bool strack_is_over(const struct model *m, const struct strack *st)
{
	const struct sock *s = sock_at(m, st->sock);

	return s->id != st->sock || s->gone ||
	       (st->cookie && s->cookie && st->cookie != s->cookie) ||
	       (!st->cookie && st->inode && s->inode != st->inode);
}

static struct strack *strack_of(struct perfetto *pf, const struct model *m, u32 sock)
{
	struct strack *st = pool_at(&pf->stracks, map_get(&pf->by_sock, sock));

	if (!st || !strack_is_over(m, st))
		return st;
	strack_close(pf, m, st);
	return NULL;
}

static void strack_describe(struct perfetto *pf, const char *name, const struct strack *st)
{
	const struct track_desc group = {.uuid = UUID_SOCKETS, .name = "sockets", .sorted = true};
	const struct track_desc track = {.uuid = st->uuid, .parent = UUID_SOCKETS, .name = name};

	if (!pf->group)
		packet_track(&pf->pk, &group);
	pf->group = true;
	packet_track(&pf->pk, &track);
}

static void strack_begin(struct perfetto *pf, const struct model *m, const struct strack *st,
			 const struct sock *s)
{
	struct buf name = {};

	if (!st->uuid)
		return;
	text_sock(&name, m, s);
	strack_describe(pf, name.s, st);
	mark_open(&pf->pk, MARK_BEGIN, st->uuid, pf->pk.ts[SEQ_MAIN], name.s);
	fact_str(&pf->pk, "proto", name_proto(s->proto));
	fact_str(&pf->pk, "state", sock_state(s));
	fact_id(&pf->pk, "inode", s->inode);
	fact_id(&pf->pk, "cookie", s->cookie);
	fact_id(&pf->pk, "netns", s->netns);
	fact_uint(&pf->pk, "uid", s->uid);
	fact_proc(&pf->pk, "creator", m, s->creator);
	fact_time(&pf->pk, "opened", s->opened);
	mark_close(&pf->pk);
	buf_free(&name);
}

bool strack_is_important(const struct perfetto *pf, const struct sock *s)
{
	return pf->opts->about || sock_is_offer(s) || s->transferred;
}

static struct strack *strack_new(struct perfetto *pf, const struct sock *s)
{
	u32 id = pool_new(&pf->stracks);
	struct strack *st = pool_at(&pf->stracks, id);

	*st = (struct strack){.sock = s->id, .uuid = perfetto_uuid(pf, strack_is_important(pf, s))};
	pf->left_socks += !st->uuid;
	map_put(&pf->by_sock, s->id, id);
	return st;
}

struct strack *strack_open(struct perfetto *pf, const struct model *m, u32 sock)
{
	const struct sock *s = sock_at(m, sock);
	struct strack *st = s ? strack_of(pf, m, sock) : NULL;
	struct holder *holders = NULL;
	u32 n;

	if (st)
		strack_learn(pf, st, map_get(&pf->by_sock, sock), s);
	if (st || !s || s->gone || !strack_wanted(pf, m, s))
		return st;
	st = strack_new(pf, s);
	strack_learn(pf, st, map_get(&pf->by_sock, sock), s);
	strack_begin(pf, m, st, s);
	n = holders_of(m, s, &holders);
	for (u32 i = 0; i < n; i++)
		lane_sync(pf, m, holders[i].proc, sock);
	free(holders);
	return st;
}

/* What was made of it is said of one that is still there. */
static void strack_verdict(struct perfetto *pf, const struct model *m, const struct strack *st)
{
	struct answer a = {};

	if (!st->uuid || strack_is_over(m, st))
		return;
	advise_sock(m, sock_at(m, st->sock), &a);
	fact_str(&pf->pk, "verdict", name_verdict(a.verdict));
	fact_bool(&pf->pk, "certain", a.certain);
	fact_str(&pf->pk, "why", a.why.s);
	fact_str(&pf->pk, "action", a.action.s);
	answer_free(&a);
}

void strack_close(struct perfetto *pf, const struct model *m, struct strack *st)
{
	u32 id = map_take(&pf->by_sock, st->sock);

	while (st->lanes)
		lane_close(pf, pool_at(&pf->lanes, st->lanes));
	mark_open(&pf->pk, MARK_END, st->uuid, pf->pk.ts[SEQ_MAIN], NULL);
	strack_verdict(pf, m, st);
	mark_close(&pf->pk);
	if (st->inode)
		name_take(pf, st->inode, id);
	if (st->cookie)
		name_take(pf, COOKIE_KEY(st->cookie), id);
	st->sock = 0;
	pool_drop(&pf->stracks, id);
}

/* ---- what is told of them ------------------------------------------------------------------- */

void strack_leaked(struct perfetto *pf, const struct model *m, const struct ev_leak *e)
{
	struct strack *st = strack_open(pf, m, sock_find(m, e->inode, e->cookie));
	u32 holder = proc_find(m, e->holder);
	struct buf text = {};

	if (!st)
		return;
	buf_puts(&text, "leaked: kept by ");
	text_proc(&text, m, holder);
	buf_printf(&text, ", fd %d", e->fd);
	mark_open(&pf->pk, MARK_INSTANT, st->uuid, pf->pk.ts[SEQ_MAIN], text.s);
	strack_verdict(pf, m, st);
	mark_close(&pf->pk);
	buf_free(&text);
}
