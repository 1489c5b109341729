// SPDX-License-Identifier: BSD-2-Clause
/*
 * A checkpoint read: its events fill a second model, which at the end takes the place of the first.
 *
 * Every event has passed event_check(), but nothing else about a recording can be trusted: ids and
 * what refers to them are looked at before anybody follows them.
 *
 * The marks of the sieve are not kept.  What is restored counts as met at that moment, so that a
 * scan pass under way in whoever records ends nothing for want of them.
 */
#include "keep_priv.h"

#define LOAD(type, name, fmt, doc) to->name = e->name;

#define SPARE	(512u << 20) /* bytes of slots beyond what the events account for */
#define SIGNALS 65	     /* on their way to one process at most */

/* ---- the stage ---- */

void stage_free(struct stage *st)
{
	if (!st)
		return;
	if (st->m) { /* its counts of references are not right yet: nothing goes by them */
		for (u32 id = 0; (id = stage_next(st, KEEP_IMAGE, id));)
			free(image_at(st->m, id)->text);
		for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));)
			proc_at(st->m, id)->image = 0;
		model_free(st->m);
	}
	for (u32 i = 0; i < KEEPS; i++)
		free(st->taken[i].v);
	free(st->graces.v);
	free(st);
}

/* A loss is as late as what is known, and never at 0, which would say that there is none. */
static void note_bad(struct model *m, u64 ts)
{
	m->now = max_ts(m->now, max_ts(ts, 1));
	m->kept_bad++;
	loss_note(m, 1, m->now);
}

void stage_broken(struct model *m, u64 ts)
{
	struct stage *st = m->priv->stage;

	if (st->m)
		note_bad(m, ts);
	m->priv->stage = NULL;
	stage_free(st);
}

/* The rest of the checkpoint is passed over without another word. */
static void spoil(struct model *m, const struct ev *e)
{
	if (m->priv->stage)
		stage_broken(m, e->ts);
	else
		note_bad(m, e->ts);
	m->priv->stage = xcalloc(1, sizeof(struct stage));
}

/* NULL: what the event belongs to is spoilt. */
static struct stage *stage_of(struct model *m, const struct ev *e)
{
	struct stage *st = m->priv->stage;

	if (!st)
		spoil(m, e); /* of a checkpoint whose beginning is missing */
	if (!st || !st->m)
		return NULL;
	st->count++;
	st->bytes += e->size;
	return st;
}

bool model_kept_open(const struct model *m)
{
	return m->priv->stage != NULL;
}

struct pool *stage_pool(const struct model *m, enum keep which)
{
	const struct pool *pools[KEEPS] = {
		[KEEP_PROC] = &m->procs,     [KEEP_IMAGE] = &m->images, [KEEP_DEATH] = &m->deaths,
		[KEEP_TAB] = &m->fdtabs,     [KEEP_REF] = &m->tabrefs,	[KEEP_HOLD] = &m->holds,
		[KEEP_ORIGIN] = &m->origins, [KEEP_SOCK] = &m->socks,	[KEEP_NAME] = &m->names,
	};

	return (struct pool *)pools[which];
}

u32 stage_next(const struct stage *st, enum keep which, u32 id)
{
	const struct bits *b = &st->taken[which];
	u32 word = ++id / 64;
	u64 rest = word < b->words ? b->v[word] >> id % 64 << id % 64 : 0;

	while (!rest && ++word < b->words)
		rest = b->v[word];
	return rest ? word * 64 + (u32)__builtin_ctzll(rest) : 0;
}

static void bits_set(struct bits *b, u32 id)
{
	if (id / 64 >= b->words) {
		u32 words = id / 64 * 2 + 16;

		b->v = xrealloc(b->v, words * sizeof(*b->v));
		memset(b->v + b->words, 0, (words - b->words) * sizeof(*b->v));
		b->words = words;
	}
	b->v[id / 64] |= 1ull << id % 64;
}

/* The slot of that id; NULL: it makes no sense. */
static void *place(struct stage *st, enum keep which, u32 id)
{
	struct pool *p = stage_pool(st->m, which);

	if (!id || id > KEPT_ID_MAX || stage_has(st, which, id))
		return NULL;
	if (!pool_has_chunk(p, id))
		st->memory += (u64)POOL_CHUNK * p->elem;
	if (st->memory > SPARE + 16 * st->bytes)
		return NULL;
	bits_set(&st->taken[which], id);
	return pool_place(p, id);
}

/* ---- what it is made of ---- */

static void load_model(struct model *to, const struct ev_kept_begin *e)
{
	KEPT_MODEL_FIELDS(LOAD)
	KEPT_HOME_FIELDS(LOAD)
	KEPT_GAP_FIELDS(LOAD)
}

