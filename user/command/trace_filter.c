/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether an event of `trace` is asked for.  A filter for a process also shows what is done to it.
 */
#include <string.h>

#include "trace_filter.h"

/* Is the process, or one it descends from by birth, the root of the tree asked for? */
static bool in_tree(const struct model *m, u32 tgid, u32 root)
{
	u32 id = tgid ? proc_find(m, tgid) : 0;

	if (tgid && tgid == root)
		return true;
	for (u32 depth = 0; id && depth < 100000; depth++) {
		const struct proc *p = proc_at(m, id);

		if (p->tgid == root)
			return true;
		id = p->birth ? p->birth : p->parent;
	}
	return false;
}

static bool is_it(const struct filter *f, const struct model *m, u32 tgid)
{
	if (f->pid && tgid != f->pid)
		return false;
	return !f->tree || in_tree(m, tgid, f->tree);
}

/* The one who acts, or any process the event names. */
static bool process_shown(const struct filter *f, const struct model *m, const struct ev *e,
			  u32 tgid)
{
	const struct kind *k = event_kind(e->kind);

	if ((!f->pid && !f->tree) || is_it(f, m, tgid))
		return true;
	for (u32 i = 0; i < k->nfields; i++)
		if (k->fields[i].fmt == FMT_PID && is_it(f, m, event_value(e, &k->fields[i])))
			return true;
	return false;
}

static bool port_shown(u16 port, const struct model *m, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);
	const struct ev_gone *g = (const struct ev_gone *)e;
	const struct field *inode = event_field(k, "inode");
	const struct sock *s;

	if (trace_has_sock(e) && (g->local.port == port || g->remote.port == port))
		return true;
	s = inode ? sock_at(m, sock_find(m, event_value(e, inode), 0)) : NULL;
	return s && (s->local.port == port || s->remote.port == port);
}

bool trace_shown(const struct opts *o, const struct model *m, const struct ev *e)
{
	const struct filter *f = &o->filter;
	const struct proc *p;
	u32 tgid, who;

	if (o->kinds && !(o->kinds & event_bit(e->kind)))
		return false;
	if (e->kind == EV_KIND_LOST || e->kind == EV_KIND_HELD || e->kind == EV_KIND_RESYNC)
		return true;
	if (!f->pid && !f->tree && !f->has_uid && !f->comm[0] && !f->port)
		return true;
	tgid = trace_tgid(m, e);
	/* A signal of a timer or a fault has no sender: it is about whom it is for. */
	who = tgid || e->kind != EV_KIND_SIGNAL ? tgid : ((const struct ev_signal *)e)->target;
	p = proc_at(m, proc_find(m, who));
	if (f->has_uid && (!p || p->uid != f->uid))
		return false;
	if (f->comm[0] && (!p || strcmp(proc_comm(m, p), f->comm)))
		return false;
	if (e->kind == EV_KIND_STATE && !o->wide && !o->replay) /* the kernel has seen to it */
		return true;
	return process_shown(f, m, e, tgid) && (!f->port || port_shown(f->port, m, e));
}

bool trace_frames(const struct opts *o, const struct ev *e)
{
	switch (e->kind) {
	case EV_KIND_CLOCK: /* without it the others have no date */
	case EV_KIND_SOURCE:
		return true;
	case EV_KIND_SCAN_BEGIN:
	case EV_KIND_SCAN_END:
	case EV_KIND_TICK:
		return !o->kinds;
	}
	return false;
}
