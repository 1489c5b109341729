/* SPDX-License-Identifier: BSD-2-Clause */
/* pid in text: a dossier, facts first, then where it came from, what it holds and whom it left. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "view_pid.h"

#define CONNECTIONS_LISTED 20 /* more are counted by state */
#define CHILDREN_LISTED	   24
#define ANCESTORS_LISTED   24

/* "  name        value", wrapped no further: values are cut where they can be long. */
static void fact(struct out *o, const char *name, struct buf *b)
{
	if (b->len)
		out_printf(o, "  %-11s %s", name, b->s);
	buf_reset(b);
}

static void facts_print(struct out *o, const struct model *m, const struct proc *p, bool ago)
{
	const char *exe, *cgroup = cgroup_path(m, p->cgroup);
	size_t room = o->width > 40 ? o->width - 15 : 25;
	struct buf b = {0};
	char tty[24], box[32];
	u16 len = 0;

	text_args(&b, m, p, room);
	fact(o, "command", &b);
	exe = proc_exe(m, p, &len);
	if (exe && *exe)
		buf_add_safe(&b, exe, strlen(exe), room);
	fact(o, "program", &b);
	if (p->start)
		text_when(&b, m, p->start);
	if (p->start && ago)
		text_ago(&b, m, p->start);
	fact(o, "started", &b);
	buf_printf(&b, "%u", p->uid);
	fact(o, "uid", &b);
	if (p->sid)
		buf_printf(&b, "%u, group %u, %s%s", p->sid, p->pgid,
			   p->tty ? "terminal " : "no terminal",
			   p->tty ? tty_name(p->tty, tty) : "");
	fact(o, "session", &b);
	for (u32 i = 0; i < NS_LEVELS && p->nspid.nr[i]; i++)
		buf_printf(&b, "%s%u at level %u", i ? ", " : "", p->nspid.nr[i], i + 1);
	fact(o, "inner pid", &b);
	if (p->pidns)
		buf_printf(&b, "pid %u", p->pidns);
	if (p->netns)
		buf_printf(&b, "%snet %u", b.len ? ", " : "", p->netns);
	if (p->mntns)
		buf_printf(&b, "%smnt %u", b.len ? ", " : "", p->mntns);
	fact(o, "namespaces", &b);
	if (cgroup)
		buf_add_safe(&b, cgroup, strlen(cgroup), room);
	fact(o, "cgroup", &b);
	if (proc_container(m, p, box))
		buf_add_safe(&b, box, strlen(box), 0);
	fact(o, "container", &b);
	buf_free(&b);
}

static void images_print(struct out *o, const struct model *m, const struct proc *p)
{
	u32 ids[16], n = images_of(m, p, ids, ARRAY_SIZE(ids));
	struct buf b = {0};

	if (n < 2)
		return;
	buf_puts(&b, "It began as ");
	while (n) {
		const struct image *im = image_at(m, ids[--n]);

		assert(im); /* images_of() gives none that is 0 */
		buf_add_safe(&b, im->comm, strnlen(im->comm, COMM_LEN), 0);
		if (im->ts > p->start) {
			buf_puts(&b, " at ");
			text_when(&b, m, im->ts);
		}
		buf_puts(&b, n ? ", executed " : ".");
	}
	out_wrap(o, 2, b.s);
	buf_free(&b);
}

static void death_print(struct out *o, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);
	struct buf b = {0};
	char span[24];

	if (!d)
		return;
	buf_puts(&b, "It ");
	if (!d->known && d->ts == 0)
		buf_puts(&b, "is dead");
	else if (d->known && d->signal)
		buf_puts(&b, "was ");
	if (d->known || d->ts)
		text_fate(&b, m, p);
	if (p->flags & TASK_EXITING && p->state != PROC_GONE) {
		buf_puts(&b, ", but the kernel is not done with it");
		text_dying(&b, m, p);
	} else if (p->state != PROC_GONE) {
		buf_puts(&b, ", and is a zombie: nobody has reaped it yet");
	} else if (d->reaper) {
		buf_puts(&b, ", and was reaped by ");
		text_proc(&b, m, d->reaper);
	} else if (d->auto_reaped) {
		buf_puts(&b, ", and needed no reaping: its parent ignores SIGCHLD or asked for no "
			     "signal");
	} else {
		buf_puts(&b, ", and is gone; who reaped it was not seen");
	}
	if (p->state == PROC_GONE && d->ts && d->reaped_ts > d->ts && !d->auto_reaped) {
		time_span(span, d->reaped_ts - d->ts);
		buf_printf(&b, " after %s", span);
	}
	buf_puts(&b, ".");
	out_wrap(o, 2, b.s);
	buf_free(&b);
}

