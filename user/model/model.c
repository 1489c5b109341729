// SPDX-License-Identifier: BSD-2-Clause
/*
 * The model: one event in, the state changed, what follows from it told.
 *
 * Time is the events' time.  What is due by the time of an event happens before the event: a child
 * waited for 200 ms after its exit was a zombie first.
 */
#include "model_priv.h"

#define CGROUPS_FEW 4096 /* power of two */
#define DUE_LEAST   64
#define TOLD_KEPT   (64u << 10) /* bytes of what was told, for the next event */

struct model *model_new(const struct judge *judge)
{
	struct model *m = xcalloc(1, sizeof(*m));
	struct model_priv *pr = xcalloc(1, sizeof(*pr));

	pool_init(&m->procs, sizeof(struct proc));
	pool_init(&m->images, sizeof(struct image));
	pool_init(&m->deaths, sizeof(struct death));
	pool_init(&m->tabrefs, sizeof(struct tabref));
	pool_init(&m->fdtabs, sizeof(struct fdtab));
	pool_init(&m->holds, sizeof(struct hold));
	pool_init(&m->shares, sizeof(struct share));
	pool_init(&m->origins, sizeof(struct origin));
	pool_init(&m->socks, sizeof(struct sock));
	pool_init(&m->names, sizeof(struct name));
	pool_init(&pr->sents, sizeof(struct sent));
	pool_init(&pr->paths, sizeof(struct path));
	pool_init(&pr->flights, sizeof(struct flight));
	pool_init(&pr->range_sets, sizeof(struct range_set));
	pr->wake = ~0ull;
	pr->collect_at = 4096;
	m->filter = ~0ull;
	m->grace_ns = GRACE_NS;
	pr->judge = judge;
	m->priv = pr;
	return m;
}

static void map_free_all(struct model *m)
{
	struct map *all[] = {
		&m->by_tgid,	   &m->by_files,	&m->by_inode,	     &m->by_cookie,
		&m->by_port,	   &m->cgroups,		&m->nsinits,	     &m->priv->by_tuple,
		&m->priv->signals, &m->priv->listening, &m->priv->listener,  &m->priv->by_ref,
		&m->priv->by_tid,  &m->priv->by_queue,	&m->priv->by_origin, &m->priv->by_nr};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		map_free(all[i]);
}

void model_free(struct model *m)
{
	struct pool *all[] = {&m->procs,	&m->images,	 &m->deaths,	  &m->tabrefs,
			      &m->fdtabs,	&m->holds,	 &m->origins,	  &m->socks,
			      &m->names,	&m->priv->sents, &m->priv->paths, &m->shares,
			      &m->priv->flights};

	stage_free(m->priv->stage);
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		image_unref(m, proc_at(m, id)->image);
	for (u32 i = 0; i < m->cgroups.cap; i++)
		if (m->cgroups.slots[i].val)
			free(((struct path *)pool_at(&m->priv->paths, m->cgroups.slots[i].val))->s);
	ranges_free(m->priv);
	map_free_all(m);
	bins_free(&m->by_slot);
	bins_free(&m->by_share);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		pool_free(all[i]);
	buf_free(&m->told);
	bins_free(&m->priv->by_flight);
	cuts_free(m->priv);
	buf_free(&m->priv->dying);
	free(m->priv->zombies.v);
	free(m->priv->frees.v);
	free(m->priv->closings.v);
	free(m->priv->gones.v);
	free(m->priv->waits);
	buf_free(&m->priv->misses.keys);
	buf_free(&m->priv->made);
	free(m->priv);
	free(m);
}

/* ---- time ---- */

void timer_wake(struct model *m, u64 ts)
{
	if (ts < m->priv->wake)
		m->priv->wake = ts;
}

static void due_resize(struct dueq *q, u32 cap)
{
	struct due *v = xmalloc(cap * sizeof(*v));

	for (u32 i = 0; i < q->count; i++)
		v[i] = q->v[(q->head + i) & (q->cap - 1)];
	free(q->v);
	mem_freed(q->cap * sizeof(*v));
	*q = (struct dueq){v, 0, q->count, cap};
}

