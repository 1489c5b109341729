/* zombie.c: children that died and were not reaped, and why. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"

#define STORM 50

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static pid_t fork_exiting(int code)
{
	pid_t pid = check(fork(), "fork");

	if (!pid)
		_exit(code);
	return pid;
}

static pid_t fork_staying(void)
{
	pid_t pid = check(fork(), "fork");

	if (!pid)
		stay();
	return pid;
}

static void no_wait_run(void *unused)
{
	(void)unused;
	tell_int(fork_exiting(3));
	tell_int(fork_exiting(4));
	stay();
}

/* A parent never waits for its two dead children. */
static void scene_no_wait(void)
{
	struct child c = child_start(no_wait_run, NULL);

	facts_begin("z-no-wait");
	fact_int("parent", c.pid);
	for (int code = 3; code <= 4; code++) {
		pid_t pid = hear_int(&c);

		state_await(pid, 'Z');
		fact_zombie(pid, c.pid);
	}
	facts_end();
}

static void *thread_stay(void *unused)
{
	(void)unused;
	tell_int(gettid());
	stay();
	return NULL;
}

static void headless_run(void *unused)
{
	pthread_t t;

	(void)unused;
	if (pthread_create(&t, NULL, thread_stay, NULL))
		die("pthread_create");
	syscall(SYS_exit, 0);
}

/* The leader has exited, a thread lives: looks like a zombie and is none. */
static void scene_headless(void)
{
	struct child c = child_start(headless_run, NULL);
	int tid = hear_int(&c);

	state_await(c.pid, 'Z');
	facts_begin("z-headless");
	fact_int("headless", c.pid);
	fact_int("tid", tid);
	facts_end();
}

static void ignored_run(void *unused)
{
	pid_t pid;

	(void)unused;
	signal(SIGCHLD, SIG_IGN);
	pid = fork_exiting(3);
	wait(NULL); /* returns with ECHILD once the child is gone */
	tell_int(pid);
	stay();
}

/* A parent ignores SIGCHLD: its child is gone at once, reaped by nobody. */
static void scene_ignored(void)
{
	struct child c = child_start(ignored_run, NULL);
	int gone = hear_int(&c);

	facts_begin("z-ignored");
	fact_int("parent", c.pid);
	fact_int("child", gone);
	facts_end();
}

static void reaped_run(void *unused)
{
	pid_t pid = fork_exiting(7);
	struct timespec t = {.tv_nsec = 200000000};
	long since;

	(void)unused;
	state_await(pid, 'Z');
	since = now_ms();
	nanosleep(&t, NULL);
	child_reap(pid);
	tell_int(pid);
	tell_int(now_ms() - since);
	stay();
}

/* A child is a zombie for 200 ms, then its parent reaps it. */
static void scene_reaped(void)
{
	struct child c = child_start(reaped_run, NULL);
	int child = hear_int(&c);

	facts_begin("z-reaped");
	fact_int("parent", c.pid);
	fact_int("child", child);
	fact_int("code", 7);
	fact_int("zombie_ms", hear_int(&c));
	facts_end();
}

static void stopped_run(void *unused)
{
	(void)unused;
	tell_int(fork_staying());
	for (;;)
		wait(NULL);
}

/* A parent that would reap is stopped when its child dies. */
static void scene_stopped(void)
{
	struct child c = child_start(stopped_run, NULL);
	pid_t pid = hear_int(&c);

	check(kill(c.pid, SIGSTOP), "kill");
	state_await(c.pid, 'T');
	check(kill(pid, SIGKILL), "kill");
	state_await(pid, 'Z');
	facts_begin("z-stopped");
	fact_int("parent", c.pid);
	fact_zombie(pid, c.pid);
	facts_end();
}

static void tracer_run(void *arg)
{
	check(ptrace(PTRACE_SEIZE, *(pid_t *)arg, NULL, NULL), "ptrace");
	tell_int(0);
	stay();
}

/* A tracer that never waits keeps a dead child from a parent that does. */
static void scene_traced(void)
{
	struct child c = child_start(stopped_run, NULL), tracer;
	pid_t pid = hear_int(&c);

	tracer = child_start(tracer_run, &pid);
	hear_int(&tracer);
	check(kill(pid, SIGKILL), "kill");
	state_await(pid, 'Z');
	facts_begin("z-traced");
	fact_int("parent", c.pid);
	fact_int("tracer", tracer.pid);
	fact_zombie(pid, c.pid);
	facts_end();
}

static void clone0_run(void *unused)
{
	pid_t pid = fork_flags(0, 0);

	(void)unused;
	if (!pid)
		_exit(3);
	tell_int(pid);
	while (wait(NULL) > 0)
		;
	stay();
}

/* A child made without an exit signal: an ordinary wait does not see it. */
static void scene_clone0(void)
{
	struct child c = child_start(clone0_run, NULL);
	pid_t pid = hear_int(&c);

	state_await(pid, 'Z');
	facts_begin("z-clone0");
	fact_int("parent", c.pid);
	fact_zombie(pid, c.pid);
	facts_end();
}

