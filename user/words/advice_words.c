// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pieces of sentences about processes: what they are called, how they ended, whom to stop.
 */
#include "advice.h"
#include "program.h"

#define LINEAGE_DEPTH 64 /* parents followed up */

void add_unsure(struct buf *b, const struct answer *a)
{
	if (!a->certain)
		buf_puts(b, b->len ? "as far as was seen, " : "As far as was seen, ");
}

static const char *last_step(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "server", "python3 (svc.py)": what to open in an editor. */
void text_program(struct buf *b, const struct model *m, const struct image *i)
{
	const struct program p = i && i->exe_len ? program_of(m, i) : (struct program){};
	const char *script = p.kind == PROGRAM_SCRIPT	? last_step(p.name)
			     : p.kind == PROGRAM_MODULE ? p.name
							: NULL;

	if (!i || !*i->comm) {
		buf_puts(b, "the program before");
		return;
	}
	buf_add_safe(b, i->comm, strlen(i->comm), 0);
	if (!script || !strncmp(script, i->comm, strlen(i->comm)))
		return;
	buf_puts(b, " (");
	buf_add_safe(b, script, strlen(script), 64);
	buf_puts(b, ")");
}

/*
 * "server[200] made it", "server[200] accepted it", "sd-activate[300], later sleep, made it": by
 * the name it had then, which is the one that is found in its configuration.
 */
void text_maker(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct image *then = creator_image(m, s);
	const char *now = proc_comm(m, p);
	const struct origin *o = origin_made(m, s);

	if (then && *then->comm && strcmp(then->comm, now)) {
		buf_add_safe(b, then->comm, strlen(then->comm), 0);
		buf_printf(b, "[%u], later ", p->tgid);
		buf_add_safe(b, now, strlen(now), 0);
		buf_puts(b, ",");
	} else {
		text_proc(b, m, s->creator);
	}
	buf_puts(b, o && o->via == VIA_ACCEPTED ? " accepted it" : " made it");
}

/* " at 12:00:03"; nothing where the wall clock is not known. */
void text_at(struct buf *b, const struct model *m, u64 ts)
{
	u64 wall = model_wall(m, ts);
	char clock[16];

	if (!wall)
		return;
	time_clock(clock, wall);
	buf_printf(b, " at %.8s", clock);
}

/* "was killed by SIGKILL from bash[1400] at 12:00:03", "exited with code 1", ... */
static void add_fate(struct buf *b, const struct model *m, u32 id)
{
	const struct proc *p = proc_at(m, id);
	const struct death *d = p ? death_at(m, p->death) : NULL;

	if (!d) {
		buf_puts(b, "let go of it");
		return;
	}
	if (!d->known)
		buf_puts(b, "is dead");
	else if (d->signal)
		buf_puts(b, "was ");
	if (d->known)
		text_death(b, m, d);
	text_at(b, m, d->ts);
}

/* "sleep[9132]", "a[1] and b[2]", "a[1], b[2] and 7 more" */
void text_procs(struct buf *b, const struct model *m, const struct holder *rows, u32 n)
{
	u32 shown = n > 3 ? 2 : n;

	for (u32 i = 0; i < shown; i++) {
		if (i)
			buf_puts(b, i == n - 1 ? " and " : ", ");
		text_proc(b, m, rows[i].proc);
	}
	if (n > shown)
		buf_printf(b, " and %u more", n - shown);
}

/* Where its exec was not seen, the same program is taken for the same image. */
static bool is_fork_of(const struct model *m, const struct proc *p, const struct proc *up)
{
	const struct image *own = image_at(m, p->image);

	return p->image == up->image ||
	       (own && !own->ts && program_same(m, own, image_at(m, up->image)) == SAME_YES);
}

/*
 * Does one of them stand above it of which it is a mere fork?  Then it ends with that one.  Who
 * executed a program of his own does not: so an upgraded server outlives the old one.
 */
static bool ends_with_another(const struct model *m, const struct map *procs, u32 id)
{
	const struct proc *p = proc_at(m, id);
	u32 depth = 0;

	for (u32 up = p->parent; up && ++depth < LINEAGE_DEPTH; up = proc_at(m, up)->parent)
		if (map_get(procs, up) && is_fork_of(m, p, proc_at(m, up)))
			return true;
	return false;
}

/*
 * Whom to stop so that all of them end: a master and not its workers, which it would only start
 * anew.  "nginx[10] (the other 4 descend from it)"
 */
void text_stop(struct buf *b, const struct model *m, const struct holder *rows, u32 n)
{
	struct holder *roots = xcalloc(n + 1, sizeof(*roots));
	struct map procs = {};
	u32 nroots = 0, others = 0;

	for (u32 i = 0; i < n; i++)
		map_put(&procs, rows[i].proc, 1);
	for (u32 i = 0; i < n; i++) {
		if (ends_with_another(m, &procs, rows[i].proc))
			others++;
		else
			roots[nroots++] = rows[i];
	}
	text_procs(b, m, roots, nroots);
	if (others == 1)
		buf_puts(b, " (the other one descends from");
	else if (others)
		buf_printf(b, " (the other %u descend from", others);
	if (others)
		buf_puts(b, nroots == 1 ? " it)" : " them)");
	map_free(&procs);
	free(roots);
}

static bool kept_over_exec(const struct model *m, const struct sock *s, const struct holder *h)
{
	struct step *steps;
	u32 n = chain_of(m, s, h, &steps);
	bool kept = n && steps[n - 1].kind == STEP_EXEC;

	free(steps);
	return kept;
}

/* "inherited fd 3 by fork and kept it over exec because CLOEXEC was not set" */
void text_inherited(struct buf *b, const struct model *m, const struct sock *s,
		    const struct holder *h)
{
	buf_printf(b, h->how == VIA_FORK ? "inherited fd %d by fork" : "has it as fd %d",
		   hold_at(m, h->first)->fd);
	if (kept_over_exec(m, s, h))
		buf_puts(b, " and kept it over exec because CLOEXEC was not set");
}

bool made_before(const struct model *m, const struct sock *s)
{
	return !m->watching_since || s->before;
}

const char *maker_unknown(const struct model *m, const struct sock *s)
{
	if (made_before(m, s))
		return "that was before anything was watching";
	return model_is_lean(m) ? "only --fd=full watches that" : "that was not seen";
}

void creator_story(struct buf *b, const struct speech *sp)
{
	text_maker(b, sp->m, sp->s);
	buf_puts(b, " and ");
	add_fate(b, sp->m, sp->s->creator);
	buf_puts(b, "; ");
}
