/* tree.c: lineage and death: orphans, namespaces, killers, long chains. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "actor.h"

#define MEMBERS 3
#define DEPTH	200
#define THREADS 4
#define REAPED	1000

static void stay_run(void *unused)
{
	(void)unused;
	tell_int(0);
	stay();
}

static void orphan_run(void *unused)
{
	pid_t pid = check(fork(), "fork");

	(void)unused;
	if (!pid)
		stay();
	tell_int(pid);
}

/* A parent dies before its child. */
static void scene_orphan(void)
{
	struct child c = child_start(orphan_run, NULL);
	pid_t orphan = hear_int(&c);

	child_reap(c.pid);
	pid_note(orphan);
	facts_begin("t-orphan");
	fact_int("child", orphan);
	fact_int("birth_parent", c.pid);
	fact_int("parent", getpid());
	facts_end();
}

static void members_run(void *unused)
{
	(void)unused;
	for (int i = 0; i < MEMBERS; i++)
		if (!check(fork(), "fork"))
			stay();
	tell_int(0);
	stay();
}

static void members_say(pid_t init, const pid_t *members)
{
	facts_begin("t-nsinit-dies");
	fact_int("init", init);
	fact_ints("members", members, MEMBERS);
	facts_end();
}

/* A pid namespace with three members. Step: its PID 1 is killed and takes them along. */
static void scene_nsinit_dies(void)
{
	struct child c = child_start_as(CLONE_NEWPID, 0, members_run, NULL);
	pid_t members[MEMBERS];

	hear_int(&c);
	children_await(c.pid, MEMBERS, members);
	for (int i = 0; i < MEMBERS; i++)
		pid_note(members[i]);
	members_say(c.pid, members);
	if (!step_wait())
		return;
	child_kill(&c, SIGKILL);
	members_say(c.pid, members);
}

/* SIGTERM to the PID 1 of a namespace that has no handler: the kernel drops it. */
static void scene_term_ignored(void)
{
	struct child c = child_start_as(CLONE_NEWPID, 0, stay_run, NULL);

	hear_int(&c);
	check(kill(c.pid, SIGTERM), "kill");
	facts_begin("t-term-ignored");
	fact_int("target", c.pid);
	fact_int("signal", SIGTERM);
	facts_end();
}

static void killer_run(void *arg)
{
	check(kill(*(pid_t *)arg, SIGKILL), "kill");
	stay_run(NULL);
}

/* One process kills another one. */
static void scene_killed(void)
{
	struct child victim = child_start(stay_run, NULL), killer;

	hear_int(&victim);
	killer = child_start(killer_run, &victim.pid);
	hear_int(&killer);
	child_reap(victim.pid);
	facts_begin("t-killed");
	fact_int("victim", victim.pid);
	fact_int("killer", killer.pid);
	fact_int("signal", SIGKILL);
	facts_end();
}

/* Each generation tells itself, then makes the next. */
static void deep_run(void *unused)
{
	(void)unused;
	for (int i = 0; i < DEPTH; i++) {
		tell_int(getpid());
		if (i + 1 == DEPTH || check(fork(), "fork"))
			break;
	}
	stay();
}

/* A chain of 200 generations, all alive. */
static void scene_deep(void)
{
	struct child c = child_start(deep_run, NULL);
	int chain[DEPTH];

	for (int i = 0; i < DEPTH; i++)
		pid_note(chain[i] = hear_int(&c));
	facts_begin("t-deep");
	fact_int("depth", DEPTH);
	fact_ints("chain", chain, DEPTH);
	facts_end();
}

static void enter_run(void *arg)
{
	char path[64];
	int fd;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", *(pid_t *)arg);
	fd = check(open(path, O_RDONLY | O_CLOEXEC), "ns");
	check(setns(fd, CLONE_NEWPID), "setns");
	close(fd);
	pid = check(fork(), "fork");
	if (pid)
		tell_int(pid);
	stay();
}

/* A process enters a pid namespace from outside: its parent is not in there. */
static void scene_nsenter(void)
{
	struct child init = child_start_as(CLONE_NEWPID, 0, stay_run, NULL), outside;
	pid_t entered;

	hear_int(&init);
	outside = child_start(enter_run, &init.pid);
	entered = hear_int(&outside);
	pid_note(entered);
	facts_begin("t-nsenter");
	fact_int("entered", entered);
	fact_int("parent", outside.pid);
	fact_int("init", init.pid);
	facts_end();
}

static void vfork_run(void *unused)
{
	pid_t pid = vfork();

	(void)unused;
	if (!pid) {
		execl("/usr/bin/cat", "cat", (char *)NULL);
		_exit(1);
	}
	tell_int(pid);
	stay();
}

/* A child made by vfork runs another program. */
static void scene_vfork(void)
{
	struct child c = child_start(vfork_run, NULL);
	pid_t pid = hear_int(&c);

	comm_await(pid, "cat");
	pid_note(pid);
	facts_begin("t-vfork");
	fact_int("parent", c.pid);
	fact_int("child", pid);
	facts_end();
}

static void chain_run(void *unused)
{
	(void)unused;
	execl("/bin/sh", "sh", "-c", "exec env PROBATE=1 cat", (char *)NULL);
	die("exec sh");
}

/* One process runs sh, env and cat, one after the other. */
static void scene_exec_chain(void)
{
	struct child c = child_start(chain_run, NULL);

	comm_await(c.pid, "cat");
	facts_begin("t-exec-chain");
	fact_int("pid", c.pid);
	facts_end();
}

static void *thread_run(void *unused)
{
	(void)unused;
	tell_int(gettid());
	for (;;)
		pause();
	return NULL;
}

static void threads_run(void *unused)
{
	pthread_t t;

	(void)unused;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t, NULL, thread_run, NULL))
			die("pthread_create");
	stay();
}

/* One process with four more threads. */
static void scene_threads(void)
{
	struct child c = child_start(threads_run, NULL);
	int tids[THREADS];

	for (int i = 0; i < THREADS; i++)
		tids[i] = hear_int(&c);
	facts_begin("t-threads");
	fact_int("pid", c.pid);
	fact_ints("tids", tids, THREADS);
	facts_end();
}

static void busy_run(void *unused)
{
	pid_t pid;

	(void)unused;
	for (int i = 0; i < REAPED; i++) {
		pid = check(fork(), "fork");
		if (!pid)
			_exit(0);
		child_reap(pid);
	}
	tell_int(REAPED);
	_exit(0);
}

/* A parent reaps 1,000 children and ends at once, before the kernel has freed the last of them. */
static void scene_lean_reap(void)
{
	struct child c = child_start(busy_run, NULL);

	hear_int(&c);
	child_reap(c.pid);
	facts_begin("t-lean-reap");
	fact_int("parent", c.pid);
	fact_int("reaped", REAPED);
	facts_end();
}

const struct scene tree_scenes[] = {
	{"t-orphan", scene_orphan, "the parent dies first"},
	{"t-nsinit-dies", scene_nsinit_dies, "step: a namespace's PID 1 is killed"},
	{"t-term-ignored", scene_term_ignored, "SIGTERM to a PID 1 without a handler"},
	{"t-killed", scene_killed, "killed by another process"},
	{"t-deep", scene_deep, "200 generations"},
	{"t-nsenter", scene_nsenter, "a pid namespace entered from outside"},
	{"t-vfork", scene_vfork, "vfork and exec"},
	{"t-exec-chain", scene_exec_chain, "sh, env, cat in one process"},
	{"t-threads", scene_threads, "threads are not processes"},
	{"t-lean-reap", scene_lean_reap, "reaps 1,000 and ends at once"},
	{0},
};
