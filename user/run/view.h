/* SPDX-License-Identifier: BSD-2-Clause */
/* A command is a view of the model.  One file and one const struct each; they never include each other. */
#ifndef PROBATE_VIEW_H
#define PROBATE_VIEW_H

#include "metrics.h"
#include "model.h"
#include "out.h"
#include "source.h"
#include "verdict.h"
#include "web.h"

#define ABOUT_PORT 1
#define ABOUT_PID  2 /* both: a bare number may be either */

/* Options, filled once by main.c. */
struct opts {
	const char *replay;   /* -r FILE|DIR */
	const char *at, *since, *until; /* moments of a recording as they were written; NULL */
	const char *record;   /* record what comes there: --record, or the operand of record; NULL */
	struct rec_limits limits;
	bool force;           /* write over a recording */
	bool no_history;      /* --no-history: ask no running recorder */
	bool json, watch, quiet;
	bool leaked;          /* ports --leaked */
	bool raw;             /* trace --raw: the text form of every event */
	bool list;            /* trace --list: the kinds of events and their fields */
	bool no_bpf;          /* --no-bpf: read /proc even where BPF could be used */
	enum fd_mode fd;
	size_t ring_bytes;
	struct filter filter;
	u64 kinds;            /* public kinds to show (trace); 0: all.  filter.kinds has what they need */
	bool wide;            /* what is shown may concern others than who acts: filter here only */
	const char *out_path; /* -o FILE */
	char **cmd;           /* trace -- CMD ARGS; NULL */
	const char *arg;      /* port's QUERY, pid's N, tree's PID; NULL */
	struct query {        /* arg of `port`, parsed */
		const char *proto; /* "tcp", "udp", NULL: any */
		bool has_addr, has_other;
		struct ep addr;    /* ip + family when has_addr; port always; IPv4 or IPv6 */
		struct ep other;   /* has_other: or this one (localhost is two) */
		struct unix_name name; /* unix:...; len 0: not asked */
		struct asked_file { /* of a path, where it can be looked at: not of a recording */
			bool looked;  /* what follows is known */
			bool there;   /* the path is taken: a bind meets EADDRINUSE */
			bool socket;  /* it leads to a socket, of ... */
			u64 ino;
			u32 dev;
			u32 mntns;    /* seen from that mount namespace */
		} file;
	} query;
	u32 pid;              /* arg of pid and tree, parsed; 0: none */
	u8 about;             /* report: ABOUT_* bits; 0: the machine */
	bool html, perfetto;  /* report: as a page, as a trace */
	struct web_opts web;  /* serve: --web.* */
	u32 collectors;       /* serve: bit a collector */
	const char *user;     /* serve: whom to become; NULL: RIGHTS_USER */
};

/* What a live command that serves others is told beside events. */
struct turn {
	u64 now;               /* CLOCK_BOOTTIME */
	struct source *source;
	u64 damaged;           /* events that were none, so far */
	u64 recorded_bytes, recorder_dropped, recorder_faults; /* of --record */
	u64 held_back;         /* events of users who made more than their share of it */
	u64 recorded_since;    /* its oldest event, CLOCK_REALTIME; 0: none */
	bool whole;            /* no loss waits to be repaired */
};

