/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-test of doctor: a child process does one of everything and its events must arrive.
 *
 * Nothing here checks what it did: where the kernel refuses an action (an old kernel without
 * pidfd_getfd, a sandbox), its event does not come and doctor says so, which is the truth.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest.h"

static const struct expect expected[] = {
	{.name = "fork", .kind = EV_KIND_FORK},
	{.name = "exec", .kind = EV_KIND_EXEC},
	{.name = "exit", .kind = EV_KIND_EXIT},
	{.name = "headless", .kind = EV_KIND_HEADLESS},
	{.name = "wait", .kind = EV_KIND_WAIT, .fd = true},
	{.name = "free", .kind = EV_KIND_FREE},
	{.name = "rename", .kind = EV_KIND_RENAME},
	{.name = "session", .kind = EV_KIND_SESSION, .fd = true},
	{.name = "signal", .kind = EV_KIND_SIGNAL},
	{.name = "subreaper", .kind = EV_KIND_SUBREAPER, .fd = true},
	{.name = "zombie", .kind = EV_KIND_ZOMBIE},
	{.name = "reap", .kind = EV_KIND_REAP},
	{.name = "socket", .kind = EV_KIND_SOCKET, .fd = true},
	{.name = "bind", .kind = EV_KIND_BIND, .fd = true},
	{.name = "bind (unix)", .kind = EV_KIND_UNIX_BIND, .fd = true},
	{.name = "listen", .kind = EV_KIND_LISTEN},
	{.name = "connect", .kind = EV_KIND_CONNECT, .fd = true},
	{.name = "accept", .kind = EV_KIND_ACCEPT, .fd = true},
	{.name = "state", .kind = EV_KIND_STATE, .anyone = true},
	{.name = "destroy", .kind = EV_KIND_DESTROY, .fd = true, .anyone = true},
	{.name = "use", .kind = EV_KIND_USE, .fd = true},
	{.name = "install (dup)", .kind = EV_KIND_INSTALL, .via = VIA_DUP, .fd = true},
	{.name = "install (scm_rights)",
	 .kind = EV_KIND_INSTALL,
	 .via = VIA_SCM_RIGHTS,
	 .fd = true},
	{.name = "install (pidfd_getfd)",
	 .kind = EV_KIND_INSTALL,
	 .via = VIA_PIDFD_GETFD,
	 .fd = true},
	{.name = "pass", .kind = EV_KIND_PASS, .fd = true},
	{.name = "cloexec", .kind = EV_KIND_CLOEXEC, .fd = true},
	{.name = "close", .kind = EV_KIND_CLOSE, .fd = true},
	{.name = "close_range", .kind = EV_KIND_CLOSE_RANGE, .fd = true},
	{.name = "fdtab", .kind = EV_KIND_FDTAB, .fd = true},
	{.name = "transfer", .kind = EV_KIND_TRANSFER, .fd = true},
	{.name = "leak", .kind = EV_KIND_LEAK, .fd = true},
};

u32 selftest_expected(const struct expect **out)
{
	*out = expected;
	return sizeof(expected) / sizeof(expected[0]);
}

static void pause_ms(long ms)
{
	struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

/* Loopback TCP: listener, connection and its other end, all in one process. */
static int tcp_try(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c, a;

	if (l < 0 || bind(l, (void *)&at, sizeof(at)) || listen(l, 4) ||
	    getsockname(l, (void *)&at, &len))
		return l;
	c = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!connect(c, (void *)&at, sizeof(at))) {
		a = accept4(l, NULL, NULL, SOCK_CLOEXEC);
		close(a);
	}
	close(c);
	return l;
}

static void udp_try(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct epoll_event in = {.events = EPOLLIN};
	int set = epoll_create1(EPOLL_CLOEXEC);
	char byte = 0;

	if (s >= 0 && !bind(s, (void *)&at, sizeof(at)) && !getsockname(s, (void *)&at, &len) &&
	    sendto(s, &byte, 1, 0, (void *)&at, sizeof(at)) == 1)
		recv(s, &byte, 1, MSG_DONTWAIT);
	epoll_ctl(set, EPOLL_CTL_ADD, s, &in);
	close(set);
	close(s);
}

