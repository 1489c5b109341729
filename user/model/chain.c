// SPDX-License-Identifier: BSD-2-Clause
/* Who holds a socket, and by which steps each came to it. */
#include "model_priv.h"

#define CHAIN_DEPTH 64 /* forks and passes followed back */

static void row_add_hold(const struct model *m, struct holder *row, const struct sock *s,
			 const struct hold *h)
{
	row->nfds++;
	if (h->flags & HOLD_USED)
		row->used = 1;
	else if (row->used == 0 && !hold_use_told(m, s, h))
		row->used = 2;
	row->deliberate |= (h->flags & HOLD_DELIBERATE) != 0;
	if (h->since < row->since)
		row->since = h->since;
}

static int by_age(const void *va, const void *vb)
{
	const struct holder *a = va, *b = vb;

	if (a->since != b->since)
		return a->since < b->since ? -1 : 1;
	return a->proc < b->proc ? -1 : a->proc > b->proc;
}

static struct holder *rows_grow(struct holder *rows, u32 n)
{
	return n & (n - 1) ? rows : xrealloc(rows, (n ? 2 * n : 1) * sizeof(*rows));
}

/*
 * The way that process had come to it by then.  Where its making was not seen, its maker had it
 * from the beginning, whenever that became known.
 */
static const struct origin *origin_then(const struct model *m, const struct sock *s, u32 proc,
					u64 until)
{
	const struct origin *o = origin_of(m, s, proc, until);

	return o || s->born || proc != s->creator ? o : origin_made(m, s);
}

/* Was it forked before the socket can have been there?  Its maker made it as the program it ran. */
static bool forked_before(const struct model *m, const struct sock *s, const struct proc *p)
{
	const struct origin *o = s->born ? NULL : origin_made(m, s);
	const struct proc *made = o ? proc_at(m, o->proc) : NULL;
	const struct image *i = o ? image_at(m, image_when(m, made, o->ts)) : NULL;

	return p->start < s->opened || (o && p->start < max_ts(made->start, i ? i->ts : 0));
}

/* Did it get the socket by being forked?  By its hold, or because somebody above had it then. */
static bool came_by_fork(const struct model *m, const struct sock *s, const struct proc *p, u8 how)
{
	u32 depth = 0;

	if (how == VIA_NONE || forked_before(m, s, p))
		return false;
	if (!p->birth || how == VIA_FORK)
		return p->birth != 0;
	for (; p->birth && ++depth < CHAIN_DEPTH; p = proc_at(m, p->birth)) {
		if (origin_of(m, s, p->birth, p->start))
			return true;
	}
	return false;
}

/*
 * In a table shared by CLONE_FILES the hold says how the socket came into the table; a process that
 * shares the table but did not bring it there came to it by being forked.
 */
static void row_settle(const struct model *m, const struct sock *s, struct holder *row)
{
	const struct proc *p = proc_at(m, row->proc);

	const struct origin *made = p->id == s->creator ? origin_made(m, s) : NULL;

	if (made && !s->born && made->ts < row->since)
		row->since = made->ts; /* when it was known to have it */
	if (row->how == VIA_FORK && forked_before(m, s, p))
		row->how = VIA_SCAN;
	else if (row->how == VIA_FORK && hold_at(m, row->first)->via == VIA_SCAN && p->start)
		row->since = p->start; /* found later than it was got */
	if (row->how == VIA_FORK || row->how == VIA_SCAN || origin_of(m, s, p->id, ~0ull) ||
	    !came_by_fork(m, s, p, row->how))
		return;
	row->how = VIA_FORK;
	if (row->since < p->start)
		row->since = p->start;
}

/*
 * Somebody waits on it.  Unless another is known to use it, or made it, that is this one's use: for
 * certain if it is alone, perhaps if others may be who waits.
 */
static void rows_wait(const struct model *m, const struct sock *s, struct holder *rows, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (rows[i].used == 1 || rows[i].proc == s->creator)
			return;
	for (u32 i = 0; i < n; i++)
		if (hold_waited(hold_at(m, rows[i].first)))
			rows[i].used = n == 1 ? 1 : 2;
}

u32 holders_of(const struct model *m, const struct sock *s, struct holder **out)
{
	struct holder *rows = NULL;
	struct map at = {}; /* tabref -> row + 1 */
	u32 n = 0;

	for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next) {
		const struct hold *h = hold_at(m, id);

		for (u32 r = fdtab_at(m, h->fdtab)->refs; r; r = tabref_at(m, r)->tab_next) {
			u32 row = map_get(&at, r);

			if (!row) {
				rows = rows_grow(rows, n);
				rows[n] = (struct holder){.proc = tabref_at(m, r)->proc,
							  .tid = tabref_at(m, r)->tid,
							  .first = id,
							  .fdtab = h->fdtab,
							  .how = h->how,
							  .since = h->since};
				row = ++n;
				map_put(&at, r, row);
			}
			row_add_hold(m, &rows[row - 1], s, h);
		}
	}
	map_free(&at);
	for (u32 i = 0; i < n; i++)
		row_settle(m, s, &rows[i]);
	rows_wait(m, s, rows, n);
	if (n)
		qsort(rows, n, sizeof(*rows), by_age);
	*out = rows;
	return n;
}

