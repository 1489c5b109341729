/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing an exposition: Prometheus' text 0.0.4 and OpenMetrics 1.0.0 from the same calls.
 *
 * A family is begun once and all its samples follow before the next is begun.
 */
#ifndef PROBATE_METRIC_WRITE_H
#define PROBATE_METRIC_WRITE_H

#include "metrics.h"

#define LABEL_MAX  64 /* bytes of a label's value, before it is escaped */
#define LABEL_ROOM (LABEL_MAX + 1)
#define NAME_ROOM  64

struct writer {
	struct buf *out;
	enum metrics_format format;
	const struct metric_def *def; /* the family that was begun */
	char name[NAME_ROOM];	      /* of its samples */
};

/* A label's values in the order of the family's names of labels. */
#define LABELS(...) ((const char *const[]){__VA_ARGS__})
#define NO_LABELS   NULL

void family_begin(struct writer *w, enum metric id);
void sample_u64(struct writer *w, const char *const *labels, u64 v);
void sample_ns(struct writer *w, const char *const *labels, u64 ns); /* told in seconds */
void sample_histogram(struct writer *w, const struct histogram *h); /* of a family without labels */
void exposition_end(struct writer *w);

/* Most families have one sample, without a label. */
void family_u64(struct writer *w, enum metric id, u64 v);
void family_ns(struct writer *w, enum metric id, u64 ns);

/* The name with its prefix. */
void metric_name(const struct metric_def *d, char out[NAME_ROOM]);
const char *metric_type_name(enum metric_type t);

/*
 * Hostile bytes made a label's value: well-formed UTF-8 of at most LABEL_MAX bytes, without control
 * characters other than a newline.  U+FFFD stands for what it must not have.  Done twice it is the
 * same as done once.
 */
size_t label_clean(char out[LABEL_ROOM], const char *s, size_t n);

#endif
