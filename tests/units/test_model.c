// SPDX-License-Identifier: BSD-2-Clause
/* The model: each scene that needs no kernel, and a long run of random events. */
#include "random.h"
#include "words.h"

static int setup(void **state)
{
	struct feed *f = malloc(sizeof(*f));

	feed_open(f);
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "server");
	*state = f;
	return 0;
}

/* The same with a model that is read from a checkpoint of itself after every event. */
static int setup_kept(void **state)
{
	setup(state);
	((struct feed *)*state)->restore = true;
	return 0;
}

static int teardown(void **state)
{
	feed_close(*state);
	free(*state);
	return 0;
}

static bool holds(const struct feed *f, u32 pid, u64 inode)
{
	const struct sock *s = sock_by(f, inode);

	return s && proc_holds(f->m, proc_find(f->m, pid), s->id);
}

/* ---- ports ---- */

static void listener(void **state)
{
	struct feed *f = *state;
	struct holder *rows;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	assert_int_equal(verdict_by(f, 80), VERDICT_OWNED);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 1);
	assert_int_equal(rows[0].nfds, 1);
	assert_int_equal(rows[0].how, VIA_CREATED);
	assert_int_equal(rows[0].used, 1);
	assert_int_equal(map_get(&f->m->by_port, 80), sock_by(f, 80)->id);
	free(rows);
	feed_fd_close(f, 100, FILES(100), 3, 80);
	assert_null(sock_by(f, 80));
	assert_int_equal(f->told[EV_KIND_GONE], 1);
}

static void fork_alive(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_fork(f, 100, 101);
	assert_int_equal(verdict_by(f, 80), VERDICT_SHARED);
	assert_int_equal(sock_by(f, 80)->nholds, 2);
	feed_exit(f, 101, 100, 0, 0);
	assert_int_equal(verdict_by(f, 80), VERDICT_OWNED);
}

static void fork_exec_dead(void **state)
{
	struct feed *f = *state;
	struct holder *rows;
	struct step *steps;

	feed_exec(f, 100, "/usr/bin/server");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_fork(f, 100, 101);
	feed_exec(f, 101, "/usr/bin/sleep");
	assert_int_equal(f->told[EV_KIND_LEAK], 0);
	feed_exit(f, 100, 1, 0, 9);
	assert_int_equal(verdict_by(f, 80), VERDICT_LEAKED);
	assert_int_equal(f->told[EV_KIND_LEAK], 1);
	assert_int_equal(f->told[EV_KIND_TRANSFER], 1);
	assert_int_equal(f->transfer.to, 101);
	assert_int_equal(f->transfer.died, 1);
	assert_int_equal(f->leak.holder, 101);
	assert_int_equal(f->leak.creator, 100);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 1);
	assert_int_equal(rows[0].used, 0);
	assert_int_equal(chain_of(f->m, sock_by(f, 80), &rows[0], &steps), 3);
	assert_int_equal(steps[0].via, VIA_CREATED);
	assert_int_equal(steps[1].via, VIA_FORK);
	assert_int_equal(steps[1].ts, START(101));
	assert_int_equal(steps[2].kind, STEP_EXEC);
	assert_string_equal(image_at(f->m, steps[1].image)->comm, "server");
	assert_string_equal(image_at(f->m, steps[2].image)->comm, "sleep");
	free(steps);
	free(rows);
}

/* Who keeps it is asked again each time, also who did not keep it before. */
static void keepers_come_and_go(void **state)
{
	struct feed *f = *state;

	feed_exec(f, 100, "/usr/bin/server");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	for (u32 pid = 101; pid <= 104; pid++)
		feed_fork(f, 100, pid);
	feed_exec(f, 101, "/usr/bin/sleep");
	feed_exit(f, 100, 1, 0, 9);
	feed_exec(f, 101, "/usr/bin/server");
	feed_exit(f, 102, 1, 0, 9);
	feed_exec(f, 103, "/usr/bin/sleep");
	feed_exit(f, 104, 1, 0, 9);
	assert_int_equal(verdict_by(f, 80), VERDICT_INHERITED);
	assert_int_equal(f->told[EV_KIND_LEAK], 0);
	feed_exec(f, 101, "/usr/bin/other");
	assert_int_equal(f->told[EV_KIND_LEAK], 1);
	assert_int_equal(verdict_by(f, 80), VERDICT_LEAKED);
	feed_exec(f, 103, "/usr/bin/server");
	assert_int_equal(verdict_by(f, 80), VERDICT_INHERITED);
}

static void fork_exec_cloexec(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 1);
	feed_fork(f, 100, 101);
	feed_exec(f, 101, "/usr/bin/sleep");
	assert_int_equal(verdict_by(f, 80), VERDICT_OWNED);
	feed_exit(f, 100, 1, 0, 9);
	assert_null(sock_by(f, 80));
	assert_int_equal(f->told[EV_KIND_LEAK], 0);
}

static void dup_and_dup2(void **state)
{
	struct feed *f = *state;
	struct holder *rows;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_listener(f, 100, FILES(100), 4, 81, 0);
	feed_install(f, 100, FILES(100), 5, 80, VIA_DUP, 3, 0, 0);
	feed_install(f, 100, FILES(100), 4, 80, VIA_DUP, 3, 0, 0); /* dup2 over 81 */
	assert_null(sock_by(f, 81));
	feed_fd_close(f, 100, FILES(100), 3, 80);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 1);
	assert_int_equal(rows[0].nfds, 2);
	assert_int_equal(rows[0].how, VIA_CREATED);
	free(rows);
	feed_fd_close(f, 100, FILES(100), 5, 12345); /* another socket's close: ignored */
	assert_int_equal(sock_by(f, 80)->nholds, 2);
}

static const struct hold *slot(const struct feed *f, s32 fd)
{
	return hold_in(f->m, map_get(&f->m->by_files, FILES(100)), fd);
}

/* Of a table with many: in parts, marked, refilled, and all at once; feed() verifies after each. */
static void close_range_of_many(void **state)
{
	struct feed *f = *state;
	enum { MANY = 300, STEP = 7 };

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	for (s32 fd = 4; fd < MANY; fd++)
		feed_install(f, 100, FILES(100), STEP * fd, 80, VIA_DUP, 3, 0, 0);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = STEP * MANY,
	     .last = ~0u);
	assert_int_equal(f->m->holds.live, MANY - 3);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = STEP * 100,
	     .last = ~0u, .cloexec_only = 1);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = STEP * 50,
	     .last = ~0u, .cloexec_only = 1);
	assert_int_equal(slot(f, STEP * 49)->cloexec, 0);
	assert_int_equal(slot(f, STEP * 50)->cloexec, 1);
	FEED(f, cloexec, CLOEXEC, 100, 100, .files = FILES(100), .inode = 80, .fd = STEP * 60,
	     .cloexec = 0);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = STEP * 70,
	     .last = STEP * 279);
	assert_int_equal(f->m->holds.live, MANY - 3 - 210);
	assert_null(slot(f, STEP * 279));
	feed_install(f, 100, FILES(100), STEP * 100, 80, VIA_DUP, 3, 0, 0);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = 3, .last = ~0u);
	assert_int_equal(f->m->holds.live, 0);
}

