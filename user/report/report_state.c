/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame of a report in words: what it covers, how things stood at the end, what is missing. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"

#define LEAKS_EXPLAINED 8

/* ---- what other commands print, line by line, not wrapped ---- */

struct aside {
	struct out out;
	char *text;
	size_t bytes;
};

static struct out *aside_begin(struct aside *a)
{
	*a = (struct aside){.out = {.width = 1 << 28}};
	a->out.f = open_memstream(&a->text, &a->bytes);
	if (!a->out.f)
		die(EXIT_CANNOT, "out of memory");
	return &a->out;
}

static void aside_end(struct aside *a, struct buf *b)
{
	fclose(a->out.f);
	buf_add(b, a->text, a->bytes);
	buf_free(&a->out.line);
	free(a->text);
}

/* ---- head ---- */

void say_stretch(struct buf *b, const struct report *r, const struct model *m)
{
	u64 from = model_wall(m, r->from), to = model_wall(m, r->to);
	time_t t = from / NS_PER_S;
	char day[32], clock[16], zone[16], span[24];
	struct tm tm;

	if (!from || !localtime_r(&t, &tm)) {
		buf_puts(b, "When it was is not known: there is no clock in the events.");
		return;
	}
	strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	strftime(zone, sizeof(zone), "%Z", &tm);
	time_clock(clock, from);
	buf_printf(b, "From %s %s", day, clock);
	buf_puts(b, " to ");
	text_when(b, m, r->to);
	time_span(span, to - from);
	buf_printf(b, " %s (%s)", zone, span);
}

void say_events(struct buf *b, const struct report *r)
{
	buf_printf(b, "%llu event%s, ", (unsigned long long)r->events, r->events == 1 ? "" : "s");
	if (r->damaged)
		buf_puts(b, "the recording is not whole: ");
	if (r->lost)
		buf_printf(b, "%llu lost", (unsigned long long)r->lost);
	else if (r->damaged)
		buf_puts(b, "what is missing is not known");
	else
		buf_puts(b, "none lost");
	if (r->held)
		buf_printf(b, ", %llu held back", (unsigned long long)r->held);
	if (r->unwatched)
		buf_puts(b, "; not watched all the time");
}

void say_limits(struct buf *b, const struct report *r, const struct model *m)
{
	struct aside a;
	struct out *o;

	(void)r;
	if (!m->watching_since)
		buf_puts(b,
			 "There is no history: this is what a scan found. `probate record` keeps "
			 "one to ask later.\n");
	o = aside_begin(&a);
	text_limits(o, m);
	fflush(o->f);
	if (a.bytes && *a.text == '\n') { /* it begins with an empty line */
		a.bytes--;
		memmove(a.text, a.text + 1, a.bytes);
	}
	aside_end(&a, b);
}

/* ---- the end ---- */

static void last_holder(struct buf *b, const struct report *r, const struct model *m)
{
	const struct life *l = life_at(r, r->last_holder);
	const struct track *t = track_at(r, r->last_track);

	if (!l)
		return;
	buf_puts(b, "  It was last held by ");
	say_life(b, r, r->last_holder, r->last_held);
	buf_puts(b, " until ");
	text_when(b, m, r->last_held);
	if (l->dead && l->exited && l->exited <= r->last_held) {
		buf_puts(b, l->known && l->signal ? ", when it was " : ", when it ");
		say_death(b, l);
	}
	if (t && t->kept_ts > r->last_held && t->gone > r->last_held) {
		buf_puts(b, ", and lived on without a descriptor until ");
		text_when(b, m, t->gone);
		buf_printf(b, "; what kept it: %s", t->kept);
	}
	buf_puts(b, ".\n");
}

static void port_state(struct buf *b, const struct report *r, const struct model *m)
{
	struct match *list;
	u32 here, n = matches_of(m, &r->query, &list, &here);
	struct aside a;

	if (n) {
		if (!here)
			buf_puts(b, "In the network namespace of the recorder it was free.\n\n");
		text_port(aside_begin(&a), m, list, n, here, false);
		aside_end(&a, b);
		free(list);
		return;
	}
	buf_puts(b, "Nothing held ");
	say_title(b, r);
	buf_puts(b, r->query.name.len ? ".\n" : ": it was free.\n");
	last_holder(b, r, m);
	if (!r->met && !r->refused)
		buf_puts(b, "  No socket had it in all that time.\n");
}

static void pid_state(struct buf *b, const struct report *r, const struct model *m)
{
	u32 *ids, n = lives_sorted(r, &ids), targets = 0;
	size_t at;

	for (u32 i = 0; i < n; i++) {
		const struct life *l = life_at(r, ids[i]);

		if (!(l->roles & LIFE_TARGET))
			continue;
		targets++;
		say_life(b, r, ids[i], ~0ull);
		buf_printf(b, "  %s\n  ", !l->dead ? "running" : l->freed ? "dead" : "zombie");
		at = b->len;
		say_life_line(b, r, m, ids[i]);
		b->s[at] &= ~0x20; /* a sentence begins */
		buf_puts(b, ".\n");
		if (l->children)
			buf_printf(b, "  It forked %u process%s.\n", l->children,
				   l->children == 1 ? "" : "es");
	}
	if (!targets)
		buf_printf(b, "No process %u was there in all that time.\n", r->pid);
	free(ids);
}

