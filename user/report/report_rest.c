/* SPDX-License-Identifier: BSD-2-Clause */
/* What a report tells besides holders: refused binds, zombies, losses, handovers, who was busy. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "report.h"
#include "trace.h"

/* ---- binds that failed, one row a program ---- */

static bool refusal_is(const struct refusal *f, const struct who *w, const struct ev_bind *b,
		       const struct who *holder)
{
	return !strcmp(f->last.comm, w->comm) && f->error == b->error && f->proto == b->proto &&
	       f->listen == (b->h.kind == EV_KIND_LISTEN) && f->holder.pid == holder->pid &&
	       !memcmp(&f->local, &b->local, sizeof(f->local));
}

static void refusal_add(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_bind *b = (const struct ev_bind *)e;
	const struct ev_unix_bind *u = (const struct ev_unix_bind *)e;
	struct who w = who_of(m, proc_find(m, e->tgid), e->tgid);
	bool in_use = name_errno(b->error) && !strcmp(name_errno(b->error), "EADDRINUSE");
	struct who holder = who_of(m, in_use ? trace_in_use_by(m, e) : 0, 0);
	const struct sock *kept = in_use && !holder.pid ? trace_kept_from(m, e) : NULL;
	struct refusal *f;
	u32 i = 0;

	r->refused++;
	while (i < r->refusals && !refusal_is(&r->refusal[i], &w, b, &holder))
		i++;
	if (i == REFUSALS_MAX) {
		r->cut.refusals++;
		return;
	}
	f = &r->refusal[i];
	if (i == r->refusals) {
		r->refusals++;
		*f = (struct refusal){.first = w,
				      .holder = holder,
				      .from = e->ts,
				      .proto = b->proto,
				      .error = b->error,
				      .local = b->local,
				      .netns = b->netns,
				      .listen = e->kind == EV_KIND_LISTEN};
		if (e->kind == EV_KIND_UNIX_BIND)
			f->name = u->name;
	}
	if (kept)
		kept_words(f->kept, m, kept);
	f->last = w;
	f->to = e->ts;
	f->count++;
}

static bool was_in_the_way(const struct refusal *f, const struct model *m, const struct sock *s)
{
	const struct unix_name *n = name_at(m, s->name);

	if (!s->closed_ts || f->from < s->closed_ts ||
	    (f->netns && s->netns && f->netns != s->netns))
		return false;
	if (strcmp(name_proto(f->proto), name_proto(s->proto)))
		return false;
	if (f->name.len)
		return n && n->len == f->name.len && !memcmp(n->s, f->name.s, n->len);
	return sock_keeps_port(s) && s->local.port == f->local.port && bind_overlaps(&f->local, s);
}

/* What keeps a socket is found some time after its close; others were refused meanwhile. */
static void refusals_explain(struct report *r, const struct model *m,
			     const struct ev_scan_keeper *e)
{
	const struct sock *s = sock_at(m, sock_find(m, e->inode, e->cookie));

	for (u32 i = 0; s && s->keep_how && i < r->refusals; i++) {
		struct refusal *f = &r->refusal[i];

		if (!f->holder.pid && !f->kept[0] && name_errno(f->error) &&
		    !strcmp(name_errno(f->error), "EADDRINUSE") && was_in_the_way(f, m, s))
			kept_words(f->kept, m, s);
	}
}

static bool name_asked(const struct report *r, const struct ev *e)
{
	const struct unix_name *n = &((const struct ev_unix_bind *)e)->name, *q = &r->query.name;
	size_t len = q->s[0] ? strnlen(q->s, q->len) : q->len;

	return e->kind == EV_KIND_UNIX_BIND && q->len && n->len >= len &&
	       !memcmp(n->s, q->s, len) && (q->s[0] ? strnlen(n->s, n->len) : n->len) == len;
}

static bool refusal_matters(const struct report *r, const struct ev *e)
{
	const struct ev_bind *b = (const struct ev_bind *)e;

	if (!b->error)
		return false;
	if (r->subject == ON_PID)
		return e->tgid == r->pid;
	if (r->subject == ON_MACHINE)
		return true;
	if (r->query.name.len)
		return name_asked(r, e);
	return b->local.port == r->query.addr.port &&
	       (!r->query.proto || !strcmp(r->query.proto, name_proto(b->proto)));
}

/* ---- zombies, one row a parent and name ---- */

static struct crop *crop_with(struct report *r, const char *comm, u32 parent)
{
	for (u32 i = 0; i < r->crops; i++)
		if (r->crop[i].parent.pid == parent && !strcmp(r->crop[i].comm, comm))
			return &r->crop[i];
	return NULL;
}

static struct crop *crop_of(struct report *r, const struct who *parent, const char *comm)
{
	struct crop *c = crop_with(r, comm, parent->pid);

	if (c)
		return c;
	if (r->crops == CROPS_MAX) {
		r->cut.crops++;
		return NULL;
	}
	r->crop[r->crops] = (struct crop){.parent = *parent};
	snprintf(r->crop[r->crops].comm, COMM_LEN, "%s", comm);
	return &r->crop[r->crops++];
}

