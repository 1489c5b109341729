/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the iterators of scan.bpf.c and scan_unix.bpf.h share: what is wanted of which socket. */
#ifndef PROBATE_SCAN_BPF_H
#define PROBATE_SCAN_BPF_H

/*
 * This object is relocated against a small copy of the kernel's BTF (user/source/bpf/smallbtf.c), where types
 * have other numbers: those that are cast to are given by user space.
 */
#include "vmlinux.h"
const volatile u32 id_task_struct = 0, id_sock = 0, id_socket = 0, id_file = 0;
#define CAST(type, addr) ((struct type *)bpf_rdonly_cast((void *)(addr), id_##type))
/* A constant once loaded, so that the verifier never sees what it turns off. */
const volatile bool may_probe = true; /* probe_read is allowed: no lockdown=confidentiality */
#define MAY_PROBE may_probe

#include "core_task.bpf.h"
#include "iter.bpf.h"
#include "scan_want.h"

#define SOCK_BINDPORT_LOCK 8 /* sk_userlocks: the port was asked for, not picked */

/* Set by user space before each pass. */
struct scan_want want SEC(".bss");
struct scan_met met SEC(".bss");

const volatile u32 tick_us = 4000; /* one jiffy */

static __always_inline void head_fill(struct ev *h, u16 kind, u16 size, struct task_struct *t)
{
	h->kind = kind;
	h->size = size;
	h->tgid = t ? t->tgid : 0;
	h->tid = t ? t->pid : 0;
	h->cpu = bpf_get_smp_processor_id();
	h->ts = bpf_ktime_get_boot_ns();
}

/* Four bits of a byte before 6.7 or so, a byte since: read as bits, which is right for both. */
static __always_inline u32 sock_locks(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD(sk, sk_userlocks);
}

/* Does want.bound take it?  An accepted connection has a port and a name too, but is not bound. */
static __always_inline bool sock_is_bound(struct sock *sk, u16 family)
{
	u8 state = sk->__sk_common.skc_state;

	if (family == AF_UNIX)
		return (sk->sk_type == SOCK_DGRAM_NR || state != TCP_ESTABLISHED) &&
		       (!may_probe || BPF_CORE_READ((struct unix_sock *)sk, addr));
	/* Few, and without a port: counted at least. */
	if ((family != AF_INET && family != AF_INET6) || sk->sk_type == SOCK_RAW_NR)
		return true;
	if (!sk->__sk_common.skc_num)
		return false;
	return state == TCP_LISTEN || state == TCP_CLOSE ||
	       (sk->sk_type == SOCK_DGRAM_NR && sock_locks(sk) & SOCK_BINDPORT_LOCK);
}

static __always_inline bool sock_wanted(struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;
	bool ip = family == AF_INET || family == AF_INET6;

	if (want.port && (!ip || sk->__sk_common.skc_num != want.port ||
			  sk->sk_type == SOCK_RAW_NR)) /* a raw socket's protocol is there */
		return false;
	if (want.family && want.family != (ip ? AF_INET : family))
		return false;
	return !want.bound || sock_is_bound(sk, family);
}

/* A socket without a file that is neither dead nor waiting in an accept queue is the kernel's. */
static __always_inline u16 sock_owner(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;

	return socket && !socket->file ? SF_KERNEL : 0;
}

u32 noted SEC(".bss") = 0; /* entries were made that the next pass has no use for */

/*
 * Tables of threads already told: files_struct -> pass << 32 | tid that told it.  Emptied by user
 * space before each pass.  Where it is full a table is told by each of its threads, which is the
 * same told more than once.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u64);
} tables SEC(".maps");

/*
 * The iterator passes over a thread that shares the table of its leader.  It visits every thread
 * of a process whose leader has exited, though those share one table as a rule: the first thread
 * seen with a table tells it, the others are passed over.
 */
static __always_inline bool table_is_told(struct task_struct *t, u64 files)
{
	u64 mine = (u64)want.pass << 32 | (u32)t->pid;
	u64 *first;

	if (t->pid == t->tgid)
		return false;
	first = bpf_map_lookup_elem(&tables, &files);
	if (first && *first >> 32 == want.pass)
		return *first != mine;
	bpf_map_update_elem(&tables, &files, &mine, BPF_ANY);
	noted = 1;
	return false;
}

#endif
