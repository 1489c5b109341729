// SPDX-License-Identifier: BSD-2-Clause
/*
 * The exposition: both formats, numbers from planted events, names of others, what is bounded.
 *
 * test_metrics text | openmetrics   prints a whole one of a hostile machine, for other parsers.
 */
#include "feed.h"
#include "metrics.h"
#include "metric_write.h"

#define ALL ((1u << COLLECTORS) - 1)

struct page {
	struct feed f; /* first: feed() gives it back */
	struct metrics *c;
	struct source_stats source;
	struct self self;
	u32 collectors;
	struct buf text;
};

static void heard(struct feed *f, const struct ev *e)
{
	metrics_event(f->who, f->m, e);
}

static int setup(void **state)
{
	struct page *p = calloc(1, sizeof(*p));

	p->c = metrics_new();
	feed_open(&p->f);
	p->f.heard = heard;
	p->f.who = p->c;
	p->self = (struct self){.tier = "base", .fd = "lean"};
	p->collectors = ALL;
	feed_task(&p->f, 1, 0, "init");
	feed_task(&p->f, 100, 1, "bash");
	feed_fork(&p->f, 100, 200);
	feed_exec(&p->f, 200, "/usr/bin/server");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct page *p = *state;

	feed_close(&p->f);
	metrics_free(p->c);
	buf_free(&p->text);
	free(p);
	return 0;
}

static const char *render(struct page *p, enum metrics_format format)
{
	const struct metrics_input in = {.m = p->f.m,
					 .source = &p->source,
					 .self = &p->self,
					 .collectors = p->collectors,
					 .format = format,
					 .now = p->f.ts};

	buf_reset(&p->text);
	metrics_render(p->c, &in, &p->text);
	return p->text.s;
}

/* The line that begins with that sample; NULL: there is none.  There must not be two. */
static const char *sample(const char *text, const char *name)
{
	const char *found = NULL;
	char line[300];

	snprintf(line, sizeof(line), "\n%s ", name);
	for (const char *s = text; (s = strstr(s, line)); s++) {
		assert_null(found);
		found = s + strlen(line);
	}
	return found;
}

static void expect(const char *text, const char *name, const char *value)
{
	const char *s = sample(text, name);

	if (!s)
		fail_msg("no sample %s", name);
	if (strcspn(s, "\n") != strlen(value) || memcmp(s, value, strlen(value)))
		fail_msg("%s is %.*s, not %s", name, (int)strcspn(s, "\n"), s, value);
}

