/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end that is asked for, and signs of life: what is true of the whole process, not of one part.
 *
 * What is done for events is done in slices, and between two of them life_slice() is called: it
 * says that the loop goes on, and whether it is time to leave.  So the end is obeyed within a
 * second whatever is under way, and whoever asks about our health is told what is so.
 *
 * At a signal the loop ends when what has come so far is dealt with.  What takes long then is cut
 * off, the rest of a scan, a drain, an answer, and that is told; what the reader of our output does
 * not take goes nowhere.  If no recording is to be closed, the program ends then by force if need
 * be.  How long it takes is counted in the time we had a processor: a machine that is too busy to
 * let us end is no reason to say less.
 *
 * What threads share.  There are three: the loop's (model, ring, scans, pages), the recorder's writer
 * (rec_write.c) and that of HTTP (web_loop.c); signals are for the first alone.  Jobs for the writer
 * and what it says of them are under its lock, but for two counters (rec_writer.h); pages, what is
 * asked and whether we are ready are under the lock of struct web, but for the counts of requests;
 * the beat and the lag below are atomic.  Nothing else is touched by two of them.
 *
 * More signals within the first second are the same wish once more (timeout(1) sends two); a later
 * one kills, as it would have done if nobody had taken the first.
 */
#ifndef PROBATE_LIFE_H
#define PROBATE_LIFE_H

#include <signal.h>

#include "util.h"

/* From now on SIGINT, SIGTERM and SIGHUP ask for the end.  out: where answers are written to; -1.
 */
void stop_catch(int out);
/* The signal; 0: go on. */
int stop_asked(void);
/* It was sent to us alone, not by a terminal to everybody. */
bool stop_sent(void);
/* It is time to cut off what is under way; for the thread of the loop. */
bool stop_due(void);
/* Nothing is lost when we end by force (no recording is open); false: something is. */
void stop_abandon(bool may);
/* The last answer is made: it is not cut off as long as somebody reads it. */
void stop_answering(void);
/* Something that belongs to the answer was cut off. */
void stop_cut(void);
bool stop_was_cut(void);

/* Between two slices, by the thread of the loop; true: leave, as stop_due(). */
bool life_slice(void);
/* Called then by that thread, not more often than ten times a second; NULL: nothing is. */
void life_hook(void (*fn)(void *ctx), void *ctx);
/* All that happened until `ts` (CLOCK_BOOTTIME) has been applied. */
void life_caught_up(u64 ts);

/* By any thread.  How long ago the last slice ended. */
u64 life_still_ns(void);
/* How far the loop is behind what happens; 0: nothing happens that it would have to follow. */
u64 life_lag_ns(void);

#endif
