// SPDX-License-Identifier: BSD-2-Clause
/*
 * The model written as a checkpoint.
 *
 * Members are copied by the lists of fields in events.h, on both sides, so none can be forgotten
 * on one of them.  What has died since it was noted (who sent a signal, whose exit was to be looked
 * at) is left out: its id may mean nothing any more.
 */
#include "keep.h"
#include "model_priv.h"

#define SAVE(type, name, fmt, doc) e.name = from->name;
#define KEPT(ID, lower, ...)                                                                       \
	struct ev_##lower e = {.h = {.kind = EV_KIND_##ID, .size = sizeof(e), .ts = d->m->now},    \
			       __VA_ARGS__}

struct dump {
	const struct model *m;
	sink_fn sink;
	void *ctx;
	u64 count;
	u8 *image, *tab; /* by id: done already */
};

static void put(struct dump *d, const struct ev *e)
{
	d->count++;
	d->sink(d->ctx, e, e->size);
}

static void put_begin(struct dump *d)
{
	KEPT(KEPT_BEGIN, kept_begin);
	const struct model *m = d->m;

	{
		const struct model *from = m;

		KEPT_MODEL_FIELDS(SAVE)
		KEPT_HOME_FIELDS(SAVE)
		KEPT_GAP_FIELDS(SAVE)
	}
	{
		const struct model_priv *from = m->priv;

		KEPT_PRIV_FIELDS(SAVE)
		e.look = from->look;
	}
	put(d, &e.h);
	d->count = 0;
}

static void put_end(struct dump *d)
{
	KEPT(KEPT_END, kept_end, .count = d->count);

	put(d, &e.h);
}

/* In the order in which they were first met, which is that of their numbers in the pool. */
static void put_cgroups(struct dump *d)
{
	const struct map *map = &d->m->cgroups;
	u32 n = d->m->priv->paths.used;
	u64 *ids = xcalloc(n + 1, sizeof(*ids));
	u64 space[EV_MAX / 8];
	struct ev_kept_cgroup *e = (struct ev_kept_cgroup *)(void *)space;

	for (u32 i = 0; i < map->cap; i++)
		if (map->slots[i].val)
			ids[map->slots[i].val] = map->slots[i].key;
	for (u32 i = 1; i <= n; i++) {
		const char *s = cgroup_path(d->m, ids[i]);
		size_t len = strnlen(s, EV_MAX - sizeof(*e) - 1);

		*e = (struct ev_kept_cgroup){.h = {.kind = EV_KIND_KEPT_CGROUP,
						   .size = (u16)(sizeof(*e) + len + 1),
						   .ts = d->m->now},
					     .id = ids[i],
					     .path_len = (u16)(len + 1)};
		memcpy(e + 1, s, len);
		((char *)(e + 1))[len] = 0;
		put(d, &e->h);
	}
	free(ids);
}

/* ---- processes ---- */

/* Room for what scans and execs tell; a story may tell more, and then the end is cut. */
#define TEXT_MAX (EV_MAX - sizeof(struct ev_kept_image))

static void put_image(struct dump *d, u32 id)
{
	const struct image *from = image_at(d->m, id);
	u64 space[EV_MAX / 8];
	u16 exe = from->exe_len, args = from->args_len;
	char *tail = (char *)space + sizeof(struct ev_kept_image);
	KEPT(KEPT_IMAGE, kept_image, .id = id);

	KEPT_IMAGE_FIELDS(SAVE)
	memcpy(e.name.s, from->comm, COMM_LEN);
	if (exe > TEXT_MAX)
		exe = (u16)TEXT_MAX;
	if (args > TEXT_MAX - exe) {
		args = (u16)(TEXT_MAX - exe);
		e.truncated = 1;
	}
	if (exe) {
		memcpy(tail, from->text, exe);
		tail[exe - 1] = 0;
	}
	if (args) {
		memcpy(tail + exe, from->text + from->exe_len, args);
		tail[exe + args - 1] = 0;
	}
	e.exe_len = exe;
	e.args_len = args;
	e.h.size = (u16)(sizeof(e) + exe + args);
	memcpy(space, &e, sizeof(e));
	put(d, (const struct ev *)(const void *)space);
}

