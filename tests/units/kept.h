/* SPDX-License-Identifier: BSD-2-Clause */
/* A model dumped, read again, and held against the one it was taken from. */
#ifndef PROBATE_TEST_KEPT_H
#define PROBATE_TEST_KEPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keep.h"
#include "model_priv.h"
#include "verdict.h"

static inline void kept_add(void *ctx, const struct ev *e, size_t bytes)
{
	assert_int_equal(bytes, e->size);
	assert_null(event_check(e, bytes));
	buf_add(ctx, e, bytes);
}

static inline struct buf kept_dump(const struct model *m)
{
	struct buf b = {};

	model_dump(m, kept_add, &b);
	return b;
}

/* The event at *at, where it can be read as a struct; false: there is none. */
static inline bool kept_next(const struct buf *b, size_t *at, u64 space[EV_MAX / 8])
{
	struct ev *e = (struct ev *)(void *)space;

	if (*at >= b->len)
		return false;
	memcpy(e, b->s + *at, sizeof(*e));
	memcpy(e, b->s + *at, e->size);
	*at += e->size;
	return true;
}

static inline void kept_read(struct model *m, const struct buf *b)
{
	u64 space[EV_MAX / 8];
	const struct ev *e = (const struct ev *)(const void *)space;

	for (size_t at = 0; kept_next(b, &at, space);)
		if (!event_check(e, e->size))
			model_apply(m, e);
}

/* Where two dumps differ, in words. */
static inline void assert_same_dump(const struct buf *a, const struct buf *b)
{
	u64 ea[EV_MAX / 8], eb[EV_MAX / 8];
	size_t i = 0, j = 0;
	struct buf ta = {}, tb = {};

	if (a->len == b->len && !memcmp(a->s, b->s, a->len))
		return;
	while (kept_next(a, &i, ea) && kept_next(b, &j, eb)) {
		buf_reset(&ta);
		buf_reset(&tb);
		event_text(&ta, (const struct ev *)(const void *)ea);
		event_text(&tb, (const struct ev *)(const void *)eb);
		if (strcmp(ta.s, tb.s))
			fail_msg("the dumps differ:\n%s\n%s", ta.s, tb.s);
	}
	fail_msg("one dump is longer");
}

/* Two slots byte for byte, but for what is no part of a checkpoint. */
#define SAME(type, a, b, ...)                                                                      \
	do {                                                                                       \
		struct type a_ = *(a), b_ = *(b);                                                  \
		memcpy(&a_, (a), sizeof(a_)), memcpy(&b_, (b), sizeof(b_));                        \
		__VA_ARGS__;                                                                       \
		assert_memory_equal(&a_, &b_, sizeof(a_));                                         \
	} while (0)

/* A keeper is found anew, and lists and bins that follow from the rest may be in another order. */
static inline void hold_plain(struct hold *h)
{
	h->met_ts = 0;
	h->share = h->slot_next = 0;
}

static inline void sock_plain(struct sock *s)
{
	s->met_ts = 0;
	s->keeper = s->made_next = s->made_prev = 0;
	s->flights = 0;
}

static inline void flight_plain(struct flight *f)
{
	f->met_ts = 0;
	f->next = f->prev = f->queue_next = f->queue_prev = f->bin_next = 0;
}

static inline void fdtab_plain(struct fdtab *t)
{
	t->multi_next = t->multi_prev = 0;
}

static inline void assert_same_proc(const struct model *a, const struct model *b, u32 id)
{
	const struct proc *p = proc_at(a, id);

	SAME(proc, p, proc_at(b, id), a_.met_ts = b_.met_ts = a_.made = b_.made = 0,
	     a_.under = b_.under = false);
	if (p->death)
		SAME(death, death_at(a, p->death), death_at(b, p->death), (void)0);
	for (u32 i = p->image; i; i = image_at(a, i)->prev)
		SAME(image, image_at(a, i), image_at(b, i), a_.text = b_.text = NULL);
	for (u32 r = p->tabrefs; r; r = tabref_at(a, r)->proc_next) {
		u32 tab = tabref_at(a, r)->fdtab;

		SAME(tabref, tabref_at(a, r), tabref_at(b, r), (void)0);
		SAME(fdtab, fdtab_at(a, tab), fdtab_at(b, tab), fdtab_plain(&a_), fdtab_plain(&b_));
		for (u32 h = fdtab_at(a, tab)->holds; h; h = hold_at(a, h)->tab_next)
			SAME(hold, hold_at(a, h), hold_at(b, h), hold_plain(&a_), hold_plain(&b_));
	}
}

static inline void assert_same_sock(const struct model *a, const struct model *b, u32 id)
{
	const struct sock *s = sock_at(a, id);

	SAME(sock, s, sock_at(b, id), sock_plain(&a_), sock_plain(&b_));
	for (u32 i = s->flights, j = sock_at(b, id)->flights; i;
	     i = flight_at(a, i)->next, j = flight_at(b, j)->next)
		SAME(flight, flight_at(a, i), flight_at(b, j), flight_plain(&a_),
		     flight_plain(&b_));
	for (u32 o = s->origins; o; o = origin_at(a, o)->next)
		SAME(origin, origin_at(a, o), origin_at(b, o), (void)0);
	if (s->name)
		SAME(unix_name, name_at(a, s->name), name_at(b, s->name), (void)0);
}

/* A member that a checkpoint forgets differs here, as soon as a test has a value in it. */
static inline void assert_same_model(const struct model *a, const struct model *b)
{
	assert_int_equal(a->procs.live, b->procs.live);
	assert_int_equal(a->socks.live, b->socks.live);
	for (u32 id = proc_next(a, 0); id; id = proc_next(a, id))
		assert_same_proc(a, b, id);
	for (u32 id = 1; id <= a->socks.used; id++)
		if (sock_at(a, id)->id == id)
			assert_same_sock(a, b, id);
}

/* What a checkpoint of the model gives: the same, to the last byte. */
static inline struct model *model_kept(const struct model *m)
{
	struct model *kept = model_new(&verdict_judge);
	struct buf one = kept_dump(m), two;

	kept_read(kept, &one);
	assert_int_equal(kept->kept_bad, 0);
	assert_false(model_kept_open(kept));
	assert_int_equal(kept->told.len, 0);
	two = kept_dump(kept);
	assert_same_dump(&one, &two);
	assert_null(model_verify(kept));
	assert_same_model(m, kept);
	buf_free(&one);
	buf_free(&two);
	return kept;
}

#endif
