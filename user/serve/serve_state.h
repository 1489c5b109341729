/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the exporter knew survives its death: who made a socket cannot be learnt by looking again.
 *
 * The model is written down every few seconds, into two files in turn, so that one is whole
 * whenever we are killed.  Each is a recording that holds a dump and nothing else.  They are for
 * the next life within this boot, and are left behind at the end.
 */
#ifndef PROBATE_SERVE_STATE_H
#define PROBATE_SERVE_STATE_H

#include "model.h"
#include "util.h"

struct state;
/*
 * Open the files, which later is not possible any more.  dir NULL: $RUNTIME_DIRECTORY (of systemd),
 * else $PROBATE_RUN, else /run/probate.  NULL: one sentence says why; the exporter can do without.
 */
struct state *state_open(const char *dir, struct buf *err);
/*
 * Put what was known into an empty model, up to when it was written; what follows must be a scan of
 * everything.  false: there is nothing of this boot.
 */
bool state_load(struct state *s, struct model *m);
/* Each event the model was given, and each that it told. */
void state_event(struct state *s, const struct ev *e);
/* Between events: write if it is time.  When it is (CLOCK_BOOTTIME), 0: when something happens. */
u64 state_turn(struct state *s, const struct model *m, u64 now);
/*
 * The path of a file with all that is known now, good for half a second; NULL: it cannot be written.
 * now: CLOCK_BOOTTIME.
 */
const char *state_file(struct state *s, const struct model *m, u64 now);
u64 state_saved(const struct state *s); /* when it was last written, CLOCK_REALTIME; 0: not yet */
/* Write what is not written, and close.  NULL is fine. */
void state_close(struct state *s, const struct model *m);

#endif
