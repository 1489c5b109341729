// SPDX-License-Identifier: BSD-2-Clause
/* What one user may put into a recording: purses, and which events they pay for. */
#include "budget.h"

#include <stdlib.h>

#define PURSES_MAX 256
#define MARKS_MAX  65536
#define REPAIR_NS  (5 * NS_PER_S) /* while it goes on, a scan that often */
#define REST_NS	   NS_PER_S	  /* and one when it has ended */
#define SCAN_SHARE 20		  /* scans take a twentieth of the time at most */
#define SAID_MAX   8

struct purse {
	u32 uid;
	u64 filled;	/* ts until which it was */
	u64 churn, all; /* what is in it, in ns of its rate */
	u64 since;	/* ts of the first event held back and not told */
	u64 count, total;
	bool blurred; /* more sockets than can be marked: each is taken for marked */
};

struct budget {
	struct purse purse[PURSES_MAX]; /* the first is shared */
	u32 n;
	struct map by_uid; /* -> place in purse */
	struct map
		marks;	/* inodes of sockets of which something was held back since the last scan */
	u64 held, last; /* in all; ts of the newest */
	u64 told, scanned, scan_began, scan_took;
	bool untold;
	bool stale; /* something was held back since the last scan */
	u32 said;
};

enum price { PRICE_FREE, PRICE_CHURN, PRICE_ALL, PRICE_END };

struct budget *budget_new(void)
{
	struct budget *b = xcalloc(1, sizeof(*b));

	b->purse[0].uid = BUDGET_OTHERS;
	b->n = 1;
	return b;
}

/* ---- purses ---------------------------------------------------------------------------------- */

#define FULL(rate, burst) ((u64)(burst) * (NS_PER_S / (rate)))

static void purse_fill(struct purse *p, u64 ts)
{
	const u64 churn = FULL(BUDGET_CHURN, BUDGET_CHURN_BURST);
	const u64 all = FULL(BUDGET_ALL, BUDGET_ALL_BURST);
	u64 more = ts > p->filled ? ts - p->filled : 0;

	p->churn = p->churn + more < churn ? p->churn + more : churn;
	p->all = p->all + more < all ? p->all + more : all;
	p->filled += more;
}

static struct purse *purse_of(struct budget *b, u32 uid, u64 ts)
{
	u32 at = map_get(&b->by_uid, uid);

	if (!at && b->n < PURSES_MAX) {
		at = b->n++;
		map_put(&b->by_uid, uid, at);
		b->purse[at].uid = uid;
	}
	if (!b->purse[at].filled) { /* full to begin with */
		b->purse[at].filled = ts;
		b->purse[at].churn = b->purse[at].all = UINT64_MAX / 2;
	}
	purse_fill(&b->purse[at], ts);
	return &b->purse[at];
}

static bool purse_pays(struct purse *p, enum price price)
{
	const u64 churn = price == PRICE_CHURN ? NS_PER_S / BUDGET_CHURN : 0;
	const u64 all = NS_PER_S / BUDGET_ALL;

	if (p->churn < churn || p->all < all)
		return false;
	p->churn -= churn;
	p->all -= all;
	return true;
}

/* ---- events ---------------------------------------------------------------------------------- */

#define AS(kind, e) ((const struct ev_##kind *)(const void *)(e))

static enum price price_of(const struct ev *e)
{
	switch (e->kind) {
	case EV_KIND_INSTALL:
		return AS(install, e)->via == VIA_DUP ? PRICE_CHURN : PRICE_ALL;
	case EV_KIND_SIGNAL:
		return AS(signal, e)->handled || AS(signal, e)->result ? PRICE_CHURN : PRICE_FREE;
	case EV_KIND_CLOEXEC:
	case EV_KIND_RENAME:
	case EV_KIND_SESSION:
	case EV_KIND_SUBREAPER:
		return PRICE_CHURN;
	case EV_KIND_CLOSE:
	case EV_KIND_DESTROY:
		return PRICE_END;
	case EV_KIND_CLOSE_RANGE:
	case EV_KIND_PASS:
	case EV_KIND_FDTAB:
	case EV_KIND_USE:
	case EV_KIND_SOCKET:
	case EV_KIND_BIND:
	case EV_KIND_LISTEN:
	case EV_KIND_CONNECT:
	case EV_KIND_ACCEPT:
	case EV_KIND_STATE:
	case EV_KIND_UNIX_BIND:
		return PRICE_ALL;
	default:
		return PRICE_FREE;
	}
}

