// SPDX-License-Identifier: BSD-2-Clause
/*
 * The words of a verdict: one sentence why, one sentence what to do.
 *
 * Read at three in the morning by somebody whose service is down: name the process, say what
 * happened, say what to type.  What was not seen is said not to have been seen, and no kill is
 * advised on it without saying so.
 */
#include "advice.h"

/* ---- warnings that go with a verdict ---- */

static bool same_group(const struct sock *s, const struct sock *o)
{
	return o != s && o->proto == s->proto && o->netns == s->netns && o->state == s->state &&
	       o->sflags & SF_REUSEPORT && !memcmp(&o->local, &s->local, sizeof(s->local));
}

static bool is_datagram(const struct sock *s)
{
	const u32 dgram = 2;

	return PROTO_TYPE(s->proto) == dgram;
}

/* The kernel spreads what comes in over a REUSEPORT group, also to a member nobody serves. */
static void add_group(struct buf *b, const struct speech *sp)
{
	const struct model *m = sp->m;
	const struct sock *s = sp->s;
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
	buf_printf(b, ", and as a member of a SO_REUSEPORT group it is dealt 1 of %u %s%s",
		   members + 1, is_datagram(s) ? "datagrams" : "connections",
		   sp->out->certain ? " that nobody will answer" : "");
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
		text_proc(b, m, first_holder(m, o));
		buf_puts(b, ", eats a part of the connections");
		return;
	}
}

/* ---- one function a verdict ---- */

static void say_owned(const struct speech *sp)
{
	const struct proc *p = proc_at(sp->m, sp->s->creator);
	struct buf *b = &sp->out->why;

	add_unsure(b, sp->out);
	text_maker(b, sp->m, sp->s);
	buf_puts(b, " and is the only one that holds it");
	if (p->flags & TASK_HEADLESS)
		buf_puts(b, "; its main thread has ended, but other threads live on");
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	if (p->flags & TASK_DUMPING) {
		buf_puts(b, "Wait: it is free when the dump is written");
		return;
	}
	buf_puts(b, "Stop ");
	text_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " if you need it free; nothing is wrong with the socket itself");
}

static void say_shared(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	add_unsure(b, sp->out);
	text_maker(b, sp->m, sp->s);
	buf_printf(b, " and shares it: %u hold it, ", sp->n);
	text_procs(b, sp->m, sp->rows, sp->n);
	add_stray(b, sp);
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	buf_puts(b, "It is free only when all of them are gone: stop ");
	text_proc(b, sp->m, sp->s->creator);
	buf_puts(b, " and see to it that the others end with it");
}

static bool speech_names(const struct speech *sp, u32 proc)
{
	for (u32 i = 0; i < sp->n; i++)
		if (sp->rows[i].proc == proc)
			return true;
	return false;
}

/* Who has the port still when those who hold this socket have ended; 0: nobody known. */
static u32 port_remains(const struct speech *sp)
{
	const struct sock *o, *s = sp->s;
	u32 budget = 1024, proc;

	if (!(s->sflags & SF_REUSEPORT) || !s->local.port)
		return 0;
	for (u32 id = map_get(&sp->m->by_port, s->local.port); id && --budget; id = o->port_next) {
		o = sock_at(sp->m, id);
		proc = same_group(s, o) && o->nholds ? first_holder(sp->m, o) : 0;
		if (proc && !speech_names(sp, proc))
			return proc;
	}
	return 0;
}

/* What it is good for to end who keeps a leaked one. */
static void say_freed(struct buf *b, const struct speech *sp)
{
	const u32 remains = sock_is_connection(sp->s) ? 0 : port_remains(sp);

	if (remains) {
		buf_printf(b, " so that no more %s lost to it; the port stays with ",
			   is_datagram(sp->s) ? "datagrams are" : "connections are");
		text_proc(b, sp->m, remains);
	} else if (!sock_is_portless(sp->s)) {
		buf_puts(b, sock_is_connection(sp->s) ? " to end the connection now"
						      : " to free the port now");
	}
}

