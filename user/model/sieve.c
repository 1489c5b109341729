// SPDX-License-Identifier: BSD-2-Clause
/*
 * The sieve: scan facts that tell nothing new are dropped, and what a pass did not meet is told.
 *
 * Live commands scan everything about once a second, and nearly all of that confirms what the model
 * knows.  Dropped before anybody sees it, it costs a recording nothing; and as the model that is
 * watched and the one that is replayed are given the same events, they are the same.
 *
 * S1  To know a fact is to be left by it as one was, but for seen_ts.
 * S2  What is remembered of a dropped fact (met_ts, sieved_ts) is read by model_tells() and
 *     model_missed() alone.  No handler may look at it: a replay has no such marks.
 * S3  A pass misses what was last seen (by event or news), last met (by a dropped fact) and put on
 *     record before it began.  The last is for what late events take away and bring back: a hold
 *     that a pass meets and the ring then closes and opens again is another record, which says
 *     that it was there before the pass began, and was not met; but the pass met its slot.
 * S4  An end may only be swept by seen_ts if nothing was dropped since its begin: else it is told.
 *     So walks of single tables, which the ring mixes among the facts of a pass, need not be told
 *     apart from them, and a loss in the middle of a pass does no harm.
 *
 * That seen_ts grows older than the last scan is right, because what reads it asks one of these:
 *   - Is this event older than what is known (hold_put, hold_upgrade, on_close, fdtab_exec,
 *     sock_identify, on_socket, on_destroy, on_rename, on_exec, on_fork)?  The ring tells the truth
 *     in order.  News of a scan runs ahead of the ring, and what it added must not be undone by an
 *     event from before: it has its seen_ts.  A dropped fact adds nothing.  Events from before it
 *     that are read later lead the model through what was in between, and the last of them leads to
 *     what the scan saw.  Where the ring is not told everything (lean descriptors, io_uring, kinds
 *     filtered out), that last step may be missing; then the next pass brings it as news.
 *   - Is the actor another life of that pid (proc_is_over)?  The dead do not act, so the first time
 *     that it was seen dead decides as well as the last.
 *   - When does it end (sock_end)?  seen_ts and left_ms count together; a fact with another end
 *     than theirs is news.
 *   - Did somebody wait on it when its creator was still there (waits_forget)?  What is forgotten
 *     is news to the next pass.
 *   - Is it over (the sweeps)?  Not asked where anything was dropped: S4.
 */
#include "model_priv.h"

#define END_SLACK_NS (50 * NS_PER_MS) /* ends of a TIME_WAIT this near to each other are one */

/* ---- what is known: processes -------------------------------------------------------------- */

static bool start_known(const struct proc *p, u64 start)
{
	const u64 tick = 10 * NS_PER_MS;

	return p->start && (p->start == start || !start || p->start % tick);
}

static bool spaces_known(const struct model *m, const struct proc *p, const struct ev_scan_task *e)
{
	if ((e->netns && e->netns != p->netns) || (e->mntns && e->mntns != p->mntns) ||
	    (e->pidns && e->pidns != p->pidns) || memcmp(&e->nspid, &p->nspid, sizeof(e->nspid)))
		return false;
	return !(e->flags & TASK_NSINIT) || !p->pidns || map_get(&m->nsinits, p->pidns) == p->id;
}

/* When it last ran is kept as it was first told: what is told later is the same. */
static bool task_stuck_known(const struct proc *p, const struct ev_scan_task *e)
{
	if (e->ran_ns && !p->ran_ts)
		return false;
	return p->stuck == e->stuck && p->frozen == e->frozen && p->wait_for == e->wait_for &&
	       p->wait_tid == e->wait_tid && p->wait_nr == e->wait_nr &&
	       p->wait_opts == e->wait_opts && p->parent_tid == e->parent_tid;
}

