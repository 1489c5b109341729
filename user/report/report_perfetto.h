/* SPDX-License-Identifier: BSD-2-Clause */
/* The report as a trace for ui.perfetto.dev: TrackEvents in protobuf, written as events come. */
#ifndef PROBATE_REPORT_PERFETTO_H
#define PROBATE_REPORT_PERFETTO_H

#include "view.h"

struct perfetto;

struct perfetto *perfetto_open(struct out *out, const struct opts *o);
/* The stretch begins: what is there already gets its tracks. */
void perfetto_start(struct perfetto *pf, const struct model *m);
/* Each event after it was applied, then each that the model told. */
void perfetto_event(struct perfetto *pf, const struct model *m, const struct ev *e);
/* What is open is closed at the model's now. */
void perfetto_finish(struct perfetto *pf, const struct model *m);
void perfetto_close(struct perfetto *pf);

#endif
