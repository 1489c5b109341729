// SPDX-License-Identifier: BSD-2-Clause
/*
 * Descriptor tables and the holds in them.
 *
 * A process or thread refers to a table by a tabref; a table dies with its last tabref, and its
 * holds with it.  A table with key 0 is one whose address is not known yet: a process that was
 * only spoken of.  It gets its key from the first event that names one.
 *
 * The main table (tid 0) is that of the thread group leader while it lives.  One that its thread
 * leaves goes on with another thread of the process that uses it, its heir, if there is one.
 *
 * An address is a table's only for a time: the kernel hands it out again at once.  Who a scan has
 * met with it after an event is its later owner, and the event speaks of an earlier one.
 */
#include "model_priv.h"

/* Would its use be told from now on?  Recorders told not of all that is read from datagram sockets. */
static u8 hold_watched(const struct model *m, const struct sock *s)
{
	const u32 dgram = 2;
	bool told = PROTO_TYPE(s->proto) != dgram || m->caps & SRC_READ;

	return m->caps & SRC_FD && told ? HOLD_WATCHED : 0;
}

/* ---- holds ---- */

static u64 slot_key(u32 fdtab, s32 fd)
{
	return bins_mix((u64)fdtab << 32 | (u32)fd);
}

static u32 *slot_link(const void *ctx, u32 id)
{
	return &hold_at(ctx, id)->slot_next;
}

static u64 slot_hash(const void *ctx, u32 id)
{
	const struct hold *h = hold_at(ctx, id);

	return slot_key(h->fdtab, h->fd);
}

static const struct bins_ops by_slot = {slot_link, slot_hash};

static u32 slot_find(const struct model *m, u32 fdtab, s32 fd)
{
	u32 id = fdtab ? bins_first(&m->by_slot, slot_key(fdtab, fd)) : 0;

	while (id && (hold_at(m, id)->fdtab != fdtab || hold_at(m, id)->fd != fd))
		id = hold_at(m, id)->slot_next;
	return id;
}

struct hold *hold_in(const struct model *m, u32 fdtab, s32 fd)
{
	return hold_at(m, slot_find(m, fdtab, fd));
}

void hold_index(struct model *m, u32 id)
{
	bins_add(&m->by_slot, &by_slot, m, id);
}

struct hold *hold_first(const struct model *m, const struct fdtab *t)
{
	return hold_at(m, t->holds);
}

u32 hold_id(const struct model *m, const struct hold *h)
{
	return slot_find(m, h->fdtab, h->fd);
}

/* ---- what is known of one; others count it ---- */

void hold_set_how(struct model *m, struct hold *h, u8 how)
{
	const bool was = hold_is_passed(h);

	h->how = how;
	sock_at(m, h->sock)->npassed += (u32)hold_is_passed(h) - was;
}

void hold_set_flags(struct model *m, struct hold *h, u8 flags)
{
	(void)m;
	h->flags = flags;
}

void hold_use(struct model *m, const struct proc *p, struct hold *h)
{
	image_use(image_at(m, p->image), sock_at(m, h->sock));
	hold_set_flags(m, h, h->flags | HOLD_USED);
}

void hold_set_cloexec(struct model *m, struct hold *h, u8 cloexec)
{
	fdtab_at(m, h->fdtab)->ncloexec += (u32)(cloexec == 1) - (h->cloexec == 1);
	h->cloexec = cloexec;
	range_add(m, h);
}

/* The list of a socket is in order of age; the head's prev is the tail. */
static void hold_link(struct model *m, u32 id, struct hold *h)
{
	struct fdtab *t = fdtab_at(m, h->fdtab);
	struct sock *s = sock_at(m, h->sock);

	h->tab_next = t->holds;
	if (t->holds)
		hold_at(m, t->holds)->tab_prev = id;
	t->holds = id;
	t->nholds++;
	t->ncloexec += h->cloexec == 1;
	if (s->holds) {
		struct hold *head = hold_at(m, s->holds);

		h->sock_prev = head->sock_prev;
		hold_at(m, head->sock_prev)->sock_next = id;
		head->sock_prev = id;
	} else {
		s->holds = h->sock_prev = id;
	}
	s->nholds++;
	share_join(m, h);
	hold_index(m, id);
	range_add(m, h);
	sock_reopen(m, s);
}

/* Was it the table's last one of that socket? */
static bool hold_unlink(struct model *m, struct hold *h)
{
	struct fdtab *t = fdtab_at(m, h->fdtab);
	struct sock *s = sock_at(m, h->sock);
	u32 id = hold_id(m, h);
	bool last;

	bins_drop(&m->by_slot, &by_slot, m, id);
	if (s->keeper == id)
		s->keeper = h->sock_next;
	last = share_part(m, h);
	if (h->tab_prev)
		hold_at(m, h->tab_prev)->tab_next = h->tab_next;
	else
		t->holds = h->tab_next;
	if (h->tab_next)
		hold_at(m, h->tab_next)->tab_prev = h->tab_prev;
	t->ncloexec -= h->cloexec == 1;
	range_drop(m, h);
	if (!--t->nholds)
		range_forget(m, h->fdtab);
	if (s->holds != id)
		hold_at(m, h->sock_prev)->sock_next = h->sock_next;
	else
		s->holds = h->sock_next;
	if (h->sock_next)
		hold_at(m, h->sock_next)->sock_prev = h->sock_prev;
	else if (s->holds)
		hold_at(m, s->holds)->sock_prev = h->sock_prev;
	s->nholds--;
	pool_drop(&m->holds, id);
	return last;
}

