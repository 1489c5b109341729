/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who held which of the report's sockets when.
 *
 * What an event may have changed is compared with the model: a process's tables after events about
 * the process or its descriptors, all holders of all tracks after a scan.  Nothing is done for a
 * process that holds none of them, which is nearly always so.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "report.h"

static void life_unlink(struct report *r, u32 life, u32 tenure)
{
	struct life *l = life_at(r, life);
	u32 *at = &l->open;

	while (*at != tenure)
		at = &tenure_at(r, *at)->next;
	*at = tenure_at(r, tenure)->next;
	if (!l->open)
		map_take(&r->by_proc, l->proc);
}

static void tenure_close(struct report *r, u32 id, u64 ts, enum tenure_end why)
{
	struct tenure *t = tenure_at(r, id);
	struct track *s = track_at(r, t->track);

	life_unlink(r, t->life, id);
	t->to = ts > t->from ? ts : t->from;
	t->to = t->to ? t->to : 1; /* 0 says that it is open */
	t->end = why;
	if (!s->accepted && t->to >= r->last_held) {
		life_use(r, t->life);
		life_drop(r, r->last_holder);
		r->last_holder = t->life;
		r->last_held = t->to;
		r->last_track = t->track;
	}
}

static void tenure_drop(struct report *r, u32 id)
{
	struct tenure *t = tenure_at(r, id);

	if (!t->to)
		life_unlink(r, t->life, id);
	life_drop(r, t->life);
	life_drop(r, t->got_from);
	pool_drop(&r->tenures, id);
}

/* A slot of a pool that was given back is not told from others: the live ones are marked. */
static bool tenure_live(const struct tenure *t)
{
	return t->mark != 0;
}

/* Who held it for the shortest time and no longer does is missed the least. */
static bool tenure_evict(struct report *r)
{
	u32 best = 0;

	for (u32 id = 1; id <= r->tenures.used; id++) {
		const struct tenure *t = tenure_at(r, id), *b = tenure_at(r, best);

		if (!tenure_live(t) || !t->to || track_at(r, t->track)->maker == t->life)
			continue;
		if (!b || t->to - t->from < b->to - b->from)
			best = id;
	}
	if (!best)
		return false;
	track_at(r, tenure_at(r, best)->track)->briefly++;
	tenure_at(r, best)->mark = 0;
	tenure_drop(r, best);
	return true;
}

static u32 tenure_new(struct report *r, u32 life, u32 track)
{
	struct tenure *t;
	u32 id;

	if (r->tenures.live >= TENURES_MAX) {
		r->cut.tenures++;
		life_use(r, life); /* what is thrown away may have been its last use */
		if (!tenure_evict(r)) {
			life_drop(r, life);
			return 0;
		}
		life_at(r, life)->refs--;
	}
	id = pool_new(&r->tenures);
	t = tenure_at(r, id);
	*t = (struct tenure){.life = life_use(r, life), .track = track, .mark = r->mark};
	return id;
}

/* By whom it was forked, from whom it was sent: one step back in its chain. */
static u32 got_from(struct report *r, const struct model *m, const struct sock *s,
		    const struct holder *h)
{
	struct step *st = NULL;
	u32 n = chain_of(m, s, h, &st), life = 0;

	while (n && st[n - 1].kind == STEP_EXEC)
		n--;
	if (n && st[n - 1].from)
		life = life_of(r, m, st[n - 1].from, LIFE_HOLDER);
	else if (n > 1)
		life = life_of(r, m, st[n - 2].proc, LIFE_HOLDER);
	free(st);
	return life;
}

/* It turned out to be used: what was called a leak of this holder was none. */
static void track_absolve(struct report *r, u32 track, u32 life)
{
	u32 *ids = (u32 *)r->order.s, n = r->order.len / sizeof(u32), kept = 0;

	track_at(r, track)->leaked = false;
	for (u32 i = 0; i < n; i++) {
		const struct moment *mo = moment_at(r, ids[i]);

		if (mo->track != track || mo->kind != DID_LEAK) {
			ids[kept++] = ids[i];
		} else if (mo->life == life) {
			moment_free(r, ids[i]);
		} else {
			track_at(r, track)->leaked = true;
			ids[kept++] = ids[i];
		}
	}
	r->order.len = kept * sizeof(u32);
}

static void tenure_fill(struct report *r, struct tenure *t, const struct model *m,
			const struct sock *s, const struct holder *h)
{
	const struct hold *first = hold_at(m, h->first);

	(void)s;
	if (h->used == 1 && t->used != 1 && track_at(r, t->track)->leaked)
		track_absolve(r, t->track, t->life);
	t->nfds = h->nfds;
	t->fd = first->fd;
	t->cloexec = first->cloexec;
	t->deliberate |= h->deliberate;
	if (t->used != 1)
		t->used = h->used;
}