/* What keeps it from going on; of who is known to have ended death_print() says it. */
static void stuck_print(struct out *o, const struct model *m, const struct proc *p)
{
	struct buf in = {0}, ends = {0}, b = {0};

	if (!p->death && text_stuck(m, p, &in, &ends)) {
		buf_printf(&b, "It %s: %s.", in.s, ends.s);
		out_wrap(o, 2, b.s);
	}
	buf_free(&in);
	buf_free(&ends);
	buf_free(&b);
}

static void ancestor_print(struct out *o, const struct model *m, const struct proc *child,
			   const struct ancestor *a)
{
	const struct proc *p = proc_at(m, a->proc);
	struct buf b = {0};

	text_proc(&b, m, a->proc);
	if (a->step == ANC_ADOPTED)
		buf_puts(&b, " adopted ");
	else
		buf_puts(&b, a->step == ANC_FORK ? " forked " : " is the parent of ");
	text_proc(&b, m, child->id);
	if (a->step != ANC_PARENT && a->ts) {
		buf_puts(&b, " at ");
		text_when(&b, m, a->ts);
	}
	if (p->state != PROC_RUNNING) {
		buf_printf(&b, "; %s%s, ", proc_is_zombie(p) ? "a " : "", proc_state(p));
		text_fate(&b, m, p);
	}
	out_wrap(o, 2, b.s);
	buf_free(&b);
}

static void lineage_print(struct out *o, const struct model *m, const struct proc *p)
{
	const struct proc *child = p;
	struct ancestor *a;
	u32 n = lineage_of(m, p, &a), births = n;
	struct buf b = {0};

	if (n && a[n - 1].step == ANC_ADOPTED)
		births--;
	if (n)
		out_printf(o, "Lineage");
	for (u32 i = 0; i < births; child = proc_at(m, a[i++].proc)) {
		if (births > ANCESTORS_LISTED && i >= ANCESTORS_LISTED - 4 && i < births - 3) {
			if (i == ANCESTORS_LISTED - 4)
				out_printf(o, "  ... %u generations more ...", births - 3 - i);
			continue;
		}
		ancestor_print(o, m, child, &a[i]);
	}
	if (births < n)
		ancestor_print(o, m, p, &a[births]);
	if (daemonised(m, p) == 1) {
		buf_puts(&b, "It daemonised: ");
		if (p->setsid_ts) {
			buf_puts(&b, "setsid at ");
			text_when(&b, m, p->setsid_ts);
			buf_puts(&b, ", ");
		} else if (p->sid) {
			buf_printf(&b, "it is in the session %u made on its way, ", p->sid);
		}
		buf_puts(&b, "its parent ");
		text_proc(&b, m, p->birth);
		buf_puts(&b, " is gone, adopted by ");
		text_proc(&b, m, p->parent);
		buf_puts(&b, ".");
		out_wrap(o, 2, b.s);
	}
	buf_free(&b);
	free(a);
}

static void slot_add(struct table *t, const struct model *m, const struct slot *s,
		     struct map *counted)
{
	static const char *const cloexec[] = {"no", "yes", "?"};
	const char *state = sock_state(s->sock);
	struct buf b = {0};
	u32 procs = sock_procs(m, s->sock, counted);

	if (s->tid)
		table_cell(t, TINT_NONE, "%d/%u", s->hold->fd, s->tid);
	else
		table_cell(t, TINT_NONE, "%d", s->hold->fd);
	table_cell(t, TINT_NONE, "%s", cloexec[s->hold->cloexec < 2 ? s->hold->cloexec : 2]);
	text_sock(&b, m, s->sock);
	table_cell(t, TINT_NONE, "%s", b.s);
	table_cell(t, TINT_DIM, "%s", state ? state : "?");
	buf_reset(&b);
	buf_puts(&b, name_via(s->hold->via));
	if (s->hold->via != VIA_SCAN && s->hold->since) {
		buf_puts(&b, " ");
		text_when(&b, m, s->hold->since);
	}
	table_cell(t, TINT_NONE, "%s", b.s);
	table_cell(t, TINT_NONE, "%u", procs);
	buf_free(&b);
}

