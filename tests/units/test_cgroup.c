// SPDX-License-Identifier: BSD-2-Clause
/*
 * The search of the tree of cgroups, in the real one: below a cgroup that is made for it.  Only
 * root may make one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "procfs.h"

#define MANY	   5000
#define FAN	   70
#define MANY_MS	   1000 /* it takes some 10 */
#define DEEP	   80
#define DEEP_KNOWN 63 /* below the one that is made for the test */

static char root[100];
static int root_fd = -1;

/* ---- making and removing ------------------------------------------------------------------- */

static u64 id_of(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) ? 0 : st.st_ino;
}

static int root_make(void **state)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char file[100];

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(mounts) && root_fd < 0; i++) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", mounts[i]);
		snprintf(root, sizeof(root), "%s/probate-cgroup-%d", mounts[i], getpid());
		if (!access(file, W_OK) && !mkdir(root, 0755))
			root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return 0;
}

static int root_remove(void **state)
{
	(void)state;
	if (root_fd < 0)
		return 0;
	close(root_fd);
	return rmdir(root);
}

static void need_root(void)
{
	if (root_fd < 0)
		skip();
}

/* ---- what is found ------------------------------------------------------------------------- */

struct found {
	u64 id; /* the one that is wanted; 0: all */
	u32 met, told;
	char path[EV_MAX];
};

static bool want(void *ctx, u64 id)
{
	struct found *f = ctx;

	f->met++;
	return !f->id || f->id == id;
}

static void see(void *ctx, const struct ev *e, size_t bytes)
{
	struct found *f = ctx;
	u16 len;

	assert_null(event_check(e, bytes));
	assert_int_equal(e->kind, EV_KIND_CGROUP);
	f->told++;
	snprintf(f->path, sizeof(f->path), "%s", event_exe(e, &len));
}

static struct found search(u64 id)
{
	struct found f = {.id = id};

	procfs_cgroups(want, 1, see, &f);
	return f;
}

static void test_itself(void **state)
{
	struct found f;

	(void)state;
	need_root();
	f = search(id_of(AT_FDCWD, root));
	assert_int_equal(f.told, 1);
	assert_string_equal(f.path, strrchr(root, '/'));
	f = search(0);
	assert_true(f.met > 1 && f.told == f.met); /* the root of all, too */
	f = search(UINT64_MAX);
	assert_int_equal(f.told, 0);
}

/* ---- many, deep, gone ----------------------------------------------------------------------- */

static void many_name(char out[32], u32 i)
{
	if (i < FAN)
		snprintf(out, 32, "k%u.slice", i);
	else
		snprintf(out, 32, "k%u.slice/k%u.scope", i % FAN, i);
}

static void test_many(void **state)
{
	u64 begin, took = ~0ull;
	u32 made = 0;
	struct found f = {};
	char name[32];

	(void)state;
	need_root();
	for (; made < MANY; made++) {
		many_name(name, made);
		if (mkdirat(root_fd, name, 0755))
			break;
	}
	for (u32 i = 0; i < 3; i++) {
		begin = time_boot_ns();
		f = search(made ? id_of(root_fd, name) : 1);
		begin = time_boot_ns() - begin;
		took = begin < took ? begin : took;
	}
	for (u32 i = made; i--;) {
		many_name(name, i);
		unlinkat(root_fd, name, AT_REMOVEDIR);
	}
	if (made < MANY)
		skip(); /* so many are not permitted here */
	printf("# %u cgroups: %.1f ms\n", f.met, (double)took / 1e6);
	assert_true(f.met > MANY && f.told == 1);
	assert_non_null(strstr(f.path, ".slice/k4999.scope"));
	assert_true(took < MANY_MS * NS_PER_MS);
}

static void chain_remove(int *fd, u32 n, const char *name)
{
	for (; n; n--) {
		unlinkat(fd[n - 1], name, AT_REMOVEDIR);
		if (n > 1)
			close(fd[n - 1]);
	}
}

/* A chain of cgroups of that name; how many of them a search finds, and the path of the last. */
static u32 chain_found(const char *name, u32 length, u32 *made, char path[EV_MAX])
{
	int fd[DEEP + 1] = {root_fd};
	u32 found = 0, n = 0;

	for (; n < length && !mkdirat(fd[n], name, 0755); n++)
		fd[n + 1] = openat(fd[n], name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (u32 i = 0; i < n; i++) {
		struct found f = search(id_of(fd[i], name));

		found += f.told;
		if (f.told)
			memcpy(path, f.path, EV_MAX);
	}
	if (n)
		close(fd[n]);
	chain_remove(fd, n, name);
	*made = n;
	return found;
}

static void test_deep(void **state)
{
	char path[EV_MAX] = "", name[NAME_MAX + 1];
	u32 made, found;

	(void)state;
	need_root();
	found = chain_found("d", DEEP, &made, path);
	if (made < DEEP)
		skip();
	assert_int_equal(found, DEEP_KNOWN);
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	found = chain_found(name, 20, &made, path);
	if (made < 20)
		skip();
	assert_in_range(found, 14, 15); /* as many as fit into an event */
	assert_true(strlen(path) > 14 * NAME_MAX);
}

/* Directories come and go while they are read. */
static void test_vanishing(void **state)
{
	char name[32];
	u64 own;
	pid_t pid;

	(void)state;
	need_root();
	own = id_of(AT_FDCWD, root);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (u32 i = 0;; i++) {
			snprintf(name, sizeof(name), "v%u", i % 8);
			if (unlinkat(root_fd, name, AT_REMOVEDIR))
				mkdirat(root_fd, name, 0755);
			strcat(name, "/below");
			mkdirat(root_fd, name, 0755);
			unlinkat(root_fd, name, AT_REMOVEDIR);
		}
	}
	for (u32 i = 0; i < 2000; i++)
		if (search(own).told != 1)
			own = 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (u32 i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "v%u/below", i);
		unlinkat(root_fd, name, AT_REMOVEDIR);
		*strchr(name, '/') = '\0';
		unlinkat(root_fd, name, AT_REMOVEDIR);
	}
	assert_true(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_itself),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_vanishing),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
