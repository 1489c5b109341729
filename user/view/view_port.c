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

struct port {
	const struct opts *opts;
	struct out *out;
	struct page page;
	struct pace pace;
};

static void port_want(const struct opts *o, struct want *w)
{
	w->port = o->query.name.len ? 0 : o->query.addr.port;
	w->family = o->query.name.len ? AF_UNIX : AF_INET;
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
	if (!n)
		free_print(o, opts);
	port_words(o, m, list, n, !opts->watch);
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
