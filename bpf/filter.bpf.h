/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the user asked for, tested before anything is put into the ring.
 *
 * All but the tree is constant at load, so the verifier removes the tests nobody asked for.  The
 * port is asked of events about a socket only.  Who acts on a TCP socket is not known when its
 * state changes in an interrupt; sockets made by a process that passed are remembered instead.
 *
 * Who acts may not be enough (user/run/options.c): with want_wide all is sent, and what is not
 * asked for is left out when it is shown.  Then the same tests tell whose an event is that found no
 * room: what is lost is counted for the reader if it would have been shown.
 */
#ifndef PROBATE_FILTER_BPF_H
#define PROBATE_FILTER_BPF_H

#include "core_task.bpf.h"
#include "ring.bpf.h"

const volatile u64 want_kinds = ~0ull;
const volatile u32 want_pid = 0;
const volatile bool want_has_uid = false;
const volatile u32 want_uid = 0;
const volatile u16 want_port = 0;
const volatile bool want_has_comm = false;
const volatile struct comm want_comm __attribute__((aligned(8))) = {};
const volatile bool makers = false; /* tell who opened what is found open */
const volatile bool lean = false;   /* no system call hooks: tell what they would */

const volatile bool want_wide = false; /* but for the kinds and the tree */

u32 tree_on = 0; /* only members of `tree` */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536); /* set before load */
	__type(key, u32);	    /* tgid */
	__type(value, u8);
} tree SEC(".maps");

/* Sockets that a process which passed the filter has made: address of the struct sock. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536); /* set before load */
	__type(key, u64);
	__type(value, u8);
} mine SEC(".maps");

#define WANTED(ID) (want_kinds >> EV_KIND_##ID & 1)

static __always_inline bool tree_has(u32 tgid)
{
	return bpf_map_lookup_elem(&tree, &tgid);
}

/* Where it is full, what the child does is not told: at least one event is lost. */
static __always_inline void tree_add(u32 tgid)
{
	u8 one = 1;

	if (bpf_map_update_elem(&tree, &tgid, &one, BPF_ANY))
		ring_lose(EV_KIND_FORK);
}

static __always_inline bool comm_matches(struct task_struct *task)
{
	const volatile u64 *ask = (const volatile u64 *)&want_comm;
	u64 have[2] = {};

	/* As a string: what is behind the NUL is not always 0. */
	bpf_core_read_str(have, sizeof(have), &task->group_leader->comm);
	return have[0] == ask[0] && have[1] == ask[1];
}

/* Is this (trusted) task asked for, or a process `other` (0: none) to which it does something? */
static __always_inline bool task_asked(struct task_struct *task, u32 other)
{
	if (want_pid && (u32)task->tgid != want_pid && other != want_pid)
		return false;
	if (want_has_uid && task->real_cred->uid.val != want_uid)
		return false;
	return !want_has_comm || comm_matches(task);
}

/* Is what it does told? */
static __always_inline bool task_passes(struct task_struct *task)
{
	if (!want_wide && !task_asked(task, 0))
		return false;
	return !tree_on || tree_has(task->tgid);
}

/* Of one that passed, is it meant for the reader?  With a port only what has one is. */
static __always_inline bool task_meant(struct task_struct *task, u32 other)
{
	return !want_wide || (!want_port && task_asked(task, other));
}

/* Does anything ask who acts? */
static __always_inline bool filter_by_task(void)
{
	return want_pid || want_has_comm || tree_on;
}

static __always_inline bool port_asked(struct sock *sk, const bool walked)
{
	u16 port = want_port;

	if (!port)
		return true;
	return RD(walked, sk, __sk_common.skc_num) == port ||
	       bpf_ntohs(RD(walked, sk, __sk_common.skc_dport)) == port;
}

static __always_inline bool port_passes(struct sock *sk, const bool walked)
{
	return want_wide || port_asked(sk, walked);
}

/* What a task does to a (walked) socket. */
static __always_inline bool sock_meant(struct task_struct *task, struct sock *sk, u32 other)
{
	return !want_wide || (task_asked(task, other) && port_asked(sk, true));
}

/* Of a TCP socket at any time: at its end skc_num is 0 already, inet_sport is not. */
static __always_inline bool tcp_port_asked(struct sock *sk)
{
	return port_asked(sk, false) ||
	       bpf_ntohs(RD(true, (struct inet_sock *)sk, inet_sport)) == want_port;
}

/*
 * Only TCP sockets: they have state changes to tell, and say when they are gone.  Where the map is
 * full, those of this one are not told: at least one event is lost.
 */
static __always_inline void mine_add(struct task_struct *task, struct sock *sk)
{
	u64 key = (u64)sk;
	u8 one = 1;

	if (filter_by_task() && (!want_wide || task_asked(task, 0)) &&
	    RD(true, sk, sk_protocol) == IPPROTO_TCP &&
	    bpf_map_update_elem(&mine, &key, &one, BPF_ANY))
		ring_lose(EV_KIND_STATE);
}

static __always_inline void mine_drop(struct sock *sk)
{
	u64 key = (u64)sk;

	if (filter_by_task())
		bpf_map_delete_elem(&mine, &key);
}

static __always_inline bool mine_has(struct sock *sk)
{
	u64 key = (u64)sk;

	return bpf_map_lookup_elem(&mine, &key);
}

#endif
