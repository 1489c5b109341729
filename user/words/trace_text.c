/* SPDX-License-Identifier: BSD-2-Clause */
/* What an event says in words: one small function a kind, and a table. */
#include <string.h>
#include <sys/socket.h>

#include "trace.h"

typedef enum tint details_fn(struct buf *b, const struct model *m, const struct ev *e);
#define SELF(type) const struct ev_##type *x = (const struct ev_##type *)e

/* "tcp 10.0.0.1:80", with the peer for a connection; a UNIX name from the model. */
static void add_sock(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(gone);
	u32 id = sock_find(m, x->inode, x->cookie);
	char text[64];

	if (PROTO_FAMILY(x->proto) == AF_UNIX && id) {
		text_sock(b, m, sock_at(m, id));
		return;
	}
	buf_puts(b, name_proto(x->proto));
	if (x->local.family) {
		ep_text(text, &x->local);
		buf_printf(b, " %s", text);
	}
	if (x->remote.family && x->remote.port) {
		ep_text(text, &x->remote);
		buf_printf(b, " -> %s", text);
	}
	if (x->netns && model_netns(m) && x->netns != model_netns(m))
		buf_printf(b, " netns:%u", x->netns);
}

/* The socket behind an inode, as the model knows it. */
static void add_known(struct buf *b, const struct model *m, u64 inode, u64 cookie)
{
	u32 id = sock_find(m, inode, cookie);

	if (id)
		text_sock(b, m, sock_at(m, id));
	else
		buf_printf(b, "socket:[%llu]", (unsigned long long)inode);
}

static void add_fd(struct buf *b, s32 fd)
{
	if (fd >= 0)
		buf_printf(b, " fd %d", fd);
}

static void add_error(struct buf *b, s32 error)
{
	if (error)
		buf_printf(b, " failed: %s", name_errno(error));
}

static enum tint on_fork(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(fork);

	buf_puts(b, "-> ");
	text_pid(b, m, x->child);
	return TINT_NONE;
}

static enum tint on_exec(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(exec);
	u16 exe_len, args_len;
	const char *exe = event_exe(e, &exe_len), *args = event_args(e, &args_len);
	u16 at = args_len ? strlen(args) + 1 : 0;

	(void)m;
	if (exe_len)
		buf_add_safe(b, exe, exe_len - 1, 0);
	for (; at < args_len; at += strlen(args + at) + 1) {
		buf_puts(b, " ");
		buf_add_safe(b, args + at, strlen(args + at), 0);
	}
	if (x->args_truncated)
		buf_puts(b, " ...");
	return TINT_BOLD;
}

static enum tint on_exit_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(exit);
	const struct proc *p = proc_at(m, proc_find_start(m, x->h.tgid, x->start));
	const struct death *d = p ? death_at(m, p->death) : NULL;
	struct end how = end_of(d); /* the model may have thought it dead before */
	struct buf who = {0};

	how.known = true;
	how.signal = x->signal;
	how.code = x->code;
	how.core = x->core;
	text_killer(&who, m, d);
	if (x->signal)
		text_end(b, &how, &who);
	else
		buf_printf(b, "code %d", x->code);
	buf_free(&who);
	return x->signal ? TINT_BAD : x->code ? TINT_WARN : TINT_NONE;
}

static enum tint on_session(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(session);

	if (x->target != e->tgid) {
		text_pid(b, m, x->target);
		buf_puts(b, " ");
	}
	buf_printf(b, "session %u group %u", x->sid, x->pgid);
	return TINT_DIM;
}

static void add_cause(struct buf *b, const struct model *m, const struct ev *e, enum cause cause)
{
	SELF(signal);
	struct buf who = {0};

	text_pid(&who, m, e->tgid);
	text_cause(b, cause, x->signal, false, &who);
	buf_free(&who);
}

static enum tint on_signal_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(signal);
	enum cause cause = signal_cause(m, x);

	buf_printf(b, "%s -> ", name_signal(x->signal));
	text_pid(b, m, x->target);
	if (x->result)
		buf_printf(b, " (%s)", name_sigres(x->result));
	else if (x->handled)
		buf_puts(b, " (has a handler)");
	if (cause == CAUSE_UNKNOWN)
		buf_puts(b, ", who sent it is not known");
	else if (cause != CAUSE_PROCESS) /* else the line begins with who it was */
		add_cause(b, m, e, cause);
	return x->result == 1 ? TINT_DIM : TINT_WARN;
}

