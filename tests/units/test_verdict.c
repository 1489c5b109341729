// SPDX-License-Identifier: BSD-2-Clause
/* Verdicts, their words, and why a zombie is not reaped. */
#include "feed.h"
#include "words.h"

static int setup(void **state)
{
	struct feed *f = malloc(sizeof(*f));

	setenv("TZ", "UTC", 1);
	feed_open(f);
	feed_task(f, 1, 0, "init");
	feed_task(f, 100, 1, "bash");
	feed_fork(f, 100, 200);
	feed_exec(f, 200, "/usr/bin/server");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	feed_close(*state);
	free(*state);
	return 0;
}

static void expect(const struct feed *f, u64 inode, enum verdict v, bool certain, const char *why,
		   const char *action)
{
	struct answer a;

	advise_sock(f->m, sock_by(f, inode), &a);
	if (getenv("SHOW"))
		print_message("%s%s\n\t%s\n\t%s\n", name_verdict(a.verdict),
			      a.certain ? "" : " (not certain)", a.why.s, a.action.s);
	assert_string_equal(name_verdict(a.verdict), name_verdict(v));
	assert_int_equal(a.certain, certain);
	assert_non_null(strstr(a.why.s, why));
	assert_non_null(strstr(a.action.s, action));
	answer_free(&a);
}

static void kill_by_bash(struct feed *f, u32 pid)
{
	FEED(f, signal, SIGNAL, 100, 100, .target = pid, .target_tid = pid, .signal = 9);
	feed_exit(f, pid, 100, 0, 9);
}

static void owned_and_shared(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	expect(f, 80, VERDICT_OWNED, true, "server[200] made it and is the only one",
	       "Stop server[200]");
	feed_fork(f, 200, 201);
	expect(f, 80, VERDICT_SHARED, true, "2 hold it, server[200] and server[201]",
	       "all of them are gone");
}

static void leaked(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/sleep");
	kill_by_bash(f, 200);
	expect(f, 80, VERDICT_LEAKED, true,
	       "server[200] made it and was killed by SIGKILL from bash[100] at ",
	       "Kill sleep[201] to free the port now; in server, open the socket with "
	       "SOCK_CLOEXEC (or close fd 3 in the child before exec).");
	expect(f, 80, VERDICT_LEAKED, true,
	       "; sleep[201] inherited fd 3 by fork and kept it over exec because CLOEXEC was not "
	       "set.",
	       "Kill");
}

static void inherited(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	kill_by_bash(f, 200);
	expect(f, 80, VERDICT_INHERITED, true, "server[201] inherited it and has not used",
	       "Stop server[201] if you need it free; see first");
	FEED(f, accept, ACCEPT, 201, 201, .inode = 900, .cookie = 900, .proto = TCP4, .state = 1,
	     .files = FILES(201), .listener = 80, .fd = 4, .listen_fd = 3);
	expect(f, 80, VERDICT_INHERITED, true, "server[201] inherited it and carries on",
	       "it still serves it");
}

/* Workers end with their master; who executed the program anew, as an upgrade does, does not. */
static void whom_to_stop(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	kill_by_bash(f, 200);
	feed_fork(f, 201, 202);
	feed_fork(f, 201, 203);
	expect(f, 80, VERDICT_INHERITED, true, "server[201], server[202] and server[203]",
	       "Stop server[201] (the other 2 descend from it) if");
	feed_exec(f, 203, "/srv/server");
	feed_fork(f, 203, 204);
	expect(f, 80, VERDICT_INHERITED, true, "server[201], server[202] and 2 more",
	       "Stop server[201] and server[203] (the other 2 descend from them) if");
}

/* Before its maker is gone: another program has it, for nothing. */
static void leak_in_the_making(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/sleep");
	expect(f, 80, VERDICT_SHARED, true, "; sleep[201] runs another program that never used it",
	       "stop server[200]");
}

/* The name it had when it made it is the one to look for. */
static void maker_by_its_name_then(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_exec(f, 200, "/usr/bin/sleep");
	expect(f, 80, VERDICT_OWNED, true, "server[200], later sleep, made it", "Stop sleep[200]");
}

/* Another program, but it accepts: that is an inetd, not a leak. */
static void inherited_by_use(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/handler");
	FEED(f, accept, ACCEPT, 201, 201, .inode = 900, .cookie = 900, .proto = TCP4, .state = 1,
	     .files = FILES(201), .listener = 80, .fd = 4, .listen_fd = 3);
	kill_by_bash(f, 200);
	expect(f, 80, VERDICT_INHERITED, true, "handler[201] inherited it", "Stop");
	assert_int_equal(f->told[EV_KIND_LEAK], 0);
}

/* dup2 to fd 0 in the child before the exec: it was meant. */
static void inherited_on_purpose(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 1);
	feed_fork(f, 200, 201);
	feed_install(f, 201, FILES(201), 0, 80, VIA_DUP, 3, 0, 0);
	feed_exec(f, 201, "/usr/bin/handler");
	kill_by_bash(f, 200);
	expect(f, 80, VERDICT_INHERITED, true, "handler[201] inherited it", "Stop");
}

