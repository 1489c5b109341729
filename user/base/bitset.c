// SPDX-License-Identifier: BSD-2-Clause
/* Sets of small numbers. */
#include <stdlib.h>

#include "bitset.h"

#define WORDS_LEAST 16

static u64 words_of(u64 words, u32 level)
{
	return (words + (1ull << 6 * level) - 1) >> 6 * level;
}

static void bitset_grow(struct bitset *b, u64 need)
{
	u64 words = b->words ? b->words : WORDS_LEAST;

	while (words < need)
		words *= 2;
	for (u32 k = 0; k < BITSET_LEVELS; k++) {
		u64 had = b->words ? words_of(b->words, k) : 0, now = words_of(words, k);

		b->level[k] = xrealloc(b->level[k], now * sizeof(u64));
		memset(b->level[k] + had, 0, (now - had) * sizeof(u64));
	}
	b->words = words;
}

void bitset_add(struct bitset *b, u32 i)
{
	if (i / 64 >= b->words)
		bitset_grow(b, i / 64 + 1);
	for (u32 k = 0; k < BITSET_LEVELS; k++, i /= 64)
		b->level[k][i / 64] |= 1ull << i % 64;
}

void bitset_drop(struct bitset *b, u32 i)
{
	if (i / 64 >= b->words)
		return;
	for (u32 k = 0; k < BITSET_LEVELS; k++, i /= 64)
		if (b->level[k][i / 64] &= ~(1ull << i % 64))
			return;
}

u64 bitset_next(const struct bitset *b, u64 i)
{
	for (u32 k = 0; k < BITSET_LEVELS; k++) {
		u64 word = i / 64, rest;

		if (!b->words || word >= words_of(b->words, k))
			return BITSET_NONE;
		rest = b->level[k][word] & ~0ull << i % 64;
		if (rest) {
			i = word * 64 + (u64)__builtin_ctzll(rest);
			while (k--)
				i = i * 64 + (u64)__builtin_ctzll(b->level[k][i]);
			return i;
		}
		i = word + 1;
	}
	return BITSET_NONE;
}

void bitset_free(struct bitset *b)
{
	for (u32 k = 0; k < BITSET_LEVELS; k++)
		free(b->level[k]);
	mem_freed(b->words * sizeof(u64));
	*b = (struct bitset){};
}
