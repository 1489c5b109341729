/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process, a socket and an instant look in text; whatever came from outside is made safe. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "words.h"

bool sock_is_wild(const struct ep *ep)
{
	static const u8 zero[16];

	return !memcmp(ep->ip, zero, ep->family == AF_INET ? 4 : 16);
}

/* The number must stay on the line, whatever a name of 15 bytes becomes when it is written out. */
#define COMM_COLUMNS 32

void text_proc(struct buf *b, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);
	const char *comm = p ? proc_comm(m, p) : "";

	if (!p) {
		buf_puts(b, "an unknown process");
	} else if (!*comm) {
		buf_printf(b, "pid %u", p->tgid);
	} else {
		buf_add_safe(b, comm, strlen(comm), COMM_COLUMNS);
		buf_printf(b, "[%u]", p->tgid);
	}
}

static void text_unix(struct buf *b, const struct unix_name *n)
{
	u16 len = n->len;

	if (!n->s[0]) {
		buf_puts(b, "@");
		buf_add_safe(b, n->s + 1, len - 1, 0);
		return;
	}
	buf_add_safe(b, n->s, strnlen(n->s, len), 0);
}

void text_local(struct buf *b, const struct model *m, const struct sock *s)
{
	const struct unix_name *name = name_at(m, s->name);
	char ep[64];

	if (name && name->len) {
		text_unix(b, name);
	} else if (s->local.port) {
		ep_text(ep, &s->local);
		buf_puts(b, ep);
	} else {
		buf_puts(b, "(unnamed)");
	}
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
	char ep[64];

	buf_printf(b, "%s ", name_proto(s->proto));
	text_local(b, m, s);
	if (s->remote.port) {
		ep_text(ep, &s->remote);
		buf_printf(b, " -> %s", ep);
	}
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

void text_killer(struct buf *b, const struct model *m, const struct death *d)
{
	struct buf who = {0};

	if (d->killer)
		text_proc(&who, m, d->killer);
	else if (d->killer_pid)
		buf_printf(&who, "pid %u", d->killer_pid);
	words_cause(b, death_cause(d), d->signal, d->again, &who);
	buf_free(&who);
}

void text_end(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	if (!d) {
		buf_puts(b, p->state == PROC_RUNNING ? "still running" : "dead");
		return;
	}
	if (d->known && d->signal) {
		buf_printf(b, "killed by %s", name_signal(d->signal));
		text_killer(b, m, d);
		if (d->core)
			buf_puts(b, ", core dumped");
	} else if (d->known) {
		buf_printf(b, "exited with code %d", d->code);
	} else {
		buf_puts(b, "died");
	}
}

void text_death(struct buf *b, const struct model *m, const struct proc *p)
{
	const struct death *d = death_at(m, p->death);

	text_end(b, m, p);
	if (d && d->ts) {
		buf_puts(b, " at ");
		text_when(b, m, d->ts);
	}
}

bool utf8_wanted(void)
{
	static const char *const vars[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *v = NULL;

	for (u32 i = 0; i < ARRAY_SIZE(vars) && (!v || !*v); i++)
		v = getenv(vars[i]);
	return v &&
	       (strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "utf-8") || strstr(v, "UTF8"));
}

static int hold_cmp(const void *a, const void *b)
{
	const struct hold *x = *(const struct hold *const *)a, *y = *(const struct hold *const *)b;

	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* From its first hold on, so that a socket of thousands of holders is not walked for each. */
u32 holder_fds(const struct model *m, const struct sock *s, const struct holder *h,
	       const struct hold ***out)
{
	const struct hold *x = hold_at(m, h->first);
	u32 n = 0;

	*out = xcalloc(h->nfds + 1, sizeof(**out));
	for (u32 steps = 0; steps < s->nholds && n < h->nfds; steps++) {
		if (!x)
			x = hold_at(m, s->holds);
		if (x->fdtab == h->fdtab)
			(*out)[n++] = x;
		x = hold_at(m, x->sock_next);
	}
	qsort(*out, n, sizeof(**out), hold_cmp);
	return n;
}

void tgid_add(struct buf *tgids, const struct model *m, u32 proc)
{
	const struct proc *p = proc_at(m, proc);

	if (p && p->state == PROC_RUNNING)
		buf_add(tgids, &p->tgid, sizeof(p->tgid));
}

int answer_code(const struct model *m, int code)
{
	const struct cut *cuts;

	return m->lost_since || model_cuts(m, &cuts) ? EXIT_INCOMPLETE : code;
}

static void cut_words(struct buf *b, const struct cut *c)
{
	const char *kind = c->proto ? name_proto(c->proto) : "socket";

	if (c->why == CUT_NETNS && !c->netns)
		buf_printf(b, "%llu other network namespaces may not be looked into from here",
			   (unsigned long long)c->there);
	else if (c->why == CUT_NETNS)
		buf_printf(b, "network namespace %u could not be looked into", c->netns);
	else if (c->why == CUT_COUNT)
		buf_printf(b, "of at least %llu %s sockets in network namespace %u the scan met %llu",
			   (unsigned long long)c->there, kind, c->netns,
			   (unsigned long long)c->met);
	else if (c->why == CUT_ROOM)
		buf_printf(b, "there is more in %s sockets of network namespace %u than fits", kind,
			   c->netns);
	else if (c->why == CUT_NAMES)
		buf_printf(b, "the UNIX sockets of network namespace %u were left out, because a "
			      "name can forge rows of /proc/net/unix and sock_diag was refused",
			   c->netns);
	else
		buf_printf(b, "the kernel refused to show the %s sockets of network namespace %u",
			   kind, c->netns);
}

/* What scans could not see all of; the first few, and how many more. */
static void cuts_words(struct buf *b, const struct model *m)
{
	const struct cut *cuts;
	u32 n = model_cuts(m, &cuts), told = n < 3 ? n : 3;

	for (u32 i = 0; i < told; i++) {
		buf_puts(b, "Incomplete: ");
		cut_words(b, &cuts[i]);
		if (i == told - 1 && n > told)
			buf_printf(b, " (and %u more like that)", n - told);
		buf_puts(b, "; sockets may be missing.\n");
	}
}

void warn_limits(const struct model *m)
{
	struct buf b = {0};

	cuts_words(&b, m);
	for (char *s = b.s, *end; s && (end = strchr(s, '\n')); s = end + 1)
		warn("%.*s", (int)(end - s), s);
	buf_free(&b);
}

void text_uid(struct buf *b, u32 uid)
{
	if (uid == UINT32_MAX)
		buf_puts(b, "several users");
	else
		buf_printf(b, "uid %u", uid);
}

static void limits_held(struct buf *b, const struct model *m)
{
	for (u32 i = 0; i < m->nheld; i++) {
		text_uid(b, m->held[i].uid);
		buf_printf(b, ": %llu events held back, the last at ",
			   (unsigned long long)m->held[i].count);
		text_when(b, m, m->held[i].last);
		buf_puts(b, ": it made more than its share of the recording. What its processes did "
			    "to descriptors then may not be known.\n");
	}
}

void text_limits(struct out *o, const struct model *m)
{
	struct buf b = {0};

	if (m->lost_since && !m->lost)
		buf_puts(&b, "Incomplete: nobody was watching for a while, and no scan has made up "
			     "for it yet.\n");
	else if (m->lost_since)
		buf_printf(
			&b,
			"Incomplete: %llu events were lost and no scan has made up for it yet.\n",
			(unsigned long long)m->lost);
	cuts_words(&b, m);
	limits_held(&b, m);
	if (m->damaged)
		buf_puts(&b, "Incomplete: the recording is cut off or damaged, or does not hold "
			     "all that was asked for.\n");
	if (m->caps & SRC_PROC)
		buf_puts(&b,
			 "Read from /proc without BPF: sockets in flight, in io_uring, or bound "
			 "but not listening may be missing, and it is not known whether a process is "
			 "frozen, in vfork or killed, nor all that its threads wait for.\n");
	if (m->caps & SRC_PROC && !(m->caps & SRC_NETNS))
		buf_puts(&b, "Other network namespaces were not looked into.\n");
	if (m->blind)
		buf_printf(&b,
			   "The descriptors of %u process%s could not be read: "
			   "holders may be missing.\n",
			   m->blind, m->blind == 1 ? "" : "es");
	if (b.len)
		out_printf(o, "%s", "");
	for (char *s = b.s, *end; s && (end = strchr(s, '\n')); s = end + 1) {
		*end = 0;
		out_wrap(o, 0, s);
	}
	buf_free(&b);
}

struct dead dead_make(const struct model *m, const struct proc *p, enum reason reason)
{
	const struct proc *parent = proc_at(m, p->parent);

	return (struct dead){.proc = p,
			     .parent = p->parent,
			     .ppid = parent ? parent->tgid : 0,
			     .reason = reason};
}

int dead_cmp(const void *a, const void *b)
{
	const struct dead *x = a, *y = b;

	if (x->ppid != y->ppid)
		return x->ppid < y->ppid ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	return (x->proc->tgid > y->proc->tgid) - (x->proc->tgid < y->proc->tgid);
}
