// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each event means for the trace.
 *
 * The model has applied it already, so an event only says where to look; what is shown is the
 * model's.
 */
#include "perfetto_priv.h"
#include "trace.h"

typedef void handler_fn(struct perfetto *pf, const struct model *m, const struct ev *e);
#define SELF(type) const struct ev_##type *x = (const struct ev_##type *)e

/* ---- on the track of the trace itself ------------------------------------------------------- */

void note_begin(struct perfetto *pf, enum mark type, const char *text)
{
	mark_open(&pf->pk, type, UUID_PROBATE, pf->pk.ts[SEQ_MAIN], text);
}

void incomplete_begin(struct perfetto *pf)
{
	if (!pf->incomplete)
		note_begin(pf, MARK_BEGIN, "incomplete: events were lost");
	mark_close(&pf->pk);
	pf->incomplete = true;
}

void incomplete_end(struct perfetto *pf)
{
	if (pf->incomplete)
		note_begin(pf, MARK_END, NULL);
	mark_close(&pf->pk);
	pf->incomplete = false;
}

static void on_lost(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(lost);
	struct buf text = {};

	(void)m;
	incomplete_begin(pf);
	if (x->damaged)
		buf_puts(&text, "the recording is cut off or damaged here");
	else if (x->count)
		buf_printf(&text, "%llu events were lost", (unsigned long long)x->count);
	else
		buf_puts(&text, "nobody was watching for a while");
	note_begin(pf, MARK_INSTANT, text.s);
	fact_uint(&pf->pk, "count", x->count);
	mark_close(&pf->pk);
	buf_free(&text);
}

static void on_resync(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(resync);

	(void)m;
	note_begin(pf, MARK_INSTANT, "the picture is right again");
	fact_uint(&pf->pk, "gap_ns", x->gap_ns);
	fact_uint(&pf->pk, "dropped", x->dropped);
	fact_uint(&pf->pk, "added", x->added);
	mark_close(&pf->pk);
	incomplete_end(pf);
}

static void on_clock(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	(void)e;
	packet_clocks(&pf->pk, m->realtime_off);
}

/* ---- processes ------------------------------------------------------------------------------ */

static struct ptrack *ptrack_by_pid(struct perfetto *pf, const struct model *m, u32 tgid)
{
	u32 proc = tgid ? proc_find(m, tgid) : 0;

	return proc ? ptrack_of(pf, m, proc) : NULL;
}

static void ptrack_note(struct perfetto *pf, const struct ptrack *pt, const char *text)
{
	mark_open(&pf->pk, MARK_INSTANT, pt->uuid, pf->pk.ts[SEQ_MAIN], text);
	mark_close(&pf->pk);
}

/* A line about a process, as `trace` has it. */
static void ptrack_tell(struct perfetto *pf, const struct model *m, const struct ptrack *pt,
			const struct ev *e, const char *what)
{
	struct buf text = {};

	if (!pt || !pt->uuid)
		return;
	buf_printf(&text, "%s ", what);
	trace_details(&text, m, e);
	ptrack_note(pf, pt, text.s);
	buf_free(&text);
}

static void on_fork(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(fork);
	u32 child = proc_find_start(m, x->child, x->start);

	ptrack_open(pf, m, child, false);
	table_sync(pf, m, child);
}

static void on_exec(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	u32 proc = proc_find(m, e->tgid);
	struct ptrack *pt = proc ? ptrack_of(pf, m, proc) : NULL;

	if (!pt) {
		ptrack_open(pf, m, proc, false);
		return;
	}
	ptrack_exec(pf, m, pt);
	lanes_exec(pf, m, pt);
}

static void on_end(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	struct ptrack *pt = ptrack_by_pid(pf, m, e->tgid);

	if (pt)
		ptrack_sync(pf, m, pt);
}

static void on_rename(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	struct ptrack *pt = ptrack_by_pid(pf, m, e->tgid);
	struct buf text = {};

	if (!pt || !pt->uuid || pt->zombie)
		return;
	ptrack_describe(pf, m, pt);
	buf_puts(&text, "calls itself ");
	text_proc(&text, m, pt->proc);
	ptrack_note(pf, pt, text.s);
	buf_free(&text);
}

