/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The schema: every kind of event and every field of it, in one table.
 *
 * Both sides include this file.  The kernel side gets the structs; user space also gets names,
 * help, JSON, text and the schema written into recordings (user/event/ expands the same table).
 *
 * Rules, so that a recording of any age can be read:
 *   - kinds are numbered for ever; a new kind takes a new number, an old one is never reused;
 *   - fields are appended to a kind, never moved, never given another meaning;
 *   - no struct has padding (asserted below): a reserved ring record is not zeroed by the kernel,
 *     so a byte that nobody writes would leak an earlier event.
 *
 * Units: every time is CLOCK_BOOTTIME in ns unless its doc says otherwise; a pid is the number in
 * the initial pid namespace unless it is called nspid; a pid without more is a tgid.
 */
#ifndef PROBATE_EVENTS_H
#define PROBATE_EVENTS_H

#ifndef __BPF__
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#endif

#define COMM_LEN  16   /* TASK_COMM_LEN: 15 bytes and a NUL */
#define UNIX_LEN  108  /* sizeof(sockaddr_un.sun_path) */
#define EXE_MAX	  256  /* bytes of the executable's path an exec event carries, NUL included */
#define ARGS_MAX  1024 /* bytes of argv an exec event carries; more is cut and said */
#define NS_LEVELS 4    /* nested pid namespace levels below the initial one that are told */
#define EV_MAX	  4096 /* no event is longer */

/*
 * A socket address of IPv4 or IPv6.  family 0: not bound / not connected, or of a family without
 * ports, which PROTO_FAMILY() tells: then ip[] is three numbers as the CPU has them, of which the
 * third is 1 if there is an address.  netlink: port id; packet: interface, Ethernet protocol;
 * vsock: port, CID.
 */
struct ep {
	u8 ip[16];  /* network order; an IPv4 address uses the first four bytes */
	u16 port;   /* host order */
	u16 family; /* AF_INET, AF_INET6 or 0 */
};

struct comm {
	char s[COMM_LEN]; /* NUL-terminated unless full */
};

/* A process's pid in each nested namespace: nr[0] is its pid one level below the initial one. */
struct nspids {
	u32 nr[NS_LEVELS]; /* 0 where the process does not reach that deep */
};

struct unix_name {
	u16 len;	  /* bytes in s; 0: unnamed.  s[0] == 0: abstract */
	char s[UNIX_LEN]; /* path or abstract name, not NUL-terminated when full */
};

/* The head of every event.  tgid/tid: who acted (current), or the subject where the doc says so. */
struct ev {
	u16 kind; /* enum ev_kind */
	u16 size; /* bytes of the whole event, head and tail included */
	u32 tgid; /* process; 0 when an interrupt or the kernel acted */
	u32 tid;  /* thread */
	u32 cpu;  /* the CPU it happened on; of no use but to debug */
	u64 ts;	  /* CLOCK_BOOTTIME, ns */
};

/* How a descriptor came into a table.  Appended only. */
#define VIA_TABLE(V)                                                                               \
	V(0, NONE, "unknown")                                                                      \
	V(1, CREATED, "created")	 /* socket(), socketpair() */                              \
	V(2, ACCEPTED, "accepted")	 /* accept(), accept4() */                                 \
	V(3, FORK, "fork")		 /* copied with the table at fork or unshare */            \
	V(4, DUP, "dup")		 /* dup, dup2, dup3, F_DUPFD */                            \
	V(5, SCM_RIGHTS, "scm_rights")	 /* received over a UNIX socket */                         \
	V(6, PIDFD_GETFD, "pidfd_getfd") /* taken out of another process */                        \
	V(7, IO_URING, "io_uring")	 /* installed by a ring */                                 \
	V(8, SCAN, "scan")		 /* found there; how it came is not known */

/* What a field means, which decides how it is printed.  Appended only. */
#define FMT_TABLE(T)                                                                               \
	T(HIDE)	   /* internal: in raw text only (kernel addresses, lengths of tails) */           \
	T(DEC)	   /* number */                                                                    \
	T(BOOL)	   /* 0 or 1 */                                                                    \
	T(PID)	   /* pid; 0 prints as null */                                                     \
	T(FD)	   /* descriptor; -1 prints as null */                                             \
	T(ID)	   /* inode, cookie, namespace, cgroup id; 0 prints as null */                     \
	T(NS)	   /* a stretch of time */                                                         \
	T(TIME)	   /* an instant, CLOCK_BOOTTIME; 0 prints as null */                              \
	T(EP)	   /* struct ep */                                                                 \
	T(COMM)	   /* struct comm */                                                               \
	T(NSPIDS)  /* struct nspids */                                                             \
	T(UNIX)	   /* struct unix_name */                                                          \
	T(PROTO)   /* u32: SOCK_PROTO(family, type, protocol), printed as tcp, udp, unix... */     \
	T(STATE)   /* TCP state number, printed by name; 0 prints as null */                       \
	T(VIA)	   /* enum via */                                                                  \
	T(SIGNAL)  /* signal number; 0 prints as null */                                           \
	T(CODE)	   /* exit code; -1 prints as null */                                              \
	T(ERRNO)   /* 0 or -errno, printed by name; 0 prints as null */                            \
	T(SIGRES)  /* result of generating a signal, printed by name */                            \
	T(SIGCHLD) /* SIGCHLD disposition: 0 default, 1 ignored, 2 handled */                      \
	T(EXE)	   /* u16 length of a path in the tail; the path is printed */                     \
	T(ARGS)	   /* u16 length of NUL-separated strings in the tail; an array is printed */

/*
 * Identity and address of a socket, as far as the place that saw it could read them.  In every
 * kind that speaks of a socket, so that the model can make one it never saw before.
 */
#define SOCK_FIELDS(F)                                                                             \
	F(u64, inode, ID, "sockfs inode, what ss -e and /proc call socket:[N]; 0: none (yet)")     \
	F(u64, cookie, ID, "kernel socket cookie; 0: nobody has asked for one yet")                \
	F(u32, netns, ID, "inode of the network namespace the socket lives in")                    \
	F(u32, uid, DEC, "uid that owns the socket (sk_uid)")                                      \
	F(struct ep, local, EP, "local address; port 0: not bound")                                \
	F(struct ep, remote, EP, "peer address; port 0: not connected")                            \
	F(u32, proto, PROTO, "SOCK_PROTO(family, type, protocol)")                                 \
	F(u16, state, STATE, "sk_state: TCP_ESTABLISHED = 1 ... TCP_NEW_SYN_RECV = 12")            \
	F(u16, sflags, HIDE, "SF_* bits")

#define SF_REUSEPORT 1	 /* SO_REUSEPORT set */
#define SF_REUSEADDR 2	 /* SO_REUSEADDR set */
#define SF_V6ONLY    4	 /* IPV6_V6ONLY set: does not answer for IPv4 */
#define SF_KERNEL    8	 /* made by the kernel for itself (sk_kern_sock, or no file and no owner) */
#define SF_DEAD	     16	 /* SOCK_DEAD: no struct socket any more, the kernel finishes alone */
#define SF_TIMEWAIT  32	 /* a TIME_WAIT minisocket; has no uid, cookie nor inode */
#define SF_DEVICE    128 /* bound to a network device, by SO_BINDTODEVICE or a link-local address */
#define SF_OFFPORT                                                                                 \
	64 /* keeps no port, whatever its address was: told by the model, see sock_ev_flags() */

#define SOCK_PROTO(family, type, protocol)                                                         \
	((u32)(family) | (u32)(type) << 8 | (u32)(protocol) << 16)
#define PROTOCOL_UNKNOWN  0xffff
#define PROTO_FAMILY(p)	  ((p)&0xff)
#define PROTO_TYPE(p)	  ((p) >> 8 & 0xff)
#define PROTO_PROTOCOL(p) ((p) >> 16 & 0xffff)

/* ---- processes ------------------------------------------------------------------------- */

