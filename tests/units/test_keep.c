// SPDX-License-Identifier: BSD-2-Clause
/*
 * Checkpoints: nobody can tell a model that was read from one, and nothing that calls itself one
 * does harm.  That every scene's model comes back to the last byte is looked at by feed(), in
 * test_model.c.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <time.h>

#include "feed.h"
#include "model_priv.h"
#include "source.h"
#include "verdict.h"

static struct feed *open_feed(void)
{
	struct feed *f = malloc(sizeof(*f));

	feed_open(f);
	f->verify = false;
	return f;
}

static void drop_feed(struct feed *f)
{
	feed_close(f);
	free(f);
}

/* Something of everything a checkpoint can hold. */
static struct feed *rich_feed(void)
{
	struct feed *f = open_feed();
	static const char path[] = "/system.slice";
	struct {
		struct ev_cgroup e;
		char path[sizeof(path)];
	} cg = {.e = {.h = {.kind = EV_KIND_CGROUP,
			    .size = sizeof(struct ev_cgroup) + sizeof(path),
			    .ts = f->ts},
		      .id = 4711,
		      .path_len = sizeof(path)}};

	memcpy(&cg.e + 1, path, sizeof(path));
	feed(f, &cg.e.h);
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "server");
	feed_task(f, 200, 1, "taker");
	feed_exec(f, 100, "/usr/bin/server");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_listener(f, 100, FILES(100), 4, 81, 1);
	feed_fork(f, 100, 101);
	feed_exec(f, 101, "/usr/bin/sleep");
	feed_fork(f, 100, 102);
	feed_exit(f, 102, 100, 3, 0); /* a zombie */
	feed_install(f, 200, FILES(200), 7, 80, VIA_PIDFD_GETFD, 3, 100, 1);
	FEED(f, fdtab, FDTAB, 100, 105, .files = FILES(500)); /* a thread with its own */
	FEED(f, socket, SOCKET, 100, 100, .inode = 900, .cookie = 900, .proto = UNIX1, .state = 1,
	     .files = FILES(100), .fd = 9);
	FEED(f, unix_bind, UNIX_BIND, 100, 100, .inode = 900, .cookie = 900, .proto = UNIX1,
	     .state = 1, .fd = 9, .name = {.len = 5, .s = "/sock"});
	FEED(f, pass, PASS, 100, 100, .files = FILES(100), .inode = 81, .over = 999, .fd = 4);
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .proto = TCP4, .state = 6, .netns = NETNS,
	     .sflags = SF_TIMEWAIT, .local = EP4(80), .remote = EP4(40000), .left_ms = 30000);
	FEED(f, fork, FORK, 100, 100, .start = START(400), .files = FILES(400),
	     .parent_files = FILES(100), .child = 400, .parent = 100, .exit_signal = 17,
	     .pidns = 77, .flags = FORK_NSINIT, .nspid = {{1}});
	FEED(f, signal, SIGNAL, 200, 200, .target = 101, .target_tid = 101, .signal = 15);
	feed_fork(f, 100, 103);
	FEED(f, signal, SIGNAL, 200, 200, .target = 103, .target_tid = 103, .signal = 9);
	feed_exit(f, 103, 100, 0, 9);
	FEED(f, free, FREE, 103, 103, .start = START(103)); /* and nobody has waited yet */
	feed_fork(f, 1, 104);
	feed_exit(f, 104, 1, 0, 0);
	FEED(f, wait, WAIT, 1, 1, .nr = 104); /* in its grace */
	feed_listener(f, 200, FILES(200), 8, 82, 0);
	feed_fd_close(f, 200, FILES(200), 8, 82); /* gone, in its grace */
	FEED(f, lost, LOST, 0, 0, .count = 3);
	FEED(f, held, HELD, 0, 0, .count = 17, .since = f->ts - 5, .uid = 1000);
	FEED(f, held, HELD, 0, 0, .count = 4, .since = f->ts - 5, .uid = 1001);
	assert_null(model_verify(f->m));
	return f;
}

