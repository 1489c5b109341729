/* SPDX-License-Identifier: BSD-2-Clause */
/* Bins: linear hashing, a bin more or less at a time. */
#include <stdlib.h>

#include "bins.h"

static u32 *bin(const struct bins *b, u32 i)
{
	return &b->page[i / BINS_PAGE][i % BINS_PAGE];
}

static void page_add(struct bins *b)
{
	u32 pages = b->n / BINS_PAGE;

	if (!(pages & (pages - 1)))
		b->page = xrealloc(b->page, (pages ? 2 * pages : 1) * sizeof(*b->page));
	b->page[pages] = xcalloc(BINS_PAGE, sizeof(**b->page));
}

/* Those of bin n - (mask + 1) / 2 that belong into bin n, which is new, go there. */
static void bins_split(struct bins *b, const struct bins_ops *ops, const void *ctx)
{
	u32 *from, *to, id;

	if (b->n % BINS_PAGE == 0)
		page_add(b);
	if (b->n > b->mask)
		b->mask = b->mask << 1 | 1;
	from = bin(b, b->n & b->mask >> 1);
	to = bin(b, b->n);
	for (id = *from, *from = 0; id;) {
		u32 *link = ops->link(ctx, id), next = *link;
		u32 *head = ((u32)ops->hash(ctx, id) & b->mask) == b->n ? to : from;

		*link = *head;
		*head = id;
		id = next;
	}
	b->n++;
}

static void bins_merge(struct bins *b, const struct bins_ops *ops, const void *ctx)
{
	u32 *from = bin(b, --b->n), *to = bin(b, b->n & b->mask >> 1);

	while (*to)
		to = ops->link(ctx, *to);
	*to = *from;
	*from = 0;
	if (b->n == (b->mask >> 1) + 1)
		b->mask >>= 1;
	if (b->n % BINS_PAGE == 0) {
		free(b->page[b->n / BINS_PAGE]);
		mem_freed(BINS_PAGE * sizeof(**b->page));
	}
}

void bins_add(struct bins *b, const struct bins_ops *ops, const void *ctx, u32 id)
{
	u32 *head;

	if (!b->n) {
		page_add(b);
		b->n = BINS_PAGE;
		b->mask = BINS_PAGE - 1;
	}
	head = bins_at(b, ops->hash(ctx, id));
	*ops->link(ctx, id) = *head;
	*head = id;
	if (++b->count > b->n)
		bins_split(b, ops, ctx);
}

void bins_drop(struct bins *b, const struct bins_ops *ops, const void *ctx, u32 id)
{
	u32 *at = bins_at(b, ops->hash(ctx, id));

	while (*at != id)
		at = ops->link(ctx, *at);
	*at = *ops->link(ctx, id);
	*ops->link(ctx, id) = 0;
	for (b->count--; b->count < b->n / 2 && b->n > BINS_PAGE;) /* two at most */
		bins_merge(b, ops, ctx);
}

void bins_free(struct bins *b)
{
	for (u32 i = 0; i * BINS_PAGE < b->n; i++)
		free(b->page[i]);
	free(b->page);
	*b = (struct bins){};
}
