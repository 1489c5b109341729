/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a pass of the iterators is narrowed to; user space sets it, the iterators read it. */
#ifndef PROBATE_SCAN_WANT_H
#define PROBATE_SCAN_WANT_H

struct scan_want {
	u32 pass;   /* counts passes, never 0 */
	u32 pid;    /* descriptors of this process; 0: all */
	u32 family; /* AF_UNIX, or AF_INET for both of IPv4 and IPv6; 0: all */
	u16 port;   /* local port; 0: all */
	u16 bound;  /* only what is bound, listens or has a name */
	u32 makers; /* tell who opened what */
	u32 tally;  /* count TCP sockets by state */
	u32 spare;  /* and do not tell of those that only the kernel still has */
	u32 parts;  /* UNIX: only the part-th of so many parts is told; 0, 1: all */
	u32 part;
};

/*
 * What an iterator walked past in this network namespace, whether or not it was wanted.  The kernel
 * counts the same by itself (/proc/net/protocols), so a walk that missed something shows.
 */
struct scan_met {
	u64 tcp, udp, unx;
	u64 room; /* UNIX: bytes that what was to be told takes */
	u64 waiting; /* UNIX: of them, those in the ring; user space makes it 0 when it has emptied it */
	u64 ended;   /* UNIX: cookie of the socket that ended a read */
	u64 refused; /* UNIX: facts that found no room */
	u64 flying;  /* files found in flight */
	u64 cut;     /* queues of which not all was looked at */
};

#endif
