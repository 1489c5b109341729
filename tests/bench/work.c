/*
 * work: small workloads that are timed by themselves, and a population to be looked at.
 *
 *   work NAME [MS]             time one workload for about MS milliseconds, print ns/op
 *   work hold NPROC NFDS       hold NPROC processes with NFDS sockets each until stdin ends
 *   work listen NPROC NFDS     the same, and every socket of them listens
 *
 * Operations are timed in batches of a few milliseconds; the minimum tells the cost without
 * disturbance, the median the usual one.
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCHES  65536
#define LISTEN_EVERY 10 /* one process of the population in so many has a listening socket */

struct workload {
	const char *name;
	int iters;	     /* per batch */
	void (*setup)(void); /* may be NULL */
	void (*op)(void);
};

extern char **environ;

static char tiny_path[PATH_MAX];
static int all_listen;
static int listener = -1;
static struct sockaddr_in listener_addr;

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fputs("work: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void op_getppid(void)
{
	syscall(SYS_getppid);
}

static void op_forkwait(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
}

/* tiny lies beside this program, wherever that is. */
static void setup_spawn(void)
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

static void op_spawn(void)
{
	char *argv[] = {tiny_path, NULL};
	pid_t pid;

	errno = posix_spawn(&pid, tiny_path, NULL, NULL, argv, environ);
	if (errno)
		die("posix_spawn %s", tiny_path);
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
}

/* A TCP listener on a free port of addr; its address is left in *sin. */
static int listen_any(in_addr_t addr, struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*sin = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
	if (fd < 0 || bind(fd, (struct sockaddr *)sin, sizeof(*sin)) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)sin, &len))
		die("listen");
	return fd;
}

static void setup_connect(void)
{
	listener = listen_any(INADDR_ANY, &listener_addr);
}

/* The destination rotates through 127.0.1.0/24.. so that TIME_WAIT never uses up the ports. */
static void op_connect(void)
{
	static uint32_t turn;
	struct sockaddr_in to = listener_addr;
	int client, server;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + (turn++ & 1023));
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		die("accept");
	close(client);
	close(server);
}

static void op_dupclose(void)
{
	int fd = dup(STDIN_FILENO);

	if (fd < 0)
		die("dup");
	close(fd);
}

static const struct workload workloads[] = {
	{"getppid", 20000, NULL, op_getppid},  {"forkwait", 25, NULL, op_forkwait},
	{"spawn", 10, setup_spawn, op_spawn},  {"connect", 200, setup_connect, op_connect},
	{"dupclose", 8000, NULL, op_dupclose},
};

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double batch_ns(const struct workload *w)
{
	uint64_t start = now_ns();

	for (int i = 0; i < w->iters; i++)
		w->op();
	return (double)(now_ns() - start) / w->iters;
}

/* One JSON line; "batches" has every batch, sorted, so that runs can be pooled. */
static void print_result(const struct workload *w, double *batch, int n)
{
	qsort(batch, (size_t)n, sizeof(batch[0]), compare_double);
	printf("{\"name\":\"%s\",\"iters\":%d,\"min_ns\":%.1f,\"median_ns\":%.1f,\"batches\":[",
	       w->name, w->iters, batch[0], batch[n / 2]);
	for (int i = 0; i < n; i++)
		printf("%s%.1f", i ? "," : "", batch[i]);
	puts("]}");
}

/* The first batch warms caches and is not counted. */
static int run_workload(const struct workload *w, long ms)
{
	static double batch[MAX_BATCHES];
	uint64_t end;
	int n = 0;

	if (w->setup)
		w->setup();
	batch_ns(w);
	end = now_ns() + (uint64_t)ms * 1000000u;
	do
		batch[n++] = batch_ns(w);
	while (n < MAX_BATCHES && now_ns() < end);
	print_result(w, batch, n);
	return 0;
}

static void raise_nofile(long need)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl))
		die("getrlimit");
	if (rl.rlim_cur >= (rlim_t)need)
		return;
	rl.rlim_cur = (rlim_t)need;
	if (rl.rlim_max < rl.rlim_cur)
		rl.rlim_max = rl.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &rl))
		die("cannot allow %ld descriptors", need);
}

/* One process of the population: half UDP, half TCP, all unbound; now and then a listener. */
static __attribute__((noreturn)) void member(long index, long nfds, pid_t parent, int ready)
{
	struct sockaddr_in sin;
	long fd = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (; fd < nfds && (all_listen || (index % LISTEN_EVERY == 0 && !fd)); fd++)
		listen_any(INADDR_LOOPBACK, &sin);
	for (; fd < nfds; fd++)
		if (socket(AF_INET, (fd & 1 ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0) < 0)
			die("socket");
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

/* Returns when every member has said that it is ready; a member that died ends the run. */
static void await_members(int ready, long nproc)
{
	char buf[4096];
	ssize_t len;

	while (nproc > 0) {
		len = read(ready, buf, sizeof(buf));
		if (len <= 0)
			die("the population is short of %ld processes", nproc);
		nproc -= len;
	}
}

static void end_members(const pid_t *pid, long nproc)
{
	for (long i = 0; i < nproc; i++)
		kill(pid[i], SIGKILL);
	for (long i = 0; i < nproc; i++)
		waitpid(pid[i], NULL, 0);
}

static void await_end_of_stdin(void)
{
	char buf[64];
	ssize_t len;

	do
		len = read(STDIN_FILENO, buf, sizeof(buf));
	while (len > 0 || (len < 0 && errno == EINTR));
}

/* The announced listener is made last, so that this process is its only holder. */
static int hold(long nproc, long nfds)
{
	pid_t self = getpid(), *pid = calloc((size_t)nproc + 1, sizeof(*pid));
	struct sockaddr_in sin;
	int ready[2];

	if (!pid || pipe2(ready, O_CLOEXEC))
		die("pipe");
	raise_nofile(nfds + 16);
	for (long i = 0; i < nproc; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork");
		if (pid[i] == 0)
			member(i, nfds, self, ready[1]);
	}
	close(ready[1]);
	await_members(ready[0], nproc);
	listen_any(INADDR_LOOPBACK, &sin);
	printf("{\"pid\":%d,\"port\":%d,\"procs\":%ld,\"sockets\":%ld}\n", self,
	       ntohs(sin.sin_port), nproc + 1, nproc * nfds + 1);
	fflush(stdout);
	await_end_of_stdin();
	end_members(pid, nproc);
	free(pid);
	return 0;
}

static int usage(void)
{
	fputs("usage: work hold|listen NPROC NFDS | work NAME [MS]\nworkloads:", stderr);
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		fprintf(stderr, " %s", workloads[i].name);
	fputs("\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	all_listen = argc == 4 && !strcmp(argv[1], "listen");
	if (argc == 4 && (all_listen || !strcmp(argv[1], "hold")))
		return hold(atol(argv[2]), atol(argv[3]));
	if (argc != 2 && argc != 3)
		return usage();
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (!strcmp(argv[1], workloads[i].name))
			return run_workload(&workloads[i], argc == 3 ? atol(argv[2]) : 300);
	return usage();
}
