/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the model share and nobody else sees.
 *
 * model.c     dispatch, time, what is told           fd.c        tables, holds
 * proc.c      lives, parents, references, grace       fdevent.c   events about descriptors
 * image.c     what a process runs                     sock.c      sockets: identity, indexes
 *                                                     sockend.c   sockets: their end, let go
 * procevent.c events about processes                  sockevent.c events about sockets
 * parent.c    whose child, and by which number       tabref.c    who uses a table
 * death.c     exit, wait, reap, reparent              scanpass.c  scans and their sweeps
 *                                                     origin.c    got otherwise than by fork
 * share.c     who holds what: counts                  sieve.c     scans: what is no news
 * chain.c     holders and chains                      missed.c    scans: what is missing
 * keep.c      a checkpoint written                    verify.c    the invariants
 * flight.c    sockets in flight
 * keep_read.c, keep_link.c: and read
 *
 * Memory is given back in timers_run() alone, before an event is applied: a handler may keep
 * pointers to procs and socks for as long as it runs, whatever happens to them meanwhile.
 */
#ifndef PROBATE_MODEL_PRIV_H
#define PROBATE_MODEL_PRIV_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bitset.h"
#include "model.h"

#define LINEAGE_MAX	256 /* consecutive dead ancestors remembered above a process */
#define IMAGES_MAX	64  /* images remembered of one chain of execs */
#define ORIGINS_MAX	64  /* origins of a socket before those of no use are thrown away */
#define SIGCHLD_UNKNOWN 255
#define SIGCHLD_NR	17

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV
};
#define FAMILY_UNIX  1
#define FAMILY_INET  2
#define FAMILY_INET6 10
#define TYPE_STREAM  1
#define TYPE_DGRAM   2

/* A first-in first-out queue of deadlines that only grow. */
struct due {
	u64 ts;	 /* when */
	u64 tag; /* tells whether id is still the one that was meant */
	u32 id;
};
struct dueq {
	struct due *v;
	u32 head, count, cap;
};

/* The newest signal of one number to a process that still runs: perhaps what will kill it. */
struct sent {
	u32 next; /* others to the same process */
	u32 signal;
	u32 from; /* proc, not referenced: from_start tells whether it is still the same */
	u32 from_pid;
	u64 from_start;
	bool by_kernel, ns_died, again;
	u8 cause;
};

/* A socket in the queue of a UNIX socket, between sendmsg and recvmsg. */
struct flight {
	u64 queue;   /* inode of the UNIX socket */
	u64 ts;	     /* last known to be so */
	u64 scan_ts; /* when a scan counted it last; 0: none did */
	u64 met_ts;  /* the sieve's */
	u32 sock, count;
	u32 next, prev;		    /* of the socket; the first one's prev is the last */
	u32 queue_next, queue_prev; /* of the queue */
	u32 bin_next;
};

/* What a pass did not meet, while it is being told. */
struct misses {
	struct buf keys; /* u64: what the phase found when it began */
	size_t next;	 /* of them */
	u32 phase;	 /* 0: none under way */
	struct ev_scan_miss e;
};

struct path {
	char *s;
};

