/* net.c: connections and namespaces: who keeps which end, and what only the kernel keeps. */
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"

#define CONNS 2
#define PILE  20
/* include/net/tcp_states.h */
#define ESTABLISHED 1
#define TIME_WAIT   6
#define CLOSE_WAIT  8

extern char **environ;

static int listener; /* of the server child, for its own children */

static void server_kin(void *unused)
{
	(void)unused;
	close(listener);
	kin_ready();
	stay();
}

/* Accepts as many connections as arg says; each goes to a child of its own and is closed here. */
static void per_conn_run(void *arg)
{
	int conn;

	listener = tcp_listener(0);
	tell_sock(listener);
	for (int i = 0; i < *(int *)arg; i++) {
		conn = tcp_accept(listener);
		tell_sock(conn);
		tell_int(kin_start(server_kin, NULL));
		close(conn);
		tell_int(0);
	}
	stay();
}

/* Connects n times to a server of that kind and states who holds which connection. */
static void per_conn_play(const char *scene, int n)
{
	struct child c = child_start(per_conn_run, &n);
	struct sock s = hear_sock(&c, "LISTEN"), conn[CONNS];
	struct hold owner = {.pid = c.pid, .fds = {s.fd}}, h[CONNS] = {0};

	for (int i = 0; i < n; i++) {
		tcp_connect(s.port);
		conn[i] = hear_sock(&c, "ESTABLISHED");
		h[i] = (struct hold){.pid = hear_int(&c), .fds = {conn[i].fd}};
		hear_int(&c);
	}
	facts_begin(scene);
	fact_int("port", s.port);
	fact_sock(&s, &owner, 1);
	for (int i = 0; i < n; i++)
		fact_sock(&conn[i], &h[i], 1);
	facts_end();
}

/* A daemon forks a child for each connection and closes its own copy. */
static void scene_fork_per_conn(void)
{
	per_conn_play("fork-per-conn", CONNS);
}

static void inherited_run(void *unused)
{
	int fd = tcp_listener(SOCK_CLOEXEC), conn;

	(void)unused;
	tell_sock(fd);
	conn = tcp_accept(fd);
	tell_sock(conn);
	tell_int(cat_start());
	close(conn);
	tell_int(0);
	stay();
}

/* A server closed a connection, but a program it started still holds it: the peer gets no FIN. */
static void scene_conn_inherited(void)
{
	struct child c = child_start(inherited_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN"), conn;
	struct hold owner = {.pid = c.pid, .fds = {s.fd}, .cloexec = {s.fd}}, h = {0};

	tcp_connect(s.port);
	conn = hear_sock(&c, "ESTABLISHED");
	h = (struct hold){.pid = hear_int(&c), .fds = {conn.fd}};
	hear_int(&c);
	facts_begin("conn-inherited");
	fact_int("port", s.port);
	fact_sock(&s, &owner, 1);
	fact_sock(&conn, &h, 1);
	facts_end();
}

static void listen_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	stay();
}

/* Connects to port arg[1] from port arg[0]; 0 lets the kernel choose. */
static void client_run(void *arg)
{
	int *port = arg;

	tell_sock(tcp_connect_from(port[0], port[1]));
	stay();
}

/* An outgoing connection occupies a port. */
static void scene_connected_port(void)
{
	int port[2] = {port_wanted(), 0};
	struct child server = child_start(listen_run, NULL), client;
	struct sock s = hear_sock(&server, "LISTEN"), out;
	struct hold owner = {.pid = server.pid, .fds = {s.fd}}, h = {0};

	port[1] = s.port;
	client = child_start(client_run, port);
	out = hear_sock(&client, "ESTABLISHED");
	h = (struct hold){.pid = client.pid, .fds = {out.fd}, .cloexec = {out.fd}};
	tcp_state_await(s.port, ESTABLISHED, 1);
	facts_begin("connected-port");
	fact_int("port", out.port);
	fact_sock(&out, &h, 1);
	fact_int("server_port", s.port);
	fact_sock(&s, &owner, 1);
	facts_end();
}

static void self_run(void *arg)
{
	int fd = tcp_connect_from(*(int *)arg, *(int *)arg);

	tell_sock(fd);
	stay();
}

/* Both ends of a connection are one socket, as when a client hits upon the port it connects to. */
static void scene_self_connect(void)
{
	int port = port_wanted(), fd;
	struct child c;
	struct sock s;
	struct hold h;

	if (!port) { /* one that is free */
		fd = tcp_bound(0);
		port = sock_describe(fd).port;
		close(fd);
	}
	c = child_start(self_run, &port);
	s = hear_sock(&c, "ESTABLISHED");
	h = (struct hold){.pid = c.pid, .fds = {s.fd}, .cloexec = {s.fd}};
	facts_begin("self-connect");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

static void net_run(void *arg)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int ctl;

	port_want(*(int *)arg);
	check(unshare(CLONE_NEWNET), "unshare");
	ctl = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	check(ioctl(ctl, SIOCSIFFLAGS, &lo), "lo up");
	close(ctl);
	listen_run(NULL);
}

/* Two processes listen on the same port in two network namespaces. */
static void scene_netns(void)
{
	struct child here = child_start(listen_run, NULL), there;
	struct sock s[2] = {hear_sock(&here, "LISTEN")};
	struct hold h[2] = {{.pid = here.pid, .fds = {s[0].fd}}};

	there = child_start(net_run, &s[0].port);
	s[1] = hear_sock(&there, "LISTEN");
	h[1] = (struct hold){.pid = there.pid, .fds = {s[1].fd}};
	facts_begin("netns");
	fact_int("port", s[0].port);
	fact_sock(&s[0], &h[0], 1);
	fact_sock(&s[1], &h[1], 1);
	facts_end();
}

