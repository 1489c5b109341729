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
