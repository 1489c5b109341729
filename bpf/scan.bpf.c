/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is there: iterators over tasks, descriptors and sockets, as scan_* events.
 *
 * The pointers an iterator hands out are typed, so that structs are read by plain dereference (a
 * load that the kernel lets fault): no helper call, and it works under lockdown=confidentiality,
 * where every probe_read helper is refused.  What only probe_read can reach (bitmaps, skb->cb,
 * nested pids) is guarded by `may_probe`; where that is off the verifier never sees the call.
 *
 * A record is written whole, on the stack first: bpf_seq_write drops all that a visit wrote when
 * the buffer runs full, and visits again.
 */
#include "scan.bpf.h"
#include "scan_port.bpf.h"
#include "scan_stuck.bpf.h"
#include "scan_unix.bpf.h"

#define SIGCHLD		    17
#define SA_NOCLDWAIT	    2
#define SIGNAL_STOP_STOPPED 1
#define TASK_INTERRUPTIBLE  1
#define NR_WAIT4	    61
#define NR_WAITID	    247
#define P_PID		    1

/* struct pt_regs; its layout is an ABI, so it needs no relocation. */
struct regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* ---- tasks ------------------------------------------------------------------------------- */

/* SA_NOCLDWAIT reaps children as SIG_IGN does. */
static __always_inline u32 task_sigchld(struct task_struct *t)
{
	struct sighand_struct *hand = t->sighand;
	unsigned long handler;

	if (!hand)
		return 0;
	handler = (unsigned long)hand->action[SIGCHLD - 1].sa.sa_handler;
	if (handler == 1 || hand->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDWAIT)
		return 1;
	return handler ? 2 : 0;
}

/* Few tasks are below the initial namespace, so the common one takes no helper call. */
static __always_inline void nspids_fill(struct ev_scan_task *e, struct task_struct *t)
{
	struct pid *pid = t->thread_pid;
	struct pid_namespace *ns;
	struct upid nr;
	u32 level, i;

	if (!pid)
		return;
	level = pid->level;
	e->pidns = INIT_PIDNS_INUM;
	e->flags |= t->pid == 1 ? TASK_NSINIT : 0;
	if (!level)
		return;
	e->pidns = 0;
	if (!may_probe)
		return;
	for (i = 1; i <= NS_LEVELS && i <= level; i++) {
		if (nspid_read(&nr, pid, i))
			return;
		e->nspid.nr[i - 1] = nr.nr;
	}
	if (nspid_read(&nr, pid, level))
		return;
	ns = nr.ns;
	e->pidns = BPF_CORE_READ(ns, ns.inum);
	e->flags |= nr.nr == 1 ? TASK_NSINIT : 0;
}

/*
 * Registers saved at the system call; NULL where they cannot be had.  Only what the verifier trusts
 * may be asked for.
 */
static __always_inline struct regs *task_regs(struct task_struct *t)
{
#ifdef __TARGET_ARCH_x86
	return may_regs ? (struct regs *)bpf_task_pt_regs(t) : NULL;
#else
	return NULL;
#endif
}

/* orig_ax is no call number in a task interrupted in user mode, but that one does not sleep. */
static __always_inline void wait_fill(struct ev_scan_task *e, struct task_struct *t,
				      struct regs *regs)
{
	u64 nr;

	/* Beside the bit is TASK_FREEZABLE from 6.1 on, where the kernel was built with it. */
	if (!may_regs || !regs || !(t->__state & TASK_INTERRUPTIBLE) || t->flags & PF_KTHREAD)
		return;
	nr = regs->orig_ax;
	if (nr != NR_WAIT4 && nr != NR_WAITID)
		return;
	e->flags |= TASK_IN_WAIT;
	if (nr == NR_WAIT4)
		e->wait_pid = (s32)regs->di;
	else if (regs->di == P_PID)
		e->wait_pid = (s32)regs->si;
}

/*
 * A leader that has exited is a zombie when nothing of its group lives on.  signal->live counts the
 * threads that have not begun to exit; a group exit under way is neither headless nor dead yet, nor
 * is the old leader while another thread execs.
 */
