/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of small numbers that grows.  Above its bits stand bits that say which words of them are not
 * 0, and so on, so that the next member is found in a few steps, however far it is.
 */
#ifndef PROBATE_BITSET_H
#define PROBATE_BITSET_H

#include "util.h"

#define BITSET_LEVELS 6 /* of 64 each: more than u32 has numbers */
#define BITSET_NONE   (~0ull)

struct bitset {
	u64 *level[BITSET_LEVELS];
	u64 words; /* of the lowest level: a power of two, or 0 */
};
void bitset_add(struct bitset *b, u32 i);
void bitset_drop(struct bitset *b, u32 i); /* may not be there */
u64 bitset_next(const struct bitset *b,
		u64 from); /* the first from there on; BITSET_NONE: there is none */
void bitset_free(struct bitset *b);

#endif
