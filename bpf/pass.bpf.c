/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages: sockets sent and received over UNIX sockets (SCM_RIGHTS); calls that show that a
 * socket is used.
 *
 * The control messages are read out of the caller's memory after the call: the sender's are as it
 * wrote them, the receiver's hold the new descriptors.  bpf_loop() needs 5.17; without it these
 * programs are left out and a passed socket is found by the next scan.
 */
#include "sys.bpf.h"
#include "use.bpf.h"

#define SCM_MSGS	     64 /* control messages looked at in one message; of more, one is lost */
#define SCM_FDS		     253 /* SCM_MAX_FD */
#define MSG_CMSG_CLOEXEC_BIT 0x40000000
#define MSG_PEEK_BIT	     2

struct scm {
	u64 at, end; /* control messages in user memory */
	u64 fds;     /* descriptors of the one being walked */
	u64 over;    /* inode of the UNIX socket */
	u64 queue;   /* sending: and of its peer */
	u32 nfds;
	u32 from; /* receiving: descriptor of the UNIX socket */
	bool sending, cloexec, peeked;
	u8 pad[5];
};

static __always_inline void pass_event(struct task_struct *task, struct scm *m, s32 fd)
{
	struct slot s = task_socket(task, fd);
	struct sock *sk = s.sk;
	struct ev_pass *e;

	if (!sk)
		return;
	e = EV_NEW_IF(PASS, pass, task, sock_meant(task, sk, 0));
	if (!e)
		return;
	e->files = (u64)task->files;
	e->inode = s.inode;
	e->cookie = RD(true, sk, __sk_common.skc_cookie.counter);
	e->over = m->over;
	e->queue = m->queue;
	e->fd = fd;
	e->zero = 0;
	EV_SUBMIT(e);
}

/* What the kernel has just read or written there cannot be read: paged out, or another thread's. */
static __always_inline long scm_lose(const struct scm *m)
{
	ring_lose_for(m->sending ? EV_KIND_PASS : EV_KIND_INSTALL, task_meant(task_current(), 0));
	return 1;
}

static long scm_fd(u32 i, struct scm *m)
{
	struct task_struct *task = task_current();
	s32 fd;

	if (i >= m->nfds)
		return 1;
	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(m->fds + i * 4ull)))
		return scm_lose(m);
	if (m->sending)
		pass_event(task, m, fd);
	else
		install_event(task, fd, -1, 0, VIA_SCM_RIGHTS | (m->peeked ? INSTALL_PEEKED : 0),
			      m->cloexec, m->over);
	return 0;
}

static long scm_msg(u32 i, struct scm *m)
{
	struct cmsghdr h;

	if (m->at + sizeof(h) > m->end)
		return 1;
	if (bpf_probe_read_user(&h, sizeof(h), (void *)m->at))
		return scm_lose(m);
	if (h.cmsg_len < sizeof(h)) /* not of the kernel's, nor to its liking */
		return 1;
	if (i == SCM_MSGS)
		return scm_lose(m);
	if (h.cmsg_level == 1 && h.cmsg_type == 1) { /* SOL_SOCKET, SCM_RIGHTS */
		m->fds = m->at + sizeof(h);
		m->nfds = (h.cmsg_len - sizeof(h)) / 4;
		bpf_loop(SCM_FDS, scm_fd, m, 0);
	}
	m->at += (h.cmsg_len + 7) & ~7ull;
	return 0;
}

static __always_inline void scm_walk(struct scm *m, u64 msg)
{
	struct user_msghdr h;

	if (bpf_probe_read_user(&h, sizeof(h), (void *)msg)) {
		scm_lose(m);
		return;
	}
	if (!h.msg_control || h.msg_controllen < sizeof(struct cmsghdr) + 4)
		return;
	if (!m->sending)
		m->over = task_slot(task_current(), m->from).inode;
	m->at = (u64)h.msg_control;
	m->end = m->at + h.msg_controllen;
	bpf_loop(SCM_MSGS + 1, scm_msg, m, 0);
}

