/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zombies: the dead that nobody reaps, grouped by the parent that fails to, with reason and remedy.
 *
 * Headless processes look like zombies in ps (their main thread is one) but live on: they are
 * listed apart.
 */
#include <stdlib.h>
#include <string.h>

#include "view.h"

#define RANGES_MAX 12 /* ranges of pids written out for a group */

struct zombies {
	const struct opts *opts;
	struct out *out;
	struct page page;
	struct lines lines;
	struct pace pace;
};

/* Looks like a zombie, and is none: other threads live on, or the kernel is not done with its end.
 */
static bool is_other(const struct model *m, const struct proc *p)
{
	u64 since;

	if (p->state == PROC_GONE || !(p->flags & (TASK_HEADLESS | TASK_EXITING)))
		return false;
	since = p->flags & TASK_EXITING ? dead_since(m, p) : 0;
	return !since || m->now >= since + ZOMBIE_AFTER_NS; /* everybody is dying for a moment */
}

/* Zombies, then those that only look like it.  The array is the caller's. */
static u32 dead_of(const struct model *m, struct dead **out, u32 *others)
{
	u32 n = 0, cap = 0, from;
	struct buf action = {0};

	*out = NULL;
	*others = 0;
	for (u32 pass = 0; pass < 2; pass++) {
		from = n;
		for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
			const struct proc *p = proc_at(m, id);

			if (pass ? !is_other(m, p) : !proc_is_zombie(p))
				continue;
			if (n == cap)
				*out = xrealloc(*out, (cap = cap ? cap * 2 : 64) * sizeof(**out));
			(*out)[n++] = dead_make(m, p, advise_zombie(m, p, &action));
			buf_reset(&action);
		}
		*others = n - from;
		if (n > from)
			qsort(*out + from, n - from, sizeof(**out), dead_cmp);
	}
	buf_free(&action);
	return n;
}

static void zombies_describe(const struct opts *o, const struct model *m, struct buf *tgids)
{
	(void)o;
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);

		if (p->state == PROC_ZOMBIE || p->flags & (TASK_HEADLESS | TASK_EXITING))
			tgid_add(tgids, m, p->parent);
		if (p->flags & (TASK_HEADLESS | TASK_EXITING))
			tgid_add(tgids, m, id);
	}
}

static u64 exited(const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	return d ? d->ts : 0;
}

/* ---- text ---- */

static const char *sigchld_words(u8 sigchld)
{
	static const char *const words[] = {"SIGCHLD left at its default", "SIGCHLD ignored",
					    "SIGCHLD handled"};

	return sigchld < ARRAY_SIZE(words) ? words[sigchld] : "SIGCHLD disposition not known";
}

static void parent_print(struct out *o, const struct model *m, const struct proc *child)
{
	const struct proc *p = proc_at(m, child->parent);
	struct buf b = {0};
	char box[32];
	size_t before;

	text_proc(&b, m, child->parent);
	if (p) {
		buf_printf(&b, "  %s, %s", proc_state(p), sigchld_words(p->sigchld));
		if (proc_container(m, p, box)) {
			buf_puts(&b, ", container ");
			buf_add_safe(&b, box, strlen(box), 0);
		}
		if (p->nspid.nr[0])
			buf_printf(&b, ", pid %u in its namespace",
				   p->nspid.nr[p->level ? p->level - 1 : 0]);
	}
	out_printf(o, "%s%s%s", out_tint(o, TINT_BOLD), b.s, out_tint(o, TINT_NONE));
	buf_reset(&b);
	before = b.len;
	if (p)
		text_args(&b, m, p, o->width > 12 ? o->width - 4 : 8);
	if (b.len > before)
		out_printf(o, "  %s", b.s);
	buf_free(&b);
}

/* "101-105, 110": pids of a sorted run. */
static void pids_text(struct buf *b, const struct dead *d, u32 n)
{
	u32 ranges = 0;

	for (u32 i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && d[k].proc->tgid == d[k - 1].proc->tgid + 1; k++)
			;
		if (ranges++ == RANGES_MAX) {
			buf_puts(b, ", ...");
			return;
		}
		buf_printf(b, "%s%u", i ? ", " : "", d[i].proc->tgid);
		if (k - i > 1)
			buf_printf(b, "-%u", d[k - 1].proc->tgid);
	}
}

/* " (server)": their name, when they share one. */
static void names_text(struct buf *b, const struct model *m, const struct dead *d, u32 n)
{
	const char *comm = proc_comm(m, d->proc);
	u32 same = 0;

	for (u32 i = 0; i < n; i++)
		same += !strcmp(comm, proc_comm(m, d[i].proc));
	if (!*comm)
		return;
	buf_puts(b, " (");
	buf_add_safe(b, comm, strlen(comm), 0);
	buf_puts(b, same == n ? ")" : " and others)");
}

