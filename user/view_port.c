/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port: why is this port taken?
 *
 * The question is asked by somebody who wants to bind an address, so what answers is what stands in
 * the way of that: 0.0.0.0:P is answered by any IPv4 socket on P and by a dual-stack [::]:P; a
 * listener on a wildcard answers for each address of its family.  Connections whose local port it
 * is count, but thousands of them must not drown the listener: text sums them up.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "view.h"

#define GROUPS_MAX 12 /* kinds of connections told apart in text */

struct port {
	const struct opts *opts;
	struct out *out;
	struct page page;
	struct pace pace;
};

struct match {
	const struct sock *sock;
	u8 rank; /* 0 listens, 1 bound, 2 connection, 3 time-wait */
};

static void port_want(const struct opts *o, struct want *w)
{
	w->port = o->query.name.len ? 0 : o->query.addr.port;
	w->family = o->query.name.len ? AF_UNIX : AF_INET;
}

/* An IPv4 address in IPv6 clothes is an IPv4 address. */
static struct ep ep_plain(const struct ep *ep)
{
	static const u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct ep out = *ep;

	if (ep->family == AF_INET6 && !memcmp(ep->ip, mapped, 12)) {
		memset(out.ip, 0, sizeof(out.ip));
		memcpy(out.ip, ep->ip + 12, 4);
		out.family = AF_INET;
	}
	return out;
}

static bool addr_matches(const struct ep *want, const struct sock *s)
{
	struct ep q = ep_plain(want), l = ep_plain(&s->local);

	if (sock_is_wild(&l) && l.family == AF_INET6 && q.family == AF_INET)
		return !(s->sflags & SF_V6ONLY);
	if (l.family != q.family)
		return false;
	return sock_is_wild(&l) || sock_is_wild(&q) ||
	       !memcmp(l.ip, q.ip, q.family == AF_INET ? 4 : 16);
}

static bool name_matches(const struct model *m, const struct unix_name *q, const struct sock *s)
{
	const struct unix_name *n = name_at(m, s->name);
	size_t len = q->s[0] ? strnlen(q->s, q->len) : q->len;

	if (!n || PROTO_FAMILY(s->proto) != AF_UNIX || n->len < len || memcmp(n->s, q->s, len))
		return false;
	return q->s[0] ? strnlen(n->s, n->len) == len : n->len == len;
}

static bool sock_matches(const struct model *m, const struct query *q, const struct sock *s)
{
	if (q->name.len)
		return name_matches(m, &q->name, s);
	if (s->local.port != q->addr.port || PROTO_FAMILY(s->proto) == AF_UNIX)
		return false;
	if (q->proto && strcmp(q->proto, name_proto(s->proto)))
		return false;
	return !q->has_addr || addr_matches(&q->addr, s);
}

static u8 sock_rank(const struct sock *s)
{
	const char *state = sock_state(s);

	if (state && !strcmp(state, "LISTEN"))
		return 0;
	if (sock_is_offer(s))
		return 1;
	return s->sflags & SF_TIMEWAIT || s->state == 6 ? 3 : 2;
}

static int match_cmp(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	const struct sock *s = x->sock, *t = y->sock;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (s->proto != t->proto)
		return s->proto < t->proto ? -1 : 1;
	if (s->opened != t->opened)
		return s->opened < t->opened ? -1 : 1;
	if (s->inode != t->inode)
		return s->inode < t->inode ? -1 : 1;
	return (s->id > t->id) - (s->id < t->id);
}

/* All sockets that answer the query, the listening ones first.  The array is the caller's. */
static u32 matches_of(const struct model *m, const struct query *q, struct match **out)
{
	bool named = q->name.len;
	u32 id = named ? sock_next(m, 0) : map_get(&m->by_port, q->addr.port), n = 0, cap = 0;

	*out = NULL;
	while (id) {
		const struct sock *s = sock_at(m, id);

		if (sock_matches(m, q, s)) {
			if (n == cap)
				*out = xrealloc(*out, (cap = cap ? cap * 2 : 16) * sizeof(**out));
			(*out)[n++] = (struct match){.sock = s, .rank = sock_rank(s)};
		}
		id = named ? sock_next(m, id) : s->port_next;
	}
	if (n)
		qsort(*out, n, sizeof(**out), match_cmp);
	return n;
}

static void port_describe(const struct opts *o, const struct model *m, struct buf *tgids)
{
	struct match *list;
	u32 n = matches_of(m, &o->query, &list);

	for (u32 i = 0; i < n; i++) {
		struct holder *h = NULL;
		u32 holders = holders_of(m, list[i].sock, &h);

		tgid_add(tgids, m, list[i].sock->creator);
		for (u32 k = 0; k < holders; k++)
			tgid_add(tgids, m, h[k].proc);
		free(h);
	}
	free(list);
}