/* The socket that is sent over, and its peer. */
static __always_inline void scm_over(struct scm *m, struct task_struct *task, u32 fd)
{
	struct slot slot = task_slot(task, fd);
	struct unix_sock *over = (struct unix_sock *)slot.sk;
	struct sock *peer = over ? RD(true, over, peer) : NULL;

	m->over = slot.inode;
	m->queue = peer ? sock_inode(peer, true) : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_sendmsg, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct scm m = {.sending = true};
	u64 control = 0, msg = SYS_ARG2(regs);

	if (ret < 0 || !WANTED(PASS))
		return 0;
	/* Most messages have no control part: one small read tells; if it fails, the walk counts.
	 */
	if (!bpf_probe_read_user(&control, sizeof(control),
				 (void *)(msg + offsetof(struct user_msghdr, msg_controllen))) &&
	    control < sizeof(struct cmsghdr) + 4)
		return 0;
	if (!task_passes(task))
		return 0;
	scm_over(&m, task, SYS_ARG1(regs));
	scm_walk(&m, msg);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_recvfrom, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (ret >= 0 && WANTED(USE) && task_passes(task))
		use_tell(task, SYS_ARG1(regs));
	return 0;
}

/* read, readv, preadv2, splice: calls of everybody's, so those that are of no socket leave soon. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_read, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (ret >= 0 && WANTED(USE) && task_passes(task))
		use_tell(task, SYS_ARG1(regs));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_recvmsg, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct scm m = {.cloexec = SYS_ARG3(regs) & MSG_CMSG_CLOEXEC_BIT,
			.peeked = SYS_ARG3(regs) & MSG_PEEK_BIT,
			.from = SYS_ARG1(regs)};

	if (ret < 0 || !task_passes(task))
		return 0;
	if (WANTED(USE))
		use_tell(task, SYS_ARG1(regs));
	if (WANTED(INSTALL))
		scm_walk(&m, SYS_ARG2(regs));
	return 0;
}

#define MMSG_BYTES 64	/* sizeof(struct mmsghdr) */
#define MMSG_MAX   1024 /* UIO_MAXIOV: the kernel takes no more at once */

struct mmsg {
	struct scm m;
	u64 msgs;
	u64 n;
};

static long mmsg_one(u32 i, struct mmsg *v)
{
	if (i >= v->n)
		return 1;
	scm_walk(&v->m, v->msgs + i * (u64)MMSG_BYTES);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_sendmmsg, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct mmsg v = {.msgs = SYS_ARG2(regs), .n = ret};

	if (ret <= 0 || !WANTED(PASS) || !task_passes(task))
		return 0;
	v.m.sending = true;
	scm_over(&v.m, task, SYS_ARG1(regs));
	bpf_loop(MMSG_MAX, mmsg_one, &v, 0);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_recvmmsg, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct mmsg v = {.msgs = SYS_ARG2(regs), .n = ret};

	if (ret <= 0 || !task_passes(task))
		return 0;
	v.m.cloexec = SYS_ARG4(regs) & MSG_CMSG_CLOEXEC_BIT;
	v.m.peeked = SYS_ARG4(regs) & MSG_PEEK_BIT;
	v.m.from = SYS_ARG1(regs);
	if (WANTED(USE))
		use_tell(task, SYS_ARG1(regs));
	if (WANTED(INSTALL))
		bpf_loop(MMSG_MAX, mmsg_one, &v, 0);
	return 0;
}

/* A listener that is put into an epoll set is meant to be accepted on. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_epoll_ctl, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();

	if (!ret && SYS_ARG2(regs) == EPOLL_CTL_ADD_NR && WANTED(USE) && task_passes(task))
		use_tell(task, SYS_ARG3(regs));
	return 0;
}

/* What it does by that with its sockets is told by no call. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_io_uring_setup, struct pt_regs *regs, long ret)
{
	struct task_struct *task = task_current();
	struct ev_use *e;

	if (ret < 0 || !WANTED(USE) || !task_passes(task) || !use_is_new(task, 0, -1))
		return 0;
	e = EV_NEW(USE, use, task);
	if (!e)
		return 0;
	e->files = (u64)task->files;
	e->inode = 0;
	e->fd = -1;
	e->zero = 0;
	EV_SUBMIT(e);
	return 0;
}
