// SPDX-License-Identifier: BSD-2-Clause
/*
 * model_verify: the invariants of model.h, asserted by walking everything.  For tests.
 *
 * Lists are walked with a budget, so that a circle is found and not followed for ever.
 */
#include "verify.h"

/* ---- I1: lives ---- */

static const char *check_lives(const struct model *m)
{
	u32 n = 0;

	for (u32 i = 0; i < m->by_tgid.cap; i++) {
		const struct proc *p = proc_at(m, m->by_tgid.slots[i].val);

		for (bool newest = true; p; p = proc_at(m, p->older), newest = false) {
			CHECK(p->tgid == m->by_tgid.slots[i].key, "I1: a life under another pid");
			CHECK(!death_at(m, p->death) || !death_at(m, p->death)->left_by ||
				      p->state == PROC_ZOMBIE,
			      "I10: left by its parent, and no zombie");
			CHECK(newest || p->state == PROC_GONE, "I1: an older life is not gone");
			CHECK(++n <= m->procs.live, "I1: the lives of a pid go in a circle");
			CHECK(!p->older || proc_at(m, p->older)->newer == p->id,
			      "I1: lives of a pid linked one way only");
		}
	}
	CHECK(n == m->procs.live, "I1: a proc that no pid leads to");
	return NULL;
}

static const char *check_nsinits(const struct model *m)
{
	for (u32 i = 0; i < m->nsinits.cap; i++) {
		u32 id = m->nsinits.slots[i].val;
		const struct proc *p = proc_at(m, id);

		CHECK(!id || (p->id == id && p->state != PROC_GONE &&
			      p->pidns == m->nsinits.slots[i].key),
		      "PID 1 of a pid namespace it is not in");
	}
	return NULL;
}

/* Of two children of one number, which is one too many, the newer one is found while it is there.
 */
static const char *check_numbers(const struct model *m)
{
	const struct map *map = &m->priv->by_nr;

	for (u32 i = 0; i < map->cap; i++) {
		const struct proc *c = proc_at(m, map->slots[i].val);
		const struct proc *p = c ? proc_at(m, c->parent) : NULL;

		CHECK(!c || (p && map->slots[i].key >> 32 == p->id && p->level),
		      "a wait would find the child of another");
		CHECK(!c || c->nspid.nr[p->level - 1] == (u32)map->slots[i].key,
		      "a wait would find another child");
	}
	return NULL;
}

/* ---- I2: parents ---- */

static const char *check_children(const struct model *m, const struct proc *p, u32 *total)
{
	u32 prev = 0, n = 0, zombies = 0;

	for (u32 id = p->child; id; id = proc_at(m, id)->next) {
		const struct proc *c = proc_at(m, id);

		CHECK(c->id == id && c->parent == p->id,
		      "I2: a child on the list of another parent");
		CHECK(c->prev == prev, "I2: siblings linked one way only");
		CHECK(c->state != PROC_GONE, "I2: a gone proc is still a child");
		CHECK(++n <= m->procs.live, "I2: siblings go in a circle");
		CHECK(!p->under || c->under, "I2: a mark of subreapers that does not go down");
		zombies += proc_is_zombie(c);
		prev = id;
	}
	CHECK(n == p->nchildren, "I2: wrong count of children");
	CHECK(zombies == p->zombies, "I2: wrong count of zombies");
	*total += n;
	return NULL;
}

static const char *check_parents(const struct model *m)
{
	u32 listed = 0, with = 0;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);
		u32 up = p->parent, depth = 0, births = 0;

		TRY(check_children(m, p, &listed));
		with += p->parent != 0;
		CHECK(!p->parent || proc_at(m, p->parent)->state != PROC_GONE, "I2: a gone parent");
		for (; up; up = proc_at(m, up)->parent)
			CHECK(++depth <= m->procs.live && up != id,
			      "I2: a proc is its own ancestor");
		for (up = p->birth; up; up = proc_at(m, up)->birth)
			CHECK(++births <= m->procs.live && up != id, "I2: a proc bore itself");
	}
	CHECK(listed == with, "I2: a proc is not on its parent's list");
	return NULL;
}

/* ---- I3, I4: tables ---- */

static const char *check_tabrefs(const struct model *m)
{
	u32 n = 0, others = 0;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);
		u32 mains = 0;

		for (u32 r = p->tabrefs; r; r = tabref_at(m, r)->proc_next) {
			const struct tabref *ref = tabref_at(m, r);
			u32 back = fdtab_at(m, ref->fdtab)->refs;

			CHECK(ref->proc == id, "I4: a tabref on the list of another proc");
			CHECK(++n <= m->tabrefs.live, "I4: tabrefs go in a circle");
			CHECK(tabref_find(m, p, ref->fdtab) == r, "I4: two tabrefs to one table");
			CHECK(ref->tid || p->main == r, "I3: the main table is not the one noted");
			mains += !ref->tid;
			others += ref->tid != 0;
			while (back && back != r)
				back = tabref_at(m, back)->tab_next;
			CHECK(back, "I4: a tabref is not on the list of its table");
		}
		CHECK(mains == (p->state == PROC_RUNNING),
		      "I3: not one main table, or a dead one's");
		CHECK(p->state == PROC_RUNNING || !p->tabrefs, "I3: a dead proc has a table");
		CHECK((p->state == PROC_RUNNING) == !p->death, "I3: state and death disagree");
	}
	CHECK(n == m->tabrefs.live, "I4: a tabref of nobody");
	CHECK(others == m->priv->by_ref.count, "I4: a tabref of nobody is indexed");
	return NULL;
}

/* ---- I5: holds; the tables themselves on the way ---- */