/* Whether a connection is used is not seen: given while the creator lives, else not certain. */
static void connection(void **state)
{
	struct feed *f = *state;

	for (u32 i = 0; i < 2; i++)
		FEED(f, accept, ACCEPT, 200, 200, .inode = 90 + i, .cookie = 90 + i, .proto = TCP4,
		     .state = 1, .local = EP4(80), .remote = EP4(4000 + i), .files = FILES(200),
		     .fd = 4 + i);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/handler");
	feed_fd_close(f, 200, FILES(200), 4, 90);
	expect(f, 90, VERDICT_INHERITED, true, "server[200] accepted it and let go of it", "Stop");
	kill_by_bash(f, 200);
	expect(f, 91, VERDICT_LEAKED, false, "as far as was seen, handler[201]", "look first");
}

/*
 * Over, with its descriptor in a child that nobody thinks of: the kernel has taken it off the port,
 * unless bind() had given it that.
 */
static void connection_over(void **state)
{
	struct feed *f = *state;

	for (u32 i = 0; i < 2; i++)
		FEED(f, accept, ACCEPT, 200, 200, .inode = 90 + i, .cookie = 90 + i, .proto = TCP4,
		     .state = 1, .local = EP4(80), .remote = EP4(4000 + i), .files = FILES(200),
		     .fd = 4 + i);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/helper");
	FEED(f, state, STATE, 0, 0, .inode = 90, .cookie = 90, .proto = TCP4, .state = 7, .old = 9);
	FEED(f, state, STATE, 0, 0, .inode = 91, .cookie = 91, .proto = TCP4, .state = 7, .old = 1,
	     .local = EP4(80));
	kill_by_bash(f, 200);
	assert_false(sock_is_offer(sock_by(f, 90)));
	assert_string_equal(sock_state(sock_by(f, 90)), "CLOSE");
	expect(f, 90, VERDICT_INHERITED, true, "is over and keeps no port, only helper[201]",
	       "Nothing needs to be freed");
	assert_true(sock_is_offer(sock_by(f, 91)));
	expect(f, 91, VERDICT_LEAKED, false, "helper[201] inherited", "kill helper[201]");
	/* It may be used again. */
	FEED(f, bind, BIND, 201, 201, .inode = 90, .cookie = 90, .proto = TCP4, .state = 7,
	     .local = EP4(81), .fd = 4);
	assert_true(sock_is_offer(sock_by(f, 90)));
}

/* Who is named as having the address that somebody was refused. */
static void bind_refused(void **state)
{
	struct feed *f = *state;
	struct ev_bind b = {.netns = NETNS, .proto = TCP4, .uid = 0, .local = EP4(80)};
	const struct sock *s;

	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 80, .proto = TCP4, .state = 7, .netns = NETNS,
	     .sflags = SF_REUSEADDR | SF_REUSEPORT, .uid = 33, .local = EP4(80),
	     .files = FILES(100), .fd = 9);
	s = sock_by(f, 80);
	assert_true(bind_conflicts(&b, s));
	b.sflags = SF_REUSEPORT;
	assert_true(bind_conflicts(&b, s)); /* of another user */
	b.uid = 33;
	assert_false(bind_conflicts(&b, s));
	b.sflags = SF_REUSEADDR;
	assert_false(bind_conflicts(&b, s));
	b.sflags = 0;
	b.local.ip[3] = 2;
	assert_false(bind_conflicts(&b, s));
	memset(b.local.ip, 0, sizeof(b.local.ip));
	b.local.family = 10;
	assert_true(bind_conflicts(&b, s)); /* [::] takes IPv4, too */
	b.netns++;
	assert_false(bind_conflicts(&b, s));
}

static void passed(void **state)
{
	struct feed *f = *state;

	feed_task(f, 300, 1, "next");
	feed_listener(f, 200, FILES(200), 3, 80, 0);
	FEED(f, pass, PASS, 200, 200, .files = FILES(200), .inode = 80, .over = 999, .fd = 3);
	feed_install(f, 300, FILES(300), 7, 80, VIA_SCM_RIGHTS, -1, 0, 1);
	feed_exit(f, 200, 100, 0, 0);
	expect(f, 80, VERDICT_PASSED, true, "server[200] made it and exited with code 0",
	       "stop next[300]");
	expect(f, 80, VERDICT_PASSED, true,
	       "next[300] was given it over a UNIX socket by server[200]", "on purpose");
}

static void hidden(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 999, .proto = UNIX1, .files = FILES(100),
	     .fd = 9);
	feed_listener(f, 200, FILES(200), 3, 80, 0);
	FEED(f, pass, PASS, 200, 200, .files = FILES(200), .inode = 80, .over = 999, .fd = 3);
	feed_exit(f, 200, 100, 0, 0);
	expect(f, 80, VERDICT_HIDDEN, true, "queue of socket:[999], which bash[100] holds",
	       "bash[100] receive it");
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 70, .cookie = 70, .proto = TCP4, .state = 10,
	     .local = EP4(70));
	expect(f, 70, VERDICT_HIDDEN, false, "keeps it that is in no process's descriptor table",
	       "io_uring");
}

