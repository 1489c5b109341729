// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who let a socket slip into a program that has no use for it, and how it is kept from that.
 *
 * Along the chain of a holder it is the last program that meant to have the socket: who made it,
 * was given it or used it.  The exec after that is where the descriptor should have been closed.
 */
#include "advice.h"

static bool step_meant(const struct speech *sp, const struct step *st, const struct image *creator)
{
	const struct image *i = image_at(sp->m, st->image);

	if (st->kind == STEP_VIA && via_is_passed(st->via))
		return true;
	return image_used(i, sp->s) || program_same(sp->m, i, creator) == SAME_YES;
}

/* The exec after the last step that meant it; n: there is none. */
static u32 slip_step(const struct speech *sp, const struct step *st, u32 n)
{
	const struct image *creator = creator_image(sp->m, sp->s);
	u32 at = 1;

	for (u32 i = 0; i < n; i++)
		if (step_meant(sp, &st[i], creator))
			at = i + 1;
	while (at < n && st[at].kind != STEP_EXEC)
		at++;
	return at;
}

static bool use_was_watched(const struct speech *sp)
{
	return sp->s->born && hold_use_told(sp->m, sp->s, hold_at(sp->m, sp->rows[0].first));
}

/* The creator is to open it so that an exec closes it. */
static void advise_creator(struct buf *b, const struct speech *sp, s32 fd)
{
	const struct image *creator = creator_image(sp->m, sp->s);
	const struct origin *o = origin_made(sp->m, sp->s);

	if (creator && *creator->comm)
		buf_add_safe(b, creator->comm, strlen(creator->comm), 0);
	else
		buf_puts(b, "the creator");
	buf_printf(b, ", %s (or close fd %d in the child before exec)",
		   o && o->via == VIA_ACCEPTED ? "accept it by accept4 with SOCK_CLOEXEC"
					       : "open the socket with SOCK_CLOEXEC",
		   fd);
}

/* Where use was not watched: those that handed it on, without a word on which of them meant to. */
static bool advise_any(struct buf *b, const struct speech *sp, const struct step *st, u32 n)
{
	const struct image *before = NULL;
	u32 named = 0, execs = 0;

	for (u32 i = 0; i < n; i++)
		execs += st[i].kind == STEP_EXEC;
	if (execs < 2)
		return false;
	for (u32 i = 0; i + 1 < n && named < 4; i++) {
		const struct image *now = image_at(sp->m, st[i].image);

		if (st[i + 1].kind != STEP_EXEC ||
		    (before && program_same(sp->m, before, now) == SAME_YES))
			continue;
		buf_puts(b, named++ ? " or " : "");
		text_program(b, sp->m, now);
		before = now;
	}
	buf_puts(b, ", whichever did not mean to hand it on");
	return true;
}

/* itself: it became the other program without a child. */
static void advise_mark(struct buf *b, s32 fd, bool itself)
{
	buf_printf(b, ", set FD_CLOEXEC on fd %d or close it%s before exec", fd,
		   itself ? "" : " in the child");
}

/* The program that executed what has it, where it is not known that it had it from the creator. */
static const struct image *unknown_giver(const struct speech *sp, const struct step *st, u32 n)
{
	if (!n || st[0].proc == sp->s->creator || st[n - 1].kind != STEP_EXEC)
		return NULL;
	for (u32 i = 1; i < n; i++)
		if (st[i].kind == STEP_EXEC)
			return image_at(sp->m, st[i - 1].image);
	return NULL;
}

void advise_slip(struct buf *b, const struct speech *sp)
{
	const s32 fd = hold_at(sp->m, sp->rows[0].first)->fd;
	struct step *st;
	u32 n = chain_of(sp->m, sp->s, &sp->rows[0], &st);
	u32 at = use_was_watched(sp) ? slip_step(sp, st, n) : n;
	const struct step *exec = at < n ? &st[at] : NULL;
	const struct image *who = exec ? image_at(sp->m, exec[-1].image) : NULL;

	if (who && program_same(sp->m, who, creator_image(sp->m, sp->s)) != SAME_YES) {
		text_program(b, sp->m, who);
		advise_mark(b, fd, exec->proc == exec[-1].proc && exec[-1].kind == STEP_EXEC);
	} else if (!use_was_watched(sp) && advise_any(b, sp, st, n)) {
		advise_mark(b, fd, false);
	} else if ((who = unknown_giver(sp, st, n))) {
		text_program(b, sp->m, who);
		advise_mark(b, fd, false);
	} else {
		advise_creator(b, sp, fd);
	}
	free(st);
}
