/* SPDX-License-Identifier: BSD-2-Clause */
/* The report's processes: copied when they are met, so that they outlive the model's memory. */
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define TICK_NS (10 * NS_PER_MS)

static u64 life_key(u32 tgid, u64 start)
{
	return start * 0x9e3779b97f4a7c15ull + tgid;
}

u32 life_find(const struct report *r, u32 tgid, u64 start)
{
	u32 id = map_get(&r->by_life, life_key(tgid, start));
	const struct life *l = life_at(r, id);

	return l && l->tgid == tgid && l->start == start ? id : 0;
}

/*
 * A process first heard of without its start, or with what /proc says of it, in whole clock ticks,
 * is the same when the start is learnt.
 */
u32 life_by_proc(const struct report *r, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);
	u32 id = p ? life_find(r, p->tgid, p->start) : 0;

	if (id || !p)
		return id;
	id = life_find(r, p->tgid, p->start - p->start % TICK_NS);
	if (!id)
		id = life_find(r, p->tgid, 0);
	return id && life_at(r, id)->proc == proc ? id : 0;
}

static u32 life_by_start(const struct report *r, const struct model *m, u32 tgid, u64 start)
{
	return life_by_proc(r, m, proc_find_start(m, tgid, start));
}

struct who who_of(const struct model *m, u32 proc, u32 pid)
{
	const struct proc *p = proc_at(m, proc);
	struct who w = {.pid = p ? p->tgid : pid};

	if (p)
		snprintf(w.comm, sizeof(w.comm), "%s", proc_comm(m, p));
	return w;
}

/* ---- programs ---- */

static void run_fill(struct run *run, const struct image *im)
{
	free(run->text);
	*run = (struct run){.ts = im->ts};
	memcpy(run->comm, im->comm, sizeof(run->comm));
	if (!im->text || !(im->exe_len + im->args_len))
		return;
	run->exe_len = im->exe_len;
	run->args_len = im->args_len;
	run->text = xmalloc((size_t)im->exe_len + im->args_len);
	memcpy(run->text, im->text, (size_t)im->exe_len + im->args_len);
}

static void run_add(struct life *l, const struct image *im)
{
	if (l->runs == RUNS_MAX) {
		l->runs--;
		l->runs_cut++;
	}
	run_fill(&l->run[l->runs++], im);
}

/* What it was born as, and what it executed since; what its parents ran before is theirs. */
static void runs_copy(struct life *l, const struct model *m, const struct proc *p)
{
	u32 ids[64], n = 0;

	for (u32 id = p->image; id && n < ARRAY_SIZE(ids); id = image_at(m, id)->prev) {
		ids[n++] = id;
		if (image_at(m, id)->ts <= p->start)
			break;
	}
	while (n)
		run_add(l, image_at(m, ids[--n]));
}

/* ---- death, and whose child it is ---- */

static void death_copy(struct life *l, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	l->dying = proc_is_dying(p);
	l->dead = l->dying || p->state != PROC_RUNNING;
	if (!d)
		return;
	l->exited = d->ts;
	l->reaped = d->reaped_ts;
	l->known = d->known;
	l->code = d->code;
	l->signal = d->signal;
	l->core = d->core;
	l->cause = (u8)death_cause(d);
	l->again = d->again;
	l->killer = who_of(m, d->killer, d->killer_pid);
	if (d->reaper)
		l->reaper = who_of(m, d->reaper, 0);
	if (p->state == PROC_GONE && !l->freed)
		l->freed = d->reaped_ts ? d->reaped_ts : m->now;
}

void life_renew(struct life *l, const struct model *m)
{
	const struct proc *p = proc_at(m, proc_find_start(m, l->tgid, l->start));

	if (!p)
		return;
	l->proc = p->id;
	if (p->parent)
		l->parent = who_of(m, p->parent, 0);
	death_copy(l, m, p);
	if (l->runs && p->image && !l->run[l->runs - 1].text)
		run_fill(&l->run[l->runs - 1], image_at(m, p->image));
}

/* ---- lives ---- */

u32 life_use(struct report *r, u32 id)
{
	if (id)
		life_at(r, id)->refs++;
	return id;
}

void life_drop(struct report *r, u32 id)
{
	while (id) {
		struct life *l = life_at(r, id);
		u32 birth = l->birth;

		assert(l->refs);
		if (--l->refs)
			return;
		map_take(&r->by_life, life_key(l->tgid, l->start));
		for (u32 i = 0; i < RUNS_MAX; i++)
			free(l->run[i].text);
		pool_drop(&r->lives, id);
		id = birth;
	}
}

