// SPDX-License-Identifier: BSD-2-Clause
/*
 * Giving up rights, for real: a child does, and looks at what it still may.  Only root has what is
 * to be given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "procfs_priv.h"
#include "rights.h"

#define SKIPPED 77

/* In the child: say what is wrong and leave; no exit handlers, which belong to the parent. */
#define EXPECT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			dprintf(STDERR_FILENO, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #cond,      \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)
#define REFUSED(call) (errno = 0, (call) < 0 && (errno == EPERM || errno == EACCES))

static void need_root(void)
{
	if (geteuid())
		skip();
}

/* Run in a child; its exit code. */
static int in_child(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void drop(const struct rights *r)
{
	struct buf err = {};

	if (rights_drop(r, &err)) {
		dprintf(STDERR_FILENO, "%s\n", err.s);
		_exit(1);
	}
}

/* ---- what /proc says ----------------------------------------------------------------------- */

static void line_of(const char *path, const char *name, char out[256])
{
	FILE *f = fopen(path, "re");
	size_t n = strlen(name);

	EXPECT(f);
	while (fgets(out, 256, f))
		if (!strncmp(out, name, n) && out[n] == ':') {
			fclose(f);
			memmove(out, out + n + 1, strlen(out + n + 1) + 1);
			return;
		}
	EXPECT(!"such a line");
}

static u64 number_of(const char *path, const char *name, int base)
{
	char line[256];

	line_of(path, name, line);
	return strtoull(line, NULL, base);
}

/* Each of the four ids. */
static void ids_are(const char *path, const char *name, u64 id)
{
	char line[256], *at = line;

	line_of(path, name, line);
	for (int i = 0; i < 4; i++)
		EXPECT(strtoull(at, &at, 10) == id);
}

static void status_is_bare(const char *path, const struct passwd *pw)
{
	static const char *const caps[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	char groups[256];

	ids_are(path, "Uid", pw->pw_uid);
	ids_are(path, "Gid", pw->pw_gid);
	line_of(path, "Groups", groups);
	EXPECT(strspn(groups, " \t\n") == strlen(groups));
	for (u32 i = 0; i < ARRAY_SIZE(caps); i++)
		EXPECT(number_of(path, caps[i], 16) == 0);
	EXPECT(number_of(path, "NoNewPrivs", 10) == 1);
	EXPECT(number_of(path, "Seccomp", 10) == 2);
}

/* ---- the whole of it ----------------------------------------------------------------------- */

static int quit[2];

static void *wait_for_quit(void *arg)
{
	char byte;

	return read(quit[0], &byte, 1) < 0 ? arg : NULL;
}

static void files_refused(void)
{
	char line[64];
	int fd;

	EXPECT(REFUSED(open("/etc/passwd", O_RDONLY)));
	EXPECT(REFUSED(open("/etc/passwd", O_RDWR)));
	EXPECT(REFUSED(open("/tmp/probate-rights", O_WRONLY | O_CREAT, 0600)));
	EXPECT(REFUSED(open("/tmp", O_RDONLY | O_DIRECTORY)));
	EXPECT(REFUSED(open("/proc/self/comm", O_WRONLY)));
	fd = open("/proc/loadavg", O_RDONLY);
	EXPECT(fd >= 0 && read(fd, line, sizeof(line)) > 0);
	close(fd);
	/* not dumpable: what we need to read of ourselves is there all the same */
	EXPECT((fd = open("/proc/self/stat", O_RDONLY)) >= 0);
	close(fd);
	EXPECT((fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY)) >= 0);
	close(fd);
	EXPECT(readlink("/proc/self/fd/0", line, sizeof(line)) > 0);
	EXPECT((fd = open("/proc/1/stat", O_RDONLY)) >= 0);
	close(fd);
}

static void calls_refused(int tcp)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	char *const none[] = {NULL};
	pthread_t t;
	void *p;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT(REFUSED(execve("/bin/true", none, none)));
	EXPECT(REFUSED(socket(AF_INET, SOCK_STREAM, 0)));
	EXPECT(REFUSED(connect(tcp, (struct sockaddr *)&to, sizeof(to))));
	EXPECT(REFUSED(bind(tcp, (struct sockaddr *)&to, sizeof(to))));
	EXPECT(REFUSED(fork()));
	EXPECT(pthread_create(&t, NULL, wait_for_quit, NULL) == EPERM);
	EXPECT(REFUSED(kill(getppid(), 0)));
	EXPECT(REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0)));
	EXPECT(!syscall(SYS_tgkill, getpid(), gettid(), 0));
	EXPECT(REFUSED(ptrace(PTRACE_ATTACH, getppid(), 0, 0)));
	EXPECT(REFUSED(syscall(SYS_setns, 0, 0)));
	EXPECT(REFUSED(syscall(SYS_bpf, 5 /* BPF_PROG_LOAD */, NULL, 0)));
	EXPECT(REFUSED(prctl(PR_SET_DUMPABLE, 1)));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0);
	EXPECT(p == MAP_FAILED && errno == EPERM);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(p != MAP_FAILED && REFUSED(mprotect(p, 4096, PROT_READ | PROT_EXEC)));
}

