// SPDX-License-Identifier: BSD-2-Clause
/* What each of those who hold a socket does with it, as far as that is known: never one for all. */
#include "advice.h"

enum role {
	ROLE_SERVES,  /* seen to use it, or the only one that can be who waits on it */
	ROLE_WAITS,   /* somebody waits on it: this one or another */
	ROLE_READY,   /* watched and not seen to use it so far, but it means to have it */
	ROLE_UNKNOWN, /* its use was not watched */
	ROLE_KEEPS,   /* watched: another program that never used it */
	ROLES,
};

static enum role role_of(const struct speech *sp, const struct holder *row,
			 const struct image *creator)
{
	const struct hold *h = hold_at(sp->m, row->first);

	if (row->used == 1)
		return ROLE_SERVES;
	if (hold_waited(h))
		return sp->n == 1 ? ROLE_SERVES : ROLE_WAITS;
	if (row->used == 2)
		return ROLE_UNKNOWN;
	return row->proc == sp->s->creator || hold_meant(sp->m, h, creator) ? ROLE_READY
									    : ROLE_KEEPS;
}

/* The workers of a pool are one: if one of them serves it, or must be who waits, so do they all. */
static void roles_pool(const struct speech *sp, u8 *roles)
{
	const struct image *serving = NULL, *first = NULL;
	bool alone = true;

	for (u32 i = 0; i < sp->n; i++) {
		const struct image *now = image_at(sp->m, proc_at(sp->m, sp->rows[i].proc)->image);

		first = i ? first : now;
		alone &= roles[i] == ROLE_WAITS && program_same(sp->m, now, first) == SAME_YES;
		if (roles[i] == ROLE_SERVES)
			serving = now;
	}
	if (alone)
		serving = first;
	for (u32 i = 0; i < sp->n && serving; i++)
		if (roles[i] < ROLE_UNKNOWN &&
		    program_same(sp->m, image_at(sp->m, proc_at(sp->m, sp->rows[i].proc)->image),
				 serving) == SAME_YES)
			roles[i] = ROLE_SERVES;
}

/* The holders, those of one role together; first[r] to first[r + 1]. */
struct cast {
	struct holder *rows;
	u32 first[ROLES + 1];
};

static struct cast cast_of(const struct speech *sp)
{
	const struct image *creator = creator_image(sp->m, sp->s);
	struct cast c = {.rows = xcalloc(sp->n + 1, sizeof(*c.rows))};
	u8 *roles = xcalloc(sp->n + 1, 1);
	u32 n = 0;

	for (u32 i = 0; i < sp->n; i++)
		roles[i] = (u8)role_of(sp, &sp->rows[i], creator);
	roles_pool(sp, roles);
	for (u32 r = 0; r < ROLES; r++) {
		for (u32 i = 0; i < sp->n; i++)
			if (roles[i] == r)
				c.rows[n++] = sp->rows[i];
		c.first[r + 1] = n;
	}
	free(roles);
	return c;
}

static u32 cast_count(const struct cast *c, u32 role)
{
	return c->first[role + 1] - c->first[role];
}

static void words_cast(struct buf *b, const struct speech *sp, const struct cast *c, u32 role)
{
	text_procs(b, sp->m, c->rows + c->first[role], cast_count(c, role));
}

/* A leak in the making: who has it for no reason of its own, while its maker still lives? */
void add_stray(struct buf *b, const struct speech *sp)
{
	struct cast c = cast_of(sp);
	u32 n = cast_count(&c, ROLE_KEEPS);

	if (n && !sock_is_connection(sp->s)) {
		buf_puts(b, "; ");
		words_cast(b, sp, &c, ROLE_KEEPS);
		buf_puts(b, n == 1 ? " runs another program that never used it, and would keep it "
				     "when "
				   : " run other programs that never used it, and would keep it "
				     "when ");
		text_proc(b, sp->m, sp->s->creator);
		buf_puts(b, " ends");
	}
	free(c.rows);
}

