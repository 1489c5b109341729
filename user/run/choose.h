/* SPDX-License-Identifier: BSD-2-Clause */
/* Which source a command reads. */
#ifndef PROBATE_CHOOSE_H
#define PROBATE_CHOOSE_H

#include "view.h"

/* Does the command need events as they happen, not only a scan? */
bool source_is_live(const struct view *v, const struct opts *o);
/* Open the source; ends the program with one sentence when there is none that would do. */
struct source *source_choose(const struct view *v, const struct opts *o);

#endif
