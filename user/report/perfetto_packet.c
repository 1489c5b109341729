// SPDX-License-Identifier: BSD-2-Clause
/*
 * TracePackets: clocks, tracks, and marks on tracks.
 *
 * Numbers are those of protos/perfetto/trace in the Perfetto project, whose fields keep theirs for
 * ever.  Every string is made safe here and nowhere else: protobuf wants UTF-8, and the page that
 * shows it deserves no control characters.
 */
#include "perfetto_priv.h"
#include "protobuf.h"

enum {
	TRACE_PACKET = 1,

	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_TIMESTAMP_CLOCK_ID = 58,
	PACKET_TRACK_DESCRIPTOR = 60,

	SNAPSHOT_CLOCKS = 1,
	SNAPSHOT_PRIMARY = 2,
	CLOCK_ID = 1,
	CLOCK_TIMESTAMP = 2,

	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_PARENT_UUID = 5,
	TRACK_CHILD_ORDERING = 11,
	TRACK_SIBLING_MERGE = 15,

	PROCESS_PID = 1,
	PROCESS_CMDLINE = 2,
	PROCESS_NAME = 6,
	PROCESS_START = 7,

	EVENT_DEBUG_ANNOTATIONS = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK_UUID = 11,
	EVENT_NAME = 23,
	EVENT_FLOW_IDS = 47,
	EVENT_TERMINATING_FLOW_IDS = 48,

	FACT_BOOL = 2,
	FACT_UINT = 3,
	FACT_INT = 4,
	FACT_STRING = 6,
	FACT_NAME = 10,
};

#define CLOCK_OF_WALL	1 /* BUILTIN_CLOCK_REALTIME */
#define CLOCK_OF_EVENTS 6 /* BUILTIN_CLOCK_BOOTTIME */
#define STATE_CLEARED	1 /* SEQ_INCREMENTAL_STATE_CLEARED: else a reader waits for it */
#define ORDER_BY_NAME	1 /* ChildTracksOrdering LEXICOGRAPHIC */
#define MERGE_NONE	2 /* of its own, whatever its siblings are called; may be renamed */
#define NAME_COLUMNS	120
#define TEXT_COLUMNS	1000
#define CMDLINE_MAX	64 /* arguments of a command line that are told */

void packets_free(struct packets *p)
{
	buf_free(&p->b);
	buf_free(&p->safe);
}

static void add_text(struct packets *p, u32 field, const char *s, size_t n, size_t columns)
{
	buf_reset(&p->safe);
	buf_add_safe(&p->safe, s, n, columns);
	pb_bytes(&p->b, field, p->safe.s, p->safe.len);
}

