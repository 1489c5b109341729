/* actor.c: how a director starts, hears, moves and sweeps its children. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"

#define MAX_CHILDREN 64
#define PATIENCE_MS  5000

/* In the director: its ends of all pipes, which no child may keep. */
static int kept[2 * MAX_CHILDREN];
static int nkept;
/* In a child: where it tells the director, and where kin says that it is ready. */
static int up_fd = -1;
static int ready_fd = -1;

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "scene: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(err));
	va_end(ap);
	_exit(1);
}

int check(int result, const char *what)
{
	if (result < 0)
		die("%s", what);
	return result;
}

/* Only for what the kernel lets nobody wait for: the state of a process, a TCP timer. */
static void tick(int *waited, const char *what)
{
	struct timespec ms = {.tv_nsec = 1000000};

	if (++*waited > PATIENCE_MS) {
		errno = ETIMEDOUT;
		die("waiting for %s", what);
	}
	nanosleep(&ms, NULL);
}

void file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	while (fd >= 0 && have + 1 < size && (n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	buf[have] = 0;
	if (fd >= 0)
		close(fd);
}

/* The letter of /proc/PID/stat, 0 when there is no such process. */
char state_get(pid_t pid)
{
	char path[64], buf[512], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file_read(path, buf, sizeof(buf));
	end = strrchr(buf, ')');
	return end ? end[2] : 0;
}

void state_await(pid_t pid, char state)
{
	int waited = 0;

	while (state_get(pid) != state)
		tick(&waited, "a process state");
}

/* The program is running and has come to rest (all of ours end in a blocking read). */
void comm_await(pid_t pid, const char *comm)
{
	char path[64], buf[64];
	int waited = 0;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (;;) {
		file_read(path, buf, sizeof(buf));
		buf[strcspn(buf, "\n")] = 0;
		if (!strcmp(buf, comm) && state_get(pid) == 'S')
			return;
		tick(&waited, comm);
	}
}

int children_get(pid_t pid, pid_t *list, int max)
{
	char path[64], buf[8192], *p = buf, *end;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file_read(path, buf, sizeof(buf));
	for (long v; n < max && (v = strtol(p, &end, 10)) > 0; p = end)
		list[n++] = v;
	return n;
}

int children_await(pid_t pid, int count, pid_t *list)
{
	int waited = 0;

	while (children_get(pid, list, count) < count)
		tick(&waited, "children");
	return count;
}

/* A fork with clone flags, and with a chosen pid where one is wanted. It goes on like fork. */
pid_t fork_flags(unsigned long flags, pid_t want_pid)
{
	struct clone_args args = {.flags = flags & ~0xfful, .exit_signal = flags & 0xff};
	int waited = 0;
	long pid;

	if (want_pid) {
		args.set_tid = (unsigned long)&want_pid;
		args.set_tid_size = 1;
	}
	while ((pid = syscall(SYS_clone3, &args, sizeof(args))) < 0 && errno == EEXIST)
		tick(&waited, "the pid to be free");
	return check(pid, "clone3");
}

/* ---- the director ---- */

static void child_begin(int in, int up)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < nkept; i++)
		close(kept[i]);
	nkept = 0;
	check(dup2(in, 0), "dup2");
	close(in);
	up_fd = up;
}

struct child child_start_as(unsigned long flags, pid_t want_pid, void (*run)(void *), void *arg)
{
	int down[2], up[2];
	struct child c;

	fflush(NULL);
	check(pipe2(down, O_CLOEXEC), "pipe");
	check(pipe2(up, O_CLOEXEC), "pipe");
	if (nkept + 2 > LEN(kept))
		die("too many children");
	kept[nkept++] = down[1];
	kept[nkept++] = up[0];
	c.pid = fork_flags(flags | SIGCHLD, want_pid);
	if (!c.pid) {
		child_begin(down[0], up[1]);
		run(arg);
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	c.to = down[1];
	c.from = up[0];
	pid_note(c.pid);
	return c;
}

struct child child_start(void (*run)(void *), void *arg)
{
	return child_start_as(0, 0, run, arg);
}

void child_go(const struct child *c)
{
	check(write(c->to, "g", 1), "go");
}

static void hear(const struct child *c, void *what, size_t size)
{
	ssize_t n = read(c->from, what, size);

	if (n != (ssize_t)size)
		die("child %d told nothing", c->pid);
}

int hear_int(const struct child *c)
{
	int value;

	hear(c, &value, sizeof(value));
	return value;
}

struct sock hear_sock(const struct child *c, const char *state)
{
	struct sock s;

	hear(c, &s, sizeof(s));
	snprintf(s.state, sizeof(s.state), "%s", state);
	return s;
}

void child_kill(const struct child *c, int sig)
{
	check(kill(c->pid, sig), "kill");
	child_reap(c->pid);
}

void child_reap(pid_t pid)
{
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid %d", pid);
}

/* True when the next step is wanted, false at the end of the scene. */
bool step_wait(void)
{
	char line[64];

	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		if (!strcmp(line, "step\n"))
			return true;
	return false;
}

/* Ends everything below the director: what its children leave behind is reparented to it. */
void children_sweep(void)
{
	pid_t list[256];
	int n;

	alarm(10);
	for (;;) {
		n = children_get(getpid(), list, LEN(list));
		for (int i = 0; i < n; i++)
			kill(list[i], SIGKILL);
		if (waitpid(-1, NULL, __WALL) < 0)
			return;
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
	}
}

/* ---- a child ---- */

void tell_int(int value)
{
	check(write(up_fd, &value, sizeof(value)), "tell");
}

void tell_sock(int fd)
{
	struct sock s = sock_describe(fd);

	check(write(up_fd, &s, sizeof(s)), "tell");
}

void go_wait(void)
{
	char byte;

	if (read(0, &byte, 1) != 1)
		_exit(0);
}

void stay(void)
{
	for (;;)
		go_wait();
}

/* Starts a relative of a child; returns once it said that it is ready, or ran another program. */
pid_t kin_start(void (*run)(void *), void *arg)
{
	int ready[2];
	char byte;
	pid_t pid;

	check(pipe2(ready, O_CLOEXEC), "pipe");
	pid = check(fork(), "fork");
	if (!pid) {
		close(ready[0]);
		ready_fd = ready[1];
		run(arg);
		_exit(0);
	}
	close(ready[1]);
	check(read(ready[0], &byte, 1), "kin");
	close(ready[0]);
	return pid;
}

void kin_ready(void)
{
	check(write(ready_fd, "r", 1), "ready");
	close(ready_fd);
}

/* Another program that holds what it inherits and never uses it; it ends with its stdin. */
void cat_exec(void *unused)
{
	(void)unused;
	execl("/usr/bin/cat", "cat", (char *)NULL);
	die("exec cat");
}

pid_t cat_start(void)
{
	pid_t pid = kin_start(cat_exec, NULL);

	comm_await(pid, "cat");
	return pid;
}
