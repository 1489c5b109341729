/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a process does not go on, and why a dead one is still there: facts of iter/task.
 *
 * All of a process's threads that sleep in wait4 or waitid are on one queue, signal->wait_chldexit,
 * each with what it asked for (struct wait_opts, on its kernel stack): whom, by what options, be it
 * given by number, by group or by a pidfd.  Nobody is stopped for this walk, so what is met is
 * believed only if the thread it names belongs to the process.
 */
#ifndef PROBATE_SCAN_STUCK_BPF_H
#define PROBATE_SCAN_STUCK_BPF_H

#include "scan.bpf.h"

#define UNINTERRUPTIBLE	 2
#define TRACED		 8
#define NOLOAD		 0x400	      /* idle, though it looks like D */
#define FROZEN		 0x8000	      /* 6.1 */
#define EXIT_STOP_CODE	 (6 << 8 | 5) /* PTRACE_EVENT_EXIT, SIGTRAP */
#define KILL_BIT	 (1ul << 8)
#define SIGCHLD_BIT	 (1ul << 16)
#define FREEZER_SELF	 2 /* CGROUP_FREEZING_SELF */
#define FREEZER_ANY	 6 /* or a parent */
#define CGROUP_DEPTH	 16
#define WAITERS_MAX	 8
#define THREADS_LEFT_MAX 8
#define NR_CLONE	 56
#define NR_VFORK	 58
#define NR_CLONE3	 435
#define W_EXITED	 4
#define W_CLONE		 0x80000000u
#define BLOCKED_NS	 1000000000ull

const volatile bool may_regs =
	true; /* bpf_task_pt_regs (5.15) and task->__state (5.14) are there */

/* The pid `level` namespaces down; numbers[] lies behind the end of the struct. */
static __always_inline int nspid_read(struct upid *nr, struct pid *pid, u32 level)
{
	void *numbers = __builtin_preserve_access_index(&pid->numbers);

	return bpf_probe_read_kernel(nr, sizeof(*nr), numbers + (level & 63) * sizeof(*nr));
}

/*
 * What walks is a function of its own, by numbers: the verifier looks at a global one once, and at
 * what is inlined for each way that leads to it (150 ms instead of 10).
 */
__noinline u64 cgroup2_frozen(u64 at)
{
	struct cgroup *cgroup = (void *)at;
	struct cgroup_subsys_state *css;
	u32 i;

	if (!may_probe)
		return 0;
	for (i = 0; i < CGROUP_DEPTH && cgroup; i++) {
		if (BPF_CORE_READ(cgroup, freezer.freeze))
			return BPF_CORE_READ(cgroup, kn, id);
		css = BPF_CORE_READ(cgroup, self.parent);
		cgroup = css ? BPF_CORE_READ(css, cgroup) : NULL;
	}
	return 0;
}

/* The hierarchy of cgroup v1. */
__noinline u64 freezer_frozen(u64 set)
{
	struct cgroup_subsys_state *css = NULL;
	struct css_set *cgroups = (void *)set;
	struct freezer *freezer;
	u32 i, state = 0, at;

	if (!may_probe || !bpf_core_type_exists(struct freezer) ||
	    !bpf_core_enum_value_exists(enum cgroup_subsys_id, freezer_cgrp_id))
		return 0;
	at = bpf_core_enum_value(enum cgroup_subsys_id, freezer_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)__builtin_preserve_access_index(&cgroups->subsys) +
				      at * sizeof(css));
	for (i = 0; i < CGROUP_DEPTH && css; i++) {
		freezer = (void *)css - bpf_core_field_offset(struct freezer, css);
		state = BPF_CORE_READ(freezer, state);
		if (!(state & FREEZER_ANY))
			return 0;
		if (state & FREEZER_SELF)
			return BPF_CORE_READ(css, cgroup, kn, id) | CGROUP_FREEZER;
		css = BPF_CORE_READ(css, parent);
	}
	return 0;
}

/* A dead thread beside a dead leader is there because its tracer has not waited for it. */
__noinline u32 thread_left(u64 signal, u64 leader)
{
	struct signal_struct *sig = (void *)signal;
	struct list_head *head = __builtin_preserve_access_index(&sig->thread_head), *link = head;
	struct task_struct *thread;
	u32 i;

	if (!may_probe)
		return 0;
	for (i = 0; i < THREADS_LEFT_MAX; i++) {
		link = BPF_CORE_READ(link, next);
		if (!link || link == head)
			return 0;
		thread = (void *)link - bpf_core_field_offset(struct task_struct, thread_node);
		if ((u64)thread != leader && BPF_CORE_READ(thread, ptrace))
			return BPF_CORE_READ(thread, parent, tgid);
	}
	return 0;
}