static void close_range(void **state)
{
	struct feed *f = *state;

	for (u16 i = 0; i < 6; i++)
		feed_listener(f, 100, FILES(100), 3 + i, 80 + i, 0);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = 3, .last = 4,
	     .cloexec_only = 1);
	assert_int_equal(f->m->holds.live, 6);
	FEED(f, close_range, CLOSE_RANGE, 100, 100, .files = FILES(100), .first = 7, .last = ~0u);
	assert_int_equal(f->m->holds.live, 4);
	feed_fork(f, 100, 101);
	FEED(f, fdtab, FDTAB, 101, 101, .files = FILES(555), .leader = 1); /* UNSHARE */
	FEED(f, close_range, CLOSE_RANGE, 101, 101, .files = FILES(555), .first = 5, .last = 5);
	assert_false(holds(f, 101, 82));
	assert_true(holds(f, 100, 82));
	assert_int_equal(verdict_by(f, 83), VERDICT_SHARED);
	feed_exec_files(f, 101, 101, FILES(555), "/bin/other");
	assert_false(holds(f, 101, 80));
	assert_true(holds(f, 101, 83));
}

static void scm(void **state)
{
	struct feed *f = *state;
	struct holder *rows;
	struct step *steps;

	feed_task(f, 200, 1, "taker");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, pass, PASS, 100, 100, .files = FILES(100), .inode = 80, .over = 999, .fd = 3);
	assert_int_equal(sock_by(f, 80)->queue, 999);
	feed_exit(f, 100, 1, 0, 9);
	assert_int_equal(verdict_by(f, 80), VERDICT_HIDDEN);
	feed_install(f, 200, FILES(200), 7, 80, VIA_SCM_RIGHTS, -1, 0, 1);
	assert_int_equal(sock_by(f, 80)->queue, 0);
	assert_int_equal(verdict_by(f, 80), VERDICT_PASSED);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 1);
	assert_int_equal(chain_of(f->m, sock_by(f, 80), &rows[0], &steps), 2);
	assert_int_equal(steps[0].via, VIA_CREATED);
	assert_int_equal(steps[1].via, VIA_SCM_RIGHTS);
	assert_int_equal(proc_at(f->m, steps[1].from)->tgid, 100);
	free(steps);
	free(rows);
}

/* Closed, and the kernel does not say that it is over: something else has it. */
static void outlives_its_descriptors(void **state)
{
	struct feed *f = *state;

	f->silent = true;
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_fd_close(f, 100, FILES(100), 3, 80);
	assert_int_equal(f->told[EV_KIND_GONE], 0);
	assert_int_equal(sock_next(f->m, 0), 0); /* most likely it is over */
	assert_int_equal(map_get(&f->m->by_port, 80), 0);
	feed_pass(f, 100 * NS_PER_MS);
	assert_int_equal(verdict_by(f, 80), VERDICT_HIDDEN);
	assert_int_equal(map_get(&f->m->by_port, 80), sock_by(f, 80)->id);
	assert_int_equal(proc_at(f->m, sock_by(f, 80)->creator)->tgid, 100);
	assert_int_equal(sock_by(f, 80)->closed_by, 100);
	FEED(f, destroy, DESTROY, 0, 0, .cookie = 80);
	assert_null(sock_by(f, 80));
	assert_int_equal(f->told[EV_KIND_GONE], 1);
}

/* Closed, put into a slot again and closed in one instant, as late news may say: one close. */
static void closed_twice_at_once(void **state)
{
	struct feed *f = *state;
	u64 ts;

	f->silent = true;
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	ts = feed_tick(f);
	for (int i = 0; i < 2; i++) {
		if (i)
			FEED_AT(f, install, INSTALL, ts, 100, 100, .files = FILES(100), .inode = 80,
				.cookie = 80, .proto = TCP4, .state = 10, .local = EP4(80), .fd = 3,
				.from_fd = -1, .via = VIA_DUP);
		FEED_AT(f, close, CLOSE, ts, 100, 100, .files = FILES(100), .inode = 80, .fd = 3);
	}
	feed_pass(f, 100 * NS_PER_MS);
	assert_int_equal(verdict_by(f, 80), VERDICT_HIDDEN);
}

/* Of others the kernel tells nothing: what the close left behind says it, and then a scan. */
static void closed_with_references(void **state)
{
	struct feed *f = *state;

	for (u32 left = 0; left < 2; left++) {
		FEED(f, socket, SOCKET, 100, 100, .inode = 90 + left, .cookie = 90 + left,
		     .proto = UDP4, .state = 7, .files = FILES(100), .fd = 5);
		FEED(f, close, CLOSE, 100, 100, .files = FILES(100), .inode = 90 + left, .fd = 5,
		     .left = left);
	}
	assert_null(sock_by(f, 90));
	f->silent = true;
	feed_pass(f, 100 * NS_PER_MS);
	assert_int_equal(verdict_by(f, 91), VERDICT_HIDDEN);
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = SCOPE_SOCKS);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_SOCKS, .begin = f->ts);
	assert_null(sock_by(f, 91));
}

/* The receiver may be told of before the sender. */
static void scm_race(void **state)
{
	struct feed *f = *state;

	feed_task(f, 200, 1, "taker");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_install(f, 200, FILES(200), 7, 80, VIA_SCM_RIGHTS, -1, 0, 1);
	FEED(f, pass, PASS, 100, 100, .files = FILES(100), .inode = 80, .over = 999, .fd = 3);
	assert_int_equal(sock_by(f, 80)->queue, 0);
	feed_exit(f, 100, 1, 0, 9);
	feed_fd_close(f, 200, FILES(200), 7, 80);
	assert_null(sock_by(f, 80));
}

static void scm_in_flight_dies(void **state)
{
	struct feed *f = *state;

	FEED(f, socket, SOCKET, 100, 100, .inode = 999, .cookie = 999, .proto = UNIX1, .state = 1,
	     .files = FILES(100), .fd = 9);
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, pass, PASS, 100, 100, .files = FILES(100), .inode = 80, .over = 999, .fd = 3);
	feed_fd_close(f, 100, FILES(100), 3, 80);
	assert_int_equal(verdict_by(f, 80), VERDICT_HIDDEN);
	feed_fd_close(f, 100, FILES(100), 9, 999);
	assert_null(sock_by(f, 80));
}

/* ---- how often in which queue ---- */

static void queue_made(struct feed *f, u32 pid, u32 inode, s32 fd)
{
	FEED(f, socket, SOCKET, pid, pid, .inode = inode, .cookie = inode, .proto = UNIX1,
	     .state = 1, .files = FILES(pid), .fd = fd);
}

static void sent(struct feed *f, u32 inode, u32 queue)
{
	FEED(f, pass, PASS, 100, 100, .files = FILES(100), .inode = inode, .cookie = inode,
	     .over = 998, .queue = queue, .fd = 3);
}

static void received(struct feed *f, u32 pid, u32 inode, u32 queue, bool peeked)
{
	FEED(f, install, INSTALL, pid, pid, .inode = inode, .cookie = inode, .netns = NETNS,
	     .proto = TCP4, .state = 10, .local = EP4(inode), .files = FILES(pid), .fd = 7,
	     .from_fd = -1, .via = VIA_SCM_RIGHTS, .queue = queue, .peeked = peeked);
	feed_fd_close(f, pid, FILES(pid), 7, inode);
}

static u32 times_in(const struct feed *f, u32 inode, u32 queue)
{
	const struct sock *s = sock_by(f, inode);
	const struct flight *in = s ? flight_in(f->m, s, queue) : NULL;

	return in ? in->count : 0;
}

