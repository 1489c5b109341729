/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes: born, exec'd, renamed, dead, freed.
 *
 * sched_process_exit has a second argument since about 6.15, told by its BTF prototype (set before
 * load); before that the count of live threads says the same, but last threads that die at once may
 * all see 0: the first of them tells.
 */
#include "arch.bpf.h"
#include "count.bpf.h"
#include "fdwalk.bpf.h"
#include "guard.bpf.h"
#include <bpf/bpf_tracing.h>

const volatile bool exit_tells_group_dead = false;
const volatile u32 nr_vfork = 0, nr_clone = 0, nr_clone3 = 0;

#define CLONE_VFORK 0x00004000
#define EEXIST	    17

/*
 * vfork_done is set after the tracepoint, so the caller's registers have to tell; before 5.15
 * nobody does.
 */
static __always_inline bool fork_is_vfork(void)
{
	struct pt_regs *regs;
	u64 flags = 0;
	u32 nr;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return false;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	nr = SYS_NR(regs);
	if (nr == nr_vfork)
		return true;
	if (nr == nr_clone)
		return SYS_ARG1(regs) & CLONE_VFORK;
	if (nr == nr_clone3) /* if it cannot be read, the flag is 0: only a remark is missing */
		bpf_probe_read_user(&flags, sizeof(flags), (void *)SYS_ARG1(regs));
	return flags & CLONE_VFORK;
}

static __always_inline u32 fork_flags(struct task_struct *parent, struct task_struct *child)
{
	u32 flags = 0;

	if (child->mm && child->mm == parent->mm) {
		flags |= FORK_SHARE_VM;
		if (fork_is_vfork())
			flags |= FORK_VFORK;
	}
	if (parent->signal->nr_threads > 1)
		flags |= FORK_THREADED;
	return flags;
}

static __always_inline void fork_thread(struct task_struct *parent, struct task_struct *child)
{
	struct ev_thread *e;

	if (child->files == parent->files || !child->files || !WANTED(THREAD) ||
	    !task_passes(parent))
		return;
	e = EV_NEW(THREAD, thread, parent);
	if (!e)
		return;
	e->files = (u64)child->files;
	e->parent_files = (u64)parent->files;
	e->thread = child->pid;
	e->zero = 0;
	EV_SUBMIT(e);
}

static __always_inline void fork_process(struct task_struct *parent, struct task_struct *child)
{
	struct ev_fork *e;
	bool init;

	count_one(COUNT_FORK);
	if (tree_on && tree_has(parent->tgid))
		tree_add(child->tgid);
	if (!WANTED(FORK) || !task_passes(parent))
		return;
	e = EV_NEW_IF(FORK, fork, parent, task_meant(parent, child->real_parent->tgid));
	if (!e)
		return;
	e->start = child->start_boottime;
	e->files = (u64)child->files;
	e->parent_files = (u64)parent->files;
	e->cgroup = task_cgroup(child);
	e->child = child->tgid;
	e->parent = child->real_parent->tgid;
	e->uid = child->real_cred->uid.val;
	e->exit_signal = child->exit_signal;
	e->pidns = task_nspids(child, &e->nspid, &init);
	e->flags = fork_flags(parent, child) | (init ? FORK_NSINIT : 0);
	EV_SUBMIT(e);
}

