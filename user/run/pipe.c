/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of an event: source -> check -> [tap: recorder] -> model -> view, and then the next.
 *
 * Everything a view gets to see passes pipe_event(), ticks too: a recording holds the same, so a
 * replay shows the same.  A batch ends with a tick, and there alone views settle.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "life.h"
#include "pipe_priv.h"

#define SLICE 64 /* events between two looks at the clock */

void pipe_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
}

/*
 * A shell without job control starts what ends in & with SIGINT ignored.  CMD has inherited that by
 * now; we obey it all the same, and say so.
 */
static void obey_interrupt(const struct opts *o)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL}, old;

	if (sigaction(SIGINT, NULL, &old) || old.sa_handler != SIG_IGN)
		return;
	sigaction(SIGINT, &dfl, NULL);
	if (!o->quiet)
		warn("SIGINT was ignored when this was started, as by a script's &: here it ends "
		     "the command all the same, as SIGTERM does");
}

/* A one-shot keeps the default: nothing is left behind when it dies. */
static void catch_stop(const struct pipe *p)
{
	stop_abandon(!p->rec && !p->view->daemon);
	stop_catch(p->view->daemon ? -1 : p->out->fd);
}

/* ---- one event ---------------------------------------------------------------------------- */

static void notice(struct pipe *p, const struct ev *e)
{
	if (e->kind == EV_KIND_LOST)
		p->lost = true;
	else if (e->kind == EV_KIND_SCAN_BEGIN)
		p->scanning = true;
	else if (e->kind == EV_KIND_SCAN_END)
		p->scanning = false;
	if (e->kind == EV_KIND_SCAN_END && ((const struct ev_scan_end *)e)->scope & SCOPE_SOCKS)
		p->unlooked = true;
	if (p->child.pid)
		child_event(&p->child, e);
}

/* Before the stretch that was asked for a view hears nothing; the model knows all. */
static bool in_stretch(struct pipe *p, const struct ev *e)
{
	if (p->started)
		return true;
	if (p->since && model_wall(p->model, e->ts) < p->since)
		return false;
	p->started = true;
	if (p->rec) /* begins with the state at that moment */
		recorder_begin(p->rec, p->model, e);
	if (p->view->start)
		p->view->start(p->state, p->model);
	return true;
}

static void pass_on(struct pipe *p, const struct ev *e)
{
	bool show = in_stretch(p, e);

	if (p->rec && show)
		recorder_event(p->rec, e);
	notice(p, e);
	model_apply(p->model, e);
	if (!show || !p->view->event)
		return;
	p->view->event(p->state, p->model, e);
	for (const struct ev *t = NULL; (t = model_told(p->model, t));)
		p->view->event(p->state, p->model, t);
}

/* Another event was dealt with; true: leave.  What a long scan lets out is not kept for its end. */
static bool slice_over(struct pipe *p)
{
	if (++p->sliced % SLICE)
		return false;
	if (p->scanning)
		out_flush(p->out);
	return life_slice();
}

/* Of a scan only what is new goes on, and what was not met is told before its end. */
static void sieve(struct pipe *p, const struct ev *e)
{
	struct ev_scan_end end;
	bool cut = false;

	if (model_knows(p->model, e))
		return;
	if (e->kind != EV_KIND_SCAN_END || !model_tells(p->model, memcpy(&end, e, sizeof(end)))) {
		pass_on(p, e);
		return;
	}
	for (const struct ev *miss; !cut && (miss = model_missed(p->model, &end));) {
		pass_on(p, miss);
		cut = slice_over(p);
	}
	end.h.size = sizeof(end);
	end.scope = cut ? 0 : end.scope | SCOPE_TOLD;
	pass_on(p, &end.h);
}

void pipe_event(void *ctx, const struct ev *e, size_t bytes)
{
	struct pipe *p = ctx;
	const char *why = event_check(e, bytes);
	const struct kind *k = why ? NULL : event_kind(e->kind);

	if (why) {
		if (!p->bad++)
			warn("passing over an event that is damaged: %s", why);
		return;
	}
	if (!k || k->class == CLASS_TOLD)
		return; /* newer than we are; or written by --raw, and told anew by the model */
	if (event_is_kept(e->kind)) { /* the state itself, not something that happened */
		model_apply(p->model, e);
		if (p->rec && p->started && e->kind == EV_KIND_KEPT_END)
			recorder_restart(p->rec);
		return;
	}
	p->marked = e->kind == EV_KIND_TICK;
	p->done |= p->until && model_wall(p->model, e->ts) > p->until;
	if (!p->done && (!p->budget || budget_pass(p->budget, p->model, e)))
		sieve(p, e);
	slice_over(p);
}

static void tell_held(void *ctx, const struct ev *e)
{
	pass_on(ctx, e);
}

