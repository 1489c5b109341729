/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of the Perfetto trace.
 *
 *   ptrack  A process: a track with a slice for each program it ran and one for the time as a
 * zombie. strack  A socket: a track of its own below "sockets", with a slice as long as it was
 * there. lane    Who holds it: a track below the socket's for each process, as holds overlap as
 * they like.
 *
 * Only what lives is kept, so memory is bounded by what the model holds.  A trace has room for
 * PERFETTO_TRACKS tracks, of which connections get half; what comes when it is full is still
 * known here, with uuid 0, so that it is counted once, and nothing is written about it.
 */
#ifndef PROBATE_PERFETTO_PRIV_H
#define PROBATE_PERFETTO_PRIV_H

#include "report_perfetto.h"

#define PERFETTO_TRACKS 20000

/* ---- packets (perfetto_packet.c) ------------------------------------------------------------ */

/* What has been found out late gets a packet sequence of its own: time goes forward in each. */
enum sequence { SEQ_MAIN, SEQ_LATE, SEQ_MAX };

struct packets {
	struct out *out;
	struct buf b;	 /* the packet being made */
	struct buf safe; /* a string made safe */
	u64 realtime_off;
	u64 ts[SEQ_MAX]; /* of the last packet */
	bool begun[SEQ_MAX];
	size_t packet, event; /* where they begin in b; 0: none is being made */
	enum sequence seq;    /* of that one */
};

enum mark { MARK_BEGIN = 1, MARK_END = 2, MARK_INSTANT = 3 }; /* TrackEvent.Type */

void packets_free(struct packets *p);
void packet_clocks(struct packets *p, u64 realtime_off);

/* What describes a track; told again it gives the track its newest name. */
struct track_desc {
	u64 uuid, parent; /* parent 0: none */
	const char *name;
	bool sorted; /* its children are shown by name */
	u32 pid;     /* a process: with its name and command line; else 0 */
	const char *comm;
	const char *args; /* NUL-separated; NULL: not known */
	u16 args_len;
	u64 start;
};
void packet_track(struct packets *p, const struct track_desc *t);

/* A mark on a track at a time, with what is known of it.  Of uuid 0 nothing is written. */
void mark_open(struct packets *p, enum mark type, u64 uuid, u64 ts, const char *name);
void mark_flow(struct packets *p, u64 flow, bool ends);
void mark_close(struct packets *p);
void fact_uint(struct packets *p, const char *key, u64 v);
void fact_id(struct packets *p, const char *key, u64 v); /* 0: left out */
void fact_int(struct packets *p, const char *key, s64 v);
void fact_bool(struct packets *p, const char *key, bool v);
void fact_str(struct packets *p, const char *key, const char *s); /* NULL or "": left out */
void fact_time(struct packets *p, const char *key, u64 ts);	  /* wall clock; 0: left out */
void fact_proc(struct packets *p, const char *key, const struct model *m, u32 proc); /* likewise */

/* ---- the trace ------------------------------------------------------------------------------ */

struct ptrack {
	u64 uuid, start;
	u64 died;	/* when its time as a zombie was begun here */
	u32 proc, tgid; /* the model's id, used again for others: known by tgid and start, too */
	u32 lanes;
	bool zombie;
	bool kin;   /* it is asked for, or descends from what is */
	int reason; /* enum reason of a zombie; -1: not told */
};

struct strack {
	u64 uuid, inode, cookie;
	u32 sock; /* the model's id */
	u32 lanes;
};

struct lane {
	u64 uuid;
	u32 ptrack, strack;
	u32 ptrack_next, ptrack_prev, strack_next, strack_prev;
};

struct perfetto {
	struct packets pk;
	const struct opts *opts;
	u64 uuid, flow; /* the last ones given */
	u32 tracks;
	u64 left_procs, left_socks, left_holds; /* for which there was no room */
	struct pool ptracks, stracks, lanes;
	struct map by_proc, by_sock; /* the model's ids */
	struct map by_name; /* cookies and inodes -> strack: a dead socket is in no index */
	struct map by_pair; /* strack, ptrack -> lane */
	u32 ptrack_cursor, strack_cursor; /* of the look for what ended unsaid */
	bool begun, starting, group, incomplete;
};

/* uuids of tracks that are always there; then they are counted up. */
enum { UUID_PROBATE = 1, UUID_SOCKETS = 2, UUID_FIRST = 3 };

/* A new uuid; 0: there is no room. */
u64 perfetto_uuid(struct perfetto *pf, bool important);
/* All that the model has and that is to be shown. */
void perfetto_show_all(struct perfetto *pf, const struct model *m);

/* events (perfetto_event.c) */
void handle_event(struct perfetto *pf, const struct model *m, const struct ev *e);
void note_begin(struct perfetto *pf, enum mark type, const char *text); /* on "probate" itself */
void incomplete_begin(struct perfetto *pf);
void incomplete_end(struct perfetto *pf);
/* What ended without a word: one of each kind an event, and all of them after a scan. */
void look_at_next(struct perfetto *pf, const struct model *m);
void look_at_all(struct perfetto *pf, const struct model *m);

/* processes (perfetto_proc.c) */
/* NULL: it is not shown. */
struct ptrack *ptrack_of(struct perfetto *pf, const struct model *m, u32 proc);
/* Shown from now on if it is to be; `asked`: it holds a socket that is. */
struct ptrack *ptrack_open(struct perfetto *pf, const struct model *m, u32 proc, bool asked);
void ptrack_sync(struct perfetto *pf, const struct model *m,
		 struct ptrack *pt); /* it may be dead */
void ptrack_exec(struct perfetto *pf, const struct model *m, struct ptrack *pt);
void ptrack_describe(struct perfetto *pf, const struct model *m, const struct ptrack *pt);
void ptrack_close(struct perfetto *pf, const struct model *m, struct ptrack *pt);
u32 ptrack_id(const struct perfetto *pf, const struct ptrack *pt);

/* sockets (perfetto_sock.c) */
/* Shown from now on if it is to be; NULL: it is not. */
struct strack *strack_open(struct perfetto *pf, const struct model *m, u32 sock);
struct strack *strack_named(struct perfetto *pf, u64 inode, u64 cookie);
bool strack_is_over(const struct model *m, const struct strack *st);
bool strack_is_important(const struct perfetto *pf, const struct sock *s);
void strack_leaked(struct perfetto *pf, const struct model *m, const struct ev_leak *e);
void strack_close(struct perfetto *pf, const struct model *m, struct strack *st);

/* who holds them (perfetto_hold.c) */
void lane_sync(struct perfetto *pf, const struct model *m, u32 proc, u32 sock);
void lane_transfer(struct perfetto *pf, const struct model *m, const struct ev_transfer *e);
void lane_close(struct perfetto *pf, struct lane *lane);
/* Which of them it has still. */
void lanes_sync(struct perfetto *pf, const struct model *m, struct ptrack *pt);
void lanes_exec(struct perfetto *pf, const struct model *m, struct ptrack *pt);
void lanes_end(struct perfetto *pf, struct ptrack *pt);
void table_sync(struct perfetto *pf, const struct model *m, u32 proc); /* all in its tables */

#endif
