/* SPDX-License-Identifier: BSD-2-Clause */
/* How often something took about so long. */
#ifndef PROBATE_HISTOGRAM_H
#define PROBATE_HISTOGRAM_H

#include "util.h"

/* Bucket i counts what took at most histogram_bounds_ns[i], and more than the bound before. */
#define HISTOGRAM_BUCKETS 16
struct histogram {
	u64 count[HISTOGRAM_BUCKETS + 1]; /* each by itself, not summed up; the last: longer */
	u64 sum_ns;
};
extern const u64 histogram_bounds_ns[HISTOGRAM_BUCKETS]; /* 1 ms ... 5 min */
void histogram_add(struct histogram *h, u64 ns);

#endif
