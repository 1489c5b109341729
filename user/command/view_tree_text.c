/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree in text.
 *
 * Two things keep it readable at any size: leaves of one parent that look the same become one line
 * ("worker x8"), and below a depth that fits the screen the indentation stops growing and says how
 * many levels it left out ("...+37").
 */
#include <stdlib.h>
#include <string.h>

#include "view_tree.h"

#define LEVELS_SHOWN  12 /* levels of indentation drawn on 80 columns */
#define LISTENS_SHOWN 3	 /* listening sockets named on a line */

/* ":80" for a wildcard, the address else. */
static void listen_text(struct buf *b, const struct model *m, const struct sock *s)
{
	if (s->local.port && sock_is_wild(&s->local))
		buf_printf(b, "%s :%u", name_proto(s->proto), s->local.port);
	else
		text_sock(b, m, s);
}

/* "listens tcp :80, udp :53", each name once: IPv4 and IPv6 of one port look the same. */
static void sockets_text(struct buf *b, const struct model *m, const struct proc *p)
{
	struct buf name[LISTENS_SHOWN] = {0}, one = {0};
	u32 n = 0, more = 0, known = 0;

	for (const struct tabref *r = tabref_at(m, p->tabrefs); r; r = tabref_at(m, r->proc_next)) {
		const struct hold *h = hold_at(m, fdtab_at(m, r->fdtab)->holds);

		for (; h; h = hold_at(m, h->tab_next)) {
			const struct sock *s = sock_at(m, h->sock);

			if (!sock_is_offer(s))
				continue;
			known++;
			buf_reset(&one);
			listen_text(&one, m, s);
			u32 k = 0;
			while (k < n && strcmp(name[k].s, one.s))
				k++;
			if (k < n)
				continue;
			if (n < LISTENS_SHOWN)
				buf_puts(&name[n++], one.s);
			else
				more++;
		}
	}
	for (u32 i = 0; i < n; i++) {
		buf_printf(b, "%s%s", i ? ", " : "  listens ", name[i].s);
		buf_free(&name[i]);
	}
	if (more)
		buf_printf(b, " +%u", more);
	if (sockets_count(m, p) > known)
		buf_printf(b, "%s%u socket%s", n ? " and " : "  ", sockets_count(m, p) - known,
			   sockets_count(m, p) - known == 1 ? "" : "s");
	buf_free(&one);
}

/* Where a line crosses into another pid namespace or container than its parent's. */
static void border_text(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct proc *parent = proc_at(m, p->parent);
	char mine[32], theirs[32];
	const char *a = proc_container(m, p, mine),
		   *t = parent ? proc_container(m, parent, theirs) : NULL;
	bool ns = parent && p->pidns && parent->pidns && p->pidns != parent->pidns;

	if (!ns && (!a || (t && !strcmp(a, t))))
		return;
	buf_puts(b, "  [");
	if (a) {
		buf_puts(b, strncmp(a, "pidns:", 6) ? "container " : "");
		buf_add_safe(b, a, strlen(a), 0);
	} else {
		buf_printf(b, "pidns:%u", p->pidns);
	}
	if (p->nspid.nr[0])
		buf_printf(b, ", pid %u inside", p->nspid.nr[p->level ? p->level - 1 : 0]);
	if (ns && !(p->flags & TASK_NSINIT) && p->nspid.nr[0] &&
	    p->nspid.nr[p->level ? p->level - 1 : 0] != 1)
		buf_puts(b, ", entered from outside");
	buf_puts(b, "]");
}

/* `one`: it stands for itself alone, so its death can be told. */
static void marks_text(struct buf *b, const struct model *m, const struct proc *p, bool one)
{
	if (proc_standing(p) != PROC_IS_RUNNING) {
		buf_printf(b, "  %s", proc_state(p));
		if (one && p->state == PROC_ZOMBIE && p->death) {
			buf_puts(b, ", ");
			text_fate(b, m, p);
		}
	}
	if (p->zombies)
		buf_printf(b, "  %u zombie%s below", p->zombies, p->zombies == 1 ? "" : "s");
	sockets_text(b, m, p);
	border_text(b, m, p);
}

static bool leaf(const struct nodes *t, u32 i)
{
	return i + 1 >= t->n || t->at[i + 1].depth <= t->at[i].depth;
}

