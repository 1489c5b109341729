// SPDX-License-Identifier: BSD-2-Clause
/*
 * A checkpoint's lists, indexes and counts.
 *
 * Of a list only the way forward was told.  Where nobody comes before a member there a list begins;
 * a list begins once, nobody is met twice, and who is never met goes round in a circle.
 */
#include "keep_priv.h"

#define NOT_KEPT 0xffff /* an offset: there is no such member */

struct list {
	enum keep members, owners;	  /* owners: KEEPS when the lists are found by a map */
	u16 next, prev;			  /* in a member */
	u16 head, count;		  /* in the owner */
	u16 map;			  /* in the model */
	bool ring;			  /* the first one's prev is the last */
	bool all;			  /* every member is on a list */
	u64 (*owner)(const void *member); /* its id, or key in the map; 0: it is on no list */
};

static u64 owner_of_child(const void *p)
{
	return ((const struct proc *)p)->parent;
}

static u64 owner_of_life(const void *p)
{
	return ((const struct proc *)p)->tgid;
}

static u64 owner_of_task_ref(const void *p)
{
	return ((const struct tabref *)p)->proc;
}

static u64 owner_of_tab_ref(const void *p)
{
	return ((const struct tabref *)p)->fdtab;
}

static u64 owner_of_tab_hold(const void *p)
{
	return ((const struct hold *)p)->fdtab;
}

static u64 owner_of_sock_hold(const void *p)
{
	return ((const struct hold *)p)->sock;
}

static u64 owner_of_origin(const void *p)
{
	return ((const struct origin *)p)->sock;
}

static u64 owner_of_port(const void *p)
{
	const struct sock *s = p;

	return s->gone || s->closing ? 0 : s->local.port;
}

#define AT(type, member) offsetof(struct type, member)
static const struct list lists[] = {
	{KEEP_PROC, KEEP_PROC, AT(proc, next), AT(proc, prev), AT(proc, child), AT(proc, nchildren),
	 0, false, false, owner_of_child},
	{KEEP_PROC, KEEPS, AT(proc, older), NOT_KEPT, 0, NOT_KEPT, AT(model, by_tgid), false, true,
	 owner_of_life},
	{KEEP_REF, KEEP_PROC, AT(tabref, proc_next), AT(tabref, proc_prev), AT(proc, tabrefs),
	 NOT_KEPT, 0, false, true, owner_of_task_ref},
	{KEEP_REF, KEEP_TAB, AT(tabref, tab_next), AT(tabref, tab_prev), AT(fdtab, refs),
	 AT(fdtab, nrefs), 0, false, true, owner_of_tab_ref},
	{KEEP_HOLD, KEEP_TAB, AT(hold, tab_next), AT(hold, tab_prev), AT(fdtab, holds),
	 AT(fdtab, nholds), 0, false, true, owner_of_tab_hold},
	{KEEP_HOLD, KEEP_SOCK, AT(hold, sock_next), AT(hold, sock_prev), AT(sock, holds),
	 AT(sock, nholds), 0, true, true, owner_of_sock_hold},
	{KEEP_ORIGIN, KEEP_SOCK, AT(origin, next), AT(origin, prev), AT(sock, origins),
	 AT(sock, norigins), 0, true, true, owner_of_origin},
	{KEEP_SOCK, KEEPS, AT(sock, port_next), AT(sock, port_prev), 0, NOT_KEPT,
	 AT(model, by_port), false, false, owner_of_port},
};

/* A list being linked. */
struct linking {
	struct stage *st;
	const struct list *l;
	struct pool *pool;
	u32 *before; /* by id of a member: the one before it */
	u32 members; /* on lists */
};

static u32 *word_at(void *p, u16 offset)
{
	return (u32 *)(void *)((char *)p + offset);
}

static bool find_before(struct linking *k)
{
	const struct list *l = k->l;

	for (u32 id = 0; (id = stage_next(k->st, l->members, id));) {
		void *p = pool_at(k->pool, id);
		u64 owner = l->owner(p);
		u32 next = *word_at(p, l->next);

		if (!owner && (next || l->all))
			return false;
		k->members += owner != 0;
		if (!next)
			continue;
		if (!stage_has(k->st, l->members, next) || k->before[next] ||
		    l->owner(pool_at(k->pool, next)) != owner)
			return false;
		k->before[next] = id;
	}
	return true;
}