static u32 count(const char *text, const char *what)
{
	u32 n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* ---- the formats ----------------------------------------------------------------------------- */

/* What a line belongs to: "# TYPE name ..." and "name{...} value" alike, without suffixes. */
static size_t family_of(const char *line, char out[NAME_ROOM])
{
	static const char *const suffixes[] = {"_total", "_bucket", "_sum", "_count"};
	const char *s = line[0] == '#' ? strchr(line + 2, ' ') + 1 : line;
	size_t n = strcspn(s, " {\n");

	memcpy(out, s, n);
	for (u32 i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t len = strlen(suffixes[i]);

		if (n > len && !memcmp(s + n - len, suffixes[i], len)) {
			n -= len;
			break;
		}
	}
	out[n] = 0;
	return n;
}

/* Each family of the table once, in one piece, with HELP, TYPE and a sample. */
static void families_whole(const char *text)
{
	char name[NAME_ROOM], line[NAME_ROOM], last[NAME_ROOM] = "";
	bool seen[METRICS] = {};

	for (const char *s = text; *s && strncmp(s, "# EOF", 5); s = strchr(s, '\n') + 1) {
		u32 i = 0;

		family_of(s, line);
		if (!strcmp(line, last))
			continue;
		for (; i < METRICS; i++) {
			metric_name(&metric_defs[i], name);
			family_of(name, name);
			if (!strcmp(name, line))
				break;
		}
		assert_int_not_equal(i, METRICS);
		assert_false(seen[i]);
		assert_int_equal(strncmp(s, "# HELP ", 7), 0);
		seen[i] = true;
		strcpy(last, line);
	}
	for (u32 i = 0; i < METRICS; i++)
		if (!seen[i])
			fail_msg("%s is missing", metric_defs[i].name);
}

static void fill(struct page *p)
{
	p->source.pids_limit = 4194304;
	p->source.pids_used = 321;
	p->source.programs = 1;
	strcpy(p->source.program[0].name, "tcp_state");
	p->source.program[0].runs = 3;
	p->source.program[0].run_ns = 1500;
}

static void formats(void **state)
{
	struct page *p = *state;
	const char *s;

	fill(p);
	s = render(p, METRICS_TEXT);
	families_whole(s);
	assert_non_null(strstr(s, "# TYPE probate_forks_total counter\n"));
	assert_null(strstr(s, "# UNIT"));
	assert_null(strstr(s, "# EOF"));
	s = render(p, METRICS_OPENMETRICS);
	families_whole(s);
	assert_non_null(strstr(s, "# TYPE probate_forks counter\n"));
	assert_non_null(strstr(s, "\nprobate_forks_total 0\n"));
	assert_non_null(strstr(s,
			       "# TYPE probate_reap_seconds histogram\n# UNIT probate_reap_seconds "
			       "seconds\nprobate_reap_seconds_bucket{le=\"0.001\"} 0\n"));
	assert_non_null(strstr(s, "# UNIT probate_scan_seconds seconds\n"));
	assert_non_null(strstr(s, "# UNIT probate_recorded_bytes bytes\n"));
	assert_non_null(strstr(s, "# UNIT process_cpu_seconds seconds\n"));
	assert_string_equal(s + strlen(s) - 6, "# EOF\n");
	assert_int_equal(count(s, "# EOF"), 1);
}

static void numbers(void **state)
{
	struct page *p = *state;
	const char *s;

	p->source.counts[COUNT_FORK] = ~0ull;
	p->source.counts[COUNT_EXIT_CORE] = 7;
	p->source.counts[COUNT_TCP + 1] = 50000;
	p->source.counts[COUNT_TCP_IN] = 9007199254740993ull; /* no double */
	p->source.scan_ns = 12 * NS_PER_S + 345;
	p->source.lost[EV_KIND_FORK] = 3;
	p->source.lost[EV_KIND_STATE] = 4;
	histogram_add(&p->source.delay, 2 * NS_PER_MS);
	histogram_add(&p->source.delay, NS_PER_S);
	histogram_add(&p->source.delay, 1000 * NS_PER_S);
	p->self.start_seconds = 1795262400.123;
	p->self.cpu_seconds = 0.07;
	p->self.requests[2] = 5;
	s = render(p, METRICS_TEXT);
	expect(s, "probate_forks_total", "18446744073709551615");
	expect(s, "probate_exits_total{death=\"core\"}", "7");
	expect(s, "probate_tcp_state_changes_total{state=\"established\"}", "50000");
	expect(s, "probate_tcp_connections_total{direction=\"in\"}", "9007199254740993");
	expect(s, "probate_scan_seconds_total", "12.000000345");
	expect(s, "probate_events_lost_total{cause=\"ring\"}", "7");
	expect(s, "probate_ring_lost_total{kind=\"state\"}", "4");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"0.001\"}", "0");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"0.0025\"}", "1");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"1\"}", "2");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"300\"}", "2");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"+Inf\"}", "3");
	expect(s, "probate_drain_delay_seconds_count", "3");
	expect(s, "probate_drain_delay_seconds_sum", "1001.002");
	expect(s, "process_start_time_seconds", "1795262400.123");
	expect(s, "process_cpu_seconds_total", "0.07");
	expect(s, "probate_http_requests_total{code=\"2xx\"}", "5");
	s = render(p, METRICS_OPENMETRICS);
	expect(s, "probate_drain_delay_seconds_bucket{le=\"1.0\"}", "2");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"300.0\"}", "2");
	expect(s, "probate_drain_delay_seconds_bucket{le=\"+Inf\"}", "3");
}

