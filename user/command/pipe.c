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
#include "pipe_priv.h"

volatile sig_atomic_t pipe_stopped, pipe_sent_to_us;

/*
 * What a terminal sends comes from the kernel, and goes to CMD as well as to us; but when it hangs
 * up, it tells the leader of the session alone.
 */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	pipe_stopped = sig;
	pipe_sent_to_us = info->si_code <= 0 || (sig == SIGHUP && getsid(0) == getpid());
}

void pipe_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGPIPE, &ignore, NULL);
}

/* A one-shot keeps the default: nothing is left behind when it dies. */
static void catch_stop(void)
{
	struct sigaction stop = {.sa_sigaction = on_signal,
				 .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND)};
	struct sigaction old;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN) /* nohup */
		sigaction(SIGHUP, &stop, NULL);
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

/* Of a scan only what is new goes on, and what was not met is told before its end. */
static void sieve(struct pipe *p, const struct ev *e)
{
	struct ev_scan_end end;

	if (model_knows(p->model, e))
		return;
	if (e->kind != EV_KIND_SCAN_END || !model_tells(p->model, memcpy(&end, e, sizeof(end)))) {
		pass_on(p, e);
		return;
	}
	for (const struct ev *miss; (miss = model_missed(p->model, &end));)
		pass_on(p, miss);
	end.h.size = sizeof(end);
	end.scope |= SCOPE_TOLD;
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
	if (!p->done)
		sieve(p, e);
}

void pipe_tick(struct pipe *p, u64 ts)
{
	struct ev_tick e = {.h = {.kind = EV_KIND_TICK, .size = sizeof(e), .ts = ts}};

	p->ticked = ts;
	pipe_event(p, &e.h, sizeof(e));
}

void pipe_settle(struct pipe *p)
{
	if (p->view->settle && !p->scanning && p->started)
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
		catch_stop();
	code = flow(p);
	history_close(p->history); /* before another may write into the directory */
	if (p->rec && !recorder_close(p->rec, p->model) && code == EXIT_ANSWERED)
		code = EXIT_INCOMPLETE;
	if (!p->started && p->view->start)
		p->view->start(p->state, p->model);
	answer = p->view->finish ? p->view->finish(p->state, p->model) : EXIT_ANSWERED;
	out_flush(p->out);
	if (p->bad > 1)
		warn("%llu damaged events were passed over", (unsigned long long)p->bad);
	if (code == EXIT_ANSWERED && (p->bad || p->damaged || p->model->lost_since) &&
	    answer <= EXIT_OPPOSITE)
		code = EXIT_INCOMPLETE;
	return code == EXIT_ANSWERED || answer > EXIT_OPPOSITE ? answer : code;
}

void pipe_record(struct pipe *p)
{
	struct rec_limits limits = p->opts.limits;

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
	if (!p.opts.replay)
		p.opts.replay = history_wanted(view, opts);
	if (view->scope || view->live_only || p.opts.replay)
		p.source = source_choose(view, &p.opts);
	p.model = model_new();
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
