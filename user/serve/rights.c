// SPDX-License-Identifier: BSD-2-Clause
/*
 * From root, or a user with some capabilities, to a user without any.
 *
 * The order matters: each step needs what the next one takes away.  "Not dumpable" keeps others of
 * the same user from looking into our memory (many a service runs as nobody) and cores off the
 * disk; /proc/self then belongs to root, of which a process may read all it needs of itself anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rights.h"
#include "rights_priv.h"

struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/* Of those whom we may become by ourselves. */
static const char *user_default(const struct rights *r)
{
	if (getpwnam(RIGHTS_USER))
		return RIGHTS_USER;
	return r->write ? "root" : RIGHTS_ELSE;
}

/* Who we shall be: whoever we are, unless we are root. */
static int user_find(const struct rights *r, struct user *u, struct buf *err)
{
	const struct passwd *pw;

	*u = (struct user){r->user, geteuid(), getegid()};
	if (u->uid && !r->user)
		return 0;
	if (!r->user)
		u->name = user_default(r);
	errno = 0;
	pw = getpwnam(u->name);
	if (!pw) {
		buf_printf(err, "there is no user %s to become%s%s", u->name,
			   errno ? ": " : "; give one that exists with --user",
			   errno ? strerror(errno) : "");
		return errno ? -errno : -ENOENT;
	}
	if (u->uid && u->uid != pw->pw_uid) {
		buf_printf(err, "only root can become %s: start as root, or without --user",
			   u->name);
		return -EPERM;
	}
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	return 0;
}

u32 rights_uid(const struct rights *r)
{
	struct buf err = {};
	struct user u;
	int e = user_find(r, &u, &err);

	buf_free(&err);
	return e ? 0 : u.uid;
}

bool rights_stays_root(const struct rights *r)
{
	return !geteuid() && !r->user && !strcmp(user_default(r), "root");
}

static int user_become(const struct user *u, struct buf *err)
{
	uid_t uid, euid, suid;

	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(u->gid, u->gid, u->gid) ||
			       setresuid(u->uid, u->uid, u->uid))) {
		buf_printf(err,
			   "cannot become %s: %s; that takes CAP_SETUID and CAP_SETGID, which a "
			   "container may lack (--user root stays root, without capabilities)",
			   u->name, strerror(errno));
		return -errno;
	}
	if (getresuid(&uid, &euid, &suid) || uid != u->uid || euid != uid || suid != uid) {
		buf_printf(err, "cannot become %s", u->name);
		return -EPERM;
	}
	return 0;
}

/*
 * The bounding set first: it needs a capability itself.  Where that is lacking it stays, and is of
 * no use: with no_new_privs nothing is got by exec.
 */
static void caps_bound(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int caps_clear(void)
{
	cap_t none = cap_init(), left;
	int error = 0;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!none || cap_set_proc(none))
		error = errno;
	left = cap_get_proc();
	if (!error && (!left || cap_compare(none, left)))
		error = EPERM;
	cap_free(left);
	cap_free(none);
	return -error;
}

static int write_refused(const char *path, const struct user *u, int error, struct buf *err)
{
	if (error == EACCES)
		buf_printf(err,
			   "%s may not write into %s: give it the directory (chown %s %s), or name "
			   "its owner with --user",
			   u->name, path, u->name, path);
	else
		buf_printf(err, "cannot write into %s: %s", path, strerror(error));
	return -error;
}

/* What was asked for is to be written there: better now a sentence than later a recording of
 * nothing. */
static int write_check(int dir, const char *path, const struct user *u, struct buf *err)
{
	if (dir < 0 || !faccessat(dir, ".", W_OK | X_OK, AT_EACCESS))
		return 0;
	return write_refused(path, u, errno, err);
}

int rights_check(const struct rights *r, struct buf *err)
{
	struct user u;
	struct stat st;
	int e = user_find(r, &u, err);
	mode_t may;

	if (e || geteuid() || !u.uid || !r->write || stat(r->write, &st) || !S_ISDIR(st.st_mode))
		return e;
	may = st.st_uid == u.uid ? S_IWUSR : st.st_gid == u.gid ? S_IWGRP : S_IWOTH;
	return st.st_mode & may ? 0 : write_refused(r->write, &u, EACCES, err);
}

static int write_open(const struct rights *r, int *dir, struct buf *err)
{
	*dir = r->write ? open(r->write, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (!r->write || *dir >= 0 || errno == ENOTDIR) /* a single file is open already */
		return 0;
	buf_printf(err, "cannot write into %s: %s", r->write, strerror(errno));
	return -errno;
}

/* All but the user. */
static int powers_drop(int fence, struct buf *err)
{
	const char *what = "capabilities";
	int e = caps_clear();

	if (!e) {
		what = "what exec could give";
		e = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
	}
	if (!e && fence != -EOPNOTSUPP) {
		what = "files (Landlock)";
		e = fence < 0 ? fence : fence_close(fence);
	}
	if (e)
		buf_printf(err, "cannot give up %s: %s", what, strerror(-e));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return e;
}

int rights_drop(const struct rights *r, struct buf *err)
{
	struct user u;
	int dir, fence, e = user_find(r, &u, err);

	tzset(); /* local time is read from a file */
	if (!e)
		e = write_open(r, &dir, err);
	if (e)
		return e;
	fence = fence_open(dir);
	if (fence == -EOPNOTSUPP && rights_stays_root(r)) {
		buf_puts(err,
			 "there is no user " RIGHTS_USER " to own the recording, and this kernel "
			 "has no Landlock to hold root by: make one, or give one with --user");
		return -EOPNOTSUPP;
	}
	caps_bound();
	e = user_become(&u, err);
	if (!e)
		e = write_check(dir, r->write, &u, err);
	if (!e)
		e = powers_drop(fence, err);
	if (dir >= 0)
		close(dir);
	return e;
}

int rights_give(int dir, const struct rights *r, struct buf *err)
{
	struct user u;
	int e = user_find(r, &u, err);

	if (e || geteuid() || !fchown(dir, u.uid, u.gid))
		return e;
	buf_printf(err, "cannot give the recording's directory to %s: %s", u.name, strerror(errno));
	return -errno;
}
