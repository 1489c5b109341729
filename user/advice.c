// SPDX-License-Identifier: BSD-2-Clause
/*
 * The words of a verdict: one sentence why, one sentence what to do.
 *
 * Read at three in the morning by somebody whose service is down: name the process, say what
 * happened, say what to type.  What was not seen is said not to have been seen, and no kill is
 * advised on it without saying so.
 */
#include "advice.h"

/* ---- pieces ---- */

/* "sleep[9132]" */
static void add_proc(struct buf *b, const struct model *m, u32 id)
{
	const struct proc *p = proc_at(m, id);
	const char *comm = proc_comm(m, p);

	if (!p) {
		buf_puts(b, "an unknown process");
		return;
	}
	if (*comm)
		buf_add_safe(b, comm, strlen(comm), 0);
	else
		buf_puts(b, "process ");
	buf_printf(b, "[%u]", p->tgid);
}

static void add_at(struct buf *b, const struct model *m, u64 ts)
{
	u64 wall = model_wall(m, ts);
	char clock[16];

	if (!wall)
		return;
	time_clock(clock, wall);
	buf_printf(b, " at %.8s", clock);
}

static void add_killer(struct buf *b, const struct model *m, const struct death *d)
{
	if (d->ns_died)
		buf_puts(b, ", because PID 1 of its container died");
	else if (d->by_kernel)
		buf_puts(b, " by the kernel itself");
	if (d->ns_died || d->by_kernel || !d->killer_pid)
		return;
	buf_puts(b, " from ");
	if (d->killer)
		add_proc(b, m, d->killer);
	else
		buf_printf(b, "pid %u", d->killer_pid);
}

/* "was killed by SIGKILL from bash[1400] at 12:00:03", "exited with code 1", ... */
static void add_fate(struct buf *b, const struct model *m, u32 id)
{
	const struct proc *p = proc_at(m, id);
	const struct death *d = p ? death_at(m, p->death) : NULL;

	if (!d) {
		buf_puts(b, "let go of it");
	} else if (!d->known) {
		buf_puts(b, "is dead");
	} else if (d->signal) {
		buf_printf(b, "was killed by %s", name_signal(d->signal));
		add_killer(b, m, d);
	} else {
		buf_printf(b, "exited with code %d", d->code);
	}
	if (d)
		add_at(b, m, d->ts);
}

/* "sleep[9132]", "a[1] and b[2]", "a[1], b[2] and 7 more" */
static void add_holders(struct buf *b, const struct model *m, const struct holder *rows, u32 n)
{
	u32 shown = n > 3 ? 2 : n;

	for (u32 i = 0; i < shown; i++) {
		if (i)
			buf_puts(b, i == n - 1 ? " and " : ", ");
		add_proc(b, m, rows[i].proc);
	}
	if (n > shown)
		buf_printf(b, " and %u more", n - shown);
}

static bool kept_over_exec(const struct model *m, const struct sock *s, const struct holder *h)
{
	struct step *steps;
	u32 n = chain_of(m, s, h, &steps);
	bool kept = n && steps[n - 1].kind == STEP_EXEC;

	free(steps);
	return kept;
}

/* "inherited fd 3 by fork and kept it over exec because CLOEXEC was not set" */
static void add_inherited(struct buf *b, const struct model *m, const struct sock *s,
			  const struct holder *h)
{
	buf_printf(b, h->how == VIA_FORK ? "inherited fd %d by fork" : "has it as fd %d",
		   hold_at(m, h->first)->fd);
	if (kept_over_exec(m, s, h))
		buf_puts(b, " and kept it over exec because CLOEXEC was not set");
}

static void add_unsure(struct buf *b, const struct answer *a)
{
	if (!a->certain)
		buf_puts(b, b->len ? "as far as was seen, " : "As far as was seen, ");
}

/* ---- warnings that go with a verdict ---- */

static bool same_group(const struct sock *s, const struct sock *o)
{
	return o != s && o->proto == s->proto && o->netns == s->netns && o->state == s->state &&
	       o->sflags & SF_REUSEPORT && !memcmp(&o->local, &s->local, sizeof(s->local));
}

/* The kernel spreads connections over a REUSEPORT group, also to a member nobody serves. */
static void add_group(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct sock *o;
	u32 members = 0, budget = 1024;

	if (!(s->sflags & SF_REUSEPORT) || !s->local.port)
		return;
	for (u32 id = map_get(&m->by_port, s->local.port); id && --budget; id = o->port_next) {
		o = sock_at(m, id);
		members += same_group(s, o);
	}
	if (!members)
		return;
	buf_printf(b,
		   ", and as a member of a SO_REUSEPORT group it is dealt 1 of %u connections "
		   "that nobody will answer",
		   members + 1);
}

