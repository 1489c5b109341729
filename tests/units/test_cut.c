/* SPDX-License-Identifier: BSD-2-Clause */
/* A scan that says what it did not see: nothing of that is swept, all else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "verdict.h"

enum { HERE = 101, THERE = 102 };

static int setup(void **state)
{
	struct feed *f = calloc(1, sizeof(*f));

	feed_open(f);
	f->verify = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	feed_close(*state);
	free(*state);
	return 0;
}

static void unheld(struct feed *f, u32 inode, u32 netns)
{
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = inode, .cookie = inode, .proto = UDP4,
	     .state = 7, .netns = netns, .local = EP4(inode));
}

/* A pass that meets nothing; netns 0: it was not cut. */
static void pass(struct feed *f, u32 netns, bool told)
{
	u64 begin = feed_tick(f);
	struct ev_scan_end end = {.h = {.kind = EV_KIND_SCAN_END, .size = sizeof(end)},
				  .scope = SCOPE_SOCKS,
				  .begin = begin};

	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = SCOPE_SOCKS);
	if (netns)
		FEED(f, scan_cut, SCAN_CUT, 0, 0, .what = SCOPE_SOCKS, .why = CUT_COUNT,
		     .netns = netns, .proto = UNIX1, .met = 840, .there = 1000);
	end.h.ts = feed_tick(f);
	if (told) {
		const struct ev *e;

		while ((e = model_missed(f->m, &end)))
			feed(f, e);
		end.scope |= SCOPE_TOLD;
	}
	feed(f, &end.h);
}

static u32 cuts(const struct feed *f)
{
	const struct cut *c;

	return model_cuts(f->m, &c);
}

static void spared(struct feed *f, bool told)
{
	unheld(f, 80, HERE);
	unheld(f, 81, THERE);
	pass(f, THERE, told);
	assert_int_equal(sock_find(f->m, 80, 80), 0);
	assert_int_not_equal(sock_find(f->m, 81, 81), 0);
	assert_int_equal(cuts(f), 1);
	pass(f, THERE, told);
	assert_int_not_equal(sock_find(f->m, 81, 81), 0);
	assert_int_equal(cuts(f), 1); /* the same again is no more */
	pass(f, 0, told);
	assert_int_equal(sock_find(f->m, 81, 81), 0);
	assert_int_equal(cuts(f), 0);
}

static void swept(void **state)
{
	spared(*state, false);
}

static void told_one_by_one(void **state)
{
	spared(*state, true);
}

/* What may never be looked into is said, and spares nothing. */
static void refused(void **state)
{
	struct feed *f = *state;
	u64 begin = feed_tick(f);

	unheld(f, 80, THERE);
	begin = feed_tick(f);
	FEED(f, scan_cut, SCAN_CUT, 0, 0, .why = CUT_NETNS, .there = 2);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_SOCKS, .begin = begin);
	assert_int_equal(sock_find(f->m, 80, 80), 0);
	assert_int_equal(cuts(f), 1);
	pass(f, 0, false);
	assert_int_equal(cuts(f), 0);
}

/* A narrower pass makes nothing good. */
static void other_scope(void **state)
{
	struct feed *f = *state;

	pass(f, THERE, false);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_TASKS, .begin = feed_tick(f));
	assert_int_equal(cuts(f), 1);
}

/* ---- queues in flight themselves ---- */

static void flies(struct feed *f, u32 inode, u32 queue)
{
	FEED(f, scan_queue, SCAN_QUEUE, 0, 0, .inode = inode, .cookie = inode, .proto = UNIX1,
	     .state = 1, .netns = HERE, .queue = queue, .count = 1);
}

static u32 reached(const struct feed *f, u32 inode, u32 *steps)
{
	const struct sock *q = sock_at(
		f->m, queue_reached(f->m, sock_at(f->m, sock_find(f->m, inode, inode)), steps));

	return q ? (u32)q->inode : 0;
}

/* The last queue is followed to, however many are in flight; a circle leads to nobody. */
static void queues(void **state)
{
	struct feed *f = *state;
	u32 steps;

	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "keeper");
	for (u32 i = 200; i < 220; i++)
		flies(f, i, i + 1);
	assert_int_equal(reached(f, 200, &steps), 0);
	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 220, .cookie = 220, .proto = UNIX1, .state = 1,
	     .netns = HERE, .files = FILES(100), .fd = 3);
	assert_int_equal(reached(f, 200, &steps), 220);
	assert_int_equal(steps, 20);
	assert_int_equal(reached(f, 219, &steps), 220);
	assert_int_equal(steps, 1);
	flies(f, 300, 301);
	flies(f, 301, 302);
	flies(f, 302, 301); /* a circle that 300 leads into */
	flies(f, 303, 303); /* in its own queue */
	assert_int_equal(reached(f, 300, &steps), 0);
	assert_int_equal(reached(f, 302, &steps), 0);
	assert_int_equal(reached(f, 303, &steps), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(swept, setup, teardown),
		cmocka_unit_test_setup_teardown(told_one_by_one, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(other_scope, setup, teardown),
		cmocka_unit_test_setup_teardown(queues, setup, teardown),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
