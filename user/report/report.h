/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The post-mortem document: gathered event by event, then written as text, HTML or JSON.
 *
 *   life    One life of a process that matters here; known by (tgid, start) like a proc.
 *   track   One socket whose holders are followed.
 *   tenure  The stretch during which a life held a track.
 *   moment  One thing that happened to a track, as it happened.
 *   refusal One program that failed to get the address, however often it tried.
 *   crop    Zombies of one name that one parent left lying.
 *   gap     One loss of events, and when a scan made up for it.
 *
 * The model forgets its dead after a grace, and uses their ids again; so all that is shown is copied
 * here when it is met.  Links inside the document are ids of its own pools; 0 is none.
 *
 * Invariants:
 *  D1  Every list has a cap; what does not fit is counted in `cut` and the reader is told.
 *  D2  refs of a life = tenures + moments + tracks + lives that name it; with none it is freed.
 *  D3  by_inode finds a track that is not gone; a tenure is open (to == 0) only while its track is
 *      not gone and its process lives, and then it is on the list by_proc of that process.
 *  D4  Times are event times (boot clock); a writer turns them into wall clock with the model.
 */
#ifndef PROBATE_REPORT_H
#define PROBATE_REPORT_H

#include "view.h"

#define LIVES_MAX     1024
#define RUNS_MAX      6	  /* programs of one life: the first ones and the last */
#define KEPT_LEN      160 /* what keeps a socket without a descriptor, in words */
#define TRACKS_MAX    64
#define TENURES_MAX   1024
#define MOMENTS_MAX   512
#define REFUSALS_MAX  32
#define CROPS_MAX     64
#define CROP_PIDS     8
#define GAPS_MAX      64
#define HANDOVERS_MAX 128
#define CHILDREN_MAX  32
#define ANCESTORS     6	  /* generations above a process that are shown */
#define PROGRAMS_MAX  256 /* counted at a time while looking for the busiest */
#define BUSIEST	      8

struct who {	 /* a process that is only named */
	u32 pid; /* 0: nobody */
	char comm[COMM_LEN];
};

struct run {
	u64 ts; /* 0: before anything was watching */
	char comm[COMM_LEN];
	u16 exe_len, args_len;
	char *text; /* exe, then args, as in struct image; NULL: not known */
};

enum { LIFE_MAKER = 1, LIFE_HOLDER = 2, LIFE_ANCESTOR = 4, LIFE_TARGET = 8, LIFE_CHILD = 16 };
struct life {
	u32 tgid, proc; /* proc: its id in the model when last met */
	u32 refs, roles;
	u64 start;
	u32 birth;	   /* life that forked it; its parent where that is not known */
	bool forked;	   /* it is known to have */
	struct who parent; /* at its end, or now */
	u64 adopted;	   /* when that one took it over; 0: it did not */
	struct run run[RUNS_MAX];
	u32 runs, runs_cut;
	u64 exited, reaped, freed; /* 0: not, or not known */
	s32 code;
	u32 signal;
	struct who killer, reaper;
	bool dead, known, core, again;
	bool dying; /* has ended, and the kernel is not done with that */
	u8 cause;
	bool zombie;  /* was told to be one, or is one now */
	u32 children; /* forked by it in the stretch, counted for the target */
	u32 open;     /* first open tenure */
};

enum tenure_end { HELD_ON, END_EXIT, END_EXEC, END_CLOSE, END_SCAN };
struct tenure {
	u32 life, track;
	u32 got_from; /* life; 0: none or not known */
	u32 next;     /* open ones of the same life */
	u64 from, to; /* to 0: still */
	u32 nfds, mark;
	s32 fd;
	u8 via, used, cloexec, end;
	bool deliberate;
};

struct track {
	u32 sock; /* id in the model; good while not gone */
	u32 proto, netns, uid, maker;
	u64 inode, cookie;
	u64 opened, listened, gone; /* 0: not known, or not */
	struct ep local, remote;
	struct unix_name name;
	char kept[KEPT_LEN]; /* safe text: what kept it when no descriptor did, as told last */
	u64 kept_ts;	     /* and when that was found; 0: never */
	bool born, accepted, was_there, leaked, moved;
	u32 conns;	      /* accepted from it */
	u32 briefly;	      /* tenures that were thrown away */
	enum verdict verdict; /* at the end, or the last one while it was held */
};

enum moment_kind { DID_BIND, DID_LISTEN, DID_SEND, DID_TRANSFER, DID_LEAK };
struct moment {
	u64 ts;
	u32 track, life, other;
	u32 holders;
	s32 fd;
	u8 kind;
	bool died;
	bool certain; /* a leak: use would have been seen */
};

