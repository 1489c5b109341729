// SPDX-License-Identifier: BSD-2-Clause
/* How a process ended, and who or what sent the signal that killed it. */
#include <string.h>

#include "words.h"

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

void text_cause(struct buf *b, u32 cause, u32 signal, bool again, const struct buf *who)
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

void text_end(struct buf *b, const struct end *e, const struct buf *who)
{
	if (!e->known) {
		buf_puts(b, "died");
	} else if (!e->signal) {
		buf_printf(b, "exited with code %d", e->code);
	} else {
		buf_printf(b, "killed by %s", name_signal(e->signal));
		text_cause(b, e->cause, e->signal, e->again, who);
		if (e->core)
			buf_puts(b, ", core dumped");
	}
}

struct end end_of(const struct death *d)
{
	if (!d)
		return (struct end){0};
	return (struct end){.known = d->known,
			    .signal = d->signal,
			    .code = d->code,
			    .cause = death_cause(d),
			    .again = d->again,
			    .core = d->core};
}

void text_killer(struct buf *who, const struct model *m, const struct death *d)
{
	if (d && d->killer)
		text_proc(who, m, d->killer);
	else if (d && d->killer_pid)
		buf_printf(who, "pid %u", d->killer_pid);
}

void text_death(struct buf *b, const struct model *m, const struct death *d)
{
	const struct end e = end_of(d);
	struct buf who = {0};

	text_killer(&who, m, d);
	text_end(b, &e, &who);
	buf_free(&who);
}

void text_fate(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	if (!d) {
		buf_puts(b, p->state == PROC_RUNNING ? "still running" : "dead");
		return;
	}
	text_death(b, m, d);
	if (d->ts) {
		buf_puts(b, " at ");
		text_when(b, m, d->ts);
	}
}
