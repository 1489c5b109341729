/* SPDX-License-Identifier: BSD-2-Clause */
/* The timeline of a report: a lane a process, a bar for each stretch in which it held a socket. */
#include <string.h>

#include "report_figure.h"

void title_begin(struct figure *f)
{
	html_raw(f->h, "<g><title>");
}

static void axis_draw(struct figure *f)
{
	struct html *h = f->h;
	double reach = 0;

	for (u32 i = 0; i < f->keys; i++) {
		bool last = i == f->keys - 1;

		html_raw(h, "<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>",
			 f->x[i], f->x[i], TOP - 8, f->height - 6);
		if (f->x[i] < reach && !last)
			continue;
		if (!last && f->x[f->keys - 1] - f->x[i] < 96)
			continue;
		html_raw(h, "<text class=\"t\" x=\"%.1f\" y=\"%d\">", f->x[i], TOP - 14);
		text_when(&h->s, h->m, f->key[i]);
		html_say(h);
		html_raw(h, "</text>");
		reach = f->x[i] + 96;
	}
	html_line(h);
}

static void gaps_draw(struct figure *f)
{
	struct html *h = f->h;

	for (u32 i = 0; i < h->r->gaps; i++) {
		const struct gap *g = &h->r->gap[i];
		char label[40] = "not watched";
		double a = x_of(f, g->ts), b = g->repaired ? x_of(f, g->repaired) : f->width - 60;

		f->seen |= 1u << SEEN_LOSS;
		if (g->damaged)
			snprintf(label, sizeof(label), "damaged");
		else if (!g->unwatched)
			snprintf(label, sizeof(label), "%llu lost", (unsigned long long)g->count);
		title_begin(f);
		say_gap(&h->s, h->m, g);
		html_say(h);
		html_raw(h,
			 "</title><rect class=\"loss\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
			 "height=\"%.1f\"/><text class=\"s\" x=\"%.1f\" y=\"%.1f\">%s</text>"
			 "</g>",
			 a, TOP - 6, b - a > 6 ? b - a : 6, f->height - TOP, a + 4, f->height - 9,
			 label);
		html_line(h);
	}
}

static void name_draw(struct figure *f, struct lane *l)
{
	struct html *h = f->h;
	struct buf b = {0};

	title_begin(f);
	say_life(&h->s, h->r, l->life, ~0ull);
	buf_add(&b, h->s.s, h->s.len);
	buf_puts(&h->s, ": ");
	say_life_line(&h->s, h->r, h->m, l->life);
	html_say(h);
	html_raw(h, "</title><text class=\"name\" x=\"10\" y=\"%.1f\">", l->y + BAR_TOP + BAR - 2);
	buf_add_safe(&h->s, b.s, b.len, 24);
	html_say(h);
	html_raw(h, "</text></g>");
	html_line(h);
	buf_free(&b);
}

static void life_draw(struct figure *f, struct lane *l)
{
	const struct life *life = life_at(f->h->r, l->life);
	double a = x_of(f, life->start), b = x_of(f, life->exited ? life->exited : f->h->r->to);
	double y = l->y + BAR_TOP + BAR / 2.0;
	struct lane *up = lane_of(f, life->birth);

	if (up && life->start >= f->key[0])
		html_raw(f->h,
			 "<line class=\"born\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
			 a, a, up->y + BAR_TOP + BAR / 2.0, y);
	html_raw(f->h, "<line class=\"life\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", a,
		 life->dead ? b : b + 14, y, y);
	html_line(f->h);
}

static void bar_draw(struct figure *f, u32 id)
{
	static const char *const classes[] = {"made", "fork", "pass", "scan"};
	struct html *h = f->h;
	const struct tenure *t = tenure_at(h->r, id);
	struct lane *l = lane_of(f, t->life);
	double a = x_of(f, t->from), b = x_of(f, t->to ? t->to : h->r->to), y;

	if (!l)
		return;
	f->seen |= 1u << bar_kind(t);
	y = row_y(l, f->row[id]);
	b += t->to ? 0 : 14; /* beyond the last instant: it goes on */
	title_begin(f);
	say_life(&h->s, h->r, t->life, t->to ? t->to : h->r->to);
	buf_puts(&h->s, " held ");
	say_track(&h->s, track_at(h->r, t->track));
	buf_puts(&h->s, " from ");
	if (t->from)
		text_when(&h->s, h->m, t->from);
	else
		buf_puts(&h->s, "earlier on");
	buf_puts(&h->s, " until ");
	if (t->to)
		text_when(&h->s, h->m, t->to);
	else
		buf_puts(&h->s, "the end");
	buf_puts(&h->s, "; ");
	say_via(&h->s, h->r, t);
	html_say(h);
	html_raw(h,
		 "</title><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
		 "rx=\"3\"/>",
		 classes[bar_kind(t)], a, y, b - a > 3 ? b - a : 3, BAR);
	say_track(&h->s, track_at(h->r, t->track));
	if (h->s.len * CHAR < b - a - 24) { /* away from the end that the marks are at */
		html_raw(h, "<text class=\"onbar%s\" x=\"%.1f\" y=\"%.1f\">",
			 bar_kind(t) == SEEN_MADE ? "" : " late",
			 bar_kind(t) == SEEN_MADE ? a + 5 : b - 10, y + BAR - 3);
		html_say(h);
		html_raw(h, "</text>");
	}
	buf_reset(&h->s);
	html_raw(h, "</g>");
	html_line(h);
}