/* A list begins at id; its owner, or NULL when a map leads there.  false: it has begun already. */
static bool begin_list(const struct linking *k, u64 owner, u32 id, void **to)
{
	struct map *map = (struct map *)(void *)((char *)k->st->m + k->l->map);

	*to = NULL;
	if (k->l->owners == KEEPS) {
		if (map_get(map, owner))
			return false;
		map_put(map, owner, id);
		return true;
	}
	if (owner > KEPT_ID_MAX || !stage_has(k->st, k->l->owners, (u32)owner))
		return false;
	*to = pool_at(stage_pool(k->st->m, k->l->owners), (u32)owner);
	if (*word_at(*to, k->l->head))
		return false;
	*word_at(*to, k->l->head) = id;
	return true;
}

/* How many there are from here on. */
static u32 walk_list(const struct linking *k, u32 head)
{
	const struct list *l = k->l;
	u32 n = 0, last = 0;

	for (u32 id = head; id; id = *word_at(pool_at(k->pool, id), l->next), n++) {
		if (l->prev != NOT_KEPT)
			*word_at(pool_at(k->pool, id), l->prev) = last;
		last = id;
	}
	if (l->ring)
		*word_at(pool_at(k->pool, head), l->prev) = last;
	return n;
}

static bool walk_lists(const struct linking *k)
{
	u32 met = 0;

	for (u32 id = 0; (id = stage_next(k->st, k->l->members, id));) {
		u64 owner = k->l->owner(pool_at(k->pool, id));
		void *to;
		u32 n;

		if (!owner || k->before[id])
			continue;
		if (!begin_list(k, owner, id, &to))
			return false;
		n = walk_list(k, id);
		if (k->l->count != NOT_KEPT)
			*word_at(to, k->l->count) = n;
		met += n;
	}
	return met == k->members;
}

static bool link_lists(struct stage *st, const struct list *l)
{
	struct linking k = {.st = st, .l = l, .pool = stage_pool(st->m, l->members)};
	bool ok;

	k.before = xcalloc(k.pool->used + 1, sizeof(*k.before));
	ok = find_before(&k) && walk_lists(&k);
	free(k.before);
	return ok;
}

/* ---- indexes ---- */

static bool index_add(struct map *map, u64 key, u32 id)
{
	if (map_get(map, key))
		return false;
	map_put(map, key, id);
	return true;
}

static bool index_sock(struct model *m, const struct sock *s)
{
	if (s->gone)
		return true;
	if (!s->inode && !s->cookie)
		return index_add(&m->priv->by_tuple, tuple_key(s), s->id);
	return (!s->inode || index_add(&m->by_inode, s->inode, s->id)) &&
	       (!s->cookie || index_add(&m->by_cookie, s->cookie, s->id));
}

static bool index_all(struct stage *st)
{
	struct model *m = st->m;

	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		if (!index_sock(m, sock_at(m, id)))
			return false;
	for (u32 id = 0; (id = stage_next(st, KEEP_TAB, id));) {
		u64 key = fdtab_at(m, id)->key;

		if (key && !index_add(&m->by_files, key, id))
			return false;
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_HOLD, id));) {
		const struct hold *h = hold_at(m, id);

		if (hold_in(m, h->fdtab, h->fd))
			return false;
		hold_index(m, id);
	}
	return true;
}

