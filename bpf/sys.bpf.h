/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every program at the exit of a system call needs.
 *
 * Such a program sys_<call> is not attached: sys_exit (file.bpf.c) jumps to it by number.  It
 * runs in the task that made the call, so arguments in user memory can be read.
 */
#ifndef PROBATE_SYS_BPF_H
#define PROBATE_SYS_BPF_H

#include "arch.bpf.h"
#include "filter.bpf.h"
#include "ring.bpf.h"
#include "sys.h"
#include <bpf/bpf_tracing.h>

#define EBADF		9
#define ERESTARTSYS	512
#define ERESTART_MAX	516
#define SOCK_CLOEXEC_NR 02000000
#define O_CLOEXEC_NR	02000000

const volatile u8 sys_actions[SYS_MAX] = {}; /* enum sys_action by number */

static __always_inline u32 sys_action(struct pt_regs *regs)
{
	u32 nr = SYS_NR(regs);

	return nr < SYS_MAX ? sys_actions[nr] : SYS_NONE;
}

/* The call was broken off by a signal and will be made again: nothing has happened yet. */
static __always_inline bool sys_restarts(long ret)
{
	return ret <= -ERESTARTSYS && ret >= -ERESTART_MAX;
}

/* The socket in a slot of a task's table. */
static __always_inline struct slot task_slot(struct task_struct *task, u32 fd)
{
	struct slot none = {};
	struct file *file = files_file(task->files, fd);

	return file ? file_socket_walked(file) : none;
}

/* A pidfd keeps its struct pid in pidfs' inode since 6.9, in the file before.  All walked. */
static __always_inline struct pid *pidfd_pid(struct file *file)
{
	struct inode *inode = RD(true, file, f_inode);
	struct super_block *sb = RD(true, inode, i_sb);

	return RD(true, sb, s_magic) == PIDFS_MAGIC ? RD(true, inode, i_private)
						    : RD(true, file, private_data);
}

/* The socket in a slot if it passes the filter of ports. */
static __always_inline struct slot task_socket(struct task_struct *task, u32 fd)
{
	struct slot none = {}, s = task_slot(task, fd);

	return s.sk && port_passes(s.sk, true) ? s : none;
}

#endif
