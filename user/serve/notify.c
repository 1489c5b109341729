// SPDX-License-Identifier: BSD-2-Clause
/* Talking to the service manager: sd_notify(3)'s protocol and the watchdog's, without its library.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

#define STATUS_MAX 256

struct notify {
	int fd;		 /* -1: nobody listens */
	u64 half_ns;	 /* between two signs of life; 0: nobody wants them */
	u64 alive_at_ns; /* when the last one was given */
};

/* "/path" or "@abstract". */
static int manager_connect(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd;

	if ((*path != '/' && *path != '@') || n < 2 || n >= sizeof(to.sun_path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(to.sun_path, path, n);
	if (*path == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    !connect(fd, (struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path == '/'))))
		return fd;
	close(fd);
	return -1;
}

static u64 watchdog_half_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	u64 value = 0, whose = (u64)getpid();

	if (pid && (!parse_u64(pid, UINT32_MAX, &whose) || whose != (u64)getpid()))
		return 0;
	if (!usec || !parse_u64(usec, UINT64_MAX / 1000, &value))
		return 0;
	return value * 1000 / 2;
}

struct notify *notify_open(void)
{
	struct notify *n = xcalloc(1, sizeof(*n));
	const char *path = getenv("NOTIFY_SOCKET");

	n->fd = -1;
	if (path && *path) {
		n->fd = manager_connect(path);
		if (n->fd < 0)
			warn("cannot tell the service manager anything, NOTIFY_SOCKET is '%s': %s",
			     path, strerror(errno));
		n->half_ns = watchdog_half_ns();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return n;
}

/* A manager that does not read must not stop us: what does not fit is lost. */
static void say(const struct notify *n, const char *what, const char *status)
{
	struct buf b = {};

	if (n->fd < 0)
		return;
	buf_puts(&b, what);
	if (status) {
		buf_puts(&b, "STATUS=");
		buf_add_safe(&b, status, strnlen(status, STATUS_MAX), 0);
		buf_puts(&b, "\n");
	}
	if (send(n->fd, b.s, b.len, MSG_NOSIGNAL) < 0)
		assert(errno != EBADF);
	buf_free(&b);
}

void notify_ready(struct notify *n, const char *status)
{
	say(n, "READY=1\n", status);
}

void notify_status(struct notify *n, const char *status)
{
	say(n, "", status);
}

void notify_stopping(struct notify *n)
{
	say(n, "STOPPING=1\n", NULL);
}

u64 notify_alive(struct notify *n, u64 now_ns)
{
	if (!n->half_ns)
		return 0;
	if (!n->alive_at_ns || now_ns - n->alive_at_ns >= n->half_ns) {
		n->alive_at_ns = now_ns;
		say(n, "WATCHDOG=1\n", NULL);
	}
	return n->alive_at_ns + n->half_ns;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}
