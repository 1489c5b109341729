// SPDX-License-Identifier: BSD-2-Clause
/*
 * From the kernel, as it happens or as it is now.
 *
 * One-shot: a scan, an answer.  Live: first the ring is attached, then everything is scanned, then
 * the ring is read, so that nothing falls between and the first events meet known processes; that
 * they are older than the scan is no harm.
 * After a loss the model is scanned again at once, though not more than once a second.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "pipe_priv.h"
#include "procfs.h"

#define POLL_MS	   20
#define PATIENT_MS 1000	    /* of a daemon, that is called when somebody asks */
#define ASKED_MS   2	    /* while somebody waits for the disk */
#define RESCAN_NS  NS_PER_S /* at most one rescan in this time */
#define LOOK_NS	   NS_PER_S /* at most one look for what keeps sockets in this time */
#define LOOK_SHARE 100	    /* which takes at most a hundredth of it */
#define CHECK_NS   NS_PER_S /* how often lost exits of CMD's tree are looked for */
/* After the end of CMD's tree: its sockets and frees come late. */
#define TAIL_NS	   (150 * NS_PER_MS)
#define STOP_NS	   (400 * NS_PER_MS) /* what CMD has to end when we are told to */
#define TICK_IDLE  NS_PER_S	     /* ticks nobody looks at: that often when nothing happens */
#define TICK_BUSY  (100 * NS_PER_MS)
#define CLOCK_OFF  (100 * NS_PER_MS) /* the clock was set: a new anchor */
#define EVERYTHING (SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS)

/* ---- time ------------------------------------------------------------------------------------ */

/*
 * A batch ended.  All that happened until `now` has been delivered if nothing came; else a tick
 * only marks where it ended.  Without a view that settles, most would tell nothing.
 */
static void batch_end(struct pipe *p, u64 now, int n)
{
	u64 ts = n > 0 ? p->model->now : now, gap = n > 0 ? TICK_BUSY : TICK_IDLE;

	if (p->view->settle || (n <= 0 && model_due(p->model, now)) || ts >= p->ticked + gap)
		pipe_tick(p, ts);
	pipe_settle(p);
	pipe_held(p, now, false);
	if (p->rec && !p->scanning && !stop_due()) /* in mid-scan it is not known what was met */
		recorder_turn(p->rec, p->model, now);
}

/* Somebody set the clock. */
static void anchor_check(struct pipe *p, u64 now)
{
	u64 is = now + time_wall_off(), was = now + p->model->realtime_off;

	if (is > was + CLOCK_OFF || is + CLOCK_OFF < was)
		procfs_clock(pipe_event, p);
}

/* ---- scans -------------------------------------------------------------------------------- */

int pipe_scan(struct pipe *p, const struct want *want)
{
	int err = p->source->ops->scan(p->source, want, pipe_event, p);

	p->scanning = false;
	p->scanned = time_boot_ns();
	return err;
}

/* What keeps sockets that no descriptor shows; most machines have none. */
static void keepers_look(struct pipe *p, u16 port)
{
	struct unheld asked[KEEPERS_ASKED];
	u32 n = model_unheld(p->model, port, asked, ARRAY_SIZE(asked));

	p->unlooked = false;
	if (n && p->source->ops->keepers)
		p->source->ops->keepers(p->source, asked, n, pipe_event, p);
}

/*
 * After scans, and when one that was just closed turns out to be kept; a hundredth of the time, but for
 * the first look, which loads what looks: whoever is closed soon after it is not to wait for that.
 */
static void keepers_turn(struct pipe *p, u64 now)
{
	if ((!p->unlooked && !model_asks(p->model)) || now < p->look)
		return;
	keepers_look(p, 0);
	p->look = now + LOOK_NS;
	if (p->looked && LOOK_SHARE * (time_boot_ns() - now) > LOOK_NS)
		p->look = now + LOOK_SHARE * (time_boot_ns() - now);
	p->looked = true;
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
					 pipe_event, p);
	buf_free(&tgids);
}

static void scan_everything(struct pipe *p)
{
	struct want want = {.scope = EVERYTHING};

	p->lost = false;
	if (p->budget) { /* what was held back until now is told first, and then made good */
		pipe_held(p, time_boot_ns(), true);
		budget_scanning(p->budget, time_boot_ns());
	}
	if (pipe_scan(p, &want) < 0) {
		p->lost = true;
		if (stop_due())
			stop_cut();
	}
	if (p->budget)
		budget_scanned(p->budget, time_boot_ns());
	describe(p, true);
	batch_end(p, time_boot_ns(), 1);
}

