// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which slots of a large table have sockets, in order: for whoever closes, or marks, a range of them.
 *
 * The kernel does that by a bitmap, so a range in which nothing is costs it next to nothing, however
 * many descriptors there are beside it; a walk over the holds of the table would cost us all of them,
 * each time.  A table gets its sets when a range of it is looked at for the first time, which costs
 * one walk; they are kept while it has holds, at two bits a slot, and follow each hold in O(1).
 */
#include "model_priv.h"

#define RANGE_FDS                                                                                  \
	(1u << 24) /* slots beyond are in no set: who has them has paid far more for them */

static struct range_set *set_of(const struct model *m, u32 tab)
{
	const struct model_priv *pr = m->priv;

	return pr->ranges.count ? pool_at(&pr->range_sets, map_get(&pr->ranges, tab)) : NULL;
}

static void set_add(struct range_set *s, const struct hold *h)
{
	bitset_add(&s->held, (u32)h->fd);
	if (h->cloexec == 1)
		bitset_drop(&s->kept, (u32)h->fd);
	else
		bitset_add(&s->kept, (u32)h->fd);
}

static void set_free(struct range_set *s)
{
	bitset_free(&s->held);
	bitset_free(&s->kept);
}

void range_forget(struct model *m, u32 tab)
{
	struct range_set *s = set_of(m, tab);

	if (!s)
		return;
	set_free(s);
	pool_drop(&m->priv->range_sets, map_take(&m->priv->ranges, tab));
}

void range_add(struct model *m, const struct hold *h)
{
	struct range_set *s = set_of(m, h->fdtab);

	if (s && (u32)h->fd >= RANGE_FDS)
		range_forget(m, h->fdtab);
	else if (s)
		set_add(s, h);
}

void range_drop(struct model *m, const struct hold *h)
{
	struct range_set *s = set_of(m, h->fdtab);

	if (!s || (u32)h->fd >= RANGE_FDS)
		return;
	bitset_drop(&s->held, (u32)h->fd);
	bitset_drop(&s->kept, (u32)h->fd);
}

bool range_begin(struct model *m, u32 tab)
{
	struct range_set s = {};
	u32 id;

	if (set_of(m, tab))
		return true;
	for (const struct hold *h = hold_first(m, fdtab_at(m, tab)); h;
	     h = hold_at(m, h->tab_next)) {
		if ((u32)h->fd >= RANGE_FDS) {
			set_free(&s);
			return false;
		}
		set_add(&s, h);
	}
	id = pool_new(&m->priv->range_sets);
	*(struct range_set *)pool_at(&m->priv->range_sets, id) = s;
	map_put(&m->priv->ranges, tab, id);
	return true;
}

struct hold *range_next(const struct model *m, u32 tab, u64 from, u32 last, bool kept)
{
	const struct range_set *s = set_of(m, tab);
	u64 fd = s ? bitset_next(kept ? &s->kept : &s->held, from) : BITSET_NONE;

	return fd <= last ? hold_in(m, tab, (s32)fd) : NULL;
}

const char *range_verify(const struct model *m, u32 tab)
{
	const struct range_set *s = set_of(m, tab);
	u32 n = 0;

	if (!s)
		return NULL;
	for (u64 fd = 0; (fd = bitset_next(&s->held, fd)) != BITSET_NONE; fd++, n++) {
		const struct hold *h = hold_in(m, tab, (s32)fd);

		if (!h || (bitset_next(&s->kept, fd) == fd) != (h->cloexec != 1))
			return "I5: a slot in the sets of a table that is not so";
	}
	return n == fdtab_at(m, tab)->nholds ? NULL : "I5: a slot in none of the sets of its table";
}

void ranges_free(struct model_priv *pr)
{
	for (u32 i = 0; i < pr->ranges.cap; i++)
		if (pr->ranges.slots[i].val)
			set_free(pool_at(&pr->range_sets, pr->ranges.slots[i].val));
	map_free(&pr->ranges);
	pool_free(&pr->range_sets);
}