static void say_leaked(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	creator_story(b, sp);
	add_unsure(b, sp->out);
	text_proc(b, sp->m, sp->rows[0].proc);
	buf_puts(b, " ");
	text_inherited(b, sp->m, sp->s, &sp->rows[0]);
	if (sp->n > 1)
		buf_printf(b, ", as did %u more", sp->n - 1);
	add_group(b, sp);
	b = &sp->out->action;
	if (sp->out->certain)
		buf_puts(b, "Kill ");
	else if (is_datagram(sp->s) && !(sp->m->caps & SRC_READ))
		buf_puts(b, "What is read from it is not watched, so see first whether clients "
			    "still get an answer; if not, end ");
	else
		buf_puts(b,
			 "Its use was not watched from the beginning, so look first, then kill ");
	text_procs(b, sp->m, sp->rows, sp->n);
	say_freed(b, sp);
	buf_puts(b, "; in ");
	advise_slip(b, sp);
}

/* "A[1] was given it over a UNIX socket by B[2], and C[3] forked off it" */
static void words_handed(struct buf *b, const struct speech *sp, const struct origin *o, u32 proc)
{
	bool sent = o->via == VIA_SCM_RIGHTS;

	text_proc(b, sp->m, o->proc);
	buf_puts(b, o->via == VIA_NONE
			    ? " has it from another process, and not by fork: how it came there is "
			      "not known, because only --fd=full watches that"
		    : sent ? " was given it over a UNIX socket"
			   : " took a copy of it with pidfd_getfd");
	if (o->from) {
		buf_puts(b, sent ? " by " : " from ");
		text_proc(b, sp->m, o->from);
	}
	if (o->proc == proc)
		return;
	buf_puts(b, "; ");
	text_proc(b, sp->m, proc);
	buf_puts(b, " was forked off it with that");
}

/* The newest hand-over is told. */
static void say_passed(const struct speech *sp)
{
	struct buf *b = &sp->out->why;
	const struct origin *o, *best = NULL;
	u32 proc = 0, budget = 64;

	for (u32 i = 0; i < sp->n && budget--; i++) {
		o = handed_over(sp->m, sp->s, sp->rows[i].proc);
		if (!o || (best && best->ts > o->ts) || (best == o && proc == o->proc))
			continue;
		best = o;
		proc = sp->rows[i].proc;
	}
	add_unsure(b, sp->out);
	creator_story(b, sp);
	if (best) {
		words_handed(b, sp, best, proc);
	} else {
		text_procs(b, sp->m, sp->rows, sp->n);
		buf_puts(b, sp->n > 1 ? " have it from another process"
				      : " has it from another process");
	}
	b = &sp->out->action;
	buf_puts(b, best && best->via == VIA_NONE
			    ? "It was most likely handed over on purpose; stop "
			    : "It was handed over on purpose; stop ");
	text_stop(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " if you need it free");
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
	if (!bind_options_known(sp->m))
		buf_puts(b,
			 ", or set SO_REUSEADDR before bind, which helps if what left it had that "
			 "set, too");
	else if (bind_passes(sp->s) & BIND_REUSEADDR)
		buf_puts(b,
			 ", or set SO_REUSEADDR before bind: it had that set, too, so then it does "
			 "not keep a server from the port");
	else
		buf_puts(b,
			 ": it was made without SO_REUSEADDR, so a server that sets it now is kept "
			 "from the port all the same, and only from the next time on is not");
}

/* No table that could be read shows it, and some could not be read. */
static void say_unseen(const struct speech *sp)
{
	u32 n = sp->m->blind;

	buf_puts(&sp->out->why, "None of the processes whose descriptors can be read here holds "
				"it, so it is probably held by ");
	if (n == 1)
		buf_puts(&sp->out->why, "the one whose descriptors cannot");
	else
		buf_printf(&sp->out->why, "one of the %u whose descriptors cannot", n);
	buf_puts(&sp->out->action,
		 sp->m->caps & SRC_PROC ? "Run again as root, where BPF may be used, to see who"
					: "Ask again outside of this sandbox to see who; if it is "
					  "nobody, look for an io_uring it is registered in");
}

static void say_held(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	if (!sp->n) {
		say_unseen(sp);
		return;
	}
	text_procs(b, sp->m, sp->rows, sp->n);
	buf_puts(b, sp->n == 1 ? " holds it" : " hold it");
	buf_printf(b, "; who made it is not known, because %s", maker_unknown(sp->m, sp->s));
	if (sock_blame(sp->m, sp->s, sp->out->verdict) == BLAME_SUSPECTED)
		buf_puts(b, sp->n == 1 ? "; it is not known to have made it and does not wait on "
					 "it, so it looks leaked"
				       : "; none of them is known to have made it or waits on it, "
					 "so it looks leaked");
	add_leaked_member(b, sp->m, sp->s);
	b = &sp->out->action;
	buf_puts(b, "Make sure nobody needs it, then stop ");
	text_stop(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " to free it; leave probate ports -w running to know the creator next time");
}