static void add_leaked_member(struct buf *b, const struct model *m, const struct sock *s)
{
	u32 budget = 64;
	const struct sock *o;

	if (!(s->sflags & SF_REUSEPORT) || !s->local.port)
		return;
	for (u32 id = map_get(&m->by_port, s->local.port); id && --budget; id = o->port_next) {
		o = sock_at(m, id);
		if (!same_group(s, o) || verdict_of(m, o) != VERDICT_LEAKED)
			continue;
		buf_puts(b, "; but a leaked member of its SO_REUSEPORT group, held by ");
		add_proc(b, m, first_holder(m, o));
		buf_puts(b, ", eats a part of the connections");
		return;
	}
}

/* ---- one function a verdict ---- */

struct speech {
	const struct model *m;
	const struct sock *s;
	const struct holder *rows;
	u32 n;
	struct answer *out;
};

static void say_owned(const struct speech *sp)
{
	const struct proc *p = proc_at(sp->m, sp->s->creator);
	struct buf *b = &sp->out->why;

	add_unsure(b, sp->out);
	add_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " made it and is the only one that holds it");
	if (p->flags & TASK_HEADLESS)
		buf_puts(b, "; its main thread has ended, but other threads live on");
	if (p->flags & TASK_DUMPING)
		buf_puts(b, "; it has crashed and is writing its core dump");
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	if (p->flags & TASK_DUMPING) {
		buf_puts(b, "Wait: it is free when the dump is written");
		return;
	}
	buf_puts(b, "Stop ");
	add_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " if you need it free; nothing is wrong with the socket itself");
}

static void say_shared(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	add_unsure(b, sp->out);
	add_proc(b, sp->m, sp->s->creator);
	buf_printf(b, " made it and shares it: %u hold it, ", sp->n);
	add_holders(b, sp->m, sp->rows, sp->n);
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	buf_puts(b, "It is free only when all of them are gone: stop ");
	add_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " and see to it that the others end with it");
}

static void creator_story(struct buf *b, const struct speech *sp)
{
	add_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " made it and ");
	add_fate(b, sp->m, sp->s->creator);
	buf_puts(b, "; ");
}

static void say_inherited(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	creator_story(b, sp);
	add_unsure(b, sp->out);
	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b, sp->n == 1 ? " inherited it and carries on with it"
			       : " inherited it and carry on with it");
	b = &sp->out->action;
	buf_puts(b, "Stop ");
	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b,
		 sp->n == 1
			 ? " if you need it free: it still serves it, so work in progress is cut"
			 : " if you need it free: they still serve it, so work in progress is cut");
}

static void say_leaked(const struct speech *sp)
{
	struct buf *b = &sp->out->why;
	const char *comm = proc_comm(sp->m, proc_at(sp->m, sp->s->creator));

	creator_story(b, sp);
	add_unsure(b, sp->out);
	add_proc(b, sp->m, sp->rows[0].proc);
	buf_puts(b, " ");
	add_inherited(b, sp->m, sp->s, &sp->rows[0]);
	if (sp->n > 1)
		buf_printf(b, ", as did %u more", sp->n - 1);
	add_group(b, sp->m, sp->s);
	b = &sp->out->action;
	if (sp->out->certain)
		buf_puts(b, "Kill ");
	else
		buf_puts(b,
			 "Its use was not watched from the beginning, so look first, then kill ");
	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " to free the port now; in ");
	if (*comm)
		buf_add_safe(b, comm, strlen(comm), 0);
	else
		buf_puts(b, "the creator");
	buf_printf(b,
		   ", open the socket with SOCK_CLOEXEC (or close fd %d in the child before exec)",
		   hold_at(sp->m, sp->rows[0].first)->fd);
}

static void say_passed(const struct speech *sp)
{
	struct buf *b = &sp->out->why;
	const struct holder *row = sp->rows;
	const struct origin *o;

	for (u32 i = 0; i < sp->n; i++)
		if (sp->rows[i].how == VIA_SCM_RIGHTS || sp->rows[i].how == VIA_PIDFD_GETFD)
			row = &sp->rows[i];
	o = origin_of(sp->m, sp->s, row->proc, ~0ull);
	add_unsure(b, sp->out);
	creator_story(b, sp);
	add_proc(b, sp->m, row->proc);
	buf_puts(b, row->how == VIA_SCM_RIGHTS ? " was given it over a UNIX socket"
					       : " took a copy of it with pidfd_getfd");
	if (o && o->from) {
		buf_puts(b, row->how == VIA_SCM_RIGHTS ? " by " : " from ");
		add_proc(b, sp->m, o->from);
	}
	b = &sp->out->action;
	buf_puts(b, "It was handed over on purpose; stop ");
	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " if you need it free");
}

static u64 inode_of(const struct sock *s)
{
	return s->inode;
}

