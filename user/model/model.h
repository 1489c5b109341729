/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model: processes, descriptor tables, holds and sockets, rebuilt from events.
 *
 * It lives in event time.  It reads no clock, no /proc, no environment, and prints nothing: the
 * same events in, the same state out.  Views read it through a const pointer and keep ids.
 *
 *   proc    One life of a process: (tgid, start) is unique for ever.  Threads are not procs.
 *   image   What a proc runs: one from each exec on, shared by fork until the next exec.
 *   fdtab   The kernel's files_struct, keyed by its address while it lives.
 *   tabref  The edge task -> fdtab.  A proc has one with tid 0 (all threads that share the main
 *           table) and one more for each thread that has a table of its own.
 *   hold    The edge (fdtab, fd) -> sock.
 *   share   The edge fdtab -> sock: how many holds of that table are of that socket.
 *   sock    One kernel socket.
 *   origin  How a proc came to a sock otherwise than by fork: creator, SCM_RIGHTS, pidfd_getfd.
 *           Forks need no record: the chain of a holder without an origin goes on at its birth
 *           parent, up to one that has an origin.
 *
 * Invariants, checked by model_verify():
 *  I1  The newest live proc of a tgid is found by `by_tgid`; older lives hang on `older`, newest
 *      first, and all of them are gone: a pid in use again was reaped, seen or not.
 *  I2  A proc is on the child list of exactly its `parent`, if that is known, and on none else.
 *      A gone proc is nobody's child and nobody's parent.  Neither parent nor birth goes in a circle.
 *  I3  A proc that has not exited has exactly one tabref with tid 0 (fdtab may be one that is
 *      known only by name, without holds; key 0 until the name is known, too).  An exited proc
 *      has no tabref.
 *  I4  Every tabref is on the list of its proc and on that of its fdtab; an fdtab without a tabref
 *      does not exist.  A proc has at most one tabref to the same fdtab.
 *  I5  Every hold is on the list of its fdtab and on that of its sock and in `by_slot`; one hold a
 *      slot.  Its share is found by (fdtab, sock) and counts it; a share without holds does not
 *      exist.  A sock counts its shares (ntabs), its pairs of a share and a tabref of its creator
 *      (nmine), and its holds that were handed over (npassed); it is on the list `made` of its
 *      creator.  An fdtab that several procs refer to is on the list `multi`.
 *  I6  A sock with an inode is found by `by_inode`, one with a cookie by `by_cookie`; no two socks
 *      share either.  One with neither (TIME_WAIT) is found by its addresses, inside the model.  One
 *      with a local port is on the chain of `by_port` of that port.
 *  I7  refs of a proc = children by birth + socks' creators + origins + deaths that name it as
 *      killer or reaper.  A gone proc is freed when refs is 0 and its grace is over.  Among the
 *      gone, references nothing alive leads to are cut now and then (circles), and a lineage ends
 *      after 256 gone ancestors in a row.
 *  I8  A sock without hold, queue or kernel life left is gone: marked so, in no index, and freed
 *      before the next event.  Until then what was told of it can be looked up.
 *  I10 The keeper of a sock is one of its holds.
 *  I11 A sock with closed_ts has neither hold nor queue.  While it is `closing` it is on no chain of
 *      by_port and in the queue of those once.
 *  I13 Only a sock whose creator let go is unlooked.
 *  I12 A flight is one socket in one queue, so many times, more than none: found by both, on the list
 *      of its socket and on the chain of its queue.  queue of a sock is that of its first flight.
 *  I9  Time does not run backwards: now is the largest ts seen.
 *  I10 Only a zombie has death.left_by, and it waits among `zombies` until that is settled.
 */
#ifndef PROBATE_MODEL_H
#define PROBATE_MODEL_H

#include "bins.h"
#include "event.h"
#include "util.h"

#define GRACE_NS                                                                                   \
	(60 * NS_PER_S) /* how long dead processes are remembered when nothing refers to them */
#define ZOMBIE_AFTER_NS (100 * NS_PER_MS) /* unreaped this long after exit: a zombie event */
#define LEFT_GRACE_NS                                                                              \
	(5 * NS_PER_S) /* the kernel frees a child that its dead parent had reaped within this */
