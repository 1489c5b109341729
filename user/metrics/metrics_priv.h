/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the exposition share.
 *
 * count.c         what is counted from events       census.c        what is read off the model
 * metric_table.c  the families, --list              metric_write.c  the two formats
 * labels.c        names that others choose          collect*.c      the families told
 */
#ifndef PROBATE_METRICS_PRIV_H
#define PROBATE_METRICS_PRIV_H

#include "labels.h"

#define TCP_STATES 13 /* 0: no known one */

/* ---- what is counted from events (count.c) --------------------------------------------------- */

enum adopter { ADOPTED_INIT, ADOPTED_NSINIT, ADOPTED_SUBREAPER, ADOPTERS };
enum repair { REPAIR_NEW, REPAIR_OVER, REPAIRS };

struct metrics {
	u64 events[EV_KIND_MAX];
	u64 orphans[ADOPTERS];
	u64 transfers[VIA_MAX];
	u64 leaks;
	u64 repairs[REPAIRS];
	struct histogram reaps;

	/* Passes of scans: one is over; one other than the first is under way; such a one is over. */
	bool scanned, scanning, audited;
	u64 scanned_ts;	  /* end of the newest */
	u32 procs, socks; /* of the model, after the event before */

	/*
	 * When a creator let go of a socket, or it became leaked; when it was first found stuck;
	 * when it became leaked and was not known to be on offer yet.
	 */
	struct times {
		struct map by_inode;
		struct pool since; /* u64 */
	} let_go, stuck, unnamed;

	/* Processes are counted once a socket: the number of the last socket each was counted for. */
	u32 *counted, counted_cap, round;
};

/* A leaked socket on offer: count it if that was not known when it became leaked. */
void metrics_leaked(struct metrics *c, const struct sock *s);
/* Is it a kind that the kernel side makes? */
bool kind_is_read(u32 kind);
/* How many processes hold the socket? */
u64 metrics_holders(struct metrics *c, const struct model *m, const struct sock *s);

/* ---- what is read off the model (census.c): one walk over processes, one over sockets -------- */

enum { OFFER_LISTEN, OFFER_BOUND, OFFER_UNCONN, OFFER_ESTABLISHED, OFFER_UNKNOWN, OFFER_STATES };
enum { HIDDEN_IN_FLIGHT, HIDDEN_CALL, HIDDEN_IO_URING, HIDDEN_UNKNOWN, HIDDEN_PLACES };

/* The first PROTOS_USUAL are always told, the others where there is one. */
/* clang-format off */
#define PROTO_TABLE(P)                                                                             \
	P(TCP, "tcp") P(UDP, "udp") P(UNIX, "unix")                                                \
	P(RAW, "raw") P(ICMP, "icmp") P(SCTP, "sctp") P(UDPLITE, "udplite") P(MPTCP, "mptcp")      \
	P(OTHER, METRICS_OTHER)
/* clang-format on */
enum {
#define P(ID, name) PROTO_##ID,
	PROTO_TABLE(P)
#undef P
		PROTOS
};
#define PROTOS_USUAL 3

struct oldest {
	u64 count, since; /* since: 0, of none is it known */
};

struct census {
	const struct metrics_input *in;
	struct metrics *c;
	u64 procs[PROC_STANDINGS];
	struct oldest zombies[REASONS];
	u64 socks[PROTOS][OFFER_STATES][VERDICTS];
	u64 holders[PROTOS];
	struct oldest leaked[PROTOS];
	u64 suspects[PROTOS];
	u64 hidden[HIDDEN_PLACES];
	struct oldest stuck;
	struct labels zombies_program, zombies_unit, leaked_program, leaked_unit;
	u32 proto_seen, proto_index; /* of the socket before */
};
#define WANTS(n, ID) ((n)->in->collectors >> COLLECTOR_##ID & 1)

void census_procs(struct census *n);
void census_socks(struct census *n);
void census_free(struct census *n);

/* ---- the families told ----------------------------------------------------------------------- */

struct collect {
	const struct metrics_input *in;
	const struct metrics *c;
	struct census census;
	struct writer w;
	u64 took[COLLECTORS]; /* ns */
	u64 begun;	      /* of the collector under way */
};
u64 collect_clock(void);

void collect_process(struct collect *x);
void collect_pids(struct collect *x);
void collect_zombie(struct collect *x);
void collect_socket(struct collect *x);
void collect_tcp(struct collect *x);
void collect_program(struct collect *x);
void collect_unit(struct collect *x);
void collect_self(struct collect *x);
void collect_bpf(struct collect *x);

static inline u64 age_of(const struct oldest *o, u64 now)
{
	return o->since && now > o->since ? now - o->since : 0;
}

#endif
