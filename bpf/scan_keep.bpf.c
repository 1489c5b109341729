/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What keeps a socket that no descriptor shows: threads that sleep in a call on it, and io_urings.
 *
 * A call that sleeps has the file until it returns, whoever closes the descriptor.  It stands on
 * the wait queue of the socket: with its task, or as poll() and select() do with a struct on its
 * stack.  A request of an io_uring stands there, too, and says itself which file it is about.  So
 * the queues of the sockets asked about are read first (keep_tcp, keep_udp, keep_unix), and then
 * the threads whose task or stack was met there are looked up (keep_tasks).  What an epoll set
 * waits for stands in those queues as well, but keeps nothing: it is passed over, as is whatever
 * else is not known by its shape.
 *
 * Files that are registered in an io_uring are in a table of its own.  Rings are found by their
 * descriptors (keep_files) and among those that a thread has registered (keep_tasks).
 *
 * Nothing is written to the iterators' own buffers; what is found lies in maps, which are as large
 * as what is told at most, and are emptied by user space.  A queue may change while it is read:
 * what has the shape of a waiter by chance has no thread with that stack, or no such file.
 */
#include "arch.bpf.h"
#include "iter.bpf.h"
#include "scan_keep.h"

#define WAITERS_MAX  256       /* of one socket that are looked at */
#define FIXED_MAX    (1 << 16) /* registered files of one ring, likewise */
#define RINGS_OWN    16	       /* rings a thread can have registered (IO_RINGFD_REG_MAX) */
#define ANON_MAGIC   0x09041934
#define PF_IO_WORKER 0x00000010
#define FILE_BITS    7ull /* of a registered file: flags */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MAP(name, max, k, v)                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, max);                                                          \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__type(key, k);                                                                    \
		__type(value, v);                                                                  \
	} name SEC(".maps")

MAP(asked, KEEP_ASKED, u64, u32);	      /* inodes of sockets */
MAP(files, KEEP_ASKED, u64, u64);	      /* struct file -> inode of the socket */
MAP(waiters, KEEP_FOUND, u64, struct waiter); /* by the address of the entry in the queue */
MAP(marks, 2 * KEEP_FOUND, u64, u32);	      /* tasks, and pages of stacks, that may be waiters */
MAP(sleepers, KEEP_FOUND, u64, struct sleeper); /* by task */
MAP(rings, KEEP_FOUND, u64, u32);		/* struct io_ring_ctx: looked at */
MAP(fixed, KEEP_ASKED, u64, struct fixed);	/* by the socket's inode */

#define KEPT __attribute__((preserve_access_index))

struct io_uring_task {
	struct task_struct *task;
	struct file *registered_rings[RINGS_OWN];
} KEPT;
struct io_kiocb {
	struct file *file;
	struct io_uring_task *tctx;
	struct task_struct *task; /* until 6.12 */
} KEPT;
struct io_rsrc_node {
	unsigned long file_ptr;
} KEPT;
struct io_rsrc_data {
	u32 nr;
	struct io_rsrc_node **nodes;
} KEPT;
struct io_fixed_file {
	unsigned long file_ptr;
} KEPT;
struct io_file_table {
	struct io_rsrc_data data;    /* from 6.13 on */
	struct io_fixed_file *files; /* until then */
} KEPT;
struct io_ring_ctx {
	struct io_file_table file_table;
	u32 nr_user_files; /* likewise */
} KEPT;
struct task_struct___uring {
	struct io_uring_task *io_uring;
} KEPT;
struct qstr___name {
	const unsigned char *name;
} KEPT;
struct dentry___name {
	struct qstr___name d_name;
} KEPT;
struct path___name {
	struct dentry___name *dentry;
} KEPT;
struct file___path {
	struct path___name f_path;
} KEPT;

/* ---- who waits on a socket ----------------------------------------------------------------- */

/* Pointers are kept as numbers: all reads are probe_reads. */
struct queue {
	u64 head, at;
	u64 file, inode;
};

