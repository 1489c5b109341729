/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text straight into memory that has room for it: what the JSON of a stream of events is made of.
 * Each writes at p and returns where it ended; nothing is terminated.
 */
#ifndef PROBATE_PUT_H
#define PROBATE_PUT_H

#include <string.h>

#include "util.h"

extern const char put_pairs[201]; /* "000102...99" (json.c) */

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

/* Decimal digits of v: its bits give their number, or one too many. */
static inline u32 put_digits_of(u64 v)
{
	static const u64 powers[] = {
		0ull,
		10ull,
		100ull,
		1000ull,
		10000ull,
		100000ull,
		1000000ull,
		10000000ull,
		100000000ull,
		1000000000ull,
		10000000000ull,
		100000000000ull,
		1000000000000ull,
		10000000000000ull,
		100000000000000ull,
		1000000000000000ull,
		10000000000000000ull,
		100000000000000000ull,
		1000000000000000000ull,
		10000000000000000000ull,
	};
	u32 n = (64 - (u32)__builtin_clzll(v | 1)) * 1233 >> 12;

	return n + (v >= powers[n]);
}

/* As many digits as asked for, from the right. */
static inline char *put_fixed(char *p, u64 v, u32 digits)
{
	char *end = p + digits;

	for (p = end; digits > 1; digits -= 2, v /= 100) {
		p -= 2;
		memcpy(p, put_pairs + v % 100 * 2, 2);
	}
	if (digits)
		p[-1] = (char)('0' + v % 10);
	return end;
}

static inline char *put_u64(char *p, u64 v)
{
	if (v < 10) {
		*p++ = (char)('0' + v);
		return p;
	}
	return put_fixed(p, v, put_digits_of(v));
}

static inline char *put_s64(char *p, s64 v)
{
	if (v < 0)
		*p++ = '-';
	return put_u64(p, v < 0 ? 0 - (u64)v : (u64)v);
}

#define PUT_STRING_ROOM(n) ((n) * 6 + 2) /* a byte can become \u00xx */

/* A JSON string of any bytes, in quotes (json.c). */
char *put_string(char *p, const char *s, size_t n);
/* "2026-11-21T12:00:00.123456789Z", in quotes (json.c). */
char *put_time(char *p, u64 wall_ns);

#endif
