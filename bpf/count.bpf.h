/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting without a record.
 *
 * A row a CPU, so that nobody waits for another's cache line; added to atomically all the same, as
 * an interrupt may count in the middle of it.
 */
#ifndef PROBATE_COUNT_BPF_H
#define PROBATE_COUNT_BPF_H

#include "core_task.bpf.h"
#include "count.h"

#define COUNT_CPUS 256 /* power of two; CPUs beyond share a row */
_Static_assert(COUNT_MAX % 8 == 0, "a row is whole cache lines");
_Static_assert(COUNT_TCP + 16 == COUNT_MAX, "a TCP state is masked with 15");

const volatile bool counting = false;
u64 counts[COUNT_CPUS][COUNT_MAX] __attribute__((aligned(64))) = {};

static __always_inline void count_one(u32 what)
{
	if (counting)
		__sync_fetch_and_add(&counts[bpf_get_smp_processor_id() & (COUNT_CPUS - 1)][what],
				     1);
}

static __always_inline void count_tcp(struct sock *sk, int old, int new)
{
	if (!counting || sk->sk_protocol != IPPROTO_TCP)
		return;
	count_one(COUNT_TCP + (new & 15));
	if (new == TCP_ESTABLISHED)
		count_one(old == TCP_SYN_SENT ? COUNT_TCP_OUT : COUNT_TCP_IN);
}

static __always_inline void count_exit(u32 status)
{
	if (status & 0x80)
		count_one(COUNT_EXIT_CORE);
	else if (status & 0x7f)
		count_one(COUNT_EXIT_SIGNAL);
	else if (status)
		count_one(COUNT_EXIT_FAILURE);
	else
		count_one(COUNT_EXIT_SUCCESS);
}

#endif
