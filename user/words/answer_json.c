/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process and a socket as JSON, the same wherever they appear.
 *
 * What is not known is null, never guessed: so a descriptor found by a scan has no `since`, though
 * the model remembers when it first saw it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "words.h"

void json_tristate(struct json *j, const char *key, u8 v)
{
	if (v > 1)
		json_null(j, key);
	else
		json_bool(j, key, v);
}

static void json_comm(struct json *j, const char *key, const char *comm)
{
	json_str(j, key, comm && *comm ? comm : NULL);
}

void json_ep(struct json *j, const char *key, const struct ep *ep)
{
	char s[64];

	if (!ep->port) {
		json_null(j, key);
		return;
	}
	ep_text(s, ep);
	json_str(j, key, s);
}

/* Its pid at every level, the initial namespace first, as NSpid in /proc/PID/status. */
void json_nspid(struct json *j, const char *key, const struct proc *p)
{
	json_arr(j, key);
	json_u64(j, NULL, p->tgid);
	for (u32 i = 0; i < NS_LEVELS && p->nspid.nr[i]; i++)
		json_u64(j, NULL, p->nspid.nr[i]);
	json_end_arr(j);
}

void json_named(struct json *j, const char *key, const char *comm, u32 pid)
{
	if (!pid) {
		json_null(j, key);
		return;
	}
	json_obj(j, key);
	json_u64(j, "pid", pid);
	json_comm(j, "comm", comm);
	json_end_obj(j);
}

void json_end(struct json *j, const struct end *e, bool core, const char *killer, u32 killer_pid)
{
	if (e->known && !e->signal)
		json_s64(j, "code", e->code);
	else
		json_null(j, "code");
	json_id(j, "signal", e->known ? e->signal : 0);
	if (core)
		json_tristate(j, "core", e->known ? e->core : 2);
	json_named(j, "by", killer, killer_pid);
	json_str(j, "cause", e->known && e->signal ? name_cause(e->cause) : NULL);
}

void json_exit(struct json *j, const char *key, const struct model *m, const struct proc *p,
	       bool core)
{
	const struct death *d = death_at(m, p->death);
	const struct proc *by = d ? proc_at(m, d->killer) : NULL;
	const struct end e = end_of(d);

	if (!d) {
		json_null(j, key);
		return;
	}
	json_obj(j, key);
	json_time(j, "ts", model_wall(m, d->ts));
	json_end(j, &e, core, by ? proc_comm(m, by) : NULL, by ? by->tgid : d->killer_pid);
	json_end_obj(j);
}

void json_proc_members(struct json *j, const struct model *m, const struct proc *p)
{
	u16 len = 0;
	const char *s;

	json_u64(j, "pid", p->tgid);
	json_time(j, "start", model_wall(m, p->start));
	json_comm(j, "comm", proc_comm(m, p));
	s = proc_exe(m, p, &len);
	json_str(j, "exe", s && *s ? s : NULL);
	len = 0;
	s = proc_args(m, p, &len);
	json_args(j, "args", len ? s : NULL, len);
	json_str(j, "state", proc_state(p));
}

void json_proc(struct json *j, const char *key, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	if (!p) {
		json_null(j, key);
		return;
	}
	json_obj(j, key);
	json_proc_members(j, m, p);
	json_exit(j, "exit", m, p, false);
	json_end_obj(j);
}

void json_place(struct json *j, const char *key, u32 proto, const struct ep *local,
		const struct unix_name *n)
{
	char at[UNIX_LEN + 1] = "@", text[64];

	if (!(n && n->len) && !local->port && text_portless(text, proto, local)) {
		json_str(j, key, text);
	} else if (!n || !n->len) {
		json_ep(j, key, local);
	} else if (n->s[0]) {
		json_strn(j, key, n->s, strnlen(n->s, n->len));
	} else {
		memcpy(at + 1, n->s + 1, n->len - 1);
		json_strn(j, key, at, n->len);
	}
}

void json_sock_local(struct json *j, const char *key, const struct model *m, const struct sock *s)
{
	json_place(j, key, s->proto, &s->local, name_at(m, s->name));
}

static void json_fds(struct json *j, const struct model *m, const struct sock *s,
		     const struct holder *h)
{
	const struct hold **fds;
	u32 n = holder_fds(m, s, h, &fds);

	json_arr(j, "fds");
	for (u32 i = 0; i < n; i++) {
		json_obj(j, NULL);
		json_s64(j, "fd", fds[i]->fd);
		json_tristate(j, "cloexec", fds[i]->cloexec);
		json_end_obj(j);
	}
	json_end_arr(j);
	free(fds);
}

static void json_step(struct json *j, const struct model *m, const struct step *st)
{
	const struct proc *p = proc_at(m, st->proc), *from = proc_at(m, st->from);
	const struct image *im = image_at(m, st->image);

	json_obj(j, NULL);
	json_time(j, "ts", model_wall(m, st->ts));
	json_u64(j, "pid", p ? p->tgid : 0);
	json_comm(j, "comm", im ? im->comm : p ? proc_comm(m, p) : NULL);
	json_str(j, "step", st->kind == STEP_EXEC ? "exec" : name_via(st->via));
	if (st->kind == STEP_EXEC)
		json_bool(j, "kept", true);
	if (from)
		json_named(j, "from", proc_comm(m, from), from->tgid);
	json_end_obj(j);
}

