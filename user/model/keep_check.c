// SPDX-License-Identifier: BSD-2-Clause
/*
 * What must be true of a checkpoint besides its lists: the invariants of model.h, each looked at in
 * time that grows with what was told and no faster, for who wrote it may have meant ill.
 * model_verify() says the same of a model, slowly.
 */
#include "keep_priv.h"

#define IMAGES_BACK 1024 /* of one process: more than any version ever kept */

/* ---- I1, I2: processes ---- */

/* A reaper is known once it is reaped, a killer by its pid; a zombie may be left by its parent. */
static bool death_ok(const struct proc *p, const struct death *d)
{
	return (!d->reaper || p->state == PROC_GONE) && (!d->killer || d->killer_pid) &&
	       d->cause < CAUSE_MAX && (!d->left_by || p->state == PROC_ZOMBIE);
}

static bool proc_ok(const struct stage *st, const struct proc *p)
{
	const struct proc *older = proc_at(st->m, p->older), *parent = proc_at(st->m, p->parent);

	if (older && older->state != PROC_GONE)
		return false;
	if (parent && (parent->state == PROC_GONE || p->state == PROC_GONE))
		return false;
	if (p->state == PROC_RUNNING)
		return !p->death;
	return p->death && stage_has(st, KEEP_DEATH, p->death) &&
	       death_ok(p, death_at(st->m, p->death));
}

/* Where a walk up goes on: to the parent, or to who forked it. */
static u32 up_parent(const struct model *m, u32 id)
{
	return proc_at(m, id)->parent;
}

static u32 up_birth(const struct model *m, u32 id)
{
	return proc_at(m, id)->birth;
}

/* Does every walk up come to an end?  Who has been passed once (2) is not looked at again. */
static bool ends(const struct stage *st, u32 (*up)(const struct model *m, u32 id))
{
	u8 *seen = xcalloc(st->m->procs.used + 1, 1);
	bool ok = true;

	for (u32 id = 0; ok && (id = stage_next(st, KEEP_PROC, id));) {
		u32 at = id;

		for (; at && !seen[at]; at = up(st->m, at))
			seen[at] = 1;
		ok = !at || seen[at] == 2;
		for (at = id; ok && at && seen[at] == 1; at = up(st->m, at))
			seen[at] = 2;
	}
	free(seen);
	return ok;
}

/* Every death is that of one process. */
static bool deaths_ok(const struct stage *st)
{
	u8 *seen = xcalloc(st->m->deaths.used + 1, 1);
	u32 n = 0;
	bool ok = true;

	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));) {
		u32 death = proc_at(st->m, id)->death;

		ok &= !death || !seen[death];
		seen[death] = 1;
		n += death != 0;
	}
	free(seen);
	return ok && n == st->m->deaths.live;
}

static bool procs_ok(const struct stage *st)
{
	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));)
		if (!proc_ok(st, proc_at(st->m, id)))
			return false;
	return deaths_ok(st) && ends(st, up_parent) && ends(st, up_birth);
}

/* Every image is somebody's, and none has very many before it. */
static bool images_ok(const struct stage *st)
{
	u16 *back = xcalloc(st->m->images.used + 1, sizeof(*back)); /* 0: not counted yet */
	bool ok = true;

	for (u32 id = 0; ok && (id = stage_next(st, KEEP_IMAGE, id));) {
		u32 n = 0, at = id;

		ok = image_at(st->m, id)->refs;
		for (; at && !back[at] && n <= IMAGES_BACK; n++)
			at = image_at(st->m, at)->prev;
		n += back[at];
		ok &= n <= IMAGES_BACK;
		for (at = id; ok && at && !back[at]; at = image_at(st->m, at)->prev)
			back[at] = (u16)n--;
	}
	free(back);
	return ok;
}

/* ---- I3, I4: tables ---- */

/* One main table for who runs, none for the dead, and none twice. */
static bool tabs_ok(const struct stage *st)
{
	const struct model *m = st->m;
	u8 *mains = xcalloc(m->procs.used + 1, 1);
	struct map pairs = {};
	bool ok = true;

	for (u32 id = 0; ok && (id = stage_next(st, KEEP_REF, id));) {
		const struct tabref *r = tabref_at(m, id);
		u64 pair = (u64)r->proc << 32 | r->fdtab;

		ok = !map_get(&pairs, pair) && (r->tid || !mains[r->proc]);
		map_put(&pairs, pair, 1);
		mains[r->proc] |= !r->tid;
	}
	for (u32 id = 0; ok && (id = stage_next(st, KEEP_PROC, id));) {
		bool runs = proc_at(m, id)->state == PROC_RUNNING;

		ok = mains[id] == runs && (runs || !proc_at(m, id)->tabrefs);
	}
	for (u32 id = 0; ok && (id = stage_next(st, KEEP_TAB, id));)
		ok = fdtab_at(m, id)->refs;
	map_free(&pairs);
	free(mains);
	return ok;
}

/* ---- I6, I8: sockets ---- */

