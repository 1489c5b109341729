// SPDX-License-Identifier: BSD-2-Clause
/* The landing page of a large machine: of bounded size, and made in no time. */
#include <stdio.h>
#include <time.h>

#include "feed.h"
#include "landing.h"
#include "view.h"

#define PAGE_MAX (256 * 1024)
#define TASKS	 2000
#define SOCKS	 10000
#define NASTY	 "/usr/bin/\x01\x02<&>'\"\x01<&>'\"\x01" /* a name that grows */
#define LIMIT_MS 100 /* of a core, a sanitizer included; without one it is below 5 */

static void heard(struct feed *f, const struct ev *e)
{
	metrics_event(f->who, f->m, e);
}

static int setup(void **state)
{
	struct feed *f = malloc(sizeof(*f));

	setenv("TZ", "UTC", 1);
	feed_open(f);
	f->verify = false;
	f->who = metrics_new();
	f->heard = heard;
	feed_task(f, 1, 0, "init");
	feed_fork(f, 1, 200);
	feed_exec(f, 200, "/usr/bin/&&&&&&&&&&&&&&&");
	for (u32 pid = 1000; pid < 1000 + TASKS; pid++)
		feed_task(f, pid, 1, "worker");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct feed *f = *state;

	metrics_free(f->who);
	feed_close(f);
	free(f);
	return 0;
}

static void listeners(struct feed *f, u32 pid)
{
	for (u32 i = 0; i < SOCKS; i++)
		feed_listener(f, pid, FILES(pid), (s32)(3 + i), (u16)(1 + i), 0);
}

/* Whoever else wants the cores takes none of it. */
static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

/* The page, whose time and size are checked. */
static void render(struct feed *f, struct buf *out)
{
	const struct landing l = {
		.m = f->m, .metrics = f->who, .host = "<host>", .path = "/metrics", .now = f->ts};
	u64 begun = cpu_ns(), took;

	landing_render(&l, out);
	took = cpu_ns() - begun;
	print_message("%zu bytes in %llu us\n", out->len, (unsigned long long)took / 1000);
	assert_true(took < LIMIT_MS * NS_PER_MS);
	assert_true(out->len < PAGE_MAX);
	assert_non_null(strstr(out->s, "</body></html>\n"));
	assert_non_null(strstr(out->s, "&#60;host&#62;"));
	assert_null(strstr(out->s, "<&>"));
	assert_null(strchr(out->s, 1));
}

static void nothing_wrong(void **state)
{
	struct feed *f = *state;
	struct buf page = {};

	listeners(f, 200);
	render(f, &page);
	assert_non_null(strstr(page.s, "<b>10000</b>listening sockets"));
	assert_non_null(strstr(page.s, "<b>2002</b>processes"));
	assert_non_null(strstr(page.s, "Leaked ports: 0"));
	assert_null(strstr(page.s, "<table>"));
	buf_free(&page);
}

static void all_wrong(void **state)
{
	struct feed *f = *state;
	struct buf page = {};
	const char *first, *second;

	listeners(f, 200);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, NASTY);
	feed_exit(f, 200, 1, 0, 9);
	for (u32 pid = 1000; pid < 1000 + TASKS; pid++) {
		feed_fork(f, pid, pid + 10000);
		feed_exit(f, pid + 10000, pid, 0, 9);
	}
	feed_pass(f, NS_PER_S);
	render(f, &page);
	assert_non_null(strstr(page.s, "Leaked ports: 10000"));
	assert_non_null(strstr(page.s, "Zombies: 2001"));
	assert_non_null(strstr(page.s, "And 9900 more."));
	first = strstr(page.s, "10.0.0.1:1<");
	second = strstr(page.s, "10.0.0.1:2<");
	assert_true(first && second && first < second);
	buf_free(&page);
}

/* Each name of the length and the bytes that grow most, in every table. */
static void unix_names(void **state)
{
	struct feed *f = *state;
	struct buf page = {};

	for (u32 i = 0; i < 300; i++) {
		struct unix_name name = {.len = UNIX_LEN};

		memset(name.s, '&', UNIX_LEN);
		name.s[0] = 0;
		FEED(f, socket, SOCKET, 200, 200, .inode = 70000 + i, .cookie = 70000 + i,
		     .netns = NETNS, .proto = UNIX1, .state = 7, .files = FILES(200),
		     .fd = (s32)(3 + i));
		FEED(f, scan_name, SCAN_NAME, 0, 0, .inode = 70000 + i, .cookie = 70000 + i,
		     .name = name);
	}
	feed_fork(f, 200, 201);
	feed_exec(f, 201, NASTY);
	feed_exit(f, 200, 1, 0, 9);
	render(f, &page);
	assert_non_null(strstr(page.s, "Leaked ports: 300"));
	assert_non_null(strstr(page.s, "unix @&#38;&#38;"));
	buf_free(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(all_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(unix_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