/* What comes when its time has passed goes to the other sequence. */
static void packet_open(struct packets *p, u64 ts)
{
	assert(!p->packet);
	p->seq = ts < p->ts[SEQ_MAIN] ? SEQ_LATE : SEQ_MAIN;
	if (ts < p->ts[p->seq])
		ts = p->ts[p->seq];
	p->ts[p->seq] = ts;
	buf_reset(&p->b);
	p->packet = pb_begin(&p->b, TRACE_PACKET);
	pb_uint(&p->b, PACKET_TIMESTAMP, ts);
	pb_uint(&p->b, PACKET_TIMESTAMP_CLOCK_ID, CLOCK_OF_EVENTS);
	pb_uint(&p->b, PACKET_SEQUENCE_ID, 1 + p->seq);
	if (!p->begun[p->seq])
		pb_uint(&p->b, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	p->begun[p->seq] = true;
}

static void packet_close(struct packets *p)
{
	pb_end(&p->b, p->packet);
	p->packet = 0;
	out_bytes(p->out, p->b.s, p->b.len);
}

static void add_clock(struct packets *p, u64 id, u64 ts)
{
	size_t clock = pb_begin(&p->b, SNAPSHOT_CLOCKS);

	pb_uint(&p->b, CLOCK_ID, id);
	pb_uint(&p->b, CLOCK_TIMESTAMP, ts);
	pb_end(&p->b, clock);
}

void packet_clocks(struct packets *p, u64 realtime_off)
{
	u64 now = p->ts[SEQ_MAIN];
	size_t snapshot;

	p->realtime_off = realtime_off;
	packet_open(p, now);
	snapshot = pb_begin(&p->b, PACKET_CLOCK_SNAPSHOT);
	add_clock(p, CLOCK_OF_EVENTS, now);
	if (realtime_off)
		add_clock(p, CLOCK_OF_WALL, now + realtime_off);
	pb_uint(&p->b, SNAPSHOT_PRIMARY, CLOCK_OF_EVENTS);
	pb_end(&p->b, snapshot);
	packet_close(p);
}

/* ---- tracks --------------------------------------------------------------------------------- */

static void add_process(struct packets *p, const struct track_desc *t)
{
	size_t process = pb_begin(&p->b, TRACK_PROCESS), n;
	u32 words = 0;

	pb_uint(&p->b, PROCESS_PID, t->pid);
	for (u16 at = 0; t->args && at < t->args_len && words++ < CMDLINE_MAX; at += n + 1) {
		n = strnlen(t->args + at, t->args_len - at);
		add_text(p, PROCESS_CMDLINE, t->args + at, n, TEXT_COLUMNS);
	}
	if (t->comm && *t->comm)
		add_text(p, PROCESS_NAME, t->comm, strlen(t->comm), NAME_COLUMNS);
	if (t->start)
		pb_uint(&p->b, PROCESS_START, t->start);
	pb_end(&p->b, process);
}

void packet_track(struct packets *p, const struct track_desc *t)
{
	size_t track;

	if (!t->uuid)
		return;
	packet_open(p, p->ts[SEQ_MAIN]);
	track = pb_begin(&p->b, PACKET_TRACK_DESCRIPTOR);
	pb_uint(&p->b, TRACK_UUID, t->uuid);
	add_text(p, TRACK_NAME, t->name, strlen(t->name), NAME_COLUMNS);
	if (t->pid)
		add_process(p, t);
	if (t->parent)
		pb_uint(&p->b, TRACK_PARENT_UUID, t->parent);
	if (t->sorted)
		pb_uint(&p->b, TRACK_CHILD_ORDERING, ORDER_BY_NAME);
	pb_uint(&p->b, TRACK_SIBLING_MERGE, MERGE_NONE);
	pb_end(&p->b, track);
	packet_close(p);
}

/* ---- marks ---------------------------------------------------------------------------------- */

void mark_open(struct packets *p, enum mark type, u64 uuid, u64 ts, const char *name)
{
	if (!uuid)
		return;
	packet_open(p, ts);
	p->event = pb_begin(&p->b, PACKET_TRACK_EVENT);
	pb_uint(&p->b, EVENT_TYPE, type);
	pb_uint(&p->b, EVENT_TRACK_UUID, uuid);
	if (name)
		add_text(p, EVENT_NAME, name, strlen(name), NAME_COLUMNS);
}

void mark_flow(struct packets *p, u64 flow, bool ends)
{
	if (p->packet)
		pb_fixed64(&p->b, ends ? EVENT_TERMINATING_FLOW_IDS : EVENT_FLOW_IDS, flow);
}

void mark_close(struct packets *p)
{
	if (!p->packet)
		return;
	pb_end(&p->b, p->event);
	packet_close(p);
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void fact_number(struct packets *p, const char *key, u32 field, u64 v)
{
	size_t fact;

	if (!p->packet)
		return;
	fact = pb_begin(&p->b, EVENT_DEBUG_ANNOTATIONS);
	pb_bytes(&p->b, FACT_NAME, key, strlen(key));
	pb_uint(&p->b, field, v);
	pb_end(&p->b, fact);
}

void fact_uint(struct packets *p, const char *key, u64 v)
{
	fact_number(p, key, FACT_UINT, v);
}

void fact_id(struct packets *p, const char *key, u64 v)
{
	if (v)
		fact_number(p, key, FACT_UINT, v);
}

void fact_int(struct packets *p, const char *key, s64 v)
{
	fact_number(p, key, FACT_INT, (u64)v);
}

void fact_bool(struct packets *p, const char *key, bool v)
{
	fact_number(p, key, FACT_BOOL, v);
}

void fact_str(struct packets *p, const char *key, const char *s)
{
	size_t fact;

	if (!p->packet || !s || !*s)
		return;
	fact = pb_begin(&p->b, EVENT_DEBUG_ANNOTATIONS);
	pb_bytes(&p->b, FACT_NAME, key, strlen(key));
	add_text(p, FACT_STRING, s, strlen(s), TEXT_COLUMNS);
	pb_end(&p->b, fact);
}

void fact_time(struct packets *p, const char *key, u64 ts)
{
	char when[40];

	if (!ts || !p->realtime_off)
		return;
	time_rfc3339(when, ts + p->realtime_off);
	fact_str(p, key, when);
}

void fact_proc(struct packets *p, const char *key, const struct model *m, u32 proc)
{
	struct buf who = {};

	if (!p->packet || !proc)
		return;
	text_proc(&who, m, proc);
	fact_str(p, key, who.s);
	buf_free(&who);
}
