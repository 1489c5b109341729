// SPDX-License-Identifier: BSD-2-Clause
/* What fuzzing found, made small: no kernel tells such things, but a recording may hold them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "feed.h"
#include "rec.h"

static int setup(void **state)
{
	struct feed *f = malloc(sizeof(*f));

	feed_open(f);
	feed_task(f, 1, 0, "init");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	feed_close(*state);
	free(*state);
	return 0;
}

/* Addresses, but neither name nor state: no socket is like that. */
static void sock_without_life(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .netns = NETNS, .local = EP4(4789), .remote = EP4(2),
	     .proto = TCP4);
	assert_int_equal(f->m->socks.live, 0);
}

/* A table of no thread in particular is the process's. */
static void table_of_thread_0(void **state)
{
	struct feed *f = *state;

	feed_task(f, 100, 1, "server");
	FEED(f, fdtab, FDTAB, 100, 0, .files = FILES(7), .leader = 1);
	FEED(f, fdtab, FDTAB, 100, 0, .files = FILES(8));
	assert_int_equal(f->m->tabrefs.live, 2); /* with that of init */
}

/* One that was scanned forks, and then its child seems to have borne it. */
static void born_of_its_child(void **state)
{
	struct feed *f = *state;

	feed_task(f, 100, 1, "server");
	feed_fork(f, 100, 200);
	feed_fork(f, 200, 100);
	assert_int_equal(proc_by(f, 100)->birth, 0);
	assert_int_equal(proc_by(f, 200)->birth, proc_by(f, 100)->id);
}

/* A view keeps ids, and then a checkpoint of another, smaller model takes the place of this one. */
static void ids_of_before(void **state)
{
	struct feed *f = *state;
	struct buf small = kept_dump(f->m);
	u32 last;

	for (u32 pid = 1000; pid < 1600; pid++)
		feed_task(f, pid, 1, "server");
	last = proc_find(f->m, 1599);
	kept_read(f->m, &small);
	assert_int_equal(f->m->kept_bad, 0);
	assert_int_not_equal(proc_at(f->m, last)->id, last);
	for (u32 pid = 2000; pid < 2700; pid++)
		feed_task(f, pid, 1, "server");
	assert_int_equal(proc_at(f->m, last)->id, last);
	assert_int_equal(f->m->procs.used, 701);
	buf_free(&small);
}

/* ---- recordings ---- */

static void block_of_nothing(void **state)
{
	struct rec_head h = {.type = REC_EVENTS};
	char room[64] = "";

	(void)state;
	rec_pack(&h, room, 0, room);
	assert_true(rec_head_ok(&h));
	assert_null(rec_unpack(&h, room, NULL));
}

static void put_block(const char *dir, u32 number, u8 type, u64 ts)
{
	struct rec_head h = {.type = type, .first_ts = ts, .last_ts = ts};
	char name[48] = "", path[128];
	int fd;

	rec_pack(&h, name, 0, name);
	rec_segment_name(name, NS_PER_S, number);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
}

static void ignore(void *ctx, const struct ev *e, size_t bytes)
{
	(void)ctx, (void)e, (void)bytes;
}

/*
 * The clock was set back while it was recorded: its end is not before its beginning.  Nor does a
 * header of nothing harm.
 */
static void clock_set_back(void **state)
{
	char dir[] = "/tmp/probate-fuzzed-XXXXXX", name[48], path[128];
	struct source *s;
	struct buf err = {};
	u64 first, last;

	(void)state;
	assert_non_null(mkdtemp(dir));
	put_block(dir, 0, REC_HEADER, 9000 * NS_PER_S);
	put_block(dir, 1, REC_END, 5000 * NS_PER_S);
	assert_int_equal(source_open_recording(&s, dir, &err), 0);
	assert_int_equal(s->ops->span(s, &first, &last), 0);
	assert_true(first <= last);
	while (s->ops->poll(s, 0, ignore, NULL) != -ENODATA)
		;
	s->ops->close(s);
	for (u32 i = 0; i < 2; i++) {
		rec_segment_name(name, NS_PER_S, i);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		unlink(path);
	}
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sock_without_life, setup, teardown),
		cmocka_unit_test_setup_teardown(table_of_thread_0, setup, teardown),
		cmocka_unit_test_setup_teardown(born_of_its_child, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_of_before, setup, teardown),
		cmocka_unit_test(block_of_nothing),
		cmocka_unit_test(clock_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
