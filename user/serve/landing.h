/* SPDX-License-Identifier: BSD-2-Clause */
/* The page a person gets who opens the exporter's address in a browser. */
#ifndef PROBATE_LANDING_H
#define PROBATE_LANDING_H

#include "model.h"

/* The leaked ports and the zombies of this moment, as one page of HTML; metrics: path of the metrics. */
void landing_render(const struct model *m, const char *metrics, struct buf *out);

#endif
