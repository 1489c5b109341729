/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors: copied, closed, marked, and the dispatch of system calls (full mode only).
 *
 * Both dispatchers run at every system call of everybody, so they leave after a few instructions
 * for all but those in sys_actions[].
 */
#include "sys.bpf.h"
#include "use.bpf.h"

const volatile u32 nr_close = ~0u, nr_dup2 = ~0u, nr_dup3 = ~0u;
const volatile u32 nr_unshare = ~0u, nr_close_range = ~0u;
const volatile u32 nr_accept = ~0u, nr_accept4 = ~0u;

/* Programs sys_<call> by enum sys_action; one that did not load leaves its place empty. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SYS_ACTIONS);
	__type(key, u32);
	__type(value, u32);
} sys_progs SEC(".maps");

/* Whether a program was ever jumped to: a tail call is in no run count of the kernel. */
u8 sys_fired[SYS_ACTIONS] = {};

/* The socket that a thread is about to take out of a slot. */
struct going {
	u64 inode, cookie;
	u64 sk;
	u64 accepts;	 /* the file it last waited on in accept(), which need not be told again */
	u32 accepts_run; /* and by which of its programs: exec counts */
	s32 fd;		 /* -1: none */
	u64 files;	 /* the table it may be about to leave */
	u32 refs;	 /* to the file in the slot */
	u32 pad;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct going);
} going SEC(".maps");

static __always_inline void going_note(struct task_struct *task, u32 fd)
{
	struct slot s = task_socket(task, fd);
	struct sock *sk = s.sk;
	struct going *g;

	if (!sk)
		return;
	g = bpf_task_storage_get(&going, bpf_get_current_task_btf(), 0,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!g) { /* no memory, or the storage was busy: its close will not be told */
		ring_lose_for(EV_KIND_CLOSE, sock_meant(task, sk, 0));
		return;
	}
	g->inode = s.inode;
	g->cookie = RD(true, sk, __sk_common.skc_cookie.counter);
	g->sk = (u64)sk;
	g->refs = file_refs(files_file(task->files, fd));
	g->fd = fd;
}

#define CLONE_FILES_BIT		0x400
#define CLOSE_RANGE_UNSHARE_BIT 2
#define CLOSE_RANGE_CLOEXEC_BIT 4

/* A call that may leave the table begins: afterwards nobody can tell which it was. */
static __always_inline void leaving_note(struct task_struct *task)
{
	struct going *g = bpf_task_storage_get(&going, bpf_get_current_task_btf(), 0,
					       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (g)
		g->files = (u64)task->files;
}

/* accept() begins, and may block for days: that the listener is used is told now. */
static __always_inline void accepts_note(struct task_struct *task, s32 fd)
{
	struct going *g = bpf_task_storage_get(&going, bpf_get_current_task_btf(), 0,
					       BPF_LOCAL_STORAGE_GET_F_CREATE);
	u64 file = (u64)files_file(task->files, fd);
	u32 run = task->self_exec_id;

	if (g && g->accepts == file && g->accepts_run == run)
		return;
	if (g) { /* else it is only asked again */
		g->accepts = file;
		g->accepts_run = run;
	}
	use_tell(task, fd);
}

/* A call that empties a slot begins: afterwards nobody can tell what was in it. */
SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long id)
{
	struct task_struct *task;
	u32 nr = id;

	bool accepts = nr == nr_accept || nr == nr_accept4;

	bool leaves = (nr == nr_unshare && SYS_ARG1(regs) & CLONE_FILES_BIT) ||
		      (nr == nr_close_range && SYS_ARG3(regs) & CLOSE_RANGE_UNSHARE_BIT);

	if (nr != nr_close && nr != nr_dup2 && nr != nr_dup3 && !accepts && !leaves)
		return 0;
	task = task_current();
	if (task_is_compat(task) || !task_passes(task))
		return 0;
	if (leaves)
		leaving_note(task);
	else if (accepts && WANTED(USE))
		accepts_note(task, SYS_ARG1(regs));
	else if (!accepts && WANTED(CLOSE))
		going_note(task, nr == nr_close ? SYS_ARG1(regs) : SYS_ARG2(regs));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	u32 action = sys_action(regs);

	if (!action)
		return 0;
	if (task_is_compat(task_current()))
		return 0;
	if (action < SYS_ACTIONS && !sys_fired[action])
		sys_fired[action] = 1;
	bpf_tail_call(ctx, &sys_progs, action);
	return 0;
}

/* Take back what sys_enter noted for this slot and tell its end, if `over`. */
static __always_inline void going_tell(struct task_struct *task, s32 fd, bool over)
{
	struct going *g = bpf_task_storage_get(&going, bpf_get_current_task_btf(), 0, 0);
	struct ev_close *e;

	if (!g || g->fd != fd || !g->inode)
		return;
	g->fd = -1;
	if (!over)
		return;
	e = EV_NEW_IF(CLOSE, close, task, sock_meant(task, (struct sock *)g->sk, 0));
	if (!e)
		return;
	e->files = (u64)task->files;
	e->inode = g->inode;
	e->cookie = g->cookie;
	e->fd = fd;
	e->zero = 0;
	e->left = g->refs > 1 ? g->refs - 1 : 0;
	e->zero2 = 0;
	EV_SUBMIT(e);
}

/* Whatever close() returns but EBADF, the slot is empty. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_close, struct pt_regs *regs, long ret)
{
	going_tell(task_current(), SYS_ARG1(regs), ret != -EBADF);
	return 0;
}

#define INSTALL_PEEKED 0x100 /* with via: the message was not taken out of its queue */

