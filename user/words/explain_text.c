/* SPDX-License-Identifier: BSD-2-Clause */
/* One socket explained in text, as a colleague would: who made it, who has it, how, and what to do.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "words.h"

#define HOLDERS_FULL   4 /* holders explained one by one; more are listed */
#define HOLDERS_LISTED 24
#define FDS_LISTED     8

/* Print what was gathered as an indented paragraph and begin anew. */
static void flush_para(struct out *o, int indent, struct buf *b)
{
	out_wrap(o, indent, b->s ? b->s : "");
	buf_reset(b);
}

static void header_print(struct out *o, const struct model *m, const struct sock *s, bool netns)
{
	const char *cgroup = cgroup_path(m, s->cgroup), *state = sock_state(s);
	struct buf b = {0};

	text_sock(&b, m, s);
	if (state)
		buf_printf(&b, "  %s", state);
	out_printf(o, "%s%s%s", out_tint(o, TINT_BOLD), b.s, out_tint(o, TINT_NONE));
	buf_reset(&b);
	if (s->inode)
		buf_printf(&b, "inode %llu", (unsigned long long)s->inode);
	else if (s->cookie)
		buf_printf(&b, "cookie %llu", (unsigned long long)s->cookie);
	if (!(s->sflags & SF_TIMEWAIT))
		buf_printf(&b, "%suid %u", b.len ? ", " : "", s->uid);
	if (s->sflags & SF_DEVICE)
		buf_puts(&b, ", bound to a network device: a socket bound to another one may have "
			     "the port, too");
	if (netns && s->netns)
		buf_printf(&b, "%snetwork namespace %u", b.len ? ", " : "", s->netns);
	if (cgroup && *cgroup) {
		buf_puts(&b, b.len ? ", cgroup " : "cgroup ");
		buf_add_safe(&b, cgroup, strlen(cgroup), 0);
	}
	if (s->queued)
		buf_printf(&b, "; %u connection%s not accepted yet", s->queued,
			   s->queued == 1 ? "" : "s");
	if (b.len)
		flush_para(o, 2, &b);
	buf_free(&b);
}

/* By the name it had then; and what it runs now, which is what ps shows. */
static void maker_text(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct proc *p = proc_at(m, s->creator);
	const struct image *then = creator_image(m, s);

	if (!then || !*then->comm || !strcmp(then->comm, proc_comm(m, p))) {
		text_proc(b, m, s->creator);
		return;
	}
	buf_add_safe(b, then->comm, strnlen(then->comm, COMM_LEN), 0);
	buf_printf(b, "[%u], later ", p->tgid);
	buf_add_safe(b, proc_comm(m, p), strlen(proc_comm(m, p)), 0);
}

static void creator_print(struct out *o, const struct model *m, const struct sock *s, bool ago)
{
	const struct proc *p = proc_at(m, s->creator);
	struct buf b = {0}, args = {0};

	if (!p) {
		if (s->sflags & SF_KERNEL)
			buf_puts(&b, "Made by the kernel for itself.");
		else if ((s->inode || s->nholds) && made_before(m, s))
			buf_puts(&b, "Made before anything was watching: by whom is not known.");
		else if (s->inode || s->nholds)
			buf_printf(&b, "By whom it was made is not known: %s.",
				   maker_unknown(m, s));
	} else {
		buf_puts(&b, s->listener ? "Accepted by " : "Made by ");
		maker_text(&b, m, s);
		text_args(&args, m, p, 200);
		if (args.len)
			buf_printf(&b, " (%s)", args.s);
		if (s->opened) {
			buf_puts(&b, " at ");
			text_when(&b, m, s->opened);
			if (ago)
				text_ago(&b, m, s->opened);
		}
		if (p->state == PROC_RUNNING) {
			buf_printf(&b, ", %s", proc_state(p));
			buf_puts(&b, proc_holds(m, s->creator, s->id) ? "."
								      : ", which closed it since.");
		} else {
			buf_printf(&b, ", %s: ", proc_state(p));
			text_fate(&b, m, p);
			buf_puts(&b, ".");
		}
	}
	if (b.len)
		flush_para(o, 2, &b);
	buf_free(&args);
	buf_free(&b);
}

static const char *cloexec_words(u8 cloexec)
{
	return cloexec == 1   ? "CLOEXEC set"
	       : cloexec == 0 ? "CLOEXEC missing"
			      : "CLOEXEC not known";
}

static void fds_text(struct buf *b, const struct model *m, const struct sock *s,
		     const struct holder *h)
{
	const struct hold **fds;
	u32 n = holder_fds(m, s, h, &fds);

	for (u32 i = 0; i < n && i < FDS_LISTED; i++)
		buf_printf(b, "%sfd %d, %s", i ? "; " : "", fds[i]->fd,
			   cloexec_words(fds[i]->cloexec));
	if (n > FDS_LISTED)
		buf_printf(b, "; and %u descriptors more", n - FDS_LISTED);
	free(fds);
}

static void step_text(struct buf *b, const struct model *m, const struct step *st,
		      const struct step *prev)
{
	const struct image *im = image_at(m, st->image);
	const char *comm = im ? im->comm : proc_comm(m, proc_at(m, st->proc));
	struct buf from = {0};

	if (st->ts)
		text_when(b, m, st->ts);
	else
		buf_puts(b, "earlier");
	buf_puts(b, "  ");
	text_named(b, comm, proc_at(m, st->proc)->tgid);
	buf_puts(b, " ");
	if (st->kind == STEP_EXEC) {
		buf_puts(b, "executed this program and kept it");
		return;
	}
	if (st->via == VIA_FORK && prev && prev->proc != st->proc)
		text_proc(&from, m, prev->proc);
	else if (st->via != VIA_FORK && st->from)
		text_proc(&from, m, st->from);
	text_came(b, st->via, &from);
	buf_free(&from);
}

