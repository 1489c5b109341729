// SPDX-License-Identifier: BSD-2-Clause
/* Where a recording goes: a pipe, a file that is not there yet, or a directory of segments. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"
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

/* Is somebody writing it?  A descriptor that holds the lock until it is replaced, or -errno. */
static int lock_old(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	return -error;
}

/* A file of ours is replaced: others may have it open, or the recorder of before its lock. */
static int open_regular(struct rec_writer *w, enum outfile_what what, bool force)
{
	int old = -1, fd;

	if (what == OUTFILE_OURS && !force)
		return -EEXIST;
	if (what == OUTFILE_OURS) {
		old = lock_old(w->path);
		if (old < 0)
			return old;
	}
	fd = outfile_create(w->path);
	if (old >= 0)
		close(old);
	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || fcntl(fd, F_SETFL, O_APPEND))) {
		int error = errno;

		close(fd);
		fd = -error;
	}
	return fd;
}

static int open_file(struct rec_writer *w, bool force, struct buf *err)
{
	enum outfile_what what;
	int fd = outfile_look(w->path, &what, err);

	w->pipe = what == OUTFILE_STREAM;
	if (!fd)
		fd = w->pipe ? outfile_stream(w->path, err) : open_regular(w, what, force);
	if (fd >= 0) {
		w->fd = fd;
		return 0;
	}
	if (err->len)
		return fd;
	if (fd == -EWOULDBLOCK)
		buf_printf(err, "another recorder writes %s", w->path);
	else if (fd == -EEXIST)
		buf_printf(err, "%s is there already; --force writes over it", w->path);
	else
		buf_printf(err, "cannot write %s: %s", w->path, strerror(-fd));
	return fd;
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