static void put_images(struct dump *d, u32 id)
{
	for (; id && !d->image[id]; id = image_at(d->m, id)->prev) {
		d->image[id] = 1;
		put_image(d, id);
	}
}

static void put_death(struct dump *d, u32 id)
{
	const struct death *from = death_at(d->m, id);
	KEPT(KEPT_DEATH, kept_death, .id = id);

	KEPT_DEATH_FIELDS(SAVE)
	put(d, &e.h);
}

static void put_proc(struct dump *d, const struct proc *from)
{
	KEPT(KEPT_PROC, kept_proc);

	KEPT_PROC_FIELDS(SAVE)
	e.h.tgid = e.h.tid = from->tgid;
	put(d, &e.h);
	put_images(d, from->image);
	if (from->death)
		put_death(d, from->death);
}

static bool is_alive(const struct model *m, u32 id)
{
	return id && id <= m->procs.used && proc_at(m, id)->id == id;
}

static void put_signals(struct dump *d, u32 proc)
{
	const struct sent *from;

	for (u32 id = map_get(&d->m->priv->signals, proc); id; id = from->next) {
		KEPT(KEPT_SENT, kept_sent, .proc = proc);

		from = pool_at(&d->m->priv->sents, id);
		KEPT_SENT_FIELDS(SAVE)
		if (!is_alive(d->m, from->from))
			e.from = 0;
		put(d, &e.h);
	}
}

/* ---- tables and sockets ---- */

static void put_hold(struct dump *d, u32 id)
{
	const struct hold *from = hold_at(d->m, id);
	KEPT(KEPT_HOLD, kept_hold, .id = id);

	KEPT_HOLD_FIELDS(SAVE)
	put(d, &e.h);
}

static void put_tab(struct dump *d, u32 id)
{
	const struct fdtab *from = fdtab_at(d->m, id);
	KEPT(KEPT_TAB, kept_tab, .id = id);

	if (d->tab[id])
		return;
	d->tab[id] = 1;
	KEPT_TAB_FIELDS(SAVE)
	put(d, &e.h);
	for (u32 h = from->holds; h; h = hold_at(d->m, h)->tab_next)
		put_hold(d, h);
}

static void put_tabs(struct dump *d, const struct proc *p)
{
	const struct tabref *from;

	for (u32 id = p->tabrefs; id; id = from->proc_next) {
		KEPT(KEPT_REF, kept_ref, .id = id);

		from = tabref_at(d->m, id);
		KEPT_REF_FIELDS(SAVE)
		put(d, &e.h);
		put_tab(d, from->fdtab);
	}
}

static void put_origins(struct dump *d, const struct sock *s)
{
	const struct origin *from;

	for (u32 id = s->origins; id; id = from->next) {
		KEPT(KEPT_ORIGIN, kept_origin, .id = id);

		from = origin_at(d->m, id);
		KEPT_ORIGIN_FIELDS(SAVE)
		put(d, &e.h);
	}
}

static void put_name(struct dump *d, const struct sock *s)
{
	KEPT(KEPT_NAME, kept_name, .id = s->name, .name = *name_at(d->m, s->name));
	const struct name *from = sock_file(d->m, s);

	UNIX_FILE_FIELDS(SAVE)
	put(d, &e.h);
}

static void put_sock(struct dump *d, const struct sock *from)
{
	KEPT(KEPT_SOCK, kept_sock);

	KEPT_SOCK_FIELDS(SAVE)
	KEPT_KEEPER_FIELDS(SAVE)
	e.unlooked = from->unlooked;
	e.before = from->before;
	e.parted_ts = from->parted_ts;
	put(d, &e.h);
	if (from->name)
		put_name(d, from);
	put_origins(d, from);
}

/* ---- queues ---- */

static void put_due(struct dump *d, u32 queue, const struct due *from)
{
	KEPT(KEPT_DUE, kept_due, .queue = queue);

	KEPT_DUE_FIELDS(SAVE)
	put(d, &e.h);
}

/* Of deadlines of exits, those of processes that still are what they were. */
static void put_exits(struct dump *d, u32 queue, const struct dueq *q)
{
	for (u32 i = 0; i < q->count; i++) {
		const struct due *due = &q->v[(q->head + i) & (q->cap - 1)];
		const struct proc *p = proc_at(d->m, is_alive(d->m, due->id) ? due->id : 0);

		if (p && p->start == due->tag && p->state == PROC_ZOMBIE)
			put_due(d, queue, due);
	}
}