/* The first one is dealt with.  After a peak the memory goes, by halves: O(1) amortised. */
void due_drop(struct dueq *q)
{
	q->head = (q->head + 1) & (q->cap - 1);
	q->count--;
	if (q->cap > DUE_LEAST && q->count < q->cap / 8)
		due_resize(q, q->cap / 2);
}

void due_add(struct dueq *q, u64 ts, u32 id, u64 tag)
{
	if (q->count == q->cap)
		due_resize(q, q->cap ? q->cap * 2 : DUE_LEAST);
	q->v[(q->head + q->count++) & (q->cap - 1)] = (struct due){ts, tag, id};
}

void due_push(struct model *m, struct dueq *q, u64 ts, u32 id, u64 tag)
{
	due_add(q, ts, id, tag);
	timer_wake(m, ts);
}

static void timers_run(struct model *m)
{
	m->priv->wake = ~0ull;
	frees_expire(m);
	zombies_expire(m);
	socks_expire(m);
	proc_expire(m);
}

/* ---- events ---- */

static void dispatch(struct model *m, const struct ev *e)
{
	switch (e->kind) {
#define RAW(n, lower)                                                                              \
	case n:                                                                                    \
		on_##lower(m, (const struct ev_##lower *)(const void *)e);                         \
		break;
#define TOLD(n, lower)
#define K(n, ID, lower, pub, class, doc) class(n, lower)
		EV_TABLE(K)
#undef K
#undef RAW
#undef TOLD
	default: /* told by a model once; a recording may have kept it */
		break;
	}
}

/* Is who it names the one by whom descriptors end with it? */
static bool acts_on_slots(u16 kind)
{
	return kind == EV_KIND_CLOSE || kind == EV_KIND_CLOSE_RANGE || kind == EV_KIND_EXIT ||
	       kind == EV_KIND_EXEC || kind == EV_KIND_INSTALL;
}

void model_apply(struct model *m, const struct ev *e)
{
	m->events++;
	if (m->told.cap > TOLD_KEPT) /* the last one had much to tell */
		buf_free(&m->told);
	else
		buf_reset(&m->told);
	if (event_is_kept(e->kind)) { /* it did not happen: no time passes */
		dispatch(m, e);
		return;
	}
	if (m->priv->stage)
		stage_broken(m, e->ts);
	if (e->ts > m->now)
		m->now = e->ts;
	m->priv->at = m->now;
	m->priv->by = 0;
	if (m->now >= m->priv->wake)
		timers_run(m);
	m->priv->at = e->ts;
	m->priv->by = acts_on_slots(e->kind) ? e->tgid : 0;
	dispatch(m, e);
}

const struct ev *model_told(const struct model *m, const struct ev *before)
{
	const char *next = before ? (const char *)before + before->size : m->told.s;

	if (!m->told.len || next >= m->told.s + m->told.len)
		return NULL;
	return (const struct ev *)(const void *)next;
}

void on_clock(struct model *m, const struct ev_clock *e)
{
	m->realtime_off = e->realtime - e->h.ts;
}

void on_tick(struct model *m, const struct ev_tick *e)
{
	(void)m, (void)e; /* model_apply has moved the time on */
}

void loss_note(struct model *m, u64 count, u64 ts)
{
	struct model_priv *pr = m->priv;

	m->lost += count;
	if (!m->lost_since) {
		m->lost_since = ts;
		pr->dropped = pr->added = 0;
	}
	pr->last_loss = max_ts(pr->last_loss, ts);
	pr->repaired = 0;
}

void on_lost(struct model *m, const struct ev_lost *e)
{
	m->damaged += e->damaged;
	if (e->count || !e->damaged) /* else the state is right as far as it goes */
		loss_note(m, e->count, e->h.ts);
}

/* Of whom it was is known for so many users; what scans found since is right again. */
void on_held(struct model *m, const struct ev_held *e)
{
	struct held *h = m->held;

	while (h < m->held + m->nheld && h->uid != e->uid && h < m->held + HELD_MAX - 1)
		h++;
	if (h == m->held + m->nheld) {
		m->nheld++;
		h->uid = e->uid;
	} else if (h->uid != e->uid) {
		h->uid = UINT32_MAX;
	}
	h->count += e->count;
	h->last = max_ts(h->last, e->h.ts);
	m->held_last = max_ts(m->held_last, e->h.ts);
	if (!m->held_since)
		m->held_since = e->since ? e->since : e->h.ts;
}

