// SPDX-License-Identifier: BSD-2-Clause
/*
 * Scans: what is there, told as the same facts that events tell; and what is not there any more.
 *
 * There are no marks.  Everything has a seen_ts, the newest time at which it was known to be so by
 * event or scan; at scan_end all in the pass's scope last seen before it began is over.  The walk
 * of one table at an exec is the same with a smaller scope.
 *
 * Where the sieve (sieve.c) kept back what was known already, seen_ts does not say what a scan met:
 * then scan_miss tells what it did not, one by one, and scan_end says so and sweeps nothing.
 */
#include "model_priv.h"

#define SCOPE_ALL (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS)

static void count_added(struct model *m, bool is_new)
{
	m->priv->added += is_new && m->lost_since;
}

/* ---- tasks ---- */

static void task_zombie(struct model *m, struct proc *p, const struct ev_scan_task *e, bool met)
{
	struct death *d;

	if (p->state == PROC_RUNNING)
		proc_die(m, p, met ? e->h.ts : 0); /* met before: it died between then and now */
	d = death_at(m, p->death);
	if (d->known || e->flags & TASK_NO_START)
		return;
	d->known = true;
	d->signal = e->status & 0x7f;
	d->code = d->signal ? -1 : (s32)(e->status >> 8 & 0xff);
	d->core = e->status & 0x80;
}

static void task_comm(struct model *m, struct proc *p, const struct comm *name)
{
	struct image *i = image_at(m, p->image);

	if (i && !strncmp(i->comm, name->s, COMM_LEN - 1))
		return;
	image_set_comm(image_own(m, p), name);
}

static void task_stuck(struct proc *p, const struct ev_scan_task *e)
{
	p->stuck = e->stuck;
	p->frozen = e->frozen;
	p->tracer = e->tracer;
	p->wait_pid = e->wait_pid;
	p->wait_tid = e->wait_tid;
	p->wait_nr = e->wait_nr;
	p->wait_opts = e->wait_opts;
	p->wait_for = (u16)e->wait_for;
	p->parent_tid = e->parent_tid;
	if (e->ran_ns && e->ran_ns < e->h.ts && !p->ran_ts)
		p->ran_ts = e->h.ts - e->ran_ns;
}

static void task_flags(struct model *m, struct proc *p, const struct ev_scan_task *e)
{
	struct proc *parent = proc_at(m, p->parent);
	u32 was = proc_is_zombie(p);

	p->flags = (u16)(e->flags | (p->flags & TASK_NSINIT));
	if (!was && proc_is_zombie(p))
		due_push(m, &m->priv->zombies, m->now + ZOMBIE_AFTER_NS, p->id, p->start);
	if (parent)
		parent->zombies += proc_is_zombie(p) - was;
}

/* Its end was seen, but the kernel is not done with it: all that is still to be said of it. */
static void task_ending(struct model *m, struct proc *p, const struct ev_scan_task *e)
{
	if (!(e->flags & TASK_EXITING) || e->h.ts <= death_at(m, p->death)->ts)
		return;
	task_flags(m, p, e);
	task_stuck(p, e);
}

static void task_facts(struct model *m, struct proc *p, const struct ev_scan_task *e)
{
	p->ghost = false;
	p->cgroup = e->cgroup;
	p->sid = e->sid;
	p->pgid = e->pgid;
	p->tty = e->tty;
	p->uid = e->uid;
	p->netns = e->netns ? e->netns : p->netns;
	p->mntns = e->mntns ? e->mntns : p->mntns;
	p->exit_signal = (u8)e->exit_signal;
	p->sigchld = (u8)e->sigchld;
	task_stuck(p, e);
	task_flags(m, p, e);
	if (e->flags & TASK_SUBREAPER)
		proc_mark_under(m, p);
	proc_set_nspid(m, p, e->pidns, &e->nspid, e->flags & TASK_NSINIT);
	task_comm(m, p, &e->name);
}