static void flights_are_counted(void **state)
{
	struct feed *f = *state;

	feed_task(f, 200, 1, "taker");
	queue_made(f, 200, 999, 9);
	queue_made(f, 200, 997, 8);
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	sent(f, 80, 999);
	sent(f, 80, 999);
	sent(f, 80, 997);
	feed_fd_close(f, 100, FILES(100), 3, 80);
	received(f, 200, 80, 999, true); /* a peek takes nothing */
	assert_int_equal(times_in(f, 80, 999), 2);
	received(f, 200, 80, 999, false);
	assert_int_equal(times_in(f, 80, 999), 1);
	received(f, 200, 80, 997, false);
	assert_int_equal(times_in(f, 80, 997), 0);
	assert_int_equal(verdict_by(f, 80), VERDICT_HIDDEN);
	assert_int_equal(sock_by(f, 80)->queue, 999);
	received(f, 200, 80, 0, false); /* where from is not known */
	assert_null(sock_by(f, 80));
}

/* The queue ends with its last holder, and what is in it with the queue, however often. */
static void flights_end_with_their_queue(void **state)
{
	struct feed *f = *state;

	feed_task(f, 200, 1, "taker");
	queue_made(f, 200, 999, 9);
	queue_made(f, 200, 997, 8);
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	sent(f, 80, 999);
	sent(f, 80, 999);
	sent(f, 80, 997);
	feed_exit(f, 100, 1, 0, 9);
	feed_fd_close(f, 200, FILES(200), 9, 999);
	assert_int_equal(times_in(f, 80, 997), 1);
	feed_exit(f, 200, 1, 0, 9);
	assert_null(sock_by(f, 80));
	assert_int_equal(f->m->priv->flights.live, 0);
}

/* What a scan counted has in it what the ring tells of from before; what it met no more is over. */
static void flights_scanned(void **state)
{
	struct feed *f = *state;
	u64 before, begin;

	queue_made(f, 100, 999, 9);
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	before = f->ts;
	f->ts += 20 * NS_PER_MS;
	FEED(f, scan_queue, SCAN_QUEUE, 0, 0, .inode = 80, .cookie = 80, .proto = TCP4, .state = 10,
	     .local = EP4(80), .netns = NETNS, .queue = 999, .count = 2);
	FEED_AT(f, pass, PASS, before, 100, 100, .files = FILES(100), .inode = 80, .cookie = 80,
		.over = 998, .queue = 999, .fd = 3);
	assert_int_equal(times_in(f, 80, 999), 2);
	sent(f, 80, 999);
	assert_int_equal(times_in(f, 80, 999), 3);
	begin = f->ts + NS_PER_S;
	f->ts = begin;
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 80, .cookie = 80, .proto = TCP4, .state = 10,
	     .local = EP4(80), .netns = NETNS);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_SOCKS, .begin = begin);
	assert_int_equal(times_in(f, 80, 999), 0);
}

/* Each in the queue of the other, and held by nobody else: only a scan can say that it is over. */
static void flights_in_a_circle(void **state)
{
	struct feed *f = *state;

	queue_made(f, 100, 500, 4);
	queue_made(f, 100, 501, 5);
	sent(f, 500, 501);
	sent(f, 501, 500);
	sent(f, 501, 501);
	feed_exit(f, 100, 1, 0, 9);
	assert_non_null(sock_by(f, 500));
	f->ts += NS_PER_S;
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_SOCKS, .begin = f->ts);
	assert_null(sock_by(f, 500));
	assert_null(sock_by(f, 501));
	assert_int_equal(f->m->priv->flights.live, 0);
}

/* Its maker lets go while it is in flight, by close or by death: told when somebody takes it. */
static void transfer_in_flight(void **state)
{
	struct feed *f = *state;

	feed_task(f, 200, 1, "taker");
	queue_made(f, 200, 999, 9);
	for (u32 port = 80; port <= 81; port++) {
		feed_listener(f, 100, FILES(100), 3, port, 0);
		sent(f, port, 999);
		if (port == 80)
			feed_fd_close(f, 100, FILES(100), 3, port);
		else
			feed_exit(f, 100, 1, 0, 9);
		assert_int_equal(f->told[EV_KIND_TRANSFER], port - 80);
		feed_install(f, 200, FILES(200), (s32)port, port, VIA_SCM_RIGHTS, -1, 0, 0);
		assert_int_equal(f->told[EV_KIND_TRANSFER], port - 79);
		assert_int_equal(f->transfer.from, 100);
		assert_int_equal(f->transfer.to, 200);
		assert_int_equal(f->transfer.died, port == 81);
		assert_int_equal(verdict_by(f, port), VERDICT_PASSED);
	}
	assert_int_equal(f->told[EV_KIND_LEAK], 0);
}

static void met(struct feed *f, u32 pid, u32 port, u32 waits)
{
	FEED(f, scan_fd, SCAN_FD, pid, pid, .inode = port, .cookie = port, .proto = TCP4,
	     .state = 10, .local = EP4(port), .netns = NETNS, .files = FILES(pid), .fd = 3,
	     .waits = waits);
}

static u64 look(struct feed *f)
{
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = SCOPE_FDS);
	return f->ts;
}

static void look_over(struct feed *f, u64 begin, u32 leaks)
{
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_FDS, .begin = begin);
	assert_int_equal(f->told[EV_KIND_LEAK], leaks);
}

/* Two servers, a sleep of each has its listener, and a scan met them all. */
static void lean_begin(struct feed *f)
{
	u64 begin;

	FEED(f, source, SOURCE, 0, 0, .caps = SRC_EVENTS, .filter = ~0ull);
	for (u32 pid = 200; pid <= 300; pid += 100) {
		feed_task(f, pid, 1, "server");
		feed_listener(f, pid, FILES(pid), 3, pid, 0);
		feed_fork(f, pid, pid + 1);
		feed_exec(f, pid + 1, "/bin/sleep");
	}
	begin = look(f);
	for (u32 pid = 200; pid <= 300; pid += 100) {
		met(f, pid, pid, 1);
		met(f, pid + 1, pid, 2);
	}
	look_over(f, begin, 0);
}

static void unlooked(struct feed *f, u32 port)
{
	const struct sock *s = sock_at(f->m, sock_find(f->m, port, 0));

	assert_int_equal(verdict_by(f, port), VERDICT_INHERITED);
	assert_false(verdict_certain(f->m, s, VERDICT_INHERITED));
}

/*
 * Without descriptor events nobody is accused before a scan of all that began when the creator had
 * gone: neither by what was found before, nor by a scan it died in the middle of, or of one table.
 */