struct refusal {
	struct who first, last, holder;
	u64 from, to;
	u32 count, proto;
	s32 error;
	bool listen;
	u32 netns;
	struct ep local;
	struct unix_name name;
	char kept[KEPT_LEN]; /* safe text: nobody held what was in the way, this kept it */
};

struct crop {
	struct who parent;
	char comm[COMM_LEN];
	u32 pid[CROP_PIDS];
	u32 count, left; /* ever; not reaped by the end */
	u64 first, last; /* exits; 0: before anything was watching */
	u64 longest;	 /* ns from exit to reap, or to the end */
	u64 young_ns;	 /* in less nobody is accused */
	u8 reason;	 /* enum reason, of the last one when it was told, should it stay */
};

struct gap {
	u64 ts, repaired; /* 0: not */
	u64 count;	  /* events; 0: not known */
	bool unwatched;	  /* no recorder was running */
	bool damaged;	  /* the recording is cut off or damaged there */
	u32 dropped, added;
};

/* A socket that outlived its maker's hold: `transfer`, of the whole machine. */
struct handover {
	u64 ts;
	struct who from, to;
	u32 proto, holders;
	bool died;
	char local[80]; /* safe text */
};

struct program { /* by name */
	char comm[COMM_LEN];
	u64 events, forks, execs, sockets, conns;
};

/* What was left out because a list was full. */
struct cuts {
	u64 tracks, tenures, moments, lives, refusals, crops, gaps, handovers, children;
};

/* One line of what happened to a track, made from moments, tenures and lives (report_story.c). */
enum happen_kind {
	HAP_MADE,
	HAP_BIND,
	HAP_LISTEN,
	HAP_SEND,
	HAP_CAME,
	HAP_EXEC,
	HAP_LEFT,
	HAP_TRANSFER,
	HAP_LEAK,
	HAP_REFUSED,
	HAP_KEPT,
	HAP_GONE,
	HAP_LOST
};
struct happen {
	u64 ts;
	u8 kind;
	u32 tenure, moment, run; /* what it was made from; 0 */
	const struct refusal *refusal;
	const struct gap *gap;
};

enum subject { ON_PORT, ON_PID, ON_MACHINE };

struct report {
	enum subject subject;
	const struct opts *opts;
	u32 pid;	     /* ON_PID */
	struct query query;  /* ON_PORT */
	bool met;	     /* what was asked for was there */
	bool also_pid;	     /* a port was reported, and a process has that number, too */
	u64 from, to, first; /* stretch; first: when the first event of it came */
	u64 events, lost, kinds[EV_KIND_MAX];
	bool unwatched; /* in some of the stretch no recorder was running */
	bool damaged;	/* the recording is not whole */
	u64 held;	/* events of users who made more than their share */
	struct pool lives, tracks, tenures, moments;
	struct map by_life, by_inode, by_proc; /* hash of (tgid, start); inode; proc id -> life */
	struct buf order;		       /* u32 ids of moments, oldest first */
	u32 head;			       /* moments of `order` that stay: the first ones */
	struct refusal refusal[REFUSALS_MAX];
	struct crop crop[CROPS_MAX];
	struct gap gap[GAPS_MAX];
	struct handover handover[HANDOVERS_MAX];
	u32 refusals, crops, gaps, handovers;
	u64 refused, zombies, transfers, leaks, conns; /* in all */
	u32 children[CHILDREN_MAX], nchildren;	       /* lives */
	struct program program[PROGRAMS_MAX];
	u32 programs;
	struct cuts cut;
	u32 mark;
	u32 last_holder; /* life; who let go last of what was asked for */
	u64 last_held;
	u32 last_track; /* and which socket that was */
};

/* ---- gathering (report.c, report_life.c, report_hold.c, report_sock.c, report_rest.c) ----------------------------- */

struct report *report_new(enum subject subject, const struct opts *o);
void report_free(struct report *r);
void report_start(struct report *r, const struct model *m);
void report_event(struct report *r, const struct model *m, const struct ev *e);
/* The stretch is over: what is still open, and the verdicts. */
void report_end(struct report *r, const struct model *m);

static inline struct life *life_at(const struct report *r, u32 id)
{
	return pool_at(&r->lives, id);
}
static inline struct track *track_at(const struct report *r, u32 id)
{
	return pool_at(&r->tracks, id);
}
static inline struct tenure *tenure_at(const struct report *r, u32 id)
{
	return pool_at(&r->tenures, id);
}
static inline struct moment *moment_at(const struct report *r, u32 id)
{
	return pool_at(&r->moments, id);
}

