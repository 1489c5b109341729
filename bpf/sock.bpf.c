/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets: made, bound, listening, connected, accepted, changing state, used, destroyed.
 *
 * In lean mode only the two tracepoints at the bottom are attached.  inet_sock_set_state runs
 * mostly in an interrupt: only CLOSE -> LISTEN and CLOSE -> SYN_SENT have the right `current`.
 */
#include "count.bpf.h"
#include "guard.bpf.h"
#include "sys.bpf.h"

static __always_inline void socket_event(struct task_struct *task, s32 fd, bool cloexec)
{
	struct slot s = task_socket(task, fd);
	struct ev_socket *e;

	if (!s.sk)
		return;
	mine_add(task, s.sk);
	e = EV_NEW_IF(SOCKET, socket, task, sock_meant(task, s.sk, 0));
	if (!e)
		return;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->files = (u64)task->files;
	e->cgroup = task_cgroup(task);
	e->fd = fd;
	e->cloexec = cloexec;
	EV_SUBMIT(e);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_socket, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (ret >= 0 && WANTED(SOCKET) && task_passes(task))
		socket_event(task, ret, SYS_ARG2(regs) & SOCK_CLOEXEC_NR);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_socketpair, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	s32 fds[2];

	if (ret || !WANTED(SOCKET) || !task_passes(task))
		return 0;
	if (bpf_probe_read_user(fds, sizeof(fds), (void *)SYS_ARG4(regs))) {
		/* it was just written there: paged out, or unmapped */
		ring_lose_for(EV_KIND_SOCKET, task_meant(task, 0));
		ring_lose_for(EV_KIND_SOCKET, task_meant(task, 0));
		return 0;
	}
	socket_event(task, fds[0], SYS_ARG2(regs) & SOCK_CLOEXEC_NR);
	socket_event(task, fds[1], SYS_ARG2(regs) & SOCK_CLOEXEC_NR);
	return 0;
}

#define SOCKADDR_IN_BYTES  16
#define SOCKADDR_IN6_BYTES 24 /* as of RFC 2133, without the scope */

/*
 * The address a failed bind() of an IP socket asked for; none if it was of no family of IP, too
 * short, or cannot be read (then why it failed).  The kernel takes AF_UNSPEC with 0.0.0.0 for IPv4.
 */
static __always_inline void addr_asked(struct ep *ep, u16 of, u64 addr, u64 len)
{
	u8 raw[SOCKADDR_IN6_BYTES] = {};
	bool is6 = len >= SOCKADDR_IN6_BYTES;
	u16 family;

	__builtin_memset(ep, 0, sizeof(*ep));
	if ((of != AF_INET && of != AF_INET6) || len < SOCKADDR_IN_BYTES ||
	    bpf_probe_read_user(raw, is6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES, (void *)addr))
		return;
	family = raw[0] | raw[1] << 8;
	if (!family && of == AF_INET && !(raw[4] | raw[5] | raw[6] | raw[7]))
		family = AF_INET;
	if (family != AF_INET && (family != AF_INET6 || !is6))
		return;
	ep->family = family;
	ep->port = raw[2] << 8 | raw[3];
	if (family == AF_INET)
		__builtin_memcpy(ep->ip, raw + 4, 4);
	else
		__builtin_memcpy(ep->ip, raw + 8, 16);
}

/* The name a failed bind() of a UNIX socket asked for. */
static __always_inline void name_asked(struct unix_name *name, u64 addr, u64 len)
{
	u64 n = len - 2;
	u16 family = 0;

	__builtin_memset(name, 0, sizeof(*name));
	if (len <= 2 || len > 2 + UNIX_LEN)
		return;
	if (bpf_probe_read_user(&family, sizeof(family), (void *)addr) || family != AF_UNIX)
		return;
	asm volatile("%0 &= 127" : "+r"(n));
	if (n > UNIX_LEN || bpf_probe_read_user(name->s, n, (void *)(addr + 2)))
		return;
	name->len = n;
	unix_name_trim(name);
}

static __always_inline void bind_unix(struct task_struct *task, struct pt_regs *regs, long ret,
				      struct slot s)
{
	struct ev_unix_bind *e;

