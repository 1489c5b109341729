/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_diag: the kernel's tables of TCP, UDP, raw and UNIX sockets over netlink, without privilege.
 *
 * A dump asks for every state, by a mask: bit 13 is TCP_BOUND_INACTIVE (6.8), which older kernels
 * ignore; they show no TCP socket that is bound and does not listen.  Asking makes cookies.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "procfs_priv.h"

#define TCP_TIME_WAIT_NR      6
#define TCP_SYN_RECV_NR	      3
#define TCP_NEW_SYN_RECV_NR   12
#define TCP_CLOSE_NR	      7
#define TCP_LISTEN_NR	      10
#define TCP_BOUND_INACTIVE_NR 13
#define TIMER_TIMEWAIT	      3 /* idiag_timer; 2: keepalive, which FIN_WAIT2 of an orphan uses */
#define UDIAG_UID_BIT	      0x40 /* UDIAG_SHOW_UID, 5.3 */
#define UNIX_DIAG_UID_NR      7
#define ANSWER_BYTES	      (64 << 10)

struct diag {
	struct psocks *t;
	int family, protocol;
	u32 netns;
	char *answer;
	u32 states;	     /* bit a TCP state */
	u16 port;	     /* 0: all */
	struct buf *cookies; /* wanted alone; NULL: everything, into t */
};

