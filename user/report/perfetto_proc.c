// SPDX-License-Identifier: BSD-2-Clause
/*
 * Processes in the trace: a track each, which a pid used again does not share.
 *
 * The reader of the trace takes a second track with the same pid for another process, which is
 * what the format's own description of it says.
 */
#include <string.h>

#include "perfetto_priv.h"

u32 ptrack_id(const struct perfetto *pf, const struct ptrack *pt)
{
	return map_get(&pf->by_proc, pt->proc);
}

static bool same_ptrack(const struct ptrack *pt, const struct proc *p)
{
	return p->id == pt->proc && p->tgid == pt->tgid &&
	       (p->start == pt->start || !pt->start || p->start / NS_PER_S == pt->start / NS_PER_S);
}

struct ptrack *ptrack_of(struct perfetto *pf, const struct model *m, u32 proc)
{
	struct ptrack *pt = pool_at(&pf->ptracks, map_get(&pf->by_proc, proc));

	if (!pt || same_ptrack(pt, proc_at(m, proc)))
		return pt;
	ptrack_close(pf, m, pt);
	return NULL;
}

/* ---- what is to be shown -------------------------------------------------------------------- */

/* A helper the kernel forks is its own until it runs a program. */
static bool is_kernel(const struct model *m, const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent);
	u16 len = 0;

	if (p->flags & TASK_KTHREAD)
		return true;
	return parent && parent->flags & TASK_KTHREAD && !(proc_exe(m, p, &len) && len);
}

static bool is_kin(struct perfetto *pf, const struct model *m, const struct proc *p)
{
	struct ptrack *birth = p->birth ? ptrack_of(pf, m, p->birth) : NULL;
	struct ptrack *parent = p->parent ? ptrack_of(pf, m, p->parent) : NULL;

	if (!(pf->opts->about & ABOUT_PID))
		return false;
	return p->tgid == pf->opts->pid || (birth && birth->kin) || (parent && parent->kin);
}

/* ---- slices --------------------------------------------------------------------------------- */

void ptrack_describe(struct perfetto *pf, const struct model *m, const struct ptrack *pt)
{
	const struct proc *p = proc_at(m, pt->proc);
	struct buf name = {};
	struct track_desc t = {.uuid = pt->uuid, .pid = pt->tgid, .start = p->start};

	text_proc(&name, m, p->id);
	t.name = name.s;
	t.comm = proc_comm(m, p);
	t.args = proc_args(m, p, &t.args_len);
	packet_track(&pf->pk, &t);
	buf_free(&name);
}

static void add_args(struct perfetto *pf, const struct model *m, const struct proc *p)
{
	struct buf args = {};

	text_args(&args, m, p, 0);
	fact_str(&pf->pk, "command", args.s);
	buf_free(&args);
}

static void image_begin(struct perfetto *pf, const struct model *m, const struct ptrack *pt)
{
	const struct proc *p = proc_at(m, pt->proc);
	const struct image *i = image_at(m, p->image);
	const char *comm = proc_comm(m, p);
	char container[32];

	if (!pt->uuid)
		return;
	mark_open(&pf->pk, MARK_BEGIN, pt->uuid, pf->pk.ts[SEQ_MAIN], *comm ? comm : "process");
	fact_uint(&pf->pk, "pid", p->tgid);
	fact_str(&pf->pk, "exe", i && i->exe_len ? i->text : NULL);
	add_args(pf, m, p);
	fact_proc(&pf->pk, "parent", m, p->parent);
	fact_proc(&pf->pk, "forked_by", m, p->birth);
	fact_uint(&pf->pk, "uid", p->uid);
	fact_str(&pf->pk, "container", proc_container(m, p, container));
	fact_str(&pf->pk, "cgroup", cgroup_path(m, p->cgroup));
	fact_id(&pf->pk, "pidns", p->pidns);
	fact_time(&pf->pk, "started", p->start);
	fact_time(&pf->pk, "exec", i ? i->ts : 0);
	if (p->ghost)
		fact_bool(&pf->pk, "inferred", true);
	mark_close(&pf->pk);
}

static void slice_end(struct perfetto *pf, const struct ptrack *pt)
{
	mark_open(&pf->pk, MARK_END, pt->uuid, pf->pk.ts[SEQ_MAIN], NULL);
	mark_close(&pf->pk);
}