void on_scan_task(struct model *m, const struct ev_scan_task *e)
{
	u32 known = proc_find_start(m, e->h.tgid, e->start);
	struct proc *p, *parent;
	bool met = known && proc_at(m, known)->image; /* more of it was known than its pid */

	if (!e->h.tgid)
		return;
	count_added(m, !known);
	p = proc_life(m, e->h.tgid, e->start, e->h.ts, e->flags & TASK_ZOMBIE);
	if (p->state == PROC_GONE)
		return;
	if (p->state == PROC_ZOMBIE && !(e->flags & TASK_ZOMBIE)) {
		task_ending(m, p, e); /* or it was read while it died */
		return;
	}
	parent = e->parent && e->parent != e->h.tgid ? proc_someone(m, e->parent, e->h.ts) : NULL;
	task_facts(m, p, e);
	proc_set_parent(m, p, parent ? parent->id : 0, e->h.ts);
	if (p->death && e->h.ts > p->parent_ts && parent &&
	    parent->tgid != death_at(m, p->death)->left_by)
		left_settle(m, p);
	if (e->flags & TASK_ZOMBIE)
		task_zombie(m, p, e, met);
	else if (e->files)
		fdtab_of(m, p, p->tgid, e->files);
}

void on_scan_args(struct model *m, const struct ev_scan_args *e)
{
	struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start));
	struct image *i;
	u16 len, had;
	const char *exe = event_exe(&e->h, &len), *old;
	u32 prev;

	if (!p)
		return;
	old = proc_exe(m, p, &had);
	i = image_at(m, p->image);
	if (old && i->ts)
		return;						   /* its exec told more exactly */
	if (old && len && (had != len || memcmp(old, exe, len))) { /* an exec nobody told of */
		prev = p->image;
		p->image = image_new(m, e->h.ts, prev);
		i = image_at(m, p->image);
		i->refs = 1;
		memcpy(i->comm, image_at(m, prev)->comm, COMM_LEN);
		image_unref(m, prev);
	} else if (!i) {
		i = image_own(m, p);
	}
	i->truncated = e->args_truncated;
	if (!image_has_text(i, &e->h))
		image_set_text(i, &e->h, e->args_truncated);
}

/* ---- descriptors and sockets ---- */

/* So long a wait of who held it may be found after its end: its epoll instances go with its files, later. */
#define LAST_WAIT_NS (2 * NS_PER_S)

/*
 * Does the wait that a scan found show a use nobody told of?  Of who alone holds it, and has for a
 * while; and its creator, if that is another, was dead by then: the wait may have been its last.
 */
bool wait_tells(const struct model *m, const struct sock *s, const struct hold *h,
		const struct ev_scan_fd *e)
{
	const struct proc *made = proc_at(m, s->creator);
	const u32 ref = fdtab_at(m, h->fdtab)->refs;

	if (e->waits != 1 || h->flags & HOLD_USED || !s->born || s->nholds != 1)
		return false;
	if (!ref || tabref_at(m, ref)->tab_next || !made || tabref_at(m, ref)->proc == made->id)
		return false;
	return made->death &&
	       max_ts(death_at(m, made->death)->ts, s->parted_ts) + LAST_WAIT_NS <= e->h.ts;
}

static void hold_waits(struct model *m, const struct proc *p, struct hold *h, const struct sock *s,
		       const struct ev_scan_fd *e)
{
	const u8 all = HOLD_INHERITED | HOLD_IDLE;

	if (h && h->sock == s->id && e->waits)
		hold_set_flags(m, h, (u8)((h->flags & ~all) | scan_fd_flags(e)));
	if (h && h->sock == s->id && wait_tells(m, s, h, e))
		hold_use(m, p, h);
}

/* What is met in an open table of a socket that is in it elsewhere, too, was copied there. */
static u8 how_beside(const struct model *m, u32 tab, u32 sock)
{
	u32 budget = 64; /* slots: a sign, of a table that may be huge */

	for (u32 id = fdtab_at(m, tab)->holds; id && budget--; id = hold_at(m, id)->tab_next)
		if (hold_at(m, id)->sock == sock)
			return hold_at(m, id)->how;
	return VIA_SCAN;
}

/* The walk that follows its exec meets what came over that: nothing looked at the table since. */
static bool met_at_exec(const struct model *m, const struct proc *p, const struct fdtab *t)
{
	const struct image *i = image_at(m, p->image);

	return model_is_lean(m) && p->born && i && i->ts > p->start && t->known_ts < i->ts;
}

