/* SPDX-License-Identifier: BSD-2-Clause */
/* What the three flows of the pipeline share: live (pipe_live.c), replay (pipe_replay.c), one-shot. */
#ifndef PROBATE_PIPE_PRIV_H
#define PROBATE_PIPE_PRIV_H

#include "budget.h"
#include "child.h"
#include "history.h"
#include "pipe.h"
#include "rec.h"

struct pipe {
	const struct view *view;
	struct opts opts;
	struct out *out;
	struct source *source;
	struct model *model;
	struct budget *budget;	 /* of users, where all is recorded; NULL: none */
	struct recorder *rec;	 /* what comes is recorded; NULL: not */
	struct history *history; /* others may ask for what was recorded; NULL: not */
	void *state;		 /* the view's */
	struct child child;
	u64 scanned, checked, over, stop; /* when last; 0: not */
	u64 again;	  /* the view wants its turn by then; 0: when something happens */
	u64 ticked;	  /* ts of the last tick */
	u64 look;	  /* not asked before what keeps sockets without a descriptor */
	u64 asked;	  /* for the history: what must be written first; 0: nobody asks */
	u64 since, until; /* CLOCK_REALTIME of a replay's stretch; 0: none */
	u64 sliced;	  /* events so far */
	u64 bad;	  /* events that were no events */
	bool scanning, lost;
	bool looked;   /* for what keeps sockets, once */
	bool unlooked; /* sockets were scanned, and that was not asked since */
	bool begun;    /* the first scan of a live stream is over */
	bool marked;   /* the last event ended a batch */
	bool started;  /* the stretch asked for has begun */
	bool done;     /* and is over */
	bool damaged;  /* a replay had what is no event, or lacks some */
	bool recalled; /* the model began with a recorder's history */
};

/* One event from the source: check, tap, model, view. */
void pipe_event(void *ctx, const struct ev *e, size_t bytes);
/* What users made too much of until now is told. */
void pipe_held(struct pipe *p, u64 now, bool all);
/* What is replayed is not whole here. */
void pipe_damaged(struct pipe *p);
/* Time passes although nothing happens: the model's timers run on events alone. */
void pipe_tick(struct pipe *p, u64 ts);
/* Begin to record what the options ask for; ends the program when that cannot be. */
void pipe_record(struct pipe *p);
/* All that was there has been applied. */
void pipe_settle(struct pipe *p);
/* A scan, with the command lines of who is new in it; 0 or -errno. */
int pipe_scan(struct pipe *p, const struct want *want);

/* The flows; an exit code. */
int pipe_live(struct pipe *p);
int pipe_one_shot(struct pipe *p);
int pipe_replay(struct pipe *p);

#endif
