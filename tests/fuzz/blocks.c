// SPDX-License-Identifier: BSD-2-Clause
/* Mutations that know what a recording is: blocks, their heads, what is packed in them, their sums.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "rec.h"

#define BLOCKS	64
#define RAW_MAX (256u << 10)

struct block {
	struct rec_head h;
	u8 *raw;
	size_t n;
};
struct blocks {
	struct block v[BLOCKS];
	u32 n;
};

static void blocks_free(struct blocks *b)
{
	for (u32 i = 0; i < b->n; i++)
		free(b->v[i].raw);
	b->n = 0;
}

static bool block_read(struct block *b, const u8 *data, size_t n)
{
	if (n < sizeof(b->h))
		return false;
	memcpy(&b->h, data, sizeof(b->h));
	if (!rec_head_ok(&b->h) || b->h.head_bytes + b->h.stored > n || b->h.raw > RAW_MAX)
		return false;
	b->n = b->h.raw;
	b->raw = xmalloc(RAW_MAX);
	if (!rec_unpack(&b->h, data + b->h.head_bytes, b->raw))
		return true;
	free(b->raw);
	return false;
}

/* What is no block is left out. */
static void blocks_read(struct blocks *b, const u8 *data, size_t n)
{
	for (size_t at = 0; at < n && b->n < BLOCKS;) {
		const u8 *next;

		if (block_read(&b->v[b->n], data + at, n - at)) {
			at += b->v[b->n].h.head_bytes + b->v[b->n].h.stored;
			b->n++;
			continue;
		}
		next = memmem(data + at + 1, n - at - 1, REC_MAGIC, sizeof(REC_MAGIC) - 1);
		if (!next)
			return;
		at = (size_t)(next - data);
	}
}

static void head_sum_again(struct rec_head *h)
{
	size_t from = offsetof(struct rec_head, format);

	h->head_crc = rec_crc((const u8 *)h + from, sizeof(*h) - from);
}

static size_t block_write(struct block *b, u8 *out, size_t max)
{
	u8 *packed = xmalloc(rec_bound(b->n) + b->n + 1);
	size_t n = 0;

	rec_pack(&b->h, b->raw, b->n, packed);
	if (sizeof(b->h) + b->h.stored <= max) {
		n = sizeof(b->h) + b->h.stored;
		memcpy(out, &b->h, sizeof(b->h));
		memcpy(out + sizeof(b->h), packed, b->h.stored);
	}
	free(packed);
	return n;
}

/* ---- one block ------------------------------------------------------------------------------- */

static u64 *word(struct chance *c, struct rec_head *h)
{
	u64 *words[] = {&h->run,     &h->seq,	 &h->first_event, &h->first_ts,
			&h->last_ts, &h->offset, &h->lost};

	return words[chance_of(c, ARRAY_SIZE(words))];
}

static void head_mutate(struct chance *c, struct rec_head *h)
{
	static const u8 types[] = {REC_HEADER, REC_MODEL, REC_EVENTS, REC_END, 'X'};
	u64 *w = word(c, h);

	switch (chance_of(c, 8)) {
	case 0:
		h->type = types[chance_of(c, sizeof(types))];
		return;
	case 1:
		h->flags ^= REC_FIRST;
		return;
	case 2:
		h->events = chance_of(c, 64);
		return;
	case 3:
		*w = chance_of(c, 2) ? 0 : ~0ull >> chance_of(c, 64);
		break;
	case 4:
		*w ^= 1ull << chance_of(c, 64);
		break;
	default:
		*w += chance_of(c, 5) - 2ull;
		break;
	}
	if (h->first_ts > h->last_ts && chance_of(c, 8))
		h->last_ts = h->first_ts;
}

/* The payload: events as the schema has them, or any bytes. */
static void raw_mutate(struct chance *c, struct block *b)
{
	if (b->h.type == REC_HEADER || !chance_of(c, 8))
		b->n = LLVMFuzzerMutate(b->raw, b->n, RAW_MAX);
	else
		b->n = events_mutate(c, b->raw, b->n, RAW_MAX, 8);
}