#define FREE_GRACE_NS                                                                              \
	(100 * NS_PER_MS)	/* a wait may return this long after the kernel freed the child */
#define GRACE_BRIEF_NS NS_PER_S /* where nobody asks about the dead: for what comes late */
#define DEAD_MAX       65536	/* unreferenced dead remembered at most; the oldest go first */

enum proc_state { PROC_RUNNING, PROC_ZOMBIE, PROC_GONE };

struct image {
	u64 ts;		/* when it was exec'd; 0: before anything was watching */
	u32 prev;	/* image before this exec; 0: none known */
	u32 refs;	/* procs whose current image this is + images whose prev it is */
	u16 exe_len;	/* bytes of exe in text, NUL included; 0: not known */
	u16 args_len;	/* bytes of argv in text, NUL-separated */
	bool truncated; /* argv was cut */
	u64 used; /* inode of the socket it used or meant to have; IMAGE_USED_MORE: of several */
	char comm[COMM_LEN];
	char *text; /* exe, then args; NULL: none known */
};

#define IMAGE_USED_MORE (~0ull)

/*
 * Why the signal came that killed it.  Of the first group a process is behind it, and it is named;
 * of the others whoever ran then is innocent.
 */
#define CAUSE_TABLE(C)                                                                             \
	C(UNKNOWN, NULL)                                                                           \
	C(PROCESS, "process")	   /* kill() and its like */                                       \
	C(CGROUP, "cgroup_kill")   /* somebody wrote to cgroup.kill */                             \
	C(PIDNS, "pidns_end")	   /* PID 1 of its pid namespace died */                           \
	C(SESSION, "session_end")  /* the leader of its session ended, and the terminal's */       \
	C(PARENT, "parent_death")  /* PR_SET_PDEATHSIG */                                          \
	C(KERNEL, "kernel")	   /* the kernel, and no more is known */                          \
	C(TIMER, "timer")	   /* timer_create(), setitimer(), alarm() of its own */           \
	C(FAULT, "fault")	   /* of its own: SIGSEGV and its like */                          \
	C(MEMORY, "out_of_memory") /* the OOM killer */                                            \
	C(TERMINAL, "terminal")	   /* Ctrl-C, Ctrl-\ */                                            \
	C(HANGUP, "hangup")	   /* its terminal hung up */                                      \
	C(IO, "io")		   /* O_ASYNC, F_SETSIG */                                         \
	C(LIMIT, "limit")	   /* RLIMIT_CPU, RLIMIT_FSIZE */                                  \
	C(PIPE, "pipe")		   /* it wrote to what nobody reads */
enum cause {
#define C(ID, name) CAUSE_##ID,
	CAUSE_TABLE(C)
#undef C
		CAUSE_MAX
};
#define CAUSE_NAMES_SOMEBODY(c) ((c) >= CAUSE_PROCESS && (c) <= CAUSE_PARENT)
const char *name_cause(u32 cause); /* NULL: not known */
struct model;
struct ev_signal;
/* Of that very signal: why it came, and who is behind it by tgid (0: nobody, or not known). */
enum cause signal_cause(const struct model *m, const struct ev_signal *e);
u32 signal_sender(const struct model *m, const struct ev_signal *e);

struct death {
	u64 ts;	       /* exit; 0: before anything was watching */
	u64 reaped_ts; /* 0: not yet, or not known */
	s32 code;      /* exit code; -1: killed by a signal, or not known */
	u32 signal;    /* 0: exited, or not known */
	u32 killer;    /* proc that sent the signal, referenced; 0: not known */
	u32 reaper;    /* proc that waited, referenced; 0: nobody, or not seen */
	u32 killer_pid; /* pid that sent it, also when no such proc is known; 0: kernel or not known */
	bool known;	/* code and signal are known */
	bool core;	/* dumped core */
	bool by_kernel;	  /* the signal came from the kernel itself (fault, OOM) */
	bool ns_died;	  /* killed because PID 1 of its pid namespace died */
	u8 cause;	  /* enum cause, also of recordings that have only the two above */
	bool again;	  /* it caught that signal and raised it itself then */
	bool told;	  /* a zombie event was emitted */
	bool auto_reaped; /* reaped by nobody: SIGCHLD ignored, or no exit signal */
	bool freed;	  /* the kernel has freed it; who waited may still be told */
	u64 left_by; /* a zombie whose parent of this pid died, and whether that had reaped it is
			    not known yet (I10); 0: settled */
};

