/* SPDX-License-Identifier: BSD-2-Clause */
/* Moments as people write them. */
#ifndef PROBATE_WHEN_H
#define PROBATE_WHEN_H

#include "util.h"

/*
 * A moment, CLOCK_REALTIME in ns.  "-2h", "-1d2h", "5 min ago" is that long before `end`, "now" is
 * `end`, "today" and "yesterday" midnight before it; "03:12" and
 * "03:12:05.5" the last such local time that is not after `end`; "2026-11-21", "2026-11-21 03:12",
 * "2026-11-21T03:12:05.123456789Z" (or +01:00) that moment, in local time without a zone; "@N"
 * seconds since 1970.  end 0: not known, then the first two forms fail.
 * false: *why has one sentence.
 */
bool when_parse(const char *s, u64 end, u64 *out, struct buf *why);
/* "90s", "15min", "2h", "7d", "1h30m": a stretch, ns; false: it is none. */
bool span_parse(const char *s, u64 *ns);

#endif
