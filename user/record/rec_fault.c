// SPDX-License-Identifier: BSD-2-Clause
/*
 * What goes wrong with a recording while it is written: said once a cause, counted, and told to
 * whoever asks the recorder.
 *
 * The disk may fail, and others may remove, replace, cut or grow what is ours by name.  A write
 * into a file without a name succeeds, so before each block it is looked up whether file and
 * directory are still there and as long as we made them: four system calls a block, which is one a
 * second or a MiB.  What we write is appended, so that of a file that was cut just then the length
 * is wrong ever after.  A segment that is no longer ours is left as it is and the next one begun; the
 * numbers of its blocks are missing there, and every reader says so (R1, R2).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rec_writer.h"

static const char *const sentences[FAULTS] = {
	[FAULT_WRITE] = "cannot write to %s: %s; tracing goes on, what happens meanwhile is not "
			"recorded",
	[FAULT_SYNC] = "cannot sync %s to the disk: %s; what was recorded may not outlive a crash "
		       "of the machine",
	[FAULT_CLOSE] = "cannot close a file of %s: %s; the end of it may be missing",
	[FAULT_DIR] = "the directory %s: %s; what is recorded is not kept there any more",
	[FAULT_FILE] = "the file that is written in %s: %s; what was recorded in it is missing",
	[FAULT_SIZE] = "the file that is written in %s: %s; what was recorded in it is damaged",
	[FAULT_DELETE] = "cannot delete an old segment in %s: %s; it may grow beyond its limit",
	[FAULT_READ] = "cannot look through %s: %s; nothing old is deleted there",
};

/* The first is kept: mostly the others follow from it. */
static void fault(struct rec_writer *w, enum rec_fault f, const char *why)
{
	struct buf said = {};
	bool first;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(&said, sentences[f], rec_path(w), why);
#pragma GCC diagnostic pop
	pthread_mutex_lock(&w->lock);
	w->faults++;
	first = !(w->told >> f & 1);
	if (!w->told)
		snprintf(w->trouble, sizeof(w->trouble), "%s", said.s);
	w->told |= 1u << f;
	pthread_mutex_unlock(&w->lock);
	if (first)
		warn("%s", said.s);
	buf_free(&said);
}

void writer_fault(struct rec_writer *w, enum rec_fault f, int err)
{
	fault(w, f, strerror(-err));
}

void writer_well_again(struct rec_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->told &= ~(1u << FAULT_WRITE);
	pthread_mutex_unlock(&w->lock);
}

/* What stands under that name; false where that is not for us to see. */
static bool named(int dir, const char *name, struct stat *st)
{
	*st = (struct stat){};
	return !fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) || errno == ENOENT || errno == ENOTDIR;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *gone_how(const struct stat *ours, const struct stat *there)
{
	if (there->st_ino)
		return "another one has taken its place";
	return ours->st_nlink ? "it was moved away" : "it was removed";
}

static void dir_check(struct rec_writer *w)
{
	struct stat ours, there;
	const char *why = NULL;

	if (w->dir < 0 || w->dir_bad || fstat(w->dir, &ours))
		return;
	if (named(AT_FDCWD, w->path, &there) && !same(&ours, &there))
		why = gone_how(&ours, &there);
	else if (!ours.st_nlink)
		why = "it was removed";
	w->dir_bad = why;
	if (why)
		fault(w, FAULT_DIR, why);
}

static const char *file_trouble(struct rec_writer *w, enum rec_fault *f)
{
	const char *name = w->dir < 0 ? w->path : w->name;
	struct stat ours, there;

	*f = FAULT_FILE;
	if (fstat(w->fd, &ours))
		return strerror(errno);
	if (named(w->dir < 0 ? AT_FDCWD : w->dir, name, &there) && !same(&ours, &there))
		return gone_how(&ours, &there);
	if (!ours.st_nlink)
		return "it was removed";
	*f = FAULT_SIZE;
	if ((u64)ours.st_size < w->bytes)
		return "somebody cut it short";
	return (u64)ours.st_size > w->bytes ? "somebody else writes to it" : NULL;
}

bool writer_owns(struct rec_writer *w)
{
	enum rec_fault f;
	const char *why;

	if (w->pipe)
		return true;
	dir_check(w);
	why = w->fd < 0 || w->file_bad ? NULL : file_trouble(w, &f);
	if (!why)
		return true;
	fault(w, f, why);
	w->file_bad = true;
	return false;
}

void writer_check(struct rec_writer *w)
{
	if (writer_owns(w) || w->dir < 0) /* a file has no other to go on in */
		return;
	if (close(w->fd))
		writer_fault(w, FAULT_CLOSE, -errno);
	w->fd = -1;
	pthread_mutex_lock(&w->lock);
	w->wants_model = true;
	pthread_mutex_unlock(&w->lock);
}

u64 rec_faults(struct rec_writer *w)
{
	u64 n;

	pthread_mutex_lock(&w->lock);
	n = w->faults;
	pthread_mutex_unlock(&w->lock);
	return n;
}

bool rec_trouble(struct rec_writer *w, struct buf *why)
{
	pthread_mutex_lock(&w->lock);
	if (w->told)
		buf_puts(why, w->trouble);
	pthread_mutex_unlock(&w->lock);
	return why->len;
}
