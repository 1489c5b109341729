// SPDX-License-Identifier: BSD-2-Clause
/*
 * Files written to because their name was given.
 *
 * What is written aside has no name (O_TMPFILE) where the file system can do that, so that nothing
 * is left behind however the program ends.  Elsewhere it has one beside its target, which goes at
 * exit and with the signals that end a program that does not catch them.
 */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 16 /* names that are taken */

struct outfile {
	FILE *file;
	int fd;
	char *path;
	char *dir;		 /* where it is written aside; NULL: it is not */
	int at;			 /* descriptor of dir */
	char temp[NAME_MAX + 1]; /* its name there; "": none yet */
};

/* ---- what is there --------------------------------------------------------------------------- */

static int refuse(struct buf *err, const char *path, const char *why)
{
	buf_add_safe(err, path, strlen(path), 0);
	buf_printf(err, " %s", why);
	return -EPERM;
}

int outfile_look(const char *path, enum outfile_what *what, struct buf *err)
{
	struct stat st;

	*what = OUTFILE_NEW;
	if (lstat(path, &st)) {
		if (errno == ENOENT)
			return 0;
		buf_printf(err, "cannot write %s: %s", path, strerror(errno));
		return -errno;
	}
	if (S_ISLNK(st.st_mode))
		return refuse(err, path, "is a symbolic link, which is not followed");
	if (S_ISDIR(st.st_mode))
		return refuse(err, path, "is a directory");
	*what = S_ISREG(st.st_mode) ? OUTFILE_OURS : OUTFILE_STREAM;
	if (S_ISCHR(st.st_mode) && !st.st_uid)
		return 0;
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return refuse(err, path, "is neither a file nor a pipe: it is not written to");
	if (st.st_uid != geteuid())
		return refuse(err, path,
			      "belongs to somebody else, who could read or change what is written "
			      "there: give another name");
	if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		return refuse(err, path,
			      "has other names, too (hard links): it is not written over");
	return 0;
}

int outfile_stream(const char *path, struct buf *err)
{
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY), error = errno;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode) &&
	    (st.st_uid == geteuid() || (S_ISCHR(st.st_mode) && !st.st_uid)))
		return fd;
	if (fd >= 0) {
		close(fd);
		error = EPERM; /* another one since it was looked at */
	}
	buf_printf(err, "cannot write %s: %s", path, strerror(error));
	return -error;
}

int outfile_create(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags, 0600);

	if (fd < 0 && errno == EEXIST && !unlink(path))
		fd = open(path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* ---- written aside --------------------------------------------------------------------------- */

/* Under a name there is one at a time; a handler may use no more than this. */
static char left_behind[PATH_MAX];

static void remove_left(void)
{
	if (*left_behind)
		unlink(left_behind);
	*left_behind = 0;
}

static void on_end(int sig)
{
	remove_left();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Those that would end us; who catches them later ends in order. */
static void remember(const struct outfile *f)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ};
	static bool asked;
	struct sigaction old;

	snprintf(left_behind, sizeof(left_behind), "%s/%s", f->dir, f->temp);
	if (!asked)
		atexit(remove_left);
	asked = true;
	for (u32 i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			signal(signals[i], on_end);
}

static void temp_name(struct outfile *f)
{
	u64 chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance = time_boot_ns();
	snprintf(f->temp, sizeof(f->temp), ".probate-%016llx", (unsigned long long)chance);
}

static int open_named(struct outfile *f)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < TRIES; i++) {
		temp_name(f);
		fd = openat(f->at, f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		return -errno;
	remember(f);
	return fd;
}

static int open_aside(struct outfile *f)
{
	const char *slash = strrchr(f->path, '/');
	int fd;

	f->dir = xstrdup(!slash ? "." : slash == f->path ? "/" : f->path);
	if (slash && slash != f->path)
		f->dir[slash - f->path] = 0;
	f->at = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->at < 0)
		return -errno;
	fd = openat(f->at, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	return errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT ? open_named(f) : -errno;
}

struct outfile *outfile_open(const char *path, bool at_once, struct buf *err)
{
	struct outfile *f = xcalloc(1, sizeof(*f));
	enum outfile_what what;

	f->path = xstrdup(path);
	f->at = -1;
	f->fd = outfile_look(path, &what, err);
	if (!f->fd && what == OUTFILE_STREAM)
		f->fd = outfile_stream(path, err);
	else if (!f->fd)
		f->fd = at_once ? outfile_create(path) : open_aside(f);
	f->file = f->fd < 0 ? NULL : fdopen(f->fd, "w");
	if (f->file)
		return f;
	if (!err->len)
		buf_printf(err, "cannot write %s: %s", path, strerror(f->fd < 0 ? -f->fd : errno));
	if (f->fd >= 0) /* it came to no stream that would close it */
		close(f->fd);
	outfile_drop(f);
	return NULL;
}

FILE *outfile_file(struct outfile *f)
{
	return f->file;
}

/* It gets a name beside its target. */
static int name_it(struct outfile *f)
{
	char self[32];
	int err = -EEXIST;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	for (int i = 0; err == -EEXIST && i < TRIES; i++) {
		temp_name(f);
		remember(f);
		err = linkat(AT_FDCWD, self, f->at, f->temp, AT_SYMLINK_FOLLOW) ? -errno : 0;
	}
	return err;
}

/* What has come there meanwhile is as little written over as what was there before. */
static int take_place(struct outfile *f, struct buf *err)
{
	const char *base = strrchr(f->path, '/');
	enum outfile_what what;
	int e = outfile_look(f->path, &what, err);

	if (!e && what == OUTFILE_STREAM)
		e = -EEXIST;
	if (!e && !*f->temp)
		e = name_it(f);
	if (!e && renameat(f->at, f->temp, f->at, base ? base + 1 : f->path))
		e = -errno;
	if (!e)
		*left_behind = 0;
	return e;
}

int outfile_commit(struct outfile *f, struct buf *err)
{
	int e = fflush(f->file) ? -errno : 0;

	if (!e && f->dir)
		e = take_place(f, err);
	if (fclose(f->file) && !e)
		e = -errno;
	f->file = NULL;
	if (e && !err->len)
		buf_printf(err, "cannot write %s: %s", f->path, strerror(-e));
	outfile_drop(f);
	return e;
}

void outfile_drop(struct outfile *f)
{
	if (f->file)
		fclose(f->file);
	if (f->at >= 0)
		close(f->at);
	if (f->dir)
		remove_left();
	free(f->dir);
	free(f->path);
	free(f);
}
