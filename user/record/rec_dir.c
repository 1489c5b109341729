// SPDX-License-Identifier: BSD-2-Clause
/* The segments of a recording's directory: what they are called, which there are. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rec.h"

void rec_segment_name(char out[48], u64 run, u32 number)
{
	time_t s = (time_t)(run / NS_PER_S);
	struct tm tm;
	char when[24];

	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(out, 48, "%s.%03uZ-%06u.prb", when, (unsigned int)(run / NS_PER_MS % 1000),
		 number);
}

/* 20261122T031200.123Z-000001.prb: nothing else is ever read as a segment, or deleted as one. */
static bool is_segment(const char *name)
{
	static const char form[] = "########T######.###Z-######.prb";
	size_t i = 0;

	for (; form[i] && name[i]; i++)
		if (form[i] == '#' ? name[i] < '0' || name[i] > '9' : name[i] != form[i])
			return false;
	return !form[i] && !name[i];
}

u64 rec_segment_run(const char *name)
{
	struct tm tm = {};
	unsigned int ms;

	if (sscanf(name, "%4d%2d%2dT%2d%2d%2d.%3uZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (u64)timegm(&tm) * NS_PER_S + ms * NS_PER_MS;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct segment *)a)->name, ((const struct segment *)b)->name);
}

int rec_segments(int dir, struct segment **out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0, cap = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;

	*out = NULL;
	if (!d) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return -error;
	}
	while ((e = readdir(d))) {
		if (!is_segment(e->d_name) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 64;
			*out = xrealloc(*out, cap * sizeof(**out));
		}
		snprintf((*out)[n].name, sizeof((*out)[n].name), "%.47s", e->d_name);
		(*out)[n].mtime_ns = (u64)st.st_mtim.tv_sec * NS_PER_S + (u64)st.st_mtim.tv_nsec;
		(*out)[n++].bytes = (u64)st.st_size;
	}
	closedir(d);
	if (n)
		qsort(*out, n, sizeof(**out), by_name);
	return n;
}