struct proc {
	u32 id;
	u32 tgid;
	u64 start;	 /* leader's start_boottime; 0 for a ghost whose start is not known */
	u64 seen_ts;	 /* last scan that confirmed it */
	u64 met_ts;	 /* the sieve's: see model_knows() */
	u64 parent_ts;	 /* since when parent is so */
	u64 setsid_ts;	 /* when it became a session leader; 0: not seen */
	u64 orphaned_ts; /* when its birth parent died before it; 0: not (seen) */
	u64 ran_ts;	 /* met dead or dying: when it last ran, which is its end; 0: not known */
	u64 habit_ns; /* how long its children lately were dead before it reaped them: see habit_add() */
	u64 frozen; /* STUCK_FROZEN, STUCK_FREEZER: the cgroup that is to be thawed */
	u64 cgroup;
	u32 older, newer;      /* lives of the same tgid still remembered, before and after it */
	u32 birth;	       /* proc that forked it, referenced; 0: not known */
	u32 parent;	       /* proc that is its parent now; 0: not known or none */
	u32 child, next, prev; /* list of children by `parent`; siblings */
	u32 tabrefs;	       /* list of tabrefs */
	u32 main;	       /* the tabref with tid 0; 0: has exited */
	u32 made, nmade;       /* list of the socks whose creator it is */
	u32 image;	       /* current image */
	u32 death;	       /* 0 while it runs */
	u32 refs;
	u32 grace_next, grace_prev; /* queue of the unreferenced gone, oldest first */
	u32 tracer;		    /* tgid of its ptracer; 0: none or not known */
	u32 sid, pgid, tty, uid;
	u32 pidns, netns, mntns; /* namespace inodes; 0: not known */
	s32 wait_pid;		 /* with TASK_IN_WAIT: pid it waits for as given; -1: any */
	u32 stuck;		 /* STUCK_* bits of its newest scan */
	u32 parent_tid; /* thread of its parent whose child it is, when scanned; 0: not known */
	u32 wait_tid, wait_nr,
		wait_opts; /* a wait that one of its threads sleeps in, as in the schema */
	u16 wait_for;	   /* WAITS_*; 0: none, or not told */
	struct nspids nspid;
	u16 flags;	/* TASK_* bits */
	u8 state;	/* enum proc_state */
	u8 exit_signal; /* signal its parent gets; 0: none */
	u8 sigchld; /* what it does with SIGCHLD: 0 default, 1 ignored, 2 handled, 255 not known */
	u8 level;   /* depth of its pid namespace */
	bool ghost; /* inferred: something spoke of it, its birth was not seen nor scanned */
	bool born;  /* its fork was seen */
	bool pinned_grace; /* on the grace queue */
	u32 zombies;	   /* children that are zombies now */
	u32 nchildren;	   /* children that are not gone */
	u32 reaps;	   /* children it reaped as the program it runs, as far as seen */
	bool adopted;	   /* it was seen to be handed over to its parent */
	bool under;	   /* it was a subreaper, or descends from one that was */
};

/* Whose end was seen may be in the state of one and have more to do: it is dying, and nobody can reap it. */
static inline bool proc_is_zombie(const struct proc *p)
{
	return p->state == PROC_ZOMBIE && !(p->flags & TASK_EXITING);
}
static inline bool proc_is_dying(const struct proc *p)
{
	return p->state != PROC_GONE && p->flags & TASK_EXITING;
}

struct tabref {
	u32 proc, fdtab;
	u32 tid; /* 0: the process's main table; else the thread that has its own */
	u32 proc_next, proc_prev; /* list of tabrefs of the proc */
	u32 tab_next, tab_prev;	  /* list of tabrefs of the fdtab */
};

struct fdtab {
	u64 key;    /* address of the files_struct */
	u64 key_ts; /* since when it is known to be so */
	u64 known_ts; /* holds are complete since then: born empty, copied from a known one, scanned; 0: not.
			  Without descriptor events: when it was last looked at, never by a copy */
	u32 refs; /* tabref list */
	u32 nrefs;
	u32 holds; /* hold list */
	u32 nholds;
	u32 ncloexec;		    /* of them, those that an exec closes */
	u32 multi_next, multi_prev; /* list of those with several tabrefs */
};

