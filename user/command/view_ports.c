/* SPDX-License-Identifier: BSD-2-Clause */
/* ports: every socket that listens or is bound, a row each, with its creator, holders and verdict.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"

struct ports {
	const struct opts *opts;
	struct out *out;
	struct page page;   /* text */
	struct lines lines; /* JSON with -w */
	struct pace pace;
};

struct row {
	const struct model *m;
	const struct sock *sock;
	enum verdict verdict;
};

static void ports_want(const struct opts *o, struct want *w)
{
	(void)o;
	w->bound = true;
}

/* TCP, UDP, then the rest, UNIX, and what has no port. */
static int proto_rank(const struct sock *s)
{
	static const char *const order[] = {"tcp", "udp"};
	const char *name = name_proto(s->proto);

	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		if (!strcmp(name, order[i]))
			return i;
	return sock_is_portless(s) ? 5 : PROTO_FAMILY(s->proto) == AF_UNIX ? 4 : 3;
}

static int name_cmp(const struct unix_name *x, const struct unix_name *y)
{
	u16 n = x->len < y->len ? x->len : y->len;
	int d = memcmp(x->s, y->s, n);

	return d ? d : x->len - y->len;
}

static int row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	const struct sock *s = x->sock, *t = y->sock;
	int d = proto_rank(s) - proto_rank(t);

	d = d ? d : s->local.port - t->local.port;
	if (!d && s->name && t->name)
		d = name_cmp(name_at(x->m, s->name), name_at(y->m, t->name));
	d = d ? d : s->local.family - t->local.family;
	d = d ? d : memcmp(s->local.ip, t->local.ip, sizeof(s->local.ip));
	if (!d && s->netns != t->netns)
		d = s->netns < t->netns ? -1 : 1;
	if (!d && s->inode != t->inode)
		d = s->inode < t->inode ? -1 : 1;
	return d ? d : (s->id > t->id) - (s->id < t->id);
}

enum choice { ALL, LEAKED, SUSPECTED };

static bool is_chosen(const struct row *r, enum choice which)
{
	enum blame blame = which == ALL ? BLAME_NONE : sock_blame(r->m, r->sock, r->verdict);

	return which == ALL || blame == (which == LEAKED ? BLAME_LEAKED : BLAME_SUSPECTED);
}

/* all: those without a port, too. */
static bool row_wanted(const struct sock *s, bool all)
{
	return sock_is_offer(s) || (all && sock_is_portless(s));
}

static u32 rows_of(const struct model *m, enum choice which, bool all, struct row **out)
{
	u32 n = 0, cap = 0;

	*out = NULL;
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id)) {
		struct row r = {.m = m, .sock = sock_at(m, id)};

		if (!row_wanted(r.sock, all))
			continue;
		r.verdict = verdict_of(m, r.sock);
		if (!is_chosen(&r, which))
			continue;
		if (n == cap)
			*out = xrealloc(*out, (cap = cap ? cap * 2 : 64) * sizeof(**out));
		(*out)[n++] = r;
	}
	if (n)
		qsort(*out, n, sizeof(**out), row_cmp);
	return n;
}

static void ports_describe(const struct opts *o, const struct model *m, struct buf *tgids)
{
	struct row *rows;
	u32 n = o->json ? rows_of(m, o->leaked ? LEAKED : ALL, o->all, &rows) : 0;

	for (u32 i = 0; i < n; i++) {
		struct holder *h = NULL;
		u32 holders = holders_of(m, rows[i].sock, &h);

		tgid_add(tgids, m, rows[i].sock->creator);
		for (u32 k = 0; k < holders; k++)
			tgid_add(tgids, m, h[k].proc);
		free(h);
	}
	if (o->json)
		free(rows);
}

/* ---- text ---- */

static void creator_text(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);

	if (!p) {
		buf_puts(b, s->sflags & SF_KERNEL ? "(kernel)" : "?");
		return;
	}
	if (p->state != PROC_RUNNING)
		buf_puts(b, utf8_wanted() ? "\xe2\x80\xa0" : "dead:");
	text_proc(b, m, s->creator);
}

static u32 distinct(const struct holder *h, u32 n)
{
	u32 procs = 0;

	for (u32 i = 0; i < n; i++) {
		u32 k = 0;

		while (k < i && h[k].proc != h[i].proc)
			k++;
		procs += k == i;
	}
	return procs;
}

#define MANY_HOLDS 512 /* of one socket: then it is not looked at who of them is who */

/* Of a socket with very many holds: each look would walk all of them, for one name and a number. */
static void crowd_text(struct buf *b, const struct model *m, const struct sock *s)
{
	text_proc(b, m, s->nmine ? s->creator : first_holder(m, s));
	if (holders_count(m, s) > 1)
		buf_printf(b, " +%u", holders_count(m, s) - 1);
}