/* ---- one-shot -------------------------------------------------------------------------------- */

/* Who recorded saw every event, until it was asked: then a look at what the question is about will do. */
static bool recorded_all(const struct model *m)
{
	const u32 all = SRC_EVENTS | SRC_FD;
	const struct cut *cuts;

	return (m->caps & (all | SRC_PARTIAL)) == all && m->filter == ~0ull && model_whole(m) &&
	       !m->damaged && !model_cuts(m, &cuts);
}

/* What no event told (an io_uring closes descriptors) is noticed where it matters. */
static void unmet_apply(struct pipe *p, u64 begin, u16 port)
{
	struct buf missed = {};

	model_unmet(p->model, begin, port, &missed);
	for (size_t at = 0; at < missed.len; at += sizeof(struct ev_scan_miss))
		pipe_event(p, (const struct ev *)(const void *)(missed.s + at),
			   sizeof(struct ev_scan_miss));
	buf_free(&missed);
}

int pipe_one_shot(struct pipe *p)
{
	struct want want = {.scope = p->view->scope};
	u64 begin;
	bool all;
	int err;

	p->recalled = !p->opts.no_history && !strcmp(p->source->ops->name, "bpf") &&
		      history_recall(&p->model, p->opts.quiet);
	want.makers = p->recalled; /* what came since is met as the recorder would */
	all = !p->recalled || recorded_all(p->model);
	if (!all) { /* what was recorded and is no more is to be noticed */
		model_interrupt(p->model, true);
		want.scope = EVERYTHING;
	} else if (p->view->want) {
		p->view->want(&p->opts, &want);
	}
	begin = time_boot_ns();
	err = pipe_scan(p, &want);
	if (err < 0) {
		warn("the scan failed: %s", strerror(-err));
		return EXIT_INCOMPLETE;
	}
	if (p->recalled && all && p->view->want)
		unmet_apply(p, begin, want.port);
	keepers_look(p, all ? want.port : 0);
	pipe_settle(p);
	describe(p, false);
	return EXIT_ANSWERED;
}

/* ---- live ---------------------------------------------------------------------------- */

/* Does nobody read standard output any more?  Else `trace | head` would wait for one more event. */
static bool reader_left(struct pipe *p)
{
	struct pollfd fd = {.fd = p->out->fd};

	if (p->view->daemon)
		return false;
	return p->out->dead || (poll(&fd, 1, 0) == 1 && fd.revents & POLLERR) ||
	       (p->rec && recorder_dead(p->rec));
}

/* We were told to stop.  CMD is told, too, and how it ends is worth seeing. */
static bool stop_now(struct pipe *p, u64 now)
{
	if (!p->child.pid)
		return true;
	if (!p->stop) {
		p->stop = now;
		if (stop_sent())
			child_signal(&p->child, stop_asked());
	}
	return now - p->stop > STOP_NS;
}

static bool over(struct pipe *p, u64 now, int events)
{
	if (reader_left(p) || (stop_asked() && stop_now(p, now)) || stop_due())
		return true;
	if (now - p->checked > CHECK_NS) {
		p->checked = now;
		anchor_check(p, now);
		if (p->child.pid)
			child_check(&p->child);
	}
	if (!p->child.pid || !child_over(&p->child))
		return false;
	if (!p->over)
		p->over = now;
	return now - p->over > TAIL_NS && events == 0;
}

/* Somebody asks for the history: all that happened until now is to be in it. */
static void history_turn(struct pipe *p)
{
	u64 now = time_boot_ns();

	if (!p->history)
		return;
	if (p->asked && recorder_written(p->rec, p->asked)) {
		struct buf why = {};

		recorder_trouble(p->rec, &why);
		history_answer(p->history, NULL, why.s);
		buf_free(&why);
		p->asked = 0;
	}
	while (!p->asked && history_asked(p->history)) {
		batch_end(p, now, p->source->ops->poll(p->source, 0, pipe_event, p));
		if (p->rec)
			p->asked = recorder_flush(p->rec, p->model);
		else
			history_answer(p->history, p->view->recall(p->state, p->model, now), NULL);
	}
}

