/*
 * tape: a long recording made of a short one.
 *
 *   tape IN OUT LOOPS RATE    the events of IN (a file of `probate record`), LOOPS times, RATE a second
 *
 * Each round is later: moments, inodes and cookies move on, so that every round has processes and
 * sockets of its own.  What a scan found is taken from the first round alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "rec.h"
#include "verdict.h"

struct tape {
	struct buf events; /* of the rounds, each aligned to 8 */
	u64 count, first, last;
	struct recorder *out;
	struct model *m;
};

static const char *const moves[] = {"inode", "cookie", "listener", "peer", "queue", "over"};

static bool is_moved(const struct field *f)
{
	for (size_t i = 0; f->fmt == FMT_ID && i < ARRAY_SIZE(moves); i++)
		if (!strcmp(f->name, moves[i]))
			return true;
	return false;
}

static void add(u64 *at, u64 by)
{
	if (*at)
		*at += by;
}

static void move(struct ev *e, u64 ns, u64 id)
{
	const struct kind *k = event_kind(e->kind);

	e->ts += ns;
	for (u32 i = 0; i < k->nfields; i++) {
		u64 *at = (u64 *)(void *)((char *)e + k->fields[i].offset);

		if (k->fields[i].type != FT_u64)
			continue;
		if (k->fields[i].fmt == FMT_TIME)
			add(at, ns);
		else if (is_moved(&k->fields[i]))
			add(at, id);
	}
}

static void put(struct tape *t, const struct ev *e)
{
	recorder_event(t->out, e);
	model_apply(t->m, e);
	recorder_turn(t->out, t->m, e->ts);
}

static bool happened(const struct ev *e)
{
	return e->kind < EV_KIND_SCAN_BEGIN;
}

/* The first round goes out as it comes; what happened in it is kept for the others. */
static void take(void *ctx, const struct ev *e, size_t bytes)
{
	struct tape *t = ctx;

	if (event_is_kept(e->kind) || !event_kind(e->kind))
		return;
	if (!t->m->events)
		recorder_turn(t->out, t->m, e->ts);
	put(t, e);
	if (!happened(e))
		return;
	if (!t->first)
		t->first = e->ts;
	if (e->ts > t->last)
		t->last = e->ts;
	t->count++;
	buf_add(&t->events, e, bytes);
	while (t->events.len % 8)
		buf_add(&t->events, "", 1);
}

static void replay(struct tape *t, u32 round, double stretch, u64 gap)
{
	u64 buffer[EV_MAX / sizeof(u64)];
	struct ev *e = (struct ev *)buffer;

	for (size_t at = 0; at < t->events.len; at += (e->size + 7u) & ~7u) {
		const struct ev *from = (const void *)(t->events.s + at);
		u64 later;

		memcpy(e, from, from->size);
		later = (u64)((double)(from->ts - t->first) * (stretch - 1)) + round * gap;
		move(e, later, (u64)round << 32);
		put(t, e);
	}
}

int main(int argc, char **argv)
{
	struct tape t = {.m = model_new(&verdict_judge)};
	const struct rec_limits limits = {
		.segment_bytes = 64ull << 20, .segment_ns = 0, .total_bytes = 0, .wait = true};
	struct buf err = {};
	struct source *in;
	double stretch;
	u64 length;
	int n;

	if (argc != 5)
		die(2, "usage: tape IN OUT LOOPS RATE");
	if (source_open_recording(&in, argv[1], &err))
		die(1, "%s", err.s);
	t.out = recorder_open(argv[2], &limits, false, "tape");
	while ((n = in->ops->poll(in, 0, take, &t)) != -ENODATA)
		if (n < 0)
			die(1, "%s is damaged", argv[1]);
	length = (u64)((double)t.count / atof(argv[4]) * 1e9);
	stretch = (double)length / (double)(t.last - t.first);
	for (u32 round = 1; round < (u32)atol(argv[3]); round++)
		replay(&t, round, stretch, length + NS_PER_S / 100);
	printf("%llu\n", (unsigned long long)t.m->events);
	return recorder_close(t.out, t.m) ? 0 : 1;
}