/* No descriptor shows it, and who keeps it was looked for. */
static void kept(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_task, SCAN_TASK, 300, 300, .start = 1, .name = {"nginx"});
	FEED(f, source, SOURCE, 0, 0, .blind = 1, .filter = ~0ull);
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 70, .cookie = 70, .proto = TCP4, .state = 10,
	     .local = EP4(70));
	expect(f, 70, VERDICT_HELD, false, "the one whose descriptors cannot", "io_uring");
	FEED(f, scan_keeper, SCAN_KEEPER, 300, 303, .inode = 70, .cookie = 70, .count = 1,
	     .how = KEEPER_CALL, .call = 2);
	expect(f, 70, VERDICT_HIDDEN, false, "thread 303 of nginx[300] sleeps in accept4() on it",
	       "shutdown()");
	FEED(f, scan_keeper, SCAN_KEEPER, 300, 303, .inode = 70, .cookie = 70, .count = 3,
	     .how = KEEPER_CALL);
	expect(f, 70, VERDICT_HIDDEN, false,
	       "nginx[300] sleeps in a system call on it, as do 2 more", "with the others");
	FEED(f, scan_keeper, SCAN_KEEPER, 300, 0, .inode = 70, .count = 1, .how = KEEPER_REQUEST);
	expect(f, 70, VERDICT_HIDDEN, false, "an io_uring of nginx[300] has a request under way",
	       "IORING_OP_ASYNC_CANCEL");
	FEED(f, scan_keeper, SCAN_KEEPER, 400, 0, .inode = 70, .count = 1, .how = KEEPER_FIXED);
	expect(f, 70, VERDICT_HIDDEN, false, "an io_uring of pid 400 has it registered",
	       "IORING_UNREGISTER_FILES");
	FEED(f, scan_fd, SCAN_FD, 300, 300, .inode = 70, .cookie = 70, .proto = TCP4, .state = 10,
	     .local = EP4(70), .files = FILES(300), .fd = 4);
	expect(f, 70, VERDICT_HELD, false, "nginx[300] holds it", "nginx[300]");
}

static void kernel(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 70, .cookie = 70, .proto = UDP4, .state = 7,
	     .local = EP4(4789), .sflags = SF_KERNEL);
	expect(f, 70, VERDICT_KERNEL, false, "The kernel made it", "no process to kill");
}

static void orphaned(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 70, .proto = TCP4, .state = 5,
	     .sflags = SF_DEAD, .local = EP4(80), .remote = EP4(50000), .left_ms = 42000);
	expect(f, 70, VERDICT_ORPHANED, false, "FIN_WAIT2), for 42 s more",
	       "Wait 42 s: it was made without SO_REUSEADDR");
	FEED(f, scan_sock, SCAN_SOCK, 0, 0, .inode = 71, .proto = TCP4, .state = 5,
	     .sflags = SF_DEAD | SF_REUSEADDR, .local = EP4(81), .remote = EP4(50000),
	     .left_ms = 42000);
	expect(f, 71, VERDICT_ORPHANED, false, "FIN_WAIT2)",
	       "or set SO_REUSEADDR before bind: it had that set, too");
	FEED(f, source, SOURCE, 0, 0, .caps = SRC_PROC);
	expect(f, 70, VERDICT_ORPHANED, false, "FIN_WAIT2)", "if what left it had that set, too");
}

static void held(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_fd, SCAN_FD, 100, 100, .inode = 70, .cookie = 70, .proto = TCP4, .state = 10,
	     .local = EP4(70), .files = FILES(100), .fd = 9);
	expect(f, 70, VERDICT_HELD, false, "bash[100] holds it; who made it is not known",
	       "stop bash[100]");
}

/* Without descriptor events nobody knows whether it was used: still a leak, but said so. */
static void unsure(void **state)
{
	struct feed *f = *state;
	u64 begin;

	FEED(f, source, SOURCE, 0, 0, .caps = SRC_EVENTS | SRC_NETNS, .filter = ~0ull);
	feed_listener(f, 200, FILES(200), 3, 80, 0);
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/sleep");
	kill_by_bash(f, 200);
	expect(f, 80, VERDICT_INHERITED, false, "no scan has looked since", "see first");
	FEED(f, scan_begin, SCAN_BEGIN, 0, 0, .scope = SCOPE_FDS);
	begin = f->ts;
	FEED(f, scan_fd, SCAN_FD, 201, 201, .inode = 80, .cookie = 80, .proto = TCP4, .state = 10,
	     .local = EP4(80), .files = FILES(201), .fd = 3, .waits = 2);
	FEED(f, scan_end, SCAN_END, 0, 0, .scope = SCOPE_FDS, .begin = begin);
	expect(f, 80, VERDICT_LEAKED, false, "as far as was seen, sleep[201]", "look first");
}

static void after_loss(void **state)
{
	struct feed *f = *state;

	feed_listener(f, 200, FILES(200), 3, 80, 0);
	FEED(f, lost, LOST, 0, 0, .count = 1);
	expect(f, 80, VERDICT_OWNED, false, "server[200]", "Stop");
}

static void reuseport(void **state)
{
	struct feed *f = *state;
	struct ep ep = EP4(80);

	for (u32 i = 0; i < 2; i++) {
		u32 pid = i ? 200 : 300;

		if (!i)
			feed_task(f, 300, 1, "other");
		FEED(f, socket, SOCKET, pid, pid, .inode = 70 + i, .cookie = 70 + i, .proto = TCP4,
		     .state = 7, .files = FILES(pid), .fd = 3);
		FEED(f, listen, LISTEN, pid, pid, .inode = 70 + i, .cookie = 70 + i, .proto = TCP4,
		     .state = 10, .local = ep, .sflags = SF_REUSEPORT, .fd = 3);
	}
	feed_fork(f, 200, 201);
	feed_exec(f, 201, "/usr/bin/sleep");
	kill_by_bash(f, 200);
	expect(f, 71, VERDICT_LEAKED, true, "dealt 1 of 2 connections that nobody will answer",
	       "Kill sleep[201]");
	expect(f, 70, VERDICT_OWNED, true,
	       "leaked member of its SO_REUSEPORT group, held by sleep[201]", "Stop other[300]");
}

