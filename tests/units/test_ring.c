/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of the ring, on memory of our own; and numbers written without printf. */
#include <inttypes.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after those it wants */
#include <cmocka.h>

#include "put.h"
#include "ring.h"

#define PAGE  64 /* as far as the reader is concerned */
#define BYTES 128

struct fake {
	struct ring ring;
	u64 consumer;
	u64 map[(PAGE + BYTES) / 8];
	u64 end;
	u32 taken, limit;
	u8 last[BYTES];
	size_t bytes;
};

static bool take(void *ctx, const void *record, size_t n)
{
	struct fake *f = ctx;

	memcpy(f->last, record, n);
	f->bytes = n;
	return ++f->taken < f->limit;
}

static void put(struct fake *f, u32 n, u32 flags, u8 fill)
{
	u8 *data = (u8 *)f->map + PAGE;

	memcpy(data + f->end % BYTES, &(u32){n | flags}, 4);
	for (u32 i = 0; i < n; i++)
		data[(f->end + 8 + i) % BYTES] = (u8)(fill + i);
	f->end += 8 + (n + 7) / 8 * 8;
	f->map[0] = f->end;
}

static void fake_init(struct fake *f)
{
	*f = (struct fake){.limit = 1000};
	f->ring = (struct ring){
		.consumer = &f->consumer, .map = (char *)f->map, .page = PAGE, .bytes = BYTES};
}

static void test_records(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f);
	ring_take(&f.ring, take, &f);
	assert_int_equal(f.taken, 0);
	put(&f, 20, 0, 1);
	put(&f, 8, BPF_RINGBUF_DISCARD_BIT, 50);
	assert_int_equal(ring_waiting(&f.ring), f.end);
	ring_take(&f.ring, take, &f);
	assert_int_equal(f.taken, 1);
	assert_int_equal(f.bytes, 20);
	assert_int_equal(f.consumer, f.end);
	put(&f, 8, BPF_RINGBUF_BUSY_BIT, 9);
	ring_take(&f.ring, take, &f);
	assert_int_equal(f.taken, 1); /* not before it is written */
	assert_int_equal(ring_waiting(&f.ring), 16);
}

static void test_wrapped(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f);
	for (u32 round = 0; round < 100; round++) {
		u32 n = 1 + round * 7 % 60;

		put(&f, n, 0, (u8)round);
		ring_take(&f.ring, take, &f);
		assert_int_equal(f.taken, round + 1);
		assert_int_equal(f.bytes, n);
		for (u32 i = 0; i < n; i++)
			assert_int_equal(f.last[i], (u8)(round + i));
		assert_int_equal(f.consumer, f.end);
	}
}

static void test_stopped(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f);
	f.limit = 2;
	for (int i = 0; i < 3; i++)
		put(&f, 8, 0, (u8)i);
	ring_take(&f.ring, take, &f);
	assert_int_equal(f.taken, 2);
	assert_int_equal(f.consumer, 32);
	ring_take(&f.ring, take, &f);
	assert_int_equal(f.taken, 3);
}

static void number_is(u64 v)
{
	char ours[40], theirs[40];

	*put_u64(ours, v) = 0;
	snprintf(theirs, sizeof(theirs), "%" PRIu64, v);
	assert_string_equal(ours, theirs);
	*put_s64(ours, (s64)v) = 0;
	snprintf(theirs, sizeof(theirs), "%" PRId64, (s64)v);
	assert_string_equal(ours, theirs);
}

static void test_numbers(void **state)
{
	(void)state;
	number_is(0);
	number_is(UINT64_MAX);
	for (u64 power = 1, i = 0; i < 20; i++, power *= 10) {
		number_is(power);
		number_is(power - 1);
		number_is(power + 1);
	}
	for (u64 v = 0, x = 1; v < 100000; v++, x = x * 6364136223846793005ull + 1) {
		number_is(v);
		number_is(x >> v % 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
