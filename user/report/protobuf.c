// SPDX-License-Identifier: BSD-2-Clause
/* The wire format of protobuf: tags, varints, fixed words, things with a length in front. */
#include "protobuf.h"

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LEN = 2 };

#define VARINT_MAX 10 /* bytes of a u64, seven bits each */

static size_t varint(unsigned char out[VARINT_MAX], u64 v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (unsigned char)(v | 0x80);
	out[n++] = (unsigned char)v;
	return n;
}

static void add_varint(struct buf *b, u64 v)
{
	unsigned char bytes[VARINT_MAX];

	buf_add(b, bytes, varint(bytes, v));
}

static void add_tag(struct buf *b, u32 field, enum wire wire)
{
	add_varint(b, (u64)field << 3 | wire);
}

void pb_uint(struct buf *b, u32 field, u64 v)
{
	add_tag(b, field, WIRE_VARINT);
	add_varint(b, v);
}

void pb_fixed64(struct buf *b, u32 field, u64 v)
{
	unsigned char bytes[8];

	for (u32 i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(v >> 8 * i);
	add_tag(b, field, WIRE_FIXED64);
	buf_add(b, bytes, sizeof(bytes));
}

void pb_bytes(struct buf *b, u32 field, const void *p, size_t n)
{
	add_tag(b, field, WIRE_LEN);
	add_varint(b, n);
	buf_add(b, p, n);
}

/* One byte is left for the length, which is enough for most; else the content moves up. */
size_t pb_begin(struct buf *b, u32 field)
{
	add_tag(b, field, WIRE_LEN);
	buf_add(b, "", 1);
	return b->len;
}

void pb_end(struct buf *b, size_t begun)
{
	unsigned char bytes[VARINT_MAX];
	size_t size = b->len - begun, n = varint(bytes, size);

	if (n > 1) {
		buf_space(b, n - 1);
		memmove(b->s + begun + n - 1, b->s + begun, size);
		b->len += n - 1;
		b->s[b->len] = 0;
	}
	memcpy(b->s + begun - 1, bytes, n);
}