/* A connection that the maker has in the same slot, as a fork leaves it. */
static bool met_as_forked(const struct model *m, const struct sock *s, const struct ev_scan_fd *e)
{
	const struct proc *made = proc_at(m, proc_find(m, e->maker));
	const struct hold *h =
		made && made->main ? hold_in(m, tabref_at(m, made->main)->fdtab, e->fd) : NULL;

	return s->remote.port && h && h->sock == s->id;
}

/* Was the table looked at since its process was there for sure, or executed this program? */
static bool seen_since_start(const struct model *m, const struct proc *p, const struct fdtab *t)
{
	const u64 slow_ns = 100 * NS_PER_MS; /* a start is told before the process is to be found */
	const struct image *i = image_at(m, p->image);
	bool execed = i && i->ts > p->start;

	return p->start && t->known_ts >= (execed ? i->ts : p->start + slow_ns);
}

/*
 * How came a socket of another's making into a table where it is met for the first time?  By fork
 * where it was met at the exec, or known before the fork.  Not by fork nor exec where the table was
 * looked at since and did not have it: it was handed over, and how is not watched.  Where the order
 * of socket and fork is not known, neither is that.  O(1) but for how_beside().
 */
static u8 scan_how(const struct model *m, const struct proc *p, u32 tab, const struct sock *s,
		   const struct ev_scan_fd *e)
{
	const struct fdtab *t = fdtab_at(m, tab);
	const struct origin *o = origin_made(m, s);
	bool theirs = e->maker ? e->maker != e->h.tgid : s->creator && s->creator != p->id;

	if (!theirs || s->born || !tab)
		return VIA_SCAN;
	if (share_of(m, tab, s->id))
		return how_beside(m, tab, s->id);
	if (model_is_lean(m) && seen_since_start(m, p, t))
		return VIA_NONE;
	if (met_at_exec(m, p, t))
		return VIA_FORK;
	if (!e->maker)
		return VIA_SCAN;
	return (o && o->ts <= p->start) || met_as_forked(m, s, e) ? VIA_FORK : VIA_SCAN;
}

void on_scan_fd(struct model *m, const struct ev_scan_fd *e)
{
	struct proc *p = proc_at(m, proc_find(m, e->h.tgid));
	struct slot slot = {.fd = e->fd,
			    .via = VIA_SCAN,
			    .how = VIA_SCAN,
			    .cloexec = (u8)e->cloexec,
			    .ts = e->h.ts};
	struct sock *s;
	u32 before;

	if (!e->h.tgid || (p && p->state == PROC_ZOMBIE))
		return;
	if (!p || p->state == PROC_GONE)
		p = proc_actor(m, &e->h);
	s = p->state == PROC_RUNNING ? sock_of(m, SOCK_EV(e)) : NULL;
	if (!s)
		return;
	slot.fdtab = fdtab_of(m, p, e->h.tid, e->files);
	slot.how = scan_how(m, p, slot.fdtab, s, e);
	before = s->nholds;
	hold_put(m, &slot, s);
	count_added(m, s->nholds > before);
	sock_set_maker(m, s, e->maker, e->h.ts);
	if (s->nholds > before && slot.how == VIA_NONE)
		origin_add(m, s, p->id, VIA_NONE, 0, e->h.ts);
	hold_waits(m, p, hold_in(m, slot.fdtab, e->fd), s, e);
	sock_maybe_gone(m, s);
}

void on_scan_sock(struct model *m, const struct ev_scan_sock *e)
{
	u32 before = m->socks.live;
	struct sock *s = sock_of(m, SOCK_EV(e));

	if (!s)
		return;
	count_added(m, m->socks.live > before);
	if (e->h.ts < s->seen_ts)
		return;
	if (e->peer)
		s->peer = e->peer;
	sock_set_left(m, s, e->left_ms);
	s->queued = e->queued;
}

void on_scan_name(struct model *m, const struct ev_scan_name *e)
{
	struct sock *s = sock_known(m, e->inode, e->cookie);

	if (s)
		sock_set_name(m, s, &e->name);
	if (s)
		sock_set_file(m, s, e->file, e->file_dev, e->file_names);
}

