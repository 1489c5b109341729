/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer is about: the sockets that match a query, the dead and why they are there. */
#ifndef PROBATE_ANSWER_H
#define PROBATE_ANSWER_H

#include "model.h"
#include "verdict.h"

/* What `port` is asked for. */
struct query {
	const char *proto; /* "tcp", "udp", NULL: any */
	bool has_addr, has_other;
	struct ep addr;	       /* ip + family when has_addr; port always; IPv4 or IPv6 */
	struct ep other;       /* has_other: or this one (localhost is two) */
	struct unix_name name; /* unix:...; len 0: not asked */
	struct asked_file {    /* of a path, where it can be looked at: not of a recording */
		bool looked;   /* what follows is known */
		bool there;    /* the path is taken: a bind meets EADDRINUSE */
		bool dir;      /* it is a directory */
		int nowhere; /* errno of a bind there, if it is not there and nothing can be; else 0 */
		bool socket; /* it leads to a socket, of ... */
		u64 ino;
		u32 dev;
		u32 mntns; /* seen from that mount namespace */
	} file;
};

/* Sockets that answer to a query, those that listen first (port_match.c); the array is the caller's. */
struct match {
	const struct sock *sock;
	bool elsewhere; /* in another network namespace: comes after all that is here */
	/* Of that name, but the path does not lead to it: likewise, by the reason. */
	enum unreached {
		REACHED,
		UNREACHED_REMOVED,
		UNREACHED_MOVED,
		UNREACHED_MNTNS,
		UNREACHED_CONNECTION
	} unreached;
	u8 rank; /* 0 listens, 1 bound, 2 connection, 3 time-wait */
};
bool sock_is_wild(const struct ep *ep); /* 0.0.0.0 or :: */
/* A path that is asked for is looked at (port_file.c). */
void query_look(struct query *q);
enum unreached file_unreached(const struct model *m, const struct query *q, const struct sock *s);
/* Has it, or did it have, what is asked for? */
bool query_matches(const struct model *m, const struct query *q, const struct sock *s);
/* All that has it now; *here: how many of them, the first ones, are no matter of another namespace. */
u32 matches_of(const struct model *m, const struct query *q, struct match **out, u32 *here);
/*
 * Options with which a bind of what is asked for would work (BIND_*, and BIND_BOTH for both at
 * once), if it is TCP or, dgram, UDP.
 */
#define BIND_PLAIN   4
#define BIND_BOTH    8
#define BIND_ANY_UID UINT32_MAX
struct bind_way {
	u8 works; /* BIND_* */
	u32 uid;  /* SO_REUSEPORT works for this one alone, or BIND_ANY_UID */
};
struct bind_way bind_way(const struct match *list, u32 here, bool dgram);
/* A zombie or a headless process, and why it is there; in order of parent, reason and pid. */
struct dead {
	const struct proc *proc;
	u32 parent, ppid; /* proc and its pid; 0: none known */
	enum reason reason;
};
struct dead dead_make(const struct model *m, const struct proc *p, enum reason reason);
int dead_cmp(const void *a, const void *b); /* for qsort */
/* Descriptors of a holder, by number; the array is the caller's. */
u32 holder_fds(const struct model *m, const struct sock *s, const struct holder *h,
	       const struct hold ***out);
void tgid_add(struct buf *tgids, const struct model *m, u32 proc); /* for describe */

#endif