static void put_gones(struct dump *d)
{
	const struct dueq *q = &d->m->priv->gones;

	for (u32 i = 0; i < q->count; i++)
		put_due(d, KEPT_GONES, &q->v[(q->head + i) & (q->cap - 1)]);
}

/*
 * Those that still hold, each once: what was closed, opened and closed again at the same instant
 * stands in the queue twice, and its first place decides.
 */
static void put_closings(struct dump *d)
{
	const struct dueq *q = &d->m->priv->closings;
	u8 *seen = xcalloc(d->m->socks.used + 1, 1);

	for (u32 i = 0; i < q->count; i++) {
		const struct due *due = &q->v[(q->head + i) & (q->cap - 1)];
		const struct sock *s = sock_at(d->m, due->id);

		if (seen[due->id] || s->id != due->id || !s->closing || s->closed_ts != due->tag)
			continue;
		seen[due->id] = 1;
		put_due(d, KEPT_CLOSINGS, due);
	}
	free(seen);
}

static int by_end(const void *va, const void *vb)
{
	const struct due *a = va, *b = vb;

	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* The heap in the order in which it will be emptied, which is a heap as well. */
static void put_waits(struct dump *d)
{
	const struct model_priv *pr = d->m->priv;
	struct due *v = xmalloc(pr->nwaits * sizeof(*v));

	if (pr->nwaits) {
		memcpy(v, pr->waits, pr->nwaits * sizeof(*v));
		qsort(v, pr->nwaits, sizeof(*v), by_end);
	}
	for (u32 i = 0; i < pr->nwaits; i++)
		if (v[i].id <= d->m->socks.used && sock_at(d->m, v[i].id)->id == v[i].id)
			put_due(d, KEPT_WAITS, &v[i]);
	free(v);
}

/* Those of one socket in their order. */
static void put_flights(struct dump *d)
{
	const struct model *m = d->m;

	for (u32 id = sock_after(m, 0); id; id = sock_after(m, id))
		for (u32 i = sock_at(m, id)->flights; i; i = flight_at(m, i)->next) {
			const struct flight *f = flight_at(m, i);
			KEPT(KEPT_DUE, kept_due, .queue = KEPT_FLIGHTS, .id = id, .ts = f->ts,
			     .over = f->queue, .scan_ts = f->scan_ts, .count = f->count);

			put(d, &e.h);
		}
}

static void put_queues(struct dump *d)
{
	const struct model *m = d->m;
	const struct model_priv *pr = m->priv;

	put_exits(d, KEPT_ZOMBIES, &pr->zombies);
	put_exits(d, KEPT_FREES, &pr->frees);
	put_gones(d);
	put_closings(d);
	put_waits(d);
	put_flights(d);
	for (u32 id = m->grace_head; id; id = proc_at(m, id)->grace_next)
		put_due(d, KEPT_GRACES, &(struct due){.id = id});
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		u32 pidns = proc_at(m, id)->pidns;

		if (map_get(&m->nsinits, pidns) == id)
			put_due(d, KEPT_NSINITS, &(struct due){.tag = pidns, .id = id});
	}
	for (u32 i = 0; i < m->nheld; i++) {
		const struct held *h = &m->held[i];
		KEPT(KEPT_DUE, kept_due, .queue = KEPT_HELDS, .id = i + 1, .ts = h->last,
		     .tag = h->count, .over = h->uid);

		put(d, &e.h);
	}
}

void model_dump(const struct model *m, sink_fn sink, void *ctx)
{
	struct dump d = {.m = m,
			 .sink = sink,
			 .ctx = ctx,
			 .image = xcalloc(m->images.used + 1, 1),
			 .tab = xcalloc(m->fdtabs.used + 1, 1)};

	put_begin(&d);
	put_cgroups(&d);
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		put_proc(&d, proc_at(m, id));
		put_signals(&d, id);
		put_tabs(&d, proc_at(m, id));
	}
	for (u32 id = 1; id <= m->socks.used; id++)
		if (sock_at(m, id)->id == id)
			put_sock(&d, sock_at(m, id));
	put_queues(&d);
	put_end(&d);
	free(d.image);
	free(d.tab);
}