void on_kept_begin(struct model *m, const struct ev_kept_begin *e)
{
	struct model_priv *to;

	if (m->priv->stage)
		stage_broken(m, e->h.ts);
	m->priv->stage = xcalloc(1, sizeof(struct stage));
	m->priv->stage->m = model_new(m->priv->judge);
	load_model(m->priv->stage->m, e);
	to = m->priv->stage->m->priv;
	KEPT_PRIV_FIELDS(LOAD)
	to->look = (u8)e->look;
	to->sieved_ts = e->now;
}

/*
 * Where the event goes: the slot it names, when its numbers fit.  NULL: nowhere, and with it goes
 * the checkpoint.
 */
static void *slot_of(struct model *m, const struct ev *e, enum keep which, u32 id, bool fits)
{
	struct stage *st = stage_of(m, e);
	void *slot = st && fits ? place(st, which, id) : NULL;

	if (st && !slot)
		spoil(m, e);
	return slot;
}

void on_kept_proc(struct model *m, const struct ev_kept_proc *e)
{
	bool fits = e->state <= PROC_GONE && (e->sigchld <= 2 || e->sigchld == SIGCHLD_UNKNOWN);
	struct proc *to = slot_of(m, &e->h, KEEP_PROC, e->id, fits);

	if (!to)
		return;
	KEPT_PROC_FIELDS(LOAD)
	to->met_ts = m->priv->stage->m->now;
	while (to->level < NS_LEVELS && to->nspid.nr[to->level])
		to->level++;
}

void on_kept_image(struct model *m, const struct ev_kept_image *e)
{
	struct image *to = slot_of(m, &e->h, KEEP_IMAGE, e->id, true);

	if (!to)
		return;
	KEPT_IMAGE_FIELDS(LOAD)
	image_set_comm(to, &e->name);
	image_set_text(to, &e->h, e->truncated);
}

void on_kept_death(struct model *m, const struct ev_kept_death *e)
{
	bool fits = e->code >= -1 && e->code <= 255 && e->signal <= 127;
	struct death *to = slot_of(m, &e->h, KEEP_DEATH, e->id, fits);

	if (!to)
		return;
	KEPT_DEATH_FIELDS(LOAD)
}

void on_kept_tab(struct model *m, const struct ev_kept_tab *e)
{
	struct fdtab *to = slot_of(m, &e->h, KEEP_TAB, e->id, true);

	if (!to)
		return;
	KEPT_TAB_FIELDS(LOAD)
}

void on_kept_ref(struct model *m, const struct ev_kept_ref *e)
{
	struct tabref *to = slot_of(m, &e->h, KEEP_REF, e->id, true);

	if (!to)
		return;
	KEPT_REF_FIELDS(LOAD)
}

void on_kept_hold(struct model *m, const struct ev_kept_hold *e)
{
	bool fits = e->fd >= 0 && e->via < VIA_MAX && e->how < VIA_MAX && e->cloexec <= 2;
	struct hold *to = slot_of(m, &e->h, KEEP_HOLD, e->id, fits);

	if (!to)
		return;
	KEPT_HOLD_FIELDS(LOAD)
	to->met_ts = m->priv->stage->m->now;
}

void on_kept_sock(struct model *m, const struct ev_kept_sock *e)
{
	const bool kept = e->keep_how <= KEEPER_FIXED && !(e->keep_how && e->queue);
	const bool look = e->unlooked <= UINT8_MAX && (!e->unlooked || e->transferred);
	struct sock *to =
		slot_of(m, &e->h, KEEP_SOCK, e->id, e->state <= UINT8_MAX && kept && look);

	if (!to)
		return;
	KEPT_SOCK_FIELDS(LOAD)
	KEPT_KEEPER_FIELDS(LOAD)
	to->unlooked = (u8)e->unlooked;
	to->before = e->before;
	to->parted_ts = e->parted_ts;
	to->met_ts = m->priv->stage->m->now;
}

void on_kept_name(struct model *m, const struct ev_kept_name *e)
{
	struct name *to = slot_of(m, &e->h, KEEP_NAME, e->id, e->name.len != 0);

	if (!to)
		return;
	to->text = e->name;
	UNIX_FILE_FIELDS(LOAD)
}

void on_kept_origin(struct model *m, const struct ev_kept_origin *e)
{
	struct origin *to = slot_of(m, &e->h, KEEP_ORIGIN, e->id, e->via < VIA_MAX);

	if (!to)
		return;
	KEPT_ORIGIN_FIELDS(LOAD)
}

/* Signals to a process are told in the order of its list. */
void on_kept_sent(struct model *m, const struct ev_kept_sent *e)
{
	struct stage *st = stage_of(m, &e->h);
	u32 n = 0, last = 0, id;
	struct sent *to;

	if (!st)
		return;
	for (id = map_get(&st->m->priv->signals, e->proc); id; id = to->next, n++) {
		to = pool_at(&st->m->priv->sents, id);
		last = id;
	}
	if (!e->proc || n == SIGNALS || e->signal >= SIGNALS) {
		spoil(m, &e->h);
		return;
	}
	id = pool_new(&st->m->priv->sents);
	if (last)
		((struct sent *)pool_at(&st->m->priv->sents, last))->next = id;
	else
		map_put(&st->m->priv->signals, e->proc, id);
	to = pool_at(&st->m->priv->sents, id);
	KEPT_SENT_FIELDS(LOAD)
}

