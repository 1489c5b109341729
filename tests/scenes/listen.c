/* listen.c: a socket is made, inherited, and outlives the process that made it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "actor.h"

#define WORKERS	  2
#define UDP_PORTS 3

extern char **environ;

static void kin_stay(void *unused)
{
	(void)unused;
	kin_ready();
	stay();
}

static void listener_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	stay();
}

/* One process listens. */
static void scene_listener(void)
{
	struct child c = child_start(listener_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};

	facts_begin("listener");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void fork_alive_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	tell_int(kin_start(kin_stay, NULL));
	stay();
}

/* A listener forks; parent and child live, both hold it. */
static void scene_fork_alive(void)
{
	struct child c = child_start(fork_alive_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h[] = {
		{.pid = c.pid, .fds = {s.fd}},
		{.pid = hear_int(&c), .fds = {s.fd}},
	};

	facts_begin("fork-alive");
	fact_int("port", s.port);
	fact_sock(&s, h, 2);
	facts_end();
}

/* Listens with the flags in arg, then starts another program. */
static void leak_run(void *arg)
{
	int fd = tcp_listener(*(int *)arg);

	tell_sock(fd);
	tell_int(cat_start());
	stay();
}

/* The common way to lose a port: a listener starts a program and is killed. */
static pid_t leak_make(int flags, struct sock *s)
{
	struct child c = child_start(leak_run, &flags);
	pid_t cat;

	*s = hear_sock(&c, "LISTEN");
	cat = hear_int(&c);
	pid_note(cat);
	child_kill(&c, SIGKILL);
	s->creator_dead = true;
	return cat;
}

/* A listener forks, the child runs another program, the listener is killed. Step: holder dies. */
static void scene_fork_exec_dead(void)
{
	struct sock s;
	pid_t cat = leak_make(0, &s);
	struct hold h = {.pid = cat, .fds = {s.fd}};

	facts_begin("fork-exec-dead");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
	if (!step_wait())
		return;
	check(kill(cat, SIGKILL), "kill");
	child_reap(cat);
	facts_begin("fork-exec-dead");
	fact_int("port", s.port);
	fact_gone(&s);
	facts_end();
}

/* The same with SOCK_CLOEXEC: the port is free. */
static void scene_fork_exec_cloexec(void)
{
	struct sock s;
	pid_t cat = leak_make(SOCK_CLOEXEC, &s);

	facts_begin("fork-exec-cloexec");
	fact_int("port", s.port);
	fact_int("cat", cat);
	fact_gone(&s);
	facts_end();
}

static void udp_run(void *unused)
{
	(void)unused;
	for (int i = 0; i < UDP_PORTS; i++)
		tell_sock(udp_bound());
	tell_int(cat_start());
	stay();
}

/* Several bound UDP sockets, inherited by another program, their maker killed. */
static void scene_udp_dead(void)
{
	struct child c = child_start(udp_run, NULL);
	struct sock s[UDP_PORTS];
	pid_t cat;

	for (int i = 0; i < UDP_PORTS; i++)
		s[i] = hear_sock(&c, "BOUND");
	cat = hear_int(&c);
	child_kill(&c, SIGKILL);
	facts_begin("udp-dead");
	fact_int("port", s[0].port);
	for (int i = 0; i < UDP_PORTS; i++) {
		struct hold h = {.pid = cat, .fds = {s[i].fd}};

		s[i].creator_dead = true;
		fact_sock(&s[i], &h, 1);
	}
	facts_end();
}

/* Listens on a path, or on an abstract name when it starts with @. */
static int unix_listener(const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	memcpy(a.sun_path, name, strlen(name));
	if (name[0] == '@')
		a.sun_path[0] = 0;
	check(bind(fd, (struct sockaddr *)&a,
		   offsetof(struct sockaddr_un, sun_path) + strlen(name)),
	      "bind");
	check(listen(fd, 8), "listen");
	return fd;
}

static void unix_run(void *arg)
{
	char name[80];

	tell_sock(unix_listener(arg));
	snprintf(name, sizeof(name), "@probate-scene-%d", getpid());
	tell_sock(unix_listener(name));
	tell_int(cat_start());
	stay();
}

/* A UNIX path and an abstract listener, inherited by another program, their maker killed. */
static void scene_unix_dead(void)
{
	struct sock s[2];
	struct child c;
	char path[80];
	pid_t cat;

	snprintf(path, sizeof(path), "/tmp/probate-scene-%d.sock", getpid());
	c = child_start(unix_run, path);
	s[0] = hear_sock(&c, "LISTEN");
	s[1] = hear_sock(&c, "LISTEN");
	cat = hear_int(&c);
	child_kill(&c, SIGKILL);
	facts_begin("unix-dead");
	for (int i = 0; i < 2; i++) {
		struct hold h = {.pid = cat, .fds = {s[i].fd}};

		s[i].creator_dead = true;
		fact_sock(&s[i], &h, 1);
	}
	facts_end();
	step_wait();
	unlink(path);
}

static void v6_run(void *unused)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port_wanted()),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	int fd = check(socket(AF_INET6, SOCK_STREAM, 0), "socket"), off = 0;

	(void)unused;
	check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), "V6ONLY");
	check(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	check(listen(fd, 8), "listen");
	tell_sock(fd);
	stay();
}