void hold_drop(struct model *m, struct hold *h)
{
	struct sock *s = sock_at(m, h->sock);

	hold_unlink(m, h);
	sock_lost_hold(m, s);
}

/* The socket is in that slot already: learn what is new about how it came there. */
static struct hold *hold_upgrade(struct model *m, struct hold *h, const struct slot *slot)
{
	bool event = slot->via != VIA_SCAN;

	if (slot->cloexec != 2 && slot->ts >= h->seen_ts)
		hold_set_cloexec(m, h, slot->cloexec);
	if (event && (h->via == VIA_SCAN || slot->ts >= h->since)) {
		h->via = slot->via;
		h->since = slot->ts;
		hold_set_how(m, h, slot->how);
		hold_set_flags(m, h, h->flags | slot->flags | hold_watched(m, sock_at(m, h->sock)));
	}
	h->seen_ts = max_ts(h->seen_ts, slot->ts);
	return h;
}

/*
 * A socket is in a slot.  What was in it before is closed by this, unless it was seen there later
 * than this event says.  NULL: nothing was put.
 */
struct hold *hold_put(struct model *m, const struct slot *slot, struct sock *s)
{
	struct hold *h = hold_in(m, slot->fdtab, slot->fd);
	u32 id;

	if (!slot->fdtab || slot->fd < 0 || s->gone)
		return NULL;
	if (h && h->sock == s->id)
		return hold_upgrade(m, h, slot);
	if (h && h->seen_ts > slot->ts)
		return NULL;
	if (h) {
		/* s may wait in the queue of what ends with this slot, and has just come out of it. */
		s->nholds++;
		hold_drop(m, h);
		s->nholds--;
	}
	id = pool_new(&m->holds);
	h = hold_at(m, id);
	h->fdtab = slot->fdtab;
	h->sock = s->id;
	h->fd = slot->fd;
	h->via = slot->via;
	h->how = slot->how;
	h->cloexec = slot->cloexec;
	/* what was found there may have been used before anybody watched */
	h->flags = slot->flags | (slot->via == VIA_SCAN ? 0 : hold_watched(m, s));
	h->since = h->seen_ts = slot->ts;
	h->met_ts = m->now;
	hold_link(m, id, h);
	return h;
}

/* ---- tables ---- */

u32 fdtab_new(struct model *m, u64 key)
{
	u32 id = pool_new(&m->fdtabs);

	fdtab_at(m, id)->key = key;
	fdtab_at(m, id)->key_ts = m->priv->at;
	if (key)
		map_put(&m->by_files, key, id);
	return id;
}

void fdtabs_forget(struct model *m)
{
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		for (u32 r = proc_at(m, id)->tabrefs; r; r = tabref_at(m, r)->proc_next) {
			struct fdtab *t = fdtab_at(m, tabref_at(m, r)->fdtab);

			if (t->key)
				map_take(&m->by_files, t->key);
			t->key = 0;
		}
}

/* All at once: a socket is looked at when the table's last hold of it goes. */
void fdtab_clear(struct model *m, struct fdtab *t)
{
	while (t->holds) {
		struct hold *h = hold_at(m, t->holds);
		struct sock *s = sock_at(m, h->sock);

		if (hold_unlink(m, h))
			sock_lost_hold(m, s);
	}
}

/* Has it got its address after the event being applied? */
static bool fdtab_is_later(const struct model *m, const struct fdtab *t)
{
	return t->key_ts > m->priv->at;
}

/*
 * A table that begins with the event being applied.  If the address is in use, its owner until now
 * went unseen; unless that is a later one: then this one's address is of no use any more.
 */
u32 fdtab_fresh(struct model *m, u64 key)
{
	struct fdtab *stale = fdtab_at(m, map_get(&m->by_files, key));

	if (key && stale) {
		if (fdtab_is_later(m, stale))
			return fdtab_new(m, 0);
		map_take(&m->by_files, key);
		stale->key = 0;
		fdtab_clear(m, stale);
	}
	return fdtab_new(m, key);
}

/* What a copy is marked with: what the process did is its own, that it had a reason goes on. */
static u8 copied_flags(const struct hold *h, bool fork)
{
	const u8 meant = HOLD_USED | HOLD_DELIBERATE;

	if (!fork)
		return h->flags & (meant | HOLD_HANDED);
	return hold_is_passed(h) || h->flags & (meant | HOLD_HANDED) ? HOLD_HANDED : 0;
}