static bool nodes_alike(const struct model *m, const struct proc *x, const struct proc *y)
{
	struct buf a = {0}, b = {0};
	bool same;

	buf_puts(&a, proc_comm(m, x));
	buf_puts(&b, proc_comm(m, y));
	text_args(&a, m, x, 0);
	text_args(&b, m, y, 0);
	same = x->state == y->state && !x->zombies && !y->zombies && a.len == b.len &&
	       !strcmp(a.s, b.s);
	if (same) {
		buf_reset(&a);
		buf_reset(&b);
		buf_puts(&a, " ");
		buf_puts(&b, " ");
		marks_text(&a, m, x, false);
		marks_text(&b, m, y, false);
		same = !strcmp(a.s, b.s);
	}
	buf_free(&a);
	buf_free(&b);
	return same;
}

static bool is_kthread(const struct proc *p)
{
	return p->flags & TASK_KTHREAD;
}

/* Fold siblings that are leaves and look the same, and all kernel threads below kthreadd. */
static void nodes_fold(const struct model *m, struct nodes *t, bool kthreads)
{
	u32 n = 0;

	for (u32 i = 0, k; i < t->n; i = k) {
		struct node x = t->at[i];

		k = i + 1;
		if (!kthreads && is_kthread(x.proc))
			for (; k < t->n && t->at[k].depth > x.depth; k++)
				x.same++;
		else if (leaf(t, i))
			for (; k < t->n && t->at[k].depth == x.depth && leaf(t, k) &&
			       nodes_alike(m, x.proc, t->at[k].proc);
			     k++)
				x.same++;
		/* Of folded siblings the last decides; below a kernel thread nothing is a sibling.
		 */
		if (k > i + 1 && t->at[k - 1].depth == x.depth)
			x.last = t->at[k - 1].last;
		t->at[n++] = x;
	}
	t->n = n;
}

struct lines_style {
	const char *tee, *corner, *bar, *gap, *more, *times;
};

static const struct lines_style styles[] = {
	{"|-", "`-", "| ", "  ", "...+", " x"},
	{"\xe2\x94\x9c\xe2\x94\x80", "\xe2\x94\x94\xe2\x94\x80", "\xe2\x94\x82 ", "  ",
	 "\xe2\x80\xa6+", " \xc3\x97"},
};

/* Bars of the levels above; `open` says which of them have siblings to come. */
static void indent_text(struct buf *b, const struct lines_style *st, const struct node *x,
			const bool *open, u32 levels)
{
	u32 from = 1;
	char skipped[16];

	if (x->depth > levels) {
		from = x->depth - levels + 5;
		snprintf(skipped, sizeof(skipped), "%u ", from - 1);
		buf_printf(b, "%s%-6s", st->more, skipped);
	}
	for (u32 d = from; d < x->depth; d++)
		buf_puts(b, open[d] ? st->bar : st->gap);
	if (x->depth)
		buf_puts(b, x->last ? st->corner : st->tee);
}

/* Columns of a line so far: bytes that begin a character. */
static size_t columns(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += ((unsigned char)b->s[i] & 0xc0) != 0x80;
	return n;
}

static void node_print(struct out *o, const struct model *m, const struct node *x, const bool *open,
		       const struct lines_style *st)
{
	u32 levels = o->width > 80 ? LEVELS_SHOWN * o->width / 80 : LEVELS_SHOWN;
	struct buf b = {0}, args = {0};
	size_t used;

	indent_text(&b, st, x, open, levels);
	text_proc(&b, m, x->proc->id);
	if (x->same && is_kthread(x->proc))
		buf_printf(&b, "  and %u kernel threads", x->same);
	else if (x->same)
		buf_printf(&b, "%s%u", st->times, x->same + 1);
	marks_text(&b, m, x->proc, !x->same);
	used = columns(&b);
	if (used + 12 < (size_t)o->width) {
		text_args(&args, m, x->proc, o->width - used - 2);
		if (args.len)
			buf_printf(&b, "  %s%s%s", out_tint(o, TINT_DIM), args.s,
				   out_tint(o, TINT_NONE));
		out_printf(o, "%s", b.s);
	} else {
		buf_add_safe(&args, b.s, b.len, o->width);
		out_printf(o, "%s", args.s);
	}
	buf_free(&args);
	buf_free(&b);
}

void tree_text(struct out *o, const struct model *m, struct nodes *t, bool kthreads)
{
	const struct lines_style *st = &styles[utf8_wanted()];
	u32 deepest = 0;
	bool *open;

	nodes_fold(m, t, kthreads);
	for (u32 i = 0; i < t->n; i++)
		deepest = t->at[i].depth > deepest ? t->at[i].depth : deepest;
	open = xcalloc(deepest + 2, sizeof(*open));
	for (u32 i = 0; i < t->n && !out_dead(o); i++) {
		open[t->at[i].depth] = !t->at[i].last;
		node_print(o, m, &t->at[i], open, st);
	}
	free(open);
	text_limits(o, m);
}