static void json_holder(struct json *j, const struct model *m, const struct sock *s,
			const struct holder *h)
{
	const struct proc *p = proc_at(m, h->proc);
	struct step *steps = NULL;
	u32 n;

	json_obj(j, NULL);
	json_proc_members(j, m, p);
	json_id(j, "tid", h->tid);
	json_nspid(j, "nspid", p);
	json_fds(j, m, s, h);
	json_str(j, "via", name_via(h->how));
	json_time(j, "since",
		  h->how == VIA_SCAN || h->how == VIA_NONE ? 0 : model_wall(m, h->since));
	json_tristate(j, "used", h->used);
	json_arr(j, "chain");
	n = chain_of(m, s, h, &steps);
	for (u32 i = 0; i < n; i++)
		json_step(j, m, &steps[i]);
	free(steps);
	json_end_arr(j);
	json_end_obj(j);
}

static void json_holders(struct json *j, const char *key, const struct model *m,
			 const struct sock *s)
{
	struct holder *h = NULL;
	u32 n = holders_of(m, s, &h);

	json_arr(j, key);
	for (u32 i = 0; i < n; i++)
		json_holder(j, m, s, &h[i]);
	json_end_arr(j);
	free(h);
}

/* The UNIX socket in whose queue it waits, and who could receive it there. */
static void json_queue(struct json *j, const struct model *m, const struct sock *s)
{
	const u64 inode = s->queue;
	const struct sock *q = sock_at(m, sock_find(m, inode, 0));
	struct holder *h = NULL;
	u32 n = q ? holders_of(m, q, &h) : 0, steps;
	const struct sock *end = sock_at(m, queue_reached(m, s, &steps));
	const struct proc *p = NULL;

	json_obj(j, "queue");
	json_u64(j, "inode", inode);
	if (q)
		json_sock_local(j, "local", m, q);
	else
		json_null(j, "local");
	json_arr(j, "holders");
	for (u32 i = 0; i < n; i++) {
		json_ref(j, NULL, m, h[i].proc);
	}
	json_end_arr(j);
	json_end_obj(j);
	free(h);
	if (end && holders_of(m, end, &h)) {
		p = proc_at(m, h[0].proc);
		free(h);
	}
	json_id(j, "pid", p ? p->tgid : 0);
}

const char *hidden_where(const struct sock *s)
{
	if (s->keep_how == KEEPER_CALL)
		return "call";
	return s->keep_how ? "io_uring" : "unknown";
}

static void json_hidden(struct json *j, const struct model *m, const struct sock *s,
			enum verdict verdict)
{
	if (!s->queue && verdict != VERDICT_HIDDEN) {
		json_null(j, "hidden");
		return;
	}
	json_obj(j, "hidden");
	if (s->queue) {
		json_u64(j, "refs", 1);
		json_str(j, "where", "in_flight");
		json_queue(j, m, s);
	} else {
		json_null(j, "refs");
		json_str(j, "where", hidden_where(s));
		json_null(j, "queue");
		json_id(j, "pid", s->keep_how ? s->keep_pid : 0);
		json_id(j, "tid", s->keep_how ? s->keep_tid : 0);
		json_str(j, "call", s->keep_how ? name_call(s->keep_call) : NULL);
	}
	json_end_obj(j);
}

void json_sock(struct json *j, const struct model *m, const struct sock *s)
{
	struct answer a = {0};

	advise_sock(m, s, &a);
	json_str(j, "proto", name_proto(s->proto));
	json_str(j, "family", name_family(s->proto));
	json_sock_local(j, "local", m, s);
	json_ep(j, "remote", &s->remote);
	json_str(j, "state", sock_state(s));
	json_id(j, "inode", s->inode);
	json_id(j, "cookie", s->cookie);
	json_id(j, "netns", s->netns);
	if (s->sflags & SF_TIMEWAIT)
		json_null(j, "uid");
	else
		json_u64(j, "uid", s->uid);
	json_str(j, "cgroup", cgroup_path(m, s->cgroup));
	json_time(j, "opened", model_wall(m, s->opened));
	json_proc(j, "creator", m, s->creator);
	json_holders(j, "holders", m, s);
	json_hidden(j, m, s, a.verdict);
	json_str(j, "verdict", name_verdict(a.verdict));
	json_bool(j, "certain", a.certain);
	if (sock_blame(m, s, a.verdict) == BLAME_SUSPECTED)
		json_bool(j, "suspected", true);
	json_str(j, "why", a.why.s ? a.why.s : "");
	json_str(j, "action", a.action.s ? a.action.s : "");
	answer_free(&a);
}

/* A process in few words: {"pid","comm"}; null when it is not known. */
void json_ref(struct json *j, const char *key, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	json_named(j, key, p ? proc_comm(m, p) : NULL, p ? p->tgid : 0);
}