static void hostile_comm(void **state)
{
	struct feed *f = *state;
	struct answer a;

	FEED(f, rename, RENAME, 200, 200, .name = comm_of("\033[2Jx\n"));
	feed_listener(f, 200, FILES(200), 3, 80, 0);
	advise_sock(f->m, sock_by(f, 80), &a);
	assert_null(strchr(a.why.s, '\033'));
	assert_null(strchr(a.action.s, '\n'));
	answer_free(&a);
}

/* A command line as words: the first is exe, argv follows. */
static struct image image_of(const char *const words[])
{
	static char pool[64][512];
	static u32 next;
	struct image i = {.text = pool[next++ % 64]};
	size_t n = 0;

	for (u32 w = 0; words[w]; w++) {
		size_t len = strlen(words[w]) + 1;

		assert_true(n + len <= sizeof(pool[0]));
		memcpy(i.text + n, words[w], len);
		n += len;
		if (!w)
			i.exe_len = (u16)len;
	}
	i.args_len = (u16)(n - i.exe_len);
	return i;
}

#define W(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
static const struct {
	enum same same;
	const char *a[12], *b[12];
} programs_table[] = {
	{SAME_YES, W("/usr/bin/cat", "cat", "x"), W("./cat", "cat", "y")},
	{SAME_NO, W("/usr/bin/python3", "python3", "-u", "a.py"), W("/usr/bin/cat", "cat", "a.py")},
	{SAME_YES, W("/opt/1.2/srv", "srv"), W("/opt/1.3/srv", "srv")},
	{SAME_YES, W("/usr/sbin/php-fpm8.2", "x"), W("/usr/sbin/php-fpm8.3", "x")},
	/* a shebang and its interpreter */
	{SAME_YES, W("./srv", "/usr/bin/python3", "./srv", "80"),
	 W("/usr/bin/python3.11", "python3", "srv")},
	{SAME_YES, W("/usr/bin/gunicorn", "/usr/bin/python3", "/usr/bin/gunicorn", "app:app"),
	 W("/usr/bin/python3", "/usr/bin/python3", "/usr/bin/gunicorn", "app:app")},
	{SAME_YES, W("/a/run", "/usr/bin/perl", "-w", "/a/run"),
	 W("/usr/bin/perl", "perl", "/a/run")},
	{SAME_NO, W("./srv", "/usr/bin/python3", "./srv"),
	 W("/usr/bin/python3", "python3", "worker.py")},
	{SAME_UNKNOWN, W("./srv", "/opt/ours", "./srv"), W("/opt/ours", "ours", "./srv")},
	/* options that take a word */
	{SAME_NO, W("/usr/bin/python3", "python3", "-W", "ignore", "a.py", "-W", "ignore"),
	 W("/usr/bin/python3", "python3", "-W", "ignore", "b.py")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-X", "dev", "a.py"),
	 W("/usr/bin/python3", "python3", "-uWignore", "a.py")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-Bm", "pkg.srv"),
	 W("/usr/bin/python3", "python3", "-m", "pkg.srv", "x")},
	{SAME_NO, W("/usr/bin/python3", "python3", "-m", "pkg.srv"),
	 W("/usr/bin/python3", "python3", "-m", "pkg.worker")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-c", "serve()"),
	 W("/usr/bin/python3", "python3", "-c", "serve()", "1")},
	{SAME_NO, W("/usr/bin/python3", "python3", "-c", "serve()"),
	 W("/usr/bin/python3", "python3", "-c", "work()")},
	{SAME_NO, W("/usr/bin/node", "node", "-r", "x", "s.js"),
	 W("/usr/bin/node", "node", "-r", "x", "w.js")},
	{SAME_NO, W("/usr/bin/node", "node", "--require", "x", "--no-warnings", "s.js"),
	 W("/usr/bin/node", "node", "--import", "x", "w.js")},
	{SAME_UNKNOWN, W("/usr/bin/node", "node", "--what-is-this", "s.js"),
	 W("/usr/bin/node", "node", "w.js")},
	{SAME_NO, W("/usr/bin/node", "node", "--what-is-this", "s.js"),
	 W("/usr/bin/sleep", "sleep", "9")},
	{SAME_NO, W("/usr/bin/perl", "perl", "-I", "lib", "-MJSON", "a.pl"),
	 W("/usr/bin/perl", "perl", "-Ilib", "b.pl")},
	{SAME_YES, W("/usr/bin/perl", "perl", "-I", "lib", "a.pl"),
	 W("/usr/bin/perl", "perl", "-wT", "a.pl")},
	{SAME_NO, W("/usr/bin/ruby", "ruby", "-r", "bundler/setup", "a.rb"),
	 W("/usr/bin/ruby", "ruby", "-rbundler/setup", "b.rb")},
	{SAME_NO, W("/usr/bin/java", "java", "-cp", "/app", "Main"),
	 W("/usr/bin/java", "java", "-cp", "/app", "Worker")},
	{SAME_YES, W("/usr/bin/java", "java", "-Xmx1g", "-cp", "/app", "Main"),
	 W("/usr/bin/java", "java", "-Dx=y", "Main")},
	{SAME_NO, W("/usr/bin/java", "java", "-jar", "a.jar"),
	 W("/usr/bin/java", "java", "-jar", "b.jar")},
	{SAME_UNKNOWN, W("/usr/bin/java", "java", "@args"),
	 W("/usr/bin/java", "java", "-jar", "b.jar")},
	{SAME_NO, W("/usr/bin/php", "php", "-d", "a=b", "a.php"),
	 W("/usr/bin/php", "php", "-d", "a=b", "b.php")},
	{SAME_YES, W("/usr/bin/php", "php", "-f", "a.php"), W("/usr/bin/php", "php", "a.php")},
	{SAME_NO, W("/bin/bash", "bash", "-O", "extglob", "a.sh"),
	 W("/bin/bash", "bash", "-O", "extglob", "b.sh")},
	{SAME_YES, W("/bin/bash", "bash", "-eo", "pipefail", "a.sh"), W("/bin/sh", "sh", "a.sh")},
	{SAME_NO, W("/bin/sh", "sh", "-c", "serve"), W("/bin/sh", "sh", "-ec", "work")},
	{SAME_YES, W("/bin/sh", "sh", "-c", "serve"), W("/bin/dash", "dash", "-e", "-c", "serve")},
	{SAME_YES, W("/bin/busybox", "httpd", "-f"), W("/bin/busybox", "busybox", "httpd")},
	{SAME_NO, W("/bin/busybox", "httpd", "-f"), W("/bin/busybox", "sleep", "9")},
	{SAME_YES, W("/lib64/ld-linux-x86-64.so.2", "ld.so", "--library-path", "/x", "/a/srv"),
	 W("/lib64/ld-linux-x86-64.so.2", "ld.so", "/a/srv")},
	/* where a script lies */
	{SAME_YES, W("/usr/bin/node", "node", "s.js"), W("/usr/bin/node", "node", "/srv/app/s.js")},
	{SAME_YES, W("/usr/bin/node", "node", "/srv/releases/20261128/bin/s.js"),
	 W("/usr/bin/node", "node", "/srv/releases/20261129/bin/s.js")},
	{SAME_YES, W("/usr/bin/node", "node", "/srv/current/s.js"),
	 W("/usr/bin/node", "node", "/srv/releases/v2.1/s.js")},
	{SAME_UNKNOWN, W("/usr/bin/node", "node", "/srv/shop/s.js"),
	 W("/usr/bin/node", "node", "/srv/blog/s.js")},
	{SAME_UNKNOWN, W("/usr/bin/node", "node", "shop/s.js"),
	 W("/usr/bin/node", "node", "/srv/blog/s.js")},
	/* a module and its file */
	{SAME_YES, W("/usr/bin/python3", "python3", "-m", "gunicorn"),
	 W("/usr/bin/python3", "python3", "/usr/lib/python3/dist-packages/gunicorn/__main__.py")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-m", "gunicorn"),
	 W("/usr/bin/gunicorn", "/usr/bin/python3", "/usr/bin/gunicorn")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-m", "a.b"),
	 W("/usr/bin/python3", "python3", "/x/a/b.py")},
	{SAME_UNKNOWN, W("/usr/bin/python3", "python3", "-m", "http.server"),
	 W("/usr/bin/python3", "python3", "/x/server.py")},
	{SAME_NO, W("/usr/bin/python3", "python3", "-m", "http.server"),
	 W("/usr/bin/python3", "python3", "/x/worker.py")},
	/* what cannot be told */
	{SAME_UNKNOWN, W("/usr/bin/python3", "python3", "-"),
	 W("/usr/bin/python3", "python3", "a.py")},
	{SAME_UNKNOWN, W("/dev/fd/5", "srv"), W("/usr/bin/srv", "srv")},
	{SAME_YES, W("/usr/bin/python3", "python3", "-"), W("/usr/bin/python3", "python3", "-")},
};

