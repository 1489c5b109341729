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

#define WNOWAIT_BIT   0x01000000
#define P_PID_NR      1
#define CLD_DUMPED_NR 3

/* The head of a siginfo_t that tells of a child. */
struct child_info {
	s32 signo, err, code, pad;
	s32 pid;
};

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_waitid, struct pt_regs *regs, long ret)
{
	struct child_info info = {};
	u64 to = SYS_ARG3(regs);

	if (ret || SYS_ARG4(regs) & WNOWAIT_BIT || !WANTED(WAIT))
		return 0;
	if (!to && SYS_ARG1(regs) == P_PID_NR)
		info.pid = SYS_ARG2(regs);
	else if (bpf_probe_read_user(&info, sizeof(info), (void *)to))
		return 0;
	/* signo 0: WNOHANG found nothing; codes beyond DUMPED: stopped, continued. */
	if (to && (!info.signo || info.code > CLD_DUMPED_NR))
		return 0;
	if (info.pid > 0)
		wait_event(task_current(), info.pid);
	return 0;
}

static __always_inline void session_event(struct task_struct *task, u32 target, u32 pgid)
{
	struct ev_session *e = EV_NEW(SESSION, session, task);

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

/*
 * The target is the caller or its child, in the caller's session.  A child's number in a nested
 * namespace is not translated: such a call on another process is not told.
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
