/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was that all?  What an iterator walked past against what the kernel counts by itself.
 *
 * /proc/net/protocols has the number of sockets of each protocol in this namespace.  It is read
 * after the walk; when it is not higher, nothing was passed over.  Higher it may be for innocent
 * reasons: sockets come while the walk goes on, and a UNIX socket that is closed is counted while
 * what it sent waits in another's queue.  So then a second look decides, between two lists of
 * sock_diag: what is in both was there all the time, and so many at least must have been met.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "scan_priv.h"

#define LOOKS 3 /* at most; a walk that misses does so every time */

static const struct {
	const char *names[2]; /* in /proc/net/protocols */
	int families[2], protocol;
	enum iter iter;
	u32 proto; /* as told */
} kinds[] = {
	[KIND_TCP] = {{"TCP", "TCPv6"},
		      {AF_INET, AF_INET6},
		      IPPROTO_TCP,
		      ITER_TCP,
		      SOCK_PROTO(AF_INET, SOCK_STREAM, IPPROTO_TCP)},
	[KIND_UDP] = {{"UDP", "UDPv6"},
		      {AF_INET, AF_INET6},
		      IPPROTO_UDP,
		      ITER_UDP,
		      SOCK_PROTO(AF_INET, SOCK_DGRAM, IPPROTO_UDP)},
	[KIND_UNIX] = {{"UNIX", "UNIX-STREAM"},
		       {AF_UNIX, 0},
		       0,
		       ITER_UNIX,
		       SOCK_PROTO(AF_UNIX, SOCK_STREAM, 0)},
};

static u64 kernel_count(enum walk_kind kind)
{
	return proto_count(kinds[kind].names);
}

/* Minisockets here: they are in no other count, and wanted only where not all is bound. */
static bool time_waits(const struct want *want)
{
	char text[1024];
	unsigned int n = 1;
	const char *at;

	if (want->bound)
		return false;
	if (proc_read("/proc/thread-self/net/sockstat", text, sizeof(text)) <= 0)
		return true;
	at = strstr(text, " tw ");
	return !at || sscanf(at, " tw %u", &n) != 1 || n;
}

/* A walk of TCP passes by all buckets and all minisockets of the machine, in each namespace. */
static bool nothing_here(const struct pass *p, enum walk_kind kind)
{
	return p->here != p->s->netns && !kernel_count(kind) &&
	       (kind != KIND_TCP || !time_waits(p->want));
}

static struct scan_bpf *walker(const struct pass *p, enum walk_kind kind)
{
	return p->s->home[kinds[kind].iter];
}

static int walk(struct pass *p, enum walk_kind kind)
{
	int err;

	if (kind == KIND_UNIX)
		return unix_walk(p);
	err = iter_need(p->s, kinds[kind].iter);
	if (err)
		return err;
	memset(&walker(p, kind)->bss->met, 0, sizeof(walker(p, kind)->bss->met));
	return iter_run(p, kinds[kind].iter, 0);
}

static u64 walk_met(const struct pass *p, enum walk_kind kind)
{
	const struct scan_met *met = &walker(p, kind)->bss->met;

	return kind == KIND_TCP ? met->tcp : kind == KIND_UDP ? met->udp : met->unx;
}

/* ---- the second look --------------------------------------------------------------------- */

static int u64_cmp(const void *a, const void *b)
{
	const u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Sorted cookies of all that sock_diag shows; false: it cannot. */
static bool list_read(enum walk_kind kind, struct buf *list)
{
	for (u32 i = 0; i < 2 && kinds[kind].families[i]; i++)
		if (diag_cookies(kinds[kind].families[i], kinds[kind].protocol, list))
			return false;
	if (list->len)
		qsort(list->s, list->len / sizeof(u64), sizeof(u64), u64_cmp);
	return true;
}

static u64 in_both(const struct buf *a, const struct buf *b)
{
	const u64 *x = (const void *)a->s, *y = (const void *)b->s;
	size_t nx = a->len / sizeof(*x), ny = b->len / sizeof(*y), i = 0, k = 0;
	u64 n = 0;

	while (i < nx && k < ny) {
		n += x[i] == y[k];
		if (x[i] == y[k])
			i++, k++;
		else if (x[i] < y[k])
			i++;
		else
			k++;
	}
	return n;
}

/* True: all was met.  Else *there says how many at least there were. */
static bool look_again(struct pass *p, enum walk_kind kind, u64 *there, int *err)
{
	struct buf before = {0}, after = {0};
	bool listed = list_read(kind, &before);

	*err = walk(p, kind);
	listed = !*err && listed && list_read(kind, &after);
	*there = *err ? 0 : listed ? in_both(&before, &after) : kernel_count(kind);
	buf_free(&before);
	buf_free(&after);
	return *err || walk_met(p, kind) >= *there;
}

int walk_proven(struct pass *p, enum walk_kind kind)
{
	struct ev_scan_cut cut = {.what = SCOPE_SOCKS,
				  .why = CUT_COUNT,
				  .netns = p->here,
				  .proto = kinds[kind].proto};
	u64 seen[16] = {0}, *tally;
	int err = iter_need(p->s, kinds[kind].iter);

	if (err || nothing_here(p, kind))
		return err;
	tally = walker(p, kind)->bss->tcp_seen;
	memcpy(seen, tally, sizeof(seen));
	err = walk(p, kind);
	if (err || walk_met(p, kind) >= kernel_count(kind))
		return err;
	for (int i = 1; i < LOOKS; i++) {
		memcpy(tally, seen, sizeof(seen));
		if (look_again(p, kind, &cut.there, &err))
			return err;
	}
	cut.met = walk_met(p, kind);
	if (cut.there == ~0ull)
		cut.there = 0;
	pass_cut(p, &cut);
	return 0;
}
