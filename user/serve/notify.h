/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talking to the service manager: sd_notify(3)'s protocol and the watchdog's, without its library:
 * a datagram of text to $NOTIFY_SOCKET.  Without that variable every call does nothing.
 */
#ifndef PROBATE_NOTIFY_H
#define PROBATE_NOTIFY_H

#include "util.h"

struct notify;
/* Connects, as that is not possible later; never NULL.  Takes the variables out of the environment. */
struct notify *notify_open(void);
/* "READY=1\nSTATUS=...": ready, stopping, a status line. */
void notify_ready(struct notify *n, const char *status);
void notify_status(struct notify *n, const char *status);
void notify_stopping(struct notify *n);
/* Tell the watchdog, if it wants to hear and half of its time is over.  When next; 0: never. */
u64 notify_alive(struct notify *n, u64 now_ns);
void notify_close(struct notify *n);

#endif