/* Where nothing has happened yet there is a 0. */
static void zeros(void **state)
{
	static const char *const some[] = {
		"probate_exits_total{death=\"signal\"}",
		"probate_processes{state=\"headless\"}",
		"probate_orphans_adopted_total{by=\"namespace_init\"}",
		"probate_zombies{reason=\"init_not_reaping\"}",
		"probate_zombie_oldest_age_seconds{reason=\"traced\"}",
		"probate_sockets{proto=\"tcp\",state=\"listen\",verdict=\"leaked\"}",
		"probate_sockets{proto=\"udp\",state=\"unconn\",verdict=\"hidden\"}",
		"probate_sockets{proto=\"unix\",state=\"bound\",verdict=\"owned\"}",
		"probate_leaked_sockets{proto=\"unix\"}",
		"probate_leaked_socket_oldest_age_seconds{proto=\"tcp\"}",
		"probate_transfers_total{via=\"scm_rights\"}",
		"probate_transfers_total{via=\"unknown\"}",
		"probate_hidden_references{where=\"in_flight\"}",
		"probate_hidden_references{where=\"io_uring\"}",
		"probate_tcp_state_changes_total{state=\"time_wait\"}",
		"probate_tcp_sockets{state=\"close_wait\"}",
		"probate_stuck_connections",
		"probate_events_total{kind=\"unix_bind\"}",
		"probate_events_lost_total{cause=\"recorder\"}",
		"probate_audit_repairs_total{fact=\"over\"}",
		"probate_http_requests_total{code=\"5xx\"}",
		"probate_zombies_by_parent{program=\"other\"}",
		"probate_leaked_sockets_by_unit{unit=\"other\"}",
		"probate_reap_seconds_count",
		"probate_reap_seconds_sum",
	};
	const char *s = render(*state, METRICS_TEXT);

	for (u32 i = 0; i < ARRAY_SIZE(some); i++)
		expect(s, some[i], "0");
	assert_null(strstr(s, "headless\"} 0\nprobate_zombies"));
	assert_null(strstr(s, "probate_pids_limit ")); /* could not be read */
	assert_null(strstr(s, "kind=\"kept_"));
	assert_null(strstr(s, "kind=\"tick"));
}

static void switches(void **state)
{
	struct page *p = *state;
	const char *s;

	assert_int_equal(collectors_default(), ALL & ~(1u << COLLECTOR_BPF));
	p->collectors = 1u << COLLECTOR_ZOMBIE | 1u << COLLECTOR_SELF;
	s = render(p, METRICS_TEXT);
	for (u32 i = 0; i < METRICS; i++) {
		char name[NAME_ROOM], line[2 * NAME_ROOM];

		metric_name(&metric_defs[i], name);
		snprintf(line, sizeof(line), "# TYPE %s ", name);
		assert_int_equal(strstr(s, line) != NULL,
				 p->collectors >> metric_defs[i].collector & 1);
	}
	assert_int_equal(count(s, "probate_collector_duration_seconds{"), 2);
	p->collectors = 0;
	assert_string_equal(render(p, METRICS_OPENMETRICS), "# EOF\n");
}

/* ---- what happened --------------------------------------------------------------------------- */

static void zombies(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const char *s;
	char age[32];

	for (u32 i = 0; i < 5; i++) {
		feed_fork(f, 200, 300 + i);
		feed_exit(f, 300 + i, 200, 1, 0);
	}
	u64 first = f->ts - 8 * NS_PER_MS; /* two events a millisecond apart each, five times */
	FEED(f, scan_task, SCAN_TASK, 100, 100, .start = START(100), .files = FILES(100),
	     .parent = 1, .flags = TASK_STOPPED, .exit_signal = 17, .name = comm_of("bash"));
	feed_fork(f, 100, 400);
	feed_exit(f, 400, 100, 0, 9);
	feed_fork(f, 100, 401);
	feed_exit(f, 401, 100, 0, 9);
	FEED(f, headless, HEADLESS, 200, 200, .start = START(200));
	feed_pass(f, 2 * NS_PER_S);
	for (u32 i = 0; i < 2; i++) /* of one the end was seen, the other is met so */
		FEED(f, scan_task, SCAN_TASK, 402 - i, 402 - i, .start = START(402 - i),
		     .parent = 100, .flags = TASK_EXITING, .exit_signal = 17,
		     .name = comm_of("box"));
	FEED(f, scan_task, SCAN_TASK, 403, 403, .start = START(403), .parent = 100,
	     .stuck = STUCK_FROZEN, .exit_signal = 17, .name = comm_of("ice"));
	s = render(p, METRICS_TEXT);
	expect(s, "probate_zombies{reason=\"parent_not_waiting\"}", "5");
	expect(s, "probate_zombies{reason=\"parent_stopped\"}", "1");
	expect(s, "probate_zombies{reason=\"recent\"}", "0");
	expect(s, "probate_zombies_by_parent{program=\"server\"}", "5");
	expect(s, "probate_zombies_by_parent{program=\"bash\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"other\"}", "0");
	expect(s, "probate_zombies_by_unit{unit=\"unknown\"}", "6");
	expect(s, "probate_processes{state=\"zombie\"}", "6");
	expect(s, "probate_processes{state=\"dying\"}", "2");
	expect(s, "probate_processes{state=\"frozen\"}", "1");
	expect(s, "probate_processes{state=\"stopped\"}", "1");
	expect(s, "probate_processes{state=\"headless\"}", "1");
	expect(s, "probate_processes{state=\"running\"}", "1");
	snprintf(age, sizeof(age), "%llu.%03llu", (unsigned long long)((f->ts - first) / NS_PER_S),
		 (unsigned long long)((f->ts - first) / NS_PER_MS % 1000));
	expect(s, "probate_zombie_oldest_age_seconds{reason=\"parent_not_waiting\"}", age);
	expect(s, "probate_events_total{kind=\"fork\"}", "8");
	expect(s, "probate_events_total{kind=\"exit\"}", "7");
}