/* A new process.  Source: tp_btf/sched_process_fork, when child->tgid != parent->tgid. */
#define EV_FORK(F)                                                                                 \
	F(u64, start, TIME, "child's start: group leader's start_boottime")                        \
	F(u64, files, HIDE, "child's files_struct; the parent's own with CLONE_FILES")             \
	F(u64, parent_files, HIDE, "files_struct of the thread that forked")                       \
	F(u64, cgroup, HIDE, "child's cgroup2 id")                                                 \
	F(u32, child, PID, "the new process")                                                      \
	F(u32, parent, PID,                                                                        \
	  "child's real_parent: the caller, or the caller's parent with "                          \
	  "CLONE_PARENT")                                                                          \
	F(u32, uid, DEC, "child's real uid")                                                       \
	F(s32, exit_signal, HIDE, "signal sent to the parent at exit; 0: none (clone)")            \
	F(u32, pidns, HIDE, "inode of the child's own pid namespace")                              \
	F(u32, flags, HIDE, "FORK_* bits")                                                         \
	F(struct nspids, nspid, NSPIDS, "child's pid in the nested pid namespaces")
#define FORK_VFORK    1 /* parent waits until the child execs or exits (vfork, posix_spawn) */
#define FORK_SHARE_VM 2 /* shares the address space (CLONE_VM) */
#define FORK_THREADED 4 /* parent has other threads: its table may have changed under the copy */
#define FORK_NSINIT   8 /* child is PID 1 of its pid namespace */

/* A thread with a descriptor table of its own (clone with CLONE_THREAD but not CLONE_FILES). */
#define EV_THREAD(F)                                                                               \
	F(u64, files, HIDE, "the thread's files_struct")                                           \
	F(u64, parent_files, HIDE, "files_struct it was copied from")                              \
	F(u32, thread, PID, "tid of the new thread")                                               \
	F(u32, zero, HIDE, "0")

/* A successful execve.  CLOEXEC descriptors are already closed.  Source: sched_process_exec. */
#define EV_EXEC(F)                                                                                 \
	F(u64, start, TIME, "process start: leader's start_boottime (unchanged by exec)")          \
	F(u64, files, HIDE, "files_struct after the exec; never shared with another process")      \
	F(u64, cgroup, HIDE, "cgroup2 id")                                                         \
	F(u32, old_tid, PID, "tid of the thread that called execve")                               \
	F(u32, uid, DEC, "real uid after the exec")                                                \
	F(struct comm, name, HIDE, "new comm")                                                     \
	F(u16, exe_len, EXE, "path given to execve, cut at EXE_MAX")                               \
	F(u16, args_len, ARGS, "argv, cut at ARGS_MAX")                                            \
	F(u32, args_truncated, BOOL, "argv was longer than ARGS_MAX")

/* The last thread of a process has died: a zombie, or gone.  Source: sched_process_exit. */
#define EV_EXIT(F)                                                                                 \
	F(u64, start, TIME, "leader's start_boottime")                                             \
	F(u64, files, HIDE, "files_struct of the thread that died last, still intact")             \
	F(u32, parent, PID, "real_parent just before children and self are handed over")           \
	F(s32, code, CODE, "exit code 0..255; -1: killed by a signal")                             \
	F(u32, signal, SIGNAL, "signal that killed it; 0: exited")                                 \
	F(u32, core, BOOL, "core dumped")                                                          \
	F(u32, xflags, HIDE, "EXIT_* bits")                                                        \
	F(u32, zero, HIDE, "0")
#define EXIT_OOM_VICTIM 1 /* the OOM killer has marked its memory (signal->oom_mm) */

/* The leader thread ended while others live on: the process is headless, not dead. */
#define EV_HEADLESS(F) F(u64, start, TIME, "leader's start_boottime")

/* A thread that had a descriptor table of its own has died. */
#define EV_THREAD_EXIT(F)                                                                          \
	F(u64, files, HIDE, "its files_struct")                                                    \
	F(u32, heir, PID, "another thread of the process that uses this table; 0: none is left")   \
	F(u32, zero, HIDE, "0")

/* wait4 or waitid returned a child (not WNOWAIT).  The model decides whether that was a reap. */
#define EV_WAIT(F)                                                                                 \
	F(u32, nr, PID, "returned pid, in the pid namespace of the caller")                        \
	F(u32, level, DEC, "depth of the caller's pid namespace; 0: initial")

/*
 * The leader's task_struct was freed: reaped at the latest now, 8..26 ms late and in no order with
 * other events.  Subject: tgid.  real_parent still names whose child it was when it was released.
 */
#define EV_FREE(F)                                                                                 \
	F(u64, start, TIME, "leader's start_boottime")                                             \
	F(u64, parent_start, TIME, "start of the parent that had it at the release; 0: not told")  \
	F(u32, parent, PID, "that parent")                                                         \
	F(u32, sigchld, SIGCHLD, "its disposition of SIGCHLD; 255: it is dead, too")

/* comm changed without an exec (prctl PR_SET_NAME on the leader).  Source: tp_btf/task_rename. */
#define EV_RENAME(F) F(struct comm, name, COMM, "new comm")

/* setsid, setpgid.  Numbers are of the initial pid namespace.  pgid may be of another process. */
#define EV_SESSION(F)                                                                              \
	F(u32, target, PID, "process whose session or group changed")                              \
	F(u32, sid, PID, "session")                                                                \
	F(u32, pgid, PID, "process group")                                                         \
	F(u32, tty, HIDE, "controlling terminal as dev_t of /proc/PID/stat; 0: none")

/* A signal that kills by default, or was ignored, was generated.  Source: signal_generate. */
#define EV_SIGNAL(F)                                                                               \
	F(u32, target, PID, "process it is for")                                                   \
	F(u32, target_tid, HIDE, "thread it is for")                                               \
	F(u32, signal, SIGNAL, "signal number")                                                    \
	F(s32, code, HIDE, "si_code: 0 kill(), >0 kernel, <0 tkill and others")                    \
	F(u32, result, SIGRES, "TRACE_SIGNAL_*: 0 delivered, 1 ignored, 2 already pending, ...")   \
	F(u32, handled, BOOL, "the target has a handler for it")                                   \
	F(u64, first_start, HIDE, "SIGNAL_AGAIN: start of who sent the one it caught")             \
	F(u32, first_from, HIDE, "SIGNAL_AGAIN: current when that one was generated")              \
	F(s32, first_code, HIDE, "SIGNAL_AGAIN: si_code of that one")                              \
	F(u32, first_flags, HIDE, "SIGNAL_AGAIN: SIGNAL_* bits of that one")                       \
	F(u32, sflags, HIDE, "SIGNAL_* bits")
#define SIGNAL_NO_INFO 1  /* generated by the kernel in the name of current, without a siginfo */
#define SIGNAL_EXITING 2  /* current is on its way out */
#define SIGNAL_CPU_MAX 4  /* the target has a limit of CPU time (RLIMIT_CPU) */
#define SIGNAL_TIMERS  16 /* the target has timers (timer_create) */
#define SIGNAL_TOLD    32 /* these bits were looked at */
#define SIGNAL_AGAIN   8  /* sent to itself by a process that had caught this signal before */

/* prctl(PR_SET_CHILD_SUBREAPER). */
#define EV_SUBREAPER(F)                                                                            \
	F(u32, on, BOOL, "whether orphans below come to this process")                             \
	F(u32, zero, HIDE, "0")

/* ---- descriptors ----------------------------------------------------------------------- */

/* A socket was put into a slot by dup, SCM_RIGHTS or pidfd_getfd (socket and accept have their own). */
#define EV_INSTALL(F)                                                                              \
	SOCK_FIELDS(F)                                                                             \
	F(u64, files, HIDE, "files_struct it went into")                                           \
	F(s32, fd, FD, "slot; what was in it before is closed by this")                            \
	F(s32, from_fd, FD, "dup: the slot copied; pidfd_getfd: the fd in the other process")      \
	F(u32, from, PID, "pidfd_getfd: the process it was taken from")                            \
	F(u16, via, VIA, "dup, scm_rights, pidfd_getfd")                                           \
	F(u16, cloexec, BOOL, "close-on-exec set")                                                 \
	F(u32, peeked, BOOL, "scm_rights: by MSG_PEEK, so the message waits on in its queue")      \
	F(u32, zero, HIDE, "0")                                                                    \
	F(u64, queue, ID, "scm_rights: inode of the UNIX socket it was received from; 0: not known")

