/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UNIX sockets that are there, their names, and the sockets in flight between them.
 *
 * A socket sent by SCM_RIGHTS and not yet received is in no descriptor table.  Its file hangs on a
 * buffer in the receiver's queue: sk_receive_queue -> skb->cb (struct unix_skb_parms) -> fp[].  A
 * connection nobody has accepted yet has no inode; what waits there is told under its listener's.
 *
 * Nothing is written to the iterator's own buffer: when that runs full in the middle of a bucket,
 * the kernel does not show the rest of the bucket (6.18; 840 of 1,000 sockets).  Sockets and names
 * go into a ring, and what is in flight into a map, as it is a number a queue: the same file may be
 * in it many times.  User space empties the ring whenever a read is over, and the walk ends a read
 * only with the last socket of a bucket, from which the kernel goes on with the next.  So the walk
 * is one however many sockets there are, and the ring need only take a bucket (of 512).
 *
 * What finds no room all the same is counted; user space then asks again in parts that fit.  A
 * socket belongs to a part by its cookie and a file by its address, both of which stay: what was
 * there all the time is in one of the parts.
 */
#ifndef PROBATE_SCAN_UNIX_BPF_H
#define PROBATE_SCAN_UNIX_BPF_H

#include "scan.bpf.h"

#define UNIX_OUT  (1 << 20)
#define SKBS_MAX  (1 << 17) /* buffers of one queue that are looked at */
#define FILES_MAX 253	    /* SCM_MAX_FD */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, UNIX_OUT);
} unix_out SEC(".maps");

/* In flight: a file in a queue. */
struct flight_key {
	u64 file, queue;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flight_key);
	__type(value, struct ev_scan_queue);
} flights SEC(".maps");

struct unix_sock___listener {
	struct sock *listener; /* 6.10 */
} __attribute__((preserve_access_index));

static __always_inline bool part_is_asked(u64 by)
{
	return want.parts < 2 || (by * 0x9e3779b97f4a7c15ull >> 32) % want.parts == want.part;
}

static __always_inline void out_write(void *e, u32 size)
{
	met.room += size + 8; /* a record of the ring has a head of 8 bytes */
	met.waiting += size + 8;
	if (bpf_ringbuf_output(&unix_out, e, size, BPF_RB_NO_WAKEUP))
		met.refused++;
}

static __always_inline void name_tell(struct unix_sock *u, u64 inode, u64 cookie)
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
	unix_file_fill(UNIX_FILE(&e), u, false);
	out_write(&e, sizeof(e));
}

static __always_inline void file_fly(struct file *file, u64 queue)
{
	struct flight_key key = {.file = (u64)file, .queue = queue};
	struct ev_scan_queue e = {}, *known;
	struct slot slot;
	struct sock *sk;
	u16 family;

	known = bpf_map_lookup_elem(&flights, &key);
	if (known) {
		known->count++;
		return;
	}
	slot = file_socket_rd(file, true);
	sk = slot.sk;
	if (!sk)
		return;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	/* A UNIX socket may be the one whose queue holds what is asked for. */
	if (want.port && family != AF_UNIX && BPF_CORE_READ(sk, __sk_common.skc_num) != want.port)
		return;
	head_fill(&e.h, EV_KIND_SCAN_QUEUE, sizeof(e), NULL);
	e.inode = slot.inode;
	e.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	sock_common_fill(SOCK_PART(&e), sk, true);
	e.queue = queue;
	e.count = 1;
	met.flying++;
	if (bpf_map_update_elem(&flights, &key, &e, BPF_ANY))
		met.refused++;
}

/* A walk of one receive queue.  Pointers are kept as numbers: all reads are probe_reads. */
struct walk {
	u64 head, skb;
	u64 files;
	u64 queue;
};

static long file_step(u32 i, struct walk *w)
{
	struct file *file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), (void *)(w->files + i * sizeof(file)));
	if (file && part_is_asked((u64)file >> 4))
		file_fly(file, w->queue);
	return 0;
}

static long skb_step(u32 i, struct walk *w)
{
	struct sk_buff *skb = (void *)w->skb;
	struct scm_fp_list *list = 0;
	struct unix_skb_parms *parms;
	u32 count;

	if (!skb || w->skb == w->head)
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

static __always_inline void queue_tell(struct sock *sk, u64 queue)
{
	struct walk w = {.queue = queue};

	w.head = (u64)__builtin_preserve_access_index(&sk->sk_receive_queue);
	w.skb = (u64)sk->sk_receive_queue.next;
	if (w.skb != w.head && bpf_loop(SKBS_MAX, skb_step, &w, 0) == SKBS_MAX)
		met.cut++;
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

static __always_inline void unix_tell(struct unix_sock *u, struct sock *sk, u64 cookie)
{
	struct ev_scan_sock e = {};

	sock_fill(SOCK_PART(&e), sk, cookie);
	head_fill(&e.h, EV_KIND_SCAN_SOCK, sizeof(e), NULL);
	e.sflags |= sock_owner(sk);
	e.peer = peer_inode(u);
	if (e.state == TCP_LISTEN)
		e.queued = sk->sk_receive_queue.qlen;
	out_write(&e, sizeof(e));
	name_tell(u, e.inode, cookie);
}

/*
 * Much waits in the ring, and this was the last of its bucket: 1 ends the read.  A kernel that shows
 * it again then (before 5.18) has it passed over.
 */
static __always_inline int read_ends(struct sock *sk, u64 cookie)
{
	if (met.waiting < UNIX_OUT / 4 || sk->__sk_common.skc_node.next)
		return 0;
	met.ended = cookie;
	return 1;
}

SEC("iter/unix")
int scan_unix(struct at_unix *ctx)
{
	struct unix_sock *u = ctx->unix_sk;
	struct sock *sk;
	u64 cookie;

	if (!u)
		return 0;
	sk = (struct sock *)u;
	cookie = bpf_get_socket_cookie(u);
	if (cookie == met.ended)
		return 0;
	met.unx++;
	if (sock_wanted(sk) && part_is_asked(cookie))
		unix_tell(u, sk, cookie);
	/* Before 5.17 there is no bpf_loop: the names are told, the queues are not. */
	if (may_probe && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))
		queue_tell(sk, queue_inode(u, sock_inode(sk, false)));
	return read_ends(sk, cookie);
}

#endif