static void reaps(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const char *s;

	feed_fork(f, 200, 300);
	feed_exit(f, 300, 200, 0, 0);
	FEED(f, wait, WAIT, 200, 200, .nr = 300); /* a millisecond later */
	feed_fork(f, 200, 301);
	feed_exit(f, 301, 200, 0, 0);
	feed_pass(f, 399 * NS_PER_MS);
	FEED(f, wait, WAIT, 200, 200, .nr = 301); /* 401 */
	/* Nobody is seen to wait: freed 20 ms after the exit. */
	feed_fork(f, 200, 302);
	feed_exit(f, 302, 200, 0, 0);
	f->ts += 19 * NS_PER_MS;
	FEED(f, free, FREE, 302, 302, .start = START(302));
	feed_pass(f, NS_PER_S);
	/* Its exit was not seen: how long it took is not known. */
	feed_fork(f, 200, 303);
	FEED(f, free, FREE, 303, 303, .start = START(303));
	feed_pass(f, NS_PER_S);
	assert_int_equal(f->told[EV_KIND_REAP], 4);
	s = render(p, METRICS_TEXT);
	expect(s, "probate_reap_seconds_bucket{le=\"0.001\"}", "1");
	expect(s, "probate_reap_seconds_bucket{le=\"0.01\"}", "1");
	expect(s, "probate_reap_seconds_bucket{le=\"0.025\"}", "2");
	expect(s, "probate_reap_seconds_bucket{le=\"0.25\"}", "2");
	expect(s, "probate_reap_seconds_bucket{le=\"0.5\"}", "3");
	expect(s, "probate_reap_seconds_count", "3");
	expect(s, "probate_reap_seconds_sum", "0.422");
}

static void orphans(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const char *s;

	feed_fork(f, 200, 300);
	feed_fork(f, 200, 301);
	feed_fork(f, 301, 302);
	feed_exit(f, 301, 200, 0, 0); /* 302 to init */
	FEED(f, subreaper, SUBREAPER, 200, 200, .on = 1);
	feed_fork(f, 300, 303);
	feed_fork(f, 300, 304);
	feed_exit(f, 300, 200, 0, 0); /* 303 and 304 to server */
	FEED(f, fork, FORK, 200, 200, .start = START(310), .files = FILES(310),
	     .parent_files = FILES(200), .child = 310, .parent = 200, .exit_signal = 17, .pidns = 7,
	     .flags = FORK_NSINIT, .nspid.nr = {1});
	for (u32 i = 311; i < 313; i++)
		FEED(f, fork, FORK, i - 1, i - 1, .start = START(i), .files = FILES(i),
		     .parent_files = FILES(i - 1), .child = i, .parent = i - 1, .exit_signal = 17,
		     .pidns = 7, .nspid.nr = {i - 309});
	feed_exit(f, 311, 310, 0, 0); /* 312 to the PID 1 of its namespace */
	s = render(p, METRICS_TEXT);
	expect(s, "probate_orphans_adopted_total{by=\"init\"}", "1");
	expect(s, "probate_orphans_adopted_total{by=\"subreaper\"}", "2");
	expect(s, "probate_orphans_adopted_total{by=\"namespace_init\"}", "1");
}

static void leak_one(struct feed *f, u32 creator, u32 keeper, u16 port, const char *exe)
{
	feed_fork(f, 100, creator);
	feed_exec(f, creator, "/usr/bin/server");
	feed_listener(f, creator, FILES(creator), 3, port, 0);
	feed_fork(f, creator, keeper);
	feed_exec(f, keeper, exe);
	feed_exit(f, creator, 100, 0, 9);
}