u32 open_tenure(const struct report *r, u32 life, u32 track)
{
	u32 id = life_at(r, life)->open;

	while (id && tenure_at(r, id)->track != track)
		id = tenure_at(r, id)->next;
	return id;
}

static void tenure_open(struct report *r, const struct model *m, u32 track, const struct sock *s,
			const struct holder *h)
{
	u32 life = life_of(r, m, h->proc, LIFE_HOLDER), id = life ? tenure_new(r, life, track) : 0;
	struct tenure *t = tenure_at(r, id);
	struct life *l = life_at(r, life);

	if (!t)
		return;
	t->from = h->how == VIA_SCAN && !s->born ? 0 : h->since;
	t->via = h->how;
	t->used = h->used;
	if (h->how != VIA_SCAN && h->proc != s->creator)
		t->got_from = life_use(r, got_from(r, m, s, h));
	tenure_fill(r, t, m, s, h);
	t->next = l->open;
	l->open = id;
	map_put(&r->by_proc, h->proc, life);
}

/* ---- tracks ---- */

static void track_forget(struct report *r, u32 id)
{
	struct track *t = track_at(r, id);

	if (map_get(&r->by_inode, t->inode) == id)
		map_take(&r->by_inode, t->inode);
}

void track_over(struct report *r, u32 id, u64 ts)
{
	struct track *t = track_at(r, id);

	track_forget(r, id);
	for (u32 i = 1; i <= r->tenures.used; i++)
		if (tenure_live(tenure_at(r, i)) && tenure_at(r, i)->track == id &&
		    !tenure_at(r, i)->to)
			tenure_close(r, i, ts, END_CLOSE);
	t->gone = ts;
}

static void track_drop(struct report *r, u32 id)
{
	u32 *ids = (u32 *)r->order.s, n = r->order.len / sizeof(u32), kept = 0;

	for (u32 i = 1; i <= r->tenures.used; i++)
		if (tenure_live(tenure_at(r, i)) && tenure_at(r, i)->track == id) {
			tenure_at(r, i)->mark = 0;
			tenure_drop(r, i);
		}
	for (u32 i = 0; i < n; i++) {
		if (moment_at(r, ids[i])->track == id)
			moment_free(r, ids[i]);
		else
			ids[kept++] = ids[i];
	}
	r->order.len = kept * sizeof(u32);
	track_forget(r, id);
	life_drop(r, track_at(r, id)->maker);
	if (r->last_track == id)
		r->last_track = 0;
	track_at(r, id)->inode = 0;
	pool_drop(&r->tracks, id);
}

/* The one gone the longest, a quiet one first; those that are there stay. */
static bool track_evict(struct report *r)
{
	u32 best = 0;

	for (u32 id = 1; id <= r->tracks.used; id++) {
		const struct track *t = track_at(r, id), *b = track_at(r, best);

		if (!t->inode || !t->gone)
			continue;
		if (!b || t->leaked + t->moved < b->leaked + b->moved ||
		    (t->leaked + t->moved == b->leaked + b->moved && t->gone < b->gone))
			best = id;
	}
	if (best)
		track_drop(r, best);
	return best;
}

void track_fill(struct track *t, const struct model *m, const struct sock *s)
{
	if (s->local.port)
		t->local = s->local;
	t->remote = s->remote;
	t->uid = s->uid;
	t->netns = s->netns;
	if (s->cookie)
		t->cookie = s->cookie;
	if (name_at(m, s->name))
		t->name = *name_at(m, s->name);
}

/* The maker, gone before anybody looked, held it from its birth until it died or let go. */
static void maker_tenure(struct report *r, const struct model *m, u32 track, const struct sock *s,
			 u64 let_go)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct death *d = p ? death_at(m, p->death) : NULL;
	u64 to = let_go ? let_go : d ? d->ts : 0;
	u32 life = track_at(r, track)->maker, id;
	struct tenure *t;

	if (!life || !to || !s->opened || proc_holds(m, s->creator, s->id))
		return;
	id = tenure_new(r, life, track);
	t = tenure_at(r, id);
	if (!t)
		return;
	t->from = s->opened;
	t->to = to;
	t->via = s->listener ? VIA_ACCEPTED : VIA_CREATED;
	t->end = d && d->ts <= to ? END_EXIT : END_CLOSE;
	t->fd = -1;
	t->used = t->cloexec = 2;
}

