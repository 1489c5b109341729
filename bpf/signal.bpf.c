/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Signals that kill, and what can be known of who sent them.
 *
 * `current` is the sender only where a system call of its sends: the si_code tells.  What the
 * kernel sends in somebody's name without a siginfo (cgroup.kill, PR_SET_PDEATHSIG, SIGPIPE), from
 * a timer's interrupt or because memory is short names nobody by itself: flags tell what else is so
 * then, and the model judges.
 *
 * A program may catch a signal and raise it again to die of it.  So the newest signal that each
 * process caught is kept by number, and goes along with the one that it sends itself: one update of
 * a map a caught signal, none for SIGCHLD and the like.
 */
#include "arch.bpf.h"
#include "count.bpf.h"
#include "fdwalk.bpf.h"
#include <bpf/bpf_tracing.h>

#define SIG(n) (1ull << (n))
#define SIGS_HARMLESS                                                                              \
	(SIG(17) | SIG(18) | SIG(19) | SIG(20) | SIG(21) | SIG(22) | SIG(23) | SIG(28))
#define SIGS_ASK_TO_DIE (SIG(1) | SIG(2) | SIG(3) | SIG(15))

#define SI_KERNEL_NR   0x80
#define SI_TKILL_NR    -6
#define PF_EXITING_BIT 4
#define RLIMIT_CPU_NR  0
#define NO_LIMIT       (~0ul)

struct caught_key {
	u64 start;
	u32 tgid, sig;
};
struct caught {
	u64 start; /* of who ran when it was generated */
	u32 from, flags;
	s32 code;
	u32 zero;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct caught_key);
	__type(value, struct caught);
} caught_signals SEC(".maps");

/* info may be one of the numbers 0 (no info: from a user) and 1 (from the kernel). */
static __always_inline s32 siginfo_code(u64 info)
{
	if (info <= 2)
		return info == 1 ? SI_KERNEL_NR : 0;
	return BPF_CORE_READ((struct kernel_siginfo *)info, si_code);
}

/* A list head, or an empty one that points at itself, or (6.1x) a list that ends with NULL. */
static __always_inline bool has_timers(struct signal_struct *signal)
{
	u64 at = (u64)__builtin_preserve_access_index(&signal->posix_timers), first = 0;

	if (!bpf_core_field_exists(signal->posix_timers))
		return false;
	return !bpf_probe_read_kernel(&first, sizeof(first), (void *)at) && first && first != at;
}

static __always_inline u32 signal_flags(struct task_struct *me, struct task_struct *task, u64 info)
{
	struct signal_struct *signal = task->signal;
	u32 flags = SIGNAL_TOLD | (info ? 0 : SIGNAL_NO_INFO);

	if (me->flags & PF_EXITING_BIT)
		flags |= SIGNAL_EXITING;
	if (signal->rlim[RLIMIT_CPU_NR].rlim_max != NO_LIMIT)
		flags |= SIGNAL_CPU_MAX;
	if (has_timers(signal))
		flags |= SIGNAL_TIMERS;
	return flags;
}

/* By kill(), tgkill() and the like, to itself: what a program does that raises a signal. */
static __always_inline bool is_raised(struct task_struct *me, struct task_struct *task, s32 code,
				      u64 info)
{
	return me->tgid == task->tgid && info > 2 && (code == 0 || code == SI_TKILL_NR);
}

static __always_inline void caught_note(struct caught_key *key, struct task_struct *me, s32 code,
					u32 flags)
{
	struct caught c = {.start = task_start(me), .from = me->tgid, .flags = flags, .code = code};

	bpf_map_update_elem(&caught_signals, key, &c, BPF_ANY);
}

static __always_inline void caught_tell(struct ev_signal *e, struct caught_key *key, bool raised)
{
	struct caught *c = raised ? bpf_map_lookup_elem(&caught_signals, key) : NULL;

	e->first_start = c ? c->start : 0;
	e->first_from = c ? c->from : 0;
	e->first_code = c ? c->code : 0;
	e->first_flags = c ? c->flags : 0;
	e->sflags |= c ? SIGNAL_AGAIN : 0;
}

SEC("tp_btf/signal_generate")
int proc_signal(u64 *ctx)
{
	struct task_struct *task = task_plain((struct task_struct *)ctx[2]), *me = task_current();
	u32 sig = ctx[0], result = ctx[4], flags;
	struct caught_key key = {};
	struct ev_signal *e;
	bool handled, raised;
	s32 code;

	if (!sig || sig > 64 || (sig < 64 && SIGS_HARMLESS >> sig & 1))
		return 0;
	if (!WANTED(SIGNAL))
		return 0;
	code = siginfo_code(ctx[1]);
	flags = signal_flags(me, task, ctx[1]);
	raised = is_raised(me, task, code, ctx[1]);
	handled = task_handler(task, sig) > 1;
	key.start = task_start(task);
	key.tgid = task->tgid;
	key.sig = sig;
	if (handled && !raised)
		caught_note(&key, me, code, flags);
	if (handled && !(sig < 64 && SIGS_ASK_TO_DIE >> sig & 1))
		return 0;
	if (!task_passes(me) && !task_passes(task))
		return 0;
	e = EV_NEW_IF(SIGNAL, signal, me, task_meant(me, task->tgid));
	if (!e)
		return 0;
	e->target = task->tgid;
	e->target_tid = task->pid;
	e->signal = sig;
	e->code = code;
	e->result = result;
	e->handled = handled;
	e->sflags = flags;
	caught_tell(e, &key, raised && !handled);
	EV_SUBMIT(e);
	return 0;
}