static __always_inline u32 waiter_kind(u32 type)
{
	if (type == bpf_core_enum_value(enum pid_type, PIDTYPE_MAX))
		return WAITS_ANY;
	if (type == bpf_core_enum_value(enum pid_type, PIDTYPE_PGID))
		return WAITS_GROUP;
	return type <= bpf_core_enum_value(enum pid_type, PIDTYPE_TGID) ? WAITS_PID : 0;
}

/* One that takes any child that exits says most, then one that takes exits at all. */
static __always_inline u32 waiter_worth(u32 kind, u32 opts)
{
	return !(opts & W_EXITED) ? 1 : kind != WAITS_ANY || opts & W_CLONE ? 2 : 3;
}

static __always_inline struct wait_opts *waiter_opts(u64 link)
{
	u64 entry = link - bpf_core_field_offset(struct wait_queue_entry, entry);

	return (void *)(entry - bpf_core_field_offset(struct wait_opts, child_wait));
}

/* 0: it is none of that process, or nothing is known of it. */
__noinline u32 waiter_weigh(u64 link, u64 signal)
{
	struct wait_opts *wo = waiter_opts(link);
	struct task_struct *thread;
	u32 kind;

	if (!may_probe)
		return 0;
	thread = BPF_CORE_READ(wo, child_wait.private);
	if ((u64)BPF_CORE_READ(thread, signal) != signal)
		return 0;
	kind = waiter_kind(BPF_CORE_READ(wo, wo_type));
	return kind ? waiter_worth(kind, BPF_CORE_READ(wo, wo_flags)) : 0;
}

/* The place in the queue of the wait that says most; 0: none. */
__noinline u64 waiter_best(u64 signal)
{
	u64 head = (u64)__builtin_preserve_access_index(
		&((struct signal_struct *)signal)->wait_chldexit.head);
	u64 link = head, best = 0;
	u32 i, worth, most = 0;

	if (!may_probe)
		return 0;
	for (i = 0; i < WAITERS_MAX; i++) {
		link = (u64)BPF_CORE_READ((struct list_head *)link, next);
		if (!link || link == head)
			break;
		worth = waiter_weigh(link, signal);
		if (worth > most)
			best = link;
		most = worth > most ? worth : most;
	}
	return best;
}

/* One field of a task that is known by its address. */
#define TASK_READ(t, ...) BPF_CORE_READ((struct task_struct *)(t), __VA_ARGS__)

/* The cgroup that is to be thawed: asked of the v1 hierarchy only for who looks as the frozen do.
 */
__noinline u64 frozen_by(u64 t)
{
	u64 set, cgroup, at = 0;

	if (!may_probe || !may_regs)
		return 0;
	set = (u64)TASK_READ(t, cgroups);
	cgroup = (u64)BPF_CORE_READ((struct css_set *)set, dfl_cgrp);
	if (bpf_core_field_exists(((struct cgroup *)cgroup)->freezer) &&
	    BPF_CORE_READ((struct cgroup *)cgroup, freezer.e_freeze))
		at = cgroup2_frozen(cgroup);
	if (!at && TASK_READ(t, __state) & (FROZEN | UNINTERRUPTIBLE))
		at = freezer_frozen(set);
	return at;
}

/* How long it has not run; 0: not known.  In the clock of the scheduler, by when the reader ran. */
__noinline u64 idle_ns(u64 t)
{
	struct task_struct *reader = (void *)bpf_get_current_task();
	u64 now, last;

	if (!may_probe || !bpf_core_field_exists(reader->sched_info.last_arrival))
		return 0;
	now = BPF_CORE_READ(reader, sched_info.last_arrival);
	last = TASK_READ(t, sched_info.last_arrival);
	return last && now > last ? now - last : 0;
}

__noinline u32 stuck_bits(u64 t, u64 nr, u64 frozen)
{
	struct signal_struct *sig;
	u32 state, bits = 0;
	u64 pending;

	if (!may_probe || !may_regs)
		return 0;
	sig = TASK_READ(t, signal);
	state = TASK_READ(t, __state);
	if (frozen)
		bits |= frozen & CGROUP_FREEZER ? STUCK_FREEZER : STUCK_FROZEN;
	if (state & TRACED)
		bits |= TASK_READ(t, exit_code) == EXIT_STOP_CODE ? STUCK_TRACE | STUCK_EXIT_STOP
								  : STUCK_TRACE;
	if (state & UNINTERRUPTIBLE && !(state & NOLOAD)) {
		if (nr == NR_VFORK || nr == NR_CLONE || nr == NR_CLONE3)
			bits |= STUCK_VFORK;
		if (idle_ns(t) >= BLOCKED_NS)
			bits |= STUCK_BLOCKED;
	}
	pending = TASK_READ(t, pending.signal.sig[0]) |
		  BPF_CORE_READ(sig, shared_pending.signal.sig[0]);
	if (pending & KILL_BIT || (BPF_CORE_READ(sig, flags) & SIGNAL_GROUP_EXIT_BIT &&
				   BPF_CORE_READ(sig, group_exit_code) & 0x7f))
		bits |= STUCK_KILLED;
	if (BPF_CORE_READ(sig, shared_pending.signal.sig[0]) & TASK_READ(t, blocked.sig[0]) &
	    SIGCHLD_BIT)
		bits |= STUCK_SIGCHLD;
	return bits;
}

