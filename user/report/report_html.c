/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one HTML page: no script, nothing fetched, and a policy that says so to the
 * browser.
 */
#include <stdlib.h>
#include <string.h>

#include "report.css.h"
#include "report_html.h"

void html_raw(struct html *h, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die(EXIT_CANNOT, "out of memory");
	va_end(ap);
	buf_puts(&h->o->line, text);
	free(text);
}

void html_puts(struct html *h, const char *text)
{
	struct buf *b = &h->o->line;

	for (const char *s = text; *s; s++) {
		if (*s == '&')
			buf_puts(b, "&amp;");
		else if (*s == '<')
			buf_puts(b, "&lt;");
		else if (*s == '>')
			buf_puts(b, "&gt;");
		else if (*s == '"')
			buf_puts(b, "&quot;");
		else if (*s == '\'')
			buf_puts(b, "&#39;");
		else
			buf_add(b, s, 1);
	}
}

void html_say(struct html *h)
{
	html_puts(h, h->s.s ? h->s.s : "");
	buf_reset(&h->s);
}

void html_line(struct html *h)
{
	out_line(h->o);
}

void html_time(struct html *h, u64 ts, const char *none)
{
	u64 wall = model_wall(h->m, ts);
	struct buf when = {0};
	char exact[40];

	if (!wall) {
		html_puts(h, none);
		return;
	}
	time_rfc3339(exact, wall);
	html_raw(h, "<time datetime=\"%s\" title=\"%s\">", exact, exact);
	text_when(&when, h->m, ts);
	html_puts(h, when.s);
	html_raw(h, "</time>");
	buf_free(&when);
}

void html_markup(struct html *h, const char *markup)
{
	html_raw(h, "%s", markup);
	html_line(h);
}

void html_section(struct html *h, const char *id, const char *title)
{
	html_raw(h, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">", id, id, id);
	html_puts(h, title);
	html_markup(h, "</h2>");
}

/* ---- head ---- */

/* One word on how it ended, and how bad that is. */
static const char *badge(const struct html *h, const char **class)
{
	const struct report *r = h->r;
	struct match *list = NULL;
	const char *word = "free";
	u32 here;

	*class = "good";
	if (r->subject == ON_PORT) {
		matches_of(h->m, &r->query, &list, &here);
		for (u32 i = 0; i < here && i < 1; i++) {
			enum verdict v = verdict_of(h->m, list[i].sock);

			word = name_verdict(v);
			*class = verdict_row(v)->class;
		}
		free(list);
		return word;
	}
	for (u32 id = 1; r->subject == ON_PID && id <= r->lives.used; id++) {
		const struct life *l = life_at(r, id);

		if (!l->refs || !(l->roles & LIFE_TARGET))
			continue;
		*class = l->dead && !l->freed ? "bad" : "plain";
		return !l->dead ? "running" : l->freed ? "dead" : "zombie";
	}
	return NULL;
}