/* ---- text ---- */

/* Connections that are alike: same state, verdict and holders. */
struct group {
	const struct sock *first;
	u32 count, holder, nholders, nholds, left_ms;
	enum verdict verdict;
	u64 oldest;
};

static u32 first_holder(const struct model *m, const struct sock *s)
{
	const struct hold *h = hold_at(m, s->holds);
	const struct fdtab *t = h ? fdtab_at(m, h->fdtab) : NULL;
	const struct tabref *r = t ? tabref_at(m, t->refs) : NULL;

	return r ? r->proc : 0;
}

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

static bool verdict_is_news(enum verdict v)
{
	return v == VERDICT_LEAKED || v == VERDICT_PASSED || v == VERDICT_INHERITED ||
	       v == VERDICT_HIDDEN;
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
		if (!alone && !verdict_is_news(g[i].verdict)) {
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

static bool netns_differ(const struct model *m, const struct match *list, u32 n)
{
	const struct proc *init = proc_at(m, proc_find(m, 1));
	u32 usual = init && init->netns ? init->netns : n ? list[0].sock->netns : 0;

	for (u32 i = 0; i < n; i++)
		if (list[i].sock->netns && list[i].sock->netns != usual)
			return true;
	return false;
}

static void free_print(struct out *o, const struct opts *opts)
{
	struct buf b = {0};

	buf_puts(&b, "Nothing holds ");
	if (!opts->query.has_addr && !opts->query.name.len && !opts->query.proto)
		buf_puts(&b, "port ");
	buf_add_safe(&b, opts->arg, strlen(opts->arg), 0);
	buf_puts(&b, opts->query.name.len ? ": no socket has that name." : ": it is free.");
	out_wrap(o, 0, b.s);
	buf_free(&b);
}

static void port_text(struct out *o, const struct opts *opts, const struct model *m,
		      const struct match *list, u32 n)
{
	bool netns = netns_differ(m, list, n), ago = !opts->watch;
	u32 offers = 0;

	if (!n)
		free_print(o, opts);
	for (; offers < n && list[offers].rank < 2; offers++) {
		if (offers)
			out_printf(o, "%s", "");
		explain_sock(o, m, list[offers].sock, netns, ago);
	}
	if (offers && n > offers)
		out_printf(o, "%s", "");
	connections_print(o, m, list + offers, n - offers, !offers, netns, ago);
	/* The kernel's own tables show every port: whose descriptors are unread matters no more. */
	if (n || m->caps & SRC_PROC || m->lost_since)
		text_limits(o, m);
}

/* ---- JSON, and the view ---- */

static void port_json(struct out *o, const struct opts *opts, const struct model *m,
		      const struct match *list, u32 n)
{
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_str(&j, "query", opts->arg);
	json_bool(&j, "held", n > 0);
	json_arr(&j, "sockets");
	for (u32 i = 0; i < n; i++) {
		json_obj(&j, NULL);
		json_sock(&j, m, list[i].sock);
		json_end_obj(&j);
	}
	json_end_arr(&j);
	json_end_obj(&j);
	out_line(o);
}

static u32 port_render(struct port *v, const struct model *m)
{
	struct out *o = page_begin(&v->page, v->out);
	struct match *list;
	u32 n = matches_of(m, &v->opts->query, &list);

	(o->json ? port_json : port_text)(o, v->opts, m, list, n);
	page_end(&v->page);
	free(list);
	pace_done(&v->pace, m, n);
	return n;
}

static void *port_open(const struct opts *o, struct out *out)
{
	struct port *v = xcalloc(1, sizeof(*v));

	*v = (struct port){.opts = o, .out = out, .page.watch = o->watch, .pace.dirty = true};
	return v;
}

static void port_event(void *view, const struct model *m, const struct ev *e)
{
	struct port *v = view;

	(void)m;
	pace_event(&v->pace, e);
}

static void port_settle(void *view, const struct model *m)
{
	struct port *v = view;

	if (v->opts->watch && pace_due(&v->pace, m))
		port_render(v, m);
}

static int port_finish(void *view, const struct model *m)
{
	u32 n = port_render(view, m);

	return answer_code(m, n ? EXIT_ANSWERED : EXIT_OPPOSITE);
}

const struct view view_port = {
	.name = "port",
	.usage = "[PROTO/][ADDR:]PORT | /PATH | @NAME",
	.help = "one port explained: who made it, who holds it, why, and what to do",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.watchable = true,
	.want = port_want,
	.describe = port_describe,
	.open = port_open,
	.event = port_event,
	.settle = port_settle,
	.finish = port_finish,
	.close = free,
};