static enum tint on_install(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(install);

	add_sock(b, m, e);
	add_fd(b, x->fd);
	if (x->via == VIA_DUP) {
		buf_puts(b, ", copy of");
		add_fd(b, x->from_fd);
	} else if (x->via == VIA_PIDFD_GETFD) {
		buf_puts(b, ", taken from ");
		text_pid(b, m, x->from);
	} else {
		buf_printf(b, ", by %s", name_via(x->via));
	}
	return x->via == VIA_DUP ? TINT_NONE : TINT_WARN;
}

static enum tint on_close_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(close);

	add_known(b, m, x->inode, x->cookie);
	add_fd(b, x->fd);
	return TINT_DIM;
}

static enum tint on_cloexec(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(cloexec);

	add_known(b, m, x->inode, 0);
	add_fd(b, x->fd);
	buf_puts(b, x->cloexec ? ", will close on exec" : ", will be kept on exec");
	return TINT_DIM;
}

static enum tint on_pass(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(pass);

	add_known(b, m, x->inode, x->cookie);
	add_fd(b, x->fd);
	buf_puts(b, ", over ");
	add_known(b, m, x->over, 0);
	return TINT_WARN;
}

static enum tint on_socket_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(socket);

	(void)m;
	buf_puts(b, name_proto(x->proto));
	if (PROTO_FAMILY(x->proto) == AF_INET6)
		buf_puts(b, " (IPv6)");
	add_fd(b, x->fd);
	if (!x->cloexec)
		buf_puts(b, ", no CLOEXEC");
	return TINT_NONE;
}

/* Who is in the way is what the reader wants to know of EADDRINUSE. */
static enum tint add_bind_error(struct buf *b, const struct model *m, const struct ev *e, s32 error)
{
	bool in_use = name_errno(error) && !strcmp(name_errno(error), "EADDRINUSE");
	u32 holder = in_use ? trace_in_use_by(m, e) : 0;
	const struct sock *kept = in_use && !holder ? trace_kept_from(m, e) : NULL;

	add_error(b, error);
	if (holder) {
		buf_puts(b, ", held by ");
		text_proc(b, m, holder);
	}
	if (kept) {
		buf_puts(b, ": ");
		text_kept(b, m, kept);
	}
	return error ? TINT_WARN : TINT_NONE;
}

static enum tint on_bind_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(bind);

	add_sock(b, m, e);
	add_fd(b, x->fd);
	return add_bind_error(b, m, e, x->error);
}

static enum tint on_unix_bind(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(unix_bind);

	buf_puts(b, "unix ");
	text_unix(b, &x->name);
	add_fd(b, x->fd);
	return add_bind_error(b, m, e, x->error);
}

static enum tint on_listen_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(listen);

	add_sock(b, m, e);
	add_fd(b, x->fd);
	add_error(b, x->error);
	return x->error ? TINT_WARN : TINT_GOOD;
}

static enum tint on_connect_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(connect);
	const char *error = name_errno(x->error);
	bool under_way = !strcmp(error, "EINPROGRESS");

	add_sock(b, m, e);
	add_fd(b, x->fd);
	if (under_way)
		buf_puts(b, ", under way");
	else
		add_error(b, x->error);
	return x->error && !under_way ? TINT_WARN : TINT_NONE;
}

static enum tint on_accept_(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(accept);

	add_sock(b, m, e);
	add_fd(b, x->fd);
	return TINT_NONE;
}

static enum tint on_state(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(state);
	const char *old = name_tcp_state(x->old), *now = name_tcp_state(x->state);

	buf_printf(b, "%s -> %s ", old ? old : "?", now ? now : "?");
	add_sock(b, m, e);
	return TINT_DIM;
}

static enum tint on_lost(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(lost);

	(void)m;
	if (!x->count)
		buf_puts(b, "nobody was watching from here on for a while");
	else
		buf_printf(b, "%llu events were lost: looking at everything again",
			   (unsigned long long)x->count);
	return TINT_BAD;
}