/* The way it came, step by step; a single fork is said in words before. */
static void chain_print(struct out *o, const struct model *m, const struct step *st, u32 n)
{
	struct buf b = {0};

	if (n < 2 || (n == 2 && st[1].kind == STEP_VIA && st[1].via == VIA_FORK))
		return;
	for (u32 i = 0; i < n; i++) {
		step_text(&b, m, &st[i], i ? &st[i - 1] : NULL);
		flush_para(o, 6, &b);
	}
	buf_free(&b);
}

/* Only of what is there to be accepted or received on is "never used" worth saying. */
static void use_text(struct buf *b, const struct sock *s, const struct holder *h)
{
	if (h->used == 0 && sock_is_offer(s))
		buf_puts(b, h->deliberate ? "; kept on purpose" : "; it never used it");
	else if (h->used == 1 && sock_is_offer(s))
		buf_puts(b, "; it uses it");
}

static void how_text(struct buf *b, const struct model *m, const struct holder *h,
		     const struct step *st, u32 n, bool ago)
{
	buf_printf(b, "; %s", via_row(h->how)->holder);
	if (h->how == VIA_FORK && n > 1) {
		u32 i = n - 1;

		while (i && st[i].kind == STEP_EXEC)
			i--;
		if (i) {
			buf_puts(b, " from ");
			text_proc(b, m, st[i - 1].proc);
		}
	}
	if (h->how == VIA_SCAN || h->how == VIA_NONE || !h->since)
		return;
	buf_puts(b, " at ");
	text_when(b, m, h->since);
	if (ago)
		text_ago(b, m, h->since);
}

static void holder_head(struct out *o, const struct model *m, const struct holder *h, bool itself)
{
	const struct proc *p = proc_at(m, h->proc);
	struct buf b = {0}, args = {0};

	buf_puts(&b, "Held by ");
	text_proc(&b, m, h->proc);
	if (itself)
		buf_puts(&b, " itself");
	if (h->tid)
		buf_printf(&b, " in the own table of its thread %u", h->tid);
	if (p->nspid.nr[0])
		buf_printf(&b, " (pid %u in its namespace)",
			   p->nspid.nr[p->level ? p->level - 1 : 0]);
	buf_printf(&b, ", %s", proc_state(p));
	text_args(&args, m, p, 200);
	if (args.len && !itself)
		buf_printf(&b, ": %s", args.s);
	flush_para(o, 2, &b);
	buf_free(&args);
	buf_free(&b);
}

static void holder_print(struct out *o, const struct model *m, const struct sock *s,
			 const struct holder *h, bool ago)
{
	bool itself = h->proc == s->creator; /* its command was said already */
	struct step *st = NULL;
	u32 n = chain_of(m, s, h, &st);
	struct buf b = {0};

	holder_head(o, m, h, itself);
	fds_text(&b, m, s, h);
	if (!itself) {
		how_text(&b, m, h, st, n, ago);
		use_text(&b, s, h);
	}
	flush_para(o, 4, &b);
	chain_print(o, m, st, n);
	buf_free(&b);
	free(st);
}

static void holders_print(struct out *o, const struct model *m, const struct sock *s, bool ago)
{
	struct holder *h = NULL;
	u32 n = holders_of(m, s, &h), full = n > HOLDERS_FULL ? HOLDERS_FULL - 1 : n;
	struct buf b = {0};

	for (u32 i = 0; i < full; i++)
		holder_print(o, m, s, &h[i], ago);
	if (n > full)
		buf_printf(&b, "Held also by %u more: ", n - full);
	for (u32 i = full; i < n && i < full + HOLDERS_LISTED; i++) {
		buf_puts(&b, i > full ? ", " : "");
		text_proc(&b, m, h[i].proc);
	}
	if (n > full + HOLDERS_LISTED)
		buf_puts(&b, ", ...");
	if (b.len)
		flush_para(o, 2, &b);
	buf_free(&b);
	free(h);
}

static void queue_print(struct out *o, const struct model *m, const struct sock *s)
{
	const struct sock *q = sock_at(m, sock_find(m, s->queue, 0));
	struct holder *h = NULL;
	u32 n = q ? holders_of(m, q, &h) : 0;
	struct buf b = {0};

	buf_printf(&b,
		   "In flight: sent by SCM_RIGHTS and not received yet; it waits in the queue of "
		   "the UNIX socket with inode %llu",
		   (unsigned long long)s->queue);
	if (q && q->name) {
		buf_puts(&b, " (");
		text_local(&b, m, q);
		buf_puts(&b, ")");
	}
	if (n) {
		buf_puts(&b, ", held by ");
		text_proc(&b, m, h[0].proc);
	}
	buf_puts(&b, ".");
	flush_para(o, 2, &b);
	buf_free(&b);
	free(h);
}

void explain_sock(struct out *o, const struct model *m, const struct sock *s, bool netns, bool ago)
{
	struct answer a = {0};
	struct buf b = {0};

	header_print(o, m, s, netns);
	creator_print(o, m, s, ago);
	holders_print(o, m, s, ago);
	if (s->queue)
		queue_print(o, m, s);
	advise_sock(m, s, &a);
	buf_printf(&b, "Verdict: %s%s %s %s", name_verdict(a.verdict),
		   a.certain ? "" : " (not certain)", utf8_wanted() ? "\xe2\x80\x94" : "-",
		   a.why.s ? a.why.s : "");
	flush_para(o, 2, &b);
	if (a.action.len) {
		buf_printf(&b, "Do: %s", a.action.s);
		flush_para(o, 2, &b);
	}
	answer_free(&a);
	buf_free(&b);
}