void pipe_held(struct pipe *p, u64 now, bool all)
{
	if (p->budget && !p->scanning)
		budget_turn(p->budget, now, all, tell_held, p);
}

/* Told to the model and the view like what happens: no answer may look whole above it. */
void pipe_damaged(struct pipe *p)
{
	struct ev_lost e = {.h = {.kind = EV_KIND_LOST, .size = sizeof(e), .ts = p->model->now},
			    .damaged = true};

	p->damaged = true;
	if (p->model->events) /* before there is no time that it could be of */
		pass_on(p, &e.h);
}

void pipe_tick(struct pipe *p, u64 ts)
{
	struct ev_tick e = {.h = {.kind = EV_KIND_TICK, .size = sizeof(e), .ts = ts}};

	p->ticked = ts;
	pipe_event(p, &e.h, sizeof(e));
}

void pipe_settle(struct pipe *p)
{
	bool leave = life_slice();

	if (p->view->settle && leave)
		stop_cut();
	else if (p->view->settle && !p->scanning && p->started)
		p->view->settle(p->state, p->model);
	out_flush(p->out);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int flow(struct pipe *p)
{
	if (!p->source)
		return EXIT_ANSWERED; /* a view that needs no facts */
	if (p->opts.replay)
		return pipe_replay(p);
	return source_is_live(p->view, &p->opts) ? pipe_live(p) : pipe_one_shot(p);
}

static int run(struct pipe *p)
{
	int code, answer;

	if (source_is_live(p->view, &p->opts) || p->opts.record)
		catch_stop(p);
	code = flow(p);
	pipe_held(p, p->model->now, true);
	budget_free(p->budget);
	p->budget = NULL;
	history_close(p->history); /* before another may write into the directory */
	if (p->rec && !recorder_close(p->rec, p->model) && code == EXIT_ANSWERED)
		code = EXIT_INCOMPLETE;
	if (!p->started && p->view->start)
		p->view->start(p->state, p->model);
	stop_abandon(false);
	stop_answering();
	answer = p->view->finish ? p->view->finish(p->state, p->model) : EXIT_ANSWERED;
	out_flush(p->out);
	if (p->bad > 1)
		warn("%llu damaged events were passed over", (unsigned long long)p->bad);
	if (code == EXIT_ANSWERED &&
	    (p->bad || p->damaged || p->model->lost_since || stop_was_cut() ||
	     (p->opts.replay && p->model->held_since)) && /* a recorder has said it and goes on */
	    answer <= EXIT_OPPOSITE)
		code = EXIT_INCOMPLETE;
	return code == EXIT_ANSWERED || answer > EXIT_OPPOSITE ? answer : code;
}

void pipe_record(struct pipe *p)
{
	struct rec_limits limits = p->opts.limits;

	limits.owner = p->view->becomes ? p->view->becomes(p->state) : 0;
	limits.wait = p->opts.replay; /* a recording can wait for the disk, the kernel does not */
	p->rec = recorder_open(p->opts.record, &limits, p->opts.force, p->source->tier);
}

/* Questions about the past are for the recorder that runs here; NULL: it is not about the past. */
static const char *history_wanted(const struct view *view, const struct opts *o)
{
	bool must = o->at || o->since || o->until;
	const char *dir = NULL;

	if (must || (view->start && !o->no_history))
		dir = history_find();
	if (must && !dir)
		die(EXIT_USAGE, "--at, --since and --until need a recording, and no recorder "
				"answers here: give "
				"one with -r, such as -r /var/lib/probate");
	if (dir && !o->quiet)
		warn("from the history in %s", dir);
	return dir;
}

int pipe_run(const struct view *view, const struct opts *opts, struct out *out)
{
	struct pipe p = {.view = view, .opts = *opts, .out = out};
	int code;

	if (opts->cmd) {
		child_start(&p.child, opts->cmd);
		p.opts.filter.tree = p.child.pid;
	}
	if (source_is_live(view, opts) || opts->record)
		obey_interrupt(opts);
	if (!p.opts.replay)
		p.opts.replay = history_wanted(view, opts);
	if (view->scope || view->live_only || p.opts.replay)
		p.source = source_choose(view, &p.opts);
	p.model = model_new(&verdict_judge);
	p.state = view->open(&p.opts, out);
	if (opts->record && !p.opts.replay) {
		history_resume(opts->record, p.model);
		pipe_record(&p);
	}
	if (view->resume && !p.model->events)
		view->resume(p.state, p.model);
	if (view->daemon && !opts->record)
		p.model->grace_ns = GRACE_BRIEF_NS; /* numbers are counted when they die */
	code = run(&p);
	if (view->close)
		view->close(p.state);
	if (p.source)
		p.source->ops->close(p.source);
	model_free(p.model);
	child_free(&p.child);
	return code;
}
