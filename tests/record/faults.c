/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To be preloaded: calls of the C library that fail, as FAULT says: NAME:ERRNO[:FIRST[:COUNT]],...
 * From the FIRST call on (1) COUNT of them (all).  write counts calls on regular files only, so
 * that what is said is not lost; the others count all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);

static int fails(const char *name, unsigned int *calls)
{
	const char *s = getenv("FAULT");
	size_t n = strlen(name);
	unsigned int nr = __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED);

	for (; s && *s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL) {
		unsigned int error = 0, first = 1, count = ~0u;

		if (strncmp(s, name, n) || s[n] != ':')
			continue;
		sscanf(s + n, ":%u:%u:%u", &error, &first, &count);
		if (nr >= first && nr - first < count) {
			errno = (int)error;
			return 1;
		}
	}
	return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAULTY(type, name, failed, params, args)                                                   \
	type name params                                                                           \
	{                                                                                          \
		static unsigned int calls;                                                         \
		return fails(#name, &calls) ? failed : REAL(name) args;                            \
	}

FAULTY(int, fsync, -1, (int fd), (fd))
FAULTY(int, fdatasync, -1, (int fd), (fd))
FAULTY(int, ftruncate, -1, (int fd, off_t n), (fd, n))
FAULTY(int, unlinkat, -1, (int dir, const char *path, int flags), (dir, path, flags))
FAULTY(int, rename, -1, (const char *a, const char *b), (a, b))
FAULTY(int, renameat, -1, (int x, const char *a, int y, const char *b), (x, a, y, b))

ssize_t write(int fd, const void *p, size_t n)
{
	static unsigned int calls;
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && fails("write", &calls))
		return -1;
	return REAL(write)(fd, p, n);
}

#ifndef NO_MEMORY /* the sanitizers have their own */
FAULTY(void *, mmap, MAP_FAILED, (void *a, size_t n, int p, int f, int fd, off_t o),
       (a, n, p, f, fd, o))

/* Once the program runs: dlsym and the loader want memory before. */
void *malloc(size_t n)
{
	static unsigned int calls;

	return fails("malloc", &calls) ? NULL : __libc_malloc(n);
}
#endif
