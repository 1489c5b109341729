/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns for people: as wide as needed, shrunk from the widest when the terminal is narrower. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

#define GAP	2
#define MIN_CUT 3 /* "..." */

void table_init(struct table *t, const struct column *cols, u32 ncols)
{
	*t = (struct table){.cols = cols, .ncols = ncols};
}

/* Rows are counted in cells until they are printed: nrows is the number of cells so far. */
void table_cell(struct table *t, enum tint tint, const char *fmt, ...)
{
	char byte = (char)tint, *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die(EXIT_CANNOT, "out of memory");
	va_end(ap);
	buf_add(&t->cells, &byte, 1);
	buf_add(&t->cells, text, strlen(text) + 1);
	t->nrows++;
	free(text);
}

static const char *cell_next(const char *cell)
{
	return cell + 1 + strlen(cell + 1) + 1;
}

static u32 least_width(const struct column *c)
{
	return c->min > MIN_CUT ? c->min : MIN_CUT;
}

static void shrink(const struct table *t, u32 *width, u32 limit)
{
	u32 total = GAP * (t->ncols - 1);

	for (u32 i = 0; i < t->ncols; i++)
		total += width[i];
	while (total > limit) {
		u32 widest = t->ncols;

		for (u32 i = 0; i < t->ncols; i++)
			if (width[i] > least_width(&t->cols[i]) &&
			    (widest == t->ncols || width[i] >= width[widest]))
				widest = i;
		if (widest == t->ncols)
			return;
		width[widest]--;
		total--;
	}
}

static void measure(const struct table *t, u32 *width, const struct out *o)
{
	const char *cell = t->cells.s;

	for (u32 i = 0; i < t->ncols; i++)
		width[i] = text_width(t->cols[i].head, strlen(t->cols[i].head));
	for (u32 i = 0; i < t->nrows; i++, cell = cell_next(cell)) {
		u32 w = text_width(cell + 1, strlen(cell + 1));

		if (w > width[i % t->ncols])
			width[i % t->ncols] = w;
	}
	if (o->fit)
		shrink(t, width, o->width);
}

/* One cell, padded; the last of a row is not, unless it is aligned right. */
static void add_cell(struct out *o, const struct column *c, u32 width, bool last, enum tint tint,
		     const char *text)
{
	struct buf cut = {};
	u32 pad;

	buf_add_safe(&cut, text, strlen(text), width);
	pad = width - text_width(cut.s, cut.len);
	if (c->right)
		buf_printf(&o->line, "%*s", (int)pad, "");
	if (tint != TINT_NONE)
		buf_puts(&o->line, out_tint(o, tint));
	buf_add(&o->line, cut.s, cut.len);
	if (tint != TINT_NONE)
		buf_puts(&o->line, out_tint(o, TINT_NONE));
	if (!last)
		buf_printf(&o->line, "%*s", (int)(c->right ? GAP : pad + GAP), "");
	buf_free(&cut);
}

void table_print(struct table *t, struct out *o)
{
	const char *cell = t->cells.s;
	u32 *width;

	assert(t->nrows % t->ncols == 0);
	if (!t->nrows)
		return;
	width = xcalloc(t->ncols, sizeof(*width));
	measure(t, width, o);
	buf_reset(&o->line);
	for (u32 i = 0; i < t->ncols; i++)
		add_cell(o, &t->cols[i], width[i], i + 1 == t->ncols, TINT_BOLD, t->cols[i].head);
	out_line(o);
	for (u32 i = 0; i < t->nrows; i++, cell = cell_next(cell)) {
		u32 at = i % t->ncols;

		add_cell(o, &t->cols[at], width[at], at + 1 == t->ncols, (enum tint) * cell,
			 cell + 1);
		if (at + 1 == t->ncols)
			out_line(o);
	}
	free(width);
	buf_free(&t->cells);
	t->nrows = 0;
}