static bool sock_ok(const struct sock *s)
{
	if (s->gone)
		return !s->holds && !s->queue && !s->port_next && !s->closing && !s->closed_ts;
	if (s->closed_ts ? s->holds || s->queue : s->closing)
		return false;
	if (s->closing && s->port_next)
		return false;
	return s->nholds || s->queue || s->sflags || s->state || s->inode || s->cookie;
}

static bool socks_ok(const struct stage *st)
{
	const struct model *m = st->m;
	u8 *seen = xcalloc(m->names.used + 1, 1);
	u32 names = 0;
	bool ok = true;

	for (u32 id = 0; ok && (id = stage_next(st, KEEP_SOCK, id));) {
		const struct sock *s = sock_at(m, id);

		ok = sock_ok(s) && stage_ref(st, KEEP_NAME, s->name) && !(s->name && seen[s->name]);
		if (ok && s->name)
			names += seen[s->name] = 1;
	}
	free(seen);
	return ok && names == m->names.live;
}

/* ---- queues ---- */

/* Every socket of which `in` is true is in the queue once, and no other. */
static bool each_once(const struct stage *st, const u32 *ids, u32 n,
		      bool (*in)(const struct sock *))
{
	u8 *seen = xcalloc(st->m->socks.used + 1, 1);
	bool ok = true;
	u32 want = 0;

	for (u32 i = 0; ok && i < n; i++) {
		ok = stage_has(st, KEEP_SOCK, ids[i]) && !seen[ids[i]] &&
		     in(sock_at(st->m, ids[i]));
		if (ok)
			seen[ids[i]] = 1;
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		want += in(sock_at(st->m, id));
	free(seen);
	return ok && want == n;
}

static bool is_gone(const struct sock *s)
{
	return s->gone;
}

static bool is_closing(const struct sock *s)
{
	return s->closing;
}

/* Each is of a socket that is said to be in flight, and every such one has some: first that queue.
 */
static bool flights_ok(const struct stage *st)
{
	const struct pool *flights = &st->m->priv->flights;
	u8 *seen = xcalloc(st->m->socks.used + 1, 1);
	bool ok = true;

	for (u32 id = 1; ok && id <= flights->used; id++) {
		const struct flight *f = pool_at(flights, id);
		const struct sock *s =
			stage_has(st, KEEP_SOCK, f->sock) ? sock_at(st->m, f->sock) : NULL;

		ok = s && f->queue && !s->gone && (seen[f->sock] || s->queue == f->queue);
		if (ok)
			seen[f->sock] = 1;
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		ok = ok && seen[id] == (sock_at(st->m, id)->queue != 0);
	free(seen);
	return ok;
}

static bool sock_queues_ok(const struct stage *st)
{
	const struct model_priv *pr = st->m->priv;
	u32 *ids = xcalloc(pr->gones.count + pr->closings.count + 1, sizeof(*ids));
	bool ok;

	for (u32 i = 0; i < pr->gones.count; i++)
		ids[i] = pr->gones.v[i].id;
	ok = each_once(st, ids, pr->gones.count, is_gone);
	for (u32 i = 0; i < pr->closings.count; i++)
		ids[i] = pr->closings.v[i].id;
	ok &= each_once(st, ids, pr->closings.count, is_closing);
	ok &= flights_ok(st);
	for (u32 i = 0; i < pr->nwaits; i++)
		ok &= stage_has(st, KEEP_SOCK, pr->waits[i].id);
	free(ids);
	return ok;
}

static bool exits_ok(const struct stage *st, const struct dueq *q)
{
	for (u32 i = 0; i < q->count; i++)
		if (!stage_has(st, KEEP_PROC, q->v[i].id))
			return false;
	return true;
}

static bool signals_ok(const struct stage *st)
{
	const struct model_priv *pr = st->m->priv;

	for (u32 i = 0; i < pr->signals.cap; i++) {
		u64 to = pr->signals.slots[i].val ? pr->signals.slots[i].key : 0;

		if (to && (!stage_has(st, KEEP_PROC, (u32)to) ||
			   proc_at(st->m, (u32)to)->state == PROC_GONE))
			return false;
	}
	for (u32 id = 1; id <= pr->sents.used; id++)
		if (!stage_ref(st, KEEP_PROC, ((struct sent *)pool_at(&pr->sents, id))->from))
			return false;
	return true;
}

static bool nsinits_ok(const struct stage *st)
{
	const struct map *map = &st->m->nsinits;

	for (u32 i = 0; i < map->cap; i++) {
		u32 id = map->slots[i].val;

		if (!id)
			continue;
		if (!stage_has(st, KEEP_PROC, id) || proc_at(st->m, id)->state == PROC_GONE ||
		    proc_at(st->m, id)->pidns != map->slots[i].key)
			return false;
	}
	return true;
}

bool stage_check(const struct stage *st)
{
	const struct model_priv *pr = st->m->priv;

	return procs_ok(st) && images_ok(st) && tabs_ok(st) && socks_ok(st) && sock_queues_ok(st) &&
	       exits_ok(st, &pr->zombies) && exits_ok(st, &pr->frees) && signals_ok(st) &&
	       nsinits_ok(st);
}
