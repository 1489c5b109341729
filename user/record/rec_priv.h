/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the reader share: blocks (rec_read.c), files and moments (rec_seek.c). */
#ifndef PROBATE_REC_PRIV_H
#define PROBATE_REC_PRIV_H

#include "rec.h"

struct reader {
	struct source source;
	char *path;
	int dir; /* -1: one file or a pipe */
	struct segment *segs;
	int nsegs, seg; /* seg: the one that is read */
	struct input in;
	bool open;

	struct rec_head head; /* of the block in raw */
	u8 *raw;
	size_t at, raw_cap;	/* at: what comes next of raw; head.raw: the end */
	char boot[40];		/* boot id of the machine then */
	u16 sizes[EV_KIND_MAX]; /* of each kind without tail when it was written; 0: as now */
	u64 fitted[EV_MAX / sizeof(u64)];

	bool begun;	     /* a block was read */
	bool ended;	     /* the last block of this file was an end */
	bool over;	     /* that of the run was */
	u64 run, seq, event; /* what the next block should say */
	u64 ts, offset;	     /* of the last event */
	u64 until;	     /* CLOCK_REALTIME: later runs are of no interest; 0: all are */
	const char *why;     /* of damage met since the last good block; NULL: none */
	char cut[64];	     /* a file that was cut, whose run did not go on yet; "": none */
	u64 wasted;	     /* bytes summed up of blocks that were no good */
	u32 said, unsaid;
};

/* Payload at hand: take it over.  NULL, or why it is no good. */
const char *block_take(struct reader *r, const struct rec_head *h, const u8 *payload);
/* The text of a header: the boot, and how long each kind of event was. */
void header_learn(struct reader *r, const char *text, size_t n);
/* ---- in words (rec_say.c) ---- */

const char *reader_file(const struct reader *r); /* of the file that is read */
void reader_say(struct reader *r, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* From the last good block of the run to this one something is missing. */
void reader_say_gap(struct reader *r, const struct rec_head *h, u64 missing);
/* A run does not begin with the state it found. */
void reader_say_headless(struct reader *r, const struct rec_head *h);
void reader_say_cut(struct reader *r, const char *name);
/* The recorder was not running at the moment that is asked for. */
void reader_say_between(struct reader *r, const struct rec_head *h);

/* The next segment that can be opened; -ENODATA when there is none. */
int file_next(struct reader *r);

int reader_span(struct source *source, u64 *first, u64 *last);
int reader_seek(struct source *source, u64 wall);

#endif