static void on_headless(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	struct ptrack *pt = ptrack_by_pid(pf, m, e->tgid);

	if (pt && !pt->zombie)
		ptrack_note(pf, pt, "headless: the main thread ended, others live on");
}

static void on_signal(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(signal);
	struct ptrack *pt = ptrack_by_pid(pf, m, x->target);
	struct buf text = {}, who = {};

	if (!pt || !pt->uuid || x->result)
		return;
	if (e->tgid)
		text_pid(&who, m, e->tgid);
	buf_puts(&text, name_signal(x->signal));
	text_cause(&text, signal_cause(m, x), x->signal, false, &who);
	ptrack_note(pf, pt, text.s);
	buf_free(&text);
	buf_free(&who);
}

static void on_task(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	struct ptrack *pt = ptrack_open(pf, m, proc_find(m, e->tgid), false);

	if (pt)
		ptrack_sync(pf, m, pt);
}

/* Its command line is read after it was met. */
static void on_args(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	const struct ptrack *pt = ptrack_by_pid(pf, m, e->tgid);

	if (pt)
		ptrack_describe(pf, m, pt);
}

static void on_zombie(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(zombie);
	struct ptrack *pt = ptrack_by_pid(pf, m, x->child);
	struct buf action = {};

	if (!pt || !pt->zombie)
		return;
	pt->reason = (int)advise_zombie(m, proc_at(m, pt->proc), &action);
	mark_open(&pf->pk, MARK_INSTANT, pt->uuid, pf->pk.ts[SEQ_MAIN], "not reaped at once");
	fact_str(&pf->pk, "reason", name_reason((enum reason)pt->reason));
	fact_str(&pf->pk, "action", action.s);
	mark_close(&pf->pk);
	buf_free(&action);
}

/* The newest life of a pid may be another one by now. */
static void on_reap(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(reap);
	struct ptrack *pt;

	for (u32 id = proc_find(m, x->child); id; id = proc_at(m, id)->older) {
		pt = proc_at(m, id)->state == PROC_GONE ? ptrack_of(pf, m, id) : NULL;
		if (pt)
			ptrack_sync(pf, m, pt);
	}
}

static void on_reparent(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(reparent);

	ptrack_tell(pf, m, ptrack_by_pid(pf, m, x->child), e, "orphan:");
}

/* ---- descriptors and sockets ---------------------------------------------------------------- */

/* All that use the table of the one who acted: CLONE_FILES shares it between processes. */
static void users_sync(struct perfetto *pf, const struct model *m, u32 tgid, u32 sock)
{
	const struct proc *p = proc_at(m, tgid ? proc_find(m, tgid) : 0);

	for (u32 ref = p ? p->tabrefs : 0; ref; ref = tabref_at(m, ref)->proc_next) {
		u32 user = fdtab_at(m, tabref_at(m, ref)->fdtab)->refs;

		for (; user; user = tabref_at(m, user)->tab_next) {
			u32 proc = tabref_at(m, user)->proc;
			struct ptrack *pt = sock ? NULL : ptrack_of(pf, m, proc);

			if (sock)
				lane_sync(pf, m, proc, sock);
			else if (pt)
				lanes_sync(pf, m, pt);
		}
	}
}

/* A kind that begins with SOCK_FIELDS. */
static void on_sock(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(gone);

	strack_open(pf, m, sock_find(m, x->inode, x->cookie));
}

static void on_slot(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(gone);
	u32 sock = sock_find(m, x->inode, x->cookie);

	if (sock)
		users_sync(pf, m, e->tgid, sock);
}

/* What was in the slot before is closed by it. */
static void on_install(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	on_slot(pf, m, e);
	if (((const struct ev_install *)e)->via == VIA_DUP)
		users_sync(pf, m, e->tgid, 0);
}

static void on_close_(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(close);
	const struct strack *st = strack_named(pf, x->inode, x->cookie);

	if (st && !strack_is_over(m, st))
		users_sync(pf, m, e->tgid, st->sock);
}

static void on_table(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	users_sync(pf, m, e->tgid, 0);
}

static void on_listen_(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(listen);
	const struct strack *st = strack_open(pf, m, sock_find(m, x->inode, x->cookie));

	if (!st || x->error)
		return;
	mark_open(&pf->pk, MARK_INSTANT, st->uuid, pf->pk.ts[SEQ_MAIN], "listens");
	fact_uint(&pf->pk, "backlog", x->backlog);
	mark_close(&pf->pk);
}