static __always_inline bool install_event(struct task_struct *task, s32 fd, s32 from_fd, u32 from,
					  u16 via, bool cloexec, u64 queue)
{
	struct slot s = task_socket(task, fd);
	struct ev_install *e;

	if (!s.sk)
		return false;
	mine_add(task, s.sk);
	e = EV_NEW_IF(INSTALL, install, task, sock_meant(task, s.sk, from));
	if (!e)
		return true;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->files = (u64)task->files;
	e->fd = fd;
	e->from_fd = from_fd;
	e->from = from;
	e->via = via & ~INSTALL_PEEKED;
	e->cloexec = cloexec;
	e->peeked = !!(via & INSTALL_PEEKED);
	e->zero = 0;
	e->queue = queue;
	EV_SUBMIT(e);
	return true;
}

/* dup, dup2, dup3.  What was in the slot is closed by the install; if no socket came, by itself. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_dup, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	u32 action = sys_action(regs);
	s32 from = SYS_ARG1(regs);
	bool installed = false, cloexec = action == SYS_DUP3 && SYS_ARG3(regs) & O_CLOEXEC_NR;

	if (ret >= 0 && ret != from && WANTED(INSTALL) && task_passes(task))
		installed = install_event(task, ret, from, 0, VIA_DUP, cloexec, 0);
	if (action != SYS_DUP)
		going_tell(task, SYS_ARG2(regs), ret >= 0 && ret != from && !installed);
	return 0;
}

static __always_inline void cloexec_event(struct task_struct *task, s32 fd, bool on)
{
	struct slot s = {};
	struct ev_cloexec *e;

	if (!WANTED(CLOEXEC) || !task_passes(task))
		return;
	s = task_socket(task, fd);
	if (!s.sk)
		return;
	e = EV_NEW_IF(CLOEXEC, cloexec, task, sock_meant(task, s.sk, 0));
	if (!e)
		return;
	e->files = (u64)task->files;
	e->inode = s.inode;
	e->fd = fd;
	e->cloexec = on;
	EV_SUBMIT(e);
}

#define F_DUPFD_NR	   0
#define F_SETFD_NR	   2
#define F_DUPFD_CLOEXEC_NR 1030
#define FIONCLEX_NR	   0x5450
#define FIOCLEX_NR	   0x5451

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_fcntl, struct pt_regs *regs, long ret)
{
	u32 cmd = SYS_ARG2(regs);
	struct task_struct *task;
	s32 fd = SYS_ARG1(regs);

	if (ret < 0 || (cmd != F_DUPFD_NR && cmd != F_SETFD_NR && cmd != F_DUPFD_CLOEXEC_NR))
		return 0;
	task = task_current();
	if (cmd == F_SETFD_NR)
		cloexec_event(task, fd, SYS_ARG3(regs) & 1);
	else if (WANTED(INSTALL) && task_passes(task))
		install_event(task, ret, fd, 0, VIA_DUP, cmd == F_DUPFD_CLOEXEC_NR, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_ioctl, struct pt_regs *regs, long ret)
{
	u32 cmd = SYS_ARG2(regs);

	if (!ret && (cmd == FIOCLEX_NR || cmd == FIONCLEX_NR))
		cloexec_event(task_current(), SYS_ARG1(regs), cmd == FIOCLEX_NR);
	return 0;
}

static __always_inline void fdtab_event(struct task_struct *task)
{
	struct going *g = bpf_task_storage_get(&going, bpf_get_current_task_btf(), 0, 0);
	struct ev_fdtab *e;

	if (!WANTED(FDTAB))
		return;
	e = EV_NEW(FDTAB, fdtab, task);
	if (!e)
		return;
	e->files = (u64)task->files;
	e->leader = task_is_leader(task);
	e->zero = 0;
	e->old = g ? g->files : 0;
	e->heir = e->old ? task_heir(task, e->old) : 0;
	e->zero2 = 0;
	EV_SUBMIT(e);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_unshare, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (!ret && SYS_ARG1(regs) & CLONE_FILES_BIT && task_passes(task))
		fdtab_event(task);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_close_range, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ev_close_range *e;

	if (ret || !task_passes(task))
		return 0;
	if (SYS_ARG3(regs) & CLOSE_RANGE_UNSHARE_BIT)
		fdtab_event(task);
	if (!WANTED(CLOSE_RANGE))
		return 0;
	e = EV_NEW(CLOSE_RANGE, close_range, task);
	if (!e)
		return 0;
	e->files = (u64)task->files;
	e->first = SYS_ARG1(regs);
	e->last = SYS_ARG2(regs);
	e->cloexec_only = !!(SYS_ARG3(regs) & CLOSE_RANGE_CLOEXEC_BIT);
	e->zero = 0;
	EV_SUBMIT(e);
	return 0;
}

/* The process of a pidfd; its number may be that of a thread (PIDFD_THREAD, 6.9). */
static __always_inline u32 pidfd_tgid(struct file *file)
{
	struct pid *pid = pidfd_pid(file);
	struct hlist_node *first = pid ? RD(true, pid, tasks[PIDTYPE_PID].first) : NULL;
	struct task_struct *task =
		(void *)first - bpf_core_field_offset(struct task_struct, pid_links);
	struct upid up = {};

	if (first)
		return RD(true, task, tgid);
	if (pid) /* it is gone meanwhile */
		pid_upid(pid, 0, &up);
	return up.nr;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_pidfd_getfd, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct file *pidfd;

	if (ret < 0 || !WANTED(INSTALL) || !task_passes(task))
		return 0;
	pidfd = files_file(task->files, SYS_ARG1(regs));
	install_event(task, ret, SYS_ARG2(regs), pidfd ? pidfd_tgid(pidfd) : 0, VIA_PIDFD_GETFD,
		      true, 0);
	return 0;
}