static void zombie_begin(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	const struct proc *p = proc_at(m, pt->proc);
	const struct death *d = death_at(m, p->death);

	pt->zombie = true;
	pt->died = pf->pk.ts[SEQ_MAIN];
	mark_open(&pf->pk, MARK_BEGIN, pt->uuid, pf->pk.ts[SEQ_MAIN], "zombie");
	fact_proc(&pf->pk, "parent", m, p->parent);
	fact_time(&pf->pk, "exited", d ? d->ts : 0);
	mark_close(&pf->pk);
}

/* Who reaped it is known when it is over; why nobody did, when it was told, or by now. */
static void zombie_end(struct perfetto *pf, const struct model *m, const struct ptrack *pt)
{
	const struct proc *p = proc_at(m, pt->proc);
	const struct death *d = same_ptrack(pt, p) ? death_at(m, p->death) : NULL;
	bool waits = d && p->state == PROC_ZOMBIE;
	u64 end = d && d->reaped_ts ? d->reaped_ts : pf->pk.ts[SEQ_MAIN];
	struct buf action = {};
	int reason = pt->reason;

	if (waits)
		reason = (int)advise_zombie(m, p, &action);
	/* a death that is read after a scan found it begins where it is written */
	mark_open(&pf->pk, MARK_END, pt->uuid, end > pt->died ? end : pt->died, NULL);
	fact_str(&pf->pk, "reason", reason >= 0 ? name_reason((enum reason)reason) : NULL);
	fact_str(&pf->pk, "action", action.s);
	fact_proc(&pf->pk, "reaped_by", m, d ? d->reaper : 0);
	if (waits)
		fact_bool(&pf->pk, "reaped", false);
	else if (d && !d->reaper)
		fact_str(&pf->pk, "reaped_by", "nobody waited, or it was not seen");
	mark_close(&pf->pk);
	buf_free(&action);
}

/* ---- the course of a life ------------------------------------------------------------------- */

static struct ptrack *ptrack_new(struct perfetto *pf, const struct model *m, const struct proc *p)
{
	u32 id = pool_new(&pf->ptracks);
	struct ptrack *pt = pool_at(&pf->ptracks, id);

	*pt = (struct ptrack){.start = p->start, .proc = p->id, .tgid = p->tgid, .reason = -1};
	pt->kin = is_kin(pf, m, p);
	pt->uuid = perfetto_uuid(pf, true);
	pf->left_procs += !pt->uuid;
	map_put(&pf->by_proc, p->id, id);
	return pt;
}

struct ptrack *ptrack_open(struct perfetto *pf, const struct model *m, u32 proc, bool asked)
{
	const struct proc *p = proc_at(m, proc);
	struct ptrack *pt = p ? ptrack_of(pf, m, proc) : NULL;

	if (pt || !p || p->state == PROC_GONE || is_kernel(m, p))
		return pt;
	if (!asked && pf->opts->about && !is_kin(pf, m, p))
		return NULL;
	pt = ptrack_new(pf, m, p);
	ptrack_describe(pf, m, pt);
	if (p->state == PROC_ZOMBIE)
		zombie_begin(pf, m, pt);
	else
		image_begin(pf, m, pt);
	return pt;
}

void ptrack_exec(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	if (pt->zombie)
		return;
	slice_end(pf, pt);
	ptrack_describe(pf, m, pt);
	image_begin(pf, m, pt);
}

static void ptrack_die(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	struct buf how = {};

	text_death(&how, m, death_at(m, proc_at(m, pt->proc)->death));
	mark_open(&pf->pk, MARK_INSTANT, pt->uuid, pf->pk.ts[SEQ_MAIN], how.s);
	mark_close(&pf->pk);
	buf_free(&how);
	lanes_end(pf, pt);
	slice_end(pf, pt);
	zombie_begin(pf, m, pt);
}

void ptrack_sync(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	const struct proc *p = proc_at(m, pt->proc);

	if (!same_ptrack(pt, p)) {
		ptrack_close(pf, m, pt);
		return;
	}
	if (p->start)
		pt->start = p->start;
	if (p->state != PROC_RUNNING && !pt->zombie)
		ptrack_die(pf, m, pt);
	if (p->state == PROC_GONE)
		ptrack_close(pf, m, pt);
}

void ptrack_close(struct perfetto *pf, const struct model *m, struct ptrack *pt)
{
	u32 id;

	lanes_end(pf, pt);
	if (pt->zombie)
		zombie_end(pf, m, pt);
	else
		slice_end(pf, pt);
	id = map_take(&pf->by_proc, pt->proc);
	pt->proc = 0;
	pool_drop(&pf->ptracks, id);
}