static const struct rtattr *attr_find(const struct nlmsghdr *h, size_t base, u32 type)
{
	const struct rtattr *a = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(base));
	int left = (int)NLMSG_PAYLOAD(h, NLMSG_ALIGN(base));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static u32 attr_u32(const struct nlmsghdr *h, size_t base, u32 type)
{
	const struct rtattr *a = attr_find(h, base, type);
	u32 v = 0;

	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static void ep_fill(struct ep *ep, const void *ip, u16 port, u8 family)
{
	memcpy(ep->ip, ip, family == AF_INET ? 4 : 16);
	ep->port = ntohs(port);
	ep->family = port ? family : 0;
}

static u64 cookie_of(const u32 *c)
{
	return (u64)c[1] << 32 | c[0];
}

static void cookie_add(const struct diag *d, const u32 *c)
{
	const u64 cookie = cookie_of(c);

	buf_add(d->cookies, &cookie, sizeof(cookie));
}

static void tcp_fill(struct ev_scan_sock *e, const struct inet_diag_msg *m)
{
	if (e->state == TCP_BOUND_INACTIVE_NR)
		e->state = TCP_CLOSE_NR;
	if (e->state == TCP_TIME_WAIT_NR) {
		e->sflags |= SF_TIMEWAIT | SF_DEAD;
		e->cookie = 0;
		e->left_ms = m->idiag_timer == TIMER_TIMEWAIT ? m->idiag_expires : 0;
	} else if (e->state == TCP_LISTEN_NR) {
		e->queued = m->idiag_rqueue;
	} else if (!e->inode && e->state != 1 && e->state != 8) {
		/* No inode: closed by all, unless it waits to be accepted (ESTABLISHED,
		 * CLOSE_WAIT). */
		e->sflags |= m->idiag_timer == TIMER_TIMEWAIT ? SF_DEAD | SF_TIMEWAIT : SF_DEAD;
		e->left_ms = e->state == 5 ? m->idiag_expires : 0;
	}
}

static void inet_message(struct diag *d, const struct nlmsghdr *h)
{
	const struct inet_diag_msg *m = NLMSG_DATA(h);
	static const int types[] = {[6] = SOCK_STREAM, [17] = SOCK_DGRAM};
	const struct rtattr *v6only;
	struct ev_scan_sock e = {.netns = d->netns};
	int type = d->protocol == 255 ? SOCK_RAW : types[d->protocol];

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	if (d->cookies) {
		/* A minisocket may say that it is in FIN_WAIT2; the kernel counts it nowhere. */
		if (m->idiag_timer != TIMER_TIMEWAIT)
			cookie_add(d, m->id.idiag_cookie);
		return;
	}
	e.inode = m->idiag_inode;
	e.cookie = cookie_of(m->id.idiag_cookie);
	e.uid = m->idiag_uid;
	e.state = m->idiag_state;
	e.proto = SOCK_PROTO(m->idiag_family, type, d->protocol);
	if (type != SOCK_RAW) { /* keeps its protocol where others keep the port */
		ep_fill(&e.local, m->id.idiag_src, m->id.idiag_sport, m->idiag_family);
		ep_fill(&e.remote, m->id.idiag_dst, m->id.idiag_dport, m->idiag_family);
	}
	v6only = attr_find(h, sizeof(*m), INET_DIAG_SKV6ONLY);
	if (v6only && RTA_PAYLOAD(v6only) && *(const u8 *)RTA_DATA(v6only))
		e.sflags |= SF_V6ONLY;
	if (type == SOCK_STREAM)
		tcp_fill(&e, m);
	psocks_add(d->t, &e, NULL);
}

static void unix_message(struct diag *d, const struct nlmsghdr *h)
{
	const struct unix_diag_msg *m = NLMSG_DATA(h);
	struct ev_scan_sock e = {.netns = d->netns};
	struct unix_name name = {0};
	struct unix_diag_vfs vfs;
	const struct rtattr *a;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return;
	if (d->cookies) {
		cookie_add(d, m->udiag_cookie);
		return;
	}
	e.inode = m->udiag_ino;
	e.cookie = cookie_of(m->udiag_cookie);
	e.proto = SOCK_PROTO(AF_UNIX, m->udiag_type, 0);
	e.state = m->udiag_state;
	e.peer = attr_u32(h, sizeof(*m), UNIX_DIAG_PEER);
	e.uid = attr_u32(h, sizeof(*m), UNIX_DIAG_UID_NR);
	if (e.state == TCP_LISTEN_NR)
		e.queued = attr_u32(h, sizeof(*m), UNIX_DIAG_RQLEN);
	a = attr_find(h, sizeof(*m), UNIX_DIAG_NAME);
	if (a) {
		size_t n = RTA_PAYLOAD(a);
		name.len = (u16)(n < UNIX_LEN ? n : UNIX_LEN);
		memcpy(name.s, RTA_DATA(a), name.len);
		/* The length of a path counts its NUL. */
		if (name.len && name.s[0] && !name.s[name.len - 1])
			name.len--;
	}
	psocks_add(d->t, &e, &name);
	a = attr_find(h, sizeof(*m), UNIX_DIAG_VFS);
	if (a && RTA_PAYLOAD(a) >= sizeof(vfs)) {
		memcpy(&vfs, RTA_DATA(a), sizeof(vfs));
		psocks_set_file(d->t, e.inode, vfs.udiag_vfs_ino, vfs.udiag_vfs_dev);
	}
}

static int request_send(int fd, const struct diag *d)
{
	struct {
		struct nlmsghdr h;
		union {
			struct inet_diag_req_v2 inet;
			struct unix_diag_req unx;
		} r;
	} q = {.h = {.nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	if (d->family == AF_UNIX) {
		q.h.nlmsg_len = NLMSG_LENGTH(sizeof(q.r.unx));
		q.r.unx.sdiag_family = AF_UNIX;
		q.r.unx.udiag_states = ~0u;
		q.r.unx.udiag_show = d->cookies
					     ? 0
					     : UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
						       UDIAG_SHOW_RQLEN | UDIAG_UID_BIT;
	} else {
		q.h.nlmsg_len = NLMSG_LENGTH(sizeof(q.r.inet));
		q.r.inet.sdiag_family = (u8)d->family;
		q.r.inet.sdiag_protocol = (u8)d->protocol;
		q.r.inet.idiag_states = d->states;
		q.r.inet.id.idiag_sport = htons(d->port);
	}
	return send(fd, &q, q.h.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* One datagram of the answer: 0: more to come, 1: done, -errno. */
static int answer_read(struct diag *d, int fd)
{
	char *at = d->answer;
	ssize_t n = recv(fd, at, ANSWER_BYTES, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (struct nlmsghdr *h = (void *)at; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(h);
			return e->error ? e->error : -EIO;
		}
		if (d->family == AF_UNIX)
			unix_message(d, h);
		else
			inet_message(d, h);
	}
	return 0;
}

/* Ask and take in the whole answer. */
static int dump(struct diag *d)
{
	const struct timeval patience = {.tv_sec = 2}; /* never hang on a strange kernel */
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	d->answer = xmalloc(ANSWER_BYTES);
	int r = request_send(fd, d);
	while (!r)
		r = answer_read(d, fd);
	free(d->answer);
	close(fd);
	return r < 0 ? r : 0;
}

int diag_read(struct psocks *t, int family, int protocol, u32 netns)
{
	struct diag d = {t, family, protocol, netns, NULL, ~0u, 0, NULL};

	return dump(&d);
}

int diag_cookies(int family, int protocol, struct buf *out)
{
	/* Not what is a minisocket or half-open, or bound and in no table. */
	const u32 states = ~(1u << TCP_TIME_WAIT_NR | 1u << TCP_SYN_RECV_NR |
			     1u << TCP_NEW_SYN_RECV_NR | 1u << TCP_BOUND_INACTIVE_NR);
	struct diag d = {NULL, family, protocol, 0, NULL, protocol == IPPROTO_TCP ? states : ~0u,
			 0,    out};

	return dump(&d);
}

u64 proto_count(const char *const names[2])
{
	char text[16384], name[32], *at = NULL;
	unsigned int n, found = 0;
	u64 sum = 0;

	if (proc_read("/proc/thread-self/net/protocols", text, sizeof(text)) <= 0)
		return ~0ull;
	for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		if (sscanf(line, "%31s %*u %u", name, &n) != 2)
			continue;
		for (u32 i = 0; i < 2; i++)
			if (!strcmp(name, names[i])) {
				sum += n;
				found++;
			}
	}
	return found ? sum : ~0ull; /* a kernel without IPv6 has one line */
}

/* Before 6.8 the state is not known and the answer is empty, whatever there is. */
static bool kernel_tells_bound(void)
{
	struct utsname u;
	unsigned int major, minor;

	return !uname(&u) && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 8));
}

/* Is a protocol in use that has ports and no iterator?  "UDPLITE 1344 0 ...": the third counts. */
static bool ports_elsewhere(void)
{
	static const char *const names[] = {"SCTP", "MPTCP", "UDPLITE", "DCCP"};
	char text[8192], name[32];
	unsigned int sockets;

	if (proc_read("/proc/thread-self/net/protocols", text, sizeof(text)) <= 0)
		return true;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		for (u32 i = 0; i < ARRAY_SIZE(names); i++)
			if (sscanf(line, "%31s %*u %u", name, &sockets) == 2 && sockets &&
			    !strncmp(name, names[i], strlen(names[i])))
				return true;
	return false;
}

bool diag_bound_only(u16 port)
{
	const struct want want = {.port = port};
	struct psocks t = {.want = &want};
	int err = 0;

	if (!kernel_tells_bound() || ports_elsewhere())
		return true;
	for (int i = 0; i < 2 && !err; i++) {
		struct diag d = {&t,   i ? AF_INET6 : AF_INET,	    IPPROTO_TCP, 0,
				 NULL, 1u << TCP_BOUND_INACTIVE_NR, port,	 NULL};
		err = dump(&d);
	}
	bool any = err || t.socks.len;
	psocks_free(&t);
	return any;
}
