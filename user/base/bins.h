/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bins: an index of members of a pool, by hash, at about 8 bytes a member.
 *
 * Members of one bin are chained by a u32 of their own; the bins know only the first of each.
 * Linear hashing: with every member that is one too many one bin more is split off, and the last
 * ones are put back while there are twice as many bins as members, so there is no moment at which
 * all is moved, and what members take is given back with them.
 *
 * Who uses them walks a chain itself: bins_first(), then the members' own links.
 */
#ifndef PROBATE_BINS_H
#define PROBATE_BINS_H

#include "util.h"

#define BINS_PAGE 1024u /* bins of one allocation */

struct bins {
	u32 **page;
	u32 n;	   /* bins: at least BINS_PAGE once there was a member */
	u32 mask;  /* of the next power of two: n <= mask + 1 < 2 n */
	u32 count; /* members */
};

/* What bins ask of their members. */
struct bins_ops {
	u32 *(*link)(const void *ctx, u32 id);
	u64 (*hash)(const void *ctx, u32 id);
};

static inline u64 bins_mix(u64 key)
{
	key = (key ^ key >> 32) * 0x9e3779b97f4a7c15ull;
	return key ^ key >> 29;
}
static inline u32 *bins_at(const struct bins *b, u64 hash)
{
	u32 i = (u32)hash & b->mask;

	if (i >= b->n)
		i &= b->mask >> 1;
	return &b->page[i / BINS_PAGE][i % BINS_PAGE];
}
static inline u32 bins_first(const struct bins *b, u64 hash)
{
	return b->n ? *bins_at(b, hash) : 0;
}
void bins_add(struct bins *b, const struct bins_ops *ops, const void *ctx, u32 id);
void bins_drop(struct bins *b, const struct bins_ops *ops, const void *ctx, u32 id); /* is there */
void bins_free(struct bins *b);

#endif