static void machine_leaks(struct buf *b, const struct model *m, u32 leaked)
{
	struct aside a;
	struct out *o = aside_begin(&a);
	u32 shown = 0;

	for (u32 id = 0; (id = sock_next(m, id)) && shown < LEAKS_EXPLAINED;) {
		if (verdict_of(m, sock_at(m, id)) != VERDICT_LEAKED)
			continue;
		shown++;
		out_printf(o, "%s", "");
		explain_sock(o, m, sock_at(m, id), false, false);
	}
	if (leaked > shown)
		out_printf(o,
			   "\n%u more are leaked: `probate ports --leaked` lists those with a "
			   "port.",
			   leaked - shown);
	aside_end(&a, b);
}

static void machine_state(struct buf *b, const struct report *r, const struct model *m)
{
	u32 offers = 0, leaked = 0, suspected = 0, zombies = 0, procs = 0;

	for (u32 id = 0; (id = sock_next(m, id));) {
		const struct sock *s = sock_at(m, id);
		enum blame blame = sock_blame(m, s, verdict_of(m, s));

		offers += sock_is_offer(s);
		leaked += blame == BLAME_LEAKED;
		suspected += blame == BLAME_SUSPECTED;
	}
	for (u32 id = 0; (id = proc_next(m, id));) {
		const struct proc *p = proc_at(m, id);

		zombies += proc_is_zombie(p);
		procs += p->state != PROC_GONE && !proc_is_zombie(p);
	}
	(void)r;
	buf_printf(b, "%u process%s, %u zombie%s; %u socket%s bound or listening, %u leaked.\n",
		   procs, procs == 1 ? "" : "es", zombies, zombies == 1 ? "" : "s", offers,
		   offers == 1 ? "" : "s", leaked);
	if (suspected)
		buf_printf(b, "%u more %s suspected: `probate ports --leaked` names them.\n",
			   suspected, suspected == 1 ? "is" : "are");
	machine_leaks(b, m, leaked);
}

void say_end_state(struct buf *b, const struct report *r, const struct model *m)
{
	buf_add(b, "", 0);
	if (r->subject == ON_PORT)
		port_state(b, r, m);
	else if (r->subject == ON_PID)
		pid_state(b, r, m);
	else
		machine_state(b, r, m);
}

/* ---- rows ---- */

void say_track_line(struct buf *b, const struct report *r, const struct model *m,
		    const struct track *t)
{
	say_track(b, t);
	buf_printf(b, ", inode %llu: ", (unsigned long long)t->inode);
	if (t->opened) {
		buf_puts(b, "opened ");
		text_when(b, m, t->opened);
	} else {
		buf_puts(b, "older than the watch");
	}
	if (t->gone) {
		buf_puts(b, ", gone ");
		text_when(b, m, t->gone);
	} else {
		buf_printf(b, ", still there at the end (%s)", name_verdict(t->verdict));
	}
	if (t->conns)
		buf_printf(b, ", %u connection%s accepted", t->conns, t->conns == 1 ? "" : "s");
	(void)r;
}

void say_handover(struct buf *b, const struct handover *h)
{
	buf_printf(b, "%s %s: from ", name_proto(h->proto), h->local);
	say_who(b, &h->from);
	buf_puts(b, h->died ? ", which died, to " : ", which closed it, to ");
	say_who(b, &h->to);
	if (h->holders > 1)
		buf_printf(b, " and %u more", h->holders - 1);
}

void say_gap(struct buf *b, const struct model *m, const struct gap *g)
{
	if (g->damaged)
		buf_puts(b, "the recording is cut off or damaged here");
	if (g->damaged && !g->count && !g->unwatched)
		return;
	buf_puts(b, g->damaged ? "; " : "");
	if (g->unwatched)
		buf_puts(b, "nobody was watching from here on; ");
	if (g->count)
		buf_printf(b, "%llu event%s lost; ", (unsigned long long)g->count,
			   g->count == 1 ? " was" : "s were");
	else if (!g->unwatched)
		buf_puts(b, "events had been lost before the stretch; ");
	if (!g->repaired) {
		buf_puts(b, "no scan made up for it by the end");
		return;
	}
	buf_puts(b, "a scan made up for it at ");
	text_when(b, m, g->repaired);
	buf_printf(b, ": %u fact%s over, %u new", g->dropped, g->dropped == 1 ? "" : "s", g->added);
}

void cut_rows(const struct report *r, struct cut_row rows[CUT_ROWS])
{
	const struct cut_row all[] = {
		{r->cut.tracks, "sockets", "sockets"},
		{r->cut.tenures, "holds", "short holds"},
		{r->cut.moments, "moments", "moments of sockets"},
		{r->cut.lives, "processes", "processes"},
		{r->cut.children, "children", "children"},
		{r->cut.refusals, "refused", "refused binds"},
		{r->cut.crops, "zombies", "zombies"},
		{r->cut.handovers, "transfers", "handovers"},
		{r->cut.gaps, "losses", "losses"},
	};

	_Static_assert(ARRAY_SIZE(all) == CUT_ROWS, "CUT_ROWS does not count them");
	memcpy(rows, all, sizeof(all));
}

void say_cuts(struct buf *b, const struct report *r)
{
	struct cut_row rows[CUT_ROWS];

	cut_rows(r, rows);
	for (u32 i = 0; i < CUT_ROWS; i++)
		if (rows[i].n)
			buf_printf(b, "%s%llu %s", b->len ? ", " : "",
				   (unsigned long long)rows[i].n, rows[i].what);
	if (b->len)
		buf_puts(b, ": there were more than a report keeps.");
}
