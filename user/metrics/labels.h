/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts by names that others choose: the METRICS_CAP largest are told, the rest as METRICS_OTHER.
 */
#ifndef PROBATE_LABELS_H
#define PROBATE_LABELS_H

#include "metric_write.h"

struct labels {
	struct label {
		u64 hash, count;
		u32 next; /* another one with this hash, its number + 1 */
		char s[LABEL_ROOM];
	} * v;
	u32 n, cap;
	struct map by_hash; /* -> number + 1 */
};
void labels_add(struct labels *l, const char *s, size_t n);
void labels_tell(struct labels *l, struct writer *w); /* as samples of the family that was begun */
void labels_free(struct labels *l);

/* The name of a program; NULL: no such process. */
void labels_add_program(struct labels *l, const struct model *m, const struct proc *p);
/* Where it runs, as node_exporter and container tools call it. */
void labels_add_unit(struct labels *l, const struct model *m, const struct proc *p);

#endif
