/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CO-RE accessors: sockets, files and descriptor tables of the running kernel; tasks: core_task.bpf.h.
 *
 * A pointer is either trusted (an argument of a tp_btf program or an iterator, or reached from one
 * by fields: read directly, the cheapest) or walked (a number read out of memory, such as a slot
 * of a descriptor table).  A walked one is made readable by bpf_rdonly_cast() where the kernel has
 * it (6.2+), which also works under lockdown=confidentiality; else it is read by probe_read.
 * Every accessor takes `walked` as a constant and compiles to one of the two.
 */
#ifndef PROBATE_CORE_BPF_H
#define PROBATE_CORE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "events.h"

#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define AF_NETLINK	16
#define AF_PACKET	17
#define AF_VSOCK	40
#define SOCK_STREAM_NR	1
#define SOCK_DGRAM_NR	2
#define SOCK_RAW_NR	3
#define S_IFMT		00170000
#define S_IFSOCK	0140000
#define SOCKFS_MAGIC	0x534F434B
#define PIDFS_MAGIC	0x50494446
#define PF_KTHREAD	0x00200000
#define INIT_PIDNS_INUM 0xEFFFFFFCu /* PROC_PID_INIT_INO */
/* SIGNAL_GROUP_EXIT; 8 was SIGNAL_GROUP_COREDUMP, the same with a dump, before 5.17. */
#define SIGNAL_GROUP_EXIT_BIT 12

/* Set before load when the kernel's BTF has the kfunc. */
const volatile bool can_cast __weak = false;
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#ifndef MAY_PROBE /* iterators are loaded without any probe_read where lockdown refuses that */
#define MAY_PROBE true
#endif

#ifndef CAST
#define CAST(type, addr)                                                                           \
	((struct type *)bpf_rdonly_cast((void *)(addr), bpf_core_type_id_kernel(struct type)))
#endif

/*
 * A trusted pointer made plain.  For each pointer reached from a trusted one the verifier (6.3+)
 * looks up several names in the whole of the kernel's types, 0.5 ms each: loading takes three times
 * as long.  A plain one is read the same way, but no helper takes it.
 */
static __always_inline struct task_struct *task_plain(struct task_struct *task)
{
	return can_cast ? CAST(task_struct, task) : task;
}

static __always_inline struct sock *sock_plain(struct sock *sk)
{
	return can_cast ? CAST(sock, sk) : sk;
}

static __always_inline struct task_struct *task_current(void)
{
	return task_plain(bpf_get_current_task_btf());
}

/* One field of *p, by the constant w (walked). */
#define RD(w, p, f)                                                                                \
	({                                                                                         \
		typeof((p)->f) __v;                                                                \
		if (w)                                                                             \
			bpf_core_read((void *)&__v, sizeof(__v), &(p)->f);                         \
		else                                                                               \
			__v = (p)->f;                                                              \
		__v;                                                                               \
	})
#define RD_BITS(w, p, f) ((w) ? BPF_CORE_READ_BITFIELD_PROBED(p, f) : BPF_CORE_READ_BITFIELD(p, f))

/* What SOCK_FIELDS expands to; always right behind the head of an event. */
struct sock_part {
	SOCK_FIELDS(FIELD_DECL)
};
#define SOCK_PART(e) ((struct sock_part *)&(e)->inode)

/* Since 6.18 the inode number is kept in struct sock. */
struct sock___ino {
	unsigned long sk_ino;
} __attribute__((preserve_access_index));

static __always_inline u32 net_inum(struct sock *sk, const bool walked)
{
	struct net *net = RD(walked, sk, __sk_common.skc_net.net);

	return net ? RD(walked, net, ns.inum) : 0;
}

/* 0 for a socket without a file: not accepted yet, or closed. */
static __always_inline u64 sock_inode(struct sock *sk, const bool walked)
{
	struct sock___ino *ino = (void *)sk;
	struct socket *socket;
	struct inode *inode;
	struct file *file;

	if (bpf_core_field_exists(ino->sk_ino))
		return RD(walked, ino, sk_ino);
	socket = RD(walked, sk, sk_socket);
	file = socket ? RD(walked, socket, file) : 0;
	inode = file ? RD(walked, file, f_inode) : 0;
	return inode ? RD(walked, inode, i_ino) : 0;
}

/* RAW sockets keep their protocol where others keep the port. */
static __always_inline void sock_ports(struct sock_part *p, struct sock *sk, const bool walked)
{
	if (PROTO_TYPE(p->proto) == SOCK_RAW_NR)
		return;
	p->local.port = RD(walked, sk, __sk_common.skc_num);
	p->remote.port = bpf_ntohs(RD(walked, sk, __sk_common.skc_dport));
}