static __always_inline void task_life(struct ev_scan_task *e, struct task_struct *t,
				      struct signal_struct *sig)
{
	if (t->exit_state) {
		if (sig->live.counter <= 0) {
			e->flags |= TASK_ZOMBIE;
			e->status = sig->flags & SIGNAL_GROUP_EXIT_BIT ? sig->group_exit_code
								       : t->exit_code;
		} else if (!(sig->flags & SIGNAL_GROUP_EXIT_BIT)) {
			e->flags |= TASK_HEADLESS;
		}
	}
	if (sig->flags & SIGNAL_STOP_STOPPED)
		e->flags |= TASK_STOPPED;
	if (!t->exit_state && sig->live.counter <= 0)
		e->flags |= TASK_EXITING;
	if (t->flags & PF_KTHREAD)
		e->flags |= TASK_KTHREAD;
	if (BPF_CORE_READ_BITFIELD(sig, is_child_subreaper))
		e->flags |= TASK_SUBREAPER;
	if (bpf_core_field_exists(sig->core_state) && sig->core_state) /* 5.16 */
		e->flags |= TASK_DUMPING;
}

static __always_inline void task_spaces(struct ev_scan_task *e, struct task_struct *t)
{
	struct nsproxy *ns = t->nsproxy;

	if (ns) {
		struct net *net = ns->net_ns;
		struct mnt_namespace *mnt = ns->mnt_ns;

		e->netns = net ? net->ns.inum : 0;
		e->mntns = mnt ? mnt->ns.inum : 0;
	}
	e->cgroup = task_cgroup(t);
}

SEC("iter/task")
int scan_tasks(struct at_task *ctx)
{
	struct task_struct *t = ctx->task, *parent;
	struct ev_scan_task e = {};
	struct signal_struct *sig;
	struct regs *regs;

	if (!t || t->pid != t->tgid)
		return 0;
	regs = task_regs(t);
	t = task_plain(t);
	sig = t->signal;
	if (!sig)
		return 0;
	head_fill(&e.h, EV_KIND_SCAN_TASK, sizeof(e), t);
	e.start = task_start(t);
	e.files = (u64)t->files;
	parent = t->real_parent;
	e.parent = parent ? parent->tgid : 0;
	e.parent_tid = parent && parent->pid ? parent->pid : t->pid; /* the first has none */
	if (t->ptrace)
		e.tracer = t->parent->tgid;
	e.sid = task_sid(t);
	e.pgid = task_pgid(t);
	e.tty = task_tty(t);
	e.uid = t->real_cred->uid.val;
	e.exit_signal = t->exit_signal < 0 ? 0 : t->exit_signal;
	e.sigchld = task_sigchld(t);
	e.wait_pid = -1;
	task_life(&e, t, sig);
	nspids_fill(&e, t);
	task_spaces(&e, t);
	wait_fill(&e, t, regs);
	if (!(t->flags & PF_KTHREAD))
		plight_fill(&e, t, sig, may_regs && regs ? regs->orig_ax : 0);
	__builtin_memcpy(e.name.s, t->comm, COMM_LEN);
	bpf_seq_write(ctx->meta->seq, &e, sizeof(e));
	return 0;
}

/* ---- descriptors --------------------------------------------------------------------------- */

#define QUEUE_MAX 16 /* of one socket that are looked at; beyond, somebody does wait */
#define SHAPE	  __attribute__((preserve_access_index))

struct eventpoll {
	wait_queue_head_t wq, poll_wait;
	struct file *file;
} SHAPE;
struct epitem {
	struct eventpoll *ep;
} SHAPE;
struct eppoll_entry {
	struct epitem *base;
	wait_queue_entry_t wait;
} SHAPE;

#define QUEUE_EMPTY(queue)                                                                         \
	((u64)BPF_CORE_READ(queue, head.next) ==                                                   \
	 (u64)__builtin_preserve_access_index(&(queue)->head))

/*
 * That a socket is in an epoll set says that the one who made the set serves it, be it busy.  But
 * who inherits a socket often inherits the set as well, which then outlives its maker with nobody
 * in epoll_wait().
 */
static __always_inline bool epoll_waits(u64 entry, u64 own)
{
	struct eppoll_entry *e = (void *)(entry - bpf_core_field_offset(struct eppoll_entry, wait));
	struct eventpoll *ep = BPF_CORE_READ(e, base, ep);

	if (!ep || (u64)BPF_CORE_READ(ep, file, f_cred) == own)
		return true;
	return !QUEUE_EMPTY(&ep->wq) || !QUEUE_EMPTY(&ep->poll_wait);
}

