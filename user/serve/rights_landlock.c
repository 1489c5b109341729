// SPDX-License-Identifier: BSD-2-Clause
/*
 * Landlock: which files may still be opened, whoever we are.
 *
 * The kernel says which version it speaks; headers are older than kernels, so what came after the
 * first version (5.13) has its numbers here.  Everything a version can deny is denied, and what is
 * needed allowed below three directories.  Descriptors that are open are not affected.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rights_priv.h"

#define FS_V1	  ((1ull << 13) - 1) /* up to MAKE_SYM */
#define FS_REFER  (1ull << 13)	     /* version 2: move to another directory */
#define FS_TRUNC  (1ull << 14)	     /* version 3 */
#define FS_IOCTL  (1ull << 15)	     /* version 5: of devices */
#define NET_ALL	  3ull		     /* version 4: TCP bind, TCP connect */
#define SCOPE_OUT 3ull /* version 6: abstract UNIX sockets of others, signals to others */

#define MAY_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAY_WRITE                                                                                  \
	(MAY_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                  \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNC)

/* struct landlock_ruleset_attr as of version 6; older kernels take it when what they lack is 0. */
struct ruleset {
	u64 fs, net, scoped;
};

static struct ruleset ruleset_of(int version)
{
	struct ruleset r = {.fs = FS_V1};

	r.fs |= version >= 2 ? FS_REFER : 0;
	r.fs |= version >= 3 ? FS_TRUNC : 0;
	r.fs |= version >= 5 ? FS_IOCTL : 0;
	r.net = version >= 4 ? NET_ALL : 0;
	r.scoped = version >= 6 ? SCOPE_OUT : 0;
	return r;
}

static int allow(int fence, int dir, u64 what)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = what, .parent_fd = dir};

	return syscall(SYS_landlock_add_rule, fence, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ? -errno
											   : 0;
}

/* What is not there needs no rule. */
static int allow_read(int fence, const char *path)
{
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = dir >= 0 ? allow(fence, dir, MAY_READ) : errno == ENOENT ? 0 : -errno;

	if (dir >= 0)
		close(dir);
	return err;
}

int fence_open(int write)
{
	int version =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset r = ruleset_of(version);
	int fence, err;

	if (version < 1)
		return -EOPNOTSUPP;
	fence = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fence < 0)
		return -errno;
	err = allow_read(fence, "/proc");
	if (!err)
		err = allow_read(fence, "/sys/fs/cgroup");
	if (!err && write >= 0)
		err = allow(fence, write, MAY_WRITE & r.fs);
	if (!err)
		return fence;
	close(fence);
	return err;
}

int fence_close(int fence)
{
	int err = syscall(SYS_landlock_restrict_self, fence, 0) ? -errno : 0;

	close(fence);
	return err;
}