/* Of a header: another size of a kind, as if another version had written it. */
static void schema_mutate(struct chance *c, struct block *b)
{
	u8 *colon = b->raw;
	u32 skip = chance_of(c, 60);

	while (skip-- && colon && colon + 1 < b->raw + b->n)
		colon = memchr(colon + 1, ':', (size_t)(b->raw + b->n - colon - 1));
	if (colon && colon > b->raw + 2 && *colon == ':')
		colon[-1 - (int)chance_of(c, 2)] = (u8)('0' + chance_of(c, 10));
}

static void blocks_change(struct chance *c, struct blocks *b)
{
	u32 i = chance_of(c, b->n), j = chance_of(c, b->n);
	struct block tmp = b->v[i];

	switch (chance_of(c, 16)) {
	case 0:
		b->v[i] = b->v[j];
		b->v[j] = tmp;
		return;
	case 1:
		if (b->n == BLOCKS)
			return;
		tmp.raw = memcpy(xmalloc(RAW_MAX), tmp.raw, tmp.n);
		b->v[b->n++] = tmp;
		return;
	case 2:
		free(tmp.raw);
		b->v[i] = b->v[--b->n];
		return;
	case 3:
	case 4:
		head_mutate(c, &b->v[i].h);
		return;
	case 5:
		schema_mutate(c, &b->v[0]);
		return;
	}
	raw_mutate(c, &b->v[i]);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* After packing: what a head says of its payload is wrong, though the sums are right. */
static void seal_wrong(struct chance *c, u8 *data, size_t n)
{
	struct rec_head h;

	memcpy(&h, data, sizeof(h));
	switch (chance_of(c, 5)) {
	case 0:
		h.head_bytes = (u16)(sizeof(h) + chance_of(c, chance_of(c, 2) ? 16 : 65000));
		break;
	case 1:
		h.stored = chance_of(c, (u32)n);
		break;
	case 2:
		h.raw ^= 1u << chance_of(c, 24);
		break;
	case 3:
		h.codec = (u8)chance_of(c, 3);
		break;
	case 4:
		if (h.stored && h.stored <= n - sizeof(h))
			LLVMFuzzerMutate(data + sizeof(h), h.stored, h.stored);
		break;
	}
	if (sizeof(h) + h.stored <= n)
		h.crc = rec_crc(data + sizeof(h), h.stored);
	head_sum_again(&h);
	memcpy(data, &h, sizeof(h));
}

static size_t blocks_write(struct chance *c, struct blocks *b, u8 *data, size_t max)
{
	size_t at = 0;

	for (u32 i = 0; i < b->n; i++) {
		size_t n = block_write(&b->v[i], data + at, max - at);

		if (!n)
			break;
		if (!chance_of(c, 64))
			seal_wrong(c, data + at, n);
		at += n;
	}
	return at;
}

size_t blocks_mutate(struct chance *c, u8 *data, size_t n, size_t max)
{
	static struct blocks b;

	blocks_read(&b, data, n);
	for (u32 times = 1 + chance_of(c, 3); b.n && times--;)
		blocks_change(c, &b);
	n = b.n ? blocks_write(c, &b, data, max) : 0;
	blocks_free(&b);
	return n;
}

size_t blocks_cross(struct chance *c, const u8 *a, size_t na, const u8 *b, size_t nb, u8 *out,
		    size_t max)
{
	static struct blocks of_a, of_b, mix;
	size_t n;

	blocks_read(&of_a, a, na);
	blocks_read(&of_b, b, nb);
	for (u32 i = 0; (i < of_a.n || i < of_b.n) && mix.n < BLOCKS; i++) {
		const struct blocks *from = chance_of(c, 2) ? &of_a : &of_b;

		if (i < from->n)
			mix.v[mix.n++] = from->v[i];
	}
	n = blocks_write(c, &mix, out, max);
	mix.n = 0; /* the bytes belong to the others */
	blocks_free(&of_a);
	blocks_free(&of_b);
	return n;
}