	if (!WANTED(UNIX_BIND))
		return;
	e = EV_NEW_IF(UNIX_BIND, unix_bind, task, sock_meant(task, s.sk, 0));
	if (!e)
		return;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->fd = SYS_ARG1(regs);
	e->error = ret;
	e->zero = 0;
	if (ret) {
		name_asked(&e->name, SYS_ARG2(regs), SYS_ARG3(regs));
		__builtin_memset(UNIX_FILE(e), 0, sizeof(*UNIX_FILE(e)));
	} else {
		unix_name_fill(&e->name, s.sk);
		unix_file_fill(UNIX_FILE(e), (struct unix_sock *)s.sk, true);
	}
	EV_SUBMIT(e);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_bind, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ep asked = {};
	struct ev_bind *e;
	struct sock *sk;
	struct slot s;

	if (!task_passes(task) || sys_restarts(ret))
		return 0;
	s = task_slot(task, SYS_ARG1(regs));
	sk = s.sk;
	if (!sk)
		return 0;
	if (RD(true, sk, __sk_common.skc_family) == AF_UNIX) {
		bind_unix(task, regs, ret, s);
		return 0;
	}
	if (ret)
		addr_asked(&asked, RD(true, sk, __sk_common.skc_family), SYS_ARG2(regs),
			   SYS_ARG3(regs));
	if (!WANTED(BIND) ||
	    !(ret ? !want_port || asked.port == want_port : port_passes(s.sk, true)))
		return 0;
	e = EV_NEW_IF(BIND, bind, task, sock_meant(task, s.sk, 0));
	if (!e)
		return 0;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->fd = SYS_ARG1(regs);
	e->error = ret;
	if (ret)
		e->local = asked;
	EV_SUBMIT(e);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_listen, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ev_listen *e;
	struct slot s;

	if (!WANTED(LISTEN) || !task_passes(task))
		return 0;
	s = task_socket(task, SYS_ARG1(regs));
	if (!s.sk)
		return 0;
	e = EV_NEW_IF(LISTEN, listen, task, sock_meant(task, s.sk, 0));
	if (!e)
		return 0;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->fd = SYS_ARG1(regs);
	e->error = ret;
	e->backlog = SYS_ARG2(regs);
	e->maker = 0; /* its socket event told */
	EV_SUBMIT(e);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_connect, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ev_connect *e;
	struct slot s;

	if (!WANTED(CONNECT) || !task_passes(task) || sys_restarts(ret))
		return 0;
	s = task_socket(task, SYS_ARG1(regs));
	if (!s.sk)
		return 0;
	e = EV_NEW_IF(CONNECT, connect, task, sock_meant(task, s.sk, 0));
	if (!e)
		return 0;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->fd = SYS_ARG1(regs);
	e->error = ret;
	EV_SUBMIT(e);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_accept, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ev_accept *e;
	struct slot s;

	if (ret < 0 || !WANTED(ACCEPT) || !task_passes(task))
		return 0;
	s = task_socket(task, ret);
	if (!s.sk)
		return 0;
	mine_add(task, s.sk);
	e = EV_NEW_IF(ACCEPT, accept, task, sock_meant(task, s.sk, 0));
	if (!e)
		return 0;
	sock_fill_walked(SOCK_PART(e), s.sk, s.inode);
	e->files = (u64)task->files;
	e->listener = task_slot(task, SYS_ARG1(regs)).inode;
	e->fd = ret;
	e->listen_fd = SYS_ARG1(regs);
	e->cloexec = sys_action(regs) == SYS_ACCEPT4 && SYS_ARG4(regs) & SOCK_CLOEXEC_NR;
	e->zero = 0;
	EV_SUBMIT(e);
	return 0;
}

static __always_inline u32 sock_maker(struct task_struct *task, struct sock *sk)
{
	struct makers m = task_makers(task);
	struct socket *socket = sk->sk_socket;
	struct file *file = socket ? socket->file : 0;

	return file ? file_maker((u64)file->f_cred, &m) : 0;
}

/* In lean mode a listen() shows here only, with the right current. */
static __always_inline void state_listen(struct sock *sk, u64 cookie)
{
	struct task_struct *task = task_current();
	struct ev_listen *e;

	if (!WANTED(LISTEN))
		return;
	e = EV_NEW_IF(LISTEN, listen, task, sock_meant(task, sk, 0));
	if (!e)
		return;
	sock_fill(SOCK_PART(e), sk, cookie);
	e->state = TCP_LISTEN;
	e->fd = -1;
	e->error = 0;
	e->backlog = sk->sk_max_ack_backlog;
	e->maker = makers ? sock_maker(task, sk) : 0;
	EV_SUBMIT(e);
}