/* close of a socket's descriptor; emitted after it is gone from the table. */
#define EV_CLOSE(F)                                                                                \
	F(u64, files, HIDE, "files_struct")                                                        \
	F(u64, inode, ID, "inode of the socket that was in the slot")                              \
	F(u64, cookie, ID, "its cookie")                                                           \
	F(s32, fd, FD, "slot")                                                                     \
	F(u32, zero, HIDE, "0")                                                                    \
	F(u32, left, HIDE,                                                                         \
	  "references to its file beside this slot as the close began; 0: none, "                  \
	  "or not known")                                                                          \
	F(u32, zero2, HIDE, "0")

/* close_range over [first, last]; with CLOSE_RANGE_UNSHARE an EV_FDTAB came just before. */
#define EV_CLOSE_RANGE(F)                                                                          \
	F(u64, files, HIDE, "files_struct after the call")                                         \
	F(u32, first, DEC, "first descriptor")                                                     \
	F(u32, last, DEC, "last descriptor")                                                       \
	F(u32, cloexec_only, BOOL, "CLOSE_RANGE_CLOEXEC: only marked, nothing closed")             \
	F(u32, zero, HIDE, "0")

/* close-on-exec of a socket's descriptor changed (F_SETFD, FIOCLEX, FIONCLEX). */
#define EV_CLOEXEC(F)                                                                              \
	F(u64, files, HIDE, "files_struct")                                                        \
	F(u64, inode, ID, "inode of the socket")                                                   \
	F(s32, fd, FD, "slot")                                                                     \
	F(u32, cloexec, BOOL, "close-on-exec set")

/* A socket was sent over a UNIX socket (SCM_RIGHTS). */
#define EV_PASS(F)                                                                                 \
	F(u64, files, HIDE, "sender's files_struct")                                               \
	F(u64, inode, ID, "inode of the socket that was sent")                                     \
	F(u64, cookie, ID, "its cookie")                                                           \
	F(u64, over, ID, "inode of the UNIX socket it was sent over")                              \
	F(s32, fd, FD, "slot in the sender's table")                                               \
	F(u32, zero, HIDE, "0")                                                                    \
	F(u64, queue, ID, "inode of its peer, in whose receive queue it waits; 0: not known")

/* The calling thread has another table now: a copy of the one it had (unshare, close_range). */
#define EV_FDTAB(F)                                                                                \
	F(u64, files, HIDE, "new files_struct")                                                    \
	F(u32, leader, BOOL, "the caller is the thread group leader")                              \
	F(u32, zero, HIDE, "0")                                                                    \
	F(u64, old, HIDE, "files_struct it had; 0: not known")                                     \
	F(u32, heir, PID, "another thread of the process that uses that on; 0: none")              \
	F(u32, zero2, HIDE, "0")

/* ---- sockets --------------------------------------------------------------------------- */

/* socket(), socketpair() (one event an end).  The socket and its descriptor are new. */
#define EV_SOCKET(F)                                                                               \
	SOCK_FIELDS(F)                                                                             \
	F(u64, files, HIDE, "files_struct")                                                        \
	F(u64, cgroup, HIDE, "cgroup2 id of the creator")                                          \
	F(s32, fd, FD, "descriptor")                                                               \
	F(u32, cloexec, BOOL, "SOCK_CLOEXEC")

/* bind().  On failure local is the address that was asked for. */
#define EV_BIND(F)                                                                                 \
	SOCK_FIELDS(F)                                                                             \
	F(s32, fd, FD, "descriptor")                                                               \
	F(s32, error, ERRNO, "0, or why not: -EADDRINUSE ...")

/* listen(). */
#define EV_LISTEN(F)                                                                               \
	SOCK_FIELDS(F)                                                                             \
	F(s32, fd, FD, "descriptor; -1: seen at the state change, not at the call")                \
	F(s32, error, ERRNO, "0, or why not")                                                      \
	F(u32, backlog, DEC, "as asked")                                                           \
	F(u32, maker, HIDE, "pid of who opened it, itself or its parent; 0: not known")

/* connect() returned (EINPROGRESS counts as begun and is told as error). */
#define EV_CONNECT(F)                                                                              \
	SOCK_FIELDS(F)                                                                             \
	F(s32, fd, FD, "descriptor")                                                               \
	F(s32, error, ERRNO, "0, or why not")

/* accept().  The socket fields are those of the new connection. */
#define EV_ACCEPT(F)                                                                               \
	SOCK_FIELDS(F)                                                                             \
	F(u64, files, HIDE, "files_struct")                                                        \
	F(u64, listener, ID, "inode of the listening socket")                                      \
	F(s32, fd, FD, "descriptor of the connection")                                             \
	F(s32, listen_fd, FD, "descriptor of the listener")                                        \
	F(u32, cloexec, BOOL, "SOCK_CLOEXEC")                                                      \
	F(u32, zero, HIDE, "0")

/* A TCP state change.  tgid/tid are whoever ran then, often a bystander.  inet_sock_set_state. */
#define EV_STATE(F)                                                                                \
	SOCK_FIELDS(F)                                                                             \
	F(u16, old, STATE, "state before")                                                         \
	F(u16, err, HIDE, "sk_err")                                                                \
	F(u32, zero, HIDE, "0")

/*
 * The kernel has let go of a TCP socket (tcp_destroy_sock).  A TIME_WAIT may remain.  Not sent when
 * a state event just said CLOSE with SF_DEAD, which means the same.
 */
#define EV_DESTROY(F)                                                                              \
	F(u64, inode, ID, "inode, 0 when already taken off")                                       \
	F(u64, cookie, ID, "cookie")

/*
 * The file that bind() of a path made.  A path is found by it, not by the string: it may be given
 * relative, through links, or as another name of the same file; and a file that was removed, or
 * replaced by another, leads nobody to the socket any more.
 */
#define UNIX_FILE_FIELDS(F)                                                                        \
	F(u64, file, HIDE, "inode of the file; 0: none (abstract), or not known")                  \
	F(u32, file_dev, HIDE, "its device as the kernel has it: major << 20 | minor")             \
	F(u32, file_names, HIDE, "how many names the file has, plus one; 1: removed, 0: not known")

#define FILE_REMOVED 1 /* of file_names */

/* The name of a UNIX socket: after bind() (public: bind), and from scans. */
#define EV_UNIX_BIND(F)                                                                            \
	SOCK_FIELDS(F)                                                                             \
	F(s32, fd, FD, "descriptor")                                                               \
	F(s32, error, ERRNO, "0, or why not")                                                      \
	F(struct unix_name, name, UNIX, "path, or @abstract")                                      \
	F(u16, zero, HIDE, "0")                                                                    \
	UNIX_FILE_FIELDS(F)

/*
 * First use of a datagram socket (a receive) or of a listener (accept() was entered, or it was put
 * into an epoll set), once a table and slot.  With inode 0 and fd -1: it has made an io_uring, by
 * which it can use what is in its table without a call that is watched; once a program it runs.
 */
#define EV_USE(F)                                                                                  \
	F(u64, files, HIDE, "files_struct")                                                        \
	F(u64, inode, ID, "inode of the socket")                                                   \
	F(s32, fd, FD, "descriptor")                                                               \
	F(u32, zero, HIDE, "0")

/* ---- scans: what is there, told by iterators or /proc ---------------------------------- */

/*
 * A scan pass begins.  What it does not confirm by scan_end is swept, but only what was last
 * known before `ts` of this event, and only in the scope named.
 */
#define EV_SCAN_BEGIN(F)                                                                           \
	F(u32, scope, HIDE, "SCOPE_* bits the pass covers completely")                             \
	F(u32, pid, HIDE, "only this process; 0: all")                                             \
	F(u64, files, HIDE, "SCOPE_TABLE: only this files_struct")
#define SCOPE_TASKS 1  /* every process is confirmed */
#define SCOPE_FDS   2  /* every descriptor of a socket is confirmed */
#define SCOPE_SOCKS 4  /* every socket without a descriptor is confirmed */
#define SCOPE_TABLE 8  /* the descriptors of one files_struct are confirmed (walk at exec) */
#define SCOPE_TOLD  16 /* scan_end: what was not met was told by scan_miss: nothing is swept */

/* A scan pass ended; `begin` and the rest repeat its scan_begin. */
#define EV_SCAN_END(F)                                                                             \
	F(u32, scope, HIDE, "SCOPE_* bits, those that were cut short taken out")                   \
	F(u32, pid, HIDE, "only this process; 0: all")                                             \
	F(u64, files, HIDE, "SCOPE_TABLE: only this files_struct")                                 \
	F(u64, begin, HIDE, "ts of the scan_begin")

