/* SPDX-License-Identifier: BSD-2-Clause */
/* Zombies of the landing page: a row for each parent and reason, the most of them first. */
#include <stdlib.h>

#include "landing_priv.h"
#include "view.h"

/* Those of one parent for one reason. */
struct group {
	const struct dead *dead;
	u32 n;
	u64 oldest; /* 0: of one it is not known */
};

void deads_add(struct deads *list, const struct model *m, const struct proc *p, enum reason reason)
{
	if (list->n == list->cap)
		list->v = xrealloc(list->v,
				   (list->cap = list->cap ? list->cap * 2 : 64) * sizeof(*list->v));
	list->v[list->n++] = dead_make(m, p, reason);
}

static int group_cmp(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return dead_cmp(x->dead, y->dead);
}

static u64 died(const struct model *m, const struct dead *d)
{
	return d->proc->death ? death_at(m, d->proc->death)->ts : 0;
}

static u32 groups_of(const struct model *m, struct deads *list, struct group **out)
{
	struct group *g = xcalloc(list->n + 1, sizeof(*g));
	u32 n = 0;

	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), dead_cmp);
	for (u32 i = 0; i < list->n; i++) {
		const struct dead *d = &list->v[i], *of = n ? g[n - 1].dead : NULL;

		if (!of || of->parent != d->parent || of->reason != d->reason)
			g[n++] = (struct group){.dead = d, .oldest = died(m, d)};
		g[n - 1].n++;
		if (died(m, d) < g[n - 1].oldest)
			g[n - 1].oldest = died(m, d);
	}
	if (n)
		qsort(g, n, sizeof(*g), group_cmp);
	*out = g;
	return n;
}

static void advice_cell(struct html *h, const struct model *m, const struct group *g, bool open)
{
	cell_begin(h);
	buf_printf(h->out, "<details%s><summary>", open ? " open" : "");
	buf_puts(h->out, reason_brief(g->dead->reason));
	if (g->dead->reason == REASON_PARENT_STOPPED && g->dead->ppid)
		buf_printf(h->out, ": <code>kill -CONT %u</code>", g->dead->ppid);
	buf_puts(h->out, "</summary>");
	advise_zombie(m, g->dead->proc, &h->word);
	html_word(h);
	buf_puts(h->out, "</details>");
	cell_end(h);
}

/* Names of the first few: "sh[101], sh[102] and 16 more". */
static void dead_cell(struct html *h, const struct model *m, const struct group *g)
{
	u32 shown = g->n <= NAMES_MAX ? g->n : 2;

	cell_begin(h);
	buf_printf(h->out, "<b>%u</b><small>", g->n);
	for (u32 i = 0; i < shown; i++) {
		buf_puts(h->out, i ? ", " : "");
		html_proc(h, m, g->dead[i].proc->id);
	}
	if (g->n > shown)
		buf_printf(h->out, " and %u more", g->n - shown);
	buf_puts(h->out, "</small>");
	cell_end(h);
}

static void group_row(struct html *h, const struct landing *l, const struct group *g, bool open)
{
	cell_begin(h);
	html_proc(h, l->m, g->dead->parent);
	html_place(h, l->m, proc_at(l->m, g->dead->parent));
	cell_end(h);
	dead_cell(h, l->m, g);
	cell_begin(h);
	buf_printf(h->out, "<span class=n>%s</span>", name_reason(g->dead->reason));
	cell_end(h);
	cell_begin(h);
	html_since(h, l, g->oldest);
	cell_end(h);
	advice_cell(h, l->m, g, open);
}

void zombies_table(struct html *h, const struct landing *l, struct deads *list)
{
	static const char *const heads[] = {"Parent", "Zombies",    "Reason",
					    "Oldest", "What to do", NULL};
	struct group *g;
	u32 n = groups_of(l->m, list, &g);

	table_begin(h, heads);
	for (u32 i = 0; i < n && row_begin(h); i++) {
		group_row(h, l, &g[i], n <= FEW_GROUPS);
		row_end(h);
	}
	table_end(h, n);
	free(g);
}