static void leak_lean(void **state)
{
	struct feed *f = *state;
	u64 begin;

	lean_begin(f);
	feed_exit(f, 200, 1, 0, 9);
	unlooked(f, 200);
	begin = f->ts;
	met(f, 201, 200, 2);
	FEED(f, scan_end, SCAN_END, 201, 201, .scope = SCOPE_FDS, .pid = 201, .begin = begin);
	unlooked(f, 200);
	begin = look(f);
	met(f, 201, 200, 2);
	met(f, 301, 300, 2);
	feed_exit(f, 300, 1, 0, 9);
	look_over(f, begin, 1);
	assert_int_equal(verdict_by(f, 200), VERDICT_LEAKED);
	unlooked(f, 300);
	look(f); /* cut: it says nothing */
	unlooked(f, 300);
	f->ts += 2 * NS_PER_S; /* no longer can it be the creator's own wait that is found */
	begin = look(f);
	met(f, 201, 200, 2);
	met(f, 301, 300, 1);
	look_over(f, begin, 1);
	assert_int_equal(verdict_by(f, 300), VERDICT_INHERITED);
	begin = look(f);
	met(f, 201, 200, 2);
	met(f, 301, 300, 2); /* busy: it was found waiting, which was a use */
	look_over(f, begin, 1);
	assert_int_equal(verdict_by(f, 300), VERDICT_INHERITED);
}

/* Nor for what it executes before anybody saw what it does with it, as who is begun by socket does. */
static void leak_lean_exec(void **state)
{
	struct feed *f = *state;
	u64 begin;

	lean_begin(f);
	feed_fork(f, 200, 202);
	feed_exit(f, 201, 200, 0, 9);
	feed_exit(f, 200, 1, 0, 9);
	begin = look(f);
	met(f, 202, 200, 2);
	look_over(f, begin, 0);
	assert_int_equal(verdict_by(f, 200), VERDICT_INHERITED); /* it may be the server */
	feed_exec(f, 202, "/bin/other");
	unlooked(f, 200);
	begin = look(f);
	met(f, 202, 200, 1);
	look_over(f, begin, 0);
	assert_int_equal(verdict_by(f, 200), VERDICT_INHERITED);
}

static void pidfd_getfd(void **state)
{
	struct feed *f = *state;

	feed_task(f, 200, 1, "taker");
	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_install(f, 200, FILES(200), 7, 80, VIA_PIDFD_GETFD, 3, 100, 1);
	assert_int_equal(verdict_by(f, 80), VERDICT_SHARED);
	feed_exit(f, 100, 1, 0, 9);
	assert_int_equal(verdict_by(f, 80), VERDICT_PASSED);
}

static void headless(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, headless, HEADLESS, 100, 100, .start = START(100));
	assert_true(proc_by(f, 100)->flags & TASK_HEADLESS);
	assert_int_equal(verdict_by(f, 80), VERDICT_OWNED);
	FEED(f, scan_task, SCAN_TASK, 100, 100, .start = START(100), .parent = 1,
	     .flags = TASK_HEADLESS, .name = comm_of("server"));
	assert_true(holds(f, 100, 80));
	FEED(f, exit, EXIT, 100, 105, .start = START(100), .files = FILES(100), .parent = 1);
	assert_null(sock_by(f, 80));
}

static void thread_files(void **state)
{
	struct feed *f = *state;
	struct holder *rows;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, fdtab, FDTAB, 100, 105, .files = FILES(500));
	feed_fd_close(f, 100, FILES(100), 3, 80);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 1);
	assert_int_equal(rows[0].tid, 105);
	free(rows);
	assert_int_equal(f->told[EV_KIND_TRANSFER], 0);
	FEED(f, thread, THREAD, 100, 105, .files = FILES(501), .parent_files = FILES(500),
	     .thread = 106);
	FEED(f, thread_exit, THREAD_EXIT, 100, 105, .files = FILES(500));
	assert_int_equal(sock_by(f, 80)->nholds, 1);
	FEED(f, thread_exit, THREAD_EXIT, 100, 106, .files = FILES(501));
	assert_null(sock_by(f, 80));
}

static void clone_files(void **state)
{
	struct feed *f = *state;
	struct holder *rows;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, fork, FORK, 100, 100, .start = START(101), .files = FILES(100),
	     .parent_files = FILES(100), .child = 101, .parent = 100, .exit_signal = 17);
	assert_int_equal(holders_of(f->m, sock_by(f, 80), &rows), 2);
	free(rows);
	feed_exit(f, 100, 1, 0, 9);
	assert_int_equal(f->told[EV_KIND_TRANSFER], 1);
	assert_true(holds(f, 101, 80));
	feed_fd_close(f, 101, FILES(100), 3, 80);
	assert_null(sock_by(f, 80));
}

/* posix_spawn: shares until the exec, which then works on a copy. */
static void clone_files_exec(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 1);
	feed_listener(f, 100, FILES(100), 4, 81, 0);
	FEED(f, fork, FORK, 100, 100, .start = START(101), .files = FILES(100),
	     .parent_files = FILES(100), .child = 101, .parent = 100, .exit_signal = 17,
	     .flags = FORK_VFORK);
	feed_exec(f, 101, "/bin/true");
	assert_true(holds(f, 100, 80));
	assert_false(holds(f, 101, 80));
	assert_true(holds(f, 101, 81));
}

static void exec_in_thread(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, fdtab, FDTAB, 100, 105, .files = FILES(500));
	feed_fd_close(f, 100, FILES(100), 3, 80);
	feed_exec_files(f, 100, 105, FILES(500), "/bin/new");
	assert_true(holds(f, 100, 80));
	assert_int_equal(f->m->tabrefs.live, 2); /* init's and this one */
	assert_string_equal(proc_comm(f->m, proc_by(f, 100)), "new");
}

static void exec_walk(void **state)
{
	struct feed *f = *state;
	u64 begin;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_listener(f, 100, FILES(100), 4, 81, 0);
	feed_exec(f, 100, "/bin/new");
	begin = f->ts;
	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 80, .cookie = 80, .files = FILES(100),
	     .fd = 3);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_TABLE, .files = FILES(100),
	     .begin = begin);
	assert_true(holds(f, 100, 80));
	assert_null(sock_by(f, 81));
	assert_int_equal(hold_at(f->m, sock_by(f, 80)->holds)->via, VIA_CREATED);
}

static void pid_reuse(void **state)
{
	struct feed *f = *state;
	const struct sock *s;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_fork(f, 100, 101);
	feed_exec(f, 101, "/bin/sleep");
	feed_exit(f, 100, 1, 0, 9);
	FEED(f, fork, FORK, 1, 1, .start = START(100) + 777 * NS_PER_S, .files = FILES(100),
	     .parent_files = FILES(1), .child = 100, .parent = 1, .exit_signal = 17);
	s = sock_by(f, 80);
	assert_int_not_equal(s->creator, proc_find(f->m, 100));
	assert_int_equal(proc_at(f->m, s->creator)->start, START(100));
	assert_int_equal(proc_find_start(f->m, 100, START(100)), s->creator);
	assert_int_equal(verdict_by(f, 80), VERDICT_LEAKED);
}

static void fork_per_conn(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, state, STATE, 0, 0, .cookie = 5000, .proto = TCP4, .state = 1, .old = 3,
	     .local = EP4(80), .remote = EP4(40000), .netns = NETNS);
	assert_int_equal(sock_find(f->m, 0, 5000) != 0, 1);
	FEED(f, accept, ACCEPT, 100, 100, .inode = 6000, .cookie = 5000, .proto = TCP4, .state = 1,
	     .local = EP4(80), .remote = EP4(40000), .netns = NETNS, .files = FILES(100),
	     .listener = 80, .fd = 4, .listen_fd = 3);
	assert_int_equal(sock_find(f->m, 6000, 0), sock_find(f->m, 0, 5000));
	feed_fork(f, 100, 101);
	feed_fd_close(f, 100, FILES(100), 4, 6000);
	assert_int_equal(f->told[EV_KIND_TRANSFER], 1);
	assert_int_equal(f->transfer.died, 0);
	assert_int_equal(verdict_by(f, 6000), VERDICT_INHERITED);
	assert_int_equal(verdict_by(f, 80), VERDICT_SHARED);
	feed_fd_close(f, 101, FILES(101), 4, 6000);
	assert_int_equal(verdict_by(f, 6000), VERDICT_ORPHANED);
	FEED(f, state, STATE, 0, 0, .cookie = 5000, .proto = TCP4, .state = 7, .old = 4);
	assert_int_equal(sock_find(f->m, 0, 5000), 0);
}