/* The first holder and how many more; the creator comes first where it is one. */
static void holders_text(struct buf *b, const struct model *m, const struct sock *s)
{
	struct holder *h = NULL;
	u32 n, first = 0, procs;

	if (s->nholds > MANY_HOLDS) {
		crowd_text(b, m, s);
		return;
	}
	n = holders_of(m, s, &h);
	procs = distinct(h, n);
	for (u32 i = 0; i < n; i++)
		if (h[i].proc == s->creator)
			first = i;
	if (!n) {
		buf_puts(b, s->queue			       ? "(in flight)"
			    : verdict_of(m, s) == VERDICT_HELD ? "?"
							       : "-");
	} else {
		text_proc(b, m, h[first].proc);
		if (h[first].tid)
			buf_printf(b, "/%u", h[first].tid);
		if (procs > 1)
			buf_printf(b, " +%u", procs - 1);
	}
	free(h);
}

static void row_add(struct table *t, const struct row *r)
{
	const struct model *m = r->m;
	const struct sock *s = r->sock;
	const char *state = sock_state(s);
	struct buf b = {0};

	table_cell(t, TINT_NONE, "%s", name_proto(s->proto));
	text_local(&b, m, s);
	text_elsewhere(&b, m, s);
	table_cell(t, TINT_NONE, "%s", b.s);
	table_cell(t, TINT_DIM, "%s", state ? state : "?");
	buf_reset(&b);
	creator_text(&b, m, s);
	table_cell(t, TINT_NONE, "%s", b.s);
	buf_reset(&b);
	holders_text(&b, m, s);
	table_cell(t, TINT_NONE, "%s", b.s);
	table_cell(t, verdict_row(r->verdict)->tint, "%s", name_verdict(r->verdict));
	buf_free(&b);
}

#define SUSPECTS_NAMED 8

/* They are no leaks, but what the exporter calls suspected is to be found here. */
static void suspects_print(struct out *o, const struct model *m)
{
	struct row *rows;
	u32 n = rows_of(m, SUSPECTED, false, &rows);
	struct buf b = {0};

	if (!n)
		return;
	buf_printf(&b,
		   n == 1 ? "%u is suspected: who made it is not known, and nobody waits on it:"
			  : "%u are suspected: who made them is not known, and nobody waits on "
			    "them:",
		   n);
	for (u32 i = 0; i < n && i < SUSPECTS_NAMED; i++) {
		buf_puts(&b, i ? "; " : " ");
		text_sock(&b, m, rows[i].sock);
		buf_puts(&b, ", held by ");
		holders_text(&b, m, rows[i].sock);
	}
	buf_puts(&b, n > SUSPECTS_NAMED ? "; and others." : ".");
	out_wrap(o, 0, b.s);
	buf_free(&b);
	free(rows);
}

static void summary_print(struct out *o, const struct model *m, const struct row *rows, u32 n,
			  const struct opts *opts)
{
	bool leaked = opts->leaked;
	u32 count[VERDICTS] = {0};
	const char *sep = ": ";
	struct buf b = {0};

	for (u32 i = 0; i < n; i++)
		count[rows[i].verdict]++;
	if (leaked && !n) {
		buf_puts(&b, "No leaked sockets");
	} else {
		buf_printf(&b, "%u socket%s", n, n == 1 ? "" : "s");
		for (u32 v = 0; v < VERDICTS; v++) {
			if (!count[v])
				continue;
			buf_printf(&b, "%s%u %s", sep, count[v], name_verdict(v));
			sep = ", ";
		}
	}
	buf_puts(&b, ".");
	if (count[VERDICT_LEAKED] || count[VERDICT_HIDDEN])
		buf_puts(&b, " `probate port PORT` says more.");
	out_wrap(o, 0, b.s);
	if (leaked)
		suspects_print(o, m);
	if (!m->watching_since && count[VERDICT_HELD])
		out_wrap(o, 0,
			 "Who made a socket is known only for those made while probate watches "
			 "(-w).");
	buf_free(&b);
	if (!leaked && !opts->all)
		text_portless_more(o, m);
	text_limits(o, m);
}

static void ports_text(struct out *o, const struct model *m, const struct row *rows, u32 n,
		       const struct opts *opts)
{
	static const struct column cols[] = {
		{"PROTO", 5, false},   {"LOCAL", 14, false},  {"STATE", 6, false},
		{"CREATOR", 9, false}, {"HELD BY", 9, false}, {"VERDICT", 9, false},
	};
	struct table t;

	if (n) {
		table_init(&t, cols, ARRAY_SIZE(cols));
		for (u32 i = 0; i < n; i++)
			row_add(&t, &rows[i]);
		table_print(&t, o);
		out_printf(o, "%s", "");
	}
	summary_print(o, m, rows, n, opts);
}

/* ---- JSON, and the view ---- */

static void json_gone(struct out *o, u64 inode, u64 cookie)
{
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_id(&j, "inode", inode);
	json_id(&j, "cookie", cookie);
	json_bool(&j, "gone", true);
	json_end_obj(&j);
	out_line(o);
}

