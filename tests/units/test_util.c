/* SPDX-License-Identifier: BSD-2-Clause */
/* Map, pool, strings, hostile text, time. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bitset.h"
#include "util.h"

/* The set against a plain array: near numbers, and some far ones. */
static void test_bitset(void **state)
{
	enum { NUMBERS = 3000, STEPS = 20000 };
	static bool truth[NUMBERS];
	struct bitset b = {};

	(void)state;
	srand(3);
	assert_true(bitset_next(&b, 0) == BITSET_NONE);
	bitset_drop(&b, 5);
	for (int i = 0; i < STEPS; i++) {
		u32 at = (u32)rand() % NUMBERS, n = at + (at >= NUMBERS / 2 ? 1000000 : 0);
		u64 next = bitset_next(&b, n);
		u32 want = at;

		while (want < NUMBERS && !truth[want])
			want++;
		assert_true(next == (want == NUMBERS
					     ? BITSET_NONE
					     : want + (want >= NUMBERS / 2 ? 1000000u : 0)));
		truth[at] = rand() % 8 == 0;
		(truth[at] ? bitset_add : bitset_drop)(&b, n);
	}
	bitset_free(&b);
	bitset_add(&b, 1u << 30);
	assert_true(bitset_next(&b, 0) == 1u << 30);
	assert_true(bitset_next(&b, (1u << 30) + 1) == BITSET_NONE);
	assert_true(bitset_next(&b, ~0u) == BITSET_NONE);
	bitset_free(&b);
}

/* The map against a plain array, with keys that collide and many removals. */
static void test_map(void **state)
{
	enum { KEYS = 500, STEPS = 200000 };
	static u32 truth[KEYS];
	struct map m = {};
	u32 count = 0;

	(void)state;
	srand(7);
	assert_int_equal(map_get(&m, 0), 0);
	assert_int_equal(map_take(&m, 0), 0);
	for (int i = 0; i < STEPS; i++) {
		u32 at = rand() % KEYS, val = 1 + rand() % 1000;
		u64 key = at * 0x100000000ull;

		assert_int_equal(map_get(&m, key), truth[at]);
		if (rand() % 2) {
			count += !truth[at];
			map_put(&m, key, val);
			truth[at] = val;
		} else {
			count -= !!truth[at];
			assert_int_equal(map_take(&m, key), truth[at]);
			truth[at] = 0;
		}
		assert_int_equal(m.count, count);
	}
	for (u32 at = 0; at < KEYS; at++)
		assert_int_equal(map_get(&m, at * 0x100000000ull), truth[at]);
	map_free(&m);
}

static void test_pool(void **state)
{
	struct pool p;
	u64 *first, *x;
	u32 id;

	(void)state;
	pool_init(&p, sizeof(u64));
	assert_null(pool_at(&p, 0));
	assert_int_equal(pool_new(&p), 1);
	first = pool_at(&p, 1);
	*first = 42;
	for (u32 i = 2; i < 3000; i++)
		assert_int_equal(pool_new(&p), i);
	assert_ptr_equal(pool_at(&p, 1), first);
	assert_int_equal(*first, 42);
	pool_drop(&p, 700);
	pool_drop(&p, 1);
	assert_int_equal(p.live, 2997);
	id = pool_new(&p);
	assert_int_equal(id, 1);
	x = pool_at(&p, id);
	assert_int_equal(*x, 0);
	assert_int_equal(pool_new(&p), 700);
	assert_int_equal(pool_new(&p), 3000);
	pool_free(&p);
}

static u32 holes(const struct pool *p)
{
	u32 n = 0;

	for (u32 i = 0; i < p->chunks; i++)
		n += p->chunk[i] == p->hole;
	return n;
}

/* After a peak, the chunks in which nobody is left are no more, but for one; ids stay low. */
static void test_pool_shrinks(void **state)
{
	enum { MANY = 400 * POOL_CHUNK };
	struct pool p;
	u32 n = 0;

	(void)state;
	pool_init(&p, sizeof(u64));
	for (u32 i = 1; i <= MANY; i++)
		*(u64 *)pool_at(&p, pool_new(&p)) = i;
	for (u32 i = 1; i <= MANY; i++)
		if (i % 5000)
			pool_drop(&p, i);
	assert_int_equal(p.live, MANY / 5000);
	assert_int_equal(holes(&p), 400 - MANY / 5000 - 1);
	for (u32 id = 0; (id = pool_next(&p, id));)
		n += *(u64 *)pool_at(&p, id) == id && id % 5000 == 0;
	assert_int_equal(n, MANY / 5000);
	assert_int_equal(*(u64 *)pool_at(&p, MANY), 0); /* whoever kept it may still look */
	assert_in_range(pool_new(&p), 1, POOL_CHUNK);
	for (u32 i = 5000; i <= MANY; i += 5000)
		pool_drop(&p, i);
	assert_true(p.used <= POOL_CHUNK);
	pool_free(&p);
}

