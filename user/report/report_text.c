/* SPDX-License-Identifier: BSD-2-Clause */
/* The report for a terminal. */
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define STORY_MAX 40 /* lines of one socket's story: the first and the last ones */
#define TOLD_MAX  6  /* sockets whose story is told in any case: the last ones */
#define LIST_MAX  24 /* rows of any other list */

static void heading(struct out *o, const char *text)
{
	out_printf(o, "\n%s%s%s", out_tint(o, TINT_BOLD), text, out_tint(o, TINT_NONE));
}

static void para(struct out *o, int indent, struct buf *b)
{
	out_wrap(o, indent, b->s ? b->s : "");
	buf_reset(b);
}

static void more(struct out *o, u64 n, const char *what)
{
	struct buf b = {0};

	if (!n)
		return;
	buf_printf(&b, "... and %llu more %s", (unsigned long long)n, what);
	para(o, 2, &b);
	buf_free(&b);
}

/* Lines that carry their indentation; what begins at the margin is a title. */
static void lines_print(struct out *o, char *text)
{
	for (char *s = text, *end; s && *s; s = end ? end + 1 : NULL) {
		size_t indent = strspn(s, " ");

		end = strchr(s, '\n');
		if (end)
			*end = 0;
		if (!*s)
			out_printf(o, "%s", "");
		else
			out_wrap(o, (int)indent, s);
	}
}

static void head_print(struct out *o, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	buf_puts(&b, "Report on ");
	say_title(&b, r);
	out_printf(o, "%s%s%s", out_tint(o, TINT_BOLD), b.s, out_tint(o, TINT_NONE));
	buf_reset(&b);
	say_stretch(&b, r, m);
	para(o, 2, &b);
	say_events(&b, r);
	para(o, 2, &b);
	if (r->also_pid) {
		buf_printf(&b, "There was a process %u, too: report pid %u tells of it.", r->pid,
			   r->pid);
		para(o, 2, &b);
	}
	say_limits(&b, r, m);
	for (char *s = b.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
		*end = 0;
		out_wrap(o, 2, s);
	}
	buf_free(&b);
}

static void story_print(struct out *o, const struct report *r, const struct model *m, u32 track)
{
	struct happen *h;
	u32 n = story_of(r, track, &h);
	struct buf b = {0};

	for (u32 i = 0; i < n; i++) {
		if (n > STORY_MAX && i == STORY_MAX / 2) {
			more(o, n - STORY_MAX, "things happened here");
			i = n - STORY_MAX / 2;
		}
		if (h[i].ts)
			text_when(&b, m, h[i].ts);
		else
			buf_puts(&b, "earlier");
		buf_puts(&b, " ");
		say_happen(&b, r, m, track, &h[i]);
		para(o, 4, &b);
	}
	buf_free(&b);
	free(h);
}

static void when_cell(struct buf *b, const struct model *m, u64 ts, const char *none)
{
	buf_reset(b);
	if (ts)
		text_when(b, m, ts);
	else
		buf_puts(b, none);
}

static void tenures_print(struct out *o, const struct report *r, const struct model *m, u32 track)
{
	static const struct column cols[] = {{"  HELD BY", 12, 0},
					     {"FROM", 8, 0},
					     {"UNTIL", 8, 0},
					     {"USED", 4, 0},
					     {"HOW", 8, 0}};
	struct table table;
	struct buf b = {0}, how = {0};
	u32 *ids, n = tenures_of(r, track, &ids), skip = n > LIST_MAX ? n - LIST_MAX : 0;

	table_init(&table, cols, ARRAY_SIZE(cols));
	for (u32 i = 0; i < n; i++) {
		const struct tenure *t = tenure_at(r, ids[i]);

		if (skip && i >= LIST_MAX / 2 && i < LIST_MAX / 2 + skip)
			continue;
		buf_reset(&b);
		say_life(&b, r, t->life, t->to ? t->to : r->to);
		table_cell(&table, TINT_NONE, "  %s", b.s);
		when_cell(&b, m, t->from, "earlier");
		table_cell(&table, TINT_NONE, "%s", b.s);
		when_cell(&b, m, t->to, "the end");
		table_cell(&table, TINT_NONE, "%s", b.s);
		table_cell(&table, TINT_NONE, "%s", say_used(t));
		buf_reset(&how);
		say_via(&how, r, t);
		table_cell(&table, TINT_NONE, "%s", how.s);
	}
	if (n)
		table_print(&table, o);
	more(o, skip + track_at(r, track)->briefly, "held it for a short time");
	free(ids);
	buf_free(&b);
	buf_free(&how);
}

