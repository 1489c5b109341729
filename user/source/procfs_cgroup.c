/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path of a cgroup2 id.
 *
 * The id is the inode of the cgroup's directory and, as it is, a file handle of kernfs (type 0xfe,
 * 5.5): open_by_handle_at() opens the directory without a search, and its link in /proc/self/fd
 * tells the path.  That needs CAP_DAC_READ_SEARCH; without it a process that lives there tells, if
 * the directory it names is still the one with the id.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs_priv.h"

#define FILEID_KERNFS_TYPE 0xfe

/* Where cgroup2 is mounted: "ID PARENT DEV ROOT MOUNTPOINT OPTIONS ... - cgroup2 SOURCE ...". */
static bool mount_find(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, point[1024];
	size_t room = 0;
	bool found = false;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0)
		if (strstr(line, " - cgroup2 ") &&
		    sscanf(line, "%*s %*s %*s %*s %1023s", point) == 1 && strlen(point) < size) {
			memcpy(out, point, strlen(point) + 1);
			found = true;
		}
	free(line);
	fclose(f);
	return found;
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

bool procfs_cgroup(u64 id, u32 pid, u64 ts, sink_fn sink, void *ctx)
{
	struct {
		struct ev_cgroup e;
		char tail[EV_MAX - sizeof(struct ev_cgroup)];
	} r = {0};
	char mount[1024], path[4096];
	size_t skip, n;

	if (!id || !mount_find(mount, sizeof(mount)) ||
	    (path_find(mount, id, path, sizeof(path)) < 0 &&
	     !path_of_pid(mount, id, pid, path, sizeof(path))))
		return false;
	skip = strlen(mount);
	if (strncmp(path, mount, skip))
		return false;
	n = strlen(path + skip);
	if (n > sizeof(r.tail) - 2)
		n = sizeof(r.tail) - 2;
	memcpy(r.tail, path + skip, n);
	if (!n)
		r.tail[n++] = '/'; /* the root itself */
	proc_head(&r.e, EV_KIND_CGROUP, (u16)(sizeof(r.e) + n + 1), 0, 0);
	r.e.h.ts = ts;
	r.e.id = id;
	r.e.path_len = (u16)(n + 1);
	sink(ctx, &r.e.h, r.e.h.size);
	return true;
}
