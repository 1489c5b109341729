/* death.c: how processes are killed: by whom, or by what that is nobody. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "actor.h"

static void posix_timer_run(void *unused)
{
	struct itimerspec soon = {.it_value.tv_nsec = 1000000};
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	timer_t t;

	(void)unused;
	check(timer_create(CLOCK_MONOTONIC, &e, &t), "timer_create");
	check(timer_settime(t, 0, &soon, NULL), "timer_settime");
	stay();
}

static void alarm_run(void *unused)
{
	struct itimerval soon = {.it_value.tv_usec = 1000};

	(void)unused;
	check(setitimer(ITIMER_REAL, &soon, NULL), "setitimer");
	stay();
}

static void no_core(void)
{
	struct rlimit none = {0, 0};

	check(setrlimit(RLIMIT_CORE, &none), "setrlimit");
}

static void fault_run(void *unused)
{
	(void)unused;
	no_core();
	*(volatile int *)8 = 1;
}

static void again(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Catches its fault, as crash reporters do, and dies of it all the same. */
static void fault_again_run(void *unused)
{
	(void)unused;
	no_core();
	signal(SIGSEGV, again);
	*(volatile int *)8 = 1;
}

static void pipe_run(void *unused)
{
	int ends[2];

	(void)unused;
	signal(SIGPIPE, SIG_DFL);
	check(pipe(ends), "pipe");
	close(ends[0]);
	check(write(ends[1], "x", 1), "write");
}

static void limit_run(void *unused)
{
	struct rlimit one = {1, 1};

	(void)unused;
	check(setrlimit(RLIMIT_FSIZE, &one), "setrlimit");
	no_core();
	check(pwrite(fileno(tmpfile()), "xyz", 3, 4096), "pwrite");
}

/* Whoever writes into the pipe is innocent: the reader asked for it. */
static void sigio_run(void *arg)
{
	int end = *(int *)arg;

	signal(SIGUSR1, SIG_DFL);
	check(fcntl(end, F_SETOWN, getpid()), "F_SETOWN");
	check(fcntl(end, F_SETSIG, SIGUSR1), "F_SETSIG");
	check(fcntl(end, F_SETFL, O_ASYNC | O_NONBLOCK), "O_ASYNC");
	tell_int(0);
	stay();
}

static void again_run(void *unused)
{
	(void)unused;
	signal(SIGTERM, again);
	tell_int(0);
	for (;;)
		pause();
}

static void ready_run(void *unused)
{
	(void)unused;
	tell_int(0);
	stay();
}

/* It has a terminal of its own, and Ctrl-C is typed at it. */
static void terminal_run(void *unused)
{
	int master, slave;
	pid_t pid;

	(void)unused;
	check(openpty(&master, &slave, NULL, NULL, NULL), "openpty");
	pid = check(fork(), "fork");
	if (!pid) {
		check(login_tty(slave), "login_tty");
		tell_int(getpid());
		for (;;)
			pause();
	}
	close(slave);
	go_wait();
	check(write(master, "\003", 1), "Ctrl-C");
	child_reap(pid);
	tell_int(0);
	stay();
}

/* The kernel kills it at the death of its parent. */
static void parent_run(void *unused)
{
	pid_t pid = check(fork(), "fork");

	(void)unused;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		tell_int(getpid());
		for (;;)
			pause();
	}
	go_wait();
}

bool group_make(char *path, size_t size, const char *type, const char *option)
{
	char line[512], dir[256], kind[64], options[256];
	FILE *f = fopen("/proc/mounts", "r");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %255s %63s %255s", dir, kind, options) == 3 &&
			!strcmp(kind, type) && (!option || strstr(options, option));
	if (f)
		fclose(f);
	if (found)
		snprintf(path, size, "%s/probate-scene-%d", dir, getpid());
	return found && (!mkdir(path, 0755) || errno == EEXIST);
}

bool group_write(const char *group, const char *file, const char *text)
{
	char path[512];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

bool group_enter(const char *group, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return group_write(group, "cgroup.procs", text);
}

static void eat_run(void *unused)
{
	(void)unused;
	go_wait();
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			die("mmap");
		memset(p, 1, 1 << 20);
	}
}

