// SPDX-License-Identifier: BSD-2-Clause
/*
 * Counts of who holds what, kept as holds, tables and creators come and go.
 *
 * What events ask of a socket is answered without a walk over its holds, of which one user can make
 * a million: how many tables hold it, does its creator still, how many hold it in all.  A hold put
 * or dropped costs a look-up of its share.  A process that leaves a table which others go on using
 * costs as many steps as it made sockets, or the table has holds, whichever are fewer: a table
 * without many was made by a fork that copied no more, and sockets are made one at a time.
 */
#include "model_priv.h"

static u64 share_key(u32 fdtab, u32 sock)
{
	return bins_mix((u64)fdtab << 32 | sock);
}

static u32 *share_link(const void *ctx, u32 id)
{
	return &share_at(ctx, id)->next;
}

static u64 share_hash(const void *ctx, u32 id)
{
	const struct share *sh = share_at(ctx, id);

	return share_key(sh->fdtab, sh->sock);
}

static const struct bins_ops ops = {share_link, share_hash};

static u32 share_find(const struct model *m, u32 fdtab, u32 sock)
{
	u32 id = bins_first(&m->by_share, share_key(fdtab, sock));

	while (id && (share_at(m, id)->fdtab != fdtab || share_at(m, id)->sock != sock))
		id = share_at(m, id)->next;
	return id;
}

struct share *share_of(const struct model *m, u32 fdtab, u32 sock)
{
	return share_at(m, share_find(m, fdtab, sock));
}

/* Does the socket's creator use that table? */
static bool is_mine(const struct model *m, const struct sock *s, u32 fdtab)
{
	return s->creator && tabref_find(m, proc_at(m, s->creator), fdtab);
}

void share_join(struct model *m, struct hold *h)
{
	struct sock *s = sock_at(m, h->sock);
	struct share *sh;

	h->share = share_find(m, h->fdtab, h->sock);
	if (!h->share) {
		h->share = pool_new(&m->shares);
		sh = share_at(m, h->share);
		sh->fdtab = h->fdtab;
		sh->sock = h->sock;
		bins_add(&m->by_share, &ops, m, h->share);
		s->ntabs++;
		s->nmine += is_mine(m, s, h->fdtab);
	}
	share_at(m, h->share)->n++;
	s->npassed += hold_is_passed(h);
}

bool share_part(struct model *m, const struct hold *h)
{
	struct sock *s = sock_at(m, h->sock);

	s->npassed -= hold_is_passed(h);
	if (--share_at(m, h->share)->n)
		return false;
	s->ntabs--;
	s->parted_ts = m->now;
	s->nmine -= is_mine(m, s, h->fdtab);
	bins_drop(&m->by_share, &ops, m, h->share);
	pool_drop(&m->shares, h->share);
	return true;
}

/* ---- what a process made ---- */

/* Tables of the creator that hold it: counted once, when it becomes known. */
static u32 count_mine(const struct model *m, const struct sock *s)
{
	u32 n = 0;

	for (u32 r = s->ntabs ? proc_at(m, s->creator)->tabrefs : 0; r;
	     r = tabref_at(m, r)->proc_next)
		n += share_find(m, tabref_at(m, r)->fdtab, s->id) != 0;
	return n;
}

void made_link(struct model *m, struct sock *s)
{
	struct proc *p = proc_at(m, s->creator);

	s->made_prev = 0;
	s->made_next = p->made;
	if (p->made)
		sock_at(m, p->made)->made_prev = s->id;
	p->made = s->id;
	p->nmade++;
	s->nmine = count_mine(m, s);
}

void made_unlink(struct model *m, struct sock *s)
{
	struct proc *p = proc_at(m, s->creator);

	if (!p)
		return;
	if (s->made_prev)
		sock_at(m, s->made_prev)->made_next = s->made_next;
	else
		p->made = s->made_next;
	if (s->made_next)
		sock_at(m, s->made_next)->made_prev = s->made_prev;
	s->made_next = s->made_prev = s->nmine = 0;
	p->nmade--;
}

