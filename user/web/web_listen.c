// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where the exporter listens: addresses of --web.listen-address, or sockets that systemd opened.
 *
 * A name is one address, IPv4 first, and ":9977" is any address of both families where the kernel
 * has both: as other exporters do it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "web_priv.h"

#define BACKLOG	       128
#define SYSTEMD_FD     3 /* of the first socket, by sd_listen_fds(3) */
#define ADDRESS_FORMAT "give ADDRESS:PORT, like 127.0.0.1:9977, [::1]:9977 or :9977"

bool address_split(const char *s, char host[HOST_MAX], u16 *port)
{
	const char *colon = strrchr(s, ':');
	size_t n;
	u64 number;

	if (!colon || !parse_u64(colon + 1, UINT16_MAX, &number))
		return false;
	n = (size_t)(colon - s);
	if (n && s[0] == '[') {
		if (n < 3 || s[n - 1] != ']')
			return false;
		s++;
		n -= 2;
		if (!memchr(s, ':', n))
			return false;
	} else if (memchr(s, ':', n)) {
		return false;
	}
	if (n >= HOST_MAX || memchr(s, '[', n) || memchr(s, ']', n))
		return false;
	memcpy(host, s, n);
	host[n] = 0;
	*port = (u16)number;
	return true;
}

/* ---- addresses --------------------------------------------------------------------------- */

static int socket_bind(const struct sockaddr *to, socklen_t n)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0, err;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)to;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
			   IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) ? &off : &on, sizeof(on));
	if (!bind(fd, to, n) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Any address: of both families, or of IPv4 where there is no other. */
static int any_bind(u16 port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket_bind((struct sockaddr *)&v6, sizeof(v6));

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = socket_bind((struct sockaddr *)&v4, sizeof(v4));
	return fd;
}

static int host_bind(const char *host, u16 port, struct buf *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *all, *use;
	char number[8];
	int e, fd;

	snprintf(number, sizeof(number), "%u", port);
	e = getaddrinfo(host, number, &hints, &all);
	if (e) {
		buf_printf(err, "cannot listen on %s:%u: %s", host, port,
			   e == EAI_SYSTEM ? strerror(errno) : gai_strerror(e));
		return e == EAI_SYSTEM && errno ? -errno : -EADDRNOTAVAIL;
	}
	use = all;
	for (struct addrinfo *a = all; a; a = a->ai_next)
		if (a->ai_family == AF_INET) {
			use = a;
			break;
		}
	fd = socket_bind(use->ai_addr, use->ai_addrlen);
	freeaddrinfo(all);
	return fd;
}

static int address_listen(struct web *w, const char *address, struct buf *err)
{
	char host[HOST_MAX];
	u16 port;
	int fd;

	if (!address_split(address, host, &port)) {
		buf_printf(err, "'%s' is no address to listen on: " ADDRESS_FORMAT, address);
		return -EINVAL;
	}
	fd = *host ? host_bind(host, port, err) : any_bind(port);
	if (fd >= 0) {
		w->listen[w->nlisten++] = fd;
		return 0;
	}
	if (err->len)
		return fd;
	buf_printf(err, "cannot listen on %s: %s", address, strerror(-fd));
	if (fd == -EADDRINUSE)
		buf_printf(err, "; `probate port %u` says who has it", port);
	else if (fd == -EACCES)
		buf_puts(err, "; a port below 1024 takes root or CAP_NET_BIND_SERVICE");
	else if (fd == -EADDRNOTAVAIL)
		buf_puts(err, "; no interface of this machine has that address");
	return fd;
}

/* ---- systemd ----------------------------------------------------------------------------- */

static int socket_option(int fd, int option)
{
	socklen_t n = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) ? -1 : value;
}

static int systemd_take(struct web *w, int fd, struct buf *err)
{
	int domain = socket_option(fd, SO_DOMAIN);

	if (socket_option(fd, SO_TYPE) != SOCK_STREAM || socket_option(fd, SO_ACCEPTCONN) != 1 ||
	    (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)) {
		buf_printf(err,
			   "descriptor %d from systemd is not a listening stream socket: use "
			   "ListenStream= and Accept=no in the .socket unit",
			   fd);
		return -EINVAL;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)) {
		buf_printf(err, "cannot use descriptor %d from systemd: %s", fd, strerror(errno));
		return -errno;
	}
	w->listen[w->nlisten++] = fd;
	return 0;
}

static int systemd_listen(struct web *w, struct buf *err)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	u64 n = 0, whose = 0;
	int e = 0;

	if (fds && pid && parse_u64(pid, UINT32_MAX, &whose) && whose == (u64)getpid())
		parse_u64(fds, INT32_MAX, &n);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (!n) {
		buf_puts(err, "systemd gave no sockets (LISTEN_FDS, LISTEN_PID): start from a "
			      ".socket unit, or leave --web.systemd-socket out");
		return -EINVAL;
	}
	if (n > WEB_LISTEN_MAX) {
		buf_printf(err, "systemd gave %llu sockets: at most %d can be used",
			   (unsigned long long)n, WEB_LISTEN_MAX);
		return -EINVAL;
	}
	for (int i = 0; i < (int)n && !e; i++)
		e = systemd_take(w, SYSTEMD_FD + i, err);
	return e;
}

/* ---- all of them ------------------------------------------------------------------------- */

/* Where the first one is reached from this machine. */
static void url_make(struct web *w)
{
	struct sockaddr_storage at = {};
	socklen_t n = sizeof(at);
	char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&at;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&at;
	struct buf url = {};

	getsockname(w->listen[0], (struct sockaddr *)&at, &n);
	if (at.ss_family == AF_UNIX) {
		size_t len = n > offsetof(struct sockaddr_un, sun_path)
				     ? n - offsetof(struct sockaddr_un, sun_path)
				     : 0;
		bool abstract = len && !un->sun_path[0];

		buf_puts(&url, abstract ? "unix:@" : "unix:");
		buf_add(&url, un->sun_path + abstract,
			strnlen(un->sun_path + abstract, len - abstract));
		w->url = url.s;
		return;
	}
	getnameinfo((struct sockaddr *)&at, n, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	if (at.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		strcpy(host, "localhost");
	if (at.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
		strcpy(host, "localhost");
	buf_printf(&url, strchr(host, ':') ? "%s://[%s]:%s%s" : "%s://%s:%s%s",
		   w->config.tls_on ? "https" : "http", host, port, w->path);
	w->url = url.s;
}

int listen_open(struct web *w, const struct web_opts *o, struct buf *err)
{
	int e = 0;

	if (o->systemd && o->nlisten) {
		buf_puts(err, "--web.systemd-socket and --web.listen-address exclude each other");
		return -EINVAL;
	}
	if (o->systemd)
		e = systemd_listen(w, err);
	else if (!o->nlisten)
		e = address_listen(w, WEB_LISTEN_DEFAULT, err);
	for (u32 i = 0; i < o->nlisten && !e; i++)
		e = address_listen(w, o->listen[i], err);
	if (!e)
		url_make(w);
	return e;
}
