/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls that change what a process is to others: wait, setsid, setpgid, subreaper (full mode only).
 *
 * The kernel has no event that names the reaper.  What wait4 and waitid return does, as a pid in
 * the namespace of the caller.
 */
#include "sys.bpf.h"

/*
 * Who passes may be reaped by somebody who does not.  It is known by its number without nesting
 * only: else the model finds out.
 */
static __always_inline bool child_passes(u32 nr, u32 level)
{
	return (tree_on && (level || tree_has(nr))) || (want_pid && (level || nr == want_pid));
}

static __always_inline void wait_event(struct task_struct *task, u32 nr)
{
	u32 level = task->thread_pid->level;
	struct ev_wait *e;

	if (!task_passes(task) && !child_passes(nr, level))
		return;
	e = EV_NEW(WAIT, wait, task);
	if (!e)
		return;
	e->nr = nr;
	e->level = level;
	EV_SUBMIT(e);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_wait4, struct pt_regs *regs, long ret)
{
	if (ret > 0 && WANTED(WAIT))
		wait_event(task_current(), ret);
	return 0;
}

#define WNOHANG_BIT    1
#define WSTOPPED_BIT   2
#define WEXITED_BIT    4
#define WCONTINUED_BIT 8
#define WNOWAIT_BIT    0x01000000
#define P_PID_NR       1
#define P_PIDFD_NR     3
#define CLD_DUMPED_NR  3

/* The head of a siginfo_t that tells of a child. */
struct child_info {
	s32 signo, err, code, pad;
	s32 pid;
};

/*
 * Who was reaped by a call that did not ask to be told: only if that follows from what it asked
 * for. With WNOHANG, or of a child that may only have stopped, it does not; nor does "any child"
 * say which.  doctor names these.  0: not known.
 */
static __always_inline u32 waited_blindly(struct task_struct *task, struct pt_regs *regs)
{
	u32 options = SYS_ARG4(regs), which = SYS_ARG1(regs), id = SYS_ARG2(regs);
	struct file *pidfd;
	struct upid up = {};
	struct pid *pid;

	if ((options & (WNOHANG_BIT | WSTOPPED_BIT | WEXITED_BIT | WCONTINUED_BIT)) != WEXITED_BIT)
		return 0;
	if (which == P_PID_NR)
		return id;
	pidfd = which == P_PIDFD_NR ? files_file(task->files, id) : NULL;
	pid = pidfd ? pidfd_pid(pidfd) : NULL;
	if (pid)
		pid_upid(pid, task->thread_pid->level & 63, &up);
	return up.nr;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_waitid, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct child_info info = {};
	u64 to = SYS_ARG3(regs);

	if (ret || SYS_ARG4(regs) & WNOWAIT_BIT || !WANTED(WAIT))
		return 0;
	if (!to) {
		info.pid = waited_blindly(task, regs);
	} else if (bpf_probe_read_user(&info, sizeof(info), (void *)to)) {
		if (task_passes(task)) /* it was just written there: paged out, or unmapped */
			ring_lose_for(EV_KIND_WAIT, task_meant(task, 0));
		return 0;
	}
	/* signo 0: WNOHANG found nothing; codes beyond DUMPED: stopped, continued. */
	if (to && (!info.signo || info.code > CLD_DUMPED_NR))
		return 0;
	if (info.pid > 0)
		wait_event(task, info.pid);
	return 0;
}

static __always_inline void session_event(struct task_struct *task, u32 target, u32 pgid)
{
	struct ev_session *e = EV_NEW_IF(SESSION, session, task,
					 task_meant(task, target) || task_meant(task, pgid));

	if (!e)
		return;
	e->target = target;
	e->sid = task_sid(task);
	e->pgid = pgid;
	e->tty = task_tty(task);
	EV_SUBMIT(e);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_setsid, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (ret > 0 && WANTED(SESSION) && task_passes(task))
		session_event(task, task->tgid, task_pgid(task));
	return 0;
}

#define CHILDREN_MAX 1024

/* A child of the caller by its number in the caller's namespace.  All walked. */
struct kin {
	u64 at, end; /* links in a list of children */
	u64 child;   /* found */
	u32 nr, level;
};

static long kin_step(u32 i, struct kin *k)
{
	struct list_head *link = (void *)k->at;
	struct task_struct *child =
		(void *)(k->at - bpf_core_field_offset(struct task_struct, sibling));
	struct upid up = {};
	struct pid *pid;

	if (!k->at || k->at == k->end)
		return 1;
	pid = RD(true, child, thread_pid);
	if (pid)
		pid_upid(pid, k->level & 63, &up);
	if ((u32)up.nr == k->nr) {
		k->child = (u64)child;
		return 1;
	}
	k->at = (u64)RD(true, link, prev);
	return 0;
}

/*
 * The youngest come first: a shell calls right after the fork.  Whoever has thousands of children
 * and moves an old one, or one of another thread, is told to have been lost.
 */
static __always_inline struct task_struct *child_by_nr(struct task_struct *task, u32 nr, u32 level)
{
	struct list_head *head = __builtin_preserve_access_index(&task->children);
	struct kin k = {.nr = nr, .level = level};

	k.end = (u64)head;
	k.at = (u64)RD(true, head, prev);
	bpf_loop(CHILDREN_MAX, kin_step, &k, 0);
	return (void *)k.child;
}

static __always_inline void setpgid_nested(struct task_struct *task, u32 nr, u32 level)
{
	struct task_struct *child = NULL;
	struct signal_struct *signal;
	struct upid up = {};
	struct pid *pgrp;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) /* 5.17 */
		child = child_by_nr(task, nr, level);
	signal = child ? RD(true, child, signal) : NULL;
	pgrp = signal ? RD(true, signal, pids[PIDTYPE_PGID]) : NULL;
	if (!pgrp) {
		ring_lose_for(EV_KIND_SESSION, task_meant(task, 0));
		return;
	}
	pid_upid(pgrp, 0, &up);
	session_event(task, RD(true, child, tgid), up.nr);
}

/*
 * The target is the caller or its child, in the caller's session; in a nested namespace its number
 * is one of that.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_setpgid, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	u32 target = SYS_ARG1(regs), pgid = SYS_ARG2(regs), level;
	struct pid *pid = task->group_leader->thread_pid;
	struct upid up = {};

	if (ret || !WANTED(SESSION) || !pid || !task_passes(task))
		return 0;
	level = pid->level & 63;
	pid_upid(pid, level, &up);
	if (!target || target == (u32)up.nr)
		session_event(task, task->tgid, task_pgid(task));
	else if (!level)
		session_event(task, target, pgid ? pgid : target);
	else
		setpgid_nested(task, target, level);
	return 0;
}

#define PR_SET_CHILD_SUBREAPER_NR 36

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_prctl, struct pt_regs *regs, long ret)
{
	struct task_struct *task;
	struct ev_subreaper *e;

	if (SYS_ARG1(regs) != PR_SET_CHILD_SUBREAPER_NR || ret || !WANTED(SUBREAPER))
		return 0;
	task = task_current();
	if (!task_passes(task))
		return 0;
	e = EV_NEW(SUBREAPER, subreaper, task);
	if (!e)
		return 0;
	e->on = !!SYS_ARG2(regs);
	e->zero = 0;
	EV_SUBMIT(e);
	return 0;
}