/* The life of a process, copied when it is met first, with its ancestors; 0: no room. */
u32 life_of(struct report *r, const struct model *m, u32 proc, u32 role);
/* That of a process known by number; a life already met, or one made from the model; 0. */
u32 life_of_tgid(struct report *r, const struct model *m, u32 tgid, u32 role);
u32 life_find(const struct report *r, u32 tgid, u64 start);
u32 life_by_proc(const struct report *r, const struct model *m, u32 proc);
u32 life_use(struct report *r, u32 id); /* a reference more; the id */
void life_drop(struct report *r, u32 id);
void life_event(struct report *r, const struct model *m, const struct ev *e);
/* What the model knows of it now: parent, death. */
void life_renew(struct life *l, const struct model *m);
struct who who_of(const struct model *m, u32 proc, u32 pid);

/* Follow a socket from now on.  let_go: when its maker ceased to hold it, if that is known; else 0. */
u32 sock_track(struct report *r, const struct model *m, u32 sock, u64 let_go);
void track_fill(struct track *t, const struct model *m, const struct sock *s);
/* What keeps it without a descriptor, in words: "thread 7 of srv[6] sleeps in accept() on it". */
void kept_words(char out[KEPT_LEN], const struct model *m, const struct sock *s);
void track_over(struct report *r, u32 id, u64 ts);
void moment_free(struct report *r, u32 id);
u32 open_tenure(const struct report *r, u32 life, u32 track);
void sock_event(struct report *r, const struct model *m, const struct ev *e);
void tracks_renew(struct report *r, const struct model *m); /* compare with the model as it is */
void proc_renew(struct report *r, const struct model *m, u32 proc, enum tenure_end why);
void files_renew(struct report *r, const struct model *m, u64 files,
		 u32 tgid); /* all who share it */

void rest_start(struct report *r, const struct model *m);
void rest_event(struct report *r, const struct model *m, const struct ev *e);
void rest_end(struct report *r, const struct model *m);

/* ---- reading it --------------------------------------------------------------------------- */

/* Ids of all that is there, in the order they are shown; the array is the caller's. */
u32 lives_sorted(const struct report *r, u32 **out); /* parents before their children */
u32 life_depth(const struct report *r, u32 life);
u32 tracks_sorted(const struct report *r, u32 **out);
u32 tenures_of(const struct report *r, u32 track, u32 **out); /* 0: of all */
u32 story_of(const struct report *r, u32 track, struct happen **out);

/* Pieces of sentences; safe for a terminal. */
const char *life_comm(const struct life *l, u64 ts); /* what it was called then */
void say_life(struct buf *b, const struct report *r, u32 life, u64 ts); /* "server[200]" */
void say_who(struct buf *b, const struct who *w);
void say_run(struct buf *b, const struct run *run);   /* its command line */
void say_track(struct buf *b, const struct track *t); /* "tcp 0.0.0.0:80" */
void say_happen(struct buf *b, const struct report *r, const struct model *m, u32 track,
		const struct happen *h);
const char *happen_name(u8 kind);
struct end life_end(const struct life *l);
void say_death(struct buf *b, const struct life *l); /* as text_end() */
void say_via(struct buf *b, const struct report *r, const struct tenure *t);
const char *say_end(const struct tenure *t);
const char *say_used(const struct tenure *t);
void say_life_line(struct buf *b, const struct report *r, const struct model *m, u32 life);
void say_refusal(struct buf *b, const struct model *m, const struct refusal *f);
enum reason crop_reason(const struct crop *c); /* none is accused of what was soon over */
void say_crop(struct buf *b, const struct crop *c);
void say_handover(struct buf *b, const struct handover *h);
void say_gap(struct buf *b, const struct model *m, const struct gap *g);
void say_track_line(struct buf *b, const struct report *r, const struct model *m,
		    const struct track *t);
#define CUT_ROWS 9
struct cut_row {
	u64 n;
	const char *key, *what; /* in JSON; for people */
};
void cut_rows(const struct report *r, struct cut_row rows[CUT_ROWS]);
void say_cuts(struct buf *b, const struct report *r); /* nothing when nothing is left out */
void say_stretch(struct buf *b, const struct report *r, const struct model *m);
void say_events(struct buf *b, const struct report *r);
void say_title(struct buf *b, const struct report *r); /* "port 8801" */
/* What can be missing, a line each. */
void say_limits(struct buf *b, const struct report *r, const struct model *m);
/* The end of the stretch in words: lines, indented as `port` prints them, not wrapped. */
void say_end_state(struct buf *b, const struct report *r, const struct model *m);

void report_text(struct out *o, const struct report *r, const struct model *m);
void report_html(struct out *o, const struct report *r, const struct model *m);
void report_json(struct out *o, const struct report *r, const struct model *m);

#endif
