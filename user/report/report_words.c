/* SPDX-License-Identifier: BSD-2-Clause */
/* The sentences of a report, the same in text, HTML and JSON. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "report.h"

#define ARGS_COLUMNS 120

/* ---- names ---- */

const char *life_comm(const struct life *l, u64 ts)
{
	u32 i = l->runs;

	while (i > 1 && l->run[i - 1].ts > ts)
		i--;
	return i ? l->run[i - 1].comm : "";
}

void say_life(struct buf *b, const struct report *r, u32 life, u64 ts)
{
	const struct life *l = life_at(r, life);

	if (l)
		text_named(b, life_comm(l, ts), l->tgid);
	else
		buf_puts(b, "a process that is not known");
}

void say_who(struct buf *b, const struct who *w)
{
	if (w->pid)
		text_named(b, w->comm, w->pid);
	else
		buf_puts(b, "a process that is not known");
}

void say_track(struct buf *b, const struct track *t)
{
	text_ends(b, t->proto, &t->local, &t->name, &t->remote);
}

void say_title(struct buf *b, const struct report *r)
{
	if (r->subject == ON_MACHINE) {
		buf_puts(b, "the whole machine");
	} else if (r->subject == ON_PID) {
		buf_printf(b, "process %u", r->pid);
	} else {
		if (!r->query.has_addr && !r->query.name.len && !r->query.proto)
			buf_puts(b, "port ");
		buf_add_safe(b, r->opts->arg, strlen(r->opts->arg), 0);
	}
}

/* ---- processes ---- */

struct end life_end(const struct life *l)
{
	return (struct end){.known = l->known,
			    .signal = l->signal,
			    .code = l->code,
			    .cause = l->cause,
			    .again = l->again,
			    .core = l->core};
}

void say_death(struct buf *b, const struct life *l)
{
	const struct end e = life_end(l);
	struct buf who = {0};

	if (l->killer.pid)
		say_who(&who, &l->killer);
	text_end(b, &e, &who);
	buf_free(&who);
}

void say_run(struct buf *b, const struct run *run)
{
	size_t before = b->len;

	if (run->args_len)
		text_words(b, run->text + run->exe_len, run->args_len, ARGS_COLUMNS);
	if (b->len == before && run->exe_len)
		buf_add_safe(b, run->text, strnlen(run->text, run->exe_len), ARGS_COLUMNS);
	if (b->len == before)
		buf_add_safe(b, run->comm, strnlen(run->comm, COMM_LEN), 0);
}

static void say_zombie(struct buf *b, const struct report *r, const struct life *l)
{
	u64 until = l->freed ? l->freed : r->to;
	char span[24];

	if (l->dying && !l->freed) {
		buf_puts(b, "; the kernel was not done with it at the end");
		return;
	}
	if ((!l->zombie && l->freed) || !l->exited || until < l->exited)
		return;
	time_span(span, until - l->exited);
	buf_printf(b, l->freed ? "; a zombie for %s" : "; a zombie since, for %s at the end", span);
	if (!l->freed && l->parent.pid) {
		buf_puts(b, ", which ");
		say_who(b, &l->parent);
		buf_puts(b, " has not reaped");
	}
}

static void say_execs(struct buf *b, const struct model *m, const struct life *l)
{
	for (u32 i = 0; i < l->runs; i++) {
		if (l->run[i].ts <= l->start || !l->run[i].ts)
			continue;
		buf_puts(b, "; executed ");
		say_run(b, &l->run[i]);
		buf_puts(b, " at ");
		text_when(b, m, l->run[i].ts);
		if (l->runs_cut && i == l->runs - 2)
			buf_printf(b, "; then %u programs more", l->runs_cut);
	}
}

void say_life_line(struct buf *b, const struct report *r, const struct model *m, u32 life)
{
	const struct life *l = life_at(r, life);
	bool born = l->start > r->from;

	if (!l->start)
		buf_puts(b, "when it started is not known");
	else
		buf_puts(b, born ? "started at " : "there from the beginning, started at ");
	if (l->start)
		text_when(b, m, l->start);
	say_execs(b, m, l);
	if (l->adopted) {
		buf_puts(b, "; adopted by ");
		say_who(b, &l->parent);
		buf_puts(b, " at ");
		text_when(b, m, l->adopted);
	}
	buf_puts(b, "; ");
	if (!l->dead) {
		buf_puts(b, "still running at the end");
		return;
	}
	say_death(b, l);
	if (l->exited) {
		buf_puts(b, " at ");
		text_when(b, m, l->exited);
	}
	say_zombie(b, r, l);
	if (l->reaper.pid) {
		buf_puts(b, "; reaped by ");
		say_who(b, &l->reaper);
	}
	if (l->reaper.pid && l->reaped) {
		buf_puts(b, " at ");
		text_when(b, m, l->reaped);
	}
}

enum reason crop_reason(const struct crop *c)
{
	return c->longest && c->longest < c->young_ns ? REASON_RECENT : c->reason;
}

void say_crop(struct buf *b, const struct crop *c)
{
	char span[24];

	buf_printf(b, "%u zombie%s", c->count, c->count == 1 ? "" : "s");
	if (*c->comm) {
		buf_puts(b, " (");
		buf_add_safe(b, c->comm, strlen(c->comm), 0);
		buf_puts(b, ")");
	}
	buf_puts(b, " of ");
	say_who(b, &c->parent);
	buf_printf(b, ": %s; ", name_reason(crop_reason(c)));
	if (c->left == c->count)
		buf_puts(b, c->count == 1 ? "still there at the end" : "all there at the end");
	else if (c->left)
		buf_printf(b, "%u of them still there at the end", c->left);
	else
		buf_puts(b, "reaped since");
	if (c->longest) {
		time_span(span, c->longest);
		buf_printf(b, ", the longest for %s", span);
	}
	buf_puts(b, "; pid ");
	for (u32 i = 0; i < c->count && i < CROP_PIDS; i++)
		buf_printf(b, "%s%u", i ? ", " : "", c->pid[i]);
	if (c->count > CROP_PIDS)
		buf_printf(b, " and %u more", c->count - CROP_PIDS);
}