static void programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs_table); i++) {
		struct image a = image_of(programs_table[i].a), b = image_of(programs_table[i].b);
		enum same ab = program_same(NULL, &a, &b), ba = program_same(NULL, &b, &a);

		if (ab != programs_table[i].same || ba != ab)
			fail_msg("row %zu, %s %s and %s %s: %d and %d", i, a.text,
				 programs_table[i].a[2], b.text, programs_table[i].b[2], ab, ba);
		assert_int_equal(program_same(NULL, &a, &a), SAME_YES);
	}
}

/* Whatever an image was cut to: no crash, and no certain no where a word is missing. */
static void programs_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs_table); i++) {
		struct image whole = image_of(programs_table[i].a);

		for (u16 n = whole.exe_len; n < whole.exe_len + whole.args_len; n++) {
			char text[512];
			struct image cut = whole;

			memcpy(text, whole.text, n);
			text[n] = '\0';
			cut.text = text;
			cut.truncated = true;
			cut.args_len = (u16)(n - whole.exe_len + 1);
			if (program_same(NULL, &whole, &cut) == SAME_NO ||
			    program_same(NULL, &cut, &whole) == SAME_NO)
				fail_msg("row %zu cut to %u bytes", i, n - whole.exe_len);
		}
	}
}

/* ---- zombies ---- */

struct zombie {
	const char *name;
	enum reason reason;
	struct {
		u32 flags, sigchld, stuck, tid, wait_for, nr, opts, wait_tid;
		s32 wait_pid;
	} mum;
	struct {
		u32 flags, tracer, exit_signal, tid;
	} kid;
	const char *remedy;
};

#define EXITED 4
#define MUM    .tid = 400
#define KID                                                                                        \
	{                                                                                          \
		.exit_signal = 17, .tid = 400                                                      \
	}

