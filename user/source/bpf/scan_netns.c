/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network namespaces: a socket iterator sees that of whoever opens it, so each is entered.
 *
 * The way in is a process that lives there, a place where it is mounted, or a socket of it that
 * some process holds (SIOCGSKNS).  A way may be gone by the time it is tried; then the next is, and
 * when there is none left the namespace is looked for among the processes once more: without any it
 * is gone itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scan_priv.h"

static struct netns *netns_get(struct pass *p, u32 inum)
{
	u32 at = map_get(&p->ns_at, inum);
	const struct netns ns = {.inum = inum, .fd = -1};

	if (!inum || inum == p->s->netns)
		return NULL;
	if (!at) {
		buf_add(&p->ns, &ns, sizeof(ns));
		at = (u32)(p->ns.len / sizeof(ns));
		map_put(&p->ns_at, inum, at);
	}
	return (struct netns *)(void *)p->ns.s + at - 1;
}

void netns_add(struct pass *p, u32 inum, u32 pid)
{
	struct netns *ns = netns_get(p, inum);

	if (ns)
		*(ns->pid ? &ns->last : &ns->pid) = pid;
}

void netns_add_socket(struct pass *p, u32 inum, u32 pid, s32 fd)
{
	struct netns *ns = netns_get(p, inum);

	if (ns && !ns->owner) {
		ns->owner = pid;
		ns->fd = fd;
	}
}

/* "\040" is a blank. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* Kept alive by a mount alone, one can hold kernel sockets (vxlan). */
void netns_add_mounts(struct pass *p)
{
	FILE *in = fopen("/proc/thread-self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (in && getline(&line, &size, in) > 0) {
		struct netns *ns;
		char *path = NULL;
		unsigned int inum;

		if (sscanf(line, "%*u %*u %*s net:[%u] %ms", &inum, &path) == 2) {
			ns = netns_get(p, inum);
			if (ns && !ns->path) {
				unescape(path);
				ns->path = path;
				path = NULL;
			}
		}
		free(path);
	}
	free(line);
	if (in)
		fclose(in);
}

/* ---- the ways in ------------------------------------------------------------------------- */

static int process_open(u32 pid)
{
	char path[64];
	int fd;

	if (!pid)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int mount_open(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	return fd < 0 ? path ? -errno : -ENOENT : fd;
}

static int socket_open(u32 pid, s32 fd)
{
	int p, sock, ns, err;

	if (!pid)
		return -ENOENT;
	p = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p < 0)
		return -errno;
	sock = (int)syscall(SYS_pidfd_getfd, p, fd, 0);
	err = errno;
	close(p);
	if (sock < 0)
		return -err;
	ns = ioctl(sock, SIOCGSKNS);
	err = errno;
	close(sock);
	return ns < 0 ? -err : ns;
}

/* A descriptor of it; a way that leads elsewhere by now is none. */
static int way_check(int fd, u32 inum)
{
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && (u32)st.st_ino == inum))
		return fd;
	close(fd);
	return -ESRCH;
}

/* One that was refused says more than one that is gone. */
static int worse(int a, int b)
{
	return a == -EPERM || a == -EACCES ? a : b;
}

static int netns_open(const struct netns *ns)
{
	int err = -ENOENT;

	for (int way = 0; way < 4; way++) {
		int fd = way == 0   ? process_open(ns->pid)
			 : way == 1 ? mount_open(ns->path)
			 : way == 2 ? process_open(ns->last)
				    : socket_open(ns->owner, ns->fd);

		fd = way_check(fd, ns->inum);
		if (fd >= 0)
			return fd;
		err = worse(err, fd);
	}
	return err;
}

static int netns_enter(const struct netns *ns)
{
	int fd = netns_open(ns), err = 0;

	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}

/* ---- in each ----------------------------------------------------------------------------- */

static void leave(struct pass *p)
{
	if (setns(p->s->netns_fd, CLONE_NEWNET))
		die(EXIT_CANNOT, "cannot return to my own network namespace: %s", strerror(errno));
	p->here = p->s->netns;
}

/* 0, also when the namespace is gone; or why it cannot be looked into. */
static int look_into(struct pass *p, u32 inum, bool again, int (*step)(struct pass *))
{
	struct netns *ns = netns_get(p, inum);
	bool quiet = p->quiet;
	int err = netns_enter(ns);

	if (!err) {
		p->here = inum;
		err = step(p);
		leave(p);
		return err;
	}
	if (again || err == -EPERM || err == -EACCES)
		return err;
	ns->pid = ns->last = ns->owner = 0;
	p->quiet = true;
	err = iter_run(p, ITER_TASK, 0);
	p->quiet = quiet;
	ns = netns_get(p, inum);
	return !err && ns->pid ? look_into(p, inum, true, step) : err;
}

int in_each_netns(struct pass *p, int (*step)(struct pass *))
{
	struct ev_scan_cut cut = {.what = SCOPE_SOCKS, .why = CUT_NETNS};
	int e, err;

	p->here = p->s->netns;
	p->refused = 0;
	err = step(p);
	for (size_t i = 0; i < p->ns.len / sizeof(struct netns) && !err; i++) {
		u32 inum = ((const struct netns *)(const void *)p->ns.s)[i].inum;

		e = p->s->netns_fd < 0 ? -EPERM : look_into(p, inum, false, step);
		if (e == -EPERM || e == -EACCES) {
			p->refused++;
		} else if (e) {
			cut.netns = inum;
			pass_cut(p, &cut);
		}
	}
	p->s->kept_out = p->refused > 0;
	return err;
}

void netns_free(struct pass *p)
{
	struct netns *ns = (void *)p->ns.s;

	for (size_t i = 0; i < p->ns.len / sizeof(*ns); i++)
		free(ns[i].path);
	buf_free(&p->ns);
	map_free(&p->ns_at);
}