/* Families whose addresses are numbers; see struct ep.  A kernel may be without any of them. */
struct netlink_sock___num {
	u32 portid;
} __attribute__((preserve_access_index));
struct packet_sock___num {
	u16 num;
	int ifindex;
} __attribute__((preserve_access_index));
struct sockaddr_vm___num {
	u32 svm_port, svm_cid;
} __attribute__((preserve_access_index));
struct vsock_sock___num {
	struct sockaddr_vm___num local_addr;
} __attribute__((preserve_access_index));

static __always_inline void numbers_fill(struct ep *ep, u32 first, u32 second, u32 set)
{
	u32 n[3] = {first, second, set};

	if (set)
		__builtin_memcpy(ep->ip, n, sizeof(n));
}

static __always_inline void sock_numbers(struct ep *ep, struct sock *sk, u16 family)
{
	struct packet_sock___num *packet = (void *)sk;
	struct netlink_sock___num *netlink = (void *)sk;
	struct vsock_sock___num *vsock = (void *)sk;
	u32 port;

	if (!MAY_PROBE)
		return;
	if (family == AF_NETLINK && bpf_core_type_exists(struct netlink_sock___num)) {
		port = RD(true, netlink, portid);
		numbers_fill(ep, port, 0, port != 0);
	} else if (family == AF_PACKET && bpf_core_type_exists(struct packet_sock___num)) {
		numbers_fill(ep, RD(true, packet, ifindex), bpf_ntohs(RD(true, packet, num)), 1);
	} else if (family == AF_VSOCK && bpf_core_type_exists(struct vsock_sock___num)) {
		port = RD(true, vsock, local_addr.svm_port);
		numbers_fill(ep, port, RD(true, vsock, local_addr.svm_cid), port != ~0u);
	}
}

/* An IPv6 socket that speaks IPv4 has mapped addresses (::ffff:a.b.c.d) in its own fields. */
static __always_inline void sock_addrs(struct sock_part *p, struct sock *sk, u16 family,
				       const bool walked)
{
	__builtin_memset(&p->local, 0, sizeof(p->local));
	__builtin_memset(&p->remote, 0, sizeof(p->remote));
	if (family == AF_INET) {
		u32 laddr = RD(walked, sk, __sk_common.skc_rcv_saddr);
		u32 raddr = RD(walked, sk, __sk_common.skc_daddr);

		__builtin_memcpy(p->local.ip, &laddr, 4);
		__builtin_memcpy(p->remote.ip, &raddr, 4);
	} else if (family == AF_INET6) {
		struct in6_addr laddr = RD(walked, sk, __sk_common.skc_v6_rcv_saddr);
		struct in6_addr raddr = RD(walked, sk, __sk_common.skc_v6_daddr);

		__builtin_memcpy(p->local.ip, &laddr, 16);
		__builtin_memcpy(p->remote.ip, &raddr, 16);
	} else {
		sock_numbers(&p->local, sk, family);
		return;
	}
	sock_ports(p, sk, walked);
	if (p->local.port)
		p->local.family = family;
	if (p->remote.port)
		p->remote.family = family;
}

static __always_inline u16 sock_flags(struct sock *sk, const bool walked)
{
	u64 dead = 1ull << bpf_core_enum_value(enum sock_flags, SOCK_DEAD);
	u16 f = 0;

	if (RD_BITS(walked, sk, __sk_common.skc_reuseport))
		f |= SF_REUSEPORT;
	if (RD_BITS(walked, sk, __sk_common.skc_reuse))
		f |= SF_REUSEADDR;
	if (RD_BITS(walked, sk, __sk_common.skc_ipv6only))
		f |= SF_V6ONLY;
	if (RD(walked, sk, __sk_common.skc_bound_dev_if))
		f |= SF_DEVICE;
	if (RD_BITS(walked, sk, sk_kern_sock))
		f |= SF_KERNEL;
	if (RD(walked, sk, __sk_common.skc_flags) & dead)
		f |= SF_DEAD;
	return f;
}