static void leaks(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const char *s;

	for (u16 i = 0; i < 3; i++)
		leak_one(f, 300 + i, 400 + i, 8000 + i, i ? "/usr/bin/sleep" : "/usr/bin/tail");
	feed_listener(f, 200, FILES(200), 3, 80, 0); /* shared by two */
	feed_fork(f, 200, 500);
	f->ts += 5 * NS_PER_S;
	p->source.tcp_sockets[10] = 4;
	s = render(p, METRICS_TEXT);
	expect(s, "probate_leaked_sockets{proto=\"tcp\"}", "3");
	expect(s, "probate_leaks_total", "3");
	expect(s, "probate_sockets{proto=\"tcp\",state=\"listen\",verdict=\"leaked\"}", "3");
	expect(s, "probate_sockets{proto=\"tcp\",state=\"listen\",verdict=\"shared\"}", "1");
	expect(s, "probate_socket_holders{proto=\"tcp\"}", "5");
	expect(s, "probate_leaked_sockets_by_program{program=\"sleep\"}", "2");
	expect(s, "probate_leaked_sockets_by_program{program=\"tail\"}", "1");
	expect(s, "probate_transfers_total{via=\"fork\"}", "3");
	expect(s, "probate_transfers_total{via=\"unknown\"}", "0");
	expect(s, "probate_tcp_sockets{state=\"listen\"}", "4");
	feed_exit(f, 400, 1, 0, 9); /* its socket goes with it, and the series of tail */
	s = render(p, METRICS_TEXT);
	expect(s, "probate_leaked_sockets{proto=\"tcp\"}", "2");
	expect(s, "probate_leaks_total", "3");
	assert_null(strstr(s, "tail"));
}

/* A creator that lives on and closed its end: the age is from then on. */
static void ages(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 300);
	feed_exec(f, 300, "/usr/bin/sleep");
	f->ts += 1000 * NS_PER_S;
	feed_fd_close(f, 200, FILES(200), 3, 80);
	f->ts += 2 * NS_PER_S;
	expect(render(p, METRICS_TEXT), "probate_leaked_socket_oldest_age_seconds{proto=\"tcp\"}",
	       "2");
	/* After a restart there is what the model was given back: when it was made. */
	metrics_free(p->c);
	f->who = p->c = metrics_new();
	expect(render(p, METRICS_TEXT), "probate_leaked_socket_oldest_age_seconds{proto=\"tcp\"}",
	       "1002.005");
}

static void transfers(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const char *s;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 100, 300);
	feed_exec(f, 300, "/usr/bin/next");
	feed_install(f, 300, FILES(300), 5, 80, VIA_SCM_RIGHTS, -1, 0, 0);
	feed_exit(f, 200, 100, 0, 0);
	s = render(p, METRICS_TEXT);
	expect(s, "probate_transfers_total{via=\"scm_rights\"}", "1");
	expect(s, "probate_transfers_total{via=\"fork\"}", "0");
	expect(s, "probate_sockets{proto=\"tcp\",state=\"listen\",verdict=\"passed\"}", "1");
	expect(s, "probate_leaks_total", "0");
}

static void connection(struct feed *f, u32 pid, s32 fd, u64 inode)
{
	FEED(f, accept, ACCEPT, pid, pid, .inode = inode, .cookie = inode, .proto = TCP4,
	     .state = 1, .netns = NETNS, .local = EP4(80), .remote = EP4((u16)inode),
	     .files = FILES(pid), .listener = 80, .fd = fd, .listen_fd = 3);
}

/* As a scan finds it: waits 1 somebody waits on it, 2 nobody; maker: who opened it. */
static void found(struct feed *f, u32 pid, s32 fd, u64 inode, u32 maker, u32 waits)
{
	struct ep peer = EP4((u16)inode);
	bool listens = inode == 80;

	if (listens)
		memset(&peer, 0, sizeof(peer));
	FEED(f, scan_fd, SCAN_FD, pid, pid, .inode = inode, .cookie = inode, .proto = TCP4,
	     .state = listens ? 10 : 1, .netns = NETNS, .local = EP4(80), .remote = peer,
	     .files = FILES(pid), .fd = fd, .maker = maker, .waits = waits);
}

