/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port: why is this port taken?
 *
 * The question is asked by somebody who wants to bind an address, so what answers is what stands in
 * the way of that, as the kernel decides it (bind.c): 0.0.0.0:P is answered by any IPv4 socket on P
 * and by a dual-stack [::]:P; a listener on a wildcard answers for each address of its family.  A
 * bind that sets no option fails exactly if something here answers; what another network namespace
 * has on that port is told behind it and counts for nothing.  Connections whose local port it is
 * count, but thousands of them must not drown the listener: text sums them up.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"

struct port {
	const struct opts *opts;
	struct query query; /* of opts; a path is looked at again each time */
	struct out *out;
	struct page page;
	struct pace pace;
};

static void port_want(const struct opts *o, struct want *w)
{
	w->port = o->query.name.len ? 0 : o->query.addr.port;
	w->family = o->query.name.len ? AF_UNIX : AF_INET;
}

/* A watch tells what its recording will tell again, and that has no file to look at. */
static bool looks_at_file(const struct opts *o)
{
	return !o->replay && !o->watch;
}

static void port_describe(const struct opts *o, const struct model *m, struct buf *tgids)
{
	struct match *list;
	struct query q = o->query;
	u32 here, n;

	if (looks_at_file(o))
		query_look(&q);
	n = matches_of(m, &q, &list, &here);

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

/* Which options let a bind pass, where some do. */
static void way_print(struct out *o, const struct match *list, u32 here, bool dgram)
{
	struct bind_way w = bind_way(list, here, dgram);
	struct buf b = {0};

	if (w.works & BIND_PLAIN || !(w.works & BIND_BOTH))
		return;
	buf_printf(&b, "A %s bind works all the same if it sets ", dgram ? "udp" : "tcp");
	if (w.works & BIND_REUSEADDR)
		buf_puts(&b, "SO_REUSEADDR");
	if (w.works & BIND_REUSEPORT) {
		buf_printf(&b, "%sSO_REUSEPORT", w.works & BIND_REUSEADDR ? ", or " : "");
		if (w.uid != BIND_ANY_UID)
			buf_printf(&b, " and is of uid %u", w.uid);
	}
	if (!(w.works & (BIND_REUSEADDR | BIND_REUSEPORT)))
		buf_puts(&b, "both SO_REUSEADDR and SO_REUSEPORT");
	buf_puts(&b, ": what holds it has that set, too.");
	out_printf(o, "%s", "");
	out_wrap(o, 0, b.s);
	buf_free(&b);
}

static void ways_print(struct out *o, const struct model *m, const struct match *list, u32 here)
{
	if (!here || !bind_options_known(m))
		return;
	for (int dgram = 0; dgram < 2; dgram++)
		way_print(o, list, here, dgram);
}

static void free_print(struct out *o, const struct opts *opts, const struct query *q,
		       const struct model *m, const struct match *list, u32 n)
{
	const bool whole = answer_code(m, EXIT_ANSWERED) == EXIT_ANSWERED;
	struct buf b = {0};

	if (q->file.looked) {
		text_file(&b, q, opts->arg, whole, n && list[0].unreached == UNREACHED_CONNECTION);
		out_wrap(o, 0, b.s);
		buf_free(&b);
		if (q->file.there && !q->file.dir)
			out_wrap(o, 0,
				 "Do: Remove the file, if it is of no use to anybody: that "
				 "frees the path.");
		return;
	}
	buf_puts(&b, n && list[0].elsewhere ? "Nothing in this network namespace holds "
					    : "Nothing holds ");
	if (!q->has_addr && !q->name.len && !q->proto)
		buf_puts(&b, "port ");
	buf_add_safe(&b, opts->arg, strlen(opts->arg), 0);
	if (!whole)
		buf_puts(&b, " that could be looked at; not all could.");
	else
		buf_puts(&b, q->name.len ? ": no socket has that name." : ": it is free.");
	out_wrap(o, 0, b.s);
	buf_free(&b);
}

static void port_text(struct out *o, const struct opts *opts, const struct query *q,
		      const struct model *m, const struct match *list, u32 n, u32 here)
{
	if (!here)
		free_print(o, opts, q, m, list, n);
	text_port(o, m, list, n, here, !opts->watch);
	ways_print(o, m, list, here);
	/* The kernel's own tables show every port: whose descriptors are unread matters no more. */
	if (n || m->caps & SRC_PROC || answer_code(m, EXIT_ANSWERED) != EXIT_ANSWERED)
		text_limits(o, m);
}

/* ---- JSON, and the view ---- */

/* null: which options what holds it has could not be read. */
static void json_option(struct json *j, const char *key, bool works, bool known)
{
	if (known)
		json_bool(j, key, works);
	else
		json_null(j, key);
}

static void json_way(struct json *j, const struct model *m, const struct match *list, u32 here,
		     bool dgram)
{
	struct bind_way w = bind_way(list, here, dgram);
	bool known = w.works & BIND_PLAIN || bind_options_known(m);

	json_obj(j, dgram ? "udp" : "tcp");
	json_bool(j, "plain", w.works & BIND_PLAIN);
	json_option(j, "reuseaddr", w.works & BIND_REUSEADDR, known);
	json_option(j, "reuseport", w.works & BIND_REUSEPORT, known);
	json_option(j, "both", w.works & BIND_BOTH, known);
	if (w.works & BIND_REUSEPORT && w.uid != BIND_ANY_UID)
		json_u64(j, "reuseport_uid", w.uid);
	else
		json_null(j, "reuseport_uid");
	json_end_obj(j);
}

/* Would a bind work, by the options it sets? */
static void json_ways(struct json *j, const struct model *m, const struct query *q,
		      const struct match *list, u32 here)
{
	bool tcp = !q->proto || !strcmp(q->proto, "tcp") || !strcmp(q->proto, "mptcp");
	bool udp = !q->proto || !strcmp(q->proto, "udp");

	json_obj(j, "bind");
	if (tcp)
		json_way(j, m, list, here, false);
	if (udp)
		json_way(j, m, list, here, true);
	json_end_obj(j);
}

/* The file that takes a path; null: none was looked at. */
static void json_file(struct json *j, const struct query *q)
{
	if (!q->file.looked) {
		json_null(j, "file");
		return;
	}
	json_obj(j, "file");
	json_bool(j, "exists", q->file.there);
	json_bool(j, "socket", q->file.socket);
	json_id(j, "inode", q->file.ino);
	json_end_obj(j);
}

/* Does a plain bind fail?  That of a path does if there is a file, whoever has it. */
static bool is_held(const struct query *q, u32 here)
{
	return q->file.looked ? q->file.there : here > 0;
}

static void port_json(struct out *o, const struct opts *opts, const struct query *q,
		      const struct model *m, const struct match *list, u32 n, u32 here)
{
	static const char *const unreached[] = {NULL, "removed", "moved", "mount_namespace",
						"connection"};
	struct json j;

	json_init(&j, &o->line);
	json_obj(&j, NULL);
	json_str(&j, "query", opts->arg);
	json_bool(&j, "held", is_held(q, here));
	json_arr(&j, "sockets");
	for (u32 i = 0; i < n; i++) {
		json_obj(&j, NULL);
		json_sock(&j, m, list[i].sock);
		json_bool(&j, "elsewhere", list[i].elsewhere);
		if (q->name.len)
			json_str(&j, "unreached", unreached[list[i].unreached]);
		json_end_obj(&j);
	}
	json_end_arr(&j);
	if (!q->name.len)
		json_ways(&j, m, q, list, here);
	else
		json_file(&j, q);
	json_end_obj(&j);
	out_line(o);
}

static bool port_render(struct port *v, const struct model *m)
{
	struct out *o = page_begin(&v->page, v->out);
	struct match *list;
	u32 here, n;

	if (looks_at_file(v->opts))
		query_look(&v->query);
	n = matches_of(m, &v->query, &list, &here);
	(o->json ? port_json : port_text)(o, v->opts, &v->query, m, list, n, here);
	page_end(&v->page);
	free(list);
	pace_done(&v->pace, m, n);
	return is_held(&v->query, here);
}

static void *port_open(const struct opts *o, struct out *out)
{
	struct port *v = xcalloc(1, sizeof(*v));

	*v = (struct port){.opts = o,
			   .query = o->query,
			   .out = out,
			   .page.watch = o->watch,
			   .pace.dirty = true};
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
	bool held = port_render(view, m);

	if (((const struct port *)view)->opts->json)
		warn_limits(m);
	return answer_code(m, held ? EXIT_ANSWERED : EXIT_OPPOSITE);
}

const struct view view_port = {
	.name = "port",
	.usage = "[PROTO/][ADDR:]PORT | /PATH | @NAME",
	.help = "one port explained: who made it, who holds it, why, and what to do",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.watchable = true,
	.operands = {1, 1, operand_query, "port needs a port: probate port 8080"},
	.want = port_want,
	.describe = port_describe,
	.open = port_open,
	.event = port_event,
	.settle = port_settle,
	.finish = port_finish,
	.close = free,
};
