/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `serve`: the Prometheus exporter.
 *
 * Rights come first and go early: the kernel side is attached, everything was scanned and every
 * socket is bound when confine() is called; from then on nothing that a client sends can reach
 * more than a model of this machine.  Pages are rendered here, between two batches of events, and
 * a page that was asked for asks in turn for a scan, so that the next one is up to date.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "rights.h"

#ifdef HAVE_SERVE

#include "landing.h"
#include "life.h"
#include "notify.h"
#include "self.h"
#include "serve_state.h"

#define NOBODY	 65534
#define SHARE	 20		/* rendering takes at most a twentieth of the time, whoever asks */
#define REST_NS	 (5 * NS_PER_S) /* at most, as the whole machine may have stood still meanwhile */
#define UNLOOKED "not everything has been looked at yet"
#define UNREADY	 "events were lost, and not everything is scanned anew"

struct serve {
	const struct opts *opts;
	struct web *web;
	struct notify *notify;
	struct metrics *metrics;
	char host[65];
	struct state *state; /* for the run after this; NULL: it cannot be kept */
	struct source_stats stats;
	u64 rest_until;	   /* no page before, CLOCK_BOOTTIME: the last one took long */
	bool ready, begun; /* now; once */
};

/* Nothing is made before it is known that it can be. */
static void *serve_open(const struct opts *o, struct out *out)
{
	const struct rights r = {.user = o->user, .write = o->record};
	struct buf err = {};
	struct serve *s;
	struct web *web;
	int e;

	(void)out;
	e = rights_check(&r, &err);
	if (e)
		die(e == -ENOENT ? EXIT_USAGE : EXIT_CANNOT, "%s", err.s);
	if (o->record && !o->quiet && rights_uid(&r) == NOBODY)
		warn("the recording will belong to nobody: every process of that user's can change "
		     "it");
	if (rights_stays_root(&r) && !o->quiet)
		warn("there is no user " RIGHTS_USER
		     " to own the recording: root keeps it, without "
		     "capabilities and held to that directory (`make install` brings a sysusers.d "
		     "file for one)");
	e = web_open(&web, &o->web, &err);
	if (e)
		die(e == -EINVAL ? EXIT_USAGE : EXIT_CANNOT, "%s", err.s);
	s = xcalloc(1, sizeof(*s));
	s->opts = o;
	s->web = web;
	gethostname(s->host, sizeof(s->host) - 1);
	s->notify = notify_open();
	s->metrics = metrics_new();
	s->state = state_open(NULL, &err);
	if (!s->state && !o->quiet)
		warn("%s", err.s);
	buf_free(&err);
	return s;
}

static void serve_resume(void *v, struct model *m)
{
	struct serve *s = v;

	if (s->state && state_load(s->state, m) && !s->opts->quiet)
		warn("going on with what the run before this one knew");
}

static const char *serve_recall(void *v, const struct model *m, u64 now)
{
	struct serve *s = v;

	return s->state ? state_file(s->state, m, now) : NULL;
}

static u32 serve_becomes(void *v)
{
	struct serve *s = v;
	const struct rights r = {.user = s->opts->user, .write = s->opts->record};

	return rights_uid(&r);
}

static void serve_confine(void *v, int made)
{
	struct serve *s = v;
	const struct rights r = {.user = s->opts->user, .write = s->opts->record};
	struct buf err = {};

	if ((made >= 0 && rights_give(made, &r, &err)) || rights_drop(&r, &err))
		die(EXIT_CANNOT, "%s", err.s);
}

/* From the loop itself, in the middle of a long scan too: that it does not stand is the message. */
static void serve_alive(void *v)
{
	notify_alive(((struct serve *)v)->notify, time_boot_ns());
}

