/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of sockets: what sock_diag tells of our own network namespace, and /proc/PID/net for the
 * others and for what sock_diag refuses.
 *
 * /proc/PID/net shows the namespace of that process and needs no privilege over it.  Its addresses
 * are hex of 32-bit words in the byte order of the machine; its TCP tables lack sockets that are
 * bound and do not listen.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "procfs_priv.h"

#define LISTENING 10 /* TCP_LISTEN */
#define CLOSED	  7  /* TCP_CLOSE: bound, or UDP without a peer */

static bool psock_wanted(const struct want *w, const struct ev_scan_sock *e, bool named)
{
	u32 family = PROTO_FAMILY(e->proto);
	bool dgram = PROTO_TYPE(e->proto) == SOCK_DGRAM;

	if (w->port && (family == AF_UNIX || e->local.port != w->port))
		return false;
	if (w->family && w->family != (family == AF_INET6 ? AF_INET : family))
		return false;
	if (!w->bound)
		return true;
	if (PROTO_TYPE(e->proto) == SOCK_RAW || family == AF_NETLINK || family == AF_PACKET)
		return true; /* few, and without a port */
	if (family == AF_UNIX)
		return named && (dgram || e->state == LISTENING || e->state == CLOSED);
	return e->local.port && (e->state == LISTENING || e->state == CLOSED);
}

void psocks_add(struct psocks *t, const struct ev_scan_sock *e, const struct unix_name *name)
{
	struct psock s = {.e = *e};

	if (!psock_wanted(t->want, e, name && name->len))
		return;
	if (e->inode && map_get(&t->by_inode, e->inode))
		return;
	if (name && name->len) {
		s.name = (u32)t->names.len + 1;
		buf_add(&t->names, name, sizeof(*name));
	}
	buf_add(&t->socks, &s, sizeof(s));
	if (e->inode)
		map_put(&t->by_inode, e->inode, (u32)(t->socks.len / sizeof(s)));
}

void psocks_set_file(struct psocks *t, u64 inode, u64 file, u32 dev)
{
	u32 at = map_get(&t->by_inode, inode);
	struct psock *s = at ? (struct psock *)t->socks.s + at - 1 : NULL;

	if (!s)
		return;
	s->file = file;
	s->file_dev = dev;
}

const struct psock *psocks_find(const struct psocks *t, u64 inode)
{
	u32 at = map_get(&t->by_inode, inode);

	return at ? (const struct psock *)t->socks.s + at - 1 : NULL;
}

void psocks_free(struct psocks *t)
{
	buf_free(&t->socks);
	buf_free(&t->names);
	map_free(&t->by_inode);
}

/* ---- /proc/PID/net ----------------------------------------------------------------------- */

struct net_file {
	const char *name;
	int family, type, protocol;
};

static bool addr_parse(struct ep *ep, const char *hex, u32 port, int family)
{
	u32 words = family == AF_INET ? 1 : 4;

	if (strlen(hex) != words * 8)
		return false;
	for (u32 i = 0; i < words; i++) {
		char word[9] = {0};
		memcpy(word, hex + i * 8, 8);
		u32 v = (u32)strtoul(word, NULL, 16);
		memcpy(ep->ip + i * 4, &v, 4);
	}
	ep->port = (u16)port;
	ep->family = port ? (u16)family : 0;
	return true;
}

