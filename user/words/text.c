/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process, a socket and an instant look in text; whatever came from outside is made safe. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "words.h"

/* The number must stay on the line, whatever a name of 15 bytes becomes when it is written out. */
#define COMM_COLUMNS 32

void text_named(struct buf *b, const char *comm, u32 pid)
{
	if (!*comm) {
		buf_printf(b, "pid %u", pid);
		return;
	}
	buf_add_safe(b, comm, strnlen(comm, COMM_LEN), COMM_COLUMNS);
	buf_printf(b, "[%u]", pid);
}

void text_proc(struct buf *b, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	if (p)
		text_named(b, proc_comm(m, p), p->tgid);
	else
		buf_puts(b, "an unknown process");
}

void text_pid(struct buf *b, const struct model *m, u32 tgid)
{
	const struct proc *p = proc_at(m, proc_find(m, tgid));

	text_named(b, p ? proc_comm(m, p) : "", tgid);
}

void text_unix(struct buf *b, const struct unix_name *n)
{
	if (n->len && !n->s[0]) {
		buf_puts(b, "@");
		buf_add_safe(b, n->s + 1, n->len - 1, 0);
	} else {
		buf_add_safe(b, n->s, strnlen(n->s, n->len), 0);
	}
}

void text_place(struct buf *b, u32 proto, const struct ep *local, const struct unix_name *name)
{
	char ep[64];

	if (name && name->len) {
		text_unix(b, name);
	} else if (local->port) {
		ep_text(ep, local);
		buf_puts(b, ep);
	} else if (text_portless(ep, proto, local)) {
		buf_puts(b, ep);
	} else {
		buf_puts(b, "(unnamed)");
	}
}

void text_ends(struct buf *b, u32 proto, const struct ep *local, const struct unix_name *name,
	       const struct ep *remote)
{
	char ep[64];

	buf_printf(b, "%s ", name_proto(proto));
	text_place(b, proto, local, name);
	if (remote && remote->port) {
		ep_text(ep, remote);
		buf_printf(b, " -> %s", ep);
	}
}

void text_local(struct buf *b, const struct model *m, const struct sock *s)
{
	text_place(b, s->proto, &s->local, name_at(m, s->name));
}

/* Which container or unit lives there is told by a holder, else by the cgroup it was made in. */
void text_lives_there(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct hold *h = hold_at(m, s->holds);
	const struct proc *p =
		h ? proc_at(m, tabref_at(m, fdtab_at(m, h->fdtab)->refs)->proc) : NULL;
	const char *path = cgroup_path(m, p ? p->cgroup : s->cgroup), *unit;
	char name[32];
	size_t n = 0;

	unit = path ? cgroup_unit(path, &n) : NULL;
	if (p ? proc_container(m, p, name) : cgroup_container(path, name)) {
		buf_puts(b, " (container ");
		buf_add_safe(b, name, strlen(name), 0);
		buf_puts(b, ")");
	} else if (unit) {
		buf_puts(b, " (");
		buf_add_safe(b, unit, n, 0);
		buf_puts(b, ")");
	}
}

void text_netns(struct buf *b, const struct model *m, const struct sock *s)
{
	buf_printf(b, "network namespace %u", s->netns);
	text_lives_there(b, m, s);
}

void text_elsewhere(struct buf *b, const struct model *m, const struct sock *s)
{
	if (sock_file(m, s)->file_names == FILE_REMOVED)
		buf_puts(b, " (file removed)");
	if (!sock_is_elsewhere(m, s))
		return;
	buf_printf(b, " netns:%u", s->netns);
	text_lives_there(b, m, s);
}

void text_sock(struct buf *b, const struct model *m, const struct sock *s)
{
	text_ends(b, s->proto, &s->local, name_at(m, s->name), &s->remote);
	text_elsewhere(b, m, s);
}

/* A title written over the arguments leaves empty ones behind, which say nothing; one may be meant.
 */
static u16 args_trim(const char *args, u16 len)
{
	u16 n = len;

	while (n && !args[n - 1])
		n--;
	return len - n > 2 ? n + 1 : len;
}

/* Words as a shell would show them, as far as that helps the eye: quoted only where a space hides.
 */
void text_words(struct buf *b, const char *args, u16 len, size_t max)
{
	struct buf all = {0};
	size_t n;

	if (args)
		len = args_trim(args, len);
	for (u16 at = 0; args && at < len; at += n + 1) {
		n = strnlen(args + at, len - at);
		if (at)
			buf_puts(&all, " ");
		/* Daemons that rewrite their title leave one long "argument": no quotes there. */
		if ((at || n + 1 < len) && (!n || memchr(args + at, ' ', n)))
			buf_printf(&all, "'%.*s'", (int)n, args + at);
		else
			buf_add(&all, args + at, n);
	}
	while (all.len && all.s[all.len - 1] == ' ')
		all.len--;
	if (all.len)
		buf_add_safe(b, all.s, all.len, max);
	buf_free(&all);
}

void text_args(struct buf *b, const struct model *m, const struct proc *p, size_t max)
{
	u16 len = 0;
	const char *args = proc_args(m, p, &len);

	text_words(b, args, len, max);
}

void text_when(struct buf *b, const struct model *m, u64 ts)
{
	u64 wall = model_wall(m, ts), now = model_wall(m, m->now);
	time_t t = wall / NS_PER_S, n = now / NS_PER_S;
	struct tm at, today;
	char s[32];

	if (!wall || !localtime_r(&t, &at) || !localtime_r(&n, &today)) {
		buf_puts(b, "an unknown time");
		return;
	}
	if (at.tm_yday == today.tm_yday && at.tm_year == today.tm_year) {
		time_clock(s, wall);
		buf_puts(b, s);
		return;
	}
	strftime(s, sizeof(s), "%Y-%m-%d %H:%M:%S", &at);
	buf_puts(b, s);
}

void text_ago(struct buf *b, const struct model *m, u64 ts)
{
	char s[24];

	if (!ts || m->now < ts + NS_PER_S)
		return;
	time_span(s, m->now - ts);
	buf_printf(b, " (%s ago)", s);
}