/* Who is in the way is what one looks for. */
static void on_bind_(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(bind);

	on_sock(pf, m, e);
	if (e->kind == EV_KIND_BIND && x->error)
		ptrack_tell(pf, m, ptrack_by_pid(pf, m, e->tgid), e, "bind");
}

static void on_gone(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(gone);
	struct strack *st = strack_named(pf, x->inode, x->cookie);

	if (st && strack_is_over(m, st))
		strack_close(pf, m, st);
}

static void on_leak(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	strack_leaked(pf, m, (const struct ev_leak *)e);
}

/* ---- what ended unsaid ---------------------------------------------------------------------- */

static void ptrack_look(struct perfetto *pf, const struct model *m, u32 id)
{
	struct ptrack *pt = pool_at(&pf->ptracks, id);

	if (pt && pt->proc)
		ptrack_sync(pf, m, pt);
	if (pt && pt->proc)
		lanes_sync(pf, m, pt);
}

static void strack_look(struct perfetto *pf, const struct model *m, u32 id)
{
	struct strack *st = pool_at(&pf->stracks, id);

	if (st && st->sock && strack_is_over(m, st))
		strack_close(pf, m, st);
}

void look_at_all(struct perfetto *pf, const struct model *m)
{
	for (u32 id = 1; id <= pf->stracks.used; id++)
		strack_look(pf, m, id);
	for (u32 id = 1; id <= pf->ptracks.used; id++)
		ptrack_look(pf, m, id);
}

/* One of each an event, round and round: two records of a socket were joined, a pid came again. */
void look_at_next(struct perfetto *pf, const struct model *m)
{
	if (pf->stracks.used)
		strack_look(pf, m, 1 + pf->strack_cursor++ % pf->stracks.used);
	if (pf->ptracks.used)
		ptrack_look(pf, m, 1 + pf->ptrack_cursor++ % pf->ptracks.used);
}

static void on_scan_end(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	SELF(scan_end);

	if (x->pid) {
		users_sync(pf, m, x->pid, 0);
		return;
	}
	look_at_all(pf, m);
	perfetto_show_all(pf, m);
}

static handler_fn *const handlers[EV_KIND_MAX] = {
	[EV_KIND_FORK] = on_fork,	  [EV_KIND_EXEC] = on_exec,
	[EV_KIND_EXIT] = on_end,	  [EV_KIND_FREE] = on_end,
	[EV_KIND_RENAME] = on_rename,	  [EV_KIND_HEADLESS] = on_headless,
	[EV_KIND_SIGNAL] = on_signal,	  [EV_KIND_THREAD_EXIT] = on_table,
	[EV_KIND_INSTALL] = on_install,	  [EV_KIND_CLOSE] = on_close_,
	[EV_KIND_CLOSE_RANGE] = on_table, [EV_KIND_FDTAB] = on_table,
	[EV_KIND_SOCKET] = on_slot,	  [EV_KIND_ACCEPT] = on_slot,
	[EV_KIND_BIND] = on_bind_,	  [EV_KIND_UNIX_BIND] = on_bind_,
	[EV_KIND_LISTEN] = on_listen_,	  [EV_KIND_CONNECT] = on_sock,
	[EV_KIND_STATE] = on_sock,	  [EV_KIND_SCAN_TASK] = on_task,
	[EV_KIND_SCAN_ARGS] = on_args,	  [EV_KIND_SCAN_FD] = on_slot,
	[EV_KIND_SCAN_SOCK] = on_sock,	  [EV_KIND_SCAN_QUEUE] = on_sock,
	[EV_KIND_SCAN_END] = on_scan_end, [EV_KIND_CLOCK] = on_clock,
	[EV_KIND_LOST] = on_lost,	  [EV_KIND_RESYNC] = on_resync,
	[EV_KIND_ZOMBIE] = on_zombie,	  [EV_KIND_REAP] = on_reap,
	[EV_KIND_REPARENT] = on_reparent, [EV_KIND_LEAK] = on_leak,
	[EV_KIND_GONE] = on_gone,
};

void handle_event(struct perfetto *pf, const struct model *m, const struct ev *e)
{
	if (handlers[e->kind])
		handlers[e->kind](pf, m, e);
}