static void crop_add(struct report *r, const struct model *m, const struct proc *p, u64 exited,
		     struct who parent)
{
	enum reason why = zombie_reason_if_stays(m, p);
	struct crop *c = crop_of(r, &parent, proc_comm(m, p));

	r->zombies++;
	if (!c)
		return;
	if (c->count < CROP_PIDS)
		c->pid[c->count] = p->tgid;
	c->count++;
	c->reason = why;
	c->young_ns = zombie_young_ns(m, p);
	if (!c->first || exited < c->first)
		c->first = exited;
	if (exited > c->last)
		c->last = exited;
}

static bool zombie_matters(const struct report *r, u32 parent)
{
	return r->subject == ON_MACHINE || (r->subject == ON_PID && parent == r->pid);
}

static void zombie_add(struct report *r, const struct model *m, const struct ev_zombie *z)
{
	const struct proc *p = proc_at(m, proc_find_start(m, z->child, z->start));

	if (p && zombie_matters(r, z->h.tgid))
		crop_add(r, m, p, z->exited, who_of(m, proc_find(m, z->h.tgid), z->h.tgid));
}

/* Where it was counted when it was told: under the parent of then, who may be dead by now. */
static struct crop *crop_holding(struct report *r, const struct model *m, const struct proc *p,
				 const struct ev_reap *x)
{
	const struct proc *birth = proc_at(m, p->birth);
	struct crop *c = NULL;

	for (u32 i = 0; i < r->crops; i++)
		for (u32 n = 0; n < r->crop[i].count && n < CROP_PIDS; n++)
			if (r->crop[i].pid[n] == p->tgid &&
			    !strcmp(r->crop[i].comm, proc_comm(m, p)))
				c = &r->crop[i];
	if (!c && birth)
		c = crop_with(r, proc_comm(m, p), birth->tgid);
	return c ? c : crop_with(r, proc_comm(m, p), x->reaper ? x->reaper : x->h.tgid);
}

static void reap_add(struct report *r, const struct model *m, const struct ev_reap *x)
{
	const struct proc *p = proc_at(m, proc_find_start(m, x->child, x->start));
	struct crop *c = p && x->zombie_ns >= ZOMBIE_AFTER_NS ? crop_holding(r, m, p, x) : NULL;

	if (c && x->zombie_ns > c->longest)
		c->longest = x->zombie_ns;
}

/* ---- losses ---- */

static void loss_add(struct report *r, const struct ev_lost *x)
{
	struct gap *g = r->gaps ? &r->gap[r->gaps - 1] : NULL;

	const bool unwatched = !x->count && !x->damaged;

	r->lost += x->count;
	r->unwatched |= unwatched;
	r->damaged |= x->damaged;
	if (g && !g->repaired) {
		g->count += x->count;
		g->unwatched |= unwatched;
		g->damaged |= x->damaged;
		return;
	}
	if (r->gaps == GAPS_MAX) { /* the first half stays, of the rest the latest */
		memmove(&r->gap[GAPS_MAX / 2], &r->gap[GAPS_MAX / 2 + 1],
			(GAPS_MAX / 2 - 1) * sizeof(*g));
		r->gaps--;
		r->cut.gaps++;
	}
	r->gap[r->gaps++] = (struct gap){
		.ts = x->h.ts, .count = x->count, .unwatched = unwatched, .damaged = x->damaged};
}

static void loss_over(struct report *r, const struct ev_resync *x)
{
	struct gap *g = r->gaps ? &r->gap[r->gaps - 1] : NULL;

	if (!g || (g->repaired && !g->unwatched))
		return;
	g->repaired = x->h.ts;
	g->dropped = x->dropped;
	g->added = x->added;
}

/* ---- handovers ---- */

static void handover_add(struct report *r, const struct model *m, const struct ev_transfer *x)
{
	const struct sock *s = sock_at(m, sock_find(m, x->inode, x->cookie));
	struct handover *h;
	struct buf b = {0};

	r->transfers++;
	if (r->handovers == HANDOVERS_MAX) {
		memmove(&r->handover[HANDOVERS_MAX / 2], &r->handover[HANDOVERS_MAX / 2 + 1],
			(HANDOVERS_MAX / 2 - 1) * sizeof(*h));
		r->handovers--;
		r->cut.handovers++;
	}
	h = &r->handover[r->handovers++];
	*h = (struct handover){.ts = x->h.ts,
			       .proto = x->proto,
			       .holders = x->holders,
			       .died = x->died,
			       .from = who_of(m, proc_find(m, x->from), x->from),
			       .to = who_of(m, proc_find(m, x->to), x->to)};
	if (s)
		text_local(&b, m, s);
	buf_add_safe(&b, "", 0, 0);
	snprintf(h->local, sizeof(h->local), "%s", b.s);
	buf_free(&b);
}

/* ---- who was busy: the frequent ones are kept, the rare ones pushed out (Misra and Gries) ---- */

static struct program *program_of(struct report *r, const char *comm)
{
	u32 slot = hash_bytes(comm, strlen(comm)) % PROGRAMS_MAX;
	struct program *low = NULL;