/* Seen by inode alone and by cookie alone first: one socket in the end. */
static void join(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 6000, .proto = TCP4, .state = 1,
	     .local = EP4(80), .files = FILES(100), .fd = 4);
	FEED(f, state, STATE, 0, 0, .cookie = 5000, .proto = TCP4, .state = 1, .old = 3,
	     .local = EP4(80));
	assert_int_not_equal(sock_find(f->m, 6000, 0), sock_find(f->m, 0, 5000));
	FEED(f, accept, ACCEPT, 100, 100, .inode = 6000, .cookie = 5000, .proto = TCP4, .state = 1,
	     .local = EP4(80), .files = FILES(100), .fd = 4, .listen_fd = 3);
	assert_int_equal(sock_find(f->m, 6000, 0), sock_find(f->m, 0, 5000));
	assert_int_equal(hold_at(f->m, sock_by(f, 6000)->holds)->via, VIA_ACCEPTED);
}

static void inode_reuse(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	FEED(f, socket, SOCKET, 100, 100, .inode = 80, .cookie = 4242, .proto = UDP4, .state = 7,
	     .files = FILES(100), .fd = 4);
	assert_int_equal(f->told[EV_KIND_GONE], 1);
	assert_int_equal(sock_by(f, 80)->cookie, 4242);
	assert_int_equal(sock_find(f->m, 0, 80), 0);
	assert_int_equal(f->m->holds.live, 1);
}

static void time_wait(void **state)
{
	struct feed *f = *state;

	for (int i = 0; i < 2; i++)
		FEED(f, scan_sock, SCAN_SOCK, 0, 0, .proto = TCP4, .state = 6, .netns = NETNS,
		     .sflags = SF_TIMEWAIT, .local = EP4(80), .remote = EP4(40000),
		     .left_ms = 30000);
	assert_int_equal(f->m->socks.live, 1);
	assert_int_equal(verdict_of(f->m, sock_at(f->m, map_get(&f->m->by_port, 80))),
			 VERDICT_ORPHANED);
	feed_pass(f, 29 * NS_PER_S);
	assert_int_not_equal(map_get(&f->m->by_port, 80), 0);
	feed_pass(f, 3 * NS_PER_S);
	assert_int_equal(map_get(&f->m->by_port, 80), 0);
}

static void daemonize(void **state)
{
	struct feed *f = *state;
	const struct proc *p;

	feed_fork(f, 100, 101);
	feed_exit(f, 100, 1, 0, 0);
	assert_int_equal(f->reparent.child, 101);
	assert_int_equal(f->reparent.to, 1);
	FEED(f, session, SESSION, 101, 101, .target = 101, .sid = 101, .pgid = 101);
	feed_fork(f, 101, 102);
	feed_exit(f, 101, 1, 0, 0);
	feed_listener(f, 102, FILES(102), 3, 80, 0);
	assert_int_equal(verdict_by(f, 80), VERDICT_OWNED);
	FEED(f, wait, WAIT, 1, 1, .nr = 100);
	FEED(f, wait, WAIT, 1, 1, .nr = 101);
	feed_pass(f, 3600 * NS_PER_S); /* lineage is remembered for as long as it is of use */
	p = proc_at(f->m, proc_by(f, 102)->birth);
	assert_int_equal(p->tgid, 101);
	assert_true(p->setsid_ts != 0 && p->orphaned_ts != 0);
	assert_int_equal(proc_at(f->m, p->birth)->tgid, 100);
	feed_exit(f, 102, 1, 0, 0);
	FEED(f, wait, WAIT, 1, 1, .nr = 102);
	feed_pass(f, 3600 * NS_PER_S);
	assert_int_equal(f->m->procs.live, 1);
}

/* ---- scans ---- */

static void late_scan_then_events(void **state)
{
	struct feed *f = *state;
	u64 before = feed_tick(f);
	u32 cookie = 80;

	f->ts += NS_PER_S;
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = 7);
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "server");
	FEED(f, scan_task, SCAN_TASK, 101, 101, .start = START(101), .files = FILES(101),
	     .parent = 100, .exit_signal = 17, .name = comm_of("worker"));
	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 80, .cookie = cookie, .proto = TCP4,
	     .state = 10, .local = EP4(80), .files = FILES(100), .fd = 3);
	FEED(f, scan_fd, SCAN_FD, 101, 101, .inode = 80, .cookie = cookie, .proto = TCP4,
	     .state = 10, .local = EP4(80), .files = FILES(101), .fd = 3);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = 7, .begin = f->ts - 5 * NS_PER_MS);
	assert_int_equal(verdict_by(f, 80), VERDICT_HELD);
	/* now what happened before the scan is read: it explains, it does not contradict */
	FEED_AT(f, socket, SOCKET, before, 100, 100, .inode = 80, .cookie = cookie, .proto = TCP4,
		.state = 7, .files = FILES(100), .fd = 3);
	FEED_AT(f, close, CLOSE, before + 1, 100, 100, .inode = 80, .files = FILES(100), .fd = 3);
	FEED_AT(f, fork, FORK, before + 2, 100, 100, .start = START(101), .files = FILES(101),
		.parent_files = FILES(100), .child = 101, .parent = 100, .exit_signal = 17);
	assert_int_equal(sock_by(f, 80)->state, 10);
	assert_int_equal(sock_by(f, 80)->nholds, 2);
	assert_int_equal(verdict_by(f, 80), VERDICT_SHARED);
	assert_int_equal(hold_at(f->m, hold_at(f->m, sock_by(f, 80)->holds)->sock_next)->how,
			 VIA_FORK);
	assert_int_equal(proc_at(f->m, proc_by(f, 101)->birth)->tgid, 100);
}

static void loss_and_rescan(void **state)
{
	struct feed *f = *state;
	u64 begin;

	feed_listener(f, 100, FILES(100), 3, 80, 0);
	feed_fork(f, 100, 101);
	FEED(f, lost, LOST, 0, 0, .count = 17);
	assert_true(f->m->lost_since != 0);
	begin = feed_tick(f);
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = 7);
	feed_task(f, 1, 0, "init");
	feed_task(f, 101, 1, "server");
	feed_task(f, 300, 1, "new");
	FEED(f, scan_fd, SCAN_FD, 101, 101, .inode = 80, .cookie = 80, .proto = TCP4, .state = 10,
	     .local = EP4(80), .files = FILES(101), .fd = 3);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = 7, .begin = begin);
	assert_int_equal(f->told[EV_KIND_RESYNC], 1);
	assert_int_equal(f->resync.dropped, 1); /* the server; its hold went with it */
	assert_int_equal(f->resync.added, 1);
	assert_int_equal(f->m->lost_since, 0);
	assert_int_equal(proc_by(f, 100)->state, PROC_GONE);
	assert_int_equal(f->told[EV_KIND_REAP], 1);
	assert_int_equal(verdict_by(f, 80), VERDICT_INHERITED);
	assert_int_equal(hold_at(f->m, sock_by(f, 80)->holds)->how, VIA_FORK);
}