struct share {
	u32 fdtab, sock;
	u32 n;	  /* holds */
	u32 next; /* in its bin */
};

struct hold {
	u32 fdtab, sock;
	u32 tab_next, tab_prev;	  /* holds of the table */
	u32 sock_next, sock_prev; /* holds of the socket */
	u32 slot_next;		  /* in its bin */
	u32 share;
	s32 fd;
	u8 via;	     /* enum via: how this slot was filled */
	u8 how;	     /* enum via: how the process first came to the socket (never dup) */
	u8 cloexec;  /* 0, 1; 2: not known */
	u8 flags;    /* HOLD_* */
	u64 since;   /* when the slot was filled; of a scanned one when it was first seen */
	u64 seen_ts; /* last confirmed: max(since, last scan) */
	u64 met_ts;  /* the sieve's */
};
#define HOLD_USED 1 /* accepted on, received on, listened on */
#define HOLD_DELIBERATE                                                                            \
	2 /* the holder itself dup'ed it or cleared its CLOEXEC: it means to keep it */
#define HOLD_INHERITED 8  /* the process did not open it itself, as it runs now */
#define HOLD_IDLE      16 /* and the newest scan found nobody waiting on the socket */
#define HOLD_HANDED                                                                                \
	128 /* forked off one that was given it, used it or took pains, and runs its program still */
#define HOLD_WATCHED 4 /* use would have been seen since it was got (full descriptor events) */

/* It waits on the socket, or one of the others that have it: as the newest scan found. */
static inline bool hold_waited(const struct hold *h)
{
	return (h->flags & (HOLD_INHERITED | HOLD_IDLE)) == HOLD_INHERITED;
}

struct origin {
	u32 sock, proc; /* proc is referenced */
	u32 from; /* proc it was got from (sender, source), referenced; 0: none or not known */
	u32 next, prev; /* origins of the sock; the first one's prev is the last */
	u32 same;	/* one before, of the same process */
	u64 ts;
	u8 via; /* created, accepted, scm_rights, pidfd_getfd, io_uring; none: handed over, how was
			    not watched, and ts is when it was found */
};

struct sock { /* what every event looks at first: two cache lines of the three */
	u32 id;
	u32 proto;    /* SOCK_PROTO() */
	u64 inode;    /* 0: none (yet) */
	u64 cookie;   /* 0: not known */
	u64 state_ts; /* when state was last set */
	u64 seen_ts;  /* last scan that saw it, by fd or by table */
	u64 met_ts;   /* the sieve's */
	struct ep local, remote;
	u32 netns, uid;
	u32 holds; /* hold list, oldest first */
	u32 nholds;
	u32 ntabs;   /* tables that hold it */
	u32 nmine;   /* pairs of one of them and a tabref of the creator to it */
	u32 npassed; /* holds got by SCM_RIGHTS, pidfd_getfd or unseen (via_is_passed) */
	u32 keeper;  /* the hold that one which keeps it is looked for from; 0: the oldest */
	u32 made_next, made_prev; /* socks of the creator */
	u32 origins;		  /* origin list, the creator's first */
	u32 norigins, origins_at; /* as many: when those of no use are thrown away next */
	u32 creator;		  /* proc, referenced; 0: not known */
	u32 port_next, port_prev; /* chain of by_port */
	u16 sflags;		  /* SF_* */
	u8 state;		  /* TCP state number; for others as the kernel says */
	bool born;		  /* its creation was seen */
	bool gone;		  /* no more; freed before the next event */
	bool transferred;	  /* a transfer event was emitted */
	bool leaked;		  /* a leak event was emitted and still holds */
	bool timed;		  /* is among those that end by the clock */
	bool closing;		  /* closed just now: not listed, as it is most likely over */
	u8 keep_how;  /* KEEPER_*: what keeps it though no descriptor does; 0: not known */
	u8 keep_call; /* CALL_* */
	u8 unlooked; /* let go since that look began (model_priv.look): see sock_review(); 0: not so */
	bool before;	/* there when nothing was watching: the first look met it */
	u16 keep_count; /* how many keep it; 0: nobody has looked, or nothing was found */
	u64 opened;	/* when it was created; 0: before anything was watching */
	u64 cgroup;	/* of its creator; 0: not known */
	u64 peer;	/* UNIX: inode of the peer; 0: none or not known */
	u64 listener;	/* accepted: inode of the listener */
	u64 queue; /* in flight: inode of the UNIX socket in whose queue it has been longest; 0: not */
	u32 flights;		/* one for each queue that it is in, oldest first (flight.c) */
	u32 keep_pid, keep_tid; /* keep_how: who */
	u32 name;		/* id in the pool of names (UNIX); 0: none */
	u32 left_ms;		/* TIME_WAIT: left when scanned (at seen_ts) */
	u32 queued;		/* LISTEN: waiting to be accepted, when scanned */
	u32 last_pass;		/* proc that last sent it by SCM_RIGHTS (not referenced: tgid) */
	u32 closed_by;		/* tgid that closed its last descriptor; 0: not known */
	u64 closed_ts; /* when, and the kernel has not said since that it is over; 0: not so */
	u64 parted_ts; /* when a table ceased to hold it; 0: none did, or not known */
};