struct model_priv {
	const struct judge *judge;
	u64 wake;	      /* nothing is due before */
	u64 at;		      /* ts of the event being applied: what follows from it is told so */
	struct dueq zombies;  /* exits that may deserve a zombie event; tag: start */
	struct dueq frees;    /* freed by the kernel, nobody seen to wait yet; tag: start */
	u32 by;		      /* tgid whose act on descriptors it is; 0: it is none */
	u32 left;	      /* of a close: references to the file beside the slot */
	struct dueq closings; /* socks that may be over; tag: closed_ts */
	bool outlived;	      /* one of them was not: what keeps it? */
	u8 look; /* the scan of all descriptors that began last: 1 the first (LOOK_FIRST) and until it is
				 over, then 2 to 255, round; 0: none did */
	struct dueq
		gones; /* socks that are gone, to be freed before the next event; tag: when they went */
	struct due *waits; /* heap, the earliest first: sockets that end by the clock (left_ms) */
	u32 nwaits, waits_cap;
	struct map by_tuple;  /* hash of the addresses -> sock that has neither inode nor cookie */
	struct map signals;   /* proc -> first struct sent */
	struct map listening; /* netns << 16 | port -> how many TCP sockets listen there */
	struct map listener;  /* the same -> their ids, one xor the other */
	struct map by_ref;    /* proc << 32 | fdtab -> tabref that is not the main one */
	struct map by_tid;    /* proc << 32 | tid -> the same */
	struct map by_nr;     /* proc << 32 | number a nested parent's wait returns -> its child */
	struct map by_origin; /* sock << 32 | proc -> its newest origin */
	struct buf made;      /* made_in()'s */
	struct pool sents, paths;
	struct pool flights;
	struct map ranges; /* fdtab -> its range_set (range.c) */
	struct pool range_sets;
	struct bins by_flight; /* (queue, sock) -> flight */
	struct map by_queue;   /* inode of a UNIX socket -> first flight in its queue */
	struct buf dying;      /* u64: inodes of UNIX sockets that ended, whose queues end next */
	bool die;	       /* they are under way */
	u32 cgroups_at;	       /* how many before those of nobody are looked for */
	u32 pinned;	       /* gone procs kept by a reference */
	u32 collect_at;	       /* look for circles among them beyond this */
	u64 last_loss;	       /* ts of the newest loss */
	u32 repaired;	       /* SCOPE_* covered by passes begun after it */
	u32 dropped, added;    /* by scans since the first loss not repaired */
	u64 sieved_ts;	       /* of the newest scan fact that told nothing new */
	struct misses misses;
	struct buf cuts;	      /* struct cut: what scans could not see all of (scancut.c) */
	struct map cut_at, cut_netns; /* what a cut is about, namespace -> index in cuts + 1 */
	struct stage *stage;	      /* a checkpoint being read; NULL: none */
};

/* Slots of a table that have sockets, and those of them that an exec would keep. */
struct range_set {
	struct bitset held, kept;
};

/* The members every event about a socket begins with. */
struct sock_ev {
	struct ev h;
	SOCK_FIELDS(FIELD_DECL)
};
#define SOCK_EV(e) ((const struct sock_ev *)(const void *)(e))

/* Tell: append an event of the model's own. */
#define TELL(m, lower, KIND, subject, ...)                                                         \
	do {                                                                                       \
		struct ev_##lower t_ = {.h = {.kind = EV_KIND_##KIND,                              \
					      .size = sizeof(t_),                                  \
					      .tgid = (subject),                                   \
					      .tid = (subject),                                    \
					      .ts = (m)->priv->at},                                \
					__VA_ARGS__};                                              \
		buf_add(&(m)->told, &t_, sizeof(t_));                                              \
	} while (0)

#define on_exit on_exit_event /* glibc has an on_exit() of its own */

/* One handler for each kind that comes from a source; a kind without one does not link. */
#define RAW(lower) void on_##lower(struct model *m, const struct ev_##lower *e);
#define TOLD(lower)
#define K(n, ID, lower, pub, class, doc) class(lower)
EV_TABLE(K)
#undef K
#undef RAW
#undef TOLD