static int by_id(const void *va, const void *vb)
{
	const u32 *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

u32 made_in(struct model *m, const struct proc *p, u32 fdtab, const u32 **out)
{
	const struct fdtab *t = fdtab_at(m, fdtab);
	struct buf *b = &m->priv->made;
	u32 n = 0, *ids;

	buf_reset(b);
	if (!p->nmade || !t->nholds)
		return 0;
	if (p->nmade <= t->nholds) {
		for (u32 id = p->made; id; id = sock_at(m, id)->made_next)
			if (share_find(m, fdtab, id))
				buf_add(b, &id, sizeof(id));
	} else {
		for (const struct hold *h = hold_first(m, t); h; h = hold_at(m, h->tab_next))
			if (sock_at(m, h->sock)->creator == p->id)
				buf_add(b, &h->sock, sizeof(h->sock));
	}
	ids = (u32 *)(void *)b->s;
	if (b->len)
		qsort(ids, b->len / sizeof(*ids), sizeof(*ids), by_id);
	for (u32 i = 0; i < b->len / sizeof(*ids); i++)
		if (!n || ids[n - 1] != ids[i])
			ids[n++] = ids[i];
	*out = ids;
	return n;
}

/* ---- tables of several ---- */

static void multi_link(struct model *m, u32 id, struct fdtab *t)
{
	t->multi_next = m->multi;
	if (m->multi)
		fdtab_at(m, m->multi)->multi_prev = id;
	m->multi = id;
	m->nmulti++;
}

static void multi_unlink(struct model *m, struct fdtab *t)
{
	if (t->multi_prev)
		fdtab_at(m, t->multi_prev)->multi_next = t->multi_next;
	else
		m->multi = t->multi_next;
	if (t->multi_next)
		fdtab_at(m, t->multi_next)->multi_prev = t->multi_prev;
	t->multi_next = t->multi_prev = 0;
	m->nmulti--;
}

void multi_note(struct model *m, u32 id)
{
	struct fdtab *t = fdtab_at(m, id);
	bool on = m->multi == id || t->multi_prev;

	if (on != (t->nrefs > 1)) {
		if (on)
			multi_unlink(m, t);
		else
			multi_link(m, id, t);
	}
}

/*
 * The references of its tables beyond one each.  Tables that several processes use are few, and
 * where they are not, the holds of the socket are walked: once at its transfer and once at its
 * leak.
 */
static u32 holders_beyond(const struct model *m, const struct sock *s)
{
	struct map seen = {};
	u32 n = 0;

	if (m->nmulti <= s->nholds) {
		for (u32 t = m->multi; t; t = fdtab_at(m, t)->multi_next)
			n += share_find(m, t, s->id) ? fdtab_at(m, t)->nrefs - 1 : 0;
		return n;
	}
	for (const struct hold *h = hold_at(m, s->holds); h; h = hold_at(m, h->sock_next)) {
		if (map_get(&seen, h->share))
			continue;
		map_put(&seen, h->share, 1);
		n += fdtab_at(m, h->fdtab)->nrefs - 1;
	}
	map_free(&seen);
	return n;
}

u32 holders_count(const struct model *m, const struct sock *s)
{
	return s->ntabs + (s->ntabs ? holders_beyond(m, s) : 0);
}

u32 first_holder(const struct model *m, const struct sock *s)
{
	const struct hold *h = hold_at(m, s->holds);

	return h ? tabref_at(m, fdtab_at(m, h->fdtab)->refs)->proc : 0;
}

bool proc_holds(const struct model *m, u32 proc, u32 sock)
{
	const struct proc *p = proc_at(m, proc);
	const struct sock *s = sock_at(m, sock);

	if (!p || !s->nholds)
		return false;
	if (s->creator == proc)
		return s->nmine;
	for (u32 r = p->tabrefs; r; r = tabref_at(m, r)->proc_next)
		if (share_find(m, tabref_at(m, r)->fdtab, sock))
			return true;
	return false;
}
