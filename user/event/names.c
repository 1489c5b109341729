/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of numbers.  Tables of our own: the C library's sigabbrev_np and strerrorname_np are
 * missing before glibc 2.32, and a recording is read on another machine than it was made on.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "event.h"

static int by_name(const char *const *names, int count, const char *s, size_t n)
{
	for (int i = 0; i < count; i++)
		if (names[i] && strlen(names[i]) == n && !memcmp(names[i], s, n))
			return i;
	return -1;
}

static const char *const vias[] = {
#define V(n, ID, name) [n] = name,
	VIA_TABLE(V)
#undef V
};
_Static_assert(ARRAY_SIZE(vias) == VIA_MAX, "VIA_MAX is behind the table");

static const char *const calls[] = {
#define C(n, name) [n] = #name,
	CALL_TABLE(C)
#undef C
};

const char *name_call(unsigned int call)
{
	return call < ARRAY_SIZE(calls) ? calls[call] : NULL;
}

const char *name_via(unsigned int via)
{
	return via < ARRAY_SIZE(vias) ? vias[via] : "?";
}

int via_by_name(const char *s, size_t n)
{
	return by_name(vias, ARRAY_SIZE(vias), s, n);
}

/* Beyond 12: BOUND_INACTIVE is since 6.8 what inet_diag says of a bound socket. */
static const char *const states[] = {
	NULL,	 "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",    "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT",	"LAST_ACK", "LISTEN",	"CLOSING",   "NEW_SYN_RECV", "BOUND",
};

const char *name_tcp_state(unsigned int state)
{
	return state < ARRAY_SIZE(states) ? states[state] : NULL;
}

int tcp_state_by_name(const char *s, size_t n)
{
	return by_name(states, ARRAY_SIZE(states), s, n);
}

static const char *const sigres[] = {"delivered", "ignored", "already_pending", "overflow_fail",
				     "lose_info"};

const char *name_sigres(unsigned int result)
{
	return result < ARRAY_SIZE(sigres) ? sigres[result] : "?";
}

int sigres_by_name(const char *s, size_t n)
{
	return by_name(sigres, ARRAY_SIZE(sigres), s, n);
}

static const char *const sigchld[] = {"default", "ignored", "handled"};

const char *name_sigchld(unsigned int disposition)
{
	return disposition < ARRAY_SIZE(sigchld) ? sigchld[disposition] : NULL;
}

int sigchld_by_name(const char *s, size_t n)
{
	return by_name(sigchld, ARRAY_SIZE(sigchld), s, n);
}

/* clang-format off */
#define SIG_TABLE(S)                                                                               \
	S(HUP) S(INT) S(QUIT) S(ILL) S(TRAP) S(ABRT) S(BUS) S(FPE) S(KILL) S(USR1) S(SEGV)         \
	S(USR2) S(PIPE) S(ALRM) S(TERM) S(STKFLT) S(CHLD) S(CONT) S(STOP) S(TSTP) S(TTIN) S(TTOU)  \
	S(URG) S(XCPU) S(XFSZ) S(VTALRM) S(PROF) S(WINCH) S(IO) S(PWR) S(SYS)
/* clang-format on */

static const char *const signals[] = {
#define S(name) [SIG##name] = "SIG" #name,
	SIG_TABLE(S)
#undef S
};

#define REAL_FIRST 32
#define REAL_LAST  64
/* Numbers 32..64, five letters and a NUL each. */
static const char real_time[] =
	"SIG32\0SIG33\0SIG34\0SIG35\0SIG36\0SIG37\0SIG38\0SIG39\0SIG40\0SIG41\0SIG42\0"
	"SIG43\0SIG44\0SIG45\0SIG46\0SIG47\0SIG48\0SIG49\0SIG50\0SIG51\0SIG52\0SIG53\0"
	"SIG54\0SIG55\0SIG56\0SIG57\0SIG58\0SIG59\0SIG60\0SIG61\0SIG62\0SIG63\0SIG64";

const char *name_signal(unsigned int sig)
{
	if (sig >= REAL_FIRST && sig <= REAL_LAST)
		return &real_time[(sig - REAL_FIRST) * 6];
	return sig < ARRAY_SIZE(signals) && signals[sig] ? signals[sig] : "?";
}

int signal_by_name(const char *s, size_t n)
{
	for (int i = REAL_FIRST; i <= REAL_LAST; i++)
		if (n == 5 && !memcmp(name_signal(i), s, n))
			return i;
	return by_name(signals, ARRAY_SIZE(signals), s, n);
}

