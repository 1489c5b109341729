/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading /proc for what no event carries; shared by the BPF source and the /proc source. */
#ifndef PROBATE_PROCFS_H
#define PROBATE_PROCFS_H

#include "source.h"

/* scan_args events for these tgids (executable, argv).  Vanished processes are passed over. */
void procfs_describe(const u32 *tgids, u32 n, sink_fn sink, void *ctx);
/*
 * A cgroup event with the path of an id (of cgroup2, or with CGROUP_FREEZER), when it can be found: by itself, or because process
 * `pid` lives in it now.  0; -EPERM: not this time, but procfs_cgroups() may; or another -errno.
 * `ts` is that of the event that spoke of it: time must not jump ahead of what the ring still holds.
 */
int procfs_cgroup(u64 id, u32 pid, u64 ts, sink_fn sink, void *ctx);
/*
 * The last resort, which takes no right but to read: search the tree of cgroups, 50,000 of them at
 * most and 64 deep, and send a cgroup event for each id that is wanted.  Two microseconds each.
 */
void procfs_cgroups(bool (*wanted)(void *ctx, u64 id), u64 ts, sink_fn sink, void *ctx);
/* Where cgroup2 is mounted, opened; or -errno. */
int procfs_cgroup_root(void);
/* Inode of a namespace; 0: not readable. */
u32 ns_inum(const char *path);
/* A clock event: both clocks, read back to back. */
void procfs_clock(sink_fn sink, void *ctx);

#endif