/* ---- zombies and deaths ---- */

static void z_reaped(void **state)
{
	struct feed *f = *state;
	u64 exited;

	feed_fork(f, 100, 101);
	feed_exit(f, 101, 100, 3, 0);
	exited = f->ts;
	assert_int_equal(proc_by(f, 100)->zombies, 1);
	f->ts = exited + 199 * NS_PER_MS;
	FEED(f, wait, WAIT, 100, 100, .nr = 101);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 1);
	assert_int_equal(f->told[EV_KIND_REAP], 1);
	assert_int_equal(f->reap.reaper, 100);
	assert_int_equal(f->reap.zombie_ns, 200 * NS_PER_MS);
	FEED(f, free, FREE, 101, 101, .start = START(101));
	assert_int_equal(f->told[EV_KIND_REAP], 1);
	assert_int_equal(proc_by(f, 100)->zombies, 0);
	assert_int_equal(proc_by(f, 100)->reaps, 1);
	feed_pass(f, GRACE_NS + NS_PER_S);
	assert_null(proc_by(f, 101));
}

static void z_ignored(void **state)
{
	struct feed *f = *state;

	feed_fork(f, 100, 101);
	feed_exit(f, 101, 100, 0, 0);
	FEED(f, free, FREE, 101, 101, .start = START(101));
	assert_int_equal(f->told[EV_KIND_REAP], 0); /* a wait may still return it */
	feed_pass(f, FREE_GRACE_NS);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 0);
	assert_int_equal(f->told[EV_KIND_REAP], 1);
	assert_int_equal(f->reap.reaper, 0);
	assert_true(death_at(f->m, proc_by(f, 101)->death)->auto_reaped);
}

/* The parent is put off the CPU inside wait(): the kernel frees the child before wait returns. */
static void z_free_before_wait(void **state)
{
	struct feed *f = *state;

	feed_fork(f, 100, 101);
	feed_exit(f, 101, 100, 0, 0);
	FEED(f, free, FREE, 101, 101, .start = START(101));
	FEED(f, wait, WAIT, 100, 100, .nr = 101);
	feed_pass(f, FREE_GRACE_NS);
	assert_int_equal(f->told[EV_KIND_REAP], 1);
	assert_int_equal(f->reap.reaper, 100);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 0);
}

/* Nothing of waits is seen: the free says whose child it was, whenever and wherever it comes. */
static void z_reaped_lean(void **state)
{
	struct feed *f = *state;

	FEED(f, source, SOURCE, 0, 0, .caps = SRC_EVENTS, .filter = ~0ull);
	for (u32 pid = 101; pid <= 104; pid++) {
		feed_fork(f, 100, pid);
		feed_exit(f, pid, 100, 0, 0);
	}
	feed_exit(f, 100, 1, 0, 0);
	FEED(f, free, FREE, 101, 101, .start = START(101), .parent = 100,
	     .parent_start = START(100), .sigchld = 255);
	assert_int_equal(f->reap.reaper, 100);
	FEED(f, free, FREE, 100, 100, .start = START(100), .parent = 1, .parent_start = START(1),
	     .sigchld = 2);
	assert_int_equal(f->reap.reaper, 1);
	FEED(f, free, FREE, 102, 102, .start = START(102), .parent = 100,
	     .parent_start = START(100), .sigchld = 255);
	assert_int_equal(f->reap.reaper, 100);
	assert_int_equal(f->told[EV_KIND_REPARENT], 0);
	/* one was an orphan that PID 1 reaped at once, one still is */
	FEED(f, free, FREE, 103, 103, .start = START(103), .parent = 1, .parent_start = START(1),
	     .sigchld = 2);
	assert_int_equal(f->told[EV_KIND_REPARENT], 1);
	assert_int_equal(f->reparent.from, 100);
	assert_int_equal(f->reap.reaper, 1);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 0);
	for (int i = 0; i < 12; i++)
		feed_pass(f, LEFT_GRACE_NS / 10);
	assert_int_equal(f->told[EV_KIND_REPARENT], 2);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 1);
	assert_int_equal(f->told[EV_KIND_REAP], 4);
}

static void z_traced(void **state)
{
	struct feed *f = *state;

	feed_task(f, 300, 1, "strace");
	feed_fork(f, 100, 101);
	feed_exit(f, 101, 100, 0, 0);
	FEED(f, wait, WAIT, 300, 300, .nr = 101); /* a tracer's wait reaps nothing */
	assert_int_equal(f->told[EV_KIND_REAP], 0);
}

static void z_storm(void **state)
{
	struct feed *f = *state;

	f->verify = false;
	for (u32 pid = 10000; pid < 15000; pid++) {
		feed_fork(f, 100, pid);
		feed_exit(f, pid, 100, 0, 0);
		if (pid % 5)
			FEED(f, wait, WAIT, 100, 100, .nr = pid);
	}
	assert_int_equal(proc_by(f, 100)->zombies, 1000);
	assert_int_equal(f->told[EV_KIND_REAP], 4000);
	feed_pass(f, NS_PER_S);
	assert_int_equal(f->told[EV_KIND_ZOMBIE], 1000);
	assert_null(model_verify(f->m));
}

static void t_killed(void **state)
{
	struct feed *f = *state;
	const struct death *d;

	feed_task(f, 300, 1, "bash");
	feed_fork(f, 100, 101);
	FEED(f, signal, SIGNAL, 300, 300, .target = 101, .target_tid = 101, .signal = 9);
	feed_exit(f, 101, 100, 0, 9);
	d = death_at(f->m, proc_by(f, 101)->death);
	assert_int_equal(proc_at(f->m, d->killer)->tgid, 300);
	assert_int_equal(d->killer_pid, 300);
	/* a child that kills its parent, and dies: references in a circle are let go of in the end
	 */
	feed_fork(f, 100, 102);
	FEED(f, signal, SIGNAL, 102, 102, .target = 100, .target_tid = 100, .signal = 9);
	feed_exit(f, 100, 1, 0, 9);
	feed_exit(f, 102, 1, 0, 0);
	assert_int_equal(death_at(f->m, proc_by(f, 100)->death)->killer, proc_find(f->m, 102));
}