static __always_inline void fork_tell(struct task_struct *parent, struct task_struct *child)
{
	parent = task_plain(parent);
	child = task_plain(child);
	if (child->tgid == parent->tgid)
		fork_thread(parent, child);
	else if (!(child->flags & PF_KTHREAD))
		fork_process(parent, child);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(proc_fork, struct task_struct *parent, struct task_struct *child)
{
	guard_pass(ctx, (u64)child);
	fork_tell(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(proc_fork_2, struct task_struct *parent, struct task_struct *child)
{
	if (guard_skipped(ctx, (u64)child, GUARD_FORK))
		fork_tell(parent, child);
	return 0;
}

/* Runs right after proc_fork. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(proc_fork_walk, struct task_struct *parent, struct task_struct *child)
{
	struct files_struct *files;

	parent = task_plain(parent);
	child = task_plain(child);
	files = child->files;
	if (child->tgid == parent->tgid || parent->signal->nr_threads < 2 || !files ||
	    files == parent->files || child->flags & PF_KTHREAD)
		return 0;
	if (WANTED(SCAN_FD) && task_passes(parent))
		table_walk(child, bpf_ktime_get_boot_ns());
	return 0;
}

/* An exec event does not fit on the stack: built here, one a CPU and copy of the program. */
#define EXEC_TAIL 2048 /* > EXE_MAX + ARGS_MAX, a power of two that indices are masked with */
struct exec_buf {
	struct ev_exec e;
	char tail[EXEC_TAIL];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct exec_buf);
} exec_bufs SEC(".maps");

/* argv of the new program behind the path; returns the bytes in the tail. */
static __always_inline u32 exec_tail(struct exec_buf *b, struct task_struct *task,
				     struct linux_binprm *bprm)
{
	struct mm_struct *mm = task->mm;
	u64 start = mm->arg_start, n = mm->arg_end - start;
	long exe = bpf_probe_read_kernel_str(b->tail, EXE_MAX, bprm->filename);
	u32 at = exe < 0 ? 0 : exe & (EXE_MAX * 2 - 1);

	b->e.exe_len = at;
	b->e.args_len = 0;
	b->e.args_truncated = n > ARGS_MAX;
	if (n > ARGS_MAX)
		n = ARGS_MAX;
	if (at > EXE_MAX || !n)
		return at;
	/* Bounds the verifier can follow: n stays in a register of its own. */
	asm volatile("%0 &= 0x7ff" : "+r"(n));
	if (n > ARGS_MAX || bpf_probe_read_user(b->tail + at, n, (void *)start))
		return at;
	b->tail[(at + n - 1) & (EXEC_TAIL - 1)] = 0;
	b->e.args_len = n;
	return at + n;
}

static __always_inline void exec_tell(struct task_struct *task, int old_tid,
				      struct linux_binprm *bprm, u32 copy)
{
	struct exec_buf *b;
	u32 size;

	task = task_plain(task);
	count_one(COUNT_EXEC);
	if (!WANTED(EXEC) || !task_passes(task))
		return;
	b = bpf_map_lookup_elem(&exec_bufs, &copy);
	if (!b) /* for the verifier: an array has its entries */
		return;
	b->e.start = task_start(task);
	b->e.files = (u64)task->files;
	b->e.cgroup = task_cgroup(task);
	b->e.old_tid = old_tid;
	b->e.uid = task->real_cred->uid.val;
	bpf_core_read(&b->e.name, sizeof(b->e.name), &task->comm);
	size = sizeof(b->e) + exec_tail(b, task, bprm);
	if (size > sizeof(*b)) /* for the verifier */
		return;
	ev_head(&b->e.h, EV_KIND_EXEC, size, task->tgid, task->pid);
	if (!ev_output(&b->e.h, size))
		ring_lose_for(EV_KIND_EXEC, task_meant(task, 0));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(proc_exec, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	guard_pass(ctx, (u64)task);
	exec_tell(task, old_tid, bprm, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(proc_exec_2, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	if (guard_skipped(ctx, (u64)task, GUARD_EXEC))
		exec_tell(task, old_tid, bprm, 1);
	return 0;
}

/* Runs right after proc_exec. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(proc_exec_walk, struct task_struct *task)
{
	task = task_plain(task);
	if (WANTED(SCAN_FD) && task_passes(task))
		table_walk(task, bpf_ktime_get_boot_ns());
	return 0;
}

/* signal_struct.group_exit_task was renamed in 5.17. */
struct signal_struct___old {
	struct task_struct *group_exit_task;
} __attribute__((preserve_access_index));

static __always_inline bool exec_under_way(struct signal_struct *signal)
{
	struct signal_struct___old *old = (void *)signal;

	if (bpf_core_field_exists(signal->group_exec_task))
		return signal->group_exec_task;
	if (bpf_core_field_exists(old->group_exit_task))
		return old->group_exit_task;
	return false;
}

/* Processes of several threads whose exit was told. */
struct exit_key {
	u64 start, tgid;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct exit_key);
	__type(value, u8);
} exits SEC(".maps");

/* Is this thread the last, and the first to say so? */
static __always_inline bool exit_is_last(struct task_struct *task)
{
	struct exit_key key = {.start = task_start(task), .tgid = task->tgid};
	u8 one = 1;

	if (task->signal->live.counter)
		return false;
	return task->signal->nr_threads < 2 ||
	       bpf_map_update_elem(&exits, &key, &one, BPF_NOEXIST) != -EEXIST;
}

static __always_inline void exit_process(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct ev_exit *e;
	u32 status;

	status = signal->flags & SIGNAL_GROUP_EXIT_BIT ? signal->group_exit_code
						       : task->group_leader->exit_code;
	count_exit(status);
	if (!WANTED(EXIT) || !task_passes(task))
		return;
	e = EV_NEW_IF(EXIT, exit, task, task_meant(task, task->group_leader->real_parent->tgid));
	if (!e)
		return;
	e->start = task_start(task);
	e->files = (u64)task->files;
	e->parent = task->group_leader->real_parent->tgid;
	e->signal = status & 0x7f;
	e->code = e->signal ? -1 : (s32)(status >> 8 & 0xff);
	e->core = status >> 7 & 1;
	e->xflags = signal->oom_mm ? EXIT_OOM_VICTIM : 0;
	e->zero = 0;
	EV_SUBMIT(e);
}

static __always_inline void exit_leader(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct ev_headless *e;

	if (signal->flags & SIGNAL_GROUP_EXIT_BIT || exec_under_way(signal))
		return;
	if (!WANTED(HEADLESS) || !task_passes(task))
		return;
	e = EV_NEW(HEADLESS, headless, task);
	if (!e)
		return;
	e->start = task->start_boottime;
	EV_SUBMIT(e);
}

/*
 * Only a thread with another table than the leader's is told; a leader that is gone has none to
 * compare with.  A leader is told if no other thread is on its table.
 */
static __always_inline void exit_thread(struct task_struct *task)
{
	struct files_struct *files = task->files, *main = task->group_leader->files;
	bool leader = task_is_leader(task);
	struct ev_thread_exit *e;
	u32 heir;

	if (!files || (files == main && !leader) || (!main && files->count.counter != 1))
		return;
	if (!WANTED(THREAD_EXIT) || !task_passes(task))
		return;
	heir = task_heir(task, (u64)files);
	if (leader && heir)
		return;
	e = EV_NEW(THREAD_EXIT, thread_exit, task);
	if (!e)
		return;
	e->files = (u64)files;
	e->heir = heir;
	e->zero = 0;
	EV_SUBMIT(e);
}

static __always_inline void exit_tell(u64 *ctx)
{
	struct task_struct *task = task_plain((struct task_struct *)ctx[0]);
	bool dead;

	if (task->flags & PF_KTHREAD)
		return;
	if (exit_tells_group_dead)
		dead = ctx[1] & 0xff;
	else
		dead = exit_is_last(task);
	if (dead)
		exit_process(task);
	else if (!exit_tells_group_dead && !task->signal->live.counter)
		return; /* told by another */
	else {
		if (task_is_leader(task))
			exit_leader(task);
		exit_thread(task);
	}
}

SEC("tp_btf/sched_process_exit")
int proc_exit(u64 *ctx)
{
	guard_pass(ctx, ctx[0]);
	exit_tell(ctx);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int proc_exit_2(u64 *ctx)
{
	if (guard_skipped(ctx, ctx[0], GUARD_EXIT))
		exit_tell(ctx);
	return 0;
}

/* The entry of a signal.  The array is walked: before 6.2 nothing that varies may be added to a
 * typed pointer. */
static __always_inline struct k_sigaction *task_action(struct task_struct *task, u32 sig)
{
	struct sighand_struct *hand = RD(true, task, sighand);
	void *actions = (void *)__builtin_preserve_access_index(&hand->action);

	return hand ? actions + (sig - 1) * bpf_core_type_size(struct k_sigaction) : NULL;
}

/* 0: default, 1: ignored, else a handler. */
static __always_inline u64 task_handler(struct task_struct *task, u32 sig)
{
	struct k_sigaction *action = task_action(task, sig);
	u64 handler = 0;

	if (action)
		bpf_core_read(&handler, sizeof(handler), &action->sa.sa_handler);
	return handler;
}

#define SIGCHLD_NR	 17
#define SA_NOCLDWAIT_BIT 2

/* SA_NOCLDWAIT reaps children as SIG_IGN does.  The dead have no handlers. */
static __always_inline u32 task_sigchld(struct task_struct *task)
{
	struct k_sigaction *action = task_action(task, SIGCHLD_NR);
	u64 handler = 0, flags = 0;

	if (!action || bpf_core_read(&handler, sizeof(handler), &action->sa.sa_handler) ||
	    bpf_core_read(&flags, sizeof(flags), &action->sa.sa_flags))
		return 255;
	return handler == 1 || flags & SA_NOCLDWAIT_BIT ? 1 : handler ? 2 : 0;
}

static __always_inline void free_tell(struct task_struct *task)
{
	struct task_struct *parent;
	struct ev_free *e;
	u32 tgid;

	task = task_plain(task);
	tgid = task->tgid;
	if (!task_is_leader(task) || task->flags & PF_KTHREAD)
		return;
	if (WANTED(FREE) && task_passes(task)) {
		e = EV_NEW(FREE, free, task);
		if (e) {
			parent = task->real_parent;
			e->start = task->start_boottime;
			e->parent_start = task_start(parent);
			e->parent = parent->tgid;
			e->sigchld = task_sigchld(parent);
			EV_SUBMIT(e);
		}
	}
	if (tree_on)
		bpf_map_delete_elem(&tree, &tgid);
}

/* In a softirq as a rule, and now and then in the task that lets go of the last reference. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(proc_free, struct task_struct *task)
{
	guard_pass(ctx, (u64)task);
	free_tell(task);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(proc_free_2, struct task_struct *task)
{
	if (guard_skipped(ctx, (u64)task, GUARD_FREE))
		free_tell(task);
	return 0;
}

/* The rename that belongs to an exec is not told: the exec event has the name. */
SEC("tp_btf/task_rename")
int BPF_PROG(proc_rename, struct task_struct *task, const char *comm)
{
	struct ev_rename *e;

	task = task_plain(task);
	if (!task_is_leader(task) || task->flags & PF_KTHREAD || !WANTED(RENAME))
		return 0;
	if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve))
		return 0;
	if (!task_passes(task))
		return 0;
	e = EV_NEW(RENAME, rename, task);
	if (!e)
		return 0;
	__builtin_memset(&e->name, 0, sizeof(e->name));
	bpf_probe_read_kernel_str(&e->name, sizeof(e->name), comm);
	EV_SUBMIT(e);
	return 0;
}