/* Is it asked for?  Notes whose the socket is when it can be told. */
static __always_inline bool state_asked(struct sock *sk, int old, int new)
{
	if (!tcp_port_asked(sk))
		return false;
	if (want_has_uid && sk->sk_uid.val != want_uid)
		return false;
	if (!filter_by_task())
		return true;
	if (old == TCP_CLOSE && (new == TCP_LISTEN || new == TCP_SYN_SENT)) {
		if (!task_passes(task_current()) || !task_asked(task_current(), 0))
			return false;
		mine_add(task_current(), sk);
		return true;
	}
	return mine_has(sk);
}

/*
 * The socket whose CLOSE was just told on this CPU.  A dead one is destroyed in the same breath
 * (tcp_done), so its destroy event would say nothing new; at 100,000 connections a second, that is
 * an eighth of all records.
 */
static u64 closed_at[LOST_CPUS];

static __always_inline u64 *closed_here(void)
{
	return &closed_at[bpf_get_smp_processor_id() & (LOST_CPUS - 1)];
}

/* The MPTCP socket that it belongs to changes state, too, and is what a descriptor shows. */
static __always_inline bool sock_is_subflow(struct sock *sk, const bool by_ops)
{
	struct tcp_sock *tp = by_ops ? (struct tcp_sock *)sk : bpf_skc_to_tcp_sock(sk);

	return tp && tcp_is_subflow(tp);
}

/* In the context `ops` of the socket itself, where it has to be asked for the cookie; else NULL. */
static __always_inline u64 state_cookie(struct sock *sk, struct bpf_sock_ops *ops,
					const bool by_ops)
{
	u64 cookie = sk->__sk_common.skc_cookie.counter;

	if (cookie)
		return cookie;
	/* Asked for the first time: made now. */
	return by_ops ? bpf_get_socket_cookie(ops) : bpf_get_socket_cookie(sk);
}

u32 ops_on = 0; /* sock_ops is attached */

struct tcp_sock___ops {
	u8 bpf_sock_ops_cb_flags; /* 4.16 */
} __attribute__((preserve_access_index));

/* Does this TCP socket tell its changes to sock_ops? */
static __always_inline bool sock_tells(struct sock *sk)
{
	struct tcp_sock___ops *tp = (void *)bpf_skc_to_tcp_sock(sk);

	return tp && bpf_core_field_exists(tp->bpf_sock_ops_cb_flags) &&
	       tp->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_STATE_CB_FLAG;
}

/*
 * The clone of a listener is made in an interrupt, and sock_ops is not called: there SYN_RECV is
 * counted when the socket leaves it, which it does in the same breath as a rule.
 */
static __always_inline void state_count(struct sock *sk, int old, int new, const bool by_ops)
{
	if (!counting)
		return;
	if (by_ops && old == TCP_SYN_RECV)
		count_tcp(sk, TCP_LISTEN, TCP_SYN_RECV);
	if (new != TCP_SYN_RECV || !(by_ops || (ops_on && sock_tells(sk))))
		count_tcp(sk, old, new);
}

static __always_inline void state_tell(struct sock *sk, int old, int new, struct bpf_sock_ops *ops,
				       const bool by_ops)
{
	struct task_struct *task;
	struct ev_state *e;
	bool asked;
	u64 cookie;

	state_count(sk, old, new, by_ops);
	/* lean: a busy server makes no records; its connections are found by scans. */
	if (lean && old != TCP_LISTEN && new != TCP_LISTEN)
		return;
	/* A clone of the listener, made when the handshake is complete: ESTABLISHED comes next. */
	if (old == TCP_LISTEN && new == TCP_SYN_RECV)
		return;
	if (sock_is_subflow(sk, by_ops) ||
	    (sk->sk_protocol == IPPROTO_MPTCP && !sock_inode(sk, false)))
		return;
	asked = state_asked(sk, old, new);
	if (!want_wide && !asked)
		return;
	cookie = state_cookie(sk, ops, by_ops);
	if (lean && new == TCP_LISTEN)
		state_listen(sk, cookie);
	if (!WANTED(STATE))
		return;
	task = task_current();
	e = EV_NEW_IF(STATE, state, task, asked);
	if (!e) { /* one that is lost is lost once: no destroy that says the same */
		if (new == TCP_CLOSE && sock_flags(sk, false) & SF_DEAD)
			*closed_here() = (u64)sk;
		return;
	}
	sock_fill(SOCK_PART(e), sk, cookie);
	e->state = new;
	e->old = old;
	e->err = sk->sk_err;
	e->zero = 0;
	if (new == TCP_CLOSE && e->sflags &SF_DEAD)
		*closed_here() = (u64)sk;
	EV_SUBMIT(e);
	if (lean && new == TCP_CLOSE)
		mine_drop(sk);
}

