/*
 * calls: forms of system calls that are seldom used, and mean the same as those that are.
 *
 * Prints one JSON line of what it did. Run it below `probate trace --json --`.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGES     100
#define AT	     80 /* the message that carries the descriptor: beyond the first 64 */
#define PIDFD_THREAD O_EXCL_NR
#define O_EXCL_NR    0200

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static int listener(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	check(s >= 0 && !bind(s, (void *)&a, sizeof(a)) && !listen(s, 1) &&
		      !getsockname(s, (void *)&a, &len),
	      "listener");
	*port = ntohs(a.sin_port);
	return s;
}

/* Many messages by one call each way; behind five others, the control message that counts. */
static void pass_many(int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = {0}, in[MESSAGES];
	struct mmsghdr out[MESSAGES] = {0}, got[MESSAGES] = {0};
	struct iovec io[MESSAGES];
	char bytes[MESSAGES];
	struct cmsghdr *c;
	int pair[2], n = 0, now = -1;

	check(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), "socketpair");
	for (int i = 0; i < MESSAGES; i++) {
		io[i] = (struct iovec){bytes + i, 1};
		out[i].msg_hdr.msg_iov = got[i].msg_hdr.msg_iov = io + i;
		out[i].msg_hdr.msg_iovlen = got[i].msg_hdr.msg_iovlen = 1;
		got[i].msg_hdr.msg_control = in + i;
		got[i].msg_hdr.msg_controllen = sizeof(in[i]);
	}
	out[AT].msg_hdr.msg_control = &u;
	out[AT].msg_hdr.msg_controllen = sizeof(u);
	c = CMSG_FIRSTHDR(&out[AT].msg_hdr);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	check(sendmmsg(pair[0], out, MESSAGES, 0) == MESSAGES, "sendmmsg");
	check(recvmmsg(pair[1], got, MESSAGES, 0, NULL) == MESSAGES, "recvmmsg");
	for (int i = 0; i < MESSAGES; i++)
		for (c = CMSG_FIRSTHDR(&got[i].msg_hdr); c;
		     c = CMSG_NXTHDR(&got[i].msg_hdr, c), n++)
			memcpy(&now, CMSG_DATA(c), sizeof(now));
	check(n == 1, "one descriptor");
	printf("\"sent\":%d,\"received\":%d,", fd, now);
}

static void *thread_run(void *tell)
{
	pid_t tid = gettid();

	check(write(*(int *)tell, &tid, sizeof(tid)) == sizeof(tid), "write");
	for (;;)
		pause();
	return NULL;
}

/* A descriptor out of another process, by a pidfd of one of its threads. */
static void steal(int fd)
{
	pid_t child, tid = 0;
	int tell[2], pidfd;
	pthread_t t;

	check(!pipe(tell), "pipe");
	child = fork();
	if (!child) {
		check(!pthread_create(&t, NULL, thread_run, &tell[1]), "pthread_create");
		for (;;)
			pause();
	}
	check(read(tell[0], &tid, sizeof(tid)) == sizeof(tid), "read");
	pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD);
	if (pidfd >= 0) /* 6.9 */
		printf("\"stolen\":%d,\"from\":%d,", (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0),
		       child);
	kill(child, SIGKILL);
	check(waitpid(child, NULL, 0) == child, "waitpid");
}

/* Without asking to be told: by pidfd, and by pid a child that only stopped at first. */
static void wait_blindly(void)
{
	pid_t child = fork(), second;

	if (!child)
		_exit(3);
	check(!waitid(P_PIDFD, (id_t)syscall(SYS_pidfd_open, child, 0), NULL, WEXITED), "waitid");
	second = fork();
	if (!second)
		for (;;)
			pause();
	check(!waitid(P_PID, (id_t)second, NULL, WEXITED | WNOHANG), "waitid WNOHANG");
	kill(second, SIGSTOP);
	check(!waitid(P_PID, (id_t)second, NULL, WEXITED | WSTOPPED), "waitid WSTOPPED");
	kill(second, SIGKILL);
	check(!waitid(P_PID, (id_t)second, NULL, WEXITED), "waitid P_PID");
	printf("\"by_pidfd\":%d,\"by_pid\":%d,", child, second);
}

/* PID 1 of a namespace moves its child, whose number there is another, into a group of its own. */
static void group_below(void)
{
	pid_t init, child;

	check(!unshare(CLONE_NEWPID), "unshare");
	init = fork();
	if (!init) {
		child = fork();
		if (!child)
			for (;;)
				pause();
		check(!setpgid(child, child), "setpgid");
		_exit(0); /* and the namespace ends */
	}
	check(waitpid(init, NULL, 0) == init, "waitpid");
	printf("\"nsinit\":%d,", init);
}

/* Addresses of families that are not the socket's. */
static void bind_wrongly(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};
	int s = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_UNIX, SOCK_STREAM, 0);

	check(bind(s, (void *)&un, sizeof(un)) && errno == EAFNOSUPPORT, "bind to a path");
	in.sin_family = AF_UNSPEC;
	check(bind(s, (void *)&in, sizeof(in)) && errno == EADDRINUSE, "bind to no family");
	in.sin_family = AF_INET;
	check(bind(u, (void *)&in, sizeof(in)) && errno == EINVAL, "bind a UNIX socket");
	printf("\"ip\":%d,\"unix\":%d,", s, u);
}

int main(void)
{
	int port, fd = listener(&port);

	printf("{\"pid\":%d,\"port\":%d,", getpid(), port);
	pass_many(fd);
	fflush(stdout);
	steal(fd);
	fflush(stdout);
	wait_blindly();
	bind_wrongly(port);
	fflush(stdout);
	group_below();
	printf("\"listener\":%d}\n", fd);
	return 0;
}