/* Ended by its cgroup: somebody writes to cgroup.kill. */
static void cgroup_kill(void)
{
	struct child c = child_start(ready_run, NULL);
	char group[300];
	bool done;

	hear_int(&c);
	done = group_make(group, sizeof(group), "cgroup2", NULL) && group_enter(group, c.pid) &&
	       group_write(group, "cgroup.kill", "1");
	if (!done)
		kill(c.pid, SIGKILL);
	child_reap(c.pid);
	rmdir(group);
	if (done)
		fact_int("cgroup_kill", c.pid);
}

/* Eats more memory than its cgroup may have. */
static void memory_kill(void)
{
	struct child c = child_start(eat_run, NULL);
	char group[300];
	bool done = false;

	if (group_make(group, sizeof(group), "cgroup", "memory"))
		done = group_write(group, "memory.limit_in_bytes", "16777216") &&
		       group_enter(group, c.pid);
	else if (group_make(group, sizeof(group), "cgroup2", NULL))
		done = group_write(group, "memory.max", "16777216") && group_enter(group, c.pid);
	group_write(group, "memory.memsw.limit_in_bytes", "16777216");
	group_write(group, "memory.swap.max", "0");
	if (done)
		child_go(&c);
	else
		kill(c.pid, SIGKILL);
	child_reap(c.pid);
	rmdir(group);
	if (done)
		fact_int("out_of_memory", c.pid);
}

static void sigio_kill(void)
{
	int ends[2];
	struct child c;

	check(pipe2(ends, O_CLOEXEC), "pipe");
	c = child_start(sigio_run, &ends[0]);
	hear_int(&c);
	check(write(ends[1], "x", 1), "write");
	child_reap(c.pid);
	close(ends[0]);
	close(ends[1]);
	fact_int("io", c.pid);
}

static void plain_kill(const char *key, void (*run)(void *), bool kills)
{
	struct child c = child_start(run, NULL);

	if (kills) {
		hear_int(&c);
		check(kill(c.pid, SIGTERM), "kill");
	}
	child_reap(c.pid);
	fact_int(key, c.pid);
}

/*
 * Innocent of all that happens while it runs: a timer's interrupt finds it on the CPU, which it
 * leaves to others for a fifth of the time.
 */
static void spin_run(void *unused)
{
	const struct timespec rest = {.tv_nsec = 1000000};
	const struct sched_param first = {.sched_priority = 1};

	(void)unused;
	prctl(PR_SET_NAME, "bystander");
	sched_setscheduler(0, SCHED_FIFO, &first); /* where that is refused it is one among many */
	tell_int(0);
	for (;;) {
		struct timespec now, begin;

		clock_gettime(CLOCK_MONOTONIC, &begin);
		do
			clock_gettime(CLOCK_MONOTONIC, &now);
		while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec <
		       4000000);
		nanosleep(&rest, NULL);
	}
}

#define SPINNERS 8
static int spinners_start(struct child *spin)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int n = cpus < 1 ? 1 : cpus > SPINNERS ? SPINNERS : (int)cpus;

	for (int i = 0; i < n; i++) {
		spin[i] = child_start(spin_run, NULL);
		hear_int(&spin[i]);
	}
	return n;
}

/* Every way to be killed in which nobody, or somebody else than who ran, did it. */
static void scene_causes(void)
{
	struct child c, spin[SPINNERS];
	pid_t pid;
	int n;

	facts_begin("t-causes");
	n = spinners_start(spin);
	plain_kill("timer", posix_timer_run, false);
	plain_kill("alarm", alarm_run, false);
	plain_kill("fault", fault_run, false);
	plain_kill("fault_again", fault_again_run, false);
	plain_kill("pipe", pipe_run, false);
	plain_kill("limit", limit_run, false);
	plain_kill("again", again_run, true);
	sigio_kill();
	c = child_start(terminal_run, NULL);
	fact_int("terminal", hear_int(&c));
	child_go(&c);
	hear_int(&c);
	c = child_start(parent_run, NULL);
	fact_int("parent", c.pid);
	pid = hear_int(&c);
	fact_int("parent_death", pid);
	child_go(&c);
	child_reap(c.pid);
	child_reap(pid);
	cgroup_kill();
	memory_kill();
	while (n--) {
		check(kill(spin[n].pid, SIGKILL), "kill");
		child_reap(spin[n].pid);
	}
	facts_end();
}

const struct scene death_scenes[] = {
	{"t-causes", scene_causes, "killed by a timer, a fault, its memory, its cgroup ..."},
	{0},
};
