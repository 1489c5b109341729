/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists of the HTML form of a report: sockets with their stories, processes, and the rest. */
#include <stdlib.h>
#include <string.h>

#include "report_html.h"

#define OPEN_MAX  4  /* sockets whose story is unfolded */
#define STORY_MAX 60 /* lines of one socket's story: the first and the last ones */
#define ROWS_MAX  100

/* ---- sockets ---- */

static void story(struct html *h, u32 track)
{
	struct happen *v;
	u32 n = story_of(h->r, track, &v);

	html_raw(h, "<ol class=\"story\">");
	for (u32 i = 0; i < n; i++) {
		if (n > STORY_MAX && i == STORY_MAX / 2) {
			html_raw(h, "<li class=\"more\">%u more things happened here</li>",
				 n - STORY_MAX);
			i = n - STORY_MAX / 2;
		}
		html_raw(h, "<li class=\"k-%s\">", happen_name(v[i].kind));
		html_time(h, v[i].ts, "earlier");
		html_raw(h, " <span>");
		say_happen(&h->s, h->r, h->m, track, &v[i]);
		html_say(h);
		html_markup(h, "</span></li>");
	}
	html_markup(h, "</ol>");
	free(v);
}

static void table_begin(struct html *h, const char *class, const char *caption,
			const char *const *heads, u32 n)
{
	html_raw(h,
		 "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table "
		 "class=\"%s\"><caption>%s</caption><thead><tr>",
		 caption, class, caption);
	for (u32 i = 0; i < n; i++)
		html_raw(h, "<th scope=\"col\">%s</th>", heads[i]);
	html_markup(h, "</tr></thead><tbody>");
}

static void holders(struct html *h, u32 track)
{
	static const char *const heads[] = {"Held by",	   "From", "Until",
					    "How it came", "Used", "How it ended"};
	u32 *ids, n = tenures_of(h->r, track, &ids), shown = n > ROWS_MAX ? ROWS_MAX : n;
	u32 left = n - shown + track_at(h->r, track)->briefly;

	if (n)
		table_begin(h, "words", "Who held it, and when", heads, ARRAY_SIZE(heads));
	for (u32 i = 0; i < shown; i++) {
		const struct tenure *t = tenure_at(h->r, ids[i]);

		html_raw(h, "<tr><th scope=\"row\">");
		say_life(&h->s, h->r, t->life, t->to ? t->to : h->r->to);
		html_say(h);
		html_raw(h, "</th><td>");
		html_time(h, t->from, "earlier");
		html_raw(h, "</td><td>");
		html_time(h, t->to, "the end");
		html_raw(h, "</td><td>");
		say_via(&h->s, h->r, t);
		html_say(h);
		html_raw(h, "</td><td>%s</td><td>%s</td></tr>", say_used(t), say_end(t));
		html_line(h);
	}
	if (n)
		html_markup(h, "</tbody></table></div>");
	if (left)
		html_raw(h, "<p class=\"more\">%u more held it for a short time.</p>", left);
	free(ids);
}

void html_sockets(struct html *h)
{
	u32 *ids, n = tracks_sorted(h->r, &ids);

	if (n)
		html_section(h, "sockets",
			     h->r->subject == ON_PORT  ? "Sockets that had it, and what happened"
			     : h->r->subject == ON_PID ? "Sockets it held, and what happened"
						       : "Sockets that changed hands");
	for (u32 i = 0; i < n; i++) {
		html_raw(h, "<details%s><summary>", n <= OPEN_MAX || i + 2 >= n ? " open" : "");
		say_track_line(&h->s, h->r, h->m, track_at(h->r, ids[i]));
		html_say(h);
		html_markup(h, "</summary>");
		story(h, ids[i]);
		holders(h, ids[i]);
		html_markup(h, "</details>");
	}
	if (n)
		html_markup(h, "</section>");
	free(ids);
}

/* ---- processes ---- */

void html_processes(struct html *h)
{
	u32 *ids, n = lives_sorted(h->r, &ids), shown = n > ROWS_MAX ? ROWS_MAX : n;

	if (n)
		html_section(h, "processes", "Processes");
	if (n)
		html_markup(h, "<ul class=\"tree\">");
	for (u32 i = 0; i < shown; i++) {
		u32 depth = life_depth(h->r, ids[i]);

		html_raw(h, "<li class=\"d%u\"><strong>", depth > 8 ? 8 : depth);
		say_life(&h->s, h->r, ids[i], ~0ull);
		html_say(h);
		html_raw(h, "</strong> ");
		say_life_line(&h->s, h->r, h->m, ids[i]);
		html_say(h);
		html_markup(h, "</li>");
	}
	if (n > shown)
		html_raw(h, "<li class=\"more\">and %u more</li>", n - shown);
	if (n)
		html_markup(h, "</ul></section>");
	free(ids);
}

/* ---- lists ---- */

static void item(struct html *h, u64 ts)
{
	html_raw(h, "<li>");
	if (ts) {
		html_time(h, ts, "");
		html_raw(h, " ");
	}
	html_raw(h, "<span>");
	html_say(h);
	html_markup(h, "</span></li>");
}

static void list_begin(struct html *h, const char *id, const char *title)
{
	html_section(h, id, title);
	html_markup(h, "<ul class=\"story\">");
}

static void list_end(struct html *h)
{
	html_markup(h, "</ul></section>");
}

void html_lists(struct html *h)
{
	const struct report *r = h->r;

	if (r->handovers)
		list_begin(h, "transfers", "Transfers");
	for (u32 i = 0; i < r->handovers; i++) {
		say_handover(&h->s, &r->handover[i]);
		item(h, r->handover[i].ts);
	}
	if (r->handovers)
		list_end(h);
	if (r->refusals)
		list_begin(h, "refused", "Refused");
	for (u32 i = 0; i < r->refusals; i++) {
		say_refusal(&h->s, h->m, &r->refusal[i]);
		item(h, r->refusal[i].from);
	}
	if (r->refusals)
		list_end(h);
	if (r->crops)
		list_begin(h, "zombies", "Zombies");
	for (u32 i = 0; i < r->crops; i++) {
		say_crop(&h->s, &r->crop[i]);
		item(h, 0);
	}
	if (r->crops)
		list_end(h);
	if (r->gaps)
		list_begin(h, "losses", "Losses");
	for (u32 i = 0; i < r->gaps; i++) {
		say_gap(&h->s, h->m, &r->gap[i]);
		item(h, r->gap[i].ts);
	}
	if (r->gaps)
		list_end(h);
}

void html_programs(struct html *h)
{
	static const char *const heads[] = {"Program", "Events",  "Forks",
					    "Execs",   "Sockets", "Connections"};

	if (!h->r->programs)
		return;
	html_section(h, "busiest", "Busiest programs");
	table_begin(h, "numbers", "Events by name of program, roughly", heads, ARRAY_SIZE(heads));
	for (u32 i = 0; i < h->r->programs; i++) {
		const struct program *p = &h->r->program[i];
		const u64 v[] = {p->events, p->forks, p->execs, p->sockets, p->conns};

		html_raw(h, "<tr><th scope=\"row\">");
		buf_add_safe(&h->s, p->comm, strlen(p->comm), 0);
		html_say(h);
		html_raw(h, "</th>");
		for (u32 k = 0; k < ARRAY_SIZE(v); k++)
			html_raw(h, "<td>%llu</td>", (unsigned long long)v[k]);
		html_markup(h, "</tr>");
	}
	html_markup(h, "</tbody></table></div></section>");
}