/* A request of an io_uring for this file; its low bits are flags. */
static __always_inline void request_fill(struct waiter *w, u64 file)
{
	struct io_kiocb *req = (void *)(w->private & ~3ull);
	struct io_uring_task *tctx;
	struct task_struct *task = 0;

	if (!w->private || (u64)BPF_CORE_READ(req, file) != file)
		return;
	if (bpf_core_field_exists(req->tctx)) {
		tctx = BPF_CORE_READ(req, tctx);
		task = tctx ? BPF_CORE_READ(tctx, task) : 0;
	}
	if (!task && bpf_core_field_exists(req->task))
		task = BPF_CORE_READ(req, task);
	w->tgid = task ? BPF_CORE_READ(task, tgid) : 0;
}

static __always_inline void mark(u64 what)
{
	u32 one = 1;

	bpf_map_update_elem(&marks, &what, &one, BPF_ANY);
}

static long waiter_step(u32 i, struct queue *q)
{
	struct wait_queue_entry *entry;
	struct waiter w = {.inode = q->inode};

	if (!q->at || q->at == q->head)
		return 1;
	entry = (void *)(q->at - bpf_core_field_offset(struct wait_queue_entry, entry));
	w.entry = (u64)entry;
	w.private = (u64)BPF_CORE_READ(entry, private);
	request_fill(&w, q->file);
	if (!w.tgid) {
		mark(w.private);
		mark(w.private / KEEP_PAGE);
		mark(w.entry / KEEP_PAGE);
	}
	bpf_map_update_elem(&waiters, &w.entry, &w, BPF_ANY);
	q->at = (u64)BPF_CORE_READ(entry, entry.next);
	return 0;
}

/* `sk` is walked. */
static __always_inline void sock_look(struct sock *sk)
{
	u64 inode = sock_inode(sk, true);
	struct socket *socket;
	struct socket_wq *wq;
	struct queue q = {.inode = inode};

	if (!inode || !bpf_map_lookup_elem(&asked, &inode))
		return;
	socket = RD(true, sk, sk_socket);
	q.file = socket ? (u64)RD(true, socket, file) : 0;
	if (!q.file)
		return;
	bpf_map_update_elem(&files, &q.file, &inode, BPF_ANY);
	wq = (struct socket_wq *)(u64)RD(true, sk, sk_wq);
	if (!wq)
		return;
	q.head = (u64)__builtin_preserve_access_index(&wq->wait.head);
	q.at = (u64)BPF_CORE_READ(wq, wait.head.next);
	bpf_loop(WAITERS_MAX, waiter_step, &q, 0);
}

SEC("iter/tcp")
int keep_tcp(struct at_tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct sock *msk;
	struct tcp_sock *tp;

	if (!skc || skc->skc_state == TCP_TIME_WAIT)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp)
		return 0;
	msk = subflow_owner(tp);
	sock_look(msk ? msk : (struct sock *)tp);
	return 0;
}

SEC("iter/udp")
int keep_udp(struct at_udp *ctx)
{
	if (ctx->udp_sk)
		sock_look((struct sock *)ctx->udp_sk);
	return 0;
}

SEC("iter/unix")
int keep_unix(struct at_unix *ctx)
{
	if (ctx->unix_sk)
		sock_look((struct sock *)ctx->unix_sk);
	return 0;
}

/* ---- files registered in a ring ------------------------------------------------------------ */

struct ring_walk {
	u64 table; /* of pointers to nodes, or of files */
	u32 nr, tgid;
};

static long fixed_step(u32 i, struct ring_walk *w)
{
	struct io_rsrc_node *node;
	struct fixed f = {.tgid = w->tgid, .count = 1}, *known;
	u64 file = 0, *inode;

	if (i >= w->nr)
		return 1;
	bpf_probe_read_kernel(&file, sizeof(file), (void *)(w->table + i * 8ull));
	if (bpf_core_type_exists(struct io_rsrc_node)) {
		node = (void *)file;
		file = node ? BPF_CORE_READ(node, file_ptr) : 0;
	}
	file &= ~FILE_BITS;
	inode = file ? bpf_map_lookup_elem(&files, &file) : 0;
	if (!inode)
		return 0;
	known = bpf_map_lookup_elem(&fixed, inode);
	if (known)
		known->count++;
	else
		bpf_map_update_elem(&fixed, inode, &f, BPF_ANY);
	return 0;
}

