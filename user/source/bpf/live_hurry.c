// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who drains the ring goes first, but only while it fills.
 *
 * In a storm the makers of events have all processors, and the ring is full before we get our turn:
 * of 12,000 connections with a ring of 512K and busy loops on two processors, 50,000 to 90,000
 * events were lost at the usual priority, 2,000 to 5,000 at -10 or so.  With the 8M there are unless
 * asked otherwise, none was lost either way; and what is watched is to have the machine.  So the
 * priority is raised when a part of the ring waits, and given back when it has been less for a
 * while; that was as good as -10 all the time.
 *
 * It is of this thread alone: those that write files and speak HTTP stay as they are.  The limit
 * that permits it is set at the start, and outlives the rights of root.
 */
#include <errno.h>
#include <sys/resource.h>

#include "live_priv.h"

#define PRIORITY    (-10)
#define LIMIT	    (20 - PRIORITY)
#define HURRY_SHARE 16		      /* so full is filling */
#define LEISURE_NS  (500 * NS_PER_MS) /* that long less, and it is over */

void live_hurry_open(struct live *l)
{
	struct rlimit limit;

	errno = 0;
	l->usual = getpriority(PRIO_PROCESS, 0);
	l->may_hurry = !errno && l->usual > PRIORITY;
	if (!l->may_hurry || getrlimit(RLIMIT_NICE, &limit) || limit.rlim_cur >= LIMIT)
		return;
	limit.rlim_cur = LIMIT;
	if (limit.rlim_max < LIMIT)
		limit.rlim_max = LIMIT;
	setrlimit(RLIMIT_NICE, &limit); /* refused: so may be the rest */
}

void live_hurry(struct live *l, u64 waiting, u64 now)
{
	bool fills = waiting >= l->ring.bytes / HURRY_SHARE;

	if (fills)
		l->hurried_ts = now;
	if (fills && l->may_hurry && !l->hurries) {
		l->hurries = !setpriority(PRIO_PROCESS, 0, PRIORITY);
		l->may_hurry = l->hurries;
	} else if (l->hurries && now > l->hurried_ts + LEISURE_NS) {
		setpriority(PRIO_PROCESS, 0, l->usual);
		l->hurries = false;
	}
}