static void stuck(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;

	feed_exec(f, 200, "/usr/sbin/server");
	feed_listener(f, 200, FILES(200), 3, 80, 1);
	connection(f, 200, 7, 9001);
	feed_fork(f, 200, 300);
	feed_fd_close(f, 200, FILES(200), 7, 9001);
	found(f, 300, 7, 9001, 0, 1); /* a server that forks: its child serves */
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "0");
	found(f, 300, 7, 9001, 0, 2); /* and does not wait on it while it computes */
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "0");
	connection(f, 200, 8, 9002);
	feed_fork(f, 200, 301);
	feed_exec(f, 301, "/usr/bin/sleep"); /* inherits it for nothing */
	found(f, 301, 8, 9002, 0, 2);
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "0");
	feed_fd_close(f, 200, FILES(200), 8, 9002);
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "1");
	f->ts += 7 * NS_PER_S;
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "1");
	assert_in_range((u64)atof(sample(p->text.s, "probate_stuck_connection_oldest_age_seconds")),
			7, 8);
	expect(p->text.s, "probate_leaked_sockets{proto=\"tcp\"}", "0");
	connection(f, 200, 0, 9003); /* given as standard input */
	feed_fork(f, 200, 302);
	feed_exec(f, 302, "/usr/bin/cat");
	feed_fd_close(f, 200, FILES(200), 0, 9003);
	found(f, 302, 0, 9003, 0, 2);
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "1");
	found(f, 301, 8, 9002, 0, 1); /* it reads after all */
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "0");
	found(f, 301, 8, 9002, 0, 2);
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "1");
	feed_exit(f, 301, 200, 0, 9);
	expect(render(p, METRICS_TEXT), "probate_stuck_connections", "0");
}

/* Nobody told of its birth: who made it is known by the credentials, or that nobody there did. */
static void makers(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;

	feed_fork(f, 200, 300);
	feed_exec(f, 300, "/usr/bin/sleep");
	found(f, 300, 3, 80, 0, 2);
	expect(render(p, METRICS_TEXT), "probate_suspected_leaked_sockets{proto=\"tcp\"}", "1");
	expect(p->text.s, "probate_sockets{proto=\"tcp\",state=\"listen\",verdict=\"held\"}", "1");
	found(f, 300, 3, 80, 200, 2); /* its parent, which does not hold it any more */
	expect(render(p, METRICS_TEXT), "probate_suspected_leaked_sockets{proto=\"tcp\"}", "0");
	expect(p->text.s, "probate_leaked_sockets{proto=\"tcp\"}", "1");
	found(f, 300, 3, 80, 300, 0); /* who made it is known and stays so */
	expect(render(p, METRICS_TEXT), "probate_leaked_sockets{proto=\"tcp\"}", "1");
}

static void scan(struct feed *f, u32 scope, bool with_400)
{
	u64 begin = feed_tick(f);

	FEED_AT(f, scan_begin, SCAN_BEGIN, begin, 0, 0, .scope = scope);
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "bash");
	feed_task(f, 200, 100, "server");
	if (with_400) {
		feed_task(f, 400, 1, "stray");
		FEED(f, scan_fd, SCAN_FD, 400, 400, .inode = 70, .cookie = 70, .netns = NETNS,
		     .proto = TCP4, .state = 10, .local = EP4(70), .files = FILES(400), .fd = 3);
		FEED(f, scan_sock, SCAN_SOCK, 0, 0, .netns = NETNS, .proto = TCP4, .state = 6,
		     .local = EP4(70), .remote = EP4(71), .sflags = SF_TIMEWAIT, .left_ms = 9000);
	} else {
		FEED(f, scan_miss, SCAN_MISS, 400, 400, .what = SCOPE_TASKS, .begin = begin,
		     .start = START(400), .fd = -1);
	}
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = scope | SCOPE_TOLD, .begin = begin);
}

static void repairs(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	const u32 all = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS;

	scan(f, all, true); /* the first makes the picture */
	expect(render(p, METRICS_TEXT), "probate_audit_repairs_total{fact=\"new\"}", "0");
	scan(f, all, true);
	expect(render(p, METRICS_TEXT), "probate_audit_repairs_total{fact=\"new\"}", "0");
	scan(f, all, false);
	expect(render(p, METRICS_TEXT), "probate_audit_repairs_total{fact=\"over\"}", "1");
	f->start[400] = 0;
	scan(f, all, true); /* another process and its descriptor */
	expect(render(p, METRICS_TEXT), "probate_audit_repairs_total{fact=\"new\"}", "2");
	expect(p->text.s, "probate_audit_repairs_total{fact=\"over\"}", "1");
	/* After a loss the model sweeps itself. */
	FEED(f, lost, LOST, 0, 0, .count = 9);
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = all);
	u64 begin = f->ts;
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "bash");
	feed_task(f, 200, 100, "server");
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = all, .begin = begin);
	assert_int_equal(f->told[EV_KIND_RESYNC], 1);
	assert_int_not_equal(f->resync.dropped, 0);
	expect(render(p, METRICS_TEXT), "probate_audit_repairs_total{fact=\"over\"}",
	       f->resync.dropped == 1 ? "2" : "3");
}

