/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What scan_keep.bpf.c finds, for user space, which puts it together. */
#ifndef PROBATE_SCAN_KEEP_H
#define PROBATE_SCAN_KEEP_H

#define KEEP_ASKED 256	 /* sockets that are asked about at a time */
#define KEEP_FOUND 4096	 /* of each kind that is remembered */
#define KEEP_PAGE  16384 /* stacks are aligned to it, and as large or larger */

/* On the wait queue of a socket. */
struct waiter {
	u64 inode;
	u64 entry, private; /* its address, and what it is for */
	u32 tgid;	    /* a request of an io_uring of this process; 0: it is none */
	u32 zero;
};

/* A thread that may be one of them. */
struct sleeper {
	u64 task, stack, top; /* where its stack begins, and ends at the latest */
	u32 tgid, tid;
	u32 nr;	    /* of the system call; ~0: not known */
	u32 worker; /* not 0: of an io_uring */
};

/* Registered in the io_uring of a process. */
struct fixed {
	u32 tgid;
	u32 count; /* how many times */
};

#endif
