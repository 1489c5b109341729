/* stuck.c: parents that cannot reap, or wait for something else, one of each kind at once. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"

static pid_t fork_dead(void)
{
	pid_t pid = check(fork(), "fork");

	if (!pid)
		_exit(3);
	state_await(pid, 'Z');
	return pid;
}

static pid_t fork_living(void)
{
	pid_t pid = check(fork(), "fork");

	if (!pid)
		stay();
	return pid;
}

/* Ends when it is told to. */
static void idle_run(void *unused)
{
	(void)unused;
	tell_int(fork_dead());
	go_wait();
}

static void vfork_run(void *unused)
{
	(void)unused;
	tell_int(fork_dead());
	if (!vfork())
		stay();
	stay();
}

static void pidfd_run(void *unused)
{
	int fd = check(syscall(SYS_pidfd_open, fork_living(), 0), "pidfd_open");
	siginfo_t info;

	(void)unused;
	tell_int(fork_dead());
	waitid(P_PIDFD, fd, &info, WEXITED);
	stay();
}

static void clone_run(void *unused)
{
	pid_t pid = fork_flags(0, 0);

	(void)unused;
	if (!pid)
		stay();
	tell_int(fork_dead());
	waitpid(-1, NULL, __WCLONE);
	stay();
}

static void stops_run(void *unused)
{
	siginfo_t info;

	(void)unused;
	fork_living(); /* with the dead alone there would be nothing to wait for */
	tell_int(fork_dead());
	waitid(P_ALL, 0, &info, WSTOPPED);
	stay();
}

static void *thread_wait(void *pid)
{
	waitpid(*(pid_t *)pid, NULL, 0);
	stay();
	return NULL;
}

/* The main thread joins one that waits for another child. */
static void thread_run(void *unused)
{
	static pid_t lives;
	pthread_t t;

	(void)unused;
	lives = fork_living();
	tell_int(fork_dead());
	if (pthread_create(&t, NULL, thread_wait, &lives))
		die("pthread_create");
	pthread_join(t, NULL);
}

static void *thread_tell(void *unused)
{
	tell_int(getpid());
	tell_int(gettid());
	stay();
	return unused;
}

/* Waits for its child, of which the director will know two threads. */
static void waits_run(void *unused)
{
	pid_t pid = check(fork(), "fork");
	pthread_t t;

	(void)unused;
	if (!pid) {
		if (pthread_create(&t, NULL, thread_tell, NULL))
			die("pthread_create");
		stay();
	}
	waitpid(pid, NULL, 0);
	stay();
}

/* Waits for PID 1 of a pid namespace, which waits until the other child in there is reaped. */
static void circle_run(void *unused)
{
	pid_t init, pid;

	(void)unused;
	check(unshare(CLONE_NEWPID), "unshare");
	init = fork_living();
	pid = fork_dead();
	check(kill(init, SIGKILL), "kill");
	tell_int(pid);
	waitpid(init, NULL, 0);
	stay();
}

/* ---- tracers ---- */

static void attach_run(void *pid)
{
	pid_t of = *(pid_t *)pid;

	check(ptrace(PTRACE_ATTACH, of, NULL, NULL), "attach");
	check(waitpid(of, NULL, __WALL), "wait");
	tell_int(0);
	stay();
}

static void seize_run(void *pid)
{
	check(ptrace(PTRACE_SEIZE, *(pid_t *)pid, NULL, PTRACE_O_TRACEEXIT), "seize");
	tell_int(0);
	stay();
}

static void thread_seize_run(void *tid)
{
	check(ptrace(PTRACE_SEIZE, *(pid_t *)tid, NULL, 0), "seize");
	tell_int(0);
	stay();
}

/* ---- a pid namespace that cannot end ---- */

static void init_run(void *unused)
{
	(void)unused;
	tell_int(0);
	for (;;)
		pause();
}