/* What a scan tells of a parent and its dead child: why it is not reaped, and what helps. */
static const struct zombie zombie_table[] = {
	{"no-wait", REASON_PARENT_NOT_WAITING, {MUM}, KID, "init takes kid[401] over"},
	{"catches", REASON_CATCHES_ONLY, {MUM, .sigchld = 2}, KID, "cmd.Wait()"},
	{"coalesced",
	 REASON_PERHAPS_MISSES,
	 {MUM, .sigchld = 2, .flags = TASK_REAPED},
	 KID,
	 "Perhaps"},
	{"reaped as another program",
	 REASON_CATCHES_ONLY,
	 {MUM, .sigchld = 2, .flags = TASK_REAPED | TASK_REEXECED},
	 KID,
	 "has not waited"},
	{"blocked",
	 REASON_SIGCHLD_BLOCKED,
	 {MUM, .sigchld = 2, .flags = TASK_REAPED, .stuck = STUCK_SIGCHLD},
	 KID,
	 "blocks SIGCHLD"},
	{"blocked, but stopped",
	 REASON_PARENT_STOPPED,
	 {MUM, .flags = TASK_STOPPED, .stuck = STUCK_SIGCHLD},
	 KID,
	 "CONT"},
	{"old recording", REASON_PERHAPS_MISSES, {.sigchld = 2}, {.exit_signal = 17}, "WNOHANG"},
	{"other, old recording",
	 REASON_WAITS_FOR_OTHER,
	 {.flags = TASK_IN_WAIT, .wait_pid = 999},
	 KID,
	 "another child"},
	{"pid",
	 REASON_WAITS_FOR_OTHER,
	 {MUM, .wait_for = WAITS_PID, .nr = 100, .opts = EXITED, .wait_tid = 402},
	 KID,
	 "another child, bash[100] (in its thread 402)"},
	{"group",
	 REASON_WAITS_FOR_GROUP,
	 {MUM, .wait_for = WAITS_GROUP, .nr = 77, .opts = EXITED, .wait_tid = 400},
	 KID,
	 "group, 77,"},
	{"stops",
	 REASON_WAITS_FOR_STOPS,
	 {MUM, .wait_for = WAITS_ANY, .opts = 2, .wait_tid = 400},
	 KID,
	 "WEXITED"},
	{"stops of it",
	 REASON_WAITS_FOR_STOPS,
	 {MUM, .wait_for = WAITS_PID, .nr = 401, .opts = 8},
	 KID,
	 "WEXITED"},
	{"clones",
	 REASON_WAITS_FOR_CLONES,
	 {MUM, .wait_for = WAITS_ANY, .opts = 0x80000004u},
	 KID,
	 "__WALL"},
	{"all",
	 REASON_PARENT_NOT_WAITING,
	 {MUM, .wait_for = WAITS_ANY, .opts = 0x40000004u},
	 KID,
	 "fix or restart"},
	{"thread",
	 REASON_WAITS_IN_THREAD,
	 {MUM, .wait_for = WAITS_ANY, .opts = 0x20000004u, .wait_tid = 403},
	 KID,
	 "(in its thread 403)"},
	{"that thread",
	 REASON_PARENT_NOT_WAITING,
	 {MUM, .wait_for = WAITS_ANY, .opts = 0x20000004u, .wait_tid = 400},
	 KID,
	 "fix"},
	{"stopped",
	 REASON_PARENT_STOPPED,
	 {MUM, .flags = TASK_STOPPED},
	 KID,
	 "continue it (kill -CONT 400)"},
	{"ptrace",
	 REASON_PARENT_TRACED,
	 {MUM, .stuck = STUCK_TRACE},
	 KID,
	 "stopped by its tracer bash[100]"},
	{"exit stop",
	 REASON_PARENT_DYING,
	 {MUM, .stuck = STUCK_TRACE | STUCK_EXIT_STOP},
	 KID,
	 "on its way out"},
	{"frozen", REASON_PARENT_FROZEN, {MUM, .stuck = STUCK_FROZEN}, KID, "cgroup.freeze"},
	{"freezer",
	 REASON_PARENT_FROZEN,
	 {MUM, .stuck = STUCK_FREEZER | STUCK_KILLED},
	 KID,
	 "though it was killed"},
	{"vfork",
	 REASON_PARENT_VFORK,
	 {MUM, .stuck = STUCK_VFORK | STUCK_BLOCKED},
	 KID,
	 "in vfork"},
	{"D", REASON_PARENT_BLOCKED, {MUM, .stuck = STUCK_BLOCKED}, KID, "/proc/400/stack"},
	{"killed", REASON_PARENT_DYING, {MUM, .stuck = STUCK_KILLED}, KID, "about to end"},
	{"dumping", REASON_PARENT_DYING, {MUM, .flags = TASK_DUMPING}, KID, "core dump"},
	{"traced",
	 REASON_TRACED,
	 {MUM},
	 {.exit_signal = 17, .tracer = 100},
	 "bash[100] traces kid[401]"},
	{"thread left",
	 REASON_TRACED_THREAD,
	 {MUM, .wait_for = WAITS_ANY, .opts = EXITED},
	 {.flags = TASK_THREAD_LEFT, .exit_signal = 17, .tracer = 100},
	 "its tracer bash[100]"},
	{"clone0",
	 REASON_NO_EXIT_SIGNAL,
	 {MUM, .wait_for = WAITS_ANY, .opts = EXITED},
	 {},
	 "__WALL"},
	{"usr1",
	 REASON_OTHER_EXIT_SIGNAL,
	 {MUM, .wait_for = WAITS_ANY, .opts = EXITED},
	 {.exit_signal = 10},
	 "SIGUSR1"},
	{"clone0, but waits for it",
	 REASON_WAITS_FOR_OTHER,
	 {MUM, .wait_for = WAITS_PID, .nr = 100, .opts = 0xc0000004u},
	 {},
	 "bash[100]"},
	{"subreaper",
	 REASON_SUBREAPER_NOT_REAPING,
	 {MUM, .flags = TASK_SUBREAPER},
	 {.flags = TASK_STRANGER, .exit_signal = 17},
	 "PR_SET_CHILD_SUBREAPER"},
	{"subreaper, perhaps",
	 REASON_SUBREAPER_PERHAPS,
	 {MUM, .flags = TASK_SUBREAPER | TASK_REAPED},
	 KID,
	 "was not seen"},
	{"subreaper, never",
	 REASON_PARENT_NOT_WAITING,
	 {MUM, .flags = TASK_SUBREAPER},
	 KID,
	 "has not waited"},
	/* last: PID 1 of a namespace stays that */
	{"nsinit",
	 REASON_INIT_NOT_REAPING,
	 {MUM, .flags = TASK_NSINIT},
	 {.flags = TASK_STRANGER, .exit_signal = 17},
	 "(kid[401] is pid 7 in there)"},
	{"nsinit, perhaps",
	 REASON_INIT_PERHAPS,
	 {MUM, .flags = TASK_NSINIT | TASK_REAPED},
	 KID,
	 "was not seen"},
	{"nsinit, old recording",
	 REASON_INIT_PERHAPS,
	 {.flags = TASK_NSINIT},
	 {.exit_signal = 17},
	 "tini"},
	{"nsinit, never",
	 REASON_INIT_NEVER_WAITS,
	 {MUM, .flags = TASK_NSINIT},
	 KID,
	 "never waited for any child"},
};

