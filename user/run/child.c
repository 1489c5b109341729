/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command of `trace -- CMD`.
 *
 * It is forked before BPF is opened, because a fork with the ring mapped is slow, and waits on a
 * pipe until the source follows it, so that nothing it does is missed.  When we die first, it
 * reads the end of the pipe and ends too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static _Noreturn void run(int go, int failed, char **cmd)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	char byte;
	int error;

	/* An ignored SIGPIPE would be inherited over the exec; the rest is as it was given to us.
	 */
	sigaction(SIGPIPE, &dfl, NULL);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	execvp(cmd[0], cmd);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

void child_start(struct child *c, char **cmd)
{
	int go[2], failed[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		die(EXIT_CANNOT, "cannot make a pipe: %s", strerror(errno));
	c->pid = fork();
	if (c->pid < 0)
		die(EXIT_CANNOT, "cannot fork: %s", strerror(errno));
	if (!c->pid) {
		close(go[1]);
		run(go[0], failed[1], cmd);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	map_put(&c->alive, c->pid, 1);
}

void child_go(struct child *c, char **cmd)
{
	int error = 0;

	if (write(c->go, "g", 1) != 1)
		die(EXIT_USAGE, "cannot run \"%s\": it was killed before it began", cmd[0]);
	close(c->go);
	/* Ends without a byte when the exec succeeds: the other end is close-on-exec. */
	while (read(c->failed, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	close(c->failed);
	if (error)
		die(EXIT_USAGE, "cannot run \"%s\": %s", cmd[0], strerror(error));
}

void child_known_as(struct child *c, u32 tgid)
{
	c->nested = tgid != (u32)c->pid;
	map_take(&c->alive, c->pid);
	map_put(&c->alive, tgid, 1);
}

void child_signal(const struct child *c, int sig)
{
	if (!c->reaped)
		kill(c->pid, sig);
}

void child_event(struct child *c, const struct ev *e)
{
	const struct ev_fork *f = (const struct ev_fork *)e;

	if (e->kind == EV_KIND_FORK &&
	    (map_get(&c->alive, e->tgid) || map_get(&c->alive, f->parent)))
		map_put(&c->alive, f->child, 1);
	else if (e->kind == EV_KIND_EXIT)
		map_take(&c->alive, e->tgid);
}

bool child_over(struct child *c)
{
	int status;

	if (!c->reaped && waitpid(c->pid, &status, WNOHANG) == c->pid)
		c->reaped = true;
	return c->reaped && !c->alive.count;
}

void child_check(struct child *c)
{
	if (c->nested) /* those numbers are not ours */
		return;
	for (u32 i = 0; i < c->alive.cap;) {
		u64 pid = c->alive.slots[i].key;

		/* Taking one out may shift another into its place: look at the slot again. */
		if (c->alive.slots[i].val && kill((pid_t)pid, 0) && errno == ESRCH)
			map_take(&c->alive, pid);
		else
			i++;
	}
}

void child_free(struct child *c)
{
	map_free(&c->alive);
}