/* model.c */
void due_add(struct dueq *q, u64 ts, u32 id, u64 tag); /* without timer_wake() */
void due_drop(struct dueq *q);			       /* the first */
void due_push(struct model *m, struct dueq *q, u64 ts, u32 id, u64 tag);
void timer_wake(struct model *m, u64 ts);
void loss_note(struct model *m, u64 count, u64 ts);
void cgroup_set(struct model *m, u64 id, const char *path);
static inline u64 max_ts(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* proc.c */
struct proc *proc_new(struct model *m, u32 tgid, u64 start);   /* without a table */
struct proc *proc_ghost(struct model *m, u32 tgid, u64 start); /* with one known by name only */
struct proc *proc_actor(struct model *m, const struct ev *h);  /* who did it; NULL: the kernel */
struct proc *proc_life(struct model *m, u32 tgid, u64 start, u64 ts, bool as_zombie);
struct proc *proc_someone(struct model *m, u32 tgid, u64 ts); /* not gone, made up if need be */
void proc_ref(struct model *m, u32 id);
void proc_unref(struct model *m, u32 id);
void proc_set_birth(struct model *m, struct proc *p, u32 birth);
void proc_set_parent(struct model *m, struct proc *p, u32 parent, u64 ts);
void proc_hand_up(struct model *m, struct proc *p, u32 ancestor, u64 ts);
void proc_unlink(struct model *m, struct proc *p);
void proc_mark_under(struct model *m, struct proc *p);
u32 proc_child_nr(const struct model *m, const struct proc *parent,
		  u32 nr); /* as the parent sees it; 0 */
void proc_index_nr(struct model *m, const struct proc *c);
void proc_settle_gone(struct model *m, struct proc *p);
void proc_set_nspid(struct model *m, struct proc *p, u32 pidns, const struct nspids *nspid,
		    bool nsinit);
void proc_expire(struct model *m);

/* range.c */
bool range_begin(struct model *m, u32 tab); /* false: it has slots that are too far */
struct hold *range_next(const struct model *m, u32 tab, u64 from, u32 last,
			bool kept);		       /* NULL: none */
void range_add(struct model *m, const struct hold *h); /* it is there, or its flag has changed */
void range_drop(struct model *m, const struct hold *h);
void range_forget(struct model *m, u32 tab);
void ranges_free(struct model_priv *pr);
const char *range_verify(const struct model *m, u32 tab);

/* image.c */
u32 image_new(struct model *m, u64 ts, u32 prev);
void image_ref(struct model *m, u32 id);
void image_unref(struct model *m, u32 id);
struct image *image_own(struct model *m, struct proc *p); /* p's alone, to be changed */
void image_set_comm(struct image *i, const struct comm *c);
void image_set_text(struct image *i, const struct ev *e, bool truncated);
bool image_has_text(const struct image *i, const struct ev *e); /* just that */
void image_use(struct image *i, const struct sock *s);		/* it means to have it */
u32 image_when(const struct model *m, const struct proc *p, u64 ts);

/* death.c */
void proc_die(struct model *m, struct proc *p, u64 ts);
void proc_reap(struct model *m, struct proc *p, u32 reaper, u64 ts);
void left_settle(struct model *m, const struct proc *c);
void proc_vanish(struct model *m, struct proc *p); /* dead and gone, unseen */
void zombies_expire(struct model *m);
void frees_expire(struct model *m);
void signals_drop(struct model *m, u32 proc);
/* That signal, on its way to the process; NULL: none is. */
struct sent *signal_sent(const struct model *m, u32 proc, u32 signal);
void death_find_killer(struct model *m, const struct proc *p, struct death *d,
		       const struct ev_exit *e);

/* fd.c */
u32 proc_main(const struct model *m, const struct proc *p); /* tabref with tid 0 */
void proc_set_main(struct model *m, struct proc *p, u32 fdtab, u32 heir);
void proc_drop_tables(struct model *m, struct proc *p);
u32 fdtab_new(struct model *m, u64 key);
void fdtabs_forget(struct model *m); /* the keys of all */
void fdtab_clear(struct model *m, struct fdtab *t);
u32 fdtab_fresh(struct model *m, u64 key); /* one that begins now, whoever had the key before */
u32 fdtab_of(struct model *m, struct proc *p, u32 tid, u64 files); /* 0 when p is dead */
u32 tabref_find(const struct model *m, const struct proc *p, u32 fdtab);
u32 tabref_of_tid(const struct model *m, const struct proc *p, u32 tid);
void tabref_add(struct model *m, struct proc *p, u32 fdtab, u32 tid);
void tabref_index(struct model *m, struct proc *p, u32 id); /* by its table and its tid */
void tabref_drop(struct model *m, struct proc *p, u32 id);
void tabref_leave(struct model *m, struct proc *p, u32 id, u32 heir);
struct slot {
	u32 fdtab;
	s32 fd;
	u8 via, how, cloexec, flags;
	u64 ts;
};
struct hold *hold_put(struct model *m, const struct slot *slot, struct sock *s);
void hold_drop(struct model *m, struct hold *h);
void hold_set_how(struct model *m, struct hold *h, u8 how);
void hold_set_flags(struct model *m, struct hold *h, u8 flags);
void hold_use(struct model *m, const struct proc *p, struct hold *h);
void hold_set_cloexec(struct model *m, struct hold *h, u8 cloexec);
struct hold *hold_first(const struct model *m, const struct fdtab *t);
void fdtab_copy(struct model *m, u32 from, u32 to, bool fork, u64 ts);
void fdtab_exec(struct model *m, struct proc *p, const struct ev_exec *e);
u32 hold_id(const struct model *m, const struct hold *h);
void hold_index(struct model *m, u32 id); /* by its slot */

/* share.c */
void share_join(struct model *m, struct hold *h);
bool share_part(struct model *m, const struct hold *h); /* it was the table's last one */
void made_link(struct model *m, struct sock *s);	/* it has a creator now */
void made_unlink(struct model *m, struct sock *s);	/* it has none any more */
/* Socks that p made and the table holds, each once and by id; good until the next call. */
u32 made_in(struct model *m, const struct proc *p, u32 fdtab, const u32 **out);
void multi_note(struct model *m, u32 fdtab); /* its nrefs has changed */

/* Processes are followed by events and descriptors by scans alone. */
static inline bool model_is_lean(const struct model *m)
{
	return (m->caps & (SRC_EVENTS | SRC_FD)) == SRC_EVENTS;
}

/*
 * Handed over: by who sent it, by its own hand, or in a way that nobody watched (VIA_NONE): another
 * made the socket, and it was not in the table yet when that was looked at after the fork and exec.
 */
static inline bool via_is_passed(u8 via)
{
	return via == VIA_SCM_RIGHTS || via == VIA_PIDFD_GETFD || via == VIA_NONE;
}
static inline bool hold_is_passed(const struct hold *h)
{
	return via_is_passed(h->how);
}

/* sock.c */
struct sock *sock_of(struct model *m, const struct sock_ev *e); /* NULL: it has no identity */
struct sock *sock_known(const struct model *m, u64 inode, u64 cookie);
u16 sock_ev_flags(const struct sock_ev *e); /* SF_* bits of the socket it speaks of */
struct sock *sock_by_addr(const struct model *m, const struct sock_ev *e); /* one without a name */
void sock_seen(struct sock *s, u64 ts);
u64 tuple_key(const struct sock *s);
bool sock_is_tcp(const struct sock *s);
static inline u64 listen_key(const struct sock *s)
{
	return (u64)s->netns << 16 | s->local.port;
}
struct sock *listener_of(const struct model *m, const struct sock *s); /* NULL: not known */
void listening_add(struct model *m, const struct sock *s);
void sock_index_drop(struct model *m, struct sock *s);
void sock_unlist(struct model *m, struct sock *s); /* begins to be closing */
void sock_relist(struct model *m, struct sock *s);
u32 sock_after(const struct model *m, u32 id); /* as sock_next(), with those that are closing */

/* sockend.c */
void sock_set_left(struct model *m, struct sock *s, u32 left_ms); /* as of its seen_ts */
void socks_expire(struct model *m);
void waits_push(struct model_priv *pr, u64 ts, u32 sock);
/* Was a pass that began then cut in that network namespace? */
bool cut_spares(const struct model *m, u32 netns, u64 begin);
bool cut_spares_flight(const struct model *m, const struct flight *f, u64 begin);
/* A pass over this scope ends: what it did not tell to be cut is whole again. */
void cuts_end(struct model *m, u32 scope, u64 begin);
void cuts_free(struct model_priv *pr);
u64 sock_end(const struct sock *s); /* when left_ms is over */
void sock_maybe_gone(struct model *m, struct sock *s);
void sock_let_go(struct model *m,
		 struct sock *s); /* its last descriptor, or place in a queue, went */
void sock_reopen(struct model *m, struct sock *s); /* it has one again */
void sock_finishes(struct model *m,
		   struct sock *s); /* a change of state says whether the kernel does */
void sock_review(struct model *m, struct sock *s);
#define LOOK_FIRST 1
void look_begins(struct model *m);	    /* a scan of all descriptors */
void look_ends(struct model *m, u64 begin); /* it was not cut */
void sock_lost_hold(struct model *m, struct sock *s);
void sock_gone(struct model *m, struct sock *s);

/* flight.c */
static inline struct flight *flight_at(const struct model *m, u32 id)
{
	return pool_at(&m->priv->flights, id);
}
u32 flight_find(const struct model *m, u32 sock, u64 queue); /* 0: it is not there */
struct flight *flight_in(const struct model *m, const struct sock *s, u64 queue);
void flight_sent(struct model *m, struct sock *s, u64 queue, u64 ts);
void flight_received(struct model *m, struct sock *s, u64 queue, u64 ts); /* queue 0: not known */
void flight_scanned(struct model *m, struct sock *s, u64 queue, u32 count, u64 ts);
void flight_end(struct model *m, u32 id);
void flight_index(struct model *m, u32 id); /* of a checkpoint */
void flights_end(struct model *m, struct sock *s);
void flights_move(struct model *m, struct sock *to, struct sock *from);
void queue_died(struct model *m, u64 inode); /* of the UNIX socket */

/* origin.c */
void origin_link(struct model *m, u32 id);  /* last on the list of its socket */
void origin_index(struct model *m, u32 id); /* on that list already */
void origins_free(struct model *m, struct sock *s);
void origins_move(struct model *m, struct sock *to, struct sock *from);
/* One that process received just before it is told to be sent; NULL: none. */
struct origin *origin_received(const struct model *m, const struct sock *s, u32 from, u64 ts);

/* sockevent.c */
struct origin *origin_add(struct model *m, struct sock *s, u32 proc, u8 via, u32 from, u64 ts);
void sock_set_file(struct model *m, struct sock *s, u64 file, u32 dev, u32 names);
void sock_set_name(struct model *m, struct sock *s, const struct unix_name *name);
void sock_set_creator(struct model *m, struct sock *s, struct proc *p, u8 via, u64 ts);
/* HOLD_INHERITED and HOLD_IDLE as the fact has them; only if it says so (waits). */
static inline u8 scan_fd_flags(const struct ev_scan_fd *e)
{
	return e->waits == 2 ? HOLD_INHERITED | HOLD_IDLE : HOLD_INHERITED;
}
bool wait_tells(const struct model *m, const struct sock *s, const struct hold *h,
		const struct ev_scan_fd *e);
/* Its birth was not seen, but this process is known to have made it, if it lives. */
struct proc *sock_new_maker(const struct model *m, const struct sock *s, u32 tgid); /* else NULL */
void sock_set_maker(struct model *m, struct sock *s, u32 tgid, u64 ts);

/* scanpass.c */
u32 scan_scope(const struct model *m,
	       const struct ev_scan_end *e); /* what absence means the end of */

/* keep_read.c */
void stage_broken(struct model *m, u64 ts); /* what there is of a checkpoint is of no use */
void stage_free(struct stage *st);

/* How its creator came to it: it made or accepted it; NULL: not known. */
static inline const struct origin *origin_made(const struct model *m, const struct sock *s)
{
	const struct origin *o = origin_at(m, s->origins);

	return o && s->creator && o->proc == s->creator && !via_is_passed(o->via) ? o : NULL;
}

/*
 * Its creator holds it no more, and what those who are left do with it is known from before that
 * alone.
 */
static inline bool sock_is_unlooked(const struct model *m, const struct sock *s)
{
	return model_is_lean(m) && (s->unlooked || !s->transferred);
}

/* chain.c */
/* How it, or who it was forked off, was given the socket; NULL: nobody on its chain was, last. */
const struct origin *handed_over(const struct model *m, const struct sock *s, u32 proc);
struct origin *origin_of(const struct model *m, const struct sock *s, u32 proc, u64 until);

#endif
