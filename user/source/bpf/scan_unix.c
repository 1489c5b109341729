/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNIX sockets here, by an iterator that writes nothing to its own buffer (scan_unix.bpf.h says
 * why).
 *
 * A look is as many reads as it takes to empty the ring in between.  What did not fit into the ring
 * or the map of what is in flight is asked for again in as many parts as make each fit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "scan_priv.h"

#define PARTS_MAX   4096
#define FLIGHTS_MAX 512 /* taken out at a time */

struct flight_key {
	u64 file, queue;
};

static bool record_give(void *pass, const void *record, size_t bytes)
{
	records_pass(pass, record, bytes);
	return true;
}

void unix_take(struct pass *p)
{
	ring_take(&p->out, record_give, p);
	p->s->home[ITER_UNIX]->bss->met.waiting = 0;
}

static void flights_take(struct pass *p, const struct scan_bpf *o)
{
	const size_t room = sizeof(struct flight_key) + sizeof(struct ev_scan_queue);
	struct flight_key *keys;
	struct ev_scan_queue *events;
	u32 from = 0, to = 0, n;
	bool first = true;
	int err;

	buf_reset(&p->keys);
	events = (void *)buf_space(&p->keys, FLIGHTS_MAX * room);
	keys = (void *)(events + FLIGHTS_MAX);
	do {
		n = FLIGHTS_MAX;
		err = bpf_map_lookup_and_delete_batch(bpf_map__fd(o->maps.flights),
						      first ? NULL : &from, &to, keys, events, &n,
						      NULL);
		if (err && err != -ENOENT)
			break;
		records_pass(p, (const char *)events, n * sizeof(*events));
		from = to;
		first = false;
	} while (!err);
}

/* One part; the counts of the walk are in bss->met. */
static int part_walk(struct pass *p, struct scan_bpf *o)
{
	int err;

	memset(&o->bss->met, 0, sizeof(o->bss->met));
	err = iter_run(p, ITER_UNIX, 0);
	unix_take(p);
	if (o->bss->met.flying)
		flights_take(p, o);
	if (p->s->between)
		p->s->between(p->s->between_ctx);
	return err;
}

static int parts_walk(struct pass *p, struct scan_bpf *o, u32 parts, u64 *refused, u64 *room)
{
	int err = 0;

	*refused = *room = 0;
	for (u32 i = 0; i < parts && !err && !*refused; i++) {
		p->s->parts = parts;
		p->s->part = i;
		err = part_walk(p, o);
		*refused = o->bss->met.refused;
		*room = o->bss->met.room;
	}
	p->s->parts = p->s->part = 0;
	return err;
}

int unix_walk(struct pass *p)
{
	struct ev_scan_cut cut = {.what = SCOPE_SOCKS,
				  .why = CUT_ROOM,
				  .netns = p->here,
				  .proto = SOCK_PROTO(AF_UNIX, SOCK_STREAM, 0)};
	int err = iter_need(p->s, ITER_UNIX);
	u64 refused = 1, room;
	struct scan_bpf *o = p->s->home[ITER_UNIX];
	u32 parts = 1;

	if (!err && !p->out.map)
		err = ring_open(&p->out, bpf_map__fd(o->maps.unix_out),
				bpf_map__max_entries(o->maps.unix_out));
	while (!err && refused && parts <= PARTS_MAX) {
		err = parts_walk(p, o, parts, &refused, &room);
		parts *= 2 + (u32)(room / (p->out.bytes / 2));
	}
	if (!err && (refused || o->bss->met.cut)) {
		cut.met = o->bss->met.unx;
		pass_cut(p, &cut);
	}
	return err;
}