/* The name of a UNIX socket, and the file that bind() made for it, as in the schema. */
struct name {
	struct unix_name text;
	u32 file_dev, file_names;
	u64 file; /* 0: abstract, or not known */
};

#define HELD_MAX 8
struct model {
	u64 now;	    /* largest ts seen */
	u64 realtime_off;   /* realtime = boottime + this; 0: no anchor yet */
	u64 watching_since; /* ts of the first live event source; 0: none (one-shot) */
	struct {
		u64 cookie; /* the TCP socket that a change of state ended last; */
		u32 tgid;   /* whose it was: a holder's, else its creator's; 0: not known */
	} ended;
	u64 lost;	/* events lost in all */
	u64 lost_since; /* ts of a loss not yet repaired by a scan; 0: none */
	u32 damaged;  /* places where what is replayed is not whole; no dump, no scan mends that */
	struct held { /* events that a recorder held back, in all; the last place is shared */
		u64 count, last;
		u32 uid;
	} held[HELD_MAX];
	u32 nheld;
	u64 held_since; /* ts of the first that no scan has made good yet; 0: none */
	u64 held_last;	/* ts of the newest */
	u64 events;	/* events applied */
	u32 kept_bad;	/* checkpoints that made no sense and were passed over */
	u32 caps;	/* SRC_* of the newest source event */
	u32 blind;	/* processes whose descriptors the source could not read */
	u32 netns;	/* network namespace of the source; 0: not known */
	u64 filter;	/* kinds let through by the source */
	u64 grace_ns;	/* GRACE_NS, unless nobody asks about the dead */

	struct pool procs, images, deaths, tabrefs, fdtabs, holds, shares, origins, socks, names;
	struct map by_tgid;		/* tgid -> newest proc */
	struct map by_files;		/* files_struct -> fdtab */
	struct bins by_slot;		/* (fdtab, fd) -> hold */
	struct bins by_share;		/* (fdtab, sock) -> share */
	u32 multi, nmulti;		/* fdtabs that several procs refer to */
	struct map by_inode, by_cookie; /* -> sock */
	struct map by_port; /* port -> first sock bound to it, any namespace and protocol */
	struct map cgroups; /* cgroup id -> id in names */
	struct map nsinits; /* pid namespace inode -> proc that is its PID 1 */
	u32 grace_head, grace_tail, grace_count;
	struct buf told;	 /* events told while the last one was applied, back to back */
	struct model_priv *priv; /* scan passes and queues under way; nobody else's business */
};

/* What scans could not see all of; see EV_SCAN_CUT. */
struct cut {
	u64 ts;
	u32 what, why, netns, proto;
	u64 met, there;
};
/* Those that no later pass has made good; borrowed until the next event. */
u32 model_cuts(const struct model *m, const struct cut **out);

/*
 * Who judges what the facts mean, for the model knows no verdicts (verdict/verdict.c).  Asked when a
 * hold is lost or means something else than before.
 */
