/* SPDX-License-Identifier: BSD-2-Clause */
/* The sentences of a report about what happened to a socket. */
#include "report.h"

/* ---- tenures ---- */

void say_via(struct buf *b, const struct report *r, const struct tenure *t)
{
	buf_puts(b, via_row(t->via)->cell);
	if (t->got_from && t->got_from != t->life) {
		buf_puts(b, " from ");
		say_life(b, r, t->got_from, t->from);
	}
}

const char *say_end(const struct tenure *t)
{
	static const char *const words[] = {
		[HELD_ON] = "still held it",
		[END_EXIT] = "it died",
		[END_EXEC] = "exec closed it",
		[END_CLOSE] = "closed it",
		[END_SCAN] = "a scan found it without",
	};

	return words[t->end];
}

const char *say_used(const struct tenure *t)
{
	return t->used == 1 ? "yes" : t->used == 0 ? (t->deliberate ? "kept" : "never") : "?";
}

/* ---- what happened ---- */

const char *happen_name(u8 kind)
{
	static const char *const names[] = {
		[HAP_MADE] = "created",	   [HAP_CAME] = "acquired",	[HAP_BIND] = "bind",
		[HAP_LISTEN] = "listen",   [HAP_SEND] = "pass",		[HAP_EXEC] = "exec",
		[HAP_LEFT] = "released",   [HAP_TRANSFER] = "transfer", [HAP_LEAK] = "leak",
		[HAP_REFUSED] = "refused", [HAP_KEPT] = "kept",		[HAP_GONE] = "destroy",
		[HAP_LOST] = "lost",
	};

	return names[kind];
}

static void say_came(struct buf *b, const struct report *r, const struct tenure *t)
{
	struct buf from = {0};

	say_life(b, r, t->life, t->from);
	buf_puts(b, t->via == VIA_FORK ? " was " : " ");
	if (t->got_from && t->got_from != t->life)
		say_life(&from, r, t->got_from, t->from);
	text_came(b, t->via, &from);
	buf_free(&from);
}

static void say_left(struct buf *b, const struct report *r, const struct tenure *t)
{
	const struct life *l = life_at(r, t->life);

	say_life(b, r, t->life, t->to);
	if (t->end == END_EXIT) {
		buf_puts(b, l->known && l->signal ? " was " : " ");
		say_death(b, l);
	} else if (t->end == END_EXEC) {
		buf_puts(b, " executed another program: CLOEXEC closed it");
	} else if (t->end == END_SCAN) {
		buf_puts(b, " was found without it; how it let go was not seen");
	} else {
		buf_puts(b, " closed it");
	}
}

static void say_moment(struct buf *b, const struct report *r, const struct track *t,
		       const struct moment *mo)
{
	if (mo->kind == DID_TRANSFER) {
		buf_puts(b, "it passed from ");
		say_life(b, r, mo->life, mo->ts);
		buf_puts(b, mo->died ? ", which died, to " : ", which closed it, to ");
		say_life(b, r, mo->other, mo->ts);
		if (mo->holders > 1)
			buf_printf(b, " and %u more", mo->holders - 1);
		return;
	}
	if (mo->kind == DID_LEAK) {
		buf_puts(b, "leaked: ");
		say_life(b, r, mo->life, mo->ts);
		buf_printf(b, " keeps fd %d of ", mo->fd);
		say_life(b, r, mo->other, mo->ts);
		buf_puts(b, mo->certain ? " and never meant to"
					: ", and whether it uses it was not watched");
		return;
	}
	say_life(b, r, mo->life, mo->ts);
	if (mo->kind == DID_SEND) {
		buf_puts(b, " sent it over a UNIX socket");
	} else if (mo->kind == DID_LISTEN) {
		buf_puts(b, " listened on it");
	} else {
		buf_puts(b, " bound it to ");
		text_ends(b, t->proto, &t->local, &t->name, NULL);
	}
}

void say_refusal(struct buf *b, const struct model *m, const struct refusal *f)
{
	const char *error = name_errno(f->error);

	say_who(b, &f->first);
	buf_printf(b, " could not %s ", f->listen ? "listen on" : "bind");
	text_ends(b, f->proto, &f->local, &f->name, NULL);
	buf_printf(b, ": %s", error ? error : "an error");
	if (f->holder.pid) {
		buf_puts(b, ", held by ");
		say_who(b, &f->holder);
	} else if (f->kept[0]) {
		buf_printf(b, "; nobody held it by a descriptor, but %s", f->kept);
	}
	if (f->count < 2)
		return;
	buf_printf(b, "; %u times, the last", f->count);
	if (f->last.pid != f->first.pid)
		buf_printf(b, " as pid %u", f->last.pid);
	buf_puts(b, " at ");
	text_when(b, m, f->to);
}

void say_happen(struct buf *b, const struct report *r, const struct model *m, u32 track,
		const struct happen *h)
{
	const struct tenure *t = tenure_at(r, h->tenure);

	switch ((enum happen_kind)h->kind) {
	case HAP_MADE:
	case HAP_CAME:
		say_came(b, r, t);
		break;
	case HAP_EXEC:
		say_life(b, r, t->life, h->ts);
		buf_puts(b, " executed ");
		say_run(b, &life_at(r, t->life)->run[h->run]);
		buf_puts(b, " and kept it");
		break;
	case HAP_LEFT:
		say_left(b, r, t);
		break;
	case HAP_REFUSED:
		say_refusal(b, m, h->refusal);
		break;
	case HAP_KEPT:
		buf_printf(b, "it lived on without a descriptor: %s", track_at(r, track)->kept);
		break;
	case HAP_GONE:
		buf_puts(b, "it was gone: nothing held it any more");
		break;
	case HAP_LOST:
		if (h->gap->damaged)
			buf_puts(b, "the recording is not whole here");
		else if (h->gap->unwatched)
			buf_puts(b, "nobody was watching from here on for a while");
		else
			buf_printf(b, "%llu events were lost here",
				   (unsigned long long)h->gap->count);
		break;
	default:
		say_moment(b, r, track_at(r, track), moment_at(r, h->moment));
	}
}