/* Makes an orphan that dies once this process has adopted it, and reaps only the one between. */
static void adopter_run(void *arg)
{
	struct timespec ms = {.tv_nsec = 1000000};
	pid_t self = getpid(), middle;

	if (arg)
		check(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
	middle = check(fork(), "fork");
	if (!middle) {
		if (!check(fork(), "fork"))
			while (getppid() != self)
				nanosleep(&ms, NULL);
		_exit(3);
	}
	child_reap(middle);
	tell_int(0);
	stay();
}

/* The one child of the adopter, by its pid out here, and its facts. */
static void adopter_play(const char *scene, struct child *c)
{
	pid_t pid;

	hear_int(c);
	children_await(c->pid, 1, &pid);
	state_await(pid, 'Z');
	facts_begin(scene);
	fact_int("parent", c->pid);
	fact_zombie(pid, c->pid);
	facts_end();
}

/* PID 1 of a pid namespace adopted an orphan and does not reap it. */
static void scene_nsinit(void)
{
	struct child c = child_start_as(CLONE_NEWPID, 0, adopter_run, NULL);

	adopter_play("z-nsinit", &c);
}

/* A subreaper adopted an orphan and does not reap it. */
static void scene_subreaper(void)
{
	struct child c = child_start(adopter_run, "subreaper");

	adopter_play("z-subreaper", &c);
}

static void other_run(void *unused)
{
	pid_t lives = fork_staying(), dies = fork_exiting(3);

	(void)unused;
	tell_int(lives);
	tell_int(dies);
	waitpid(lives, NULL, 0);
}

/* A parent waits for one child only while another one is dead. */
static void scene_other(void)
{
	struct child c = child_start(other_run, NULL);
	pid_t lives = hear_int(&c), dies = hear_int(&c);

	state_await(dies, 'Z');
	state_await(c.pid, 'S');
	pid_note(lives);
	facts_begin("z-other");
	fact_int("parent", c.pid);
	fact_int("waits_for", lives);
	fact_zombie(dies, c.pid);
	facts_end();
}

static void on_sigchld(int sig)
{
	(void)sig;
	waitpid(-1, NULL, WNOHANG);
}

/* All children die while the signal is blocked, so that the handler runs once for all of them. */
static void coalesced_run(void *unused)
{
	pid_t pid[STORM];
	sigset_t set;

	(void)unused;
	signal(SIGCHLD, on_sigchld);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < STORM; i++)
		tell_int(pid[i] = fork_exiting(3));
	for (int i = 0; i < STORM; i++)
		state_await(pid[i], 'Z');
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	tell_int(0);
	stay();
}

/* A handler that reaps one child a signal, though signals coalesce: 50 deaths, one wait. */
static void scene_coalesced(void)
{
	struct child c = child_start(coalesced_run, NULL);
	pid_t pid[STORM];

	for (int i = 0; i < STORM; i++)
		pid[i] = hear_int(&c);
	hear_int(&c);
	facts_begin("z-coalesced");
	fact_int("parent", c.pid);
	fact_int("died", STORM);
	for (int i = 0; i < STORM; i++)
		if (state_get(pid[i]) == 'Z')
			fact_zombie(pid[i], c.pid);
	facts_end();
}

static void nothing(int sig)
{
	(void)sig;
}

static void empty_run(void *handler)
{
	if (handler)
		signal(SIGCHLD, nothing);
	tell_int(fork_exiting(3));
	stay();
}

/* The one child of a parent that does not wait, by its pid out here. */
static void unwaited_play(const char *scene, struct child *c)
{
	pid_t pid;

	hear_int(c);
	children_await(c->pid, 1, &pid);
	state_await(pid, 'Z');
	facts_begin(scene);
	fact_int("parent", c->pid);
	fact_zombie(pid, c->pid);
	facts_end();
}

/* SIGCHLD is caught, as in every Go program, and nothing reaps. */
static void scene_empty_handler(void)
{
	struct child c = child_start(empty_run, "handler");

	unwaited_play("z-empty-handler", &c);
}

/* PID 1 of a pid namespace does not wait for a child of its own. */
static void scene_own_of_init(void)
{
	struct child c = child_start_as(CLONE_NEWPID, 0, empty_run, NULL);

	unwaited_play("z-own-of-init", &c);
}

static void usr1_run(void *unused)
{
	pid_t pid;

	(void)unused;
	signal(SIGUSR1, nothing);
	pid = fork_flags(SIGUSR1, 0);
	if (!pid)
		_exit(3);
	tell_int(pid);
	while (wait(NULL) > 0)
		;
	stay();
}

/* A child whose exit signal is not SIGCHLD: an ordinary wait does not see it. */
static void scene_exit_signal(void)
{
	struct child c = child_start(usr1_run, NULL);

	unwaited_play("z-exit-signal", &c);
}

const struct scene zombie_scenes[] = {
	{"z-empty-handler", scene_empty_handler, "SIGCHLD caught, nothing waits"},
	{"z-own-of-init", scene_own_of_init, "PID 1 of a namespace leaves a child of its own"},
	{"z-exit-signal", scene_exit_signal, "the exit signal is not SIGCHLD"},
	{"z-no-wait", scene_no_wait, "the parent never waits"},
	{"z-headless", scene_headless, "a thread lives on: not a zombie"},
	{"z-ignored", scene_ignored, "SIGCHLD ignored: never a zombie"},
	{"z-reaped", scene_reaped, "a zombie for 200 ms"},
	{"z-stopped", scene_stopped, "the parent is stopped"},
	{"z-traced", scene_traced, "a tracer does not wait"},
	{"z-clone0", scene_clone0, "no exit signal"},
	{"z-nsinit", scene_nsinit, "PID 1 of a namespace does not reap"},
	{"z-subreaper", scene_subreaper, "a subreaper does not reap"},
	{"z-other", scene_other, "the parent waits for another child"},
	{"z-coalesced", scene_coalesced, "one wait a signal, many deaths a signal"},
	{0},
};
