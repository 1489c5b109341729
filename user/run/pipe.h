/* SPDX-License-Identifier: BSD-2-Clause */
/* The way of an event: source -> check -> model -> view; one-shot and live. */
#ifndef PROBATE_PIPE_H
#define PROBATE_PIPE_H

#include "view.h"

/*
 * SIGPIPE is ignored.  SIGINT, SIGTERM and SIGHUP end a live command cleanly (life.h).  CMD of `trace -- CMD` gets them too, and has a moment to end before our eyes.
 */
void pipe_signals(void);
/* Run a command to its end; the exit code. */
int pipe_run(const struct view *view, const struct opts *opts, struct out *out);

#endif