static u32 life_new(struct report *r, const struct model *m, const struct proc *p)
{
	u32 id;
	struct life *l;

	if (r->lives.live >= LIVES_MAX) {
		r->cut.lives++;
		return 0;
	}
	id = pool_new(&r->lives);
	l = life_at(r, id);
	*l = (struct life){.tgid = p->tgid, .proc = p->id, .start = p->start};
	runs_copy(l, m, p);
	map_put(&r->by_life, life_key(p->tgid, p->start), id);
	life_renew(l, m);
	return id;
}

static u32 life_above(struct report *r, const struct model *m, u32 proc, u32 role, u32 depth)
{
	const struct proc *p = proc_at(m, proc);
	u32 id = life_by_proc(r, m, proc), up = p ? (p->birth ? p->birth : p->parent) : 0;

	if (!p)
		return 0;
	if (id && life_at(r, id)->start != p->start) {
		map_take(&r->by_life, life_key(p->tgid, life_at(r, id)->start));
		life_at(r, id)->start = p->start;
		map_put(&r->by_life, life_key(p->tgid, p->start), id);
	}
	if (!id)
		id = life_new(r, m, p);
	if (!id)
		return 0;
	life_at(r, id)->roles |= role;
	if (!life_at(r, id)->birth)
		life_at(r, id)->forked = p->birth != 0;
	if (!life_at(r, id)->birth && up && depth < ANCESTORS)
		life_at(r, id)->birth = life_use(r, life_above(r, m, up, LIFE_ANCESTOR, depth + 1));
	return id;
}

u32 life_of(struct report *r, const struct model *m, u32 proc, u32 role)
{
	return life_above(r, m, proc, role, 0);
}

u32 life_of_tgid(struct report *r, const struct model *m, u32 tgid, u32 role)
{
	return tgid ? life_of(r, m, proc_find(m, tgid), role) : 0;
}

/* ---- events ---- */

static void on_exec(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_exec *x = (const struct ev_exec *)e;
	struct life *l = life_at(r, life_by_start(r, m, e->tgid, x->start));
	const struct proc *p = l ? proc_at(m, proc_find(m, e->tgid)) : NULL;

	if (p && p->image)
		run_add(l, image_at(m, p->image));
}

static void on_rename(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_rename *x = (const struct ev_rename *)e;
	struct life *l = life_at(r, life_by_proc(r, m, proc_find(m, e->tgid)));

	if (!l || !l->runs)
		return;
	snprintf(l->run[l->runs - 1].comm, COMM_LEN, "%.*s", COMM_LEN - 1, x->name.s);
}

static void on_told(struct report *r, const struct model *m, const struct ev *e)
{
	const struct ev_zombie *z = (const struct ev_zombie *)e;
	const struct ev_reap *reap = (const struct ev_reap *)e;
	const struct ev_reparent *re = (const struct ev_reparent *)e;
	struct life *l = NULL;

	if (e->kind == EV_KIND_ZOMBIE)
		l = life_at(r, life_by_start(r, m, z->child, z->start));
	else if (e->kind == EV_KIND_REAP)
		l = life_at(r, life_by_start(r, m, reap->child, reap->start));
	else
		l = life_at(r, life_by_proc(r, m, proc_find(m, re->child)));
	if (!l)
		return;
	life_renew(l, m);
	if (e->kind == EV_KIND_ZOMBIE)
		l->zombie = true;
	else if (e->kind == EV_KIND_REAP)
		l->freed = l->reaped ? l->reaped : e->ts;
	else
		l->adopted = e->ts;
}

void life_event(struct report *r, const struct model *m, const struct ev *e)
{
	struct life *l;

	switch (e->kind) {
	case EV_KIND_EXEC:
		on_exec(r, m, e);
		break;
	case EV_KIND_EXIT:
		l = life_at(r, life_by_start(r, m, e->tgid, ((const struct ev_exit *)e)->start));
		if (l)
			life_renew(l, m);
		break;
	case EV_KIND_RENAME:
		on_rename(r, m, e);
		break;
	case EV_KIND_SCAN_ARGS:
		l = life_at(r, life_by_proc(r, m, proc_find(m, e->tgid)));
		if (l)
			life_renew(l, m);
		break;
	case EV_KIND_ZOMBIE:
	case EV_KIND_REAP:
	case EV_KIND_REPARENT:
		on_told(r, m, e);
		break;
	}
}
