/* SPDX-License-Identifier: BSD-2-Clause */
/* What loading (scan_load.c) and reading (scan.c) of the iterators share. */
#ifndef PROBATE_SCAN_PRIV_H
#define PROBATE_SCAN_PRIV_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "procfs_priv.h"
#include "ring.h"
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
	u32 parts, part; /* of UNIX sockets, as struct scan_want has it */
	u32 emptied;	 /* the pass before which the notes of earlier ones were thrown away */
	int netns_fd;	 /* our own network namespace; -1: the others cannot be entered */
	u32 netns;	 /* its inode */
	bool kept_out;	 /* of another one, by the last pass */
	bool init_pidns;
	void (*between)(void *ctx); /* two reads; NULL: nothing is to be done there */
	void *between_ctx;
	struct scan_keep_bpf *keep; /* scan_keep.c; NULL: not asked for yet */
	int keep_error;		    /* why it cannot be had */
	u32 blind;		    /* processes that the last pass should have met and did not */
};

/* A network namespace that is not ours, and the ways into it. */
struct netns {
	u32 inum;
	u32 pid, last; /* processes that live there, the first and the last met; 0: none */
	u32 owner;     /* a process with a socket of it; 0: none */
	s32 fd;	       /* that socket */
	char *path;    /* where it is mounted; NULL: nowhere */
};

/* One pass under way. */
struct pass {
	struct scan *s;
	const struct want *want;
	sink_fn sink;
	void *ctx;
	struct buf ns;	  /* struct netns, in the order met */
	struct map ns_at; /* inode -> index + 1 */
	u32 here;	  /* the network namespace that is being looked into */
	u32 refused;	  /* namespaces that may not be: no later pass may, either */
	u32 scope_cut;	  /* SCOPE_* bits that are not complete wherever */
	bool quiet;	  /* the records are for us alone */
	struct map held;  /* inodes seen in a table; only with a port */
	struct buf met;	  /* u64: inodes of sockets met otherwise; likewise */
	bool bound_only;  /* a port may be taken by a socket that no iterator of sockets shows */
	bool flying;	  /* a socket that was asked for is in flight */
	bool init;	  /* PID 1 was among the processes */
	struct ring out;  /* where iter/unix writes; not open before the first use */
	struct buf keys;  /* of what is in flight, being taken out */
};

/* scan.c: run an iterator to its end; its records are handed over. */
int iter_run(struct pass *p, enum iter i, u32 pid);
/* Hand over whole events; how many bytes those were. */
size_t records_pass(struct pass *p, const char *at, size_t n);
void pass_tell(struct pass *p, void *e, u16 kind, u16 size);
/* Something was not seen: told, and kept from being swept. */
void pass_cut(struct pass *p, const struct ev_scan_cut *cut);

/*
 * scan_netns.c: the network namespaces that a process, a mount or a socket leads to.  There is no
 * limit to them: a list and an index, each O(1) an event.
 */
void netns_add(struct pass *p, u32 inum, u32 pid);
void netns_add_socket(struct pass *p, u32 inum, u32 pid, s32 fd);
void netns_add_mounts(struct pass *p);
/* Run a step in our own and in each other one; what goes wrong there is told as a cut. */
int in_each_netns(struct pass *p, int (*step)(struct pass *));
void netns_free(struct pass *p);

/* scan_unix.c: one look at the UNIX sockets of this namespace, and what is in flight there. */
int unix_walk(struct pass *p);
/* A read of it is over: what waits in the ring is handed over. */
void unix_take(struct pass *p);
/*
 * scan_prove.c: all sockets of a kind here, and the proof that it was all: the kernel's own count,
 * and where that says otherwise sock_diag's list, before and after a second look.
 */
enum walk_kind { KIND_TCP, KIND_UDP, KIND_UNIX };
int walk_proven(struct pass *p, enum walk_kind kind);

/* scan_keep.c: its kernel side, if it was loaded. */
void keep_close(struct scan *s);

/* Have an iterator loaded, now if it was not; 0 or why it cannot be. */
int iter_need(struct scan *s, enum iter i);
/* Inode of a namespace by a path; 0: there is none. */

#endif