static struct turn turn_of(const struct pipe *p, u64 now)
{
	return (struct turn){
		.now = now,
		.source = p->source,
		.damaged = p->bad,
		.recorded_bytes = p->rec ? recorder_bytes(p->rec) : 0,
		.recorder_dropped = p->rec ? recorder_dropped(p->rec) : 0,
		.recorder_faults = p->rec ? recorder_faults(p->rec) : 0,
		.held_back = p->budget ? budget_held(p->budget) : 0,
		.recorded_since = p->rec ? recorder_reaches(p->rec) : 0,
		.looked = p->begun,
		.whole = !p->lost && !p->model->lost_since,
	};
}

static void view_turn(struct pipe *p, u64 now)
{
	struct turn t = turn_of(p, now);

	p->again = p->view->turn ? p->view->turn(p->state, p->model, &t) : 0;
}

/* How long to wait for events at most, in ms. */
static int patience(const struct pipe *p, u64 now)
{
	if (p->asked)
		return ASKED_MS;
	if (!p->view->daemon)
		return POLL_MS;
	if (!p->again || p->again >= now + PATIENT_MS * NS_PER_MS)
		return PATIENT_MS;
	return p->again > now ? (int)((p->again - now) / NS_PER_MS) + 1 : 0;
}

static int poll_loop(struct pipe *p)
{
	u64 now;
	int n;

	do {
		now = time_boot_ns();
		n = p->source->ops->poll(p->source, patience(p, now), pipe_event, p);
		if (n < 0 && n != -EINTR) {
			warn("cannot read events: %s", strerror(-n));
			return EXIT_INCOMPLETE;
		}
		if ((p->lost && now - p->scanned >= RESCAN_NS) ||
		    (p->budget && budget_scan_due(p->budget, now)))
			scan_everything(p);
		keepers_turn(p, now);
		batch_end(p, now, n);
		history_turn(p);
		view_turn(p, now);
		mem_rest(now);
	} while (!over(p, now, n));
	if (stop_asked() &&
	    !stop_due()) { /* it may have come after the ring was read: what was before it */
		now = time_boot_ns();
		batch_end(p, now, p->source->ops->poll(p->source, 0, pipe_event, p));
	}
	if (p->lost && !stop_due())
		scan_everything(p);
	return EXIT_ANSWERED;
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

/* All that happens, not what a view asks for. */
static bool records_all(const struct pipe *p)
{
	return p->rec && (p->view->daemon || (!p->view->event && !p->view->settle));
}

/* The daemon gives up its rights before any thread is there, and answers when all are. */
static void view_ready(struct pipe *p)
{
	struct turn t;

	if (p->view->confine)
		p->view->confine(p->state, p->rec ? recorder_made(p->rec) : -1);
	if (p->rec)
		recorder_start(p->rec);
	t = turn_of(p, time_boot_ns());
	if (p->view->ready)
		p->view->ready(p->state, p->model, &t);
}

/* What whoever gives up its rights cannot read afterwards: what others' processes run. */
static void programs_look(struct pipe *p)
{
	struct want want = {.scope = SCOPE_TASKS};

	if (pipe_scan(p, &want) >= 0)
		describe(p, true);
}

int pipe_live(struct pipe *p)
{
	if (records_all(p))
		p->history = history_serve(recorder_dir(p->rec));
	else if (p->view->recall)
		p->history = history_serve_files();
	if (p->history && p->source->ops->watch)
		p->source->ops->watch(p->source, history_fd(p->history));
	if (records_all(p))
		p->budget = budget_new();
	procfs_clock(pipe_event, p);
	if (p->view->confine) { /* others ask meanwhile how it is: not ready, as nothing was looked at */
		programs_look(p);
		p->lost = true;
		view_ready(p);
	}
	scan_everything(p);
	p->begun = true;
#ifdef __GLIBC__
	malloc_trim(0); /* loading took more than watching does */
#endif
	if (p->opts.filter.tree)
		follow(p);
	if (p->child.pid)
		child_go(&p->child, p->opts.cmd);
	if (!p->view->confine)
		view_ready(p);
	p->checked = time_boot_ns();
	life_caught_up(p->checked);
	if (!p->opts.quiet && !out_dead(p->out)) {
		if (p->view->daemon && p->rec)
			warn("watching (%s), recording to %s", p->source->tier,
			     recorder_path(p->rec));
		else if (!p->view->event && !p->view->settle)
			warn("recording to %s (%s)", recorder_path(p->rec), p->source->tier);
		else
			warn("watching (%s)", p->source->tier);
	}
	return poll_loop(p);
}
