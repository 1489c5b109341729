/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a BPF ring buffer. */
#ifndef PROBATE_RING_H
#define PROBATE_RING_H

#include <stdbool.h>

#include "event.h"

/* A record that fits into an event at most; false: no more for now, though this one was taken. */
typedef bool (*ring_fn)(void *ctx, const void *record, size_t bytes);

struct ring {
	u64 *consumer;	    /* page of the reader's position, which we write; NULL: not open */
	const char *map;    /* page of the writer's position, then the data */
	size_t page, bytes; /* of a page, of the data */
	u64 at;		    /* up to here everything was taken */
	u64 wrapped[EV_MAX / sizeof(u64)]; /* a record that goes over the end, in one piece */
};

/* Map the ring of this descriptor; 0 or -errno. */
int ring_open(struct ring *r, int map_fd, size_t bytes);
void ring_close(struct ring *r);
/*
 * Hand over what was there when it was called, and no more: a storm does not keep it here.  true:
 * all of that was taken.
 */
bool ring_take(struct ring *r, ring_fn fn, void *ctx);
/* Bytes that wait. */
u64 ring_waiting(const struct ring *r);

#endif
