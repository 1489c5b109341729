/* sock.c: sockets on loopback, and what the kernel says about one. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"

union addr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static int wanted;

/* The port asked for with --port serves one bind, the first. */
void port_want(int port)
{
	wanted = port;
}

int port_wanted(void)
{
	int port = wanted;

	wanted = 0;
	return port;
}

static int addr_print(const union addr *a, socklen_t len, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	switch (a->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &a->in.sin_addr, host, sizeof(host));
		snprintf(out, size, "%s:%d", host, ntohs(a->in.sin_port));
		return ntohs(a->in.sin_port);
	case AF_INET6:
		inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof(host));
		snprintf(out, size, "[%s]:%d", host, ntohs(a->in6.sin6_port));
		return ntohs(a->in6.sin6_port);
	case AF_UNIX:
		len -= offsetof(struct sockaddr_un, sun_path);
		snprintf(out, size, "%.*s", (int)len, a->un.sun_path);
		if (len > 1 && !a->un.sun_path[0])
			snprintf(out, size, "@%.*s", (int)len - 1, a->un.sun_path + 1);
	}
	return 0;
}

static const char *proto_name(int domain, int protocol)
{
	if (domain == AF_UNIX)
		return "unix";
	return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

struct sock sock_describe(int fd)
{
	struct sock s = {.fd = fd, .creator = getpid()};
	socklen_t len = sizeof(int);
	int domain = 0, protocol = 0;
	union addr a = {0};
	struct stat st;

	check(fstat(fd, &st), "fstat");
	s.inode = st.st_ino;
	check(stat("/proc/thread-self/ns/net", &st), "netns");
	s.netns = st.st_ino;
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	snprintf(s.proto, sizeof(s.proto), "%s", proto_name(domain, protocol));
	snprintf(s.family, sizeof(s.family), "%s",
		 domain == AF_UNIX    ? "unix"
		 : domain == AF_INET6 ? "inet6"
				      : "inet");
	len = sizeof(a);
	if (!getsockname(fd, &a.any, &len))
		s.port = addr_print(&a, len, s.local, sizeof(s.local));
	len = sizeof(a);
	memset(&a, 0, sizeof(a));
	if (!getpeername(fd, &a.any, &len))
		addr_print(&a, len, s.remote, sizeof(s.remote));
	return s;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Bound to the port; 0 lets the kernel choose. */
static int inet_bound(int type, int port)
{
	struct sockaddr_in a = loopback(port);
	int fd = check(socket(AF_INET, type, 0), "socket");

	check(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	return fd;
}

int tcp_bound(int flags)
{
	return inet_bound(SOCK_STREAM | flags, port_wanted());
}

int tcp_listener(int flags)
{
	int fd = tcp_bound(flags);

	check(listen(fd, 64), "listen");
	return fd;
}

int udp_bound(void)
{
	return inet_bound(SOCK_DGRAM, port_wanted());
}

int tcp_connect_from(int local_port, int port)
{
	struct sockaddr_in a = loopback(port);
	int fd = local_port ? inet_bound(SOCK_STREAM | SOCK_CLOEXEC, local_port)
			    : check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	check(connect(fd, (struct sockaddr *)&a, sizeof(a)), "connect");
	return fd;
}

int tcp_connect(int port)
{
	return tcp_connect_from(0, port);
}

int tcp_accept(int listener)
{
	return check(accept(listener, NULL, NULL), "accept");
}

static int tcp_state_count(int port, int state)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	unsigned int lport, st;
	char line[256];
	int n = 0;

	if (!f)
		die("/proc/net/tcp");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: %*x:%x %*x:%*x %x", &lport, &st) == 2)
			n += lport == (unsigned int)port && st == (unsigned int)state;
	fclose(f);
	return n;
}

/* Until as many sockets of the port are in the state (a number of include/net/tcp_states.h).
 * TIME_WAIT never comes while the machine has more of them than net.ipv4.tcp_max_tw_buckets. */
void tcp_state_await(int local_port, int state, int count)
{
	struct timespec ms = {.tv_nsec = 1000000};
	time_t end = time(NULL) + 4;

	while (tcp_state_count(local_port, state) < count) {
		if (time(NULL) > end) {
			errno = ETIMEDOUT;
			die("TCP state %d on port %d", state, local_port);
		}
		nanosleep(&ms, NULL);
	}
}
