// SPDX-License-Identifier: BSD-2-Clause
/* What one user may put into a recording: who pays, what is never held back, what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "budget.h"
#include "verdict.h"

#define T0   (1000 * NS_PER_S)
#define HERE 77 /* inode of the socket */

struct world {
	struct model *m;
	struct budget *b;
	u64 ts;
	u64 told, told_uid;
};

static struct world *world_new(void)
{
	struct world *w = xcalloc(1, sizeof(*w));
	const u32 uids[] = {0, 1000, 1001};

	w->m = model_new(&verdict_judge);
	w->b = budget_new();
	w->ts = T0;
	for (u32 i = 0; i < ARRAY_SIZE(uids); i++) {
		struct ev_fork e = {.h = {EV_KIND_FORK, sizeof(e), 1, 1, 0, T0},
				    .start = T0 - 1 + i,
				    .files = 0x1000 + i,
				    .child = 100 + i,
				    .parent = 1,
				    .uid = uids[i]};

		model_apply(w->m, &e.h);
	}
	return w;
}

static void world_free(struct world *w)
{
	budget_free(w->b);
	model_free(w->m);
	free(w);
}

/* tgid 100 is root's, 101 that of uid 1000, 102 that of 1001. */
static bool dup_of(struct world *w, u32 tgid, u64 inode)
{
	struct ev_install e = {.h = {EV_KIND_INSTALL, sizeof(e), tgid, tgid, 0, w->ts},
			       .inode = inode,
			       .files = 0x1000 + tgid - 100,
			       .fd = 5,
			       .via = VIA_DUP};

	return budget_pass(w->b, w->m, &e.h);
}

static bool close_of(struct world *w, u32 tgid, u64 inode)
{
	struct ev_close e = {.h = {EV_KIND_CLOSE, sizeof(e), tgid, tgid, 0, w->ts},
			     .files = 0x1000 + tgid - 100,
			     .inode = inode,
			     .fd = 5};

	return budget_pass(w->b, w->m, &e.h);
}

static bool socket_of(struct world *w, u32 tgid, u64 inode)
{
	struct ev_socket e = {.h = {EV_KIND_SOCKET, sizeof(e), tgid, tgid, 0, w->ts},
			      .inode = inode,
			      .files = 0x1000 + tgid - 100};

	return budget_pass(w->b, w->m, &e.h);
}

/* Copies until one is held back: how many passed. */
static u32 flood(struct world *w, u32 tgid)
{
	u32 n = 0;

	while (n < 10 * BUDGET_ALL_BURST && dup_of(w, tgid, HERE))
		n++;
	return n;
}

static void burst_and_rate(void **state)
{
	struct world *w = world_new();

	(void)state;
	assert_int_equal(flood(w, 101), BUDGET_CHURN_BURST);
	assert_false(dup_of(w, 101, HERE));
	w->ts += NS_PER_S;
	assert_int_equal(flood(w, 101), BUDGET_CHURN);
	w->ts += 3600 * NS_PER_S; /* no more than a burst is saved up */
	assert_int_equal(flood(w, 101), BUDGET_CHURN_BURST);
	world_free(w);
}

static void others_are_untouched(void **state)
{
	struct world *w = world_new();

	(void)state;
	flood(w, 101);
	assert_true(dup_of(w, 102, HERE));
	assert_int_equal(flood(w, 100), 10 * BUDGET_ALL_BURST); /* root's own */
	assert_false(dup_of(w, 101, HERE));
	assert_true(socket_of(w, 101, 1)); /* what is no churn has a purse of its own */
	world_free(w);
}

static void sockets_have_a_bound(void **state)
{
	struct world *w = world_new();
	u32 n = 0;

	(void)state;
	while (socket_of(w, 101, ++n) && n < 10 * BUDGET_ALL_BURST)
		;
	assert_int_equal(n, BUDGET_ALL_BURST + 1);
	assert_false(close_of(w, 101, n));
	assert_true(close_of(w, 101, 1)); /* of one that is recorded */
	world_free(w);
}

/* A close may be of the last hold that is known, while a copy was held back. */
static void ends_wait_for_a_scan(void **state)
{
	struct world *w = world_new();

	(void)state;
	budget_scanning(w->b, w->ts);
	budget_scanned(w->b, w->ts);
	assert_true(close_of(w, 101, HERE));
	flood(w, 101);
	assert_false(close_of(w, 101, HERE));
	assert_true(close_of(w, 101, HERE + 1));
	assert_true(close_of(w, 102, HERE + 1));
	assert_false(budget_scan_due(w->b, w->ts));
	assert_true(budget_scan_due(w->b, w->ts + 10 * NS_PER_S));
	budget_scanning(w->b, w->ts);
	budget_scanned(w->b, w->ts);
	assert_true(close_of(w, 101, HERE));
	assert_false(budget_scan_due(w->b, w->ts + 10 * NS_PER_S));
	world_free(w);
}

static void tell(void *ctx, const struct ev *e)
{
	struct world *w = ctx;
	const struct ev_held *h = (const void *)e;

	assert_int_equal(e->kind, EV_KIND_HELD);
	assert_null(event_check(e, sizeof(*h)));
	w->told += h->count;
	w->told_uid = h->uid;
	model_apply(w->m, e);
}

static void it_is_told(void **state)
{
	struct world *w = world_new();
	u64 held = 0;

	(void)state;
	budget_turn(w->b, w->ts, true, tell, w);
	assert_int_equal(w->told, 0);
	flood(w, 101);
	for (u32 i = 0; i < 1000; i++)
		held += !dup_of(w, 101, HERE);
	budget_turn(w->b, w->ts, false, tell, w);
	budget_turn(w->b, w->ts + NS_PER_S / 2, false, tell, w); /* once a second */
	assert_int_equal(w->told, held + 1);
	assert_int_equal(w->told_uid, 1000);
	assert_false(dup_of(w, 101, HERE));
	budget_turn(w->b, w->ts + NS_PER_S / 2, false, tell, w);
	assert_int_equal(w->told, held + 1);
	budget_turn(w->b, w->ts + NS_PER_S / 2, true, tell, w); /* at the end: all */
	assert_int_equal(w->told, held + 2);
	assert_int_equal(budget_held(w->b), held + 2);
	assert_int_equal(w->m->nheld, 1);
	assert_int_equal(w->m->held[0].uid, 1000);
	assert_int_equal(w->m->held[0].count, held + 2);
	world_free(w);
}

/* There is no end of users; those beyond share. */
static void many_users(void **state)
{
	struct world *w = world_new();
	u32 n = 0;

	(void)state;
	for (u32 i = 0; i < 5000; i++) {
		struct ev_fork e = {.h = {EV_KIND_FORK, sizeof(e), 1, 1, 0, T0},
				    .start = T0 + i,
				    .files = 0x10000 + i,
				    .child = 1000 + i,
				    .parent = 1,
				    .uid = 10000 + i};

		model_apply(w->m, &e.h);
		assert_true(dup_of(w, 1000 + i, HERE) || i > 256);
	}
	while (dup_of(w, 1000 + 4000 + n % 999, HERE))
		n++;
	assert_true(n < BUDGET_CHURN_BURST);
	budget_turn(w->b, w->ts, true, tell, w);
	assert_int_equal(w->told_uid, BUDGET_OTHERS);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_and_rate),	cmocka_unit_test(others_are_untouched),
		cmocka_unit_test(sockets_have_a_bound), cmocka_unit_test(ends_wait_for_a_scan),
		cmocka_unit_test(it_is_told),		cmocka_unit_test(many_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