/* A process is there.  Subject: tgid.  Source: iter/task, /proc/PID/stat. */
#define EV_SCAN_TASK(F)                                                                            \
	F(u64, start, TIME, "leader's start_boottime (from /proc: whole clock ticks)")             \
	F(u64, files, HIDE, "files_struct; 0 for a zombie and for a leader that ended early")      \
	F(u64, cgroup, HIDE, "cgroup2 id")                                                         \
	F(u32, parent, PID, "real_parent's tgid")                                                  \
	F(u32, tracer, PID, "ptracer's tgid")                                                      \
	F(u32, sid, PID, "session")                                                                \
	F(u32, pgid, PID, "process group")                                                         \
	F(u32, tty, HIDE, "controlling terminal, dev_t as in /proc/PID/stat")                      \
	F(u32, uid, DEC, "real uid")                                                               \
	F(u32, pidns, HIDE, "inode of its own pid namespace")                                      \
	F(u32, netns, HIDE, "inode of its network namespace; 0: not known")                        \
	F(u32, mntns, HIDE, "inode of its mount namespace; 0: not known")                          \
	F(u32, exit_signal, HIDE, "0: none")                                                       \
	F(u32, status, HIDE, "zombie: wait status (exit code << 8 | core << 7 | signal)")          \
	F(u32, flags, HIDE, "TASK_* bits")                                                         \
	F(u32, sigchld, SIGCHLD, "disposition of SIGCHLD")                                         \
	F(s32, wait_pid, HIDE, "TASK_IN_WAIT: pid argument of wait4/waitid as given; -1: any")     \
	F(struct nspids, nspid, NSPIDS, "pid in the nested pid namespaces")                        \
	F(struct comm, name, HIDE, "comm of the leader")                                           \
	F(u64, ran_ns, HIDE, "dead or dying: how long ago it last ran; 0: not known")              \
	F(u64, frozen, HIDE, "STUCK_FROZEN: id of the cgroup that is to be thawed; 0: not known")  \
	F(u32, stuck, HIDE, "STUCK_* bits")                                                        \
	F(u32, parent_tid, PID, "thread of the parent whose child it is; 0: not told")             \
	F(u32, wait_tid, PID, "a thread of it that sleeps in a wait; 0: none, or not told")        \
	F(u32, wait_nr, PID, "WAITS_PID, WAITS_GROUP: which")                                      \
	F(u32, wait_for, HIDE, "WAITS_* number: whom that wait is for")                            \
	F(u32, wait_opts, HIDE, "its options as in waitid(); WEXITED is set for wait4()")
#define TASK_ZOMBIE    1    /* dead, not reaped */
#define TASK_HEADLESS  2    /* leader dead, threads live */
#define TASK_STOPPED   4    /* stopped by a signal (job control) */
#define TASK_KTHREAD   8    /* kernel thread */
#define TASK_SUBREAPER 16   /* PR_SET_CHILD_SUBREAPER */
#define TASK_NSINIT    32   /* PID 1 of its pid namespace */
#define TASK_IN_WAIT   64   /* the leader sleeps in wait4 or waitid */
#define TASK_DUMPING   128  /* dumping core */
#define TASK_NO_START  256  /* read without privilege: files, namespaces or fds not readable */
#define TASK_REAPED    512  /* has reaped a child some time in its life */
#define TASK_STRANGER  1024 /* forked by somebody who has executed more programs than its parent */
#define TASK_VFORKED   2048 /* the thread that made it waits until it executes a program or ends */
#define TASK_EXITING   4096 /* ended for itself and all others, but the kernel is not done with it */
#define TASK_REEXECED                                                                              \
	16384 /* has executed two programs at least: TASK_REAPED may be of one before */
#define TASK_THREAD_LEFT 8192 /* dead, but a tracer (told as its own) keeps a dead thread of it */
/* What keeps the leader from going on. */
#define STUCK_FROZEN	1  /* by the freezer of cgroup2 */
#define STUCK_FREEZER	2  /* by that of a hierarchy of its own (cgroup v1) */
#define STUCK_TRACE	4  /* stopped by its tracer */
#define STUCK_EXIT_STOP 8  /* with that: on its way out (PTRACE_EVENT_EXIT) */
#define STUCK_VFORK	16 /* in vfork, until the child executes a program or ends */
#define STUCK_BLOCKED	32 /* in uninterruptible sleep, for a second at least */
#define STUCK_KILLED	64 /* it was killed and has not ended yet */
#define STUCK_SIGCHLD                                                                              \
	128 /* a SIGCHLD is pending, and its main thread blocks it; hinders nothing else */
#define WAITS_ANY      1
#define WAITS_PID      2
#define WAITS_GROUP    3
#define CGROUP_FREEZER (1ull << 63) /* in an id: of the freezer's own hierarchy */

/* A socket sits in a slot.  Subject: tgid/tid whose table it is.  Source: iter/task_file, /proc. */
#define EV_SCAN_FD(F)                                                                              \
	SOCK_FIELDS(F)                                                                             \
	F(u64, files, HIDE, "files_struct; from /proc: made up, unique a process or thread")       \
	F(s32, fd, FD, "slot")                                                                     \
	F(u32, cloexec, BOOL, "close-on-exec set; 2: could not be read")                           \
	F(u32, maker, HIDE, "pid of who opened it, itself or its parent; 0: not known")            \
	F(u32, waits, HIDE, "opened by another: 1 somebody waits on it, 2 nobody; 0: not known")

/* A socket is there, whether or not a descriptor shows it.  Source: iter/tcp, udp, unix. */
#define EV_SCAN_SOCK(F)                                                                            \
	SOCK_FIELDS(F)                                                                             \
	F(u64, peer, ID, "UNIX: inode of the peer")                                                \
	F(u32, left_ms, DEC, "TIME_WAIT, FIN_WAIT: ms until the kernel lets go; 0: not known")     \
	F(u32, queued, DEC, "LISTEN: connections waiting to be accepted")

/* Name of a UNIX socket found by a scan. */
#define EV_SCAN_NAME(F)                                                                            \
	F(u64, inode, ID, "inode of the socket")                                                   \
	F(u64, cookie, ID, "its cookie")                                                           \
	F(struct unix_name, name, UNIX, "path, or @abstract")                                      \
	F(u16, zero, HIDE, "0")                                                                    \
	UNIX_FILE_FIELDS(F)

/* A socket in flight: sent over a UNIX socket, not yet received.  Source: walk of its queue. */
#define EV_SCAN_QUEUE(F)                                                                           \
	SOCK_FIELDS(F)                                                                             \
	F(u64, queue, ID, "inode of the UNIX socket in whose receive queue it waits")              \
	F(u32, count, DEC, "how many times it is in that queue; 0: not known")                     \
	F(u32, zero, HIDE, "0")

/*
 * A pass did not see all of a part, or cannot prove that it did: what it did not meet there may be
 * there all the same.  Comes before its scan_end, and holds until a later pass ends without it.
 */
#define EV_SCAN_CUT(F)                                                                             \
	F(u32, what, HIDE, "SCOPE_* bit: what kind of thing may be missing")                       \
	F(u32, why, HIDE, "CUT_* number")                                                          \
	F(u32, netns, ID, "the network namespace it is about; 0: all")                             \
	F(u32, proto, PROTO, "the kind of socket it is about; 0: all")                             \
	F(u64, met, DEC, "how many were met")                                                      \
	F(u64, there, DEC, "how many there are by another count; 0: not known")
#define CUT_COUNT 1 /* fewer were met than the kernel counts by itself */
#define CUT_NETNS 2 /* the network namespace could not be looked into */
#define CUT_ROOM  3 /* more than there is room for */
#define CUT_NAMES 4 /* names were left out that could not be told from a forgery */
#define CUT_ERROR 5 /* the kernel refused the walk */

/*
 * What keeps a socket that no descriptor shows.  Subject: the thread that sleeps in a call on it,
 * or the process whose io_uring has it; 0: it was looked for, and nothing was found.
 */
#define EV_SCAN_KEEPER(F)                                                                          \
	F(u64, inode, ID, "inode of the socket")                                                   \
	F(u64, cookie, ID, "its cookie; 0: not known")                                             \
	F(u32, how, HIDE, "KEEPER_* number")                                                       \
	F(u32, call, HIDE, "KEEPER_CALL: CALL_* number")                                           \
	F(u32, count, DEC, "how many keep it")                                                     \
	F(u32, zero, HIDE, "0")
