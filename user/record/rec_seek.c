// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finding the way in a recording: the next file, the first and last moment, where to begin.
 *
 * The heads of the blocks are the index: in a directory the first head of each segment tells which
 * one to look into, and in that the heads alone are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "rec_priv.h"

static int seg_open(const struct reader *r, int n)
{
	return openat(r->dir, r->segs[n].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* The next segment that can be opened; -ENODATA when there is none. */
int file_next(struct reader *r)
{
	int fd, error = -ENODATA;

	if (r->open)
		input_free(&r->in);
	r->open = false;
	while (r->dir >= 0 && ++r->seg < r->nsegs) {
		fd = seg_open(r, r->seg);
		if (fd < 0) {
			error = errno == EACCES ? -EACCES : error;
			r->why = "it cannot be read"; /* the gap in the numbers tells what that
							 means */
			continue;
		}
		input_init(&r->in, fd);
		r->open = true;
		return 0;
	}
	return r->begun ? -ENODATA : error;
}

/* ---- from when to when ----------------------------------------------------------------------- */

/* First and last moment of one file; false: nothing in it can be read. */
static bool file_span(int fd, u64 *first, u64 *last)
{
	struct rec_head h;
	s64 pos = head_find(fd, 0, &h);

	if (pos < 0)
		return false;
	*first = *last = head_wall(&h);
	for (; pos >= 0; pos = head_find(fd, (u64)pos + h.head_bytes + h.stored, &h)) {
		if (head_wall(&h) < *first) /* the clock was set back */
			*first = head_wall(&h);
		if (head_wall_end(&h) > *last)
			*last = head_wall_end(&h);
	}
	return true;
}

int reader_span(struct source *source, u64 *first, u64 *last)
{
	struct reader *r = (struct reader *)source;
	u64 a, b;
	bool any = false;

	if (r->dir < 0)
		return r->in.seeks && file_span(r->in.fd, first, last) ? 0 : -ENODATA;
	for (int i = 0, step = 1; i < r->nsegs && i >= 0; i += step) {
		int fd = seg_open(r, i);
		bool ok = fd >= 0 && file_span(fd, &a, &b);

		if (fd >= 0)
			close(fd);
		if (!ok)
			continue;
		if (!any || a < *first)
			*first = a;
		if (!any || b > *last) /* the clock may have been set back between them */
			*last = b;
		if (any || step < 0)
			return 0;
		any = true; /* the first: now from the end */
		i = r->nsegs;
		step = -1;
	}
	return any ? 0 : -ENODATA;
}

/* Where in this file the last dump of the model begins that is not after `wall`; -1: none. */
static s64 dump_before(int fd, u64 wall)
{
	struct rec_head h;
	s64 found = -1;

	for (s64 pos = head_find(fd, 0, &h); pos >= 0;
	     pos = head_find(fd, (u64)pos + h.head_bytes + h.stored, &h)) {
		if (h.type == REC_MODEL && h.flags & REC_FIRST) {
			if (head_wall(&h) <= wall)
				found = pos;
			else if (found >= 0)
				break;
		}
	}
	return found;
}

/* What was written with other sizes has to be known before the first event is read. */
static int seek_in_file(struct reader *r, s64 pos)
{
	struct rec_head h;
	ssize_t n = input_need(&r->in, sizeof(h));

	if (n >= (ssize_t)sizeof(h)) {
		memcpy(&h, r->in.buf + r->in.at, sizeof(h));
		if (rec_head_ok(&h) && h.type == REC_HEADER &&
		    input_need(&r->in, h.head_bytes + h.stored) >=
			    (ssize_t)(h.head_bytes + h.stored) &&
		    !block_take(r, &h, r->in.buf + r->in.at + h.head_bytes))
			header_learn(r, (const char *)r->raw, h.raw);
		r->head.raw = 0;
	}
	return input_seek(&r->in, (u64)pos);
}

int reader_seek(struct source *source, u64 wall)
{
	struct reader *r = (struct reader *)source;
	s64 pos = -1;

	if (r->dir < 0) {
		pos = r->in.seeks ? dump_before(r->in.fd, wall) : -1;
		return pos >= 0 ? seek_in_file(r, pos) : 0;
	}
	for (int i = r->nsegs - 1; i >= 0; i--) {
		int fd = seg_open(r, i);
		struct rec_head h;

		if (fd >= 0 && head_find(fd, 0, &h) >= 0 && head_wall(&h) <= wall)
			pos = dump_before(fd, wall);
		if (fd >= 0)
			close(fd);
		if (pos < 0)
			continue;
		r->seg = i - 1;
		return file_next(r) ? -EIO : seek_in_file(r, pos);
	}
	return 0;
}
