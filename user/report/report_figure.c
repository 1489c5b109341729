/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things stand in the timeline of a report.
 *
 * Things that matter happen within a millisecond and then nothing for hours, so the axis is bent:
 * between two of them lies always enough room to tell which came first.
 */
#include <stdlib.h>
#include <string.h>

#include "report_figure.h"

#define KEYS_MAX  44 /* instants that get room of their own */
#define STEP	  25 /* least room between two instants */
#define WIDTH_MIN 1048

/* ---- the axis ---- */

static void key_add(struct figure *f, u64 ts)
{
	if (!ts || ts < f->h->r->from || ts > f->h->r->to)
		return;
	if (f->keys == f->cap)
		f->key = xrealloc(f->key, (f->cap = f->cap ? f->cap * 2 : 64) * sizeof(u64));
	f->key[f->keys++] = ts;
}

static int u64_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Of too many the one nearest to its forerunner goes first. */
static void keys_thin(struct figure *f)
{
	while (f->keys > KEYS_MAX) {
		u32 best = 1;

		for (u32 i = 2; i + 1 < f->keys; i++)
			if (f->key[i] - f->key[i - 1] < f->key[best] - f->key[best - 1])
				best = i;
		memmove(f->key + best, f->key + best + 1, (f->keys - best - 1) * sizeof(u64));
		f->keys--;
	}
}

static void axis_make(struct figure *f)
{
	u32 n = 0;
	u64 span;
	double rest;

	qsort(f->key, f->keys, sizeof(u64), u64_cmp);
	for (u32 i = 0; i < f->keys; i++)
		if (!n || f->key[i] > f->key[n - 1] + 1000)
			f->key[n++] = f->key[i];
	f->keys = n;
	keys_thin(f);
	f->width = LEFT + 150 + f->keys * STEP;
	if (f->width < WIDTH_MIN)
		f->width = WIDTH_MIN;
	f->x = xcalloc(f->keys, sizeof(*f->x));
	rest = f->width - LEFT - 110 - (f->keys - 1) * STEP;
	span = f->key[f->keys - 1] - f->key[0];
	for (u32 i = 0; i < f->keys; i++)
		f->x[i] = LEFT + 28 + i * STEP +
			  (span ? rest * (double)(f->key[i] - f->key[0]) / (double)span : 0);
}

double x_of(const struct figure *f, u64 ts)
{
	u32 i = 1;

	if (!ts || ts < f->key[0])
		return LEFT + 6;
	while (i < f->keys && f->key[i] < ts)
		i++;
	if (i >= f->keys)
		return f->x[f->keys - 1];
	return f->x[i - 1] + (f->x[i] - f->x[i - 1]) * (double)(ts - f->key[i - 1]) /
				     (double)(f->key[i] - f->key[i - 1]);
}

/* ---- lanes ---- */

bool tenure_there(const struct report *r, u32 id)
{
	return tenure_at(r, id)->mark != 0;
}

/* Each bar in the first row where it meets no other. */
static void lane_rows(struct figure *f, struct lane *l)
{
	const struct report *r = f->h->r;
	u64 until[ROWS_MAX] = {0};
	u32 *ids, n = tenures_of(r, 0, &ids);

	for (u32 i = 0; i < n; i++) {
		const struct tenure *t = tenure_at(r, ids[i]);
		u32 row = 0;

		if (t->life != l->life)
			continue;
		while (row + 1 < ROWS_MAX && until[row] > t->from)
			row++;
		until[row] = t->to ? t->to : ~0ull;
		f->row[ids[i]] = (u8)row;
		if (row >= l->rows)
			l->rows = row + 1;
	}
	free(ids);
}

/* For whom there is room first: who made or was asked for, then who held something the longest. */
static u64 weight(const struct report *r, u32 life)
{
	const u64 first = 1ull << 62;
	u64 sum = life_at(r, life)->roles & (LIFE_MAKER | LIFE_TARGET) ? first : 1;

	if (!(life_at(r, life)->roles & ~(u32)LIFE_ANCESTOR))
		return 0;
	for (u32 id = 1; id <= r->tenures.used; id++) {
		const struct tenure *t = tenure_at(r, id);
		u64 from = t->from < r->from ? r->from : t->from, to = t->to ? t->to : r->to;

		if (tenure_there(r, id) && t->life == life && to > from)
			sum += to - from;
	}
	return sum;
}

