/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what happened, as a document for people who were not there.
 *
 * A bare number may be a port or a process: both are gathered, and the end decides.
 */
#include <stdlib.h>

#include "options.h"
#include "report.h"
#include "report_perfetto.h"

struct view_report {
	const struct opts *opts;
	struct out *out;
	struct perfetto *perfetto;
	struct report *port, *pid, *machine; /* NULL: not asked for */
	bool started;
};

static void *report_open(const struct opts *o, struct out *out)
{
	struct view_report *v = xcalloc(1, sizeof(*v));

	*v = (struct view_report){.opts = o, .out = out};
	if (o->perfetto) {
		v->perfetto = perfetto_open(out, o);
		return v;
	}
	if (o->about & ABOUT_PORT)
		v->port = report_new(ON_PORT, o);
	if (o->about & ABOUT_PID)
		v->pid = report_new(ON_PID, o);
	if (!o->about)
		v->machine = report_new(ON_MACHINE, o);
	return v;
}

static void report_begin(void *view, const struct model *m)
{
	struct view_report *v = view;
	struct report *const all[] = {v->port, v->pid, v->machine};

	v->started = true;
	if (v->perfetto)
		perfetto_start(v->perfetto, m);
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i])
			report_start(all[i], m);
}

static void report_take(void *view, const struct model *m, const struct ev *e)
{
	struct view_report *v = view;

	if (!v->started)
		report_begin(v, m);
	if (v->perfetto)
		perfetto_event(v->perfetto, m, e);
	if (v->port)
		report_event(v->port, m, e);
	if (v->pid)
		report_event(v->pid, m, e);
	if (v->machine)
		report_event(v->machine, m, e);
}

/* What was asked for: a port that was met comes before a process of that number. */
static struct report *report_choose(struct view_report *v)
{
	if (v->machine)
		return v->machine;
	if (!v->port || !v->pid)
		return v->port ? v->port : v->pid;
	if (!v->port->met && v->pid->met)
		return v->pid;
	v->port->also_pid = v->pid->met;
	return v->port;
}

static int report_finish(void *view, const struct model *m)
{
	struct view_report *v = view;
	struct report *r;

	if (!v->started)
		report_begin(v, m);
	if (v->perfetto) {
		perfetto_finish(v->perfetto, m);
		return answer_code(m, EXIT_ANSWERED);
	}
	if (v->port)
		report_end(v->port, m);
	if (v->pid)
		report_end(v->pid, m);
	if (v->machine)
		report_end(v->machine, m);
	r = report_choose(v);
	if (v->opts->json)
		report_json(v->out, r, m);
	else if (v->opts->html)
		report_html(v->out, r, m);
	else
		report_text(v->out, r, m);
	return answer_code(m, r->met || r == v->machine ? EXIT_ANSWERED : EXIT_OPPOSITE);
}

static void report_close(void *view)
{
	struct view_report *v = view;

	if (v->perfetto)
		perfetto_close(v->perfetto);
	report_free(v->port);
	report_free(v->pid);
	report_free(v->machine);
	free(v);
}

/* "8801" may be a port or a process; "port 8801" and "pid 8801" say which. */
static void operand_report(struct opts *o, const char *word)
{
	u64 n;

	if (!o->arg && !o->about && (!strcmp(word, "pid") || !strcmp(word, "port"))) {
		o->about = strcmp(word, "pid") ? ABOUT_PORT : ABOUT_PID;
		return;
	}
	if (o->arg)
		die(EXIT_USAGE, "report takes one port or process, and \"%s\" is one more", word);
	o->arg = word;
	if (!o->about)
		o->about = parse_u64(word, UINT32_MAX, &n) ? ABOUT_PORT | ABOUT_PID : ABOUT_PORT;
	if (o->about == (ABOUT_PORT | ABOUT_PID) && n > 65535)
		o->about = ABOUT_PID;
	if (o->about & ABOUT_PID)
		operand_pid(o, word);
	if (o->about & ABOUT_PORT)
		operand_query(o, word);
}

static void report_check(struct opts *o)
{
	if (o->html + o->perfetto + o->json > 1)
		die(EXIT_USAGE,
		    "--html, --perfetto and --json are three forms of a report: choose one");
	if (o->about && !o->arg)
		die(EXIT_USAGE, "report %s needs a number after it",
		    o->about == ABOUT_PID ? "pid" : "port");
}

/* clang-format off */
static const struct option_def options[] = {
	{ 0, "html", NULL, "one HTML page, complete in itself", FLAG(html) },
	{ 0, "perfetto", NULL, "a trace for ui.perfetto.dev", FLAG(perfetto) },
	{},
};
/* clang-format on */

const struct view view_report = {
	.options = options,
	.operands = {0, 3, operand_report, NULL},
	.check = report_check,
	.name = "report",
	.usage = "[PORT | pid N] [--html | --perfetto | --json]",
	.help = "the post-mortem of a port, a process or the machine, as text or as one HTML page",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.open = report_open,
	.start = report_begin,
	.event = report_take,
	.finish = report_finish,
	.close = report_close,
};
