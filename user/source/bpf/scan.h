/* SPDX-License-Identifier: BSD-2-Clause */
/* The scan by BPF iterators.  Used by the BPF source alone; works without any live hook. */
#ifndef PROBATE_SCAN_H
#define PROBATE_SCAN_H

#include "live.h"
#include "source.h"

struct scan;
/* Load the iterators (a small object of its own, so that a one-shot starts fast). */
int scan_open(struct scan **out, struct buf *err);
/* Load only what that first scan needs; what later ones need beyond that is loaded then.  NULL:
 * all. */
int scan_open_for(struct scan **out, const struct want *first, struct buf *err);
/* scan_begin, what `want` asks for, scan_end.  0 or -errno; a vanished process is no error. */
int scan_run(struct scan *s, const struct want *want, sink_fn sink, void *ctx);
/* scan_keeper of each of these sockets, at most KEEPERS_ASKED; 0, or why the kernel cannot tell. */
int scan_keepers(struct scan *s, const struct unheld *asked, u32 n, sink_fn sink, void *ctx);
void scan_keep_ready(struct scan *s); /* to be asked that when nothing can be loaded any more */
/* From now on tell who opened what, where it can be proven. */
void scan_makers(struct scan *s);
/*
 * From now on count TCP sockets by state; spare: and do not tell of those that only the kernel still
 * has (TIME_WAIT, FIN_WAIT of a closed one).  scan_tcp_states: as the newest pass found them.
 */
void scan_tally(struct scan *s, bool spare);
void scan_tcp_states(const struct scan *s, u64 out[16]);
/* Call this between two reads of a pass, of which a long one has many. */
void scan_between(struct scan *s, void (*fn)(void *ctx), void *ctx);
/*
 * The clock and source events that go before a one-shot scan.  A live source tells its own, and
 * does not call this.
 */
void scan_announce(struct scan *s, const struct want *want, sink_fn sink, void *ctx);
/*
 * Processes whose descriptors the passes so far could not read.  A sandbox may hide PID 1 from BPF:
 * that is known after the first pass only.
 */
u32 scan_blind(const struct scan *s);
/* May other network namespaces be looked into, as far as is known? */
bool scan_enters(const struct scan *s);
/* Inode of our pid namespace; 0: the initial one, whose pids are those in events. */
u32 scan_pidns(const struct scan *s);
/* Does the kernel let the iterators read what is only found by its address? */
bool scan_may_probe(const struct scan *s);
/* Iterators as hooks, for doctor; loads what was not needed so far.  How many were written. */
u32 scan_hooks(struct scan *s, struct hook *out, u32 max);
void scan_close(struct scan *s);

#endif
