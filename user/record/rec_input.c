// SPDX-License-Identifier: BSD-2-Clause
/* Bytes of a recording: a window on a file or pipe, and the search for heads in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rec.h"

#define WINDOW (256u << 10)

void input_init(struct input *in, int fd)
{
	*in = (struct input){.fd = fd, .seeks = lseek(fd, 0, SEEK_CUR) >= 0};
}

void input_free(struct input *in)
{
	if (in->fd > STDERR_FILENO)
		close(in->fd);
	free(in->buf);
	*in = (struct input){.fd = -1};
}

static void make_room(struct input *in, size_t n)
{
	if (in->at + n <= in->cap)
		return;
	if (in->have > in->at) /* there may be no buffer yet */
		memmove(in->buf, in->buf + in->at, in->have - in->at);
	in->have -= in->at;
	in->at = 0;
	if (n <= in->cap)
		return;
	in->cap = n > WINDOW ? n : WINDOW;
	in->buf = xrealloc(in->buf, in->cap);
}

void input_unread(struct input *in, u8 byte)
{
	make_room(in, 1);
	in->buf[in->have++] = byte;
}

ssize_t input_need(struct input *in, size_t n)
{
	make_room(in, n);
	while (in->have - in->at < n) {
		ssize_t got = read(in->fd, in->buf + in->have, in->cap - in->have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		in->have += (size_t)got;
	}
	return (ssize_t)(in->have - in->at);
}

void input_skip(struct input *in, size_t n)
{
	in->at += n;
	in->pos += n;
}

int input_seek(struct input *in, u64 pos)
{
	if (lseek(in->fd, (off_t)pos, SEEK_SET) < 0)
		return -errno;
	in->at = in->have = 0;
	in->pos = pos;
	return 0;
}

static const u8 *magic_in(const u8 *s, size_t n)
{
	return memmem(s, n, REC_MAGIC, sizeof(REC_MAGIC) - 1);
}

s64 input_find(struct input *in)
{
	s64 passed = 0;

	for (;;) {
		ssize_t n = input_need(in, WINDOW / 2);
		const u8 *from = in->buf + in->at, *s;
		struct rec_head h;
		size_t skip;

		if (n < 0)
			return n;
		if (n < (ssize_t)sizeof(h)) {
			input_skip(in, (size_t)n);
			return -ENODATA;
		}
		s = magic_in(from, (size_t)n);
		skip = s ? (size_t)(s - from) : (size_t)n - (sizeof(h) - 1);
		if (s && (size_t)n - skip >= sizeof(h)) {
			memcpy(&h, s, sizeof(h));
			if (rec_head_ok(&h)) {
				input_skip(in, skip);
				return passed + (s64)skip;
			}
			skip++;
		} else if (s && !skip) {
			input_skip(in, (size_t)n); /* cut off in the head */
			return -ENODATA;
		}
		input_skip(in, skip);
		passed += (s64)skip;
	}
}

static bool head_read(int fd, u64 pos, struct rec_head *h)
{
	return pread(fd, h, sizeof(*h), (off_t)pos) == (ssize_t)sizeof(*h) && rec_head_ok(h);
}

s64 head_find(int fd, u64 pos, struct rec_head *h)
{
	u8 window[8192];
	ssize_t n;

	if (head_read(fd, pos, h))
		return (s64)pos;
	while ((n = pread(fd, window, sizeof(window), (off_t)pos)) >= (ssize_t)sizeof(*h)) {
		const u8 *s = window;
		size_t left = (size_t)n;

		while ((s = magic_in(s, left))) {
			if (head_read(fd, pos + (u64)(s - window), h))
				return (s64)pos + (s - window);
			s++;
			left = (size_t)(window + n - s);
		}
		pos += (u64)n - (sizeof(REC_MAGIC) - 2);
	}
	return -1;
}