void on_scan_queue(struct model *m, const struct ev_scan_queue *e)
{
	struct sock *s = sock_of(m, SOCK_EV(e));

	if (s && !s->gone)
		flight_scanned(m, s, e->queue, e->count, e->h.ts);
}

/* ---- what was not met is over ---- */

static u32 sweep_table(struct model *m, struct fdtab *t, const struct ev_scan_end *e)
{
	u32 id = e->scope & SCOPE_TOLD ? 0 : t->holds, dropped = 0;

	while (id) {
		struct hold *h = hold_at(m, id);

		id = h->tab_next;
		if (h->seen_ts >= e->begin)
			continue;
		hold_drop(m, h);
		dropped++;
	}
	t->known_ts = max_ts(t->known_ts, e->begin);
	return dropped;
}

static u32 sweep_proc_fds(struct model *m, const struct proc *p, const struct ev_scan_end *e)
{
	u32 dropped = 0;

	if (p->flags & TASK_NO_START)
		return 0; /* its descriptors could not be read */
	for (u32 id = p->tabrefs; id; id = tabref_at(m, id)->proc_next)
		dropped += sweep_table(m, fdtab_at(m, tabref_at(m, id)->fdtab), e);
	return dropped;
}

static u32 sweep_fds(struct model *m, const struct ev_scan_end *e)
{
	u32 dropped = 0, only = e->pid ? proc_find(m, e->pid) : 0;

	if (e->pid)
		return only ? sweep_proc_fds(m, proc_at(m, only), e) : 0;
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		dropped += sweep_proc_fds(m, proc_at(m, id), e);
	return dropped;
}

/*
 * Where no waits are watched, who was reaped is gone from scans before its free says by whom: that
 * is awaited, for a while after its end and after that of its parent.
 */
static bool is_awaited(const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	if (!d || m->caps & SRC_FD || !(m->caps & SRC_EVENTS) || m->lost_since)
		return false;
	return d->left_by || (d->ts && m->now < d->ts + LEFT_GRACE_NS);
}

static u32 sweep_tasks(struct model *m, u64 begin)
{
	u32 dropped = 0;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		struct proc *p = proc_at(m, id);

		if (p->state == PROC_GONE || p->seen_ts >= begin || is_awaited(m, p))
			continue;
		proc_vanish(m, p);
		dropped++;
	}
	return dropped;
}

static void sweep_flights(struct model *m, const struct sock *s, u64 begin)
{
	u32 id = s->flights, next;

	for (; id; id = next) {
		const struct flight *f = flight_at(m, id);

		next = f->next;
		if (f->ts < begin && !cut_spares_flight(m, f, begin))
			flight_end(m, id);
	}
}

static u32 sweep_socks(struct model *m, u64 begin)
{
	u32 dropped = 0;

	for (u32 id = sock_after(m, 0); id; id = sock_after(m, id))
		sweep_flights(m, sock_at(m, id), begin);
	for (u32 id = sock_after(m, 0); id; id = sock_after(m, id)) {
		struct sock *s = sock_at(m, id);

		if (s->nholds || s->queue || s->seen_ts >= begin || cut_spares(m, s->netns, begin))
			continue;
		dropped += !s->closing; /* else its hold was counted */
		sock_gone(m, s);
	}
	return dropped;
}

/* ---- or was told one by one ---- */

static bool miss_task(struct model *m, const struct ev_scan_miss *e)
{
	struct proc *p = proc_at(m, proc_find_start(m, e->h.tgid, e->start));

	if (!p || p->state == PROC_GONE || p->seen_ts >= e->begin || is_awaited(m, p))
		return false;
	proc_vanish(m, p);
	return true;
}

static bool is_missed(const struct model *m, const struct hold *h, const struct ev_scan_miss *e)
{
	const struct sock *s = h ? sock_at(m, h->sock) : NULL;

	return s && s->inode == e->inode && s->cookie == e->cookie && h->seen_ts < e->begin;
}

/*
 * A table whose address is not known goes by its thread, which may have left another such behind
 * unseen: whichever shows that socket there.  A walk over the tables of one process, and only for
 * what of such a table is over.
 */
