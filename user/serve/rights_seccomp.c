// SPDX-License-Identifier: BSD-2-Clause
/*
 * The filter of system calls: what the exporter does once it runs, and nothing else.  Everything
 * else fails with EPERM, which whoever calls can say; a wrong number of architecture kills.
 *
 * No program, no process, no thread is started, no socket made, bound or connected, no memory made
 * executable, no process looked into.  Of bpf() remain maps, scans by iterators that are loaded,
 * and what a program has counted.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rights.h"

static const int allowed[] = {
	/* files, all of them below what Landlock leaves */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(openat),
	SCMP_SYS(getdents64), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(flock),
	SCMP_SYS(fadvise64),
	/* the recorder's files, and the state's */
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	/* connections there are */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendfile), SCMP_SYS(shutdown),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(futex), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
	/* time, chance, who am I */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getpriority), SCMP_SYS(getrusage),
	SCMP_SYS(times), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getcpu),
	SCMP_SYS(sched_getaffinity),
	/* memory, but see below; signals; the end of threads */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier),
	SCMP_SYS(exit), SCMP_SYS(exit_group)};

static const u32 bpf_allowed[] = {BPF_MAP_LOOKUP_ELEM,
				  BPF_MAP_UPDATE_ELEM,
				  BPF_MAP_DELETE_ELEM,
				  BPF_MAP_GET_NEXT_KEY,
				  BPF_MAP_LOOKUP_AND_DELETE_ELEM,
				  BPF_MAP_LOOKUP_BATCH,
				  BPF_MAP_LOOKUP_AND_DELETE_BATCH,
				  BPF_MAP_UPDATE_BATCH,
				  BPF_MAP_DELETE_BATCH,
				  BPF_OBJ_GET_INFO_BY_FD,
				  BPF_LINK_CREATE,
				  BPF_ITER_CREATE};

/* By one argument: number, which argument, mask, what it must be. */
struct narrow {
	int nr;
	u32 arg;
	u64 mask, value;
};

static int narrow_add(scmp_filter_ctx f, const struct narrow *n)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, n->nr, 1,
				SCMP_CMP(n->arg, SCMP_CMP_MASKED_EQ, n->mask, n->value));
}

static int add_narrow(scmp_filter_ctx f)
{
	const struct narrow all[] = {
		{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
		{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
		{SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
		{SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
		{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD},
		{SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},
		{SCMP_SYS(prlimit64), 2, UINT64_MAX, 0}, /* to look, not to set */
		/* our own priority, within RLIMIT_NICE */
		{SCMP_SYS(setpriority), 1, UINT32_MAX, 0},
		{SCMP_SYS(tgkill), 0, UINT32_MAX, (u64)getpid()},
	};
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(all) && !err; i++)
		err = narrow_add(f, &all[i]);
	for (u32 i = 0; i < ARRAY_SIZE(bpf_allowed) && !err; i++)
		err = narrow_add(f, &(struct narrow){SCMP_SYS(bpf), 0, UINT32_MAX, bpf_allowed[i]});
	return err;
}

static int fill(scmp_filter_ctx f)
{
	int err = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);

	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE,
			 2); /* a tree instead of a list, from 2.5 on */
	for (u32 i = 0; i < ARRAY_SIZE(allowed) && !err; i++)
		err = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	return err ? err : add_narrow(f);
}

int rights_seal(struct buf *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int e = f ? fill(f) : -ENOMEM;

	if (!e)
		e = seccomp_load(f);
	seccomp_release(f);
	if (e)
		buf_printf(err, "cannot install the filter of system calls (seccomp): %s",
			   strerror(-e));
	return e;
}