static bool task_facts_known(const struct model *m, const struct proc *p,
			     const struct ev_scan_task *e)
{
	const struct image *i = image_at(m, p->image);

	return p->cgroup == e->cgroup && p->tracer == e->tracer && p->sid == e->sid &&
	       p->pgid == e->pgid && p->tty == e->tty && p->uid == e->uid &&
	       p->exit_signal == (u8)e->exit_signal && p->sigchld == (u8)e->sigchld &&
	       p->wait_pid == e->wait_pid && task_stuck_known(p, e) &&
	       p->flags == (u16)(e->flags | (p->flags & TASK_NSINIT)) && i &&
	       !strncmp(i->comm, e->name.s, COMM_LEN - 1) && spaces_known(m, p, e);
}

/* A zombie by what the scan says must be one in the model, with all there is to know of its end. */
static bool task_life_known(const struct model *m, const struct proc *p,
			    const struct ev_scan_task *e)
{
	u32 tab = map_get(&m->by_files, e->files);

	if (e->flags & TASK_ZOMBIE)
		return p->state == PROC_ZOMBIE && !death_at(m, p->death)->left_by &&
		       (death_at(m, p->death)->known || e->flags & TASK_NO_START);
	if (p->state == PROC_ZOMBIE && e->flags & TASK_EXITING)
		return !e->files;
	return p->state == PROC_RUNNING && (!e->files || (tab && tabref_find(m, p, tab)));
}

static bool knows_task(struct model *m, const struct ev_scan_task *e)
{
	struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start)), *parent = NULL;
	bool child = e->parent && e->parent != e->h.tgid;

	if (!e->h.tgid || !p || p->ghost || p->state == PROC_GONE || !start_known(p, e->start))
		return false;
	if (child)
		parent = proc_at(m, proc_find(m, e->parent));
	if (p->parent != (parent ? parent->id : 0) || (child && !p->parent))
		return false;
	if (!task_life_known(m, p, e) || !task_facts_known(m, p, e))
		return false;
	p->met_ts = max_ts(p->met_ts, e->h.ts);
	if (parent && parent->state == PROC_RUNNING) /* as proc_someone() */
		parent->met_ts = max_ts(parent->met_ts, e->h.ts);
	return true;
}

static bool knows_args(const struct model *m, const struct ev_scan_args *e)
{
	const struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start));
	const struct image *i = p ? image_at(m, p->image) : NULL;

	if (!i)
		return false;
	if (i->exe_len && i->ts)
		return true; /* its exec told more exactly */
	return i->truncated == (e->args_truncated != 0) && image_has_text(i, &e->h);
}

/* ---- what is known: sockets and descriptors ------------------------------------------------ */

/* The one of all the names that the fact gives it. */
static struct sock *sock_named(const struct model *m, const struct sock_ev *e)
{
	u32 a = e->inode ? map_get(&m->by_inode, e->inode) : 0;
	u32 b = e->cookie ? map_get(&m->by_cookie, e->cookie) : 0;

	if (!e->inode && !e->cookie)
		return e->local.port && e->remote.port ? sock_by_addr(m, e) : NULL;
	if ((e->inode && !a) || (e->cookie && !b) || (a && b && a != b))
		return NULL;
	return sock_at(m, a ? a : b);
}

static bool ep_known(const struct ep *known, const struct ep *ep, bool newer)
{
	return !ep_is_set(ep) || !memcmp(known, ep, sizeof(*ep)) || (!newer && ep_is_set(known));
}

/* The socket of a fact, if sock_of() would learn nothing from it; NULL: it would. */
static struct sock *sock_if_known(const struct model *m, const struct sock_ev *e)
{
	struct sock *s = sock_named(m, e);
	bool newer;

	if (!s || (e->proto && s->proto != e->proto))
		return NULL;
	newer = e->h.ts >= s->state_ts;
	if (e->netns && s->netns != e->netns && (newer || !s->netns))
		return NULL;
	if (!ep_known(&s->local, &e->local, newer) || !ep_known(&s->remote, &e->remote, newer))
		return NULL;
	if (newer && ((e->state && s->state != (u8)e->state) || s->uid != e->uid ||
		      s->sflags != sock_ev_flags(e)))
		return NULL;
	return s;
}

static bool sock_met(struct sock *s, u64 ts)
{
	s->met_ts = max_ts(s->met_ts, ts);
	return true;
}

