/* waited.c: sockets whose last descriptor is closed while something else has their file. */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "actor.h"

/* ---- the ways ---- */

static void sleep_accept(int fd)
{
	accept(fd, NULL, NULL);
}

static void sleep_poll(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	poll(&p, 1, -1);
}

/* Among so many that the kernel keeps what it waits for elsewhere than on its stack. */
static void sleep_poll_many(int fd)
{
	struct pollfd p[64];
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	for (int i = 0; i < LEN(p); i++)
		p[i] = (struct pollfd){.fd = i + 1 < LEN(p) ? pair[0] : fd, .events = POLLIN};
	poll(p, LEN(p), -1);
}

static void sleep_select(int fd)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	syscall(SYS_pselect6, fd + 1, &in, NULL, NULL, NULL, NULL);
}

static void sleep_recv(int fd)
{
	char byte;

	recv(fd, &byte, 1, 0);
}

static void sleep_read(int fd)
{
	char byte;

	if (read(fd, &byte, 1) < 0)
		return;
}

static void sleep_epoll(int fd)
{
	int set = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create");
	struct epoll_event ev = {.events = EPOLLIN};

	check(epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev), "epoll_ctl");
	epoll_wait(set, &ev, 1, -1);
}

static int unix_bound(int type, const char *what)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "scene-%d-%s", getpid(), what);
	int fd = check(socket(AF_UNIX, type, 0), "socket");

	check(bind(fd, (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + 1 + n),
	      "bind");
	return fd;
}

static int unix_listener(void)
{
	int fd = unix_bound(SOCK_STREAM, "listener");

	check(listen(fd, 8), "listen");
	return fd;
}

static int unix_receiver(void)
{
	return unix_bound(SOCK_DGRAM, "receiver");
}

static int tcp_plain(void)
{
	return tcp_listener(0);
}

static const struct way {
	int (*make)(void);
	void (*sleep)(int fd);
	long call;
	const char *name, *state;
} ways[] = {
	{tcp_plain, sleep_accept, SYS_accept, "accept", "LISTEN"},
	{tcp_plain, sleep_poll, SYS_poll, "poll", "LISTEN"},
	{tcp_plain, sleep_poll_many, SYS_poll, "poll", "LISTEN"},
	{tcp_plain, sleep_select, SYS_pselect6, "pselect6", "LISTEN"},
	{udp_bound, sleep_recv, SYS_recvfrom, "recvfrom", "BOUND"},
	{unix_listener, sleep_accept, SYS_accept, "accept", "LISTEN"},
	{unix_receiver, sleep_read, SYS_read, "read", "BOUND"},
	{tcp_plain, sleep_epoll, SYS_epoll_wait, NULL, "LISTEN"}, /* keeps nothing */
};

static int fds[LEN(ways)];

static void *way_run(void *way)
{
	const struct way *w = way;

	tell_int(gettid());
	w->sleep(fds[w - ways]);
	return NULL;
}

static void waited_run(void *unused)
{
	pthread_t thread;

	(void)unused;
	for (int i = 0; i < LEN(ways); i++) {
		fds[i] = ways[i].make();
		tell_sock(fds[i]);
		check(-pthread_create(&thread, NULL, way_run, (void *)&ways[i]), "thread");
		go_wait();
	}
	for (int i = 0; i < LEN(ways); i++)
		close(fds[i]);
	tell_int(0);
	go_wait();
	exit(0);
}

/* The thread has entered that system call and sleeps there. */
static void call_await(pid_t pid, int tid, long call)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	do {
		usleep(1000);
		file_read(path, text, sizeof(text));
	} while (strtol(text, NULL, 10) != call || *text == 'r');
}