static void head(struct html *h)
{
	const char *class, *word = badge(h, &class);

	html_markup(h, "<!DOCTYPE html>");
	html_markup(h, "<html lang=\"en\"><head><meta charset=\"utf-8\">");
	html_markup(h, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">");
	html_markup(h, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
	html_markup(h, "<meta name=\"referrer\" content=\"no-referrer\">");
	html_markup(h, "<meta name=\"color-scheme\" content=\"light dark\">");
	html_raw(h, "<title>");
	say_title(&h->s, h->r);
	html_say(h);
	html_raw(h, "%s%s, report by probate</title><style>", word ? ": " : "", word ? word : "");
	html_line(h);
	buf_puts(&h->o->line, report_css);
	html_raw(h, "</style></head><body><a class=\"skip\" href=\"#main\">Skip to the answer</a>");
	html_line(h);
	html_raw(h, "<header><p class=\"kicker\">Post-mortem report</p><h1><span>");
	say_title(&h->s, h->r);
	if (h->s.s && *h->s.s >= 'a' && *h->s.s <= 'z' && h->r->subject != ON_PORT)
		*h->s.s -= 'a' - 'A';
	else if (h->s.s && !strncmp(h->s.s, "port ", 5))
		*h->s.s = 'P';
	html_say(h);
	html_raw(h, "</span>");
	if (word)
		html_raw(h, " <span class=\"badge %s\">%s</span>", class, word);
	html_markup(h, "</h1>");
}

static void facts(struct html *h)
{
	struct buf limits = {0};

	html_raw(h, "<p class=\"lead\">");
	say_stretch(&h->s, h->r, h->m);
	html_say(h);
	html_raw(h, " · ");
	say_events(&h->s, h->r);
	html_say(h);
	html_markup(h, "</p>");
	if (h->r->also_pid) {
		html_raw(h,
			 "<p>There was a process %u, too: <code>probate report pid %u</code> "
			 "tells of it.</p>",
			 h->r->pid, h->r->pid);
		html_line(h);
	}
	say_limits(&limits, h->r, h->m);
	for (char *s = limits.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
		*end = 0;
		if (!*s)
			continue;
		html_raw(h, "<p class=\"limit\">");
		html_puts(h, s);
		html_markup(h, "</p>");
	}
	buf_free(&limits);
	html_markup(h, "</header><main id=\"main\" tabindex=\"-1\">");
}

/* ---- the end ---- */

static const char *line_class(const char *s, size_t indent)
{
	if (!strncmp(s, "Verdict: ", 9))
		return "verdict";
	if (!strncmp(s, "Do: ", 4))
		return "do";
	return indent >= 6 ? "i6" : indent >= 4 ? "i4" : "i2";
}

static void state_line(struct html *h, const char *s)
{
	size_t indent = strspn(s, " "), n;
	const char *class = line_class(s + indent, indent);

	s += indent;
	if (!*s)
		return;
	html_raw(h, indent ? "<p class=\"%s\">" : "<h3>", class);
	n = *class == 'i' ? 0 : strcspn(s, ":") + 1;
	if (n)
		html_raw(h, "<strong>%.*s</strong>", (int)n, s);
	html_puts(h, s + n);
	html_markup(h, indent ? "</p>" : "</h3>");
}

/*
 * The lines `port` would print; their indentation says what belongs to what.  Of each socket the
 * verdict comes first, as that is what people look for.
 */
static void state(struct html *h)
{
	struct buf b = {0};
	char **lines;
	u32 n = 0, k;

	html_section(h, "end", "How it stood at the end");
	say_end_state(&b, h->r, h->m);
	lines = xcalloc(b.len + 1, sizeof(*lines));
	for (char *s = strtok(b.s, "\n"); s; s = strtok(NULL, "\n"))
		lines[n++] = s;
	for (u32 i = 0; i < n; i = k) {
		for (k = i + 1; k < n && *lines[k] == ' '; k++)
			;
		state_line(h, lines[i]);
		for (u32 pass = 0; pass < 2; pass++)
			for (u32 at = i + 1; at < k; at++) {
				size_t indent = strspn(lines[at], " ");

				if ((*line_class(lines[at] + indent, indent) == 'i') == pass)
					state_line(h, lines[at]);
			}
	}
	html_markup(h, "</section>");
	free(lines);
	buf_free(&b);
}

void report_html(struct out *o, const struct report *r, const struct model *m)
{
	struct html h = {.o = o, .r = r, .m = m};

	head(&h);
	facts(&h);
	state(&h);
	html_timeline(&h);
	html_sockets(&h);
	html_lists(&h);
	html_processes(&h);
	html_programs(&h);
	say_cuts(&h.s, r);
	if (h.s.len) {
		html_section(&h, "left-out", "Left out");
		html_raw(&h, "<p>");
		html_say(&h);
		html_markup(&h, "</p></section>");
	}
	html_markup(&h,
		    "</main><footer><p>Written by probate " PROBATE_VERSION
		    ". This page loads nothing and runs no script; times are local, the exact ones "
		    "(UTC) show when the pointer rests on them.</p></footer></body></html>");
	buf_free(&h.s);
}