/* Closes first, so that TIME_WAIT stays on this side, then lets go of everything. */
static void closer_run(void *unused)
{
	int fd = tcp_listener(0), conn;
	char byte;

	(void)unused;
	tell_sock(fd);
	conn = tcp_accept(fd);
	tell_sock(conn);
	shutdown(conn, SHUT_WR);
	check(read(conn, &byte, 1), "read");
	close(conn);
	close(fd);
}

/* The last owner closed and exited; its side of a connection is in TIME_WAIT. */
static void scene_time_wait(void)
{
	struct child c = child_start(closer_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN"), conn;
	int fd = tcp_connect(s.port);
	char byte;

	conn = hear_sock(&c, "TIME_WAIT");
	check(read(fd, &byte, 1), "read");
	close(fd);
	child_reap(c.pid);
	tcp_state_await(s.port, TIME_WAIT, 1);
	s.creator_dead = conn.creator_dead = true;
	conn.inode = 0;
	facts_begin("time-wait");
	fact_int("port", s.port);
	fact_sock(&conn, NULL, 0);
	fact_gone(&s);
	facts_end();
}

static void pile_run(void *unused)
{
	int fd = tcp_listener(SOCK_CLOEXEC);

	(void)unused;
	tell_sock(fd);
	for (int i = 0; i < PILE; i++)
		tell_sock(tcp_accept(fd));
	stay();
}

/* The peers have closed, the owner never does: CLOSE_WAIT piles up. */
static void scene_close_wait(void)
{
	struct child c = child_start(pile_run, NULL);
	struct sock s = hear_sock(&c, "LISTEN"), conn[PILE];
	struct hold owner = {.pid = c.pid, .fds = {s.fd}, .cloexec = {s.fd}};

	for (int i = 0; i < PILE; i++) {
		int fd = tcp_connect(s.port);

		conn[i] = hear_sock(&c, "CLOSE_WAIT");
		close(fd);
	}
	tcp_state_await(s.port, CLOSE_WAIT, PILE);
	facts_begin("close-wait");
	fact_int("port", s.port);
	fact_int("count", PILE);
	fact_sock(&s, &owner, 1);
	for (int i = 0; i < PILE; i++) {
		struct hold h = {.pid = c.pid, .fds = {conn[i].fd}};

		fact_sock(&conn[i], &h, 1);
	}
	facts_end();
}

/* Runs ip(8) with the words of a line. */
static void ip_run(char *line)
{
	char *argv[24] = {"ip"};
	int n = 1, status;
	pid_t pid;

	for (char *w = strtok(line, " "); w && n < LEN(argv) - 1; w = strtok(NULL, " "))
		argv[n++] = w;
	if (posix_spawnp(&pid, "ip", NULL, NULL, argv, environ))
		die("ip");
	if (waitpid(pid, &status, 0) != pid || status)
		die("ip %s: status %d", argv[1], status);
}

/* Adds the device in the namespace it is in, and tells the namespace. */
static void vxlan_add(const char *name, int port)
{
	char line[128];

	snprintf(line, sizeof(line), "link add %s type vxlan id %d dstport %d", name, port, port);
	ip_run(line);
	snprintf(line, sizeof(line), "link set %s up", name);
	ip_run(line);
}

static void vxlan_run(void *arg)
{
	struct stat st;

	check(unshare(CLONE_NEWNET), "unshare");
	vxlan_add("probatevx", *(int *)arg);
	check(stat("/proc/self/ns/net", &st), "netns");
	tell_int(st.st_ino);
	stay();
}

/* A UDP port that is free now; the socket is closed again. */
static struct sock udp_free(void)
{
	int fd = udp_bound();
	struct sock s = sock_describe(fd);

	close(fd);
	s.creator = 0;
	s.inode = 0;
	snprintf(s.local, sizeof(s.local), "0.0.0.0:%d", s.port);
	snprintf(s.state, sizeof(s.state), "BOUND");
	return s;
}

/* A vxlan device in the machine's own namespace: a UDP socket of the kernel, nobody holds it. */
static void scene_kernel_socket(void)
{
	struct sock s = udp_free();
	char name[IFNAMSIZ], line[64];

	snprintf(name, sizeof(name), "pbvx%d", getpid());
	vxlan_add(name, s.port);
	facts_begin("kernel-socket");
	fact_int("port", s.port);
	fact_str("device", name);
	fact_sock(&s, NULL, 0);
	facts_end();
	step_wait();
	snprintf(line, sizeof(line), "link del %s", name);
	ip_run(line);
}

/* The same in a network namespace of its own. */
static void scene_kernel_socket_netns(void)
{
	struct sock s = udp_free();
	struct child c = child_start(vxlan_run, &s.port);

	s.netns = (unsigned int)hear_int(&c);
	facts_begin("kernel-socket-netns");
	fact_int("port", s.port);
	fact_sock(&s, NULL, 0);
	facts_end();
}

const struct scene net_scenes[] = {
	{"fork-per-conn", scene_fork_per_conn, "each connection goes to a child of its own"},
	{"conn-inherited", scene_conn_inherited,
	 "closed by its owner, kept by a program it started"},
	{"connected-port", scene_connected_port, "an outgoing connection occupies the port"},
	{"self-connect", scene_self_connect, "a connection to itself"},
	{"netns", scene_netns, "the same port in two network namespaces"},
	{"time-wait", scene_time_wait, "all closed, TIME_WAIT remains"},
	{"close-wait", scene_close_wait, "the peers closed, the owner never does"},
	{"kernel-socket", scene_kernel_socket, "a vxlan device's socket"},
	{"kernel-socket-netns", scene_kernel_socket_netns, "the same in a namespace"},
	{0},
};
