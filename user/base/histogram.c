/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting durations by about how long they were. */
#include "histogram.h"

const u64 histogram_bounds_ns[HISTOGRAM_BUCKETS] = {
	1 * NS_PER_MS,	 2500000ull,	 5 * NS_PER_MS,	   10 * NS_PER_MS,
	25 * NS_PER_MS,	 50 * NS_PER_MS, 100 * NS_PER_MS,  250 * NS_PER_MS,
	500 * NS_PER_MS, 1 * NS_PER_S,	 2500 * NS_PER_MS, 5 * NS_PER_S,
	10 * NS_PER_S,	 30 * NS_PER_S,	 60 * NS_PER_S,	   300 * NS_PER_S,
};

void histogram_add(struct histogram *h, u64 ns)
{
	u32 i = 0;

	while (i < HISTOGRAM_BUCKETS && ns > histogram_bounds_ns[i])
		i++;
	h->count[i]++;
	h->sum_ns += ns;
}