#define KEEPER_NONE    0 /* not known */
#define KEEPER_CALL    1 /* a thread sleeps in a system call on it, which has its file */
#define KEEPER_REQUEST 2 /* an io_uring has a request under way on it */
#define KEEPER_FIXED   3 /* it is registered in an io_uring */

/* System calls that sleep on a socket, by numbers of our own: a recording may go elsewhere. */
#define CALL_TABLE(C)                                                                              \
	C(1, accept)                                                                               \
	C(2, accept4)                                                                              \
	C(3, poll)                                                                                 \
	C(4, ppoll)                                                                                \
	C(5, select)                                                                               \
	C(6, pselect6)                                                                             \
	C(7, read)                                                                                 \
	C(8, readv)                                                                                \
	C(9, recvfrom)                                                                             \
	C(10, recvmsg)                                                                             \
	C(11, recvmmsg)                                                                            \
	C(12, write)                                                                               \
	C(13, writev)                                                                              \
	C(14, sendto)                                                                              \
	C(15, sendmsg)                                                                             \
	C(16, sendmmsg)                                                                            \
	C(17, connect)                                                                             \
	C(18, sendfile)                                                                            \
	C(19, splice)

/* Command line and executable of a process, read from /proc.  Subject: tgid. */
#define EV_SCAN_ARGS(F)                                                                            \
	F(u64, start, TIME, "leader's start, to tell a reused pid")                                \
	F(u16, exe_len, EXE, "target of /proc/PID/exe; empty: not readable")                       \
	F(u16, args_len, ARGS, "/proc/PID/cmdline")                                                \
	F(u32, args_truncated, BOOL, "cut")

/*
 * A pass covered this and did not meet it: it is over, if it was last known to be there before
 * `begin`.  Made by user space, which leaves out of a stream what a scan only confirms.
 * A process: tgid and start.  A descriptor: files and fd, or where files is 0 the table of tgid
 * (tid 0: the main one), and the socket in it.  A socket: inode, cookie, or else its addresses.
 */
#define EV_SCAN_MISS(F)                                                                            \
	SOCK_FIELDS(F)                                                                             \
	F(u64, files, HIDE, "descriptor: files_struct; 0: its address is not known")               \
	F(u64, start, TIME, "process: its start")                                                  \
	F(u64, queue, ID, "socket: it is not in this queue any more, but may be elsewhere")        \
	F(u64, begin, HIDE, "ts of the pass's scan_begin")                                         \
	F(s32, fd, FD, "descriptor: slot")                                                         \
	F(u32, what, HIDE, "SCOPE_TASKS, SCOPE_FDS or SCOPE_SOCKS: what kind of thing it is")

/* ---- about the stream ------------------------------------------------------------------ */

/* Anchor of the clocks: CLOCK_REALTIME when CLOCK_BOOTTIME was ts.  First event of a stream. */
#define EV_CLOCK(F) F(u64, realtime, HIDE, "CLOCK_REALTIME, ns since 1970")

/* Time passed; nothing else happened.  Lets timers of the model expire in event time. */
#define EV_TICK(F) F(u64, zero, HIDE, "0")

/*
 * Events were lost: the ring was full.  Public: lost.  damaged: what is read is not all that was
 * written or asked for; made by who replays it, and kept in what is copied from it.
 */
#define EV_LOST(F)                                                                                 \
	F(u64, count, DEC, "how many, since the last such event")                                  \
	F(u32, damaged, BOOL, "the recording is cut off or damaged here")                          \
	F(u32, zero, HIDE, "0")

/* One user made more than its share of a recording: so many of its events are neither in it nor known. */
#define EV_HELD(F)                                                                                 \
	F(u64, count, DEC, "how many, since the last such event of that user")                     \
	F(u64, since, TIME, "the first of them")                                                   \
	F(u32, uid, DEC, "whose; 4294967295: of several users")                                    \
	F(u32, zero, HIDE, "0")

/* Path of a cgroup, read by user space when an id is first met. */
#define EV_CGROUP(F)                                                                               \
	F(u64, id, HIDE, "cgroup2 id")                                                             \
	F(u16, path_len, EXE, "path below the cgroup2 mount")                                      \
	F(u16, zero, HIDE, "0")                                                                    \
	F(u32, zero2, HIDE, "0")

/* What the source can see: decides what "not there" means and how certain an answer is. */
#define EV_SOURCE(F)                                                                               \
	F(u32, caps, HIDE, "SRC_* bits")                                                           \
	F(u32, blind, DEC, "processes whose descriptors could not be read")                        \
	F(u64, filter, HIDE, "kinds let through, bit a kind; ~0: all")                             \
	F(u32, netns, HIDE, "inode of the network namespace it looks from; 0: not known")          \
	F(u32, zero, HIDE, "0")
#define SRC_EVENTS  1  /* a live stream: what begins from now on is seen from its birth */
#define SRC_FD	    2  /* descriptor events are complete (--fd=full) */
#define SRC_PROC    4  /* read from /proc without BPF */
#define SRC_NETNS   8  /* other network namespaces were looked into */
#define SRC_READ    32 /* of datagram sockets reads are told, too, not only recv() and its like */
#define SRC_PARTIAL 16 /* a scan narrowed to what was asked: absent does not mean gone */

/* ---- a checkpoint: the model itself ----------------------------------------------------- */

/*
 * The whole model as events, from kept_begin to kept_end: what a segment of a recording begins
 * with.  Nothing happened, and no source tells them; ts is the time of the model that was dumped.
 * KEPT_*_FIELDS are members of the structs of the model, by their names there (user/model.h,
 * model_priv.h), and ids are its own.  Of a list the way forward is kept; heads, the way back,
 * counts, references and indexes follow from it.  Here, too, a field is appended to its kind: one
 * that belongs to a list that is not the last of its kind begins another list.
 */

/* A checkpoint begins.  What the model knows about itself and its source. */
#define KEPT_MODEL_FIELDS(F)                                                                       \
	F(u64, now, HIDE, "largest ts seen")                                                       \
	F(u64, realtime_off, HIDE, "CLOCK_REALTIME less CLOCK_BOOTTIME; 0: not known")             \
	F(u64, watching_since, HIDE, "ts of the first live source; 0: none")                       \
	F(u64, lost, HIDE, "events lost in all")                                                   \
	F(u64, lost_since, HIDE, "ts of a loss not repaired yet; 0: none")                         \
	F(u64, events, HIDE, "events applied")                                                     \
	F(u64, filter, HIDE, "kinds let through by the source")                                    \
	F(u32, caps, HIDE, "SRC_* bits")                                                           \
	F(u32, blind, HIDE, "processes whose descriptors could not be read")
#define KEPT_PRIV_FIELDS(F)                                                                        \
	F(u64, wake, HIDE, "nothing is due before")                                                \
	F(u64, last_loss, HIDE, "ts of the newest loss")                                           \
	F(u32, collect_at, HIDE, "how many dead before circles among them are looked for")         \
	F(u32, repaired, HIDE, "SCOPE_* bits scanned anew since the newest loss")                  \
	F(u32, dropped, HIDE, "facts that scans since the first loss showed to be over")           \
	F(u32, added, HIDE, "facts that scans since the first loss showed to be new")
#define KEPT_HOME_FIELDS(F)                                                                        \
	F(u32, netns, HIDE, "inode of the network namespace the source looks from; 0: not known")
#define KEPT_GAP_FIELDS(F)                                                                         \
	F(u64, held_since, HIDE, "ts of the first event held back and not made good yet; 0: none") \
	F(u64, held_last, HIDE, "ts of the newest that was")
#define EV_KEPT_BEGIN(F)                                                                           \
	KEPT_MODEL_FIELDS(F)                                                                       \
	KEPT_PRIV_FIELDS(F)                                                                        \
	KEPT_HOME_FIELDS(F)                                                                        \
	F(u32, look, HIDE, "number of the scan of all descriptors that began last; 0: none did")   \
	KEPT_GAP_FIELDS(F)