/* "sl local:port remote:port st tx:rx tr:tm retr uid timeout inode ..." */
static void inet_line(struct psocks *t, const char *line, const struct net_file *f, u32 netns)
{
	struct ev_scan_sock e = {.netns = netns};
	char local[40], remote[40];
	unsigned int lport, rport, state, rx, timer, uid;
	unsigned long when;
	unsigned long long inode;

	if (sscanf(line,
		   "%*d: %39[0-9A-Fa-f]:%x %39[0-9A-Fa-f]:%x %x %*x:%x %x:%lx %*x %u %*d %llu",
		   local, &lport, remote, &rport, &state, &rx, &timer, &when, &uid, &inode) != 10)
		return;
	if (!addr_parse(&e.local, local, lport, f->family) ||
	    !addr_parse(&e.remote, remote, rport, f->family))
		return;
	e.inode = inode;
	e.uid = uid;
	e.state = (u16)state;
	e.proto = SOCK_PROTO(f->family, f->type, f->type == SOCK_RAW ? (int)lport : f->protocol);
	if (f->type == SOCK_RAW) /* the protocol stands where others have the port */
		e.local.port = e.local.family = 0;
	if (state == 6) {
		e.sflags = SF_TIMEWAIT | SF_DEAD;
		e.left_ms = (u32)when * 10; /* clock ticks of USER_HZ */
	} else if (state == LISTENING) {
		e.queued = rx;
	} else if (f->type == SOCK_STREAM && !inode && state != 1) {
		e.sflags = SF_DEAD;
	}
	psocks_add(t, &e, NULL);
}

/* Addresses that are numbers, as in the schema. */
static void numbers_put(struct ep *ep, u32 first, u32 second)
{
	const u32 n[3] = {first, second, 1};

	memcpy(ep->ip, n, sizeof(n));
}

/* "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode"; those of the kernel have no inode. */
static void netlink_line(struct psocks *t, const char *line, const struct net_file *f, u32 netns)
{
	struct ev_scan_sock e = {.netns = netns, .state = CLOSED};
	unsigned int protocol, portid;
	unsigned long long inode;

	if (sscanf(line, "%*x %u %u %*x %*d %*d %*d %*d %*u %llu", &protocol, &portid, &inode) != 3)
		return;
	e.proto = SOCK_PROTO(f->family, f->type, protocol);
	if (portid)
		numbers_put(&e.local, portid, 0);
	e.inode = inode;
	if (inode)
		psocks_add(t, &e, NULL);
}

/* "sk RefCnt Type Proto Iface R Rmem User Inode" */
static void packet_line(struct psocks *t, const char *line, const struct net_file *f, u32 netns)
{
	struct ev_scan_sock e = {.netns = netns, .state = CLOSED};
	unsigned int type, ether, device, uid;
	unsigned long long inode;

	if (sscanf(line, "%*x %*d %u %x %u %*d %*u %u %llu", &type, &ether, &device, &uid,
		   &inode) != 5)
		return;
	e.inode = inode;
	e.uid = uid;
	e.proto = SOCK_PROTO(f->family, type, 0);
	numbers_put(&e.local, device, ether);
	psocks_add(t, &e, NULL);
}

/*
 * "Num: RefCount Protocol Flags Type St Inode Path"; @ for the NUL of an abstract name.  A path
 * or name is printed as it is: one with a line break makes a row of its owner's choice.
 */
static void unix_line(struct psocks *t, const char *line, const struct net_file *f, u32 netns)
{
	struct ev_scan_sock e = {.netns = netns};
	struct unix_name name = {0};
	unsigned int flags, type, state;
	unsigned long long inode;
	int at = 0;

	if (sscanf(line, "%*x: %*x %*x %x %x %x %llu%n", &flags, &type, &state, &inode, &at) != 4)
		return;
	e.inode = inode;
	e.proto = SOCK_PROTO(f->family, type, 0);
	/* St is SS_UNCONNECTED 1 ... SS_CONNECTED 3; a listener has __SO_ACCEPTCON in flags. */
	e.state = flags & 0x10000 ? LISTENING : state == 3 ? 1 : CLOSED;
	if (line[at] == ' ') {
		size_t n = strcspn(line + at + 1, "\n");
		name.len = (u16)(n < UNIX_LEN ? n : UNIX_LEN);
		memcpy(name.s, line + at + 1, name.len);
		for (u32 i = 0; name.s[0] == '@' && i < name.len; i++)
			name.s[i] = name.s[i] == '@' ? '\0' : name.s[i];
	}
	psocks_add(t, &e, &name);
}