/* Connections too many to list: a line for each state.  A pile of CLOSE_WAIT is always told. */
static void connections_print(struct out *o, const struct model *m, const struct slot *s, u32 n,
			      bool listed, bool ago)
{
	u32 count[16] = {0};
	u64 oldest[16] = {0};
	struct buf b = {0};

	for (u32 i = 0; i < n; i++) {
		const struct sock *k = s[i].sock;
		u64 since = !k->born ? 0 : k->state_ts ? k->state_ts : k->opened;

		if (k->state >= 16 || sock_is_offer(k) || PROTO_FAMILY(k->proto) == AF_UNIX)
			continue;
		count[k->state]++;
		if (since && (!oldest[k->state] || since < oldest[k->state]))
			oldest[k->state] = since;
	}
	for (u32 st = 1; st < 16; st++) {
		if (!count[st] || (listed && st != 8))
			continue;
		buf_printf(&b, "%u %s", count[st], name_tcp_state(st) ? name_tcp_state(st) : "?");
		if (st == 8)
			buf_puts(&b, ": the peer has closed, this process has not");
		if (oldest[st]) {
			buf_puts(&b, "; the oldest since ");
			text_when(&b, m, oldest[st]);
			if (ago)
				text_ago(&b, m, oldest[st]);
		}
		out_wrap(o, 2, b.s);
		buf_reset(&b);
	}
	buf_free(&b);
}

static void sockets_print(struct out *o, const struct model *m, const struct proc *p, bool ago)
{
	static const struct column cols[] = {
		{"FD", 3, true},     {"CLOEXEC", 7, false}, {"SOCKET", 20, false},
		{"STATE", 6, false}, {"HOW", 6, false},	    {"HELD BY", 7, true},
	};
	struct slot *s;
	u32 n = slots_of(m, p, &s), listed = 0;
	struct map counted = {0};
	struct table t;

	if (n) {
		out_printf(o, "Sockets");
		table_init(&t, cols, ARRAY_SIZE(cols));
		for (u32 i = 0; i < n; i++)
			if (n <= CONNECTIONS_LISTED || (sock_is_offer(s[i].sock) && listed++ < 200))
				slot_add(&t, m, &s[i], &counted);
		if (t.nrows)
			table_print(&t, o);
		if (n > CONNECTIONS_LISTED)
			out_printf(o, "  %u socket descriptors in all", n);
		connections_print(o, m, s, n, n <= CONNECTIONS_LISTED, ago);
	}
	map_free(&counted);
	free(s);
}

static void kept_print(struct out *o, const struct model *m, const struct proc *p)
{
	struct buf b = {0};
	bool first = true;

	for (u32 id = 0; (id = kept_by(m, p, id)); first = false) {
		const struct sock *s = sock_at(m, id);

		if (first)
			out_printf(o, "Kept without a descriptor");
		text_sock(&b, m, s);
		buf_printf(&b, " %s: ", sock_state(s) ? sock_state(s) : "");
		text_kept(&b, m, s);
		out_wrap(o, 2, b.s);
		buf_reset(&b);
	}
	buf_free(&b);
}

static void children_print(struct out *o, const struct model *m, const struct proc *p)
{
	struct buf b = {0};
	u32 n = 0;

	for (const struct proc *c = proc_at(m, p->child); c; c = proc_at(m, c->next)) {
		if (c->state == PROC_GONE || n++ >= CHILDREN_LISTED)
			continue;
		buf_puts(&b, n > 1 ? ", " : "");
		text_proc(&b, m, c->id);
		if (proc_is_zombie(c))
			buf_puts(&b, " (zombie)");
	}
	if (!n)
		return;
	if (n > CHILDREN_LISTED)
		buf_puts(&b, ", ...");
	out_printf(o, "Children: %u", n);
	if (p->zombies)
		out_printf(o, "  %u of them %s: `probate zombies` says why", p->zombies,
			   p->zombies == 1 ? "is a zombie" : "are zombies");
	out_wrap(o, 2, b.s);
	buf_free(&b);
}

static void older_print(struct out *o, const struct model *m, const struct proc *p)
{
	struct buf b = {0};

	for (p = proc_at(m, p->older); p; p = proc_at(m, p->older)) {
		buf_puts(&b, "Before, the same pid was ");
		text_proc(&b, m, p->id);
		buf_puts(&b, ", ");
		text_fate(&b, m, p);
		buf_puts(&b, ".");
		out_wrap(o, 0, b.s);
		buf_reset(&b);
	}
	buf_free(&b);
}

void pid_text(struct out *o, const struct model *m, const struct proc *p, bool ago)
{
	struct buf b = {0};

	text_proc(&b, m, p->id);
	out_printf(o, "%s%s%s  %s%s", out_tint(o, TINT_BOLD), b.s, out_tint(o, TINT_NONE),
		   proc_state(p),
		   p->ghost ? " (inferred: others spoke of it, it was not seen itself)" : "");
	buf_free(&b);
	facts_print(o, m, p, ago);
	images_print(o, m, p);
	stuck_print(o, m, p);
	death_print(o, m, p);
	lineage_print(o, m, p);
	sockets_print(o, m, p, ago);
	kept_print(o, m, p);
	children_print(o, m, p);
	older_print(o, m, p);
}