static void lanes_draw(struct figure *f)
{
	struct html *h = f->h;

	for (u32 i = 0; i < f->lanes; i++)
		if (i % 2 == 0)
			html_raw(h,
				 "<rect class=\"row\" x=\"0\" y=\"%.1f\" width=\"%.1f\" "
				 "height=\"%.1f\"/>",
				 f->lane[i].y, f->width,
				 (i + 1 < f->lanes ? f->lane[i + 1].y : f->height - 8) -
					 f->lane[i].y);
	axis_draw(f);
	gaps_draw(f);
	for (u32 i = 0; i < f->lanes; i++) {
		name_draw(f, &f->lane[i]);
		life_draw(f, &f->lane[i]);
	}
}

/* ---- the figure ---- */

static void svg(struct figure *f)
{
	struct html *h = f->h;

	html_raw(h,
		 "<svg width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"group\" "
		 "aria-label=\"Timeline of processes and of what they held\">",
		 f->width, f->height, f->width, f->height);
	html_raw(h,
		 "<defs><pattern id=\"stripes\" width=\"7\" height=\"7\" "
		 "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
		 "<line class=\"stripe\" x1=\"0\" x2=\"0\" y1=\"0\" y2=\"7\"/></pattern>"
		 "<marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
		 "markerHeight=\"7\" orient=\"auto\"><path class=\"head\" d=\"M0 0l8 4-8 4z\"/>"
		 "</marker></defs>");
	html_line(h);
	lanes_draw(f);
	for (u32 id = 1; id <= h->r->tenures.used; id++)
		if (tenure_there(h->r, id))
			bar_draw(f, id);
	marks_draw(f);
	html_raw(h, "</svg>");
	html_line(h);
}

static void legend(const struct figure *f)
{
	static const char *const rows[SEEN_MAX][2] = {
		[SEEN_MADE] = {"<rect class=\"made\" width=\"22\" height=\"12\" rx=\"3\"/>",
			       "held by its maker"},
		[SEEN_FORK] = {"<rect class=\"fork\" width=\"22\" height=\"12\" rx=\"3\"/>",
			       "inherited by fork"},
		[SEEN_PASS] = {"<rect class=\"pass\" width=\"22\" height=\"12\" rx=\"3\"/>",
			       "handed over"},
		[SEEN_SCAN] = {"<rect class=\"scan\" width=\"22\" height=\"12\" rx=\"3\"/>",
			       "was there already"},
		[SEEN_ZOMBIE] = {"<rect class=\"zombie\" width=\"22\" height=\"12\"/>", "zombie"},
		[SEEN_END] = {"<path class=\"cross\" d=\"M6 1l10 10m0-10l-10 10\"/>",
			      "end of the process"},
		[SEEN_EXEC] = {"<path class=\"exec\" d=\"M11 9l4 -6h-8z\"/>", "executed a program"},
		[SEEN_LEAK] = {"<path class=\"leak\" d=\"M11 0l6 6-6 6-6-6z\"/>",
			       "leaked from here on"},
		[SEEN_MOVE] = {"<path class=\"move\" marker-end=\"url(#head)\" d=\"M1 6h19\"/>",
			       "passed to another process"},
		[SEEN_REFUSED] = {"<path class=\"leak\" d=\"M11 0l6 11h-12z\"/>",
				  "tried to bind it, in vain"},
		[SEEN_LOSS] = {"<rect class=\"loss\" width=\"22\" height=\"12\"/>",
			       "events were lost"},
	};

	html_raw(f->h, "<ul class=\"legend\" aria-label=\"Legend\">");
	for (u32 i = 0; i < SEEN_MAX; i++)
		if (f->seen >> i & 1)
			html_raw(f->h,
				 "<li><svg width=\"22\" height=\"12\" aria-hidden=\"true\">%s"
				 "</svg>%s</li>",
				 rows[i][0], rows[i][1]);
	html_raw(f->h, "</ul>");
	html_line(f->h);
}

void html_timeline(struct html *h)
{
	struct figure f = {.h = h};

	if (!figure_make(&f)) {
		figure_free(&f);
		return;
	}
	html_raw(h, "<section id=\"timeline\" aria-labelledby=\"h-timeline\"><h2 id=\"h-timeline\">"
		    "Timeline</h2><figure><div class=\"timeline\" tabindex=\"0\" role=\"region\" "
		    "aria-label=\"Timeline, scrolls sideways\">");
	svg(&f);
	html_raw(h, "</div>");
	legend(&f);
	html_raw(h,
		 "<figcaption>A lane a process, a bar for each stretch in which it held a socket. "
		 "Where much happens in little time the axis is stretched, so lengths are no "
		 "measure of time.");
	if (f.left_out)
		html_raw(h, " %u more processes have no lane here.", f.left_out);
	html_raw(h, "</figcaption></figure></section>");
	html_line(h);
	figure_free(&f);
}
