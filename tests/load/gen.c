/*
 * gen: a storm of short processes or of TCP connections, from two workers at once.
 *
 *   gen procs FILE N [EXEC_FRACTION]   N processes, that share of them runs tiny (default 0.5)
 *   gen conns N                        N loopback connections, closed by the client first
 *
 * For each child FILE gets a line "pid exec before after code": exec is 0 or 1, before and after
 * are the wall-clock ns around its creation (pids are reused; a start time between the two tells
 * whose pid it was), code is what it ended with.
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS	  2
#define LISTENERS 4 /* per worker: a port has some 28,000 TIME_WAIT partners at most */
#define CODE_FORK 7 /* what a child without exec ends with; tiny ends with 0 */

struct child {
	pid_t pid;
	int exec;
	uint64_t before_ns, after_ns;
};

/* Shared by parent and workers; each worker writes only what is its own. */
struct shared {
	pid_t worker[WORKERS];
	int port[WORKERS][LISTENERS];
	long done[WORKERS];
	struct child child[];
};

extern char **environ;

static char tiny_path[PATH_MAX];

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fputs("gen: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* tiny lies beside this program, wherever that is. */
static void find_tiny(void)
{
	char self[PATH_MAX - sizeof("/tiny")];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		die("readlink /proc/self/exe");
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(tiny_path, sizeof(tiny_path), "%s/tiny", self);
	if (access(tiny_path, X_OK))
		die("%s", tiny_path);
}

/* No exec: the child is this program and ends at once. */
static pid_t start_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(CODE_FORK);
	return pid;
}

static pid_t start_fork_exec(void)
{
	char *argv[] = {tiny_path, NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execve(tiny_path, argv, environ);
		_exit(127);
	}
	return pid;
}

/* glibc's posix_spawn is clone(CLONE_VM | CLONE_VFORK). */
static pid_t start_spawn(void)
{
	char *argv[] = {tiny_path, NULL};
	pid_t pid;

	errno = posix_spawn(&pid, tiny_path, NULL, NULL, argv, environ);
	return errno ? -1 : pid;
}

/* Of the children with exec every second is a fork, the others are spawned. */
static void run_child(struct child *c, int exec, int by_fork)
{
	int status, want = exec ? 0 : CODE_FORK;

	c->exec = exec;
	c->before_ns = clock_ns(CLOCK_REALTIME);
	c->pid = !exec ? start_fork() : by_fork ? start_fork_exec() : start_spawn();
	c->after_ns = clock_ns(CLOCK_REALTIME);
	if (c->pid < 0)
		die("cannot start a child");
	if (waitpid(c->pid, &status, 0) != c->pid)
		die("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		die("child %d ended with status %#x", c->pid, status);
}

/* The share is spread evenly: a child execs when the running sum passes a whole number. */
static void work_procs(struct shared *s, int me, long n, double share)
{
	struct child *c = s->child + me * ((n + 1) / WORKERS);
	long count = n / WORKERS + (me < n % WORKERS), execs = 0;

	for (long i = 0; i < count; i++) {
		int exec = (long)((double)(i + 1) * share) > execs;

		execs += exec;
		run_child(&c[i], exec, execs & 1);
		s->done[me]++;
	}
}

static int listen_loopback(int *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		die("listen");
	*port = ntohs(sin.sin_port);
	return fd;
}

static void run_connection(int listener, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (client < 0 || connect(client, (struct sockaddr *)&to, sizeof(to)))
		die("connect to port %d", port);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		die("accept");
	close(client);
	close(server);
}

static void work_conns(struct shared *s, int me, long n, double unused)
{
	long count = n / WORKERS + (me < n % WORKERS);
	int listener[LISTENERS];

	(void)unused;
	for (int i = 0; i < LISTENERS; i++)
		listener[i] = listen_loopback(&s->port[me][i]);
	for (long i = 0; i < count; i++) {
		run_connection(listener[i % LISTENERS], s->port[me][i % LISTENERS]);
		s->done[me]++;
	}
}

static void start_workers(struct shared *s, long n, double share,
			  void (*work)(struct shared *, int, long, double))
{
	pid_t parent = getpid(), pid;

	for (int i = 0; i < WORKERS; i++) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (pid) {
			s->worker[i] = pid;
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			work(s, i, n, share);
		_exit(0);
	}
}

static void await_workers(const struct shared *s)
{
	int status, failed = 0;

	for (int i = 0; i < WORKERS; i++) {
		if (waitpid(s->worker[i], &status, 0) != s->worker[i])
			die("waitpid");
		failed |= status;
	}
	if (failed) {
		fputs("gen: a worker failed\n", stderr);
		exit(1);
	}
}

static void print_ports(const struct shared *s)
{
	const char *sep = "";

	printf(",\"ports\":[");
	for (int i = 0; i < WORKERS; i++)
		for (int j = 0; j < LISTENERS; j++, sep = ",")
			printf("%s%d", sep, s->port[i][j]);
	printf("]");
}

static void write_children(const struct shared *s, long n, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die("%s", path);
	for (long i = 0; i < n; i++) {
		const struct child *c = &s->child[i];

		fprintf(f, "%d %d %llu %llu %d\n", c->pid, c->exec,
			(unsigned long long)c->before_ns, (unsigned long long)c->after_ns,
			c->exec ? 0 : CODE_FORK);
	}
	if (fclose(f))
		die("%s", path);
}

/* Runs the storm and prints its totals as one JSON object. */
static int storm(const char *what, const char *path, long n, double share)
{
	size_t size = sizeof(struct shared) + (path ? (size_t)n * sizeof(struct child) : 0);
	struct shared *s =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t start = clock_ns(CLOCK_MONOTONIC);

	if (s == MAP_FAILED)
		die("mmap");
	start_workers(s, n, share, path ? work_procs : work_conns);
	await_workers(s);
	printf("{\"what\":\"%s\",\"total\":%ld,\"seconds\":%.3f,\"pid\":%d,\"workers\":[%d,%d]",
	       what, s->done[0] + s->done[1], (double)(clock_ns(CLOCK_MONOTONIC) - start) / 1e9,
	       getpid(), s->worker[0], s->worker[1]);
	if (path)
		write_children(s, n, path);
	else
		print_ports(s);
	puts("}");
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "procs")) {
		find_tiny();
		return storm(argv[1], argv[2], atol(argv[3]), argc == 5 ? atof(argv[4]) : 0.5);
	}
	if (argc == 3 && !strcmp(argv[1], "conns"))
		return storm(argv[1], NULL, atol(argv[2]), 0);
	fputs("usage: gen procs FILE N [EXEC_FRACTION] | gen conns N\n", stderr);
	return 2;
}