static void unix_try(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "probate-selftest-%d", getpid());

	if (!bind(s, (void *)&at, offsetof(struct sockaddr_un, sun_path) + 1 + n))
		listen(s, 1);
	close(s);
}

/* Send a socket to ourselves over a UNIX pair, and receive it, by either pair of calls. */
static void pass_try(int what, bool many)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = {0};
	char byte = 0;
	struct iovec io = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct mmsghdr vec = {0};
	int pair[2], got;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &what, sizeof(what));
	vec.msg_hdr = msg;
	got = many ? sendmmsg(pair[0], &vec, 1, 0) : sendmsg(pair[0], &msg, 0);
	vec.msg_hdr = msg;
	if (got == 1)
		got = many ? recvmmsg(pair[1], &vec, 1, MSG_CMSG_CLOEXEC, NULL)
			   : recvmsg(pair[1], &msg, MSG_CMSG_CLOEXEC);
	c = CMSG_FIRSTHDR(many ? &vec.msg_hdr : &msg);
	if (got == 1 && c) {
		memcpy(&what, CMSG_DATA(c), sizeof(what));
		close(what);
	}
	close(pair[0]);
	close(pair[1]);
}

static void copy_try(int s)
{
	int pid = syscall(SYS_pidfd_open, getpid(), 0), d = dup(s), e;

	dup2(s, d);
	e = fcntl(s, F_DUPFD, 0);
	fcntl(e, F_SETFD, FD_CLOEXEC);
	fcntl(e, F_SETFD, 0);
	ioctl(e, FIOCLEX);
	close(e);
	syscall(SYS_close_range, d, d, 0);
	if (pid >= 0)
		close(syscall(SYS_pidfd_getfd, pid, s, 0));
	close(pid);
	pid = syscall(SYS_io_uring_setup, 1, (u64[15]){0}); /* refused or not, the call was made */
	if (pid >= 0)
		close(pid);
}

static void *thread_unshare(void *arg)
{
	(void)arg;
	unshare(CLONE_FILES);
	return NULL;
}

static void *thread_linger(void *arg)
{
	(void)arg;
	pause_ms(30);
	_exit(0);
}

/* A process whose main thread ends first. */
static void headless_run(void)
{
	pthread_t t;

	if (!pthread_create(&t, NULL, thread_linger, NULL))
		syscall(SYS_exit, 0);
	_exit(1);
}

static void threads_try(void)
{
	pid_t child = fork();
	pthread_t t;

	if (!child)
		headless_run();
	if (!pthread_create(&t, NULL, thread_unshare, NULL))
		pthread_join(t, NULL);
	waitpid(child, NULL, 0);
}

/* Keep a socket of ours in another program after we let go of it: a leak on purpose. */
static pid_t leak_try(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	pid_t child;

	if (s >= 0 && !bind(s, (void *)&at, sizeof(at)))
		listen(s, 1);
	child = fork();
	if (!child) {
		execl("/bin/sleep", "sleep", "0.2", (char *)NULL);
		_exit(127);
	}
	pause_ms(50);
	close(s);
	return child;
}

static void everything_run(void)
{
	pid_t leaker, victim, gone;
	siginfo_t info;
	int listener;

	setsid();
	prctl(PR_SET_NAME, "probate-test");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	leaker = leak_try();
	victim = fork();
	if (!victim)
		for (;;)
			pause();
	listener = tcp_try();
	udp_try();
	unix_try();
	pass_try(listener, false);
	pass_try(listener, true);
	copy_try(listener);
	close(listener);
	threads_try();
	kill(victim, SIGKILL);
	gone = fork();
	if (!gone) {
		setpgid(0, 0);
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	waitid(P_PID, gone, &info, WEXITED);
	pause_ms(130); /* the victim stays a zombie long enough to be told as one: */
	prctl(PR_SET_NAME, "probate-late"); /* and here is the event that tells how late it is */
	waitpid(victim, NULL, 0);
	waitpid(leaker, NULL, 0);
	_exit(0);
}

int selftest_run(void)
{
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (!child)
		everything_run();
	while (waitpid(child, NULL, 0) < 0)
		if (errno != EINTR)
			return -errno;
	pause_ms(60); /* the kernel frees tasks and closes sockets a little later */
	return 0;
}