static void say_in_flight(const struct speech *sp)
{
	const struct sock *q = sock_known(sp->m, sp->s->queue, 0);
	struct buf *b = &sp->out->why;
	u32 holder = q ? first_holder(sp->m, q) : 0;

	buf_printf(b,
		   "It was sent over a UNIX socket and not received yet: it waits in the queue of "
		   "socket:[%llu]",
		   (unsigned long long)(q ? inode_of(q) : sp->s->queue));
	if (holder) {
		buf_puts(b, ", which ");
		add_proc(b, sp->m, holder);
		buf_puts(b, " holds");
	}
	b = &sp->out->action;
	if (holder) {
		buf_puts(b, "Let ");
		add_proc(b, sp->m, holder);
		buf_puts(b, " receive it, or stop it: the queue and what is in it end with it");
	} else {
		buf_puts(b, "Find who holds that UNIX socket (ss -xp): when it is closed, this is "
			    "free");
	}
}

static void say_hidden(const struct speech *sp)
{
	const struct sock *s = sp->s;

	if (s->queue) {
		say_in_flight(sp);
		return;
	}
	if (!s->inode && (s->state == TCP_ESTABLISHED || s->state == TCP_SYN_RECV ||
			  s->state == TCP_NEW_SYN_RECV || s->state == TCP_CLOSE_WAIT)) {
		buf_puts(&sp->out->why,
			 "It is a connection that its listener has not accepted yet");
		buf_puts(&sp->out->action, "See why the listener on this port does not accept");
		return;
	}
	buf_puts(&sp->out->why,
		 "Something references it, but no process's descriptor table shows it");
	if (sp->m->blind)
		buf_printf(&sp->out->why, " (those of %u processes could not be read)",
			   sp->m->blind);
	buf_puts(&sp->out->action,
		 sp->m->blind ? "Run again as root to see all processes"
			      : "Look for an io_uring it is registered in (grep -l UserFiles "
				"/proc/*/fdinfo/*), or, in a container, ask again on the host");
}

static void say_kernel(const struct speech *sp)
{
	buf_puts(&sp->out->why,
		 "The kernel made it for itself (vxlan, wireguard, nfsd or the like)");
	buf_puts(&sp->out->action,
		 "There is no process to kill: remove the device or stop the kernel service");
}

static const char *state_or_unknown(const struct sock *s)
{
	const char *name = name_tcp_state(s->state);

	return name ? name : "an unknown state";
}

/* A FIN_WAIT or TIME_WAIT was asked when it was scanned; the time since is off. */
static u64 left_ns(const struct model *m, const struct sock *s)
{
	u64 end = s->seen_ts + s->left_ms * NS_PER_MS;

	return s->left_ms && end > m->now ? end - m->now : 0;
}

static void say_orphaned(const struct speech *sp)
{
	struct buf *b = &sp->out->why;
	u64 left = left_ns(sp->m, sp->s);

	buf_printf(b, "Everybody has closed it and the kernel is finishing the connection (%s)",
		   state_or_unknown(sp->s));
	if (left)
		buf_printf(b, ", for %llu s more",
			   (unsigned long long)((left + NS_PER_S - 1) / NS_PER_S));
	b = &sp->out->action;
	if (left)
		buf_printf(b, "Wait %llu s",
			   (unsigned long long)((left + NS_PER_S - 1) / NS_PER_S));
	else
		buf_puts(b, "Wait until the kernel is done");
	buf_puts(b,
		 ", or set SO_REUSEADDR before bind: then it does not keep a server from the port");
}

static void say_held(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b, sp->n == 1 ? " holds it" : " hold it");
	buf_puts(b, "; who made it is not known, because that was before anything was watching");
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	buf_puts(b, "Make sure nobody needs it, then stop ");
	add_holders(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " to free it; keep probate record running to know the creator next time");
}

void advise_sock(const struct model *m, const struct sock *s, struct answer *out)
{
	static void (*const say[])(const struct speech *) = {
		[VERDICT_OWNED] = say_owned,	     [VERDICT_SHARED] = say_shared,
		[VERDICT_INHERITED] = say_inherited, [VERDICT_LEAKED] = say_leaked,
		[VERDICT_PASSED] = say_passed,	     [VERDICT_HIDDEN] = say_hidden,
		[VERDICT_KERNEL] = say_kernel,	     [VERDICT_ORPHANED] = say_orphaned,
		[VERDICT_HELD] = say_held,
	};
	struct holder *rows;
	struct speech sp = {.m = m, .s = s, .out = out};

	sp.n = holders_of(m, s, &rows);
	sp.rows = rows;
	say[out->verdict](&sp);
	buf_puts(&out->why, ".");
	buf_puts(&out->action, ".");
	free(rows);
}