/* A process, dead or alive.  Subject: tgid. */
#define KEPT_PROC_FIELDS(F)                                                                        \
	F(u32, id, HIDE, "id")                                                                     \
	F(u32, tgid, HIDE, "pid")                                                                  \
	F(u64, start, HIDE, "leader's start_boottime; 0: not known")                               \
	F(u64, seen_ts, HIDE, "when it was last known to be there")                                \
	F(u64, parent_ts, HIDE, "since when the parent is so")                                     \
	F(u64, setsid_ts, HIDE, "when it became a session leader; 0: not seen")                    \
	F(u64, orphaned_ts, HIDE, "when its birth parent died before it; 0: not seen")             \
	F(u64, cgroup, HIDE, "cgroup2 id")                                                         \
	F(u32, older, HIDE, "proc: earlier life of the same pid")                                  \
	F(u32, birth, HIDE, "proc that forked it")                                                 \
	F(u32, parent, HIDE, "proc that is its parent now")                                        \
	F(u32, next, HIDE, "proc: next child of that parent")                                      \
	F(u32, image, HIDE, "image it runs")                                                       \
	F(u32, death, HIDE, "its death; 0: it has not died")                                       \
	F(u32, tracer, HIDE, "pid of its ptracer")                                                 \
	F(u32, sid, HIDE, "session")                                                               \
	F(u32, pgid, HIDE, "process group")                                                        \
	F(u32, tty, HIDE, "controlling terminal")                                                  \
	F(u32, uid, HIDE, "real uid")                                                              \
	F(u32, pidns, HIDE, "inode of its pid namespace")                                          \
	F(u32, netns, HIDE, "inode of its network namespace")                                      \
	F(u32, mntns, HIDE, "inode of its mount namespace")                                        \
	F(u32, reaps, HIDE, "children it was seen to reap")                                        \
	F(s32, wait_pid, HIDE, "TASK_IN_WAIT: pid it waits for; -1: any")                          \
	F(struct nspids, nspid, NSPIDS, "pid in the nested pid namespaces")                        \
	F(u16, flags, HIDE, "TASK_* bits")                                                         \
	F(u8, state, HIDE, "0 running, 1 zombie, 2 gone")                                          \
	F(u8, exit_signal, HIDE, "signal its parent gets; 0: none")                                \
	F(u8, sigchld, HIDE, "disposition of SIGCHLD; 255: not known")                             \
	F(u8, ghost, HIDE, "inferred")                                                             \
	F(u16, born, HIDE, "its fork was seen")                                                    \
	F(u64, ran_ts, HIDE, "dead or dying when met: when it last ran; 0: not known")             \
	F(u64, frozen, HIDE, "cgroup that is to be thawed")                                        \
	F(u64, habit_ns, HIDE, "how long its children lately were dead before it reaped them")     \
	F(u32, stuck, HIDE, "STUCK_* bits")                                                        \
	F(u32, parent_tid, HIDE, "thread of the parent whose child it is")                         \
	F(u32, wait_tid, HIDE, "thread that sleeps in a wait")                                     \
	F(u32, wait_nr, HIDE, "whom it waits for")                                                 \
	F(u32, wait_opts, HIDE, "options of the wait")                                             \
	F(u16, wait_for, HIDE, "WAITS_* number")                                                   \
	F(u16, adopted, HIDE, "it was seen to be handed over to its parent")
#define EV_KEPT_PROC(F) KEPT_PROC_FIELDS(F)

/* What a process runs. */
#define KEPT_IMAGE_FIELDS(F)                                                                       \
	F(u64, ts, HIDE, "when it was exec'd; 0: before anything was watching")                    \
	F(u32, prev, HIDE, "image before that exec")                                               \
	F(u32, truncated, HIDE, "the arguments were cut")                                          \
	F(u64, used, HIDE, "inode of the socket it used; all bits: of several")
#define EV_KEPT_IMAGE(F)                                                                           \
	F(u32, id, HIDE, "id")                                                                     \
	F(struct comm, name, HIDE, "comm")                                                         \
	F(u16, exe_len, EXE, "path of the executable")                                             \
	F(u16, args_len, ARGS, "arguments")                                                        \
	KEPT_IMAGE_FIELDS(F)

/* How a process died. */
#define KEPT_DEATH_FIELDS(F)                                                                       \
	F(s32, code, HIDE, "exit code; -1: none, or not known")                                    \
	F(u64, ts, HIDE, "exit; 0: before anything was watching")                                  \
	F(u64, reaped_ts, HIDE, "when it was reaped; 0: not yet")                                  \
	F(u32, signal, HIDE, "signal that killed it; 0: none, or not known")                       \
	F(u32, killer, HIDE, "proc that sent the signal")                                          \
	F(u32, reaper, HIDE, "proc that waited")                                                   \
	F(u32, killer_pid, HIDE, "pid that sent the signal")                                       \
	F(u8, known, HIDE, "code and signal are known")                                            \
	F(u8, core, HIDE, "dumped core")                                                           \
	F(u8, by_kernel, HIDE, "the kernel sent the signal")                                       \
	F(u8, ns_died, HIDE, "killed with its pid namespace")                                      \
	F(u8, told, HIDE, "a zombie event was emitted")                                            \
	F(u8, auto_reaped, HIDE, "reaped by nobody")                                               \
	F(u16, freed, HIDE, "the kernel has freed it")                                             \
	F(u64, left_by, HIDE, "pid of a parent that died: it or its adopter reaps; 0: settled")    \
	F(u32, cause, HIDE, "enum cause")                                                          \
	F(u32, again, HIDE, "it raised again what it had caught")
#define EV_KEPT_DEATH(F)                                                                           \
	F(u32, id, HIDE, "id")                                                                     \
	KEPT_DEATH_FIELDS(F)

/* A descriptor table. */
#define KEPT_TAB_FIELDS(F)                                                                         \
	F(u64, key, HIDE, "address of the files_struct; 0: not known yet")                         \
	F(u64, known_ts, HIDE, "complete since then; 0: not")                                      \
	F(u64, key_ts, HIDE, "since when the address is known to be its own")
#define EV_KEPT_TAB(F)                                                                             \
	F(u32, id, HIDE, "id")                                                                     \
	F(u32, zero, HIDE, "0")                                                                    \
	KEPT_TAB_FIELDS(F)

/* That a process or one of its threads uses a table. */
#define KEPT_REF_FIELDS(F)                                                                         \
	F(u32, proc, HIDE, "proc")                                                                 \
	F(u32, fdtab, HIDE, "table")                                                               \
	F(u32, tid, HIDE, "0: the main table; else the thread that has its own")                   \
	F(u32, proc_next, HIDE, "next tabref of the process")                                      \
	F(u32, tab_next, HIDE, "next tabref of the table")
#define EV_KEPT_REF(F)                                                                             \
	F(u32, id, HIDE, "id")                                                                     \
	KEPT_REF_FIELDS(F)

/* That a socket sits in a slot of a table. */
#define KEPT_HOLD_FIELDS(F)                                                                        \
	F(u64, since, HIDE, "when the slot was filled")                                            \
	F(u64, seen_ts, HIDE, "when it was last known to be so")                                   \
	F(u32, fdtab, HIDE, "table")                                                               \
	F(u32, sock, HIDE, "socket")                                                               \
	F(u32, tab_next, HIDE, "next hold of the table")                                           \
	F(u32, sock_next, HIDE, "next hold of the socket, by age")                                 \
	F(s32, fd, HIDE, "slot")                                                                   \
	F(u8, via, HIDE, "how the slot was filled")                                                \
	F(u8, how, HIDE, "how the process first came to the socket")                               \
	F(u8, cloexec, HIDE, "close-on-exec; 2: not known")                                        \
	F(u8, flags, HIDE, "HOLD_* bits")
#define EV_KEPT_HOLD(F)                                                                            \
	F(u32, id, HIDE, "id")                                                                     \
	F(u32, zero, HIDE, "0")                                                                    \
	KEPT_HOLD_FIELDS(F)