/*
 * Copy every hold: at a fork into another process's table, else within the process.  But not what a
 * scan that ran ahead of the ring has put there since: it may have been opened after the copy, and
 * if it was not, the scan meets it in the copy, too.
 */
void fdtab_copy(struct model *m, u32 from, u32 to, bool fork, u64 ts)
{
	const struct fdtab *src = fdtab_at(m, from);
	struct fdtab *dst = fdtab_at(m, to);

	dst->known_ts = src->known_ts && !model_is_lean(m) ? max_ts(ts, 1) : 0;
	for (const struct hold *h = hold_first(m, src); h; h = hold_at(m, h->tab_next)) {
		struct slot slot = {.fdtab = to,
				    .fd = h->fd,
				    .via = VIA_FORK,
				    .ts = ts,
				    .how = fork ? VIA_FORK : h->how,
				    .cloexec = h->cloexec,
				    .flags = copied_flags(h, fork)};

		if (h->via != VIA_SCAN || h->since <= ts)
			hold_put(m, &slot, sock_at(m, h->sock));
	}
}

/* ---- the table an event speaks of ---- */

static bool key_give(struct model *m, struct fdtab *t, u32 id, u64 files)
{
	if (t->key || map_get(&m->by_files, files))
		return false;
	t->key = files;
	t->key_ts = m->priv->at;
	map_put(&m->by_files, files, id);
	return true;
}

/*
 * The table with that address, as a table of that process.  Naming one nobody told of says that
 * it has one: the main table if the leader speaks or no main table is known, else the thread's.
 */
u32 fdtab_of(struct model *m, struct proc *p, u32 tid, u64 files)
{
	u32 id = files ? map_get(&m->by_files, files) : 0, main_tab, ref;

	if (p->state != PROC_RUNNING)
		return 0;
	main_tab = tabref_at(m, proc_main(m, p))->fdtab;
	if (!files || (id && tabref_find(m, p, id)))
		return files ? id : main_tab;
	if (key_give(m, fdtab_at(m, main_tab), main_tab, files))
		return main_tab;
	if (id && fdtab_is_later(m, fdtab_at(m, id)))
		return main_tab;
	if (!id)
		id = fdtab_new(m, files);
	if (!tid || tid == p->tgid || !fdtab_at(m, main_tab)->key) {
		proc_set_main(m, p, id, 0);
		return id;
	}
	ref = tabref_of_tid(m, p, tid);
	tabref_add(m, p, id, tid);
	if (ref)
		tabref_drop(m, p, ref);
	return id;
}

/* What a fork was handed is not what another program was, unless that is not known to be another. */
static bool program_is_other(const struct model *m, const struct proc *p)
{
	const struct image *now = image_at(m, p->image);

	return now && now->prev && m->priv->judge->differ(m, now, image_at(m, now->prev));
}

/*
 * As the kernel, which walks the table for it.  Each hold was put by the fork before it, or by an
 * event of its own, and a look at a socket that is let go of costs what sock_review() says.
 */
static void table_exec(struct model *m, const struct proc *p, const struct fdtab *t, u64 ts)
{
	const bool other = t->holds && program_is_other(m, p);
	u32 id = t->holds;

	while (id) {
		struct hold *h = hold_at(m, id);
		struct sock *s = sock_at(m, h->sock);

		id = h->tab_next;
		if (other)
			hold_set_flags(m, h, h->flags & (u8)~HOLD_HANDED);
		if (other && h->flags & HOLD_DELIBERATE)
			image_use(image_at(m, p->image), s); /* it was begun to have it */
		if (h->cloexec == 1 && h->seen_ts <= ts)
			hold_drop(m, h);
		else if (s->transferred)
			sock_review(m, s);
	}
}

/*
 * After an exec there is one table, not shared: the caller's own or a copy of it.  What had
 * close-on-exec set is closed, but not what was seen there since.
 */
void fdtab_exec(struct model *m, struct proc *p, const struct ev_exec *e)
{
	u32 id = map_get(&m->by_files, e->files), own = tabref_of_tid(m, p, e->old_tid), from, next;

	if (e->files && !(id && tabref_find(m, p, id))) {
		from = tabref_at(m, own ? own : proc_main(m, p))->fdtab;
		if (key_give(m, fdtab_at(m, from), from, e->files)) {
			id = from;
		} else {
			id = fdtab_fresh(m, e->files);
			tabref_add(m, p, id, ~0u);
			fdtab_copy(m, from, id, false, e->h.ts);
		}
	}
	if (id)
		proc_set_main(m, p, id, 0);
	for (u32 ref = p->tabrefs; ref; ref = next) {
		next = tabref_at(m, ref)->proc_next;
		if (tabref_at(m, ref)->tid)
			tabref_drop(m, p, ref);
	}
	table_exec(m, p, fdtab_at(m, tabref_at(m, p->main)->fdtab), e->h.ts);
}