/* ---- what is kept ---- */

/*
 * A member that is new to one of these makes this fail: write it into the KEPT_* fields of
 * events.h, or make sure that reading a checkpoint makes it up again, and then write its size here.
 */
static void sizes_known(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct model), 1472); /* ended: of the event at hand */
	assert_int_equal(
		sizeof(struct model_priv),
		1120); /* judge: of who reads; ranges: made when asked for; cuts: told again by the next pass */
	assert_int_equal(sizeof(struct proc), 256);
	assert_int_equal(sizeof(struct image), 56);
	assert_int_equal(sizeof(struct death), 56);
	assert_int_equal(sizeof(struct tabref), 28);
	assert_int_equal(sizeof(struct fdtab), 56);
	assert_int_equal(sizeof(struct hold), 64);
	assert_int_equal(sizeof(struct sock), 256);
	assert_int_equal(sizeof(struct origin), 40);
	assert_int_equal(sizeof(struct sent), 32);
	assert_int_equal(sizeof(struct due), 24);
	assert_int_equal(sizeof(struct flight), 64);
}

static void everything_comes_back(void **state)
{
	struct feed *f = rich_feed();
	struct model *kept = model_kept(f->m);
	struct buf dump = kept_dump(f->m);
	bool met[EV_KIND_MAX] = {};
	u64 space[EV_MAX / 8];

	(void)state;
	for (size_t at = 0; kept_next(&dump, &at, space);)
		met[((struct ev *)(void *)space)->kind] = true;
	for (u32 kind = EV_KIND_KEPT_BEGIN; kind <= EV_KIND_KEPT_END; kind++)
		if (!met[kind])
			fail_msg("no %s in the checkpoint", event_kind(kind)->id);
	assert_string_equal(cgroup_path(kept, 4711), "/system.slice");
	assert_int_equal(kept->lost, 3);
	assert_int_equal(kept->nheld, 2);
	assert_memory_equal(kept->held, f->m->held, sizeof(kept->held));
	assert_true(kept->held_since && kept->held_since == f->m->held_since);
	assert_int_equal(kept->held_last, f->m->held_last);
	assert_int_equal(kept->priv->nwaits, f->m->priv->nwaits);
	assert_int_equal(kept->priv->zombies.count, 2);
	assert_int_equal(kept->priv->frees.count, 1);
	assert_int_equal(kept->priv->flights.live, 1);
	assert_int_equal(kept->priv->wake, f->m->priv->wake);
	model_free(kept);
	buf_free(&dump);
	drop_feed(f);
}

static u32 chunks_missing(const struct pool *p)
{
	u32 n = 0;

	for (u32 i = 0; i < p->chunks; i++)
		n += p->chunk[i] == p->hole;
	return n;
}

/* Of a model that was full once, few ids are left and far apart. */
static void holes(void **state)
{
	struct feed *f = open_feed();
	struct model *kept;
	const u32 n = 20000;

	(void)state;
	feed_task(f, 1, 0, "init");
	for (u32 i = 0; i < n; i++)
		FEED(f, socket, SOCKET, 1, 1, .inode = 1000 + i, .cookie = 1000 + i, .proto = UDP4,
		     .files = FILES(1), .fd = (s32)i);
	for (u32 i = 0; i < n; i++)
		if (i % 7000)
			feed_fd_close(f, 1, FILES(1), (s32)i, 1000 + i);
	feed_pass(f, 2 * GRACE_NS);
	assert_int_equal(f->m->socks.live, 3);
	kept = model_kept(f->m);
	assert_true(chunks_missing(&kept->socks) > 50);
	model_free(f->m);
	f->m = kept;
	for (u32 i = 0; i < n; i++) /* every id is used again */
		FEED(f, socket, SOCKET, 1, 1, .inode = 100000 + i, .cookie = 100000 + i,
		     .proto = UDP4, .files = FILES(1), .fd = (s32)(n + i));
	assert_null(model_verify(kept));
	assert_int_equal(chunks_missing(&kept->socks), 0);
	assert_true(kept->socks.used <= n + 3);
	drop_feed(f);
}

