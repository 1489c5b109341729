/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where events come from: the kernel (live.c, scan.c), /proc (procfs.c) or a file (story.c).
 *
 * A source hands over whole events, one call of the sink each, in stream order.  The pipeline
 * (pipe.c) checks each, applies it to the model and shows it to the view before the next.
 */
#ifndef PROBATE_SOURCE_H
#define PROBATE_SOURCE_H

#include "count.h"
#include "event.h"
#include "histogram.h"

enum fd_mode { FD_AUTO, FD_FULL, FD_LEAN };

/* What the kernel side lets through.  All that is set must match; zero / empty means any. */
struct filter {
	u64 kinds; /* bit a kind; 0: all */
	u32 tree;  /* this process and everything it ever forks */
	u32 pid;   /* tgid */
	bool has_uid;
	u32 uid;
	u16 port; /* local or remote */
	char comm[COMM_LEN];
	bool wide; /* all is wanted but for kinds and tree: the rest says what is shown */
	u64 shown; /* likewise of the kinds; 0: all */
};

/* What a one-shot scan must cover; narrowing it is what makes `port N` fast. */
struct want {
	u32 scope;   /* SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS */
	u32 pid;     /* fds of this process only; 0: all */
	u16 port;    /* sockets with this local port only; 0: all */
	u32 family;  /* AF_UNIX: UNIX sockets only; AF_INET: IPv4 and IPv6 only; 0: all */
	bool bound;  /* only sockets that are bound, listen or are named */
	bool makers; /* as in source_opts, this time */
};

struct source_opts {
	enum fd_mode fd;
	size_t ring_bytes; /* power of two */
	struct filter filter;
	bool events;	 /* live events wanted; else scans only */
	bool high_rate;	 /* somebody watches: auto means full */
	u32 rescan;	 /* SCOPE_* bits that are scanned again every second or so */
	bool makers;	 /* tell who made what was there before, where credentials prove it */
	bool patient;	 /* who looks does so seldom and says so (refresh): sleep long until then */
	bool counting;	 /* count in the kernel and in scans what source_stats tells */
	bool spare;	 /* and leave out sockets that only the kernel still has */
	bool count_runs; /* and how long its programs run, which makes each run slower */
	const struct want
		*first; /* the scan that comes first, so that no more is loaded; NULL: any */
};

/* How large a recording may become (rec.h). */
struct rec_limits {
	u64 segment_bytes, segment_ns; /* a new segment after that; 0: never */
	u64 total_bytes, total_ns;     /* the oldest segments go beyond that; 0: never */
	u64 model_bytes;	       /* dump the model again after so much; 0: as it fits */
	bool wait;		       /* for the disk; else what it has no time for is dropped */
	u32 owner; /* uid of who will write it, if not who opens it; 0: the same */
};

/* What a live source counts about itself and in the kernel, since it was opened. */
struct source_stats {
	u64 counts[COUNT_MAX]; /* of the kernel side (bpf/count.h): exact, whatever is lost */
	u64 tcp_sockets[16];   /* by state, as the newest scan found them */
	u64 lost[EV_KIND_MAX]; /* events that were lost in the kernel, by kind; 0: of any */
	u64 skipped;	       /* runs of programs that the kernel skipped, as they ran already */
	u64 made_good;	       /* of those, by a second copy */
	u64 skipped_lost;      /* and what is lost by the others: in lost[], too */
	u64 ring_bytes, ring_waiting, ring_peak; /* size; not read yet now, and at most so far */
	struct histogram delay;			 /* of the first event of each batch */
	u64 scans, scan_ns;
	u64 pids_used,
		pids_limit; /* of the machine: tasks, and how many there can be; 0: not known */
	struct program_stats {
		char name[20];
		u64 runs, run_ns;
	} program[64]; /* while the kernel counts them */
	u32 programs;
};

struct source;
struct source_ops {
	const char *name; /* "bpf", "proc", "story", "recording" */
	/* One-shot scan of what `want` asks, as scan_* events between scan_begin and scan_end; NULL: a file. */
	int (*scan)(struct source *s, const struct want *want, sink_fn sink, void *ctx);
	/* scan_args (and cgroup) events for these tgids.  Vanished ones are passed over; NULL: a file. */
	int (*describe)(struct source *s, const u32 *tgids, u32 n, sink_fn sink, void *ctx);
	/*
	 * scan_keeper of sockets that no descriptor shows, the first KEEPERS_ASKED; 0, or -errno where
	 * the kernel cannot tell.  NULL: nor can this source.
	 */
	int (*keepers)(struct source *s, const struct unheld *asked, u32 n, sink_fn sink,
		       void *ctx);
	/*
	 * Deliver what has come; wait up to timeout_ms for more when nothing has.  Number of events
	 * delivered, -ENODATA at the end of a file, -errno.  NULL: this source has no events.
	 */
	int (*poll)(struct source *s, int timeout_ms, sink_fn sink, void *ctx);
	/*
	 * A process whose whole future subtree is to be followed (trace -- CMD).  Its number in the
	 * events (in a pid namespace another than ours), or -errno.
	 */
	int (*follow)(struct source *s, u32 tgid);
	/*
	 * A recording: its first and last moment (CLOCK_REALTIME, ns); 0 or -errno.  NULL, or -ENODATA
	 * of a pipe: not known before the end.
	 */
	int (*span)(struct source *s, u64 *first, u64 *last);
	/* Begin with the newest dump of the model that is not after `wall`; 0 or -errno. */
	int (*seek)(struct source *s, u64 wall);
	/* What began to be recorded after `wall` is not read; NULL: of no use. */
	void (*limit)(struct source *s, u64 wall);
	/* What it counts; NULL: nothing. */
	void (*stats)(struct source *s, struct source_stats *out);
	/* poll shall also return when this becomes readable (edge-triggered); 0 or -errno.  NULL: it cannot. */
	int (*watch)(struct source *s, int fd);
	/* Somebody looks: what no event tells is to be scanned again soon; NULL: of no use. */
	void (*refresh)(struct source *s);
	void (*close)(struct source *s);
};
/* Each source's own struct begins with this. */
struct source {
	const struct source_ops *ops;
	char tier[64]; /* for people: "base tier, fd=full" */
};

/* Each: 0 and *out, or -errno with one sentence for people in err. */
int source_open_bpf(struct source **out, const struct source_opts *o, struct buf *err);
int source_open_proc(struct source **out, const struct source_opts *o, struct buf *err);
int source_open_story(struct source **out, const char *path, struct buf *err);
int source_open_recording(struct source **out, const char *path, struct buf *err);

#endif