bool holder_first(const struct model *m, const struct sock *s, struct holder *out)
{
	const struct hold *h = hold_at(m, s->holds);
	const struct tabref *r = h ? tabref_at(m, fdtab_at(m, h->fdtab)->refs) : NULL;

	if (!h)
		return false;
	*out = (struct holder){.proc = r->proc,
			       .tid = r->tid,
			       .first = s->holds,
			       .fdtab = h->fdtab,
			       .how = h->how,
			       .since = h->since};
	row_add_hold(m, out, s, h);
	row_settle(m, s, out);
	return true;
}

const struct origin *handed_over(const struct model *m, const struct sock *s, u32 proc)
{
	const struct proc *p = proc_at(m, proc);
	u64 until = ~0ull;

	for (u32 depth = 0; p && depth < CHAIN_DEPTH; depth++) {
		const struct origin *o = origin_of(m, s, p->id, until);

		if (o)
			return via_is_passed(o->via) ? o : NULL;
		until = p->start;
		p = proc_at(m, p->birth);
	}
	return NULL;
}

/* ---- chains ---- */

/* Steps are found newest first and turned round at the end. */
struct steps {
	struct step *v;
	u32 n;
};

static void step_add(struct steps *st, struct step step)
{
	if (!(st->n & (st->n - 1)))
		st->v = xrealloc(st->v, (st->n ? 2 * st->n : 1) * sizeof(*st->v));
	st->v[st->n++] = step;
}

/* Programs the process began after it had the socket, which then was there, and not after `until`.
 */
static void add_execs(const struct model *m, struct steps *st, const struct proc *p, u64 from,
		      u64 until)
{
	for (u32 id = p->image; id; id = image_at(m, id)->prev) {
		u64 ts = image_at(m, id)->ts;

		if (!from || !ts || ts <= from)
			return;
		if (ts <= until)
			step_add(st,
				 (struct step){
					 .ts = ts, .proc = p->id, .image = id, .kind = STEP_EXEC});
	}
}

static void add_via(const struct model *m, struct steps *st, const struct proc *p, u64 ts, u8 via,
		    u32 from)
{
	step_add(st, (struct step){.ts = ts,
				   .proc = p->id,
				   .image = image_when(m, p, ts),
				   .kind = STEP_VIA,
				   .via = via,
				   .from = from});
}

/* When it was is not known, only that it had it by then: when that became known is another matter.
 */
static void add_earlier(const struct model *m, struct steps *st, const struct proc *p, u64 then,
			u8 via)
{
	add_via(m, st, p, then, via, 0);
	st->v[st->n - 1].ts = 0;
}

static u8 how_of(const struct model *m, const struct sock *s, const struct proc *p, u64 *since)
{
	if (proc_holds(m, p->id, s->id))
		for (u32 id = s->holds; id; id = hold_at(m, id)->sock_next)
			if (tabref_find(m, p, hold_at(m, id)->fdtab)) {
				*since = hold_at(m, id)->since;
				return hold_at(m, id)->how;
			}
	*since = 0;
	return VIA_SCAN;
}

u32 chain_of(const struct model *m, const struct sock *s, const struct holder *h, struct step **out)
{
	struct steps st = {};
	const struct proc *p = proc_at(m, h->proc);
	u64 until = ~0ull, since = h->since;
	u8 how = h->how;

	for (u32 depth = 0; p && depth < CHAIN_DEPTH; depth++) {
		const struct origin *o = origin_then(m, s, p->id, until);
		bool forked = !o && came_by_fork(m, s, p, how);
		u64 ts = o ? o->ts : forked ? p->start : since;
		u8 via = o ? o->via : forked ? VIA_FORK : how;

		if (via == VIA_FORK && forked_before(m, s, p))
			via = VIA_SCAN;
		add_execs(m, &st, p, max_ts(ts, s->opened), until);
		if (o && !s->born && p->id == s->creator && !via_is_passed(o->via))
			add_earlier(m, &st, p, ts, via);
		else if (via == VIA_SCAN && (!ts || ts > until))
			add_earlier(m, &st, p, until, via);
		else
			add_via(m, &st, p, ts, via, o ? o->from : 0);
		p = proc_at(m, o ? o->from : forked ? p->birth : 0);
		until = ts && ts < until ? ts : until;
		if (p)
			how = how_of(m, s, p, &since);
	}
	for (u32 i = 0; i < st.n / 2; i++) {
		struct step tmp = st.v[i];

		st.v[i] = st.v[st.n - 1 - i];
		st.v[st.n - 1 - i] = tmp;
	}
	*out = st.v;
	return st.n;
}
