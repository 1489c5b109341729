/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UNIX sockets that are there, their names, and the sockets in flight between them.
 *
 * A socket sent by SCM_RIGHTS and not yet received is in no descriptor table.  Its file hangs on a
 * buffer in the receiver's queue: sk_receive_queue -> skb->cb (struct unix_skb_parms) -> fp[].  A
 * connection nobody has accepted yet has no inode; what waits there is told under its listener's.
 */
#ifndef PROBATE_SCAN_UNIX_BPF_H
#define PROBATE_SCAN_UNIX_BPF_H

#include "scan.bpf.h"

#define SKBS_MAX  1024 /* buffers of one queue that are looked at */
#define FILES_MAX 253  /* SCM_MAX_FD */
#define TOLD_MAX  200  /* a visit must fit into the kernel's buffer of 32 KiB */

struct unix_sock___listener {
	struct sock *listener; /* 6.10 */
} __attribute__((preserve_access_index));

static __always_inline void name_tell(struct seq_file *seq, struct unix_sock *u, u64 inode,
				      u64 cookie)
{
	struct unix_address *addr = u->addr;
	struct ev_scan_name e = {};
	s32 len;

	if (!addr || !may_probe)
		return;
	len = addr->len - 2; /* sun_family comes first */
	if (len <= 0 || len > UNIX_LEN + 1)
		return;
	if (len > UNIX_LEN)
		len = UNIX_LEN;
	bpf_probe_read_kernel(e.name.s, len & 127,
			      (void *)addr + bpf_core_type_size(struct unix_address) + 2);
	head_fill(&e.h, EV_KIND_SCAN_NAME, sizeof(e), NULL);
	e.inode = inode;
	e.cookie = cookie;
	/* The length of a path counts its NUL. */
	e.name.len = e.name.s[0] && !e.name.s[(len - 1) & 127] ? len - 1 : len;
	bpf_seq_write(seq, &e, sizeof(e));
}

static __always_inline bool file_tell(struct seq_file *seq, struct file *file, u64 queue)
{
	struct ev_scan_queue e = {};
	struct slot slot = file_socket_rd(file, true);
	struct sock *sk = slot.sk;
	u16 family;

	if (!sk)
		return false;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (want.port && (family == AF_UNIX || BPF_CORE_READ(sk, __sk_common.skc_num) != want.port))
		return false;
	head_fill(&e.h, EV_KIND_SCAN_QUEUE, sizeof(e), NULL);
	e.inode = slot.inode;
	e.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	sock_common_fill(SOCK_PART(&e), sk, true);
	e.queue = queue;
	bpf_seq_write(seq, &e, sizeof(e));
	return true;
}

/* Told in this visit.  Not in struct walk: the verifier would follow every value it can have. */
static u32 told;

/* A walk of one receive queue.  Pointers are kept as numbers: all reads are probe_reads. */
struct walk {
	struct seq_file *seq;
	u64 head, skb;
	u64 files;
	u64 queue;
};

static long file_step(u32 i, struct walk *w)
{
	struct file *file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), (void *)(w->files + i * sizeof(file)));
	if (file && file_tell(w->seq, file, w->queue))
		told++;
	return told >= TOLD_MAX;
}

static long skb_step(u32 i, struct walk *w)
{
	struct sk_buff *skb = (void *)w->skb;
	struct scm_fp_list *list = 0;
	struct unix_skb_parms *parms;
	u32 count;

	if (!skb || w->skb == w->head || told >= TOLD_MAX)
		return 1;
	parms = (void *)__builtin_preserve_access_index(&skb->cb);
	bpf_core_read(&list, sizeof(list), &parms->fp);
	if (list) {
		count = (u16)BPF_CORE_READ(list, count);
		w->files = (u64)__builtin_preserve_access_index(&list->fp);
		bpf_loop(count < FILES_MAX ? count : FILES_MAX, file_step, w, 0);
	}
	w->skb = (u64)BPF_CORE_READ(skb, next);
	return 0;
}

static __always_inline void queue_tell(struct seq_file *seq, struct sock *sk, u64 queue)
{
	struct walk w = {.seq = seq, .queue = queue};

	told = 0;
	w.head = (u64)__builtin_preserve_access_index(&sk->sk_receive_queue);
	w.skb = (u64)sk->sk_receive_queue.next;
	if (w.skb != w.head)
		bpf_loop(SKBS_MAX, skb_step, &w, 0);
}

static __always_inline u64 peer_inode(struct unix_sock *u)
{
	struct sock *peer = u->peer;

	return peer ? sock_inode(peer, false) : 0;
}

/* Where what is in flight to this socket is told: at the listener while nobody has accepted it. */
static __always_inline u64 queue_inode(struct unix_sock *u, u64 inode)
{
	struct unix_sock___listener *l = (void *)u;

	if (inode || !bpf_core_field_exists(l->listener) || !l->listener)
		return inode;
	return sock_inode(l->listener, false);
}

SEC("iter/unix")
int scan_unix(struct at_unix *ctx)
{
	struct unix_sock *u = ctx->unix_sk;
	struct seq_file *seq = ctx->meta->seq;
	struct ev_scan_sock e = {};
	struct sock *sk;

	if (!u)
		return 0;
	sk = (struct sock *)u;
	sock_fill(SOCK_PART(&e), sk, bpf_get_socket_cookie(u));
	if (sock_wanted(sk)) {
		head_fill(&e.h, EV_KIND_SCAN_SOCK, sizeof(e), NULL);
		e.sflags |= sock_owner(sk);
		e.peer = peer_inode(u);
		if (e.state == TCP_LISTEN)
			e.queued = sk->sk_receive_queue.qlen;
		bpf_seq_write(seq, &e, sizeof(e));
		name_tell(seq, u, e.inode, e.cookie);
	}
	/* Before 5.17 there is no bpf_loop: the names are told, the queues are not. */
	if (may_probe && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		queue_tell(seq, sk, queue_inode(u, e.inode));
	return 0;
}

#endif