/* [one, several] */
static const char *const does[ROLES][2] = {
	[ROLE_SERVES] = {" carries on with it", " carry on with it"},
	[ROLE_WAITS] = {" holds it, and one of those who do waits on it",
			" hold it, and one of those who do waits on it"},
	[ROLE_READY] = {" has not used it so far", " have not used it so far"},
	[ROLE_UNKNOWN] = {" holds it, and whether it uses it was not watched",
			  " hold it, and whether they use it was not watched"},
	[ROLE_KEEPS] = {" only keeps it open", " only keep it open"},
};

static void tell_roles(const struct speech *sp, const struct cast *c)
{
	struct buf *b = &sp->out->why;
	u32 groups = 0;

	for (u32 r = 0; r < ROLES; r++) {
		u32 n = cast_count(c, r);

		if (!n)
			continue;
		buf_puts(b, groups ? "; " : "");
		words_cast(b, sp, c, r);
		buf_puts(b, groups++ ? "" : " inherited it and");
		buf_puts(b, does[r][n > 1]);
		if (r == ROLE_KEEPS && n < sp->n)
			buf_printf(b, ": %s never used it, and would keep it when the others end",
				   n == 1 ? "another program that" : "other programs that");
	}
}

/* Whom it hurts when all of them are stopped. */
static void advise_roles(const struct speech *sp, const struct cast *c)
{
	struct buf *b = &sp->out->action;
	const u32 serve = cast_count(c, ROLE_SERVES);

	if (serve) {
		buf_puts(b, ": ");
		if (serve == sp->n)
			buf_puts(b, serve == 1 ? "it" : "they");
		else
			words_cast(b, sp, c, ROLE_SERVES);
		buf_puts(b, serve == 1 ? " still serves it" : " still serve it");
		buf_puts(b, ", so work in progress is cut");
	} else if (cast_count(c, ROLE_WAITS)) {
		buf_puts(b, ": one of them still serves it, so work in progress is cut");
	} else {
		buf_puts(b, "; see first whether clients still get an answer from ");
		buf_puts(b, sp->n == 1 ? "it" : "them");
	}
}

/* What is read from and written to a connection is not watched. */
static void say_connection(const struct speech *sp)
{
	bool one = sp->n == 1, given = !sock_is_stuck(sp->m, sp->s) &&
				       proc_at(sp->m, sp->s->creator)->state == PROC_RUNNING;
	struct buf *b = &sp->out->why;

	text_procs(b, sp->m, sp->rows, sp->n);
	if (given)
		buf_puts(b, one ? " inherited it and has it now" : " inherited it and have it now");
	else
		buf_puts(b, one ? " inherited it and keeps it open, so for the peer it is alive"
				: " inherited it and keep it open, so for the peer it is alive");
	b = &sp->out->action;
	buf_puts(b, "Stop ");
	text_stop(b, sp->m, sp->rows, sp->n);
	buf_puts(b, " if you need it free: that ends the connection");
	if (!given && sock_is_tcp(sp->s) && bind_passes(sp->s) & BIND_REUSEADDR)
		buf_puts(b, "; a server that sets SO_REUSEADDR gets the port all the same, because "
			    "it had that set, too");
}

void say_inherited(const struct speech *sp)
{
	struct cast c;

	creator_story(&sp->out->why, sp);
	add_unsure(&sp->out->why, sp->out);
	if (sock_is_connection(sp->s) || sock_is_stuck(sp->m, sp->s)) {
		say_connection(sp);
		return;
	}
	c = cast_of(sp);
	tell_roles(sp, &c);
	if (sock_is_unlooked(sp->m, sp->s))
		buf_puts(&sp->out->why, "; no scan has looked since at what is done with it");
	buf_puts(&sp->out->action, "Stop ");
	text_stop(&sp->out->action, sp->m, sp->rows, sp->n);
	buf_puts(&sp->out->action, " if you need it free");
	advise_roles(sp, &c);
	free(c.rows);
}