/* ---- names of others ------------------------------------------------------------------------- */

static void zombie_of(struct feed *f, u32 pid, const char *comm)
{
	feed_task(f, pid, 1, comm);
	feed_fork(f, pid, pid + 1);
	feed_exit(f, pid + 1, pid, 0, 0);
}

static const char *const hostile[] = {
	"a\nb} 1\nx{y=\"",
	"q\"uo\\te",
	"\xff\xfe\xc3(",
	"other",
	"unknown",
	"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0d\x0e\x0f\x10",
	"\xe2\x80\xa8\x7f",
	"caf\xc3\xa9",
	"\xc2\x85",
	"# EOF",
	"{}\\",
	"+Inf",
};

static void hostile_names(void **state)
{
	struct page *p = *state;
	const char *s;

	for (u32 i = 0; i < ARRAY_SIZE(hostile); i++)
		zombie_of(&p->f, 1000 + 2 * i, hostile[i]);
	zombie_of(&p->f, 2000, "");
	s = render(p, METRICS_TEXT);
	expect(s, "probate_zombies_by_parent{program=\"a\\nb} 1\\nx{y=\\\"\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"q\\\"uo\\\\te\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd(\"}",
	       "1");
	expect(s, "probate_zombies_by_parent{program=\"other\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"unknown\"}", "2");
	expect(s, "probate_zombies_by_parent{program=\"caf\xc3\xa9\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"\xef\xbf\xbd\xef\xbf\xbd\"}", "1");
	expect(s, "probate_zombies_by_parent{program=\"# EOF\"}", "1");
	for (const char *c = s; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	families_whole((fill(p), render(p, METRICS_TEXT)));
}

static void labels_bounded(void **state)
{
	char clean[LABEL_ROOM], again[LABEL_ROOM], wide[200];
	size_t n;

	(void)state;
	memset(wide, 'a', sizeof(wide));
	assert_int_equal(label_clean(clean, wide, sizeof(wide)), LABEL_MAX);
	for (u32 i = 0; i + 2 < sizeof(wide); i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	wide[0] = 'x';
	wide[1] = 'y';
	wide[2] = 'z'; /* and a byte of two that stands alone */
	n = label_clean(clean, wide, sizeof(wide));
	assert_true(n <= LABEL_MAX && n >= LABEL_MAX - 1);
	assert_int_equal(label_clean(again, clean, n), n);
	assert_string_equal(clean, again);
	assert_int_equal(label_clean(clean, "", 0), 0);
	assert_int_equal(label_clean(clean, "\0", 1), 3);
}

/* 200 programs: the 50 with most zombies by name, ties by name, the rest together. */
static void capped(void **state)
{
	struct page *p = *state;
	struct feed *f = &p->f;
	char name[] = "p...", text[200];
	const char *s;

	f->verify = false;
	for (u32 i = 0; i < 200; i++) {
		for (u32 k = 3, n = i; k; k--, n /= 10)
			name[k] = (char)('0' + n % 10);
		zombie_of(f, 1000 + 4 * i, name);
		if (i >= 190) { /* two of each of the last ten */
			feed_fork(f, 1000 + 4 * i, 1002 + 4 * i);
			feed_exit(f, 1002 + 4 * i, 1000 + 4 * i, 0, 0);
		}
	}
	for (u32 i = 0; i < 3; i++)
		zombie_of(f, 3000 + 2 * i, "other");
	s = render(p, METRICS_TEXT);
	assert_int_equal(count(s, "probate_zombies_by_parent{"), METRICS_CAP + 1);
	for (u32 i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "probate_zombies_by_parent{program=\"p%03u\"}", i);
		if (i < 40 || i >= 190)
			expect(s, text, i >= 190 ? "2" : "1");
		else
			assert_null(sample(s, text));
	}
	expect(s, "probate_zombies_by_parent{program=\"other\"}", "153");
	for (u32 i = 0; i < 200; i++) /* reaped: their series go */
		FEED(f, wait, WAIT, 1000 + 4 * i, 1000 + 4 * i, .nr = 1001 + 4 * i);
	s = render(p, METRICS_TEXT);
	assert_int_equal(count(s, "probate_zombies_by_parent{"), 11);
	expect(s, "probate_zombies_by_parent{program=\"other\"}", "3");
}

static void cgroup(struct feed *f, u64 id, const char *path)
{
	struct {
		struct ev_cgroup e;
		char tail[256];
	} x = {};
	size_t n = strlen(path) + 1;

	memcpy(x.tail, path, n);
	x.e = (struct ev_cgroup){
		.h = {.kind = EV_KIND_CGROUP, .size = (u16)(sizeof(x.e) + n), .ts = feed_tick(f)},
		.id = id,
		.path_len = (u16)n};
	feed(f, &x.e.h);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void units(void **state)
{
	static const struct {
		const char *path, *unit;
	} places[] = {
		{"/system.slice/nginx.service", "nginx.service"},
		{"/system.slice/php.service/worker", "php.service"},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "x.scope"},
		{"/system.slice/docker-" HEX64 ".scope", "container:0123456789ab"},
		{"/docker/1" HEX64 "/init.scope", "container:10123456789a"},
		{"/kubepods.slice/kubepods-pod1.slice/cri-containerd-2" HEX64 ".scope",
		 "container:20123456789a"},
		{"/lxc.payload.web/system.slice/cron.service", "container:web"},
		{"/lxc/db", "container:db"},
		{"/", "/"},
		{"/batch/job", "/batch/job"},
		{"/machine.slice/a\\x2db.service", "a\\\\x2db.service"},
	};
	struct page *p = *state;
	char text[300];
	const char *s;

	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		struct feed *f = &p->f;
		u32 pid = 1000 + 2 * i;

		cgroup(f, 5000 + i, places[i].path);
		FEED(f, scan_task, SCAN_TASK, pid, pid, .start = START(pid), .files = FILES(pid),
		     .parent = 1, .cgroup = 5000 + i, .exit_signal = 17, .name = comm_of("x"));
		feed_fork(f, pid, pid + 1);
		feed_exit(f, pid + 1, pid, 0, 0);
	}
	s = render(p, METRICS_TEXT);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(text, sizeof(text), "probate_zombies_by_unit{unit=\"%s\"}",
			 places[i].unit);
		expect(s, text, "1");
	}
}