/* A socket. */
#define KEPT_SOCK_FIELDS(F)                                                                        \
	SOCK_FIELDS(F)                                                                             \
	F(u64, state_ts, HIDE, "when the state was last set")                                      \
	F(u64, seen_ts, HIDE, "when it was last known to be there")                                \
	F(u64, opened, HIDE, "when it was created; 0: before anything was watching")               \
	F(u64, cgroup, HIDE, "cgroup2 id of its creator")                                          \
	F(u64, peer, HIDE, "UNIX: inode of the peer")                                              \
	F(u64, listener, HIDE, "accepted: inode of the listener")                                  \
	F(u64, queue, HIDE, "in flight: inode of the UNIX socket in whose queue it is")            \
	F(u32, id, HIDE, "id")                                                                     \
	F(u32, creator, HIDE, "proc that made it")                                                 \
	F(u32, port_next, HIDE, "next socket of the same local port")                              \
	F(u32, name, HIDE, "its kept_name; 0: none")                                               \
	F(u32, left_ms, HIDE, "TIME_WAIT: left when it was last seen")                             \
	F(u32, queued, HIDE, "LISTEN: connections waiting to be accepted")                         \
	F(u32, last_pass, HIDE, "pid that last sent it by SCM_RIGHTS")                             \
	F(u32, born, HIDE, "its creation was seen")                                                \
	F(u16, gone, HIDE, "destroyed, in its grace")                                              \
	F(u16, transferred, HIDE, "a transfer event was emitted")                                  \
	F(u16, leaked, HIDE, "a leak event was emitted")                                           \
	F(u16, timed, HIDE, "it is among those that end by the clock")                             \
	F(u32, origins_at, HIDE, "how many origins before those of no use are thrown away")        \
	F(u32, closed_by, HIDE, "pid that closed its last descriptor; 0: not known")               \
	F(u64, closed_ts, HIDE, "when that was; 0: it has one")                                    \
	F(u32, closing, HIDE, "and it is not known yet whether it is over")
#define KEPT_KEEPER_FIELDS(F)                                                                      \
	F(u32, keep_pid, HIDE, "scan_keeper: process")                                             \
	F(u32, keep_tid, HIDE, "scan_keeper: thread")                                              \
	F(u8, keep_how, HIDE, "scan_keeper: how")                                                  \
	F(u8, keep_call, HIDE, "scan_keeper: call")                                                \
	F(u16, keep_count, HIDE, "scan_keeper: count")
#define EV_KEPT_SOCK(F)                                                                            \
	KEPT_SOCK_FIELDS(F)                                                                        \
	F(u32, before, HIDE, "it was there when the watch began")                                  \
	KEPT_KEEPER_FIELDS(F)                                                                      \
	F(u32, unlooked, HIDE,                                                                     \
	  "let go and not judged since: number of the scan before; 0: not so")                     \
	F(u64, parted_ts, HIDE, "when a table ceased to hold it; 0: none did, or not known")

/* The name of a UNIX socket. */
#define EV_KEPT_NAME(F)                                                                            \
	F(u32, id, HIDE, "id")                                                                     \
	F(u32, zero, HIDE, "0")                                                                    \
	F(struct unix_name, name, UNIX, "path, or @abstract")                                      \
	F(u16, zero2, HIDE, "0")                                                                   \
	UNIX_FILE_FIELDS(F)

/* How a process came to a socket. */
#define KEPT_ORIGIN_FIELDS(F)                                                                      \
	F(u32, sock, HIDE, "socket")                                                               \
	F(u64, ts, HIDE, "when")                                                                   \
	F(u32, proc, HIDE, "proc that came to it")                                                 \
	F(u32, from, HIDE, "proc it was got from; 0: none, or not known")                          \
	F(u32, next, HIDE, "next origin of the socket")                                            \
	F(u32, via, HIDE, "how")
#define EV_KEPT_ORIGIN(F)                                                                          \
	F(u32, id, HIDE, "id")                                                                     \
	KEPT_ORIGIN_FIELDS(F)

/* A place in a queue, first place first. */
#define KEPT_DUE_FIELDS(F)                                                                         \
	F(u32, id, HIDE, "proc or socket")                                                         \
	F(u64, ts, HIDE, "when it is due; in flight: when last seen")                              \
	F(u64, tag, HIDE,                                                                          \
	  "tells whether id is still the one that was meant; nsinits: pid namespace")
#define EV_KEPT_DUE(F)                                                                             \
	F(u32, queue, HIDE, "KEPT_* number of the queue")                                          \
	KEPT_DUE_FIELDS(F)                                                                         \
	F(u64, over, HIDE, "in flight: inode of the UNIX socket in whose queue it is")             \
	F(u64, scan_ts, HIDE, "in flight: when a scan counted it")                                 \
	F(u32, count, HIDE, "in flight: how many times it is there")                               \
	F(u32, zero, HIDE, "0")
#define KEPT_ZOMBIES  0 /* exits that may deserve a zombie event */
#define KEPT_FREES    1 /* freed by the kernel, and no wait seen yet */
#define KEPT_GONES    2 /* sockets in their grace */
#define KEPT_WAITS    3 /* sockets that end by the clock */
#define KEPT_FLIGHTS  4 /* sockets in flight */
#define KEPT_GRACES   5 /* processes in their grace */
#define KEPT_NSINITS  6 /* processes that are PID 1 of a pid namespace: no queue, but alike */
#define KEPT_CLOSINGS 7 /* sockets whose last descriptor was just closed */
#define KEPT_HELDS                                                                                 \
	8 /* users whose events were held back: over is the uid, tag how many; no queue, too */
#define KEPT_QUEUES 9 /* there are so many */

/* A signal on its way. */
#define KEPT_SENT_FIELDS(F)                                                                        \
	F(u32, from, HIDE, "proc that sent it")                                                    \
	F(u64, from_start, HIDE, "its start")                                                      \
	F(u32, from_pid, HIDE, "its pid")                                                          \
	F(u32, signal, HIDE, "signal number")                                                      \
	F(u32, by_kernel, HIDE, "the kernel sent it")                                              \
	F(u32, ns_died, HIDE, "its pid namespace died")                                            \
	F(u32, cause, HIDE, "enum cause")                                                          \
	F(u32, again, HIDE, "raised again by who had caught it")
#define EV_KEPT_SENT(F)                                                                            \
	F(u32, proc, HIDE, "proc it goes to")                                                      \
	KEPT_SENT_FIELDS(F)

/* Path of a cgroup. */
#define EV_KEPT_CGROUP(F) EV_CGROUP(F)

/* A checkpoint is whole. */
#define EV_KEPT_END(F) F(u64, count, HIDE, "events between kept_begin and this")

/* ---- told by the model ----------------------------------------------------------------- */

/* Exited and not reaped at once (ZOMBIE_AFTER_NS).  Subject: tgid is the parent. */
#define EV_ZOMBIE(F)                                                                               \
	F(u64, start, TIME, "zombie's start")                                                      \
	F(u64, exited, TIME, "when it exited")                                                     \
	F(u32, child, PID, "the zombie")                                                           \
	F(u32, zero, HIDE, "0")

/* A dead process is gone, exactly once each.  Subject: tgid is the reaper, else its parent. */
#define EV_REAP(F)                                                                                 \
	F(u64, start, TIME, "its start")                                                           \
	F(u64, zombie_ns, NS, "from exit to reap")                                                 \
	F(u32, child, PID, "the process reaped")                                                   \
	F(u32, reaper, PID, "who called wait; null: nobody (SIGCHLD ignored), or not seen")

/* The parent of a process died and another took it over. */
#define EV_REPARENT(F)                                                                             \
	F(u32, child, PID, "the orphan")                                                           \
	F(u32, from, PID, "parent until now")                                                      \
	F(u32, to, PID, "parent from now on")                                                      \
	F(u32, zero, HIDE, "0")

/* The creator's side let go; another process keeps the socket alive.  Subject: tgid is from. */
#define EV_TRANSFER(F)                                                                             \
	SOCK_FIELDS(F)                                                                             \
	F(u32, from, PID, "the creator that let go")                                               \
	F(u32, to, PID, "a process that holds it on (the first of them)")                          \
	F(u32, holders, DEC, "how many processes hold it")                                         \
	F(u32, died, BOOL, "the creator died; else it closed its last descriptor")

/* A socket's verdict has become leaked.  Subject: tgid is a holder. */
#define EV_LEAK(F)                                                                                 \
	SOCK_FIELDS(F)                                                                             \
	F(u32, holder, PID, "a process that keeps it alive")                                       \
	F(u32, creator, PID, "who made it")                                                        \
	F(s32, fd, FD, "the holder's descriptor")                                                  \
	F(u32, holders, DEC, "how many processes hold it")

