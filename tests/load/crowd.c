// SPDX-License-Identifier: BSD-2-Clause
/*
 * crowd nest|flight|unix|netns|procs|threads N: that many of them, all at once.  "ready" is printed
 * when they are there; all end at the end of standard input, or with their group.
 *
 * nest      children of the init of a pid namespace, as the user nobody, which end all at once
 * flight    sockets whose only descriptors are in flight, as users without privilege, 10,000 each
 * unix      UNIX sockets: a fifth of them listen, the others are pairs; 10,000 a process
 * netns     network namespaces, with a listener each
 * procs     processes        threads   threads of one process
 */
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	  65534
#define A_QUEUE	  100 /* messages that fit one */
#define A_MESSAGE 253 /* SCM_MAX_FD */
#define A_PROCESS 10000
#define TEN	  10

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void room(int fds)
{
	struct rlimit limit = {(rlim_t)fds + 1000, (rlim_t)fds + 1000};

	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("crowd: limit");
}

static void become(uid_t user)
{
	if (!getuid() && (setgroups(0, NULL) || setgid(NOBODY) || setuid(user)))
		fail("crowd: setuid");
}

/* Until the test lets go. */
static void stay(void)
{
	char c;

	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
}

/* Children that live as long as their maker; `begin` is done by each before the next is made. */
static pid_t child(int (*begin)(int), int n)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	if (begin && pipe(ready))
		fail("crowd: pipe");
	pid = fork();
	if (pid < 0)
		fail("crowd: fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (begin && (begin(n) || write(ready[1], &c, 1) != 1))
			fail("crowd: child");
		for (;;)
			pause();
	}
	if (begin) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			exit(1);
		close(ready[0]);
	}
	return pid;
}

static void children_end(pid_t *pids, int n)
{
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void crowd_children(int (*begin)(int), int n, int each)
{
	pid_t *pids = calloc((size_t)n, sizeof(*pids));

	for (int i = 0; i < n; i++)
		pids[i] = child(begin, each);
	stay();
	children_end(pids, n);
	free(pids);
}

static int init_of_many(int n)
{
	for (int i = 0; i < n; i++)
		child(NULL, 0);
	return 0;
}

static void crowd_nest(int n)
{
	pid_t init;

	if (unshare(CLONE_NEWPID))
		fail("crowd: unshare");
	become(NOBODY);
	init = child(init_of_many, n);
	stay();
	children_end(&init, 1);
}

static void in_flight(int queue, const int *fds, int n)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int) * A_MESSAGE)];
	} c = {.h = {CMSG_LEN(sizeof(int) * (size_t)n), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec byte = {"", 1};
	struct msghdr m = {.msg_iov = &byte,
			   .msg_iovlen = 1,
			   .msg_control = &c,
			   .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n)};

	memcpy(CMSG_DATA(&c.h), fds, sizeof(int) * (size_t)n);
	if (sendmsg(queue, &m, MSG_DONTWAIT) != 1)
		fail("crowd: sendmsg");
}

/* One user may have as many in flight as descriptors, so each process is another one. */
static int flight(int n)
{
	int queue[2], fds[A_MESSAGE], now, sent = 0;

	become(NOBODY - (uid_t)getpid() % 1000);
	for (int left = n; left; left -= now, sent++) {
		now = left < A_MESSAGE ? left : A_MESSAGE;
		if (sent % A_QUEUE == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, queue))
			return -1;
		for (int i = 0; i < now; i++)
			if ((fds[i] = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
				return -1;
		in_flight(queue[0], fds, now);
		for (int i = 0; i < now; i++)
			close(fds[i]);
	}
	return 0;
}

static int sockets(int n)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int pair[2], fd, len;

	for (int i = 0; i < n; i++) {
		if (i % TEN >= 2) {
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
				return -1;
			i++;
			continue;
		}
		len = snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "crowd-%d-%d",
			       (int)getpid(), i);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fd, (void *)&un, (socklen_t)(sizeof(sa_family_t) + 1 + len)) ||
		    listen(fd, 1))
			return -1;
	}
	return 0;
}

static int netns(int n)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd;

	(void)n;
	if (unshare(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	return bind(fd, (void *)&in, sizeof(in)) || listen(fd, 1);
}

static void *thread(void *ended)
{
	pthread_mutex_lock(ended);
	pthread_mutex_unlock(ended);
	return NULL;
}

static void crowd_threads(int n)
{
	pthread_t *all = calloc((size_t)n, sizeof(*all));
	pthread_mutex_t ended = PTHREAD_MUTEX_INITIALIZER;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16 << 10);
	pthread_mutex_lock(&ended);
	for (int i = 0; i < n; i++)
		if (pthread_create(&all[i], &small, thread, &ended))
			fail("crowd: thread");
	stay();
	pthread_mutex_unlock(&ended);
	for (int i = 0; i < n; i++)
		pthread_join(all[i], NULL);
	free(all);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0, kids = (n + A_PROCESS - 1) / A_PROCESS;

	room(A_PROCESS);
	if (!strcmp(what, "nest"))
		crowd_nest(n);
	else if (!strcmp(what, "flight"))
		crowd_children(flight, kids, n / kids);
	else if (!strcmp(what, "unix"))
		crowd_children(sockets, kids, n / kids);
	else if (!strcmp(what, "netns"))
		crowd_children(netns, n, 0);
	else if (!strcmp(what, "procs"))
		crowd_children(NULL, n, 0);
	else if (!strcmp(what, "threads"))
		crowd_threads(n);
	else
		return 2;
	return 0;
}