/* The kernel keeps no time of death, but when who died last ran. */
static void ran_text(struct buf *b, const struct model *m, const struct dead *d, u32 n)
{
	u64 oldest = 0;
	char span[24];

	for (u32 i = 0; i < n; i++)
		if (d[i].proc->ran_ts && (!oldest || d[i].proc->ran_ts < oldest))
			oldest = d[i].proc->ran_ts;
	if (!oldest || oldest > m->now)
		return;
	time_span(span, m->now - oldest);
	buf_printf(b, n == 1 ? " (it last ran %s ago)" : " (the first of them last ran %s ago)",
		   span);
}

static void deaths_text(struct buf *b, const struct model *m, const struct dead *d, u32 n, bool ago)
{
	u64 oldest = exited(m, d->proc);

	for (u32 i = 1; i < n; i++)
		oldest = exited(m, d[i].proc) < oldest ? exited(m, d[i].proc) : oldest;
	if (n == 1 && d->proc->death) {
		buf_puts(b, ", ");
		text_fate(b, m, d->proc);
	} else if (oldest) {
		buf_puts(b, "; the oldest since ");
		text_when(b, m, oldest);
	}
	if (!oldest)
		buf_puts(b, n == 1 ? ", before anything was watching"
				   : "; some from before anything was watching");
	else if (ago)
		text_ago(b, m, oldest);
	if (!oldest && ago)
		ran_text(b, m, d, n);
}

static void group_print(struct out *o, const struct model *m, const struct dead *d, u32 n, bool ago)
{
	struct buf b = {0}, action = {0};

	advise_zombie(m, d->proc, &action);
	buf_printf(&b, "%u zombie%s", n, n == 1 ? "" : "s");
	names_text(&b, m, d, n);
	buf_puts(&b, ": ");
	pids_text(&b, d, n);
	deaths_text(&b, m, d, n, ago);
	out_wrap(o, 2, b.s);
	buf_reset(&b);
	buf_printf(&b, "Reason: %s: %s.", name_reason(d->reason), reason_why(d->reason));
	out_wrap(o, 2, b.s);
	buf_reset(&b);
	if (action.len) {
		buf_printf(&b, "Do: %s", action.s);
		out_wrap(o, 2, b.s);
	}
	buf_free(&b);
	buf_free(&action);
}

static void others_print(struct out *o, const struct model *m, const struct dead *d, u32 n)
{
	struct buf b = {0};
	enum reason said = REASONS;

	for (u32 i = 0; i < n; i++) {
		if (d[i].reason != said)
			out_printf(o, "%s%s%s", out_tint(o, TINT_BOLD),
				   d[i].reason == REASON_DYING ? "Dying, not zombies: the kernel "
								 "is not done with their end"
							       : "Headless, not zombies: the main "
								 "thread ended, others live on",
				   out_tint(o, TINT_NONE));
		said = d[i].reason;
		text_proc(&b, m, d[i].proc->id);
		buf_puts(&b, "  ");
		text_args(&b, m, d[i].proc, 60);
		out_wrap(o, 2, b.s);
		buf_reset(&b);
		advise_zombie(m, d[i].proc, &b);
		if (b.len)
			out_wrap(o, 4, b.s);
		buf_reset(&b);
	}
	if (n)
		out_printf(o, "%s", "");
	buf_free(&b);
}

static void zombies_text(struct out *o, const struct model *m, const struct dead *d, u32 n,
			 u32 others, bool ago)
{
	u32 dead = n - others, parents = 0;

	for (u32 i = 0, k; i < dead; i = k) {
		for (k = i + 1; k < dead && d[k].ppid == d[i].ppid && d[k].reason == d[i].reason;
		     k++)
			;
		if (!i || d[i].ppid != d[i - 1].ppid) {
			if (i)
				out_printf(o, "%s", "");
			parent_print(o, m, d[i].proc);
			parents++;
		}
		group_print(o, m, d + i, k - i, ago);
	}
	if (dead)
		out_printf(o, "%s", "");
	others_print(o, m, d + dead, others);
	if (dead)
		out_printf(o, "%u zombie%s of %u parent%s.", dead, dead == 1 ? "" : "s", parents,
			   parents == 1 ? "" : "s");
	else
		out_printf(o, "No zombies.");
	if (m->caps & SRC_PROC ||
	    m->lost_since) /* whose descriptors are unread is no matter here */
		text_limits(o, m);
}

/* ---- JSON, and the view ---- */

