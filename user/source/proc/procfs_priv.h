/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the /proc source share. */
#ifndef PROBATE_PROCFS_PRIV_H
#define PROBATE_PROCFS_PRIV_H

#include <sys/types.h>

#include "procfs.h"

/* A socket as a table of the kernel shows it; name is of a UNIX socket. */
struct psock {
	struct ev_scan_sock e;
	u32 name; /* offset + 1 in psocks.names, 0: none */
	u32 file_dev;
	u64 file; /* that bind() of its name made; 0: not known */
};
struct psocks {
	struct buf socks;    /* struct psock, back to back */
	struct buf names;    /* struct unix_name, back to back */
	struct map by_inode; /* inode -> index + 1 */
	const struct want *want;
};
/* Keeps it if it is wanted. */
void psocks_add(struct psocks *t, const struct ev_scan_sock *e, const struct unix_name *name);
void psocks_set_file(struct psocks *t, u64 inode, u64 file, u32 dev);
const struct psock *psocks_find(const struct psocks *t, u64 inode);
void psocks_free(struct psocks *t);
/*
 * Sockets of our own network namespace by sock_diag (diag.c); what it lacks, from /proc/net.
 * false: its UNIX sockets were left out.
 */
bool psocks_read_own(struct psocks *t, u32 netns);
/*
 * Sockets of the namespace process `pid` lives in: by sock_diag where it may be entered, else from
 * /proc/PID/net, where a name with a line break forges a row: then without UNIX sockets, and
 * *unnamed is set.  0 or -errno.
 */
int psocks_read_proc(struct psocks *t, u32 pid, u32 netns, bool *unnamed);
/* Sockets of these protocols here, by the kernel's own count; ~0: not known. */
u64 proto_count(const char *const names[2]);
/* One protocol of one family by sock_diag: 0 or -errno.  UNIX: protocol 0. */
int diag_read(struct psocks *t, int family, int protocol, u32 netns);
/* Cookies of all sockets of a protocol that are in its tables, appended as u64.  0 or -errno. */
int diag_cookies(int family, int protocol, struct buf *out);
/*
 * May a socket of our network namespace be bound to this port that the tables of listening,
 * connected and UDP sockets do not show?  True also where that cannot be known.
 */
bool diag_bound_only(u16 port);

/* One process met. */
struct pproc {
	u32 pid, threads, netns;
	u32 flags; /* TASK_* */
};
/*
 * Read one process into an event and *p; false: it is gone.  Fields that cannot be read are 0 and
 * TASK_NO_START says so.
 */
bool pproc_read(struct pproc *p, struct ev_scan_task *e, u32 pid);
/* scan_fd events of all tables of a process; false: it could not be read for lack of privilege. */
bool pproc_fds(const struct pproc *p, const struct psocks *t, sink_fn sink, void *ctx);

/* Whole small file, NUL-terminated; bytes read or -errno. */
ssize_t proc_read(const char *path, char *buf, size_t size);
/* Start time in ns of a stat line, 0: not to be found. */
u64 proc_start(u32 pid);
/* Path of its cgroup2, below where we see the root; false: none, or not readable. */
bool proc_cgroup(u32 pid, char *out, size_t size);
/* Inode of a namespace: "net:[4026531840]" behind /proc/PID/ns/NAME.  0: not readable. */
u32 proc_ns(u32 pid, const char *name);
/* Calls fn for each number in a directory; -errno when it cannot be opened. */
int proc_each (const char *path, void (*fn)(void *ctx, u32 number), void *ctx);

/* Fill the head of an event of ours, stamped now. */
void proc_head(void *e, u16 kind, u16 size, u32 tgid, u32 tid);

#endif