static const char *check_table(const struct model *m, u32 id, u32 *holds)
{
	const struct fdtab *t = fdtab_at(m, id);
	u32 n = 0, prev = 0, refs = 0, cloexec = 0;

	CHECK(!t->key || map_get(&m->by_files, t->key) == id, "I4: a table not under its address");
	for (u32 h = t->holds; h; h = hold_at(m, h)->tab_next) {
		const struct hold *hold = hold_at(m, h);

		CHECK(hold->fdtab == id, "I5: a hold on the list of another table");
		CHECK(hold->tab_prev == prev, "I5: holds of a table linked one way only");
		CHECK(hold_id(m, hold) == h, "I5: a hold not under its slot");
		CHECK(share_of(m, id, hold->sock) == share_at(m, hold->share),
		      "I5: a hold without its share");
		cloexec += hold->cloexec == 1;
		CHECK(++n <= m->holds.live, "I5: holds of a table go in a circle");
		prev = h;
	}
	CHECK(n == t->nholds, "I5: wrong count of holds of a table");
	CHECK(cloexec == t->ncloexec, "I5: wrong count of what an exec closes");
	TRY(range_verify(m, id));
	for (u32 r = t->refs; r; r = tabref_at(m, r)->tab_next)
		refs++;
	CHECK(refs == t->nrefs, "I4: wrong count of tabrefs of a table");
	*holds += n;
	return NULL;
}

static const char *check_tables(const struct model *m)
{
	struct map seen = {};
	u32 holds = 0;
	const char *why = NULL;

	for (u32 id = proc_next(m, 0); id && !why; id = proc_next(m, id))
		for (u32 r = proc_at(m, id)->tabrefs; r && !why; r = tabref_at(m, r)->proc_next) {
			u32 t = tabref_at(m, r)->fdtab;

			if (map_get(&seen, t))
				continue;
			map_put(&seen, t, 1);
			why = check_table(m, t, &holds);
		}
	if (!why && seen.count != m->fdtabs.live)
		why = "I4: a table without a tabref";
	map_free(&seen);
	TRY(why);
	CHECK(holds == m->holds.live && holds == m->by_slot.count, "I5: a hold of no table");
	CHECK(m->shares.live == m->by_share.count, "I5: a share that nothing leads to");
	return NULL;
}

static const char *check_multi(const struct model *m)
{
	u32 several = 0, listed = 0;

	for (u32 id = 1; id <= m->fdtabs.used; id++)
		several += fdtab_at(m, id)->nrefs > 1; /* a free slot is 0 beyond its link */
	for (u32 id = m->multi; id && listed <= several; id = fdtab_at(m, id)->multi_next, listed++)
		CHECK(fdtab_at(m, id)->nrefs > 1, "I5: among the tables of several though of one");
	CHECK(listed == several && listed == m->nmulti, "I5: a table of several is not listed");
	return NULL;
}

/* ---- I7: references and graces ---- */

static void count_refs(const struct model *m, u32 *refs)
{
	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id)) {
		const struct death *d = death_at(m, proc_at(m, id)->death);

		refs[proc_at(m, id)->birth]++;
		refs[d ? d->killer : 0]++;
		refs[d ? d->reaper : 0]++;
	}
	for (u32 id = 1; id <= m->socks.used; id++) {
		const struct sock *s = sock_at(m, id);

		if (s->id != id)
			continue;
		refs[s->creator]++;
		for (u32 o = s->origins; o; o = origin_at(m, o)->next) {
			refs[origin_at(m, o)->proc]++;
			refs[origin_at(m, o)->from]++;
		}
	}
}

static const char *check_refs(const struct model *m)
{
	u32 *refs = xcalloc(m->procs.used + 1, sizeof(*refs)), waiting = 0, pinned = 0;
	const char *why = NULL;

	count_refs(m, refs);
	for (u32 id = proc_next(m, 0); id && !why; id = proc_next(m, id)) {
		const struct proc *p = proc_at(m, id);
		bool in_grace = p->state == PROC_GONE && !p->refs;

		if (refs[id] != p->refs)
			why = "I7: wrong count of references to a proc";
		else if (p->pinned_grace != in_grace)
			why = "I7: on the grace queue though referenced, or the reverse";
		waiting += in_grace;
		pinned += p->state == PROC_GONE && p->refs;
	}
	free(refs);
	TRY(why);
	CHECK(waiting == m->grace_count, "I7: wrong length of the grace queue");
	CHECK(pinned == m->priv->pinned, "I7: wrong count of the gone that are referenced");
	return NULL;
}

static const char *check_images(const struct model *m)
{
	u32 *refs = xcalloc(m->images.used + 1, sizeof(*refs)), n = 0;
	const char *why = NULL;

	for (u32 id = proc_next(m, 0); id; id = proc_next(m, id))
		for (u32 i = proc_at(m, id)->image; i && !refs[i]++; i = image_at(m, i)->prev)
			n++;
	for (u32 i = 1; i <= m->images.used && !why; i++)
		if (refs[i] && refs[i] != image_at(m, i)->refs)
			why = "wrong count of references to an image";
	free(refs);
	TRY(why);
	CHECK(n == m->images.live, "an image of nobody");
	return NULL;
}

const char *model_verify(const struct model *m)
{
	TRY(check_lives(m));
	TRY(check_nsinits(m));
	TRY(check_numbers(m));
	TRY(check_parents(m));
	TRY(check_tabrefs(m));
	TRY(check_tables(m));
	TRY(check_multi(m));
	TRY(verify_socks(m));
	TRY(check_refs(m));
	TRY(check_images(m));
	return NULL;
}
