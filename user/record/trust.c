// SPDX-License-Identifier: BSD-2-Clause
/* Whose word is taken for the past: owners and modes of what is found by itself. */
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rec.h"

#define OTHERS (S_IWGRP | S_IWOTH)

void trust_add(struct trust *t, uid_t uid)
{
	if (t->n < TRUST_MAX)
		t->uid[t->n++] = uid;
}

struct trust trust_base(void)
{
	struct trust t = {};

	trust_add(&t, 0);
	trust_add(&t, geteuid());
	return t;
}

static bool trusted(const struct trust *t, uid_t uid)
{
	for (u32 i = 0; i < t->n; i++)
		if (t->uid[i] == uid)
			return true;
	return false;
}

bool trust_one(const struct trust *t, const struct stat *st, const char *name, struct buf *why)
{
	bool owner = trusted(t, st->st_uid);

	if (owner && !(st->st_mode & OTHERS))
		return true;
	buf_add_safe(why, name, strlen(name), 0);
	if (!owner)
		buf_printf(why, " belongs to somebody else (uid %u)", st->st_uid);
	else
		buf_printf(why, " can be written by others (mode %04o)", st->st_mode & 07777u);
	return false;
}

bool trust_dir(const struct trust *t, int dir, const char *path, struct buf *why)
{
	struct segment *all = NULL;
	struct stat st;
	bool ok = !fstat(dir, &st) && trust_one(t, &st, path, why);
	int n = ok ? rec_segments(dir, &all) : 0;

	for (int i = 0; i < n && ok; i++) {
		struct buf name = {};

		buf_printf(&name, "%s/%s", path, all[i].name);
		if (!fstatat(dir, all[i].name, &st, AT_SYMLINK_NOFOLLOW)) /* else just deleted */
			ok = trust_one(t, &st, name.s, why);
		buf_free(&name);
	}
	free(all);
	return ok;
}

bool trust_recording(const struct trust *t, const char *path, struct buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	bool ok = false;

	if (fd < 0 || fstat(fd, &st))
		buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		ok = trust_dir(t, fd, path, why);
	else if (S_ISREG(st.st_mode))
		ok = trust_one(t, &st, path, why);
	else
		buf_printf(why, "%s is no recording", path);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Could nobody but root put something in the place of what is called so? */
static bool placed_by_root(const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	char *slash;

	if (!realpath(path, real))
		return false;
	slash = strrchr(real, '/');
	slash[slash == real] = 0;
	return !stat(real, &st) && !st.st_uid && !(st.st_mode & OTHERS);
}

bool trust_run_dir(struct trust *t, const char *path, struct buf *why)
{
	struct stat st;

	if (stat(path, &st))
		return true; /* nobody is there either */
	if (!trusted(t, st.st_uid) && placed_by_root(path))
		trust_add(t, st.st_uid);
	return trust_one(t, &st, path, why);
}

bool trust_peer(struct trust *t, int sock, struct buf *why)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	char path[32];
	struct stat st;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		buf_printf(why, "it is not known who answers there: %s", strerror(errno));
		return false;
	}
	if (!trusted(t, who.uid)) {
		buf_printf(why,
			   "process %d of uid %u answers there, which is neither root nor the "
			   "owner of the directory",
			   who.pid, who.uid);
		return false;
	}
	snprintf(path, sizeof(path), "/proc/%d", who.pid); /* it may have given up root since */
	if (!stat(path, &st))
		trust_add(t, st.st_uid);
	return true;
}