/* Outside, with a child inside. */
static void outsider_run(void *init)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", *(pid_t *)init);
	fd = check(open(path, O_RDONLY | O_CLOEXEC), "open");
	check(setns(fd, CLONE_NEWPID), "setns");
	close(fd);
	if (!check(fork(), "fork"))
		_exit(3);
	tell_int(0);
	stay();
}

/* If the director is killed, what it froze with the old freezer could not even die. */
static void thaw_run(void *group)
{
	char byte;

	tell_int(0);
	while (read(0, &byte, 1) > 0)
		;
	group_write(group, "freezer.state", "THAWED");
}

/* ---- the scene ---- */

static void unreaped(const char *kind, pid_t pid, pid_t parent)
{
	fact_int(kind, pid);
	fact_zombie(pid, parent);
}

static struct child parent_start(const char *kind, void (*run)(void *))
{
	struct child c = child_start(run, NULL);

	unreaped(kind, hear_int(&c), c.pid);
	return c;
}

static struct child tracer_start(void (*run)(void *), pid_t of)
{
	struct child c = child_start(run, &of);

	hear_int(&c);
	return c;
}

static void traced_thread(void)
{
	struct child c = child_start(waits_run, NULL);
	pid_t pid = hear_int(&c), tid = hear_int(&c);

	tracer_start(thread_seize_run, tid);
	check(kill(pid, SIGKILL), "kill");
	state_await(pid, 'Z');
	state_await(tid, 'Z');
	unreaped("traced_thread", pid, c.pid);
}

static void namespace_kept(void)
{
	struct child init = child_start_as(CLONE_NEWPID, 0, init_run, NULL), outsider;
	pid_t pid;

	hear_int(&init);
	outsider = child_start(outsider_run, &init.pid);
	hear_int(&outsider);
	children_await(outsider.pid, 1, &pid);
	state_await(pid, 'Z');
	check(kill(init.pid, SIGKILL), "kill");
	unreaped("outsider", pid, outsider.pid);
	fact_int("init", init.pid);
}

/* Frozen by what this machine has; who is in the freezer's own hierarchy dies only when thawed. */
static void parent_freeze(const char *kind, const char *type, const char *option, const char *file,
			  const char *word, char *group, size_t size)
{
	struct child c;

	group[0] = 0;
	if (!group_make(group, size, type, option))
		return;
	c = parent_start(kind, idle_run);
	if (!group_enter(group, c.pid) || !group_write(group, file, word))
		die("freeze");
	if (option) {
		c = child_start(thaw_run, group);
		hear_int(&c);
	}
}

static void scene_stuck(void)
{
	char unified[300], freezer[300];
	struct child c;

	facts_begin("z-stuck");
	c = parent_start("stopped", idle_run);
	check(kill(c.pid, SIGSTOP), "kill");
	c = parent_start("ptrace", idle_run);
	tracer_start(attach_run, c.pid);
	c = parent_start("exit_stop", idle_run);
	tracer_start(seize_run, c.pid);
	child_go(&c);
	state_await(c.pid, 't');
	c = parent_start("vfork", vfork_run);
	state_await(c.pid, 'D');
	parent_start("pidfd", pidfd_run);
	parent_start("clone", clone_run);
	parent_start("stops", stops_run);
	parent_start("thread", thread_run);
	parent_start("circle", circle_run);
	traced_thread();
	namespace_kept();
	parent_freeze("frozen", "cgroup2", NULL, "cgroup.freeze", "1", unified, sizeof(unified));
	parent_freeze("freezer", "cgroup", "freezer", "freezer.state", "FROZEN", freezer,
		      sizeof(freezer));
	facts_end();
	while (step_wait())
		;
	if (freezer[0])
		group_write(freezer, "freezer.state", "THAWED");
	children_sweep();
	rmdir(unified);
	rmdir(freezer);
}

const struct scene stuck_scenes[] = {
	{"z-stuck", scene_stuck, "parents that cannot reap, one of each kind"},
	{0},
};
