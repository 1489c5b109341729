/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of an event: source -> check -> model -> view, and then the next event.
 *
 * One-shot: a scan, an answer.  Live: first the ring is attached, then everything is scanned, then
 * the ring is read, so that nothing falls between and the first events meet known processes; that
 * they are older than the scan is no harm.
 * After a loss the model is scanned again at once, though not more than once a second.
 * Replay: the same without a scan, the whole file.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "choose.h"
#include "pipe.h"
#include "procfs.h"

#define POLL_MS	  20
#define PRIORITY  (-10)
#define RESCAN_NS NS_PER_S /* at most one rescan in this time */
#define CHECK_NS  NS_PER_S /* how often lost exits of CMD's tree are looked for */
#define TAIL_NS                                                                             \
	(150 * NS_PER_MS)   /* after the end of CMD's tree: its sockets and frees come late \
			     */
#define STOP_NS	   NS_PER_S /* what CMD has to end when we are told to */
#define EVERYTHING (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS)

/* The signal that asks for the end; CMD must be given it when it was sent to us alone. */
static volatile sig_atomic_t stopped, sent_to_us;

struct pipe {
	const struct view *view;
	struct opts opts;
	struct out *out;
	struct source *source;
	struct model *model;
	void *state; /* the view's */
	struct child child;
	u64 scanned, checked, over, stop; /* when last; 0: not */
	u64 bad;			  /* events that were no events */
	bool live, scanning, lost;
	bool damaged; /* a replay had lines that were no events */
};

/*
 * What a terminal sends comes from the kernel, and goes to CMD as well as to us; but when it hangs
 * up, it tells the leader of the session alone.
 */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	stopped = sig;
	sent_to_us = info->si_code <= 0 || (sig == SIGHUP && getsid(0) == getpid());
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

static void event_in(void *ctx, const struct ev *e, size_t bytes)
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
	notice(p, e);
	model_apply(p->model, e);
	if (p->view->event) {
		p->view->event(p->state, p->model, e);
		for (const struct ev *t = NULL; (t = model_told(p->model, t));)
			p->view->event(p->state, p->model, t);
	}
}

static void settle(struct pipe *p)
{
	if (p->view->settle && !p->scanning)
		p->view->settle(p->state, p->model);
	out_flush(p->out);
}

/* Time passes although nothing happens: the model's timers run on events alone. */
static void tick(struct pipe *p, u64 ts)
{
	struct ev_tick e = {.h = {.kind = EV_KIND_TICK, .size = sizeof(e), .ts = ts}};

	event_in(p, &e.h, sizeof(e));
}

/* ---- scans -------------------------------------------------------------------------------- */

static int scan(struct pipe *p, const struct want *want)
{
	int err = p->source->ops->scan(p->source, want, event_in, p);

	p->scanning = false;
	p->scanned = time_boot_ns();
	return err;
}

static bool nameless(const struct model *m, const struct proc *proc)
{
	u16 len;

	return proc->state == PROC_RUNNING && !(proc->flags & TASK_KTHREAD) &&
	       !(proc_exe(m, proc, &len) && len) && !(proc_args(m, proc, &len) && len);
}

/* Command lines of what the view shows; without its word, of all whose line is not known. */
static void describe(struct pipe *p, bool all)
{
	const struct model *m = p->model;
	struct buf tgids = {};

	if (!all && p->view->describe)
		p->view->describe(&p->opts, m, &tgids);
	else
		for (u32 id = 0; (id = proc_next(m, id));)
			if (nameless(m, proc_at(m, id)))
				buf_add(&tgids, &proc_at(m, id)->tgid, sizeof(u32));
	if (tgids.len)
		p->source->ops->describe(p->source, (const u32 *)tgids.s, tgids.len / sizeof(u32),
					 event_in, p);
	buf_free(&tgids);
}

static void scan_everything(struct pipe *p)
{
	struct want want = {.scope = EVERYTHING};

	p->lost = false;
	if (scan(p, &want) < 0)
		p->lost = true;
	describe(p, true);
	settle(p);
}

/* ---- the three flows ---------------------------------------------------------------------- */

static int replay(struct pipe *p)
{
	int n;

	while ((n = p->source->ops->poll(p->source, 0, event_in, p)) != -ENODATA && !stopped) {
		if (n == -EBADMSG) {
			p->damaged = true; /* the source says it */
			continue;
		}
		if (n < 0) {
			warn("cannot read %s: %s", p->opts.replay, strerror(-n));
			return EXIT_INCOMPLETE;
		}
		if ((p->opts.watch || p->view->live_only) && p->view->settle && !p->scanning)
			p->view->settle(p->state, p->model);
		if (out_dead(p->out))
			break;
	}
	if (p->scanning && n == -ENODATA && !p->damaged) {
		warn("%s ends in the middle of a scan", p->opts.replay);
		p->damaged = true;
	}
	settle(p);
	return EXIT_ANSWERED;
}

