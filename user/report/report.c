/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathering a report: which processes and sockets matter to what was asked. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "report.h"
#include "trace.h"

struct report *report_new(enum subject subject, const struct opts *o)
{
	struct report *r = xcalloc(1, sizeof(*r));

	*r = (struct report){
		.subject = subject, .opts = o, .pid = o->pid, .query = o->query, .mark = 1};
	pool_init(&r->lives, sizeof(struct life));
	pool_init(&r->tracks, sizeof(struct track));
	pool_init(&r->tenures, sizeof(struct tenure));
	pool_init(&r->moments, sizeof(struct moment));
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (u32 id = 1; id <= r->lives.used; id++)
		for (u32 i = 0; i < RUNS_MAX; i++) /* none in a dropped one */
			free(life_at(r, id)->run[i].text);
	pool_free(&r->lives);
	pool_free(&r->tracks);
	pool_free(&r->tenures);
	pool_free(&r->moments);
	map_free(&r->by_life);
	map_free(&r->by_inode);
	map_free(&r->by_proc);
	buf_free(&r->order);
	free(r);
}

/* ---- a port ---- */

static void port_all(struct report *r, const struct model *m)
{
	struct match *list;
	u32 here, n = matches_of(m, &r->query, &list, &here);

	r->met |= n > 0;
	for (u32 i = 0; i < n && list[i].rank < 2; i++)
		sock_track(r, m, list[i].sock->id, 0);
	free(list);
}

static void port_event(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_gone *x = (const struct ev_gone *)e;
	bool told = e->kind == EV_KIND_TRANSFER || e->kind == EV_KIND_LEAK;
	const struct sock *s;

	if (r->query.name.len ? !told && e->kind != EV_KIND_UNIX_BIND
			      : x->local.port != r->query.addr.port)
		return;
	s = sock_at(m, sock_find(m, x->inode, x->cookie));
	if (!s || !query_matches(m, &r->query, s))
		return;
	r->met = true;
	if (sock_is_offer(s) || told)
		sock_track(r, m, s->id, e->kind == EV_KIND_TRANSFER ? e->ts : 0);
	if (e->kind == EV_KIND_ACCEPT)
		r->conns++;
}

/* ---- a process ---- */

static void target_meet(struct report *r, const struct model *m)
{
	u32 proc = proc_find(m, r->pid), life = life_by_proc(r, m, proc);

	if (!proc || (life && life_at(r, life)->roles & LIFE_TARGET))
		return;
	life_use(r, life_of(r, m, proc, LIFE_TARGET));
	r->met = true;
}

/* Connections may fill half of the list: what can be connected to says more. */
static void target_sock(struct report *r, const struct model *m, const struct sock *s)
{
	if (s && (sock_is_offer(s) || r->tracks.live < TRACKS_MAX / 2))
		sock_track(r, m, s->id, 0);
	else if (s && s->inode && !map_get(&r->by_inode, s->inode))
		r->cut.tracks++;
}

static void target_tables(struct report *r, const struct model *m)
{
	const struct proc *p = proc_at(m, proc_find(m, r->pid));

	target_meet(r, m);
	for (u32 ref = p ? p->tabrefs : 0; ref; ref = tabref_at(m, ref)->proc_next)
		for (u32 h = fdtab_at(m, tabref_at(m, ref)->fdtab)->holds; h;
		     h = hold_at(m, h)->tab_next)
			target_sock(r, m, sock_at(m, hold_at(m, h)->sock));
}

static void target_fork(struct report *r, const struct model *m, const struct ev_fork *x)
{
	u32 life, target;

	if (x->child == r->pid)
		target_tables(r, m);
	if (x->h.tgid != r->pid && x->parent != r->pid)
		return;
	target = life_of_tgid(r, m, r->pid, LIFE_TARGET);
	if (target)
		life_at(r, target)->children++;
	life = r->nchildren < CHILDREN_MAX
		       ? life_of(r, m, proc_find_start(m, x->child, x->start), LIFE_CHILD)
		       : 0;
	if (life)
		r->children[r->nchildren++] = life_use(r, life);
	else
		r->cut.children++;
}

