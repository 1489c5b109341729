/* SPDX-License-Identifier: BSD-2-Clause */
/* Random events: well-formed, about few things, and otherwise without sense. */
#ifndef PROBATE_TEST_RANDOM_H
#define PROBATE_TEST_RANDOM_H

#include "feed.h"

static u64 seed = 42;

static inline u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

static inline u64 rnd_value(const struct field *fl)
{
	switch (fl->fmt) {
	case FMT_PID:
		return rnd(40);
	case FMT_FD:
		return rnd(12);
	case FMT_ID:
		return rnd(60);
	case FMT_PROTO:
		return (u32[]){TCP4, TCP4, UDP4, UNIX1}[rnd(4)];
	case FMT_STATE:
		return rnd(13);
	case FMT_VIA:
		return rnd(VIA_MAX);
	case FMT_BOOL:
		return rnd(2);
	case FMT_SIGCHLD:
		return rnd(3);
	case FMT_CODE:
		return rnd(3) ? rnd(256) : (u64)-1;
	default:
		break;
	}
	if (!strcmp(fl->name, "files") || !strcmp(fl->name, "parent_files"))
		return rnd(30) ? FILES(rnd(40)) : 0;
	if (!strcmp(fl->name, "start"))
		return rnd(20) ? rnd(3) * 1000 + 1 : 0;
	if (!strcmp(fl->name, "scope"))
		return rnd(32);
	if (!strcmp(fl->name, "caps"))
		return SRC_EVENTS | (rnd(3) ? SRC_FD : 0) | rnd(2) * SRC_PARTIAL;
	if (!strcmp(fl->name, "error"))
		return rnd(3) ? 0 : (u64)-98;
	if (!strcmp(fl->name, "left_ms"))
		return rnd(60000);
	if (!strcmp(fl->name, "pid"))
		return rnd(3) ? 0 : rnd(40);
	return rnd(8);
}

/* Made of what was drawn already, so that the worlds of a seed stay those they were. */
static inline bool file_field(void *e, const struct field *fl)
{
	u64 v = ((const struct ev *)e)->tgid % 3;

	if (strcmp(fl->name, "file") && strcmp(fl->name, "file_dev") &&
	    strcmp(fl->name, "file_names"))
		return false;
	memcpy((char *)e + fl->offset, &v, fl->size);
	return true;
}

static inline void rnd_field(void *e, const struct field *fl, u64 now)
{
	if (file_field(e, fl))
		return;

	u64 v = rnd_value(fl);
	struct ep ep = {.port = (u16)rnd(4), .family = 2, .ip = {1}};
	struct nspids ns = {{rnd(3), rnd(2)}};
	void *at = (char *)e + fl->offset;

	if (!strcmp(fl->name, "begin"))
		v = now - rnd(50) * NS_PER_MS;
	if (fl->fmt == FMT_EP)
		memcpy(at, &ep, sizeof(ep));
	else if (fl->fmt == FMT_NSPIDS)
		memcpy(at, &ns, sizeof(ns));
	else if (fl->fmt == FMT_COMM || !strcmp(fl->name, "name"))
		memcpy(at, &(u16){(u16)(fl->fmt == FMT_UNIX ? 2 : 'a' + rnd(3))}, 2);
	else if (fl->fmt != FMT_EXE && fl->fmt != FMT_ARGS)
		memcpy(at, &v, fl->size);
}

static inline u16 rnd_kind(void)
{
	static const u16 often[] = {EV_KIND_FORK,    EV_KIND_EXIT,   EV_KIND_WAIT,  EV_KIND_EXEC,
				    EV_KIND_INSTALL, EV_KIND_SOCKET, EV_KIND_CLOSE, EV_KIND_ACCEPT,
				    EV_KIND_SCAN_FD, EV_KIND_STATE,  EV_KIND_FDTAB, EV_KIND_PASS};
	const struct kind *k;
	u16 n;

	if (rnd(2))
		return often[rnd(ARRAY_SIZE(often))];
	do {
		n = (u16)rnd(EV_KIND_MAX);
		k = event_kind(n);
	} while (!k || k->class != CLASS_RAW);
	return n;
}

/* An event of that kind, in space for EV_MAX bytes; its time is the caller's to set. */
static inline struct ev *rnd_event(u64 *space, u16 kind, u64 now)
{
	struct ev *e = (struct ev *)(void *)space;
	const struct kind *k = event_kind(kind);

	u64 whole;

	memset(space, 0, EV_MAX);
	e->kind = kind;
	e->size = k->size;
	e->tgid = rnd(40);
	e->tid = rnd(3) ? e->tgid : e->tgid + 100;
	whole = seed;
	/* A sequence of its own for each field: one that is appended changes no other event. */
	for (u32 j = 0; j < k->nfields; j++) {
		seed = whole + (j + 1) * 0x9e3779b97f4a7c15ull;
		rnd(1);
		rnd_field(space, &k->fields[j], now);
	}
	seed = whole;
	return e;
}

#endif
