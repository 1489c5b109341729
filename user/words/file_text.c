/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of the file of a UNIX socket's path. */
#include <string.h>

#include "words.h"

void text_unreached(struct buf *b, const struct model *m, const struct match *x)
{
	const struct hold *h = hold_at(m, x->sock->holds);
	const struct proc *p =
		h ? proc_at(m, tabref_at(m, fdtab_at(m, h->fdtab)->refs)->proc) : NULL;

	if (x->unreached == UNREACHED_REMOVED) {
		buf_puts(b, "Bound to that name, but its file was removed or replaced, so that "
			    "nobody reaches it any more:");
	} else if (x->unreached == UNREACHED_MNTNS && p) {
		buf_printf(b, "Bound to that name in mount namespace %u", p->mntns);
		text_lives_there(b, m, x->sock);
		buf_puts(b, ", where it is another file:");
	} else if (x->unreached == UNREACHED_CONNECTION) {
		buf_puts(b,
			 "Connections with that name, of a listener that is gone or of their own, "
			 "are "
			 "still open; nobody reaches them by it, and their end does not free it:");
	} else {
		buf_puts(b, "Bound to that name, but its file is no longer there: it was renamed, "
			    "removed while another link of it stays, or is hidden by a mount:");
	}
}

/* There is no socket that the path leads to: what does keep a bind from working, or does nothing? */
void text_file(struct buf *b, const struct query *q, const char *path, bool whole, bool connected)
{
	if (!q->file.there) {
		buf_puts(b, "Nothing holds ");
		buf_add_safe(b, path, strlen(path), 0);
		if (q->file.nowhere)
			buf_printf(b, ", and nothing can: bind() there fails with %s.",
				   name_errno(q->file.nowhere));
		else
			buf_puts(b, ": there is no such file, so it is free.");
		return;
	}
	buf_add_safe(b, path, strlen(path), 0);
	if (q->file.socket && !whole)
		buf_puts(b,
			 " is the file of a socket that nothing which could be looked at has; not "
			 "all could. As long as it is there, bind() fails with EADDRINUSE.");
	else if (q->file.socket && connected)
		buf_puts(b, " is a file at which nothing listens: connect() gets ECONNREFUSED. As "
			    "long as the file is there, bind() fails with EADDRINUSE.");
	else if (q->file.socket)
		buf_puts(b,
			 " is a file left over from a socket that is gone: no process has it, and "
			 "connect() gets ECONNREFUSED. As long as the file is there, bind() fails "
			 "with "
			 "EADDRINUSE.");
	else if (q->file.dir)
		buf_puts(b, " is a directory: bind() fails with EADDRINUSE.");
	else if (q->file.ino)
		buf_puts(b, " is there, but is no socket: bind() fails with EADDRINUSE.");
	else
		buf_puts(b,
			 " is a symbolic link that leads nowhere: bind() fails with EADDRINUSE.");
}
