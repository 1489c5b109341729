/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one user may put into a recording.
 *
 * Without a bound anybody turns over all that is kept, and everybody's history with it, by a loop
 * of dup() and close().  So each user but root has two purses, filled by the second:
 *
 *   churn   what says little of who holds what: a descriptor copied within its table, a
 * close-on-exec flag, a name, a signal that does nothing.  It is what a loop makes most of. all
 * every event on descriptors and sockets, churn included.
 *
 * What finds its purse empty is held back before recorder and model: neither has it, so a replay
 * still answers as the recorder did.  Invariants:
 *  B1  Events of others are never touched, nor is what processes are (fork, exec, exit, wait).
 *  B2  An event that would end a hold is held back, too, once another on the same socket was: the
 *      model may believe a hold too long, never that the last one is over when it is not.
 *  B3  Whatever was held back, everything is scanned anew afterwards; then B2's marks are gone.
 *  B4  How much it was goes into the recording as an event (held), once a second and user.
 *
 * An event costs a look-up of its process, and one of its socket if anything is held back.  The
 * purses are PURSES_MAX; users beyond share one.
 */
#ifndef PROBATE_BUDGET_H
#define PROBATE_BUDGET_H

#include "model.h"
#include "source.h"

#define BUDGET_CHURN	   500	 /* a second */
#define BUDGET_CHURN_BURST 10000 /* saved up at most */
#define BUDGET_ALL	   10000
#define BUDGET_ALL_BURST   100000
#define BUDGET_OTHERS	   UINT32_MAX /* uid of those who share a purse */

struct budget;
struct budget *budget_new(void);
/* false: the event is held back. */
bool budget_pass(struct budget *b, const struct model *m, const struct ev *e);
/* At `now`: what was held back is told, as events, once a second; all: and whatever is left. */
void budget_turn(struct budget *b, u64 now, bool all, void (*tell)(void *ctx, const struct ev *e),
		 void *ctx);
/* Is it time to scan everything anew? */
bool budget_scan_due(const struct budget *b, u64 now);
/* Such a scan begins; it ended. */
void budget_scanning(struct budget *b, u64 now);
void budget_scanned(struct budget *b, u64 now);
u64 budget_held(const struct budget *b); /* events held back so far */
void budget_free(struct budget *b);	 /* says how many of whom; NULL is fine */

#endif
