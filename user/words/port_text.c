/* SPDX-License-Identifier: BSD-2-Clause */
/* All that has a port, in words: what can be connected to is explained, connections are summed up.
 */
#include <stdlib.h>

#include "words.h"

#define GROUPS_MAX 12 /* kinds of connections told apart in text */

/* Connections that are alike: same state, verdict and holders. */
struct group {
	const struct sock *first;
	u32 count, holder, nholders, nholds, left_ms;
	enum verdict verdict;
	u64 oldest;
};

static u32 left_now(const struct model *m, const struct sock *s)
{
	u64 gone_ms = (m->now - s->seen_ts) / NS_PER_MS;

	return gone_ms < s->left_ms ? s->left_ms - gone_ms : 0;
}

static u32 holders_number(const struct model *m, const struct sock *s)
{
	struct holder *h = NULL;
	u32 n = s->nholds > 1 ? holders_of(m, s, &h) : s->nholds;

	free(h);
	return n;
}

static void group_add(struct group *g, u32 *n, const struct model *m, const struct sock *s)
{
	struct group new = {.first = s,
			    .holder = first_holder(m, s),
			    .nholders = holders_number(m, s),
			    .nholds = s->nholds,
			    .verdict = verdict_of(m, s),
			    .oldest = s->opened};
	u32 i;

	for (i = 0; i < *n; i++)
		if (g[i].first->state == s->state && g[i].verdict == new.verdict &&
		    (i == GROUPS_MAX - 1 ||
		     (g[i].holder == new.holder &&g[i].nholds == new.nholds)))
			break;
	if (i == *n) {
		if (*n == GROUPS_MAX)
			i--;
		else
			g[(*n)++] = new;
	}
	g[i].count++;
	if (s->opened && (!g[i].oldest || s->opened < g[i].oldest))
		g[i].oldest = s->opened;
	if (left_now(m, s) > g[i].left_ms)
		g[i].left_ms = left_now(m, s);
}

static void group_print(struct out *o, const struct model *m, const struct group *g, bool ago)
{
	const char *state = sock_state(g->first);
	struct buf b = {0};
	char ep[64];

	buf_printf(&b, "%u connection%s %s", g->count, g->count == 1 ? "" : "s",
		   state ? state : "");
	if (g->count == 1 && g->first->remote.port) {
		ep_text(ep, &g->first->remote);
		buf_printf(&b, " from %s", ep);
	}
	if (g->holder) {
		buf_puts(&b, ", held by ");
		text_proc(&b, m, g->holder);
		if (g->nholders > 1)
			buf_printf(&b, " and %u more", g->nholders - 1);
		else if (g->nholds > 1)
			buf_printf(&b, " (%u descriptors%s)", g->nholds,
				   g->count > 1 ? " each" : "");
	} else {
		buf_puts(&b, ", held by no process");
	}
	if (g->left_ms)
		buf_printf(&b, ": the kernel lets go in %u s%s", (g->left_ms + 999) / 1000,
			   g->count > 1 ? " at most" : "");
	if (g->oldest && ago) {
		buf_puts(&b, g->count > 1 ? "; the oldest since " : "; since ");
		text_when(&b, m, g->oldest);
	}
	out_wrap(o, 0, b.s);
	buf_free(&b);
}

/* Connections: one of each kind is explained where it matters, the rest are counted. */
static void connections_print(struct out *o, const struct model *m, const struct match *list, u32 n,
			      bool alone, bool netns, bool ago)
{
	struct group g[GROUPS_MAX];
	u32 ngroups = 0;

	for (u32 i = 0; i < n; i++)
		group_add(g, &ngroups, m, list[i].sock);
	for (u32 i = 0; i < ngroups; i++) {
		if (!alone && !verdict_row(g[i].verdict)->news) {
			group_print(o, m, &g[i], ago);
			continue;
		}
		if (i)
			out_printf(o, "%s", "");
		explain_sock(o, m, g[i].first, netns, ago);
		if (g[i].count > 1)
			out_printf(o, "  And %u more like it.", g[i].count - 1);
	}
}

static void sockets_print(struct out *o, const struct model *m, const struct match *list, u32 n,
			  bool netns, bool ago)
{
	u32 offers = 0;

	for (; offers < n && list[offers].rank < 2; offers++) {
		if (offers)
			out_printf(o, "%s", "");
		explain_sock(o, m, list[offers].sock, netns, ago);
	}
	if (offers && n > offers)
		out_printf(o, "%s", "");
	connections_print(o, m, list + offers, n - offers, !offers, netns, ago);
}

static bool same_place(const struct match *a, const struct match *b)
{
	return a->unreached == b->unreached && (a->unreached || a->sock->netns == b->sock->netns);
}

void text_port(struct out *o, const struct model *m, const struct match *list, u32 n, u32 here,
	       bool ago)
{
	struct buf b = {0};

	sockets_print(o, m, list, here, n > here, ago);
	for (u32 i = here, to; i < n; i = to) {
		for (to = i; to < n && same_place(&list[to], &list[i]);)
			to++;
		if (list[i].unreached) {
			text_unreached(&b, m, &list[i]);
		} else {
			buf_puts(&b, "In ");
			text_netns(&b, m, list[i].sock);
			buf_puts(&b, ", which is another one:");
		}
		out_printf(o, "%s", "");
		out_wrap(o, 0, b.s);
		buf_reset(&b);
		if (list[i].unreached == UNREACHED_CONNECTION)
			connections_print(o, m, list + i, to - i, false, true, ago);
		else
			sockets_print(o, m, list + i, to - i, true, ago);
	}
	buf_free(&b);
}
