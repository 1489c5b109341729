/* SPDX-License-Identifier: BSD-2-Clause */
/* A checkpoint being read: what keep_read.c collects and keep_link.c makes a model of. */
#ifndef PROBATE_KEEP_PRIV_H
#define PROBATE_KEEP_PRIV_H

#include "keep.h"
#include "model_priv.h"

#define KEPT_ID_MAX (1u << 24) /* ids of any pool */

/* Pools whose ids are kept. */
enum keep {
	KEEP_PROC,
	KEEP_IMAGE,
	KEEP_DEATH,
	KEEP_TAB,
	KEEP_REF,
	KEEP_HOLD,
	KEEP_ORIGIN,
	KEEP_SOCK,
	KEEP_NAME,
	KEEPS
};

/* Slots of a pool that were told: bit an id. */
struct bits {
	u64 *v;
	u32 words;
};

struct stage {
	struct model *m;  /* what becomes the model; NULL: this checkpoint makes no sense */
	u64 count, bytes; /* events since kept_begin */
	u64 memory;	  /* taken for slots */
	struct bits taken[KEEPS];
	struct dueq graces; /* until all procs are there */
};

struct pool *stage_pool(const struct model *m, enum keep which);

static inline bool stage_has(const struct stage *st, enum keep which, u32 id)
{
	const struct bits *b = &st->taken[which];

	return id / 64 < b->words && b->v[id / 64] >> id % 64 & 1;
}

/* 0 refers to nothing. */
static inline bool stage_ref(const struct stage *st, enum keep which, u32 id)
{
	return !id || stage_has(st, which, id);
}

/* The next slot that was told; 0: there is none. */
u32 stage_next(const struct stage *st, enum keep which, u32 id);

/* keep_link.c: lists, indexes and counts of what was told.  false: it makes no sense. */
bool stage_link(struct stage *st);

/* keep_check.c: is everything else true that the model relies on?  After stage_link(). */
bool stage_check(const struct stage *st);

/* keep_link.c: what follows from all that. */
void stage_count(struct stage *st);

#endif