bool model_held(const struct model *m, u32 uid, u64 since)
{
	for (const struct held *h = m->held; h < m->held + m->nheld; h++)
		if ((h->uid == uid || h->uid == UINT32_MAX) && h->last >= since)
			return true;
	return false;
}

/* Are there so many that it is worth a look at all?  Each time that there are twice as many. */
static bool cgroups_many(const struct model *m)
{
	return m->cgroups.count >= CGROUPS_FEW && m->cgroups.count >= m->priv->cgroups_at;
}

/* Each container and each login has one of its own: those that nobody is in any more go. */
static void cgroups_prune(struct model *m)
{
	struct pool old = m->priv->paths;
	struct map was = m->cgroups, used = {};
	u64 *ids = xcalloc(old.used + 1, sizeof(*ids));

	for (u32 i = 0; i < was.cap; i++)
		if (was.slots[i].val)
			ids[was.slots[i].val] = was.slots[i].key;
	for (u32 id = 0; (id = proc_next(m, id));) {
		map_put(&used, proc_at(m, id)->cgroup, 1);
		map_put(&used, proc_at(m, id)->frozen, 1);
	}
	for (u32 id = 0; (id = sock_next(m, id));)
		map_put(&used, sock_at(m, id)->cgroup, 1);
	pool_init(&m->priv->paths, sizeof(struct path));
	m->cgroups = (struct map){};
	for (u32 i = 1; i <= old.used; i++) { /* numbered anew, in their order: see put_cgroups() */
		char *s = ((struct path *)pool_at(&old, i))->s;

		if (map_get(&used, ids[i]))
			cgroup_set(m, ids[i], s);
		free(s);
	}
	pool_free(&old);
	map_free(&was);
	map_free(&used);
	free(ids);
	m->priv->cgroups_at = 2 * m->cgroups.count;
}

void cgroup_set(struct model *m, u64 id, const char *s)
{
	u32 at = map_get(&m->cgroups, id);
	struct path *path;

	if (!at) {
		at = pool_new(&m->priv->paths);
		map_put(&m->cgroups, id, at);
	}
	path = pool_at(&m->priv->paths, at);
	free(path->s);
	path->s = xstrdup(s);
}

bool model_due(const struct model *m, u64 ts)
{
	return ts >= m->priv->wake;
}

void model_interrupt(struct model *m, bool seen)
{
	const struct ev_lost e = {.h = {.ts = m->now}};
	const u64 last = m->priv->last_loss;

	on_lost(m, &e);
	if (seen)
		m->priv->last_loss = last;
	else {
		fdtabs_forget(m); /* addresses may be others' by then */
		m->priv->look = 0;
	}
}

void on_cgroup(struct model *m, const struct ev_cgroup *e)
{
	u16 len;
	const char *s = event_exe(&e->h, &len);

	if (!map_get(&m->cgroups, e->id) && cgroups_many(m))
		cgroups_prune(m);
	cgroup_set(m, e->id, len ? s : "");
}

void on_source(struct model *m, const struct ev_source *e)
{
	const u32 was = m->caps;

	m->caps = e->caps;
	if (!(e->caps & SRC_EVENTS)) /* one scan more, of what a recorder watches */
		m->caps |= was & (SRC_EVENTS | SRC_FD | SRC_READ);
	m->blind = e->blind;
	m->filter = e->filter;
	m->netns = e->netns ? e->netns : m->netns;
	if (e->caps & SRC_EVENTS && !m->watching_since)
		m->watching_since = e->h.ts;
}

u32 model_netns(const struct model *m)
{
	const struct proc *init = proc_at(m, proc_find(m, 1));

	return m->netns ? m->netns : init ? init->netns : 0;
}

const char *cgroup_path(const struct model *m, u64 id)
{
	u32 at = map_get(&m->cgroups, id);

	return at ? ((struct path *)pool_at(&m->priv->paths, at))->s : NULL;
}