static __always_inline void ring_look(struct io_ring_ctx *ctx, u32 tgid)
{
	struct ring_walk w = {.tgid = tgid};
	u64 at = (u64)ctx;
	u32 one = 1;

	if (!ctx || bpf_map_update_elem(&rings, &at, &one, BPF_NOEXIST))
		return; /* looked at already */
	if (bpf_core_field_exists(ctx->file_table.data)) {
		w.table = (u64)BPF_CORE_READ(ctx, file_table.data.nodes);
		w.nr = BPF_CORE_READ(ctx, file_table.data.nr);
	} else if (bpf_core_field_exists(ctx->nr_user_files)) {
		w.table = (u64)BPF_CORE_READ(ctx, file_table.files);
		w.nr = BPF_CORE_READ(ctx, nr_user_files);
	}
	if (w.table)
		bpf_loop(FIXED_MAX, fixed_step, &w, 0);
}

/* By its name, which nobody can give to another file of that file system. */
static __always_inline bool file_is_ring(struct file *file)
{
	static const char name[] = "[io_uring]";
	struct file___path *f = (void *)file;
	struct inode *inode = RD(true, file, f_inode);
	struct super_block *sb = inode ? RD(true, inode, i_sb) : 0;
	struct dentry___name *dentry;
	char is[sizeof(name)] = {};

	if (!sb || RD(true, sb, s_magic) != ANON_MAGIC)
		return false;
	dentry = BPF_CORE_READ(f, f_path.dentry);
	bpf_probe_read_kernel(is, sizeof(is), BPF_CORE_READ(dentry, d_name.name));
	for (u32 i = 0; i < sizeof(name); i++)
		if (is[i] != name[i])
			return false;
	return true;
}

SEC("iter/task_file")
int keep_files(struct at_task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;

	if (t && file && file_is_ring(file))
		ring_look((struct io_ring_ctx *)file->private_data, t->tgid);
	return 0;
}

/* ---- threads ------------------------------------------------------------------------------- */

/* A pointer as a number that may be calculated with, which the verifier takes only from a map. */
static __always_inline u64 address(void *p)
{
	static volatile u64 via; /* one reader at a time */

	via = (u64)p;
	return via;
}

static __always_inline bool is_marked(u64 what)
{
	return bpf_map_lookup_elem(&marks, &what);
}

static __always_inline void rings_look(struct task_struct *t)
{
	struct task_struct___uring *task = (void *)t;
	struct io_uring_task *own = RD(true, task, io_uring);
	struct file *file;

	for (u32 i = 0; own && i < RINGS_OWN; i++) {
		file = 0;
		bpf_core_read(&file, sizeof(file), &own->registered_rings[i]);
		if (file)
			ring_look((struct io_ring_ctx *)RD(true, file, private_data), t->tgid);
	}
}

SEC("iter/task")
int keep_tasks(struct at_task *ctx)
{
	struct task_struct *t = ctx->task;
	struct sleeper s = {};
	struct pt_regs *regs;

	if (!t)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(t);
	s.task = address(t);
	s.stack = address(t->stack);
	s.top = address(regs); /* the registers lie at its end */
	rings_look(t);
	if (!is_marked(s.task) && !is_marked(s.stack / KEEP_PAGE) && !is_marked(s.top / KEEP_PAGE))
		return 0;
	s.tgid = t->tgid;
	s.tid = t->pid;
	s.worker = t->flags & PF_IO_WORKER;
	s.nr = regs && !task_is_compat(t) ? SYS_NR(regs) : ~0u;
	bpf_map_update_elem(&sleepers, &s.task, &s, BPF_ANY);
	return 0;
}