static u64 inode_of(const struct ev *e)
{
	switch (e->kind) {
	case EV_KIND_CLOSE:
		return AS(close, e)->inode;
	case EV_KIND_CLOEXEC:
		return AS(cloexec, e)->inode;
	case EV_KIND_PASS:
		return AS(pass, e)->inode;
	case EV_KIND_USE:
		return AS(use, e)->inode;
	case EV_KIND_DESTROY:
		return AS(destroy, e)->inode;
	case EV_KIND_INSTALL:
	case EV_KIND_SOCKET:
	case EV_KIND_BIND:
	case EV_KIND_LISTEN:
	case EV_KIND_CONNECT:
	case EV_KIND_ACCEPT:
	case EV_KIND_STATE:
	case EV_KIND_UNIX_BIND: /* all of them begin with SOCK_FIELDS */
		return AS(socket, e)->inode;
	default:
		return 0;
	}
}

/* Whose event it is; 0: root's, or not known. */
static u32 uid_of(const struct model *m, const struct ev *e)
{
	const struct proc *p;
	const struct sock *s;

	if (e->kind == EV_KIND_STATE) /* whoever ran then is often a bystander */
		return AS(state, e)->uid;
	if (e->kind == EV_KIND_DESTROY) {
		s = sock_at(m, sock_find(m, AS(destroy, e)->inode, AS(destroy, e)->cookie));
		return s ? s->uid : 0;
	}
	p = proc_at(m, proc_find(m, e->tgid));
	return p ? p->uid : 0;
}

static const char *who(const struct purse *p, char out[24])
{
	snprintf(out, 24, p->uid == BUDGET_OTHERS ? "another user" : "uid %u", p->uid);
	return out;
}

static void hold_back(struct budget *b, struct purse *p, u64 inode, const struct ev *e)
{
	if (inode && b->marks.count < MARKS_MAX)
		map_put(&b->marks, inode, 1);
	else
		p->blurred = true;
	if (!p->count)
		p->since = e->ts;
	if (!p->total && b->said++ < SAID_MAX)
		warn("%s makes more events than its share of the recording: what goes over is "
		     "held back, and counted",
		     who(p, (char[24]){}));
	p->count++;
	p->total++;
	b->held++;
	b->last = e->ts > b->last ? e->ts : b->last;
	b->stale = b->untold = true;
}

bool budget_pass(struct budget *b, const struct model *m, const struct ev *e)
{
	enum price price = price_of(e);
	u32 uid = price == PRICE_FREE ? 0 : uid_of(m, e);
	struct purse *p;
	u64 inode;

	if (!uid)
		return true;
	p = purse_of(b, uid, e->ts);
	inode = inode_of(e);
	if (price == PRICE_END && !p->blurred && !(b->stale && map_get(&b->marks, inode)))
		return true; /* of what is recorded: there are no more of these */
	if (price != PRICE_END && purse_pays(p, price))
		return true;
	hold_back(b, p, inode, e);
	return false;
}

/* ---- telling, and making good ---------------------------------------------------------------- */

void budget_turn(struct budget *b, u64 now, bool all, void (*tell)(void *ctx, const struct ev *e),
		 void *ctx)
{
	struct ev_held e = {.h = {.kind = EV_KIND_HELD, .size = sizeof(e), .ts = b->last}};

	if (!b->untold || (!all && now < b->told + NS_PER_S))
		return;
	b->untold = false;
	b->told = now;
	for (u32 i = 0; i < b->n; i++) {
		struct purse *p = &b->purse[i];

		if (!p->count)
			continue;
		e.uid = p->uid;
		e.count = p->count;
		e.since = p->since;
		p->count = 0;
		tell(ctx, &e.h);
	}
}

bool budget_scan_due(const struct budget *b, u64 now)
{
	u64 gap = b->scan_took * SCAN_SHARE, least = now > b->last + REST_NS ? REST_NS : REPAIR_NS;

	return b->stale && now >= b->scanned + (gap > least ? gap : least);
}

/* What is held back from now on may not be in it. */
void budget_scanning(struct budget *b, u64 now)
{
	b->scan_began = now;
	b->stale = false;
	map_free(&b->marks);
	b->marks = (struct map){};
	for (u32 i = 0; i < b->n; i++)
		b->purse[i].blurred = false;
}

void budget_scanned(struct budget *b, u64 now)
{
	b->scanned = now;
	b->scan_took = now - b->scan_began;
}

u64 budget_held(const struct budget *b)
{
	return b->held;
}

void budget_free(struct budget *b)
{
	if (!b)
		return;
	for (u32 i = 0, said = 0; i < b->n && said < SAID_MAX; i++) {
		if (!b->purse[i].total)
			continue;
		warn("%s: %llu events held back", who(&b->purse[i], (char[24]){}),
		     (unsigned long long)b->purse[i].total);
		said++;
	}
	map_free(&b->by_uid);
	map_free(&b->marks);
	free(b);
}
