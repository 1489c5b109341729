/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a UNIX socket's path.
 *
 * bind() makes it and fails where there is one, whoever lives; nobody removes it but by unlink.
 * So a path is taken by a file, and who is reached by it is the socket that the file belongs to.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "answer.h"

/* Why no file could be made there: its directory is missing or none; 0: it could. */
static int nowhere(const char *path)
{
	char dir[UNIX_LEN + 1];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (!slash)
		return 0;
	if (!slash[1])
		return ENOENT; /* bind() makes no directory */
	snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (stat(dir, &st))
		return errno;
	return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

/* The last part of a path is not followed by bind(), but by connect(). */
void query_look(struct query *q)
{
	char path[UNIX_LEN + 1] = "";
	struct stat st;

	memset(&q->file, 0, sizeof(q->file));
	if (!q->name.len || !q->name.s[0])
		return;
	memcpy(path, q->name.s, q->name.len);
	if (!stat("/proc/self/ns/mnt", &st))
		q->file.mntns = (u32)st.st_ino;
	q->file.there = !lstat(path, &st);
	q->file.looked = q->file.there || errno == ENOENT || errno == ENOTDIR;
	q->file.dir = q->file.there && S_ISDIR(st.st_mode);
	q->file.nowhere = q->file.there ? 0 : nowhere(path);
	if (!q->file.there || stat(path, &st))
		return;
	q->file.socket = S_ISSOCK(st.st_mode);
	q->file.ino = st.st_ino;
	q->file.dev = (u32)(major(st.st_dev) << 20 | minor(st.st_dev));
}

enum unreached file_unreached(const struct model *m, const struct query *q, const struct sock *s)
{
	const struct hold *h = hold_at(m, s->holds);
	const struct proc *p =
		h ? proc_at(m, tabref_at(m, fdtab_at(m, h->fdtab)->refs)->proc) : NULL;

	if (sock_file(m, s)->file_names == FILE_REMOVED)
		return UNREACHED_REMOVED;
	return p && p->mntns && p->mntns != q->file.mntns ? UNREACHED_MNTNS : UNREACHED_MOVED;
}

void unreached_words(struct buf *b, const struct model *m, const struct match *x)
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
		buf_puts(b, "Connections with that name, of a listener that is gone or of their own, are "
			    "still open; nobody reaches them by it, and their end does not free it:");
	} else {
		buf_puts(b, "Bound to that name, but its file is no longer there: it was renamed, "
			    "removed while another link of it stays, or is hidden by a mount:");
	}
}

/* There is no socket that the path leads to: what does keep a bind from working, or does nothing? */
void file_words(struct buf *b, const struct query *q, const char *path, bool whole, bool connected)
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
		buf_puts(b, " is the file of a socket that nothing which could be looked at has; not "
			    "all could. As long as it is there, bind() fails with EADDRINUSE.");
	else if (q->file.socket && connected)
		buf_puts(b, " is a file at which nothing listens: connect() gets ECONNREFUSED. As "
			    "long as the file is there, bind() fails with EADDRINUSE.");
	else if (q->file.socket)
		buf_puts(b, " is a file left over from a socket that is gone: no process has it, and "
			    "connect() gets ECONNREFUSED. As long as the file is there, bind() fails with "
			    "EADDRINUSE.");
	else if (q->file.dir)
		buf_puts(b, " is a directory: bind() fails with EADDRINUSE.");
	else if (q->file.ino)
		buf_puts(b, " is there, but is no socket: bind() fails with EADDRINUSE.");
	else
		buf_puts(b, " is a symbolic link that leads nowhere: bind() fails with EADDRINUSE.");
}