/* A dual-stack listener on [::] which also takes the port on 0.0.0.0. */
static void scene_v6_dual(void)
{
	struct child c = child_start(v6_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};

	facts_begin("v6-dual");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* Serves one connection at a time until stdin ends; tells who served each. */
static void worker_run(void *arg)
{
	struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = *(int *)arg, .events = POLLIN}};
	char byte;
	int conn;

	kin_ready();
	while (poll(p, 2, -1) > 0 && !p[0].revents) {
		conn = accept(p[1].fd, NULL, NULL);
		if (conn < 0)
			continue;
		while (read(conn, &byte, 1) > 0)
			;
		close(conn);
		tell_int(getpid());
	}
}

static void prefork_run(void *unused)
{
	int fd = tcp_listener(SOCK_NONBLOCK);

	(void)unused;
	tell_sock(fd);
	for (int i = 0; i < WORKERS; i++)
		tell_int(kin_start(worker_run, &fd));
	stay();
}

static void prefork_say(const struct sock *s, const struct hold *h, int n, pid_t worker)
{
	facts_begin("prefork");
	fact_int("port", s->port);
	fact_int("accepted_by", worker);
	fact_sock(s, h, n);
	facts_end();
}

/* A parent forks workers that accept; one connection is served. Step: the parent is killed. */
static void scene_prefork(void)
{
	struct child c = child_start(prefork_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h[WORKERS + 1] = {0};
	pid_t worker;

	h[WORKERS] = (struct hold){.pid = c.pid, .fds = {s.fd}};
	for (int i = 0; i < WORKERS; i++)
		h[i] = (struct hold){.pid = hear_int(&c), .fds = {s.fd}};
	close(tcp_connect(s.port));
	worker = hear_int(&c);
	prefork_say(&s, h, WORKERS + 1, worker);
	if (!step_wait())
		return;
	child_kill(&c, SIGKILL);
	s.creator_dead = true;
	prefork_say(&s, h, WORKERS, worker);
}

static void daemon_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	stay();
}

/* Forks twice with setsid between; the last one listens. */
static void daemonize_run(void *unused)
{
	if (check(fork(), "fork"))
		return;
	check(setsid(), "setsid");
	tell_int(getpid());
	if (!check(fork(), "fork"))
		daemon_run(unused);
}

/* A process makes itself a daemon (fork, exit, setsid, fork, exit), then listens. */
static void scene_daemonize(void)
{
	struct child c = child_start(daemonize_run, NULL);
	pid_t middle = hear_int(&c);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = s.creator, .fds = {s.fd}};
	int ancestors[] = {middle, c.pid};

	child_reap(c.pid);
	child_reap(middle);
	facts_begin("daemonize");
	fact_int("port", s.port);
	fact_int("daemon", s.creator);
	fact_ints("ancestors", ancestors, 2);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* A socket of a group on port arg[0], 0: a new one; arg[1] says whether to start a program. */
static void reuse_run(void *arg)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), on = 1;
	int *how = arg;

	a.sin_port = htons(how[0]);
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), "REUSEPORT");
	check(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	check(listen(fd, 8), "listen");
	tell_sock(fd);
	if (how[1])
		tell_int(cat_start());
	stay();
}

/* Two listeners of one SO_REUSEPORT group; one is well, the other is leaked. */
static void scene_reuseport(void)
{
	int how[2] = {port_wanted(), 0};
	struct child well = child_start(reuse_run, how);
	struct sock s[2] = {hear_sock(&well, "LISTEN")};
	struct hold h[2] = {{.pid = well.pid, .fds = {s[0].fd}}};
	struct child lost;

	how[0] = s[0].port;
	how[1] = 1;
	lost = child_start(reuse_run, how);
	s[1] = hear_sock(&lost, "LISTEN");
	h[1] = (struct hold){.pid = hear_int(&lost), .fds = {s[1].fd}};
	child_kill(&lost, SIGKILL);
	s[1].creator_dead = true;
	facts_begin("reuseport");
	fact_int("port", s[0].port);
	fact_sock(&s[0], &h[0], 1);
	fact_sock(&s[1], &h[1], 1);
	facts_end();
}

