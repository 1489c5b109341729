/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF source's own struct, shared by live*.c only. */
#ifndef PROBATE_LIVE_PRIV_H
#define PROBATE_LIVE_PRIV_H

#include "live.h"
#include "guard.h"
#include "histogram.h"
#include "ring.h"
#include "scan.h"
#include "sys.h"

#define RESCAN_PIDS 64 /* lean: processes looked at by themselves after a batch; more wait */

struct live_bpf;
struct bpf_program;
struct bpf_link;

/* A kernel-side program: which hook, what for, and what happens without it. */
struct live_prog {
	const char *name; /* of the program */
	const char *hook; /* as doctor prints it */
	const char *what;
	u8 action;   /* (first) enum sys_action it serves; 0: attached by itself */
	bool vital;  /* without it there is no live view at all */
	bool full;   /* of fd=full only */
	bool counts; /* or where changes are counted */
	u8 kind;     /* the only kind of event it tells; 0: several, or it counts as well */
	u8 misses;   /* kind of event that is lost when it is skipped; 0: any */
	u8 guard;    /* enum guard: it has a second copy, that makes good; 0: none */
	bool second; /* it is that copy */
	bool cgroup; /* attached to the root of cgroup2, of no more than use: another stands in */
};
extern const struct live_prog live_progs[];
extern const u32 live_nprogs;

#define LIVE_PROGS_MAX 64

struct live {
	struct source base;
	struct live_bpf *skel; /* NULL: scans only */
	struct scan *scan;
	struct ring ring;
	int epoll; /* the ring, edge-triggered; -1 */
	bool full; /* descriptor events */
	bool deaf; /* some wanted hook is missing: descriptor events are not complete */
	u32 pid;   /* filtered by: only this process is rescanned; 0: all */
	u64 kinds; /* let through; ~0: all */
	int error[LIVE_PROGS_MAX]; /* -errno of programs left out, by index in live_progs */
	struct bpf_link *link[LIVE_PROGS_MAX];

	bool announced;		 /* clock and source events were sent */
	bool patient;		 /* as source_opts has it */
	bool counting;		 /* likewise */
	bool scanning;		 /* what comes is of a scan, or of the ring in the middle of one */
	bool first;		 /* the next record is the first of a batch */
	bool may_hurry, hurries; /* live_hurry.c */
	int usual;		 /* priority else */
	u64 hurried_ts;		 /* when the ring was last found filling */
	bool woken;		 /* something else that is watched can be read */
	int runs_fd;		 /* while it is open the kernel counts runs of programs; -1: not */
	u64 scans, scan_ns;	 /* so far */
	u64 ring_peak;
	struct histogram delay;
	u64 taken, taken_ts; /* records of the ring; time of the newest */
	u64 left;	     /* records that were there when we had to end */
	u64 lost;	     /* told so far */
	u64 lost_others;     /* of what was not to be shown */
	struct {
		u64 seen[LIVE_PROGS_MAX]; /* skipped runs of each program, at the last look */
		u64 told[LIVE_PROGS_MAX]; /* of those, lost and counted below */
		u64 lost[EV_KIND_MAX], all;
		u64 due; /* the next look */
	} miss;
	u64 clock_ts;	    /* last clock event */
	u64 last_ts;	    /* last event of any kind */
	u64 drained_ts;	    /* last drain */
	u64 relieved_ts;    /* last drain in the middle of a scan */
	u32 interval_ms;    /* until the next drain */
	struct map cgroups; /* how often the path of each was looked for */
	bool cgroups_left;  /* some may be found by a search */
	u64 cgroups_ts;	    /* no search before */
	u32 rescan_scope;   /* SCOPE_* bits of a rescan */

	u32 pids[RESCAN_PIDS]; /* lean: to be looked at after this batch */
	u32 npids;
	struct map makers;	   /* whom each socket's inode was asked about */
	u64 rescan_ts;		   /* next scan of all descriptors */
	u64 scanned_ts, scan_took; /* the newest one; how much of a processor it took */
	u32 rescans;

	sink_fn sink; /* of the call under way */
	void *ctx;
	u32 count; /* events handed over in it */
};

/* Sink that looks at each event on its way: unknown cgroups, processes to scan. */
void live_pass(void *live, const struct ev *e, size_t bytes);
/* The same for what a scan says. */
void live_scan_pass(void *live, const struct ev *e, size_t bytes);
/* Begin a call with this sink; the first sends the clock and what the source can see. */
void live_begin(struct live *l, sink_fn sink, void *ctx);
/* What the source can see: at the beginning, and again when it turns out to see less. */
void live_tell_source(struct live *l);
int live_poll(struct source *s, int timeout_ms, sink_fn sink, void *ctx);
int live_watch(struct source *s, int fd);
void live_refresh(struct source *s);
/* A scan, timed. */
int live_scan_run(struct live *l, const struct want *want);
/* live_miss.c: what the kernel skipped; a last look takes all that is missed until now. */
void live_miss_look(struct live *l, u64 now, bool last);
/* Skipped runs at the last look, and how many of them a second copy made good. */
u64 live_misses(const struct live *l, u64 *good);
/* live_stats.c */
void live_stats(struct source *s, struct source_stats *out);
/* Reads the ring if it fills while a scan takes long. */
void live_relieve(void *live);
/* live_cgroup.c: process `pid` was met in this cgroup; its path is told, now or after a search. */
void live_cgroup_meet(struct live *l, u64 id, u32 pid, u64 ts);
void live_cgroup_search(struct live *l);
/* live_hurry.c: the ring holds so much now; who drains it goes first while it fills. */
void live_hurry_open(struct live *l);
void live_hurry(struct live *l, u64 waiting, u64 now);
int live_poll_open(struct live *l);
void live_poll_close(struct live *l);

/* Is it of use here: of this fd mode, and tells what is let through? */
static inline bool live_wants(const struct live *l, const struct live_prog *p)
{
	return (l->full || !p->full || (p->counts && l->counting)) &&
	       (!p->kind || l->kinds >> p->kind & 1);
}
/* live_load.c: the kernel side loaded and attached, or -errno and a sentence. */
int live_load(struct live *l, const struct source_opts *o, struct buf *err);
void live_unload(struct live *l);
/* Whether a program that is jumped to ever ran (a tail call is in no run count of the kernel's). */
u64 live_fired(const struct live *l, const char *prog);
/* live_why.c: a sentence for a refusal, with what to do. */
void live_why(struct buf *err, int error, const char *prog, const char *log);

#endif
