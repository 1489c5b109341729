/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checkpoints: the whole model as events of the schema, which read again are exactly that model.
 *
 * Whoever records applies the events to its own model, too: the state after a checkpoint is what
 * reading it yields, whether one was there before or begins with it.
 */
#ifndef PROBATE_KEEP_H
#define PROBATE_KEEP_H

#include "model.h"

/* Hand the model to the sink, from kept_begin to kept_end, one event a call. */
void model_dump(const struct model *m, sink_fn sink, void *ctx);

/*
 * Reading is done by model_apply().  Before kept_end nothing changes; then the model becomes the
 * one dumped, and nothing is told.  A checkpoint that makes no sense, or is not whole when another
 * event comes, changes nothing but that it is counted in kept_bad and as one event lost.
 * True between its first event and its last: at the end of a recording it was cut off.
 */
bool model_kept_open(const struct model *m);

#endif
