// SPDX-License-Identifier: BSD-2-Clause
/* What follows "killed by SIGTERM": who or what sent it, in the same words in every answer. */
#include <string.h>

#include "verdict.h"

/* %k is the process behind it, which only causes of the first group have. */
static const char *const said[CAUSE_MAX] = {
	[CAUSE_PROCESS] = " from %k",
	[CAUSE_CGROUP] = " from %k, with its whole cgroup (cgroup.kill)",
	[CAUSE_PIDNS] = " because PID 1 of its pid namespace, %k, died",
	[CAUSE_SESSION] = " because the leader of its session, %k, ended",
	[CAUSE_PARENT] = " at the death of its parent, %k, as it had asked (PR_SET_PDEATHSIG)",
	[CAUSE_KERNEL] = " from the kernel",
	[CAUSE_TIMER] = " from a timer of its own",
	[CAUSE_FAULT] = " for a fault of its own",
	[CAUSE_MEMORY] = " from the kernel: out of memory",
	[CAUSE_TERMINAL] = " from its terminal (Ctrl-C)",
	[CAUSE_HANGUP] = " because its terminal hung up",
	[CAUSE_IO] = " for input or output that it asked to be told of (O_ASYNC)",
	[CAUSE_LIMIT] = " at its limit of CPU time",
	[CAUSE_PIPE] = " because it wrote to what nobody reads any more",
};

static const char *cause_text(u32 cause, u32 signal)
{
	const u32 quit = 3, file_size = 25;

	if (cause == CAUSE_TERMINAL && signal == quit)
		return " from its terminal (Ctrl-\\)";
	if (cause == CAUSE_LIMIT && signal == file_size)
		return " at its limit of file size";
	return said[cause < CAUSE_MAX ? cause : CAUSE_UNKNOWN];
}

u32 death_cause(const struct death *d)
{
	if (d->cause)
		return d->cause;
	return d->ns_died      ? CAUSE_PIDNS
	       : d->by_kernel  ? CAUSE_KERNEL
	       : d->killer_pid ? CAUSE_PROCESS
			       : CAUSE_UNKNOWN;
}

void words_cause(struct buf *b, u32 cause, u32 signal, bool again, const struct buf *who)
{
	const char *s = cause_text(cause, signal), *k = s ? strstr(s, "%k") : NULL;

	if (!s)
		return;
	buf_add(b, s, k ? (size_t)(k - s) : strlen(s));
	if (k && who->len)
		buf_add(b, who->s, who->len);
	else if (k)
		buf_puts(b, "a process not known");
	if (k)
		buf_puts(b, k + 2);
	if (again)
		buf_puts(b, ", caught and then raised again");
}