/* What follows from lists and creators. */
void stage_count(struct stage *st)
{
	struct model *m = st->m;

	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));) {
		struct proc *p = proc_at(m, id);

		proc_index_nr(m, p);
		if (p->older)
			proc_at(m, p->older)->newer = id;
		if (p->flags & TASK_SUBREAPER)
			proc_mark_under(m, p);
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_REF, id));)
		tabref_index(m, proc_at(m, tabref_at(m, id)->proc), id);
	for (u32 id = 0; (id = stage_next(st, KEEP_TAB, id));)
		multi_note(m, id);
	for (u32 id = 0; (id = stage_next(st, KEEP_HOLD, id));) {
		struct hold *h = hold_at(m, id);

		fdtab_at(m, h->fdtab)->ncloexec += h->cloexec == 1;
		share_join(m, h);
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		if (sock_at(m, id)->creator)
			made_link(m, sock_at(m, id));
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		listening_add(m, sock_at(m, id));
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		for (u32 o = sock_at(m, id)->origins; o; o = origin_at(m, o)->next)
			origin_index(m, o);
	for (u32 i = 1, n = m->priv->flights.used; i <= n; i++) {
		const struct flight *f = flight_at(m, i);
		const u32 known = flight_find(m, f->sock, f->queue);

		if (known) /* told twice */
			pool_drop(&m->priv->flights, i);
		else
			flight_index(m, i);
	}
}

/* ---- references ---- */

static bool ref_image(struct stage *st, u32 id)
{
	if (id && stage_has(st, KEEP_IMAGE, id))
		image_at(st->m, id)->refs++;
	return stage_ref(st, KEEP_IMAGE, id);
}

static bool ref_proc(struct stage *st, u32 id)
{
	if (id && stage_has(st, KEEP_PROC, id))
		proc_at(st->m, id)->refs++;
	return stage_ref(st, KEEP_PROC, id);
}

static bool count_refs(struct stage *st)
{
	const struct model *m = st->m;
	bool ok = true;

	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));)
		ok &= ref_proc(st, proc_at(m, id)->birth) && ref_image(st, proc_at(m, id)->image);
	for (u32 id = 0; (id = stage_next(st, KEEP_IMAGE, id));)
		ok &= ref_image(st, image_at(m, id)->prev);
	for (u32 id = 0; (id = stage_next(st, KEEP_DEATH, id));)
		ok &= ref_proc(st, death_at(m, id)->killer) &&
		      ref_proc(st, death_at(m, id)->reaper);
	for (u32 id = 0; (id = stage_next(st, KEEP_SOCK, id));)
		ok &= ref_proc(st, sock_at(m, id)->creator);
	for (u32 id = 0; (id = stage_next(st, KEEP_ORIGIN, id));)
		ok &= origin_at(m, id)->proc && ref_proc(st, origin_at(m, id)->proc) &&
		      ref_proc(st, origin_at(m, id)->from);
	return ok;
}

/* Of the dead, those nobody refers to wait in the queue of their grace. */
static bool link_graces(struct stage *st)
{
	struct model *m = st->m;
	u32 gone = 0;

	for (u32 i = 0; i < st->graces.count; i++) {
		u32 id = st->graces.v[i].id; /* nothing was taken from it: it begins at 0 */
		struct proc *p = stage_has(st, KEEP_PROC, id) ? proc_at(m, id) : NULL;

		if (!p || p->state != PROC_GONE || p->refs || p->pinned_grace)
			return false;
		p->pinned_grace = true;
		p->grace_prev = m->grace_tail;
		if (m->grace_tail)
			proc_at(m, m->grace_tail)->grace_next = id;
		else
			m->grace_head = id;
		m->grace_tail = id;
		m->grace_count++;
	}
	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));) {
		gone += proc_at(m, id)->state == PROC_GONE;
		m->priv->pinned += proc_at(m, id)->state == PROC_GONE && proc_at(m, id)->refs;
	}
	return gone == m->grace_count + m->priv->pinned;
}

static void count_zombies(struct stage *st)
{
	for (u32 id = 0; (id = stage_next(st, KEEP_PROC, id));) {
		const struct proc *p = proc_at(st->m, id);

		if (p->parent && proc_is_zombie(p))
			proc_at(st->m, p->parent)->zombies++;
	}
}

bool stage_link(struct stage *st)
{
	for (u32 i = 0; i < KEEPS; i++)
		pool_placed(stage_pool(st->m, i), st->taken[i].v);
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++)
		if (!link_lists(st, &lists[i]))
			return false;
	if (!index_all(st) || !count_refs(st) || !link_graces(st))
		return false;
	count_zombies(st);
	return true;
}