static int one_shot(struct pipe *p)
{
	struct want want = {.scope = p->view->scope};
	int err;

	if (p->view->want)
		p->view->want(&p->opts, &want);
	err = scan(p, &want);
	if (err < 0) {
		warn("the scan failed: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	settle(p);
	describe(p, false);
	return EXIT_ANSWERED;
}

/* Does nobody read standard output any more?  Else `trace | head` would wait for one more event. */
static bool reader_left(struct pipe *p)
{
	struct pollfd fd = {.fd = fileno(p->out->f)};

	return out_dead(p->out) || (poll(&fd, 1, 0) == 1 && fd.revents & POLLERR);
}

/* We were told to stop.  CMD is told, too, and how it ends is worth seeing. */
static bool stop_now(struct pipe *p, u64 now)
{
	if (!p->child.pid)
		return true;
	if (!p->stop) {
		p->stop = now;
		if (sent_to_us)
			child_signal(&p->child, stopped);
	}
	return now - p->stop > STOP_NS;
}

static bool over(struct pipe *p, u64 now, int events)
{
	if (reader_left(p) || (stopped && stop_now(p, now)))
		return true;
	if (!p->child.pid)
		return false;
	if (now - p->checked > CHECK_NS) {
		p->checked = now;
		child_check(&p->child);
	}
	if (!child_over(&p->child))
		return false;
	if (!p->over)
		p->over = now;
	return now - p->over > TAIL_NS && events == 0;
}

static int poll_loop(struct pipe *p)
{
	u64 now;
	int n;

	do {
		now = time_boot_ns();
		n = p->source->ops->poll(p->source, POLL_MS, event_in, p);
		if (n < 0 && n != -EINTR) {
			warn("cannot read events: %s", strerror(-n));
			return EXIT_INCOMPLETE;
		}
		/* all that happened until `now` has been delivered */
		if (n <= 0)
			tick(p, now);
		if (p->lost && now - p->scanned >= RESCAN_NS)
			scan_everything(p);
		settle(p);
	} while (!over(p, now, n));
	if (p->lost)
		scan_everything(p);
	return EXIT_ANSWERED;
}

/*
 * A storm on every processor must not starve the one who reads the ring.  CMD was forked before
 * and stays as it is.
 */
static void hurry(void)
{
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) > PRIORITY && !errno)
		setpriority(PRIO_PROCESS, 0, PRIORITY); /* as fast as we may, if this is refused */
}

/* In a pid namespace the root of the tree has another number in the events than we know it by. */
static void follow(struct pipe *p)
{
	int n = p->source->ops->follow ? p->source->ops->follow(p->source, p->opts.filter.tree)
				       : (int)p->opts.filter.tree;

	if (n < 0)
		die(EXIT_CANNOT, "cannot follow process %u: %s", p->opts.filter.tree, strerror(-n));
	p->opts.filter.tree = (u32)n;
	if (p->child.pid)
		child_known_as(&p->child, (u32)n);
}

static int live(struct pipe *p)
{
	p->live = true;
	hurry();
	procfs_clock(event_in, p);
	scan_everything(p);
#ifdef __GLIBC__
	malloc_trim(0); /* loading took more than watching does */
#endif
	if (p->opts.filter.tree)
		follow(p);
	if (p->child.pid) {
		child_go(&p->child, p->opts.cmd);
		p->checked = time_boot_ns();
	}
	if (!p->opts.quiet && !out_dead(p->out))
		warn("watching (%s)", p->source->tier);
	return poll_loop(p);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int run(struct pipe *p)
{
	int code, answer;

	if (source_is_live(p->view, &p->opts))
		catch_stop();
	if (!p->source)
		code = EXIT_ANSWERED; /* a view that needs no facts */
	else if (p->opts.replay)
		code = replay(p);
	else if (source_is_live(p->view, &p->opts))
		code = live(p);
	else
		code = one_shot(p);
	answer = p->view->finish ? p->view->finish(p->state, p->model) : EXIT_ANSWERED;
	out_flush(p->out);
	if (p->bad > 1)
		warn("%llu damaged events were passed over", (unsigned long long)p->bad);
	if (code == EXIT_ANSWERED && (p->bad || p->damaged || p->model->lost_since) &&
	    answer <= EXIT_OPPOSITE)
		code = EXIT_INCOMPLETE;
	return code == EXIT_ANSWERED || answer > EXIT_OPPOSITE ? answer : code;
}

int pipe_run(const struct view *view, const struct opts *opts, struct out *out)
{
	struct pipe p = {.view = view, .opts = *opts, .out = out};
	int code;

	if (opts->cmd) {
		child_start(&p.child, opts->cmd);
		p.opts.filter.tree = p.child.pid;
	}
	if (view->scope || view->live_only || opts->replay)
		p.source = source_choose(view, &p.opts);
	p.model = model_new();
	p.state = view->open(&p.opts, out);
	code = run(&p);
	if (view->close)
		view->close(p.state);
	if (p.source)
		p.source->ops->close(p.source);
	model_free(p.model);
	child_free(&p.child);
	return code;
}
