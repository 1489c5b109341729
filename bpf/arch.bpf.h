/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Number and arguments of a system call, in the registers its task entered the kernel with.
 *
 * At the exit arm64 has overwritten the first argument by the result; orig_x0 keeps it.
 */
#ifndef PROBATE_ARCH_BPF_H
#define PROBATE_ARCH_BPF_H

#include "core.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define SYS_NR(regs)   ((u32)(regs)->orig_ax)
#define SYS_ARG1(regs) ((regs)->di)
#define SYS_ARG2(regs) ((regs)->si)
#define SYS_ARG3(regs) ((regs)->dx)
#define SYS_ARG4(regs) ((regs)->r10)
#elif defined(__TARGET_ARCH_arm64)
#define SYS_NR(regs)   ((u32)(regs)->syscallno)
#define SYS_ARG1(regs) ((regs)->orig_x0)
#define SYS_ARG2(regs) ((regs)->regs[1])
#define SYS_ARG3(regs) ((regs)->regs[2])
#define SYS_ARG4(regs) ((regs)->regs[3])
#else
#error "no register table for this architecture"
#endif

/* A 32-bit call: its numbers mean other calls, its arguments other structs. */
static __always_inline bool task_is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & 2; /* TS_COMPAT */
#else
	return task->thread_info.flags >> 22 & 1; /* TIF_32BIT */
#endif
}

#endif
