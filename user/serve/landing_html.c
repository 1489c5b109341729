/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTML of the landing page: escaping, tables that become stacked rows on a narrow
 * screen.
 *
 * Everything that processes chose (names, UNIX addresses) is made fit for a terminal first, which
 * takes control characters and broken UTF-8 away, and then escaped.
 */
#include <string.h>
#include <time.h>

#include "landing_priv.h"
#include "view.h"

#define WHOLE 28 /* columns of a text that may stay on one line */

void html_text(struct html *h, const char *safe)
{
	size_t n;

	for (const char *s = safe; *s; s += n) {
		n = strcspn(s, "<>&\"'");
		buf_add(h->out, s, n);
		if (s[n])
			buf_printf(h->out, "&#%d;", s[n++]);
	}
}

void html_word(struct html *h)
{
	html_text(h, h->word.s ? h->word.s : "");
	buf_reset(&h->word);
}

/* ---- tables ---------------------------------------------------------------------------------- */

void table_begin(struct html *h, const char *const *heads)
{
	h->heads = heads;
	h->rows = 0;
	h->tables++;
}

bool row_begin(struct html *h)
{
	if (h->rows == ROWS_MAX || h->out->len > TABLES_MAX - (TABLES - h->tables) * RESERVE)
		return false;
	if (!h->rows++) {
		buf_puts(h->out, "<table><thead><tr>");
		for (u32 i = 0; h->heads[i]; i++)
			buf_printf(h->out, "<th>%s", h->heads[i]);
		buf_puts(h->out, "</thead><tbody>\n");
	}
	h->col = 0;
	buf_puts(h->out, "<tr>");
	return true;
}

void row_end(struct html *h)
{
	buf_puts(h->out, "</tr>\n");
}

void table_end(struct html *h, u32 total)
{
	if (h->rows)
		buf_puts(h->out, "</tbody></table>\n");
	if (total > h->rows)
		buf_printf(h->out, "<p>And %u more.</p>\n", total - h->rows);
}

void cell_begin(struct html *h)
{
	buf_printf(h->out, "<td data-l=\"%s\">", h->heads[h->col++]);
}

void cell_end(struct html *h)
{
	buf_puts(h->out, "</td>");
}

/* ---- what must not be torn ------------------------------------------------------------------- */

/* The word up to its last `c` may be torn when it is long, the rest never. */
static void word_whole(struct html *h, char c)
{
	char *end = h->word.s ? strrchr(h->word.s, c) : NULL;
	char tail[32];

	if (end && text_width(h->word.s, h->word.len) > WHOLE && strlen(end) < sizeof(tail)) {
		strcpy(tail, end);
		*end = 0;
		html_word(h);
		buf_puts(h->out, "<wbr><span class=n>");
		html_text(h, tail);
		buf_puts(h->out, "</span>");
		return;
	}
	buf_puts(h->out, "<span class=n>");
	html_word(h);
	buf_puts(h->out, "</span>");
}

void html_ep(struct html *h, const struct ep *ep)
{
	char s[64];

	ep_text(s, ep);
	buf_puts(&h->word, s);
	word_whole(h, ':');
}

void html_proc(struct html *h, const struct model *m, u32 proc)
{
	text_proc(&h->word, m, proc);
	word_whole(h, '[');
}

void html_place(struct html *h, const struct model *m, const struct proc *p)
{
	const char *path = p ? cgroup_path(m, p->cgroup) : NULL, *name;
	char box[32];
	size_t n = 0;

	name = p ? proc_container(m, p, box) : NULL;
	if (name) {
		buf_puts(&h->word, "container ");
		n = strlen(name);
	} else {
		name = path ? cgroup_unit(path, &n) : NULL;
	}
	if (!name)
		return;
	buf_add_safe(&h->word, name, n, 64);
	buf_puts(h->out, "<small>");
	html_word(h);
	buf_puts(h->out, "</small>");
}

void html_moment(struct html *h, u64 wall, u64 now)
{
	time_t t = (time_t)(wall / NS_PER_S), n = (time_t)(now / NS_PER_S);
	struct tm at, today;
	char s[64] = "an unknown time";
	const char *format = "%Y-%m-%d %H:%M:%S %z (%Z)";

	if (wall && localtime_r(&t, &at)) {
		if (now && localtime_r(&n, &today))
			format = at.tm_year == today.tm_year && at.tm_yday == today.tm_yday
					 ? "%H:%M:%S"
					 : "%Y-%m-%d %H:%M:%S";
		strftime(s, sizeof(s), format, &at);
	}
	html_text(h, s);
}

void html_since(struct html *h, const struct landing *l, u64 ts)
{
	u64 ns = l->now > ts ? l->now - ts : 0;
	char span[24] = "under 1 s";

	if (!ts) {
		buf_puts(h->out, "longer than it is watched");
		return;
	}
	if (ns >= NS_PER_S)
		time_span(span, ns);
	buf_printf(h->out, "<span class=n>%s</span><small>since <span class=n>", span);
	html_moment(h, model_wall(l->m, ts), model_wall(l->m, l->now));
	buf_puts(h->out, "</span></small>");
}