/* ---- --list ---------------------------------------------------------------------------------- */

static char *listed(bool json)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	struct out o;

	out_init(&o, f, json);
	metrics_list(&o);
	out_flush(&o);
	fclose(f);
	buf_free(&o.line);
	return text;
}

static void list(void **state)
{
	char *text = listed(false), *json = listed(true), name[NAME_ROOM], line[2 * NAME_ROOM];

	(void)state;
	for (u32 i = 0; i < METRICS; i++) {
		metric_name(&metric_defs[i], name);
		snprintf(line, sizeof(line), "    %s%s", name, *metric_defs[i].labels ? "{" : " ");
		assert_int_equal(count(text, line), 1);
		snprintf(line, sizeof(line), "{\"name\":\"%s\",\"type\":\"", name);
		assert_int_equal(count(json, line), 1);
		assert_null(strpbrk(metric_defs[i].help, "\n\\"));
	}
	assert_int_equal(count(json, "\n"), METRICS);
	assert_non_null(strstr(json, "{\"name\":\"probate_sockets\",\"type\":\"gauge\",\"labels\":"
				     "[\"proto\",\"state\",\"verdict\"],\"collector\":\"socket\","
				     "\"default\":true,\"help\":\""));
	free(text);
	free(json);
}

static int print(const char *format)
{
	void *state;
	struct page *p;

	setup(&state);
	p = state;
	fill(p);
	p->f.verify = false;
	for (u32 i = 0; i < ARRAY_SIZE(hostile); i++)
		zombie_of(&p->f, 1000 + 2 * i, hostile[i]);
	for (u32 i = 0; i < 3; i++)
		leak_one(&p->f, 3000 + i, 4000 + i, (u16)(8000 + i), "/usr/bin/sleep");
	histogram_add(&p->source.delay, 3 * NS_PER_MS);
	fputs(render(p, strcmp(format, "text") ? METRICS_OPENMETRICS : METRICS_TEXT), stdout);
	return teardown(&state);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(formats), T(numbers), T(zeros),   T(switches),      T(zombies),
		T(reaps),   T(orphans), T(leaks),   T(ages),	      T(transfers),
		T(stuck),   T(makers),	T(repairs), T(hostile_names), T(labels_bounded),
		T(capped),  T(units),	T(list),
	};

	if (argc > 1)
		return print(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
