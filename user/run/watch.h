/* SPDX-License-Identifier: BSD-2-Clause */
/* -w: printing again what has changed (view_watch.c). */
#ifndef PROBATE_WATCH_H
#define PROBATE_WATCH_H

#include "model.h"
#include "out.h"

/* An answer of many lines: rendered aside, printed when it differs from the last one printed. */
struct page {
	struct out *out, mem;
	char *text;
	size_t bytes;
	u64 hash;
	u32 shown;
	bool watch; /* -w: shown again and again, so it has to fit the terminal */
};
struct out *page_begin(struct page *p, struct out *o);
void page_end(struct page *p);

/* A set of things, each with a line of its own, known by two numbers. */
struct lines {
	struct line {
		u64 a, b;
		u64 note; /* the latest one given; no part of what it is known by */
		u64 hash;
		u32 round;
	} * line;
	u32 count, cap, round;
	u32 cursor; /* of lines_gone */
	bool moved;
	struct map by_key;
};
void lines_begin(struct lines *l);
bool lines_changed(struct lines *l, struct line now); /* it is there; must it be printed? */
bool lines_gone(struct lines *l, struct line *out);   /* one that is no more; until false */
void lines_free(struct lines *l);
u64 hash_bytes(const void *p, size_t n);
/* When to look again: after an event, but rarely where there is much to look at. */
struct pace {
	bool dirty;
	u64 last, gap; /* event time of the last look; how long to leave it at that */
};
void pace_event(struct pace *p, const struct ev *e);
bool pace_due(const struct pace *p, const struct model *m);
void pace_done(struct pace *p, const struct model *m, u32 things);

#endif
