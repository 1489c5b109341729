/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The landing page: what is leaked and who does not reap, now, with what to do.
 *
 * One page complete in itself, without a script.  Everything in it that processes chose (names,
 * UNIX addresses) is made fit for a terminal first, which takes control characters and broken
 * UTF-8 away, and then escaped for HTML.
 */
#include <stdlib.h>

#include "landing.h"
#include "view.h"

#define ROWS_MAX 100 /* of a table: a page, not a dump */

static const char style[] =
	"body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;"
	"color:#1b1b1b;background:#fff}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;vertical-align:top;padding:.3em .8em .3em 0;"
	"border-bottom:1px solid #ccc;overflow-wrap:anywhere}"
	"code{font-size:.95em}a{color:#0b57d0}"
	"@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}"
	"th,td{border-color:#444}a{color:#8ab4f8}}";

struct page_of {
	struct buf *out;
	struct buf word; /* one text on its way */
	u32 rows, more;
};

static void add_escaped(struct buf *to, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			buf_puts(to, "&lt;");
			break;
		case '>':
			buf_puts(to, "&gt;");
			break;
		case '&':
			buf_puts(to, "&amp;");
			break;
		case '"':
			buf_puts(to, "&quot;");
			break;
		default:
			buf_add(to, s, 1);
		}
	}
}

/* A cell of what was written into p->word. */
static void cell(struct page_of *p)
{
	buf_puts(p->out, "<td>");
	add_escaped(p->out, p->word.s ? p->word.s : "");
	buf_puts(p->out, "</td>");
	buf_reset(&p->word);
}

static bool row_fits(struct page_of *p)
{
	if (p->rows == ROWS_MAX) {
		p->more++;
		return false;
	}
	p->rows++;
	return true;
}

static void table_begin(struct page_of *p, const char *title, const char *heads)
{
	p->rows = p->more = 0;
	buf_printf(p->out, "<h2>%s</h2>\n<table><thead><tr>%s</tr></thead><tbody>\n", title, heads);
}

static void table_end(struct page_of *p, const char *none)
{
	buf_puts(p->out, "</tbody></table>\n");
	if (p->more)
		buf_printf(p->out, "<p>And %u more.</p>\n", p->more);
	else if (!p->rows)
		buf_printf(p->out, "<p>%s</p>\n", none);
}

/* ---- leaked ports ---- */

static void holders_words(struct buf *b, const struct model *m, const struct sock *s)
{
	struct holder *list;
	u32 n = holders_of(m, s, &list);

	for (u32 i = 0; i < n && i < 5; i++) {
		buf_puts(b, i ? ", " : "");
		text_proc(b, m, list[i].proc);
	}
	if (n > 5)
		buf_printf(b, " and %u more", n - 5);
	free(list);
}

static void leak_row(struct page_of *p, const struct model *m, const struct sock *s)
{
	struct answer a;

	if (!row_fits(p))
		return;
	verdict_sock(m, s, &a);
	buf_puts(p->out, "<tr>");
	text_sock(&p->word, m, s);
	cell(p);
	holders_words(&p->word, m, s);
	cell(p);
	buf_printf(&p->word, "%s%s %s", a.certain ? "" : "(not certain) ", a.why.s ? a.why.s : "",
		   a.action.s ? a.action.s : "");
	cell(p);
	buf_puts(p->out, "</tr>\n");
	answer_free(&a);
}

static void leaks_table(struct page_of *p, const struct model *m)
{
	table_begin(p, "Leaked ports", "<th>socket<th>held by<th>why, and what to do");
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		const struct sock *s = sock_at(m, id);

		if (sock_is_offer(s) && verdict_of(m, s) == VERDICT_LEAKED)
			leak_row(p, m, s);
	}
	table_end(p, "None.");
}

/* ---- zombies ---- */

/* One row a parent and what to do about the first of its zombies. */
static void parent_row(struct page_of *p, const struct model *m, u32 id, u32 count,
		       const struct proc *zombie)
{
	struct buf action = {};
	enum reason reason = verdict_zombie(m, zombie, &action);

	if (row_fits(p)) {
		buf_puts(p->out, "<tr>");
		text_proc(&p->word, m, id);
		cell(p);
		buf_printf(&p->word, "%u", count);
		cell(p);
		buf_puts(&p->word, name_reason(reason));
		cell(p);
		buf_puts(&p->word, action.s ? action.s : "");
		cell(p);
		buf_puts(p->out, "</tr>\n");
	}
	buf_free(&action);
}

static void parent_rows(struct page_of *p, const struct model *m, u32 parent)
{
	const struct proc *first = NULL;
	u32 count = 0, id = parent ? proc_at(m, parent)->child : 0;

	for (; id; id = proc_at(m, id)->next)
		if (proc_at(m, id)->state == PROC_ZOMBIE && !count++)
			first = proc_at(m, id);
	if (count)
		parent_row(p, m, parent, count, first);
}

static void zombies_table(struct page_of *p, const struct model *m)
{
	table_begin(p, "Zombies", "<th>parent<th>zombies<th>reason<th>what to do");
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *proc = proc_at(m, id);

		if (proc->zombies)
			parent_rows(p, m, id);
		else if (proc->state == PROC_ZOMBIE && !proc->parent)
			parent_row(p, m, 0, 1, proc);
	}
	table_end(p, "None.");
}

void landing_render(const struct model *m, const char *metrics, struct buf *out)
{
	struct page_of p = {.out = out};

	buf_printf(out,
		   "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		   "<meta name=\"viewport\" content=\"width=device-width\">"
		   "<title>probate</title><style>%s</style></head><body>\n"
		   "<h1>probate</h1>\n<p>Who holds which port, and who does not reap. "
		   "<a href=\"",
		   style);
	add_escaped(out, metrics);
	buf_puts(out, "\">Metrics</a></p>\n");
	leaks_table(&p, m);
	zombies_table(&p, m);
	buf_puts(out, "<p><code>probate port N</code>, <code>probate zombies</code> tell more."
		      "</p></body></html>\n");
	buf_free(&p.word);
}