/* Whoever ran when a signal was generated has sent it only where the code and the flags tell so. */
static void signal_senders(void **state)
{
	static const struct {
		u32 signal;
		s32 code;
		u32 flags, by, cause;
	} rows[] = {
		{15, 0, SIGNAL_TOLD, 300, CAUSE_PROCESS},
		{15, -1, SIGNAL_TOLD, 300, CAUSE_PROCESS},
		{15, -6, SIGNAL_TOLD, 300, CAUSE_PROCESS},
		{9, 0, SIGNAL_TOLD | SIGNAL_NO_INFO, 300, CAUSE_CGROUP},
		{15, 0, SIGNAL_TOLD | SIGNAL_NO_INFO | SIGNAL_EXITING, 300, CAUSE_PARENT},
		{14, 0x80, SIGNAL_TOLD, 0, CAUSE_TIMER},
		{15, -2, SIGNAL_TOLD | SIGNAL_TIMERS, 0, CAUSE_TIMER},
		{15, -2, SIGNAL_TOLD, 300, CAUSE_PROCESS}, /* made up: it has no timer */
		{15, -2, 0, 0, CAUSE_TIMER},
		{10, 1, SIGNAL_TOLD, 0, CAUSE_IO},
		{11, -5, SIGNAL_TOLD, 0, CAUSE_IO},
		{15, -5, SIGNAL_TOLD, 300, CAUSE_PROCESS}, /* made up: that would come as POLL_* */
		{15, -4, SIGNAL_TOLD, 0, CAUSE_UNKNOWN},
		{15, -60, SIGNAL_TOLD, 0, CAUSE_UNKNOWN},
		{2, 0x80, SIGNAL_TOLD, 0, CAUSE_TERMINAL},
		{1, 0x80, SIGNAL_TOLD, 0, CAUSE_HANGUP},
		{11, 1, SIGNAL_TOLD, 0, CAUSE_FAULT},
		{24, 0x80, SIGNAL_TOLD, 0, CAUSE_LIMIT},
		{9, 0x80, SIGNAL_TOLD, 0, CAUSE_KERNEL},
	};
	struct feed *f = *state;

	feed_task(f, 300, 1, "bystander");
	feed_fork(f, 100, 101);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ev_signal e = {.h.tgid = 300,
				      .target = 101,
				      .signal = rows[i].signal,
				      .code = rows[i].code,
				      .sflags = rows[i].flags};

		assert_int_equal(signal_cause(f->m, &e), rows[i].cause);
		assert_int_equal(signal_sender(f->m, &e), rows[i].by);
		e.h.tgid = 0; /* on an idle CPU, and to whom nobody knows */
		e.target = 4711;
		signal_cause(f->m, &e);
	}
}

static void t_circles(void **state)
{
	struct feed *f = *state;

	f->verify = false;
	for (u32 i = 0; i < 20000; i++) {
		u32 a = 1000 + i * 2, b = a + 1;

		feed_fork(f, 100, a);
		feed_fork(f, a, b);
		FEED(f, signal, SIGNAL, b, b, .target = a, .target_tid = a, .signal = 9);
		feed_exit(f, a, 100, 0, 9);
		FEED(f, wait, WAIT, 100, 100, .nr = a);
		feed_exit(f, b, 1, 0, 0);
		FEED(f, wait, WAIT, 1, 1, .nr = b);
	}
	feed_pass(f, 2 * GRACE_NS);
	feed_pass(f, 2 * GRACE_NS);
	assert_true(f->m->procs.live < 10000);
	assert_null(model_verify(f->m));
}

static void t_nsinit_dies(void **state)
{
	struct feed *f = *state;
	const struct death *d;

	FEED(f, fork, FORK, 100, 100, .start = START(400), .files = FILES(400),
	     .parent_files = FILES(100), .child = 400, .parent = 100, .exit_signal = 17,
	     .pidns = 77, .flags = FORK_NSINIT, .nspid = {{1}});
	FEED(f, fork, FORK, 400, 400, .start = START(401), .files = FILES(401),
	     .parent_files = FILES(400), .child = 401, .parent = 400, .exit_signal = 17,
	     .pidns = 77, .nspid = {{2}});
	for (u32 pid = 402; pid < 405; pid++)
		FEED(f, fork, FORK, pid > 402 ? pid - 1 : 401, pid > 402 ? pid - 1 : 401,
		     .start = START(pid), .files = FILES(pid), .parent_files = FILES(401),
		     .child = pid, .parent = pid > 402 ? pid - 1 : 401, .exit_signal = 17,
		     .pidns = 77, .nspid = {{pid - 399}});
	feed_exit(f, 401, 400, 0, 0);
	assert_int_equal(f->reparent.to, 400); /* orphans stay in the container */
	FEED(f, wait, WAIT, 400, 400, .nr = 2, .level = 1);
	assert_int_equal(f->reap.child, 401);
	feed_exit(f, 400, 100, 0, 9);
	FEED(f, signal, SIGNAL, 400, 400, .target = 402, .target_tid = 402, .signal = 9,
	     .code = 0x80);
	feed_exit(f, 402, 400, 0, 9);
	d = death_at(f->m, proc_by(f, 402)->death);
	assert_true(d->ns_died);
	assert_int_equal(proc_at(f->m, d->killer)->tgid, 400);
	/* whose parent dies then is the dying one's, too, and nobody is handed to anybody outside */
	feed_exit(f, 403, 400, 0, 9);
	assert_int_equal(f->reparent.to, 400);
	feed_exit(f, 404, 400, 0, 9);
	FEED(f, wait, WAIT, 100, 100, .nr = 400);
	for (u32 pid = 402; pid < 405; pid++) {
		d = death_at(f->m, proc_by(f, pid)->death);
		assert_true(d->auto_reaped && !d->reaper);
		assert_int_equal(d->reaped_ts, d->ts);
	}
	assert_int_equal(f->reparent.to, 400);
	assert_int_equal(f->reap.child, 400);
	FEED(f, free, FREE, 402, 402, .start = START(402), .parent = 400,
	     .parent_start = START(400));
	assert_int_equal(f->reap.child, 400);
}

/* Who has ended and is kept from its end is a zombie when that is over, not before. */
static void zombie_after_dying(void **state)
{
	struct feed *f = *state;

	feed_fork(f, 100, 500);
	feed_exit(f, 500, 100, 0, 9);
	assert_int_equal(proc_by(f, 100)->zombies, 1);
	for (u32 i = 0; i < 2; i++) {
		FEED(f, scan_task, SCAN_TASK, 500, 500, .start = START(500), .parent = 100,
		     .exit_signal = 17, .flags = i ? TASK_ZOMBIE : TASK_EXITING, .status = 9,
		     .name = comm_of("box"));
		assert_int_equal(proc_by(f, 100)->zombies, i);
		feed_pass(f, NS_PER_S);
		assert_int_equal(f->told[EV_KIND_ZOMBIE], i);
	}
	FEED(f, wait, WAIT, 100, 100, .nr = 500);
	assert_int_equal(proc_by(f, 100)->zombies, 0);
}

static void t_subreaper(void **state)
{
	struct feed *f = *state;

	FEED(f, subreaper, SUBREAPER, 100, 100, .on = 1);
	feed_fork(f, 100, 101);
	feed_fork(f, 101, 102);
	feed_exit(f, 101, 100, 0, 0);
	assert_int_equal(f->reparent.to, 100);
	assert_int_equal(proc_at(f->m, proc_by(f, 102)->parent)->tgid, 100);
	assert_int_equal(proc_at(f->m, proc_by(f, 102)->birth)->tgid, 101);
}

static void t_deep(void **state)
{
	struct feed *f = *state;

	for (u32 i = 0; i < 1000; i++) { /* each parent dies: a chain of the dead above the last */
		feed_fork(f, 100 + i, 101 + i);
		feed_exit(f, 100 + i, 1, 0, 0);
		FEED(f, wait, WAIT, 1, 1, .nr = 100 + i);
	}
	feed_pass(f, 2 * GRACE_NS);
	assert_true(f->m->procs.live > 200 && f->m->procs.live < 300);
}