/* Threads first: the filter is put on each that is there. */
static void serve_ready(void *v, const struct model *m, const struct turn *t)
{
	struct serve *s = v;
	struct buf err = {};

	(void)m;
	t->source->ops->watch(t->source, web_fd(s->web));
	web_ready(s->web, false, UNLOOKED);
	if (web_start(s->web, &err) || rights_seal(&err))
		die(EXIT_CANNOT, "%s", err.s);
	life_hook(serve_alive, s);
	if (!s->opts->quiet)
		warn("metrics at %s", web_url(s->web));
}

/* Whoever started it goes on once everything was looked at. */
static void readiness(struct serve *s, const struct turn *t)
{
	struct buf status = {};

	if (t->whole != s->ready)
		web_ready(s->web, t->whole, s->begun ? UNREADY : UNLOOKED);
	s->ready = t->whole;
	if (s->begun || !t->looked) /* a machine that loses events all the time is served, too */
		return;
	s->begun = true;
	buf_printf(&status, "%s (%s)", web_url(s->web), t->source->tier);
	notify_ready(s->notify, status.s);
	buf_free(&status);
}

static void serve_event(void *v, const struct model *m, const struct ev *e)
{
	struct serve *s = v;

	metrics_event(s->metrics, m, e);
	if (s->state)
		state_event(s->state, e);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void metrics_page(struct serve *s, const struct model *m, const struct turn *t,
			 enum metrics_format format, struct buf *out)
{
	struct self self = {.recorded_bytes = t->recorded_bytes,
			    .recorder_dropped = t->recorder_dropped,
			    .recorder_faults = t->recorder_faults,
			    .held_back = t->held_back,
			    .recorded_since_ns = t->recorded_since,
			    .damaged = t->damaged,
			    .lag_ns = life_lag_ns(),
			    .state_saved_ns = s->state ? state_saved(s->state) : 0,
			    .tier = "base",
			    .fd = strstr(t->source->tier, "fd=full") ? "full" : "lean"};
	struct metrics_input in = {.m = m,
				   .source = &s->stats,
				   .self = &self,
				   .collectors = s->opts->collectors,
				   .format = format,
				   .now = t->now};

	t->source->ops->stats(t->source, &s->stats);
	self_read(&self);
	web_requests(s->web, self.requests);
	metrics_render(s->metrics, &in, out);
}

static void page_answer(struct serve *s, const struct model *m, const struct turn *t,
			enum web_page page)
{
	struct buf body = {};

	if (page == PAGE_LANDING)
		landing_render(&(struct landing){.m = m,
						 .metrics = s->metrics,
						 .host = s->host,
						 .path = s->opts->web.path ? s->opts->web.path
									   : WEB_PATH_DEFAULT,
						 .now = t->now},
			       &body);
	else
		metrics_page(s, m, t, page == PAGE_OPENMETRICS ? METRICS_OPENMETRICS : METRICS_TEXT,
			     &body);
	web_answer(s->web, page, &body);
	buf_free(&body);
}

/* The pages that are asked for, each once: who has one may ask anew at once.  When the next may be
 * made. */
static u64 pages_answer(struct serve *s, const struct model *m, const struct turn *t)
{
	u64 begin = time_boot_ns(), rest;
	enum web_page page;
	u32 made = 0;

	if (begin < s->rest_until)
		return s->rest_until;
	while (made < WEB_PAGES && web_asked(s->web, &page)) {
		page_answer(s, m, t, page);
		made++;
	}
	if (!made)
		return 0;
	rest = (time_boot_ns() - begin) * SHARE;
	s->rest_until = begin + (rest < REST_NS ? rest : REST_NS);
	t->source->ops->refresh(t->source);
	return s->rest_until;
}

/* Of two moments; 0: never. */
static u64 sooner(u64 a, u64 b)
{
	return a && (!b || a < b) ? a : b;
}

static u64 serve_turn(void *v, const struct model *m, const struct turn *t)
{
	struct serve *s = v;
	u64 due;

	readiness(s, t);
	due = notify_alive(s->notify, t->now);
	due = sooner(due, pages_answer(s, m, t));
	return sooner(due, s->state ? state_turn(s->state, m, t->now) : 0);
}

static int serve_finish(void *v, const struct model *m)
{
	struct serve *s = v;

	notify_stopping(s->notify);
	state_close(s->state, m);
	return EXIT_ANSWERED;
}

static void serve_close(void *v)
{
	struct serve *s = v;

	life_hook(NULL, NULL);
	web_close(s->web);
	notify_close(s->notify);
	metrics_free(s->metrics);
	free(s);
}

#else

static void *serve_open(const struct opts *o, struct out *out)
{
	(void)o;
	(void)out;
	die(EXIT_CANNOT, "this probate was built without `serve`: libmicrohttpd, gnutls, libyaml, "
			 "libcrypt, libseccomp or libcap was missing");
}

#endif

/* ---- options --------------------------------------------------------------------------------- */

static void set_listen(struct opts *o, const char *value)
{
	if (o->web.nlisten == WEB_LISTEN_MAX)
		die(EXIT_USAGE, "--web.listen-address can be given %d times at most",
		    WEB_LISTEN_MAX);
	o->web.listen[o->web.nlisten++] = value;
}

static void set_allow_host(struct opts *o, const char *value)
{
	if (o->web.nallow == WEB_ALLOW_MAX)
		die(EXIT_USAGE, "--web.allow-host can be given %d times at most", WEB_ALLOW_MAX);
	o->web.allow[o->web.nallow++] = value;
}

static void set_telemetry_path(struct opts *o, const char *value)
{
	if (*value != '/')
		die(EXIT_USAGE,
		    "--web.telemetry-path begins with a slash, as /metrics does, not \"%s\"",
		    value);
	o->web.path = value;
}

static void set_web_config(struct opts *o, const char *value)
{
	o->web.config = *value ? value : NULL; /* as with node_exporter, "" is none */
}

/* clang-format off */
static const struct option_def options[] = {
	{ 0, "list", NULL, "list the metrics and what they mean", FLAG(list) },
	{ 0, "web.listen-address", "ADDR", "where to listen, repeatable (" WEB_LISTEN_DEFAULT ")", OWN(set_listen) },
	{ 0, "web.telemetry-path", "PATH", "where the metrics are (" WEB_PATH_DEFAULT ")", OWN(set_telemetry_path) },
	{ 0, "web.config.file", "FILE", "TLS and passwords, as of Prometheus's exporters", OWN(set_web_config) },
	{ 0, "web.allow-host", "NAME", "a host name to be asked by, repeatable; *.NAME, or * for any", OWN(set_allow_host) },
	{ 0, "web.systemd-socket", NULL, "use the sockets that systemd gives", FLAG(web.systemd) },
	{ 0, "user", "NAME", "started as root: become this user (" RIGHTS_USER ")", TEXT(user) },
#define C(ID, name, on, help) \
	{ 0, "collector." name, NULL, help, BIT(collectors, COLLECTOR_##ID) }, \
	{ 0, "no-collector." name, NULL, on ? "leave these out" : "leave these out (as usual)", NO_BIT(collectors, COLLECTOR_##ID) },
	COLLECTOR_TABLE(C)
#undef C
	{},
};
/* clang-format on */

const struct view view_serve = {
	.name = "serve",
	.usage = "",
	.help = "the Prometheus exporter; with --record DIR the flight recorder, too",
	.live_only = true,
	.daemon = true,
	.options = options,
	.limits = true,
	.list = metrics_list,
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.open = serve_open,
#ifdef HAVE_SERVE
	.recall = serve_recall,
	.resume = serve_resume,
	.becomes = serve_becomes,
	.confine = serve_confine,
	.ready = serve_ready,
	.event = serve_event,
	.turn = serve_turn,
	.finish = serve_finish,
	.close = serve_close,
#endif
};
