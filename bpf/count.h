/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is counted in the kernel, included by both sides.
 *
 * A count costs a tenth of an event, and none is ever lost: what no event is needed for is counted
 * alone.  COUNT_TCP + n counts TCP sockets that entered state n (1: TCP_ESTABLISHED ... 12:
 * TCP_NEW_SYN_RECV); COUNT_TCP itself what entered no known one.
 */
#ifndef PROBATE_COUNT_H
#define PROBATE_COUNT_H

enum count {
	COUNT_FORK, /* processes, no threads */
	COUNT_EXEC,
	COUNT_EXIT_SUCCESS, /* exit code 0 */
	COUNT_EXIT_FAILURE, /* another exit code */
	COUNT_EXIT_SIGNAL,  /* killed by a signal */
	COUNT_EXIT_CORE,    /* and dumped core */
	COUNT_TCP_OUT,	    /* SYN_SENT -> ESTABLISHED */
	COUNT_TCP_IN,	    /* SYN_RECV -> ESTABLISHED */
	COUNT_TCP,
	COUNT_MAX = 24
};

#endif
