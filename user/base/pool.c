/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool: members by id, in chunks that are given back when they are empty, so that memory after
 * a peak comes back.  A free slot is found by levels of bits, a bit a chunk with room.
 */
#include <stdlib.h>
#include <string.h>

#include "util.h"

void pool_init(struct pool *p, u32 elem)
{
	*p = (struct pool){.elem = elem < sizeof(u32) ? sizeof(u32) : elem};
}

static void *slot_at(const struct pool *p, u32 chunk, u32 slot /* 1.. */)
{
	return (char *)p->chunk[chunk] + (size_t)(slot - 1) * p->elem;
}

/* How many words of bits a level has. */
static u32 open_words(u32 chunks, u32 level)
{
	return (u32)(((u64)chunks + (64ull << 6 * level) - 1) >> (6 + 6 * level));
}

static void open_set(struct pool *p, u32 chunk)
{
	for (u32 level = 0; level < POOL_LEVELS; level++, chunk /= 64)
		p->open[level][chunk / 64] |= 1ull << chunk % 64;
}

static void open_clear(struct pool *p, u32 chunk)
{
	for (u32 level = 0; level < POOL_LEVELS; level++, chunk /= 64)
		if (p->open[level][chunk / 64] &= ~(1ull << chunk % 64))
			return;
}

/* The lowest chunk that has a free slot; p->chunks: none has. */
static u32 open_first(const struct pool *p)
{
	u32 i = 0;

	if (!p->cap || !p->open[POOL_LEVELS - 1][0])
		return p->chunks;
	for (u32 level = POOL_LEVELS; level--;)
		i = i * 64 + (u32)__builtin_ctzll(p->open[level][i]);
	return i;
}

static void cap_grow(struct pool *p, u32 chunks)
{
	u32 cap = p->cap ? p->cap : 4, was = p->cap;

	while (cap < chunks)
		cap *= 2;
	if (cap == was)
		return;
	p->chunk = xrealloc(p->chunk, cap * sizeof(*p->chunk));
	p->room = xrealloc(p->room, cap * sizeof(*p->room));
	for (u32 level = 0; level < POOL_LEVELS; level++) {
		u32 had = open_words(was, level), words = open_words(cap, level);

		p->open[level] = xrealloc(p->open[level], words * sizeof(u64));
		memset(p->open[level] + had, 0, (words - had) * sizeof(u64));
	}
	p->cap = cap;
}

/* The chunks below are there, as holes if nothing else. */
static void chunks_grow(struct pool *p, u32 chunks)
{
	if (!p->hole)
		p->hole = xcalloc(POOL_CHUNK, p->elem);
	cap_grow(p, chunks);
	while (p->chunks < chunks) {
		p->chunk[p->chunks] = p->hole;
		p->room[p->chunks] = (struct pool_room){};
		open_set(p, p->chunks++);
	}
}

/* Make the slots of a chunk free that are not taken, the lowest first. */
static void room_fill(struct pool *p, u32 chunk, const u64 *taken)
{
	struct pool_room *room = &p->room[chunk];

	*room = (struct pool_room){};
	for (u32 slot = POOL_CHUNK; slot; slot--) {
		u32 id = chunk * POOL_CHUNK + slot, next = room->free;

		if (taken && id <= p->used && taken[id / 64] >> id % 64 & 1) {
			room->live++;
			continue;
		}
		memcpy(slot_at(p, chunk, slot), &next, sizeof(next));
		room->free = (u16)slot;
	}
	if (room->free)
		open_set(p, chunk);
	else
		open_clear(p, chunk);
}

static void chunk_begin(struct pool *p, u32 i)
{
	chunks_grow(p, i + 1);
	if (p->chunk[i] == p->hole)
		p->chunk[i] = xcalloc(POOL_CHUNK, p->elem);
}

static void chunk_end(struct pool *p, u32 i)
{
	free(p->chunk[i]);
	p->chunk[i] = p->hole;
	p->room[i].free = 0;
	mem_freed((size_t)POOL_CHUNK * p->elem);
}

bool pool_has_chunk(const struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK;

	return i < p->chunks && p->chunk[i] != p->hole;
}

static void used_grow(struct pool *p, u32 id)
{
	if (p->used < id)
		p->used = id;
	if (p->reach < id)
		p->reach = id;
}

void *pool_place(struct pool *p, u32 id)
{
	chunk_begin(p, (id - 1) / POOL_CHUNK);
	used_grow(p, id);
	p->live++;
	return pool_at(p, id);
}

void pool_reach(struct pool *p, u32 reach)
{
	if (reach <= p->reach)
		return;
	chunks_grow(p, (reach + POOL_CHUNK - 1) / POOL_CHUNK);
	p->reach = reach;
}

void pool_placed(struct pool *p, const u64 *taken)
{
	for (u32 i = 0; i < p->chunks; i++)
		if (p->chunk[i] != p->hole)
			room_fill(p, i, taken);
}

u32 pool_new(struct pool *p)
{
	u32 i = open_first(p), id, next;
	char *slot;

	if (i == p->chunks || p->chunk[i] == p->hole) {
		chunk_begin(p, i);
		room_fill(p, i, NULL);
	}
	if (p->spare == i + 1)
		p->spare = 0;
	id = i * POOL_CHUNK + p->room[i].free;
	slot = slot_at(p, i, p->room[i].free); /* all 0 but the link, since pool_drop() */
	memcpy(&next, slot, sizeof(next));
	memset(slot, 0, sizeof(next));
	p->room[i].free = (u16)next;
	p->room[i].live++;
	if (!next)
		open_clear(p, i);
	used_grow(p, id);
	p->live++;
	return id;
}

/* Nobody is left in a chunk: the lower of two such stays. */
static void chunk_empty(struct pool *p, u32 i)
{
	u32 other = p->spare ? p->spare - 1 : i, low = other < i ? other : i;

	if (other != i)
		chunk_end(p, other < i ? i : other);
	p->spare = low + 1;
	for (i = (p->used - 1) / POOL_CHUNK; i && !p->room[i].live; i--)
		p->used = i * POOL_CHUNK;
}

void pool_drop(struct pool *p, u32 id)
{
	u32 i = (id - 1) / POOL_CHUNK, next = p->room[i].free;
	char *slot = pool_at(p, id);

	assert(slot && p->room[i].live);
	memset(slot, 0, p->elem);
	memcpy(slot, &next, sizeof(next));
	if (!next)
		open_set(p, i);
	p->room[i].free = (u16)(id - i * POOL_CHUNK);
	p->live--;
	if (!--p->room[i].live)
		chunk_empty(p, i);
}

void pool_free(struct pool *p)
{
	for (u32 i = 0; i < p->chunks; i++)
		if (p->chunk[i] != p->hole)
			free(p->chunk[i]);
	for (u32 level = 0; level < POOL_LEVELS; level++)
		free(p->open[level]);
	free(p->hole);
	free(p->room);
	free(p->chunk);
	*p = (struct pool){};
}