/* In accept(), in a read, in poll(), or with it in an epoll set: all of them are on its queue. */
static __always_inline u32 sock_waits(struct sock *sk, u64 own)
{
	struct socket_wq *wq = (struct socket_wq *)(u64)sk->sk_wq;
	struct wait_queue_entry *entry;
	u64 at, queue;

	if (!wq || !may_probe)
		return 0;
	queue = (u64)__builtin_preserve_access_index(&wq->wait.head);
	at = (u64)BPF_CORE_READ(wq, wait.head.next);
	for (u32 i = 0; i < QUEUE_MAX; i++) {
		if (!at || at == queue)
			return 2;
		entry = (void *)(at - bpf_core_field_offset(struct wait_queue_entry, entry));
		/* of all that stand there only an epoll set has no task, request or poll() to wake
		 */
		if (BPF_CORE_READ(entry, private) || !bpf_core_type_exists(struct eppoll_entry) ||
		    epoll_waits((u64)entry, own))
			return 1;
		at = (u64)BPF_CORE_READ(entry, entry.next);
	}
	return 1;
}

/* Who made a socket waits on it or not as work comes; of one that was inherited it tells a lot. */
static __always_inline void maker_fill(struct ev_scan_fd *e, struct task_struct *t,
				       struct file *file, struct sock *sk)
{
	struct makers m = task_makers(task_plain(t));

	e->maker = file_maker((u64)file->f_cred, &m);
	if (e->maker != e->h.tgid)
		e->waits = sock_waits(sk, m.own);
}

SEC("iter/task_file")
int scan_fds(struct at_task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *file = ctx->file;
	struct files_struct *files;
	struct ev_scan_fd e = {};
	struct socket *socket;
	struct sock *sk;

	if (!t || !file)
		return 0;
	if (want.pid && (u32)t->tgid != want.pid)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !sock_wanted(sk))
		return 0;
	files = t->files;
	if (!files || table_is_told(t, (u64)files))
		return 0;
	head_fill(&e.h, EV_KIND_SCAN_FD, sizeof(e), t);
	sock_fill(SOCK_PART(&e), sk, sk->__sk_common.skc_cookie.counter);
	e.files = (u64)files;
	e.fd = (u32)ctx->fd;
	e.cloexec = may_probe ? files_cloexec(files, (u32)ctx->fd) : 2;
	if (want.makers)
		maker_fill(&e, t, file, sk);
	bpf_seq_write(ctx->meta->seq, &e, sizeof(e));
	return 0;
}

/* ---- sockets ------------------------------------------------------------------------------- */

/* Milliseconds until a timer runs out; timers count in jiffies, as does bpf_jiffies64 (5.5). */
static __always_inline u32 ms_until(unsigned long expires)
{
	u64 left = expires - bpf_jiffies64();

	return (s64)left > 0 ? (u32)(left * tick_us / 1000) : 0;
}

/* A minisocket is a struct sock_common with a timer, and no struct sock. */
static __always_inline void timewait_fill(struct ev_scan_sock *e, struct tcp_timewait_sock *tw)
{
	struct sock_common *skc = &tw->tw_sk.__tw_common;
	struct in6_addr local = skc->skc_v6_rcv_saddr, remote = skc->skc_v6_daddr;
	u32 local4 = skc->skc_rcv_saddr, remote4 = skc->skc_daddr;
	u16 family = skc->skc_family;
	struct net *net = skc->skc_net.net;

	e->netns = net ? net->ns.inum : 0;
	e->proto = SOCK_PROTO(family, SOCK_STREAM_NR, IPPROTO_TCP);
	e->state = tw->tw_sk.tw_substate; /* FIN_WAIT2 that waits without a socket, too */
	e->sflags = SF_TIMEWAIT | SF_DEAD;
	if (BPF_CORE_READ_BITFIELD(skc, skc_reuse))
		e->sflags |= SF_REUSEADDR;
	if (BPF_CORE_READ_BITFIELD(skc, skc_reuseport))
		e->sflags |= SF_REUSEPORT;
	if (BPF_CORE_READ_BITFIELD(skc, skc_ipv6only))
		e->sflags |= SF_V6ONLY;
	if (skc->skc_bound_dev_if)
		e->sflags |= SF_DEVICE;
	if (family == AF_INET) {
		__builtin_memcpy(e->local.ip, &local4, 4);
		__builtin_memcpy(e->remote.ip, &remote4, 4);
	} else {
		__builtin_memcpy(e->local.ip, &local, 16);
		__builtin_memcpy(e->remote.ip, &remote, 16);
	}
	e->local.port = skc->skc_num;
	e->remote.port = bpf_ntohs(skc->skc_dport);
	e->local.family = e->remote.family = family;
	e->left_ms = ms_until(tw->tw_sk.tw_timer.expires);
}

u64 tcp_seen[16] SEC(".bss") = {}; /* want.tally: by state; user space begins it anew */