static int net_file_read(struct psocks *t, u32 pid, u32 netns, const struct net_file *f)
{
	char path[64], *line = NULL;
	size_t size = 0;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/net/%s", pid, f->name);
	else
		snprintf(path, sizeof(path), "/proc/self/net/%s", f->name);
	FILE *in = fopen(path, "re");
	if (!in)
		return -errno;
	while (getline(&line, &size, in) > 0) {
		if (f->family == AF_UNIX)
			unix_line(t, line, f, netns);
		else if (f->family == AF_NETLINK)
			netlink_line(t, line, f, netns);
		else if (f->family == AF_PACKET)
			packet_line(t, line, f, netns);
		else
			inet_line(t, line, f, netns);
	}
	free(line);
	fclose(in);
	return 0;
}

static const struct net_file files[] = {
	{"tcp", AF_INET, SOCK_STREAM, 6}, {"tcp6", AF_INET6, SOCK_STREAM, 6},
	{"udp", AF_INET, SOCK_DGRAM, 17}, {"udp6", AF_INET6, SOCK_DGRAM, 17},
	{"unix", AF_UNIX, 0, 0},	  {"netlink", AF_NETLINK, SOCK_RAW, 0},
	{"raw", AF_INET, SOCK_RAW, 0},	  {"raw6", AF_INET6, SOCK_RAW, 0},
	{"packet", AF_PACKET, 0, 0},
};

/* Without ports; sock_diag tells no more of them. */
static bool file_is_portless(const struct net_file *f)
{
	return f->type == SOCK_RAW || f->family == AF_PACKET;
}

static bool file_wanted(const struct want *w, const struct net_file *f)
{
	if (f->family == AF_UNIX)
		return !w->port && w->family != AF_INET;
	if (file_is_portless(f))
		return !w->port && !w->family;
	return w->family != AF_UNIX;
}

/* As many rows as the kernel counts sockets: nobody has added one, or none is believed. */
static int unix_file_read(struct psocks *t, u32 netns, const struct net_file *f)
{
	static const char *const names[2] = {"UNIX", "UNIX-STREAM"};
	const struct want all = {0};
	struct psocks rows = {.want = &all};
	u64 before = proto_count(names);
	int err = net_file_read(&rows, 0, netns, f);
	const struct psock *s = (const void *)rows.socks.s;
	u64 n = rows.socks.len / sizeof(*s);

	if (!err && (n != before || n != proto_count(names)))
		err = -EAGAIN;
	for (u64 i = 0; i < n && !err; i++)
		psocks_add(t, &s[i].e,
			   s[i].name ? (const void *)(rows.names.s + s[i].name - 1) : NULL);
	psocks_free(&rows);
	return err;
}

bool psocks_read_own(struct psocks *t, u32 netns)
{
	bool whole = true;

	for (u32 i = 0; i < ARRAY_SIZE(files); i++) {
		const struct net_file *f = &files[i];

		if (!file_wanted(t->want, f))
			continue;
		if (!file_is_portless(f) && !diag_read(t, f->family, f->protocol, netns))
			continue;
		if (f->family != AF_UNIX)
			net_file_read(t, 0, netns, f);
		else if (unix_file_read(t, netns, f))
			whole = false;
	}
	return whole;
}

/* A descriptor of our own namespace, when that of process `pid` was entered; or -errno. */
static int netns_enter(u32 pid)
{
	char path[64];
	int own, fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0 || setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	if (err && own >= 0)
		close(own);
	return err ? err : own;
}

int psocks_read_proc(struct psocks *t, u32 pid, u32 netns, bool *unnamed)
{
	int err = 0, done = 0, own = netns_enter(pid);

	if (own >= 0) {
		*unnamed = !psocks_read_own(t, netns);
		if (setns(own, CLONE_NEWNET))
			die(EXIT_CANNOT, "cannot return to my own network namespace: %s",
			    strerror(errno));
		close(own);
		return 0;
	}
	for (u32 i = 0; i < ARRAY_SIZE(files); i++) {
		if (!file_wanted(t->want, &files[i]))
			continue;
		if (files[i].family == AF_UNIX) {
			*unnamed = true;
			continue;
		}
		int e = net_file_read(t, pid, netns, &files[i]);
		err = e ? e : err;
		done += !e;
	}
	return done || *unnamed ? 0 : err;
}