static void waited_facts(const struct child *c, const struct sock *s, const int *tids)
{
	int kept[LEN(ways)], n = 0;
	char calls[256] = "";

	facts_begin("closed-waited");
	fact_int("port", s[0].port);
	fact_int("pid", c->pid);
	for (int i = 0; i < LEN(ways); i++) {
		if (!ways[i].name) {
			fact_gone(&s[i]);
			continue;
		}
		fact_sock(&s[i], NULL, 0);
		snprintf(calls + strlen(calls), sizeof(calls) - strlen(calls), "%s%s", n ? " " : "",
			 ways[i].name);
		kept[n++] = tids[i];
	}
	fact_ints("tids", kept, n);
	fact_str("calls", calls);
	facts_end();
}

/* Closed while threads sleep in calls on them.  Step: their process ends. */
static void scene_closed_waited(void)
{
	struct child c = child_start(waited_run, NULL);
	struct sock s[LEN(ways)];
	int tids[LEN(ways)];

	for (int i = 0; i < LEN(ways); i++) {
		s[i] = hear_sock(&c, ways[i].state);
		tids[i] = hear_int(&c);
		call_await(c.pid, tids[i], ways[i].call);
		child_go(&c);
	}
	hear_int(&c);
	waited_facts(&c, s, tids);
	if (!step_wait())
		return;
	child_go(&c);
	child_reap(c.pid);
	facts_begin("closed-waited");
	for (int i = 0; i < LEN(ways); i++)
		fact_gone(&s[i]);
	facts_end();
}

/* ---- io_uring ---- */

struct ring {
	int fd;
	char *queue;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static bool ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return false;
	r->queue = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int),
			PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		       r->fd, IORING_OFF_SQES);
	if (r->queue == MAP_FAILED || r->sqes == MAP_FAILED)
		die("cannot map the ring");
	return true;
}

static void ring_accept(const struct ring *r, int fd)
{
	unsigned int *tail = (unsigned int *)(void *)(r->queue + r->p.sq_off.tail);

	memset(&r->sqes[0], 0, sizeof(r->sqes[0]));
	r->sqes[0].opcode = IORING_OP_ACCEPT;
	r->sqes[0].fd = fd;
	*(unsigned int *)(void *)(r->queue + r->p.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	check((int)syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0), "io_uring_enter");
}

/* A request on one listener, another registered; the descriptor of that ring is not needed. */
static void uring_run(void *unused)
{
	struct ring asks, has;
	int fd[2], own;

	(void)unused;
	if (!ring_open(&asks) || !ring_open(&has)) {
		tell_int(0);
		exit(0);
	}
	tell_int(1);
	for (int i = 0; i < LEN(fd); i++) {
		fd[i] = tcp_listener(0);
		tell_sock(fd[i]);
	}
	ring_accept(&asks, fd[0]);
	own = fd[1];
	check((int)syscall(SYS_io_uring_register, has.fd, IORING_REGISTER_FILES, &own, 1),
	      "IORING_REGISTER_FILES");
	close(fd[0]);
	close(fd[1]);
	tell_int(0);
	go_wait();
	exit(0);
}

/* Closed while an io_uring has them.  Step: its process ends. */
static void scene_closed_uring(void)
{
	struct child c = child_start(uring_run, NULL);
	struct sock s[2];
	bool can = hear_int(&c);

	for (int i = 0; can && i < LEN(s); i++)
		s[i] = hear_sock(&c, "LISTEN");
	if (can)
		hear_int(&c);
	facts_begin("closed-uring");
	fact_int("can", can);
	fact_int("pid", c.pid);
	for (int i = 0; can && i < LEN(s); i++)
		fact_sock(&s[i], NULL, 0);
	facts_end();
	if (!step_wait())
		return;
	child_go(&c);
	child_reap(c.pid);
	facts_begin("closed-uring");
	for (int i = 0; can && i < LEN(s); i++)
		fact_gone(&s[i]);
	facts_end();
}

const struct scene waited_scenes[] = {
	{"closed-waited", scene_closed_waited, "closed while threads sleep in calls on them"},
	{"closed-uring", scene_closed_uring, "closed while an io_uring has them"},
	{0},
};