static enum tint on_held(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(held);

	(void)m;
	text_uid(b, x->uid);
	buf_printf(b, ": %llu events held back", (unsigned long long)x->count);
	return TINT_BAD;
}

static enum tint on_resync(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(resync);
	char span[24];

	(void)m;
	time_span(span, x->gap_ns);
	buf_printf(b, "the picture is right again after %s (%u over, %u new)", span, x->dropped,
		   x->added);
	return TINT_GOOD;
}

static enum tint on_zombie(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(zombie);
	char span[24];

	text_pid(b, m, x->child);
	if (x->exited && e->ts > x->exited) {
		time_span(span, e->ts - x->exited);
		buf_printf(b, " dead for %s,", span);
	}
	buf_puts(b, " not reaped");
	return TINT_WARN;
}

static enum tint on_reap(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(reap);
	char span[24];

	text_pid(b, m, x->child);
	time_span(span, x->zombie_ns);
	buf_printf(b, " after %s%s", span, x->reaper ? "" : ", nobody waited");
	return x->zombie_ns >= ZOMBIE_AFTER_NS ? TINT_WARN : TINT_DIM;
}

static enum tint on_reparent(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(reparent);

	if (x->child != e->tgid) {
		text_pid(b, m, x->child);
		buf_puts(b, " ");
	}
	buf_puts(b, "from ");
	text_pid(b, m, x->from);
	buf_puts(b, " to ");
	text_pid(b, m, x->to);
	return TINT_NONE;
}

static enum tint on_transfer(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(transfer);

	buf_puts(b, "-> ");
	text_pid(b, m, x->to);
	buf_puts(b, " ");
	add_sock(b, m, e);
	if (x->holders > 1)
		buf_printf(b, ", %u holders", x->holders);
	buf_puts(b, x->died ? ", creator died" : ", creator closed it");
	return TINT_WARN;
}

static enum tint on_leak(struct buf *b, const struct model *m, const struct ev *e)
{
	SELF(leak);

	add_sock(b, m, e);
	add_fd(b, x->fd);
	if (x->creator) {
		buf_puts(b, " of ");
		text_pid(b, m, x->creator);
	}
	buf_puts(b, ", CLOEXEC missing");
	return TINT_BAD;
}

static enum tint on_gone(struct buf *b, const struct model *m, const struct ev *e)
{
	add_sock(b, m, e);
	return TINT_DIM;
}

static details_fn *const details[EV_KIND_MAX] = {
	[EV_KIND_FORK] = on_fork,	  [EV_KIND_EXEC] = on_exec,
	[EV_KIND_EXIT] = on_exit_,	  [EV_KIND_SESSION] = on_session,
	[EV_KIND_SIGNAL] = on_signal_,	  [EV_KIND_INSTALL] = on_install,
	[EV_KIND_CLOSE] = on_close_,	  [EV_KIND_CLOEXEC] = on_cloexec,
	[EV_KIND_PASS] = on_pass,	  [EV_KIND_SOCKET] = on_socket_,
	[EV_KIND_BIND] = on_bind_,	  [EV_KIND_LISTEN] = on_listen_,
	[EV_KIND_CONNECT] = on_connect_,  [EV_KIND_ACCEPT] = on_accept_,
	[EV_KIND_STATE] = on_state,	  [EV_KIND_UNIX_BIND] = on_unix_bind,
	[EV_KIND_LOST] = on_lost,	  [EV_KIND_HELD] = on_held,
	[EV_KIND_ZOMBIE] = on_zombie,	  [EV_KIND_REAP] = on_reap,
	[EV_KIND_REPARENT] = on_reparent, [EV_KIND_TRANSFER] = on_transfer,
	[EV_KIND_LEAK] = on_leak,	  [EV_KIND_RESYNC] = on_resync,
	[EV_KIND_GONE] = on_gone,
};

enum tint trace_details(struct buf *b, const struct model *m, const struct ev *e)
{
	const struct kind *k = event_kind(e->kind);

	if (details[e->kind])
		return details[e->kind](b, m, e);
	for (u32 i = 0; i < k->nfields; i++)
		if (text_field(b, e, &k->fields[i]))
			buf_puts(b, " ");
	return TINT_NONE;
}
