/* table.c: fd tables that are copied, shared, split and edited, by processes and by threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actor.h"

static void *thread_pause(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void *thread_stay(void *unused)
{
	(void)unused;
	tell_int(gettid());
	stay();
	return NULL;
}

static void thread_start(void *(*run)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, run, arg))
		die("pthread_create");
}

static void dup_run(void *unused)
{
	int fd = tcp_listener(0), other = tcp_listener(0);

	(void)unused;
	tell_sock(fd);
	tell_sock(other);
	tell_int(check(dup(fd), "dup"));
	check(dup2(fd, other), "dup2");
	check(fcntl(fd, F_DUPFD, 100), "F_DUPFD");
	check(fcntl(fd, F_DUPFD_CLOEXEC, 110), "F_DUPFD_CLOEXEC");
	close(fd);
	tell_int(0);
	stay();
}

/* One listener under four descriptors, the first closed; another listener overwritten by dup2. */
static void scene_dup(void)
{
	struct child c = child_start(dup_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN"), lost = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {lost.fd, hear_int(&c), 100, 110}, .cloexec = {110}};

	hear_int(&c);
	facts_begin("dup");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	fact_gone(&lost);
	facts_end();
}

static int listener_at(int want)
{
	int fd = tcp_listener(0);

	check(dup2(fd, want), "dup2");
	close(fd);
	tell_sock(want);
	return want;
}

/* Shares the table of its parent, then leaves it by CLOSE_RANGE_UNSHARE. */
static void range_kin(void)
{
	check(close_range(52, 52, CLOSE_RANGE_UNSHARE), "close_range");
	tell_int(getpid());
	stay();
}

static void range_run(void *unused)
{
	(void)unused;
	for (int fd = 50; fd <= 52; fd++)
		listener_at(fd);
	check(close_range(50, 50, 0), "close_range");
	check(close_range(51, 51, CLOSE_RANGE_CLOEXEC), "close_range");
	if (!fork_flags(CLONE_FILES | SIGCHLD, 0))
		range_kin();
	stay();
}

/* close_range closes one listener, marks one, and unshares a shared table from which one goes. */
static void scene_close_range(void)
{
	struct child c = child_start(range_run, NULL);
	struct sock s[3];
	struct hold both[2] = {
		{.pid = c.pid, .fds = {51}, .cloexec = {51}},
		{.fds = {51}, .cloexec = {51}},
	};
	struct hold one = {.pid = c.pid, .fds = {52}};

	for (int i = 0; i < 3; i++)
		s[i] = hear_sock(&c, "LISTEN");
	both[1].pid = hear_int(&c);
	facts_begin("close-range");
	fact_int("port", s[1].port);
	fact_sock(&s[1], both, 2);
	fact_sock(&s[2], &one, 1);
	fact_gone(&s[0]);
	facts_end();
}

static void shared_run(void *unused)
{
	int fd = tcp_listener(0);
	pid_t pid;

	(void)unused;
	tell_sock(fd);
	pid = fork_flags(CLONE_FILES | SIGCHLD, 0);
	if (!pid) {
		tell_int(getpid());
		go_wait();
		close(fd);
		tell_int(0);
		stay();
	}
	child_reap(pid);
}

/* Two processes share one fd table. Step: one closes the listener, for both. */
static void scene_clone_files(void)
{
	struct child c = child_start(shared_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h[] = {
		{.pid = c.pid, .fds = {s.fd}},
		{.pid = hear_int(&c), .fds = {s.fd}},
	};

	facts_begin("clone-files");
	fact_int("port", s.port);
	fact_sock(&s, h, 2);
	facts_end();
	if (!step_wait())
		return;
	child_go(&c);
	hear_int(&c);
	facts_begin("clone-files");
	fact_int("port", s.port);
	fact_gone(&s);
	facts_end();
}

static void headless_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	thread_start(thread_stay, NULL);
	syscall(SYS_exit, 0);
}

/* The main thread of a listener has exited; a worker thread lives on. */
static void scene_headless(void)
{
	struct child c = child_start(headless_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};
	int tid = hear_int(&c);

	state_await(c.pid, 'Z');
	facts_begin("headless");
	fact_int("port", s.port);
	fact_int("tid", tid);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void *thread_leave(void *unused)
{
	check(unshare(CLONE_FILES), "unshare");
	tell_int(gettid());
	return thread_pause(unused);
}

static void private_run(void *unused)
{
	int fd = tcp_listener(0);

	(void)unused;
	tell_sock(fd);
	thread_start(thread_leave, NULL);
	go_wait();
	close(fd);
	tell_int(0);
	stay();
}

/* A thread has its own fd table and keeps the listener there; the others have closed it. */
static void scene_thread_files(void)
{
	struct child c = child_start(private_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .tid = hear_int(&c), .fds = {s.fd}};

	child_go(&c);
	hear_int(&c);
	facts_begin("thread-files");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* The leader alone listens to what it is told to do. */
static void *thread_keep(void *unused)
{
	tell_int(gettid());
	return thread_pause(unused);
}

static void leader_leaves_run(void *unused)
{
	int fd = tcp_listener(0);

	(void)unused;
	tell_sock(fd);
	thread_start(thread_keep, NULL);
	go_wait();
	check(unshare(CLONE_FILES), "unshare");
	close(fd);
	tell_int(0);
	stay();
}

/* The leader takes a table of its own and closes the listener there; a thread keeps the old one. */
static void scene_leader_unshares(void)
{
	struct child c = child_start(leader_leaves_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .tid = hear_int(&c), .fds = {s.fd}};

	child_go(&c);
	hear_int(&c);
	facts_begin("leader-unshares");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* Takes a table of its own, starts another thread on it, and ends. */
static void *thread_leave_to_heir(void *unused)
{
	check(unshare(CLONE_FILES), "unshare");
	thread_start(thread_keep, NULL);
	return unused;
}

static void private_shared_run(void *unused)
{
	int fd = tcp_listener(0);
	pthread_t first;

	(void)unused;
	tell_sock(fd);
	if (pthread_create(&first, NULL, thread_leave_to_heir, NULL) || pthread_join(first, NULL))
		_exit(1);
	go_wait();
	close(fd);
	tell_int(0);
	stay();
}

/* Two threads share a table of their own, and the one that began it has ended. */
static void scene_private_shared(void)
{
	struct child c = child_start(private_shared_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .tid = hear_int(&c), .fds = {s.fd}};

	child_go(&c);
	hear_int(&c);
	facts_begin("private-shared");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void *thread_exec(void *unused)
{
	cat_exec(unused);
	return NULL;
}

static void thread_exec_run(void *unused)
{
	int closed = tcp_listener(0), kept = tcp_listener(0);

	check(fcntl(closed, F_SETFD, FD_CLOEXEC), "F_SETFD");
	tell_sock(kept);
	tell_sock(closed);
	thread_start(thread_exec, NULL);
	thread_pause(unused);
}

/* A thread that is not the leader runs another program: same process, CLOEXEC listener gone. */
static void scene_exec_in_thread(void)
{
	struct child c = child_start(thread_exec_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN"), lost = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};

	comm_await(c.pid, "cat");
	facts_begin("exec-in-thread");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	fact_gone(&lost);
	facts_end();
}

const struct scene table_scenes[] = {
	{"dup", scene_dup, "dup, dup2 over another, F_DUPFD; the first descriptor closed"},
	{"close-range", scene_close_range, "close_range plain, CLOEXEC and UNSHARE"},
	{"clone-files", scene_clone_files, "one table for two; step: closed for both"},
	{"headless", scene_headless, "the leader has exited, a worker lives"},
	{"thread-files", scene_thread_files, "only one thread's own table has it"},
	{"leader-unshares", scene_leader_unshares,
	 "the leader unshares and closes, a thread keeps"},
	{"private-shared", scene_private_shared, "two threads on one table, the first has ended"},
	{"exec-in-thread", scene_exec_in_thread, "a thread runs another program"},
	{0},
};
