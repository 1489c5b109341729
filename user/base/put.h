/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text straight into memory that has room for it: what the JSON of a stream of events is made of.
 * Each writes at p and returns where it ended; nothing is terminated.
 */
#ifndef PROBATE_PUT_H
#define PROBATE_PUT_H

#include <string.h>

#include "util.h"

static inline char *put_bytes(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* A string known to the compiler. */
#define put_literal(p, s) put_bytes(p, s, sizeof(s) - 1)

/* A short one: calling strlen would take longer. */
static inline char *put_word(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	return p;
}

/* The first of eight bytes is the lowest of the number. */
static inline char *put_eight_bytes(char *p, u64 bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	memcpy(p, &bytes, 8);
	return p + 8;
}

#define PUT_ZEROS 0x3030303030303030ull
#define PUT_E8	  100000000ull

/* Eight digits of v < 10^8, a byte each, the first lowest: halves, quarters, digits at once. */
static inline u64 put_digits(u64 v)
{
	u64 x = v / 10000 | v % 10000 << 32, q = (x * 10486 >> 20) & 0x7f0000007full;

	x = q | (x - q * 100) << 16;
	q = (x * 103 >> 10) & 0x000f000f000f000full;
	return q | (x - q * 10) << 8;
}

/* Eight digits, zeros in front. */
static inline char *put_eight(char *p, u64 v)
{
	return put_eight_bytes(p, put_digits(v) | PUT_ZEROS);
}

char *put_head_of(char *p, u64 v); /* put_u64() of what is before the last eight digits (json.c) */
/* Up to eight bytes beyond the end may be written to. */
static inline char *put_u64(char *p, u64 v)
{
	u64 digits;
	u32 empty;

	if (v >= PUT_E8)
		return put_eight(put_head_of(p, v / PUT_E8), v % PUT_E8);
	digits = put_digits(v);
	empty = (u32)__builtin_ctzll(digits | 1ull << 56) / 8 * 8;
	put_eight_bytes(p, (digits | PUT_ZEROS) >> empty);
	return p + 8 - empty / 8;
}

static inline char *put_s64(char *p, s64 v)
{
	if (v < 0)
		*p++ = '-';
	return put_u64(p, v < 0 ? 0 - (u64)v : (u64)v);
}

#define PUT_STRING_ROOM(n) ((n)*6 + 2) /* a byte can become \u00xx */

/* A JSON string of any bytes, in quotes (json.c). */
char *put_string(char *p, const char *s, size_t n);
/* "2026-11-21T12:00:00.123456789Z", in quotes (json.c). */
char *put_time(char *p, u64 wall_ns);

#endif