/* ---- nobody can tell ---- */

struct pair {
	struct model *kept, *plain; /* one read from a checkpoint after every event, one never */
	u64 events;
};

static void pair_event(void *ctx, const struct ev *e, size_t bytes)
{
	struct pair *p = ctx;
	struct model *next;

	assert_null(event_check(e, bytes));
	model_apply(p->kept, e);
	model_apply(p->plain, e);
	assert_int_equal(p->kept->told.len, p->plain->told.len);
	assert_memory_equal(p->kept->told.s ? p->kept->told.s : "",
			    p->plain->told.s ? p->plain->told.s : "", p->plain->told.len);
	next = model_kept(p->kept);
	model_free(p->kept);
	p->kept = next;
	p->events++;
}

/* Free slots are handed out in another order, so ids may differ, and with them who comes first. */
static const char *const id_fields[] = {"id",	    "older",	 "birth",   "parent",	"next",
					"image",    "death",	 "prev",    "killer",	"reaper",
					"proc",	    "fdtab",	 "sock",    "from",	"proc_next",
					"tab_next", "sock_next", "creator", "port_next"};

static bool is_id(const struct kind *k, const struct field *f)
{
	if (!strcmp(f->name, "name") && !strcmp(k->id, "kept_sock"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(id_fields); i++)
		if (!strcmp(f->name, id_fields[i]))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines of a dump without ids, sorted. */
static char **lines_of(const struct buf *dump, size_t *n)
{
	u64 space[EV_MAX / 8];
	struct ev *e = (struct ev *)(void *)space;
	char **lines = NULL;

	*n = 0;
	for (size_t at = 0; kept_next(dump, &at, space);) {
		const struct kind *k = event_kind(e->kind);
		struct buf b = {};

		for (u32 i = 0; i < k->nfields; i++)
			if (is_id(k, &k->fields[i]))
				memset((char *)e + k->fields[i].offset, 0, k->fields[i].size);
		event_text(&b, e);
		lines = xrealloc(lines, (*n + 1) * sizeof(*lines));
		lines[(*n)++] = b.s;
	}
	qsort(lines, *n, sizeof(*lines), by_text);
	return lines;
}

static void assert_alike(const struct model *a, const struct model *b)
{
	struct buf da = kept_dump(a), db = kept_dump(b);
	size_t na, nb;
	char **la = lines_of(&da, &na), **lb = lines_of(&db, &nb);

	assert_int_equal(na, nb);
	for (size_t i = 0; i < na; i++) {
		assert_string_equal(la[i], lb[i]);
		free(la[i]);
		free(lb[i]);
	}
	free(la);
	free(lb);
	buf_free(&da);
	buf_free(&db);
}

static void replay_story(const char *path)
{
	struct pair p = {model_new(&verdict_judge), model_new(&verdict_judge), 0};
	struct buf err = {};
	struct source *s;

	if (source_open_story(&s, path, &err) < 0)
		fail_msg("%s", err.s);
	while (s->ops->poll(s, 0, pair_event, &p) != -ENODATA)
		;
	s->ops->close(s);
	assert_true(p.events > 0);
	assert_alike(p.kept, p.plain);
	model_free(p.kept);
	model_free(p.plain);
	buf_free(&err);
}

static void stories(void **state)
{
	const char *dir = getenv("STORIES_DIR") ? getenv("STORIES_DIR") : "tests/stories";
	DIR *d = opendir(dir);
	struct dirent *entry;
	u32 n = 0;

	(void)state;
	if (!d)
		skip();
	while ((entry = readdir(d))) {
		const char *dot = strrchr(entry->d_name, '.');
		char path[PATH_MAX];

		if (!dot || strcmp(dot, ".story"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		replay_story(path);
		n++;
	}
	closedir(d);
	assert_true(n > 10);
}

/* ---- what is no checkpoint ---- */

/* Applied to a model that knows something, it changes nothing but that a loss is known. */
static void assert_refused(const struct buf *bad, u64 after)
{
	struct feed *f = open_feed();
	struct buf before, later;
	u64 space[EV_MAX / 8];
	struct ev_kept_begin *b = (struct ev_kept_begin *)(void *)space;
	struct ev_kept_begin was;
	size_t at = 0;

	feed_task(f, 100, 1, "server");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	before = kept_dump(f->m);
	kept_read(f->m, bad);
	if (after)
		FEED_AT(f, tick, TICK, f->ts, 0, 0, .zero = 0);
	assert_int_equal(f->m->kept_bad, 1);
	assert_int_equal(f->m->lost, 1);
	assert_true(f->m->lost_since != 0);
	assert_null(model_verify(f->m));
	later = kept_dump(f->m);
	kept_next(&before, &at, space);
	was = *b;
	assert_int_equal(before.len, later.len);
	at = 0;
	kept_next(&later, &at, space);
	assert_int_equal(was.caps, b->caps);
	assert_int_equal(was.watching_since, b->watching_since);
	buf_free(&before);
	buf_free(&later);
	drop_feed(f);
}

static void cut_off(void **state)
{
	struct feed *f = rich_feed();
	struct buf dump = kept_dump(f->m), part = {};
	u64 space[EV_MAX / 8];
	size_t at = 0, begin;

	(void)state;
	for (kept_next(&dump, &at, space); at < dump.len;) {
		struct model *m = model_new(&verdict_judge);

		buf_reset(&part);
		buf_add(&part, dump.s, at);
		assert_refused(&part, 1); /* an event comes */
		kept_read(m, &part);
		assert_true(model_kept_open(m));
		assert_int_equal(m->kept_bad, 0);
		kept_read(m, &dump); /* another checkpoint comes, and it is good */
		assert_int_equal(m->kept_bad, 1);
		assert_false(model_kept_open(m));
		assert_same_model(f->m, m);
		model_free(m);
		begin = at;
		kept_next(&dump, &at, space);
		buf_reset(&part); /* one event is missing */
		buf_add(&part, dump.s, begin);
		buf_add(&part, dump.s + at, dump.len - at);
		assert_refused(&part, 1);
		buf_reset(&part); /* the beginning is missing */
		buf_add(&part, dump.s + begin, dump.len - begin);
		assert_refused(&part, 0);
	}
	buf_free(&part);
	buf_free(&dump);
	drop_feed(f);
}

static u64 seed = 7;

static u64 rnd(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return seed ^ seed >> 29;
}

static char doing[128]; /* for when it fails */

/* Not to the last byte: deadlines out of order are not worth refusing, and wake follows them. */
static void assert_can_be_kept(const struct model *m)
{
	struct buf dump = kept_dump(m);
	struct model *kept = model_new(&verdict_judge);

	kept_read(kept, &dump);
	if (kept->kept_bad || model_verify(kept))
		fail_msg("%s: what it left cannot be kept", doing);
	model_free(kept);
	buf_free(&dump);
}

/* The model is as it was or as the checkpoint says; either way it is a model, and lives on. */
static void read_hostile(const struct buf *dump)
{
	struct feed *f = open_feed();
	const char *why;

	feed_task(f, 100, 1, "server");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	kept_read(f->m, dump);
	why = model_verify(f->m);
	if (why)
		fail_msg("%s: %s", doing, why);
	f->ts = f->m->now < 1ull << 62 ? f->m->now : f->ts;
	feed_fork(f, 100, 101);
	feed_fork(f, 1, 500);
	feed_listener(f, 101, FILES(101), 5, 180, 0);
	feed_exit(f, 100, 1, 0, 9);
	feed_pass(f, GRACE_NS);
	feed_pass(f, 2 * GRACE_NS);
	why = model_verify(f->m);
	if (why)
		fail_msg("%s, later: %s", doing, why);
	assert_can_be_kept(f->m);
	drop_feed(f);
}

/* Another value for one field of one event. */
static u64 twisted(u64 was, u32 how)
{
	const u64 values[] = {0, 1, ~0ull, was + 1, was - 1, rnd() % 16, rnd() % 65536, rnd()};

	return values[how % ARRAY_SIZE(values)];
}

static void twist_event(const struct buf *dump, size_t at, const struct kind *k)
{
	struct buf bad = {};

	for (u32 i = 0; i < k->nfields; i++)
		for (u32 how = 0; how < 8; how++) {
			const struct field *fl = &k->fields[i];
			u64 v = 0;

			buf_reset(&bad);
			buf_add(&bad, dump->s, dump->len);
			memcpy(&v, bad.s + at + fl->offset, fl->size < 8 ? fl->size : 8);
			v = twisted(v, how);
			memcpy(bad.s + at + fl->offset, &v, fl->size < 8 ? fl->size : 8);
			snprintf(doing, sizeof(doing), "%s.%s = %llx at %zu", k->id, fl->name,
				 (unsigned long long)v, at);
			read_hostile(&bad);
		}
	buf_free(&bad);
}

static void twisted_fields(void **state)
{
	struct feed *f = rich_feed();
	struct buf dump = kept_dump(f->m);
	u64 space[EV_MAX / 8];

	(void)state;
	for (size_t at = 0, begin = 0; kept_next(&dump, &at, space); begin = at)
		twist_event(&dump, begin, event_kind(((struct ev *)(void *)space)->kind));
	buf_free(&dump);
	drop_feed(f);
}

/* Several fields of several events at once, with values that might just fit. */
static void twisted_together(void **state)
{
	const u32 rounds = getenv("KEEP_ROUNDS") ? (u32)atol(getenv("KEEP_ROUNDS")) : 3000;
	struct feed *f = rich_feed();
	struct buf dump = kept_dump(f->m), bad = {};
	u64 space[EV_MAX / 8];
	size_t starts[512], n = 0, begin = 0;

	(void)state;
	if (getenv("KEEP_SEED"))
		seed = (u64)atoll(getenv("KEEP_SEED"));
	for (size_t at = 0; kept_next(&dump, &at, space); begin = at)
		starts[n++] = begin;
	for (u32 round = 0; round < rounds; round++) {
		buf_reset(&bad);
		buf_add(&bad, dump.s, dump.len);
		for (u32 times = 1 + rnd() % 4; times; times--) {
			char *e = bad.s + starts[rnd() % n];
			const struct kind *k = event_kind(*(u16 *)(void *)e);
			const struct field *fl = &k->fields[rnd() % k->nfields];
			u64 v = 0, size = fl->size < 8 ? fl->size : 8;

			memcpy(&v, e + fl->offset, size);
			v = twisted(v, (u32)rnd());
			memcpy(e + fl->offset, &v, size);
		}
		snprintf(doing, sizeof(doing), "round %u", round);
		read_hostile(&bad);
	}
	buf_free(&bad);
	buf_free(&dump);
	drop_feed(f);
}

/* Any events of a checkpoint, in any order, and others between. */
static void shuffled(void **state)
{
	struct feed *f = rich_feed();
	struct buf dump = kept_dump(f->m), bad = {};
	u64 space[EV_MAX / 8];
	size_t starts[512], n = 0, begin = 0;

	(void)state;
	for (size_t at = 0; kept_next(&dump, &at, space); begin = at)
		starts[n++] = begin;
	starts[n] = dump.len;
	for (u32 round = 0; round < 2000; round++) {
		u32 kind = round % 3;

		buf_reset(&bad);
		for (size_t i = 0; i < n; i++) {
			size_t from = i;

			if (rnd() % n < 2 && i && i + 1 < n)
				from = kind == 0 ? 1 + rnd() % (n - 2) : kind == 1 ? i + 1 : n;
			if (from < n)
				buf_add(&bad, dump.s + starts[from],
					starts[from + 1] - starts[from]);
			if (kind == 1 && from == i + 1) { /* two change places */
				buf_add(&bad, dump.s + starts[i], starts[i + 1] - starts[i]);
				i++;
			}
		}
		read_hostile(&bad);
	}
	buf_free(&bad);
	buf_free(&dump);
	drop_feed(f);
}

/* Small events that name slots far apart take no memory to speak of. */
static void far_ids(void **state)
{
	struct model *m = model_new(&verdict_judge);
	struct ev_kept_begin b = {.h = {.kind = EV_KIND_KEPT_BEGIN, .size = sizeof(b)}};
	struct ev_kept_tab t = {.h = {.kind = EV_KIND_KEPT_TAB, .size = sizeof(t)}};

	(void)state;
	t.id = ~0u;
	model_apply(m, &b.h);
	model_apply(m, &t.h);
	assert_int_equal(m->kept_bad, 1);
	model_apply(m, &b.h);
	for (u32 i = 0; i < 65536 && m->kept_bad == 1; i++) {
		t.id = i * 256 + 1;
		model_apply(m, &t.h);
	}
	model_apply(m, &b.h); /* that one was broken off, or refused */
	assert_int_equal(m->kept_bad, 2);
	assert_true(model_kept_open(m));
	model_free(m);
}

/* ---- time ---- */

static double ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

static void add_raw(void *ctx, const struct ev *e, size_t bytes)
{
	buf_add(ctx, e, bytes);
}

static void time_it(const char *what, const struct model *m)
{
	struct model *kept = model_new(&verdict_judge);
	struct buf dump = {};
	struct timespec t;
	double out, in;

	buf_space(&dump, 64 << 20);
	memset(dump.s, 1, 64 << 20);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	model_dump(m, add_raw, &dump);
	out = ms_since(&t);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	kept_read(kept, &dump);
	in = ms_since(&t);
	print_message("%s: %zu bytes, written in %.0f ms, read in %.0f ms\n", what, dump.len, out,
		      in);
	assert_int_equal(kept->kept_bad, 0);
	assert_int_equal(kept->socks.live, m->socks.live);
	assert_true(out < 3000 && in < 3000); /* nothing grows faster than the model */
	model_free(kept);
	buf_free(&dump);
}

static void big(void **state)
{
	struct feed *f = open_feed();

	(void)state;
	feed_task(f, 1, 0, "init");
	for (u32 pid = 1000; pid < 3000; pid++) {
		feed_fork(f, 1, pid);
		feed_exec(f, pid, "/usr/bin/server");
	}
	for (u32 i = 0; i < 100000; i++)
		FEED(f, socket, SOCKET, 1000 + i % 2000, 1000 + i % 2000, .inode = 100000 + i,
		     .cookie = 100000 + i, .netns = NETNS, .proto = TCP4, .state = 1,
		     .local = EP4(80), .remote = EP4((u16)i), .files = FILES(1000 + i % 2000),
		     .fd = (s32)(3 + i / 2000));
	assert_int_equal(f->m->socks.live, 100000);
	time_it("100,000 sockets of one port, 2,000 processes", f->m);
	feed_exit(f, 1000, 1, 0, 9);
	time_it("the same a moment later", f->m);
	drop_feed(f);
}

/* One long list of everything that forms lists. */
static void deep(void **state)
{
	struct feed *f = open_feed();

	(void)state;
	feed_task(f, 1, 0, "init");
	for (u32 pid = 1; pid < 30000; pid++)
		feed_fork(f, pid, pid + 1);
	time_it("a chain of 30,000 processes", f->m);
	drop_feed(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_known),
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(holes),
		cmocka_unit_test(stories),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(twisted_fields),
		cmocka_unit_test(twisted_together),
		cmocka_unit_test(shuffled),
		cmocka_unit_test(far_ids),
		cmocka_unit_test(big),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