static void row_json(struct ports *v, const struct model *m, const struct sock *s)
{
	struct out *o = v->out;
	struct line line = {.a = s->inode, .b = s->inode ? 0 : s->cookie, .note = s->cookie};
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_sock(&j, m, s);
	json_end_obj(&j);
	line.hash = hash_bytes(o->line.s, o->line.len);
	if (!v->opts->watch || lines_changed(&v->lines, line))
		out_line(o);
	else
		buf_reset(&o->line);
}

/* A line a socket; with -w only of those that changed since the last time. */
static void ports_json(struct ports *v, const struct model *m, const struct row *rows, u32 n)
{
	struct out *o = v->out;
	struct line gone;

	lines_begin(&v->lines);
	for (u32 i = 0; i < n && !out_dead(o); i++)
		row_json(v, m, rows[i].sock);
	while (v->opts->watch && lines_gone(&v->lines, &gone))
		json_gone(o, gone.a, gone.note);
	out_flush(o);
}

/* The socket an event has just made an offer of, or found to be leaked. */
static const struct sock *sock_announced(const struct model *m, const struct ev *e)
{
	u64 inode = 0, cookie = 0;

#define ANNOUNCES(KIND, lower)                                                                     \
	if (e->kind == EV_KIND_##KIND) {                                                           \
		inode = ((const struct ev_##lower *)e)->inode;                                     \
		cookie = ((const struct ev_##lower *)e)->cookie;                                   \
	}
	ANNOUNCES(BIND, bind)
	ANNOUNCES(LISTEN, listen)
	ANNOUNCES(UNIX_BIND, unix_bind)
	ANNOUNCES(LEAK, leak)
#undef ANNOUNCES
	return inode || cookie ? sock_at(m, sock_find(m, inode, cookie)) : NULL;
}

/* One that comes and goes between two looks is told too: its line at once, its end at the next. */
static void announce(struct ports *v, const struct model *m, const struct ev *e)
{
	const struct sock *s = sock_announced(m, e);

	if (!s || !row_wanted(s, v->opts->all))
		return;
	if (e->kind != EV_KIND_LEAK && s->nholds > MANY_HOLDS)
		return; /* it has been there for a while, and its line is long */
	if (!v->opts->leaked || sock_blame(m, s, verdict_of(m, s)) == BLAME_LEAKED)
		row_json(v, m, s);
}

static u32 ports_render(struct ports *v, const struct model *m)
{
	struct row *rows;
	u32 n = rows_of(m, v->opts->leaked ? LEAKED : ALL, v->opts->all, &rows), holds = 0;

	if (v->opts->json) {
		ports_json(v, m, rows, n);
	} else {
		ports_text(page_begin(&v->page, v->out), m, rows, n, v->opts);
		page_end(&v->page);
	}
	for (u32 i = 0; i < n; i++) /* whose lines name each hold; whose verdict asked each */
		if (v->opts->json || rows[i].verdict == VERDICT_LEAKED)
			holds += rows[i].sock->nholds;
	free(rows);
	pace_done(&v->pace, m, n + holds / 8);
	return n;
}

static void *ports_open(const struct opts *o, struct out *out)
{
	struct ports *v = xcalloc(1, sizeof(*v));

	*v = (struct ports){.opts = o, .out = out, .page.watch = o->watch, .pace.dirty = true};
	return v;
}

static void ports_event(void *view, const struct model *m, const struct ev *e)
{
	struct ports *v = view;

	pace_event(&v->pace, e);
	if (v->opts->watch && v->opts->json && v->pace.last)
		announce(v, m, e);
}

static void ports_settle(void *view, const struct model *m)
{
	struct ports *v = view;

	if (v->opts->watch && pace_due(&v->pace, m))
		ports_render(v, m);
}

static int ports_finish(void *view, const struct model *m)
{
	struct ports *v = view;
	u32 n = ports_render(v, m);

	if (v->opts->leaked && !n && !m->watching_since && !v->opts->quiet && !v->opts->replay &&
	    !(m->caps & SRC_PROC)) /* which says so itself */
		warn("a leak is known only where the socket's making was seen: -w watches from now "
		     "on, -r asks a recording");
	if (v->opts->json)
		warn_limits(m);
	return answer_code(m, v->opts->leaked && n ? EXIT_OPPOSITE : EXIT_ANSWERED);
}

static void ports_close(void *view)
{
	struct ports *v = view;

	lines_free(&v->lines);
	free(v);
}

/* clang-format off */
static const struct option_def options[] = {
	{ 0, "leaked", NULL, "only leaked sockets; exit code 1 when there are any", FLAG(leaked) },
	{ 0, "all", NULL, "also sockets without a port: netlink, packet, raw, vsock ...", FLAG(all) },
	{},
};
/* clang-format on */

const struct view view_ports = {
	.name = "ports",
	.usage = "[--leaked] [--all]",
	.help = "every listening and bound socket with creator, holders and verdict",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.watchable = true,
	.options = options,
	.want = ports_want,
	.describe = ports_describe,
	.open = ports_open,
	.event = ports_event,
	.settle = ports_settle,
	.finish = ports_finish,
	.close = ports_close,
};