static struct hold *missed_unkeyed(const struct model *m, const struct ev_scan_miss *e)
{
	const struct proc *p = proc_at(m, proc_find(m, e->h.tgid));

	for (u32 id = p ? p->tabrefs : 0; id; id = tabref_at(m, id)->proc_next) {
		const struct tabref *r = tabref_at(m, id);
		struct hold *h = hold_in(m, r->fdtab, e->fd);

		if (r->tid == e->h.tid && is_missed(m, h, e))
			return h;
	}
	return NULL;
}

static bool miss_hold(struct model *m, const struct ev_scan_miss *e)
{
	struct hold *h = e->files ? hold_in(m, map_get(&m->by_files, e->files), e->fd)
				  : missed_unkeyed(m, e);

	if (!is_missed(m, h, e))
		return false;
	hold_drop(m, h);
	return true;
}

static bool miss_sock(struct model *m, const struct ev_scan_miss *e)
{
	struct sock *s = e->inode || e->cookie ? sock_known(m, e->inode, e->cookie)
					       : sock_by_addr(m, SOCK_EV(e));
	const struct flight *f = s && e->queue ? flight_in(m, s, e->queue) : NULL;
	bool closing;

	if (f && f->ts < e->begin)
		flight_end(m, flight_find(m, s->id, e->queue));
	if (e->queue || !s || s->gone || s->nholds || s->queue || s->seen_ts >= e->begin)
		return false;
	closing = s->closing; /* then its hold was counted */
	sock_gone(m, s);
	return !closing;
}

void on_scan_miss(struct model *m, const struct ev_scan_miss *e)
{
	bool dropped = e->what == SCOPE_TASKS	? miss_task(m, e)
		       : e->what == SCOPE_FDS	? miss_hold(m, e)
		       : e->what == SCOPE_SOCKS ? miss_sock(m, e)
						: false;

	m->priv->dropped += dropped && m->lost_since;
}

/* ---- the end ---- */

/* Every part of the picture was looked at anew since the last loss. */
static void tell_resync(struct model *m)
{
	TELL(m, resync, RESYNC, 0, .gap_ns = m->now - m->lost_since, .dropped = m->priv->dropped,
	     .added = m->priv->added);
	m->lost_since = 0;
	m->priv->repaired = 0;
}

void on_scan_begin(struct model *m, const struct ev_scan_begin *e)
{
	if (e->scope & SCOPE_FDS && !e->pid && !(e->scope & SCOPE_TABLE))
		look_begins(m); /* scan_end repeats the rest */
}

u32 scan_scope(const struct model *m, const struct ev_scan_end *e)
{
	if (e->scope & SCOPE_TABLE)
		return SCOPE_TABLE;
	if (e->pid)
		return e->scope & SCOPE_FDS;
	/* narrowed to a question: not seen does not mean not there */
	return m->caps & SRC_PARTIAL ? 0 : e->scope & SCOPE_ALL;
}

void on_scan_end(struct model *m, const struct ev_scan_end *e)
{
	u32 dropped = 0, scope = scan_scope(m, e);
	bool told = e->scope & SCOPE_TOLD;
	struct fdtab *t = fdtab_at(m, scope & SCOPE_TABLE ? map_get(&m->by_files, e->files) : 0);

	if (t)
		sweep_table(m, t, e);
	if (scope & SCOPE_TASKS && !told)
		dropped += sweep_tasks(m, e->begin);
	if (scope & SCOPE_FDS)
		dropped += sweep_fds(m, e);
	if (scope & SCOPE_SOCKS && !told)
		dropped += sweep_socks(m, e->begin);
	if (scope & SCOPE_FDS && !e->pid)
		look_ends(m, e->begin);
	if (!e->pid && !(scope & SCOPE_TABLE))
		cuts_end(m, scope, e->begin);
	if (scope == SCOPE_ALL && !e->pid && e->begin >= m->held_last)
		m->held_since = 0;
	if (!m->lost_since || e->pid || scope & SCOPE_TABLE)
		return;
	m->priv->dropped += dropped;
	if (e->begin >= m->priv->last_loss)
		m->priv->repaired |= scope;
	if (m->priv->repaired == SCOPE_ALL)
		tell_resync(m);
}