struct view {
	const char *name;
	const char *usage;    /* after the name: "[--leaked]" */
	const char *help;     /* one line */
	u32 scope;            /* SCOPE_* a one-shot scan needs */
	bool live_only;       /* needs events: no one-shot answer (trace) */
	bool watchable;       /* takes -w */
	bool daemon;          /* nobody looks at it all the time, and it serves whoever asks */
	bool own_source;      /* opens what it needs itself: main opens none, feeds nothing and calls finish (doctor) */
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

extern const struct view view_trace, view_ports, view_port, view_pid, view_tree, view_zombies,
	view_report, view_record, view_serve, view_doctor;

/* ---- shared by views: how things look in JSON (view_json.c; design: `port`) ------------- */

void json_proc(struct json *j, const char *key, const struct model *m, u32 proc);
void json_ref(struct json *j, const char *key, const struct model *m, u32 proc); /* {"pid","comm"} or null */ /* with its exit */
void json_proc_members(struct json *j, const struct model *m, const struct proc *p);
void json_sock(struct json *j, const struct model *m, const struct sock *s); /* members, verdict included */
void json_sock_local(struct json *j, const char *key, const struct model *m, const struct sock *s);
void json_ep(struct json *j, const char *key, const struct ep *ep); /* port 0: null */
void json_nspid(struct json *j, const char *key, const struct proc *p);
void json_exit(struct json *j, const char *key, const struct model *m, const struct proc *p, bool core);
void json_tristate(struct json *j, const char *key, u8 v); /* 0, 1, 2: not known */

/* ---- in text; all of it safe for a terminal (view_common.c) ----------------------------- */

void text_proc(struct buf *b, const struct model *m, u32 proc);            /* "sleep[9132]" */
void text_sock(struct buf *b, const struct model *m, const struct sock *s); /* "tcp 0.0.0.0:80" */
void text_elsewhere(struct buf *b, const struct model *m, const struct sock *s); /* " netns:4026532561", " (file removed)", or nothing */
void text_local(struct buf *b, const struct model *m, const struct sock *s); /* "0.0.0.0:80" */
void text_args(struct buf *b, const struct model *m, const struct proc *p, size_t max);
void text_words(struct buf *b, const char *args, u16 len, size_t max);     /* NUL-separated, as a shell would */
void text_when(struct buf *b, const struct model *m, u64 ts);              /* "12:00:05.123", the date if another day */
void text_ago(struct buf *b, const struct model *m, u64 ts);               /* " (3 min ago)", or nothing */
void text_uid(struct buf *b, u32 uid); /* "uid 1000", of several "several users" */
void text_death(struct buf *b, const struct model *m, const struct proc *p); /* "killed by SIGKILL from bash[1] at ..." */
void text_killer(struct buf *b, const struct model *m, const struct death *d); /* " from bash[1400]" */
void text_end(struct buf *b, const struct model *m, const struct proc *p);   /* the same without when */
void text_limits(struct out *o, const struct model *m);                    /* what could not be seen, if anything */

const char *proc_state_long(const struct proc *p); /* also "dumping core" */
bool sock_is_wild(const struct ep *ep);       /* 0.0.0.0 or :: */
/* A zombie or a headless process, and why it is there; in order of parent, reason and pid. */
struct dead {
	const struct proc *proc;
	u32 parent, ppid; /* proc and its pid; 0: none known */
	enum reason reason;
};
struct dead dead_make(const struct model *m, const struct proc *p, enum reason reason);
int dead_cmp(const void *a, const void *b); /* for qsort */
bool utf8_wanted(void);                       /* by LC_ALL, LC_CTYPE, LANG */
/* Descriptors of a holder, by number; the array is the caller's. */
u32 holder_fds(const struct model *m, const struct sock *s, const struct holder *h,
	       const struct hold ***out);
void tgid_add(struct buf *tgids, const struct model *m, u32 proc); /* for describe */
void warn_limits(const struct model *m); /* the sentences for whoever reads JSON */
int answer_code(const struct model *m, int code); /* code, or EXIT_INCOMPLETE after a loss */

/* Sockets that answer to a query, those that listen first (port_match.c); the array is the caller's. */
struct match {
	const struct sock *sock;
	bool elsewhere; /* in another network namespace: comes after all that is here */
	/* Of that name, but the path does not lead to it: likewise, by the reason. */
	enum unreached { REACHED, UNREACHED_REMOVED, UNREACHED_MOVED, UNREACHED_MNTNS } unreached;
	u8 rank; /* 0 listens, 1 bound, 2 connection, 3 time-wait */
};
/* A path that is asked for is looked at (port_file.c). */
void query_look(struct query *q);
enum unreached file_unreached(const struct model *m, const struct query *q, const struct sock *s);
void unreached_words(struct buf *b, const struct model *m, const struct match *x);
void file_words(struct buf *b, const struct query *q, const char *path, bool whole);
/* Has it, or did it have, what is asked for? */
bool query_matches(const struct model *m, const struct query *q, const struct sock *s);
/* All that has it now; *here: how many of them, the first ones, are no matter of another namespace. */
u32 matches_of(const struct model *m, const struct query *q, struct match **out, u32 *here);
/*
 * Options with which a bind of what is asked for would work (BIND_*, and BIND_BOTH for both at
 * once), if it is TCP or, dgram, UDP.
 */
#define BIND_PLAIN 4
#define BIND_BOTH 8
#define BIND_ANY_UID UINT32_MAX
struct bind_way {
	u8 works;  /* BIND_* */
	u32 uid;   /* SO_REUSEPORT works for this one alone, or BIND_ANY_UID */
};
struct bind_way bind_way(const struct match *list, u32 here, bool dgram);
/* All of them in words (port_text.c). */
void port_words(struct out *o, const struct model *m, const struct match *list, u32 n, u32 here,
		bool ago);

/* One socket in words (view_explain.c).  netns: name its namespace; ago: also say how long ago. */
void explain_sock(struct out *o, const struct model *m, const struct sock *s, bool netns, bool ago);

/* ---- -w: printing again what has changed (view_watch.c) --------------------------------- */

/* An answer of many lines: rendered aside, printed when it differs from the last one printed. */
struct page {
	struct out *out, mem;
	char *text;
	size_t bytes;
	u64 hash;
	u32 shown;
	bool watch; /* -w: shown again and again, so it has to fit the terminal */
};
struct out *page_begin(struct page *p, struct out *o);
void page_end(struct page *p);

/* A set of things, each with a line of its own, known by two numbers. */
struct lines {
	struct line {
		u64 a, b;
		u64 note; /* the latest one given; no part of what it is known by */
		u64 hash;
		u32 round;
	} *line;
	u32 count, cap, round;
	u32 cursor; /* of lines_gone */
	bool moved;
	struct map by_key;
};
void lines_begin(struct lines *l);
bool lines_changed(struct lines *l, struct line now); /* it is there; must it be printed? */
bool lines_gone(struct lines *l, struct line *out);   /* one that is no more; until false */
void lines_free(struct lines *l);
u64 hash_bytes(const void *p, size_t n);
/* When to look again: after an event, but rarely where there is much to look at. */
struct pace {
	bool dirty;
	u64 last, gap; /* event time of the last look; how long to leave it at that */
};
void pace_event(struct pace *p, const struct ev *e);
bool pace_due(const struct pace *p, const struct model *m);
void pace_done(struct pace *p, const struct model *m, u32 things);

/* `trace --list`: every public kind of event with its fields and what they mean. */
void trace_list(struct out *o);

#endif
