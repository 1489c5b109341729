/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The landing page: what is leaked, what hangs and who does not reap, now, with what to do.
 *
 * Read at three in the morning, perhaps on a phone: how much of it there is comes first, then each
 * kind in a table of its own, always in the same order.  One page complete in itself, without a
 * script.  No arguments of processes are shown: there may be passwords among them.
 */
#include <stdlib.h>
#include <string.h>

#include "landing.css.h"
#include "landing_priv.h"
#include "view.h"

struct found {
	struct socks leaked, suspect, stuck;
	struct deads zombies;
	u32 recent, headless, procs, listeners;
};

/* ---- what there is --------------------------------------------------------------------------- */

static void proc_look(struct found *f, const struct model *m, const struct proc *p)
{
	enum reason reason;

	if (p->state != PROC_GONE && !proc_is_zombie(p)) {
		f->procs++;
		f->headless += (p->flags & TASK_HEADLESS) != 0;
	}
	if (!proc_is_zombie(p))
		return;
	reason = zombie_reason(m, p);
	if (reason == REASON_RECENT)
		f->recent++;
	else
		deads_add(&f->zombies, m, p, reason);
}

static void sock_look(struct found *f, const struct model *m, u32 id)
{
	const struct sock *s = sock_at(m, id);
	enum blame blame;

	if (s->remote.port && sock_is_stuck(m, s))
		socks_add(&f->stuck, id);
	if (!sock_is_offer(s))
		return;
	f->listeners += sock_standing(s) == SOCK_IS_LISTENING;
	blame = sock_blame(m, s, verdict_of(m, s));
	if (blame != BLAME_NONE)
		socks_add(blame == BLAME_LEAKED ? &f->leaked : &f->suspect, id);
}

static void find(struct found *f, const struct model *m)
{
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		proc_look(f, m, proc_at(m, id));
	for (u32 id = sock_next(m, 0); id; id = sock_next(m, id))
		sock_look(f, m, id);
	socks_sort(m, &f->leaked);
	socks_sort(m, &f->suspect);
	socks_sort(m, &f->stuck);
}

static void found_free(struct found *f)
{
	free(f->leaked.v);
	free(f->suspect.v);
	free(f->stuck.v);
	free(f->zombies.v);
}

/* ---- head ------------------------------------------------------------------------------------ */

static void moments(struct html *h, const struct landing *l)
{
	const struct model *m = l->m;
	u64 now = model_wall(m, l->now), scanned = metrics_scanned(l->metrics);
	char span[24];

	buf_puts(h->out, "<p>Now: <b class=n>");
	html_moment(h, now, 0);
	buf_puts(h->out, "</b>. Watching since <span class=n>");
	html_moment(h, model_wall(m, m->watching_since), now);
	buf_puts(h->out, "</span>. ");
	if (scanned) {
		time_span(span, l->now > scanned ? l->now - scanned : 0);
		buf_puts(h->out, "Last scan of everything at <span class=n>");
		html_moment(h, model_wall(m, scanned), now);
		buf_printf(h->out, "</span>, <span class=n>%s</span> before. ", span);
	}
	buf_puts(h->out, "This page has asked for the next one: <a href=\"\">reload</a>.</p>\n");
}

static void limits(struct html *h, const struct model *m)
{
	if (m->lost_since)
		buf_puts(h->out, "<p class=w>Incomplete: events were lost, and no scan has made up "
				 "for them yet. Reload in a moment.</p>\n");
	if (m->blind)
		buf_printf(h->out,
			   "<p>The descriptors of %u process%s could not be read: "
			   "holders may be missing.</p>\n",
			   m->blind, m->blind == 1 ? "" : "es");
}

static const char *plural(u32 n)
{
	return n == 1 ? "" : "s";
}

static void figure(struct html *h, const char *id, u32 n, const char *what, bool many)
{
	buf_printf(h->out, "<li%s><b>%u</b>", id && n ? " class=w" : "", n);
	if (id)
		buf_printf(h->out, "<a href=\"#%s\">", id);
	buf_printf(h->out, "%s%s%s</li>\n", what, many ? plural(n) : "", id ? "</a>" : "");
}

