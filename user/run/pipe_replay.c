// SPDX-License-Identifier: BSD-2-Clause
/*
 * From a recording, or from a story of events in text.
 *
 * The state at a moment (--at) is that of the newest dump before it and of what happened since; a
 * stretch (--since, --until) is shown from its beginning, and what was before it only applied.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "pipe_priv.h"
#include "when.h"

static u64 moment(const char *s, u64 end)
{
	struct buf why = {};
	u64 wall;

	if (!when_parse(s, end, &wall, &why))
		die(EXIT_USAGE, "%s", why.s);
	return wall;
}

static const char *called(const struct pipe *p)
{
	return strcmp(p->opts.replay, "-") ? p->opts.replay : "standard input";
}

/* What was asked for lies before or after all that was recorded. */
static void check_span(struct pipe *p, u64 first, u64 last)
{
	char begin[40], end[40];

	time_rfc3339(begin, first);
	time_rfc3339(end, last);
	if (p->since && p->since < first && p->since < last) {
		warn("%s begins at %.19sZ only", called(p), begin);
		p->damaged = true;
	}
	if (p->until && p->until < first)
		die(EXIT_INCOMPLETE, "nothing was recorded then: %s begins at %.19sZ", called(p),
		    begin);
	if (p->since > last)
		die(EXIT_INCOMPLETE, "nothing was recorded then: %s ends at %.19sZ", called(p),
		    end);
	if (p->opts.at && p->until > last) {
		warn("%s ends at %.19sZ: this is the state at its end", called(p), end);
		p->damaged = true;
	}
}

/* Find the times in the recording, and begin where the answer begins. */
static void position(struct pipe *p)
{
	const struct source_ops *ops = p->source->ops;
	const struct opts *o = &p->opts;
	const char *until = o->at ? o->at : o->until;
	u64 first = 0, last = 0, from;
	bool known = ops->span && !ops->span(p->source, &first, &last);

	p->since = o->since ? moment(o->since, last) : 0;
	p->until = until ? moment(until, last) : 0;
	if (p->since && p->until && p->since > p->until)
		die(EXIT_USAGE, "--since lies after --until");
	if (known && (p->since || p->until))
		check_span(p, first, last);
	if (p->until && ops->limit)
		ops->limit(p->source, p->until);
	from = p->since ? p->since : o->at && !p->view->start ? p->until : 0;
	if (from && ops->seek && ops->seek(p->source, from))
		die(EXIT_INCOMPLETE, "cannot read %s", o->replay);
}

/* Time goes on to the moment asked for, though nothing was recorded in between. */
static void reach(struct pipe *p)
{
	u64 ts = p->until - p->model->realtime_off;

	p->until = 0; /* so that the tick passes */
	if (p->done && ts > p->model->now) {
		p->done = false;
		pipe_tick(p, ts);
	}
}

/* A recording has the marks where a batch ended; of a story each event is one. */
static bool batch_ended(const struct pipe *p)
{
	return !p->source->ops->seek || p->marked;
}

int pipe_replay(struct pipe *p)
{
	bool watch = p->opts.watch || p->view->live_only;
	int n;

	position(p);
	if (p->opts.record) {
		pipe_record(p);
		recorder_start(p->rec);
	}
	while ((n = p->source->ops->poll(p->source, 0, pipe_event, p)) != -ENODATA &&
	       !stop_asked() && !p->done) {
		if (n == -ETIME && p->opts.at)
			exit(EXIT_INCOMPLETE); /* it is not known, and the source has said why */
		if (n == -EBADMSG || n == -ETIME) {
			pipe_damaged(p); /* the source says it */
			continue;
		}
		if (n < 0) {
			warn("cannot read %s: %s", called(p), strerror(-n));
			pipe_damaged(p);
			return EXIT_INCOMPLETE;
		}
		if (watch && batch_ended(p))
			pipe_settle(p);
		if (p->rec && p->started && !p->scanning)
			recorder_turn(p->rec, p->model, p->model->now);
		if (out_dead(p->out) || (p->rec && recorder_dead(p->rec)))
			break;
	}
	if (p->scanning && n == -ENODATA && !p->damaged && !p->done) {
		warn("%s ends in the middle of a scan", called(p));
		pipe_damaged(p);
	}
	if (!p->model->events && p->damaged && !p->rec)
		exit(EXIT_INCOMPLETE); /* no answer is better than one from nothing */
	if ((p->damaged || p->bad) && !p->model->damaged)
		pipe_damaged(p); /* what was asked for is more than was recorded */
	reach(p);
	pipe_settle(p);
	return EXIT_ANSWERED;
}