/* What a parent has used for its children is counted as it reaps them, and only then. */
__noinline u32 kin_bits(u64 t)
{
	struct signal_struct *sig;
	u32 bits = 0;

	if (!may_probe)
		return 0;
	sig = TASK_READ(t, signal);
	if (BPF_CORE_READ(sig, cmin_flt) | BPF_CORE_READ(sig, cnvcsw) | BPF_CORE_READ(sig, cnivcsw))
		bits |= TASK_REAPED;
	if (TASK_READ(t, parent_exec_id) > TASK_READ(t, real_parent, self_exec_id))
		bits |= TASK_STRANGER;
	if (TASK_READ(t, self_exec_id) > TASK_READ(t, parent_exec_id) + 1)
		bits |= TASK_REEXECED; /* the count goes on from that of who forked it */
	if (TASK_READ(t, vfork_done))
		bits |= TASK_VFORKED;
	return bits;
}

/* What is asked of a task, and the answers. */
struct plight {
	u64 task, signal, nr; /* the last: number of the system call it is in */
	u64 frozen, ran_ns;
	u32 dead, flags, stuck, tracer; /* dead: TASK_ZOMBIE and TASK_EXITING */
	u32 wait_for, wait_opts, wait_tid, wait_nr;
};

/*
 * The dead and the dying ran last when they ended.  A leader may have ended before its threads:
 * then it says nothing, unless all were ended at once.
 */
static __always_inline u64 ran_ns(u64 t, struct signal_struct *sig)
{
	if (BPF_CORE_READ(sig, sum_sched_runtime) &&
	    !(BPF_CORE_READ(sig, flags) & SIGNAL_GROUP_EXIT_BIT))
		return 0;
	return idle_ns(t);
}

static __always_inline void waiter_fill(struct plight *p)
{
	u64 best = waiter_best(p->signal);
	struct wait_opts *wo = waiter_opts(best);
	struct task_struct *thread;
	struct upid up = {};
	struct pid *pid;

	if (!best)
		return;
	p->wait_for = waiter_kind(BPF_CORE_READ(wo, wo_type));
	p->wait_opts = BPF_CORE_READ(wo, wo_flags);
	thread = BPF_CORE_READ(wo, child_wait.private);
	p->wait_tid = BPF_CORE_READ(thread, pid);
	pid = BPF_CORE_READ(wo, wo_pid);
	if (p->wait_for != WAITS_ANY && pid && !nspid_read(&up, pid, 0))
		p->wait_nr = up.nr;
}

__noinline int plight_look(struct plight *p)
{
	struct signal_struct *sig;

	if (!p || !may_probe)
		return 0;
	sig = (void *)p->signal;
	p->flags = kin_bits(p->task);
	if (p->dead)
		p->ran_ns = ran_ns(p->task, sig);
	if (p->dead & TASK_ZOMBIE) {
		p->tracer = thread_left(p->signal, p->task);
		p->flags |= p->tracer ? TASK_THREAD_LEFT : 0;
		return 0;
	}
	p->frozen = frozen_by(p->task);
	p->stuck = stuck_bits(p->task, p->nr, p->frozen);
	if (bpf_core_type_exists(struct wait_opts))
		waiter_fill(p);
	return 0;
}

static __always_inline void plight_fill(struct ev_scan_task *e, struct task_struct *t,
					struct signal_struct *sig, u64 nr)
{
	struct plight p = {.task = (u64)t,
			   .signal = (u64)sig,
			   .nr = nr,
			   .dead = e->flags & (TASK_ZOMBIE | TASK_EXITING)};

	if (!may_probe)
		return;
	plight_look(&p);
	e->flags |= p.flags;
	if (p.flags & TASK_THREAD_LEFT)
		e->tracer = p.tracer;
	e->frozen = p.frozen;
	e->ran_ns = p.ran_ns;
	e->stuck = p.stuck;
	e->wait_for = p.wait_for;
	e->wait_opts = p.wait_opts;
	e->wait_tid = p.wait_tid;
	e->wait_nr = p.wait_nr;
}

#endif