static void test_pool_placed(void **state)
{
	u64 taken[64] = {};
	const u32 ids[] = {2, 700, 2049}; /* in three chunks of nine */
	struct pool p;

	(void)state;
	pool_init(&p, sizeof(u64));
	for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_false(pool_has_chunk(&p, ids[i]));
		*(u64 *)pool_place(&p, ids[i]) = ids[i];
		taken[ids[i] / 64] |= 1ull << ids[i] % 64;
	}
	pool_placed(&p, taken);
	assert_int_equal(p.live, 3);
	assert_int_equal(p.used, 2049);
	assert_int_equal(holes(&p), 6);
	assert_int_equal(*(u64 *)pool_at(&p, 300), 0); /* of a chunk that is not there */
	assert_int_equal(pool_new(&p), 1);
	assert_int_equal(pool_new(&p), 3);
	for (u32 n = p.live; n < 2049; n++) {
		u32 id = pool_new(&p);

		assert_int_equal(*(u64 *)pool_at(&p, id), 0);
		*(u64 *)pool_at(&p, id) = id;
	}
	for (u32 id = 4; id <= 2049; id++) /* every slot once */
		assert_int_equal(*(u64 *)pool_at(&p, id), id);
	assert_int_equal(holes(&p), 0);
	assert_int_equal(pool_new(&p), 2050);
	pool_free(&p);
}

static void safe_is(const char *in, size_t n, size_t max, const char *want)
{
	struct buf b = {};

	buf_add_safe(&b, in, n, max);
	assert_string_equal(b.s, want);
	buf_free(&b);
}
#define SAFE(in, max, want) safe_is(in, sizeof(in) - 1, max, want)

static void test_safe(void **state)
{
	(void)state;
	SAFE("", 0, "");
	SAFE("plain \\ text", 0, "plain \\ text");
	SAFE("\033[31mred\007\r\n\t", 0, "\\x1b[31mred\\x07\\x0d\\x0a\\x09");
	SAFE("nul\0in", 0, "nul\\x00in");
	SAFE("h\xc3\xa9", 0, "h\xc3\xa9");
	SAFE("\xc2\x9b"
	     "31m",
	     0, "\\x9b31m");
	SAFE("\xe2\x80\xae"
	     "cod.exe",
	     0, "\\u{202e}cod.exe");
	SAFE("a\xe2\x80\x8b"
	     "b",
	     0, "a\\u{200b}b");
	SAFE("\xff\xfe\xc3", 0, "\\xff\\xfe\\xc3");
	SAFE("\xc0\xaf\xed\xa0\x80", 0, "\\xc0\\xaf\\xed\\xa0\\x80");
	SAFE("\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80");
	SAFE("exact", 5, "exact");
	SAFE("longer", 5, "lo...");
	SAFE("longer", 2, "..");
	SAFE("ab\033", 5, "ab...");
	SAFE("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 5, "\xe4\xb8\xad...");
	SAFE("\xe4\xb8\xad\xe6\x96\x87", 4, "\xe4\xb8\xad\xe6\x96\x87");
	assert_int_equal(text_width("\xe4\xb8\xad"
				    "e\xcc\x81",
				    6),
			 3);
}

static void test_time(void **state)
{
	static const struct {
		u64 ns;
		const char *want;
	} spans[] = {
		{0, "0 ns"},
		{1500, "1 us"},
		{350 * NS_PER_MS, "350 ms"},
		{4250 * NS_PER_MS, "4.2 s"},
		{59 * NS_PER_S, "59 s"},
		{180 * NS_PER_S, "3 min"},
		{5 * 3600 * NS_PER_S, "5 h"},
		{12 * 86400 * NS_PER_S, "12 d"},
	};
	char s[40];

	(void)state;
	time_rfc3339(s, 0);
	assert_string_equal(s, "1970-01-01T00:00:00.000000000Z");
	time_rfc3339(s, 951868799999999999ull);
	assert_string_equal(s, "2000-02-29T23:59:59.999999999Z");
	time_rfc3339(s, 1795262400123456789ull);
	assert_string_equal(s, "2026-11-21T12:00:00.123456789Z");
	setenv("TZ", "UTC", 1);
	time_clock(s, 1795262400123456789ull);
	assert_string_equal(s, "12:00:00.123");
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		time_span(s, spans[i].ns);
		assert_string_equal(s, spans[i].want);
	}
}

static void test_parse(void **state)
{
	u64 v;

	(void)state;
	assert_true(parse_u64("0", 0, &v));
	assert_true(parse_u64("65535", 65535, &v) && v == 65535);
	assert_false(parse_u64("65536", 65535, &v));
	assert_true(parse_u64("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
	assert_false(parse_u64("18446744073709551616", UINT64_MAX, &v));
	assert_false(parse_u64("", 9, &v));
	assert_false(parse_u64("-1", 9, &v));
	assert_false(parse_u64("+1", 9, &v));
	assert_false(parse_u64(" 1", 9, &v));
	assert_false(parse_u64("1x", 99, &v));
}

static void test_buf(void **state)
{
	struct buf b = {};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(b.s), b.len);
	buf_reset(&b);
	assert_string_equal(b.s, "");
	buf_free(&b);
	assert_null(b.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),	    cmocka_unit_test(test_pool),
		cmocka_unit_test(test_pool_placed), cmocka_unit_test(test_pool_shrinks),
		cmocka_unit_test(test_safe),	    cmocka_unit_test(test_time),
		cmocka_unit_test(test_parse),	    cmocka_unit_test(test_buf),
		cmocka_unit_test(test_bitset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
