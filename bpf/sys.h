/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The system calls that are looked at when they return, and the program that looks at each.
 *
 * Included by both sides.  User space knows the numbers (they differ by architecture) and fills
 * sys_actions[] and the program array; the kernel side dispatches by sys_actions[number].
 */
#ifndef PROBATE_SYS_H
#define PROBATE_SYS_H

#define SYS_MAX 512 /* system call numbers below this are dispatched */

/* S(action, system call, program sys_<...>); an action is never 0. */
#define SYS_TABLE(S)                                                                               \
	S(SOCKET, socket, socket)                                                                  \
	S(SOCKETPAIR, socketpair, socketpair)                                                      \
	S(BIND, bind, bind)                                                                        \
	S(LISTEN, listen, listen)                                                                  \
	S(CONNECT, connect, connect)                                                               \
	S(ACCEPT, accept, accept)                                                                  \
	S(ACCEPT4, accept4, accept)                                                                \
	S(SENDMSG, sendmsg, sendmsg)                                                               \
	S(SENDMMSG, sendmmsg, sendmmsg)                                                            \
	S(RECVMSG, recvmsg, recvmsg)                                                               \
	S(RECVMMSG, recvmmsg, recvmmsg)                                                            \
	S(RECVFROM, recvfrom, recvfrom)                                                            \
	S(READ, read, read)                                                                        \
	S(READV, readv, read)                                                                      \
	S(PREADV2, preadv2, read)                                                                  \
	S(SPLICE, splice, read)                                                                    \
	S(CLOSE, close, close)                                                                     \
	S(CLOSE_RANGE, close_range, close_range)                                                   \
	S(DUP, dup, dup)                                                                           \
	S(DUP2, dup2, dup)                                                                         \
	S(DUP3, dup3, dup)                                                                         \
	S(FCNTL, fcntl, fcntl)                                                                     \
	S(IOCTL, ioctl, ioctl)                                                                     \
	S(PIDFD_GETFD, pidfd_getfd, pidfd_getfd)                                                   \
	S(UNSHARE, unshare, unshare)                                                               \
	S(WAIT4, wait4, wait4)                                                                     \
	S(WAITID, waitid, waitid)                                                                  \
	S(SETSID, setsid, setsid)                                                                  \
	S(SETPGID, setpgid, setpgid)                                                               \
	S(PRCTL, prctl, prctl)                                                                     \
	S(EPOLL_CTL, epoll_ctl, epoll_ctl)                                                         \
	S(IO_URING_SETUP, io_uring_setup, io_uring_setup)

enum sys_action {
	SYS_NONE,
#define S(id, call, prog) SYS_##id,
	SYS_TABLE(S)
#undef S
		SYS_ACTIONS
};

#endif
