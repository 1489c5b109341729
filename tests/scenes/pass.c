/* pass.c: descriptors that reach a stranger: SCM_RIGHTS, in flight, pidfd_getfd. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int link_fds[2]; /* the socket pair between sender (0) and receiver (1) */

static void fd_send(int over, int fd)
{
	union control ctl = {0};
	struct iovec io = {.iov_base = "f", .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = ctl.buf,
		.msg_controllen = sizeof(ctl.buf),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	check(sendmsg(over, &m, 0), "sendmsg");
}

static int fd_receive(int over)
{
	union control ctl = {0};
	char byte;
	struct iovec io = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = ctl.buf,
		.msg_controllen = sizeof(ctl.buf),
	};
	int fd;

	check(recvmsg(over, &m, 0), "recvmsg");
	if (!CMSG_FIRSTHDR(&m))
		die("no descriptor came");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

/* Of a listener, or of what is only bound when arg says so. */
static void sender_run(void *arg)
{
	int fd = arg ? tcp_bound(0) : tcp_listener(0);

	close(link_fds[1]);
	tell_sock(fd);
	fd_send(link_fds[0], fd);
	tell_int(0);
	stay();
}

/* Receives, or leaves the message in its queue when arg says so. */
static void receiver_run(void *arg)
{
	close(link_fds[0]);
	tell_sock(link_fds[1]);
	go_wait();
	if (!arg)
		tell_int(fd_receive(link_fds[1]));
	stay();
}

/* Sender makes a listener and sends it; receiver takes it or does not; the sender is killed. */
static int pass_make(bool leave, bool bound, struct sock *s, struct sock *queue, pid_t *receiver)
{
	struct child to, from;
	int fd = 0;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, link_fds), "socketpair");
	to = child_start(receiver_run, leave ? "leave" : NULL);
	*queue = hear_sock(&to, "ESTABLISHED");
	from = child_start(sender_run, bound ? "bound" : NULL);
	close(link_fds[0]);
	close(link_fds[1]);
	*s = hear_sock(&from, bound ? "BOUND" : "LISTEN");
	hear_int(&from);
	child_go(&to);
	if (!leave)
		fd = hear_int(&to);
	child_kill(&from, SIGKILL);
	s->creator_dead = true;
	*receiver = to.pid;
	return fd;
}

/* A listener is passed by SCM_RIGHTS, then its maker is killed. */
static void scene_scm(void)
{
	struct sock s, queue;
	struct hold h = {0};

	h.fds[0] = pass_make(false, false, &s, &queue, &h.pid);
	facts_begin("scm");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

/* A socket is sent and never received, its maker is dead: it lives in a queue only. */
static void leave_in_flight(const char *name, bool bound)
{
	struct sock s, queue;
	pid_t receiver;

	pass_make(true, bound, &s, &queue, &receiver);
	facts_begin(name);
	fact_int("port", s.port);
	fact_int("queue_inode", queue.inode);
	fact_int("queue_fd", queue.fd);
	fact_int("receiver", receiver);
	fact_sock(&s, NULL, 0);
	facts_end();
}

static void scene_scm_in_flight(void)
{
	leave_in_flight("scm-in-flight", false);
}

/* No table of listeners or descriptors shows it, and yet nobody else can bind its port. */
static void scene_bound_in_flight(void)
{
	leave_in_flight("bound-in-flight", true);
}

static void taker_run(void *arg)
{
	const struct sock *s = arg;
	int pidfd = check(pidfd_open(s->creator, 0), "pidfd_open");

	tell_int(check(pidfd_getfd(pidfd, s->fd, 0), "pidfd_getfd"));
	close(pidfd);
	stay();
}

static void owner_run(void *unused)
{
	(void)unused;
	tell_sock(tcp_listener(0));
	stay();
}

/* Another process takes a copy by pidfd_getfd, then the owner is killed. */
static void scene_pidfd_getfd(void)
{
	struct child owner = child_start(owner_run, NULL);
	struct sock s = hear_sock(&owner, "LISTEN");
	struct child taker = child_start(taker_run, &s);
	struct hold h = {.pid = taker.pid, .fds = {hear_int(&taker)}, .cloexec = {0}};

	h.cloexec[0] = h.fds[0]; /* the kernel sets it on what pidfd_getfd gives */
	child_kill(&owner, SIGKILL);
	s.creator_dead = true;
	facts_begin("pidfd-getfd");
	fact_int("port", s.port);
	fact_sock(&s, &h, 1);
	facts_end();
}

const struct scene pass_scenes[] = {
	{"scm", scene_scm, "passed by SCM_RIGHTS, the sender is dead"},
	{"scm-in-flight", scene_scm_in_flight, "sent and never received, the sender is dead"},
	{"bound-in-flight", scene_bound_in_flight,
	 "the same of a socket that is bound, not listening"},
	{"pidfd-getfd", scene_pidfd_getfd, "copied by pidfd_getfd, the owner is dead"},
	{0},
};