/* All of SOCK_FIELDS but inode and cookie. */
static __always_inline void sock_common_fill(struct sock_part *p, struct sock *sk,
					     const bool walked)
{
	u16 family = RD(walked, sk, __sk_common.skc_family);

	p->netns = net_inum(sk, walked);
	p->uid = RD(walked, sk, sk_uid.val);
	p->proto = SOCK_PROTO(family, RD(walked, sk, sk_type), RD(walked, sk, sk_protocol));
	/* An accepted MPTCP socket is a copy of the listener, cookie and all: no name of its own. */
	if (PROTO_PROTOCOL(p->proto) == IPPROTO_MPTCP)
		p->cookie = 0;
	p->state = RD(walked, sk, __sk_common.skc_state);
	p->sflags = sock_flags(sk, walked);
	sock_addrs(p, sk, family, walked);
}

/*
 * SOCK_FIELDS of a trusted socket.  The cookie is the caller's: bpf_get_socket_cookie() takes
 * arguments of programs only, and makes one where none is.  The pointer stays trusted: the JIT
 * guards every load from a plain one, and this runs nine times a connection.
 */
static __always_inline void sock_fill(struct sock_part *p, struct sock *sk, u64 cookie)
{
	p->inode = sock_inode(sk, false);
	p->cookie = cookie;
	sock_common_fill(p, sk, false);
}

/* SOCK_FIELDS of a walked socket whose inode is known (it came from a file); cookie may be 0. */
static __always_inline void sock_fill_walked(struct sock_part *p, struct sock *sk, u64 inode)
{
	p->inode = inode;
	if (can_cast) {
		sk = CAST(sock, sk);
		p->cookie = sk->__sk_common.skc_cookie.counter;
		sock_common_fill(p, sk, false);
	} else {
		p->cookie = RD(true, sk, __sk_common.skc_cookie.counter);
		sock_common_fill(p, sk, true);
	}
}

/* A path is kept with its final NUL by the kernel (5.x and later); the name is told without. */
static __always_inline void unix_name_trim(struct unix_name *name)
{
	u32 last = name->len - 1;

	if (name->len && name->s[0] && last < UNIX_LEN && !name->s[last])
		name->len--;
}

/* Name of a UNIX socket; works for trusted and walked ones (names are seldom read). */
static __always_inline void unix_name_fill(struct unix_name *name, struct sock *sk)
{
	struct unix_address *addr = RD(true, (struct unix_sock *)sk, addr);
	u64 len = addr ? (u32)RD(true, addr, len) : 0;

	__builtin_memset(name, 0, sizeof(*name));
	if (len <= 2)
		return;
	len -= 2; /* sun_family */
	if (len > UNIX_LEN)
		len = UNIX_LEN;
	asm volatile("%0 &= 127" : "+r"(len)); /* for the verifier */
	if (len > UNIX_LEN)
		return;
	if (bpf_probe_read_kernel(name->s, len,
				  (void *)__builtin_preserve_access_index(&addr->name) + 2))
		return;
	name->len = len;
	unix_name_trim(name);
}

/* ---- MPTCP ----------------------------------------------------------------------------- */

struct tcp_sock___mptcp {
	bool is_mptcp; /* 5.6 */
} __attribute__((preserve_access_index));
struct inet_connection_sock___mptcp {
	void *icsk_ulp_data;
} __attribute__((preserve_access_index));
struct mptcp_subflow_context {
	struct sock *conn;
} __attribute__((preserve_access_index));

/*
 * What stands behind a descriptor is the MPTCP socket.  The TCP sockets below it, its subflows, are
 * made by the kernel, stand behind no descriptor, and belong to it: what is told of them is told of
 * it.  It outlives them.  Its address, walked; NULL: not a subflow.
 */
static __always_inline bool tcp_is_subflow(struct tcp_sock *tp)
{
	struct tcp_sock___mptcp *mp = (void *)tp;

	return bpf_core_field_exists(mp->is_mptcp) && mp->is_mptcp;
}

static __always_inline struct sock *subflow_owner(struct tcp_sock *tp)
{
	struct inet_connection_sock___mptcp *icsk = (void *)tp;
	struct mptcp_subflow_context *subflow = 0;

	if (!tcp_is_subflow(tp) || !bpf_core_field_exists(subflow->conn))
		return 0;
	subflow = icsk->icsk_ulp_data;
	return subflow ? RD(true, subflow, conn) : 0;
}

/* ---- the file of a UNIX name ----------------------------------------------------------- */

/* What UNIX_FILE_FIELDS expands to: the last fields of an event that has them. */
struct unix_file {
	UNIX_FILE_FIELDS(FIELD_DECL)
};
#define UNIX_FILE(e) ((struct unix_file *)&(e)->file)