/* The model has been made right again after a loss. */
#define EV_RESYNC(F)                                                                               \
	F(u64, gap_ns, NS, "from the first loss until now")                                        \
	F(u32, dropped, DEC, "facts the scan showed to be over")                                   \
	F(u32, added, DEC, "facts the scan showed to be new")

/* A socket is no more: nothing holds it and the kernel is done with it.  Public: destroy. */
#define EV_GONE(F) SOCK_FIELDS(F)

/*
 * K(number, ID, lower, public name or NULL, class, doc)
 * class: RAW    fed to the model (must have a handler on_<lower> in user/, or it does not compile);
 *        TOLD   made by the model, never read from a source.
 * Kinds without a public name do not appear in `trace --json`.
 */
#define EV_TABLE(K)                                                                                \
	K(1, FORK, fork, "fork", RAW, "a process was created")                                     \
	K(2, THREAD, thread, NULL, RAW, "a thread with its own descriptor table was created")      \
	K(3, EXEC, exec, "exec", RAW, "a process runs a new program")                              \
	K(4, EXIT, exit, "exit", RAW, "a process died")                                            \
	K(5, HEADLESS, headless, NULL, RAW, "the main thread ended, others live on")               \
	K(6, THREAD_EXIT, thread_exit, NULL, RAW, "a thread with its own table died")              \
	K(7, WAIT, wait, NULL, RAW, "a wait call returned a child")                                \
	K(8, FREE, free, NULL, RAW, "a process's last trace left the kernel")                      \
	K(9, RENAME, rename, NULL, RAW, "a process changed its comm")                              \
	K(10, SESSION, session, "session", RAW, "a process changed session or group")              \
	K(11, SIGNAL, signal, "signal", RAW, "a fatal or ignored signal was sent")                 \
	K(12, SUBREAPER, subreaper, NULL, RAW, "a process became a subreaper, or ceased")          \
	K(20, INSTALL, install, "install", RAW, "a socket was put into a descriptor slot")         \
	K(21, CLOSE, close, "close", RAW, "a socket's descriptor was closed")                      \
	K(22, CLOSE_RANGE, close_range, NULL, RAW, "a range of descriptors was closed")            \
	K(23, CLOEXEC, cloexec, "cloexec", RAW, "close-on-exec was changed")                       \
	K(24, PASS, pass, "pass", RAW, "a socket was sent over a UNIX socket")                     \
	K(25, FDTAB, fdtab, NULL, RAW, "a thread unshared its descriptor table")                   \
	K(30, SOCKET, socket, "socket", RAW, "a socket was created")                               \
	K(31, BIND, bind, "bind", RAW, "a socket was bound, or failed to")                         \
	K(32, LISTEN, listen, "listen", RAW, "a socket listens")                                   \
	K(33, CONNECT, connect, "connect", RAW, "a socket connects")                               \
	K(34, ACCEPT, accept, "accept", RAW, "a connection was accepted")                          \
	K(35, STATE, state, "state", RAW, "a TCP state changed")                                   \
	K(36, DESTROY, destroy, NULL, RAW, "the kernel let go of a TCP socket")                    \
	K(37, UNIX_BIND, unix_bind, "bind", RAW, "a UNIX socket was bound, or failed to")          \
	K(38, USE, use, NULL, RAW, "a socket was used for the first time by its holder")           \
	K(50, SCAN_BEGIN, scan_begin, NULL, RAW, "a scan begins")                                  \
	K(51, SCAN_END, scan_end, NULL, RAW, "a scan ended")                                       \
	K(52, SCAN_TASK, scan_task, NULL, RAW, "a process is there")                               \
	K(53, SCAN_FD, scan_fd, NULL, RAW, "a socket sits in a slot")                              \
	K(54, SCAN_SOCK, scan_sock, NULL, RAW, "a socket is there")                                \
	K(55, SCAN_NAME, scan_name, NULL, RAW, "a UNIX socket has a name")                         \
	K(56, SCAN_QUEUE, scan_queue, NULL, RAW, "a socket is in flight")                          \
	K(57, SCAN_ARGS, scan_args, NULL, RAW, "a process's command line")                         \
	K(58, SCAN_MISS, scan_miss, NULL, RAW, "a scan did not meet what was there before")        \
	K(59, HELD, held, "held", RAW, "a user's events were held back from a recording")          \
	K(60, CLOCK, clock, NULL, RAW, "anchor of the clocks")                                     \
	K(61, TICK, tick, NULL, RAW, "time passed")                                                \
	K(62, LOST, lost, "lost", RAW, "events were lost")                                         \
	K(63, CGROUP, cgroup, NULL, RAW, "path of a cgroup")                                       \
	K(64, SOURCE, source, NULL, RAW, "what the source can see")                                \
	K(65, KEPT_BEGIN, kept_begin, NULL, RAW, "a checkpoint begins")                            \
	K(66, KEPT_PROC, kept_proc, NULL, RAW, "checkpoint: a process")                            \
	K(67, KEPT_IMAGE, kept_image, NULL, RAW, "checkpoint: what a process runs")                \
	K(68, KEPT_DEATH, kept_death, NULL, RAW, "checkpoint: how a process died")                 \
	K(69, KEPT_TAB, kept_tab, NULL, RAW, "checkpoint: a descriptor table")                     \
	K(70, KEPT_REF, kept_ref, NULL, RAW, "checkpoint: who uses a descriptor table")            \
	K(71, KEPT_HOLD, kept_hold, NULL, RAW, "checkpoint: a socket in a slot")                   \
	K(72, KEPT_SOCK, kept_sock, NULL, RAW, "checkpoint: a socket")                             \
	K(73, KEPT_NAME, kept_name, NULL, RAW, "checkpoint: name of a UNIX socket")                \
	K(74, KEPT_ORIGIN, kept_origin, NULL, RAW, "checkpoint: how a process came to a socket")   \
	K(75, KEPT_DUE, kept_due, NULL, RAW, "checkpoint: a place in a queue")                     \
	K(76, KEPT_SENT, kept_sent, NULL, RAW, "checkpoint: a signal on its way")                  \
	K(77, KEPT_CGROUP, kept_cgroup, NULL, RAW, "checkpoint: path of a cgroup")                 \
	K(78, KEPT_END, kept_end, NULL, RAW, "a checkpoint is whole")                              \
	K(80, ZOMBIE, zombie, "zombie", TOLD, "a process died and its parent has not reaped it")   \
	K(81, REAP, reap, "reap", TOLD, "a dead process was reaped")                               \
	K(82, REPARENT, reparent, "reparent", TOLD, "an orphan got a new parent")                  \
	K(83, TRANSFER, transfer, "transfer", TOLD, "a socket outlives its creator's hold")        \
	K(84, LEAK, leak, "leak", TOLD, "a socket is kept by a program that never meant to")       \
	K(85, RESYNC, resync, "resync", TOLD, "the picture is right again after a loss")           \
	K(86, GONE, gone, "destroy", TOLD, "a socket is no more")                                  \
	K(88, SCAN_KEEPER, scan_keeper, NULL, RAW, "what keeps a socket without a descriptor")     \
	K(89, SCAN_CUT, scan_cut, NULL, RAW, "a scan did not see everything")

enum ev_kind {
#define K(n, ID, lower, pub, class, doc) EV_KIND_##ID = n,
	EV_TABLE(K)
#undef K
		EV_KIND_MAX = 96 /* numbers below this; room to append */
};

enum via {
#define V(n, ID, name) VIA_##ID = n,
	VIA_TABLE(V)
#undef V
		VIA_MAX = 9
};

/* struct ev_fork and so on: the head, then the fields, then (exec, args, cgroup) the tail bytes. */
#define FIELD_DECL(type, name, fmt, doc) type name;
#define FIELD_SIZE(type, name, fmt, doc) +sizeof(type)
#define K(n, ID, lower, pub, class, doc)                                                           \
	struct ev_##lower {                                                                        \
		struct ev h;                                                                       \
		EV_##ID(FIELD_DECL)                                                                \
	};                                                                                         \
	_Static_assert(sizeof(struct ev_##lower) == sizeof(struct ev) EV_##ID(FIELD_SIZE),         \
		       #ID " has padding");
EV_TABLE(K)
#undef K

_Static_assert(sizeof(struct ev) == 24, "event head");
_Static_assert(sizeof(struct ep) == 20, "endpoint");

#endif