static void pid_event(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_gone *x = (const struct ev_gone *)e;
	const struct ev_install *in = (const struct ev_install *)e;

	if (e->kind == EV_KIND_FORK)
		target_fork(r, m, (const struct ev_fork *)e);
	if (e->tgid != r->pid)
		return;
	switch (e->kind) {
	case EV_KIND_EXEC:
	case EV_KIND_EXIT:
	case EV_KIND_SCAN_TASK:
		target_meet(r, m);
		break;
	case EV_KIND_INSTALL:
		if (in->via == VIA_DUP)
			break;
		/* fall through */
	case EV_KIND_BIND:
	case EV_KIND_UNIX_BIND:
	case EV_KIND_LISTEN:
	case EV_KIND_CONNECT:
	case EV_KIND_ACCEPT:
	case EV_KIND_SCAN_FD:
		target_meet(r, m);
		target_sock(r, m, sock_at(m, sock_find(m, x->inode, x->cookie)));
		break;
	}
}

/* ---- the machine ---- */

static void machine_all(struct report *r, const struct model *m)
{
	for (u32 id = 0; (id = sock_next(m, id));)
		if (sock_at(m, id)->leaked)
			sock_track(r, m, id, 0);
}

static void machine_event(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_gone *x = (const struct ev_gone *)e;
	const struct sock *s;

	if (e->kind != EV_KIND_TRANSFER && e->kind != EV_KIND_LEAK)
		return;
	s = sock_at(m, sock_find(m, x->inode, x->cookie));
	if (s && (e->kind == EV_KIND_LEAK || sock_is_offer(s)))
		sock_track(r, m, s->id, e->kind == EV_KIND_TRANSFER ? e->ts : 0);
}

/* ---- any ---- */

static void all(struct report *r, const struct model *m)
{
	if (r->subject == ON_PORT)
		port_all(r, m);
	else if (r->subject == ON_PID)
		target_tables(r, m);
	else
		machine_all(r, m);
}

void report_start(struct report *r, const struct model *m)
{
	r->from = m->now;
	all(r, m);
	rest_start(r, m);
}

static bool names_sock(u16 kind)
{
	const u64 kinds = 1ull << EV_KIND_INSTALL | 1ull << EV_KIND_SOCKET | 1ull << EV_KIND_BIND |
			  1ull << EV_KIND_LISTEN | 1ull << EV_KIND_CONNECT |
			  1ull << EV_KIND_ACCEPT | 1ull << EV_KIND_STATE |
			  1ull << EV_KIND_UNIX_BIND | 1ull << EV_KIND_SCAN_FD |
			  1ull << EV_KIND_SCAN_SOCK;

	return kind < 64 ? kinds >> kind & 1 : kind == EV_KIND_TRANSFER || kind == EV_KIND_LEAK;
}

void report_event(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_scan_end *end = (const struct ev_scan_end *)e;

	r->events += e->kind < 80;
	if (!r->from)
		r->from = m->now; /* nothing was known when it began */
	r->kinds[e->kind]++;
	if (r->subject == ON_PORT && names_sock(e->kind))
		port_event(r, m, e);
	else if (r->subject == ON_PID)
		pid_event(r, m, e);
	else if (r->subject == ON_MACHINE)
		machine_event(r, m, e);
	if (r->lives.live)
		life_event(r, m, e);
	sock_event(r, m, e);
	rest_event(r, m, e);
	if (e->kind == EV_KIND_SCAN_END && end->scope & (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS)) {
		tracks_renew(r, m);
		all(r, m);
	}
}

void report_end(struct report *r, const struct model *m)
{
	r->to = m->now;
	tracks_renew(r, m);
	all(r, m);
	for (u32 id = 1; id <= r->lives.used; id++)
		if (life_at(r, id)->refs)
			life_renew(life_at(r, id), m);
	rest_end(r, m);
}
