/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer may lack, and why. */
#include <string.h>

#include "words.h"

int answer_code(const struct model *m, int code)
{
	const struct cut *cuts;

	return !model_whole(m) || model_cuts(m, &cuts) ? EXIT_INCOMPLETE : code;
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
		buf_printf(
			b, "of at least %llu %s sockets in network namespace %u the scan met %llu",
			(unsigned long long)c->there, kind, c->netns, (unsigned long long)c->met);
	else if (c->why == CUT_ROOM && c->what == SCOPE_FDS)
		buf_printf(b,
			   "of a process whose threads have more than %llu descriptor tables the "
			   "rest was not read",
			   (unsigned long long)c->met);
	else if (c->why == CUT_ROOM)
		buf_printf(b, "there is more in %s sockets of network namespace %u than fits", kind,
			   c->netns);
	else if (c->why == CUT_NAMES)
		buf_printf(b,
			   "the UNIX sockets of network namespace %u were left out, because a "
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
		buf_puts(b,
			 ": it made more than its share of the recording. What its processes did "
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
			 "but not listening may be missing, and it is not known whether a process "
			 "is "
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