struct judge {
	/* Does this hold show, by itself, that a socket whose creator let go is not leaked? */
	bool (*keeps)(const struct model *m, const struct sock *s, const struct hold *h);
	/* Is it leaked?  *keeper: the hold that shows that it is not, where one was looked for, or 0. */
	bool (*leaked)(const struct model *m, const struct sock *s, u32 *keeper);
	/* Is it known that the two run different programs? */
	bool (*differ)(const struct model *m, const struct image *a, const struct image *b);
};
/* judge: used as long as the model is. */
struct model *model_new(const struct judge *judge);
void model_free(struct model *m);

/* Apply one checked event.  What it makes the model tell is in m->told until the next call. */
void model_apply(struct model *m, const struct ev *e);
/* Walk what the last model_apply told: NULL first, then the one before; NULL at the end. */
const struct ev *model_told(const struct model *m, const struct ev *before);

/*
 * The sieve (sieve.c, missed.c): of what scans confirm once a second for ever, only the news go on.
 *
 * model_knows: would applying this scan fact change nothing?  Then it need not be applied, recorded
 * or shown, and that it was met is remembered.  false for everything that is no scan fact.
 * model_tells: at a scan_end, is what the pass did not meet to be told, one by one?  Then
 * model_missed gives it as scan_miss events until NULL, each good until the next call; each is to
 * be applied before the next is asked for, and then the scan_end with SCOPE_TOLD set.
 */
bool model_knows(struct model *m, const struct ev *e);
bool model_tells(const struct model *m, const struct ev_scan_end *e);
const struct ev *model_missed(struct model *m, const struct ev_scan_end *e);

/*
 * A pass that was narrowed to a question and began then has ended: the holds that it did not meet, of
 * sockets that it met or of that local port (0: none), as scan_miss events back to back.
 */
void model_unmet(struct model *m, u64 begin, u16 port, struct buf *out);

/*
 * Sockets with an inode that something keeps and no descriptor shows, at most `max` of them, of that
 * local port or (0) of any: the source can be asked what does.  model_asks: one became so by an event since that was called last.
 */
u32 model_unheld(struct model *m, u16 port, struct unheld *out, u32 max);
bool model_asks(const struct model *m);

/* Is there something to do by then although no event comes?  A tick at that time does it. */
bool model_due(const struct model *m, u64 ts);
/*
 * From now on until the next scan of everything nobody looks.  seen: it follows at once, so what
 * was certain before stays so.
 */
void model_interrupt(struct model *m, bool seen);

/* Is nothing missing now: neither lost nor held back without a scan of everything since? */
static inline bool model_whole(const struct model *m)
{
	return !m->lost_since && !m->held_since;
}
/* Were events of that user's processes held back since then? */
bool model_held(const struct model *m, u32 uid, u64 since);

/* Assert every invariant above; NULL, or a sentence about the first one broken. */
const char *model_verify(const struct model *m);

/* Borrow by id; NULL for 0. */
static inline struct proc *proc_at(const struct model *m, u32 id)
{
	return pool_at(&m->procs, id);
}
static inline struct sock *sock_at(const struct model *m, u32 id)
{
	return pool_at(&m->socks, id);
}
static inline struct hold *hold_at(const struct model *m, u32 id)
{
	return pool_at(&m->holds, id);
}
static inline struct fdtab *fdtab_at(const struct model *m, u32 id)
{
	return pool_at(&m->fdtabs, id);
}
static inline struct tabref *tabref_at(const struct model *m, u32 id)
{
	return pool_at(&m->tabrefs, id);
}
static inline struct image *image_at(const struct model *m, u32 id)
{
	return pool_at(&m->images, id);
}
static inline struct death *death_at(const struct model *m, u32 id)
{
	return pool_at(&m->deaths, id);
}
static inline struct share *share_at(const struct model *m, u32 id)
{
	return pool_at(&m->shares, id);
}
static inline struct origin *origin_at(const struct model *m, u32 id)
{
	return pool_at(&m->origins, id);
}
static inline struct unix_name *name_at(const struct model *m, u32 id)
{
	return pool_at(&m->names, id);
}
/* Never NULL. */
const struct name *sock_file(const struct model *m, const struct sock *s);