	for (u32 i = 0; i < 8; i++) {
		struct program *p = &r->program[(slot + i) % PROGRAMS_MAX];

		if (!p->events || !strcmp(p->comm, comm)) {
			if (!p->events)
				snprintf(p->comm, COMM_LEN, "%s", comm);
			return p;
		}
		if (!low || p->events < low->events)
			low = p;
	}
	if (--low->events)
		return NULL;
	*low = (struct program){0};
	snprintf(low->comm, COMM_LEN, "%s", comm);
	return low;
}

static void program_count(struct report *r, const struct model *m, const struct ev *e)
{
	const struct proc *p =
		e->tgid && e->kind < EV_KIND_SCAN_BEGIN ? proc_at(m, proc_find(m, e->tgid)) : NULL;
	struct program *g = p ? program_of(r, proc_comm(m, p)) : NULL;

	if (!g)
		return;
	g->events++;
	g->forks += e->kind == EV_KIND_FORK;
	g->execs += e->kind == EV_KIND_EXEC;
	g->sockets += e->kind == EV_KIND_SOCKET;
	g->conns += e->kind == EV_KIND_ACCEPT || e->kind == EV_KIND_CONNECT;
}

static int busier(const void *a, const void *b)
{
	const struct program *x = a, *y = b;

	if (x->events != y->events)
		return x->events < y->events ? 1 : -1;
	return strcmp(x->comm, y->comm);
}

static int refused_more(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->from > y->from) - (x->from < y->from);
}

static int crop_larger(const void *a, const void *b)
{
	const struct crop *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->pid[0] < y->pid[0] ? -1 : x->pid[0] > y->pid[0];
}

/* ---- all of it ---- */

void rest_start(struct report *r, const struct model *m)
{
	r->damaged = m->damaged;
	if (m->lost_since) /* from before: what was lost then is still not made up for */
		r->gap[r->gaps++] = (struct gap){.ts = m->lost_since};
	for (u32 id = 0; r->subject != ON_PORT && (id = proc_next(m, id));) {
		const struct proc *p = proc_at(m, id), *parent = proc_at(m, p->parent);
		const struct death *d = death_at(m, p->death);

		if (proc_is_zombie(p) && d && d->told &&
		    zombie_matters(r, parent ? parent->tgid : 0))
			crop_add(r, m, p, d->ts, who_of(m, p->parent, 0));
	}
}

void rest_event(struct report *r, const struct model *m, const struct ev *e)
{
	switch (e->kind) {
	case EV_KIND_BIND:
	case EV_KIND_UNIX_BIND:
	case EV_KIND_LISTEN:
		if (refusal_matters(r, e))
			refusal_add(r, m, e);
		break;
	case EV_KIND_SCAN_KEEPER:
		refusals_explain(r, m, (const struct ev_scan_keeper *)e);
		break;
	case EV_KIND_ZOMBIE:
		zombie_add(r, m, (const struct ev_zombie *)e);
		break;
	case EV_KIND_REAP:
		if (r->crops)
			reap_add(r, m, (const struct ev_reap *)e);
		break;
	case EV_KIND_LOST:
		loss_add(r, (const struct ev_lost *)e);
		break;
	case EV_KIND_HELD:
		r->held += ((const struct ev_held *)e)->count;
		break;
	case EV_KIND_SCAN_END: /* another life of a recorder has looked at everything */
		if (r->gaps && r->gap[r->gaps - 1].unwatched && !r->gap[r->gaps - 1].repaired)
			r->gap[r->gaps - 1].repaired = e->ts;
		break;
	case EV_KIND_RESYNC:
		loss_over(r, (const struct ev_resync *)e);
		break;
	case EV_KIND_LEAK:
		r->leaks++;
		break;
	case EV_KIND_TRANSFER:
		if (r->subject == ON_MACHINE)
			handover_add(r, m, (const struct ev_transfer *)e);
		break;
	}
	if (r->subject == ON_MACHINE)
		program_count(r, m, e);
}

static void crops_end(struct report *r, const struct model *m)
{
	for (u32 id = 0; r->crops && (id = proc_next(m, id));) {
		const struct proc *p = proc_at(m, id), *parent = proc_at(m, p->parent);
		const struct death *d = death_at(m, p->death);
		struct crop *c = proc_is_zombie(p) && d && parent
					 ? crop_with(r, proc_comm(m, p), parent->tgid)
					 : NULL;

		if (!c)
			continue;
		c->left++;
		if (d->ts && m->now - d->ts > c->longest)
			c->longest = m->now - d->ts;
	}
}

void rest_end(struct report *r, const struct model *m)
{
	crops_end(r, m);
	qsort(r->refusal, r->refusals, sizeof(*r->refusal), refused_more);
	qsort(r->crop, r->crops, sizeof(*r->crop), crop_larger);
	qsort(r->program, PROGRAMS_MAX, sizeof(*r->program), busier);
	while (r->programs < BUSIEST && r->program[r->programs].events)
		r->programs++;
}