static void tracks_print(struct out *o, const struct report *r, const struct model *m)
{
	u32 *ids, n = tracks_sorted(r, &ids), first = n > LIST_MAX ? n - LIST_MAX : 0;
	struct buf b = {0};

	if (n)
		heading(o, r->subject == ON_PORT  ? "Sockets that had it"
			   : r->subject == ON_PID ? "Sockets it held"
						  : "Sockets that changed hands");
	more(o, first, "sockets, earlier ones");
	for (u32 i = first; i < n; i++) {
		const struct track *t = track_at(r, ids[i]);

		say_track_line(&b, r, m, t);
		para(o, 2, &b);
		if (i + TOLD_MAX < n && !t->leaked && !t->moved)
			continue;
		story_print(o, r, m, ids[i]);
		tenures_print(o, r, m, ids[i]);
		if (i + 1 < n)
			out_printf(o, "%s", "");
	}
	buf_free(&b);
	free(ids);
}

static void lives_print(struct out *o, const struct report *r, const struct model *m)
{
	u32 *ids, n = lives_sorted(r, &ids), shown = n > 2 * LIST_MAX ? 2 * LIST_MAX : n;
	struct buf b = {0};

	if (n)
		heading(o, "Processes");
	for (u32 i = 0; i < shown; i++) {
		u32 depth = life_depth(r, ids[i]);

		say_life(&b, r, ids[i], ~0ull);
		buf_puts(&b, ": ");
		say_life_line(&b, r, m, ids[i]);
		para(o, 2 + 2 * (int)(depth > 10 ? 10 : depth), &b);
	}
	more(o, n - shown, "processes");
	buf_free(&b);
	free(ids);
}

static void refusals_print(struct out *o, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	if (r->refusals)
		heading(o, "Refused");
	for (u32 i = 0; i < r->refusals && i < LIST_MAX / 2; i++) {
		const struct refusal *f = &r->refusal[i];

		text_when(&b, m, f->from);
		buf_puts(&b, " ");
		say_refusal(&b, m, f);
		para(o, 2, &b);
	}
	more(o, r->refusals > LIST_MAX / 2 ? r->refusals - LIST_MAX / 2 : 0, "programs");
	buf_free(&b);
}

static void handovers_print(struct out *o, const struct report *r, const struct model *m)
{
	struct buf b = {0};
	u32 first = r->handovers > LIST_MAX ? r->handovers - LIST_MAX : 0;

	if (r->handovers)
		heading(o, "Transfers");
	more(o, first, "earlier");
	for (u32 i = first; i < r->handovers; i++) {
		text_when(&b, m, r->handover[i].ts);
		buf_puts(&b, " ");
		say_handover(&b, &r->handover[i]);
		para(o, 2, &b);
	}
	buf_free(&b);
}

static void crops_print(struct out *o, const struct report *r)
{
	struct buf b = {0};

	if (r->crops)
		heading(o, "Zombies");
	for (u32 i = 0; i < r->crops && i < LIST_MAX / 2; i++) {
		say_crop(&b, &r->crop[i]);
		para(o, 2, &b);
	}
	more(o, r->crops > LIST_MAX / 2 ? r->crops - LIST_MAX / 2 : 0, "kinds of them");
	buf_free(&b);
}

static void gaps_print(struct out *o, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	if (r->gaps)
		heading(o, "Losses");
	for (u32 i = 0; i < r->gaps; i++) {
		text_when(&b, m, r->gap[i].ts);
		buf_puts(&b, " ");
		say_gap(&b, m, &r->gap[i]);
		para(o, 2, &b);
	}
	buf_free(&b);
}

static void programs_print(struct out *o, const struct report *r)
{
	static const struct column cols[] = {{"  PROGRAM", 10, 0}, {"EVENTS", 6, 1},
					     {"FORKS", 5, 1},	   {"EXECS", 5, 1},
					     {"SOCKETS", 7, 1},	   {"CONNECTIONS", 11, 1}};
	struct table table;
	struct buf b = {0};

	if (!r->programs)
		return;
	heading(o, "Busiest programs, roughly");
	table_init(&table, cols, ARRAY_SIZE(cols));
	for (u32 i = 0; i < r->programs; i++) {
		const struct program *p = &r->program[i];
		const u64 v[] = {p->events, p->forks, p->execs, p->sockets, p->conns};

		buf_reset(&b);
		buf_add_safe(&b, p->comm, strlen(p->comm), 0);
		table_cell(&table, TINT_NONE, "  %s", b.len ? b.s : "?");
		for (u32 k = 0; k < ARRAY_SIZE(v); k++)
			table_cell(&table, TINT_NONE, "%llu", (unsigned long long)v[k]);
	}
	table_print(&table, o);
	buf_free(&b);
}

static void cuts_print(struct out *o, const struct report *r)
{
	struct buf b = {0};

	say_cuts(&b, r);
	if (!b.len)
		return;
	heading(o, "Left out");
	para(o, 2, &b);
	buf_free(&b);
}

void report_text(struct out *o, const struct report *r, const struct model *m)
{
	struct buf b = {0};

	head_print(o, r, m);
	heading(o, "How it stood at the end");
	say_end_state(&b, r, m);
	lines_print(o, b.s);
	buf_free(&b);
	tracks_print(o, r, m);
	handovers_print(o, r, m);
	refusals_print(o, r, m);
	crops_print(o, r);
	lives_print(o, r, m);
	programs_print(o, r);
	gaps_print(o, r, m);
	cuts_print(o, r);
}
