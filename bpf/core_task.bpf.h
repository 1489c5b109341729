/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CO-RE accessors of tasks: what core.bpf.h says holds here, too. */
#ifndef PROBATE_CORE_TASK_BPF_H
#define PROBATE_CORE_TASK_BPF_H

#include "core.bpf.h"

/* All of these take trusted tasks. */
static __always_inline u64 task_start(struct task_struct *task)
{
	return task->group_leader->start_boottime;
}

static __always_inline u64 task_cgroup(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/*
 * Who opened a file, as far as it can be proven: every process has credentials of its own from its
 * fork or exec on, a file keeps those it was opened with, and while it does no others have their
 * address.  So the process with these very credentials opened it, and has neither exec'd nor
 * changed its user since.  Numbers, not pointers: they are only compared.
 */
struct makers {
	u64 own, parents; /* credentials */
	u32 tgid, parent;
};

static __always_inline struct makers task_makers(struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;

	return (struct makers){.own = (u64)task->cred,
			       .parents = (u64)parent->cred,
			       .tgid = task->tgid,
			       .parent = parent->tgid};
}

static __always_inline u32 file_maker(u64 cred, const struct makers *m)
{
	return cred == m->own ? m->tgid : cred == m->parents ? m->parent : 0;
}

static __always_inline bool task_is_leader(struct task_struct *task)
{
	return task->pid == task->tgid;
}

/* numbers[] of a struct pid lies behind its end where it is declared as numbers[1] (before 6.6). */
static __always_inline void pid_upid(struct pid *pid, u32 level, struct upid *up)
{
	void *numbers = __builtin_preserve_access_index(&pid->numbers);

	bpf_probe_read_kernel(up, sizeof(*up), numbers + level * sizeof(*up));
}

/*
 * Pids of a task's group leader in the nested namespaces; returns the inode of its own pid
 * namespace.  *init: it is PID 1 there.
 */
static __always_inline u32 task_nspids(struct task_struct *task, struct nspids *ns, bool *init)
{
	struct pid *pid = task->group_leader->thread_pid;
	struct upid up = {};
	u32 level = pid ? pid->level : 0;

	__builtin_memset(ns, 0, sizeof(*ns));
	*init = task->tgid == 1;
	if (!level)
		return INIT_PIDNS_INUM;
	for (u32 i = 0; i < NS_LEVELS; i++) {
		if (i >= level)
			break;
		pid_upid(pid, i + 1, &up);
		ns->nr[i] = up.nr;
	}
	if (level > NS_LEVELS)
		pid_upid(pid, level & 63, &up);
	*init = up.nr == 1;
	return up.ns ? BPF_CORE_READ(up.ns, ns.inum) : 0;
}

/* dev_t of a terminal as /proc/PID/stat prints it; 0: none. */
static __always_inline u32 task_tty(struct task_struct *task)
{
	struct tty_struct *tty = task->signal->tty;
	u32 major, minor;

	if (!tty)
		return 0;
	major = tty->driver->major;
	minor = tty->driver->minor_start + tty->index;
	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* Numbers in the initial namespace of a task's session (PIDTYPE_SID) or group (PIDTYPE_PGID). */
static __always_inline u32 task_sid(struct task_struct *task)
{
	struct pid *pid = task->signal->pids[PIDTYPE_SID];

	return pid ? pid->numbers[0].nr : 0;
}

static __always_inline u32 task_pgid(struct task_struct *task)
{
	struct pid *pid = task->signal->pids[PIDTYPE_PGID];

	return pid ? pid->numbers[0].nr : 0;
}

#endif
