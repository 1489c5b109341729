/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of answers: the descriptors of a holder, the dead of a parent. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"

bool sock_is_wild(const struct ep *ep)
{
	static const u8 zero[16];

	return !memcmp(ep->ip, zero, ep->family == AF_INET ? 4 : 16);
}

static int hold_cmp(const void *a, const void *b)
{
	const struct hold *x = *(const struct hold *const *)a, *y = *(const struct hold *const *)b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* From its first hold on, so that a socket of thousands of holders is not walked for each. */
u32 holder_fds(const struct model *m, const struct sock *s, const struct holder *h,
	       const struct hold ***out)
{
	const struct hold *x = hold_at(m, h->first);
	u32 n = 0;

	*out = xcalloc(h->nfds + 1, sizeof(**out));
	for (u32 steps = 0; steps < s->nholds && n < h->nfds; steps++) {
		if (!x)
			x = hold_at(m, s->holds);
		if (x->fdtab == h->fdtab)
			(*out)[n++] = x;
		x = hold_at(m, x->sock_next);
	}
	qsort(*out, n, sizeof(**out), hold_cmp);
	return n;
}

void tgid_add(struct buf *tgids, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	if (p && p->state == PROC_RUNNING)
		buf_add(tgids, &p->tgid, sizeof(p->tgid));
}

struct dead dead_make(const struct model *m, const struct proc *p, enum reason reason)
{
	const struct proc *parent = proc_at(m, p->parent);

	return (struct dead){.proc = p,
			     .parent = p->parent,
			     .ppid = parent ? parent->tgid : 0,
			     .reason = reason};
}

int dead_cmp(const void *a, const void *b)
{
	const struct dead *x = a, *y = b;

	if (x->ppid != y->ppid)
		return x->ppid < y->ppid ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	return (x->proc->tgid > y->proc->tgid) - (x->proc->tgid < y->proc->tgid);
}
