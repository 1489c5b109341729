/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path of a cgroup2 id, or of one in the freezer's own hierarchy (CGROUP_FREEZER).
 *
 * The id is the inode of the cgroup's directory and, as it is, a file handle of kernfs (type 0xfe,
 * 5.5): open_by_handle_at() opens the directory without a search, and its link in /proc/self/fd
 * tells the path.  That needs CAP_DAC_READ_SEARCH; without it a process that lives there tells, if
 * the directory it names is still the one with the id.  It may be gone, and in a cgroup namespace
 * of our own what lies beside us reads "/../name": then the whole tree is to be searched.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs_priv.h"

#define FILEID_KERNFS_TYPE 0xfe
#define WALK_DIRS	   50000 /* the most that one search looks at */
#define WALK_DEPTH	   64

/* "... - cgroup2 SOURCE OPTIONS", "... - cgroup SOURCE rw,freezer" */
static bool is_hierarchy(char *line, bool freezer)
{
	char *at = strstr(line, freezer ? " - cgroup " : " - cgroup2 "), *save = NULL;

	if (!at || !freezer)
		return at;
	for (char *word = strtok_r(at, " ,\n", &save); word; word = strtok_r(NULL, " ,\n", &save))
		if (!strcmp(word, "freezer"))
			return true;
	return false;
}

/*
 * Where cgroup2, or the hierarchy of the freezer, is mounted: "ID PARENT DEV ROOT MOUNTPOINT OPTIONS
 * ... - cgroup2 SOURCE ...".
 */
static bool mount_find(char *out, size_t size, bool freezer)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, point[1024];
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0)
		if (is_hierarchy(line, freezer) &&
		    sscanf(line, "%*s %*s %*s %*s %1023s", point) == 1 && strlen(point) < size) {
			memcpy(out, point, strlen(point) + 1);
			found = true;
		}
	free(line);
	fclose(f);
	return found;
}

#define CGROUP_ROOT_INO 1 /* in a container what is mounted begins further down */

int procfs_cgroup_root(void)
{
	char mount[1024];
	struct stat st;
	int fd;

	if (!mount_find(mount, sizeof(mount), false))
		return -ENOENT;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_ino != CGROUP_ROOT_INO) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* The directory of an id, below the mount; length of the path or -errno. */
static ssize_t path_find(const char *mount, u64 id, char *out, size_t size)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} u = {.h = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS_TYPE}};
	char link[64];
	ssize_t n = -1;

	memcpy(u.h.f_handle, &id, sizeof(id));
	int at = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return -errno;
	int fd = open_by_handle_at(at, &u.h, O_PATH | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;
	close(at);
	if (err)
		return err;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size - 1);
	err = -errno;
	close(fd);
	if (n < 0)
		return err;
	out[n] = '\0';
	return n;
}

static bool path_of_pid(const char *mount, u64 id, u32 pid, char *out, size_t size)
{
	size_t n = strlen(mount);
	struct stat st;

	if (n >= size)
		return false;
	memcpy(out, mount, n);
	if (!proc_cgroup(pid, out + n, size - n) || stat(out, &st) || st.st_ino != id)
		return false;
	if (!strcmp(out + n, "/"))
		out[n] = '\0';
	return true;
}

static void tell(u64 id, const char *path, u64 ts, sink_fn sink, void *ctx)
{
	struct {
		struct ev_cgroup e;
		char tail[EV_MAX - sizeof(struct ev_cgroup)];
	} r = {0};
	size_t n = strlen(path);

	if (n > sizeof(r.tail) - 2)
		n = sizeof(r.tail) - 2;
	memcpy(r.tail, path, n);
	if (!n)
		r.tail[n++] = '/'; /* the root itself */
	proc_head(&r.e, EV_KIND_CGROUP, (u16)(sizeof(r.e) + n + 1), 0, 0);
	r.e.h.ts = ts;
	r.e.id = id;
	r.e.path_len = (u16)(n + 1);
	sink(ctx, &r.e.h, r.e.h.size);
}

int procfs_cgroup(u64 id, u32 pid, u64 ts, sink_fn sink, void *ctx)
{
	bool freezer = id & CGROUP_FREEZER;
	char mount[1024], path[4096];
	ssize_t n;

	if (!id || !mount_find(mount, sizeof(mount), freezer))
		return -ENOENT;
	n = path_find(mount, id & ~CGROUP_FREEZER, path, sizeof(path));
	if (n < 0 && freezer) /* no search finds it either */
		return -ENOENT;
	if (n < 0 && !path_of_pid(mount, id, pid, path, sizeof(path)))
		return (int)n;
	if (strncmp(path, mount, strlen(mount)))
		return -ENOENT;
	tell(id, path + strlen(mount), ts, sink, ctx);
	return 0;
}

/* ---- the whole tree -------------------------------------------------------------------------- */

struct walk {
	char path[EV_MAX]; /* below the mount, of what is looked at */
	dev_t dev;
	u32 left; /* directories that may still be looked at */
	bool (*wanted)(void *ctx, u64 id);
	u64 ts;
	sink_fn sink;
	void *ctx;
};

static void walk_below(struct walk *w, int fd, size_t len, u32 depth);

static void walk_meet(struct walk *w, const struct stat *st)
{
	if (w->wanted(w->ctx, st->st_ino))
		tell(st->st_ino, w->path, w->ts, w->sink, w->ctx);
}

/* Two links and one more for each child: what has none, most have none, need not be read. */
static void walk_into(struct walk *w, int at, const char *name, size_t len, u32 depth)
{
	size_t n = strlen(name);
	struct stat st;
	int fd;

	w->left--;
	if (len + 1 + n >= sizeof(w->path) || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISDIR(st.st_mode) || st.st_dev != w->dev)
		return;
	w->path[len] = '/';
	memcpy(w->path + len + 1, name, n + 1);
	walk_meet(w, &st);
	if (st.st_nlink == 2 || depth == WALK_DEPTH)
		return;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		walk_below(w, fd, len + 1 + n, depth + 1);
}

/* Takes the descriptor. */
static void walk_below(struct walk *w, int fd, size_t len, u32 depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		close(fd);
		return;
	}
	while (w->left && (d = readdir(dir)))
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			walk_into(w, fd, d->d_name, len, depth);
	closedir(dir);
}

void procfs_cgroups(bool (*wanted)(void *ctx, u64 id), u64 ts, sink_fn sink, void *ctx)
{
	struct walk w = {.left = WALK_DIRS, .wanted = wanted, .ts = ts, .sink = sink, .ctx = ctx};
	char mount[1024];
	struct stat st;
	int fd;

	if (!mount_find(mount, sizeof(mount), false))
		return;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st)) {
		close(fd);
		return;
	}
	w.dev = st.st_dev;
	walk_meet(&w, &st);
	walk_below(&w, fd, 0, 1);
}
