/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the reader share: blocks (rec_read.c), files and moments (rec_seek.c). */
#ifndef PROBATE_REC_PRIV_H
#define PROBATE_REC_PRIV_H

#include "rec.h"

struct reader {
	struct source source;
	char *path;
	int dir;              /* -1: one file or a pipe */
	struct segment *segs;
	int nsegs, seg;       /* seg: the one that is read */
	struct input in;
	bool open;

	struct rec_head head;   /* of the block in raw */
	u8 *raw;
	size_t at, raw_cap;     /* at: what comes next of raw; head.raw: the end */
	char boot[40];          /* boot id of the machine then */
	u16 sizes[EV_KIND_MAX]; /* of each kind without tail when it was written; 0: as now */
	u64 fitted[EV_MAX / sizeof(u64)];

	bool begun;          /* a block was read */
	bool ended;          /* the last block of this file was an end */
	bool over;           /* that of the run was */
	u64 run, seq, event; /* what the next block should say */
	u64 ts, offset;      /* of the last event */
	u64 until;           /* CLOCK_REALTIME: later runs are of no interest; 0: all are */
	const char *why;     /* of damage met since the last good block; NULL: none */
	char cut[64];        /* a file that was cut, whose run did not go on yet; "": none */
	u64 wasted;          /* bytes summed up of blocks that were no good */
	u32 said, unsaid;
};

/* Payload at hand: take it over.  NULL, or why it is no good. */
const char *block_take(struct reader *r, const struct rec_head *h, const u8 *payload);
/* The text of a header: the boot, and how long each kind of event was. */
void header_learn(struct reader *r, const char *text, size_t n);
/* The next segment that can be opened; -ENODATA when there is none. */
int file_next(struct reader *r);

int reader_span(struct source *source, u64 *first, u64 *last);
int reader_seek(struct source *source, u64 wall);

#endif
