/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of the landing page: leaked, suspected to be, and connections that hang. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "landing_priv.h"
#include "view.h"

#define UNSURE                                                                                     \
	"<p class=d>* Not certain: its whole history was not watched (a complete one needs "       \
	"<code>--fd=full</code>). Look before you kill.</p>\n"

void socks_add(struct socks *list, u32 id)
{
	if (list->n == list->cap)
		list->v = xrealloc(list->v,
				   (list->cap = list->cap ? list->cap * 2 : 64) * sizeof(*list->v));
	list->v[list->n++] = id;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int ep_cmp(const struct ep *a, const struct ep *b)
{
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

static int name_cmp(const struct model *m, const struct sock *a, const struct sock *b)
{
	const struct unix_name *x = name_at(m, a->name), *y = name_at(m, b->name);
	int c;

	if (!x || !y)
		return (x != NULL) - (y != NULL);
	c = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);
	return c ? c : (x->len > y->len) - (x->len < y->len);
}

static int sock_cmp(const void *x, const void *y, void *model)
{
	const struct model *m = model;
	const struct sock *a = sock_at(m, *(const u32 *)x), *b = sock_at(m, *(const u32 *)y);
	int c;

	if (!a->local.port != !b->local.port)
		return a->local.port ? -1 : 1;
	if ((c = ep_cmp(&a->local, &b->local)) || (c = ep_cmp(&a->remote, &b->remote)) ||
	    (c = name_cmp(m, a, b)))
		return c;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

void socks_sort(const struct model *m, struct socks *list)
{
	if (list->n)
		qsort_r(list->v, list->n, sizeof(*list->v), sock_cmp, (void *)(uintptr_t)m);
}

/* ---- a row ----------------------------------------------------------------------------------- */

struct row {
	const struct sock *s;
	struct answer a;
	struct holder *holder; /* one a process, as far as they are named */
	u32 n;
	bool open;
};

/* Threads with tables of their own are not told apart here. */
static void row_holders(struct row *r, const struct model *m)
{
	u32 n = holders_of(m, r->s, &r->holder);

	for (u32 i = 0; i < n; i++) {
		bool named = false;

		for (u32 k = 0; k < r->n && k < NAMES_MAX; k++)
			named = named || r->holder[k].proc == r->holder[i].proc;
		if (!named)
			r->holder[r->n++] = r->holder[i];
	}
}

/* "tcp 0.0.0.0:80" */
static void local_cell(struct html *h, const struct model *m, const struct row *r,
		       enum sock_kind kind)
{
	const struct sock *s = r->s;

	cell_begin(h);
	buf_printf(h->out, "%s ", name_proto(s->proto));
	if (s->local.port) {
		html_ep(h, &s->local);
	} else {
		text_local(&h->word, m, s);
		html_word(h);
	}
	text_elsewhere(&h->word, m, s);
	if (h->word.len)
		html_word(h);
	if (kind == KIND_LEAKED && !r->a.certain)
		buf_puts(h->out, "<span class=d>&#160;*</span>");
	if (kind == KIND_STUCK && sock_state(s))
		buf_printf(h->out, "<small>%s</small>", sock_state(s));
	cell_end(h);
}

static void remote_cell(struct html *h, const struct sock *s)
{
	cell_begin(h);
	html_ep(h, &s->remote);
	cell_end(h);
}

/* The place once for all in a row who share it. */
static void holders_cell(struct html *h, const struct model *m, const struct row *r)
{
	const struct proc *before = NULL, *p;

	cell_begin(h);
	for (u32 i = 0; i < r->n && i < NAMES_MAX; i++, before = p) {
		p = proc_at(m, r->holder[i].proc);
		if (before && before->cgroup != p->cgroup)
			html_place(h, m, before);
		else if (before)
			buf_puts(h->out, "<br>");
		html_proc(h, m, r->holder[i].proc);
	}
	if (r->n > NAMES_MAX)
		buf_printf(h->out, "<br>and %u more", r->n - NAMES_MAX);
	html_place(h, m, before);
	cell_end(h);
}

/* What a scan found was held before it, too, and since when is not known. */
static void held_write(struct html *h, const struct landing *l, const struct row *r)
{
	const struct holder *first = r->n ? &r->holder[0] : NULL;

	if (first && (first->how == VIA_SCAN || first->how == VIA_NONE))
		buf_puts(h->out, "at least ");
	html_since(h, l, first ? first->since : 0);
}

static void since_cell(struct html *h, const struct landing *l, const struct row *r,
		       enum sock_kind kind)
{
	cell_begin(h);
	if (kind == KIND_LEAKED)
		html_since(h, l, metrics_let_go(l->metrics, l->m, r->s));
	else if (kind == KIND_STUCK)
		html_since(h, l, metrics_stuck(l->metrics, l->m, r->s, true));
	else
		held_write(h, l, r);
	cell_end(h);
}

/*
 * What to type, then the sentences.  A kill only where nobody means to have it, or nobody else has
 * it.  A UNIX socket's name is no part of a command: who chose it would choose what is executed.
 */
static void advice_cell(struct html *h, const struct model *m, const struct row *r)
{
	cell_begin(h);
	buf_printf(h->out, "<details%s><summary>", r->open ? " open" : "");
	if (r->s->local.port)
		buf_printf(h->out, "<code>probate port %u</code>", r->s->local.port);
	else
		buf_puts(h->out, "<code>probate ports --leaked</code>");
	if (r->n == 1 || (r->a.verdict == VERDICT_LEAKED && r->n && r->n <= NAMES_MAX)) {
		buf_puts(h->out, ", then <code>kill");
		for (u32 i = 0; i < r->n; i++)
			buf_printf(h->out, " %u", proc_at(m, r->holder[i].proc)->tgid);
		buf_puts(h->out, "</code>");
	}
	buf_puts(h->out, "</summary>");
	html_text(h, r->a.why.s);
	buf_puts(h->out, " ");
	html_text(h, r->a.action.s);
	buf_puts(h->out, "</details>");
	cell_end(h);
}

static void row_write(struct html *h, const struct landing *l, const struct row *r,
		      enum sock_kind kind)
{
	local_cell(h, l->m, r, kind);
	if (kind == KIND_STUCK)
		remote_cell(h, r->s);
	holders_cell(h, l->m, r);
	since_cell(h, l, r, kind);
	advice_cell(h, l->m, r);
}

void socks_table(struct html *h, const struct landing *l, const struct socks *list,
		 enum sock_kind kind)
{
	static const char *const heads[][6] = {
		[KIND_LEAKED] = {"Socket", "Held by", "Leaked for", "What to do"},
		[KIND_SUSPECT] = {"Socket", "Held by", "Held for", "What to do"},
		[KIND_STUCK] = {"Local", "Remote", "Held by", "Stuck for", "What to do"},
	};
	bool unsure = false;

	table_begin(h, heads[kind]);
	for (u32 i = 0; i < list->n && row_begin(h); i++) {
		struct row r = {.s = sock_at(l->m, list->v[i]), .open = list->n <= FEW};

		row_holders(&r, l->m);
		advise_sock(l->m, r.s, &r.a);
		row_write(h, l, &r, kind);
		row_end(h);
		unsure = unsure || !r.a.certain;
		answer_free(&r.a);
		free(r.holder);
	}
	table_end(h, list->n);
	if (kind == KIND_LEAKED && unsure)
		buf_puts(h->out, UNSURE);
}
