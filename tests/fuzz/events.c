// SPDX-License-Identifier: BSD-2-Clause
/* Mutations that know what an event is: fields by the schema, kinds, tails, order, checkpoints. */
#include <stdlib.h>

#include "fuzz.h"

#define ITEMS 1024

struct item {
	u64 bytes[EV_MAX / 8];
};
struct list {
	struct item v[ITEMS];
	u32 n;
};

static struct ev *head(struct item *i)
{
	return (struct ev *)(void *)i->bytes;
}

u32 chance_of(struct chance *c, u32 n)
{
	c->state = c->state * 6364136223846793005ull + 1442695040888963407ull;
	return n ? (u32)(c->state >> 33) % n : 0;
}

static u64 number(struct chance *c)
{
	return (u64)chance_of(c, 1u << 31) << 40 ^ (u64)chance_of(c, 1u << 31) << 20 ^
	       chance_of(c, 1u << 31);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void list_read(struct list *l, const u8 *data, size_t n, size_t align)
{
	struct ev e;

	l->n = 0;
	for (size_t at = 0; n - at >= sizeof(e) && l->n < ITEMS;) {
		size_t size;

		memcpy(&e, data + at, sizeof(e));
		if (e.size < sizeof(e) || e.size > EV_MAX || e.size > n - at)
			return;
		memset(l->v[l->n].bytes, 0, event_kind(e.kind) ? event_kind(e.kind)->size : 0);
		memcpy(l->v[l->n++].bytes, data + at, e.size);
		size = (e.size + align - 1) / align * align;
		at += size < n - at ? size : n - at;
	}
}

static size_t list_write(struct list *l, u8 *data, size_t max, size_t align)
{
	size_t at = 0;

	for (u32 i = 0; i < l->n; i++) {
		size_t n = head(&l->v[i])->size, size = (n + align - 1) / align * align;

		if (size > max - at)
			break;
		memset(data + at, 0, size);
		memcpy(data + at, l->v[i].bytes, n);
		at += size;
	}
	return at;
}

static void list_open(struct list *l, u32 at)
{
	memmove(&l->v[at + 1], &l->v[at], (l->n - at) * sizeof(l->v[0]));
	l->n++;
}

static void list_drop(struct list *l, u32 at)
{
	l->n--;
	memmove(&l->v[at], &l->v[at + 1], (l->n - at) * sizeof(l->v[0]));
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What another event has in a field that means the same: that is how they hang together. */
static const char *like(struct chance *c, struct list *l, const struct field *f)
{
	bool by_name = chance_of(c, 2);

	for (u32 i = 0, at = chance_of(c, l->n); i < l->n && i < 64; i++, at++) {
		struct item *other = &l->v[at % l->n];
		const struct kind *k = event_kind(head(other)->kind);

		for (u32 j = 0, n = k ? k->nfields : 0; j < n; j++) {
			const struct field *g = &k->fields[(j + at) % n];

			if (g->size == f->size && g->fmt == f->fmt &&
			    (!by_name || !strcmp(g->name, f->name)))
				return (const char *)other->bytes + g->offset;
		}
	}
	return NULL;
}

/* Into what event_check() lets pass. */
static u64 tame(const struct field *f, u64 v)
{
	switch (f->fmt) {
	case FMT_BOOL:
	case FMT_SIGCHLD:
		return v % 3;
	case FMT_FD:
		return v % 32 ? v % 32 : ~0ull;
	case FMT_VIA:
		return v % VIA_MAX;
	case FMT_SIGNAL:
		return v % 65;
	case FMT_STATE:
		return v % 13;
	case FMT_CODE:
		return v % 256;
	case FMT_ERRNO:
		return -(v % 134);
	}
	return v;
}

static u64 value(struct chance *c, const struct field *f, u64 now)
{
	switch (chance_of(c, 8)) {
	case 0:
		return 0;
	case 1:
		return now + 1 - 2 * chance_of(c, 2);
	case 2:
		return ~0ull >> chance_of(c, 64);
	case 3:
		return number(c);
	case 4:
		return now ^ 1ull << chance_of(c, f->size * 8);
	}
	return chance_of(c, 20);
}

static void ep_mutate(struct chance *c, char *p)
{
	static const u16 families[] = {0, 2, 10};
	struct ep ep;

	memcpy(&ep, p, sizeof(ep));
	ep.family = families[chance_of(c, 3)];
	ep.port = (u16)chance_of(c, chance_of(c, 2) ? 4 : 65536);
	ep.ip[chance_of(c, sizeof(ep.ip))] = (u8)chance_of(c, 256);
	if (!chance_of(c, 4))
		memset(ep.ip, 0, sizeof(ep.ip));
	memcpy(p, &ep, sizeof(ep));
}

static void field_mutate(struct chance *c, struct list *l, struct item *i, const struct field *f)
{
	char *p = (char *)i->bytes + f->offset;
	const char *other = chance_of(c, 2) ? like(c, l, f) : NULL;
	u64 v;
	u16 len;

	if (other) {
		memmove(p, other, f->size);
	} else if (f->fmt == FMT_EP) {
		ep_mutate(c, p);
	} else if (f->type == FT_struct) {
		LLVMFuzzerMutate((u8 *)p, f->size, f->size);
		if (f->fmt == FMT_UNIX) {
			len = (u16)chance_of(c, UNIX_LEN + 1);
			memcpy(p, &len, sizeof(len));
		}
	} else {
		v = value(c, f, event_value(head(i), f));
		v = chance_of(c, 8) ? tame(f, v) : v;
		memcpy(p, &v, f->size);
	}
}

static void head_mutate(struct chance *c, struct list *l, struct item *i)
{
	static const u64 steps[] = {1, 1000, NS_PER_MS, 150 * NS_PER_MS, NS_PER_S, 61 * NS_PER_S};
	struct ev *e = head(i), *other = head(&l->v[chance_of(c, l->n)]);

	switch (chance_of(c, 4)) {
	case 0:
		e->ts = other->ts + steps[chance_of(c, ARRAY_SIZE(steps))];
		return;
	case 1:
		e->ts = chance_of(c, 8) ? other->ts : number(c);
		return;
	case 2:
		e->tgid = chance_of(c, 2) ? other->tgid : chance_of(c, 8);
		e->tid = e->tgid;
		return;
	}
	e->tid = chance_of(c, 2) ? other->tid : chance_of(c, 8);
}

/* ---- whole events ---------------------------------------------------------------------------- */

/* Lengths and zeros of the tail such that it passes the check. */
static void tail_fit(struct item *i)
{
	const struct kind *k = event_kind(head(i)->kind);
	size_t at = k ? k->size : 0;

	if (!k)
		return;
	for (u32 j = 0; j < k->nfields; j++) {
		const struct field *f = &k->fields[j];
		u16 len = (u16)event_value(head(i), f);

		if (f->fmt != FMT_EXE && f->fmt != FMT_ARGS)
			continue;
		if (at + len > EV_MAX)
			len = 0;
		memcpy((char *)i->bytes + f->offset, &len, sizeof(len));
		at += len;
		if (len)
			((char *)i->bytes)[at - 1] = 0;
	}
	head(i)->size = (u16)at;
}

static void tail_mutate(struct chance *c, struct item *i)
{
	const struct kind *k = event_kind(head(i)->kind);
	size_t room = chance_of(c, 16) ? 64 : 1600;
	u16 len;

	if (!k || !k->tails)
		return;
	for (u32 j = 0; j < k->nfields; j++) {
		const struct field *f = &k->fields[j];

		len = (u16)chance_of(c, (u32)room);
		if ((f->fmt == FMT_EXE || f->fmt == FMT_ARGS) && chance_of(c, 2))
			memcpy((char *)i->bytes + f->offset, &len, sizeof(len));
	}
	LLVMFuzzerMutate((u8 *)i->bytes + k->size, room, room);
}

static void kind_mutate(struct chance *c, struct item *i)
{
	u32 n;

	do {
		n = chance_of(c, EV_KIND_MAX);
	} while (!event_kind(n));
	head(i)->kind = (u16)n;
	head(i)->size = event_kind(n)->size;
}

static void fields_mutate(struct chance *c, struct list *l, struct item *i, u32 most)
{
	const struct kind *k = event_kind(head(i)->kind);

	for (u32 times = k ? 1 + chance_of(c, most) : 0; times--;)
		field_mutate(c, l, i, &k->fields[chance_of(c, k->nfields)]);
}

static void insert(struct chance *c, struct list *l)
{
	u32 at = chance_of(c, l->n + 1);
	const struct kind *k;

	if (l->n == ITEMS)
		return;
	list_open(l, at);
	memset(&l->v[at], 0, sizeof(l->v[at]));
	kind_mutate(c, &l->v[at]);
	if (at)
		head(&l->v[at])->ts = head(&l->v[at - 1])->ts + chance_of(c, 2) * NS_PER_MS;
	head_mutate(c, l, &l->v[at]);
	k = event_kind(head(&l->v[at])->kind);
	fields_mutate(c, l, &l->v[at], k->nfields * 2u);
}

static void reorder(struct chance *c, struct list *l)
{
	u32 a = chance_of(c, l->n), b = chance_of(c, l->n);
	struct item tmp = l->v[a];

	switch (chance_of(c, 3)) {
	case 0:
		l->v[a] = l->v[b];
		l->v[b] = tmp;
		return;
	case 1:
		if (l->n < ITEMS) {
			list_open(l, b);
			l->v[b] = tmp;
		}
		return;
	}
	list_drop(l, a);
}

/* A checkpoint says how many events it has. */
static void recount(struct list *l)
{
	u64 count = 0;

	for (u32 i = 0; i < l->n; i++) {
		struct item *item = &l->v[i];

		if (head(item)->kind == EV_KIND_KEPT_BEGIN)
			count = 0;
		else if (head(item)->kind == EV_KIND_KEPT_END)
			((struct ev_kept_end *)(void *)item->bytes)->count = count;
		else
			count++;
	}
}

static void mutate_one(struct chance *c, struct list *l)
{
	u32 at = chance_of(c, l->n);

	switch (l->n ? chance_of(c, 12) : 0) {
	case 0:
		insert(c, l);
		return;
	case 1:
		reorder(c, l);
		return;
	case 2:
		head_mutate(c, l, &l->v[at]);
		return;
	case 3:
		tail_mutate(c, &l->v[at]);
		break;
	case 4:
		kind_mutate(c, &l->v[at]);
		break;
	case 5:
		if (chance_of(c, 4))
			break;
		head(&l->v[at])->size = (u16)(sizeof(struct ev) + chance_of(c, 600));
		return;
	default:
		fields_mutate(c, l, &l->v[at], 4);
		break;
	}
	tail_fit(&l->v[at]);
}

size_t events_mutate(struct chance *c, u8 *data, size_t n, size_t max, size_t align)
{
	static struct list list;

	list_read(&list, data, n, align);
	for (u32 times = 1 + chance_of(c, 6); times--;)
		mutate_one(c, &list);
	if (chance_of(c, 8))
		recount(&list);
	return list_write(&list, data, max, align);
}