void on_kept_cgroup(struct model *m, const struct ev_kept_cgroup *e)
{
	struct stage *st = stage_of(m, &e->h);
	u16 len;
	const char *s = event_exe(&e->h, &len);

	if (st)
		cgroup_set(st->m, e->id, len ? s : "");
}

/* Of an older recording, where a socket was in one queue, and that once: as is said of it. */
static void load_flight(struct stage *st, const struct ev_kept_due *e)
{
	struct flight *f = flight_at(st->m, pool_new(&st->m->priv->flights));

	f->sock = e->id;
	f->queue = e->over;
	f->ts = e->ts;
	f->scan_ts = e->scan_ts;
	f->met_ts = st->m->now;
	f->count = e->count ? e->count : 1;
	if (!f->queue && stage_has(st, KEEP_SOCK, e->id))
		f->queue = sock_at(st->m, e->id)->queue;
}

void on_kept_due(struct model *m, const struct ev_kept_due *e)
{
	struct stage *st = stage_of(m, &e->h);
	struct model_priv *pr = st ? st->m->priv : NULL;

	if (!st)
		return;
	switch (e->id ? e->queue : KEPT_QUEUES) {
	case KEPT_ZOMBIES:
		due_add(&pr->zombies, e->ts, e->id, e->tag);
		return;
	case KEPT_FREES:
		due_add(&pr->frees, e->ts, e->id, e->tag);
		return;
	case KEPT_GONES:
		due_add(&pr->gones, e->ts, e->id, e->tag);
		return;
	case KEPT_CLOSINGS:
		due_add(&pr->closings, e->ts, e->id, e->tag);
		return;
	case KEPT_WAITS:
		waits_push(pr, e->ts, e->id);
		return;
	case KEPT_FLIGHTS:
		load_flight(st, e);
		return;
	case KEPT_GRACES:
		due_add(&st->graces, 0, e->id, 0);
		return;
	case KEPT_NSINITS:
		if (map_get(&st->m->nsinits, e->tag))
			break;
		map_put(&st->m->nsinits, e->tag, e->id);
		return;
	case KEPT_HELDS:
		if (st->m->nheld == HELD_MAX)
			break;
		st->m->held[st->m->nheld++] = (struct held){e->tag, e->ts, (u32)e->over};
		return;
	}
	spoil(m, &e->h);
}

/* ---- the end ---- */

/* Only somebody who means ill has the model wake up later than for what is first in a queue. */
static void wake_in_time(struct model *m)
{
	const struct dueq *queues[] = {&m->priv->zombies, &m->priv->frees, &m->priv->gones,
				       &m->priv->closings};
	const struct proc *first = proc_at(m, m->grace_head);

	for (u32 i = 0; i < ARRAY_SIZE(queues); i++)
		if (queues[i]->count)
			timer_wake(m, queues[i]->v[0].ts);
	if (m->priv->nwaits)
		timer_wake(m, m->now + NS_PER_S);
	if (first)
		timer_wake(m, death_at(m, first->death)->reaped_ts + m->grace_ns);
}

/* What is the caller's stays: the pointer, the grace of the dead, and the memory of what is told. */
static void take_place(struct model *m, struct stage *st)
{
	struct model *old = st->m, swap = *m;

	for (u32 i = 0; i < KEEPS; i++) /* views keep ids, and look whether they are still good */
		pool_reach(stage_pool(old, i), stage_pool(m, i)->reach);
	st->m = NULL;
	*m = *old;
	*old = swap;
	m->told = old->told;
	old->told = (struct buf){};
	m->kept_bad = old->kept_bad;
	m->damaged = old->damaged;
	if (!m->nheld) { /* it was not kept in older recordings */
		memcpy(m->held, old->held, sizeof(m->held));
		m->nheld = old->nheld;
		m->held_since = old->held_since;
		m->held_last = old->held_last;
	}
	m->grace_ns = old->grace_ns;
	old->priv->stage = NULL;
	model_free(old);
	stage_free(st);
}

void on_kept_end(struct model *m, const struct ev_kept_end *e)
{
	struct stage *st = m->priv->stage;

	if (!st) {
		note_bad(m, e->h.ts);
	} else if (!st->m || st->count != e->count || !stage_link(st) || !stage_check(st)) {
		stage_broken(m, e->h.ts);
	} else {
		stage_count(st);
		wake_in_time(st->m);
		take_place(m, st);
	}
}
