// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who killed whom: the newest signal of each number on its way to a process, and what it means.
 *
 * Whoever ran when a signal was generated is its sender only where a system call sent it: si_code
 * and the flags of the event tell (see bpf/signal.bpf.c).  Where they do not, nobody is named.
 */
#include "model_priv.h"

static const struct {
	u32 delivered, pending;
} sigres = {0, 2}; /* TRACE_SIGNAL_DELIVERED, TRACE_SIGNAL_ALREADY_PENDING */

/* ---- signals on their way ---- */

void signals_drop(struct model *m, u32 proc)
{
	u32 id = map_take(&m->priv->signals, proc);

	while (id) {
		u32 next = ((struct sent *)pool_at(&m->priv->sents, id))->next;

		pool_drop(&m->priv->sents, id);
		id = next;
	}
}

struct sent *signal_sent(const struct model *m, u32 proc, u32 signal)
{
	u32 id = map_get(&m->priv->signals, proc);
	struct sent *s;

	for (; id; id = s->next) {
		s = pool_at(&m->priv->sents, id);
		if (s->signal == signal)
			return s;
	}
	return NULL;
}

static struct sent *signal_note(struct model *m, u32 proc, u32 signal)
{
	u32 id = pool_new(&m->priv->sents);
	struct sent *s = pool_at(&m->priv->sents, id);

	s->next = map_get(&m->priv->signals, proc);
	s->signal = signal;
	map_put(&m->priv->signals, proc, id);
	return s;
}

/* ---- what a signal means ---- */

enum {
	HUP = 1,
	INT,
	QUIT,
	ILL,
	TRAP,
	ABRT,
	BUS,
	FPE,
	KILL,
	SEGV = 11,
	PIPE_ = 13,
	ALRM,
	XCPU = 24,
	XFSZ,
	VTALRM,
	PROF,
	POLL = 29,
	SYS = 31
};
enum {
	USER = 0,
	TIMER = -2,
	ASYNCIO = -4,
	SIGIO_ = -5,
	ASYNCNL = -60,
	POLL_LAST = 6,
	BY_KERNEL = 0x80
};

#define BIT(n)		     (1u << (n))
#define IS_ONE_OF(sig, bits) ((sig) < 32 && (bits) >> (sig)&1)
#define FAULTS		     (BIT(ILL) | BIT(TRAP) | BIT(BUS) | BIT(FPE) | BIT(SEGV) | BIT(SYS))
#define TIMERS		     (BIT(ALRM) | BIT(VTALRM) | BIT(PROF))

/* A signal, and who ran when it was generated. */
struct shot {
	const struct proc *to, *from; /* NULL: not known; from: nor where a timer hit an idle CPU */
	u32 signal, flags;
	s32 code;
};

static bool is_ending(const struct shot *s)
{
	return s->from && (s->flags & SIGNAL_EXITING || s->from->state != PROC_RUNNING);
}

static bool is_to_itself(const struct shot *s)
{
	return s->from && s->from == s->to;
}

/* Sent by the kernel for a reason of its own (SEND_SIG_PRIV). */
static enum cause cause_of_kernel(const struct shot *s)
{
	bool ending = is_ending(s);

	if (IS_ONE_OF(s->signal, TIMERS))
		return CAUSE_TIMER;
	switch (s->signal) {
	case HUP:
		if (!ending)
			return CAUSE_HANGUP;
		return s->to && s->from->tgid == s->to->sid ? CAUSE_SESSION : CAUSE_KERNEL;
	case INT:
	case QUIT:
		return CAUSE_TERMINAL;
	case KILL:
		if (ending && s->from->flags & TASK_NSINIT)
			return CAUSE_PIDNS;
		return is_to_itself(s) && s->flags & SIGNAL_CPU_MAX ? CAUSE_LIMIT : CAUSE_KERNEL;
	case XCPU:
		return CAUSE_LIMIT;
	case POLL:
		return CAUSE_IO;
	}
	return CAUSE_KERNEL;
}

/* Sent in the name of whoever ran, without a siginfo. */
static enum cause cause_of_no_info(const struct shot *s)
{
	if (s->signal == PIPE_ && is_to_itself(s))
		return CAUSE_PIPE;
	if (s->signal == XFSZ && is_to_itself(s))
		return CAUSE_LIMIT;
	if (s->flags & SIGNAL_EXITING && !is_to_itself(s))
		return CAUSE_PARENT;
	return s->signal == KILL ? CAUSE_CGROUP : CAUSE_KERNEL;
}