/*
 * After a storm of connections there are tens of thousands that wait for their time to be over: a
 * number says as much of them.  True: this one need not be told.
 */
static __always_inline bool tcp_tally(struct sock_common *skc)
{
	u64 dead = 1ull << bpf_core_enum_value(enum sock_flags, SOCK_DEAD);

	if (!want.tally)
		return false;
	tcp_seen[skc->skc_state & 15]++;
	return want.spare && (skc->skc_state == TCP_TIME_WAIT || skc->skc_flags & dead);
}

/* The kernel's own count has neither minisockets nor half-open requests. */
static __always_inline void tcp_met(struct sock_common *skc, s64 n)
{
	if (skc->skc_state != TCP_TIME_WAIT && skc->skc_state != TCP_NEW_SYN_RECV)
		met.tcp += n;
}

/* The MPTCP socket a TCP socket belongs to, as it says itself; false: not wanted. */
static __always_inline bool msk_fill(struct ev_scan_sock *e, struct sock *msk, struct sock *sk)
{
	struct socket *socket = RD(true, msk, sk_socket);
	struct file *file = socket ? RD(true, socket, file) : 0;

	sock_common_fill(SOCK_PART(e), msk, true);
	e->inode = sock_inode(msk, true);
	if (!e->inode) /* nobody has accepted it */
		return false;
	if ((want.port && e->local.port != want.port) ||
	    (want.bound && e->state != TCP_LISTEN && e->state != TCP_CLOSE))
		return false;
	if (socket && !file)
		e->sflags |= SF_KERNEL;
	if (e->state == TCP_LISTEN)
		e->queued = sk->sk_ack_backlog;
	if (want.port && file)
		file_note((u64)file);
	return true;
}

/* False: not wanted after all. */
static __always_inline bool tcp_fill(struct ev_scan_sock *e, struct sock_common *skc)
{
	struct tcp_timewait_sock *tw;
	struct tcp_sock *tp;
	struct sock *sk, *msk;

	if (skc->skc_state == TCP_TIME_WAIT) {
		tw = want.bound ? NULL : bpf_skc_to_tcp_timewait_sock(skc);
		if (tw)
			timewait_fill(e, tw);
		return tw;
	}
	tp = bpf_skc_to_tcp_sock(skc);
	if (!tp) /* a half-open request: still the listener's */
		return false;
	sk = sock_plain((struct sock *)tp);
	msk = may_probe ? subflow_owner(tp) : 0;
	if (msk)
		return msk_fill(e, msk, sk);
	if (!sock_wanted(sk))
		return false;
	sock_fill(SOCK_PART(e), sk, bpf_get_socket_cookie(tp));
	e->sflags |= sock_owner(sk);
	file_want(sk);
	if (e->state == TCP_LISTEN)
		e->queued = sk->sk_ack_backlog;
	else if (e->state == TCP_FIN_WAIT2 && e->sflags & SF_DEAD)
		e->left_ms = ms_until(sk->sk_timer.expires);
	return true;
}

SEC("iter/tcp")
int scan_tcp(struct at_tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct ev_scan_sock e = {};

	if (!skc)
		return 0;
	tcp_met(skc, 1);
	if ((want.port && skc->skc_num != want.port) || tcp_tally(skc))
		return 0;
	if (!tcp_fill(&e, skc))
		return 0;
	head_fill(&e.h, EV_KIND_SCAN_SOCK, sizeof(e), NULL);
	/* What no longer fits is shown again at the next read, and counted again. */
	if (bpf_seq_write(ctx->meta->seq, &e, sizeof(e))) {
		tcp_met(skc, -1);
		if (want.tally)
			tcp_seen[skc->skc_state & 15]--;
	}
	return 0;
}

SEC("iter/udp")
int scan_udp(struct at_udp *ctx)
{
	struct udp_sock *up = ctx->udp_sk;
	struct ev_scan_sock e = {};
	struct sock *sk;

	if (!up)
		return 0;
	sk = sock_plain((struct sock *)up);
	met.udp++;
	if (!sock_wanted(sk))
		return 0;
	head_fill(&e.h, EV_KIND_SCAN_SOCK, sizeof(e), NULL);
	sock_fill(SOCK_PART(&e), sk, bpf_get_socket_cookie(up));
	e.sflags |= sock_owner(sk);
	file_want(sk);
	if (bpf_seq_write(ctx->meta->seq, &e, sizeof(e)))
		met.udp--; /* shown again */
	return 0;
}
