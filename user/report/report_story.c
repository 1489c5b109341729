/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened to a socket, in order: made of its tenures, of the moments seen, of its holders. */
#include <stdlib.h>

#include "report.h"

#define REFUSALS_TOLD 4 /* in a story; there is a list of all */

struct story {
	struct happen *v;
	u32 n, cap;
};

static void add(struct story *s, struct happen h)
{
	if (s->n == s->cap)
		s->v = xrealloc(s->v, (s->cap = s->cap ? s->cap * 2 : 32) * sizeof(*s->v));
	s->v[s->n++] = h;
}

static int happen_cmp(const void *a, const void *b)
{
	const struct happen *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (x->tenure != y->tenure)
		return x->tenure < y->tenure ? -1 : 1;
	return (x->moment > y->moment) - (x->moment < y->moment);
}

static bool tenure_is(const struct report *r, u32 id, u32 track)
{
	const struct tenure *t = tenure_at(r, id);

	return t->mark && (!track || t->track == track);
}

/* For sorting ids without a global: the key goes along. */
struct keyed {
	u64 key, key2;
	u32 id;
};

static int keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->key2 != y->key2)
		return x->key2 < y->key2 ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static u32 sorted(struct keyed *k, u32 n, u32 **out)
{
	if (n)
		qsort(k, n, sizeof(*k), keyed_cmp);
	*out = xcalloc(n + 1, sizeof(u32));
	for (u32 i = 0; i < n; i++)
		(*out)[i] = k[i].id;
	free(k);
	return n;
}

u32 tenures_of(const struct report *r, u32 track, u32 **out)
{
	struct keyed *k = xcalloc(r->tenures.used + 1, sizeof(*k));
	u32 n = 0;

	for (u32 id = 1; id <= r->tenures.used; id++)
		if (tenure_is(r, id, track))
			k[n++] = (struct keyed){.key = tenure_at(r, id)->from,
						.key2 = life_at(r, tenure_at(r, id)->life)->start,
						.id = id};
	return sorted(k, n, out);
}

u32 tracks_sorted(const struct report *r, u32 **out)
{
	struct keyed *k = xcalloc(r->tracks.used + 1, sizeof(*k));
	u32 n = 0;

	for (u32 id = 1; id <= r->tracks.used; id++)
		if (track_at(r, id)->inode)
			k[n++] = (struct keyed){.key = track_at(r, id)->opened,
						.key2 = track_at(r, id)->inode,
						.id = id};
	return sorted(k, n, out);
}

/* ---- processes as a tree, each before its children ---- */

u32 life_depth(const struct report *r, u32 life)
{
	u32 depth = 0;

	for (u32 id = life_at(r, life)->birth; id && depth < 64; id = life_at(r, id)->birth)
		depth++;
	return depth;
}

struct forest {
	const struct report *r;
	u32 *all, n; /* by start */
	u32 *out, done;
};

static void grow(struct forest *f, u32 parent, u32 depth)
{
	for (u32 i = 0; i < f->n; i++) {
		if (life_at(f->r, f->all[i])->birth != parent)
			continue;
		f->out[f->done++] = f->all[i];
		if (depth < 64)
			grow(f, f->all[i], depth + 1);
	}
}

u32 lives_sorted(const struct report *r, u32 **out)
{
	struct keyed *k = xcalloc(r->lives.used + 1, sizeof(*k));
	struct forest f = {.r = r};

	for (u32 id = 1; id <= r->lives.used; id++)
		if (life_at(r, id)->refs)
			k[f.n++] = (struct keyed){.key = life_at(r, id)->start,
						  .key2 = life_at(r, id)->tgid,
						  .id = id};
	sorted(k, f.n, &f.all);
	f.out = xcalloc(f.n + 1, sizeof(u32));
	grow(&f, 0, 0);
	free(f.all);
	*out = f.out;
	return f.done;
}

/* ---- the story of a track ---- */

static u64 held_until(const struct report *r, const struct tenure *t)
{
	return t->to ? t->to : r->to;
}

/* Programs that a holder began while it held the socket. */
static void execs_add(struct story *s, const struct report *r, u32 id)
{
	const struct tenure *t = tenure_at(r, id);
	const struct life *l = life_at(r, t->life);

	for (u32 i = 0; i < l->runs; i++)
		if (l->run[i].ts > t->from && t->from && l->run[i].ts <= held_until(r, t) &&
		    l->run[i].ts > l->start && (!t->to || l->run[i].ts < t->to))
			add(s,
			    (struct happen){
				    .ts = l->run[i].ts, .kind = HAP_EXEC, .tenure = id, .run = i});
}

static void tenure_add(struct story *s, const struct report *r, u32 id)
{
	const struct tenure *t = tenure_at(r, id);
	bool made = t->via == VIA_CREATED || t->via == VIA_ACCEPTED;

	add(s, (struct happen){.ts = t->from, .kind = made ? HAP_MADE : HAP_CAME, .tenure = id});
	execs_add(s, r, id);
	if (t->to)
		add(s, (struct happen){.ts = t->to, .kind = HAP_LEFT, .tenure = id});
}

static void moments_add(struct story *s, const struct report *r, u32 track)
{
	static const u8 kinds[] = {
		[DID_BIND] = HAP_BIND,	       [DID_LISTEN] = HAP_LISTEN, [DID_SEND] = HAP_SEND,
		[DID_TRANSFER] = HAP_TRANSFER, [DID_LEAK] = HAP_LEAK,
	};
	const u32 *ids = (const u32 *)r->order.s;

	for (u32 i = 0; i < r->order.len / sizeof(u32); i++) {
		const struct moment *mo = moment_at(r, ids[i]);

		if (mo->track == track)
			add(s, (struct happen){
				       .ts = mo->ts, .kind = kinds[mo->kind], .moment = ids[i]});
	}
}

/* Refusals are about an address; they are told with each socket that had it then. */
static void refusals_add(struct story *s, const struct report *r, const struct track *t)
{
	for (u32 i = 0; i < r->refusals && i < REFUSALS_TOLD; i++) {
		const struct refusal *f = &r->refusal[i];
		bool named = t->name.len && f->name.len == t->name.len &&
			     !memcmp(f->name.s, t->name.s, t->name.len);

		if (f->to < t->opened || (t->gone && f->from > t->gone))
			continue;
		if (named || (t->local.port && f->local.port == t->local.port &&
			      !strcmp(name_proto(f->proto), name_proto(t->proto))))
			add(s, (struct happen){.ts = f->from, .kind = HAP_REFUSED, .refusal = f});
	}
}

u32 story_of(const struct report *r, u32 track, struct happen **out)
{
	const struct track *t = track_at(r, track);
	struct story s = {0};
	u32 *ids, n = tenures_of(r, track, &ids);

	for (u32 i = 0; i < n; i++)
		tenure_add(&s, r, ids[i]);
	free(ids);
	moments_add(&s, r, track);
	refusals_add(&s, r, t);
	for (u32 i = 0; i < r->gaps; i++)
		if (r->gap[i].ts >= t->opened && (!t->gone || r->gap[i].ts <= t->gone))
			add(&s, (struct happen){
					.ts = r->gap[i].ts, .kind = HAP_LOST, .gap = &r->gap[i]});
	if (t->kept_ts)
		add(&s, (struct happen){.ts = t->kept_ts, .kind = HAP_KEPT});
	if (t->gone)
		add(&s, (struct happen){.ts = t->gone, .kind = HAP_GONE});
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), happen_cmp);
	*out = s.v;
	return s.n;
}