static enum cause cause_of(const struct shot *s)
{
	if (s->code > 0) {
		if (IS_ONE_OF(s->signal, FAULTS))
			return CAUSE_FAULT;
		if (s->code <= POLL_LAST)
			return CAUSE_IO;
		return s->code == BY_KERNEL ? cause_of_kernel(s) : CAUSE_KERNEL;
	}
	switch (s->code) {
	case USER:
		return s->flags & SIGNAL_NO_INFO ? cause_of_no_info(s) : CAUSE_PROCESS;
	case TIMER: /* or what a process made up by rt_sigqueueinfo() */
		return s->flags & SIGNAL_TIMERS || !(s->flags & SIGNAL_TOLD) ? CAUSE_TIMER
									     : CAUSE_PROCESS;
	case SIGIO_: /* instead of POLL_* where those would mean a fault; else made up, too */
		return IS_ONE_OF(s->signal, FAULTS | BIT(POLL)) ? CAUSE_IO : CAUSE_PROCESS;
	case ASYNCIO:
	case ASYNCNL:
		return CAUSE_UNKNOWN;
	}
	return CAUSE_PROCESS;
}

enum cause signal_cause(const struct model *m, const struct ev_signal *e)
{
	struct shot shot = {.to = proc_at(m, proc_find(m, e->target)),
			    .from = proc_at(m, proc_find(m, e->h.tgid)),
			    .signal = e->signal,
			    .flags = e->sflags,
			    .code = e->code};

	return cause_of(&shot);
}

u32 signal_sender(const struct model *m, const struct ev_signal *e)
{
	return CAUSE_NAMES_SOMEBODY(signal_cause(m, e)) ? e->h.tgid : 0;
}

static void sent_set(struct sent *s, const struct shot *shot, u32 from_pid)
{
	enum cause cause = cause_of(shot);
	bool named = CAUSE_NAMES_SOMEBODY(cause);

	s->cause = (u8)cause;
	s->ns_died = cause == CAUSE_PIDNS;
	s->by_kernel = cause && !named;
	s->from_pid = named ? from_pid : 0;
	s->from = named && shot->from ? shot->from->id : 0;
	s->from_start = named && shot->from ? shot->from->start : 0;
}

void on_signal(struct model *m, const struct ev_signal *e)
{
	const struct proc *to = proc_at(m, proc_find(m, e->target));
	bool again = e->sflags & SIGNAL_AGAIN;
	u32 from = again ? e->first_from : e->h.tgid;
	struct shot shot = {.to = to, .signal = e->signal};
	struct sent *s;

	if (!to || to->state != PROC_RUNNING)
		return;
	if (e->result != sigres.delivered && e->result != sigres.pending)
		return;
	s = signal_sent(m, to->id, e->signal);
	if (s && e->result == sigres.pending)
		return; /* the one before it is what will kill */
	if (!s)
		s = signal_note(m, to->id, e->signal);
	shot.from =
		proc_at(m, again ? proc_find_start(m, from, e->first_start) : proc_find(m, from));
	shot.code = again ? e->first_code : e->code;
	shot.flags = again ? e->first_flags : e->sflags;
	s->again = again;
	sent_set(s, &shot, from);
}

/* An OOM victim is marked after the signal was sent. */
void death_find_killer(struct model *m, const struct proc *p, struct death *d,
		       const struct ev_exit *e)
{
	const struct sent *s = d->signal ? signal_sent(m, p->id, d->signal) : NULL;
	const struct proc *from;

	if (!s)
		return;
	d->cause = s->cause;
	d->again = s->again;
	if (e->xflags & EXIT_OOM_VICTIM && d->signal == KILL &&
	    (d->cause == CAUSE_KERNEL || d->cause == CAUSE_LIMIT))
		d->cause = CAUSE_MEMORY;
	d->by_kernel = s->by_kernel;
	d->ns_died = s->ns_died;
	d->killer_pid = s->from_pid;
	from = proc_at(m, s->from);
	if (!from || from->id != s->from || from->tgid != s->from_pid ||
	    from->start != s->from_start)
		return;
	d->killer = s->from;
	proc_ref(m, d->killer);
}

const char *name_cause(u32 cause)
{
	static const char *const names[] = {
#define C(ID, name) [CAUSE_##ID] = name,
		CAUSE_TABLE(C)
#undef C
	};

	return cause < CAUSE_MAX ? names[cause] : NULL;
}
