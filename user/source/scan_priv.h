/* SPDX-License-Identifier: BSD-2-Clause */
/* What loading (scan_load.c) and reading (scan.c) of the iterators share. */
#ifndef PROBATE_SCAN_PRIV_H
#define PROBATE_SCAN_PRIV_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "procfs.h"
#include "scan.h"
#include "scan_want.h"
#include "scan.skel.h"

enum iter { ITER_TASK, ITER_FILE, ITER_TCP, ITER_UDP, ITER_UNIX, ITER_HOLDERS, ITERS };

struct scan {
	struct scan_bpf *object[ITERS]; /* instances, in the order of loading */
	u32 nobjects;
	struct scan_bpf *home[ITERS];	 /* instance each is in */
	struct bpf_program *prog[ITERS]; /* NULL: not loaded yet */
	int error[ITERS];		 /* why it cannot be */
	bool makers;			 /* tell who opened what */
	bool tally;			 /* count TCP sockets by state */
	bool spare;			 /* of what only the kernel still has, no more than that */
	u64 tcp_states[16];		 /* in the newest pass over sockets */
	bool refused_probe;		 /* lockdown: probe_read is refused */
	bool sidestepped;		 /* ITER_HOLDERS would have missed something here */
	u32 pass;
	int netns_fd; /* our own network namespace; -1: the others cannot be entered */
	u32 netns;    /* its inode */
	bool kept_out; /* of another one, by the last pass */
	bool init_pidns;
	void (*between)(void *ctx); /* two reads; NULL: nothing is to be done there */
	void *between_ctx;
	u32 blind; /* processes that the last pass should have met and did not */
};

/* Have an iterator loaded, now if it was not; 0 or why it cannot be. */
int iter_need(struct scan *s, enum iter i);
/* Inode of a namespace by a path; 0: there is none. */

#endif