/* What the guard knows a change of state by. */
static __always_inline u64 state_event(struct sock *sk, int old, int new)
{
	return low_half((u64)sk) | (u64)(old << 4 | new) << 32;
}

/* Told by sock_ops already; no address has this bit of an event's number. */
#define TOLD_BY_OPS (1ull << 63)

/*
 * A TCP socket tells its changes of state itself, to a program at the root of the cgroups, when it
 * was asked to.  Cgroup programs are not guarded against recursion, and there are tasks under which
 * a kernel runs no tracing program at all; so this one misses nothing.  A socket is asked when it
 * connects or listens, and those it accepts have it from the listener; those from before are not.
 * The change into SYN_SENT or LISTEN, and the clone of a listener, are the tracepoint's alone: but
 * for the clone the caller's own task makes them.
 *
 * It comes before the tracepoint, in the same breath, and leaves its note: so each is told once.
 * The wish stays with the socket when we are gone; without a program it is nobody's.
 *
 * It is called 17 times a connection, 8 of them for states.  In lean mode it is of use only where
 * changes are counted: what is told there, LISTEN, the caller's own task does.
 */
SEC("sockops")
int sock_ops(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *basic = ctx->sk;
	u32 old = ctx->args[0], new = ctx->args[1];
	struct tcp_sock *tcp;

	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
	case BPF_SOCK_OPS_TCP_LISTEN_CB:
		bpf_sock_ops_cb_flags_set(ctx,
					  ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		tcp = basic ? bpf_skc_to_tcp_sock(basic) : NULL;
		if (!tcp)
			break;
		guard_pass(ctx, TOLD_BY_OPS | state_event((struct sock *)tcp, old, new));
		state_tell((struct sock *)tcp, old, new, ctx, true);
		break;
	}
	return 1;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sock_state, struct sock *sk, int old, int new)
{
	u64 event = state_event(sk, old, new), *note = guard_note(ctx);
	bool told = *note == (TOLD_BY_OPS | event);

	*note = event;
	if (!told)
		state_tell(sk, old, new, NULL, false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sock_state_2, struct sock *sk, int old, int new)
{
	u64 event = state_event(sk, old, new), *note = guard_note(ctx);
	bool told = *note == (TOLD_BY_OPS | event);

	if (!note_skipped(note, event, GUARD_STATE))
		return 0;
	if (told)
		*note = 0;
	else
		state_tell(sk, old, new, NULL, false);
	return 0;
}

static __always_inline bool destroy_asked(struct sock *sk)
{
	if (want_has_uid && sk->sk_uid.val != want_uid)
		return false;
	return tcp_port_asked(sk) && (!filter_by_task() || mine_has(sk));
}

static __always_inline void destroy_tell(struct sock *sk)
{
	struct task_struct *task = task_current();
	struct ev_destroy *e;

	if (*closed_here() == (u64)sk)
		*closed_here() = 0;
	else if (WANTED(DESTROY) && !sock_is_subflow(sk, false) &&
		 (want_wide || destroy_asked(sk))) {
		e = EV_NEW_IF(DESTROY, destroy, task, destroy_asked(sk));
		if (e) {
			e->inode = sock_inode(sk, false);
			e->cookie = bpf_get_socket_cookie(sk);
			EV_SUBMIT(e);
		}
	}
	mine_drop(sk);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(sock_destroy, struct sock *sk)
{
	guard_pass(ctx, (u64)sk);
	destroy_tell(sk);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(sock_destroy_2, struct sock *sk)
{
	if (guard_skipped(ctx, (u64)sk, GUARD_DESTROY))
		destroy_tell(sk);
	return 0;
}