static void zombies(void **state)
{
	struct feed *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(zombie_table); i++) {
		const struct zombie *z = &zombie_table[i];
		struct buf b = {};

		FEED(f, scan_task, SCAN_TASK, 400, 400, .start = START(400), .files = FILES(400),
		     .parent = 1, .pgid = 400, .exit_signal = 17, .flags = z->mum.flags,
		     .sigchld = z->mum.sigchld, .wait_pid = z->mum.wait_pid, .stuck = z->mum.stuck,
		     .tracer = z->mum.stuck & STUCK_TRACE ? 100 : 0, .parent_tid = z->mum.tid,
		     .wait_for = z->mum.wait_for, .wait_nr = z->mum.nr, .wait_opts = z->mum.opts,
		     .wait_tid = z->mum.wait_tid, .name = comm_of("mum"));
		FEED(f, scan_task, SCAN_TASK, 401, 401, .start = START(401), .parent = 400,
		     .pgid = 400, .exit_signal = z->kid.exit_signal, .tracer = z->kid.tracer,
		     .flags = TASK_ZOMBIE | z->kid.flags, .parent_tid = z->kid.tid, .nspid = {{7}},
		     .name = comm_of("kid"));
		if (advise_zombie(f->m, proc_by(f, 401), &b) != z->reason)
			fail_msg("%s: %s: %s", z->name,
				 name_reason(zombie_reason(f->m, proc_by(f, 401))), b.s);
		if (getenv("SHOW"))
			print_message("%s\n\t%s\n", name_reason(z->reason), b.s);
		if (!strstr(b.s, z->remedy) || strchr(b.s, '%'))
			fail_msg("%s: %s", z->name, b.s);
		buf_free(&b);
	}
}

/* Rows of one key stand together, so that what is counted by key is counted once. */
static void reasons_grouped(void **state)
{
	(void)state;
	for (u32 i = 0; i < REASONS; i++)
		for (u32 k = 0; k < REASONS; k++)
			assert_int_equal(!strcmp(name_reason(i), name_reason(k)),
					 reason_group(i) == reason_group(k));
}

static u64 kid_reaped(struct feed *f, u32 pid, u64 after)
{
	feed_fork(f, 200, pid);
	feed_exit(f, pid, 200, 0, 0);
	feed_pass(f, after);
	FEED(f, wait, WAIT, 200, 200, .nr = pid);
	return proc_by(f, 200)->habit_ns;
}

/* Who reaps every two seconds is not accused after one, and after long enough it is. */
static void accused_by_habit(void **state)
{
	struct feed *f = *state;
	struct buf b = {};

	FEED(f, scan_task, SCAN_TASK, 100, 100, .start = START(100), .files = FILES(100),
	     .parent = 1, .exit_signal = 17, .parent_tid = 1, .name = comm_of("bash"));
	assert_in_range(kid_reaped(f, 202, 2 * NS_PER_S), 2 * NS_PER_S,
			2 * NS_PER_S + 10 * NS_PER_MS);
	feed_fork(f, 200, 201);
	feed_exit(f, 201, 200, 0, 0);
	feed_pass(f, 3 * NS_PER_S);
	assert_int_equal(advise_zombie(f->m, proc_by(f, 201), &b), REASON_RECENT);
	assert_non_null(strstr(b.s, "within 5 s"));
	feed_pass(f, 2 * NS_PER_S);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 201)), REASON_PARENT_NOT_WAITING);
	/* one that took long is forgotten little by little */
	for (u32 i = 0; i < 20; i++)
		kid_reaped(f, 300 + i, NS_PER_MS);
	assert_in_range(proc_by(f, 200)->habit_ns, NS_PER_MS, 10 * NS_PER_MS);
	buf_free(&b);
}

