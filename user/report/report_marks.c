/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks on the timeline of a report: ends, programs, zombies, transfers, leaks, refusals. */
#include <string.h>

#include "report_figure.h"

/* A few words above the bars; moved aside for those before, and left out where that is too far. */
static void label(struct figure *f, struct lane *l, double x, const char *class, const char *text)
{
	double at = x > l->labelled ? x : l->labelled + 8;

	if (at - x > 70 || at + (double)strlen(text) * CHAR > f->width)
		return;
	html_raw(f->h, "<text class=\"s %s\" x=\"%.1f\" y=\"%.1f\">", class, at, l->y + 14);
	html_puts(f->h, text);
	html_raw(f->h, "</text>");
	l->labelled = at + (double)strlen(text) * CHAR;
}

static void zombie_draw(struct figure *f, struct lane *l, const struct life *life)
{
	double y = l->y + BAR_TOP, a = x_of(f, life->exited);
	double b = x_of(f, life->freed ? life->freed : f->h->r->to);

	if ((!life->zombie && life->freed) || life->dying || !life->exited || b <= a)
		return;
	f->seen |= 1u << SEEN_ZOMBIE;
	html_raw(f->h,
		 "<g><title>zombie: dead, and not reaped</title><rect class=\"zombie\" "
		 "x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/></g>",
		 a, y, b - a, BAR);
}

static void death_draw(struct figure *f, struct lane *l, const struct life *life)
{
	double x = x_of(f, life->exited), y = l->y + BAR_TOP + BAR / 2.0;
	bool bad = life->signal || life->code > 0;
	char text[32];

	if (!life->dead || !life->exited)
		return;
	f->seen |= 1u << SEEN_END;
	title_begin(f);
	say_death(&f->h->s, life);
	html_say(f->h);
	html_raw(f->h, "</title><path class=\"cross%s\" d=\"M%.1f %.1fl10 10m0-10l-10 10\"/></g>",
		 bad ? " die" : "", x - 5, y - 5);
	if (life->known && !life->signal)
		snprintf(text, sizeof(text), "exit %d", life->code);
	else
		snprintf(text, sizeof(text), "%s",
			 life->known ? name_signal(life->signal) : "died");
	label(f, l, x + 4, bad ? "red" : "", text);
}

static void execs_draw(struct figure *f, struct lane *l, const struct life *life)
{
	struct html *h = f->h;

	for (u32 i = 0; i < life->runs; i++) {
		struct buf b = {0};
		double x = x_of(f, life->run[i].ts);

		if (!life->run[i].ts || life->run[i].ts < life->start ||
		    life->run[i].ts < f->key[0])
			continue;
		if (!i && life->run[i].ts == life->start)
			continue;
		buf_puts(&b, "exec ");
		buf_add_safe(&b, life->run[i].comm, strnlen(life->run[i].comm, COMM_LEN), 20);
		f->seen |= 1u << SEEN_EXEC;
		html_raw(h, "<path class=\"exec\" d=\"M%.1f %.1fl4 -6h-8z\"/>", x,
			 l->y + BAR_TOP - 1);
		label(f, l, x + 6, "", b.s);
		buf_free(&b);
	}
}

static void arrow(struct figure *f, u64 ts, u32 from, u32 to, u32 track)
{
	struct lane *a = lane_of(f, from), *b = lane_of(f, to);
	double x = x_of(f, ts), y1, y2;

	if (!a || !b || a == b)
		return;
	y1 = bar_y(f, a, track) + BAR / 2.0;
	y2 = bar_y(f, b, track) + BAR / 2.0;
	f->seen |= 1u << SEEN_MOVE;
	html_raw(f->h,
		 "<path class=\"move\" marker-end=\"url(#head)\" d=\"M%.1f %.1fC%.1f %.1f %.1f "
		 "%.1f %.1f %.1f\"/></g>",
		 x, y1, x - 30, y1, x - 30, y2, x - 8, y2);
	html_line(f->h);
}

static void moment_draw(struct figure *f, const struct moment *mo)
{
	struct html *h = f->h;
	struct lane *l = lane_of(f, mo->life);
	double x = x_of(f, mo->ts), y;

	if (mo->kind == DID_TRANSFER && l && lane_of(f, mo->other) && mo->life != mo->other) {
		html_raw(h, "<g><title>transfer: ");
		say_life(&h->s, h->r, mo->life, mo->ts);
		buf_puts(&h->s, " to ");
		say_life(&h->s, h->r, mo->other, mo->ts);
		html_say(h);
		html_raw(h, "</title>");
		arrow(f, mo->ts, mo->life, mo->other, mo->track);
	}
	if (mo->kind != DID_LEAK || !l)
		return;
	y = bar_y(f, l, mo->track) + BAR / 2.0;
	f->seen |= 1u << SEEN_LEAK;
	html_raw(
		h,
		"<g><title>leaked from here on</title><path class=\"leak\" d=\"M%.1f %.1fl8 8 -8 8 "
		"-8 -8z\"/></g>",
		x, y - 8);
	label(f, l, x + 8, "red", "leaked");
	html_line(h);
}

static void refusals_draw(struct figure *f)
{
	struct html *h = f->h;
	struct lane lane = {.y = f->height - LANE - (h->r->gaps ? GAP_LABEL : 0)};

	if (!h->r->refusals)
		return;
	html_raw(h, "<text class=\"name\" x=\"10\" y=\"%.1f\">refused</text>",
		 lane.y + BAR_TOP + BAR - 2);
	for (u32 i = 0; i < h->r->refusals; i++) {
		const struct refusal *r = &h->r->refusal[i];
		double a = x_of(f, r->from), b = x_of(f, r->to);

		f->seen |= 1u << SEEN_REFUSED;
		title_begin(f);
		say_refusal(&h->s, h->m, r);
		html_say(h);
		html_raw(h, "</title><path class=\"leak\" d=\"M%.1f %.1fl6 11h-12z\"/>", a,
			 lane.y + BAR_TOP);
		if (b > a)
			html_raw(h, "<path class=\"leak\" d=\"M%.1f %.1fl6 11h-12z\"/>", b,
				 lane.y + BAR_TOP);
		html_raw(h, "</g>");
		buf_add_safe(&h->s, r->first.comm, strlen(r->first.comm), 20);
		label(f, &lane, a + 6, "red", h->s.s);
		buf_reset(&h->s);
		html_line(h);
	}
}

void marks_draw(struct figure *f)
{
	const struct report *r = f->h->r;
	const u32 *ids = (const u32 *)r->order.s;

	for (u32 i = 0; i < f->lanes; i++) {
		zombie_draw(f, &f->lane[i], life_at(r, f->lane[i].life));
		execs_draw(f, &f->lane[i], life_at(r, f->lane[i].life));
	}
	for (u32 i = 0; i < r->order.len / sizeof(u32); i++)
		moment_draw(f, moment_at(r, ids[i]));
	for (u32 id = 1; id <= r->tenures.used; id++) {
		const struct tenure *t = tenure_at(r, id);

		if (!tenure_there(r, id) || bar_kind(t) != SEEN_PASS || !lane_of(f, t->got_from) ||
		    !lane_of(f, t->life) || t->got_from == t->life)
			continue;
		html_raw(f->h, "<g><title>passed over</title>");
		arrow(f, t->from, t->got_from, t->life, t->track);
	}
	for (u32 i = 0; i < f->lanes; i++)
		death_draw(f, &f->lane[i], life_at(r, f->lane[i].life));
	refusals_draw(f);
}
