// SPDX-License-Identifier: BSD-2-Clause
/* Where a recording goes: a pipe, a file that is not there yet, or a directory of segments. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_writer.h"
#include "trust.h"

/* ---- a directory --------------------------------------------------------------------- */

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

/* The order of names is that of runs, also when the clock was set back. */
static void run_after_others(struct rec_writer *w)
{
	struct segment *all;
	int n = rec_segments(w->dir, &all);
	u64 newest = n > 0 ? rec_segment_run(all[n - 1].name) : 0;

	if (w->run < newest + NS_PER_MS)
		w->run = newest + NS_PER_MS;
	free(all);
}

static int open_first(struct rec_writer *w)
{
	struct segment *there;
	int err = rec_segments(w->dir, &there);

	free(there);
	if (err > 0 && w->limits.wait)
		return -EEXIST; /* a copy among others would be read as one with them */
	run_after_others(w);
	while ((err = file_open(w)) == -ENOSPC && drop_oldest(w))
		;
	if (!err)
		drop_old(w);
	return err;
}

/*
 * What others may write is no evidence: not a directory of somebody else's, nor one with their
 * files in it.  limits.owner is who we shall be.
 */
static bool is_ours(const struct rec_writer *w, struct buf *err)
{
	struct trust t = trust_base();
	struct buf why = {};
	bool ok;

	if (w->limits.owner)
		trust_add(&t, w->limits.owner);
	ok = trust_dir(&t, w->dir, w->path, &why);
	if (!ok)
		buf_printf(err, "%s: what is recorded there could be changed by others", why.s);
	buf_free(&why);
	return ok;
}

static int open_dir(struct rec_writer *w, struct buf *err)
{
	int error = 0;

	w->made = !mkdir(w->path, 0700);
	if (!w->made && errno != EEXIST)
		error = errno;
	if (error) {
		buf_printf(err, "cannot make the directory %s: %s", w->path, strerror(error));
		return -error;
	}
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->dir >= 0 && !is_ours(w, err))
		return -EPERM;
	error = w->dir < 0 || flock(w->dir, LOCK_EX | LOCK_NB) ? errno : -open_first(w);
	if (error == EWOULDBLOCK)
		buf_printf(err, "another recorder writes into %s", w->path);
	else if (error == EEXIST)
		buf_printf(err,
			   "%s holds a recording already: a copy goes into a file, or a "
			   "directory of its own",
			   w->path);
	else if (error == ELOOP || (error == ENOTDIR && is_link(w->path)))
		buf_printf(err, "%s is a symbolic link, which is not followed", w->path);
	else if (error)
		buf_printf(err, "cannot write into %s: %s", w->path, strerror(error));
	return -error;
}

static int open_file(struct rec_writer *w, bool force, struct buf *err)
{
	struct stat st;
	bool there = !lstat(w->path, &st);
	int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, error;

	if (there && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		w->pipe = true; /* a device, a named pipe */
	else
		flags |= O_CREAT | (force ? 0 : O_EXCL);
	w->fd = open(w->path, flags, 0600);
	if (w->fd >= 0 && !w->pipe &&
	    (flock(w->fd, LOCK_EX | LOCK_NB) || ftruncate(w->fd, 0) || fchmod(w->fd, 0600))) {
		error = errno;
		close(w->fd);
		w->fd = -1;
		errno = error;
	}
	if (w->fd >= 0)
		return 0;
	error = errno;
	if (error == EWOULDBLOCK)
		buf_printf(err, "another recorder writes %s", w->path);
	else if (error == EEXIST && S_ISREG(st.st_mode))
		buf_printf(err, "%s is there already; --force writes over it", w->path);
	else if (error == ELOOP || error == EEXIST)
		buf_printf(err, "%s is a symbolic link, which is not followed", w->path);
	else
		buf_printf(err, "cannot write %s: %s", w->path, strerror(error));
	return -error;
}

int open_target(struct rec_writer *w, bool force, struct buf *err)
{
	size_t n = strlen(w->path);
	struct stat st;

	if (!strcmp(w->path, "-")) {
		if (isatty(STDOUT_FILENO)) {
			buf_puts(err,
				 "a recording is not for a terminal: give a file, or pipe it on");
			return -ENOTTY;
		}
		w->fd = STDOUT_FILENO;
		w->pipe = true;
		return 0;
	}
	if ((n && w->path[n - 1] == '/') || (!lstat(w->path, &st) && S_ISDIR(st.st_mode))) {
		while (n > 1 && w->path[n - 1] == '/')
			w->path[--n] = 0;
		return open_dir(w, err);
	}
	return open_file(w, force, err);
}