static void track_holders(struct report *r, const struct model *m, u32 id, const struct sock *s)
{
	struct holder *h = NULL;
	u32 n = holders_of(m, s, &h), mark = ++r->mark;

	for (u32 i = 0; i < n; i++) {
		u32 life = life_by_proc(r, m, h[i].proc), t = life ? open_tenure(r, life, id) : 0;

		if (t) {
			tenure_fill(r, tenure_at(r, t), m, s, &h[i]);
			tenure_at(r, t)->mark = mark;
		} else {
			tenure_open(r, m, id, s, &h[i]);
		}
	}
	for (u32 i = 1; i <= r->tenures.used; i++) {
		struct tenure *t = tenure_at(r, i);

		if (tenure_live(t) && t->track == id && !t->to && t->mark != mark)
			tenure_close(r, i, m->now, END_SCAN);
	}
	free(h);
	if (n)
		track_at(r, id)->verdict = verdict_of(m, s);
}

u32 sock_track(struct report *r, const struct model *m, u32 sock, u64 let_go)
{
	const struct sock *s = sock_at(m, sock);
	u32 id = s && s->inode ? map_get(&r->by_inode, s->inode) : 0;
	struct track *t;

	if (id && track_at(r, id)->opened != s->opened && s->born) {
		track_over(r, id, m->now); /* its end was lost, and the number used again */
		id = 0;
	}
	if (id || !s || !s->inode)
		return id;
	if (r->tracks.live >= TRACKS_MAX && r->cut.tracks++ < ~0ull && !track_evict(r))
		return 0;
	id = pool_new(&r->tracks);
	t = track_at(r, id);
	*t = (struct track){.sock = sock,
			    .proto = s->proto,
			    .inode = s->inode,
			    .opened = s->opened,
			    .born = s->born,
			    .accepted = s->listener != 0,
			    .was_there = !s->opened || s->opened < r->from,
			    .verdict = verdict_of(m, s)};
	track_fill(t, m, s);
	map_put(&r->by_inode, s->inode, id);
	t->maker = life_use(r, life_of(r, m, s->creator, LIFE_MAKER));
	track_holders(r, m, id, s);
	maker_tenure(r, m, id, s, let_go);
	return id;
}

/* ---- what is compared with the model ---- */

static void table_mark(struct report *r, const struct model *m, u32 proc, u32 fdtab, u32 life)
{
	for (u32 id = fdtab_at(m, fdtab)->holds; id; id = hold_at(m, id)->tab_next) {
		const struct sock *s = sock_at(m, hold_at(m, id)->sock);
		u32 track = map_get(&r->by_inode, s->inode), t;
		struct holder *h = NULL;
		u32 n;

		if (!track)
			continue;
		t = life ? open_tenure(r, life, track) : 0;
		if (t) {
			tenure_at(r, t)->mark = r->mark;
			continue;
		}
		n = holders_of(m, s, &h);
		for (u32 i = 0; i < n; i++)
			if (h[i].proc == proc) {
				tenure_open(r, m, track, s, &h[i]);
				break; /* another row is a thread's own table */
			}
		free(h);
		life = life_by_proc(r, m, proc);
	}
}

void proc_renew(struct report *r, const struct model *m, u32 proc, enum tenure_end why)
{
	const struct proc *p = proc_at(m, proc);
	u32 life = map_get(&r->by_proc, proc), mark = ++r->mark;

	if (!p)
		return;
	for (u32 ref = p->tabrefs; ref; ref = tabref_at(m, ref)->proc_next)
		table_mark(r, m, proc, tabref_at(m, ref)->fdtab, life);
	for (u32 id = life ? life_at(r, life)->open : 0, next; id; id = next) {
		struct tenure *t = tenure_at(r, id);

		next = t->next;
		if (t->mark != mark)
			tenure_close(r, id, m->now, why);
	}
}

void files_renew(struct report *r, const struct model *m, u64 files, u32 tgid)
{
	const struct fdtab *t = fdtab_at(m, map_get(&m->by_files, files));

	if (!t || !files)
		proc_renew(r, m, proc_find(m, tgid), END_CLOSE);
	for (u32 ref = t && files ? t->refs : 0; ref; ref = tabref_at(m, ref)->tab_next)
		proc_renew(r, m, tabref_at(m, ref)->proc, END_CLOSE);
}

void tracks_renew(struct report *r, const struct model *m)
{
	for (u32 id = 1; id <= r->tracks.used; id++) {
		struct track *t = track_at(r, id);
		u32 sock = t->inode && !t->gone ? sock_find(m, t->inode, 0) : 0;

		if (!t->inode || t->gone)
			continue;
		if (!sock) {
			track_over(r, id, m->now);
			continue;
		}
		t->sock = sock;
		track_fill(t, m, sock_at(m, sock));
		track_holders(r, m, id, sock_at(m, sock));
	}
}