static void starter_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	go_wait();
	cat_exec(NULL);
}

/* Listens, and with the first client executes the program that is to serve in its own place. */
static void scene_on_demand(void)
{
	struct child c = child_start(starter_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};

	close(tcp_connect(s.port));
	child_go(&c);
	comm_await(c.pid, "cat");
	facts_begin("on-demand");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void bound_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_bound(0));
	stay();
}

/* A TCP socket is bound and never listens. */
static void scene_bound_only(void)
{
	struct child c = child_start(bound_run, NULL);
	struct sock s = hear_sock(&c, "BOUND");
	struct hold h = {.pid = c.pid, .fds = {s.fd}};

	facts_begin("bound-only");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* A leaked listener whose holder is stopped. */
static void scene_stopped_holder(void)
{
	struct sock s;
	pid_t cat = leak_make(0, &s);
	struct hold h = {.pid = cat, .fds = {s.fd}};

	check(kill(cat, SIGSTOP), "kill");
	state_await(cat, 'T');
	facts_begin("stopped-holder");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void stranger_run(void *unused)
{
	cat_exec(unused);
}

/* A leaked listener whose dead maker's pid now belongs to a stranger. */
static void scene_pid_reuse(void)
{
	struct sock s;
	pid_t cat = leak_make(0, &s);
	struct hold h = {.pid = cat, .fds = {s.fd}};
	struct child stranger = child_start_as(0, s.creator, stranger_run, NULL);

	comm_await(stranger.pid, "cat");
	facts_begin("pid-reuse");
	fact_int("port", s.port);
	fact_int("stranger", stranger.pid);
	fact_sock(&s, &h, 1);
	facts_end();
}

static pid_t cat_spawn(int close_fd)
{
	char *argv[] = {"cat", NULL};
	posix_spawn_file_actions_t acts;
	pid_t pid;

	posix_spawn_file_actions_init(&acts);
	if (close_fd)
		posix_spawn_file_actions_addclose(&acts, close_fd);
	errno = posix_spawn(&pid, "/usr/bin/cat", &acts, NULL, argv, environ);
	if (errno)
		die("posix_spawn");
	posix_spawn_file_actions_destroy(&acts);
	comm_await(pid, "cat");
	return pid;
}

static void spawn_run(void *unused)
{
	int fd = tcp_listener(0);

	(void)unused;
	tell_sock(fd);
	tell_int(cat_spawn(0));
	tell_int(cat_spawn(fd));
	stay();
}

/* Two programs by posix_spawn (vfork inside): one keeps the listener, one closes it on the way. */
static void scene_vfork_spawn(void)
{
	struct child c = child_start(spawn_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN");
	struct hold h[] = {
		{.pid = c.pid, .fds = {s.fd}},
		{.pid = hear_int(&c), .fds = {s.fd}},
	};
	pid_t innocent = hear_int(&c);

	pid_note(innocent);
	facts_begin("vfork-spawn");
	fact_int("port", s.port);
	fact_int("innocent", innocent);
	fact_sock(&s, h, 2);
	facts_end();
}

const struct scene listen_scenes[] = {
	{"listener", scene_listener, "one process listens"},
	{"fork-alive", scene_fork_alive, "parent and child hold a listener"},
	{"fork-exec-dead", scene_fork_exec_dead, "the maker is dead, another program holds it"},
	{"fork-exec-cloexec", scene_fork_exec_cloexec, "the same with SOCK_CLOEXEC: free"},
	{"udp-dead", scene_udp_dead, "three UDP sockets outlive their maker"},
	{"unix-dead", scene_unix_dead, "a path and an abstract name outlive their maker"},
	{"v6-dual", scene_v6_dual, "[::] takes the port on 0.0.0.0 too"},
	{"prefork", scene_prefork, "workers accept; step: the parent dies"},
	{"daemonize", scene_daemonize, "a daemon listens, its ancestors are gone"},
	{"reuseport", scene_reuseport, "two listeners of a group, one leaked"},
	{"on-demand", scene_on_demand, "executes another program in its own place"},
	{"bound-only", scene_bound_only, "bound, not listening"},
	{"stopped-holder", scene_stopped_holder, "leaked, the holder is stopped"},
	{"pid-reuse", scene_pid_reuse, "leaked, the maker's pid belongs to a stranger"},
	{"vfork-spawn", scene_vfork_spawn, "posix_spawn with and without a close action"},
	{0},
};
