/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the exporter reads about its own process.
 *
 * Files of /proc/self are readable to us whatever rights were given up.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "self.h"

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void memory_read(struct self *s)
{
	const u64 page = (u64)sysconf(_SC_PAGESIZE);
	unsigned long long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%llu %llu", &size, &resident) == 2) {
		s->virtual_bytes = size * page;
		s->resident_bytes = resident * page;
	}
	if (f)
		fclose(f);
}

/* Field 22 of stat, in ticks since boot; the name in field 2 may hold anything, but is the last ")". */
static double start_read(void)
{
	char line[1024], *at;
	unsigned long long ticks;
	struct timespec real, boot;
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;

	if (f)
		fclose(f);
	line[n] = 0;
	at = strrchr(line, ')');
	if (!at || sscanf(at + 1,
			  " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			  "%*s %*s %llu",
			  &ticks) != 1)
		return 0;
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (double)(real.tv_sec - boot.tv_sec) + (double)(real.tv_nsec - boot.tv_nsec) / 1e9 +
	       (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void fds_count(struct self *s)
{
	struct rlimit limit = {};
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	while (d && (e = readdir(d)))
		s->open_fds += *e->d_name != '.';
	if (d)
		closedir(d);
	s->open_fds -= d != NULL; /* the directory's own */
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		s->max_fds = limit.rlim_cur;
}

void self_read(struct self *s)
{
	static double start; /* once: setting the clock must not look like a restart */
	struct rusage used;

	if (!getrusage(RUSAGE_SELF, &used))
		s->cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
	memory_read(s);
	if (!start)
		start = start_read();
	s->start_seconds = start;
	fds_count(s);
}