static void t_exec_chain(void **state)
{
	struct feed *f = *state;
	u32 n = 0;

	for (int i = 0; i < 200; i++)
		feed_exec(f, 100, i % 2 ? "/bin/a" : "/bin/b");
	for (u32 id = proc_by(f, 100)->image; id; id = image_at(f->m, id)->prev)
		n++;
	assert_int_equal(n, 64);
	FEED(f, rename, RENAME, 100, 100, .name = comm_of("renamed"));
	assert_string_equal(proc_comm(f->m, proc_by(f, 100)), "renamed");
	feed_fork(f, 100, 101);
	FEED(f, rename, RENAME, 101, 101, .name = comm_of("child"));
	assert_string_equal(proc_comm(f->m, proc_by(f, 100)), "renamed");
	assert_string_equal(proc_comm(f->m, proc_by(f, 101)), "child");
}

static void ghosts(void **state)
{
	struct feed *f = *state;

	FEED(f, socket, SOCKET, 900, 900, .inode = 1, .cookie = 1, .proto = UDP4,
	     .files = FILES(900), .fd = 3);
	assert_true(proc_by(f, 900)->ghost);
	feed_task(f, 900, 1, "found");
	assert_false(proc_by(f, 900)->ghost);
	assert_true(holds(f, 900, 1));
	assert_int_equal(proc_by(f, 900)->start, START(900));
}

/* ---- size ---- */

static void cgroup(struct feed *f, u64 id)
{
	struct {
		struct ev_cgroup e;
		char path[24];
	} r = {.e = {.h = {.kind = EV_KIND_CGROUP, .size = sizeof(r), .ts = feed_tick(f)},
		     .id = id,
		     .path_len = sizeof(r.path)}};

	snprintf((char *)(&r.e + 1), sizeof(r.path), "/%022llu", (unsigned long long)id);
	feed(f, &r.e.h);
}

/* Containers come and go for years. */
static void cgroups_go(void **state)
{
	struct feed *f = *state;
	u64 at;

	FEED(f, scan_task, SCAN_TASK, 500, 500, .start = START(500), .files = FILES(500),
	     .cgroup = 7000);
	FEED(f, socket, SOCKET, 500, 500, .inode = 900, .cookie = 900, .proto = TCP4,
	     .files = FILES(500), .fd = 9, .cgroup = 7003);
	f->verify = false;
	for (u64 id = 1; id < 20000; id++)
		cgroup(f, id);
	at = f->m->cgroups.count;
	assert_true(at < 5000);
	assert_string_equal(cgroup_path(f->m, 7000), "/0000000000000000007000");
	assert_non_null(cgroup_path(f->m, 7003));
	assert_non_null(cgroup_path(f->m, 19999));
	assert_null(cgroup_path(f->m, 7001));
	cgroup(f, 7000); /* told again */
	assert_int_equal(f->m->cgroups.count, at);
	f->verify = true; /* and a checkpoint of it */
	feed_fork(f, 500, 501);
}

static void sizes(void **state)
{
	const double slot = 12 / 0.6; /* of a map, half way between two doublings at most 0.8 */
	double sock =
		sizeof(struct sock) + sizeof(struct hold) + sizeof(struct share) + 2 * slot + 2 * 6;
	double proc = sizeof(struct proc) + sizeof(struct tabref) + sizeof(struct fdtab) + 2 * slot;

	(void)state;
	print_message("sock %zu hold %zu origin %zu: %.0f bytes a held socket\n",
		      sizeof(struct sock), sizeof(struct hold), sizeof(struct origin), sock);
	print_message("proc %zu tabref %zu fdtab %zu image %zu: %.0f bytes a process\n",
		      sizeof(struct proc), sizeof(struct tabref), sizeof(struct fdtab),
		      sizeof(struct image), proc);
	assert_true(sock <= 388);
	assert_true(proc <= 400);
}

/* ---- anything at all ---- */

static void ask_everything(const struct model *m)
{
	struct buf b = {};

	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		struct answer a;
		struct holder *rows;
		u32 n = holders_of(m, sock_at(m, id), &rows);

		advise_sock(m, sock_at(m, id), &a);
		answer_free(&a);
		for (u32 i = 0; i < n; i++) {
			struct step *steps;

			chain_of(m, sock_at(m, id), &rows[i], &steps);
			free(steps);
		}
		free(rows);
	}
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		advise_zombie(m, proc_at(m, id), &b);
	buf_free(&b);
}

static void random_run(struct feed *f, u32 total)
{
	const u32 every = getenv("RANDOM_EVERY") ? (u32)atol(getenv("RANDOM_EVERY")) : 64;

	for (u32 i = 0; i < total; i++) {
		u64 space[EV_MAX / 8];
		struct ev *e = rnd_event(space, rnd_kind(), f->ts);

		f->ts += rnd(2000) ? rnd(3000000) : 70 * NS_PER_S;
		e->ts = rnd(4) ? f->ts : f->ts - rnd(30000000);
		f->verify = i % every == 0;
		feed(f, e);
		if (i % 4096 == 0)
			ask_everything(f->m);
	}
	assert_null(model_verify(f->m));
	ask_everything(f->m);
}

static void random_events(void **state)
{
	if (getenv("RANDOM_SEED"))
		seed = (u64)atoll(getenv("RANDOM_SEED"));
	random_run(*state, getenv("RANDOM_EVENTS") ? (u32)atol(getenv("RANDOM_EVENTS")) : 200000);
}

/* What one sequence does not come by another may. */
static void random_seeds(void **state)
{
	for (u64 s = 1; s <= 10; s++) {
		print_message("seed %llu\n", (unsigned long long)s);
		teardown(state);
		setup(state);
		seed = s;
		random_run(*state, 20000);
	}
}

#define T(name)                                                                                    \
	cmocka_unit_test_setup_teardown(name, setup, teardown),                                    \
	{                                                                                          \
#name " from checkpoints", name, setup_kept, teardown, NULL                        \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(listener),
		T(fork_alive),
		T(fork_exec_dead),
		T(keepers_come_and_go),
		T(fork_exec_cloexec),
		T(dup_and_dup2),
		T(close_range),
		T(close_range_of_many),
		T(scm),
		T(outlives_its_descriptors),
		T(closed_twice_at_once),
		T(closed_with_references),
		T(scm_race),
		T(scm_in_flight_dies),
		T(flights_are_counted),
		T(flights_end_with_their_queue),
		T(flights_scanned),
		T(flights_in_a_circle),
		T(transfer_in_flight),
		T(leak_lean),
		T(leak_lean_exec),
		T(pidfd_getfd),
		T(headless),
		T(thread_files),
		T(clone_files),
		T(clone_files_exec),
		T(exec_in_thread),
		T(exec_walk),
		T(pid_reuse),
		T(fork_per_conn),
		T(join),
		T(inode_reuse),
		T(time_wait),
		T(daemonize),
		T(late_scan_then_events),
		T(loss_and_rescan),
		T(z_reaped),
		T(z_ignored),
		T(z_free_before_wait),
		T(z_reaped_lean),
		T(z_traced),
		T(z_storm),
		T(t_killed),
		T(signal_senders),
		T(t_circles),
		T(t_nsinit_dies),
		T(zombie_after_dying),
		T(t_subreaper),
		T(t_deep),
		T(t_exec_chain),
		T(ghosts),
		T(cgroups_go),
		T(sizes),
		T(random_events),
		cmocka_unit_test_setup_teardown(random_seeds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