/* Whoever made it and whoever has it: of a connection that is over a descriptor is left, no more.
 */
static void say_over(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	if (sp->s->creator) {
		text_maker(b, sp->m, sp->s);
		buf_puts(b, "; ");
	}
	buf_puts(b, "the connection is over and keeps no port");
	if (sp->n) {
		buf_puts(b, ", only ");
		text_procs(b, sp->m, sp->rows, sp->n);
		buf_puts(b,
			 sp->n == 1 ? " still has its descriptor" : " still have its descriptor");
	}
	buf_puts(&sp->out->action, "Nothing needs to be freed: its port can be bound");
}

/* The path is taken as long as its file is there, whoever lives. */
static void say_file(const struct speech *sp)
{
	if (sock_file(sp->m, sp->s)->file_names == FILE_REMOVED) {
		buf_puts(&sp->out->why,
			 "; its file was removed or replaced, so nobody can connect to "
			 "it any more");
		buf_puts(&sp->out->action, "; it keeps no path");
	} else if (sock_file(sp->m, sp->s)->file && sock_is_offer(sp->s)) {
		buf_puts(&sp->out->action,
			 "; if its file is still there then, remove that, too: it "
			 "keeps the path taken");
	}
}

/* Whoever reads it is in another network namespace, where it keeps nobody from anything. */
static void say_elsewhere(const struct speech *sp)
{
	buf_puts(&sp->out->why, "; it is in ");
	text_netns(&sp->out->why, sp->m, sp->s);
	buf_printf(&sp->out->action, "; this is about network namespace %u and keeps nothing here",
		   sp->s->netns);
}

#define STUCK_SAID 3 /* holders that cannot go on, of whom it is said in what they are stuck */

static bool all_killed(const struct speech *sp)
{
	for (u32 i = 0; i < sp->n; i++)
		if (!(proc_at(sp->m, sp->rows[i].proc)->stuck & STUCK_KILLED))
			return false;
	return sp->n;
}

/*
 * Who is stuck does not serve, and may not end either: what ends that comes with the advice, and in
 * its place where all were killed already.
 */
static void say_stuck(const struct speech *sp)
{
	struct buf in = {0}, ends = {0};
	u32 said = 0;

	if (all_killed(sp)) {
		buf_reset(&sp->out->action);
		buf_puts(&sp->out->action, "No other kill is needed, nor does one help");
	}

	for (u32 i = 0; i < sp->n && said < STUCK_SAID; i++) {
		const struct proc *p = proc_at(sp->m, sp->rows[i].proc);

		if ((i && sp->rows[i - 1].proc == p->id) || !text_stuck(sp->m, p, &in, &ends))
			continue;
		said++;
		buf_puts(&sp->out->why, "; ");
		text_proc(&sp->out->why, sp->m, p->id);
		buf_printf(&sp->out->why, " %s", in.s);
		if (!(p->flags & TASK_DUMPING)) {
			buf_puts(&sp->out->action, "; ");
			text_proc(&sp->out->action, sp->m, p->id);
			buf_printf(&sp->out->action,
				   p->stuck & STUCK_KILLED ? " was killed and ends only then: %s"
							   : " does nothing until then: %s",
				   ends.s);
		}
		buf_reset(&in);
		buf_reset(&ends);
	}
	buf_free(&in);
	buf_free(&ends);
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
	const enum verdict v = verdict_of(m, s);
	const struct unix_name *name;
	struct holder *rows;
	struct speech sp = {.m = m, .s = s, .out = out};

	*out = (struct answer){.verdict = v, .certain = verdict_certain(m, s, v)};
	sp.n = holders_of(m, s, &rows);
	sp.rows = rows;
	if (sock_is_over(s))
		say_over(&sp);
	else
		say[out->verdict](&sp);
	say_stuck(&sp);
	name = name_at(m, s->name);
	if (name && name->len && name->s[0])
		say_file(&sp);
	if (sock_is_elsewhere(m, s))
		say_elsewhere(&sp);
	buf_puts(&out->why, ".");
	buf_puts(&out->action, ".");
	free(rows);
}

void answer_free(struct answer *a)
{
	buf_free(&a->why);
	buf_free(&a->action);
}
