/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two copies of a program on one tracepoint, so that the recursion guard loses nothing.
 *
 * The kernel skips a tracing program that already runs on this CPU.  TCP states change in softirqs,
 * which interrupt those that change in system calls; without a second copy one state in thirty was
 * lost with packet steering on.  The second copy runs right after the first, on the same event, and
 * handles what the first was skipped for.
 *
 * The first leaves a note of the event, the second takes it: no note, so the first did not run.
 *   - A note has a row a CPU and in it a place a level: events on a task's own stack (their
 *     tracepoints are not preempted up to 6.x; 8 places by stack for later kernels, where they
 *     are), and those in an interrupt, which has another stack.  So an interrupt between the two
 *     copies leaves the note of whom it interrupted alone.
 *   - Within a level events do not nest, so nothing comes between an event's two copies, and a note
 *     is of this event or older.
 *   - An older one stays when the second copy was skipped: it was busy then with an event below,
 *     and so the first one ran.
 *   - An older note of the very same socket and states would keep the second from making good: that
 *     is not unseen, for whatever the kernel counts as missed by the first copy and made_good[]
 * does not is told as lost (user/source/bpf/live_miss.c). Cost: the first copy writes 8 bytes that are
 * the CPU's own; the second reads them: some 15 ns with its call.
 */
#ifndef PROBATE_GUARD_BPF_H
#define PROBATE_GUARD_BPF_H

#include "core_task.bpf.h"
#include "guard.h"

#define GUARD_CPUS   256 /* power of two; CPUs beyond share a row, and may tell an event twice */
#define GUARD_STACKS 8	 /* power of two */

const volatile u32 stack_bytes = 16384; /* of a task's kernel stack */

struct guard_row {
	u64 note[2 * GUARD_STACKS]; /* by stack; from GUARD_STACKS on: in an interrupt */
};
static struct guard_row guard_rows[GUARD_CPUS] __attribute__((aligned(64)));
u64 made_good[GUARD_MAX] = {}; /* what second copies did for their first ones */

/*
 * The lower half of a pointer as a plain number, with which the verifier lets us calculate.  The
 * stacks of a machine lie together, so it tells them apart.
 */
static __always_inline u32 low_half(u64 pointer)
{
	register u64 from asm("r1") = pointer;
	register u64 to asm("r0");

	asm volatile("w0 = w1" : "=r"(to) : "r"(from));
	return to;
}

static __always_inline u64 *guard_note(const void *ctx)
{
	u32 cpu = bpf_get_smp_processor_id() & (GUARD_CPUS - 1);
	u32 stack = low_half((u64)bpf_get_current_task_btf()->stack);
	bool own = low_half((u64)ctx) - stack < stack_bytes;

	return &guard_rows[cpu].note[own ? stack >> 14 & (GUARD_STACKS - 1) : GUARD_STACKS];
}

/* The first copy is here. */
static __always_inline void guard_pass(const void *ctx, u64 event)
{
	*guard_note(ctx) = event;
}

static __always_inline bool note_skipped(u64 *note, u64 event, enum guard which)
{
	if (*note == event) {
		*note = 0;
		return false;
	}
	__sync_fetch_and_add(&made_good[which], 1);
	return true;
}

/* Was the first copy skipped for this event? */
static __always_inline bool guard_skipped(const void *ctx, u64 event, enum guard which)
{
	return note_skipped(guard_note(ctx), event, which);
}

#endif
