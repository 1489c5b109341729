// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the exporter knew is there again in its next life: who made a leaked socket; and whatever
 * happened to its files, the newest that is whole is taken, or none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feed.h"
#include "rec.h"
#include "serve_state.h"
#include "verdict.h"

#define EVERYTHING (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS)

struct place {
	char dir[64], path[2][96];
	struct feed f;
};

static int place_make(void **state)
{
	char dir[] = "/tmp/probate-state-XXXXXX";
	struct place *p = calloc(1, sizeof(*p));

	if (!p || !mkdtemp(dir))
		return -1;
	strcpy(p->dir, dir);
	for (int i = 0; i < 2; i++)
		snprintf(p->path[i], sizeof(p->path[i]), "%s/serve.%d.prb", dir, i);
	feed_open(&p->f);
	*state = p;
	return 0;
}

static int place_clear(void **state)
{
	struct place *p = *state;

	feed_close(&p->f);
	unlink(p->path[0]);
	unlink(p->path[1]);
	rmdir(p->dir);
	free(p);
	return 0;
}

static struct state *open_at(const char *dir)
{
	struct buf err = {};
	struct state *s = state_open(dir, &err);

	if (!s)
		fail_msg("%s", err.s);
	return s;
}

/* As a process that lives: something happened, and it is time. */
static void write_down(struct state *s, struct feed *f)
{
	const struct ev_fork happened = {.h = {.kind = EV_KIND_FORK}};

	state_event(s, &happened.h);
	f->ts += 20 * NS_PER_S;
	assert_int_equal(state_turn(s, f->m, f->ts), 0);
}

/* A listener on the port, leaked by server[200] to sleep[201]. */
static void leak_make(struct feed *f)
{
	feed_task(f, 200, 1, "server");
	feed_exec(f, 200, "/srv/server");
	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/sleep");
	feed_exit(f, 200, 1, 0, 9);
	feed_pass(f, NS_PER_S);
}

static void leak_is_known(const struct model *m)
{
	const struct sock *s = sock_at(m, sock_find(m, 80, 80));

	assert_non_null(s);
	assert_int_equal(verdict_of(m, s), VERDICT_LEAKED);
	assert_int_equal(proc_at(m, s->creator)->tgid, 200);
	assert_null(model_verify(m));
}

/* The next life, up to its first scan: the model, NULL: nothing was there. */
static struct model *next_life(const char *dir)
{
	struct state *s = open_at(dir);
	struct model *m = model_new(&verdict_judge);
	bool known = state_load(s, m);

	assert_null(model_verify(m));
	state_close(s, m);
	if (known)
		return m;
	assert_int_equal(proc_next(m, 0), 0);
	model_free(m);
	return NULL;
}

/* What still is as it was is scanned; then nothing is missing any more. */
static void scan_after(struct model *m, struct feed *f)
{
	struct feed g = *f;
	u64 begin;

	g.m = m;
	f = &g;
	FEED(f, source, SOURCE, 0, 0, .caps = SRC_EVENTS | SRC_NETNS, .filter = ~0ull);
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = EVERYTHING);
	begin = f->ts;
	feed_task(f, 201, 1, "sleep");
	FEED(f, scan_fd, SCAN_FD, 201, 201, .inode = 80, .cookie = 80, .netns = NETNS,
	     .proto = TCP4, .state = 10, .local = EP4(80), .files = FILES(201), .fd = 3);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = EVERYTHING, .begin = begin);
	assert_int_equal(m->lost_since, 0);
}

