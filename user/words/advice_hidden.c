// SPDX-License-Identifier: BSD-2-Clause
/*
 * The words for a socket that no descriptor shows: in flight, or kept by something else.
 */
#include "advice.h"

static u64 inode_of(const struct sock *s)
{
	return s->inode;
}

static void say_unreached(const struct speech *sp, bool known)
{
	buf_printf(
		&sp->out->why,
		"; no process%s holds that UNIX socket, nor any that leads to it, so nobody%s can "
		"receive what waits there",
		known ? "" : " whose descriptors could be read", known ? "" : " of them");
	buf_puts(&sp->out->action,
		 "The kernel frees what only such queues hold when it next collects "
		 "them, which any process that closes a UNIX socket begins; what "
		 "stays has a reference elsewhere (an io_uring)");
}

/* May a table that was not read hold the queue? */
static bool all_was_read(const struct model *m)
{
	const struct cut *cuts;

	return !m->blind && model_whole(m) && !model_cuts(m, &cuts);
}

static void say_in_flight(const struct speech *sp)
{
	const struct sock *q = sock_known(sp->m, sp->s->queue, 0);
	struct buf *b = &sp->out->why;
	u32 steps, end = queue_reached(sp->m, sp->s, &steps);
	u32 holder = end ? first_holder(sp->m, sock_at(sp->m, end)) : 0;

	buf_printf(b,
		   "It was sent over a UNIX socket and not received yet: it waits in the queue of "
		   "socket:[%llu]",
		   (unsigned long long)(q ? inode_of(q) : sp->s->queue));
	if (holder && steps > 1)
		buf_printf(b, ", which is itself in flight; %u queues on, at socket:[%llu],",
			   steps - 1, (unsigned long long)inode_of(sock_at(sp->m, end)));
	if (holder) {
		buf_puts(b, steps > 1 ? " it is one that " : ", which ");
		text_proc(b, sp->m, holder);
		buf_puts(b, " holds");
	}
	b = &sp->out->action;
	if (holder) {
		buf_puts(b, "Let ");
		text_proc(b, sp->m, holder);
		buf_puts(b, " receive it, or stop it: the queue and what is in it end with it");
	} else {
		say_unreached(sp, all_was_read(sp->m));
	}
}

/* The life of that pid that closed it; 0: nothing is known of it. */
static u32 closer_of(const struct model *m, const struct sock *s)
{
	u32 id = s->closed_by ? proc_find(m, s->closed_by) : 0;

	while (id && proc_at(m, id)->start > s->closed_ts)
		id = proc_at(m, id)->older;
	return id;
}

/* ---- no descriptor shows it ---- */

/* "thread 123 of nginx[120] sleeps in accept4() on it" */
void text_kept(struct buf *b, const struct model *m, const struct sock *s)
{
	const char *call = name_call(s->keep_call);

	if (s->keep_how == KEEPER_CALL)
		buf_printf(b, "thread %u of ", s->keep_tid);
	else
		buf_puts(b, "an io_uring of ");
	text_pid(b, m, s->keep_pid);
	if (s->keep_how == KEEPER_CALL)
		buf_printf(b, " sleeps in %s%s on it", call ? call : "a system call",
			   call ? "()" : "");
	else
		buf_puts(b, s->keep_how == KEEPER_FIXED ? " has it registered as a file of its own"
							: " has a request under way on it");
	if (s->keep_count > 1)
		buf_printf(b, ", as do%s %u more", s->keep_count == 2 ? "es" : "",
			   s->keep_count - 1u);
}

static void say_kept(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	buf_puts(b, b->len ? "; no descriptor is left, but " : "No descriptor shows it: ");
	text_kept(b, sp->m, sp->s);
	b = &sp->out->action;
	if (sp->s->keep_how == KEEPER_CALL)
		buf_puts(b, "It ends with that call: shutdown() of the socket before its close() "
			    "wakes the thread; now something else must, or the end of ");
	else if (sp->s->keep_how == KEEPER_REQUEST)
		buf_puts(b, "It ends with that request: the program has to cancel it "
			    "(IORING_OP_ASYNC_CANCEL) when it closes the descriptor; now only the "
			    "request's end helps, or that of ");
	else
		buf_puts(b,
			 "It ends when it is unregistered (IORING_UNREGISTER_FILES, or an update "
			 "of its place), which the program has to do beside its close(), or "
			 "with ");
	text_pid(b, sp->m, sp->s->keep_pid);
	if (sp->s->keep_count > 1)
		buf_puts(b, ", and so with the others");
}

/* Looked for in vain, or nobody could look. */
static void say_keepers(const struct speech *sp)
{
	struct buf *b = &sp->out->why;

	buf_puts(b, b->len ? "; something" : "Something");
	buf_puts(b,
		 " keeps it that is in no process's descriptor table: a call that a thread sleeps "
		 "in, an io_uring, or a part of the kernel that was given it (such as nbd or "
		 "L2TP)");
	buf_puts(
		&sp->out->action,
		"Look for a thread that sleeps in accept, poll or recv (/proc/PID/task/*/syscall), "
		"for an io_uring it is registered in (grep -l UserFiles /proc/*/fdinfo/*), or, in "
		"a "
		"container, ask again on the host");
}

/* Its last descriptor was closed, or ended with its process, and the socket did not end. */
static void say_outlived(const struct speech *sp)
{
	const struct sock *s = sp->s;
	const struct proc *p = proc_at(sp->m, closer_of(sp->m, s));
	const struct death *d = p ? death_at(sp->m, p->death) : NULL;
	bool died = d && d->ts && d->ts <= s->closed_ts;
	struct buf *b = &sp->out->why;

	if (p)
		text_proc(b, sp->m, p->id);
	else if (s->closed_by)
		buf_printf(b, "Pid %u", s->closed_by);
	if (!s->closed_by)
		buf_puts(b, "Its last descriptor went");
	else
		buf_puts(b, died ? " had its last descriptor when it ended"
				 : " closed its last descriptor");
	text_at(b, sp->m, s->closed_ts);
}

void say_hidden(const struct speech *sp)
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
	if (s->closed_ts)
		say_outlived(sp);
	if (s->keep_how)
		say_kept(sp);
	else
		say_keepers(sp);
}
