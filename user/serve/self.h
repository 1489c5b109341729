/* SPDX-License-Identifier: BSD-2-Clause */
/* What the exporter reads about its own process, as every exporter tells it (process_*). */
#ifndef PROBATE_SELF_H
#define PROBATE_SELF_H

#include "metrics.h"

/* Fill in the process_* part of *s; what cannot be read is 0. */
void self_read(struct self *s);

#endif