static void give_up(void *arg)
{
	const struct passwd *pw = getpwnam(getpwnam(RIGHTS_USER) ? RIGHTS_USER : RIGHTS_ELSE);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), threads = 0;
	const struct dirent *e;
	struct buf err = {};
	char path[300];
	pthread_t t;
	DIR *d;

	EXPECT(pw && tcp >= 0 && !pipe(quit));
	if (arg) /* so that there are some to leave */
		EXPECT(!setgroups(1, &(gid_t){4242}));
	drop(&(struct rights){});
	EXPECT(!pthread_create(&t, NULL, wait_for_quit, NULL));
	EXPECT(!rights_seal(&err));
	EXPECT((d = opendir("/proc/self/task")));
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		status_is_bare(path, pw);
		threads++;
	}
	closedir(d);
	EXPECT(threads == 2);
	files_refused();
	calls_refused(tcp);
	EXPECT(write(quit[1], "", 1) == 1 && !pthread_join(t, NULL));
}

static void test_all(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(give_up, (void *)1), 0);
}

/* Landlock by itself, without the filter: TCP is refused, or an old kernel lets it pass. */
static void fenced(void *arg)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	(void)arg;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	drop(&(struct rights){});
	if (version < 4)
		_exit(SKIPPED);
	EXPECT(REFUSED(bind(tcp, (struct sockaddr *)&to, sizeof(to))));
	to.sin_port = htons(9);
	EXPECT(REFUSED(connect(tcp, (struct sockaddr *)&to, sizeof(to))));
}

static void test_fence(void **state)
{
	int code;

	(void)state;
	need_root();
	code = in_child(fenced, NULL);
	if (code == SKIPPED)
		skip();
	assert_int_equal(code, 0);
}

/* ---- users --------------------------------------------------------------------------------- */

static void stays_root(void *arg)
{
	struct buf err = {};

	(void)arg;
	drop(&(struct rights){.user = "root"});
	EXPECT(!rights_seal(&err));
	status_is_bare("/proc/self/status", &(struct passwd){.pw_uid = 0, .pw_gid = 0});
	files_refused();
}

static void test_root(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(stays_root, NULL), 0);
}

static void nobody_there(void *arg)
{
	struct buf err = {};

	(void)arg;
	EXPECT(rights_drop(&(struct rights){.user = "no such user"}, &err) < 0);
	EXPECT(strstr(err.s, "there is no user no such user"));
	EXPECT(geteuid() == 0);
}

/* As under systemd's DynamicUser: never root, and some other asked for. */
static void never_root(void *arg)
{
	struct buf err = {};

	(void)arg;
	EXPECT(!setgroups(0, NULL) && !setresgid(4242, 4242, 4242) && !setresuid(4242, 4242, 4242));
	EXPECT(rights_drop(&(struct rights){.user = RIGHTS_ELSE}, &err) < 0);
	EXPECT(strstr(err.s, "only root can become"));
	drop(&(struct rights){});
	ids_are("/proc/self/status", "Uid", 4242);
	EXPECT(number_of("/proc/self/status", "CapEff", 16) == 0);
	EXPECT(REFUSED(open("/etc/passwd", O_RDONLY)));
}

static void test_users(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(nobody_there, NULL), 0);
	assert_int_equal(in_child(never_root, NULL), 0);
}

/* ---- the recording's directory ------------------------------------------------------------- */