static bool knows_fd(struct model *m, const struct ev_scan_fd *e)
{
	const struct proc *p = proc_at(m, proc_find(m, e->h.tgid));
	struct sock *s = p && p->state == PROC_RUNNING ? sock_if_known(m, SOCK_EV(e)) : NULL;
	struct hold *h;
	u32 tab;

	if (!s || !e->files)
		return false;
	tab = map_get(&m->by_files, e->files);
	if (!tab || !tabref_find(m, p, tab))
		return false;
	h = hold_in(m, tab, e->fd);
	if (!h || h->sock != s->id)
		return false;
	if (e->cloexec != 2 && h->cloexec != e->cloexec && e->h.ts >= h->seen_ts)
		return false;
	if (e->waits && (h->flags & (HOLD_INHERITED | HOLD_IDLE)) != scan_fd_flags(e))
		return false;
	if (sock_new_maker(m, s, e->maker) || wait_tells(m, s, h, e))
		return false;
	h->met_ts = max_ts(h->met_ts, e->h.ts);
	return sock_met(s, e->h.ts);
}

static bool left_known(const struct sock *s, const struct ev_scan_sock *e)
{
	u64 known = sock_end(s), end = e->h.ts + e->left_ms * NS_PER_MS;

	if (!s->left_ms || !e->left_ms)
		return s->left_ms == e->left_ms;
	return end < known + END_SLACK_NS && known < end + END_SLACK_NS;
}

static bool knows_sock(const struct model *m, const struct ev_scan_sock *e)
{
	struct sock *s = sock_if_known(m, SOCK_EV(e));

	if (!s)
		return false;
	if (e->h.ts >= s->seen_ts &&
	    ((e->peer && s->peer != e->peer) || s->queued != e->queued || !left_known(s, e)))
		return false;
	return sock_met(s, e->h.ts);
}

static bool knows_name(const struct model *m, const struct ev_scan_name *e)
{
	const struct sock *s = sock_known(m, e->inode, e->cookie);
	const struct unix_name *name = s ? name_at(m, s->name) : NULL;
	const struct name *file = s ? sock_file(m, s) : NULL;

	return name && name->len == e->name.len && !memcmp(name->s, e->name.s, name->len) &&
	       (!e->file || (file->file == e->file && file->file_dev == e->file_dev &&
			     (!e->file_names || file->file_names == e->file_names)));
}

static bool knows_queue(const struct model *m, const struct ev_scan_queue *e)
{
	struct sock *s = sock_if_known(m, SOCK_EV(e));
	struct flight *f = s ? flight_in(m, s, e->queue) : NULL;

	if (!f || (e->count && e->count != f->count && e->h.ts >= f->scan_ts))
		return false;
	f->met_ts = max_ts(f->met_ts, e->h.ts);
	return sock_met(s, e->h.ts);
}

static bool knows_keeper(const struct model *m, const struct ev_scan_keeper *e)
{
	const struct sock *s = sock_known(m, e->inode, e->cookie);

	return !s || s->nholds || s->queue || (!s->keep_how && !e->how) ||
	       (s->keep_how == e->how && s->keep_call == e->call && s->keep_pid == e->h.tgid &&
		s->keep_tid == e->h.tid && s->keep_count == e->count);
}

static bool knows(struct model *m, const struct ev *e)
{
	const void *p = e;

	switch (e->kind) {
	case EV_KIND_SCAN_TASK:
		return knows_task(m, p);
	case EV_KIND_SCAN_FD:
		return knows_fd(m, p);
	case EV_KIND_SCAN_SOCK:
		return knows_sock(m, p);
	case EV_KIND_SCAN_NAME:
		return knows_name(m, p);
	case EV_KIND_SCAN_QUEUE:
		return knows_queue(m, p);
	case EV_KIND_SCAN_KEEPER:
		return knows_keeper(m, p);
	case EV_KIND_SCAN_ARGS:
		return knows_args(m, p);
	}
	return false;
}

bool model_knows(struct model *m, const struct ev *e)
{
	if (m->lost_since || !knows(m, e))
		return false;
	m->priv->sieved_ts = max_ts(m->priv->sieved_ts, e->ts);
	return true;
}
