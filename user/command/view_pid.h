/* SPDX-License-Identifier: BSD-2-Clause */
/* The facts of one process, gathered once for its JSON (view_pid.c) and its text (view_pid_text.c).
 */
#ifndef PROBATE_VIEW_PID_H
#define PROBATE_VIEW_PID_H

#include "view.h"

#define LINEAGE_MAX 4096

enum ancestor_step { ANC_FORK, ANC_PARENT, ANC_ADOPTED };
struct ancestor {
	u32 proc;
	u64 ts;			 /* of the step, as far as known */
	enum ancestor_step step; /* forked the one before; is its parent now; adopted the process */
};
/* Nearest first, who adopted it last; the array is the caller's. */
u32 lineage_of(const struct model *m, const struct proc *p, struct ancestor **out);
/* Newest first: ids of images; how many. */
u32 images_of(const struct model *m, const struct proc *p, u32 *ids, u32 max);
u8 daemonised(const struct model *m, const struct proc *p); /* 0, 1; 2: not known */
const char *tty_name(u32 dev, char out[24]);		    /* "pts/3"; NULL: none */

struct slot {
	const struct hold *hold;
	const struct sock *sock;
	u32 tid; /* 0, or the thread whose own table it is */
};
u32 slots_of(const struct model *m, const struct proc *p, struct slot **out);
/* Processes that hold the socket; counted once, for a process may hold it a thousand times. */
u32 sock_procs(const struct model *m, const struct sock *s, struct map *counted);

/* Sockets that it keeps without a descriptor, one after the other: 0 first, 0 at the end. */
u32 kept_by(const struct model *m, const struct proc *p, u32 after);

void pid_text(struct out *o, const struct model *m, const struct proc *p, bool ago);

#endif