static void writes(void *arg)
{
	const char *dir = arg;
	struct buf err = {};
	int at = open(dir, O_RDONLY | O_DIRECTORY), fd;
	struct rights r = {.write = dir};

	EXPECT(at >= 0 && !rights_give(at, &r, &err));
	drop(&r);
	EXPECT(!rights_seal(&err));
	EXPECT((fd = openat(at, "one", O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0);
	EXPECT(write(fd, "x", 1) == 1 && !fdatasync(fd) && !ftruncate(fd, 0) && !close(fd));
	EXPECT((fd = openat(at, ".", O_RDONLY | O_DIRECTORY)) >= 0 && !close(fd));
	EXPECT(!unlinkat(at, "one", 0));
	EXPECT(REFUSED(openat(at, "../probate-rights", O_WRONLY | O_CREAT, 0600)));
	files_refused();
}

static void may_not_write(void *arg)
{
	struct buf err = {};

	EXPECT(rights_drop(&(struct rights){.user = RIGHTS_ELSE, .write = arg}, &err) == -EACCES);
	EXPECT(strstr(err.s, "may not write into") && strstr(err.s, "chown nobody"));
}

static void test_write(void **state)
{
	char dir[] = "/tmp/probate-rights-XXXXXX";
	int refused, wrote;

	(void)state;
	need_root();
	assert_non_null(mkdtemp(dir));
	refused = in_child(may_not_write, dir);
	wrote = in_child(writes, dir);
	rmdir(dir);
	assert_int_equal(refused, 0);
	assert_int_equal(wrote, 0);
}

/* ---- tracing goes on ----------------------------------------------------------------------- */

struct seen {
	u32 tasks, fds, socks, exits, scope;
	char path[256];
};

static void see(void *ctx, const struct ev *e, size_t bytes)
{
	struct seen *s = ctx;
	u16 len;

	(void)bytes;
	s->tasks += e->kind == EV_KIND_SCAN_TASK;
	s->fds += e->kind == EV_KIND_SCAN_FD;
	s->socks += e->kind == EV_KIND_SCAN_SOCK;
	s->exits += e->kind == EV_KIND_EXIT;
	if (e->kind == EV_KIND_SCAN_END)
		s->scope = ((const struct ev_scan_end *)(const void *)e)->scope;
	if (e->kind == EV_KIND_CGROUP)
		snprintf(s->path, sizeof(s->path), "%s", event_exe(e, &len));
}

/* Somebody with a socket in a network namespace of their own; their end is an event to come. */
static pid_t stranger_start(int go[2])
{
	pid_t pid;
	char byte;

	EXPECT(!pipe(go) && (pid = fork()) >= 0);
	if (pid)
		return pid;
	close(go[1]);
	EXPECT(!unshare(CLONE_NEWNET) && socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	_exit(read(go[0], &byte, 1) != 0);
}

static void traces(void *arg)
{
	const struct source_opts o = {.fd = FD_LEAN, .ring_bytes = 1 << 20, .events = true};
	const struct want want = {.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS};
	struct seen before = {}, after = {};
	u32 self = (u32)getpid();
	struct buf err = {};
	struct source *s;
	int go[2];

	(void)arg;
	if (source_open_bpf(&s, &o, &err))
		_exit(SKIPPED);
	stranger_start(go);
	while (!before.fds)
		EXPECT(!s->ops->scan(s, &want, see, &before) && before.scope == want.scope);
	drop(&(struct rights){});
	EXPECT(!rights_seal(&err));
	EXPECT(!s->ops->scan(s, &want, see, &after));
	EXPECT(after.scope == want.scope && after.tasks && after.fds);
	EXPECT(after.socks || !before.socks);
	close(go[1]);
	while (!after.exits)
		EXPECT(s->ops->poll(s, 100, see, &after) >= 0);
	EXPECT(!s->ops->describe(s, &self, 1, see, &after));
	s->ops->close(s);
}

static u64 wanted;

static bool is_wanted(void *ctx, u64 id)
{
	(void)ctx;
	return id == wanted;
}

/* The path of a cgroup takes a capability, or somebody who lives there, or a search. */
static void finds_cgroup(void *arg)
{
	const char *dir = arg;
	struct stat st, empty;
	struct seen s = {};
	struct buf err = {};
	char path[300];
	u32 self = (u32)getpid();
	FILE *f;

	snprintf(path, sizeof(path), "%s/empty", dir);
	EXPECT(!stat(path, &empty));
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "we");
	EXPECT(f && fprintf(f, "%u\n", self) > 0 && !fclose(f) && !stat(dir, &st));
	drop(&(struct rights){});
	EXPECT(!rights_seal(&err));
	EXPECT(procfs_cgroup(empty.st_ino, self, 1, see, &s) == -EPERM && !s.path[0]);
	EXPECT(!procfs_cgroup(st.st_ino, self, 1, see, &s));
	EXPECT(!strcmp(s.path, strstr(dir, "/probate-rights-")));
	wanted = empty.st_ino;
	procfs_cgroups(is_wanted, 1, see, &s);
	EXPECT(strstr(s.path, "/probate-rights-") == s.path && strstr(s.path, "/empty"));
}

static void test_cgroup(void **state)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char dir[100], file[100], empty[120];
	int code = SKIPPED;

	(void)state;
	need_root();
	for (u32 i = 0; i < ARRAY_SIZE(mounts) && code == SKIPPED; i++) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", mounts[i]);
		snprintf(dir, sizeof(dir), "%s/probate-rights-%d", mounts[i], getpid());
		snprintf(empty, sizeof(empty), "%s/empty", dir);
		if (access(file, W_OK) || mkdir(dir, 0755))
			continue;
		if (!mkdir(empty, 0755))
			code = in_child(finds_cgroup, dir);
		rmdir(empty);
		rmdir(dir);
	}
	if (code == SKIPPED)
		skip();
	assert_int_equal(code, 0);
}

static void test_traces(void **state)
{
	int code;

	(void)state;
	need_root();
	code = in_child(traces, NULL);
	if (code == SKIPPED)
		skip();
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),    cmocka_unit_test(test_fence),
		cmocka_unit_test(test_root),   cmocka_unit_test(test_users),
		cmocka_unit_test(test_write),  cmocka_unit_test(test_traces),
		cmocka_unit_test(test_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