static void lanes_make(struct figure *f)
{
	u32 *ids, n = lives_sorted(f->h->r, &ids);
	u64 *weights = xcalloc(2 * n + 1, sizeof(u64)), *sorted = weights + n, least;
	double y = TOP;

	for (u32 i = 0; i < n; i++)
		weights[i] = sorted[i] = weight(f->h->r, ids[i]);
	qsort(sorted, n, sizeof(u64), u64_cmp);
	least = n > LANES_MAX ? sorted[n - LANES_MAX] : 1;
	for (u32 i = 0; i < n; i++) {
		struct lane *lane = &f->lane[f->lanes];

		if (!weights[i])
			continue;
		if (f->lanes == LANES_MAX || weights[i] < least) {
			f->left_out++;
			continue;
		}
		*lane = (struct lane){.life = ids[i], .y = y};
		lane_rows(f, lane);
		y += LANE + (lane->rows > 1 ? (lane->rows - 1) * (BAR + 3) : 0);
		f->lanes++;
	}
	f->height = y + 8;
	free(weights);
	free(ids);
}

struct lane *lane_of(struct figure *f, u32 life)
{
	for (u32 i = 0; i < f->lanes; i++)
		if (life && f->lane[i].life == life)
			return &f->lane[i];
	return NULL;
}

double row_y(const struct lane *l, u32 row)
{
	return l->y + BAR_TOP + row * (BAR + 3);
}

double bar_y(const struct figure *f, const struct lane *l, u32 track)
{
	const struct report *r = f->h->r;
	u32 row = 0;

	for (u32 id = 1; id <= r->tenures.used; id++)
		if (tenure_there(r, id) && tenure_at(r, id)->life == l->life &&
		    tenure_at(r, id)->track == track)
			row = f->row[id];
	return row_y(l, row);
}

static void keys_make(struct figure *f)
{
	const struct report *r = f->h->r;
	const u32 *ids = (const u32 *)r->order.s;

	for (u32 i = 0; i < f->lanes; i++) {
		const struct life *l = life_at(r, f->lane[i].life);

		key_add(f, l->start);
		key_add(f, l->exited);
		if (l->zombie)
			key_add(f, l->freed);
		for (u32 k = 0; k < l->runs; k++)
			key_add(f, l->run[k].ts);
	}
	for (u32 id = 1; id <= r->tenures.used; id++)
		if (tenure_there(r, id)) {
			key_add(f, tenure_at(r, id)->from);
			key_add(f, tenure_at(r, id)->to);
		}
	for (u32 i = 0; i < r->order.len / sizeof(u32); i++)
		key_add(f, moment_at(r, ids[i])->ts);
	for (u32 i = 0; i < r->gaps; i++) {
		key_add(f, r->gap[i].ts);
		key_add(f, r->gap[i].repaired);
	}
	for (u32 i = 0; i < r->refusals; i++) {
		key_add(f, r->refusal[i].from);
		key_add(f, r->refusal[i].to);
	}
	key_add(f, r->to);
}

u32 bar_kind(const struct tenure *t)
{
	switch (t->via) {
	case VIA_CREATED:
	case VIA_ACCEPTED:
		return SEEN_MADE;
	case VIA_FORK:
		return SEEN_FORK;
	case VIA_SCM_RIGHTS:
	case VIA_PIDFD_GETFD:
		return SEEN_PASS;
	default:
		return SEEN_SCAN;
	}
}

bool figure_make(struct figure *f)
{
	const struct report *r = f->h->r;

	f->row = xcalloc(r->tenures.used + 1, 1);
	lanes_make(f);
	if (f->lanes)
		keys_make(f);
	if (!f->keys)
		return false;
	f->height += (r->refusals ? LANE : 0) + (r->gaps ? GAP_LABEL : 0);
	axis_make(f);
	return true;
}

void figure_free(struct figure *f)
{
	free(f->row);
	free(f->key);
	free(f->x);
}