static void parent_json(struct json *j, const struct model *m, const struct proc *p)
{
	static const char *const names[] = {"default", "ignored", "handled"};

	if (!p) {
		json_null(j, "parent");
		return;
	}
	json_obj(j, "parent");
	json_proc_members(j, m, p);
	json_nspid(j, "nspid", p);
	json_str(j, "sigchld", p->sigchld < ARRAY_SIZE(names) ? names[p->sigchld] : NULL);
	json_end_obj(j);
}

static void dead_json(struct json *j, const struct model *m, const struct dead *d, bool age)
{
	const struct proc *p = d->proc;
	struct buf action = {0};
	u64 at = exited(m, p), since = dead_since(m, p);
	char box[32];

	advise_zombie(m, p, &action);
	json_obj(j, NULL);
	json_u64(j, "pid", p->tgid);
	json_time(j, "start", model_wall(m, p->start));
	json_str(j, "comm", *proc_comm(m, p) ? proc_comm(m, p) : NULL);
	json_nspid(j, "nspid", p);
	json_id(j, "ppid", d->ppid);
	parent_json(j, m, proc_at(m, p->parent));
	json_time(j, "exited", model_wall(m, at));
	if (since && since <= m->now && age)
		json_u64(j, "age_s", (m->now - since) / NS_PER_S);
	else
		json_null(j, "age_s");
	json_str(j, "reason", name_reason(d->reason));
	json_str(j, "action", action.s ? action.s : "");
	json_str(j, "container", proc_container(m, p, box));
	json_exit(j, "exit", m, p, true);
	json_end_obj(j);
	buf_free(&action);
}

/* An age grows by itself and is no reason to print a line again. */
static bool dead_changed(struct zombies *v, const struct model *m, const struct dead *d)
{
	struct buf b = {0};
	struct json j;
	bool changed;

	json_init(&j, &b);
	dead_json(&j, m, d, false);
	changed = lines_changed(&v->lines, (struct line){.a = d->proc->tgid,
							 .b = d->proc->start,
							 .hash = hash_bytes(b.s, b.len)});
	buf_free(&b);
	return changed;
}

static void zombies_json(struct zombies *v, const struct model *m, const struct dead *d, u32 n)
{
	struct out *o = v->out;
	struct line gone;
	struct json j;

	lines_begin(&v->lines);
	for (u32 i = 0; i < n && !out_dead(o); i++) {
		if (v->opts->watch && !dead_changed(v, m, &d[i]))
			continue;
		json_init(&j, &o->line);
		dead_json(&j, m, &d[i], true);
		out_line(o);
	}
	while (v->opts->watch && lines_gone(&v->lines, &gone)) {
		json_init(&j, &o->line);
		json_obj(&j, NULL);
		json_u64(&j, "pid", gone.a);
		json_time(&j, "start", model_wall(m, gone.b));
		json_bool(&j, "gone", true);
		json_end_obj(&j);
		out_line(o);
	}
	out_flush(o);
}

static void zombies_render(struct zombies *v, const struct model *m)
{
	struct dead *d;
	u32 others, n = dead_of(m, &d, &others);

	if (v->opts->json) {
		zombies_json(v, m, d, n);
	} else {
		zombies_text(page_begin(&v->page, v->out), m, d, n, others, !v->opts->watch);
		page_end(&v->page);
	}
	free(d);
	pace_done(&v->pace, m, n);
}

static void *zombies_open(const struct opts *o, struct out *out)
{
	struct zombies *v = xcalloc(1, sizeof(*v));

	*v = (struct zombies){.opts = o, .out = out, .page.watch = o->watch, .pace.dirty = true};
	return v;
}

static void zombies_event(void *view, const struct model *m, const struct ev *e)
{
	struct zombies *v = view;

	(void)m;
	pace_event(&v->pace, e);
}

static void zombies_settle(void *view, const struct model *m)
{
	struct zombies *v = view;

	if (v->opts->watch && pace_due(&v->pace, m))
		zombies_render(v, m);
}

static int zombies_finish(void *view, const struct model *m)
{
	zombies_render(view, m);
	if (((const struct zombies *)view)->opts->json)
		warn_limits(m);
	return answer_code(m, EXIT_ANSWERED);
}

static void zombies_close(void *view)
{
	struct zombies *v = view;

	lines_free(&v->lines);
	free(v);
}

const struct view view_zombies = {
	.name = "zombies",
	.usage = "",
	.help = "the dead that nobody reaps, by the parent that fails to, with reason and remedy",
	.scope = SCOPE_TASKS,
	.watchable = true,
	.describe = zombies_describe,
	.open = zombies_open,
	.event = zombies_event,
	.settle = zombies_settle,
	.finish = zombies_finish,
	.close = zombies_close,
};