/* Look-ups; id or 0. */
u32 proc_find(const struct model *m, u32 tgid); /* newest life, dead or alive */
u32 proc_find_start(const struct model *m, u32 tgid, u64 start);
/*
 * Who gets its children when all of it ends; 0: not known.  *above: one of its ancestors, as a
 * subreaper; else PID 1 of its pid namespace.
 */
u32 proc_adopter(const struct model *m, const struct proc *p, bool *above);
u32 sock_find(const struct model *m, u64 inode, u64 cookie);
/* The hold in that slot of the table; NULL: no socket is there. */
struct hold *hold_in(const struct model *m, u32 fdtab, s32 fd);
/* The share of the table in the socket; NULL: it does not hold it. */
struct share *share_of(const struct model *m, u32 fdtab, u32 sock);

/* What a process is called now: comm, exe and args of its image; "" / NULL when not known. */
const char *proc_comm(const struct model *m,
		      const struct proc *p); /* not terminated past 15 bytes: always is */
const char *proc_exe(const struct model *m, const struct proc *p, u16 *len);
const char *proc_args(const struct model *m, const struct proc *p, u16 *len);
/* Path of a cgroup, or NULL. */
const char *cgroup_path(const struct model *m, u64 id);

/* The network namespace of who asks or recorded, as far as is known that of PID 1; 0: not known. */
u32 model_netns(const struct model *m);

/* Wall clock of an event time; 0 stays 0. */
static inline u64 model_wall(const struct model *m, u64 ts)
{
	return ts && m->realtime_off ? ts + m->realtime_off : 0;
}

/* Iterate over every proc / sock that exists (gone and closing socks excluded): start with id 0, ends with 0. */
u32 proc_next(const struct model *m, u32 id);
u32 sock_next(const struct model *m, u32 id);

/*
 * Who holds a socket: one row a (process, thread table), each with its fds.
 * holders_of() fills an array the caller frees; rows ordered by `since`, then pid.
 */
struct holder {
	u32 proc;
	u32 tid;   /* 0: the process's main table; else the thread's own */
	u32 first; /* a hold of this table on the socket; more by walking holds of the socket */
	u32 fdtab;
	u32 nfds;
	u8 how;	 /* enum via of the process's coming to it */
	u8 used; /* 0 no, 1 yes, 2 not known */
	bool deliberate;
	u64 since;
};
u32 holders_of(const struct model *m, const struct sock *s, struct holder **out);
/* Of first_holder() alone, by its first hold: without a look at the others.  false: there is none. */
bool holder_first(const struct model *m, const struct sock *s, struct holder *out);

/* How many hold it: processes, each as often as it has tables that do.  Who has it first; 0: nobody. */
u32 holders_count(const struct model *m, const struct sock *s);
u32 first_holder(const struct model *m, const struct sock *s);

/* Does the process hold the socket through any of its tables? */
bool proc_holds(const struct model *m, u32 proc, u32 sock);

/*
 * Would its use have been told?  Of a listener that is accepting; a datagram socket can be read from
 * by calls that older recorders did not watch.  What else there is (raw ...) nobody watches.
 */
static inline bool hold_use_told(const struct model *m, const struct sock *s, const struct hold *h)
{
	const u32 type = PROTO_TYPE(s->proto), stream = 1, dgram = 2, seqpacket = 5;

	return h->flags & HOLD_WATCHED &&
	       (type == stream || type == seqpacket || (type == dgram && m->caps & SRC_READ));
}

/* Did that program use the socket, whoever ran it, as far as was watched? */
static inline bool image_used(const struct image *i, const struct sock *s)
{
	return i && (i->used == IMAGE_USED_MORE || (i->used && i->used == s->inode));
}

/* The chain of a holder, oldest step first; the array is the caller's. */
struct step {
	u64 ts; /* 0: not known */
	u32 proc;
	u32 image; /* image the process had at that step; 0: not known */
	u8 kind;   /* enum step_kind */
	u32 from;  /* STEP_VIA of scm_rights, pidfd_getfd: proc it came from; 0 */
	u8 via;	   /* STEP_VIA: enum via */
};
enum step_kind { STEP_VIA, STEP_EXEC };
u32 chain_of(const struct model *m, const struct sock *s, const struct holder *h,
	     struct step **out);

#endif