/* clang-format off */
#define ERRNO_TABLE(E)                                                                             \
	E(EPERM) E(ENOENT) E(ESRCH) E(EINTR) E(EIO) E(ENXIO) E(EBADF) E(ECHILD) E(EAGAIN)          \
	E(ENOMEM) E(EACCES) E(EFAULT) E(EBUSY) E(EEXIST) E(ENODEV) E(ENOTDIR) E(EISDIR) E(EINVAL)  \
	E(ENFILE) E(EMFILE) E(ENOTTY) E(EFBIG) E(ENOSPC) E(ESPIPE) E(EROFS) E(EMLINK) E(EPIPE)     \
	E(ERANGE) E(ENAMETOOLONG) E(ENOSYS) E(ELOOP) E(ENOTSOCK) E(EDESTADDRREQ) E(EMSGSIZE)       \
	E(EPROTOTYPE) E(ENOPROTOOPT) E(EPROTONOSUPPORT) E(ESOCKTNOSUPPORT) E(EOPNOTSUPP)           \
	E(EPFNOSUPPORT) E(EAFNOSUPPORT) E(EADDRINUSE) E(EADDRNOTAVAIL) E(ENETDOWN) E(ENETUNREACH)  \
	E(ENETRESET) E(ECONNABORTED) E(ECONNRESET) E(ENOBUFS) E(EISCONN) E(ENOTCONN)               \
	E(ESHUTDOWN) E(ETOOMANYREFS) E(ETIMEDOUT) E(ECONNREFUSED) E(EHOSTDOWN) E(EHOSTUNREACH)     \
	E(EALREADY) E(EINPROGRESS) E(ESTALE) E(ECANCELED) E(EDQUOT) E(EPROTO) E(EOVERFLOW)
/* clang-format on */

/* ERESTART* never reach user space, but a tracer at sys_exit sees them when a signal came. */
static const char *const errnos[] = {
#define E(name) [name] = #name,
	ERRNO_TABLE(E)
#undef E
		[512] = "ERESTARTSYS",
	[513] = "ERESTARTNOINTR",
	[514] = "ERESTARTNOHAND",
};

const char *name_errno(int err)
{
	unsigned int n = err < 0 ? 0u - (unsigned int)err : (unsigned int)err;

	return n < ARRAY_SIZE(errnos) && errnos[n] ? errnos[n] : "?";
}

int errno_by_name(const char *s, size_t n)
{
	return by_name(errnos, ARRAY_SIZE(errnos), s, n);
}

/* ---- protocols --------------------------------------------------------------------------- */

static const char *inet_proto(u32 proto)
{
	switch (PROTO_PROTOCOL(proto)) {
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 1:
	case 58:
		return PROTO_TYPE(proto) == SOCK_RAW ? "raw" : "icmp";
	case 132:
		return "sctp";
	case 136:
		return "udplite";
	case 262:
		return "mptcp";
	case 0:
		return PROTO_TYPE(proto) == SOCK_STREAM	 ? "tcp"
		       : PROTO_TYPE(proto) == SOCK_DGRAM ? "udp"
							 : "raw";
	}
	return PROTO_TYPE(proto) == SOCK_RAW ? "raw" : "other";
}

static const struct {
	u8 family;
	const char *name;
} families[] = {
	{AF_UNIX, "unix"},	 {AF_INET, "inet"},	      {AF_INET6, "inet6"},
	{AF_NETLINK, "netlink"}, {AF_PACKET, "packet"},	      {AF_VSOCK, "vsock"},
	{AF_ALG, "alg"},	 {AF_BLUETOOTH, "bluetooth"}, {AF_XDP, "xdp"},
	{AF_CAN, "can"},	 {AF_TIPC, "tipc"},	      {AF_UNSPEC, "unspec"},
};

const char *name_family(u32 proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].family == PROTO_FAMILY(proto))
			return families[i].name;
	return "other";
}

const char *name_proto(u32 proto)
{
	if (PROTO_FAMILY(proto) == AF_INET || PROTO_FAMILY(proto) == AF_INET6)
		return inet_proto(proto);
	return name_family(proto);
}

/* Triples the text form of events calls by one word; any other is written family/type/protocol. */
static const struct {
	const char *name;
	u32 proto;
} exact[] = {
	{"tcp", SOCK_PROTO(AF_INET, SOCK_STREAM, 6)},
	{"tcp6", SOCK_PROTO(AF_INET6, SOCK_STREAM, 6)},
	{"udp", SOCK_PROTO(AF_INET, SOCK_DGRAM, 17)},
	{"udp6", SOCK_PROTO(AF_INET6, SOCK_DGRAM, 17)},
	{"unix", SOCK_PROTO(AF_UNIX, SOCK_STREAM, 0)},
	{"unix_dgram", SOCK_PROTO(AF_UNIX, SOCK_DGRAM, 0)},
	{"unix_seqpacket", SOCK_PROTO(AF_UNIX, SOCK_SEQPACKET, 0)},
};

const char *name_proto_exact(u32 proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (exact[i].proto == proto)
			return exact[i].name;
	return NULL;
}

bool proto_by_name(const char *s, size_t n, u32 *proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (strlen(exact[i].name) == n && !memcmp(exact[i].name, s, n)) {
			*proto = exact[i].proto;
			return true;
		}
	return false;
}
