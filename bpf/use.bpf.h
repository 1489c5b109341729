/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First use of a listener or a datagram socket, once a table and slot.
 *
 * It tells who means to have a socket from who only inherited it: a program that waits in accept(),
 * or has the listener in an epoll set, uses it although no client came yet.
 */
#ifndef PROBATE_USE_BPF_H
#define PROBATE_USE_BPF_H

#include "filter.bpf.h"
#include "ring.bpf.h"
#include "sys.bpf.h"

#define EPOLL_CTL_ADD_NR 1

/* Sockets whose use was told already. */
struct use_key {
	u64 files, inode;
	u64 run; /* which process and which of its programs: files_structs are used again */
	u64 fd;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct use_key);
	__type(value, u8);
} used SEC(".maps");

/* Is it the first time that the process, as it runs now, does that? */
static __always_inline bool use_is_new(struct task_struct *task, u64 inode, s32 fd)
{
	struct use_key key = {.files = (u64)task->files,
			      .inode = inode,
			      .run = task_start(task) + task->self_exec_id,
			      .fd = fd};
	u8 one = 1;

	if (bpf_map_lookup_elem(&used, &key))
		return false;
	bpf_map_update_elem(&used, &key, &one, BPF_ANY);
	return true;
}

static __always_inline void use_event(struct task_struct *task, struct slot s, s32 fd)
{
	struct ev_use *e;

	if (!use_is_new(task, s.inode, fd))
		return;
	e = EV_NEW_IF(USE, use, task, sock_meant(task, s.sk, 0));
	if (!e)
		return;
	e->files = (u64)task->files;
	e->inode = s.inode;
	e->fd = fd;
	e->zero = 0;
	EV_SUBMIT(e);
}

/*
 * Somebody waits on the socket in this slot.  Connections are not told: their reads and writes are
 * not watched either.
 */
static __always_inline void use_tell(struct task_struct *task, s32 fd)
{
	struct slot s = task_socket(task, fd);
	struct sock *sk = s.sk;
	u16 type;
	u8 state;

	if (!sk)
		return;
	type = can_cast ? CAST(sock, sk)->sk_type : RD(true, sk, sk_type);
	state = RD(true, sk, __sk_common.skc_state);
	if (type == SOCK_DGRAM_NR || state == TCP_LISTEN)
		use_event(task, s, fd);
}

#endif