static void restart(void **state)
{
	struct place *p = *state;
	struct state *s = open_at(p->dir);
	struct model *m;
	struct stat st;

	leak_make(&p->f);
	write_down(s, &p->f);
	assert_int_equal(stat(p->path[0], &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	state_close(s, p->f.m);
	m = next_life(p->dir);
	assert_non_null(m);
	assert_true(m->lost_since > 0); /* until a scan nobody knows what happened meanwhile */
	leak_is_known(m);
	scan_after(m, &p->f);
	leak_is_known(m);
	model_free(m);
}

/* What is not written yet is at the end; what did not change is not written again. */
static void when_it_is_time(void **state)
{
	const struct ev_tick tick = {.h = {.kind = EV_KIND_TICK}};
	const struct ev_fork fork = {.h = {.kind = EV_KIND_FORK}};
	const struct ev_leak leak = {.h = {.kind = EV_KIND_LEAK}};
	struct place *p = *state;
	struct state *s = open_at(p->dir);
	struct stat st;
	u64 now = p->f.ts, due;

	state_event(s, &tick.h);
	assert_int_equal(state_turn(s, p->f.m, now), 0);
	assert_int_equal(stat(p->path[0], &st), 0);
	assert_int_equal(st.st_size, 0); /* time alone is nothing */
	write_down(s, &p->f);
	now = p->f.ts;
	state_event(s, &fork.h);
	due = state_turn(s, p->f.m, now + NS_PER_MS);
	assert_in_range(due, now + NS_PER_S, now + 15 * NS_PER_S);
	state_event(s, &leak.h);
	assert_true(state_turn(s, p->f.m, now + NS_PER_MS) < due); /* sooner */
	assert_int_equal(stat(p->path[1], &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(state_turn(s, p->f.m, now + 20 * NS_PER_S), 0);
	assert_int_equal(stat(p->path[1], &st), 0);
	assert_true(st.st_size > 0);
	state_close(s, p->f.m);
}

/* Two writings: an empty world, then the leak; then `fd` is the newer file, of `size` bytes. */
static int two_written(struct place *p, off_t *size)
{
	struct state *s = open_at(p->dir);
	struct stat st;
	int fd;

	feed_task(&p->f, 7, 1, "early");
	write_down(s, &p->f);
	leak_make(&p->f);
	write_down(s, &p->f);
	state_close(s, p->f.m);
	fd = open(p->path[1], O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && !fstat(fd, &st));
	*size = st.st_size;
	return fd;
}

static void expect_older(struct place *p)
{
	struct model *m = next_life(p->dir);

	assert_non_null(m);
	assert_int_not_equal(proc_find(m, 7), 0);
	assert_int_equal(proc_find(m, 201), 0);
	model_free(m);
}

static void torn(void **state)
{
	struct place *p = *state;
	off_t size;
	int fd = two_written(p, &size);
	struct model *m = next_life(p->dir);

	assert_non_null(m);
	leak_is_known(m);
	model_free(m);
	for (off_t cut = 1; cut < size; cut += cut < 200 ? 13 : 191) {
		assert_int_equal(ftruncate(fd, size - cut), 0);
		expect_older(p);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	expect_older(p);
	close(fd);
	assert_int_equal(truncate(p->path[0], 100), 0);
	assert_null(next_life(p->dir));
}

static void changed(void **state)
{
	struct place *p = *state;
	off_t size;
	int fd = two_written(p, &size);

	for (off_t at = 0; at < size; at += 97) {
		char byte, other;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = (char)(byte ^ 0x20);
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		expect_older(p);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
}

/* The header says which boot: rewrite it, with the sums that go with it. */
static void other_boot(void **state)
{
	struct place *p = *state;
	char text[16384], *boot;
	struct rec_head h;
	off_t size;

	close(two_written(p, &size));
	for (int i = 0; i < 2; i++) {
		int fd = open(p->path[i], O_RDWR | O_CLOEXEC);

		assert_int_equal(pread(fd, &h, sizeof(h), 0), sizeof(h));
		assert_true(h.stored < sizeof(text));
		assert_int_equal(pread(fd, text, h.stored, sizeof(h)), h.stored);
		boot = memmem(text, h.stored, "\nboot: ", 7);
		assert_non_null(boot);
		boot[7] = boot[7] == '0' ? '1' : '0';
		h.crc = rec_crc(text, h.stored);
		rec_head_seal(&h);
		assert_int_equal(pwrite(fd, &h, sizeof(h), 0), sizeof(h));
		assert_int_equal(pwrite(fd, text, h.stored, sizeof(h)), h.stored);
		close(fd);
	}
	assert_null(next_life(p->dir));
}

/* A life that goes on: it does not write over the newest before there is a newer one. */
static void in_turn(void **state)
{
	struct place *p = *state;
	struct state *s;
	struct model *m = model_new(&verdict_judge);
	off_t size;

	close(two_written(p, &size));
	s = open_at(p->dir);
	assert_true(state_load(s, m));
	assert_int_equal(unlink(p->path[0]), 0); /* the older: nobody needs it */
	write_down(s, &p->f);
	state_close(s, p->f.m);
	model_free(m);
	m = next_life(p->dir);
	assert_non_null(m);
	leak_is_known(m);
	model_free(m);
}

static void one_at_a_time(void **state)
{
	struct place *p = *state;
	struct state *s = open_at(p->dir);
	struct buf err = {};

	assert_null(state_open(p->dir, &err));
	assert_non_null(strstr(err.s, "another exporter"));
	state_close(s, p->f.m);
	buf_free(&err);
}

static void no_place(void **state)
{
	struct place *p = *state;
	struct buf err = {};

	assert_null(state_open("/proc/nonexistent", &err));
	assert_non_null(strstr(err.s, "will not survive a restart"));
	assert_int_equal(symlink("/etc/passwd", p->path[0]), 0);
	assert_null(state_open(p->dir, &err));
	assert_int_equal(setenv("PROBATE_RUN", "/proc/nonexistent", 1), 0);
	unsetenv("RUNTIME_DIRECTORY");
	assert_null(state_open(NULL, &err));
	buf_free(&err);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, place_make, place_clear)
	const struct CMUnitTest tests[] = {
		T(restart),    T(when_it_is_time), T(torn),	     T(changed),
		T(other_boot), T(in_turn),	   T(one_at_a_time), T(no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