/* The file that bind() of a path made; none of an abstract name. */
static __always_inline void unix_file_fill(struct unix_file *f, struct unix_sock *u,
					   const bool walked)
{
	struct dentry *dentry = RD(walked, u, path.dentry);
	struct inode *inode = dentry ? RD(walked, dentry, d_inode) : 0;
	struct super_block *sb = inode ? RD(walked, inode, i_sb) : 0;

	f->file = inode ? RD(walked, inode, i_ino) : 0;
	f->file_dev = sb ? RD(walked, sb, s_dev) : 0;
	f->file_names = inode ? RD(walked, inode, __i_nlink) + 1 : 0;
}

/* ---- files ----------------------------------------------------------------------------- */

/* What a slot of a descriptor table holds, when it is a socket. */
struct slot {
	struct sock *sk; /* walked; NULL: not a socket */
	u64 inode;
};

/*
 * A socket's file has mode S_IFSOCK and sits in sockfs; an O_PATH descriptor of a UNIX socket's
 * node in a file system has the mode only, and another private_data.
 */
static __always_inline struct slot file_socket_rd(struct file *file, const bool walked)
{
	struct inode *inode = RD(walked, file, f_inode);
	struct slot none = {}, s = {};
	struct super_block *sb;
	void *private;

	if (!inode || (RD(walked, inode, i_mode) & S_IFMT) != S_IFSOCK)
		return none;
	sb = RD(walked, inode, i_sb);
	if (!sb || RD(walked, sb, s_magic) != SOCKFS_MAGIC)
		return none;
	private = RD(walked, file, private_data);
	s.inode = RD(walked, inode, i_ino);
	if (walked)
		s.sk = RD(true, (struct socket *)private, sk);
	else
		s.sk = can_cast ? CAST(socket, private)->sk
				: RD(true, (struct socket *)private, sk);
	return s;
}

/* The socket behind a trusted file. */
static __always_inline struct slot file_socket(struct file *file)
{
	return file_socket_rd(file, false);
}

/* The socket behind a walked file. */
static __always_inline struct slot file_socket_walked(struct file *file)
{
	if (can_cast)
		return file_socket_rd(CAST(file, file), false);
	return file_socket_rd(file, true);
}

/* f_count became f_ref in 6.13, which counts from -1. */
struct file___count {
	struct {
		s64 counter;
	} f_count;
} __attribute__((preserve_access_index));
struct file___ref {
	struct {
		s64 counter;
	} f_ref;
} __attribute__((preserve_access_index));

/* References to a walked file: slots, calls under way, messages in queues, rings.  0: not known. */
static __always_inline u32 file_refs(struct file *file)
{
	struct file___ref *now = (void *)file;
	struct file___count *then = (void *)file;
	s64 n = 0;

	if (bpf_core_field_exists(now->f_ref)) {
		bpf_core_read(&n, sizeof(n), &now->f_ref);
		n++;
	} else if (bpf_core_field_exists(then->f_count)) {
		bpf_core_read(&n, sizeof(n), &then->f_count);
	}
	return n > 0 && n < 0x7fffffff ? n : 0;
}

#define HEIR_STEPS 64 /* threads looked at */

/* Another thread of the process that uses that table; 0: none among the first. */
static __always_inline u32 task_heir(struct task_struct *task, u64 files)
{
	void *head =
		(void *)task->signal + bpf_core_field_offset(struct signal_struct, thread_head);
	u32 offset = bpf_core_field_offset(struct task_struct, thread_node);
	struct list_head *node = head;
	struct task_struct *other;

	for (int i = 0; i < HEIR_STEPS; i++) {
		node = RD(true, node, next);
		if (!node || (void *)node == head)
			return 0;
		other = (void *)node - offset;
		if (other != task && (u64)RD(true, other, files) == files)
			return RD(true, other, pid);
	}
	return 0;
}

/* The file in a slot, walked; NULL: empty.  `files` is trusted. */
static __always_inline struct file *files_file(struct files_struct *files, u32 fd)
{
	struct fdtable *fdt = files->fdt;
	struct file *file = 0;
	struct file **array;

	if (fd >= fdt->max_fds)
		return 0;
	array = fdt->fd;
	bpf_probe_read_kernel(&file, sizeof(file), array + fd);
	/* Files marked in their low bits: none so far; a file is aligned to 8. */
	return file;
}

static __always_inline bool files_cloexec(struct files_struct *files, u32 fd)
{
	struct fdtable *fdt = files->fdt;
	unsigned long *words = fdt->close_on_exec, word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), words + fd / 64);
	return word >> (fd % 64) & 1;
}

#endif
