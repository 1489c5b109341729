// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any bytes as a recording: from a file, a pipe and a directory, from the beginning and from a
 * moment in it.
 *
 * What begins like a recording is read as a file; else the first byte says how the rest is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "rec.h"

#define SEGMENTS 3
#define POLLS	 100000

size_t LLVMFuzzerCustomMutator(u8 *data, size_t n, size_t max, unsigned int seed)
{
	struct chance c = {seed};
	bool moded = n && *data != (u8)REC_MAGIC[0];
	size_t done = 0;

	if (!moded && n && n < max && !chance_of(&c, 16)) {
		memmove(data + 1, data, n);
		*data = (u8)chance_of(&c, 128);
		return n + 1;
	}
	if (chance_of(&c, 16))
		done = blocks_mutate(&c, data + moded, n - moded, max - moded);
	return done ? done + moded : LLVMFuzzerMutate(data, n, max);
}

size_t LLVMFuzzerCustomCrossOver(const u8 *a, size_t na, const u8 *b, size_t nb, u8 *out,
				 size_t max, unsigned int seed)
{
	struct chance c = {seed};

	return blocks_cross(&c, a, na, b, nb, out, max);
}

/* ---- one reading ------------------------------------------------------------------------------
 */

static void poll_all(struct source *s)
{
	struct flow f;
	int n;

	flow_open(&f, NULL);
	for (u32 i = 0; (n = s->ops->poll(s, 0, flow_event, &f)) != -ENODATA; i++) {
		MUST(n >= 0 || n == -EBADMSG, "it cannot be read: %d", n);
		MUST(i < POLLS, "it does not end");
	}
	MUST(s->ops->poll(s, 0, flow_event, &f) == -ENODATA, "its end is not the end");
	recording_is_of_this_boot(s);
	flow_close(&f);
}

/* To the beginning, somewhere in it, its end, and where it is not. */
static u64 moment(u8 mode, u64 first, u64 last)
{
	switch (mode >> 2 & 7) {
	case 0:
		return first;
	case 1:
		return last;
	case 2:
		return 0;
	case 3:
		return ~0ull;
	}
	return first + (last - first) / 8 * (mode >> 2 & 7);
}

static void read_from(const char *path, u8 mode)
{
	struct source *s;
	struct buf err = {};
	u64 first = 0, last = 0;

	rec_is_recording(path);
	if (source_open_recording(&s, path, &err)) {
		MUST(err.len, "it cannot be opened, and nothing says why");
		buf_free(&err);
		return;
	}
	if (mode & 1) {
		if (!s->ops->span(s, &first, &last))
			MUST(first <= last, "its end is before its beginning");
		MUST(!s->ops->seek(s, moment(mode, first, last)), "no way to a moment");
	}
	poll_all(s);
	s->ops->close(s);
}

/* ---- where it is read from --------------------------------------------------------------------
 */

static void from_file(const u8 *data, size_t n, u8 mode)
{
	char path[64];
	int fd = file_of(data, n, path);

	read_from(path, mode);
	close(fd);
}

static void from_pipe(const u8 *data, size_t n)
{
	char path[64];
	struct source *s;
	struct buf err = {};
	int fds[2];

	MUST(!pipe(fds), "no pipe");
	if (fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= (int)n &&
	    write(fds[1], data, n) == (ssize_t)n) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
		MUST(!source_open_recording(&s, path, &err), "no way into a pipe");
		close(fds[1]);
		fds[1] = -1;
		poll_all(s);
		s->ops->close(s);
	}
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}

static void put_segment(const char *dir, u32 number, const u8 *data, size_t n)
{
	char name[48], path[128];
	int fd;

	rec_segment_name(name, 1795262400ull * NS_PER_S, number);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n, "no segment");
	close(fd);
}

static void drop_segments(const char *dir)
{
	char name[48], path[128];

	for (u32 i = 0; i < SEGMENTS; i++) {
		rec_segment_name(name, 1795262400ull * NS_PER_S, i);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		unlink(path);
	}
	rmdir(dir);
}

/* Cut in segments at blocks. */
static void from_dir(const u8 *data, size_t n, u8 mode)
{
	char dir[] = "/dev/shm/probate-fuzz-XXXXXX";
	size_t part = n / SEGMENTS + 1;

	MUST(mkdtemp(dir), "no directory");
	for (u32 i = 0; i < SEGMENTS && n; i++) {
		const u8 *cut =
			n > part ? memmem(data + part, n - part, REC_MAGIC, sizeof(REC_MAGIC) - 1)
				 : NULL;
		size_t len = cut && i + 1 < SEGMENTS ? (size_t)(cut - data) : n;

		put_segment(dir, i, data, len);
		data += len;
		n -= len;
	}
	read_from(dir, mode);
	drop_segments(dir);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	u8 mode = 0;

	if (n && *data != (u8)REC_MAGIC[0]) {
		mode = *data++;
		n--;
	}
	if ((mode & 3) == 2)
		from_pipe(data, n);
	else if (mode & 32)
		from_dir(data, n, mode);
	else
		from_file(data, n, mode);
	return 0;
}
