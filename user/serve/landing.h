/* SPDX-License-Identifier: BSD-2-Clause */
/* The page a person gets who opens the exporter's address in a browser. */
#ifndef PROBATE_LANDING_H
#define PROBATE_LANDING_H

#include "metrics.h"

struct landing {
	const struct model *m;
	struct metrics *metrics; /* knows since when, as far as this run has seen */
	const char *host, *path; /* name of this machine; path of the metrics */
	u64 now;		 /* CLOCK_BOOTTIME */
};
/* What is wrong at this moment and what to do about it, as one page of HTML of bounded size. */
void landing_render(const struct landing *l, struct buf *out);

#endif
