/* SPDX-License-Identifier: BSD-2-Clause */
/* A command is a view of the model.  One file and one const struct each; they never include each other. */
#ifndef PROBATE_VIEW_H
#define PROBATE_VIEW_H

#include "answer.h"
#include "metrics.h"
#include "source.h"
#include "watch.h"
#include "web.h"
#include "words.h"

#define ABOUT_PORT 1
#define ABOUT_PID  2 /* both: a bare number may be either */

/* Options, filled once by main.c. */
struct opts {
	const char *replay;		/* -r FILE|DIR */
	const char *at, *since, *until; /* moments of a recording as they were written; NULL */
	const char *record; /* record what comes there: --record, or the operand of record; NULL */
	struct rec_limits limits;
	bool force;	 /* write over a recording */
	bool no_history; /* --no-history: ask no running recorder */
	bool json, watch, quiet;
	bool leaked; /* ports --leaked */
	bool all;    /* ports --all: those without a port, too */
	bool raw;    /* trace --raw: the text form of every event */
	bool list;   /* trace --list: the kinds of events and their fields */
	bool no_bpf; /* --no-bpf: read /proc even where BPF could be used */
	enum fd_mode fd;
	size_t ring_bytes;
	struct filter filter;
	u64 kinds; /* public kinds to show (trace); 0: all.  filter.kinds has what they need */
	bool wide; /* what is shown may concern others than who acts: filter here only */
	const char *out_path; /* -o FILE */
	char **cmd;	      /* trace -- CMD ARGS; NULL */
	const char *arg;      /* port's QUERY, pid's N, tree's PID; NULL */
	struct query query;   /* arg of `port`, parsed */
	u32 pid;	      /* arg of pid and tree, parsed; 0: none */
	u8 about;	      /* report: ABOUT_* bits; 0: the machine */
	bool html, perfetto;  /* report: as a page, as a trace */
	struct web_opts web;  /* serve: --web.* */
	u32 collectors;	      /* serve: bit a collector */
	const char *user;     /* serve: whom to become; NULL: RIGHTS_USER */
};

/* What a live command that serves others is told beside events. */
struct turn {
	u64 now; /* CLOCK_BOOTTIME */
	struct source *source;
	u64 damaged;					       /* events that were none, so far */
	u64 recorded_bytes, recorder_dropped, recorder_faults; /* of --record */
	u64 held_back;	    /* events of users who made more than their share of it */
	u64 recorded_since; /* its oldest event, CLOCK_REALTIME; 0: none */
	bool looked;	    /* the first scan is over */
	bool whole;	    /* no loss waits to be repaired */
};

struct option_def;
struct view {
	const char *name;
	const char *usage; /* after the name: "[--leaked]" */
	const char *help;  /* one line */
	u32 scope;	   /* SCOPE_* a one-shot scan needs */
	bool live_only;	   /* needs events: no one-shot answer (trace) */
	bool watchable;	   /* takes -w */
	bool daemon;	   /* nobody looks at it all the time, and it serves whoever asks */
	bool records;	   /* its answer is a recording */
	bool runs;	   /* runs a command: -- CMD */
	const struct option_def *options; /* of its own (options.h); NULL: none */
	bool limits; /* takes option_limits, too: it records into a directory */
	struct operands {
		u32 least, most;
		void (*take)(struct opts *o, const char *word); /* NULL: there are none */
		const char *missing; /* the sentence when there are fewer than least */
	} operands;
	/* All options are taken: complete them, or end the program when they make no sense together; may be NULL. */
	void (*check)(struct opts *o);
	void (*list)(struct out *out); /* --list */
	bool own_source; /* opens what it needs itself: main opens none, feeds nothing and calls finish (doctor) */
	/* Narrow the one-shot scan to what the question needs; NULL: everything in scope. */
	void (*want)(const struct opts *o, struct want *w);
	/* tgids whose command line the answer shows, after a one-shot scan; NULL: all processes. */
	void (*describe)(const struct opts *o, const struct model *m, struct buf *tgids /* u32s */);
	void *(*open)(const struct opts *o, struct out *out);
	/* The stretch asked for begins: the model is the state at that moment; NULL: of no interest. */
	void (*start)(void *v, const struct model *m);
	/* After an event was applied: the event itself, then each that the model told. */
	void (*event)(void *v, const struct model *m, const struct ev *e);
	/* All that was there has been applied (end of scan, end of a drained batch): print changes. */
	void (*settle)(void *v, const struct model *m);
	/*
	 * A daemon: before anything is scanned, the model can be what an earlier run left; when the
	 * first scan is applied and no thread runs yet, rights can be given up (made: the
	 * recording's directory if we made it, -1: not); when our threads run; and after each batch, or when what it waits for can be read
	 * (source_ops.watch); it returns when it wants to be called again at the latest, 0: any time.
	 */
	/* Path of a file with all that is known now, for one-shots that ask; NULL: there is none. */
	const char *(*recall)(void *v, const struct model *m, u64 now);
	void (*resume)(void *v, struct model *m);
	u32 (*becomes)(void *v); /* the uid it will go on with */
	void (*confine)(void *v, int made);
	void (*ready)(void *v, const struct model *m, const struct turn *t);
	u64 (*turn)(void *v, const struct model *m, const struct turn *t);
	/* The end: print what a one-shot prints (if settle has not); exit code. */
	int (*finish)(void *v, const struct model *m);
	void (*close)(void *v);
};

#endif