/* What bash reaped before it executed the server says nothing of how the server does. */
static void habit_of_program(void **state)
{
	struct feed *f = *state;

	FEED(f, scan_task, SCAN_TASK, 100, 100, .start = START(100), .files = FILES(100),
	     .parent = 1, .exit_signal = 17, .parent_tid = 1, .name = comm_of("bash"));
	kid_reaped(f, 202, NS_PER_MS);
	feed_exec(f, 200, "/usr/bin/catcher");
	assert_int_equal(proc_by(f, 200)->reaps, 0);
	assert_true(proc_by(f, 200)->flags & TASK_REAPED);
	FEED(f, scan_task, SCAN_TASK, 200, 200, .start = START(200), .files = FILES(200),
	     .parent = 100, .exit_signal = 17, .parent_tid = 100, .sigchld = 2,
	     .flags = TASK_REAPED, .name = comm_of("catcher"));
	feed_fork(f, 200, 201);
	feed_exit(f, 201, 200, 0, 0);
	feed_pass(f, 5 * NS_PER_S);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 201)), REASON_CATCHES_ONLY);
	kid_reaped(f, 203, NS_PER_MS);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 201)), REASON_PARENT_MISSES_SOME);
}

/* An age by when it last ran counts as one that was seen. */
static void age_by_last_run(void **state)
{
	struct feed *f = *state;

	for (u32 i = 0; i < 2; i++)
		FEED(f, scan_task, SCAN_TASK, 401 + i, 401 + i, .start = START(401 + i),
		     .parent = 200, .exit_signal = 17, .flags = TASK_ZOMBIE,
		     .ran_ns = NS_PER_S + i * 8 * NS_PER_S, .parent_tid = 200,
		     .name = comm_of("kid"));
	assert_int_equal(zombie_reason(f->m, proc_by(f, 401)), REASON_RECENT);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 402)), REASON_PARENT_NOT_WAITING);
	feed_pass(f, NS_PER_S);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 401)), REASON_PARENT_NOT_WAITING);
}

/* PID 1 of a pid namespace ended, but one in there waits for a parent outside. */
static void init_not_yet_dead(void **state)
{
	struct feed *f = *state;
	struct buf b = {};

	FEED(f, scan_task, SCAN_TASK, 500, 500, .start = START(500), .parent = 200,
	     .exit_signal = 17, .pidns = 4711, .nspid = {{1}}, .flags = TASK_NSINIT | TASK_EXITING,
	     .parent_tid = 200, .name = comm_of("box"));
	FEED(f, scan_task, SCAN_TASK, 501, 501, .start = START(501), .parent = 100,
	     .exit_signal = 17, .pidns = 4711, .nspid = {{2}}, .flags = TASK_ZOMBIE,
	     .parent_tid = 100, .name = comm_of("probe"));
	assert_string_equal(proc_state(proc_by(f, 500)), "dying");
	assert_int_equal(advise_zombie(f->m, proc_by(f, 500), &b), REASON_DYING);
	assert_non_null(strstr(b.s,
			       "probe[501] in there is dead, but its parent bash[100], which is "
			       "outside, has not reaped it"));
	buf_reset(&b);
	advise_zombie(f->m, proc_by(f, 501), &b);
	assert_non_null(strstr(b.s, "box[500], PID 1 of its pid namespace, cannot end"));
	buf_reset(&b);
	/* and if that one waits for the first, both wait for ever */
	FEED(f, scan_task, SCAN_TASK, 100, 100, .start = START(100), .parent = 1, .exit_signal = 17,
	     .wait_for = WAITS_PID, .wait_nr = 500, .wait_tid = 100, .wait_opts = 4,
	     .parent_tid = 1, .name = comm_of("bash"));
	feed_pass(f, 3 * NS_PER_S);
	assert_int_equal(advise_zombie(f->m, proc_by(f, 501), &b), REASON_WAITS_IN_CIRCLE);
	assert_non_null(strstr(b.s, "neither goes on by itself"));
	buf_free(&b);
}

static void recent_and_headless(void **state)
{
	struct feed *f = *state;

	feed_fork(f, 200, 201);
	feed_exit(f, 201, 200, 0, 0);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 201)), REASON_RECENT);
	feed_pass(f, NS_PER_S);
	assert_int_equal(zombie_reason(f->m, proc_by(f, 201)), REASON_PARENT_NOT_WAITING);
	FEED(f, headless, HEADLESS, 200, 200, .start = START(200));
	assert_int_equal(zombie_reason(f->m, proc_by(f, 200)), REASON_HEADLESS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(owned_and_shared),
		T(leaked),
		T(inherited),
		T(whom_to_stop),
		T(leak_in_the_making),
		T(maker_by_its_name_then),
		T(inherited_by_use),
		T(inherited_on_purpose),
		T(connection),
		T(connection_over),
		T(bind_refused),
		T(passed),
		T(hidden),
		T(kept),
		T(kernel),
		T(orphaned),
		T(held),
		T(unsure),
		T(after_loss),
		T(reuseport),
		T(hostile_comm),
		T(programs),
		T(programs_cut),
		T(zombies),
		T(recent_and_headless),
		T(reasons_grouped),
		T(accused_by_habit),
		T(habit_of_program),
		T(age_by_last_run),
		T(init_not_yet_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