static void figures(struct html *h, const struct found *f)
{
	buf_puts(h->out, "<ul class=f>\n");
	figure(h, "leaked", f->leaked.n, "leaked port", true);
	figure(h, "suspected", f->suspect.n, "suspected", false);
	figure(h, "zombies", f->zombies.n, "zombie", true);
	figure(h, "stuck", f->stuck.n, "stuck connection", true);
	buf_printf(h->out, "<li><b>%u</b>%s</li>\n", f->procs,
		   f->procs == 1 ? "process" : "processes");
	figure(h, NULL, f->listeners, "listening socket", true);
	buf_puts(h->out, "</ul>\n");
}

static void head(struct html *h, const struct landing *l, const struct found *f)
{
	struct buf host = {};

	buf_add_safe(&host, l->host, strlen(l->host), 64);
	buf_puts(h->out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			 "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	html_text(h, host.s ? host.s : "");
	buf_printf(h->out,
		   ": %u leaked, %u zombie%s - probate</title><style>%s</style></head><body>\n<h1>",
		   f->leaked.n, f->zombies.n, plural(f->zombies.n), landing_css);
	html_text(h, host.s ? host.s : "");
	buf_puts(h->out, ": who holds which port, and who does not reap</h1>\n");
	moments(h, l);
	limits(h, l->m);
	figures(h, f);
	buf_free(&host);
}

/* ---- tables and foot ------------------------------------------------------------------------- */

static void title(struct html *h, const char *id, const char *name, const char *meaning, u32 n)
{
	buf_printf(h->out, "<h2 id=\"%s\">%s: %u</h2>\n", id, name, n);
	if (n)
		buf_printf(h->out, "<p class=d>%s</p>\n", meaning);
}

static void section(struct html *h, const struct landing *l, const struct socks *list,
		    enum sock_kind kind)
{
	static const struct {
		const char *id, *name, *meaning;
	} words[] = {
		[KIND_LEAKED] = {"leaked", "Leaked ports",
				 "Who made it is gone, and as far as is known nobody who holds it "
				 "means to: a server that wants the port does not get it."},
		[KIND_SUSPECT] = {"suspected", "Suspected leaks",
				  "Who made it is not known; nobody who holds it is known to "
				  "have opened it, or waits on it. None of these is certain."},
		[KIND_STUCK] = {"stuck", "Stuck connections",
				"Open only because another program inherited them, and nobody "
				"waits for anything on them: if that does not answer of itself, "
				"the other end waits in vain."},
	};

	title(h, words[kind].id, words[kind].name, words[kind].meaning, list->n);
	socks_table(h, l, list, kind);
}

static void zombies_section(struct html *h, const struct landing *l, struct found *f)
{
	title(h, "zombies", "Zombies",
	      "Dead, and not reaped: each takes a pid until its parent waits for it or ends.",
	      f->zombies.n);
	zombies_table(h, l, &f->zombies);
	if (f->recent)
		buf_printf(h->out,
			   "<p class=d>Not among them: %u that died only just now, which is "
			   "normal.</p>\n",
			   f->recent);
	if (f->headless)
		buf_printf(
			h->out,
			"<p class=d>Not among them: %u whose main thread alone has ended, though "
			"ps shows it as defunct.</p>\n",
			f->headless);
}

static void foot(struct html *h, const struct landing *l)
{
	buf_puts(h->out, "<h2>More</h2>\n<p>On this machine: <code>probate port N</code> how each "
			 "holder came to a port, <code>probate ports --leaked</code> all that is "
			 "leaked or suspected, <code>probate zombies</code> all that is not "
			 "reaped, <code>probate pid N</code> and <code>probate tree N</code> a "
			 "process and its sockets.</p>\n<p><a href=\"");
	html_text(h, l->path);
	buf_puts(h->out, "\">Metrics</a> &middot; <a href=\"/-/ready\">ready?</a> &middot; "
			 "<a href=\"/-/healthy\">healthy?</a></p></body></html>\n");
}

void landing_render(const struct landing *l, struct buf *out)
{
	struct html h = {.out = out};
	struct found f = {};

	find(&f, l->m);
	head(&h, l, &f);
	section(&h, l, &f.leaked, KIND_LEAKED);
	section(&h, l, &f.suspect, KIND_SUSPECT);
	section(&h, l, &f.stuck, KIND_STUCK);
	zombies_section(&h, l, &f);
	foot(&h, l);
	buf_free(&h.word);
	found_free(&f);
}
