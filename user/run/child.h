/* SPDX-License-Identifier: BSD-2-Clause */
/* The command of `trace -- CMD`: started before anything else, held back until all is ready. */
#ifndef PROBATE_CHILD_H
#define PROBATE_CHILD_H

#include <sys/types.h>

#include "event.h"

struct child {
	pid_t pid;	/* 0: there is none */
	int go, failed; /* write end that lets it go; read end that brings the errno of exec */
	bool reaped;
	bool nested;	  /* in a pid namespace: events have other numbers */
	struct map alive; /* tgids of it and its descendants that have not exited */
};

void child_start(struct child *c, char **cmd);
/* Let it run; dies with a sentence when it cannot. */
void child_go(struct child *c, char **cmd);
/* The number it has in events. */
void child_known_as(struct child *c, u32 tgid);
/* Hand it a signal, if it is still there. */
void child_signal(const struct child *c, int sig);
/* Keep the set of living descendants up to date. */
void child_event(struct child *c, const struct ev *e);
/* Have it and everything it ever started ended?  Reaps it when it has. */
bool child_over(struct child *c);
/* Forget members whose exit was not seen (lost events). */
void child_check(struct child *c);
void child_free(struct child *c);

#endif
